/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/message.h"

G_BEGIN_DECLS

/* (transfer full) JSON text as an original would send it: zlib, level 6. */
GBytes *datagram_new  (const char         *json,
                       gssize              length);
/* (transfer full) the JSON text in a datagram of ours. */
char   *datagram_text (const guint8       *data,
                       gsize               length);

G_END_DECLS
