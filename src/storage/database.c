/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

struct _BytestagDatabase
{
  sqlite3 *handle;
  char *path;             /* its folder without links */
  GHashTable *statements; /* (element-type utf8 sqlite3_stmt) by pointer; owns the statements */
};

/* Files beside the database that belong to it. */
static const char * const companions[] = { "-wal", "-journal" };

/* SQLite's name for one that has no file. */
static const char in_memory[] = ":memory:";

static gboolean
is_damage (int code)
{
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* SQLite tells a full disk as such only where it writes the database itself. */
static gboolean
is_no_space (BytestagDatabase *self, int code)
{
  int system_errno = sqlite3_system_errno (self->handle);

  return (code & 0xff) == SQLITE_FULL
         || (((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN)
             && (system_errno == ENOSPC || system_errno == EDQUOT));
}

static void
set_error (BytestagDatabase *self, int code, GError **error)
{
  g_autofree char *name = g_filename_display_name (self->path);

  if (is_no_space (self, code))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _("There is no space left on the disk for “%s”"), name);
  else if (is_damage (code))
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("The database “%s” is damaged"), name);
  else if ((code & 0xff) == SQLITE_READONLY && sqlite3_db_readonly (self->handle, "main") == 0)
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED,
                 _("“%s” was made by a newer version of this program, and is left as it is"), name);
  else if ((code & 0xff) == SQLITE_BUSY)
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY, _("Another program uses the database “%s”"), name);
  else
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("The database “%s” failed: %s"), name,
                 sqlite3_errmsg (self->handle));
}

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

void
bytestag_database_close (BytestagDatabase *self)
{
  g_return_if_fail (self != NULL);

  g_clear_pointer (&self->statements, g_hash_table_unref);
  sqlite3_close_v2 (self->handle);
  g_free (self->path);
  g_free (self);
}

sqlite3 *
bytestag_database_get_handle (BytestagDatabase *self)
{
  return self->handle;
}

sqlite3_stmt *
bytestag_database_prepare (BytestagDatabase *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);
  int code;

  if (statement != NULL)
    {
      sqlite3_reset (statement);
      sqlite3_clear_bindings (statement);
      return statement;
    }

  code = sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (code != SQLITE_OK)
    {
      set_error (self, code, error);
      return NULL;
    }
  g_hash_table_insert (self->statements, (gpointer) sql, statement);

  return statement;
}

gboolean
bytestag_database_step (BytestagDatabase *self, sqlite3_stmt *statement, gboolean *row, GError **error)
{
  int code = sqlite3_step (statement);

  if (row != NULL)
    *row = code == SQLITE_ROW;
  if (code == SQLITE_ROW)
    return TRUE;

  if (code != SQLITE_DONE)
    set_error (self, code, error);
  sqlite3_reset (statement);

  return code == SQLITE_DONE;
}

gboolean
bytestag_database_execute (BytestagDatabase *self, const char *sql, GError **error)
{
  int code = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);

  if (code != SQLITE_OK)
    set_error (self, code, error);

  return code == SQLITE_OK;
}

gboolean
bytestag_database_get_number (BytestagDatabase *self, const char *sql, gint64 *value, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (self->handle, sql, -1, &statement, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *value = sqlite3_column_int64 (statement, 0);
  else
    set_error (self, code, error);
  sqlite3_finalize (statement);

  return code == SQLITE_ROW;
}

gboolean
bytestag_database_begin (BytestagDatabase *self, GError **error)
{
  return bytestag_database_execute (self, "BEGIN IMMEDIATE", error);
}

void
bytestag_database_rollback (BytestagDatabase *self)
{
  if (!sqlite3_get_autocommit (self->handle))
    sqlite3_exec (self->handle, "ROLLBACK", NULL, NULL, NULL);
}

gboolean
bytestag_database_commit (BytestagDatabase *self, GError **error)
{
  if (bytestag_database_execute (self, "COMMIT", error))
    return TRUE;

  bytestag_database_rollback (self);

  return FALSE;
}

gboolean
bytestag_database_shrink (BytestagDatabase *self, guint n_pages, gboolean *more, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("PRAGMA incremental_vacuum(%u)", n_pages);
  gint64 n_free;

  *more = FALSE;
  if (!bytestag_database_execute (self, sql, error)
      || !bytestag_database_get_number (self, "PRAGMA freelist_count", &n_free, error))
    return FALSE;
  *more = n_free > 0;

  return TRUE;
}

gboolean
bytestag_database_checkpoint (BytestagDatabase *self, GError **error)
{
  return bytestag_database_execute (self, "PRAGMA wal_checkpoint(TRUNCATE)", error);
}

/* @path with the links of its folder resolved, since SQLite can only refuse all links of
 * a path or none, and homes may well lie behind one. */
static char *
resolve_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  char *resolved = realpath (folder, NULL);
  char *whole;

  if (resolved == NULL)
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot open the folder “%s”: %s"), folder,
                   g_strerror (errno));
      return NULL;
    }
  whole = g_build_filename (resolved, name, NULL);
  free (resolved);

  return whole;
}

