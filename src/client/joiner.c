/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/joiner.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"

/* Known nodes are asked again while nobody is known: after 2 s, then ever less often; µs. */
#define FIRST_RETRY (2 * G_USEC_PER_SEC)
#define LONGEST_RETRY (60 * G_USEC_PER_SEC)

struct _BytestagJoiner
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  GPtrArray *known; /* (element-type utf8) */
  guint n_joining;
  GCancellable *cancellable;
  BytestagTimer retry_timer;
  gint64 retry_interval;
};

/* The data of a join's GTask. */
typedef struct {
  char *address;
  guint16 port;
  BytestagJoinTask *task;
  gulong finished;
  GCancellable *caller; /* (nullable) */
  gulong cancelled;
} Join;

enum {
  PROP_0,
  PROP_N_JOINING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagJoiner, bytestag_joiner, G_TYPE_OBJECT)

static void
join_free (gpointer data)
{
  Join *join = data;

  g_clear_signal_handler (&join->finished, join->task);
  g_clear_object (&join->task);
  g_clear_signal_handler (&join->cancelled, join->caller);
  g_clear_object (&join->caller);
  g_free (join->address);
  g_free (join);
}

static void
set_n_joining (BytestagJoiner *self,
               guint           n_joining)
{
  self->n_joining = n_joining;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_JOINING]);
}

/* (transfer full) the host; NULL: not an address. */
static char *
split_address (const char  *address,
               guint16     *port,
               GError     **error)
{
  g_autoptr (GSocketConnectable) connectable = NULL;
  g_autoptr (GError) reason = NULL;
  BytestagEndpoint endpoint;

  if (bytestag_endpoint_parse (&endpoint, address, NULL))
    {
      char host[BYTESTAG_ENDPOINT_HOST_SIZE];

      bytestag_endpoint_write_host (&endpoint, host);
      *port = endpoint.port;
      return g_strdup (host);
    }

  if (g_utf8_validate (address, -1, NULL) && strlen (address) < 512)
    connectable = g_network_address_parse (address, 0, &reason);
  if (connectable == NULL || g_network_address_get_port (G_NETWORK_ADDRESS (connectable)) == 0 ||
      g_network_address_get_hostname (G_NETWORK_ADDRESS (connectable))[0] == '\0')
    {
      g_autofree char *shown = g_utf8_make_valid (address, -1);

      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                   _("“%s” is not an address of the form HOST:PORT"), shown);
      return NULL;
    }

  *port = g_network_address_get_port (G_NETWORK_ADDRESS (connectable));
  return g_strdup (g_network_address_get_hostname (G_NETWORK_ADDRESS (connectable)));
}

gboolean
bytestag_joiner_check_address (const char  *address,
                               GError     **error)
{
  guint16 port;
  g_autofree char *host = NULL;

  g_return_val_if_fail (address != NULL, FALSE);

  host = split_address (address, &port, error);
  return host != NULL;
}

static gboolean
is_alone (BytestagJoiner *self)
{
  return bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)) == 0;
}

static void
join_known (BytestagJoiner *self)
{
  for (guint i = 0; i < self->known->len; i++)
    bytestag_joiner_join_async (self, g_ptr_array_index (self->known, i), NULL, NULL, NULL);
}

static void
retry_cb (gpointer user_data)
{
  BytestagJoiner *self = user_data;

  if (!is_alone (self))
    {
      self->retry_interval = FIRST_RETRY;
      return;
    }

  self->retry_interval = MIN (2 * self->retry_interval, LONGEST_RETRY);
  join_known (self);
}

static void
retry_later (BytestagJoiner *self)
{
  if (self->known->len > 0 && is_alone (self) && self->n_joining == 0 &&
      !g_cancellable_is_cancelled (self->cancellable) && !bytestag_timer_is_armed (&self->retry_timer))
    bytestag_reactor_arm (self->reactor, &self->retry_timer, self->retry_interval, retry_cb, self);
}

static void
num_contacts_cb (BytestagRoutingTable *table,
                 GParamSpec           *pspec,
                 BytestagJoiner       *self)
{
  retry_later (self);
}

/* Every way that a join ends leads here, before its GTask returns. */
static void
join_over (BytestagJoiner *self)
{
  set_n_joining (self, self->n_joining - 1);
  retry_later (self);
}

static void
joined_cb (BytestagTask *join_task,
           GTask        *task)
{
  g_autoptr (GTask) owned = task;
  Join *join = g_task_get_task_data (task);

  g_clear_signal_handler (&join->finished, join->task);
  g_clear_signal_handler (&join->cancelled, join->caller);
  join_over (g_task_get_source_object (task));

  if (bytestag_task_get_state (join_task) == BYTESTAG_TASK_DONE)
    g_task_return_boolean (task, TRUE);
  else if (bytestag_task_get_state (join_task) == BYTESTAG_TASK_CANCELLED)
    g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, "%s", _("Cancelled"));
  else
    g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_TIMED_OUT,
                             _("Nobody answered at %s"), join->address);
}

static void
cancelled_cb (GCancellable *cancellable,
              BytestagTask *join_task)
{
  bytestag_task_cancel (join_task);
}

