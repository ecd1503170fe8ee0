/* SPDX-License-Identifier: Apache-2.0
 * Phase one of a layer of products: the rounds over x, then c.
 *
 * A source S has V_S and h_S as wires while x is bound, all copies of this
 * rank, and then as tables over c, a pair for each of its slices.  One that all
 * copies share has, while x is bound, V_S and sum_c eq(rc,c) h_S of one copy;
 * then h~_S(rx,c) is made copy by copy from sum_mul w E[o] eq(rx,x), which is a
 * vector of one copy as well. */
#include "relation/circuit_prover.h"

#include "base/mem.h"
#include "sumcheck/split_eq.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A source in the rounds. */
typedef struct source_run {
    uint32_t vars;
    bool shared;
    const zkg_wires *from; /* V_S before the first fold */
    zkg_wires v, h;        /* V_S after it, and h_S; at scratch or zkg_free */
    bool folded;
    zkg_fr *column[2]; /* once x is bound: V_S and h_S over c, or of one copy;
                          then where the tables are; at scratch */
    zkg_table (*table)[2]; /* `tables` pairs of V_S and h_S */
    uint32_t tables;
    bool pending;  /* the last challenge has not been bound yet */
    zkg_fr alone;  /* n_S < N: this rank's sum_c eq V h once x_S is bound */
    zkg_fr factor; /* prod_{n_S <= t} (1 - rx_t)^2 so far */
} source_run;

typedef struct phase {
    zkg_circuit_prover *p;
    const zkg_backend *backend;
    const zkg_circuit_plan *plan;
    uint32_t layer;
    zkg_sumcheck_shape shape;
    const zkg_circuit_weights *w;
    source_run *run; /* by slot of plan->first */
    zkg_fr *weight;  /* eq(rc,c) of this rank's copies; at scratch */
    size_t used;     /* of scratch */
    uint32_t alone;  /* so many rounds over c are of slices */
    zkg_split_eq eq; /* of the variables of c that weigh, inside a slice; once
                        gathered, of all that are left */
    zkg_fr *upper; /* eq of the slices' variables; one of none once gathered */
    bool whole;    /* the slices' tables were gathered */
} phase;

static zkg_status no_memory(const phase *f)
{
    return zkg_circuit_prover_no_memory(f->p);
}

/* Where source S's wires are. */
static const zkg_wires *wires_of(const phase *f, uint32_t source)
{
    return zkg_circuit_values_source(&f->p->v, f->layer, source);
}

/* ---- memory ---- */

/* Variables of c that are left when every rank goes on with all copies, of a
 * source's two tables. */
enum { WHOLE_VARS = 6 };
static_assert((2 << WHOLE_VARS) == ZKG_SLICES_WHOLE, "2 * 2^WHOLE_VARS");

/* So many elements a copy, at a multiple of 64 of scratch; one where a rank has
 * no copies: what all of them share. */
static void *take_elements(phase *f, size_t count)
{
    const size_t bytes = f->p->copies * count * sizeof(zkg_fr);
    char *at = (char *)f->p->scratch + f->used;

    f->used += bytes == 0 ? 64 : (bytes + 63) / 64 * 64;
    return at;
}

/* Weights of copies; of a source its columns, and where copies have it of their
 * own h_S, and V_S once folded. */
uint64_t zkg_circuit_first_wires(const zkg_circuit *c,
                                 const zkg_circuit_range *range,
                                 const zkg_circuit_plan *plan, uint32_t i)
{
    uint64_t n = 1;

    if (plan->kind != ZKG_CIRCUIT_PRODUCTS)
        return 0;
    for (uint32_t k = 0; k < plan->first.sources; k++) {
        const uint32_t source = plan->first.source[k];
        const uint64_t count = zkg_circuit_wires(c, i, source);

        n += 2;
        if (!zkg_circuit_is_shared(range, source))
            n += count + (count + 1) / 2;
    }
    return n;
}

