/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every text of info_parse.json: read and written again it gives the recorded bytes, or is refused. */
#include "infos.h"

static void
test_info_parse (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  g_autofree char *class = vectors_member_text (vector, "class");
  g_autoptr (GBytes) input = vectors_member_bytes (vector, "input_hex");
  BytestagJsonValue text = { BYTESTAG_JSON_OBJECT, g_bytes_get_data (input, NULL), g_bytes_get_size (input) };
  GType type = g_str_equal (class, "FileInfo") ? BYTESTAG_TYPE_FILE_INFO : BYTESTAG_TYPE_COLLECTION_INFO;
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) info = infos_parse (&text, type, &error);

  if (vectors_member (vector, "error").type != BYTESTAG_JSON_ABSENT)
    {
      g_assert_nonnull (error);
      g_assert_null (info);
      return;
    }

  g_assert_no_error (error);
  infos_check (info, vector, "reserialised_hex");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("info_parse", test_info_parse);
}
