/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holders that give too little in their time; the rest is in get-value-task.c. */
#include "config.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

#define SIZE (10 * BYTESTAG_CHUNK_SIZE)
#define N_PEERS 10
/* What a dripping holder gives of a second. */
#define DRIP 10
/* The same of one that just does not give enough. */
#define TRICKLE 1000
/* Where a value is wrong that a liar gives. */
#define LIE 5

typedef enum {
  KNOWS_NOTHING, /* says that it holds no value */
  HONEST,
  SLOW,   /* honest, 3 chunks a second */
  DRIPS,  /* honest, DRIP bytes a second */
  TRICKLES, /* honest, TRICKLE bytes a second */
  LIES,   /* wrong, and ends */
  DRIPS_LIES,
  STALLS, /* honest, silent after Test.n_bytes */
  STALLS_LIES,
} Kind;

typedef struct _Test Test;

typedef struct {
  Test *test;
  BytestagForeign *peer;
  Kind kind;
  guint n_finds, n_getvals;
  gint64 last_offset;
  char *transfer;
  gsize sent;
} Holder;

struct _Test
{
  Fixture fixture;
  guint8 value[SIZE];
  BytestagKey key;
  Holder holders[N_PEERS]; /* nearest to the key first */
  /* What the first to be asked does, the second, and so on; the last one for all others. */
  const Kind *kinds;
  Holder *asked[N_PEERS]; /* for the value, in this order */
  guint n_asked;
  gsize n_bytes;
  GPtrArray *keep; /* (element-type BytestagForeign) */
};

static void send_next (Holder *self);

static void
drip_cb (BytestagSim *sim,
         gpointer     user_data)
{
  Holder *self = user_data;

  if (self->peer != NULL)
    send_next (self);
}

static gboolean
is_liar (Kind kind)
{
  return kind == LIES || kind == DRIPS_LIES || kind == STALLS_LIES;
}

static gsize
get_piece (const Holder *self)
{
  if (self->kind == DRIPS || self->kind == DRIPS_LIES)
    return DRIP;
  if (self->kind == TRICKLES)
    return TRICKLE;
  if (self->kind == STALLS || self->kind == STALLS_LIES)
    return MIN (self->test->n_bytes - MIN (self->sent, self->test->n_bytes), BYTESTAG_CHUNK_SIZE);
  return BYTESTAG_CHUNK_SIZE;
}

static gint64
get_interval (const Holder *self)
{
  if (self->kind == DRIPS || self->kind == DRIPS_LIES || self->kind == TRICKLES)
    return SECOND;
  return self->kind == SLOW ? SECOND / 3 : SECOND / 100;
}

static void
send_next (Holder *self)
{
  gsize length = MIN (get_piece (self), SIZE - self->sent);
  guint8 piece[BYTESTAG_CHUNK_SIZE];
  g_autofree char *data = NULL;

  if (self->sent == SIZE)
    {
      bytestag_foreign_send (self->peer, &self->test->fixture.address, "{\"xfer_id\": \"%s\", \"xfer_data\": null}",
                             self->transfer);
      return;
    }
  if (length == 0)
    return;

  memcpy (piece, self->test->value + self->sent, length);
  if (is_liar (self->kind))
    piece[LIE] ^= 1;
  data = g_base64_encode (piece, length);
  self->sent += length;
  bytestag_foreign_send (self->peer, &self->test->fixture.address,
                         "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": \"%u\"}", self->transfer, data,
                         (guint) self->sent);
  bytestag_sim_call (self->test->fixture.sim, get_interval (self), drip_cb, self);
}

static void
give (Holder     *self,
      JsonObject *message)
{
  Test *test = self->test;

  if (self->n_getvals++ == 0)
    {
      g_assert_cmpuint (test->n_asked, <, N_PEERS);
      if (self->kind != KNOWS_NOTHING && test->kinds != NULL)
        self->kind = *test->kinds;
      if (test->kinds != NULL && test->kinds[1] != KNOWS_NOTHING)
        test->kinds++;
      test->asked[test->n_asked++] = self;
    }
  self->last_offset = json_object_get_int_member_with_default (message, "valofs", 0);
  self->sent = (gsize) self->last_offset;
  g_free (self->transfer);
  self->transfer = g_strdup (json_object_get_string_member (message, "xferid"));
  send_next (self);
}

