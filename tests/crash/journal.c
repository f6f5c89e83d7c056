/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into a program: writes down what it does to the files below $CRASH_FOLDER, in
 * order and with the bytes, to $CRASH_JOURNAL, so that the folder can be built as a power
 * cut at any moment may leave it (power-cut.py). $CRASH_SKIP, "KIND:N", takes the N-th sync
 * of a kind out: "log" (SQLite's write-ahead log), "database", "file", "folder". Built
 * without GLib, since it runs inside of everything. */
/* Both names of each function are defined here, so neither may stand for the other. */
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* As power-cut.py reads them. */
enum {
  ENTRY_OPEN = 1, /* number: flags; fd; path */
  ENTRY_CLOSE,    /* fd */
  ENTRY_WRITE,    /* fd; number: offset; data */
  ENTRY_TRUNCATE, /* fd; number: length */
  ENTRY_SYNC,     /* fd */
  ENTRY_RENAME,   /* path, data: to */
  ENTRY_UNLINK,   /* path */
  ENTRY_MKDIR,    /* path */
  ENTRY_NOTE,     /* data */
  ENTRY_SKIPPED,  /* fd: a sync was taken out */
};

typedef struct
{
  uint32_t type;
  int32_t fd;
  uint64_t number;
  uint32_t path_length;
  uint32_t data_length;
} Entry;

#define MAX_FD 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static const char *folder;
static size_t folder_length;
static char skipped_kind[16];
static unsigned skipped_number;
static char *watched[MAX_FD]; /* the path that a descriptor was opened by */

/* Of the C library: what it would be if this were not there. */
#define REAL(name) ((__typeof__ (&name)) find (#name))

static void *
find (const char *name)
{
  void *function = dlsym (RTLD_NEXT, name);

  if (function == NULL)
    abort ();

  return function;
}

__attribute__ ((constructor)) static void
set_up (void)
{
  const char *path = getenv ("CRASH_JOURNAL");
  const char *skip = getenv ("CRASH_SKIP");

  folder = getenv ("CRASH_FOLDER");
  if (path == NULL || folder == NULL)
    return;

  folder_length = strlen (folder);
  if (skip != NULL && sscanf (skip, "%15[a-z]:%u", skipped_kind, &skipped_number) != 2)
    abort ();
  journal = REAL (open) (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (journal < 0)
    abort ();
}

static void
write_all (const void *data, size_t length)
{
  __typeof__ (&write) real_write = REAL (write);

  while (length > 0)
    {
      ssize_t n = real_write (journal, data, length);

      if (n < 0 && errno != EINTR)
        abort ();
      if (n > 0)
        {
          data = (const char *) data + n;
          length -= (size_t) n;
        }
    }
}

/* With the mutex held. */
static void
write_entry (uint32_t type, int fd, uint64_t number, const char *path, const void *data, size_t length)
{
  Entry entry = { type, fd, number, path != NULL ? (uint32_t) strlen (path) : 0, (uint32_t) length };
  int saved_errno = errno;

  write_all (&entry, sizeof entry);
  write_all (path, entry.path_length);
  write_all (data, length);
  errno = saved_errno;
}

/* @path below @at, absolute; FALSE: it is not below the folder. */
static int
resolve (int at, const char *path, char *resolved)
{
  if (journal < 0)
    return 0;

  if (path[0] == '/')
    {
      snprintf (resolved, PATH_MAX, "%s", path);
    }
  else
    {
      char link[64];
      char base[PATH_MAX];
      ssize_t length;

      if (at == AT_FDCWD)
        snprintf (link, sizeof link, "/proc/self/cwd");
      else
        snprintf (link, sizeof link, "/proc/self/fd/%d", at);
      length = readlink (link, base, sizeof base - 1);
      if (length < 0)
        return 0;
      base[length] = '\0';
      if (snprintf (resolved, PATH_MAX, "%s/%s", base, path) >= PATH_MAX)
        abort ();
    }

  /* How a folder is read, and how the one above is found. */
  if (strlen (resolved) > 2 && strcmp (resolved + strlen (resolved) - 2, "/.") == 0)
    resolved[strlen (resolved) - 2] = '\0';
  if (strlen (resolved) > 3 && strcmp (resolved + strlen (resolved) - 3, "/..") == 0)
    {
      resolved[strlen (resolved) - 3] = '\0';
      *strrchr (resolved, '/') = '\0';
    }

  return strncmp (resolved, folder, folder_length) == 0
         && (resolved[folder_length] == '/' || resolved[folder_length] == '\0');
}

static int
note_open (int fd, int at, const char *path, int flags)
{
  char resolved[PATH_MAX];
  int saved_errno = errno;

  if (fd < 0 || fd >= MAX_FD || !resolve (at, path, resolved))
    {
      errno = saved_errno;
      return fd;
    }

  pthread_mutex_lock (&mutex);
  free (watched[fd]);
  watched[fd] = strdup (resolved);
  write_entry (ENTRY_OPEN, fd, (uint64_t) (unsigned) flags, resolved, NULL, 0);
  pthread_mutex_unlock (&mutex);
  errno = saved_errno;

  return fd;
}

static mode_t
get_mode (int flags, va_list arguments)
{
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t) va_arg (arguments, int) : 0;
}

#define DEFINE_OPEN(name)                                                           \
  int name (const char *path, int flags, ...)                                       \
  {                                                                                 \
    va_list arguments;                                                              \
    mode_t mode;                                                                    \
                                                                                    \
    va_start (arguments, flags);                                                    \
    mode = get_mode (flags, arguments);                                             \
    va_end (arguments);                                                             \
                                                                                    \
    return note_open (REAL (name) (path, flags, mode), AT_FDCWD, path, flags);      \
  }

#define DEFINE_OPENAT(name)                                                         \
  int name (int at, const char *path, int flags, ...)                               \
  {                                                                                 \
    va_list arguments;                                                              \
    mode_t mode;                                                                    \
                                                                                    \
    va_start (arguments, flags);                                                    \
    mode = get_mode (flags, arguments);                                             \
    va_end (arguments);                                                             \
                                                                                    \
    return note_open (REAL (name) (at, path, flags, mode), at, path, flags);        \
  }

DEFINE_OPEN (open)
DEFINE_OPEN (open64)
DEFINE_OPENAT (openat)
DEFINE_OPENAT (openat64)

int
close (int fd)
{
  if (fd >= 0 && fd < MAX_FD && watched[fd] != NULL)
    {
      pthread_mutex_lock (&mutex);
      write_entry (ENTRY_CLOSE, fd, 0, NULL, NULL, 0);
      free (watched[fd]);
      watched[fd] = NULL;
      pthread_mutex_unlock (&mutex);
    }

  return REAL (close) (fd);
}

static int
is_watched (int fd)
{
  return fd >= 0 && fd < MAX_FD && watched[fd] != NULL;
}

static ssize_t
note_write (ssize_t n, int fd, const void *data, off64_t offset)
{
  if (n > 0 && is_watched (fd))
    {
      pthread_mutex_lock (&mutex);
      write_entry (ENTRY_WRITE, fd, (uint64_t) offset, NULL, data, (size_t) n);
      pthread_mutex_unlock (&mutex);
    }

  return n;
}

ssize_t
write (int fd, const void *data, size_t length)
{
  off64_t offset = is_watched (fd) ? lseek64 (fd, 0, SEEK_CUR) : 0;

  return note_write (REAL (write) (fd, data, length), fd, data, offset);
}

ssize_t
pwrite (int fd, const void *data, size_t length, off_t offset)
{
  return note_write (REAL (pwrite) (fd, data, length, offset), fd, data, offset);
}

ssize_t
pwrite64 (int fd, const void *data, size_t length, off64_t offset)
{
  return note_write (REAL (pwrite64) (fd, data, length, offset), fd, data, offset);
}

/* One piece at a time, so that each is noted. */
static ssize_t
write_pieces (int fd, const struct iovec *pieces, int n_pieces, off64_t offset)
{
  ssize_t total = 0;

  for (int i = 0; i < n_pieces; i++)
    {
      ssize_t n = offset < 0 ? write (fd, pieces[i].iov_base, pieces[i].iov_len)
                             : pwrite64 (fd, pieces[i].iov_base, pieces[i].iov_len, offset + total);

      if (n < 0)
        return total > 0 ? total : n;
      total += n;
      if ((size_t) n < pieces[i].iov_len)
        break;
    }

  return total;
}

ssize_t
writev (int fd, const struct iovec *pieces, int n_pieces)
{
  return is_watched (fd) ? write_pieces (fd, pieces, n_pieces, -1) : REAL (writev) (fd, pieces, n_pieces);
}

ssize_t
pwritev (int fd, const struct iovec *pieces, int n_pieces, off_t offset)
{
  return is_watched (fd) ? write_pieces (fd, pieces, n_pieces, offset) : REAL (pwritev) (fd, pieces, n_pieces, offset);
}

ssize_t
pwritev64 (int fd, const struct iovec *pieces, int n_pieces, off64_t offset)
{
  return is_watched (fd) ? write_pieces (fd, pieces, n_pieces, offset)
                         : REAL (pwritev64) (fd, pieces, n_pieces, offset);
}

static int
note_truncate (int code, int fd, off64_t length)
{
  if (code == 0 && is_watched (fd))
    {
      pthread_mutex_lock (&mutex);
      write_entry (ENTRY_TRUNCATE, fd, (uint64_t) length, NULL, NULL, 0);
      pthread_mutex_unlock (&mutex);
    }

  return code;
}

int
ftruncate (int fd, off_t length)
{
  return note_truncate (REAL (ftruncate) (fd, length), fd, length);
}

int
ftruncate64 (int fd, off64_t length)
{
  return note_truncate (REAL (ftruncate64) (fd, length), fd, length);
}

static const char *
get_kind (int fd)
{
  const char *path = watched[fd];
  size_t length = strlen (path);
  struct stat status;

  if (fstat (fd, &status) == 0 && S_ISDIR (status.st_mode))
    return "folder";
  if (length > 4 && strcmp (path + length - 4, "-wal") == 0)
    return "log";
  if (length > 3 && strcmp (path + length - 3, ".db") == 0)
    return "database";

  return "file";
}

/* Whether the sync is noted, and so does something. Nothing else is synced here either: the
 * journal says what would be on the disk. */
static int
sync_watched (int fd)
{
  pthread_mutex_lock (&mutex);
  if (strcmp (get_kind (fd), skipped_kind) != 0 || --skipped_number != 0)
    write_entry (ENTRY_SYNC, fd, 0, get_kind (fd), NULL, 0);
  else
    write_entry (ENTRY_SKIPPED, fd, 0, NULL, NULL, 0);
  pthread_mutex_unlock (&mutex);

  return 0;
}

int
fsync (int fd)
{
  return is_watched (fd) ? sync_watched (fd) : REAL (fsync) (fd);
}

int
fdatasync (int fd)
{
  return is_watched (fd) ? sync_watched (fd) : REAL (fdatasync) (fd);
}

static int
note_path (int code, uint32_t type, int at, const char *path)
{
  char resolved[PATH_MAX];
  int saved_errno = errno;

  if (code == 0 && resolve (at, path, resolved))
    {
      pthread_mutex_lock (&mutex);
      write_entry (type, -1, 0, resolved, NULL, 0);
      pthread_mutex_unlock (&mutex);
    }
  errno = saved_errno;

  return code;
}

static int
note_rename (int code, int from_at, const char *from, int to_at, const char *to)
{
  char resolved_from[PATH_MAX];
  char resolved_to[PATH_MAX];
  int saved_errno = errno;

  if (code == 0 && resolve (from_at, from, resolved_from) && resolve (to_at, to, resolved_to))
    {
      pthread_mutex_lock (&mutex);
      write_entry (ENTRY_RENAME, -1, 0, resolved_from, resolved_to, strlen (resolved_to));
      pthread_mutex_unlock (&mutex);
    }
  errno = saved_errno;

  return code;
}

int
rename (const char *from, const char *to)
{
  return note_rename (REAL (rename) (from, to), AT_FDCWD, from, AT_FDCWD, to);
}

int
renameat (int from_at, const char *from, int to_at, const char *to)
{
  return note_rename (REAL (renameat) (from_at, from, to_at, to), from_at, from, to_at, to);
}

int
renameat2 (int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
  return note_rename (REAL (renameat2) (from_at, from, to_at, to, flags), from_at, from, to_at, to);
}

int
unlink (const char *path)
{
  return note_path (REAL (unlink) (path), ENTRY_UNLINK, AT_FDCWD, path);
}

int
unlinkat (int at, const char *path, int flags)
{
  return note_path (REAL (unlinkat) (at, path, flags), ENTRY_UNLINK, at, path);
}

int
mkdir (const char *path, mode_t mode)
{
  return note_path (REAL (mkdir) (path, mode), ENTRY_MKDIR, AT_FDCWD, path);
}

int
mkdirat (int at, const char *path, mode_t mode)
{
  return note_path (REAL (mkdirat) (at, path, mode), ENTRY_MKDIR, at, path);
}

/* What the program says of itself, in order with what it does. */
void crash_note (const char *text);

void
crash_note (const char *text)
{
  pthread_mutex_lock (&mutex);
  if (journal >= 0)
    write_entry (ENTRY_NOTE, -1, 0, NULL, text, strlen (text));
  pthread_mutex_unlock (&mutex);
}
