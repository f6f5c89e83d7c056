/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/control.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/limits.h"
#include "support/test-folder.h"

typedef struct
{
  char *parent;
  char *folder;
  BytestagInstance *instance;
  BytestagControl *control;
  GPtrArray *requests; /* kept ones */
  gboolean ignore;     /* keep no request */
} Fixture;

static void
request_cb (BytestagControl *control, BytestagControlRequest *request, gpointer user_data)
{
  Fixture *fixture = user_data;

  if (!fixture->ignore)
    g_ptr_array_add (fixture->requests, g_object_ref (request));
}

static void
open_control (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->control = bytestag_control_new (fixture->instance, &error);
  g_assert_no_error (error);
  g_signal_connect (fixture->control, "request", G_CALLBACK (request_cb), fixture);
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  const char *below = user_data != NULL ? user_data : "data";
  g_autoptr (GError) error = NULL;

  fixture->parent = bytestag_test_folder_new ();
  fixture->folder = g_build_filename (fixture->parent, below, NULL);
  fixture->instance = bytestag_instance_open (fixture->folder, &error);
  g_assert_no_error (error);
  fixture->requests = g_ptr_array_new_with_free_func (g_object_unref);
  open_control (fixture);
}

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_ptr_array_unref (fixture->requests);
  if (fixture->control != NULL)
    g_assert_finalize_object (fixture->control);
  drain ();
  g_object_unref (fixture->instance);
  g_free (fixture->folder);
  bytestag_test_folder_remove (fixture->parent);
}

static BytestagControlRequest *
wait_for_request (Fixture *fixture)
{
  while (fixture->requests->len == 0)
    g_main_context_iteration (NULL, TRUE);

  return g_ptr_array_index (fixture->requests, 0);
}

static void
drop_request (Fixture *fixture)
{
  g_ptr_array_set_size (fixture->requests, 0);
}

/* A call, and what came of it. */
typedef struct
{
  GString *lines;
  gboolean finished;
  gboolean succeeded;
  GError *error;
} Call;

static void
line_cb (GVariant *line, gpointer user_data)
{
  Call *call = user_data;
  g_autofree char *json = bytestag_control_to_json (line);

  g_string_append_printf (call->lines, "%s\n", json);
}

static void
called_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  call->succeeded = bytestag_control_call_finish (result, &call->error);
  call->finished = TRUE;
}

static void
start_call (Fixture *fixture, Call *call, const char *verb, GVariant *arguments, GCancellable *cancellable)
{
  *call = (Call) { .lines = g_string_new (NULL) };
  bytestag_control_call_async (fixture->folder, verb, arguments, line_cb, call, cancellable, called_cb, call);
}

static void
wait_for_call (Call *call)
{
  while (!call->finished)
    g_main_context_iteration (NULL, TRUE);
}

static void
clear_call (Call *call)
{
  g_string_free (call->lines, TRUE);
  g_clear_error (&call->error);
}

static GVariant *
parse (const char *text)
{
  return g_variant_new_parsed (text);
}

static void
test_answer (Fixture *fixture, gconstpointer user_data)
{
  Call call;
  BytestagControlRequest *request;
  GVariant *arguments;
  g_auto (GStrv) paths = NULL;
  g_autoptr (GVariant) list = NULL;
  gint64 number = 0;
  gboolean flag = FALSE;

  start_call (fixture, &call, "share", parse ("{'number': <7>, 'flag': <true>, 'paths': <['/a', '/b']>}"), NULL);
  request = wait_for_request (fixture);
  g_assert_cmpstr (bytestag_control_request_get_verb (request), ==, "share");
  arguments = bytestag_control_request_get_arguments (request);
  g_assert_true (g_variant_lookup (arguments, "number", "x", &number));
  g_assert_cmpint (number, ==, 7);
  g_assert_true (g_variant_lookup (arguments, "flag", "b", &flag));
  g_assert_true (flag);
  list = g_variant_lookup_value (arguments, "paths", G_VARIANT_TYPE ("av"));
  g_assert_nonnull (list);
  g_assert_cmpuint (g_variant_n_children (list), ==, 2);

  bytestag_control_request_respond (request, parse ("{'step': <'one\\ntwo „ü“'>}"));
  bytestag_control_request_respond (request, parse ("{'step': <2>}"));
  g_assert_false (call.finished);
  bytestag_control_request_finish (request);
  bytestag_control_request_finish (request);
  bytestag_control_request_respond (request, parse ("{'step': <3>}"));
  wait_for_call (&call);
  g_assert_no_error (call.error);
  g_assert_true (call.succeeded);
  g_assert_cmpstr (call.lines->str, ==, "{\"step\":\"one\\ntwo „ü“\"}\n{\"step\":2}\n");
  /* It ended; nobody took it back. */
  drain ();
  g_assert_false (g_cancellable_is_cancelled (bytestag_control_request_get_cancellable (request)));
  clear_call (&call);
}

