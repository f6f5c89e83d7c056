/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-check-private.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/limits.h"
#include "sharing/file-digest.h"

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

typedef enum {
  ANSWER_NO,
  ANSWER_YES,
  ANSWER_LATER, /* enough was read for one check */
} Answer;

typedef struct {
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  gboolean used; /* by this check */
} ReadDigest;

static guint
hash_stamp (gconstpointer data)
{
  const BytestagFileStamp *stamp = data;
  guint64 mixed = (stamp->inode ^ (guint64) stamp->mtime) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return (guint) (mixed >> 32);
}

/* A digest holds for one birth of an inode. */
static gboolean
is_same_stamp (gconstpointer a,
               gconstpointer b)
{
  const BytestagFileStamp *one = a;
  const BytestagFileStamp *other = b;

  return one->birth == other->birth && bytestag_file_stamp_equal (one, other);
}

GHashTable *
bytestag_library_check_digests_new (void)
{
  return g_hash_table_new_full (hash_stamp, is_same_stamp, g_free, g_free);
}

static void
remember_digest (BytestagLibraryCheck    *self,
                 const BytestagFileStamp *stamp,
                 const guint8            *sha256)
{
  ReadDigest digest = { .used = TRUE };

  if (self->digests == NULL || g_hash_table_size (self->digests) >= BYTESTAG_LIMIT_CHECK_DIGESTS)
    return;

  memcpy (digest.sha256, sha256, sizeof digest.sha256);
  g_hash_table_insert (self->digests, g_memdup2 (stamp, sizeof *stamp), g_memdup2 (&digest, sizeof digest));
}

static const guint8 *
recall_digest (BytestagLibraryCheck    *self,
               const BytestagFileStamp *stamp)
{
  ReadDigest *digest = self->digests != NULL ? g_hash_table_lookup (self->digests, stamp) : NULL;

  if (digest == NULL)
    return NULL;

  digest->used = TRUE;
  return digest->sha256;
}

static gboolean
is_unused (gpointer key,
           gpointer value,
           gpointer user_data)
{
  ReadDigest *digest = value;
  gboolean unused = !digest->used;

  digest->used = FALSE;
  return unused;
}

/* Of this check's files only: others' are read again, when there are too many to remember all. */
static void
forget_unused_digests (BytestagLibraryCheck *self)
{
  if (self->digests != NULL && g_hash_table_size (self->digests) >= BYTESTAG_LIMIT_CHECK_DIGESTS)
    g_hash_table_foreach_remove (self->digests, is_unused, NULL);
}

/* FALSE: it is not what was found any more, or cannot be read. */
static gboolean
read_digest (BytestagLibraryCheck    *self,
             const BytestagFoundFile *found,
             guint8                  *sha256)
{
  g_autofree char *path = g_build_filename (bytestag_check_root (self, found->root)->told.path,
                                            found->path[0] != '\0' ? found->path : NULL, NULL);
  g_auto (BytestagFileDigest) digest = { 0 };
  BytestagFileStamp before;
  BytestagFileStamp after;
  gboolean read;
  /* Not to be held up by a FIFO that took its place just now. */
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

  if (fd < 0)
    return FALSE;

  read = bytestag_file_stamp_read (&before, fd) && bytestag_file_stamp_equal (&before, &found->stamp) &&
         bytestag_file_digest_read (&digest, fd, &self->n_read, self->cancellable, NULL) &&
         bytestag_file_stamp_read (&after, fd) && bytestag_file_stamp_equal (&before, &after);
  close (fd);
  if (read)
    {
      memcpy (sha256, digest.sha256, sizeof digest.sha256);
      remember_digest (self, &found->stamp, digest.sha256);
    }

  return read;
}

/* Whether the bytes of @found are those that were shared. */
static Answer
ask_digest (BytestagLibraryCheck    *self,
            const BytestagCheckFile *file,
            const BytestagFoundFile *found)
{
  const guint8 *known = recall_digest (self, &found->stamp);
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  if (file->stamp.size != found->stamp.size)
    return ANSWER_NO;
  if (!file->has_sha256)
    return ANSWER_LATER;

  if (known == NULL)
    {
      if (atomic_load (&self->n_read) >= BYTESTAG_LIMIT_CHECK_BYTES)
        return ANSWER_LATER;
      if (!read_digest (self, found, sha256))
        return ANSWER_NO;
      known = sha256;
    }

  return memcmp (known, file->sha256, sizeof file->sha256) == 0 ? ANSWER_YES : ANSWER_NO;
}

