/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/cpu.h"
#include "sumcheck/prove.h"
#include "sumcheck/split_eq.h"

#define MAX_PARTS 4
#define MAX_N 8

/* Elements that look random, the same in every run; some are 0, 1, -1. */
static void draw(zkg_fr *out, size_t n, uint64_t *seed)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t wide[64];

        for (size_t j = 0; j < sizeof(wide); j++) {
            *seed = *seed * 6364136223846793005u + 1442695040888963407u;
            wide[j] = (uint8_t)(*seed >> 56);
        }
        if (wide[0] < 40)
            zkg_fr_from_i64(&out[i], wide[1] % 3 - 1);
        else
            zkg_fr_from_wide_bytes(&out[i], wide);
    }
}

/* A form in plain arrays. */
typedef struct plain_part {
    zkg_form_kind kind;
    uint32_t vars, vars3;
    zkg_fr coeff, lambda;
    zkg_fr table[4][1 << MAX_N];
    /* Where the tables are of small integers: those of tables 2 g and 2 g + 1
     * of a fraction take turns in group g, else each has a group. */
    bool rows;
    zkg_fr base[4];
    zkg_column column[4][2];
    int16_t ints[4][2][2 << MAX_N];
    /* A product's second table, where it is a sum of eq's. */
    zkg_eq_sum eq_sum;
    zkg_fr scale[3], at[3][MAX_N];
    const zkg_fr *point[3];
} plain_part;

typedef struct plain {
    zkg_sumcheck_shape shape;
    zkg_extend extend;
    zkg_fr u[MAX_N];
    uint32_t parts;
    plain_part part[MAX_PARTS];
} plain;

static uint32_t table_vars(const plain_part *p, uint32_t k)
{
    return p->kind == ZKG_FORM_PRODUCT3 && k == 2 ? p->vars3 : p->vars;
}

/* The multilinear extension of a table at a point, by definition. */
static void mle(zkg_fr *out, const zkg_fr *table, uint32_t n,
                const zkg_fr *point)
{
    zkg_fr eq[1 << MAX_N], p;

    zkg_eq_expand(eq, point, n, NULL);
    *out = zkg_fr_zero;
    for (size_t i = 0; i < (size_t)1 << n; i++) {
        zkg_fr_mul(&p, &eq[i], &table[i]);
        zkg_fr_add(out, out, &p);
    }
}

/* sum_j coeff_j f_j(x) at any point. */
static void summand(zkg_fr *out, const plain *f, const zkg_fr *x)
{
    *out = zkg_fr_zero;
    for (uint32_t j = 0; j < f->parts; j++) {
        const plain_part *p = &f->part[j];
        const uint32_t arity = zkg_form_arity(p->kind);
        zkg_fr v[4], sum, w;

        for (uint32_t k = 0; k < arity; k++)
            mle(&v[k], p->table[k], table_vars(p, k), x);
        if (p->kind == ZKG_FORM_FRACTION_ONES) {
            v[3] = v[1];
            v[2] = v[0];
            v[0] = v[1] = zkg_fr_one;
        }
        if (p->kind == ZKG_FORM_PRODUCT || p->kind == ZKG_FORM_PRODUCT3) {
            zkg_fr_mul(&sum, &v[0], &v[1]);
            if (p->kind == ZKG_FORM_PRODUCT3)
                zkg_fr_mul(&sum, &sum, &v[2]);
        } else {
            zkg_fr_mul(&sum, &v[0], &v[3]);
            zkg_fr_mul(&w, &v[1], &v[2]);
            zkg_fr_add(&sum, &sum, &w);
            zkg_fr_mul(&w, &v[2], &v[3]);
            zkg_fr_mul(&w, &w, &p->lambda);
            zkg_fr_add(&sum, &sum, &w);
        }
        for (uint32_t t = p->vars; t < f->shape.vars; t++) {
            if (f->extend == ZKG_EXTEND_CONSTANT)
                break;
            zkg_fr_sub(&w, &zkg_fr_one, &x[t]);
            zkg_fr_sqr(&w, &w);
            zkg_fr_mul(&sum, &sum, &w);
        }
        zkg_fr_mul(&sum, &sum, &p->coeff);
        zkg_fr_add(out, out, &sum);
    }
}

