/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/file-info.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/info-private.h"
#include "wire/json-keys.h"
#include "wire/safe-name.h"

struct _BytestagFileInfo
{
  GObject parent_instance;

  BytestagKey hash;
  BytestagKey *parts;
  BytestagKey *part_pages;
  guint n_parts;
  guint n_part_pages;
  BytestagJsonInteger size;
  char **filename;
  /* A filename that came as a plain string stays one (A.5, quirks). */
  gboolean filename_is_string;
  guint8 *sha256;
};

enum {
  PROP_0,
  PROP_FILE_HASH,
  PROP_SIZE,
  PROP_DISPLAY_NAME,
  PROP_N_PARTS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void serializable_init (BytestagSerializableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagFileInfo, bytestag_file_info, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_SERIALIZABLE, serializable_init))

static void
bytestag_file_info_finalize (GObject *object)
{
  BytestagFileInfo *self = BYTESTAG_FILE_INFO (object);

  g_clear_pointer (&self->parts, g_free);
  g_clear_pointer (&self->part_pages, g_free);
  bytestag_json_integer_clear (&self->size);
  g_clear_pointer (&self->filename, g_strfreev);
  g_clear_pointer (&self->sha256, g_free);

  G_OBJECT_CLASS (bytestag_file_info_parent_class)->finalize (object);
}

static char *
dup_display_name (BytestagFileInfo *self)
{
  if (self->filename == NULL)
    return NULL;

  g_autofree char *path = g_strjoinv ("/", self->filename);
  return bytestag_name_for_display (path);
}

static void
bytestag_file_info_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  BytestagFileInfo *self = BYTESTAG_FILE_INFO (object);

  switch (id)
    {
    case PROP_FILE_HASH:
      g_value_set_boxed (value, &self->hash);
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size.value);
      break;
    case PROP_DISPLAY_NAME:
      g_value_take_string (value, dup_display_name (self));
      break;
    case PROP_N_PARTS:
      g_value_set_uint (value, self->n_parts);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
bytestag_file_info_class_init (BytestagFileInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = bytestag_file_info_finalize;
  object_class->get_property = bytestag_file_info_get_property;

  properties[PROP_FILE_HASH] = g_param_spec_boxed ("file-hash", NULL, NULL, BYTESTAG_TYPE_KEY, flags);
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_DISPLAY_NAME] = g_param_spec_string ("display-name", NULL, NULL, NULL, flags);
  properties[PROP_N_PARTS] = g_param_spec_uint ("n-parts", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_file_info_init (BytestagFileInfo *self)
{
}

static void
set_parts (BytestagFileInfo *self, const BytestagKey *parts, guint n_parts)
{
  self->parts = g_memdup2 (parts, n_parts * sizeof *parts);
  self->n_parts = n_parts;
}

static void
set_part_pages (BytestagFileInfo *self, const BytestagKey *part_pages, guint n_part_pages)
{
  self->part_pages = g_memdup2 (part_pages, n_part_pages * sizeof *part_pages);
  self->n_part_pages = n_part_pages;
}

/* All but parts and pages of parts. */
static BytestagFileInfo *
copy_without_parts (BytestagFileInfo *self)
{
  BytestagFileInfo *copy = g_object_new (BYTESTAG_TYPE_FILE_INFO, NULL);

  copy->hash = self->hash;
  copy->size = (BytestagJsonInteger) { self->size.value, g_strdup (self->size.text) };
  copy->filename = g_strdupv (self->filename);
  copy->filename_is_string = self->filename_is_string;
  copy->sha256 = g_memdup2 (self->sha256, BYTESTAG_SHA256_SIZE);
  return copy;
}

BytestagFileInfo *
bytestag_file_info_new (const BytestagKey  *file_hash,
                        const BytestagKey  *parts,
                        guint               n_parts,
                        guint64             size,
                        const char * const *filename,
                        const guint8       *sha256)
{
  g_return_val_if_fail (file_hash != NULL, NULL);
  g_return_val_if_fail (parts != NULL && n_parts > 0, NULL);
  g_return_val_if_fail (filename == NULL || filename[0] != NULL, NULL);

  BytestagFileInfo *self = g_object_new (BYTESTAG_TYPE_FILE_INFO, NULL);

  self->hash = *file_hash;
  set_parts (self, parts, n_parts);
  self->size.value = size;
  self->filename = g_strdupv ((char **) filename);
  self->sha256 = g_memdup2 (sha256, BYTESTAG_SHA256_SIZE);
  return self;
}

BytestagFileInfo *
bytestag_file_info_new_paged (BytestagFileInfo *self, const BytestagKey *part_pages, guint n_part_pages)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);
  g_return_val_if_fail (part_pages != NULL && n_part_pages > 0, NULL);

  BytestagFileInfo *copy = copy_without_parts (self);

  set_part_pages (copy, part_pages, n_part_pages);
  return copy;
}

