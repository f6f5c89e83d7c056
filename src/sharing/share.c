/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/share.h"

#include "core/limits.h"
#include "sharing/share-private.h"

enum {
  PROP_0,
  PROP_NAME,
  PROP_STATE,
  PROP_LINK,
  PROP_N_FILES,
  PROP_SIZE,
  PROP_BYTES_HASHED,
  PROP_SECONDS_LEFT,
  PROP_CURRENT_FILE,
  PROP_N_PIECES,
  PROP_N_PIECES_SENT,
  PROP_FRACTION,
  PROP_ERROR,
  PROP_SKIPPED,
  PROP_N_SKIPPED,
  PROP_PROBLEMS,
  PROP_N_PROBLEMS,
  PROP_COPIES,
  PROP_AWAY,
  PROP_N_CHANGED,
  PROP_N_DELETED,
  PROP_N_NEW,
  PROP_LAST_CHECKED,
  PROP_SURVIVAL,
  N_PROPS
};

enum {
  READY,
  PUBLISHED,
  FAILED,
  CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (BytestagShareState, bytestag_share_state,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_SHARE_HASHING, "hashing"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_SHARE_PUBLISHING, "publishing"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_SHARE_ONLINE, "online"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_SHARE_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_SHARE_STOPPED, "stopped"))

G_DEFINE_FINAL_TYPE (BytestagShare, bytestag_share, G_TYPE_OBJECT)

static void
bytestag_share_dispose (GObject *object)
{
  BytestagShare *self = BYTESTAG_SHARE (object);

  g_clear_object (&self->hash_task);
  g_clear_object (&self->publication);
  g_clear_object (&self->survival);
  g_clear_object (&self->twin);
  g_ptr_array_set_size (self->followers, 0);

  G_OBJECT_CLASS (bytestag_share_parent_class)->dispose (object);
}

static void
bytestag_share_finalize (GObject *object)
{
  BytestagShare *self = BYTESTAG_SHARE (object);

  g_clear_object (&self->link);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->comment, g_free);
  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->current_file, g_free);
  g_clear_pointer (&self->skipped, g_strfreev);
  g_clear_pointer (&self->problems, g_strfreev);
  g_clear_pointer (&self->saved, bytestag_saved_share_free);
  g_clear_pointer (&self->unsaved, g_ptr_array_unref);
  g_clear_pointer (&self->followers, g_ptr_array_unref);
  g_clear_pointer (&self->set, bytestag_shared_set_unref);
  g_clear_pointer (&self->digests, g_hash_table_unref);
  g_clear_pointer (&self->stray_identities, g_hash_table_unref);
  g_clear_pointer (&self->values, g_array_unref);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (bytestag_share_parent_class)->finalize (object);
}

/* What is kept of it, and what the last check found. */
static void
get_kept_property (BytestagShare *self,
                    guint          prop_id,
                    GValue        *value,
                    GParamSpec    *pspec)
{
  switch (prop_id)
    {
    case PROP_COPIES:
      g_value_set_uint (value, self->saved->copies);
      break;
    case PROP_AWAY:
      g_value_set_boolean (value, self->away);
      break;
    case PROP_N_CHANGED:
      g_value_set_uint (value, self->n_changed);
      break;
    case PROP_N_DELETED:
      g_value_set_uint (value, self->n_deleted);
      break;
    case PROP_N_NEW:
      g_value_set_uint (value, self->n_new);
      break;
    case PROP_LAST_CHECKED:
      g_value_set_int64 (value, self->last_checked);
      break;
    case PROP_SURVIVAL:
      g_value_set_object (value, self->survival);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, prop_id, pspec);
    }
}

static void
bytestag_share_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  BytestagShare *self = BYTESTAG_SHARE (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_LINK:
      g_value_set_string (value, self->uri);
      break;
    case PROP_N_FILES:
      g_value_set_uint (value, self->n_files);
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size);
      break;
    case PROP_BYTES_HASHED:
      g_value_set_uint64 (value, self->bytes_hashed);
      break;
    case PROP_SECONDS_LEFT:
      g_value_set_int64 (value, self->seconds_left);
      break;
    case PROP_CURRENT_FILE:
      g_value_set_string (value, self->current_file);
      break;
    case PROP_N_PIECES:
      g_value_set_uint (value, self->n_pieces);
      break;
    case PROP_N_PIECES_SENT:
      g_value_set_uint (value, self->n_pieces_sent);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case PROP_SKIPPED:
      g_value_set_boxed (value, self->skipped);
      break;
    case PROP_N_SKIPPED:
      g_value_set_uint (value, self->n_skipped);
      break;
    case PROP_PROBLEMS:
      g_value_set_boxed (value, self->problems);
      break;
    case PROP_N_PROBLEMS:
      g_value_set_uint (value, self->n_problems);
      break;
    default:
      get_kept_property (self, prop_id, value, pspec);
    }
}

