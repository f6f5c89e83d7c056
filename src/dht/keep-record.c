/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"
#include "wire/record.h"

/* What is kept of signed records (B.3 "Records"). Whose the records are that are kept already
 * under the same key is known from their bytes alone, which are read one after the other.
 * Others may be on their way to the disk meanwhile: they count for those that came later. */

#define DAY G_GINT64_CONSTANT (86400)

typedef struct {
  BytestagNetwork *network;
  BytestagKvpRecord offer;
  BytestagRecord *record;
  GBytes *value;
  BytestagKvpWriteFunc done;
  gpointer user_data;

  BytestagKvpRecord others[BYTESTAG_LIMIT_RECORDS_OF_KEY];
  guint n_others;
  guint n_read;        /* of them */
  GArray *ahead;       /* (element-type BytestagKvpRecord) that were on their way when this came */
  GArray *replaced;    /* (element-type BytestagKvpId) older ones of the same owner */
  gboolean is_older;
} Keeping;

static void
keeping_free (Keeping *self)
{
  g_ptr_array_remove (self->network->keepings, self);
  g_array_unref (self->ahead);
  g_object_unref (self->network);
  bytestag_record_free (self->record);
  g_bytes_unref (self->value);
  g_array_unref (self->replaced);
  g_free (self);
}

static void
refuse (BytestagNetwork     *network,
        BytestagRecordFault  fault,
        BytestagKvpWriteFunc done,
        gpointer             user_data)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                                                  _("It is not a record as it should be"));

  network->counters.records_refused[fault]++;
  if (done != NULL)
    done (error, user_data);
}

static gboolean
is_replaced (const Keeping       *self,
             const BytestagKvpId *id)
{
  for (guint i = 0; i < self->replaced->len; i++)
    if (bytestag_kvp_id_equal (&g_array_index (self->replaced, BytestagKvpId, i), id))
      return TRUE;
  return FALSE;
}

/* Counts one that stays beside it. @network: (nullable) where it comes from, if that matters. */
static void
count_other (const Keeping           *self,
             const BytestagKvpRecord *record,
             const BytestagEndpoint  *network,
             guint                   *n,
             guint                   *n_of_network)
{
  BytestagEndpoint other;

  if (is_replaced (self, &record->id))
    return;

  (*n)++;
  *n_of_network += network != NULL && record->kind == BYTESTAG_KVP_PROVIDER &&
                   bytestag_endpoint_get_network (&record->source, TRUE, &other) &&
                   bytestag_endpoint_equal (network, &other);
}

/* Whether there is room for one more, of the network that it comes from. */
static BytestagRecordFault
check_room (const Keeping *self)
{
  BytestagEndpoint network;
  gboolean counts = self->offer.kind == BYTESTAG_KVP_PROVIDER &&
                    bytestag_endpoint_get_network (&self->offer.source, self->network->guard.limits_private, &network);
  guint n = 0, n_of_network = 0;

  for (guint i = 0; i < self->n_others; i++)
    count_other (self, &self->others[i], counts ? &network : NULL, &n, &n_of_network);
  for (guint i = 0; i < self->ahead->len; i++)
    count_other (self, &g_array_index (self->ahead, BytestagKvpRecord, i), counts ? &network : NULL, &n, &n_of_network);

  if (n >= BYTESTAG_LIMIT_RECORDS_OF_KEY)
    return BYTESTAG_RECORD_FAULT_FULL;
  if (n_of_network >= BYTESTAG_LIMIT_RECORDS_OF_NETWORK)
    return BYTESTAG_RECORD_FAULT_NETWORK_FULL;
  return BYTESTAG_RECORD_FAULT_NONE;
}

static void
remove_replaced (Keeping *self)
{
  for (guint i = 0; i < self->replaced->len; i++)
    bytestag_kvp_table_remove (self->network->table, &g_array_index (self->replaced, BytestagKvpId, i));
}

static void
written_cb (const GError *error,
            gpointer      user_data)
{
  Keeping *self = user_data;

  /* What was on its way to the disk then is there now. */
  if (error == NULL)
    remove_replaced (self);
  if (self->done != NULL)
    self->done (error, self->user_data);
  keeping_free (self);
}

static void
finish (Keeping *self)
{
  BytestagRecordFault fault = self->is_older ? BYTESTAG_RECORD_FAULT_OLDER : check_room (self);

  if (fault != BYTESTAG_RECORD_FAULT_NONE)
    {
      refuse (self->network, fault, self->done, self->user_data);
      keeping_free (self);
      return;
    }

  remove_replaced (self);
  bytestag_kvp_table_write (self->network->table, &self->offer, self->value, written_cb, self);
}

static void read_next (Keeping *self);

/* Of one owner the newest is kept, of a catalogue the newest of each page; and no page beyond
 * the last one of it. */