/* The claim: the sum over the cube, eq included. */
static void total(zkg_fr *out, const plain *f)
{
    const uint32_t n = f->shape.vars, e = f->shape.eq_from;

    *out = zkg_fr_zero;
    for (uint64_t i = 0; i < UINT64_C(1) << n; i++) {
        zkg_fr x[MAX_N], v, w;

        for (uint32_t t = 0; t < n; t++)
            zkg_fr_from_u64(&x[t], i >> t & 1);
        summand(&v, f, x);
        zkg_eq_at(&w, f->shape.eq_point, n - e, i >> e);
        zkg_fr_mul(&v, &v, &w);
        zkg_fr_add(out, out, &v);
    }
}

static void make(plain *f, uint32_t n, uint32_t eq_from, zkg_extend extend,
                 uint64_t *seed)
{
    memset(f, 0, sizeof(*f));
    f->shape.vars = n;
    f->shape.eq_from = eq_from;
    f->shape.eq_point = f->u;
    f->extend = extend;
    for (uint32_t t = 0; t < n; t++)
        f->shape.degree[t] = 2;
    draw(f->u, MAX_N, seed);
    if (n - eq_from > 0 && *seed >> 60 == 0)
        f->u[0] = zkg_fr_one;
}

static void add_part(plain *f, zkg_form_kind kind, uint32_t vars,
                     uint32_t vars3, uint64_t *seed)
{
    plain_part *p = &f->part[f->parts++];

    p->kind = kind;
    p->vars = vars;
    p->vars3 = vars3;
    draw(&p->coeff, 1, seed);
    do {
        draw(&p->lambda, 1, seed);
    } while (zkg_fr_is_zero(&p->lambda));
    for (uint32_t k = 0; k < zkg_form_arity(kind); k++)
        draw(p->table[k], (size_t)1 << table_vars(p, k), seed);
    if (kind == ZKG_FORM_PRODUCT3) {
        for (uint32_t t = 0; t < vars3; t++)
            f->shape.degree[t] = 3;
    }
}

/* Columns of a group of a part of rows: one of numerators, else two. */
static uint32_t group_columns(const plain_part *p, uint32_t g)
{
    return p->kind == ZKG_FORM_FRACTION && g == 0 ? 1 : 2;
}

static uint32_t group_of(const plain_part *p, uint32_t k)
{
    return p->kind == ZKG_FORM_PRODUCT ? k : k / 2;
}

/* Make the last part's tables anew, of small integers. */
static void make_rows(plain *f, uint64_t *seed)
{
    plain_part *p = &f->part[f->parts - 1];
    const uint32_t step = p->kind == ZKG_FORM_PRODUCT ? 1 : 2;

    p->rows = true;
    draw(p->base, 4, seed);
    for (uint32_t g = 0; g < 4; g++) {
        for (uint32_t c = 0; c < 2; c++) {
            p->column[g][c] = (zkg_column){p->ints[g][c], ZKG_I16, 1};
            draw(&p->column[g][c].coeff, 1, seed);
            for (size_t i = 0; i < 2u << MAX_N; i++) {
                *seed = *seed * 6364136223846793005u + 1442695040888963407u;
                p->ints[g][c][i] = (int16_t)(*seed >> 48);
            }
        }
    }
    for (uint32_t k = 0; k < zkg_form_arity(p->kind); k++) {
        const uint32_t g = group_of(p, k);

        for (size_t i = 0; i < (size_t)1 << p->vars; i++) {
            zkg_fr *v = &p->table[k][i], w;

            *v = p->base[g];
            for (uint32_t c = 0; c < group_columns(p, g); c++) {
                zkg_fr_mul_i64(&w, &p->column[g][c].coeff,
                               p->ints[g][c][i * step + k % step]);
                zkg_fr_add(v, v, &w);
            }
        }
    }
}

