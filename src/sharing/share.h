/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/task.h"
#include "sharing/survival.h"
#include "wire/link.h"

G_BEGIN_DECLS

typedef enum {
  BYTESTAG_SHARE_HASHING,
  BYTESTAG_SHARE_PUBLISHING, /* the link is there, first copies are being sent */
  BYTESTAG_SHARE_ONLINE,     /* every piece is with somebody else too */
  BYTESTAG_SHARE_FAILED,
  BYTESTAG_SHARE_STOPPED,
} BytestagShareState;

#define BYTESTAG_TYPE_SHARE_STATE (bytestag_share_state_get_type ())
GType bytestag_share_state_get_type (void) G_GNUC_CONST;

#define BYTESTAG_TYPE_SHARE (bytestag_share_get_type ())
G_DECLARE_FINAL_TYPE (BytestagShare, bytestag_share, BYTESTAG, SHARE, GObject)

/* A collection that the person here shares. Made by BytestagLibrary. Properties,
 * read-only, notified at most 4 times a second while they run:
 * "name" (string), "state", "link" (string, nullable until hashed), "n-files"
 * (uint), "size" (uint64 bytes), "bytes-hashed" (uint64), "seconds-left" (int64: until all is
 * hashed, -1: not known, or hashed), "current-file" (string, nullable),
 * "n-pieces" (uint: values to publish), "n-pieces-sent" (uint: went to at least one node),
 * "fraction" (double, of what it does now), "error" (GError, nullable),
 * "skipped" (GStrv: paths of what was left out: hidden files, links, and what could not be
 * shared; BYTESTAG_LIMIT_SKIPPED_NAMED of each reason), "n-skipped" (uint: all of it), "problems"
 * (GStrv: of what could not be shared, a sentence each), "n-problems" (uint);
 * "copies" (uint: that are wanted of each piece), "away" (boolean: on a drive that is not there now),
 * "n-changed", "n-deleted" (uint: files that are not what was shared any more), "n-new" (uint: files
 * in its folders that came later), "last-checked" (int64: unix seconds when that was looked at, 0: never),
 * "survival" (BytestagSurvival, nullable: until it is published). Signal "ready": hashed, the link is
 * there (of its twin too); "published": every piece has all its copies; "failed"; "changed": what is there is
 * not what was shared, and may be shared as a new version (bytestag_library_share_new_version()). */
const char            *bytestag_share_get_name       (BytestagShare *self);
BytestagShareState     bytestag_share_get_state      (BytestagShare *self);
/* (transfer none) (nullable) */
BytestagLink          *bytestag_share_get_link       (BytestagShare *self);
const GError          *bytestag_share_get_error      (BytestagShare *self);
guint                  bytestag_share_get_n_files    (BytestagShare *self);
guint64                bytestag_share_get_size       (BytestagShare *self);
guint64                bytestag_share_get_bytes_hashed (BytestagShare *self);
gint64                 bytestag_share_get_seconds_left (BytestagShare *self);
guint                  bytestag_share_get_n_pieces   (BytestagShare *self);
guint                  bytestag_share_get_n_pieces_sent (BytestagShare *self);
/* (transfer none) (nullable) while it is published */
BytestagPublication   *bytestag_share_get_publication (BytestagShare *self);
BytestagSurvival      *bytestag_share_get_survival   (BytestagShare *self);
guint                  bytestag_share_get_copies     (BytestagShare *self);
gboolean               bytestag_share_is_away        (BytestagShare *self);
guint                  bytestag_share_get_n_changed  (BytestagShare *self);
guint                  bytestag_share_get_n_deleted  (BytestagShare *self);
guint                  bytestag_share_get_n_new      (BytestagShare *self);
gint64                 bytestag_share_get_last_checked (BytestagShare *self);
/* (transfer none) what was given to be shared, absolute. */
const char * const    *bytestag_share_get_paths      (BytestagShare *self);
/* (transfer none) (nullable) the item that shared the same collection already,
 * when this one left the list for it. */
BytestagShare         *bytestag_share_get_twin       (BytestagShare *self);

G_END_DECLS
