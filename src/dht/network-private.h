/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint-cache.h"
#include "core/limits.h"
#include "core/timer-queue.h"
#include "core/token-bucket.h"
#include "dht/network.h"
#include "dht/reply-table.h"

/* What the files of this room share of the network. Nobody else includes it. */

G_BEGIN_DECLS

/* Capabilities (B.1): promises and refresh. The member itself says that we are not an
 * original. */
#define BYTESTAG_EXTENSION_PROMISES 2
#define BYTESTAG_OUR_EXTENSIONS BYTESTAG_EXTENSION_PROMISES

/* No ping of ours is longer; bytes. */
#define BYTESTAG_PING_BYTES 128
/* A request of so many bytes earns the longest reply and a ping, also from who does not
 * know our address yet (B.5). */
#define BYTESTAG_EARNING_BYTES \
  ((BYTESTAG_LIMIT_REPLY + BYTESTAG_PING_BYTES + BYTESTAG_LIMIT_AMPLIFICATION - 1) / BYTESTAG_LIMIT_AMPLIFICATION)

/* Round trips that the time-out of unmet nodes is made of (B.5). */
#define BYTESTAG_N_ROUND_TRIPS 64

typedef struct {
  guint32 microseconds[BYTESTAG_N_ROUND_TRIPS];
  guint n, next;
} BytestagRoundTrips;

/* Own address as peers see it (B.1): one vote for each network of voters. */
typedef struct {
  BytestagEndpoint voter; /* masked to its network unless private */
  BytestagEndpoint address;
} BytestagVote;

typedef struct {
  BytestagVote votes[BYTESTAG_LIMIT_ADDRESS_VOTES];
  guint n, next;
  gboolean believed;
  BytestagEndpoint address;
} BytestagVotes;

/* guard.c: defence against those who lie about their address, or send too much (B.5). */
typedef struct {
  BytestagEndpointCache *proven;         /* gint64: the time of the last answer */
  BytestagEndpointCache *answered;       /* gint64: the time of our last answer */
  BytestagEndpointCache *proofs;         /* gint64: the time of the ping that asks for it */
  BytestagEndpointCache *unproven_hosts; /* BytestagTokenBucket; IPv6: by /64 */
  BytestagEndpointCache *rates;          /* BytestagTokenBucket, by network */
  BytestagTokenBucket proofs_rate;
  BytestagTokenBucket total_rate;
  gboolean limits_private;
} BytestagGuard;

/* Clocks of peers, one vote for each network of voters (B.5). */
typedef struct {
  BytestagEndpoint voter; /* its network unless private */
  gint64 offset;          /* µs: what its clock says, less our uptime */
} BytestagClockVote;

typedef struct {
  BytestagClockVote votes[BYTESTAG_LIMIT_CLOCK_VOTES];
  guint n, next;
} BytestagClockVotes;

typedef struct _BytestagUpload BytestagUpload;

struct _BytestagNetwork
{
  GObject parent_instance;

  BytestagReactor *reactor;
  BytestagTransport *transport;
  BytestagKvpTable *table;
  BytestagCodec *codec; /* shared by the networks of a thread */
  BytestagNode *node;
  BytestagRoutingTable *routing_table;
  BytestagReplyTable *replies; /* NULL once shut down */
  BytestagTaskSlot *download_slot;
  GListStore *tasks;  /* look-ups and joins, for views */
  GPtrArray *running; /* (element-type BytestagTask): every task that has not finished */

  BytestagRoundTrips round_trips;
  BytestagVotes votes;
  BytestagClockVotes clock_votes;
  gint64 clock_difference; /* seconds, whole minutes */
  BytestagGuard guard;
  gboolean is_read_only;

