/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/message.h"

#include "wire/json-keys.h"
#include "wire/json-value.h"
#include "wire/packet.h"

#include <math.h>
#include <string.h>

/* Of a datagram and of what its lists hold. */
typedef enum {
  MEMBER_REPLY_ID,
  MEMBER_XFER_ID,
  MEMBER_NET_ID,
  MEMBER_NODE_ID,
  MEMBER_RPC,
  MEMBER_KEY,
  MEMBER_INDEX,
  MEMBER_SEQ_ID,
  MEMBER_XFERID,
  MEMBER_XFER_DATA,
  MEMBER_NODES,
  MEMBER_VALS,
  MEMBER_SIZE,
  MEMBER_TIMESTAMP,
  MEMBER_VALOFS,
  MEMBER_EXTENSIONS,
  MEMBER_YOU,
  MEMBER_KEEP,
  MEMBER_COPIES,
  MEMBER_UNTIL,
  MEMBER_HAVE,
  MEMBER_FULL,
  MEMBER_TIME,
  MEMBER_KEYS,
  MEMBER_HELD,
  N_MEMBERS,
} Member;

static const char *const member_names[] = {
  [MEMBER_REPLY_ID] = BYTESTAG_JSON_REPLY_ID,
  [MEMBER_XFER_ID] = BYTESTAG_JSON_PACKET_TRANSFER_ID,
  [MEMBER_NET_ID] = BYTESTAG_JSON_NETWORK_ID,
  [MEMBER_NODE_ID] = BYTESTAG_JSON_NODE_ID,
  [MEMBER_RPC] = BYTESTAG_JSON_RPC,
  [MEMBER_KEY] = BYTESTAG_JSON_KEY,
  [MEMBER_INDEX] = BYTESTAG_JSON_INDEX,
  [MEMBER_SEQ_ID] = BYTESTAG_JSON_SEQUENCE_ID,
  [MEMBER_XFERID] = BYTESTAG_JSON_TRANSFER_ID,
  [MEMBER_XFER_DATA] = BYTESTAG_JSON_PACKET_DATA,
  [MEMBER_NODES] = BYTESTAG_JSON_NODES,
  [MEMBER_VALS] = BYTESTAG_JSON_VALUES,
  [MEMBER_SIZE] = BYTESTAG_JSON_SIZE,
  [MEMBER_TIMESTAMP] = BYTESTAG_JSON_TIMESTAMP,
  [MEMBER_VALOFS] = BYTESTAG_JSON_VALUE_OFFSET,
  [MEMBER_EXTENSIONS] = BYTESTAG_JSON_EXTENSIONS,
  [MEMBER_YOU] = BYTESTAG_JSON_YOU,
  [MEMBER_KEEP] = BYTESTAG_JSON_KEEP,
  [MEMBER_COPIES] = BYTESTAG_JSON_COPIES,
  [MEMBER_UNTIL] = BYTESTAG_JSON_UNTIL,
  [MEMBER_HAVE] = BYTESTAG_JSON_HAVE,
  [MEMBER_FULL] = BYTESTAG_JSON_FULL,
  [MEMBER_TIME] = BYTESTAG_JSON_TIME,
  [MEMBER_KEYS] = BYTESTAG_JSON_KEYS,
  [MEMBER_HELD] = BYTESTAG_JSON_HELD,
};
G_STATIC_ASSERT (G_N_ELEMENTS (member_names) == N_MEMBERS);

static const char *const node_names[] = { BYTESTAG_JSON_HOST, BYTESTAG_JSON_PORT, BYTESTAG_JSON_ID };
enum { NODE_HOST, NODE_PORT, NODE_ID, N_NODE };

static const char *const val_names[] = {
  BYTESTAG_JSON_KEY, BYTESTAG_JSON_INDEX, BYTESTAG_JSON_SIZE, BYTESTAG_JSON_TIME, BYTESTAG_JSON_UNTIL,
};
enum { VAL_KEY, VAL_INDEX, VAL_SIZE, VAL_TIME, VAL_UNTIL, N_VAL };

/* No name of ours is as long. */
#define NAME_SIZE 16

/* Which of @names it is; @n_names: none. */
static guint
find_name (const BytestagJsonValue *name,
           const char *const       *names,
           guint                    n_names)
{
  char decoded[NAME_SIZE];
  const char *text = name->text + 1;
  gsize length = name->length - 2;

  if (memchr (text, '\\', length) != NULL)
    {
      gssize decoded_length = bytestag_json_value_get_string (name, decoded, sizeof decoded);

      text = decoded;
      length = MAX (decoded_length, 0);
    }
  for (guint i = 0; i < n_names && length > 0; i++)
    if (names[i][0] == text[0] && strlen (names[i]) == length && memcmp (names[i], text, length) == 0)
      return i;
  return n_names;
}

