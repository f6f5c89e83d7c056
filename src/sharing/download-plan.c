/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/download-plan.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/safe-name.h"

static void
plan_file_clear (gpointer data)
{
  BytestagPlanFile *file = data;

  g_clear_object (&file->info);
  g_clear_pointer (&file->filename, g_strfreev);
}

static gboolean
set_unsafe (GError     **error,
            const char  *name,
            GError      *reason)
{
  g_autofree char *shown = bytestag_name_for_display (name);
  g_autoptr (GError) owned = reason;

  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME,
               _("The collection holds a name that is not safe, so nothing was written: “%s”: %s"),
               shown, owned->message);
  return FALSE;
}

/* (transfer full) the name of a file that has none: its hash. */
static char **
take_filename (BytestagFileInfo *info)
{
  const char * const *filename = bytestag_file_info_get_filename (info);
  g_autofree char *name = NULL;

  if (filename != NULL && filename[0] != NULL)
    return g_strdupv ((char **) filename);

  name = bytestag_key_to_hex (bytestag_file_info_get_hash (info));
  return g_strdupv ((char *[]) { name, NULL });
}

static gboolean
add_file (BytestagDownloadPlan  *self,
          BytestagFileInfo      *info,
          GError               **error)
{
  BytestagPlanFile file = { 0 };
  GError *reason = NULL;
  BytestagKey nothing;
  const BytestagKey *parts = bytestag_file_info_get_parts (info, &file.n_parts);
  guint64 size = bytestag_file_info_get_size (info);

  bytestag_key_digest (&nothing, "", 0);
  if (size == 0 && file.n_parts == 1 && bytestag_key_equal (&parts[0], &nothing))
    file.n_parts = 0;

  if (!bytestag_file_info_check (info, error))
    return FALSE;

  file.info = g_object_ref (info);
  file.filename = take_filename (info);
  file.has_size = size != 0 || file.n_parts == 0;
  file.size = size;
  g_array_append_val (self->files, file);
  self->size += file.has_size ? size : (guint64) file.n_parts * BYTESTAG_PART_SIZE;

  if (!bytestag_safe_path_check ((const char * const *) file.filename, &reason))
    {
      g_autofree char *path = g_strjoinv ("/", file.filename);

      return set_unsafe (error, path, reason);
    }

  return TRUE;
}

static int
compare_paths (gconstpointer a,
               gconstpointer b)
{
  char **one = (*(const BytestagPlanFile * const *) a)->filename;
  char **other = (*(const BytestagPlanFile * const *) b)->filename;

  for (;; one++, other++)
    {
      int order;

      if (*one == NULL || *other == NULL)
        return (*one != NULL) - (*other != NULL);
      order = strcmp (*one, *other);
      if (order != 0)
        return order;
    }
}

/* Whether @path is @other, or lies in it as if it were a folder. */
static gboolean
is_at_or_below (char **path,
                char **other)
{
  for (; *other != NULL; path++, other++)
    {
      if (*path == NULL || strcmp (*path, *other) != 0)
        return FALSE;
    }

  return TRUE;
}

static gboolean
check_paths (BytestagDownloadPlan  *self,
             GError               **error)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_sized_new (self->files->len);

  for (guint i = 0; i < self->files->len; i++)
    g_ptr_array_add (sorted, &g_array_index (self->files, BytestagPlanFile, i));
  g_ptr_array_sort (sorted, compare_paths);

  for (guint i = 1; i < sorted->len; i++)
    {
      const BytestagPlanFile *before = g_ptr_array_index (sorted, i - 1);
      const BytestagPlanFile *file = g_ptr_array_index (sorted, i);

      /* By element, what lies in a folder directly follows it. */
      if (is_at_or_below (file->filename, before->filename))
        {
          g_autofree char *path = g_strjoinv ("/", before->filename);
          g_autofree char *shown = bytestag_name_for_display (path);

          g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME,
                       _("The collection holds “%s” twice, so nothing was written"), shown);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
add_pieces (BytestagDownloadPlan  *self,
            GError               **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new (bytestag_key_hash, bytestag_key_equal);

  for (guint i = 0; i < self->files->len; i++)
    {
      const BytestagPlanFile *file = &g_array_index (self->files, BytestagPlanFile, i);
      guint n_parts;
      const BytestagKey *parts = bytestag_file_info_get_parts (file->info, &n_parts);

      if (self->places->len + file->n_parts > BYTESTAG_LIMIT_COLLECTION_PARTS)
        {
          g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                               _("The collection has too many pieces"));
          return FALSE;
        }
      for (guint j = 0; j < file->n_parts; j++)
        {
          guint number = GPOINTER_TO_UINT (g_hash_table_lookup (known, &parts[j]));
          BytestagPlanPlace place = { i, j, BYTESTAG_PLAN_NO_PLACE };

          if (number == 0)
            {
              BytestagPlanPiece piece = { parts[j], self->places->len };

              g_array_append_val (self->pieces, piece);
              g_hash_table_insert (known, (gpointer) &parts[j], GUINT_TO_POINTER (self->pieces->len));
            }
          else
            {
              BytestagPlanPiece *piece = &g_array_index (self->pieces, BytestagPlanPiece, number - 1);

              place.next = piece->first_place;
              piece->first_place = self->places->len;
            }
          g_array_append_val (self->places, place);
        }
    }

  return TRUE;
}

