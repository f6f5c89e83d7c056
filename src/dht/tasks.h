/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/task.h"
#include "core/node.h"
#include "core/exchange-info.h"
#include "dht/reply-table.h"
#include "dht/shortlist.h"

/* The tasks of the network, one file each. (Seed: Task and its subclasses.) They
 * are made by BytestagNetwork's methods. Results are there once "finished". */

G_BEGIN_DECLS

typedef struct _BytestagNetwork BytestagNetwork;

/* One request to one node, and its reply: what ping, findnode and findval are.
 * Its class is the network's own matter. */
#define BYTESTAG_TYPE_REQUEST_TASK (bytestag_request_task_get_type ())
G_DECLARE_DERIVABLE_TYPE (BytestagRequestTask, bytestag_request_task, BYTESTAG, REQUEST_TASK, BytestagTask)
/**
 * BytestagRequestTaskClass:
 * @send: sends the request, with the task as the reply's data; returns the
 *   handle of it, or 0
 * @read: reads the reply; @answerer is (nullable) who sent it. Returns NULL, or
 *   what is wrong with it, translated
 */
struct _BytestagRequestTaskClass
{
  BytestagTaskClass parent_class;

  guint64 (*send) (BytestagRequestTask *self, BytestagNetwork *network, BytestagNode *node, BytestagReplyFunc reply);
  const char *(*read) (BytestagRequestTask *self, BytestagNetwork *network, const BytestagMessage *message,
                       BytestagNode *answerer);
};

#define BYTESTAG_TYPE_PING_TASK (bytestag_ping_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPingTask, bytestag_ping_task, BYTESTAG, PING_TASK, BytestagRequestTask)
/* µs; -1 unless DONE. */
gint64        bytestag_ping_task_get_rtt  (BytestagPingTask *self);
/* (transfer none) (nullable) who answered; NULL also when it did not say its id. */
BytestagNode *bytestag_ping_task_get_node (BytestagPingTask *self);

#define BYTESTAG_TYPE_FIND_NODES_TASK (bytestag_find_nodes_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagFindNodesTask, bytestag_find_nodes_task, BYTESTAG, FIND_NODES_TASK, BytestagRequestTask)
/* (transfer none) (nullable) (element-type BytestagNode) */
GPtrArray    *bytestag_find_nodes_task_get_nodes (BytestagFindNodesTask *self);

/* A boxed result: values, or else nodes. (Seed: FindValueFromNodeResult.) */
typedef struct {
  GPtrArray *values; /* (nullable) (element-type BytestagExchangeInfo) */
  GPtrArray *nodes;  /* (nullable) (element-type BytestagNode) */
} BytestagFindValueResult;
#define BYTESTAG_TYPE_FIND_VALUE_RESULT (bytestag_find_value_result_get_type ())
GType                    bytestag_find_value_result_get_type (void) G_GNUC_CONST;
BytestagFindValueResult *bytestag_find_value_result_copy     (const BytestagFindValueResult *self);
void                     bytestag_find_value_result_free     (BytestagFindValueResult       *self);

#define BYTESTAG_TYPE_FIND_VALUE_TASK (bytestag_find_value_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagFindValueTask, bytestag_find_value_task, BYTESTAG, FIND_VALUE_TASK, BytestagRequestTask)
/* (transfer none) (nullable) */
const BytestagFindValueResult *bytestag_find_value_task_get_result (BytestagFindValueTask *self);

/* One findval for many keys at once (B.3 "Batch"). */
#define BYTESTAG_TYPE_FIND_HELD_TASK (bytestag_find_held_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagFindHeldTask, bytestag_find_held_task, BYTESTAG, FIND_HELD_TASK, BytestagRequestTask)
/* (transfer none) (nullable) (array length=n_keys) for each key, in their order, the unix second
 * up to which the node promises the value; 0: it does not hold it; BYTESTAG_HELD_UNPROMISED: it
 * does, and promises nothing. NULL when it did not tell: to it we are not proven yet (B.5), or
 * it knows no batches. */
const gint64 *bytestag_find_held_task_get_untils (BytestagFindHeldTask *self,
                                                  guint                *n_keys);

#define BYTESTAG_TYPE_FIND_SHORTLIST_TASK (bytestag_find_shortlist_task_get_type ())
/* Signals "value-found" (BytestagNode): a node says that it holds the value; and "held-told"
 * (BytestagNode, const gint64 *untils, guint n_keys): one tells which of the keys that were taken
 * along it holds, as bytestag_find_held_task_get_untils(). */
G_DECLARE_FINAL_TYPE (BytestagFindShortlistTask, bytestag_find_shortlist_task, BYTESTAG, FIND_SHORTLIST_TASK, BytestagTask)
/* (transfer none) there from the start, and changing. */
BytestagShortlist *bytestag_find_shortlist_task_get_shortlist (BytestagFindShortlistTask *self);
const BytestagKey *bytestag_find_shortlist_task_get_key       (BytestagFindShortlistTask *self);
/* Requests sent. */
guint              bytestag_find_shortlist_task_get_n_requests (BytestagFindShortlistTask *self);

#define BYTESTAG_TYPE_JOIN_TASK (bytestag_join_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagJoinTask, bytestag_join_task, BYTESTAG, JOIN_TASK, BytestagTask)

/* A value that comes in by the original's transfer: state, bytes, rate. */
#define BYTESTAG_TYPE_DOWNLOAD_TASK (bytestag_download_task_get_type ())
G_DECLARE_DERIVABLE_TYPE (BytestagDownloadTask, bytestag_download_task, BYTESTAG, DOWNLOAD_TASK, BytestagTask)

