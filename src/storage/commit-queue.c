/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/commit-queue.h"

#include "core/limits.h"

struct _BytestagCommitQueue
{
  GArray *changes;      /* (element-type BytestagKeptChange) */
  GHashTable *latest;   /* id → position of its last change + 1; looked up only */
  gsize n_bytes;
};

static void
clear_change (gpointer data)
{
  BytestagKeptChange *change = data;

  g_clear_pointer (&change->value, g_bytes_unref);
}

static GArray *
make_changes (void)
{
  GArray *changes = g_array_new (FALSE, FALSE, sizeof (BytestagKeptChange));

  g_array_set_clear_func (changes, clear_change);

  return changes;
}

BytestagCommitQueue *
bytestag_commit_queue_new (void)
{
  BytestagCommitQueue *self = g_new0 (BytestagCommitQueue, 1);

  self->changes = make_changes ();
  self->latest = g_hash_table_new_full (bytestag_kvp_id_hash, bytestag_kvp_id_equal, g_free, NULL);

  return self;
}

void
bytestag_commit_queue_free (BytestagCommitQueue *self)
{
  g_hash_table_unref (self->latest);
  g_array_unref (self->changes);
  g_free (self);
}

static gsize
get_size (const BytestagKeptChange *change)
{
  return change->value != NULL ? g_bytes_get_size (change->value) : 0;
}

static void
append (BytestagCommitQueue *self, const BytestagKeptChange *change)
{
  g_array_append_vals (self->changes, change, 1);
  g_hash_table_replace (self->latest, bytestag_kvp_id_copy (&change->record.id), GUINT_TO_POINTER (self->changes->len));
  self->n_bytes += get_size (change);
}

/* Whether an update may go into what already waits for its value. */
static gboolean
merge (BytestagCommitQueue *self, const BytestagKeptChange *update)
{
  guint position = GPOINTER_TO_UINT (g_hash_table_lookup (self->latest, &update->record.id));
  BytestagKeptChange *waiting;
  guint64 size;

  if (position == 0)
    return FALSE;

  waiting = &g_array_index (self->changes, BytestagKeptChange, position - 1);
  if (waiting->kind == BYTESTAG_KEPT_REMOVE || (waiting->done != NULL && update->done != NULL))
    return FALSE;

  size = waiting->record.size;
  waiting->record = update->record;
  waiting->record.size = size;
  if (update->done != NULL)
    {
      waiting->done = update->done;
      waiting->user_data = update->user_data;
    }

  return TRUE;
}

void
bytestag_commit_queue_push (BytestagCommitQueue     *self,
                            BytestagKeptChangeKind   kind,
                            const BytestagKvpRecord *record,
                            GBytes                  *value,
                            BytestagKvpWriteFunc     done,
                            gpointer                 user_data)
{
  BytestagKeptChange change = { kind, *record, NULL, done, user_data };

  if (kind == BYTESTAG_KEPT_UPDATE && merge (self, &change))
    return;

  if (value != NULL)
    change.value = g_bytes_ref (value);
  append (self, &change);
}

guint
bytestag_commit_queue_get_n (BytestagCommitQueue *self)
{
  return self->changes->len;
}

gsize
bytestag_commit_queue_get_n_bytes (BytestagCommitQueue *self)
{
  return self->n_bytes;
}

gboolean
bytestag_commit_queue_is_group (BytestagCommitQueue *self)
{
  return self->n_bytes >= BYTESTAG_LIMIT_GROUP_BYTES || self->changes->len >= BYTESTAG_LIMIT_GROUP_CHANGES;
}

/* All that waits, in a new order of positions. */
static void
take_over (BytestagCommitQueue *self, const GArray *changes, guint first)
{
  for (guint i = first; i < changes->len; i++)
    {
      BytestagKeptChange change = g_array_index (changes, BytestagKeptChange, i);

      if (change.value != NULL)
        g_bytes_ref (change.value);
      append (self, &change);
    }
}

static GArray *
empty (BytestagCommitQueue *self)
{
  GArray *changes = g_steal_pointer (&self->changes);

  self->changes = make_changes ();
  g_hash_table_remove_all (self->latest);
  self->n_bytes = 0;

  return changes;
}

GArray *
bytestag_commit_queue_take (BytestagCommitQueue *self, guint max)
{
  GArray *changes = empty (self);
  gsize n_bytes = 0;
  guint n;

  max = MIN (max, MIN (changes->len, BYTESTAG_LIMIT_GROUP_CHANGES));
  for (n = 0; n < max && n_bytes < BYTESTAG_LIMIT_GROUP_BYTES; n++)
    n_bytes += get_size (&g_array_index (changes, BytestagKeptChange, n));

  take_over (self, changes, n);
  if (n < changes->len)
    g_array_remove_range (changes, n, changes->len - n);

  return changes;
}

void
bytestag_commit_queue_put_back (BytestagCommitQueue *self, const GArray *changes)
{
  g_autoptr (GArray) later = empty (self);

  for (guint i = 0; i < changes->len; i++)
    {
      const BytestagKeptChange *change = &g_array_index (changes, BytestagKeptChange, i);

      if (change->kind != BYTESTAG_KEPT_WRITE)
        bytestag_commit_queue_push (self, change->kind, &change->record, NULL, NULL, NULL);
    }
  take_over (self, later, 0);
}
