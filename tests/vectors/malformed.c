/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every case of malformed.json against a live node: unusual and hostile datagrams.
 * Same reply where the original replied sensibly, silence where it was silent;
 * alive, and nothing wrong stored, always. */
#include <string.h>

#include "live-node.h"
#include "vectors.h"

/* The value that the target holds from the start. */
#define HELD_SIZE 3000
#define HELD_SEED 7
#define HELD_TIMESTAMP 1353571200
/* Longer than any clean-up of a transfer (A.1.5). */
#define LATER (G_GINT64_CONSTANT (30) * G_USEC_PER_SEC)

typedef struct {
  JsonObject *json;
  const char *name;
  BytestagKey id;        /* the target's */
  BytestagKey sender;    /* the peer's, when it says one */
  gboolean has_sender;
  gboolean original_died;
} Case;

static void
hold_value (LiveNode *node)
{
  g_autoptr (GBytes) value = pattern_bytes (HELD_SIZE, HELD_SEED);
  BytestagKvpRecord record = { .size = HELD_SIZE, .timestamp = HELD_TIMESTAMP, .has_timestamp = TRUE };

  bytestag_key_digest (&record.id.index, g_bytes_get_data (value, NULL), HELD_SIZE);
  record.id.key = record.id.index;
  bytestag_kvp_table_write (live_node_get_table (node), &record, value, NULL, NULL);
}

/* Why ours differs from the original, on purpose; NULL where it must not. */
static const char *
reason_for_reply (const Case *self, JsonObject *sent)
{
  /* Our routing key is the node id, so there is no hidden key that could kill us. */
  if (self->original_died && sent && !json_object_has_member (sent, "reply_id")
      && !json_object_has_member (sent, "xfer_id") && json_text (sent, "rpc"))
    return "an ordinary request: our routing table has no hidden key";
  return NULL;
}

static const char *
reason_for_silence (const Case *self, JsonObject *sent)
{
  const char *id = sent ? json_text (sent, "seq_id") : NULL;

  if (strstr (self->name, "bomb"))
    return "what inflates to more than 64 KiB is dropped (B.5)";
  if (id && strlen (id) > BYTESTAG_LIMIT_ECHOED_ID - 2)
    return "ids of more than 256 bytes are not echoed (B.5)";
  return NULL;
}

static const char *
reason_for_absence (const Case *self, JsonObject *sent)
{
  JsonNode *id = sent ? json_object_get_member (sent, "nodeid") : NULL;

  if (id && JSON_NODE_HOLDS_VALUE (id) && json_node_get_value_type (id) == G_TYPE_BOOLEAN)
    return "a contact with a random id would be nobody";
  return reason_for_silence (self, sent);
}

static void
explain (const Case *self, const char *reason)
{
  g_test_message ("%s: ours differs: %s", self->name, reason);
}

static gboolean
list_has_id (JsonArray *nodes, const char *id)
{
  for (guint i = 0; i < json_array_get_length (nodes); i++)
    if (g_strcmp0 (json_text (json_array_get_object_element (nodes, i), "id"), id) == 0)
      return TRUE;
  return FALSE;
}

/* The original listed whom it knew from earlier cases too; ours, made for the case,
 * knows the sender. */
static void
compare_nodes (const Case *self, JsonArray *expected, JsonArray *actual)
{
  g_autofree char *sender = bytestag_key_to_base64 (&self->sender);

  if (json_array_get_length (expected) > 0)
    g_assert_cmpuint (json_array_get_length (actual), >, 0);
  if (self->has_sender && list_has_id (expected, sender))
    g_assert_true (list_has_id (actual, sender));
}

static void
compare_reply (const Case *self, JsonObject *expected, JsonObject *actual)
{
  g_autoptr (GList) names = json_object_get_members (expected);

  /* Additions of ours (B.1). */
  json_object_remove_member (actual, "ext");
  json_object_remove_member (actual, "you");
  g_assert_cmpuint (json_object_get_size (actual), ==, json_object_get_size (expected));
  for (GList *l = names; l; l = l->next)
    {
      const char *name = l->data;
      JsonNode *want = json_object_get_member (expected, name), *have = json_object_get_member (actual, name);

      g_assert_nonnull (have);
      if (g_str_equal (name, "nodes"))
        compare_nodes (self, json_node_get_array (want), json_node_get_array (have));
      else if (g_str_equal (name, "xferid") || g_str_equal (name, "seq_id"))
        g_assert_cmpuint (strlen (json_node_get_string (have)), ==, strlen (json_node_get_string (want)));
      else if (!json_node_equal (want, have))
        g_error ("%s: member %s is %s, not %s", self->name, name, json_to_string (have, FALSE),
                 json_to_string (want, FALSE));
    }
}

