/* SPDX-License-Identifier: Apache-2.0
 * Shapes of relations: one that is fine, broken in one place after the other.
 * Who verifies relies on each refusal: a key is checked by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "poly/eq.h"
#include "relation/relation.h"

enum { COPIES, ROWS, INNER, ONE, WINDOW, AXES };
enum { X, W, Q, U, OPERANDS };
enum { IDS = 10 }; /* of the first operand's tensor */
enum { MANY = ZKG_MAX_TASK_AXES + 1 };

/* Four copies of q[o] = sum_k w[o,k] u[k], made virtual by the second einsum,
 * and the consumers of q: the first einsum
 *
 *     q[o] - sum_k w[o,k] x[k] - x[y + 1] = 0
 *
 * over o < 3, k < 5, y < 2; y is summed.  x is looked up.  u is public. */
typedef struct shape {
    zkg_axis axis[MANY];
    zkg_operand operand[OPERANDS];
    zkg_array u;
    uint32_t column[ZKG_MAX_COLUMNS + 1];
    zkg_site site;
    zkg_term consumer[3], producer[1];
    zkg_einsum einsum[2];
    zkg_task_relations t;
} shape;

static zkg_index plain(uint32_t axis)
{
    return (zkg_index){axis, ZKG_NO_AXIS, 1, 0, 0};
}

static void put_factor(zkg_term *t, uint32_t operand, zkg_index a, zkg_index b)
{
    t->operand[t->factors] = operand;
    t->indices[t->factors] = 2;
    t->index[t->factors][0] = a;
    t->index[t->factors][1] = b;
    t->factors++;
}

static void make(shape *s)
{
    static const zkg_axis axis[AXES] = {
        [COPIES] = {4, 2}, [ROWS] = {3, 2},   [INNER] = {5, 3},
        [ONE] = {1, 0},    [WINDOW] = {2, 1},
    };

    memset(s, 0, sizeof(*s));
    for (uint32_t k = 0; k < MANY; k++)
        s->axis[k] = k < AXES ? axis[k] : axis[ONE];
    s->operand[X] =
        (zkg_operand){IDS + X, ZKG_PRIVATE, 2, {COPIES, INNER}, NULL};
    s->operand[W] = (zkg_operand){IDS + W, ZKG_FIXED, 2, {ROWS, INNER}, NULL};
    s->operand[Q] =
        (zkg_operand){IDS + Q, ZKG_VIRTUAL, 2, {COPIES, ROWS}, NULL};
    s->operand[U] =
        (zkg_operand){IDS + U, ZKG_PUBLIC, 2, {COPIES, INNER}, &s->u};
    s->u = (zkg_array){.axes = 2, .len = {4, 5}, .stored = {4, 8}};
    s->column[0] = X;
    s->site = (zkg_site){0, 0, 1, s->column};
    put_factor(&s->consumer[0], Q, plain(COPIES), plain(ROWS));
    put_factor(&s->consumer[1], W, plain(ROWS), plain(INNER));
    put_factor(&s->consumer[1], X, plain(COPIES), plain(INNER));
    put_factor(&s->consumer[2], X, plain(COPIES),
               (zkg_index){WINDOW, ZKG_NO_AXIS, 1, 0, 1});
    put_factor(&s->producer[0], W, plain(ROWS), plain(INNER));
    put_factor(&s->producer[0], U, plain(COPIES), plain(INNER));
    s->einsum[0] = (zkg_einsum){1, 2, {COPIES, ROWS}, 3, s->consumer, -1};
    s->einsum[1] = (zkg_einsum){2, 2, {COPIES, ROWS}, 1, s->producer, Q};
    s->t = (zkg_task_relations){.task = 7,
                                .axes = AXES,
                                .axis = s->axis,
                                .operands = OPERANDS,
                                .operand = s->operand,
                                .sites = 1,
                                .site = &s->site,
                                .einsums = 2,
                                .einsum = s->einsum};
}

/* Break a shape in one place; it must be refused with exactly these words. */
#define REFUSED(status, words, ...)                                            \
    do {                                                                       \
        shape s;                                                               \
        zkg_error err = {0};                                                   \
        zkg_status got;                                                        \
        make(&s);                                                              \
        __VA_ARGS__;                                                           \
        got = zkg_task_check(&s.t, &err);                                      \
        if (got != (status) || strcmp(err.text, words) != 0)                   \
            fail_msg("expected %s \"%s\", got %s \"%s\"",                      \
                     zkg_status_name(status), words, zkg_status_name(got),     \
                     err.text);                                                \
    } while (0)
