/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "sharing/collection-builder.h"
#include "sharing/folder-walk.h"
#include "sharing/publisher.h"
#include "sharing/share-private.h"
#include "sharing/sharing-private.h"
#include "wire/safe-name.h"

/* Copies (B.3). */
#define DEFAULT_COPIES 4
#define MAX_COPIES 20

struct _BytestagLibrary
{
  GObject parent_instance;

  BytestagReactor *reactor;
  BytestagSharedFilesTable *table;
  BytestagWorker *worker;
  BytestagPublisher *publisher;

  GPtrArray *shares; /* (element-type BytestagShare) */
  GPtrArray *link_peers;
  guint copies;
  BytestagTimer flush_timer;
};

typedef struct {
  GPtrArray *files; /* (element-type BytestagFileInfo) */
  char *name;
  char *comment;
  BytestagBuiltCollection *built;
  GArray *pieces; /* (element-type BytestagKvpId) */
  GError *error;

  BytestagLibrary *library;
  BytestagShare *share;
} BuildJob;

typedef struct {
  BytestagLibrary *library;
  BytestagShare *share;
  char **paths;
} Beginning;

static void bytestag_library_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagLibrary, bytestag_library, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, bytestag_library_list_model_init))

static GType
bytestag_library_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_SHARE;
}

static guint
bytestag_library_get_n_items (GListModel *model)
{
  return BYTESTAG_LIBRARY (model)->shares->len;
}

static gpointer
bytestag_library_get_item (GListModel *model,
                           guint       position)
{
  BytestagLibrary *self = BYTESTAG_LIBRARY (model);

  return position < self->shares->len ? g_object_ref (g_ptr_array_index (self->shares, position)) : NULL;
}

static void
bytestag_library_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = bytestag_library_get_item_type;
  iface->get_n_items = bytestag_library_get_n_items;
  iface->get_item = bytestag_library_get_item;
}

static gboolean
is_moving (BytestagShare *share)
{
  return share->state == BYTESTAG_SHARE_HASHING ||
         (share->publication != NULL &&
          bytestag_publication_get_phase (share->publication) != BYTESTAG_PUBLICATION_COMPLETE);
}

/* One timer tells of all progress; it rests when nothing moves. */
static void
flush_cb (gpointer user_data)
{
  BytestagLibrary *self = user_data;
  gboolean moving = FALSE;

  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *share = g_ptr_array_index (self->shares, i);

      moving = is_moving (share) || moving;
      bytestag_share_flush (share);
    }

  if (moving)
    bytestag_reactor_arm (self->reactor, &self->flush_timer, BYTESTAG_PROGRESS_INTERVAL, flush_cb, self);
}

static void
flush_later (BytestagLibrary *self)
{
  if (!bytestag_timer_is_armed (&self->flush_timer))
    bytestag_reactor_arm (self->reactor, &self->flush_timer, BYTESTAG_PROGRESS_INTERVAL, flush_cb, self);
}

static void
remove_share (BytestagLibrary *self,
              BytestagShare   *share)
{
  guint position;

  if (g_ptr_array_find (self->shares, share, &position))
    {
      g_ptr_array_remove_index (self->shares, position);
      g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
    }
}

static BytestagShare *
find_collection (BytestagLibrary   *self,
                 const BytestagKey *key)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *share = g_ptr_array_index (self->shares, i);

      if (share->link != NULL && bytestag_key_equal (&share->key, key))
        return share;
    }

  return NULL;
}

static BytestagShare *
find_hash_task (BytestagLibrary *self,
                gpointer         task)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *share = g_ptr_array_index (self->shares, i);

      if (share->hash_task == task)
        return share;
    }

  return NULL;
}

static int
compare_ids (gconstpointer a,
             gconstpointer b)
{
  return bytestag_kvp_id_compare (a, b);
}

/* (transfer full) (element-type BytestagKvpId) all parts and file infos, each once, by key. For
 * workers: there may be a million. */
static GArray *
list_pieces (GPtrArray               *files,
             BytestagBuiltCollection *built)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagKey nothing;
  guint n_kept = 0;

  bytestag_key_digest (&nothing, "", 0);
  for (guint i = 0; i < files->len; i++)
    {
      guint n_parts;
      const BytestagKey *parts = bytestag_file_info_get_parts (g_ptr_array_index (files, i), &n_parts);

      for (guint j = 0; j < n_parts; j++)
        {
          BytestagKvpId id = { parts[j], parts[j] };

          /* The part of an empty file is fetched from nowhere. */
          if (!bytestag_key_equal (&parts[j], &nothing))
            g_array_append_val (ids, id);
        }
    }
  for (guint i = 0; i < built->file_infos->len; i++)
    {
      const BytestagBuiltValue *value = &g_array_index (built->file_infos, BytestagBuiltValue, i);

      g_array_append_val (ids, value->id);
    }

  g_array_sort (ids, compare_ids);
  for (guint i = 0; i < ids->len; i++)
    {
      BytestagKvpId id = g_array_index (ids, BytestagKvpId, i);

      if (n_kept == 0 || !bytestag_kvp_id_equal (&g_array_index (ids, BytestagKvpId, n_kept - 1), &id))
        g_array_index (ids, BytestagKvpId, n_kept++) = id;
    }
  g_array_set_size (ids, n_kept);

  return ids;
}

