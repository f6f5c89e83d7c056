/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The cases of a file of vectors, by its name without ".json", from the folder
 * BYTESTAG_TEST_VECTORS names, else from ours. (transfer full) (nullable): that
 * folder need not have every file; then the test is skipped. */
JsonArray *test_vectors_load  (const char *name);
/* Tells how many cases of a file ran. */
void       test_vectors_ran   (const char *name,
                               guint       n_cases);
/* (transfer full) (nullable): NULL when it is cut ("...") in the file. */
GBytes    *test_vectors_bytes (const char *hex);

G_END_DECLS
