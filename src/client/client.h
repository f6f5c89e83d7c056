/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/costs.h"
#include "client/instance.h"
#include "client/statistics.h"
#include "dht/network.h"
#include "io/identity.h"
#include "sharing/downloads.h"
#include "sharing/library.h"
#include "storage/database-table.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_CLIENT (bytestag_client_get_type ())
G_DECLARE_FINAL_TYPE (BytestagClient, bytestag_client, BYTESTAG, CLIENT, GObject)

/* The composition root (seed: Client): one instance, its engine on the thread-default
 * main context of the thread that made it, what it shares and fetches, and its
 * settings. Window and node are faces of it. Properties: "settings" (GSettings);
 * NULL until started: "library", "downloads", "network", "statistics", "kept", "costs", "peers", "address" (string HOST:PORT, at
 * which others may reach it); "n-peers" (uint), "joining" (boolean: on the way into the network), "notice"
 * (string, nullable: what the person should know, a line for each thing: a damaged identity set
 * aside, a full disk). */
BytestagClient    *bytestag_client_new           (BytestagInstance    *instance,
                                                  gboolean             desktop_settings,
                                                  GError             **error);
/* The numeric address to bind, before the start; NULL: all of them. */
void               bytestag_client_set_host      (BytestagClient      *self,
                                                  const char          *host);
/* Binds the port (@port -1: as the settings say), joins through the known nodes of
 * the settings and @known_nodes (nullable), serves the control socket. */
gboolean           bytestag_client_start         (BytestagClient      *self,
                                                  int                  port,
                                                  const char * const  *known_nodes,
                                                  GError             **error);
/* Ends everything in order. The client cannot start again. */
void               bytestag_client_stop          (BytestagClient      *self);
GSettings         *bytestag_client_get_settings  (BytestagClient      *self);
BytestagInstance  *bytestag_client_get_instance  (BytestagClient      *self);
BytestagIdentity  *bytestag_client_get_identity  (BytestagClient      *self);
/* (nullable) as the properties */
const char        *bytestag_client_get_notice    (BytestagClient      *self);
const char        *bytestag_client_get_address   (BytestagClient      *self);
gboolean           bytestag_client_is_joining    (BytestagClient      *self);
guint              bytestag_client_get_n_peers   (BytestagClient      *self);
BytestagNetwork   *bytestag_client_get_network   (BytestagClient      *self);
BytestagStatistics *bytestag_client_get_statistics (BytestagClient     *self);
/* What is kept for others. */
BytestagDatabaseTable *bytestag_client_get_kept  (BytestagClient      *self);
BytestagLibrary   *bytestag_client_get_library   (BytestagClient      *self);
BytestagCosts     *bytestag_client_get_costs     (BytestagClient      *self);
BytestagDownloads *bytestag_client_get_downloads (BytestagClient      *self);
/* (element-type BytestagNode) every contact of the routing table, one flat list. */
GListModel        *bytestag_client_get_peers     (BytestagClient      *self);

/* Completes when the link is there. @files: (element-type GFile) local ones. @name,
 * @comment: (nullable). @share: (out) (optional) (nullable) (transfer none) the item, in the list
 * at once; NULL: refused, so nothing but the error tells why. _finish(): (transfer full), also
 * when it was shared already. */
void               bytestag_client_share_async   (BytestagClient      *self,
                                                  GListModel          *files,
                                                  const char          *name,
                                                  const char          *comment,
                                                  BytestagShare      **share,
                                                  GCancellable        *cancellable,
                                                  GAsyncReadyCallback  callback,
                                                  gpointer             user_data);
BytestagShare     *bytestag_client_share_finish  (BytestagClient      *self,
                                                  GAsyncResult        *result,
                                                  GError             **error);
/* The folder that downloads go to, as the settings say. (transfer full) */
char              *bytestag_client_dup_download_folder (BytestagClient *self);
/* Joins through the addresses in the link, then fetches. Completes when the download has ended. @folder: (nullable) the settings' one.
 * @download: (out) (optional) (transfer none) the item, in the list at once. */
void               bytestag_client_get_async     (BytestagClient      *self,
                                                  BytestagLink        *link,
                                                  const char          *folder,
                                                  BytestagDownload   **download,
                                                  GCancellable        *cancellable,
                                                  GAsyncReadyCallback  callback,
                                                  gpointer             user_data);
gboolean           bytestag_client_get_finish    (BytestagClient      *self,
                                                  GAsyncResult        *result,
                                                  GError             **error);
/* "HOST:PORT"; a name is resolved. Completes when the join has ended. */
void               bytestag_client_join_async    (BytestagClient      *self,
                                                  const char          *address,
                                                  GCancellable        *cancellable,
                                                  GAsyncReadyCallback  callback,
                                                  gpointer             user_data);
gboolean           bytestag_client_join_finish   (BytestagClient      *self,
                                                  GAsyncResult        *result,
                                                  GError             **error);

G_END_DECLS
