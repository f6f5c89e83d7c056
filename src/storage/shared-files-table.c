/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/shared-files-table.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/part-reader.h"
#include "storage/shared-infos.h"
#include "wire/file-info.h"

struct _BytestagSharedFilesTable
{
  GObject parent_instance;

  BytestagWorker *worker;
  BytestagLibraryStore *store;
  BytestagWorker *disk;
  GCancellable *cancellable;

  BytestagSharedParts *parts;
  BytestagSharedInfos *infos;
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

static BytestagSharedFile *
get_file (const BytestagSharedPart *part)
{
  return bytestag_shared_set_get_file (part->set, part->file);
}

static gboolean
find_part (BytestagSharedFilesTable *self, const BytestagKvpId *id, BytestagSharedPart *part)
{
  return bytestag_key_equal (&id->key, &id->index) && bytestag_shared_parts_find (self->parts, &id->key, part);
}

/* What goes by its own hash carries the time of its last publication, also before
 * the first one (0); other infos carry no time (A.1.4, "vals"). */
static void
fill_record (BytestagKvpRecord *record, const BytestagKvpId *id, gsize size, guint32 published)
{
  *record = (BytestagKvpRecord) {
    .id = *id,
    .size = size,
    .timestamp = published,
    .last_update = published,
    .has_timestamp = bytestag_key_equal (&id->key, &id->index),
    .is_original = TRUE,
  };
}

static void
fill_part_record (BytestagKvpRecord *record, const BytestagKvpId *id, const BytestagSharedPart *part)
{
  const BytestagSharedFile *file = get_file (part);

  fill_record (record, id, bytestag_shared_file_get_length (file, part->number), file->published);
}

static void
fill_info_record (BytestagKvpRecord *record, const BytestagSharedInfo *info)
{
  fill_record (record, &info->id, info->size, info->published);
}

/* @any: also what cannot be read now. */
static gboolean
look_up (BytestagSharedFilesTable *self, const BytestagKvpId *id, BytestagKvpRecord *record, gboolean any)
{
  const BytestagSharedInfo *info = bytestag_shared_infos_lookup (self->infos, id);
  BytestagSharedPart part;

  if (info == NULL && (!find_part (self, id, &part) || !(any || bytestag_shared_part_is_present (&part))))
    return FALSE;

  if (record != NULL && info != NULL)
    fill_info_record (record, info);
  else if (record != NULL)
    fill_part_record (record, id, &part);

  return TRUE;
}

static gboolean
bytestag_shared_files_table_lookup (BytestagKvpTable *table, const BytestagKvpId *id, BytestagKvpRecord *record)
{
  return look_up (BYTESTAG_SHARED_FILES_TABLE (table), id, record, FALSE);
}

static guint
bytestag_shared_files_table_visit_key (BytestagKvpTable     *table,
                                       const BytestagKey    *key,
                                       BytestagKvpVisitFunc  visit,
                                       gpointer              user_data)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (table);
  const BytestagSharedInfo *infos[BYTESTAG_LIMIT_INDICES_OF_KEY];
  guint n_infos = bytestag_shared_infos_list (self->infos, key, infos, G_N_ELEMENTS (infos));
  BytestagKvpId id = { *key, *key };
  BytestagSharedPart part;
  gboolean has_part = find_part (self, &id, &part) && bytestag_shared_part_is_present (&part);
  BytestagKvpRecord record;
  guint n_visited = 0;

  for (guint i = 0; (i < n_infos || has_part) && n_visited < BYTESTAG_LIMIT_INDICES_OF_KEY; n_visited++)
    {
      int order; /* of the info, seen from the part */

      if (i == n_infos)
        order = 1;
      else
        order = has_part ? bytestag_key_compare (&infos[i]->id.index, key) : -1;

      if (order <= 0)
        fill_info_record (&record, infos[i++]);
      else
        fill_part_record (&record, &id, &part);
      if (order >= 0)
        has_part = FALSE;

      visit (&record, user_data);
    }

  return n_visited;
}

static gboolean
bytestag_shared_files_table_can_keep (BytestagKvpTable *table, const BytestagKvpRecord *offer)
{
  return FALSE;
}

/* A read under way: of a part, or of an info in the store. */
typedef struct
{
  BytestagSharedFilesTable *table;
  BytestagPartReader *reader;
  BytestagSharedPart part;
  BytestagFileStamp stamp; /* that the file had when it began */

  BytestagLibraryStore *store;
  BytestagKvpId id;
  GBytes *bytes;
  GError *error;

  BytestagKvpReadFunc done;
  gpointer user_data;
} Read;

