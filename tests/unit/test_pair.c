/* SPDX-License-Identifier: Apache-2.0
 * Sumchecks of two factors, against the same ones over tables of elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "relation/pair.h"

#define MAX_N 8
#define LEN (1 << MAX_N)
#define CLAIMS 3

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 32 ^ *seed << 32;
}

/* What a factor is made of. */
typedef enum kind {
    I8,
    U16,
    I16,
    I32,     /* all of it */
    I64,     /* all of it */
    BITS_24, /* i64 around the most that one column holds, */
    BITS_48, /* and two */
    ELEMENTS,
    VECTOR,
    ONES,
    INDICATOR,
    EQ_SUM,
    KINDS
} kind;

/* A factor's cells, and what they stand for. */
typedef struct drawn {
    zkg_array array;
    zkg_column_view view;
    zkg_rows_view rows;
    zkg_fr scale[CLAIMS], at[CLAIMS][MAX_N];
    const zkg_fr *point[CLAIMS];
    zkg_eq_sum eq_sum;
    zkg_fr value[LEN];
} drawn;

/* Edges of a type, and others. */
static int64_t draw_int(kind of, uint64_t *seed)
{
    const uint64_t v = next(seed), edge = next(seed) % 4;
    const int64_t sign = v % 2 == 0 ? 1 : -1;
    const int64_t near = (int64_t)(v % 5) - 2;

    switch (of) {
    case I8:
        return edge == 0 ? (sign > 0 ? INT8_MAX : INT8_MIN) : (int8_t)v;
    case U16:
        return edge == 0 ? UINT16_MAX : (uint16_t)v;
    case I16:
        return edge == 0 ? (sign > 0 ? INT16_MAX : INT16_MIN) : (int16_t)v;
    case I32:
        return edge == 0 ? (sign > 0 ? INT32_MAX : INT32_MIN) : (int32_t)v;
    case I64:
        return edge == 0 ? (sign > 0 ? INT64_MAX : INT64_MIN) : (int64_t)v;
    case BITS_24:
        return sign * ((int64_t)1 << 24) + near;
    default:
        return sign * ((int64_t)1 << 48) + near;
    }
}

static zkg_dtype type_of(kind of)
{
    static const zkg_dtype types[] = {ZKG_I8,  ZKG_U16, ZKG_I16, ZKG_I32,
                                      ZKG_I64, ZKG_I64, ZKG_I64};

    return of < ELEMENTS ? types[of] : ZKG_FR;
}

/* An array of 2^n cells, the last `missing` of which are not stored. */
static void draw_array(drawn *d, kind of, uint32_t n, uint64_t missing,
                       uint64_t *seed)
{
    const uint64_t len = ((uint64_t)1 << n) - missing;

    assert_int_equal(zkg_array_init(&d->array, type_of(of), 1, &len, NULL),
                     ZKG_OK);
    for (uint64_t i = 0; i < len; i++) {
        if (type_of(of) == ZKG_FR) {
            zkg_fr_from_u64(&d->value[i], next(seed));
            ((zkg_fr *)d->array.data)[i] = d->value[i];
            continue;
        }
        zkg_array_set_i64(&d->array, i, draw_int(of, seed));
        zkg_fr_from_i64(&d->value[i], zkg_array_get_i64(&d->array, i));
    }
    d->view = (zkg_column_view){
        .array = &d->array, .coeff = zkg_fr_one, .stride = {1}};
    d->view.stored[0] = len;
    d->rows = (zkg_rows_view){.axes = n > 0,
                              .len = {(uint64_t)1 << n},
                              .bits = {n},
                              .vars = n,
                              .full = true,
                              .columns = 1,
                              .column = &d->view};
}

