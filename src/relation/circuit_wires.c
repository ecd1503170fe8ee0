/* SPDX-License-Identifier: Apache-2.0
 * A circuit's wires on the ranks of a group: evaluation, tables, folds. */
#include "relation/circuit_prover.h"

#include "base/bits.h"
#include "base/mem.h"
#include "poly/eq.h"
#include "relation/fold.h"

#include <string.h>

/* Slices a rank, so that uneven shares stay within an eighth. */
enum { SLICES_PER_RANK = 8 };

/* Below this many copies a backend's call costs more than it saves. */
enum { LEAST_VECTOR = 8 };

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

bool zkg_circuit_prover_shared(const zkg_circuit_prover *p, uint32_t source)
{
    return source != ZKG_CIRCUIT_PREVIOUS &&
           zkg_task_circuit_broadcast(p->cr->bound, p->cr->run->t, source - 1);
}

/* ---- vectors over a block's copies ---- */

zkg_status zkg_circuit_prover_axpy(const zkg_circuit_prover *p, zkg_fr *out,
                                   const zkg_fr *c, const zkg_fr *v)
{
    const bool one = zkg_fr_equal(c, &zkg_fr_one);

    if (!one && p->block >= LEAST_VECTOR)
        return p->cr->run->c->backend->fr_mul_axpy(out, c, v, NULL, p->block);
    for (uint32_t j = 0; j < p->block; j++) {
        zkg_fr term = v[j];

        if (!one)
            zkg_fr_mul(&term, c, &term);
        zkg_fr_add(&out[j], &out[j], &term);
    }
    return ZKG_OK;
}

zkg_status zkg_circuit_prover_mul(const zkg_circuit_prover *p, zkg_fr *out,
                                  const zkg_fr *c, const zkg_fr *a,
                                  const zkg_fr *b)
{
    const bool one = zkg_fr_equal(c, &zkg_fr_one);

    if (p->block >= LEAST_VECTOR)
        return p->cr->run->c->backend->fr_mul_axpy(out, one ? NULL : c, a, b,
                                                   p->block);
    for (uint32_t j = 0; j < p->block; j++) {
        zkg_fr term;

        zkg_fr_mul(&term, &a[j], &b[j]);
        if (!one)
            zkg_fr_mul(&term, c, &term);
        zkg_fr_add(&out[j], &out[j], &term);
    }
    return ZKG_OK;
}

/* ---- sources ---- */

/* Bring an input's block into p->input. */
static void load(zkg_circuit_prover *p, uint32_t input, uint64_t block)
{
    const zkg_circuit_shape *shape = &p->cr->circuit->input[input];
    const size_t cells = (size_t)1 << zkg_circuit_shape_vars(shape);
    const zkg_array *a = input_operand(p, input)->array;

    if (zkg_circuit_prover_shared(p, input + 1)) {
        if (p->loaded[input] == 0)
            zkg_circuit_load(p->input[input], a, shape->axes, 0);
        p->loaded[input] = 1;
        return;
    }
    if (p->loaded[input] == block + 1)
        return;
    p->loaded[input] = block + 1;
    for (uint32_t j = 0; j < p->block; j++) {
        zkg_fr *to = p->block == 1 ? p->input[input] : p->copy;

        zkg_circuit_load(to, a, shape->axes, p->begin + block * p->block + j);
        for (size_t x = 0; p->block > 1 && x < cells; x++)
            p->input[input][x * p->block + j] = to[x];
    }
}

void zkg_circuit_prover_view(zkg_circuit_view *v, zkg_circuit_prover *p,
                             uint32_t i, uint32_t source, uint64_t block)
{
    v->shared = zkg_circuit_prover_shared(p, source);
    if (source == ZKG_CIRCUIT_PREVIOUS) {
        v->at = i == 0
                    ? NULL
                    : p->wires[i - 1] +
                          block * p->block * p->cr->circuit->layer[i - 1].gates;
        return;
    }
    load(p, source - 1, block);
    v->at = p->input[source - 1];
}

