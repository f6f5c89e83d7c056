/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_IDENTITY (bytestag_identity_get_type ())
G_DECLARE_FINAL_TYPE (BytestagIdentity, bytestag_identity, BYTESTAG, IDENTITY, GObject)

/* A node's Ed25519 key pair (B.2), a BytestagSigner, in FOLDER/identity.pem: made on first start,
 * mode 0600, written atomically and synced. A damaged one is renamed to
 * identity.pem.damaged-N, a new one is made, and @set_aside says where the old one
 * is (out) (optional) (nullable) (transfer full). */
BytestagIdentity  *bytestag_identity_load        (const char        *folder,
                                                  char             **set_aside,
                                                  GError           **error);
/* The same from the bytes of such a file. NULL with @error: it is damaged. (transfer full) */
BytestagIdentity  *bytestag_identity_new_from_pem (GBytes         *pem,
                                                  GError           **error);
/* First 20 bytes of SHA-256 of the 44-byte SubjectPublicKeyInfo. */
const BytestagKey *bytestag_identity_get_node_id (BytestagIdentity  *self);
/* (transfer none) 44 bytes of DER. */
GBytes            *bytestag_identity_get_public_key (BytestagIdentity *self);
/* (transfer full) 64 bytes: Ed25519 over @data. */
GBytes            *bytestag_identity_sign        (BytestagIdentity  *self,
                                                  GBytes            *data,
                                                  GError           **error);

G_END_DECLS
