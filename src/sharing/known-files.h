/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/file-digest.h"
#include "storage/file-stamp.h"

G_BEGIN_DECLS

/* Digests of files that were hashed before, by their stamps: a file that still has its
 * stamp need not be read again, under whatever name it is found. Counted references. Filled by
 * one thread, then only read, by any. */
typedef struct _BytestagKnownFiles BytestagKnownFiles;

BytestagKnownFiles *bytestag_known_files_new    (void);
BytestagKnownFiles *bytestag_known_files_ref    (BytestagKnownFiles      *self);
void                bytestag_known_files_unref  (BytestagKnownFiles      *self);
/* What does not fit together (as many parts as @stamp's size says) is left out. Of two with
 * the same stamp the later one counts. @sha256: 32 bytes. */
void                bytestag_known_files_add    (BytestagKnownFiles      *self,
                                                 const BytestagFileStamp *stamp,
                                                 const BytestagKey       *hash,
                                                 const guint8            *sha256,
                                                 const BytestagKey       *parts,
                                                 guint                    n_parts);
/* @digest: (out), a copy, when it is known. */
gboolean            bytestag_known_files_lookup (BytestagKnownFiles      *self,
                                                 const BytestagFileStamp *stamp,
                                                 BytestagFileDigest      *digest);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagKnownFiles, bytestag_known_files_unref)

G_END_DECLS
