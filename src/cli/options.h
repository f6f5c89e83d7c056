/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the command line says, checked. */
typedef struct {
  char *verb;
  char **arguments;   /* what follows the options */
  char *data;         /* (nullable) absolute */
  gboolean json;

  /* Of a node of its own: run, share, get. */
  int port;           /* -1: as the settings say */
  char *host;         /* (nullable) */
  char **known_nodes; /* (nullable) */
  gint64 lend;        /* bytes of space for others; -1: as the settings say */
  gint64 upload_limit; /* bytes a second, 0: none; -1: as the settings say */

  char *name;         /* share; (nullable) */
  char *comment;      /* share; (nullable) */
  char *to;           /* get; absolute */
} BytestagOptions;

/* Reads @argv. NULL: @error says what is wrong, or, when it is not set, all was said
 * already (--help, --version). (transfer full) */
BytestagOptions *bytestag_options_parse (int               argc,
                                         char            **argv,
                                         GError          **error);
void             bytestag_options_free  (BytestagOptions  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagOptions, bytestag_options_free)

G_END_DECLS