/* Reads the object that was entered; of equal members the last one counts. */
static gboolean
read_members (BytestagScanner   *scanner,
              const char *const *names,
              guint              n_names,
              BytestagJsonValue *values)
{
  BytestagJsonValue name, ignored;
  guint member;

  memset (values, 0, n_names * sizeof *values);
  while (bytestag_scanner_next_member (scanner, &name))
    {
      member = find_name (&name, names, n_names);
      if (!bytestag_scanner_read_value (scanner, member < n_names ? &values[member] : &ignored))
        return FALSE;
    }
  return scanner->result == BYTESTAG_SCAN_OK;
}

/* Strings of the members that we read; those of others only have to fit into
 * the datagram (A.1.1: 8,192 bytes of padding are fine). */
static gboolean
strings_fit (const BytestagJsonValue *members)
{
  gsize limit;

  for (guint i = 0; i < N_MEMBERS; i++)
    {
      limit = i == MEMBER_XFER_DATA ? BYTESTAG_LIMIT_TRANSFER_DATA : BYTESTAG_LIMIT_JSON_STRING;
      if (members[i].type == BYTESTAG_JSON_STRING && members[i].length > limit + 2)
        return FALSE;
    }
  return members[MEMBER_SEQ_ID].length <= BYTESTAG_LIMIT_ECHOED_ID
         && members[MEMBER_REPLY_ID].length <= BYTESTAG_LIMIT_ECHOED_ID
         && members[MEMBER_XFER_ID].length <= BYTESTAG_LIMIT_ECHOED_ID
         && members[MEMBER_XFERID].length <= BYTESTAG_LIMIT_ECHOED_ID;
}

static BytestagSlice
to_slice (const BytestagJsonValue *value)
{
  return (BytestagSlice) { value->text, value->length };
}

static BytestagRpc
to_rpc (const BytestagJsonValue *value)
{
  static const struct {
    const char *name;
    BytestagRpc rpc;
  } rpcs[] = {
    { BYTESTAG_JSON_RPC_PING, BYTESTAG_RPC_PING },
    { BYTESTAG_JSON_RPC_FIND_NODE, BYTESTAG_RPC_FIND_NODE },
    { BYTESTAG_JSON_RPC_FIND_VALUE, BYTESTAG_RPC_FIND_VALUE },
    { BYTESTAG_JSON_RPC_GET_VALUE, BYTESTAG_RPC_GET_VALUE },
    { BYTESTAG_JSON_RPC_STORE, BYTESTAG_RPC_STORE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rpcs); i++)
    if (bytestag_json_value_equal_string (value, rpcs[i].name))
      return rpcs[i].rpc;
  return BYTESTAG_RPC_UNKNOWN;
}

/* Python's isinstance (value, int) and 1 to 65535: true is port 1. */
static gboolean
to_port (const BytestagJsonValue *value,
         guint16                 *port)
{
  gint64 integer;

  if (!bytestag_json_value_get_integer (value, &integer, NULL) || integer < 1 || integer > G_MAXUINT16)
    return FALSE;
  *port = integer;
  return TRUE;
}

/* FALSE: not numeric, or nowhere to send to. */
static gboolean
to_endpoint (const BytestagJsonValue *host,
             guint16                  port,
             BytestagEndpoint        *endpoint)
{
  char text[BYTESTAG_ENDPOINT_HOST_SIZE];
  gssize length = bytestag_json_value_get_string (host, text, sizeof text);

  return length > 0 && bytestag_endpoint_set_host (endpoint, text, length, port)
         && bytestag_endpoint_is_usable (endpoint);
}

static gboolean
to_you (const BytestagJsonValue *value,
        BytestagEndpoint        *you)
{
  BytestagJsonValue members[N_NODE];
  BytestagScanner scanner;
  guint16 port;

  bytestag_scanner_init (&scanner, value->text, value->length, BYTESTAG_LIMIT_JSON_DEPTH,
                         BYTESTAG_LIMIT_JSON_TOKENS);
  return bytestag_scanner_begin_object (&scanner)
         && read_members (&scanner, node_names, N_NODE, members)
         && to_port (&members[NODE_PORT], &port)
         && to_endpoint (&members[NODE_HOST], port, you);
}