/* The target's and the sender's ids, from the datagrams of the case. */
static void
read_ids (Case *self, JsonArray *replies, JsonArray *sends)
{
  for (guint i = 0; replies && i < json_array_get_length (replies); i++)
    {
      JsonObject *reply = json_object_get_object_member (json_array_get_object_element (replies, i), "json");
      const char *id = json_text (reply, "nodeid");

      if (id)
        g_assert_true (bytestag_key_parse (&self->id, id, -1, NULL));
    }
  for (guint i = 0; i < json_array_get_length (sends); i++)
    {
      JsonNode *json = json_object_get_member (json_array_get_object_element (sends, i), "json");
      const char *id = json && JSON_NODE_HOLDS_OBJECT (json) ? json_text (json_node_get_object (json), "nodeid") : NULL;

      if (id && bytestag_key_parse (&self->sender, id, -1, NULL))
        self->has_sender = TRUE;
    }
}

/* Lets the peer become a contact before the case, as in the session that the case
 * is from: only where the reply lists nodes. */
static void
introduce (const Case *self, LiveNode *node)
{
  g_autofree char *id = bytestag_key_to_base64 (&self->sender);
  g_autofree char *text = g_strdup_printf ("{\"netid\":\"BYTESTAG\",\"nodeid\":\"%s\",\"rpc\":\"ping\",\"seq_id\":\"i\"}", id);
  g_autoptr (JsonNode) ping = json_from_string (text, NULL);
  g_autoptr (GPtrArray) pongs = NULL;

  live_node_send_json (node, ping);
  pongs = live_node_settle (node);
  g_assert_cmpuint (pongs->len, ==, 1);
}

/* The long datagrams are in the file by their length alone. */
static GBytes *
long_datagram (const Case *self, gsize length)
{
  gsize filler = strstr (self->name, "bomb") ? length * 1030 : length * 2;
  g_autofree char *pad = g_malloc0 (filler + 1);
  g_autofree char *id = bytestag_key_to_base64 (&self->sender);
  guint64 state = 1;

  /* A bomb is of one letter; others hardly shrink, and are cut until they fit. */
  for (gsize i = 0; i < filler; i++, state = state * 6364136223846793005u + 1442695040888963407u)
    pad[i] = strstr (self->name, "bomb") ? 'a' : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[state >> 58];
  for (gsize end = filler; end > 0;)
    {
      g_autofree char *text = NULL;
      g_autoptr (JsonNode) json = NULL;
      g_autoptr (GBytes) datagram = NULL;
      gsize size;

      pad[end] = '\0';
      text = g_strdup_printf ("{\"netid\":\"BYTESTAG\",\"nodeid\":\"%s\",\"rpc\":\"ping\",\"seq_id\":\"%s\",\"pad\":\"%s\"}",
                              id, strstr (self->name, "bomb") ? "z" : "seq", pad);
      json = json_from_string (text, NULL);
      datagram = datagram_from_json (json);
      size = g_bytes_get_size (datagram);
      if (size == length || strstr (self->name, "bomb"))
        return g_steal_pointer (&datagram);
      if (size > length)
        end -= MAX ((size - length) * 3 / 4, 1);
      else
        {
          /* The same bytes after the stream are ignored, so the length can be met. */
          g_autofree guint8 *bytes = g_malloc0 (length);

          memcpy (bytes, g_bytes_get_data (datagram, NULL), size);
          return g_bytes_new (bytes, length);
        }
    }
  g_assert_not_reached ();
}

static void
send_all (const Case *self, LiveNode *node, JsonArray *sends)
{
  for (guint i = 0; i < json_array_get_length (sends); i++)
    {
      JsonObject *send = json_array_get_object_element (sends, i);
      gsize length = json_object_get_int_member (send, "len");
      g_autoptr (GBytes) datagram = vectors_hex_bytes (json_object_get_string_member (send, "hex"));

      if (!datagram || g_bytes_get_size (datagram) != length)
        {
          g_clear_pointer (&datagram, g_bytes_unref);
          datagram = long_datagram (self, length);
        }
      live_node_send (node, g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram));
    }
}

static JsonObject *
first_sent (JsonArray *sends)
{
  JsonNode *json = json_object_get_member (json_array_get_object_element (sends, 0), "json");

  return json && JSON_NODE_HOLDS_OBJECT (json) ? json_node_get_object (json) : NULL;
}

