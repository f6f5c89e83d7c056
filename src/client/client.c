/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "bytestag-client"

#include "config.h"

#include "client/client.h"

#include <glib/gi18n-lib.h>

#include "client/announcer.h"
#include "client/choices.h"
#include "client/control.h"
#include "client/joiner.h"
#include "client/own-address.h"
#include "client/peer-list.h"
#include "client/settings.h"
#include "client/state.h"
#include "client/verbs.h"
#include "core/error.h"
#include "core/limits.h"
#include "io/engine-source.h"
#include "io/folder-watcher.h"
#include "io/system-clock.h"
#include "io/system-rng.h"
#include "io/workers.h"
#include "sharing/replicator.h"
#include "storage/aggregated-table.h"
#include "storage/shared-files-table.h"

/* Reading for others must not wait behind hashing. */
#define N_READERS 1
#define N_WRITERS 2
/* Whatever has a database is done there, one after the other. */
#define N_DISKS 1
/* Walking through what is shared may take long, and nothing waits for it. */
#define N_CHECKERS 1

struct _BytestagClient
{
  GObject parent_instance;

  GMainContext *context;
  BytestagInstance *instance;
  GSettings *settings;
  BytestagIdentity *identity;
  BytestagState *state;
  char *identity_notice;
  char *notice;
  char *host;

  /* From start to stop. */
  BytestagClock *clock;
  BytestagReactor *reactor;
  BytestagWorkers *readers;
  BytestagWorkers *hashers;
  BytestagWorkers *writers;
  BytestagWorkers *disk;
  BytestagWorkers *checkers;
  BytestagUdpTransport *transport;
  BytestagNetwork *network;
  BytestagDatabaseTable *kept;
  BytestagReplicator *replicator;
  BytestagChoices *choices;
  BytestagRecordKeeper *records;
  BytestagCosts *costs;
  BytestagAnnouncer *announcer;
  GSource *source;
  BytestagJoiner *joiner;
  BytestagLibrary *library;
  BytestagDownloads *downloads;
  BytestagPeerList *peers;
  BytestagStatistics *statistics;
  BytestagControl *control;
  char *address;
  gboolean started;
  gboolean stopped;
};

enum {
  PROP_0,
  PROP_LIBRARY,
  PROP_DOWNLOADS,
  PROP_NETWORK,
  PROP_PEERS,
  PROP_STATISTICS,
  PROP_KEPT,
  PROP_COSTS,
  PROP_SETTINGS,
  PROP_ADDRESS,
  PROP_N_PEERS,
  PROP_JOINING,
  PROP_NOTICE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagClient, bytestag_client, G_TYPE_OBJECT)

static void
bytestag_client_dispose (GObject *object)
{
  BytestagClient *self = BYTESTAG_CLIENT (object);

  bytestag_client_stop (self);
  g_clear_object (&self->announcer);
  g_clear_object (&self->records);
  g_clear_object (&self->choices);
  g_clear_object (&self->costs);
  g_clear_object (&self->statistics);
  g_clear_object (&self->peers);
  g_clear_object (&self->downloads);
  g_clear_object (&self->library);
  g_clear_object (&self->joiner);
  g_clear_object (&self->replicator);
  g_clear_object (&self->kept);
  g_clear_object (&self->network);
  g_clear_object (&self->transport);
  g_clear_object (&self->readers);
  g_clear_object (&self->hashers);
  g_clear_object (&self->writers);
  g_clear_object (&self->disk);
  g_clear_object (&self->checkers);
  g_clear_object (&self->reactor);
  g_clear_object (&self->clock);
  g_clear_object (&self->state);
  g_clear_object (&self->identity);
  g_clear_object (&self->settings);
  g_clear_object (&self->instance);

  G_OBJECT_CLASS (bytestag_client_parent_class)->dispose (object);
}

static void
bytestag_client_finalize (GObject *object)
{
  BytestagClient *self = BYTESTAG_CLIENT (object);

  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->identity_notice, g_free);
  g_clear_pointer (&self->notice, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->address, g_free);

  G_OBJECT_CLASS (bytestag_client_parent_class)->finalize (object);
}

