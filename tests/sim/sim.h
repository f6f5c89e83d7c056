/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sim/link.h"
#include "sim/nat.h"
#include "storage/shared-files-table.h"

/* Many nodes in one process on virtual time: the engine's own code behind a clock
 * that jumps from event to event, links that lose and delay, and tables in memory.
 * The same seed gives the same datagrams. What must hold of a node is checked after
 * each event that it had, what must hold of all of them each minute. */

G_BEGIN_DECLS

typedef struct _BytestagSim BytestagSim;

BytestagSim      *bytestag_sim_new              (guint64                 seed);
/* Shuts all nodes down; their last events do not run. */
void              bytestag_sim_free             (BytestagSim            *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSim, bytestag_sim_free)

/* What happens to datagrams under way; to be changed at any time. */
BytestagSimLink  *bytestag_sim_get_link         (BytestagSim            *self);
/* Its median and sigma. */
void              bytestag_sim_set_latency      (BytestagSim            *self,
                                                 gint64                  median,
                                                 gdouble                 sigma);
/* Its losses. */
void              bytestag_sim_set_loss         (BytestagSim            *self,
                                                 guint                   per_mille);
/* Checks after each event, and the trace: TRUE at first. Without, a large world
 * runs twice as fast. */
void              bytestag_sim_set_checks       (BytestagSim            *self,
                                                 gboolean                checks);

/* Nodes */

/* The @number-th address of the world: each in its own /24, the first 12,800 in their
 * own /16, none of them private. */
void              bytestag_sim_make_address     (guint                   number,
                                                 BytestagEndpoint       *address);
/* The @number of an address, whatever its port; FALSE: it is none of those. */
gboolean          bytestag_sim_read_address     (const BytestagEndpoint *address,
                                                 guint                  *number);
/* (transfer none) a node at an address of its own. */
BytestagNetwork  *bytestag_sim_add_node         (BytestagSim            *self);
/* The same with files of its own. @shared: (out) (transfer none) the table for them. */
BytestagNetwork  *bytestag_sim_add_sharing_node (BytestagSim               *self,
                                                 BytestagSharedFilesTable **shared);
/* (transfer none) a node with this id at this address. */
BytestagNetwork  *bytestag_sim_add_node_at      (BytestagSim            *self,
                                                 const BytestagEndpoint *address,
                                                 const BytestagKey      *id);
/* How many were added, those that have gone included. */
guint             bytestag_sim_get_n_nodes      (BytestagSim            *self);
/* (nullable) NULL while it is down. */
BytestagNetwork  *bytestag_sim_get_node         (BytestagSim            *self,
                                                 guint                   index);
/* The values that it keeps, also while it is down. */
BytestagKvpTable *bytestag_sim_get_table        (BytestagSim            *self,
                                                 guint                   index);
void              bytestag_sim_get_address      (BytestagSim            *self,
                                                 guint                   index,
                                                 BytestagEndpoint       *address);
/* (transfer full) the node as others know it. */
BytestagNode     *bytestag_sim_make_contact     (BytestagSim            *self,
                                                 guint                   index);
/* Makes @contact known to the node as one that answered. */
void              bytestag_sim_introduce        (BytestagSim            *self,
                                                 guint                   index,
                                                 const BytestagKey      *id,
                                                 const BytestagEndpoint *address);
/* The node is cut off: neither sends nor hears, and knows nothing of it. */
void              bytestag_sim_set_online       (BytestagSim            *self,
                                                 guint                   index,
                                                 gboolean                online);
/* From now on behind a NAT of its own. */
void              bytestag_sim_put_behind_nat   (BytestagSim            *self,
                                                 guint                   index,
                                                 BytestagNatKind         kind);
/* Its wall clock is @offset µs ahead of the world's. */
void              bytestag_sim_set_wall_offset  (BytestagSim            *self,
                                                 guint                   index,
                                                 gint64                  offset);
/* It gets another address, as from a provider at night, and goes on. */
void              bytestag_sim_move             (BytestagSim            *self,
                                                 guint                   index);
