/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/shared-files-table.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/part-reader.h"

/* A file that is shared, with its parts. The info holds the hashes: nothing here
 * copies them, since there may be a million. */
typedef struct
{
  char *path;
  BytestagFileStamp stamp;
  BytestagFileInfo *info;
  const BytestagKey *parts; /* of info */
  guint n_parts;
  guint32 *published; /* unix seconds, for each part; 0: never */
  guint n_added;
} File;

/* An info value, held in memory. */
typedef struct
{
  BytestagKvpId id;
  GBytes *bytes;
  gdouble published;
  guint n_added;
} Value;

struct _BytestagSharedFilesTable
{
  GObject parent_instance;

  BytestagWorker *worker;
  GCancellable *cancellable;

  GHashTable *files; /* (element-type utf8 File) */
  /* Which file serves a part: the key points into the file's own parts, so that
   * the difference is the number of the part and an entry is two pointers. */
  GHashTable *parts; /* (element-type BytestagKey File) */
  /* Other files with a part that is served already, in order of adding. */
  GHashTable *spares; /* (element-type BytestagKey GPtrArray<File>) */
  GTree *values;      /* (element-type Value) by id; owns them */
};

enum {
  PROP_0,
  PROP_WORKER,
  N_PROPS
};

enum {
  FILE_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void bytestag_shared_files_table_table_init (BytestagKvpTableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagSharedFilesTable, bytestag_shared_files_table, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_KVP_TABLE,
                                                      bytestag_shared_files_table_table_init))

static void
file_free (gpointer data)
{
  File *file = data;

  g_free (file->path);
  g_clear_object (&file->info);
  g_free (file->published);
  g_free (file);
}

static guint64
file_get_part_offset (const File *file, guint number)
{
  return (guint64) number * BYTESTAG_PART_SIZE;
}

static gsize
file_get_part_length (const File *file, guint number)
{
  return MIN (file->stamp.size - file_get_part_offset (file, number), BYTESTAG_PART_SIZE);
}

static void
value_free (gpointer data)
{
  Value *value = data;

  g_bytes_unref (value->bytes);
  g_free (value);
}

static int
compare_ids (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return bytestag_kvp_id_compare (a, b);
}

/* The file that serves a part, and which of its parts it is. */
static File *
find_part (BytestagSharedFilesTable *self, const BytestagKey *key, guint *number)
{
  gpointer part;
  gpointer file;

  if (!g_hash_table_lookup_extended (self->parts, key, &part, &file))
    return NULL;

  *number = (const BytestagKey *) part - ((File *) file)->parts;

  return file;
}

static File *
find_part_by_id (BytestagSharedFilesTable *self, const BytestagKvpId *id, guint *number)
{
  return bytestag_key_equal (&id->key, &id->index) ? find_part (self, &id->key, number) : NULL;
}

/* What goes by its own hash carries the time of its last publication, also before
 * the first one (0); other infos carry no time (A.1.4, "vals"). */
static void
fill_record (BytestagKvpRecord *record, const BytestagKvpId *id, gsize size, gdouble published)
{
  *record = (BytestagKvpRecord) {
    .id = *id,
    .size = size,
    .timestamp = (gint64) published,
    .last_update = published,
    .has_timestamp = bytestag_key_equal (&id->key, &id->index),
    .is_original = TRUE,
  };
}

static void
fill_part_record (BytestagKvpRecord *record, const File *file, guint number)
{
  BytestagKvpId id = { .key = file->parts[number], .index = file->parts[number] };

  fill_record (record, &id, file_get_part_length (file, number), file->published[number]);
}

static void
fill_value_record (BytestagKvpRecord *record, const Value *value)
{
  fill_record (record, &value->id, g_bytes_get_size (value->bytes), value->published);
}

static gboolean
bytestag_shared_files_table_lookup (BytestagKvpTable *table, const BytestagKvpId *id, BytestagKvpRecord *record)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (table);
  const Value *value = g_tree_lookup (self->values, id);
  const File *file = NULL;
  guint number;

  if (value == NULL && (file = find_part_by_id (self, id, &number)) == NULL)
    return FALSE;

  if (record != NULL && value != NULL)
    fill_value_record (record, value);
  else if (record != NULL)
    fill_part_record (record, file, number);

  return TRUE;
}

