/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/record.h"

#include <string.h>

#include "core/error.h"
#include "support/test-signer.h"

#define NOW G_GINT64_CONSTANT (1600000000)
#define TODAY (NOW / 86400 * 86400)

static const BytestagKey collection = { { 1, 2, 3 } };

static BytestagEndpoint
make_address (const char *host)
{
  BytestagEndpoint address;

  g_assert_true (bytestag_endpoint_set_host (&address, host, -1, 4000));
  return address;
}

static GBytes *
build_provider (BytestagTestSigner *signer,
                guint               n_addresses)
{
  BytestagEndpoint addresses[BYTESTAG_LIMIT_ADDRESSES_OF_RECORD];
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  for (guint i = 0; i < n_addresses; i++)
    addresses[i] = make_address (i == 1 ? "2001:db8::1" : "9.1.2.3");
  bytes = bytestag_record_build_provider (BYTESTAG_SIGNER (signer), &collection, addresses, n_addresses, NOW, &error);
  g_assert_no_error (error);
  return bytes;
}

static BytestagRecord *
parse (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  BytestagRecord *record = bytestag_record_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  return record;
}

static void
assert_refused (const char *text,
                gsize       length)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_record_parse ((const guint8 *) text, length, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
}

/* Keys of their own: the SHA-256 of a prefix and the 20 bytes. */
static void
test_key (void)
{
  static const struct { BytestagKvpKind kind; const char *prefix; } cases[] = {
    { BYTESTAG_KVP_PROVIDER, "bytestag:provider:" },
    { BYTESTAG_KVP_CATALOGUE, "bytestag:catalogue:" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) text = g_byte_array_new ();
      g_autofree char *expected = NULL;
      g_autofree char *hex = NULL;
      BytestagKey key;

      g_byte_array_append (text, (const guint8 *) cases[i].prefix, (guint) strlen (cases[i].prefix));
      g_byte_array_append (text, collection.bytes, sizeof collection.bytes);
      expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, text->data, text->len);
      expected[40] = '\0';
      bytestag_record_derive_key (cases[i].kind, &collection, &key);
      hex = bytestag_key_to_hex (&key);
      g_assert_cmpstr (hex, ==, expected);
    }
}

/* Byte for byte as B.3 has it. */
static void
test_provider (void)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GBytes) bytes = build_provider (signer, 2);
  g_autoptr (BytestagRecord) record = parse (bytes);
  GBytes *public_key = bytestag_signer_get_public_key (BYTESTAG_SIGNER (signer));
  g_autofree char *pub = g_base64_encode (g_bytes_get_data (public_key, NULL), g_bytes_get_size (public_key));
  g_autofree char *key = bytestag_key_to_base64 (&collection);
  g_autofree char *start = NULL;

  start = g_strdup_printf ("{\"!\":\"BytestagProvider\",\"addresses\":[{\"host\":\"9.1.2.3\",\"port\":4000},"
                           "{\"host\":\"2001:db8::1\",\"port\":4000}],\"key\":\"%s\",\"pub\":\"%s\","
                           "\"seq\":%" G_GINT64_FORMAT ",\"sig\":\"", key, pub, TODAY);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), strlen (start), start, strlen (start));
  g_assert_cmpint (record->kind, ==, BYTESTAG_KVP_PROVIDER);
  g_assert_true (bytestag_key_equal (&record->subject, &collection));
  g_assert_true (bytestag_key_equal (&record->node_id, bytestag_test_signer_get_node_id (signer)));
  g_assert_cmpint (record->seq, ==, TODAY);
  g_assert_cmpuint (record->n_addresses, ==, 2);
  g_assert_cmpuint (record->addresses[0].port, ==, 4000);
  g_assert_cmpint (bytestag_record_get_claim (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==,
                   BYTESTAG_KVP_PROVIDER);
}

static GPtrArray *
make_entries (guint       n,
              const char *name)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_catalogue_entry_free);

  for (guint i = 0; i < n; i++)
    {
      BytestagKey key = { { (guint8) i, (guint8) (i >> 8) } };

      g_ptr_array_add (entries, bytestag_catalogue_entry_new (&key, name, G_GUINT64_CONSTANT (5000000000) + i, i));
    }
  return entries;
}

static void
check_catalogue (guint       n,
                 const char *name,
                 guint       n_pages,
                 guint       n_taken)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GPtrArray) entries = make_entries (n, name);
  g_autoptr (GPtrArray) pages = bytestag_record_build_catalogue (BYTESTAG_SIGNER (signer), entries, NOW, NULL);
  guint at = 0;

  g_assert_cmpuint (pages->len, ==, n_pages);
  for (guint i = 0; i < pages->len; i++)
    {
      g_autoptr (BytestagRecord) record = parse (pages->pdata[i]);

      g_assert_cmpuint (g_bytes_get_size (pages->pdata[i]), <=, BYTESTAG_LIMIT_RECORD_BYTES);
      g_assert_cmpint (record->kind, ==, BYTESTAG_KVP_CATALOGUE);
      g_assert_true (bytestag_key_equal (&record->subject, bytestag_test_signer_get_node_id (signer)));
      g_assert_cmpuint (record->page, ==, i);
      g_assert_cmpuint (record->n_pages, ==, n_pages);
      for (guint j = 0; j < record->entries->len; j++, at++)
        {
          const BytestagCatalogueEntry *entry = record->entries->pdata[j];
          const BytestagCatalogueEntry *expected = entries->pdata[at];

          g_assert_true (bytestag_key_equal (&entry->key, &expected->key));
          g_assert_cmpstr (entry->name, ==, expected->name);
          g_assert_cmpuint (entry->size, ==, expected->size);
          g_assert_cmpuint (entry->n_files, ==, expected->n_files);
        }
    }
  g_assert_cmpuint (at, ==, n_taken);
}

