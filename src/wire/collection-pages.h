/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/collection-writer.h"
#include "wire/info-private.h"

G_BEGIN_DECLS

/* For wire alone: what the value under a link says. */
typedef struct {
  const char *comment; /* (nullable) */
  const char *name;    /* (nullable) */
  const BytestagJsonInteger *timestamp;
  guint64 count;
  guint64 size;
  const GArray *pages; /* (element-type BytestagPageRef) NULL: the files are here, */
  const char *files;   /* canonical, separated by commas */
  gsize files_length;
} BytestagCollectionRoot;

/* (transfer full) */
GBytes *bytestag_collection_root_write           (const BytestagCollectionRoot *root);
/* As it came, if it came: maybe larger than any number here. */
void    bytestag_collection_writer_set_timestamp (BytestagCollectionWriter     *self,
                                                  const BytestagJsonInteger    *timestamp);
const BytestagJsonInteger *
        bytestag_collection_info_get_timestamp_as_it_came (BytestagCollectionInfo *self);

G_END_DECLS