static guint
bytestag_shared_files_table_visit_key (BytestagKvpTable     *table,
                                       const BytestagKey    *key,
                                       BytestagKvpVisitFunc  visit,
                                       gpointer              user_data)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (table);
  BytestagKvpId first = { .key = *key };
  GTreeNode *node = g_tree_lower_bound (self->values, &first);
  guint number = 0;
  const File *file = find_part (self, key, &number);
  BytestagKvpRecord record;
  guint n_visited = 0;

  while (n_visited < BYTESTAG_LIMIT_INDICES_OF_KEY)
    {
      const Value *value = node != NULL ? g_tree_node_value (node) : NULL;
      int order; /* of the value, seen from the part */

      if (value != NULL && !bytestag_key_equal (&value->id.key, key))
        value = NULL;
      if (value == NULL && file == NULL)
        break;

      if (value == NULL)
        order = 1;
      else
        order = file == NULL ? -1 : bytestag_key_compare (&value->id.index, key);

      if (order <= 0)
        {
          fill_value_record (&record, value);
          node = g_tree_node_next (node);
        }
      else
        {
          fill_part_record (&record, file, number);
        }
      if (order >= 0)
        file = NULL;

      visit (&record, user_data);
      n_visited++;
    }

  return n_visited;
}

static gboolean
bytestag_shared_files_table_can_keep (BytestagKvpTable *table, const BytestagKvpRecord *offer)
{
  return FALSE;
}

/* A read under way. */
typedef struct
{
  BytestagSharedFilesTable *table;
  BytestagPartReader *reader;
  BytestagKvpReadFunc done;
  gpointer user_data;
} Read;

static void
read_part_job (gpointer job, GCancellable *cancellable)
{
  Read *read = job;

  bytestag_part_reader_run (read->reader, cancellable);
}

static void
read_part_done (gpointer job, gpointer user_data)
{
  Read *read = job;
  BytestagSharedFilesTable *self = read->table;
  const GError *error = bytestag_part_reader_get_error (read->reader);

  read->done (bytestag_part_reader_get_bytes (read->reader), error, read->user_data);
  if (g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED))
    g_signal_emit (self, signals[FILE_CHANGED], 0, bytestag_part_reader_get_path (read->reader));

  bytestag_part_reader_free (read->reader);
  g_free (read);
  g_object_unref (self);
}

static void
read_part (BytestagSharedFilesTable *self,
           const File               *file,
           guint                     number,
           BytestagKvpReadFunc       done,
           gpointer                  user_data)
{
  Read *read = g_new0 (Read, 1);

  read->table = g_object_ref (self);
  read->reader = bytestag_part_reader_new (file->path, &file->stamp, file_get_part_offset (file, number),
                                           file_get_part_length (file, number), &file->parts[number]);
  read->done = done;
  read->user_data = user_data;
  bytestag_worker_run (self->worker, read_part_job, read, self->cancellable, read_part_done, NULL);
}

static void
bytestag_shared_files_table_read (BytestagKvpTable    *table,
                                  const BytestagKvpId *id,
                                  BytestagKvpReadFunc  done,
                                  gpointer             user_data)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (table);
  const Value *value = g_tree_lookup (self->values, id);
  const File *file;
  guint number;

  if (value != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_ref (value->bytes);

      done (bytes, NULL, user_data);
    }
  else if ((file = find_part_by_id (self, id, &number)) != NULL)
    {
      read_part (self, file, number, done, user_data);
    }
  else
    {
      g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND,
                                                      _("The value is not shared here"));

      done (NULL, error, user_data);
    }
}

static void
bytestag_shared_files_table_write (BytestagKvpTable        *table,
                                   const BytestagKvpRecord *record,
                                   GBytes                  *value,
                                   BytestagKvpWriteFunc     done,
                                   gpointer                 user_data)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED,
                                                  _("Values of others are not kept among shared files"));

  if (done != NULL)
    done (error, user_data);
}

static gboolean
bytestag_shared_files_table_remove (BytestagKvpTable *table, const BytestagKvpId *id)
{
  return FALSE;
}

/* Nothing is kept for others here. */

static gboolean
bytestag_shared_files_table_update (BytestagKvpTable *table, const BytestagKvpRecord *record)
{
  return FALSE;
}

static guint
bytestag_shared_files_table_visit_kept (BytestagKvpTable     *table,
                                        const BytestagKvpId  *after,
                                        guint                 max,
                                        BytestagKvpVisitFunc  visit,
                                        gpointer              user_data)
{
  return 0;
}

