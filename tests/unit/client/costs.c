/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/costs.h"

#include "client/settings.h"
#include "core/limits.h"
#include "unit/sharing/fixture.h"

#define MIB (1024 * 1024)

typedef struct {
  Fixture base;
  GSettings *settings;
  BytestagLibrary *library;
  BytestagCosts *costs;
  guint n_notified; /* "recommended-copies" */
} Test;

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
set_up (Test          *self,
        gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  fixture_set_up (&self->base, data);
  self->settings = bytestag_settings_new (self->base.folder, &error);
  g_assert_no_error (error);
  self->library = bytestag_library_new (self->base.network, self->base.shared, self->base.worker);
  self->costs = bytestag_costs_new (self->base.network, bytestag_library_get_publisher (self->library), self->settings);
  g_signal_connect_swapped (self->costs, "notify::recommended-copies", G_CALLBACK (count_cb), &self->n_notified);
}

static void
tear_down (Test          *self,
           gconstpointer  data)
{
  g_assert_finalize_object (self->costs);
  g_assert_finalize_object (self->library);
  g_assert_finalize_object (self->settings);
  fixture_tear_down (&self->base, data);
}

static BytestagBudget
estimate (Test    *self,
          guint    n_files,
          guint64  size)
{
  BytestagBudget budget;

  bytestag_costs_estimate (self->costs, n_files, size, &budget);
  return budget;
}

/* By the copies that are wanted, of all the bytes and of each file. */
static void
test_estimate (Test          *self,
               gconstpointer  data)
{
  BytestagBudget four = estimate (self, 1, 100 * MIB);
  BytestagBudget many = estimate (self, 1000, 100 * MIB);
  BytestagBudget eight;

  g_assert_cmpuint (four.initial_bytes, >, 4 * 100 * (guint64) MIB);
  g_assert_cmpuint (four.initial_bytes, <, 2 * 4 * 100 * (guint64) MIB);
  g_assert_cmpuint (many.initial_bytes, >, four.initial_bytes);
  g_assert_cmpuint (many.upkeep_requests, >, four.upkeep_requests);

  g_settings_set_uint (self->settings, "copies", 8);
  eight = estimate (self, 1, 100 * MIB);
  g_assert_cmpuint (eight.initial_bytes, >, four.initial_bytes / 100 * 190);
  g_assert_cmpuint (eight.initial_bytes, <, four.initial_bytes / 100 * 210);
  g_assert_cmpuint (estimate (self, 0, 0).initial_bytes, ==, 0);
}

/* As much as the person lets it send in the hours that it is on. */
static void
test_limit (Test          *self,
            gconstpointer  data)
{
  BytestagBudget budget = estimate (self, 1, 100 * MIB);

  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_FITS);
  g_assert_cmpuint (budget.day_bytes, ==, G_MAXUINT64);
  g_assert_cmpuint (budget.initial_seconds, ==, 0);

  g_settings_set_uint64 (self->settings, "upload-limit", MIB);
  g_settings_set_uint (self->settings, "daily-hours", 2);
  budget = estimate (self, 1, 100 * MIB);
  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_FITS);
  g_assert_cmpuint (budget.day_bytes, ==, 2 * 3600 * (guint64) MIB);
  g_assert_cmpuint (budget.initial_seconds, >, 400);

  g_settings_set_uint64 (self->settings, "upload-limit", 1000);
  budget = estimate (self, 1, (guint64) 100000 * MIB);
  g_assert_cmpint (budget.verdict, ==, BYTESTAG_BUDGET_PARTLY);
  g_assert_cmpfloat (budget.share_kept, >, 0);
  g_assert_cmpfloat (budget.share_kept, <, 1);
}

/* What others hold already is not sent. */
static void
test_share (Test          *self,
            gconstpointer  data)
{
  g_autofree char *path = fixture_write (&self->base, "one", 600000, 3);
  g_autoptr (BytestagShare) item = NULL;
  BytestagBudget before, after;

  bytestag_library_set_copies (self->library, 3);
  item = g_object_ref (bytestag_library_share (self->library, (const char * const []) { path, NULL }, NULL, NULL));
  g_assert_true (fixture_run_signal (&self->base, item, "ready", 5));
  bytestag_costs_compute (self->costs, item, &before);
  g_assert_cmpuint (before.initial_bytes, >, 3 * 600000);
  g_assert_true (fixture_run_signal (&self->base, item, "published", 300));
  bytestag_sim_run (self->base.sim, 10 * SECOND);
  bytestag_costs_compute (self->costs, item, &after);
  g_assert_cmpuint (after.initial_bytes, <, before.initial_bytes / 10);
  g_assert_cmpuint (after.upkeep_bytes, >, 0);
}

/* By how many nodes go, while this computer is off. */
static void
test_recommended (Test          *self,
                  gconstpointer  data)
{
  BytestagChurnMeter *meter = bytestag_costs_get_churn_meter (self->costs);
  guint few, many;

  g_assert_cmpuint (bytestag_costs_get_recommended_copies (self->costs), ==, 0);
  bytestag_churn_meter_restore (meter, 10 * BYTESTAG_LIMIT_CHURN_KNOWN_HOURS, 1, 0);
  g_assert_cmpuint (self->n_notified, >, 0);
  few = bytestag_costs_get_recommended_copies (self->costs);
  g_assert_cmpuint (few, >=, 1);

  self->n_notified = 0;
  bytestag_churn_meter_restore (meter, 0, 20, 0);
  g_assert_cmpuint (self->n_notified, >, 0);
  many = bytestag_costs_get_recommended_copies (self->costs);
  g_assert_cmpuint (many, >, few);
  g_assert_cmpuint (many, <=, 20);

  self->n_notified = 0;
  g_settings_set_uint (self->settings, "daily-hours", 23);
  g_assert_cmpuint (self->n_notified, >, 0);
  g_assert_cmpuint (bytestag_costs_get_recommended_copies (self->costs), <, many);
  /* Always on: off for an hour all the same. */
  g_settings_set_uint (self->settings, "daily-hours", 24);
  g_assert_cmpuint (bytestag_costs_get_recommended_copies (self->costs), >=, 1);
}

/* What goes faster costs more upkeep. */
static void
test_churn (Test          *self,
            gconstpointer  data)
{
  BytestagChurnMeter *meter = bytestag_costs_get_churn_meter (self->costs);
  BytestagBudget calm, wild;

  bytestag_churn_meter_restore (meter, 1000, 1, 0);
  calm = estimate (self, 1, 100 * MIB);
  bytestag_churn_meter_restore (meter, 0, 100, 0);
  wild = estimate (self, 1, 100 * MIB);
  g_assert_cmpuint (wild.upkeep_bytes, >, 2 * calm.upkeep_bytes);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add ("/client/costs/" name, Test, NULL, set_up, func, tear_down)
  TEST ("estimate", test_estimate);
  TEST ("limit", test_limit);
  TEST ("share", test_share);
  TEST ("recommended", test_recommended);
  TEST ("churn", test_churn);
  return g_test_run ();
}
