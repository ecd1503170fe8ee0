/* SPDX-License-Identifier: Apache-2.0
 * Phase one of a layer of products: the rounds over x, then c.
 *
 * A source S has tables V_S and h_S over (x, c), a pair for each of this rank's
 * slices.  One that all copies share has, while x is bound, V_S and
 * sum_c eq(rc,c) h_S of one copy; then h~_S(rx,c) is made copy by copy from
 * sum_mul w E[o] eq(rx,x), which is a vector of one copy as well. */
#include "relation/circuit_prover.h"

#include "base/mem.h"
#include "poly/eq.h"

#include <string.h>

/* A source in the rounds. */
typedef struct source_run {
    uint32_t vars;
    bool shared;
    zkg_table (*table)[2]; /* `tables` pairs of V_S and h_S */
    uint32_t tables;
    bool pending;  /* the last challenge has not been bound yet */
    zkg_fr alone;  /* n_S < N: this rank's sum_c eq V h once x_S is bound */
    zkg_fr factor; /* prod_{n_S <= t} (1 - rx_t)^2 so far */
} source_run;

/* A product with its weight w E[o], operands as offsets. */
typedef struct product {
    uint32_t slot, x, source, y;
    zkg_fr weight;
} product;

typedef struct phase {
    zkg_circuit_prover *p;
    const zkg_backend *backend;
    const zkg_circuit_plan *plan;
    uint32_t layer;
    zkg_sumcheck_shape shape;
    source_run *run;                      /* by slot of plan->first */
    product *product;                     /* of the layer, in order */
    zkg_fr *add[ZKG_CIRCUIT_MAX_SOURCES]; /* by slot: sum_add w E[o] */
    zkg_fr *eq;    /* of the variables of c, inside a slice, that weigh */
    zkg_fr *upper; /* eq of the slices' variables; one of none once gathered */
    bool whole;    /* the slices' tables were gathered */
} phase;

static zkg_status no_memory(const phase *f)
{
    return zkg_circuit_prover_no_memory(f->p);
}

/* ---- tables ---- */

static zkg_status list_products(phase *f, const zkg_fr *e)
{
    const zkg_circuit_layer *l = &f->p->layer[f->layer];
    uint32_t slot[ZKG_CIRCUIT_MAX_SOURCES] = {0};

    f->product = zkg_alloc((size_t)l->muls + 1, sizeof(*f->product));
    if (f->product == NULL)
        return no_memory(f);
    zkg_circuit_slots(slot, &f->plan->first);
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];

        f->product[k] = (product){.slot = slot[m->a.source],
                                  .x = m->a.index,
                                  .source = m->b.source,
                                  .y = m->b.index};
        zkg_fr_mul(&f->product[k].weight, &f->p->cr->coeff[m->coeff],
                   &e[m->gate]);
    }
    return ZKG_OK;
}

static zkg_status new_tables(const phase *f, source_run *r, uint32_t n)
{
    r->table = zkg_alloc((size_t)n + 1, sizeof(*r->table));
    r->tables = n;
    return r->table == NULL ? no_memory(f) : ZKG_OK;
}

static void clear_tables(const phase *f, source_run *r)
{
    for (uint32_t s = 0; r->table != NULL && s < r->tables; s++)
        for (uint32_t n = 0; n < 2; n++)
            zkg_table_clear(f->backend, &r->table[s][n]);
    zkg_free(r->table);
    r->table = NULL;
}

/* ---- h of sources that copies have of their own ---- */

