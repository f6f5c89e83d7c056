/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/verbs-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "sharing/survival.h"

static void
say_figures (GTask            *task,
             BytestagShare    *share,
             BytestagSurvival *survival)
{
  bytestag_verb_say (task, "survival",
                     "name", "s", bytestag_share_get_name (share),
                     "words", "s", bytestag_survival_get_words (survival),
                     "pieces", "x", (gint64) bytestag_survival_get_n_pieces (survival),
                     "looked", "x", (gint64) bytestag_survival_get_n_looked (survival),
                     "sampled", "b", bytestag_survival_is_sampled (survival),
                     "wanted", "x", (gint64) bytestag_survival_get_wanted (survival),
                     "least", "x", (gint64) bytestag_survival_get_least_copies (survival),
                     "weak", "x", (gint64) bytestag_survival_get_n_weak (survival),
                     "unpromised", "x", (gint64) bytestag_survival_get_n_unpromised (survival),
                     "percent-there", "x",
                     (gint64) bytestag_publication_get_percent_there (bytestag_share_get_publication (share)),
                     "safe-until", "x", bytestag_survival_get_safe_until (survival),
                     "oldest", "x", bytestag_survival_get_oldest_look (survival),
                     "newest", "x", bytestag_survival_get_newest_look (survival),
                     NULL);
}

static void
say_histogram (GTask      *task,
               GListModel *rows)
{
  for (guint i = 0; i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (BytestagSurvivalRow) row = g_list_model_get_item (rows, i);

      bytestag_verb_say (task, "copies",
                         "copies", "x", (gint64) bytestag_survival_row_get_copies (row),
                         "pieces", "x", (gint64) bytestag_survival_row_get_n_pieces (row),
                         "until", "x", bytestag_survival_row_get_until (row),
                         NULL);
    }
}

static void
say_weakest (GTask      *task,
             GListModel *pieces)
{
  for (guint i = 0; i < g_list_model_get_n_items (pieces); i++)
    {
      g_autoptr (BytestagWeakPiece) piece = g_list_model_get_item (pieces, i);
      g_autofree char *key = bytestag_key_to_hex (&bytestag_weak_piece_get_id (piece)->key);
      const char *name = bytestag_weak_piece_get_name (piece);

      bytestag_verb_say (task, "weak",
                         "key", "s", key,
                         "file", "s", name != NULL ? name : "",
                         "copies", "x", (gint64) bytestag_weak_piece_get_copies (piece),
                         "until", "x", bytestag_weak_piece_get_until (piece),
                         NULL);
    }
}

void
bytestag_verb_say_budget (GTask                *task,
                          const BytestagBudget *budget)
{
  BytestagCosts *costs = bytestag_client_get_costs (g_task_get_source_object (task));
  BytestagChurnMeter *churn = bytestag_costs_get_churn_meter (costs);
  g_autoptr (GEnumClass) klass = g_type_class_ref (BYTESTAG_TYPE_BUDGET_VERDICT);

  bytestag_verb_say (task, "budget",
                     "initial-bytes", "x", (gint64) MIN (budget->initial_bytes, G_MAXINT64),
                     "initial-seconds", "x", (gint64) MIN (budget->initial_seconds, G_MAXINT64),
                     "upkeep-bytes", "x", (gint64) MIN (budget->upkeep_bytes, G_MAXINT64),
                     "upkeep-requests", "x", (gint64) MIN (budget->upkeep_requests, G_MAXINT64),
                     "verdict", "s", g_enum_get_value (klass, (int) budget->verdict)->value_nick,
                     "percent-kept", "x", (gint64) (budget->share_kept * 100),
                     "recommended-copies", "x", (gint64) bytestag_costs_get_recommended_copies (costs),
                     "lost-per-mille", "x", bytestag_churn_meter_is_known (churn)
                       ? (gint64) (bytestag_churn_meter_get_loss_per_hour (churn) * 1000) : G_GINT64_CONSTANT (-1),
                     NULL);
}

/* (transfer full) (nullable) a share that is being published */
static BytestagShare *
lookup_published (GTask         *task,
                  GVariantDict  *arguments,
                  GError       **error)
{
  g_autoptr (BytestagShare) share = bytestag_verb_lookup_share (task, arguments, error);

  if (share != NULL && bytestag_share_get_survival (share) == NULL)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY,
                           _("It is being read; nothing is known of its copies yet"));
      g_clear_object (&share);
    }

  return g_steal_pointer (&share);
}

void
bytestag_verb_survival (GTask        *task,
                        GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  GError *error = NULL;
  g_autoptr (BytestagShare) share = lookup_published (task, arguments, &error);
  BytestagSurvival *survival;
  BytestagBudget budget;

  if (share == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  survival = bytestag_share_get_survival (share);
  say_figures (task, share, survival);
  say_histogram (task, bytestag_survival_get_histogram (survival));
  say_weakest (task, bytestag_survival_get_weakest (survival));
  bytestag_costs_compute (bytestag_client_get_costs (g_task_get_source_object (task)), share, &budget);
  bytestag_verb_say_budget (task, &budget);
  g_task_return_boolean (task, TRUE);
}

void
bytestag_verb_send_again (GTask        *task,
                          GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  BytestagClient *client = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (BytestagShare) share = lookup_published (task, arguments, &error);

  if (share == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  bytestag_library_send_again (bytestag_client_get_library (client), share);
  bytestag_verb_say (task, "sending",
                     "pieces", "x", (gint64) bytestag_survival_get_n_weak (bytestag_share_get_survival (share)),
                     NULL);
  g_task_return_boolean (task, TRUE);
}
