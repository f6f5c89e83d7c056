/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "bytestag-client"

#include "config.h"

#include "client/control.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "client/control-line.h"
#include "core/error.h"
#include "core/limits.h"

/* One who came to the socket. Held by the control while it lives, by the request
 * that it made, and by what reads. */
typedef struct
{
  BytestagControl *control; /* NULL: dropped */
  GSocketConnection *stream;
  GByteArray *buffer;
  GCancellable *reading;
  GCancellable *gone;
  GSource *hang_up;
  GSource *writable;
  GQueue lines; /* (element-type GBytes) to be written */
  gsize n_queued;
  gsize n_written; /* of the first line */
  gboolean ended;  /* its last line was queued */
} Connection;

struct _BytestagControl
{
  GObject parent_instance;

  char *path;
  GSocketService *service;
  GPtrArray *connections;
};

struct _BytestagControlRequest
{
  GObject parent_instance;

  Connection *connection;
  char *verb;
  GVariant *arguments;
};

enum {
  REQUEST,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagControlRequest, bytestag_control_request, G_TYPE_OBJECT)
G_DEFINE_FINAL_TYPE (BytestagControl, bytestag_control, G_TYPE_OBJECT)

static void
connection_clear (gpointer data)
{
  Connection *connection = data;

  g_clear_object (&connection->stream);
  g_clear_pointer (&connection->buffer, g_byte_array_unref);
  g_clear_object (&connection->reading);
  g_clear_object (&connection->gone);
  g_queue_clear_full (&connection->lines, (GDestroyNotify) g_bytes_unref);
}

static void
connection_unref (gpointer data)
{
  g_rc_box_release_full (data, connection_clear);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Lets go of the peer. Before its last line, the request is taken back. */
static void
connection_drop (Connection *connection)
{
  BytestagControl *control = g_steal_pointer (&connection->control);
  gboolean was_asking = !connection->ended;

  if (control == NULL)
    return;

  connection->ended = TRUE;
  clear_source (&connection->hang_up);
  clear_source (&connection->writable);
  g_cancellable_cancel (connection->reading);
  g_io_stream_close (G_IO_STREAM (connection->stream), NULL, NULL);

  g_rc_box_acquire (connection);
  g_ptr_array_remove_fast (control->connections, connection);
  if (was_asking)
    g_cancellable_cancel (connection->gone);
  connection_unref (connection);
}

static void connection_flush (Connection *connection);

static gboolean
writable_cb (GObject *stream, gpointer user_data)
{
  Connection *connection = user_data;

  clear_source (&connection->writable);
  connection_flush (connection);

  return G_SOURCE_REMOVE;
}

static void
connection_wait_writable (Connection *connection)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection->stream));

  if (connection->writable != NULL)
    return;

  connection->writable = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (output), NULL);
  g_source_set_callback (connection->writable, G_SOURCE_FUNC (writable_cb), connection, NULL);
  g_source_attach (connection->writable, g_main_context_get_thread_default ());
}

/* Writes at once what the kernel takes: the last line also gets out when the
 * control is closed right after it. */
static void
connection_flush (Connection *connection)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection->stream));
  GBytes *line;

  while ((line = g_queue_peek_head (&connection->lines)) != NULL)
    {
      g_autoptr (GError) error = NULL;
      gsize size;
      const guint8 *data = g_bytes_get_data (line, &size);
      gssize n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output),
                                                             data + connection->n_written,
                                                             size - connection->n_written, NULL, &error);

      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          connection_wait_writable (connection);
          return;
        }
      if (n < 0)
        {
          connection_drop (connection);
          return;
        }

      connection->n_written += (gsize) n;
      connection->n_queued -= (gsize) n;
      if (connection->n_written == size)
        {
          connection->n_written = 0;
          g_bytes_unref (g_queue_pop_head (&connection->lines));
        }
    }

  if (connection->ended)
    connection_drop (connection);
}

static void
connection_send (Connection *connection, GVariant *line)
{
  g_autoptr (GBytes) bytes = bytestag_control_line_to_bytes (line);

  g_queue_push_tail (&connection->lines, g_bytes_ref (bytes));
  connection->n_queued += g_bytes_get_size (bytes);
  if (connection->n_queued > BYTESTAG_LIMIT_CONTROL_QUEUE)
    connection_drop (connection);
  else if (connection->writable == NULL)
    connection_flush (connection);
}

