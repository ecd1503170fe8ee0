/* SPDX-License-Identifier: Apache-2.0
 * What a statement costs to prove.  docs/protocol.md, 5 to 8, says what the
 * messages are; the counts here are of the work behind them. */
#include "schedule/cost.h"

#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "curve/msm.h"
#include "graph/bind.h"
#include "pcs/kzg.h"
#include "relation/circuit_memory.h"
#include "relation/relation.h"
#include "schedule/cost_relations.h"
#include "sumcheck/slices.h"

/* A group's slices hold at least eight entries each. */
enum { ENTRIES_A_RANK = 8 };

/* Groups whose scratch is looked at. */
static const uint32_t groups[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static uint32_t bits_of(uint64_t len)
{
    return zkg_log2_ceil(len);
}

/* A tensor folded at a point of all its axes. */
static void add_value(zkg_work *w, const zkg_tensor *t)
{
    *(t->type == ZKG_FR ? &w->elements : &w->dots) +=
        (double)zkg_tensor_count(t);
    w->folds += 1;
}

/* Claims on a circuit's outputs: each time another relation reads one. */
static uint32_t claims_on(const zkg_kernel *k)
{
    uint32_t n = 0;

    for (uint32_t o = 0; o < k->outputs; o++) {
        for (uint32_t i = 0; i < k->einsums; i++)
            for (uint32_t t = 0; t < k->einsum[i].terms; t++)
                for (uint32_t f = 0; f < k->einsum[i].term[t].factors; f++)
                    n += k->einsum[i].term[t].factor[f].param == k->output[o];
        for (uint32_t j = 0; j < k->lookups; j++)
            for (uint32_t c = 0; c < k->lookup[j].columns; c++)
                n += k->lookup[j].param[c] == k->output[o];
    }
    return n;
}

/* A circuit's memory, with all layers kept and with the fewest. */
static void hold_circuit(zkg_work *w, const zkg_circuit_sizes *z, double copies)
{
    /* Room for nothing: the stride that takes least. */
    const uint32_t stride = zkg_circuit_stride(z, copies, 1);
    const double all = zkg_circuit_bytes(z, copies, 1);
    /* What half of the copies take more than half of it: pieces that are not
     * full. */
    const double each = fmax(zkg_circuit_bytes(z, 0, 1),
                             2 * zkg_circuit_bytes(z, copies / 2, 1) - all);

    w->each_bytes += each;
    w->split_bytes += all - each;
    w->spare_bytes += all - zkg_circuit_bytes(z, copies, stride);
}

/* A circuit's gates and terms by what their layers are of, and its memory;
 * where there is no memory to tell, 0: what is short will be said soon. */
static void count_wires(zkg_work *w, const zkg_statement *st,
                        const zkg_kernel *k, const zkg_task *task, bool closely)
{
    const zkg_circuit *c = &st->circuit[k->circuit];
    const double copies = ldexp(1, (int)bits_of(task->copies));
    zkg_circuit_range range[ZKG_CIRCUIT_MAX_INPUTS];
    zkg_circuit_sizes z = {0};
    zkg_status status;

    for (uint32_t i = 0; i < c->inputs; i++) {
        const zkg_tensor *t = &st->tensor[task->bind[k->input[i]]];

        range[i] = (zkg_circuit_range){.low = t->min < 0 ? t->min : 0,
                                       .high = t->max > 0 ? t->max : 0,
                                       .elements = t->type == ZKG_FR,
                                       .shared = task->broadcast[k->input[i]]};
    }
    status = closely ? zkg_circuit_narrow_ranges(range, c) : ZKG_OK;
    if (status == ZKG_OK)
        status = zkg_circuit_sizes_init(&z, c, range, claims_on(k), closely);
    for (uint32_t i = 0; i < c->layers && status == ZKG_OK; i++) {
        const zkg_circuit_layer *l = &c->layer[i];
        const double wires =
            (double)l->gates + l->muls + l->adds + l->constants;

        w->wires += wires;
        *(z.types.layer[i] == ZKG_FR ? &w->gates : &w->small_gates) +=
            wires * (double)task->copies;
    }
    if (status == ZKG_OK)
        hold_circuit(w, &z, copies);
    zkg_circuit_sizes_clear(&z);
}

static void count_circuit(zkg_work *w, const zkg_statement *st,
                          const zkg_kernel *k, const zkg_task *task,
                          bool closely)
{
    const zkg_circuit *c = &st->circuit[k->circuit];
    const uint32_t copies = bits_of(task->copies);

    /* Two phases over the gates below, and the copies. */
    for (uint32_t i = 0; i < c->layers; i++) {
        const uint32_t vars = bits_of(c->layer[i].gates);

        w->rounds += 2.0 * vars + copies;
        w->sums += zkg_slices_rounds(vars, 2, 2);
        if (copies > 0)
            w->sums += vars + zkg_slices_rounds(copies, 2, 2);
    }
    w->passes += w->rounds;
    w->circuit_layers = c->layers;
    for (uint32_t i = 0; i < k->inputs; i++)
        add_value(w, &st->tensor[task->bind[k->input[i]]]);
    count_wires(w, st, k, task, closely);
}

/* The least each and split that are, for no group, less than it takes. */
static void hold_scratch(zkg_work *w, const double bytes[GROUPS])
{
    const double each = bytes[GROUPS - 1];
    double split = 0;

    for (uint32_t i = 0; i < GROUPS; i++)
        split = fmax(split, (bytes[i] - each) * groups[i]);
    w->each_bytes += each;
    w->split_bytes += split;
}

/* Lookups, sums, and what the prover's arena has; without the memory to tell,
 * 0. */
static void count_bound(zkg_work *w, const zkg_statement *st, uint32_t c,
                        const zkg_array *const *arrays)
{
    double bytes[GROUPS] = {0};
    zkg_bound_task task;

    if (zkg_statement_task(&task, st, c, arrays, NULL) == ZKG_OK) {
        zkg_work_add_relations(w, st, &task.relations);
        for (uint32_t i = 0; i < GROUPS; i++)
            bytes[i] = (double)zkg_task_scratch(&task.relations, groups[i]);
    }
    zkg_bound_task_clear(&task);
    hold_scratch(w, bytes);
}

static void hold_table(zkg_work *w, const zkg_statement *st, uint32_t t)
{
    double bytes[GROUPS] = {0};
    zkg_bound_table table;

    if (zkg_statement_table(&table, st, t, NULL, NULL) == ZKG_OK)
        for (uint32_t i = 0; i < GROUPS; i++)
            bytes[i] = (double)zkg_tableside_scratch(&table.table, groups[i]);
    zkg_bound_table_clear(&table);
    hold_scratch(w, bytes);
}

void zkg_work_count(zkg_work *out, const zkg_statement *st, uint32_t c,
                    const zkg_array *const *arrays, bool closely)
{
    *out = (zkg_work){.each_bytes = ZKG_CHILD_BYTES};
    if (c < st->tasks) {
        const zkg_task *task = &st->task[c];
        const zkg_kernel *k = &st->kernel[task->kernel];

        if (k->circuit != ZKG_NO_ID)
            count_circuit(out, st, k, task, closely);
        count_bound(out, st, c, arrays);
    } else {
        const zkg_stmt_table *t = &st->table[c - st->tasks];
        const uint32_t vars = bits_of(t->rows);

        out->leaves = ldexp(1, (int)vars);
        out->columns = (t->columns - 1) * out->leaves;
        out->numerators = out->leaves;
        out->rounds = 0.5 * vars * (vars + 1.0);
        out->sums = zkg_work_layers_sums(vars);
        out->passes = 0.5 * vars * (vars - 1.0);
        out->sumchecks = vars;
        out->trees = 1;
        hold_table(out, st, c - st->tasks);
    }
}

zkg_status zkg_cost_shapes_init(zkg_cost_shapes *out, const zkg_statement *st)
{
    out->array = zkg_alloc(st->tensors, sizeof(*out->array));
    out->view = zkg_alloc(st->tensors, sizeof(*out->view));
    if (out->array == NULL || out->view == NULL) {
        zkg_cost_shapes_clear(out);
        return ZKG_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];
        zkg_array *a = &out->array[i];

        *a = (zkg_array){.type = t->type, .axes = t->axes};
        memcpy(a->len, t->len, sizeof(a->len));
        memcpy(a->stored, t->len, sizeof(a->stored));
        out->view[i] = a;
    }
    return ZKG_OK;
}

