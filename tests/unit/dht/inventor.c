/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "inventor.h"

#include <string.h>

#include "core/limits.h"

static void
invent (Inventor   *inventor,
        GString    *text,
        const char *host,
        guint16     port)
{
  g_autofree char *id = NULL;
  BytestagKey key = inventor->key;
  guint32 distance = GUINT32_TO_BE (G_MAXUINT32 - ++inventor->n_named);

  memcpy (key.bytes, &distance, sizeof distance);
  id = bytestag_key_to_base64 (&key);
  g_string_append_printf (text, "%s{\"host\": \"%s\", \"port\": %u, \"id\": \"%s\"}",
                          text->str[text->len - 1] == '[' ? "" : ", ", host, port, id);
}

void
inventor_cb (BytestagForeign        *peer,
             const BytestagEndpoint *from,
             const char             *rpc,
             JsonObject             *message,
             gpointer                user_data)
{
  Inventor *inventor = user_data;
  const char *dead_host = inventor->dead_host != NULL ? inventor->dead_host : "9.200.0.1";
  g_autoptr (GString) nodes = g_string_new (", \"nodes\": [");
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  inventor->n_asked++;
  bytestag_endpoint_write_host (bytestag_foreign_get_address (peer), host);
  for (guint i = 0; i < inventor->n_live; i++)
    invent (inventor, nodes, host, bytestag_foreign_get_address (peer)->port);
  for (guint i = inventor->n_live; i < BYTESTAG_LIMIT_NODES_OF_REPLY; i++)
    invent (inventor, nodes, dead_host, (guint16) (1024 + inventor->n_named % 60000));
  g_string_append_c (nodes, ']');
  if (inventor->is_nobody)
    bytestag_foreign_send (peer, from, "{\"reply_id\": \"%s\"%s}",
                           json_object_get_string_member (message, "seq_id"), nodes->str);
  else
    bytestag_foreign_reply (peer, from, message, nodes->str);
}
