/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A keyed hash for GHashTables whose keys peers choose: without the salt, which
 * no peer knows, nobody can make two keys collide on purpose. */
guint bytestag_salted_hash          (gconstpointer data,
                                     gsize         length);
/* One salt for the process, 0 until set; to be set before the first table is
 * filled, since it changes every hash. */
void  bytestag_salted_hash_set_salt (guint64       salt);

G_END_DECLS
