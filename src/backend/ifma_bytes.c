/* SPDX-License-Identifier: Apache-2.0
 * Integers of one byte times field elements, added up along columns: those of
 * rows, or a circuit's wires, whose rows are copies.
 *
 * A weight w 2^52 is 32 bytes, w_k the k-th: a column is sum_k 2^(8 k) S_k of
 *
 *     S_k = sum_r w_(r,k) u_r,   |S_k| < 2^23 for 256 rows,
 *
 * and one instruction adds four rows' products of bytes to S_k of sixteen
 * columns: 32 of them for 64 integers, where limbs of 44 bits take 48. */
#include <string.h>

#include "backend/ifma.h"
#include "backend/ifma_slots.h"

#define ROWS 256
#define QUADS (ROWS / 4)
#define BYTES 32
/* Columns at a time, a cache line, in groups of sixteen. */
#define COLUMNS 64
#define GROUPS 4
/* Bytes of weights whose sums of two groups stay in registers. */
#define PASS 11

/* Four rows of sixteen columns: column i is in dword i of a group. */
typedef __m512i quad[GROUPS];

/* Dword k of a quad is byte k of its four weights. */
typedef struct byte_weights {
    uint32_t byte[QUADS][BYTES];
    __m512i start[6]; /* what makes a column not negative; and of types without
                         sign, which are taken as u - 128, the rest */
} byte_weights;

/* Where sixteen columns of a group stand, by the dwords of its sums: 4 i and
 * 4 i + 1 are neighbours, at pair i; 4 i + 2 and 4 i + 3 are `half` behind. */
typedef struct columns {
    size_t group, pair, half;
} columns;

static const columns of_rows = {4, 16, 2}, of_wires = {16, 2, 8};

static void weight_bytes(uint32_t out[BYTES], const zkg_fr w[4])
{
    __m256i r[4], low[2], high[2], t[4];

    for (int i = 0; i < 4; i++)
        r[i] = _mm256_loadu_si256((const __m256i *)&w[i]);
    for (int i = 0; i < 2; i++) {
        low[i] = _mm256_unpacklo_epi8(r[2 * i], r[2 * i + 1]);
        high[i] = _mm256_unpackhi_epi8(r[2 * i], r[2 * i + 1]);
    }
    /* bytes 4 i .. and 16 + 4 i .. */
    t[0] = _mm256_unpacklo_epi16(low[0], low[1]);
    t[1] = _mm256_unpackhi_epi16(low[0], low[1]);
    t[2] = _mm256_unpacklo_epi16(high[0], high[1]);
    t[3] = _mm256_unpackhi_epi16(high[0], high[1]);
    for (int i = 0; i < 4; i++) {
        _mm_storeu_si128((__m128i *)&out[4 * i], _mm256_castsi256_si128(t[i]));
        _mm_storeu_si128((__m128i *)&out[16 + 4 * i],
                         _mm256_extracti128_si256(t[i], 1));
    }
}

/* limb j of 2^16 p, which is more than 2^15 weights' sum. */
V8_INLINE uint64_t lift_limb(int j)
{
    const uint64_t *p = zkg_fr_mod_.p, m = (UINT64_C(1) << 52) - 1;
    const int bit = 52 * j - 16, word = bit / 64, at = bit % 64;

    if (j == 0)
        return p[0] << 16 & m;
    return (p[word] >> at |
            (at > 12 && word < 3 ? p[word + 1] << (64 - at) : 0)) &
           m;
}