static void
holder_cb (BytestagForeign        *peer,
           const BytestagEndpoint *from,
           const char             *rpc,
           JsonObject             *message,
           gpointer                user_data)
{
  Holder *self = user_data;
  g_autofree char *values = NULL;

  if (g_str_equal (rpc, "getval"))
    {
      give (self, message);
      return;
    }
  if (!g_str_equal (rpc, "findval"))
    return;

  self->n_finds++;
  values = g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"%s\", \"size\": %d, \"time\": 6}]",
                            json_object_get_string_member (message, "key"),
                            json_object_get_string_member (message, "index"), SIZE);
  bytestag_foreign_reply (peer, from, message, self->kind == KNOWS_NOTHING ? ", \"nodes\": []" : values);
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      user_data)
{
  BytestagForeign *const *one = a, *const *other = b;

  return bytestag_key_compare_distance (user_data, bytestag_foreign_get_id (*one), bytestag_foreign_get_id (*other));
}

static void
setup (Test         *test,
       gconstpointer data)
{
  fixture_set_up (&test->fixture, data);
  for (guint i = 0; i < SIZE; i++)
    test->value[i] = (guint8) (i * 7 + i / 251);
  bytestag_key_digest (&test->key, test->value, SIZE);

  test->keep = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  for (guint i = 0; i < N_PEERS; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 20 + i);
      BytestagForeign *peer = bytestag_foreign_new (test->fixture.sim, host);
      g_autoptr (BytestagPingTask) ping = NULL;

      g_ptr_array_add (test->keep, peer);
      ping = bytestag_network_ping_address (test->fixture.network, bytestag_foreign_get_address (peer));
      fixture_assert_done (&test->fixture, ping, SECOND);
    }
  g_ptr_array_sort_with_data (test->keep, compare, &test->key);
  for (guint i = 0; i < N_PEERS; i++)
    {
      test->holders[i] = (Holder) { .test = test, .peer = test->keep->pdata[i], .kind = HONEST };
      bytestag_foreign_set_func (test->holders[i].peer, holder_cb, &test->holders[i]);
    }
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  for (guint i = 0; i < N_PEERS; i++)
    {
      test->holders[i].peer = NULL;
      g_clear_pointer (&test->holders[i].transfer, g_free);
    }
  g_clear_pointer (&test->keep, g_ptr_array_unref);
  fixture_tear_down (&test->fixture, data);
}

/* The kinds of those that are asked, in their order, the last one for all others. */
#define ASKED(...) ((const Kind[]) { __VA_ARGS__, KNOWS_NOTHING })

static BytestagGetValueTask *
get (Test *test)
{
  return bytestag_network_get_value (test->fixture.network, &test->key, &test->key);
}

static guint
count_running (Test *test)
{
  return bytestag_task_slot_get_n_running (bytestag_network_get_download_slot (test->fixture.network));
}

/* The value comes within @seconds, from no more than BYTESTAG_LIMIT_ATTEMPTS_OF_GET at a
 * time. Returns from how many at most. */
static guint
assert_got (Test                 *test,
            BytestagGetValueTask *task,
            guint                 seconds)
{
  guint most = 0;
  GBytes *bytes;

  for (guint i = 0; i < 10 * seconds && !bytestag_task_is_finished (BYTESTAG_TASK (task)); i++)
    {
      bytestag_sim_run (test->fixture.sim, SECOND / 10);
      most = MAX (most, count_running (test));
    }
  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_DONE);
  bytes = bytestag_get_value_task_get_bytes (task);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), test->value, SIZE);
  g_assert_cmpuint (most, <=, BYTESTAG_LIMIT_ATTEMPTS_OF_GET);
  return most;
}