void zkg_cost_shapes_clear(zkg_cost_shapes *s)
{
    zkg_free(s->array);
    zkg_free(s->view);
    *s = (zkg_cost_shapes){0};
}

/* ---- the root ---------------------------------------------------------- */

enum { FR_BITS = 254 };

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* Bits of v - 1, for v > 0. */
static uint32_t width_of(uint64_t v)
{
    return v < 2 ? 0 : 1 + zkg_log2_floor(v - 1);
}

/* The same of an element, or of its negative where that is less. */
static uint32_t width_of_fr(const zkg_fr *v)
{
    uint32_t least = FR_BITS;
    zkg_fr x = *v;

    for (int sign = 0; sign < 2; sign++) {
        uint32_t top = 3, bits;
        uint64_t s[4];

        zkg_fr_to_scalar(s, &x);
        while (top > 0 && s[top] == 0)
            top--;
        bits =
            top == 0 ? width_of(s[0]) : 64 * top + 1 + zkg_log2_floor(s[top]);
        least = bits < least ? bits : least;
        zkg_fr_neg(&x, &x);
    }
    return least;
}

/* The sum of points that a chunk's cells from `at` on are: zeros are left out,
 * and the largest value sets the width of all. */
static void commit_chunk(zkg_root_work *w, const zkg_array *a, uint64_t at,
                         uint64_t cells)
{
    uint64_t terms = 0;
    uint32_t bits = 0;

    for (uint64_t i = at; i < at + cells; i++) {
        const zkg_fr *x = (const zkg_fr *)a->data + i;
        const bool is_fr = a->type == ZKG_FR;
        const uint64_t v = is_fr ? 0 : magnitude(zkg_array_get_i64(a, i));
        const uint32_t width = is_fr ? width_of_fr(x) : width_of(v);

        terms += is_fr ? !zkg_fr_is_zero(x) : v != 0;
        bits = width > bits ? width : bits;
    }
    w->additions += (double)zkg_msm_cost((size_t)terms, bits);
    w->sums += terms > 0;
}

