/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/key.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"

/* Each decoder says whether @text is of its form at all, whatever its length
 * (A.1.3: the first form that decodes decides), and how many bytes it stands
 * for; the first 20 are written. */
typedef gboolean (*DecodeFunc) (const char *text, gsize length, BytestagKey *key, gsize *n_bytes);

static const char base32_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
put_byte (BytestagKey *key,
          gsize *n_bytes,
          guint byte)
{
  if (*n_bytes < BYTESTAG_KEY_SIZE)
    key->bytes[*n_bytes] = byte & 0xff;
  *n_bytes += 1;
}

static gboolean
decode_hex (const char *text,
            gsize length,
            BytestagKey *key,
            gsize *n_bytes)
{
  if (length % 2 != 0)
    return FALSE;

  for (gsize i = 0; i < length; i += 2)
    {
      int high = g_ascii_xdigit_value (text[i]);
      int low = g_ascii_xdigit_value (text[i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      put_byte (key, n_bytes, (guint) (high << 4 | low));
    }
  return TRUE;
}

static int
base32_value (char character)
{
  if (character >= '2' && character <= '7')
    return character - '2' + 26;
  if (g_ascii_isalpha (character))
    return g_ascii_toupper (character) - 'A';
  return -1;
}

static gboolean
decode_base32 (const char *text,
               gsize length,
               BytestagKey *key,
               gsize *n_bytes)
{
  gsize end = length;
  gsize padding;
  guint bits = 0;
  guint n_bits = 0;

  while (end > 0 && text[end - 1] == '=')
    end--;
  padding = length - end;

  /* Whole groups of eight characters; 2, 5 or 7 too many for whole bytes do not exist. */
  if (length % 8 != 0 || !(padding <= 1 || padding == 3 || padding == 4 || padding == 6))
    return FALSE;

  for (gsize i = 0; i < end; i++)
    {
      int value = base32_value (text[i]);

      if (value < 0)
        return FALSE;
      bits = (bits << 5 | (guint) value) & 0xfff;
      n_bits += 5;
      if (n_bits >= 8)
        {
          n_bits -= 8;
          put_byte (key, n_bytes, bits >> n_bits);
        }
    }
  return TRUE;
}

static int
base64_value (char character)
{
  if (g_ascii_isupper (character))
    return character - 'A';
  if (g_ascii_islower (character))
    return character - 'a' + 26;
  if (g_ascii_isdigit (character))
    return character - '0' + 52;
  if (character == '+')
    return 62;
  if (character == '/')
    return 63;
  return -1;
}

/* As Python's binascii reads it: characters outside the alphabet are skipped,
 * padding counts only behind two characters of a group, and ends the text. */
static gboolean
decode_base64 (const char *text,
               gsize length,
               BytestagKey *key,
               gsize *n_bytes)
{
  guint position = 0;
  guint padding = 0;
  guint bits = 0;

  for (gsize i = 0; i < length; i++)
    {
      int value = base64_value (text[i]);

      if (text[i] == '=' && position >= 2 && position + ++padding >= 4)
        return TRUE;
      if (value < 0)
        continue;

      padding = 0;
      bits = (bits << 6 | (guint) value) & 0xfff;
      if (position > 0)
        put_byte (key, n_bytes, bits >> (6 - 2 * position));
      position = (position + 1) % 4;
    }
  return position == 0;
}

/* Values of the characters of base64, one more than each; 0: none of them. */
#define RUN4(c, v) [c] = (v), [(c) + 1] = (v) + 1, [(c) + 2] = (v) + 2, [(c) + 3] = (v) + 3
#define RUN26(c, v) \
  RUN4 (c, v), RUN4 ((c) + 4, (v) + 4), RUN4 ((c) + 8, (v) + 8), RUN4 ((c) + 12, (v) + 12), \
  RUN4 ((c) + 16, (v) + 16), RUN4 ((c) + 20, (v) + 20), [(c) + 24] = (v) + 24, [(c) + 25] = (v) + 25
static const guint8 base64_values[256] = {
  RUN26 ('A', 1), RUN26 ('a', 27), RUN4 ('0', 53), RUN4 ('4', 57), ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* The form that every program writes, without the doubt about the others: with its one "="
 * it is neither hex nor base32. A reply has 20 of them. */
static gboolean
decode_usual (const char *text,
              BytestagKey *key)
{
  const guint8 *characters = (const guint8 *) text;
  guint32 bits = 0;
  guint n_bytes = 0;

  if (characters[BYTESTAG_KEY_BASE64_LENGTH - 1] != '=')
    return FALSE;

  for (guint i = 0; i < BYTESTAG_KEY_BASE64_LENGTH - 1; i++)
    {
      guint value = base64_values[characters[i]];

      if (value == 0)
        return FALSE;
      bits = bits << 6 | (value - 1);
      if (i % 4 != 0)
        key->bytes[n_bytes++] = (guint8) (bits >> (6 - 2 * (i % 4)));
    }
  return TRUE;
}

gboolean
bytestag_key_parse (BytestagKey *self,
                    const char *text,
                    gssize length,
                    GError **error)
{
  static const DecodeFunc decoders[] = { decode_hex, decode_base32, decode_base64 };
  gsize n_characters;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  n_characters = length < 0 ? strlen (text) : (gsize) length;
  if (n_characters == BYTESTAG_KEY_BASE64_LENGTH)
    {
      BytestagKey key;

      if (decode_usual (text, &key))
        {
          *self = key;
          return TRUE;
        }
    }

  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++)
    {
      BytestagKey key = { 0 };
      gsize n_bytes = 0;

      if (!decoders[i] (text, n_characters, &key, &n_bytes))
        continue;
      if (n_bytes != BYTESTAG_KEY_SIZE)
        {
          g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                               _("This key has not the right length: copy the whole key again"));
          return FALSE;
        }
      *self = key;
      return TRUE;
    }

  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                       _("A key is written in hexadecimal, base32 or base64; this text is none of them"));
  return FALSE;
}

