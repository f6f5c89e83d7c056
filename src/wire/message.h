/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"
#include "core/exchange-info.h"
#include "core/limits.h"
#include "core/node.h"

/* The datagrams of the DHT (A.1), read into and written from fixed memory:
 * nothing here allocates. */

G_BEGIN_DECLS

/* What a datagram is, tested in the order of A.1.2. */
typedef enum {
  BYTESTAG_MESSAGE_REPLY,
  BYTESTAG_MESSAGE_TRANSFER,
  BYTESTAG_MESSAGE_REQUEST,
} BytestagMessageKind;

typedef enum {
  BYTESTAG_RPC_UNKNOWN, /* missing, or none of ours */
  BYTESTAG_RPC_PING,
  BYTESTAG_RPC_FIND_NODE,
  BYTESTAG_RPC_FIND_VALUE,
  BYTESTAG_RPC_GET_VALUE,
  BYTESTAG_RPC_STORE,
} BytestagRpc;

/* A key as it stands in a message. */
typedef enum {
  BYTESTAG_MEMBER_ABSENT,  /* missing or null */
  BYTESTAG_MEMBER_INVALID, /* there, but not a key */
  BYTESTAG_MEMBER_VALID,
  BYTESTAG_MEMBER_RANDOM,  /* JSON true: an original takes a random key (A.1.3) */
} BytestagMember;

/* Raw JSON text of a member, in the inflated datagram; NULL: missing. */
typedef struct {
  const char *text;
  gsize length;
} BytestagSlice;

/* Why a datagram was dropped. */
typedef enum {
  BYTESTAG_DROP_NONE,
  BYTESTAG_DROP_TOO_LONG,   /* the datagram, or what it inflates to */
  BYTESTAG_DROP_NOT_ZLIB,
  BYTESTAG_DROP_NOT_JSON,   /* also: bad UTF-8, BOM, trailing text, not an object, empty */
  BYTESTAG_DROP_LIMITS,     /* depth, tokens, strings */
  BYTESTAG_DROP_NET_ID,     /* a request without netid BYTESTAG */
  BYTESTAG_DROP_UNKNOWN_RPC,
  BYTESTAG_DROP_BAD_MEMBER, /* a member that the request needs is missing or wrong */
  BYTESTAG_DROP_UNMATCHED,  /* a reply or transfer that nobody waits for */
  BYTESTAG_DROP_RATE,       /* a bound of limits.h */
  BYTESTAG_DROP_NETWORK_RATE, /* its network sends too much (B.5) */
  BYTESTAG_DROP_TOTAL_RATE, /* all networks that are not proven do together */
  BYTESTAG_DROP_UNPROVEN,   /* the answer would be too large for who has not answered us (B.5) */
  BYTESTAG_DROP_DIVERSITY,  /* a node whose network has its share of contacts (B.5) */
  BYTESTAG_N_DROPS,
} BytestagDrop;

/* (transfer none) a word for the log and for machines: "not-zlib". */
const char *bytestag_drop_to_string (BytestagDrop drop);

/**
 * BytestagMessage:
 *
 * A datagram, read. Slices point into the codec's buffer: valid until its next
 * bytestag_codec_read(). Ids that are not to be echoed (A.1.2: falsy) are as
 * they came; use bytestag_slice_is_truthy().
 */
typedef struct {
  gsize datagram_length; /* bytes of the datagram that it came in */
  BytestagMessageKind kind;
  BytestagRpc rpc;
  BytestagMember node_id_member, key_member, index_member;
  BytestagKey node_id, key, index;
  BytestagSlice seq_id, reply_id;
  BytestagSlice xferid;  /* of getval and the store reply */
  BytestagSlice xfer_id; /* of transfers and acks */
  gboolean has_xfer_data;
  gboolean is_end;       /* xfer_data null or "" (A.1.5) */
  BytestagSlice xfer_data; /* the base64 text without quotes; NULL when not a string */
  BytestagSlice nodes, vals; /* raw arrays; NULL: missing */
  BytestagSlice keys, held;  /* the same, of findval and its reply (B.3 "Batch") */
  /* store: size and timestmp go through Python's int() (A.1.4) */
  gboolean has_size, has_timestamp;
  gint64 size;
  gint64 timestamp;
  gboolean timestamp_overflows; /* above 2^63: an original keeps NULL */
  /* getval */
  gboolean has_valofs, valofs_valid;
  gint64 valofs; /* a Python slice start: negative counts from the end */
  int extensions; /* "ext" (B.1); -1: an original */
  gboolean has_you;
  BytestagEndpoint you; /* own address as the peer sees it (B.1) */
  /* store and its reply (B.3 "Life", "Refresh"); 0: missing, or no number above 0 */
  gint64 keep;   /* seconds that a publisher wants the value to be kept */
  gint64 copies;
  gint64 until;  /* unix seconds: of a replica, or what a holder promises */
  gboolean have; /* held already */
  gboolean full; /* refused for want of room */
  gint64 time;   /* unix seconds of the sender's clock: of the reply to a ping; 0: missing */
} BytestagMessage;

/* Inflater, deflater and the buffers: one for each engine. Not a GObject; may be
 * shared by engines of one thread. */
typedef struct _BytestagCodec BytestagCodec;

BytestagCodec *bytestag_codec_new  (void);
void           bytestag_codec_free (BytestagCodec *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagCodec, bytestag_codec_free)

