/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "piece-fixture.h"

BytestagPiece
fixture_make_piece (Fixture           *self,
                    guint              number,
                    BytestagPieceKind  kind)
{
  g_autofree char *text = g_strdup_printf ("piece %u", number);
  g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
  BytestagKvpRecord record = { .size = strlen (text), .is_original = TRUE };
  BytestagPiece piece = { .size = strlen (text), .kind = kind };

  bytestag_key_digest (&record.id.index, text, strlen (text));
  record.id.key = record.id.index;
  if (kind == BYTESTAG_PIECE_FILE_INFO)
    bytestag_key_digest (&record.id.key, text, strlen (text) - 1);
  bytestag_kvp_table_write (bytestag_network_get_table (self->network), &record, value, NULL, NULL);
  piece.id = record.id;
  return piece;
}

BytestagKvpTable *
fixture_table_of (Fixture *self,
                  guint    node)
{
  return bytestag_network_get_table (bytestag_sim_get_node (self->sim, node));
}

gint64
fixture_now (Fixture *self)
{
  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (self->network)) / G_USEC_PER_SEC;
}

guint
fixture_count_holders (Fixture             *self,
                       const BytestagKvpId *id)
{
  guint n = 0;

  for (guint i = 1; i < bytestag_sim_get_n_nodes (self->sim); i++)
    n += bytestag_kvp_table_lookup (fixture_table_of (self, i), id, NULL);
  return n;
}

void
fixture_let_hold (Fixture             *self,
                  guint                node,
                  const BytestagPiece *piece,
                  guint                number,
                  const char          *text,
                  gint64               until)
{
  g_autofree char *own = g_strdup_printf ("piece %u", number);
  const char *bytes = text != NULL ? text : own;
  g_autoptr (GBytes) value = g_bytes_new (bytes, strlen (bytes));
  BytestagKvpRecord record = { .id = piece->id, .size = strlen (bytes), .until = until, .copies = 3 };

  record.last_update = (gdouble) fixture_now (self);
  bytestag_kvp_table_write (fixture_table_of (self, node), &record, value, NULL, NULL);
}

BytestagPublication *
fixture_publish (BytestagPublisher   *publisher,
                 const BytestagPiece *pieces,
                 guint                n,
                 guint                copies)
{
  BytestagPublication *publication = bytestag_publisher_add (publisher, copies);

  bytestag_publication_add_pieces (publication, pieces, n);
  bytestag_publisher_start (publisher, publication);
  return publication;
}

BytestagPiece
fixture_get_piece (BytestagPublication *publication,
                   guint                number)
{
  BytestagPiece piece;

  g_assert_true (bytestag_publication_get_piece (publication, number, &piece));
  return piece;
}
