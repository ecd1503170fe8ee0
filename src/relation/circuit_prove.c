/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/circuit_prover.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

typedef zkg_circuit_prover prover;

static zkg_status no_memory(const prover *p)
{
    return zkg_circuit_prover_no_memory(p);
}

/* ---- sumchecks over one copy ---- */

/* Pairs of vectors and their tables, this rank's slices of each. */
typedef struct pairs {
    zkg_form form;
    uint32_t n;
    zkg_part *part;
    zkg_table (*table)[2]; /* of all pairs, slice by slice */
    size_t tables;
} pairs;

static zkg_status deal_pairs(pairs *q, const prover *p, uint32_t n,
                             const uint8_t *vars)
{
    const zkg_comm *comm = p->cr->run->c->comm;
    const uint32_t size = zkg_comm_size(comm);

    *q = (pairs){.n = n, .part = zkg_alloc((size_t)n + 1, sizeof(*q->part))};
    if (q->part == NULL)
        return no_memory(p);
    for (uint32_t k = 0; k < n; k++) {
        zkg_part *part = &q->part[k];

        *part = (zkg_part){.kind = ZKG_FORM_PRODUCT,
                           .coeff = zkg_fr_one,
                           .vars = vars[k],
                           .slice_bits = zkg_slices(vars[k], size)};
        zkg_slices_of(&part->first, &part->count, part->slice_bits,
                      zkg_comm_rank(comm), size);
        q->tables += part->count;
    }
    q->table = zkg_alloc(q->tables + 1, sizeof(*q->table));
    if (q->table == NULL)
        return no_memory(p);
    q->form = (zkg_form){
        .extend = ZKG_EXTEND_ZERO, .parts = q->part, .part_count = n};
    return ZKG_OK;
}

/* Tables in a's and b's places. */
static zkg_status adopt_pairs(pairs *q, const prover *p, zkg_fr *const *a,
                              zkg_fr *const *b)
{
    const zkg_backend *backend = p->cr->run->c->backend;
    zkg_table(*next)[2] = q->table;

    for (uint32_t k = 0; k < q->n; k++) {
        zkg_part *part = &q->part[k];
        const uint32_t inside = part->vars - part->slice_bits;

        part->tables = *next;
        for (uint32_t s = 0; s < part->count; s++, next++) {
            const size_t at = ((size_t)part->first + s) << inside;

            ZKG_TRY(backend->table_adopt(&(*next)[0], inside, a[k] + at));
            ZKG_TRY(backend->table_adopt(&(*next)[1], inside, b[k] + at));
        }
    }
    return ZKG_OK;
}

static void pairs_clear(pairs *q, const zkg_backend *backend)
{
    for (size_t k = 0; q->table != NULL && k < q->tables; k++) {
        zkg_table_clear(backend, &q->table[k][0]);
        zkg_table_clear(backend, &q->table[k][1]);
    }
    zkg_free(q->table);
    zkg_free(q->part);
}

/* Pairs of vectors, pair k of 2^vars[k], zero-extended; of those that are dealt
 * out (zkg_slices) this rank's slices are there.  They are used up.  end[k]: a
 * and b at the end. */
static zkg_status prove_pairs(prover *p, uint32_t n, const uint8_t *vars,
                              zkg_fr *const *a, zkg_fr *const *b,
                              uint32_t max_vars, zkg_fr *claim, zkg_fr *point,
                              zkg_fr (*end)[2])
{
    zkg_child *c = p->cr->run->c;
    pairs q;
    zkg_status status = deal_pairs(&q, p, n, vars);

    zkg_circuit_plain_shape(&q.form.shape, max_vars);
    if (status == ZKG_OK)
        status = adopt_pairs(&q, p, a, b);
    if (status == ZKG_OK)
        status = zkg_sumcheck_prove(c->tape, c->comm, c->backend, &q.form,
                                    claim, point);
    for (uint32_t k = 0; k < n && status == ZKG_OK; k++)
        memcpy(end[k], q.part[k].final, sizeof(end[k]));
    pairs_clear(&q, c->backend);
    return status;
}

