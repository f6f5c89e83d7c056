/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_JOINER (bytestag_joiner_get_type ())
G_DECLARE_FINAL_TYPE (BytestagJoiner, bytestag_joiner, BYTESTAG, JOINER, GObject)

/* Brings a node into the network and back: joins through known nodes, whose names
 * it resolves, and asks them again, ever less often, while no contact is known. On the
 * thread-default main context. Property "n-joining" (uint): joins on their way, resolving included. */
BytestagJoiner *bytestag_joiner_new           (BytestagNetwork      *network);
guint           bytestag_joiner_get_n_joining (BytestagJoiner       *self);
/* "HOST:PORT", "[V6]:PORT", where HOST may be a name. FALSE: says why it is not. */
gboolean        bytestag_joiner_check_address (const char           *address,
                                               GError              **error);
/* Joins now, and whenever nobody is known. @address: that has been checked. */
void            bytestag_joiner_add_known     (BytestagJoiner       *self,
                                               const char           *address);
void            bytestag_joiner_join_async    (BytestagJoiner       *self,
                                               const char           *address,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
gboolean        bytestag_joiner_join_finish   (BytestagJoiner       *self,
                                               GAsyncResult         *result,
                                               GError              **error);
/* Ends what is on its way; joins no more. */
void            bytestag_joiner_stop          (BytestagJoiner       *self);

G_END_DECLS
