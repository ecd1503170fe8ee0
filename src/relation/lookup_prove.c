/* SPDX-License-Identifier: Apache-2.0
 * A tree is kept as its layers' tables: layer d holds, for the 2^d nodes of
 * depth d, their children p0, p1, q0, q1.  Where the tree is dealt out in 2^m
 * slices, layers from some depth above m on are (slice s: the nodes below node
 * s of depth m), and the short ones above it are whole, the same on every rank.
 *
 * Of small leaves the lowest two layers, three quarters of the tree, are never
 * kept: layer n - 3 is made of the integers, layer n - 2 when its turn comes on
 * the way down, and layer n - 1 by its sumcheck, when it binds x_0. */
#include "base/bits.h"
#include "base/mem.h"
#include "relation/fold.h"
#include "relation/lookup.h"
#include "relation/rows.h"
#include "sumcheck/prove.h"

#include <string.h>

/* The one leaf of a tree without variables. */
static void single_leaf(zkg_tree *tree, const zkg_rows_view *r)
{
    tree->p = zkg_fr_one;
    tree->q = r->alpha;
    for (uint32_t c = 0; c <= r->columns; c++) {
        const zkg_array *a = c < r->columns ? r->column[c].array : r->counts;
        zkg_fr value;

        if (a == NULL)
            continue;
        if (a->type == ZKG_FR)
            value = ((const zkg_fr *)a->data)[0];
        else
            zkg_fr_from_i64(&value, zkg_array_get_i64(a, 0));
        if (c == r->columns) {
            tree->p = value;
        } else {
            zkg_fr_mul(&value, &value, &r->column[c].coeff);
            zkg_fr_add(&tree->q, &tree->q, &value);
        }
    }
}

/* ---- trees ---- */

/* Leaves are small, and the lowest two layers not kept, where a slice has this
 * many variables. */
#define SMALL_VARS 3
/* No memory holds the tree of more. */
#define MOST_TREE_VARS 50

/* p0, p1, q0, q1 of a slice's leaves, and p and q themselves. */
typedef struct slice_leaves {
    zkg_column p, q[ZKG_SMALL_COLUMNS];
    zkg_rows child[4], p_rows, q_rows;
} slice_leaves;

typedef struct layer_tables {
    zkg_table *table; /* count * arity */
    uint32_t arity;   /* 4; 2 where p is 1 */
    uint32_t first, count;
    uint32_t slice_bits;
    size_t mark;          /* of the tree's scratch, below the tables */
    slice_leaves *leaves; /* count; layer n - 1 of small ones, else NULL */
    zkg_rows *rows;       /* with leaves: of the tables, which are not made */
} layer_tables;

/* Layers of fewer variables are not dealt out. */
enum { DEALT_VARS = 8 };

typedef struct prover_tree {
    zkg_tree *claim;
    zkg_arena scratch;      /* part of the task's: the layers that are there */
    uint32_t m;             /* slice bits; 0: whole */
    uint32_t dealt;         /* the first layer that is dealt out; above m */
    zkg_row_columns leaves; /* small ones, for the way down */
    layer_tables layer[ZKG_MAX_VARS];
} prover_tree;

/* ---- memory ---- */

/* The first layer that is dealt out, of those from 0 to `lowest`.  A share has
 * slices of 2^4 leaves at least: lowest is above m. */
static uint32_t first_dealt(uint32_t lowest, uint32_t m)
{
    const uint32_t d = lowest < DEALT_VARS ? lowest : DEALT_VARS;

    return d > m ? d : m + 1;
}

/* Bytes of the tables of layer d; of 2^m slices a rank has so many. */
static size_t layer_bytes(uint32_t d, uint32_t m, uint32_t dealt,
                          uint32_t slices, uint32_t arity)
{
    const bool is_dealt = m > 0 && d >= dealt;

    return (is_dealt ? slices : 1) * (size_t)arity *
           zkg_arena_round(sizeof(zkg_fr) << (is_dealt ? d - m : d));
}

/* Bytes of a tree of n variables: of the layers kept at first; of small leaves
 * also of layer n - 2, and of n - 1 once its first variable is bound. */
