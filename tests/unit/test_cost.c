/* SPDX-License-Identifier: Apache-2.0
 * The cost model: counts of small kernels by hand, and its file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/bits.h"
#include "base/mem.h"
#include "curve/msm.h"
#include "graph/bind.h"
#include "graph/graph.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "pcs/srs.h"
#include "schedule/cost.h"
#include "verifier/root.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"
#include "zkgkr/prove.h"

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s", err->text);
}

static void tensor(zkg_graph *g, const char *name, zkg_visibility vis,
                   uint32_t axes, uint64_t n, uint64_t m)
{
    const zkg_tensor_spec spec = {name, ZKG_U8, vis, axes, {n, m}, 0, 15};
    zkg_error err = {0};

    must(zkg_graph_add_tensor(g, &spec, &err), &err);
    must(zkg_graph_add_input(g, name, &err), &err);
}

/* y[o] = sum_k w[o,k] x[k], x in 0..15: 12 x 20, all public but x. */
static zkg_graph *dense(uint64_t copies)
{
    zkg_error err = {0};
    zkg_graph *g = NULL;

    must(zkg_graph_new(&g, &err), &err);
    must(zkg_graph_add_table(g, "four", ZKG_KIND_RANGE, 4, &err), &err);
    tensor(g, "w", ZKG_PUBLIC, 2, 12, 20);
    if (copies == 1) {
        tensor(g, "x", ZKG_PRIVATE, 1, 20, 0);
        tensor(g, "y", ZKG_PUBLIC, 1, 12, 0);
    } else {
        tensor(g, "x", ZKG_PRIVATE, 2, copies, 20);
        tensor(g, "y", ZKG_PUBLIC, 2, copies, 12);
    }
    must(zkg_graph_add_kernel(g, "dense", &err), &err);
    must(zkg_graph_kernel_axis(g, "dense", "o", 12, &err), &err);
    must(zkg_graph_kernel_axis(g, "dense", "k", 20, &err), &err);
    must(zkg_graph_kernel_param(g, "dense", "w", "o,k", &err), &err);
    must(zkg_graph_kernel_param(g, "dense", "x", "k", &err), &err);
    must(zkg_graph_kernel_param(g, "dense", "y", "o", &err), &err);
    must(zkg_graph_kernel_lookup(g, "dense", "four", "x", &err), &err);
    must(zkg_graph_kernel_einsum(g, "dense", "o", NULL, &err), &err);
    must(zkg_graph_kernel_term(g, "dense", "1", "w[o,k]", "x[k]", &err), &err);
    must(zkg_graph_kernel_term(g, "dense", "-1", "y[o]", NULL, &err), &err);
    must(zkg_graph_add_task(g, NULL, "dense", copies, &err), &err);
    must(zkg_graph_bind(g, "w", "w", copies > 1, &err), &err);
    must(zkg_graph_bind(g, "x", "x", false, &err), &err);
    must(zkg_graph_bind(g, "y", "y", false, &err), &err);
    must(zkg_graph_finish(g, &err), &err);
    return g;
}

static void counts_of_a_dense_layer(void **state)
{
    zkg_graph *g = dense(1);
    zkg_work w;

    (void)state;
    zkg_work_count(&w, &g->st, 0, NULL, true);
    assert_true(w.leaves == 32); /* 20 rows, padded */
    /* w folded over o, line by line; y at o; x as it lies */
    assert_true(w.bytes == 240 && w.lines == 12 + 1);
    assert_true(w.dots == 12 && w.places == 0);
    assert_true(w.entries == 32);                      /* over k */
    assert_true(w.columns == 0 && w.numerators == 32); /* the indicator */
    assert_true(w.lifted == 32);                       /* of w folded at o */
    assert_true(w.rounds == 15 + 5); /* a tree of 5 layers, 5 rounds */
    assert_true(w.sums == 0);        /* too small to be dealt out */
    assert_true(w.passes == 10 + 5 && w.sumchecks == 5 + 1 && w.trees == 1);
    assert_true(w.terms == 2 && w.folds == 2 && w.affine == 0);
    assert_true(w.masked == 0); /* w is public */
    assert_true(w.gates == 0 && w.elements == 0);
    zkg_work_count(&w, &g->st, 1, NULL, true); /* the table's side */
    assert_true(w.leaves == 16 && w.rounds == 10);
    assert_true(w.columns == 0 && w.numerators == 16); /* multiplicities */
    assert_true(w.passes == 6 && w.sumchecks == 4 && w.trees == 1);
    zkg_graph_free(g);
}

