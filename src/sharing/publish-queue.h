/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/publication.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_PUBLISH_QUEUE (bytestag_publish_queue_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPublishQueue, bytestag_publish_queue, BYTESTAG, PUBLISH_QUEUE, GObject)

/* Sends the values of publications to the network, a bounded number at one time,
 * one publication after the other in turn, so that a small one does not wait for a large one. What
 * found no node is tried again after a while. Signal "sent" (BytestagKvpId): at least one node took a value. */
BytestagPublishQueue *bytestag_publish_queue_new         (BytestagNetwork      *network);
/* Its first pass begins at the next event. */
void                  bytestag_publish_queue_add         (BytestagPublishQueue *self,
                                                          BytestagPublication  *publication);
void                  bytestag_publish_queue_remove      (BytestagPublishQueue *self,
                                                          BytestagPublication  *publication);
/* Starts a pass of each that has something left to send. */
void                  bytestag_publish_queue_begin_again (BytestagPublishQueue *self);

G_END_DECLS
