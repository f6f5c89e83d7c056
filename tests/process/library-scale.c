/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of what is shared as long as the longest that is promised, in a real node: what it
 * takes of memory, and how long the engine is busy with it at one time.
 *
 *   library-scale                        as a test, N_FILES files of N_PARTS parts in all
 *   library-scale prepare FOLDER FILES PARTS   makes FOLDER/data/library.db, and sparse files
 *   library-scale run FOLDER             a client in this process until all is served; figures */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/client.h"
#include "sharing/collection-builder.h"
#include "sharing/publication.h"
#include "storage/library-store.h"
#include "support/test-folder.h"

#define FILES_OF_BATCH 500
#define FILES_OF_FOLDER 1000
/* Resident memory of the node with everything in its table; bytes. */
#define MAX_RESIDENT (150 * 1000 * 1000)

static guint64
get_memory (const char *pid,
            const char *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/status", pid);
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  line = strstr (text, name);
  g_assert_nonnull (line);

  return g_ascii_strtoull (line + strlen (name) + 1, NULL, 10) * 1024;
}

typedef struct {
  BytestagLibraryStore *store;
  BytestagSavedShare *share;
  guint n_infos;
  guint n_hashes;
} Preparation;

static void
check (gboolean  good,
       GError   *error)
{
  if (!good)
    g_error ("%s", error != NULL ? error->message : "failed");
}

static BytestagKey
make_hash (Preparation *self)
{
  BytestagKey key;

  self->n_hashes++;
  bytestag_key_digest (&key, &self->n_hashes, sizeof self->n_hashes);

  return key;
}

static void
built_cb (BytestagBuiltKind    kind,
          const BytestagKvpId *id,
          GBytes              *bytes,
          gpointer             user_data)
{
  Preparation *self = user_data;
  GError *error = NULL;

  check (bytestag_library_store_add_info (self->store, self->share->id, self->n_infos++,
                                          kind == BYTESTAG_BUILT_FILE_INFO ? BYTESTAG_PIECE_FILE_INFO
                                                                           : BYTESTAG_PIECE_ROOT,
                                          id, bytes, &error), error);
}

/* A file of @n_parts parts that takes no room. */
static BytestagSavedFile *
make_file (Preparation *self,
           guint        number,
           guint        n_parts)
{
  BytestagSavedFile *file = g_new0 (BytestagSavedFile, 1);
  g_autofree char *folder = g_strdup_printf ("%s/%03u", self->share->roots[0], number / FILES_OF_FOLDER);
  g_autofree char *folder_name = g_path_get_basename (folder);
  g_autofree char *name = g_strdup_printf ("photograph-of-a-day-%06u.jpeg", number);
  const char * const filename[] = { folder_name, name, NULL };
  int fd;

  file->position = number;
  file->path = g_build_filename (folder, name, NULL);
  file->filename = g_strdupv ((char **) filename);
  file->hash = make_hash (self);
  file->n_parts = n_parts;
  file->parts = g_new (BytestagKey, n_parts);
  for (guint i = 0; i < n_parts; i++)
    file->parts[i] = make_hash (self);

  g_mkdir_with_parents (folder, 0700);
  fd = open (file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate (fd, (off_t) n_parts * BYTESTAG_PART_SIZE) != 0 ||
      !bytestag_file_stamp_read (&file->stamp, fd))
    g_error ("%s: %s", file->path, g_strerror (errno));
  close (fd);
  self->share->n_files++;
  self->share->size += file->stamp.size;

  return file;
}

