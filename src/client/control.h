/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/instance.h"

/* The control socket of an instance: FOLDER/control, mode 0600, JSON lines. Who
 * comes sends one line {"verb":TEXT,"args":OBJECT}, and gets lines of its answer, each
 * an object; the last one is {"done":true} or {"error":TEXT,"code":BytestagError}.
 * Closing the connection before that takes the request back.
 *
 * Here, arguments and lines are vardicts (a{sv}). JSON keeps few types: integers
 * arrive as int64 (x), lists as av, objects as a{sv}, null as a maybe of nothing. */

G_BEGIN_DECLS

#define BYTESTAG_TYPE_CONTROL_REQUEST (bytestag_control_request_get_type ())
G_DECLARE_FINAL_TYPE (BytestagControlRequest, bytestag_control_request, BYTESTAG, CONTROL_REQUEST, GObject)

/* A request that is answered. Its last unref without _finish() or _fail() fails it. */
const char   *bytestag_control_request_get_verb        (BytestagControlRequest *self);
/* (transfer none) a{sv}, maybe empty */
GVariant     *bytestag_control_request_get_arguments   (BytestagControlRequest *self);
/* (transfer none) cancelled when who asked has gone, or does not read its answer. */
GCancellable *bytestag_control_request_get_cancellable (BytestagControlRequest *self);
/* Sends a line. @line: a{sv}, taken if floating. */
void          bytestag_control_request_respond         (BytestagControlRequest *self,
                                                        GVariant               *line);
/* One of these ends it; later calls of any do nothing. */
void          bytestag_control_request_finish          (BytestagControlRequest *self);
void          bytestag_control_request_fail            (BytestagControlRequest *self,
                                                        const GError           *error);

#define BYTESTAG_TYPE_CONTROL (bytestag_control_get_type ())
G_DECLARE_FINAL_TYPE (BytestagControl, bytestag_control, BYTESTAG, CONTROL, GObject)

/* Listens on the control socket of @instance, whose lock makes a socket that is
 * there a stale one; on the thread-default main context. Signal "request"
 * (BytestagControlRequest): a handler keeps a reference until it has answered; one
 * that nobody keeps is answered with an error. */
BytestagControl *bytestag_control_new   (BytestagInstance *instance,
                                         GError          **error);
/* Ends listening and every connection, removes the socket. The last unref does it too. */
void             bytestag_control_close (BytestagControl  *self);

/* The other side. */
typedef void (*BytestagControlLineFunc) (GVariant *line, gpointer user_data);

/* Sends @verb and @arguments (a{sv}, nullable, taken if floating) to who holds
 * @folder (nullable: the default one); @line_func (nullable) gets each line but the
 * last. Fails with BYTESTAG_ERROR_NOT_FOUND when nobody holds it, and with the
 * error that the other side told. */
void     bytestag_control_call_async  (const char              *folder,
                                       const char              *verb,
                                       GVariant                *arguments,
                                       BytestagControlLineFunc  line_func,
                                       gpointer                 line_data,
                                       GCancellable            *cancellable,
                                       GAsyncReadyCallback      callback,
                                       gpointer                 user_data);
gboolean bytestag_control_call_finish (GAsyncResult            *result,
                                       GError                 **error);

/* (transfer full) A line as its JSON, no newline: for output that machines read.
 * @line: a{sv}, taken if floating. */
char    *bytestag_control_to_json     (GVariant                *line);

G_END_DECLS
