/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/share-row.h"

#include <glib/gi18n.h>

#include "app/words.h"
#include "sharing/survival.h"
#include "wire/safe-name.h"

struct _BytestagShareRow
{
  AdwBin parent_instance;

  BytestagShare *share;
  GSignalGroup *signals;
};

G_DEFINE_FINAL_TYPE (BytestagShareRow, bytestag_share_row, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_SHARE,
  N_PROPS
};

enum {
  LINK_COPIED,
  STOP_REQUESTED,
  NEW_VERSION_REQUESTED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static char *
name_words (BytestagShareRow *self,
            const char       *name)
{
  return bytestag_name_for_display (name != NULL ? name : "");
}

static char *
detail_words (BytestagShareRow *self,
              guint             n_files,
              guint64           size)
{
  return n_files > 0 ? bytestag_words_files (n_files, size) : g_strdup ("");
}

static char *
state_words (BytestagShareRow   *self,
             BytestagShareState  state,
             guint64             bytes_hashed,
             guint64             size,
             gint64              seconds_left,
             const char         *current_file,
             guint               n_pieces,
             guint               n_pieces_sent,
             GError             *error)
{
  return bytestag_words_share (state, bytes_hashed, size, seconds_left, current_file, n_pieces, n_pieces_sent, error);
}

static char *
skipped_words (BytestagShareRow *self,
               guint             n_skipped,
               guint             n_problems)
{
  g_autofree char *problems = NULL;
  g_autofree char *hidden = NULL;
  guint n_hidden = n_skipped - MIN (n_problems, n_skipped);

  if (n_problems > 0)
    problems = g_strdup_printf (ngettext ("%u file could not be shared", "%u files could not be shared", n_problems),
                                n_problems);
  if (n_hidden > 0)
    hidden = g_strdup_printf (ngettext ("%u hidden file or link was left out",
                                        "%u hidden files or links were left out", n_hidden), n_hidden);

  if (problems != NULL && hidden != NULL)
    return g_strdup_printf ("%s\n%s", problems, hidden);
  return g_strdup (problems != NULL ? problems : hidden != NULL ? hidden : "");
}

/* What became of the files since they were read. */
static char *
files_words (BytestagShareRow *self,
             gboolean          away,
             guint             n_changed,
             guint             n_deleted,
             guint             n_new)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  if (away)
    return g_strdup (_("The drive or folder is not there now; its copies are looked after"));

  if (n_changed > 0)
    g_ptr_array_add (words, g_strdup_printf (ngettext ("%u file changed", "%u files changed", n_changed), n_changed));
  if (n_deleted > 0)
    g_ptr_array_add (words, g_strdup_printf (ngettext ("%u file deleted", "%u files deleted", n_deleted), n_deleted));
  if (n_new > 0)
    g_ptr_array_add (words, g_strdup_printf (ngettext ("%u new file", "%u new files", n_new), n_new));
  g_ptr_array_add (words, NULL);

  return g_strjoinv (" · ", (char **) words->pdata);
}

static gboolean
is_working (BytestagShareRow   *self,
            BytestagShareState  state)
{
  return state == BYTESTAG_SHARE_HASHING || state == BYTESTAG_SHARE_PUBLISHING;
}

static gboolean
may_have_link (BytestagShareRow   *self,
               BytestagShareState  state)
{
  return state != BYTESTAG_SHARE_FAILED;
}

static gboolean
is_text (BytestagShareRow *self,
         const char       *text)
{
  return text != NULL && *text != '\0';
}

static char *
state_icon (BytestagShareRow   *self,
            BytestagShareState  state)
{
  return g_strdup (state == BYTESTAG_SHARE_FAILED ? "dialog-error-symbolic" : "folder-publicshare-symbolic");
}

static char **
icon_classes (BytestagShareRow   *self,
              BytestagShareState  state)
{
  const char * const failed[] = { "item-icon", "error", NULL };
  const char * const usual[] = { "item-icon", NULL };

  return g_strdupv ((char **) (state == BYTESTAG_SHARE_FAILED ? failed : usual));
}

static char **
state_classes (BytestagShareRow   *self,
               BytestagShareState  state)
{
  const char * const failed[] = { "caption", "error", NULL };
  const char * const usual[] = { "caption", "dim-label", NULL };

  return g_strdupv ((char **) (state == BYTESTAG_SHARE_FAILED ? failed : usual));
}

static void
update_name (BytestagShareRow *self)
{
  const char *name = self->share != NULL ? bytestag_share_get_name (self->share) : NULL;
  g_autofree char *label = bytestag_name_for_display (name != NULL ? name : "");

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* Whether what is there is not what was shared. */
static gboolean
is_other (BytestagShare *share)
{
  return bytestag_share_get_n_changed (share) + bytestag_share_get_n_deleted (share) +
         bytestag_share_get_n_new (share) > 0;
}

static void
update_actions (BytestagShareRow *self)
{
  gboolean has_link = self->share != NULL && bytestag_share_get_link (self->share) != NULL;
  gboolean has_failed = self->share != NULL && bytestag_share_get_state (self->share) == BYTESTAG_SHARE_FAILED;

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "share.copy-link", has_link);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "share.copy-magnet", has_link);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "share.new-version", has_link && is_other (self->share));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "share.stop", self->share != NULL && !has_failed);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "share.remove", has_failed);
}