static guint
bytestag_shared_files_table_count_kept (BytestagKvpTable *table)
{
  return 0;
}

static gboolean
bytestag_shared_files_table_expire (BytestagKvpTable *table, gint64 now)
{
  return FALSE;
}

static void
bytestag_shared_files_table_set_center (BytestagKvpTable *table, const BytestagKey *node_id)
{
}

static void
bytestag_shared_files_table_table_init (BytestagKvpTableInterface *iface)
{
  iface->lookup = bytestag_shared_files_table_lookup;
  iface->visit_key = bytestag_shared_files_table_visit_key;
  iface->can_keep = bytestag_shared_files_table_can_keep;
  iface->read = bytestag_shared_files_table_read;
  iface->write = bytestag_shared_files_table_write;
  iface->remove = bytestag_shared_files_table_remove;
  iface->update = bytestag_shared_files_table_update;
  iface->visit_kept = bytestag_shared_files_table_visit_kept;
  iface->count_kept = bytestag_shared_files_table_count_kept;
  iface->expire = bytestag_shared_files_table_expire;
  iface->set_center = bytestag_shared_files_table_set_center;
}

static void
bytestag_shared_files_table_dispose (GObject *object)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->worker);

  G_OBJECT_CLASS (bytestag_shared_files_table_parent_class)->dispose (object);
}

static void
bytestag_shared_files_table_finalize (GObject *object)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->spares, g_hash_table_unref);
  g_clear_pointer (&self->parts, g_hash_table_unref);
  g_clear_pointer (&self->files, g_hash_table_unref);
  g_clear_pointer (&self->values, g_tree_unref);

  G_OBJECT_CLASS (bytestag_shared_files_table_parent_class)->finalize (object);
}

