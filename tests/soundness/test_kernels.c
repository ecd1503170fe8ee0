/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels written in C: provers that cheat with them, each caught by the check
 * that is meant for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/io.h"
#include "base/mem.h"
#include "fixture.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

#define POWER 6
#define COPIES 5
#define BITS 11 /* of the range: no multiple of a limb */

static const zkg_hooks careless = {.cheat = ZKG_CHEAT_FALSE_WITNESS,
                                   .task = -1};

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/* ---- statements ---- */

/* 0 <= x < 2^11 by limbs of 4 bits; y = x + 1 */
static void record_range(zkg_recorder *r)
{
    const zkg_param x = zkg_input(r, "x", ZKG_I64, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_I64, 0, NULL);
    const zkg_lut limbs = zkg_lut_range(r, 4);

    zkg_range(r, limbs, zkg_get(r, x, 0), BITS);
    zkg_lut_check(r, limbs);
    zkg_set(r, y, 0, zkg_add(r, zkg_get(r, x, 0), zkg_constant(r, 1)));
}

/* 0 <= x < 2^3 by one limb of 4: x and 2 x are looked up */
static void record_short_range(zkg_recorder *r)
{
    const zkg_param x = zkg_input(r, "x", ZKG_I64, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_I64, 0, NULL);
    const zkg_lut limbs = zkg_lut_range(r, 4);

    zkg_range(r, limbs, zkg_get(r, x, 0), 3);
    zkg_lut_check(r, limbs);
    zkg_set(r, y, 0, zkg_get(r, x, 0));
}

/* y = x^2 for -3 <= x < 8, by a table; hinted, or counts given */
static void record_squares(zkg_recorder *r, bool hintless)
{
    static const uint64_t rows = 11;
    const zkg_param x = zkg_input(r, "x", ZKG_I64, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_I64, 0, NULL);
    const zkg_lut t = zkg_lut_new(r, "squares", 1);
    zkg_var key = zkg_get(r, x, 0), value;

    for (int64_t i = -3; i < 8; i++)
        zkg_lut_row(r, t, i, (int64_t[]){i * i});
    zkg_lut_find(r, t, ZKG_I64, 1, &key, &value);
    if (hintless)
        zkg_lut_check_counts(r, t, zkg_input(r, "counts", ZKG_I64, 1, &rows));
    else
        zkg_lut_check(r, t);
    zkg_set(r, y, 0, value);
}

static void record_hinted(zkg_recorder *r)
{
    record_squares(r, false);
}

static void record_hintless(zkg_recorder *r)
{
    record_squares(r, true);
}

/* x y = 1 by a hint, and x is odd: its lowest bit is 1 */
static void record_inverse(zkg_recorder *r)
{
    const zkg_param x = zkg_input(r, "x", ZKG_I64, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 0, NULL);
    zkg_var bit[8];

    zkg_bits(r, 8, bit, zkg_get(r, x, 0));
    zkg_assert_equal(r, bit[0], zkg_constant(r, 1), "x is odd");
    zkg_set(r, y, 0, zkg_inverse(r, zkg_get(r, x, 0)));
}

/* One task of `copies` copies; x is 1, 3, 5, 7, 1, .. */
static void begin(fx *f, void (*record)(zkg_recorder *), uint64_t copies)
{
    const bool counted = record == record_hintless;
    const uint64_t rows = 11;
    zkg_handle x, y, counts = {0};
    zkg_recorder *r = NULL;
    zkg_device *d = NULL;
    zkg_graph *g = NULL;
    zkg_error err = {0};
    uint64_t i;

    must(zkg_recorder_new(&r, "kernel", &err), &err);
    record(r);
    must(zkg_recorder_finish(r, &err), &err);
    must(zkg_device_new(&d, &err), &err);
    must(zkg_device_input(d, &x, "x", ZKG_I64, ZKG_PRIVATE, 1, &copies, &err),
         &err);
    if (counted)
        must(zkg_device_input(d, &counts, "counts", ZKG_I64, ZKG_PRIVATE, 1,
                              &rows, &err),
             &err);
    must(zkg_device_call(
             d, "task", r, copies,
             (zkg_arg[]){{"x", .in = x},
                         {"y", .out = &y},
                         {"counts", .in = counts, .broadcast = true}},
             counted ? 3 : 2, &err),
         &err);
    must(zkg_device_output(d, y, "y", ZKG_PRIVATE, &err), &err);
    must(zkg_device_finish(&g, d, &err), &err);
    zkg_device_free(d);
    zkg_recorder_free(r);
    fx_begin(f, g, POWER);
    must(zkg_array_init(fx_array(f, "x"), ZKG_I64, 1, &copies, &err), &err);
    if (counted)
        must(zkg_array_init(fx_array(f, "counts"), ZKG_I64, 1, &rows, &err),
             &err);
    for (i = 0; i < copies; i++) {
        const uint64_t row = 3 + 1 + 2 * (i % 4);

        fx_set_cell(f, "x", &i, 1 + 2 * (int64_t)(i % 4));
        if (counted)
            fx_set_cell(f, "counts", &row, 1 + fx_cell(f, "counts", &row));
    }
    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
}

