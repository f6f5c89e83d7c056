/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "core/limits.h"
#include "fixture.h"
#include "sharing/budget.h"

#define PART 262144
/* A node of ours: B.1, bit 2. */
#define PROMISES 2

/* 1,000 parts of 256 KiB with 4 copies each, and a root with 20. */
static BytestagBudgetPlan
make_plan (void)
{
  BytestagBudgetPlan plan = { .on_time = 2 * 3600 };

  bytestag_budget_plan_add (&plan, 1000, PART, 4);
  bytestag_budget_plan_add (&plan, 1, 50000, 20);
  return plan;
}

static BytestagBudget
compute (const BytestagBudgetPlan *plan)
{
  BytestagBudgetRates rates;
  BytestagBudget budget;

  bytestag_budget_rates_init (&rates);
  bytestag_budget_compute (plan, &rates, &budget);
  return budget;
}

static void
test_plan (void)
{
  BytestagBudgetPlan plan = make_plan ();

  g_assert_cmpuint (plan.n_pieces, ==, 1001);
  g_assert_cmpuint (plan.n_bytes, ==, 1000 * PART + 50000);
  g_assert_cmpuint (plan.n_copies, ==, 4020);
  g_assert_cmpuint (plan.n_bytes_of_copies, ==, G_GUINT64_CONSTANT (4000) * PART + 1000000);

  /* What no disk holds costs as much as can be said. */
  bytestag_budget_plan_add (&plan, G_MAXUINT64, PART, 4);
  g_assert_cmpuint (plan.n_pieces, ==, G_MAXUINT64);
  g_assert_cmpuint (plan.n_bytes_of_copies, ==, G_MAXUINT64);
  g_assert_cmpuint (compute (&plan).initial_bytes, ==, G_MAXUINT64);
}

/* Each figure from its rate alone. */
static void
test_rates (void)
{
  BytestagBudgetPlan plan = { .n_pieces = 10, .n_copies = 40, .n_bytes_of_copies = 4000, .on_time = 3600 };
  BytestagBudgetRates rates = { 0 };
  BytestagBudget budget;

  rates.bytes_per_byte = 1.5;
  bytestag_budget_compute (&plan, &rates, &budget);
  g_assert_cmpuint (budget.initial_bytes, ==, 6000);
  g_assert_cmpuint (budget.upkeep_bytes, ==, 0);

  rates = (BytestagBudgetRates) { .bytes_per_store = 7 };
  bytestag_budget_compute (&plan, &rates, &budget);
  g_assert_cmpuint (budget.initial_bytes, ==, 280);

  rates = (BytestagBudgetRates) { .requests_per_look = 2, .bytes_per_request = 150, .looks_per_day = 3 };
  bytestag_budget_compute (&plan, &rates, &budget);
  g_assert_cmpuint (budget.initial_bytes, ==, 6000);
  g_assert_cmpuint (budget.upkeep_bytes, ==, 9000);
  g_assert_cmpuint (budget.upkeep_requests, ==, 60);

  /* Who took bytes is asked for them. */
  rates = (BytestagBudgetRates) { .requests_per_store = 0.5, .bytes_per_request = 100 };
  bytestag_budget_compute (&plan, &rates, &budget);
  g_assert_cmpuint (budget.initial_bytes, ==, 2000);
  g_assert_cmpuint (budget.upkeep_bytes, ==, 0);

  /* Of 32 copies one is checked; promises of 14 days last for 8 and a third. */
  rates = (BytestagBudgetRates) { .bytes_per_check = 320, .looks_per_day = 3 };
  bytestag_budget_compute (&plan, &rates, &budget);
  g_assert_cmpuint (budget.initial_bytes, ==, 0);
  g_assert_cmpuint (budget.upkeep_bytes, ==, 1200);
  rates = (BytestagBudgetRates) { .bytes_per_renewal = 250, .looks_per_day = 3 };
  bytestag_budget_compute (&plan, &rates, &budget);
  g_assert_cmpuint (budget.initial_bytes, ==, 0);
  g_assert_cmpuint (budget.upkeep_bytes, ==, 1200);

  /* A quarter of the nodes goes, another comes: half of the copies are sent again, each pass. */
  rates = (BytestagBudgetRates) { .bytes_per_byte = 1, .looks_per_day = 2, .loss_per_hour = 0.25 };
  bytestag_budget_compute (&plan, &rates, &budget);
  g_assert_cmpuint (budget.upkeep_bytes, ==, 4000);
}

