/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"
#include "core/reactor.h"
#include "wire/message.h"

G_BEGIN_DECLS

/* A request is sent again after the first, and given up after the second (A.1.2). */
#define BYTESTAG_REPLY_RETRANSMIT_US (5 * G_USEC_PER_SEC)
#define BYTESTAG_REPLY_TIMEOUT_US (10 * G_USEC_PER_SEC)

/* Requests of ours that wait for a reply (A.1.2): pooled records, matched by
 * (id, exact endpoint); the same bytes are sent once more after 5 s, and after
 * 10 s it is over. Does not allocate once it has seen as many requests at a time. */
typedef struct _BytestagReplyTable BytestagReplyTable;

/* @message: NULL when the time is over (or the request was cancelled by the table going).
 * @rtt: µs, -1 after a retransmission or without a message. Called from receive
 * or tick, at most once. */
typedef void (*BytestagReplyFunc) (const BytestagMessage  *message,
                                   const BytestagEndpoint *from,
                                   gint64                  rtt,
                                   gpointer                user_data);

BytestagReplyTable *bytestag_reply_table_new       (BytestagReactor        *reactor,
                                                    BytestagTransport      *transport);
/* Whoever still waits is called without a message, in order of sending. The table
 * works until then (so clear a pointer to it after, not before), but what is sent
 * from there is refused. */
void                bytestag_reply_table_free      (BytestagReplyTable     *self);
/* A fresh seq_id (A.1.2), for the message about to be written. */
void                bytestag_reply_table_make_id   (BytestagReplyTable     *self,
                                                    BytestagKey            *id);
/* Sends @data, which carries @id as its seq_id, and waits. @once: it is not sent
 * again, which is for a ping to an address that somebody else named (B.5), and for
 * what its receiver would take twice (A.2, 3). Returns a handle for _cancel(), 0
 * when BYTESTAG_LIMIT_PENDING_REQUESTS wait already (nothing is sent and @func is
 * not called). */
guint64             bytestag_reply_table_send      (BytestagReplyTable     *self,
                                                    const BytestagEndpoint *to,
                                                    const BytestagKey      *id,
                                                    const guint8           *data,
                                                    gsize                   length,
                                                    gboolean                once,
                                                    BytestagReplyFunc       func,
                                                    gpointer                user_data);
/* The function will not be called. A handle that is over, or 0, is passed over. */
void                bytestag_reply_table_cancel    (BytestagReplyTable     *self,
                                                    guint64                 handle);
/* A message of kind REPLY came: calls who waits, or returns FALSE. One with a truthy
 * seq_id of its own is nobody's (A.1.2). */
gboolean            bytestag_reply_table_dispatch  (BytestagReplyTable     *self,
                                                    const BytestagEndpoint *from,
                                                    const BytestagMessage  *message);
/* Whether a request to @from waits now. */
gboolean            bytestag_reply_table_waits_for (BytestagReplyTable     *self,
                                                    const BytestagEndpoint *from);
/* Requests that wait now. */
guint               bytestag_reply_table_get_n_pending (BytestagReplyTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagReplyTable, bytestag_reply_table_free)

G_END_DECLS
