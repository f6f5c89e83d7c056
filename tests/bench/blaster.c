/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks one node as fast as it answers, from many addresses, and reads how much CPU time
 * the node's process took meanwhile. Answers the pings by which a node proves who asks.
 * Prints a line of JSON. */
#include "config.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "protocol.h"

#define MAX_SOURCES 64
#define MAX_WINDOW 64
/* Different requests of a source, sent in turn. */
#define REQUESTS 64
/* Requests without an answer for so long are lost. */
#define LOST_US (100 * 1000)
/* No whole answer for so long: there is no use in going on. */
#define HOPELESS_US (20 * G_USEC_PER_SEC)
/* What still comes after the last request. */
#define DRAIN_MS 50

typedef struct {
  int fd;
  BytestagKey id;
  guint8 requests[REQUESTS][BENCH_DATAGRAM / 8];
  gsize lengths[REQUESTS];
  guint next;
  guint in_flight;
  gint64 last_reply;
  gboolean whole; /* the last answer was */
} Source;

typedef struct {
  guint64 replies;
  guint64 cut; /* replies with fewer nodes or values than wanted */
  guint64 bytes;
} Count;

static const char *protocol_name = "bytestag", *query_name = "findnode", *target_host = "127.0.0.1";
static const char *source_host = "127.0.1.1", *key_text;
static int target_port, source_port = 21000, n_sources = 16, window = 8, pid, raw_length = 100;
static int n_nodes_wanted, n_values_wanted;
static double seconds = 1, warm_up = 0.3;
static BenchProtocol protocol;
static BenchQuery query;
static Source sources[MAX_SOURCES];
static struct sockaddr_in target;
static Count count;

static GOptionEntry entries[] = {
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol_name, "raw, bytestag, mainline or opendht", "NAME" },
  { "query", 0, 0, G_OPTION_ARG_STRING, &query_name, "ping, findnode or findval", "NAME" },
  { "key", 0, 0, G_OPTION_ARG_STRING, &key_text, "asks for this one; otherwise for random ones", "HEX" },
  { "host", 0, 0, G_OPTION_ARG_STRING, &target_host, "of the node", "ADDRESS" },
  { "port", 0, 0, G_OPTION_ARG_INT, &target_port, "of the node", "PORT" },
  { "pid", 0, 0, G_OPTION_ARG_INT, &pid, "of the node", "PID" },
  { "from", 0, 0, G_OPTION_ARG_STRING, &source_host, "the first address to ask from", "ADDRESS" },
  { "sources", 0, 0, G_OPTION_ARG_INT, &n_sources, "addresses to ask from", "N" },
  { "window", 0, 0, G_OPTION_ARG_INT, &window, "requests under way from each", "N" },
  { "bytes", 0, 0, G_OPTION_ARG_INT, &raw_length, "of a raw request", "N" },
  { "nodes", 0, 0, G_OPTION_ARG_INT, &n_nodes_wanted, "that each reply must have", "N" },
  { "values", 0, 0, G_OPTION_ARG_INT, &n_values_wanted, "that each reply must have", "N" },
  { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "to measure", "SECONDS" },
  { "warm-up", 0, 0, G_OPTION_ARG_DOUBLE, &warm_up, "before that", "SECONDS" },
  { NULL }
};

/* ns that all threads of the node ran so far. */
static guint64
read_cpu_time (void)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%d/task", pid);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint64 sum = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, "schedstat", NULL);
      g_autofree char *text = NULL;

      if (g_file_get_contents (path, &text, NULL, NULL))
        sum += g_ascii_strtoull (text, NULL, 10);
    }
  return sum;
}

static void
make_key (BytestagKey *key,
          GRand       *rand)
{
  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    key->bytes[i] = g_rand_int (rand);
}

static void
make_requests (Source *source,
               GRand  *rand)
{
  guint8 buffer[BENCH_DATAGRAM];
  BytestagKey key;

  for (guint i = 0; i < REQUESTS; i++)
    {
      make_key (&key, rand);
      if (key_text != NULL && !bytestag_key_parse (&key, key_text, -1, NULL))
        g_error ("Not a key: %s", key_text);
      source->lengths[i] = bench_write_query (protocol, query, &source->id, &key, g_rand_int (rand), buffer);
      if (protocol == BENCH_RAW)
        source->lengths[i] = raw_length;
      if (source->lengths[i] > sizeof source->requests[i])
        g_error ("A request is too long");
      memcpy (source->requests[i], buffer, source->lengths[i]);
    }
}

/* Fixed addresses, ports and ids: to the node it is the same peers in each run. */
static void
open_source (guint index)
{
  Source *source = &sources[index];
  g_autoptr (GRand) rand = g_rand_new_with_seed (1000 + index);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (source_port + index) };
  const int buffer_bytes = 4 * 1024 * 1024;

  address.sin_addr.s_addr = htonl (ntohl (inet_addr (source_host)) + index);
  source->fd = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  setsockopt (source->fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  if (bind (source->fd, (struct sockaddr *) &address, sizeof address) < 0 ||
      connect (source->fd, (struct sockaddr *) &target, sizeof target) < 0)
    g_error ("Cannot ask from %s: %m", source_host);
  make_key (&source->id, rand);
  make_requests (source, rand);
  source->last_reply = g_get_monotonic_time ();
}

