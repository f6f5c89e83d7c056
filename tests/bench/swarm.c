/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes that are hardly there: each has an address and an id, and answers pings and
 * look-ups. All share one socket. They fill the routing tables of what is measured. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "protocol.h"

#define MAX_NODES 4000
/* Nodes of a network of this many addresses each: the last byte is 1 to 250. */
#define NODES_OF_NETWORK 250
/* Pings that make the nodes known; no faster, since pings that prove are few a second. */
#define GREETING_US (25 * 1000)

static const char *protocol_name = "bytestag", *base_host = "127.1.0.0", *target_host, *near_text;
static int count = 400, port = 20000, target_port, n_buckets = 16;
static BenchProtocol protocol;
static BenchNode nodes[MAX_NODES];

static GOptionEntry entries[] = {
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol_name, "bytestag, mainline or opendht", "NAME" },
  { "count", 0, 0, G_OPTION_ARG_INT, &count, "nodes", "N" },
  { "base", 0, 0, G_OPTION_ARG_STRING, &base_host, "their network", "ADDRESS" },
  { "port", 0, 0, G_OPTION_ARG_INT, &port, "of all of them", "PORT" },
  { "near", 0, 0, G_OPTION_ARG_STRING, &near_text, "spreads ids over the buckets of this one", "HEX" },
  { "buckets", 0, 0, G_OPTION_ARG_INT, &n_buckets, "to spread them over", "N" },
  { "greet-host", 0, 0, G_OPTION_ARG_STRING, &target_host, "each pings this node once", "ADDRESS" },
  { "greet-port", 0, 0, G_OPTION_ARG_INT, &target_port, "of that node", "PORT" },
  { NULL }
};

static guint32
address_of (guint index)
{
  return ntohl (inet_addr (base_host)) + (index / NODES_OF_NETWORK << 8) + index % NODES_OF_NETWORK + 1;
}

static void
make_nodes (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  BytestagKey near;

  if (near_text != NULL && !bytestag_key_parse (&near, near_text, -1, NULL))
    g_error ("Not a key: %s", near_text);
  for (int i = 0; i < count; i++)
    {
      guint32 address = htonl (address_of (i));
      guint bucket = i % n_buckets;

      for (guint j = 0; j < BYTESTAG_KEY_SIZE; j++)
        nodes[i].id.bytes[j] = g_rand_int (rand);
      if (near_text != NULL)
        {
          guint byte = bucket / 8;
          guint8 bit = 0x80 >> (bucket % 8);

          memcpy (nodes[i].id.bytes, near.bytes, byte);
          nodes[i].id.bytes[byte] =
            ((near.bytes[byte] ^ bit) & ~(bit - 1)) | (nodes[i].id.bytes[byte] & (bit - 1));
        }
      nodes[i].endpoint.family = BYTESTAG_FAMILY_IPV4;
      nodes[i].endpoint.port = port;
      memcpy (nodes[i].endpoint.address, &address, 4);
    }
}

/* The node with this address; -1: none. */
static int
find_node (guint32 address)
{
  guint32 offset = address - ntohl (inet_addr (base_host));
  int index = (offset >> 8) * NODES_OF_NETWORK + (offset & 0xff) - 1;

  return (offset & 0xff) >= 1 && (offset & 0xff) <= NODES_OF_NETWORK && index < count ? index : -1;
}

static guint
find_close (const BytestagKey *target,
            BenchNode         *close)
{
  guint n = 0;

  for (int i = 0; i < count; i++)
    {
      guint place = n;

      while (place > 0 && bytestag_key_compare_distance (target, &nodes[i].id, &close[place - 1].id) < 0)
        place--;
      if (place == BENCH_NODES)
        continue;
      n = MIN (n + 1, BENCH_NODES);
      memmove (&close[place + 1], &close[place], (n - place - 1) * sizeof *close);
      close[place] = nodes[i];
    }
  return n;
}