static void
connection_fail (Connection *connection, const GError *error)
{
  int code = error->domain == BYTESTAG_ERROR ? error->code : BYTESTAG_ERROR_FAILED;
  GVariantBuilder builder;

  if (connection->ended)
    return;

  connection->ended = TRUE;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "error", g_variant_new_string (error->message));
  g_variant_builder_add (&builder, "{sv}", "code", g_variant_new_int64 (code));
  connection_send (connection, g_variant_builder_end (&builder));
}

static void
connection_fail_literal (Connection *connection, BytestagError code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, code, message);

  connection_fail (connection, error);
}

/* A hang-up and not the end of input: who sent the request may have shut its
 * sending side, and still read. */
static gboolean
hang_up_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  connection_drop (user_data);

  return G_SOURCE_REMOVE;
}

static BytestagControlRequest *
connection_make_request (Connection *connection, GVariant *line)
{
  g_autofree char *verb = NULL;
  BytestagControlRequest *request;

  if (!g_variant_lookup (line, "verb", "s", &verb))
    return NULL;

  request = g_object_new (BYTESTAG_TYPE_CONTROL_REQUEST, NULL);
  request->connection = g_rc_box_acquire (connection);
  request->verb = g_steal_pointer (&verb);
  request->arguments = g_variant_lookup_value (line, "args", G_VARIANT_TYPE_VARDICT);
  if (request->arguments == NULL)
    request->arguments = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));

  return request;
}

static void
read_line_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Connection *connection = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = bytestag_control_read_line_finish (G_INPUT_STREAM (object), result, &error);
  g_autoptr (GVariant) line = bytes != NULL ? bytestag_control_line_from_bytes (bytes, &error) : NULL;
  g_autoptr (BytestagControlRequest) request = line != NULL ? connection_make_request (connection, line) : NULL;

  if (request != NULL && connection->control != NULL)
    {
      GSocket *socket = g_socket_connection_get_socket (connection->stream);

      connection->hang_up = g_socket_create_source (socket, G_IO_HUP | G_IO_ERR, NULL);
      g_source_set_callback (connection->hang_up, G_SOURCE_FUNC (hang_up_cb), connection, NULL);
      g_source_attach (connection->hang_up, g_main_context_get_thread_default ());
      g_signal_emit (connection->control, signals[REQUEST], 0, request);
    }
  else if (connection->control != NULL)
    {
      if (error != NULL && error->domain == BYTESTAG_ERROR)
        connection_fail (connection, error);
      else if (bytes != NULL)
        connection_fail_literal (connection, BYTESTAG_ERROR_INVALID, _("This is not a command"));
      else
        connection_drop (connection);
    }

  connection_unref (connection);
}

static gboolean
incoming_cb (GSocketService *service, GSocketConnection *stream, GObject *source, BytestagControl *self)
{
  Connection *connection = g_rc_box_new0 (Connection);

  connection->control = self;
  connection->stream = g_object_ref (stream);
  connection->buffer = g_byte_array_new ();
  connection->reading = g_cancellable_new ();
  connection->gone = g_cancellable_new ();
  g_queue_init (&connection->lines);
  g_ptr_array_add (self->connections, connection);

  if (self->connections->len > BYTESTAG_LIMIT_CONTROL_CLIENTS)
    connection_fail_literal (connection, BYTESTAG_ERROR_BUSY,
                             _("The running Bytestag is busy with too many commands: try again later"));
  else
    bytestag_control_read_line_async (g_io_stream_get_input_stream (G_IO_STREAM (stream)), connection->buffer,
                                      connection->reading, read_line_cb, g_rc_box_acquire (connection));

  return TRUE;
}

static void
bytestag_control_request_dispose (GObject *object)
{
  BytestagControlRequest *self = BYTESTAG_CONTROL_REQUEST (object);

  if (self->connection != NULL)
    connection_fail_literal (self->connection, BYTESTAG_ERROR_INVALID,
                             _("The running Bytestag does not know this command"));
  g_clear_pointer (&self->connection, connection_unref);

  G_OBJECT_CLASS (bytestag_control_request_parent_class)->dispose (object);
}

