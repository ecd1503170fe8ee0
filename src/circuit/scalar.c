/* SPDX-License-Identifier: Apache-2.0 */
/* Field elements as numbers, for those outside. */
#include <string.h>

#include "field/fr.h"
#include "zkgkr/hint.h"

#define MAX_DIGITS 154 /* of a number below 2^512 */

void zkg_scalar_from_i64(zkg_scalar *out, int64_t v)
{
    zkg_fr f;

    zkg_fr_from_i64(&f, v);
    zkg_fr_to_scalar(out->limb, &f);
}

bool zkg_scalar_to_i64(int64_t *out, const zkg_scalar *v)
{
    zkg_fr f;

    return zkg_fr_from_scalar(&f, v->limb) && zkg_fr_to_i64(out, &f);
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

zkg_status zkg_scalar_parse(zkg_scalar *out, const char *text, zkg_error *err)
{
    const bool negative = text[0] == '-';
    const char *digit = text + negative;
    const bool hex = digit[0] == '0' && digit[1] == 'x';
    const int base = hex ? 16 : 10;
    zkg_fr sum = zkg_fr_zero, scale, d;
    size_t n = 0;

    digit += hex ? 2 : 0;
    zkg_fr_from_i64(&scale, base);
    for (; digit[n] != 0 && digit_value(digit[n]) < base && n <= MAX_DIGITS;
         n++) {
        zkg_fr_from_i64(&d, digit_value(digit[n]));
        zkg_fr_mul(&sum, &sum, &scale);
        zkg_fr_add(&sum, &sum, &d);
    }
    if (n == 0 || digit[n] != 0 || n > (hex ? 128 : MAX_DIGITS))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "\"%.100s\" is no number: decimal, or hexadecimal "
                        "after 0x",
                        text);
    if (negative)
        zkg_fr_neg(&sum, &sum);
    zkg_fr_to_scalar(out->limb, &sum);
    return ZKG_OK;
}

/* v /= 10, the remainder is returned; 32 bits at a time. */
static uint32_t divide_by_ten(uint64_t v[4])
{
    uint64_t rest = 0;

    for (int i = 7; i >= 0; i--) {
        const int shift = 32 * (i % 2);
        const uint64_t part = rest << 32 | (v[i / 2] >> shift & UINT32_MAX);

        v[i / 2] &= ~((uint64_t)UINT32_MAX << shift);
        v[i / 2] |= part / 10 << shift;
        rest = part % 10;
    }
    return (uint32_t)rest;
}

void zkg_scalar_format(char *out, const zkg_scalar *v)
{
    uint64_t rest[4];
    char text[80];
    size_t n = 0;

    memcpy(rest, v->limb, sizeof(rest));
    do {
        text[n++] = (char)('0' + divide_by_ten(rest));
    } while ((rest[0] | rest[1] | rest[2] | rest[3]) != 0);
    for (size_t i = 0; i < n; i++)
        out[i] = text[n - 1 - i];
    out[n] = 0;
}
