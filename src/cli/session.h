/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/options.h"
#include "cli/printer.h"

G_BEGIN_DECLS

/* Does what @options say: as a node of its own, or through the Bytestag that runs on
 * the data folder. Returns the exit status. */
int bytestag_session_run (BytestagOptions *options,
                          BytestagPrinter *printer);

G_END_DECLS
