/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "fuzz.h"
#include "subject.h"

/* A look-up of ours, and what the asked nodes answer. The first line says what is
 * looked for (see begin()) and how many contacts there are. Each further line is what
 * the node that was asked next sends: an object gets the "reply_id" (of a getval the
 * "xfer_id") in front, ">…" is a packet of the last transfer, "=…" comes as it is, an
 * empty line is silence. When the lines are over, nobody answers any more. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define MAX_LINES 128
/* What is looked for. */
#define VALUE "the value"
/* No look-up outlives this: 256 requests of 10 s, three at a time, then holders. */
#define LONGEST (3600 * SECOND)

/* A contact answers a ping: its id is the digest of its number. */
static void
meet (Subject *subject,
      guint    number)
{
  g_autoptr (BytestagPingTask) task = NULL;
  g_autofree char *id = NULL;
  g_autofree char *text = NULL;
  const guint8 byte = (guint8) number;
  const SubjectRequest *request;
  BytestagKey key;

  task = bytestag_network_ping_address (subject_get_network (subject), subject_endpoint (number));
  subject_advance (subject, 0);
  request = subject_next_request (subject);
  g_assert_nonnull (request);
  bytestag_key_digest (&key, &byte, 1);
  id = bytestag_key_to_base64 (&key);
  text = g_strdup_printf ("{\"reply_id\":@,\"nodeid\":\"%s\"%s}", id, number % 2 == 0 ? ",\"ext\":0" : "");
  subject_receive_text (subject, &request->to, text, strlen (text));
  subject_advance (subject, 20 * 1000);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_DONE);
}

static BytestagTask *
begin (Subject    *subject,
       char        what,
       guint       n_contacts)
{
  BytestagNetwork *network = subject_get_network (subject);
  BytestagKey key;

  for (guint i = 0; i < n_contacts; i++)
    meet (subject, i);

  bytestag_key_digest (&key, VALUE, strlen (VALUE));
  switch (what)
    {
    case 'n':
      return BYTESTAG_TASK (bytestag_network_find_node_shortlist (network, &key));
    case 'v':
      return BYTESTAG_TASK (bytestag_network_find_value_shortlist (network, &key, &key, TRUE));
    case 'w':
      return BYTESTAG_TASK (bytestag_network_find_value_shortlist (network, &key, NULL, FALSE));
    case 'j':
      return BYTESTAG_TASK (bytestag_network_join_network (network, subject_endpoint (11)));
    case 's':
      subject_own_value (subject, VALUE, &key);
      return BYTESTAG_TASK (bytestag_network_store_value (network, &key, &key, 4));
    default:
      return BYTESTAG_TASK (bytestag_network_get_value (network, &key, &key));
    }
}

static void
answer (Subject              *subject,
        const SubjectRequest *request,
        const char           *line,
        gsize                 length)
{
  const char *id = request->id != NULL ? request->id : request->transfer_id;
  g_autoptr (GString) text = g_string_new (NULL);

  if (length > 1 && line[0] == '{' && id != NULL)
    {
      g_string_append_printf (text, "{\"%s\":%s", request->id != NULL ? "reply_id" : "xfer_id", id);
      /* An ack says both. */
      if (request->id != NULL && request->transfer_id != NULL)
        g_string_append_printf (text, ",\"xfer_id\":%s", request->transfer_id);
      if (line[1] != '}')
        g_string_append_c (text, ',');
      g_string_append_len (text, line + 1, (gssize) length - 1);
    }
  else if (length > 0)
    {
      g_string_append_len (text, line + 1, (gssize) length - 1);
    }
  if (length > 0)
    subject_receive_text (subject, &request->to, text->str, text->len);
}

/* Where the last transfer comes from, beside the requests. */
static void
send_packet (Subject    *subject,
             const char *line,
             gsize       length)
{
  const SubjectRequest *last = subject_last_request (subject);

  if (last != NULL)
    subject_receive_text (subject, &last->to, line + 1, length - 1);
}

static void
run_line (Subject    *subject,
          const char *line,
          gsize       length)
{
  const SubjectRequest *request;

  if (length > 0 && line[0] == '>')
    {
      send_packet (subject, line, length);
      subject_advance (subject, 1000);
      return;
    }

  request = subject_next_request (subject);
  if (request == NULL)
    {
      /* The next one is a second away, or ten. */
      subject_advance (subject, SECOND);
      request = subject_next_request (subject);
    }
  if (request != NULL)
    answer (subject, request, line, length);
  subject_advance (subject, 20 * 1000);
}

static void
check_result (BytestagTask *task)
{
  BytestagKey key, digest;

  g_assert_true (bytestag_task_is_finished (task));
  if (BYTESTAG_IS_FIND_SHORTLIST_TASK (task))
    {
      BytestagFindShortlistTask *find = BYTESTAG_FIND_SHORTLIST_TASK (task);
      BytestagShortlist *shortlist = bytestag_find_shortlist_task_get_shortlist (find);

      g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (find), <=, BYTESTAG_LIMIT_REQUESTS_OF_LOOKUP);
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (shortlist)), <=, BYTESTAG_LIMIT_CANDIDATES);
    }
  else if (BYTESTAG_IS_GET_VALUE_TASK (task) && bytestag_task_get_state (task) == BYTESTAG_TASK_DONE)
    {
      GBytes *bytes = bytestag_get_value_task_get_bytes (BYTESTAG_GET_VALUE_TASK (task));

      bytestag_key_digest (&key, VALUE, strlen (VALUE));
      bytestag_key_digest (&digest, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_assert_true (bytestag_key_equal (&key, &digest));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  Subject *subject = subject_new ();
  g_autoptr (BytestagTask) task = NULL;
  const char *line = (const char *) data;
  const char *end = line + size;

  task = begin (subject, size > 0 ? line[0] : '\0', size > 1 ? (guint8) line[1] % 12 : 0);
  subject_advance (subject, 0);
  line = size > 2 ? line + 2 : end;
  if (line < end && *line == '\n')
    line++;
  for (guint i = 0; i < MAX_LINES && line < end && !bytestag_task_is_finished (task); i++)
    {
      const char *newline = memchr (line, '\n', (gsize) (end - line));
      const char *line_end = newline != NULL ? newline : end;

      run_line (subject, line, (gsize) (line_end - line));
      line = newline != NULL ? newline + 1 : end;
    }
  for (gint64 waited = 0; waited < LONGEST && !bytestag_task_is_finished (task); waited += 10 * SECOND)
    subject_advance (subject, 10 * SECOND);
  check_result (task);
  g_clear_object (&task);
  subject_free (subject);
  return 0;
}
