/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "sharing/library-private.h"
#include "sharing/sharing-private.h"

#define DEFAULT_COPIES 4

enum {
  PROP_0,
  PROP_PROBLEM,
  PROP_LOADED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

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

void
bytestag_library_flush_later (BytestagLibrary *self)
{
  if (!bytestag_timer_is_armed (&self->flush_timer))
    bytestag_reactor_arm (self->reactor, &self->flush_timer, BYTESTAG_PROGRESS_INTERVAL, flush_cb, self);
}

static void
step_free (gpointer data)
{
  BytestagLibraryStep *step = data;

  g_clear_weak_pointer (&step->library);
  g_clear_object (&step->share);
  bytestag_library_store_unref (step->store);
  g_clear_pointer (&step->saved, bytestag_saved_share_free);
  if (step->data != NULL && step->destroy != NULL)
    step->destroy (step->data);
  g_clear_error (&step->error);
  g_free (step);
}

static void
step_job_run (gpointer      data,
              GCancellable *cancellable)
{
  BytestagLibraryStep *step = data;

  step->run (step);
}

static void
step_job_done (gpointer data,
               gpointer user_data)
{
  BytestagLibraryStep *step = data;
  g_autoptr (BytestagLibrary) alive = step->library != NULL ? g_object_ref (step->library) : NULL;

  if (alive != NULL)
    step->done (step);
  step_free (step);
}

void
bytestag_library_run_step (BytestagLibrary  *self,
                           BytestagShare    *share,
                           gpointer          data,
                           GDestroyNotify    destroy,
                           void            (*run) (BytestagLibraryStep *step),
                           void            (*done) (BytestagLibraryStep *step))
{
  BytestagLibraryStep *step = g_new0 (BytestagLibraryStep, 1);

  g_set_weak_pointer (&step->library, self);
  step->share = share != NULL ? g_object_ref (share) : NULL;
  step->store = bytestag_library_store_ref (self->store);
  step->saved = share != NULL ? bytestag_saved_share_copy (share->saved) : NULL;
  step->data = data;
  step->destroy = destroy;
  step->run = run;
  step->done = done;
  bytestag_worker_run (self->disk, step_job_run, step, NULL, step_job_done, NULL);
}

gboolean
bytestag_library_step_is_wanted (BytestagLibraryStep *step)
{
  return !step->library->closed && step->share->state != BYTESTAG_SHARE_STOPPED &&
         step->share->state != BYTESTAG_SHARE_FAILED;
}

void
bytestag_library_remove_item (BytestagLibrary *self,
                              BytestagShare   *share)
{
  guint position;

  share->library = NULL;
  if (g_ptr_array_find (self->shares, share, &position))
    {
      g_ptr_array_remove_index (self->shares, position);
      g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
    }
}

BytestagShare *
bytestag_library_find_twin (BytestagLibrary *self,
                            BytestagShare   *share)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *other = g_ptr_array_index (self->shares, i);

      if (other != share && other->has_key && other->state != BYTESTAG_SHARE_FAILED &&
          bytestag_key_equal (&other->saved->key, &share->saved->key))
        return other;
    }

  return NULL;
}

void
bytestag_library_set_link (BytestagLibrary *self,
                           BytestagShare   *share)
{
  g_autoptr (BytestagLink) link = bytestag_link_new (&share->saved->key, share->saved->sha256, share->name,
                                                     share->saved->size, self->link_peers);

  bytestag_share_set_link (share, link);
}

void
bytestag_library_fail (BytestagLibrary *self,
                       BytestagShare   *share,
                       GError          *error)
{
  bytestag_library_forget (self, share);
  bytestag_share_fail (share, error);
}

/* Later than the call, so that whoever made the item can listen before anything happens. */
static void
begin_cb (gpointer user_data)
{
  BytestagShare *share = user_data;

  if (share->state == BYTESTAG_SHARE_HASHING && share->library != NULL && !share->library->closed)
    bytestag_library_hash (share->library, share);
}

static void
add_item (BytestagLibrary *self,
          BytestagShare   *share)
{
  share->library = self;
  g_ptr_array_add (self->shares, share);
  g_list_model_items_changed (G_LIST_MODEL (self), self->shares->len - 1, 0, 1);
}

/* What was shared when we ended. */
typedef struct {
  BytestagDatabaseOpening opening;
  char *set_aside;
  GPtrArray *saved; /* (element-type BytestagSavedShare) */
} Loading;

static void
loading_free (gpointer data)
{
  Loading *self = data;

  g_free (self->set_aside);
  g_clear_pointer (&self->saved, g_ptr_array_unref);
  g_free (self);
}

/* On the disk worker. */
static void
load_run (BytestagLibraryStep *step)
{
  Loading *self = step->data;

  if (bytestag_library_store_open (step->store, &self->opening, &self->set_aside, &step->error))
    self->saved = bytestag_library_store_list_shares (step->store, &step->error);
}