BytestagDownloadPlan *
bytestag_download_plan_new (GPtrArray          *files,
                            const char         *name,
                            const BytestagKey  *key,
                            GError            **error)
{
  g_autoptr (BytestagDownloadPlan) self = g_new0 (BytestagDownloadPlan, 1);
  const BytestagPlanPlace none = { 0 };
  const BytestagPlanFile *first;
  GError *reason = NULL;

  self->files = g_array_sized_new (FALSE, FALSE, sizeof (BytestagPlanFile), files->len);
  self->pieces = g_array_new (FALSE, FALSE, sizeof (BytestagPlanPiece));
  self->places = g_array_new (FALSE, FALSE, sizeof (BytestagPlanPlace));
  g_array_set_clear_func (self->files, plan_file_clear);
  g_array_append_val (self->places, none);

  for (guint i = 0; i < files->len; i++)
    {
      if (!add_file (self, g_ptr_array_index (files, i), error))
        return NULL;
    }
  if (self->files->len == 0)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("The collection is empty"));
      return NULL;
    }
  if (!check_paths (self, error) || !add_pieces (self, error))
    return NULL;

  first = &g_array_index (self->files, BytestagPlanFile, 0);
  /* A folder that holds one file comes back as a folder. */
  self->single = self->files->len == 1 && first->filename[1] == NULL &&
                 (name == NULL || strcmp (name, first->filename[0]) == 0);
  if (self->single)
    self->name = g_strdup (first->filename[0]);
  else
    self->name = name != NULL ? g_strdup (name) : bytestag_key_to_base32 (key);
  if (!bytestag_safe_name_check (self->name, &reason))
    {
      set_unsafe (error, self->name, reason);
      return NULL;
    }
  /* Fetched into a home folder, a hidden file could be one that a shell or the desktop obeys. */
  if (self->name[0] == '.')
    self->name[0] = '_';

  return g_steal_pointer (&self);
}

void
bytestag_download_plan_free (BytestagDownloadPlan *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->files, g_array_unref);
  g_clear_pointer (&self->pieces, g_array_unref);
  g_clear_pointer (&self->places, g_array_unref);
  g_clear_pointer (&self->name, g_free);
  g_free (self);
}

gboolean
bytestag_download_plan_check_length (BytestagDownloadPlan *self,
                                     guint                 piece,
                                     gsize                 length)
{
  guint number = g_array_index (self->pieces, BytestagPlanPiece, piece).first_place;

  while (number != BYTESTAG_PLAN_NO_PLACE)
    {
      const BytestagPlanPlace *place = &g_array_index (self->places, BytestagPlanPlace, number);
      const BytestagPlanFile *file = &g_array_index (self->files, BytestagPlanFile, place->file);
      gboolean last = place->part + 1 == file->n_parts;

      if (!last && length != BYTESTAG_PART_SIZE)
        return FALSE;
      if (last && file->has_size && length != file->size - (guint64) place->part * BYTESTAG_PART_SIZE)
        return FALSE;
      if (last && (length == 0 || length > BYTESTAG_PART_SIZE))
        return FALSE;
      number = place->next;
    }

  return TRUE;
}
