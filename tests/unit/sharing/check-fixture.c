/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "check-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "sharing/file-digest.h"
#include "support/test-folder.h"

static void
shared_clear (gpointer data)
{
  g_free (((SharedFile *) data)->path);
}

void
check_fixture_set_up (CheckFixture       *self,
        gconstpointer  data)
{
  self->folder = bytestag_test_folder_new ();
  self->roots = g_ptr_array_new_with_free_func (g_free);
  self->identities = g_ptr_array_new_with_free_func (g_free);
  self->files = g_array_new (FALSE, FALSE, sizeof (SharedFile));
  g_array_set_clear_func (self->files, shared_clear);
  self->digests = bytestag_library_check_digests_new ();
}

void
check_fixture_tear_down (CheckFixture       *self,
           gconstpointer  data)
{
  g_clear_pointer (&self->check, bytestag_library_check_unref);
  g_hash_table_unref (self->digests);
  g_ptr_array_unref (self->roots);
  g_ptr_array_unref (self->identities);
  g_array_unref (self->files);
  bytestag_test_folder_remove (self->folder);
}

char *
check_fixture_path_of (CheckFixture    *self,
         const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

void
check_fixture_write_text (CheckFixture    *self,
            const char *name,
            const char *text)
{
  g_autofree char *path = check_fixture_path_of (self, name);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_free (bytestag_test_folder_write (self->folder, name, text, strlen (text)));
}

/* In place: the inode stays. */
void
check_fixture_overwrite (CheckFixture    *self,
           const char *name,
           const char *text)
{
  g_autofree char *path = check_fixture_path_of (self, name);
  int fd = open (path, O_WRONLY | O_TRUNC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
}

void
check_fixture_move (CheckFixture    *self,
      const char *from,
      const char *to)
{
  g_autofree char *from_path = check_fixture_path_of (self, from);
  g_autofree char *to_path = check_fixture_path_of (self, to);

  g_assert_cmpint (g_rename (from_path, to_path), ==, 0);
}

void
check_fixture_delete (CheckFixture    *self,
        const char *name)
{
  g_autofree char *path = check_fixture_path_of (self, name);

  g_assert_cmpint (g_remove (path), ==, 0);
}

void
check_fixture_make_folder (CheckFixture    *self,
             const char *name)
{
  g_autofree char *path = check_fixture_path_of (self, name);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

void
check_fixture_set_time (CheckFixture    *self,
          const char *name,
          gint64      seconds,
          long        ns)
{
  g_autofree char *path = check_fixture_path_of (self, name);
  const struct timespec times[] = { { seconds, ns }, { seconds, ns } };

  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
}

guint
check_fixture_share_root (CheckFixture    *self,
            const char *name)
{
  g_ptr_array_add (self->roots, check_fixture_path_of (self, name));
  g_ptr_array_add (self->identities, NULL);
  return self->roots->len - 1;
}

/* @path: within the root. */
guint
check_fixture_share_file (CheckFixture    *self,
            guint       root,
            const char *path)
{
  g_autofree char *whole = g_build_filename (g_ptr_array_index (self->roots, root), path[0] != '\0' ? path : NULL, NULL);
  g_auto (BytestagFileDigest) digest = { 0 };
  SharedFile shared = { .path = g_strdup (path), .root = root };
  int fd = open (whole, O_RDONLY);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (bytestag_file_stamp_read (&shared.stamp, fd));
  g_assert_true (bytestag_file_digest_read (&digest, fd, NULL, NULL, NULL));
  close (fd);
  memcpy (shared.sha256, digest.sha256, sizeof shared.sha256);
  g_array_append_val (self->files, shared);

  return self->files->len - 1;
}

void
check_fixture_fill (CheckFixture *self)
{
  g_clear_pointer (&self->check, bytestag_library_check_unref);
  self->check = bytestag_library_check_new (self->digests);
  for (guint i = 0; i < self->roots->len; i++)
    {
      if (self->apart)
        bytestag_library_check_begin_share (self->check);
      g_assert_cmpuint (bytestag_library_check_add_root (self->check, g_ptr_array_index (self->roots, i),
                                                         g_ptr_array_index (self->identities, i)), ==, i);
    }
  for (guint i = 0; i < self->files->len; i++)
    {
      const SharedFile *shared = &g_array_index (self->files, SharedFile, i);

      g_assert_cmpuint (bytestag_library_check_add_file (self->check, shared->root, shared->path, &shared->stamp,
                                                         shared->sha256), ==, i);
    }
}

void
check_fixture_run (CheckFixture *self)
{
  check_fixture_fill (self);
  g_assert_true (bytestag_library_check_run (self->check, NULL));
}

/* Nothing has changed, and roots are known from now on. */
void
check_fixture_settle (CheckFixture *self)
{
  guint n;

  check_fixture_run (self);
  bytestag_library_check_get_changes (self->check, &n);
  g_assert_cmpuint (n, ==, 0);
  for (guint i = 0; i < self->roots->len; i++)
    {
      const BytestagCheckedRoot *root = bytestag_library_check_get_root (self->check, i);

      g_assert_cmpint (root->outcome, ==, BYTESTAG_ROOT_HERE);
      g_assert_nonnull (root->identity);
      g_free (g_ptr_array_index (self->identities, i));
      g_ptr_array_index (self->identities, i) = g_strdup (root->identity);
    }
  g_assert_cmpuint (bytestag_library_check_get_n_read (self->check), ==, 0);
}

const BytestagFileChange *
check_fixture_find_change (CheckFixture *self,
             guint    file)
{
  guint n;
  const BytestagFileChange *changes = bytestag_library_check_get_changes (self->check, &n);

  for (guint i = 0; i < n; i++)
    {
      if (changes[i].file == file)
        return &changes[i];
    }
  return NULL;
}

BytestagFileOutcome
check_fixture_outcome_of (CheckFixture *self,
            guint    file)
{
  const BytestagFileChange *change = check_fixture_find_change (self, file);

  return change != NULL ? change->outcome : BYTESTAG_FILE_UNCHANGED;
}

void
check_fixture_assert_moved (CheckFixture    *self,
              guint       file,
              guint       root,
              const char *path)
{
  const BytestagFileChange *change = check_fixture_find_change (self, file);

  g_assert_nonnull (change);
  g_assert_cmpint (change->outcome, ==, BYTESTAG_FILE_MOVED);
  g_assert_cmpuint (change->root, ==, root);
  g_assert_cmpstr (change->path, ==, path);
}