static void byte_weights_init(byte_weights *f, const zkg_fr *w, size_t count,
                              bool is_signed)
{
    zkg_fr sum = zkg_fr_zero, scale;
    v8 by, rest;

    /* 2^56 as an element is the number 2^312, and a product divides by 2^260 */
    zkg_fr_from_u64(&scale, UINT64_C(1) << 56);
    by = v8_of(&scale);
    for (size_t r = 0; r < count; r += 8) {
        zkg_fr lane[8] = {{{0}}};
        v8 x;

        memcpy(lane, w + r, (count - r < 8 ? count - r : 8) * sizeof(*w));
        x = v8_load(lane);
        v8_store(lane, v8_canonical(v8_mul_raw(&x, &by)));
        weight_bytes(f->byte[r / 4], lane);
        weight_bytes(f->byte[r / 4 + 1], lane + 4);
    }
    for (size_t r = 0; r < count && !is_signed; r++)
        zkg_fr_add(&sum, &sum, &w[r]);
    zkg_fr_mul_i64(&sum, &sum, INT64_C(1) << (52 + 7));
    rest = v8_of(&sum);
    for (int j = 0; j < 6; j++)
        f->start[j] = _mm512_add_epi64(
            v8_set(lift_limb(j)), j < 5 ? rest.l[j] : _mm512_setzero_si512());
}

/* Columns [at, at + 64) of the rows, of which m are there, quad by quad.  Of 16
 * columns that one unpacking takes, four go to each group. */
static void interleave(quad *out, const uint8_t *const *rows, size_t quads,
                       size_t at, __mmask64 m, __m512i flip)
{
    for (size_t q = 0; q < quads; q++) {
        __m512i z[4], low[2], high[2];

        for (int i = 0; i < 4; i++) {
            const uint8_t *from = rows[4 * q + (size_t)i] + at;

            _mm_prefetch((const char *)from + 2 * COLUMNS, _MM_HINT_T1);
            z[i] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(m, from), flip);
        }
        for (int i = 0; i < 2; i++) {
            low[i] = _mm512_unpacklo_epi8(z[2 * i], z[2 * i + 1]);
            high[i] = _mm512_unpackhi_epi8(z[2 * i], z[2 * i + 1]);
        }
        out[q][0] = _mm512_unpacklo_epi16(low[0], low[1]);
        out[q][1] = _mm512_unpackhi_epi16(low[0], low[1]);
        out[q][2] = _mm512_unpacklo_epi16(high[0], high[1]);
        out[q][3] = _mm512_unpackhi_epi16(high[0], high[1]);
    }
}

/* s + the products of w's bytes, without sign, and x's, with it, four to a
 * dword.  Around the intrinsic gcc 12 copies s, and runs out of registers. */
V8_INLINE __m512i dot_bytes(__m512i s, __m512i w, __m512i x)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(s) : "v"(w), "v"(x));
    return s;
}

/* S_k of groups g and g + 1, from <= k < from + some. */
V8_INLINE void byte_pass(__m512i (*sum)[BYTES], const byte_weights *f,
                         const quad *rows, size_t quads, size_t g, size_t from,
                         size_t some)
{
    __m512i s[2][PASS];

    for (size_t k = 0; k < some; k++)
        s[0][k] = s[1][k] = _mm512_setzero_si512();
    for (size_t q = 0; q < quads; q++) {
        const __m512i a = rows[q][g], b = rows[q][g + 1];

        for (size_t k = 0; k < some; k++) {
            const __m512i w = _mm512_set1_epi32((int)f->byte[q][from + k]);

            s[0][k] = dot_bytes(s[0][k], w, a);
            s[1][k] = dot_bytes(s[1][k], w, b);
        }
    }
    for (size_t k = 0; k < some; k++) {
        sum[g][from + k] = s[0][k];
        sum[g + 1][from + k] = s[1][k];
    }
}

/* Words of eight columns' sums, the highest with the sign: eight of dwords
 * 4 i, 4 i + 1 of sums, and eight of the others. */
typedef struct byte_words {
    __m512i w[2][5];
} byte_words;

/* From two bytes and the carry, at most (2^8 - 1) (2^8 + 1) 2^7 256 + 2^15, no
 * sum leaves a dword. */
