/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "process/udp-node.h"

#include "io/engine-source.h"
#include "io/system-clock.h"
#include "io/system-rng.h"
#include "storage/memory-table.h"

#define TABLE_BYTES (64 * 1024 * 1024)

BytestagUdpNode *
bytestag_udp_node_new (void)
{
  BytestagUdpNode *self = g_new0 (BytestagUdpNode, 1);
  g_autoptr (BytestagSystemClock) clock = bytestag_system_clock_new ();
  g_autoptr (BytestagSystemRng) rng = bytestag_system_rng_new ();
  g_autoptr (BytestagUdpTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  transport = bytestag_udp_transport_new ("127.0.0.1", 0, &error);
  g_assert_no_error (error);
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  self->table = BYTESTAG_KVP_TABLE (bytestag_memory_table_new (TABLE_BYTES));
  self->network = bytestag_network_new (self->reactor, BYTESTAG_TRANSPORT (transport), self->table, NULL, NULL);
  self->source = bytestag_engine_source_new (transport, BYTESTAG_ENGINE (self->network), BYTESTAG_CLOCK (clock));
  g_source_attach (self->source, NULL);
  return self;
}

void
bytestag_udp_node_free (BytestagUdpNode *self)
{
  bytestag_network_shut_down (self->network);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  bytestag_reactor_close (self->reactor);
  g_object_unref (self->network);
  g_object_unref (self->table);
  g_object_unref (self->reactor);
  g_free (self);
}

void
bytestag_udp_node_get_address (BytestagUdpNode  *self,
                               BytestagEndpoint *address)
{
  bytestag_network_get_address (self->network, address);
}

BytestagNode *
bytestag_udp_node_make_contact (BytestagUdpNode *self)
{
  BytestagEndpoint address;

  bytestag_udp_node_get_address (self, &address);
  return bytestag_node_new (bytestag_network_get_key (self->network), &address);
}

static void
written_cb (const GError *error,
            gpointer      user_data)
{
  g_assert_no_error (error);
}

BytestagKey
bytestag_udp_node_put_value (BytestagUdpNode   *self,
                             const BytestagKey *key,
                             GBytes            *value,
                             gint64             timestamp)
{
  BytestagKvpRecord record = { 0 };

  bytestag_key_digest (&record.id.index, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  record.id.key = key != NULL ? *key : record.id.index;
  record.size = g_bytes_get_size (value);
  record.timestamp = timestamp;
  record.has_timestamp = TRUE;
  bytestag_kvp_table_write (self->table, &record, value, written_cb, NULL);
  return record.id.index;
}

void
bytestag_udp_node_wait (gpointer task)
{
  while (!bytestag_task_is_finished (task))
    g_main_context_iteration (NULL, TRUE);
}
