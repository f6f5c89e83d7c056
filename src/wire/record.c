/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/record.h"

#include <glib/gi18n-lib.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "core/error.h"
#include "wire/info-private.h"
#include "wire/json-keys.h"

#define SHA256_BYTES 32
#define DAY G_GINT64_CONSTANT (86400)
#define PROVIDER_PREFIX "bytestag:provider:"
#define CATALOGUE_PREFIX "bytestag:catalogue:"
/* Of a page without its entries, at most. */
#define PAGE_FRAME 400

/* Making and freeing */

void
bytestag_catalogue_entry_free (BytestagCatalogueEntry *self)
{
  g_free (self->name);
  g_free (self);
}

BytestagCatalogueEntry *
bytestag_catalogue_entry_new (const BytestagKey *key,
                              const char        *name,
                              guint64            size,
                              guint64            n_files)
{
  BytestagCatalogueEntry *self = g_new0 (BytestagCatalogueEntry, 1);

  self->key = *key;
  self->name = name != NULL && *name != '\0' ? g_utf8_make_valid (name, -1) : NULL;
  self->size = size;
  self->n_files = n_files;
  return self;
}

void
bytestag_record_free (BytestagRecord *self)
{
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_free (self);
}

/* Keys */

static void
hash (const void *data,
      gsize       length,
      guint8      digest[SHA256_BYTES])
{
  int result = gnutls_hash_fast (GNUTLS_DIG_SHA256, data, length, digest);

  if (result < 0)
    g_error ("No SHA-256: %s", gnutls_strerror (result));
}

void
bytestag_record_derive_key (BytestagKvpKind    kind,
                            const BytestagKey *subject,
                            BytestagKey       *key)
{
  const char *prefix = kind == BYTESTAG_KVP_CATALOGUE ? CATALOGUE_PREFIX : PROVIDER_PREFIX;
  guint8 text[sizeof CATALOGUE_PREFIX + sizeof subject->bytes];
  guint8 digest[SHA256_BYTES];
  gsize length = strlen (prefix);

  g_return_if_fail (kind != BYTESTAG_KVP_VALUE);

  memcpy (text, prefix, length);
  memcpy (text + length, subject->bytes, sizeof subject->bytes);
  hash (text, length + sizeof subject->bytes, digest);
  memcpy (key->bytes, digest, sizeof key->bytes);
}

/* B.2 */
static void
derive_node_id (BytestagRecord *self)
{
  guint8 digest[SHA256_BYTES];

  hash (self->public_key, sizeof self->public_key, digest);
  memcpy (self->node_id.bytes, digest, sizeof self->node_id.bytes);
}

BytestagKvpKind
bytestag_record_get_claim (const guint8 *data,
                           gsize         length)
{
  static const char provider[] = "{\"!\":\"" BYTESTAG_JSON_PROVIDER "\"";
  static const char catalogue[] = "{\"!\":\"" BYTESTAG_JSON_CATALOGUE "\"";

  if (length >= sizeof provider - 1 && memcmp (data, provider, sizeof provider - 1) == 0)
    return BYTESTAG_KVP_PROVIDER;
  if (length >= sizeof catalogue - 1 && memcmp (data, catalogue, sizeof catalogue - 1) == 0)
    return BYTESTAG_KVP_CATALOGUE;
  return BYTESTAG_KVP_VALUE;
}

/* Writing */

static void
write_address (BytestagCanonical      *writer,
               const BytestagEndpoint *address)
{
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  bytestag_endpoint_write_host (address, host);
  bytestag_canonical_begin_object (writer);
  bytestag_canonical_member (writer, BYTESTAG_JSON_HOST);
  bytestag_canonical_string (writer, host);
  bytestag_canonical_member (writer, BYTESTAG_JSON_PORT);
  bytestag_canonical_unsigned (writer, address->port);
  bytestag_canonical_end_object (writer);
}

