/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

/* What a table knows of its values without their bytes: their records by id, what ends
 * first, and what makes room for what (B.5). Some 85 bytes a value. A value is named by a
 * number until it is dropped; the table keeps what else it has of it. Not a GObject. */
typedef struct _BytestagKeptIndex BytestagKeptIndex;

/* No value. */
#define BYTESTAG_KEPT_NONE G_MAXUINT32

BytestagKeptIndex *bytestag_kept_index_new        (guint                    max_values);
void               bytestag_kept_index_free       (BytestagKeptIndex       *self);
/* As bytestag_source_quota_set_limits_private(); while nothing is kept. */
void               bytestag_kept_index_set_limits_private (BytestagKeptIndex *self,
                                                   gboolean                 limits_private);
void               bytestag_kept_index_set_center (BytestagKeptIndex       *self,
                                                   const BytestagKey       *center);
/* How many bytes may be kept. What is charged for small values hangs on it, and is brought
 * up to date by _recount(). */
void               bytestag_kept_index_set_max_bytes (BytestagKeptIndex    *self,
                                                   guint64                  max_bytes);
guint64            bytestag_kept_index_get_max_bytes (BytestagKeptIndex    *self);
/* Charges @n values more as it is now; TRUE: there are some left. */
gboolean           bytestag_kept_index_recount    (BytestagKeptIndex       *self,
                                                   guint                    n);

/* Values that are held, those that are kept for others, and bytes of all, also of those
 * that are pending. */
guint              bytestag_kept_index_get_n_values (BytestagKeptIndex     *self);
guint              bytestag_kept_index_get_n_kept (BytestagKeptIndex       *self);
guint64            bytestag_kept_index_get_n_bytes (BytestagKeptIndex      *self);

/* The number of @id, be it pending, or none. */
guint32            bytestag_kept_index_find       (BytestagKeptIndex       *self,
                                                   const BytestagKvpId     *id);
gboolean           bytestag_kept_index_is_pending (BytestagKeptIndex       *self,
                                                   guint32                  number);
void               bytestag_kept_index_get_record (BytestagKeptIndex       *self,
                                                   guint32                  number,
                                                   BytestagKvpRecord       *record);

/* As the functions of the port. */
gboolean           bytestag_kept_index_lookup     (BytestagKeptIndex       *self,
                                                   const BytestagKvpId     *id,
                                                   BytestagKvpRecord       *record);
guint              bytestag_kept_index_visit_key  (BytestagKeptIndex       *self,
                                                   const BytestagKey       *key,
                                                   BytestagKvpVisitFunc     visit,
                                                   gpointer                 user_data);
guint              bytestag_kept_index_visit_kept (BytestagKeptIndex       *self,
                                                   const BytestagKvpId     *after,
                                                   guint                    max,
                                                   BytestagKvpVisitFunc     visit,
                                                   gpointer                 user_data);
gboolean           bytestag_kept_index_can_keep   (BytestagKeptIndex       *self,
                                                   const BytestagKvpRecord *offer);

/* Fills @victims, of BYTESTAG_LIMIT_VICTIMS, with what is to go for @offer, which can be
 * kept; returns how many. */
guint              bytestag_kept_index_pick_victims (BytestagKeptIndex     *self,
                                                   const BytestagKvpRecord *offer,
                                                   guint32                 *victims);
/* The next value that is to go since more is kept than may be; none: it is not. */
guint32            bytestag_kept_index_pick_excess (BytestagKeptIndex      *self);
/* The first value whose life was over before @now, unix seconds, or none. */
guint32            bytestag_kept_index_pick_expired (BytestagKeptIndex     *self,
                                                   gint64                   now);

/* @record is not known yet. @pending: it takes its room, but is not held before it is
 * confirmed. */
guint32            bytestag_kept_index_add        (BytestagKeptIndex       *self,
                                                   const BytestagKvpRecord *record,
                                                   gboolean                 pending);
void               bytestag_kept_index_confirm    (BytestagKeptIndex       *self,
                                                   guint32                  number);
/* It was stored again: takes the new record, but for its size and who stored it first. */
void               bytestag_kept_index_renew      (BytestagKeptIndex       *self,
                                                   guint32                  number,
                                                   const BytestagKvpRecord *record);
/* As _update() of the port; FALSE: it is not kept for others, or pending. */
gboolean           bytestag_kept_index_update     (BytestagKeptIndex       *self,
                                                   const BytestagKvpRecord *record);
void               bytestag_kept_index_drop       (BytestagKeptIndex       *self,
                                                   guint32                  number);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagKeptIndex, bytestag_kept_index_free)

G_END_DECLS
