/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-signer.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

struct _BytestagTestSigner
{
  GObject parent_instance;

  gnutls_privkey_t key;
  GBytes *public_key;
  BytestagKey node_id;
};

static void signer_iface_init (BytestagSignerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagTestSigner, bytestag_test_signer, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_SIGNER, signer_iface_init))

static GBytes *
signer_get_public_key (BytestagSigner *signer)
{
  return BYTESTAG_TEST_SIGNER (signer)->public_key;
}

static GBytes *
signer_sign (BytestagSigner *signer,
             GBytes         *data,
             GError        **error)
{
  BytestagTestSigner *self = BYTESTAG_TEST_SIGNER (signer);
  gnutls_datum_t datum = { (unsigned char *) g_bytes_get_data (data, NULL), (unsigned int) g_bytes_get_size (data) };
  gnutls_datum_t signature = { 0 };
  GBytes *bytes;

  g_assert_cmpint (gnutls_privkey_sign_data2 (self->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &datum, &signature), >=, 0);
  bytes = g_bytes_new (signature.data, signature.size);
  gnutls_free (signature.data);
  return bytes;
}

static void
signer_iface_init (BytestagSignerInterface *iface)
{
  iface->get_public_key = signer_get_public_key;
  iface->sign = signer_sign;
}

static void
bytestag_test_signer_finalize (GObject *object)
{
  BytestagTestSigner *self = BYTESTAG_TEST_SIGNER (object);

  gnutls_privkey_deinit (self->key);
  g_bytes_unref (self->public_key);

  G_OBJECT_CLASS (bytestag_test_signer_parent_class)->finalize (object);
}

static void
bytestag_test_signer_class_init (BytestagTestSignerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_test_signer_finalize;
}

static void
bytestag_test_signer_init (BytestagTestSigner *self)
{
  gnutls_pubkey_t public_key;
  gnutls_datum_t der = { 0 };
  guint8 digest[32];

  gnutls_privkey_init (&self->key);
  gnutls_pubkey_init (&public_key);
  g_assert_cmpint (gnutls_privkey_generate (self->key, GNUTLS_PK_EDDSA_ED25519,
                                            GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_ED25519), 0), >=, 0);
  g_assert_cmpint (gnutls_pubkey_import_privkey (public_key, self->key, 0, 0), >=, 0);
  g_assert_cmpint (gnutls_pubkey_export2 (public_key, GNUTLS_X509_FMT_DER, &der), >=, 0);
  g_assert_cmpint (gnutls_hash_fast (GNUTLS_DIG_SHA256, der.data, der.size, digest), >=, 0);
  self->public_key = g_bytes_new (der.data, der.size);
  memcpy (self->node_id.bytes, digest, sizeof self->node_id.bytes);
  gnutls_free (der.data);
  gnutls_pubkey_deinit (public_key);
}

BytestagTestSigner *
bytestag_test_signer_new (void)
{
  return g_object_new (BYTESTAG_TYPE_TEST_SIGNER, NULL);
}

const BytestagKey *
bytestag_test_signer_get_node_id (BytestagTestSigner *self)
{
  return &self->node_id;
}