/* Pages of BYTESTAG_LIMIT_ENTRIES_OF_PAGE, no more than BYTESTAG_LIMIT_PAGES_OF_CATALOGUE. */
static void
test_catalogue (void)
{
  g_autofree char *long_name = g_strnfill (5000, 'x');
  g_autofree char *too_long_name = g_strnfill (BYTESTAG_LIMIT_RECORD_BYTES, 'x');
  guint most = BYTESTAG_LIMIT_ENTRIES_OF_PAGE * BYTESTAG_LIMIT_PAGES_OF_CATALOGUE;

  check_catalogue (0, NULL, 1, 0);
  check_catalogue (3, "Bücher “und” mehr", 1, 3);
  check_catalogue (BYTESTAG_LIMIT_ENTRIES_OF_PAGE + 1, NULL, 2, BYTESTAG_LIMIT_ENTRIES_OF_PAGE + 1);
  check_catalogue (7, long_name, 3, 7);
  check_catalogue (2, too_long_name, 1, 0);
  check_catalogue (most + 5, NULL, BYTESTAG_LIMIT_PAGES_OF_CATALOGUE, most);
}

/* Not one byte of a record may be another. */
static void
test_every_byte (void)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GBytes) bytes = build_provider (signer, 1);
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  for (gsize i = 0; i < length; i++)
    {
      g_autofree char *other = g_memdup2 (data, length);

      other[i] = other[i] == '1' ? '2' : '1';
      assert_refused (other, length);
    }
  for (gsize i = 0; i < length; i++)
    assert_refused (data, i);
}

/* A signature of other bytes, or of another owner. */
static void
test_signature (void)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (BytestagTestSigner) other = bytestag_test_signer_new ();
  g_autoptr (GBytes) bytes = build_provider (signer, 1);
  g_autoptr (GBytes) others = build_provider (other, 1);
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *others_text = g_strndup (g_bytes_get_data (others, NULL), g_bytes_get_size (others));

  g_assert_cmpuint (strlen (text), ==, strlen (others_text));
  memcpy (strstr (text, "\"sig\""), strstr (others_text, "\"sig\""), strlen (strstr (text, "\"sig\"")));
  assert_refused (text, strlen (text));
}

/* What is not written as we write it, though it means the same. */
static void
test_form (void)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GBytes) bytes = build_provider (signer, 1);
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *space = g_strconcat (text, " ", NULL);
  g_autofree char *more = g_strdup_printf ("{\"!\":\"BytestagProvider\",\"a\":1,%s", text + strlen ("{\"!\":\"BytestagProvider\","));
  g_autofree char *long_text = g_strnfill (BYTESTAG_LIMIT_RECORD_BYTES + 1, ' ');

  assert_refused (space, strlen (space));
  assert_refused (more, strlen (more));
  memcpy (long_text, text, strlen (text));
  assert_refused (long_text, BYTESTAG_LIMIT_RECORD_BYTES + 1);
  assert_refused ("", 0);
  assert_refused ("{\"!\":\"BytestagFileInfo\"}", strlen ("{\"!\":\"BytestagFileInfo\"}"));
}

/* BYTESTAG_LIMIT_ADDRESSES_OF_RECORD */
static void
test_addresses (void)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GBytes) bytes = build_provider (signer, BYTESTAG_LIMIT_ADDRESSES_OF_RECORD);
  g_autoptr (BytestagRecord) record = parse (bytes);
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *more = NULL;

  g_assert_cmpuint (record->n_addresses, ==, BYTESTAG_LIMIT_ADDRESSES_OF_RECORD);
  more = g_strdup_printf ("{\"!\":\"BytestagProvider\",\"addresses\":[{\"host\":\"9.1.2.3\",\"port\":4000},%s",
                          strchr (text, '[') + 1);
  assert_refused (more, strlen (more));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/record/key", test_key);
  g_test_add_func ("/wire/record/provider", test_provider);
  g_test_add_func ("/wire/record/catalogue", test_catalogue);
  g_test_add_func ("/wire/record/every-byte", test_every_byte);
  g_test_add_func ("/wire/record/signature", test_signature);
  g_test_add_func ("/wire/record/form", test_form);
  g_test_add_func ("/wire/record/addresses", test_addresses);

  return g_test_run ();
}
