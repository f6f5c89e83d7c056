/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/kept-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/safe-file.h"

/* "bsk1" */
#define APPLICATION_ID 0x62736b31
#define RESERVE_NAME "reserve"
static const char * const migrations[] = {
  "CREATE TABLE records ("
  "  key BLOB NOT NULL, idx BLOB NOT NULL, size INTEGER NOT NULL,"
  "  timestamp INTEGER, time_to_live REAL NOT NULL, last_update REAL NOT NULL, until INTEGER NOT NULL,"
  "  replicated INTEGER NOT NULL, source BLOB, port INTEGER NOT NULL, copies INTEGER NOT NULL,"
  "  kind INTEGER NOT NULL, handed_over INTEGER NOT NULL, file INTEGER NOT NULL," /* 0: none */
  "  PRIMARY KEY (key, idx)) WITHOUT ROWID;"
  "CREATE TABLE bytes ("
  "  key BLOB NOT NULL, idx BLOB NOT NULL, value BLOB NOT NULL,"
  "  PRIMARY KEY (key, idx),"
  "  FOREIGN KEY (key, idx) REFERENCES records ON DELETE CASCADE) WITHOUT ROWID",
  NULL,
};

BytestagKeptStore *
bytestag_kept_store_new (const char *folder)
{
  BytestagKeptStore *self = g_new0 (BytestagKeptStore, 1);

  self->folder = g_strdup (folder);
  self->path = g_build_filename (folder, "kept.db", NULL);
  self->top = -1;
  self->values = -1;

  return self;
}

void
bytestag_kept_store_close (BytestagKeptStore *self)
{
  g_clear_pointer (&self->last_key, sqlite3_value_free);
  g_clear_pointer (&self->last_index, sqlite3_value_free);
  g_clear_pointer (&self->unswept, g_ptr_array_unref);
  g_clear_pointer (&self->database, bytestag_database_close);
  if (self->values >= 0)
    close (self->values);
  if (self->top >= 0)
    close (self->top);
  self->values = -1;
  self->top = -1;
  self->has_reserve = FALSE;
}

void
bytestag_kept_store_free (BytestagKeptStore *self)
{
  bytestag_kept_store_close (self);
  g_free (self->path);
  g_free (self->folder);
  g_free (self);
}

void
bytestag_kept_store_get_folder_name (gint64 file, char *name)
{
  g_snprintf (name, BYTESTAG_KEPT_FOLDER_NAME_SIZE, "%08" G_GINT64_MODIFIER "x", file / BYTESTAG_LIMIT_FILES_OF_FOLDER);
}

void
bytestag_kept_store_get_file_name (gint64 file, const BytestagKvpId *id, char *name)
{
  g_autofree char *key = bytestag_key_to_hex (&id->key);
  g_autofree char *index = bytestag_key_to_hex (&id->index);

  g_snprintf (name, BYTESTAG_KEPT_FILE_NAME_SIZE, "%010" G_GINT64_MODIFIER "x-%s-%s", file, key, index);
}

gboolean
bytestag_kept_store_parse_file_name (const char *name, const char *folder, gint64 *file, BytestagKvpId *id)
{
  char again[BYTESTAG_KEPT_FILE_NAME_SIZE];
  char folder_again[BYTESTAG_KEPT_FOLDER_NAME_SIZE];

  if (strlen (name) != BYTESTAG_KEPT_FILE_NAME_SIZE - 1)
    return FALSE;

  *file = (gint64) g_ascii_strtoull (name, NULL, 16);
  if (!bytestag_key_parse (&id->key, name + 11, 2 * BYTESTAG_KEY_SIZE, NULL)
      || !bytestag_key_parse (&id->index, name + 12 + 2 * BYTESTAG_KEY_SIZE, 2 * BYTESTAG_KEY_SIZE, NULL)
      || *file <= 0 || *file > BYTESTAG_KEPT_MAX_FILE)
    return FALSE;
  bytestag_kept_store_get_file_name (*file, id, again);
  bytestag_kept_store_get_folder_name (*file, folder_again);

  return strcmp (name, again) == 0 && strcmp (folder, folder_again) == 0;
}