static void
bytestag_client_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  BytestagClient *self = BYTESTAG_CLIENT (object);

  switch (prop_id)
    {
    case PROP_LIBRARY:
      g_value_set_object (value, self->library);
      break;
    case PROP_DOWNLOADS:
      g_value_set_object (value, self->downloads);
      break;
    case PROP_NETWORK:
      g_value_set_object (value, self->network);
      break;
    case PROP_PEERS:
      g_value_set_object (value, self->peers);
      break;
    case PROP_STATISTICS:
      g_value_set_object (value, self->statistics);
      break;
    case PROP_KEPT:
      g_value_set_object (value, self->kept);
      break;
    case PROP_COSTS:
      g_value_set_object (value, self->costs);
      break;
    case PROP_SETTINGS:
      g_value_set_object (value, self->settings);
      break;
    case PROP_ADDRESS:
      g_value_set_string (value, self->address);
      break;
    case PROP_N_PEERS:
      g_value_set_uint (value, bytestag_client_get_n_peers (self));
      break;
    case PROP_JOINING:
      g_value_set_boolean (value, bytestag_client_is_joining (self));
      break;
    case PROP_NOTICE:
      g_value_set_string (value, self->notice);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_client_class_init (BytestagClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = bytestag_client_dispose;
  object_class->finalize = bytestag_client_finalize;
  object_class->get_property = bytestag_client_get_property;

  properties[PROP_LIBRARY] = g_param_spec_object ("library", NULL, NULL, BYTESTAG_TYPE_LIBRARY, flags);
  properties[PROP_DOWNLOADS] = g_param_spec_object ("downloads", NULL, NULL, BYTESTAG_TYPE_DOWNLOADS, flags);
  properties[PROP_NETWORK] = g_param_spec_object ("network", NULL, NULL, BYTESTAG_TYPE_NETWORK, flags);
  properties[PROP_PEERS] = g_param_spec_object ("peers", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_STATISTICS] = g_param_spec_object ("statistics", NULL, NULL, BYTESTAG_TYPE_STATISTICS, flags);
  properties[PROP_KEPT] = g_param_spec_object ("kept", NULL, NULL, BYTESTAG_TYPE_DATABASE_TABLE, flags);
  properties[PROP_COSTS] = g_param_spec_object ("costs", NULL, NULL, BYTESTAG_TYPE_COSTS, flags);
  properties[PROP_SETTINGS] = g_param_spec_object ("settings", NULL, NULL, G_TYPE_SETTINGS, flags);
  properties[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  properties[PROP_N_PEERS] = g_param_spec_uint ("n-peers", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_JOINING] = g_param_spec_boolean ("joining", NULL, NULL, FALSE, flags);
  properties[PROP_NOTICE] = g_param_spec_string ("notice", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_client_init (BytestagClient *self)
{
  self->context = g_main_context_ref_thread_default ();
}

static void
add_notice (GString    *text,
            const char *notice)
{
  if (notice == NULL)
    return;

  if (text->len > 0)
    g_string_append_c (text, '\n');
  g_string_append (text, notice);
}

/* All that the person should know, a line for each. */
static void
update_notice (BytestagClient *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  add_notice (text, self->identity_notice);
  if (self->started)
    {
      BytestagPublisher *publisher = bytestag_library_get_publisher (self->library);

      add_notice (text, bytestag_database_table_get_problem (self->kept));
      add_notice (text, bytestag_library_get_problem (self->library));
      if (publisher != NULL)
        add_notice (text, bytestag_publisher_get_paused (publisher));
      if (self->choices != NULL)
        add_notice (text, bytestag_choices_get_denylist_problem (self->choices));
    }
  if (g_strcmp0 (self->notice != NULL ? self->notice : "", text->str) == 0)
    return;

  g_free (self->notice);
  self->notice = text->len > 0 ? g_strdup (text->str) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NOTICE]);
}

BytestagClient *
bytestag_client_new (BytestagInstance  *instance,
                     gboolean           desktop_settings,
                     GError           **error)
{
  g_autoptr (BytestagClient) self = NULL;
  g_autofree char *set_aside = NULL;
  const char *folder;

  g_return_val_if_fail (BYTESTAG_IS_INSTANCE (instance), NULL);

  self = g_object_new (BYTESTAG_TYPE_CLIENT, NULL);
  self->instance = g_object_ref (instance);
  folder = bytestag_instance_get_folder (instance);

  self->settings = bytestag_settings_new (desktop_settings ? NULL : folder, error);
  if (self->settings == NULL)
    return NULL;
  self->identity = bytestag_identity_load (folder, &set_aside, error);
  if (self->identity == NULL)
    return NULL;

  self->state = bytestag_state_new (folder);

  if (set_aside != NULL)
    {
      g_autofree char *shown = g_filename_display_name (set_aside);

      self->identity_notice = g_strdup_printf (_("The identity of this computer was damaged, so it has a new one; "
                                                 "the old one is kept as “%s”"), shown);
    }
  update_notice (self);

  return g_steal_pointer (&self);
}

void
bytestag_client_set_host (BytestagClient *self,
                          const char     *host)
{
  g_return_if_fail (BYTESTAG_IS_CLIENT (self));
  g_return_if_fail (!self->started);

  g_free (self->host);
  self->host = g_strdup (host);
}

static void
update_addresses (BytestagClient *self)
{
  g_auto (GStrv) link_peers = bytestag_link_peers_choose (self->network);
  g_autofree char *address = NULL;
  BytestagEndpoint own;

  bytestag_library_set_link_peers (self->library, (const char * const *) link_peers);

  bytestag_own_address_choose (self->network, &own);
  address = bytestag_endpoint_to_string (&own);
  if (g_strcmp0 (self->address, address) != 0)
    {
      g_free (self->address);
      self->address = g_steal_pointer (&address);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ADDRESS]);
    }
}

