/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* What this node will have nothing to do with (B.3 "Denylist"), and how what is held of it
 * goes when the list changes. */

/* Between two slices of the purge, µs: other work has its turn. */
#define PURGE_PAUSE 1000

gboolean
bytestag_network_is_denied (BytestagNetwork     *self,
                            const BytestagKvpId *id)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  return self->denylist != NULL && bytestag_denylist_denies (self->denylist, id);
}

typedef struct {
  BytestagNetwork *network;
  BytestagKvpId denied[BYTESTAG_LIMIT_PURGED];
  guint n_denied;
} Slice;

static void
visit_cb (const BytestagKvpRecord *record,
          gpointer                 user_data)
{
  Slice *slice = user_data;

  slice->network->purged = record->id;
  if (bytestag_network_is_denied (slice->network, &record->id))
    slice->denied[slice->n_denied++] = record->id;
}

static void
purge_cb (gpointer user_data)
{
  BytestagNetwork *self = user_data;
  Slice slice = { .network = self };
  BytestagKvpId after = self->purged;
  guint n = bytestag_kvp_table_visit_kept (self->table, self->has_purged ? &after : NULL, BYTESTAG_LIMIT_PURGED,
                                           visit_cb, &slice);

  self->has_purged = TRUE;
  for (guint i = 0; i < slice.n_denied; i++)
    self->counters.values_denied += bytestag_kvp_table_remove (self->table, &slice.denied[i]);

  if (n == BYTESTAG_LIMIT_PURGED)
    bytestag_reactor_arm (self->reactor, &self->purge_timer, PURGE_PAUSE, purge_cb, self);
}

static void
changed_cb (BytestagDenylist *denylist,
            BytestagNetwork  *self)
{
  /* From the beginning, also when the list changes amid a purge. */
  self->has_purged = FALSE;
  bytestag_reactor_arm (self->reactor, &self->purge_timer, 0, purge_cb, self);
}

void
bytestag_network_set_denylist (BytestagNetwork  *self,
                               BytestagDenylist *denylist)
{
  g_return_if_fail (BYTESTAG_IS_NETWORK (self));
  g_return_if_fail (denylist == NULL || BYTESTAG_IS_DENYLIST (denylist));

  if (self->denylist != NULL)
    g_signal_handlers_disconnect_by_data (self->denylist, self);
  g_set_object (&self->denylist, denylist);
  if (denylist == NULL)
    return;

  g_signal_connect (denylist, "changed", G_CALLBACK (changed_cb), self);
  changed_cb (denylist, self);
}

void
_bytestag_network_stop_denying (BytestagNetwork *self)
{
  bytestag_reactor_disarm (self->reactor, &self->purge_timer);
  if (self->denylist != NULL)
    g_signal_handlers_disconnect_by_data (self->denylist, self);
  g_clear_object (&self->denylist);
}
