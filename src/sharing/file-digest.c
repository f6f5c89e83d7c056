/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/file-digest.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"

/* Direct reads need no more, and huge pages nothing less. read() into a buffer that is
 * not aligned takes four times as long on some processors. */
#define BUFFER_ALIGNMENT 4096

/* The digests of the whole file, which take its parts in order. */
enum {
  WHOLE_SHA1,
  WHOLE_SHA256,
  N_WHOLE
};

typedef enum {
  STEP_SHA1 = WHOLE_SHA1,
  STEP_SHA256 = WHOLE_SHA256,
  STEP_PART,
  STEP_READ,
  STEP_NONE,
} StepKind;

/* A part that was read and that some digest still needs. */
typedef struct {
  guint8 *buffer;
  gsize length;
  gboolean part_begun;
  guint n_left; /* digests */
} Slot;

/* A file that is being read. Who works on it takes a step, under the pool's lock, and
 * runs it without: one thread alone takes all steps of a part in turn, several take
 * what the others have left, so that each has the same work whatever digests cost. */
typedef struct {
  BytestagFileDigest *digest;
  int fd;
  guint64 size; /* as it was at first */
  _Atomic guint64 *n_read;
  GCancellable *cancellable;

  gnutls_hash_hd_t whole[N_WHOLE];
  guint64 next[N_WHOLE]; /* the part that it takes next */
  gboolean busy[N_WHOLE];
  Slot slots[BYTESTAG_LIMIT_PARTS_IN_HAND];
  guint64 first;    /* the oldest part in hand */
  guint64 n_parts;  /* read so far */
  gboolean reading;
  gboolean ended;
  int failure;      /* errno */
  guint n_running;  /* steps */
} Reading;

typedef struct {
  StepKind kind;
  guint64 part;
} Step;

struct _BytestagDigestPool
{
  GMutex mutex;
  GCond changed;
  GPtrArray *readings;  /* (element-type Reading) */
  GPtrArray *idle;      /* buffers */
  guint n_buffers;
  guint n_expected;
  guint n_waiting;
  guint64 n_helped;
};

void
bytestag_file_digest_clear (BytestagFileDigest *self)
{
  g_clear_pointer (&self->parts, g_array_unref);
  memset (self, 0, sizeof *self);
}

