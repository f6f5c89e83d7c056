/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-private.h"

#include "core/limits.h"

/* Seconds: "last checked" alone is not worth a commit each time. */
#define CHECKED_INTERVAL 3600

/* What a check found, being applied to a share, a slice at a time. */
typedef struct {
  BytestagLibrary *library;
  BytestagShare *share;
  BytestagSharedSet *set; /* that it is about */
  BytestagShareCheck found;
  const BytestagFileChange *changes;
  guint n_changes;
  guint change;           /* the next one */
  guint file;             /* the next one */
  GArray *doubtful;       /* (element-type guint) files that cannot be judged without their digest */
  gboolean changed;       /* something that is saved */
} Application;

/* A root as it is now. */
typedef struct {
  guint position;
  char *path;
  char *identity;
} RootChange;

/* Digests of files in doubt. */
typedef struct {
  GArray *files;   /* (element-type guint) */
  GPtrArray *rows; /* (element-type BytestagSavedFile) */
} Digests;

static void
application_free (gpointer data)
{
  Application *self = data;

  g_object_unref (self->library);
  g_object_unref (self->share);
  bytestag_shared_set_unref (self->set);
  bytestag_library_check_unref (self->found.check);
  g_array_unref (self->doubtful);
  g_free (self);
}

static void
root_change_free (gpointer data)
{
  RootChange *self = data;

  g_free (self->path);
  g_free (self->identity);
  g_free (self);
}

static void
digests_free (gpointer data)
{
  Digests *self = data;

  g_array_unref (self->files);
  g_ptr_array_unref (self->rows);
  g_free (self);
}

/* The length of @root without what may end it; 0 of "/". */
static gsize
get_root_length (const char *root)
{
  gsize length = strlen (root);

  while (length > 0 && root[length - 1] == G_DIR_SEPARATOR)
    length--;
  return length;
}

/* The path of @path within @root, "" for the root itself; NULL: it does not lie there. */
static const char *
skip_root (const char *path,
           const char *root)
{
  gsize length = get_root_length (root);

  if (strncmp (path, root, length) != 0 || (path[length] != '\0' && path[length] != G_DIR_SEPARATOR))
    return NULL;

  path += length;
  while (*path == G_DIR_SEPARATOR)
    path++;
  return path;
}

/* Files come in the order of roots, mostly: the search goes on where it ended. */
static gboolean
find_root (BytestagShare  *share,
           guint           n,
           const char     *path,
           guint          *root,
           const char    **relative)
{
  for (guint i = 0; i < n; i++)
    {
      *root = (share->last_root + i) % n;
      *relative = skip_root (path, share->saved->roots[*root]);
      if (*relative != NULL)
        {
          share->last_root = *root;
          return TRUE;
        }
    }

  return FALSE;
}

static void
fill_roots (BytestagShare        *share,
            BytestagLibraryCheck *check)
{
  for (guint i = 0; share->saved->roots[i] != NULL; i++)
    {
      gsize length = get_root_length (share->saved->roots[i]);
      g_autofree char *path = length > 0 ? g_strndup (share->saved->roots[i], length) : g_strdup (G_DIR_SEPARATOR_S);

      guint root = bytestag_library_check_add_root (check, path,
                                                    i < share->saved->identities->len
                                                      ? g_ptr_array_index (share->saved->identities, i) : NULL);

      bytestag_library_check_set_created (check, root, share->saved->created);
    }
}

/* BytestagLibraryWatchFuncs. A file that was moved out of what was shared is a root of its own. */
static gboolean
fill (gpointer              data,
      BytestagLibraryCheck *check,
      guint                 first_root,
      guint                 position,
      gpointer              user_data)
{
  BytestagShare *share = data;
  guint n_roots = g_strv_length (share->saved->roots);
  guint n_files = bytestag_shared_set_get_n_files (share->set);
  guint end = MIN (n_files, position + BYTESTAG_LIMIT_CHECK_SLICE);

  if (position == 0)
    fill_roots (share, check);
  for (guint i = position; i < end; i++)
    {
      const BytestagSharedFile *file = bytestag_shared_set_get_file (share->set, i);
      const char *relative = "";
      guint root;
      guint number;

      if (find_root (share, n_roots, file->path, &root, &relative))
        root += first_root;
      else
        root = bytestag_library_check_add_root (check, file->path,
                                                g_hash_table_lookup (share->stray_identities, file->path));
      number = bytestag_library_check_add_file (check, root, relative == NULL ? "" : relative, &file->stamp,
                                                g_hash_table_lookup (share->digests, GUINT_TO_POINTER (i)));
      if (file->state == BYTESTAG_SHARED_FILE_CHANGED)
        bytestag_library_check_doubt_file (check, number);
    }

  return end < n_files;
}

