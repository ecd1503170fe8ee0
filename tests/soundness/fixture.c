/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../unit/rng.h"
#include "base/mem.h"
#include "fixture.h"
#include "graph/eval.h"
#include "graph/proof.h"
#include "graph/setup.h"
#include "pcs/srs.h"
#include "verifier/root.h"
#include "zkgkr/comm.h"
#include "zkgkr/prove.h"
#include "zkgkr/verify.h"

#define SHIFT 4

static int64_t between(rng *state, int64_t min, int64_t max)
{
    return min + (int64_t)(rng_u64(state) % (uint64_t)(max - min + 1));
}

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/* ---- the statement ---- */

static zkg_status add_tensors(zkg_graph *g, const fx_shape *shape,
                              zkg_error *err)
{
    const uint64_t c = shape->copies > 1 ? shape->copies : 0;
    const int64_t q = shape->odd_table ? 16 : 32;
    const zkg_tensor_spec spec[] = {
        {"x",
         ZKG_I8,
         shape->private_x ? ZKG_PRIVATE : ZKG_PUBLIC,
         1,
         {FX_K},
         -8,
         7},
        {"w",
         ZKG_I8,
         shape->private_w ? ZKG_PRIVATE : ZKG_FIXED,
         2,
         {FX_O, FX_K},
         -8,
         7},
        {"b", ZKG_I8, ZKG_FIXED, 1, {FX_O}, -100, 100},
        {"q", ZKG_I8, ZKG_PRIVATE, 1, {FX_O}, -q, shape->odd_table ? q : q - 1},
        {"rem", ZKG_U8, ZKG_PRIVATE, 1, {FX_O}, 0, (1 << SHIFT) - 1},
        {"y", ZKG_U8, ZKG_PUBLIC, 1, {FX_O}, 0, shape->odd_table ? q : q - 1},
        {"acc", ZKG_I16, ZKG_VIRTUAL, 1, {FX_O}, -1000, 1000},
    };
    const size_t count = sizeof(spec) / sizeof(spec[0]);

    for (size_t i = 0; i < (shape->virtual_acc ? count : count - 1); i++) {
        zkg_tensor_spec s = spec[i];

        if (c > 0 && s.name[0] != 'w' && s.name[0] != 'b') {
            s.len[1] = s.len[0];
            s.len[0] = c;
            s.axes = 2;
        }
        ZKG_TRY(zkg_graph_add_tensor(g, &s, err));
    }
    return ZKG_OK;
}

static zkg_status add_tables(zkg_graph *g, const fx_shape *shape,
                             zkg_error *err)
{
    ZKG_TRY(zkg_graph_add_table(g, "rem4", ZKG_KIND_RANGE, SHIFT, err));
    if (shape->private_x || shape->private_w)
        ZKG_TRY(zkg_graph_add_table(g, "s4", ZKG_KIND_SIGNED_RANGE, 4, err));
    if (shape->odd_table) {
        int64_t in[33], out[33];
        const int64_t *const column[] = {in, out};

        for (int64_t i = 0; i < 33; i++) {
            in[i] = i - 16;
            out[i] = i < 16 ? 0 : i - 16;
        }
        return zkg_graph_add_columns(g, "relu", 2, 33, column, err);
    }
    return zkg_graph_add_table(g, "relu", ZKG_KIND_RELU, 6, err);
}

