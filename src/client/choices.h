/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/publisher.h"
#include "sharing/record-keeper.h"
#include "storage/database-table.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_CHOICES (bytestag_choices_get_type ())
G_DECLARE_FINAL_TYPE (BytestagChoices, bytestag_choices, BYTESTAG, CHOICES, GObject)

/* Applies what the person chose to the engine, now and whenever it changes: the space for
 * others, the upload limit, whether copies are sent on metered networks, who browses, and the
 * file "denylist" in the data folder, which is read again when it is written. Property
 * "denylist-problem" (string, nullable): what is wrong with that file, in words. */
BytestagChoices *bytestag_choices_new (GSettings             *settings,
                                       const char            *folder,
                                       BytestagNetwork       *network,
                                       BytestagDatabaseTable *kept,
                                       BytestagPublisher     *publisher,
                                       BytestagRecordKeeper  *records);
/* (nullable) as the property */
const char      *bytestag_choices_get_denylist_problem (BytestagChoices *self);

G_END_DECLS
