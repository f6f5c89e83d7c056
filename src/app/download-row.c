/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/download-row.h"

#include "app/piece-map.h"
#include "app/words.h"
#include "wire/safe-name.h"

struct _BytestagDownloadRow
{
  AdwBin parent_instance;

  BytestagDownload *download;
  GSignalGroup *signals;
};

G_DEFINE_FINAL_TYPE (BytestagDownloadRow, bytestag_download_row, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_DOWNLOAD,
  N_PROPS
};

enum {
  REMOVE_REQUESTED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static char *
name_words (BytestagDownloadRow *self,
            const char          *name)
{
  return bytestag_name_for_display (name != NULL ? name : "");
}

static char *
progress_words (BytestagDownloadRow   *self,
                BytestagDownloadState  state,
                guint64                bytes_done,
                guint64                size,
                guint64                rate,
                guint                  n_files_done,
                guint                  n_files)
{
  return bytestag_words_progress (state, bytes_done, size, rate, n_files_done, n_files);
}

static char *
state_words (BytestagDownloadRow   *self,
             BytestagDownloadState  state,
             const char            *status,
             GError                *error)
{
  return bytestag_words_download (state, status, error);
}

static gboolean
is_working (BytestagDownloadRow   *self,
            BytestagDownloadState  state)
{
  return state == BYTESTAG_DOWNLOAD_OPENING || state == BYTESTAG_DOWNLOAD_RUNNING;
}

static gboolean
is_over (BytestagDownloadRow   *self,
         BytestagDownloadState  state)
{
  return !is_working (self, state);
}

static gboolean
is_done (BytestagDownloadRow   *self,
         BytestagDownloadState  state)
{
  return state == BYTESTAG_DOWNLOAD_DONE;
}

/* The map of a download that is complete says nothing more; the pieces of a
 * cancelled one are gone. */
static gboolean
has_map (BytestagDownloadRow   *self,
         BytestagDownloadState  state,
         BytestagPartMap       *map)
{
  return map != NULL && state != BYTESTAG_DOWNLOAD_DONE && state != BYTESTAG_DOWNLOAD_CANCELLED;
}

static char *
state_icon (BytestagDownloadRow   *self,
            BytestagDownloadState  state)
{
  switch (state)
    {
    case BYTESTAG_DOWNLOAD_DONE:
      return g_strdup ("emblem-ok-symbolic");
    case BYTESTAG_DOWNLOAD_FAILED:
      return g_strdup ("dialog-error-symbolic");
    case BYTESTAG_DOWNLOAD_CANCELLED:
      return g_strdup ("process-stop-symbolic");
    case BYTESTAG_DOWNLOAD_OPENING:
    case BYTESTAG_DOWNLOAD_RUNNING:
    default:
      return g_strdup ("folder-download-symbolic");
    }
}

static char **
icon_classes (BytestagDownloadRow   *self,
              BytestagDownloadState  state)
{
  const char * const failed[] = { "item-icon", "error", NULL };
  const char * const done[] = { "item-icon", "success", NULL };
  const char * const usual[] = { "item-icon", NULL };

  if (state == BYTESTAG_DOWNLOAD_FAILED)
    return g_strdupv ((char **) failed);
  return g_strdupv ((char **) (state == BYTESTAG_DOWNLOAD_DONE ? done : usual));
}

static char **
state_classes (BytestagDownloadRow   *self,
               BytestagDownloadState  state)
{
  const char * const failed[] = { "caption", "error", NULL };
  const char * const done[] = { "caption", "success", NULL };
  const char * const usual[] = { "caption", "dim-label", NULL };

  switch (state)
    {
    case BYTESTAG_DOWNLOAD_FAILED:
      return g_strdupv ((char **) failed);
    case BYTESTAG_DOWNLOAD_DONE:
      return g_strdupv ((char **) done);
    case BYTESTAG_DOWNLOAD_OPENING:
    case BYTESTAG_DOWNLOAD_RUNNING:
    case BYTESTAG_DOWNLOAD_CANCELLED:
    default:
      return g_strdupv ((char **) usual);
    }
}

static void
update_name (BytestagDownloadRow *self)
{
  const char *name = self->download != NULL ? bytestag_download_get_name (self->download) : NULL;
  g_autofree char *label = bytestag_name_for_display (name != NULL ? name : "");

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
update_actions (BytestagDownloadRow *self)
{
  BytestagDownloadState state;

  if (self->download == NULL)
    return;

  state = bytestag_download_get_state (self->download);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "download.cancel", is_working (self, state));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "download.remove", is_over (self, state));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "download.open", is_done (self, state));
}

