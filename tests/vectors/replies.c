/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every case of replies.json, on virtual time: a foreign peer answers calls of ours
 * in odd ways. What it says is what was recorded, with the ids that our node made in
 * place of the original's, and as long after our datagrams as after the original's. */
#include <string.h>

#include "live-node.h"
#include "vectors.h"

/* Longer than any call may take. */
#define DEADLINE (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)
#define STEP (G_USEC_PER_SEC / 200)

typedef struct {
  JsonObject *json;
  const char *name;
  LiveNode *node;
  BytestagTask *task;
  GBytes *value;       /* of a store */
  GHashTable *ids;     /* recorded text → JsonNode: what our node made instead */
  JsonArray *datagrams;
  guint next;          /* of the recorded datagrams */
  gint64 last_time;    /* when our node sent the last one, its clock */
  gdouble last_ms;     /* when the original did */
  gboolean unacked;    /* a chunk was not acked: from there on the two differ */
} Case;

static gboolean
is_ours (JsonObject *datagram)
{
  return g_str_equal (json_object_get_string_member (datagram, "from"), "original");
}

/* Our datagram stands for a recorded one: its ids are put in place of those. */
static void
learn_ids (Case *self, JsonObject *recorded, JsonObject *actual)
{
  static const char *const names[] = { "seq_id", "xferid", "xfer_id" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *text = json_text (recorded, names[i]);

      if (text && json_object_has_member (actual, names[i]) && !g_hash_table_contains (self->ids, text))
        g_hash_table_insert (self->ids, g_strdup (text), json_node_copy (json_object_get_member (actual, names[i])));
    }
}

/* What both must say alike: all but ids, which are random, and our additions (B.1). */
static void
compare_request (Case *self, JsonObject *recorded, JsonObject *actual)
{
  static const char *const names[] = { "netid", "rpc", "key", "index", "size", "timestmp", "valofs", "xfer_data" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      JsonNode *want = json_object_get_member (recorded, names[i]), *have = json_object_get_member (actual, names[i]);

      /* Ours looks for its own id when it joins; and never asks without an index (A.2, 1). */
      if (g_str_equal (names[i], "key") && g_strcmp0 (json_text (recorded, "key"), json_text (recorded, "nodeid")) == 0)
        continue;
      if (g_str_equal (names[i], "index") && want == NULL)
        continue;
      /* Nor does it send a chunk again that an original may have taken (A.2, 3). */
      if (g_str_equal (names[i], "xfer_data") && self->unacked)
        continue;
      g_assert_cmpint (want == NULL, ==, have == NULL);
      g_assert_true (!want || json_node_equal (want, have));
    }
}

static JsonObject *
next_datagram (Case *self)
{
  return self->next < json_array_get_length (self->datagrams)
    ? json_array_get_object_element (self->datagrams, self->next) : NULL;
}

/* Takes what our node has sent, each for the next recorded datagram of the original. */
static void
take_sent (Case *self)
{
  g_autoptr (GPtrArray) sent = live_node_settle (self->node);

  for (guint i = 0; i < sent->len; i++)
    {
      JsonObject *actual = json_node_get_object (sent->pdata[i]);
      JsonObject *recorded = next_datagram (self);

      /* Beyond the record: a join goes on with look-ups, a transfer with its rest. */
      if (!recorded || !is_ours (recorded))
        continue;
      if (self->next > 0 && json_object_has_member (actual, "xfer_data")
          && is_ours (json_array_get_object_element (self->datagrams, self->next - 1)))
        self->unacked = TRUE;
      compare_request (self, json_object_get_object_member (recorded, "json"), actual);
      learn_ids (self, json_object_get_object_member (recorded, "json"), actual);
      self->last_time = live_node_get_time (self->node);
      self->last_ms = json_object_get_double_member (recorded, "ms");
      self->next++;
    }
}

/* Each recorded id of the original becomes ours. */
static JsonNode *
translate (Case *self, JsonObject *recorded)
{
  JsonNode *json = json_node_alloc ();
  JsonObject *object = json_object_new ();
  g_autoptr (GList) names = json_object_get_members (recorded);

  for (GList *l = names; l; l = l->next)
    {
      const char *text = json_text (recorded, l->data);
      JsonNode *own = text && strstr ("reply_id xferid xfer_id", l->data) ? g_hash_table_lookup (self->ids, text) : NULL;

      json_object_set_member (object, l->data, json_node_copy (own ? own : json_object_get_member (recorded, l->data)));
    }
  json_node_take_object (json, object);
  return json;
}

