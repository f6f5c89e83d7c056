/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/budget.h"

#include <math.h>

#include "core/limits.h"
#include "dht/network.h"
#include "sharing/publisher.h"

#define DAY 86400

/* Hours between two turns of a value's replication, at most (B.3). */
#define REPLICATION_HOURS (BYTESTAG_TIME_REPLICATE / 3600.0)
/* Bytes of our datagrams, whose keys and ids no compression makes shorter (A.1; a test sends them
 * all): of a value its base64 in zlib, and an envelope for each BYTESTAG_CHUNK_SIZE; its offer and
 * its end; the offer alone, which renews; a getval, and what acknowledges its bytes. */
#define BYTES_PER_BYTE 1.14
#define BYTES_PER_STORE 390
#define BYTES_PER_RENEWAL 225
#define BYTES_PER_CHECK 275
/* Of 1 + BYTESTAG_LIMIT_KEYS_OF_REQUEST keys. */
#define BYTES_PER_REQUEST 910
/* "./dev bench upkeep": at most 2 requests a piece, fewer of many; fewer too where there are not
 * 1,000 nodes, which nobody knows before. */
#define USUAL_REQUESTS_PER_LOOK 2
#define USUAL_PIECES 1000
/* "./dev sim --scenario survival-slow": values that one node was sent together are asked for
 * together. */
#define USUAL_REQUESTS_PER_STORE 0.2
/* A look-up serves all keys between its answers: of 100 times as many pieces each takes 0.3
 * requests rather than 2. No more than one by one. */
#define EXPONENT_OF_SHARING 0.41
#define MOST_REQUESTS_PER_LOOK 27
/* A part is asked for before its first copy is sent, and before the others are. */
#define LOOKS_AT_FIRST 2
/* Between two renewals of a promise, at the least: those that are due within a day are renewed
 * together (B.3 "Life"). */
#define RENEWAL_DAYS ((gdouble) (BYTESTAG_TIME_KEEP - BYTESTAG_TIME_KEEP / 3 - DAY) / DAY)
/* In Kad, half of the nodes stay 3 hours or longer; what is here is for who lets a
 * computer run, and is replaced as soon as there is a measurement. */
#define USUAL_LOSS_PER_HOUR 0.1

G_DEFINE_ENUM_TYPE (BytestagBudgetVerdict, bytestag_budget_verdict,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_BUDGET_FITS, "fits"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_BUDGET_PARTLY, "partly"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_BUDGET_NOTHING, "nothing"))

void
bytestag_budget_rates_init (BytestagBudgetRates *self)
{
  *self = (BytestagBudgetRates) {
    .bytes_per_byte = BYTES_PER_BYTE,
    .bytes_per_store = BYTES_PER_STORE,
    .requests_per_store = USUAL_REQUESTS_PER_STORE,
    .bytes_per_renewal = BYTES_PER_RENEWAL,
    .bytes_per_check = BYTES_PER_CHECK,
    .requests_per_look = USUAL_REQUESTS_PER_LOOK,
    .n_pieces = USUAL_PIECES,
    .bytes_per_request = BYTES_PER_REQUEST,
    .looks_per_day = 1,
    .loss_per_hour = USUAL_LOSS_PER_HOUR,
  };
}

void
bytestag_budget_rates_calibrate (BytestagBudgetRates *self,
                                 guint64              n_pieces,
                                 guint64              n_looked,
                                 guint64              n_requests,
                                 guint64              n_stored,
                                 guint64              n_confirming)
{
  g_return_if_fail (self != NULL);

  if (n_looked > 0 && n_pieces > 0)
    {
      self->requests_per_look = (gdouble) n_requests / (gdouble) n_looked;
      self->n_pieces = (gdouble) n_pieces;
    }
  if (n_stored > 0)
    self->requests_per_store = (gdouble) n_confirming / (gdouble) n_stored;
}

static guint64
add (guint64 a,
     guint64 b)
{
  guint64 sum;

  return g_uint64_checked_add (&sum, a, b) ? sum : G_MAXUINT64;
}

static guint64
multiply (guint64 a,
          guint64 b)
{
  guint64 product;

  return g_uint64_checked_mul (&product, a, b) ? product : G_MAXUINT64;
}

/* Rounded up: a cost. */
static guint64
to_count (gdouble value)
{
  if (!(value > 0))
    return 0;
  return value < 0x1p63 ? (guint64) ceil (value) : G_MAXUINT64;
}

void
bytestag_budget_plan_add (BytestagBudgetPlan *self,
                          guint64             n,
                          guint64             size,
                          guint               copies)
{
  guint64 n_bytes = multiply (n, size);

  g_return_if_fail (self != NULL);

  self->n_pieces = add (self->n_pieces, n);
  self->n_bytes = add (self->n_bytes, n_bytes);
  self->n_copies = add (self->n_copies, multiply (n, copies));
  self->n_bytes_of_copies = add (self->n_bytes_of_copies, multiply (n_bytes, copies));
}

