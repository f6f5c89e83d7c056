/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

#define FILE_NAME "identity.pem"
/* A PEM of ours has 119 bytes; what is longer is none. */
#define MAX_PEM_BYTES 4096
/* DER of an Ed25519 SubjectPublicKeyInfo (RFC 8410). */
#define PUBLIC_KEY_BYTES 44
#define SHA256_BYTES 32

struct _BytestagIdentity
{
  GObject parent_instance;

  gnutls_privkey_t private_key;
  GBytes *public_key;
  BytestagKey node_id;
};

static void signer_iface_init (BytestagSignerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagIdentity, bytestag_identity, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_SIGNER, signer_iface_init))

static void
bytestag_identity_finalize (GObject *object)
{
  BytestagIdentity *self = BYTESTAG_IDENTITY (object);

  g_clear_pointer (&self->private_key, gnutls_privkey_deinit);
  g_clear_pointer (&self->public_key, g_bytes_unref);

  G_OBJECT_CLASS (bytestag_identity_parent_class)->finalize (object);
}

static void
bytestag_identity_class_init (BytestagIdentityClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_identity_finalize;
}

static void
bytestag_identity_init (BytestagIdentity *self)
{
}

static gboolean
set_write_error (GError **error, const char *path)
{
  int saved_errno = errno;

  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot write “%s”: %s"), path,
               g_strerror (saved_errno));

  return FALSE;
}

static gboolean
set_crypto_error (GError **error, int status)
{
  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("The identity of this computer cannot be used: %s"),
               gnutls_strerror (status));

  return FALSE;
}

/* Takes the key into use, whatever made it: public key and node id. */
static gboolean
adopt_key (BytestagIdentity *self, gnutls_x509_privkey_t key, GError **error)
{
  gnutls_pubkey_t public_key = NULL;
  gnutls_datum_t der = { 0 };
  guint8 digest[SHA256_BYTES];
  int status;

  gnutls_privkey_init (&self->private_key);
  gnutls_pubkey_init (&public_key);
  status = gnutls_privkey_import_x509 (self->private_key, key, GNUTLS_PRIVKEY_IMPORT_COPY);
  if (status >= 0)
    status = gnutls_pubkey_import_privkey (public_key, self->private_key, 0, 0);
  if (status >= 0)
    status = gnutls_pubkey_export2 (public_key, GNUTLS_X509_FMT_DER, &der);
  if (status >= 0)
    status = gnutls_hash_fast (GNUTLS_DIG_SHA256, der.data, der.size, digest);
  gnutls_pubkey_deinit (public_key);

  if (status >= 0)
    {
      g_assert (der.size == PUBLIC_KEY_BYTES);
      self->public_key = g_bytes_new (der.data, der.size);
      memcpy (self->node_id.bytes, digest, sizeof self->node_id.bytes);
    }
  gnutls_free (der.data);

  return status >= 0 || set_crypto_error (error, status);
}

/* NULL unless @pem is an Ed25519 key in PKCS#8. */
static gnutls_x509_privkey_t
parse_pem (GBytes *pem)
{
  gnutls_x509_privkey_t key = NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (pem, &size);
  gnutls_datum_t datum = { (unsigned char *) data, (unsigned int) size };

  gnutls_x509_privkey_init (&key);
  if (size == 0 || size > MAX_PEM_BYTES
      || gnutls_x509_privkey_import2 (key, &datum, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN) < 0
      || gnutls_x509_privkey_get_pk_algorithm (key) != GNUTLS_PK_EDDSA_ED25519)
    g_clear_pointer (&key, gnutls_x509_privkey_deinit);

  return key;
}

/* At most a byte more than the limit. Sets errno on failure; a link leads to what is
 * not ours to read or to set aside. */
static GBytes *
read_file (const char *path)
{
  g_autofree guint8 *buffer = g_malloc (MAX_PEM_BYTES + 1);
  gsize length = 0;
  gssize n;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  int saved_errno;

  if (fd < 0)
    return NULL;

  do
    {
      n = read (fd, buffer + length, MAX_PEM_BYTES + 1 - length);
      if (n > 0)
        length += (gsize) n;
    }
  while (n > 0 || (n < 0 && errno == EINTR));

  saved_errno = errno;
  close (fd);
  errno = saved_errno;

  return n == 0 ? g_bytes_new (buffer, length) : NULL;
}

static gboolean
write_all (int fd, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, data, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          data += n;
          length -= (gsize) n;
        }
    }

  return TRUE;
}

static gboolean
sync_folder (const char *folder, GError **error)
{
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;

  if (!synced)
    set_write_error (error, folder);
  if (fd >= 0)
    close (fd);

  return synced;
}

/* Data, rename, folder: each synced, in that order. */
static gboolean
write_file (const char *folder, const char *path, const gnutls_datum_t *pem, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  gboolean written;
  int fd;

  unlink (temporary);
  fd = open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return set_write_error (error, temporary);

  written = write_all (fd, pem->data, pem->size) && fsync (fd) == 0;
  if (!written)
    set_write_error (error, temporary);
  close (fd);

  if (written && rename (temporary, path) < 0)
    written = set_write_error (error, path);
  if (!written)
    unlink (temporary);

  return written && sync_folder (folder, error);
}

