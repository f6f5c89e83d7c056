/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/piece-table.h"

#include "core/limits.h"

static BytestagPiece
make_piece (guint number)
{
  BytestagPiece piece = { .size = number, .kind = BYTESTAG_PIECE_PART, .copies = 4, .looked = number + 1 };

  bytestag_key_digest (&piece.id.key, &number, sizeof number);
  piece.id.index = piece.id.key;
  return piece;
}

typedef struct {
  guint n;
  BytestagKvpId last;
  const BytestagPieceTable *table;
} Visit;

static gboolean
visit_in_order (guint32             slot,
                BytestagPieceEntry *entry,
                gpointer            user_data)
{
  Visit *visit = user_data;
  BytestagKvpId id;

  bytestag_piece_table_get_id (visit->table, slot, &id);
  if (visit->n++ > 0)
    g_assert_cmpint (bytestag_kvp_id_compare (&visit->last, &id), <, 0);
  visit->last = id;
  return TRUE;
}

/* Pieces come and go in any order: each is found while it is there, in its slot, in order. */
static void
test_model (void)
{
  g_autoptr (BytestagPieceTable) table = bytestag_piece_table_new ();
  g_autofree guint32 *slots = g_new (guint32, 20000);
  Visit visit = { .table = table };
  guint n = 0;

  for (guint i = 0; i < 20000; i++)
    slots[i] = BYTESTAG_NO_SLOT;
  for (guint i = 0; i < 100000; i++)
    {
      guint number = (guint) g_test_rand_int_range (0, i < 50000 ? 20000 : 2000);
      BytestagPiece piece = make_piece (number);

      g_assert_cmpuint (bytestag_piece_table_find (table, &piece.id), ==, slots[number]);
      if (slots[number] == BYTESTAG_NO_SLOT)
        {
          slots[number] = bytestag_piece_table_add (table, &piece, 3);
          g_assert_cmpuint (slots[number], !=, BYTESTAG_NO_SLOT);
          n++;
        }
      else
        {
          BytestagPiece found;

          bytestag_piece_table_get_piece (table, slots[number], &found);
          g_assert_cmpmem (&found, sizeof found, &piece, sizeof piece);
          g_assert_cmpuint (bytestag_piece_table_add (table, &piece, 3), ==, BYTESTAG_NO_SLOT);
          g_assert_true (bytestag_piece_table_remove (table, slots[number], 3));
          slots[number] = BYTESTAG_NO_SLOT;
          n--;
        }
      g_assert_cmpuint (bytestag_piece_table_get_n (table), ==, n);
    }

  g_assert_cmpuint (bytestag_piece_table_visit (table, NULL, G_MAXUINT, visit_in_order, &visit), ==, n);
  for (guint i = 0; i < 20000; i++)
    if (slots[i] != BYTESTAG_NO_SLOT)
      bytestag_piece_table_remove (table, slots[i], 3);
  g_assert_cmpuint (bytestag_piece_table_get_n (table), ==, 0);
  g_assert_cmpuint (bytestag_piece_table_get_memory (table), <, 4096);
}

/* From any id on, whether it is there or not; as many as are wanted. */
static void
test_visit (void)
{
  g_autoptr (BytestagPieceTable) table = bytestag_piece_table_new ();
  Visit visit = { .table = table };
  BytestagKvpId end;
  guint n = 0;

  memset (&end, 0xff, sizeof end);
  g_assert_cmpuint (bytestag_piece_table_visit (table, NULL, 10, visit_in_order, &visit), ==, 0);
  for (guint i = 0; i < 3000; i++)
    {
      BytestagPiece piece = make_piece (i);

      bytestag_piece_table_add (table, &piece, 0);
    }

  g_assert_cmpuint (bytestag_piece_table_visit (table, &end, 10, visit_in_order, &visit), ==, 0);
  while (bytestag_piece_table_visit (table, n > 0 ? &visit.last : NULL, 7, visit_in_order, &visit) > 0)
    n = visit.n;
  g_assert_cmpuint (visit.n, ==, 3000);
}

/* The index of a FileInfo is not its key; several may lie under one key. */
static void
test_file_infos (void)
{
  g_autoptr (BytestagPieceTable) table = bytestag_piece_table_new ();
  BytestagPiece part = make_piece (1);
  BytestagPiece info = make_piece (1);
  BytestagPiece found;
  guint32 slot;

  info.kind = BYTESTAG_PIECE_FILE_INFO;
  info.id.index = make_piece (2).id.key;
  bytestag_piece_table_add (table, &part, 0);
  slot = bytestag_piece_table_add (table, &info, 0);
  g_assert_cmpuint (bytestag_piece_table_get_n (table), ==, 2);
  g_assert_cmpuint (bytestag_piece_table_find (table, &info.id), ==, slot);
  bytestag_piece_table_get_piece (table, slot, &found);
  g_assert_cmpmem (&found, sizeof found, &info, sizeof info);
  g_assert_true (bytestag_piece_table_remove (table, slot, 0));
  g_assert_cmpuint (bytestag_piece_table_find (table, &info.id), ==, BYTESTAG_NO_SLOT);
  g_assert_cmpuint (bytestag_piece_table_find (table, &part.id), !=, BYTESTAG_NO_SLOT);
}

static void
list_owner (guint    owner,
            gpointer user_data)
{
  g_string_append_printf (user_data, "%u ", owner);
}