/* From a silent one nothing comes in 2 s: then the next is asked, beside it. */
static void
test_silent (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->kinds = ASKED (STALLS, HONEST);
  task = get (test);
  bytestag_sim_run (test->fixture.sim, 2000 * 1000);
  g_assert_cmpuint (test->n_asked, ==, 1);
  g_assert_cmpuint (count_running (test), ==, 1);
  bytestag_sim_run (test->fixture.sim, 40 * 1000);
  g_assert_cmpuint (test->n_asked, ==, 2);
  g_assert_cmpuint (count_running (test), ==, 2);
  assert_got (test, task, 2);
  g_assert_cmpint (test->asked[1]->last_offset, ==, 0);
  g_assert_cmpuint (test->n_asked, ==, 2);
  g_assert_cmpuint (test->asked[0]->n_getvals, ==, 1);
}

/* Two chunks in 2 s are enough to be waited for; the next goes on after what came. */
static void
test_two_chunks (Test         *test,
                 gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;
  gboolean is_enough = GPOINTER_TO_INT (data);

  test->n_bytes = is_enough ? 2 * BYTESTAG_CHUNK_SIZE : 2 * BYTESTAG_CHUNK_SIZE - 1;
  test->kinds = ASKED (STALLS, HONEST);
  task = get (test);
  bytestag_sim_run (test->fixture.sim, 3 * SECOND);
  g_assert_cmpuint (test->n_asked, ==, is_enough ? 1 : 2);
  assert_got (test, task, 2);
  g_assert_cmpuint (test->n_asked, ==, 2);
  g_assert_cmpint (test->asked[1]->last_offset, ==, test->n_bytes);
}

/* A holder and another alone. */
static void
keep_two (Test *test)
{
  for (guint i = 2; i < N_PEERS; i++)
    test->holders[i].kind = KNOWS_NOTHING;
}

/* A wrong beginning of one that stalls: who gave the rest is asked again, for all. */
static void
test_wrong_beginning (Test         *test,
                      gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  keep_two (test);
  test->n_bytes = 3000;
  test->kinds = ASKED (STALLS_LIES, HONEST);
  task = get (test);
  assert_got (test, task, 6);
  g_assert_cmpuint (test->n_asked, ==, 2);
  g_assert_cmpuint (test->asked[1]->n_getvals, ==, BYTESTAG_LIMIT_HOLDER_TRIES);
  g_assert_cmpint (test->asked[1]->last_offset, ==, 0);
  g_assert_cmpuint (test->asked[0]->n_getvals, ==, 1);
}

