/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"
#include "storage/library-store.h"
#include "storage/shared-parts.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SHARED_FILES_TABLE (bytestag_shared_files_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSharedFilesTable, bytestag_shared_files_table, BYTESTAG, SHARED_FILES_TABLE, GObject)

/* What a person shares, in place (seed: SharedFilesKVPTable): a part is read from
 * the person's own file by the worker, and infos from the database. write() and remove()
 * are refused: what is shared is added and removed here alone.
 *
 * A part is compared with its hash before it goes out for the first time, and again when
 * it was told that the file is another (_set_stamp). Between these, size, time of the last
 * change, inode and device must be the same at each read, before and after it: bytes that
 * somebody changes and then hides by setting the time back are not noticed.
 *
 * What is not PRESENT is not listed to peers; the same part of another file, that is, is.
 *
 * Signal "file-changed" (BytestagSharedSet (pointer), guint): a read found the file gone, or
 * not the one that was hashed. It is CHANGED or GONE now. */
BytestagSharedFilesTable *bytestag_shared_files_table_new (BytestagWorker *worker);

/* Where info values are read whose bytes are not here (nullable, both); @disk runs jobs one
 * by one. */
void               bytestag_shared_files_table_set_store     (BytestagSharedFilesTable *self,
                                                              BytestagLibraryStore     *store,
                                                              BytestagWorker           *disk);

/* (transfer full) An empty set of files. */
BytestagSharedSet *bytestag_shared_files_table_add_set       (BytestagSharedFilesTable *self);
/* A file whose parts come by _add_part: as many as its size says. @id: its row in
 * library.db, or 0. Returns its number. */
guint              bytestag_shared_files_table_add_file      (BytestagSharedFilesTable *self,
                                                              BytestagSharedSet        *set,
                                                              gint64                    id,
                                                              const char               *path,
                                                              const BytestagFileStamp  *stamp);
/* The next part of the file that was added last (key = index). Whether it is the first of
 * its hash in @set, so long as no other set is added to meanwhile. Equal parts are one
 * value, read from any file that is present. */
gboolean           bytestag_shared_files_table_add_part      (BytestagSharedFilesTable *self,
                                                              BytestagSharedSet        *set,
                                                              const BytestagKey        *part);
/* Takes @set out: nothing of it is listed from now on. At most @max parts and files are
 * forgotten in this call; TRUE: there are more, call again. */
gboolean           bytestag_shared_files_table_remove_set    (BytestagSharedFilesTable *self,
                                                              BytestagSharedSet        *set,
                                                              guint                     max);
void               bytestag_shared_files_table_set_state     (BytestagSharedFilesTable *self,
                                                              BytestagSharedSet        *set,
                                                              guint                     file,
                                                              BytestagSharedFileState   state);
/* The file is at @path now, or has @stamp, of the same size; it is the same still, says
 * the caller, and each part is compared again. It is PRESENT. */
void               bytestag_shared_files_table_set_stamp     (BytestagSharedFilesTable *self,
                                                              BytestagSharedSet        *set,
                                                              guint                     file,
                                                              const char               *path,
                                                              const BytestagFileStamp  *stamp);

/* An info value; the caller knows that the index of @id is its SHA-1. Counted: added
 * twice, it is removed twice. @bytes: (nullable): the store has them. */
void               bytestag_shared_files_table_add_value     (BytestagSharedFilesTable *self,
                                                              const BytestagKvpId      *id,
                                                              gsize                     size,
                                                              GBytes                   *bytes);
void               bytestag_shared_files_table_remove_value  (BytestagSharedFilesTable *self,
                                                              const BytestagKvpId      *id);
/* A part or value was published at @time (unix seconds). */
void               bytestag_shared_files_table_set_published (BytestagSharedFilesTable *self,
                                                              const BytestagKvpId      *id,
                                                              gint64                    time);
/* As a look-up, but also of what cannot be read now: its copies are still looked after. */
gboolean           bytestag_shared_files_table_describe      (BytestagSharedFilesTable *self,
                                                              const BytestagKvpId      *id,
                                                              BytestagKvpRecord        *record);
/* (transfer full) (nullable) the path of a file that a part belongs to. */
char              *bytestag_shared_files_table_dup_path      (BytestagSharedFilesTable *self,
                                                              const BytestagKvpId      *id);

G_END_DECLS
