/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "client/joiner.h"
#include "client/settings.h"
#include "client/state.h"
#include "core/limits.h"
#include "fuzz.h"
#include "io/identity.h"
#include "support/test-clock.h"
#include "support/test-folder.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

/* What is read back from the data folder, and may be damaged or come from elsewhere.
 * The first byte says what the rest is: "i" identity.pem, "d" the DER within one, "s"
 * settings.ini, "r" state.ini, "k" a known node as the settings or the command line name it. */

static void
check_identity (GBytes *pem)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagIdentity) identity = bytestag_identity_new_from_pem (pem, &error);
  g_autoptr (GBytes) data = g_bytes_new_static ("signed", 6);
  g_autoptr (GBytes) signature = NULL;

  g_assert_true ((identity == NULL) == (error != NULL));
  if (identity == NULL)
    return;

  g_assert_cmpuint (g_bytes_get_size (bytestag_identity_get_public_key (identity)), ==, 44);
  signature = bytestag_identity_sign (identity, data, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (signature), ==, 64);
}

/* The base64 around the DER is made here, so that changed bytes get past it. */
static void
check_der (const guint8 *der,
           gsize         length)
{
  g_autofree char *base64 = g_base64_encode (der, length);
  char *pem = g_strdup_printf ("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", base64);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pem, strlen (pem));

  check_identity (bytes);
}

static void
check_known_node (const char *address)
{
  g_autoptr (GError) error = NULL;

  if (!bytestag_joiner_check_address (address, &error))
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

/* Whatever the file says, what comes out is of the schema. */
static void
check_settings (const char *text,
                gsize       length)
{
  char *folder = bytestag_test_folder_new ();
  g_autofree char *path = bytestag_test_folder_write (folder, "settings.ini", text, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSettings) settings = bytestag_settings_new (folder, &error);
  g_auto (GStrv) known = NULL;
  g_autofree char *setting = NULL;
  g_autofree char *downloads = NULL;
  guint copies;

  g_assert_no_error (error);
  copies = g_settings_get_uint (settings, "copies");
  g_assert_true (copies >= 1 && copies <= 20);
  g_assert_cmpuint (g_settings_get_uint (settings, "port"), <=, G_MAXUINT16);
  known = g_settings_get_strv (settings, "known-nodes");
  for (guint i = 0; known[i] != NULL; i++)
    check_known_node (known[i]);
  setting = g_settings_get_string (settings, "download-folder");
  downloads = bytestag_settings_resolve_download_folder (setting);
  g_assert_true (downloads[0] != '\0');
  g_clear_object (&settings);
  bytestag_test_folder_remove (folder);
}

/* Whatever the file says, what comes out is a port and a share of nodes. */
static void
check_state (const char *text,
             gsize       length)
{
  char *folder = bytestag_test_folder_new ();
  g_autofree char *path = bytestag_test_folder_write (folder, "state.ini", text, length);
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (BytestagReactor) reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  g_autoptr (BytestagTestWorker) worker = bytestag_test_worker_new (reactor);
  const BytestagKey key = { { 1 } };
  g_autoptr (BytestagRoutingTable) table = bytestag_routing_table_new (&key, BYTESTAG_CLOCK (clock));
  g_autoptr (BytestagChurnMeter) meter = bytestag_churn_meter_new (reactor, table);
  g_autoptr (BytestagState) state = bytestag_state_new (folder);
  gdouble loss, hours, losses;

  bytestag_state_keep_churn (state, meter, reactor, BYTESTAG_WORKER (worker));
  bytestag_churn_meter_get_counts (meter, &hours, &losses);
  g_assert_true (hours >= 0 && hours <= BYTESTAG_LIMIT_CHURN_HOURS);
  g_assert_true (losses >= 0 && losses <= BYTESTAG_LIMIT_CHURN_HOURS);
  loss = bytestag_churn_meter_get_loss_per_hour (meter);
  g_assert_true (loss >= 0 && loss <= 1);
  bytestag_state_close (state);
  bytestag_test_folder_remove (folder);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  const char *text = size > 0 ? (const char *) data + 1 : NULL;
  gsize length = size > 0 ? size - 1 : 0;
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, length);
  g_autofree char *copy = g_strndup (text != NULL ? text : "", length);

  switch (size > 0 ? data[0] : '\0')
    {
    case 'i':
      check_identity (bytes);
      break;
    case 'd':
      check_der ((const guint8 *) text, length);
      break;
    case 's':
      check_settings (text, length);
      break;
    case 'r':
      check_state (text, length);
      break;
    case 'k':
      check_known_node (copy);
      break;
    default:
      break;
    }
  return 0;
}
