/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/circuit.h"

#include "base/mem.h"
#include "poly/eq.h"
#include "relation/fold.h"
#include "sumcheck/prove.h"

#include <string.h>

/* The wires of all layers, padded copies included. */
typedef struct prover {
    zkg_circuit_run *cr;
    uint64_t copies;                       /* 2^copy_vars */
    zkg_fr **layer;                        /* [i][copy * gates + o] */
    zkg_fr *input[ZKG_CIRCUIT_MAX_INPUTS]; /* one copy, by input */
} prover;

static zkg_status no_memory(prover *p)
{
    return zkg_fail(p->cr->run->err, ZKG_ERR_NOMEM,
                    "no memory for a circuit's wires");
}

static const zkg_operand *input_operand(const prover *p, uint32_t input)
{
    return &p->cr->run->t->operand[p->cr->bound->operand[input]];
}

/* Bring one copy of the inputs into p->input; of broadcast ones the first
 * call's. */
static void load_inputs(prover *p, uint64_t copy)
{
    const zkg_circuit *c = p->cr->circuit;

    for (uint32_t k = 0; k < c->inputs; k++)
        if (copy == 0 ||
            !zkg_task_circuit_broadcast(p->cr->bound, p->cr->run->t, k))
            zkg_circuit_load(p->input[k], input_operand(p, k)->array,
                             c->input[k].axes, copy);
}

/* Tables of one copy by source, for layer i. */
static void list_sources(const zkg_fr **source, const prover *p, uint32_t i,
                         uint64_t copy)
{
    const zkg_circuit *c = p->cr->circuit;

    source[ZKG_CIRCUIT_PREVIOUS] =
        i == 0 ? NULL : p->layer[i - 1] + copy * c->layer[i - 1].gates;
    for (uint32_t k = 0; k < c->inputs; k++)
        source[1 + k] = p->input[k];
}

/* A test's wrong wire. */
static void cheat_wire(prover *p, uint32_t layer, uint64_t copy)
{
    const zkg_hooks *h = p->cr->run->c->hooks;
    zkg_fr *wire;

    if (!zkg_hooks_want(h, ZKG_CHEAT_WRONG_WIRE, p->cr->run->t->task) ||
        h->wire.layer != layer || h->wire.copy != copy)
        return;
    wire = &p->layer[layer]
                    [copy * p->cr->circuit->layer[layer].gates + h->wire.gate];
    zkg_fr_add(wire, wire, &zkg_fr_one);
}

static zkg_status evaluate(prover *p)
{
    const zkg_circuit *c = p->cr->circuit;
    const uint32_t top = c->layers - 1;
    const zkg_fr *source[ZKG_CIRCUIT_MAX_SOURCES];

    for (uint32_t k = 0; k < c->inputs; k++) {
        p->input[k] = zkg_alloc(
            (size_t)1 << zkg_circuit_shape_vars(&c->input[k]), sizeof(zkg_fr));
        if (p->input[k] == NULL)
            return no_memory(p);
    }
    for (uint32_t i = 0; i < c->layers; i++) {
        p->layer[i] =
            zkg_alloc((size_t)p->copies * c->layer[i].gates, sizeof(zkg_fr));
        if (p->layer[i] == NULL)
            return no_memory(p);
    }
    for (uint64_t copy = 0; copy < p->copies; copy++) {
        load_inputs(p, copy);
        for (uint32_t i = 0; i < c->layers; i++) {
            list_sources(source, p, i, copy);
            zkg_circuit_eval_layer(p->layer[i] + copy * c->layer[i].gates, c, i,
                                   p->cr->coeff, source);
            cheat_wire(p, i, copy);
        }
        if (copy < p->cr->copies && !zkg_child_cheats(p->cr->run->c)) {
            zkg_error why = {0};

            if (zkg_circuit_assert(c,
                                   p->layer[top] + copy * c->layer[top].gates,
                                   copy, &why) != ZKG_OK)
                return zkg_fail(p->cr->run->err, ZKG_ERR_WITNESS,
                                "task %lld, relation %u: %s",
                                (long long)p->cr->run->t->task,
                                p->cr->bound->relation, why.text);
        }
    }
    return ZKG_OK;
}