static int
to_extensions (const BytestagJsonValue *value)
{
  gint64 integer;

  if (value->type != BYTESTAG_JSON_INTEGER || !bytestag_json_value_get_integer (value, &integer, NULL)
      || integer < 0 || integer > G_MAXINT)
    return -1;
  return integer;
}

/* Members of our own: 0 for whatever is no whole number above 0. */
static gint64
to_count (const BytestagJsonValue *value)
{
  gint64 integer;

  if (value->type != BYTESTAG_JSON_INTEGER || !bytestag_json_value_get_integer (value, &integer, NULL))
    return 0;
  return MAX (integer, 0);
}

static gboolean
is_true (const BytestagJsonValue *value)
{
  return value->type == BYTESTAG_JSON_TRUE;
}

static void
read_promise (BytestagMessage         *self,
              const BytestagJsonValue *members)
{
  self->keep = to_count (&members[MEMBER_KEEP]);
  self->copies = to_count (&members[MEMBER_COPIES]);
  self->until = to_count (&members[MEMBER_UNTIL]);
  self->have = is_true (&members[MEMBER_HAVE]);
  self->full = is_true (&members[MEMBER_FULL]);
  self->time = to_count (&members[MEMBER_TIME]);
}

static void
read_request (BytestagMessage         *self,
              const BytestagJsonValue *members)
{
  const BytestagJsonValue *valofs = &members[MEMBER_VALOFS];

  self->rpc = to_rpc (&members[MEMBER_RPC]);
  self->key_member = bytestag_json_value_get_key (&members[MEMBER_KEY], &self->key);
  self->index_member = bytestag_json_value_get_key (&members[MEMBER_INDEX], &self->index);
  self->has_size = bytestag_json_value_convert_integer (&members[MEMBER_SIZE], &self->size, NULL);
  self->has_timestamp = bytestag_json_value_convert_integer (&members[MEMBER_TIMESTAMP], &self->timestamp,
                                                             &self->timestamp_overflows);
  self->has_valofs = valofs->type != BYTESTAG_JSON_ABSENT && valofs->type != BYTESTAG_JSON_NULL;
  self->valofs_valid = !self->has_valofs || bytestag_json_value_get_integer (valofs, &self->valofs, NULL);
}

static void
read_transfer (BytestagMessage         *self,
               const BytestagJsonValue *members)
{
  const BytestagJsonValue *data = &members[MEMBER_XFER_DATA];

  self->has_xfer_data = data->type != BYTESTAG_JSON_ABSENT;
  if (data->type == BYTESTAG_JSON_STRING)
    self->xfer_data = (BytestagSlice) { data->text + 1, data->length - 2 };
  self->is_end = data->type == BYTESTAG_JSON_NULL
                 || (data->type == BYTESTAG_JSON_STRING && self->xfer_data.length == 0);
}

static BytestagDrop
read_kind (BytestagMessage         *self,
           const BytestagJsonValue *members)
{
  if (members[MEMBER_REPLY_ID].type != BYTESTAG_JSON_ABSENT)
    self->kind = BYTESTAG_MESSAGE_REPLY;
  else if (members[MEMBER_XFER_ID].type != BYTESTAG_JSON_ABSENT)
    self->kind = BYTESTAG_MESSAGE_TRANSFER;
  else if (bytestag_json_value_equal_string (&members[MEMBER_NET_ID], BYTESTAG_JSON_NETWORK))
    self->kind = BYTESTAG_MESSAGE_REQUEST;
  else
    return BYTESTAG_DROP_NET_ID;
  return BYTESTAG_DROP_NONE;
}

