/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the bench speaks: our datagrams, BitTorrent's Mainline DHT (BEP 5, bencode) and
 * OpenDHT (msgpack). Only as much of each as a look-up needs. */
#pragma once

#include "core/endpoint.h"
#include "core/key.h"

/* The largest datagram that the bench writes, and the most nodes in one. */
#define BENCH_DATAGRAM 8192
#define BENCH_NODES 20

typedef enum {
  BENCH_RAW, /* any bytes: of an echo */
  BENCH_BYTESTAG,
  BENCH_MAINLINE,
  BENCH_OPENDHT,
} BenchProtocol;

typedef enum {
  BENCH_PING,
  BENCH_FIND_NODE,
  BENCH_FIND_VALUE,
} BenchQuery;

typedef enum {
  BENCH_NEITHER,
  BENCH_IS_QUERY,
  BENCH_IS_REPLY,
} BenchKind;

/**
 * BenchPacket:
 * @id: the id of the transaction, encoded as it came
 * @target: of a query that has one
 * @n_nodes: listed in a reply
 * @n_values: the same
 */
typedef struct {
  BenchKind kind;
  BenchQuery query;
  guint8 id[64];
  gsize id_length;
  gboolean has_target;
  BytestagKey target;
  guint n_nodes;
  guint n_values;
} BenchPacket;

typedef struct {
  BytestagKey id;
  BytestagEndpoint endpoint; /* IPv4 */
} BenchNode;

/* FALSE: there is none of this name. */
gboolean bench_protocol_parse (const char *name, BenchProtocol *protocol);
gboolean bench_query_parse    (const char *name, BenchQuery *query);
/* @packet->kind BENCH_NEITHER: not of this protocol. */
void     bench_read           (BenchProtocol protocol, const guint8 *data, gsize length, BenchPacket *packet);
/* Both return the length of what is in @buffer (BENCH_DATAGRAM bytes) then. @number:
 * makes the id of the transaction. */
gsize    bench_write_query    (BenchProtocol protocol, BenchQuery query, const BytestagKey *sender,
                               const BytestagKey *target, guint32 number, guint8 *buffer);
gsize    bench_write_reply    (BenchProtocol protocol, const BytestagKey *sender, const BenchPacket *query,
                               const BenchNode *nodes, guint n_nodes, guint8 *buffer);

/* foreign.c: the two notations of others. */
void     bench_read_bencode   (const guint8 *data, gsize length, BenchPacket *packet);
void     bench_read_msgpack   (const guint8 *data, gsize length, BenchPacket *packet);
gsize    bench_write_bencode_query (BenchQuery query, const BytestagKey *sender, const BytestagKey *target,
                                    guint32 number, guint8 *buffer);
gsize    bench_write_bencode_reply (const BytestagKey *sender, const BenchPacket *query, const BenchNode *nodes,
                                    guint n_nodes, guint8 *buffer);
gsize    bench_write_msgpack_query (BenchQuery query, const BytestagKey *sender, const BytestagKey *target,
                                    guint32 number, guint8 *buffer);
gsize    bench_write_msgpack_reply (const BytestagKey *sender, const BenchPacket *query, const BenchNode *nodes,
                                    guint n_nodes, guint8 *buffer);
