/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fixture.h"

#include "support/test-folder.h"
#include "support/test-worker.h"

void
fixture_set_up_alone (Fixture       *self,
                      gconstpointer  data)
{
  self->folder = bytestag_test_folder_new ();
  self->sim = bytestag_sim_new (7);
  bytestag_sim_set_latency (self->sim, 10 * 1000, 0);
  self->network = bytestag_sim_add_sharing_node (self->sim, &self->shared);
  for (guint i = 1; i < FIXTURE_N_NODES; i++)
    bytestag_sim_add_node (self->sim);
  self->worker = fixture_make_worker (self, 0);
}

void
fixture_set_up (Fixture       *self,
                gconstpointer  data)
{
  fixture_set_up_alone (self, data);
  g_assert_true (bytestag_sim_join_all (self->sim, 60 * SECOND));
}

void
fixture_tear_down (Fixture       *self,
                   gconstpointer  data)
{
  /* What is with the worker comes back. */
  bytestag_sim_run (self->sim, SECOND);
  g_clear_object (&self->worker);
  bytestag_sim_free (self->sim);
  bytestag_test_folder_remove (self->folder);
}

BytestagWorker *
fixture_make_worker (Fixture *self,
                     guint    node)
{
  BytestagNetwork *network = bytestag_sim_get_node (self->sim, node);

  return BYTESTAG_WORKER (bytestag_test_worker_new (bytestag_network_get_reactor (network)));
}

char *
fixture_path (Fixture    *self,
              const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

char *
fixture_write (Fixture    *self,
               const char *name,
               gsize       size,
               guint       seed)
{
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (size, seed);
  g_autofree char *path = fixture_path (self, name);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  return bytestag_test_folder_write (self->folder, name, g_bytes_get_data (bytes, NULL), size);
}

static void
count_cb (guint *count)
{
  (*count)++;
}

gboolean
fixture_run_signal (Fixture    *self,
                    gpointer    object,
                    const char *signal,
                    gint64      seconds)
{
  g_autoptr (GObject) alive = g_object_ref (object);
  guint count = 0;
  gulong handler = g_signal_connect_swapped (object, signal, G_CALLBACK (count_cb), &count);

  for (gint64 i = 0; count == 0 && i < seconds * 20; i++)
    bytestag_sim_run (self->sim, SECOND / 20);

  g_signal_handler_disconnect (object, handler);
  return count > 0;
}

BytestagKey
fixture_put (Fixture       *self,
             guint          index,
             gconstpointer  data,
             gssize         length)
{
  g_autoptr (GBytes) value = g_bytes_new (data, length >= 0 ? (gsize) length : strlen (data));
  BytestagKey key;

  bytestag_sim_put_value (self->sim, index, value, &key);
  return key;
}

void
fixture_assert_same (const char *one,
                     const char *other)
{
  g_autofree char *one_text = NULL;
  g_autofree char *other_text = NULL;
  gsize one_length;
  gsize other_length;

  g_assert_true (g_file_get_contents (one, &one_text, &one_length, NULL));
  g_assert_true (g_file_get_contents (other, &other_text, &other_length, NULL));
  g_assert_cmpmem (one_text, one_length, other_text, other_length);
}