static void
serve_values (BytestagLibrary *self,
              BytestagShare   *share,
              GArray          *values)
{
  for (guint i = 0; i < values->len; i++)
    {
      const BytestagBuiltValue *value = &g_array_index (values, BytestagBuiltValue, i);

      bytestag_shared_files_table_add_value (self->table, &value->id, value->bytes);
      g_array_append_val (share->values, value->id);
    }
}

static void
serve (BytestagLibrary         *self,
       BytestagShare           *share,
       BytestagBuiltCollection *built)
{
  for (guint i = 0; i < share->files->len; i++)
    {
      const BytestagHashedFile *file = g_ptr_array_index (share->files, i);

      bytestag_shared_files_table_add_file (self->table, file->path, &file->stamp, file->info);
    }
  serve_values (self, share, built->pages);
  serve_values (self, share, built->file_infos);
}

static void
stop_serving (BytestagLibrary *self,
              BytestagShare   *share)
{
  if (share->publication != NULL)
    bytestag_publisher_remove (self->publisher, share->publication);
  for (guint i = 0; i < share->values->len; i++)
    bytestag_shared_files_table_remove_value (self->table, &g_array_index (share->values, BytestagKvpId, i));
  g_array_set_size (share->values, 0);

  if (share->publication != NULL)
    {
      for (guint i = 0; i < share->files->len; i++)
        {
          const BytestagHashedFile *file = g_ptr_array_index (share->files, i);

          bytestag_shared_files_table_remove_file (self->table, file->path);
        }
    }
  g_clear_pointer (&share->files, g_ptr_array_unref);
}

static void
complete_cb (BytestagPublication *publication,
             BytestagShare       *share)
{
  gboolean first = share->state == BYTESTAG_SHARE_PUBLISHING;

  bytestag_share_set_state (share, BYTESTAG_SHARE_ONLINE);
  bytestag_share_flush (share);
  if (first)
    bytestag_share_emit_published (share);
}

/* Who asks for it is told when it was last published. */
static void
piece_changed_cb (BytestagPublication *publication,
                  gpointer             before,
                  gpointer             after,
                  BytestagLibrary     *self)
{
  const BytestagPiece *piece = after;

  if (piece->n_copies > 0 || piece->n_originals > 0)
    bytestag_shared_files_table_set_published (self->table, &piece->id, piece->looked);
}

static void
publish (BytestagLibrary         *self,
         BytestagShare           *share,
         BytestagBuiltCollection *built,
         GArray                  *pieces)
{
  share->publication = bytestag_publisher_add (self->publisher, self->copies);
  for (guint i = 0; i < built->pages->len; i++)
    {
      const BytestagBuiltValue *value = &g_array_index (built->pages, BytestagBuiltValue, i);
      BytestagPiece piece = { .id = value->id, .size = g_bytes_get_size (value->bytes), .kind = BYTESTAG_PIECE_ROOT };

      bytestag_publication_add_pieces (share->publication, &piece, 1);
    }
  for (guint i = 0; i < pieces->len; i++)
    {
      BytestagPiece piece = { .id = g_array_index (pieces, BytestagKvpId, i) };

      piece.kind = bytestag_key_equal (&piece.id.key, &piece.id.index) ? BYTESTAG_PIECE_PART : BYTESTAG_PIECE_FILE_INFO;
      bytestag_publication_add_pieces (share->publication, &piece, 1);
    }

  g_signal_connect_object (share->publication, "complete", G_CALLBACK (complete_cb), share, 0);
  g_signal_connect_object (share->publication, "piece-changed", G_CALLBACK (piece_changed_cb), self, 0);
  bytestag_publisher_start (self->publisher, share->publication);
}

static void
set_link (BytestagLibrary         *self,
          BytestagShare           *share,
          BytestagBuiltCollection *built)
{
  g_autoptr (BytestagLink) link = bytestag_link_new (&built->key, built->sha256,
                                                     bytestag_collection_info_get_name (built->info),
                                                     bytestag_collection_info_get_size (built->info),
                                                     self->link_peers);

  share->key = built->key;
  g_set_object (&share->collection, built->info);
  bytestag_share_set_link (share, link);
}