#define INVALID(words, ...)                                                    \
    REFUSED(ZKG_ERR_INVALID, "task 7" words, __VA_ARGS__)
#define UNSUPPORTED(words, ...)                                                \
    REFUSED(ZKG_ERR_UNSUPPORTED, "task 7" words, __VA_ARGS__)
#define TAKEN(...) REFUSED(ZKG_OK, "", __VA_ARGS__)

/* Any axis of these is too long for a list with a second one. */
static void lengthen(shape *s, uint32_t axis)
{
    s->axis[axis] = (zkg_axis){UINT64_C(1) << 47, 47};
}

static void the_shape_itself_is_taken(void **state)
{
    (void)state;
    TAKEN((void)s);
    TAKEN(s.t.axes = ZKG_MAX_TASK_AXES);
}

static void axes(void **state)
{
    (void)state;
    UNSUPPORTED(" has 257 axes, more than 256", s.t.axes = 257);
    INVALID(": axis 1 has length 0 and 0 bits", s.axis[1] = (zkg_axis){0, 0});
    INVALID(": axis 1 has length 3 and 3 bits", s.axis[1].bits = 3);
    INVALID(": axis 2 has length 5 and 2 bits", s.axis[2].bits = 2);
}

static void operands(void **state)
{
    (void)state;
    INVALID(": tensor 10 has 13 axes", s.operand[X].axes = ZKG_MAX_AXES + 1);
    INVALID(": a tensor names axis 5 of 5", s.operand[X].axis[1] = AXES);
    UNSUPPORTED(": a tensor names axis 2 twice", s.operand[X].axis[0] = INNER);
    /* An axis of length 1 is none. */
    TAKEN(s.operand[X].axes = 4; s.operand[X].axis[2] = ONE;
          s.operand[X].axis[3] = ONE; s.t.einsums = 0;
          s.operand[Q].vis = ZKG_PRIVATE);
    UNSUPPORTED(": a tensor has more than 48 variables", lengthen(&s, INNER));
    assert_int_equal(ZKG_MAX_VARS, 48);
}

static void values(void **state)
{
    (void)state;
    INVALID(": tensor 13 has 2 axes, its values 1", s.u.axes = 1);
    INVALID(": tensor 13, axis 1: length 5, its values 4", s.u.len[1] = 4);
    INVALID(": tensor 13, axis 0: length 4, its values 5", s.u.len[0] = 5);
    INVALID(": tensor 13, axis 1: length 5, its values 5", s.u.stored[1] = 9);
    TAKEN(s.u.stored[1] = 5);
    TAKEN(s.operand[U].array = NULL);
}

static void sites(void **state)
{
    static const char words[] = "task 7, relation 0: no columns, too many, or "
                                "more than 48 variables";

    (void)state;
    INVALID(", relation 0: no operand 4", s.column[0] = OPERANDS);
    REFUSED(ZKG_ERR_UNSUPPORTED, words, s.site.columns = 0);
    REFUSED(ZKG_ERR_UNSUPPORTED, words, s.site.columns = ZKG_MAX_COLUMNS + 1);
    TAKEN(s.site.columns = ZKG_MAX_COLUMNS);
    /* Each tensor may be as large, but not both beside each other. */
    REFUSED(ZKG_ERR_UNSUPPORTED, words, s.t.einsums = 0;
            s.operand[Q].vis = ZKG_PRIVATE; s.site.columns = 2; s.column[1] = W;
            s.operand[X].axes = 1; s.operand[X].axis[0] = INNER;
            s.operand[W].axes = 1; s.operand[U].array = NULL;
            s.operand[U].axes = 1; lengthen(&s, INNER));
}

static void outputs(void **state)
{
    (void)state;
    INVALID(", relation 1: 13 output axes",
            s.einsum[0].out_axes = ZKG_MAX_AXES + 1);
    INVALID(": an output names axis 5 of 5", s.einsum[0].out[1] = AXES);
    UNSUPPORTED(": an output names axis 1 twice", s.einsum[0].out[0] = ROWS);
    UNSUPPORTED(": an output has more than 48 variables", lengthen(&s, WINDOW);
                s.einsum[0].out[0] = WINDOW);
}

