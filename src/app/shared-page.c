/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/shared-page.h"

#include <glib/gi18n.h>

#include "app/share-row.h"
#include "app/words.h"

struct _BytestagSharedPage
{
  AdwBin parent_instance;

  BytestagLibrary *library;
};

G_DEFINE_FINAL_TYPE (BytestagSharedPage, bytestag_shared_page, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_LIBRARY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
visible_child (BytestagSharedPage *self,
               guint               n_items)
{
  return g_strdup (n_items > 0 ? "list" : "empty");
}

static void
link_copied_cb (BytestagShareRow *row,
                BytestagShare    *share)
{
  g_autofree char *text = bytestag_words_link_copied (bytestag_share_get_name (share));

  gtk_widget_activate_action (GTK_WIDGET (row), "win.toast", "s", text);
}

static void
new_version_requested_cb (BytestagShareRow *row,
                          BytestagShare    *share)
{
  GtkWidget *page = gtk_widget_get_ancestor (GTK_WIDGET (row), BYTESTAG_TYPE_SHARED_PAGE);

  bytestag_library_share_new_version (BYTESTAG_SHARED_PAGE (page)->library, share);
}

static void
stop_requested_cb (BytestagShareRow *row,
                   BytestagShare    *share)
{
  GtkWidget *page = gtk_widget_get_ancestor (GTK_WIDGET (row), BYTESTAG_TYPE_SHARED_PAGE);

  if (bytestag_share_get_state (share) == BYTESTAG_SHARE_PUBLISHING || bytestag_share_get_n_pieces_sent (share) > 0)
    {
      g_autofree char *name = bytestag_words_name_markup (bytestag_share_get_name (share));
      /* Translators: a narrow window cuts the end off, so the name comes last */
      g_autofree char *text = g_strdup_printf (_("Stopped. Copies can stay on other computers: “%s”"), name);

      gtk_widget_activate_action (page, "win.toast", "s", text);
    }
  bytestag_library_stop (BYTESTAG_SHARED_PAGE (page)->library, share);
}

static void
bytestag_shared_page_dispose (GObject *object)
{
  BytestagSharedPage *self = BYTESTAG_SHARED_PAGE (object);

  g_clear_object (&self->library);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_SHARED_PAGE);

  G_OBJECT_CLASS (bytestag_shared_page_parent_class)->dispose (object);
}

static void
bytestag_shared_page_get_property (GObject    *object,
                                   guint       prop_id,
                                   GValue     *value,
                                   GParamSpec *pspec)
{
  BytestagSharedPage *self = BYTESTAG_SHARED_PAGE (object);

  switch (prop_id)
    {
    case PROP_LIBRARY:
      g_value_set_object (value, self->library);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_shared_page_set_property (GObject      *object,
                                   guint         prop_id,
                                   const GValue *value,
                                   GParamSpec   *pspec)
{
  BytestagSharedPage *self = BYTESTAG_SHARED_PAGE (object);

  switch (prop_id)
    {
    case PROP_LIBRARY:
      if (g_set_object (&self->library, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_shared_page_class_init (BytestagSharedPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_shared_page_dispose;
  object_class->get_property = bytestag_shared_page_get_property;
  object_class->set_property = bytestag_shared_page_set_property;

  properties[PROP_LIBRARY] =
    g_param_spec_object ("library", NULL, NULL, BYTESTAG_TYPE_LIBRARY,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (BYTESTAG_TYPE_SHARE_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/shared-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, visible_child);
  gtk_widget_class_bind_template_callback (widget_class, link_copied_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_requested_cb);
  gtk_widget_class_bind_template_callback (widget_class, new_version_requested_cb);
}

static void
bytestag_shared_page_init (BytestagSharedPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
bytestag_shared_page_new (void)
{
  return g_object_new (BYTESTAG_TYPE_SHARED_PAGE, NULL);
}