/* While h is filled: own sources' products are listed; and between x and c. */
void zkg_circuit_need_products(zkg_circuit_need out[ZKG_CIRCUIT_MOMENTS],
                               const zkg_circuit_types *types,
                               const zkg_circuit_plan *plan, uint32_t i)
{
    enum {
        FR = sizeof(zkg_fr),
        FACTOR = sizeof(zkg_wire_term) + FR, /* of weigh_copies */
        WEIGHED = sizeof(zkg_wire_term) + FR
    };
    const double muls = types->c->layer[i].muls;
    /* Of few copies the split eq takes more than an element a copy. */
    double held = WEIGHED * muls + 64 * FR;
    /* of each source both tables, and of one on its way those columns twice */
    const double gathered =
        ldexp(FR, WHOLE_VARS) * (2.0 * plan->first.sources + 3);
    double listed = ZKG_CIRCUIT_LIFTED_BYTES; /* a product's, in list_own */
    double second = 0; /* a shared source's turn in begin_c */
    bool shared = false;

    for (uint32_t k = 0; k < plan->second.sources; k++) {
        second +=
            ldexp(FACTOR + ZKG_CIRCUIT_LIFTED_BYTES, (int)plan->second.vars[k]);
        if (zkg_circuit_is_shared(types->range, plan->second.source[k]))
            listed = sizeof(zkg_wire_term) + ZKG_CIRCUIT_LIFTED_BYTES;
    }
    for (uint32_t k = 0; k < plan->first.sources; k++) {
        const uint32_t source = plan->first.source[k];

        if (!zkg_circuit_is_shared(types->range, source))
            continue;
        shared = true;
        held += 2 * FR * (double)zkg_circuit_wires(types->c, i, source);
    }
    out[0] = (zkg_circuit_need){.each = held + listed * muls, .copy = FR};
    out[1] = (zkg_circuit_need){.each = held + gathered + (shared ? second : 0),
                                .copy = shared ? 2 * FR : FR};
}

/* ---- what all copies have in common ---- */

/* Whether a source of the list is the same in all copies. */
static bool any_shared(const phase *f, const zkg_circuit_reads *reads)
{
    for (uint32_t k = 0; k < reads->sources; k++)
        if (zkg_circuit_values_shared(&f->p->v, reads->source[k]))
            return true;
    return false;
}

/* The slot of product k, which is not below that of the one before. */
static uint32_t slot_of(const zkg_circuit_weights *w, uint32_t slot, uint32_t k)
{
    while (k >= w->from[slot + 1])
        slot++;
    return slot;
}

/* base = sum_add w E, and products with what all copies share. */
static void fill_base(phase *f, zkg_fr *const *base)
{
    const zkg_circuit_reads *first = &f->plan->first;

    for (uint32_t k = 0; k < first->sources; k++)
        memcpy(base[k], f->w->add[k], sizeof(**base) << first->vars[k]);
    if (!any_shared(f, &f->plan->second))
        return;
    for (uint32_t k = 0, slot = 0; k < f->w->products; k++) {
        const zkg_wire_term *m = &f->w->term[k];
        zkg_fr *at, term;

        slot = slot_of(f->w, slot, k);
        if (!zkg_circuit_values_shared(&f->p->v, m->a_source))
            continue;
        at = &base[slot][m->to];
        zkg_fr_mul(&term, &f->w->weight[k],
                   zkg_circuit_values_shared_at(&f->p->v, m->a_source, m->a));
        zkg_fr_add(at, at, &term);
    }
}

/* ---- h of sources that copies have of their own ---- */

/* Of the products of slot k those whose second operands copies have of their
 * own, as terms and weights: all of them as they stand, or some, owned. */
typedef struct own_products {
    const zkg_wire_term *term;
    const zkg_fr *weight;
    size_t terms, weights;
    zkg_wire_term *some;
} own_products;

static zkg_status list_own(own_products *s, const phase *f, uint32_t k)
{
    const uint32_t n = f->w->from[k + 1] - f->w->from[k];

    *s = (own_products){.term = f->w->term + f->w->from[k],
                        .weight = f->w->weight + f->w->from[k],
                        .terms = n,
                        .weights = n};
    if (!any_shared(f, &f->plan->second))
        return ZKG_OK;
    s->some = zkg_alloc_raw(n, sizeof(*s->some));
    if (s->some == NULL)
        return no_memory(f);
    s->terms = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!zkg_circuit_values_shared(&f->p->v, s->term[i].a_source))
            s->some[s->terms++] = s->term[i];
    s->term = s->some;
    return ZKG_OK;
}