static void commit_array(zkg_root_work *w, const zkg_array *a, uint32_t k,
                         uint64_t chunks)
{
    uint64_t at = 0;

    for (uint64_t c = 0; c < chunks; c++) {
        const uint64_t cells = zkg_kzg_chunk_cells(a, k, c);

        commit_chunk(w, a, at, cells);
        at += cells;
    }
}

/* Of values as wide as they may be, and none of them 0. */
static void commit_tensor(zkg_root_work *w, const zkg_statement *st, uint32_t i,
                          uint64_t chunks)
{
    const zkg_tensor *t = &st->tensor[i];
    /* Multiplicities are mostly zero, whatever their type holds. */
    const uint32_t bits =
        zkg_statement_is_hinted_counts(st, i) ? 1 : zkg_tensor_bits(t);
    const uint64_t cells = zkg_div_ceil(zkg_tensor_count(t), chunks);

    w->additions += (double)chunks * (double)zkg_msm_cost((size_t)cells, bits);
    w->sums += (double)chunks;
}

/* Whether a claim is at the point of an earlier one, as far as chunks go. */
static bool is_known_point(const zkg_ledger *l, size_t i, uint32_t k)
{
    const zkg_claim *a = &l->claim[i];

    for (size_t j = 0; j < i; j++) {
        const zkg_claim *b = &l->claim[j];
        const uint32_t vars = a->vars < k ? a->vars : k;

        if (vars == (b->vars < k ? b->vars : k) &&
            memcmp(a->point, b->point, vars * sizeof(a->point[0])) == 0)
            return true;
    }
    return false;
}