static gboolean
expects_nodes (JsonArray *replies)
{
  for (guint i = 0; i < json_array_get_length (replies); i++)
    if (json_object_has_member (json_object_get_object_member (json_array_get_object_element (replies, i), "json"), "nodes"))
      return TRUE;
  return FALSE;
}

static void
compare_replies (const Case *self, JsonArray *expected, GPtrArray *actual, JsonObject *sent)
{
  const char *reason = NULL;

  if (actual->len > json_array_get_length (expected))
    reason = reason_for_reply (self, sent);
  else if (actual->len < json_array_get_length (expected))
    reason = reason_for_silence (self, sent);
  if (reason)
    {
      explain (self, reason);
      return;
    }
  g_assert_cmpuint (actual->len, ==, json_array_get_length (expected));
  for (guint i = 0; i < actual->len; i++)
    compare_reply (self, json_object_get_object_member (json_array_get_object_element (expected, i), "json"),
                   json_node_get_object (actual->pdata[i]));
}

/* Datagrams out, datagrams back. */
static void
run_exchange (Case *self)
{
  JsonArray *sends = json_object_get_array_member (self->json, "send");
  JsonArray *expected = json_object_get_array_member (self->json, "replies");
  JsonNode *added = json_object_get_member (self->json, "sender_added_to_routing_table");
  g_autoptr (LiveNode) node = NULL;
  g_autoptr (GPtrArray) replies = NULL;

  read_ids (self, expected, sends);
  node = live_node_new (TRUE, &self->id);
  hold_value (node);
  if (!self->has_sender)
    bytestag_key_digest (&self->sender, "peer", 4);
  live_node_answer_pings (node, &self->sender);
  if (expects_nodes (expected))
    introduce (self, node);
  send_all (self, node, sends);
  replies = live_node_settle (node);
  compare_replies (self, expected, replies, first_sent (sends));
  if (reason_for_absence (self, first_sent (sends)))
    {
      explain (self, reason_for_absence (self, first_sent (sends)));
      g_assert_false (live_node_knows_peer (node));
    }
  else if (added && JSON_NODE_HOLDS_VALUE (added))
    g_assert_cmpint (live_node_knows_peer (node), ==, json_node_get_boolean (added));
  g_assert_cmpuint (live_node_get_n_values (node), ==, 1);
  bytestag_routing_table_check_invariants (bytestag_network_get_routing_table (live_node_get_network (node)));
}

/* A store in odd chunks: what was sent and what came back, step by step. */
typedef struct {
  const Case *test;
  LiveNode *node;
  GBytes *value;
  gsize cursor;      /* bytes sent so far, in order */
  gsize received;    /* by the node, as it acks */
  const char *recorded_id;
  JsonNode *transfer_id; /* what ours gave */
} Store;

static guint
pattern_seed (JsonArray *log)
{
  for (guint i = 0; i < json_array_get_length (log); i++)
    {
      JsonObject *step = json_array_get_object_element (log, i);
      const char *text = json_object_has_member (step, "sent")
        ? json_text (json_object_get_object_member (step, "sent"), "xfer_data") : NULL;

      if (text && strlen (text) >= 4 && g_str_has_prefix (text, "A"))
        {
          gsize length;
          g_autofree char *head = g_strndup (text, 4);
          g_autofree guint8 *bytes = g_base64_decode (head, &length);

          if (length >= 2 && bytes[0] == 0)
            return bytes[1];
        }
    }
  return 1;
}

/* Where in the value the chunk is that begins with @head: where the last one ended,
 * else where the last one began, else anywhere on a chunk's border. */
static gsize
find_chunk (Store *self, const guint8 *head, gsize head_length, gsize length)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (self->value, &size);
  gsize places[2] = { self->cursor, self->cursor >= length ? self->cursor - length : 0 };

  for (guint i = 0; i < 2; i++)
    if (places[i] + length <= size && memcmp (bytes + places[i], head, head_length) == 0)
      return places[i];
  for (gsize place = 0; place + length <= size; place += length)
    if (memcmp (bytes + place, head, head_length) == 0)
      return place;
  for (gsize place = 0; place + length <= size; place++)
    if (memcmp (bytes + place, head, head_length) == 0)
      return place;
  g_assert_not_reached ();
}