static void
cancel_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  bytestag_download_cancel (BYTESTAG_DOWNLOAD_ROW (widget)->download);
}

static void
remove_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  g_autoptr (BytestagDownload) download = g_object_ref (BYTESTAG_DOWNLOAD_ROW (widget)->download);

  g_signal_emit (widget, signals[REMOVE_REQUESTED], 0, download);
}

static void
open_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  BytestagDownloadRow *self = BYTESTAG_DOWNLOAD_ROW (widget);
  const char *folder = bytestag_download_get_folder (self->download);
  g_autofree char *uri = NULL;

  if (folder == NULL)
    return;

  uri = g_filename_to_uri (folder, NULL, NULL);
  if (uri != NULL)
    gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (widget)), uri, GDK_CURRENT_TIME);
}

static void
copy_link_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  BytestagDownloadRow *self = BYTESTAG_DOWNLOAD_ROW (widget);
  g_autofree char *text = bytestag_link_to_uri (bytestag_download_get_link (self->download));
  g_autofree char *toast = bytestag_words_link_copied (bytestag_download_get_name (self->download));

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  gtk_widget_activate_action (widget, "win.toast", "s", toast);
}

static void
set_download (BytestagDownloadRow *self,
              BytestagDownload    *download)
{
  if (!g_set_object (&self->download, download))
    return;

  g_signal_group_set_target (self->signals, download);
  update_name (self);
  update_actions (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DOWNLOAD]);
}

static void
bytestag_download_row_dispose (GObject *object)
{
  BytestagDownloadRow *self = BYTESTAG_DOWNLOAD_ROW (object);

  g_clear_object (&self->signals);
  g_clear_object (&self->download);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_DOWNLOAD_ROW);

  G_OBJECT_CLASS (bytestag_download_row_parent_class)->dispose (object);
}

static void
bytestag_download_row_get_property (GObject    *object,
                                    guint       prop_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  BytestagDownloadRow *self = BYTESTAG_DOWNLOAD_ROW (object);

  switch (prop_id)
    {
    case PROP_DOWNLOAD:
      g_value_set_object (value, self->download);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_download_row_set_property (GObject      *object,
                                    guint         prop_id,
                                    const GValue *value,
                                    GParamSpec   *pspec)
{
  BytestagDownloadRow *self = BYTESTAG_DOWNLOAD_ROW (object);

  switch (prop_id)
    {
    case PROP_DOWNLOAD:
      set_download (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_download_row_class_init (BytestagDownloadRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_download_row_dispose;
  object_class->get_property = bytestag_download_row_get_property;
  object_class->set_property = bytestag_download_row_set_property;

  properties[PROP_DOWNLOAD] =
    g_param_spec_object ("download", NULL, NULL, BYTESTAG_TYPE_DOWNLOAD,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[REMOVE_REQUESTED] =
    g_signal_new ("remove-requested", BYTESTAG_TYPE_DOWNLOAD_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_DOWNLOAD);

  gtk_widget_class_install_action (widget_class, "download.cancel", NULL, cancel_action);
  gtk_widget_class_install_action (widget_class, "download.remove", NULL, remove_action);
  gtk_widget_class_install_action (widget_class, "download.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "download.copy-link", NULL, copy_link_action);

  g_type_ensure (BYTESTAG_TYPE_PIECE_MAP);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/download-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, name_words);
  gtk_widget_class_bind_template_callback (widget_class, progress_words);
  gtk_widget_class_bind_template_callback (widget_class, state_words);
  gtk_widget_class_bind_template_callback (widget_class, is_working);
  gtk_widget_class_bind_template_callback (widget_class, is_over);
  gtk_widget_class_bind_template_callback (widget_class, is_done);
  gtk_widget_class_bind_template_callback (widget_class, has_map);
  gtk_widget_class_bind_template_callback (widget_class, state_icon);
  gtk_widget_class_bind_template_callback (widget_class, icon_classes);
  gtk_widget_class_bind_template_callback (widget_class, state_classes);
}

static void
bytestag_download_row_init (BytestagDownloadRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->signals = g_signal_group_new (BYTESTAG_TYPE_DOWNLOAD);
  g_signal_group_connect_swapped (self->signals, "notify::name", G_CALLBACK (update_name), self);
  g_signal_group_connect_swapped (self->signals, "notify::state", G_CALLBACK (update_actions), self);
}

GtkWidget *
bytestag_download_row_new (void)
{
  return g_object_new (BYTESTAG_TYPE_DOWNLOAD_ROW, NULL);
}
