/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-watch.h"

#include "core/limits.h"
#include "sharing/watched-folders.h"

/* µs. After a change: until what is being done is done. */
#define QUIET (3 * G_USEC_PER_SEC)
/* Between two checks; and the rest for each µs of processor time, so that they take at most 2 %. */
#define SHORTEST_REST (10 * G_USEC_PER_SEC)
#define REST_OF_CPU_TIME 50
/* Between checks of a share where nobody tells of changes; and where somebody does, who may
 * have missed some: the kernel drops what is not read in time. */
#define POLL_REST (G_GINT64_CONSTANT (5) * 60 * G_USEC_PER_SEC)
#define TOLD_REST (G_GINT64_CONSTANT (60) * 60 * G_USEC_PER_SEC)

typedef struct {
  gpointer share;         /* NULL: removed while it is checked */
  gint64 due;             /* µs of the clock */
  BytestagFolderSet folders;
  gboolean changed;       /* since the check began */

  BytestagShareCheck found; /* while it is checked */
  guint n_renewed;
} Watched;

struct _BytestagLibraryWatch
{
  GObject parent_instance;

  BytestagReactor *reactor;
  BytestagWorker *worker;
  BytestagLibraryWatchFuncs funcs;
  gpointer user_data;
  BytestagWatchedFolders *folders;
  GHashTable *digests;
  GPtrArray *shares;    /* (element-type Watched) */
  BytestagTimer timer;
  gint64 rested;        /* µs of the clock: no check begins before */

  BytestagLibraryCheck *check; /* while there is one */
  GCancellable *cancellable;
  GPtrArray *checked;   /* (element-type Watched) that it is of */
  guint n_done;         /* of these, in this stage of it */
  gint64 ended;

  /* Of the one whose folders are being watched. */
  BytestagFolderSet new_folders;
  guint root;
  guint folder;
  gboolean late;        /* one was not watched while it was looked at */
};

typedef struct {
  BytestagLibraryWatch *watch;
  BytestagLibraryCheck *check;
  gboolean ran;
} CheckJob;

G_DEFINE_FINAL_TYPE (BytestagLibraryWatch, bytestag_library_watch, G_TYPE_OBJECT)

static void begin_check_cb (gpointer user_data);

static void
schedule (BytestagLibraryWatch *self)
{
  gint64 due = G_MAXINT64;

  if (self->check != NULL || self->folders == NULL)
    return;

  for (guint i = 0; i < self->shares->len; i++)
    due = MIN (due, ((Watched *) g_ptr_array_index (self->shares, i))->due);
  if (due == G_MAXINT64)
    {
      bytestag_reactor_disarm (self->reactor, &self->timer);
      return;
    }

  due = MAX (due, self->rested) - bytestag_reactor_get_time (self->reactor);
  bytestag_reactor_arm (self->reactor, &self->timer, MAX (due, 0), begin_check_cb, self);
}

static void
make_due (BytestagLibraryWatch *self,
          Watched              *watched,
          gint64                delay)
{
  gint64 due = bytestag_reactor_get_time (self->reactor) + delay;

  watched->changed = TRUE;
  if (due < watched->due)
    {
      watched->due = due;
      schedule (self);
    }
}

static void
folder_changed (gpointer owner,
                gpointer user_data)
{
  make_due (user_data, owner, QUIET);
}

static void
watched_free (BytestagLibraryWatch *self,
              Watched              *watched)
{
  bytestag_watched_folders_clear (self->folders, &watched->folders, watched);
  g_free (watched);
}

/* Each slice of what a check needs on the engine's thread is an event of its own. */
static void
go_on (BytestagLibraryWatch *self,
       BytestagEventFunc     func)
{
  bytestag_reactor_post (self->reactor, func, g_object_ref (self), g_object_unref);
}

