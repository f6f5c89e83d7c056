/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/library-store.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/library-store-private.h"

/* "BTlb": of no other program. */
#define APPLICATION_ID 0x42546c62

/* What is one of many rows has few columns, and bytes last: they lie on pages of their own.
 * The index of a piece is left empty where it is its key. */
static const char * const migrations[] = {
  "CREATE TABLE shares (id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, name BLOB, comment BLOB,"
  "  timestamp INTEGER NOT NULL, created INTEGER NOT NULL, checked INTEGER NOT NULL, replaces INTEGER NOT NULL,"
  "  round INTEGER NOT NULL DEFAULT 0, copies INTEGER NOT NULL, n_files INTEGER NOT NULL, size INTEGER NOT NULL, key BLOB, sha256 BLOB);"
  "CREATE TABLE roots (share INTEGER NOT NULL, position INTEGER NOT NULL, path BLOB NOT NULL, identity TEXT,"
  "  PRIMARY KEY (share, position)) WITHOUT ROWID;"
  "CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT, share INTEGER NOT NULL, root INTEGER NOT NULL,"
  "  position INTEGER NOT NULL, round INTEGER NOT NULL, path BLOB NOT NULL, filename BLOB NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,"
  "  inode INTEGER NOT NULL, device INTEGER NOT NULL, birth INTEGER NOT NULL, state INTEGER NOT NULL,"
  "  hash BLOB NOT NULL, sha256 BLOB NOT NULL);"
  "CREATE INDEX files_of_share ON files (share, position);"
  "CREATE UNIQUE INDEX files_by_path ON files (path, root, share);"
  "CREATE TABLE parts (file INTEGER NOT NULL, first INTEGER NOT NULL, keys BLOB NOT NULL,"
  "  PRIMARY KEY (file, first)) WITHOUT ROWID;"
  "CREATE TABLE infos (id INTEGER PRIMARY KEY, key BLOB NOT NULL, idx BLOB NOT NULL, n_shares INTEGER NOT NULL,"
  "  bytes BLOB NOT NULL);"
  "CREATE UNIQUE INDEX infos_by_id ON infos (key, idx);"
  "CREATE TABLE share_infos (share INTEGER NOT NULL, position INTEGER NOT NULL, kind INTEGER NOT NULL,"
  "  info INTEGER NOT NULL, PRIMARY KEY (share, position)) WITHOUT ROWID;"
  "CREATE TABLE pieces (key BLOB NOT NULL, idx BLOB NOT NULL, n_copies INTEGER NOT NULL,"
  "  n_originals INTEGER NOT NULL, until INTEGER NOT NULL, looked INTEGER NOT NULL,"
  "  PRIMARY KEY (key, idx)) WITHOUT ROWID;",
  NULL
};

BytestagSavedShare *
bytestag_saved_share_new (void)
{
  BytestagSavedShare *self = g_new0 (BytestagSavedShare, 1);

  self->identities = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
bytestag_saved_share_free (BytestagSavedShare *self)
{
  g_strfreev (self->roots);
  g_ptr_array_unref (self->identities);
  g_free (self->name);
  g_free (self->comment);
  g_free (self);
}

BytestagSavedShare *
bytestag_saved_share_copy (const BytestagSavedShare *self)
{
  BytestagSavedShare *copy = g_new (BytestagSavedShare, 1);

  *copy = *self;
  copy->roots = g_strdupv (self->roots);
  copy->identities = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->identities->len; i++)
    g_ptr_array_add (copy->identities, g_strdup (g_ptr_array_index (self->identities, i)));
  copy->name = g_strdup (self->name);
  copy->comment = g_strdup (self->comment);

  return copy;
}

BytestagLibraryStore *
bytestag_library_store_new (const char *path)
{
  BytestagLibraryStore *self = g_new0 (BytestagLibraryStore, 1);

  g_atomic_ref_count_init (&self->n_refs);
  self->path = g_strdup (path);

  return self;
}

BytestagLibraryStore *
bytestag_library_store_ref (BytestagLibraryStore *self)
{
  g_atomic_ref_count_inc (&self->n_refs);

  return self;
}

void
bytestag_library_store_unref (BytestagLibraryStore *self)
{
  if (!g_atomic_ref_count_dec (&self->n_refs))
    return;

  bytestag_library_store_close (self);
  g_free (self->path);
  g_free (self);
}

