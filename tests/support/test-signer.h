/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TEST_SIGNER (bytestag_test_signer_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTestSigner, bytestag_test_signer, BYTESTAG, TEST_SIGNER, GObject)

/* A fresh Ed25519 key pair, in memory alone. */
BytestagTestSigner *bytestag_test_signer_new         (void);
/* The id of its node (B.2). */
const BytestagKey  *bytestag_test_signer_get_node_id (BytestagTestSigner *self);

G_END_DECLS