static size_t tree_bytes(uint32_t n, uint32_t m, uint32_t slices, bool small,
                         bool ones)
{
    const uint32_t kept = small ? n - 2 : n, arity = ones ? 2 : 4;
    const uint32_t dealt = first_dealt(kept - 1, m);
    size_t all = 0, one;

    for (uint32_t d = 0; d < kept; d++)
        all += layer_bytes(d, m, dealt, slices, d + 1 == n ? arity : 4);
    if (!small)
        return all;
    one = layer_bytes(n - 2, m, dealt, slices, 4);
    return all > one ? all : one;
}

/* The same before the leaves are known, on the rank of `size` with the most
 * slices.  maybe: they may be small or not. */
static size_t tree_scratch(uint32_t n, uint32_t size, bool small, bool maybe)
{
    const uint32_t m = n > 0 ? zkg_slices(n - 1, size) : 0;
    const uint32_t slices = m == 0 ? 1 : (((uint32_t)1 << m) + size - 1) / size;
    size_t most = 0;

    if (n == 0 || n > MOST_TREE_VARS)
        return n == 0 ? 0 : SIZE_MAX;
    small = small && n - m >= SMALL_VARS;
    if (small)
        most = tree_bytes(n, m, slices, true, false);
    if (!small || maybe)
        most = tree_bytes(n, m, slices, false, false);
    return most;
}

/* ---- layers ---- */

static void layer_clear(layer_tables *l, prover_tree *tree,
                        const zkg_backend *backend)
{
    for (uint32_t i = 0; l->table != NULL && i < l->count * l->arity; i++)
        zkg_table_clear(backend, &l->table[i]);
    if (l->table != NULL)
        zkg_arena_release(&tree->scratch, l->mark);
    zkg_free(l->table);
    zkg_free(l->leaves);
    zkg_free(l->rows);
    *l = (layer_tables){0};
}

static uint32_t slice_bits_of(const prover_tree *tree, uint32_t d)
{
    return d >= tree->dealt ? tree->m : 0;
}

/* A rank's share of a layer, of tables of so many variables. */
static zkg_status layer_new(layer_tables *l, prover_tree *tree, uint32_t vars,
                            uint32_t slice_bits, uint32_t arity,
                            const zkg_comm *comm, const zkg_backend *backend)
{
    *l = (layer_tables){
        .arity = arity, .slice_bits = slice_bits, .mark = tree->scratch.used};
    zkg_slices_of(&l->first, &l->count, slice_bits, zkg_comm_rank(comm),
                  zkg_comm_size(comm));
    l->table = zkg_alloc((size_t)l->count * arity + 1, sizeof(*l->table));
    if (l->table == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < l->count * arity; i++) {
        void *memory = zkg_arena_take(&tree->scratch, sizeof(zkg_fr) << vars);

        if (memory == NULL)
            return ZKG_ERR_NOMEM;
        ZKG_TRY(backend->table_place(&l->table[i], vars, memory));
    }
    return ZKG_OK;
}

/* The rows of a slice from leaf `at` on. */
static void slice_leaves_init(slice_leaves *out, const zkg_row_columns *l,
                              uint64_t at)
{
    for (uint32_t c = 0; c < l->columns; c++)
        out->q[c] = zkg_row_columns_at(l, c, at);
    out->q_rows = (zkg_rows){
        .base = l->base, .columns = out->q, .count = l->columns, .step = 1};
    out->p_rows = (zkg_rows){.base = l->ones ? zkg_fr_one : zkg_fr_zero,
                             .columns = &out->p,
                             .count = !l->ones,
                             .step = 1};
    if (!l->ones)
        out->p = zkg_row_columns_at(l, l->columns, at);
    for (uint32_t k = 0; k < 4; k++) {
        out->child[k] = k < 2 ? out->p_rows : out->q_rows;
        out->child[k].first = k & 1;
        out->child[k].step = 2;
    }
}

