/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens libraries that a crash left, and says whether each has what it must have. Reads one
 * line for each: its folder, a tab, and words "N-FILES=LINK", each a share that must be there
 * with all that belongs to it. Answers a line: "ok", or what is wrong. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "sharing/library.h"
#include "sim/sim.h"
#include "storage/library-store.h"
#include "support/test-worker.h"

#define SECOND G_USEC_PER_SEC
#define PLENTY 1000

typedef struct
{
  BytestagLibraryStore *store;
  GArray *parts; /* (element-type BytestagKey) of all shares */
  GString *wrong;
} Check;

static void G_GNUC_PRINTF (2, 3)
complain (Check *self, const char *format, ...)
{
  va_list arguments;

  if (self->wrong->len > 0)
    g_string_append (self->wrong, "; ");
  va_start (arguments, format);
  g_string_append_vprintf (self->wrong, format, arguments);
  va_end (arguments);
}

/* Digest and parts are those of the file that the person has. */
static void
check_file (Check *self, const BytestagSavedFile *file)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
  g_autofree char *bytes = NULL;
  BytestagKey key;
  gsize length;
  guint n_parts;

  if (!g_file_get_contents (file->path, &bytes, &length, NULL))
    {
      complain (self, "%s is not there", file->path);
      return;
    }
  /* Of an empty file too, one that is empty. */
  n_parts = (guint) MAX (1, (length + BYTESTAG_PART_SIZE - 1) / BYTESTAG_PART_SIZE);
  bytestag_key_digest (&key, (const guint8 *) bytes, length);
  if (!bytestag_key_equal (&key, &file->hash) || file->n_parts != n_parts)
    complain (self, "%s has another digest, or %u parts", file->path, file->n_parts);

  while (keys->len < n_parts
         && bytestag_library_store_read_parts (self->store, file->id, keys->len, PLENTY, keys, NULL))
    ;
  if (keys->len != n_parts)
    complain (self, "%s lists %u parts", file->path, keys->len);
  for (guint i = 0; i < keys->len; i++)
    {
      gsize offset = (gsize) i * BYTESTAG_PART_SIZE;

      bytestag_key_digest (&key, (const guint8 *) bytes + offset, MIN (length - offset, BYTESTAG_PART_SIZE));
      if (!bytestag_key_equal (&key, &g_array_index (keys, BytestagKey, i)))
        complain (self, "part %u of %s has another key", i, file->path);
    }
  g_array_append_vals (self->parts, keys->data, keys->len);
}

/* All are readable, which checks their digests, and the root is one of them. */
static void
check_infos (Check *self, const BytestagSavedShare *share)
{
  g_autoptr (GArray) infos = g_array_new (FALSE, FALSE, sizeof (BytestagSavedInfo));
  gboolean has_root = FALSE;

  if (!bytestag_library_store_list_infos (self->store, share->id, 0, PLENTY, infos, NULL))
    complain (self, "infos cannot be listed");
  for (guint i = 0; i < infos->len; i++)
    {
      const BytestagSavedInfo *info = &g_array_index (infos, BytestagSavedInfo, i);
      g_autoptr (GBytes) bytes = bytestag_library_store_read_info (self->store, &info->id, NULL);

      if (bytes == NULL || g_bytes_get_size (bytes) != info->size)
        complain (self, "info %u cannot be read", i);
      has_root |= bytestag_key_equal (&info->id.key, &share->key);
    }
  if (!has_root)
    complain (self, "the root is not among %u infos", infos->len);
}

static void
check_share (Check *self, GPtrArray *shares, const char *uri, guint n_files)
{
  g_autoptr (BytestagLink) link = bytestag_link_parse (uri, NULL);

  for (guint i = 0; i < shares->len; i++)
    {
      const BytestagSavedShare *share = g_ptr_array_index (shares, i);
      g_autoptr (GPtrArray) files = NULL;

      if (share->state != BYTESTAG_SAVED_SHARED || !bytestag_key_equal (&share->key, bytestag_link_get_key (link)))
        continue;

      files = bytestag_library_store_list_files (self->store, share->id, -1, PLENTY, NULL);
      if (files == NULL || files->len != n_files)
        complain (self, "%u files of %u", files != NULL ? files->len : 0, n_files);
      for (guint j = 0; files != NULL && j < files->len; j++)
        check_file (self, g_ptr_array_index (files, j));
      check_infos (self, share);
      return;
    }
  complain (self, "%s was told and is not there", uri);
}

