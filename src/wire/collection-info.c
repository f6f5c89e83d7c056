/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/collection-info.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/collection-pages.h"
#include "wire/info-private.h"
#include "wire/json-keys.h"
#include "wire/safe-name.h"

struct _BytestagCollectionInfo
{
  GObject parent_instance;

  GPtrArray *files;
  GArray *pages; /* of BytestagPageRef; NULL when the files are here */
  char *name;
  char *comment;
  BytestagJsonInteger timestamp;
  guint64 count;
  guint64 size;
};

enum {
  PROP_0,
  PROP_NAME,
  PROP_COMMENT,
  PROP_TIMESTAMP,
  PROP_COUNT,
  PROP_SIZE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void serializable_init (BytestagSerializableInterface *iface);
static void list_model_init   (GListModelInterface           *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagCollectionInfo, bytestag_collection_info, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_SERIALIZABLE, serializable_init)
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
bytestag_collection_info_finalize (GObject *object)
{
  BytestagCollectionInfo *self = BYTESTAG_COLLECTION_INFO (object);

  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->pages, g_array_unref);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->comment, g_free);
  bytestag_json_integer_clear (&self->timestamp);

  G_OBJECT_CLASS (bytestag_collection_info_parent_class)->finalize (object);
}

static void
bytestag_collection_info_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  BytestagCollectionInfo *self = BYTESTAG_COLLECTION_INFO (object);

  switch (id)
    {
    case PROP_NAME:
      g_value_take_string (value, self->name != NULL ? bytestag_name_for_display (self->name) : NULL);
      break;
    case PROP_COMMENT:
      g_value_take_string (value, self->comment != NULL ? bytestag_text_for_display (self->comment) : NULL);
      break;
    case PROP_TIMESTAMP:
      g_value_set_int64 (value, bytestag_collection_info_get_timestamp (self));
      break;
    case PROP_COUNT:
      g_value_set_uint64 (value, self->count);
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
bytestag_collection_info_class_init (BytestagCollectionInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = bytestag_collection_info_finalize;
  object_class->get_property = bytestag_collection_info_get_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_COMMENT] = g_param_spec_string ("comment", NULL, NULL, NULL, flags);
  properties[PROP_TIMESTAMP] = g_param_spec_int64 ("timestamp", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_COUNT] = g_param_spec_uint64 ("count", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_collection_info_init (BytestagCollectionInfo *self)
{
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
}

static GType
list_model_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_FILE_INFO;
}

static guint
list_model_get_n_items (GListModel *model)
{
  return BYTESTAG_COLLECTION_INFO (model)->files->len;
}

static gpointer
list_model_get_item (GListModel *model, guint position)
{
  BytestagCollectionInfo *self = BYTESTAG_COLLECTION_INFO (model);

  return position < self->files->len ? g_object_ref (g_ptr_array_index (self->files, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = list_model_get_item_type;
  iface->get_n_items = list_model_get_n_items;
  iface->get_item = list_model_get_item;
}

static void
count_files (BytestagCollectionInfo *self)
{
  self->count = self->files->len;
  for (guint i = 0; i < self->files->len; i++)
    self->size = bytestag_info_saturating_add (self->size,
                                               bytestag_file_info_get_size (g_ptr_array_index (self->files, i)));
}

static char *
dup_unless_empty (const char *text)
{
  return text != NULL && text[0] != '\0' ? g_strdup (text) : NULL;
}

BytestagCollectionInfo *
bytestag_collection_info_new (GPtrArray *files, const char *name, const char *comment, gint64 timestamp)
{
  g_return_val_if_fail (files != NULL && files->len > 0, NULL);
  g_return_val_if_fail (timestamp >= 0, NULL);

  BytestagCollectionInfo *self = g_object_new (BYTESTAG_TYPE_COLLECTION_INFO, NULL);

  for (guint i = 0; i < files->len; i++)
    g_ptr_array_add (self->files, g_object_ref (g_ptr_array_index (files, i)));
  self->name = dup_unless_empty (name);
  self->comment = dup_unless_empty (comment);
  self->timestamp.value = timestamp;
  count_files (self);
  return self;
}

/* Of what we write, nothing comes near 2^63. */
static gboolean
read_number (const BytestagJsonValue *value, guint64 *number)
{
  gboolean overflows = FALSE;
  gint64 integer;

  if (!bytestag_json_value_get_integer (value, &integer, &overflows) || overflows || integer < 0)
    return FALSE;

  *number = integer;
  return TRUE;
}

static gboolean
read_page (const BytestagJsonValue *object, BytestagPageRef *page, GError **error)
{
  enum { FILES, KEY, SIZE, N_MEMBERS };
  static const char * const names[N_MEMBERS] = { BYTESTAG_JSON_FILES, BYTESTAG_JSON_KEY, BYTESTAG_JSON_SIZE };
  BytestagJsonValue members[N_MEMBERS];

  if (object->type != BYTESTAG_JSON_OBJECT)
    return bytestag_info_refuse (error, _("A page of the collection is damaged"));

  bytestag_json_read_members (object, names, members, N_MEMBERS);
  if (!bytestag_json_read_key (&members[KEY], &page->key, error))
    return FALSE;

  return (read_number (&members[FILES], &page->n_files) && page->n_files > 0 &&
          read_number (&members[SIZE], &page->size)) ||
         bytestag_info_refuse (error, _("A page of the collection does not say what it holds"));
}

/* The pages, and that the sums of the root are theirs: the root alone is shown. */
static gboolean
read_pages (BytestagCollectionInfo *self,
            const BytestagJsonValue *pages,
            const BytestagJsonValue *count,
            const BytestagJsonValue *size,
            GError                **error)
{
  BytestagScanner scanner;
  BytestagJsonValue element;
  guint64 told_count, told_size;

  if (pages->type != BYTESTAG_JSON_ARRAY)
    return bytestag_info_refuse (error, _("The pages of the collection are not a list"));

  self->pages = g_array_new (FALSE, FALSE, sizeof (BytestagPageRef));
  bytestag_json_read_begin (&scanner, pages);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element))
    {
      BytestagPageRef page;

      if (!read_page (&element, &page, error))
        return FALSE;
      g_array_append_val (self->pages, page);
      self->count = bytestag_info_saturating_add (self->count, page.n_files);
      self->size = bytestag_info_saturating_add (self->size, page.size);
    }

  if (!read_number (count, &told_count) || self->count != told_count ||
      !read_number (size, &told_size) || self->size != told_size)
    return bytestag_info_refuse (error, _("The collection does not hold what it says"));

  if (self->count > BYTESTAG_LIMIT_COLLECTION_FILES)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, _("The collection has too many files"));
      return FALSE;
    }

  return self->pages->len > 0 || bytestag_info_refuse (error, _("The list of pages is empty"));
}