static void
bytestag_share_class_init (BytestagShareClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = bytestag_share_dispose;
  object_class->finalize = bytestag_share_finalize;
  object_class->get_property = bytestag_share_get_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, BYTESTAG_TYPE_SHARE_STATE,
                                              BYTESTAG_SHARE_HASHING, flags);
  properties[PROP_LINK] = g_param_spec_string ("link", NULL, NULL, NULL, flags);
  properties[PROP_N_FILES] = g_param_spec_uint ("n-files", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_BYTES_HASHED] = g_param_spec_uint64 ("bytes-hashed", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_SECONDS_LEFT] = g_param_spec_int64 ("seconds-left", NULL, NULL, -1, G_MAXINT64, -1, flags);
  properties[PROP_CURRENT_FILE] = g_param_spec_string ("current-file", NULL, NULL, NULL, flags);
  properties[PROP_N_PIECES] = g_param_spec_uint ("n-pieces", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_PIECES_SENT] = g_param_spec_uint ("n-pieces-sent", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  properties[PROP_SKIPPED] = g_param_spec_boxed ("skipped", NULL, NULL, G_TYPE_STRV, flags);
  properties[PROP_N_SKIPPED] = g_param_spec_uint ("n-skipped", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_PROBLEMS] = g_param_spec_boxed ("problems", NULL, NULL, G_TYPE_STRV, flags);
  properties[PROP_N_PROBLEMS] = g_param_spec_uint ("n-problems", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_COPIES] = g_param_spec_uint ("copies", NULL, NULL, 0, BYTESTAG_LIMIT_COPIES, 0, flags);
  properties[PROP_AWAY] = g_param_spec_boolean ("away", NULL, NULL, FALSE, flags);
  properties[PROP_N_CHANGED] = g_param_spec_uint ("n-changed", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_DELETED] = g_param_spec_uint ("n-deleted", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_NEW] = g_param_spec_uint ("n-new", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_LAST_CHECKED] = g_param_spec_int64 ("last-checked", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_SURVIVAL] = g_param_spec_object ("survival", NULL, NULL, BYTESTAG_TYPE_SURVIVAL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[READY] = g_signal_new ("ready", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[PUBLISHED] = g_signal_new ("published", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                     0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                  0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                   0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
bytestag_share_init (BytestagShare *self)
{
  self->seconds_left = -1;
  self->values = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  self->followers = g_ptr_array_new_with_free_func (g_object_unref);
  self->unsaved = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_hashed_file_free);
  self->digests = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->stray_identities = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

BytestagShare *
bytestag_share_new (const char *name,
                    const char *comment)
{
  BytestagShare *self = g_object_new (BYTESTAG_TYPE_SHARE, NULL);

  self->name = g_strdup (name);
  self->comment = g_strdup (comment);
  self->saved = bytestag_saved_share_new ();

  return self;
}

BytestagShare *
bytestag_share_new_saved (BytestagSavedShare *saved)
{
  BytestagShare *self = bytestag_share_new (saved->name, saved->comment);

  bytestag_saved_share_free (self->saved);
  self->saved = saved;
  self->n_files = saved->n_files;
  self->size = saved->size;
  self->last_checked = saved->checked;
  self->has_key = saved->state == BYTESTAG_SAVED_SHARED;
  self->hashed = self->has_key;

  return self;
}

static void
set_uint (BytestagShare *self,
          guint         *field,
          guint          value,
          guint          prop)
{
  if (*field == value)
    return;

  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
set_uint64 (BytestagShare *self,
            guint64       *field,
            guint64        value,
            guint          prop)
{
  if (*field == value)
    return;

  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
set_seconds_left (BytestagShare *self,
                  gint64         seconds)
{
  if (self->seconds_left == seconds)
    return;

  self->seconds_left = seconds;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SECONDS_LEFT]);
}

static gboolean
set_string (BytestagShare *self,
            char         **field,
            const char    *value,
            guint          prop)
{
  if (g_strcmp0 (*field, value) == 0)
    return FALSE;

  g_free (*field);
  *field = g_strdup (value);
  g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
  return TRUE;
}

static void
flush_skipped (BytestagShare *self)
{
  const BytestagSkipList *skipped = bytestag_hash_task_get_skipped (self->hash_task);
  g_autoptr (GStrvBuilder) paths = NULL;
  g_autoptr (GStrvBuilder) problems = NULL;

  if (skipped == NULL || bytestag_skip_list_get_n_skipped (skipped) == self->n_skipped)
    return;

  paths = g_strv_builder_new ();
  problems = g_strv_builder_new ();
  for (guint i = 0; i < skipped->files->len; i++)
    {
      const BytestagSkippedFile *file = g_ptr_array_index (skipped->files, i);

      g_strv_builder_add (paths, file->path);
      if (file->reason >= BYTESTAG_SKIP_FIRST_PROBLEM)
        g_strv_builder_add (problems, file->words);
    }
  g_strfreev (self->skipped);
  self->skipped = g_strv_builder_end (paths);
  g_strfreev (self->problems);
  self->problems = g_strv_builder_end (problems);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SKIPPED]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEMS]);
  set_uint (self, &self->n_skipped, bytestag_skip_list_get_n_skipped (skipped), PROP_N_SKIPPED);
  set_uint (self, &self->n_problems, bytestag_skip_list_get_n_problems (skipped), PROP_N_PROBLEMS);
}

static void
flush_hashing (BytestagShare *self)
{
  BytestagTask *task = BYTESTAG_TASK (self->hash_task);

  set_uint (self, &self->n_files, bytestag_hash_task_get_n_files (self->hash_task), PROP_N_FILES);
  set_uint64 (self, &self->size, bytestag_task_get_total (task), PROP_SIZE);
  set_uint64 (self, &self->bytes_hashed, bytestag_task_get_progress (task), PROP_BYTES_HASHED);
  set_seconds_left (self, bytestag_task_is_finished (task) ? -1 : bytestag_hash_task_get_seconds_left (self->hash_task));
  set_string (self, &self->current_file, bytestag_hash_task_get_current_file (self->hash_task), PROP_CURRENT_FILE);

  flush_skipped (self);
}

static gdouble
get_fraction (BytestagShare *self)
{
  switch (self->state)
    {
    case BYTESTAG_SHARE_HASHING:
      return self->size > 0 ? MIN (1.0, (gdouble) self->bytes_hashed / (gdouble) self->size) : 0;
    case BYTESTAG_SHARE_PUBLISHING:
      return self->n_pieces > 0 ? (gdouble) self->n_pieces_sent / self->n_pieces : 0;
    case BYTESTAG_SHARE_ONLINE:
      return 1;
    case BYTESTAG_SHARE_FAILED:
    case BYTESTAG_SHARE_STOPPED:
    default:
      return 0;
    }
}

void
bytestag_share_flush (BytestagShare *self)
{
  gdouble fraction;

  g_object_freeze_notify (G_OBJECT (self));

  if (self->hash_task != NULL)
    flush_hashing (self);
  else
    {
      set_seconds_left (self, -1);
      set_string (self, &self->current_file, NULL, PROP_CURRENT_FILE);
    }

  if (self->publication != NULL)
    {
      set_uint (self, &self->n_pieces, bytestag_publication_get_n_pieces (self->publication), PROP_N_PIECES);
      set_uint (self, &self->n_pieces_sent, bytestag_publication_get_n_sent (self->publication), PROP_N_PIECES_SENT);
    }

  fraction = get_fraction (self);
  if (fraction != self->fraction)
    {
      self->fraction = fraction;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
    }

  g_object_thaw_notify (G_OBJECT (self));
}

void
bytestag_share_set_state (BytestagShare      *self,
                          BytestagShareState  state)
{
  if (self->state == state)
    return;

  g_object_freeze_notify (G_OBJECT (self));
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  bytestag_share_flush (self);
  g_object_thaw_notify (G_OBJECT (self));
}

void
bytestag_share_set_name (BytestagShare *self,
                         const char    *name)
{
  set_string (self, &self->name, name, PROP_NAME);
}

void
bytestag_share_fail (BytestagShare *self,
                     GError        *error)
{
  g_autoptr (GPtrArray) followers = g_steal_pointer (&self->followers);

  self->followers = g_ptr_array_new_with_free_func (g_object_unref);
  g_clear_error (&self->error);
  self->error = error;

  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  bytestag_share_set_state (self, BYTESTAG_SHARE_FAILED);
  g_object_thaw_notify (G_OBJECT (self));
  g_signal_emit (self, signals[FAILED], 0);
  for (guint i = 0; i < followers->len; i++)
    bytestag_share_fail (g_ptr_array_index (followers, i), g_error_copy (error));
}

void
bytestag_share_set_link (BytestagShare *self,
                         BytestagLink  *link)
{
  g_autofree char *uri = bytestag_link_to_uri (link);

  g_set_object (&self->link, link);
  set_string (self, &self->uri, uri, PROP_LINK);
}

void
bytestag_share_set_survival (BytestagShare    *self,
                             BytestagSurvival *survival)
{
  /* Whoever still looks at it does without names: they were ours. */
  if (self->survival != NULL && self->survival != survival)
    bytestag_survival_set_name_func (self->survival, NULL, NULL);
  if (g_set_object (&self->survival, survival))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SURVIVAL]);
}

