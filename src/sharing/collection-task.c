/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/collection-task.h"

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>

#include "core/error.h"
#include "core/limits.h"
#include "sharing/fetcher.h"

/* A link that nobody answers to is told of soon; its pages are sought for longer. */
#define TRIES_OF_ROOT 3
#define TRIES_OF_PAGE 6

typedef enum {
  VALUE_ROOT,
  VALUE_PAGE,
  VALUE_PARTS,
} ValueKind;

/* A page of parts that belongs to a file. */
typedef struct {
  guint file;
  guint page; /* of the file */
} PartsRef;

struct _BytestagCollectionTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagWorker *worker;
  BytestagLink *link;
  GCancellable *cancellable;

  ValueKind stage;
  BytestagFetcher *fetcher;  /* of this stage */
  guint n_left;              /* values of this stage */
  BytestagCollectionInfo *info;
  GPtrArray *pages;          /* (element-type GPtrArray<BytestagFileInfo>) */
  GPtrArray *files;          /* (element-type BytestagFileInfo) */
  guint64 n_parts;           /* in pages */
  GArray *parts_refs;        /* (element-type PartsRef) */
  GPtrArray *parts;          /* (element-type GArray<BytestagKey>) as parts_refs */
};

/* Reading JSON takes milliseconds, which the engine's thread has not. */
typedef struct {
  ValueKind kind;
  guint tag;
  GBytes *bytes;
  guint8 *sha256; /* (nullable) of the link */
  gpointer result;
  GDestroyNotify free_result;
  GError *error;
} ParseJob;

G_DEFINE_FINAL_TYPE (BytestagCollectionTask, bytestag_collection_task, BYTESTAG_TYPE_TASK)

static void set_fetcher (BytestagCollectionTask *self,
                         guint                   max_tries);
static void fetch_parts (BytestagCollectionTask *self);

static void
parse_job_free (ParseJob *job)
{
  g_bytes_unref (job->bytes);
  g_free (job->sha256);
  g_clear_pointer (&job->result, job->free_result);
  g_clear_error (&job->error);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParseJob, parse_job_free)

static gboolean
check_sha256 (ParseJob *job)
{
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  if (job->sha256 == NULL)
    return TRUE;

  gnutls_hash_fast (GNUTLS_DIG_SHA256, g_bytes_get_data (job->bytes, NULL), g_bytes_get_size (job->bytes), sha256);
  if (memcmp (sha256, job->sha256, sizeof sha256) == 0)
    return TRUE;

  g_set_error_literal (&job->error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                       _("What was found is not the collection that the link names: it was forged"));
  return FALSE;
}

/* On a worker. */
static void
parse_job_run (gpointer      data,
               GCancellable *cancellable)
{
  ParseJob *job = data;

  switch (job->kind)
    {
    case VALUE_ROOT:
      job->free_result = g_object_unref;
      if (check_sha256 (job))
        job->result = bytestag_collection_info_from_bytes (job->bytes, &job->error);
      break;
    case VALUE_PAGE:
      job->free_result = (GDestroyNotify) g_ptr_array_unref;
      job->result = bytestag_collection_page_from_bytes (job->bytes, &job->error);
      break;
    case VALUE_PARTS:
    default:
      job->free_result = (GDestroyNotify) g_array_unref;
      job->result = bytestag_parts_page_from_bytes (job->bytes, &job->error);
      break;
    }
}

static void
fail (BytestagCollectionTask *self,
      GError                 *error)
{
  g_clear_object (&self->fetcher);
  g_cancellable_cancel (self->cancellable);
  bytestag_task_fail (BYTESTAG_TASK (self), error);
}

static void
fail_contradiction (BytestagCollectionTask *self)
{
  fail (self, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                                   _("The collection contradicts itself: it was badly made")));
}

static void
fail_too_many_parts (BytestagCollectionTask *self)
{
  fail (self, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                                   _("The collection has too many pieces")));
}

