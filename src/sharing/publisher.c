/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "sharing/publisher-private.h"
#include "sharing/sharing-private.h"

/* What changed is saved so much later, µs. */
#define SAVE_DELAY G_USEC_PER_SEC
/* Pieces that are forgotten in one event: some 1 ms. */
#define FORGOTTEN_OF_EVENT 128
/* Answers that are taken in one event, when little comes of each: some 1 ms. */
#define ANSWERS_OF_EVENT 32

enum {
  PROP_0,
  PROP_PAUSED,
  PROP_N_SENDING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagPublisher, bytestag_publisher, G_TYPE_OBJECT)

gint64
_bytestag_publisher_get_seconds (BytestagPublisher *self)
{
  /* The ends of promises are by clocks of others, that most of them agree on (B.5). */
  return bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC -
         bytestag_network_get_clock_difference (self->network);
}

gboolean
_bytestag_publisher_has_peers (BytestagPublisher *self)
{
  return bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)) > 0;
}

/* Owners */

static BytestagPublication *
get_publication (BytestagPublisher *self,
                 guint              number)
{
  return self->publications->pdata[number];
}

typedef struct {
  BytestagPublisher *publisher;
  const BytestagPiece *before;
  const BytestagPiece *after;
  gboolean was_complete, is_complete;
  gboolean was_there;
  gboolean is_live;
} Owners;

static void
see_owner (guint    number,
           gpointer user_data)
{
  Owners *owners = user_data;
  BytestagPublication *publication = get_publication (owners->publisher, number);

  owners->is_live |= publication->is_started && !publication->is_removed;
}

gboolean
_bytestag_publisher_is_live (BytestagPublisher *self,
                             guint32            slot)
{
  Owners owners = { .publisher = self };

  bytestag_piece_table_visit_owners (self->pieces, slot, see_owner, &owners);
  return owners.is_live;
}

static void
note_change_of (guint    number,
                gpointer user_data)
{
  Owners *owners = user_data;

  /* Who was told before may have closed the publisher. */
  if (owners->publisher->is_closed)
    return;

  _bytestag_publication_note_change (get_publication (owners->publisher, number), owners->before, owners->after,
                                     owners->was_complete, owners->is_complete);
}

static void
note_look_of (guint    number,
              gpointer user_data)
{
  Owners *owners = user_data;

  _bytestag_publication_note_look (get_publication (owners->publisher, number), owners->was_there);
}

void
_bytestag_publisher_note_look (BytestagPublisher *self,
                               guint32            slot,
                               gboolean           was_there)
{
  Owners owners = { .publisher = self, .was_there = was_there };

  bytestag_piece_table_visit_owners (self->pieces, slot, note_look_of, &owners);
}

/* Saving */

static void
save (gpointer user_data)
{
  BytestagPublisher *self = user_data;

  bytestag_reactor_disarm (self->reactor, &self->save_timer);
  if (self->save != NULL && self->unsaved->len > 0)
    self->save ((gconstpointer) self->unsaved->data, self->unsaved->len, self->save_data);
  g_array_set_size (self->unsaved, 0);
}

static void
save_later (BytestagPublisher   *self,
            const BytestagPiece *piece)
{
  if (self->save == NULL)
    return;

  g_array_append_val (self->unsaved, *piece);
  if (self->unsaved->len >= BYTESTAG_LIMIT_PIECES_OF_SLICE)
    save (self);
  else if (!bytestag_timer_is_armed (&self->save_timer))
    bytestag_reactor_arm (self->reactor, &self->save_timer, SAVE_DELAY, save, self);
}

void
_bytestag_publisher_note_change (BytestagPublisher   *self,
                                 guint32              slot,
                                 const BytestagPiece *before,
                                 gboolean             was_complete)
{
  BytestagPieceEntry *entry = bytestag_piece_table_get_entry (self->pieces, slot);
  BytestagPiece after;
  Owners owners = { .publisher = self, .before = before, .after = &after, .was_complete = was_complete };

  bytestag_piece_table_get_piece (self->pieces, slot, &after);
  owners.is_complete = _bytestag_piece_is_complete (&after, entry->everybody);
  save_later (self, &after);
  bytestag_piece_table_visit_owners (self->pieces, slot, note_change_of, &owners);
}

