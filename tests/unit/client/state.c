/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/state.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "support/test-clock.h"
#include "support/test-folder.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

#define HOUR (3600 * G_TIME_SPAN_SECOND)

typedef struct {
  char *folder;
  char *path;
  BytestagTestClock *clock;
  BytestagTestRng *rng;
  BytestagReactor *reactor;
  BytestagTestWorker *worker;
  BytestagRoutingTable *table;
  BytestagChurnMeter *meter;
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  const BytestagKey key = { { 1 } };

  self->folder = bytestag_test_folder_new ();
  self->path = g_build_filename (self->folder, "state.ini", NULL);
  self->clock = bytestag_test_clock_new ();
  self->rng = bytestag_test_rng_new (3);
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (self->rng));
  self->worker = bytestag_test_worker_new (self->reactor);
  self->table = bytestag_routing_table_new (&key, BYTESTAG_CLOCK (self->clock));
  self->meter = bytestag_churn_meter_new (self->reactor, self->table);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_assert_finalize_object (self->meter);
  g_object_unref (self->table);
  g_object_unref (self->worker);
  g_object_unref (self->reactor);
  g_object_unref (self->rng);
  g_object_unref (self->clock);
  g_free (self->path);
  bytestag_test_folder_remove (self->folder);
}

static void
keep_churn (Fixture       *self,
            BytestagState *state)
{
  bytestag_state_keep_churn (state, self->meter, self->reactor, BYTESTAG_WORKER (self->worker));
}

static void
assert_counts (Fixture *self,
               gdouble  hours,
               gdouble  losses)
{
  gdouble found_hours, found_losses;

  bytestag_churn_meter_get_counts (self->meter, &found_hours, &found_losses);
  g_assert_cmpfloat_with_epsilon (found_hours, hours, 0.01);
  g_assert_cmpfloat_with_epsilon (found_losses, losses, 0.01);
}

/* What a state.ini of these bytes says. */
static BytestagState *
read_text (Fixture    *self,
           const char *text,
           gssize      length)
{
  g_assert_true (g_file_set_contents (self->path, text, length, NULL));
  return bytestag_state_new (self->folder);
}

static void
test_port (Fixture       *self,
           gconstpointer  data)
{
  BytestagState *state = bytestag_state_new (self->folder);
  struct stat status;

  g_assert_cmpuint (bytestag_state_get_port (state), ==, 0);
  bytestag_state_set_port (state, 4711);
  g_assert_finalize_object (state);
  g_assert_cmpint (g_stat (self->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);

  state = bytestag_state_new (self->folder);
  g_assert_cmpuint (bytestag_state_get_port (state), ==, 4711);
  g_assert_finalize_object (state);
}

static void
test_churn (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagState) state = bytestag_state_new (self->folder);
  g_autoptr (BytestagState) later = NULL;

  bytestag_state_set_port (state, 4711);
  bytestag_churn_meter_restore (self->meter, 800, 80, 0);
  keep_churn (self, state);
  assert_counts (self, 800, 80);
  bytestag_state_close (state);

  /* What is a day old counts half. */
  bytestag_test_clock_advance (self->clock, 24 * HOUR);
  g_assert_finalize_object (self->meter);
  self->meter = bytestag_churn_meter_new (self->reactor, self->table);
  later = bytestag_state_new (self->folder);
  keep_churn (self, later);
  assert_counts (self, 400, 40);
  g_assert_cmpuint (bytestag_state_get_port (later), ==, 4711);
  bytestag_state_close (later);
}

/* What a crash leaves is no older than an hour; nothing is written on the engine's thread. */
static void
test_crash (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagState) state = bytestag_state_new (self->folder);
  g_autoptr (BytestagState) later = NULL;

  keep_churn (self, state);
  bytestag_churn_meter_restore (self->meter, 800, 80, 0);
  bytestag_test_worker_hold (self->worker);
  bytestag_test_clock_advance (self->clock, HOUR);
  bytestag_reactor_tick (self->reactor);
  g_assert_cmpuint (bytestag_test_worker_get_n_held (self->worker), ==, 1);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  bytestag_test_worker_release (self->worker);
  bytestag_reactor_tick (self->reactor);

  g_assert_finalize_object (g_steal_pointer (&state));
  g_assert_finalize_object (self->meter);
  self->meter = bytestag_churn_meter_new (self->reactor, self->table);
  later = bytestag_state_new (self->folder);
  keep_churn (self, later);
  assert_counts (self, 800 * exp2 (-1 / 24.0), 80 * exp2 (-1 / 24.0));
}

