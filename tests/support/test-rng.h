/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TEST_RNG (bytestag_test_rng_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTestRng, bytestag_test_rng, BYTESTAG, TEST_RNG, GObject)

/* The same requests give the same bytes for the same seed, on every machine.
 * (xoshiro256**, seeded by splitmix64.) */
BytestagTestRng *bytestag_test_rng_new (guint64 seed);

G_END_DECLS