static void
bytestag_control_request_finalize (GObject *object)
{
  BytestagControlRequest *self = BYTESTAG_CONTROL_REQUEST (object);

  g_clear_pointer (&self->verb, g_free);
  g_clear_pointer (&self->arguments, g_variant_unref);

  G_OBJECT_CLASS (bytestag_control_request_parent_class)->finalize (object);
}

static void
bytestag_control_request_class_init (BytestagControlRequestClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_control_request_dispose;
  object_class->finalize = bytestag_control_request_finalize;
}

static void
bytestag_control_request_init (BytestagControlRequest *self)
{
}

const char *
bytestag_control_request_get_verb (BytestagControlRequest *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CONTROL_REQUEST (self), NULL);

  return self->verb;
}

GVariant *
bytestag_control_request_get_arguments (BytestagControlRequest *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CONTROL_REQUEST (self), NULL);

  return self->arguments;
}

GCancellable *
bytestag_control_request_get_cancellable (BytestagControlRequest *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CONTROL_REQUEST (self), NULL);

  return self->connection->gone;
}

void
bytestag_control_request_respond (BytestagControlRequest *self, GVariant *line)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (line);

  g_return_if_fail (BYTESTAG_IS_CONTROL_REQUEST (self));

  if (!self->connection->ended)
    connection_send (self->connection, owned);
}

void
bytestag_control_request_finish (BytestagControlRequest *self)
{
  GVariantBuilder builder;

  g_return_if_fail (BYTESTAG_IS_CONTROL_REQUEST (self));

  if (self->connection->ended)
    return;

  self->connection->ended = TRUE;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "done", g_variant_new_boolean (TRUE));
  connection_send (self->connection, g_variant_builder_end (&builder));
}

void
bytestag_control_request_fail (BytestagControlRequest *self, const GError *error)
{
  g_return_if_fail (BYTESTAG_IS_CONTROL_REQUEST (self));
  g_return_if_fail (error != NULL);

  connection_fail (self->connection, error);
}

static void
bytestag_control_dispose (GObject *object)
{
  BytestagControl *self = BYTESTAG_CONTROL (object);

  bytestag_control_close (self);

  G_OBJECT_CLASS (bytestag_control_parent_class)->dispose (object);
}

static void
bytestag_control_finalize (GObject *object)
{
  BytestagControl *self = BYTESTAG_CONTROL (object);

  g_clear_pointer (&self->connections, g_ptr_array_unref);
  g_clear_pointer (&self->path, g_free);

  G_OBJECT_CLASS (bytestag_control_parent_class)->finalize (object);
}

static void
bytestag_control_class_init (BytestagControlClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_control_dispose;
  object_class->finalize = bytestag_control_finalize;

  signals[REQUEST] = g_signal_new ("request", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, BYTESTAG_TYPE_CONTROL_REQUEST);
}

static void
bytestag_control_init (BytestagControl *self)
{
  self->connections = g_ptr_array_new_with_free_func (connection_unref);
}

BytestagControl *
bytestag_control_new (BytestagInstance *instance, GError **error)
{
  g_autoptr (BytestagControl) self = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) reason = NULL;
  const char *folder;

  g_return_val_if_fail (BYTESTAG_IS_INSTANCE (instance), NULL);

  folder = bytestag_instance_get_folder (instance);
  self = g_object_new (BYTESTAG_TYPE_CONTROL, NULL);
  address = bytestag_control_address_new (folder);
  self->path = bytestag_instance_control_path (folder);
  self->service = g_socket_service_new ();

  /* Who comes while the queue is full is turned away by the kernel, not by us. */
  g_socket_listener_set_backlog (G_SOCKET_LISTENER (self->service), 2 * BYTESTAG_LIMIT_CONTROL_CLIENTS);
  g_unlink (self->path);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &reason))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED,
                   _("Cannot make “%s”, where commands come in: %s"), self->path, reason->message);
      return NULL;
    }

  /* Until this line the folder's own mode keeps others out. */
  g_chmod (self->path, 0600);
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming_cb), self);
  g_socket_service_start (self->service);

  return g_steal_pointer (&self);
}

void
bytestag_control_close (BytestagControl *self)
{
  g_return_if_fail (BYTESTAG_IS_CONTROL (self));

  if (self->service == NULL)
    return;

  g_signal_handlers_disconnect_by_func (self->service, incoming_cb, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
  g_unlink (self->path);

  while (self->connections->len > 0)
    connection_drop (g_ptr_array_index (self->connections, 0));
}
