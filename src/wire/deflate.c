/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/deflate.h"

#include <libdeflate.h>
#include <string.h>

/* RFC 1951: symbols of literals, the end and lengths; of distances; of code lengths. The
 * last two of the first mean nothing, but have a place in the RFC's code. */
#define N_SYMBOLS 288
#define N_DISTANCES 30
#define N_ORDERS 19
#define SYMBOL_END 256
#define SYMBOL_LENGTHS 257
#define MAX_CODE_BITS 15

/* Matches: shorter ones gain nothing, longer ones do not occur in what we send. */
#define MIN_MATCH 4
#define MAX_MATCH 34
/* Text is looked up by its next four bytes: the last place only. */
#define HASH_BITS 11

/* What a symbol costs that a code has not: more than any text in the RFC's code. */
#define COST_NONE 40000
G_STATIC_ASSERT (COST_NONE > BYTESTAG_DEFLATER_TEXT * 9 + 100);

typedef struct {
  guint16 bits; /* the first one lowest */
  guint16 length; /* 0: this code has no such symbol */
} Symbol;

/* A code and how a block that uses it begins. */
typedef struct {
  Symbol symbols[N_SYMBOLS];
  Symbol distances[N_DISTANCES];
  /* The lengths again, in the form in which they are summed up. */
  guint16 costs[N_SYMBOLS + N_DISTANCES];
  guint8 header[128];
  guint header_bits;
} Code;

/* Symbols first to last have this length. */
typedef struct {
  guint16 first, last;
  guint8 length;
} Run;

enum {
  CODE_FIXED, /* that of the RFC, which needs no description: short messages */
  CODE_NODES, /* addresses and ids: lists of nodes */
  CODE_DATA,  /* base64: chunks */
  N_CODES,
};

/* Optimal lengths for 20 random addresses and ids, where letters are alike, and digits. */
static const Run nodes_symbols[] = {
  { ' ', ' ', 7 }, { '"', '"', 6 }, { '+', '+', 7 }, { ',', ',', 8 }, { '-', '-', 10 }, { '.', '.', 4 },
  { '/', '/', 7 }, { '0', '9', 5 }, { ':', ':', 8 }, { '=', '=', 8 }, { 'A', 'Z', 7 }, { '[', '[', 8 },
  { ']', ']', 8 }, { '_', '_', 8 }, { 'a', 'r', 7 }, { 's', 'z', 6 }, { '{', '{', 8 }, { '}', '}', 8 },
  { SYMBOL_END, SYMBOL_END, 9 }, { 258, 258, 6 }, { 259, 262, 9 }, { 263, 264, 7 }, { 265, 265, 6 },
  { 266, 266, 7 }, { 267, 267, 6 }, { 268, 272, 10 },
};
static const Run nodes_distances[] = {
  { 0, 7, 8 }, { 8, 10, 6 }, { 11, 11, 5 }, { 12, 12, 2 }, { 13, 13, 7 }, { 14, 15, 3 }, { 16, 21, 4 },
  { 22, 23, 8 },
};
/* The same for 1,024 random bytes in base64. */
static const Run data_symbols[] = {
  { ' ', ' ', 9 }, { '"', '"', 8 }, { '+', '+', 6 }, { ',', '.', 10 }, { '/', '/', 6 }, { '0', '3', 7 },
  { '4', '9', 6 }, { ':', ':', 10 }, { '=', '=', 10 }, { 'A', 'Z', 6 }, { '[', '[', 10 }, { ']', ']', 10 },
  { '_', '_', 10 }, { 'a', 'z', 6 }, { '{', '{', 10 }, { '}', '}', 10 }, { SYMBOL_END, SYMBOL_END, 10 },
  { 258, 272, 10 },
};
static const Run data_distances[] = {
  { 0, 8, 5 }, { 9, 11, 4 }, { 12, 13, 7 }, { 14, 21, 4 }, { 22, 23, 7 },
};
static const Run fixed_symbols[] = {
  { 0, 143, 8 }, { 144, 255, 9 }, { SYMBOL_END, 279, 7 }, { 280, N_SYMBOLS - 1, 8 },
};
static const Run fixed_distances[] = { { 0, N_DISTANCES - 1, 5 } };

struct _BytestagDeflater
{
  Code codes[N_CODES];
  guint16 heads[1 << HASH_BITS]; /* where four bytes were seen last */
  /* What the text is made of: a literal, or a match as length << 16 | distance. */
  guint32 tokens[BYTESTAG_DEFLATER_TEXT + 1];
  guint n_tokens;
  guint16 counts[N_SYMBOLS + N_DISTANCES];
  guint extra_bits;
};

