/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vectors.h"
#include "wire/collection-info.h"

/* What the tests of infos share. */

G_BEGIN_DECLS

/* The bytes of @info are the member @bytes_name of @vector, and their key its "key". */
void              infos_check        (gpointer                 info,
                                      const BytestagJsonValue *vector,
                                      const char              *bytes_name);
/* Reads the object @value as it stands. (transfer full) (nullable) */
gpointer          infos_parse        (const BytestagJsonValue *value,
                                      GType                    type,
                                      GError                 **error);
/* Makes the info from the values in @vector by the constructor. (transfer full)
 * (nullable): NULL when C cannot say them (a size that is true, or above 2^64 - 1;
 * a filename that is a plain string). */
BytestagFileInfo *infos_make_file    (const BytestagJsonValue *vector);

G_END_DECLS