gboolean
bytestag_library_store_open (BytestagLibraryStore     *self,
                             BytestagDatabaseOpening  *opening,
                             char                    **set_aside,
                             GError                  **error)
{
  g_return_val_if_fail (self->database == NULL, FALSE);

  self->database = bytestag_database_open (self->path, APPLICATION_ID, migrations, opening, set_aside, error);

  return self->database != NULL;
}

void
bytestag_library_store_close (BytestagLibraryStore *self)
{
  g_clear_pointer (&self->database, bytestag_database_close);
}

sqlite3_stmt *
bytestag_library_store_prepare (BytestagLibraryStore *self, const char *sql, GError **error)
{
  if (self->database == NULL)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED,
                           _("The list of what is shared is not open"));
      return NULL;
    }

  return bytestag_database_prepare (self->database, sql, error);
}

gboolean
bytestag_library_store_step (BytestagLibraryStore *self, sqlite3_stmt *statement, gboolean *row, GError **error)
{
  return bytestag_database_step (self->database, statement, row, error);
}

gboolean
bytestag_library_store_run (BytestagLibraryStore *self, const char *sql, gint64 first, gint64 second, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self, sql, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, first);
  if (sqlite3_bind_parameter_count (statement) > 1)
    sqlite3_bind_int64 (statement, 2, second);

  return bytestag_library_store_step (self, statement, NULL, error);
}

gboolean
bytestag_library_store_refuse (sqlite3_stmt *statement, GError **error)
{
  sqlite3_reset (statement);
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                       _("The list of what is shared holds what this program has not written"));

  return FALSE;
}

gboolean
bytestag_library_store_get_bytes (sqlite3_stmt *statement, int column, gpointer bytes, gsize length)
{
  const void *blob = sqlite3_column_blob (statement, column);

  if (blob == NULL || (gsize) sqlite3_column_bytes (statement, column) != length)
    return FALSE;
  memcpy (bytes, blob, length);

  return TRUE;
}

