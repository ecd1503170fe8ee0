/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "graph/graph.h"
#include "graph/u256.h"
#include "rng.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

/*
 * Tensors: 0 x public [3], 1 w fixed [2,3], 2 y private [2], 3 rem private [2],
 * 4 h private [2], 5 z virtual [2], 6 u private [2].
 * Tables: 0 r4, 1 s8, 2 cols.  Tasks: dense (y), relu-like (h), virtual (z, u).
 */
static zkg_graph *sample(void)
{
    static const int64_t w[6] = {1, -2, 3, -4, 5, -6};
    static const int64_t col0[4] = {-3, 0, 5, 9}, col1[4] = {1, 1, 2, 3};
    static const int64_t *const cols[2] = {col0, col1};
    static const zkg_tensor_spec tensors[] = {
        {"x", ZKG_I16, ZKG_PUBLIC, 1, {3}, -100, 100},
        {"w", ZKG_I8, ZKG_FIXED, 2, {2, 3}, -6, 5},
        {"y", ZKG_I16, ZKG_PRIVATE, 1, {2}, -128, 127},
        {"rem", ZKG_U8, ZKG_PRIVATE, 1, {2}, 0, 15},
        {"h", ZKG_I8, ZKG_PRIVATE, 1, {2}, 1, 3},
        {"z", ZKG_I16, ZKG_VIRTUAL, 1, {2}, -128, 127},
        {"u", ZKG_I16, ZKG_PRIVATE, 1, {2}, -3, 9},
    };
    zkg_graph *g;

    OK(zkg_graph_new(&g, NULL));
    for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++)
        OK(zkg_graph_add_tensor(g, &tensors[i], NULL));
    OK(zkg_graph_set_fixed(g, "w", w, 6, NULL));
    OK(zkg_graph_add_table(g, "r4", ZKG_KIND_RANGE, 4, NULL));
    OK(zkg_graph_add_table(g, "s8", ZKG_KIND_SIGNED_RANGE, 8, NULL));
    OK(zkg_graph_add_columns(g, "cols", 2, 4, cols, NULL));

    OK(zkg_graph_add_kernel(g, "dense", NULL));
    OK(zkg_graph_kernel_axis(g, "dense", "o", 2, NULL));
    OK(zkg_graph_kernel_axis(g, "dense", "k", 3, NULL));
    OK(zkg_graph_kernel_param(g, "dense", "w", "o,k", NULL));
    OK(zkg_graph_kernel_param(g, "dense", "x", "k", NULL));
    OK(zkg_graph_kernel_param(g, "dense", "y", "o", NULL));
    OK(zkg_graph_kernel_param(g, "dense", "rem", "o", NULL));
    OK(zkg_graph_kernel_lookup(g, "dense", "r4", "rem", NULL));
    OK(zkg_graph_kernel_lookup(g, "dense", "s8", "y", NULL));
    OK(zkg_graph_kernel_einsum(g, "dense", "o", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "dense", "1", "w[o,k]", "x[k]", NULL));
    OK(zkg_graph_kernel_term(g, "dense", "8", NULL, NULL, NULL));
    OK(zkg_graph_kernel_term(g, "dense", "-16", "y[o]", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "dense", "-1", "rem[o]", NULL, NULL));

    OK(zkg_graph_add_kernel(g, "map", NULL));
    OK(zkg_graph_kernel_axis(g, "map", "i", 2, NULL));
    OK(zkg_graph_kernel_param(g, "map", "a", "i", NULL));
    OK(zkg_graph_kernel_param(g, "map", "b", "i", NULL));
    OK(zkg_graph_kernel_lookup(g, "map", "cols", "a,b", NULL));

    OK(zkg_graph_add_kernel(g, "virt", NULL));
    OK(zkg_graph_kernel_axis(g, "virt", "i", 2, NULL));
    OK(zkg_graph_kernel_param(g, "virt", "a", "i", NULL));
    OK(zkg_graph_kernel_param(g, "virt", "v", "i", NULL));
    OK(zkg_graph_kernel_lookup(g, "virt", "s8", "v", NULL));
    OK(zkg_graph_kernel_einsum(g, "virt", "i", "v", NULL));
    OK(zkg_graph_kernel_term(g, "virt", "2", "a[i]", NULL, NULL));

    OK(zkg_graph_add_task(g, NULL, "dense", 1, NULL));
    OK(zkg_graph_bind(g, "w", "w", false, NULL));
    OK(zkg_graph_bind(g, "x", "x", false, NULL));
    OK(zkg_graph_bind(g, "y", "y", false, NULL));
    OK(zkg_graph_bind(g, "rem", "rem", false, NULL));
    OK(zkg_graph_add_task(g, NULL, "map", 1, NULL));
    OK(zkg_graph_bind(g, "a", "u", false, NULL));
    OK(zkg_graph_bind(g, "b", "h", false, NULL));
    OK(zkg_graph_add_task(g, NULL, "virt", 1, NULL));
    OK(zkg_graph_bind(g, "a", "u", false, NULL));
    OK(zkg_graph_bind(g, "v", "z", false, NULL));

    OK(zkg_graph_add_input(g, "x", NULL));
    OK(zkg_graph_add_input(g, "u", NULL));
    OK(zkg_graph_rule_divmod(g, "Task0", 0, "y", "rem", NULL));
    OK(zkg_graph_rule_map(g, "cols", "u", "h", NULL));
    OK(zkg_graph_rule_solve(g, "Task2", 0, "z", NULL));
    return g;
}

