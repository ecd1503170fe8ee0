/* SPDX-License-Identifier: Apache-2.0 */
/* Witness programs: what they compute, what they refuse, any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "circuit/program.h"
#include "rng.h"

static void ok(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

static void words(zkg_program *p, uint32_t n, const uint32_t *w)
{
    zkg_error err = {0};

    ok(zkg_program_add_words(p, w, n, &err), &err);
}
#define WORDS(p, ...)                                                          \
    words(p, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),             \
          (uint32_t[]){__VA_ARGS__})

static uint32_t constant(zkg_program *p, int64_t v)
{
    zkg_error err = {0};
    zkg_fr f;

    zkg_fr_from_i64(&f, v);
    ok(zkg_program_add_constant(p, &f, &err), &err);
    return p->constants - 1;
}

/* x, y -> s = 3 x y - y + 5, and the 8 bits of x; y - 2 must be 0. */
static void make(zkg_program *p)
{
    zkg_error err = {0};

    *p = (zkg_program){.params = 0};
    ok(zkg_program_add_param(p, "x", 1, false, &err), &err);
    ok(zkg_program_add_param(p, "y", 2, false, &err), &err);
    ok(zkg_program_add_param(p, "s", 1, true, &err), &err);
    ok(zkg_program_add_param(p, "b", 8, true, &err), &err);
    ok(zkg_program_add_text(p, "bits", &err), &err);
    ok(zkg_program_add_text(p, "y is 2", &err), &err);
    (void)constant(p, 5);
    (void)constant(p, 3);
    (void)constant(p, -1);
    (void)constant(p, -2);
    (void)constant(p, 1);
    WORDS(p, ZKG_OP_GET, 0, 0);
    WORDS(p, ZKG_OP_GET, 1, 1);
    WORDS(p, ZKG_OP_MUL, 0, 1);
    WORDS(p, ZKG_OP_SUM, 0, 2, 1, 2, 2, 1);
    WORDS(p, ZKG_OP_HINT, 0, 0, 1, 0, 8);
    WORDS(p, ZKG_OP_PUT, 2, 0, 3);
    for (uint32_t i = 0; i < 8; i++)
        WORDS(p, ZKG_OP_PUT, 3, i, 4 + i);
    WORDS(p, ZKG_OP_SUM, 3, 1, 4, 1);
    WORDS(p, ZKG_OP_ZERO, 12, 1);
    ok(zkg_program_check(p, &err), &err);
}

static zkg_status run(const zkg_program *p, uint64_t copies, int64_t *x,
                      int64_t *y, int64_t *s, uint8_t *b, zkg_error *err)
{
    zkg_array array[4];
    zkg_array *list[4] = {&array[0], &array[1], &array[2], &array[3]};
    const uint64_t two = 2, by_eight[2] = {copies, 8};
    const bool broadcast[4] = {false, true, false, false};

    zkg_array_borrow(&array[0], ZKG_I64, 1, &copies, x);
    zkg_array_borrow(&array[1], ZKG_I64, 1, &two, y);
    zkg_array_borrow(&array[2], ZKG_I64, 1, &copies, s);
    zkg_array_borrow(&array[3], ZKG_U8, 2, by_eight, b);
    return zkg_program_run(p, "demo", copies, list, broadcast, NULL, err);
}

static void computes_each_copy(void **state)
{
    int64_t x[3] = {0, 85, 255}, y[2] = {9, 2}, s[3];
    uint8_t b[24];
    zkg_error err = {0};
    zkg_program p;

    (void)state;
    make(&p);
    ok(run(&p, 3, x, y, s, b, &err), &err);
    for (int c = 0; c < 3; c++) {
        assert_int_equal(s[c], 3 * x[c] * 2 - 2 + 5);
        for (int i = 0; i < 8; i++)
            assert_int_equal(b[8 * c + i], x[c] >> i & 1);
    }
    zkg_program_clear(&p);
}