static void
write_entry (BytestagCanonical            *writer,
             const BytestagCatalogueEntry *entry)
{
  bytestag_canonical_begin_object (writer);
  bytestag_canonical_member (writer, BYTESTAG_JSON_FILES);
  bytestag_canonical_unsigned (writer, entry->n_files);
  bytestag_canonical_member (writer, BYTESTAG_JSON_KEY);
  bytestag_canonical_key (writer, &entry->key);
  if (entry->name != NULL)
    {
      bytestag_canonical_member (writer, BYTESTAG_JSON_NAME);
      bytestag_canonical_string (writer, entry->name);
    }
  bytestag_canonical_member (writer, BYTESTAG_JSON_SIZE);
  bytestag_canonical_unsigned (writer, entry->size);
  bytestag_canonical_end_object (writer);
}

static void
write_provider_members (BytestagCanonical    *writer,
                        const BytestagRecord *self)
{
  bytestag_canonical_string (writer, BYTESTAG_JSON_PROVIDER);
  bytestag_canonical_member (writer, BYTESTAG_JSON_ADDRESSES);
  bytestag_canonical_begin_array (writer);
  for (guint i = 0; i < self->n_addresses; i++)
    write_address (writer, &self->addresses[i]);
  bytestag_canonical_end_array (writer);
  bytestag_canonical_member (writer, BYTESTAG_JSON_KEY);
  bytestag_canonical_key (writer, &self->subject);
}

static void
write_catalogue_members (BytestagCanonical    *writer,
                         const BytestagRecord *self)
{
  bytestag_canonical_string (writer, BYTESTAG_JSON_CATALOGUE);
  bytestag_canonical_member (writer, BYTESTAG_JSON_COLLECTIONS);
  bytestag_canonical_begin_array (writer);
  for (guint i = 0; i < self->entries->len; i++)
    write_entry (writer, self->entries->pdata[i]);
  bytestag_canonical_end_array (writer);
  bytestag_canonical_member (writer, BYTESTAG_JSON_PAGE_NUMBER);
  bytestag_canonical_unsigned (writer, self->page);
  bytestag_canonical_member (writer, BYTESTAG_JSON_PAGES);
  bytestag_canonical_unsigned (writer, self->n_pages);
}

/* (transfer full) @signature: (nullable) NULL for the bytes that are signed. */
static GBytes *
write_record (const BytestagRecord *self,
              const guint8         *signature)
{
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_HEADER);
  if (self->kind == BYTESTAG_KVP_PROVIDER)
    write_provider_members (&writer, self);
  else
    write_catalogue_members (&writer, self);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_PUBLIC_KEY);
  bytestag_canonical_base64 (&writer, self->public_key, sizeof self->public_key);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_SEQUENCE_NUMBER);
  bytestag_canonical_signed (&writer, self->seq);
  if (signature != NULL)
    {
      bytestag_canonical_member (&writer, BYTESTAG_JSON_SIGNATURE);
      bytestag_canonical_base64 (&writer, signature, BYTESTAG_SIGNATURE_BYTES);
    }
  bytestag_canonical_end_object (&writer);
  return bytestag_canonical_finish (&writer);
}

static GBytes *
sign_record (BytestagRecord *self,
             BytestagSigner *signer,
             gint64          now,
             GError        **error)
{
  GBytes *public_key = bytestag_signer_get_public_key (signer);
  g_autoptr (GBytes) signed_bytes = NULL;
  g_autoptr (GBytes) signature = NULL;

  g_return_val_if_fail (g_bytes_get_size (public_key) == sizeof self->public_key, NULL);

  memcpy (self->public_key, g_bytes_get_data (public_key, NULL), sizeof self->public_key);
  /* The index stays the same for a day. */
  self->seq = now / DAY * DAY;
  signed_bytes = write_record (self, NULL);
  signature = bytestag_signer_sign (signer, signed_bytes, error);
  if (signature == NULL)
    return NULL;

  g_return_val_if_fail (g_bytes_get_size (signature) == BYTESTAG_SIGNATURE_BYTES, NULL);
  return write_record (self, g_bytes_get_data (signature, NULL));
}

