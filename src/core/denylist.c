/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/denylist.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "core/limits.h"

#define SHA256_BYTES 32
#define SHA256_PREFIX "sha256:"

typedef struct {
  guint8 bytes[SHA256_BYTES];
} Digest;

/* Sorted arrays: a list may be long, is read once, and is asked for each value. */
struct _BytestagDenylist
{
  GObject parent_instance;

  GArray *keys;    /* (element-type BytestagKey) */
  GArray *digests; /* (element-type Digest) of keys */
  guint n_bad;
};

enum {
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagDenylist, bytestag_denylist, G_TYPE_OBJECT)

static void
bytestag_denylist_finalize (GObject *object)
{
  BytestagDenylist *self = BYTESTAG_DENYLIST (object);

  g_clear_pointer (&self->keys, g_array_unref);
  g_clear_pointer (&self->digests, g_array_unref);

  G_OBJECT_CLASS (bytestag_denylist_parent_class)->finalize (object);
}

static void
bytestag_denylist_class_init (BytestagDenylistClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_denylist_finalize;

  signals[CHANGED] =
    g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static void
bytestag_denylist_init (BytestagDenylist *self)
{
  self->keys = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
  self->digests = g_array_new (FALSE, FALSE, sizeof (Digest));
}

BytestagDenylist *
bytestag_denylist_new (void)
{
  return g_object_new (BYTESTAG_TYPE_DENYLIST, NULL);
}

static int
compare_keys (gconstpointer a,
              gconstpointer b)
{
  return bytestag_key_compare (a, b);
}

static int
compare_digests (gconstpointer a,
                 gconstpointer b)
{
  return memcmp (a, b, sizeof (Digest));
}

static gboolean
parse_digest (const char *text,
              gsize       length,
              Digest     *digest)
{
  if (length != 2 * SHA256_BYTES)
    return FALSE;

  for (guint i = 0; i < SHA256_BYTES; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]);
      int low = g_ascii_xdigit_value (text[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      digest->bytes[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

/* FALSE: it is neither a key nor the digest of one, or there is no room. */
static gboolean
add_line (BytestagDenylist *self,
          const char       *text,
          gsize             length)
{
  const gsize prefix_length = strlen (SHA256_PREFIX);
  BytestagKey key;
  Digest digest;

  if (self->keys->len + self->digests->len >= BYTESTAG_LIMIT_DENIED_KEYS)
    return FALSE;

  if (length > prefix_length && g_ascii_strncasecmp (text, SHA256_PREFIX, prefix_length) == 0)
    {
      if (!parse_digest (text + prefix_length, length - prefix_length, &digest))
        return FALSE;
      g_array_append_val (self->digests, digest);
      return TRUE;
    }

  /* Base64 is lenient (A.1.3): a line of prose that happens to hold enough letters is none. */
  if (memchr (text, ' ', length) != NULL || length > BYTESTAG_KEY_HEX_LENGTH ||
      !bytestag_key_parse (&key, text, (gssize) length, NULL))
    return FALSE;
  g_array_append_val (self->keys, key);
  return TRUE;
}

static void
load_line (BytestagDenylist *self,
           const char       *text,
           gsize             length)
{
  const char *comment = memchr (text, '#', length);

  if (comment != NULL)
    length = (gsize) (comment - text);
  while (length > 0 && g_ascii_isspace (text[length - 1]))
    length--;
  while (length > 0 && g_ascii_isspace (*text))
    {
      text++;
      length--;
    }
  if (length > 0 && !add_line (self, text, length))
    self->n_bad++;
}

guint
bytestag_denylist_load (BytestagDenylist *self,
                        const char       *text,
                        gsize             length)
{
  g_return_val_if_fail (BYTESTAG_IS_DENYLIST (self), 0);
  g_return_val_if_fail (text != NULL || length == 0, 0);

  g_array_set_size (self->keys, 0);
  g_array_set_size (self->digests, 0);
  self->n_bad = 0;
  while (length > 0)
    {
      const char *end = memchr (text, '\n', length);
      gsize line_length = end != NULL ? (gsize) (end - text) : length;

      load_line (self, text, line_length);
      line_length += end != NULL;
      text += line_length;
      length -= line_length;
    }
  g_array_sort (self->keys, compare_keys);
  g_array_sort (self->digests, compare_digests);

  g_signal_emit (self, signals[CHANGED], 0);
  return self->n_bad;
}

guint
bytestag_denylist_take (BytestagDenylist *self,
                        BytestagDenylist *other)
{
  g_return_val_if_fail (BYTESTAG_IS_DENYLIST (self), 0);
  g_return_val_if_fail (BYTESTAG_IS_DENYLIST (other) && other != self, 0);

  g_array_unref (self->keys);
  g_array_unref (self->digests);
  self->keys = other->keys;
  self->digests = other->digests;
  self->n_bad = other->n_bad;
  bytestag_denylist_init (other);
  other->n_bad = 0;

  g_signal_emit (self, signals[CHANGED], 0);
  return self->n_bad;
}

guint
bytestag_denylist_get_n_keys (BytestagDenylist *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DENYLIST (self), 0);

  return self->keys->len + self->digests->len;
}

guint
bytestag_denylist_get_n_bad (BytestagDenylist *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DENYLIST (self), 0);

  return self->n_bad;
}

gboolean
bytestag_denylist_contains (BytestagDenylist  *self,
                            const BytestagKey *key)
{
  Digest digest;

  g_return_val_if_fail (BYTESTAG_IS_DENYLIST (self), FALSE);
  g_return_val_if_fail (key != NULL, FALSE);

  if (self->keys->len > 0 && g_array_binary_search (self->keys, key, compare_keys, NULL))
    return TRUE;
  if (self->digests->len == 0)
    return FALSE;

  return gnutls_hash_fast (GNUTLS_DIG_SHA256, key->bytes, sizeof key->bytes, digest.bytes) >= 0 &&
         g_array_binary_search (self->digests, &digest, compare_digests, NULL);
}

gboolean
bytestag_denylist_denies (BytestagDenylist    *self,
                          const BytestagKvpId *id)
{
  g_return_val_if_fail (id != NULL, FALSE);

  return bytestag_denylist_contains (self, &id->key) ||
         (!bytestag_key_equal (&id->key, &id->index) && bytestag_denylist_contains (self, &id->index));
}