static void
test_calibrate (void)
{
  BytestagBudgetRates rates, before;

  bytestag_budget_rates_init (&rates);
  before = rates;
  bytestag_budget_rates_calibrate (&rates, 0, 0, 0, 0, 0);
  g_assert_cmpmem (&rates, sizeof rates, &before, sizeof before);

  bytestag_budget_rates_calibrate (&rates, 3, 5, 10, 20, 15);
  g_assert_cmpfloat (rates.requests_per_look, ==, 2);
  g_assert_cmpfloat (rates.n_pieces, ==, 3);
  g_assert_cmpfloat (rates.requests_per_store, ==, 0.75);
  /* Datagrams are as long as they are. */
  g_assert_cmpfloat (rates.bytes_per_request, ==, before.bytes_per_request);
  g_assert_cmpfloat (rates.bytes_per_store, ==, before.bytes_per_store);
  g_assert_cmpfloat (rates.bytes_per_byte, ==, before.bytes_per_byte);
}

static guint64
get_sent (Fixture *self)
{
  return bytestag_network_get_counters (self->network)->bytes_sent;
}

/* Bytes that node 0 sends since it had sent @before, until @task is done. */
static guint64
measure (Fixture *self,
         guint64  before,
         gpointer task)
{
  g_assert_true (bytestag_sim_run_task (self->sim, task, 60 * SECOND));
  g_assert_cmpint (bytestag_task_get_state (task), ==, BYTESTAG_TASK_DONE);
  return get_sent (self) - before;
}

/* Bytes that no codec makes shorter, as those of media. */
static GBytes *
make_noise (gsize size)
{
  g_autoptr (GByteArray) noise = g_byte_array_new ();
  BytestagKey key = { { 1 } };

  while (noise->len < size)
    {
      bytestag_key_digest (&key, key.bytes, sizeof key.bytes);
      g_byte_array_append (noise, key.bytes, sizeof key.bytes);
    }
  g_byte_array_set_size (noise, (guint) size);
  return g_byte_array_free_to_bytes (g_steal_pointer (&noise));
}

static guint64
measure_store (Fixture *self,
               GBytes  *value,
               gboolean sends)
{
  g_autoptr (BytestagNode) node = bytestag_sim_make_contact (self->sim, 1);
  BytestagKvpRecord record = { .size = g_bytes_get_size (value), .copies = 4, .has_timestamp = TRUE };
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  guint64 before = get_sent (self);

  bytestag_node_set_extensions (node, PROMISES);
  record.timestamp = bytestag_reactor_get_wall_time (bytestag_network_get_reactor (self->network)) / G_USEC_PER_SEC;
  bytestag_key_digest (&record.id.key, g_bytes_get_data (value, NULL), record.size);
  record.id.index = record.id.key;
  task = bytestag_network_refresh_at_node (self->network, node, &record, BYTESTAG_TIME_KEEP, sends ? value : NULL);
  return measure (self, before, task);
}

/* No less than what goes out, and little more. */
static void
assert_covers (gdouble rate,
               gdouble measured)
{
  g_test_message ("%.6g, measured %.6g", rate, measured);
  g_assert_cmpfloat (rate, >=, measured);
  g_assert_cmpfloat (rate, <, measured * 1.05);
}

/* What is usual is what the engine sends: each kind of datagram. */
static void
test_datagrams (Fixture       *self,
                gconstpointer  data)
{
  g_autoptr (BytestagNode) node = bytestag_sim_make_contact (self->sim, 1);
  g_autoptr (GBytes) byte = make_noise (1);
  g_autoptr (GBytes) part = make_noise (PART);
  g_autoptr (BytestagFindHeldTask) held = NULL;
  g_autoptr (BytestagSpotCheckTask) check = NULL;
  BytestagKey keys[1 + BYTESTAG_LIMIT_KEYS_OF_REQUEST] = { { { 1 } } };
  BytestagBudgetRates rates;
  BytestagKvpId id;
  guint64 of_byte, of_part, before;

  bytestag_budget_rates_init (&rates);
  of_byte = measure_store (self, byte, TRUE);
  of_part = measure_store (self, part, TRUE);
  assert_covers (rates.bytes_per_store, (gdouble) of_byte);
  assert_covers (rates.bytes_per_byte, (gdouble) (of_part - of_byte) / (PART - 1));
  assert_covers (rates.bytes_per_renewal, (gdouble) measure_store (self, part, FALSE));

  for (guint i = 1; i < G_N_ELEMENTS (keys); i++)
    bytestag_key_digest (&keys[i], keys[i - 1].bytes, sizeof keys[i].bytes);
  bytestag_node_set_extensions (node, PROMISES);
  before = get_sent (self);
  held = bytestag_network_find_held_from_node (self->network, node, keys, G_N_ELEMENTS (keys));
  assert_covers (rates.bytes_per_request, (gdouble) measure (self, before, held));

  bytestag_sim_put_value (self->sim, 0, part, &id.key);
  id.index = id.key;
  before = get_sent (self);
  check = bytestag_network_spot_check (self->network, node, &id);
  assert_covers (rates.bytes_per_check, (gdouble) measure (self, before, check));
  g_assert_cmpint (bytestag_spot_check_task_get_outcome (check), ==, BYTESTAG_SPOT_CHECK_PASSED);
}