static zkg_status add_dense(zkg_graph *g, const fx_shape *shape, zkg_error *err)
{
    const bool c = shape->copies > 1;

    ZKG_TRY(zkg_graph_add_kernel(g, "dense", err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "dense", "o", FX_O, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "dense", "k", FX_K, err));
    ZKG_TRY(zkg_graph_kernel_param(g, "dense", "w", "o,k", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "dense", "x", "k", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "dense", "b", "o", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "dense", "q", "o", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "dense", "rem", "o", err));
    ZKG_TRY(zkg_graph_kernel_param(g, "dense", "y", "o", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, "dense", "rem4", "rem", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, "dense", "relu", "q,y", err));
    if (shape->virtual_acc)
        ZKG_TRY(zkg_graph_kernel_param(g, "dense", "acc", "o", err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, "dense", "o", NULL, err));
    if (shape->virtual_acc)
        ZKG_TRY(zkg_graph_kernel_term(g, "dense", "1", "acc[o]", NULL, err));
    else
        ZKG_TRY(zkg_graph_kernel_term(g, "dense", "1", "w[o,k]", "x[k]", err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "1", "b[o]", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "8", NULL, NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "-16", "q[o]", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "-1", "rem[o]", NULL, err));
    if (shape->virtual_acc) {
        ZKG_TRY(zkg_graph_kernel_einsum(g, "dense", "o", "acc", err));
        ZKG_TRY(zkg_graph_kernel_term(g, "dense", "1", "w[o,k]", "x[k]", err));
    }
    ZKG_TRY(
        zkg_graph_add_task(g, "layer", "dense", c ? shape->copies : 1, err));
    ZKG_TRY(zkg_graph_bind(g, "w", "w", c, err));
    ZKG_TRY(zkg_graph_bind(g, "x", "x", false, err));
    ZKG_TRY(zkg_graph_bind(g, "b", "b", c, err));
    ZKG_TRY(zkg_graph_bind(g, "q", "q", false, err));
    ZKG_TRY(zkg_graph_bind(g, "rem", "rem", false, err));
    if (shape->virtual_acc)
        ZKG_TRY(zkg_graph_bind(g, "acc", "acc", false, err));
    return zkg_graph_bind(g, "y", "y", false, err);
}

/* A private input is range-checked by a task of its own. */
static zkg_status add_range(zkg_graph *g, const char *tensor,
                            const fx_shape *shape, zkg_error *err)
{
    const bool w = tensor[0] == 'w';
    const bool c = !w && shape->copies > 1;
    char kernel[32];

    (void)snprintf(kernel, sizeof(kernel), "range_%s", tensor);
    ZKG_TRY(zkg_graph_add_kernel(g, kernel, err));
    if (w)
        ZKG_TRY(zkg_graph_kernel_axis(g, kernel, "o", FX_O, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, kernel, "k", FX_K, err));
    ZKG_TRY(zkg_graph_kernel_param(g, kernel, "t", w ? "o,k" : "k", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, kernel, "s4", "t", err));
    ZKG_TRY(zkg_graph_add_task(g, kernel, kernel, c ? shape->copies : 1, err));
    return zkg_graph_bind(g, "t", tensor, false, err);
}

static zkg_status add_rules(zkg_graph *g, const fx_shape *shape, zkg_error *err)
{
    ZKG_TRY(zkg_graph_add_input(g, "x", err));
    if (shape->private_w)
        ZKG_TRY(zkg_graph_add_input(g, "w", err));
    ZKG_TRY(zkg_graph_add_output(g, "y", err));
    if (shape->virtual_acc)
        ZKG_TRY(zkg_graph_rule_solve(g, "layer", 1, "acc", err));
    ZKG_TRY(zkg_graph_rule_divmod(g, "layer", 0, "q", "rem", err));
    return zkg_graph_rule_map(g, "relu", "q", "y", err);
}

static void weights(int64_t w[FX_O * FX_K], int64_t b[FX_O],
                    const fx_shape *shape, uint64_t seed)
{
    /* Small enough for the odd table's 33 rows. */
    const int64_t most = shape->odd_table ? 4 : 7;
    rng s = {seed ^ 0x77};

    for (size_t i = 0; i < FX_O * FX_K; i++)
        w[i] = between(&s, -most, most);
    for (size_t i = 0; i < FX_O; i++)
        b[i] = between(&s, -40, 40);
}

zkg_status fx_graph(zkg_graph **out, const fx_shape *shape, uint64_t seed,
                    zkg_error *err)
{
    int64_t w[FX_O * FX_K], b[FX_O];
    zkg_graph *g;

    ZKG_TRY(zkg_graph_new(&g, err));
    *out = g;
    weights(w, b, shape, seed);
    ZKG_TRY(add_tensors(g, shape, err));
    if (!shape->private_w)
        ZKG_TRY(zkg_graph_set_fixed(g, "w", w, FX_O * FX_K, err));
    ZKG_TRY(zkg_graph_set_fixed(g, "b", b, FX_O, err));
    ZKG_TRY(add_tables(g, shape, err));
    ZKG_TRY(add_dense(g, shape, err));
    if (shape->private_x)
        ZKG_TRY(add_range(g, "x", shape, err));
    if (shape->private_w)
        ZKG_TRY(add_range(g, "w", shape, err));
    ZKG_TRY(add_rules(g, shape, err));
    return zkg_graph_finish(g, err);
}