/* Views of all sources that a layer reads. */
static void list_views(zkg_circuit_view *v, zkg_circuit_prover *p, uint32_t i,
                       uint64_t block)
{
    zkg_circuit_plan plan;

    zkg_circuit_plan_layer(&plan, p->cr->circuit, i);
    for (uint32_t k = 0; k < plan.first.sources; k++)
        zkg_circuit_prover_view(&v[plan.first.source[k]], p, i,
                                plan.first.source[k], block);
    for (uint32_t k = 0; k < plan.second.sources; k++)
        zkg_circuit_prover_view(&v[plan.second.source[k]], p, i,
                                plan.second.source[k], block);
}

/* ---- evaluation ---- */

/* What a wire is in each copy of a block: a vector, or one value. */
static const zkg_fr *wire(const zkg_circuit_view *v, zkg_circuit_wire w,
                          uint32_t block)
{
    const zkg_circuit_view *s = &v[w.source];

    return s->at + (size_t)w.index * (s->shared ? 1 : block);
}

static void add_to_all(zkg_fr *out, const zkg_fr *v, uint32_t n)
{
    for (uint32_t j = 0; j < n; j++)
        zkg_fr_add(&out[j], &out[j], v);
}

static zkg_status eval_mul(zkg_circuit_prover *p, zkg_fr *out,
                           const zkg_circuit_view *v, const zkg_circuit_mul *m)
{
    const zkg_fr *c = &p->cr->coeff[m->coeff];
    const zkg_fr *a = wire(v, m->a, p->block), *b = wire(v, m->b, p->block);
    const bool a_shared = v[m->a.source].shared;
    const bool b_shared = v[m->b.source].shared;
    zkg_fr scale;

    if (!a_shared && !b_shared)
        return zkg_circuit_prover_mul(p, out, c, a, b);
    zkg_fr_mul(&scale, c, a_shared ? a : b);
    if (a_shared && b_shared) {
        zkg_fr_mul(&scale, &scale, b);
        add_to_all(out, &scale, p->block);
        return ZKG_OK;
    }
    return zkg_circuit_prover_axpy(p, out, &scale, a_shared ? b : a);
}

static zkg_status eval_add(zkg_circuit_prover *p, zkg_fr *out,
                           const zkg_circuit_view *v, const zkg_circuit_add *a)
{
    const zkg_fr *c = &p->cr->coeff[a->coeff];
    const zkg_fr *x = wire(v, a->a, p->block);
    zkg_fr value;

    if (!v[a->a.source].shared)
        return zkg_circuit_prover_axpy(p, out, c, x);
    zkg_fr_mul(&value, c, x);
    add_to_all(out, &value, p->block);
    return ZKG_OK;
}

/* A test's wrong wire. */
static void cheat_wire(zkg_circuit_prover *p, uint32_t i, uint64_t block)
{
    const zkg_hooks *h = p->cr->run->c->hooks;
    const uint64_t begin = p->begin + block * p->block;
    zkg_fr *at;

    if (!zkg_hooks_want(h, ZKG_CHEAT_WRONG_WIRE, p->cr->run->t->task) ||
        h->wire.layer != i || h->wire.copy < begin ||
        h->wire.copy >= begin + p->block)
        return;
    at = p->wires[i] +
         (block * p->cr->circuit->layer[i].gates + h->wire.gate) * p->block +
         (h->wire.copy - begin);
    zkg_fr_add(at, at, &zkg_fr_one);
}

static zkg_status eval_layer(zkg_circuit_prover *p, uint32_t i, uint64_t block)
{
    const zkg_circuit_layer *l = &p->layer[i];
    zkg_fr *out = p->wires[i] + block * p->block * l->gates;
    zkg_circuit_view v[ZKG_CIRCUIT_MAX_SOURCES] = {{NULL, false}};

    list_views(v, p, i, block);
    for (uint32_t k = 0; k < l->muls; k++)
        ZKG_TRY(eval_mul(p, out + (size_t)l->mul[k].gate * p->block, v,
                         &l->mul[k]));
    for (uint32_t k = 0; k < l->adds; k++)
        ZKG_TRY(eval_add(p, out + (size_t)l->add[k].gate * p->block, v,
                         &l->add[k]));
    for (uint32_t k = 0; k < l->constants; k++)
        add_to_all(out + (size_t)l->constant[k].gate * p->block,
                   &p->cr->coeff[l->constant[k].coeff], p->block);
    cheat_wire(p, i, block);
    return ZKG_OK;
}

