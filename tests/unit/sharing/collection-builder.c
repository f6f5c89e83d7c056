/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/collection-builder.h"

#include <gnutls/crypto.h>
#include <sys/resource.h>

#include "core/error.h"
#include "core/limits.h"

/* (transfer full) a file of @n_parts parts that @seed tells. */
static BytestagFileInfo *
make_file (guint seed,
           guint n_parts)
{
  g_autofree BytestagKey *parts = g_new0 (BytestagKey, n_parts);
  g_autofree char *name = g_strdup_printf ("file-%u", seed);
  BytestagKey hash = { { 0 } };

  for (guint i = 0; i < n_parts; i++)
    {
      memcpy (parts[i].bytes, &seed, sizeof seed);
      memcpy (parts[i].bytes + 8, &i, sizeof i);
    }
  memcpy (hash.bytes + 4, &seed, sizeof seed);

  return bytestag_file_info_new (&hash, parts, n_parts, (guint64) n_parts * BYTESTAG_PART_SIZE,
                                 (const char * const []) { name, NULL }, NULL);
}

static GPtrArray *
make_files (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

typedef struct {
  BytestagKvpId id;
  GBytes *bytes;
} BuiltValue;

/* All that the builder gave. */
typedef struct {
  BytestagKey key;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  GArray *pages;      /* (element-type BuiltValue) root first */
  GArray *file_infos; /* (element-type BuiltValue) */
} Built;

static void
built_value_clear (gpointer data)
{
  g_bytes_unref (((BuiltValue *) data)->bytes);
}

static void
built_free (Built *self)
{
  g_array_unref (self->pages);
  g_array_unref (self->file_infos);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Built, built_free)

static void
built_value_cb (BytestagBuiltKind    kind,
                const BytestagKvpId *id,
                GBytes              *bytes,
                gpointer             user_data)
{
  Built *self = user_data;
  BuiltValue value = { *id, g_bytes_ref (bytes) };

  if (kind == BYTESTAG_BUILT_FILE_INFO)
    g_array_append_val (self->file_infos, value);
  else if (kind == BYTESTAG_BUILT_ROOT)
    g_array_prepend_val (self->pages, value);
  else
    g_array_append_val (self->pages, value);
}

/* (transfer full) (nullable) */
static Built *
build (GPtrArray   *files,
       const char  *comment,
       GError     **error)
{
  g_autoptr (Built) self = g_new0 (Built, 1);
  g_autoptr (BytestagCollectionBuilder) builder = bytestag_collection_builder_new ("name", comment, 0, built_value_cb,
                                                                                   self);

  self->pages = g_array_new (FALSE, FALSE, sizeof (BuiltValue));
  self->file_infos = g_array_new (FALSE, FALSE, sizeof (BuiltValue));
  g_array_set_clear_func (self->pages, built_value_clear);
  g_array_set_clear_func (self->file_infos, built_value_clear);
  for (guint i = 0; i < files->len; i++)
    {
      if (!bytestag_collection_builder_add (builder, g_ptr_array_index (files, i), error))
        return NULL;
    }
  if (!bytestag_collection_builder_finish (builder, &self->key, self->sha256, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
test_small (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (Built) built = NULL;
  g_autoptr (BytestagCollectionInfo) read = NULL;
  const BuiltValue *root;
  const BuiltValue *info;
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  g_ptr_array_add (files, make_file (1, 1));
  g_ptr_array_add (files, make_file (2, 2));
  built = build (files, "comment", NULL);

  g_assert_cmpuint (built->pages->len, ==, 1);
  root = &g_array_index (built->pages, BuiltValue, 0);
  g_assert_true (bytestag_key_equal (&root->id.key, &built->key));
  g_assert_true (bytestag_key_equal (&root->id.index, &built->key));
  gnutls_hash_fast (GNUTLS_DIG_SHA256, g_bytes_get_data (root->bytes, NULL), g_bytes_get_size (root->bytes), sha256);
  g_assert_cmpmem (sha256, sizeof sha256, built->sha256, sizeof built->sha256);
  read = bytestag_collection_info_from_bytes (root->bytes, NULL);
  g_assert_cmpstr (bytestag_collection_info_get_name (read), ==, "name");
  g_assert_cmpstr (bytestag_collection_info_get_comment (read), ==, "comment");
  g_assert_cmpint (bytestag_collection_info_get_timestamp (read), ==, 0);

  /* Only the file of two parts has an info of its own (A.3 B6), without its name. */
  g_assert_cmpuint (built->file_infos->len, ==, 1);
  info = &g_array_index (built->file_infos, BuiltValue, 0);
  g_assert_true (bytestag_key_equal (&info->id.key, bytestag_file_info_get_hash (files->pdata[1])));
  g_assert_false (bytestag_key_equal (&info->id.key, &info->id.index));
  g_assert_null (g_strstr_len (g_bytes_get_data (info->bytes, NULL), (gssize) g_bytes_get_size (info->bytes), "file-2"));
}

static void
test_paged (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (Built) built = NULL;
  const BuiltValue *root;
  g_autoptr (BytestagCollectionInfo) read = NULL;
  const BytestagPageRef *pages;
  guint n_pages;

  for (guint i = 0; i < 5000; i++)
    g_ptr_array_add (files, make_file (i, 1));
  built = build (files, NULL, NULL);

  g_assert_cmpuint (built->pages->len, >, 2);
  root = &g_array_index (built->pages, BuiltValue, 0);
  read = bytestag_collection_info_from_bytes (root->bytes, NULL);
  pages = bytestag_collection_info_get_pages (read, &n_pages);
  g_assert_cmpuint (n_pages, ==, built->pages->len - 1);
  for (guint i = 0; i < built->pages->len; i++)
    {
      const BuiltValue *value = &g_array_index (built->pages, BuiltValue, i);

      g_assert_cmpuint (g_bytes_get_size (value->bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
      g_assert_true (bytestag_key_equal (&value->id.key, &value->id.index));
    }
  g_assert_nonnull (pages);
}

static void
test_file_info_limit (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (Built) built = NULL;
  const BuiltValue *info;

  g_ptr_array_add (files, make_file (1, BYTESTAG_LIMIT_FILE_INFO_PARTS));
  g_ptr_array_add (files, make_file (2, BYTESTAG_LIMIT_FILE_INFO_PARTS + 1));
  built = build (files, NULL, NULL);
  g_assert_cmpuint (built->file_infos->len, ==, 1);
  info = &g_array_index (built->file_infos, BuiltValue, 0);
  g_assert_cmpuint (g_bytes_get_size (info->bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
}

static void
test_too_large (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autofree char *comment = g_strnfill (BYTESTAG_LIMIT_INFO_WRITTEN, 'x');
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (files, make_file (1, 1));
  g_assert_null (build (files, comment, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
}

/* Of 1 TiB. */
#define N_PARTS 4194304
#define N_PARTS_PAGES (N_PARTS / BYTESTAG_LIMIT_PARTS_OF_PAGE)

/* What reads a collection again as fast as it is written: nothing of it is kept. */
typedef struct {
  guint n_pages;       /* of files */
  guint n_files;
  guint n_parts_pages;
  guint n_parts;       /* in partpages */
  guint n_file_infos;
  GBytes *root;
  GBytes *page;        /* of one file, whose parts stand in partpages */
  BytestagKey all;     /* digest of the digests of all values, in order */
} Reader;

/* (transfer full) file @number of the made collection, which is the same each time. */
static BytestagFileInfo *
make_numbered (guint number,
               guint n_parts)
{
  g_autofree char *name = g_strdup_printf ("file-%u", number);
  g_autofree char *folder = g_strdup_printf ("folder-%u", number / 1000);
  g_autofree BytestagKey *parts = g_new0 (BytestagKey, n_parts);
  guint8 sha256[BYTESTAG_SHA256_SIZE] = { 1 };
  BytestagKey hash;

  bytestag_key_digest (&hash, name, strlen (name));
  memcpy (sha256, hash.bytes, sizeof hash.bytes);
  for (guint i = 0; i < n_parts; i++)
    {
      parts[i] = hash;
      memcpy (parts[i].bytes, &i, sizeof i);
    }

  return bytestag_file_info_new (&hash, parts, n_parts, (guint64) n_parts * BYTESTAG_PART_SIZE - number % 1000,
                                 (const char * const []) { folder, name, NULL }, sha256);
}

static void
assert_same_file (BytestagFileInfo *read,
                  BytestagFileInfo *made)
{
  g_autofree char *read_name = g_strjoinv ("/", (char **) bytestag_file_info_get_filename (read));
  g_autofree char *made_name = g_strjoinv ("/", (char **) bytestag_file_info_get_filename (made));

  g_assert_cmpstr (read_name, ==, made_name);
  g_assert_cmpuint (bytestag_file_info_get_size (read), ==, bytestag_file_info_get_size (made));
  g_assert_true (bytestag_key_equal (bytestag_file_info_get_hash (read), bytestag_file_info_get_hash (made)));
  g_assert_cmpmem (bytestag_file_info_get_sha256 (read), BYTESTAG_SHA256_SIZE,
                   bytestag_file_info_get_sha256 (made), BYTESTAG_SHA256_SIZE);
}

static guint
get_n_parts (guint number)
{
  return 1 + number % 19;
}

static void
read_page (Reader *self,
           GBytes *bytes)
{
  g_autoptr (GPtrArray) files = bytestag_collection_page_from_bytes (bytes, NULL);

  g_assert_nonnull (files);
  for (guint i = 0; i < files->len; i++)
    {
      g_autoptr (BytestagFileInfo) made = make_numbered (self->n_files, get_n_parts (self->n_files));
      BytestagFileInfo *read = g_ptr_array_index (files, i);
      guint n_made, n_read;
      const BytestagKey *made_parts = bytestag_file_info_get_parts (made, &n_made);
      const BytestagKey *read_parts = bytestag_file_info_get_parts (read, &n_read);

      assert_same_file (read, made);
      g_assert_cmpmem (read_parts, n_read * sizeof *read_parts, made_parts, n_made * sizeof *made_parts);
      self->n_files++;
    }
  self->n_pages++;
}

static void
digest_value (Reader              *self,
              const BytestagKvpId *id)
{
  BytestagKey both[2] = { self->all, id->index };

  bytestag_key_digest (&self->all, both, sizeof both);
}

static void
read_numbered (BytestagBuiltKind    kind,
               const BytestagKvpId *id,
               GBytes              *bytes,
               gpointer             user_data)
{
  Reader *self = user_data;

  g_assert_cmpuint (g_bytes_get_size (bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
  digest_value (self, id);
  if (kind == BYTESTAG_BUILT_PAGE)
    read_page (self, bytes);
  else if (kind == BYTESTAG_BUILT_FILE_INFO)
    self->n_file_infos++;
  else
    self->root = g_bytes_ref (bytes);
}

static void
read_large (BytestagBuiltKind    kind,
            const BytestagKvpId *id,
            GBytes              *bytes,
            gpointer             user_data)
{
  Reader *self = user_data;

  g_assert_cmpuint (g_bytes_get_size (bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
  digest_value (self, id);
  if (kind == BYTESTAG_BUILT_PAGE && self->n_parts_pages == N_PARTS_PAGES)
    {
      self->page = g_bytes_ref (bytes);
    }
  else if (kind == BYTESTAG_BUILT_PAGE)
    {
      g_autoptr (GArray) parts = bytestag_parts_page_from_bytes (bytes, NULL);

      g_assert_nonnull (parts);
      for (guint i = 0; i < parts->len; i++, self->n_parts++)
        g_assert_true (memcmp (g_array_index (parts, BytestagKey, i).bytes, &self->n_parts, sizeof (guint)) == 0);
      self->n_parts_pages++;
    }
  else if (kind == BYTESTAG_BUILT_ROOT)
    {
      self->root = g_bytes_ref (bytes);
    }
}

static long
get_peak (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

static BytestagKey
build_numbered (Reader *reader,
                guint   n_files,
                gint64  timestamp)
{
  g_autoptr (BytestagCollectionBuilder) builder =
    bytestag_collection_builder_new ("name", NULL, timestamp, read_numbered, reader);
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  BytestagKey key;

  for (guint i = 0; i < n_files; i++)
    {
      g_autoptr (BytestagFileInfo) file = make_numbered (i, get_n_parts (i));

      g_assert_true (bytestag_collection_builder_add (builder, file, NULL));
    }
  g_assert_true (bytestag_collection_builder_finish (builder, &key, sha256, NULL));
  return key;
}

/* 100,000 files of 1,000,000 parts, written and read again in the memory of a page. */
static void
test_many (void)
{
  Reader reader = { 0 };
  g_autoptr (GBytes) root = NULL;
  g_autoptr (BytestagCollectionInfo) info = NULL;
  const long before = get_peak ();
  const guint n_files = 100000;
  guint64 n_told = 0;
  guint n_pages;
  const BytestagPageRef *pages;

  build_numbered (&reader, n_files, 0);
  root = g_steal_pointer (&reader.root);
  g_assert_cmpuint (reader.n_files, ==, n_files);
  g_assert_cmpuint (reader.n_file_infos, ==, n_files - (n_files + 18) / 19);

  info = bytestag_collection_info_from_bytes (root, NULL);
  g_assert_cmpuint (bytestag_collection_info_get_count (info), ==, n_files);
  pages = bytestag_collection_info_get_pages (info, &n_pages);
  g_assert_cmpuint (n_pages, ==, reader.n_pages);
  for (guint i = 0; i < n_pages; i++)
    n_told += pages[i].n_files;
  g_assert_cmpuint (n_told, ==, n_files);
  g_test_message ("%u pages, peak %ld MiB, of it %ld MiB before", n_pages, get_peak (), before);
}

/* A list of 1 TiB; the file's parts take 80 MiB in this test, and nothing else much. */
static void
test_terabyte (void)
{
  Reader reader = { 0 };
  g_autoptr (BytestagFileInfo) file = make_numbered (0, N_PARTS);
  g_autoptr (BytestagCollectionBuilder) builder =
    bytestag_collection_builder_new ("name", NULL, 0, read_large, &reader);
  g_autoptr (BytestagCollectionInfo) info = NULL;
  g_autoptr (GBytes) root = NULL;
  g_autoptr (GBytes) page = NULL;
  g_autoptr (GPtrArray) files = NULL;
  const long before = get_peak ();
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  BytestagKey key;
  guint n_pages;

  g_assert_true (bytestag_collection_builder_add (builder, file, NULL));
  g_assert_true (bytestag_collection_builder_finish (builder, &key, sha256, NULL));
  root = g_steal_pointer (&reader.root);
  page = g_steal_pointer (&reader.page);
  g_assert_cmpuint (reader.n_parts, ==, N_PARTS);
  g_assert_cmpuint (reader.n_file_infos, ==, 0);
  info = bytestag_collection_info_from_bytes (root, NULL);
  g_assert_cmpuint (bytestag_collection_info_get_size (info), ==, G_GUINT64_CONSTANT (1) << 40);
  files = bytestag_collection_page_from_bytes (page, NULL);
  g_assert_cmpuint (files->len, ==, 1);
  assert_same_file (files->pdata[0], file);
  bytestag_file_info_get_part_pages (files->pdata[0], &n_pages);
  g_assert_cmpuint (n_pages, ==, N_PARTS_PAGES);
  g_assert_true (bytestag_file_info_check (files->pdata[0], NULL));
  g_test_message ("peak %ld MiB, of it %ld MiB before", get_peak (), before);
}

/* A time is written for a new version alone: else the same files had another link each time. */
static void
test_same_link (void)
{
  Reader readers[3] = { 0 };
  g_autoptr (BytestagCollectionInfo) info = NULL;
  BytestagKey keys[3];

  for (guint i = 0; i < 3; i++)
    keys[i] = build_numbered (&readers[i], 3000, i == 2 ? 1700000000 : 0);

  g_assert_true (bytestag_key_equal (&keys[0], &keys[1]));
  g_assert_true (bytestag_key_equal (&readers[0].all, &readers[1].all));
  g_assert_false (bytestag_key_equal (&keys[0], &keys[2]));
  info = bytestag_collection_info_from_bytes (readers[0].root, NULL);
  g_assert_cmpint (bytestag_collection_info_get_timestamp (info), ==, 0);
  g_clear_object (&info);
  info = bytestag_collection_info_from_bytes (readers[2].root, NULL);
  g_assert_cmpint (bytestag_collection_info_get_timestamp (info), ==, 1700000000);
  for (guint i = 0; i < 3; i++)
    g_bytes_unref (readers[i].root);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sharing/collection-builder/small", test_small);
  g_test_add_func ("/sharing/collection-builder/paged", test_paged);
  g_test_add_func ("/sharing/collection-builder/file-info-limit", test_file_info_limit);
  g_test_add_func ("/sharing/collection-builder/too-large", test_too_large);
  g_test_add_func ("/sharing/collection-builder/same-link", test_same_link);
  g_test_add_func ("/sharing/collection-builder/many", test_many);
  g_test_add_func ("/sharing/collection-builder/terabyte", test_terabyte);
  return g_test_run ();
}
