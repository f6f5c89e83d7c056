/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "sim/sim.h"
#include "support/test-rng.h"

/* The simulator's links and NATs do what is asked of them. */

#define N_DRAWS 20000
#define SECOND G_GINT64_CONSTANT (1000000)

static void
assert_near (gdouble value,
             gdouble expected,
             gdouble tolerance)
{
  g_assert_cmpfloat_with_epsilon (value, expected, tolerance);
}

/* Latency */

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 difference = *(const gint64 *) a - *(const gint64 *) b;

  return difference < 0 ? -1 : difference > 0;
}

static void
test_latency (void)
{
  g_autofree gint64 *latencies = g_new (gint64, N_DRAWS);
  gdouble sum = 0, sum_of_squares = 0;
  BytestagEndpoint a, b;
  BytestagSimLink link;

  bytestag_sim_link_init (&link, 5);
  bytestag_sim_make_address (0, &a);
  for (guint i = 0; i < N_DRAWS; i++)
    {
      gdouble logarithm;

      bytestag_sim_make_address (i + 1, &b);
      latencies[i] = bytestag_sim_link_get_latency (&link, &a, &b);
      g_assert_cmpint (bytestag_sim_link_get_latency (&link, &b, &a), ==, latencies[i]);
      logarithm = log ((gdouble) latencies[i]);
      sum += logarithm;
      sum_of_squares += logarithm * logarithm;
    }
  qsort (latencies, N_DRAWS, sizeof *latencies, compare_times);

  /* Half of a round trip of 80 ms. */
  assert_near ((gdouble) latencies[N_DRAWS / 2] / 1000, 40, 1.5);
  assert_near (sqrt (sum_of_squares / N_DRAWS - sum / N_DRAWS * sum / N_DRAWS), 0.8, 0.02);
}

/* Chance */

static void
test_chance (void)
{
  g_autoptr (BytestagRng) rng = BYTESTAG_RNG (bytestag_test_rng_new (1));
  guint n_lost = 0, n_doubled = 0, n_late = 0, n_copies = 0;
  BytestagEndpoint a, b;
  BytestagSimLink link;
  gint64 latency;

  bytestag_sim_make_address (0, &a);
  bytestag_sim_make_address (1, &b);
  bytestag_sim_link_init (&link, 5);
  link.lost = 20;
  link.doubled = 10;
  link.late = 50;
  link.jitter = 0.2;
  latency = bytestag_sim_link_get_latency (&link, &a, &b);

  for (guint i = 0; i < N_DRAWS; i++)
    {
      gint64 delays[BYTESTAG_SIM_LINK_COPIES];
      guint n = bytestag_sim_link_carry (&link, rng, &a, &b, 100, delays);

      n_lost += n == 0;
      n_doubled += n == 2;
      n_copies += n;
      for (guint copy = 0; copy < n; copy++)
        {
          g_assert_cmpint (delays[copy], >=, latency);
          g_assert_cmpint (delays[copy], <=, latency * 21 / 5 + 2);
          n_late += delays[copy] > latency * 6 / 5 + 1;
        }
    }

  assert_near (1000.0 * n_lost / N_DRAWS, 20, 4);
  assert_near (1000.0 * n_doubled / N_DRAWS, 10, 3);
  /* A fifteenth of the late ones is so by less than the jitter of others. */
  assert_near (1000.0 * n_late / n_copies, 48, 6);
}

static void
test_size (void)
{
  g_autoptr (BytestagRng) rng = BYTESTAG_RNG (bytestag_test_rng_new (1));
  gint64 delays[BYTESTAG_SIM_LINK_COPIES];
  BytestagEndpoint a, b;
  BytestagSimLink link;

  bytestag_sim_make_address (0, &a);
  bytestag_sim_make_address (1, &b);
  bytestag_sim_link_init (&link, 5);
  link.largest = 1472;
  g_assert_cmpuint (bytestag_sim_link_carry (&link, rng, &a, &b, 1472, delays), ==, 1);
  g_assert_cmpuint (bytestag_sim_link_carry (&link, rng, &a, &b, 1473, delays), ==, 0);
}

/* Whole worlds */

static gboolean
cut_from_first (const BytestagEndpoint *from,
                const BytestagEndpoint *to,
                gpointer                user_data)
{
  guint number;

  return bytestag_sim_read_address (from, &number) && number == 0;
}

/* Whether a ping of @from to @to is answered. */
static gboolean
ping (BytestagSim *sim,
      guint        from,
      guint        to)
{
  g_autoptr (BytestagPingTask) task = NULL;
  BytestagEndpoint address;

  bytestag_sim_get_address (sim, to, &address);
  task = bytestag_network_ping_address (bytestag_sim_get_node (sim, from), &address);
  g_assert_true (bytestag_sim_run_task (sim, task, 30 * SECOND));
  return bytestag_task_get_state (BYTESTAG_TASK (task)) == BYTESTAG_TASK_DONE;
}

static void
test_asymmetric_cut (void)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (1);
  const BytestagNetworkCounters *first, *second;

  first = bytestag_network_get_counters (bytestag_sim_add_node (sim));
  second = bytestag_network_get_counters (bytestag_sim_add_node (sim));
  bytestag_sim_get_link (sim)->is_cut = cut_from_first;

  g_assert_false (ping (sim, 0, 1));
  g_assert_cmpuint (second->datagrams_received, ==, 0);
  g_assert_false (ping (sim, 1, 0));
  g_assert_cmpuint (first->datagrams_received, ==, 2);

  bytestag_sim_get_link (sim)->is_cut = NULL;
  g_assert_true (ping (sim, 0, 1));
}

static BytestagSim *
make_world (void)
{
  BytestagSim *sim = bytestag_sim_new (1);

  for (guint i = 0; i < 3; i++)
    bytestag_sim_add_node (sim);
  return sim;
}

