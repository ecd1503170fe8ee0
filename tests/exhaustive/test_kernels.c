/* SPDX-License-Identifier: Apache-2.0
 * Kernels compiled over a field of TINY_P elements: every value of every cell
 * of a copy is tried, those of hints among them.
 *
 * A circuit, with its lookups, takes exactly what the recording says: its nodes
 * evaluated one by one, its assertions, its outputs, its queries.  So it is of
 * random kernels; with one coefficient wrong most of them say something else.
 * Checked hints, range proofs, finds and the recipe of a division have for each
 * input the one witness that they should have, or none, and more for some input
 * without any one assertion or query; hints that are not checked have many.
 *
 * What depends on challenges is not here: an identity in them says little over
 * a field of fewer elements than its degree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/rng.h"
#include "kernel/compile.h"

#define MOST_CELLS 12
#define MOST_PARAMS 8
#define MOST_QUERIES 64

#define NEED(is)                                                               \
    do {                                                                       \
        if (!(is)) {                                                           \
            fprintf(stderr, "line %d: %s\n", __LINE__, #is);                   \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

/* A kernel, and a value for each cell: of inputs first. */
typedef struct kernel {
    zkg_recorder *r;
    zkg_compiled c;
    uint32_t base[MOST_PARAMS]; /* of each recorded parameter */
    uint32_t cells, inputs;     /* inputs: cells of inputs */
    zkg_fr cell[MOST_CELLS];
    zkg_fr *node, *wire[2]; /* scratch */
    /* Left out: UINT32_MAX, none. */
    uint32_t no_assertion, no_query;
} kernel;

static zkg_recorder *start(void)
{
    zkg_recorder *r = NULL;

    NEED(zkg_recorder_new(&r, "k", NULL) == ZKG_OK);
    return r;
}

static zkg_var input(zkg_recorder *r, const char *name)
{
    return zkg_get(r, zkg_input(r, name, ZKG_FR, 0, NULL), 0);
}

static void output(zkg_recorder *r, const char *name, zkg_var x)
{
    zkg_set(r, zkg_output(r, name, ZKG_FR, 0, NULL), 0, x);
}

static void place(kernel *k, bool inputs)
{
    for (uint32_t i = 0; i < k->r->param.count; i++) {
        const zkg_recorded_param *p = zkg_recorder_param(k->r, i);

        if ((p->role == ZKG_ROLE_INPUT) != inputs)
            continue;
        k->base[i] = k->cells;
        k->cells += (uint32_t)p->count;
    }
}

/* Finish and compile; false: what is recorded is no kernel. */
static bool kernel_init(kernel *k, zkg_recorder *r)
{
    const zkg_compile_options options = {.view = NULL};
    uint32_t widest = 1;
    zkg_error err = {0};

    *k = (kernel){.r = r, .no_assertion = UINT32_MAX, .no_query = UINT32_MAX};
    if (zkg_recorder_finish(r, &err) != ZKG_OK)
        return false;
    NEED(zkg_compile(&k->c, r, &options, &err) == ZKG_OK);
    NEED(r->challenges == 0 && r->param.count <= MOST_PARAMS);
    place(k, true);
    k->inputs = k->cells;
    place(k, false);
    NEED(k->cells <= MOST_CELLS);
    for (uint32_t i = 0; i < k->c.circuit.layers; i++)
        widest = k->c.circuit.layer[i].gates > widest
                     ? k->c.circuit.layer[i].gates
                     : widest;
    k->node = calloc(r->node.count, sizeof(zkg_fr));
    k->wire[0] = calloc(widest, sizeof(zkg_fr));
    k->wire[1] = calloc(widest, sizeof(zkg_fr));
    NEED(k->node != NULL && k->wire[0] != NULL && k->wire[1] != NULL);
    return true;
}

static void kernel_clear(kernel *k)
{
    zkg_compiled_clear(&k->c);
    zkg_recorder_free(k->r);
    free(k->node);
    free(k->wire[0]);
    free(k->wire[1]);
}

/* ---- the recording ---- */

static zkg_fr node_value(const kernel *k, const zkg_node *n)
{
    zkg_fr v = zkg_fr_zero;

    switch (n->kind) {
    case ZKG_NODE_CONSTANT:
        return *zkg_recorder_constant(k->r, n->a);
    case ZKG_NODE_CELL:
        return k->cell[k->base[n->a] + n->b];
    case ZKG_NODE_SUM:
        v = *zkg_recorder_constant(k->r, n->c);
        for (uint32_t i = 0; i < n->b; i++) {
            const zkg_node_term *t = &zkg_recorder_terms(k->r, n)[i];
            zkg_fr w;

            zkg_fr_mul(&w, zkg_recorder_constant(k->r, t->constant),
                       &k->node[t->node]);
            zkg_fr_add(&v, &v, &w);
        }
        return v;
    case ZKG_NODE_PRODUCT:
        zkg_fr_mul(&v, &k->node[n->a], &k->node[n->b]);
        return v;
    default:
        NEED(false);
        return v;
    }
}

