/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SYSTEM_RNG (bytestag_system_rng_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSystemRng, bytestag_system_rng, BYTESTAG, SYSTEM_RNG, GObject)
/* gnutls_rnd (NONCE). */
BytestagSystemRng *bytestag_system_rng_new (void);

G_END_DECLS
