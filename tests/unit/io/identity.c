/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/identity.h"

#include <glib/gstdio.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "support/test-folder.h"

/* RFC 8032, section 7.1, test 2: the secret key in PKCS#8, the public key as a
 * SubjectPublicKeyInfo, the message 72 and its signature; and the start of the
 * SHA-256 of the SubjectPublicKeyInfo, by another implementation. */
#define KNOWN_PEM                                                      \
  "-----BEGIN PRIVATE KEY-----\n"                                      \
  "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n" \
  "-----END PRIVATE KEY-----\n"
#define KNOWN_PUBLIC_KEY "302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define KNOWN_NODE_ID "deb2ded39dc26fce0e6085b6fc34bf6b5941913b"
#define KNOWN_MESSAGE "\x72"
#define KNOWN_SIGNATURE                                              \
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" \
  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->folder = bytestag_test_folder_new ();
  fixture->path = g_build_filename (fixture->folder, "identity.pem", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_free (fixture->path);
  bytestag_test_folder_remove (fixture->folder);
}

static BytestagIdentity *
load (Fixture *fixture, char **set_aside)
{
  g_autoptr (GError) error = NULL;
  BytestagIdentity *identity = bytestag_identity_load (fixture->folder, set_aside, &error);

  g_assert_no_error (error);
  g_assert_nonnull (identity);

  return identity;
}

static char *
to_hex (GBytes *bytes)
{
  GString *hex = g_string_new (NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (hex, "%02x", data[i]);

  return g_string_free (hex, FALSE);
}

static void
assert_mode_of_owner_only (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
}

static void
test_known_answer (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *path = bytestag_test_folder_write (fixture->folder, "identity.pem", KNOWN_PEM, strlen (KNOWN_PEM));
  g_autofree char *set_aside = NULL;
  g_autoptr (BytestagIdentity) identity = load (fixture, &set_aside);
  g_autoptr (GBytes) message = g_bytes_new_static (KNOWN_MESSAGE, strlen (KNOWN_MESSAGE));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) signature = bytestag_identity_sign (identity, message, &error);
  g_autofree char *node_id = bytestag_key_to_hex (bytestag_identity_get_node_id (identity));
  g_autofree char *public_key = to_hex (bytestag_identity_get_public_key (identity));
  g_autofree char *signature_hex = NULL;

  g_assert_no_error (error);
  signature_hex = to_hex (signature);
  g_assert_null (set_aside);
  g_assert_cmpstr (node_id, ==, KNOWN_NODE_ID);
  g_assert_cmpstr (public_key, ==, KNOWN_PUBLIC_KEY);
  g_assert_cmpstr (signature_hex, ==, KNOWN_SIGNATURE);
}

static void
test_made_once (Fixture *fixture, gconstpointer user_data)
{
  char *set_aside = fixture->path; /* is cleared */
  g_autoptr (BytestagIdentity) first = load (fixture, &set_aside);
  g_autoptr (BytestagIdentity) second = load (fixture, NULL);
  g_autofree char *temporary = g_strconcat (fixture->path, ".new", NULL);

  g_assert_null (set_aside);
  g_assert_true (bytestag_key_equal (bytestag_identity_get_node_id (first), bytestag_identity_get_node_id (second)));
  g_assert_true (g_bytes_equal (bytestag_identity_get_public_key (first), bytestag_identity_get_public_key (second)));
  g_assert_cmpuint (g_bytes_get_size (bytestag_identity_get_public_key (first)), ==, 44);
  assert_mode_of_owner_only (fixture->path);
  g_assert_false (g_file_test (temporary, G_FILE_TEST_EXISTS));
}

static void
test_each_is_another (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagIdentity) first = load (fixture, NULL);
  g_autoptr (BytestagIdentity) second = NULL;

  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  second = load (fixture, NULL);
  g_assert_false (bytestag_key_equal (bytestag_identity_get_node_id (first), bytestag_identity_get_node_id (second)));
}

/* Others may not read a key that was copied carelessly. */
static void
test_mode_is_mended (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *path = bytestag_test_folder_write (fixture->folder, "identity.pem", KNOWN_PEM, strlen (KNOWN_PEM));
  g_autoptr (BytestagIdentity) identity = NULL;

  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  identity = load (fixture, NULL);
  assert_mode_of_owner_only (path);
}

