/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/publication.h"

G_BEGIN_DECLS

/* Of so many copies that a look finds one is checked, by chance (B.3 "A copy counts"). */
#define BYTESTAG_COPIES_OF_CHECK 32

#define BYTESTAG_TYPE_PUBLISHER (bytestag_publisher_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPublisher, bytestag_publisher, BYTESTAG, PUBLISHER, GObject)

/* Brings the pieces of all publications to the nodes that are to hold them, and keeps them
 * there (seed: Publisher; B.3). Roots, pages and FileInfos go first, then every part once,
 * then the other copies. Who holds a piece is asked first, and nothing is sent that enough
 * nodes hold. Each piece is looked at once a day, promises are renewed when a third of
 * BYTESTAG_TIME_KEEP is left, soonest-ending first, and what is lost is sent again. A piece
 * of several publications is one piece. Ends when it is closed, or with its last reference.
 *
 * Properties, notified: "paused" (string, nullable: why), "n-sending" (uint). */
BytestagPublisher   *bytestag_publisher_new           (BytestagNetwork     *network);
/* (transfer full) (nullable) one that is empty: its pieces are added, and then it is started. NULL:
 * there are BYTESTAG_LIMIT_PUBLICATIONS. @copies: of FileInfos and parts that do not say how many are wanted, 1 to 20; roots go to 20. */
BytestagPublication *bytestag_publisher_add           (BytestagPublisher   *self,
                                                       guint                copies);
/* Its pieces are worked on from now on, also those that are added later. */
void                 bytestag_publisher_start         (BytestagPublisher   *self,
                                                       BytestagPublication *publication);
/* What is under way ends, its pieces are forgotten in slices, unless another has them. */
void                 bytestag_publisher_remove        (BytestagPublisher   *self,
                                                       BytestagPublication *publication);
/* Sends again what is weak now: the pieces of @publication that have fewer copies than are
 * wanted, at once. Nothing else. */
void                 bytestag_publisher_send_again    (BytestagPublisher   *self,
                                                       BytestagPublication *publication);
/* @reason: (nullable) in words, translated: a metered network, a limit reached. While it
 * is set nothing is asked or sent, and what was under way is given up. NULL: goes on. */
void                 bytestag_publisher_set_paused    (BytestagPublisher   *self,
                                                       const char          *reason);
/* (transfer none) (nullable) */
const char          *bytestag_publisher_get_paused    (BytestagPublisher   *self);

/* Ends it: what is not saved yet is saved now and nothing afterwards, and what was under way is
 * given up. Publications are none of it any more; only its counts can be asked for. */
void                 bytestag_publisher_close         (BytestagPublisher   *self);

/* Pieces whose state changed, at most BYTESTAG_LIMIT_PIECES_OF_SLICE at a time, a second
 * after the first of them did at the latest, and when the publisher ends. */
typedef void (*BytestagPublisherSaveFunc) (const BytestagPiece *pieces, guint n, gpointer user_data);
/* @func: (nullable) */
void                 bytestag_publisher_set_save_func (BytestagPublisher   *self,
                                                       BytestagPublisherSaveFunc func,
                                                       gpointer             user_data);

/* Pieces of all publications, each once. */
guint                bytestag_publisher_get_n_pieces  (BytestagPublisher   *self);
/* Values that are on their way now. */
guint                bytestag_publisher_get_n_sending (BytestagPublisher   *self);
/* Since the start: look-ups, and requests that ask who holds pieces, those of look-ups included; pieces that were
 * looked at; how many of both were of upkeep; stores that brought bytes, these bytes, and requests that asked for them after;
 * promises that were renewed; spot checks, and those that failed. */
typedef struct {
  guint64 n_lookups, n_requests, n_looked, n_upkeep_requests, n_upkeep_looked, n_stored, n_bytes_stored, n_confirming, n_renewed, n_checked, n_failed_checks;
} BytestagPublisherCounters;
const BytestagPublisherCounters *bytestag_publisher_get_counters (BytestagPublisher *self);

G_END_DECLS