void
_bytestag_publisher_weaken (BytestagPublisher   *self,
                            const BytestagKvpId *id)
{
  guint32 slot = bytestag_piece_table_find (self->pieces, id);
  G_GNUC_UNUSED g_autoptr (BytestagPublisher) alive = g_object_ref (self);
  BytestagPieceEntry *entry;
  BytestagPiece before;
  gboolean was_complete;

  if (slot == BYTESTAG_NO_SLOT)
    return;

  entry = bytestag_piece_table_get_entry (self->pieces, slot);
  bytestag_piece_table_get_piece (self->pieces, slot, &before);
  was_complete = _bytestag_piece_is_complete (&before, entry->everybody);
  if (entry->n_copies > 0)
    entry->n_copies--;
  entry->tried = entry->everybody = FALSE;
  _bytestag_publisher_note_change (self, slot, &before, was_complete);
  if (!self->is_closed)
    _bytestag_lane_kick (&self->upload);
}

/* Telling */

static void
tell (gpointer user_data)
{
  BytestagPublisher *self = user_data;
  g_autoptr (GPtrArray) dirty = g_steal_pointer (&self->dirty);
  G_GNUC_UNUSED g_autoptr (BytestagPublisher) alive = g_object_ref (self);

  self->dirty = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < dirty->len; i++)
    _bytestag_publication_tell (dirty->pdata[i]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_SENDING]);
}

void
_bytestag_publisher_tell_later (BytestagPublisher   *self,
                                BytestagPublication *publication)
{
  if (publication->is_dirty)
    return;

  publication->is_dirty = TRUE;
  g_ptr_array_add (self->dirty, g_object_ref (publication));
  if (!bytestag_timer_is_armed (&self->tell_timer))
    bytestag_reactor_arm (self->reactor, &self->tell_timer, BYTESTAG_PROGRESS_INTERVAL, tell, self);
}

/* Slices */

/* A slice of the pieces that a publication has no more. TRUE: that was the last one. */
static gboolean
forget_some (BytestagPublisher   *self,
             BytestagPublication *publication)
{
  guint end = MIN (publication->n_forgotten + FORGOTTEN_OF_EVENT, publication->n_pieces);

  while (publication->n_forgotten < end)
    bytestag_piece_table_remove (self->pieces,
                                 _bytestag_publication_get_slot (publication, publication->n_forgotten++),
                                 publication->number);
  if (end < publication->n_pieces)
    return FALSE;

  g_queue_pop_head (&self->removed);
  self->publications->pdata[publication->number] = NULL;
  self->first_free = MIN (self->first_free, publication->number);
  _bytestag_publication_detach (publication);
  g_object_unref (publication);
  return TRUE;
}

/* A slice of the pieces that are looked through for weak ones. */
static gboolean
strengthen_some (BytestagPublisher   *self,
                 BytestagPublication *publication)
{
  guint end = MIN (publication->n_checked + BYTESTAG_LIMIT_PIECES_OF_SLICE, publication->n_pieces);

  while (publication->n_checked < end)
    {
      guint32 slot = _bytestag_publication_get_slot (publication, publication->n_checked++);

      bytestag_piece_table_get_entry (self->pieces, slot)->tried = FALSE;
    }
  if (end < publication->n_pieces)
    return FALSE;

  publication->is_sent_again = FALSE;
  g_queue_pop_head (&self->sent_again);
  _bytestag_lane_kick (&self->upload);
  return TRUE;
}

static void
slice (gpointer user_data)
{
  BytestagPublisher *self = user_data;
  gboolean has_garbage = bytestag_piece_table_sweep (self->pieces);

  if (!g_queue_is_empty (&self->removed))
    has_garbage |= forget_some (self, g_queue_peek_head (&self->removed));
  else if (!g_queue_is_empty (&self->sent_again))
    strengthen_some (self, g_queue_peek_head (&self->sent_again));

  if (has_garbage || !g_queue_is_empty (&self->removed) || !g_queue_is_empty (&self->sent_again))
    bytestag_reactor_arm (self->reactor, &self->slice_timer, 0, slice, self);
}