gboolean
bytestag_kept_store_is_file (const BytestagKvpRecord *record)
{
  return record->size > BYTESTAG_LIMIT_VALUE_IN_ROW;
}

/* Of the folder of a file, or -1 where there is none. */
static int
open_folder (BytestagKeptStore *self, gint64 file)
{
  char name[BYTESTAG_KEPT_FOLDER_NAME_SIZE];

  bytestag_kept_store_get_folder_name (file, name);

  return openat (self->values, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void
unlink_file (BytestagKeptStore *self, gint64 file, const BytestagKvpId *id)
{
  char name[BYTESTAG_KEPT_FILE_NAME_SIZE];
  int folder = open_folder (self, file);

  if (folder < 0)
    return;

  bytestag_kept_store_get_file_name (file, id, name);
  unlinkat (folder, name, 0);
  close (folder);

  /* The last one was it, perhaps. */
  if (file / BYTESTAG_LIMIT_FILES_OF_FOLDER != self->next_file / BYTESTAG_LIMIT_FILES_OF_FOLDER)
    {
      bytestag_kept_store_get_folder_name (file, name);
      unlinkat (self->values, name, AT_REMOVEDIR);
    }
}

void
bytestag_kept_store_bind_id (sqlite3_stmt *statement, const BytestagKvpId *id)
{
  sqlite3_bind_blob (statement, 1, id->key.bytes, BYTESTAG_KEY_SIZE, SQLITE_TRANSIENT);
  sqlite3_bind_blob (statement, 2, id->index.bytes, BYTESTAG_KEY_SIZE, SQLITE_TRANSIENT);
}

static void
bind_record (sqlite3_stmt *statement, const BytestagKvpRecord *record)
{
  int n_bytes = record->source.family == BYTESTAG_FAMILY_IPV4 ? 4 : 16;

  bytestag_kept_store_bind_id (statement, &record->id);
  if (record->has_timestamp)
    sqlite3_bind_int64 (statement, 3, record->timestamp);
  sqlite3_bind_double (statement, 4, record->time_to_live);
  sqlite3_bind_double (statement, 5, record->last_update);
  sqlite3_bind_int64 (statement, 6, record->until);
  sqlite3_bind_int64 (statement, 7, record->replicated);
  if (record->source.family != BYTESTAG_FAMILY_NONE)
    sqlite3_bind_blob (statement, 8, record->source.address, n_bytes, SQLITE_TRANSIENT);
  sqlite3_bind_int (statement, 9, record->source.port);
  sqlite3_bind_int (statement, 10, record->copies);
  sqlite3_bind_int (statement, 11, record->kind);
  sqlite3_bind_int (statement, 12, record->handed_over);
}

gboolean
bytestag_kept_store_run (BytestagKeptStore *self, sqlite3_stmt *statement, GError **error)
{
  gboolean row;

  if (!bytestag_database_step (self->database, statement, &row, error))
    return FALSE;
  sqlite3_reset (statement);

  return TRUE;
}

gboolean
bytestag_kept_store_insert_record (BytestagKeptStore *self, const BytestagKvpRecord *record, gint64 file, GError **error)
{
  static const char sql[] =
    "INSERT OR REPLACE INTO records (key, idx, timestamp, time_to_live, last_update, until, replicated, source, port, copies,"
    " kind, handed_over, size, file) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
  sqlite3_stmt *statement = bytestag_database_prepare (self->database, sql, error);

  if (statement == NULL)
    return FALSE;
  bind_record (statement, record);
  sqlite3_bind_int64 (statement, 13, (gint64) record->size);
  sqlite3_bind_int64 (statement, 14, file);

  return bytestag_kept_store_run (self, statement, error);
}

static gboolean
insert_value (BytestagKeptStore *self, const BytestagKeptChange *change, gint64 file, GError **error)
{
  static const char sql[] = "INSERT OR REPLACE INTO bytes (key, idx, value) VALUES (?, ?, ?)";
  sqlite3_stmt *statement;
  gconstpointer data;
  gsize size;

  if (!bytestag_kept_store_insert_record (self, &change->record, file, error))
    return FALSE;
  if (bytestag_kept_store_is_file (&change->record))
    return TRUE;

  statement = bytestag_database_prepare (self->database, sql, error);
  if (statement == NULL)
    return FALSE;
  data = g_bytes_get_data (change->value, &size);
  bytestag_kept_store_bind_id (statement, &change->record.id);
  /* An empty value may have no address; to SQLite that would be no value. */
  if (size == 0)
    sqlite3_bind_zeroblob (statement, 3, 0);
  else
    sqlite3_bind_blob (statement, 3, data, (int) size, SQLITE_STATIC);

  return bytestag_kept_store_run (self, statement, error);
}

static gboolean
update_record (BytestagKeptStore *self, const BytestagKvpRecord *record, GError **error)
{
  static const char sql[] =
    "UPDATE records SET timestamp = ?3, time_to_live = ?4, last_update = ?5, until = ?6, replicated = ?7,"
    " port = CASE WHEN source IS NULL THEN ?9 ELSE port END, source = COALESCE (source, ?8), copies = ?10, kind = ?11,"
    " handed_over = ?12 WHERE key = ?1 AND idx = ?2";
  sqlite3_stmt *statement = bytestag_database_prepare (self->database, sql, error);

  if (statement == NULL)
    return FALSE;
  bind_record (statement, record);

  return bytestag_kept_store_run (self, statement, error);
}

/* @sql gives the file of @id; @file: (out): that, or 0. */
static gboolean
find_file (BytestagKeptStore *self, const char *sql, const BytestagKvpId *id, gint64 *file, GError **error)
{
  sqlite3_stmt *statement = bytestag_database_prepare (self->database, sql, error);
  gboolean row;

  *file = 0;
  if (statement == NULL)
    return FALSE;
  bytestag_kept_store_bind_id (statement, id);
  if (!bytestag_database_step (self->database, statement, &row, error))
    return FALSE;
  if (row)
    *file = sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);

  return TRUE;
}

static const char find_sql[] = "SELECT file FROM records WHERE key = ? AND idx = ?";

/* @files: of each change the file: of what is written, which is there; of what is removed
 * it is found. */
static gboolean
apply_rows (BytestagKeptStore *self, const GArray *changes, gint64 *files, GError **error)
{
  static const char delete_sql[] = "DELETE FROM records WHERE key = ? AND idx = ? RETURNING file";
  gboolean good = bytestag_database_begin (self->database, error);

  for (guint i = 0; good && i < changes->len; i++)
    {
      const BytestagKeptChange *change = &g_array_index (changes, BytestagKeptChange, i);

      switch (change->kind)
        {
        case BYTESTAG_KEPT_WRITE:
          good = insert_value (self, change, files[i], error);
          break;
        case BYTESTAG_KEPT_UPDATE:
          good = update_record (self, &change->record, error);
          break;
        case BYTESTAG_KEPT_REMOVE:
          good = find_file (self, delete_sql, &change->record.id, &files[i], error);
          break;
        default:
          g_assert_not_reached ();
        }
    }

  if (good)
    return bytestag_database_commit (self->database, error);
  bytestag_database_rollback (self->database);

  return FALSE;
}

/* The folder of the next file; a new one when that is full. */
static int
open_next_folder (BytestagKeptStore *self, GError **error)
{
  char name[BYTESTAG_KEPT_FOLDER_NAME_SIZE];

  bytestag_kept_store_get_folder_name (self->next_file, name);

  return bytestag_safe_folder_open (self->values, name, error);
}

/* Syncs files, and then the folder where their names are. */
static gboolean
sync_files (GArray *unsynced, int folder, gboolean good, GError **error)
{
  for (guint i = 0; i < unsynced->len; i++)
    {
      int fd = g_array_index (unsynced, int, i);

      if (good)
        good = bytestag_safe_file_sync (fd, error);
      else
        close (fd);
    }
  g_array_set_size (unsynced, 0);

  return good && bytestag_safe_folder_sync (folder, error);
}

/* Writes the values that are files; they last when this returns TRUE. */
static gboolean
write_files (BytestagKeptStore *self, const GArray *changes, gint64 *files, GError **error)
{
  g_autoptr (GArray) unsynced = g_array_new (FALSE, FALSE, sizeof (int));
  int folder = -1;
  gboolean good = TRUE;

  for (guint i = 0; good && i < changes->len; i++)
    {
      const BytestagKeptChange *change = &g_array_index (changes, BytestagKeptChange, i);
      char name[BYTESTAG_KEPT_FILE_NAME_SIZE];
      gconstpointer data;
      gsize size;
      int fd;

      if (change->kind != BYTESTAG_KEPT_WRITE || !bytestag_kept_store_is_file (&change->record))
        continue;

      if (folder < 0 && (folder = open_next_folder (self, error)) < 0)
        return FALSE;
      files[i] = self->next_file++;
      bytestag_kept_store_get_file_name (files[i], &change->record.id, name);
      data = g_bytes_get_data (change->value, &size);
      fd = bytestag_safe_file_write (folder, name, data, size, error);
      good = fd >= 0;
      if (good)
        g_array_append_val (unsynced, fd);

      if (unsynced->len == BYTESTAG_LIMIT_UNSYNCED_FILES || self->next_file % BYTESTAG_LIMIT_FILES_OF_FOLDER == 0)
        {
          good = sync_files (unsynced, folder, good, error);
          close (folder);
          folder = -1;
        }
    }

  if (folder >= 0)
    {
      good = sync_files (unsynced, folder, good, error);
      close (folder);
    }

  return good;
}

/* Unlinks the files of changes of @kind. */
static void
unlink_files (BytestagKeptStore *self, const GArray *changes, BytestagKeptChangeKind kind, const gint64 *files)
{
  for (guint i = 0; i < changes->len; i++)
    {
      const BytestagKeptChange *change = &g_array_index (changes, BytestagKeptChange, i);

      if (change->kind == kind && files[i] > 0)
        unlink_file (self, files[i], &change->record.id);
    }
}

gboolean
bytestag_kept_store_fail_closed (GError **error)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("What is kept for others is not open"));

  return FALSE;
}

