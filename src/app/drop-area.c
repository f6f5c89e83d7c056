/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/drop-area.h"

#include <glib/gi18n.h>

struct _BytestagDropArea
{
  GtkWidget parent_instance;

  GtkOverlay *overlay;
  GtkWidget *sign; /* over the child, while something is dragged there */
  GtkImage *image;
  GtkLabel *title;
  GtkLabel *description;
};

G_DEFINE_FINAL_TYPE (BytestagDropArea, bytestag_drop_area, GTK_TYPE_WIDGET)

enum {
  PROP_0,
  PROP_CHILD,
  N_PROPS
};

enum {
  FILES_DROPPED,
  LINK_DROPPED,
  FAILED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static gboolean
is_link (const char *uri)
{
  g_autofree char *scheme = g_uri_parse_scheme (uri);

  return g_strcmp0 (scheme, "bytestag") == 0 || g_strcmp0 (scheme, "magnet") == 0;
}

static void
take_files (BytestagDropArea *self,
            GSList           *files)
{
  g_autoptr (GListStore) local = g_list_store_new (G_TYPE_FILE);
  g_autofree char *link = NULL;
  guint n_foreign = 0;

  for (GSList *l = files; l != NULL; l = l->next)
    {
      g_autofree char *uri = g_file_get_uri (l->data);

      if (is_link (uri))
        {
          if (link == NULL)
            link = g_steal_pointer (&uri);
        }
      else if (g_file_peek_path (l->data) != NULL)
        {
          g_list_store_append (local, l->data);
        }
      else
        {
          n_foreign++;
        }
    }

  if (g_list_model_get_n_items (G_LIST_MODEL (local)) > 0)
    g_signal_emit (self, signals[FILES_DROPPED], 0, local);
  if (n_foreign > 0)
    g_signal_emit (self, signals[FAILED], 0,
                   _("What is not on this computer cannot be shared from it. Copy it to this computer first."));
  if (link != NULL && g_list_model_get_n_items (G_LIST_MODEL (local)) == 0)
    g_signal_emit (self, signals[LINK_DROPPED], 0, link);
}

void
bytestag_drop_area_take (BytestagDropArea *self,
                         const GValue     *value)
{
  g_return_if_fail (BYTESTAG_IS_DROP_AREA (self));

  if (G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    take_files (self, g_value_get_boxed (value));
  else if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value) != NULL)
    g_signal_emit (self, signals[LINK_DROPPED], 0, g_value_get_string (value));
}

static gboolean
offers_files (GdkDrop *drop)
{
  return gdk_content_formats_contain_gtype (gdk_drop_get_formats (drop), GDK_TYPE_FILE_LIST)
         || gdk_content_formats_contain_mime_type (gdk_drop_get_formats (drop), "text/uri-list");
}

static gboolean
accept_cb (BytestagDropArea *self,
           GdkDrop          *drop)
{
  /* Not what is dragged out of our own window. */
  return gdk_drop_get_drag (drop) == NULL
         && (offers_files (drop)
             || gdk_content_formats_contain_gtype (gdk_drop_get_formats (drop), G_TYPE_STRING)
             || gdk_content_formats_contain_mime_type (gdk_drop_get_formats (drop), "text/plain;charset=utf-8"));
}

static GdkDragAction
drag_enter_cb (BytestagDropArea *self,
               GdkDrop          *drop)
{
  if (offers_files (drop))
    {
      gtk_image_set_from_icon_name (self->image, "folder-publicshare-symbolic");
      gtk_label_set_label (self->title, _("Drop to Share"));
      gtk_label_set_label (self->description,
                           _("What you share is public. Anyone with the link can get it, and computers that keep "
                             "copies can read it. Nothing is copied or changed here."));
    }
  else
    {
      gtk_image_set_from_icon_name (self->image, "folder-download-symbolic");
      gtk_label_set_label (self->title, _("Drop to Open the Link"));
      gtk_label_set_label (self->description, _("You see what it is before anything is downloaded."));
    }
  gtk_widget_set_visible (self->sign, TRUE);
  return GDK_ACTION_COPY;
}

static GdkDragAction
drag_motion_cb (BytestagDropArea *self)
{
  return GDK_ACTION_COPY;
}