static void
num_contacts_cb (BytestagRoutingTable *table,
                 GParamSpec           *pspec,
                 BytestagClient       *self)
{
  update_addresses (self);
  /* Somebody is there at last. */
  if (bytestag_routing_table_get_num_contacts (table) == 1)
    bytestag_library_publish_again (self->library);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_PEERS]);
}

static void
n_joining_cb (BytestagClient *self)
{
  if (bytestag_joiner_get_n_joining (self->joiner) <= 1)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_JOINING]);
}

static void
copies_cb (BytestagClient *self)
{
  bytestag_library_set_copies (self->library, g_settings_get_uint (self->settings, "copies"));
}

static void
request_cb (BytestagControl        *control,
            BytestagControlRequest *request,
            BytestagClient         *self)
{
  bytestag_verbs_answer (self, request);
}

static void
make_engine (BytestagClient *self)
{
  g_autoptr (BytestagRng) rng = BYTESTAG_RNG (bytestag_system_rng_new ());
  guint64 salt;

  /* Peers choose keys: no two runs put them into the same places of hash tables. */
  bytestag_rng_fill (rng, (guint8 *) &salt, sizeof salt);
  bytestag_key_set_hash_salt (salt);

  self->clock = BYTESTAG_CLOCK (bytestag_system_clock_new ());
  self->reactor = bytestag_reactor_new (self->clock, rng);
  self->readers = bytestag_workers_new (self->reactor, self->context, N_READERS, "bytestag-read");
  self->hashers = bytestag_workers_new (self->reactor, self->context,
                                        MIN (g_get_num_processors (), BYTESTAG_LIMIT_HASHERS), "bytestag-hash");
  self->writers = bytestag_workers_new (self->reactor, self->context, N_WRITERS, "bytestag-write");
  self->disk = bytestag_workers_new (self->reactor, self->context, N_DISKS, "bytestag-disk");
  self->checkers = bytestag_workers_new (self->reactor, self->context, N_CHECKERS, "bytestag-check");
}