static bool is_row(const zkg_recorded_table *t, const zkg_fr *row)
{
    const uint32_t rows = t->bits > 0 ? 1u << t->bits : t->rows;

    for (uint32_t i = 0; i < rows; i++) {
        bool same = true;

        for (uint32_t c = 0; c <= t->values; c++) {
            const int64_t v = t->bits > 0 ? i : t->row[i * (1 + t->values) + c];
            zkg_fr f;

            zkg_fr_from_i64(&f, v);
            same = same && zkg_fr_equal(&f, &row[c]);
        }
        if (same)
            return true;
    }
    return false;
}

static bool queries_hold(const kernel *k, const zkg_recorded_table *t)
{
    const uint32_t width = 1 + t->values;
    const uint32_t *query = t->query.data;

    for (uint32_t i = 0; i < t->query.count; i += width) {
        zkg_fr row[4];

        NEED(width <= 4);
        for (uint32_t c = 0; c < width; c++)
            row[c] = k->node[query[i + c]];
        if (!is_row(t, row))
            return false;
    }
    return true;
}

static bool outputs_hold(const kernel *k)
{
    for (uint32_t i = 0; i < k->r->param.count; i++) {
        const zkg_recorded_param *p = zkg_recorder_param(k->r, i);

        for (uint32_t e = 0; p->role == ZKG_ROLE_OUTPUT && e < p->count; e++)
            if (!zkg_fr_equal(&k->node[p->set[e]], &k->cell[k->base[i] + e]))
                return false;
    }
    return true;
}

static bool recording_holds(kernel *k)
{
    const zkg_recorded_assertion *a = k->r->assertion.data;
    bool holds;

    for (uint32_t i = 0; i < k->r->node.count; i++)
        k->node[i] = node_value(k, zkg_recorder_node(k->r, i));
    holds = outputs_hold(k);
    for (uint32_t i = 0; holds && i < k->r->assertion.count; i++)
        holds = zkg_fr_is_zero(&k->node[a[i].node]);
    for (uint32_t i = 0; holds && i < k->r->table.count; i++)
        holds = queries_hold(k, zkg_recorder_table(k->r, i));
    return holds;
}

/* ---- the circuit ---- */

static zkg_fr wire_value(const kernel *k, const zkg_fr *below,
                         zkg_circuit_wire w)
{
    const uint32_t *in = k->c.input.data;

    if (w.source == ZKG_CIRCUIT_PREVIOUS)
        return below[w.index];
    return k->cell
        [k->base[zkg_compiled_param_at(&k->c, in[w.source - 1])->recorded] +
         w.index];
}

static void add_to(zkg_fr *sum, const kernel *k, uint32_t coeff, zkg_fr v)
{
    zkg_fr_mul(&v, &v, &k->c.circuit.coeff[coeff].value);
    zkg_fr_add(sum, sum, &v);
}

/* Gates from the definition. */
static void run_layer(const kernel *k, zkg_fr *out, const zkg_fr *below,
                      const zkg_circuit_layer *l)
{
    memset(out, 0, l->gates * sizeof(*out));
    for (uint32_t i = 0; i < l->muls; i++) {
        zkg_fr a = wire_value(k, below, l->mul[i].a);
        const zkg_fr b = wire_value(k, below, l->mul[i].b);

        zkg_fr_mul(&a, &a, &b);
        add_to(&out[l->mul[i].gate], k, l->mul[i].coeff, a);
    }
    for (uint32_t i = 0; i < l->adds; i++)
        add_to(&out[l->add[i].gate], k, l->add[i].coeff,
               wire_value(k, below, l->add[i].a));
    for (uint32_t i = 0; i < l->constants; i++)
        add_to(&out[l->constant[i].gate], k, l->constant[i].coeff, zkg_fr_one);
}

/* Where output p of the circuit begins in the top layer. */
static uint32_t first_gate(const kernel *k, uint32_t p)
{
    const uint32_t *out = k->c.output.data;
    uint32_t i = 0;

    while (out[i] != p)
        i++;
    return k->c.circuit.output[i].first;
}

