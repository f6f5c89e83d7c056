/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/downloads.h"

#include <glib/gstdio.h>

#include "core/error.h"
#include "fixture.h"
#include "support/test-model.h"

/* Node 0 shares what it wrote; node 1 fetches. */
typedef struct {
  BytestagLibrary *library;
  BytestagDownloads *downloads;
  BytestagLink *link;
  char *to;
} Transfer;

static void
transfer_start (Transfer   *self,
                Fixture    *fixture,
                const char *name)
{
  g_autofree char *path = fixture_path (fixture, name);
  g_autoptr (BytestagWorker) worker = fixture_make_worker (fixture, 1);
  BytestagShare *share;

  self->library = bytestag_library_new (fixture->network, fixture->shared, fixture->worker);
  share = bytestag_library_share (self->library, (const char * const []) { path, NULL }, NULL, NULL);
  g_assert_true (fixture_run_signal (fixture, share, "published", 600));
  g_assert_no_error (bytestag_share_get_error (share));

  self->link = g_object_ref (bytestag_share_get_link (share));
  self->downloads = bytestag_downloads_new (bytestag_sim_get_node (fixture->sim, 1), worker);
  self->to = fixture_path (fixture, "to");
}

static void
transfer_end (Transfer *self)
{
  g_assert_finalize_object (self->downloads);
  g_assert_finalize_object (self->library);
  g_clear_object (&self->link);
  g_clear_pointer (&self->to, g_free);
}

static BytestagDownload *
add (Transfer *self)
{
  return g_object_ref (bytestag_downloads_add (self->downloads, self->link, self->to));
}

/* Nothing that is not complete is left below. */
static void
assert_nothing_incomplete (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_false (g_str_has_suffix (name, ".bytestag-incomplete"));
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        assert_nothing_incomplete (path);
    }
}

static void
test_folder (Fixture       *fixture,
             gconstpointer  data)
{
  const struct { const char *name; gsize size; guint seed; } files[] = {
    { "empty", 0, 1 }, { "one", 1, 2 }, { "exact", BYTESTAG_PART_SIZE, 3 }, { "more", BYTESTAG_PART_SIZE + 1, 4 },
    { "deep/er/file", 1000, 5 }, { "deep/same", 1000, 5 }, { "naïve file", 700000, 6 },
  };
  Transfer transfer = { NULL };
  g_autoptr (BytestagDownload) download = NULL;
  guint64 size = 0;
  guint n_checked;

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_strconcat ("things/", files[i].name, NULL);

      g_free (fixture_write (fixture, name, files[i].size, files[i].seed));
      size += files[i].size;
    }
  transfer_start (&transfer, fixture, "things");
  download = add (&transfer);
  g_assert_cmpint (bytestag_download_get_state (download), ==, BYTESTAG_DOWNLOAD_OPENING);
  g_assert_cmpstr (bytestag_download_get_name (download), ==, "things");
  g_assert_cmpuint (bytestag_download_get_size (download), ==, size);

  g_assert_true (fixture_run_signal (fixture, download, "finished", 600));
  g_assert_no_error (bytestag_download_get_error (download));
  g_assert_cmpint (bytestag_download_get_state (download), ==, BYTESTAG_DOWNLOAD_DONE);
  g_assert_cmpuint (bytestag_download_get_n_files (download), ==, G_N_ELEMENTS (files));
  g_assert_cmpuint (bytestag_download_get_n_files_done (download), ==, G_N_ELEMENTS (files));
  g_assert_cmpuint (bytestag_download_get_bytes_done (download), ==, size);
  g_object_get (bytestag_download_get_part_map (download), "n-checked", &n_checked, NULL);
  /* Two files have the same bytes: those are fetched once. */
  g_assert_cmpuint (n_checked, ==, 8);
  g_assert_cmpuint (n_checked, ==, bytestag_part_map_get_n_parts (bytestag_download_get_part_map (download)));

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *here = g_build_filename (fixture->folder, "things", files[i].name, NULL);
      g_autofree char *there = g_build_filename (bytestag_download_get_folder (download), files[i].name, NULL);

      fixture_assert_same (here, there);
    }
  assert_nothing_incomplete (transfer.to);
  bytestag_downloads_remove (transfer.downloads, download);
  g_assert_finalize_object (g_steal_pointer (&download));
  transfer_end (&transfer);
}

static void
test_single (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *here = fixture_write (fixture, "one.bin", 300000, 3);
  g_autofree char *first = g_build_filename (fixture->folder, "to", "one.bin", NULL);
  g_autofree char *second = g_build_filename (fixture->folder, "to", "one (2).bin", NULL);
  Transfer transfer = { NULL };
  g_autoptr (BytestagTestModel) mirror = NULL;
  g_autoptr (BytestagDownload) one = NULL;
  g_autoptr (BytestagDownload) other = NULL;

  transfer_start (&transfer, fixture, "one.bin");
  mirror = bytestag_test_model_new (G_LIST_MODEL (transfer.downloads));
  one = add (&transfer);
  g_assert_true (fixture_run_signal (fixture, one, "finished", 60));
  g_assert_cmpstr (bytestag_download_get_folder (one), ==, first);
  other = add (&transfer);
  g_assert_true (fixture_run_signal (fixture, other, "finished", 60));
  g_assert_cmpstr (bytestag_download_get_folder (other), ==, second);
  fixture_assert_same (here, first);
  fixture_assert_same (here, second);

  bytestag_downloads_remove (transfer.downloads, one);
  bytestag_downloads_remove (transfer.downloads, one);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (transfer.downloads)), ==, 1);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 3);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (mirror), ==, 3);
  g_clear_pointer (&mirror, bytestag_test_model_free);
  transfer_end (&transfer);
}