static void
read_free (Read *read)
{
  g_clear_pointer (&read->reader, bytestag_part_reader_free);
  g_clear_pointer (&read->part.set, bytestag_shared_set_unref);
  g_clear_pointer (&read->store, bytestag_library_store_unref);
  g_clear_pointer (&read->bytes, g_bytes_unref);
  g_clear_error (&read->error);
  g_object_unref (read->table);
  g_free (read);
}

static Read *
read_new (BytestagSharedFilesTable *self, const BytestagKvpId *id, BytestagKvpReadFunc done, gpointer user_data)
{
  Read *read = g_new0 (Read, 1);

  read->table = g_object_ref (self);
  read->id = *id;
  read->done = done;
  read->user_data = user_data;

  return read;
}

static void
read_part_job (gpointer job, GCancellable *cancellable)
{
  Read *read = job;

  bytestag_part_reader_run (read->reader, cancellable);
}

/* What the read told of the file, unless that was told to be another meanwhile. */
static void
note_read (BytestagSharedFilesTable *self, Read *read)
{
  const GError *error = bytestag_part_reader_get_error (read->reader);
  BytestagSharedFile *file;

  if (bytestag_shared_set_is_removed (read->part.set))
    return;

  file = get_file (&read->part);
  if (g_strcmp0 (file->path, bytestag_part_reader_get_path (read->reader)) != 0
      || !bytestag_file_stamp_equal (&file->stamp, &read->stamp))
    return;

  if (error == NULL)
    {
      bytestag_shared_file_set_checked (file, read->part.number);
    }
  else if (g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED)
           && file->state == BYTESTAG_SHARED_FILE_PRESENT)
    {
      file->state = bytestag_part_reader_is_gone (read->reader) ? BYTESTAG_SHARED_FILE_GONE
                                                                : BYTESTAG_SHARED_FILE_CHANGED;
      g_signal_emit (self, signals[FILE_CHANGED], 0, read->part.set, read->part.file);
    }
}

static void
read_part_done (gpointer job, gpointer user_data)
{
  Read *read = job;

  read->done (bytestag_part_reader_get_bytes (read->reader), bytestag_part_reader_get_error (read->reader),
              read->user_data);
  note_read (read->table, read);
  read_free (read);
}

static void
read_part (BytestagSharedFilesTable *self, const BytestagSharedPart *part, Read *read)
{
  const BytestagSharedFile *file = get_file (part);

  read->part = *part;
  bytestag_shared_set_ref (part->set);
  read->stamp = file->stamp;
  read->reader = bytestag_part_reader_new (file->path, &file->stamp, (guint64) part->number * BYTESTAG_PART_SIZE,
                                           bytestag_shared_file_get_length (file, part->number), &read->id.key,
                                           bytestag_shared_file_is_checked (file, part->number));
  bytestag_worker_run (self->worker, read_part_job, read, self->cancellable, read_part_done, NULL);
}

static void
read_info_job (gpointer job, GCancellable *cancellable)
{
  Read *read = job;

  read->bytes = bytestag_library_store_read_info (read->store, &read->id, &read->error);
}

static void
read_info_done (gpointer job, gpointer user_data)
{
  Read *read = job;

  read->done (read->bytes, read->error, read->user_data);
  read_free (read);
}

static void
read_info (BytestagSharedFilesTable *self, Read *read)
{
  read->store = bytestag_library_store_ref (self->store);
  bytestag_worker_run (self->disk, read_info_job, read, self->cancellable, read_info_done, NULL);
}

static void
bytestag_shared_files_table_read (BytestagKvpTable    *table,
                                  const BytestagKvpId *id,
                                  BytestagKvpReadFunc  done,
                                  gpointer             user_data)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (table);
  const BytestagSharedInfo *info = bytestag_shared_infos_lookup (self->infos, id);
  BytestagSharedPart part;

  if (info != NULL && info->bytes != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_ref (info->bytes);

      done (bytes, NULL, user_data);
    }
  else if (info != NULL && self->store != NULL)
    {
      read_info (self, read_new (self, id, done, user_data));
    }
  else if (find_part (self, id, &part) && bytestag_shared_part_is_present (&part))
    {
      read_part (self, &part, read_new (self, id, done, user_data));
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
  g_clear_object (&self->disk);

  G_OBJECT_CLASS (bytestag_shared_files_table_parent_class)->dispose (object);
}

static void
bytestag_shared_files_table_finalize (GObject *object)
{
  BytestagSharedFilesTable *self = BYTESTAG_SHARED_FILES_TABLE (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->store, bytestag_library_store_unref);
  g_clear_pointer (&self->parts, bytestag_shared_parts_free);
  g_clear_pointer (&self->infos, bytestag_shared_infos_free);

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
                                        NULL, NULL, G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_UINT);
}

static void
bytestag_shared_files_table_init (BytestagSharedFilesTable *self)
{
  self->cancellable = g_cancellable_new ();
  self->parts = bytestag_shared_parts_new ();
  self->infos = bytestag_shared_infos_new ();
}

