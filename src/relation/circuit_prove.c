/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/circuit_prover.h"

#include "base/mem.h"
#include "poly/eq.h"

#include <string.h>

typedef zkg_circuit_prover prover;

static zkg_status no_memory(const prover *p)
{
    return zkg_circuit_prover_no_memory(p);
}

/* ---- sumchecks over one copy ---- */

/* Pairs of vectors, pair k of 2^vars[k], zero-extended; b NULL: a alone is
 * whole.  value[k]: a at the end. */
static zkg_status prove_pairs(prover *p, uint32_t n, const uint32_t *vars,
                              zkg_fr *const *a, zkg_fr *const *b,
                              uint32_t max_vars, zkg_fr *claim, zkg_fr *point,
                              zkg_fr *value)
{
    zkg_child *c = p->cr->run->c;
    zkg_table(*table)[2] = zkg_alloc((size_t)n + 1, sizeof(*table));
    zkg_part *part = zkg_alloc((size_t)n + 1, sizeof(*part));
    zkg_form form = {.extend = ZKG_EXTEND_ZERO, .parts = part, .part_count = n};
    zkg_status status = ZKG_OK;

    if (table == NULL || part == NULL)
        status = no_memory(p);
    zkg_circuit_plain_shape(&form.shape, max_vars);
    for (uint32_t k = 0; k < n && status == ZKG_OK; k++) {
        const size_t size = (size_t)1 << vars[k];

        part[k] = (zkg_part){.kind = ZKG_FORM_PRODUCT,
                             .coeff = zkg_fr_one,
                             .vars = vars[k],
                             .count = 1,
                             .tables = table[k]};
        status =
            zkg_table_from_fr(c->backend, &table[k][0], vars[k], a[k], size);
        if (status == ZKG_OK)
            status = zkg_table_from_fr(c->backend, &table[k][1], vars[k], b[k],
                                       size);
    }
    if (status == ZKG_OK)
        status = zkg_sumcheck_prove(c->tape, c->comm, c->backend, &form, claim,
                                    point);
    for (uint32_t k = 0; k < n && table != NULL && part != NULL; k++) {
        value[k] = part[k].final[0];
        zkg_table_clear(c->backend, &table[k][0]);
        zkg_table_clear(c->backend, &table[k][1]);
    }
    zkg_free(table);
    zkg_free(part);
    return status;
}