static const char *
get_basename (BytestagLibraryCheck *self,
              guint32               root,
              const char           *path)
{
  /* The path of a root that is a file has no name of its own. */
  const char *whole = path[0] != '\0' ? path : bytestag_check_root (self, root)->told.path;
  const char *slash = strrchr (whole, G_DIR_SEPARATOR);

  return slash != NULL ? slash + 1 : whole;
}

static gboolean
have_same_name (BytestagLibraryCheck    *self,
                const BytestagCheckFile *file,
                const BytestagFoundFile *found)
{
  return strcmp (get_basename (self, file->root, file->path), get_basename (self, found->root, found->path)) == 0;
}

static void
move_file (BytestagLibraryCheck *self,
           BytestagCheckFile    *file,
           guint32               found)
{
  BytestagFoundFile *now = bytestag_check_found (self, found);

  /* Of the shares that have it, the one in which it lies. */
  if (now->claimant != bytestag_check_root (self, now->root)->share)
    now->claimant = bytestag_check_root (self, file->root)->share;
  file->now = found;
  file->outcome = BYTESTAG_FILE_MOVED;
}

static gboolean
is_missed (BytestagLibraryCheck    *self,
           const BytestagCheckFile *file)
{
  return (file->state == BYTESTAG_CHECK_UNSEEN || file->state == BYTESTAG_CHECK_DIFFERS) &&
         bytestag_check_root (self, file->root)->told.outcome != BYTESTAG_ROOT_AWAY;
}

#define COMPARE(a, b) \
  if ((a) != (b)) \
    return (a) < (b) ? -1 : 1

static int
compare_stamps (const BytestagFileStamp *one,
                const BytestagFileStamp *other)
{
  COMPARE (one->inode, other->inode);
  COMPARE (one->size, other->size);
  COMPARE (one->mtime, other->mtime);
  return 0;
}

static int
compare_found (BytestagLibraryCheck *self,
               guint32               a,
               guint32               b)
{
  const BytestagFoundFile *one = bytestag_check_found (self, a);
  const BytestagFoundFile *other = bytestag_check_found (self, b);

  COMPARE (one->root, other->root);
  return strcmp (one->path, other->path);
}

static int
compare_found_stamps (gconstpointer a,
                      gconstpointer b,
                      gpointer      user_data)
{
  BytestagLibraryCheck *self = user_data;
  guint32 one = *(const guint32 *) a;
  guint32 other = *(const guint32 *) b;
  int order = compare_stamps (&bytestag_check_found (self, one)->stamp, &bytestag_check_found (self, other)->stamp);

  return order != 0 ? order : compare_found (self, one, other);
}

static int
compare_found_names (gconstpointer a,
                     gconstpointer b,
                     gpointer      user_data)
{
  BytestagLibraryCheck *self = user_data;
  const BytestagFoundFile *one = bytestag_check_found (self, *(const guint32 *) a);
  const BytestagFoundFile *other = bytestag_check_found (self, *(const guint32 *) b);
  int order;

  COMPARE (one->stamp.size, other->stamp.size);
  order = strcmp (get_basename (self, one->root, one->path), get_basename (self, other->root, other->path));
  if (order != 0)
    return order;
  COMPARE (one->stamp.mtime, other->stamp.mtime);
  return compare_found (self, *(const guint32 *) a, *(const guint32 *) b);
}

/* The order of a missed file and a found one, by what the found ones are sorted by. */
typedef int (*CompareFunc) (BytestagLibraryCheck    *self,
                            const BytestagCheckFile *file,
                            const BytestagFoundFile *found);

static int
compare_stamp (BytestagLibraryCheck    *self,
               const BytestagCheckFile *file,
               const BytestagFoundFile *found)
{
  return compare_stamps (&file->stamp, &found->stamp);
}

static int
compare_name (BytestagLibraryCheck    *self,
              const BytestagCheckFile *file,
              const BytestagFoundFile *found)
{
  COMPARE (file->stamp.size, found->stamp.size);
  return strcmp (get_basename (self, file->root, file->path), get_basename (self, found->root, found->path));
}

static int
compare_name_and_time (BytestagLibraryCheck    *self,
                       const BytestagCheckFile *file,
                       const BytestagFoundFile *found)
{
  int order = compare_name (self, file, found);

  if (order != 0)
    return order;
  COMPARE (file->stamp.mtime, found->stamp.mtime);
  return 0;
}