/* Takes room on the disk for what may not fail when there is none, if there are @beyond
 * bytes more. */
static gboolean
make_reserve (BytestagKeptStore *self, off_t beyond, GError **error)
{
  int code;
  int fd;

  if (self->has_reserve)
    return TRUE;

  fd = openat (self->top, RESERVE_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  code = fd < 0 ? errno : posix_fallocate (fd, 0, BYTESTAG_LIMIT_RESERVE + beyond);
  if (code == 0 && ftruncate (fd, BYTESTAG_LIMIT_RESERVE) < 0)
    code = errno;
  if (fd >= 0)
    close (fd);
  self->has_reserve = code == 0;
  if (self->has_reserve)
    return TRUE;

  unlinkat (self->top, RESERVE_NAME, 0);
  if (code == ENOSPC || code == EDQUOT)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _("There is no space left on the disk"));
  else
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot write to the disk: %s"), g_strerror (code));

  return FALSE;
}

void
bytestag_kept_store_drop_reserve (BytestagKeptStore *self)
{
  unlinkat (self->top, RESERVE_NAME, 0);
  self->has_reserve = FALSE;
}

static gboolean
has_values (const GArray *changes)
{
  for (guint i = 0; i < changes->len; i++)
    {
      if (g_array_index (changes, BytestagKeptChange, i).kind == BYTESTAG_KEPT_WRITE)
        return TRUE;
    }

  return FALSE;
}