static void copies_multiply_what_is_not_broadcast(void **state)
{
    zkg_graph *g = dense(8);
    zkg_work w;

    (void)state;
    zkg_work_count(&w, &g->st, 0, NULL, true);
    assert_true(w.leaves == 8 * 32);
    /* x alone has the copies: folded at r, no batch. */
    assert_true(w.bytes == 240 + 8 * 20 && w.dots == 8 * 12);
    assert_true(w.lines == 12 + 8 + 1 && w.entries == 32);
    zkg_graph_free(g);
}

static void the_root_counts_what_is_committed_and_opened(void **state)
{
    zkg_graph *g = dense(1);
    zkg_root_work w;

    (void)state;
    zkg_root_work_count(&w, &g->st, 4, NULL);
    /* x, in two chunks of 16, and the table's counts. */
    assert_true(w.values == 20 + 16);
    assert_true(w.additions ==
                2 * (double)zkg_msm_cost(10, 4) + (double)zkg_msm_cost(16, 1));
    /* w and y */
    assert_true(w.hashed == 240 + 12);
    assert_true(w.chunks == 2 + 1 && w.sums == w.chunks);
    /* x for the lookup and for the sum, the counts for the table. */
    assert_true(w.claims == 3 && w.opened_bytes == 20 + 20 + 8 * 16);
    assert_true(w.opened_points == 16 + 16 + 16 && w.opened_rounds == 12);
    assert_true(w.opened_columns == w.opened_points);
    assert_true(w.root == 16 && w.opened == 16);
    assert_true(w.written == w.hashed && w.fixed_points == 0);
    assert_true(w.ratchets == 1000 && w.padding == 0);
    zkg_graph_free(g);
}

/* What dense(1) commits to, x being `x`: a witness as far as its counts go. */
static void count_with(zkg_root_work *w, const zkg_graph *g, const zkg_array *x)
{
    const zkg_array *view[16];
    zkg_cost_shapes shapes;
    zkg_array count;

    must(zkg_cost_shapes_init(&shapes, &g->st), NULL);
    assert_true(g->st.tensors <= 16);
    for (uint32_t i = 0; i < g->st.tensors; i++) {
        view[i] = strcmp(g->st.tensor[i].name, "x") == 0 ? x : shapes.view[i];
        if (strncmp(g->st.tensor[i].name, "count.", 6) != 0)
            continue;
        must(zkg_array_init(&count, ZKG_I64, 1, g->st.tensor[i].len, NULL),
             NULL);
        view[i] = &count;
    }
    zkg_root_work_count(w, &g->st, 4, view);
    zkg_array_clear(&count);
    zkg_cost_shapes_clear(&shapes);
}

/* Elements near 0 or p cost as integers do, zeros nothing, any other as wide.
 */
static void small_elements_are_committed_as_integers(void **state)
{
    static const int64_t value[20] = {0, 1, -1, 15, -16, 0, 7, 3, 2};
    zkg_array ints = {0}, elements = {0};
    const uint64_t n = 20;
    zkg_graph *g = dense(1);
    zkg_root_work w, v;
    zkg_fr *x;

    (void)state;
    must(zkg_array_init(&ints, ZKG_I8, 1, &n, NULL), NULL);
    must(zkg_array_init(&elements, ZKG_FR, 1, &n, NULL), NULL);
    x = elements.data;
    for (uint64_t i = 0; i < n; i++) {
        zkg_array_set_i64(&ints, i, value[i]);
        zkg_fr_from_i64(&x[i], value[i]);
    }
    count_with(&w, g, &ints);
    count_with(&v, g, &elements);
    assert_true(w.additions == (double)zkg_msm_cost(7, 4) && w.sums == 1);
    assert_true(v.additions == w.additions && v.sums == 1);
    zkg_fr_inv(&x[1], &x[3]);
    count_with(&v, g, &elements);
    assert_true(v.additions > 5 * w.additions && v.sums == 1);
    zkg_array_clear(&ints);
    zkg_array_clear(&elements);
    zkg_graph_free(g);
}