/* Work */

static void
pump (gpointer user_data)
{
  BytestagPublisher *self = user_data;
  G_GNUC_UNUSED g_autoptr (BytestagPublisher) alive = g_object_ref (self);
  guint n = 0;

  /* A lane whose answers are all taken asks on while stores run. */
  while (n < ANSWERS_OF_EVENT && self->paused == NULL && !self->is_closed && self->jobs->len < BYTESTAG_LIMIT_PUBLISHING &&
         self->unconfirmed->len < BYTESTAG_LIMIT_UNCONFIRMED)
    {
      BytestagLane *first = self->upkeep_is_next ? &self->upkeep : &self->upload;
      BytestagLane *second = self->upkeep_is_next ? &self->upload : &self->upkeep;

      self->upkeep_is_next = !self->upkeep_is_next;
      if (!_bytestag_lane_take (first) && !_bytestag_lane_take (second))
        return;
      n++;
    }
  if (n == ANSWERS_OF_EVENT && !self->is_closed)
    _bytestag_publisher_pump (self);
}

void
_bytestag_publisher_pump (BytestagPublisher *self)
{
  if (!bytestag_timer_is_armed (&self->pump_timer))
    bytestag_reactor_arm (self->reactor, &self->pump_timer, 0, pump, self);
}

/* Somebody came when nobody was there. */
static void
contacts_cb (BytestagPublisher *self)
{
  if (!self->is_alone || !_bytestag_publisher_has_peers (self))
    return;

  self->is_alone = FALSE;
  _bytestag_lane_go_on (&self->upload);
  _bytestag_lane_go_on (&self->upkeep);
}

static void
cancel_jobs (BytestagPublisher *self,
             GPtrArray         *jobs)
{
  while (jobs->len > 0)
    _bytestag_job_cancel (jobs->pdata[jobs->len - 1]);
}

static void
stop_work (BytestagPublisher *self)
{
  _bytestag_lane_stop (&self->upload);
  _bytestag_lane_stop (&self->upkeep);
  cancel_jobs (self, self->jobs);
  cancel_jobs (self, self->unconfirmed);
  _bytestag_publisher_stop_confirming (self);
  _bytestag_publisher_stop_checking (self);
}

static void
bytestag_publisher_get_property (GObject    *object,
                                 guint       property_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  BytestagPublisher *self = BYTESTAG_PUBLISHER (object);

  switch (property_id)
    {
    case PROP_PAUSED:
      g_value_set_string (value, self->paused);
      break;
    case PROP_N_SENDING:
      g_value_set_uint (value, self->jobs->len);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

void
bytestag_publisher_close (BytestagPublisher *self)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISHER (self));

  if (self->is_closed)
    return;

  /* As they stay: those of the walks go with them. */
  bytestag_publisher_get_counters (self);
  self->is_closed = TRUE;
  g_clear_signal_handler (&self->contacts_changed, bytestag_network_get_routing_table (self->network));
  stop_work (self);
  save (self);
  self->save = NULL;
  bytestag_reactor_disarm (self->reactor, &self->pump_timer);
  bytestag_reactor_disarm (self->reactor, &self->tell_timer);
  bytestag_reactor_disarm (self->reactor, &self->slice_timer);
  _bytestag_lane_clear (&self->upload);
  _bytestag_lane_clear (&self->upkeep);
  for (guint i = 0; i < self->publications->len; i++)
    if (self->publications->pdata[i] != NULL)
      {
        _bytestag_publication_detach (self->publications->pdata[i]);
        g_object_unref (self->publications->pdata[i]);
      }
  g_ptr_array_set_size (self->publications, 0);
}