/* Fills the window. */
static void
ask (Source *source)
{
  struct mmsghdr headers[MAX_WINDOW] = { 0 };
  struct iovec vectors[MAX_WINDOW];
  int n = window - (int) source->in_flight;
  int sent;

  for (int i = 0; i < n; i++)
    {
      guint which = (source->next + i) % REQUESTS;

      vectors[i] = (struct iovec) { source->requests[which], source->lengths[which] };
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  sent = n > 0 ? sendmmsg (source->fd, headers, n, MSG_DONTWAIT) : 0;
  if (sent > 0)
    {
      source->next += sent;
      source->in_flight += sent;
    }
}

static void
answer (Source            *source,
        const BenchPacket *packet)
{
  guint8 buffer[BENCH_DATAGRAM];
  gsize length = bench_write_reply (protocol, &source->id, packet, NULL, 0, buffer);

  send (source->fd, buffer, length, MSG_DONTWAIT);
}

static void
take (Source       *source,
      const guint8 *data,
      gsize         length)
{
  BenchPacket packet;

  bench_read (protocol, data, length, &packet);
  if (packet.kind == BENCH_IS_QUERY)
    answer (source, &packet);
  if (packet.kind != BENCH_IS_REPLY)
    return;

  source->whole = packet.n_nodes >= (guint) n_nodes_wanted && packet.n_values >= (guint) n_values_wanted;
  source->in_flight -= MIN (source->in_flight, 1);
  source->last_reply = g_get_monotonic_time ();
  count.replies++;
  count.cut += !source->whole;
  count.bytes += length;
}

static void
read_replies (Source *source)
{
  static guint8 buffers[MAX_WINDOW][BENCH_DATAGRAM];
  struct mmsghdr headers[MAX_WINDOW] = { 0 };
  struct iovec vectors[MAX_WINDOW];
  int n;

  for (guint i = 0; i < MAX_WINDOW; i++)
    {
      vectors[i] = (struct iovec) { buffers[i], sizeof buffers[i] };
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  n = recvmmsg (source->fd, headers, MAX_WINDOW, MSG_DONTWAIT, NULL);
  for (int i = 0; i < n; i++)
    take (source, buffers[i], headers[i].msg_len);
}

/* Runs for @duration µs; with @asking FALSE only listens. */
static void
run (gint64   duration,
     gboolean asking)
{
  struct pollfd polls[MAX_SOURCES];
  gint64 end = g_get_monotonic_time () + duration;
  gint64 now;

  for (int i = 0; i < n_sources; i++)
    polls[i] = (struct pollfd) { .fd = sources[i].fd, .events = POLLIN };
  while ((now = g_get_monotonic_time ()) < end)
    {
      for (int i = 0; i < n_sources && asking; i++)
        {
          if (now - sources[i].last_reply > LOST_US)
            {
              sources[i].in_flight = 0;
              sources[i].last_reply = now;
            }
          ask (&sources[i]);
        }
      if (poll (polls, n_sources, 10) <= 0)
        continue;
      for (int i = 0; i < n_sources; i++)
        if (polls[i].revents != 0)
          read_replies (&sources[i]);
    }
}

static gboolean
all_whole (void)
{
  for (int i = 0; i < n_sources; i++)
    if (!sources[i].whole)
      return FALSE;
  return TRUE;
}

/* Until each address has had a whole answer, so that the node has proven it. */
static gboolean
warm (void)
{
  gint64 end = g_get_monotonic_time () + HOPELESS_US;

  do
    run (warm_up * G_USEC_PER_SEC, TRUE);
  while (!all_whole () && g_get_monotonic_time () < end);
  return all_whole ();
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  gint64 begin, end;
  guint64 cpu_time;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  if (!bench_protocol_parse (protocol_name, &protocol) || !bench_query_parse (query_name, &query) ||
      n_sources < 1 || n_sources > MAX_SOURCES || window < 1 || window > MAX_WINDOW)
    g_error ("No such protocol or query, or too many addresses");

  target.sin_family = AF_INET;
  target.sin_port = htons (target_port);
  target.sin_addr.s_addr = inet_addr (target_host);
  for (int i = 0; i < n_sources; i++)
    open_source (i);
  if (!warm ())
    {
      fprintf (stderr, "%s never had a whole answer to %s\n", protocol_name, query_name);
      return 1;
    }

  memset (&count, 0, sizeof count);
  cpu_time = read_cpu_time ();
  begin = g_get_monotonic_time ();
  run (seconds * G_USEC_PER_SEC, TRUE);
  end = g_get_monotonic_time ();
  run (DRAIN_MS * 1000, FALSE);
  cpu_time = read_cpu_time () - cpu_time;

  printf ("{\"cpu\": %" G_GUINT64_FORMAT ", \"replies\": %" G_GUINT64_FORMAT ", \"cut\": %" G_GUINT64_FORMAT
          ", \"bytes\": %" G_GUINT64_FORMAT ", \"request\": %" G_GSIZE_FORMAT ", \"elapsed\": %" G_GINT64_FORMAT "}\n",
          cpu_time, count.replies, count.cut, count.bytes, sources[0].lengths[0], end - begin);
  return 0;
}