BytestagDrop
bytestag_message_parse (BytestagMessage *self,
                        const char      *text,
                        gsize            length)
{
  BytestagJsonValue members[N_MEMBERS];
  BytestagScanner scanner;
  BytestagDrop drop;

  bytestag_scanner_init (&scanner, text, length, BYTESTAG_LIMIT_JSON_DEPTH, BYTESTAG_LIMIT_JSON_TOKENS);
  if (!bytestag_scanner_begin_object (&scanner)
      || !read_members (&scanner, member_names, N_MEMBERS, members)
      || !bytestag_scanner_finish (&scanner))
    return scanner.result == BYTESTAG_SCAN_LIMIT ? BYTESTAG_DROP_LIMITS : BYTESTAG_DROP_NOT_JSON;
  if (scanner.tokens_left == BYTESTAG_LIMIT_JSON_TOKENS - 1)
    return BYTESTAG_DROP_NOT_JSON; /* {} */
  if (!strings_fit (members))
    return BYTESTAG_DROP_LIMITS;

  memset (self, 0, sizeof *self);
  drop = read_kind (self, members);
  if (drop != BYTESTAG_DROP_NONE)
    return drop;
  self->seq_id = to_slice (&members[MEMBER_SEQ_ID]);
  self->reply_id = to_slice (&members[MEMBER_REPLY_ID]);
  self->xferid = to_slice (&members[MEMBER_XFERID]);
  self->xfer_id = to_slice (&members[MEMBER_XFER_ID]);
  self->nodes = to_slice (&members[MEMBER_NODES]);
  self->vals = to_slice (&members[MEMBER_VALS]);
  self->keys = to_slice (&members[MEMBER_KEYS]);
  self->held = to_slice (&members[MEMBER_HELD]);
  self->node_id_member = bytestag_json_value_get_key (&members[MEMBER_NODE_ID], &self->node_id);
  self->extensions = to_extensions (&members[MEMBER_EXTENSIONS]);
  self->has_you = to_you (&members[MEMBER_YOU], &self->you);
  read_promise (self, members);
  read_transfer (self, members);
  if (self->kind == BYTESTAG_MESSAGE_REQUEST)
    read_request (self, members);
  return BYTESTAG_DROP_NONE;
}

/* 1: taken, 0: skipped, -1: bad */
static int
read_node (BytestagScanner  *scanner,
           BytestagWireNode *node)
{
  BytestagJsonValue members[N_NODE];
  guint16 port;

  if (!bytestag_scanner_begin_object (scanner)
      || !read_members (scanner, node_names, N_NODE, members)
      || members[NODE_HOST].type != BYTESTAG_JSON_STRING
      || !to_port (&members[NODE_PORT], &port))
    return -1;
  switch (bytestag_json_value_get_key (&members[NODE_ID], &node->key))
    {
    case BYTESTAG_MEMBER_VALID:
      return to_endpoint (&members[NODE_HOST], port, &node->endpoint);
    case BYTESTAG_MEMBER_RANDOM:
      return 0;
    default:
      return -1;
    }
}

int
bytestag_message_read_nodes (const BytestagMessage *message,
                             BytestagWireNode      *nodes,
                             guint                  max)
{
  BytestagScanner scanner;
  BytestagWireNode node;
  guint n_nodes = 0;
  int taken;

  bytestag_scanner_init (&scanner, message->nodes.text, message->nodes.length,
                         BYTESTAG_LIMIT_JSON_DEPTH, BYTESTAG_LIMIT_JSON_TOKENS);
  if (!bytestag_scanner_begin_array (&scanner))
    return -1;
  while (bytestag_scanner_next_element (&scanner))
    {
      taken = read_node (&scanner, &node);
      if (taken < 0)
        return -1;
      if (taken > 0 && n_nodes < max)
        nodes[n_nodes++] = node;
    }
  return scanner.result == BYTESTAG_SCAN_OK ? (int) n_nodes : -1;
}

static gboolean
read_time (const BytestagJsonValue *value,
           BytestagExchangeInfo    *info)
{
  info->timestamp = 0;
  info->time_kind = BYTESTAG_TIME_NULL;
  if (value->type == BYTESTAG_JSON_ABSENT || value->type == BYTESTAG_JSON_NULL)
    return TRUE;
  if (!bytestag_json_value_get_real (value, &info->timestamp))
    return FALSE;
  /* NaN and infinities are floats to an original; to us no time. */
  if (isfinite (info->timestamp))
    info->time_kind = value->type == BYTESTAG_JSON_REAL ? BYTESTAG_TIME_FLOAT : BYTESTAG_TIME_INTEGER;
  else
    info->timestamp = 0;
  return TRUE;
}

/* As read_node(). */
static int
read_val (BytestagScanner      *scanner,
          BytestagExchangeInfo *info)
{
  BytestagJsonValue members[N_VAL];
  BytestagMember key, index;

  if (!bytestag_scanner_begin_object (scanner) || !read_members (scanner, val_names, N_VAL, members))
    return -1;
  key = bytestag_json_value_get_key (&members[VAL_KEY], &info->id.key);
  index = bytestag_json_value_get_key (&members[VAL_INDEX], &info->id.index);
  if (key < BYTESTAG_MEMBER_VALID || index < BYTESTAG_MEMBER_VALID)
    return -1;
  info->size = -1;
  if (members[VAL_SIZE].type != BYTESTAG_JSON_ABSENT && members[VAL_SIZE].type != BYTESTAG_JSON_NULL
      && !bytestag_json_value_get_integer (&members[VAL_SIZE], &info->size, NULL))
    return -1;
  if (!read_time (&members[VAL_TIME], info))
    return -1;
  info->until = to_count (&members[VAL_UNTIL]);
  return key == BYTESTAG_MEMBER_VALID && index == BYTESTAG_MEMBER_VALID;
}