static void the_sample_is_accepted(void **state)
{
    zkg_graph *g = sample();
    zkg_error err = {0};

    (void)state;
    if (zkg_graph_finish(g, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(g->st.tensors, 10);
    assert_string_equal(g->st.tensor[9].name, "count.cols");
    assert_true(g->st.table[2].hinted);
    assert_int_equal(zkg_statement_default_k(&g->st), 10);
    zkg_graph_free(g);
}

static void encoding_is_canonical(void **state)
{
    zkg_graph *g = sample();
    zkg_statement st;
    uint8_t *a, *b;
    size_t la, lb;
    char hex[65];

    (void)state;
    OK(zkg_graph_finish(g, NULL));
    OK(zkg_statement_encode(&a, &la, &g->st, NULL));
    OK(zkg_statement_decode(&st, a, la, NULL));
    OK(zkg_statement_encode(&b, &lb, &st, NULL));
    assert_int_equal(la, lb);
    assert_memory_equal(a, b, la);
    assert_memory_equal(st.digest, g->st.digest, 32);
    zkg_digest_hex(hex, st.digest);
    /* Changes only together with the version of the encoding. */
    assert_string_equal(
        hex,
        "3fe5c6bd53910604da28f304905e63bf40ab324e5c1b9c2fc76ef9391eeeaa21");
    zkg_statement_clear(&st);
    for (size_t len = 0; len < la; len++)
        assert_int_not_equal(zkg_statement_decode(&st, a, len, NULL), ZKG_OK);
    zkg_free(b);
    b = zkg_alloc(la + 1, 1);
    memcpy(b, a, la);
    assert_int_equal(zkg_statement_decode(&st, b, la + 1, NULL),
                     ZKG_ERR_MALFORMED);
    zkg_free(a);
    zkg_free(b);
    zkg_graph_free(g);
}

/* Any change of one byte is refused, or is another statement. */
static void changed_bytes_change_the_digest(void **state)
{
    zkg_graph *g = sample();
    uint8_t *a;
    size_t len;

    (void)state;
    OK(zkg_graph_finish(g, NULL));
    OK(zkg_statement_encode(&a, &len, &g->st, NULL));
    for (size_t i = 0; i < len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            zkg_statement st;

            a[i] ^= (uint8_t)(1 << bit);
            if (zkg_statement_decode(&st, a, len, NULL) == ZKG_OK) {
                assert_memory_not_equal(st.digest, g->st.digest, 32);
                zkg_statement_clear(&st);
            }
            a[i] ^= (uint8_t)(1 << bit);
        }
    }
    zkg_free(a);
    zkg_graph_free(g);
}

/* ---- what is refused ---- */

static void rename_tensor(zkg_graph *g)
{
    strcpy(g->st.tensor[2].name, "x");
}

static void space_in_name(zkg_graph *g)
{
    strcpy(g->st.tensor[2].name, " ");
}

static void rename_task(zkg_graph *g)
{
    strcpy(g->st.task[1].name, "Task0");
}

static void dash_in_task(zkg_graph *g)
{
    strcpy(g->st.task[1].name, "a-b");
}

static void fr_tensor(zkg_graph *g)
{
    g->st.tensor[2].type = ZKG_FR;
    g->st.tensor[2].min = g->st.tensor[2].max = 0;
}

static void zero_length(zkg_graph *g)
{
    g->st.tensor[0].len[0] = 0;
}

static void huge_tensor(zkg_graph *g)
{
    g->st.tensor[0].len[0] = (uint64_t)1 << 41;
}

/* 2^39 and some entries, in a cube of 2^41. */
static void huge_cube(zkg_graph *g)
{
    zkg_tensor *t = &g->st.tensor[0];

    t->axes = 2;
    t->len[0] = (1 << 20) + 1;
    t->len[1] = (1 << 19) + 1;
}

static void min_above_max(zkg_graph *g)
{
    g->st.tensor[0].min = 101;
}

static void outside_type(zkg_graph *g)
{
    g->st.tensor[0].max = 40000;
}

static void other_shape(zkg_graph *g)
{
    g->st.tensor[0].len[0] = 4;
}

static void missing_copies(zkg_graph *g)
{
    g->st.task[0].copies = 2;
}

static void no_copies(zkg_graph *g)
{
    g->st.task[0].copies = 0;
}

static void too_few_bound(zkg_graph *g)
{
    g->st.task[0].params = 3;
}

static void unbound_param(zkg_graph *g)
{
    g->st.task[0].bind[1] = ZKG_NO_ID;
}

static void axis_twice_in_out(zkg_graph *g)
{
    zkg_stmt_einsum *e = &g->st.kernel[0].einsum[0];

    e->out[e->out_axes++] = e->out[0];
}

static void axis_twice_in_factor(zkg_graph *g)
{
    zkg_stmt_factor *f = &g->st.kernel[0].einsum[0].term[0].factor[0];

    f->index[1] = f->index[0];
}

static void index_of_other_length(zkg_graph *g)
{
    zkg_stmt_term *t = &g->st.kernel[0].einsum[0].term[0];

    t->factor[0].index[0].a = 1;
    t->factor[0].index[1].a = 0;
}

static void too_few_indices(zkg_graph *g)
{
    g->st.kernel[0].einsum[0].term[0].factor[0].indices = 1;
}

/* The index of x[k] in w[o,k] x[k]; axes are o, of 2, and k, of 3. */
static zkg_stmt_index *index_of_x(zkg_graph *g)
{
    return &g->st.kernel[0].einsum[0].term[0].factor[1].index[0];
}

static void affine_by_zero(zkg_graph *g)
{
    index_of_x(g)->s = 0;
}

static void affine_by_zero_of_b(zkg_graph *g)
{
    *index_of_x(g) = (zkg_stmt_index){.s = 1, .a = 1, .b = 0};
}

static void affine_by_too_much(zkg_graph *g)
{
    index_of_x(g)->e = -(INT64_C(1) << 31) - 1;
}

static void factor_of_no_axis(zkg_graph *g)
{
    index_of_x(g)->d = 1;
}

static void affine_of_no_axis(zkg_graph *g)
{
    *index_of_x(g) = (zkg_stmt_index){.s = 1, .a = 1, .d = 1, .b = 2};
}

static void affine_twice(zkg_graph *g)
{
    *index_of_x(g) = (zkg_stmt_index){.s = 1, .a = 1, .d = 1, .b = 1};
}

static void affine_in_batch(zkg_graph *g)
{
    *index_of_x(g) = (zkg_stmt_index){.s = 1, .a = 0, .d = 1, .b = 1};
}

static void affine_too_long(zkg_graph *g)
{
    g->st.kernel[0].axis[1].len = (1 << 20) + 1;
    index_of_x(g)->e = 1;
}

static void affine_too_wide(zkg_graph *g)
{
    g->st.kernel[0].axis[0].len = 1 << 20;
    g->st.kernel[0].axis[1].len = 5;
    *index_of_x(g) = (zkg_stmt_index){.s = 1, .a = 0, .d = 1, .b = 1};
}

/* |c| * 6 * 100 * n is above p/2 of n = 3, not of n = 2. */
static void wrap_of_three(zkg_graph *g)
{
    assert_true(zkg_coeff_parse(
        &g->st.kernel[0].einsum[0].term[0].c,
        "7296080957279758407415468581752425029516121466805344781232734728858602"
        "832"));
}

static void zero_coefficient(zkg_graph *g)
{
    memset(&g->st.kernel[0].einsum[0].term[1].c, 0, sizeof(zkg_coeff));
}

static void alone_contracted(zkg_graph *g)
{
    zkg_stmt_term *t = g->st.kernel[0].einsum[0].term;

    t[3].factor[t[3].factors++] = t[0].factor[0];
}

static void wrong_columns(zkg_graph *g)
{
    zkg_stmt_lookup *l = &g->st.kernel[1].lookup[0];

    l->param[l->columns++] = 0;
}

static void column_wider_than_range(zkg_graph *g)
{
    g->st.tensor[2].max = 126;
}

static void no_lookup(zkg_graph *g)
{
    g->st.kernel[0].lookup[1] = g->st.kernel[0].lookup[0];
}

static void equal_rows_without_hint(zkg_graph *g)
{
    const zkg_tensor_spec m = {"m", ZKG_I64, ZKG_PRIVATE, 1, {4}, 0, 9};

    OK(zkg_graph_add_tensor(g, &m, NULL));
    OK(zkg_graph_table_counts(g, "cols", "m", false, NULL));
    zkg_array_set_i64(&g->st.table[2].column[0], 1, -3);
}

static void counts_of_other_shape(zkg_graph *g)
{
    OK(zkg_graph_table_counts(g, "cols", "y", true, NULL));
}

static void hint_is_used(zkg_graph *g)
{
    const zkg_tensor_spec m = {"m", ZKG_I64, ZKG_PRIVATE, 1, {4}, 0, 9};

    OK(zkg_graph_add_tensor(g, &m, NULL));
    OK(zkg_graph_table_counts(g, "cols", "m", true, NULL));
    OK(zkg_graph_add_kernel(g, "extra", NULL));
    OK(zkg_graph_kernel_axis(g, "extra", "i", 4, NULL));
    OK(zkg_graph_kernel_param(g, "extra", "a", "i", NULL));
    OK(zkg_graph_kernel_lookup(g, "extra", "r4", "a", NULL));
    OK(zkg_graph_add_task(g, NULL, "extra", 1, NULL));
    OK(zkg_graph_bind(g, "a", "m", false, NULL));
}

static void wrap_by_coefficient(zkg_graph *g)
{
    /* 2^250 * 16 tensor values is beyond p/2. */
    memset(&g->st.kernel[0].einsum[0].term[3].c, 0, sizeof(zkg_coeff));
    g->st.kernel[0].einsum[0].term[3].c.limb[7] = 1u << 26;
}

static void coefficient_beyond_p(zkg_graph *g)
{
    zkg_coeff *c = &g->st.kernel[0].einsum[0].term[1].c;

    *c = (zkg_coeff){.negative = true};
    memset(c->limb, 0xff, sizeof(c->limb));
}

/* More axes in out than a task's einsum has room for. */
static void many_out_axes(zkg_graph *g)
{
    zkg_stmt_einsum *e = &g->st.kernel[0].einsum[0];
    char name[8];

    for (uint32_t i = 2; i < 13; i++) {
        snprintf(name, sizeof(name), "e%u", i);
        OK(zkg_graph_kernel_axis(g, "dense", name, 1, NULL));
        e->out[e->out_axes++] = i;
    }
}

static void huge_out(zkg_graph *g)
{
    zkg_stmt_einsum *e = &g->st.kernel[0].einsum[0];

    OK(zkg_graph_kernel_axis(g, "dense", "e2", 1 << 30, NULL));
    OK(zkg_graph_kernel_axis(g, "dense", "e3", 1 << 30, NULL));
    e->out[e->out_axes++] = 2;
    e->out[e->out_axes++] = 3;
}

static void virtual_without_producer(zkg_graph *g)
{
    g->st.tensor[6].vis = ZKG_VIRTUAL;
}

static void equals_what_is_not_virtual(zkg_graph *g)
{
    g->st.tensor[5].vis = ZKG_PRIVATE;
}

static void virtual_without_consumer(zkg_graph *g)
{
    g->st.kernel[2].lookup[0].param[0] = 0;
    g->st.tensor[6].min = -128;
    g->st.tensor[6].max = 127;
}

static void virtual_used_too_late(zkg_graph *g)
{
    OK(zkg_graph_kernel_einsum(g, "virt", "i", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "virt", "1", "a[i]", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "virt", "1", "v[i]", NULL, NULL));
}

static void virtual_in_two_tasks(zkg_graph *g)
{
    OK(zkg_graph_add_task(g, NULL, "virt", 1, NULL));
    OK(zkg_graph_bind(g, "a", "u", false, NULL));
    OK(zkg_graph_bind(g, "v", "z", false, NULL));
}

static void unused_tensor(zkg_graph *g)
{
    const zkg_tensor_spec t = {"idle", ZKG_I8, ZKG_PUBLIC, 1, {4}, 0, 9};

    OK(zkg_graph_add_tensor(g, &t, NULL));
}

static void unused_table(zkg_graph *g)
{
    OK(zkg_graph_add_table(g, "idle", ZKG_KIND_RANGE, 3, NULL));
}

static void unused_kernel(zkg_graph *g)
{
    OK(zkg_graph_add_kernel(g, "idle", NULL));
    OK(zkg_graph_kernel_axis(g, "idle", "i", 2, NULL));
    OK(zkg_graph_kernel_param(g, "idle", "a", "i", NULL));
    OK(zkg_graph_kernel_lookup(g, "idle", "r4", "a", NULL));
}

static void empty_kernel(zkg_graph *g)
{
    OK(zkg_graph_add_kernel(g, "idle", NULL));
}

static void param_in_no_relation(zkg_graph *g)
{
    OK(zkg_graph_kernel_param(g, "map", "c", "i", NULL));
}

static void table_bits(zkg_graph *g)
{
    g->st.table[0].bits = 31;
}

static void no_rule(zkg_graph *g)
{
    g->rules--;
}

static void two_rules(zkg_graph *g)
{
    OK(zkg_graph_rule_constant(g, "y", 1, NULL));
}

static void no_fixed_values(zkg_graph *g)
{
    zkg_array_clear(&g->value[1]);
}

/* Counts of one table stand for the rows of that one. */
static void counts_of_two_tables(zkg_graph *g)
{
    const zkg_tensor_spec m = {"m", ZKG_I64, ZKG_PRIVATE, 1, {16}, 0, 9};

    OK(zkg_graph_add_tensor(g, &m, NULL));
    OK(zkg_graph_add_table(g, "twin", ZKG_KIND_RANGE, 4, NULL));
    OK(zkg_graph_table_counts(g, "r4", "m", true, NULL));
    OK(zkg_graph_table_counts(g, "twin", "m", true, NULL));
}

static void no_terms(zkg_graph *g)
{
    g->st.kernel[2].einsum[0].terms = 0;
}

static void three_factors(zkg_graph *g)
{
    g->st.kernel[2].einsum[0].term[0].factors = 3;
}

static void equals_other_axes(zkg_graph *g)
{
    g->st.kernel[2].einsum[0].out_axes = 0;
}

/* Two sums cannot both be what is read. */
static void virtual_of_two_producers(zkg_graph *g)
{
    OK(zkg_graph_kernel_einsum(g, "virt", "i", "v", NULL));
    OK(zkg_graph_kernel_term(g, "virt", "1", "a[i]", NULL, NULL));
}

/* z = 2 z, by another name. */
static void virtual_bound_twice(zkg_graph *g)
{
    zkg_kernel *k = &g->st.kernel[2];

    k->einsum[0].equals = 0;
    k->einsum[0].term[0].factor[0].param = 1;
    k->lookup[0].param[0] = 0;
    g->st.task[2].bind[0] = 5;
}

static void no_room_for_copies(zkg_graph *g)
{
    const zkg_tensor_spec t = {
        "t", ZKG_U8, ZKG_PRIVATE, 12, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
        0,   15};
    char axes[64] = "";

    OK(zkg_graph_add_tensor(g, &t, NULL));
    OK(zkg_graph_add_kernel(g, "deep", NULL));
    for (int i = 0; i < 12; i++) {
        const char name[2] = {(char)('a' + i), 0};

        OK(zkg_graph_kernel_axis(g, "deep", name, 1, NULL));
        strcat(strcat(axes, i > 0 ? "," : ""), name);
    }
    OK(zkg_graph_kernel_param(g, "deep", "t", axes, NULL));
    OK(zkg_graph_kernel_lookup(g, "deep", "r4", "t", NULL));
    OK(zkg_graph_add_task(g, NULL, "deep", 1, NULL));
    OK(zkg_graph_bind(g, "t", "t", false, NULL));
}

static void every_bad_statement_is_refused(void **state)
{
    static const struct {
        void (*spoil)(zkg_graph *g);
        zkg_status status;
        const char *text;
    } cases[] = {
        {rename_tensor, ZKG_ERR_MALFORMED, "two tensors are named x"},
        {space_in_name, ZKG_ERR_MALFORMED, "tensor name \" \""},
        {rename_task, ZKG_ERR_MALFORMED, "two tasks are named Task0"},
        {dash_in_task, ZKG_ERR_MALFORMED, "task name \"a-b\""},
        {fr_tensor, ZKG_ERR_UNSUPPORTED, "type fr"},
        {zero_length, ZKG_ERR_MALFORMED, "length 0"},
        {huge_tensor, ZKG_ERR_MALFORMED, "more than 2^40"},
        {huge_cube, ZKG_ERR_MALFORMED, "more than 2^40 padded"},
        {min_above_max, ZKG_ERR_MALFORMED, "min 101 is above max 100"},
        {outside_type, ZKG_ERR_MALFORMED, "does not fit type i16"},
        {other_shape, ZKG_ERR_MALFORMED, "does not fit parameter x"},
        {missing_copies, ZKG_ERR_MALFORMED, "with 2 copies"},
        {no_copies, ZKG_ERR_MALFORMED, "0 copies"},
        {too_few_bound, ZKG_ERR_MALFORMED, "binds 3 tensors"},
        {unbound_param, ZKG_ERR_MALFORMED, "parameter x has no tensor"},
        {axis_twice_in_out, ZKG_ERR_MALFORMED, "each once"},
        {axis_twice_in_factor, ZKG_ERR_MALFORMED, "twice in one factor"},
        {index_of_other_length, ZKG_ERR_MALFORMED, "where its index"},
        {too_few_indices, ZKG_ERR_MALFORMED, "has 2 axes"},
        {affine_by_zero, ZKG_ERR_MALFORMED, "a factor of 0"},
        {affine_by_zero_of_b, ZKG_ERR_MALFORMED, "a factor of 0"},
        {affine_by_too_much, ZKG_ERR_MALFORMED, "beyond 2^31"},
        {factor_of_no_axis, ZKG_ERR_MALFORMED, "without an axis"},
        {affine_of_no_axis, ZKG_ERR_MALFORMED, "index without an axis"},
        {affine_twice, ZKG_ERR_MALFORMED, "twice in one factor"},
        {affine_in_batch, ZKG_ERR_UNSUPPORTED, "output axis o is in an affine"},
        {affine_too_long, ZKG_ERR_MALFORMED, "the verifier walks"},
        {affine_too_wide, ZKG_ERR_MALFORMED, "the verifier walks"},
        {wrap_of_three, ZKG_ERR_MALFORMED, "wrap mod p"},
        {zero_coefficient, ZKG_ERR_MALFORMED, "coefficient is 0"},
        {alone_contracted, ZKG_ERR_UNSUPPORTED, "alone"},
        {wrong_columns, ZKG_ERR_MALFORMED, "has 2 columns"},
        {column_wider_than_range, ZKG_ERR_MALFORMED, "lets pass"},
        {no_lookup, ZKG_ERR_MALFORMED, "no lookup holds it"},
        {equal_rows_without_hint, ZKG_ERR_MALFORMED, "two equal rows"},
        {counts_of_other_shape, ZKG_ERR_MALFORMED, "its counts y"},
        {hint_is_used, ZKG_ERR_MALFORMED, "is a hint"},
        {wrap_by_coefficient, ZKG_ERR_MALFORMED, "wrap mod p"},
        {coefficient_beyond_p, ZKG_ERR_MALFORMED, "not below p/2"},
        {many_out_axes, ZKG_ERR_MALFORMED, "each once"},
        {huge_out, ZKG_ERR_MALFORMED, "more than 2^40"},
        {virtual_without_producer, ZKG_ERR_MALFORMED, "no producer"},
        {equals_what_is_not_virtual, ZKG_ERR_MALFORMED, "not virtual"},
        {virtual_without_consumer, ZKG_ERR_MALFORMED, "no relation"},
        {virtual_used_too_late, ZKG_ERR_MALFORMED, "does not come before"},
        {virtual_in_two_tasks, ZKG_ERR_MALFORMED, "in two tasks"},
        {counts_of_two_tables, ZKG_ERR_MALFORMED, "counts of two tables"},
        {no_terms, ZKG_ERR_MALFORMED, "of 0 terms"},
        {three_factors, ZKG_ERR_MALFORMED, "more than two factors"},
        {equals_other_axes, ZKG_ERR_MALFORMED, "other axes than its own"},
        {virtual_of_two_producers, ZKG_ERR_MALFORMED, "two producers"},
        {virtual_bound_twice, ZKG_ERR_MALFORMED, "bound twice"},
        {no_room_for_copies, ZKG_ERR_MALFORMED, "no room for the copies'"},
        {unused_tensor, ZKG_ERR_MALFORMED, "bound to no parameter"},
        {unused_table, ZKG_ERR_MALFORMED, "looked up by no task"},
        {unused_kernel, ZKG_ERR_MALFORMED, "used by no task"},
        {empty_kernel, ZKG_ERR_MALFORMED, "no relations"},
        {param_in_no_relation, ZKG_ERR_MALFORMED, "in no relation"},
        {table_bits, ZKG_ERR_MALFORMED, "bits are"},
        {no_rule, ZKG_ERR_MALFORMED, "no rule makes it"},
        {two_rules, ZKG_ERR_MALFORMED, "made twice"},
        {no_fixed_values, ZKG_ERR_MALFORMED, "has no values"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zkg_graph *g = sample();
        zkg_error err = {0};
        zkg_status s;

        cases[i].spoil(g);
        s = zkg_graph_finish(g, &err);
        if (s != cases[i].status || strstr(err.text, cases[i].text) == NULL)
            fail_msg("case %zu (%s): %s, %s", i, cases[i].text,
                     zkg_status_name(s), err.text);
        zkg_graph_free(g);
    }
}

static void a_graph_of_nothing_is_none(void **state)
{
    const zkg_tensor_spec t = {"t", ZKG_U8, ZKG_PUBLIC, 0, {0}, 0, 15};
    zkg_error err = {0};
    zkg_graph *g;

    (void)state;
    OK(zkg_graph_new(&g, NULL));
    assert_int_equal(zkg_graph_finish(g, &err), ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "at least one tensor"));
    zkg_graph_free(g);
    err = (zkg_error){0};
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(g, &t, NULL));
    assert_int_equal(zkg_graph_finish(g, &err), ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "at least one task"));
    zkg_graph_free(g);
}