/* h of one block, by slot: [x][j], from what is the same in all copies. */
static zkg_status fill_block(phase *f, uint64_t block, zkg_fr *const *base,
                             zkg_fr *const *h)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *first = &f->plan->first;
    const zkg_circuit_reads *second = &f->plan->second;
    const uint32_t muls = p->layer[f->layer].muls;
    zkg_circuit_view v[ZKG_CIRCUIT_MAX_SOURCES] = {{NULL, false}};

    for (uint32_t k = 0; k < second->sources; k++)
        zkg_circuit_prover_view(&v[second->source[k]], p, f->layer,
                                second->source[k], block);
    for (uint32_t k = 0; k < first->sources; k++)
        for (size_t x = 0; h[k] != NULL && x < (size_t)1 << first->vars[k]; x++)
            for (uint32_t j = 0; j < p->block; j++)
                h[k][x * p->block + j] = base[k][x];
    for (uint32_t k = 0; k < muls; k++) {
        const product *m = &f->product[k];

        if (h[m->slot] != NULL && !v[m->source].shared)
            ZKG_TRY(zkg_circuit_prover_axpy(
                p, h[m->slot] + (size_t)m->x * p->block, &m->weight,
                v[m->source].at + (size_t)m->y * p->block));
    }
    return ZKG_OK;
}

/* A block's h into the tables of its slice. */
static zkg_status import_block(phase *f, uint64_t block, zkg_fr *const *h)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *reads = &f->plan->first;
    const uint64_t first = block * p->block;
    const uint64_t inside = first & (((uint64_t)1 << p->low) - 1);

    for (uint32_t k = 0; k < reads->sources; k++)
        if (h[k] != NULL)
            ZKG_TRY(zkg_circuit_prover_import(
                &f->run[k].table[first >> p->low][1], p, inside, reads->vars[k],
                h[k], (size_t)1 << reads->vars[k]));
    return ZKG_OK;
}

/* base = sum_add w E, and products with what all copies share. */
static zkg_status fill_base(phase *f, zkg_fr *const *base)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *first = &f->plan->first;

    for (uint32_t k = 0; k < first->sources; k++)
        memcpy(base[k], f->add[k], sizeof(**base) << first->vars[k]);
    for (uint32_t k = 0; k < p->layer[f->layer].muls; k++) {
        const product *m = &f->product[k];
        zkg_circuit_view v;
        zkg_fr term;

        if (!zkg_circuit_prover_shared(p, m->source))
            continue;
        zkg_circuit_prover_view(&v, p, f->layer, m->source, 0);
        zkg_fr_mul(&term, &m->weight, &v.at[m->y]);
        zkg_fr_add(&base[m->slot][m->x], &base[m->slot][m->x], &term);
    }
    return ZKG_OK;
}

static zkg_status fill_own(phase *f, zkg_fr *const *base)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *reads = &f->plan->first;
    zkg_fr *h[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_status status = ZKG_OK;
    bool any = false;

    for (uint32_t k = 0; k < reads->sources && status == ZKG_OK; k++) {
        source_run *r = &f->run[k];

        if (r->shared)
            continue;
        any = true;
        h[k] = zkg_alloc((size_t)p->block << r->vars, sizeof(**h));
        status = h[k] == NULL ? no_memory(f) : new_tables(f, r, p->count);
        for (uint32_t s = 0; s < p->count && status == ZKG_OK; s++) {
            status = zkg_circuit_prover_table(&r->table[s][0], p, f->layer,
                                              reads->source[k], s);
            if (status == ZKG_OK)
                status = zkg_table_new(f->backend, &r->table[s][1],
                                       r->vars + p->low);
        }
    }
    for (uint64_t b = 0; any && b < p->blocks && status == ZKG_OK; b++) {
        status = fill_block(f, b, base, h);
        if (status == ZKG_OK)
            status = import_block(f, b, h);
    }
    zkg_circuit_free_tables(h);
    return status;
}

/* ---- h of sources that all copies share ---- */