/* The first of the found that is not before @file. */
static guint
find_first (BytestagLibraryCheck    *self,
            GArray                  *sorted,
            const BytestagCheckFile *file,
            CompareFunc              compare)
{
  guint from = 0;
  guint to = sorted->len;

  while (from < to)
    {
      guint middle = from + (to - from) / 2;

      if (compare (self, file, bytestag_check_found (self, g_array_index (sorted, guint32, middle))) > 0)
        from = middle + 1;
      else
        to = middle;
    }

  return from;
}

/* (transfer full) (element-type guint32) what no file claims. */
static GArray *
sort_found (BytestagLibraryCheck *self,
            gboolean              owned,
            GCompareDataFunc      compare)
{
  GArray *sorted = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint32 i = 0; i < self->found->len; i++)
    {
      const BytestagFoundFile *found = bytestag_check_found (self, i);

      if (found->claimant == BYTESTAG_CHECK_NOTHING && (owned || found->owner == BYTESTAG_CHECK_NOTHING))
        g_array_append_val (sorted, i);
    }
  g_array_sort_with_data (sorted, compare, self);

  return sorted;
}

/* @found has inode, size and time of @file. Is it that file? */
static Answer
ask_stamp (BytestagLibraryCheck    *self,
           const BytestagCheckFile *file,
           const BytestagFoundFile *found)
{
  const BytestagFileStamp *was = &file->stamp;
  const BytestagFileStamp *now = &found->stamp;

  if (file->doubted)
    return ask_digest (self, file, found);
  if (was->birth != 0 && now->birth != 0)
    return was->birth == now->birth ? ANSWER_YES : ask_digest (self, file, found);

  /* Times of whole seconds are set by programs, to those of other files, and inodes are used
   * again. A number of a drive that is there belongs to no other. */
  if (was->device != now->device ? bytestag_library_check_has_device (self, was->device)
                                 : was->mtime % NS_PER_SECOND == 0 && !have_same_name (self, file, found))
    return ask_digest (self, file, found);

  return ANSWER_YES;
}

/* An editor that keeps what a file was beside it ("name~") has changed the file, not moved it. */
static gboolean
is_backup (const BytestagCheckFile *file,
           const BytestagFoundFile *found)
{
  return file->state == BYTESTAG_CHECK_DIFFERS && file->root == found->root &&
         g_str_has_prefix (found->path, file->path);
}

/* Whether @file may be where @found is. Hard links are one file: each path of it is for one
 * shared file, but other shares may have the same. */
static gboolean
is_free (BytestagLibraryCheck    *self,
         const BytestagCheckFile *file,
         const BytestagFoundFile *found)
{
  /* What lies at its own path is judged by itself. */
  if (found->owner != BYTESTAG_CHECK_NOTHING && bytestag_check_file (self, found->owner) == file)
    return FALSE;

  return found->claimant != bytestag_check_root (self, file->root)->share && !is_backup (file, found);
}

static void
find_by_stamp (BytestagLibraryCheck *self,
               GArray               *sorted,
               BytestagCheckFile    *file)
{
  guint first = find_first (self, sorted, file, compare_stamp);
  guint32 best = BYTESTAG_CHECK_NOTHING;

  for (guint i = first; i < sorted->len && i - first < BYTESTAG_LIMIT_CHECK_TRIES; i++)
    {
      guint32 index = g_array_index (sorted, guint32, i);
      const BytestagFoundFile *found = bytestag_check_found (self, index);

      if (compare_stamp (self, file, found) != 0)
        break;
      if (!is_free (self, file, found))
        continue;
      if (have_same_name (self, file, found))
        {
          best = index;
          break;
        }
      if (best == BYTESTAG_CHECK_NOTHING)
        best = index;
    }
  if (best == BYTESTAG_CHECK_NOTHING)
    return;

  switch (ask_stamp (self, file, bytestag_check_found (self, best)))
    {
    case ANSWER_YES:
      move_file (self, file, best);
      break;
    case ANSWER_LATER:
      file->outcome = BYTESTAG_FILE_DOUBTFUL;
      break;
    case ANSWER_NO:
    default:
      break;
    }
}

