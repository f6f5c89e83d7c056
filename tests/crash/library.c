/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shares folders in a library that is saved, in a network where nobody has met anybody, and
 * says what it told:
 *   library FOLDER SOURCE SEED ROUNDS
 * makes SOURCE/N to share, and FOLDER/library.db. Lines to the journal where it is preloaded:
 *   shared N-FILES LINK   the link was told
 *   stop LINK             is to be shared no more: it may go from now on */
#include "config.h"

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "sharing/library.h"
#include "sim/sim.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

#define SECOND G_USEC_PER_SEC

typedef struct
{
  BytestagSim *sim;
  BytestagLibrary *library;
  BytestagRng *rng;
  const char *source;
  void (*note) (const char *text);
} Program;

static void
say (Program *self, const char *text)
{
  if (self->note != NULL)
    self->note (text);
  g_print ("%s\n", text);
}

/* A file of @size bytes that @seed tells. */
static void
make_file (const char *folder, guint position, gsize size, guint seed)
{
  g_autofree char *name = g_strdup_printf ("%s%u", position % 2 == 0 ? "" : "below/", position);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (size, seed);

  if (g_mkdir_with_parents (parent, 0700) < 0
      || !g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) size, NULL))
    exit (2);
}

/* (transfer full) some of the files have bytes that others have, here or in another folder. */
static char *
make_folder (Program *self, guint n)
{
  static const gsize sizes[] = { 0, 1, 3000, BYTESTAG_PART_SIZE, BYTESTAG_PART_SIZE + 1, 2 * BYTESTAG_PART_SIZE + 7 };
  g_autofree char *name = g_strdup_printf ("%u", n);
  char *folder = g_build_filename (self->source, name, NULL);
  guint n_files = 1 + bytestag_rng_range (self->rng, 6);

  for (guint i = 0; i < n_files; i++)
    make_file (folder, i, sizes[bytestag_rng_range (self->rng, G_N_ELEMENTS (sizes))],
               1 + bytestag_rng_range (self->rng, 3));

  return folder;
}

static void
ready_cb (BytestagShare *share, gpointer user_data)
{
  Program *self = user_data;
  g_autofree char *uri = bytestag_link_to_uri (bytestag_share_get_link (share));
  g_autofree char *text = g_strdup_printf ("shared %u %s", bytestag_share_get_n_files (share), uri);

  say (self, text);
}

static void
run (Program *self)
{
  bytestag_sim_run (self->sim, SECOND / 2);
}

static void
share_one (Program *self, guint n)
{
  g_autofree char *folder = make_folder (self, n);
  BytestagShare *share = bytestag_library_share (self->library, (const char * const []) { folder, NULL }, NULL, NULL);

  g_signal_connect (share, "ready", G_CALLBACK (ready_cb), self);
}

/* What was shared @n-th has one more file, and is a new version. */
static void
share_again (Program *self, guint n)
{
  g_autoptr (BytestagShare) earlier = g_list_model_get_item (G_LIST_MODEL (self->library), n);
  BytestagShare *share;

  make_file (bytestag_share_get_paths (earlier)[0], 20, 5000, 20);
  share = bytestag_library_share_new_version (self->library, earlier);
  if (share == NULL)
    exit (3);
  g_signal_connect (share, "ready", G_CALLBACK (ready_cb), self);
}

static void
stop_one (Program *self, guint n)
{
  g_autoptr (BytestagShare) share = g_list_model_get_item (G_LIST_MODEL (self->library), n);
  g_autofree char *uri = bytestag_link_to_uri (bytestag_share_get_link (share));
  g_autofree char *text = g_strconcat ("stop ", uri, NULL);

  say (self, text);
  bytestag_library_stop (self->library, share);
}

int
main (int argc, char *argv[])
{
  g_autoptr (BytestagTestRng) rng = NULL;
  g_autoptr (BytestagTestWorker) worker = NULL;
  g_autofree char *path = NULL;
  BytestagNetwork *network;
  BytestagSharedFilesTable *table;
  Program self = { 0 };
  guint n_rounds;

  if (argc != 5 || g_mkdir_with_parents (argv[1], 0700) < 0)
    return 2;

  path = g_build_filename (argv[1], "library.db", NULL);
  self.source = argv[2];
  rng = bytestag_test_rng_new (g_ascii_strtoull (argv[3], NULL, 10));
  n_rounds = (guint) g_ascii_strtoull (argv[4], NULL, 10);
  self.rng = BYTESTAG_RNG (rng);
  *(void **) &self.note = dlsym (RTLD_DEFAULT, "crash_note");
  self.sim = bytestag_sim_new (1);
  network = bytestag_sim_add_sharing_node (self.sim, &table);
  worker = bytestag_test_worker_new (bytestag_network_get_reactor (network));
  self.library = bytestag_library_new_saved (network, table, BYTESTAG_WORKER (worker), path, BYTESTAG_WORKER (worker));
  while (!bytestag_library_is_loaded (self.library))
    run (&self);

  for (guint round = 0; round < n_rounds; round++)
    {
      share_one (&self, round);
      if (round % 4 != 1)
        run (&self);
      if (round == n_rounds / 3)
        share_again (&self, 0);
      if (round == n_rounds / 2)
        stop_one (&self, 1);
    }
  run (&self);

  bytestag_library_close (self.library);
  run (&self);
  g_object_unref (self.library);
  run (&self);
  bytestag_sim_free (self.sim);

  return 0;
}