/* Syncs the folder of @path, so that names in it last. */
static gboolean
sync_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean good = fd >= 0 && fsync (fd) == 0;

  if (!good)
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot write to the folder “%s”: %s"), folder,
                 g_strerror (errno));
  if (fd >= 0)
    close (fd);

  return good;
}

static void
set_file_error (const char *path, int saved_errno, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  if (saved_errno == ENOSPC || saved_errno == EDQUOT)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _("There is no space left on the disk for “%s”"), name);
  else
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot open “%s”: %s"), name,
                 g_strerror (saved_errno));
}

/* Makes the file where there is none: SQLite would make it as readable as the umask says. */
static gboolean
make_file (const char *path, GError **error)
{
  struct stat status;
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd >= 0)
    {
      close (fd);
      return sync_folder (path, error);
    }

  if (errno != EEXIST || lstat (path, &status) < 0)
    {
      set_file_error (path, errno, error);
      return FALSE;
    }
  if (!S_ISREG (status.st_mode))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("“%s” is not a regular file"), path);
      return FALSE;
    }

  return TRUE;
}

/* @damaged: (out): set when the file is what is wrong. */
static BytestagDatabase *
open_handle (const char *path, gboolean *damaged, GError **error)
{
  g_autoptr (BytestagDatabase) self = g_new0 (BytestagDatabase, 1);
  int code;

  self->path = g_strdup (path);
  self->statements = g_hash_table_new_full (NULL, NULL, NULL, finalize_statement);
  code = sqlite3_open_v2 (path, &self->handle,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
                          NULL);
  if (code != SQLITE_OK)
    {
      *damaged = is_damage (code);
      set_error (self, code, error);
      return NULL;
    }

  /* The file may be anybody's: what is in its schema shall do nothing. */
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  /* Until it is known to be ours: closing it would else bring its log into it. */
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);

  return g_steal_pointer (&self);
}

typedef struct
{
  gint64 version;
  gint64 application_id;
  gint64 n_things; /* tables and what else a schema holds */
} Header;

static gboolean
read_header (BytestagDatabase *self, Header *header, GError **error)
{
  /* Before the log is first looked at, which then needs no shared memory. */
  return bytestag_database_execute (self, "PRAGMA locking_mode=EXCLUSIVE", error)
         && bytestag_database_get_number (self, "PRAGMA user_version", &header->version, error)
         && bytestag_database_get_number (self, "PRAGMA application_id", &header->application_id, error)
         && bytestag_database_get_number (self, "SELECT count(*) FROM sqlite_schema", &header->n_things, error);
}

static gboolean
check (BytestagDatabase *self, GError **error)
{
  sqlite3_stmt *statement = bytestag_database_prepare (self, "PRAGMA quick_check(1)", error);
  gboolean row;

  if (statement == NULL || !bytestag_database_step (self, statement, &row, error))
    return FALSE;

  if (!row || g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "ok") != 0)
    {
      set_error (self, SQLITE_CORRUPT, error);
      sqlite3_reset (statement);
      return FALSE;
    }
  sqlite3_reset (statement);

  return TRUE;
}

/* The order matters: how space is given back is settled by the first write, that of the
 * journal's mode. */
static gboolean
configure (BytestagDatabase *self, GError **error)
{
  gint64 n_pages;

  if (!bytestag_database_get_number (self, "PRAGMA page_count", &n_pages, error))
    return FALSE;
  if (n_pages == 0 && !bytestag_database_execute (self, "PRAGMA auto_vacuum=INCREMENTAL", error))
    return FALSE;

  if (!bytestag_database_execute (self,
                                  "PRAGMA journal_mode=WAL;"
                                  "PRAGMA synchronous=FULL;"
                                  "PRAGMA foreign_keys=ON;"
                                  "PRAGMA cell_size_check=ON;"
                                  "PRAGMA temp_store=MEMORY;"
                                  "PRAGMA journal_size_limit=4194304", error))
    return FALSE;
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);

  return TRUE;
}

static gboolean
migrate (BytestagDatabase *self, guint32 application_id, const char *sql, gint64 version, GError **error)
{
  g_autofree char *mark = g_strdup_printf ("PRAGMA application_id=%d; PRAGMA user_version=%d",
                                           (gint32) application_id, (gint32) version);

  if (!bytestag_database_begin (self, error))
    return FALSE;
  if (bytestag_database_execute (self, sql, error) && bytestag_database_execute (self, mark, error))
    return bytestag_database_commit (self, error);
  bytestag_database_rollback (self);

  return FALSE;
}