static void draw(drawn *d, kind of, uint32_t n, uint64_t *seed)
{
    const uint64_t len = (uint64_t)1 << n;

    memset(d, 0, sizeof(*d));
    if (of <= VECTOR) {
        draw_array(d, of, n, of != VECTOR && n > 1 ? next(seed) % 3 : 0, seed);
        return;
    }
    d->rows = (zkg_rows_view){
        .axes = n > 0, .len = {len}, .bits = {n}, .vars = n, .full = true};
    if (of == INDICATOR && n > 0) {
        d->rows.len[0] = len - next(seed) % (len / 2 + 1);
        d->rows.full = d->rows.len[0] == len;
    }
    for (uint64_t i = 0; of != EQ_SUM && i < d->rows.len[0]; i++)
        d->value[i] = zkg_fr_one;
    d->eq_sum = (zkg_eq_sum){CLAIMS, d->scale, d->point};
    for (uint32_t k = 0; of == EQ_SUM && k < CLAIMS; k++) {
        zkg_fr_from_u64(&d->scale[k], next(seed));
        for (uint32_t t = 0; t < n; t++)
            zkg_fr_from_u64(&d->at[k][t], next(seed));
        d->point[k] = d->at[k];
        for (uint64_t i = 0; i < len; i++) {
            zkg_fr v;

            zkg_eq_at(&v, d->at[k], n, i);
            zkg_fr_mul(&v, &v, &d->scale[k]);
            zkg_fr_add(&d->value[i], &d->value[i], &v);
        }
    }
}

static void set_factor(zkg_pair *p, uint32_t f, drawn *d, kind of)
{
    if (of == EQ_SUM) {
        p->factor[f].eq_sum = &d->eq_sum;
    } else if (of == VECTOR) {
        assert_int_equal(zkg_pair_vector(p, f), ZKG_OK);
        memcpy(p->factor[f].vector, d->value, sizeof(zkg_fr) << p->vars);
    } else {
        assert_int_equal(zkg_pair_columns(p, f, &d->rows), ZKG_OK);
    }
}

/* The sum, and the rounds over tables. */
static void by_tables(zkg_tape *tape, zkg_fr *sum, zkg_fr final[2],
                      const drawn d[2], const zkg_sumcheck_shape *shape)
{
    const zkg_backend *b = zkg_backend_ref();
    zkg_table tables[2] = {{0}};
    zkg_part part = {.kind = ZKG_FORM_PRODUCT,
                     .coeff = zkg_fr_one,
                     .vars = shape->vars,
                     .count = 1,
                     .tables = tables};
    zkg_form form = {*shape, ZKG_EXTEND_CONSTANT, &part, 1};
    zkg_fr point[MAX_N], claim;

    *sum = zkg_fr_zero;
    for (uint64_t i = 0; i < UINT64_C(1) << shape->vars; i++) {
        zkg_fr v, w;

        zkg_fr_mul(&v, &d[0].value[i], &d[1].value[i]);
        zkg_eq_at(&w, shape->eq_point, shape->vars - shape->eq_from,
                  i >> shape->eq_from);
        zkg_fr_mul(&v, &v, &w);
        zkg_fr_add(sum, sum, &v);
    }
    for (uint32_t f = 0; f < 2; f++)
        assert_int_equal(zkg_table_from_fr(b, &tables[f], shape->vars,
                                           d[f].value,
                                           (size_t)1 << shape->vars),
                         ZKG_OK);
    claim = *sum;
    assert_int_equal(
        zkg_sumcheck_prove(tape, zkg_comm_self(), b, &form, &claim, point),
        ZKG_OK);
    for (uint32_t f = 0; f < 2; f++) {
        final[f] = part.final[f];
        zkg_table_clear(b, &tables[f]);
    }
}

static void check(kind a, kind b, uint32_t n, uint32_t eq_from,
                  const zkg_backend *backend, uint64_t *seed)
{
    zkg_sumcheck_shape shape = {.vars = n, .eq_from = eq_from};
    zkg_fr u[MAX_N], sum, said, expected[2], final[2], point[MAX_N];
    zkg_tape tape, again;
    zkg_child child = {
        .tape = &again, .comm = zkg_comm_self(), .backend = backend};
    zkg_arena arena = {0};
    const zkg_task_run run = {.c = &child, .scratch = &arena};
    drawn *d = malloc(2 * sizeof(*d));
    zkg_pair p;

    memset(shape.degree, 2, sizeof(shape.degree));
    shape.eq_point = u;
    for (uint32_t t = 0; t < MAX_N; t++)
        zkg_fr_from_u64(&u[t], next(seed));
    draw(&d[0], a, n, seed);
    draw(&d[1], b, n, seed);
    zkg_tape_init_prove(&tape);
    zkg_tape_init_prove(&again);
    by_tables(&tape, &sum, expected, d, &shape);
    zkg_pair_init(&p, n, &run);
    set_factor(&p, 0, &d[0], a);
    set_factor(&p, 1, &d[1], b);
    assert_int_equal(zkg_pair_begin(&p, &shape), ZKG_OK);
    if (next(seed) % 2 == 0) {
        assert_int_equal(zkg_pair_sum(&p, &said), ZKG_OK);
        assert_true(zkg_fr_equal(&said, &sum));
    }
    assert_int_equal(zkg_pair_prove(&p, &sum, point, final), ZKG_OK);
    assert_int_equal(again.len, tape.len);
    if (tape.len > 0)
        assert_memory_equal(again.buf, tape.buf, tape.len);
    for (uint32_t f = 0; f < 2; f++)
        assert_true(zkg_fr_equal(&final[f], &expected[f]));
    zkg_pair_clear(&p);
    zkg_arena_clear(&arena);
    zkg_tape_clear(&tape);
    zkg_tape_clear(&again);
    for (uint32_t f = 0; f < 2; f++)
        zkg_array_clear(&d[f].array);
    free(d);
}