static void
take_root (BytestagCollectionTask *self,
           BytestagCollectionInfo *info)
{
  guint n_pages;
  const BytestagPageRef *pages = bytestag_collection_info_get_pages (info, &n_pages);
  GPtrArray *files = bytestag_collection_info_get_files (info);
  guint64 n_files = 0;

  self->info = g_object_ref (info);
  if (pages == NULL)
    {
      g_ptr_array_extend (self->files, files, (GCopyFunc) g_object_ref, NULL);
      fetch_parts (self);
      return;
    }

  for (guint i = 0; i < n_pages && n_files <= BYTESTAG_LIMIT_COLLECTION_FILES; i++)
    n_files += MIN (pages[i].n_files, BYTESTAG_LIMIT_COLLECTION_FILES + 1);
  if (n_files > BYTESTAG_LIMIT_COLLECTION_FILES)
    {
      fail (self, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                                       _("The collection has too many files")));
      return;
    }
  if (n_pages == 0 || n_files != bytestag_collection_info_get_count (info))
    {
      fail_contradiction (self);
      return;
    }

  self->stage = VALUE_PAGE;
  set_fetcher (self, TRIES_OF_PAGE);
  self->n_left = n_pages;
  g_ptr_array_set_size (self->pages, (int) n_pages);
  bytestag_task_set_total (BYTESTAG_TASK (self), n_pages);
  for (guint i = 0; i < n_pages; i++)
    bytestag_fetcher_add (self->fetcher, &pages[i].key, i);
}

static void
take_page (BytestagCollectionTask *self,
           guint                   number,
           GPtrArray              *files)
{
  guint n_pages;
  const BytestagPageRef *pages = bytestag_collection_info_get_pages (self->info, &n_pages);

  if (files->len != pages[number].n_files)
    {
      fail_contradiction (self);
      return;
    }
  for (guint i = 0; i < files->len; i++)
    {
      guint n_parts;

      bytestag_file_info_get_parts (g_ptr_array_index (files, i), &n_parts);
      self->n_parts += n_parts;
    }
  /* Told now, not when memory is full of them. */
  if (self->n_parts > BYTESTAG_LIMIT_COLLECTION_PARTS)
    {
      fail_too_many_parts (self);
      return;
    }

  g_ptr_array_index (self->pages, number) = g_ptr_array_ref (files);
  self->n_left--;
  bytestag_task_set_progress (BYTESTAG_TASK (self), n_pages - self->n_left);
  if (self->n_left > 0)
    return;

  for (guint i = 0; i < n_pages; i++)
    g_ptr_array_extend (self->files, g_ptr_array_index (self->pages, i), (GCopyFunc) g_object_ref, NULL);
  g_ptr_array_set_size (self->pages, 0);
  fetch_parts (self);
}

/* Gives a file whose parts stand in pages its parts. @first: of its pages in parts_refs. */
static gboolean
join_parts (BytestagCollectionTask *self,
            guint                   first,
            guint                   n_pages)
{
  guint position = g_array_index (self->parts_refs, PartsRef, first).file;
  BytestagFileInfo *file = g_ptr_array_index (self->files, position);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  for (guint i = 0; i < n_pages; i++)
    {
      GArray *parts = g_ptr_array_index (self->parts, first + i);

      if (i + 1 < n_pages && parts->len != BYTESTAG_LIMIT_PARTS_OF_PAGE)
        return FALSE;
      g_array_append_vals (all, parts->data, parts->len);
    }
  if (all->len == 0)
    return FALSE;

  g_ptr_array_index (self->files, position) =
    bytestag_file_info_with_parts (file, (const BytestagKey *) all->data, all->len);
  g_object_unref (file);
  return TRUE;
}