/* ---- the witness ---- */

static uint32_t tensor_id(const fx *f, const char *tensor)
{
    const uint32_t id = zkg_statement_tensor_id(&f->graph->st, tensor);

    if (id == ZKG_NO_ID)
        fail_msg("no tensor %s", tensor);
    return id;
}

zkg_array *fx_array(fx *f, const char *tensor)
{
    return &f->witness.array[tensor_id(f, tensor)];
}

static void fill(fx *f, const char *tensor, const int64_t *value)
{
    const zkg_tensor *t = &f->graph->st.tensor[tensor_id(f, tensor)];
    zkg_array *a = fx_array(f, tensor);
    zkg_error err = {0};

    must(zkg_array_init(a, t->type, t->axes, t->len, &err), &err);
    for (uint64_t i = 0; i < zkg_array_count(a); i++)
        zkg_array_set_i64(a, i, value[i]);
    zkg_witness_refresh(&f->witness);
}

static void honest_witness(fx *f, uint64_t seed)
{
    int64_t w[FX_O * FX_K], b[FX_O], x[16 * FX_K];
    const uint64_t copies = f->shape.copies > 1 ? f->shape.copies : 1;
    zkg_error err = {0};
    rng s = {seed};

    assert_true(copies <= 16);
    for (size_t i = 0; i < copies * FX_K; i++)
        x[i] = between(&s, -8, 7);
    fill(f, "x", x);
    weights(w, b, &f->shape, seed);
    if (f->shape.private_w)
        fill(f, "w", w);
    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
    zkg_witness_refresh(&f->witness);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
}

/* Row-major place of an index in the stored cells; false: not stored. */
static bool place(uint64_t *out, const zkg_array *a, const uint64_t *index)
{
    *out = 0;
    for (uint32_t k = 0; k < a->axes; k++) {
        if (index[k] >= a->stored[k])
            return false;
        *out = *out * a->stored[k] + index[k];
    }
    return true;
}

int64_t fx_cell(fx *f, const char *tensor, const uint64_t *index)
{
    const zkg_array *a = fx_array(f, tensor);
    uint64_t i;

    return place(&i, a, index) ? zkg_array_get_i64(a, i) : 0;
}

void fx_set_cell(fx *f, const char *tensor, const uint64_t *index, int64_t v)
{
    zkg_array *a = fx_array(f, tensor);
    uint64_t i;

    assert_true(place(&i, a, index));
    zkg_array_set_i64(a, i, v);
}

/* A padded row of one column that holds 1 has denominator 1 - 1: such garbage
 * only makes a proof that is refused. */
void fx_garbage(fx *f, const char *tensor, int64_t min, int64_t max,
                uint64_t seed)
{
    zkg_array *a = fx_array(f, tensor);
    zkg_array cube = {0};
    uint64_t padded[ZKG_MAX_AXES];
    rng s = {seed};
    zkg_error err = {0};

    for (uint32_t k = 0; k < a->axes; k++)
        padded[k] = UINT64_C(1) << zkg_axis_bits(a->len[k]);
    must(zkg_array_init(&cube, a->type, a->axes, padded, &err), &err);
    for (uint64_t i = 0; i < zkg_array_count(&cube); i++) {
        uint64_t index[ZKG_MAX_AXES], rest = i, from;
        bool real = true;

        for (uint32_t k = a->axes; k-- > 0;) {
            index[k] = rest % padded[k];
            rest /= padded[k];
            real = real && index[k] < a->len[k];
        }
        if (real && place(&from, a, index))
            zkg_array_set_i64(&cube, i, zkg_array_get_i64(a, from));
        else
            zkg_array_set_i64(&cube, i, between(&s, min, max));
    }
    memcpy(cube.len, a->len, sizeof(a->len));
    zkg_array_clear(a);
    *a = cube;
    zkg_witness_refresh(&f->witness);
}