static void
make_network (BytestagClient *self)
{
  g_autoptr (BytestagSharedFilesTable) shared = bytestag_shared_files_table_new (BYTESTAG_WORKER (self->readers));
  const char *folder = bytestag_instance_get_folder (self->instance);
  g_autofree char *kept_folder = g_build_filename (folder, "kept", NULL);
  g_autofree char *path = g_build_filename (folder, "library.db", NULL);
  g_autoptr (BytestagAggregatedTable) table = NULL;
  g_autoptr (BytestagFolderWatcher) watcher = NULL;

  self->kept = bytestag_database_table_new (kept_folder, BYTESTAG_WORKER (self->disk), self->reactor);
  table = bytestag_aggregated_table_new (BYTESTAG_KVP_TABLE (shared), BYTESTAG_KVP_TABLE (self->kept));
  self->network = bytestag_network_new (self->reactor, BYTESTAG_TRANSPORT (self->transport),
                                        BYTESTAG_KVP_TABLE (table),
                                        bytestag_identity_get_node_id (self->identity), NULL);
  self->peers = bytestag_peer_list_new (bytestag_network_get_routing_table (self->network));
  self->library = bytestag_library_new_saved (self->network, shared, BYTESTAG_WORKER (self->hashers), path,
                                              BYTESTAG_WORKER (self->disk));
  watcher = bytestag_gio_folder_watcher_new (self->context);
  bytestag_library_set_watcher (self->library, watcher, BYTESTAG_WORKER (self->checkers));
  self->statistics = bytestag_statistics_new (self->network, BYTESTAG_KVP_TABLE (self->kept),
                                              bytestag_library_get_publisher (self->library));
  self->records = bytestag_record_keeper_new (self->network, BYTESTAG_SIGNER (self->identity));
  bytestag_record_keeper_set_table (self->records, shared);
  self->costs = bytestag_costs_new (self->network, bytestag_library_get_publisher (self->library), self->settings);
  self->choices = bytestag_choices_new (self->settings, folder, self->network, self->kept,
                                        bytestag_library_get_publisher (self->library), self->records);
  bytestag_state_keep_churn (self->state, bytestag_costs_get_churn_meter (self->costs), self->reactor,
                             BYTESTAG_WORKER (self->disk));
  bytestag_database_table_load (self->kept);
  self->announcer = bytestag_announcer_new (self->library, self->records);
  self->replicator = bytestag_replicator_new (self->network);
  self->downloads = bytestag_downloads_new (self->network, BYTESTAG_WORKER (self->writers));
  self->joiner = bytestag_joiner_new (self->network);

  g_signal_connect_object (bytestag_network_get_routing_table (self->network), "notify::num-contacts",
                           G_CALLBACK (num_contacts_cb), self, 0);
  g_signal_connect_object (self->joiner, "notify::n-joining", G_CALLBACK (n_joining_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->kept, "notify::problem", G_CALLBACK (update_notice), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (bytestag_library_get_publisher (self->library), "notify::paused",
                           G_CALLBACK (update_notice), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->library, "notify::problem", G_CALLBACK (update_notice), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->choices, "notify::denylist-problem", G_CALLBACK (update_notice), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->settings, "changed::copies", G_CALLBACK (copies_cb), self, G_CONNECT_SWAPPED);
  copies_cb (self);
  update_notice (self);
  update_addresses (self);
}

static void
add_known_nodes (BytestagClient     *self,
                 const char * const *known_nodes)
{
  g_auto (GStrv) saved = g_settings_get_strv (self->settings, "known-nodes");

  for (guint i = 0; known_nodes != NULL && known_nodes[i] != NULL; i++)
    bytestag_joiner_add_known (self->joiner, known_nodes[i]);

  for (guint i = 0; saved[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      if (bytestag_joiner_check_address (saved[i], &error))
        bytestag_joiner_add_known (self->joiner, saved[i]);
      else
        g_message ("A known node of the settings is left out: %s", error->message);
    }
}

/* Where any port will do it is the last one, unless somebody took it: others know this
 * computer by it. */
static BytestagUdpTransport *
open_transport (BytestagClient  *self,
                guint16          port,
                GError         **error)
{
  guint16 last_port = bytestag_state_get_port (self->state);
  BytestagUdpTransport *transport = NULL;

  if (port == 0 && last_port != 0)
    transport = bytestag_udp_transport_new (self->host, last_port, NULL);
  return transport != NULL ? transport : bytestag_udp_transport_new (self->host, port, error);
}

static void
remember_port (BytestagClient *self)
{
  BytestagEndpoint address;

  bytestag_transport_get_address (BYTESTAG_TRANSPORT (self->transport), &address);
  bytestag_state_set_port (self->state, address.port);
}

gboolean
bytestag_client_start (BytestagClient      *self,
                       int                  port,
                       const char * const  *known_nodes,
                       GError             **error)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (!self->started, FALSE);
  g_return_val_if_fail (port >= -1 && port <= G_MAXUINT16, FALSE);

  for (guint i = 0; known_nodes != NULL && known_nodes[i] != NULL; i++)
    {
      if (!bytestag_joiner_check_address (known_nodes[i], error))
        return FALSE;
    }

  if (port < 0)
    port = (int) g_settings_get_uint (self->settings, "port");
  self->transport = open_transport (self, (guint16) port, error);
  if (self->transport == NULL)
    return FALSE;
  self->control = bytestag_control_new (self->instance, error);
  if (self->control == NULL)
    {
      g_clear_object (&self->transport);
      return FALSE;
    }

  self->started = TRUE;
  remember_port (self);
  make_engine (self);
  make_network (self);
  g_signal_connect_object (self->control, "request", G_CALLBACK (request_cb), self, 0);
  self->source = bytestag_engine_source_new (self->transport, BYTESTAG_ENGINE (self->network), self->clock);
  g_source_attach (self->source, self->context);
  add_known_nodes (self, known_nodes);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NETWORK]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PEERS]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATISTICS]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEPT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COSTS]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LIBRARY]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DOWNLOADS]);
  return TRUE;
}