/* Whatever the factors are made of, the messages are those of their tables. */
static void factors_of_any_kind(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (uint32_t n = 0; n <= MAX_N; n++) {
        const zkg_backend *fast =
            zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));

        for (kind a = 0; a <= VECTOR; a++) {
            for (kind b = 0; b < KINDS; b++) {
                const uint32_t eq_from =
                    b == EQ_SUM ? n : (uint32_t)(next(&seed) % (n + 1));

                check(a, b, n, eq_from, zkg_backend_ref(), &seed);
                check(a, b, n, eq_from, fast, &seed);
            }
        }
    }
}

/* Integers of any width are columns of which a first round can be made. */
static void wide_integers_are_narrow_columns(void **state)
{
    static const int64_t edge[] = {0,
                                   1,
                                   -1,
                                   (1 << 24) - 1,
                                   1 - (1 << 24),
                                   1 << 24,
                                   -(1 << 24),
                                   INT32_MAX,
                                   INT32_MIN,
                                   ((int64_t)1 << 48) - ((int64_t)1 << 24),
                                   ((int64_t)1 << 48) - 1,
                                   (int64_t)1 << 48,
                                   -((int64_t)1 << 48),
                                   INT64_MAX,
                                   INT64_MIN};
    static const uint32_t columns[] = {1, 1, 1, 1, 1, 2, 2, 2,
                                       2, 2, 2, 3, 3, 3, 3};

    (void)state;
    for (size_t e = 0; e < sizeof(edge) / sizeof(*edge); e++) {
        int64_t cells[4] = {0, edge[e], 1, -1};
        const uint64_t len = 4;
        zkg_array array = {0};
        zkg_column_view view = {
            .array = &array, .coeff = zkg_fr_one, .stride = {1}, .stored = {4}};
        zkg_rows_view r = {.axes = 1,
                           .len = {4},
                           .bits = {2},
                           .vars = 2,
                           .full = true,
                           .columns = 1,
                           .column = &view};
        zkg_row_columns l;

        assert_int_equal(zkg_array_init(&array, ZKG_I64, 1, &len, NULL),
                         ZKG_OK);
        memcpy(array.data, cells, sizeof(cells));
        assert_int_equal(zkg_row_columns_init(&l, &r, 0, 4), ZKG_OK);
        assert_int_equal(l.small, columns[e] == 1);
        assert_int_equal(zkg_row_columns_narrow(&l, 4), ZKG_OK);
        assert_true(l.small);
        assert_int_equal(l.columns, columns[e]);
        for (uint64_t i = 0; i < len; i++) {
            zkg_fr sum = zkg_fr_zero, v;

            for (uint32_t c = 0; c < l.columns; c++) {
                const zkg_column column = zkg_row_columns_at(&l, c, i);
                const int64_t x = column.type == ZKG_I32
                                      ? *(const int32_t *)column.values
                                      : *(const int64_t *)column.values;

                assert_true(x < 1 << ZKG_ROWS_BITS &&
                            x > -(1 << ZKG_ROWS_BITS));
                zkg_fr_mul_i64(&v, &column.coeff, x);
                zkg_fr_add(&sum, &sum, &v);
            }
            zkg_fr_from_i64(&v, cells[i]);
            assert_true(zkg_fr_equal(&sum, &v));
        }
        zkg_row_columns_clear(&l);
        zkg_array_clear(&array);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_of_any_kind),
        cmocka_unit_test(wide_integers_are_narrow_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