typedef struct {
  guint8 *at;
  guint64 bits;
  guint n_bits;
} BitPen;

static inline void
put_bits (BitPen *pen,
          guint64 bits,
          guint   n_bits)
{
  pen->bits |= bits << pen->n_bits;
  pen->n_bits += n_bits;
}

/* Writes whole bytes, and over up to seven behind them. */
static inline void
flush_bits (BitPen *pen)
{
  guint64 little = GUINT64_TO_LE (pen->bits);
  guint whole = pen->n_bits & ~7u;

  memcpy (pen->at, &little, sizeof little);
  pen->at += whole / 8;
  pen->bits >>= whole;
  pen->n_bits -= whole;
}

static void
put_symbol (BitPen       *pen,
            const Symbol *symbol)
{
  g_assert (symbol->length > 0);
  put_bits (pen, symbol->bits, symbol->length);
  flush_bits (pen);
}

/* Lengths to bits (RFC 1951, 3.2.2). */
static void
assign_bits (Symbol *symbols,
             guint   n_symbols)
{
  guint counts[MAX_CODE_BITS + 1] = { 0 };
  guint next[MAX_CODE_BITS + 2] = { 0 };

  for (guint i = 0; i < n_symbols; i++)
    counts[symbols[i].length]++;
  counts[0] = 0;
  for (guint length = 1; length <= MAX_CODE_BITS; length++)
    next[length + 1] = (next[length] + counts[length]) << 1;
  for (guint i = 0; i < n_symbols; i++)
    {
      guint bits = symbols[i].length > 0 ? next[symbols[i].length]++ : 0;

      symbols[i].bits = 0;
      for (guint bit = 0; bit < symbols[i].length; bit++)
        symbols[i].bits |= (bits >> bit & 1) << (symbols[i].length - 1 - bit);
    }
}

static void
set_lengths (Symbol    *symbols,
             const Run *runs,
             guint      n_runs)
{
  for (guint i = 0; i < n_runs; i++)
    for (guint symbol = runs[i].first; symbol <= runs[i].last; symbol++)
      symbols[symbol].length = runs[i].length;
}

/* Lengths of code lengths, by their frequency in ours. 16: the last one 3 to 6 times
 * more; 17, 18: 3 to 10, 11 to 138 zeros. */
static const guint8 order_lengths[N_ORDERS] = {
  [0] = 3, [2] = 5, [3] = 5, [4] = 4, [5] = 4, [6] = 3, [7] = 3, [8] = 3, [9] = 4, [10] = 4,
  [16] = 3, [17] = 5, [18] = 5,
};

static void
put_repeats (BitPen       *pen,
             const Symbol *orders,
             guint         length,
             guint         n)
{
  while (length == 0 && n >= 11)
    {
      guint zeros = MIN (n, 138);

      put_symbol (pen, &orders[18]);
      put_bits (pen, zeros - 11, 7);
      n -= zeros;
    }
  if (length == 0 && n >= 3)
    {
      put_symbol (pen, &orders[17]);
      put_bits (pen, n - 3, 3);
      n = 0;
    }
  while (length > 0 && n >= 4)
    {
      guint repeats = MIN (n - 1, 6);

      put_symbol (pen, &orders[length]);
      put_symbol (pen, &orders[16]);
      put_bits (pen, repeats - 3, 2);
      n -= repeats + 1;
    }
  for (; n > 0; n--)
    put_symbol (pen, &orders[length]);
}

