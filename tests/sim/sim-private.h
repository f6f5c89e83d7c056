/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/timer-queue.h"
#include "sim/sim.h"
#include "storage/memory-table.h"

/* What the files of the simulator share. */

G_BEGIN_DECLS

/* Bytes of values that a node keeps. */
#define BYTESTAG_SIM_TABLE_BYTES (64 * 1024 * 1024)

/* The time of a world: it may be asked for the time after the world has gone. */
typedef struct {
  gint64 now; /* µs of uptime */
} BytestagSimTime;

typedef struct {
  BytestagSim *sim;
  guint index;
  BytestagEndpoint address; /* as others see it; of one behind a NAT: the NAT's */
  BytestagEndpoint inner;   /* what it is bound to */
  BytestagNat *nat;         /* (nullable) */
  BytestagNatKind nat_kind;
  gboolean online;
  gint64 wall_offset;
  BytestagKey id;
  BytestagReactor *reactor; /* this, the network and the transport: NULL while it is down */
  GObject *transport;
  BytestagNetwork *network;
  BytestagMemoryTable *table;
  BytestagKvpTable *front;  /* what the network sees: @table, or more */
  BytestagTimer wake;
  GHashTable *asked;        /* endpoints that it ever sent to */
} BytestagSimNode;

struct _BytestagSim
{
  BytestagSimTime *time; /* g_rc_box */
  BytestagRng *rng;
  BytestagTimerQueue *events;
  guint64 seed;
  BytestagSimLink link;
  GPtrArray *nodes; /* (element-type BytestagSimNode) */
  guint n_addresses;
  GHashTable *nodes_by_address;
  GHashTable *nodes_by_nat; /* by the NAT's host, with port 0 */
  GHashTable *peers;
  BytestagSimNobodyFunc nobody_func;
  gpointer nobody_data;
  GQueue under_way; /* (element-type Datagram) */
  GQueue calls;     /* (element-type Call) */
  gboolean checks;
  BytestagTimer check_timer;
  guint64 n_datagrams;
  gpointer trace; /* gnutls_hash_hd_t; NULL: not traced */
};

/* sim-node.c */
void             _bytestag_sim_node_free       (gpointer                data);
/* The engine's deadline is when the node wakes. */
void             _bytestag_sim_node_arm        (BytestagSimNode        *self);
/* (nullable) who hears what @from sends to @to. */
BytestagSimNode *_bytestag_sim_find_receiver   (BytestagSim            *self,
                                                const BytestagEndpoint *from,
                                                const BytestagEndpoint *to);

/* sim-check.c: abort when something that must hold does not. */
/* Of one node, after an event. */
void             _bytestag_sim_check_node      (BytestagSimNode        *self);
/* Of all nodes, from now on each minute. */
void             _bytestag_sim_start_checks    (BytestagSim            *self);

G_END_DECLS
