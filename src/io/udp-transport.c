/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "bytestag-io"

#include "config.h"

#include "io/udp-transport.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

/* What a burst of answers to one look-up may fill; the system caps it. */
#define SOCKET_BUFFER_BYTES (4 * 1024 * 1024)
/* What the datagrams of a turn may fill before they go: 32 replies of 20 nodes. */
#define QUEUE_BYTES (32 * 1024)
/* How often another free port is tried when IPv6 has the first one taken. */
#define PORT_ATTEMPTS 16

typedef union
{
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} Address;

struct _BytestagUdpTransport
{
  GObject parent_instance;

  BytestagEndpoint address;
  int sockets[BYTESTAG_UDP_TRANSPORT_MAX_SOCKETS];
  guint n_sockets;
  int socket_v4; /* one of sockets, or -1 */
  int socket_v6;

  /* One recvmmsg() of datagrams, handed out one by one. A byte more than the
   * limit, so that a longer one shows. */
  struct mmsghdr headers[BYTESTAG_LIMIT_DATAGRAMS_OF_TURN];
  struct iovec vectors[BYTESTAG_LIMIT_DATAGRAMS_OF_TURN];
  Address senders[BYTESTAG_LIMIT_DATAGRAMS_OF_TURN];
  guint8 (*buffers)[BYTESTAG_LIMIT_DATAGRAM + 1];
  guint n_received;
  guint n_taken;
  guint next_socket; /* read first the next time, so that neither starves */

  /* What is sent during a turn, for one sendmmsg(): in the order of sending. */
  gboolean holding;
  guint n_queued;
  gsize queued_bytes;
  struct mmsghdr queue_headers[BYTESTAG_LIMIT_DATAGRAMS_OF_TURN];
  struct iovec queue_vectors[BYTESTAG_LIMIT_DATAGRAMS_OF_TURN];
  Address queue_receivers[BYTESTAG_LIMIT_DATAGRAMS_OF_TURN];
  guint8 queue[QUEUE_BYTES];
};

static void bytestag_udp_transport_transport_init (BytestagTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagUdpTransport, bytestag_udp_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_TRANSPORT,
                                                      bytestag_udp_transport_transport_init))

static socklen_t
address_from_endpoint (Address *address, const BytestagEndpoint *endpoint)
{
  if (endpoint->family == BYTESTAG_FAMILY_IPV4)
    {
      memset (&address->v4, 0, sizeof address->v4);
      address->v4.sin_family = AF_INET;
      address->v4.sin_port = g_htons (endpoint->port);
      memcpy (&address->v4.sin_addr, endpoint->address, sizeof address->v4.sin_addr);

      return sizeof address->v4;
    }

  memset (&address->v6, 0, sizeof address->v6);
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = g_htons (endpoint->port);
  memcpy (&address->v6.sin6_addr, endpoint->address, sizeof address->v6.sin6_addr);

  return sizeof address->v6;
}

static void
address_to_endpoint (const Address *address, BytestagEndpoint *endpoint)
{
  memset (endpoint, 0, sizeof *endpoint);
  if (address->any.sa_family == AF_INET)
    {
      endpoint->family = BYTESTAG_FAMILY_IPV4;
      endpoint->port = g_ntohs (address->v4.sin_port);
      memcpy (endpoint->address, &address->v4.sin_addr, sizeof address->v4.sin_addr);
    }
  else if (address->any.sa_family == AF_INET6)
    {
      endpoint->family = BYTESTAG_FAMILY_IPV6;
      endpoint->port = g_ntohs (address->v6.sin6_port);
      memcpy (endpoint->address, &address->v6.sin6_addr, sizeof address->v6.sin6_addr);
    }
}

/* The socket for @family, or -1. */
static int
get_socket (BytestagUdpTransport *self, guint family)
{
  return family == AF_INET ? self->socket_v4 : family == AF_INET6 ? self->socket_v6 : -1;
}

/* Sends what is queued from @first up to the first datagram of the other family.
 * Returns how many are done: at least one, which may be one that cannot be sent. */
static guint
send_batch (BytestagUdpTransport *self, guint first)
{
  guint family = self->queue_receivers[first].any.sa_family;
  guint end = first + 1;
  int n_sent;

  while (end < self->n_queued && self->queue_receivers[end].any.sa_family == family)
    end++;

  do
    n_sent = sendmmsg (get_socket (self, family), self->queue_headers + first, end - first,
                       MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n_sent < 0 && errno == EINTR);

  return n_sent > 0 ? (guint) n_sent : 1;
}

static void
flush (BytestagUdpTransport *self)
{
  for (guint first = 0; first < self->n_queued;)
    first += send_batch (self, first);

  self->n_queued = 0;
  self->queued_bytes = 0;
}

void
bytestag_udp_transport_hold (BytestagUdpTransport *self)
{
  g_return_if_fail (BYTESTAG_IS_UDP_TRANSPORT (self));

  self->holding = TRUE;
}

void
bytestag_udp_transport_release (BytestagUdpTransport *self)
{
  g_return_if_fail (BYTESTAG_IS_UDP_TRANSPORT (self));

  self->holding = FALSE;
  flush (self);
}