/* V_S, and base + sum_mul w E[o] V_S'(y, rc): one copy. */
static zkg_status fill_shared(phase *f, zkg_fr *const *base)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *first = &f->plan->first;
    const zkg_circuit_reads *second = &f->plan->second;
    zkg_fr *at_rc[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_status status = ZKG_OK;
    bool needed[ZKG_CIRCUIT_MAX_SOURCES] = {false};

    for (uint32_t k = 0; k < p->layer[f->layer].muls; k++)
        needed[f->product[k].source] |= f->run[f->product[k].slot].shared;
    for (uint32_t k = 0; k < second->sources && status == ZKG_OK; k++) {
        const uint32_t source = second->source[k];

        if (!needed[source] || zkg_circuit_prover_shared(p, source))
            continue;
        at_rc[source] =
            zkg_alloc((size_t)1 << second->vars[k], sizeof(**at_rc));
        status = at_rc[source] == NULL
                     ? no_memory(f)
                     : zkg_circuit_prover_fold(at_rc[source], p, f->layer,
                                               source, p->cr->rc);
    }
    for (uint32_t k = 0; k < p->layer[f->layer].muls && status == ZKG_OK; k++) {
        const product *m = &f->product[k];
        zkg_fr term;

        if (!f->run[m->slot].shared || at_rc[m->source] == NULL)
            continue;
        zkg_fr_mul(&term, &m->weight, &at_rc[m->source][m->y]);
        zkg_fr_add(&base[m->slot][m->x], &base[m->slot][m->x], &term);
    }
    zkg_circuit_free_tables(at_rc);
    for (uint32_t k = 0; k < first->sources && status == ZKG_OK; k++) {
        source_run *r = &f->run[k];
        const size_t wires = (size_t)1 << r->vars;
        zkg_circuit_view v;

        if (!r->shared)
            continue;
        zkg_circuit_prover_view(&v, p, f->layer, first->source[k], 0);
        status = new_tables(f, r, 1);
        if (status == ZKG_OK)
            status = zkg_table_from_fr(f->backend, &r->table[0][0], r->vars,
                                       v.at, wires);
        if (status == ZKG_OK)
            status = zkg_table_from_fr(f->backend, &r->table[0][1], r->vars,
                                       base[k], wires);
    }
    return status;
}

/* weight[S'][y] = sum_mul w E[o] eq(rx,x) of products of slot k; *constant:
 * what of h~_S(rx,c) no copy changes. */
static zkg_status weigh_shared(zkg_fr *const *weight, zkg_fr *constant,
                               phase *f, uint32_t k, const zkg_fr *rx)
{
    zkg_circuit_prover *p = f->p;
    const uint32_t vars = f->run[k].vars;
    zkg_fr *eq = zkg_alloc((size_t)1 << vars, sizeof(*eq));
    zkg_fr term;

    if (eq == NULL)
        return no_memory(f);
    zkg_eq_expand(eq, rx, vars, NULL);
    *constant = zkg_fr_zero;
    for (size_t x = 0; x < (size_t)1 << vars; x++) {
        zkg_fr_mul(&term, &eq[x], &f->add[k][x]);
        zkg_fr_add(constant, constant, &term);
    }
    for (uint32_t n = 0; n < p->layer[f->layer].muls; n++) {
        const product *m = &f->product[n];

        if (m->slot != k)
            continue;
        zkg_fr_mul(&term, &m->weight, &eq[m->x]);
        if (zkg_circuit_prover_shared(p, m->source)) {
            zkg_circuit_view v;

            zkg_circuit_prover_view(&v, p, f->layer, m->source, 0);
            zkg_fr_mul(&term, &term, &v.at[m->y]);
            zkg_fr_add(constant, constant, &term);
            continue;
        }
        zkg_fr_add(&weight[m->source][m->y], &weight[m->source][m->y], &term);
    }
    zkg_free(eq);
    return ZKG_OK;
}

