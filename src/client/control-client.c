/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/control.h"

#include <glib/gi18n-lib.h>

#include "client/control-line.h"
#include "core/error.h"

/* A request under way, at the end that asks. */
typedef struct
{
  char *folder;
  GBytes *request;
  BytestagControlLineFunc line_func;
  gpointer line_data;
  GIOStream *connection;
  GByteArray *buffer;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->folder);
  g_bytes_unref (call->request);
  g_clear_object (&call->connection);
  g_byte_array_unref (call->buffer);
  g_free (call);
}

static void read_line (GTask *task);

/* What the other side told; a code of no meaning is just a failure. */
static GError *
read_error (GVariant *line, const char *message)
{
  gint64 code = BYTESTAG_ERROR_FAILED;

  if (!g_variant_lookup (line, "code", "x", &code) || code < 0 || code > BYTESTAG_ERROR_FAILED)
    code = BYTESTAG_ERROR_FAILED;

  return g_error_new_literal (BYTESTAG_ERROR, (int) code, message);
}

static void
read_line_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = bytestag_control_read_line_finish (G_INPUT_STREAM (object), result, &error);
  g_autoptr (GVariant) line = bytes != NULL ? bytestag_control_line_from_bytes (bytes, &error) : NULL;
  g_autofree char *message = NULL;
  gboolean done = FALSE;

  if (error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
    }
  else if (line == NULL)
    {
      g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, "%s",
                               _("The running Bytestag stopped before it had answered"));
    }
  else if (g_variant_lookup (line, "done", "b", &done) && done)
    {
      g_task_return_boolean (task, TRUE);
    }
  else if (g_variant_lookup (line, "error", "s", &message))
    {
      g_task_return_error (task, read_error (line, message));
    }
  else
    {
      if (call->line_func != NULL)
        call->line_func (line, call->line_data);
      read_line (g_steal_pointer (&task));
    }
}

/* Takes the task. */
static void
read_line (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  bytestag_control_read_line_async (g_io_stream_get_input_stream (call->connection), call->buffer,
                                    g_task_get_cancellable (task), read_line_cb, task);
}

static void
write_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  /* Who refuses at once closes without reading: the reason is still to be read. */
  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (object), result, NULL, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    read_line (g_steal_pointer (&task));
}

static void
connect_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (object), result, &error);

  if (connection == NULL)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
          || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY)
          || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND,
                                 _("No Bytestag is running on “%s”"), call->folder);
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY, "%s",
                                 _("The running Bytestag is busy with too many commands: try again later"));
      else
        g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  call->connection = G_IO_STREAM (connection);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (call->connection),
                                   g_bytes_get_data (call->request, NULL), g_bytes_get_size (call->request),
                                   G_PRIORITY_DEFAULT, g_task_get_cancellable (task), write_cb, task);
  g_steal_pointer (&task);
}

static GVariant *
make_request (const char *verb, GVariant *arguments)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "verb", g_variant_new_string (verb));
  if (arguments != NULL)
    g_variant_builder_add (&builder, "{sv}", "args", arguments);

  return g_variant_builder_end (&builder);
}

void
bytestag_control_call_async (const char              *folder,
                             const char              *verb,
                             GVariant                *arguments,
                             BytestagControlLineFunc  line_func,
                             gpointer                 line_data,
                             GCancellable            *cancellable,
                             GAsyncReadyCallback      callback,
                             gpointer                 user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = NULL;
  Call *call;

  g_return_if_fail (verb != NULL);
  g_return_if_fail (arguments == NULL || g_variant_is_of_type (arguments, G_VARIANT_TYPE_VARDICT));

  call = g_new0 (Call, 1);
  call->folder = folder != NULL ? g_strdup (folder) : bytestag_instance_default_folder ();
  call->request = bytestag_control_line_to_bytes (make_request (verb, arguments));
  call->line_func = line_func;
  call->line_data = line_data;
  call->buffer = g_byte_array_new ();
  g_task_set_source_tag (task, bytestag_control_call_async);
  g_task_set_task_data (task, call, call_free);

  address = bytestag_control_address_new (folder);
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (address), cancellable, connect_cb,
                                 g_steal_pointer (&task));
}

gboolean
bytestag_control_call_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
