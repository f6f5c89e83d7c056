/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* The data captured from original nodes. */

G_BEGIN_DECLS

/* The cases of NAME.json in this folder, or in the one that BYTESTAG_TEST_VECTORS
 * names; NULL when there is no such file. @root: (out) keeps them. */
JsonArray *vectors_load      (const char        *name,
                              JsonNode         **root);
/* Runs @func (a JsonObject) as a test for each case of NAME.json, at /NAME/CASE,
 * and prints how many there were. Returns what main() returns. */
int        vectors_run_cases (const char        *name,
                              GTestDataFunc      func);
/* (transfer full) (nullable) NULL when @hex is no hex, as of bytes left out. */
GBytes    *vectors_hex_bytes (const char        *hex);
/* (nullable) the text of a member; NULL when it is missing or no string. */
const char *json_text        (JsonObject        *object,
                              const char        *member);

G_END_DECLS
