/* SPDX-License-Identifier: Apache-2.0 */
/* Hints that are built in. */
#include <stdio.h>
#include <string.h>

#include "circuit/program.h"

/* Programs come from files: one that asks wrongly is malformed. */
#define BAD(...) zkg_fail(err, ZKG_ERR_MALFORMED, __VA_ARGS__)

static zkg_status cannot(zkg_error *err, const char *why, const zkg_scalar *v)
{
    char text[80];

    zkg_scalar_format(text, v);
    return zkg_fail(err, ZKG_ERR_WITNESS, "%s %s", text, why);
}

static bool is_zero(const zkg_scalar *v)
{
    return (v->limb[0] | v->limb[1] | v->limb[2] | v->limb[3]) == 0;
}

static bool equal(const zkg_scalar *a, const zkg_scalar *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Bits [first, first + n) of v, n <= 64. */
static uint64_t take_bits(const zkg_scalar *v, size_t first, uint32_t n)
{
    uint64_t r = 0;

    for (uint32_t i = 0; i < n && first + i < 256; i++)
        r |= (v->limb[(first + i) / 64] >> (first + i) % 64 & 1) << i;
    return r;
}

static zkg_status split(zkg_scalar *out, size_t outs, uint32_t bits,
                        const zkg_scalar *v, zkg_error *err)
{
    const size_t total = outs * bits;

    for (size_t i = 0; i < outs; i++)
        out[i] = (zkg_scalar){{take_bits(v, i * bits, bits)}};
    for (size_t i = total; i < 256; i++) {
        if (take_bits(v, i, 1) != 0) {
            char why[80];

            (void)snprintf(why, sizeof(why), "has more than %zu bits", total);
            return cannot(err, why, v);
        }
    }
    return ZKG_OK;
}

static zkg_status hint_bits(zkg_scalar *out, size_t outs,
                            const zkg_scalar *constant, size_t constants,
                            const zkg_scalar *in, size_t ins, zkg_error *err)
{
    (void)constant;
    if (constants != 0 || ins != 1)
        return BAD("bits takes one value");
    return split(out, outs, 1, in, err);
}

static zkg_status hint_limbs(zkg_scalar *out, size_t outs,
                             const zkg_scalar *constant, size_t constants,
                             const zkg_scalar *in, size_t ins, zkg_error *err)
{
    if (constants != 1 || ins != 1 || constant[0].limb[0] < 1 ||
        constant[0].limb[0] > 64)
        return BAD("limbs takes a width of 1 to 64 bits, and one value");
    return split(out, outs, (uint32_t)constant[0].limb[0], in, err);
}

/* a < b */
static bool less(const zkg_scalar *a, const zkg_scalar *b)
{
    for (int i = 3; i >= 0; i--) {
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i];
    }
    return false;
}

static void subtract(zkg_scalar *a, const zkg_scalar *b)
{
    uint64_t borrow = 0;

    for (int i = 0; i < 4; i++) {
        const uint64_t d = a->limb[i] - b->limb[i];
        const uint64_t under = a->limb[i] < b->limb[i];

        a->limb[i] = d - borrow;
        borrow = under | (d < borrow);
    }
}

/* Schoolbook, bit by bit; p is below 2^254, so nothing is shifted out. */
static zkg_status hint_divide(zkg_scalar *out, size_t outs,
                              const zkg_scalar *constant, size_t constants,
                              const zkg_scalar *in, size_t ins, zkg_error *err)
{
    zkg_scalar q = {{0}}, r = {{0}};

    (void)constant;
    if (constants != 0 || ins != 2 || outs != 2)
        return BAD("divide takes two values and gives two");
    if (is_zero(&in[1]))
        return cannot(err, "is divided by 0", &in[0]);
    for (int i = 255; i >= 0; i--) {
        for (int l = 3; l > 0; l--)
            r.limb[l] = r.limb[l] << 1 | r.limb[l - 1] >> 63;
        r.limb[0] = r.limb[0] << 1 | take_bits(&in[0], (size_t)i, 1);
        if (!less(&r, &in[1])) {
            subtract(&r, &in[1]);
            q.limb[i / 64] |= (uint64_t)1 << i % 64;
        }
    }
    out[0] = q;
    out[1] = r;
    return ZKG_OK;
}

