/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/library-check.h"

G_BEGIN_DECLS

/* A folder "shared" with files in it, as they were when they were shared. */
typedef struct {
  char *path; /* within the root */
  guint root;
  BytestagFileStamp stamp;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
} SharedFile;

typedef struct {
  char *folder;
  GPtrArray *roots;      /* paths */
  GPtrArray *identities;
  GArray *files;         /* (element-type SharedFile) */
  GHashTable *digests;
  gboolean apart; /* each root is of another share */
  BytestagLibraryCheck *check;
} CheckFixture;

void check_fixture_set_up (CheckFixture *self, gconstpointer data);
void check_fixture_tear_down (CheckFixture *self, gconstpointer data);
/* (transfer full) */
char *check_fixture_path_of (CheckFixture *self, const char *name);
void check_fixture_write_text (CheckFixture *self, const char *name, const char *text);
/* In place: the inode stays. */
void check_fixture_overwrite (CheckFixture *self, const char *name, const char *text);
void check_fixture_move (CheckFixture *self, const char *from, const char *to);
void check_fixture_delete (CheckFixture *self, const char *name);
void check_fixture_make_folder (CheckFixture *self, const char *name);
void check_fixture_set_time (CheckFixture *self, const char *name, gint64 seconds, long ns);
guint check_fixture_share_root (CheckFixture *self, const char *name);
/* @path: within the root. */
guint check_fixture_share_file (CheckFixture *self, guint root, const char *path);
/* A check that is not run. */
void check_fixture_fill (CheckFixture *self);
void check_fixture_run (CheckFixture *self);
/* Nothing has changed, and roots are known from now on. */
void check_fixture_settle (CheckFixture *self);
const BytestagFileChange *check_fixture_find_change (CheckFixture *self, guint file);
BytestagFileOutcome check_fixture_outcome_of (CheckFixture *self, guint file);
void check_fixture_assert_moved (CheckFixture *self, guint file, guint root, const char *path);

#define assert_outcome(self, file, expected) \
  g_assert_cmpint (check_fixture_outcome_of (self, file), ==, BYTESTAG_FILE_ ## expected)
#define assert_root(self, root, expected) \
  g_assert_cmpint (bytestag_library_check_get_root ((self)->check, root)->outcome, ==, BYTESTAG_ROOT_ ## expected)
#define assert_n_read(self, n) g_assert_cmpuint (bytestag_library_check_get_n_read ((self)->check), ==, n)
#define assert_n_new(self, root, n) \
  g_assert_cmpuint (bytestag_library_check_get_root ((self)->check, root)->n_new, ==, n)

#define CHECK_FIXTURE_TEST(path, func) \
  g_test_add (path, CheckFixture, NULL, check_fixture_set_up, func, check_fixture_tear_down)

G_END_DECLS