/* Layer n - 1 - levels of small leaves. */
static zkg_status layer_of_leaves(prover_tree *tree, uint32_t levels,
                                  const zkg_comm *comm,
                                  const zkg_backend *backend)
{
    const uint32_t n = tree->claim->vars, d = n - 1 - levels;
    layer_tables *out = &tree->layer[d];

    ZKG_TRY(layer_new(out, tree, d - slice_bits_of(tree, d),
                      slice_bits_of(tree, d), 4, comm, backend));
    for (uint32_t s = 0; s < out->count; s++) {
        slice_leaves slice;

        slice_leaves_init(&slice, &tree->leaves,
                          (uint64_t)(out->first + s) << (n - tree->m));
        ZKG_TRY(backend->rows_up(&out->table[4 * s],
                                 tree->leaves.ones ? NULL : &slice.p_rows,
                                 &slice.q_rows, levels));
    }
    return ZKG_OK;
}

/* Layer n - 1 of leaves that are not small, as tables. */
static zkg_status layer_of_tables(prover_tree *tree, const zkg_row_columns *l,
                                  const zkg_comm *comm,
                                  const zkg_backend *backend)
{
    const uint32_t n = tree->claim->vars;
    const uint32_t arity = l->ones ? 2 : 4;
    const size_t rows = (size_t)1 << (n - tree->m);
    layer_tables *out = &tree->layer[n - 1];
    zkg_column column[ZKG_MAX_COLUMNS + 1];

    ZKG_TRY(
        layer_new(out, tree, n - 1 - tree->m, tree->m, arity, comm, backend));
    for (uint32_t s = 0; s < out->count; s++) {
        zkg_table *t = &out->table[s * arity];
        const uint64_t at = (out->first + s) * (uint64_t)rows;

        for (uint32_t c = 0; c < l->columns; c++)
            column[c] = zkg_row_columns_at(l, c, at);
        ZKG_TRY(backend->pair_affine(&t[arity - 2], &t[arity - 1], 0, rows,
                                     &l->base, column, l->columns));
        if (l->ones)
            continue;
        column[0] = zkg_row_columns_at(l, l->columns, at);
        ZKG_TRY(backend->pair_affine(&t[0], &t[1], 0, rows, &zkg_fr_zero,
                                     column, 1));
    }
    return ZKG_OK;
}

/* (p, q) of the node above four children of one entry each. */
static zkg_status node(zkg_fr out[2], const zkg_table *t, uint32_t arity,
                       const zkg_backend *backend)
{
    zkg_fr child[4] = {zkg_fr_one, zkg_fr_one};
    zkg_fr a, b;

    for (uint32_t i = 0; i < arity; i++)
        ZKG_TRY(zkg_table_scalar(backend, &child[4 - arity + i], &t[i]));
    zkg_fr_mul(&a, &child[0], &child[3]);
    zkg_fr_mul(&b, &child[1], &child[2]);
    zkg_fr_add(&out[0], &a, &b);
    zkg_fr_mul(&out[1], &child[2], &child[3]);
    return ZKG_OK;
}

/* Layer d - 1 from layer d, both dealt out alike. */
static zkg_status layer_up(layer_tables *out, prover_tree *tree, uint32_t d,
                           const zkg_comm *comm, const zkg_backend *backend)
{
    const layer_tables *in = &tree->layer[d];

    ZKG_TRY(layer_new(out, tree, d - 1 - in->slice_bits, in->slice_bits, 4,
                      comm, backend));
    for (uint32_t s = 0; s < in->count; s++) {
        zkg_table four[4];

        if (in->arity == 2) {
            four[0] = four[1] = (zkg_table){.vars = in->table[2 * s].vars};
            four[2] = in->table[2 * s];
            four[3] = in->table[2 * s + 1];
        } else {
            memcpy(four, &in->table[4 * s], sizeof(four));
        }
        ZKG_TRY(backend->fraction_up(&out->table[4 * s], four, in->arity == 2));
    }
    return ZKG_OK;
}