/* "AClSe6TN9h9IcZrD7BU+Z5C5... (1024 bytes)" stands for a chunk of 1,024 bytes. */
static char *
chunk_text (Store *self, const char *text)
{
  const char *dots = strstr (text, "... (");
  g_autofree char *start = dots ? g_strndup (text, dots - text) : NULL;
  g_autofree guint8 *head = NULL;
  gsize head_length, length, place;
  const guint8 *bytes = g_bytes_get_data (self->value, NULL);

  if (!dots)
    {
      head = g_base64_decode (text, &head_length);
      if (self->cursor + head_length <= g_bytes_get_size (self->value)
          && memcmp (bytes + self->cursor, head, head_length) == 0)
        self->cursor += head_length;
      return g_strdup (text);
    }
  length = g_ascii_strtoull (dots + strlen ("... ("), NULL, 10);
  head = g_base64_decode (start, &head_length);
  place = find_chunk (self, head, MIN (head_length, length), length);
  self->cursor = place + length;
  return g_base64_encode (bytes + place, length);
}

static JsonNode *
send_chunk (Store *self, JsonNode *packet)
{
  g_autoptr (GPtrArray) replies = NULL;

  live_node_send_json (self->node, packet);
  replies = live_node_settle (self->node);
  g_assert_cmpuint (replies->len, <=, 1);
  return replies->len == 1 ? json_node_copy (replies->pdata[0]) : NULL;
}

/* The chunks that the file leaves out, up to where the next named one begins. */
static void
send_left_out (Store *self, gsize length, gsize end)
{
  const guint8 *bytes = g_bytes_get_data (self->value, NULL);

  while (self->cursor + length <= end)
    {
      g_autofree char *data = g_base64_encode (bytes + self->cursor, length);
      g_autofree char *text = g_strdup_printf ("{\"xfer_data\":\"%s\",\"seq_id\":\"left-out-%" G_GSIZE_FORMAT "\"}",
                                               data, self->cursor);
      g_autoptr (JsonNode) packet = json_from_string (text, NULL);
      g_autoptr (JsonNode) ack = NULL;

      json_object_set_member (json_node_get_object (packet), "xfer_id", json_node_copy (self->transfer_id));
      ack = send_chunk (self, packet);
      g_assert_nonnull (ack);
      self->cursor += length;
    }
}

/* After the limit there is no ack: the transfer has ended. And an empty chunk ends
 * it, acked by the original or not. */
static gboolean
ack_is_free (Store *self, JsonObject *sent)
{
  return self->test->original_died || self->cursor > BYTESTAG_MAX_VALUE_SIZE - 1
    || g_strcmp0 (json_text (sent, "xfer_data"), "") == 0;
}

static void
run_step (Store *self, JsonObject *step)
{
  JsonObject *sent = json_object_get_object_member (step, "sent");
  JsonNode *expected = json_object_get_member (step, "reply");
  g_autoptr (JsonNode) packet = json_node_alloc ();
  g_autoptr (JsonNode) ack = NULL;
  JsonObject *object = json_object_new ();
  g_autoptr (GList) names = json_object_get_members (sent);

  json_node_init_object (packet, object);
  json_object_unref (object);
  for (GList *l = names; l; l = l->next)
    json_object_set_member (object, l->data, json_node_copy (json_object_get_member (sent, l->data)));
  if (g_strcmp0 (json_text (sent, "xfer_id"), self->recorded_id) == 0)
    json_object_set_member (object, "xfer_id", json_node_copy (self->transfer_id));
  if (json_text (sent, "xfer_data"))
    {
      g_autofree char *text = chunk_text (self, json_text (sent, "xfer_data"));

      json_object_set_string_member (object, "xfer_data", text);
    }
  ack = send_chunk (self, packet);
  if (ack_is_free (self, sent))
    return;
  if (!expected || JSON_NODE_HOLDS_NULL (expected))
    {
      g_assert_null (ack);
      return;
    }
  g_assert_nonnull (ack);
  g_assert_true (json_node_equal (json_object_get_member (json_node_get_object (ack), "xfer_id"), self->transfer_id));
  g_assert_true (json_node_equal (json_object_get_member (json_node_get_object (ack), "reply_id"),
                                  json_object_get_member (json_node_get_object (expected), "reply_id")));
}

static void
run_log (Store *self, JsonArray *log)
{
  for (guint i = 1; i < json_array_get_length (log); i++)
    {
      JsonObject *step = json_array_get_object_element (log, i);

      if (json_object_has_member (step, "sleep"))
        live_node_advance (self->node, json_object_get_int_member (step, "sleep") * G_USEC_PER_SEC);
      else if (json_object_has_member (step, "..."))
        {
          JsonObject *next = json_object_get_object_member (json_array_get_object_element (log, i + 1), "sent");
          gsize number = g_ascii_strtoull (json_text (next, "seq_id") + 1, NULL, 10);
          gsize length = self->cursor / (i - 1);

          send_left_out (self, length, (number - 1) * length);
        }
      else if (json_object_has_member (step, "sent"))
        run_step (self, step);
    }
}