static void failures_name_kernel_copy_and_label(void **state)
{
    int64_t x[3] = {0, 85, 256}, y[2] = {9, 2}, s[3];
    uint8_t b[24];
    zkg_error err = {0};
    zkg_program p;

    (void)state;
    make(&p);
    assert_int_equal(run(&p, 3, x, y, s, b, &err), ZKG_ERR_WITNESS);
    assert_non_null(strstr(err.text, "kernel demo, copy 2: hint bits: 256"));
    x[2] = 3;
    y[1] = 1;
    err = (zkg_error){0};
    assert_int_equal(run(&p, 3, x, y, s, b, &err), ZKG_ERR_WITNESS);
    assert_string_equal(err.text,
                        "kernel demo, copy 0: assertion y is 2 does not hold");
    zkg_program_clear(&p);
}

static void values_leave_64_bits(void **state)
{
    int64_t big = INT64_C(1) << 62;
    const uint64_t one = 1;
    const bool broadcast[2] = {false, false};
    zkg_array array[2], *list[2] = {&array[0], &array[1]};
    zkg_error err = {0};
    zkg_program p = {.params = 0};
    zkg_fr r, want;

    (void)state;
    ok(zkg_program_add_param(&p, "x", 1, false, &err), &err);
    ok(zkg_program_add_param(&p, "r", 1, true, &err), &err);
    (void)constant(&p, 7);
    (void)constant(&p, -4);
    WORDS(&p, ZKG_OP_GET, 0, 0);
    WORDS(&p, ZKG_OP_MUL, 0, 0);
    WORDS(&p, ZKG_OP_SUM, 0, 2, 1, 1, 1, 0);
    WORDS(&p, ZKG_OP_PUT, 1, 0, 2);
    ok(zkg_program_check(&p, &err), &err);
    zkg_array_borrow(&array[0], ZKG_I64, 1, &one, &big);
    zkg_array_borrow(&array[1], ZKG_FR, 1, &one, &r);
    ok(zkg_program_run(&p, "big", 1, list, broadcast, NULL, &err), &err);
    zkg_fr_from_i64(&want, big);
    zkg_fr_sqr(&want, &want);
    zkg_fr_mul_i64(&want, &want, -4);
    {
        zkg_fr t;

        zkg_fr_from_i64(&t, big);
        zkg_fr_mul_i64(&t, &t, -4);
        zkg_fr_add(&want, &want, &t);
        zkg_fr_from_i64(&t, 7);
        zkg_fr_add(&want, &want, &t);
    }
    assert_true(zkg_fr_equal(&want, &r));
    /* and into an integer type it does not go */
    array[1].type = ZKG_I64;
    assert_int_equal(zkg_program_run(&p, "big", 1, list, broadcast, NULL, &err),
                     ZKG_ERR_WITNESS);
    assert_non_null(strstr(err.text, "r[0] would be"));
    zkg_program_clear(&p);
}

static void bytes_come_back(void **state)
{
    zkg_program p, q;
    uint8_t *bytes, *again;
    size_t len, len2;
    zkg_error err = {0};

    (void)state;
    make(&p);
    ok(zkg_program_encode(&bytes, &len, &p, &err), &err);
    ok(zkg_program_decode(&q, bytes, len, &err), &err);
    assert_int_equal(q.values, p.values);
    ok(zkg_program_encode(&again, &len2, &q, &err), &err);
    assert_int_equal(len, len2);
    assert_memory_equal(bytes, again, len);
    zkg_free(again);
    zkg_free(bytes);
    zkg_program_clear(&p);
    zkg_program_clear(&q);
}

/* What is decoded from any bytes runs within its arrays, or is refused. */
static void any_bytes_are_safe(void **state)
{
    int64_t x[3] = {0, 85, 255}, y[2] = {9, 2}, s[3];
    zkg_program p;
    uint8_t *bytes, *bent, b[24];
    uint32_t decoded = 0, refused = 0;
    zkg_error err = {0};
    rng r0 = rng_new();
    size_t len;

    (void)state;
    make(&p);
    ok(zkg_program_encode(&bytes, &len, &p, &err), &err);
    zkg_program_clear(&p);
    bent = zkg_alloc(len, 1);
    assert_non_null(bent);
    for (int i = 0; i < 20000; i++) {
        const size_t cut = i % 3 == 0 ? rng_below(&r0, len) : len;

        memcpy(bent, bytes, len);
        for (uint64_t k = rng_below(&r0, 4); k > 0; k--)
            bent[rng_below(&r0, len)] = (uint8_t)rng_below(&r0, 20);
        if (zkg_program_decode(&p, bent, cut, NULL) != ZKG_OK) {
            refused++;
            continue;
        }
        decoded++;
        if (p.params == 4)
            (void)run(&p, 3, x, y, s, b, NULL);
        zkg_program_clear(&p);
    }
    assert_true(decoded > 100 && refused > 100);
    zkg_free(bent);
    zkg_free(bytes);
}