/* *out, layer d, whole, from one that is dealt out, which is cleared. */
static zkg_status layer_gather(layer_tables *out, layer_tables *in,
                               prover_tree *tree, uint32_t d,
                               const zkg_comm *comm, const zkg_backend *backend)
{
    const size_t n = (size_t)1 << d;
    zkg_fr *column = zkg_alloc_raw(4 * n, sizeof(*column));
    zkg_status status = column == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    if (status == ZKG_OK)
        status = zkg_slices_gather(column, in->table, 4, n >> in->slice_bits,
                                   in->slice_bits, comm, backend);
    layer_clear(in, tree, backend);
    if (status == ZKG_OK)
        status = layer_new(out, tree, d, 0, 4, comm, backend);
    for (uint32_t i = 0; i < 4 && status == ZKG_OK; i++)
        status =
            backend->table_import(&out->table[i], 0, column + i * n, ZKG_FR, n);
    zkg_free(column);
    return status;
}

/* Layer d - 1 of a tree from its layer d. */
static zkg_status tree_up(prover_tree *tree, uint32_t d, const zkg_comm *comm,
                          const zkg_backend *backend)
{
    layer_tables part = {0}, *out = &tree->layer[d - 1];
    zkg_status status;

    if (tree->m == 0 || d != tree->dealt)
        return layer_up(out, tree, d, comm, backend);
    status = layer_up(&part, tree, d, comm, backend);
    if (status == ZKG_OK)
        return layer_gather(out, &part, tree, d - 1, comm, backend);
    layer_clear(&part, tree, backend);
    return status;
}

/* The lowest layer that is kept; *lowest: which. */
static zkg_status tree_begin(prover_tree *tree, uint32_t *lowest,
                             const zkg_rows_view *r, zkg_arena *scratch,
                             const zkg_comm *comm, const zkg_backend *backend)
{
    const uint32_t n = r->vars, inside = n - tree->m;
    zkg_row_columns *l = &tree->leaves;
    uint32_t first, count;

    zkg_slices_of(&first, &count, tree->m, zkg_comm_rank(comm),
                  zkg_comm_size(comm));
    ZKG_TRY(zkg_row_columns_init(l, r, (uint64_t)first << inside,
                                 (uint64_t)(first + count) << inside));
    l->small = l->small && inside >= SMALL_VARS;
    *lowest = l->small ? n - 3 : n - 1;
    tree->dealt = first_dealt(*lowest, tree->m);
    ZKG_TRY(zkg_arena_part(&tree->scratch, scratch,
                           tree_bytes(n, tree->m, count, l->small, l->ones)));
    if (l->small)
        return layer_of_leaves(tree, 2, comm, backend);
    ZKG_TRY(layer_of_tables(tree, l, comm, backend));
    zkg_row_columns_clear(l);
    return ZKG_OK;
}

/* All layers that are kept, and the root into tree->claim. */
static zkg_status tree_build(prover_tree *tree, const zkg_rows_view *r,
                             zkg_arena *scratch, const zkg_comm *comm,
                             const zkg_backend *backend)
{
    zkg_fr root[2];
    uint32_t d;

    tree->claim->vars = r->vars;
    if (r->vars == 0) {
        single_leaf(tree->claim, r);
        return ZKG_OK;
    }
    tree->m = zkg_slices(r->vars - 1, zkg_comm_size(comm));
    ZKG_TRY(tree_begin(tree, &d, r, scratch, comm, backend));
    for (; d > 0; d--)
        ZKG_TRY(tree_up(tree, d, comm, backend));
    ZKG_TRY(node(root, tree->layer[0].table, tree->layer[0].arity, backend));
    tree->claim->p = root[0];
    tree->claim->q = root[1];
    return ZKG_OK;
}

/* Layer d where it was not kept. */
static zkg_status layer_again(prover_tree *tree, uint32_t d,
                              const zkg_comm *comm, const zkg_backend *backend)
{
    const uint32_t n = tree->claim->vars;
    const uint32_t arity = tree->leaves.ones ? 2 : 4;
    layer_tables *l = &tree->layer[d];

    if (!tree->leaves.small || d + 2 < n)
        return ZKG_OK;
    if (d + 2 == n)
        return layer_of_leaves(tree, 1, comm, backend);
    /* Tables of what is left when x_0 is bound. */
    ZKG_TRY(layer_new(l, tree, d - tree->m - 1, tree->m, arity, comm, backend));
    l->leaves = zkg_alloc((size_t)l->count + 1, sizeof(*l->leaves));
    l->rows = zkg_alloc((size_t)l->count * arity + 1, sizeof(*l->rows));
    if (l->leaves == NULL || l->rows == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t s = 0; s < l->count; s++) {
        slice_leaves_init(&l->leaves[s], &tree->leaves,
                          (uint64_t)(l->first + s) << (n - tree->m));
        memcpy(&l->rows[s * arity], &l->leaves[s].child[4 - arity],
               arity * sizeof(*l->rows));
    }
    return ZKG_OK;
}