static void
check_store (Check *self, const char *path, char **words)
{
  BytestagDatabaseOpening opening;
  g_autofree char *set_aside = NULL;
  g_autoptr (GPtrArray) shares = NULL;
  g_autoptr (GError) error = NULL;

  if (!bytestag_library_store_open (self->store, &opening, &set_aside, &error))
    {
      complain (self, "it does not open: %s", error->message);
      return;
    }
  if (opening == BYTESTAG_DATABASE_REBUILT || opening == BYTESTAG_DATABASE_NEWER)
    complain (self, "it is damaged (%d)", opening);
  shares = bytestag_library_store_list_shares (self->store, &error);
  if (shares == NULL)
    complain (self, "shares cannot be listed: %s", error->message);
  for (guint i = 0; shares != NULL && words[i] != NULL && *words[i] != '\0'; i++)
    {
      char *end;
      guint n_files = (guint) g_ascii_strtoull (words[i], &end, 10);

      check_share (self, shares, end + 1, n_files);
    }
  bytestag_library_store_close (self->store);
}

static gboolean
has_link (BytestagLibrary *library, const char *uri)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      g_autoptr (BytestagShare) share = g_list_model_get_item (G_LIST_MODEL (library), i);
      BytestagLink *link = bytestag_share_get_link (share);
      g_autofree char *own = link != NULL ? bytestag_link_to_uri (link) : NULL;

      if (g_strcmp0 (own, uri) == 0)
        return TRUE;
    }

  return FALSE;
}

static void
read_cb (GBytes *value, const GError *error, gpointer user_data)
{
  *(gboolean *) user_data = value != NULL;
}

/* Read from the person's file, and compared with its key. */
static void
check_served (Check *self, BytestagSim *sim, BytestagSharedFilesTable *table)
{
  for (guint i = 0; i < self->parts->len; i++)
    {
      const BytestagKey *key = &g_array_index (self->parts, BytestagKey, i);
      BytestagKvpId id = { *key, *key };
      gboolean is_read = FALSE;

      bytestag_kvp_table_read (BYTESTAG_KVP_TABLE (table), &id, read_cb, &is_read);
      bytestag_sim_run (sim, 1000);
      if (!is_read)
        complain (self, "a part is not served");
    }
}

/* What the program itself makes of it. */
static void
check_library (Check *self, const char *path, char **words)
{
  BytestagSim *sim = bytestag_sim_new (1);
  BytestagSharedFilesTable *table;
  BytestagNetwork *network = bytestag_sim_add_sharing_node (sim, &table);
  BytestagTestWorker *worker = bytestag_test_worker_new (bytestag_network_get_reactor (network));
  BytestagLibrary *library =
    bytestag_library_new_saved (network, table, BYTESTAG_WORKER (worker), path, BYTESTAG_WORKER (worker));

  for (guint i = 0; i < 100 && !bytestag_library_is_loaded (library); i++)
    bytestag_sim_run (sim, SECOND / 100);
  bytestag_sim_run (sim, SECOND);
  if (!bytestag_library_is_loaded (library) || bytestag_library_get_problem (library) != NULL)
    complain (self, "the library is not loaded: %s", bytestag_library_get_problem (library));
  for (guint i = 0; words[i] != NULL && *words[i] != '\0'; i++)
    {
      if (!has_link (library, strchr (words[i], '=') + 1))
        complain (self, "%s is not in the list", words[i]);
    }
  check_served (self, sim, table);

  bytestag_library_close (library);
  bytestag_sim_run (sim, SECOND / 10);
  g_object_unref (library);
  bytestag_sim_run (sim, SECOND / 10);
  g_object_unref (worker);
  bytestag_sim_free (sim);
}

int
main (void)
{
  char *line = NULL;
  size_t size = 0;

  while (getline (&line, &size, stdin) > 0)
    {
      g_auto (GStrv) parts = g_strsplit (g_strchomp (line), "\t", 2);
      g_auto (GStrv) words = g_strsplit (parts[1] != NULL ? parts[1] : "", " ", -1);
      g_autofree char *path = g_build_filename (parts[0], "library.db", NULL);
      g_autoptr (BytestagLibraryStore) store = bytestag_library_store_new (path);
      g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
      g_autoptr (GString) wrong = g_string_new (NULL);
      Check self = { store, keys, wrong };

      /* A library is only made in a folder that is there. */
      if (g_file_test (parts[0], G_FILE_TEST_IS_DIR) || *words[0] != '\0')
        {
          check_store (&self, path, words);
          check_library (&self, path, words);
        }
      printf ("%s\n", wrong->len > 0 ? wrong->str : "ok");
      fflush (stdout);
    }
  free (line);

  return 0;
}
