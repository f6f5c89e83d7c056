/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-model.h"

struct _BytestagTestModel
{
  GListModel *model;
  GPtrArray *items; /* (element-type GObject) */
  gulong changed_id;
  guint n_signals;
  guint n_rows;
};

void
bytestag_test_model_check (BytestagTestModel *self)
{
  guint n_items = g_list_model_get_n_items (self->model);

  g_assert_cmpuint (n_items, ==, self->items->len);
  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (self->model, i);

      g_assert_true (item == self->items->pdata[i]);
      g_assert_true (g_type_is_a (G_OBJECT_TYPE (item), g_list_model_get_item_type (self->model)));
    }
  g_assert_null (g_list_model_get_item (self->model, n_items));
}

static void
items_changed_cb (GListModel *model,
                  guint position,
                  guint n_removed,
                  guint n_added,
                  BytestagTestModel *self)
{
  g_assert_true (model == self->model);
  g_assert_cmpuint (n_removed + n_added, >, 0);
  g_assert_cmpuint (position, <=, self->items->len);
  g_assert_cmpuint (n_removed, <=, self->items->len - position);

  if (n_removed > 0)
    g_ptr_array_remove_range (self->items, position, n_removed);
  for (guint i = 0; i < n_added; i++)
    {
      gpointer item = g_list_model_get_item (model, position + i);

      g_assert_nonnull (item);
      g_ptr_array_insert (self->items, (int) (position + i), item);
    }

  self->n_signals++;
  self->n_rows += n_removed + n_added;
  bytestag_test_model_check (self);
}

BytestagTestModel *
bytestag_test_model_new (GListModel *model)
{
  BytestagTestModel *self = g_new0 (BytestagTestModel, 1);
  guint n_items = g_list_model_get_n_items (model);

  self->model = g_object_ref (model);
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n_items; i++)
    g_ptr_array_add (self->items, g_list_model_get_item (model, i));
  self->changed_id = g_signal_connect (model, "items-changed", G_CALLBACK (items_changed_cb), self);
  bytestag_test_model_check (self);
  return self;
}

guint
bytestag_test_model_take_n_signals (BytestagTestModel *self)
{
  guint n_signals = self->n_signals;

  self->n_signals = 0;
  return n_signals;
}

guint
bytestag_test_model_take_n_rows (BytestagTestModel *self)
{
  guint n_rows = self->n_rows;

  self->n_rows = 0;
  return n_rows;
}

void
bytestag_test_model_free (BytestagTestModel *self)
{
  bytestag_test_model_check (self);
  g_clear_signal_handler (&self->changed_id, self->model);
  g_clear_object (&self->model);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_free (self);
}
