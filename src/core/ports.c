/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ports.h"

G_DEFINE_INTERFACE (BytestagClock, bytestag_clock, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (BytestagRng, bytestag_rng, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (BytestagTransport, bytestag_transport, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (BytestagKvpTable, bytestag_kvp_table, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (BytestagSigner, bytestag_signer, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (BytestagWorker, bytestag_worker, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (BytestagFolderWatcher, bytestag_folder_watcher, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (BytestagEngine, bytestag_engine, G_TYPE_OBJECT)

static void
bytestag_clock_default_init (BytestagClockInterface *iface)
{
}

static void
bytestag_rng_default_init (BytestagRngInterface *iface)
{
}

static void
bytestag_transport_default_init (BytestagTransportInterface *iface)
{
}

static void
bytestag_kvp_table_default_init (BytestagKvpTableInterface *iface)
{
}

static void
bytestag_signer_default_init (BytestagSignerInterface *iface)
{
}

static void
bytestag_worker_default_init (BytestagWorkerInterface *iface)
{
}

static guint folder_changed;

static void
bytestag_folder_watcher_default_init (BytestagFolderWatcherInterface *iface)
{
  folder_changed = g_signal_new ("changed", BYTESTAG_TYPE_FOLDER_WATCHER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
bytestag_engine_default_init (BytestagEngineInterface *iface)
{
}

gint64
bytestag_clock_get_time (BytestagClock *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLOCK (self), 0);

  return BYTESTAG_CLOCK_GET_IFACE (self)->get_time (self);
}

gint64
bytestag_clock_get_wall_time (BytestagClock *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLOCK (self), 0);

  return BYTESTAG_CLOCK_GET_IFACE (self)->get_wall_time (self);
}

void
bytestag_rng_fill (BytestagRng *self,
                   guint8 *bytes,
                   gsize length)
{
  g_return_if_fail (BYTESTAG_IS_RNG (self));
  g_return_if_fail (bytes != NULL || length == 0);

  if (length > 0)
    BYTESTAG_RNG_GET_IFACE (self)->fill (self, bytes, length);
}

guint32
bytestag_rng_range (BytestagRng *self,
                    guint32 bound)
{
  guint32 unfair;
  guint32 value;

  g_return_val_if_fail (BYTESTAG_IS_RNG (self), 0);
  g_return_val_if_fail (bound > 0, 0);

  /* The lowest 2³² mod bound values would make small results likelier. */
  unfair = (0 - bound) % bound;
  do
    {
      bytestag_rng_fill (self, (guint8 *) &value, sizeof value);
      value = GUINT32_FROM_LE (value);
    }
  while (value < unfair);
  return value % bound;
}

gboolean
bytestag_transport_send (BytestagTransport *self,
                         const BytestagEndpoint *to,
                         const guint8 *data,
                         gsize length)
{
  g_return_val_if_fail (BYTESTAG_IS_TRANSPORT (self), FALSE);
  g_return_val_if_fail (to != NULL, FALSE);
  g_return_val_if_fail (data != NULL, FALSE);

  return BYTESTAG_TRANSPORT_GET_IFACE (self)->send (self, to, data, length);
}

void
bytestag_transport_get_address (BytestagTransport *self,
                                BytestagEndpoint *address)
{
  g_return_if_fail (BYTESTAG_IS_TRANSPORT (self));
  g_return_if_fail (address != NULL);

  BYTESTAG_TRANSPORT_GET_IFACE (self)->get_address (self, address);
}

gboolean
bytestag_kvp_table_lookup (BytestagKvpTable *self,
                           const BytestagKvpId *id,
                           BytestagKvpRecord *record)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->lookup (self, id, record);
}

guint
bytestag_kvp_table_visit_key (BytestagKvpTable *self,
                              const BytestagKey *key,
                              BytestagKvpVisitFunc visit,
                              gpointer user_data)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), 0);
  g_return_val_if_fail (key != NULL, 0);
  g_return_val_if_fail (visit != NULL, 0);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->visit_key (self, key, visit, user_data);
}

gboolean
bytestag_kvp_table_can_keep (BytestagKvpTable *self,
                             const BytestagKvpRecord *offer)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), FALSE);
  g_return_val_if_fail (offer != NULL, FALSE);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->can_keep (self, offer);
}

gboolean
bytestag_kvp_table_is_opening (BytestagKvpTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), FALSE);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->is_opening != NULL &&
         BYTESTAG_KVP_TABLE_GET_IFACE (self)->is_opening (self);
}

void
bytestag_kvp_table_read (BytestagKvpTable *self,
                         const BytestagKvpId *id,
                         BytestagKvpReadFunc done,
                         gpointer user_data)
{
  g_return_if_fail (BYTESTAG_IS_KVP_TABLE (self));
  g_return_if_fail (id != NULL);
  g_return_if_fail (done != NULL);

  BYTESTAG_KVP_TABLE_GET_IFACE (self)->read (self, id, done, user_data);
}

