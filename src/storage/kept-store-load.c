/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/kept-store-private.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"

/* What is found on the disk at the start: rows and files that anybody may have written. */

/* Seconds for which what was found without its record is kept, as a value of an original. */
#define FOUND_LIFE 86400

/* A whole number of a column within bounds. */
static gboolean
get_whole (sqlite3_stmt *statement, int column, gint64 most, gint64 *value)
{
  *value = sqlite3_column_int64 (statement, column);

  return sqlite3_column_type (statement, column) == SQLITE_INTEGER && *value >= 0 && *value <= most;
}

static gboolean
get_seconds (sqlite3_stmt *statement, int column, gdouble *value)
{
  *value = sqlite3_column_double (statement, column);

  return sqlite3_column_type (statement, column) == SQLITE_FLOAT && *value >= 0
         && *value <= (gdouble) BYTESTAG_LIMIT_LATEST_SECOND;
}

static gboolean
get_key (sqlite3_stmt *statement, int column, BytestagKey *key)
{
  if (sqlite3_column_type (statement, column) != SQLITE_BLOB
      || sqlite3_column_bytes (statement, column) != BYTESTAG_KEY_SIZE)
    return FALSE;
  memcpy (key->bytes, sqlite3_column_blob (statement, column), BYTESTAG_KEY_SIZE);

  return TRUE;
}

static gboolean
get_source (sqlite3_stmt *statement, int column, BytestagEndpoint *source)
{
  int n_bytes = sqlite3_column_bytes (statement, column);
  gint64 port;

  if (sqlite3_column_type (statement, column) == SQLITE_NULL)
    return TRUE;
  if (sqlite3_column_type (statement, column) != SQLITE_BLOB || (n_bytes != 4 && n_bytes != 16)
      || !get_whole (statement, column + 1, G_MAXUINT16, &port))
    return FALSE;

  source->family = n_bytes == 4 ? BYTESTAG_FAMILY_IPV4 : BYTESTAG_FAMILY_IPV6;
  memcpy (source->address, sqlite3_column_blob (statement, column), (gsize) n_bytes);
  source->port = (guint16) port;

  return TRUE;
}

static const char select_records[] =
  "SELECT key, idx, size, timestamp, time_to_live, last_update, until, replicated, source, port, copies, kind,"
  " handed_over, file, (SELECT CASE typeof (value) WHEN 'blob' THEN length (value) END FROM bytes"
  "               WHERE bytes.key = records.key AND bytes.idx = records.idx)"
  " FROM records WHERE (key, idx) > (?, ?) ORDER BY key, idx LIMIT ?";

static gboolean
get_record (sqlite3_stmt *statement, BytestagKvpRecord *record)
{
  gint64 size, copies, kind, handed_over;

  *record = (BytestagKvpRecord) { 0 };
  record->has_timestamp = sqlite3_column_type (statement, 3) != SQLITE_NULL;
  if (!get_key (statement, 0, &record->id.key) || !get_key (statement, 1, &record->id.index)
      || !get_whole (statement, 2, BYTESTAG_LIMIT_KEPT_VALUE, &size)
      || (record->has_timestamp && !get_whole (statement, 3, BYTESTAG_LIMIT_LATEST_SECOND, &record->timestamp))
      || !get_seconds (statement, 4, &record->time_to_live) || !get_seconds (statement, 5, &record->last_update)
      || !get_whole (statement, 6, BYTESTAG_LIMIT_LATEST_SECOND, &record->until)
      || !get_whole (statement, 7, BYTESTAG_LIMIT_LATEST_SECOND, &record->replicated)
      || !get_source (statement, 8, &record->source)
      || !get_whole (statement, 10, G_MAXUINT8, &copies) || !get_whole (statement, 11, BYTESTAG_KVP_CATALOGUE, &kind)
      || !get_whole (statement, 12, 1, &handed_over))
    return FALSE;

  record->size = (guint64) size;
  record->copies = (guint8) copies;
  record->kind = (guint8) kind;
  record->handed_over = handed_over != 0;

  return TRUE;
}

/* Whether the value of the row is there, and as long as its record says; it may be that the
 * disk cannot tell now. */