BytestagFileInfo *
bytestag_file_info_with_parts (BytestagFileInfo *self, const BytestagKey *parts, guint n_parts)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);
  g_return_val_if_fail (parts != NULL && n_parts > 0, NULL);

  BytestagFileInfo *copy = copy_without_parts (self);

  set_parts (copy, parts, n_parts);
  return copy;
}

BytestagFileInfo *
bytestag_file_info_strip (BytestagFileInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);

  return bytestag_file_info_new (&self->hash, self->parts, self->n_parts, 0, NULL, NULL);
}

static gboolean
read_filename (BytestagFileInfo *self, const BytestagJsonValue *value)
{
  BytestagScanner scanner;
  BytestagJsonValue element;

  if (bytestag_json_read_is_null (value))
    return TRUE;

  if (value->type == BYTESTAG_JSON_STRING)
    {
      g_autofree char *name = bytestag_json_read_string (value);

      if (name[0] == '\0')
        return FALSE;
      self->filename = g_strdupv ((char *[]) { name, NULL });
      self->filename_is_string = TRUE;
      return TRUE;
    }

  if (value->type != BYTESTAG_JSON_ARRAY)
    return FALSE;

  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  bytestag_json_read_begin (&scanner, value);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element))
    {
      if (element.type != BYTESTAG_JSON_STRING)
        return FALSE;

      g_autofree char *name = bytestag_json_read_string (&element);
      g_strv_builder_add (names, name);
    }

  self->filename = g_strv_builder_end (names);
  return self->filename[0] != NULL;
}

static gboolean
read_sha256 (BytestagFileInfo *self, const BytestagJsonValue *value)
{
  gsize length;

  if (bytestag_json_read_is_null (value))
    return TRUE;
  if (value->type != BYTESTAG_JSON_STRING)
    return FALSE;

  g_autofree char *text = bytestag_json_read_string (value);
  self->sha256 = g_base64_decode (text, &length);
  return length == BYTESTAG_SHA256_SIZE;
}

static gboolean
read_parts (BytestagFileInfo       *self,
            const BytestagJsonValue *parts,
            const BytestagJsonValue *part_pages,
            GError                **error)
{
  gboolean is_paged = parts->type == BYTESTAG_JSON_ABSENT && part_pages->type != BYTESTAG_JSON_ABSENT;
  g_autoptr (GArray) keys = bytestag_json_read_keys (is_paged ? part_pages : parts, error);

  if (keys == NULL)
    return FALSE;

  if (is_paged)
    set_part_pages (self, (const BytestagKey *) keys->data, keys->len);
  else
    set_parts (self, (const BytestagKey *) keys->data, keys->len);

  return TRUE;
}

