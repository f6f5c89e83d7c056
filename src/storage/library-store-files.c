/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/library-store.h"

#include <string.h>

#include "core/limits.h"
#include "storage/library-store-private.h"

/* A path that lies in none of the roots stands there as it is. */
#define NO_ROOT -1

/* As read_file() reads them. */
#define FILE_COLUMNS \
  "files.id, roots.path, files.path, filename, size, mtime, inode, device, birth, state, hash, sha256," \
  "  files.position FROM files LEFT JOIN roots ON roots.share = files.share AND roots.position = root"

void
bytestag_saved_file_free (BytestagSavedFile *self)
{
  g_free (self->path);
  g_strfreev (self->filename);
  g_free (self->parts);
  g_free (self);
}

/* The root that @path lies in, and @path as seen from there: empty for the root itself. */
static gint64
split_path (const BytestagSavedShare *share, const char *path, const char **relative)
{
  for (guint i = 0; share->roots[i] != NULL; i++)
    {
      gsize length = strlen (share->roots[i]);

      while (length > 1 && share->roots[i][length - 1] == '/')
        length--;
      if (strncmp (path, share->roots[i], length) != 0)
        continue;
      if (path[length] == '\0' || path[length] == '/' || length == 1)
        {
          *relative = path + length;
          while (**relative == '/')
            (*relative)++;
          return i;
        }
    }
  *relative = path;

  return NO_ROOT;
}

/* (transfer full) elements one after the other, each with its NUL. */
static GByteArray *
join_filename (char **filename)
{
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; filename[i] != NULL; i++)
    g_byte_array_append (bytes, (const guint8 *) filename[i], (guint) strlen (filename[i]) + 1);

  return bytes;
}

/* (transfer full) (nullable) */
static char **
split_filename (const char *bytes, gsize length)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gsize at = 0;

  if (bytes == NULL || length == 0 || bytes[length - 1] != '\0')
    return NULL;
  while (at < length)
    {
      g_strv_builder_add (builder, bytes + at);
      at += strlen (bytes + at) + 1;
    }

  return g_strv_builder_end (builder);
}

/* Numbers that SQLite keeps are signed; inodes and devices use all 64 bits. */
static void
bind_stamp (sqlite3_stmt *statement, int first, const BytestagFileStamp *stamp)
{
  sqlite3_bind_int64 (statement, first, (gint64) stamp->size);
  sqlite3_bind_int64 (statement, first + 1, stamp->mtime);
  sqlite3_bind_int64 (statement, first + 2, (gint64) stamp->inode);
  sqlite3_bind_int64 (statement, first + 3, (gint64) stamp->device);
  sqlite3_bind_int64 (statement, first + 4, stamp->birth);
}

static gboolean
save_parts (BytestagLibraryStore *self, const BytestagSavedFile *file, gint64 id, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "INSERT INTO parts (file, first, keys) VALUES (?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  for (guint first = 0; first < file->n_parts; first += BYTESTAG_LIMIT_PARTS_OF_ROW)
    {
      guint n = MIN (file->n_parts - first, BYTESTAG_LIMIT_PARTS_OF_ROW);

      sqlite3_reset (statement);
      sqlite3_bind_int64 (statement, 1, id);
      sqlite3_bind_int64 (statement, 2, first);
      sqlite3_bind_blob (statement, 3, file->parts + first, (int) (n * sizeof (BytestagKey)), SQLITE_STATIC);
      if (!bytestag_library_store_step (self, statement, NULL, error))
        return FALSE;
    }

  return TRUE;
}

/* The file that is there at this path. @id: (out) 0: none. */
static gboolean
find_file (BytestagLibraryStore  *self,
           gint64                 share,
           gint64                 root,
           const char            *relative,
           gint64                *id,
           GError               **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT id FROM files WHERE path = ? AND root = ? AND share = ?", error);
  gboolean row;

  *id = 0;
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_blob (statement, 1, relative, (int) strlen (relative), SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, root);
  sqlite3_bind_int64 (statement, 3, share);
  if (!bytestag_library_store_step (self, statement, &row, error))
    return FALSE;
  if (row)
    *id = sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);

  return TRUE;
}

