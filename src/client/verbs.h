/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/client.h"
#include "client/control.h"

G_BEGIN_DECLS

/* What a client does for the command line, whether it asks from its own process or
 * over the control socket: the same verbs, arguments and lines of answer (a{sv}; whole numbers are
 * int64). Each line has an "event":
 *
 * share  paths (as), name, comment → "hashing" (name, bytes, size, seconds-left: -1 when
 *        that is not known, files), "budget" (as of survival) before anything is sent, "skipped" (path), "link" (link,
 *        name, files, size), "publishing" and "published" (sent, pieces, percent-there: -1 when that is not known)
 * get    link, folder → "opening" (status), "fetching" (name, bytes, size, files, files-done, rate,
 *        status), "saved" (path, name, files, size)
 * peers  → "peer" (id, address, state, rtt, failures, age: of its last sign of life, in seconds)
 * buckets → "bucket" (number, nodes, locked), each followed by its "peer"s
 * find   key → "candidate" (id, address, state, step): who is asked, at each change; "value" (index, size,
 *        address: who holds it); "found" (asked, closest)
 * id     → "id" (id, address, peers)
 * stats  → "stats" (each counter of bytestag_statistics_describe() by its name: uptime in seconds, round trips in
 *        µs, -1 while none was measured; all since the start), then "drop" (reason, count) for each
 *        reason why datagrams are dropped, and "clock" (difference: by how many seconds ours is ahead)
 *        when many disagree with our clock
 * library → "share" (link, name, state, files, size, pieces, sent, copies, away (b),
 *        changed, deleted, new: of its files; last-checked in unix seconds; problem) for each collection
 * survival  link → "survival" (name, words, pieces, looked, sampled (b), wanted, least, weak, unpromised,
 *        percent-there: of what others held before it was sent, safe-until, oldest, newest), times in unix seconds, 0: none; "copies" (copies, pieces, until) for
 *        each number of copies that pieces have; "weak" (key, file, copies, until) for the weakest; "budget" (initial-bytes and
 *        -seconds: to be sent until all copies are there; upkeep-bytes and -requests: a day; verdict: fits, partly or
 *        nothing; percent-kept; recommended-copies, 0: not known; lost-per-mille: nodes in an hour, -1: not known)
 * send-again  link → "sending" (pieces): how many have too few copies
 * stop-sharing  link → "stopped" (name)
 * delete-kept  → "deleting" (values, bytes); nothing of it comes back when the verb is over;
 *        "clearing" before that: files of it are still being removed
 */
void     bytestag_verb_run_async  (BytestagClient          *client,
                                   const char              *verb,
                                   GVariant                *arguments,
                                   BytestagControlLineFunc  line_func,
                                   gpointer                 line_data,
                                   GCancellable            *cancellable,
                                   GAsyncReadyCallback      callback,
                                   gpointer                 user_data);
gboolean bytestag_verb_run_finish (BytestagClient          *client,
                                   GAsyncResult            *result,
                                   GError                 **error);
/* Carries out what came over the control socket. */
void     bytestag_verbs_answer    (BytestagClient          *client,
                                   BytestagControlRequest  *request);

G_END_DECLS
