/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/downloads-page.h"

#include "app/download-row.h"
#include "app/words.h"

struct _BytestagDownloadsPage
{
  AdwBin parent_instance;

  BytestagDownloads *downloads;
};

G_DEFINE_FINAL_TYPE (BytestagDownloadsPage, bytestag_downloads_page, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_DOWNLOADS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
visible_child (BytestagDownloadsPage *self,
               guint                  n_items)
{
  return g_strdup (n_items > 0 ? "list" : "empty");
}

static void
remove_requested_cb (BytestagDownloadRow *row,
                     BytestagDownload    *download)
{
  GtkWidget *page = gtk_widget_get_ancestor (GTK_WIDGET (row), BYTESTAG_TYPE_DOWNLOADS_PAGE);

  bytestag_downloads_remove (BYTESTAG_DOWNLOADS_PAGE (page)->downloads, download);
}

static void
bytestag_downloads_page_dispose (GObject *object)
{
  BytestagDownloadsPage *self = BYTESTAG_DOWNLOADS_PAGE (object);

  g_clear_object (&self->downloads);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_DOWNLOADS_PAGE);

  G_OBJECT_CLASS (bytestag_downloads_page_parent_class)->dispose (object);
}

static void
bytestag_downloads_page_get_property (GObject    *object,
                                      guint       prop_id,
                                      GValue     *value,
                                      GParamSpec *pspec)
{
  BytestagDownloadsPage *self = BYTESTAG_DOWNLOADS_PAGE (object);

  switch (prop_id)
    {
    case PROP_DOWNLOADS:
      g_value_set_object (value, self->downloads);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_downloads_page_set_property (GObject      *object,
                                      guint         prop_id,
                                      const GValue *value,
                                      GParamSpec   *pspec)
{
  BytestagDownloadsPage *self = BYTESTAG_DOWNLOADS_PAGE (object);

  switch (prop_id)
    {
    case PROP_DOWNLOADS:
      if (g_set_object (&self->downloads, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_downloads_page_class_init (BytestagDownloadsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_downloads_page_dispose;
  object_class->get_property = bytestag_downloads_page_get_property;
  object_class->set_property = bytestag_downloads_page_set_property;

  properties[PROP_DOWNLOADS] =
    g_param_spec_object ("downloads", NULL, NULL, BYTESTAG_TYPE_DOWNLOADS,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (BYTESTAG_TYPE_DOWNLOAD_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/downloads-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, visible_child);
  gtk_widget_class_bind_template_callback (widget_class, remove_requested_cb);
}

static void
bytestag_downloads_page_init (BytestagDownloadsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
bytestag_downloads_page_new (void)
{
  return g_object_new (BYTESTAG_TYPE_DOWNLOADS_PAGE, NULL);
}
