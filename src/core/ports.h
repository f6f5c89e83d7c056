/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/endpoint.h"
#include "core/exchange-info.h"
#include "core/kvp-record.h"

/* The ports: what the engine asks of the world. io implements them for a real
 * computer, the simulator for a virtual one. All are called, and call back, on
 * the engine's thread only. */

G_BEGIN_DECLS

/* Time. */
#define BYTESTAG_TYPE_CLOCK (bytestag_clock_get_type ())
G_DECLARE_INTERFACE (BytestagClock, bytestag_clock, BYTESTAG, CLOCK, GObject)

struct _BytestagClockInterface
{
  GTypeInterface parent;
  gint64 (*get_time) (BytestagClock *self);
  gint64 (*get_wall_time) (BytestagClock *self);
};

/* µs that only grow and count sleep too (CLOCK_BOOTTIME): ages, deadlines. */
gint64   bytestag_clock_get_time       (BytestagClock *self);
/* µs since 1970, which a person can set: timestamps on the wire only. */
gint64   bytestag_clock_get_wall_time  (BytestagClock *self);

/* Randomness. */
#define BYTESTAG_TYPE_RNG (bytestag_rng_get_type ())
G_DECLARE_INTERFACE (BytestagRng, bytestag_rng, BYTESTAG, RNG, GObject)

struct _BytestagRngInterface
{
  GTypeInterface parent;
  void (*fill) (BytestagRng *self, guint8 *bytes, gsize length);
};

void     bytestag_rng_fill             (BytestagRng   *self,
                                        guint8        *bytes,
                                        gsize          length);
/* Uniform in [0, @bound); @bound > 0. */
guint32  bytestag_rng_range            (BytestagRng   *self,
                                        guint32        bound);

/* Datagrams out. They come in by bytestag_engine_receive(). */
#define BYTESTAG_TYPE_TRANSPORT (bytestag_transport_get_type ())
G_DECLARE_INTERFACE (BytestagTransport, bytestag_transport, BYTESTAG, TRANSPORT, GObject)

struct _BytestagTransportInterface
{
  GTypeInterface parent;
  gboolean (*send) (BytestagTransport *self, const BytestagEndpoint *to, const guint8 *data, gsize length);
  void (*get_address) (BytestagTransport *self, BytestagEndpoint *address);
};

/* Sends one datagram; @data is only read during the call. FALSE: dropped here
 * (a full buffer, no route); like any loss, to be mended by sending again. */
gboolean bytestag_transport_send        (BytestagTransport      *self,
                                         const BytestagEndpoint *to,
                                         const guint8           *data,
                                         gsize                   length);
/* The address that it is bound to; the host may be unspecified (0.0.0.0). */
void     bytestag_transport_get_address (BytestagTransport      *self,
                                         BytestagEndpoint       *address);

/* Values. What is held is answered from memory at once; bytes may come later. */
#define BYTESTAG_TYPE_KVP_TABLE (bytestag_kvp_table_get_type ())
G_DECLARE_INTERFACE (BytestagKvpTable, bytestag_kvp_table, BYTESTAG, KVP_TABLE, GObject)

typedef void (*BytestagKvpVisitFunc) (const BytestagKvpRecord *record, gpointer user_data);
/* @value: (nullable) (transfer none); NULL with @error. */
typedef void (*BytestagKvpReadFunc)  (GBytes *value, const GError *error, gpointer user_data);
/* @error: (nullable): NULL when the value is kept, and as durable as the table makes it. */
typedef void (*BytestagKvpWriteFunc) (const GError *error, gpointer user_data);