static gnutls_x509_privkey_t
generate_key (const char *folder, const char *path, GError **error)
{
  gnutls_x509_privkey_t key = NULL;
  gnutls_datum_t pem = { 0 };
  gboolean saved = FALSE;
  int status;

  gnutls_x509_privkey_init (&key);
  status = gnutls_x509_privkey_generate (key, GNUTLS_PK_EDDSA_ED25519,
                                         GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_ED25519), 0);
  if (status >= 0)
    status = gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);

  if (status >= 0)
    saved = write_file (folder, path, &pem, error);
  else
    set_crypto_error (error, status);

  if (pem.data != NULL)
    gnutls_memset (pem.data, 0, pem.size);
  gnutls_free (pem.data);
  if (!saved)
    g_clear_pointer (&key, gnutls_x509_privkey_deinit);

  return key;
}

/* (transfer full) where the damaged file is now; NULL with @error. */
static char *
set_file_aside (const char *path, GError **error)
{
  for (guint n = 1;; n++)
    {
      g_autofree char *aside = g_strdup_printf ("%s.damaged-%u", path, n);
      struct stat status;

      if (lstat (aside, &status) == 0)
        continue;

      if (rename (path, aside) < 0)
        {
          int saved_errno = errno;

          g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot rename “%s”: %s"), path,
                       g_strerror (saved_errno));
          return NULL;
        }

      return g_steal_pointer (&aside);
    }
}

/* Takes @key. */
static BytestagIdentity *
identity_new_take (gnutls_x509_privkey_t key, GError **error)
{
  g_autoptr (BytestagIdentity) self = g_object_new (BYTESTAG_TYPE_IDENTITY, NULL);
  gboolean adopted = adopt_key (self, key, error);

  gnutls_x509_privkey_deinit (key);

  return adopted ? g_steal_pointer (&self) : NULL;
}

BytestagIdentity *
bytestag_identity_new_from_pem (GBytes *pem, GError **error)
{
  gnutls_x509_privkey_t key;

  g_return_val_if_fail (pem != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  key = parse_pem (pem);
  if (key == NULL)
    {
      set_crypto_error (error, GNUTLS_E_PARSING_ERROR);
      return NULL;
    }

  return identity_new_take (key, error);
}

BytestagIdentity *
bytestag_identity_load (const char *folder, char **set_aside, GError **error)
{
  g_autoptr (BytestagIdentity) self = NULL;
  g_autofree char *path = NULL;
  g_autofree char *aside = NULL;
  g_autoptr (GBytes) pem = NULL;
  gnutls_x509_privkey_t key = NULL;

  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (set_aside != NULL)
    *set_aside = NULL;

  path = g_build_filename (folder, FILE_NAME, NULL);
  pem = read_file (path);
  /* Unreadable is not damaged: the key may still be good. */
  if (pem == NULL && errno != ENOENT)
    {
      int saved_errno = errno;

      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot read “%s”: %s"), path,
                   g_strerror (saved_errno));
      return NULL;
    }

  if (pem != NULL)
    {
      key = parse_pem (pem);
      if (key == NULL && (aside = set_file_aside (path, error)) == NULL)
        return NULL;
      /* A copy from elsewhere may have lost its mode. */
      if (key != NULL)
        g_chmod (path, 0600);
    }

  if (key == NULL && (key = generate_key (folder, path, error)) == NULL)
    return NULL;

  self = identity_new_take (key, error);
  if (self == NULL)
    return NULL;

  if (set_aside != NULL)
    *set_aside = g_steal_pointer (&aside);

  return g_steal_pointer (&self);
}

const BytestagKey *
bytestag_identity_get_node_id (BytestagIdentity *self)
{
  g_return_val_if_fail (BYTESTAG_IS_IDENTITY (self), NULL);

  return &self->node_id;
}

GBytes *
bytestag_identity_get_public_key (BytestagIdentity *self)
{
  g_return_val_if_fail (BYTESTAG_IS_IDENTITY (self), NULL);

  return self->public_key;
}

GBytes *
bytestag_identity_sign (BytestagIdentity *self, GBytes *data, GError **error)
{
  gnutls_datum_t signature = { 0 };
  gnutls_datum_t datum;
  GBytes *bytes;
  gsize size;
  int status;

  g_return_val_if_fail (BYTESTAG_IS_IDENTITY (self), NULL);
  g_return_val_if_fail (data != NULL, NULL);

  datum.data = (unsigned char *) g_bytes_get_data (data, &size);
  datum.size = (unsigned int) size;
  status = gnutls_privkey_sign_data2 (self->private_key, GNUTLS_SIGN_EDDSA_ED25519, 0, &datum, &signature);
  if (status < 0)
    {
      set_crypto_error (error, status);
      return NULL;
    }

  bytes = g_bytes_new (signature.data, signature.size);
  gnutls_free (signature.data);

  return bytes;
}

static GBytes *
signer_get_public_key (BytestagSigner *signer)
{
  return bytestag_identity_get_public_key (BYTESTAG_IDENTITY (signer));
}

static GBytes *
signer_sign (BytestagSigner *signer, GBytes *data, GError **error)
{
  return bytestag_identity_sign (BYTESTAG_IDENTITY (signer), data, error);
}

static void
signer_iface_init (BytestagSignerInterface *iface)
{
  iface->get_public_key = signer_get_public_key;
  iface->sign = signer_sign;
}
