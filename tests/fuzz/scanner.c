/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "wire/json-guard.h"
#include "wire/json-keys.h"
#include "wire/json-value.h"
#include "wire/packet.h"

/* The hand scanner against json-glib. What the guard lets through json-glib reads too,
 * and as the same values; what it refuses json-glib refuses, or one of json-glib 1.6's
 * liberties is in the text (see has_liberty()). */

#define MAX_TOKENS 10000
#define MAX_STRING 4096

/* json-glib has no NaN and no infinities, cuts a string at \u0000 and has no lone
 * surrogates: of such texts only that nothing breaks can be said. */
static gboolean
is_beyond_json_glib (const char *text,
                     gsize       length)
{
  static const char *const words[] = { "NaN", "Infinity", "\\u0000", "\\ud", "\\uD" };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (memmem (text, length, words[i], strlen (words[i])) != NULL)
      return TRUE;
  return FALSE;
}

static void check_value (const BytestagJsonValue *value, JsonNode *node);

static void
check_number (const BytestagJsonValue *value,
              JsonNode                *node)
{
  gboolean overflows = FALSE;
  gint64 integer = 0;
  gdouble real;

  g_assert_true (JSON_NODE_HOLDS_VALUE (node));
  if (value->type == BYTESTAG_JSON_REAL)
    {
      g_assert_true (bytestag_json_value_get_real (value, &real));
      g_assert_true (json_node_get_value_type (node) == G_TYPE_DOUBLE);
      g_assert_true (json_node_get_double (node) == real);
      return;
    }
  g_assert_true (bytestag_json_value_get_integer (value, &integer, &overflows));
  /* From 2^63 on json-glib wraps. */
  if (overflows || integer == G_MININT64)
    return;
  g_assert_true (json_node_get_value_type (node) == G_TYPE_INT64);
  g_assert_cmpint (json_node_get_int (node), ==, integer);
}

static void
check_string (const BytestagJsonValue *value,
              JsonNode                *node)
{
  char text[MAX_STRING];
  gssize length = bytestag_json_value_get_string (value, text, sizeof text);

  g_assert_true (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING);
  if (length < 0)
    g_assert_cmpuint (strlen (json_node_get_string (node)), >, MAX_STRING);
  else
    g_assert_cmpmem (text, length, json_node_get_string (node), strlen (json_node_get_string (node)));
}

static void
check_array (const BytestagJsonValue *value,
             JsonArray               *array)
{
  BytestagScanner scanner;
  BytestagJsonValue element;
  guint n = 0;

  bytestag_scanner_init (&scanner, value->text, value->length, BYTESTAG_SCANNER_DEPTH, MAX_TOKENS);
  g_assert_true (bytestag_scanner_begin_array (&scanner));
  while (bytestag_scanner_next_element (&scanner))
    {
      g_assert_true (bytestag_scanner_read_value (&scanner, &element));
      g_assert_cmpuint (n, <, json_array_get_length (array));
      check_value (&element, json_array_get_element (array, n++));
    }
  g_assert_true (bytestag_scanner_finish (&scanner));
  g_assert_cmpuint (n, ==, json_array_get_length (array));
}

/* Of equal members the last one counts. */
static void
check_object (const BytestagJsonValue *value,
              JsonObject              *object)
{
  g_autoptr (GHashTable) members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  BytestagScanner scanner;
  BytestagJsonValue name, member;
  GHashTableIter iter;
  gpointer key, last;

  bytestag_scanner_init (&scanner, value->text, value->length, BYTESTAG_SCANNER_DEPTH, MAX_TOKENS);
  g_assert_true (bytestag_scanner_begin_object (&scanner));
  while (bytestag_scanner_next_member (&scanner, &name))
    {
      char text[MAX_STRING];
      gssize length = bytestag_json_value_get_string (&name, text, sizeof text);

      g_assert_true (bytestag_scanner_read_value (&scanner, &member));
      if (length < 0)
        return;
      g_hash_table_replace (members, g_strndup (text, (gsize) length), g_memdup2 (&member, sizeof member));
    }
  g_assert_true (bytestag_scanner_finish (&scanner));
  g_assert_cmpuint (g_hash_table_size (members), ==, json_object_get_size (object));
  g_hash_table_iter_init (&iter, members);
  while (g_hash_table_iter_next (&iter, &key, &last))
    {
      g_assert_true (json_object_has_member (object, key));
      check_value (last, json_object_get_member (object, key));
    }
}