GBytes *
bytestag_record_build_provider (BytestagSigner         *signer,
                                const BytestagKey      *subject,
                                const BytestagEndpoint *addresses,
                                guint                   n_addresses,
                                gint64                  now,
                                GError                **error)
{
  BytestagRecord record = { .kind = BYTESTAG_KVP_PROVIDER, .n_addresses = n_addresses };

  g_return_val_if_fail (BYTESTAG_IS_SIGNER (signer), NULL);
  g_return_val_if_fail (subject != NULL, NULL);
  g_return_val_if_fail (n_addresses >= 1 && n_addresses <= BYTESTAG_LIMIT_ADDRESSES_OF_RECORD, NULL);

  record.subject = *subject;
  memcpy (record.addresses, addresses, n_addresses * sizeof *addresses);
  return sign_record (&record, signer, now, error);
}

static gsize
get_entry_length (const BytestagCatalogueEntry *entry)
{
  BytestagCanonical writer;
  g_autoptr (GBytes) bytes = NULL;

  bytestag_canonical_init (&writer);
  write_entry (&writer, entry);
  bytes = bytestag_canonical_finish (&writer);
  return g_bytes_get_size (bytes) + 1;
}

/* (transfer full) (element-type GPtrArray of BytestagCatalogueEntry, borrowed) */
static GPtrArray *
cut_into_pages (GPtrArray *entries)
{
  GPtrArray *pages = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  GPtrArray *page = g_ptr_array_new ();
  gsize length = PAGE_FRAME;

  g_ptr_array_add (pages, page);
  for (guint i = 0; i < entries->len; i++)
    {
      gsize n = get_entry_length (entries->pdata[i]);

      if (n + PAGE_FRAME > BYTESTAG_LIMIT_RECORD_BYTES)
        continue;
      if (length + n > BYTESTAG_LIMIT_RECORD_BYTES || page->len == BYTESTAG_LIMIT_ENTRIES_OF_PAGE)
        {
          if (pages->len == BYTESTAG_LIMIT_PAGES_OF_CATALOGUE)
            break;
          page = g_ptr_array_new ();
          g_ptr_array_add (pages, page);
          length = PAGE_FRAME;
        }
      g_ptr_array_add (page, entries->pdata[i]);
      length += n;
    }
  return pages;
}

GPtrArray *
bytestag_record_build_catalogue (BytestagSigner *signer,
                                 GPtrArray      *entries,
                                 gint64          now,
                                 GError        **error)
{
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_return_val_if_fail (BYTESTAG_IS_SIGNER (signer), NULL);
  g_return_val_if_fail (entries != NULL, NULL);

  pages = cut_into_pages (entries);
  for (guint i = 0; i < pages->len; i++)
    {
      BytestagRecord record = { .kind = BYTESTAG_KVP_CATALOGUE, .page = i, .n_pages = pages->len };
      GBytes *value;

      record.entries = pages->pdata[i];
      value = sign_record (&record, signer, now, error);
      if (value == NULL)
        return NULL;
      g_ptr_array_add (values, value);
    }
  return g_steal_pointer (&values);
}

/* Reading */

static gboolean
read_base64 (const BytestagJsonValue *value,
             guint8                  *bytes,
             gsize                    length)
{
  g_autofree char *text = bytestag_json_read_string (value);
  g_autofree guint8 *decoded = NULL;
  gsize n = 0;

  if (text == NULL)
    return FALSE;
  decoded = g_base64_decode (text, &n);
  if (n != length)
    return FALSE;
  memcpy (bytes, decoded, length);
  return TRUE;
}

/* A whole number from 0 to @max. */
static gboolean
read_number (const BytestagJsonValue *value,
             guint64                  max,
             guint64                 *number)
{
  BytestagJsonInteger integer = { 0 };
  gboolean is_good = value->type == BYTESTAG_JSON_INTEGER && bytestag_json_read_integer (value, &integer, NULL) &&
                     integer.text == NULL && integer.value <= max;

  *number = integer.value;
  bytestag_json_integer_clear (&integer);
  return is_good;
}