/* On the disk worker. */
static void
save_roots_run (BytestagLibraryStep *step)
{
  GPtrArray *roots = step->data;

  for (guint i = 0; i < roots->len && step->error == NULL; i++)
    {
      const RootChange *root = g_ptr_array_index (roots, i);

      bytestag_library_store_set_root (step->store, step->saved->id, root->position, root->path, root->identity,
                                       &step->error);
    }
}

/* What was seen of a share is seen again at the next check. */
static void
save_done (BytestagLibraryStep *step)
{
  if (step->error != NULL)
    g_message ("What was seen of a share is not saved: %s", step->error->message);
}

static void
set_root (BytestagShare             *share,
          guint                      position,
          const BytestagCheckedRoot *now,
          GPtrArray                 *changed)
{
  BytestagSavedShare *saved = share->saved;
  RootChange *change;

  while (saved->identities->len <= position)
    g_ptr_array_add (saved->identities, NULL);
  if (now->outcome != BYTESTAG_ROOT_MOVED &&
      g_strcmp0 (now->identity, g_ptr_array_index (saved->identities, position)) == 0)
    return;

  g_free (g_ptr_array_index (saved->identities, position));
  g_ptr_array_index (saved->identities, position) = g_strdup (now->identity);
  if (now->outcome == BYTESTAG_ROOT_MOVED)
    {
      g_free (saved->roots[position]);
      saved->roots[position] = g_strdup (now->path);
    }

  change = g_new0 (RootChange, 1);
  change->position = position;
  change->path = g_strdup (saved->roots[position]);
  change->identity = g_strdup (now->identity);
  g_ptr_array_add (changed, change);
}

static void
apply_roots (Application *self)
{
  BytestagShare *share = self->share;
  guint n_roots = g_strv_length (share->saved->roots);
  GPtrArray *changed = g_ptr_array_new_with_free_func (root_change_free);

  share->n_found = 0;
  for (guint i = 0; i < self->found.n_roots; i++)
    {
      const BytestagCheckedRoot *now = bytestag_library_check_get_root (self->found.check, self->found.first_root + i);

      if (i < n_roots)
        {
          set_root (share, i, now, changed);
          if (now->outcome != BYTESTAG_ROOT_AWAY)
            share->n_found += now->n_new;
        }
      else if (now->identity != NULL)
        {
          g_hash_table_replace (share->stray_identities, g_strdup (now->path), g_strdup (now->identity));
        }
    }

  if (changed->len == 0)
    {
      g_ptr_array_unref (changed);
      return;
    }
  self->changed = TRUE;
  bytestag_library_run_step (self->library, share, changed, (GDestroyNotify) g_ptr_array_unref, save_roots_run,
                             save_done);
}

static void
set_state (Application             *self,
           guint                    number,
           BytestagSharedFileState  state)
{
  BytestagSharedFile *file = bytestag_shared_set_get_file (self->set, number);

  self->share->n_of_state[file->state]--;
  self->share->n_of_state[state]++;
  bytestag_shared_files_table_set_state (self->library->table, self->set, number, state);
}

/* It is there, at @path: each part is compared with its hash before it is served again. */
static void
set_present (Application             *self,
             guint                    number,
             const char              *path,
             const BytestagFileStamp *stamp)
{
  BytestagSharedFile *file = bytestag_shared_set_get_file (self->set, number);

  self->share->n_of_state[file->state]--;
  self->share->n_of_state[BYTESTAG_SHARED_FILE_PRESENT]++;
  bytestag_shared_files_table_set_stamp (self->library->table, self->set, number, path, stamp);
}

/* What is known of a file that lies in none of the share's roots now. */
static void
note_stray (Application               *self,
            const char                *path,
            const BytestagCheckedRoot *root,
            const BytestagFileStamp   *stamp)
{
  BytestagShare *share = self->share;
  const char *relative;
  guint number;

  if (!find_root (share, g_strv_length (share->saved->roots), path, &number, &relative))
    g_hash_table_replace (share->stray_identities, g_strdup (path),
                          bytestag_library_check_identify (root->identity, stamp));
}

