/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-transport.h"

typedef struct {
  BytestagEndpoint to;
  GBytes *data;
} Datagram;

struct _BytestagTestTransport
{
  GObject parent_instance;

  BytestagEndpoint address;
  GQueue datagrams;
  gboolean broken;
};

static gboolean
bytestag_test_transport_send (BytestagTransport      *transport,
                              const BytestagEndpoint *to,
                              const guint8           *data,
                              gsize                   length)
{
  BytestagTestTransport *self = BYTESTAG_TEST_TRANSPORT (transport);
  Datagram *datagram;

  if (self->broken)
    return FALSE;

  datagram = g_new0 (Datagram, 1);
  datagram->to = *to;
  datagram->data = g_bytes_new (data, length);
  g_queue_push_tail (&self->datagrams, datagram);

  return TRUE;
}

static void
bytestag_test_transport_get_address (BytestagTransport *transport,
                                     BytestagEndpoint  *address)
{
  *address = BYTESTAG_TEST_TRANSPORT (transport)->address;
}

static void
transport_iface_init (BytestagTransportInterface *iface)
{
  iface->send = bytestag_test_transport_send;
  iface->get_address = bytestag_test_transport_get_address;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagTestTransport, bytestag_test_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_TRANSPORT, transport_iface_init))

static void
datagram_free (gpointer data)
{
  Datagram *datagram = data;

  g_bytes_unref (datagram->data);
  g_free (datagram);
}

static void
bytestag_test_transport_finalize (GObject *object)
{
  BytestagTestTransport *self = BYTESTAG_TEST_TRANSPORT (object);

  g_queue_clear_full (&self->datagrams, datagram_free);

  G_OBJECT_CLASS (bytestag_test_transport_parent_class)->finalize (object);
}

static void
bytestag_test_transport_class_init (BytestagTestTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = bytestag_test_transport_finalize;
}

static void
bytestag_test_transport_init (BytestagTestTransport *self)
{
}

BytestagTestTransport *
bytestag_test_transport_new (const BytestagEndpoint *address)
{
  BytestagTestTransport *self = g_object_new (BYTESTAG_TYPE_TEST_TRANSPORT, NULL);

  self->address = *address;

  return self;
}

guint
bytestag_test_transport_get_n_datagrams (BytestagTestTransport *self)
{
  return self->datagrams.length;
}

GBytes *
bytestag_test_transport_take (BytestagTestTransport *self,
                              BytestagEndpoint      *to)
{
  Datagram *datagram = g_queue_pop_head (&self->datagrams);
  GBytes *data;

  if (datagram == NULL)
    return NULL;

  if (to != NULL)
    *to = datagram->to;
  data = g_bytes_ref (datagram->data);
  datagram_free (datagram);

  return data;
}

void
bytestag_test_transport_set_broken (BytestagTestTransport *self,
                                    gboolean               broken)
{
  self->broken = broken;
}