static void
enqueue (BytestagUdpTransport *self, const BytestagEndpoint *to, const guint8 *data, gsize length)
{
  guint slot;

  if (self->n_queued == BYTESTAG_LIMIT_DATAGRAMS_OF_TURN || length > QUEUE_BYTES - self->queued_bytes)
    flush (self);

  slot = self->n_queued++;
  memcpy (self->queue + self->queued_bytes, data, length);
  self->queue_vectors[slot].iov_base = self->queue + self->queued_bytes;
  self->queue_vectors[slot].iov_len = length;
  self->queue_headers[slot].msg_hdr.msg_namelen = address_from_endpoint (&self->queue_receivers[slot], to);
  self->queued_bytes += length;
}

static gboolean
bytestag_udp_transport_send (BytestagTransport      *transport,
                             const BytestagEndpoint *to,
                             const guint8           *data,
                             gsize                   length)
{
  BytestagUdpTransport *self = BYTESTAG_UDP_TRANSPORT (transport);
  int fd = to->family == BYTESTAG_FAMILY_IPV4   ? self->socket_v4
           : to->family == BYTESTAG_FAMILY_IPV6 ? self->socket_v6
                                                : -1;
  Address address;
  socklen_t address_length;
  gssize n_sent;

  if (fd < 0)
    return FALSE;

  if (self->holding && length <= BYTESTAG_LIMIT_DATAGRAM)
    {
      enqueue (self, to, data, length);
      return TRUE;
    }

  address_length = address_from_endpoint (&address, to);
  do
    n_sent = sendto (fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL, &address.any, address_length);
  while (n_sent < 0 && errno == EINTR);

  return n_sent >= 0;
}

static void
bytestag_udp_transport_get_address (BytestagTransport *transport, BytestagEndpoint *address)
{
  *address = BYTESTAG_UDP_TRANSPORT (transport)->address;
}

static void
bytestag_udp_transport_transport_init (BytestagTransportInterface *iface)
{
  iface->send = bytestag_udp_transport_send;
  iface->get_address = bytestag_udp_transport_get_address;
}

static void
close_sockets (BytestagUdpTransport *self)
{
  for (guint i = 0; i < self->n_sockets; i++)
    close (self->sockets[i]);
  self->n_sockets = 0;
  self->socket_v4 = self->socket_v6 = -1;
}

void
bytestag_udp_transport_close (BytestagUdpTransport *self)
{
  g_return_if_fail (BYTESTAG_IS_UDP_TRANSPORT (self));

  close_sockets (self);
  self->n_taken = self->n_received = 0;
  self->n_queued = 0;
  self->queued_bytes = 0;
}

static void
bytestag_udp_transport_finalize (GObject *object)
{
  BytestagUdpTransport *self = BYTESTAG_UDP_TRANSPORT (object);

  close_sockets (self);
  g_free (self->buffers);

  G_OBJECT_CLASS (bytestag_udp_transport_parent_class)->finalize (object);
}

static void
bytestag_udp_transport_class_init (BytestagUdpTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_udp_transport_finalize;
}

static void
bytestag_udp_transport_init (BytestagUdpTransport *self)
{
  self->socket_v4 = self->socket_v6 = -1;
  self->buffers = g_malloc (sizeof self->buffers[0] * BYTESTAG_LIMIT_DATAGRAMS_OF_TURN);

  for (guint i = 0; i < BYTESTAG_LIMIT_DATAGRAMS_OF_TURN; i++)
    {
      self->vectors[i].iov_base = self->buffers[i];
      self->vectors[i].iov_len = sizeof self->buffers[i];
      self->headers[i].msg_hdr.msg_iov = &self->vectors[i];
      self->headers[i].msg_hdr.msg_iovlen = 1;
      self->headers[i].msg_hdr.msg_name = &self->senders[i];
      self->queue_headers[i].msg_hdr.msg_iov = &self->queue_vectors[i];
      self->queue_headers[i].msg_hdr.msg_iovlen = 1;
      self->queue_headers[i].msg_hdr.msg_name = &self->queue_receivers[i];
    }
}

/* A bound socket, or -1 with errno. Without SO_REUSEPORT and SO_REUSEADDR: those
 * would let two programs take one port, and each get half of the datagrams. */
static int
open_socket (const BytestagEndpoint *endpoint)
{
  gboolean is_v6 = endpoint->family == BYTESTAG_FAMILY_IPV6;
  const int on = 1;
  const int buffer_bytes = SOCKET_BUFFER_BYTES;
  Address address;
  socklen_t address_length = address_from_endpoint (&address, endpoint);
  int fd = socket (is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0)
    return -1;

  if ((is_v6 && setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
      || bind (fd, &address.any, address_length) < 0)
    {
      int saved_errno = errno;

      close (fd);
      errno = saved_errno;
      return -1;
    }

  /* As much as the system allows is good enough. */
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);

  return fd;
}

static void
add_socket (BytestagUdpTransport *self, int fd, BytestagFamily family)
{
  self->sockets[self->n_sockets++] = fd;
  if (family == BYTESTAG_FAMILY_IPV4)
    self->socket_v4 = fd;
  else
    self->socket_v6 = fd;
}

