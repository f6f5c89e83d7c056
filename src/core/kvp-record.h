/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"
#include "core/kvp-id.h"

G_BEGIN_DECLS

/**
 * BytestagKvpKind:
 * @BYTESTAG_KVP_VALUE: means what its hash says
 * @BYTESTAG_KVP_PROVIDER: a signed record (B.3 "Records"), kept for who stored it alone: never
 *   replicated
 * @BYTESTAG_KVP_CATALOGUE: a signed record of a node that lets itself be browsed
 */
typedef enum {
  BYTESTAG_KVP_VALUE,
  BYTESTAG_KVP_PROVIDER,
  BYTESTAG_KVP_CATALOGUE,
} BytestagKvpKind;

#define BYTESTAG_TYPE_KVP_RECORD (bytestag_kvp_record_get_type ())

/**
 * BytestagKvpRecord:
 * @size: bytes of the value
 * @timestamp: unix seconds as its publisher says; valid if @has_timestamp
 * @has_timestamp: FALSE for the FileInfo of a shared file, and where the publisher's
 *   did not fit; TRUE for the parts of a shared file (A.1.4, "vals")
 * @time_to_live: seconds after @last_update that it is kept; 0: not known
 * @last_update: unix seconds, when it came, was renewed or was last published; 0: never
 * @until: the unix second up to which it is promised to be kept (B.3 "Life"); 0: no
 *   promise, it goes by @time_to_live
 * @replicated: unix seconds, when it was last this node's turn to replicate it; 0: never
 * @source: who stored it first, for quotas (B.5); no family: not known
 * @kind: a BytestagKvpKind
 * @copies: to how many nodes its publisher wants it to go; 0: not known
 * @handed_over: all nodes that are to hold it do, and this node is none of them
 * @is_original: shared by the person here, not kept for others
 *
 * What a table knows of a value beside its bytes. (Seed: KVPRecord.)
 */
struct _BytestagKvpRecord
{
  BytestagKvpId id;
  guint64 size;
  gint64 timestamp;
  gdouble time_to_live;
  gdouble last_update;
  gint64 until;
  gint64 replicated;
  BytestagEndpoint source;
  guint8 kind;
  guint8 copies;
  gboolean has_timestamp;
  gboolean handed_over;
  gboolean is_original;
};

GType              bytestag_kvp_record_get_type (void) G_GNUC_CONST;
BytestagKvpRecord *bytestag_kvp_record_copy     (const BytestagKvpRecord *self);
void               bytestag_kvp_record_free     (BytestagKvpRecord       *self);

/* Unix seconds after which it is dropped; 0: it stays. */
gdouble            bytestag_kvp_record_get_expiry (const BytestagKvpRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagKvpRecord, bytestag_kvp_record_free)

G_END_DECLS
