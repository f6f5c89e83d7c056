/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/publish-queue.h"

#include "core/limits.h"
#include "fixture.h"

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
sent_cb (BytestagPublishQueue *queue,
         const BytestagKvpId  *id,
         GString              *order)
{
  g_string_append_c (order, (char) id->key.bytes[0]);
}

/* Values that node 0 holds. */
static BytestagPublication *
make_publication (Fixture    *self,
                  const char *prefix,
                  guint       n_pieces)
{
  BytestagPublication *publication = bytestag_publication_new ();

  for (guint i = 0; i < n_pieces; i++)
    {
      g_autofree char *text = g_strdup_printf ("%s %u", prefix, i);
      g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
      BytestagKvpId id;

      bytestag_key_digest (&id.index, text, strlen (text));
      id.key = id.index;
      /* So that the test can tell them. */
      id.key.bytes[0] = (guint8) prefix[0];
      bytestag_shared_files_table_add_value (self->shared, &id, value);
      bytestag_publication_add (publication, &id, 4);
    }

  return publication;
}

static void
test_all (Fixture       *self,
          gconstpointer  data)
{
  BytestagPublishQueue *queue = bytestag_publish_queue_new (self->network);
  BytestagPublication *publication = make_publication (self, "value", 50);
  guint n_sent = 0;

  g_signal_connect_swapped (queue, "sent", G_CALLBACK (count_cb), &n_sent);
  bytestag_publish_queue_add (queue, publication);
  g_assert_true (fixture_run_signal (self, publication, "passed", 300));
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 50);
  g_assert_cmpuint (n_sent, ==, 50);

  g_assert_finalize_object (queue);
  g_assert_finalize_object (publication);
}

/* So many at one time: each begins with a look-up. */
static void
test_bounded (Fixture       *self,
              gconstpointer  data)
{
  g_autoptr (BytestagPublishQueue) queue = bytestag_publish_queue_new (self->network);
  g_autoptr (BytestagPublication) publication = make_publication (self, "value", BYTESTAG_LIMIT_PUBLISHING + 1);
  GListModel *lookups = bytestag_network_get_tasks (self->network);

  g_assert_cmpuint (g_list_model_get_n_items (lookups), ==, 0);
  bytestag_publish_queue_add (queue, publication);
  bytestag_sim_run (self->sim, 1);
  g_assert_cmpuint (g_list_model_get_n_items (lookups), ==, BYTESTAG_LIMIT_PUBLISHING);
  g_assert_true (fixture_run_signal (self, publication, "passed", 300));
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, BYTESTAG_LIMIT_PUBLISHING + 1);
}

/* A small one does not wait for a large one. */
static void
test_turns (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagPublishQueue) queue = bytestag_publish_queue_new (self->network);
  g_autoptr (BytestagPublication) large = make_publication (self, "large", 200);
  g_autoptr (BytestagPublication) small = make_publication (self, "small", 3);
  g_autoptr (GString) order = g_string_new (NULL);

  g_signal_connect (queue, "sent", G_CALLBACK (sent_cb), order);
  bytestag_publish_queue_add (queue, large);
  bytestag_publish_queue_add (queue, small);
  g_assert_true (fixture_run_signal (self, small, "passed", 300));
  g_assert_true (bytestag_publication_is_passing (large));
  g_assert_cmpuint (order->len, <, 100);
}

static void
test_alone (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagPublishQueue) queue = bytestag_publish_queue_new (self->network);
  g_autoptr (BytestagPublication) publication = make_publication (self, "value", 50);

  bytestag_publish_queue_add (queue, publication);
  g_assert_true (fixture_run_signal (self, publication, "passed", 1));
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 0);

  g_assert_true (bytestag_sim_join_all (self->sim, 60 * SECOND));
  bytestag_publish_queue_begin_again (queue);
  g_assert_true (fixture_run_signal (self, publication, "passed", 300));
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 50);
}

/* What nobody took is offered again by itself. */
static void
test_retry (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagPublishQueue) queue = bytestag_publish_queue_new (self->network);
  g_autoptr (BytestagPublication) publication = make_publication (self, "value", 3);

  for (guint i = 1; i < FIXTURE_N_NODES; i++)
    bytestag_sim_set_online (self->sim, i, FALSE);
  bytestag_publish_queue_add (queue, publication);
  g_assert_true (fixture_run_signal (self, publication, "passed", 300));
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 0);

  for (guint i = 1; i < FIXTURE_N_NODES; i++)
    bytestag_sim_set_online (self->sim, i, TRUE);
  for (guint i = 0; i < 20 && bytestag_publication_get_n_sent (publication) < 3; i++)
    fixture_run_signal (self, publication, "passed", 100);
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 3);
}

static void
test_remove (Fixture       *self,
             gconstpointer  data)
{
  BytestagPublishQueue *queue = bytestag_publish_queue_new (self->network);
  BytestagPublication *publication = make_publication (self, "value", 50);

  bytestag_publish_queue_add (queue, publication);
  bytestag_sim_run (self->sim, SECOND / 50);
  bytestag_publish_queue_remove (queue, publication);
  g_assert_finalize_object (publication);
  bytestag_sim_run (self->sim, 20 * SECOND);

  publication = make_publication (self, "other", 50);
  bytestag_publish_queue_add (queue, publication);
  bytestag_sim_run (self->sim, SECOND / 50);
  g_assert_finalize_object (queue);
  g_assert_finalize_object (publication);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/publish-queue/all", test_all);
  FIXTURE_TEST ("/sharing/publish-queue/bounded", test_bounded);
  FIXTURE_TEST ("/sharing/publish-queue/turns", test_turns);
  FIXTURE_TEST_ALONE ("/sharing/publish-queue/alone", test_alone);
  FIXTURE_TEST ("/sharing/publish-queue/retry", test_retry);
  FIXTURE_TEST ("/sharing/publish-queue/remove", test_remove);
  return g_test_run ();
}