void
bytestag_share_tell_check (BytestagShare *self)
{
  gboolean away = self->n_of_state[BYTESTAG_SHARED_FILE_AWAY] > 0;
  gint64 checked = MAX (self->checked, self->saved->checked);
  gboolean changed = self->n_changed != self->n_of_state[BYTESTAG_SHARED_FILE_CHANGED] ||
                     self->n_deleted != self->n_of_state[BYTESTAG_SHARED_FILE_GONE] || self->n_new != self->n_found;

  g_object_freeze_notify (G_OBJECT (self));
  set_uint (self, &self->n_changed, self->n_of_state[BYTESTAG_SHARED_FILE_CHANGED], PROP_N_CHANGED);
  set_uint (self, &self->n_deleted, self->n_of_state[BYTESTAG_SHARED_FILE_GONE], PROP_N_DELETED);
  set_uint (self, &self->n_new, self->n_found, PROP_N_NEW);
  if (self->away != away)
    {
      self->away = away;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AWAY]);
    }
  if (self->last_checked != checked)
    {
      self->last_checked = checked;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LAST_CHECKED]);
    }
  g_object_thaw_notify (G_OBJECT (self));

  if (changed && self->n_changed + self->n_deleted + self->n_new > 0)
    g_signal_emit (self, signals[CHANGED], 0);
}