/* Make the second table of the last part anew, a product of rows, of eq's. */
static void make_eq_sum(plain *f, uint32_t count, uint64_t *seed)
{
    plain_part *p = &f->part[f->parts - 1];

    p->eq_sum = (zkg_eq_sum){count, p->scale, p->point};
    draw(p->scale, count, seed);
    memset(p->table[1], 0, sizeof(p->table[1]));
    for (uint32_t k = 0; k < count; k++) {
        p->point[k] = p->at[k];
        draw(p->at[k], MAX_N, seed);
        for (uint64_t i = 0; i < UINT64_C(1) << p->vars; i++) {
            zkg_fr v;

            zkg_eq_at(&v, p->at[k], p->vars, i);
            zkg_fr_mul(&v, &v, &p->scale[k]);
            zkg_fr_add(&p->table[1][i], &p->table[1][i], &v);
        }
    }
}

/* Rows of slice s of table k, over len rows. */
static void slice_of_rows(zkg_rows *out, zkg_column column[2],
                          const plain_part *p, uint32_t k, size_t s, size_t len)
{
    const uint32_t g = group_of(p, k);
    const uint32_t step = p->kind == ZKG_FORM_PRODUCT ? 1 : 2;

    *out = (zkg_rows){.base = p->base[g],
                      .columns = column,
                      .count = group_columns(p, g),
                      .first = k % step,
                      .step = step};
    for (uint32_t c = 0; c < 2; c++) {
        column[c] = p->column[g][c];
        column[c].values = &p->ints[g][c][s * len * step];
    }
}

/* The rounds; sum: what the form is to say that it is of, or NULL. */
static void run_rounds(zkg_tape *tape, const zkg_backend *b, zkg_form *form,
                       const zkg_fr *sum, zkg_fr *claim, zkg_fr *point)
{
    zkg_rounds *rounds;
    zkg_fr said;

    if (sum == NULL) {
        assert_int_equal(
            zkg_sumcheck_prove(tape, zkg_comm_self(), b, form, claim, point),
            ZKG_OK);
        return;
    }
    assert_int_equal(zkg_rounds_new(&rounds, zkg_comm_self(), b, form), ZKG_OK);
    assert_int_equal(zkg_rounds_sum(rounds, &said), ZKG_OK);
    assert_true(zkg_fr_equal(&said, sum));
    assert_int_equal(zkg_rounds_prove(rounds, tape, claim, point), ZKG_OK);
    zkg_rounds_free(rounds);
}

/* Prove f, all slices on this rank; with rows, parts of small integers without
 * tables of them. */
static void prove(zkg_tape *tape, const plain *f, const zkg_backend *b,
                  uint32_t slice_bits, bool rows, const zkg_fr *sum,
                  zkg_fr *claim, zkg_fr *point, zkg_fr *end)
{
    zkg_rows slice[MAX_PARTS][4 << MAX_N];
    zkg_column column[MAX_PARTS][4 << MAX_N][2];
    zkg_table tables[MAX_PARTS][4 << MAX_N];
    zkg_part parts[MAX_PARTS];
    zkg_form form = {f->shape, f->extend, parts, f->parts};
    zkg_fr value;

    memset(parts, 0, sizeof(parts));
    memset(tables, 0, sizeof(tables));
    for (uint32_t j = 0; j < f->parts; j++) {
        const plain_part *p = &f->part[j];
        const uint32_t arity = zkg_form_arity(p->kind);
        const uint32_t m = slice_bits < p->vars ? slice_bits : p->vars;

        parts[j] = (zkg_part){.kind = p->kind,
                              .coeff = p->coeff,
                              .lambda = p->lambda,
                              .vars = p->vars,
                              .vars3 = p->vars3,
                              .slice_bits = m,
                              .count = 1u << m,
                              .tables = tables[j]};
        for (uint32_t k = 0; k < arity << m; k++) {
            const uint32_t all = table_vars(p, k % arity);
            const uint32_t inside = all < p->vars - m ? all : p->vars - m;
            const size_t len = (size_t)1 << inside;
            const size_t at = (k / arity * len) & (((size_t)1 << all) - 1);

            if (rows && p->rows && p->vars >= m + 2) {
                parts[j].rows = slice[j];
                if (p->eq_sum.count > 0)
                    parts[j].eq_sum = &p->eq_sum;
                if (p->eq_sum.count > 0 && k % arity == 1)
                    continue;
                slice_of_rows(&slice[j][k], column[j][k], p, k % arity,
                              k / arity, len);
                continue;
            }
            assert_int_equal(zkg_table_from_fr(b, &tables[j][k], inside,
                                               p->table[k % arity] + at, len),
                             ZKG_OK);
        }
    }
    run_rounds(tape, b, &form, sum, claim, point);
    zkg_form_end_value(end, &form, point);
    for (uint32_t j = 0; j < f->parts; j++) {
        const plain_part *p = &f->part[j];

        for (uint32_t k = 0; k < zkg_form_arity(p->kind); k++) {
            mle(&value, p->table[k], table_vars(p, k), point);
            assert_true(zkg_fr_equal(&value, &parts[j].final[k]));
        }
    }
    for (uint32_t j = 0; j < f->parts; j++) {
        for (uint32_t k = 0; k < 4u << MAX_N; k++)
            zkg_table_clear(b, &tables[j][k]);
    }
}