/* Values are counted in 32 bits: once there were more of them than words, a
 * hint could bring the count round to a few again, with 2^32 to be stored. */
static void more_values_than_words_are_refused(void **state)
{
    zkg_error err = {0};
    zkg_program p = {.params = 0};

    (void)state;
    ok(zkg_program_add_text(&p, "same", &err), &err);
    (void)constant(&p, 1);
    WORDS(&p, ZKG_OP_HINT, 0, 0, 0, 13);
    WORDS(&p, ZKG_OP_CONSTANT, 0);
    WORDS(&p, ZKG_OP_CONSTANT, 0);
    WORDS(&p, ZKG_OP_HINT, 0, 0, 0, UINT32_MAX - 1);
    assert_int_equal(p.words, 14);
    assert_int_equal(zkg_program_check(&p, &err), ZKG_ERR_MALFORMED);
    assert_string_equal(err.text,
                        "a witness program: the operation at word 7 is none");
    /* As many as there are words are fine. */
    p.words = 5;
    p.code[4] = 5;
    ok(zkg_program_check(&p, &err), &err);
    assert_int_equal(p.values, 5);
    p.code[4] = 6;
    assert_int_equal(zkg_program_check(&p, NULL), ZKG_ERR_MALFORMED);
    zkg_program_clear(&p);
}

static void hints_asked_wrongly_are_malformed(void **state)
{
    static const char *const names[] = {"bits", "limbs", "divide", "inverse",
                                        "same", "rows",  "counts"};
    const zkg_scalar in[3] = {{{1}}, {{2}}, {{3}}};
    zkg_scalar out[5] = {{{0}}};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        zkg_error err = {0};

        assert_int_equal(zkg_builtin_hint(names[i])(out, 5, in, 3, in, 3, &err),
                         ZKG_ERR_MALFORMED);
        assert_non_null(strstr(err.text, names[i]));
    }
}

static zkg_status cube(void *user, zkg_scalar *out, size_t outs,
                       const zkg_scalar *in, size_t ins, zkg_error *err)
{
    int64_t v;

    if (outs != 1 || ins != 1 || !zkg_scalar_to_i64(&v, in))
        return zkg_fail(err, ZKG_ERR_WITNESS, "no small number");
    ++*(int *)user;
    zkg_scalar_from_i64(out, v * v * v);
    return ZKG_OK;
}

static void callbacks_are_found_by_name(void **state)
{
    int calls = 0;
    const zkg_hint hint[] = {{"cube", cube, &calls}};
    const zkg_hints hints = {hint, 1};
    int64_t x[2] = {-3, 5}, r[2];
    const uint64_t two = 2;
    const bool broadcast[2] = {false, false};
    zkg_array array[2], *list[2] = {&array[0], &array[1]};
    zkg_error err = {0};
    zkg_program p = {.params = 0};

    (void)state;
    ok(zkg_program_add_param(&p, "x", 1, false, &err), &err);
    ok(zkg_program_add_param(&p, "r", 1, true, &err), &err);
    ok(zkg_program_add_text(&p, "cube", &err), &err);
    WORDS(&p, ZKG_OP_GET, 0, 0);
    WORDS(&p, ZKG_OP_HINT, 0, 0, 1, 0, 1);
    WORDS(&p, ZKG_OP_PUT, 1, 0, 1);
    ok(zkg_program_check(&p, &err), &err);
    zkg_array_borrow(&array[0], ZKG_I64, 1, &two, x);
    zkg_array_borrow(&array[1], ZKG_I64, 1, &two, r);
    ok(zkg_program_run(&p, "k", 2, list, broadcast, &hints, &err), &err);
    assert_int_equal(r[0], -27);
    assert_int_equal(r[1], 125);
    assert_int_equal(calls, 2);
    assert_int_equal(zkg_program_run(&p, "k", 2, list, broadcast, NULL, &err),
                     ZKG_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "kernel k needs the hint \"cube\""));
    zkg_program_clear(&p);
}