BytestagSharedFilesTable *
bytestag_shared_files_table_new (BytestagWorker *worker)
{
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);

  return g_object_new (BYTESTAG_TYPE_SHARED_FILES_TABLE, "worker", worker, NULL);
}

void
bytestag_shared_files_table_set_store (BytestagSharedFilesTable *self,
                                       BytestagLibraryStore     *store,
                                       BytestagWorker           *disk)
{
  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (store == NULL || BYTESTAG_IS_WORKER (disk));

  g_clear_pointer (&self->store, bytestag_library_store_unref);
  self->store = store != NULL ? bytestag_library_store_ref (store) : NULL;
  g_set_object (&self->disk, disk);
}

BytestagSharedSet *
bytestag_shared_files_table_add_set (BytestagSharedFilesTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self), NULL);

  return bytestag_shared_parts_add_set (self->parts);
}

guint
bytestag_shared_files_table_add_file (BytestagSharedFilesTable *self,
                                      BytestagSharedSet        *set,
                                      gint64                    id,
                                      const char               *path,
                                      const BytestagFileStamp  *stamp)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self), 0);
  g_return_val_if_fail (set != NULL && path != NULL && stamp != NULL, 0);

  return bytestag_shared_parts_add_file (self->parts, set, id, path, stamp);
}

gboolean
bytestag_shared_files_table_add_part (BytestagSharedFilesTable *self,
                                      BytestagSharedSet        *set,
                                      const BytestagKey        *part)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self), FALSE);
  g_return_val_if_fail (set != NULL && part != NULL, FALSE);

  return bytestag_shared_parts_add_part (self->parts, set, part);
}

gboolean
bytestag_shared_files_table_remove_set (BytestagSharedFilesTable *self, BytestagSharedSet *set, guint max)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self), FALSE);
  g_return_val_if_fail (set != NULL, FALSE);

  return bytestag_shared_parts_remove_set (self->parts, set, max);
}

void
bytestag_shared_files_table_set_state (BytestagSharedFilesTable *self,
                                       BytestagSharedSet        *set,
                                       guint                     file,
                                       BytestagSharedFileState   state)
{
  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (set != NULL && file < bytestag_shared_set_get_n_files (set));

  bytestag_shared_set_get_file (set, file)->state = (guint8) state;
}

void
bytestag_shared_files_table_set_stamp (BytestagSharedFilesTable *self,
                                       BytestagSharedSet        *set,
                                       guint                     file,
                                       const char               *path,
                                       const BytestagFileStamp  *stamp)
{
  BytestagSharedFile *shared;

  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (set != NULL && file < bytestag_shared_set_get_n_files (set));
  g_return_if_fail (path != NULL && stamp != NULL);

  shared = bytestag_shared_set_get_file (set, file);
  g_return_if_fail (stamp->size == shared->stamp.size);

  if (g_strcmp0 (shared->path, path) != 0)
    {
      g_free (shared->path);
      shared->path = g_strdup (path);
    }
  shared->stamp = *stamp;
  shared->state = BYTESTAG_SHARED_FILE_PRESENT;
  bytestag_shared_file_forget_checked (shared);
}

void
bytestag_shared_files_table_add_value (BytestagSharedFilesTable *self,
                                       const BytestagKvpId      *id,
                                       gsize                     size,
                                       GBytes                   *bytes)
{
  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (id != NULL);

  bytestag_shared_infos_add (self->infos, id, (guint32) size, bytes);
}

void
bytestag_shared_files_table_remove_value (BytestagSharedFilesTable *self, const BytestagKvpId *id)
{
  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (id != NULL);

  bytestag_shared_infos_remove (self->infos, id);
}

void
bytestag_shared_files_table_set_published (BytestagSharedFilesTable *self, const BytestagKvpId *id, gint64 time)
{
  guint32 seconds = (guint32) CLAMP (time, 0, (gint64) G_MAXUINT32);
  BytestagSharedInfo *info;
  BytestagSharedPart part;

  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self));
  g_return_if_fail (id != NULL);

  info = bytestag_shared_infos_lookup (self->infos, id);
  if (info != NULL)
    info->published = seconds;
  if (find_part (self, id, &part))
    get_file (&part)->published = seconds;
}

gboolean
bytestag_shared_files_table_describe (BytestagSharedFilesTable *self,
                                      const BytestagKvpId      *id,
                                      BytestagKvpRecord        *record)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  return look_up (self, id, record, TRUE);
}

char *
bytestag_shared_files_table_dup_path (BytestagSharedFilesTable *self, const BytestagKvpId *id)
{
  BytestagSharedPart part;

  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  return find_part (self, id, &part) ? g_strdup (get_file (&part)->path) : NULL;
}
