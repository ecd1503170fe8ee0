/* SPDX-License-Identifier: Apache-2.0
 * A circuit's wires on the ranks of a group: inputs, layers, tables, folds. */
#include "relation/circuit_prover.h"

#include "base/bits.h"
#include "base/mem.h"
#include "poly/eq.h"
#include "relation/fold.h"

#include <math.h>
#include <string.h>

zkg_status zkg_circuit_prover_no_memory(const zkg_circuit_prover *p)
{
    return zkg_fail(p->cr->run->err, ZKG_ERR_NOMEM,
                    "no memory for a circuit's wires");
}

static const zkg_operand *input_operand(const zkg_circuit_prover *p,
                                        uint32_t input)
{
    return &p->cr->run->t->operand[p->cr->bound->operand[input]];
}

/* ---- evaluation ---- */

/* A test's wrong wire. */
static zkg_status cheat_wire(zkg_circuit_prover *p, uint32_t i)
{
    const zkg_backend *backend = p->cr->run->c->backend;
    const zkg_hooks *h = p->cr->run->c->hooks;
    zkg_wires *w = &p->v.layer[i];
    const size_t n = w->count * w->lanes;
    zkg_status status;
    size_t copy, at;
    zkg_fr *v;

    if (!zkg_hooks_want(h, ZKG_CHEAT_WRONG_WIRE, p->cr->run->t->task) ||
        h->wire.layer != i || h->wire.copy < p->begin ||
        h->wire.copy >= p->begin + p->copies)
        return ZKG_OK;
    copy = h->wire.copy - p->begin;
    at = h->wire.gate * w->lanes + copy % w->lanes;
    if (w->type != ZKG_FR) {
        zkg_array cells = {.type = w->type, .data = w->at};
        const size_t cell = copy / w->lanes * n + at;

        zkg_array_set_i64(&cells, cell, zkg_array_get_i64(&cells, cell) + 1);
        p->v.most[i]++;
        return ZKG_OK;
    }
    v = zkg_alloc(n, sizeof(*v));
    if (v == NULL)
        return zkg_circuit_prover_no_memory(p);
    status = backend->wires_export(v, w, copy / w->lanes);
    zkg_fr_add(&v[at], &v[at], &zkg_fr_one);
    if (status == ZKG_OK)
        status = backend->wires_import(w, copy / w->lanes, v);
    zkg_free(v);
    return status;
}

/* The first assertion of a group that does not hold, as copy * asserted + k. */
static void find_false(uint64_t *first, const zkg_circuit_prover *p,
                       const zkg_fr *top, size_t group)
{
    const zkg_circuit *c = p->cr->circuit;

    for (uint32_t j = 0; j < p->v.lanes; j++) {
        const uint64_t copy = p->begin + group * p->v.lanes + j;

        if (copy >= p->cr->copies)
            return;
        for (uint32_t k = 0; k < c->asserted; k++) {
            const uint64_t id = copy * c->asserted + k;

            if (id < *first &&
                !zkg_fr_is_zero(&top[(size_t)c->assertion[k] * p->v.lanes + j]))
                *first = id;
        }
    }
}

static zkg_status check_assertions(zkg_circuit_prover *p)
{
    const zkg_circuit *c = p->cr->circuit;
    const zkg_wires *w = &p->v.layer[c->layers - 1];
    zkg_task_run *run = p->cr->run;
    uint64_t first = UINT64_MAX;
    zkg_fr *top;
    zkg_status status = ZKG_OK;

    if (c->asserted == 0 || zkg_child_cheats(run->c))
        return ZKG_OK;
    top = zkg_alloc(w->count * w->lanes, sizeof(*top));
    if (top == NULL)
        return zkg_circuit_prover_no_memory(p);
    for (size_t g = 0; g < p->v.groups && status == ZKG_OK; g++) {
        status = run->c->backend->wires_export(top, w, g);
        find_false(&first, p, top, g);
    }
    zkg_free(top);
    ZKG_TRY(status);
    if (p->m > 0)
        ZKG_TRY(zkg_comm_min_u64(run->c->comm, &first));
    if (first == UINT64_MAX)
        return ZKG_OK;
    return zkg_fail(run->err, ZKG_ERR_WITNESS,
                    "task %lld, relation %u: assertion %u does not hold in "
                    "copy %llu: gate %u of the top layer is not 0",
                    (long long)run->t->task, p->cr->bound->relation,
                    (unsigned)(first % c->asserted),
                    (unsigned long long)(first / c->asserted),
                    c->assertion[first % c->asserted]);
}

