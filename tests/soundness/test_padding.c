/* SPDX-License-Identifier: Apache-2.0 */
/* Padding is never trusted: what a prover puts there changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define POWER 5
#define O_CUBE 4 /* FX_O and FX_K padded */
#define K_CUBE 8

static int64_t floor16(int64_t v)
{
    return v >= 0 ? v / 16 : -((15 - v) / 16);
}

/* sum of w[o,k] x[c,k] over k < terms */
static int64_t dot(fx *f, uint64_t c, uint64_t o, uint64_t terms)
{
    const bool copies = f->shape.copies > 1;
    int64_t sum = 0;

    for (uint64_t k = 0; k < terms; k++) {
        const uint64_t w[2] = {o, k}, x[2] = {c, k};

        sum += fx_cell(f, "w", w) * fx_cell(f, "x", copies ? x : x + 1);
    }
    return sum;
}

/* Garbage in all private padding, such that the einsum holds in every cell of
 * the padded cube: w x + b - 16 q - rem = 0 there, remainders out of range. */
static void fill_padding(fx *f, uint64_t seed)
{
    const bool copies = f->shape.copies > 1;
    const uint64_t c_len = copies ? f->shape.copies : 1;
    const uint64_t c_cube = copies ? 4 : 1;
    uint64_t row = 33;

    fx_garbage(f, "x", -100, 100, seed);
    if (f->shape.private_w)
        fx_garbage(f, "w", -2, 2, seed + 1);
    fx_garbage(f, "q", -100, 100, seed + 2);
    fx_garbage(f, "rem", 0, 255, seed + 3);
    if (f->shape.virtual_acc)
        fx_garbage(f, "acc", 0, 0, seed);
    for (uint64_t c = 0; c < c_cube; c++)
        for (uint64_t o = 0; o < O_CUBE; o++) {
            const uint64_t at[2] = {c, o}, *i = copies ? at : at + 1;
            int64_t sum, q;

            if (c < c_len && o < FX_O)
                continue;
            sum = dot(f, c, o, FX_K);
            if (f->shape.virtual_acc)
                fx_set_cell(f, "acc", i, sum);
            q = floor16(sum) - 2;
            assert_true(q >= -128 && q <= 127);
            fx_set_cell(f, "q", i, q);
            fx_set_cell(f, "rem", i, sum - 16 * q);
        }
    if (f->shape.odd_table) {
        /* Counts of rows that are none: they must cancel or be caught. */
        fx_garbage(f, "count.relu", 0, 0, seed);
        fx_set_cell(f, "count.relu", &row, 12345);
        row = 63;
        fx_set_cell(f, "count.relu", &row, -12345);
    }
}

static void garbage_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 16; i++) {
        const fx_shape shape = {
            .private_x = true,
            .private_w = (i & 1) != 0,
            .odd_table = (i & 2) != 0,
            .copies = (i & 4) != 0 ? 3 : 1,
            .virtual_acc = (i & 8) != 0,
        };
        uint8_t *clean = NULL, *dirty = NULL;
        size_t clean_len = 0, dirty_len = 0;
        zkg_error err = {0};
        zkg_verdict v = {0};
        fx_layout at;
        fx f = {0};

        fx_init(&f, &shape, POWER, 10 + i);
        at = fx_layout_of(&f);
        if (fx_prove(&f, NULL, &clean, &clean_len, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        fill_padding(&f, 77 * i);
        if (fx_prove(&f, NULL, &dirty, &dirty_len, &err) != ZKG_OK)
            fail_msg("shape %u: %s", (unsigned)i, err.text);
        if (fx_verify(&f, dirty, dirty_len, NULL, &v) != ZKG_OK)
            fail_msg("shape %u: %s: %s", (unsigned)i, zkg_check_name(v.check),
                     v.text);

        /* Other commitments, the same public values. */
        assert_int_equal(clean_len, dirty_len);
        assert_memory_equal(clean, dirty, at.commitments);
        assert_memory_not_equal(clean + at.commitments, dirty + at.commitments,
                                at.segments - at.commitments);
        free(clean);
        free(dirty);
        fx_clear(&f);
    }
}

/* No value is special: with alpha left out of padded rows, 1 made q = 0. */
static void a_padded_one_is_like_any_other(void **state)
{
    static const fx_shape shape = {.private_x = true};
    const uint64_t k = FX_K;
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_error err = {0};
    zkg_verdict v = {0};
    fx f = {0};

    (void)state;
    fx_init(&f, &shape, POWER, 21);
    fx_garbage(&f, "x", 0, 0, 1);
    fx_set_cell(&f, "x", &k, 1);
    if (fx_prove(&f, NULL, &proof, &len, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    if (fx_verify(&f, proof, len, NULL, &v) != ZKG_OK)
        fail_msg("%s: %s", zkg_check_name(v.check), v.text);
    free(proof);
    fx_clear(&f);
}

/* Make q, rem and y what they would be if w x summed over k < 8; whether any
 * public value is another then. */
static bool follow_garbage(fx *f)
{
    bool changed = false;

    for (uint64_t o = 0; o < FX_O; o++) {
        const int64_t sum = dot(f, 0, o, K_CUBE) + fx_cell(f, "b", &o) + 8;
        const int64_t q = floor16(sum), y = q > 0 ? q : 0;

        fx_set_cell(f, "q", &o, q);
        fx_set_cell(f, "rem", &o, sum - 16 * q);
        changed = changed || y != fx_cell(f, "y", &o);
        fx_set_cell(f, "y", &o, y);
    }
    fx_recount(f);
    return changed;
}

static void without_the_indicator_garbage_would_decide(void **state)
{
    static const fx_shape shape = {.private_x = true, .private_w = true};
    const zkg_hooks hooks = {.task = -1, .drop_indicator = true};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_error err = {0};
    zkg_verdict v = {0};
    const uint64_t o = O_CUBE - 1;
    int64_t sum;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    fx_init(&f, &shape, POWER, 20);
    fx_garbage(&f, "x", 3, 7, 1);
    fx_garbage(&f, "w", 3, 7, 2);
    fx_garbage(&f, "q", 0, 0, 3);
    fx_garbage(&f, "rem", 0, 0, 4);
    sum = dot(&f, 0, o, K_CUBE);
    fx_set_cell(&f, "q", &o, floor16(sum));
    fx_set_cell(&f, "rem", &o, sum - 16 * floor16(sum));
    assert_true(follow_garbage(&f));

    /* Both sides without I_L: a wrong public value is proven. */
    if (fx_prove(&f, &hooks, &proof, &len, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    if (fx_verify(&f, proof, len, &hooks, &v) != ZKG_OK)
        fail_msg("%s: %s", zkg_check_name(v.check), v.text);

    /* The verifier as it is refuses that, */
    v = (zkg_verdict){0};
    assert_int_not_equal(fx_verify(&f, proof, len, NULL, &v), ZKG_OK);
    free(proof);

    /* and its own prover gets no further with these values. */
    proof = NULL;
    if (fx_prove(&f, NULL, &proof, &len, NULL) == ZKG_OK)
        assert_int_not_equal(fx_verify(&f, proof, len, NULL, &v), ZKG_OK);
    free(proof);
    fx_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_changes_nothing),
        cmocka_unit_test(a_padded_one_is_like_any_other),
        cmocka_unit_test(without_the_indicator_garbage_would_decide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