/**
 * BytestagTransferEnd:
 * @BYTESTAG_TRANSFER_ENDED: the sender said so
 * @BYTESTAG_TRANSFER_SILENT: nothing came for 10 s, or far too little for its time
 * @BYTESTAG_TRANSFER_TOO_LARGE: more came than a value may have
 */
typedef enum {
  BYTESTAG_TRANSFER_ENDED,
  BYTESTAG_TRANSFER_SILENT,
  BYTESTAG_TRANSFER_TOO_LARGE,
} BytestagTransferEnd;

/**
 * BytestagDownloadTaskClass:
 * @received: the transfer is over and will bring no more bytes: ends the task
 */
struct _BytestagDownloadTaskClass
{
  BytestagTaskClass parent_class;

  void (*received) (BytestagDownloadTask *self, BytestagTransferEnd end);

  gpointer padding[4];
};
/* (transfer full) (nullable) the bytes that came, also of one that failed. */
GBytes       *bytestag_download_task_dup_bytes (BytestagDownloadTask *self);
/* (transfer none) who sends them. */
BytestagNode *bytestag_download_task_get_node  (BytestagDownloadTask *self);

/* The same for what a peer stores here. */
#define BYTESTAG_TYPE_READ_STORE_TASK (bytestag_read_store_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagReadStoreTask, bytestag_read_store_task, BYTESTAG, READ_STORE_TASK, BytestagDownloadTask)

/* Signed records: who shares a collection, or what a node lets be browsed (B.3). Signal
 * "provider-found" (BytestagNode): one of the first, as soon as it is known. DONE also when
 * nothing was found. */
#define BYTESTAG_TYPE_FIND_RECORDS_TASK (bytestag_find_records_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagFindRecordsTask, bytestag_find_records_task, BYTESTAG, FIND_RECORDS_TASK, BytestagTask)
/* (transfer none) (element-type BytestagNode) that answered, with the id that signed. */
GPtrArray *bytestag_find_records_task_get_providers (BytestagFindRecordsTask *self);
/* (transfer none) (element-type BytestagCatalogueEntry), see wire/record.h. */
GPtrArray *bytestag_find_records_task_get_entries   (BytestagFindRecordsTask *self);

/* Whether a node that says it holds a value does (B.3 "A copy counts"). */
#define BYTESTAG_TYPE_SPOT_CHECK_TASK (bytestag_spot_check_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSpotCheckTask, bytestag_spot_check_task, BYTESTAG, SPOT_CHECK_TASK, BytestagTask)
/**
 * BytestagSpotCheckOutcome:
 * @BYTESTAG_SPOT_CHECK_UNKNOWN: it does not answer at all, or the bytes are not here to compare
 * @BYTESTAG_SPOT_CHECK_PASSED: it gave the bytes
 * @BYTESTAG_SPOT_CHECK_FAILED: it gave others; or it answers that it holds nothing
 * @BYTESTAG_SPOT_CHECK_REFUSED: it answers that it holds the value, and gives none: it may have
 *   no place for another transfer now, or lie
 */
typedef enum {
  BYTESTAG_SPOT_CHECK_UNKNOWN,
  BYTESTAG_SPOT_CHECK_PASSED,
  BYTESTAG_SPOT_CHECK_FAILED,
  BYTESTAG_SPOT_CHECK_REFUSED,
} BytestagSpotCheckOutcome;
BytestagSpotCheckOutcome bytestag_spot_check_task_get_outcome (BytestagSpotCheckTask *self);
/* (transfer none) who is checked. */
BytestagNode *bytestag_spot_check_task_get_node (BytestagSpotCheckTask *self);

#define BYTESTAG_TYPE_GET_VALUE_TASK (bytestag_get_value_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagGetValueTask, bytestag_get_value_task, BYTESTAG, GET_VALUE_TASK, BytestagTask)
/* (transfer none) (nullable) */
GBytes       *bytestag_get_value_task_get_bytes (BytestagGetValueTask *self);

#define BYTESTAG_TYPE_STORE_TO_NODE_TASK (bytestag_store_to_node_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagStoreToNodeTask, bytestag_store_to_node_task, BYTESTAG, STORE_TO_NODE_TASK, BytestagTask)
typedef enum {
  BYTESTAG_STORE_PENDING,
  BYTESTAG_STORE_SENT,    /* every byte was acked, and the end was sent */
  BYTESTAG_STORE_HELD,    /* it holds the value already; an original: or is full */
  BYTESTAG_STORE_FULL,    /* refused for want of room */
  BYTESTAG_STORE_LOST,    /* of a refresh without bytes: it does not hold the value (any more) */
  BYTESTAG_STORE_FAILED,
} BytestagStoreOutcome;
BytestagStoreOutcome bytestag_store_to_node_task_get_outcome (BytestagStoreToNodeTask *self);
/* Acked bytes. */
gsize         bytestag_store_to_node_task_get_n_sent (BytestagStoreToNodeTask *self);
/* The unix second up to which the node promises the value (B.3 "Life"); 0: no promise. */
gint64        bytestag_store_to_node_task_get_until  (BytestagStoreToNodeTask *self);
/* (transfer none) who it goes to. */
BytestagNode *bytestag_store_to_node_task_get_node   (BytestagStoreToNodeTask *self);

/* Signals "store-started" and "store-finished" (BytestagStoreToNodeTask).
 * (Seed: store_to_node_task_observer.) */
#define BYTESTAG_TYPE_STORE_VALUE_TASK (bytestag_store_value_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagStoreValueTask, bytestag_store_value_task, BYTESTAG, STORE_VALUE_TASK, BytestagTask)
/* Nodes that hold the value now: took it, or said that they had it. */
guint         bytestag_store_value_task_get_n_copies (BytestagStoreValueTask *self);

G_END_DECLS