void
bytestag_client_stop (BytestagClient *self)
{
  GListModel *downloads;

  g_return_if_fail (BYTESTAG_IS_CLIENT (self));

  if (!self->started || self->stopped)
    return;

  self->stopped = TRUE;
  bytestag_control_close (self->control);
  g_clear_object (&self->control);
  bytestag_joiner_stop (self->joiner);
  g_clear_object (&self->replicator);

  downloads = G_LIST_MODEL (self->downloads);
  for (guint i = 0; i < g_list_model_get_n_items (downloads); i++)
    {
      g_autoptr (BytestagDownload) download = g_list_model_get_item (downloads, i);

      bytestag_download_cancel (download);
    }
  g_clear_object (&self->announcer);
  g_clear_object (&self->records);
  g_clear_object (&self->choices);
  bytestag_library_close (self->library);

  /* Whatever was with a worker comes back before this returns, and tidies up. */
  bytestag_workers_stop (self->hashers);
  bytestag_workers_stop (self->readers);
  bytestag_workers_stop (self->writers);
  bytestag_workers_stop (self->checkers);
  /* Stores that were under way end, and leave the table alone, before it closes. */
  bytestag_network_shut_down (self->network);
  bytestag_database_table_close (self->kept);
  bytestag_workers_stop (self->disk);
  bytestag_state_close (self->state);
  bytestag_reactor_drain (self->reactor, -1);
  bytestag_reactor_close (self->reactor);
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  bytestag_udp_transport_close (self->transport);
}

GSettings *
bytestag_client_get_settings (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->settings;
}

BytestagInstance *
bytestag_client_get_instance (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->instance;
}

BytestagIdentity *
bytestag_client_get_identity (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->identity;
}

const char *
bytestag_client_get_notice (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->notice;
}

const char *
bytestag_client_get_address (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->address;
}

gboolean
bytestag_client_is_joining (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), FALSE);

  return self->joiner != NULL && bytestag_joiner_get_n_joining (self->joiner) > 0;
}

guint
bytestag_client_get_n_peers (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), 0);

  if (self->network == NULL)
    return 0;

  return bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network));
}

BytestagNetwork *
bytestag_client_get_network (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->network;
}

BytestagStatistics *
bytestag_client_get_statistics (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->statistics;
}

BytestagDatabaseTable *
bytestag_client_get_kept (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->kept;
}

BytestagCosts *
bytestag_client_get_costs (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->costs;
}

BytestagLibrary *
bytestag_client_get_library (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->library;
}

BytestagDownloads *
bytestag_client_get_downloads (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return self->downloads;
}

GListModel *
bytestag_client_get_peers (BytestagClient *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  return G_LIST_MODEL (self->peers);
}

char *
bytestag_client_dup_download_folder (BytestagClient *self)
{
  g_autofree char *setting = NULL;

  g_return_val_if_fail (BYTESTAG_IS_CLIENT (self), NULL);

  setting = g_settings_get_string (self->settings, "download-folder");
  return bytestag_settings_resolve_download_folder (setting);
}

static void
joined_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (bytestag_joiner_join_finish (BYTESTAG_JOINER (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
bytestag_client_join_async (BytestagClient      *self,
                            const char          *address,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  GTask *task;

  g_return_if_fail (BYTESTAG_IS_CLIENT (self));
  g_return_if_fail (self->started && !self->stopped);
  g_return_if_fail (address != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, bytestag_client_join_async);
  bytestag_joiner_join_async (self->joiner, address, cancellable, joined_cb, task);
}

gboolean
bytestag_client_join_finish (BytestagClient  *self,
                             GAsyncResult    *result,
                             GError         **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