/* The claims that a child leaves. */
static void open_claims(zkg_root_work *w, const zkg_statement *st,
                        const zkg_ledger *l, uint32_t k)
{
    for (size_t i = 0; i < l->claims; i++) {
        const zkg_claim *c = &l->claim[i];
        const zkg_tensor *t = &st->tensor[c->tensor];
        const uint32_t vars = c->vars < k ? c->vars : k;

        w->claims += 1;
        w->opened_columns += ldexp(1, (int)vars);
        w->opened = fmax(w->opened, ldexp(1, (int)vars));
        if (t->type == ZKG_FR)
            w->opened_elements += (double)zkg_tensor_count(t);
        else
            w->opened_bytes +=
                (double)zkg_tensor_count(t) * (double)zkg_dtype_size(t->type);
        if (is_known_point(l, i, k))
            continue;
        w->opened_points += ldexp(1, (int)vars);
        w->opened_rounds += vars;
    }
}

/* Without the memory to tell, none. */
static void open_child(zkg_root_work *w, const zkg_statement *st, uint32_t c,
                       uint32_t k)
{
    zkg_ledger left = {0};
    zkg_bound_task task;
    zkg_bound_table table;

    if (c < st->tasks) {
        if (zkg_statement_task(&task, st, c, NULL, NULL) == ZKG_OK)
            zkg_task_claims(&left, &task.relations);
        zkg_bound_task_clear(&task);
    } else {
        if (zkg_statement_table(&table, st, c - st->tasks, NULL, NULL) ==
            ZKG_OK)
            zkg_tableside_claims(&left, &table.table);
        zkg_bound_table_clear(&table);
    }
    open_claims(w, st, &left, k);
    zkg_ledger_clear(&left);
}

/* A circuit's terms, and what sealing it adds. */
static double circuit_bytes(const zkg_circuit *c)
{
    double all = (double)c->coeffs * sizeof(*c->coeff);

    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_layer *l = &c->layer[i];

        all += sizeof(*l) + sizeof(*c->plan);
        all += (double)l->muls * (sizeof(*l->mul) + sizeof(uint32_t));
        all += (double)l->adds * sizeof(*l->add);
        all += (double)l->constants * sizeof(*l->constant);
    }
    return all;
}

void zkg_root_work_count(zkg_root_work *out, const zkg_statement *st,
                         uint32_t k, const zkg_array *const *arrays)
{
    *out = (zkg_root_work){.root = ldexp(1, (int)k),
                           .padding = (double)zkg_statement_most_gates(st),
                           .ratchets = (double)zkg_statement_ratchets(st)};
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];
        const uint64_t chunks = zkg_kzg_chunks(zkg_tensor_vars(t), k);

        *(t->vis == ZKG_FIXED && t->type == ZKG_FR ? &out->fixed_bytes
                                                   : &out->shared_bytes) +=
            (double)zkg_tensor_count(t) * (double)zkg_dtype_size(t->type);
        if (t->vis == ZKG_PUBLIC)
            out->hashed +=
                (double)zkg_tensor_count(t) * (double)zkg_dtype_size(t->type);
        if (t->vis == ZKG_FIXED)
            out->fixed_points += (double)chunks;
        if (t->vis != ZKG_PRIVATE)
            continue;
        out->values += (double)zkg_tensor_count(t);
        if (arrays != NULL)
            commit_array(out, arrays[i], k, chunks);
        else
            commit_tensor(out, st, i, chunks);
        out->chunks += (double)chunks;
    }
    out->written = out->hashed;
    for (uint32_t i = 0; i < st->circuits; i++)
        out->fixed_bytes += circuit_bytes(&st->circuit[i]);
    for (uint32_t c = 0; c < st->tasks + st->tables; c++)
        open_child(out, st, c, k);
}

/* ---- seconds ----------------------------------------------------------- */

