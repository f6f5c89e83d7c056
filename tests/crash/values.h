/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "storage/database-table.h"

G_BEGIN_DECLS

/* The values of the crash tests: each is made of its number again wherever it is needed. */

/* From this number on they are long rows. */
#define BYTESTAG_CRASH_FIRST_ROW 240

/* (transfer full) the @n-th value; @record gets its id and size. Every third is a file. */
GBytes *bytestag_crash_value_make   (guint              n,
                                     BytestagKvpRecord *record);

G_END_DECLS