/* When the publisher is gone, and one that holds copies too. */
static void
test_copies (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *here = fixture_write (fixture, "one.bin", 2000000, 3);
  Transfer transfer = { NULL };
  g_autoptr (BytestagDownload) download = NULL;

  transfer_start (&transfer, fixture, "one.bin");
  bytestag_sim_set_online (fixture->sim, 0, FALSE);
  bytestag_sim_set_online (fixture->sim, 3, FALSE);
  download = add (&transfer);
  g_assert_true (fixture_run_signal (fixture, download, "finished", 600));
  g_assert_no_error (bytestag_download_get_error (download));
  fixture_assert_same (here, bytestag_download_get_folder (download));
  transfer_end (&transfer);
}

/* Nobody has what is left: it waits, says so, and goes on when somebody comes. */
static void
test_waits (Fixture       *fixture,
            gconstpointer  data)
{
  Transfer transfer = { NULL };
  g_autoptr (BytestagDownload) download = NULL;
  gboolean waited = FALSE;

  g_free (fixture_write (fixture, "one.bin", 2000000, 3));
  transfer_start (&transfer, fixture, "one.bin");
  download = add (&transfer);
  for (guint i = 0; i < 600 && bytestag_download_get_state (download) == BYTESTAG_DOWNLOAD_OPENING; i++)
    bytestag_sim_run (fixture->sim, SECOND / 20);
  g_assert_cmpint (bytestag_download_get_state (download), ==, BYTESTAG_DOWNLOAD_RUNNING);

  for (guint i = 0; i < FIXTURE_N_NODES; i++)
    bytestag_sim_set_online (fixture->sim, i, i == 1);
  for (guint i = 0; i < 600 && !waited; i++)
    {
      bytestag_sim_run (fixture->sim, SECOND / 10);
      waited = strstr (bytestag_download_get_status (download), "asking again") != NULL;
    }
  g_assert_true (waited);

  for (guint i = 0; i < FIXTURE_N_NODES; i++)
    bytestag_sim_set_online (fixture->sim, i, TRUE);
  g_assert_true (fixture_run_signal (fixture, download, "finished", 600));
  g_assert_no_error (bytestag_download_get_error (download));
  transfer_end (&transfer);
}

static void
test_gives_up (Fixture       *fixture,
               gconstpointer  data)
{
  Transfer transfer = { NULL };
  g_autoptr (BytestagDownload) download = NULL;

  g_free (fixture_write (fixture, "things/one.bin", 2000000, 3));
  g_free (fixture_write (fixture, "things/empty", 0, 3));
  transfer_start (&transfer, fixture, "things");
  download = add (&transfer);
  for (guint i = 0; i < 600 && bytestag_download_get_state (download) == BYTESTAG_DOWNLOAD_OPENING; i++)
    bytestag_sim_run (fixture->sim, SECOND / 20);
  for (guint i = 0; i < FIXTURE_N_NODES; i++)
    bytestag_sim_set_online (fixture->sim, i, i == 1);

  g_assert_true (fixture_run_signal (fixture, download, "finished", 1000));
  g_assert_cmpint (bytestag_download_get_state (download), ==, BYTESTAG_DOWNLOAD_FAILED);
  g_assert_nonnull (bytestag_download_get_error (download));
  g_assert_nonnull (strstr (bytestag_download_get_error (download)->message, "one.bin"));
  assert_nothing_incomplete (transfer.to);
  transfer_end (&transfer);
}

