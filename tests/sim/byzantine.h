/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/crowd.h"

G_BEGIN_DECLS

/**
 * BytestagByzantineFlags:
 * @BYTESTAG_BYZANTINE_INVENTS_IDS: names nodes next to the key that is asked for, at
 *   ports of its fellows; a fellow that is asked there answers by that id
 * @BYTESTAG_BYZANTINE_CHANGES_IDS: answers by another id each time
 * @BYTESTAG_BYZANTINE_FORGES: sends a second reply from an address that was not asked,
 *   and a reply to a request that was never made
 * @BYTESTAG_BYZANTINE_GIVES_WRONG_VALUES: says that it holds what is asked for, and
 *   gives other bytes
 * @BYTESTAG_BYZANTINE_GIVES_FOR_EVER: the same, a chunk now and then without end
 * @BYTESTAG_BYZANTINE_BOMBS: answers by what inflates or nests without bound
 * @BYTESTAG_BYZANTINE_FLOODS: answers each request by 50 of its own
 * @BYTESTAG_BYZANTINE_IS_SILENT: answers nothing but pings, so that it stays a contact
 *
 * What hostile nodes do. With none of them, they answer as a node that knows nobody
 * but its fellows, and keeps no value.
 */
typedef enum {
  BYTESTAG_BYZANTINE_INVENTS_IDS = 1 << 0,
  BYTESTAG_BYZANTINE_CHANGES_IDS = 1 << 1,
  BYTESTAG_BYZANTINE_FORGES = 1 << 2,
  BYTESTAG_BYZANTINE_GIVES_WRONG_VALUES = 1 << 3,
  BYTESTAG_BYZANTINE_GIVES_FOR_EVER = 1 << 4,
  BYTESTAG_BYZANTINE_BOMBS = 1 << 5,
  BYTESTAG_BYZANTINE_FLOODS = 1 << 6,
  BYTESTAG_BYZANTINE_IS_SILENT = 1 << 7,
} BytestagByzantineFlags;

/* The hostile members of a crowd, who work together. */
typedef struct _BytestagByzantine BytestagByzantine;

/* Corrupts a share of @crowd. Lives until @sim and @crowd have gone. */
BytestagByzantine *bytestag_byzantine_new  (BytestagSim            *sim,
                                            BytestagCrowd          *crowd,
                                            gdouble                 share,
                                            gboolean                one_network,
                                            BytestagByzantineFlags  flags);
void               bytestag_byzantine_free (BytestagByzantine      *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagByzantine, bytestag_byzantine_free)

/* Datagrams of each kind, for who attacks by itself. (transfer full): {"a":{"a":… and
 * zeroes, both far beyond what a datagram may become. */
GBytes            *bytestag_byzantine_make_deep_bomb (void);
GBytes            *bytestag_byzantine_make_wide_bomb (void);

G_END_DECLS
