/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define BYTESTAG_TYPE_INSTANCE (bytestag_instance_get_type ())
G_DECLARE_FINAL_TYPE (BytestagInstance, bytestag_instance, BYTESTAG, INSTANCE, GObject)

/* A data folder, held by the lock on FOLDER/lock; the folder is made, 0700.
 * @folder: (nullable) NULL: XDG_DATA_HOME/bytestag. Held by another process:
 * BYTESTAG_ERROR_BUSY. */
BytestagInstance *bytestag_instance_open         (const char        *folder,
                                                  GError           **error);
const char       *bytestag_instance_get_folder   (BytestagInstance  *self);
/* (transfer full) the folder that NULL stands for. */
char             *bytestag_instance_default_folder (void);
/* (transfer full) path of the control socket of a folder. */
char             *bytestag_instance_control_path (const char        *folder);

G_END_DECLS