/* h~_S(rx,c) of a block's copies. */
static zkg_status weigh_block(zkg_fr *out, phase *f, uint64_t block,
                              zkg_fr *const *weight, const zkg_fr *constant)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *second = &f->plan->second;

    for (uint32_t j = 0; j < p->block; j++)
        out[j] = *constant;
    for (uint32_t k = 0; k < second->sources; k++) {
        const zkg_fr *w = weight[second->source[k]];
        zkg_circuit_view v;

        if (w == NULL)
            continue;
        zkg_circuit_prover_view(&v, p, f->layer, second->source[k], block);
        for (size_t y = 0; y < (size_t)1 << second->vars[k]; y++)
            if (!zkg_fr_is_zero(&w[y]))
                ZKG_TRY(zkg_circuit_prover_axpy(p, out, &w[y],
                                                v.at + y * p->block));
    }
    return ZKG_OK;
}

/* The tables over c of a shared source, once x is bound: V~_S, h~_S(rx,c). */
static zkg_status open_shared(phase *f, uint32_t k, const zkg_fr *rx)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *second = &f->plan->second;
    source_run *r = &f->run[k];
    zkg_fr *weight[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_fr *h = zkg_alloc((size_t)p->copies + 1, sizeof(*h));
    zkg_fr constant, value;
    zkg_status status = h == NULL ? no_memory(f) : ZKG_OK;

    if (status == ZKG_OK)
        status = zkg_table_scalar(f->backend, &value, &r->table[0][0]);
    clear_tables(f, r);
    /* By source here, so that it may be NULL where there is nothing. */
    for (uint32_t n = 0; n < second->sources && status == ZKG_OK; n++) {
        const uint32_t source = second->source[n];

        if (zkg_circuit_prover_shared(p, source))
            continue;
        weight[source] =
            zkg_alloc((size_t)1 << second->vars[n], sizeof(**weight));
        status = weight[source] == NULL ? no_memory(f) : ZKG_OK;
    }
    if (status == ZKG_OK)
        status = weigh_shared(weight, &constant, f, k, rx);
    for (uint64_t b = 0; b < p->blocks && status == ZKG_OK; b++)
        status = weigh_block(h + b * p->block, f, b, weight, &constant);
    if (status == ZKG_OK)
        status = new_tables(f, r, p->count);
    for (uint32_t s = 0; s < p->count && status == ZKG_OK; s++) {
        const size_t copies = (size_t)1 << p->low;

        status = zkg_table_new(f->backend, &r->table[s][0], p->low);
        if (status == ZKG_OK)
            status = f->backend->table_fill(&r->table[s][0], 0, copies, &value);
        if (status == ZKG_OK)
            status = zkg_table_from_fr(f->backend, &r->table[s][1], p->low,
                                       h + s * copies, copies);
    }
    zkg_circuit_free_tables(weight);
    zkg_free(h);
    return status;
}

/* ---- rounds ---- */

/* Bind the last challenge, where that is still to do. */
static zkg_status bind(phase *f, source_run *r, const zkg_fr *challenge)
{
    if (!r->pending)
        return ZKG_OK;
    r->pending = false;
    for (uint32_t s = 0; s < r->tables; s++)
        for (uint32_t n = 0; n < 2; n++)
            ZKG_TRY(f->backend->table_fold(&r->table[s][n], challenge));
    return ZKG_OK;
}

/* The weight of all of table s of a source. */
static const zkg_fr *weight_of(const phase *f, const source_run *r, uint32_t s)
{
    return f->whole || r->tables == 0 ? &zkg_fr_one
                                      : &f->upper[f->p->first + s];
}

/* Sums of a source over the pairs of its lowest variable; eq_vars: how many
 * variables f->eq has, above free_vars that have no weight. */