/* On a worker. */
static void
build_job_run (gpointer      data,
               GCancellable *cancellable)
{
  BuildJob *job = data;

  job->built = bytestag_built_collection_new (job->files, job->name, job->comment, &job->error);
  if (job->built != NULL)
    job->pieces = list_pieces (job->files, job->built);
}

static void
build_job_free (BuildJob *job)
{
  g_ptr_array_unref (job->files);
  g_clear_pointer (&job->built, bytestag_built_collection_free);
  g_clear_pointer (&job->pieces, g_array_unref);
  g_clear_error (&job->error);
  g_free (job->name);
  g_free (job->comment);
  g_object_unref (job->share);
  g_object_unref (job->library);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BuildJob, build_job_free)

static void
build_job_done (gpointer data,
                gpointer user_data)
{
  g_autoptr (BuildJob) job = data;
  BytestagLibrary *self = job->library;
  BytestagShare *share = job->share;
  BytestagShare *twin;

  if (share->state != BYTESTAG_SHARE_HASHING)
    return;

  if (job->error != NULL)
    {
      g_clear_object (&share->hash_task);
      bytestag_share_fail (share, g_steal_pointer (&job->error));
      return;
    }

  g_object_freeze_notify (G_OBJECT (share));
  bytestag_share_flush (share);
  g_clear_object (&share->hash_task);
  twin = find_collection (self, &job->built->key);
  set_link (self, share, job->built);
  if (twin != NULL)
    {
      share->twin = g_object_ref (twin);
      bytestag_share_set_state (share, BYTESTAG_SHARE_STOPPED);
    }
  else
    {
      serve (self, share, job->built);
      publish (self, share, job->built, job->pieces);
      bytestag_share_set_state (share, BYTESTAG_SHARE_PUBLISHING);
    }
  g_object_thaw_notify (G_OBJECT (share));

  if (twin != NULL)
    remove_share (self, share);
  bytestag_share_emit_ready (share);
}

static void
hashed_cb (BytestagTask    *task,
           BytestagLibrary *self)
{
  BytestagShare *share = find_hash_task (self, task);
  GPtrArray *hashed = bytestag_hash_task_get_files (BYTESTAG_HASH_TASK (task));
  BuildJob *job;

  if (share == NULL || share->state != BYTESTAG_SHARE_HASHING)
    return;

  if (bytestag_task_get_state (task) != BYTESTAG_TASK_DONE)
    {
      bytestag_share_flush (share);
      bytestag_share_fail (share, g_error_copy (bytestag_task_get_error (task)));
      return;
    }

  share->files = g_ptr_array_ref (hashed);

  job = g_new0 (BuildJob, 1);
  job->library = g_object_ref (self);
  job->share = g_object_ref (share);
  job->name = g_strdup (share->name);
  job->comment = g_strdup (share->comment);
  job->files = g_ptr_array_new_full (hashed->len, g_object_unref);
  for (guint i = 0; i < hashed->len; i++)
    g_ptr_array_add (job->files, g_object_ref (((BytestagHashedFile *) g_ptr_array_index (hashed, i))->info));
  bytestag_worker_run (self->worker, build_job_run, job, NULL, build_job_done, NULL);
}

static GError *
check_words (BytestagShare      *share,
             const char * const *paths)
{
  g_autofree char *own_name = share->name == NULL ? bytestag_folder_walk_dup_name (paths) : NULL;
  const char *name = share->name != NULL ? share->name : own_name;
  g_autoptr (GError) reason = NULL;

  if (!bytestag_safe_name_check (name, &reason))
    {
      g_autofree char *shown = bytestag_name_for_display (name);

      return g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME,
                          own_name != NULL ? _("“%s” cannot be shared under this name: %s")
                                           : _("A collection cannot be called “%s”: %s"), shown, reason->message);
    }
  if (share->comment != NULL && !g_utf8_validate (share->comment, -1, NULL))
    return g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("The comment is not valid text"));
  if (share->comment != NULL && strlen (share->comment) > BYTESTAG_LIMIT_COMMENT_BYTES)
    {
      g_autofree char *limit = g_format_size_full (BYTESTAG_LIMIT_COMMENT_BYTES, G_FORMAT_SIZE_IEC_UNITS);

      return g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                          _("The comment is too long: at most %s"), limit);
    }

  return NULL;
}

