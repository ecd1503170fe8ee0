/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "field/fr.h"
#include "graph/witness.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

/*
 * Two copies of  sum_k w[k] x[k] + 2 = 4 q + rem,  y = max(0, q),  w shared,
 * and v = 3 y virtual.  x has scale 2 and is private.
 */
static zkg_graph *sample(void)
{
    static const int64_t w[3] = {1, -2, 3};
    static const zkg_tensor_spec tensors[] = {
        {"x", ZKG_I8, ZKG_PRIVATE, 2, {2, 3}, -8, 7},
        {"w", ZKG_I8, ZKG_FIXED, 1, {3}, -2, 3},
        {"q", ZKG_I8, ZKG_PRIVATE, 1, {2}, -8, 7},
        {"y", ZKG_I8, ZKG_PRIVATE, 1, {2}, 0, 7},
        {"rem", ZKG_U8, ZKG_PRIVATE, 1, {2}, 0, 3},
        {"v", ZKG_I16, ZKG_VIRTUAL, 1, {2}, 0, 255},
    };
    zkg_error err = {0};
    zkg_graph *g;

    OK(zkg_graph_new(&g, NULL));
    for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++)
        OK(zkg_graph_add_tensor(g, &tensors[i], NULL));
    OK(zkg_graph_set_fixed(g, "w", w, 3, NULL));
    OK(zkg_graph_add_table(g, "r2", ZKG_KIND_RANGE, 2, NULL));
    OK(zkg_graph_add_table(g, "r8", ZKG_KIND_RANGE, 8, NULL));
    OK(zkg_graph_add_table(g, "relu", ZKG_KIND_RELU, 4, NULL));
    OK(zkg_graph_add_table(g, "s4", ZKG_KIND_SIGNED_RANGE, 4, NULL));
    OK(zkg_graph_add_kernel(g, "k", NULL));
    OK(zkg_graph_kernel_axis(g, "k", "k", 3, NULL));
    OK(zkg_graph_kernel_param(g, "k", "x", "k", NULL));
    OK(zkg_graph_kernel_param(g, "k", "w", "k", NULL));
    OK(zkg_graph_kernel_param(g, "k", "q", "", NULL));
    OK(zkg_graph_kernel_param(g, "k", "y", "", NULL));
    OK(zkg_graph_kernel_param(g, "k", "rem", "", NULL));
    OK(zkg_graph_kernel_param(g, "k", "v", "", NULL));
    OK(zkg_graph_kernel_lookup(g, "k", "r2", "rem", NULL));
    OK(zkg_graph_kernel_lookup(g, "k", "relu", "q,y", NULL));
    OK(zkg_graph_kernel_lookup(g, "k", "s4", "x", NULL));
    OK(zkg_graph_kernel_lookup(g, "k", "r8", "v", NULL));
    OK(zkg_graph_kernel_einsum(g, "k", "", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "k", "1", "w[k]", "x[k]", NULL));
    OK(zkg_graph_kernel_term(g, "k", "2", NULL, NULL, NULL));
    OK(zkg_graph_kernel_term(g, "k", "-4", "q", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "k", "-1", "rem", NULL, NULL));
    OK(zkg_graph_kernel_einsum(g, "k", "", "v", NULL));
    OK(zkg_graph_kernel_term(g, "k", "3", "y", NULL, NULL));
    OK(zkg_graph_add_task(g, NULL, "k", 2, NULL));
    OK(zkg_graph_bind(g, "x", "x", false, NULL));
    OK(zkg_graph_bind(g, "w", "w", true, NULL));
    OK(zkg_graph_bind(g, "q", "q", false, NULL));
    OK(zkg_graph_bind(g, "y", "y", false, NULL));
    OK(zkg_graph_bind(g, "rem", "rem", false, NULL));
    OK(zkg_graph_bind(g, "v", "v", false, NULL));
    OK(zkg_graph_add_input(g, "x", NULL));
    OK(zkg_graph_add_output(g, "y", NULL));
    OK(zkg_graph_rule_divmod(g, "Task0", 0, "q", "rem", NULL));
    OK(zkg_graph_rule_map(g, "relu", "q", "y", NULL));
    OK(zkg_graph_rule_solve(g, "Task0", 1, "v", NULL));
    OK(zkg_graph_display(g, "x", 2, NULL, 0, NULL));
    if (zkg_graph_finish(g, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    return g;
}

static void temp_path(char out[64])
{
    snprintf(out, 64, "/tmp/zkg-witness-%ld", (long)getpid());
}

static zkg_status from_text(zkg_witness *w, const zkg_graph *g,
                            const char *text, zkg_error *err)
{
    char path[64];
    zkg_status s;

    temp_path(path);
    OK(zkg_file_write_atomic(path, text, strlen(text), NULL));
    s = zkg_witness_from_input(w, g, path, err);
    unlink(path);
    return s;
}

static const zkg_array *array_of(const zkg_witness *w, const zkg_graph *g,
                                 const char *name)
{
    return w->view[zkg_statement_tensor_id(&g->st, name)];
}

static void expect(const zkg_witness *w, const zkg_graph *g, const char *name,
                   const int64_t *want, size_t n)
{
    const zkg_array *a = array_of(w, g, name);

    assert_non_null(a);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(zkg_array_get_i64(a, i), want[i]);
}

/* x = [1, 0.25, -0.375 -> -1 (half up)], [-2, 0, 1.75], at scale 2. */
static const char flat[] = "{\"input_data\": [[1, 0.25, -0.375, -2, 0, "
                           "1.75]]}";
static const char nested[] = "{\"input_data\": [[[1, 0.25, -0.375], [-2, 0, "
                             "1.75]]]}";

static void rules_make_the_witness(void **state)
{
    /* sums 4-2-3 = -1, -8+21 = 13; with 2: 1, 15 */
    static const int64_t x[6] = {4, 1, -1, -8, 0, 7}, q[2] = {0, 3},
                         rem[2] = {1, 3}, v[2] = {0, 9};
    static const int64_t c_r2[4] = {0, 1, 0, 1};
    zkg_graph *g = sample();
    const char *const text[2] = {flat, nested};

    (void)state;
    for (int i = 0; i < 2; i++) {
        zkg_error err = {0};
        zkg_witness w;

        if (from_text(&w, g, text[i], &err) != ZKG_OK)
            fail_msg("%s", err.text);
        expect(&w, g, "x", x, 6);
        expect(&w, g, "q", q, 2);
        expect(&w, g, "y", q, 2);
        expect(&w, g, "rem", rem, 2);
        expect(&w, g, "v", v, 2);
        expect(&w, g, "count.r2", c_r2, 4);
        assert_int_equal(zkg_array_get_i64(array_of(&w, g, "count.s4"), 15), 1);
        zkg_witness_clear(&w);
    }
    zkg_graph_free(g);
}

static void bad_inputs_are_refused(void **state)
{
    static const struct {
        const char *text;
        zkg_status status;
        const char *says;
    } cases[] = {
        {"{\"input_data\": [[1, 2, 3, 4, 5]]}", ZKG_ERR_WITNESS,
         "outside the range -2..1.75"},
        {"{\"input_data\": [[1, 1, 1, 1, 1]]}", ZKG_ERR_MALFORMED, "5 numbers"},
        {"{\"input_data\": [[1, 1, 1, 1, 1, 1, 1]]}", ZKG_ERR_MALFORMED,
         "shape [2,3]"},
        {"{\"input_data\": [[[1, 1], [1, 1], [1, 1]]]}", ZKG_ERR_MALFORMED,
         "shape [2,3]"},
        {"{\"input_data\": [[[1, 1, 1], [1, 1]]]}", ZKG_ERR_MALFORMED,
         "input_data[0][1]"},
        {"{\"input_data\": [[[[1, 1, 1], [1, 1, 1]]]]}", ZKG_ERR_MALFORMED,
         "shape [2,3]"},
        {"{\"input_data\": [[1, 1, 1, 1, 1, NaN]]}", ZKG_ERR_MALFORMED,
         "input_data[0][5]"},
        {"{\"input_data\": [[1, 1, 1, 1, 1, \"1\"]]}", ZKG_ERR_MALFORMED,
         "input_data[0][5]"},
        {"{\"input_data\": [[1, 1, 1, 1, 1, 1], [1]]}", ZKG_ERR_MALFORMED,
         "has 1 input"},
        {"{\"input\": [[1]]}", ZKG_ERR_MALFORMED, "input"},
        {"", ZKG_ERR_MALFORMED, ""},
        /* q = -28: in no row of the table */
        {"{\"input_data\": [[-2, 1.75, -2, 0, 0, 0]]}", ZKG_ERR_WITNESS,
         "tensor q"},
    };
    zkg_graph *g = sample();
    zkg_witness w;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zkg_error err = {0};
        const zkg_status s = from_text(&w, g, cases[i].text, &err);

        if (s != cases[i].status || strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s, %s", i, zkg_status_name(s), err.text);
    }
    assert_int_equal(zkg_witness_from_input(&w, g, "/nowhere", NULL),
                     ZKG_ERR_IO);
    zkg_graph_free(g);
}

/* No number on its way through a double becomes another field element. */
static void field_elements_are_read_exactly_or_refused(void **state)
{
    static const struct {
        const char *number;
        bool ok;
    } cases[] = {{"0", true},
                 {"-3", true},
                 {"9007199254740991", true},
                 {"-9007199254740991", true},
                 {"9007199254740992", false},
                 {"9007199254740993", false},
                 {"-9007199254740993", false},
                 {"1e30", false},
                 {"0.5", false}};
    const zkg_tensor_spec spec = {"x", ZKG_FR, ZKG_PUBLIC, 1, {2}, 0, 0};
    zkg_graph *g;

    (void)state;
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(g, &spec, NULL));
    OK(zkg_graph_add_input(g, "x", NULL));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[64], text[100];
        zkg_error err = {0};
        zkg_witness w;
        int64_t v = 0;
        zkg_status s;

        temp_path(path);
        snprintf(text, sizeof(text), "{\"input_data\": [[1, %s]]}",
                 cases[i].number);
        OK(zkg_file_write_atomic(path, text, strlen(text), NULL));
        OK(zkg_witness_init(&w, g, NULL));
        s = zkg_witness_read_input(&w, g, path, &err);
        if (cases[i].ok && s == ZKG_OK)
            assert_true(zkg_array_try_i64(&v, &w.array[0], 1));
        if (cases[i].ok ? v != strtoll(cases[i].number, NULL, 10)
                        : s != ZKG_ERR_MALFORMED ||
                              strstr(err.text, "as strings") == NULL)
            fail_msg("%s: %s", cases[i].number, err.text);
        zkg_witness_clear(&w);
        unlink(path);
    }
    zkg_graph_free(g);
}

