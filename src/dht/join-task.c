/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

/* Ping, then a look-up of our own id. DONE when that has ended with a contact: a
 * network of one node is joined too (an original takes its empty list of nodes for
 * a failure). The refresh of the other buckets goes on by itself. */

struct _BytestagJoinTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagEndpoint address;
  BytestagTask *step; /* the ping or the look-up */
};

G_DEFINE_FINAL_TYPE (BytestagJoinTask, bytestag_join_task, BYTESTAG_TYPE_TASK)

static void
release (BytestagJoinTask *self)
{
  if (self->step != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->step, self);
      bytestag_task_cancel (self->step);
    }
  g_clear_object (&self->step);
  g_clear_object (&self->network);
}

static void
lookup_finished_cb (BytestagTask     *step,
                    BytestagJoinTask *self)
{
  guint n_contacts = bytestag_routing_table_get_num_contacts (self->network->routing_table);

  if (n_contacts > 0)
    _bytestag_network_refresh_all (self->network);
  release (self);

  if (n_contacts > 0)
    bytestag_task_done (BYTESTAG_TASK (self));
  else
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_NO_PEERS, 
                                _("The node answered, but did not become a contact"));
}

static void
ping_finished_cb (BytestagTask     *step,
                  BytestagJoinTask *self)
{
  if (bytestag_task_get_state (step) != BYTESTAG_TASK_DONE)
    {
      g_autoptr (GError) error = g_error_copy (bytestag_task_get_error (step));

      release (self);
      bytestag_task_fail (BYTESTAG_TASK (self), g_steal_pointer (&error));
      return;
    }

  /* Also when it says our own id: then it is ourselves. */
  if (bytestag_ping_task_get_node (BYTESTAG_PING_TASK (step)) == NULL)
    {
      release (self);
      bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_INVALID, _("The node does not say its id"));
      return;
    }

  g_clear_object (&self->step);
  self->step = BYTESTAG_TASK (bytestag_network_find_node_shortlist (self->network,
                                                                    bytestag_network_get_key (self->network)));
  g_signal_connect (self->step, "finished", G_CALLBACK (lookup_finished_cb), self);
}

static void
bytestag_join_task_start (BytestagTask *task)
{
  BytestagJoinTask *self = BYTESTAG_JOIN_TASK (task);

  self->step = BYTESTAG_TASK (bytestag_network_ping_address (self->network, &self->address));
  g_signal_connect (self->step, "finished", G_CALLBACK (ping_finished_cb), self);
}

static void
bytestag_join_task_stop (BytestagTask *task)
{
  release (BYTESTAG_JOIN_TASK (task));
}

static void
bytestag_join_task_dispose (GObject *object)
{
  release (BYTESTAG_JOIN_TASK (object));

  G_OBJECT_CLASS (bytestag_join_task_parent_class)->dispose (object);
}

static void
bytestag_join_task_class_init (BytestagJoinTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_join_task_dispose;
  task_class->start = bytestag_join_task_start;
  task_class->stop = bytestag_join_task_stop;
}

static void
bytestag_join_task_init (BytestagJoinTask *self)
{
}

BytestagJoinTask *
_bytestag_join_task_new (BytestagNetwork        *network,
                         const BytestagEndpoint *address)
{
  BytestagJoinTask *self = g_object_new (BYTESTAG_TYPE_JOIN_TASK, "reactor", network->reactor, NULL);

  self->network = g_object_ref (network);
  self->address = *address;
  return self;
}
