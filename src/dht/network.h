/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/denylist.h"
#include "core/node.h"
#include "core/reactor.h"
#include "core/task-slot.h"
#include "dht/routing-table.h"
#include "dht/tasks.h"
#include "wire/message.h"

G_BEGIN_DECLS

/* The seed's constants (DHTNetwork), same values; seconds. */
#define BYTESTAG_NETWORK_ID "BYTESTAG"
#define BYTESTAG_MAX_VALUE_SIZE 1048576
#define BYTESTAG_NETWORK_PARALLELISM 3
#define BYTESTAG_TIME_EXPIRE 86490
#define BYTESTAG_TIME_REFRESH 3600
#define BYTESTAG_TIME_REPLICATE 3600
#define BYTESTAG_TIME_REPUBLISH 86400
/* How long others are asked to keep a value (B.3 "Life"), seconds. */
#define BYTESTAG_TIME_KEEP (14 * 86400)
/* A.1.5 */
#define BYTESTAG_CHUNK_SIZE 1024
/* In place of a promise's end: held, but not promised. Our reading of "held" (B.3 "Batch"), of
 * what a person shares, and whoever compares it with the time takes it for no promise. */
#define BYTESTAG_HELD_UNPROMISED 1

#define BYTESTAG_TYPE_NETWORK (bytestag_network_get_type ())
G_DECLARE_FINAL_TYPE (BytestagNetwork, bytestag_network, BYTESTAG, NETWORK, GObject)

/* The distributed hash table network (seed: DHTNetwork): sans-I/O, implements
 * BytestagEngine. Properties: "node", "routing-table", "download-slot", "tasks"
 * (GListModel of the running look-ups and joins, for views); notified:
 * "clock-disagrees" (boolean), "clock-difference" (int64): by how many seconds, in whole
 * minutes, our clock is ahead of those of others (< 0: behind), 0 unless it disagrees
 * with many (B.5). Signals "value-stored" (BytestagKvpId): a peer's store was kept; and
 * "value-lost" (BytestagKvpId): a look-up showed that a node which is to hold a value that is
 * kept here for others does not.
 *
 * Every method that returns a task has started it; (transfer full); completion
 * comes as its "finished" signal, never inside the call. */

/* @node_id: (nullable) random when NULL. @download_slot: (nullable) made when NULL. */
BytestagNetwork      *bytestag_network_new               (BytestagReactor        *reactor,
                                                          BytestagTransport      *transport,
                                                          BytestagKvpTable       *table,
                                                          const BytestagKey      *node_id,
                                                          BytestagTaskSlot       *download_slot);

void                  bytestag_network_receive           (BytestagNetwork        *self,
                                                          const BytestagEndpoint *from,
                                                          const guint8           *data,
                                                          gsize                   length);
void                  bytestag_network_tick              (BytestagNetwork        *self);
gint64                bytestag_network_get_deadline      (BytestagNetwork        *self);

/* (transfer none) our own id and address */
BytestagNode         *bytestag_network_get_node          (BytestagNetwork        *self);
const BytestagKey    *bytestag_network_get_key           (BytestagNetwork        *self);
/* The address of the socket. */
void                  bytestag_network_get_address       (BytestagNetwork        *self,
                                                          BytestagEndpoint       *address);
/* Our address as peers see it (B.1 "Own address"); FALSE while not believed. */
gboolean              bytestag_network_get_seen_address  (BytestagNetwork        *self,
                                                          BytestagEndpoint       *address);
BytestagReactor      *bytestag_network_get_reactor       (BytestagNetwork        *self);
BytestagKvpTable     *bytestag_network_get_table         (BytestagNetwork        *self);
BytestagRoutingTable *bytestag_network_get_routing_table (BytestagNetwork        *self);
/* Holds the download tasks. */
BytestagTaskSlot     *bytestag_network_get_download_slot (BytestagNetwork        *self);
/* Whether nobody can reach us (B.1 "Read-only"): then requests do not say our id, replies
 * say so, and no peer takes us for a contact. FALSE at first. */
void                  bytestag_network_set_read_only     (BytestagNetwork        *self,
                                                          gboolean                is_read_only);
gboolean              bytestag_network_get_read_only     (BytestagNetwork        *self);
/* Whether rules by network (B.5: rates, diversity) hold for loopback and private networks
 * too, which they do not at first: for tests. */
void                  bytestag_network_set_limits_private (BytestagNetwork       *self,
                                                          gboolean                limits_private);
/* How many bytes of values may go out in a second, served and published together; 0, as at
 * first: any number. Uploads have their turns chunk by chunk. */
void                  bytestag_network_set_upload_limit  (BytestagNetwork        *self,
                                                          guint64                 bytes_per_second);
guint64               bytestag_network_get_upload_limit  (BytestagNetwork        *self);
/* (nullable) What this node will not store, replicate, serve or fetch from now on (B.3
 * "Denylist"). What the table keeps of it goes in slices, at once and whenever the list changes;
 * a table that has yet to load what it keeps is to be there before. */
