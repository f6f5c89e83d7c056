/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"

G_BEGIN_DECLS

/* The address at which others may reach us, as far as we know: the one that peers
 * see; else that of the socket; else, when the socket is bound to all addresses, the one from which this
 * computer reaches others, or loopback when it reaches nobody. */
void   bytestag_own_address_choose (BytestagNetwork  *network,
                                    BytestagEndpoint *address);
/* (transfer full) What new links carry as x.pe (B.3): our own address, then contacts that
 * will be there when we are not: public ones known for 24 hours; on a private network,
 * ones that answer. */
char **bytestag_link_peers_choose  (BytestagNetwork  *network);

G_END_DECLS
