/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "bytestag-io"

#include "config.h"

#include "io/system-rng.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

struct _BytestagSystemRng
{
  GObject parent_instance;
};

static void bytestag_system_rng_rng_init (BytestagRngInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagSystemRng, bytestag_system_rng, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_RNG, bytestag_system_rng_rng_init))

static void
bytestag_system_rng_fill (BytestagRng *rng, guint8 *bytes, gsize length)
{
  int status = gnutls_rnd (GNUTLS_RND_NONCE, bytes, length);

  /* Ids that a stranger can guess would let it answer in another's name. */
  if (status < 0)
    g_error ("The system gives no random bytes: %s", gnutls_strerror (status));
}

static void
bytestag_system_rng_rng_init (BytestagRngInterface *iface)
{
  iface->fill = bytestag_system_rng_fill;
}

static void
bytestag_system_rng_class_init (BytestagSystemRngClass *klass)
{
}

static void
bytestag_system_rng_init (BytestagSystemRng *self)
{
}

BytestagSystemRng *
bytestag_system_rng_new (void)
{
  return g_object_new (BYTESTAG_TYPE_SYSTEM_RNG, NULL);
}
