/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/kvp-id.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_DENYLIST (bytestag_denylist_get_type ())
G_DECLARE_FINAL_TYPE (BytestagDenylist, bytestag_denylist, BYTESTAG, DENYLIST, GObject)

/* Keys that this node will not store, replicate, serve or fetch (B.3 "Denylist"). Signal
 * "changed": another list was loaded. */
BytestagDenylist *bytestag_denylist_new         (void);
/* Reads a list, in place of the one before: a key on each line, in hex, base32 or base64, or
 * "sha256:" and the SHA-256 of a key's 20 bytes in hex; what follows a "#" is a comment. At most
 * BYTESTAG_LIMIT_DENIED_KEYS are taken. Returns how many lines are none of these, or too many:
 * they deny nothing. @text: need not be UTF-8. */
guint             bytestag_denylist_load        (BytestagDenylist    *self,
                                                 const char          *text,
                                                 gsize                length);
/* Takes what @other has in place of its own, and leaves it empty: @other may have been loaded by
 * another thread, since a long list takes longer than a dispatch may. Returns as _load(). */
guint             bytestag_denylist_take        (BytestagDenylist    *self,
                                                 BytestagDenylist    *other);
guint             bytestag_denylist_get_n_keys  (BytestagDenylist    *self);
/* Of the last load. */
guint             bytestag_denylist_get_n_bad   (BytestagDenylist    *self);
gboolean          bytestag_denylist_contains    (BytestagDenylist    *self,
                                                 const BytestagKey   *key);
/* Whether it denies a value by its key or its index. */
gboolean          bytestag_denylist_denies      (BytestagDenylist    *self,
                                                 const BytestagKvpId *id);

G_END_DECLS