/* From the address of one node. */
static void
send_from (int                       fd,
           guint                     index,
           const struct sockaddr_in *to,
           const guint8             *data,
           gsize                     length)
{
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof (struct in_pktinfo))];
  } control = { 0 };
  struct iovec vector = { (void *) data, length };
  struct msghdr message = {
    .msg_name = (void *) to, .msg_namelen = sizeof *to,
    .msg_iov = &vector, .msg_iovlen = 1,
    .msg_control = &control, .msg_controllen = sizeof control,
  };
  struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl (address_of (index)) };

  control.header.cmsg_level = IPPROTO_IP;
  control.header.cmsg_type = IP_PKTINFO;
  control.header.cmsg_len = CMSG_LEN (sizeof info);
  memcpy (CMSG_DATA (&control.header), &info, sizeof info);
  sendmsg (fd, &message, MSG_DONTWAIT);
}

static void
answer (int                       fd,
        guint                     index,
        const struct sockaddr_in *from,
        const BenchPacket        *packet)
{
  guint8 buffer[BENCH_DATAGRAM];
  BenchNode close[BENCH_NODES + 1];
  guint n = packet->has_target ? find_close (&packet->target, close) : 0;
  gsize length = bench_write_reply (protocol, &nodes[index].id, packet, close,
                                    protocol == BENCH_BYTESTAG ? n : MIN (n, 8), buffer);

  send_from (fd, index, from, buffer, length);
}

/* One datagram; FALSE: none waits. */
static gboolean
serve (int fd)
{
  guint8 buffer[BENCH_DATAGRAM];
  char control[256];
  struct sockaddr_in from;
  struct iovec vector = { buffer, sizeof buffer };
  struct msghdr message = {
    .msg_name = &from, .msg_namelen = sizeof from,
    .msg_iov = &vector, .msg_iovlen = 1,
    .msg_control = control, .msg_controllen = sizeof control,
  };
  gssize length = recvmsg (fd, &message, MSG_DONTWAIT);
  struct cmsghdr *header = length >= 0 ? CMSG_FIRSTHDR (&message) : NULL;
  struct in_pktinfo info;
  BenchPacket packet;
  int index;

  if (length < 0)
    return FALSE;
  if (header == NULL || header->cmsg_type != IP_PKTINFO)
    return TRUE;
  memcpy (&info, CMSG_DATA (header), sizeof info);
  index = find_node (ntohl (info.ipi_addr.s_addr));
  bench_read (protocol, buffer, length, &packet);
  if (index >= 0 && packet.kind == BENCH_IS_QUERY)
    answer (fd, index, &from, &packet);
  return TRUE;
}

static void
greet (int   fd,
       guint index)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (target_port) };
  guint8 buffer[BENCH_DATAGRAM];
  gsize length = bench_write_query (protocol, BENCH_PING, &nodes[index].id, NULL, index, buffer);

  to.sin_addr.s_addr = inet_addr (target_host);
  send_from (fd, index, &to, buffer, length);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  struct sockaddr_in any = { .sin_family = AF_INET };
  struct pollfd poll_fd = { .events = POLLIN };
  const int on = 1;
  gint64 next_greeting;
  int n_greeted = 0;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  if (!bench_protocol_parse (protocol_name, &protocol) || count < 1 || count > MAX_NODES ||
      n_buckets < 1 || n_buckets > 64)
    g_error ("No such protocol, or too many nodes");

  make_nodes ();
  any.sin_port = htons (port);
  poll_fd.fd = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  setsockopt (poll_fd.fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  if (bind (poll_fd.fd, (struct sockaddr *) &any, sizeof any) < 0)
    g_error ("Port %d: %m", port);
  puts ("ready");
  fflush (stdout);

  next_greeting = g_get_monotonic_time ();
  for (;;)
    {
      gint64 now = g_get_monotonic_time ();

      if (target_host != NULL && n_greeted < count && now >= next_greeting)
        {
          greet (poll_fd.fd, n_greeted++);
          next_greeting = now + GREETING_US;
        }
      poll (&poll_fd, 1, target_host != NULL && n_greeted < count ? GREETING_US / 1000 : -1);
      while (serve (poll_fd.fd))
        continue;
    }
}
