/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes become gates of their own, and what the gates sum. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/compiler.h"

/* Terms, a product being two, that sharing a sum of cells must save for it to
 * have a gate. */
#define SHARED_TERMS 8
#define SINGLE_TERM 2
/* A sum of at most so many cells is summed again rather than read from a gate:
 * cells can be read in every layer, gates in the next one alone. */
#define REPEATED_CELLS 4

/* challenge * x, x without challenges: a coefficient, and no product. */
static bool is_scaled(const zkg_compiler *c, const zkg_node *n, uint32_t *h,
                      uint32_t *x)
{
    const zkg_node *a = zkg_recorder_node(c->r, n->a);
    const zkg_node *b = zkg_recorder_node(c->r, n->b);

    if (a->kind == ZKG_NODE_CHALLENGE && !b->random) {
        *h = a->a;
        *x = n->b;
        return true;
    }
    if (b->kind == ZKG_NODE_CHALLENGE && !a->random) {
        *h = b->a;
        *x = n->a;
        return true;
    }
    return false;
}

/* ---- uses ---- */

static void use_linear(zkg_compiler *c, uint32_t x)
{
    const uint32_t used = zkg_compiler_used(c, x);

    if (used < c->nodes)
        c->uses[used]++;
}

static void use_operand(zkg_compiler *c, uint32_t x)
{
    const uint32_t used = zkg_compiler_used(c, x);

    if (!zkg_compiler_is_cell(c, used))
        c->operand[used] = true;
}

static void count_uses(zkg_compiler *c)
{
    const zkg_top *top = c->top.data;
    uint32_t h, x;

    for (uint32_t i = 0; i < c->nodes; i++) {
        const zkg_node *n = zkg_recorder_node(c->r, i);

        if (!c->live[i])
            continue;
        for (uint32_t k = 0; n->kind == ZKG_NODE_SUM && k < n->b; k++)
            use_linear(c, zkg_recorder_terms(c->r, n)[k].node);
        if (n->kind != ZKG_NODE_PRODUCT)
            continue;
        if (is_scaled(c, n, &h, &x)) {
            use_linear(c, x);
        } else {
            use_operand(c, n->a);
            use_operand(c, n->b);
        }
    }
    for (uint32_t i = 0; i < c->top.count; i++) {
        if (top[i].minus == ZKG_NO_OPERAND)
            use_linear(c, top[i].node);
        else
            c->uses[top[i].node]++;
    }
}

/* ---- values ---- */

/* Whether a sum takes over what node x sums, or reads its gate. */
static bool is_taken(const zkg_compiler *c, uint32_t x)
{
    return !c->value[x] || (c->pure[x] && c->size[x] <= REPEATED_CELLS);
}

