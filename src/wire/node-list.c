/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/node-list.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/canonical.h"
#include "wire/json-keys.h"
#include "wire/json-read.h"

struct _BytestagNodeList
{
  GObject parent_instance;

  GPtrArray *nodes;
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagNodeList, bytestag_node_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
bytestag_node_list_finalize (GObject *object)
{
  BytestagNodeList *self = BYTESTAG_NODE_LIST (object);

  g_clear_pointer (&self->nodes, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_node_list_parent_class)->finalize (object);
}

static void
bytestag_node_list_class_init (BytestagNodeListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_node_list_finalize;
}

static void
bytestag_node_list_init (BytestagNodeList *self)
{
  self->nodes = g_ptr_array_new_with_free_func (g_object_unref);
}

static GType
list_model_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_NODE;
}

static guint
list_model_get_n_items (GListModel *model)
{
  return BYTESTAG_NODE_LIST (model)->nodes->len;
}

static gpointer
list_model_get_item (GListModel *model, guint position)
{
  BytestagNodeList *self = BYTESTAG_NODE_LIST (model);

  return position < self->nodes->len ? g_object_ref (g_ptr_array_index (self->nodes, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = list_model_get_item_type;
  iface->get_n_items = list_model_get_n_items;
  iface->get_item = list_model_get_item;
}

BytestagNodeList *
bytestag_node_list_new (void)
{
  return g_object_new (BYTESTAG_TYPE_NODE_LIST, NULL);
}

void
bytestag_node_list_add (BytestagNodeList *self, BytestagNode *node)
{
  g_return_if_fail (BYTESTAG_IS_NODE_LIST (self));
  g_return_if_fail (BYTESTAG_IS_NODE (node));

  g_ptr_array_add (self->nodes, g_object_ref (node));
  g_list_model_items_changed (G_LIST_MODEL (self), self->nodes->len - 1, 0, 1);
}

static int
compare_distance (gconstpointer a, gconstpointer b, gpointer target)
{
  return bytestag_key_compare_distance (target, bytestag_node_get_key (*(BytestagNode **) a),
                                        bytestag_node_get_key (*(BytestagNode **) b));
}

void
bytestag_node_list_sort_distance (BytestagNodeList *self, const BytestagKey *key)
{
  g_return_if_fail (BYTESTAG_IS_NODE_LIST (self));
  g_return_if_fail (key != NULL);

  guint n = self->nodes->len;
  g_autofree gpointer *before = g_memdup2 (self->nodes->pdata, n * sizeof (gpointer));
  guint first = 0;

  /* Stable, so that equal keys stay as they are. */
  g_ptr_array_sort_with_data (self->nodes, compare_distance, (gpointer) key);

  while (first < n && before[first] == self->nodes->pdata[first])
    first++;
  while (n > first && before[n - 1] == self->nodes->pdata[n - 1])
    n--;
  if (n > first)
    g_list_model_items_changed (G_LIST_MODEL (self), first, n - first, n - first);
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, message);
  return FALSE;
}

static gboolean
parse_array (BytestagJsonValue *array, const char *json, gssize length, GError **error)
{
  gsize n = length < 0 ? strlen (json) : (gsize) length;

  return bytestag_json_read (array, BYTESTAG_JSON_ARRAY, json, n,
                             BYTESTAG_LIMIT_JSON_DEPTH, BYTESTAG_LIMIT_JSON_TOKENS, error);
}

static BytestagNode *
node_from_json (const BytestagJsonValue *object, GError **error)
{
  enum { HOST, ID, PORT, N_MEMBERS };
  static const char * const names[N_MEMBERS] = { BYTESTAG_JSON_HOST, BYTESTAG_JSON_ID, BYTESTAG_JSON_PORT };
  BytestagJsonValue members[N_MEMBERS];
  BytestagKey key;
  gint64 port;

  if (object->type != BYTESTAG_JSON_OBJECT)
    {
      refuse (error, _("A node of the list is damaged"));
      return NULL;
    }

  bytestag_json_read_members (object, names, members, N_MEMBERS);
  if (!bytestag_json_read_key (&members[ID], &key, error))
    return NULL;

  if (members[HOST].type != BYTESTAG_JSON_STRING)
    {
      refuse (error, _("A node of the list has no host"));
      return NULL;
    }

  if (!bytestag_json_value_get_integer (&members[PORT], &port, NULL) || port < 1 || port > 65535)
    {
      refuse (error, _("A node of the list has no valid port"));
      return NULL;
    }

  g_autofree char *host = bytestag_json_read_string (&members[HOST]);
  return bytestag_node_new_for_host (&key, host, port);
}

BytestagNodeList *
bytestag_node_list_from_json (const char *json, gssize length, GError **error)
{
  BytestagScanner scanner;
  BytestagJsonValue array, element;

  g_return_val_if_fail (json != NULL || length == 0, NULL);

  if (!parse_array (&array, json, length, error))
    return NULL;

  g_autoptr (BytestagNodeList) self = bytestag_node_list_new ();
  bytestag_json_read_begin (&scanner, &array);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element))
    {
      BytestagNode *node = node_from_json (&element, error);

      if (node == NULL)
        return NULL;
      g_ptr_array_add (self->nodes, node);
    }

  return g_steal_pointer (&self);
}

