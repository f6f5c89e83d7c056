/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/scanner.h"

#include <string.h>

/* What a byte is within a string. */
enum {
  BYTE_INVALID, /* control characters */
  BYTE_PLAIN,
  BYTE_QUOTE,
  BYTE_ESCAPE,
  BYTE_UTF8, /* 0x80 and above */
};

static const guint8 byte_classes[256] = {
  [' ' ... '!'] = BYTE_PLAIN,
  ['"'] = BYTE_QUOTE,
  ['#' ... '['] = BYTE_PLAIN,
  ['\\'] = BYTE_ESCAPE,
  [']' ... 0x7f] = BYTE_PLAIN,
  [0x80 ... 0xff] = BYTE_UTF8,
};

void
bytestag_scanner_init (BytestagScanner *self,
                       const char      *text,
                       gsize            length,
                       guint            max_depth,
                       guint            max_tokens)
{
  g_return_if_fail (max_depth <= BYTESTAG_SCANNER_DEPTH);

  *self = (BytestagScanner) {
    .at = text,
    .end = length > 0 ? text + length : text, /* @text may be NULL */
    .max_depth = max_depth,
    .tokens_left = max_tokens,
    .first = TRUE,
  };
}

static gboolean
fail (BytestagScanner    *self,
      BytestagScanResult  result)
{
  if (self->result == BYTESTAG_SCAN_OK)
    self->result = result;
  return FALSE;
}

/* The next byte that is not white space; 0 at the end, where no value of JSON
 * starts with a NUL either. */
static char
peek (BytestagScanner *self)
{
  while (self->at < self->end
         && (*self->at == ' ' || *self->at == '\n' || *self->at == '\t' || *self->at == '\r'))
    self->at++;
  return self->at < self->end ? *self->at : '\0';
}

static gboolean
take_token (BytestagScanner *self)
{
  if (self->tokens_left == 0)
    return fail (self, BYTESTAG_SCAN_LIMIT);
  self->tokens_left--;
  return TRUE;
}

/* How many bytes the UTF-8 character at @text has; 0: none is there. As strict
 * as Python: no over-long forms, no surrogates, nothing above U+10FFFF. */
static guint
utf8_length (const guchar *text,
             const guchar *end)
{
  guint length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

  if (text[0] < 0xc2 || text[0] > 0xf4 || (gsize) (end - text) < length)
    return 0;
  for (guint i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80)
      return 0;
  if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f)
      || (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
    return 0;
  return length;
}

/* The length of the escape at @text, which starts with the backslash; 0: none. */
static guint
escape_length (const char *text,
               const char *end)
{
  if (end - text < 2)
    return 0;
  if (text[1] != 'u')
    return text[1] != '\0' && strchr ("\"\\/bfnrt", text[1]) != NULL ? 2 : 0;
  if (end - text < 6)
    return 0;
  for (guint i = 2; i < 6; i++)
    if (!g_ascii_isxdigit (text[i]))
      return 0;
  return 6;
}

static gboolean
scan_string (BytestagScanner   *self,
             BytestagJsonValue *value)
{
  const char *text = self->at;
  const char *at = text + 1;
  guint length;

  for (;;)
    {
      while (at < self->end && byte_classes[(guchar) *at] == BYTE_PLAIN)
        at++;
      if (at == self->end || byte_classes[(guchar) *at] == BYTE_INVALID)
        return fail (self, BYTESTAG_SCAN_SYNTAX);
      if (*at == '"')
        break;
      length = *at == '\\' ? escape_length (at, self->end)
                           : utf8_length ((const guchar *) at, (const guchar *) self->end);
      if (length == 0)
        return fail (self, BYTESTAG_SCAN_SYNTAX);
      at += length;
    }
  self->at = at + 1;
  *value = (BytestagJsonValue) { BYTESTAG_JSON_STRING, text, self->at - text };
  return TRUE;
}

static gboolean
scan_word (BytestagScanner   *self,
           BytestagJsonValue *value,
           BytestagJsonType   type,
           const char        *word)
{
  gsize length = strlen (word);

  if ((gsize) (self->end - self->at) < length || memcmp (self->at, word, length) != 0)
    return fail (self, BYTESTAG_SCAN_SYNTAX);
  *value = (BytestagJsonValue) { type, self->at, length };
  self->at += length;
  return TRUE;
}

static const char *
skip_digits (const char *at,
             const char *end)
{
  while (at < end && g_ascii_isdigit (*at))
    at++;
  return at;
}

static gboolean
scan_number (BytestagScanner   *self,
             BytestagJsonValue *value)
{
  const char *at = self->at;
  const char *end = self->end;
  const char *digits;
  BytestagJsonType type = BYTESTAG_JSON_INTEGER;

  if (*at == '-')
    at++;
  if (at < end && *at == 'I')
    return scan_word (self, value, BYTESTAG_JSON_REAL, "-Infinity");
  digits = at;
  at = skip_digits (at, end);
  /* After a leading 0 the number is over, as for Python: a further digit is
   * then no separator and fails there. */
  if (at > digits && *digits == '0')
    at = digits + 1;
  if (at == digits)
    return fail (self, BYTESTAG_SCAN_SYNTAX);
  if (at < end && *at == '.')
    {
      type = BYTESTAG_JSON_REAL;
      digits = at + 1;
      at = skip_digits (digits, end);
      if (at == digits)
        return fail (self, BYTESTAG_SCAN_SYNTAX);
    }
  if (at < end && (*at == 'e' || *at == 'E'))
    {
      type = BYTESTAG_JSON_REAL;
      digits = at + 1;
      if (digits < end && (*digits == '+' || *digits == '-'))
        digits++;
      at = skip_digits (digits, end);
      if (at == digits)
        return fail (self, BYTESTAG_SCAN_SYNTAX);
    }
  *value = (BytestagJsonValue) { type, self->at, at - self->at };
  self->at = at;
  return TRUE;
}

