/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/limits.h"
#include "storage/database-table.h"
#include "support/test-clock.h"
#include "support/test-worker.h"

G_BEGIN_DECLS

#define SECOND G_USEC_PER_SEC
#define PLENTY (64 * 1024 * 1024)
/* Of a value in the database, and of one in a file. */
#define SMALL 100
#define LARGE (BYTESTAG_LIMIT_VALUE_IN_ROW + 1)

typedef struct
{
  char *base;
  char *folder;
  char *path; /* of the database */
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  BytestagTestWorker *worker;
  BytestagDatabaseTable *table;
  guint64 max_bytes;
} BytestagDiskFixture;

typedef struct
{
  guint n_good;
  guint n_failed;
  int code;
} BytestagAnswers;

BytestagKvpTable *disk_as_table (BytestagDiskFixture *self);
/* Runs what is due, and will be, up to @interval µs from now. */
void disk_run_for (BytestagDiskFixture *self, gint64 interval);
void disk_open_table (BytestagDiskFixture *self);
void disk_close_table (BytestagDiskFixture *self);
void disk_open_again (BytestagDiskFixture *self);
void disk_set_up (BytestagDiskFixture *self, gconstpointer user_data);
void disk_tear_down (BytestagDiskFixture *self, gconstpointer user_data);
/* (transfer full) the @n-th value of @size bytes; with its key as its index, as parts have. */
GBytes       *disk_make_value (guint32 n, gsize size, BytestagKvpRecord *record);
/* Counts in a BytestagAnswers. */
void disk_written_cb (const GError *error, gpointer user_data);
/* @answers: (nullable) */
BytestagKvpId disk_write_value (BytestagDiskFixture *self, guint32 n, gsize size, BytestagAnswers *answers);
/* The code of the error, or -1; @value: (out) (optional) (transfer full). */
int disk_read_value (BytestagDiskFixture *self, const BytestagKvpId *id, GBytes **value);
void disk_assert_value (BytestagDiskFixture *self, guint32 n, gsize size);
gboolean disk_is_held (BytestagDiskFixture *self, const BytestagKvpId *id);
/* Files below FOLDER/values. */
guint disk_count_files (BytestagDiskFixture *self);
/* Files of what was deleted, wherever they are below FOLDER/deleted-1 and -2. */
guint disk_count_set_aside (BytestagDiskFixture *self);
/* But for the reserve. */
guint64 disk_count_bytes (BytestagDiskFixture *self);
/* (transfer full) (nullable) where the value is, of the first folder. */
char         *disk_get_file (BytestagDiskFixture *self, const BytestagKvpId *id);
/* On the database, while the table is closed. */
void disk_execute (BytestagDiskFixture *self, const char *sql);

G_END_DECLS
