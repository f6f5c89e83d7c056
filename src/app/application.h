/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BYTESTAG_TYPE_APPLICATION (bytestag_application_get_type ())
G_DECLARE_FINAL_TYPE (BytestagApplication, bytestag_application, BYTESTAG, APPLICATION, AdwApplication)

/* The program "bytestag": its command line, its one window and the client that the
 * window is a face of. */
BytestagApplication *bytestag_application_new (void);

G_END_DECLS
