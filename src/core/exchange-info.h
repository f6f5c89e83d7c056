/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kvp-id.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_EXCHANGE_INFO (bytestag_exchange_info_get_type ())

typedef enum {
  BYTESTAG_TIME_NULL,
  BYTESTAG_TIME_INTEGER, /* a value kept for others */
  BYTESTAG_TIME_FLOAT,   /* a part of a shared file */
} BytestagTimeKind;

/**
 * BytestagExchangeInfo:
 * @size: bytes of the value; -1: null
 * @timestamp: unix seconds
 * @time_kind: how @timestamp is written (A.1.4, "vals")
 * @until: the unix second up to which the holder promises the value (B.3 "Life"); 0: none
 *
 * What nodes tell each other of a value, to decide on storing and fetching.
 * (Seed: KVPExchangeInfo; lists of it are GPtrArrays.)
 */
struct _BytestagExchangeInfo
{
  BytestagKvpId id;
  gint64 size;
  gdouble timestamp;
  BytestagTimeKind time_kind;
  gint64 until;
};

GType                 bytestag_exchange_info_get_type    (void) G_GNUC_CONST;
BytestagExchangeInfo *bytestag_exchange_info_copy        (const BytestagExchangeInfo *self);
void                  bytestag_exchange_info_free        (BytestagExchangeInfo       *self);
/* The time as A.1.4 ("vals") tells it: the publisher's for a value kept for others,
 * the last publication for a part of a shared file, null where there is none. */
void                  bytestag_exchange_info_from_record (BytestagExchangeInfo       *self,
                                                          const BytestagKvpRecord    *record);
/* (transfer full) (element-type BytestagExchangeInfo): an empty list that frees its elements. */
GPtrArray            *bytestag_exchange_info_list_new    (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagExchangeInfo, bytestag_exchange_info_free)

G_END_DECLS