static gboolean
read_address (const BytestagJsonValue *value,
              BytestagEndpoint        *address)
{
  static const char * const names[] = { BYTESTAG_JSON_HOST, BYTESTAG_JSON_PORT };
  BytestagJsonValue members[G_N_ELEMENTS (names)];
  g_autofree char *host = NULL;
  guint64 port;

  if (value->type != BYTESTAG_JSON_OBJECT)
    return FALSE;
  bytestag_json_read_members (value, names, members, G_N_ELEMENTS (names));
  host = bytestag_json_read_string (&members[0]);
  return host != NULL && read_number (&members[1], G_MAXUINT16, &port) &&
         bytestag_endpoint_set_host (address, host, -1, (guint16) port) && bytestag_endpoint_is_usable (address);
}

static gboolean
read_provider (BytestagRecord          *self,
               const BytestagJsonValue *object)
{
  static const char * const names[] = { BYTESTAG_JSON_ADDRESSES, BYTESTAG_JSON_KEY };
  BytestagJsonValue members[G_N_ELEMENTS (names)], value;
  BytestagScanner scanner;

  bytestag_json_read_members (object, names, members, G_N_ELEMENTS (names));
  if (members[0].type != BYTESTAG_JSON_ARRAY || !bytestag_json_read_key (&members[1], &self->subject, NULL))
    return FALSE;

  bytestag_json_read_begin (&scanner, &members[0]);
  while (bytestag_scanner_next_element (&scanner))
    if (!bytestag_scanner_read_value (&scanner, &value) || self->n_addresses == G_N_ELEMENTS (self->addresses) ||
        !read_address (&value, &self->addresses[self->n_addresses++]))
      return FALSE;
  return self->n_addresses > 0;
}

/* (transfer full) (nullable) */
static BytestagCatalogueEntry *
read_entry (const BytestagJsonValue *value)
{
  static const char * const names[] = { BYTESTAG_JSON_FILES, BYTESTAG_JSON_KEY, BYTESTAG_JSON_NAME, BYTESTAG_JSON_SIZE };
  BytestagJsonValue members[G_N_ELEMENTS (names)];
  g_autofree char *name = NULL;
  guint64 n_files, size;
  BytestagKey key;

  if (value->type != BYTESTAG_JSON_OBJECT)
    return NULL;
  bytestag_json_read_members (value, names, members, G_N_ELEMENTS (names));
  if (!read_number (&members[0], G_MAXINT64, &n_files) || !bytestag_json_read_key (&members[1], &key, NULL) ||
      !bytestag_info_read_string (&members[2], &name) || !read_number (&members[3], G_MAXINT64, &size) ||
      (name != NULL && !g_utf8_validate (name, -1, NULL)))
    return NULL;
  return bytestag_catalogue_entry_new (&key, name, size, n_files);
}

static gboolean
read_catalogue (BytestagRecord          *self,
                const BytestagJsonValue *object)
{
  static const char * const names[] = { BYTESTAG_JSON_COLLECTIONS, BYTESTAG_JSON_PAGE_NUMBER, BYTESTAG_JSON_PAGES };
  BytestagJsonValue members[G_N_ELEMENTS (names)], value;
  BytestagScanner scanner;
  guint64 page, n_pages;

  bytestag_json_read_members (object, names, members, G_N_ELEMENTS (names));
  if (members[0].type != BYTESTAG_JSON_ARRAY ||
      !read_number (&members[2], BYTESTAG_LIMIT_PAGES_OF_CATALOGUE, &n_pages) || n_pages == 0 ||
      !read_number (&members[1], n_pages - 1, &page))
    return FALSE;

  self->page = (guint) page;
  self->n_pages = (guint) n_pages;
  self->subject = self->node_id;
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_catalogue_entry_free);
  bytestag_json_read_begin (&scanner, &members[0]);
  while (bytestag_scanner_next_element (&scanner))
    {
      BytestagCatalogueEntry *entry = NULL;

      if (bytestag_scanner_read_value (&scanner, &value) && self->entries->len < BYTESTAG_LIMIT_ENTRIES_OF_PAGE)
        entry = read_entry (&value);
      if (entry == NULL)
        return FALSE;
      g_ptr_array_add (self->entries, entry);
    }
  return TRUE;
}

