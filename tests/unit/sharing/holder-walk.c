/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/holder-walk.h"

#include "core/limits.h"
#include "sim/sim.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define N_NODES 120
#define COPIES 4

/* A network of real nodes; the first one walks. */
typedef struct {
  BytestagSim *sim;
  BytestagNetwork *network;
  BytestagHolderWalk *walk;
  GArray *questions; /* (element-type BytestagHolderQuestion) in order of id */
  guint n_called;
} Test;

static void
set_up (Test          *test,
        gconstpointer  data)
{
  test->sim = bytestag_sim_new (3);
  bytestag_sim_set_checks (test->sim, FALSE);
  bytestag_sim_set_latency (test->sim, 10 * 1000, 0);
  for (guint i = 0; i < N_NODES; i++)
    bytestag_sim_add_node (test->sim);
  g_assert_true (bytestag_sim_join_all (test->sim, 120 * SECOND));
  test->network = bytestag_sim_get_node (test->sim, 0);
  test->walk = bytestag_holder_walk_new (test->network);
  test->questions = g_array_new (FALSE, TRUE, sizeof (BytestagHolderQuestion));
}

static void
tear_down (Test          *test,
           gconstpointer  data)
{
  if (test->walk != NULL)
    g_assert_finalize_object (test->walk);
  g_array_unref (test->questions);
  bytestag_sim_free (test->sim);
}

static int
compare_questions (gconstpointer a,
                   gconstpointer b)
{
  return bytestag_kvp_id_compare (&((const BytestagHolderQuestion *) a)->id, &((const BytestagHolderQuestion *) b)->id);
}

/* Questions for @n values; every 7th is one whose index is not its key. */
static void
make_questions (Test     *test,
                guint     n,
                gboolean  with_infos)
{
  for (guint i = 0; i < n; i++)
    {
      BytestagHolderQuestion question = { .copies = COPIES };

      bytestag_key_digest (&question.id.index, &i, sizeof i);
      question.id.key = question.id.index;
      if (with_infos && i % 7 == 0)
        bytestag_key_digest (&question.id.key, &question.id.index, sizeof question.id.index);
      g_array_append_val (test->questions, question);
    }
  g_array_sort (test->questions, compare_questions);
}

static const BytestagHolderQuestion *
get_question (Test *test,
              guint number)
{
  return &g_array_index (test->questions, BytestagHolderQuestion, number);
}

/* The node that is the @rank-th nearest to @key, but for the walking one. */
static guint
find_nearest (Test              *test,
              const BytestagKey *key,
              guint              rank)
{
  guint order[N_NODES];
  guint n = 0;

  for (guint i = 1; i < N_NODES; i++)
    {
      const BytestagKey *id = bytestag_network_get_key (bytestag_sim_get_node (test->sim, i));
      guint at = n++;

      for (; at > 0 && bytestag_key_compare_distance (
                         key, id, bytestag_network_get_key (bytestag_sim_get_node (test->sim, order[at - 1]))) < 0; at--)
        order[at] = order[at - 1];
      order[at] = i;
    }
  return order[rank];
}

static void
let_hold (Test                *test,
          guint                node,
          const BytestagKvpId *id,
          gint64               until)
{
  g_autoptr (GBytes) value = g_bytes_new_static ("some", 4);
  BytestagKvpRecord record = { .id = *id, .size = 4, .until = until, .copies = COPIES };

  bytestag_kvp_table_write (bytestag_sim_get_table (test->sim, node), &record, value, NULL, NULL);
}

static gint64
get_until (guint number)
{
  return G_GINT64_CONSTANT (1700000000) + number;
}

static void
done_cb (gpointer user_data)
{
  ((Test *) user_data)->n_called++;
}

/* Asks for the questions from @first on; how many were answered. */
static guint
ask (Test  *test,
     guint  first)
{
  guint n = MIN (test->questions->len - first, BYTESTAG_LIMIT_PIECES_OF_SLICE);

  test->n_called = 0;
  bytestag_holder_walk_ask (test->walk, get_question (test, first), n, done_cb, test);
  g_assert_true (bytestag_holder_walk_is_asking (test->walk));
  for (guint i = 0; i < 600 && test->n_called == 0; i++)
    bytestag_sim_run (test->sim, SECOND / 10);
  g_assert_cmpuint (test->n_called, ==, 1);
  g_assert_false (bytestag_holder_walk_is_asking (test->walk));
  return bytestag_holder_walk_get_n_done (test->walk);
}

/* Of each value, those of the nearest nodes that hold it are found, and what they promise; and the
 * nearest nodes are really those. */
