/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/task-slot.h"

#include "support/test-clock.h"
#include "support/test-model.h"
#include "support/test-rng.h"
#include "support/test-task.h"

#define N_TASKS 6

typedef struct {
  BytestagReactor *reactor;
  BytestagTaskSlot *slot;
  BytestagTestModel *mirror;
  BytestagTask *tasks[N_TASKS];
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  fixture->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  fixture->slot = bytestag_task_slot_new (2);
  fixture->mirror = bytestag_test_model_new (G_LIST_MODEL (fixture->slot));
  for (guint i = 0; i < N_TASKS; i++)
    fixture->tasks[i] = bytestag_test_task_new (fixture->reactor);
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  g_clear_pointer (&fixture->mirror, bytestag_test_model_free);
  g_assert_finalize_object (g_steal_pointer (&fixture->slot));
  for (guint i = 0; i < N_TASKS; i++)
    {
      bytestag_task_cancel (fixture->tasks[i]);
      bytestag_reactor_drain (fixture->reactor, -1);
      g_assert_finalize_object (fixture->tasks[i]);
    }
  g_assert_finalize_object (fixture->reactor);
}

static void
add_all (Fixture *fixture)
{
  for (guint i = 0; i < N_TASKS; i++)
    bytestag_task_slot_add (fixture->slot, fixture->tasks[i]);
}

/* @states: a letter for each task, in order: p(ending), r(unning), d(one), c(ancelled). */
static void
assert_states (Fixture *fixture,
               const char *states)
{
  static const char letters[] = "prdfc";
  char actual[N_TASKS + 1] = { 0 };

  for (guint i = 0; i < N_TASKS; i++)
    actual[i] = letters[bytestag_task_get_state (fixture->tasks[i])];
  g_assert_cmpstr (actual, ==, states);
}

static void
test_runs_so_many (Fixture *fixture,
                   gconstpointer data)
{
  add_all (fixture);
  assert_states (fixture, "rrpppp");
  g_assert_cmpuint (bytestag_task_slot_get_n_running (fixture->slot), ==, 2);

  bytestag_task_done (fixture->tasks[1]);
  /* Its place is free when its end was told, not before. */
  assert_states (fixture, "rdpppp");
  bytestag_reactor_drain (fixture->reactor, -1);
  assert_states (fixture, "rdrppp");
  g_assert_cmpuint (bytestag_task_slot_get_n_running (fixture->slot), ==, 2);
}

static void
test_items_changed (Fixture *fixture,
                    gconstpointer data)
{
  GListModel *model = G_LIST_MODEL (fixture->slot);

  add_all (fixture);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, N_TASKS);
  g_assert_true (g_list_model_get_item_type (model) == BYTESTAG_TYPE_TASK);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (fixture->mirror), ==, N_TASKS);

  /* From the middle, the front and the end. */
  bytestag_task_cancel (fixture->tasks[3]);
  bytestag_task_done (fixture->tasks[0]);
  bytestag_task_cancel (fixture->tasks[5]);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (fixture->mirror), ==, 0);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (fixture->mirror), ==, 3);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (fixture->mirror), ==, N_TASKS + 3);
  bytestag_test_model_check (fixture->mirror);
  assert_states (fixture, "drrcpc");
}

static void
test_instant (Fixture *fixture,
              gconstpointer data)
{
  for (guint i = 0; i < N_TASKS; i++)
    bytestag_test_task_set_instant (fixture->tasks[i]);
  add_all (fixture);
  bytestag_reactor_drain (fixture->reactor, -1);
  assert_states (fixture, "dddddd");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->slot)), ==, 0);
  g_assert_cmpuint (bytestag_task_slot_get_n_running (fixture->slot), ==, 0);
}

static void
test_max_running (Fixture *fixture,
                  gconstpointer data)
{
  add_all (fixture);
  bytestag_task_slot_set_max_running (fixture->slot, 4);
  assert_states (fixture, "rrrrpp");

  /* Fewer: who runs may end. */
  g_object_set (fixture->slot, "max-running", 1, NULL);
  g_assert_cmpuint (bytestag_task_slot_get_max_running (fixture->slot), ==, 1);
  assert_states (fixture, "rrrrpp");
  for (guint i = 0; i < 3; i++)
    bytestag_task_done (fixture->tasks[i]);
  bytestag_reactor_drain (fixture->reactor, -1);
  assert_states (fixture, "dddrpp");
  bytestag_task_done (fixture->tasks[3]);
  bytestag_reactor_drain (fixture->reactor, -1);
  assert_states (fixture, "ddddrp");
}