static void
set_problem (BytestagLibrary *self,
             char            *problem)
{
  g_free (self->problem);
  self->problem = problem;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

static void
tell_opening (BytestagLibrary *self,
              const Loading   *loading,
              const GError    *error)
{
  g_autofree char *name = loading->set_aside != NULL ? g_filename_display_name (loading->set_aside) : NULL;

  if (loading->opening == BYTESTAG_DATABASE_NEWER)
    set_problem (self, g_strdup (_("The list of what is shared was made by a newer version of this program: it is "
                                   "not changed, and nothing more can be shared")));
  else if (name != NULL)
    set_problem (self, g_strdup_printf (_("The list of what is shared was damaged and is kept as “%s”: share your "
                                          "folders again, their links stay the same"), name));
  else if (error != NULL)
    set_problem (self, g_strdup (error->message));
}

static void
add_saved (BytestagLibrary    *self,
           BytestagSavedShare *saved)
{
  BytestagShare *share = bytestag_share_new_saved (saved);

  if (saved->state == BYTESTAG_SAVED_STOPPED)
    {
      bytestag_library_forget (self, share);
      g_object_unref (share);
      return;
    }

  add_item (self, share);
  if (saved->state == BYTESTAG_SAVED_SHARED)
    {
      bytestag_library_set_link (self, share);
      bytestag_share_set_state (share, BYTESTAG_SHARE_PUBLISHING);
      bytestag_library_serve (self, share);
    }
  else
    {
      bytestag_reactor_post (self->reactor, begin_cb, g_object_ref (share), g_object_unref);
    }
}

/* The list, a slice at a time. */
static void
load_slice (gpointer user_data)
{
  BytestagLibrary *self = user_data;
  guint n = MIN (self->loading->len, BYTESTAG_LIMIT_SHARES_OF_SLICE);

  for (guint i = 0; i < n; i++)
    add_saved (self, g_ptr_array_steal_index (self->loading, 0));
  if (self->loading->len > 0)
    {
      bytestag_reactor_arm (self->reactor, &self->load_timer, 0, load_slice, self);
      return;
    }

  g_clear_pointer (&self->loading, g_ptr_array_unref);
  self->loaded = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADED]);
}

static void
load_done (BytestagLibraryStep *step)
{
  BytestagLibrary *self = step->library;
  Loading *loading = step->data;

  if (self->closed)
    return;

  tell_opening (self, loading, step->error);
  self->loading = loading->saved != NULL ? g_steal_pointer (&loading->saved) : g_ptr_array_new ();
  load_slice (self);
}

/* On the disk worker. */
static void
update_files_run (BytestagLibraryStep *step)
{
  bytestag_library_store_update_files (step->store, step->saved, step->data, &step->error);
}

static void
update_files_done (BytestagLibraryStep *step)
{
  /* It is found out again after the next start. */
  if (step->error != NULL)
    g_message ("What was seen of a file is not saved: %s", step->error->message);
}

void
bytestag_library_save_files (BytestagLibrary *self,
                             BytestagShare   *share,
                             GPtrArray       *files)
{
  bytestag_library_run_step (self, share, files, (GDestroyNotify) g_ptr_array_unref, update_files_run,
                             update_files_done);
}

void
bytestag_library_set_file_state (BytestagLibrary         *self,
                                 BytestagShare           *share,
                                 guint                    number,
                                 BytestagSharedFileState  state)
{
  BytestagSharedFile *file = bytestag_shared_set_get_file (share->set, number);
  GPtrArray *files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  BytestagSavedFile *saved = g_new0 (BytestagSavedFile, 1);

  saved->id = file->id;
  saved->path = g_strdup (file->path);
  saved->stamp = file->stamp;
  saved->state = state;
  g_ptr_array_add (files, saved);
  bytestag_shared_files_table_set_state (self->table, share->set, number, state);
  bytestag_library_save_files (self, share, files);
}

static void
file_changed_cb (BytestagSharedFilesTable *table,
                 BytestagSharedSet        *set,
                 guint                     number,
                 BytestagLibrary          *self)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *share = g_ptr_array_index (self->shares, i);

      if (share->set != set)
        continue;

      /* It was PRESENT, or it would not have been read. */
      share->n_of_state[BYTESTAG_SHARED_FILE_PRESENT]--;
      share->n_of_state[bytestag_shared_set_get_file (set, number)->state]++;
      bytestag_library_set_file_state (self, share, number, bytestag_shared_set_get_file (set, number)->state);
      bytestag_library_doubt (self, share);
    }
}

/* On the disk worker, after all that was still to be written. */
static void
close_run (BytestagLibraryStep *step)
{
  bytestag_library_store_close (step->store);
}

