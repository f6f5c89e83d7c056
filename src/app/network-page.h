/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/client.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_NETWORK_PAGE (bytestag_network_page_get_type ())
G_DECLARE_FINAL_TYPE (BytestagNetworkPage, bytestag_network_page, BYTESTAG, NETWORK_PAGE, AdwBin)

/* What the distributed hash table does: its routing table, its peers, our own
 * id. Property "client" (BytestagClient, nullable). */
GtkWidget *bytestag_network_page_new (void);

G_END_DECLS