char *
bytestag_node_list_to_json (BytestagNodeList *self)
{
  BytestagCanonical writer;

  g_return_val_if_fail (BYTESTAG_IS_NODE_LIST (self), NULL);

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_array (&writer);
  for (guint i = 0; i < self->nodes->len; i++)
    {
      BytestagNode *node = g_ptr_array_index (self->nodes, i);
      g_autofree char *host = bytestag_node_dup_host (node);

      bytestag_canonical_begin_object (&writer);
      bytestag_canonical_member (&writer, BYTESTAG_JSON_HOST);
      bytestag_canonical_string (&writer, host);
      bytestag_canonical_member (&writer, BYTESTAG_JSON_ID);
      bytestag_canonical_key (&writer, bytestag_node_get_key (node));
      bytestag_canonical_member (&writer, BYTESTAG_JSON_PORT);
      bytestag_canonical_unsigned (&writer, bytestag_node_get_port (node));
      bytestag_canonical_end_object (&writer);
    }
  bytestag_canonical_end_array (&writer);
  return bytestag_canonical_finish_text (&writer);
}

static gboolean
exchange_info_from_json (BytestagExchangeInfo *info, const BytestagJsonValue *object, GError **error)
{
  enum { INDEX, KEY, SIZE, TIME, N_MEMBERS };
  static const char * const names[N_MEMBERS] = {
    BYTESTAG_JSON_INDEX, BYTESTAG_JSON_KEY, BYTESTAG_JSON_SIZE, BYTESTAG_JSON_TIME,
  };
  BytestagJsonValue members[N_MEMBERS];

  if (object->type != BYTESTAG_JSON_OBJECT)
    return refuse (error, _("A value of the list is damaged"));

  bytestag_json_read_members (object, names, members, N_MEMBERS);
  if (!bytestag_json_read_key (&members[KEY], &info->id.key, error) ||
      !bytestag_json_read_key (&members[INDEX], &info->id.index, error))
    return FALSE;

  info->size = -1;
  if (!bytestag_json_read_is_null (&members[SIZE]) && !bytestag_json_value_get_integer (&members[SIZE], &info->size, NULL))
    return refuse (error, _("The size of a value is not a whole number"));

  info->time_kind = BYTESTAG_TIME_NULL;
  if (!bytestag_json_read_is_null (&members[TIME]))
    {
      info->time_kind = BYTESTAG_TIME_FLOAT;
      if (!bytestag_json_value_get_real (&members[TIME], &info->timestamp) || !isfinite (info->timestamp))
        return refuse (error, _("The time of a value is not a number"));
    }

  return TRUE;
}

/**
 * bytestag_exchange_info_list_from_json:
 *
 * Times become floats, as in the original (A.1.4).
 */
GPtrArray *
bytestag_exchange_info_list_from_json (const char *json, gssize length, GError **error)
{
  BytestagScanner scanner;
  BytestagJsonValue array, element;

  g_return_val_if_fail (json != NULL || length == 0, NULL);

  if (!parse_array (&array, json, length, error))
    return NULL;

  g_autoptr (GPtrArray) infos = bytestag_exchange_info_list_new ();
  bytestag_json_read_begin (&scanner, &array);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element))
    {
      BytestagExchangeInfo info = { 0 };

      if (!exchange_info_from_json (&info, &element, error))
        return NULL;
      g_ptr_array_add (infos, bytestag_exchange_info_copy (&info));
    }

  return g_steal_pointer (&infos);
}

static void
write_size (BytestagCanonical *writer, const BytestagExchangeInfo *info)
{
  bytestag_canonical_member (writer, BYTESTAG_JSON_SIZE);
  if (info->size == -1)
    bytestag_canonical_null (writer);
  else
    bytestag_canonical_signed (writer, info->size);
}

static void
write_time (BytestagCanonical *writer, const BytestagExchangeInfo *info)
{
  bytestag_canonical_member (writer, BYTESTAG_JSON_TIME);

  switch (info->time_kind)
    {
    case BYTESTAG_TIME_INTEGER:
      bytestag_canonical_signed (writer, (gint64) info->timestamp);
      break;
    case BYTESTAG_TIME_FLOAT:
      bytestag_canonical_double (writer, info->timestamp);
      break;
    case BYTESTAG_TIME_NULL:
    default:
      bytestag_canonical_null (writer);
      break;
    }
}

char *
bytestag_exchange_info_list_to_json (GPtrArray *infos)
{
  BytestagCanonical writer;

  g_return_val_if_fail (infos != NULL, NULL);

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_array (&writer);
  for (guint i = 0; i < infos->len; i++)
    {
      const BytestagExchangeInfo *info = g_ptr_array_index (infos, i);

      bytestag_canonical_begin_object (&writer);
      bytestag_canonical_member (&writer, BYTESTAG_JSON_INDEX);
      bytestag_canonical_key (&writer, &info->id.index);
      bytestag_canonical_member (&writer, BYTESTAG_JSON_KEY);
      bytestag_canonical_key (&writer, &info->id.key);
      write_size (&writer, info);
      write_time (&writer, info);
      bytestag_canonical_end_object (&writer);
    }
  bytestag_canonical_end_array (&writer);
  return bytestag_canonical_finish_text (&writer);
}
