/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Forward declarations, so that headers need not include one another in
 * circles. */
typedef struct _BytestagKey             BytestagKey;
typedef struct _BytestagEndpoint        BytestagEndpoint;
typedef struct _BytestagKvpId           BytestagKvpId;
typedef struct _BytestagKvpRecord       BytestagKvpRecord;
typedef struct _BytestagExchangeInfo    BytestagExchangeInfo;
typedef struct _BytestagTimer           BytestagTimer;
typedef struct _BytestagTimerQueue      BytestagTimerQueue;
typedef struct _BytestagTokenBucket     BytestagTokenBucket;

typedef struct _BytestagNode            BytestagNode;
typedef struct _BytestagReactor         BytestagReactor;
typedef struct _BytestagTask            BytestagTask;
typedef struct _BytestagTaskSlot        BytestagTaskSlot;

typedef struct _BytestagClock           BytestagClock;
typedef struct _BytestagRng             BytestagRng;
typedef struct _BytestagTransport       BytestagTransport;
typedef struct _BytestagKvpTable        BytestagKvpTable;
typedef struct _BytestagWorker          BytestagWorker;
typedef struct _BytestagEngine          BytestagEngine;

G_END_DECLS