/* The start of a block of our own code (RFC 1951, 3.2.7): its last, dynamic. */
static void
write_header (Code  *code,
              guint  n_symbols,
              guint  n_distances)
{
  static const guint8 order[N_ORDERS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
  guint8 lengths[N_SYMBOLS + N_DISTANCES];
  Symbol orders[N_ORDERS] = { 0 };
  BitPen pen = { code->header, 0, 0 };
  guint n_orders = 0;

  for (guint i = 0; i < N_ORDERS; i++)
    {
      orders[i].length = order_lengths[i];
      if (order_lengths[order[i]] > 0)
        n_orders = i + 1;
    }
  assign_bits (orders, N_ORDERS);
  for (guint i = 0; i < n_symbols; i++)
    lengths[i] = code->symbols[i].length;
  for (guint i = 0; i < n_distances; i++)
    lengths[n_symbols + i] = code->distances[i].length;

  put_bits (&pen, 1 | 2 << 1, 3);
  put_bits (&pen, n_symbols - 257, 5);
  put_bits (&pen, n_distances - 1, 5);
  put_bits (&pen, n_orders - 4, 4);
  for (guint i = 0; i < n_orders; i++)
    {
      put_bits (&pen, order_lengths[order[i]], 3);
      flush_bits (&pen);
    }
  for (guint i = 0, end; i < n_symbols + n_distances; i = end)
    {
      for (end = i + 1; end < n_symbols + n_distances && lengths[end] == lengths[i];)
        end++;
      put_repeats (&pen, orders, lengths[i], end - i);
    }
  flush_bits (&pen);
  /* That wrote over as much behind it. */
  g_assert (pen.at + sizeof pen.bits <= code->header + sizeof code->header);
  code->header_bits = (pen.at - code->header) * 8 + pen.n_bits;
}

static void
make_code (Code      *code,
           const Run *symbols,
           guint      n_symbols,
           const Run *distances,
           guint      n_distances)
{
  memset (code, 0, sizeof *code);
  set_lengths (code->symbols, symbols, n_symbols);
  set_lengths (code->distances, distances, n_distances);
  assign_bits (code->symbols, N_SYMBOLS);
  assign_bits (code->distances, N_DISTANCES);
  for (guint i = 0; i < N_SYMBOLS + N_DISTANCES; i++)
    {
      guint length = i < N_SYMBOLS ? code->symbols[i].length : code->distances[i - N_SYMBOLS].length;

      code->costs[i] = length > 0 ? length : COST_NONE;
    }
}

static void
make_own_code (Code      *code,
               const Run *symbols,
               guint      n_symbols,
               const Run *distances,
               guint      n_distances)
{
  make_code (code, symbols, n_symbols, distances, n_distances);
  write_header (code, symbols[n_symbols - 1].last + 1, distances[n_distances - 1].last + 1);
}

BytestagDeflater *
bytestag_deflater_new (void)
{
  BytestagDeflater *self = g_new (BytestagDeflater, 1);
  Code *fixed = &self->codes[CODE_FIXED];

  make_code (fixed, fixed_symbols, G_N_ELEMENTS (fixed_symbols), fixed_distances, G_N_ELEMENTS (fixed_distances));
  fixed->header[0] = 1 | 1 << 1;
  fixed->header_bits = 3;
  make_own_code (&self->codes[CODE_NODES], nodes_symbols, G_N_ELEMENTS (nodes_symbols),
                 nodes_distances, G_N_ELEMENTS (nodes_distances));
  make_own_code (&self->codes[CODE_DATA], data_symbols, G_N_ELEMENTS (data_symbols),
                 data_distances, G_N_ELEMENTS (data_distances));
  return self;
}

void
bytestag_deflater_free (BytestagDeflater *self)
{
  g_free (self);
}

/* The symbol of a match's length, and its further bits (RFC 1951, 3.2.5). */
static inline guint
length_symbol (guint  length,
               guint *extra)
{
  guint rest = length - 3;
  guint bits = rest < 8 ? 0 : g_bit_storage (rest) - 3;

  *extra = bits;
  return SYMBOL_LENGTHS + 4 * bits + (rest >> bits);
}

static inline guint
distance_symbol (guint  distance,
                 guint *extra)
{
  guint rest = distance - 1;
  guint bits = rest < 4 ? 0 : g_bit_storage (rest) - 2;

  *extra = bits;
  return 2 * bits + (rest >> bits);
}

static inline guint32
read_word (const char *text)
{
  guint32 word;

  memcpy (&word, text, sizeof word);
  return word;
}

/* Returns how many further bits it takes. */
static inline guint
count_match (guint16 *counts,
             guint    length,
             guint    distance)
{
  guint length_extra, distance_extra;

  counts[length_symbol (length, &length_extra)]++;
  counts[N_SYMBOLS + distance_symbol (distance, &distance_extra)]++;
  return length_extra + distance_extra;
}

/* Takes the last place with the same four bytes, and no better one. */
static void
find_tokens (BytestagDeflater *self,
             const char       *text,
             guint             length)
{
  /* Of our own, since what is stored through self may be anything to a compiler. */
  guint32 *token = self->tokens;
  guint16 *heads = self->heads;
  guint16 *counts = self->counts;
  guint extra_bits = 0;
  guint at = 0;

  memset (heads, 0, sizeof self->heads);
  memset (counts, 0, sizeof self->counts);
  while (at + MIN_MATCH <= length)
    {
      guint32 word = read_word (text + at);
      guint hash = word * 2654435761u >> (32 - HASH_BITS);
      guint before = heads[hash]; /* 0 when there is none: it differs, or is one by chance */
      guint end = MIN (at + MAX_MATCH, length);
      guint to = at + MIN_MATCH;

      heads[hash] = at;
      if (before == at || read_word (text + before) != word)
        {
          counts[*token++ = (guint8) text[at++]]++;
          continue;
        }
      while (to < end && text[to] == text[before + (to - at)])
        to++;
      extra_bits += count_match (counts, to - at, at - before);
      *token++ = (to - at) << 16 | (at - before);
      at = to;
    }
  while (at < length)
    counts[*token++ = (guint8) text[at++]]++;
  counts[SYMBOL_END]++;
  self->n_tokens = token - self->tokens;
  self->extra_bits = extra_bits;
}

/* The bits of a block in this code; of no use when it lacks a symbol, but many. */
static guint
measure (const BytestagDeflater *self,
         const Code             *code)
{
  guint bits = code->header_bits + self->extra_bits;

  for (guint i = 0; i < N_SYMBOLS + N_DISTANCES; i++)
    bits += self->counts[i] * (guint) code->costs[i];
  return bits;
}

static inline void
write_match (BitPen     *pen,
             const Code *code,
             guint       length,
             guint       distance)
{
  guint extra;
  const Symbol *symbol = &code->symbols[length_symbol (length, &extra)];

  put_bits (pen, symbol->bits, symbol->length);
  put_bits (pen, (length - 3) & ((1u << extra) - 1), extra);
  symbol = &code->distances[distance_symbol (distance, &extra)];
  put_bits (pen, symbol->bits, symbol->length);
  put_bits (pen, (distance - 1) & ((1u << extra) - 1), extra);
}

/* Bits of a token: at most a length, a distance, and the bits of both. */
#define MAX_TOKEN_BITS 32

static void
write_block (const BytestagDeflater *self,
             const Code             *code,
             BitPen                 *place)
{
  BitPen pen = *place;
  const Symbol *symbol;

  memcpy (pen.at, code->header, code->header_bits / 8);
  pen.at += code->header_bits / 8;
  put_bits (&pen, code->header[code->header_bits / 8], code->header_bits % 8);
  for (guint i = 0; i < self->n_tokens; i++)
    {
      guint32 token = self->tokens[i];

      if (pen.n_bits > 64 - MAX_TOKEN_BITS)
        flush_bits (&pen);
      if (token >> 16 != 0)
        {
          write_match (&pen, code, token >> 16, token & 0xffff);
          continue;
        }
      symbol = &code->symbols[token];
      put_bits (&pen, symbol->bits, symbol->length);
    }
  flush_bits (&pen);
  symbol = &code->symbols[SYMBOL_END];
  put_bits (&pen, symbol->bits, symbol->length);
  pen.n_bits = (pen.n_bits + 7) & ~7u;
  flush_bits (&pen);
  *place = pen;
}

gsize
bytestag_deflater_run (BytestagDeflater *self,
                       const char       *text,
                       gsize             length,
                       guint8           *stream,
                       gsize             size)
{
  BitPen pen = { stream, 0, 0 };
  guint best = CODE_FIXED, best_bits = G_MAXUINT;
  guint32 checksum;

  g_return_val_if_fail (length <= BYTESTAG_DEFLATER_TEXT, 0);

  find_tokens (self, text, length);
  for (guint i = 0; i < N_CODES; i++)
    {
      guint bits = measure (self, &self->codes[i]);

      if (bits < best_bits)
        {
          best = i;
          best_bits = bits;
        }
    }
  if (2 + (best_bits + 7) / 8 + sizeof checksum > size)
    return 0;

  /* RFC 1950: as level 6 of zlib writes it, which originals send (A.1.1). */
  put_bits (&pen, 0x78 | 0x9c << 8, 16);
  flush_bits (&pen);
  write_block (self, &self->codes[best], &pen);
  checksum = GUINT32_TO_BE (libdeflate_adler32 (1, text, length));
  memcpy (pen.at, &checksum, sizeof checksum);
  return pen.at + sizeof checksum - stream;
}
