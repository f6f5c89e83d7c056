/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/known-files.h"

#include <string.h>

typedef struct {
  BytestagFileStamp stamp;
  BytestagKey hash;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  gsize first_part; /* of all parts */
  guint n_parts;
} Known;

struct _BytestagKnownFiles
{
  gatomicrefcount ref_count;
  GHashTable *files; /* (element-type Known) */
  GArray *parts;     /* (element-type BytestagKey) of all files, one array instead of one for each */
};

static guint
hash_stamp (gconstpointer data)
{
  const BytestagFileStamp *stamp = data;
  guint64 mixed = stamp->inode * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) ^ stamp->device ^ (guint64) stamp->mtime;

  return (guint) (mixed ^ (mixed >> 32));
}

static gboolean
equal_stamps (gconstpointer a,
              gconstpointer b)
{
  return bytestag_file_stamp_equal (a, b);
}

BytestagKnownFiles *
bytestag_known_files_new (void)
{
  BytestagKnownFiles *self = g_new0 (BytestagKnownFiles, 1);

  g_atomic_ref_count_init (&self->ref_count);
  /* The stamp is the first field: each entry is its own key. */
  self->files = g_hash_table_new_full (hash_stamp, equal_stamps, g_free, NULL);
  self->parts = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  return self;
}

BytestagKnownFiles *
bytestag_known_files_ref (BytestagKnownFiles *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
bytestag_known_files_unref (BytestagKnownFiles *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_hash_table_unref (self->files);
  g_array_unref (self->parts);
  g_free (self);
}

static guint64
count_parts (guint64 size)
{
  return size == 0 ? 1 : size / BYTESTAG_PART_SIZE + (size % BYTESTAG_PART_SIZE != 0);
}

void
bytestag_known_files_add (BytestagKnownFiles      *self,
                          const BytestagFileStamp *stamp,
                          const BytestagKey       *hash,
                          const guint8            *sha256,
                          const BytestagKey       *parts,
                          guint                    n_parts)
{
  Known *known;

  if (n_parts != count_parts (stamp->size))
    return;

  known = g_new0 (Known, 1);
  known->stamp = *stamp;
  known->hash = *hash;
  memcpy (known->sha256, sha256, sizeof known->sha256);
  known->first_part = self->parts->len;
  known->n_parts = n_parts;
  g_array_append_vals (self->parts, parts, n_parts);
  g_hash_table_add (self->files, known);
}

gboolean
bytestag_known_files_lookup (BytestagKnownFiles      *self,
                             const BytestagFileStamp *stamp,
                             BytestagFileDigest      *digest)
{
  const Known *known = g_hash_table_lookup (self->files, stamp);

  if (known == NULL)
    return FALSE;

  digest->parts = g_array_sized_new (FALSE, FALSE, sizeof (BytestagKey), known->n_parts);
  g_array_append_vals (digest->parts, &g_array_index (self->parts, BytestagKey, known->first_part), known->n_parts);
  digest->hash = known->hash;
  memcpy (digest->sha256, known->sha256, sizeof digest->sha256);
  digest->size = stamp->size;
  return TRUE;
}