/* Nobody is asked more often, however often it lies. */
static void
test_holder_tries (Test         *test,
                   gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  keep_two (test);
  test->n_bytes = 3000;
  test->kinds = ASKED (STALLS, LIES);
  task = get (test);
  fixture_assert_fails (&test->fixture, task, 60 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpuint (test->asked[1]->n_getvals, ==, BYTESTAG_LIMIT_HOLDER_TRIES);
  g_assert_cmpint (test->asked[1]->last_offset, ==, 0);
  g_assert_cmpuint (test->asked[0]->n_getvals, ==, 1);
}

/* Once a beginning was wrong nobody goes on after it: of many holders one alone is asked in
 * vain. */
static void
test_liar (Test         *test,
           gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->kinds = ASKED (DRIPS_LIES, HONEST);
  task = get (test);
  g_assert_cmpuint (assert_got (test, task, 15), ==, 2);
  g_assert_cmpuint (test->n_asked, ==, 3);
  g_assert_cmpint (test->asked[1]->last_offset, >, 0);
  g_assert_cmpint (test->asked[2]->last_offset, ==, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (test->asked[i]->n_getvals, ==, 1);
}

/* The oldest of those that drip makes room for the one that gives. */
static void
test_drippers (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->kinds = GPOINTER_TO_INT (data) ? ASKED (DRIPS_LIES, DRIPS_LIES, DRIPS_LIES, HONEST)
                                       : ASKED (DRIPS, DRIPS, DRIPS, HONEST);
  task = get (test);
  g_assert_cmpuint (assert_got (test, task, 15), ==, BYTESTAG_LIMIT_ATTEMPTS_OF_GET);
  g_assert_cmpuint (test->n_asked, ==, BYTESTAG_LIMIT_ATTEMPTS_OF_GET + 1);
  for (guint i = 0; i < BYTESTAG_LIMIT_ATTEMPTS_OF_GET; i++)
    g_assert_cmpuint (test->asked[i]->n_getvals, ==, 1);
  g_assert_cmpuint (test->asked[BYTESTAG_LIMIT_ATTEMPTS_OF_GET]->n_getvals, ==, GPOINTER_TO_INT (data) ? 2 : 1);
}

/* What the oldest gave is not lost when it makes room, be it more than others have. */
static void
test_left (Test         *test,
           gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->kinds = ASKED (TRICKLES, DRIPS, DRIPS, HONEST);
  task = get (test);
  assert_got (test, task, 8);
  g_assert_cmpint (test->asked[1]->last_offset, ==, 2 * TRICKLE);
  g_assert_cmpint (test->asked[2]->last_offset, ==, 4 * TRICKLE);
  g_assert_cmpint (test->asked[3]->last_offset, ==, 6 * TRICKLE);
}

/* Only drippers: each has its turn, and an end. */
static void
test_drippers_only (Test         *test,
                    gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->kinds = ASKED (DRIPS_LIES);
  task = get (test);
  for (guint i = 0; i < 120 && !bytestag_task_is_finished (BYTESTAG_TASK (task)); i++)
    {
      bytestag_sim_run (test->fixture.sim, SECOND);
      g_assert_cmpuint (count_running (test), <=, BYTESTAG_LIMIT_ATTEMPTS_OF_GET);
    }
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpuint (test->n_asked, ==, N_PEERS);
}

static guint
count_finds (Test *test)
{
  guint n = 0;

  for (guint i = 0; i < N_PEERS; i++)
    n += test->holders[i].n_finds;
  return n;
}

/* While one gives nobody else is looked for; that takes its time. */
static void
test_paused (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->kinds = ASKED (SLOW);
  task = get (test);
  bytestag_sim_run (test->fixture.sim, SECOND);
  g_assert_cmpuint (count_finds (test), ==, BYTESTAG_LIMIT_ACTIVE_PATHS);
  assert_got (test, task, 5);
  g_assert_cmpuint (count_finds (test), ==, BYTESTAG_LIMIT_ACTIVE_PATHS);
  g_assert_cmpuint (test->n_asked, ==, 1);
}

/* When nothing comes the look-up goes on, and finds the other holder. */
static void
test_looked_for (Test         *test,
                 gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  for (guint i = 1; i < N_PEERS - 1; i++)
    test->holders[i].kind = KNOWS_NOTHING;
  test->kinds = ASKED (DRIPS, HONEST);
  task = get (test);
  bytestag_sim_run (test->fixture.sim, 2 * SECOND);
  g_assert_cmpuint (test->holders[N_PEERS - 1].n_finds, ==, 0);
  assert_got (test, task, 4);
  g_assert_cmpuint (test->holders[0].n_getvals, ==, 1);
  g_assert_cmpuint (test->holders[N_PEERS - 1].n_getvals, ==, 1);
  g_assert_cmpint (test->holders[N_PEERS - 1].last_offset, >=, DRIP);
}

/* At each moment of a get with stalls, rejections and the end of the oldest. */
static void
test_cancel (Test         *test,
             gconstpointer data)
{
  static const gint64 moments[] = { 0, 5, 15, 25, 45, 1500, 2055, 4055, 5000, 6040, 6055, 6100, 6300 };

  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      BytestagGetValueTask *task;

      for (guint n = 0; n < N_PEERS; n++)
        test->holders[n].n_getvals = 0;
      test->n_asked = 0;
      test->kinds = ASKED (DRIPS_LIES, DRIPS_LIES, DRIPS_LIES, LIES);
      task = get (test);
      bytestag_sim_run (test->fixture.sim, moments[i] * 1000);
      g_assert_false (bytestag_task_is_finished (BYTESTAG_TASK (task)));
      bytestag_task_cancel (BYTESTAG_TASK (task));
      bytestag_sim_run (test->fixture.sim, 30 * SECOND);
      g_assert_cmpuint (count_running (test), ==, 0);
      g_assert_finalize_object (task);
    }
}

/* Whoever is told of anything may cancel at once. */

/* When the task is cancelled: the @countdown-th time that something is told. */
typedef struct {
  BytestagTask *task;
  guint countdown;
} Cancel;

static void
tell (Cancel *self)
{
  if (--self->countdown == 0)
    bytestag_task_cancel (self->task);
}

static void
downloads_changed_cb (GListModel *downloads,
                      guint       position,
                      guint       removed,
                      guint       added,
                      Cancel     *cancel)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) download = g_list_model_get_item (downloads, i);

      g_signal_connect_swapped (download, "notify::state", G_CALLBACK (tell), cancel);
    }
  tell (cancel);
}