/* Its program ends as it should. */
void              bytestag_sim_leave            (BytestagSim            *self,
                                                 guint                   index);
/* The plug is pulled: it sends nothing more. */
void              bytestag_sim_crash            (BytestagSim            *self,
                                                 guint                   index);
/* All nodes crash and are forgotten: the next one has index 0. */
void              bytestag_sim_clear            (BytestagSim            *self);
/* A node that is down comes back, and knows nobody. @keeps: its id and values;
 * else it is a new one. (transfer none) */
BytestagNetwork  *bytestag_sim_restart          (BytestagSim            *self,
                                                 guint                   index,
                                                 gboolean                keeps);

/* Others */

/* Somebody who is no node of ours, and speaks for himself. */
typedef void (*BytestagSimPeerFunc) (BytestagSim            *sim,
                                     const BytestagEndpoint *from,
                                     const guint8           *data,
                                     gsize                   length,
                                     gpointer                user_data);
void              bytestag_sim_add_peer         (BytestagSim            *self,
                                                 const BytestagEndpoint *address,
                                                 BytestagSimPeerFunc     func,
                                                 gpointer                user_data);
/* Something came for @to, where nobody is. Returns whether somebody is now; else it
 * may also be answered on the spot. */
typedef gboolean (*BytestagSimNobodyFunc) (BytestagSim            *sim,
                                           const BytestagEndpoint *from,
                                           const BytestagEndpoint *to,
                                           const guint8           *data,
                                           gsize                   length,
                                           gpointer                user_data);
void              bytestag_sim_set_nobody_func  (BytestagSim            *self,
                                                 BytestagSimNobodyFunc   func,
                                                 gpointer                user_data);
/* @from may be anybody's address. */
void              bytestag_sim_send             (BytestagSim            *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagEndpoint *to,
                                                 const guint8           *data,
                                                 gsize                   length);
/* The same of a datagram that an honest node must drop: it is checked that it does. */
void              bytestag_sim_send_forged      (BytestagSim            *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagEndpoint *to,
                                                 const guint8           *data,
                                                 gsize                   length);

/* Time */

/* Uptime that all nodes share, µs. */
gint64            bytestag_sim_get_time         (BytestagSim            *self);
/* Randomness of the world; the nodes have their own. */
BytestagRng      *bytestag_sim_get_rng          (BytestagSim            *self);
/* Uniform in [0, 1). */
gdouble           bytestag_sim_draw             (BytestagSim            *self);
/* @func is called in @delay µs, between two events. */
typedef void (*BytestagSimCallFunc) (BytestagSim *sim, gpointer user_data);
void              bytestag_sim_call             (BytestagSim            *self,
                                                 gint64                  delay,
                                                 BytestagSimCallFunc     func,
                                                 gpointer                user_data);
/* Runs events for @duration µs; all of them. */
void              bytestag_sim_run              (BytestagSim            *self,
                                                 gint64                  duration);
/* Runs until @task has finished, at most @duration µs; whether it has. */
gboolean          bytestag_sim_run_task         (BytestagSim            *self,
                                                 gpointer                task,
                                                 gint64                  duration);
/* Datagrams that arrived so far. */
guint64           bytestag_sim_get_n_datagrams  (BytestagSim            *self);
/* (transfer full) SHA-256 over every datagram so far: time, ends, bytes; hex. */
char             *bytestag_sim_dup_trace_hash   (BytestagSim            *self);

/* Values */

/* (transfer full) @size bytes of the vectors: byte i = (i·seed + i / 251) & 255. */
GBytes           *bytestag_sim_make_value       (gsize                   size,
                                                 guint                   seed);
/* Puts a value into the table of a node, under its own digest. */
void              bytestag_sim_put_value        (BytestagSim            *self,
                                                 guint                   index,
                                                 GBytes                 *value,
                                                 BytestagKey            *key);
/* Lets every node join through the first; TRUE when all have. */
gboolean          bytestag_sim_join_all         (BytestagSim            *self,
                                                 gint64                  duration);

G_END_DECLS