void                  bytestag_network_set_denylist      (BytestagNetwork        *self,
                                                          BytestagDenylist       *denylist);
gboolean              bytestag_network_is_denied         (BytestagNetwork        *self,
                                                          const BytestagKvpId    *id);
/* (element-type BytestagTask) */
GListModel           *bytestag_network_get_tasks         (BytestagNetwork        *self);

/* As the property "clock-difference". */
gint64                bytestag_network_get_clock_difference (BytestagNetwork     *self);
/* Contacts, none that is stale, that are nearer to @key than we are (B.3 "Life"). */
guint                 bytestag_network_count_nearer      (BytestagNetwork        *self,
                                                          const BytestagKey      *key);

/**
 * BytestagRecordFault:
 *
 * Why a value that claims to be a record (B.3) was not kept.
 */
typedef enum {
  BYTESTAG_RECORD_FAULT_NONE,
  BYTESTAG_RECORD_FAULT_FORM,         /* not written as it should be, or its signature is wrong */
  BYTESTAG_RECORD_FAULT_KEY,          /* under another key than its own */
  BYTESTAG_RECORD_FAULT_HOST,         /* a provider somewhere else than who stored it */
  BYTESTAG_RECORD_FAULT_DAY,          /* of another day */
  BYTESTAG_RECORD_FAULT_OLDER,        /* a newer one of this owner is kept */
  BYTESTAG_RECORD_FAULT_FULL,         /* as many as there may be are under this key */
  BYTESTAG_RECORD_FAULT_NETWORK_FULL, /* of this network */
  BYTESTAG_N_RECORD_FAULTS,
} BytestagRecordFault;

/* Counters since the start. */
typedef struct {
  guint64 datagrams_received, datagrams_sent;
  guint64 bytes_received, bytes_sent;
  guint64 requests_served, stores_accepted, stores_kept, stores_wrong, uploads;
  guint64 bytes_uploaded;  /* of values, what was sent again included */
  guint64 chunks_delayed;  /* by the upload limit */
  guint64 values_denied; /* that were held, and purged (B.3 "Denylist") */
  guint64 records_refused[BYTESTAG_N_RECORD_FAULTS];
  guint64 drops[BYTESTAG_N_DROPS];
} BytestagNetworkCounters;
const BytestagNetworkCounters *bytestag_network_get_counters (BytestagNetwork    *self);
/* The round trip in µs that @percent of the last ones stayed within; -1: none was measured. */
gint64                bytestag_network_get_round_trip    (BytestagNetwork        *self,
                                                          guint                   percent);
/* Aborts when something that must hold after each event does not: the routing table's
 * invariants, and the bounds of what runs at one time. */
void                  bytestag_network_check_invariants  (BytestagNetwork        *self);

BytestagPingTask          *bytestag_network_ping_address         (BytestagNetwork        *self,
                                                                  const BytestagEndpoint *address);
BytestagPingTask          *bytestag_network_ping_node            (BytestagNetwork        *self,
                                                                  BytestagNode           *node);
/* Ping, then a look-up of our own id; DONE when that has ended with a contact, be it
 * the asked node alone. The refresh of the other buckets goes on by itself. */
BytestagJoinTask          *bytestag_network_join_network         (BytestagNetwork        *self,
                                                                  const BytestagEndpoint *address);
BytestagFindNodesTask     *bytestag_network_find_nodes_from_node (BytestagNetwork        *self,
                                                                  BytestagNode           *node,
                                                                  const BytestagKey      *key);
/* @index: (nullable): of an original never, unless no file can have @key (A.2, 1) */
BytestagFindValueTask     *bytestag_network_find_value_from_node (BytestagNetwork        *self,
                                                                  BytestagNode           *node,
                                                                  const BytestagKey      *key,
                                                                  const BytestagKey      *index);
BytestagFindShortlistTask *bytestag_network_find_node_shortlist  (BytestagNetwork        *self,
                                                                  const BytestagKey      *key);
/* @stop_at_value: end when the first node says that it holds it. */
BytestagFindShortlistTask *bytestag_network_find_value_shortlist (BytestagNetwork        *self,
                                                                  const BytestagKey      *key,
                                                                  const BytestagKey      *index,
                                                                  gboolean                stop_at_value);
/* Asks @node, of ours, which of @keys (1 to 1 + BYTESTAG_LIMIT_KEYS_OF_REQUEST; index = key) it
 * holds, in one request (B.3 "Batch"). */
BytestagFindHeldTask      *bytestag_network_find_held_from_node  (BytestagNetwork        *self,
                                                                  BytestagNode           *node,
                                                                  const BytestagKey      *keys,
                                                                  guint                   n_keys);
/* A look-up of the nodes near @target that takes up to BYTESTAG_LIMIT_KEYS_OF_REQUEST @keys along,
 * so that each node of ours that is asked on the way may tell which of them it holds: signal
 * "held-told". @target: a point between keys, the hash of no content: whoever is not known yet may
 * be an original that shares it (A.3 B1). */