/* x[k-1] reads two cells of a window of three: its sum has two values. */
static void bounds_count_real_windows(void **state)
{
    (void)state;
    for (int64_t e = -3; e <= 3; e++) {
        const bool fits = e <= -1 || e >= 1;
        zkg_graph *g = sample();
        zkg_error err = {0};
        zkg_status s;

        wrap_of_three(g);
        *index_of_x(g) = (zkg_stmt_index){.s = e % 2 ? 1 : -1,
                                          .a = 1,
                                          .b = ZKG_NO_ID,
                                          .e = e % 2 ? e : 2 - e};
        s = zkg_graph_finish(g, &err);
        if (s != (fits ? ZKG_OK : ZKG_ERR_MALFORMED))
            fail_msg("%d: %s", (int)e, err.text);
        zkg_graph_free(g);
    }
}

/* ---- random sums ---- */

#define AXES 4 /* a, b, c, d */

/* One index: s a + d b + e, plain where own is 0: the length of its axis. */
typedef struct random_index {
    uint32_t a, b;
    int64_t s, d, e;
    uint64_t own;
} random_index;

/* A sum over some of the axes of one or two tensors' entries. */
typedef struct random_sum {
    uint64_t len[AXES];
    bool out[AXES];
    uint32_t factors, indices[2];
    random_index index[2][2];
    int64_t min[2], max[2];
} random_sum;