BytestagDigestPool *
bytestag_digest_pool_new (void)
{
  BytestagDigestPool *self = g_new0 (BytestagDigestPool, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  self->readings = g_ptr_array_new ();
  self->idle = g_ptr_array_new_with_free_func (free);

  return self;
}

void
bytestag_digest_pool_free (BytestagDigestPool *self)
{
  g_ptr_array_unref (self->readings);
  g_ptr_array_unref (self->idle);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Locked. The one that came back last is still in the cache. */
static guint8 *
take_buffer (BytestagDigestPool *self)
{
  guint8 *buffer;

  if (self->idle->len > 0)
    return g_ptr_array_steal_index (self->idle, self->idle->len - 1);

  buffer = aligned_alloc (BUFFER_ALIGNMENT, BYTESTAG_PART_SIZE);
  if (buffer == NULL)
    g_error ("No memory for a part");
  self->n_buffers++;
  return buffer;
}

static Slot *
get_slot (Reading *reading,
          guint64  part)
{
  return &reading->slots[part % BYTESTAG_LIMIT_PARTS_IN_HAND];
}

/* Locked. Older parts first, so that few are in hand, and those in the cache. Beside others
 * who reads goes first, or they would wait for it (a tenth as often, 2 % of the time), and
 * whoever digests the whole file leaves the other such digest to them: @own. */
static Step
choose_step (Reading *reading,
             guint    own)
{
  gboolean alone = reading->n_running == 0;
  gboolean may_read = !reading->reading && !reading->ended &&
                      reading->n_parts - reading->first < BYTESTAG_LIMIT_PARTS_IN_HAND;

  if (may_read && !alone)
    return (Step) { STEP_READ, reading->n_parts };

  for (guint64 part = reading->first; part < reading->n_parts; part++)
    {
      for (guint whole = 0; whole < N_WHOLE; whole++)
        {
          if ((alone || whole == own) && !reading->busy[whole] && reading->next[whole] == part)
            return (Step) { (StepKind) whole, part };
        }
      if (!get_slot (reading, part)->part_begun)
        return (Step) { STEP_PART, part };
    }

  if (may_read)
    return (Step) { STEP_READ, reading->n_parts };

  for (guint whole = 0; whole < N_WHOLE; whole++)
    {
      if (!reading->busy[whole] && reading->next[whole] < reading->n_parts)
        return (Step) { (StepKind) whole, reading->next[whole] };
    }

  return (Step) { STEP_NONE, 0 };
}

/* Locked. The digest is done with the part; parts that nothing needs are let go. */
static void
end_digest (BytestagDigestPool *self,
            Reading            *reading,
            guint64             part)
{
  get_slot (reading, part)->n_left--;

  while (reading->first < reading->n_parts && get_slot (reading, reading->first)->n_left == 0)
    g_ptr_array_add (self->idle, g_steal_pointer (&get_slot (reading, reading->first++)->buffer));
}

/* Fills @buffer with a whole part, less only at the end of the file. -1: errno. */
static gssize
read_part (int           fd,
           guint8       *buffer,
           GCancellable *cancellable)
{
  gsize have = 0;

  while (have < BYTESTAG_PART_SIZE)
    {
      gssize got;

      if (g_cancellable_is_cancelled (cancellable))
        {
          errno = ECANCELED;
          return -1;
        }

      got = read (fd, buffer + have, BYTESTAG_PART_SIZE - have);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return -1;
      if (got == 0)
        break;
      have += (gsize) got;
    }

  return (gssize) have;
}

static void
run_read (BytestagDigestPool *self,
          Reading            *reading)
{
  guint8 *buffer = take_buffer (self);
  gssize got;
  int failure;

  reading->reading = TRUE;
  g_mutex_unlock (&self->mutex);
  got = read_part (reading->fd, buffer, reading->cancellable);
  failure = errno;
  g_mutex_lock (&self->mutex);
  reading->reading = FALSE;

  /* An empty file has one part too: the SHA-1 of nothing (B.3). */
  if (got < 0 || (got == 0 && reading->n_parts > 0))
    {
      if (got < 0 && reading->failure == 0)
        reading->failure = failure;
      reading->ended = TRUE;
      g_ptr_array_add (self->idle, buffer);
      return;
    }

  /* The first part's digest is the file's own up to there. */
  *get_slot (reading, reading->n_parts) = (Slot) {
    .buffer = buffer,
    .length = (gsize) got,
    .part_begun = reading->n_parts == 0,
    .n_left = reading->n_parts == 0 ? N_WHOLE : N_WHOLE + 1,
  };
  reading->n_parts++;
  g_array_set_size (reading->digest->parts, (guint) reading->n_parts);
  reading->digest->size += (guint64) got;
  if (reading->n_read != NULL)
    atomic_fetch_add (reading->n_read, (guint64) got);

  /* At the next part behind its size too: a file that grows as fast as it is read would
   * have no end. */
  if (got < BYTESTAG_PART_SIZE || reading->digest->size > reading->size)
    reading->ended = TRUE;
}

static void
run_part (BytestagDigestPool *self,
          Reading            *reading,
          guint64             part)
{
  Slot *slot = get_slot (reading, part);
  BytestagKey key;

  slot->part_begun = TRUE;
  g_mutex_unlock (&self->mutex);
  bytestag_key_digest (&key, slot->buffer, slot->length);
  g_mutex_lock (&self->mutex);
  g_array_index (reading->digest->parts, BytestagKey, part) = key;
  end_digest (self, reading, part);
}

static void
run_whole (BytestagDigestPool *self,
           Reading            *reading,
           guint               whole,
           guint64             part)
{
  const Slot *slot = get_slot (reading, part);
  gnutls_hash_hd_t copy = NULL;
  BytestagKey key;

  reading->busy[whole] = TRUE;
  g_mutex_unlock (&self->mutex);
  gnutls_hash (reading->whole[whole], slot->buffer, slot->length);
  if (whole == WHOLE_SHA1 && part == 0)
    {
      copy = gnutls_hash_copy (reading->whole[whole]);
      if (copy == NULL)
        g_error ("No memory for a digest");
      gnutls_hash_deinit (copy, key.bytes);
    }
  g_mutex_lock (&self->mutex);
  reading->busy[whole] = FALSE;
  reading->next[whole]++;
  if (copy != NULL)
    g_array_index (reading->digest->parts, BytestagKey, 0) = key;
  end_digest (self, reading, part);
}

/* Locked, but while the step runs. */
static void
run_step (BytestagDigestPool *self,
          Reading            *reading,
          const Step         *step)
{
  reading->n_running++;
  switch (step->kind)
    {
    case STEP_READ:
      run_read (self, reading);
      break;
    case STEP_PART:
      run_part (self, reading, step->part);
      break;
    case STEP_SHA1:
    case STEP_SHA256:
      run_whole (self, reading, (guint) step->kind, step->part);
      break;
    case STEP_NONE:
    default:
      g_assert_not_reached ();
    }
  reading->n_running--;

  if (self->n_waiting > 0)
    g_cond_broadcast (&self->changed);
}

/* Locked. */
static void
wait_for_change (BytestagDigestPool *self)
{
  self->n_waiting++;
  g_cond_wait (&self->changed, &self->mutex);
  self->n_waiting--;
}

/* Until the file is read, or cannot be, and nobody works on it any more. */
static void
run_reading (BytestagDigestPool *self,
             Reading            *reading)
{
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->readings, reading);
  if (self->n_waiting > 0)
    g_cond_broadcast (&self->changed);

  for (;;)
    {
      Step step = { STEP_NONE, 0 };

      if (reading->failure == 0 && g_cancellable_is_cancelled (reading->cancellable))
        reading->failure = ECANCELED;
      if (reading->failure == 0)
        step = choose_step (reading, WHOLE_SHA1);

      if (step.kind != STEP_NONE)
        run_step (self, reading, &step);
      else if (reading->n_running > 0)
        wait_for_change (self);
      else
        break;
    }

  g_ptr_array_remove (self->readings, reading);
  for (; reading->first < reading->n_parts; reading->first++)
    {
      guint8 *buffer = g_steal_pointer (&get_slot (reading, reading->first)->buffer);

      if (buffer != NULL)
        g_ptr_array_add (self->idle, buffer);
    }
  g_mutex_unlock (&self->mutex);
}

gboolean
bytestag_digest_pool_read (BytestagDigestPool  *self,
                           BytestagFileDigest  *digest,
                           int                  fd,
                           _Atomic guint64     *n_read,
                           GCancellable        *cancellable,
                           GError             **error)
{
  Reading reading = { .digest = digest, .fd = fd, .n_read = n_read, .cancellable = cancellable };
  struct stat info;

  memset (digest, 0, sizeof *digest);
  digest->parts = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  if (gnutls_hash_init (&reading.whole[WHOLE_SHA1], GNUTLS_DIG_SHA1) < 0 ||
      gnutls_hash_init (&reading.whole[WHOLE_SHA256], GNUTLS_DIG_SHA256) < 0)
    g_error ("No digests, or no memory for them");

  if (fstat (fd, &info) == 0)
    {
      reading.size = (guint64) info.st_size;
      run_reading (self, &reading);
    }
  else
    {
      reading.failure = errno;
    }
  gnutls_hash_deinit (reading.whole[WHOLE_SHA1], digest->hash.bytes);
  gnutls_hash_deinit (reading.whole[WHOLE_SHA256], digest->sha256);

  if (reading.failure == 0)
    return TRUE;

  if (n_read != NULL)
    atomic_fetch_sub (n_read, digest->size);
  bytestag_file_digest_clear (digest);
  g_set_error_literal (error, G_IO_ERROR,
                       reading.failure == ECANCELED ? G_IO_ERROR_CANCELLED
                                                    : (int) g_io_error_from_errno (reading.failure),
                       g_strerror (reading.failure));
  return FALSE;
}

gboolean
bytestag_file_digest_read (BytestagFileDigest  *self,
                           int                  fd,
                           _Atomic guint64     *n_read,
                           GCancellable        *cancellable,
                           GError             **error)
{
  g_autoptr (BytestagDigestPool) pool = bytestag_digest_pool_new ();

  return bytestag_digest_pool_read (pool, self, fd, n_read, cancellable, error);
}

void
bytestag_digest_pool_expect (BytestagDigestPool *self)
{
  g_mutex_lock (&self->mutex);
  self->n_expected++;
  g_mutex_unlock (&self->mutex);
}

void
bytestag_digest_pool_settle (BytestagDigestPool *self)
{
  g_mutex_lock (&self->mutex);
  g_assert (self->n_expected > 0);
  self->n_expected--;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

gboolean
bytestag_digest_pool_is_expecting (BytestagDigestPool *self)
{
  gboolean expecting;

  g_mutex_lock (&self->mutex);
  expecting = self->n_expected > 0;
  g_mutex_unlock (&self->mutex);

  return expecting;
}

/* Locked. The file that was begun first, so that one ends before the others. */
static Reading *
find_work (BytestagDigestPool *self,
           Step               *step)
{
  for (guint i = 0; i < self->readings->len; i++)
    {
      Reading *reading = g_ptr_array_index (self->readings, i);

      if (reading->failure != 0)
        continue;
      *step = choose_step (reading, WHOLE_SHA256);
      if (step->kind != STEP_NONE)
        return reading;
    }

  return NULL;
}

void
bytestag_digest_pool_help (BytestagDigestPool *self,
                           GCancellable       *cancellable)
{
  guint n_steps = 0;

  g_mutex_lock (&self->mutex);
  while (self->n_expected > 0 && n_steps < BYTESTAG_LIMIT_STEPS_OF_HELP && !g_cancellable_is_cancelled (cancellable))
    {
      Step step;
      Reading *reading = find_work (self, &step);

      if (reading == NULL)
        {
          wait_for_change (self);
          continue;
        }

      run_step (self, reading, &step);
      n_steps++;
    }
  self->n_helped += n_steps;
  g_mutex_unlock (&self->mutex);
}

guint64
bytestag_digest_pool_get_n_helped (BytestagDigestPool *self)
{
  guint64 n_helped;

  g_mutex_lock (&self->mutex);
  n_helped = self->n_helped;
  g_mutex_unlock (&self->mutex);

  return n_helped;
}

guint
bytestag_digest_pool_get_n_buffers (BytestagDigestPool *self)
{
  guint n_buffers;

  g_mutex_lock (&self->mutex);
  n_buffers = self->n_buffers;
  g_mutex_unlock (&self->mutex);

  return n_buffers;
}
