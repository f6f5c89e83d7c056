/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/verbs.h"

#include <glib/gi18n-lib.h>

#include "client/verbs-private.h"
#include "core/error.h"

typedef struct {
  const char *name;
  void (*run) (GTask *task, GVariantDict *arguments);
} Verb;

static void
say_line (GTask        *task,
          GVariantDict *dict)
{
  BytestagVerbAnswer *answer = g_task_get_task_data (task);
  g_autoptr (GVariant) line = g_variant_ref_sink (g_variant_dict_end (dict));

  if (answer->last_line != NULL && g_variant_equal (line, answer->last_line))
    return;

  g_clear_pointer (&answer->last_line, g_variant_unref);
  answer->last_line = g_variant_ref (line);
  if (answer->line_func != NULL)
    answer->line_func (line, answer->line_data);
}

void
bytestag_verb_say (GTask      *task,
                   const char *event,
                   ...)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *name;
  va_list args;

  g_variant_dict_insert (&dict, "event", "s", event);
  va_start (args, event);
  while ((name = va_arg (args, const char *)) != NULL)
    {
      const char *format = va_arg (args, const char *);

      g_variant_dict_insert_value (&dict, name, g_variant_new_va (format, NULL, &args));
    }
  va_end (args);

  say_line (task, &dict);
}

gboolean
bytestag_verb_read_key (const char   *text,
                        BytestagKey  *key,
                        GError      **error)
{
  g_autoptr (BytestagLink) link = bytestag_link_parse (text, NULL);

  if (link != NULL)
    {
      *key = *bytestag_link_get_key (link);
      return TRUE;
    }
  if (bytestag_key_parse (key, text, -1, NULL))
    return TRUE;

  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
               _("“%s” is neither a key (hex, base32 or base64 of 20 bytes) nor a link"), text);
  return FALSE;
}

static void
answer_free (gpointer data)
{
  BytestagVerbAnswer *answer = data;

  g_clear_pointer (&answer->last_line, g_variant_unref);
  g_free (answer);
}

static const char *
get_state_nick (BytestagNode *node)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (BYTESTAG_TYPE_NODE_STATE);

  return g_enum_get_value (klass, (int) bytestag_node_get_state (node))->value_nick;
}

static void
say_peer (GTask        *task,
          BytestagNode *node)
{
  BytestagClient *client = g_task_get_source_object (task);
  gint64 now = bytestag_reactor_get_time (bytestag_network_get_reactor (bytestag_client_get_network (client)));
  g_autofree char *id = bytestag_key_to_hex (bytestag_node_get_key (node));
  g_autofree char *address = bytestag_endpoint_to_string (bytestag_node_get_endpoint (node));

  bytestag_verb_say (task, "peer",
                     "id", "s", id,
                     "address", "s", address,
                     "state", "s", get_state_nick (node),
                     "rtt", "x", bytestag_node_get_rtt (node),
                     "failures", "x", (gint64) bytestag_node_get_failures (node),
                     "age", "x", (now - bytestag_node_get_last_seen (node)) / G_USEC_PER_SEC,
                     NULL);
}

static void
run_peers (GTask        *task,
           GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  GListModel *peers = bytestag_client_get_peers (g_task_get_source_object (task));

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (BytestagNode) node = g_list_model_get_item (peers, i);

      say_peer (task, node);
    }

  g_task_return_boolean (task, TRUE);
}

static void
run_buckets (GTask        *task,
             GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  BytestagNetwork *network = bytestag_client_get_network (g_task_get_source_object (task));
  BytestagRoutingTable *table = bytestag_network_get_routing_table (network);

  for (guint i = 0; i < BYTESTAG_KEY_BITS; i++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (table, i);
      guint n_nodes = bucket != NULL ? bytestag_bucket_get_n_nodes (bucket) : 0;

      if (n_nodes == 0)
        continue;

      bytestag_verb_say (task, "bucket",
                         "number", "x", (gint64) i,
                         "nodes", "x", (gint64) n_nodes,
                         "locked", "b", bytestag_bucket_is_locked (bucket),
                         NULL);
      for (guint j = 0; j < n_nodes; j++)
        say_peer (task, bytestag_bucket_peek (bucket, j));
    }

  g_task_return_boolean (task, TRUE);
}