void
bytestag_kvp_table_write (BytestagKvpTable *self,
                          const BytestagKvpRecord *record,
                          GBytes *value,
                          BytestagKvpWriteFunc done,
                          gpointer user_data)
{
  g_return_if_fail (BYTESTAG_IS_KVP_TABLE (self));
  g_return_if_fail (record != NULL);
  g_return_if_fail (value != NULL);

  BYTESTAG_KVP_TABLE_GET_IFACE (self)->write (self, record, value, done, user_data);
}

gboolean
bytestag_kvp_table_remove (BytestagKvpTable *self,
                           const BytestagKvpId *id)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->remove (self, id);
}

gboolean
bytestag_kvp_table_update (BytestagKvpTable *self,
                           const BytestagKvpRecord *record)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), FALSE);
  g_return_val_if_fail (record != NULL, FALSE);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->update (self, record);
}

guint
bytestag_kvp_table_visit_kept (BytestagKvpTable *self,
                               const BytestagKvpId *after,
                               guint max,
                               BytestagKvpVisitFunc visit,
                               gpointer user_data)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), 0);
  g_return_val_if_fail (visit != NULL, 0);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->visit_kept (self, after, max, visit, user_data);
}

guint
bytestag_kvp_table_count_kept (BytestagKvpTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), 0);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->count_kept (self);
}

gboolean
bytestag_kvp_table_expire (BytestagKvpTable *self,
                           gint64 now)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (self), FALSE);

  return BYTESTAG_KVP_TABLE_GET_IFACE (self)->expire (self, now);
}

void
bytestag_kvp_table_set_center (BytestagKvpTable *self,
                               const BytestagKey *node_id)
{
  g_return_if_fail (BYTESTAG_IS_KVP_TABLE (self));
  g_return_if_fail (node_id != NULL);

  BYTESTAG_KVP_TABLE_GET_IFACE (self)->set_center (self, node_id);
}

GBytes *
bytestag_signer_get_public_key (BytestagSigner *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SIGNER (self), NULL);

  return BYTESTAG_SIGNER_GET_IFACE (self)->get_public_key (self);
}

GBytes *
bytestag_signer_sign (BytestagSigner *self,
                      GBytes *data,
                      GError **error)
{
  g_return_val_if_fail (BYTESTAG_IS_SIGNER (self), NULL);
  g_return_val_if_fail (data != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return BYTESTAG_SIGNER_GET_IFACE (self)->sign (self, data, error);
}

void
bytestag_worker_run (BytestagWorker *self,
                     BytestagJobFunc func,
                     gpointer job,
                     GCancellable *cancellable,
                     BytestagJobDoneFunc done,
                     gpointer user_data)
{
  g_return_if_fail (BYTESTAG_IS_WORKER (self));
  g_return_if_fail (func != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  g_return_if_fail (done != NULL);

  BYTESTAG_WORKER_GET_IFACE (self)->run (self, func, job, cancellable, done, user_data);
}

gboolean
bytestag_folder_watcher_watch (BytestagFolderWatcher *self,
                               const char *path,
                               gboolean *is_gone)
{
  gboolean ignored;

  g_return_val_if_fail (BYTESTAG_IS_FOLDER_WATCHER (self), FALSE);
  g_return_val_if_fail (path != NULL && g_path_is_absolute (path), FALSE);

  return BYTESTAG_FOLDER_WATCHER_GET_IFACE (self)->watch (self, path, is_gone != NULL ? is_gone : &ignored);
}

void
bytestag_folder_watcher_unwatch (BytestagFolderWatcher *self,
                                 const char *path)
{
  g_return_if_fail (BYTESTAG_IS_FOLDER_WATCHER (self));
  g_return_if_fail (path != NULL);

  BYTESTAG_FOLDER_WATCHER_GET_IFACE (self)->unwatch (self, path);
}

void
bytestag_folder_watcher_tell (BytestagFolderWatcher *self,
                              const char *path)
{
  g_return_if_fail (BYTESTAG_IS_FOLDER_WATCHER (self));
  g_return_if_fail (path != NULL);

  g_signal_emit (self, folder_changed, 0, path);
}

void
bytestag_engine_receive (BytestagEngine *self,
                         const BytestagEndpoint *from,
                         const guint8 *data,
                         gsize length)
{
  g_return_if_fail (BYTESTAG_IS_ENGINE (self));
  g_return_if_fail (from != NULL);
  g_return_if_fail (data != NULL || length == 0);

  BYTESTAG_ENGINE_GET_IFACE (self)->receive (self, from, data, length);
}

void
bytestag_engine_tick (BytestagEngine *self)
{
  g_return_if_fail (BYTESTAG_IS_ENGINE (self));

  BYTESTAG_ENGINE_GET_IFACE (self)->tick (self);
}

gint64
bytestag_engine_get_deadline (BytestagEngine *self)
{
  g_return_val_if_fail (BYTESTAG_IS_ENGINE (self), G_MAXINT64);

  return BYTESTAG_ENGINE_GET_IFACE (self)->get_deadline (self);
}