/* The first assertion of a block that does not hold, as copy * asserted + k. */
static void find_false(uint64_t *first, const zkg_circuit_prover *p,
                       uint64_t block)
{
    const zkg_circuit *c = p->cr->circuit;
    const uint32_t gates = c->layer[c->layers - 1].gates;
    const zkg_fr *top = p->wires[c->layers - 1] + block * p->block * gates;

    for (uint32_t j = 0; j < p->block; j++) {
        const uint64_t copy = p->begin + block * p->block + j;

        if (copy >= p->cr->copies)
            return;
        for (uint32_t k = 0; k < c->asserted; k++) {
            const uint64_t id = copy * c->asserted + k;

            if (id < *first &&
                !zkg_fr_is_zero(&top[(size_t)c->assertion[k] * p->block + j]))
                *first = id;
        }
    }
}

static zkg_status evaluate(zkg_circuit_prover *p)
{
    const zkg_circuit *c = p->cr->circuit;
    zkg_task_run *run = p->cr->run;
    uint64_t first = UINT64_MAX;

    for (uint64_t b = 0; b < p->blocks; b++) {
        for (uint32_t i = 0; i < c->layers; i++)
            ZKG_TRY(eval_layer(p, i, b));
        find_false(&first, p, b);
    }
    if (zkg_child_cheats(run->c))
        return ZKG_OK;
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

/* The circuit's terms, wires by their positions in their sources' tables. */
static zkg_status resolve(zkg_circuit_prover *p)
{
    const zkg_circuit *c = p->cr->circuit;

    p->layer = zkg_alloc(c->layers, sizeof(*p->layer));
    if (p->layer == NULL)
        return zkg_circuit_prover_no_memory(p);
    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_layer *l = &c->layer[i];
        zkg_circuit_mul *mul = zkg_alloc(l->muls, sizeof(*mul));
        zkg_circuit_add *add = zkg_alloc(l->adds, sizeof(*add));

        p->layer[i] = *l;
        p->layer[i].mul = mul;
        p->layer[i].add = add;
        if (mul == NULL || add == NULL)
            return zkg_circuit_prover_no_memory(p);
        for (uint32_t k = 0; k < l->muls; k++) {
            mul[k] = l->mul[k];
            mul[k].a.index = zkg_circuit_position(c, l->mul[k].a);
            mul[k].b.index = zkg_circuit_position(c, l->mul[k].b);
        }
        for (uint32_t k = 0; k < l->adds; k++) {
            add[k] = l->add[k];
            add[k].a.index = zkg_circuit_position(c, l->add[k].a);
        }
    }
    return ZKG_OK;
}

static void deal_out(zkg_circuit_prover *p)
{
    const zkg_comm *comm = p->cr->run->c->comm;
    const uint32_t size = zkg_comm_size(comm);
    const uint32_t wanted =
        size > 1 ? zkg_log2_ceil((uint64_t)SLICES_PER_RANK * size) : 0;

    p->m = wanted < p->cr->copy_vars ? wanted : p->cr->copy_vars;
    p->low = p->cr->copy_vars - p->m;
    zkg_slices_of(&p->first, &p->count, p->m, zkg_comm_rank(comm), size);
    p->begin = (uint64_t)p->first << p->low;
    p->copies = (uint64_t)p->count << p->low;
    p->block = (uint64_t)1 << p->low < ZKG_CIRCUIT_BLOCK ? (uint32_t)1 << p->low
                                                         : ZKG_CIRCUIT_BLOCK;
    p->blocks = p->copies / p->block;
}