/* What all tests ask of a form. */
static void check(const plain *f)
{
    static const uint32_t slice_bits[] = {0, 1, 2, 3, 7};
    size_t elements = 0;
    zkg_fr sum, claim, point[MAX_N], end, value;
    zkg_tape tape, verify;
    uint8_t *bytes;
    size_t len;

    for (uint32_t t = 0; t < f->shape.vars; t++)
        elements += f->shape.degree[t];
    total(&sum, f);
    zkg_tape_init_prove(&tape);
    claim = sum;
    prove(&tape, f, zkg_backend_ref(), 0, false, NULL, &claim, point, &end);
    assert_int_equal(tape.len, 32 * elements);
    assert_true(zkg_fr_equal(&claim, &end));
    summand(&value, f, point);
    assert_true(zkg_fr_equal(&value, &end));

    /* The verifier comes to the same point and claim. */
    zkg_tape_init_verify(&verify, tape.buf, tape.len);
    claim = sum;
    assert_int_equal(zkg_sumcheck_verify(&verify, &f->shape, &claim, point),
                     ZKG_OK);
    assert_int_equal(zkg_tape_finish(&verify), ZKG_OK);
    assert_true(zkg_fr_equal(&claim, &end));
    assert_memory_equal(verify.state, tape.state, 64);

    /* Slices, rows, backends, how many rounds a reading of the tables serves,
     * and whether the sum is asked for do not change a byte. */
    for (size_t i = 0; i < 8 * sizeof(slice_bits) / sizeof(*slice_bits); i++) {
        zkg_backend b =
            *zkg_backend_get(i % 2 ? zkg_cpu_features(ZKG_CPU_ALL) : 0);
        zkg_tape again;
        zkg_fr p[MAX_N];

        if (i / 2 % 2)
            b.quads_from[0] = b.quads_from[1] = i % 8 == 2 ? 4 : 0;
        zkg_tape_init_prove(&again);
        claim = sum;
        prove(&again, f, &b, slice_bits[i / 8], true, i / 4 % 2 ? &sum : NULL,
              &claim, p, &end);
        assert_int_equal(again.len, tape.len);
        if (tape.len > 0)
            assert_memory_equal(again.buf, tape.buf, tape.len);
        zkg_tape_clear(&again);
    }

    /* A changed message, or sum, ends at a claim that is false. */
    bytes = malloc(tape.len + 1);
    for (size_t k = 0; k <= elements; k++) {
        zkg_status s;

        if (tape.len > 0)
            memcpy(bytes, tape.buf, tape.len);
        claim = sum;
        if (k < elements)
            bytes[32 * k] ^= 1;
        else
            zkg_fr_add(&claim, &claim, &zkg_fr_one);
        zkg_tape_init_verify(&verify, bytes, tape.len);
        s = zkg_sumcheck_verify(&verify, &f->shape, &claim, point);
        summand(&value, f, point);
        assert_true(s == ZKG_ERR_MALFORMED ||
                    (s == ZKG_OK && !zkg_fr_equal(&claim, &value)));
    }
    for (len = 0; len < tape.len; len += 31) {
        zkg_tape_init_verify(&verify, tape.buf, len);
        claim = sum;
        assert_int_equal(zkg_sumcheck_verify(&verify, &f->shape, &claim, point),
                         ZKG_ERR_MALFORMED);
    }
    free(bytes);

    /* A prover who claims a false sum ends at a false claim, too. */
    zkg_tape_clear(&tape);
    zkg_tape_init_prove(&tape);
    zkg_fr_add(&claim, &sum, &zkg_fr_one);
    prove(&tape, f, zkg_backend_ref(), 1, true, NULL, &claim, point, &end);
    assert_false(zkg_fr_equal(&claim, &end));
    bytes = malloc(tape.len + 1);
    len = tape.len;
    if (len > 0)
        memcpy(bytes, tape.buf, len);
    zkg_tape_clear(&tape);
    zkg_tape_init_prove(&tape);
    zkg_fr_add(&claim, &sum, &zkg_fr_one);
    prove(&tape, f, zkg_backend_ref(), 1, true, &sum, &claim, point, &end);
    assert_int_equal(tape.len, len);
    if (len > 0)
        assert_memory_equal(tape.buf, bytes, len);
    free(bytes);
    zkg_tape_clear(&tape);
}