/* All but whether the signature is right. */
static gboolean
read_record (BytestagRecord          *self,
             const BytestagJsonValue *object,
             guint8                  *signature)
{
  static const char * const names[] = { BYTESTAG_JSON_PUBLIC_KEY, BYTESTAG_JSON_SEQUENCE_NUMBER,
                                        BYTESTAG_JSON_SIGNATURE };
  BytestagJsonValue members[G_N_ELEMENTS (names)];
  guint64 seq;

  bytestag_json_read_members (object, names, members, G_N_ELEMENTS (names));
  if (!read_base64 (&members[0], self->public_key, sizeof self->public_key) ||
      !read_number (&members[1], G_MAXINT64, &seq) || seq % DAY != 0 ||
      !read_base64 (&members[2], signature, BYTESTAG_SIGNATURE_BYTES))
    return FALSE;

  self->seq = (gint64) seq;
  derive_node_id (self);
  return self->kind == BYTESTAG_KVP_PROVIDER ? read_provider (self, object) : read_catalogue (self, object);
}

static gboolean
verify (const BytestagRecord *self,
        const guint8         *signature)
{
  g_autoptr (GBytes) signed_bytes = write_record (self, NULL);
  gnutls_datum_t key = { (unsigned char *) self->public_key, sizeof self->public_key };
  gnutls_datum_t sig = { (unsigned char *) signature, BYTESTAG_SIGNATURE_BYTES };
  gnutls_datum_t data = { (unsigned char *) g_bytes_get_data (signed_bytes, NULL),
                          (unsigned int) g_bytes_get_size (signed_bytes) };
  gnutls_pubkey_t public_key = NULL;
  gboolean is_right;

  gnutls_pubkey_init (&public_key);
  is_right = gnutls_pubkey_import (public_key, &key, GNUTLS_X509_FMT_DER) >= 0 &&
             gnutls_pubkey_get_pk_algorithm (public_key, NULL) == GNUTLS_PK_EDDSA_ED25519 &&
             gnutls_pubkey_verify_data2 (public_key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &sig) >= 0;
  gnutls_pubkey_deinit (public_key);
  return is_right;
}

static BytestagRecord *
refuse (GError    **error,
        const char *message)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, message);
  return NULL;
}

BytestagRecord *
bytestag_record_parse (const guint8 *data,
                       gsize         length,
                       GError      **error)
{
  g_autoptr (BytestagRecord) self = g_new0 (BytestagRecord, 1);
  g_autoptr (GBytes) written = NULL;
  guint8 signature[BYTESTAG_SIGNATURE_BYTES];
  BytestagJsonValue object;

  g_return_val_if_fail (data != NULL || length == 0, NULL);

  self->kind = bytestag_record_get_claim (data, length);
  if (self->kind == BYTESTAG_KVP_VALUE || length > BYTESTAG_LIMIT_RECORD_BYTES)
    return refuse (error, _("This is not a record"));
  if (!bytestag_json_read (&object, BYTESTAG_JSON_OBJECT, (const char *) data, length, BYTESTAG_LIMIT_JSON_DEPTH,
                           BYTESTAG_LIMIT_JSON_TOKENS, error))
    return NULL;
  if (!read_record (self, &object, signature))
    return refuse (error, _("This record lacks something, or has it wrong"));

  /* One form: with a second one there were two indices of one record. */
  written = write_record (self, signature);
  if (g_bytes_get_size (written) != length || memcmp (g_bytes_get_data (written, NULL), data, length) != 0)
    return refuse (error, _("This record is not written as it should be"));
  if (!verify (self, signature))
    return refuse (error, _("The signature of this record is wrong"));
  return g_steal_pointer (&self);
}