  /* transfers */
  GHashTable *incoming; /* BytestagDownloadTask by its transfer id; borrowed */
  GPtrArray *downloads; /* (element-type BytestagDownloadTask): getval that were let into the slot */
  GPtrArray *stores;    /* (element-type BytestagReadStoreTask) */
  GQueue waiting;       /* (element-type BytestagDownloadTask): wait for a place, holds references */
  GPtrArray *stores_running; /* (element-type BytestagStoreToNodeTask): that go on; borrowed */
  GQueue stores_waiting;          /* (element-type BytestagStoreToNodeTask): for a place there; borrowed */
  gsize bytes_writing;  /* of stored values that wait for the disk, and hold no place */
  GPtrArray *drains;    /* (element-type Drain): transfers of originals that we gave up */
  GPtrArray *uploads;   /* (element-type BytestagUpload): answers to getval; borrowed */
  BytestagEndpointCache *short_chunks; /* guint8: who acks no long ones */
  guint64 upload_limit; /* bytes of values a second; 0: none */
  BytestagTokenBucket upload_bucket;
  BytestagTimer upload_timer;
  GQueue uploads_waiting; /* (element-type BytestagUpload): for their turn; borrowed */

  BytestagTimer expiry_timer;

  GPtrArray *deferred;  /* (element-type Deferred): batches that wait for a proof */
  GPtrArray *keepings;  /* (element-type Keeping): records that are looked at, or written; borrowed */
  GPtrArray *moves;     /* (element-type Move): contacts whose id answered from elsewhere */

  BytestagDenylist *denylist; /* (nullable) */
  BytestagTimer purge_timer;
  BytestagKvpId purged;       /* looked at last, if @has_purged */
  gboolean has_purged;

  /* refresh */
  BytestagTimer refresh_timer;
  gint64 refreshed[BYTESTAG_KEY_BITS];
  gboolean refresh_wanted[BYTESTAG_KEY_BITS];
  guint n_refreshing;
  guint last_stale_bucket; /* whose stale contacts have had their turn; the one below is next, */
  guint next_stale_slot;   /* from this slot on */

  BytestagNetworkCounters counters;
};

/* Capabilities that we say we have now (B.1). */
int           _bytestag_network_get_extensions  (BytestagNetwork        *self);

/* requests.c: what we send. All return a handle of the reply table, or 0 when
 * nothing was sent and @func will not be called. */
guint64       _bytestag_network_send_ping       (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 BytestagReplyFunc       func,
                                                 gpointer                user_data);
/* A ping that is not sent again: it goes to whoever a sender says to be. */
guint64       _bytestag_network_send_ping_once  (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 BytestagReplyFunc       func,
                                                 gpointer                user_data);
/* @once: it is not sent again, for a node that others name and that never answered us. */
guint64       _bytestag_network_send_find_node  (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagKey      *key,
                                                 gboolean                once,
                                                 BytestagReplyFunc       func,
                                                 gpointer                user_data);
/* @index: (nullable); @once: as above */
guint64       _bytestag_network_send_find_value (BytestagNetwork        *self,
                                                 BytestagNode           *to,
                                                 const BytestagKey      *key,
                                                 const BytestagKey      *index,
                                                 gboolean                once,
                                                 BytestagReplyFunc       func,
                                                 gpointer                user_data);
/* The same of @key as index too, with @n_keys further @keys (B.3 "Batch"). */
guint64       _bytestag_network_send_find_held  (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagKey      *key,
                                                 const BytestagKey      *keys,
                                                 guint                   n_keys,
                                                 gboolean                once,
                                                 BytestagReplyFunc       func,
                                                 gpointer                user_data);
/* @record: what the other side is to know: id, size, timestamp, and where they are not
 * 0 until and copies. @keep: seconds; 0: not said. */
guint64       _bytestag_network_send_store      (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagKvpRecord *record,
                                                 gint64                  keep,
                                                 BytestagReplyFunc       func,
                                                 gpointer                user_data);