static gboolean
remove_file (BytestagLibraryStore *self, gint64 id, GError **error)
{
  return bytestag_library_store_run (self, "DELETE FROM parts WHERE file = ?", id, 0, error)
         && bytestag_library_store_run (self, "DELETE FROM files WHERE id = ?", id, 0, error);
}

static gboolean
save_file (BytestagLibraryStore      *self,
           const BytestagSavedShare  *share,
           BytestagSavedFile         *file,
           GError                   **error)
{
  g_autoptr (GByteArray) filename = join_filename (file->filename);
  const char *relative;
  gint64 root = split_path (share, file->path, &relative);
  sqlite3_stmt *statement;
  gint64 old;

  if (!find_file (self, share->id, root, relative, &old, error) || (old != 0 && !remove_file (self, old, error)))
    return FALSE;

  statement = bytestag_library_store_prepare (self,
    "INSERT INTO files (share, root, path, filename, size, mtime, inode, device, birth, state, hash, sha256,"
    "  position, round) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, share->id);
  sqlite3_bind_int64 (statement, 2, root);
  sqlite3_bind_blob (statement, 3, relative, (int) strlen (relative), SQLITE_STATIC);
  sqlite3_bind_blob (statement, 4, filename->data, (int) filename->len, SQLITE_STATIC);
  bind_stamp (statement, 5, &file->stamp);
  sqlite3_bind_int (statement, 10, (int) file->state);
  bytestag_library_store_bind_key (statement, 11, &file->hash);
  sqlite3_bind_blob (statement, 12, file->sha256, BYTESTAG_SHA256_SIZE, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 13, file->position);
  sqlite3_bind_int64 (statement, 14, share->round);
  if (!bytestag_library_store_step (self, statement, NULL, error))
    return FALSE;

  file->id = sqlite3_last_insert_rowid (bytestag_database_get_handle (self->database));

  return save_parts (self, file, file->id, error);
}

gboolean
bytestag_library_store_save_files (BytestagLibraryStore      *self,
                                   const BytestagSavedShare  *share,
                                   GPtrArray                 *files,
                                   GError                   **error)
{
  gboolean good = TRUE;

  if (!bytestag_library_store_begin (self, error))
    return FALSE;
  for (guint i = 0; good && i < files->len; i++)
    good = save_file (self, share, g_ptr_array_index (files, i), error);

  return bytestag_library_store_commit (self, good, error);
}

/* A file whose path another one has now: nothing lies where it is said to be until it is
 * said where it is. */
static gboolean
displace_file (BytestagLibraryStore *self, gint64 id, GError **error)
{
  g_autofree char *nowhere = g_strdup_printf ("/dev/null/%" G_GINT64_FORMAT, id);
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "UPDATE files SET root = ?, path = ? WHERE id = ?", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, NO_ROOT);
  sqlite3_bind_blob (statement, 2, nowhere, (int) strlen (nowhere), SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 3, id);

  return bytestag_library_store_step (self, statement, NULL, error);
}

static gboolean
update_state (BytestagLibraryStore *self, const BytestagSavedFile *file, GError **error)
{
  return bytestag_library_store_run (self, "UPDATE files SET state = ? WHERE id = ?", (gint64) file->state, file->id,
                                     error);
}