/* As measured: 2 requests a piece of 1,000, 0.3 of 100,000, and never more than one by one. */
static void
test_shared_requests (void)
{
  BytestagBudgetPlan plan = { 0 };

  bytestag_budget_plan_add (&plan, 1000, PART, 4);
  g_assert_cmpuint (compute (&plan).upkeep_requests, ==, 2000);
  bytestag_budget_plan_add (&plan, 99000, PART, 4);
  g_assert_cmpuint (compute (&plan).upkeep_requests, >, 29000);
  g_assert_cmpuint (compute (&plan).upkeep_requests, <, 31000);
  plan = (BytestagBudgetPlan) { 0 };
  bytestag_budget_plan_add (&plan, 1, PART, 4);
  g_assert_cmpuint (compute (&plan).upkeep_requests, ==, 27);
}

static void
test_already_there (void)
{
  BytestagBudgetPlan plan = make_plan ();
  BytestagBudget all = compute (&plan);
  BytestagBudget rest;

  plan.n_copies_there = plan.n_copies / 2;
  plan.n_bytes_there = plan.n_bytes_of_copies / 2;
  rest = compute (&plan);
  g_assert_cmpuint (rest.initial_bytes, <, all.initial_bytes * 51 / 100);
  g_assert_cmpuint (rest.initial_bytes, >, all.initial_bytes * 49 / 100);
  /* It is looked after all the same. */
  g_assert_cmpuint (rest.upkeep_bytes, ==, all.upkeep_bytes);

  /* More than is wanted is no credit. */
  plan.n_copies_there = plan.n_copies * 2;
  plan.n_bytes_there = plan.n_bytes_of_copies * 2;
  rest = compute (&plan);
  g_assert_cmpuint (rest.initial_bytes, <=, 1001 * 2 * 2 * 910);
}

static void
test_monotonous (void)
{
  BytestagBudgetPlan plan = { .on_time = 3600 };
  BytestagBudgetRates rates;
  BytestagBudget before = { 0 }, budget;

  bytestag_budget_rates_init (&rates);
  for (guint i = 0; i < 100; i++)
    {
      bytestag_budget_plan_add (&plan, 10, PART, 1 + i % 20);
      bytestag_budget_compute (&plan, &rates, &budget);
      g_assert_cmpuint (budget.initial_bytes, >, before.initial_bytes);
      g_assert_cmpuint (budget.upkeep_bytes, >, before.upkeep_bytes);
      g_assert_cmpuint (budget.upkeep_requests, >, before.upkeep_requests);
      before = budget;
    }

  /* The faster nodes go the more is sent again; the first time as much. */
  for (guint percent = 20; percent <= 50; percent += 5)
    {
      rates.loss_per_hour = percent / 100.0;
      bytestag_budget_compute (&plan, &rates, &budget);
      g_assert_cmpuint (budget.upkeep_bytes, >, before.upkeep_bytes);
      g_assert_cmpuint (budget.initial_bytes, ==, before.initial_bytes);
      before = budget;
    }
}

static void
test_fits (void)
{
  BytestagBudgetPlan plan = make_plan ();
  BytestagBudget budget = compute (&plan);

  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_FITS);
  g_assert_cmpuint (budget.day_bytes, ==, G_MAXUINT64);
  g_assert_cmpuint (budget.initial_seconds, ==, 0);
  g_assert_cmpfloat (budget.share_kept, ==, 1);

  /* Just enough for the upkeep, and then nothing is left for the first time. */
  plan.upload_limit = (budget.upkeep_bytes + plan.on_time - 1) / plan.on_time;
  budget = compute (&plan);
  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_FITS);
  g_assert_cmpuint (budget.initial_seconds, >, 1000 * G_GUINT64_CONSTANT (86400));

  /* Twice as much: the other half is for it. */
  plan.upload_limit *= 2;
  budget = compute (&plan);
  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_FITS);
  g_assert_cmpfloat_with_epsilon ((gdouble) budget.initial_seconds,
                                  (gdouble) (budget.initial_bytes * 2 / plan.upload_limit),
                                  (gdouble) budget.initial_seconds / 100);
}