/* A chunk of a transfer. @once: the receiver would take it twice. */
guint64       _bytestag_network_send_chunk      (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagSlice    *transfer,
                                                 const BytestagKey      *id,
                                                 const guint8           *data,
                                                 gsize                   length,
                                                 gboolean                once,
                                                 BytestagReplyFunc       func,
                                                 gpointer                user_data);
/* The same chunk again, outside of the reply table's own times. */
void          _bytestag_network_resend_chunk    (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagSlice    *transfer,
                                                 const BytestagKey      *id,
                                                 const guint8           *data,
                                                 gsize                   length);
/* No reply comes to these. */
void          _bytestag_network_send_get_value  (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagKvpId    *id,
                                                 const BytestagKey      *transfer,
                                                 gint64                  offset);
void          _bytestag_network_send_end        (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagSlice    *transfer);
void          _bytestag_network_send_ack        (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagMessage  *chunk);
/* Does nothing for 0, and clears it. */
void          _bytestag_network_cancel_request  (BytestagNetwork        *self,
                                                 guint64                *handle);

/* contacts.c: what we learn of nodes. */
/* A reply to a ping, findnode or findval came: its sender becomes a contact.
 * @asked: (nullable) who the request was for. Returns (transfer full) (nullable)
 * who answered; NULL when it did not say its id, or says ours. */
BytestagNode *_bytestag_network_answered        (BytestagNetwork        *self,
                                                 BytestagNode           *asked,
                                                 const BytestagMessage  *message,
                                                 const BytestagEndpoint *from,
                                                 gint64                  rtt);
/* Pings @to once: who answers there becomes a contact, or stays one. */
void          _bytestag_network_meet            (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to);
/* A node did not answer. */
void          _bytestag_network_unanswered      (BytestagNetwork        *self,
                                                 BytestagNode           *asked);
/* A request came, and @n_replied bytes were sent for it: a contact is touched, another
 * sender is pinged, and becomes one when it answers (B.5). */
void          _bytestag_network_heard           (BytestagNetwork        *self,
                                                 const BytestagMessage  *request,
                                                 const BytestagEndpoint *from,
                                                 gsize                   n_replied);
/* Whether the sender has answered a request of ours: lately, or it is a contact that has
 * not fallen silent since. */
gboolean      _bytestag_network_is_proven       (BytestagNetwork        *self,
                                                 const BytestagMessage  *message,
                                                 const BytestagEndpoint *from);
/* Whether @node is known to understand promises, refresh and batches (B.1, bit 2). */
static inline gboolean
_bytestag_node_has_promises (BytestagNode *node)
{
  int extensions = bytestag_node_get_extensions (node);

  return extensions >= 0 && (extensions & BYTESTAG_EXTENSION_PROMISES) != 0;
}
/* The same of @node. */
gboolean      _bytestag_network_is_node_proven  (BytestagNetwork        *self,
                                                 BytestagNode           *node);
/* Whether _heard() will ping the sender, if the bytes of the reply let it. */
gboolean      _bytestag_network_wants_proof     (BytestagNetwork        *self,
                                                 const BytestagMessage  *request,
                                                 const BytestagEndpoint *from);
/* Pings the sender, unless that was done lately. */
void          _bytestag_network_ask_for_proof   (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from);
/* The contact with this id and endpoint, or a new node. (transfer full) */
BytestagNode *_bytestag_network_ref_node        (BytestagNetwork        *self,
                                                 const BytestagKey      *id,
                                                 const BytestagEndpoint *endpoint);
/* After how many µs a request to @node no longer holds a place (B.5). */
gint64        _bytestag_network_get_patience    (BytestagNetwork        *self,
                                                 BytestagNode           *node);
void          _bytestag_network_init_contacts   (BytestagNetwork        *self);
/* Nodes of a reply; (transfer full) (nullable): NULL when the list is rejected or empty. */
GPtrArray    *_bytestag_network_read_nodes      (BytestagNetwork        *self,
                                                 const BytestagMessage  *message);