int
bytestag_message_read_vals (const BytestagMessage *message,
                            BytestagExchangeInfo  *vals,
                            guint                  max)
{
  BytestagScanner scanner;
  BytestagExchangeInfo info;
  guint n_vals = 0;
  int taken;

  bytestag_scanner_init (&scanner, message->vals.text, message->vals.length,
                         BYTESTAG_LIMIT_JSON_DEPTH, BYTESTAG_LIMIT_JSON_TOKENS);
  if (!bytestag_scanner_begin_array (&scanner))
    return -1;
  while (bytestag_scanner_next_element (&scanner))
    {
      taken = read_val (&scanner, &info);
      if (taken < 0)
        return -1;
      if (taken > 0 && n_vals < max)
        vals[n_vals++] = info;
    }
  return scanner.result == BYTESTAG_SCAN_OK ? (int) n_vals : -1;
}

int
bytestag_message_read_keys (const BytestagMessage *message,
                            BytestagKey           *keys,
                            guint                  max)
{
  BytestagScanner scanner;
  BytestagJsonValue value;
  guint n_keys = 0;

  bytestag_scanner_init (&scanner, message->keys.text, message->keys.length,
                         BYTESTAG_LIMIT_JSON_DEPTH, BYTESTAG_LIMIT_JSON_TOKENS);
  if (!bytestag_scanner_begin_array (&scanner))
    return -1;
  while (n_keys < max && bytestag_scanner_next_element (&scanner))
    {
      if (!bytestag_scanner_read_value (&scanner, &value)
          || bytestag_json_value_get_key (&value, &keys[n_keys]) != BYTESTAG_MEMBER_VALID)
        return -1;
      n_keys++;
    }
  return scanner.result == BYTESTAG_SCAN_OK ? (int) n_keys : -1;
}

int
bytestag_message_read_held (const BytestagMessage *message,
                            gint64                *untils,
                            guint                  max)
{
  BytestagScanner scanner;
  BytestagJsonValue value;
  guint n_untils = 0;

  bytestag_scanner_init (&scanner, message->held.text, message->held.length,
                         BYTESTAG_LIMIT_JSON_DEPTH, BYTESTAG_LIMIT_JSON_TOKENS);
  if (!bytestag_scanner_begin_array (&scanner))
    return -1;
  while (n_untils < max && bytestag_scanner_next_element (&scanner))
    {
      if (!bytestag_scanner_read_value (&scanner, &value))
        return -1;
      untils[n_untils++] = to_count (&value);
    }
  return scanner.result == BYTESTAG_SCAN_OK ? (int) n_untils : -1;
}

/* The value of a base64 letter; -1: none. */
static int
base64_value (char letter)
{
  if (letter >= 'A' && letter <= 'Z')
    return letter - 'A';
  if (letter >= 'a' && letter <= 'z')
    return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9')
    return letter - '0' + 52;
  return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

gssize
bytestag_message_read_data (const BytestagMessage *message,
                            guint8                *bytes,
                            gsize                  max)
{
  const char *at = message->xfer_data.text;
  const char *end;
  guint position = 0, pads = 0, bits = 0;
  gsize length = 0;
  gunichar letter;
  int value;

  if (at == NULL)
    return -1;
  for (end = at + message->xfer_data.length; at < end;)
    {
      if (*at == '\\')
        at += bytestag_json_unescape (at, end, &letter);
      else
        letter = (guchar) *at++;
      if (letter >= 0xd800 && letter < 0xe000)
        return -1;
      /* The first padding that completes four letters ends the data. */
      if (letter == '=' && position >= 2 && position + ++pads >= 4)
        return length;
      value = letter < 0x80 ? base64_value (letter) : -1;
      if (value < 0)
        continue;
      pads = 0;
      bits = bits << 6 | value;
      position = (position + 1) % 4;
      if (position == 1)
        continue;
      if (length == max)
        return -1;
      bytes[length++] = bits >> ((4 - position) % 4 * 2);
    }
  return position == 0 ? (gssize) length : -1;
}