static void random_sum_init(random_sum *m, rng *random)
{
    *m = (random_sum){.factors = 1 + (uint32_t)rng_below(random, 2)};
    for (uint32_t k = 0; k < AXES; k++) {
        m->len[k] = 1 + rng_below(random, 4);
        m->out[k] = rng_below(random, 2) == 0;
    }
    for (uint32_t f = 0; f < m->factors; f++) {
        m->indices[f] = 1 + (uint32_t)rng_below(random, 2);
        m->min[f] = (int64_t)rng_below(random, 9) - 4;
        m->max[f] = m->min[f] + (int64_t)rng_below(random, 5);
        for (uint32_t i = 0; i < m->indices[f]; i++) {
            random_index *x = &m->index[f][i];

            x->a = (uint32_t)rng_below(random, AXES);
            x->b = (uint32_t)rng_below(random, AXES);
            x->s = x->d = 1;
            if (rng_below(random, 2) == 0)
                continue;
            x->own = 1 + rng_below(random, 5);
            x->s = (rng_below(random, 2) == 0 ? 1 : -1) *
                   (1 + (int64_t)rng_below(random, 2));
            x->d = 1 + (int64_t)rng_below(random, 2);
            x->e = (int64_t)rng_below(random, 7) - 3;
        }
    }
}