void
bytestag_share_emit_ready (BytestagShare *self)
{
  g_signal_emit (self, signals[READY], 0);
}

void
bytestag_share_emit_published (BytestagShare *self)
{
  g_signal_emit (self, signals[PUBLISHED], 0);
}

const char *
bytestag_share_get_name (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), NULL);

  return self->name;
}

BytestagShareState
bytestag_share_get_state (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), BYTESTAG_SHARE_STOPPED);

  return self->state;
}

BytestagLink *
bytestag_share_get_link (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), NULL);

  return self->link;
}

const GError *
bytestag_share_get_error (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), NULL);

  return self->error;
}

guint
bytestag_share_get_n_files (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->n_files;
}

guint64
bytestag_share_get_size (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->size;
}

guint64
bytestag_share_get_bytes_hashed (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->bytes_hashed;
}

gint64
bytestag_share_get_seconds_left (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), -1);

  return self->seconds_left;
}

guint
bytestag_share_get_n_pieces (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->n_pieces;
}

guint
bytestag_share_get_n_pieces_sent (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->n_pieces_sent;
}

BytestagPublication *
bytestag_share_get_publication (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), NULL);

  return self->publication;
}

BytestagSurvival *
bytestag_share_get_survival (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), NULL);

  return self->survival;
}

guint
bytestag_share_get_copies (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->saved->copies;
}

gboolean
bytestag_share_is_away (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), FALSE);

  return self->away;
}

guint
bytestag_share_get_n_changed (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->n_changed;
}

guint
bytestag_share_get_n_deleted (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->n_deleted;
}

guint
bytestag_share_get_n_new (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->n_new;
}

gint64
bytestag_share_get_last_checked (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), 0);

  return self->last_checked;
}

const char * const *
bytestag_share_get_paths (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), NULL);

  return (const char * const *) self->saved->roots;
}

BytestagShare *
bytestag_share_get_twin (BytestagShare *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHARE (self), NULL);

  return self->twin;
}