static void
take_parts (BytestagCollectionTask *self,
            guint                   number,
            GArray                 *parts)
{
  g_ptr_array_index (self->parts, number) = g_array_ref (parts);
  self->n_left--;
  bytestag_task_set_progress (BYTESTAG_TASK (self), self->parts->len - self->n_left);
  if (self->n_left > 0)
    return;

  for (guint first = 0; first < self->parts->len;)
    {
      guint file = g_array_index (self->parts_refs, PartsRef, first).file;
      guint n_pages = 1;

      while (first + n_pages < self->parts->len &&
             g_array_index (self->parts_refs, PartsRef, first + n_pages).file == file)
        n_pages++;
      if (!join_parts (self, first, n_pages))
        {
          fail_contradiction (self);
          return;
        }
      first += n_pages;
    }

  bytestag_task_done (BYTESTAG_TASK (self));
}

static void
parse_job_done (gpointer data,
                gpointer user_data)
{
  g_autoptr (ParseJob) job = data;
  g_autoptr (BytestagCollectionTask) self = user_data;

  if (bytestag_task_is_finished (BYTESTAG_TASK (self)))
    return;

  if (job->result == NULL)
    {
      fail (self, g_steal_pointer (&job->error));
      return;
    }

  if (job->kind == VALUE_ROOT)
    take_root (self, job->result);
  else if (job->kind == VALUE_PAGE)
    take_page (self, job->tag, job->result);
  else
    take_parts (self, job->tag, job->result);
}

static void
received_cb (BytestagFetcher        *fetcher,
             guint                   tag,
             GBytes                 *bytes,
             BytestagCollectionTask *self)
{
  const guint8 *sha256 = bytestag_link_get_sha256 (self->link);
  ParseJob *job = g_new0 (ParseJob, 1);

  job->kind = self->stage;
  job->tag = tag;
  job->bytes = g_bytes_ref (bytes);
  if (self->stage == VALUE_ROOT && sha256 != NULL)
    job->sha256 = g_memdup2 (sha256, BYTESTAG_SHA256_SIZE);
  bytestag_worker_run (self->worker, parse_job_run, job, self->cancellable, parse_job_done, g_object_ref (self));
}

static void
failed_cb (BytestagFetcher        *fetcher,
           guint                   tag,
           const GError           *error,
           BytestagCollectionTask *self)
{
  if (g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_NO_PEERS))
    fail (self, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_NO_PEERS,
                                     _("There is nobody to ask: no other computer of the network is known")));
  else if (g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_DENIED))
    fail (self, g_error_copy (error));
  else if (self->stage == VALUE_ROOT)
    fail (self, g_error_new_literal (error->domain, error->code,
                                     _("Nobody who could be asked has this collection")));
  else
    fail (self, g_error_new (error->domain, error->code,
                             _("A page of the collection could not be found: %s"), error->message));
}

static void
set_fetcher (BytestagCollectionTask *self,
             guint                   max_tries)
{
  g_clear_object (&self->fetcher);
  self->fetcher = bytestag_fetcher_new (self->network, max_tries);
  g_signal_connect_object (self->fetcher, "received", G_CALLBACK (received_cb), self, 0);
  g_signal_connect_object (self->fetcher, "failed", G_CALLBACK (failed_cb), self, 0);
}

static gboolean
check_n_part_pages (BytestagCollectionTask *self)
{
  guint64 n_pages = 0;

  for (guint i = 0; i < self->files->len; i++)
    {
      guint n;

      bytestag_file_info_get_part_pages (g_ptr_array_index (self->files, i), &n);
      n_pages += n;
    }
  if (n_pages <= BYTESTAG_LIMIT_COLLECTION_PARTS / BYTESTAG_LIMIT_PARTS_OF_PAGE)
    return TRUE;

  fail_too_many_parts (self);
  return FALSE;
}