/* The same for values: an empty list is a list. */
GPtrArray    *_bytestag_read_values             (const BytestagMessage  *message);

/* guard.c. @now: µs of the clock. */
void          _bytestag_guard_init              (BytestagGuard          *self,
                                                 gint64                  now);
void          _bytestag_guard_clear             (BytestagGuard          *self);
/* @from has answered a request of ours. */
void          _bytestag_guard_prove             (BytestagGuard          *self,
                                                 const BytestagEndpoint *from,
                                                 gint64                  now);
gboolean      _bytestag_guard_is_proven         (BytestagGuard          *self,
                                                 const BytestagEndpoint *from,
                                                 gint64                  now);
/* A request of @to was answered: if it is one of ours, we are proven to it. */
void          _bytestag_guard_answered          (BytestagGuard          *self,
                                                 const BytestagEndpoint *to,
                                                 gint64                  now);
/* Whether @to may think that our address is somebody else's. */
gboolean      _bytestag_guard_is_stranger_to    (BytestagGuard          *self,
                                                 const BytestagEndpoint *to,
                                                 gint64                  now);
/* Whether a request may go to an endpoint that somebody named, and then counts it; to
 * a proven one always. */
gboolean      _bytestag_guard_take_unproven     (BytestagGuard          *self,
                                                 const BytestagEndpoint *to,
                                                 gint64                  now);
/* Whether a sender may be sent a ping that proves it; _take_ping() counts it. */
gboolean      _bytestag_guard_can_ping          (BytestagGuard          *self,
                                                 const BytestagEndpoint *to,
                                                 gint64                  now);
void          _bytestag_guard_take_ping         (BytestagGuard          *self,
                                                 const BytestagEndpoint *to,
                                                 gint64                  now);
/* Whether the network of @from has used up its share, so that a datagram is not worth
 * being read. */
gboolean      _bytestag_guard_is_flooding       (BytestagGuard          *self,
                                                 const BytestagEndpoint *from,
                                                 gint64                  now);
/* Counts a request, or a datagram that is nothing; anything but NONE: it is dropped. */
BytestagDrop  _bytestag_guard_take              (BytestagGuard          *self,
                                                 const BytestagEndpoint *from,
                                                 gint64                  now);

/* round-trips.c */
void          _bytestag_round_trips_add         (BytestagRoundTrips     *self,
                                                 gint64                  rtt);
/* What @percent of them stayed within, µs; -1: there is none. */
gint64        _bytestag_round_trips_get_percentile (const BytestagRoundTrips *self,
                                                    guint                     percent);
/* Time-out of a node that was never met, µs. */
gint64        _bytestag_round_trips_get_unmet_timeout (const BytestagRoundTrips *self);
/* Time-out of a node whose round trip is known, µs. */
gint64        _bytestag_round_trips_get_known_timeout (gint64 rtt, gint64 deviation);

/* own-address.c */
void          _bytestag_votes_add               (BytestagVotes          *self,
                                                 const BytestagEndpoint *voter,
                                                 const BytestagEndpoint *address);

/* clock-votes.c. @seconds: unix time that @from says; @now: µs of our uptime. */
void          _bytestag_clock_votes_add         (BytestagClockVotes     *self,
                                                 const BytestagEndpoint *from,
                                                 gint64                  seconds,
                                                 gint64                  now);
/* By how many seconds our clock, which says @wall (µs since 1970), is ahead of those of
 * others (< 0: behind); 0: there are not enough who disagree with it. */
gint64        _bytestag_clock_votes_get_difference (const BytestagClockVotes *self,
                                                 gint64                  now,
                                                 gint64                  wall);