static gboolean
scan_scalar (BytestagScanner   *self,
             BytestagJsonValue *value)
{
  if (!take_token (self))
    return FALSE;

  self->first = FALSE;
  switch (peek (self))
    {
    case '"':
      return scan_string (self, value);
    case 't':
      return scan_word (self, value, BYTESTAG_JSON_TRUE, "true");
    case 'f':
      return scan_word (self, value, BYTESTAG_JSON_FALSE, "false");
    case 'n':
      return scan_word (self, value, BYTESTAG_JSON_NULL, "null");
    case 'N':
      return scan_word (self, value, BYTESTAG_JSON_REAL, "NaN");
    case 'I':
      return scan_word (self, value, BYTESTAG_JSON_REAL, "Infinity");
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
      return scan_number (self, value);
    default:
      return fail (self, BYTESTAG_SCAN_SYNTAX);
    }
}

static gboolean
open_container (BytestagScanner *self)
{
  guint64 bit;

  if (!take_token (self))
    return FALSE;
  if (self->depth == self->max_depth)
    return fail (self, BYTESTAG_SCAN_LIMIT);
  bit = G_GUINT64_CONSTANT (1) << self->depth;
  if (*self->at == '{')
    self->objects |= bit;
  else
    self->objects &= ~bit;
  self->depth++;
  self->at++;
  self->first = TRUE;
  return TRUE;
}

static gboolean
is_in_object (const BytestagScanner *self)
{
  return (self->objects >> (self->depth - 1)) & 1;
}

gboolean
bytestag_scanner_begin_object (BytestagScanner *self)
{
  return self->result == BYTESTAG_SCAN_OK && peek (self) == '{' && open_container (self);
}

gboolean
bytestag_scanner_begin_array (BytestagScanner *self)
{
  return self->result == BYTESTAG_SCAN_OK && peek (self) == '[' && open_container (self);
}

/* Takes the comma, or the bracket that ends what is open. */
static gboolean
next (BytestagScanner *self,
      char             bracket)
{
  char byte;

  if (self->result != BYTESTAG_SCAN_OK)
    return FALSE;
  byte = peek (self);
  if (byte == bracket)
    {
      self->at++;
      self->depth--;
      self->first = FALSE;
      return FALSE;
    }
  if (!self->first)
    {
      if (byte != ',')
        return fail (self, BYTESTAG_SCAN_SYNTAX);
      self->at++;
    }
  return TRUE;
}

gboolean
bytestag_scanner_next_member (BytestagScanner   *self,
                              BytestagJsonValue *name)
{
  if (!next (self, '}'))
    return FALSE;
  if (peek (self) != '"')
    return fail (self, BYTESTAG_SCAN_SYNTAX);
  if (!scan_string (self, name))
    return FALSE;
  if (peek (self) != ':')
    return fail (self, BYTESTAG_SCAN_SYNTAX);
  self->at++;
  return TRUE;
}

gboolean
bytestag_scanner_next_element (BytestagScanner *self)
{
  return next (self, ']');
}

/* Walks over the object or array that starts here. */
static gboolean
skip_container (BytestagScanner *self)
{
  guint outside = self->depth;
  BytestagJsonValue ignored;
  char byte;

  if (!open_container (self))
    return FALSE;
  while (self->depth > outside)
    {
      if (!(is_in_object (self) ? bytestag_scanner_next_member (self, &ignored)
                                : bytestag_scanner_next_element (self)))
        {
          if (self->result != BYTESTAG_SCAN_OK)
            return FALSE;
          continue;
        }
      byte = peek (self);
      if (!(byte == '{' || byte == '[' ? open_container (self) : scan_scalar (self, &ignored)))
        return FALSE;
    }
  return TRUE;
}

gboolean
bytestag_scanner_read_value (BytestagScanner   *self,
                             BytestagJsonValue *value)
{
  const char *text;
  char byte;

  if (self->result != BYTESTAG_SCAN_OK)
    return FALSE;
  byte = peek (self);
  if (byte != '{' && byte != '[')
    return scan_scalar (self, value);

  text = self->at;
  if (!skip_container (self))
    return FALSE;
  *value = (BytestagJsonValue) {
    byte == '{' ? BYTESTAG_JSON_OBJECT : BYTESTAG_JSON_ARRAY, text, self->at - text,
  };
  return TRUE;
}

gboolean
bytestag_scanner_finish (BytestagScanner *self)
{
  if (self->result != BYTESTAG_SCAN_OK)
    return FALSE;
  peek (self);
  if (self->at != self->end)
    return fail (self, BYTESTAG_SCAN_SYNTAX);
  return TRUE;
}