gboolean
bytestag_kept_store_apply (BytestagKeptStore *self, const GArray *changes, GError **error)
{
  g_autofree gint64 *files = g_new0 (gint64, changes->len);

  if (self->database == NULL || self->is_read_only)
    return bytestag_kept_store_fail_closed (error);

  if (has_values (changes) && !make_reserve (self, 0, error))
    return FALSE;

  if (write_files (self, changes, files, error) && apply_rows (self, changes, files, error))
    {
      unlink_files (self, changes, BYTESTAG_KEPT_REMOVE, files);
      return TRUE;
    }
  unlink_files (self, changes, BYTESTAG_KEPT_WRITE, files);

  return FALSE;
}

/* Of what is removed, before that is known. */
static void
unlink_removed (BytestagKeptStore *self, const GArray *changes)
{
  g_autofree gint64 *files = g_new0 (gint64, changes->len);

  for (guint i = 0; i < changes->len; i++)
    {
      const BytestagKeptChange *change = &g_array_index (changes, BytestagKeptChange, i);

      if (change->kind == BYTESTAG_KEPT_REMOVE)
        find_file (self, find_sql, &change->record.id, &files[i], NULL);
    }
  unlink_files (self, changes, BYTESTAG_KEPT_REMOVE, files);
}

gboolean
bytestag_kept_store_retry (BytestagKeptStore *self, const GArray *changes, gboolean *has_room, GError **error)
{
  gboolean more = TRUE;

  *has_room = FALSE;
  if (self->database == NULL || self->is_read_only)
    return bytestag_kept_store_fail_closed (error);

  bytestag_kept_store_drop_reserve (self);
  unlink_removed (self, changes);
  /* The log may be longer than what it says. */
  bytestag_database_checkpoint (self->database, NULL);
  if (changes->len > 0 && !bytestag_kept_store_apply (self, changes, error))
    return FALSE;

  while (more && bytestag_kept_store_shrink (self, &more, NULL))
    ;
  *has_room = make_reserve (self, BYTESTAG_LIMIT_KEPT_VALUE, NULL);

  return TRUE;
}