static void
end_check (BytestagLibraryWatch *self)
{
  for (guint i = 0; i < self->checked->len; i++)
    {
      Watched *watched = g_ptr_array_index (self->checked, i);

      if (watched->share == NULL)
        watched_free (self, watched);
    }
  g_clear_pointer (&self->checked, g_ptr_array_unref);
  g_clear_pointer (&self->check, bytestag_library_check_unref);
  g_clear_object (&self->cancellable);
  schedule (self);
}

/* When it is to be looked at again, if nothing is told of it: soon, when there is more to be read. */
static gint64
get_rest (const Watched *watched)
{
  if (bytestag_library_check_get_n_read (watched->found.check) >= BYTESTAG_LIMIT_CHECK_BYTES)
    return SHORTEST_REST;
  for (guint i = 0; i < watched->found.n_roots; i++)
    {
      /* A drive that is mounted changes no folder above it. */
      if (bytestag_library_check_get_root (watched->found.check, watched->found.first_root + i)->outcome ==
          BYTESTAG_ROOT_AWAY)
        return POLL_REST;
    }

  return watched->folders.all ? TOLD_REST : POLL_REST;
}

/* Whatever is told, no check is due before the rest of this one. */
static void
finish_share (BytestagLibraryWatch *self,
              Watched              *watched)
{
  bytestag_watched_folders_clear (self->folders, &watched->folders, watched);
  watched->folders = self->new_folders;
  self->new_folders.folders = NULL;
  if (watched->changed || self->late)
    watched->due = self->ended + QUIET;
  else
    watched->due = self->ended + get_rest (watched);
}

/* FALSE: there are more folders. */
static gboolean
watch_slice (BytestagLibraryWatch *self,
             Watched              *watched)
{
  guint left = BYTESTAG_LIMIT_WATCH_SLICE;

  for (; self->root < watched->found.n_roots && self->new_folders.all; self->root++, self->folder = 0)
    {
      guint n;
      const char * const *paths = bytestag_library_check_get_folders (self->check,
                                                                      watched->found.first_root + self->root, &n);

      for (; self->folder < n && self->new_folders.all; self->folder++)
        {
          if (left-- == 0)
            return FALSE;
          self->late = bytestag_watched_folders_add (self->folders, &self->new_folders, paths[self->folder], watched) ||
                       self->late;
        }
    }

  return TRUE;
}

static void
watch_folders_cb (gpointer user_data)
{
  BytestagLibraryWatch *self = user_data;
  Watched *watched;

  if (self->check == NULL)
    return;

  watched = g_ptr_array_index (self->checked, self->n_done);
  if (self->new_folders.folders == NULL)
    {
      bytestag_folder_set_init (&self->new_folders);
      self->root = 0;
      self->folder = 0;
      self->late = FALSE;
    }

  if (watched->share == NULL || watch_slice (self, watched))
    {
      finish_share (self, watched);
      self->n_done++;
    }
  if (self->n_done < self->checked->len)
    go_on (self, watch_folders_cb);
  else
    end_check (self);
}

static void
tell_cb (gpointer user_data)
{
  BytestagLibraryWatch *self = user_data;
  Watched *watched;

  if (self->check == NULL)
    return;

  watched = g_ptr_array_index (self->checked, self->n_done++);
  if (watched->share != NULL)
    self->funcs.checked (watched->share, &watched->found, self->user_data);
  if (self->check == NULL)
    return;

  if (self->n_done < self->checked->len)
    {
      go_on (self, tell_cb);
    }
  else
    {
      self->n_done = 0;
      go_on (self, watch_folders_cb);
    }
}

/* On a worker. */
static void
check_job_run (gpointer      data,
               GCancellable *cancellable)
{
  CheckJob *job = data;

  job->ran = bytestag_library_check_run (job->check, cancellable);
}

static void
check_job_free (CheckJob *job)
{
  bytestag_library_check_unref (job->check);
  g_object_unref (job->watch);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CheckJob, check_job_free)

