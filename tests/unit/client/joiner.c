/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/joiner.h"

#include "core/error.h"
#include "loop.h"
#include "sim/sim.h"

#define SECOND G_GINT64_CONSTANT (1000000)

typedef struct {
  BytestagSim *sim;
  BytestagNetwork *network;
  BytestagJoiner *joiner;
  char *address; /* of the other node */
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  BytestagEndpoint endpoint;

  self->sim = bytestag_sim_new (1);
  bytestag_sim_set_latency (self->sim, 10 * 1000, 0);
  self->network = bytestag_sim_add_node (self->sim);
  bytestag_sim_add_node (self->sim);
  bytestag_sim_get_address (self->sim, 1, &endpoint);
  self->address = bytestag_endpoint_to_string (&endpoint);
  self->joiner = bytestag_joiner_new (self->network);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  bytestag_joiner_stop (self->joiner);
  /* Results that nobody waits for go with the next turn of the loop. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (self->joiner);
  bytestag_sim_free (self->sim);
  g_free (self->address);
}

static guint
count_contacts (Fixture *self)
{
  return bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network));
}

/* Virtual time goes on until the result is there. */
static GAsyncResult *
take_result (Fixture       *self,
             GAsyncResult **result)
{
  for (guint i = 0; i < 600 && *result == NULL; i++)
    {
      bytestag_sim_run (self->sim, SECOND / 10);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }

  return loop_take_result (result);
}

static void
test_addresses (void)
{
  const char *good[] = { "1.2.3.4:5", "[::1]:5", "example.org:65535", "localhost:1" };
  const char *bad[] = { "", "1.2.3.4", "1.2.3.4:0", "1.2.3.4:65536", ":5", "host:", "host:x", "not \xff valid:1" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (bytestag_joiner_check_address (good[i], NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (bytestag_joiner_check_address (bad[i], &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
    }
}

static void
test_join (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  g_autoptr (GError) error = NULL;

  bytestag_joiner_join_async (self->joiner, self->address, NULL, loop_result_cb, &waiting);
  g_assert_cmpuint (bytestag_joiner_get_n_joining (self->joiner), ==, 1);
  result = take_result (self, &waiting);
  g_assert_true (bytestag_joiner_join_finish (self->joiner, result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (bytestag_joiner_get_n_joining (self->joiner), ==, 0);
  g_assert_cmpuint (count_contacts (self), ==, 1);
}

static void
assert_fails (Fixture      *self,
              const char   *address,
              GCancellable *cancellable,
              int           code)
{
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *waiting = NULL;
  g_autoptr (GError) error = NULL;

  bytestag_joiner_join_async (self->joiner, address, cancellable, loop_result_cb, &waiting);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  result = take_result (self, &waiting);
  g_assert_false (bytestag_joiner_join_finish (self->joiner, result, &error));
  if (cancellable != NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  else
    g_assert_error (error, BYTESTAG_ERROR, code);
  g_assert_cmpuint (bytestag_joiner_get_n_joining (self->joiner), ==, 0);
}

static void
test_fails (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  assert_fails (self, "10.9.8.7:6", NULL, BYTESTAG_ERROR_TIMED_OUT);
  assert_fails (self, "nonsense", NULL, BYTESTAG_ERROR_INVALID);
  /* RFC 6761: never a name of anybody. */
  assert_fails (self, "nobody.invalid:1", NULL, BYTESTAG_ERROR_NOT_FOUND);
  assert_fails (self, "10.9.8.7:6", cancellable, 0);
}

/* Who is known is asked again until somebody is there. */
static void
test_known (Fixture       *self,
            gconstpointer  data)
{
  bytestag_sim_set_online (self->sim, 1, FALSE);
  bytestag_joiner_add_known (self->joiner, self->address);
  bytestag_joiner_add_known (self->joiner, self->address);
  g_assert_cmpuint (bytestag_joiner_get_n_joining (self->joiner), ==, 1);
  bytestag_sim_run (self->sim, 120 * SECOND);
  g_assert_cmpuint (count_contacts (self), ==, 0);

  bytestag_sim_set_online (self->sim, 1, TRUE);
  bytestag_sim_run (self->sim, 120 * SECOND);
  g_assert_cmpuint (count_contacts (self), ==, 1);
  g_assert_cmpuint (bytestag_joiner_get_n_joining (self->joiner), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/joiner/addresses", test_addresses);
#define TEST(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  TEST ("/client/joiner/join", test_join);
  TEST ("/client/joiner/fails", test_fails);
  TEST ("/client/joiner/known", test_known);
  return g_test_run ();
}