static const char *const factor_name[2] = {"x", "z"};

/* Lists such as "a,c", and "x[2*a+1*b-1,c]". */
static void sum_text(char factor[100], char axes[40], const random_sum *m,
                     uint32_t f)
{
    size_t n = (size_t)sprintf(factor, "%s", factor_name[f]), k = 0;

    for (uint32_t i = 0; i < m->indices[f]; i++) {
        const random_index *x = &m->index[f][i];
        const char comma = i == 0 ? '[' : ',';

        if (x->own == 0) {
            n += (size_t)sprintf(factor + n, "%c%c", comma, 'a' + (char)x->a);
            k += (size_t)sprintf(axes + k, "%s%c", i == 0 ? "" : ",",
                                 'a' + (char)x->a);
            continue;
        }
        n += (size_t)sprintf(factor + n, "%c%lld*%c+%lld*%c%+lld", comma,
                             (long long)x->s, 'a' + (char)x->a, (long long)x->d,
                             'a' + (char)x->b, (long long)x->e);
        k += (size_t)sprintf(axes + k, "%su%u%u", i == 0 ? "" : ",", f, i);
    }
    sprintf(factor + n, "]");
}

static void add_factor(zkg_graph *g, const random_sum *m, uint32_t f,
                       char factor[100])
{
    zkg_tensor_spec t = {.type = ZKG_I8,
                         .visibility = ZKG_PUBLIC,
                         .axes = m->indices[f],
                         .min = m->min[f],
                         .max = m->max[f]};
    char axes[40];

    sum_text(factor, axes, m, f);
    for (uint32_t i = 0; i < m->indices[f]; i++) {
        const random_index *x = &m->index[f][i];
        char axis[8];

        t.len[i] = x->own == 0 ? m->len[x->a] : x->own;
        sprintf(axis, "u%u%u", f, i);
        if (x->own > 0)
            OK(zkg_graph_kernel_axis(g, "k", axis, x->own, NULL));
    }
    t.name = factor_name[f];
    OK(zkg_graph_add_tensor(g, &t, NULL));
    OK(zkg_graph_kernel_param(g, "k", t.name, axes, NULL));
}

