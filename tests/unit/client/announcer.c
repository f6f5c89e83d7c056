/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/announcer.h"

#include <glib/gstdio.h>

#include "support/test-signer.h"
#include "unit/sharing/fixture.h"

typedef struct {
  Fixture base;
  BytestagLibrary *library;
  BytestagRecordKeeper *keeper;
  BytestagAnnouncer *announcer;
} Test;

static void
set_up (Test          *self,
        gconstpointer  data)
{
  g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
  g_autofree char *database = NULL;

  fixture_set_up (&self->base, data);
  database = fixture_path (&self->base, "library.db");
  self->library = bytestag_library_new_saved (self->base.network, self->base.shared, self->base.worker, database,
                                              self->base.worker);
  self->keeper = bytestag_record_keeper_new (self->base.network, BYTESTAG_SIGNER (signer));
  self->announcer = bytestag_announcer_new (self->library, self->keeper);
}

static void
tear_down (Test          *self,
           gconstpointer  data)
{
  g_assert_finalize_object (self->announcer);
  bytestag_library_close (self->library);
  bytestag_sim_run (self->base.sim, SECOND);
  g_assert_finalize_object (self->library);
  g_assert_finalize_object (self->keeper);
  fixture_tear_down (&self->base, data);
}

static void
assert_announced (Test  *self,
                  guint  n)
{
  g_assert_cmpuint (bytestag_record_keeper_get_n_collections (self->keeper), ==, n);
}

/* (transfer full) */
static BytestagShare *
share (Test       *self,
       const char *name)
{
  g_autofree char *path = fixture_path (&self->base, name);

  return g_object_ref (bytestag_library_share (self->library, (const char * const []) { path, NULL }, NULL, NULL));
}

/* What has a link is announced, until it is stopped; a twin is not another. */
static void
test_served (Test          *self,
             gconstpointer  data)
{
  g_autofree char *one = fixture_write (&self->base, "one", 3000, 3);
  g_autofree char *two = fixture_write (&self->base, "two", 3000, 4);
  g_autoptr (BytestagShare) first = share (self, "one");
  g_autoptr (BytestagShare) second = NULL;
  g_autoptr (BytestagShare) twin = NULL;

  assert_announced (self, 0);
  g_assert_true (fixture_run_signal (&self->base, first, "ready", 5));
  assert_announced (self, 1);
  second = share (self, "two");
  g_assert_true (fixture_run_signal (&self->base, second, "published", 60));
  assert_announced (self, 2);
  twin = share (self, "two");
  g_assert_true (fixture_run_signal (&self->base, twin, "ready", 5));
  assert_announced (self, 2);

  bytestag_library_stop (self->library, first);
  assert_announced (self, 1);
  bytestag_library_stop (self->library, second);
  assert_announced (self, 0);
}

/* What cannot be shared is not announced, nor what was shared before it is served again. */
static void
test_failed (Test          *self,
             gconstpointer  data)
{
  g_autoptr (BytestagShare) nothing = share (self, "nothing");

  g_assert_true (fixture_run_signal (&self->base, nothing, "failed", 5));
  assert_announced (self, 0);
}

/* Files on a drive that is not there are not offered to anybody, and are again when it is. */
static void
test_away (Test          *self,
           gconstpointer  data)
{
  g_autofree char *one = fixture_write (&self->base, "things/one", 3000, 3);
  g_autofree char *folder = fixture_path (&self->base, "things");
  g_autofree char *drive = fixture_path (&self->base, ".drive");
  g_autoptr (BytestagShare) item = share (self, "things");

  g_assert_true (fixture_run_signal (&self->base, item, "published", 60));
  bytestag_library_set_watcher (self->library, NULL, self->base.worker);
  bytestag_sim_run (self->base.sim, 20 * SECOND);
  assert_announced (self, 1);

  g_assert_cmpint (g_rename (folder, drive), ==, 0);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  bytestag_library_check_soon (self->library, item);
  bytestag_sim_run (self->base.sim, 60 * SECOND);
  g_assert_true (bytestag_share_is_away (item));
  assert_announced (self, 0);

  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_assert_cmpint (g_rename (drive, folder), ==, 0);
  bytestag_library_check_soon (self->library, item);
  bytestag_sim_run (self->base.sim, 60 * SECOND);
  g_assert_false (bytestag_share_is_away (item));
  assert_announced (self, 1);
}

/* Who begins later finds what is shared already. */
static void
test_later (Test          *self,
            gconstpointer  data)
{
  g_autofree char *one = fixture_write (&self->base, "one", 3000, 3);
  g_autoptr (BytestagShare) item = NULL;

  g_assert_finalize_object (self->announcer);
  item = share (self, "one");
  g_assert_true (fixture_run_signal (&self->base, item, "ready", 5));
  assert_announced (self, 0);
  self->announcer = bytestag_announcer_new (self->library, self->keeper);
  assert_announced (self, 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add ("/client/announcer/" name, Test, NULL, set_up, func, tear_down)
  TEST ("served", test_served);
  TEST ("failed", test_failed);
  TEST ("away", test_away);
  TEST ("later", test_later);
  return g_test_run ();
}