static gboolean
has_value (BytestagKeptStore       *self,
           sqlite3_stmt            *statement,
           const BytestagKvpRecord *record,
           guint                   *n_unreadable)
{
  struct stat status;
  char name[BYTESTAG_KEPT_FILE_NAME_SIZE + BYTESTAG_KEPT_FOLDER_NAME_SIZE];
  gint64 size;
  gint64 file;

  if (!get_whole (statement, 13, BYTESTAG_KEPT_MAX_FILE, &file))
    return FALSE;
  if (!bytestag_kept_store_is_file (record))
    return get_whole (statement, 14, BYTESTAG_LIMIT_VALUE_IN_ROW, &size) && (guint64) size == record->size;

  bytestag_kept_store_get_folder_name (file, name);
  name[BYTESTAG_KEPT_FOLDER_NAME_SIZE - 1] = '/';
  bytestag_kept_store_get_file_name (file, &record->id, name + BYTESTAG_KEPT_FOLDER_NAME_SIZE);

  if (fstatat (self->values, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    {
      if (errno == ENOENT || errno == ENOTDIR)
        return FALSE;
      /* That is no reason to give it up. */
      (*n_unreadable)++;
      return TRUE;
    }

  return S_ISREG (status.st_mode) && (guint64) status.st_size == record->size;
}

/* Rows whose ids are of any type, in pairs. */
static void
delete_rows (BytestagKeptStore *self, GPtrArray *ids)
{
  if (ids->len == 0 || self->is_read_only || !bytestag_database_begin (self->database, NULL))
    return;

  for (guint i = 0; i < ids->len; i += 2)
    {
      sqlite3_stmt *statement =
        bytestag_database_prepare (self->database, "DELETE FROM records WHERE key IS ? AND idx IS ?", NULL);

      if (statement == NULL)
        break;
      sqlite3_bind_value (statement, 1, g_ptr_array_index (ids, i));
      sqlite3_bind_value (statement, 2, g_ptr_array_index (ids, i + 1));
      bytestag_kept_store_run (self, statement, NULL);
    }
  /* What cannot be removed now is met again at the next start. */
  bytestag_database_commit (self->database, NULL);
}

static void
free_value (gpointer value)
{
  sqlite3_value_free (value);
}

static void
remember_place (BytestagKeptStore *self, sqlite3_stmt *statement)
{
  sqlite3_value_free (self->last_key);
  sqlite3_value_free (self->last_index);
  self->last_key = sqlite3_value_dup (sqlite3_column_value (statement, 0));
  self->last_index = sqlite3_value_dup (sqlite3_column_value (statement, 1));
}

gboolean
bytestag_kept_store_load (BytestagKeptStore *self,
                          GArray            *records,
                          guint             *n_bad,
                          guint             *n_unreadable,
                          gboolean          *more,
                          GError           **error)
{
  g_autoptr (GPtrArray) bad = g_ptr_array_new_with_free_func (free_value);
  sqlite3_stmt *statement;
  gboolean row = TRUE;
  guint n;

  if (self->database == NULL)
    return bytestag_kept_store_fail_closed (error);
  statement = bytestag_database_prepare (self->database, select_records, error);
  if (statement == NULL)
    return FALSE;

  /* NULL would be behind nothing; a number is before all. */
  if (self->last_key != NULL)
    {
      sqlite3_bind_value (statement, 1, self->last_key);
      sqlite3_bind_value (statement, 2, self->last_index);
    }
  else
    {
      sqlite3_bind_double (statement, 1, -INFINITY);
      sqlite3_bind_double (statement, 2, -INFINITY);
    }
  sqlite3_bind_int (statement, 3, BYTESTAG_LIMIT_LOADED_BATCH);

  for (n = 0; bytestag_database_step (self->database, statement, &row, error) && row; n++)
    {
      BytestagKvpRecord record;

      remember_place (self, statement);
      if (self->n_loaded < BYTESTAG_LIMIT_DATABASE_TABLE_VALUES && get_record (statement, &record)
          && has_value (self, statement, &record, n_unreadable))
        {
          self->n_loaded++;
          g_array_append_val (records, record);
        }
      else
        {
          g_ptr_array_add (bad, sqlite3_value_dup (self->last_key));
          g_ptr_array_add (bad, sqlite3_value_dup (self->last_index));
          (*n_bad)++;
        }
    }
  /* A damaged index may lead back, and so round and round. */
  self->n_rows += n;
  *more = n == BYTESTAG_LIMIT_LOADED_BATCH && self->n_rows <= 2 * BYTESTAG_LIMIT_DATABASE_TABLE_VALUES;
  if (row)
    return FALSE;
  delete_rows (self, bad);

  return TRUE;
}

/* A value whose record was lost: a day is what it would have of an original. */
static void
take_up (BytestagKeptStore *self, gint64 file, const BytestagKvpId *id, const struct stat *status)
{
  BytestagKvpRecord record = {
    .id = *id,
    .size = (guint64) status->st_size,
    .last_update = (gdouble) status->st_mtim.tv_sec,
    .time_to_live = FOUND_LIFE,
  };

  if (status->st_size > BYTESTAG_LIMIT_VALUE_IN_ROW && status->st_size <= BYTESTAG_LIMIT_KEPT_VALUE
      && status->st_mtim.tv_sec >= 0)
    bytestag_kept_store_insert_record (self, &record, file, NULL);
}

static gboolean
is_known (BytestagKeptStore *self, gint64 file, const BytestagKvpId *id)
{
  sqlite3_stmt *statement =
    bytestag_database_prepare (self->database, "SELECT 1 FROM records WHERE key = ? AND idx = ? AND file = ?", NULL);
  gboolean row;

  if (statement == NULL)
    return TRUE;
  bytestag_kept_store_bind_id (statement, id);
  sqlite3_bind_int64 (statement, 3, file);
  /* Where that cannot be asked, nothing is removed. */
  if (!bytestag_database_step (self->database, statement, &row, NULL))
    return TRUE;
  sqlite3_reset (statement);

  return row;
}

void
bytestag_kept_store_sweep_folder (BytestagKeptStore *self, const char *name, BytestagSweep sweep)
{
  int folder = openat (self->values, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  gboolean is_no_folder = folder < 0 && (errno == ENOTDIR || errno == ELOOP);
  DIR *dir = folder >= 0 ? fdopendir (folder) : NULL;
  struct dirent *found;

  if (dir == NULL)
    {
      if (folder >= 0)
        close (folder);
      /* It is none, and so not ours. */
      if (is_no_folder && sweep != BYTESTAG_SWEEP_TAKE_UP)
        unlinkat (self->values, name, 0);
      return;
    }

  while ((found = readdir (dir)) != NULL)
    {
      struct stat status;
      BytestagKvpId id;
      gint64 file;
      gboolean is_value = bytestag_kept_store_parse_file_name (found->d_name, name, &file, &id);

      /* It may be a value, once the disk can tell. */
      if (is_value && fstatat (folder, found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        continue;

      is_value = is_value && S_ISREG (status.st_mode);
      if (is_value && sweep == BYTESTAG_SWEEP_TAKE_UP)
        take_up (self, file, &id, &status);
      else if (sweep != BYTESTAG_SWEEP_TAKE_UP && !(is_value && is_known (self, file, &id)))
        unlinkat (folder, found->d_name, 0);
    }
  closedir (dir);

  /* If it is empty. */
  if (sweep != BYTESTAG_SWEEP_TAKE_UP)
    unlinkat (self->values, name, AT_REMOVEDIR);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

/* (transfer full) the names of all folders, sorted. */
static GPtrArray *
list_folders (BytestagKeptStore *self)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  int folder = openat (self->values, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = folder >= 0 ? fdopendir (folder) : NULL;
  struct dirent *found;

  while (dir != NULL && (found = readdir (dir)) != NULL)
    {
      if (strcmp (found->d_name, ".") != 0 && strcmp (found->d_name, "..") != 0)
        g_ptr_array_add (names, g_strdup (found->d_name));
    }
  if (dir != NULL)
    closedir (dir);
  else if (folder >= 0)
    close (folder);
  g_ptr_array_sort (names, compare_names);

  return names;
}

void
bytestag_kept_store_sweep_all (BytestagKeptStore *self, BytestagSweep sweep)
{
  g_autoptr (GPtrArray) names = list_folders (self);

  for (guint i = 0; i < names->len; i++)
    bytestag_kept_store_sweep_folder (self, g_ptr_array_index (names, i), sweep);
}

gboolean
bytestag_kept_store_sweep (BytestagKeptStore *self)
{
  g_autofree char *name = NULL;

  if (self->database == NULL || self->is_read_only)
    return FALSE;

  if (self->unswept == NULL)
    self->unswept = list_folders (self);
  if (self->unswept->len == 0)
    return FALSE;

  name = g_ptr_array_steal_index (self->unswept, self->unswept->len - 1);
  bytestag_kept_store_sweep_folder (self, name, BYTESTAG_SWEEP_UNKNOWN);

  return TRUE;
}