BytestagFindShortlistTask *bytestag_network_find_holders_shortlist (BytestagNetwork      *self,
                                                                  const BytestagKey      *target,
                                                                  const BytestagKey      *keys,
                                                                  guint                   n_keys);
/* Downloads a value from a node (getval, A.1.5), from @offset on. @index: (nullable)
 * = key. It stays PENDING while BYTESTAG_LIMIT_DOWNLOADS run, or
 * BYTESTAG_LIMIT_GETVALS_TO_ORIGINAL at the same original, and then in the download
 * slot. One that fails keeps what came. */
BytestagDownloadTask      *bytestag_network_get_value_from_node  (BytestagNetwork        *self,
                                                                  BytestagNode           *node,
                                                                  const BytestagKey      *key,
                                                                  const BytestagKey      *index,
                                                                  gsize                   offset);
/* Looks up who holds a value, and downloads it from the first that says so; from the next
 * one beside when nothing comes, going on at the offset that was reached; until SHA-1(value)
 * = index. Looks in the own table first; an empty value is fetched from nowhere. Fails with BYTESTAG_ERROR_NO_PEERS (nobody
 * known), _TIMED_OUT (nobody answers, or the holders fell silent), _NOT_FOUND (those
 * who answer do not hold it), _WRONG_DATA (what they gave is another value). */
BytestagGetValueTask      *bytestag_network_get_value            (BytestagNetwork        *self,
                                                                  const BytestagKey      *key,
                                                                  const BytestagKey      *index);
/* @timestamp: unix seconds. A node that knows of promises is asked to keep the value for
 * BYTESTAG_TIME_KEEP. */
BytestagStoreToNodeTask   *bytestag_network_store_to_node        (BytestagNetwork        *self,
                                                                  BytestagNode           *node,
                                                                  const BytestagKey      *key,
                                                                  const BytestagKey      *index,
                                                                  GBytes                 *value,
                                                                  gint64                  timestamp);
/* Renews the promise of a value that @node, of ours, holds (B.3 "Refresh"): no byte is sent then.
 * @record: its id, size, timestamp and copies. @keep: seconds. @value: (nullable) sent if the node
 * does not hold it after all; without, the outcome is BYTESTAG_STORE_LOST then. Of HELD,
 * bytestag_store_to_node_task_get_until() tells what is promised now, which is not later than before
 * where the node does not let us renew. */
BytestagStoreToNodeTask   *bytestag_network_refresh_at_node      (BytestagNetwork        *self,
                                                                  BytestagNode           *node,
                                                                  const BytestagKvpRecord *record,
                                                                  gint64                  keep,
                                                                  GBytes                 *value);
/* Has @node, of ours, which says that it holds a value, give the last BYTESTAG_CHUNK_SIZE bytes of
 * it, and compares them with ours (B.3 "A copy counts"). Always ends DONE, see its outcome. */
BytestagSpotCheckTask     *bytestag_network_spot_check           (BytestagNetwork        *self,
                                                                  BytestagNode           *node,
                                                                  const BytestagKvpId    *id);
/* Who shares the collection K, by the providers' records: BYTESTAG_LIMIT_RECORDS_READ of them,
 * taken by chance. */
BytestagFindRecordsTask   *bytestag_network_find_providers       (BytestagNetwork        *self,
                                                                  const BytestagKey      *collection);
/* What @owner lets be browsed, asked from itself first. */
BytestagFindRecordsTask   *bytestag_network_find_catalogue       (BytestagNetwork        *self,
                                                                  BytestagNode           *owner);
/* Stores a signed record of ours (wire/record.h) under the key that is derived for it, to the
 * @copies closest nodes, for a day; stored again it is renewed. */
BytestagStoreValueTask    *bytestag_network_store_record         (BytestagNetwork        *self,
                                                                  const BytestagKey      *key,
                                                                  GBytes                 *value,
                                                                  guint                   copies);
/* Publishes a value of our table to the @copies closest nodes (1 to 20); DONE with
 * one copy at least, BYTESTAG_ERROR_NO_PEERS when there is nobody to ask. */
BytestagStoreValueTask    *bytestag_network_store_value          (BytestagNetwork        *self,
                                                                  const BytestagKey      *key,
                                                                  const BytestagKey      *index,
                                                                  guint                   copies);
/* The same of a value that we keep for others, with its promise unchanged (B.3
 * "Replication"), to the nearest of @nodes (element-type BytestagNode), which are in
 * order of their distance to @key. We count as one of the copies if we are near enough;
 * DONE with none when it is the only one. */
BytestagStoreValueTask    *bytestag_network_replicate_value      (BytestagNetwork        *self,
                                                                  const BytestagKey      *key,
                                                                  const BytestagKey      *index,
                                                                  guint                   copies,
                                                                  GPtrArray              *nodes);
/* Stops timers, cancels what runs, and is deaf from then on: to be called before the
 * last unref, since running tasks hold the network. */
void                       bytestag_network_shut_down            (BytestagNetwork        *self);

G_END_DECLS