static void
bytestag_publisher_dispose (GObject *object)
{
  BytestagPublisher *self = BYTESTAG_PUBLISHER (object);

  if (self->network != NULL)
    bytestag_publisher_close (self);
  g_clear_pointer (&self->publications, g_ptr_array_unref);
  g_clear_pointer (&self->dirty, g_ptr_array_unref);
  g_clear_object (&self->network);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_publisher_parent_class)->dispose (object);
}

static void
bytestag_publisher_finalize (GObject *object)
{
  BytestagPublisher *self = BYTESTAG_PUBLISHER (object);

  g_queue_clear (&self->removed);
  g_queue_clear (&self->sent_again);
  g_ptr_array_unref (self->jobs);
  g_ptr_array_unref (self->unconfirmed);
  g_ptr_array_unref (self->confirmations);
  g_ptr_array_unref (self->checks);
  g_ptr_array_unref (self->refused_checks);
  g_array_unref (self->distrusted);
  g_array_unref (self->unsaved);
  g_hash_table_unref (self->working);
  bytestag_piece_table_free (self->pieces);
  g_free (self->paused);

  G_OBJECT_CLASS (bytestag_publisher_parent_class)->finalize (object);
}

static void
bytestag_publisher_class_init (BytestagPublisherClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = bytestag_publisher_get_property;
  object_class->dispose = bytestag_publisher_dispose;
  object_class->finalize = bytestag_publisher_finalize;

  properties[PROP_PAUSED] = g_param_spec_string ("paused", NULL, NULL, NULL, flags);
  properties[PROP_N_SENDING] = g_param_spec_uint ("n-sending", NULL, NULL, 0, BYTESTAG_LIMIT_PUBLISHING, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_publisher_init (BytestagPublisher *self)
{
  self->pieces = bytestag_piece_table_new ();
  self->publications = g_ptr_array_new ();
  self->dirty = g_ptr_array_new_with_free_func (g_object_unref);
  self->working = g_hash_table_new (NULL, NULL);
  self->jobs = g_ptr_array_new ();
  self->unconfirmed = g_ptr_array_new ();
  self->confirmations = g_ptr_array_new ();
  self->checks = g_ptr_array_new ();
  self->refused_checks = g_ptr_array_new ();
  self->distrusted = g_array_new (FALSE, FALSE, sizeof (BytestagDistrusted));
  self->unsaved = g_array_new (FALSE, FALSE, sizeof (BytestagPiece));
}

BytestagPublisher *
bytestag_publisher_new (BytestagNetwork *network)
{
  BytestagPublisher *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);

  self = g_object_new (BYTESTAG_TYPE_PUBLISHER, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->session_began = self->last_step = bytestag_reactor_get_time (self->reactor);
  self->contacts_changed = g_signal_connect_swapped (bytestag_network_get_routing_table (network),
                                                     "notify::num-contacts", G_CALLBACK (contacts_cb), self);
  _bytestag_lane_init (&self->upload, self, FALSE);
  _bytestag_lane_init (&self->upkeep, self, TRUE);
  return self;
}

BytestagPublication *
bytestag_publisher_add (BytestagPublisher *self,
                        guint              copies)
{
  BytestagPublication *publication;
  guint number;

  g_return_val_if_fail (BYTESTAG_IS_PUBLISHER (self), NULL);
  g_return_val_if_fail (copies >= 1 && copies <= BYTESTAG_MAX_BUCKET_SIZE, NULL);
  g_return_val_if_fail (!self->is_closed, NULL);

  number = self->first_free;
  while (number < self->publications->len && get_publication (self, number) != NULL)
    number++;
  self->first_free = number;
  if (number >= BYTESTAG_LIMIT_PUBLICATIONS)
    return NULL;

  publication = _bytestag_publication_new (self, number, copies);
  if (number == self->publications->len)
    g_ptr_array_add (self->publications, NULL);
  self->publications->pdata[number] = g_object_ref (publication);
  return publication;
}

void
bytestag_publisher_start (BytestagPublisher   *self,
                          BytestagPublication *publication)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISHER (self));
  g_return_if_fail (BYTESTAG_IS_PUBLICATION (publication) && publication->publisher == self);
  g_return_if_fail (!publication->is_removed);

  if (publication->is_started)
    return;

  publication->is_started = TRUE;
  _bytestag_publisher_tell_later (self, publication);
  _bytestag_lane_kick (&self->upload);
  _bytestag_lane_kick (&self->upkeep);
}

