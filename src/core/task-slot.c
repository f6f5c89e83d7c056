/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/task-slot.h"

typedef struct {
  BytestagTask *task;
  gulong finished_id;
  gboolean running; /* it was started here */
} Entry;

struct _BytestagTaskSlot
{
  GObject parent_instance;

  GPtrArray *entries; /* (element-type Entry) in order of adding */
  guint max_running;
  guint n_running;
};

enum {
  PROP_0,
  PROP_MAX_RUNNING,
  PROP_N_RUNNING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void bytestag_task_slot_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagTaskSlot, bytestag_task_slot, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, bytestag_task_slot_list_model_init))

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_clear_signal_handler (&entry->finished_id, entry->task);
  g_clear_object (&entry->task);
  g_free (entry);
}

static GType
bytestag_task_slot_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_TASK;
}

static guint
bytestag_task_slot_get_n_items (GListModel *model)
{
  return BYTESTAG_TASK_SLOT (model)->entries->len;
}

static gpointer
bytestag_task_slot_get_item (GListModel *model,
                             guint position)
{
  BytestagTaskSlot *self = BYTESTAG_TASK_SLOT (model);

  if (position >= self->entries->len)
    return NULL;
  return g_object_ref (((Entry *) self->entries->pdata[position])->task);
}

static void
bytestag_task_slot_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = bytestag_task_slot_get_item_type;
  iface->get_n_items = bytestag_task_slot_get_n_items;
  iface->get_item = bytestag_task_slot_get_item;
}

static void
bytestag_task_slot_get_property (GObject *object,
                                 guint prop_id,
                                 GValue *value,
                                 GParamSpec *pspec)
{
  BytestagTaskSlot *self = BYTESTAG_TASK_SLOT (object);

  switch (prop_id)
    {
    case PROP_MAX_RUNNING:
      g_value_set_uint (value, self->max_running);
      break;

    case PROP_N_RUNNING:
      g_value_set_uint (value, self->n_running);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
    }
}

static void
bytestag_task_slot_set_property (GObject *object,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_MAX_RUNNING:
      bytestag_task_slot_set_max_running (BYTESTAG_TASK_SLOT (object), g_value_get_uint (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
    }
}

static void
bytestag_task_slot_finalize (GObject *object)
{
  BytestagTaskSlot *self = BYTESTAG_TASK_SLOT (object);

  g_clear_pointer (&self->entries, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_task_slot_parent_class)->finalize (object);
}

static void
bytestag_task_slot_class_init (BytestagTaskSlotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = bytestag_task_slot_get_property;
  object_class->set_property = bytestag_task_slot_set_property;
  object_class->finalize = bytestag_task_slot_finalize;

  properties[PROP_MAX_RUNNING] = g_param_spec_uint ("max-running", NULL, NULL, 0, G_MAXUINT, 0,
                                                    G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                                                      G_PARAM_STATIC_STRINGS);
  properties[PROP_N_RUNNING] = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0,
                                                  G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY |
                                                    G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_task_slot_init (BytestagTaskSlot *self)
{
  self->entries = g_ptr_array_new_with_free_func (entry_free);
}

BytestagTaskSlot *
bytestag_task_slot_new (guint max_running)
{
  return g_object_new (BYTESTAG_TYPE_TASK_SLOT, "max-running", max_running, NULL);
}

/* The first that waits. One that was cancelled waits for nothing but its event. */
static Entry *
find_waiting (BytestagTaskSlot *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];

      if (!entry->running && bytestag_task_get_state (entry->task) == BYTESTAG_TASK_PENDING)
        return entry;
    }
  return NULL;
}

static void
start_waiting (BytestagTaskSlot *self)
{
  guint before = self->n_running;

  g_object_freeze_notify (G_OBJECT (self));
  while (self->n_running < self->max_running)
    {
      Entry *entry = find_waiting (self);

      if (entry == NULL)
        break;
      entry->running = TRUE;
      self->n_running++;
      bytestag_task_start (entry->task);
    }
  if (self->n_running != before)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_RUNNING]);
  g_object_thaw_notify (G_OBJECT (self));
}

static guint
find_position (BytestagTaskSlot *self,
               BytestagTask *task)
{
  guint position = 0;

  while (position < self->entries->len && ((Entry *) self->entries->pdata[position])->task != task)
    position++;
  return position;
}

static void
finished_cb (BytestagTask *task,
             BytestagTaskSlot *self)
{
  guint position = find_position (self, task);

  g_assert (BYTESTAG_IS_TASK_SLOT (self));
  g_assert (position < self->entries->len);

  g_object_ref (self);
  g_object_freeze_notify (G_OBJECT (self));
  if (((Entry *) self->entries->pdata[position])->running)
    {
      self->n_running--;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_RUNNING]);
    }
  g_ptr_array_remove_index (self->entries, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  start_waiting (self);
  g_object_thaw_notify (G_OBJECT (self));
  g_object_unref (self);
}

void
bytestag_task_slot_add (BytestagTaskSlot *self,
                        BytestagTask *task)
{
  Entry *entry;

  g_return_if_fail (BYTESTAG_IS_TASK_SLOT (self));
  g_return_if_fail (BYTESTAG_IS_TASK (task));
  g_return_if_fail (bytestag_task_get_state (task) == BYTESTAG_TASK_PENDING);

  entry = g_new0 (Entry, 1);
  entry->task = g_object_ref (task);
  entry->finished_id = g_signal_connect (task, "finished", G_CALLBACK (finished_cb), self);
  g_ptr_array_add (self->entries, entry);
  g_list_model_items_changed (G_LIST_MODEL (self), self->entries->len - 1, 0, 1);
  start_waiting (self);
}

guint
bytestag_task_slot_get_max_running (BytestagTaskSlot *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK_SLOT (self), 0);

  return self->max_running;
}

void
bytestag_task_slot_set_max_running (BytestagTaskSlot *self,
                                    guint max_running)
{
  g_return_if_fail (BYTESTAG_IS_TASK_SLOT (self));

  if (self->max_running == max_running)
    return;

  self->max_running = max_running;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_RUNNING]);
  start_waiting (self);
}

guint
bytestag_task_slot_get_n_running (BytestagTaskSlot *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK_SLOT (self), 0);

  return self->n_running;
}

void
bytestag_task_slot_cancel_all (BytestagTaskSlot *self)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_if_fail (BYTESTAG_IS_TASK_SLOT (self));

  for (guint i = 0; i < self->entries->len; i++)
    g_ptr_array_add (tasks, g_object_ref (((Entry *) self->entries->pdata[i])->task));
  for (guint i = 0; i < tasks->len; i++)
    bytestag_task_cancel (tasks->pdata[i]);
}
