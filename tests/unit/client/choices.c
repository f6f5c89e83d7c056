/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/client.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "loop.h"
#include "storage/database-table-private.h"
#include "support/test-folder.h"

#define MANY 2000

/* One client, that is started and stopped in the same folder. */
typedef struct {
  char *folder;
  char *denylist; /* its path */
  BytestagClient *client;
  guint n_written;
} Fixture;

static gboolean
is_ready (gpointer data)
{
  Fixture *self = data;

  return bytestag_database_table_get_state (bytestag_client_get_kept (self->client)) == BYTESTAG_DATABASE_TABLE_READY;
}

static void
start (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagInstance) instance = bytestag_instance_open (self->folder, &error);

  g_assert_no_error (error);
  self->client = bytestag_client_new (instance, FALSE, &error);
  g_assert_no_error (error);
  bytestag_client_set_host (self->client, "127.0.0.1");
  g_settings_set_int64 (bytestag_client_get_settings (self->client), "lend", 64 * 1024 * 1024);
  g_assert_true (bytestag_client_start (self->client, 0, NULL, &error));
  g_assert_no_error (error);
  loop_until (is_ready, self);
}

static void
stop (Fixture *self)
{
  bytestag_client_stop (self->client);
  g_assert_finalize_object (g_steal_pointer (&self->client));
}

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  self->folder = bytestag_test_folder_new ();
  self->denylist = g_build_filename (self->folder, "denylist", NULL);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  if (self->client != NULL)
    stop (self);
  g_free (self->denylist);
  bytestag_test_folder_remove (self->folder);
}

static void
written_cb (const GError *error,
            gpointer      user_data)
{
  Fixture *self = user_data;

  g_assert_no_error (error);
  self->n_written++;
}

static gboolean
has_written_all (gpointer data)
{
  return ((Fixture *) data)->n_written == MANY;
}

static void
make_id (guint          number,
         BytestagKvpId *id)
{
  bytestag_key_digest (&id->key, &number, sizeof number);
  id->index = id->key;
}

static void
keep_many (Fixture *self)
{
  BytestagKvpTable *kept = BYTESTAG_KVP_TABLE (bytestag_client_get_kept (self->client));

  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GBytes) value = g_bytes_new (&i, sizeof i);
      BytestagKvpRecord record = { .size = sizeof i, .last_update = 2e9, .until = G_GINT64_CONSTANT (3000000000) };

      make_id (i, &record.id);
      bytestag_kvp_table_write (kept, &record, value, written_cb, self);
    }
  loop_until (has_written_all, self);
}

static void
deny (Fixture *self,
      guint    number)
{
  BytestagKvpId id;
  g_autofree char *text = NULL;

  make_id (number, &id);
  text = bytestag_key_to_hex (&id.key);
  g_assert_true (g_file_set_contents (self->denylist, text, -1, NULL));
}

static gboolean
has_lost_one (gpointer data)
{
  Fixture *self = data;

  return bytestag_database_table_get_n_values (bytestag_client_get_kept (self->client)) == MANY - 1;
}

/* What was denied while nobody ran goes as well, though the list is read long before all that
 * is kept has been loaded. */
static void
test_denied_meanwhile (Fixture       *self,
                       gconstpointer  data)
{
  BytestagKvpId id;

  start (self);
  keep_many (self);
  stop (self);
  deny (self, 7);

  start (self);
  loop_until (has_lost_one, self);
  make_id (7, &id);
  g_assert_false (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (bytestag_client_get_kept (self->client)), &id, NULL));
}

/* A list that was written while it runs. */
static void
test_denied_now (Fixture       *self,
                 gconstpointer  data)
{
  start (self);
  keep_many (self);
  deny (self, 9);
  loop_until (has_lost_one, self);
}

static gboolean
has_notice (gpointer data)
{
  return bytestag_client_get_notice (((Fixture *) data)->client) != NULL;
}

/* BYTESTAG_LIMIT_DENYLIST_BYTES: a key, and a comment up to there. */
static void
write_long_list (Fixture *self,
                 gsize    length)
{
  static const char text[] = "0707070707070707070707070707070707070707\n#";
  g_autofree char *path = g_strconcat (self->denylist, "~", NULL);
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  g_assert_cmpint (ftruncate (fd, (off_t) length), ==, 0);
  close (fd);
  g_assert_cmpint (rename (path, self->denylist), ==, 0);
}

static gboolean
is_denied (gpointer data)
{
  BytestagKvpId id;

  memset (&id, 7, sizeof id);
  return bytestag_network_is_denied (bytestag_client_get_network (((Fixture *) data)->client), &id);
}

static void
test_long_list (Fixture       *self,
                gconstpointer  data)
{
  write_long_list (self, BYTESTAG_LIMIT_DENYLIST_BYTES);
  start (self);
  loop_until (is_denied, self);
  g_assert_false (has_notice (self));
  stop (self);

  write_long_list (self, BYTESTAG_LIMIT_DENYLIST_BYTES + 1);
  start (self);
  loop_until (has_notice, self);
  g_assert_nonnull (strstr (bytestag_client_get_notice (self->client), "too long"));
  g_assert_true (is_denied (self));
}

/* Nothing is denied any more when there is no list; a line that is none is told of. */
static void
test_no_list (Fixture       *self,
              gconstpointer  data)
{
  g_assert_true (g_file_set_contents (self->denylist, "0707070707070707070707070707070707070707\nno key", -1, NULL));
  start (self);
  loop_until (has_notice, self);
  g_assert_nonnull (strstr (bytestag_client_get_notice (self->client), "names no key"));
  g_assert_true (is_denied (self));
  stop (self);

  g_assert_cmpint (unlink (self->denylist), ==, 0);
  start (self);
  g_assert_false (is_denied (self));
  g_assert_false (has_notice (self));
}

/* On a full disk no copies are sent, since what becomes of them could not be saved; and again when
 * there is room. */
static void
test_full_disk (Fixture       *self,
                gconstpointer  data)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "full");
  BytestagPublisher *publisher;

  start (self);
  publisher = bytestag_library_get_publisher (bytestag_client_get_library (self->client));
  g_assert_null (bytestag_publisher_get_paused (publisher));

  bytestag_database_table_fail (bytestag_client_get_kept (self->client), error);
  g_assert_nonnull (strstr (bytestag_publisher_get_paused (publisher), "disk is full"));
  g_assert_nonnull (strstr (bytestag_client_get_notice (self->client), "Copies wait"));
  bytestag_database_table_set_state (bytestag_client_get_kept (self->client), BYTESTAG_DATABASE_TABLE_READY);
  g_assert_null (bytestag_publisher_get_paused (publisher));
}

#define TEST(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST ("/client/choices/denied-meanwhile", test_denied_meanwhile);
  TEST ("/client/choices/denied-now", test_denied_now);
  TEST ("/client/choices/long-list", test_long_list);
  TEST ("/client/choices/no-list", test_no_list);
  TEST ("/client/choices/full-disk", test_full_disk);

  return g_test_run ();
}
