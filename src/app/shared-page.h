/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "sharing/library.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SHARED_PAGE (bytestag_shared_page_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSharedPage, bytestag_shared_page, BYTESTAG, SHARED_PAGE, AdwBin)

/* What is shared from here. Property "library" (BytestagLibrary, nullable). Tells short news by the
 * action "win.toast" (markup). */
GtkWidget *bytestag_shared_page_new (void);

G_END_DECLS
