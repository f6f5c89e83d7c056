/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "storage/library-store.h"

G_BEGIN_DECLS

/* What the two files of the store share. */
struct _BytestagLibraryStore
{
  gatomicrefcount n_refs;
  char *path;
  BytestagDatabase *database; /* of the worker */
};

/* NULL: not open, or broken; with an error. */
sqlite3_stmt *bytestag_library_store_prepare   (BytestagLibraryStore  *self,
                                                const char            *sql,
                                                GError               **error);
gboolean      bytestag_library_store_step      (BytestagLibraryStore  *self,
                                                sqlite3_stmt          *statement,
                                                gboolean              *row,
                                                GError               **error);
/* A statement that gives no row and takes one or two numbers. */
gboolean      bytestag_library_store_run       (BytestagLibraryStore  *self,
                                                const char            *sql,
                                                gint64                 first,
                                                gint64                 second,
                                                GError               **error);
/* FALSE with an error, and the statement reset: a row that we have not written. */
gboolean      bytestag_library_store_refuse    (sqlite3_stmt          *statement,
                                                GError               **error);
/* Exactly @length bytes. */
gboolean      bytestag_library_store_get_bytes (sqlite3_stmt          *statement,
                                                int                    column,
                                                gpointer               bytes,
                                                gsize                  length);
/* (transfer full) (nullable) as it is, but without a NUL within. */
char         *bytestag_library_store_dup_text  (sqlite3_stmt          *statement,
                                                int                    column);
void          bytestag_library_store_bind_key  (sqlite3_stmt          *statement,
                                                int                    number,
                                                const BytestagKey     *key);
/* Key and index, as two columns. */
void          bytestag_library_store_bind_piece (sqlite3_stmt         *statement,
                                                int                    number,
                                                const BytestagKvpId   *id);
/* A name in bytes, or NULL. */
void          bytestag_library_store_bind_text (sqlite3_stmt          *statement,
                                                int                    number,
                                                const char            *text);
/* Up to @max files of @share with their parts and the states of these; @more: (out). */
gboolean      bytestag_library_store_remove_files (BytestagLibraryStore *self,
                                                gint64                 share,
                                                guint                  max,
                                                gboolean              *more,
                                                GError               **error);

G_END_DECLS