/* x = y, both looked up. */
static void claims_at_one_point_are_one_sum(void **state)
{
    zkg_graph *g = NULL;
    zkg_error err = {0};
    zkg_work task;
    zkg_root_work w;
    zkg_root_layout layout;
    const zkg_srs_key srs = {.k = 3};

    (void)state;
    must(zkg_graph_new(&g, &err), &err);
    must(zkg_graph_add_table(g, "four", ZKG_KIND_RANGE, 4, &err), &err);
    tensor(g, "x", ZKG_PRIVATE, 1, 12, 0);
    tensor(g, "y", ZKG_PRIVATE, 1, 12, 0);
    must(zkg_graph_add_kernel(g, "k", &err), &err);
    must(zkg_graph_kernel_axis(g, "k", "i", 12, &err), &err);
    must(zkg_graph_kernel_param(g, "k", "x", "i", &err), &err);
    must(zkg_graph_kernel_param(g, "k", "y", "i", &err), &err);
    must(zkg_graph_kernel_lookup(g, "k", "four", "x", &err), &err);
    must(zkg_graph_kernel_lookup(g, "k", "four", "y", &err), &err);
    must(zkg_graph_kernel_einsum(g, "k", "i", NULL, &err), &err);
    must(zkg_graph_kernel_term(g, "k", "1", "x[i]", NULL, &err), &err);
    must(zkg_graph_kernel_term(g, "k", "-1", "y[i]", NULL, &err), &err);
    must(zkg_graph_add_task(g, NULL, "k", 1, &err), &err);
    must(zkg_graph_bind(g, "x", "x", false, &err), &err);
    must(zkg_graph_bind(g, "y", "y", false, &err), &err);
    must(zkg_graph_finish(g, &err), &err);
    zkg_root_work_count(&w, &g->st, srs.k, NULL);
    /* x, y at the lookups' point, where the sum has them too; the counts. */
    zkg_work_count(&task, &g->st, 0, NULL, true);
    assert_true(task.dots == 0 && task.lines == 0 && task.terms == 2);
    assert_true(task.trees == 2 && task.sumchecks == 4 && task.passes == 12);
    assert_true(task.folds == 0 && task.rounds == 10);
    assert_true(w.claims == 3 && w.opened_points == 8 + 8);
    assert_true(w.opened_columns == 8 + 8 + 8 && w.opened_rounds == 3 + 3);
    must(zkg_root_layout_init(&layout, &g->st, &srs, &err), &err);
    assert_true(w.claims == (double)layout.claims);
    zkg_root_layout_clear(&layout);
    zkg_graph_free(g);
}

/* s = sum_i u[i] x[i], u fixed and x private: neither is 0 beyond the 12th, so
 * that an indicator is a third factor.  v, virtual and x, is read twice: its
 * two claims are merged. */