/* sum_S sum_x V_S[x] b_S[x], V folded at the copies' point. */
static zkg_status prove_folded(prover *p, uint32_t i,
                               const zkg_circuit_reads *reads, zkg_fr *const *b,
                               const zkg_fr *at_copies, zkg_fr *claim,
                               zkg_fr *point, zkg_fr *value)
{
    zkg_fr *v[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_fr end[ZKG_CIRCUIT_MAX_SOURCES][2];
    zkg_status status = zkg_circuit_prover_vectors(p, v, reads);

    for (uint32_t k = 0; k < reads->sources && status == ZKG_OK; k++)
        status = zkg_circuit_prover_fold(v[k], p, i, reads->source[k],
                                         at_copies, ZKG_CIRCUIT_SLICES);
    if (status == ZKG_OK)
        status = prove_pairs(p, reads->sources, reads->vars, v, b,
                             reads->max_vars, claim, point, end);
    for (uint32_t k = 0; k < reads->sources && status == ZKG_OK; k++)
        value[k] = end[k][0];
    return status;
}

static zkg_status prove_linear(prover *p, uint32_t i,
                               const zkg_circuit_plan *plan, const zkg_fr *e)
{
    zkg_circuit_run *cr = p->cr;
    zkg_fr point[ZKG_MAX_VARS], value[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_fr claim = cr->claim;
    zkg_circuit_weights w;
    zkg_status status = zkg_circuit_weights_init(&w, p, i, plan, e);

    if (status == ZKG_OK)
        status = prove_folded(p, i, &plan->first, w.add, cr->rc, &claim, point,
                              value);
    if (status == ZKG_OK)
        status =
            zkg_circuit_wire_values(cr, &plan->first, point, cr->rc, value);
    if (status == ZKG_OK)
        zkg_circuit_descend(cr, cr->rc, &plan->first, point, value, NULL, NULL,
                            NULL);
    zkg_circuit_weights_clear(&w);
    return status;
}

/* ---- phase two ---- */

/* sum_add w E[o] X_S[x]; where vectors are dealt out each rank adds a part of
 * each up. */
static zkg_status sum_adds(zkg_fr *sum, const prover *p, uint32_t i,
                           const zkg_circuit_reads *first,
                           const zkg_circuit_weights *w, zkg_fr *const *x)
{
    const zkg_child *c = p->cr->run->c;
    const uint32_t all = zkg_comm_size(c->comm);
    const uint32_t ranks = zkg_slices(first->max_vars, all) > 0 ? all : 1;
    const uint32_t rank = ranks > 1 ? zkg_comm_rank(c->comm) : 0;

    *sum = zkg_fr_zero;
    for (uint32_t k = 0; k < first->sources; k++) {
        const uint32_t source = first->source[k];
        const uint64_t n = zkg_circuit_wires(p->cr->circuit, i, source);
        const uint64_t from = n * rank / ranks, to = n * (rank + 1) / ranks;
        zkg_fr part;

        ZKG_TRY(c->backend->fr_dot(&part, w->add[k] + from, x[source] + from,
                                   (size_t)(to - from)));
        zkg_fr_add(sum, sum, &part);
    }
    return ranks > 1 ? zkg_comm_sum_fr(c->comm, sum, 1) : ZKG_OK;
}

/* Products that are made at once. */
enum { SOME = 256 };

/* Of g's vectors this rank's slices, as prove_pairs deals them out. */
typedef struct second_slices {
    zkg_fr *g[ZKG_CIRCUIT_MAX_SOURCES]; /* by source, from the first slice on */
    uint32_t first[ZKG_CIRCUIT_MAX_SOURCES], count[ZKG_CIRCUIT_MAX_SOURCES];
} second_slices;

/* All zeros. */
static void begin_slices(second_slices *out, const prover *p,
                         const zkg_circuit_reads *reads, zkg_fr *const *g)
{
    const zkg_comm *comm = p->cr->run->c->comm;
    const uint32_t size = zkg_comm_size(comm);

    for (uint32_t k = 0; k < reads->sources; k++) {
        const uint32_t source = reads->source[k];
        const uint32_t m = zkg_slices(reads->vars[k], size);
        const uint32_t inside = reads->vars[k] - m;
        uint32_t first, count;

        zkg_slices_of(&first, &count, m, zkg_comm_rank(comm), size);
        out->first[source] = first << inside;
        out->count[source] = count << inside;
        out->g[source] = g[k] + out->first[source];
        memset(out->g[source], 0, out->count[source] * sizeof(**out->g));
    }
}

/* g[S'][y] += w E[o] X[x] of n products, in this rank's slices: the others'
 * are passed over. */
static zkg_status mul_some(const second_slices *s, const prover *p,
                           const zkg_circuit_weights *w, const zkg_fr *x,
                           uint32_t first, uint32_t n)
{
    zkg_fr term[SOME], weight[SOME], *to[SOME];
    uint32_t at[SOME], own = 0;

    for (uint32_t k = first; k < first + n; k++) {
        const uint32_t source = w->term[k].a_source;
        const uint32_t y = w->term[k].a - s->first[source];

        if (y >= s->count[source])
            continue;
        to[own] = &s->g[source][y];
        at[own] = w->term[k].to;
        weight[own++] = w->weight[k];
    }
    ZKG_TRY(p->cr->run->c->backend->fr_mul_at(term, weight, x, at, own));
    for (uint32_t k = 0; k < own; k++)
        zkg_fr_add(to[k], to[k], &term[k]);
    return ZKG_OK;
}

/* g[slot][y] = sum_mul w E[o] X_S[x], in this rank's slices. */
static zkg_status mul_weights(zkg_fr *const *g, const prover *p,
                              const zkg_circuit_plan *plan,
                              const zkg_circuit_weights *w, zkg_fr *const *x)
{
    second_slices s;

    begin_slices(&s, p, &plan->second, g);
    for (uint32_t k = 0; k < plan->first.sources; k++)
        for (uint32_t n = w->from[k]; n < w->from[k + 1]; n += SOME) {
            const uint32_t left = w->from[k + 1] - n;

            ZKG_TRY(mul_some(&s, p, w, x[plan->first.source[k]], n,
                             left < SOME ? left : SOME));
        }
    return ZKG_OK;
}

static zkg_status prove_second(prover *p, uint32_t i,
                               const zkg_circuit_plan *plan,
                               const zkg_circuit_weights *w, zkg_fr *const *x,
                               const zkg_fr *rho, zkg_fr *claim, zkg_fr *point,
                               zkg_fr *value)
{
    zkg_fr *g[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_status status = zkg_circuit_prover_vectors(p, g, &plan->second);
    zkg_fr sum;

    if (status == ZKG_OK)
        status = sum_adds(&sum, p, i, &plan->first, w, x);
    if (status == ZKG_OK) {
        zkg_fr_sub(claim, claim, &sum);
        status = mul_weights(g, p, plan, w, x);
    }
    if (status == ZKG_OK) {
        status = prove_folded(p, i, &plan->second, g, rho, claim, point, value);
    }
    return status;
}

static zkg_status prove_products(prover *p, uint32_t i,
                                 const zkg_circuit_plan *plan, const zkg_fr *e)
{
    zkg_circuit_run *cr = p->cr;
    zkg_fr rx[ZKG_MAX_VARS], ry[ZKG_MAX_VARS];
    zkg_fr vx[ZKG_CIRCUIT_MAX_SOURCES], vy[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_fr *x[ZKG_CIRCUIT_MAX_SOURCES];
    const zkg_fr *rho = rx + plan->first.max_vars;
    zkg_fr claim = cr->claim;
    zkg_circuit_weights w;
    zkg_status status = zkg_circuit_weights_init(&w, p, i, plan, e);

    if (status == ZKG_OK)
        status = zkg_circuit_prove_first(p, i, plan, &w, &claim, rx, vx);
    if (status == ZKG_OK)
        status = zkg_circuit_wire_values(cr, &plan->first, rx, rho, vx);
    if (status == ZKG_OK)
        status = zkg_circuit_expand_reads(x, cr, i, &plan->first, rx, vx);
    if (status == ZKG_OK)
        status = prove_second(p, i, plan, &w, x, rho, &claim, ry, vy);
    if (status == ZKG_OK)
        status = zkg_circuit_wire_values(cr, &plan->second, ry, rho, vy);
    if (status == ZKG_OK)
        zkg_circuit_descend(cr, rho, &plan->first, rx, vx, &plan->second, ry,
                            vy);
    zkg_circuit_weights_clear(&w);
    return status;
}

/* ---- elementwise ---- */

/* Tables [3 s ..] (2 where there is one point) of this rank's slices: the
 * factors, and E of the variables inside a slice. */
static zkg_status elementwise_tables(zkg_table *table, prover *p, uint32_t i,
                                     const zkg_circuit_plan *plan)
{
    zkg_circuit_run *cr = p->cr;
    const uint32_t arity = cr->points == 2 ? 3 : 2;
    zkg_fr *e = NULL;
    zkg_status status = ZKG_OK;

    if (arity == 3)
        ZKG_TRY(zkg_circuit_expand_claim(&e, cr, plan->vars,
                                         (size_t)1 << plan->vars));
    for (uint32_t s = 0; s < p->count && status == ZKG_OK; s++) {
        zkg_table *t = &table[s * arity];

        status =
            zkg_circuit_prover_table(&t[0], p, i, plan->first.source[0], s);
        if (status == ZKG_OK)
            status = zkg_circuit_prover_table(&t[1], p, i,
                                              plan->second.source[0], s);
        if (status == ZKG_OK && e != NULL)
            status = zkg_table_from_fr(cr->run->c->backend, &t[2], plan->vars,
                                       e, (size_t)1 << plan->vars);
    }
    return status;
}

static zkg_status prove_elementwise(prover *p, uint32_t i,
                                    const zkg_circuit_plan *plan)
{
    zkg_circuit_run *cr = p->cr;
    zkg_child *c = cr->run->c;
    const bool two = cr->points == 2;
    const bool same = plan->first.source[0] == plan->second.source[0];
    const uint32_t tables = p->count * (two ? 3 : 2);
    zkg_table *table = zkg_alloc((size_t)tables + 1, sizeof(*table));
    zkg_part part = {.kind = two ? ZKG_FORM_PRODUCT3 : ZKG_FORM_PRODUCT,
                     .coeff = cr->coeff[cr->circuit->layer[i].mul[0].coeff],
                     .vars = plan->vars + cr->copy_vars,
                     .vars3 = two ? plan->vars : 0,
                     .slice_bits = p->m,
                     .first = p->first,
                     .count = p->count,
                     .tables = table};
    zkg_form form = {
        .extend = ZKG_EXTEND_CONSTANT, .parts = &part, .part_count = 1};
    zkg_fr eq_point[ZKG_MAX_VARS], point[ZKG_MAX_VARS];
    zkg_fr claim = cr->claim;
    zkg_status status = table == NULL ? no_memory(p) : ZKG_OK;

    zkg_circuit_elementwise_shape(&form.shape, eq_point, cr, plan);
    if (status == ZKG_OK)
        status = elementwise_tables(table, p, i, plan);
    if (status == ZKG_OK)
        status = zkg_sumcheck_prove(c->tape, c->comm, c->backend, &form, &claim,
                                    point);
    if (status == ZKG_OK)
        status = zkg_circuit_wire_values(cr, &plan->first, point,
                                         point + plan->vars, &part.final[0]);
    if (status == ZKG_OK && !same)
        status = zkg_circuit_wire_values(cr, &plan->second, point,
                                         point + plan->vars, &part.final[1]);
    if (status == ZKG_OK)
        zkg_circuit_descend(cr, point + plan->vars, &plan->first, point,
                            &part.final[0], same ? NULL : &plan->second, point,
                            &part.final[1]);
    for (uint32_t k = 0; table != NULL && k < tables; k++)
        zkg_table_clear(c->backend, &table[k]);
    zkg_free(table);
    return status;
}

/* Two tables of all copies, and E's of one; the copies of a group that are on
 * their way into one. */
void zkg_circuit_need_elementwise(zkg_circuit_need out[ZKG_CIRCUIT_MOMENTS],
                                  const zkg_circuit_plan *plan)
{
    const double table = ldexp(sizeof(zkg_fr), (int)plan->vars);

    out[0] =
        (zkg_circuit_need){.each = 2 * table, .copy = 2 * table, .lane = table};
}

/* ---- the top ---- */

/* The weights w_i = eq(z_i, .) of the top layer are products of one over o and
 * one over c, w_0 too: so x costs one copy, and c one wire. */
typedef struct top {
    prover *p;
    const zkg_circuit_merge *m;
    uint32_t vars, n; /* of a copy; weights */
    uint8_t *all_vars;
    zkg_fr **over_o;   /* [i]: rho^i eq(z_i, o), or w_0's, of one copy */
    zkg_fr **folded;   /* [i]: sum_c eq(z_i, c) V_top[c] */
    zkg_fr (*at_o)[2]; /* [i]: folded and over_o at rho_o */
    zkg_fr *over_c;    /* of this rank's copies; scratch */
} top;

static zkg_status top_init(top *t, prover *p, const zkg_circuit_merge *m)
{
    const zkg_circuit *c = p->cr->circuit;
    const uint32_t vars = zkg_circuit_layer_vars(c, c->layers - 1);

    *t = (top){.p = p, .m = m, .vars = vars, .n = m->claims + m->asserted};
    t->all_vars = zkg_alloc(t->n, sizeof(*t->all_vars));
    t->over_o = zkg_alloc(t->n, sizeof(*t->over_o));
    t->folded = zkg_alloc(t->n, sizeof(*t->folded));
    t->at_o = zkg_alloc(t->n, sizeof(*t->at_o));
    t->over_c = zkg_alloc(p->copies, sizeof(*t->over_c));
    if (t->all_vars == NULL || t->over_o == NULL || t->folded == NULL ||
        t->at_o == NULL || t->over_c == NULL)
        return no_memory(p);
    for (uint32_t i = 0; i < t->n; i++) {
        t->all_vars[i] = (uint8_t)vars;
        t->over_o[i] = zkg_alloc_raw((size_t)1 << vars, sizeof(**t->over_o));
        t->folded[i] = zkg_alloc_raw((size_t)1 << vars, sizeof(**t->folded));
        if (t->over_o[i] == NULL || t->folded[i] == NULL)
            return no_memory(p);
    }
    return ZKG_OK;
}

static void top_clear(top *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->over_o != NULL)
            zkg_free(t->over_o[i]);
        if (t->folded != NULL)
            zkg_free(t->folded[i]);
    }
    zkg_free(t->over_o);
    zkg_free(t->folded);
    zkg_free(t->at_o);
    zkg_free(t->over_c);
    zkg_free(t->all_vars);
}

/* Point i over o and c; NULL: w_0. */
static const zkg_fr *top_point(const top *t, uint32_t i)
{
    return t->m->asserted && i == 0 ? NULL
                                    : t->m->claim[i - t->m->asserted].point;
}

static zkg_status weigh_gates(const top *t)
{
    const zkg_circuit_run *cr = t->p->cr;
    const zkg_circuit *c = cr->circuit;
    zkg_fr power = zkg_fr_one;

    for (uint32_t i = 0; i < t->n; i++) {
        const zkg_fr *z = top_point(t, i);
        zkg_fr *out = t->over_o[i];
        uint32_t k = 0;

        ZKG_TRY(zkg_circuit_eq(out, cr, z == NULL ? cr->rz[0] : z, t->vars,
                               &power));
        for (size_t o = 0; z == NULL && o < (size_t)1 << t->vars; o++) {
            if (k < c->asserted && c->assertion[k] == o)
                k++;
            else
                out[o] = zkg_fr_zero;
        }
        zkg_fr_mul(&power, &power, &t->m->rho);
    }
    return ZKG_OK;
}

/* over_c = eq(z_i, c), for w_0 on real copies only. */
static zkg_status weigh_copies(const top *t, uint32_t i)
{
    const prover *p = t->p;
    const zkg_fr *z = top_point(t, i);

    ZKG_TRY(zkg_circuit_prover_eq(t->over_c, p,
                                  z == NULL ? p->cr->rc : z + t->vars));
    for (uint64_t c = 0; z == NULL && c < p->copies; c++)
        if (p->begin + c >= zkg_circuit_held(p->cr))
            t->over_c[c] = zkg_fr_zero;
    return ZKG_OK;
}

/* The rounds over o; point: rho_o. */
static zkg_status merge_gates(top *t, zkg_fr *claim, zkg_fr *point)
{
    prover *p = t->p;
    zkg_status status = weigh_gates(t);

    for (uint32_t i = 0; i < t->n && status == ZKG_OK; i++) {
        status = weigh_copies(t, i);
        if (status == ZKG_OK)
            status = zkg_circuit_prover_dot(
                t->folded[i], p, p->cr->circuit->layers, ZKG_CIRCUIT_PREVIOUS,
                t->over_c, ZKG_CIRCUIT_SLICES);
    }
    if (status == ZKG_OK)
        status = prove_pairs(p, t->n, t->all_vars, t->folded, t->over_o,
                             t->vars, claim, point, t->at_o);
    return status;
}

/* v = V_top(rho_o, c), w = sum_i w_i(rho_o, c), of this rank's copies. */
static zkg_status top_columns(zkg_fr *v, zkg_fr *w, top *t, const zkg_fr *point)
{
    const prover *p = t->p;
    const zkg_backend *backend = p->cr->run->c->backend;
    const uint32_t layers = p->cr->circuit->layers;
    const uint32_t gates = p->cr->circuit->layer[layers - 1].gates;
    zkg_fr *eq = zkg_alloc((size_t)1 << t->vars, sizeof(*eq));
    zkg_wire_term *term = zkg_alloc(gates, sizeof(*term));
    zkg_status status = eq == NULL || term == NULL ? no_memory(p) : ZKG_OK;

    if (status == ZKG_OK)
        status = zkg_circuit_eq(eq, p->cr, point, t->vars, NULL);
    if (status == ZKG_OK) {
        for (uint32_t o = 0; o < gates; o++)
            term[o] =
                (zkg_wire_term){.weight = o, .a = o, .b = ZKG_WIRE_LINEAR};
        status = zkg_circuit_prover_column(v, p, &zkg_fr_zero, term, gates, eq,
                                           &p->v.layer[layers - 1]);
    }
    for (uint32_t i = 0; i < t->n && status == ZKG_OK; i++) {
        status = weigh_copies(t, i);
        if (status == ZKG_OK)
            status = backend->fr_axpy(w, &t->at_o[i][1], t->over_c, p->copies);
    }
    zkg_free(eq);
    zkg_free(term);
    return status;
}

/* v and w of each of this rank's slices. */
static zkg_status top_tables(zkg_table *table, top *t, const zkg_fr *point)
{
    const prover *p = t->p;
    const zkg_backend *backend = p->cr->run->c->backend;
    const size_t slice = (size_t)1 << p->low;
    zkg_fr *v = zkg_alloc(p->copies, sizeof(*v));
    zkg_fr *w = zkg_alloc(p->copies, sizeof(*w));
    zkg_status status = v == NULL || w == NULL ? no_memory(p) : ZKG_OK;

    if (status == ZKG_OK)
        status = top_columns(v, w, t, point);
    for (uint32_t s = 0; s < p->count && status == ZKG_OK; s++) {
        status = zkg_table_from_fr(backend, &table[2 * s], p->low,
                                   v + s * slice, slice);
        if (status == ZKG_OK)
            status = zkg_table_from_fr(backend, &table[2 * s + 1], p->low,
                                       w + s * slice, slice);
    }
    zkg_free(v);
    zkg_free(w);
    return status;
}

/* The rounds over c; point: rho_o, then rho_c. */
static zkg_status merge_copies(top *t, zkg_fr *claim, zkg_fr *point,
                               zkg_fr *value)
{
    const prover *p = t->p;
    zkg_child *c = p->cr->run->c;
    zkg_table *table = zkg_alloc(2 * (size_t)p->count + 1, sizeof(*table));
    zkg_part part = {.kind = ZKG_FORM_PRODUCT,
                     .coeff = zkg_fr_one,
                     .vars = p->cr->copy_vars,
                     .slice_bits = p->m,
                     .first = p->first,
                     .count = p->count,
                     .tables = table};
    zkg_form form = {
        .extend = ZKG_EXTEND_CONSTANT, .parts = &part, .part_count = 1};
    zkg_status status =
        table == NULL ? no_memory(p) : top_tables(table, t, point);

    zkg_circuit_plain_shape(&form.shape, p->cr->copy_vars);
    if (status == ZKG_OK)
        status = zkg_sumcheck_prove(c->tape, c->comm, c->backend, &form, claim,
                                    point + t->vars);
    *value = part.final[0];
    for (uint32_t k = 0; table != NULL && k < 2 * p->count; k++)
        zkg_table_clear(c->backend, &table[k]);
    zkg_free(table);
    return status;
}

/* The vectors of all weights, then columns over c and their tables; before, a
 * group of copies that assertions are held to. */
void zkg_circuit_need_merge(zkg_circuit_need *out, const zkg_circuit *c,
                            uint32_t claims)
{
    enum { FR = sizeof(zkg_fr) };
    const double gates = c->layer[c->layers - 1].gates;
    const double table =
        ldexp(FR, (int)zkg_circuit_layer_vars(c, c->layers - 1));
    const double n = claims + (c->asserted > 0 ? 1.0 : 0.0);
    const double columns =
        table + gates * (sizeof(zkg_wire_term) + ZKG_CIRCUIT_LIFTED_BYTES);

    *out = (zkg_circuit_need){.lane = c->asserted > 0 ? gates * FR : 0};
    if (c->asserted == 0 && claims <= 1)
        return; /* the claim stands as it is */
    out->each = 2 * n * table + columns;
    out->copy = 5 * FR;
    out->lane = 0;
}

static zkg_status prove_merge(prover *p, const zkg_circuit_merge *m)
{
    zkg_fr point[ZKG_MAX_VARS], claim = m->sum, value;
    top t;
    zkg_status status = top_init(&t, p, m);

    if (status == ZKG_OK)
        status = merge_gates(&t, &claim, point);
    if (status == ZKG_OK)
        status = merge_copies(&t, &claim, point, &value);
    if (status == ZKG_OK)
        status = zkg_circuit_merge_end(p->cr, point, &value);
    top_clear(&t);
    return status;
}

/* ---- the whole ---- */

static zkg_status prove_layer(prover *p, uint32_t i)
{
    zkg_circuit_run *cr = p->cr;
    const zkg_circuit_plan *plan = &cr->circuit->plan[i];
    zkg_fr *e, sum;

    if (plan->kind == ZKG_CIRCUIT_ELEMENTWISE)
        return prove_elementwise(p, i, plan);
    ZKG_TRY(zkg_circuit_expand_claim(&e, cr, plan->vars,
                                     cr->circuit->layer[i].gates));
    zkg_circuit_sum_constants(&sum, cr->circuit, i, cr->coeff, e);
    zkg_fr_sub(&cr->claim, &cr->claim, &sum);
    return plan->kind == ZKG_CIRCUIT_LINEAR ? prove_linear(p, i, plan, e)
                                            : prove_products(p, i, plan, e);
}

zkg_status zkg_circuit_prove(zkg_task_run *run, const zkg_task_circuit *b)
{
    zkg_circuit_merge m = {0};
    zkg_circuit_run cr;
    prover p = {.cr = &cr};
    zkg_status status = zkg_circuit_start(&cr, run, b);

    if (status == ZKG_OK)
        status = zkg_circuit_prover_init(&p, &cr);
    if (status == ZKG_OK)
        status = zkg_circuit_merge_begin(&m, &cr);
    if (status == ZKG_OK && m.needed)
        status = prove_merge(&p, &m);
    /* A layer's wires are needed until the one above them is done. */
    for (uint32_t i = b->circuit->layers; i-- > 0 && status == ZKG_OK;) {
        zkg_circuit_values_drop(&p.v, i);
        if (i > 0)
            status = zkg_circuit_prover_need(&p, i - 1);
        if (status == ZKG_OK)
            status = prove_layer(&p, i);
        zkg_arena_release(&cr.vectors, 0);
    }
    zkg_circuit_prover_clear(&p);
    zkg_circuit_merge_clear(&m);
    zkg_circuit_run_clear(&cr);
    return status;
}