static zkg_status pair_sums(phase *f, source_run *r, const zkg_fr *challenge,
                            uint32_t free_vars, uint32_t eq_vars, bool weighed,
                            zkg_sums *out)
{
    const zkg_weights w = {.lo = eq_vars == 0 ? NULL : f->eq,
                           .hi = eq_vars == 0 ? NULL : &zkg_fr_one,
                           .lo_bits = eq_vars,
                           .free = eq_vars == 0 ? 0 : free_vars};

    for (uint32_t s = 0; s < r->tables; s++) {
        zkg_sums sums = {.want_at0 = out->want_at0};
        zkg_fr *const to[3] = {&out->at0, &out->at1, &out->c2};
        zkg_fr *const from[3] = {&sums.at0, &sums.at1, &sums.c2};

        if (r->pending)
            ZKG_TRY(f->backend->part_fold_sums(&sums, ZKG_FORM_PRODUCT,
                                               r->table[s], challenge, &w));
        else
            ZKG_TRY(f->backend->part_sums(&sums, ZKG_FORM_PRODUCT, r->table[s],
                                          &w));
        for (int n = out->want_at0 ? 0 : 1; n < 3; n++) {
            if (weighed)
                zkg_fr_mul(from[n], from[n], weight_of(f, r, s));
            zkg_fr_add(to[n], to[n], from[n]);
        }
    }
    r->pending = true;
    return ZKG_OK;
}