static void
check_job_done (gpointer data,
                gpointer user_data)
{
  g_autoptr (CheckJob) job = data;
  BytestagLibraryWatch *self = job->watch;

  if (self->check != job->check)
    return;

  self->ended = bytestag_reactor_get_time (self->reactor);
  self->rested = self->ended + MAX (SHORTEST_REST,
                                    REST_OF_CPU_TIME * bytestag_library_check_get_cpu_time (self->check));
  self->n_done = 0;
  if (job->ran)
    {
      tell_cb (self);
      return;
    }

  for (guint i = 0; i < self->checked->len; i++)
    ((Watched *) g_ptr_array_index (self->checked, i))->due = self->rested;
  end_check (self);
}

static void
run_check (BytestagLibraryWatch *self)
{
  CheckJob *job = g_new0 (CheckJob, 1);

  job->watch = g_object_ref (self);
  job->check = bytestag_library_check_ref (self->check);
  self->cancellable = g_cancellable_new ();
  bytestag_worker_run (self->worker, check_job_run, job, self->cancellable, check_job_done, NULL);
}

/* FALSE: there is more. Folders are watched again before they are looked at. */
static gboolean
fill_slice (BytestagLibraryWatch *self,
            Watched              *watched)
{
  gboolean more;

  if (watched->n_renewed < watched->folders.folders->len)
    {
      watched->n_renewed = bytestag_watched_folders_renew (self->folders, &watched->folders, watched->n_renewed);
      return FALSE;
    }

  if (watched->found.n_files == 0)
    {
      bytestag_library_check_begin_share (self->check);
      watched->found.first_root = bytestag_library_check_get_n_roots (self->check);
      watched->found.first_file = bytestag_library_check_get_n_files (self->check);
    }
  more = self->funcs.fill (watched->share, self->check, watched->found.first_root, watched->found.n_files,
                           self->user_data);
  watched->found.n_roots = bytestag_library_check_get_n_roots (self->check) - watched->found.first_root;
  watched->found.n_files = bytestag_library_check_get_n_files (self->check) - watched->found.first_file;

  return !more;
}

static void
fill_cb (gpointer user_data)
{
  BytestagLibraryWatch *self = user_data;
  Watched *watched;

  if (self->check == NULL)
    return;

  watched = g_ptr_array_index (self->checked, self->n_done);
  if (watched->share == NULL || fill_slice (self, watched))
    self->n_done++;

  if (self->n_done < self->checked->len)
    go_on (self, fill_cb);
  else
    run_check (self);
}

/* All that are due are checked together: what is gone from one may be in another. */
static void
begin_check_cb (gpointer user_data)
{
  BytestagLibraryWatch *self = user_data;
  gint64 now = bytestag_reactor_get_time (self->reactor);

  self->check = bytestag_library_check_new (self->digests);
  bytestag_library_check_set_worker (self->check, self->worker);
  self->checked = g_ptr_array_new ();
  self->n_done = 0;
  for (guint i = 0; i < self->shares->len; i++)
    {
      Watched *watched = g_ptr_array_index (self->shares, i);

      if (watched->due > now)
        continue;

      watched->due = G_MAXINT64;
      watched->changed = FALSE;
      watched->n_renewed = 0;
      watched->found = (BytestagShareCheck) {
        .check = self->check,
        .time = bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC,
      };
      g_ptr_array_add (self->checked, watched);
    }

  if (self->checked->len > 0)
    go_on (self, fill_cb);
  else
    end_check (self);
}

static Watched *
find_watched (BytestagLibraryWatch *self,
              gpointer              share,
              guint                *position)
{
  for (guint i = 0; i < self->shares->len; i++)
    {
      Watched *watched = g_ptr_array_index (self->shares, i);

      if (watched->share == share)
        {
          if (position != NULL)
            *position = i;
          return watched;
        }
    }

  return NULL;
}

void
bytestag_library_watch_add (BytestagLibraryWatch *self,
                            gpointer              share)
{
  Watched *watched;

  g_return_if_fail (BYTESTAG_IS_LIBRARY_WATCH (self));
  g_return_if_fail (share != NULL);
  g_return_if_fail (self->folders != NULL);

  if (find_watched (self, share, NULL) != NULL)
    return;

  watched = g_new0 (Watched, 1);
  watched->share = share;
  watched->due = bytestag_reactor_get_time (self->reactor);
  bytestag_folder_set_init (&watched->folders);
  g_ptr_array_add (self->shares, watched);
  schedule (self);
}