struct _BytestagKvpTableInterface
{
  GTypeInterface parent;
  gboolean (*lookup) (BytestagKvpTable *self, const BytestagKvpId *id, BytestagKvpRecord *record);
  guint (*visit_key) (BytestagKvpTable *self, const BytestagKey *key, BytestagKvpVisitFunc visit,
                      gpointer user_data);
  gboolean (*can_keep) (BytestagKvpTable *self, const BytestagKvpRecord *offer);
  gboolean (*is_opening) (BytestagKvpTable *self); /* (nullable) one that never is */
  void (*read) (BytestagKvpTable *self, const BytestagKvpId *id, BytestagKvpReadFunc done,
                gpointer user_data);
  void (*write) (BytestagKvpTable *self, const BytestagKvpRecord *record, GBytes *value,
                 BytestagKvpWriteFunc done, gpointer user_data);
  gboolean (*remove) (BytestagKvpTable *self, const BytestagKvpId *id);
  gboolean (*update) (BytestagKvpTable *self, const BytestagKvpRecord *record);
  guint (*visit_kept) (BytestagKvpTable *self, const BytestagKvpId *after, guint max,
                       BytestagKvpVisitFunc visit, gpointer user_data);
  guint (*count_kept) (BytestagKvpTable *self);
  gboolean (*expire) (BytestagKvpTable *self, gint64 now);
  void (*set_center) (BytestagKvpTable *self, const BytestagKey *node_id);
};

/* Whether (key, index) is held; @record: (out) (optional). */
gboolean bytestag_kvp_table_lookup     (BytestagKvpTable        *self,
                                        const BytestagKvpId     *id,
                                        BytestagKvpRecord       *record);
/* Calls @visit for each value under @key, in order of index, at most
 * BYTESTAG_LIMIT_INDICES_OF_KEY times; returns how many. Allocates nothing. */
guint    bytestag_kvp_table_visit_key  (BytestagKvpTable        *self,
                                        const BytestagKey       *key,
                                        BytestagKvpVisitFunc     visit,
                                        gpointer                 user_data);
/* Whether a value of the id, size and source of @offer would be taken now. */
gboolean bytestag_kvp_table_can_keep   (BytestagKvpTable        *self,
                                        const BytestagKvpRecord *offer);
/* Whether it does not know yet what it holds: it has just started. */
gboolean bytestag_kvp_table_is_opening (BytestagKvpTable        *self);
/* Reads a value; @done is called once, inline or later. */
void     bytestag_kvp_table_read       (BytestagKvpTable        *self,
                                        const BytestagKvpId     *id,
                                        BytestagKvpReadFunc      done,
                                        gpointer                 user_data);
/* Keeps a value whose SHA-1 the caller has checked; @done as above, may be NULL. */
void     bytestag_kvp_table_write      (BytestagKvpTable        *self,
                                        const BytestagKvpRecord *record,
                                        GBytes                  *value,
                                        BytestagKvpWriteFunc     done,
                                        gpointer                 user_data);
/* FALSE: it is not held, or this table lets nobody remove values. */
gboolean bytestag_kvp_table_remove     (BytestagKvpTable        *self,
                                        const BytestagKvpId     *id);
/* Times, promise, copies and turns of a value that is kept for others become those of
 * @record; its size, source and bytes stay. FALSE: no such value is kept. */
gboolean bytestag_kvp_table_update     (BytestagKvpTable        *self,
                                        const BytestagKvpRecord *record);
/* Calls @visit for the values that are kept for others, in order of id, from the first
 * behind @after (nullable: of all) on, at most @max times; returns how many. @visit must
 * not change the table. */
guint    bytestag_kvp_table_visit_kept (BytestagKvpTable        *self,
                                        const BytestagKvpId     *after,
                                        guint                    max,
                                        BytestagKvpVisitFunc     visit,
                                        gpointer                 user_data);
/* How many there are. */
guint    bytestag_kvp_table_count_kept (BytestagKvpTable        *self);
/* Drops what is kept for others and whose time was over before @now, unix seconds; at
 * most BYTESTAG_LIMIT_EXPIRING values, and then returns TRUE: there may be more. */
gboolean bytestag_kvp_table_expire     (BytestagKvpTable        *self,
                                        gint64                   now);
/* The id of the node that the table belongs to: when it is full, values far from it
 * go first (B.5). */
void     bytestag_kvp_table_set_center (BytestagKvpTable        *self,
                                        const BytestagKey       *node_id);

/* A key pair that signs in this node's name (B.2). */
#define BYTESTAG_TYPE_SIGNER (bytestag_signer_get_type ())
G_DECLARE_INTERFACE (BytestagSigner, bytestag_signer, BYTESTAG, SIGNER, GObject)

struct _BytestagSignerInterface
{
  GTypeInterface parent;
  GBytes *(*get_public_key) (BytestagSigner *self);
  GBytes *(*sign) (BytestagSigner *self, GBytes *data, GError **error);
};