char *
bytestag_library_store_dup_text (sqlite3_stmt *statement, int column)
{
  const char *blob = sqlite3_column_blob (statement, column);
  gsize length = (gsize) sqlite3_column_bytes (statement, column);

  if (sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NULL;

  return blob != NULL ? g_strndup (blob, length) : g_strdup ("");
}

void
bytestag_library_store_bind_key (sqlite3_stmt *statement, int number, const BytestagKey *key)
{
  sqlite3_bind_blob (statement, number, key->bytes, BYTESTAG_KEY_SIZE, SQLITE_STATIC);
}

void
bytestag_library_store_bind_text (sqlite3_stmt *statement, int number, const char *text)
{
  if (text != NULL)
    sqlite3_bind_blob (statement, number, text, (int) strlen (text), SQLITE_STATIC);
}

gboolean
bytestag_library_store_begin (BytestagLibraryStore *self, GError **error)
{
  if (self->database == NULL)
    return bytestag_library_store_prepare (self, "", error) != NULL;

  return bytestag_database_begin (self->database, error);
}

gboolean
bytestag_library_store_commit (BytestagLibraryStore *self, gboolean good, GError **error)
{
  if (good)
    return bytestag_database_commit (self->database, error);

  bytestag_database_rollback (self->database);

  return FALSE;
}

void
bytestag_library_store_bind_piece (sqlite3_stmt *statement, int number, const BytestagKvpId *id)
{
  bytestag_library_store_bind_key (statement, number, &id->key);
  if (bytestag_key_equal (&id->key, &id->index))
    sqlite3_bind_zeroblob (statement, number + 1, 0);
  else
    bytestag_library_store_bind_key (statement, number + 1, &id->index);
}

static gboolean
read_roots (BytestagLibraryStore *self, BytestagSavedShare *share, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT path, identity FROM roots WHERE share = ? ORDER BY position", error);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean row;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, share->id);
  for (;;)
    {
      g_autofree char *root = NULL;

      if (!bytestag_library_store_step (self, statement, &row, error))
        return FALSE;
      if (!row)
        break;
      root = bytestag_library_store_dup_text (statement, 0);
      if (root == NULL || !g_path_is_absolute (root))
        return bytestag_library_store_refuse (statement, error);
      g_strv_builder_add (builder, root);
      g_ptr_array_add (share->identities, bytestag_library_store_dup_text (statement, 1));
    }
  share->roots = g_strv_builder_end (builder);

  return TRUE;
}

static gboolean
read_share (sqlite3_stmt *statement, BytestagSavedShare *share)
{
  gint64 state = sqlite3_column_int64 (statement, 1);
  gint64 copies = sqlite3_column_int64 (statement, 8);
  gint64 n_files = sqlite3_column_int64 (statement, 9);

  share->id = sqlite3_column_int64 (statement, 0);
  share->name = bytestag_library_store_dup_text (statement, 2);
  share->comment = bytestag_library_store_dup_text (statement, 3);
  share->timestamp = sqlite3_column_int64 (statement, 4);
  share->created = sqlite3_column_int64 (statement, 5);
  share->checked = sqlite3_column_int64 (statement, 6);
  share->replaces = sqlite3_column_int64 (statement, 7);
  share->size = (guint64) sqlite3_column_int64 (statement, 10);
  share->round = sqlite3_column_int64 (statement, 13);
  if (share->id <= 0 || state < BYTESTAG_SAVED_HASHING || state > BYTESTAG_SAVED_STOPPED || copies < 1
      || copies > BYTESTAG_LIMIT_COPIES || n_files < 0 || n_files > BYTESTAG_LIMIT_COLLECTION_FILES)
    return FALSE;

  share->state = (BytestagSavedState) state;
  share->copies = (guint) copies;
  share->n_files = (guint) n_files;

  return share->state != BYTESTAG_SAVED_SHARED
         || (bytestag_library_store_get_bytes (statement, 11, share->key.bytes, BYTESTAG_KEY_SIZE)
             && bytestag_library_store_get_bytes (statement, 12, share->sha256, BYTESTAG_SHA256_SIZE)
             && share->name != NULL);
}

GPtrArray *
bytestag_library_store_list_shares (BytestagLibraryStore *self, GError **error)
{
  g_autoptr (GPtrArray) shares = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_share_free);
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT id, state, name, comment, timestamp, created, checked, replaces, copies, n_files, size, key, sha256,"
    "  round FROM shares ORDER BY id", error);
  gboolean row;

  if (statement == NULL)
    return NULL;
  for (;;)
    {
      BytestagSavedShare *share;

      if (!bytestag_library_store_step (self, statement, &row, error))
        return NULL;
      if (!row)
        break;
      share = bytestag_saved_share_new ();
      g_ptr_array_add (shares, share);
      if (!read_share (statement, share))
        {
          bytestag_library_store_refuse (statement, error);
          return NULL;
        }
    }
  for (guint i = 0; i < shares->len; i++)
    {
      if (!read_roots (self, g_ptr_array_index (shares, i), error))
        return NULL;
    }

  return g_steal_pointer (&shares);
}

static gboolean
add_root (BytestagLibraryStore *self, gint64 share, guint position, const char *root, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "INSERT INTO roots (share, position, path) VALUES (?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, share);
  sqlite3_bind_int64 (statement, 2, position);
  bytestag_library_store_bind_text (statement, 3, root);

  return bytestag_library_store_step (self, statement, NULL, error);
}

static gboolean
insert_share (BytestagLibraryStore *self, BytestagSavedShare *share, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "INSERT INTO shares (state, name, comment, timestamp, created, checked, replaces, copies, n_files, size)"
    "  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, (int) share->state);
  bytestag_library_store_bind_text (statement, 2, share->name);
  bytestag_library_store_bind_text (statement, 3, share->comment);
  sqlite3_bind_int64 (statement, 4, share->timestamp);
  sqlite3_bind_int64 (statement, 5, share->created);
  sqlite3_bind_int64 (statement, 6, share->checked);
  sqlite3_bind_int64 (statement, 7, share->replaces);
  sqlite3_bind_int64 (statement, 8, share->copies);
  sqlite3_bind_int64 (statement, 9, share->n_files);
  sqlite3_bind_int64 (statement, 10, (gint64) share->size);
  if (!bytestag_library_store_step (self, statement, NULL, error))
    return FALSE;

  share->id = sqlite3_last_insert_rowid (bytestag_database_get_handle (self->database));
  for (guint i = 0; share->roots[i] != NULL; i++)
    {
      if (!add_root (self, share->id, i, share->roots[i], error))
        return FALSE;
      if (share->identities->len <= i)
        g_ptr_array_add (share->identities, NULL);
    }

  return TRUE;
}