/* A node behind a NAT is heard by those that it has spoken to, for a while. */
static void
test_port_restricted_nat (void)
{
  g_autoptr (BytestagSim) sim = make_world ();

  bytestag_sim_put_behind_nat (sim, 0, BYTESTAG_NAT_PORT_RESTRICTED);
  g_assert_false (ping (sim, 1, 0));
  g_assert_true (ping (sim, 0, 1));
  g_assert_true (ping (sim, 1, 0));
  g_assert_false (ping (sim, 2, 0));

  bytestag_sim_run (sim, BYTESTAG_NAT_LIFETIME);
  g_assert_false (ping (sim, 1, 0));
}

/* One behind a symmetric NAT has another endpoint for each. */
static void
test_symmetric_nat (void)
{
  BytestagEndpoint outer, one, other, again, to[2];
  BytestagNat *nat;

  bytestag_sim_make_address (0, &outer);
  bytestag_sim_make_address (1, &to[0]);
  bytestag_sim_make_address (2, &to[1]);
  nat = bytestag_nat_new (BYTESTAG_NAT_SYMMETRIC, &outer);
  bytestag_nat_send (nat, 0, &to[0], &one);
  bytestag_nat_send (nat, 0, &to[1], &other);
  bytestag_nat_send (nat, 1, &to[0], &again);
  g_assert_true (bytestag_endpoint_same_host (&one, &other));
  g_assert_cmpuint (one.port, !=, other.port);
  g_assert_true (bytestag_endpoint_equal (&one, &again));

  g_assert_true (bytestag_nat_admits (nat, 2, &to[0], &one));
  g_assert_false (bytestag_nat_admits (nat, 2, &to[0], &other));
  g_assert_true (bytestag_nat_admits (nat, BYTESTAG_NAT_LIFETIME, &to[0], &one));
  g_assert_false (bytestag_nat_admits (nat, BYTESTAG_NAT_LIFETIME + 1, &to[0], &one));

  /* What was shut is opened elsewhere. */
  bytestag_nat_send (nat, 2 * BYTESTAG_NAT_LIFETIME, &to[0], &again);
  g_assert_cmpuint (again.port, !=, one.port);
  bytestag_nat_free (nat);
}

/* The life of nodes */

static void
test_life (void)
{
  g_autoptr (BytestagSim) sim = make_world ();
  BytestagKey id = *bytestag_network_get_key (bytestag_sim_get_node (sim, 0));
  g_autoptr (GBytes) value = bytestag_sim_make_value (10, 3);
  BytestagKey key;

  bytestag_sim_put_value (sim, 0, value, &key);
  g_assert_true (ping (sim, 1, 0));
  bytestag_sim_crash (sim, 0);
  g_assert_null (bytestag_sim_get_node (sim, 0));
  g_assert_false (ping (sim, 1, 0));

  bytestag_sim_restart (sim, 0, TRUE);
  g_assert_true (ping (sim, 1, 0));
  g_assert_true (bytestag_key_equal (bytestag_network_get_key (bytestag_sim_get_node (sim, 0)), &id));
  g_assert_true (bytestag_kvp_table_lookup (bytestag_sim_get_table (sim, 0), &(BytestagKvpId) { key, key }, NULL));

  bytestag_sim_leave (sim, 0);
  bytestag_sim_restart (sim, 0, FALSE);
  g_assert_true (ping (sim, 1, 0));
  g_assert_false (bytestag_key_equal (bytestag_network_get_key (bytestag_sim_get_node (sim, 0)), &id));
  g_assert_false (bytestag_kvp_table_lookup (bytestag_sim_get_table (sim, 0), &(BytestagKvpId) { key, key }, NULL));
}

static void
test_moves (void)
{
  g_autoptr (BytestagSim) sim = make_world ();
  g_autoptr (BytestagPingTask) task = NULL;
  BytestagEndpoint before, after;

  bytestag_sim_get_address (sim, 0, &before);
  bytestag_sim_move (sim, 0);
  bytestag_sim_get_address (sim, 0, &after);
  g_assert_false (bytestag_endpoint_same_host (&before, &after));
  g_assert_true (ping (sim, 1, 0));

  task = bytestag_network_ping_address (bytestag_sim_get_node (sim, 1), &before);
  g_assert_true (bytestag_sim_run_task (sim, task, 30 * SECOND));
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_FAILED);
}

static void
test_wall_offset (void)
{
  g_autoptr (BytestagSim) sim = make_world ();
  BytestagReactor *reactors[2];

  for (guint i = 0; i < 2; i++)
    reactors[i] = bytestag_network_get_reactor (bytestag_sim_get_node (sim, i));
  bytestag_sim_set_wall_offset (sim, 1, -7 * SECOND);
  g_assert_cmpint (bytestag_reactor_get_wall_time (reactors[0]) - bytestag_reactor_get_wall_time (reactors[1]), ==,
                   7 * SECOND);
  g_assert_cmpint (bytestag_reactor_get_time (reactors[0]), ==, bytestag_reactor_get_time (reactors[1]));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sim/link/latency", test_latency);
  g_test_add_func ("/sim/link/chance", test_chance);
  g_test_add_func ("/sim/link/size", test_size);
  g_test_add_func ("/sim/link/asymmetric-cut", test_asymmetric_cut);
  g_test_add_func ("/sim/nat/port-restricted", test_port_restricted_nat);
  g_test_add_func ("/sim/nat/symmetric", test_symmetric_nat);
  g_test_add_func ("/sim/node/life", test_life);
  g_test_add_func ("/sim/node/moves", test_moves);
  g_test_add_func ("/sim/node/wall-offset", test_wall_offset);

  return g_test_run ();
}