static void every_kind_alone(void **state)
{
    uint64_t seed = 1;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint32_t n = 0; n <= 6; n++) {
        for (uint32_t eq_from = 0; eq_from <= n; eq_from++) {
            for (int kind = 0; kind <= ZKG_FORM_FRACTION_ONES; kind++) {
                make(f, n, eq_from, ZKG_EXTEND_CONSTANT, &seed);
                add_part(f, (zkg_form_kind)kind, n, n, &seed);
                check(f);
            }
        }
    }
    free(f);
}

/* Products whose tables may be read once for two rounds: without eq, and with
 * it from the first variables on, where a coordinate of 1, the first ones' or
 * behind rounds that were made two at a time, has its round send what does not
 * follow from the claim. */
static void products_of_large_tables(void **state)
{
    uint64_t seed = 11;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint32_t n = 1; n <= MAX_N; n++) {
        for (uint32_t i = 0; i < 14; i++) {
            const uint32_t from = i > 9 ? 0 : i == 9 || i / 3 > n ? n : i / 3;

            make(f, n, from, ZKG_EXTEND_CONSTANT, &seed);
            if (i > 9)
                f->u[i - 8] = zkg_fr_one;
            else if (i % 3 > 0)
                f->u[i % 3 - 1] = zkg_fr_one;
            add_part(f, ZKG_FORM_PRODUCT, n, 0, &seed);
            add_part(f, ZKG_FORM_FRACTION_ONES, n - 1, 0, &seed);
            add_part(f, ZKG_FORM_PRODUCT3, n, n / 2, &seed);
            check(f);
        }
    }
    free(f);
}

/* Small integers, from which the first round is made, beside a part of tables
 * and one of fewer variables; with eq and without. */
static void rows_of_small_integers(void **state)
{
    static const zkg_form_kind kinds[] = {ZKG_FORM_PRODUCT, ZKG_FORM_FRACTION,
                                          ZKG_FORM_FRACTION_ONES};
    uint64_t seed = 9;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint32_t n = 1; n <= MAX_N; n++) {
        for (uint32_t kind = 0; kind < 3; kind++) {
            for (uint32_t eq = 0; eq < 2; eq++) {
                make(f, n, eq ? 0 : n, ZKG_EXTEND_CONSTANT, &seed);
                add_part(f, kinds[kind], n, 0, &seed);
                make_rows(f, &seed);
                add_part(f, ZKG_FORM_PRODUCT, n, 0, &seed);
                if (n > 2) {
                    add_part(f, kinds[kind], n - 1, 0, &seed);
                    make_rows(f, &seed);
                }
                check(f);
            }
        }
    }
    free(f);
}

/* Small integers times sums of eq's, beside a part of tables. */
static void rows_times_sums_of_eq(void **state)
{
    uint64_t seed = 12;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint32_t n = 1; n <= MAX_N; n++) {
        for (uint32_t count = 1; count <= 3; count++) {
            make(f, n, n, ZKG_EXTEND_CONSTANT, &seed);
            add_part(f, ZKG_FORM_PRODUCT, n, 0, &seed);
            make_rows(f, &seed);
            make_eq_sum(f, count, &seed);
            add_part(f, ZKG_FORM_PRODUCT, n - 1, 0, &seed);
            check(f);
        }
    }
    free(f);
}