gboolean
bytestag_library_store_add_share (BytestagLibraryStore *self, BytestagSavedShare *share, GError **error)
{
  if (!bytestag_library_store_begin (self, error))
    return FALSE;

  return bytestag_library_store_commit (self, insert_share (self, share, error), error);
}

gboolean
bytestag_library_store_update_share (BytestagLibraryStore      *self,
                                     const BytestagSavedShare  *share,
                                     GError                   **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "UPDATE shares SET state = ?, name = ?, checked = ?, copies = ?, n_files = ?, size = ?, key = ?, sha256 = ?"
    "  WHERE id = ?", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, (int) share->state);
  bytestag_library_store_bind_text (statement, 2, share->name);
  sqlite3_bind_int64 (statement, 3, share->checked);
  sqlite3_bind_int64 (statement, 4, share->copies);
  sqlite3_bind_int64 (statement, 5, share->n_files);
  sqlite3_bind_int64 (statement, 6, (gint64) share->size);
  bytestag_library_store_bind_key (statement, 7, &share->key);
  sqlite3_bind_blob (statement, 8, share->sha256, BYTESTAG_SHA256_SIZE, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 9, share->id);

  return bytestag_library_store_step (self, statement, NULL, error);
}

gboolean
bytestag_library_store_set_root (BytestagLibraryStore  *self,
                                 gint64                 share,
                                 guint                  root,
                                 const char            *path,
                                 const char            *identity,
                                 GError               **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "UPDATE roots SET path = ?, identity = ? WHERE share = ? AND position = ?", error);

  if (statement == NULL)
    return FALSE;
  bytestag_library_store_bind_text (statement, 1, path);
  bytestag_library_store_bind_text (statement, 2, identity);
  sqlite3_bind_int64 (statement, 3, share);
  sqlite3_bind_int64 (statement, 4, root);

  return bytestag_library_store_step (self, statement, NULL, error);
}

static gboolean
forget_piece (BytestagLibraryStore *self, const BytestagKvpId *id, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "DELETE FROM pieces WHERE key = ? AND idx = ?", error);

  if (statement == NULL)
    return FALSE;
  bytestag_library_store_bind_piece (statement, 1, id);

  return bytestag_library_store_step (self, statement, NULL, error);
}

static gboolean
forget_info (BytestagLibraryStore *self, gint64 info, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT key, idx FROM infos WHERE id = ? AND n_shares < 1", error);
  BytestagKvpId id;
  gboolean row;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, info);
  if (!bytestag_library_store_step (self, statement, &row, error))
    return FALSE;
  if (!row)
    return TRUE;
  if (bytestag_library_store_get_bytes (statement, 0, id.key.bytes, BYTESTAG_KEY_SIZE)
      && bytestag_library_store_get_bytes (statement, 1, id.index.bytes, BYTESTAG_KEY_SIZE)
      && !forget_piece (self, &id, error))
    return FALSE;
  sqlite3_reset (statement);

  return bytestag_library_store_run (self, "DELETE FROM infos WHERE id = ?", info, 0, error);
}

/* Up to @max infos of @share, the last ones first; those of no other share go. */
static gboolean
remove_infos (BytestagLibraryStore *self, gint64 share, guint max, gboolean *more, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT position, info FROM share_infos WHERE share = ? ORDER BY position DESC LIMIT 1", error);
  gboolean row = TRUE;

  *more = TRUE;
  for (guint i = 0; i < max && statement != NULL; i++)
    {
      gint64 position;
      gint64 info;

      sqlite3_reset (statement);
      sqlite3_bind_int64 (statement, 1, share);
      if (!bytestag_library_store_step (self, statement, &row, error))
        return FALSE;
      *more = row;
      if (!row)
        return TRUE;

      position = sqlite3_column_int64 (statement, 0);
      info = sqlite3_column_int64 (statement, 1);
      sqlite3_reset (statement);
      if (!bytestag_library_store_run (self, "DELETE FROM share_infos WHERE share = ? AND position = ?", share,
                                       position, error)
          || !bytestag_library_store_run (self, "UPDATE infos SET n_shares = n_shares - 1 WHERE id = ?", info, 0,
                                          error)
          || !forget_info (self, info, error))
        return FALSE;
    }

  return statement != NULL;
}