/* What a crash left behind does not stop the next start. */
static void
test_left_over_temporary (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *path = bytestag_test_folder_write (fixture->folder, "identity.pem.new", "half", 4);
  g_autoptr (BytestagIdentity) identity = load (fixture, NULL);

  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static char *
make_pem_of_other_algorithm (void)
{
  gnutls_x509_privkey_t key;
  gnutls_datum_t pem;
  char *text;

  gnutls_x509_privkey_init (&key);
  g_assert_cmpint (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                                 GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0), ==, 0);
  g_assert_cmpint (gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem), ==,
                   0);
  text = g_strndup ((const char *) pem.data, pem.size);
  gnutls_free (pem.data);
  gnutls_x509_privkey_deinit (key);

  return text;
}

static void
test_damaged (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *other_algorithm = make_pem_of_other_algorithm ();
  g_autofree char *long_text = g_strnfill (100000, 'x');
  g_autofree char *trailing = g_strconcat (KNOWN_PEM, long_text, NULL);
  const char *contents[] = {
    "", "not a key", "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n", other_algorithm, long_text,
    trailing,
  };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_autofree char *path = bytestag_test_folder_write (fixture->folder, "identity.pem", contents[i],
                                                          strlen (contents[i]));
      g_autofree char *expected = g_strdup_printf ("%s.damaged-%u", path, i + 1);
      g_autofree char *set_aside = NULL;
      g_autofree char *kept = NULL;
      g_autoptr (BytestagIdentity) identity = load (fixture, &set_aside);
      g_autoptr (BytestagIdentity) again = load (fixture, NULL);

      g_assert_cmpstr (set_aside, ==, expected);
      g_assert_true (g_file_get_contents (set_aside, &kept, NULL, NULL));
      g_assert_cmpstr (kept, ==, contents[i]);
      g_assert_true (bytestag_key_equal (bytestag_identity_get_node_id (identity),
                                         bytestag_identity_get_node_id (again)));
    }
}

/* What cannot be read may still be good: an error, and nothing is replaced. (A link
 * to itself stands for it: root may read whatever has no permission.) */
/* Neither read, nor changed, nor replaced: what a link leads to is not ours. */
static void
test_link (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *other = bytestag_test_folder_write (fixture->folder, "other", "x", 1);
  g_autoptr (GError) error = NULL;
  GStatBuf status;

  g_assert_cmpint (g_chmod (other, 0644), ==, 0);
  g_assert_cmpint (symlink (other, fixture->path), ==, 0);
  g_assert_null (bytestag_identity_load (fixture->folder, NULL, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_assert_cmpint (g_stat (other, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0644);
  g_assert_true (g_file_test (fixture->path, G_FILE_TEST_IS_SYMLINK));
}

static void
test_unreadable (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *set_aside = NULL;

  g_assert_cmpint (symlink ("identity.pem", fixture->path), ==, 0);
  g_assert_null (bytestag_identity_load (fixture->folder, &set_aside, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, fixture->path));
  g_assert_null (set_aside);
  g_assert_true (g_file_test (fixture->path, G_FILE_TEST_IS_SYMLINK));
}

static void
test_no_folder (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *folder = g_build_filename (fixture->folder, "missing", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_identity_load (folder, NULL, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
}

static void
test_from_pem (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GBytes) known = g_bytes_new_static (KNOWN_PEM, strlen (KNOWN_PEM));
  g_autoptr (GBytes) cut = g_bytes_new_static (KNOWN_PEM, strlen (KNOWN_PEM) / 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagIdentity) identity = bytestag_identity_new_from_pem (known, &error);
  g_autofree char *public_key = NULL;

  g_assert_no_error (error);
  public_key = to_hex (bytestag_identity_get_public_key (identity));
  g_assert_cmpstr (public_key, ==, KNOWN_PUBLIC_KEY);
  g_assert_null (bytestag_identity_new_from_pem (cut, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
}

static void
test_finalize (Fixture *fixture, gconstpointer user_data)
{
  BytestagIdentity *identity = load (fixture, NULL);

  g_assert_finalize_object (identity);
}

#define ADD(name, test) g_test_add ("/io/identity/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("known-answer", test_known_answer);
  ADD ("from-pem", test_from_pem);
  ADD ("made-once", test_made_once);
  ADD ("each-is-another", test_each_is_another);
  ADD ("mode-is-mended", test_mode_is_mended);
  ADD ("left-over-temporary", test_left_over_temporary);
  ADD ("damaged", test_damaged);
  ADD ("link", test_link);
  ADD ("unreadable", test_unreadable);
  ADD ("no-folder", test_no_folder);
  ADD ("finalize", test_finalize);

  return g_test_run ();
}