/* The last real copy's x, and what the circuit makes of it. */
static void set_x(fx *f, uint64_t copies, int64_t v)
{
    const uint64_t last = copies - 1;
    zkg_error err = {0};

    fx_set_cell(f, "x", &last, v);
    for (uint32_t i = 0; i < f->graph->st.tensors; i++) {
        if (f->graph->st.tensor[i].vis == ZKG_VIRTUAL)
            zkg_array_clear(&f->witness.array[i]);
    }
    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
}

/* ---- tests ---- */

static void honest_kernels_are_accepted(void **state)
{
    static void (*const record[])(zkg_recorder *) = {
        record_range, record_short_range, record_hinted, record_hintless,
        record_inverse};
    static const uint64_t copies[] = {1, 2, 3, 5, 8};

    (void)state;
    for (size_t i = 0; i < 25; i++) {
        fx f = {0};

        begin(&f, record[i / 5], copies[i % 5]);
        fx_assert_check(fx_judged(&f, NULL, NULL), ZKG_CHECK_NONE);
        fx_clear(&f);
    }
}

/* A false assertion does not sum to 0.  Where copies are padded, or the circuit
 * makes queries, that sum is merged with others and fails there; else it is the
 * top layer's own claim. */
#define CHECK_MERGED ZKG_CHECK_SUMCHECK_END
#define CHECK_ALONE ZKG_CHECK_CIRCUIT_END

/* x = -1: by one limb the query is no row; by several they do not add up,
 * whatever they are. */
static void a_negative_is_in_no_range(void **state)
{
    const uint64_t last = COPIES - 1;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    begin(&f, record_short_range, COPIES);
    fx_set_cell(&f, "y", &last, -1);
    set_x(&f, COPIES, -1);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);

    begin(&f, record_range, COPIES);
    fx_set_cell(&f, "y", &last, 0);
    set_x(&f, COPIES, -1);
    fx_assert_check(fx_judged(&f, &careless, NULL), CHECK_MERGED);
    fx_clear(&f);
}

/* 2^3 is a row of the table of 4 bits; its double is not. */
static void a_range_ends_where_it_says(void **state)
{
    const uint64_t last = COPIES - 1;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    begin(&f, record_short_range, COPIES);
    fx_set_cell(&f, "y", &last, 8);
    set_x(&f, COPIES, 8);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);

    /* 2^11: limbs 0, 0 and 8, which make up x, and 8 is a row: 2 * 8 is not */
    begin(&f, record_range, COPIES);
    fx_set_cell(&f, "y", &last, 2049);
    for (uint64_t i = 0; i < 3; i++)
        fx_set_cell(&f, "task.hint_u8", (uint64_t[]){last, i}, i == 2 ? 8 : 0);
    set_x(&f, COPIES, 2048);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

static void a_key_outside_the_table_is_no_row(void **state)
{
    fx f = {0};

    (void)state;
    fx_need_hooks();
    for (int hintless = 0; hintless < 2; hintless++) {
        begin(&f, hintless ? record_hintless : record_hinted, COPIES);
        set_x(&f, COPIES, 8);
        fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
        fx_clear(&f);
    }
}

