/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor of memory: a program that has the libraries of bytestag-node, makes of each
 * what a node has of it, and does nothing. Prints "ready" and waits for its end. */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <json-glib/json-glib.h>
#include <libdeflate.h>
#include <sqlite3.h>

static gpointer
wait_thread (gpointer user_data)
{
  pause ();
  return NULL;
}

int
main (void)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (GSocketService) service = NULL;
  g_autoptr (GSettingsSchema) schema = NULL;
  sqlite3 *database = NULL;
  guint8 bytes[20];

  setlocale (LC_ALL, "");
  textdomain (GETTEXT_PACKAGE);
  loop = g_main_loop_new (NULL, FALSE);
  service = g_socket_service_new ();
  if (g_settings_schema_source_get_default () != NULL)
    schema = g_settings_schema_source_lookup (g_settings_schema_source_get_default (), BYTESTAG_APPLICATION_ID, TRUE);
  parser = json_parser_new ();
  json_parser_load_from_data (parser, "{\"a\": 1}", -1, NULL);
  gnutls_rnd (GNUTLS_RND_NONCE, bytes, sizeof bytes);
  gnutls_hash_fast (GNUTLS_DIG_SHA1, "", 0, bytes);
  libdeflate_free_decompressor (libdeflate_alloc_decompressor ());
  sqlite3_open (":memory:", &database);
  sqlite3_exec (database, "CREATE TABLE a (b BLOB PRIMARY KEY) WITHOUT ROWID; INSERT INTO a VALUES (x'00'); SELECT * FROM a",
                NULL, NULL, NULL);
  g_network_monitor_get_network_metered (g_network_monitor_get_default ());
  g_thread_unref (g_thread_new ("wait", wait_thread, NULL));

  puts ("ready");
  fflush (stdout);
  g_main_loop_run (loop);
  return 0;
}