/* The second operands, by source. */
static void list_second(zkg_wires *out, const phase *f)
{
    for (uint32_t k = 0; k < f->plan->second.sources; k++)
        out[f->plan->second.source[k]] =
            *wires_of(f, f->plan->second.source[k]);
}

/* h of source k, and the place of V_S. */
static zkg_status fill_own(phase *f, uint32_t k, const zkg_fr *base)
{
    source_run *r = &f->run[k];
    zkg_wires second[ZKG_CIRCUIT_MAX_SOURCES] = {{0}};
    zkg_status status;
    own_products s;

    r->h = *r->from;
    r->h.type = ZKG_FR;
    r->h.at = take_elements(f, r->h.count);
    r->v.at = take_elements(f, (r->h.count + 1) / 2);
    list_second(second, f);
    status = list_own(&s, f, k);
    if (status == ZKG_OK)
        status = f->backend->wires_terms(&r->h, base, s.term, s.terms, s.weight,
                                         s.weights, second);
    zkg_free(s.some);
    return status;
}

/* ---- h of sources that all copies share ---- */

/* at_rc[S'] = V_S' folded at rc, of second operands that a shared source is
 * multiplied by. */
static zkg_status fold_second(phase *f, zkg_fr **at_rc)
{
    const zkg_circuit_reads *second = &f->plan->second;
    bool needed[ZKG_CIRCUIT_MAX_SOURCES] = {false};

    for (uint32_t s = 0; s < f->plan->first.sources; s++)
        for (uint32_t k = f->w->from[s];
             f->run[s].shared && k < f->w->from[s + 1]; k++)
            needed[f->w->term[k].a_source] = true;
    for (uint32_t k = 0; k < second->sources; k++) {
        const uint32_t source = second->source[k];

        if (!needed[source] || zkg_circuit_values_shared(&f->p->v, source))
            continue;
        ZKG_TRY(zkg_circuit_take(&at_rc[source], f->p->cr,
                                 (size_t)1 << second->vars[k]));
        ZKG_TRY(zkg_circuit_prover_fold(at_rc[source], f->p, f->layer, source,
                                        f->p->cr->rc, ZKG_CIRCUIT_ALL));
    }
    return ZKG_OK;
}