static void
check_value (const BytestagJsonValue *value,
             JsonNode                *node)
{
  switch (value->type)
    {
    case BYTESTAG_JSON_NULL:
      g_assert_true (JSON_NODE_HOLDS_NULL (node));
      break;
    case BYTESTAG_JSON_FALSE:
    case BYTESTAG_JSON_TRUE:
      g_assert_true (json_node_get_value_type (node) == G_TYPE_BOOLEAN);
      g_assert_cmpint (json_node_get_boolean (node), ==, value->type == BYTESTAG_JSON_TRUE);
      break;
    case BYTESTAG_JSON_INTEGER:
    case BYTESTAG_JSON_REAL:
      check_number (value, node);
      break;
    case BYTESTAG_JSON_STRING:
      check_string (value, node);
      break;
    case BYTESTAG_JSON_ARRAY:
      g_assert_true (JSON_NODE_HOLDS_ARRAY (node));
      check_array (value, json_node_get_array (node));
      break;
    case BYTESTAG_JSON_OBJECT:
      g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
      check_object (value, json_node_get_object (node));
      break;
    case BYTESTAG_JSON_ABSENT:
    default:
      g_assert_not_reached ();
    }
}

static const char *
get_string (JsonObject *object,
            const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

/* What a datagram with this text means, by json-glib's reading of it. */
static void
check_message (const char *text,
               gsize       length,
               JsonObject *object)
{
  BytestagMessage message;
  const char *rpc = get_string (object, BYTESTAG_JSON_RPC);
  const char *key_text = get_string (object, BYTESTAG_JSON_KEY);
  BytestagKey key;

  if (bytestag_message_parse (&message, text, length) != BYTESTAG_DROP_NONE)
    return;

  if (json_object_has_member (object, BYTESTAG_JSON_REPLY_ID))
    g_assert_cmpint (message.kind, ==, BYTESTAG_MESSAGE_REPLY);
  else if (json_object_has_member (object, BYTESTAG_JSON_PACKET_TRANSFER_ID))
    g_assert_cmpint (message.kind, ==, BYTESTAG_MESSAGE_TRANSFER);
  else
    g_assert_cmpstr (get_string (object, BYTESTAG_JSON_NETWORK_ID), ==, BYTESTAG_JSON_NETWORK);
  g_assert_cmpint (message.seq_id.text != NULL, ==, json_object_has_member (object, BYTESTAG_JSON_SEQUENCE_ID));
  g_assert_cmpint (message.nodes.text != NULL, ==, json_object_has_member (object, BYTESTAG_JSON_NODES));
  if (message.kind != BYTESTAG_MESSAGE_REQUEST)
    return;

  g_assert_cmpint (message.rpc == BYTESTAG_RPC_FIND_VALUE, ==,
                   g_strcmp0 (rpc, BYTESTAG_JSON_RPC_FIND_VALUE) == 0);
  g_assert_cmpint (message.rpc == BYTESTAG_RPC_STORE, ==, g_strcmp0 (rpc, BYTESTAG_JSON_RPC_STORE) == 0);
  if (key_text != NULL)
    {
      g_assert_cmpint (message.key_member == BYTESTAG_MEMBER_VALID, ==, bytestag_key_parse (&key, key_text, -1, NULL));
      if (message.key_member == BYTESTAG_MEMBER_VALID)
        g_assert_true (bytestag_key_equal (&key, &message.key));
    }
}

/* Outside of strings: comments (with odd ends), the other quote, $ff, and "var x = …;". */
static gboolean
is_liberty_between (guchar byte)
{
  return byte == '\'' || byte == '/' || byte == '=' || byte == '$';
}

/* Numbers: octal, hexadecimal, and a sign, point or exponent without its digits. */
static gboolean
is_liberty_of_number (const char *text,
                      const char *at,
                      const char *end)
{
  gboolean follows_digit = at > text && g_ascii_isdigit (at[-1]);
  char next = at + 1 < end ? at[1] : '\0';

  switch (*at)
    {
    case '0':
      return g_ascii_isdigit (next) || next == 'x' || next == 'X';
    case '-':
      return !g_ascii_isdigit (next);
    case '.':
      return !follows_digit || !g_ascii_isdigit (next);
    case 'e':
    case 'E':
      return follows_digit && !g_ascii_isdigit (next)
             && (at + 2 >= end || (next != '+' && next != '-') || !g_ascii_isdigit (at[2]));
    default:
      return FALSE;
    }
}

/* Inside: control characters, and any escape. */
static gboolean
is_liberty_within (const char *at,
                   const char *end)
{
  if (*at != '\\')
    return (guchar) *at < 0x20 || *at == 0x7f;
  if (end - at < 2 || at[1] != 'u')
    return end - at < 2 || strchr ("\"\\/bfnrt", at[1]) == NULL;
  for (guint i = 2; i < 6; i++)
    if (end - at <= (gssize) i || !g_ascii_isxdigit (at[i]))
      return TRUE;
  return FALSE;
}

/* The liberties that json-glib 1.6 takes. Coarse: that one is in the text is enough. */
static gboolean
has_liberty (const char *text,
             gsize       length)
{
  BytestagScanner scanner;
  BytestagJsonValue value;
  gboolean in_string = FALSE;

  /* Nothing at all, one value after another, and a byte order mark. */
  bytestag_scanner_init (&scanner, text, length, BYTESTAG_SCANNER_DEPTH, MAX_TOKENS);
  if (bytestag_scanner_read_value (&scanner, &value) || (scanner.at == scanner.end && scanner.depth == 0)
      || (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0))
    return TRUE;
  for (gsize i = 0; i < length; i++)
    {
      guchar byte = (guchar) text[i];

      if (byte == '\0' /* which ends the text */
          || (in_string ? is_liberty_within (text + i, text + length) : is_liberty_between (byte))
          || (!in_string && is_liberty_of_number (text, text + i, text + length)))
        return TRUE;
      if (byte == '"')
        in_string = !in_string;
      else if (byte == '\\' && in_string)
        i++;
    }
  return FALSE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  const char *text = size > 0 ? (const char *) data : "";
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = NULL;
  BytestagScanner scanner;
  BytestagJsonValue value;
  gboolean passes;

  bytestag_scanner_init (&scanner, text, size, BYTESTAG_SCANNER_DEPTH, MAX_TOKENS);
  passes = bytestag_scanner_read_value (&scanner, &value) && bytestag_scanner_finish (&scanner);
  g_assert_cmpint (passes, ==, bytestag_json_guard (text, size, BYTESTAG_SCANNER_DEPTH, MAX_TOKENS, NULL));
  /* json-glib would recurse. */
  if (scanner.result == BYTESTAG_SCAN_LIMIT || is_beyond_json_glib (text, size))
    return 0;

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, (gssize) size, &error))
    {
      g_assert_false (passes);
      return 0;
    }
  if (!passes)
    {
      g_assert_true (has_liberty (text, size));
      return 0;
    }
  check_value (&value, json_parser_get_root (parser));
  if (value.type == BYTESTAG_JSON_OBJECT)
    check_message (text, size, json_node_get_object (json_parser_get_root (parser)));
  return 0;
}