/* 2 is a key and 9 a value, of other rows. */
static void a_value_of_another_row_is_no_row(void **state)
{
    const uint64_t last = COPIES - 1;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    begin(&f, record_hinted, COPIES);
    fx_set_cell(&f, "y", &last, 9);
    fx_set_cell(&f, "task.hint_i64", (uint64_t[]){last, 0}, 9);
    set_x(&f, COPIES, 2);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

static void wrong_counts_are_refused(void **state)
{
    const uint64_t row = 4;
    zkg_error err = {0};
    fx f = {0};

    (void)state;
    fx_need_hooks();
    begin(&f, record_hintless, COPIES);
    fx_set_cell(&f, "counts", &row, 1 + fx_cell(&f, "counts", &row));
    assert_int_equal(zkg_witness_check(&f.witness, f.graph, &err),
                     ZKG_ERR_WITNESS);
    fx_assert_check(fx_judged(&f, &careless, NULL), ZKG_CHECK_LOOKUP_SUM);
    fx_clear(&f);
}

/* ---- counts of another length than the table ---- */

/* Where the statement, as the key holds it, says how long the tensor is. */
static uint8_t *length_in_key(fx *f, const char *tensor)
{
    const size_t n = strlen(tensor);

    for (size_t at = 0; at + 4 + n + 3 + 8 <= f->key_len; at++) {
        uint8_t *p = f->key + at;

        /* string, type i64, private, one axis */
        if (zkg_load_u32le(p) == n && memcmp(p + 4, tensor, n) == 0 &&
            p[4 + n] == ZKG_I64 && p[5 + n] == ZKG_PRIVATE && p[6 + n] == 1)
            return p + 7 + n;
    }
    fail_msg("no tensor %s in the key", tensor);
    return NULL;
}

/* Replace the first `from` after `after` in a file. */
static void edit(const char *path, const char *after, const char *from,
                 const char *to)
{
    zkg_error err = {0};
    uint8_t *bytes = NULL;
    char *text, *at, *made;
    size_t len = 0;

    must(zkg_file_read(&bytes, &len, path, 1 << 20, &err), &err);
    text = calloc(len + 1, 1);
    made = calloc(len + 16, 1);
    assert_true(text != NULL && made != NULL);
    memcpy(text, bytes, len);
    at = strstr(text, after);
    assert_non_null(at);
    at = strstr(at, from);
    assert_non_null(at);
    (void)snprintf(made, len + 16, "%.*s%s%s", (int)(at - text), text, to,
                   at + strlen(from));
    must(zkg_file_write_atomic(path, made, strlen(made), &err), &err);
    zkg_free(bytes);
    free(text);
    free(made);
}

/* By a graph's file, by a key, by the prover, and by the proof's length. */
static void counts_of_another_length_are_refused(void **state)
{
    static const uint8_t value[] = {10, 12, 16};
    char folder[] = "/tmp/zkgkr-counts-XXXXXX", path[64], file[96];
    zkg_error err = {0};
    fx f = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/g.zkg", folder);
    (void)snprintf(file, sizeof(file), "%s/graph.json", path);
    begin(&f, record_hintless, COPIES);
    for (int i = 0; i < 3; i++) {
        const uint64_t len = value[i];
        zkg_array longer = {.data = NULL}, *counts = fx_array(&f, "counts");
        const zkg_array was = *counts;
        zkg_graph *g = NULL;
        uint8_t *proof = NULL, *key = length_in_key(&f, "counts");
        zkg_verdict v = {0};
        size_t proof_len = 0;

        /* The graph: whoever sets it up, or reads it. */
        must(zkg_graph_save(f.graph, path, &err), &err);
        edit(file, "\"counts\"", "[11]",
             (const char *const[]){"[10]", "[12]", "[16]"}[i]);
        err = (zkg_error){0};
        assert_int_equal(zkg_graph_load(&g, path, &err), ZKG_ERR_MALFORMED);
        assert_non_null(strstr(err.text, "its counts counts must be"));

        /* The prover, given such counts. */
        must(zkg_array_init(&longer, ZKG_I64, 1, &len, &err), &err);
        *counts = longer;
        zkg_witness_refresh(&f.witness);
        assert_int_not_equal(fx_prove(&f, &careless, &proof, &proof_len, &err),
                             ZKG_OK);
        zkg_array_clear(counts);
        *counts = was;
        zkg_witness_refresh(&f.witness);

        /* A key that says so, and the best proof that there is. */
        must(fx_prove(&f, NULL, &proof, &proof_len, &err), &err);
        assert_int_equal(*key, 11);
        *key = value[i];
        assert_int_equal(fx_verify(&f, proof, proof_len, NULL, &v),
                         ZKG_ERR_MALFORMED);
        fx_assert_check(v, ZKG_CHECK_KEY);
        assert_non_null(strstr(v.text, "its counts counts must be"));
        *key = 11;
        v = (zkg_verdict){0};
        assert_int_equal(fx_verify(&f, proof, proof_len, NULL, &v), ZKG_OK);
        free(proof);
    }
    (void)snprintf(file, sizeof(file), "rm -r %s", folder);
    assert_int_equal(system(file), 0);
    fx_clear(&f);
}

static void a_zero_denominator_is_called_that(void **state)
{
    static const zkg_hooks hooks = {.cheat = ZKG_CHEAT_ZERO_DENOMINATOR,
                                    .task = -1};
    fx f = {0};

    (void)state;
    fx_need_hooks();
    begin(&f, record_range, COPIES);
    fx_assert_check(fx_judged(&f, &hooks, NULL), ZKG_CHECK_LOOKUP_ZERO);
    fx_clear(&f);
}

/* The last real copy of five: padded ones follow. */
static void the_last_copy_is_held_to_its_assertions(void **state)
{
    const uint64_t last = COPIES - 1;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    /* y = x + 1 */
    begin(&f, record_range, COPIES);
    fx_set_cell(&f, "y", &last, 77);
    fx_assert_check(fx_judged(&f, &careless, NULL), CHECK_MERGED);
    fx_clear(&f);
}

/* x = 7 = 1 + 2 * 3: these make it up, and are no bits. */
static void bits_are_0_or_1(void **state)
{
    (void)state;
    fx_need_hooks();
    for (int full = 0; full < 2; full++) {
        fx f = {0};

        begin(&f, record_inverse, full ? 8 : COPIES);
        fx_set_cell(&f, "task.hint_u8", (uint64_t[]){3, 1}, 3);
        fx_set_cell(&f, "task.hint_u8", (uint64_t[]){3, 2}, 0);
        fx_assert_check(fx_judged(&f, &careless, NULL),
                        full ? CHECK_ALONE : CHECK_MERGED);
        fx_clear(&f);
    }
}

static void outputs_do_not_change_places(void **state)
{
    const uint64_t one = 1, two = 2;
    int64_t y;
    fx f = {0};

    (void)state;
    fx_need_hooks();
    begin(&f, record_range, COPIES);
    y = fx_cell(&f, "y", &one);
    fx_set_cell(&f, "y", &one, fx_cell(&f, "y", &two));
    fx_set_cell(&f, "y", &two, y);
    fx_assert_check(fx_judged(&f, &careless, NULL), CHECK_MERGED);
    fx_clear(&f);
}

/* 0 has no inverse: the hint refuses it, and no y serves. */
static void zero_has_no_inverse(void **state)
{
    const uint64_t last = COPIES - 1;
    zkg_error err = {0};
    fx f = {0};

    (void)state;
    fx_need_hooks();
    begin(&f, record_inverse, COPIES);
    fx_set_cell(&f, "x", &last, 0);
    assert_int_equal(zkg_witness_check(&f.witness, f.graph, &err),
                     ZKG_ERR_WITNESS);
    fx_assert_check(fx_judged(&f, &careless, NULL), CHECK_MERGED);
    fx_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_kernels_are_accepted),
        cmocka_unit_test(a_negative_is_in_no_range),
        cmocka_unit_test(a_range_ends_where_it_says),
        cmocka_unit_test(a_key_outside_the_table_is_no_row),
        cmocka_unit_test(a_value_of_another_row_is_no_row),
        cmocka_unit_test(wrong_counts_are_refused),
        cmocka_unit_test(counts_of_another_length_are_refused),
        cmocka_unit_test(a_zero_denominator_is_called_that),
        cmocka_unit_test(the_last_copy_is_held_to_its_assertions),
        cmocka_unit_test(bits_are_0_or_1),
        cmocka_unit_test(outputs_do_not_change_places),
        cmocka_unit_test(zero_has_no_inverse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