static bool lookups_hold(const kernel *k, const zkg_fr *top)
{
    const zkg_compiled_site *site = k->c.site.data;
    uint32_t query = 0;

    for (uint32_t s = 0; s < k->c.site.count; s++) {
        const uint64_t n =
            zkg_compiled_param_at(&k->c, site[s].param[0])->count;

        for (uint64_t i = 0; i < n; i++, query++) {
            zkg_fr row[4];

            for (uint32_t c = 0; c < site[s].columns; c++)
                row[c] = top[first_gate(k, site[s].param[c]) + i];
            if (query != k->no_query &&
                !is_row(zkg_recorder_table(k->r, site[s].table), row))
                return false;
        }
    }
    return true;
}

static bool circuit_holds(kernel *k)
{
    const zkg_circuit *c = &k->c.circuit;
    const zkg_fr *top = NULL;

    for (uint32_t i = 0; i < c->layers; i++) {
        run_layer(k, k->wire[i % 2], top, &c->layer[i]);
        top = k->wire[i % 2];
    }
    for (uint32_t i = 0; i < c->asserted; i++)
        if (i != k->no_assertion && !zkg_fr_is_zero(&top[c->assertion[i]]))
            return false;
    return lookups_hold(k, top);
}

/* ---- all values ---- */

/* The next values of cells [from, to), the last fastest; false: begun anew. */
static bool next(kernel *k, uint32_t from, uint32_t to)
{
    for (uint32_t i = to; i-- > from;) {
        if (++k->cell[i].v < TINY_P)
            return true;
        k->cell[i].v = 0;
    }
    return false;
}

/* Witnesses of the inputs as they stand. */
static uint64_t count(kernel *k)
{
    uint64_t n = 0;

    do
        n += circuit_holds(k);
    while (next(k, k->inputs, k->cells));
    return n;
}

/* Is there an input with more witnesses than `most` says? */
static bool has_more(kernel *k, uint64_t most(const zkg_fr *in))
{
    bool more = false;

    do
        more = more || count(k) > most(k->cell);
    while (next(k, 0, k->inputs));
    return more;
}

/* For each input as many witnesses as `many` says; tight: more for some input
 * without any one assertion or query. */
static void check(const char *what, zkg_recorder *r,
                  uint64_t many(const zkg_fr *in), bool tight)
{
    uint32_t queries = 0;
    const zkg_compiled_site *site;
    kernel k;

    NEED(kernel_init(&k, r));
    site = k.c.site.data;
    for (uint32_t s = 0; s < k.c.site.count; s++)
        queries +=
            (uint32_t)zkg_compiled_param_at(&k.c, site[s].param[0])->count;
    do {
        const uint64_t n = count(&k);

        if (n != many(k.cell)) {
            fprintf(stderr, "%s, first input %u: %u witnesses, not %u\n", what,
                    k.cell[0].v, (unsigned)n, (unsigned)many(k.cell));
            exit(1);
        }
        do
            NEED(recording_holds(&k) == circuit_holds(&k));
        while (next(&k, k.inputs, k.cells));
    } while (next(&k, 0, k.inputs));
    for (k.no_assertion = 0; tight && k.no_assertion < k.c.circuit.asserted;
         k.no_assertion++)
        NEED(has_more(&k, many));
    k.no_assertion = UINT32_MAX;
    for (k.no_query = 0; tight && k.no_query < queries; k.no_query++)
        NEED(has_more(&k, many));
    printf("%s: %u cells, %u assertions, %u queries\n", what, k.cells,
           k.c.circuit.asserted, queries);
    kernel_clear(&k);
}

/* ---- what the interface offers ---- */

static uint64_t one(const zkg_fr *in)
{
    (void)in;
    return 1;
}

static uint64_t below_8(const zkg_fr *in)
{
    return in[0].v < 8;
}

static void bits_are_unique(void)
{
    zkg_recorder *r = start();
    const zkg_var x = input(r, "x");
    zkg_var bit[3];

    zkg_bits(r, 3, bit, x);
    check("bits", r, below_8, true);
}

static uint64_t not_0(const zkg_fr *in)
{
    return in[0].v != 0;
}

static void inverses_are_unique(void)
{
    zkg_recorder *r = start();
    const zkg_var x = input(r, "x");

    output(r, "y", zkg_mul(r, zkg_inverse(r, x), zkg_constant(r, 3)));
    check("inverse", r, not_0, true);
}

static void commitments_are_what_is_computed(void)
{
    zkg_recorder *r = start();
    const zkg_var x = input(r, "x");
    const zkg_var y = zkg_commit(r, ZKG_FR, zkg_mul(r, x, x));

    output(r, "y", zkg_add(r, zkg_mul(r, y, x), zkg_constant(r, 1)));
    check("commit", r, one, true);
}