static void
assert_owners (BytestagPieceTable *table,
               guint32             slot,
               const char         *expected)
{
  g_autoptr (GString) list = g_string_new (NULL);

  bytestag_piece_table_visit_owners (table, slot, list_owner, list);
  g_assert_cmpstr (list->str, ==, expected);
}

/* A piece of several publications is one, until the last of them goes. */
static void
test_owners (void)
{
  g_autoptr (BytestagPieceTable) table = bytestag_piece_table_new ();
  BytestagPiece piece = make_piece (1);
  BytestagPiece other = make_piece (2);
  guint last = BYTESTAG_LIMIT_PUBLICATIONS - 1;
  guint32 slot = bytestag_piece_table_add (table, &piece, 5);
  guint32 other_slot = bytestag_piece_table_add (table, &other, 5);

  g_assert_cmpuint (bytestag_piece_table_add (table, &piece, last), ==, slot);
  g_assert_cmpuint (bytestag_piece_table_add (table, &piece, 0), ==, slot);
  g_assert_cmpuint (bytestag_piece_table_add (table, &piece, 5), ==, BYTESTAG_NO_SLOT);
  g_assert_cmpuint (bytestag_piece_table_add (table, &other, last), ==, other_slot);
  assert_owners (table, slot, "0 5 131071 ");
  assert_owners (table, other_slot, "5 131071 ");

  g_assert_false (bytestag_piece_table_remove (table, slot, 5));
  g_assert_false (bytestag_piece_table_remove (table, slot, 5));
  assert_owners (table, slot, "0 131071 ");
  g_assert_false (bytestag_piece_table_remove (table, slot, last));
  assert_owners (table, slot, "0 ");
  g_assert_false (bytestag_piece_table_remove (table, slot, last));
  g_assert_true (bytestag_piece_table_remove (table, slot, 0));
  assert_owners (table, other_slot, "5 131071 ");
  g_assert_cmpuint (bytestag_piece_table_get_n (table), ==, 1);
}

/* Every piece with other owners than all others. */
static void
test_owner_sets (void)
{
  g_autoptr (BytestagPieceTable) table = bytestag_piece_table_new ();
  guint n_sets = 0;
  guint n_refused = 0;

  for (guint i = 1; i < 1 << 17; i++)
    {
      BytestagPiece piece = make_piece (i);
      gboolean is_refused = FALSE;
      guint n_owners = 0;

      for (guint owner = 0; owner < 17; owner++)
        if ((i & 1u << owner) != 0)
          {
            is_refused |= bytestag_piece_table_add (table, &piece, owner) == BYTESTAG_FULL_SLOT;
            n_owners++;
          }
      n_sets += !is_refused && n_owners > 1;
      n_refused += is_refused;
    }
  g_assert_cmpuint (n_sets, ==, BYTESTAG_LIMIT_OWNER_SETS);
  g_assert_cmpuint (n_refused, >, 0);

  /* One goes, in spite of that. */
  for (guint i = 1; i < 1 << 17; i++)
    {
      BytestagPiece piece = make_piece (i);
      guint32 slot = bytestag_piece_table_find (table, &piece.id);

      if ((i & 1) != 0 && slot != BYTESTAG_NO_SLOT)
        bytestag_piece_table_remove (table, slot, 0);
    }
  for (guint i = 2; i < 1 << 17; i += 2)
    {
      BytestagPiece piece = make_piece (i);

      g_assert_cmpuint (bytestag_piece_table_find (table, &piece.id), !=, BYTESTAG_NO_SLOT);
    }
}

/* 48 bytes a piece, the 4 of a publication's list among them. */
static void
test_memory (void)
{
  g_autoptr (BytestagPieceTable) table = bytestag_piece_table_new ();
  guint n = g_test_slow () ? 1000000 : 200000;

  for (guint i = 0; i < n; i++)
    {
      BytestagPiece piece = make_piece (i);

      bytestag_piece_table_add (table, &piece, 0);
    }
  g_assert_cmpuint (bytestag_piece_table_get_memory (table) + 4 * (gsize) n, <=, 48 * (gsize) n);
}

/* What the last piece leaves is freed a bit at a time, and others may come before that. */
static void
test_sweep (void)
{
  g_autoptr (BytestagPieceTable) table = bytestag_piece_table_new ();
  const guint n = 50000;
  guint n_sweeps = 0;

  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < n; i++)
        {
          BytestagPiece piece = make_piece (i);

          bytestag_piece_table_add (table, &piece, 0);
        }
      g_assert_cmpuint (bytestag_piece_table_get_n (table), ==, n);
      for (guint i = 0; i < n; i++)
        {
          BytestagPiece piece = make_piece (i);

          g_assert_true (bytestag_piece_table_remove (table, bytestag_piece_table_find (table, &piece.id), 0));
        }
      g_assert_cmpuint (bytestag_piece_table_get_n (table), ==, 0);
    }
  while (bytestag_piece_table_sweep (table))
    n_sweeps++;
  g_assert_cmpuint (n_sweeps, >, 1);
  g_assert_false (bytestag_piece_table_sweep (table));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sharing/piece-table/sweep", test_sweep);
  g_test_add_func ("/sharing/piece-table/model", test_model);
  g_test_add_func ("/sharing/piece-table/visit", test_visit);
  g_test_add_func ("/sharing/piece-table/file-infos", test_file_infos);
  g_test_add_func ("/sharing/piece-table/owners", test_owners);
  g_test_add_func ("/sharing/piece-table/owner-sets", test_owner_sets);
  g_test_add_func ("/sharing/piece-table/memory", test_memory);
  return g_test_run ();
}