static void masked_and_merged_sums_count_more(void **state)
{
    const zkg_tensor_spec u = {"u", ZKG_U8, ZKG_FIXED, 1, {12}, 0, 15};
    const zkg_tensor_spec v = {"v", ZKG_I32, ZKG_VIRTUAL, 1, {12}, 0, 15};
    const int64_t one[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const char *const param[] = {"x", "u", "v", "y", "s"};
    zkg_error err = {0};
    zkg_graph *g = NULL;
    zkg_work w;

    (void)state;
    must(zkg_graph_new(&g, &err), &err);
    must(zkg_graph_add_table(g, "four", ZKG_KIND_RANGE, 4, &err), &err);
    tensor(g, "x", ZKG_PRIVATE, 1, 12, 0);
    tensor(g, "y", ZKG_PUBLIC, 1, 12, 0);
    tensor(g, "s", ZKG_PUBLIC, 0, 0, 0);
    must(zkg_graph_add_tensor(g, &u, &err), &err);
    must(zkg_graph_set_fixed(g, "u", one, 12, &err), &err);
    must(zkg_graph_add_tensor(g, &v, &err), &err);
    must(zkg_graph_add_kernel(g, "k", &err), &err);
    must(zkg_graph_kernel_axis(g, "k", "i", 12, &err), &err);
    for (int i = 0; i < 5; i++)
        must(zkg_graph_kernel_param(g, "k", param[i], i < 4 ? "i" : "", &err),
             &err);
    must(zkg_graph_kernel_lookup(g, "k", "four", "x", &err), &err);
    must(zkg_graph_kernel_einsum(g, "k", "", NULL, &err), &err);
    must(zkg_graph_kernel_term(g, "k", "1", "u[i]", "x[i]", &err), &err);
    must(zkg_graph_kernel_term(g, "k", "-1", "s", NULL, &err), &err);
    for (int i = 0; i < 2; i++) {
        must(zkg_graph_kernel_einsum(g, "k", "i", NULL, &err), &err);
        must(zkg_graph_kernel_term(g, "k", "1", "v[i]", NULL, &err), &err);
        must(zkg_graph_kernel_term(g, "k", "-1", "y[i]", NULL, &err), &err);
    }
    must(zkg_graph_kernel_einsum(g, "k", "i", "v", &err), &err);
    must(zkg_graph_kernel_term(g, "k", "1", "x[i]", NULL, &err), &err);
    must(zkg_graph_add_task(g, "t", "k", 1, &err), &err);
    for (int i = 0; i < 5; i++)
        must(zkg_graph_bind(g, param[i], param[i], false, &err), &err);
    must(zkg_graph_rule_solve(g, "t", 3, "v", &err), &err);
    must(zkg_graph_finish(g, &err), &err);
    zkg_work_count(&w, &g->st, 0, NULL, true);
    assert_true(w.masked == 16 && w.merged == 2 * 16);
    assert_true(w.entries == 16 + 16 && w.lifted == w.entries);
    /* the tree's layers, the product, the merge */
    assert_true(w.sumchecks == 4 + 1 + 1 && w.passes == 6 + 4 + 4);
    zkg_graph_free(g);
}

static zkg_status square(zkg_recorder **out, zkg_error *err)
{
    zkg_var v;

    ZKG_TRY(zkg_recorder_new(out, "square", err));
    v = zkg_get(*out, zkg_input(*out, "x", ZKG_FR, 0, NULL), 0);
    for (int i = 0; i < 3; i++)
        v = zkg_mul(*out, v, v);
    zkg_set(*out, zkg_output(*out, "y", ZKG_FR, 0, NULL), 0, v);
    return zkg_recorder_finish(*out, err);
}

/* Gates and terms once, and times the copies; rounds of two phases a layer, and
 * over the copies. */
static void counts_of_a_circuit(void **state)
{
    zkg_recorder *kernel = NULL;
    zkg_device *d = NULL;
    zkg_graph *g = NULL;
    zkg_error err = {0};
    zkg_handle x, y;
    zkg_work w;
    double wires = 0, rounds = 0, sums = 0, terms = 0;
    zkg_root_work root;
    const zkg_circuit *c;

    (void)state;
    must(square(&kernel, &err), &err);
    must(zkg_device_new(&d, &err), &err);
    must(zkg_device_input(d, &x, "x", ZKG_FR, ZKG_PRIVATE, 1, (uint64_t[]){10},
                          &err),
         &err);
    must(zkg_device_call(d, NULL, kernel, 10,
                         (zkg_arg[]){{"x", .in = x}, {"y", .out = &y}}, 2,
                         &err),
         &err);
    must(zkg_device_output(d, y, "y", ZKG_PUBLIC, &err), &err);
    must(zkg_device_finish(&g, d, &err), &err);
    c = &g->st.circuit[0];
    assert_true(c->layers >= 3);
    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_layer *l = &c->layer[i];

        wires += (double)l->gates + l->muls + l->adds + l->constants;
        rounds += 2 * zkg_log2_ceil(l->gates) + 4;
        sums += zkg_log2_ceil(l->gates); /* over copies dealt out */
        terms += 24.0 * l->muls + 16.0 * l->adds;
    }
    /* every rank has it */
    zkg_root_work_count(&root, &g->st, 4, NULL);
    assert_true(root.fixed_bytes > terms &&
                root.fixed_bytes < terms + 500 * (c->layers + c->coeffs));
    zkg_work_count(&w, &g->st, 0, NULL, true);
    assert_true(w.circuit_layers == c->layers && w.wires == wires);
    assert_true(w.gates == 10 * wires && w.small_gates == 0);
    assert_true(w.rounds == rounds && w.passes == rounds);
    assert_true(w.sums == sums);
    assert_true(w.sumchecks == 0 && w.trees == 0);
    zkg_graph_free(g);
    zkg_device_free(d);
    zkg_recorder_free(kernel);
}