/* life.c: how long values are kept (B.3 "Life", B.5). */
/* Whether our clock is right as far as we know: else nothing is clamped or dropped. */
gboolean      _bytestag_network_check_clock     (BytestagNetwork        *self);
/* What a holder with @n_nearer live contacts nearer to the key gives of @life; seconds. */
gint64        _bytestag_life_get_granted        (gint64                  life,
                                                 guint                   n_nearer);
/* Times, promise and copies of @record, whose id and timestamp are as @request says. */
void          _bytestag_network_grant_life      (BytestagNetwork        *self,
                                                 const BytestagMessage  *request,
                                                 BytestagKvpRecord      *record);
/* A store of a value that is @held, and is then renewed if it may. @offer: what would be
 * granted if it were not. */
void          _bytestag_network_renew_life      (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagMessage  *request,
                                                 const BytestagKvpRecord *offer,
                                                 BytestagKvpRecord      *held);
void          _bytestag_network_start_expiry    (BytestagNetwork        *self);
void          _bytestag_network_stop_expiry     (BytestagNetwork        *self);

/* request-handler.c */
void          _bytestag_network_handle_request  (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagMessage  *message);

/* keep-record.c: keeps what came, where it is a record by its rules (B.3); @offer: how it was
 * stored. @done as of bytestag_kvp_table_write(). */
void          _bytestag_network_keep_value      (BytestagNetwork        *self,
                                                 const BytestagKvpRecord *offer,
                                                 GBytes                 *value,
                                                 BytestagKvpWriteFunc    done,
                                                 gpointer                user_data);

/* deferred-batches.c: whether the answer to a findval waits for its sender to be proven. */
gboolean      _bytestag_network_defer_batch     (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagMessage  *request);
/* @from has proven its address: what it asked for before is answered now. */
void          _bytestag_network_answer_deferred (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from);
void          _bytestag_network_init_deferred   (BytestagNetwork        *self);

/* moved-contacts.c: @claimant answered and has the id of @known, a contact at another endpoint
 * that is not stale: it takes its place unless @known answers within 2 s. */
void          _bytestag_network_contact_claimed (BytestagNetwork        *self,
                                                 BytestagNode           *known,
                                                 BytestagNode           *claimant);
void          _bytestag_network_init_moves      (BytestagNetwork        *self);

/* denied.c */
void          _bytestag_network_stop_denying    (BytestagNetwork        *self);

/* A findval whose key is valid. */
void          _bytestag_network_answer_find_value (BytestagNetwork      *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagMessage  *request);

/* maintenance.c */
void          _bytestag_network_start_maintenance (BytestagNetwork      *self);
void          _bytestag_network_stop_maintenance  (BytestagNetwork      *self);
/* Refreshes the buckets beyond that of the closest neighbour, a few at a time. */
void          _bytestag_network_refresh_all     (BytestagNetwork        *self);

/* transfer-upload.c: the sending side of a transfer (A.1.5). */
/* Called for each ack, and once with @ended, when the owner frees it. */
typedef void (*BytestagUploadFunc) (BytestagUpload *upload, gboolean ended, gpointer user_data);
/* Starts after @delay µs. @transfer: JSON text of the transfer id. @is_ours: the
 * receiver knows a chunk that it has taken already. */
BytestagUpload *_bytestag_upload_new            (BytestagNetwork        *network,
                                                 const BytestagEndpoint *to,
                                                 const BytestagSlice    *transfer,
                                                 GBytes                 *bytes,
                                                 gboolean                is_ours,
                                                 gint64                  delay,
                                                 BytestagUploadFunc      func,
                                                 gpointer                user_data);
void          _bytestag_upload_free             (BytestagUpload         *self);
gsize         _bytestag_upload_get_n_acked      (const BytestagUpload   *self);
/* Every byte was acked and the end was sent. */
gboolean      _bytestag_upload_is_complete      (const BytestagUpload   *self);
/* upload-limit.c: whether a chunk of @length bytes may go out now; else @upload waits, and
 * _bytestag_upload_go_on() is called when its turn comes. */