/* base += sum_mul w E[o] V_S'(y, rc) for shared first operands. */
static zkg_status weigh_second(phase *f, zkg_fr *const *base)
{
    zkg_fr *at_rc[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_status status;

    if (!any_shared(f, &f->plan->first))
        return ZKG_OK;
    status = fold_second(f, at_rc);
    for (uint32_t k = 0, slot = 0; k < f->w->products && status == ZKG_OK;
         k++) {
        const zkg_wire_term *m = &f->w->term[k];
        zkg_fr *at, term;

        slot = slot_of(f->w, slot, k);
        if (!f->run[slot].shared || at_rc[m->a_source] == NULL)
            continue;
        at = &base[slot][m->to];
        zkg_fr_mul(&term, &f->w->weight[k], &at_rc[m->a_source][m->a]);
        zkg_fr_add(at, at, &term);
    }
    return status;
}

/* V_S and base: one copy. */
static zkg_status fill_shared(phase *f, uint32_t k, const zkg_fr *base)
{
    source_run *r = &f->run[k];
    const size_t bytes = r->from->count * sizeof(zkg_fr);

    r->h = *r->from;
    r->v.at = zkg_alloc_raw(bytes, 1);
    r->h.at = zkg_alloc_raw(bytes, 1);
    if (r->v.at == NULL || r->h.at == NULL)
        return no_memory(f);
    memcpy(r->h.at, base, bytes);
    return ZKG_OK;
}

/* weight[S'][y] = sum_mul w E[o] eq(rx,x) of products of slot k; *constant:
 * what of h~_S(rx,c) no copy changes. */
static zkg_status weigh_shared(zkg_fr *const *weight, zkg_fr *constant,
                               const phase *f, uint32_t k, const zkg_fr *rx)
{
    const uint32_t vars = f->run[k].vars;
    zkg_fr *eq, term;

    ZKG_TRY(zkg_circuit_take(&eq, f->p->cr, (size_t)1 << vars));
    ZKG_TRY(zkg_circuit_eq(eq, f->p->cr, rx, vars, NULL));
    ZKG_TRY(f->backend->fr_dot(constant, eq, f->w->add[k], (size_t)1 << vars));
    for (uint32_t n = f->w->from[k]; n < f->w->from[k + 1]; n++) {
        const zkg_wire_term *m = &f->w->term[n];
        zkg_fr *at;

        zkg_fr_mul(&term, &f->w->weight[n], &eq[m->to]);
        if (zkg_circuit_values_shared(&f->p->v, m->a_source)) {
            zkg_fr_mul(
                &term, &term,
                zkg_circuit_values_shared_at(&f->p->v, m->a_source, m->a));
            zkg_fr_add(constant, constant, &term);
            continue;
        }
        at = &weight[m->a_source][m->a];
        zkg_fr_add(at, at, &term);
    }
    return ZKG_OK;
}

/* out[c] = constant + sum_S',y weight[S'][y] V_S'[c][y] */
static zkg_status weigh_copies(zkg_fr *out, const phase *f,
                               zkg_fr *const *weight, const zkg_fr *constant)
{
    const zkg_circuit_reads *second = &f->plan->second;
    zkg_wires source[ZKG_CIRCUIT_MAX_SOURCES] = {{0}};
    zkg_wire_term *term;
    zkg_fr *factor;
    zkg_status status;
    size_t n = 0, k = 0;

    for (uint32_t i = 0; i < second->sources; i++)
        n += (size_t)1 << second->vars[i];
    term = zkg_alloc(n, sizeof(*term));
    factor = zkg_alloc(n, sizeof(*factor));
    status = term == NULL || factor == NULL ? no_memory(f) : ZKG_OK;
    for (uint32_t i = 0; i < second->sources && status == ZKG_OK; i++) {
        const zkg_fr *w = weight[second->source[i]];

        for (size_t y = 0; w != NULL && y < (size_t)1 << second->vars[i]; y++) {
            if (zkg_fr_is_zero(&w[y]))
                continue;
            factor[k] = w[y];
            term[k] = (zkg_wire_term){.weight = (uint32_t)k,
                                      .a = (uint32_t)y,
                                      .a_source = (uint16_t)second->source[i],
                                      .b = ZKG_WIRE_LINEAR};
            k++;
        }
    }
    list_second(source, f);
    if (status == ZKG_OK)
        status = zkg_circuit_prover_column(out, f->p, constant, term, k, factor,
                                           source);
    zkg_free(term);
    zkg_free(factor);
    return status;
}

/* h~_S(rx,c) of a shared source's copies. */
static zkg_status open_shared(zkg_fr *h, const phase *f, uint32_t k,
                              const zkg_fr *rx)
{
    const zkg_circuit_reads *second = &f->plan->second;
    zkg_arena *vectors = &f->p->cr->vectors;
    const size_t mark = vectors->used;
    zkg_fr *weight[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};
    zkg_status status = ZKG_OK;
    zkg_fr constant;

    /* By source here, so that it may be NULL where there is nothing. */
    for (uint32_t n = 0; n < second->sources && status == ZKG_OK; n++) {
        const uint32_t source = second->source[n];

        if (zkg_circuit_values_shared(&f->p->v, source))
            continue;
        status = zkg_circuit_take(&weight[source], f->p->cr,
                                  (size_t)1 << second->vars[n]);
        if (status == ZKG_OK)
            memset(weight[source], 0, sizeof(**weight) << second->vars[n]);
    }
    if (status == ZKG_OK)
        status = weigh_shared(weight, &constant, f, k, rx);
    if (status == ZKG_OK)
        status = weigh_copies(h, f, weight, &constant);
    zkg_arena_release(vectors, mark);
    return status;
}

/* ---- rounds over x ---- */

static const zkg_wires *values_now(const source_run *r)
{
    return r->folded ? &r->v : r->from;
}

/* Fold by the last challenge where that is still to do; sums unless NULL. */
static zkg_status wires_round(phase *f, source_run *r, const zkg_fr *challenge,
                              zkg_sums *sums)
{
    const zkg_fr *at = r->pending ? challenge : NULL;

    if (at == NULL && sums == NULL)
        return ZKG_OK;
    ZKG_TRY(f->backend->wires_round(sums, &r->v, &r->h, values_now(r), at,
                                    r->shared ? NULL : f->weight));
    r->folded |= at != NULL;
    r->pending = sums != NULL;
    return ZKG_OK;
}

/* All of x is bound: what is left of V_S and h_S. */
static zkg_status bind_x(phase *f, source_run *r, const zkg_fr *challenge)
{
    ZKG_TRY(wires_round(f, r, challenge, NULL));
    for (int k = 0; k < 2; k++)
        ZKG_TRY(zkg_circuit_prover_export(r->column[k], f->p,
                                          k == 0 ? values_now(r) : &r->h));
    return ZKG_OK;
}

/* alone = sum_c eq(rc,c) V[c] h[c] over this rank's copies */
static void sum_alone(const phase *f, source_run *r)
{
    r->alone = zkg_fr_zero;
    for (size_t k = 0; k < (r->shared ? 1 : f->p->copies); k++) {
        zkg_fr term;

        zkg_fr_mul(&term, &r->column[0][k], &r->column[1][k]);
        if (!r->shared)
            zkg_fr_mul(&term, &term, &f->weight[k]);
        zkg_fr_add(&r->alone, &r->alone, &term);
    }
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
            ZKG_TRY(wires_round(f, r, last, &sums));
            zkg_fr_add(&to[0], &to[0], &sums.at1);
            zkg_fr_add(&to[1], &to[1], &sums.c2);
            continue;
        }
        if (t == r->vars) {
            ZKG_TRY(bind_x(f, r, last));
            sum_alone(f, r);
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

/* ---- rounds over c ---- */

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

/* The columns over c as tables, slice by slice. */
static zkg_status open_tables(phase *f, source_run *r)
{
    const size_t copies = (size_t)1 << f->p->low;

    ZKG_TRY(new_tables(f, r, f->p->count));
    for (uint32_t s = 0; s < f->p->count; s++) {
        zkg_table *t = r->table[s];

        for (uint32_t n = 0; n < 2; n++)
            ZKG_TRY(f->backend->table_adopt(&t[n], f->p->low,
                                            r->column[n] + s * copies));
    }
    return ZKG_OK;
}

/* Between x and c: all sources get their tables over c. */
static zkg_status begin_c(phase *f, const zkg_fr *point)
{
    const uint32_t max_vars = f->plan->first.max_vars;
    const zkg_fr *last = max_vars > 0 ? &point[max_vars - 1] : NULL;

    for (uint32_t k = 0; k < f->plan->first.sources; k++) {
        source_run *r = &f->run[k];

        if (max_vars > r->vars)
            extend(r, last);
        else
            ZKG_TRY(bind_x(f, r, last));
        if (r->shared) {
            for (size_t c = 1; c < f->p->copies; c++)
                r->column[0][c] = r->column[0][0];
            ZKG_TRY(open_shared(r->column[1], f, k, point));
        }
        ZKG_TRY(open_tables(f, r));
    }
    return ZKG_OK;
}

/* Bind the last challenge, where that is still to do. */
static zkg_status bind_c(phase *f, source_run *r, const zkg_fr *challenge)
{
    if (!r->pending)
        return ZKG_OK;
    r->pending = false;
    for (uint32_t s = 0; s < r->tables; s++)
        for (uint32_t n = 0; n < 2; n++)
            ZKG_TRY(f->backend->table_fold(&r->table[s][n], challenge));
    return ZKG_OK;
}

/* Sums of a source over the pairs of its lowest variable of c, k. */
static zkg_status pair_sums(phase *f, source_run *r, const zkg_fr *challenge,
                            uint32_t k, zkg_sums *out)
{
    zkg_weights w;

    zkg_split_eq_weights(&w, &f->eq, k + 1);
    for (uint32_t s = 0; s < r->tables; s++) {
        zkg_sums sums = {.want_at0 = true};
        zkg_fr *const to[3] = {&out->at0, &out->at1, &out->c2};
        zkg_fr *const from[3] = {&sums.at0, &sums.at1, &sums.c2};

        if (r->pending)
            ZKG_TRY(f->backend->part_fold_sums(&sums, ZKG_FORM_PRODUCT,
                                               r->table[s], challenge, &w));
        else
            ZKG_TRY(f->backend->part_sums(&sums, ZKG_FORM_PRODUCT, r->table[s],
                                          &w));
        for (int n = 0; n < 3; n++) {
            if (!f->whole)
                zkg_fr_mul(from[n], from[n], &f->upper[f->p->first + s]);
            zkg_fr_add(to[n], to[n], from[n]);
        }
    }
    r->pending = true;
    return ZKG_OK;
}

/* What is left of the slices' tables as one table each of V and h, on every
 * rank. */
static zkg_status gather(phase *f, source_run *r)
{
    const uint32_t left = f->p->low - f->alone, vars = f->p->m + left;
    const size_t len = (size_t)1 << vars;
    zkg_fr *column = zkg_alloc_raw(2 * len, sizeof(*column));
    zkg_status status =
        column == NULL
            ? no_memory(f)
            : zkg_slices_gather(column, r->table[0], 2, (size_t)1 << left,
                                f->p->m, f->p->cr->run->c->comm, f->backend);

    clear_tables(f, r);
    if (status == ZKG_OK)
        status = new_tables(f, r, 1);
    for (uint32_t n = 0; n < 2 && status == ZKG_OK; n++)
        status = zkg_table_from_fr(f->backend, &r->table[0][n], vars,
                                   column + n * len, len);
    zkg_free(column);
    return status;
}

/* eq of c's variables k+1 .. to-1: of those from k on, the ones that weigh. */
static zkg_status make_eq(phase *f, uint32_t k, uint32_t to)
{
    zkg_split_eq_clear(&f->eq);
    return k == to ? ZKG_OK
                   : zkg_split_eq_new(&f->eq, f->p->cr->rc + k + 1, k + 1, to,
                                      f->backend);
}

/* All copies on every rank. */
static zkg_status gather_all(phase *f, const zkg_fr *last)
{
    for (uint32_t s = 0; s < f->plan->first.sources; s++) {
        ZKG_TRY(bind_c(f, &f->run[s], last));
        ZKG_TRY(gather(f, &f->run[s]));
    }
    f->whole = true;
    return make_eq(f, f->alone, f->p->cr->copy_vars);
}

/* Round k over c: q(1) - q(0), and q's coefficient of X^2. */
static zkg_status round_c(phase *f, uint32_t k, const zkg_fr *point,
                          zkg_fr message[2])
{
    const uint32_t t = f->plan->first.max_vars + k;
    const zkg_fr *last = t > 0 ? &point[t - 1] : NULL;

    if (f->p->m > 0 && k == f->alone)
        ZKG_TRY(gather_all(f, last));
    message[0] = zkg_fr_zero;
    message[1] = zkg_fr_zero;
    for (uint32_t s = 0; s < f->plan->first.sources; s++) {
        source_run *r = &f->run[s];
        zkg_sums sums = {.want_at0 = true};
        zkg_fr v;

        ZKG_TRY(pair_sums(f, r, last, k, &sums));
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

    for (uint32_t t = 0; t < f->shape.vars; t++) {
        zkg_fr message[ZKG_SUMCHECK_MAX_DEGREE];

        if (t == max_vars)
            ZKG_TRY(begin_c(f, point));
        if (t < max_vars)
            ZKG_TRY(round_x(f, t, claim, point, message));
        else
            ZKG_TRY(round_c(f, t - max_vars, point, message));
        ZKG_TRY(zkg_sumcheck_wire_round(cr->run->c->tape, &f->shape, t, message,
                                        claim, point));
    }
    if (f->shape.vars == max_vars)
        ZKG_TRY(begin_c(f, point));
    last = f->shape.vars > 0 ? &point[f->shape.vars - 1] : NULL;
    for (uint32_t k = 0; k < f->plan->first.sources; k++) {
        ZKG_TRY(bind_c(f, &f->run[k], last));
        ZKG_TRY(
            zkg_table_scalar(f->backend, &value[k], &f->run[k].table[0][0]));
    }
    return ZKG_OK;
}

/* ---- the whole ---- */

/* Rounds over c until then. */
static uint32_t rounds_alone(const zkg_circuit_prover *p)
{
    const uint32_t vars = p->low + p->m;
    const uint32_t before = vars > WHOLE_VARS ? vars - WHOLE_VARS : 0;

    return before < p->low ? before : p->low;
}

static zkg_status make_weights(phase *f)
{
    const zkg_circuit_prover *p = f->p;

    f->upper = zkg_alloc((size_t)1 << p->m, sizeof(*f->upper));
    if (f->upper == NULL)
        return no_memory(f);
    ZKG_TRY(make_eq(f, 0, p->low));
    ZKG_TRY(zkg_circuit_eq(f->upper, p->cr, p->cr->rc + p->low, p->m, NULL));
    return zkg_circuit_prover_eq(f->weight, p, p->cr->rc);
}

/* V_S and h_S of all sources. */
static zkg_status fill(phase *f)
{
    const zkg_circuit_reads *reads = &f->plan->first;
    const bool shared = any_shared(f, reads) || any_shared(f, &f->plan->second);
    zkg_arena *vectors = &f->p->cr->vectors;
    const size_t mark = vectors->used;
    zkg_fr *own[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_fr *const *base = shared ? own : f->w->add;
    zkg_status status = ZKG_OK;

    if (shared) {
        status = zkg_circuit_prover_vectors(f->p, own, reads);
        if (status == ZKG_OK)
            fill_base(f, own);
        if (status == ZKG_OK)
            status = weigh_second(f, own);
    }
    for (uint32_t k = 0; k < reads->sources && status == ZKG_OK; k++)
        status = f->run[k].shared ? fill_shared(f, k, base[k])
                                  : fill_own(f, k, base[k]);
    zkg_arena_release(vectors, mark);
    return status;
}

static zkg_status prepare(phase *f)
{
    zkg_circuit_prover *p = f->p;
    const zkg_circuit_reads *reads = &f->plan->first;

    f->run = zkg_alloc(reads->sources, sizeof(*f->run));
    if (f->run == NULL)
        return no_memory(f);
    for (uint32_t k = 0; k < reads->sources; k++)
        f->run[k] = (source_run){
            .vars = reads->vars[k],
            .shared = zkg_circuit_values_shared(&p->v, reads->source[k]),
            .from = wires_of(f, reads->source[k]),
            .factor = zkg_fr_one};
    ZKG_TRY(zkg_circuit_prover_scratch(p, f->layer));
    f->weight = take_elements(f, 1);
    for (uint32_t k = 0; k < reads->sources; k++)
        for (int n = 0; n < 2; n++)
            f->run[k].column[n] = take_elements(f, 1);
    f->alone = rounds_alone(p);
    ZKG_TRY(make_weights(f));
    return fill(f);
}

static void clear_source(const phase *f, source_run *r)
{
    clear_tables(f, r);
    if (r->shared) {
        zkg_free(r->v.at);
        zkg_free(r->h.at);
    }
}

zkg_status zkg_circuit_prove_first(zkg_circuit_prover *p, uint32_t i,
                                   const zkg_circuit_plan *plan,
                                   const zkg_circuit_weights *w, zkg_fr *claim,
                                   zkg_fr *point, zkg_fr *value)
{
    phase f = {.p = p,
               .backend = p->cr->run->c->backend,
               .plan = plan,
               .layer = i,
               .w = w};
    zkg_status status;

    zkg_circuit_products_shape(&f.shape, p->cr, plan);
    status = prepare(&f);
    if (status == ZKG_OK)
        status = rounds(&f, claim, point, value);
    for (uint32_t k = 0; f.run != NULL && k < plan->first.sources; k++)
        clear_source(&f, &f.run[k]);
    zkg_free(f.run);
    zkg_split_eq_clear(&f.eq);
    zkg_free(f.upper);
    return status;
}
