/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/verbs.h"

G_BEGIN_DECLS

/* The data of a verb's GTask, whose source is the client. */
typedef struct {
  BytestagControlLineFunc line_func;
  gpointer line_data;
  GVariant *last_line; /* (nullable) */
} BytestagVerbAnswer;

/* Sends a line: "event", then names and values as of g_variant_dict_insert(), NULL. The same
 * line twice in a row is sent once: several properties may have changed at the same time. */
void  bytestag_verb_say  (GTask        *task,
                          const char   *event,
                          ...) G_GNUC_NULL_TERMINATED;

/* Reads the key that @text is, or names as a link. */
gboolean bytestag_verb_read_key (const char   *text,
                                 BytestagKey  *key,
                                 GError      **error);

/* Says what sharing costs: "budget". */
void bytestag_verb_say_budget (GTask                *task,
                               const BytestagBudget *budget);
/* Says why no copies are sent now: "paused". FALSE: nothing holds them up. */
gboolean bytestag_verb_say_paused (GTask *task);
/* (transfer full) (nullable) the share that the verb's "link" names, a key too. */
BytestagShare *bytestag_verb_lookup_share (GTask         *task,
                                           GVariantDict  *arguments,
                                           GError       **error);

/* The verbs that take a while. Each takes @task, and returns it. */
void  bytestag_verb_share (GTask        *task,
                           GVariantDict *arguments);
void  bytestag_verb_get   (GTask        *task,
                           GVariantDict *arguments);
void  bytestag_verb_find  (GTask        *task,
                           GVariantDict *arguments);

/* Those about what is shared. The same. */
void  bytestag_verb_library      (GTask        *task,
                                  GVariantDict *arguments);
void  bytestag_verb_stop_sharing (GTask        *task,
                                  GVariantDict *arguments);
void  bytestag_verb_survival     (GTask        *task,
                                  GVariantDict *arguments);
void  bytestag_verb_send_again   (GTask        *task,
                                  GVariantDict *arguments);

/* That about what is kept for others. The same. */
void  bytestag_verb_delete_kept  (GTask        *task,
                                  GVariantDict *arguments);

G_END_DECLS