static void
begin_cb (gpointer user_data)
{
  Beginning *beginning = user_data;
  BytestagLibrary *self = beginning->library;
  BytestagShare *share = beginning->share;
  GError *error;

  if (share->state != BYTESTAG_SHARE_HASHING)
    return;

  error = check_words (share, (const char * const *) beginning->paths);
  if (error != NULL)
    {
      bytestag_share_fail (share, error);
      return;
    }

  /* At once, for whoever watches it being hashed, or failing. */
  if (share->name == NULL)
    {
      g_autofree char *name = bytestag_folder_walk_dup_name ((const char * const *) beginning->paths);

      bytestag_share_set_name (share, name);
    }

  share->hash_task = bytestag_hash_task_new (self->reactor, self->worker, (const char * const *) beginning->paths);
  g_signal_connect_object (share->hash_task, "finished", G_CALLBACK (hashed_cb), self, 0);
  bytestag_task_start (BYTESTAG_TASK (share->hash_task));
  flush_later (self);
}

static void
beginning_free (gpointer data)
{
  Beginning *beginning = data;

  g_object_unref (beginning->library);
  g_object_unref (beginning->share);
  g_strfreev (beginning->paths);
  g_free (beginning);
}

static void
bytestag_library_dispose (GObject *object)
{
  BytestagLibrary *self = BYTESTAG_LIBRARY (object);

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->flush_timer);
  for (guint i = 0; self->table != NULL && i < self->shares->len; i++)
    {
      BytestagShare *share = g_ptr_array_index (self->shares, i);

      if (share->hash_task != NULL)
        bytestag_task_cancel (BYTESTAG_TASK (share->hash_task));
      stop_serving (self, share);
    }
  g_clear_pointer (&self->shares, g_ptr_array_unref);
  g_clear_pointer (&self->link_peers, g_ptr_array_unref);
  g_clear_object (&self->publisher);
  g_clear_object (&self->worker);
  g_clear_object (&self->table);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_library_parent_class)->dispose (object);
}

static void
bytestag_library_class_init (BytestagLibraryClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_library_dispose;
}

static void
bytestag_library_init (BytestagLibrary *self)
{
  self->shares = g_ptr_array_new_with_free_func (g_object_unref);
  self->link_peers = g_ptr_array_new_with_free_func (g_free);
  self->copies = DEFAULT_COPIES;
}

BytestagLibrary *
bytestag_library_new (BytestagNetwork          *network,
                      BytestagSharedFilesTable *table,
                      BytestagWorker           *worker)
{
  BytestagLibrary *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (table), NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);

  self = g_object_new (BYTESTAG_TYPE_LIBRARY, NULL);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->table = g_object_ref (table);
  self->worker = g_object_ref (worker);
  self->publisher = bytestag_publisher_new (network);

  return self;
}

BytestagShare *
bytestag_library_share (BytestagLibrary    *self,
                        const char * const *paths,
                        const char         *name,
                        const char         *comment)
{
  Beginning *beginning;
  BytestagShare *share;

  g_return_val_if_fail (BYTESTAG_IS_LIBRARY (self), NULL);
  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  share = bytestag_share_new (name, comment);
  g_ptr_array_add (self->shares, share);

  /* Later, so that whoever made it can listen before anything happens. */
  beginning = g_new0 (Beginning, 1);
  beginning->library = g_object_ref (self);
  beginning->share = g_object_ref (share);
  beginning->paths = g_strdupv ((char **) paths);
  bytestag_reactor_post (self->reactor, begin_cb, beginning, beginning_free);

  g_list_model_items_changed (G_LIST_MODEL (self), self->shares->len - 1, 0, 1);
  return share;
}

void
bytestag_library_stop (BytestagLibrary *self,
                       BytestagShare   *share)
{
  g_autoptr (BytestagShare) alive = NULL;

  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));
  g_return_if_fail (BYTESTAG_IS_SHARE (share));

  if (!g_ptr_array_find (self->shares, share, NULL))
    return;

  alive = g_object_ref (share);
  if (share->hash_task != NULL)
    bytestag_task_cancel (BYTESTAG_TASK (share->hash_task));
  g_clear_object (&share->hash_task);
  stop_serving (self, share);
  bytestag_share_set_state (share, BYTESTAG_SHARE_STOPPED);
  remove_share (self, share);
}

void
bytestag_library_set_copies (BytestagLibrary *self,
                             guint            copies)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));

  self->copies = CLAMP (copies, 1, MAX_COPIES);
}

void
bytestag_library_set_link_peers (BytestagLibrary    *self,
                                 const char * const *peers)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));

  g_ptr_array_set_size (self->link_peers, 0);
  for (guint i = 0; peers != NULL && peers[i] != NULL && i < BYTESTAG_LIMIT_LINK_PEERS; i++)
    g_ptr_array_add (self->link_peers, g_strdup (peers[i]));
}

void
bytestag_library_publish_again (BytestagLibrary *self)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));

  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *share = g_ptr_array_index (self->shares, i);

      if (share->publication != NULL)
        bytestag_publisher_send_again (self->publisher, share->publication);
    }
  flush_later (self);
}
