/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/key.h"

#include <string.h>

#include "core/error.h"
#include "support/test-rng.h"

#define HEX "0aad9481b02d1a10097a7870c063a03a03a7aaf1"
#define BASE32 "BKWZJANQFUNBACL2PBYMAY5AHIB2PKXR"
#define BASE64 "Cq2UgbAtGhAJenhwwGOgOgOnqvE="

static void
test_write (void)
{
  BytestagKey key;
  g_autofree char *hex = NULL;
  g_autofree char *base32 = NULL;
  g_autofree char *base64 = NULL;
  char text[BYTESTAG_KEY_BASE64_LENGTH + 1] = "#############################";

  g_assert_true (bytestag_key_parse (&key, HEX, -1, NULL));
  hex = bytestag_key_to_hex (&key);
  base32 = bytestag_key_to_base32 (&key);
  base64 = bytestag_key_to_base64 (&key);
  g_assert_cmpstr (hex, ==, HEX);
  g_assert_cmpstr (base32, ==, BASE32);
  g_assert_cmpstr (base64, ==, BASE64);

  bytestag_key_write_base64 (&key, text);
  g_assert_cmpmem (text, sizeof text, BASE64 "#", sizeof text);
}

static void
test_round_trip (void)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (3);

  for (guint i = 0; i < 500; i++)
    {
      BytestagKey key, read;
      g_autofree char *hex = NULL;
      g_autofree char *base32 = NULL;
      g_autofree char *base64 = NULL;
      g_autofree char *expected = NULL;

      bytestag_key_random (&key, BYTESTAG_RNG (rng));
      hex = bytestag_key_to_hex (&key);
      base32 = bytestag_key_to_base32 (&key);
      base64 = bytestag_key_to_base64 (&key);
      expected = g_base64_encode (key.bytes, sizeof key.bytes);
      g_assert_cmpstr (base64, ==, expected);

      g_assert_true (bytestag_key_parse (&read, hex, -1, NULL));
      g_assert_true (bytestag_key_equal (&read, &key));
      g_assert_true (bytestag_key_parse (&read, base32, -1, NULL));
      g_assert_true (bytestag_key_equal (&read, &key));
      g_assert_true (bytestag_key_parse (&read, base64, -1, NULL));
      g_assert_true (bytestag_key_equal (&read, &key));
    }
}

static void
test_accepted (void)
{
  static const char *texts[] = {
    HEX,
    "0AAD9481B02D1A10097A7870C063A03A03A7AAF1",
    BASE32,
    "bkwzjanqfunbacl2pbymay5ahib2pkxr",
    BASE64,
    BASE64 "=",
    BASE64 "\n",
    " " BASE64,
    /* Characters outside the alphabet are skipped, text behind the padding is not read. */
    "Cq2U-_gbAtG hAJe!nhwwG\xc3\xa9OgOgOnqvE=",
    BASE64 "AAAA",
    /* Padding that comes too early is skipped like any other character. */
    "C=q2UgbAtGhAJenhwwGOgOgOnqvE=",
    "Cq=2Ugb=AtGhAJenhwwGOgOgOnqvE=",
    /* Bits that stand for nothing. */
    "Cq2UgbAtGhAJenhwwGOgOgOnqvF=",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *hex = NULL;
      BytestagKey key;

      g_assert_true (bytestag_key_parse (&key, texts[i], -1, &error));
      g_assert_no_error (error);
      hex = bytestag_key_to_hex (&key);
      g_assert_cmpstr (hex, ==, HEX);
    }
}

static void
test_rejected (void)
{
  static const char *texts[] = {
    "",
    "=",
    "====",
    "========",
    "A",
    "fake",
    /* Hex of another length: it decodes, so nothing else is tried. */
    "0aad9481b02d1a10097a7870c063a03a03a7aa",
    HEX "00",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    /* 32 digits of hex are 16 bytes, though base32 would give 20. */
    "ABCDEFABCDEF234567ABCDEFABCDEF23",
    /* No whole bytes, bad digit, padding where none may be, padding of a wrong length. */
    "0aad9481b02d1a10097a7870c063a03a03a7aaf",
    "0aad9481b02d1a10097a7870c063a03a03a7aafg",
    "BKWZJANQFUNBACL2PBYMAY5AHIB2PKX",
    "BKWZJANQFUNBACL2PBYMAY5AHIB2PKX=",
    "BKWZJANQFUNBACL2PBYMAY5AHIB2PKXR=",
    "BKWZJANQFUNBACL2PBYMAY5AHIB2PKXR========",
    "BKW1JANQFUNBACL2PBYMAY5AHIB2PKXR",
    /* Base64 without its padding, and of 19 and 21 bytes. */
    "Cq2UgbAtGhAJenhwwGOgOgOnqvE",
    "Cq2UgbAtGhAJenhwwGOgOgOnqg==",
    "Cq2UgbAtGhAJenhwwGOgOgOnqvEA",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      BytestagKey key = { "untouched" };

      g_assert_false (bytestag_key_parse (&key, texts[i], -1, &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
      g_assert_false (bytestag_key_parse (&key, texts[i], -1, NULL));
      g_assert_cmpstr ((const char *) key.bytes, ==, "untouched");
    }
}

/* Base32 knows no five characters of padding, so this is base64. */
static void
test_next_form (void)
{
  g_autofree char *base64 = NULL;
  BytestagKey key;

  g_assert_true (bytestag_key_parse (&key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ2=====", -1, NULL));
  base64 = bytestag_key_to_base64 (&key);
  g_assert_cmpstr (base64, ==, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0=");
}

/* @length counts, not a NUL: neither before nor behind it. */
static void
test_length (void)
{
  g_autofree char *exact = g_memdup2 (BASE64, BYTESTAG_KEY_BASE64_LENGTH);
  BytestagKey key;

  g_assert_true (bytestag_key_parse (&key, exact, BYTESTAG_KEY_BASE64_LENGTH, NULL));
  g_assert_true (bytestag_key_parse (&key, HEX "junk", BYTESTAG_KEY_HEX_LENGTH, NULL));
  g_assert_true (bytestag_key_parse (&key, "\0" BASE64, BYTESTAG_KEY_BASE64_LENGTH + 1, NULL));
  g_assert_false (bytestag_key_parse (&key, NULL, 0, NULL));
}

/* Far more bytes than a key has are counted and not kept. */
static void
test_long (void)
{
  g_autofree char *text = g_strnfill (100000, 'A');
  BytestagKey key;

  g_assert_false (bytestag_key_parse (&key, text, -1, NULL));
  memset (text, 'Z', 100000);
  g_assert_false (bytestag_key_parse (&key, text, -1, NULL));
  memset (text, '/', 100000);
  g_assert_false (bytestag_key_parse (&key, text, -1, NULL));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/key-text/write", test_write);
  g_test_add_func ("/core/key-text/round-trip", test_round_trip);
  g_test_add_func ("/core/key-text/accepted", test_accepted);
  g_test_add_func ("/core/key-text/rejected", test_rejected);
  g_test_add_func ("/core/key-text/next-form", test_next_form);
  g_test_add_func ("/core/key-text/length", test_length);
  g_test_add_func ("/core/key-text/long", test_long);
  return g_test_run ();
}