/* ---- start and end ---- */

static void deal_out(zkg_circuit_prover *p)
{
    const zkg_comm *comm = p->cr->run->c->comm;
    const uint32_t size = zkg_comm_size(comm);
    const uint32_t copy_vars = p->cr->copy_vars;
    const uint32_t lane_vars = zkg_log2_floor(ZKG_WIRE_LANES);
    uint32_t m = zkg_slices_even(size);

    /* Full groups are worth more than even shares. */
    if (m + lane_vars > copy_vars &&
        zkg_log2_ceil(size) + lane_vars <= copy_vars)
        m = size > 1 ? copy_vars - lane_vars : 0;
    p->m = m < copy_vars ? m : copy_vars;
    p->low = copy_vars - p->m;
    zkg_slices_of(&p->first, &p->count, p->m, zkg_comm_rank(comm), size);
    p->begin = (uint64_t)p->first << p->low;
    p->copies = (uint64_t)p->count << p->low;
}

zkg_status zkg_circuit_prover_scratch(zkg_circuit_prover *p, uint32_t i)
{
    /* Four pieces a source and one more, each at a multiple of 64. */
    const double ends = 64.0 * (4 * ZKG_CIRCUIT_MAX_SOURCES + 1);
    double most = 0;

    if (p->scratch != NULL)
        return ZKG_OK;
    for (uint32_t k = 0; k <= i; k++)
        most = fmax(
            most, (double)zkg_circuit_first_wires(p->cr->circuit, p->v.range,
                                                  &p->cr->circuit->plan[k], k));
    most = most * sizeof(zkg_fr) * (double)p->copies + ends;
    if (most < (double)(SIZE_MAX / 4))
        p->scratch = zkg_alloc_raw((size_t)most, 1);
    return p->scratch == NULL ? zkg_circuit_prover_no_memory(p) : ZKG_OK;
}

static zkg_status load_inputs(zkg_circuit_prover *p)
{
    const zkg_circuit *c = p->cr->circuit;
    const zkg_array **input = zkg_alloc(c->inputs, sizeof(*input));
    const uint32_t lanes = zkg_circuit_lanes((uint64_t)1 << p->low);
    zkg_status status = input == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    for (uint32_t k = 0; k < c->inputs && status == ZKG_OK; k++)
        input[k] = input_operand(p, k)->array;
    if (status == ZKG_OK)
        status = zkg_circuit_values_init(&p->v, p->cr->run->c->backend, c,
                                         p->cr->coeff, input, p->begin, lanes,
                                         p->copies / lanes);
    zkg_free(input);
    return status;
}

/* Which layers stay, by what the inputs turned out to hold: all of them where
 * memory has no limit. */
static zkg_status choose_stride(zkg_circuit_prover *p)
{
    const double room = p->cr->run->c->room;
    zkg_circuit_sizes sizes;
    size_t claims = 0;
    zkg_status status;

    p->stride = 1;
    if (room == 0)
        return ZKG_OK;
    for (uint32_t k = 0; k < p->cr->circuit->outputs; k++)
        claims += zkg_ledger_count(
            &p->cr->run->c->ledger,
            p->cr->run->t->operand[p->cr->bound->output[k]].tensor);
    status = zkg_circuit_sizes_init(&sizes, p->cr->circuit, p->v.range,
                                    (uint32_t)claims, false);
    if (status == ZKG_OK)
        p->stride = zkg_circuit_stride(&sizes, (double)p->copies, room);
    zkg_circuit_sizes_clear(&sizes);
    return status;
}

static zkg_status make_layer(zkg_circuit_prover *p, uint32_t i)
{
    ZKG_TRY(zkg_circuit_values_eval(&p->v, i));
    return cheat_wire(p, i);
}

/* Inputs and layers. */
static zkg_status make_values(zkg_circuit_prover *p)
{
    zkg_status status = load_inputs(p);

    if (status == ZKG_OK)
        status = choose_stride(p);
    p->v.pooled = p->stride == 1;
    for (uint32_t i = 0; i < p->cr->circuit->layers && status == ZKG_OK; i++) {
        status = make_layer(p, i);
        if (i > 0 && !zkg_circuit_keeps(p->stride, i - 1))
            zkg_circuit_values_drop(&p->v, i - 1);
    }
    return status == ZKG_ERR_NOMEM ? zkg_circuit_prover_no_memory(p) : status;
}