/* What lies at the path of @file, unless that is known to be another one that was shared. */
static void
judge_own_path (BytestagLibraryCheck *self,
                BytestagCheckFile    *file)
{
  BytestagFoundFile *found = bytestag_check_found (self, file->now);

  if (found->claimant != BYTESTAG_CHECK_NOTHING)
    {
      file->now = BYTESTAG_CHECK_NOTHING;
      file->state = BYTESTAG_CHECK_UNSEEN;
      return;
    }

  switch (ask_digest (self, file, found))
    {
    case ANSWER_YES:
      bytestag_library_check_see_device (self, file->stamp.device);
      file->outcome = BYTESTAG_FILE_RESTAMPED;
      break;
    case ANSWER_LATER:
      file->outcome = BYTESTAG_FILE_DOUBTFUL;
      break;
    case ANSWER_NO:
    default:
      file->outcome = BYTESTAG_FILE_CHANGED;
      break;
    }
}

/* A copy, or what a backup brought back: of the same name and size; first those of the same time. */
static void
find_by_name (BytestagLibraryCheck *self,
              GArray               *sorted,
              BytestagCheckFile    *file)
{
  guint first = find_first (self, sorted, file, compare_name_and_time);

  if (first == sorted->len ||
      compare_name_and_time (self, file, bytestag_check_found (self, g_array_index (sorted, guint32, first))) != 0)
    first = find_first (self, sorted, file, compare_name);

  for (guint i = first; i < sorted->len && i - first < BYTESTAG_LIMIT_CHECK_TRIES; i++)
    {
      guint32 index = g_array_index (sorted, guint32, i);
      BytestagFoundFile *found = bytestag_check_found (self, index);
      Answer answer;

      if (compare_name (self, file, found) != 0)
        break;
      if (found->claimant != BYTESTAG_CHECK_NOTHING)
        continue;

      answer = ask_digest (self, file, found);
      if (answer == ANSWER_YES)
        {
          move_file (self, file, index);
          return;
        }
      if (answer == ANSWER_LATER)
        {
          file->outcome = BYTESTAG_FILE_DOUBTFUL;
          return;
        }
    }
}

/* Nowhere: deleted, when we could have seen it. */
static void
give_up (BytestagLibraryCheck *self,
         BytestagCheckFile    *file)
{
  if (self->n_entries_left == 0)
    file->outcome = BYTESTAG_FILE_DOUBTFUL;
  else if (bytestag_check_root (self, file->root)->told.outcome != BYTESTAG_ROOT_GONE &&
           !bytestag_library_check_has_device (self, file->stamp.device))
    file->outcome = BYTESTAG_FILE_AWAY;
  else
    file->outcome = BYTESTAG_FILE_DELETED;
}

static void
find_missed (BytestagLibraryCheck *self,
             GArray               *sorted,
             void                (*find) (BytestagLibraryCheck *, GArray *, BytestagCheckFile *))
{
  for (guint i = 0; i < self->order->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      BytestagCheckFile *file = bytestag_check_file (self, g_array_index (self->order, guint32, i));

      if (file->outcome == BYTESTAG_FILE_UNCHANGED && is_missed (self, file))
        find (self, sorted, file);
    }
}

static void
judge_missed (BytestagLibraryCheck *self,
              GArray               *sorted,
              BytestagCheckFile    *file)
{
  if (file->state == BYTESTAG_CHECK_DIFFERS)
    judge_own_path (self, file);
}

static void
give_up_missed (BytestagLibraryCheck *self,
                GArray               *sorted,
                BytestagCheckFile    *file)
{
  give_up (self, file);
}

void
bytestag_library_check_match (BytestagLibraryCheck *self)
{
  g_autoptr (GArray) by_stamp = sort_found (self, TRUE, compare_found_stamps);
  g_autoptr (GArray) by_name = NULL;

  find_missed (self, by_stamp, find_by_stamp);
  find_missed (self, NULL, judge_missed);
  by_name = sort_found (self, FALSE, compare_found_names);
  find_missed (self, by_name, find_by_name);
  find_missed (self, NULL, give_up_missed);
  forget_unused_digests (self);

  for (guint i = 0; i < self->files->len; i++)
    {
      BytestagCheckFile *file = bytestag_check_file (self, i);

      if (file->state == BYTESTAG_CHECK_HIDDEN &&
          bytestag_check_root (self, file->root)->told.outcome != BYTESTAG_ROOT_AWAY)
        file->outcome = BYTESTAG_FILE_AWAY;
    }
}