/* Count the rows of one lookup of one task. */
static void count_site(fx *f, const zkg_task *task,
                       const zkg_stmt_lookup *lookup)
{
    const zkg_stmt_table *t = &f->graph->st.table[lookup->table];
    zkg_array *counts = &f->witness.array[t->counts];
    const zkg_array *column[ZKG_MAX_COLUMNS];

    for (uint32_t c = 0; c < lookup->columns; c++)
        column[c] = &f->witness.array[task->bind[lookup->param[c]]];
    /* All columns of a site have the same axes here. */
    for (uint64_t i = 0; i < zkg_array_count(column[0]); i++) {
        uint64_t index[ZKG_MAX_AXES], rest = i, at;

        for (uint32_t k = column[0]->axes; k-- > 0;) {
            index[k] = rest % column[0]->len[k];
            rest /= column[0]->len[k];
        }
        for (uint64_t row = 0; row < t->rows; row++) {
            bool same = true;

            for (uint32_t c = 0; c < lookup->columns; c++) {
                int64_t v;

                assert_true(place(&at, column[c], index));
                same = same && zkg_array_try_i64(&v, column[c], at) &&
                       v == zkg_stmt_table_entry(t, c, row);
            }
            if (same) {
                zkg_array_set_i64(counts, row,
                                  zkg_array_get_i64(counts, row) + 1);
                break;
            }
        }
    }
}

/* Of one kernel, producers come after consumers. */
void fx_refit(fx *f)
{
    const zkg_statement *st = &f->graph->st;
    zkg_error err = {0};

    for (uint32_t i = 0; i < st->tasks; i++) {
        const zkg_task *t = &st->task[i];
        const zkg_kernel *k = &st->kernel[t->kernel];

        for (uint32_t e = k->einsums; e-- > 0;) {
            const uint32_t p = k->einsum[e].equals;
            zkg_array *a;
            int64_t *sum;

            if (p == ZKG_NO_ID)
                continue;
            a = &f->witness.array[t->bind[p]];
            sum = zkg_alloc(zkg_array_count(a), sizeof(sum[0]));
            assert_non_null(sum);
            must(
                zkg_eval_einsum(sum, st, i, e, f->witness.array, NULL, 0, &err),
                &err);
            for (uint64_t j = 0; j < zkg_array_count(a); j++)
                zkg_array_set_i64(a, j, sum[j]);
            zkg_free(sum);
        }
    }
}

void fx_recount(fx *f)
{
    const zkg_statement *st = &f->graph->st;

    for (uint32_t t = 0; t < st->tables; t++)
        for (uint64_t row = 0; row < st->table[t].rows; row++)
            zkg_array_set_i64(&f->witness.array[st->table[t].counts], row, 0);
    for (uint32_t i = 0; i < st->tasks; i++) {
        const zkg_kernel *k = &st->kernel[st->task[i].kernel];

        for (uint32_t l = 0; l < k->lookups; l++)
            count_site(f, &st->task[i], &k->lookup[l]);
    }
}

/* ---- key, proof, verdict ---- */

zkg_pcs fx_pcs(void)
{
    const char *name = getenv("ZKG_TEST_PCS");
    zkg_pcs pcs = ZKG_PCS_MERCURY;

    if (name != NULL)
        assert_true(zkg_pcs_from_name(&pcs, name));
    return pcs;
}

void fx_init(fx *f, const fx_shape *shape, uint32_t power, uint64_t seed)
{
    zkg_graph *graph = NULL;
    zkg_error err = {0};

    must(fx_graph(&graph, shape, seed, &err), &err);
    fx_begin(f, graph, power);
    f->shape = *shape;
    honest_witness(f, seed);
}

void fx_begin(fx *f, zkg_graph *graph, uint32_t power)
{
    zkg_error err = {0};
    zkg_fr tau;

    memset(f, 0, sizeof(*f));
    f->graph = graph;
    /* The same for all, so that only what a test changes differs. */
    zkg_fr_from_u64(&tau, UINT64_C(0x123456789abcdef1));
    must(zkg_srs_from_tau(&f->srs, power, &tau, &err), &err);
    must(zkg_setup(&f->made, NULL, f->graph, f->srs, fx_pcs(), 0, &err), &err);
    must(zkg_key_encode(&f->key, &f->key_len, &f->made, &err), &err);
    must(zkg_witness_init(&f->witness, f->graph, &err), &err);
}

