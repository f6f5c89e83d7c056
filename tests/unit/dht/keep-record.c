/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a hostile peer may, and may not, have us keep of signed records. */
#include "config.h"

#include "core/limits.h"
#include "fixture.h"
#include "support/test-signer.h"
#include "wire/record.h"

#include <string.h>

#define NOW G_GINT64_CONSTANT (1600000000)
#define DAY BYTESTAG_LIMIT_RECORD_LIFE

static const BytestagKey collection = { { 1, 2, 3 } };

/* (transfer full) a provider's record at @host, of @day days from now. */
static GBytes *
build (BytestagTestSigner *signer,
       const char         *host,
       int                 day)
{
  BytestagEndpoint address;

  g_assert_true (bytestag_endpoint_set_host (&address, host, -1, 4000));
  return bytestag_record_build_provider (BYTESTAG_SIGNER (signer), &collection, &address, 1, NOW + day * DAY, NULL);
}

static void
transfer_cb (BytestagForeign        *peer,
             const BytestagEndpoint *from,
             const char             *rpc,
             JsonObject             *message,
             gpointer                user_data)
{
  GBytes *value = user_data;
  g_autofree char *text = g_base64_encode (g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  const char *transfer = g_str_equal (rpc, "reply")
                           ? json_object_get_string_member_with_default (message, "xferid", NULL)
                           : NULL;

  if (transfer == NULL)
    return;
  bytestag_foreign_send (peer, from, "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": \"s\"}", transfer, text);
  bytestag_foreign_send (peer, from, "{\"xfer_id\": \"%s\", \"xfer_data\": null}", transfer);
}

/* A peer at @host stores @value under @key: whether it is kept now. */
static gboolean
store (Fixture           *test,
       const char        *host,
       const BytestagKey *key,
       GBytes            *value)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, host);
  g_autofree char *key_text = bytestag_key_to_base64 (key);
  g_autofree char *index_text = NULL;
  BytestagKvpId id = { .key = *key };

  bytestag_key_digest (&id.index, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  index_text = bytestag_key_to_base64 (&id.index);
  bytestag_foreign_set_func (peer, transfer_cb, value);
  bytestag_foreign_send (peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"store\", \"key\": \"%s\", \"index\": \"%s\", "
                         "\"size\": %" G_GSIZE_FORMAT ", \"timestmp\": 1600000000, \"keep\": 1209600, "
                         "\"seq_id\": \"a\", \"ext\": 2}", key_text, index_text, g_bytes_get_size (value));
  bytestag_sim_run (test->sim, SECOND / 5);
  return bytestag_kvp_table_lookup (bytestag_sim_get_table (test->sim, 0), &id, NULL);
}

static guint64
count_refused (Fixture            *test,
               BytestagRecordFault fault)
{
  return bytestag_network_get_counters (test->network)->records_refused[fault];
}

static void
count_cb (const BytestagKvpRecord *record,
          gpointer                 user_data)
{
  guint *n = user_data;

  (*n)++;
  g_assert_cmpint (record->kind, ==, BYTESTAG_KVP_PROVIDER);
  g_assert_cmpint (record->until, <=, NOW + DAY + 60);
}

static guint
count_kept (Fixture           *test,
            const BytestagKey *key)
{
  guint n = 0;

  bytestag_kvp_table_visit_key (bytestag_sim_get_table (test->sim, 0), key, count_cb, &n);
  return n;
}

static void
test_kept (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GBytes) value = build (signer, "9.8.0.1", 0);
  BytestagKey key;

  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &key);
  g_assert_true (store (test, "9.8.0.1", &key, value));
  g_assert_cmpuint (count_kept (test, &key), ==, 1);
}