/* ---- hints ---- */

static zkg_scalar number(const char *text)
{
    zkg_error err = {0};
    zkg_scalar s;

    ok(zkg_scalar_parse(&s, text, &err), &err);
    return s;
}

static void numbers_are_read_and_written(void **state)
{
    static const char *const same[] = {
        "0", "1", "18446744073709551616",
        "218882428718392752222464057452572750885483644004160343436982041865"
        "75808495616"};
    char text[80];
    zkg_scalar s;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        s = number(same[i]);
        zkg_scalar_format(text, &s);
        assert_string_equal(text, same[i]);
    }
    s = number("-1");
    zkg_scalar_format(text, &s);
    assert_string_equal(text, same[3]);
    s = number("0xfF");
    assert_int_equal(s.limb[0], 255);
    assert_int_equal(zkg_scalar_parse(&s, "", NULL), ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_scalar_parse(&s, "-", NULL), ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_scalar_parse(&s, "0x", NULL), ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_scalar_parse(&s, "12a", NULL), ZKG_ERR_MALFORMED);
}

static void builtin_hints_hold(void **state)
{
    const zkg_builtin_fn divide = zkg_builtin_hint("divide");
    const zkg_builtin_fn limbs = zkg_builtin_hint("limbs");
    const zkg_builtin_fn inverse = zkg_builtin_hint("inverse");
    const zkg_scalar width = {{13}};
    zkg_scalar in[2], out[10];
    rng r0 = rng_new();

    (void)state;
    for (int i = 0; i < 2000; i++) {
        const uint64_t b = rng_u64(&r0) >> rng_below(&r0, 64);
        const uint64_t a = rng_u64(&r0) >> rng_below(&r0, 64);
        zkg_fr q, r, x, y;

        in[0] = (zkg_scalar){{a}};
        in[1] = (zkg_scalar){{b}};
        if (b == 0)
            continue;
        assert_int_equal(divide(out, 2, NULL, 0, in, 2, NULL), ZKG_OK);
        assert_true(out[0].limb[0] == a / b && out[1].limb[0] == a % b);
        /* a number of four limbs: b q + r = a, checked in the field */
        zkg_fr_from_u64(&x, a);
        zkg_fr_inv(&x, &x);
        zkg_fr_to_scalar(in[0].limb, &x);
        assert_int_equal(divide(out, 2, NULL, 0, in, 2, NULL), ZKG_OK);
        assert_true(zkg_fr_from_scalar(&q, out[0].limb));
        assert_true(out[1].limb[0] < b && out[1].limb[1] == 0);
        zkg_fr_from_u64(&r, out[1].limb[0]);
        zkg_fr_from_u64(&y, b);
        zkg_fr_mul(&y, &y, &q);
        zkg_fr_add(&y, &y, &r);
        assert_true(zkg_fr_equal(&x, &y));
    }
    in[0] = number("0x1000000000000000000000000000000ff");
    assert_int_equal(limbs(out, 10, &width, 1, in, 1, NULL), ZKG_OK);
    assert_true(out[0].limb[0] == 0xff && out[9].limb[0] == 1 << 11);
    assert_int_equal(limbs(out, 9, &width, 1, in, 1, NULL), ZKG_ERR_WITNESS);
    in[0] = number("-1");
    assert_int_equal(limbs(out, 10, &width, 1, in, 1, NULL), ZKG_ERR_WITNESS);
    in[1] = number("0");
    assert_int_equal(divide(out, 2, NULL, 0, in, 2, NULL), ZKG_ERR_WITNESS);
    assert_int_equal(inverse(out, 2, NULL, 0, in, 2, NULL), ZKG_ERR_WITNESS);
    assert_int_equal(inverse(out, 1, NULL, 0, in, 1, NULL), ZKG_OK);
    assert_memory_equal(&out[0], &in[0], sizeof(in[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_each_copy),
        cmocka_unit_test(failures_name_kernel_copy_and_label),
        cmocka_unit_test(values_leave_64_bits),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(more_values_than_words_are_refused),
        cmocka_unit_test(hints_asked_wrongly_are_malformed),
        cmocka_unit_test(callbacks_are_found_by_name),
        cmocka_unit_test(numbers_are_read_and_written),
        cmocka_unit_test(builtin_hints_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
