/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The words of the wire (seed: JSONKeys). */
#define BYTESTAG_JSON_KEY "key"
#define BYTESTAG_JSON_INDEX "index"
#define BYTESTAG_JSON_NETWORK_ID "netid"
#define BYTESTAG_JSON_NETWORK "BYTESTAG"
#define BYTESTAG_JSON_NODES "nodes"
#define BYTESTAG_JSON_NODE_ID "nodeid"
#define BYTESTAG_JSON_RPC "rpc"
#define BYTESTAG_JSON_RPC_FIND_NODE "findnode"
#define BYTESTAG_JSON_RPC_FIND_VALUE "findval"
#define BYTESTAG_JSON_RPC_GET_VALUE "getval"
#define BYTESTAG_JSON_RPC_PING "ping"
#define BYTESTAG_JSON_RPC_STORE "store"
#define BYTESTAG_JSON_SIZE "size"
#define BYTESTAG_JSON_TIMESTAMP "timestmp"
/* With and without underscore: A.1.4 "Spelling". */
#define BYTESTAG_JSON_TRANSFER_ID "xferid"
#define BYTESTAG_JSON_PACKET_TRANSFER_ID "xfer_id"
#define BYTESTAG_JSON_PACKET_DATA "xfer_data"
#define BYTESTAG_JSON_VALUES "vals"
#define BYTESTAG_JSON_VALUE_OFFSET "valofs"
#define BYTESTAG_JSON_SEQUENCE_ID "seq_id"
#define BYTESTAG_JSON_REPLY_ID "reply_id"
#define BYTESTAG_JSON_EXTENSIONS "ext"
#define BYTESTAG_JSON_YOU "you"
/* Lists of nodes and values (seed: NodeList, KVPExchangeInfo). */
#define BYTESTAG_JSON_HOST "host"
#define BYTESTAG_JSON_PORT "port"
#define BYTESTAG_JSON_ID "id"
#define BYTESTAG_JSON_TIME "time"