zkg_status zkg_circuit_prover_init(zkg_circuit_prover *p, zkg_circuit_run *cr)
{
    const zkg_circuit *c = cr->circuit;
    size_t widest = 1;

    *p = (zkg_circuit_prover){.cr = cr};
    deal_out(p);
    ZKG_TRY(resolve(p));
    for (uint32_t k = 0; k < c->inputs; k++) {
        const size_t cells = (size_t)1 << zkg_circuit_shape_vars(&c->input[k]);

        widest = cells > widest ? cells : widest;
        p->input[k] = zkg_alloc(
            zkg_circuit_prover_shared(p, k + 1) ? cells : cells * p->block,
            sizeof(zkg_fr));
        if (p->input[k] == NULL)
            return zkg_circuit_prover_no_memory(p);
    }
    p->wires = zkg_alloc(c->layers, sizeof(*p->wires));
    if (p->wires == NULL)
        return zkg_circuit_prover_no_memory(p);
    for (uint32_t i = 0; i < c->layers; i++) {
        const size_t padded = (size_t)1 << zkg_circuit_layer_vars(c, i);

        widest = padded > widest ? padded : widest;
        p->wires[i] =
            zkg_alloc((size_t)p->copies * c->layer[i].gates, sizeof(zkg_fr));
        if (p->wires[i] == NULL)
            return zkg_circuit_prover_no_memory(p);
    }
    p->copy = zkg_alloc(widest * ZKG_CIRCUIT_STAGE, sizeof(*p->copy));
    if (p->copy == NULL)
        return zkg_circuit_prover_no_memory(p);
    return evaluate(p);
}

void zkg_circuit_prover_clear(zkg_circuit_prover *p)
{
    const uint32_t layers = p->cr->circuit->layers;

    for (uint32_t i = 0; i < layers; i++) {
        if (p->wires != NULL)
            zkg_free(p->wires[i]);
        if (p->layer != NULL) {
            zkg_free((void *)(uintptr_t)p->layer[i].mul);
            zkg_free((void *)(uintptr_t)p->layer[i].add);
        }
    }
    zkg_free(p->wires);
    zkg_free(p->layer);
    for (uint32_t k = 0; k < ZKG_CIRCUIT_MAX_INPUTS; k++)
        zkg_free(p->input[k]);
    zkg_free(p->copy);
    *p = (zkg_circuit_prover){.cr = p->cr};
}

/* ---- tables ---- */

/* Does an input's array hold the padded cubes of all its copies, side by side?
 */
