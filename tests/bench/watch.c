/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What it costs to compare shared files with what is on disk.
 * Usage: bench-watch [FILES] */
#include "config.h"

#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "sharing/library-check.h"

#define FILES_OF_FOLDER 100

typedef struct {
  char *path;
  BytestagFileStamp stamp;
} File;

static int
remove_cb (const char *path, const struct stat *status, int type, struct FTW *ftw)
{
  return remove (path);
}

static void
make_files (const char *root,
            GArray     *files,
            guint       n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("folder %05u/a file of some name %06u.jpg", i / FILES_OF_FOLDER, i);
      g_autofree char *path = g_build_filename (root, name, NULL);
      g_autofree char *parent = g_path_get_dirname (path);
      File file = { .path = g_strdup (name) };
      int fd;

      if (i % FILES_OF_FOLDER == 0)
        g_mkdir (parent, 0700);
      fd = open (path, O_CREAT | O_WRONLY, 0600);
      if (fd < 0 || write (fd, "x", 1) != 1 || !bytestag_file_stamp_read (&file.stamp, fd))
        g_error ("Cannot write %s", path);
      close (fd);
      g_array_append_val (files, file);
    }
}

static void
run (const char *title,
     const char *root,
     GArray     *files)
{
  gsize before = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
  g_autoptr (BytestagLibraryCheck) check = bytestag_library_check_new (NULL);
  gint64 started = g_get_monotonic_time ();
  guint n;

  bytestag_library_check_add_root (check, root, NULL);
  for (guint i = 0; i < files->len; i++)
    {
      const File *file = &g_array_index (files, File, i);

      bytestag_library_check_add_file (check, 0, file->path, &file->stamp, NULL);
    }
  g_print ("%s: listed in %.1f ms", title, (double) (g_get_monotonic_time () - started) / 1000);
  bytestag_library_check_run (check, NULL);
  bytestag_library_check_get_changes (check, &n);
  g_print (", checked in %.0f ms of CPU time (%.2f µs a file), %u changes, %.1f MB of memory (%.0f bytes a file); "
           "each five minutes: %.2f %% of a core\n",
           (double) bytestag_library_check_get_cpu_time (check) / 1000,
           (double) bytestag_library_check_get_cpu_time (check) / files->len, n,
           (double) (mallinfo2 ().uordblks + mallinfo2 ().hblkhd - before) / 1e6,
           (double) (mallinfo2 ().uordblks + mallinfo2 ().hblkhd - before) / files->len,
           (double) bytestag_library_check_get_cpu_time (check) * 100 / 300e6);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("bytestag-bench-XXXXXX", &error);
  g_autofree char *root = g_build_filename (folder, "shared", NULL);
  guint n_files = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 100000;
  GArray *files = g_array_new (FALSE, FALSE, sizeof (File));

  if (folder == NULL)
    g_error ("%s", error->message);
  g_mkdir (root, 0700);
  make_files (root, files, n_files);
  g_print ("%u files, %u in a folder\n", n_files, FILES_OF_FOLDER);
  run ("unchanged", root, files);
  run ("unchanged, again", root, files);
  for (guint i = 0; i < n_files; i += FILES_OF_FOLDER)
    {
      g_autofree char *from = g_strdup_printf ("%s/folder %05u", root, i / FILES_OF_FOLDER);
      g_autofree char *to = g_strdup_printf ("%s/moved %05u", root, i / FILES_OF_FOLDER);

      g_rename (from, to);
    }
  run ("all folders renamed", root, files);

  nftw (folder, remove_cb, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}