/* sum_S sum_x V_S[x] b_S[x], V folded at the copies' point. */
static zkg_status prove_folded(prover *p, uint32_t i,
                               const zkg_circuit_reads *reads, zkg_fr *const *b,
                               const zkg_fr *at_copies, zkg_fr *claim,
                               zkg_fr *point, zkg_fr *value)
{
    zkg_fr *v[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_status status = zkg_circuit_prover_vectors(p, v, reads);

    for (uint32_t k = 0; k < reads->sources && status == ZKG_OK; k++)
        status =
            zkg_circuit_prover_fold(v[k], p, i, reads->source[k], at_copies);
    if (status == ZKG_OK)
        status = prove_pairs(p, reads->sources, reads->vars, v, b,
                             reads->max_vars, claim, point, value);
    zkg_circuit_free_tables(v);
    return status;
}

static zkg_status prove_linear(prover *p, uint32_t i,
                               const zkg_circuit_plan *plan, const zkg_fr *e)
{
    zkg_circuit_run *cr = p->cr;
    zkg_fr *h[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_fr point[ZKG_MAX_VARS], value[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_fr claim = cr->claim;
    zkg_status status = zkg_circuit_prover_vectors(p, h, &plan->first);

    if (status == ZKG_OK) {
        zkg_circuit_prover_add_weights(h, p, i, &plan->first, e);
        status =
            prove_folded(p, i, &plan->first, h, cr->rc, &claim, point, value);
    }
    if (status == ZKG_OK)
        status =
            zkg_circuit_wire_values(cr, &plan->first, point, cr->rc, value);
    if (status == ZKG_OK)
        zkg_circuit_descend(cr, cr->rc, &plan->first, point, value, NULL, NULL,
                            NULL);
    zkg_circuit_free_tables(h);
    return status;
}

/* ---- phase two ---- */

/* g[slot][y] += sum_mul w E[o] X_S[x] */
static void mul_weights(zkg_fr *const *g, const prover *p, uint32_t i,
                        const zkg_circuit_reads *reads, const zkg_fr *e,
                        zkg_fr *const *x)
{
    const zkg_circuit_layer *l = &p->layer[i];
    uint32_t slot[ZKG_CIRCUIT_MAX_SOURCES] = {0};

    zkg_circuit_slots(slot, reads);
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];
        zkg_fr *at = &g[slot[m->b.source]][m->b.index];
        zkg_fr term;

        zkg_fr_mul(&term, &p->cr->coeff[m->coeff], &e[m->gate]);
        zkg_fr_mul(&term, &term, &x[m->a.source][m->a.index]);
        zkg_fr_add(at, at, &term);
    }
}

static zkg_status prove_second(prover *p, uint32_t i,
                               const zkg_circuit_plan *plan, const zkg_fr *e,
                               zkg_fr *const *x, const zkg_fr *rho,
                               zkg_fr *claim, zkg_fr *point, zkg_fr *value)
{
    zkg_circuit_run *cr = p->cr;
    zkg_fr *g[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_status status = zkg_circuit_prover_vectors(p, g, &plan->second);
    zkg_fr sum;

    if (status == ZKG_OK) {
        zkg_circuit_sum_adds(&sum, cr->circuit, i, cr->coeff, e,
                             (const zkg_fr *const *)x);
        zkg_fr_sub(claim, claim, &sum);
        mul_weights(g, p, i, &plan->second, e, x);
        status = prove_folded(p, i, &plan->second, g, rho, claim, point, value);
    }
    zkg_circuit_free_tables(g);
    return status;
}

static zkg_status prove_products(prover *p, uint32_t i,
                                 const zkg_circuit_plan *plan, const zkg_fr *e)
{
    zkg_circuit_run *cr = p->cr;
    zkg_fr rx[ZKG_MAX_VARS], ry[ZKG_MAX_VARS];
    zkg_fr vx[ZKG_CIRCUIT_MAX_SOURCES], vy[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_fr *x[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    const zkg_fr *rho = rx + plan->first.max_vars;
    zkg_fr claim = cr->claim;
    zkg_status status = zkg_circuit_prove_first(p, i, plan, e, &claim, rx, vx);

    if (status == ZKG_OK)
        status = zkg_circuit_wire_values(cr, &plan->first, rx, rho, vx);
    if (status == ZKG_OK &&
        zkg_circuit_expand_reads(x, &plan->first, rx, vx) != ZKG_OK)
        status = no_memory(p);
    if (status == ZKG_OK)
        status = prove_second(p, i, plan, e, x, rho, &claim, ry, vy);
    if (status == ZKG_OK)
        status = zkg_circuit_wire_values(cr, &plan->second, ry, rho, vy);
    if (status == ZKG_OK)
        zkg_circuit_descend(cr, rho, &plan->first, rx, vx, &plan->second, ry,
                            vy);
    zkg_circuit_free_tables(x);
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

    if (arity == 3) {
        e = zkg_circuit_expand_claim(cr, plan->vars);
        if (e == NULL)
            return no_memory(p);
    }
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
    zkg_free(e);
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

/* ---- the top ---- */

/* out += sum_i rho^i w_i over (o, c) of one of this rank's slices; one and eq
 * are scratch of out's size, and of its copies'. */
static void merge_weights(zkg_fr *out, zkg_fr *one, zkg_fr *eq, const prover *p,
                          const zkg_circuit_merge *m, uint32_t slice)
{
    const zkg_circuit_run *cr = p->cr;
    const zkg_circuit *c = cr->circuit;
    const uint32_t vars = zkg_circuit_layer_vars(c, c->layers - 1);
    const uint32_t inside = vars + p->low;
    const uint64_t first = p->begin + ((uint64_t)slice << p->low);
    zkg_fr power = zkg_fr_one;

    if (m->asserted) {
        zkg_fr upper;

        zkg_eq_at(&upper, cr->rc + p->low, p->m, p->first + slice);
        zkg_eq_expand(one, cr->rz[0], vars, NULL);
        zkg_eq_expand(eq, cr->rc, p->low, &upper);
        for (uint64_t j = 0; j < (uint64_t)1 << p->low; j++)
            for (uint32_t k = 0;
                 first + j < zkg_circuit_held(cr) && k < c->asserted; k++)
                zkg_fr_mul(&out[(j << vars) + c->assertion[k]], &eq[j],
                           &one[c->assertion[k]]);
        power = m->rho;
    }
    for (uint32_t i = 0; i < m->claims; i++) {
        zkg_fr upper;

        zkg_eq_at(&upper, m->claim[i].point + inside, p->m, p->first + slice);
        zkg_fr_mul(&upper, &upper, &power);
        zkg_eq_expand(one, m->claim[i].point, inside, &upper);
        for (size_t x = 0; x < (size_t)1 << inside; x++)
            zkg_fr_add(&out[x], &out[x], &one[x]);
        zkg_fr_mul(&power, &power, &m->rho);
    }
}

/* V_top and the weights of each of this rank's slices. */
static zkg_status merge_tables(zkg_table *table, prover *p,
                               const zkg_circuit_merge *m)
{
    const zkg_backend *backend = p->cr->run->c->backend;
    const zkg_circuit *c = p->cr->circuit;
    const uint32_t inside = zkg_circuit_layer_vars(c, c->layers - 1) + p->low;
    const size_t size = (size_t)1 << inside;
    zkg_fr *w = zkg_alloc(size, sizeof(*w));
    zkg_fr *one = zkg_alloc(size, sizeof(*one));
    zkg_fr *eq = zkg_alloc((size_t)1 << p->low, sizeof(*eq));
    zkg_status status =
        w == NULL || one == NULL || eq == NULL ? no_memory(p) : ZKG_OK;

    for (uint32_t s = 0; s < p->count && status == ZKG_OK; s++) {
        /* The top layer is what a layer above it would read. */
        status = zkg_circuit_prover_table(&table[2 * s], p, c->layers,
                                          ZKG_CIRCUIT_PREVIOUS, s);
        memset(w, 0, size * sizeof(*w));
        merge_weights(w, one, eq, p, m, s);
        if (status == ZKG_OK)
            status =
                zkg_table_from_fr(backend, &table[2 * s + 1], inside, w, size);
    }
    zkg_free(w);
    zkg_free(one);
    zkg_free(eq);
    return status;
}

static zkg_status prove_merge(prover *p, const zkg_circuit_merge *m)
{
    zkg_circuit_run *cr = p->cr;
    zkg_child *c = cr->run->c;
    const uint32_t vars =
        zkg_circuit_layer_vars(cr->circuit, cr->circuit->layers - 1) +
        cr->copy_vars;
    zkg_table *table = zkg_alloc(2 * (size_t)p->count + 1, sizeof(*table));
    zkg_part part = {.kind = ZKG_FORM_PRODUCT,
                     .coeff = zkg_fr_one,
                     .vars = vars,
                     .slice_bits = p->m,
                     .first = p->first,
                     .count = p->count,
                     .tables = table};
    zkg_form form = {
        .extend = ZKG_EXTEND_CONSTANT, .parts = &part, .part_count = 1};
    zkg_fr point[ZKG_MAX_VARS], claim = m->sum;
    zkg_status status = table == NULL ? no_memory(p) : ZKG_OK;

    zkg_circuit_plain_shape(&form.shape, vars);
    if (status == ZKG_OK)
        status = merge_tables(table, p, m);
    if (status == ZKG_OK)
        status = zkg_sumcheck_prove(c->tape, c->comm, c->backend, &form, &claim,
                                    point);
    if (status == ZKG_OK)
        status = zkg_circuit_merge_end(cr, point, &part.final[0]);
    for (uint32_t k = 0; table != NULL && k < 2 * p->count; k++)
        zkg_table_clear(c->backend, &table[k]);
    zkg_free(table);
    return status;
}

/* ---- the whole ---- */

static zkg_status prove_layer(prover *p, uint32_t i)
{
    zkg_circuit_run *cr = p->cr;
    zkg_circuit_plan plan;
    zkg_status status;
    zkg_fr *e, sum;

    zkg_circuit_plan_layer(&plan, cr->circuit, i);
    if (plan.kind == ZKG_CIRCUIT_ELEMENTWISE)
        return prove_elementwise(p, i, &plan);
    e = zkg_circuit_expand_claim(cr, plan.vars);
    if (e == NULL)
        return no_memory(p);
    zkg_circuit_sum_constants(&sum, cr->circuit, i, cr->coeff, e);
    zkg_fr_sub(&cr->claim, &cr->claim, &sum);
    status = plan.kind == ZKG_CIRCUIT_LINEAR ? prove_linear(p, i, &plan, e)
                                             : prove_products(p, i, &plan, e);
    zkg_free(e);
    return status;
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
        zkg_free(p.wires[i]);
        p.wires[i] = NULL;
        status = prove_layer(&p, i);
    }
    zkg_circuit_prover_clear(&p);
    zkg_circuit_merge_clear(&m);
    zkg_circuit_run_clear(&cr);
    return status;
}