zkg_status zkg_circuit_prover_need(zkg_circuit_prover *p, uint32_t i)
{
    zkg_status status = ZKG_OK;
    uint32_t k = i;

    if (zkg_circuit_values_has(&p->v, i))
        return ZKG_OK;
    while (k > 0 && !zkg_circuit_values_has(&p->v, k - 1))
        k--;
    for (; k <= i && status == ZKG_OK; k++)
        status = make_layer(p, k);
    return status == ZKG_ERR_NOMEM ? zkg_circuit_prover_no_memory(p) : status;
}

zkg_status zkg_circuit_prover_init(zkg_circuit_prover *p, zkg_circuit_run *cr)
{
    *p = (zkg_circuit_prover){.cr = cr};
    deal_out(p);
    p->over_c = zkg_alloc_raw(p->copies, sizeof(*p->over_c));
    if (p->over_c == NULL)
        return zkg_circuit_prover_no_memory(p);
    ZKG_TRY(make_values(p));
    return check_assertions(p);
}

void zkg_circuit_prover_clear(zkg_circuit_prover *p)
{
    zkg_circuit_values_clear(&p->v);
    zkg_free(p->scratch);
    zkg_free(p->over_c);
    *p = (zkg_circuit_prover){.cr = p->cr};
}

/* ---- columns over copies ---- */

zkg_status zkg_circuit_prover_export(zkg_fr *out, const zkg_circuit_prover *p,
                                     const zkg_wires *w)
{
    for (size_t g = 0; g < w->groups; g++)
        ZKG_TRY(p->cr->run->c->backend->wires_export(out + g * w->lanes, w, g));
    return ZKG_OK;
}

zkg_status zkg_circuit_prover_column(zkg_fr *out, const zkg_circuit_prover *p,
                                     const zkg_fr *base,
                                     const zkg_wire_term *term, size_t n,
                                     const zkg_fr *weight,
                                     const zkg_wires *source)
{
    zkg_wires w;
    zkg_status status = zkg_circuit_values_wires(&w, &p->v, ZKG_FR, 1);

    if (status != ZKG_OK)
        status = zkg_circuit_prover_no_memory(p);
    else
        status = p->cr->run->c->backend->wires_terms(&w, base, term, n, weight,
                                                     n, source);
    if (status == ZKG_OK)
        status = zkg_circuit_prover_export(out, p, &w);
    zkg_free(w.at);
    return status;
}

zkg_status zkg_circuit_prover_eq(zkg_fr *out, const zkg_circuit_prover *p,
                                 const zkg_fr *at)
{
    for (uint32_t s = 0; s < p->count; s++) {
        zkg_fr upper;

        zkg_eq_at(&upper, at + p->low, p->m, p->first + s);
        ZKG_TRY(zkg_circuit_eq(out + ((size_t)s << p->low), p->cr, at, p->low,
                               &upper));
    }
    return ZKG_OK;
}

/* ---- tables ---- */

/* Does an input's array hold the padded cubes of all its copies, side by side?
 */
static bool is_plain(const zkg_circuit_prover *p, uint32_t input)
{
    const zkg_array *a = input_operand(p, input)->array;

    if (zkg_circuit_values_shared(&p->v, input + 1))
        return false;
    for (uint32_t k = 1; k < a->axes; k++)
        if (a->stored[k] != (uint64_t)1 << zkg_axis_bits(a->len[k]))
            return false;
    return true;
}

/* The cells as they are: small integers are brought into the field where the
 * backend likes it best. */
static zkg_status import_plain(zkg_table *out, const zkg_circuit_prover *p,
                               uint32_t input, uint64_t begin, uint64_t copies)
{
    const zkg_array *a = input_operand(p, input)->array;
    const uint32_t vars = zkg_circuit_shape_vars(&p->cr->circuit->input[input]);
    const size_t size = zkg_dtype_size(a->type);

    if (begin >= a->stored[0])
        return ZKG_OK;
    if (copies > a->stored[0] - begin)
        copies = a->stored[0] - begin;
    return p->cr->run->c->backend->table_import(
        out, 0, (const char *)a->data + (begin << vars) * size, a->type,
        (size_t)copies << vars);
}

/* The groups of a slice, from `first` on, copy by copy; a shared source has one
 * for all. */