/* Opens what is there. NULL with @damaged TRUE: it is to be set aside. */
static BytestagDatabase *
open_existing (const char               *path,
               guint32                   application_id,
               const char * const       *migrations,
               BytestagDatabaseOpening  *opening,
               gboolean                 *damaged,
               GError                  **error)
{
  g_autoptr (BytestagDatabase) self = NULL;
  g_autoptr (GError) local_error = NULL;
  guint n_migrations = g_strv_length ((char **) migrations);
  Header header;
  gboolean good;

  *damaged = FALSE;
  if (path[0] == '/' && !make_file (path, error))
    return NULL;
  self = open_handle (path, damaged, error);
  if (self == NULL)
    return NULL;

  good = read_header (self, &header, &local_error);
  if (good
      && (header.version > n_migrations || header.version < 0
          || (header.application_id != (gint32) application_id && (header.n_things > 0 || header.version > 0))))
    {
      *opening = BYTESTAG_DATABASE_NEWER;
      if (!bytestag_database_execute (self, "PRAGMA query_only=ON", error))
        return NULL;
      return g_steal_pointer (&self);
    }

  *opening = good && header.version == 0 ? BYTESTAG_DATABASE_CREATED : BYTESTAG_DATABASE_OPENED;
  good = good && check (self, &local_error) && configure (self, &local_error);
  for (gint64 version = good ? header.version : n_migrations; good && version < n_migrations; version++)
    good = migrate (self, application_id, migrations[version], version + 1, &local_error);

  if (good)
    return g_steal_pointer (&self);

  *damaged = g_error_matches (local_error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
  g_propagate_error (error, g_steal_pointer (&local_error));

  return NULL;
}

/* Renames, and never onto something. */
static gboolean
move (const char *from, const char *to)
{
  struct stat status;

  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL && errno != ENOSYS)
    return FALSE;

  /* A file system that cannot promise it. */
  if (lstat (to, &status) == 0)
    {
      errno = EEXIST;
      return FALSE;
    }

  return rename (from, to) == 0;
}

/* The log goes first, so that a new database never finds that of another. */
static gboolean
move_all (const char *path, const char *to)
{
  for (guint i = 0; i < G_N_ELEMENTS (companions); i++)
    {
      g_autofree char *from_companion = g_strconcat (path, companions[i], NULL);
      g_autofree char *to_companion = g_strconcat (to, companions[i], NULL);

      if (!move (from_companion, to_companion) && errno != ENOENT)
        return FALSE;
    }

  return move (path, to);
}

/* (transfer full) A name of which nothing is there yet. */
static char *
find_free_name (const char *path)
{
  struct stat status = { 0 };
  g_autoptr (GDateTime) date = NULL;
  g_autofree char *stem = NULL;

  /* When it was last written: there is no clock here, and it tells more than today. */
  lstat (path, &status);
  date = g_date_time_new_from_unix_utc (status.st_mtim.tv_sec);
  if (date == NULL)
    date = g_date_time_new_from_unix_utc (0);
  stem = g_date_time_format (date, "%Y-%m-%d");

  for (guint i = 1;; i++)
    {
      g_autofree char *suffix = i == 1 ? g_strdup ("") : g_strdup_printf ("-%u", i);
      g_autofree char *name = g_strconcat (path, ".damaged-", stem, suffix, NULL);
      gboolean is_free = lstat (name, &status) < 0;

      for (guint j = 0; j < G_N_ELEMENTS (companions); j++)
        {
          g_autofree char *companion = g_strconcat (name, companions[j], NULL);

          is_free = is_free && lstat (companion, &status) < 0;
        }
      if (is_free)
        return g_steal_pointer (&name);
    }
}

/* (transfer full) (nullable) where it is now. */
static char *
put_aside (const char *path, GError **error)
{
  g_autofree char *name = find_free_name (path);

  if (!move_all (path, name))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED,
                   _("The database “%s” is damaged, and cannot be set aside: %s"), path, g_strerror (errno));
      return NULL;
    }
  if (!sync_folder (path, error))
    return NULL;

  return g_steal_pointer (&name);
}

BytestagDatabase *
bytestag_database_open (const char               *path,
                        guint32                   application_id,
                        const char * const       *migrations,
                        BytestagDatabaseOpening  *opening,
                        char                    **set_aside,
                        GError                  **error)
{
  g_autofree char *resolved = NULL;
  g_autofree char *aside = NULL;
  g_autoptr (GError) local_error = NULL;
  BytestagDatabase *self;
  gboolean damaged;

  g_return_val_if_fail (migrations != NULL && migrations[0] != NULL, NULL);

  *set_aside = NULL;
  resolved = path != NULL ? resolve_folder (path, error) : g_strdup (in_memory);
  if (resolved == NULL)
    return NULL;

  self = open_existing (resolved, application_id, migrations, opening, &damaged, &local_error);
  if (self == NULL && damaged)
    {
      g_clear_error (&local_error);
      aside = put_aside (resolved, error);
      if (aside == NULL)
        return NULL;
      self = open_existing (resolved, application_id, migrations, opening, &damaged, &local_error);
      *opening = BYTESTAG_DATABASE_REBUILT;
    }
  if (self == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    *set_aside = g_steal_pointer (&aside);

  return self;
}