static void
bytestag_shared_files_table_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (object);

  switch (prop_id)
    {
    case PROP_WORKER:
      self->worker = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_shared_files_table_class_init (BytestagSharedFilesTableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_shared_files_table_dispose;
  object_class->finalize = bytestag_shared_files_table_finalize;
  object_class->set_property = bytestag_shared_files_table_set_property;

  properties[PROP_WORKER] =
    g_param_spec_object ("worker", NULL, NULL, BYTESTAG_TYPE_WORKER,
                         G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[FILE_CHANGED] = g_signal_new ("file-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
bytestag_shared_files_table_init (BytestagSharedFilesTable *self)
{
  self->cancellable = g_cancellable_new ();
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, file_free);
  self->parts = g_hash_table_new (bytestag_key_hash, bytestag_key_equal);
  self->spares = g_hash_table_new_full (bytestag_key_hash, bytestag_key_equal,
                                        (GDestroyNotify) bytestag_key_free, (GDestroyNotify) g_ptr_array_unref);
  self->values = g_tree_new_full (compare_ids, NULL, NULL, value_free);
}

BytestagSharedFilesTable *
bytestag_shared_files_table_new (BytestagWorker *worker)
{
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);

  return g_object_new (BYTESTAG_TYPE_SHARED_FILES_TABLE, "worker", worker, NULL);
}

static void
add_spare (BytestagSharedFilesTable *self, const BytestagKey *key, File *file)
{
  GPtrArray *files = g_hash_table_lookup (self->spares, key);

  if (files == NULL)
    {
      files = g_ptr_array_new ();
      g_hash_table_insert (self->spares, bytestag_key_copy (key), files);
    }

  /* A file's own repetitions come one after another. */
  if (files->len == 0 || g_ptr_array_index (files, files->len - 1) != file)
    g_ptr_array_add (files, file);
}

static void
remove_spare (BytestagSharedFilesTable *self, const BytestagKey *key, File *file)
{
  GPtrArray *files = g_hash_table_lookup (self->spares, key);
  guint position;

  if (files == NULL || !g_ptr_array_find (files, file, &position))
    return;

  g_ptr_array_remove_index (files, position);
  if (files->len == 0)
    g_hash_table_remove (self->spares, key);
}

static void
add_parts (BytestagSharedFilesTable *self, File *file)
{
  for (guint i = 0; i < file->n_parts; i++)
    {
      File *server = g_hash_table_lookup (self->parts, &file->parts[i]);

      if (server == NULL)
        g_hash_table_insert (self->parts, (gpointer) &file->parts[i], file);
      else if (server != file)
        add_spare (self, &file->parts[i], file);
    }
}

/* Another file takes a part over, with the time when it was last published. @number:
 * of the part in the file that goes, where a copy of it has the part too. */
static void
hand_part_over (BytestagSharedFilesTable *self, const BytestagKey *key, guint number, guint32 published)
{
  GPtrArray *files = g_hash_table_lookup (self->spares, key);
  File *heir;

  if (files == NULL)
    {
      g_hash_table_remove (self->parts, key);
      return;
    }

  heir = g_ptr_array_index (files, 0);
  if (number >= heir->n_parts || !bytestag_key_equal (&heir->parts[number], key))
    number = 0;
  while (!bytestag_key_equal (&heir->parts[number], key))
    number++;

  heir->published[number] = published;
  g_hash_table_replace (self->parts, (gpointer) &heir->parts[number], heir);
  remove_spare (self, key, heir);
}

static void
remove_parts (BytestagSharedFilesTable *self, File *file)
{
  for (guint i = 0; i < file->n_parts; i++)
    {
      if (g_hash_table_lookup (self->parts, &file->parts[i]) == file)
        hand_part_over (self, &file->parts[i], i, file->published[i]);
      else
        remove_spare (self, &file->parts[i], file);
    }
}

void
bytestag_shared_files_table_add_file (BytestagSharedFilesTable *self,
                                      const char               *path,
                                      const BytestagFileStamp  *stamp,
                                      BytestagFileInfo         *info)
{
  File *old;
  File *file;
  const BytestagKey *parts;
  guint n_parts;

  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (path != NULL);
  g_return_if_fail (stamp != NULL);
  g_return_if_fail (BYTESTAG_IS_FILE_INFO (info));

  parts = bytestag_file_info_get_parts (info, &n_parts);
  g_return_if_fail (n_parts == MAX (1, (stamp->size + BYTESTAG_PART_SIZE - 1) / BYTESTAG_PART_SIZE));

  old = g_hash_table_lookup (self->files, path);
  if (old != NULL && memcmp (&old->stamp, stamp, sizeof *stamp) == 0)
    {
      old->n_added++;
      return;
    }

  file = g_new0 (File, 1);
  file->path = g_strdup (path);
  file->stamp = *stamp;
  file->info = g_object_ref (info);
  file->parts = parts;
  file->n_parts = n_parts;
  file->published = g_new0 (guint32, n_parts);
  file->n_added = old != NULL ? old->n_added + 1 : 1;

  /* What was hashed of the file before is not there any more. */
  if (old != NULL)
    remove_parts (self, old);
  g_hash_table_replace (self->files, file->path, file);
  add_parts (self, file);
}

void
bytestag_shared_files_table_remove_file (BytestagSharedFilesTable *self, const char *path)
{
  File *file;

  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (path != NULL);

  file = g_hash_table_lookup (self->files, path);
  if (file == NULL || --file->n_added > 0)
    return;

  remove_parts (self, file);
  g_hash_table_remove (self->files, path);
}

void
bytestag_shared_files_table_add_value (BytestagSharedFilesTable *self, const BytestagKvpId *id, GBytes *bytes)
{
  Value *value;

  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (id != NULL && bytes != NULL);

  value = g_tree_lookup (self->values, id);
  if (value == NULL)
    {
      value = g_new0 (Value, 1);
      value->id = *id;
      value->bytes = g_bytes_ref (bytes);
      g_tree_insert (self->values, &value->id, value);
    }

  value->n_added++;
}

void
bytestag_shared_files_table_remove_value (BytestagSharedFilesTable *self, const BytestagKvpId *id)
{
  Value *value;

  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (id != NULL);

  value = g_tree_lookup (self->values, id);
  if (value != NULL && --value->n_added == 0)
    g_tree_remove (self->values, id);
}

void
bytestag_shared_files_table_set_published (BytestagSharedFilesTable *self, const BytestagKvpId *id, gint64 time)
{
  Value *value;
  File *file;
  guint number;

  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (id != NULL);

  value = g_tree_lookup (self->values, id);
  if (value != NULL)
    value->published = time;

  file = find_part_by_id (self, id, &number);
  if (file != NULL)
    file->published[number] = (guint32) CLAMP (time, 0, (gint64) G_MAXUINT32);
}
