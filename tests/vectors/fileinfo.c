/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every FileInfo of fileinfo.json, made by the constructor and read from the case
 * itself, which is a FileInfo in JSON with keys in hex: the same bytes and key. What the
 * original refuses to make, ours refuses to read. */
#include "infos.h"

static void
test_fileinfo (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagFileInfo) read = infos_parse (vector, BYTESTAG_TYPE_FILE_INFO, &error);
  g_autoptr (BytestagFileInfo) made = NULL;

  if (vectors_member (vector, "error").type != BYTESTAG_JSON_ABSENT)
    {
      g_assert_nonnull (error);
      g_assert_null (read);
      return;
    }

  g_assert_no_error (error);
  infos_check (read, vector, "bytes_hex");
  made = infos_make_file (vector);
  if (made != NULL)
    infos_check (made, vector, "bytes_hex");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("fileinfo", test_fileinfo);
}
