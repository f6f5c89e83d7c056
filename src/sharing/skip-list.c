/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/skip-list.h"

#include <glib/gi18n-lib.h>

#include "core/limits.h"

static void
skipped_file_free (gpointer data)
{
  BytestagSkippedFile *file = data;

  g_free (file->path);
  g_free (file->words);
  g_free (file);
}

BytestagSkipList *
bytestag_skip_list_new (void)
{
  BytestagSkipList *self = g_new0 (BytestagSkipList, 1);

  self->files = g_ptr_array_new_with_free_func (skipped_file_free);

  return self;
}

void
bytestag_skip_list_free (BytestagSkipList *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_error (&self->problem);
  g_free (self);
}

static const char *
get_words (BytestagSkipReason reason)
{
  switch (reason)
    {
    case BYTESTAG_SKIP_HIDDEN:
      return _("hidden");
    case BYTESTAG_SKIP_INCOMPLETE:
      return _("an incomplete download");
    case BYTESTAG_SKIP_LINK:
      return _("a symbolic link");
    case BYTESTAG_SKIP_SPECIAL:
      return _("neither a file nor a folder");
    case BYTESTAG_SKIP_REPEATED:
      return _("shared already with a folder that it lies in");
    case BYTESTAG_SKIP_NAME:
      return _("cannot be shared under this name");
    case BYTESTAG_SKIP_DEPTH:
      return _("lies too deep to be shared");
    case BYTESTAG_SKIP_CHANGING:
      return _("changes while it is read");
    case BYTESTAG_SKIP_UNREADABLE:
    case BYTESTAG_SKIP_N_REASONS:
    default:
      return _("cannot be read");
    }
}

static void
add (BytestagSkipList   *self,
     const char         *path,
     BytestagSkipReason  reason,
     const char         *words)
{
  BytestagSkippedFile *file;

  if (self->n_skipped[reason]++ >= BYTESTAG_LIMIT_SKIPPED_NAMED)
    return;

  file = g_new0 (BytestagSkippedFile, 1);
  file->path = g_strdup (path);
  file->reason = reason;
  file->words = g_strdup (words);
  g_ptr_array_add (self->files, file);
}

void
bytestag_skip_list_add (BytestagSkipList   *self,
                        const char         *path,
                        BytestagSkipReason  reason,
                        const GError       *problem)
{
  g_autofree char *shown = g_filename_display_name (path);

  add (self, shown, reason, problem != NULL ? problem->message : get_words (reason));
  if (problem != NULL && self->problem == NULL)
    self->problem = g_error_copy (problem);
}

void
bytestag_skip_list_add_list (BytestagSkipList       *self,
                             const BytestagSkipList *other)
{
  guint n_named[BYTESTAG_SKIP_N_REASONS] = { 0 };

  for (guint i = 0; i < other->files->len; i++)
    {
      const BytestagSkippedFile *file = g_ptr_array_index (other->files, i);

      add (self, file->path, file->reason, file->words);
      n_named[file->reason]++;
    }
  for (guint i = 0; i < BYTESTAG_SKIP_N_REASONS; i++)
    self->n_skipped[i] += other->n_skipped[i] - n_named[i];

  if (self->problem == NULL && other->problem != NULL)
    self->problem = g_error_copy (other->problem);
}

guint
bytestag_skip_list_get_n_skipped (const BytestagSkipList *self)
{
  guint n = 0;

  for (guint i = 0; i < BYTESTAG_SKIP_N_REASONS; i++)
    n += self->n_skipped[i];

  return n;
}

guint
bytestag_skip_list_get_n_problems (const BytestagSkipList *self)
{
  guint n = 0;

  for (guint i = BYTESTAG_SKIP_FIRST_PROBLEM; i < BYTESTAG_SKIP_N_REASONS; i++)
    n += self->n_skipped[i];

  return n;
}