/* One layer of all trees. */
static zkg_status prove_layer(zkg_child *c, prover_tree *tree, zkg_tree *claims,
                              uint32_t trees, uint32_t n, uint32_t l,
                              zkg_fr *point, zkg_part *part, zkg_fr (*child)[4])
{
    zkg_fr at[ZKG_MAX_VARS];
    zkg_form form = {.shape = {.vars = l, .eq_point = at},
                     .extend = ZKG_EXTEND_CONSTANT,
                     .parts = part};
    zkg_fr power = zkg_fr_one;
    zkg_layer layer;
    zkg_fr claim;
    zkg_status status;

    memcpy(at, point, l * sizeof(*at));
    memset(form.shape.degree, 2, sizeof(form.shape.degree));
    zkg_lookup_wire_layer(c, &layer, l, &claim, claims, trees, n);
    for (uint32_t j = 0; j < trees; j++) {
        if (zkg_tree_active(&claims[j], n, l) && claims[j].vars > 0) {
            const uint32_t d = l + claims[j].vars - n;
            const layer_tables *t = &tree[j].layer[d];

            ZKG_TRY(layer_again(&tree[j], d, c->comm, c->backend));
            part[form.part_count++] =
                (zkg_part){.kind = t->arity == 2 ? ZKG_FORM_FRACTION_ONES
                                                 : ZKG_FORM_FRACTION,
                           .coeff = power,
                           .lambda = layer.lambda,
                           .vars = d,
                           .slice_bits = t->slice_bits,
                           .first = t->first,
                           .count = t->count,
                           .tables = t->table,
                           .rows = t->rows};
        }
        zkg_fr_mul(&power, &power, &layer.nu);
    }
    ZKG_TRY(
        zkg_sumcheck_prove(c->tape, c->comm, c->backend, &form, &claim, point));
    form.part_count = 0;
    for (uint32_t j = 0; j < trees; j++) {
        const zkg_part *done = &part[form.part_count];

        if (!zkg_tree_active(&claims[j], n, l) || claims[j].vars == 0)
            continue;
        form.part_count++;
        child[j][0] = child[j][1] = zkg_fr_one;
        if (done->kind == ZKG_FORM_FRACTION)
            memcpy(child[j], done->final, sizeof(child[j]));
        else
            memcpy(&child[j][2], done->final, 2 * sizeof(zkg_fr));
        layer_clear(&tree[j].layer[l + claims[j].vars - n], &tree[j],
                    c->backend);
    }
    status = zkg_lookup_wire_layer_end(c, &layer, &claim, claims, trees, n,
                                       child, point);
    return status == ZKG_ERR_REJECT ? ZKG_ERR_INTERNAL : status;
}

/* Send the roots and walk down; claims become the leaf values at point. */
static zkg_status walk(zkg_child *c, prover_tree *tree, zkg_tree *claims,
                       uint32_t trees, zkg_fr *point, int64_t task)
{
    const uint32_t n = zkg_trees_height(claims, trees);
    zkg_part *part = zkg_alloc((size_t)trees + 1, sizeof(*part));
    zkg_fr(*child)[4] = zkg_alloc((size_t)trees + 1, sizeof(*child));
    zkg_status status = ZKG_OK;

    if (part == NULL || child == NULL)
        status = ZKG_ERR_NOMEM;
    if (task >= 0 && zkg_hooks_want(c->hooks, ZKG_CHEAT_ZERO_DENOMINATOR, task))
        claims[0].q = zkg_fr_zero;
    if (status == ZKG_OK)
        status = zkg_lookup_wire_roots(c, claims, trees);
    if (status == ZKG_OK)
        status = zkg_lookup_note_fractions(c, claims, trees);
    for (uint32_t l = 0; l < n && status == ZKG_OK; l++)
        status = prove_layer(c, tree, claims, trees, n, l, point, part, child);
    zkg_free(part);
    zkg_free(child);
    return status;
}