static gboolean
update_file (BytestagLibraryStore      *self,
             const BytestagSavedShare  *share,
             const BytestagSavedFile   *file,
             GError                   **error)
{
  const char *relative;
  gint64 root = split_path (share, file->path, &relative);
  sqlite3_stmt *statement;
  gint64 other;

  if (!find_file (self, share->id, root, relative, &other, error))
    return FALSE;
  if (other != 0 && other != file->id)
    {
      /* It was overwritten by the one that has its path. */
      if (file->state == BYTESTAG_SHARED_FILE_GONE)
        return update_state (self, file, error);
      if (!displace_file (self, other, error))
        return FALSE;
    }

  statement = bytestag_library_store_prepare (self,
    "UPDATE files SET root = ?, path = ?, size = ?, mtime = ?, inode = ?, device = ?, birth = ?, state = ?"
    "  WHERE id = ?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, root);
  sqlite3_bind_blob (statement, 2, relative, (int) strlen (relative), SQLITE_STATIC);
  bind_stamp (statement, 3, &file->stamp);
  sqlite3_bind_int (statement, 8, (int) file->state);
  sqlite3_bind_int64 (statement, 9, file->id);

  return bytestag_library_store_step (self, statement, NULL, error);
}

gboolean
bytestag_library_store_update_files (BytestagLibraryStore      *self,
                                     const BytestagSavedShare  *share,
                                     GPtrArray                 *files,
                                     GError                   **error)
{
  gboolean good = TRUE;

  if (!bytestag_library_store_begin (self, error))
    return FALSE;
  for (guint i = 0; good && i < files->len; i++)
    good = update_file (self, share, g_ptr_array_index (files, i), error);

  return bytestag_library_store_commit (self, good, error);
}

/* @root: where it lies; (nullable) for NO_ROOT. FALSE: not what we write. */
static gboolean
read_file (sqlite3_stmt *statement, BytestagSavedFile *file)
{
  g_autofree char *root = bytestag_library_store_dup_text (statement, 1);
  g_autofree char *relative = bytestag_library_store_dup_text (statement, 2);
  gint64 state = sqlite3_column_int64 (statement, 9);
  gint64 position = sqlite3_column_int64 (statement, 12);

  file->id = sqlite3_column_int64 (statement, 0);
  file->filename = split_filename (sqlite3_column_blob (statement, 3), (gsize) sqlite3_column_bytes (statement, 3));
  file->stamp = (BytestagFileStamp) {
    .size = (guint64) sqlite3_column_int64 (statement, 4),
    .mtime = sqlite3_column_int64 (statement, 5),
    .inode = (guint64) sqlite3_column_int64 (statement, 6),
    .device = (guint64) sqlite3_column_int64 (statement, 7),
    .birth = sqlite3_column_int64 (statement, 8),
  };
  if (relative == NULL || file->filename == NULL || state < BYTESTAG_SHARED_FILE_PRESENT
      || state > BYTESTAG_SHARED_FILE_GONE || position < 0 || position > BYTESTAG_LIMIT_COLLECTION_FILES
      || file->stamp.size > (guint64) BYTESTAG_LIMIT_COLLECTION_PARTS * BYTESTAG_PART_SIZE
      || !bytestag_library_store_get_bytes (statement, 10, file->hash.bytes, BYTESTAG_KEY_SIZE)
      || !bytestag_library_store_get_bytes (statement, 11, file->sha256, BYTESTAG_SHA256_SIZE))
    return FALSE;

  file->position = (guint) position;
  file->state = (BytestagSharedFileState) state;
  file->n_parts = (guint) MAX (1, (file->stamp.size + BYTESTAG_PART_SIZE - 1) / BYTESTAG_PART_SIZE);
  if (root == NULL)
    file->path = g_steal_pointer (&relative);
  else
    file->path = *relative == '\0' ? g_steal_pointer (&root) : g_build_filename (root, relative, NULL);

  return g_path_is_absolute (file->path);
}

GPtrArray *
bytestag_library_store_list_files (BytestagLibraryStore *self, gint64 share, gint64 after, guint max, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT " FILE_COLUMNS "  WHERE files.share = ? AND files.position > ? ORDER BY files.position LIMIT ?", error);
  gboolean row;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, share);
  sqlite3_bind_int64 (statement, 2, after);
  sqlite3_bind_int64 (statement, 3, max);
  for (;;)
    {
      BytestagSavedFile *file;

      if (!bytestag_library_store_step (self, statement, &row, error))
        return NULL;
      if (!row)
        return g_steal_pointer (&files);

      file = g_new0 (BytestagSavedFile, 1);
      g_ptr_array_add (files, file);
      /* A damaged index may lead back, and so round and round. */
      if (!read_file (statement, file) || (gint64) file->position <= after)
        {
          bytestag_library_store_refuse (statement, error);
          return NULL;
        }
      after = file->position;
    }
}