/* Takes @task. */
static void
join_endpoint (GTask                  *task,
               const BytestagEndpoint *endpoint)
{
  BytestagJoiner *self = g_task_get_source_object (task);
  Join *join = g_task_get_task_data (task);
  GCancellable *caller = g_task_get_cancellable (task);

  join->task = bytestag_network_join_network (self->network, endpoint);
  join->finished = g_signal_connect (join->task, "finished", G_CALLBACK (joined_cb), task);
  if (caller != NULL)
    {
      join->caller = g_object_ref (caller);
      join->cancelled = g_signal_connect_object (caller, "cancelled", G_CALLBACK (cancelled_cb), join->task, 0);
      if (g_cancellable_is_cancelled (caller))
        bytestag_task_cancel (BYTESTAG_TASK (join->task));
    }
}

/* The first that can be used, IPv4 before others: what every node speaks. */
static gboolean
choose_address (GList            *addresses,
                guint16           port,
                BytestagEndpoint *endpoint)
{
  for (int any_family = FALSE; any_family <= TRUE; any_family++)
    {
      for (GList *l = addresses; l != NULL; l = l->next)
        {
          g_autofree char *host = g_inet_address_to_string (l->data);

          if ((any_family || g_inet_address_get_family (l->data) == G_SOCKET_FAMILY_IPV4) &&
              bytestag_endpoint_set_host (endpoint, host, -1, port) && bytestag_endpoint_is_usable (endpoint))
            return TRUE;
        }
    }

  return FALSE;
}

static void
resolved_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  BytestagJoiner *self = g_task_get_source_object (task);
  Join *join = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GList *addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (source), result, &error);
  BytestagEndpoint endpoint;
  gboolean found = choose_address (addresses, join->port, &endpoint);

  g_resolver_free_addresses (addresses);
  if (found && !g_cancellable_is_cancelled (self->cancellable))
    {
      join_endpoint (g_steal_pointer (&task), &endpoint);
      return;
    }

  join_over (self);
  if (g_cancellable_is_cancelled (self->cancellable))
    g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, "%s", _("Cancelled"));
  else
    g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND,
                             _("There is no computer of the name in “%s”"), join->address);
}

void
bytestag_joiner_join_async (BytestagJoiner      *self,
                            const char          *address,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *host = NULL;
  GError *error = NULL;
  BytestagEndpoint endpoint;
  Join *join;

  g_return_if_fail (BYTESTAG_IS_JOINER (self));
  g_return_if_fail (address != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, bytestag_joiner_join_async);
  join = g_new0 (Join, 1);
  join->address = g_utf8_make_valid (address, -1);
  g_task_set_task_data (task, join, join_free);

  host = split_address (address, &join->port, &error);
  if (host == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  set_n_joining (self, self->n_joining + 1);
  if (bytestag_endpoint_set_host (&endpoint, host, -1, join->port))
    {
      join_endpoint (g_steal_pointer (&task), &endpoint);
    }
  else
    {
      g_autoptr (GResolver) resolver = g_resolver_get_default ();

      g_resolver_lookup_by_name_async (resolver, host, self->cancellable, resolved_cb, g_steal_pointer (&task));
    }
}

gboolean
bytestag_joiner_join_finish (BytestagJoiner  *self,
                             GAsyncResult    *result,
                             GError         **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
bytestag_joiner_dispose (GObject *object)
{
  BytestagJoiner *self = BYTESTAG_JOINER (object);

  bytestag_joiner_stop (self);
  g_clear_object (&self->network);

  G_OBJECT_CLASS (bytestag_joiner_parent_class)->dispose (object);
}

static void
bytestag_joiner_finalize (GObject *object)
{
  BytestagJoiner *self = BYTESTAG_JOINER (object);

  g_clear_pointer (&self->known, g_ptr_array_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_joiner_parent_class)->finalize (object);
}

static void
bytestag_joiner_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  BytestagJoiner *self = BYTESTAG_JOINER (object);

  switch (prop_id)
    {
    case PROP_N_JOINING:
      g_value_set_uint (value, self->n_joining);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_joiner_class_init (BytestagJoinerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_joiner_dispose;
  object_class->finalize = bytestag_joiner_finalize;
  object_class->get_property = bytestag_joiner_get_property;

  properties[PROP_N_JOINING] =
    g_param_spec_uint ("n-joining", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_joiner_init (BytestagJoiner *self)
{
  self->known = g_ptr_array_new_with_free_func (g_free);
  self->cancellable = g_cancellable_new ();
  self->retry_interval = FIRST_RETRY;
}

BytestagJoiner *
bytestag_joiner_new (BytestagNetwork *network)
{
  BytestagJoiner *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);

  self = g_object_new (BYTESTAG_TYPE_JOINER, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  g_signal_connect_object (bytestag_network_get_routing_table (network), "notify::num-contacts",
                           G_CALLBACK (num_contacts_cb), self, 0);

  return self;
}

guint
bytestag_joiner_get_n_joining (BytestagJoiner *self)
{
  g_return_val_if_fail (BYTESTAG_IS_JOINER (self), 0);

  return self->n_joining;
}

void
bytestag_joiner_add_known (BytestagJoiner *self,
                           const char     *address)
{
  g_return_if_fail (BYTESTAG_IS_JOINER (self));
  g_return_if_fail (address != NULL);

  if (g_ptr_array_find_with_equal_func (self->known, address, g_str_equal, NULL))
    return;

  g_ptr_array_add (self->known, g_strdup (address));
  bytestag_joiner_join_async (self, address, NULL, NULL, NULL);
}

void
bytestag_joiner_stop (BytestagJoiner *self)
{
  g_return_if_fail (BYTESTAG_IS_JOINER (self));

  g_cancellable_cancel (self->cancellable);
  bytestag_reactor_disarm (self->reactor, &self->retry_timer);
}