static void an_indicator_of_the_low_variables(void **state)
{
    uint64_t seed = 2;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint32_t n = 1; n <= 5; n++) {
        for (uint32_t vars3 = 0; vars3 < n; vars3++) {
            make(f, n, n, ZKG_EXTEND_CONSTANT, &seed);
            add_part(f, ZKG_FORM_PRODUCT3, n, vars3, &seed);
            check(f);
            make(f, n, n / 2, ZKG_EXTEND_CONSTANT, &seed);
            add_part(f, ZKG_FORM_PRODUCT3, n, vars3, &seed);
            check(f);
        }
    }
    free(f);
}

static void parts_of_several_sizes(void **state)
{
    uint64_t seed = 3;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint32_t n = 1; n <= 6; n++) {
        for (uint32_t eq_from = 0; eq_from <= n; eq_from += n > 2 ? 2 : 1) {
            make(f, n, eq_from, ZKG_EXTEND_CONSTANT, &seed);
            add_part(f, ZKG_FORM_FRACTION, n - 1, 0, &seed);
            add_part(f, ZKG_FORM_FRACTION_ONES, n / 2, 0, &seed);
            add_part(f, ZKG_FORM_PRODUCT, 0, 0, &seed);
            add_part(f, ZKG_FORM_FRACTION, n, 0, &seed);
            check(f);
            make(f, n, eq_from, ZKG_EXTEND_CONSTANT, &seed);
            add_part(f, ZKG_FORM_FRACTION_ONES, 1, 0, &seed);
            add_part(f, ZKG_FORM_FRACTION_ONES, n, 0, &seed);
            check(f);
        }
    }
    free(f);
}

static void zero_extension(void **state)
{
    uint64_t seed = 4;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint32_t n = 0; n <= 6; n++) {
        make(f, n, n, ZKG_EXTEND_ZERO, &seed);
        add_part(f, ZKG_FORM_PRODUCT, n / 2, 0, &seed);
        add_part(f, ZKG_FORM_PRODUCT, n, 0, &seed);
        add_part(f, ZKG_FORM_PRODUCT, 0, 0, &seed);
        add_part(f, ZKG_FORM_PRODUCT, n > 0 ? n - 1 : 0, 0, &seed);
        check(f);
    }
    free(f);
}

static void a_form_of_no_parts_is_zero(void **state)
{
    uint64_t seed = 5;
    plain *f = malloc(sizeof(*f));

    (void)state;
    make(f, 3, 3, ZKG_EXTEND_CONSTANT, &seed);
    check(f);
    free(f);
}

/* eq coordinates 0 and 1 make the easy ways to a message divide by 0. */
static void eq_points_on_the_cube(void **state)
{
    uint64_t seed = 6;
    plain *f = malloc(sizeof(*f));

    (void)state;
    for (uint64_t cube = 0; cube < 16; cube++) {
        make(f, 4, 0, ZKG_EXTEND_CONSTANT, &seed);
        for (uint32_t t = 0; t < 4; t++)
            zkg_fr_from_u64(&f->u[t], cube >> t & 1);
        add_part(f, ZKG_FORM_FRACTION, 4, 0, &seed);
        add_part(f, ZKG_FORM_FRACTION_ONES, 2, 0, &seed);
        check(f);
    }
    free(f);
}

static void bad_shapes_are_refused(void **state)
{
    zkg_sumcheck_shape shape = {.vars = ZKG_MAX_VARS + 1};
    zkg_fr claim = zkg_fr_zero, point[ZKG_MAX_VARS + 1];
    zkg_tape tape;

    (void)state;
    memset(shape.degree, 2, sizeof(shape.degree));
    shape.eq_from = shape.vars;
    zkg_tape_init_verify(&tape, (const uint8_t *)"", 0);
    assert_int_equal(zkg_sumcheck_verify(&tape, &shape, &claim, point),
                     ZKG_ERR_INVALID);
    shape.vars = 3;
    shape.eq_from = 4;
    assert_int_equal(zkg_sumcheck_verify(&tape, &shape, &claim, point),
                     ZKG_ERR_INVALID);
    shape.eq_from = 3;
    shape.degree[1] = 4;
    assert_int_equal(zkg_sumcheck_verify(&tape, &shape, &claim, point),
                     ZKG_ERR_INVALID);
    shape.degree[1] = 0;
    assert_int_equal(zkg_sumcheck_verify(&tape, &shape, &claim, point),
                     ZKG_ERR_INVALID);
}