static uint32_t add_capped(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Size and purity of node i's gate, as far as x is in it. */
static void measure_part(zkg_compiler *c, uint32_t i, uint32_t x)
{
    const uint32_t used = zkg_compiler_used(c, x);

    if (zkg_compiler_is_cell(c, used)) {
        c->size[i] = add_capped(c->size[i], 1);
    } else if (is_taken(c, used)) {
        c->size[i] = add_capped(c->size[i], c->size[used]);
        c->pure[i] = c->pure[i] && c->pure[used];
    } else {
        c->size[i] = add_capped(c->size[i], 1);
        c->pure[i] = false;
    }
}

/* Whether summing node i once is worth a gate. */
static bool is_shared(const zkg_compiler *c, uint32_t i)
{
    if (c->uses[i] < 2 || (c->pure[i] && c->size[i] <= REPEATED_CELLS))
        return false;
    /* What is not of cells alone would carry all its operands up to where it
     * is used. */
    return !c->pure[i] ? c->size[i] > SINGLE_TERM
                       : (uint64_t)c->size[i] * (c->uses[i] - 1) > SHARED_TERMS;
}

static void choose_value(zkg_compiler *c, uint32_t i)
{
    const zkg_node *n = zkg_recorder_node(c->r, i);
    uint32_t h, x;

    c->pure[i] = true;
    if (n->kind == ZKG_NODE_SUM) {
        for (uint32_t k = 0; k < n->b; k++)
            measure_part(c, i, zkg_recorder_terms(c->r, n)[k].node);
    } else if (n->kind != ZKG_NODE_PRODUCT) {
        c->size[i] = 1;
    } else if (is_scaled(c, n, &h, &x)) {
        measure_part(c, i, x);
    } else {
        c->size[i] = 2;
        c->pure[i] = false;
    }
    c->value[i] = c->operand[i] || is_shared(c, i);
}

/* ---- gates ---- */

/* coefficient * node, to be taken apart. */
typedef struct part {
    uint32_t node, challenge;
    zkg_fr c;
} part;

static zkg_status push(zkg_compiler *c, uint32_t node, const zkg_fr *coeff,
                       uint32_t challenge)
{
    const part p = {node, challenge, *coeff};

    return zkg_compiler_add(c, &c->stack, sizeof(p), &p);
}

static zkg_status add_term(zkg_compiler *c, uint32_t a, uint32_t b,
                           const zkg_fr *coeff, uint32_t challenge)
{
    zkg_gate_term t = {a, b, challenge, *coeff};

    if (b != ZKG_NO_OPERAND && a > b) {
        t.a = b;
        t.b = a;
    }
    return zkg_compiler_add(c, &c->term, sizeof(t), &t);
}

/* Take a node apart; the root of a gate even where it has one of its own. */
static zkg_status take_apart(zkg_compiler *c, const part *p, bool root)
{
    const uint32_t used = root ? p->node : zkg_compiler_used(c, p->node);
    const zkg_node *n;
    uint32_t h, x;
    zkg_fr v;

    if (zkg_compiler_is_cell(c, used) || (!root && !is_taken(c, used)))
        return add_term(c, used, ZKG_NO_OPERAND, &p->c, p->challenge);
    n = zkg_recorder_node(c->r, used);
    switch (n->kind) {
    case ZKG_NODE_SUM:
        zkg_fr_mul(&v, &p->c, zkg_recorder_constant(c->r, n->c));
        ZKG_TRY(add_term(c, ZKG_NO_OPERAND, ZKG_NO_OPERAND, &v, p->challenge));
        for (uint32_t k = 0; k < n->b; k++) {
            const zkg_node_term *t = &zkg_recorder_terms(c->r, n)[k];

            zkg_fr_mul(&v, &p->c, zkg_recorder_constant(c->r, t->constant));
            ZKG_TRY(push(c, t->node, &v, p->challenge));
        }
        return ZKG_OK;
    case ZKG_NODE_PRODUCT:
        if (is_scaled(c, n, &h, &x))
            return push(c, x, &p->c, h);
        return add_term(c, zkg_compiler_used(c, n->a),
                        zkg_compiler_used(c, n->b), &p->c, p->challenge);
    case ZKG_NODE_CHALLENGE:
        return add_term(c, ZKG_NO_OPERAND, ZKG_NO_OPERAND, &p->c, n->a);
    default:
        zkg_fr_mul(&v, &p->c, zkg_recorder_constant(c->r, n->a));
        return add_term(c, ZKG_NO_OPERAND, ZKG_NO_OPERAND, &v, p->challenge);
    }
}

/* 0: a product, 1: linear, 2: a constant */
static int term_kind(const zkg_gate_term *t)
{
    return t->b != ZKG_NO_OPERAND ? 0 : t->a != ZKG_NO_OPERAND ? 1 : 2;
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_operands(const void *left, const void *right)
{
    const zkg_gate_term *a = left, *b = right;
    int d = term_kind(a) - term_kind(b);

    d = d != 0 ? d : compare(a->a, b->a);
    d = d != 0 ? d : compare(a->b, b->b);
    return d != 0 ? d : compare(a->challenge, b->challenge);
}

/* Sort the terms from gate->first on, and add up equal ones. */
static void merge_terms(zkg_compiler *c, zkg_gate *gate)
{
    zkg_gate_term *t = (zkg_gate_term *)c->term.data + gate->first;
    const uint32_t n = c->term.count - gate->first;
    uint32_t kept = 0, count[3] = {0, 0, 0};

    qsort(t, n, sizeof(t[0]), by_operands);
    for (uint32_t i = 0; i < n;) {
        zkg_gate_term sum = t[i++];

        while (i < n && by_operands(&sum, &t[i]) == 0)
            zkg_fr_add(&sum.c, &sum.c, &t[i++].c);
        if (!zkg_fr_is_zero(&sum.c)) {
            count[term_kind(&sum)]++;
            t[kept++] = sum;
        }
    }
    c->term.count = gate->first + kept;
    gate->products = count[0];
    gate->linear = count[1];
    gate->constants = count[2];
}

/* The gate of node - minus. */
static zkg_status make_gate(zkg_compiler *c, zkg_gate *gate, uint32_t node,
                            uint32_t minus, bool root)
{
    part p = {node, ZKG_CIRCUIT_PLAIN, zkg_fr_one};
    zkg_fr neg;

    gate->first = c->term.count;
    ZKG_TRY(take_apart(c, &p, root));
    while (c->stack.count > 0) {
        p = ((const part *)c->stack.data)[--c->stack.count];
        ZKG_TRY(take_apart(c, &p, false));
    }
    if (minus != ZKG_NO_OPERAND) {
        zkg_fr_neg(&neg, &zkg_fr_one);
        ZKG_TRY(add_term(c, minus, ZKG_NO_OPERAND, &neg, ZKG_CIRCUIT_PLAIN));
    }
    merge_terms(c, gate);
    return ZKG_OK;
}

zkg_status zkg_compile_gates(zkg_compiler *c)
{
    zkg_top *top = c->top.data;

    zkg_list_free(&c->stack);
    count_uses(c);
    for (uint32_t i = 0; i < c->nodes; i++) {
        if (c->live[i] && !zkg_compiler_is_cell(c, i))
            choose_value(c, i);
    }
    for (uint32_t i = 0; i < c->nodes; i++) {
        if (c->value[i])
            ZKG_TRY(make_gate(c, &c->gate[i], i, ZKG_NO_OPERAND, true));
    }
    for (uint32_t i = 0; i < c->top.count; i++)
        ZKG_TRY(make_gate(c, &top[i].gate, top[i].node, top[i].minus,
                          top[i].minus != ZKG_NO_OPERAND));
    return ZKG_OK;
}
