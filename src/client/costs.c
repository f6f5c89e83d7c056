/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/costs.h"

#include "sharing/survival.h"

#define DAY_HOURS 24
#define HOUR_SECONDS 3600

struct _BytestagCosts
{
  GObject parent_instance;

  BytestagPublisher *publisher;
  GSettings *settings;
  BytestagChurnMeter *churn_meter;
};

enum {
  PROP_0,
  PROP_RECOMMENDED_COPIES,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagCosts, bytestag_costs, G_TYPE_OBJECT)

static void
bytestag_costs_dispose (GObject *object)
{
  BytestagCosts *self = BYTESTAG_COSTS (object);

  g_clear_object (&self->churn_meter);
  g_clear_object (&self->settings);
  g_clear_object (&self->publisher);

  G_OBJECT_CLASS (bytestag_costs_parent_class)->dispose (object);
}

static void
bytestag_costs_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_RECOMMENDED_COPIES:
      g_value_set_uint (value, bytestag_costs_get_recommended_copies (BYTESTAG_COSTS (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_costs_class_init (BytestagCostsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_costs_dispose;
  object_class->get_property = bytestag_costs_get_property;

  properties[PROP_RECOMMENDED_COPIES] =
    g_param_spec_uint ("recommended-copies", NULL, NULL, 0, 20, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_costs_init (BytestagCosts *self)
{
}

static void
churn_cb (BytestagCosts *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECOMMENDED_COPIES]);
}

BytestagCosts *
bytestag_costs_new (BytestagNetwork   *network,
                    BytestagPublisher *publisher,
                    GSettings         *settings)
{
  BytestagCosts *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_PUBLISHER (publisher), NULL);
  g_return_val_if_fail (G_IS_SETTINGS (settings), NULL);

  self = g_object_new (BYTESTAG_TYPE_COSTS, NULL);
  self->publisher = g_object_ref (publisher);
  self->settings = g_object_ref (settings);
  self->churn_meter = bytestag_churn_meter_new (bytestag_network_get_reactor (network),
                                                bytestag_network_get_routing_table (network));
  g_signal_connect_object (self->churn_meter, "notify", G_CALLBACK (churn_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::daily-hours", G_CALLBACK (churn_cb), self, G_CONNECT_SWAPPED);

  return self;
}

static void
get_rates (BytestagCosts       *self,
           BytestagBudgetRates *rates)
{
  const BytestagPublisherCounters *looks = bytestag_publisher_get_counters (self->publisher);

  bytestag_budget_rates_init (rates);
  bytestag_budget_rates_calibrate (rates, bytestag_publisher_get_n_pieces (self->publisher), looks->n_upkeep_looked,
                                   looks->n_upkeep_requests, looks->n_stored, looks->n_confirming);
  if (bytestag_churn_meter_is_known (self->churn_meter))
    rates->loss_per_hour = bytestag_churn_meter_get_loss_per_hour (self->churn_meter);
}

static void
compute (BytestagCosts            *self,
         const BytestagBudgetPlan *plan,
         BytestagBudget           *budget)
{
  BytestagBudgetRates rates;
  BytestagBudgetPlan own = *plan;

  own.upload_limit = g_settings_get_uint64 (self->settings, "upload-limit");
  own.on_time = g_settings_get_uint (self->settings, "daily-hours") * HOUR_SECONDS;
  get_rates (self, &rates);
  bytestag_budget_compute (&own, &rates, budget);
}

/* Every file has a part that is not full; roots and pages are few beside the parts. */
static void
make_plan (guint               n_files,
           guint64             size,
           guint               copies,
           BytestagBudgetPlan *plan)
{
  guint64 n_parts = n_files + size / BYTESTAG_PART_SIZE;

  *plan = (BytestagBudgetPlan) { 0 };
  bytestag_budget_plan_add (plan, n_parts, n_parts > 0 ? size / n_parts : 0, copies);
}

void
bytestag_costs_estimate (BytestagCosts  *self,
                         guint           n_files,
                         guint64         size,
                         BytestagBudget *budget)
{
  BytestagBudgetPlan plan;

  g_return_if_fail (BYTESTAG_IS_COSTS (self));
  g_return_if_fail (budget != NULL);

  make_plan (n_files, size, g_settings_get_uint (self->settings, "copies"), &plan);
  compute (self, &plan, budget);
}

void
bytestag_costs_compute (BytestagCosts  *self,
                        BytestagShare  *share,
                        BytestagBudget *budget)
{
  BytestagSurvival *survival;
  BytestagBudgetPlan plan;
  GListModel *rows;

  g_return_if_fail (BYTESTAG_IS_COSTS (self));
  g_return_if_fail (BYTESTAG_IS_SHARE (share));
  g_return_if_fail (budget != NULL);

  make_plan (bytestag_share_get_n_files (share), bytestag_share_get_size (share),
             bytestag_share_get_copies (share), &plan);
  survival = bytestag_share_get_survival (share);
  rows = survival != NULL ? bytestag_survival_get_histogram (survival) : NULL;
  for (guint i = 0; rows != NULL && i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (BytestagSurvivalRow) row = g_list_model_get_item (rows, i);
      guint copies = MIN (bytestag_survival_row_get_copies (row), bytestag_share_get_copies (share));

      plan.n_copies_there += (guint64) copies * bytestag_survival_row_get_n_pieces (row);
    }
  plan.n_copies_there = MIN (plan.n_copies_there, plan.n_copies);
  if (plan.n_copies > 0)
    plan.n_bytes_there = (guint64) ((gdouble) plan.n_bytes_of_copies * (gdouble) plan.n_copies_there /
                                    (gdouble) plan.n_copies);
  compute (self, &plan, budget);
}

guint
bytestag_costs_get_recommended_copies (BytestagCosts *self)
{
  guint hours;

  g_return_val_if_fail (BYTESTAG_IS_COSTS (self), 0);

  if (!bytestag_churn_meter_is_known (self->churn_meter))
    return 0;

  hours = DAY_HOURS - MIN (g_settings_get_uint (self->settings, "daily-hours"), DAY_HOURS - 1);
  return bytestag_budget_recommend_copies (bytestag_churn_meter_get_loss_per_hour (self->churn_meter), hours);
}

BytestagChurnMeter *
bytestag_costs_get_churn_meter (BytestagCosts *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COSTS (self), NULL);

  return self->churn_meter;
}
