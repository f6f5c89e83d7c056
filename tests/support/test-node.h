/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/node.h"
#include "core/ports.h"

G_BEGIN_DECLS

/* (transfer full) a node of @key at 10.0.0.1:@port, a private address. */
BytestagNode *bytestag_test_node_new           (const BytestagKey *key,
                                                guint16            port);
/* (transfer full) the same with a random key of bucket @number of @root. */
BytestagNode *bytestag_test_node_new_in_bucket (const BytestagKey *root,
                                                guint              number,
                                                BytestagRng       *rng,
                                                guint16            port);

G_END_DECLS