/* v = c times the sum, v in range; then y = v. */
static zkg_status check_sum(const random_sum *m, const char *c, int64_t min,
                            int64_t max, zkg_error *err)
{
    zkg_tensor_spec v = {"v", ZKG_I64, ZKG_VIRTUAL, 0, {0}, min, max}, y;
    char factor[2][100], out[16] = "", v_text[24], y_text[24];
    zkg_graph *g;
    zkg_status s;

    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_kernel(g, "k", NULL));
    for (uint32_t k = 0; k < AXES; k++) {
        const char name[2] = {(char)('a' + (char)k)};

        OK(zkg_graph_kernel_axis(g, "k", name, m->len[k], NULL));
        if (!m->out[k])
            continue;
        sprintf(out + strlen(out), "%s%s", out[0] == 0 ? "" : ",", name);
        v.len[v.axes++] = m->len[k];
    }
    y = v;
    y.name = "y";
    y.visibility = ZKG_PUBLIC;
    y.min = INT64_MIN;
    y.max = INT64_MAX;
    OK(zkg_graph_add_tensor(g, &v, NULL));
    OK(zkg_graph_add_tensor(g, &y, NULL));
    OK(zkg_graph_kernel_param(g, "k", "v", out, NULL));
    OK(zkg_graph_kernel_param(g, "k", "y", out, NULL));
    for (uint32_t f = 0; f < m->factors; f++)
        add_factor(g, m, f, factor[f]);
    sprintf(v_text, out[0] == 0 ? "v" : "v[%s]", out);
    sprintf(y_text, out[0] == 0 ? "y" : "y[%s]", out);
    OK(zkg_graph_kernel_einsum(g, "k", out, NULL, NULL));
    OK(zkg_graph_kernel_term(g, "k", "1", v_text, NULL, NULL));
    OK(zkg_graph_kernel_term(g, "k", "-1", y_text, NULL, NULL));
    OK(zkg_graph_kernel_einsum(g, "k", out, "v", NULL));
    OK(zkg_graph_kernel_term(g, "k", c, factor[0],
                             m->factors > 1 ? factor[1] : NULL, NULL));
    OK(zkg_graph_add_task(g, NULL, "k", 1, NULL));
    OK(zkg_graph_bind(g, "v", "v", false, NULL));
    OK(zkg_graph_bind(g, "y", "y", false, NULL));
    for (uint32_t f = 0; f < m->factors; f++)
        OK(zkg_graph_bind(g, factor_name[f], factor_name[f], false, NULL));
    s = zkg_statement_check(&g->st, err);
    zkg_graph_free(g);
    return s;
}