/* In each state, and nothing is left of it. */
static void
test_cancel (Fixture       *fixture,
             gconstpointer  data)
{
  const gint64 moments[] = { 0, SECOND / 100, SECOND / 10, SECOND, 2 * SECOND };
  Transfer transfer = { NULL };

  g_free (fixture_write (fixture, "things/one.bin", 4000000, 3));
  transfer_start (&transfer, fixture, "things");
  for (gsize i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      g_autofree char *made = g_build_filename (transfer.to, "things", NULL);
      g_autoptr (BytestagDownload) download = add (&transfer);
      g_autoptr (BytestagDownload) held = add (&transfer);

      bytestag_download_set_held (held, TRUE);
      bytestag_sim_run (fixture->sim, moments[i]);
      g_assert_cmpint (bytestag_download_get_state (held), ==, BYTESTAG_DOWNLOAD_OPENING);
      bytestag_download_cancel (download);
      bytestag_downloads_remove (transfer.downloads, held);
      g_assert_cmpint (bytestag_download_get_state (download), ==, BYTESTAG_DOWNLOAD_CANCELLED);
      g_assert_cmpint (bytestag_download_get_state (held), ==, BYTESTAG_DOWNLOAD_CANCELLED);
      g_assert_true (fixture_run_signal (fixture, download, "finished", 5));
      g_assert_error (bytestag_download_get_error (download), BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
      g_assert_false (g_file_test (made, G_FILE_TEST_EXISTS));
      bytestag_downloads_remove (transfer.downloads, download);
      g_assert_finalize_object (g_steal_pointer (&download));
      g_assert_finalize_object (g_steal_pointer (&held));
    }
  transfer_end (&transfer);
}

static void
test_held (Fixture       *fixture,
           gconstpointer  data)
{
  Transfer transfer = { NULL };
  g_autoptr (BytestagDownload) download = NULL;

  g_free (fixture_write (fixture, "one", 1000, 3));
  transfer_start (&transfer, fixture, "one");
  download = add (&transfer);
  bytestag_download_set_held (download, TRUE);
  g_assert_false (fixture_run_signal (fixture, download, "finished", 20));
  bytestag_download_set_held (download, FALSE);
  g_assert_true (fixture_run_signal (fixture, download, "finished", 20));
  g_assert_no_error (bytestag_download_get_error (download));
  transfer_end (&transfer);
}

static void
test_unknown (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr (BytestagDownloads) downloads = bytestag_downloads_new (fixture->network, fixture->worker);
  g_autofree char *to = fixture_path (fixture, "to");
  BytestagKey key = { { 1 } };
  g_autoptr (BytestagLink) link = bytestag_link_new (&key, NULL, NULL, 0, NULL);
  g_autoptr (BytestagDownload) download = g_object_ref (bytestag_downloads_add (downloads, link, to));

  g_assert_true (fixture_run_signal (fixture, download, "finished", 60));
  g_assert_error (bytestag_download_get_error (download), BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND);
  g_assert_false (g_file_test (to, G_FILE_TEST_EXISTS));
}

static void
count_cb (guint *count)
{
  (*count)++;
}

/* At most 4 times a second, however many packets come. */
static void
test_notifications (Fixture       *fixture,
                    gconstpointer  data)
{
  Transfer transfer = { NULL };
  g_autoptr (BytestagDownload) download = NULL;
  guint n_notified = 0;
  guint64 rate = 0;
  gint64 started;

  g_free (fixture_write (fixture, "one", 4000000, 3));
  transfer_start (&transfer, fixture, "one");
  download = add (&transfer);
  g_signal_connect_swapped (download, "notify::bytes-done", G_CALLBACK (count_cb), &n_notified);
  started = bytestag_sim_get_time (fixture->sim);
  while (bytestag_download_get_state (download) <= BYTESTAG_DOWNLOAD_RUNNING)
    {
      bytestag_sim_run (fixture->sim, SECOND / 4);
      rate = MAX (rate, bytestag_download_get_rate (download));
    }
  g_assert_cmpuint (n_notified, >, 2);
  g_assert_cmpuint (n_notified, <=, (bytestag_sim_get_time (fixture->sim) - started) * 4 / SECOND + 2);
  g_assert_cmpuint (rate, >, 0);
  g_assert_cmpuint (bytestag_download_get_rate (download), ==, 0);
  transfer_end (&transfer);
}

/* The list goes while something is on its way. */
static void
test_end (Fixture       *fixture,
          gconstpointer  data)
{
  Transfer transfer = { NULL };
  g_autoptr (BytestagDownload) download = NULL;

  g_free (fixture_write (fixture, "things/one", 4000000, 3));
  transfer_start (&transfer, fixture, "things");
  download = add (&transfer);
  bytestag_sim_run (fixture->sim, SECOND);
  g_assert_finalize_object (g_steal_pointer (&transfer.downloads));
  bytestag_sim_run (fixture->sim, SECOND);
  g_assert_cmpint (bytestag_download_get_state (download), ==, BYTESTAG_DOWNLOAD_CANCELLED);
  g_assert_finalize_object (g_steal_pointer (&download));
  assert_nothing_incomplete (transfer.to);
  g_assert_finalize_object (transfer.library);
  g_clear_object (&transfer.link);
  g_clear_pointer (&transfer.to, g_free);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/downloads/folder", test_folder);
  FIXTURE_TEST ("/sharing/downloads/single", test_single);
  FIXTURE_TEST ("/sharing/downloads/copies", test_copies);
  FIXTURE_TEST ("/sharing/downloads/waits", test_waits);
  FIXTURE_TEST ("/sharing/downloads/gives-up", test_gives_up);
  FIXTURE_TEST ("/sharing/downloads/cancel", test_cancel);
  FIXTURE_TEST ("/sharing/downloads/held", test_held);
  FIXTURE_TEST ("/sharing/downloads/unknown", test_unknown);
  FIXTURE_TEST ("/sharing/downloads/notifications", test_notifications);
  FIXTURE_TEST ("/sharing/downloads/end", test_end);
  return g_test_run ();
}