gboolean      _bytestag_network_take_upload     (BytestagNetwork        *self,
                                                 BytestagUpload         *upload,
                                                 gsize                   length);
/* It waits no longer. */
void          _bytestag_network_forget_upload   (BytestagNetwork        *self,
                                                 BytestagUpload         *upload);
/* Answers to getval that there may be at one time. */
guint         _bytestag_network_get_max_uploads (BytestagNetwork        *self);
void          _bytestag_upload_go_on            (BytestagUpload         *upload);
/* Bytes that it is about to send. */
gsize         _bytestag_upload_get_next_length  (const BytestagUpload   *upload);
/* Answers a getval, when there is room. */
BytestagDrop  _bytestag_network_serve_value     (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to,
                                                 const BytestagMessage  *message);
/* @to has proven its address: what it asked for before goes to it now. */
void          _bytestag_network_serve_proven    (BytestagNetwork        *self,
                                                 const BytestagEndpoint *to);
void          _bytestag_network_stop_uploads    (BytestagNetwork        *self);

/* µs that a transfer of which @length bytes are through may have taken. */
static inline gint64
_bytestag_transfer_get_allowance (gsize length)
{
  return BYTESTAG_LIMIT_TRANSFER_US +
         (gint64) length * G_USEC_PER_SEC / BYTESTAG_LIMIT_TRANSFER_BYTES_PER_SECOND;
}

/* transfer-download.c: the receiving side. */
/* Chunks and ends of @task's transfer id come to it from now on. */
void          _bytestag_network_open_transfer   (BytestagNetwork        *self,
                                                 BytestagDownloadTask   *task);
void          _bytestag_network_close_transfer  (BytestagNetwork        *self,
                                                 BytestagDownloadTask   *task);
BytestagDrop  _bytestag_network_take_packet     (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagMessage  *message);
/* Acks what still comes of a transfer that we gave up, and counts it as a getval. */
void          _bytestag_network_drain           (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from,
                                                 const BytestagKey      *transfer_id);
/* Lets a getval into the download slot, now or when there is a place. */
void          _bytestag_network_queue_download  (BytestagNetwork        *self,
                                                 BytestagDownloadTask   *task);
/* Whether one more store from @from may come in. @is_proven: it has answered us. */
gboolean      _bytestag_network_has_store_place (BytestagNetwork        *self,
                                                 const BytestagEndpoint *from,
                                                 gboolean                is_proven);
void          _bytestag_network_add_store       (BytestagNetwork        *self,
                                                 BytestagReadStoreTask  *task);
void          _bytestag_network_stop_downloads  (BytestagNetwork        *self);

/* network.c: seconds, see the property. */
void          _bytestag_network_set_clock_difference (BytestagNetwork   *self,
                                                 gint64                  difference);
/* Keeps @task until it finished. */
void          _bytestag_network_keep            (BytestagNetwork        *self,
                                                 BytestagTask           *task);

/* The same, starts it, and shows it to views when @visible. (transfer full): @task itself */
gpointer      _bytestag_network_run             (BytestagNetwork        *self,
                                                 gpointer                task,
                                                 gboolean                visible);

/* The tasks. */
/* A task of @type, a BytestagRequestTask, that asks @node (nullable). (transfer full) */
gpointer                   _bytestag_request_task_new        (GType                   type,
                                                              BytestagNetwork        *network,
                                                              BytestagNode           *node);
BytestagPingTask          *_bytestag_ping_task_new           (BytestagNetwork        *network,
                                                              const BytestagEndpoint *address,
                                                              BytestagNode           *node);
BytestagFindNodesTask     *_bytestag_find_nodes_task_new     (BytestagNetwork        *network,
                                                              BytestagNode           *node,
                                                              const BytestagKey      *key);
BytestagFindValueTask     *_bytestag_find_value_task_new     (BytestagNetwork        *network,
                                                              BytestagNode           *node,
                                                              const BytestagKey      *key,
                                                              const BytestagKey      *index);