/* A name may have any character but NUL. */
static void
test_control_characters (Fixture *fixture, gconstpointer user_data)
{
  Call call;
  BytestagControlRequest *request;
  char characters[128] = { 0 };

  for (int i = 1; i < 128; i++)
    characters[i - 1] = (char) i;
  start_call (fixture, &call, "share", g_variant_new_parsed ("{'name': <%s>}", characters), NULL);
  request = wait_for_request (fixture);
  bytestag_control_request_respond (request, bytestag_control_request_get_arguments (request));
  bytestag_control_request_finish (request);
  wait_for_call (&call);
  g_assert_no_error (call.error);
  g_assert_nonnull (strstr (call.lines->str, "\\u001e\\u001f !"));
  clear_call (&call);
}

static void
test_no_arguments (Fixture *fixture, gconstpointer user_data)
{
  Call call;
  BytestagControlRequest *request;

  start_call (fixture, &call, "id", NULL, NULL);
  request = wait_for_request (fixture);
  g_assert_cmpuint (g_variant_n_children (bytestag_control_request_get_arguments (request)), ==, 0);
  bytestag_control_request_finish (request);
  wait_for_call (&call);
  g_assert_true (call.succeeded);
  clear_call (&call);
}

static void
test_error (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_NO_PEERS, "Nobody is there");
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "The disk is full");
  Call call;

  start_call (fixture, &call, "find", NULL, NULL);
  bytestag_control_request_fail (wait_for_request (fixture), error);
  wait_for_call (&call);
  g_assert_error (call.error, BYTESTAG_ERROR, BYTESTAG_ERROR_NO_PEERS);
  g_assert_cmpstr (call.error->message, ==, "Nobody is there");
  clear_call (&call);

  drop_request (fixture);
  start_call (fixture, &call, "find", NULL, NULL);
  bytestag_control_request_fail (wait_for_request (fixture), foreign);
  wait_for_call (&call);
  g_assert_error (call.error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_assert_cmpstr (call.error->message, ==, "The disk is full");
  clear_call (&call);
}