static void
prepare_batch (Preparation              *self,
               BytestagCollectionBuilder *builder,
               guint                     first,
               guint                     n,
               guint                     n_parts)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  GError *error = NULL;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (files, make_file (self, first + i, n_parts));
  check (bytestag_library_store_save_files (self->store, self->share, files, &error), error);

  check (bytestag_library_store_begin (self->store, &error), error);
  for (guint i = 0; i < n; i++)
    {
      const BytestagSavedFile *file = g_ptr_array_index (files, i);
      g_autoptr (BytestagFileInfo) info = bytestag_file_info_new (&file->hash, file->parts, file->n_parts,
                                                                  file->stamp.size,
                                                                  (const char * const *) file->filename, file->sha256);

      check (bytestag_collection_builder_add (builder, info, &error), error);
    }
  check (bytestag_library_store_commit (self->store, TRUE, &error), error);
}

/* library.db as a library leaves it, and the files that it tells of, which are sparse: nobody
 * asks for their bytes. */
static void
prepare (const char *folder,
         guint       n_files,
         guint       n_parts)
{
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  g_autofree char *path = g_build_filename (data, "library.db", NULL);
  g_autoptr (BytestagLibraryStore) store = bytestag_library_store_new (path);
  g_autoptr (BytestagSavedShare) share = bytestag_saved_share_new ();
  g_autofree char *set_aside = NULL;
  g_autoptr (BytestagCollectionBuilder) builder = NULL;
  Preparation self = { store, share, 0, 0 };
  BytestagDatabaseOpening opening;
  GError *error = NULL;

  g_mkdir_with_parents (data, 0700);
  check (bytestag_library_store_open (store, &opening, &set_aside, &error), error);
  share->roots = g_new0 (char *, 2);
  share->roots[0] = g_build_filename (folder, "things", NULL);
  share->name = g_strdup ("things");
  share->copies = 4;
  check (bytestag_library_store_add_share (store, share, &error), error);
  check (bytestag_library_store_begin_round (store, share, &error), error);

  builder = bytestag_collection_builder_new ("things", NULL, 0, built_cb, &self);
  for (guint i = 0; i < n_files; i += FILES_OF_BATCH)
    prepare_batch (&self, builder, i, MIN (n_files - i, FILES_OF_BATCH), n_parts / n_files);
  check (bytestag_library_store_begin (store, &error), error);
  check (bytestag_collection_builder_finish (builder, &share->key, share->sha256, &error), error);
  check (bytestag_library_store_commit (store, TRUE, &error), error);
  share->state = BYTESTAG_SAVED_SHARED;
  check (bytestag_library_store_update_share (store, share, &error), error);
  printf ("pieces %u\n", n_parts + self.n_infos);
}

static gint64
get_cpu_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);

  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

typedef struct {
  gint64 longest;
  guint n_turns;
  guint n_long; /* above 2 ms */
} Turns;

/* One turn of the main loop; CPU time of this thread, since others use the cores. */
static void
turn (Turns *self)
{
  gint64 before = get_cpu_time ();
  gint64 taken;

  g_main_context_iteration (NULL, TRUE);
  taken = get_cpu_time () - before;
  self->longest = MAX (self->longest, taken);
  self->n_turns++;
  self->n_long += taken > 2000;
}