/* (transfer none) 44 bytes: DER of an Ed25519 SubjectPublicKeyInfo. */
GBytes  *bytestag_signer_get_public_key (BytestagSigner *self);
/* (transfer full) (nullable) 64 bytes: Ed25519 over @data. */
GBytes  *bytestag_signer_sign          (BytestagSigner          *self,
                                        GBytes                  *data,
                                        GError                 **error);

/* Work off the engine's thread. */
#define BYTESTAG_TYPE_WORKER (bytestag_worker_get_type ())
G_DECLARE_INTERFACE (BytestagWorker, bytestag_worker, BYTESTAG, WORKER, GObject)

/* On any thread; touches nothing but @job and looks at @cancellable. */
typedef void (*BytestagJobFunc) (gpointer job, GCancellable *cancellable);
/* On the engine's thread, once for each job, also when cancelled. */
typedef void (*BytestagJobDoneFunc) (gpointer job, gpointer user_data);

struct _BytestagWorkerInterface
{
  GTypeInterface parent;
  void (*run) (BytestagWorker *self, BytestagJobFunc func, gpointer job, GCancellable *cancellable,
               BytestagJobDoneFunc done, gpointer user_data);
};

/* Runs @func (@job) on a worker (in order of submission; inline in the
 * simulator), then @done (@job, @user_data) as an event of the reactor. The
 * caller owns @job again in @done. @cancellable: (nullable). */
void     bytestag_worker_run           (BytestagWorker          *self,
                                        BytestagJobFunc          func,
                                        gpointer                 job,
                                        GCancellable            *cancellable,
                                        BytestagJobDoneFunc      done,
                                        gpointer                 user_data);

/* Word of changes in folders. */
#define BYTESTAG_TYPE_FOLDER_WATCHER (bytestag_folder_watcher_get_type ())
G_DECLARE_INTERFACE (BytestagFolderWatcher, bytestag_folder_watcher, BYTESTAG, FOLDER_WATCHER, GObject)

struct _BytestagFolderWatcherInterface
{
  GTypeInterface parent;
  gboolean (*watch) (BytestagFolderWatcher *self, const char *path, gboolean *is_gone);
  void (*unwatch) (BytestagFolderWatcher *self, const char *path);
};

/* Signal "changed" (path): something in the folder, or it itself, was made, changed, moved or
 * removed. Told once, and then the folder is not watched any more, so that a storm of changes
 * costs nothing: who wants to know of later ones watches it again, and then looks what there is.
 *
 * Watches the folder @path (absolute), but none in it; again is no matter. FALSE: what
 * changes there would not be told: its file system has no notification (a network's), or as
 * many folders are watched as may be; or there is no such folder, then @is_gone (out) (optional)
 * is TRUE, and otherwise FALSE. */
gboolean bytestag_folder_watcher_watch   (BytestagFolderWatcher  *self,
                                          const char             *path,
                                          gboolean               *is_gone);
/* Does nothing to a folder that is not watched. */
void     bytestag_folder_watcher_unwatch (BytestagFolderWatcher  *self,
                                          const char             *path);
/* For implementations: the folder is not watched any more. */
void     bytestag_folder_watcher_tell    (BytestagFolderWatcher  *self,
                                          const char             *path);

/* What a driver (io's engine source, the simulator) drives. */
#define BYTESTAG_TYPE_ENGINE (bytestag_engine_get_type ())
G_DECLARE_INTERFACE (BytestagEngine, bytestag_engine, BYTESTAG, ENGINE, GObject)

struct _BytestagEngineInterface
{
  GTypeInterface parent;
  void (*receive) (BytestagEngine *self, const BytestagEndpoint *from, const guint8 *data, gsize length);
  void (*tick) (BytestagEngine *self);
  gint64 (*get_deadline) (BytestagEngine *self);
};

void     bytestag_engine_receive       (BytestagEngine          *self,
                                        const BytestagEndpoint  *from,
                                        const guint8            *data,
                                        gsize                    length);
void     bytestag_engine_tick          (BytestagEngine          *self);
/* When to tick next, µs of the clock; 0: now; G_MAXINT64: never. */
gint64   bytestag_engine_get_deadline  (BytestagEngine          *self);

G_END_DECLS