/* (transfer full) */
static BytestagFileInfo *
from_json (const BytestagJsonValue *object, GError **error)
{
  enum { FILENAME, HASH, PART_PAGES, PARTS, SHA256, SIZE, N_MEMBERS };
  static const char * const names[N_MEMBERS] = {
    BYTESTAG_JSON_FILENAME, BYTESTAG_JSON_HASH, BYTESTAG_JSON_PART_PAGES,
    BYTESTAG_JSON_PARTS, BYTESTAG_JSON_SHA256, BYTESTAG_JSON_SIZE,
  };
  BytestagJsonValue members[N_MEMBERS];
  g_autoptr (GError) reason = NULL;

  if (object->type != BYTESTAG_JSON_OBJECT)
    {
      bytestag_info_refuse (error, _("The description of a file is damaged"));
      return NULL;
    }

  g_autoptr (BytestagFileInfo) self = g_object_new (BYTESTAG_TYPE_FILE_INFO, NULL);

  bytestag_json_read_members (object, names, members, N_MEMBERS);
  if (!bytestag_json_read_key (&members[HASH], &self->hash, &reason) ||
      !read_parts (self, &members[PARTS], &members[PART_PAGES], &reason) ||
      !bytestag_json_read_integer (&members[SIZE], &self->size, &reason))
    {
      g_set_error (error, reason->domain, reason->code,
                   _("The description of a file is damaged: %s"), reason->message);
      return NULL;
    }

  if (!read_filename (self, &members[FILENAME]))
    {
      bytestag_info_refuse (error, _("The name of a file is not a list of names"));
      return NULL;
    }

  if (!read_sha256 (self, &members[SHA256]))
    {
      bytestag_info_refuse (error, _("The checksum of a file is damaged"));
      return NULL;
    }

  return g_steal_pointer (&self);
}

BytestagFileInfo *
bytestag_file_info_from_bytes (GBytes *bytes, GError **error)
{
  BytestagJsonValue object;

  g_return_val_if_fail (bytes != NULL, NULL);

  if (!bytestag_info_parse (&object, bytes, error))
    return NULL;

  return from_json (&object, error);
}

GPtrArray *
bytestag_file_infos_from_json (const BytestagJsonValue *array, GError **error)
{
  BytestagScanner scanner;
  BytestagJsonValue element;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  if (array->type != BYTESTAG_JSON_ARRAY)
    {
      bytestag_info_refuse (error, _("The list of files is missing"));
      return NULL;
    }

  bytestag_json_read_begin (&scanner, array);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element))
    {
      BytestagFileInfo *file = from_json (&element, error);

      if (file == NULL)
        return NULL;
      g_ptr_array_add (files, file);
    }

  if (files->len == 0)
    {
      bytestag_info_refuse (error, _("The list of files is empty"));
      return NULL;
    }

  return g_steal_pointer (&files);
}

static void
write_filename (BytestagFileInfo *self, BytestagCanonical *writer)
{
  bytestag_canonical_member (writer, BYTESTAG_JSON_FILENAME);
  if (self->filename_is_string)
    {
      bytestag_canonical_string (writer, self->filename[0]);
      return;
    }

  bytestag_canonical_begin_array (writer);
  for (guint i = 0; self->filename[i] != NULL; i++)
    bytestag_canonical_string (writer, self->filename[i]);
  bytestag_canonical_end_array (writer);
}

void
bytestag_file_info_write (BytestagFileInfo *self, BytestagCanonical *writer)
{
  bytestag_canonical_begin_object (writer);
  bytestag_canonical_member (writer, BYTESTAG_JSON_HEADER);
  bytestag_canonical_string (writer, BYTESTAG_JSON_FILE_INFO);

  if (self->filename != NULL)
    write_filename (self, writer);

  bytestag_canonical_member (writer, BYTESTAG_JSON_HASH);
  bytestag_canonical_key (writer, &self->hash);

  if (self->n_part_pages > 0)
    {
      bytestag_canonical_member (writer, BYTESTAG_JSON_PART_PAGES);
      bytestag_canonical_keys (writer, self->part_pages, self->n_part_pages);
    }
  else
    {
      bytestag_canonical_member (writer, BYTESTAG_JSON_PARTS);
      bytestag_canonical_keys (writer, self->parts, self->n_parts);
    }

  if (self->sha256 != NULL)
    {
      bytestag_canonical_member (writer, BYTESTAG_JSON_SHA256);
      bytestag_canonical_base64 (writer, self->sha256, BYTESTAG_SHA256_SIZE);
    }

  bytestag_info_write_integer (writer, BYTESTAG_JSON_SIZE, &self->size);
  bytestag_canonical_end_object (writer);
}

