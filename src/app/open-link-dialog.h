/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "wire/link.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_OPEN_LINK_DIALOG (bytestag_open_link_dialog_get_type ())
G_DECLARE_FINAL_TYPE (BytestagOpenLinkDialog, bytestag_open_link_dialog, BYTESTAG, OPEN_LINK_DIALOG, AdwWindow)

/* Shows what a link says of itself and waits for the person: asks nobody anything.
 * Signal "download" (BytestagLink, string: folder): agreed to; the dialog then closes. */
GtkWidget *bytestag_open_link_dialog_new      (GtkWindow              *parent,
                                               const char             *folder);
/* Enters a text, as if typed. */
void       bytestag_open_link_dialog_set_text (BytestagOpenLinkDialog *self,
                                               const char             *text);

G_END_DECLS