/* Weights are eq of what is left, however it is split. */
static void split_eq_is_eq(void **state)
{
    enum { MOST = 15 };
    uint64_t seed = 7;
    zkg_fr u[MOST], expected, got;

    (void)state;
    draw(u, MOST, &seed);
    for (uint32_t to = 1; to <= MOST; to++) {
        for (uint32_t from = 0; from < to; from += 1 + from) {
            const zkg_backend *backend =
                zkg_backend_get(to % 2 ? zkg_cpu_features(ZKG_CPU_ALL) : 0);
            zkg_split_eq eq;

            assert_int_equal(zkg_split_eq_new(&eq, u, from, to, backend),
                             ZKG_OK);
            for (uint32_t t = 0; t <= to; t++) {
                const uint32_t s = t > from ? t : from;
                zkg_weights w;

                zkg_split_eq_weights(&w, &eq, t);
                for (uint64_t j = 0; j < UINT64_C(1) << (to - t); j++) {
                    const uint64_t i = j >> w.free;

                    zkg_eq_at(&expected, u + (s - from), to - s, j >> (s - t));
                    zkg_fr_mul(&got,
                               &w.lo[i & ((UINT64_C(1) << w.lo_bits) - 1)],
                               &w.hi[i >> w.lo_bits]);
                    assert_true(zkg_fr_equal(&got, &expected));
                }
            }
            zkg_split_eq_clear(&eq);
        }
    }
}

static void slices_are_dealt_evenly(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= 40; size++) {
        for (uint32_t vars = 0; vars <= 20; vars++) {
            const uint32_t m = zkg_slices(vars, size);
            uint32_t next = 0, first, count, least = UINT32_MAX, most = 0;

            assert_true(m <= vars);
            if (m == 0)
                continue;
            assert_int_equal(m, zkg_slices_even(size));
            if (zkg_is_pow2(size))
                assert_int_equal(m, zkg_log2_ceil(size));
            for (uint32_t r = 0; r < size; r++) {
                zkg_slices_of(&first, &count, m, r, size);
                assert_int_equal(first, next);
                next = first + count;
                least = count < least ? count : least;
                most = count > most ? count : most;
            }
            assert_int_equal(next, 1u << m);
            assert_true(most - least <= 1);
            assert_true((uint64_t)most * size * 8 <= UINT64_C(9) << m);
        }
    }
}

static void sums_over_ranks_are_counted(void **state)
{
    (void)state;
    for (uint32_t vars = 0; vars < 8; vars++)
        assert_int_equal(zkg_slices_rounds(vars, 2, 2), 0);
    assert_int_equal(zkg_slices_rounds(8, 2, 1), 0);
    assert_int_equal(zkg_slices_rounds(8, 2, 2), 2);
    assert_int_equal(zkg_slices_rounds(8, 4, 2), 3);
    assert_int_equal(zkg_slices_rounds(11, 2, 2), 5);
    assert_int_equal(zkg_slices_rounds(11, 2, 5), 5);
    /* slices of single entries */
    assert_int_equal(zkg_slices_rounds(20, 2, 256), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_alone),
        cmocka_unit_test(products_of_large_tables),
        cmocka_unit_test(rows_of_small_integers),
        cmocka_unit_test(rows_times_sums_of_eq),
        cmocka_unit_test(an_indicator_of_the_low_variables),
        cmocka_unit_test(parts_of_several_sizes),
        cmocka_unit_test(zero_extension),
        cmocka_unit_test(a_form_of_no_parts_is_zero),
        cmocka_unit_test(eq_points_on_the_cube),
        cmocka_unit_test(bad_shapes_are_refused),
        cmocka_unit_test(split_eq_is_eq),
        cmocka_unit_test(slices_are_dealt_evenly),
        cmocka_unit_test(sums_over_ranks_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