static void
test_truth (Test          *test,
            gconstpointer  data)
{
  guint n_done;
  guint n_wrong = 0;

  make_questions (test, 700, TRUE);
  for (guint i = 0; i < test->questions->len; i++)
    for (guint j = 0; j < i % (COPIES + 1); j++)
      let_hold (test, find_nearest (test, &get_question (test, i)->id.key, j), &get_question (test, i)->id, get_until (i));

  for (guint first = 0; first < test->questions->len; first += n_done)
    {
      n_done = ask (test, first);
      g_assert_cmpuint (n_done, >, 0);
      g_assert_false (bytestag_holder_walk_knows_all (test->walk));
      for (guint i = 0; i < n_done; i++)
        {
          BytestagHolders holders;

          bytestag_holder_walk_get_holders (test->walk, i, &holders);
          g_assert_cmpuint (holders.n_nodes, ==, BYTESTAG_MAX_BUCKET_SIZE);
          for (guint j = 0; j < COPIES; j++)
            {
              guint nearest = find_nearest (test, &get_question (test, first + i)->id.key, j);
              gboolean is_held = j < (first + i) % (COPIES + 1);

              n_wrong += !bytestag_key_equal (bytestag_node_get_key (holders.nodes[j]),
                                              bytestag_network_get_key (bytestag_sim_get_node (test->sim, nearest)));
              n_wrong += holders.untils[j] != (is_held ? get_until (first + i) : 0);
            }
        }
    }
  /* One by one: 700 look-ups. */
  g_assert_cmpuint (n_wrong, ==, 0);
  g_assert_cmpuint (bytestag_holder_walk_get_n_lookups (test->walk), <, 30);
  g_assert_cmpuint (bytestag_holder_walk_get_n_requests (test->walk), <, 700 * 3);
}

/* A holder that is no longer among the nearest counts, where a value had more copies. */
static void
test_had (Test          *test,
          gconstpointer  data)
{
  BytestagHolders holders;
  guint far;

  make_questions (test, 1, FALSE);
  far = find_nearest (test, &get_question (test, 0)->id.key, 15);
  g_array_index (test->questions, BytestagHolderQuestion, 0).had = 1;
  let_hold (test, far, &get_question (test, 0)->id, get_until (0));
  g_assert_cmpuint (ask (test, 0), ==, 1);
  bytestag_holder_walk_get_holders (test->walk, 0, &holders);
  g_assert_cmpint (holders.untils[15], ==, get_until (0));
}

/* Who is silent is unknown, and holds nothing up for long. */
static void
test_silent (Test          *test,
             gconstpointer  data)
{
  BytestagHolders holders;
  guint node;
  guint n_unknown = 0;

  make_questions (test, 200, FALSE);
  g_assert_cmpuint (ask (test, 0), >, 0);
  node = find_nearest (test, &get_question (test, 0)->id.key, 0);
  bytestag_sim_set_online (test->sim, node, FALSE);
  g_assert_cmpuint (ask (test, 0), >, 0);
  bytestag_holder_walk_get_holders (test->walk, 0, &holders);
  for (guint i = 0; i < COPIES; i++)
    n_unknown += holders.untils[i] == BYTESTAG_HOLDER_UNKNOWN;
  g_assert_cmpuint (n_unknown, ==, 1);
}

/* Few requests at a time; given up at any moment, or gone. */
static void
test_bound (Test          *test,
            gconstpointer  data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  guint64 n_before;

  make_questions (test, 512, TRUE);
  g_assert_cmpuint (ask (test, 0), >, 0);
  n_before = counters->datagrams_sent;
  bytestag_holder_walk_ask (test->walk, get_question (test, 0), 512, done_cb, test);
  /* Before the first answers. */
  bytestag_sim_run (test->sim, 2 * 1000);
  g_assert_cmpuint (counters->datagrams_sent - n_before, ==, BYTESTAG_LIMIT_BATCHES);

  test->n_called = 0;
  for (guint i = 0; i < 40; i++)
    {
      bytestag_holder_walk_cancel (test->walk);
      g_assert_false (bytestag_holder_walk_is_asking (test->walk));
      bytestag_holder_walk_ask (test->walk, get_question (test, i * 10), 100, done_cb, test);
      bytestag_sim_run (test->sim, i * SECOND / 200);
      if (!bytestag_holder_walk_is_asking (test->walk))
        test->n_called--;
    }
  g_assert_cmpuint (test->n_called, ==, 0);
  g_assert_finalize_object (g_steal_pointer (&test->walk));
  bytestag_sim_run (test->sim, SECOND);
}

#define TEST(path, func) g_test_add ("/sharing/holder-walk/" path, Test, NULL, set_up, func, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("truth", test_truth);
  TEST ("had", test_had);
  TEST ("silent", test_silent);
  TEST ("bound", test_bound);
  return g_test_run ();
}