/* One that no handler keeps, and one that is let go. */
static void
test_forgotten (Fixture *fixture, gconstpointer user_data)
{
  Call call;

  fixture->ignore = TRUE;
  start_call (fixture, &call, "dance", NULL, NULL);
  wait_for_call (&call);
  g_assert_error (call.error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
  clear_call (&call);

  fixture->ignore = FALSE;
  start_call (fixture, &call, "dance", NULL, NULL);
  wait_for_request (fixture);
  g_assert_finalize_object (g_ptr_array_steal_index (fixture->requests, 0));
  wait_for_call (&call);
  g_assert_error (call.error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
  clear_call (&call);
}

static void
test_taken_back (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GCancellable *gone;
  BytestagControlRequest *request;
  Call call;

  start_call (fixture, &call, "get", NULL, cancellable);
  request = wait_for_request (fixture);
  gone = bytestag_control_request_get_cancellable (request);
  g_assert_false (g_cancellable_is_cancelled (gone));
  g_cancellable_cancel (cancellable);
  wait_for_call (&call);
  g_assert_error (call.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  while (!g_cancellable_is_cancelled (gone))
    g_main_context_iteration (NULL, TRUE);

  bytestag_control_request_respond (request, parse ("{'step': <1>}"));
  bytestag_control_request_finish (request);
  clear_call (&call);
}

static void
test_nobody_there (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *path = bytestag_instance_control_path (fixture->folder);
  g_autoptr (GError) error = NULL;
  Call call;

  bytestag_control_close (fixture->control);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  start_call (fixture, &call, "id", NULL, NULL);
  wait_for_call (&call);
  g_assert_error (call.error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND);
  clear_call (&call);
}

static int
make_socket (Fixture *fixture, gboolean listens)
{
  g_autofree char *path = bytestag_instance_control_path (fixture->folder);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  char native[256];
  gssize length = g_socket_address_get_native_size (address);
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  g_assert_true (g_socket_address_to_native (address, native, sizeof native, NULL));
  if (listens)
    g_assert_cmpint (bind (fd, (struct sockaddr *) native, (socklen_t) length), ==, 0);
  else
    g_assert_cmpint (connect (fd, (struct sockaddr *) native, (socklen_t) length), ==, 0);

  return fd;
}

/* What a crash left: nobody listens there any more, and the next one takes it. */
static void
test_stale_socket (Fixture *fixture, gconstpointer user_data)
{
  Call call;
  int fd;

  g_clear_object (&fixture->control);
  fd = make_socket (fixture, TRUE);
  g_close (fd, NULL);
  start_call (fixture, &call, "id", NULL, NULL);
  wait_for_call (&call);
  g_assert_error (call.error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND);
  clear_call (&call);

  open_control (fixture);
  start_call (fixture, &call, "id", NULL, NULL);
  bytestag_control_request_finish (wait_for_request (fixture));
  wait_for_call (&call);
  g_assert_true (call.succeeded);
  clear_call (&call);
}

static void
test_mode (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *path = bytestag_instance_control_path (fixture->folder);
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_true (S_ISSOCK (status.st_mode));
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
}

/* The last line gets out, also when all ends in the same turn. */
static void
test_close_after_finish (Fixture *fixture, gconstpointer user_data)
{
  Call call;

  start_call (fixture, &call, "stop", NULL, NULL);
  bytestag_control_request_finish (wait_for_request (fixture));
  bytestag_control_close (fixture->control);
  bytestag_control_close (fixture->control);
  wait_for_call (&call);
  g_assert_true (call.succeeded);
  clear_call (&call);
}

static void
test_close_before_finish (Fixture *fixture, gconstpointer user_data)
{
  BytestagControlRequest *request;
  Call call;

  start_call (fixture, &call, "get", NULL, NULL);
  request = wait_for_request (fixture);
  g_assert_finalize_object (g_steal_pointer (&fixture->control));
  g_assert_true (g_cancellable_is_cancelled (bytestag_control_request_get_cancellable (request)));
  wait_for_call (&call);
  g_assert_error (call.error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  bytestag_control_request_finish (request);
  clear_call (&call);
}

/* The connection goes while the first line is still being read. */
static void
test_close_while_reading (Fixture *fixture, gconstpointer user_data)
{
  int fd = make_socket (fixture, FALSE);

  g_assert_cmpint (send (fd, "{", 1, MSG_NOSIGNAL), ==, 1);
  drain ();
  g_close (fd, NULL);
  fd = make_socket (fixture, FALSE);
  drain ();
  g_assert_finalize_object (g_steal_pointer (&fixture->control));
  drain ();
  g_close (fd, NULL);
  g_assert_cmpuint (fixture->requests->len, ==, 0);
}

/* Sends bytes as a stranger would, and reads to the end. */
static char *
talk (Fixture *fixture, const char *text, gsize length, gboolean half_close)
{
  int fd = make_socket (fixture, FALSE);
  GString *answer = g_string_new (NULL);
  char buffer[4096];
  gssize n;

  while (length > 0 && (n = send (fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT)) != 0)
    {
      if (n < 0 && errno != EAGAIN)
        break;
      if (n > 0)
        {
          text += n;
          length -= (gsize) n;
        }
      drain ();
    }
  if (half_close)
    shutdown (fd, SHUT_WR);

  while ((n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT)) != 0)
    {
      if (n < 0 && errno != EAGAIN)
        break;
      if (n > 0)
        g_string_append_len (answer, buffer, n);
      drain ();
      if (fixture->requests->len > 0)
        bytestag_control_request_finish (g_ptr_array_index (fixture->requests, 0));
    }
  g_close (fd, NULL);
  drop_request (fixture);

  return g_string_free (answer, FALSE);
}

static void
test_foreign_lines (Fixture *fixture, gconstpointer user_data)
{
  const char *bad[] = {
    "\n", "x\n", "[]\n", "{}\n", "{\"verb\":7}\n", "{\"verb\":null}\n", "{\"verb\":\"a\"\n", "{\"verb\":\"\xff\"}\n",
    "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n",
    /* What no GVariant can say. */
    "{\"verb\":\"id\\ud800\"}\n", "{\"verb\":\"id\",\"args\":{\"\\udc00\\ud800\":1}}\n", "{\"verb\":\"id\\u0000\"}\n",
  };
  const char *good[] = {
    "{\"verb\":\"id\"}\n", "{\"verb\":\"id\",\"args\":{}}\n", "{\"verb\":\"id\",\"args\":[1]}\n",
    "{\"verb\":\"id\",\"args\":{\"a\":null}}\n", "{\"verb\":\"id\"}\nmore",
    "{\"verb\":\"id\",\"args\":{\"\\ud83d\\ude00\":\"\\\\ud800\"}}\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *answer = talk (fixture, bad[i], strlen (bad[i]), FALSE);

      g_assert_true (g_str_has_prefix (answer, "{\"error\":"));
      g_assert_true (g_str_has_suffix (answer, "}\n"));
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *answer = talk (fixture, good[i], strlen (good[i]), FALSE);

      g_assert_cmpstr (answer, ==, "{\"done\":true}\n");
    }
}

/* A script that pipes its request in has closed its sending side. */
static void
test_half_closed (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *answer = talk (fixture, "{\"verb\":\"id\"}\n", 14, TRUE);

  g_assert_cmpstr (answer, ==, "{\"done\":true}\n");
}

static void
test_limit_line (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GString) text = g_string_new ("{\"verb\":\"id\",\"x\":\"");
  g_autofree char *answer = NULL;
  g_autofree char *long_answer = NULL;

  while (text->len < BYTESTAG_LIMIT_CONTROL_LINE - 2)
    g_string_append_c (text, 'x');
  g_string_append (text, "\"}\n");
  answer = talk (fixture, text->str, text->len, FALSE);
  g_assert_cmpstr (answer, ==, "{\"done\":true}\n");

  g_string_insert_c (text, 20, 'x');
  long_answer = talk (fixture, text->str, text->len, FALSE);
  g_assert_true (g_str_has_prefix (long_answer, "{\"error\":"));
}

static void
test_limit_tokens (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GString) text = g_string_new ("{\"verb\":\"id\",\"x\":[0");
  g_autofree char *answer = NULL;

  for (guint i = 0; i < BYTESTAG_LIMIT_CONTROL_TOKENS; i++)
    g_string_append (text, ",0");
  g_string_append (text, "]}\n");
  answer = talk (fixture, text->str, text->len, FALSE);
  g_assert_true (g_str_has_prefix (answer, "{\"error\":"));
}

static void
test_limit_clients (Fixture *fixture, gconstpointer user_data)
{
  Call calls[BYTESTAG_LIMIT_CONTROL_CLIENTS + 1];
  Call *last = &calls[BYTESTAG_LIMIT_CONTROL_CLIENTS];

  for (guint i = 0; i < BYTESTAG_LIMIT_CONTROL_CLIENTS; i++)
    start_call (fixture, &calls[i], "wait", NULL, NULL);
  while (fixture->requests->len < BYTESTAG_LIMIT_CONTROL_CLIENTS)
    g_main_context_iteration (NULL, TRUE);

  start_call (fixture, last, "wait", NULL, NULL);
  wait_for_call (last);
  g_assert_error (last->error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY);

  for (guint i = 0; i < BYTESTAG_LIMIT_CONTROL_CLIENTS; i++)
    {
      bytestag_control_request_finish (g_ptr_array_index (fixture->requests, i));
      wait_for_call (&calls[i]);
      g_assert_true (calls[i].succeeded);
    }
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    clear_call (&calls[i]);
}

/* Who asks and does not read is let go before it fills the memory. */
static void
test_limit_queue (Fixture *fixture, gconstpointer user_data)
{
  int fd = make_socket (fixture, FALSE);
  BytestagControlRequest *request;
  GCancellable *gone;
  g_autofree char *text = g_strnfill (100000, 'x');
  guint n_sent = 0;

  g_assert_cmpint (send (fd, "{\"verb\":\"id\"}\n", 14, MSG_NOSIGNAL), ==, 14);
  request = wait_for_request (fixture);
  gone = bytestag_control_request_get_cancellable (request);
  while (!g_cancellable_is_cancelled (gone))
    {
      bytestag_control_request_respond (request, g_variant_new_parsed ("{'x': <%s>}", text));
      g_assert_cmpuint (n_sent++, <, 2 * BYTESTAG_LIMIT_CONTROL_QUEUE / 100000);
    }
  g_assert_cmpuint (n_sent, >=, BYTESTAG_LIMIT_CONTROL_QUEUE / 100000);
  bytestag_control_request_finish (request);
  g_close (fd, NULL);
}

/* More than the kernel takes at one time: the rest follows as it is read. */
static void
test_long_answer (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *text = g_strnfill (500000, 'x');
  BytestagControlRequest *request;
  Call call;

  start_call (fixture, &call, "list", NULL, NULL);
  request = wait_for_request (fixture);
  for (guint i = 0; i < 10; i++)
    bytestag_control_request_respond (request, g_variant_new_parsed ("{'x': <%s>}", text));
  bytestag_control_request_finish (request);
  wait_for_call (&call);
  g_assert_true (call.succeeded);
  g_assert_cmpuint (call.lines->len, ==, 10 * (500000 + strlen ("{\"x\":\"\"}\n")));
  clear_call (&call);
}

#define ADD(name, test) g_test_add ("/client/control/" name, Fixture, NULL, set_up, test, tear_down)

/* A socket's own name has at most 107 bytes. */
#define DEEP                                                     \
  "a-folder-with-a-long-name-as-people-have-them/and-another-one" \
  "-below-it/and-one-more-that-makes-it-too-long/data"

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("answer", test_answer);
  ADD ("control-characters", test_control_characters);
  ADD ("no-arguments", test_no_arguments);
  ADD ("error", test_error);
  ADD ("forgotten", test_forgotten);
  ADD ("taken-back", test_taken_back);
  ADD ("nobody-there", test_nobody_there);
  ADD ("stale-socket", test_stale_socket);
  ADD ("mode", test_mode);
  ADD ("close-after-finish", test_close_after_finish);
  ADD ("close-before-finish", test_close_before_finish);
  ADD ("close-while-reading", test_close_while_reading);
  ADD ("foreign-lines", test_foreign_lines);
  ADD ("half-closed", test_half_closed);
  ADD ("limit-line", test_limit_line);
  ADD ("limit-tokens", test_limit_tokens);
  ADD ("limit-clients", test_limit_clients);
  ADD ("limit-queue", test_limit_queue);
  ADD ("long-answer", test_long_answer);
  g_test_add ("/client/control/deep-folder", Fixture, DEEP, set_up, test_answer, tear_down);
  g_test_add ("/client/control/deep-folder/nobody-there", Fixture, DEEP, set_up, test_nobody_there, tear_down);

  return g_test_run ();
}