/* Whether codecs that this thread makes from now on leave zlib out: datagrams are the
 * bare JSON text, without the bounds of an inflated one. For simulators, which measure
 * the engine alone, and trust each other; FALSE at first. */
void           bytestag_codec_set_plain (gboolean plain);
/* Inflates and reads a datagram. Anything but BYTESTAG_DROP_NONE: @message is not to be used. */
BytestagDrop   bytestag_codec_read (BytestagCodec   *self,
                                    const guint8    *data,
                                    gsize            length,
                                    BytestagMessage *message);

/* Python's truth of a JSON value: missing, null, false, 0, "", [], {} are not. */
gboolean       bytestag_slice_is_truthy (const BytestagSlice *slice);
/* The same text, or strings that decode to the same. */
gboolean       bytestag_slice_equal     (const BytestagSlice *a, const BytestagSlice *b);
/* A JSON string, number, true, false or null; not an array or object (A.2, 6). */
gboolean       bytestag_slice_is_scalar (const BytestagSlice *slice);
/* A JSON string that is a key in text: how ids of ours come back. */
gboolean       bytestag_slice_get_key   (const BytestagSlice *slice,
                                         BytestagKey         *key);
/* Reads "nodes" of a reply into @nodes (room for @max, further ones are left
 * out). Returns how many, or -1 when the list is to be rejected (A.1.4: one bad
 * element). Nodes whose host is not numeric or usable are skipped. */
typedef struct {
  BytestagKey key;
  BytestagEndpoint endpoint;
} BytestagWireNode;
int            bytestag_message_read_nodes (const BytestagMessage *message,
                                            BytestagWireNode      *nodes,
                                            guint                  max);
/* The same for "vals"; -1: rejected. */
int            bytestag_message_read_vals  (const BytestagMessage *message,
                                            BytestagExchangeInfo  *vals,
                                            guint                  max);
/* The first @max keys of "keys"; -1: not a list of keys alone. */
int            bytestag_message_read_keys  (const BytestagMessage *message,
                                            BytestagKey           *keys,
                                            guint                  max);
/* The first @max numbers of "held", 0 for what is no whole number above 0; -1: not a list. */
int            bytestag_message_read_held  (const BytestagMessage *message,
                                            gint64                *untils,
                                            guint                  max);
/* Decodes xfer_data (lenient base64, A.1.5) into @bytes; -1: undecodable. */
gssize         bytestag_message_read_data  (const BytestagMessage *message,
                                            guint8                *bytes,
                                            gsize                  max);

/* Writing: begin, members in the original's order, end. The JSON is the
 * original's text form (", " and ": "); the datagram is valid until the next
 * begin. Members that would pass the limit make _end() return NULL. */
void           bytestag_codec_begin         (BytestagCodec *self);
/* What was begun goes into the zlib stream as it is: it takes no time, where bytes cost nothing. */
void           bytestag_codec_store         (BytestagCodec *self);
/* "netid" and "nodeid"; @node_id NULL leaves nodeid out (B.1 read-only). */
void           bytestag_codec_add_sender    (BytestagCodec *self, const BytestagKey *node_id);
void           bytestag_codec_add_string    (BytestagCodec *self, const char *name, const char *value);
void           bytestag_codec_add_integer   (BytestagCodec *self, const char *name, gint64 value);
void           bytestag_codec_add_key       (BytestagCodec *self, const char *name, const BytestagKey *key);
void           bytestag_codec_add_true      (BytestagCodec *self, const char *name);
void           bytestag_codec_add_null      (BytestagCodec *self, const char *name);
/* A JSON value as it came; a missing or falsy one is written as null when @or_null. */
void           bytestag_codec_add_slice     (BytestagCodec *self, const char *name,
                                             const BytestagSlice *value, gboolean or_null);
void           bytestag_codec_add_data      (BytestagCodec *self, const char *name, const guint8 *data,
                                             gsize length);
void           bytestag_codec_add_endpoint  (BytestagCodec *self, const char *name,
                                             const BytestagEndpoint *endpoint);
void           bytestag_codec_add_keys      (BytestagCodec *self, const char *name, const BytestagKey *keys,
                                             guint n_keys);
void           bytestag_codec_add_integers  (BytestagCodec *self, const char *name, const gint64 *values,
                                             guint n_values);
void           bytestag_codec_begin_nodes   (BytestagCodec *self);
void           bytestag_codec_add_node      (BytestagCodec *self, const BytestagKey *key,
                                             const BytestagEndpoint *endpoint);
void           bytestag_codec_end_nodes     (BytestagCodec *self);
void           bytestag_codec_begin_vals    (BytestagCodec *self);
void           bytestag_codec_add_val       (BytestagCodec *self, const BytestagExchangeInfo *info);
void           bytestag_codec_end_vals      (BytestagCodec *self);
/* (transfer none) (nullable) the datagram, at most BYTESTAG_LIMIT_DATAGRAM bytes. */
const guint8  *bytestag_codec_end           (BytestagCodec *self, gsize *length);
/* The same with zeros after the zlib stream, which every reader ignores (A.1.1), up to
 * @min_length bytes. */
const guint8  *bytestag_codec_end_padded    (BytestagCodec *self, gsize min_length, gsize *length);

G_END_DECLS
