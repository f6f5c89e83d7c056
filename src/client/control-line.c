/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/control-line.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/control.h"
#include "core/error.h"
#include "core/limits.h"
#include "wire/json-guard.h"
#include "wire/json-value.h"

#define CHUNK_BYTES 16384

static void
close_folder (gpointer data)
{
  close (GPOINTER_TO_INT (data));
}

GSocketAddress *
bytestag_control_address_new (const char *folder)
{
  g_autofree char *path = bytestag_instance_control_path (folder);
  g_autofree char *parent = NULL;
  g_autofree char *short_path = NULL;
  GSocketAddress *address;
  int fd;

  if (strlen (path) < sizeof ((struct sockaddr_un *) NULL)->sun_path)
    return g_unix_socket_address_new (path);

  /* The kernel takes 107 bytes, a data folder may lie deeper: then by way of a
   * descriptor of the folder, open as long as the address lives. */
  parent = g_path_get_dirname (path);
  fd = open (parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  short_path = g_strdup_printf ("/proc/self/fd/%d/control", fd);
  address = g_unix_socket_address_new (short_path);
  if (fd >= 0)
    g_object_set_data_full (G_OBJECT (address), "bytestag-folder", GINT_TO_POINTER (fd), close_folder);

  return address;
}

char *
bytestag_control_to_json (GVariant *line)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (line);
  g_autofree char *json = NULL;
  g_auto (GStrv) parts = NULL;

  g_return_val_if_fail (g_variant_is_of_type (line, G_VARIANT_TYPE_VARDICT), NULL);

  /* json-glib 1.6 escapes the control characters but this one, which a name may have. */
  json = json_gvariant_serialize_data (owned, NULL);
  parts = g_strsplit (json, "\x1f", -1);

  return g_strjoinv ("\\u001f", parts);
}

GBytes *
bytestag_control_line_to_bytes (GVariant *line)
{
  g_autofree char *json = bytestag_control_to_json (line);
  gsize length = strlen (json);

  json[length] = '\n';

  return g_bytes_new_take (g_steal_pointer (&json), length + 1);
}

/* Text that was guarded: every backslash begins an escape. A lone surrogate is no
 * UTF-8, which a GVariant must have; json-glib would cut a string at a NUL. */
static gboolean
has_strange_escape (const char *text, gsize length)
{
  const char *end = text + length;
  gunichar character;

  while ((text = memchr (text, '\\', (gsize) (end - text))) != NULL)
    {
      text += bytestag_json_unescape (text, end, &character);
      if (character == 0 || (character >= 0xd800 && character < 0xe000))
        return TRUE;
    }

  return FALSE;
}

GVariant *
bytestag_control_line_from_bytes (GBytes *bytes, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);
  GVariant *line;

  if (!bytestag_json_guard (text, length, BYTESTAG_LIMIT_JSON_DEPTH, BYTESTAG_LIMIT_CONTROL_TOKENS, error))
    return NULL;

  if (has_strange_escape (text, length))
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                           _("The data is damaged, or not of Bytestag"));
      return NULL;
    }

  line = json_gvariant_deserialize_data (text, (gssize) length, "a{sv}", error);

  return line != NULL ? g_variant_ref_sink (line) : NULL;
}

static void read_chunk (GTask *task);

/* A line that is in the buffer already, without its newline; or NULL. */
static GBytes *
take_line (GByteArray *buffer)
{
  const guint8 *newline = buffer->len > 0 ? memchr (buffer->data, '\n', buffer->len) : NULL;
  gsize length;
  GBytes *line;

  if (newline == NULL)
    return NULL;

  length = (gsize) (newline - buffer->data);
  line = g_bytes_new (buffer->data, length);
  g_byte_array_remove_range (buffer, 0, (guint) length + 1);

  return line;
}

/* Returns the task if there is enough to tell. */
static gboolean
try_return (GTask *task)
{
  GByteArray *buffer = g_task_get_task_data (task);
  g_autoptr (GBytes) line = take_line (buffer);

  if ((line != NULL ? g_bytes_get_size (line) : buffer->len) > BYTESTAG_LIMIT_CONTROL_LINE)
    g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, "%s",
                             _("The command is too long"));
  else if (line != NULL)
    g_task_return_pointer (task, g_steal_pointer (&line), (GDestroyNotify) g_bytes_unref);
  else
    return FALSE;

  return TRUE;
}

static void
read_chunk_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, &error);
  gsize length;
  const guint8 *data;

  if (chunk == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  data = g_bytes_get_data (chunk, &length);
  if (length == 0)
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }

  g_byte_array_append (g_task_get_task_data (task), data, (guint) length);
  if (!try_return (task))
    read_chunk (g_steal_pointer (&task));
}

/* Takes the task. */
static void
read_chunk (GTask *task)
{
  g_input_stream_read_bytes_async (g_task_get_source_object (task), CHUNK_BYTES, g_task_get_priority (task),
                                   g_task_get_cancellable (task), read_chunk_cb, task);
}

void
bytestag_control_read_line_async (GInputStream        *stream,
                                  GByteArray          *buffer,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, bytestag_control_read_line_async);
  g_task_set_task_data (task, g_byte_array_ref (buffer), (GDestroyNotify) g_byte_array_unref);
  if (!try_return (task))
    read_chunk (g_steal_pointer (&task));
}

GBytes *
bytestag_control_read_line_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