static void
test_refused (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GBytes) right = build (signer, "9.8.0.1", 0);
  g_autoptr (GBytes) early = build (signer, "9.8.0.1", -BYTESTAG_LIMIT_RECORD_DAYS - 1);
  g_autoptr (GBytes) late = build (signer, "9.8.0.1", BYTESTAG_LIMIT_RECORD_DAYS + 1);
  g_autofree char *text = g_memdup2 (g_bytes_get_data (right, NULL), g_bytes_get_size (right));
  g_autoptr (GBytes) wrong = NULL;
  BytestagKey key;

  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &key);
  /* A victim's address. */
  g_assert_false (store (test, "9.8.0.2", &key, right));
  g_assert_cmpuint (count_refused (test, BYTESTAG_RECORD_FAULT_HOST), ==, 1);
  g_assert_false (store (test, "9.8.0.1", &collection, right));
  g_assert_cmpuint (count_refused (test, BYTESTAG_RECORD_FAULT_KEY), ==, 1);
  g_assert_false (store (test, "9.8.0.1", &key, early));
  g_assert_false (store (test, "9.8.0.1", &key, late));
  g_assert_cmpuint (count_refused (test, BYTESTAG_RECORD_FAULT_DAY), ==, 2);

  text[g_bytes_get_size (right) - 10] ^= 1;
  wrong = g_bytes_new (text, g_bytes_get_size (right));
  g_assert_false (store (test, "9.8.0.1", &key, wrong));
  g_assert_cmpuint (count_refused (test, BYTESTAG_RECORD_FAULT_FORM), ==, 1);
}

/* Of one owner the newest, whatever came first. */
static void
test_newest (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autoptr (GBytes) yesterday = build (signer, "9.8.0.1", -1);
  g_autoptr (GBytes) today = build (signer, "9.8.0.1", 0);
  BytestagKey key;

  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &key);
  g_assert_true (store (test, "9.8.0.1", &key, yesterday));
  g_assert_true (store (test, "9.8.0.1", &key, today));
  g_assert_cmpuint (count_kept (test, &key), ==, 1);
  g_assert_false (store (test, "9.8.0.1", &key, yesterday));
  g_assert_cmpuint (count_refused (test, BYTESTAG_RECORD_FAULT_OLDER), ==, 1);
}

/* A thousand owners in one network have BYTESTAG_LIMIT_RECORDS_OF_NETWORK places. */
static void
test_network (Fixture      *test,
              gconstpointer data)
{
  const guint n = 1000;
  BytestagKey key;

  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &key);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
      g_autofree char *host = g_strdup_printf ("9.8.0.%u", 1 + i % 250);
      g_autoptr (GBytes) value = build (signer, host, 0);

      g_assert_true (store (test, host, &key, value) == (i < BYTESTAG_LIMIT_RECORDS_OF_NETWORK));
    }
  g_assert_cmpuint (count_kept (test, &key), ==, BYTESTAG_LIMIT_RECORDS_OF_NETWORK);
  g_assert_cmpuint (count_refused (test, BYTESTAG_RECORD_FAULT_NETWORK_FULL), ==,
                    n - BYTESTAG_LIMIT_RECORDS_OF_NETWORK);
}

/* BYTESTAG_LIMIT_RECORDS_OF_KEY from as many networks; one that is there is renewed. */
static void
test_full (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (BytestagTestSigner) first = bytestag_test_signer_new ();
  g_autoptr (GBytes) newer = build (first, "9.10.0.1", 0);
  BytestagKey key;

  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &key);
  for (guint i = 0; i <= BYTESTAG_LIMIT_RECORDS_OF_KEY; i++)
    {
      g_autoptr (BytestagTestSigner) signer = i == 0 ? g_object_ref (first) : bytestag_test_signer_new ();
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 10 + i);
      g_autoptr (GBytes) value = build (signer, host, -1);

      g_assert_true (store (test, host, &key, value) == (i < BYTESTAG_LIMIT_RECORDS_OF_KEY));
    }
  g_assert_cmpuint (count_refused (test, BYTESTAG_RECORD_FAULT_FULL), ==, 1);
  g_assert_true (store (test, "9.10.0.1", &key, newer));
  g_assert_cmpuint (count_kept (test, &key), ==, BYTESTAG_LIMIT_RECORDS_OF_KEY);
}

/* In a private network there are no shares. */
static void
test_private (Fixture      *test,
              gconstpointer data)
{
  BytestagKey key;

  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &key);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
      g_autofree char *host = g_strdup_printf ("10.8.0.%u", 1 + i);
      g_autoptr (GBytes) value = build (signer, host, 0);

      g_assert_true (store (test, host, &key, value));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/keep-record/kept", test_kept);
  FIXTURE_TEST ("/dht/keep-record/refused", test_refused);
  FIXTURE_TEST ("/dht/keep-record/newest", test_newest);
  FIXTURE_TEST ("/dht/keep-record/network", test_network);
  FIXTURE_TEST ("/dht/keep-record/full", test_full);
  FIXTURE_TEST ("/dht/keep-record/private", test_private);

  return g_test_run ();
}
