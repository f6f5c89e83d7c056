/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/key.h"

G_BEGIN_DECLS

/* The words of a link, before their meaning (A.5, "Magnet"). */

#define BYTESTAG_LINK_SCHEME "bytestag"
#define BYTESTAG_MAGNET_SCHEME "magnet"
#define BYTESTAG_LINK_URN "urn:bstagih:"
#define BYTESTAG_BITTORRENT_URN "urn:btih:"

typedef struct {
  char *name;  /* "xt" also for "xt.1" */
  char *value; /* decoded, UTF-8, never empty */
} BytestagLinkParam;

/* Reads one of the 1 or 2 @schemes, in any case, and what follows the first "?". (transfer full)
 * (nullable) (element-type BytestagLinkParam) in the order of the text. Words
 * without a value are left out. BYTESTAG_ERROR_INVALID: another scheme, or no "?". */
GPtrArray  *bytestag_link_params_parse   (const char        *uri,
                                          const char * const *schemes,
                                          GError           **error);
/* (nullable) the first value of @name */
const char *bytestag_link_params_first   (GPtrArray         *params,
                                          const char        *name);
/* The key after @urn in an exact topic. FALSE without @error: it has another urn. */
gboolean    bytestag_link_topic_read_key (const char        *topic,
                                          const char        *urn,
                                          BytestagKey       *key,
                                          GError           **error);
/* (transfer full) "urn:bstagih:" and the key in base32 */
char       *bytestag_link_topic_new      (const BytestagKey *key);

G_END_DECLS
