/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/json-guard.h"

#include <string.h>

#include "core/error.h"

/* Whether the container at a depth is an object: one bit each. */
#define DEEPEST 64

typedef struct {
  const char *at;
  const char *end;
  guint64 objects;
  guint depth;
  guint max_depth;
  guint tokens;
  guint max_tokens;
  GError **error;
} Guard;

typedef enum {
  EXPECT_VALUE,
  EXPECT_NAME,
  EXPECT_NEXT, /* a comma, the end of the container, or of the text */
} Expected;

static gboolean
refuse (Guard *guard, const char *what)
{
  g_set_error (guard->error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "The text is not JSON: %s.", what);
  return FALSE;
}

static void
skip_space (Guard *guard)
{
  while (guard->at < guard->end &&
         (*guard->at == ' ' || *guard->at == '\t' || *guard->at == '\n' || *guard->at == '\r'))
    guard->at++;
}

static gboolean
is_next (Guard *guard, char c)
{
  return guard->at < guard->end && *guard->at == c;
}

static gboolean
take (Guard *guard, char c)
{
  if (!is_next (guard, c))
    return FALSE;

  guard->at++;
  return TRUE;
}

static gboolean
take_word (Guard *guard, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (guard->end - guard->at) < length || memcmp (guard->at, word, length) != 0)
    return FALSE;

  guard->at += length;
  return TRUE;
}

static gboolean
take_digits (Guard *guard)
{
  const char *start = guard->at;

  while (guard->at < guard->end && g_ascii_isdigit (*guard->at))
    guard->at++;

  return guard->at > start;
}

static gboolean
take_token (Guard *guard)
{
  if (guard->tokens++ < guard->max_tokens)
    return TRUE;

  g_set_error_literal (guard->error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, "The JSON text has too many values.");
  return FALSE;
}

static gboolean
scan_escape (Guard *guard)
{
  if (guard->at == guard->end)
    return FALSE;

  char c = *guard->at++;
  if (c != 'u')
    return c != '\0' && strchr ("\"\\/bfnrt", c) != NULL;

  for (int i = 0; i < 4; i++)
    if (guard->at == guard->end || !g_ascii_isxdigit (*guard->at++))
      return FALSE;

  return TRUE;
}

static gboolean
scan_string (Guard *guard)
{
  if (!take (guard, '"'))
    return refuse (guard, "a string was expected");

  while (guard->at < guard->end)
    {
      guchar c = *guard->at++;

      if (c == '"')
        return TRUE;
      if (c < 0x20)
        return refuse (guard, "a control character in a string");
      if (c == '\\' && !scan_escape (guard))
        return refuse (guard, "an unknown escape in a string");
    }

  return refuse (guard, "a string does not end");
}

static gboolean
scan_number (Guard *guard)
{
  take (guard, '-');
  if (take_word (guard, "Infinity"))
    return TRUE;
  if (!take (guard, '0') && !take_digits (guard))
    return refuse (guard, "a value was expected");
  if (take (guard, '.') && !take_digits (guard))
    return refuse (guard, "a number does not end");

  if (take (guard, 'e') || take (guard, 'E'))
    {
      if (!take (guard, '+'))
        take (guard, '-');
      if (!take_digits (guard))
        return refuse (guard, "a number does not end");
    }

  return TRUE;
}

static gboolean
scan_scalar (Guard *guard)
{
  if (is_next (guard, '"'))
    return scan_string (guard);
  if (take_word (guard, "true") || take_word (guard, "false") || take_word (guard, "null") ||
      take_word (guard, "NaN"))
    return TRUE;

  return scan_number (guard);
}

static gboolean
enter (Guard *guard, gboolean is_object, Expected *expected)
{
  if (guard->depth == guard->max_depth)
    {
      g_set_error_literal (guard->error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                           "The JSON text is nested too deeply.");
      return FALSE;
    }

  guard->objects = (guard->objects << 1) | (is_object ? 1 : 0);
  guard->depth++;
  skip_space (guard);

  if (take (guard, is_object ? '}' : ']'))
    {
      guard->objects >>= 1;
      guard->depth--;
      *expected = EXPECT_NEXT;
    }
  else
    {
      *expected = is_object ? EXPECT_NAME : EXPECT_VALUE;
    }

  return TRUE;
}

static gboolean
scan_value (Guard *guard, Expected *expected)
{
  if (!take_token (guard))
    return FALSE;
  if (take (guard, '{'))
    return enter (guard, TRUE, expected);
  if (take (guard, '['))
    return enter (guard, FALSE, expected);

  *expected = EXPECT_NEXT;
  return scan_scalar (guard);
}

static gboolean
scan_name (Guard *guard, Expected *expected)
{
  if (!take_token (guard) || !scan_string (guard))
    return FALSE;

  skip_space (guard);
  if (!take (guard, ':'))
    return refuse (guard, "a name without a value");

  *expected = EXPECT_VALUE;
  return TRUE;
}

static gboolean
scan_next (Guard *guard, Expected *expected)
{
  gboolean is_object = guard->objects & 1;

  if (take (guard, ','))
    {
      *expected = is_object ? EXPECT_NAME : EXPECT_VALUE;
      return TRUE;
    }

  if (!take (guard, is_object ? '}' : ']'))
    return refuse (guard, "a comma was expected");

  guard->objects >>= 1;
  guard->depth--;
  return TRUE;
}

/**
 * bytestag_json_guard:
 * @text: (array length=length): any bytes
 * @max_depth: containers inside each other, at most 64
 * @max_tokens: values and member names
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
  g_return_val_if_fail (text != NULL || length == 0, FALSE);
  g_return_val_if_fail (max_depth <= DEEPEST, FALSE);

  Guard guard = {
    .at = text,
    .end = text + length,
    .max_depth = max_depth,
    .max_tokens = max_tokens,
    .error = error,
  };
  Expected expected = EXPECT_VALUE;

  if (length == 0)
    return refuse (&guard, "it is empty");
  if (!g_utf8_validate_len (text, length, NULL))
    return refuse (&guard, "it is not UTF-8");

  do
    {
      gboolean ok;

      skip_space (&guard);
      if (expected == EXPECT_VALUE)
        ok = scan_value (&guard, &expected);
      else if (expected == EXPECT_NAME)
        ok = scan_name (&guard, &expected);
      else
        ok = scan_next (&guard, &expected);

      if (!ok)
        return FALSE;
    }
  while (guard.depth > 0 || expected != EXPECT_NEXT);

  skip_space (&guard);
  return guard.at == guard.end || refuse (&guard, "there is text after the value");
}