static void
set_wrong (GError **error)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA, _("The value is damaged on the disk"));
}

static GBytes *
read_row (BytestagKeptStore *self, const BytestagKvpRecord *record, GError **error)
{
  sqlite3_stmt *statement =
    bytestag_database_prepare (self->database, "SELECT value FROM bytes WHERE key = ? AND idx = ?", error);
  GBytes *value = NULL;
  gboolean row;

  if (statement == NULL)
    return NULL;
  bytestag_kept_store_bind_id (statement, &record->id);
  if (!bytestag_database_step (self->database, statement, &row, error))
    return NULL;

  if (row && (guint64) sqlite3_column_bytes (statement, 0) == record->size)
    value = g_bytes_new (sqlite3_column_blob (statement, 0), record->size);
  else
    set_wrong (error);
  sqlite3_reset (statement);

  return value;
}

static gboolean
read_fully (int fd, guint8 *buffer, gsize length)
{
  while (length > 0)
    {
      gssize n = read (fd, buffer, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n == 0)
        errno = ENOENT;
      if (n <= 0)
        return FALSE;
      buffer += n;
      length -= (gsize) n;
    }

  return TRUE;
}

static GBytes *
read_file (BytestagKeptStore *self, const BytestagKvpRecord *record, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (record->size);
  char name[BYTESTAG_KEPT_FILE_NAME_SIZE];
  int folder;
  int fd = -1;
  gboolean good;
  int saved_errno;
  gint64 file;

  if (!find_file (self, find_sql, &record->id, &file, error))
    return NULL;

  bytestag_kept_store_get_file_name (file, &record->id, name);
  folder = open_folder (self, file);
  if (folder >= 0)
    fd = openat (folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  good = fd >= 0 && read_fully (fd, buffer, record->size);
  saved_errno = errno;
  if (fd >= 0)
    close (fd);
  if (folder >= 0)
    close (folder);

  if (good)
    return g_bytes_new_take (g_steal_pointer (&buffer), record->size);

  if (saved_errno == ENOENT || saved_errno == ELOOP || saved_errno == ENOTDIR || saved_errno == EISDIR)
    set_wrong (error);
  else
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot read a value from the disk: %s"),
                 g_strerror (saved_errno));

  return NULL;
}

