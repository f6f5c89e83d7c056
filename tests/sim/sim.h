/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "storage/shared-files-table.h"

/* Many nodes in one process on virtual time: the engine's own code behind a clock
 * that jumps from event to event, links with a latency, and tables in memory. The
 * same seed gives the same datagrams. */

G_BEGIN_DECLS

typedef struct _BytestagSim BytestagSim;

BytestagSim      *bytestag_sim_new              (guint64                 seed);
/* Shuts all nodes down; their last events do not run. */
void              bytestag_sim_free             (BytestagSim            *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSim, bytestag_sim_free)

/* Median and sigma of the log-normal round trip of a pair of nodes (0: all the
 * same); 80 ms and 0.8 at first. µs. */
void              bytestag_sim_set_latency      (BytestagSim            *self,
                                                 gint64                  median,
                                                 gdouble                 sigma);
/* How many of a thousand datagrams are lost; 0 at first. */
void              bytestag_sim_set_loss         (BytestagSim            *self,
                                                 guint                   per_mille);
/* (transfer none) a node at an address of its own, in its own /16. */
BytestagNetwork  *bytestag_sim_add_node         (BytestagSim            *self);
/* The same with files of its own. @shared: (out) (transfer none) the table for them. */
BytestagNetwork  *bytestag_sim_add_sharing_node (BytestagSim               *self,
                                                 BytestagSharedFilesTable **shared);
guint             bytestag_sim_get_n_nodes      (BytestagSim            *self);
BytestagNetwork  *bytestag_sim_get_node         (BytestagSim            *self,
                                                 guint                   index);
void              bytestag_sim_get_address      (BytestagSim            *self,
                                                 guint                   index,
                                                 BytestagEndpoint       *address);
/* (transfer full) the node as others know it. */
BytestagNode     *bytestag_sim_make_contact     (BytestagSim            *self,
                                                 guint                   index);
/* The node is cut off, as by a pulled plug: neither sends nor hears. */
void              bytestag_sim_set_online       (BytestagSim            *self,
                                                 guint                   index,
                                                 gboolean                online);

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
void              bytestag_sim_send             (BytestagSim            *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagEndpoint *to,
                                                 const guint8           *data,
                                                 gsize                   length);

/* Uptime that all nodes share, µs. */
gint64            bytestag_sim_get_time         (BytestagSim            *self);
BytestagClock    *bytestag_sim_get_clock        (BytestagSim            *self);
/* Runs events for @duration µs; all of them. */
void              bytestag_sim_run              (BytestagSim            *self,
                                                 gint64                  duration);
/* Runs until @task has finished, at most @duration µs; whether it has. */
gboolean          bytestag_sim_run_task         (BytestagSim            *self,
                                                 gpointer                task,
                                                 gint64                  duration);
/* Datagrams delivered so far. */
guint64           bytestag_sim_get_n_datagrams  (BytestagSim            *self);
/* (transfer full) SHA-256 over every datagram so far: time, ends, bytes; hex. */
char             *bytestag_sim_dup_trace_hash   (BytestagSim            *self);

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
