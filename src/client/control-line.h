/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

/* Lines of the control socket, for both of its ends. */

G_BEGIN_DECLS

/* (transfer full) The socket's address; @folder: (nullable) the default one. */
GSocketAddress *bytestag_control_address_new      (const char           *folder);

/* (transfer full) The JSON of @line and a newline. @line: a{sv}, taken if floating. */
GBytes         *bytestag_control_line_to_bytes    (GVariant             *line);
/* (transfer full) a{sv}; @bytes without the newline. */
GVariant       *bytestag_control_line_from_bytes  (GBytes               *bytes,
                                                   GError              **error);

/* Reads up to the next newline. @buffer keeps what came after it for the next
 * call. A line over BYTESTAG_LIMIT_CONTROL_LINE: BYTESTAG_ERROR_TOO_LARGE. */
void            bytestag_control_read_line_async  (GInputStream         *stream,
                                                   GByteArray           *buffer,
                                                   GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
/* (transfer full) (nullable) without the newline; NULL without @error: the end. */
GBytes         *bytestag_control_read_line_finish (GInputStream         *stream,
                                                   GAsyncResult         *result,
                                                   GError              **error);

G_END_DECLS