void fx_clear(fx *f)
{
    zkg_witness_clear(&f->witness);
    zkg_free(f->key);
    zkg_key_clear(&f->made);
    zkg_graph_free(f->graph);
    zkg_srs_free(f->srs);
    memset(f, 0, sizeof(*f));
}

zkg_status fx_prove(fx *f, const zkg_hooks *hooks, uint8_t **proof, size_t *len,
                    zkg_error *err)
{
    const zkg_prove_input input = {
        .key = &f->made,
        .srs = f->srs,
        .arrays = f->witness.view,
    };
    const zkg_prove_options options = {.hooks = hooks};
    zkg_error ignored = {0};
    zkg_comm *world = NULL;
    uint8_t *bytes = NULL;
    zkg_status s;

    if (err == NULL)
        err = &ignored;
    ZKG_TRY(zkg_comm_init(&world, NULL, NULL, err));
    s = zkg_prove(&bytes, len, NULL, world, world, &input, &options, err);
    zkg_comm_free(world);
    if (s != ZKG_OK)
        return s;
    /* The caller's own to free(). */
    *proof = malloc(*len);
    assert_non_null(*proof);
    memcpy(*proof, bytes, *len);
    zkg_free(bytes);
    return ZKG_OK;
}

zkg_status fx_verify(const fx *f, const uint8_t *proof, size_t len,
                     const zkg_hooks *hooks, zkg_verdict *verdict)
{
    const zkg_verify_options options = {.hooks = hooks};
    zkg_error err = {0};

    return zkg_verify(verdict, f->key, f->key_len, proof, len, &options, &err);
}

zkg_status fx_judge(const fx *f, const uint8_t *proof, size_t len,
                    zkg_verdict *verdict)
{
    zkg_error err = {0};

    return zkg_verify_with_key(verdict, &f->made, proof, len, NULL, &err);
}

zkg_verdict fx_judged(fx *f, const zkg_hooks *prover, const zkg_hooks *verifier)
{
    zkg_verdict v = {0};
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status s;

    if (fx_prove(f, prover, &proof, &len, &err) != ZKG_OK)
        fail_msg("the cheat did not get as far as a proof: %s", err.text);
    s = fx_verify(f, proof, len, verifier, &v);
    /* Whoever does not ask why is told no less. */
    assert_int_equal(fx_verify(f, proof, len, verifier, NULL), s);
    free(proof);
    if (s == ZKG_OK)
        v.check = ZKG_CHECK_NONE;
    else
        assert_int_equal(s, ZKG_ERR_REJECT);
    return v;
}

void fx_assert_check(zkg_verdict v, zkg_check check)
{
    if (v.check != check)
        fail_msg("expected %s, got %s: %s", zkg_check_name(check),
                 zkg_check_name(v.check), v.text);
}

fx_layout fx_layout_of(const fx *f)
{
    const zkg_statement *st = &f->graph->st;
    zkg_root_layout r;
    zkg_error err = {0};
    fx_layout at = {.publics = 16 + 32};

    must(zkg_root_layout_init(&r, st, &f->made.srs, &err), &err);
    at.commitments = at.publics + r.public_bytes;
    at.segments = at.commitments + r.commit_bytes;
    at.opening = at.segments + r.segments_bytes;
    at.end = at.opening + r.opening_bytes;
    for (uint32_t t = 0; t < st->tasks && t < 4; t++)
        at.task_bytes[t] = r.segment_bytes[t];
    for (uint32_t t = 0; t < st->tables && t < 4; t++)
        at.table_bytes[t] = r.segment_bytes[st->tasks + t];
    zkg_root_layout_clear(&r);
    return at;
}

void fx_need_hooks(void)
{
#ifndef ZKG_TEST_HOOKS
    print_message("needs a build with -Dtest_hooks=true\n");
    skip();
#endif
}