V8_INLINE void byte_carry(byte_words *out, const __m512i sum[BYTES])
{
    __m512i digit[8], carry = _mm512_setzero_si512(), sign;

    for (int j = 0; j < 8; j++) {
        __m512i t[2];

        for (int b = 0; b < 2; b++) {
            const __m512i *s = &sum[4 * j + 2 * b];

            t[b] = _mm512_add_epi32(s[0], _mm512_slli_epi32(s[1], 8));
            t[b] = _mm512_add_epi32(t[b], carry);
            carry = _mm512_srai_epi32(t[b], 16);
        }
        digit[j] = _mm512_mask_blend_epi16(0xaaaaaaaa, t[0],
                                           _mm512_slli_epi32(t[1], 16));
    }
    for (int j = 0; j < 4; j++) {
        const __m512i a = digit[2 * j], b = digit[2 * j + 1];

        out->w[0][j] = _mm512_unpacklo_epi32(a, b);
        out->w[1][j] = _mm512_unpackhi_epi32(a, b);
    }
    sign = _mm512_srai_epi32(carry, 31);
    out->w[0][4] = _mm512_unpacklo_epi32(carry, sign);
    out->w[1][4] = _mm512_unpackhi_epi32(carry, sign);
}

/* The columns of these words, added to `before`: below
 * (2^17 + 1) p / 2^52 + p. */
V8_INLINE v8 byte_end(v8 before, const __m512i w[5], const __m512i start[6])
{
    v8 v = v8_split(w[0], w[1], w[2], w[3]);
    __m512i t[6];

    /* 2^256 is 2^48 of the highest limb */
    v.l[4] = _mm512_add_epi64(v.l[4], _mm512_slli_epi64(w[4], 48));
    for (int j = 0; j < 5; j++)
        t[j] = _mm512_add_epi64(start[j], v.l[j]);
    t[5] = start[5];
    return v8_canonical(mulc8_reduce(t, before));
}

/* Eight lanes of a group's columns. */
V8_INLINE v8 group_lanes(const zkg_fr *at, const columns *c)
{
    zkg_fr lane[8];

    for (size_t i = 0; i < 4; i++)
        memcpy(&lane[2 * i], at + c->pair * i, 2 * sizeof(*at));
    return v8_load(lane);
}

/* out = a group's columns, or out += those. */
V8_INLINE void group_end(zkg_fr *out, const __m512i sum[BYTES],
                         const columns *c, const __m512i start[6], bool add)
{
    const v8 zero = v8_of(&zkg_fr_zero);
    byte_words words;

    byte_carry(&words, sum);
    for (size_t h = 0; h < 2; h++) {
        zkg_fr *at = out + c->half * h;
        zkg_fr lane[8];

        v8_store(lane,
                 byte_end(add ? group_lanes(at, c) : zero, words.w[h], start));
        for (size_t i = 0; i < 4; i++)
            memcpy(at + c->pair * i, &lane[2 * i], 2 * sizeof(*at));
    }
}

/* out[0 .. n) = the columns of a block, or out += those; n <= COLUMNS. */
V8_INLINE void fold_block(zkg_fr *out, const byte_weights *f, const quad *block,
                          size_t quads, size_t n, const columns *c, bool add)
{
    __m512i sum[GROUPS][BYTES];
    zkg_fr some[COLUMNS];
    zkg_fr *to = n < COLUMNS ? some : out;

    for (size_t g = 0; g < GROUPS && c->group * g < n; g += 2) {
        byte_pass(sum, f, block, quads, g, 0, PASS);
        byte_pass(sum, f, block, quads, g, PASS, PASS);
        byte_pass(sum, f, block, quads, g, 2 * PASS, BYTES - 2 * PASS);
    }
    if (n < COLUMNS) {
        memset(some, 0, sizeof(some));
        if (add)
            memcpy(some, out, n * sizeof(*out));
    }
    for (size_t g = 0; g < GROUPS && c->group * g < n; g++)
        group_end(to + c->group * g, sum[g], c, f->start, add);
    if (n < COLUMNS)
        memcpy(out, some, n * sizeof(*out));
}