static void
tasks_changed_cb (GListModel *tasks,
                  guint       position,
                  guint       removed,
                  guint       added,
                  Cancel     *cancel)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) lookup = g_list_model_get_item (tasks, i);

      g_signal_connect_swapped (lookup, "value-found", G_CALLBACK (tell), cancel);
      g_signal_connect_swapped (lookup, "notify::state", G_CALLBACK (tell), cancel);
    }
}

/* Returns whether it was cancelled before it ended. */
static gboolean
cancel_inside (Test *test,
               guint countdown)
{
  GListModel *downloads = G_LIST_MODEL (bytestag_network_get_download_slot (test->fixture.network));
  GListModel *tasks = bytestag_network_get_tasks (test->fixture.network);
  Cancel cancel = { .countdown = countdown };
  gboolean is_cancelled;

  for (guint n = 0; n < N_PEERS; n++)
    test->holders[n].n_getvals = 0;
  test->n_asked = 0;
  test->kinds = ASKED (STALLS_LIES, DRIPS_LIES, DRIPS_LIES, HONEST);
  g_signal_connect (downloads, "items-changed", G_CALLBACK (downloads_changed_cb), &cancel);
  g_signal_connect (tasks, "items-changed", G_CALLBACK (tasks_changed_cb), &cancel);
  cancel.task = BYTESTAG_TASK (get (test));
  g_signal_connect_swapped (cancel.task, "notify::progress", G_CALLBACK (tell), &cancel);
  g_signal_connect_swapped (cancel.task, "notify::total", G_CALLBACK (tell), &cancel);
  bytestag_sim_run (test->fixture.sim, 30 * SECOND);

  g_assert_true (bytestag_task_is_finished (cancel.task));
  is_cancelled = bytestag_task_get_state (cancel.task) == BYTESTAG_TASK_CANCELLED;
  g_signal_handlers_disconnect_by_data (downloads, &cancel);
  g_signal_handlers_disconnect_by_data (tasks, &cancel);
  g_assert_cmpuint (count_running (test), ==, 0);
  g_assert_finalize_object (cancel.task);
  return is_cancelled;
}

static void
test_cancel_inside (Test         *test,
                    gconstpointer data)
{
  guint n = 0;

  test->n_bytes = 1500;
  while (cancel_inside (test, n + 2))
    n++;
  /* Two lists, four downloads, the look-up, progress and total. */
  g_assert_cmpuint (n, >, 15);
}

#define TEST(path, func) g_test_add ("/dht/get-value-task/" path, Test, NULL, setup, func, teardown)
#define TEST_EACH(path, func) \
  g_test_add ("/dht/get-value-task/" path "/0", Test, GINT_TO_POINTER (FALSE), setup, func, teardown); \
  g_test_add ("/dht/get-value-task/" path "/1", Test, GINT_TO_POINTER (TRUE), setup, func, teardown)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST ("silent-one", test_silent);
  TEST_EACH ("two-chunks", test_two_chunks);
  TEST ("stalls-lies", test_wrong_beginning);
  TEST ("holder-tries", test_holder_tries);
  TEST ("liar", test_liar);
  TEST_EACH ("drippers", test_drippers);
  TEST ("left", test_left);
  TEST ("drippers-only", test_drippers_only);
  TEST ("paused", test_paused);
  TEST ("looked-for", test_looked_for);
  TEST ("cancel-stalls", test_cancel);
  TEST ("cancel-inside", test_cancel_inside);

  return g_test_run ();
}
