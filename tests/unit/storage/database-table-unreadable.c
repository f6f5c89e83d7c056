/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "disk-fixture.h"

/* A disk that cannot tell of a file now, as one with a loose cable: in place of the C library's
 * function, since nobody else makes it fail so. */

static int fault;

int
fstatat (int folder, const char *restrict name, struct stat *restrict status, int flags)
{
  if (fault != 0)
    {
      errno = fault;
      return -1;
    }

  return (int) syscall (SYS_newfstatat, folder, name, status, flags);
}

static guint
get_n_unreadable (BytestagDiskFixture *self)
{
  guint n;

  g_object_get (self->table, "n-unreadable", &n, NULL);
  return n;
}

/* What cannot be looked at is neither given up nor swept, but said; what is gone is. */
static void
test_faults (BytestagDiskFixture *self, gconstpointer user_data)
{
  static const struct
  {
    int fault;
    gboolean is_gone;
  } faults[] = { { EIO, FALSE }, { EACCES, FALSE }, { ENOMEM, FALSE }, { ELOOP, FALSE }, { ENOENT, TRUE } };

  for (guint i = 0; i < 3; i++)
    disk_write_value (self, i, LARGE, NULL);
  disk_run_for (self, SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      fault = faults[i].fault;
      disk_open_again (self);
      disk_run_for (self, SECOND);
      g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, faults[i].is_gone ? 0 : 3);
      g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, faults[i].is_gone ? 3 : 0);
      g_assert_cmpuint (get_n_unreadable (self), ==, faults[i].is_gone ? 0 : 3);
      g_assert_nonnull (bytestag_database_table_get_problem (self->table));
      fault = 0;
      if (faults[i].is_gone)
        continue;

      g_assert_cmpuint (disk_count_files (self), ==, 3);
      disk_open_again (self);
      disk_run_for (self, SECOND);
      g_assert_null (bytestag_database_table_get_problem (self->table));
      for (guint n = 0; n < 3; n++)
        disk_assert_value (self, n, LARGE);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/storage/database-table-unreadable/faults", BytestagDiskFixture, NULL, disk_set_up, test_faults,
              disk_tear_down);
  return g_test_run ();
}
