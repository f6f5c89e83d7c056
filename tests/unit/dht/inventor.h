/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fixture.h"

G_BEGIN_DECLS

/* Names nodes that are nearer than all before: @n_live at its own endpoint, where
 * each will do the same, and as many that are dead as a reply may have. */
typedef struct {
  BytestagKey key;
  const char *dead_host; /* NULL: some public one */
  guint n_live;
  guint32 n_named;
  guint n_asked;
  gboolean is_nobody; /* does not say its own id, which is none of those */
} Inventor;

/* A BytestagForeignFunc; its data is an Inventor. */
void inventor_cb (BytestagForeign        *peer,
                  const BytestagEndpoint *from,
                  const char             *rpc,
                  JsonObject             *message,
                  gpointer                user_data);

G_END_DECLS