static void
close_done (BytestagLibraryStep *step)
{
}

void
bytestag_library_close (BytestagLibrary *self)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));

  if (self->closed)
    return;

  self->closed = TRUE;
  bytestag_library_end_watch (self);
  bytestag_reactor_disarm (self->reactor, &self->flush_timer);
  bytestag_reactor_disarm (self->reactor, &self->load_timer);
  /* It saves what it knows, while there is somebody to write it: others may hold it longer. */
  bytestag_publisher_close (self->publisher);
  g_clear_object (&self->publisher);
  for (guint i = 0; i < self->shares->len; i++)
    {
      BytestagShare *share = g_ptr_array_index (self->shares, i);

      if (share->hash_task != NULL)
        bytestag_task_cancel (BYTESTAG_TASK (share->hash_task));
      bytestag_library_withdraw (self, share);
    }

  /* Now, and not when the last one lets go of the library: its log is then brought into it. */
  if (self->store != NULL)
    bytestag_library_run_step (self, NULL, NULL, NULL, close_run, close_done);
}

static void
bytestag_library_dispose (GObject *object)
{
  BytestagLibrary *self = BYTESTAG_LIBRARY (object);

  if (self->reactor != NULL)
    {
      bytestag_library_close (self);
      bytestag_reactor_disarm (self->reactor, &self->withdraw_timer);
    }
  if (self->table != NULL)
    bytestag_shared_files_table_set_store (self->table, NULL, NULL);
  for (guint i = 0; self->shares != NULL && i < self->shares->len; i++)
    ((BytestagShare *) g_ptr_array_index (self->shares, i))->library = NULL;
  g_queue_clear_full (&self->serving, g_object_unref);
  g_queue_clear_full (&self->withdrawals, bytestag_library_free_withdrawal);
  g_clear_pointer (&self->shares, g_ptr_array_unref);
  g_clear_pointer (&self->link_peers, g_ptr_array_unref);
  g_clear_pointer (&self->loading, g_ptr_array_unref);
  g_clear_object (&self->network);
  g_clear_object (&self->worker);
  g_clear_object (&self->disk);
  g_clear_object (&self->table);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_library_parent_class)->dispose (object);
}

static void
bytestag_library_finalize (GObject *object)
{
  BytestagLibrary *self = BYTESTAG_LIBRARY (object);

  g_clear_pointer (&self->store, bytestag_library_store_unref);
  g_clear_pointer (&self->problem, g_free);

  G_OBJECT_CLASS (bytestag_library_parent_class)->finalize (object);
}

