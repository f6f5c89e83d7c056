/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/downloads.h"

#include "sharing/download-private.h"
#include "sharing/sharing-private.h"

struct _BytestagDownloads
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  BytestagWorker *worker;
  GPtrArray *downloads; /* (element-type BytestagDownload) */
  BytestagTimer flush_timer;
};

static void bytestag_downloads_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagDownloads, bytestag_downloads, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, bytestag_downloads_list_model_init))

static GType
bytestag_downloads_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_DOWNLOAD;
}

static guint
bytestag_downloads_get_n_items (GListModel *model)
{
  return BYTESTAG_DOWNLOADS (model)->downloads->len;
}

static gpointer
bytestag_downloads_get_item (GListModel *model,
                             guint       position)
{
  BytestagDownloads *self = BYTESTAG_DOWNLOADS (model);

  return position < self->downloads->len ? g_object_ref (g_ptr_array_index (self->downloads, position)) : NULL;
}

static void
bytestag_downloads_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = bytestag_downloads_get_item_type;
  iface->get_n_items = bytestag_downloads_get_n_items;
  iface->get_item = bytestag_downloads_get_item;
}

/* One timer tells of all progress; it rests when nothing moves. */
static void
flush_cb (gpointer user_data)
{
  BytestagDownloads *self = user_data;
  gboolean active = FALSE;

  for (guint i = 0; i < self->downloads->len; i++)
    {
      BytestagDownload *download = g_ptr_array_index (self->downloads, i);

      active = bytestag_download_is_active (download) || active;
      bytestag_download_flush (download);
    }

  if (active)
    bytestag_reactor_arm (self->reactor, &self->flush_timer, BYTESTAG_PROGRESS_INTERVAL, flush_cb, self);
}

static void
start_cb (gpointer user_data)
{
  bytestag_download_start (user_data);
}

static void
bytestag_downloads_dispose (GObject *object)
{
  BytestagDownloads *self = BYTESTAG_DOWNLOADS (object);

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->flush_timer);
  for (guint i = 0; self->downloads != NULL && i < self->downloads->len; i++)
    bytestag_download_cancel (g_ptr_array_index (self->downloads, i));
  g_clear_pointer (&self->downloads, g_ptr_array_unref);
  g_clear_object (&self->network);
  g_clear_object (&self->worker);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_downloads_parent_class)->dispose (object);
}

static void
bytestag_downloads_class_init (BytestagDownloadsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_downloads_dispose;
}

static void
bytestag_downloads_init (BytestagDownloads *self)
{
  self->downloads = g_ptr_array_new_with_free_func (g_object_unref);
}

BytestagDownloads *
bytestag_downloads_new (BytestagNetwork *network,
                        BytestagWorker  *worker)
{
  BytestagDownloads *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);

  self = g_object_new (BYTESTAG_TYPE_DOWNLOADS, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->worker = g_object_ref (worker);

  return self;
}

BytestagDownload *
bytestag_downloads_add (BytestagDownloads *self,
                        BytestagLink      *link,
                        const char        *folder)
{
  BytestagDownload *download;

  g_return_val_if_fail (BYTESTAG_IS_DOWNLOADS (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_LINK (link), NULL);
  g_return_val_if_fail (folder != NULL, NULL);

  download = bytestag_download_new (self->network, self->worker, link, folder);
  g_ptr_array_add (self->downloads, download);
  /* Later, so that whoever added it can listen before anything happens. */
  bytestag_reactor_post (self->reactor, start_cb, g_object_ref (download), g_object_unref);
  if (!bytestag_timer_is_armed (&self->flush_timer))
    bytestag_reactor_arm (self->reactor, &self->flush_timer, BYTESTAG_PROGRESS_INTERVAL, flush_cb, self);

  g_list_model_items_changed (G_LIST_MODEL (self), self->downloads->len - 1, 0, 1);
  return download;
}

void
bytestag_downloads_remove (BytestagDownloads *self,
                           BytestagDownload  *download)
{
  g_autoptr (BytestagDownload) alive = NULL;
  guint position;

  g_return_if_fail (BYTESTAG_IS_DOWNLOADS (self));
  g_return_if_fail (BYTESTAG_IS_DOWNLOAD (download));

  if (!g_ptr_array_find (self->downloads, download, &position))
    return;

  alive = g_object_ref (download);
  g_ptr_array_remove_index (self->downloads, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  bytestag_download_cancel (download);
}
