/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/exchange-info.h"
#include "core/node.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_NODE_LIST (bytestag_node_list_get_type ())
G_DECLARE_FINAL_TYPE (BytestagNodeList, bytestag_node_list, BYTESTAG, NODE_LIST, GObject)

/* A list of nodes (seed: NodeList), a GListModel of BytestagNode. Its JSON is an
 * array of {"host","port","id"}. */
BytestagNodeList *bytestag_node_list_new           (void);
void              bytestag_node_list_add           (BytestagNodeList  *self,
                                                    BytestagNode      *node);
/* Nearest to @key first. */
void              bytestag_node_list_sort_distance (BytestagNodeList  *self,
                                                    const BytestagKey *key);
/* JSON text; one bad element makes the whole list an error (A.1.4). */
BytestagNodeList *bytestag_node_list_from_json     (const char        *json,
                                                    gssize             length,
                                                    GError           **error);
/* (transfer full) */
char             *bytestag_node_list_to_json       (BytestagNodeList  *self);

/* Seed: KVPExchangeInfoList. (transfer full) (element-type BytestagExchangeInfo) */
GPtrArray        *bytestag_exchange_info_list_from_json (const char   *json,
                                                    gssize             length,
                                                    GError           **error);
char             *bytestag_exchange_info_list_to_json (GPtrArray      *infos);

G_END_DECLS