/* Of a pass over all. */
static gdouble
get_n_requests (const BytestagBudgetPlan  *plan,
                const BytestagBudgetRates *rates)
{
  gdouble n = (gdouble) plan->n_pieces;
  gdouble of_each = rates->requests_per_look;

  if (n > 0 && rates->n_pieces > 0)
    of_each *= pow (rates->n_pieces / n, EXPONENT_OF_SHARING);
  return n * MIN (of_each, MOST_REQUESTS_PER_LOOK);
}

static gdouble
get_cost_of_stores (const BytestagBudgetRates *rates,
                    gdouble                    n_copies,
                    gdouble                    n_bytes)
{
  return (rates->bytes_per_store + rates->requests_per_store * rates->bytes_per_request) * n_copies +
         rates->bytes_per_byte * n_bytes;
}

/* The share of copies that went since they were last replaced by others. */
static gdouble
get_loss_of_interval (gdouble loss_per_hour)
{
  return 1 - pow (1 - CLAMP (loss_per_hour, 0, 1), REPLICATION_HOURS);
}

/* A pass asks for each piece, checks some of those that say they hold it, and sends again what
 * its holders have not replaced among themselves yet: those that went since they last did so,
 * and as many that came, are nearer and hold nothing. Whatever holds, promises are renewed. */
static gdouble
get_upkeep (const BytestagBudgetPlan  *plan,
            const BytestagBudgetRates *rates)
{
  gdouble lost = MIN (2 * get_loss_of_interval (rates->loss_per_hour), 1);
  gdouble pass = rates->bytes_per_request * get_n_requests (plan, rates) +
                 rates->bytes_per_check * (gdouble) plan->n_copies / BYTESTAG_COPIES_OF_CHECK +
                 get_cost_of_stores (rates, lost * (gdouble) plan->n_copies, lost * (gdouble) plan->n_bytes_of_copies);

  return rates->looks_per_day * pass + rates->bytes_per_renewal * (gdouble) plan->n_copies / RENEWAL_DAYS;
}

static void
judge (const BytestagBudgetPlan *plan,
       BytestagBudget           *budget)
{
  gdouble left;

  if (plan->on_time == 0)
    {
      budget->verdict = plan->n_pieces > 0 ? BYTESTAG_BUDGET_NOTHING : BYTESTAG_BUDGET_FITS;
      budget->share_kept = plan->n_pieces > 0 ? 0 : 1;
      budget->initial_seconds = budget->initial_bytes > 0 ? G_MAXUINT64 : 0;
      return;
    }

  if (budget->upkeep_bytes <= budget->day_bytes)
    {
      budget->verdict = BYTESTAG_BUDGET_FITS;
      budget->share_kept = 1;
    }
  else
    {
      budget->verdict = BYTESTAG_BUDGET_PARTLY;
      budget->share_kept = (gdouble) budget->day_bytes / (gdouble) budget->upkeep_bytes;
    }

  if (plan->upload_limit == 0 || budget->initial_bytes == 0)
    return;

  /* Of each second of on-time upkeep takes its share. */
  left = (gdouble) plan->upload_limit - (gdouble) budget->upkeep_bytes / MIN (plan->on_time, DAY);
  budget->initial_seconds = left > 0 ? to_count ((gdouble) budget->initial_bytes / left) : G_MAXUINT64;
}

void
bytestag_budget_compute (const BytestagBudgetPlan  *plan,
                         const BytestagBudgetRates *rates,
                         BytestagBudget            *budget)
{
  guint64 n_copies, n_bytes;

  g_return_if_fail (plan != NULL && rates != NULL && budget != NULL);

  n_copies = plan->n_copies - MIN (plan->n_copies_there, plan->n_copies);
  n_bytes = plan->n_bytes_of_copies - MIN (plan->n_bytes_there, plan->n_bytes_of_copies);

  *budget = (BytestagBudget) {
    .initial_bytes = to_count (LOOKS_AT_FIRST * rates->bytes_per_request * get_n_requests (plan, rates) +
                               get_cost_of_stores (rates, (gdouble) n_copies, (gdouble) n_bytes)),
    .upkeep_bytes = to_count (get_upkeep (plan, rates)),
    .upkeep_requests = to_count (rates->looks_per_day * get_n_requests (plan, rates)),
    .day_bytes = G_MAXUINT64,
  };
  if (plan->upload_limit > 0)
    budget->day_bytes = multiply (plan->upload_limit, MIN (plan->on_time, DAY));
  judge (plan, budget);
}

gdouble
bytestag_budget_get_risk (gdouble loss_per_hour,
                          guint   copies,
                          gdouble hours)
{
  gdouble all_go = pow (get_loss_of_interval (loss_per_hour), copies);
  gdouble n_intervals = MAX (hours, 0) / REPLICATION_HOURS;

  /* Written so that chances of 10⁻²⁰ are not rounded to 0. */
  return all_go < 1 ? -expm1 (n_intervals * log1p (-all_go)) : n_intervals > 0;
}

guint
bytestag_budget_recommend_copies (gdouble loss_per_hour,
                                  gdouble hours)
{
  for (guint copies = 1; copies < BYTESTAG_MAX_BUCKET_SIZE; copies++)
    if (bytestag_budget_get_risk (loss_per_hour, copies, hours) <= BYTESTAG_BUDGET_ACCEPTED_RISK)
      return copies;

  return BYTESTAG_MAX_BUCKET_SIZE;
}
