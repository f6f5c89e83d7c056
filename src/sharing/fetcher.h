/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_FETCHER (bytestag_fetcher_get_type ())
G_DECLARE_FINAL_TYPE (BytestagFetcher, bytestag_fetcher, BYTESTAG, FETCHER, GObject)

/* Fetches values whose index is their key: a bounded number at one time, in order
 * of adding; what was not found is sought again later, each time after a longer while.
 *
 * Signals: "received" (tag, GBytes): SHA-1 is right; "missed" (tag, GError): not found
 * this time; "failed" (tag, GError): not found @max_tries times, so that nothing more is fetched. */
BytestagFetcher *bytestag_fetcher_new            (BytestagNetwork   *network,
                                                  guint              max_tries);
/* @tag: given back with the value. Starts at the next event. */
void             bytestag_fetcher_add            (BytestagFetcher   *self,
                                                  const BytestagKey *key,
                                                  guint              tag);
/* While paused, nothing more is asked for; what is on its way comes. */
void             bytestag_fetcher_set_paused     (BytestagFetcher   *self,
                                                  gboolean           paused);
/* Seconds until the next try when nothing is asked for now; 0: something is. */
guint            bytestag_fetcher_get_wait       (BytestagFetcher   *self);
/* (nullable) why the last value was missed, if none came since. */
const GError    *bytestag_fetcher_get_last_error (BytestagFetcher   *self);

/* @task: a BytestagGetValueTask that runs */
typedef void   (*BytestagFetcherVisitFunc)       (guint              tag,
                                                  BytestagTask      *task,
                                                  gpointer           user_data);
void             bytestag_fetcher_visit          (BytestagFetcher          *self,
                                                  BytestagFetcherVisitFunc  visit,
                                                  gpointer                  user_data);
/* Ends all of it; no signal comes any more. */
void             bytestag_fetcher_stop           (BytestagFetcher   *self);

G_END_DECLS
