/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "wire/file-info.h"

G_BEGIN_DECLS

/**
 * BytestagDownloadTarget:
 *
 * The place on disk that one download writes to: a new folder, or a single file. Until its
 * last byte is checked, a file is called NAME.bytestag-incomplete.
 * Immutable and atomically counted, so that jobs may hold it. Its functions block: for
 * workers. Nothing is followed or written outside it, whatever links lie there; names are
 * checked by the caller (wire/safe-name.h) before they come here.
 */
typedef struct _BytestagDownloadTarget BytestagDownloadTarget;

/* Makes the folder NAME, or "NAME (2)" and so on, in @folder (made when missing). @single: no
 * folder; the one file NAME will lie in @folder itself. */
BytestagDownloadTarget *bytestag_download_target_new      (const char              *folder,
                                                           const char              *name,
                                                           gboolean                 single,
                                                           GError                 **error);
BytestagDownloadTarget *bytestag_download_target_ref      (BytestagDownloadTarget  *self);
void                    bytestag_download_target_unref    (BytestagDownloadTarget  *self);
/* The path of the folder that was made, or that the single file will have. */
const char             *bytestag_download_target_get_path (BytestagDownloadTarget  *self);

/* Writes @bytes (nullable: only makes the file) at @offset of the incomplete file. */
gboolean                bytestag_download_target_write    (BytestagDownloadTarget  *self,
                                                           const char * const      *filename,
                                                           guint64                  offset,
                                                           GBytes                  *bytes,
                                                           GError                 **error);
/* Reads the incomplete file again, checks it against @info, syncs it and gives it
 * its name, or "NAME (2)" when there is one by now. BYTESTAG_ERROR_WRONG_DATA: it is not what @info says. */
gboolean                bytestag_download_target_finish   (BytestagDownloadTarget  *self,
                                                           const char * const      *filename,
                                                           BytestagFileInfo        *info,
                                                           GCancellable            *cancellable,
                                                           GError                 **error);
/* Removes the incomplete file, and folders that are empty then. */
void                    bytestag_download_target_discard  (BytestagDownloadTarget  *self,
                                                           const char * const      *filename);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagDownloadTarget, bytestag_download_target_unref)

G_END_DECLS