static uint32_t width_of_vars(uint32_t vars)
{
    if (vars >= 34)
        return UINT32_MAX;
    return (uint64_t)1 << vars < ENTRIES_A_RANK
               ? 1
               : (uint32_t)(((uint64_t)1 << vars) / ENTRIES_A_RANK);
}

/* Whether a lookup or an einsum reads a parameter. */
static bool is_read(const zkg_kernel *k, uint32_t param)
{
    bool is = false;

    for (uint32_t i = 0; i < k->einsums; i++)
        for (uint32_t t = 0; t < k->einsum[i].terms; t++)
            for (uint32_t f = 0; f < k->einsum[i].term[t].factors; f++)
                is = is || k->einsum[i].term[t].factor[f].param == param;
    for (uint32_t j = 0; j < k->lookups; j++)
        for (uint32_t c = 0; c < k->lookup[j].columns; c++)
            is = is || k->lookup[j].param[c] == param;
    return is;
}

/* Lookups and einsums deal out the entries of what they read, a circuit its
 * copies. */
uint32_t zkg_work_width(const zkg_statement *st, uint32_t c)
{
    const zkg_task *task;
    const zkg_kernel *k;
    uint32_t vars = 0, width;

    if (c >= st->tasks)
        return width_of_vars(bits_of(st->table[c - st->tasks].rows));
    task = &st->task[c];
    k = &st->kernel[task->kernel];
    for (uint32_t i = 0; i < task->params; i++) {
        const uint32_t v = zkg_tensor_vars(&st->tensor[task->bind[i]]);

        if (is_read(k, i))
            vars = v > vars ? v : vars;
    }
    width = width_of_vars(vars);
    if (k->circuit != ZKG_NO_ID && task->copies > width)
        width = task->copies > UINT32_MAX ? UINT32_MAX : (uint32_t)task->copies;
    return width;
}

void zkg_child_cost_of(zkg_child_cost *out, const zkg_costs *costs,
                       const zkg_work *work, uint32_t width)
{
    *out = (zkg_child_cost){
        .serial_s = costs->child + costs->round * work->rounds +
                    costs->sumcheck * work->sumchecks +
                    costs->tree * work->trees + costs->pass * work->passes +
                    costs->term * work->terms + costs->fold * work->folds +
                    costs->affine * work->affine + costs->wire * work->wires +
                    costs->circuit_layer * work->circuit_layers,
        .parallel_s =
            costs->leaf * work->leaves + costs->column * work->columns +
            costs->numerator * work->numerators + costs->line * work->lines +
            costs->byte * work->bytes + costs->dot * work->dots +
            costs->place * work->places + costs->element * work->elements +
            costs->entry * work->entries + costs->weighted * work->weighted +
            costs->lifted * work->lifted + costs->masked * work->masked +
            costs->merged * work->merged + costs->gate * work->gates +
            costs->small_gate * work->small_gates,
        .group_s = costs->group,
        .sums_s = costs->message * work->sums,
        .each_bytes = work->each_bytes,
        .split_bytes = work->split_bytes,
        .spare_bytes = work->spare_bytes,
        .width = width,
    };
}

void zkg_root_seconds(double *before_s, double *after_s, const zkg_costs *costs,
                      const zkg_root_work *work, uint32_t ranks)
{
    const double folds = costs->open_byte * work->opened_bytes +
                         costs->element * work->opened_elements +
                         costs->open_column * work->opened_columns +
                         costs->open_point * work->opened_points +
                         costs->open_round * work->opened_rounds;
    const double commits = costs->chunk * work->sums +
                           costs->addition * work->additions +
                           costs->value * work->values;
    const double hashing =
        costs->hash * work->hashed + costs->point * work->fixed_points;

    /* one rank hashes while the others commit */
    *before_s = (commits + hashing) / ranks;
    *before_s = *before_s < hashing ? hashing : *before_s;
    *before_s += costs->point * work->chunks + costs->hash * work->padding +
                 costs->ratchet * work->ratchets;
    *after_s = costs->open + folds / ranks + costs->open_claim * work->claims +
               costs->open_root * work->opened + costs->write * work->written;
}
