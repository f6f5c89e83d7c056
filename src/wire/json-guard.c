/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/json-guard.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "wire/scanner.h"

/**
 * bytestag_json_guard:
 * @text: (array length=length): any bytes
 * @max_depth: containers inside each other, at most %BYTESTAG_SCANNER_DEPTH
 * @max_tokens: values, those within others too
 *
 * Does not recurse and allocates nothing. Errors: %BYTESTAG_ERROR_INVALID,
 * %BYTESTAG_ERROR_TOO_LARGE.
 *
 * Returns: whether @text is one JSON value within the bounds
 */
gboolean
bytestag_json_guard (const char *text,
                     gsize       length,
                     guint       max_depth,
                     guint       max_tokens,
                     GError    **error)
{
  BytestagScanner scanner;
  BytestagJsonValue value;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  bytestag_scanner_init (&scanner, text, length, max_depth, max_tokens);
  if (bytestag_scanner_read_value (&scanner, &value) && bytestag_scanner_finish (&scanner))
    return TRUE;

  if (scanner.result == BYTESTAG_SCAN_LIMIT)
    g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                         _("The data is nested too deeply or has too many values"));
  else
    g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                         _("The data is damaged, or not of Bytestag"));
  return FALSE;
}
