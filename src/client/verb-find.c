/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/verbs-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"

/* A look-up that is told of, then the question to its closest nodes what they
 * hold. Only ours are asked: a findval without an index can kill an original (A.3 B1). */
typedef struct {
  GTask *task;
  BytestagKey key;
  BytestagFindShortlistTask *lookup;
  GPtrArray *candidates; /* (element-type BytestagCandidate) whose changes we hear */
  GPtrArray *questions;  /* (element-type BytestagFindValueTask) */
  guint n_closest;
  guint n_waiting;
} Finding;

static void
finding_free (Finding *finding)
{
  for (guint i = 0; i < finding->candidates->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (finding->candidates, i), finding);
  for (guint i = 0; i < finding->questions->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (finding->questions, i), finding);
  g_signal_handlers_disconnect_by_data (bytestag_find_shortlist_task_get_shortlist (finding->lookup), finding);
  g_signal_handlers_disconnect_by_data (finding->lookup, finding);

  g_clear_pointer (&finding->candidates, g_ptr_array_unref);
  g_clear_pointer (&finding->questions, g_ptr_array_unref);
  g_clear_object (&finding->lookup);
  g_clear_object (&finding->task);
  g_free (finding);
}

static void
tell_candidate (BytestagCandidate *candidate,
                GParamSpec        *pspec,
                Finding           *finding)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (BYTESTAG_TYPE_CANDIDATE_STATE);
  BytestagNode *node = bytestag_candidate_get_node (candidate);
  g_autofree char *id = bytestag_key_to_hex (bytestag_node_get_key (node));
  g_autofree char *address = bytestag_endpoint_to_string (bytestag_node_get_endpoint (node));

  bytestag_verb_say (finding->task, "candidate",
                     "id", "s", id,
                     "address", "s", address,
                     "state", "s",
                     g_enum_get_value (klass, (int) bytestag_candidate_get_state (candidate))->value_nick,
                     "step", "x", (gint64) bytestag_candidate_get_step (candidate),
                     NULL);
}

/* Who is only named is not told of: one answer names up to 64, and a line for each would
 * be longer than a turn of the engine may be. */
static void
candidates_changed_cb (GListModel *shortlist,
                       guint       position,
                       guint       removed,
                       guint       added,
                       Finding    *finding)
{
  for (guint i = position; i < position + added; i++)
    {
      BytestagCandidate *candidate = g_list_model_get_item (shortlist, i);

      g_ptr_array_add (finding->candidates, candidate);
      g_signal_connect (candidate, "notify::state", G_CALLBACK (tell_candidate), finding);
    }
}

static void
end (Finding *finding)
{
  bytestag_verb_say (finding->task, "found",
                     "asked", "x", (gint64) bytestag_find_shortlist_task_get_n_requests (finding->lookup),
                     "closest", "x", (gint64) finding->n_closest,
                     NULL);
  g_task_return_boolean (finding->task, TRUE);
  finding_free (finding);
}

static void
tell_values (Finding               *finding,
             BytestagNode          *node,
             BytestagFindValueTask *question)
{
  const BytestagFindValueResult *result = bytestag_find_value_task_get_result (question);
  g_autofree char *address = bytestag_endpoint_to_string (bytestag_node_get_endpoint (node));

  for (guint i = 0; result != NULL && result->values != NULL && i < result->values->len; i++)
    {
      const BytestagExchangeInfo *info = g_ptr_array_index (result->values, i);
      g_autofree char *index = bytestag_key_to_hex (&info->id.index);

      bytestag_verb_say (finding->task, "value",
                         "index", "s", index,
                         "size", "x", info->size,
                         "address", "s", address,
                         NULL);
    }
}

static void
answered_cb (BytestagTask *question,
             Finding      *finding)
{
  tell_values (finding, g_object_get_data (G_OBJECT (question), "node"), BYTESTAG_FIND_VALUE_TASK (question));
  if (--finding->n_waiting == 0)
    end (finding);
}

static void
ask_closest (Finding *finding)
{
  BytestagNetwork *network = bytestag_client_get_network (g_task_get_source_object (finding->task));
  BytestagShortlist *shortlist = bytestag_find_shortlist_task_get_shortlist (finding->lookup);
  g_autoptr (GPtrArray) nodes = bytestag_shortlist_sorted_nodes (shortlist);

  finding->n_closest = MIN (nodes->len, BYTESTAG_MAX_BUCKET_SIZE);
  for (guint i = 0; i < finding->n_closest; i++)
    {
      BytestagNode *node = g_ptr_array_index (nodes, i);
      BytestagFindValueTask *question;

      if (bytestag_node_get_extensions (node) < 0)
        continue;

      question = bytestag_network_find_value_from_node (network, node, &finding->key, NULL);
      g_object_set_data_full (G_OBJECT (question), "node", g_object_ref (node), g_object_unref);
      g_signal_connect (question, "finished", G_CALLBACK (answered_cb), finding);
      g_ptr_array_add (finding->questions, question);
      finding->n_waiting++;
    }

  if (finding->n_waiting == 0)
    end (finding);
}

static void
looked_up_cb (BytestagTask *lookup,
              Finding      *finding)
{
  const GError *error = bytestag_task_get_error (lookup);

  if (error == NULL)
    {
      ask_closest (finding);
      return;
    }

  g_task_return_error (finding->task, g_error_copy (error));
  finding_free (finding);
}

void
bytestag_verb_find (GTask        *task,
                    GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  BytestagClient *client = g_task_get_source_object (task);
  GError *error = NULL;
  const char *text = "";
  GListModel *shortlist;
  Finding *finding;
  BytestagKey key;

  g_variant_dict_lookup (arguments, "key", "&s", &text);
  if (!bytestag_verb_read_key (text, &key, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (bytestag_client_get_n_peers (client) == 0)
    {
      g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_NO_PEERS, "%s",
                               _("There is nobody to ask: no other computer of the network is known"));
      return;
    }

  finding = g_new0 (Finding, 1);
  finding->task = g_steal_pointer (&owned);
  finding->key = key;
  finding->candidates = g_ptr_array_new_with_free_func (g_object_unref);
  finding->questions = g_ptr_array_new_with_free_func (g_object_unref);
  finding->lookup = bytestag_network_find_node_shortlist (bytestag_client_get_network (client), &key);
  shortlist = G_LIST_MODEL (bytestag_find_shortlist_task_get_shortlist (finding->lookup));
  g_signal_connect (shortlist, "items-changed", G_CALLBACK (candidates_changed_cb), finding);
  g_signal_connect (finding->lookup, "finished", G_CALLBACK (looked_up_cb), finding);
  candidates_changed_cb (shortlist, 0, 0, g_list_model_get_n_items (shortlist), finding);
}
