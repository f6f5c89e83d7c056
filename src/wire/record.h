/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kvp-record.h"
#include "core/limits.h"
#include "core/ports.h"

/* Signed records (B.3 "Records"): the only values whose meaning is not their hash. Their bytes
 * are canonical JSON, and there is one form of each: what is not written as we write it is no
 * record. */

G_BEGIN_DECLS

/* DER of an Ed25519 SubjectPublicKeyInfo, and a signature. */
#define BYTESTAG_PUBLIC_KEY_BYTES 44
#define BYTESTAG_SIGNATURE_BYTES 64

/**
 * BytestagCatalogueEntry:
 * @key: K of a collection
 * @name: (nullable) valid UTF-8
 * @size: bytes
 * @n_files: how many
 *
 * What a catalogue says of a collection, for the person to choose; all but @key may be wrong.
 */
typedef struct {
  BytestagKey key;
  char *name;
  guint64 size;
  guint64 n_files;
} BytestagCatalogueEntry;

/**
 * BytestagRecord:
 * @kind: PROVIDER or CATALOGUE
 * @subject: K of the collection that is provided; of a catalogue @node_id
 * @node_id: the owner's, made of its public key (B.2)
 * @seq: unix time rounded to a day
 * @addresses: of a provider, where it answers
 * @entries: (nullable) (element-type BytestagCatalogueEntry) of a catalogue's page
 * @page: its number, from 0
 * @n_pages: of the whole catalogue
 */
typedef struct {
  BytestagKvpKind kind;
  BytestagKey subject;
  BytestagKey node_id;
  guint8 public_key[BYTESTAG_PUBLIC_KEY_BYTES];
  gint64 seq;
  BytestagEndpoint addresses[BYTESTAG_LIMIT_ADDRESSES_OF_RECORD];
  guint n_addresses;
  GPtrArray *entries;
  guint page;
  guint n_pages;
} BytestagRecord;

void                    bytestag_record_free          (BytestagRecord         *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagRecord, bytestag_record_free)

void                    bytestag_catalogue_entry_free (BytestagCatalogueEntry *self);
/* (transfer full) @name: (nullable) */
BytestagCatalogueEntry *bytestag_catalogue_entry_new  (const BytestagKey      *key,
                                                       const char             *name,
                                                       guint64                 size,
                                                       guint64                 n_files);

/* Where records of @kind about @subject are kept: no content can have this key. */
void            bytestag_record_derive_key      (BytestagKvpKind         kind,
                                                 const BytestagKey      *subject,
                                                 BytestagKey            *key);
/* What a value claims to be by its first bytes; BYTESTAG_KVP_VALUE: no record. */
BytestagKvpKind bytestag_record_get_claim       (const guint8           *data,
                                                 gsize                   length);
/* Reads a record and checks its signature: (transfer full) (nullable), NULL with @error. */
BytestagRecord *bytestag_record_parse           (const guint8           *data,
                                                 gsize                   length,
                                                 GError                **error);
/* (transfer full) (nullable) a provider's record of the collection @subject, of which the @signer
 * is at 1 to BYTESTAG_LIMIT_ADDRESSES_OF_RECORD @addresses. @now: unix seconds. */
GBytes         *bytestag_record_build_provider  (BytestagSigner         *signer,
                                                 const BytestagKey      *subject,
                                                 const BytestagEndpoint *addresses,
                                                 guint                   n_addresses,
                                                 gint64                  now,
                                                 GError                **error);
/* (transfer full) (nullable) (element-type GBytes) the pages of a catalogue of @entries
 * (element-type BytestagCatalogueEntry); what does not fit into BYTESTAG_LIMIT_PAGES_OF_CATALOGUE
 * is left out. */
GPtrArray      *bytestag_record_build_catalogue (BytestagSigner         *signer,
                                                 GPtrArray              *entries,
                                                 gint64                  now,
                                                 GError                **error);

G_END_DECLS