void
bytestag_library_watch_remove (BytestagLibraryWatch *self,
                               gpointer              share)
{
  Watched *watched;
  guint position;

  g_return_if_fail (BYTESTAG_IS_LIBRARY_WATCH (self));

  watched = find_watched (self, share, &position);
  if (watched == NULL)
    return;

  g_ptr_array_remove_index (self->shares, position);
  if (self->checked != NULL && g_ptr_array_find (self->checked, watched, NULL))
    watched->share = NULL;
  else
    watched_free (self, watched);
  schedule (self);
}

void
bytestag_library_watch_check_soon (BytestagLibraryWatch *self,
                                   gpointer              share)
{
  Watched *watched;

  g_return_if_fail (BYTESTAG_IS_LIBRARY_WATCH (self));

  watched = find_watched (self, share, NULL);
  if (watched != NULL)
    make_due (self, watched, QUIET);
}

gboolean
bytestag_library_watch_is_told (BytestagLibraryWatch *self,
                                gpointer              share)
{
  Watched *watched;

  g_return_val_if_fail (BYTESTAG_IS_LIBRARY_WATCH (self), FALSE);

  watched = find_watched (self, share, NULL);
  return watched != NULL && watched->folders.all && watched->folders.folders->len > 0;
}

void
bytestag_library_watch_stop (BytestagLibraryWatch *self)
{
  g_return_if_fail (BYTESTAG_IS_LIBRARY_WATCH (self));

  if (self->folders == NULL)
    return;

  bytestag_reactor_disarm (self->reactor, &self->timer);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  if (self->new_folders.folders != NULL)
    bytestag_watched_folders_clear (self->folders, &self->new_folders,
                                    g_ptr_array_index (self->checked, self->n_done));
  if (self->check != NULL)
    end_check (self);
  for (guint i = 0; i < self->shares->len; i++)
    watched_free (self, g_ptr_array_index (self->shares, i));
  g_ptr_array_set_size (self->shares, 0);
  bytestag_reactor_disarm (self->reactor, &self->timer);
  g_clear_pointer (&self->folders, bytestag_watched_folders_free);
}

static void
bytestag_library_watch_dispose (GObject *object)
{
  BytestagLibraryWatch *self = BYTESTAG_LIBRARY_WATCH (object);

  bytestag_library_watch_stop (self);
  g_clear_pointer (&self->shares, g_ptr_array_unref);
  g_clear_pointer (&self->digests, g_hash_table_unref);
  g_clear_object (&self->worker);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_library_watch_parent_class)->dispose (object);
}

static void
bytestag_library_watch_class_init (BytestagLibraryWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_library_watch_dispose;
}

static void
bytestag_library_watch_init (BytestagLibraryWatch *self)
{
  self->shares = g_ptr_array_new ();
  self->digests = bytestag_library_check_digests_new ();
}

BytestagLibraryWatch *
bytestag_library_watch_new (BytestagReactor                 *reactor,
                            BytestagWorker                  *worker,
                            BytestagFolderWatcher           *watcher,
                            const BytestagLibraryWatchFuncs *funcs,
                            gpointer                         user_data)
{
  BytestagLibraryWatch *self;

  g_return_val_if_fail (BYTESTAG_IS_REACTOR (reactor), NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);
  g_return_val_if_fail (watcher == NULL || BYTESTAG_IS_FOLDER_WATCHER (watcher), NULL);
  g_return_val_if_fail (funcs != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_LIBRARY_WATCH, NULL);
  self->reactor = g_object_ref (reactor);
  self->worker = g_object_ref (worker);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->folders = bytestag_watched_folders_new (reactor, watcher, folder_changed, self);

  return self;
}