static void
set_bind_error (GError **error, const BytestagEndpoint *endpoint, int saved_errno)
{
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  bytestag_endpoint_write_host (endpoint, host);
  switch (saved_errno)
    {
    case EADDRINUSE:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY, _("Port %u is in use by another program"),
                   endpoint->port);
      break;
    case EACCES:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("No permission to use port %u"), endpoint->port);
      break;
    case EADDRNOTAVAIL:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("This computer does not have the address %s"),
                   host);
      break;
    default:
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot use port %u of %s: %s"), endpoint->port,
                   host, g_strerror (saved_errno));
    }
}

/* Binds one address; the first one bound becomes the transport's address. */
static gboolean
bind_endpoint (BytestagUdpTransport *self, const BytestagEndpoint *endpoint, GError **error)
{
  int fd = open_socket (endpoint);
  Address bound;
  socklen_t length = sizeof bound;

  if (fd < 0)
    {
      set_bind_error (error, endpoint, errno);
      return FALSE;
    }

  add_socket (self, fd, endpoint->family);
  if (self->n_sockets == 1)
    {
      getsockname (fd, &bound.any, &length);
      address_to_endpoint (&bound, &self->address);
    }

  return TRUE;
}

/* Every address of the computer: IPv4, and IPv6 on the same port if there is any. */
static gboolean
bind_any (BytestagUdpTransport *self, guint16 port, GError **error)
{
  for (guint attempt = 1;; attempt++)
    {
      BytestagEndpoint v4 = { .family = BYTESTAG_FAMILY_IPV4, .port = port };
      BytestagEndpoint v6 = { .family = BYTESTAG_FAMILY_IPV6 };
      g_autoptr (GError) v6_error = NULL;

      if (!bind_endpoint (self, &v4, error))
        return FALSE;

      v6.port = self->address.port;
      if (bind_endpoint (self, &v6, &v6_error))
        return TRUE;

      if (!g_error_matches (v6_error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY))
        {
          g_debug ("No IPv6: %s", v6_error->message);
          return TRUE;
        }

      close_sockets (self);
      if (port != 0 || attempt == PORT_ATTEMPTS)
        {
          g_propagate_error (error, g_steal_pointer (&v6_error));
          return FALSE;
        }
    }
}

BytestagUdpTransport *
bytestag_udp_transport_new (const char *host, guint16 port, GError **error)
{
  g_autoptr (BytestagUdpTransport) self = g_object_new (BYTESTAG_TYPE_UDP_TRANSPORT, NULL);
  BytestagEndpoint endpoint;

  if (host == NULL)
    return bind_any (self, port, error) ? g_steal_pointer (&self) : NULL;

  if (!bytestag_endpoint_set_host (&endpoint, host, -1, port))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is not a numeric address"), host);
      return NULL;
    }

  return bind_endpoint (self, &endpoint, error) ? g_steal_pointer (&self) : NULL;
}

guint
bytestag_udp_transport_get_sockets (BytestagUdpTransport *self, int *sockets)
{
  g_return_val_if_fail (BYTESTAG_IS_UDP_TRANSPORT (self), 0);
  g_return_val_if_fail (sockets != NULL, 0);

  memcpy (sockets, self->sockets, self->n_sockets * sizeof *sockets);

  return self->n_sockets;
}

static void
read_batch (BytestagUdpTransport *self, int fd)
{
  int n_received;

  /* The kernel writes the length of each address back into its header. */
  for (guint i = 0; i < BYTESTAG_LIMIT_DATAGRAMS_OF_TURN; i++)
    self->headers[i].msg_hdr.msg_namelen = sizeof self->senders[i];

  do
    n_received = recvmmsg (fd, self->headers, BYTESTAG_LIMIT_DATAGRAMS_OF_TURN, MSG_DONTWAIT, NULL);
  while (n_received < 0 && errno == EINTR);

  self->n_taken = 0;
  self->n_received = MAX (n_received, 0);
}

gboolean
bytestag_udp_transport_receive (BytestagUdpTransport  *self,
                                BytestagEndpoint      *from,
                                const guint8         **data,
                                gsize                 *length)
{
  g_return_val_if_fail (BYTESTAG_IS_UDP_TRANSPORT (self), FALSE);

  for (guint i = 0; i < self->n_sockets && !bytestag_udp_transport_has_pending (self); i++)
    {
      read_batch (self, self->sockets[self->next_socket]);
      self->next_socket = (self->next_socket + 1) % self->n_sockets;
    }

  if (!bytestag_udp_transport_has_pending (self))
    return FALSE;

  address_to_endpoint (&self->senders[self->n_taken], from);
  *data = self->buffers[self->n_taken];
  *length = self->headers[self->n_taken].msg_len;
  self->n_taken++;

  return TRUE;
}

gboolean
bytestag_udp_transport_has_pending (BytestagUdpTransport *self)
{
  g_return_val_if_fail (BYTESTAG_IS_UDP_TRANSPORT (self), FALSE);

  return self->n_taken < self->n_received;
}