static void
say (Case *self, JsonObject *datagram)
{
  JsonNode *json = json_object_get_member (datagram, "json");

  if (json && JSON_NODE_HOLDS_OBJECT (json))
    {
      g_autoptr (JsonNode) translated = translate (self, json_node_get_object (json));

      if (g_str_equal (json_object_get_string_member (datagram, "from"), "foreign2"))
        live_node_send_other (self->node, translated);
      else
        live_node_send_json (self->node, translated);
    }
  else
    {
      g_autoptr (GBytes) bytes = vectors_hex_bytes (json_object_get_string_member (datagram, "hex"));

      live_node_send (self->node, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    }
}

/* Says all that is due by now: as long after our last datagram as recorded. */
static void
say_due (Case *self)
{
  JsonObject *datagram;

  while ((datagram = next_datagram (self)) && !is_ours (datagram))
    {
      gint64 delay = (json_object_get_double_member (datagram, "ms") - self->last_ms) * 1000;

      if (live_node_get_time (self->node) < self->last_time + delay)
        return;
      self->next++;
      say (self, datagram);
      take_sent (self);
    }
}

static BytestagTask *
call_store (Case *self, BytestagNetwork *network, BytestagNode *peer, JsonObject *call)
{
  BytestagKey key;
  JsonObject *result = json_object_get_object_member (self->json, "result");

  self->value = pattern_bytes (json_object_get_int_member (call, "size"), json_object_has_member (call, "seed")
                               ? json_object_get_int_member (call, "seed") : 7);
  bytestag_key_digest (&key, g_bytes_get_data (self->value, NULL), g_bytes_get_size (self->value));
  if (result)
    {
      g_autofree char *hex = bytestag_key_to_hex (&key);

      g_assert_cmpint (g_ascii_strcasecmp (json_text (result, "index"), hex), ==, 0);
    }
  return BYTESTAG_TASK (bytestag_network_store_to_node (network, peer, &key, &key, self->value,
                                                        json_object_get_int_member (call, "timestamp")));
}

static BytestagTask *
start_call (Case *self)
{
  JsonObject *call = json_object_get_object_member (self->json, "call");
  const char *command = json_object_get_string_member (call, "cmd");
  BytestagNetwork *network = live_node_get_network (self->node);
  g_autoptr (BytestagNode) peer = NULL;
  BytestagKey key, id;

  bytestag_key_digest (&id, "peer", 4);
  peer = bytestag_node_new (&id, live_node_get_peer (self->node));
  if (json_text (call, "key"))
    g_assert_true (bytestag_key_parse (&key, json_text (call, "key"), -1, NULL));
  if (g_str_equal (command, "ping"))
    return BYTESTAG_TASK (bytestag_network_ping_address (network, live_node_get_peer (self->node)));
  if (g_str_equal (command, "join"))
    return BYTESTAG_TASK (bytestag_network_join_network (network, live_node_get_peer (self->node)));
  if (g_str_equal (command, "findnode"))
    return BYTESTAG_TASK (bytestag_network_find_nodes_from_node (network, peer, &key));
  if (g_str_equal (command, "findval"))
    return BYTESTAG_TASK (bytestag_network_find_value_from_node (network, peer, &key, NULL));
  if (g_str_equal (command, "getval"))
    return BYTESTAG_TASK (bytestag_network_get_value_from_node (network, peer, &key, NULL, 0));
  if (g_str_equal (command, "store_to"))
    return call_store (self, network, peer, call);
  g_error ("%s: what is the call %s?", self->name, command);
}

static gboolean
succeeded (Case *self)
{
  return bytestag_task_get_state (self->task) == BYTESTAG_TASK_DONE;
}

static void
check_ping (Case *self, JsonNode *result)
{
  gboolean expected = JSON_NODE_HOLDS_OBJECT (result);
  BytestagNode *node = bytestag_ping_task_get_node (BYTESTAG_PING_TASK (self->task));

  g_assert_cmpint (succeeded (self), ==, expected);
  if (expected)
    {
      JsonNode *recorded = json_object_get_member (json_node_get_object (result), "node");

      g_assert_cmpint (node != NULL, ==, JSON_NODE_HOLDS_OBJECT (recorded));
      if (node)
        {
          g_autofree char *hex = bytestag_key_to_hex (bytestag_node_get_key (node));

          g_assert_cmpint (g_ascii_strcasecmp (json_text (json_node_get_object (recorded), "id"), hex), ==, 0);
        }
    }
}

static void
check_join (Case *self, JsonNode *result)
{
  if (g_str_equal (self->name, "join-empty-nodes"))
    {
      g_test_message ("%s: ours differs: one known node is a network too (A.7)", self->name);
      g_assert_true (succeeded (self));
    }
  else
    g_assert_cmpint (succeeded (self), ==, json_node_get_boolean (result));
}

static void
check_nodes (Case *self, JsonNode *result)
{
  GPtrArray *nodes = bytestag_find_nodes_task_get_nodes (BYTESTAG_FIND_NODES_TASK (self->task));
  gboolean expected = JSON_NODE_HOLDS_ARRAY (result);

  g_assert_cmpint (succeeded (self), ==, expected);
  if (expected)
    g_assert_cmpuint (nodes->len, ==, json_array_get_length (json_node_get_array (result)));
}

static void
check_values (Case *self, JsonNode *result)
{
  const BytestagFindValueResult *actual = bytestag_find_value_task_get_result (BYTESTAG_FIND_VALUE_TASK (self->task));
  JsonNode *values = JSON_NODE_HOLDS_OBJECT (result)
    ? json_object_get_member (json_node_get_object (result), "values") : NULL;

  g_assert_cmpint (succeeded (self), ==, JSON_NODE_HOLDS_OBJECT (result));
  if (!values)
    return;
  g_assert_nonnull (actual);
  g_assert_cmpint (actual->values != NULL, ==, JSON_NODE_HOLDS_ARRAY (values));
  if (!actual->values)
    return;
  g_assert_cmpuint (actual->values->len, ==, json_array_get_length (json_node_get_array (values)));
  for (guint i = 0; i < actual->values->len; i++)
    {
      const BytestagExchangeInfo *info = actual->values->pdata[i];
      JsonObject *recorded = json_array_get_object_element (json_node_get_array (values), i);
      JsonNode *timestamp = json_object_get_member (recorded, "timestamp");
      g_autofree char *index = bytestag_key_to_hex (&info->id.index);

      g_assert_cmpint (g_ascii_strcasecmp (json_text (recorded, "index"), index), ==, 0);
      g_assert_cmpint (info->size, ==, json_object_get_int_member (recorded, "size"));
      g_assert_cmpint (info->time_kind == BYTESTAG_TIME_NULL, ==, JSON_NODE_HOLDS_NULL (timestamp));
      if (info->time_kind != BYTESTAG_TIME_NULL)
        g_assert_cmpfloat (info->timestamp, ==, json_node_get_double (timestamp));
    }
}

static void
check_download (Case *self, JsonNode *result)
{
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (BYTESTAG_DOWNLOAD_TASK (self->task));
  JsonObject *recorded = json_node_get_object (result);
  BytestagKey digest;
  g_autofree char *hex = NULL;

  g_assert_nonnull (bytes);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, json_object_get_int_member (recorded, "size"));
  bytestag_key_digest (&digest, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  hex = bytestag_key_to_hex (&digest);
  g_assert_cmpint (g_ascii_strcasecmp (json_text (recorded, "sha1"), hex), ==, 0);
  /* Ours says that the end is missing; the original takes the part for the whole. */
  g_assert_cmpint (succeeded (self), ==, !g_str_equal (self->name, "getval-no-terminator"));
}

static void
check_store (Case *self, JsonNode *result)
{
  gsize sent = bytestag_store_to_node_task_get_n_sent (BYTESTAG_STORE_TO_NODE_TASK (self->task));

  g_assert_cmpuint (sent, ==, json_object_get_int_member (json_node_get_object (result), "sent"));
}

static void
check_result (Case *self)
{
  JsonNode *result = json_object_get_member (self->json, "result");

  if (BYTESTAG_IS_PING_TASK (self->task))
    check_ping (self, result);
  else if (BYTESTAG_IS_JOIN_TASK (self->task))
    check_join (self, result);
  else if (BYTESTAG_IS_FIND_NODES_TASK (self->task))
    check_nodes (self, result);
  else if (BYTESTAG_IS_FIND_VALUE_TASK (self->task))
    check_values (self, result);
  else if (BYTESTAG_IS_STORE_TO_NODE_TASK (self->task))
    check_store (self, result);
  else
    check_download (self, result);
}

static void
run_case (gconstpointer data)
{
  JsonObject *json = (JsonObject *) data;
  Case self = { .json = json, .name = json_object_get_string_member (json, "name") };
  g_autoptr (LiveNode) node = live_node_new (FALSE, NULL);
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                      (GDestroyNotify) json_node_unref);
  gint64 end = live_node_get_time (node) + DEADLINE;

  self.node = node;
  self.ids = ids;
  self.datagrams = json_object_get_array_member (json, "datagrams");
  self.task = start_call (&self);
  self.last_time = live_node_get_time (node);
  take_sent (&self);
  say_due (&self);
  while ((!bytestag_task_is_finished (self.task) || next_datagram (&self)) && live_node_get_time (node) < end)
    {
      live_node_advance (node, STEP);
      take_sent (&self);
      say_due (&self);
    }
  g_assert_true (bytestag_task_is_finished (self.task));
  check_result (&self);
  /* Who answered in another's place, or without an id, is nobody. */
  g_assert_cmpint (live_node_knows_peer (node), ==, json_object_get_boolean_member (json, "foreign_in_routing_table"));
  bytestag_routing_table_check_invariants (bytestag_network_get_routing_table (live_node_get_network (node)));
  g_clear_object (&self.task);
  g_clear_pointer (&self.value, g_bytes_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_cases ("replies", run_case);
}