gboolean
bytestag_library_store_read_parts (BytestagLibraryStore  *self,
                                   gint64                 file,
                                   guint                  first,
                                   guint                  max,
                                   GArray                *keys,
                                   GError               **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT first, keys FROM parts WHERE file = ? AND first >= ? ORDER BY first", error);
  guint n_read = 0;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, file);
  sqlite3_bind_int64 (statement, 2, first);
  do
    {
      gboolean row;
      gsize length;
      guint n;

      if (!bytestag_library_store_step (self, statement, &row, error))
        return FALSE;
      if (!row)
        return n_read > 0 || bytestag_library_store_refuse (statement, error);

      length = (gsize) sqlite3_column_bytes (statement, 1);
      n = (guint) (length / sizeof (BytestagKey));
      if (sqlite3_column_int64 (statement, 0) != (gint64) first + n_read || n == 0
          || n > BYTESTAG_LIMIT_PARTS_OF_ROW || length % sizeof (BytestagKey) != 0)
        return bytestag_library_store_refuse (statement, error);
      g_array_append_vals (keys, sqlite3_column_blob (statement, 1), n);
      n_read += n;
    }
  while (n_read < max);
  sqlite3_reset (statement);

  return TRUE;
}

/* The states of the parts of a file. Another share may have them: then they are looked at
 * again, should this process end before they are saved again. */
static gboolean
forget_parts (BytestagLibraryStore *self, gint64 file, GError **error)
{
  sqlite3_stmt *rows = bytestag_library_store_prepare (self, "SELECT keys FROM parts WHERE file = ?", error);
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "DELETE FROM pieces WHERE key = ? AND idx = x''", error);
  gboolean row;

  if (rows == NULL || statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (rows, 1, file);
  for (;;)
    {
      const BytestagKey *keys;
      gsize n;

      if (!bytestag_library_store_step (self, rows, &row, error))
        return FALSE;
      if (!row)
        return TRUE;

      keys = sqlite3_column_blob (rows, 0);
      n = (gsize) sqlite3_column_bytes (rows, 0) / sizeof (BytestagKey);
      for (gsize i = 0; i < n; i++)
        {
          sqlite3_reset (statement);
          bytestag_library_store_bind_key (statement, 1, &keys[i]);
          if (!bytestag_library_store_step (self, statement, NULL, error))
            {
              sqlite3_reset (rows);
              return FALSE;
            }
        }
    }
}

gboolean
bytestag_library_store_remove_files (BytestagLibraryStore  *self,
                                     gint64                 share,
                                     guint                  max,
                                     gboolean              *more,
                                     GError               **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT id FROM files WHERE share = ? LIMIT ?", error);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean row;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, share);
  sqlite3_bind_int64 (statement, 2, max);
  for (;;)
    {
      gint64 id;

      if (!bytestag_library_store_step (self, statement, &row, error))
        return FALSE;
      if (!row)
        break;
      id = sqlite3_column_int64 (statement, 0);
      g_array_append_val (ids, id);
    }

  *more = ids->len == max;
  for (guint i = 0; i < ids->len; i++)
    {
      gint64 id = g_array_index (ids, gint64, i);

      if (!forget_parts (self, id, error) || !remove_file (self, id, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
bytestag_library_store_begin_round (BytestagLibraryStore *self, BytestagSavedShare *share, GError **error)
{
  if (!bytestag_library_store_run (self, "UPDATE shares SET round = ? WHERE id = ?", share->round + 1, share->id,
                                   error))
    return FALSE;
  share->round++;

  return TRUE;
}

/* (transfer full) (element-type gint64) */
static GArray *
find_files_of_other_rounds (BytestagLibraryStore *self, const BytestagSavedShare *share, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT id FROM files WHERE share = ? AND round <> ?", error);
  gboolean row;

  if (statement == NULL)
    return NULL;
  sqlite3_bind_int64 (statement, 1, share->id);
  sqlite3_bind_int64 (statement, 2, share->round);
  for (;;)
    {
      gint64 id;

      if (!bytestag_library_store_step (self, statement, &row, error))
        return NULL;
      if (!row)
        return g_steal_pointer (&ids);
      id = sqlite3_column_int64 (statement, 0);
      g_array_append_val (ids, id);
    }
}

gboolean
bytestag_library_store_end_round (BytestagLibraryStore *self, const BytestagSavedShare *share, GError **error)
{
  g_autoptr (GArray) ids = find_files_of_other_rounds (self, share, error);
  gboolean good = TRUE;

  if (ids == NULL || !bytestag_library_store_begin (self, error))
    return FALSE;
  for (guint i = 0; good && i < ids->len; i++)
    good = remove_file (self, g_array_index (ids, gint64, i), error);

  return bytestag_library_store_commit (self, good, error);
}