/* ---- the sites of a task ---- */

/* A column's value at a point of its own. */
static zkg_status column_value(zkg_fr *out, zkg_child *c, const zkg_operand *o,
                               uint32_t vars, const zkg_fr *point)
{
    const zkg_claim *known =
        o->vis == ZKG_PUBLIC
            ? NULL
            : zkg_ledger_find(&c->ledger, o->tensor, vars, point);
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    uint32_t at = 0;

    if (known != NULL) {
        *out = known->value;
        return ZKG_OK;
    }
    for (uint32_t k = o->axes; k-- > 0;) {
        axis[k].bits = zkg_log2_ceil(o->array->len[k]);
        axis[k].at = point + at;
        at += axis[k].bits;
    }
    *out = zkg_fr_zero;
    return zkg_fold(out, 0, o->array, axis, 0, 1, c->backend, c->comm);
}

/* The columns' values at the site's leaf point.  The tree's own q gives the
 * first one, along whichever axes it lies: no pass over its cells. */
static zkg_status prove_leaf(zkg_task_run *run, uint32_t j,
                             const zkg_tree *tree)
{
    const zkg_site *site = &run->t->site[j];
    const zkg_lookup_challenges *challenge = &run->c->challenge[site->table];
    zkg_fr *value = zkg_alloc(site->columns, sizeof(*value));
    zkg_fr point[ZKG_MAX_VARS];
    zkg_fr rest, power = zkg_fr_one;
    zkg_status status = value == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    uint32_t vars;

    /* rest = alpha - sum_{c >= 1} beta^c col_c - q = col_0 */
    zkg_fr_sub(&rest, &challenge->alpha, &tree->q);
    for (uint32_t k = 1; k < site->columns && status == ZKG_OK; k++) {
        zkg_fr term;

        vars = zkg_lookup_column_at(point, run, j, k);
        status = column_value(&value[k], run->c,
                              &run->t->operand[site->operand[k]], vars, point);
        zkg_fr_mul(&power, &power, &challenge->beta);
        zkg_fr_mul(&term, &power, &value[k]);
        zkg_fr_sub(&rest, &rest, &term);
    }
    if (status == ZKG_OK) {
        value[0] = rest;
        if (zkg_hooks_want(run->c->hooks, ZKG_CHEAT_WRONG_LEAF, run->t->task))
            zkg_fr_add(&value[0], &value[0], &zkg_fr_one);
    }
    for (uint32_t k = 0; k < site->columns && status == ZKG_OK; k++) {
        vars = zkg_lookup_column_at(point, run, j, k);
        status = zkg_child_wire_value(run->c, ZKG_TAG_LOOKUP_COLUMN,
                                      &run->t->operand[site->operand[k]], vars,
                                      point, &value[k]);
    }
    zkg_free(value);
    return status;
}

static void trees_free(prover_tree *tree, uint32_t trees,
                       const zkg_backend *backend)
{
    for (uint32_t j = 0; tree != NULL && j < trees; j++) {
        for (uint32_t d = 0; d < ZKG_MAX_VARS; d++)
            layer_clear(&tree[j].layer[d], &tree[j], backend);
        zkg_row_columns_clear(&tree[j].leaves);
    }
    zkg_free(tree);
}

/* A test's: the last row is one of padding. */
static void forget_last_row(zkg_rows_view *rows)
{
    rows->full = false;
    rows->len[rows->axes - 1]--;
}