static void more_ranks_cost_more_work_and_less_memory(void **state)
{
    zkg_graph *g = dense(64);
    zkg_error err = {0};
    zkg_job job;

    (void)state;
    must(zkg_job_init(&job, &g->st, 64, &err), &err);
    for (uint32_t n = 2; n <= 64; n++) {
        assert_true(n * zkg_job_seconds(&job, 0, n) >
                    (n - 1) * zkg_job_seconds(&job, 0, n - 1));
        assert_true(zkg_job_bytes(&job, 0, n) <= zkg_job_bytes(&job, 0, n - 1));
    }
    assert_true(zkg_job_useful(&job, 0) >= 1 &&
                zkg_job_useful(&job, 0) <= job.width[0]);
    zkg_job_clear(&job);
    zkg_graph_free(g);
}

/* Prove task 0 of dense(copies), all w and x being 1; how much of an arena it
 * took. */
static double taken(const zkg_graph *g)
{
    const zkg_lookup_challenges challenge = {{{7, 1}}, {{5, 2}}};
    zkg_array array[4] = {{0}};
    const zkg_array *view[4] = {NULL};
    zkg_arena arena = {0};
    zkg_bound_task task;
    zkg_error err = {0};
    zkg_tape tape;
    zkg_child child = {.tape = &tape,
                       .comm = (zkg_comm *)(uintptr_t)zkg_comm_self(),
                       .backend = zkg_backend_ref(),
                       .challenge = &challenge,
                       .scratch = &arena};
    size_t most;

    assert_true(g->st.tensors <= 4);
    for (uint32_t i = 0; i < g->st.tensors; i++) {
        const zkg_tensor *t = &g->st.tensor[i];

        must(zkg_array_init(&array[i], t->type, t->axes, t->len, &err), &err);
        for (uint64_t k = 0; k < zkg_tensor_count(t); k++)
            zkg_array_set_i64(&array[i], k, t->name[0] == 'y' ? 20 : 1);
        view[i] = &array[i];
    }
    zkg_tape_init_prove(&tape);
    must(zkg_statement_task(&task, &g->st, 0, view, &err), &err);
    must(zkg_arena_reserve(&arena, zkg_task_scratch(&task.relations, 1)), &err);
    must(zkg_task_prove(&child, &task.relations, &err), &err);
    most = arena.most;
    zkg_bound_task_clear(&task);
    zkg_child_clear(&child);
    zkg_tape_clear(&tape);
    zkg_arena_clear(&arena);
    for (uint32_t i = 0; i < g->st.tensors; i++)
        zkg_array_clear(&array[i]);
    return (double)most;
}

/* Never below what the task takes of its arena, and, the bytes of any child
 * left out, at most twice that. */
static void memory_is_what_a_task_takes(void **state)
{
    static const uint64_t copies[] = {1, 2, 3, 8, 31, 64, 65, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        zkg_graph *g = dense(copies[i]);
        zkg_cost_shapes shapes;
        zkg_work w;
        double most, told;

        must(zkg_cost_shapes_init(&shapes, &g->st), NULL);
        zkg_work_count(&w, &g->st, 0, shapes.view, true);
        told = w.each_bytes + w.split_bytes - ZKG_CHILD_BYTES;
        most = taken(g);
        if (told < most || told > 2 * most)
            fail_msg("%llu copies: told %.0f, took %.0f",
                     (unsigned long long)copies[i], told, most);
        zkg_cost_shapes_clear(&shapes);
        zkg_graph_free(g);
    }
}