static uint64_t below_2(const zkg_fr *in)
{
    return in[0].v < 2;
}

static uint64_t below_4(const zkg_fr *in)
{
    return in[0].v < 4;
}

static void ranges_are_exact(void)
{
    uint64_t (*const below[])(const zkg_fr *) = {below_2, below_4, below_8};

    for (uint32_t bits = 1; bits <= 3; bits++) {
        zkg_recorder *r = start();
        const zkg_lut t = zkg_lut_range(r, 2);

        zkg_range(r, t, input(r, "x"), bits);
        zkg_lut_check(r, t);
        check("range", r, below[bits - 1], true);
    }
}

static uint64_t is_key(const zkg_fr *in)
{
    return in[0].v == 1 || in[0].v == 4 || in[0].v == 6;
}

static void finds_are_unique(void)
{
    zkg_recorder *r = start();
    const zkg_var x = input(r, "x");
    const zkg_lut t = zkg_lut_new(r, "t", 1);
    zkg_var y;

    zkg_lut_row(r, t, 1, (int64_t[]){2});
    zkg_lut_row(r, t, 4, (int64_t[]){2});
    zkg_lut_row(r, t, 6, (int64_t[]){5});
    zkg_lut_find(r, t, ZKG_FR, 1, &x, &y);
    zkg_lut_check(r, t);
    output(r, "y", zkg_add(r, y, x));
    check("find", r, is_key, true);
}

static uint64_t below_12(const zkg_fr *in)
{
    return in[0].v < 12;
}

/* a = 3 q + rest, as docs/kernels.md says. */
static void division_is_unique(void)
{
    zkg_recorder *r = start();
    const zkg_var a = input(r, "a"), three = zkg_constant(r, 3);
    const zkg_lut t = zkg_lut_range(r, 2);
    zkg_var q, rest;

    zkg_hint_divide(r, ZKG_FR, &q, &rest, a, three);
    zkg_assert_equal(r, a, zkg_add(r, zkg_mul(r, q, three), rest), NULL);
    zkg_range(r, t, q, 2);
    zkg_range(r, t, rest, 2);
    zkg_range(r, t, zkg_sub(r, zkg_constant(r, 2), rest), 2);
    zkg_lut_check(r, t);
    output(r, "q", q);
    check("divide", r, below_12, true);
}

static void outputs_may_be_read(void)
{
    zkg_recorder *r = start();
    const zkg_param io = zkg_inout(r, "x", ZKG_FR, 1, (uint64_t[]){2});
    const zkg_var x = zkg_get(r, io, 0), y = zkg_mul(r, x, zkg_get(r, io, 1));
    const zkg_var z = zkg_mul(r, y, y);

    zkg_set(r, io, 0, y);
    output(r, "z", z);
    output(r, "again", z);
    check("in-out", r, one, true);
}

/* Hints that nobody checks. */
static uint64_t any_three(const zkg_fr *in)
{
    (void)in;
    return TINY_P * TINY_P * TINY_P;
}

static uint64_t roots(const zkg_fr *in)
{
    uint64_t n = 0;

    for (uint32_t s = 0; s < TINY_P; s++)
        n += s * s % TINY_P == in[0].v;
    return n;
}

static void what_is_not_checked_is_free(void)
{
    zkg_recorder *r = start();
    zkg_var x = input(r, "x"), bit[3];

    zkg_hint_bits(r, 3, bit, x);
    output(r, "y", zkg_add(r, zkg_sum(r, 3, bit), x));
    check("unchecked bits", r, any_three, false);
    r = start();
    x = input(r, "x");
    zkg_hint_call(r, "root", ZKG_FR, 1, bit, 1, &x);
    zkg_assert_equal(r, zkg_mul(r, bit[0], bit[0]), x, NULL);
    output(r, "y", bit[0]);
    check("root", r, roots, true);
}

/* ---- random kernels ---- */

#define VARS 24

static zkg_var random_step(zkg_recorder *r, rng *random, const zkg_var *v,
                           uint32_t n)
{
    const zkg_var a = v[rng_below(random, n)], b = v[rng_below(random, n)];
    const int64_t c[3] = {(int64_t)rng_below(random, 7) - 3,
                          (int64_t)rng_below(random, 7) - 3, 1};

    switch (rng_below(random, 6)) {
    case 0:
        return zkg_add(r, a, b);
    case 1:
        return zkg_combine(r, c[0], 3, c,
                           (zkg_var[]){a, b, v[rng_below(random, n)]});
    case 2:
        return zkg_mul(r, zkg_sub(r, zkg_constant(r, 1), a), b);
    default:
        return zkg_mul(r, a, b);
    }
}