static void
test_fits_partly (void)
{
  BytestagBudgetPlan plan = make_plan ();
  BytestagBudget budget = compute (&plan);

  plan.upload_limit = budget.upkeep_bytes / plan.on_time / 4;
  budget = compute (&plan);
  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_PARTLY);
  g_assert_cmpfloat_with_epsilon (budget.share_kept, 0.25, 0.001);
  g_assert_cmpuint (budget.initial_seconds, ==, G_MAXUINT64);

  /* The computer is on twice as long. */
  plan.on_time *= 2;
  budget = compute (&plan);
  g_assert_cmpfloat_with_epsilon (budget.share_kept, 0.5, 0.001);

  /* A day has no more than 24 hours. */
  plan.on_time = 1000 * 86400;
  budget = compute (&plan);
  g_assert_cmpuint (budget.day_bytes, ==, plan.upload_limit * 86400);
}

static void
test_never_on (void)
{
  BytestagBudgetPlan plan = make_plan ();
  BytestagBudgetPlan nothing = { 0 };
  BytestagBudget budget;

  plan.on_time = 0;
  budget = compute (&plan);
  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_NOTHING);
  g_assert_cmpfloat (budget.share_kept, ==, 0);
  g_assert_cmpuint (budget.initial_seconds, ==, G_MAXUINT64);

  budget = compute (&nothing);
  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_FITS);
  g_assert_cmpuint (budget.initial_bytes, ==, 0);
  g_assert_cmpfloat (budget.share_kept, ==, 1);
}

static gdouble
to_loss (gdouble half_life)
{
  return 1 - exp2 (-1 / half_life);
}

static void
test_risk (void)
{
  g_assert_cmpfloat (bytestag_budget_get_risk (0, 1, 1000), ==, 0);
  g_assert_cmpfloat (bytestag_budget_get_risk (1, 20, 1), ==, 1);
  g_assert_cmpfloat (bytestag_budget_get_risk (0.5, 2, 0), ==, 0);
  g_assert_cmpfloat (bytestag_budget_get_risk (1, 20, 0), ==, 0);
  g_assert_cmpfloat_with_epsilon (bytestag_budget_get_risk (0.5, 2, 1), 0.25, 1e-12);
  g_assert_cmpfloat_with_epsilon (bytestag_budget_get_risk (0.5, 2, 2), 1 - 0.75 * 0.75, 1e-12);
  /* Small chances are added up, not lost. */
  g_assert_cmpfloat_with_epsilon (bytestag_budget_get_risk (0.1, 20, 100) / 1e-18, 1, 1e-6);

  for (guint copies = 2; copies <= 20; copies++)
    g_assert_cmpfloat (bytestag_budget_get_risk (0.2, copies, 24), <, bytestag_budget_get_risk (0.2, copies - 1, 24));
}

static void
test_recommended_copies (void)
{
  guint before = 1;

  /* What is there all the time is safe with one other; default of B.3 at 12 hours. */
  g_assert_cmpuint (bytestag_budget_recommend_copies (0, 22), ==, 1);
  g_assert_cmpuint (bytestag_budget_recommend_copies (to_loss (12), 22), ==, 4);
  g_assert_cmpuint (bytestag_budget_recommend_copies (to_loss (2), 22), ==, 9);
  /* For two weeks on their own it takes more. */
  g_assert_cmpuint (bytestag_budget_recommend_copies (to_loss (12), 14 * 24), ==, 5);
  g_assert_cmpuint (bytestag_budget_recommend_copies (1, 22), ==, 20);

  for (guint percent = 0; percent <= 100; percent++)
    {
      guint copies = bytestag_budget_recommend_copies (percent / 100.0, 22);

      g_assert_cmpuint (copies, >=, before);
      if (copies < 20)
        g_assert_cmpfloat (bytestag_budget_get_risk (percent / 100.0, copies, 22), <=, BYTESTAG_BUDGET_ACCEPTED_RISK);
      if (copies > 1)
        g_assert_cmpfloat (bytestag_budget_get_risk (percent / 100.0, copies - 1, 22), >,
                           BYTESTAG_BUDGET_ACCEPTED_RISK);
      before = copies;
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/budget/plan", test_plan);
  g_test_add_func ("/budget/rates", test_rates);
  g_test_add_func ("/budget/calibrate", test_calibrate);
  FIXTURE_TEST ("/budget/datagrams", test_datagrams);
  g_test_add_func ("/budget/shared-requests", test_shared_requests);
  g_test_add_func ("/budget/already-there", test_already_there);
  g_test_add_func ("/budget/monotonous", test_monotonous);
  g_test_add_func ("/budget/fits", test_fits);
  g_test_add_func ("/budget/fits-partly", test_fits_partly);
  g_test_add_func ("/budget/never-on", test_never_on);
  g_test_add_func ("/budget/risk", test_risk);
  g_test_add_func ("/budget/recommended-copies", test_recommended_copies);

  return g_test_run ();
}
