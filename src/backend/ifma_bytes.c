/* SPDX-License-Identifier: Apache-2.0
 * Integers of one byte times field elements, added up along columns.
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
    v8 offset; /* of types without sign, which are taken as u - 128 */
} byte_weights;

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

static void byte_weights_init(byte_weights *f, const zkg_fr *w, size_t count,
                              bool is_signed)
{
    zkg_fr sum = zkg_fr_zero, scale;
    v8 by;

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
    f->offset = v8_of(&sum);
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

/* lane += the columns of a group's lower or upper eight dwords: below
 * (2^17 + 1) p / 2^52 + p. */
V8_INLINE void byte_end(zkg_fr lane[8], const __m512i sum[BYTES], bool upper,
                        const v8 *offset)
{
    __m512i t[7], x = _mm512_setzero_si512();

    for (int j = 0; j < 7; j++)
        t[j] = v8_set(j < 6 ? lift_limb(j) : 0);
    for (int j = 0; j < 5; j++)
        t[j] = _mm512_add_epi64(t[j], offset->l[j]);
    /* 32 bits at a time, the highest with the sign */
    for (int j = 0; j < 8; j++) {
        const int to = 32 * j / 52, at = 32 * j % 52;
        __m512i part;

        for (int b = 0; b < 4; b++) {
            const __m512i s = sum[4 * j + b];
            const __m256i half = upper ? _mm512_extracti64x4_epi64(s, 1)
                                       : _mm512_castsi512_si256(s);

            x = _mm512_add_epi64(x,
                                 _mm512_slli_epi64(_mm512_cvtepi32_epi64(half),
                                                   (unsigned)(8 * b)));
        }
        part = j < 7 ? _mm512_and_si512(x, v8_set(UINT32_MAX)) : x;
        x = _mm512_srai_epi64(x, 32);
        t[to] = _mm512_add_epi64(
            t[to],
            _mm512_and_si512(_mm512_slli_epi64(part, (unsigned)at), v8_mask()));
        t[to + 1] = _mm512_add_epi64(
            t[to + 1], _mm512_srai_epi64(part, (unsigned)(52 - at)));
    }
    v8_store(lane, v8_canonical(mulc8_reduce(t, v8_load(lane))));
}

/* out += the columns of a group: it has 4 g .. 4 g + 3 of each sixteen. */
static void group_end(zkg_fr *out, const __m512i sum[BYTES], size_t g,
                      const v8 *offset)
{
    for (size_t h = 0; h < 2; h++) {
        zkg_fr *a = out + 32 * h + 4 * g, *b = a + 16;
        zkg_fr lane[8];

        memcpy(lane, a, 4 * sizeof(*a));
        memcpy(lane + 4, b, 4 * sizeof(*b));
        if (h == 0)
            byte_end(lane, sum, false, offset);
        else
            byte_end(lane, sum, true, offset);
        memcpy(a, lane, 4 * sizeof(*a));
        memcpy(b, lane + 4, 4 * sizeof(*b));
    }
}

/* out[0 .. n) += columns at .. at + n of at most ROWS rows, n <= COLUMNS. */
static void fold_columns(zkg_fr *out, const byte_weights *f,
                         const uint8_t *const *rows, size_t quads, size_t at,
                         size_t n, __m512i flip)
{
    const __mmask64 m = n < COLUMNS ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
    __m512i sum[GROUPS][BYTES];
    zkg_fr some[COLUMNS];
    zkg_fr *to = n < COLUMNS ? some : out;
    quad block[QUADS];

    interleave(block, rows, quads, at, m, flip);
    for (size_t g = 0; g < GROUPS; g += 2) {
        byte_pass(sum, f, block, quads, g, 0, PASS);
        byte_pass(sum, f, block, quads, g, PASS, PASS);
        byte_pass(sum, f, block, quads, g, 2 * PASS, BYTES - 2 * PASS);
    }
    if (n < COLUMNS) {
        memset(some, 0, sizeof(some));
        memcpy(some, out, n * sizeof(*out));
    }
    for (size_t g = 0; g < GROUPS; g++)
        group_end(to, sum[g], g, &f->offset);
    if (n < COLUMNS)
        memcpy(out, some, n * sizeof(*out));
}

void zkg_ifma_fold_bytes(zkg_fr *out, const zkg_fr *w, const void *const *rows,
                         size_t count, bool is_signed, size_t n)
{
    const __m512i flip = _mm512_set1_epi8((char)(is_signed ? 0 : 0x80));
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
