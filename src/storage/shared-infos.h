/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

/* Which info values are shared: ids and sizes, and the bytes of those that are in no
 * database. */
typedef struct _BytestagSharedInfos BytestagSharedInfos;

typedef struct
{
  BytestagKvpId id;
  GBytes *bytes; /* (nullable): the database has them */
  guint32 size;
  guint32 published; /* unix seconds; 0: never */
  guint32 n_added;
  guint32 next; /* of the index */
} BytestagSharedInfo;

BytestagSharedInfos *bytestag_shared_infos_new    (void);
void                 bytestag_shared_infos_free   (BytestagSharedInfos  *self);
/* Counted: added twice, it is removed twice. */
void                 bytestag_shared_infos_add    (BytestagSharedInfos  *self,
                                                   const BytestagKvpId  *id,
                                                   guint32               size,
                                                   GBytes               *bytes);
void                 bytestag_shared_infos_remove (BytestagSharedInfos  *self,
                                                   const BytestagKvpId  *id);
/* (transfer none) (nullable) until the next one is added. */
BytestagSharedInfo  *bytestag_shared_infos_lookup (BytestagSharedInfos  *self,
                                                   const BytestagKvpId  *id);
/* Those under @key with the smallest indices, in their order, at most @max. (out) */
guint                bytestag_shared_infos_list   (BytestagSharedInfos  *self,
                                                   const BytestagKey    *key,
                                                   const BytestagSharedInfo **infos,
                                                   guint                 max);

G_END_DECLS