static zkg_status hint_inverse(zkg_scalar *out, size_t outs,
                               const zkg_scalar *constant, size_t constants,
                               const zkg_scalar *in, size_t ins, zkg_error *err)
{
    (void)constant;
    if (constants != 0 || ins != outs)
        return BAD("inverse gives as many values as it takes");
    for (size_t i = 0; i < ins; i++) {
        zkg_fr f;

        if (is_zero(&in[i]) || !zkg_fr_from_scalar(&f, in[i].limb))
            return cannot(err, "has no inverse", &in[i]);
        zkg_fr_inv(&f, &f);
        zkg_fr_to_scalar(out[i].limb, &f);
    }
    return ZKG_OK;
}

static zkg_status hint_same(zkg_scalar *out, size_t outs,
                            const zkg_scalar *constant, size_t constants,
                            const zkg_scalar *in, size_t ins, zkg_error *err)
{
    (void)constant;
    if (constants != 0 || ins != outs)
        return BAD("same gives as many values as it takes");
    memcpy(out, in, ins * sizeof(in[0]));
    return ZKG_OK;
}

/* ---- tables ---- */

static zkg_status hint_rows(zkg_scalar *out, size_t outs,
                            const zkg_scalar *constant, size_t constants,
                            const zkg_scalar *in, size_t ins, zkg_error *err)
{
    const size_t columns = constants > 0 ? (size_t)constant[0].limb[0] : 0;
    const zkg_scalar *row = constant + 1;

    if (columns < 1 || (constants - 1) % columns != 0 ||
        outs != ins * (columns - 1))
        return BAD("rows takes a width, rows, and keys");
    for (size_t i = 0; i < ins; i++) {
        size_t r = 0;

        while (r < constants - 1 && !equal(&row[r], &in[i]))
            r += columns;
        if (r >= constants - 1)
            return cannot(err, "is no key of the table", &in[i]);
        memcpy(&out[i * (columns - 1)], &row[r + 1],
               (columns - 1) * sizeof(out[0]));
    }
    return ZKG_OK;
}

static zkg_status hint_counts(zkg_scalar *out, size_t outs,
                              const zkg_scalar *constant, size_t constants,
                              const zkg_scalar *in, size_t ins, zkg_error *err)
{
    const size_t columns = constants == 2 ? (size_t)constant[0].limb[0] : 0;
    const size_t rows = constants == 2 ? (size_t)constant[1].limb[0] : 0;

    if (columns < 1 || rows != outs || ins % columns != 0 ||
        ins / columns < rows)
        return BAD("counts takes a width, a number of rows, then rows and "
                   "queries");
    for (size_t q = rows; q < ins / columns; q++) {
        size_t r = 0;

        while (r < rows && memcmp(&in[r * columns], &in[q * columns],
                                  columns * sizeof(in[0])) != 0)
            r++;
        if (r == rows)
            return cannot(err, "begins a query that is no row of the table",
                          &in[q * columns]);
        out[r].limb[0]++;
    }
    return ZKG_OK;
}

zkg_builtin_fn zkg_builtin_hint(const char *name)
{
    static const struct {
        const char *name;
        zkg_builtin_fn fn;
    } list[] = {
        {"bits", hint_bits},     {"limbs", hint_limbs},
        {"divide", hint_divide}, {"inverse", hint_inverse},
        {"same", hint_same},     {"rows", hint_rows},
        {"counts", hint_counts},
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (strcmp(name, list[i].name) == 0)
            return list[i].fn;
    }
    return NULL;
}
