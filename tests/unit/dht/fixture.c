/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fixture.h"

#include <string.h>

#include "core/error.h"

void
fixture_set_up (Fixture       *self,
                gconstpointer  data)
{
  self->sim = bytestag_sim_new (9);
  bytestag_sim_set_latency (self->sim, 20 * 1000, 0);
  self->network = bytestag_sim_add_node (self->sim);
  bytestag_sim_get_address (self->sim, 0, &self->address);
  self->peer = bytestag_foreign_new (self->sim, "9.1.2.3");
  self->contact = bytestag_foreign_make_contact (self->peer);
  self->own_id = bytestag_key_to_base64 (bytestag_network_get_key (self->network));
}

void
fixture_tear_down (Fixture       *self,
                   gconstpointer  data)
{
  g_clear_pointer (&self->peer, bytestag_foreign_free);
  g_clear_object (&self->contact);
  g_object_add_weak_pointer (G_OBJECT (self->network), (gpointer *) &self->network);
  g_clear_pointer (&self->sim, bytestag_sim_free);
  g_assert_null (self->network);
  g_free (self->own_id);
}

void
fixture_meet (Fixture *self)
{
  g_autoptr (BytestagPingTask) task = bytestag_network_ping_node (self->network, self->contact);

  fixture_assert_done (self, task, SECOND);
  bytestag_foreign_forget (self->peer);
}

BytestagForeign *
fixture_meet_peer (Fixture            *self,
                   const char         *host,
                   BytestagForeignFunc func,
                   gpointer            user_data)
{
  BytestagForeign *peer = bytestag_foreign_new (self->sim, host);
  g_autoptr (BytestagPingTask) ping = NULL;

  ping = bytestag_network_ping_address (self->network, bytestag_foreign_get_address (peer));
  fixture_assert_done (self, ping, SECOND);
  bytestag_foreign_set_func (peer, func, user_data);
  return peer;
}

void
fixture_assert_done (Fixture *self,
                     gpointer task,
                     gint64   duration)
{
  g_assert_true (bytestag_sim_run_task (self->sim, task, duration));
  g_assert_no_error (bytestag_task_get_error (task));
  g_assert_cmpint (bytestag_task_get_state (task), ==, BYTESTAG_TASK_DONE);
}

void
fixture_assert_fails (Fixture *self,
                      gpointer task,
                      gint64   duration,
                      int      code)
{
  g_assert_true (bytestag_sim_run_task (self->sim, task, duration));
  g_assert_error (bytestag_task_get_error (task), BYTESTAG_ERROR, code);
  g_assert_cmpint (bytestag_task_get_state (task), ==, BYTESTAG_TASK_FAILED);
}

void
fixture_cancel_inside (Fixture    *self,
                       gpointer    task,
                       const char *signal)
{
  BytestagTask *cancelled = task;

  g_signal_connect_object (self->contact, signal, G_CALLBACK (bytestag_task_cancel), cancelled, G_CONNECT_SWAPPED);
  g_assert_true (bytestag_sim_run_task (self->sim, cancelled, 30 * SECOND));
  g_assert_cmpint (bytestag_task_get_state (cancelled), ==, BYTESTAG_TASK_CANCELLED);
  bytestag_sim_run (self->sim, 20 * SECOND);
  g_assert_finalize_object (cancelled);
}

char *
fixture_expect (Fixture         *self,
                BytestagForeign *peer,
                const char      *expected)
{
  g_autofree char *text = bytestag_foreign_take (peer);
  g_autofree char *id = NULL;
  g_autofree char *whole = NULL;
  g_auto (GStrv) parts = NULL;
  const char *at;

  g_assert_nonnull (text);
  at = strstr (text, "\"seq_id\": \"") != NULL ? strstr (text, "\"seq_id\": \"") + strlen ("\"seq_id\": \"") : NULL;
  if (at == NULL && strstr (text, "\"xferid\": \"") != NULL)
    at = strstr (text, "\"xferid\": \"") + strlen ("\"xferid\": \"");
  if (at != NULL)
    id = g_strndup (at, BYTESTAG_KEY_BASE64_LENGTH);

  parts = g_strsplit (expected, "*", -1);
  whole = g_strjoinv (id != NULL ? id : "", parts);
  g_assert_cmpstr (text, ==, whole);
  return g_steal_pointer (&id);
}

void
fixture_says_cb (BytestagForeign        *peer,
                 const BytestagEndpoint *from,
                 const char             *rpc,
                 JsonObject             *message,
                 gpointer                user_data)
{
  bytestag_foreign_reply (peer, from, message, user_data);
}

void
fixture_holds_cb (BytestagForeign        *peer,
                  const BytestagEndpoint *from,
                  const char             *rpc,
                  JsonObject             *message,
                  gpointer                user_data)
{
  const char *key = json_object_get_string_member (message, "key");
  g_autofree char *values = NULL;

  values = g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"%s\", \"size\": 5, \"time\": 6}]%s", key, key,
                            user_data != NULL ? (char *) user_data : "");
  bytestag_foreign_reply (peer, from, message, values);
}