/* For any group, what is told is at least what a rank's arena has. */
static void memory_of_a_group_is_enough(void **state)
{
    zkg_graph *g = dense(3000);
    zkg_cost_shapes shapes;
    zkg_error err = {0};
    zkg_bound_task task;
    zkg_work w;

    (void)state;
    must(zkg_cost_shapes_init(&shapes, &g->st), &err);
    zkg_work_count(&w, &g->st, 0, shapes.view, true);
    must(zkg_statement_task(&task, &g->st, 0, shapes.view, &err), &err);
    for (uint32_t size = 1; size <= 64; size++)
        assert_true(w.each_bytes + w.split_bytes / size >=
                    (double)zkg_task_scratch(&task.relations, size));
    zkg_bound_task_clear(&task);
    zkg_cost_shapes_clear(&shapes);
    zkg_graph_free(g);
}

/* ---- whole proofs ------------------------------------------------------ */

enum { SIDE = 32, WINDOW = 3, MAPS = 4 };

/* y[o,v,u] = sum_{c,i,j} w[o,c,i,j] x[c,v+i,u+j], y in 0..127: MAPS to `maps`;
 * w and x private. */
static zkg_graph *convolution(uint64_t maps)
{
    const uint64_t in = SIDE + WINDOW - 1;
    const zkg_tensor_spec tensors[] = {
        {"w", ZKG_I8, ZKG_PRIVATE, 4, {maps, MAPS, WINDOW, WINDOW}, 0, 1},
        {"x", ZKG_U8, ZKG_PRIVATE, 3, {MAPS, in, in}, 0, 1},
        {"y", ZKG_I16, ZKG_PRIVATE, 3, {maps, SIDE, SIDE}, 0, 127}};
    static const char *const axes[] = {"o,c,i,j", "c,p,q", "o,v,u"};
    const struct {
        const char *name;
        uint64_t len;
    } axis[] = {{"o", maps}, {"c", MAPS}, {"i", WINDOW}, {"j", WINDOW},
                {"v", SIDE}, {"u", SIDE}, {"p", in},     {"q", in}};
    zkg_error err = {0};
    zkg_graph *g = NULL;

    must(zkg_graph_new(&g, &err), &err);
    must(zkg_graph_add_table(g, "seven", ZKG_KIND_RANGE, 7, &err), &err);
    must(zkg_graph_add_table(g, "one", ZKG_KIND_RANGE, 1, &err), &err);
    must(zkg_graph_add_kernel(g, "conv", &err), &err);
    for (size_t i = 0; i < sizeof(axis) / sizeof(axis[0]); i++)
        must(zkg_graph_kernel_axis(g, "conv", axis[i].name, axis[i].len, &err),
             &err);
    for (int i = 0; i < 3; i++) {
        must(zkg_graph_add_tensor(g, &tensors[i], &err), &err);
        must(zkg_graph_add_input(g, tensors[i].name, &err), &err);
        must(zkg_graph_kernel_param(g, "conv", tensors[i].name, axes[i], &err),
             &err);
    }
    must(zkg_graph_kernel_lookup(g, "conv", "seven", "y", &err), &err);
    must(zkg_graph_kernel_lookup(g, "conv", "one", "w", &err), &err);
    must(zkg_graph_kernel_lookup(g, "conv", "one", "x", &err), &err);
    must(zkg_graph_kernel_einsum(g, "conv", "o,v,u", NULL, &err), &err);
    must(zkg_graph_kernel_term(g, "conv", "1", "w[o,c,i,j]", "x[c,v+i,u+j]",
                               &err),
         &err);
    must(zkg_graph_kernel_term(g, "conv", "-1", "y[o,v,u]", NULL, &err), &err);
    must(zkg_graph_add_task(g, NULL, "conv", 1, &err), &err);
    for (int i = 0; i < 3; i++)
        must(zkg_graph_bind(g, tensors[i].name, tensors[i].name, false, &err),
             &err);
    must(zkg_graph_finish(g, &err), &err);
    return g;
}

