/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/library.h"
#include "sharing/record-keeper.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_ANNOUNCER (bytestag_announcer_get_type ())
G_DECLARE_FINAL_TYPE (BytestagAnnouncer, bytestag_announcer, BYTESTAG, ANNOUNCER, GObject)

/* Keeps what @keeper says of this computer in step with what @library serves: collections
 * with a link, whose files are here. */
BytestagAnnouncer *bytestag_announcer_new (BytestagLibrary      *library,
                                           BytestagRecordKeeper *keeper);

G_END_DECLS