static void
copy_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  BytestagShareRow *self = BYTESTAG_SHARE_ROW (widget);
  BytestagLink *link = self->share != NULL ? bytestag_share_get_link (self->share) : NULL;
  g_autofree char *text = NULL;

  if (link == NULL)
    return;

  text = g_str_equal (name, "share.copy-magnet") ? bytestag_link_to_magnet (link) : bytestag_link_to_uri (link);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  g_signal_emit (self, signals[LINK_COPIED], 0, self->share);
}

static void
stop_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  BytestagShareRow *self = BYTESTAG_SHARE_ROW (widget);
  /* Who answers takes it off the list, and this row with it. */
  g_autoptr (BytestagShare) share = g_object_ref (self->share);

  g_signal_emit (self, signals[STOP_REQUESTED], 0, share);
}

static void
new_version_action (GtkWidget  *widget,
                    const char *name,
                    GVariant   *parameter)
{
  BytestagShareRow *self = BYTESTAG_SHARE_ROW (widget);
  g_autoptr (BytestagShare) share = g_object_ref (self->share);

  g_signal_emit (self, signals[NEW_VERSION_REQUESTED], 0, share);
}

static void
set_share (BytestagShareRow *self,
           BytestagShare    *share)
{
  if (!g_set_object (&self->share, share))
    return;

  g_signal_group_set_target (self->signals, share);
  update_name (self);
  update_actions (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SHARE]);
}

static void
bytestag_share_row_dispose (GObject *object)
{
  BytestagShareRow *self = BYTESTAG_SHARE_ROW (object);

  g_clear_object (&self->signals);
  g_clear_object (&self->share);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_SHARE_ROW);

  G_OBJECT_CLASS (bytestag_share_row_parent_class)->dispose (object);
}

static void
bytestag_share_row_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  BytestagShareRow *self = BYTESTAG_SHARE_ROW (object);

  switch (prop_id)
    {
    case PROP_SHARE:
      g_value_set_object (value, self->share);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_share_row_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  BytestagShareRow *self = BYTESTAG_SHARE_ROW (object);

  switch (prop_id)
    {
    case PROP_SHARE:
      set_share (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_share_row_class_init (BytestagShareRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_share_row_dispose;
  object_class->get_property = bytestag_share_row_get_property;
  object_class->set_property = bytestag_share_row_set_property;

  properties[PROP_SHARE] =
    g_param_spec_object ("share", NULL, NULL, BYTESTAG_TYPE_SHARE,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[LINK_COPIED] =
    g_signal_new ("link-copied", BYTESTAG_TYPE_SHARE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_SHARE);
  signals[STOP_REQUESTED] =
    g_signal_new ("stop-requested", BYTESTAG_TYPE_SHARE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_SHARE);

  signals[NEW_VERSION_REQUESTED] =
    g_signal_new ("new-version-requested", BYTESTAG_TYPE_SHARE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_SHARE);

  gtk_widget_class_install_action (widget_class, "share.copy-link", NULL, copy_action);
  gtk_widget_class_install_action (widget_class, "share.copy-magnet", NULL, copy_action);
  gtk_widget_class_install_action (widget_class, "share.new-version", NULL, new_version_action);
  gtk_widget_class_install_action (widget_class, "share.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "share.remove", NULL, stop_action);

  g_type_ensure (BYTESTAG_TYPE_SURVIVAL);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/share-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, name_words);
  gtk_widget_class_bind_template_callback (widget_class, detail_words);
  gtk_widget_class_bind_template_callback (widget_class, state_words);
  gtk_widget_class_bind_template_callback (widget_class, skipped_words);
  gtk_widget_class_bind_template_callback (widget_class, files_words);
  gtk_widget_class_bind_template_callback (widget_class, is_working);
  gtk_widget_class_bind_template_callback (widget_class, is_text);
  gtk_widget_class_bind_template_callback (widget_class, may_have_link);
  gtk_widget_class_bind_template_callback (widget_class, icon_classes);
  gtk_widget_class_bind_template_callback (widget_class, state_classes);
  gtk_widget_class_bind_template_callback (widget_class, state_icon);
}

static void
bytestag_share_row_init (BytestagShareRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->signals = g_signal_group_new (BYTESTAG_TYPE_SHARE);
  g_signal_group_connect_swapped (self->signals, "notify::name", G_CALLBACK (update_name), self);
  g_signal_group_connect_swapped (self->signals, "notify::link", G_CALLBACK (update_actions), self);
  g_signal_group_connect_swapped (self->signals, "notify::state", G_CALLBACK (update_actions), self);
  g_signal_group_connect_swapped (self->signals, "changed", G_CALLBACK (update_actions), self);
  update_actions (self);
}

GtkWidget *
bytestag_share_row_new (void)
{
  return g_object_new (BYTESTAG_TYPE_SHARE_ROW, NULL);
}