/* @change: (nullable). Whether what is saved of it has changed. */
static gboolean
apply_to_file (Application              *self,
               guint                     number,
               const BytestagFileChange *change)
{
  BytestagSharedFile *file = bytestag_shared_set_get_file (self->set, number);
  guint root;
  const char *relative = bytestag_library_check_get_file (self->found.check, self->found.first_file + number, &root);
  const BytestagCheckedRoot *now = bytestag_library_check_get_root (self->found.check, root);
  gboolean moved = now->outcome == BYTESTAG_ROOT_MOVED;
  BytestagSharedFileState before = file->state;
  g_autofree char *path = NULL;

  if (now->outcome == BYTESTAG_ROOT_AWAY || (change != NULL && change->outcome == BYTESTAG_FILE_AWAY))
    {
      /* Who read it without its drive took it for deleted. */
      if (before != BYTESTAG_SHARED_FILE_CHANGED)
        set_state (self, number, BYTESTAG_SHARED_FILE_AWAY);
      return before == BYTESTAG_SHARED_FILE_PRESENT || before == BYTESTAG_SHARED_FILE_GONE;
    }

  if (change != NULL && change->outcome == BYTESTAG_FILE_MOVED)
    {
      now = bytestag_library_check_get_root (self->found.check, change->root);
      relative = change->path;
      moved = TRUE;
    }
  path = moved ? g_build_filename (now->path, relative[0] != '\0' ? relative : NULL, NULL) : g_strdup (file->path);

  switch (change != NULL ? change->outcome : BYTESTAG_FILE_UNCHANGED)
    {
    case BYTESTAG_FILE_UNCHANGED:
      if (moved || before != BYTESTAG_SHARED_FILE_PRESENT)
        set_present (self, number, path, &file->stamp);
      /* With its root, it lies where it did. */
      return before != BYTESTAG_SHARED_FILE_PRESENT;
    case BYTESTAG_FILE_MOVED:
      note_stray (self, path, now, &change->stamp);
      set_present (self, number, path, &change->stamp);
      return TRUE;
    case BYTESTAG_FILE_RESTAMPED:
      set_present (self, number, path, &change->stamp);
      return TRUE;
    case BYTESTAG_FILE_CHANGED:
      set_state (self, number, BYTESTAG_SHARED_FILE_CHANGED);
      return before != BYTESTAG_SHARED_FILE_CHANGED;
    case BYTESTAG_FILE_DELETED:
      set_state (self, number, BYTESTAG_SHARED_FILE_GONE);
      return before != BYTESTAG_SHARED_FILE_GONE;
    case BYTESTAG_FILE_DOUBTFUL:
    case BYTESTAG_FILE_AWAY:
    default:
      g_array_append_val (self->doubtful, number);
      return FALSE;
    }
}

static BytestagSavedFile *
save_file (const BytestagSharedFile *file)
{
  BytestagSavedFile *saved = g_new0 (BytestagSavedFile, 1);

  saved->id = file->id;
  saved->path = g_strdup (file->path);
  saved->stamp = file->stamp;
  saved->state = file->state;

  return saved;
}

/* On the disk worker. A row for each. */
static void
read_digests_run (BytestagLibraryStep *step)
{
  Digests *self = step->data;

  for (guint i = 0; i < self->files->len && step->error == NULL; i++)
    {
      g_autoptr (GPtrArray) rows = bytestag_library_store_list_files (step->store, step->saved->id,
                                                                      (gint64) g_array_index (self->files, guint, i) - 1,
                                                                      1, &step->error);

      g_ptr_array_add (self->rows, rows != NULL && rows->len > 0 ? g_ptr_array_steal_index (rows, 0) : NULL);
    }
}

static void
read_digests_done (BytestagLibraryStep *step)
{
  Digests *self = step->data;
  BytestagShare *share = step->share;

  if (step->error != NULL)
    {
      save_done (step);
      return;
    }
  if (!bytestag_library_step_is_wanted (step) || !share->served)
    return;

  for (guint i = 0; i < self->rows->len; i++)
    {
      const BytestagSavedFile *row = g_ptr_array_index (self->rows, i);
      guint number = g_array_index (self->files, guint, i);

      if (row != NULL && row->id == bytestag_shared_set_get_file (share->set, number)->id)
        g_hash_table_insert (share->digests, GUINT_TO_POINTER (number),
                             g_memdup2 (row->sha256, sizeof row->sha256));
    }
  bytestag_library_doubt (step->library, share);
}

/* Files that are in doubt no more need no digest; those that changed are asked about each time. */
static gboolean
is_settled (gpointer key,
            gpointer value,
            gpointer user_data)
{
  const BytestagSharedFile *file = bytestag_shared_set_get_file (user_data, GPOINTER_TO_UINT (key));

  return file->state == BYTESTAG_SHARED_FILE_PRESENT;
}

static void
read_digests (Application *self)
{
  GHashTable *known = self->share->digests;
  Digests *digests = g_new0 (Digests, 1);

  digests->files = g_array_new (FALSE, FALSE, sizeof (guint));
  digests->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  for (guint i = 0; i < self->doubtful->len &&
                    g_hash_table_size (known) + digests->files->len < BYTESTAG_LIMIT_CHECK_DIGESTS; i++)
    {
      guint number = g_array_index (self->doubtful, guint, i);

      if (!g_hash_table_contains (known, GUINT_TO_POINTER (number)))
        g_array_append_val (digests->files, number);
    }

  if (digests->files->len > 0)
    bytestag_library_run_step (self->library, self->share, digests, digests_free, read_digests_run,
                               read_digests_done);
  else
    digests_free (digests);
}