GBytes *
bytestag_kept_store_read (BytestagKeptStore *self, const BytestagKvpRecord *record, GError **error)
{
  g_autoptr (GBytes) value = NULL;
  BytestagKey index;

  if (self->database == NULL)
    {
      bytestag_kept_store_fail_closed (error);
      return NULL;
    }

  value = bytestag_kept_store_is_file (record) ? read_file (self, record, error) : read_row (self, record, error);
  if (value == NULL)
    return NULL;

  bytestag_key_digest (&index, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  if (!bytestag_key_equal (&index, &record->id.index))
    {
      set_wrong (error);
      return NULL;
    }

  return g_steal_pointer (&value);
}

gboolean
bytestag_kept_store_shrink (BytestagKeptStore *self, gboolean *more, GError **error)
{
  *more = FALSE;
  if (self->database == NULL || self->is_read_only)
    return bytestag_kept_store_fail_closed (error);

  return bytestag_database_shrink (self->database, BYTESTAG_LIMIT_SHRINK_PAGES, more, error)
         && (*more || bytestag_database_checkpoint (self->database, error));
}

gboolean
bytestag_kept_store_open_folders (BytestagKeptStore *self, GError **error)
{
  self->top = bytestag_safe_folder_open (AT_FDCWD, self->folder, error);
  if (self->top >= 0)
    self->values = bytestag_safe_folder_open (self->top, "values", error);

  return self->values >= 0;
}

static gboolean
take_up_all (BytestagKeptStore *self, GError **error)
{
  if (!bytestag_database_begin (self->database, error))
    return FALSE;
  bytestag_kept_store_sweep_all (self, BYTESTAG_SWEEP_TAKE_UP);

  return bytestag_database_commit (self->database, error);
}

/* Behind all that have a record; what has none and a higher number is swept, or gives way. */
static gboolean
find_next_file (BytestagKeptStore *self, GError **error)
{
  gint64 last = 0;

  if (!bytestag_database_get_number (self->database, "SELECT max (file) FROM records", &last, error))
    return FALSE;
  self->next_file = CLAMP (last, 0, BYTESTAG_KEPT_MAX_FILE - G_MAXUINT32) + 1;

  return TRUE;
}

gboolean
bytestag_kept_store_open (BytestagKeptStore        *self,
                          BytestagDatabaseOpening  *opening,
                          char                    **set_aside,
                          GError                  **error)
{
  *set_aside = NULL;
  bytestag_kept_store_close (self);
  self->n_loaded = self->n_rows = 0;
  if (!bytestag_kept_store_open_folders (self, error))
    return FALSE;

  self->database = bytestag_database_open (self->path, APPLICATION_ID, migrations, opening, set_aside, error);
  if (self->database != NULL)
    {
      self->is_read_only = *opening == BYTESTAG_DATABASE_NEWER;
      if ((*opening != BYTESTAG_DATABASE_REBUILT || take_up_all (self, error))
          && (self->is_read_only || find_next_file (self, error)))
        return TRUE;
      g_clear_pointer (set_aside, g_free);
    }
  bytestag_kept_store_close (self);

  return FALSE;
}
