/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/announcer.h"

struct _BytestagAnnouncer
{
  GObject parent_instance;

  BytestagLibrary *library;
  BytestagRecordKeeper *keeper;
  GPtrArray *shares; /* (element-type BytestagShare) that we hear of changes from */
  GArray *announced; /* (element-type BytestagKey) */
};

G_DEFINE_FINAL_TYPE (BytestagAnnouncer, bytestag_announcer, G_TYPE_OBJECT)

static gboolean
is_served (BytestagShare *share)
{
  BytestagShareState state = bytestag_share_get_state (share);

  return bytestag_share_get_link (share) != NULL && !bytestag_share_is_away (share) &&
         (state == BYTESTAG_SHARE_PUBLISHING || state == BYTESTAG_SHARE_ONLINE);
}

static void
add_key (GArray        *keys,
         BytestagShare *share)
{
  if (is_served (share))
    g_array_append_vals (keys, bytestag_link_get_key (bytestag_share_get_link (share)), 1);
}

static void
announce (BytestagAnnouncer *self)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *share = self->shares->pdata[i];

      add_key (keys, share);
      /* One that is there is passed over. */
      if (is_served (share))
        bytestag_record_keeper_add (self->keeper, bytestag_link_get_key (bytestag_share_get_link (share)),
                                    bytestag_share_get_name (share), bytestag_share_get_size (share),
                                    bytestag_share_get_n_files (share));
    }

  for (guint i = 0; i < self->announced->len; i++)
    {
      const BytestagKey *key = &g_array_index (self->announced, BytestagKey, i);
      gboolean stays = FALSE;

      for (guint j = 0; j < keys->len; j++)
        stays = stays || bytestag_key_equal (&g_array_index (keys, BytestagKey, j), key);
      if (!stays)
        bytestag_record_keeper_remove (self->keeper, key);
    }

  g_array_unref (self->announced);
  self->announced = g_steal_pointer (&keys);
}

static void
forget_shares (BytestagAnnouncer *self)
{
  for (guint i = 0; i < self->shares->len; i++)
    g_signal_handlers_disconnect_by_data (self->shares->pdata[i], self);
  g_ptr_array_set_size (self->shares, 0);
}

/* There are as many items as a person shared collections. */
static void
items_changed_cb (BytestagAnnouncer *self)
{
  GListModel *model = G_LIST_MODEL (self->library);

  forget_shares (self);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      BytestagShare *share = g_list_model_get_item (model, i);

      g_ptr_array_add (self->shares, share);
      g_signal_connect_swapped (share, "notify::state", G_CALLBACK (announce), self);
      g_signal_connect_swapped (share, "notify::away", G_CALLBACK (announce), self);
    }
  announce (self);
}

static void
bytestag_announcer_dispose (GObject *object)
{
  BytestagAnnouncer *self = BYTESTAG_ANNOUNCER (object);

  forget_shares (self);
  g_clear_object (&self->library);
  g_clear_object (&self->keeper);

  G_OBJECT_CLASS (bytestag_announcer_parent_class)->dispose (object);
}

static void
bytestag_announcer_finalize (GObject *object)
{
  BytestagAnnouncer *self = BYTESTAG_ANNOUNCER (object);

  g_clear_pointer (&self->shares, g_ptr_array_unref);
  g_clear_pointer (&self->announced, g_array_unref);

  G_OBJECT_CLASS (bytestag_announcer_parent_class)->finalize (object);
}

static void
bytestag_announcer_class_init (BytestagAnnouncerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_announcer_dispose;
  object_class->finalize = bytestag_announcer_finalize;
}

static void
bytestag_announcer_init (BytestagAnnouncer *self)
{
  self->shares = g_ptr_array_new_with_free_func (g_object_unref);
  self->announced = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
}

BytestagAnnouncer *
bytestag_announcer_new (BytestagLibrary      *library,
                        BytestagRecordKeeper *keeper)
{
  BytestagAnnouncer *self;

  g_return_val_if_fail (BYTESTAG_IS_LIBRARY (library), NULL);
  g_return_val_if_fail (BYTESTAG_IS_RECORD_KEEPER (keeper), NULL);

  self = g_object_new (BYTESTAG_TYPE_ANNOUNCER, NULL);
  self->library = g_object_ref (library);
  self->keeper = g_object_ref (keeper);
  g_signal_connect_object (library, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
  items_changed_cb (self);
  return self;
}
