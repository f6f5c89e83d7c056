/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "wire/json-read.h"

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
/* The same, but @func gets a BytestagJsonValue, which loses nothing: json-glib cannot
 * carry lone surrogates, NULs and large integers. */
int        vectors_run_values (const char       *name,
                              GTestDataFunc      func);
/* A member of an object; of type BYTESTAG_JSON_ABSENT when it is missing. */
BytestagJsonValue vectors_member (const BytestagJsonValue *object,
                              const char        *name);
/* (transfer full) (nullable) the text of a member as bytestag_json_read_string() gives it. */
char      *vectors_member_text (const BytestagJsonValue *object,
                              const char        *name);
/* A member that is a key in text; the test fails otherwise. */
void       vectors_member_key (const BytestagJsonValue *object,
                              const char        *name,
                              BytestagKey       *key);
/* The bytes of a member in hex; the test fails when it is none. (transfer full) */
GBytes    *vectors_member_bytes (const BytestagJsonValue *object,
                              const char        *name);
/* (transfer full) (nullable) NULL when @hex is no hex, as of bytes left out. */
GBytes    *vectors_hex_bytes (const char        *hex);
/* (nullable) the text of a member; NULL when it is missing or no string. */
const char *json_text        (JsonObject        *object,
                              const char        *member);

G_END_DECLS
