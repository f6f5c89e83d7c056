/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"
#include "core/key.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_LINK (bytestag_link_get_type ())
G_DECLARE_FINAL_TYPE (BytestagLink, bytestag_link, BYTESTAG, LINK, GObject)

/* A link to a collection (B.3 "Link"; A.5 "Magnet"), immutable. */
BytestagLink     *bytestag_link_new        (const BytestagKey *key,
                                            const guint8      *sha256, /* (nullable) 32 bytes */
                                            const char        *name,   /* (nullable) */
                                            guint64            size,   /* 0: not said */
                                            GPtrArray         *peers); /* (nullable) (element-type utf8) HOST:PORT */
/* bytestag:?… and magnet:?…, spaces around allowed; every error says what is wrong
 * in one sentence. Only the key and x.s2 must be right: a size or an address
 * that cannot be read is left out. */
BytestagLink     *bytestag_link_parse      (const char        *text,
                                            GError           **error);
/* (transfer full) A long name is cut; UTF-8 in it is mended. */
char             *bytestag_link_to_uri     (BytestagLink      *self);
char             *bytestag_link_to_magnet  (BytestagLink      *self);
const BytestagKey *bytestag_link_get_key   (BytestagLink      *self);
const guint8     *bytestag_link_get_sha256 (BytestagLink      *self);
/* (nullable) as it came, valid UTF-8 */
const char       *bytestag_link_get_name   (BytestagLink      *self);
guint64           bytestag_link_get_size   (BytestagLink      *self);
/* (element-type utf8) at most 3, HOST:PORT, a host may be a name. */
GPtrArray        *bytestag_link_get_peers  (BytestagLink      *self);

G_END_DECLS