BytestagCollectionInfo *
bytestag_collection_info_from_bytes (GBytes *bytes, GError **error)
{
  enum { COMMENT, COUNT, FILES, NAME, PAGES, SIZE, TIMESTAMP, N_MEMBERS };
  static const char * const names[N_MEMBERS] = {
    BYTESTAG_JSON_COMMENT, BYTESTAG_JSON_COUNT, BYTESTAG_JSON_FILES, BYTESTAG_JSON_NAME,
    BYTESTAG_JSON_PAGES, BYTESTAG_JSON_SIZE, BYTESTAG_JSON_INFO_TIMESTAMP,
  };
  BytestagJsonValue object, members[N_MEMBERS];
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (bytes != NULL, NULL);

  if (!bytestag_info_parse (&object, bytes, error))
    return NULL;

  g_autoptr (BytestagCollectionInfo) self = g_object_new (BYTESTAG_TYPE_COLLECTION_INFO, NULL);

  bytestag_json_read_members (&object, names, members, N_MEMBERS);
  if (members[FILES].type == BYTESTAG_JSON_ABSENT && members[PAGES].type != BYTESTAG_JSON_ABSENT)
    {
      if (!read_pages (self, &members[PAGES], &members[COUNT], &members[SIZE], error))
        return NULL;
    }
  else
    {
      g_autoptr (GPtrArray) files = bytestag_file_infos_from_json (&members[FILES], error);

      if (files == NULL)
        return NULL;
      g_ptr_array_extend_and_steal (self->files, g_steal_pointer (&files));
      count_files (self);
    }

  if (!bytestag_info_read_string (&members[NAME], &self->name) ||
      !bytestag_info_read_string (&members[COMMENT], &self->comment))
    {
      bytestag_info_refuse (error, _("The name or comment of the collection is not text"));
      return NULL;
    }

  if (!bytestag_json_read_integer (&members[TIMESTAMP], &self->timestamp, &reason))
    {
      g_set_error (error, reason->domain, reason->code,
                   _("The time of the collection is damaged: %s"), reason->message);
      return NULL;
    }

  return g_steal_pointer (&self);
}

static GBytes *
bytestag_collection_info_to_bytes (BytestagSerializable *serializable)
{
  BytestagCollectionInfo *self = BYTESTAG_COLLECTION_INFO (serializable);
  BytestagCanonical files;

  bytestag_canonical_init (&files);
  bytestag_canonical_begin_array (&files);
  for (guint i = 0; i < self->files->len; i++)
    bytestag_file_info_write (g_ptr_array_index (self->files, i), &files);
  bytestag_canonical_end_array (&files);

  gsize length = files.text->len;
  g_autofree char *text = bytestag_canonical_finish_text (&files);

  return bytestag_collection_root_write (&(BytestagCollectionRoot) {
    .comment = self->comment,
    .name = self->name,
    .timestamp = &self->timestamp,
    .count = self->count,
    .size = self->size,
    .pages = self->pages,
    /* Without its brackets. */
    .files = text + 1,
    .files_length = length - 2,
  });
}

static void
serializable_init (BytestagSerializableInterface *iface)
{
  iface->to_bytes = bytestag_collection_info_to_bytes;
}

const char *
bytestag_collection_info_get_name (BytestagCollectionInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), NULL);

  return self->name;
}

const char *
bytestag_collection_info_get_comment (BytestagCollectionInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), NULL);

  return self->comment;
}

gint64
bytestag_collection_info_get_timestamp (BytestagCollectionInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), 0);

  return MIN (self->timestamp.value, (guint64) G_MAXINT64);
}

const BytestagJsonInteger *
bytestag_collection_info_get_timestamp_as_it_came (BytestagCollectionInfo *self)
{
  return &self->timestamp;
}

guint64
bytestag_collection_info_get_count (BytestagCollectionInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), 0);

  return self->count;
}

guint64
bytestag_collection_info_get_size (BytestagCollectionInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), 0);

  return self->size;
}

GPtrArray *
bytestag_collection_info_get_files (BytestagCollectionInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), NULL);

  return self->files;
}

const BytestagPageRef *
bytestag_collection_info_get_pages (BytestagCollectionInfo *self, guint *n_pages)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), NULL);

  if (n_pages != NULL)
    *n_pages = self->pages != NULL ? self->pages->len : 0;
  return self->pages != NULL ? (gconstpointer) self->pages->data : NULL;
}