static void
bytestag_library_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  BytestagLibrary *self = BYTESTAG_LIBRARY (object);

  switch (prop_id)
    {
    case PROP_PROBLEM:
      g_value_set_string (value, self->problem);
      break;
    case PROP_LOADED:
      g_value_set_boolean (value, self->loaded);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_library_class_init (BytestagLibraryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = bytestag_library_dispose;
  object_class->finalize = bytestag_library_finalize;
  object_class->get_property = bytestag_library_get_property;

  properties[PROP_PROBLEM] = g_param_spec_string ("problem", NULL, NULL, NULL, flags);
  properties[PROP_LOADED] = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_library_init (BytestagLibrary *self)
{
  self->shares = g_ptr_array_new_with_free_func (g_object_unref);
  self->link_peers = g_ptr_array_new_with_free_func (g_free);
  self->copies = DEFAULT_COPIES;
  g_queue_init (&self->serving);
  g_queue_init (&self->withdrawals);
}

BytestagLibrary *
bytestag_library_new_saved (BytestagNetwork          *network,
                            BytestagSharedFilesTable *table,
                            BytestagWorker           *worker,
                            const char               *path,
                            BytestagWorker           *disk)
{
  BytestagLibrary *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (table), NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (disk), NULL);

  self = g_object_new (BYTESTAG_TYPE_LIBRARY, NULL);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->table = g_object_ref (table);
  self->worker = g_object_ref (worker);
  self->disk = g_object_ref (disk);
  self->store = bytestag_library_store_new (path);
  bytestag_shared_files_table_set_store (table, self->store, disk);
  self->network = g_object_ref (network);
  self->publisher = bytestag_publisher_new (network);
  bytestag_publisher_set_save_func (self->publisher, bytestag_library_save_pieces, self);
  g_signal_connect_object (table, "file-changed", G_CALLBACK (file_changed_cb), self, 0);
  bytestag_library_run_step (self, NULL, g_new0 (Loading, 1), loading_free, load_run, load_done);

  return self;
}

BytestagLibrary *
bytestag_library_new (BytestagNetwork          *network,
                      BytestagSharedFilesTable *table,
                      BytestagWorker           *worker)
{
  return bytestag_library_new_saved (network, table, worker, NULL, worker);
}

/* (transfer none) an item that begins soon. */
static BytestagShare *
add_new (BytestagLibrary *self,
         BytestagShare   *share,
         char           **paths)
{
  share->saved->state = BYTESTAG_SAVED_HASHING;
  share->saved->roots = g_strdupv (paths);
  share->saved->comment = g_strdup (share->comment);
  share->saved->created = bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;
  share->saved->copies = self->copies;
  add_item (self, share);
  bytestag_reactor_post (self->reactor, begin_cb, g_object_ref (share), g_object_unref);

  return share;
}

BytestagShare *
bytestag_library_share (BytestagLibrary    *self,
                        const char * const *paths,
                        const char         *name,
                        const char         *comment)
{
  g_return_val_if_fail (BYTESTAG_IS_LIBRARY (self), NULL);
  g_return_val_if_fail (!self->closed, NULL);
  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  return add_new (self, bytestag_share_new (name, comment), (char **) paths);
}

BytestagShare *
bytestag_library_share_new_version (BytestagLibrary *self,
                                    BytestagShare   *share)
{
  BytestagShare *version;

  g_return_val_if_fail (BYTESTAG_IS_LIBRARY (self), NULL);
  g_return_val_if_fail (!self->closed, NULL);
  g_return_val_if_fail (BYTESTAG_IS_SHARE (share), NULL);

  if (share->library != self || share->link == NULL)
    return NULL;

  version = bytestag_share_new (share->name, share->comment);
  version->saved->replaces = share->saved->id;
  version->saved->timestamp = bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;

  return add_new (self, version, share->saved->roots);
}

void
bytestag_library_stop (BytestagLibrary *self,
                       BytestagShare   *share)
{
  g_autoptr (BytestagShare) alive = NULL;

  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));
  g_return_if_fail (BYTESTAG_IS_SHARE (share));

  if (share->library != self)
    return;

  alive = g_object_ref (share);
  if (share->hash_task != NULL)
    bytestag_task_cancel (BYTESTAG_TASK (share->hash_task));
  g_clear_object (&share->hash_task);
  bytestag_library_withdraw (self, share);
  bytestag_library_forget (self, share);
  bytestag_share_set_state (share, BYTESTAG_SHARE_STOPPED);
  bytestag_library_remove_item (self, share);
}

void
bytestag_library_set_copies (BytestagLibrary *self,
                             guint            copies)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));

  self->copies = CLAMP (copies, 1, BYTESTAG_LIMIT_COPIES);
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
bytestag_library_send_again (BytestagLibrary *self,
                             BytestagShare   *share)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));
  g_return_if_fail (BYTESTAG_IS_SHARE (share));

  if (share->library != self || !share->served || self->closed)
    return;

  bytestag_publisher_send_again (self->publisher, share->publication);
  bytestag_library_flush_later (self);
}

void
bytestag_library_publish_again (BytestagLibrary *self)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));

  for (guint i = 0; i < self->shares->len; i++)
    bytestag_library_send_again (self, g_ptr_array_index (self->shares, i));
}

BytestagPublisher *
bytestag_library_get_publisher (BytestagLibrary *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LIBRARY (self), NULL);

  return self->publisher;
}

const char *
bytestag_library_get_problem (BytestagLibrary *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LIBRARY (self), NULL);

  return self->problem;
}

gboolean
bytestag_library_is_loaded (BytestagLibrary *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LIBRARY (self), FALSE);

  return self->loaded;
}

typedef struct {
  gint64 after;
  guint max;
  GPtrArray *files;
  BytestagLibraryFilesFunc done;
  gpointer user_data;
} Listing;

static void
listing_free (gpointer data)
{
  Listing *self = data;

  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_free (self);
}

/* On the disk worker. */
static void
list_files_run (BytestagLibraryStep *step)
{
  Listing *self = step->data;

  self->files = bytestag_library_store_list_files (step->store, step->saved->id, self->after, self->max, &step->error);
}

static void
list_files_done (BytestagLibraryStep *step)
{
  Listing *self = step->data;

  self->done (self->files, step->error, self->user_data);
}

void
bytestag_library_list_files (BytestagLibrary          *self,
                             BytestagShare            *share,
                             gint64                    after,
                             guint                     max,
                             BytestagLibraryFilesFunc  done,
                             gpointer                  user_data)
{
  Listing *listing;

  g_return_if_fail (BYTESTAG_IS_LIBRARY (self));
  g_return_if_fail (BYTESTAG_IS_SHARE (share));
  g_return_if_fail (done != NULL);

  listing = g_new0 (Listing, 1);
  listing->after = after;
  listing->max = max;
  listing->done = done;
  listing->user_data = user_data;
  bytestag_library_run_step (self, share, listing, listing_free, list_files_run, list_files_done);
}