/* On the disk worker. */
static void
save_share_run (BytestagLibraryStep *step)
{
  bytestag_library_store_update_share (step->store, step->saved, &step->error);
}

static void
finish (Application *self)
{
  BytestagShare *share = self->share;

  if (self->doubtful->len == 0)
    g_hash_table_foreach_remove (share->digests, is_settled, self->set);
  else
    read_digests (self);

  if (self->changed || self->found.time - share->saved->checked >= CHECKED_INTERVAL)
    {
      share->saved->checked = self->found.time;
      bytestag_library_run_step (self->library, share, NULL, NULL, save_share_run, save_done);
    }
  share->checked = self->found.time;
  bytestag_share_tell_check (share);
}

static void
apply_slice (gpointer user_data)
{
  Application *self = user_data;
  guint end = MIN (self->found.n_files, self->file + BYTESTAG_LIMIT_CHECK_SLICE);
  GPtrArray *saved;
  Application *rest;

  if (self->library->closed || self->share->set != self->set)
    return;

  saved = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  for (; self->file < end; self->file++)
    {
      const BytestagFileChange *change = NULL;

      if (self->change < self->n_changes &&
          self->changes[self->change].file - self->found.first_file == self->file)
        change = &self->changes[self->change++];
      if (apply_to_file (self, self->file, change))
        g_ptr_array_add (saved, save_file (bytestag_shared_set_get_file (self->set, self->file)));
    }
  self->changed = self->changed || saved->len > 0;
  if (saved->len > 0)
    bytestag_library_save_files (self->library, self->share, saved);
  else
    g_ptr_array_unref (saved);

  if (end == self->found.n_files)
    {
      finish (self);
      return;
    }
  rest = g_memdup2 (self, sizeof *self);
  g_object_ref (rest->library);
  g_object_ref (rest->share);
  bytestag_shared_set_ref (rest->set);
  bytestag_library_check_ref (rest->found.check);
  g_array_ref (rest->doubtful);
  bytestag_reactor_post (self->library->reactor, apply_slice, rest, application_free);
}

/* BytestagLibraryWatchFuncs */
static void
checked (gpointer                  data,
         const BytestagShareCheck *found,
         gpointer                  user_data)
{
  Application *self = g_new0 (Application, 1);

  self->library = g_object_ref (user_data);
  self->share = g_object_ref (data);
  self->set = bytestag_shared_set_ref (self->share->set);
  self->found = *found;
  bytestag_library_check_ref (found->check);
  self->doubtful = g_array_new (FALSE, FALSE, sizeof (guint));
  self->changes = bytestag_library_check_find_changes (found->check, found->first_file, found->n_files,
                                                       &self->n_changes);
  apply_roots (self);
  bytestag_reactor_post (self->library->reactor, apply_slice, self, application_free);
}

void
bytestag_library_watch_share (BytestagLibrary *self,
                              BytestagShare   *share)
{
  if (self->watch != NULL && share->served)
    bytestag_library_watch_add (self->watch, share);
}

void
bytestag_library_unwatch_share (BytestagLibrary *self,
                                BytestagShare   *share)
{
  if (self->watch != NULL)
    bytestag_library_watch_remove (self->watch, share);
  g_hash_table_remove_all (share->digests);
}

void
bytestag_library_doubt (BytestagLibrary *self,
                        BytestagShare   *share)
{
  /* It may only have been moved: the check tells. */
  if (self->watch != NULL)
    bytestag_library_watch_check_soon (self->watch, share);
  else
    bytestag_share_tell_check (share);
}

void
bytestag_library_end_watch (BytestagLibrary *self)
{
  if (self->watch != NULL)
    bytestag_library_watch_stop (self->watch);
  g_clear_object (&self->watch);
}

void
bytestag_library_set_watcher (BytestagLibrary       *self,
                              BytestagFolderWatcher *watcher,
                              BytestagWorker        *worker)
{
  static const BytestagLibraryWatchFuncs funcs = { fill, checked };

  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));
  g_return_if_fail (watcher == NULL || BYTESTAG_IS_FOLDER_WATCHER (watcher));
  g_return_if_fail (BYTESTAG_IS_WORKER (worker));
  g_return_if_fail (!self->closed && self->watch == NULL);

  self->watch = bytestag_library_watch_new (self->reactor, worker, watcher, &funcs, self);
  for (guint i = 0; i < self->shares->len; i++)
    bytestag_library_watch_share (self, g_ptr_array_index (self->shares, i));
}

void
bytestag_library_check_soon (BytestagLibrary *self,
                             BytestagShare   *share)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));
  g_return_if_fail (BYTESTAG_IS_SHARE (share));

  bytestag_library_doubt (self, share);
}