static bool is_plain(const zkg_circuit_prover *p, uint32_t input)
{
    const zkg_array *a = input_operand(p, input)->array;

    if (zkg_circuit_prover_shared(p, input + 1))
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

zkg_status zkg_circuit_prover_import(zkg_table *out,
                                     const zkg_circuit_prover *p, uint64_t copy,
                                     uint32_t vars, const zkg_fr *from,
                                     size_t wires)
{
    const zkg_backend *backend = p->cr->run->c->backend;
    const uint32_t most =
        p->block < ZKG_CIRCUIT_STAGE ? p->block : ZKG_CIRCUIT_STAGE;

    if (p->block == 1)
        return backend->table_import(out, copy << vars, from, ZKG_FR, wires);
    for (uint32_t first = 0; first < p->block; first += most) {
        for (size_t x = 0; x < wires; x++)
            for (uint32_t j = 0; j < most; j++)
                p->copy[j * wires + x] = from[x * p->block + first + j];
        for (uint32_t j = 0; j < most; j++)
            ZKG_TRY(backend->table_import(out, (copy + first + j) << vars,
                                          p->copy + j * wires, ZKG_FR, wires));
    }
    return ZKG_OK;
}

zkg_status zkg_circuit_prover_table(zkg_table *out, zkg_circuit_prover *p,
                                    uint32_t i, uint32_t source, uint32_t slice)
{
    const zkg_circuit *c = p->cr->circuit;
    const zkg_backend *backend = p->cr->run->c->backend;
    const uint32_t vars = zkg_circuit_source_vars(c, i, source);
    const size_t wires = source == ZKG_CIRCUIT_PREVIOUS ? c->layer[i - 1].gates
                                                        : (size_t)1 << vars;
    const uint64_t copies = (uint64_t)1 << p->low;
    const uint64_t first = ((uint64_t)slice << p->low) / p->block;

    ZKG_TRY(zkg_table_new(backend, out, vars + p->low));
    if (source != ZKG_CIRCUIT_PREVIOUS && is_plain(p, source - 1))
        return import_plain(out, p, source - 1,
                            p->begin + ((uint64_t)slice << p->low), copies);
    for (uint64_t b = 0; b < copies / p->block; b++) {
        zkg_circuit_view v;

        zkg_circuit_prover_view(&v, p, i, source, first + b);
        for (uint32_t j = 0; v.shared && j < p->block; j++)
            ZKG_TRY(backend->table_import(out, (b * p->block + j) << vars, v.at,
                                          ZKG_FR, wires));
        if (!v.shared)
            ZKG_TRY(zkg_circuit_prover_import(out, p, b * p->block, vars, v.at,
                                              wires));
    }
    return ZKG_OK;
}

/* ---- folds ---- */

/* This rank's part of the previous layer's fold. */
static zkg_status fold_wires(zkg_fr *out, zkg_circuit_prover *p, uint32_t i,
                             const zkg_fr *at)
{
    const zkg_backend *backend = p->cr->run->c->backend;
    const uint32_t gates = p->cr->circuit->layer[i - 1].gates;
    zkg_fr *eq = zkg_alloc((size_t)1 << p->cr->copy_vars, sizeof(*eq));
    zkg_status status = ZKG_OK;

    if (eq == NULL)
        return zkg_circuit_prover_no_memory(p);
    zkg_eq_expand(eq, at, p->cr->copy_vars, NULL);
    for (uint64_t b = 0; b < p->blocks && status == ZKG_OK; b++) {
        const zkg_fr *v = p->wires[i - 1] + b * p->block * gates;
        const zkg_fr *w = eq + p->begin + b * p->block;

        if (p->block == 1) {
            status = backend->fr_axpy(out, w, v, gates);
            continue;
        }
        for (uint32_t o = 0; o < gates && status == ZKG_OK; o++) {
            zkg_fr sum;

            status =
                backend->fr_dot(&sum, w, v + (size_t)o * p->block, p->block);
            zkg_fr_add(&out[o], &out[o], &sum);
        }
    }
    zkg_free(eq);
    if (status == ZKG_OK && p->m > 0)
        status = zkg_comm_sum_fr(p->cr->run->c->comm, out, gates);
    return status;
}

zkg_status zkg_circuit_prover_fold(zkg_fr *out, zkg_circuit_prover *p,
                                   uint32_t i, uint32_t source,
                                   const zkg_fr *at)
{
    const zkg_circuit_run *cr = p->cr;
    const uint32_t vars = zkg_circuit_source_vars(cr->circuit, i, source);
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    const zkg_operand *o;
    uint32_t shift = 0;

    if (source == ZKG_CIRCUIT_PREVIOUS)
        return fold_wires(out, p, i, at);
    o = input_operand(p, source - 1);
    for (uint32_t k = o->axes; k-- > 0;) {
        axis[k].bits = cr->run->t->axis[o->axis[k]].bits;
        axis[k].kept = k > 0 || zkg_circuit_prover_shared(p, source);
        axis[k].shift = shift;
        axis[k].at = at;
        shift += axis[k].bits;
    }
    return zkg_fold(out, vars, o->array, axis, 0, (uint64_t)1 << vars,
                    cr->run->c->backend, cr->run->c->comm);
}

/* ---- vectors by source ---- */

zkg_status zkg_circuit_prover_vectors(const zkg_circuit_prover *p, zkg_fr **v,
                                      const zkg_circuit_reads *reads)
{
    for (uint32_t k = 0; k < reads->sources; k++) {
        v[k] = zkg_alloc((size_t)1 << reads->vars[k], sizeof(**v));
        if (v[k] == NULL)
            return zkg_circuit_prover_no_memory(p);
    }
    return ZKG_OK;
}

void zkg_circuit_slots(uint32_t *slot, const zkg_circuit_reads *reads)
{
    for (uint32_t k = 0; k < reads->sources; k++)
        slot[reads->source[k]] = k;
}

void zkg_circuit_prover_add_weights(zkg_fr *const *h,
                                    const zkg_circuit_prover *p, uint32_t i,
                                    const zkg_circuit_reads *reads,
                                    const zkg_fr *e)
{
    const zkg_circuit_layer *l = &p->layer[i];
    uint32_t slot[ZKG_CIRCUIT_MAX_SOURCES] = {0};

    zkg_circuit_slots(slot, reads);
    for (uint32_t k = 0; k < l->adds; k++) {
        const zkg_circuit_add *a = &l->add[k];
        zkg_fr *at = &h[slot[a->a.source]][a->a.index];
        zkg_fr term;

        zkg_fr_mul(&term, &p->cr->coeff[a->coeff], &e[a->gate]);
        zkg_fr_add(at, at, &term);
    }
}