static JsonObject *
offer (Store *self, const BytestagKvpId *id, gsize size, GPtrArray **replies)
{
  g_autofree char *key = bytestag_key_to_base64 (&id->key), *index = bytestag_key_to_base64 (&id->index);
  g_autofree char *sender = bytestag_key_to_base64 (&self->test->sender);
  g_autofree char *text = g_strdup_printf ("{\"netid\":\"BYTESTAG\",\"nodeid\":\"%s\",\"rpc\":\"store\",\"key\":\"%s\","
                                           "\"index\":\"%s\",\"size\":%" G_GSIZE_FORMAT ",\"timestmp\":%d,\"seq_id\":\"offer\"}",
                                           sender, key, index, size, HELD_TIMESTAMP);
  g_autoptr (JsonNode) request = json_from_string (text, NULL);

  live_node_send_json (self->node, request);
  *replies = live_node_settle (self->node);
  g_assert_cmpuint ((*replies)->len, ==, 1);
  return json_node_get_object ((*replies)->pdata[0]);
}

/* Whether the case waits, so that it runs on virtual time. */
static gboolean
waits (JsonArray *log)
{
  JsonObject *last = json_array_get_object_element (log, json_array_get_length (log) - 1);
  JsonNode *data = json_object_has_member (last, "sent")
    ? json_object_get_member (json_object_get_object_member (last, "sent"), "xfer_data") : NULL;

  for (guint i = 0; i < json_array_get_length (log); i++)
    if (json_object_has_member (json_array_get_object_element (log, i), "sleep"))
      return TRUE;
  return !data || !JSON_NODE_HOLDS_NULL (data);
}

static void
check_stored (Store *self, const BytestagKvpId *id)
{
  gsize size = g_bytes_get_size (self->value);
  gboolean expected = json_object_get_boolean_member (self->test->json, "stored");

  if (size > BYTESTAG_MAX_VALUE_SIZE - 1 && expected)
    {
      explain (self->test, "values of 1 MiB kill originals (A.2), so none is kept");
      expected = FALSE;
    }
  g_assert_cmpint (bytestag_kvp_table_lookup (live_node_get_table (self->node), id, NULL), ==, expected);
  g_assert_cmpuint (live_node_get_n_values (self->node), ==, 1 + expected);
}

static void
run_store (Case *self)
{
  JsonArray *log = json_object_get_array_member (self->json, "log");
  JsonObject *recorded = json_object_get_object_member (json_array_get_object_element (log, 0), "store_reply");
  g_autoptr (GBytes) value = pattern_bytes (json_object_get_int_member (self->json, "value_size"), pattern_seed (log));
  gboolean virtual_time = waits (log);
  g_autoptr (LiveNode) node = NULL;
  g_autoptr (GPtrArray) replies = NULL;
  Store store = { .test = self, .value = value, .recorded_id = json_text (recorded, "xferid") };
  BytestagKvpId id;
  JsonObject *reply;

  g_assert_true (bytestag_key_parse (&self->id, json_text (recorded, "nodeid"), -1, NULL));
  bytestag_key_digest (&self->sender, "peer", 4);
  node = store.node = live_node_new (!virtual_time, &self->id);
  hold_value (node);
  live_node_answer_pings (node, &self->sender);
  bytestag_key_digest (&id.index, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  if (strstr (self->name, "wrong-hash"))
    id.index.bytes[0] ^= 1;
  id.key = id.index;
  reply = offer (&store, &id, strstr (self->name, "wrong-size") ? 5 : g_bytes_get_size (value), &replies);
  g_assert_nonnull (json_text (reply, "xferid"));
  store.transfer_id = json_object_get_member (reply, "xferid");
  run_log (&store, log);
  if (virtual_time)
    live_node_advance (node, LATER);
  else
    g_ptr_array_unref (live_node_settle (node));
  check_stored (&store, &id);
}

static void
run_case (gconstpointer data)
{
  JsonObject *json = (JsonObject *) data;
  JsonNode *alive = json_object_get_member (json, "node_alive_after");
  Case self = { .json = json, .name = json_object_get_string_member (json, "name") };

  self.original_died = alive && JSON_NODE_HOLDS_VALUE (alive) && !json_node_get_boolean (alive);
  if (json_object_has_member (json, "log"))
    run_store (&self);
  else
    run_exchange (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_cases ("malformed", run_case);
}
