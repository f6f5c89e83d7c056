/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The settings of the schema io.github.bytestag.Bytestag. @folder: (nullable) the
 * data folder whose settings.ini keeps them; NULL: the desktop's own backend, which
 * loses values silently where there is no session bus, so it is for the default
 * window alone. A schema that is not installed is an error, not an abort.
 * (transfer full) */
GSettings *bytestag_settings_new                     (const char  *folder,
                                                      GError     **error);
/* The folder that downloads go to when the key "download-folder" is @setting
 * (nullable; "": the person's own download folder). (transfer full) */
char      *bytestag_settings_resolve_download_folder (const char  *setting);

/* How many bytes to propose as space for others (B.5): 2 GiB or 5 % of what is free where
 * @folder is, whichever is less. */
gint64     bytestag_settings_propose_lend            (const char  *folder);

G_END_DECLS
