/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/nat.h"

struct _BytestagNat
{
  BytestagNatKind kind;
  BytestagEndpoint outer;
  guint16 next_port;
  GHashTable *mappings; /* Mapping by its remote */
};

typedef struct {
  BytestagEndpoint remote;
  guint16 port;
  gint64 last_sent;
} Mapping;

BytestagNat *
bytestag_nat_new (BytestagNatKind         kind,
                  const BytestagEndpoint *outer)
{
  BytestagNat *self = g_new0 (BytestagNat, 1);

  self->kind = kind;
  self->outer = *outer;
  self->next_port = outer->port;
  self->mappings = g_hash_table_new_full (bytestag_endpoint_hash, bytestag_endpoint_equal, NULL, g_free);
  return self;
}

void
bytestag_nat_free (BytestagNat *self)
{
  g_hash_table_unref (self->mappings);
  g_free (self);
}

static gboolean
is_alive (const Mapping *mapping,
          gint64         now)
{
  return now - mapping->last_sent < BYTESTAG_NAT_LIFETIME;
}

static guint16
take_port (BytestagNat *self)
{
  if (self->kind == BYTESTAG_NAT_PORT_RESTRICTED)
    return self->outer.port;

  /* Round from the last to the first: by then the oldest mappings are dead. */
  if (self->next_port == G_MAXUINT16)
    self->next_port = self->outer.port;
  return self->next_port++;
}

void
bytestag_nat_send (BytestagNat            *self,
                   gint64                  now,
                   const BytestagEndpoint *to,
                   BytestagEndpoint       *outer)
{
  Mapping *mapping = g_hash_table_lookup (self->mappings, to);

  if (mapping == NULL)
    {
      mapping = g_new0 (Mapping, 1);
      mapping->remote = *to;
      mapping->port = take_port (self);
      g_hash_table_insert (self->mappings, &mapping->remote, mapping);
    }
  else if (!is_alive (mapping, now))
    {
      mapping->port = take_port (self);
    }

  mapping->last_sent = now;
  *outer = self->outer;
  outer->port = mapping->port;
}

gboolean
bytestag_nat_admits (BytestagNat            *self,
                     gint64                  now,
                     const BytestagEndpoint *from,
                     const BytestagEndpoint *outer)
{
  const Mapping *mapping = g_hash_table_lookup (self->mappings, from);

  return mapping != NULL && mapping->port == outer->port && is_alive (mapping, now);
}