static void
drag_leave_cb (BytestagDropArea *self)
{
  gtk_widget_set_visible (self->sign, FALSE);
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (BytestagDropArea) self = user_data;
  g_autoptr (GError) error = NULL;
  const GValue *value = gdk_drop_read_value_finish (GDK_DROP (source), result, &error);

  gdk_drop_finish (GDK_DROP (source), value != NULL ? GDK_ACTION_COPY : 0);
  if (value != NULL)
    {
      bytestag_drop_area_take (self, value);
    }
  else
    {
      g_autofree char *text = g_strdup_printf (_("What was dropped could not be read: %s"), error->message);

      g_signal_emit (self, signals[FAILED], 0, text);
    }
}

static gboolean
drop_cb (BytestagDropArea *self,
         GdkDrop          *drop)
{
  gtk_widget_set_visible (self->sign, FALSE);
  gdk_drop_read_value_async (drop, offers_files (drop) ? GDK_TYPE_FILE_LIST : G_TYPE_STRING,
                             G_PRIORITY_DEFAULT, NULL, read_cb, g_object_ref (self));
  return TRUE;
}

static void
bytestag_drop_area_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), BYTESTAG_TYPE_DROP_AREA);

  G_OBJECT_CLASS (bytestag_drop_area_parent_class)->dispose (object);
}

static void
bytestag_drop_area_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_CHILD:
      g_value_set_object (value, bytestag_drop_area_get_child (BYTESTAG_DROP_AREA (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_drop_area_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_CHILD:
      bytestag_drop_area_set_child (BYTESTAG_DROP_AREA (object), g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_drop_area_class_init (BytestagDropAreaClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_drop_area_dispose;
  object_class->get_property = bytestag_drop_area_get_property;
  object_class->set_property = bytestag_drop_area_set_property;

  properties[PROP_CHILD] =
    g_param_spec_object ("child", NULL, NULL, GTK_TYPE_WIDGET,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[FILES_DROPPED] =
    g_signal_new ("files-dropped", BYTESTAG_TYPE_DROP_AREA, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_LIST_MODEL);
  signals[LINK_DROPPED] =
    g_signal_new ("link-dropped", BYTESTAG_TYPE_DROP_AREA, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[FAILED] =
    g_signal_new ("failed", BYTESTAG_TYPE_DROP_AREA, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_css_name (widget_class, "droparea");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/drop-area.ui");
  gtk_widget_class_bind_template_child (widget_class, BytestagDropArea, overlay);
  gtk_widget_class_bind_template_child (widget_class, BytestagDropArea, sign);
  gtk_widget_class_bind_template_child (widget_class, BytestagDropArea, image);
  gtk_widget_class_bind_template_child (widget_class, BytestagDropArea, title);
  gtk_widget_class_bind_template_child (widget_class, BytestagDropArea, description);
}

static void
bytestag_drop_area_init (BytestagDropArea *self)
{
  GtkDropTargetAsync *target = gtk_drop_target_async_new (NULL, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));

  g_signal_connect_object (target, "accept", G_CALLBACK (accept_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (target, "drag-enter", G_CALLBACK (drag_enter_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (target, "drag-motion", G_CALLBACK (drag_motion_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (target, "drag-leave", G_CALLBACK (drag_leave_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (target, "drop", G_CALLBACK (drop_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

GtkWidget *
bytestag_drop_area_new (void)
{
  return g_object_new (BYTESTAG_TYPE_DROP_AREA, NULL);
}

GtkWidget *
bytestag_drop_area_get_child (BytestagDropArea *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DROP_AREA (self), NULL);

  return self->overlay != NULL ? gtk_overlay_get_child (self->overlay) : NULL;
}

void
bytestag_drop_area_set_child (BytestagDropArea *self,
                              GtkWidget        *child)
{
  g_return_if_fail (BYTESTAG_IS_DROP_AREA (self));
  g_return_if_fail (child == NULL || GTK_IS_WIDGET (child));

  if (gtk_overlay_get_child (self->overlay) == child)
    return;

  gtk_overlay_set_child (self->overlay, child);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHILD]);
}