static zkg_status import_groups(zkg_table *out, const zkg_circuit_prover *p,
                                const zkg_wires *w, bool shared, uint32_t vars,
                                size_t first)
{
    const zkg_backend *backend = p->cr->run->c->backend;
    const size_t copies = (size_t)1 << p->low;
    zkg_fr *all = zkg_alloc(w->count * w->lanes, sizeof(*all));
    zkg_fr *one = zkg_alloc(w->count, sizeof(*one));
    zkg_status status =
        all == NULL || one == NULL ? zkg_circuit_prover_no_memory(p) : ZKG_OK;

    for (size_t c = 0; c < copies && status == ZKG_OK; c++) {
        const size_t j = c % w->lanes;

        if (j == 0 && (c == 0 || !shared))
            status = backend->wires_export(all, w,
                                           shared ? 0 : first + c / w->lanes);
        for (size_t x = 0; x < w->count; x++)
            one[x] = all[x * w->lanes + j];
        if (status == ZKG_OK)
            status = backend->table_import(out, (uint64_t)c << vars, one,
                                           ZKG_FR, w->count);
    }
    zkg_free(all);
    zkg_free(one);
    return status;
}

zkg_status zkg_circuit_prover_table(zkg_table *out, zkg_circuit_prover *p,
                                    uint32_t i, uint32_t source, uint32_t slice)
{
    const uint32_t vars = zkg_circuit_source_vars(p->cr->circuit, i, source);
    const uint64_t copies = (uint64_t)1 << p->low;
    const uint64_t first = (uint64_t)slice << p->low;

    ZKG_TRY(zkg_table_new(p->cr->run->c->backend, out, vars + p->low));
    if (source != ZKG_CIRCUIT_PREVIOUS && is_plain(p, source - 1))
        return import_plain(out, p, source - 1, p->begin + first, copies);
    return import_groups(out, p, zkg_circuit_values_source(&p->v, i, source),
                         zkg_circuit_values_shared(&p->v, source), vars,
                         first / p->v.lanes);
}

/* ---- folds ---- */

/* The sum over the ranks of v's first n of 2^vars elements, each rank its
 * slices. */
static zkg_status sum_slices(zkg_fr *v, uint32_t vars, size_t n,
                             const zkg_comm *comm)
{
    const uint32_t size = zkg_comm_size(comm), m = zkg_slices(vars, size);
    uint64_t *first = zkg_alloc((size_t)size + 1, sizeof(*first));
    zkg_status status;

    if (first == NULL)
        return ZKG_ERR_NOMEM;
    zkg_slices_ends(first, UINT64_C(1) << (vars - m), m, size);
    for (uint32_t r = 0; r <= size; r++)
        first[r] = first[r] < n ? first[r] : n;
    status = zkg_comm_scatter_sum_fr(comm, v, first);
    zkg_free(first);
    return status;
}

zkg_status zkg_circuit_prover_dot(zkg_fr *out, const zkg_circuit_prover *p,
                                  uint32_t i, uint32_t source,
                                  const zkg_fr *weight, zkg_circuit_share share)
{
    const zkg_wires *w = zkg_circuit_values_source(&p->v, i, source);
    const zkg_comm *comm = p->cr->run->c->comm;
    const uint32_t vars = zkg_circuit_source_vars(p->cr->circuit, i, source);

    ZKG_TRY(p->cr->run->c->backend->wires_dot(out, w, weight));
    memset(out + w->count, 0, (((size_t)1 << vars) - w->count) * sizeof(*out));
    if (p->m == 0)
        return ZKG_OK;
    return share == ZKG_CIRCUIT_SLICES &&
                   zkg_slices(vars, zkg_comm_size(comm)) > 0
               ? sum_slices(out, vars, w->count, comm)
               : zkg_comm_sum_fr(comm, out, w->count);
}

/* The previous layer's fold. */
static zkg_status fold_wires(zkg_fr *out, const zkg_circuit_prover *p,
                             uint32_t i, const zkg_fr *at,
                             zkg_circuit_share share)
{
    ZKG_TRY(zkg_circuit_prover_eq(p->over_c, p, at));
    return zkg_circuit_prover_dot(out, p, i, ZKG_CIRCUIT_PREVIOUS, p->over_c,
                                  share);
}

zkg_status zkg_circuit_prover_fold(zkg_fr *out, zkg_circuit_prover *p,
                                   uint32_t i, uint32_t source,
                                   const zkg_fr *at, zkg_circuit_share share)
{
    const zkg_circuit_run *cr = p->cr;
    const uint32_t vars = zkg_circuit_source_vars(cr->circuit, i, source);
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    const zkg_operand *o;
    uint32_t shift = 0;

    if (source == ZKG_CIRCUIT_PREVIOUS)
        return fold_wires(out, p, i, at, share);
    o = input_operand(p, source - 1);
    for (uint32_t k = o->axes; k-- > 0;) {
        axis[k].bits = cr->run->t->axis[o->axis[k]].bits;
        axis[k].kept = k > 0 || zkg_circuit_values_shared(&p->v, source);
        axis[k].shift = shift;
        axis[k].at = at;
        shift += axis[k].bits;
    }
    memset(out, 0, sizeof(*out) << vars);
    return zkg_fold(out, vars, o->array, axis, 0, (uint64_t)1 << vars,
                    cr->run->c->backend, cr->run->c->comm);
}