static void clear(prover *p)
{
    for (uint32_t i = 0; p->layer != NULL && i < p->cr->circuit->layers; i++)
        zkg_free(p->layer[i]);
    zkg_free(p->layer);
    for (uint32_t k = 0; k < ZKG_CIRCUIT_MAX_INPUTS; k++)
        zkg_free(p->input[k]);
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

/* out[x] = sum_c eq(at,c) V_S[c][x], 2^n elements that are 0 beforehand. */
static zkg_status fold_copies(zkg_fr *out, prover *p, uint32_t i,
                              uint32_t source, const zkg_fr *at)
{
    const zkg_circuit_run *cr = p->cr;
    const uint32_t vars = zkg_circuit_source_vars(cr->circuit, i, source);
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    const zkg_operand *o;
    uint32_t shift = 0;

    if (source == ZKG_CIRCUIT_PREVIOUS) {
        const uint32_t gates = cr->circuit->layer[i - 1].gates;
        zkg_fr *eq = zkg_alloc((size_t)p->copies, sizeof(*eq));
        zkg_status status = ZKG_OK;

        if (eq == NULL)
            return no_memory(p);
        zkg_eq_expand(eq, at, cr->copy_vars, NULL);
        for (uint64_t copy = 0; copy < p->copies && status == ZKG_OK; copy++)
            status = cr->run->c->backend->fr_axpy(
                out, &eq[copy], p->layer[i - 1] + copy * gates, gates);
        zkg_free(eq);
        return status;
    }
    o = input_operand(p, source - 1);
    for (uint32_t k = o->axes; k-- > 0;) {
        axis[k].bits = cr->run->t->axis[o->axis[k]].bits;
        axis[k].kept = k > 0 || zkg_task_circuit_broadcast(
                                    cr->bound, cr->run->t, source - 1);
        axis[k].shift = shift;
        axis[k].at = at;
        shift += axis[k].bits;
    }
    return zkg_fold(out, vars, o->array, axis, 0, (uint64_t)1 << vars,
                    cr->run->c->backend, cr->run->c->comm);
}

/* By slot of a list of sources: 2^n zeros each. */
static zkg_status new_vectors(prover *p, zkg_fr **v,
                              const zkg_circuit_reads *reads)
{
    for (uint32_t k = 0; k < reads->sources; k++) {
        v[k] = zkg_alloc((size_t)1 << reads->vars[k], sizeof(**v));
        if (v[k] == NULL)
            return no_memory(p);
    }
    return ZKG_OK;
}

/* slot[S] = where source S stands in the list. */
static void slots(uint32_t *slot, const zkg_circuit_reads *reads)
{
    for (uint32_t k = 0; k < reads->sources; k++)
        slot[reads->source[k]] = k;
}

/* h[slot][x] += sum_add w E[o] */
static void add_weights(zkg_fr *const *h, const zkg_circuit_run *cr, uint32_t i,
                        const zkg_circuit_reads *reads, const zkg_fr *e)
{
    const zkg_circuit_layer *l = &cr->circuit->layer[i];
    uint32_t slot[ZKG_CIRCUIT_MAX_SOURCES] = {0};

    slots(slot, reads);
    for (uint32_t k = 0; k < l->adds; k++) {
        const zkg_circuit_add *a = &l->add[k];
        zkg_fr *at =
            &h[slot[a->a.source]][zkg_circuit_position(cr->circuit, a->a)];
        zkg_fr term;

        zkg_fr_mul(&term, &cr->coeff[a->coeff], &e[a->gate]);
        zkg_fr_add(at, at, &term);
    }
}

/* sum_S sum_x V_S[x] b_S[x], V folded at the copies' point. */
static zkg_status prove_folded(prover *p, uint32_t i,
                               const zkg_circuit_reads *reads, zkg_fr *const *b,
                               const zkg_fr *at_copies, zkg_fr *claim,
                               zkg_fr *point, zkg_fr *value)
{
    zkg_fr *v[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_status status = new_vectors(p, v, reads);

    for (uint32_t k = 0; k < reads->sources && status == ZKG_OK; k++)
        status = fold_copies(v[k], p, i, reads->source[k], at_copies);
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
    zkg_status status = new_vectors(p, h, &plan->first);

    if (status == ZKG_OK) {
        add_weights(h, cr, i, &plan->first, e);
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

/* ---- phase one ---- */

/* A source in the rounds over x, then c. */
typedef struct source_run {
    uint32_t vars;
    zkg_table table[2]; /* V_S and h_S over x (low) and c */
    bool pending;       /* the last challenge has not been bound yet */
    zkg_fr alone;       /* n_S < N: sum_c eq V h once x_S is bound */
    zkg_fr factor;      /* prod_{n_S <= t} (1 - rx_t)^2 so far */
} source_run;

typedef struct phase {
    prover *p;
    const zkg_circuit_plan *plan;
    zkg_sumcheck_shape shape;
    source_run *run; /* by slot of plan->first */
    zkg_fr *eq;      /* of the copies' variables that weigh pairs */
} phase;

/* A product with its weight w E[o], operands as offsets. */
typedef struct product {
    uint32_t slot, x, source, y;
    zkg_fr weight;
} product;

static product *list_products(const phase *f, uint32_t i, const zkg_fr *e)
{
    const zkg_circuit_run *cr = f->p->cr;
    const zkg_circuit_layer *l = &cr->circuit->layer[i];
    product *list = zkg_alloc((size_t)l->muls + 1, sizeof(*list));
    uint32_t slot[ZKG_CIRCUIT_MAX_SOURCES] = {0};

    slots(slot, &f->plan->first);
    for (uint32_t k = 0; list != NULL && k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];

        list[k] = (product){.slot = slot[m->a.source],
                            .x = zkg_circuit_position(cr->circuit, m->a),
                            .source = m->b.source,
                            .y = zkg_circuit_position(cr->circuit, m->b)};
        zkg_fr_mul(&list[k].weight, &cr->coeff[m->coeff], &e[m->gate]);
    }
    return list;
}

/* The tables of one copy: V_S, and h_S from base (its additions). */
static zkg_status fill_copy(phase *f, uint32_t i, uint64_t copy,
                            const product *list, zkg_fr *const *base,
                            zkg_fr *const *h)
{
    prover *p = f->p;
    const zkg_circuit *c = p->cr->circuit;
    const zkg_backend *backend = p->cr->run->c->backend;
    const zkg_circuit_reads *reads = &f->plan->first;
    const zkg_fr *source[ZKG_CIRCUIT_MAX_SOURCES];

    load_inputs(p, copy);
    list_sources(source, p, i, copy);
    for (uint32_t k = 0; k < reads->sources; k++)
        memcpy(h[k], base[k], sizeof(**h) << reads->vars[k]);
    for (uint32_t k = 0; k < c->layer[i].muls; k++) {
        const product *m = &list[k];
        zkg_fr *at = &h[m->slot][m->x];
        zkg_fr term;

        zkg_fr_mul(&term, &m->weight, &source[m->source][m->y]);
        zkg_fr_add(at, at, &term);
    }
    for (uint32_t k = 0; k < reads->sources; k++) {
        const uint64_t at = copy << reads->vars[k];
        const size_t wires = reads->source[k] == ZKG_CIRCUIT_PREVIOUS
                                 ? c->layer[i - 1].gates
                                 : (size_t)1 << reads->vars[k];

        ZKG_TRY(backend->table_import(&f->run[k].table[0], at,
                                      source[reads->source[k]], ZKG_FR, wires));
        ZKG_TRY(backend->table_import(&f->run[k].table[1], at, h[k], ZKG_FR,
                                      (size_t)1 << reads->vars[k]));
    }
    return ZKG_OK;
}

static zkg_status fill(phase *f, uint32_t i, const zkg_fr *e)
{
    prover *p = f->p;
    const zkg_circuit_reads *reads = &f->plan->first;
    zkg_fr *base[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_fr *h[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    product *list = list_products(f, i, e);
    zkg_status status = list == NULL ? no_memory(p) : ZKG_OK;

    if (status == ZKG_OK)
        status = new_vectors(p, base, reads);
    if (status == ZKG_OK)
        status = new_vectors(p, h, reads);
    for (uint32_t k = 0; k < reads->sources && status == ZKG_OK; k++) {
        source_run *r = &f->run[k];

        r->vars = reads->vars[k];
        r->factor = zkg_fr_one;
        for (uint32_t n = 0; n < 2 && status == ZKG_OK; n++)
            status = zkg_table_new(p->cr->run->c->backend, &r->table[n],
                                   r->vars + p->cr->copy_vars);
    }
    if (status == ZKG_OK)
        add_weights(base, p->cr, i, reads, e);
    for (uint64_t copy = 0; copy < p->copies && status == ZKG_OK; copy++)
        status = fill_copy(f, i, copy, list, base, h);
    zkg_circuit_free_tables(base);
    zkg_circuit_free_tables(h);
    zkg_free(list);
    return status;
}

/* Bind the last challenge, where that is still to do. */
static zkg_status bind(const zkg_backend *backend, source_run *r,
                       const zkg_fr *challenge)
{
    if (!r->pending)
        return ZKG_OK;
    r->pending = false;
    ZKG_TRY(backend->table_fold(&r->table[0], challenge));
    return backend->table_fold(&r->table[1], challenge);
}

/* Sums of a source over the pairs of its lowest variable. */
static zkg_status pair_sums(phase *f, source_run *r, const zkg_fr *challenge,
                            uint32_t free_vars, uint32_t eq_vars,
                            zkg_sums *sums)
{
    const zkg_backend *backend = f->p->cr->run->c->backend;
    const zkg_weights w = {.lo = eq_vars == 0 ? NULL : f->eq,
                           .hi = eq_vars == 0 ? NULL : &zkg_fr_one,
                           .lo_bits = eq_vars,
                           .free = eq_vars == 0 ? 0 : free_vars};
    const bool fused = r->pending;

    r->pending = true;
    return fused ? backend->part_fold_sums(sums, ZKG_FORM_PRODUCT, r->table,
                                           challenge, &w)
                 : backend->part_sums(sums, ZKG_FORM_PRODUCT, r->table, &w);
}

/* alone = sum_c eq(rc,c) V[c] h[c], the tables having the copies left. */
static zkg_status sum_alone(phase *f, source_run *r)
{
    const zkg_backend *backend = f->p->cr->run->c->backend;
    const size_t copies = (size_t)f->p->copies;
    zkg_fr *v = zkg_alloc(2 * copies, sizeof(*v));
    zkg_status status;

    if (v == NULL)
        return no_memory(f->p);
    status = backend->table_export(v, &r->table[0], 0, copies);
    if (status == ZKG_OK)
        status = backend->table_export(v + copies, &r->table[1], 0, copies);
    r->alone = zkg_fr_zero;
    for (size_t k = 0; k < copies; k++) {
        zkg_fr_mul(&v[k], &v[k], &v[copies + k]);
        zkg_fr_mul(&v[k], &v[k], &f->eq[k]);
        zkg_fr_add(&r->alone, &r->alone, &v[k]);
    }
    zkg_free(v);
    return status;
}

/* factor *= (1 - r)^2 */
static void extend(source_run *r, const zkg_fr *challenge)
{
    zkg_fr v;

    zkg_fr_sub(&v, &zkg_fr_one, challenge);
    zkg_fr_sqr(&v, &v);
    zkg_fr_mul(&r->factor, &r->factor, &v);
}

/* Round t over x: p(0), p(2). */
static zkg_status round_x(phase *f, uint32_t t, const zkg_fr *claim,
                          const zkg_fr *point, zkg_fr message[2])
{
    const uint32_t copy_vars = f->p->cr->copy_vars;
    const zkg_fr *last = t > 0 ? &point[t - 1] : NULL;
    zkg_fr at1 = zkg_fr_zero, c2 = zkg_fr_zero, v;

    for (uint32_t k = 0; k < f->plan->first.sources; k++) {
        source_run *r = &f->run[k];
        zkg_sums sums = {0};

        if (t < r->vars) {
            ZKG_TRY(pair_sums(f, r, last, r->vars - t - 1, copy_vars, &sums));
            zkg_fr_add(&at1, &at1, &sums.at1);
            zkg_fr_add(&c2, &c2, &sums.c2);
            continue;
        }
        if (t == r->vars) {
            ZKG_TRY(bind(f->p->cr->run->c->backend, r, last));
            ZKG_TRY(sum_alone(f, r));
        } else {
            extend(r, last);
        }
        zkg_fr_mul(&v, &r->alone, &r->factor);
        zkg_fr_add(&c2, &c2, &v);
    }
    /* p(2) = 2 p(1) - p(0) + 2 c2 */
    zkg_fr_sub(&message[0], claim, &at1);
    zkg_fr_add(&v, &at1, &c2);
    zkg_fr_double(&v, &v);
    zkg_fr_sub(&message[1], &v, &message[0]);
    return ZKG_OK;
}

/* Round k over c: q(1) - q(0), and q's coefficient of X^2. */
static zkg_status round_c(phase *f, uint32_t k, const zkg_fr *point,
                          zkg_fr message[2])
{
    const zkg_circuit_run *cr = f->p->cr;
    const uint32_t max_vars = f->plan->first.max_vars;
    const uint32_t t = max_vars + k;
    const uint32_t left = cr->copy_vars - k - 1;

    message[0] = zkg_fr_zero;
    message[1] = zkg_fr_zero;
    zkg_eq_expand(f->eq, cr->rc + k + 1, left, NULL);
    for (uint32_t s = 0; s < f->plan->first.sources; s++) {
        source_run *r = &f->run[s];
        zkg_sums sums = {.want_at0 = true};
        zkg_fr v;

        if (k == 0 && max_vars > r->vars)
            extend(r, &point[t - 1]);
        ZKG_TRY(pair_sums(f, r, t > 0 ? &point[t - 1] : NULL, 0, left, &sums));
        zkg_fr_sub(&v, &sums.at1, &sums.at0);
        zkg_fr_mul(&v, &v, &r->factor);
        zkg_fr_add(&message[0], &message[0], &v);
        zkg_fr_mul(&v, &sums.c2, &r->factor);
        zkg_fr_add(&message[1], &message[1], &v);
    }
    return ZKG_OK;
}

static zkg_status rounds(phase *f, zkg_fr *claim, zkg_fr *point, zkg_fr *value)
{
    zkg_circuit_run *cr = f->p->cr;
    const zkg_backend *backend = cr->run->c->backend;
    const uint32_t max_vars = f->plan->first.max_vars;
    const zkg_fr *last;

    zkg_eq_expand(f->eq, cr->rc, cr->copy_vars, NULL);
    for (uint32_t t = 0; t < f->shape.vars; t++) {
        zkg_fr message[ZKG_SUMCHECK_MAX_DEGREE];

        if (t < max_vars)
            ZKG_TRY(round_x(f, t, claim, point, message));
        else
            ZKG_TRY(round_c(f, t - max_vars, point, message));
        ZKG_TRY(zkg_sumcheck_wire_round(cr->run->c->tape, &f->shape, t, message,
                                        claim, point));
    }
    last = f->shape.vars > 0 ? &point[f->shape.vars - 1] : NULL;
    for (uint32_t k = 0; k < f->plan->first.sources; k++) {
        ZKG_TRY(bind(backend, &f->run[k], last));
        ZKG_TRY(zkg_table_scalar(backend, &value[k], &f->run[k].table[0]));
    }
    return ZKG_OK;
}

static zkg_status prove_first(prover *p, uint32_t i,
                              const zkg_circuit_plan *plan, const zkg_fr *e,
                              zkg_fr *claim, zkg_fr *point, zkg_fr *value)
{
    const zkg_backend *backend = p->cr->run->c->backend;
    phase f = {.p = p, .plan = plan};
    zkg_status status = ZKG_OK;

    zkg_circuit_products_shape(&f.shape, p->cr, plan);
    f.run = zkg_alloc(plan->first.sources, sizeof(*f.run));
    f.eq = zkg_alloc((size_t)p->copies, sizeof(*f.eq));
    if (f.run == NULL || f.eq == NULL)
        status = no_memory(p);
    if (status == ZKG_OK)
        status = fill(&f, i, e);
    if (status == ZKG_OK)
        status = rounds(&f, claim, point, value);
    for (uint32_t k = 0; f.run != NULL && k < plan->first.sources; k++) {
        zkg_table_clear(backend, &f.run[k].table[0]);
        zkg_table_clear(backend, &f.run[k].table[1]);
    }
    zkg_free(f.run);
    zkg_free(f.eq);
    return status;
}

/* ---- phase two ---- */

/* g[slot][y] += sum_mul w E[o] X_S[x] */
static void mul_weights(zkg_fr *const *g, const zkg_circuit_run *cr, uint32_t i,
                        const zkg_circuit_reads *reads, const zkg_fr *e,
                        zkg_fr *const *x)
{
    const zkg_circuit_layer *l = &cr->circuit->layer[i];
    uint32_t slot[ZKG_CIRCUIT_MAX_SOURCES] = {0};

    slots(slot, reads);
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];
        zkg_fr *at =
            &g[slot[m->b.source]][zkg_circuit_position(cr->circuit, m->b)];
        zkg_fr term;

        zkg_fr_mul(&term, &cr->coeff[m->coeff], &e[m->gate]);
        zkg_fr_mul(&term, &term,
                   &x[m->a.source][zkg_circuit_position(cr->circuit, m->a)]);
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
    zkg_status status = new_vectors(p, g, &plan->second);
    zkg_fr sum;

    if (status == ZKG_OK) {
        zkg_circuit_sum_adds(&sum, cr->circuit, i, cr->coeff, e,
                             (const zkg_fr *const *)x);
        zkg_fr_sub(claim, claim, &sum);
        mul_weights(g, cr, i, &plan->second, e, x);
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
    zkg_status status = prove_first(p, i, plan, e, &claim, rx, vx);

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

/* All copies of a source as a table over (x, c). */
static zkg_status whole_table(zkg_table *out, prover *p, uint32_t i,
                              uint32_t source)
{
    const zkg_circuit *c = p->cr->circuit;
    const zkg_backend *backend = p->cr->run->c->backend;
    const uint32_t vars = zkg_circuit_source_vars(c, i, source);
    const size_t wires = source == ZKG_CIRCUIT_PREVIOUS ? c->layer[i - 1].gates
                                                        : (size_t)1 << vars;
    const zkg_fr *from[ZKG_CIRCUIT_MAX_SOURCES];

    ZKG_TRY(zkg_table_new(backend, out, vars + p->cr->copy_vars));
    for (uint64_t copy = 0; copy < p->copies; copy++) {
        load_inputs(p, copy);
        list_sources(from, p, i, copy);
        ZKG_TRY(backend->table_import(out, copy << vars, from[source], ZKG_FR,
                                      wires));
    }
    return ZKG_OK;
}

static zkg_status prove_elementwise(prover *p, uint32_t i,
                                    const zkg_circuit_plan *plan)
{
    zkg_circuit_run *cr = p->cr;
    zkg_child *c = cr->run->c;
    const uint32_t a = plan->first.source[0], b = plan->second.source[0];
    const bool two = cr->points == 2;
    zkg_table table[3] = {{0}};
    zkg_part part = {.kind = two ? ZKG_FORM_PRODUCT3 : ZKG_FORM_PRODUCT,
                     .coeff = cr->coeff[cr->circuit->layer[i].mul[0].coeff],
                     .vars = plan->vars + cr->copy_vars,
                     .vars3 = two ? plan->vars : 0,
                     .count = 1,
                     .tables = table};
    zkg_form form = {
        .extend = ZKG_EXTEND_CONSTANT, .parts = &part, .part_count = 1};
    zkg_fr eq_point[ZKG_MAX_VARS], point[ZKG_MAX_VARS];
    zkg_fr claim = cr->claim;
    zkg_status status = whole_table(&table[0], p, i, a);

    zkg_circuit_elementwise_shape(&form.shape, eq_point, cr, plan);
    if (status == ZKG_OK)
        status = whole_table(&table[1], p, i, b);
    if (status == ZKG_OK && two) {
        zkg_fr *e = zkg_circuit_expand_claim(cr, plan->vars);

        status = e == NULL
                     ? no_memory(p)
                     : zkg_table_from_fr(c->backend, &table[2], plan->vars, e,
                                         (size_t)1 << plan->vars);
        zkg_free(e);
    }
    if (status == ZKG_OK)
        status = zkg_sumcheck_prove(c->tape, c->comm, c->backend, &form, &claim,
                                    point);
    if (status == ZKG_OK)
        status = zkg_circuit_wire_values(cr, &plan->first, point,
                                         point + plan->vars, &part.final[0]);
    if (status == ZKG_OK && a != b)
        status = zkg_circuit_wire_values(cr, &plan->second, point,
                                         point + plan->vars, &part.final[1]);
    if (status == ZKG_OK)
        zkg_circuit_descend(cr, point + plan->vars, &plan->first, point,
                            &part.final[0], a == b ? NULL : &plan->second,
                            point, &part.final[1]);
    for (uint32_t k = 0; k < 3; k++)
        zkg_table_clear(c->backend, &table[k]);
    return status;
}

/* ---- the whole ---- */

/* sum_i rho^i w_i over (o, c) */
static zkg_status merge_weights(zkg_fr *out, prover *p,
                                const zkg_circuit_merge *m)
{
    const zkg_circuit_run *cr = p->cr;
    const zkg_circuit *c = cr->circuit;
    const uint32_t vars = zkg_circuit_layer_vars(c, c->layers - 1);
    const size_t size = (size_t)1 << (vars + cr->copy_vars);
    zkg_fr *one = zkg_alloc(size, sizeof(*one));
    zkg_fr power = zkg_fr_one;

    if (one == NULL)
        return no_memory(p);
    if (m->asserted) {
        zkg_fr *eq = zkg_alloc((size_t)p->copies, sizeof(*eq));

        if (eq == NULL) {
            zkg_free(one);
            return no_memory(p);
        }
        zkg_eq_expand(one, cr->rz[0], vars, NULL);
        zkg_eq_expand(eq, cr->rc, cr->copy_vars, NULL);
        for (uint64_t copy = 0; copy < zkg_circuit_held(cr); copy++)
            for (uint32_t k = 0; k < c->asserted; k++)
                zkg_fr_mul(&out[(copy << vars) + c->assertion[k]], &eq[copy],
                           &one[c->assertion[k]]);
        zkg_free(eq);
        power = m->rho;
    }
    for (uint32_t i = 0; i < m->claims; i++) {
        zkg_eq_expand(one, m->claim[i].point, vars + cr->copy_vars, &power);
        for (size_t x = 0; x < size; x++)
            zkg_fr_add(&out[x], &out[x], &one[x]);
        zkg_fr_mul(&power, &power, &m->rho);
    }
    zkg_free(one);
    return ZKG_OK;
}

static zkg_status prove_merge(prover *p, const zkg_circuit_merge *m)
{
    zkg_circuit_run *cr = p->cr;
    const uint32_t top = cr->circuit->layers - 1;
    const uint32_t gates = cr->circuit->layer[top].gates;
    const uint32_t vars = zkg_circuit_layer_vars(cr->circuit, top);
    const uint32_t all = vars + cr->copy_vars;
    zkg_fr *v = zkg_alloc((size_t)1 << all, sizeof(*v));
    zkg_fr *w = zkg_alloc((size_t)1 << all, sizeof(*w));
    zkg_fr point[ZKG_MAX_VARS];
    zkg_fr claim = m->sum, value = zkg_fr_zero;
    zkg_status status = v == NULL || w == NULL ? no_memory(p) : ZKG_OK;

    if (status == ZKG_OK)
        status = merge_weights(w, p, m);
    if (status == ZKG_OK) {
        for (uint64_t copy = 0; copy < p->copies; copy++)
            memcpy(&v[copy << vars], p->layer[top] + copy * gates,
                   gates * sizeof(*v));
        status = prove_pairs(p, 1, &all, &v, &w, all, &claim, point, &value);
    }
    if (status == ZKG_OK)
        status = zkg_circuit_merge_end(cr, point, &value);
    zkg_free(v);
    zkg_free(w);
    return status;
}

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
    const uint32_t layers = b->circuit->layers;
    zkg_circuit_merge m = {0};
    zkg_circuit_run cr;
    prover p = {.cr = &cr};
    zkg_status status = zkg_circuit_start(&cr, run, b);

    p.copies = (uint64_t)1 << cr.copy_vars;
    p.layer = zkg_alloc(layers, sizeof(*p.layer));
    if (status == ZKG_OK && p.layer == NULL)
        status = no_memory(&p);
    if (status == ZKG_OK)
        status = evaluate(&p);
    if (status == ZKG_OK)
        status = zkg_circuit_merge_begin(&m, &cr);
    if (status == ZKG_OK && m.needed)
        status = prove_merge(&p, &m);
    /* A layer's wires are needed until the one above them is done. */
    for (uint32_t i = layers; i-- > 0 && status == ZKG_OK;) {
        zkg_free(p.layer[i]);
        p.layer[i] = NULL;
        status = prove_layer(&p, i);
    }
    clear(&p);
    zkg_circuit_merge_clear(&m);
    zkg_circuit_run_clear(&cr);
    return status;
}
