/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "sharing/publisher.h"
#include "sim/crowd.h"

/* What it costs to find out how well all parts of a person are kept: a full pass of the
 * publisher over parts that were published the day before, among 1,000 nodes. In the first one no
 * node has heard of it within the hour, so that all have it prove its address first (B.3
 * "Batch"); the second follows at once. Beside them a sample of the parts one by one. On the simulator:
 * requests and bytes are those of real nodes. Exit status 1 with --check: a limit is missed. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define N_NODES 1000
#define COPIES 4
#define PART_SIZE 262144
#define SAMPLE 100

static gboolean check;

static const GOptionEntry entries[] = {
  { "check", 0, 0, G_OPTION_ARG_NONE, &check, "Fails when a limit is missed", NULL },
  G_OPTION_ENTRY_NULL
};

typedef struct {
  BytestagSim *sim;
  BytestagCrowd *crowd;
  guint publisher; /* index of its node */
} World;

static gint64
get_seconds (World *world)
{
  BytestagNetwork *network = bytestag_sim_get_node (world->sim, world->publisher);

  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (network)) / G_USEC_PER_SEC;
}

/* A part: small, since none is sent. The nearest nodes hold it, and so does the publisher. */
static BytestagKvpId
place_part (World *world,
            guint  number)
{
  g_autofree char *text = g_strdup_printf ("part %u", number);
  g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
  BytestagKvpRecord record = { .size = g_bytes_get_size (value), .copies = COPIES };
  guint nearest[COPIES + 1];
  guint n_placed = 0;

  bytestag_key_digest (&record.id.key, text, strlen (text));
  record.id.index = record.id.key;
  record.until = get_seconds (world) + 10 * 86400;
  record.last_update = (gdouble) get_seconds (world);
  bytestag_crowd_find_closest (world->crowd, &record.id.key, nearest, COPIES + 1);
  for (guint i = 0; n_placed < COPIES; i++)
    {
      guint index = bytestag_crowd_wake (world->crowd, nearest[i]);

      if (index == world->publisher)
        continue;
      n_placed++;
      bytestag_kvp_table_write (bytestag_sim_get_table (world->sim, index), &record, value, NULL, NULL);
    }

  record.is_original = TRUE;
  record.until = 0;
  bytestag_kvp_table_write (bytestag_sim_get_table (world->sim, world->publisher), &record, value, NULL, NULL);
  return record.id;
}

static gdouble
measure_one_by_one (World  *world,
                    GArray *pieces)
{
  BytestagNetwork *network = bytestag_sim_get_node (world->sim, world->publisher);
  guint n_requests = 0;

  for (guint i = 0; i < SAMPLE; i++)
    {
      const BytestagPiece *piece = &g_array_index (pieces, BytestagPiece, i * (pieces->len / SAMPLE));
      BytestagKey target = piece->id.key;
      g_autoptr (BytestagFindShortlistTask) lookup = NULL;

      target.bytes[BYTESTAG_KEY_SIZE - 1] ^= 1;
      lookup = bytestag_network_find_holders_shortlist (network, &target, &piece->id.key, 1);
      g_assert_true (bytestag_sim_run_task (world->sim, lookup, 60 * SECOND));
      n_requests += bytestag_find_shortlist_task_get_n_requests (lookup);
    }
  return (gdouble) n_requests / SAMPLE;
}

/* A full pass, of which @seconds are enough. Returns requests a part; -1: it went wrong. */
static gdouble
measure_pass (World      *world,
              GArray     *pieces,
              const char *name,
              gint64      seconds)
{
  BytestagNetwork *network = bytestag_sim_get_node (world->sim, world->publisher);
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (network);
  g_autoptr (BytestagPublication) publication = bytestag_publisher_add (publisher, COPIES);
  BytestagNetworkCounters before = *bytestag_network_get_counters (network);
  const BytestagNetworkCounters *after = bytestag_network_get_counters (network);
  const BytestagPublisherCounters *counters;
  guint n_kept = 0;

  for (guint i = 0; i < pieces->len; i += BYTESTAG_LIMIT_PIECES_OF_SLICE)
    bytestag_publication_add_pieces (publication, &g_array_index (pieces, BytestagPiece, i),
                                     MIN (pieces->len - i, BYTESTAG_LIMIT_PIECES_OF_SLICE));
  bytestag_publisher_start (publisher, publication);
  bytestag_sim_run (world->sim, seconds * SECOND);

  counters = bytestag_publisher_get_counters (publisher);
  for (guint i = 0; i < pieces->len; i++)
    {
      BytestagPiece piece;

      g_assert_true (bytestag_publication_get_piece (publication, i, &piece));
      n_kept += piece.n_copies >= COPIES && piece.looked > g_array_index (pieces, BytestagPiece, i).looked;
    }
  g_print ("%u parts, %s: %.3f requests a part in %" G_GUINT64_FORMAT " look-ups, %.0f bytes out and %.0f in; "
           "%u are kept well, %" G_GUINT64_FORMAT " copies sent\n", pieces->len, name,
           (gdouble) counters->n_requests / pieces->len, counters->n_lookups,
           (gdouble) (after->bytes_sent - before.bytes_sent) / pieces->len,
           (gdouble) (after->bytes_received - before.bytes_received) / pieces->len, n_kept, counters->n_stored);
  if (n_kept < pieces->len)
    g_print ("Not all parts were found.\n");
  return n_kept < pieces->len ? -1 : (gdouble) counters->n_requests / pieces->len;
}

/* @limit: of requests a part. */
static gboolean
measure (guint   n_parts,
         gint64  seconds,
         gdouble limit)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (1);
  g_autoptr (BytestagCrowd) crowd = bytestag_crowd_new (sim, N_NODES);
  g_autoptr (GArray) pieces = g_array_new (FALSE, TRUE, sizeof (BytestagPiece));
  World world = { sim, crowd, 0 };
  gdouble first;
  gdouble second;

  bytestag_sim_set_checks (sim, FALSE);
  for (guint i = 0; i < N_NODES; i++)
    bytestag_crowd_wake (crowd, i);
  world.publisher = bytestag_crowd_wake (crowd, bytestag_crowd_choose (crowd));
  for (guint i = 0; i < n_parts; i++)
    {
      BytestagPiece piece = {
        .id = place_part (&world, i),
        .size = PART_SIZE,
        .until = (guint32) get_seconds (&world) + 10 * 86400,
        .looked = (guint32) get_seconds (&world) - 86400,
        .kind = BYTESTAG_PIECE_PART,
        .copies = COPIES,
        .n_copies = COPIES,
      };

      g_array_append_val (pieces, piece);
    }

  first = measure_pass (&world, pieces, "first pass", seconds);
  second = measure_pass (&world, pieces, "second pass", seconds);
  g_print ("%u parts: at most %.1f requests a part; one by one %.1f\n", n_parts, limit,
           measure_one_by_one (&world, pieces));
  return first >= 0 && first <= limit && second >= 0 && second <= limit;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean holds;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  /* As slow as a pass may be, and an hour when a day's work is due. */
  holds = measure (1000, 25 * 60, 2);
  holds = measure (100000, 75 * 60, 0.3) && holds;
  return check && !holds ? 1 : 0;
}