static gboolean
remove_step (BytestagLibraryStore *self, gint64 share, gboolean *more, GError **error)
{
  if (!bytestag_library_store_run (self, "UPDATE shares SET state = 2 WHERE id = ? AND state < 2", share, 0, error)
      || !remove_infos (self, share, BYTESTAG_LIMIT_ROWS_OF_STEP, more, error))
    return FALSE;
  if (!*more && !bytestag_library_store_remove_files (self, share, BYTESTAG_LIMIT_ROWS_OF_STEP, more, error))
    return FALSE;
  if (*more)
    return TRUE;

  return bytestag_library_store_run (self, "DELETE FROM roots WHERE share = ?", share, 0, error)
         && bytestag_library_store_run (self, "DELETE FROM shares WHERE id = ?", share, 0, error);
}

gboolean
bytestag_library_store_remove_share (BytestagLibraryStore *self, gint64 share, gboolean *more, GError **error)
{
  gboolean more_pages = FALSE;

  *more = FALSE;
  if (!bytestag_library_store_begin (self, error)
      || !bytestag_library_store_commit (self, remove_step (self, share, more, error), error))
    return FALSE;

  /* What is left at the end is given back when another one goes. */
  return bytestag_database_shrink (self->database, BYTESTAG_LIMIT_ROWS_OF_STEP, &more_pages, error);
}

gboolean
bytestag_library_store_clear_infos (BytestagLibraryStore *self, gint64 share, gboolean *more, GError **error)
{
  if (!bytestag_library_store_begin (self, error))
    return FALSE;

  return bytestag_library_store_commit (self, remove_infos (self, share, BYTESTAG_LIMIT_ROWS_OF_STEP, more, error),
                                        error);
}

/* The row of an info, made where there is none. */
static gboolean
find_info (BytestagLibraryStore *self, const BytestagKvpId *id, GBytes *bytes, gint64 *info, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT id FROM infos WHERE key = ? AND idx = ?", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  bytestag_library_store_bind_key (statement, 1, &id->key);
  bytestag_library_store_bind_key (statement, 2, &id->index);
  if (!bytestag_library_store_step (self, statement, &row, error))
    return FALSE;
  if (row)
    {
      *info = sqlite3_column_int64 (statement, 0);
      sqlite3_reset (statement);
      return TRUE;
    }

  statement = bytestag_library_store_prepare (self,
    "INSERT INTO infos (key, idx, n_shares, bytes) VALUES (?, ?, 0, ?)", error);
  if (statement == NULL)
    return FALSE;
  bytestag_library_store_bind_key (statement, 1, &id->key);
  bytestag_library_store_bind_key (statement, 2, &id->index);
  sqlite3_bind_blob64 (statement, 3, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), SQLITE_STATIC);
  if (!bytestag_library_store_step (self, statement, NULL, error))
    return FALSE;
  *info = sqlite3_last_insert_rowid (bytestag_database_get_handle (self->database));

  return TRUE;
}

gboolean
bytestag_library_store_add_info (BytestagLibraryStore  *self,
                                 gint64                 share,
                                 guint                  position,
                                 guint8                 kind,
                                 const BytestagKvpId   *id,
                                 GBytes                *bytes,
                                 GError               **error)
{
  sqlite3_stmt *statement;
  gint64 info;

  if (!find_info (self, id, bytes, &info, error))
    return FALSE;

  statement = bytestag_library_store_prepare (self,
    "INSERT INTO share_infos (share, position, kind, info) VALUES (?, ?, ?, ?)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, share);
  sqlite3_bind_int64 (statement, 2, position);
  sqlite3_bind_int (statement, 3, kind);
  sqlite3_bind_int64 (statement, 4, info);

  return bytestag_library_store_step (self, statement, NULL, error)
         && bytestag_library_store_run (self, "UPDATE infos SET n_shares = n_shares + 1 WHERE id = ?", info, 0, error);
}

gboolean
bytestag_library_store_list_infos (BytestagLibraryStore  *self,
                                   gint64                 share,
                                   guint                  first,
                                   guint                  max,
                                   GArray                *infos,
                                   GError               **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT kind, key, idx, length (bytes), position FROM share_infos JOIN infos ON infos.id = info"
    "  WHERE share = ? AND position >= ? ORDER BY position LIMIT ?", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, share);
  sqlite3_bind_int64 (statement, 2, first);
  sqlite3_bind_int64 (statement, 3, max);
  for (;;)
    {
      BytestagSavedInfo info = { 0 };
      gint64 size;

      if (!bytestag_library_store_step (self, statement, &row, error))
        return FALSE;
      if (!row)
        return TRUE;

      size = sqlite3_column_int64 (statement, 3);
      if (!bytestag_library_store_get_bytes (statement, 1, info.id.key.bytes, BYTESTAG_KEY_SIZE)
          || !bytestag_library_store_get_bytes (statement, 2, info.id.index.bytes, BYTESTAG_KEY_SIZE)
          || size < 1 || size > BYTESTAG_LIMIT_INFO_READ
          || sqlite3_column_int64 (statement, 4) != (gint64) first + infos->len)
        return bytestag_library_store_refuse (statement, error);
      info.kind = (guint8) sqlite3_column_int (statement, 0);
      info.size = (guint32) size;
      g_array_append_val (infos, info);
    }
}