/* Does every factor read an entry that is there? */
static bool reads_all(const random_sum *m, const uint64_t at[AXES])
{
    for (uint32_t f = 0; f < m->factors; f++) {
        for (uint32_t i = 0; i < m->indices[f]; i++) {
            const random_index *x = &m->index[f][i];
            const int64_t u =
                x->s * (int64_t)at[x->a] + x->d * (int64_t)at[x->b] + x->e;

            if (x->own > 0 && (u < 0 || u >= (int64_t)x->own))
                return false;
        }
    }
    return true;
}

static bool is_named(const random_sum *m, uint32_t axis)
{
    bool named = false;

    for (uint32_t f = 0; f < m->factors; f++)
        for (uint32_t i = 0; i < m->indices[f]; i++)
            named = named || m->index[f][i].a == axis ||
                    (m->index[f][i].own > 0 && m->index[f][i].b == axis);
    return named;
}

/* The next position along the axes of out, or along those that are summed;
 * false: begun anew. */
static bool next_at(uint64_t at[AXES], const random_sum *m, bool out)
{
    for (uint32_t k = 0; k < AXES; k++) {
        if (m->out[k] != out || (!out && !is_named(m, k)))
            continue;
        if (++at[k] < m->len[k])
            return true;
        at[k] = 0;
    }
    return false;
}

/* The least and largest of sums with all entries of a tensor at one end of its
 * range. */
static void extremes(int64_t *low, int64_t *high, const random_sum *m)
{
    uint64_t at[AXES] = {0};

    *low = INT64_MAX;
    *high = INT64_MIN;
    do {
        int64_t n = 0;

        do
            n += reads_all(m, at);
        while (next_at(at, m, false));
        for (int ends = 0; ends < 4; ends++) {
            const int64_t x = ends & 1 ? m->max[0] : m->min[0];
            const int64_t z = m->factors == 1 ? 1
                              : ends & 2      ? m->max[1]
                                              : m->min[1];

            *low = n * x * z < *low ? n * x * z : *low;
            *high = n * x * z > *high ? n * x * z : *high;
        }
    } while (next_at(at, m, true));
}

/* A sum that some values of its tensors take out of v's range, or round p, is
 * refused, whatever its indices. */
static void no_sum_is_larger_than_what_is_checked(void **state)
{
    rng random = rng_new();
    uint32_t checked = 0, exact = 0, wrapped = 0;

    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        zkg_coeff c = {.negative = rng_below(&random, 2) == 0};
        zkg_error err = {0};
        random_sum m;
        int64_t low, high, most;
        zkg_status s;
        char text[100];

        random_sum_init(&m, &random);
        extremes(&low, &high, &m);
        s = check_sum(&m, "1", low, high, &err);
        if (s != ZKG_OK && strstr(err.text, "no lookup holds") == NULL)
            continue; /* no shape of a sum that is taken */
        checked++;
        exact += s == ZKG_OK;
        if (low < high) {
            assert_int_equal(check_sum(&m, "1", low + 1, high, NULL),
                             ZKG_ERR_MALFORMED);
            assert_int_equal(check_sum(&m, "1", low, high - 1, NULL),
                             ZKG_ERR_MALFORMED);
        }
        most = -low > high ? -low : high;
        if (most < 2)
            continue;
        /* 2^e most >= 2^253 > p/2 > 2^e */
        for (uint32_t e = 252; e > 0; e--) {
            if (most >> (253 - e) == 0)
                break;
            memset(c.limb, 0, sizeof(c.limb));
            c.limb[e / 32] = 1u << e % 32;
        }
        zkg_coeff_format(text, &c);
        err = (zkg_error){0};
        assert_int_equal(check_sum(&m, text, INT64_MIN, INT64_MAX, &err),
                         ZKG_ERR_MALFORMED);
        assert_non_null(strstr(err.text, "wrap mod p"));
        wrapped++;
    }
    print_message("%u sums, %u of them exactly bounded, %u made to wrap\n",
                  checked, exact, wrapped);
    assert_true(checked > 500 && 4 * exact > checked && wrapped > 200);
}

/* A virtual tensor is what its producer says: of 2^64 x or 2^63 x nobody says
 * that it stays within a byte. */
static void coefficients_are_not_cut_to_64_bits(void **state)
{
    static const char *const coefficient[] = {"127", "9223372036854775808",
                                              "18446744073709551617"};
    static const zkg_tensor_spec tensors[] = {
        {"x", ZKG_I8, ZKG_PUBLIC, 1, {2}, 0, 1},
        {"v", ZKG_I8, ZKG_VIRTUAL, 1, {2}, 0, 127},
        {"y", ZKG_I64, ZKG_PUBLIC, 1, {2}, INT64_MIN, INT64_MAX},
    };

    (void)state;
    for (int i = 0; i < 3; i++) {
        zkg_error err = {0};
        zkg_graph *g;
        zkg_status s;

        OK(zkg_graph_new(&g, NULL));
        for (int t = 0; t < 3; t++)
            OK(zkg_graph_add_tensor(g, &tensors[t], NULL));
        OK(zkg_graph_add_kernel(g, "k", NULL));
        OK(zkg_graph_kernel_axis(g, "k", "i", 2, NULL));
        for (int t = 0; t < 3; t++)
            OK(zkg_graph_kernel_param(g, "k", tensors[t].name, "i", NULL));
        OK(zkg_graph_kernel_einsum(g, "k", "i", NULL, NULL));
        OK(zkg_graph_kernel_term(g, "k", "1", "v[i]", NULL, NULL));
        OK(zkg_graph_kernel_term(g, "k", "-1", "y[i]", NULL, NULL));
        OK(zkg_graph_kernel_einsum(g, "k", "i", "v", NULL));
        OK(zkg_graph_kernel_term(g, "k", coefficient[i], "x[i]", NULL, NULL));
        OK(zkg_graph_add_task(g, NULL, "k", 1, NULL));
        for (int t = 0; t < 3; t++)
            OK(zkg_graph_bind(g, tensors[t].name, tensors[t].name, false,
                              NULL));
        s = zkg_statement_check(&g->st, &err);
        if (s != (i == 0 ? ZKG_OK : ZKG_ERR_MALFORMED) ||
            (i > 0 && strstr(err.text, "no lookup holds it") == NULL))
            fail_msg("%s: %s", coefficient[i], err.text);
        zkg_graph_free(g);
    }
}

