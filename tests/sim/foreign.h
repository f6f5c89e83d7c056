/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "sim/sim.h"

/* A foreign peer in the simulator: the test reads and writes its JSON. */

G_BEGIN_DECLS

typedef struct _BytestagForeign BytestagForeign;

/* @rpc: "ping" and so on, "reply", "chunk", "end". */
typedef void (*BytestagForeignFunc) (BytestagForeign        *self,
                                     const BytestagEndpoint *from,
                                     const char             *rpc,
                                     JsonObject             *message,
                                     gpointer                user_data);

/* Lives as long as @sim runs, or until it is freed. @host: numeric. */
BytestagForeign        *bytestag_foreign_new          (BytestagSim            *sim,
                                                       const char             *host);
void                    bytestag_foreign_free         (BytestagForeign        *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagForeign, bytestag_foreign_free)

/* Who answers; without one, pings are answered and the rest is kept only. */
void                    bytestag_foreign_set_func     (BytestagForeign        *self,
                                                       BytestagForeignFunc     func,
                                                       gpointer                user_data);
/* Whether pings are answered (TRUE at first). */
void                    bytestag_foreign_set_pongs    (BytestagForeign        *self,
                                                       gboolean                pongs);
/* Whether it says "ext": then it is one of ours (FALSE at first). */
void                    bytestag_foreign_set_is_ours  (BytestagForeign        *self,
                                                       gboolean                is_ours);
/* Speaks and hears at another port of its host from now on. */
void                    bytestag_foreign_set_port     (BytestagForeign        *self,
                                                       guint16                 port);
const BytestagEndpoint *bytestag_foreign_get_address  (BytestagForeign        *self);
const BytestagKey      *bytestag_foreign_get_id       (BytestagForeign        *self);
/* (transfer full) */
BytestagNode           *bytestag_foreign_make_contact (BytestagForeign        *self);
/* Sends JSON text, printf-like; a % that is text is doubled. */
void                    bytestag_foreign_send         (BytestagForeign        *self,
                                                       const BytestagEndpoint *to,
                                                       const char             *format,
                                                       ...) G_GNUC_PRINTF (3, 4);
/* A reply to @request, with netid and nodeid; @members: more text, ", " included, or "". */
void                    bytestag_foreign_reply        (BytestagForeign        *self,
                                                       const BytestagEndpoint *to,
                                                       JsonObject             *request,
                                                       const char             *members);
/* (transfer full) (nullable) the JSON text that came first and was not taken; pings
 * that were answered do not count. */
char                   *bytestag_foreign_take         (BytestagForeign        *self);
/* The rest of what came is forgotten; returns how many. */
guint                   bytestag_foreign_forget       (BytestagForeign        *self);
/* Pings that came so far. */
guint                   bytestag_foreign_get_n_pings  (BytestagForeign        *self);
/* Bytes of the datagrams that it sent, and that came to it, so far. */
gsize                   bytestag_foreign_get_n_sent     (BytestagForeign      *self);
gsize                   bytestag_foreign_get_n_received (BytestagForeign      *self);

G_END_DECLS