GBytes *
bytestag_library_store_read_info (BytestagLibraryStore *self, const BytestagKvpId *id, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT bytes FROM infos WHERE key = ? AND idx = ?", error);
  BytestagKey index;
  gboolean row;

  if (statement == NULL)
    return NULL;
  bytestag_library_store_bind_key (statement, 1, &id->key);
  bytestag_library_store_bind_key (statement, 2, &id->index);
  if (!bytestag_library_store_step (self, statement, &row, error))
    return NULL;
  if (!row)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND, _("The value is not shared here"));
      return NULL;
    }

  bytes = g_bytes_new (sqlite3_column_blob (statement, 0), (gsize) sqlite3_column_bytes (statement, 0));
  sqlite3_reset (statement);
  bytestag_key_digest (&index, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (!bytestag_key_equal (&index, &id->index))
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                           _("A value in the list of what is shared is damaged"));
      return NULL;
    }

  return g_steal_pointer (&bytes);
}

static gboolean
save_piece (BytestagLibraryStore *self, const BytestagSavedPiece *piece, GError **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "INSERT OR REPLACE INTO pieces (key, idx, n_copies, n_originals, until, looked) VALUES (?, ?, ?, ?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  bytestag_library_store_bind_piece (statement, 1, &piece->id);
  sqlite3_bind_int (statement, 3, piece->n_copies);
  sqlite3_bind_int (statement, 4, piece->n_originals);
  sqlite3_bind_int64 (statement, 5, piece->until);
  sqlite3_bind_int64 (statement, 6, piece->looked);

  return bytestag_library_store_step (self, statement, NULL, error);
}

gboolean
bytestag_library_store_save_pieces (BytestagLibraryStore      *self,
                                    const BytestagSavedPiece  *pieces,
                                    guint                      n,
                                    GError                   **error)
{
  gboolean good = TRUE;

  if (!bytestag_library_store_begin (self, error))
    return FALSE;
  for (guint i = 0; good && i < n; i++)
    good = save_piece (self, &pieces[i], error);

  return bytestag_library_store_commit (self, good, error);
}

gboolean
bytestag_library_store_load_pieces (BytestagLibraryStore  *self,
                                    BytestagSavedPiece    *pieces,
                                    guint                  n,
                                    GError               **error)
{
  sqlite3_stmt *statement = bytestag_library_store_prepare (self,
    "SELECT n_copies, n_originals, until, looked FROM pieces WHERE key = ? AND idx = ?", error);
  gboolean row;

  for (guint i = 0; statement != NULL && i < n; i++)
    {
      sqlite3_reset (statement);
      bytestag_library_store_bind_piece (statement, 1, &pieces[i].id);
      if (!bytestag_library_store_step (self, statement, &row, error))
        return FALSE;
      if (!row)
        continue;

      pieces[i].n_copies = (guint8) CLAMP (sqlite3_column_int64 (statement, 0), 0, G_MAXUINT8);
      pieces[i].n_originals = (guint8) CLAMP (sqlite3_column_int64 (statement, 1), 0, G_MAXUINT8);
      pieces[i].until = (guint32) CLAMP (sqlite3_column_int64 (statement, 2), 0, (gint64) G_MAXUINT32);
      pieces[i].looked = (guint32) CLAMP (sqlite3_column_int64 (statement, 3), 0, (gint64) G_MAXUINT32);
    }
  if (statement != NULL)
    sqlite3_reset (statement);

  return statement != NULL;
}
