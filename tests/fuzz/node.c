/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "subject.h"

/* A live node, and what peers send it over time. The input is lines of a command, an
 * endpoint where one is named (a letter, see subject.c), and the rest:
 *
 *   dE{…}  JSON text from E          rE…   a datagram from E, byte for byte
 *   a{…}   JSON text from whoever the node asked last
 *   tN     time goes on              sE…   a value is stored; SE…: it comes wrong
 *   jE pE  the node joins, pings     fK gK vK  it looks for a node, gets, publishes a value */

#define MAX_COMMANDS 64
#define MS G_GINT64_CONSTANT (1000)

static void
advance (Subject *subject,
         guint8   step)
{
  static const gint64 steps[] = {
    1 * MS, 20 * MS, 500 * MS, 1000 * MS, 5000 * MS, 10 * 1000 * MS, 60 * 1000 * MS, 3600 * 1000 * MS,
  };

  subject_advance (subject, steps[step % G_N_ELEMENTS (steps)]);
}

static void
ask (Subject *subject,
     char     command,
     guint8   argument)
{
  BytestagNetwork *network = subject_get_network (subject);
  const BytestagEndpoint *endpoint = subject_endpoint (argument);
  const char value[] = { (char) argument, '\0' };
  g_autoptr (BytestagTask) task = NULL;
  BytestagKey key;

  bytestag_key_digest (&key, value, strlen (value));
  switch (command)
    {
    case 'j':
      task = BYTESTAG_TASK (bytestag_network_join_network (network, endpoint));
      break;
    case 'p':
      task = BYTESTAG_TASK (bytestag_network_ping_address (network, endpoint));
      break;
    case 'f':
      task = BYTESTAG_TASK (bytestag_network_find_node_shortlist (network, &key));
      break;
    case 'g':
      task = BYTESTAG_TASK (bytestag_network_get_value (network, &key, &key));
      break;
    case 'v':
      subject_own_value (subject, value, &key);
      task = BYTESTAG_TASK (bytestag_network_store_value (network, &key, &key, 1 + argument % 20));
      break;
    default:
      g_assert_not_reached ();
    }
  subject_advance (subject, 0);
}

static void
run_command (Subject    *subject,
             const char *line,
             gsize       length)
{
  guint8 argument = length > 1 ? (guint8) line[1] : 'a';
  const BytestagEndpoint *endpoint = subject_endpoint ((guint8) (argument - 'a'));
  const char *rest = line + MIN (length, 2);
  gsize rest_length = length - MIN (length, 2);
  const SubjectRequest *last;

  switch (length > 0 ? line[0] : '\0')
    {
    case 'd':
      subject_receive_text (subject, endpoint, rest, rest_length);
      break;
    case 'r':
      subject_receive (subject, endpoint, (const guint8 *) rest, rest_length);
      break;
    case 'a':
      last = subject_last_request (subject);
      if (last != NULL)
        subject_receive_text (subject, &last->to, line + 1, length - 1);
      break;
    case 't':
      advance (subject, (guint8) (argument - '0'));
      break;
    case 's':
    case 'S':
      subject_store (subject, endpoint, (const guint8 *) rest, rest_length, line[0] == 'S');
      break;
    case 'j':
    case 'p':
      if (bytestag_endpoint_is_usable (endpoint))
        ask (subject, line[0], (guint8) (argument - 'a'));
      break;
    case 'f':
    case 'g':
    case 'v':
      ask (subject, line[0], argument);
      break;
    default:
      break;
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  Subject *subject = subject_new ();
  const char *line = (const char *) data;
  const char *end = line + size;

  for (guint i = 0; i < MAX_COMMANDS && line < end; i++)
    {
      const char *newline = memchr (line, '\n', (gsize) (end - line));
      const char *line_end = newline != NULL ? newline : end;

      run_command (subject, line, (gsize) (line_end - line));
      line = newline != NULL ? newline + 1 : end;
    }
  advance (subject, 6);
  subject_free (subject);
  return 0;
}
