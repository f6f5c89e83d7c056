/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/crowd.h"

#include <string.h>

#include "sim/mix.h"
#include "support/test-rng.h"

/* A range of members so short is sorted by distance instead of being halved. */
#define SHORT 32

/* Where hostile members of one network live: 256 hosts, many ports. */
#define NETWORK 11, 22, 33
#define FIRST_PORT 1024

typedef enum {
  ROLE_HONEST,
  ROLE_DEAD,
  ROLE_HOSTILE,
} Role;

typedef struct {
  BytestagKey id;
  guint8 role;
  guint index; /* of its node, + 1; 0: not made */
} Member;

/* Members [begin, end) in the order of their ids. */
typedef struct {
  guint begin, end;
} Range;

struct _BytestagCrowd
{
  BytestagSim *sim;
  guint64 seed;
  Member *members;
  guint n_members;
  gboolean one_network;
  BytestagCrowdFunc func;
  gpointer user_data;
};

/* Ids */

static int
compare_members (gconstpointer a,
                 gconstpointer b)
{
  return bytestag_key_compare (&((const Member *) a)->id, &((const Member *) b)->id);
}

static gboolean
get_bit (const BytestagKey *key,
         guint              number)
{
  return (key->bytes[number / 8] >> (7 - number % 8)) & 1;
}

/* The part of @range, whose ids agree up to bit @number, in which that bit is @bit. */
static Range
halve (BytestagCrowd *self,
       Range          range,
       guint          number,
       gboolean       bit)
{
  guint low = range.begin, high = range.end;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (get_bit (&self->members[middle].id, number))
        high = middle;
      else
        low = middle + 1;
    }
  return bit ? (Range) { low, range.end } : (Range) { range.begin, low };
}

/* Nodes */

/* Up to 20 members of the range, at random. */
static void
introduce_range (BytestagCrowd *self,
                 guint          index,
                 Range          range,
                 BytestagRng   *rng)
{
  guint length = range.end - range.begin;
  guint n = MIN (length, BYTESTAG_MAX_BUCKET_SIZE);
  guint chosen[BYTESTAG_MAX_BUCKET_SIZE];

  /* Floyd's way to draw a set: each number once, and no list of all. */
  for (guint i = 0; i < n; i++)
    {
      guint last = length - n + i;
      BytestagEndpoint address;

      chosen[i] = bytestag_rng_range (rng, last + 1);
      for (guint other = 0; other < i; other++)
        if (chosen[other] == chosen[i])
          {
            chosen[i] = last;
            break;
          }
      bytestag_crowd_get_address (self, range.begin + chosen[i], &address);
      bytestag_sim_introduce (self->sim, index, &self->members[range.begin + chosen[i]].id, &address);
    }
}

static void
fill_table (BytestagCrowd *self,
            guint          number)
{
  const BytestagKey *id = &self->members[number].id;
  guint index = self->members[number].index - 1;
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (bytestag_mix (self->seed + number));
  Range range = { 0, self->n_members };

  for (guint bucket = 0; bucket < BYTESTAG_KEY_BITS && range.end - range.begin > 1; bucket++)
    {
      introduce_range (self, index, halve (self, range, bucket, !get_bit (id, bucket)), BYTESTAG_RNG (rng));
      range = halve (self, range, bucket, get_bit (id, bucket));
    }
}

guint
bytestag_crowd_wake (BytestagCrowd *self,
                     guint          number)
{
  Member *member = &self->members[number];
  BytestagEndpoint address;

  if (member->index == 0)
    {
      bytestag_crowd_get_address (self, number, &address);
      bytestag_sim_add_node_at (self->sim, &address, &member->id);
      member->index = bytestag_sim_get_n_nodes (self->sim);
      fill_table (self, number);
    }
  return member->index - 1;
}

void
bytestag_crowd_rest (BytestagCrowd *self)
{
  bytestag_sim_clear (self->sim);
  for (guint i = 0; i < self->n_members; i++)
    self->members[i].index = 0;
}

/* Addresses */

static gboolean
is_in_network (const BytestagEndpoint *address)
{
  const guint8 network[] = { NETWORK };

  return memcmp (address->address, network, sizeof network) == 0;
}

void
bytestag_crowd_get_address (BytestagCrowd    *self,
                            guint             number,
                            BytestagEndpoint *address)
{
  if (self->one_network && self->members[number].role == ROLE_HOSTILE)
    *address = (BytestagEndpoint) {
      .address = { NETWORK, (guint8) (number & 0xff) },
      .port = (guint16) (FIRST_PORT + (number >> 8)),
      .family = BYTESTAG_FAMILY_IPV4,
    };
  else
    bytestag_sim_make_address (number, address);
}

gboolean
bytestag_crowd_find_at (BytestagCrowd          *self,
                        const BytestagEndpoint *address,
                        guint                  *number)
{
  BytestagEndpoint own;

  if (is_in_network (address))
    *number = address->address[3] | (guint) (address->port - FIRST_PORT) << 8;
  else if (!bytestag_sim_read_address (address, number))
    return FALSE;

  if (*number >= self->n_members)
    return FALSE;
  bytestag_crowd_get_address (self, *number, &own);
  return bytestag_endpoint_equal (&own, address);
}