/* ---- vectors by source ---- */

zkg_status zkg_circuit_prover_vectors(const zkg_circuit_prover *p, zkg_fr **v,
                                      const zkg_circuit_reads *reads)
{
    for (uint32_t k = 0; k < reads->sources; k++)
        ZKG_TRY(zkg_circuit_take(&v[k], p->cr, (size_t)1 << reads->vars[k]));
    return ZKG_OK;
}

/* ---- terms of one copy, weighted ---- */

/* Of a list that is fetched as a whole: it stays in a near cache. */
enum { NEAR_BYTES = 1 << 19 };

static void weigh_products(zkg_circuit_weights *w, const zkg_circuit_run *cr,
                           uint32_t i, const zkg_circuit_plan *plan,
                           const zkg_fr *e)
{
    const zkg_circuit *c = cr->circuit;
    const zkg_circuit_mul *mul = c->layer[i].mul;
    const uint32_t *order = plan->by_first, n = w->products;
    const size_t bytes = n * sizeof(*mul);
    zkg_wire_term *term = w->term;
    zkg_fr *weight = w->weight;
    uint32_t slot = 0, from = 0;

    /* They are read in another order than they stand in. */
    for (size_t at = 0; at < bytes && bytes <= NEAR_BYTES; at += 64)
        __builtin_prefetch((const char *)mul + at);
    for (uint32_t k = 0; k < n; k++) {
        const zkg_circuit_mul *m = &mul[order[k]];

        while (plan->first.source[slot] != m->a.source)
            w->from[++slot] = from = k;
        term[k] = (zkg_wire_term){.to = zkg_circuit_position(c, m->a),
                                  .weight = k - from,
                                  .a = zkg_circuit_position(c, m->b),
                                  .b = ZKG_WIRE_LINEAR,
                                  .a_source = (uint16_t)m->b.source};
        zkg_circuit_weigh(&weight[k], cr, m->coeff, &e[m->gate]);
    }
    while (slot < plan->first.sources)
        w->from[++slot] = n;
}

static void weigh_adds(zkg_circuit_weights *w, const zkg_circuit_run *cr,
                       uint32_t i, const zkg_circuit_reads *first,
                       const zkg_fr *e)
{
    const zkg_circuit *c = cr->circuit;
    const zkg_circuit_add *a = c->layer[i].add, *end = a + c->layer[i].adds;
    zkg_fr *to[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};

    for (uint32_t k = 0; k < first->sources; k++) {
        to[first->source[k]] = w->add[k];
        memset(w->add[k], 0, sizeof(**w->add) << first->vars[k]);
    }
    for (; a < end; a++) {
        zkg_fr *at = &to[a->a.source][zkg_circuit_position(c, a->a)];
        zkg_fr term;

        if (cr->small[a->coeff] == 1) {
            zkg_fr_add(at, at, &e[a->gate]);
            continue;
        }
        zkg_circuit_weigh(&term, cr, a->coeff, &e[a->gate]);
        zkg_fr_add(at, at, &term);
    }
}

zkg_status zkg_circuit_weights_init(zkg_circuit_weights *w,
                                    const zkg_circuit_prover *p, uint32_t i,
                                    const zkg_circuit_plan *plan,
                                    const zkg_fr *e)
{
    *w = (zkg_circuit_weights){.products = p->cr->circuit->layer[i].muls};
    w->term = zkg_alloc_raw((size_t)w->products + 1, sizeof(*w->term));
    w->weight = zkg_alloc_raw((size_t)w->products + 1, sizeof(*w->weight));
    if (w->term == NULL || w->weight == NULL)
        return zkg_circuit_prover_no_memory(p);
    ZKG_TRY(zkg_circuit_prover_vectors(p, w->add, &plan->first));
    weigh_products(w, p->cr, i, plan, e);
    weigh_adds(w, p->cr, i, &plan->first, e);
    return ZKG_OK;
}

void zkg_circuit_weights_clear(zkg_circuit_weights *w)
{
    zkg_free(w->term);
    zkg_free(w->weight);
    *w = (zkg_circuit_weights){0};
}