/* A file that anybody may have written. */
static void
test_hostile (Fixture       *self,
              gconstpointer  data)
{
  static const char *const texts[] = {
    "", "\n", "no key file", "[network\nport=5", "[network]\nport=-5", "[network]\nport=0", "[network]\nport=65536",
    "[network]\nport=99999999999999999999", "[network]\nport=x", "[network]\nport=\xff",
    "[churn]\nhours=nan\nlosses=1", "[churn]\nhours=inf\nlosses=1", "[churn]\nhours=-1\nlosses=1",
    "[churn]\nhours=100\nlosses=-1", "[churn]\nhours=1e308\nlosses=1", "[churn]\nhours=100\nlosses=1e18",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (BytestagState) state = read_text (self, texts[i], -1);

      g_assert_cmpuint (bytestag_state_get_port (state), ==, 0);
      keep_churn (self, state);
      assert_counts (self, 0, 0);
      bytestag_state_close (state);
    }
}

/* Whenever the counts say to be from. */
static void
test_times (Fixture       *self,
            gconstpointer  data)
{
  static const char *const times[] = { "9223372036854775807", "-9223372036854775808", "0", "x" };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *text = g_strdup_printf ("[churn]\nhours=800\nlosses=80\ncounted-at=%s\n", times[i]);
      g_autoptr (BytestagState) state = read_text (self, text, -1);

      g_assert_finalize_object (self->meter);
      self->meter = bytestag_churn_meter_new (self->reactor, self->table);
      keep_churn (self, state);
      assert_counts (self, i == 0 ? 800 : 0, i == 0 ? 80 : 0);
      bytestag_state_close (state);
    }
}

/* Of BYTESTAG_LIMIT_STATE_BYTES it is read, and no longer. */
static void
test_size (Fixture       *self,
           gconstpointer  data)
{
  char text[BYTESTAG_LIMIT_STATE_BYTES + 1];

  for (gsize size = BYTESTAG_LIMIT_STATE_BYTES; size <= sizeof text; size++)
    {
      g_autoptr (BytestagState) state = NULL;

      memset (text, '\n', sizeof text);
      memcpy (text, "[network]\nport=5", strlen ("[network]\nport=5"));
      state = read_text (self, text, (gssize) size);
      g_assert_cmpuint (bytestag_state_get_port (state), ==, size == BYTESTAG_LIMIT_STATE_BYTES ? 5 : 0);
    }
}

static void
test_no_file (Fixture       *self,
              gconstpointer  data)
{
  g_autoptr (BytestagState) folder = NULL;
  g_autoptr (BytestagState) pipe = NULL;

  g_assert_cmpint (g_mkdir (self->path, 0700), ==, 0);
  folder = bytestag_state_new (self->folder);
  g_assert_cmpuint (bytestag_state_get_port (folder), ==, 0);
  bytestag_state_set_port (folder, 5);

  g_assert_cmpint (g_rmdir (self->path), ==, 0);
  g_assert_cmpint (mkfifo (self->path, 0600), ==, 0);
  pipe = bytestag_state_new (self->folder);
  g_assert_cmpuint (bytestag_state_get_port (pipe), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add ("/client/state/" name, Fixture, NULL, set_up, func, tear_down)
  TEST ("port", test_port);
  TEST ("churn", test_churn);
  TEST ("crash", test_crash);
  TEST ("hostile", test_hostile);
  TEST ("times", test_times);
  TEST ("size", test_size);
  TEST ("no-file", test_no_file);
  return g_test_run ();
}
