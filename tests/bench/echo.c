/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor: a program that does nothing but receive and send.
 * Usage: echo ADDRESS PORT BYTES one|batch */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <glib.h>

#define BATCH 32
#define DATAGRAM 8192

static guint8 buffers[BATCH][DATAGRAM];

static void
echo_one (int   fd,
          gsize length)
{
  struct sockaddr_in from;
  socklen_t from_length;

  for (;;)
    {
      from_length = sizeof from;
      if (recvfrom (fd, buffers[0], DATAGRAM, 0, (struct sockaddr *) &from, &from_length) >= 0)
        sendto (fd, buffers[0], length, 0, (struct sockaddr *) &from, from_length);
    }
}

static void
echo_batch (int   fd,
            gsize length)
{
  static struct mmsghdr headers[BATCH];
  static struct iovec vectors[BATCH];
  static struct sockaddr_in addresses[BATCH];

  for (guint i = 0; i < BATCH; i++)
    headers[i].msg_hdr = (struct msghdr) {
      .msg_name = &addresses[i], .msg_iov = &vectors[i], .msg_iovlen = 1,
    };
  for (;;)
    {
      int n;

      for (guint i = 0; i < BATCH; i++)
        {
          vectors[i] = (struct iovec) { buffers[i], DATAGRAM };
          headers[i].msg_hdr.msg_namelen = sizeof addresses[i];
        }
      n = recvmmsg (fd, headers, BATCH, MSG_WAITFORONE, NULL);
      for (int i = 0; i < n; i++)
        vectors[i].iov_len = length;
      if (n > 0)
        sendmmsg (fd, headers, n, 0);
    }
}

int
main (int   argc,
      char *argv[])
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  const int buffer_bytes = 4 * 1024 * 1024;
  gsize length;
  int fd;

  if (argc != 5)
    return 2;
  address.sin_addr.s_addr = inet_addr (argv[1]);
  address.sin_port = htons (atoi (argv[2]));
  length = MIN (strtoul (argv[3], NULL, 10), DATAGRAM);
  fd = socket (AF_INET, SOCK_DGRAM, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  if (bind (fd, (struct sockaddr *) &address, sizeof address) < 0)
    g_error ("Port %s: %m", argv[2]);
  puts ("ready");
  fflush (stdout);

  if (strcmp (argv[4], "batch") == 0)
    echo_batch (fd, length);
  else
    echo_one (fd, length);
}
