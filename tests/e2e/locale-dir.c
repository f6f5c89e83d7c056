/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linked into bytestag-node with --wrap=bindtextdomain: its catalogues are those of
 * a folder that the test made, since nothing is installed while tests run. */
#include "config.h"

#include <glib.h>
#include <libintl.h>

char *__real_bindtextdomain (const char *domain,
                             const char *folder);
char *__wrap_bindtextdomain (const char *domain,
                             const char *folder);

char *
__wrap_bindtextdomain (const char *domain,
                       const char *folder)
{
  const char *ours = g_getenv ("BYTESTAG_TEST_LOCALE_DIR");

  return __real_bindtextdomain (domain, ours != NULL ? ours : folder);
}