static void
run_id (GTask        *task,
        GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  BytestagClient *client = g_task_get_source_object (task);
  g_autofree char *id = bytestag_key_to_hex (bytestag_network_get_key (bytestag_client_get_network (client)));

  bytestag_verb_say (task, "id",
                     "id", "s", id,
                     "address", "s", bytestag_client_get_address (client),
                     "peers", "x", (gint64) bytestag_client_get_n_peers (client),
                     NULL);
  g_task_return_boolean (task, TRUE);
}

static void
run_stats (GTask        *task,
           GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  BytestagClient *client = g_task_get_source_object (task);
  BytestagStatistics *statistics = bytestag_client_get_statistics (client);
  GListModel *counters = bytestag_statistics_get_counters (statistics);
  const guint64 *drops = bytestag_network_get_counters (bytestag_client_get_network (client))->drops;
  gint64 difference = bytestag_network_get_clock_difference (bytestag_client_get_network (client));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  bytestag_statistics_refresh (statistics);
  g_variant_dict_insert (&dict, "event", "s", "stats");
  for (guint i = 0; i < g_list_model_get_n_items (counters); i++)
    {
      g_autoptr (BytestagCounter) counter = g_list_model_get_item (counters, i);

      g_variant_dict_insert (&dict, bytestag_counter_get_name (counter), "x", bytestag_counter_get_value (counter));
    }
  say_line (task, &dict);

  for (BytestagDrop drop = BYTESTAG_DROP_NONE + 1; drop < BYTESTAG_N_DROPS; drop++)
    bytestag_verb_say (task, "drop",
                       "reason", "s", bytestag_drop_to_string (drop),
                       "count", "x", (gint64) drops[drop],
                       NULL);
  bytestag_verb_say_paused (task);
  if (difference != 0)
    bytestag_verb_say (task, "clock", "difference", "x", difference, NULL);
  g_task_return_boolean (task, TRUE);
}

static const Verb verbs[] = {
  { "share", bytestag_verb_share },
  { "get", bytestag_verb_get },
  { "find", bytestag_verb_find },
  { "peers", run_peers },
  { "buckets", run_buckets },
  { "id", run_id },
  { "stats", run_stats },
  { "library", bytestag_verb_library },
  { "survival", bytestag_verb_survival },
  { "send-again", bytestag_verb_send_again },
  { "stop-sharing", bytestag_verb_stop_sharing },
  { "delete-kept", bytestag_verb_delete_kept },
};

void
bytestag_verb_run_async (BytestagClient          *client,
                         const char              *verb,
                         GVariant                *arguments,
                         BytestagControlLineFunc  line_func,
                         gpointer                 line_data,
                         GCancellable            *cancellable,
                         GAsyncReadyCallback      callback,
                         gpointer                 user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GVariant) sunk = NULL;
  g_auto (GVariantDict) dict = { 0 };
  BytestagVerbAnswer *answer;

  g_return_if_fail (BYTESTAG_IS_CLIENT (client));
  g_return_if_fail (verb != NULL);

  sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  g_variant_dict_init (&dict, sunk);
  task = g_task_new (client, cancellable, callback, user_data);
  g_task_set_source_tag (task, bytestag_verb_run_async);
  answer = g_new0 (BytestagVerbAnswer, 1);
  answer->line_func = line_func;
  answer->line_data = line_data;
  g_task_set_task_data (task, answer, answer_free);

  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      if (g_str_equal (verbs[i].name, verb))
        {
          verbs[i].run (g_steal_pointer (&task), &dict);
          return;
        }
    }

  g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is not known here"), verb);
}

gboolean
bytestag_verb_run_finish (BytestagClient  *client,
                          GAsyncResult    *result,
                          GError         **error)
{
  g_return_val_if_fail (g_task_is_valid (result, client), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
respond_cb (GVariant *line,
            gpointer  user_data)
{
  bytestag_control_request_respond (user_data, line);
}

static void
answered_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (BytestagControlRequest) request = user_data;
  g_autoptr (GError) error = NULL;

  if (bytestag_verb_run_finish (BYTESTAG_CLIENT (source), result, &error))
    bytestag_control_request_finish (request);
  else
    bytestag_control_request_fail (request, error);
}

void
bytestag_verbs_answer (BytestagClient         *client,
                       BytestagControlRequest *request)
{
  bytestag_verb_run_async (client,
                           bytestag_control_request_get_verb (request),
                           bytestag_control_request_get_arguments (request),
                           respond_cb, request,
                           bytestag_control_request_get_cancellable (request),
                           answered_cb, g_object_ref (request));
}