/* alone = sum_c eq(rc,c) V[c] h[c], the tables having the copies left. */
static zkg_status sum_alone(phase *f, source_run *r)
{
    const size_t copies = r->shared ? 1 : (size_t)1 << f->p->low;
    zkg_fr *v = zkg_alloc(2 * copies, sizeof(*v));
    zkg_status status = v == NULL ? no_memory(f) : ZKG_OK;

    r->alone = zkg_fr_zero;
    for (uint32_t s = 0; s < r->tables && status == ZKG_OK; s++) {
        zkg_fr sum = zkg_fr_zero;

        status = f->backend->table_export(v, &r->table[s][0], 0, copies);
        if (status == ZKG_OK)
            status = f->backend->table_export(v + copies, &r->table[s][1], 0,
                                              copies);
        for (size_t k = 0; k < copies && status == ZKG_OK; k++) {
            zkg_fr_mul(&v[k], &v[k], &v[copies + k]);
            if (!r->shared)
                zkg_fr_mul(&v[k], &v[k], &f->eq[k]);
            zkg_fr_add(&sum, &sum, &v[k]);
        }
        if (!r->shared)
            zkg_fr_mul(&sum, &sum, weight_of(f, r, s));
        zkg_fr_add(&r->alone, &r->alone, &sum);
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

/* Add over the ranks what each has of the copies. */
static zkg_status sum_ranks(const phase *f, zkg_fr v[2])
{
    return f->p->m == 0 || f->whole
               ? ZKG_OK
               : zkg_comm_sum_fr(f->p->cr->run->c->comm, v, 2);
}

/* Round t over x: p(0), p(2). */
static zkg_status round_x(phase *f, uint32_t t, const zkg_fr *claim,
                          const zkg_fr *point, zkg_fr message[2])
{
    const zkg_fr *last = t > 0 ? &point[t - 1] : NULL;
    zkg_fr sum[2][2] = {{zkg_fr_zero, zkg_fr_zero},
                        {zkg_fr_zero, zkg_fr_zero}}; /* own, shared */
    zkg_fr v;

    for (uint32_t k = 0; k < f->plan->first.sources; k++) {
        source_run *r = &f->run[k];
        zkg_fr *to = sum[r->shared];
        zkg_sums sums = {0};

        if (t < r->vars) {
            ZKG_TRY(pair_sums(f, r, last, r->vars - t - 1,
                              r->shared ? 0 : f->p->low, !r->shared, &sums));
            zkg_fr_add(&to[0], &to[0], &sums.at1);
            zkg_fr_add(&to[1], &to[1], &sums.c2);
            continue;
        }
        if (t == r->vars) {
            ZKG_TRY(bind(f, r, last));
            ZKG_TRY(sum_alone(f, r));
        } else {
            extend(r, last);
        }
        zkg_fr_mul(&v, &r->alone, &r->factor);
        zkg_fr_add(&to[1], &to[1], &v);
    }
    ZKG_TRY(sum_ranks(f, sum[0]));
    zkg_fr_add(&sum[0][0], &sum[0][0], &sum[1][0]);
    zkg_fr_add(&sum[0][1], &sum[0][1], &sum[1][1]);
    /* p(2) = 2 p(1) - p(0) + 2 c2 */
    zkg_fr_sub(&message[0], claim, &sum[0][0]);
    zkg_fr_add(&v, &sum[0][0], &sum[0][1]);
    zkg_fr_double(&v, &v);
    zkg_fr_sub(&message[1], &v, &message[0]);
    return ZKG_OK;
}

/* The slices' values, one of V and one of h each, as tables over the slices'
 * variables, on every rank. */
static zkg_status gather(phase *f, source_run *r)
{
    const zkg_circuit_prover *p = f->p;
    const zkg_comm *comm = p->cr->run->c->comm;
    const uint32_t size = zkg_comm_size(comm);
    const size_t slices = (size_t)1 << p->m;
    zkg_fr *all = zkg_alloc(2 * slices, sizeof(*all));
    zkg_fr *column = zkg_alloc(slices, sizeof(*column));
    uint64_t *first = zkg_alloc((size_t)size + 1, sizeof(*first));
    zkg_status status =
        all == NULL || column == NULL || first == NULL ? no_memory(f) : ZKG_OK;

    for (uint32_t i = 0; i < size && status == ZKG_OK; i++) {
        uint32_t from, count;

        zkg_slices_of(&from, &count, p->m, i, size);
        first[i] = 2 * (uint64_t)from;
        first[i + 1] = 2 * ((uint64_t)from + count);
    }
    for (uint32_t s = 0; s < r->tables && status == ZKG_OK; s++)
        for (uint32_t n = 0; n < 2 && status == ZKG_OK; n++)
            status = zkg_table_scalar(f->backend, &all[2 * (p->first + s) + n],
                                      &r->table[s][n]);
    if (status == ZKG_OK)
        status = zkg_comm_allgather_fr(comm, all, first);
    clear_tables(f, r);
    if (status == ZKG_OK)
        status = new_tables(f, r, 1);
    for (uint32_t n = 0; n < 2 && status == ZKG_OK; n++) {
        for (size_t s = 0; s < slices; s++)
            column[s] = all[2 * s + n];
        status = zkg_table_from_fr(f->backend, &r->table[0][n], p->m, column,
                                   slices);
    }
    zkg_free(all);
    zkg_free(column);
    zkg_free(first);
    return status;
}

/* Between x and c: shared sources get their tables over c. */
static zkg_status begin_c(phase *f, const zkg_fr *point)
{
    const uint32_t max_vars = f->plan->first.max_vars;

    for (uint32_t k = 0; k < f->plan->first.sources; k++) {
        source_run *r = &f->run[k];

        if (max_vars > r->vars)
            extend(r, &point[max_vars - 1]);
        if (r->shared) {
            ZKG_TRY(bind(f, r, max_vars > 0 ? &point[max_vars - 1] : NULL));
            ZKG_TRY(open_shared(f, k, point));
        }
    }
    return ZKG_OK;
}

/* Round k over c: q(1) - q(0), and q's coefficient of X^2. */
static zkg_status round_c(phase *f, uint32_t k, const zkg_fr *point,
                          zkg_fr message[2])
{
    const zkg_circuit_run *cr = f->p->cr;
    const uint32_t t = f->plan->first.max_vars + k;
    const zkg_fr *last = t > 0 ? &point[t - 1] : NULL;
    uint32_t left;

    if (k == 0)
        ZKG_TRY(begin_c(f, point));
    if (f->p->m > 0 && k == f->p->low) {
        for (uint32_t s = 0; s < f->plan->first.sources; s++) {
            ZKG_TRY(bind(f, &f->run[s], last));
            ZKG_TRY(gather(f, &f->run[s]));
        }
        f->whole = true;
    }
    left = (f->whole ? cr->copy_vars : f->p->low) - k - 1;
    message[0] = zkg_fr_zero;
    message[1] = zkg_fr_zero;
    zkg_eq_expand(f->eq, cr->rc + k + 1, left, NULL);
    for (uint32_t s = 0; s < f->plan->first.sources; s++) {
        source_run *r = &f->run[s];
        zkg_sums sums = {.want_at0 = true};
        zkg_fr v;

        ZKG_TRY(pair_sums(f, r, last, 0, left, true, &sums));
        zkg_fr_sub(&v, &sums.at1, &sums.at0);
        zkg_fr_mul(&v, &v, &r->factor);
        zkg_fr_add(&message[0], &message[0], &v);
        zkg_fr_mul(&v, &sums.c2, &r->factor);
        zkg_fr_add(&message[1], &message[1], &v);
    }
    return sum_ranks(f, message);
}

static zkg_status rounds(phase *f, zkg_fr *claim, zkg_fr *point, zkg_fr *value)
{
    zkg_circuit_run *cr = f->p->cr;
    const uint32_t max_vars = f->plan->first.max_vars;
    const zkg_fr *last;

    zkg_eq_expand(f->eq, cr->rc, f->p->low, NULL);
    zkg_eq_expand(f->upper, cr->rc + f->p->low, f->p->m, NULL);
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
        ZKG_TRY(bind(f, &f->run[k], last));
        ZKG_TRY(
            zkg_table_scalar(f->backend, &value[k], &f->run[k].table[0][0]));
    }
    return ZKG_OK;
}

/* ---- the whole ---- */

static zkg_status prepare(phase *f, const zkg_fr *e)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *reads = &f->plan->first;
    zkg_fr *base[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    const uint32_t bits = p->low > p->m ? p->low : p->m;
    zkg_status status;

    f->run = zkg_alloc(reads->sources, sizeof(*f->run));
    f->eq = zkg_alloc((size_t)1 << bits, sizeof(*f->eq));
    f->upper = zkg_alloc((size_t)1 << p->m, sizeof(*f->upper));
    if (f->run == NULL || f->eq == NULL || f->upper == NULL)
        return no_memory(f);
    for (uint32_t k = 0; k < reads->sources; k++)
        f->run[k] = (source_run){
            .vars = reads->vars[k],
            .shared = zkg_circuit_prover_shared(p, reads->source[k]),
            .factor = zkg_fr_one};
    ZKG_TRY(list_products(f, e));
    ZKG_TRY(zkg_circuit_prover_vectors(p, f->add, reads));
    zkg_circuit_prover_add_weights(f->add, p, f->layer, reads, e);
    status = zkg_circuit_prover_vectors(p, base, reads);
    if (status == ZKG_OK)
        status = fill_base(f, base);
    if (status == ZKG_OK)
        status = fill_own(f, base);
    if (status == ZKG_OK)
        status = fill_shared(f, base);
    zkg_circuit_free_tables(base);
    return status;
}

zkg_status zkg_circuit_prove_first(zkg_circuit_prover *p, uint32_t i,
                                   const zkg_circuit_plan *plan,
                                   const zkg_fr *e, zkg_fr *claim,
                                   zkg_fr *point, zkg_fr *value)
{
    phase f = {
        .p = p, .backend = p->cr->run->c->backend, .plan = plan, .layer = i};
    zkg_status status;

    zkg_circuit_products_shape(&f.shape, p->cr, plan);
    status = prepare(&f, e);
    if (status == ZKG_OK)
        status = rounds(&f, claim, point, value);
    for (uint32_t k = 0; f.run != NULL && k < plan->first.sources; k++)
        clear_tables(&f, &f.run[k]);
    zkg_circuit_free_tables(f.add);
    zkg_free(f.run);
    zkg_free(f.product);
    zkg_free(f.eq);
    zkg_free(f.upper);
    return status;
}
