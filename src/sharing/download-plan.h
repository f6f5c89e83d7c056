/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "wire/collection-info.h"

G_BEGIN_DECLS

typedef struct {
  BytestagFileInfo *info;
  char **filename;  /* safe: below the collection's folder */
  guint64 size;     /* 0 also when not said, then n_parts tells about it */
  gboolean has_size;
  guint n_parts;    /* to be fetched: 0 of an empty file */
} BytestagPlanFile;

/* A value to be fetched, once, however often it occurs. */
typedef struct {
  BytestagKey key;
  guint first_place; /* of places */
} BytestagPlanPiece;

/* Where a piece goes. */
typedef struct {
  guint file;
  guint part;
  guint next; /* place of the same piece; 0: none */
} BytestagPlanPlace;

#define BYTESTAG_PLAN_NO_PLACE 0

/* What fetching a collection means: which pieces, and where each goes. */
typedef struct {
  char *name;        /* of the folder, or of the single file; never a hidden one */
  gboolean single;
  guint64 size;      /* bytes */
  GArray *files;     /* (element-type BytestagPlanFile) */
  GArray *pieces;    /* (element-type BytestagPlanPiece) by first occurrence */
  GArray *places;    /* (element-type BytestagPlanPlace) from 1 on */
} BytestagDownloadPlan;

/* Refuses a collection with a name that is not safe (wire/safe-name.h), two files
 * of one path, a file that is a folder too, or sizes that do not fit the parts. @name:
 * (nullable) of the collection; @key: names one without. Takes a while for many
 * files: for workers. (transfer full) */
BytestagDownloadPlan *bytestag_download_plan_new  (GPtrArray             *files,
                                                   const char            *name,
                                                   const BytestagKey     *key,
                                                   GError               **error);
void                  bytestag_download_plan_free (BytestagDownloadPlan  *self);
/* Bytes that a part has; @length is right for it, when only this tells. */
gboolean              bytestag_download_plan_check_length (BytestagDownloadPlan *self,
                                                           guint                 piece,
                                                           gsize                 length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagDownloadPlan, bytestag_download_plan_free)

G_END_DECLS