static void factors(void **state)
{
    (void)state;
    INVALID(", relation 1: a term has 3 factors", s.consumer[0].factors = 3);
    INVALID(", relation 1: no operand 4", s.consumer[1].operand[1] = OPERANDS);
    INVALID(", relation 1: 1 indices for tensor 10 of 2 axes",
            s.consumer[1].indices[1] = 1);
    UNSUPPORTED(": a factor names axis 0 twice",
                s.consumer[2].index[0][1].a = COPIES);
}

static void plain_indices(void **state)
{
    (void)state;
    INVALID(", relation 1: an index names axis 5 of 5",
            s.consumer[1].index[1][1].a = AXES);
    INVALID(", relation 1: an index names axis 6 of 5",
            s.consumer[1].index[1][1].b = AXES + 1);
    INVALID(", relation 1: index 1 of tensor 10 has length 3, its axis 5",
            s.consumer[1].index[1][1].a = ROWS);
}

/* The affine index of the shape. */
#define AFFINE s.consumer[2].index[0][1]

static void affine_indices(void **state)
{
    static const char cells[] = "task 7, relation 1: affine index 1 of tensor "
                                "10 runs over too many cells";
    static const char number[] =
        "task 7, relation 1: affine index 1 of tensor 10 has a factor of 0, or "
        "too large a number";
    const zkg_axis long_axis = {ZKG_MAX_AFFINE_LEN + 1, 21};
    const zkg_axis wide = {ZKG_MAX_AFFINE_PAIRS + 1, 23};
    const zkg_axis half = {UINT64_C(1) << 11, 11};
    const zkg_axis more = {(UINT64_C(1) << 11) + 1, 12};
    const int64_t most = ZKG_MAX_AFFINE_FACTOR;

    (void)state;
    /* x is of a longer axis, which it has alone. */
#define ALONE                                                                  \
    s.operand[X].axis[1] = AXES, s.t.axes = AXES + 1, s.consumer[1].factors = 0
    REFUSED(ZKG_ERR_UNSUPPORTED, cells, ALONE; s.axis[AXES] = long_axis);
    TAKEN(ALONE; s.axis[AXES] = (zkg_axis){ZKG_MAX_AFFINE_LEN, 20});
    REFUSED(ZKG_ERR_UNSUPPORTED, cells, s.axis[WINDOW] = wide);
    TAKEN(s.axis[WINDOW] = (zkg_axis){ZKG_MAX_AFFINE_PAIRS, 22});
    REFUSED(ZKG_ERR_UNSUPPORTED, cells, s.t.axes = AXES + 1;
            s.axis[AXES] = wide; AFFINE.b = AXES; AFFINE.d = 1);
    REFUSED(ZKG_ERR_UNSUPPORTED, cells, s.t.axes = AXES + 1;
            s.axis[AXES] = half; s.axis[WINDOW] = more; AFFINE.b = AXES;
            AFFINE.d = 1);
    /* 2^62 times 4 is 0 in 64 bits. */
    REFUSED(ZKG_ERR_UNSUPPORTED, cells,
            s.axis[WINDOW] = (zkg_axis){UINT64_C(1) << 62, 62};
            AFFINE.b = COPIES; AFFINE.d = 1);
    REFUSED(ZKG_ERR_UNSUPPORTED, cells, s.t.axes = AXES + 1;
            s.axis[AXES] = (zkg_axis){UINT64_C(1) << 62, 62}; AFFINE.a = COPIES;
            AFFINE.b = AXES; AFFINE.d = 1);
    TAKEN(s.t.axes = AXES + 1; s.axis[AXES] = half; s.axis[WINDOW] = half;
          AFFINE.b = AXES; AFFINE.d = 1);
    for (int64_t sign = -1; sign <= 1; sign += 2) {
        REFUSED(ZKG_ERR_INVALID, number, AFFINE.s = sign * (most + 1));
        REFUSED(ZKG_ERR_INVALID, number, AFFINE.d = sign * (most + 1));
        REFUSED(ZKG_ERR_INVALID, number, AFFINE.e = sign * (most + 1));
        TAKEN(AFFINE.s = sign * most; AFFINE.d = sign * most;
              AFFINE.e = sign * most);
    }
    REFUSED(ZKG_ERR_INVALID, number, AFFINE.s = 0);
    TAKEN(AFFINE.s = 0; AFFINE.a = ONE);
    REFUSED(ZKG_ERR_INVALID, number, s.t.axes = AXES + 1;
            s.axis[AXES] = s.axis[WINDOW]; AFFINE.b = AXES);
    TAKEN(s.t.axes = AXES + 1; AFFINE.b = AXES);
}