/* The first n of a block's columns. */
V8_INLINE __mmask64 first_columns(size_t n)
{
    return n < COLUMNS ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

/* out[0 .. n) += columns at .. at + n of at most ROWS rows, n <= COLUMNS. */
static void fold_columns(zkg_fr *out, const byte_weights *f,
                         const uint8_t *const *rows, size_t quads, size_t at,
                         size_t n, __m512i flip)
{
    quad block[QUADS];

    interleave(block, rows, quads, at, first_columns(n), flip);
    fold_block(out, f, block, quads, n, &of_rows, true);
}

/* What makes bytes of a type to such with a sign. */
V8_INLINE __m512i flip_of(bool is_signed)
{
    return _mm512_set1_epi8((char)(is_signed ? 0 : 0x80));
}

void zkg_ifma_fold_bytes(zkg_fr *out, const zkg_fr *w, const void *const *rows,
                         size_t count, bool is_signed, size_t n)
{
    const __m512i flip = flip_of(is_signed);
    const uint8_t *row[ROWS];
    byte_weights f;

    for (size_t r = 0; r < count; r += ROWS) {
        const size_t some = count - r < ROWS ? count - r : ROWS;
        const size_t quads = (some + 3) / 4;

        byte_weights_init(&f, w + r, some, is_signed);
        /* weights behind the last are 0 */
        for (size_t i = 0; i < 4 * quads; i++)
            row[i] = rows[r + (i < some ? i : 0)];
        for (size_t at = 0; at < n; at += COLUMNS)
            fold_columns(out + at, &f, row, quads, at,
                         n - at < COLUMNS ? n - at : COLUMNS, flip);
    }
}

/* Wires x .. x+n-1 of full groups from `from` on, n <= COLUMNS: two quads of
 * copies each. */
static void wire_block(quad *out, const zkg_wires *w, size_t x, size_t n,
                       size_t from, size_t groups, __m512i flip)
{
    const __mmask64 m = first_columns(n);

    for (size_t q = 0; q < groups; q++) {
        const char *at = zkg_wires_at(w, from + q, x);

        for (int g = 0; g < GROUPS; g++) {
            __m512 a, b;

            a = _mm512_castsi512_ps(_mm512_xor_si512(
                flip, _mm512_maskz_loadu_epi64((__mmask8)(m >> 16 * g),
                                               at + 128 * g)));
            b = _mm512_castsi512_ps(_mm512_xor_si512(
                flip, _mm512_maskz_loadu_epi64((__mmask8)(m >> (16 * g + 8)),
                                               at + 128 * g + 64)));
            out[2 * q][g] = _mm512_castps_si512(_mm512_shuffle_ps(a, b, 0x88));
            out[2 * q + 1][g] =
                _mm512_castps_si512(_mm512_shuffle_ps(a, b, 0xdd));
        }
    }
}

void zkg_ifma_dot_bytes(zkg_fr *out, const zkg_wires *w, const zkg_fr *weight)
{
    enum { MOST = ROWS / ZKG_WIRE_LANES };
    const bool is_signed = w->type == ZKG_I8;
    const __m512i flip = flip_of(is_signed);
    quad block[QUADS];
    byte_weights f;

    for (size_t g = 0; g < w->groups; g += MOST) {
        const size_t some = w->groups - g < MOST ? w->groups - g : MOST;

        byte_weights_init(&f, weight + g * ZKG_WIRE_LANES,
                          some * ZKG_WIRE_LANES, is_signed);
        for (size_t x = 0; x < w->count; x += COLUMNS) {
            const size_t n =
                w->count - x < COLUMNS ? w->count - x : (size_t)COLUMNS;

            wire_block(block, w, x, n, g, some, flip);
            fold_block(out + x, &f, block, 2 * some, n, &of_wires, g > 0);
        }
    }
}