BytestagFindShortlistTask *_bytestag_find_shortlist_task_new (BytestagNetwork        *network,
                                                              const BytestagKey      *key,
                                                              const BytestagKey      *index,
                                                              gboolean                for_value,
                                                              gboolean                stop_at_value);
/* While it is paused it asks nobody else, and does not end; answers still come in. */
void                       _bytestag_find_shortlist_task_set_paused (BytestagFindShortlistTask *self,
                                                              gboolean                is_paused);
BytestagJoinTask          *_bytestag_join_task_new           (BytestagNetwork        *network,
                                                              const BytestagEndpoint *address);
BytestagDownloadTask      *_bytestag_download_task_new       (BytestagNetwork        *network,
                                                              BytestagNode           *node,
                                                              const BytestagKvpId    *id,
                                                              gsize                   offset);
/* The last @length bytes of it. */
BytestagDownloadTask      *_bytestag_download_task_new_tail  (BytestagNetwork        *network,
                                                              BytestagNode           *node,
                                                              const BytestagKvpId    *id,
                                                              gsize                   length);
BytestagReadStoreTask     *_bytestag_read_store_task_new     (BytestagNetwork        *network,
                                                              BytestagNode           *node,
                                                              const BytestagKvpRecord *record);
BytestagGetValueTask      *_bytestag_get_value_task_new      (BytestagNetwork        *network,
                                                              const BytestagKvpId    *id);
BytestagStoreToNodeTask   *_bytestag_store_to_node_task_new  (BytestagNetwork        *network,
                                                              BytestagNode           *node,
                                                              const BytestagKvpRecord *record,
                                                              gint64                  keep,
                                                              GBytes                 *value);
/* The same of a value that the node seems to hold; @value: (nullable). */
BytestagStoreToNodeTask   *_bytestag_store_to_node_task_new_refresh (BytestagNetwork  *network,
                                                              BytestagNode           *node,
                                                              const BytestagKvpRecord *record,
                                                              gint64                  keep,
                                                              GBytes                 *value);
/* A look-up for nodes that tell on the way which of @keys they hold. */
BytestagFindShortlistTask *_bytestag_find_shortlist_task_new_for_holders (BytestagNetwork *network,
                                                              const BytestagKey      *target,
                                                              const BytestagKey      *keys,
                                                              guint                   n_keys);
/* @candidates: (nullable) (element-type BytestagNode) who to store it to, nearest first;
 * NULL: whoever a look-up finds. */
BytestagStoreValueTask    *_bytestag_store_value_task_new    (BytestagNetwork        *network,
                                                              const BytestagKvpId    *id,
                                                              guint                   copies,
                                                              GPtrArray              *candidates);

/* download-task.c, for its child and transfer-download.c */
void               _bytestag_download_task_prepare         (BytestagDownloadTask   *self,
                                                            BytestagNetwork        *network,
                                                            BytestagNode           *node,
                                                            const BytestagKvpId    *id,
                                                            gsize                   offset);
/* (nullable): NULL once it is closed. */
BytestagNetwork   *_bytestag_download_task_get_network     (BytestagDownloadTask   *self);
/* Made by us for this transfer. */
const BytestagKey *_bytestag_download_task_get_transfer_id (BytestagDownloadTask   *self);
/* Takes a chunk or the end; see BytestagDownloadTaskClass.received. */
BytestagDrop       _bytestag_download_task_take            (BytestagDownloadTask   *self,
                                                            const BytestagEndpoint *from,
                                                            const BytestagMessage  *message);
/* Opens the transfer and waits for its first chunk. */
void               _bytestag_download_task_open            (BytestagDownloadTask   *self);
/* Lets go of the transfer and its timer. */
void               _bytestag_download_task_close           (BytestagDownloadTask   *self);

G_END_DECLS