static zkg_recorder *random_kernel(rng *random)
{
    zkg_recorder *r = start();
    zkg_var v[VARS] = {input(r, "x"), input(r, "y")};
    const uint32_t hints = (uint32_t)rng_below(random, 3);
    const uint32_t outputs = (uint32_t)rng_below(random, 3);
    const uint32_t steps = 2 + (uint32_t)rng_below(random, VARS - 6);
    uint32_t n = 2;

    if (hints > 0) {
        zkg_hint_call(r, "any", ZKG_FR, hints, &v[n], 2, v);
        n += hints;
    }
    for (uint32_t i = 0; i < steps; i++, n++)
        v[n] = random_step(r, random, v, n);
    for (uint32_t i = 0; i < outputs; i++)
        output(r, i == 0 ? "a" : "b", v[rng_below(random, n)]);
    for (uint64_t i = rng_below(random, 3); i > 0; i--)
        zkg_assert_equal(r, v[rng_below(random, n)], v[rng_below(random, n)],
                         NULL);
    if (rng_below(random, 2) == 0) {
        const zkg_lut t = zkg_lut_new(r, "t", 1);

        zkg_lut_row(r, t, 0, (int64_t[]){1});
        zkg_lut_row(r, t, 2, (int64_t[]){0});
        for (uint64_t i = 1 + rng_below(random, 3); i > 0; i--)
            zkg_lut_query(r, t, v[rng_below(random, n)],
                          &v[rng_below(random, n)]);
        zkg_lut_check(r, t);
    }
    return r;
}

/* Hints that the circuit has no use for are not there: then its cells are not
 * those of the recording. */
static bool has_all_hints(const kernel *k)
{
    uint64_t recorded = 0, there = 0;

    for (uint32_t i = 0; i < k->r->param.count; i++)
        if (zkg_recorder_param(k->r, i)->role == ZKG_ROLE_HINT)
            recorded += zkg_recorder_param(k->r, i)->count;
    for (uint32_t i = 0; i < k->c.param.count; i++) {
        const zkg_compiled_param *p = zkg_compiled_param_at(&k->c, i);

        if (p->recorded != ZKG_NO_PARAM &&
            zkg_recorder_param(k->r, p->recorded)->role == ZKG_ROLE_HINT)
            there += p->count;
    }
    return there == recorded;
}

/* At how many values of its cells a circuit says something else than its
 * recording. */
static uint64_t differences(kernel *k, uint64_t *witnesses, uint64_t *values)
{
    uint64_t n = 0;

    do {
        const bool holds = circuit_holds(k);

        n += holds != recording_holds(k);
        *witnesses += holds;
        ++*values;
    } while (next(k, 0, k->cells));
    return n;
}

/* One coefficient is one too high. */
static void spoil(kernel *k, rng *random)
{
    const zkg_circuit *c = &k->c.circuit;
    zkg_circuit_coeff *coeff = (zkg_circuit_coeff *)(uintptr_t)c->coeff;
    zkg_fr *v = &coeff[rng_below(random, c->coeffs)].value;

    zkg_fr_add(v, v, &zkg_fr_one);
}

static void random_kernels(rng *random, uint32_t kernels)
{
    uint32_t tried = 0, layers = 0, seen = 0;
    uint64_t witnesses = 0, values = 0, unused = 0;

    for (uint32_t i = 0; i < kernels; i++) {
        kernel k;

        if (kernel_init(&k, random_kernel(random)) && has_all_hints(&k)) {
            tried++;
            layers = k.c.circuit.layers > layers ? k.c.circuit.layers : layers;
            NEED(differences(&k, &witnesses, &values) == 0);
            spoil(&k, random);
            seen += differences(&k, &unused, &unused) > 0;
        }
        kernel_clear(&k);
    }
    printf("%u of %u random kernels of up to %u layers: %llu of %llu values "
           "are witnesses; with a wrong coefficient %u say something else\n",
           tried, kernels, layers, (unsigned long long)witnesses,
           (unsigned long long)values, seen);
    NEED(2 * tried > kernels && layers > 3 && witnesses > kernels &&
         witnesses < values / 2 && 2 * seen > tried);
}

int main(void)
{
    rng random = rng_new();

    if (TINY_P == 13) {
        bits_are_unique();
        inverses_are_unique();
        commitments_are_what_is_computed();
        ranges_are_exact();
        finds_are_unique();
        division_is_unique();
        outputs_may_be_read();
        what_is_not_checked_is_free();
        return 0;
    }
    random_kernels(&random, TINY_P == 3 ? 2000 : 400);
    return 0;
}
