/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/bucket-strip.h"

#include <glib/gi18n.h>

#include "app/words.h"

#define SLOT_MIN_WIDTH 12
#define SLOT_WIDTH 18
#define SLOT_HEIGHT 18
#define MARK_MAX_SIZE 12.f

struct _BytestagBucketStrip
{
  GtkWidget parent_instance;

  BytestagBucket *bucket;
  GSignalGroup *signals;
  GPtrArray *nodes; /* whose state is watched, as in the bucket */
};

G_DEFINE_FINAL_TYPE (BytestagBucketStrip, bytestag_bucket_strip, GTK_TYPE_WIDGET)

enum {
  PROP_0,
  PROP_BUCKET,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

void
bytestag_node_mark_draw (GtkSnapshot           *snapshot,
                         BytestagNodeState      state,
                         const graphene_rect_t *rect,
                         const BytestagPalette *palette)
{
  float size = MIN (MIN (rect->size.width - 2, rect->size.height - 2), MARK_MAX_SIZE);
  graphene_point_t center;
  graphene_rect_t mark;

  graphene_rect_get_center (rect, &center);
  graphene_rect_init (&mark, center.x - size / 2, center.y - size / 2, size, size);
  switch (state)
    {
    case BYTESTAG_NODE_GOOD:
      bytestag_paint_box (snapshot, &mark, size / 2, &palette->success);
      break;
    case BYTESTAG_NODE_QUESTIONABLE:
      {
        graphene_rect_t lower = GRAPHENE_RECT_INIT (mark.origin.x, center.y, size, size / 2);

        gtk_snapshot_push_clip (snapshot, &lower);
        bytestag_paint_box (snapshot, &mark, size / 2, &palette->warning);
        gtk_snapshot_pop (snapshot);
        bytestag_paint_frame (snapshot, &mark, size / 2, &palette->warning);
      }
      break;
    case BYTESTAG_NODE_STALE:
      bytestag_paint_cross (snapshot, &mark, &palette->error);
      break;
    case BYTESTAG_NODE_NEW:
    default:
      bytestag_paint_frame (snapshot, &mark, size / 2, &palette->accent);
      break;
    }
}

void
bytestag_bucket_draw (GtkSnapshot           *snapshot,
                      BytestagBucket        *bucket,
                      float                  width,
                      float                  height,
                      gboolean               mirrored,
                      const BytestagPalette *palette)
{
  float slot_width = width / BYTESTAG_MAX_BUCKET_SIZE;
  guint n_nodes = bytestag_bucket_get_n_nodes (bucket);

  for (guint slot = 0; slot < BYTESTAG_MAX_BUCKET_SIZE; slot++)
    {
      guint place = mirrored ? BYTESTAG_MAX_BUCKET_SIZE - 1 - slot : slot;
      graphene_rect_t rect = GRAPHENE_RECT_INIT ((float) place * slot_width, 0, slot_width, height);

      if (slot < n_nodes)
        {
          BytestagNode *node = bytestag_bucket_peek (bucket, slot);

          bytestag_node_mark_draw (snapshot, bytestag_node_get_state (node), &rect, palette);
        }
      else
        {
          graphene_rect_inset (&rect, (slot_width - 4) / 2, (height - 4) / 2);
          bytestag_paint_box (snapshot, &rect, 2, &palette->faint);
        }
    }
}

static void
describe (BytestagBucketStrip *self)
{
  guint n_nodes = self->bucket != NULL ? bytestag_bucket_get_n_nodes (self->bucket) : 0;
  guint n_good = 0;
  g_autofree char *text = NULL;

  for (guint slot = 0; slot < n_nodes; slot++)
    n_good += bytestag_node_get_state (bytestag_bucket_peek (self->bucket, slot)) == BYTESTAG_NODE_GOOD;

  /* Translators: nodes in a bucket, places in it, nodes that answer */
  text = g_strdup_printf (_("%u of %u slots taken, %u good"), n_nodes, BYTESTAG_MAX_BUCKET_SIZE, n_good);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static void
node_state_cb (BytestagBucketStrip *self)
{
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
watch_nodes (BytestagBucketStrip *self)
{
  for (guint i = 0; i < self->nodes->len; i++)
    g_signal_handlers_disconnect_by_func (g_ptr_array_index (self->nodes, i), node_state_cb, self);
  g_ptr_array_set_size (self->nodes, 0);

  for (guint slot = 0; self->bucket != NULL && slot < bytestag_bucket_get_n_nodes (self->bucket); slot++)
    {
      BytestagNode *node = bytestag_bucket_peek (self->bucket, slot);

      g_ptr_array_add (self->nodes, g_object_ref (node));
      g_signal_connect_swapped (node, "notify::state", G_CALLBACK (node_state_cb), self);
    }
}

static void
items_changed_cb (BytestagBucketStrip *self)
{
  watch_nodes (self);
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gboolean
bytestag_bucket_strip_query_tooltip (GtkWidget  *widget,
                                     int         x,
                                     int         y,
                                     gboolean    keyboard,
                                     GtkTooltip *tooltip)
{
  BytestagBucketStrip *self = BYTESTAG_BUCKET_STRIP (widget);
  int width = gtk_widget_get_width (widget);
  g_autofree char *text = NULL;
  int slot;

  if (self->bucket == NULL || keyboard || width <= 0 || x < 0 || x >= width)
    return FALSE;

  slot = x * BYTESTAG_MAX_BUCKET_SIZE / width;
  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    slot = BYTESTAG_MAX_BUCKET_SIZE - 1 - slot;
  if (slot >= (int) bytestag_bucket_get_n_nodes (self->bucket))
    return FALSE;

  text = bytestag_words_node (bytestag_bucket_peek (self->bucket, (guint) slot));
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
bytestag_bucket_strip_snapshot (GtkWidget   *widget,
                                GtkSnapshot *snapshot)
{
  BytestagBucketStrip *self = BYTESTAG_BUCKET_STRIP (widget);
  BytestagPalette palette;

  if (self->bucket == NULL)
    return;

  bytestag_palette_of_widget (&palette, widget);
  bytestag_bucket_draw (snapshot, self->bucket,
                        (float) gtk_widget_get_width (widget), (float) gtk_widget_get_height (widget),
                        gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL,
                        &palette);
}

static void
bytestag_bucket_strip_measure (GtkWidget      *widget,
                               GtkOrientation  orientation,
                               int             for_size,
                               int            *minimum,
                               int            *natural,
                               int            *minimum_baseline,
                               int            *natural_baseline)
{
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = BYTESTAG_MAX_BUCKET_SIZE * SLOT_MIN_WIDTH;
      *natural = BYTESTAG_MAX_BUCKET_SIZE * SLOT_WIDTH;
    }
  else
    {
      *minimum = *natural = SLOT_HEIGHT;
    }
}

static void
bytestag_bucket_strip_dispose (GObject *object)
{
  BytestagBucketStrip *self = BYTESTAG_BUCKET_STRIP (object);

  g_clear_object (&self->signals);
  g_clear_object (&self->bucket);
  if (self->nodes != NULL)
    watch_nodes (self);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_bucket_strip_parent_class)->dispose (object);
}

static void
bytestag_bucket_strip_get_property (GObject    *object,
                                    guint       prop_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  BytestagBucketStrip *self = BYTESTAG_BUCKET_STRIP (object);

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
bytestag_bucket_strip_set_property (GObject      *object,
                                    guint         prop_id,
                                    const GValue *value,
                                    GParamSpec   *pspec)
{
  BytestagBucketStrip *self = BYTESTAG_BUCKET_STRIP (object);

  switch (prop_id)
    {
    case PROP_BUCKET:
      bytestag_bucket_strip_set_bucket (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_bucket_strip_class_init (BytestagBucketStripClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_bucket_strip_dispose;
  object_class->get_property = bytestag_bucket_strip_get_property;
  object_class->set_property = bytestag_bucket_strip_set_property;

  widget_class->snapshot = bytestag_bucket_strip_snapshot;
  widget_class->measure = bytestag_bucket_strip_measure;
  widget_class->query_tooltip = bytestag_bucket_strip_query_tooltip;

  properties[PROP_BUCKET] =
    g_param_spec_object ("bucket", NULL, NULL, BYTESTAG_TYPE_BUCKET,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_css_name (widget_class, "bucketstrip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
bytestag_bucket_strip_init (BytestagBucketStrip *self)
{
  self->nodes = g_ptr_array_new_with_free_func (g_object_unref);
  self->signals = g_signal_group_new (BYTESTAG_TYPE_BUCKET);
  g_signal_group_connect_swapped (self->signals, "items-changed", G_CALLBACK (items_changed_cb), self);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Slots"), -1);
}

GtkWidget *
bytestag_bucket_strip_new (void)
{
  return g_object_new (BYTESTAG_TYPE_BUCKET_STRIP, NULL);
}

void
bytestag_bucket_strip_set_bucket (BytestagBucketStrip *self,
                                  BytestagBucket      *bucket)
{
  g_return_if_fail (BYTESTAG_IS_BUCKET_STRIP (self));
  g_return_if_fail (bucket == NULL || BYTESTAG_IS_BUCKET (bucket));

  if (!g_set_object (&self->bucket, bucket))
    return;

  g_signal_group_set_target (self->signals, bucket);
  items_changed_cb (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUCKET]);
}