static void a_witness_survives_its_file(void **state)
{
    zkg_graph *g = sample();
    zkg_error err = {0};
    zkg_witness w, r;
    char path[64];

    (void)state;
    OK(from_text(&w, g, flat, NULL));
    temp_path(path);
    OK(zkg_witness_write(&w, g, path, NULL));
    if (zkg_witness_read(&r, g, path, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    OK(zkg_witness_check(&r, g, NULL));
    for (uint32_t i = 0; i < w.tensors; i++) {
        assert_int_equal(zkg_array_count(&w.array[i]),
                         zkg_array_count(&r.array[i]));
        assert_memory_equal(w.array[i].data, r.array[i].data,
                            zkg_array_count(&w.array[i]) *
                                zkg_dtype_size(w.array[i].type));
    }
    zkg_witness_clear(&r);
    /* Of another graph. */
    g->st.digest[0] ^= 1;
    assert_int_equal(zkg_witness_read(&r, g, path, &err), ZKG_ERR_MALFORMED);
    zkg_witness_clear(&w);
    zkg_graph_free(g);
    unlink(path);
}

/* Any value that is changed is found. */
static void a_false_witness_is_found(void **state)
{
    static const struct {
        const char *tensor;
        uint64_t at;
        int64_t value;
        const char *says;
    } cases[] = {
        {"x", 0, 5, "einsum 0"},
        {"x", 0, 8, "tensor x: element 0 is 8"},
        {"q", 1, 2, "einsum 0"},
        {"y", 0, 1, "einsum 1"},
        {"rem", 0, 2, "einsum 0"},
        {"v", 1, 8, "einsum 1"},
        {"count.r2", 1, 2, "row 1 of table r2"},
        {"count.relu", 8, 0, "row 8 of table relu"},
    };
    zkg_graph *g = sample();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zkg_error err = {0};
        zkg_witness w;
        zkg_status s;

        OK(from_text(&w, g, flat, NULL));
        zkg_array_set_i64(
            &w.array[zkg_statement_tensor_id(&g->st, cases[i].tensor)],
            cases[i].at, cases[i].value);
        s = zkg_witness_check(&w, g, &err);
        if (s != ZKG_ERR_WITNESS || strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s, %s", i, zkg_status_name(s), err.text);
        zkg_witness_clear(&w);
    }
    zkg_graph_free(g);
}

/* q and y changed together, so that every sum holds: only the table knows. */
static void a_false_row_is_found(void **state)
{
    zkg_graph *g = sample();
    zkg_error err = {0};
    zkg_witness w;

    (void)state;
    OK(from_text(&w, g, flat, NULL));
    zkg_array_set_i64(&w.array[zkg_statement_tensor_id(&g->st, "y")], 0, 1);
    zkg_array_set_i64(&w.array[zkg_statement_tensor_id(&g->st, "v")], 0, 3);
    assert_int_equal(zkg_witness_check(&w, g, &err), ZKG_ERR_WITNESS);
    assert_non_null(strstr(err.text, "no row of table relu"));
    zkg_witness_clear(&w);
    zkg_graph_free(g);
}

#define ORDER "2188824287183927522224640574525727508854836440041603434369820418"

/* A graph of inputs alone: field elements f, integers i. */
static zkg_graph *inputs_alone(void)
{
    static const zkg_tensor_spec f = {"f", ZKG_FR, ZKG_PUBLIC, 1, {4}, 0, 0};
    static const zkg_tensor_spec i = {"i", ZKG_I8, ZKG_PUBLIC, 1, {1}, -8, 7};
    zkg_graph *g;

    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(g, &f, NULL));
    OK(zkg_graph_add_tensor(g, &i, NULL));
    OK(zkg_graph_add_input(g, "f", NULL));
    OK(zkg_graph_add_input(g, "i", NULL));
    return g;
}

static zkg_status read_text(zkg_witness *w, const zkg_graph *g,
                            const char *text, zkg_error *err)
{
    char path[64];
    zkg_status s;

    temp_path(path);
    OK(zkg_file_write_atomic(path, text, strlen(text), NULL));
    OK(zkg_witness_init(w, g, NULL));
    s = zkg_witness_read_input(w, g, path, err);
    unlink(path);
    return s;
}

static void field_elements_may_be_strings(void **state)
{
    static const struct {
        const char *text, *said;
    } bad[] = {
        {"{\"input_data\":[[0,1,2,\"" ORDER "6575808495617\"],[0]]}",
         "input_data[0][3]: input f: element 3 is \"" ORDER "6575808495617\", "
         "which is no decimal integer"},
        {"{\"input_data\":[[0,1,2,\"0x3\"],[0]]}", "is \"0x3\", which"},
        {"{\"input_data\":[[0,1,2,\"\"],[0]]}", "is \"\", which"},
        {"{\"input_data\":[[0,1,2,\"-0\"],[0]]}", "is \"-0\", which"},
        {"{\"input_data\":[[0,1,2,9007199254740992],[0]]}", "as strings"},
        {"{\"input_data\":[[0,1,2,3],[\"1\"]]}",
         "input_data[1][0]: input i: element 0 is a string where a number"},
    };
    zkg_graph *g = inputs_alone();
    zkg_error err = {0};
    const zkg_fr *f;
    zkg_fr sum, most, one;
    zkg_witness w;
    int64_t v = 0;

    (void)state;
    OK(read_text(&w, g,
                 "{\"input_data\":[[\"" ORDER "6575808495616\", \"-2\", 3, "
                 "\"18446744073709551616\"],[-1]]}",
                 &err));
    f = w.array[0].data;
    assert_true(zkg_array_try_i64(&v, &w.array[0], 0) && v == -1);
    assert_true(zkg_array_try_i64(&v, &w.array[0], 1) && v == -2);
    assert_true(zkg_array_try_i64(&v, &w.array[0], 2) && v == 3);
    zkg_fr_from_u64(&most, UINT64_MAX);
    zkg_fr_from_u64(&one, 1);
    zkg_fr_add(&sum, &most, &one);
    assert_true(zkg_fr_equal(&f[3], &sum));
    zkg_witness_clear(&w);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err = (zkg_error){0};
        assert_int_equal(read_text(&w, g, bad[i].text, &err),
                         ZKG_ERR_MALFORMED);
        if (strstr(err.text, bad[i].said) == NULL)
            fail_msg("case %zu: %s", i, err.text);
        zkg_witness_clear(&w);
    }
    zkg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_make_the_witness),
        cmocka_unit_test(bad_inputs_are_refused),
        cmocka_unit_test(field_elements_are_read_exactly_or_refused),
        cmocka_unit_test(a_witness_survives_its_file),
        cmocka_unit_test(a_false_witness_is_found),
        cmocka_unit_test(a_false_row_is_found),
        cmocka_unit_test(field_elements_may_be_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