static gboolean
is_hostile_host (BytestagCrowd          *self,
                 const BytestagEndpoint *address)
{
  guint number;

  if (is_in_network (address))
    return self->one_network;
  return !self->one_network && bytestag_sim_read_address (address, &number) && number < self->n_members &&
         self->members[number].role == ROLE_HOSTILE;
}

static gboolean
nobody_cb (BytestagSim            *sim,
           const BytestagEndpoint *from,
           const BytestagEndpoint *to,
           const guint8           *data,
           gsize                   length,
           gpointer                user_data)
{
  BytestagCrowd *self = user_data;
  guint number;

  if (is_hostile_host (self, to))
    {
      self->func (from, to, data, length, self->user_data);
      return FALSE;
    }
  /* One that is made, and still does not hear, is off. */
  if (!bytestag_crowd_find_at (self, to, &number) || self->members[number].role != ROLE_HONEST ||
      self->members[number].index > 0)
    return FALSE;

  bytestag_crowd_wake (self, number);
  return TRUE;
}

/* The crowd */

BytestagCrowd *
bytestag_crowd_new (BytestagSim *sim,
                    guint        n_members)
{
  BytestagCrowd *self = g_new0 (BytestagCrowd, 1);

  self->sim = sim;
  self->seed = (guint64) bytestag_rng_range (bytestag_sim_get_rng (sim), G_MAXUINT32) << 32;
  self->members = g_new0 (Member, n_members);
  self->n_members = n_members;
  for (guint i = 0; i < n_members; i++)
    bytestag_key_random (&self->members[i].id, bytestag_sim_get_rng (sim));
  qsort (self->members, n_members, sizeof *self->members, compare_members);
  bytestag_sim_set_nobody_func (sim, nobody_cb, self);
  return self;
}

void
bytestag_crowd_free (BytestagCrowd *self)
{
  bytestag_sim_set_nobody_func (self->sim, NULL, NULL);
  g_free (self->members);
  g_free (self);
}

static void
give_role (BytestagCrowd *self,
           gdouble        share,
           Role           role)
{
  for (guint i = 0; i < self->n_members; i++)
    if (bytestag_sim_draw (self->sim) < share)
      self->members[i].role = role;
}

void
bytestag_crowd_kill (BytestagCrowd *self,
                     gdouble        share)
{
  give_role (self, share, ROLE_DEAD);
}

void
bytestag_crowd_corrupt (BytestagCrowd     *self,
                        gdouble            share,
                        gboolean           one_network,
                        BytestagCrowdFunc  func,
                        gpointer           user_data)
{
  give_role (self, share, ROLE_HOSTILE);
  self->one_network = one_network;
  self->func = func;
  self->user_data = user_data;
}

guint
bytestag_crowd_get_size (BytestagCrowd *self)
{
  return self->n_members;
}

gboolean
bytestag_crowd_is_honest (BytestagCrowd *self,
                          guint          number)
{
  return self->members[number].role == ROLE_HONEST;
}

gboolean
bytestag_crowd_is_hostile (BytestagCrowd *self,
                           guint          number)
{
  return self->members[number].role == ROLE_HOSTILE;
}

const BytestagKey *
bytestag_crowd_get_id (BytestagCrowd *self,
                       guint          number)
{
  return &self->members[number].id;
}

guint
bytestag_crowd_choose (BytestagCrowd *self)
{
  guint number;

  do
    number = bytestag_rng_range (bytestag_sim_get_rng (self->sim), self->n_members);
  while (!bytestag_crowd_is_honest (self, number));
  return number;
}

/* The closest */

typedef struct {
  BytestagCrowd *crowd;
  const BytestagKey *key;
  guint *numbers;
  guint count, n;
} Search;

static int
compare_distances (gconstpointer a,
                   gconstpointer b,
                   gpointer      user_data)
{
  const Search *search = user_data;

  return bytestag_key_compare_distance (search->key, &search->crowd->members[*(const guint *) a].id,
                                        &search->crowd->members[*(const guint *) b].id);
}

static void
take_short (Search *search,
            Range   range)
{
  guint numbers[SHORT] = { 0 };
  guint n = 0;

  for (guint i = range.begin; i < range.end; i++)
    if (search->crowd->members[i].role != ROLE_DEAD)
      numbers[n++] = i;
  g_qsort_with_data (numbers, (gint) n, sizeof *numbers, compare_distances, search);
  for (guint i = 0; i < n && search->n < search->count; i++)
    search->numbers[search->n++] = numbers[i];
}

/* All in the half that agrees with the key in the next bit are nearer than all in the other. */
static void
take_range (Search *search,
            Range   range,
            guint   bit)
{
  if (range.end - range.begin <= SHORT)
    {
      take_short (search, range);
      return;
    }
  take_range (search, halve (search->crowd, range, bit, get_bit (search->key, bit)), bit + 1);
  if (search->n < search->count)
    take_range (search, halve (search->crowd, range, bit, !get_bit (search->key, bit)), bit + 1);
}

guint
bytestag_crowd_find_closest (BytestagCrowd     *self,
                             const BytestagKey *key,
                             guint             *numbers,
                             guint              count)
{
  Search search = { self, key, numbers, count, 0 };

  take_range (&search, (Range) { 0, self->n_members }, 0);
  return search.n;
}