size_t zkg_lookup_scratch(const zkg_task_relations *t, uint32_t size)
{
    size_t all = 0;

    for (uint32_t j = 0; j < t->sites; j++) {
        const zkg_site *site = &t->site[j];
        bool small = site->columns < ZKG_SMALL_COLUMNS + 1, maybe = false;
        zkg_axes axes;
        size_t one;

        (void)zkg_axes_of_site(&axes, t, site);
        for (uint32_t c = 0; c < site->columns; c++) {
            const zkg_array *a = t->operand[site->operand[c]].array;

            small = small && a != NULL && a->type != ZKG_FR;
            maybe = maybe || a == NULL || zkg_dtype_size(a->type) > 2;
        }
        one = tree_scratch(axes.vars, size, small, maybe);
        all = one > SIZE_MAX - all ? SIZE_MAX : all + one;
    }
    return all;
}

zkg_status zkg_lookup_prove(zkg_task_run *run)
{
    const uint32_t sites = run->t->sites;
    zkg_child *c = run->c;
    prover_tree *tree;
    zkg_tree *claims;
    zkg_status status = ZKG_OK;

    if (sites == 0)
        return ZKG_OK;
    ZKG_TRY(zkg_arena_reserve(
        run->scratch, zkg_lookup_scratch(run->t, zkg_comm_size(c->comm))));
    tree = zkg_alloc(sites, sizeof(*tree));
    claims = zkg_alloc(sites, sizeof(*claims));
    if (tree == NULL || claims == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t j = 0; j < sites && status == ZKG_OK; j++) {
        zkg_rows_view rows;

        tree[j].claim = &claims[j];
        status = zkg_rows_view_of_site(&rows, run, j);
        if (status == ZKG_OK &&
            zkg_hooks_want(c->hooks, ZKG_CHEAT_UNCOUNTED_ROW, run->t->task))
            forget_last_row(&rows);
        if (status == ZKG_OK)
            status =
                tree_build(&tree[j], &rows, run->scratch, c->comm, c->backend);
        zkg_free(rows.column);
    }
    if (status == ZKG_OK)
        status = walk(c, tree, claims, sites, run->point, run->t->task);
    for (uint32_t j = 0; j < sites && status == ZKG_OK; j++) {
        c->fraction[j].table = run->t->site[j].table;
        c->fraction[j].task = run->t->task;
        c->fraction[j].relation = run->t->site[j].relation;
        status = prove_leaf(run, j, &claims[j]);
    }
    trees_free(tree, sites, c->backend);
    zkg_arena_release(run->scratch, 0);
    zkg_free(claims);
    return status;
}

/* ---- a table's multiplicities ---- */

/* The rows of a closed form, as integers: of 30 bits at most. */
static zkg_status closed_columns(zkg_array made[2],
                                 const zkg_lookup_table *table, zkg_error *err)
{
    const uint64_t rows = zkg_lookup_table_rows(table);
    const int32_t half =
        table->kind == ZKG_KIND_RANGE ? 0 : (int32_t)1 << (table->bits - 1);

    for (uint32_t c = 0; c < table->columns; c++) {
        const int32_t least = c == 0 ? -half : 0;
        int32_t *x;

        ZKG_TRY(zkg_array_init(&made[c], ZKG_I32, 1, &rows, err));
        x = made[c].data;
        for (int32_t i = 0; i < (int32_t)rows; i++)
            x[i] = i - half > least ? i - half : least;
    }
    return ZKG_OK;
}

/* A test's counts that were chosen too late; *out is empty without them. */
static zkg_status late_counts(zkg_array *out, const zkg_child *c,
                              const zkg_lookup_table *table, zkg_error *err)
{
    const uint64_t rows = zkg_lookup_table_rows(table);
    zkg_fr *count;

    if (!zkg_hooks_want(c->hooks, ZKG_CHEAT_LATE_COUNTS, table->table))
        return ZKG_OK;
    ZKG_TRY(zkg_array_init(out, ZKG_FR, 1, &rows, err));
    count = out->data;
    for (uint64_t i = 0; i < rows; i++)
        zkg_fr_from_i64(&count[i], zkg_array_get_i64(table->counts, i));
    c->hooks->late_count(c->hooks->late_user, count,
                         &c->challenge[table->table]);
    return ZKG_OK;
}

/* A table's values where they are not the graph's: of a closed form, or what a
 * test says. */