/* The last stage, of files whose parts do not fit into a page. */
static void
fetch_parts (BytestagCollectionTask *self)
{
  if (!check_n_part_pages (self))
    return;

  self->stage = VALUE_PARTS;
  set_fetcher (self, TRIES_OF_PAGE);

  for (guint i = 0; i < self->files->len; i++)
    {
      guint n_pages;
      const BytestagKey *pages = bytestag_file_info_get_part_pages (g_ptr_array_index (self->files, i), &n_pages);

      for (guint j = 0; j < n_pages; j++)
        {
          PartsRef ref = { i, j };

          bytestag_fetcher_add (self->fetcher, &pages[j], self->parts_refs->len);
          g_array_append_val (self->parts_refs, ref);
        }
    }

  self->n_left = self->parts_refs->len;
  g_ptr_array_set_size (self->parts, (int) self->parts_refs->len);
  if (self->n_left == 0)
    bytestag_task_done (BYTESTAG_TASK (self));
  else
    bytestag_task_set_total (BYTESTAG_TASK (self), self->n_left);
}

static void
bytestag_collection_task_start (BytestagTask *task)
{
  BytestagCollectionTask *self = BYTESTAG_COLLECTION_TASK (task);

  set_fetcher (self, TRIES_OF_ROOT);
  bytestag_fetcher_add (self->fetcher, bytestag_link_get_key (self->link), 0);
}

static void
bytestag_collection_task_stop (BytestagTask *task)
{
  BytestagCollectionTask *self = BYTESTAG_COLLECTION_TASK (task);

  g_clear_object (&self->fetcher);
  g_cancellable_cancel (self->cancellable);
}

static void
bytestag_collection_task_dispose (GObject *object)
{
  BytestagCollectionTask *self = BYTESTAG_COLLECTION_TASK (object);

  g_clear_object (&self->fetcher);
  g_clear_object (&self->network);
  g_clear_object (&self->worker);

  G_OBJECT_CLASS (bytestag_collection_task_parent_class)->dispose (object);
}

static void
bytestag_collection_task_finalize (GObject *object)
{
  BytestagCollectionTask *self = BYTESTAG_COLLECTION_TASK (object);

  g_clear_object (&self->link);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->info);
  g_clear_pointer (&self->pages, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->parts_refs, g_array_unref);
  g_clear_pointer (&self->parts, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_collection_task_parent_class)->finalize (object);
}

static void
bytestag_collection_task_class_init (BytestagCollectionTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_collection_task_dispose;
  object_class->finalize = bytestag_collection_task_finalize;
  task_class->start = bytestag_collection_task_start;
  task_class->stop = bytestag_collection_task_stop;
}

static void
unref_array (gpointer array)
{
  g_clear_pointer ((GArray **) &array, g_array_unref);
}

static void
unref_ptr_array (gpointer array)
{
  g_clear_pointer ((GPtrArray **) &array, g_ptr_array_unref);
}

static void
bytestag_collection_task_init (BytestagCollectionTask *self)
{
  self->cancellable = g_cancellable_new ();
  self->pages = g_ptr_array_new_with_free_func (unref_ptr_array);
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
  self->parts_refs = g_array_new (FALSE, FALSE, sizeof (PartsRef));
  self->parts = g_ptr_array_new_with_free_func (unref_array);
}

BytestagCollectionTask *
bytestag_collection_task_new (BytestagNetwork *network,
                              BytestagWorker  *worker,
                              BytestagLink    *link)
{
  BytestagCollectionTask *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);
  g_return_val_if_fail (BYTESTAG_IS_LINK (link), NULL);

  self = g_object_new (BYTESTAG_TYPE_COLLECTION_TASK,
                       "reactor", bytestag_network_get_reactor (network),
                       NULL);
  self->network = g_object_ref (network);
  self->worker = g_object_ref (worker);
  self->link = g_object_ref (link);

  return self;
}

BytestagCollectionInfo *
bytestag_collection_task_get_info (BytestagCollectionTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_TASK (self), NULL);

  return self->info;
}

GPtrArray *
bytestag_collection_task_get_files (BytestagCollectionTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_TASK (self), NULL);

  return self->files;
}
