/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"

G_BEGIN_DECLS

/* What is remembered of some endpoints, or of their networks: a bounded map from an
 * endpoint to a value of fixed size. When it is full the one that was not used for
 * longest goes. Hashed with the salt, since peers choose the keys. */
typedef struct _BytestagEndpointCache BytestagEndpointCache;

/* @max: entries at one time. @value_size: bytes. */
BytestagEndpointCache *bytestag_endpoint_cache_new         (guint                   max,
                                                            gsize                   value_size);
void                   bytestag_endpoint_cache_free        (BytestagEndpointCache  *self);
/* (transfer none) (nullable) the value, which stays as old as it was. */
gpointer               bytestag_endpoint_cache_peek        (BytestagEndpointCache  *self,
                                                            const BytestagEndpoint *endpoint);
/* (transfer none) the value, now the last used; zeroed when it is new. Allocates only
 * while there is room for more. @is_new: (out) (optional). Valid until the next call. */
gpointer               bytestag_endpoint_cache_use         (BytestagEndpointCache  *self,
                                                            const BytestagEndpoint *endpoint,
                                                            gboolean               *is_new);
/* How many are remembered. */
guint                  bytestag_endpoint_cache_get_length  (BytestagEndpointCache  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagEndpointCache, bytestag_endpoint_cache_free)

G_END_DECLS
