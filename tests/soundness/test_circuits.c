/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs with circuits: honest proofs, and provers that cheat, each caught by
 * the check that is meant for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "circuit_fixture.h"
#include "zkgkr/verify.h"

#define POWER 6

static void honest_proofs_are_accepted(void **state)
{
    static const uint64_t copies[] = {1, 2, 3, 5, 8, 64};

    (void)state;
    for (unsigned i = 0; i < 6 * 6; i++) {
        const cx_shape shape = {
            .copies = copies[i % 6],
            .public_x = i / 6 % 2 == 1,
            .fr_v = i / 12 == 1,
            .without_v = i / 12 == 2,
        };
        fx f = {0};

        cx_init(&f, &shape, POWER + i % 2, i);
        fx_assert_check(fx_judged(&f, NULL, NULL), ZKG_CHECK_NONE);
        fx_clear(&f);
    }
}

/* ---- cheats ---- */

/* Go on with the witness as it is. */
static const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS,
                                   .task = -1};

/* y of a copy += by * w */
static void shift_y(fx *f, uint64_t copy, int64_t by)
{
    zkg_fr *y = (zkg_fr *)fx_array(f, "y")->data + copy;
    zkg_fr w = *(const zkg_fr *)fx_array(f, "w")->data;

    zkg_fr_mul_i64(&w, &w, by);
    zkg_fr_add(y, y, &w);
}

/* Where claims on the top layer are merged, they do not merge; elsewhere the
 * layers do not add up. */