static GBytes *
bytestag_file_info_to_bytes (BytestagSerializable *serializable)
{
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_file_info_write (BYTESTAG_FILE_INFO (serializable), &writer);
  return bytestag_canonical_finish (&writer);
}

static void
serializable_init (BytestagSerializableInterface *iface)
{
  iface->to_bytes = bytestag_file_info_to_bytes;
}

const BytestagKey *
bytestag_file_info_get_hash (BytestagFileInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);

  return &self->hash;
}

const BytestagKey *
bytestag_file_info_get_parts (BytestagFileInfo *self, guint *n_parts)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);

  if (n_parts != NULL)
    *n_parts = self->n_parts;
  return self->parts;
}

const BytestagKey *
bytestag_file_info_get_part_pages (BytestagFileInfo *self, guint *n_part_pages)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);

  if (n_part_pages != NULL)
    *n_part_pages = self->n_part_pages;
  return self->part_pages;
}

guint64
bytestag_file_info_get_size (BytestagFileInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), 0);

  return self->size.value;
}

const char * const *
bytestag_file_info_get_filename (BytestagFileInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);

  return (const char * const *) self->filename;
}

const guint8 *
bytestag_file_info_get_sha256 (BytestagFileInfo *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), NULL);

  return self->sha256;
}

gboolean
bytestag_file_info_check (BytestagFileInfo *self, GError **error)
{
  g_return_val_if_fail (BYTESTAG_IS_FILE_INFO (self), FALSE);

  guint64 size = self->size.value;
  guint64 n_parts = size / BYTESTAG_PART_SIZE + (size % BYTESTAG_PART_SIZE != 0);
  guint64 n_part_pages =
    n_parts / BYTESTAG_LIMIT_PARTS_OF_PAGE + (n_parts % BYTESTAG_LIMIT_PARTS_OF_PAGE != 0);

  if (size == 0)
    return TRUE;
  if (self->n_part_pages > 0 ? self->n_part_pages == n_part_pages : self->n_parts == n_parts)
    return TRUE;

  return bytestag_info_refuse (error, _("The size of a file does not fit the number of its pieces"));
}

GBytes *
bytestag_parts_page_to_bytes (const BytestagKey *parts, guint n_parts)
{
  BytestagCanonical writer;

  g_return_val_if_fail (parts != NULL && n_parts > 0, NULL);
  g_return_val_if_fail (n_parts <= BYTESTAG_LIMIT_PARTS_OF_PAGE, NULL);

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_HEADER);
  bytestag_canonical_string (&writer, BYTESTAG_JSON_PARTS_PAGE);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_PARTS);
  bytestag_canonical_keys (&writer, parts, n_parts);
  bytestag_canonical_end_object (&writer);
  return bytestag_canonical_finish (&writer);
}

GArray *
bytestag_parts_page_from_bytes (GBytes *bytes, GError **error)
{
  static const char * const names[] = { BYTESTAG_JSON_PARTS };
  BytestagJsonValue object, array;

  g_return_val_if_fail (bytes != NULL, NULL);

  if (!bytestag_info_parse (&object, bytes, error))
    return NULL;

  if (!bytestag_info_has_header (&object, BYTESTAG_JSON_PARTS_PAGE))
    {
      bytestag_info_refuse (error, _("This is not a list of pieces"));
      return NULL;
    }

  bytestag_json_read_members (&object, names, &array, 1);
  g_autoptr (GArray) parts = bytestag_json_read_keys (&array, error);
  if (parts != NULL && parts->len > BYTESTAG_LIMIT_PARTS_OF_PAGE)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                           _("A list of pieces is too long"));
      return NULL;
    }

  return g_steal_pointer (&parts);
}
