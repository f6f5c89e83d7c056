/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/key.h"
#include "storage/file-stamp.h"

G_BEGIN_DECLS

/* Reads one part of a shared file and checks it: a job for a worker. Made and
 * freed on the engine's thread, run once on the worker's. */
typedef struct _BytestagPartReader BytestagPartReader;

/* @stamp: of the file when it was hashed, which is looked at each time; @hash: SHA-1 of
 * the part; @checked: the bytes were compared with it since the file has had this stamp,
 * so that they are taken as they are. */
BytestagPartReader *bytestag_part_reader_new       (const char              *path,
                                                    const BytestagFileStamp *stamp,
                                                    guint64                  offset,
                                                    gsize                    length,
                                                    const BytestagKey       *hash,
                                                    gboolean                 checked);
void                bytestag_part_reader_free      (BytestagPartReader      *self);
void                bytestag_part_reader_run       (BytestagPartReader      *self,
                                                    GCancellable            *cancellable);
const char         *bytestag_part_reader_get_path  (BytestagPartReader      *self);
/* (transfer none) (nullable): NULL when it failed */
GBytes             *bytestag_part_reader_get_bytes (BytestagPartReader      *self);
/* (transfer none) (nullable); BYTESTAG_ERROR_CHANGED: the file is gone, is not the
 * one that was hashed, or has other bytes. */
const GError       *bytestag_part_reader_get_error (BytestagPartReader      *self);

/* Of BYTESTAG_ERROR_CHANGED: there is nothing at the path any more. */
gboolean            bytestag_part_reader_is_gone   (BytestagPartReader      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagPartReader, bytestag_part_reader_free)

G_END_DECLS