static void products(void **state)
{
    (void)state;
    UNSUPPORTED(", relation 1: a term has more than 48 variables",
                lengthen(&s, WINDOW);
                s.consumer[1].factors = 0; s.consumer[2].factors = 0;
                s.operand[X].axes = s.operand[W].axes = 1;
                s.operand[X].axis[0] = WINDOW; s.operand[W].axis[0] = ROWS;
                put_factor(&s.consumer[2], X, plain(WINDOW), plain(ONE));
                put_factor(&s.consumer[2], W, plain(ROWS), plain(ONE));
                s.consumer[2].indices[0] = s.consumer[2].indices[1] = 1);
    UNSUPPORTED(", relation 2: a product sums over axis 2 of one factor "
                "alone; sum that factor into a virtual tensor first",
                s.producer[0].index[1][1] =
                    (zkg_index){ONE, ZKG_NO_AXIS, 1, 0, 1});
    UNSUPPORTED(", relation 2: a product has output axis 1 in an affine index "
                "of one factor and in the other; gather one into a virtual "
                "tensor first",
                s.producer[0].index[0][1] = s.producer[0].index[1][1] =
                    (zkg_index){ROWS, ZKG_NO_AXIS, 2, 0, 0};
                s.producer[0].index[0][0] =
                    (zkg_index){ONE, ZKG_NO_AXIS, 1, 0, 1});
}

static void virtual_tensors(void **state)
{
    static const char words[] =
        "task 7, relation 2: tensor 12 is not virtual, or not of the output's "
        "axes";

    (void)state;
    INVALID(", relation 2: no operand 4",
            s.einsum[1].virtual_operand = OPERANDS);
    REFUSED(ZKG_ERR_INVALID, words, s.operand[Q].vis = ZKG_PRIVATE);
    REFUSED(ZKG_ERR_INVALID, words, s.einsum[1].out_axes = 1;
            s.producer[0].factors = 0);
    INVALID(", relation 2: axis 1 of virtual tensor 12 differs in length",
            s.producer[0].factors = 0;
            s.einsum[1].out[1] = INNER);
}

static void producers(void **state)
{
    (void)state;
    INVALID(", relation 2: virtual tensor 12 is made twice, or before it is "
            "read",
            s.consumer[0].factors = 0); /* nobody reads it */
    INVALID(", relation 2: virtual tensor 12 is made twice, or before it is "
            "read",
            s.einsum[0].virtual_operand = Q; /* two make it */
            s.consumer[0].factors = 0; s.column[0] = Q);
    INVALID(", relation 1: virtual tensor 12 is made twice, or before it is "
            "read",
            s.einsum[0].virtual_operand = Q); /* from itself */
    INVALID(", relation 1: virtual tensor 12 is made twice, or before it is "
            "read",
            const zkg_einsum e = s.einsum[0]; /* after it was made */
            s.einsum[0] = s.einsum[1]; s.einsum[1] = e; s.column[0] = Q);
    INVALID(": nothing makes virtual tensor 12",
            s.einsum[1].virtual_operand = -1);
    /* A lookup reads it as well as an einsum does. */
    TAKEN(s.consumer[0].factors = 0; s.column[0] = Q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shape_itself_is_taken),
        cmocka_unit_test(axes),
        cmocka_unit_test(operands),
        cmocka_unit_test(values),
        cmocka_unit_test(sites),
        cmocka_unit_test(outputs),
        cmocka_unit_test(factors),
        cmocka_unit_test(plain_indices),
        cmocka_unit_test(affine_indices),
        cmocka_unit_test(products),
        cmocka_unit_test(virtual_tensors),
        cmocka_unit_test(producers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
