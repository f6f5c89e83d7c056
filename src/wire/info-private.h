/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/canonical.h"
#include "wire/file-info.h"
#include "wire/json-read.h"

G_BEGIN_DECLS

/* What the info models share inside wire. */

/* Checks that @bytes is a JSON object within the bounds of infos. */
gboolean          bytestag_info_parse          (BytestagJsonValue       *object,
                                                GBytes                 *bytes,
                                                GError                **error);
gboolean          bytestag_info_refuse         (GError                **error,
                                                const char             *message);
/* The member "!" is @header. */
gboolean          bytestag_info_has_header     (const BytestagJsonValue *object,
                                                const char             *header);
/* A string, or NULL when it is missing, null or empty. FALSE: another type. */
gboolean          bytestag_info_read_string    (const BytestagJsonValue *value,
                                                char                  **string);
/* Writes a member unless it is 0. */
void              bytestag_info_write_integer  (BytestagCanonical      *writer,
                                                const char             *name,
                                                const BytestagJsonInteger *integer);
guint64           bytestag_info_saturating_add (guint64                 a,
                                                guint64                 b);
/* An array of at least one info. (transfer full) (element-type BytestagFileInfo) */
GPtrArray        *bytestag_file_infos_from_json (const BytestagJsonValue *array,
                                                GError                **error);
void              bytestag_file_info_write     (BytestagFileInfo       *self,
                                                BytestagCanonical      *writer);

G_END_DECLS