typedef struct own_values {
    zkg_array made[2], late;
} own_values;

static zkg_status own_values_init(own_values *v, const zkg_child *c,
                                  const zkg_lookup_table *table, zkg_error *err)
{
    if (table->kind != ZKG_KIND_COLUMNS)
        ZKG_TRY(closed_columns(v->made, table, err));
    if (zkg_hooks_want(c->hooks, ZKG_CHEAT_OTHER_TABLE, table->table))
        zkg_array_set_i64(&v->made[table->columns - 1], c->hooks->entry.row,
                          c->hooks->entry.value);
    return late_counts(&v->late, c, table, err);
}

static void own_values_clear(own_values *v)
{
    zkg_array_clear(&v->made[0]);
    zkg_array_clear(&v->made[1]);
    zkg_array_clear(&v->late);
}

/* The rows of a table; r->column is to be freed on every path. */
static zkg_status table_rows(zkg_rows_view *r, const zkg_lookup_table *table,
                             const own_values *own,
                             const zkg_lookup_challenges *challenge)
{
    const uint64_t rows = zkg_lookup_table_rows(table);
    const uint32_t vars = zkg_lookup_table_vars(table);

    *r = (zkg_rows_view){
        .axes = vars > 0,
        .len = {rows},
        .bits = {vars},
        .vars = vars,
        .full = zkg_is_pow2(rows),
        .columns = table->columns,
        .column = zkg_alloc(table->columns, sizeof(*r->column)),
        .counts = own->late.data != NULL ? &own->late : table->counts};
    if (r->column == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < table->columns; k++) {
        r->column[k].array =
            table->kind == ZKG_KIND_COLUMNS ? table->column[k] : &own->made[k];
        r->column[k].stride[0] = 1;
        r->column[k].stored[0] = rows;
    }
    zkg_rows_view_set(r, challenge);
    return ZKG_OK;
}

/* Counts may be small or not. */
size_t zkg_tableside_scratch(const zkg_lookup_table *table, uint32_t size)
{
    return tree_scratch(zkg_lookup_table_vars(table), size, true, true);
}

/* The tree of a table's rows, down to the claim on its counts. */
static zkg_status prove_table(zkg_child *c, const zkg_lookup_table *table,
                              const zkg_rows_view *r, zkg_arena *scratch)
{
    zkg_fr point[ZKG_MAX_VARS];
    zkg_tree claim = {0};
    prover_tree *tree = zkg_alloc(1, sizeof(*tree));
    zkg_status status = tree == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    if (status == ZKG_OK)
        status = zkg_arena_reserve(
            scratch, zkg_tableside_scratch(table, zkg_comm_size(c->comm)));
    if (status == ZKG_OK) {
        tree->claim = &claim;
        status = tree_build(tree, r, scratch, c->comm, c->backend);
    }
    if (status == ZKG_OK)
        status = walk(c, tree, &claim, 1, point, -1);
    if (status == ZKG_OK)
        status = zkg_lookup_note_table(c, table, &claim, point);
    trees_free(tree, 1, c->backend);
    zkg_arena_release(scratch, 0);
    return status;
}

zkg_status zkg_tableside_prove(zkg_child *c, const zkg_lookup_table *table,
                               zkg_error *err)
{
    zkg_arena own_scratch = {0};
    own_values own = {.made = {{0}}};
    zkg_rows_view r = {.column = NULL};
    zkg_status status;

    ZKG_TRY(zkg_lookup_table_check(table, err));
    if (table->counts == NULL ||
        (table->kind == ZKG_KIND_COLUMNS && table->column == NULL))
        return zkg_fail(err, ZKG_ERR_INVALID, "table %u: no values",
                        table->table);
    status = own_values_init(&own, c, table, err);
    if (status == ZKG_OK)
        status = table_rows(&r, table, &own, &c->challenge[table->table]);
    if (status == ZKG_OK)
        status = prove_table(c, table, &r,
                             c->scratch != NULL ? c->scratch : &own_scratch);
    own_values_clear(&own);
    zkg_arena_clear(&own_scratch);
    zkg_free(r.column);
    return status;
}