static void
listed_cb (GPtrArray    *files,
           const GError *error,
           gpointer      user_data)
{
  *(gint64 *) user_data = g_get_monotonic_time () - *(gint64 *) user_data;
}

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* A client in this process: how long its turns are while it loads, and stops sharing. */
static void
run (const char *folder)
{
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagInstance) instance = bytestag_instance_open (data, &error);
  g_autoptr (BytestagClient) client = NULL;
  g_autoptr (BytestagShare) share = NULL;
  BytestagLibrary *library;
  Turns loading = { 0 };
  Turns stopping = { 0 };
  gint64 started = g_get_monotonic_time ();
  gint64 listed;
  guint64 resident;
  char pid[32];

  g_assert_no_error (error);
  g_snprintf (pid, sizeof pid, "%d", (int) getpid ());
  client = bytestag_client_new (instance, FALSE, &error);
  g_assert_no_error (error);
  bytestag_client_set_host (client, "127.0.0.1");
  resident = get_memory (pid, "VmRSS");
  g_assert_true (bytestag_client_start (client, 0, NULL, &error));
  library = bytestag_client_get_library (client);
  g_timeout_add (10, tick_cb, NULL);
  while (!bytestag_library_is_loaded (library))
    turn (&loading);
  listed = g_get_monotonic_time () - started;
  share = g_list_model_get_item (G_LIST_MODEL (library), 0);
  while (bytestag_share_get_survival (share) == NULL)
    turn (&loading);
  printf ("list there after %.3f s, served after %.2f s; longest turn %.2f ms, %u of %u above 2 ms; resident %.1f MB, "
          "%.1f MB before\n", listed / 1e6, (g_get_monotonic_time () - started) / 1e6, loading.longest / 1e3,
          loading.n_long, loading.n_turns, get_memory (pid, "VmRSS") / 1e6, resident / 1e6);

  listed = g_get_monotonic_time ();
  started = listed;
  bytestag_library_list_files (library, share, 50000, 2000, listed_cb, &listed);
  while (listed == started)
    turn (&loading);
  printf ("2,000 files of it listed in %.1f ms\n", listed / 1e3);

  started = g_get_monotonic_time ();
  bytestag_library_stop (library, share);
  while (g_get_monotonic_time () - started < 10 * G_USEC_PER_SEC)
    turn (&stopping);
  printf ("stopped: longest turn %.2f ms, %u of %u above 2 ms\n", stopping.longest / 1e3, stopping.n_long,
          stopping.n_turns);
  bytestag_client_stop (client);
}

/* (transfer full) what a program says, which must succeed. */
static char *
say (const char * const *argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  int status;

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status,
                               &error));
  g_assert_no_error (error);

  return g_spawn_check_wait_status (status, NULL) ? g_steal_pointer (&output) : NULL;
}

/* A real node with a list of N_FILES files. */
static void
test_node (void)
{
  g_autofree char *folder = bytestag_test_folder_new ();
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  const char *node = g_getenv ("BYTESTAG_NODE");
  g_autofree char *own = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *files = g_strdup_printf ("%u", (guint) N_FILES);
  g_autofree char *parts = g_strdup_printf ("%u", (guint) N_PARTS);
  g_autofree char *prepared = say ((const char * const []) { own, "prepare", folder, files, parts, NULL });
  g_autofree char *wanted = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  gboolean all = FALSE;
  guint64 resident;

  g_assert_nonnull (node);
  g_assert_nonnull (prepared);
  wanted = g_strdup_printf ("\"pieces\":%s", g_strstrip (prepared + strlen ("pieces ")));
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, node, "run", "--data", data, "--host",
                              "127.0.0.1", "--port", "0", NULL);
  g_assert_no_error (error);
  while (!all)
    {
      g_autofree char *text = say ((const char * const []) { node, "library", "--data", data, "--json", NULL });

      all = text != NULL && strstr (text, wanted) != NULL;
    }

  resident = get_memory (g_subprocess_get_identifier (process), "VmRSS");
  g_test_message ("%s of %s files: resident %.1f MB, at most %.1f MB", wanted, files, resident / 1e6,
                  get_memory (g_subprocess_get_identifier (process), "VmHWM") / 1e6);
  if (!SANITIZED)
    g_assert_cmpuint (resident, <=, MAX_RESIDENT);
  g_subprocess_send_signal (process, SIGTERM);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  g_assert_no_error (error);
  bytestag_test_folder_remove (g_steal_pointer (&folder));
}

int
main (int    argc,
      char **argv)
{
  if (argc == 5 && strcmp (argv[1], "prepare") == 0)
    prepare (argv[2], (guint) atoi (argv[3]), (guint) atoi (argv[4]));
  else if (argc == 3 && strcmp (argv[1], "run") == 0)
    run (argv[2]);
  else
    {
      g_test_init (&argc, &argv, NULL);
      g_test_add_func ("/process/library-scale/node", test_node);
      return g_test_run ();
    }

  return 0;
}