static const struct {
    cx_shape shape;
    zkg_check check;
} shapes[] = {
    {{.copies = 1}, ZKG_CHECK_SUMCHECK_END},
    {{.copies = 5}, ZKG_CHECK_SUMCHECK_END},
    {{.copies = 5, .without_v = true}, ZKG_CHECK_SUMCHECK_END},
    {{.copies = 8, .without_v = true}, ZKG_CHECK_CIRCUIT_END},
    {{.copies = 8, .private_y = true}, ZKG_CHECK_SUMCHECK_END},
    {{.copies = 1, .without_v = true}, ZKG_CHECK_CIRCUIT_END},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* The circuit is the last relation of its kernel. */
static void assert_circuit(const fx *f, zkg_verdict v, zkg_check check)
{
    fx_assert_check(v, check);
    assert_int_equal(v.task, 0);
    assert_int_equal(v.relation,
                     zkg_kernel_relations(&f->graph->st.kernel[0]) - 1);
}

static void a_wrong_inner_wire_fails_its_layer(void **state)
{
    (void)state;
    fx_need_hooks();
    for (size_t i = 0; i < SHAPES; i++) {
        for (uint32_t layer = 0; layer < 2; layer++) {
            const uint64_t copy = shapes[i].shape.copies - 1;
            const zkg_hooks hooks = {
                .cheat = ZKG_CHEAT_WRONG_WIRE,
                .task = 0,
                .wire = {.copy = copy, .layer = layer, .gate = 0},
            };
            zkg_verdict v;
            char text[32];
            fx f = {0};

            /* All above the wire fits: y is what the wrong wire gives. */
            cx_init(&f, &shapes[i].shape, POWER, i);
            shift_y(&f, copy, 1);
            v = fx_judged(&f, &hooks, NULL);
            assert_circuit(&f, v, ZKG_CHECK_CIRCUIT_END);
            (void)snprintf(text, sizeof(text), "layer %u", (unsigned)layer);
            assert_non_null(strstr(v.text, text));
            fx_clear(&f);
        }
    }
}

static void a_wrong_output_is_refused(void **state)
{
    (void)state;
    fx_need_hooks();
    for (size_t i = 0; i < SHAPES; i++) {
        fx f = {0};

        cx_init(&f, &shapes[i].shape, POWER, i);
        shift_y(&f, 0, -1);
        assert_circuit(&f, fx_judged(&f, &careless, NULL), shapes[i].check);
        fx_clear(&f);
    }
}

static void the_last_real_copy_is_held_to_its_assertions(void **state)
{
    (void)state;
    fx_need_hooks();
    for (size_t i = 0; i < SHAPES; i++) {
        const uint64_t copy = shapes[i].shape.copies - 1;
        fx f = {0};
        zkg_fr *u;

        /* u_0 u_1 = s, and (u_0 - u_1)^2 - (u_0 + u_1)^2 + 4 s = 0. */
        cx_init(&f, &shapes[i].shape, POWER, i);
        u = (zkg_fr *)fx_array(&f, "u")->data + 2 * copy;
        zkg_fr_add(&u[1], &u[1], &zkg_fr_one);
        assert_circuit(&f, fx_judged(&f, &careless, NULL), shapes[i].check);
        fx_clear(&f);
    }
}

static void copies_are_not_interchangeable(void **state)
{
    (void)state;
    fx_need_hooks();
    for (size_t i = 0; i < SHAPES; i++) {
        const uint64_t last = shapes[i].shape.copies - 1;
        fx f = {0};
        zkg_fr *y, was;

        if (last == 0)
            continue;
        cx_init(&f, &shapes[i].shape, POWER, i);
        y = fx_array(&f, "y")->data;
        assert_false(zkg_fr_equal(&y[0], &y[last]));
        was = y[0];
        y[0] = y[last];
        y[last] = was;
        assert_circuit(&f, fx_judged(&f, &careless, NULL), shapes[i].check);
        fx_clear(&f);
    }
}

static void a_wrong_virtual_tensor_does_not_merge(void **state)
{
    (void)state;
    fx_need_hooks();
    for (size_t i = 0; i < SHAPES; i++) {
        zkg_array *v;
        int64_t was = 0;
        fx f = {0};

        if (shapes[i].shape.without_v)
            continue;
        /* One that the table has, counted as if it were right; where there is
         * t, the einsum that adds it up is proven before the circuit. */
        cx_init(&f, &shapes[i].shape, POWER, i);
        v = fx_array(&f, "v");
        assert_true(zkg_array_try_i64(&was, v, 0));
        zkg_array_set_i64(v, 0, (was + 1) % 16);
        fx_recount(&f);
        if (zkg_statement_tensor_id(&f.graph->st, "t") != ZKG_NO_ID)
            fx_assert_check(fx_judged(&f, &careless, NULL),
                            ZKG_CHECK_EINSUM_END);
        else
            assert_circuit(&f, fx_judged(&f, &careless, NULL),
                           ZKG_CHECK_SUMCHECK_END);
        fx_clear(&f);
    }
}

/* ---- padding ---- */

/* Garbage in the padded copies and entries of all private tensors. */
static void fill_padding(fx *f)
{
    static const char *const name[] = {"x", "u"};
    zkg_error err = {0};
    uint32_t v;

    for (size_t n = 0; n < 2; n++) {
        zkg_array *a = fx_array(f, name[n]);
        uint64_t padded[ZKG_MAX_AXES];
        zkg_array cube;

        for (uint32_t k = 0; k < a->axes; k++)
            padded[k] = UINT64_C(1) << zkg_axis_bits(a->len[k]);
        assert_int_equal(zkg_array_init(&cube, a->type, a->axes, padded, &err),
                         ZKG_OK);
        for (uint64_t i = 0; i < zkg_array_count(&cube); i++)
            zkg_array_set_i64(&cube, i, 1000 + (int64_t)i);
        memcpy(cube.len, a->len, sizeof(a->len));
        for (uint64_t i = 0; i < zkg_array_count(a); i++) {
            const size_t size = zkg_dtype_size(a->type);

            memcpy((char *)cube.data + zkg_array_real(&cube, i) * size,
                   (const char *)a->data + i * size, size);
        }
        zkg_array_clear(a);
        *a = cube;
    }
    /* What the circuit makes of it. */
    v = zkg_statement_tensor_id(&f->graph->st, "v");
    if (v != ZKG_NO_ID)
        zkg_array_clear(&f->witness.array[v]);
    zkg_witness_refresh(&f->witness);
    if (zkg_witness_solve(&f->witness, f->graph, &err) != ZKG_OK)
        fail_msg("%s", err.text);
}

static void garbage_in_padded_copies_changes_nothing(void **state)
{
    static const uint64_t copies[] = {1, 3, 5, 8, 13};

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        const cx_shape shape = {.copies = copies[i % 5], .without_v = i >= 5};
        uint8_t *clean = NULL, *dirty = NULL;
        size_t clean_len = 0, dirty_len = 0;
        zkg_error err = {0};
        zkg_verdict v = {0};
        fx_layout at;
        fx f = {0};

        cx_init(&f, &shape, POWER, i);
        at = fx_layout_of(&f);
        if (fx_prove(&f, NULL, &clean, &clean_len, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        fill_padding(&f);
        if (fx_prove(&f, NULL, &dirty, &dirty_len, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        if (fx_verify(&f, dirty, dirty_len, NULL, &v) != ZKG_OK)
            fail_msg("%s: %s", zkg_check_name(v.check), v.text);
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

/* With padded copies held to the assertions too, no padding would do: that of
 * an honest prover is 0, and 5 w is not. */
static void without_the_truncated_eq_padding_would_decide(void **state)
{
    const zkg_hooks hooks = {.task = -1, .drop_indicator = true};

    (void)state;
    fx_need_hooks();
    for (unsigned i = 0; i < 4; i++) {
        const cx_shape shape = {.copies = i % 2 == 0 ? 3 : 4,
                                .fr_v = i / 2 == 0,
                                .without_v = i / 2 == 1};
        uint8_t *proof = NULL;
        size_t len = 0;
        zkg_error err = {0};
        zkg_verdict v = {0};
        fx f = {0};

        cx_init(&f, &shape, POWER, i);
        if (fx_prove(&f, &hooks, &proof, &len, &err) != ZKG_OK)
            fail_msg("%s", err.text);
        if (i % 2 == 0) {
            assert_int_equal(fx_verify(&f, proof, len, &hooks, &v),
                             ZKG_ERR_REJECT);
            assert_circuit(
                &f, v, i == 0 ? ZKG_CHECK_SUMCHECK_END : ZKG_CHECK_CIRCUIT_END);
        } else {
            assert_int_equal(fx_verify(&f, proof, len, &hooks, &v), ZKG_OK);
        }
        free(proof);
        fx_clear(&f);
    }
}

/* Judge f's proof where tensor t is to be `want`. */
static zkg_verdict asked_for(const fx *f, const uint8_t *proof, size_t len,
                             const char *tensor, const zkg_array *want)
{
    const zkg_statement *st = &f->graph->st;
    const zkg_array **expected = calloc(st->tensors, sizeof(*expected));
    const zkg_verify_options options = {.expected = expected};
    zkg_verdict v = {0};
    zkg_error err = {0};
    zkg_status s;

    assert_non_null(expected);
    expected[zkg_statement_tensor_id(st, tensor)] = want;
    s = zkg_verify(&v, f->key, f->key_len, proof, len, &options, &err);
    assert_int_equal(s, v.check == ZKG_CHECK_NONE ? ZKG_OK : ZKG_ERR_REJECT);
    free((void *)expected);
    return v;
}

static void elements_are_those_that_were_asked_for(void **state)
{
    static const cx_shape shape = {.copies = 3};
    const uint64_t copies = 3, fewer = 2;
    zkg_error err = {0};
    uint8_t *proof;
    zkg_verdict v;
    zkg_array y, few;
    fx f = {0};
    size_t len;

    (void)state;
    cx_init(&f, &shape, POWER, 9);
    if (fx_prove(&f, NULL, &proof, &len, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(zkg_array_init(&y, ZKG_FR, 1, &copies, &err), ZKG_OK);
    assert_int_equal(zkg_array_init(&few, ZKG_FR, 1, &fewer, &err), ZKG_OK);
    memcpy(y.data, fx_array(&f, "y")->data, copies * sizeof(zkg_fr));
    memcpy(few.data, y.data, fewer * sizeof(zkg_fr));
    fx_assert_check(asked_for(&f, proof, len, "y", &y), ZKG_CHECK_NONE);
    v = asked_for(&f, proof, len, "y", &few);
    fx_assert_check(v, ZKG_CHECK_PUBLIC);
    assert_non_null(strstr(v.text, "shape"));
    ((zkg_fr *)y.data)[2].l[3] ^= 1;
    v = asked_for(&f, proof, len, "y", &y);
    fx_assert_check(v, ZKG_CHECK_PUBLIC);
    assert_non_null(strstr(v.text, "y[2]"));
    /* Of what is not in the proof, nothing can be asked. */
    v = asked_for(&f, proof, len, "u", fx_array(&f, "u"));
    fx_assert_check(v, ZKG_CHECK_PUBLIC);
    assert_non_null(strstr(v.text, "u is private"));
    zkg_array_clear(&y);
    zkg_array_clear(&few);
    free(proof);
    fx_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_proofs_are_accepted),
        cmocka_unit_test(a_wrong_inner_wire_fails_its_layer),
        cmocka_unit_test(a_wrong_output_is_refused),
        cmocka_unit_test(the_last_real_copy_is_held_to_its_assertions),
        cmocka_unit_test(copies_are_not_interchangeable),
        cmocka_unit_test(a_wrong_virtual_tensor_does_not_merge),
        cmocka_unit_test(garbage_in_padded_copies_changes_nothing),
        cmocka_unit_test(without_the_truncated_eq_padding_would_decide),
        cmocka_unit_test(elements_are_those_that_were_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
