/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/bucket-row.h"

#include <glib/gi18n.h>

#include "app/bucket-strip.h"
#include "app/words.h"

struct _BytestagBucketRow
{
  AdwBin parent_instance;

  BytestagBucket *bucket;
};

G_DEFINE_FINAL_TYPE (BytestagBucketRow, bytestag_bucket_row, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_BUCKET,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
title_words (BytestagBucketRow *self,
             guint              number)
{
  return g_strdup_printf (_("Bucket %u"), number);
}

static char *
detail_words (BytestagBucketRow *self,
              guint              n_nodes,
              gint64             last_update)
{
  guint number = self->bucket != NULL ? bytestag_bucket_get_number (self->bucket) : 0;
  g_autofree char *when = bytestag_words_time (last_update);

  /* Translators: bits that ids in a bucket share with ours, and the time of the bucket's last change */
  return g_strdup_printf (ngettext ("%u bit shared, updated %s", "%u bits shared, updated %s", number),
                          number, when);
}

static void
update_label (BytestagBucketRow *self)
{
  g_autofree char *label = title_words (self, self->bucket != NULL ? bytestag_bucket_get_number (self->bucket) : 0);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
bytestag_bucket_row_dispose (GObject *object)
{
  BytestagBucketRow *self = BYTESTAG_BUCKET_ROW (object);

  g_clear_object (&self->bucket);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_BUCKET_ROW);

  G_OBJECT_CLASS (bytestag_bucket_row_parent_class)->dispose (object);
}

static void
bytestag_bucket_row_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  BytestagBucketRow *self = BYTESTAG_BUCKET_ROW (object);

  switch (prop_id)
    {
    case PROP_BUCKET:
      g_value_set_object (value, self->bucket);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_bucket_row_set_property (GObject      *object,
                                  guint         prop_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  BytestagBucketRow *self = BYTESTAG_BUCKET_ROW (object);

  switch (prop_id)
    {
    case PROP_BUCKET:
      if (g_set_object (&self->bucket, g_value_get_object (value)))
        {
          update_label (self);
          g_object_notify_by_pspec (object, pspec);
        }
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_bucket_row_class_init (BytestagBucketRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_bucket_row_dispose;
  object_class->get_property = bytestag_bucket_row_get_property;
  object_class->set_property = bytestag_bucket_row_set_property;

  properties[PROP_BUCKET] =
    g_param_spec_object ("bucket", NULL, NULL, BYTESTAG_TYPE_BUCKET,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (BYTESTAG_TYPE_BUCKET_STRIP);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/bucket-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, title_words);
  gtk_widget_class_bind_template_callback (widget_class, detail_words);
}

static void
bytestag_bucket_row_init (BytestagBucketRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
bytestag_bucket_row_new (void)
{
  return g_object_new (BYTESTAG_TYPE_BUCKET_ROW, NULL);
}