/* An index over 2^20 values, in many terms of one kernel. */
static void affine_indices_are_limited(void **state)
{
    (void)state;
    for (uint32_t more = 0; more < 2; more++) {
        zkg_graph *g = sample();
        zkg_error err = {.text = ""};
        zkg_status s;

        OK(zkg_graph_kernel_axis(g, "dense", "j", 1 << 20, NULL));
        OK(zkg_graph_kernel_einsum(g, "dense", "", NULL, NULL));
        for (uint64_t i = 0; i < (ZKG_MAX_ALL_PAIRS >> 20) + more; i++)
            OK(zkg_graph_kernel_term(g, "dense", "1", "x[1*j+1]", NULL, NULL));
        s = zkg_graph_finish(g, &err);
        if (s != (more == 0 ? ZKG_OK : ZKG_ERR_MALFORMED) ||
            (more > 0 && strstr(err.text, "kernel dense: with its affine "
                                          "indices, those of all") == NULL))
            fail_msg("%u: %s", more, err.text);
        zkg_graph_free(g);
    }
}

static void coefficients_are_decimal(void **state)
{
    static const char *const good[] = {
        "0",
        "1",
        "-1",
        "9223372036854775808",
        "-340282366920938463463374607431768211456",
        "115792089237316195423570985008687907853269984665640564039457584007913"
        "129639935"};
    static const char *const bad[] = {
        "",
        "-",
        "-0",
        "+1",
        "01",
        "1.5",
        " 1",
        "1e3",
        "115792089237316195423570985008687907853269984665640564039457584007913"
        "129639936"};
    char text[100];
    zkg_coeff c;
    int64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(zkg_coeff_parse(&c, good[i]));
        zkg_coeff_format(text, &c);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(zkg_coeff_parse(&c, bad[i]));
    assert_true(zkg_coeff_parse(&c, "-9223372036854775808"));
    assert_true(zkg_coeff_to_i64(&v, &c) && v == INT64_MIN);
    assert_true(zkg_coeff_parse(&c, "9223372036854775808"));
    assert_false(zkg_coeff_to_i64(&v, &c));
    zkg_coeff_from_i64(&c, INT64_MIN);
    zkg_coeff_format(text, &c);
    assert_string_equal(text, "-9223372036854775808");
}

/* p = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001 */
static void half_p_is_the_limit(void **state)
{
    static const uint32_t half[8] = {0xf8000000, 0xa1f0fac9, 0x3cdcb848,
                                     0x9419f424, 0x40c0ac2e, 0xdc2822db,
                                     0x7098d014, 0x18322739};
    zkg_u256 v = {.over = false}, one = {.limb = {1}};

    (void)state;
    memcpy(v.limb, half, sizeof(half)); /* (p-1)/2 */
    assert_true(zkg_u256_is_below_half_p(&v));
    zkg_u256_add(&v, &one);
    assert_false(zkg_u256_is_below_half_p(&v));
    v = (zkg_u256){.limb = {3}};
    for (int i = 0; i < 4; i++)
        zkg_u256_mul_u64(&v, UINT64_MAX);
    assert_true(v.over);
    assert_false(zkg_u256_is_below_half_p(&v));
    v = (zkg_u256){.limb = {0xffffffff, 0xffffffff}};
    zkg_u256_mul_u64(&v, UINT64_MAX);
    assert_false(v.over);
    assert_int_equal(v.limb[0], 1);
    assert_int_equal(v.limb[1], 0);
    assert_int_equal(v.limb[2], 0xfffffffe);
    assert_int_equal(v.limb[3], 0xffffffff);
}

static void bits_are_those_of_the_largest_magnitude(void **state)
{
    static const struct {
        int64_t min, max;
        uint32_t bits;
    } cases[] = {
        {0, 0, 1},           {0, 1, 1},          {-1, 0, 1},
        {-2, 0, 1},          {-3, 0, 2},         {0, 255, 8},
        {-256, 255, 8},      {-257, 255, 9},     {0, 256, 9},
        {-32768, 32767, 15}, {0, INT64_MAX, 63}, {INT64_MIN, 0, 63},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const zkg_tensor t = {
            .type = ZKG_I64, .min = cases[i].min, .max = cases[i].max};

        assert_int_equal(zkg_tensor_bits(&t), cases[i].bits);
    }
    assert_int_equal(zkg_tensor_bits(&(zkg_tensor){.type = ZKG_FR}), 254);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_is_accepted),
        cmocka_unit_test(encoding_is_canonical),
        cmocka_unit_test(changed_bytes_change_the_digest),
        cmocka_unit_test(every_bad_statement_is_refused),
        cmocka_unit_test(a_graph_of_nothing_is_none),
        cmocka_unit_test(bounds_count_real_windows),
        cmocka_unit_test(no_sum_is_larger_than_what_is_checked),
        cmocka_unit_test(coefficients_are_not_cut_to_64_bits),
        cmocka_unit_test(affine_indices_are_limited),
        cmocka_unit_test(coefficients_are_decimal),
        cmocka_unit_test(half_p_is_the_limit),
        cmocka_unit_test(bits_are_those_of_the_largest_magnitude),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
