/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/foreign.h"

/* Our node 0, and a foreign peer. */

G_BEGIN_DECLS

#define SECOND G_GINT64_CONSTANT (1000000)

typedef struct {
  BytestagSim *sim;
  BytestagNetwork *network;
  BytestagEndpoint address;
  BytestagForeign *peer;
  BytestagNode *contact; /* @peer */
  char *own_id;
} Fixture;

/* One-way latency of every link: 10 ms. */
void  fixture_set_up       (Fixture       *self,
                            gconstpointer  data);
/* Also asserts that the network goes when its last reference does. */
void  fixture_tear_down    (Fixture       *self,
                            gconstpointer  data);
/* Makes the peer a contact. */
void  fixture_meet         (Fixture       *self);
/* (transfer full) another peer that is a contact, and from then on answers as @func
 * (nullable) says. */
BytestagForeign *fixture_meet_peer (Fixture *self,
                            const char    *host,
                            BytestagForeignFunc func,
                            gpointer       user_data);
/* How a peer answers everything: with the members of @user_data (text, ", " included). */
void  fixture_says_cb      (BytestagForeign        *peer,
                            const BytestagEndpoint *from,
                            const char             *rpc,
                            JsonObject             *message,
                            gpointer                user_data);
/* The same: that it holds a value of 5 bytes under the key, and the members of @user_data
 * (nullable). */
void  fixture_holds_cb     (BytestagForeign        *peer,
                            const BytestagEndpoint *from,
                            const char             *rpc,
                            JsonObject             *message,
                            gpointer                user_data);
void  fixture_assert_done  (Fixture       *self,
                            gpointer       task,
                            gint64         duration);
/* @code: of BYTESTAG_ERROR. */
void  fixture_assert_fails (Fixture       *self,
                            gpointer       task,
                            gint64         duration,
                            int            code);
/* Cancels @task (transfer full) when @signal of the contact comes, from within, and
 * asserts that it goes then. */
void  fixture_cancel_inside (Fixture      *self,
                            gpointer       task,
                            const char    *signal);
/* What came next is @expected, with the id that the message itself says (its
 * seq_id, or else its xferid) in place of each "*". Returns (transfer full)
 * (nullable) that id. */
char *fixture_expect       (Fixture       *self,
                            BytestagForeign *peer,
                            const char    *expected);

#define FIXTURE_TEST(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

G_END_DECLS