char *
bytestag_key_to_hex (const BytestagKey *self)
{
  static const char digits[] = "0123456789abcdef";
  char *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_malloc (BYTESTAG_KEY_HEX_LENGTH + 1);
  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    {
      text[2 * i] = digits[self->bytes[i] >> 4];
      text[2 * i + 1] = digits[self->bytes[i] & 0x0f];
    }
  text[BYTESTAG_KEY_HEX_LENGTH] = '\0';
  return text;
}

char *
bytestag_key_to_base32 (const BytestagKey *self)
{
  char *text;
  char *end;
  guint bits = 0;
  guint n_bits = 0;

  g_return_val_if_fail (self != NULL, NULL);

  /* 160 bits are 32 characters of 5: nothing is left over, so no padding. */
  text = end = g_malloc (BYTESTAG_KEY_BASE32_LENGTH + 1);
  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    {
      bits = (bits << 8 | self->bytes[i]) & 0xfff;
      for (n_bits += 8; n_bits >= 5; n_bits -= 5)
        *end++ = base32_alphabet[bits >> (n_bits - 5) & 0x1f];
    }
  *end = '\0';
  return text;
}

char *
bytestag_key_to_base64 (const BytestagKey *self)
{
  char *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_malloc (BYTESTAG_KEY_BASE64_LENGTH + 1);
  bytestag_key_write_base64 (self, text);
  text[BYTESTAG_KEY_BASE64_LENGTH] = '\0';
  return text;
}

void
bytestag_key_write_base64 (const BytestagKey *self,
                           char *text)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (text != NULL);

  /* Six whole groups of three bytes, and two bytes with one "=". */
  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i += 3)
    {
      guint last = i + 2 < BYTESTAG_KEY_SIZE ? self->bytes[i + 2] : 0;
      guint bits = (guint) self->bytes[i] << 16 | (guint) self->bytes[i + 1] << 8 | last;

      *text++ = base64_alphabet[bits >> 18];
      *text++ = base64_alphabet[bits >> 12 & 0x3f];
      *text++ = base64_alphabet[bits >> 6 & 0x3f];
      *text++ = i + 2 < BYTESTAG_KEY_SIZE ? base64_alphabet[bits & 0x3f] : '=';
    }
}