static void counts_of_a_convolution(void **state)
{
    const double in = SIDE + WINDOW - 1, maps = 3;
    zkg_graph *g = convolution(3);
    zkg_work w;

    (void)state;
    zkg_work_count(&w, &g->st, 0, NULL, true);
    /* x: sums of rows for each place of the window, then of what they left;
     * folded over the maps for its own sum.  w: over its maps.  y: looked up.
     */
    assert_true(w.bytes == WINDOW * MAPS * SIDE * in + MAPS * in * in +
                               maps * MAPS * WINDOW * WINDOW);
    assert_true(w.elements == WINDOW * WINDOW * MAPS * SIDE);
    assert_true(w.places == WINDOW * WINDOW * MAPS);
    assert_true(w.lines == MAPS + maps && w.dots == 0);
    /* the product, y's value, x's sum; two axes and their weights */
    assert_true(w.terms == 3 && w.affine == 2 + 2 && w.folds == 2);
    zkg_graph_free(g);
}

/* What this process had at most in a proof's tasks, and in its opening, beside
 * what it had before them. */
typedef struct held {
    zkg_stage stage;
    size_t before;
    double tasks, opening;
} held;

static void look(held *h, zkg_stage next)
{
    size_t now = 0, peak = 0;

#ifdef ZKG_TEST_HOOKS
    zkg_mem_live(&now, &peak);
#endif
    if (h->stage == ZKG_STAGE_OPENING)
        h->opening = fmax(h->opening, (double)peak - (double)h->before);
    else if (h->stage != ZKG_STAGE_COMMIT)
        h->tasks = fmax(h->tasks, (double)peak - (double)h->before);
    else if (next != ZKG_STAGE_COMMIT)
        h->tasks = (double)now - (double)h->before; /* the arena */
    if (next == ZKG_STAGE_COMMIT || next == ZKG_STAGE_OPENING)
        h->before = now;
    h->stage = next;
}

static zkg_status look_at_stage(void *user, zkg_stage stage, const char *what,
                                zkg_error *err)
{
    (void)what;
    (void)err;
    look(user, stage);
    return ZKG_OK;
}

/* The statement's proof, all inputs but y being 1. */
static void prove_all(held *h, zkg_job *job, const zkg_graph *g, uint32_t k)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    const zkg_prove_options options = {.stage = look_at_stage, .stage_user = h};
    const zkg_fr tau = {{3, 1}};
    zkg_srs *srs = NULL;
    zkg_witness w = {0};
    zkg_key key = {0};
    zkg_error err = {0};
    uint8_t *proof;
    size_t len;

    *h = (held){.stage = ZKG_STAGE_COMMIT};
    must(zkg_srs_from_tau(&srs, k, &tau, &err), &err);
    must(zkg_setup(&key, NULL, g, srs, ZKG_PCS_MERCURY, 0, &err), &err);
    must(zkg_witness_init(&w, g, &err), &err);
    for (uint32_t i = 0; i < g->inputs; i++) {
        const zkg_tensor *t = &g->st.tensor[g->input[i]];
        zkg_array *a = &w.array[g->input[i]];

        must(zkg_array_init(a, t->type, t->axes, t->len, &err), &err);
        for (uint64_t c = 0; c < zkg_tensor_count(t); c++)
            zkg_array_set_i64(a, c,
                              t->name[0] == 'y' ? MAPS * WINDOW * WINDOW : 1);
    }
    zkg_witness_refresh(&w);
    must(zkg_witness_solve(&w, g, &err), &err);
    must(
        zkg_job_init_costs(job, &key.statement, 1, k, &zkg_costs_builtin, &err),
        &err);
    must(zkg_prove(&proof, &len, NULL, self, self,
                   &(zkg_prove_input){&key, srs, w.view, NULL}, &options, &err),
         &err);
    look(h, ZKG_STAGE_WRITING);
    zkg_free(proof);
    zkg_witness_clear(&w);
    zkg_key_clear(&key);
    zkg_srs_free(srs);
}

/* Told at least what was taken, and at most `times` it, a child's bytes left
 * out; without hooks nothing is known. */
static void check_told(const char *what, double told, double taken,
                       double times)
{
    printf("# %s: told %.0f KiB, took %.0f (%.2f)\n", what, told / 1024,
           taken / 1024, told / taken);
    if (taken > 0 && (told + ZKG_CHILD_BYTES < taken ||
                      told > times * taken + ZKG_CHILD_BYTES))
        fail_msg("%s: told %.0f, took %.0f", what, told, taken);
}