/* Ends work on pieces that nobody wants any more. */
static void
cancel_unwanted (BytestagPublisher *self,
                 GPtrArray         *jobs)
{
  for (guint i = jobs->len; i > 0; i--)
    {
      BytestagJob *job = jobs->pdata[i - 1];
      guint32 slot = bytestag_piece_table_find (self->pieces, _bytestag_job_get_id (job));

      if (slot == BYTESTAG_NO_SLOT || !_bytestag_publisher_is_live (self, slot))
        _bytestag_job_cancel (job);
    }
}

void
bytestag_publisher_remove (BytestagPublisher   *self,
                           BytestagPublication *publication)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISHER (self));
  g_return_if_fail (BYTESTAG_IS_PUBLICATION (publication));

  if (publication->publisher != self || publication->is_removed)
    return;

  publication->is_removed = TRUE;
  if (publication->is_sent_again)
    g_queue_remove (&self->sent_again, publication);
  cancel_unwanted (self, self->jobs);
  cancel_unwanted (self, self->unconfirmed);
  g_queue_push_tail (&self->removed, publication);
  bytestag_reactor_arm (self->reactor, &self->slice_timer, 0, slice, self);
  _bytestag_publisher_tell_later (self, publication);
  _bytestag_publisher_pump (self);
}

void
bytestag_publisher_send_again (BytestagPublisher   *self,
                               BytestagPublication *publication)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISHER (self));
  g_return_if_fail (BYTESTAG_IS_PUBLICATION (publication));

  if (publication->publisher != self || publication->is_removed)
    return;

  publication->n_checked = 0;
  if (publication->is_sent_again)
    return;
  publication->is_sent_again = TRUE;
  g_queue_push_tail (&self->sent_again, publication);
  bytestag_reactor_arm (self->reactor, &self->slice_timer, 0, slice, self);
}

void
bytestag_publisher_set_paused (BytestagPublisher *self,
                               const char        *reason)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISHER (self));

  if (self->is_closed || g_strcmp0 (self->paused, reason) == 0)
    return;

  g_free (self->paused);
  self->paused = g_strdup (reason);
  if (reason != NULL)
    {
      stop_work (self);
    }
  else
    {
      _bytestag_lane_kick (&self->upload);
      _bytestag_lane_kick (&self->upkeep);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAUSED]);
}

const char *
bytestag_publisher_get_paused (BytestagPublisher *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLISHER (self), NULL);

  return self->paused;
}

void
bytestag_publisher_set_save_func (BytestagPublisher         *self,
                                  BytestagPublisherSaveFunc  func,
                                  gpointer                   user_data)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISHER (self));

  self->save = func;
  self->save_data = user_data;
}

guint
bytestag_publisher_get_n_pieces (BytestagPublisher *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLISHER (self), 0);

  return bytestag_piece_table_get_n (self->pieces);
}

guint
bytestag_publisher_get_n_sending (BytestagPublisher *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLISHER (self), 0);

  return self->jobs->len;
}

const BytestagPublisherCounters *
bytestag_publisher_get_counters (BytestagPublisher *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLISHER (self), NULL);

  if (self->is_closed)
    return &self->counters;

  self->counters.n_lookups = bytestag_holder_walk_get_n_lookups (self->upload.walk) +
                             bytestag_holder_walk_get_n_lookups (self->upkeep.walk);
  self->counters.n_upkeep_requests = bytestag_holder_walk_get_n_requests (self->upkeep.walk);
  self->counters.n_requests = bytestag_holder_walk_get_n_requests (self->upload.walk) +
                              self->counters.n_upkeep_requests;
  return &self->counters;
}