static void
test_none_running (Fixture *fixture,
                   gconstpointer data)
{
  bytestag_task_slot_set_max_running (fixture->slot, 0);
  add_all (fixture);
  assert_states (fixture, "pppppp");
  bytestag_task_slot_set_max_running (fixture->slot, 1);
  assert_states (fixture, "rppppp");
}

static void
test_cancel_all (Fixture *fixture,
                 gconstpointer data)
{
  add_all (fixture);
  bytestag_task_slot_cancel_all (fixture->slot);
  assert_states (fixture, "cccccc");
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->slot)), ==, 0);
  g_assert_cmpuint (bytestag_task_slot_get_n_running (fixture->slot), ==, 0);
  for (guint i = 0; i < N_TASKS; i++)
    g_assert_cmpuint (bytestag_test_task_get_n_started (fixture->tasks[i]), ==, i < 2 ? 1 : 0);
}

static void
count_cb (GObject *object,
          GParamSpec *pspec,
          guint *count)
{
  *count += 1;
}

static void
test_notify (Fixture *fixture,
             gconstpointer data)
{
  guint n_running = 0;
  guint n_max_running = 0;

  g_signal_connect (fixture->slot, "notify::n-running", G_CALLBACK (count_cb), &n_running);
  g_signal_connect (fixture->slot, "notify::max-running", G_CALLBACK (count_cb), &n_max_running);
  bytestag_task_slot_add (fixture->slot, fixture->tasks[0]);
  bytestag_task_slot_add (fixture->slot, fixture->tasks[1]);
  bytestag_task_slot_add (fixture->slot, fixture->tasks[2]);
  g_assert_cmpuint (n_running, ==, 2);
  bytestag_task_slot_set_max_running (fixture->slot, 2);
  g_assert_cmpuint (n_max_running, ==, 0);
  bytestag_task_slot_set_max_running (fixture->slot, 3);
  g_assert_cmpuint (n_max_running, ==, 1);
  g_assert_cmpuint (n_running, ==, 3);
}

static void
add_another_cb (BytestagTask *task,
                Fixture *fixture)
{
  if (bytestag_task_get_state (fixture->tasks[5]) == BYTESTAG_TASK_PENDING)
    bytestag_task_slot_add (fixture->slot, fixture->tasks[5]);
}

/* Who is told of an end may add to the slot. */
static void
test_add_when_finished (Fixture *fixture,
                        gconstpointer data)
{
  g_signal_connect (fixture->tasks[0], "finished", G_CALLBACK (add_another_cb), fixture);
  bytestag_task_slot_add (fixture->slot, fixture->tasks[0]);
  bytestag_task_done (fixture->tasks[0]);
  bytestag_reactor_drain (fixture->reactor, -1);
  assert_states (fixture, "dppppr");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->slot)), ==, 1);
}

/* The slot goes first: its tasks run on, and must not call it. */
static void
test_finalize (Fixture *fixture,
               gconstpointer data)
{
  BytestagTaskSlot *slot = bytestag_task_slot_new (1);

  bytestag_task_slot_add (slot, fixture->tasks[0]);
  bytestag_task_slot_add (slot, fixture->tasks[1]);
  g_assert_finalize_object (slot);
  assert_states (fixture, "rppppp");
  bytestag_task_done (fixture->tasks[0]);
  bytestag_reactor_drain (fixture->reactor, -1);
  assert_states (fixture, "dppppp");
}

#define ADD(name, func) g_test_add ("/core/task-slot/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("runs-so-many", test_runs_so_many);
  ADD ("items-changed", test_items_changed);
  ADD ("instant", test_instant);
  ADD ("max-running", test_max_running);
  ADD ("none-running", test_none_running);
  ADD ("cancel-all", test_cancel_all);
  ADD ("notify", test_notify);
  ADD ("add-when-finished", test_add_when_finished);
  ADD ("finalize", test_finalize);
  return g_test_run ();
}
