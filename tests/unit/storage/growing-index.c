/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/growing-index.h"

enum { N_ITEMS = 5000 };

typedef struct {
  guint32 hashes[N_ITEMS];
  guint32 links[N_ITEMS];
  guint n_hashed;
} Owner;

static guint32
get_hash (gpointer data, guint32 item)
{
  Owner *owner = data;

  owner->n_hashed++;

  return owner->hashes[item];
}

static guint32 *
get_next (gpointer data, guint32 item)
{
  return &((Owner *) data)->links[item];
}

static gboolean
contains (BytestagGrowingIndex *index, Owner *owner, guint32 item)
{
  guint32 found = bytestag_growing_index_first (index, owner->hashes[item]);

  while (found != BYTESTAG_NO_ITEM && found != item)
    found = owner->links[found];

  return found == item;
}

static void
test_items (void)
{
  g_autofree Owner *owner = g_new0 (Owner, 1);
  BytestagGrowingIndex index;

  bytestag_growing_index_init (&index, owner, get_hash, get_next);
  g_assert_cmpuint (bytestag_growing_index_first (&index, 7), ==, BYTESTAG_NO_ITEM);
  for (guint i = 0; i < N_ITEMS; i++)
    {
      owner->hashes[i] = i * 2654435761u;
      bytestag_growing_index_insert (&index, i);
      if (i % 97 == 0)
        {
          for (guint j = 0; j <= i; j++)
            g_assert_true (contains (&index, owner, j));
        }
    }

  for (guint i = 0; i < N_ITEMS; i += 2)
    bytestag_growing_index_remove (&index, i);
  for (guint i = 0; i < N_ITEMS; i++)
    g_assert_true (contains (&index, owner, i) == (i % 2 == 1));
  for (guint i = 0; i < N_ITEMS; i += 2)
    bytestag_growing_index_insert (&index, i);
  for (guint i = 0; i < N_ITEMS; i++)
    g_assert_true (contains (&index, owner, i));
  bytestag_growing_index_clear (&index);
  g_assert_cmpuint (bytestag_growing_index_first (&index, 7), ==, BYTESTAG_NO_ITEM);
}

/* No insertion touches more than a few others, however many there are: there is no moment in
 * which all are moved. */
static void
test_steps (void)
{
  g_autofree Owner *owner = g_new0 (Owner, 1);
  BytestagGrowingIndex index;
  guint most = 0;

  bytestag_growing_index_init (&index, owner, get_hash, get_next);
  for (guint i = 0; i < N_ITEMS; i++)
    {
      owner->hashes[i] = i * 2654435761u;
      owner->n_hashed = 0;
      bytestag_growing_index_insert (&index, i);
      most = MAX (most, owner->n_hashed);
    }
  g_assert_cmpuint (most, <=, 12);
  bytestag_growing_index_clear (&index);
}

/* One hash for all: slow, but nothing is lost. */
static void
test_collisions (void)
{
  g_autofree Owner *owner = g_new0 (Owner, 1);
  BytestagGrowingIndex index;

  bytestag_growing_index_init (&index, owner, get_hash, get_next);
  for (guint i = 0; i < 300; i++)
    {
      owner->hashes[i] = 0xffffffff;
      bytestag_growing_index_insert (&index, i);
    }
  for (guint i = 0; i < 300; i += 3)
    bytestag_growing_index_remove (&index, i);
  for (guint i = 0; i < 300; i++)
    g_assert_true (contains (&index, owner, i) == (i % 3 != 0));
  bytestag_growing_index_clear (&index);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/storage/growing-index/items", test_items);
  g_test_add_func ("/storage/growing-index/steps", test_steps);
  g_test_add_func ("/storage/growing-index/collisions", test_collisions);

  return g_test_run ();
}
