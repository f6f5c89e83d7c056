/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/sim.h"

G_BEGIN_DECLS

/* A network too large to run as a whole. The ids of all are known and sorted; a node
 * is made when the first datagram reaches it, with the routing table that a long life
 * would have given it: of each bucket's range up to 20 members at random. */
typedef struct _BytestagCrowd BytestagCrowd;

/* What hears a datagram for any port of a hostile member's host. */
typedef void (*BytestagCrowdFunc) (const BytestagEndpoint *from,
                                   const BytestagEndpoint *to,
                                   const guint8           *data,
                                   gsize                   length,
                                   gpointer                user_data);

/* Members are numbered in the order of their ids. */
BytestagCrowd          *bytestag_crowd_new         (BytestagSim       *sim,
                                                    guint              n_members);
/* Before @sim. */
void                    bytestag_crowd_free        (BytestagCrowd     *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagCrowd, bytestag_crowd_free)

/* Lets this share of the members, in [0, 1], be dead: silent, but in the tables. */
void                    bytestag_crowd_kill        (BytestagCrowd     *self,
                                                    gdouble            share);
/* Lets this share speak through @func. @one_network: all of them at hosts of one /24. */
void                    bytestag_crowd_corrupt     (BytestagCrowd     *self,
                                                    gdouble            share,
                                                    gboolean           one_network,
                                                    BytestagCrowdFunc  func,
                                                    gpointer           user_data);
guint                   bytestag_crowd_get_size    (BytestagCrowd     *self);
/* Neither dead nor hostile. */
gboolean                bytestag_crowd_is_honest   (BytestagCrowd     *self,
                                                    guint              number);
gboolean                bytestag_crowd_is_hostile  (BytestagCrowd     *self,
                                                    guint              number);
const BytestagKey      *bytestag_crowd_get_id      (BytestagCrowd     *self,
                                                    guint              number);
void                    bytestag_crowd_get_address (BytestagCrowd     *self,
                                                    guint              number,
                                                    BytestagEndpoint  *address);
/* Whose address it is, port included; FALSE: nobody's. */
gboolean                bytestag_crowd_find_at     (BytestagCrowd          *self,
                                                    const BytestagEndpoint *address,
                                                    guint                  *number);
/* The index of its node in the simulator, made if need be. */
guint                   bytestag_crowd_wake        (BytestagCrowd     *self,
                                                    guint              number);
/* One of the honest, at random. */
guint                   bytestag_crowd_choose      (BytestagCrowd     *self);
/* Writes the numbers of the @count members closest to @key, nearest first, the dead
 * left out; returns how many. */
guint                   bytestag_crowd_find_closest (BytestagCrowd     *self,
                                                     const BytestagKey *key,
                                                     guint             *numbers,
                                                     guint              count);
/* All nodes go, and are made anew when they are reached: what they learnt is
 * forgotten, and their memory is free. */
void                    bytestag_crowd_rest        (BytestagCrowd     *self);

G_END_DECLS
