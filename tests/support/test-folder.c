/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-folder.h"

#include <ftw.h>
#include <stdio.h>

char *
bytestag_test_folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("bytestag-test-XXXXXX", &error);

  g_assert_no_error (error);

  return folder;
}

static int
remove_cb (const char *path, const struct stat *status, int type, struct FTW *ftw)
{
  return remove (path);
}

void
bytestag_test_folder_remove (char *folder)
{
  nftw (folder, remove_cb, 16, FTW_DEPTH | FTW_PHYS);
  g_free (folder);
}

char *
bytestag_test_folder_write (const char *folder, const char *name, gconstpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (folder, name, NULL);

  g_file_set_contents (path, data, (gssize) length, &error);
  g_assert_no_error (error);

  return path;
}