static void
compare (Keeping              *self,
         const BytestagRecord *other,
         const BytestagKvpId  *id)
{
  if (!bytestag_key_equal (&other->node_id, &self->record->node_id) || other->kind != self->record->kind)
    return;

  if (other->page != self->record->page && (other->seq >= self->record->seq || other->page < self->record->n_pages))
    return;
  if (other->seq > self->record->seq)
    self->is_older = TRUE;
  else
    g_array_append_val (self->replaced, *id);
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  Keeping *self = user_data;
  const BytestagKvpId *id = &self->others[self->n_read].id;
  g_autoptr (BytestagRecord) other = NULL;

  if (value != NULL)
    other = bytestag_record_parse (g_bytes_get_data (value, NULL), g_bytes_get_size (value), NULL);
  if (other != NULL)
    compare (self, other, id);

  self->n_read++;
  if (self->network->replies == NULL)
    {
      refuse (self->network, BYTESTAG_RECORD_FAULT_FULL, self->done, self->user_data);
      keeping_free (self);
      return;
    }
  read_next (self);
}

static void
read_next (Keeping *self)
{
  while (self->n_read < self->n_others && self->others[self->n_read].kind == BYTESTAG_KVP_VALUE)
    self->n_read++;

  if (self->n_read < self->n_others && !self->is_older)
    bytestag_kvp_table_read (self->network->table, &self->others[self->n_read].id, read_cb, self);
  else
    finish (self);
}

static void
visit_cb (const BytestagKvpRecord *record,
          gpointer                 user_data)
{
  Keeping *self = user_data;

  if (self->n_others < G_N_ELEMENTS (self->others))
    self->others[self->n_others++] = *record;
}

/* Takes those into account that are on their way under the same key. */
static void
see_ahead (Keeping *self)
{
  GPtrArray *keepings = self->network->keepings;

  for (guint i = 0; i < keepings->len; i++)
    {
      Keeping *other = keepings->pdata[i];
      guint n_replaced = self->replaced->len;

      if (!bytestag_key_equal (&other->offer.id.key, &self->offer.id.key) ||
          bytestag_key_equal (&other->offer.id.index, &self->offer.id.index))
        continue;

      g_array_append_val (self->ahead, other->offer);
      compare (self, other->record, &other->offer.id);
      /* It need not be written any more, or goes when it is. */
      other->is_older |= self->replaced->len > n_replaced;
    }
}

/* What can be seen of the record itself. */
static BytestagRecordFault
check (BytestagNetwork         *self,
       const BytestagKvpRecord *offer,
       const BytestagRecord    *record)
{
  gint64 today = bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC / DAY;
  BytestagKey key;

  bytestag_record_derive_key (record->kind, &record->subject, &key);
  if (!bytestag_key_equal (&key, &offer->id.key))
    return BYTESTAG_RECORD_FAULT_KEY;

  for (guint i = 0; i < record->n_addresses; i++)
    if (!bytestag_endpoint_same_host (&record->addresses[i], &offer->source))
      return BYTESTAG_RECORD_FAULT_HOST;

  /* By a clock that is wrong no record would be of today. */
  if (_bytestag_network_check_clock (self) && ABS (record->seq / DAY - today) > BYTESTAG_LIMIT_RECORD_DAYS)
    return BYTESTAG_RECORD_FAULT_DAY;
  return BYTESTAG_RECORD_FAULT_NONE;
}

static void
keep_record (BytestagNetwork         *self,
             const BytestagKvpRecord *offer,
             GBytes                  *value,
             BytestagKvpWriteFunc     done,
             gpointer                 user_data)
{
  g_autoptr (BytestagRecord) record = bytestag_record_parse (g_bytes_get_data (value, NULL), g_bytes_get_size (value),
                                                             NULL);
  gint64 end = bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC + BYTESTAG_LIMIT_RECORD_LIFE;
  BytestagRecordFault fault = BYTESTAG_RECORD_FAULT_FORM;
  Keeping *keeping;

  if (record != NULL)
    fault = check (self, offer, record);
  if (fault != BYTESTAG_RECORD_FAULT_NONE)
    {
      refuse (self, fault, done, user_data);
      return;
    }

  keeping = g_new0 (Keeping, 1);
  keeping->network = g_object_ref (self);
  keeping->offer = *offer;
  keeping->offer.kind = (guint8) record->kind;
  keeping->offer.until = offer->until > 0 ? MIN (offer->until, end) : end;
  keeping->record = g_steal_pointer (&record);
  keeping->value = g_bytes_ref (value);
  keeping->done = done;
  keeping->user_data = user_data;
  keeping->replaced = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  keeping->ahead = g_array_new (FALSE, FALSE, sizeof (BytestagKvpRecord));
  bytestag_kvp_table_visit_key (self->table, &offer->id.key, visit_cb, keeping);
  see_ahead (keeping);
  g_ptr_array_add (self->keepings, keeping);
  read_next (keeping);
}

void
_bytestag_network_keep_value (BytestagNetwork         *self,
                              const BytestagKvpRecord *offer,
                              GBytes                  *value,
                              BytestagKvpWriteFunc     done,
                              gpointer                 user_data)
{
  if (bytestag_record_get_claim (g_bytes_get_data (value, NULL), g_bytes_get_size (value)) != BYTESTAG_KVP_VALUE)
    keep_record (self, offer, value, done, user_data);
  else
    bytestag_kvp_table_write (self->table, offer, value, done, user_data);
}