/* Convolutions and openings of several sizes. */
static void memory_is_what_a_proof_takes(void **state)
{
    static const uint64_t maps[] = {3, 16, 33};

    (void)state;
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        for (uint32_t k = 8; k <= 12; k += 4) {
            zkg_graph *g = convolution(maps[i]);
            double tasks = 0;
            zkg_job job;
            held h;

            prove_all(&h, &job, g, k);
            for (uint32_t c = 0; c < job.tasks + job.tables; c++)
                tasks = fmax(tasks, zkg_job_bytes(&job, c, 1));
            check_told("tasks", tasks - ZKG_CHILD_BYTES, h.tasks, 2);
            /* of 2^k points, though chunks are shorter */
            check_told("opening", job.after_bytes, h.opening, 2.5);
            zkg_job_clear(&job);
            zkg_graph_free(g);
        }
}

static void constants_survive_their_file(void **state)
{
    char path[] = "/tmp/zkgkr-costs-XXXXXX";
    zkg_costs costs = zkg_costs_builtin, back;
    zkg_error err = {0};
    char *text;
    FILE *f;

    (void)state;
    costs.leaf = 1.25e-7;
    costs.addition = 3.5e-6;
    must(zkg_costs_text(&text, &costs, &err), &err);
    f = fdopen(mkstemp(path), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    must(zkg_costs_read(&back, path, &err), &err);
    assert_true(back.leaf == 1.25e-7 && back.addition == 3.5e-6);
    assert_memory_equal(&back, &costs, sizeof(costs));
    free(text);
    unlink(path);
}

static void bad_constants_are_named(void **state)
{
    static const struct {
        const char *text;
        size_t len; /* 0: all of text */
        const char *said;
    } cases[] = {
        {"leaf 1e-7\nchild\n", 0, ":2: expected `name number`"},
        {"leaf 1e-7 2\n", 0, ":1: expected `name number`"},
        {"leaf -1", 0, ":1: `-1` is no number from 0 to 1e+15"},
        {"leaf 1s", 0, ":1: `1s` is no number from 0 to 1e+15"},
        {"leaf nan", 0, ":1: `nan` is no number from 0 to 1e+15"},
        {"leaf inf", 0, ":1: `inf` is no number from 0 to 1e+15"},
        {"leaf 1.1e15", 0, ":1: `1.1e15` is no number from 0 to 1e+15"},
        {"leaf 1\n\ngate 1\nleaf 1", 0,
         ":4: `leaf` stands on line 1 already (keep one of them)"},
        {"leav 1", 0, ":1: unknown constant `leav` (did you mean `leaf`?)"},
        {"leaf 1\n\0gate 1\n", 15, ":2: byte 0x00 is not text"},
        {"\033[2Jleaf 1", 0, ":1: unknown constant `?[2Jleaf`"},
    };
    char path[] = "/tmp/zkgkr-costs-XXXXXX";
    const int fd = mkstemp(path);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const size_t len =
            cases[i].len != 0 ? cases[i].len : strlen(cases[i].text);
        zkg_error err = {0};
        zkg_costs c;

        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, cases[i].text, len, 0), len);
        assert_int_equal(zkg_costs_read(&c, path, &err), ZKG_ERR_MALFORMED);
        if (strncmp(err.text, path, strlen(path)) != 0 ||
            strstr(err.text, cases[i].said) == NULL)
            fail_msg("case %zu: %s", i, err.text);
    }
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_a_dense_layer),
        cmocka_unit_test(copies_multiply_what_is_not_broadcast),
        cmocka_unit_test(the_root_counts_what_is_committed_and_opened),
        cmocka_unit_test(small_elements_are_committed_as_integers),
        cmocka_unit_test(claims_at_one_point_are_one_sum),
        cmocka_unit_test(masked_and_merged_sums_count_more),
        cmocka_unit_test(counts_of_a_circuit),
        cmocka_unit_test(more_ranks_cost_more_work_and_less_memory),
        cmocka_unit_test(memory_is_what_a_task_takes),
        cmocka_unit_test(memory_of_a_group_is_enough),
        cmocka_unit_test(counts_of_a_convolution),
        cmocka_unit_test(memory_is_what_a_proof_takes),
        cmocka_unit_test(constants_survive_their_file),
        cmocka_unit_test(bad_constants_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
