/* SPDX-License-Identifier: Apache-2.0
 * A tree is kept as its layers' tables: layer d holds, for the 2^d nodes of
 * depth d, their children p0, p1, q0, q1.  Where the tree is dealt out in 2^m
 * slices, layers d >= m are (slice s: the nodes below node s of depth m), and
 * the layers above are whole, the same on every rank. */
#include "base/bits.h"
#include "base/mem.h"
#include "relation/fold.h"
#include "relation/lookup.h"
#include "sumcheck/prove.h"

#include <string.h>

/* ---- rows ---- */

/* A column as seen along the rows' axes, lowest axis first. */
typedef struct column_view {
    const zkg_array *array;
    zkg_fr coeff;
    uint64_t stride[ZKG_MAX_VARS]; /* in cells; 0: the column lacks the axis */
    uint64_t stored[ZKG_MAX_VARS]; /* it contributes below this */
} column_view;

/* Rows of a site or table, lowest axis first; neighbours joined. */
typedef struct rows_view {
    uint32_t axes;
    uint64_t len[ZKG_MAX_VARS];
    uint32_t bits[ZKG_MAX_VARS];
    uint32_t vars;
    bool full; /* no padding: I = 1 */
    uint32_t columns;
    column_view *column;     /* owned */
    const zkg_array *counts; /* a table's numerators, else NULL: I */
    zkg_fr alpha;
} rows_view;

static bool can_join(const rows_view *r, uint32_t k)
{
    const uint64_t n = (uint64_t)1 << r->bits[k];

    if (r->len[k] != n)
        return false;
    for (uint32_t c = 0; c < r->columns; c++) {
        const column_view *v = &r->column[c];

        if (v->stored[k] != n || v->stride[k + 1] != v->stride[k] * n)
            return false;
    }
    return true;
}

/* Join axis k with k + 1 wherever rows and columns allow: long lines. */
static void join_axes(rows_view *r)
{
    for (uint32_t k = 0; k + 1 < r->axes;) {
        if (!can_join(r, k)) {
            k++;
            continue;
        }
        r->len[k] = r->len[k + 1] << r->bits[k];
        for (uint32_t c = 0; c < r->columns; c++)
            r->column[c].stored[k] = r->column[c].stored[k + 1] << r->bits[k];
        r->bits[k] += r->bits[k + 1];
        for (uint32_t i = k + 1; i + 1 < r->axes; i++) {
            r->len[i] = r->len[i + 1];
            r->bits[i] = r->bits[i + 1];
            for (uint32_t c = 0; c < r->columns; c++) {
                r->column[c].stored[i] = r->column[c].stored[i + 1];
                r->column[c].stride[i] = r->column[c].stride[i + 1];
            }
        }
        r->axes--;
    }
}

/* coeff of column c is -beta^c. */
static void set_coeffs(rows_view *r, const zkg_lookup_challenges *challenge)
{
    zkg_fr power;

    zkg_fr_neg(&power, &zkg_fr_one);
    r->alpha = challenge->alpha;
    for (uint32_t c = 0; c < r->columns; c++) {
        r->column[c].coeff = power;
        zkg_fr_mul(&power, &power, &challenge->beta);
    }
}

static zkg_status rows_of_site(rows_view *r, const zkg_task_run *run,
                               uint32_t j)
{
    const zkg_site *site = &run->t->site[j];
    const zkg_axes *axes = &run->site[j];

    *r = (rows_view){.axes = axes->axes,
                     .vars = axes->vars,
                     .columns = site->columns,
                     .full = zkg_axes_full(axes, run->t)};
    r->column = zkg_alloc(site->columns, sizeof(*r->column));
    if (r->column == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < axes->axes; k++) {
        const zkg_axis *a = &run->t->axis[axes->axis[axes->axes - 1 - k]];

        r->len[k] = a->len;
        r->bits[k] = a->bits;
    }
    for (uint32_t c = 0; c < site->columns; c++) {
        const zkg_operand *o = &run->t->operand[site->operand[c]];
        column_view *v = &r->column[c];
        uint64_t stride = 1;

        v->array = o->array;
        for (uint32_t k = 0; k < axes->axes; k++)
            v->stored[k] = (uint64_t)1 << r->bits[k];
        for (uint32_t i = o->axes; i-- > 0;) {
            const int32_t at = zkg_axes_find(axes, o->axis[i]);

            if (at >= 0) {
                const uint32_t k = axes->axes - 1 - (uint32_t)at;

                v->stride[k] = stride;
                v->stored[k] = o->array->stored[i];
            }
            stride *= o->array->stored[i];
        }
    }
    set_coeffs(r, &run->c->challenge[site->table]);
    join_axes(r);
    return ZKG_OK;
}

/* Leaves [row, row + n) of one line, into entries at.. of a slice. */
static zkg_status fill_line(const rows_view *r, zkg_table *p, zkg_table *q,
                            uint64_t row, uint64_t n, uint64_t at,
                            zkg_column *column, uint64_t *limit,
                            uint8_t *scratch, const zkg_backend *backend)
{
    const uint32_t low = r->axes == 0 ? 0 : r->bits[0];
    const uint64_t begin = row & (((uint64_t)1 << low) - 1);
    const uint64_t end = begin + n;
    uint64_t upper = row >> low;
    uint64_t real = r->axes == 0 ? 1 : r->len[0];
    uint64_t offset[ZKG_MAX_VARS] = {0};

    for (uint32_t c = 0; c < r->columns; c++) {
        limit[c] = r->axes == 0 ? 1 : r->column[c].stored[0];
        column[c].values = NULL;
    }
    for (uint32_t k = 1; k < r->axes; k++) {
        offset[k] = upper & (((uint64_t)1 << r->bits[k]) - 1);
        upper >>= r->bits[k];
        if (offset[k] >= r->len[k])
            real = 0;
    }
    for (uint32_t c = 0; c < r->columns; c++) {
        const column_view *v = &r->column[c];
        const size_t size = zkg_dtype_size(v->array->type);
        uint64_t cell = 0;

        for (uint32_t k = 1; k < r->axes; k++) {
            cell += offset[k] * v->stride[k];
            if (offset[k] >= v->stored[k])
                limit[c] = 0;
        }
        if (limit[c] > 0)
            column[c].values = (const uint8_t *)v->array->data + cell * size;
    }
    /* Between two limits the columns that contribute are the same ones. */
    for (uint64_t i = begin; i < end;) {
        const bool inside = i < real;
        const bool pole = inside || r->counts == NULL;
        zkg_column active[ZKG_MAX_COLUMNS];
        uint64_t stop = inside && real < end ? real : end;
        size_t count = 0;

        for (uint32_t c = 0; c < r->columns; c++)
            if (i < limit[c] && limit[c] < stop)
                stop = limit[c];
        for (uint32_t c = 0; c < r->columns; c++) {
            const column_view *v = &r->column[c];
            const size_t size = zkg_dtype_size(v->array->type);
            const uint64_t stride = r->axes == 0 ? 0 : v->stride[0];

            if (i >= limit[c])
                continue;
            active[count] = column[c];
            active[count].step = stride == 0 ? 0 : 1;
            if (stride <= 1) {
                active[count].values =
                    (const uint8_t *)column[c].values + i * stride * size;
            } else {
                /* Not in a row: gather into this column's scratch. */
                uint8_t *to = scratch + c * (sizeof(zkg_fr) << low);

                for (uint64_t x = i; x < stop; x++)
                    memcpy(to + (x - i) * size,
                           (const uint8_t *)column[c].values +
                               x * stride * size,
                           size);
                active[count].values = to;
            }
            count++;
        }
        ZKG_TRY(backend->pair_affine(
            &q[0], &q[1], at + (i - begin), (size_t)(stop - i),
            pole ? &r->alpha : &zkg_fr_one, active, count));
        if (p != NULL && r->counts == NULL)
            ZKG_TRY(backend->pair_affine(
                &p[0], &p[1], at + (i - begin), (size_t)(stop - i),
                inside ? &zkg_fr_one : &zkg_fr_zero, NULL, 0));
        i = stop;
    }
    return ZKG_OK;
}

/* Leaves [row, row + 2^vars) into p0, p1, q0, q1 (p NULL: all 1). */
static zkg_status fill_slice(const rows_view *r, zkg_table *p, zkg_table *q,
                             uint64_t row, uint32_t vars,
                             const zkg_backend *backend)
{
    const uint32_t low = r->axes == 0 ? 0 : r->bits[0];
    const uint64_t line = (uint64_t)1 << low;
    const uint64_t end = row + ((uint64_t)1 << vars);
    zkg_column *column = zkg_alloc((size_t)r->columns + 1, sizeof(*column));
    uint64_t *limit = zkg_alloc((size_t)r->columns + 1, sizeof(*limit));
    bool gathers = false;
    uint8_t *scratch;
    zkg_status status = ZKG_OK;

    for (uint32_t c = 0; c < r->columns; c++)
        gathers |= r->axes > 0 && r->column[c].stride[0] > 1;
    scratch =
        zkg_alloc(gathers ? (size_t)r->columns << low : 1, sizeof(zkg_fr));
    if (column == NULL || limit == NULL || scratch == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t c = 0; c < r->columns && status == ZKG_OK; c++)
        column[c] = (zkg_column){.type = r->column[c].array->type,
                                 .coeff = r->column[c].coeff};
    for (uint64_t x = row; x < end && status == ZKG_OK;) {
        uint64_t n = line - (x & (line - 1));

        n = n < end - x ? n : end - x;
        status =
            fill_line(r, p, q, x, n, x - row, column, limit, scratch, backend);
        x += n;
    }
    if (status == ZKG_OK && r->counts != NULL) {
        const uint64_t stored = r->counts->stored[0];
        const uint64_t last = stored < end ? stored : end;
        const size_t size = zkg_dtype_size(r->counts->type);
        const zkg_column counts = {.values = (const uint8_t *)r->counts->data +
                                             row * size,
                                   .type = r->counts->type,
                                   .step = 1,
                                   .coeff = zkg_fr_one};

        if (row < last)
            status = backend->pair_affine(&p[0], &p[1], 0, (size_t)(last - row),
                                          &zkg_fr_zero, &counts, 1);
    }
    zkg_free(column);
    zkg_free(limit);
    zkg_free(scratch);
    return status;
}

/* The one leaf of a tree without variables. */
static void single_leaf(zkg_tree *tree, const rows_view *r)
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

typedef struct layer_tables {
    zkg_table *table; /* count * arity */
    uint32_t arity;   /* 4; 2 where p is 1 */
    uint32_t first, count;
    uint32_t slice_bits;
} layer_tables;

typedef struct prover_tree {
    zkg_tree *claim;
    uint32_t m; /* slice bits; 0: whole */
    layer_tables layer[ZKG_MAX_VARS];
} prover_tree;

static void layer_clear(layer_tables *l, const zkg_backend *backend)
{
    for (uint32_t i = 0; l->table != NULL && i < l->count * l->arity; i++)
        zkg_table_clear(backend, &l->table[i]);
    zkg_free(l->table);
    *l = (layer_tables){0};
}

static zkg_status layer_new(layer_tables *l, uint32_t d, uint32_t m,
                            uint32_t arity, const zkg_comm *comm,
                            const zkg_backend *backend)
{
    const uint32_t slice_bits = d >= m ? m : 0;

    *l = (layer_tables){.arity = arity, .slice_bits = slice_bits};
    zkg_slices_of(&l->first, &l->count, slice_bits, zkg_comm_rank(comm),
                  zkg_comm_size(comm));
    l->table = zkg_alloc((size_t)l->count * arity + 1, sizeof(*l->table));
    if (l->table == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < l->count * arity; i++)
        ZKG_TRY(zkg_table_new(backend, &l->table[i], d - slice_bits));
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
static zkg_status layer_up(prover_tree *tree, uint32_t d, const zkg_comm *comm,
                           const zkg_backend *backend)
{
    layer_tables *in = &tree->layer[d];
    layer_tables *out = &tree->layer[d - 1];

    ZKG_TRY(layer_new(out, d - 1, tree->m, 4, comm, backend));
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

/* Layer m - 1, whole, from the slices' nodes of depth m. */
static zkg_status layer_gather(prover_tree *tree, const zkg_comm *comm,
                               const zkg_backend *backend)
{
    const uint32_t m = tree->m, size = zkg_comm_size(comm);
    const layer_tables *in = &tree->layer[m];
    layer_tables *out = &tree->layer[m - 1];
    zkg_fr(*all)[2] = zkg_alloc((size_t)1 << m, sizeof(*all));
    zkg_fr *half = zkg_alloc((size_t)1 << m, sizeof(*half));
    uint64_t *first = zkg_alloc((size_t)size + 1, sizeof(*first));
    zkg_status status = ZKG_OK;

    if (all == NULL || half == NULL || first == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t s = 0; s < in->count && status == ZKG_OK; s++)
        status = node(all[in->first + s], &in->table[s * in->arity], in->arity,
                      backend);
    for (uint32_t r = 0; r < size && status == ZKG_OK; r++) {
        uint32_t begin, count;

        zkg_slices_of(&begin, &count, m, r, size);
        first[r] = 2 * (uint64_t)begin;
        first[r + 1] = 2 * ((uint64_t)begin + count);
    }
    if (status == ZKG_OK)
        status = zkg_comm_allgather_fr(comm, &all[0][0], first);
    if (status == ZKG_OK)
        status = layer_new(out, m - 1, m, 4, comm, backend);
    for (uint32_t i = 0; i < 4 && status == ZKG_OK; i++) {
        const size_t n = (size_t)1 << (m - 1);

        for (size_t x = 0; x < n; x++)
            half[x] = all[2 * x + (i & 1)][i >> 1];
        status = backend->table_import(&out->table[i], 0, half, ZKG_FR, n);
    }
    zkg_free(all);
    zkg_free(half);
    zkg_free(first);
    return status;
}

/* All layers, and the root into tree->claim. */
static zkg_status tree_build(prover_tree *tree, const rows_view *r,
                             const zkg_comm *comm, const zkg_backend *backend)
{
    const uint32_t n = r->vars;
    const uint32_t arity = r->full && r->counts == NULL ? 2 : 4;
    layer_tables *leaves;
    zkg_fr root[2];

    tree->claim->vars = n;
    if (n == 0) {
        single_leaf(tree->claim, r);
        return ZKG_OK;
    }
    tree->m = zkg_slices(n - 1, zkg_comm_size(comm));
    leaves = &tree->layer[n - 1];
    ZKG_TRY(layer_new(leaves, n - 1, tree->m, arity, comm, backend));
    for (uint32_t s = 0; s < leaves->count; s++) {
        const uint32_t vars = n - tree->m;
        zkg_table *t = &leaves->table[s * arity];

        ZKG_TRY(fill_slice(r, arity == 4 ? t : NULL, &t[arity - 2],
                           (uint64_t)(leaves->first + s) << vars, vars,
                           backend));
    }
    for (uint32_t d = n - 1; d > 0; d--) {
        if (tree->m > 0 && d == tree->m)
            ZKG_TRY(layer_gather(tree, comm, backend));
        else
            ZKG_TRY(layer_up(tree, d, comm, backend));
    }
    ZKG_TRY(node(root, tree->layer[0].table, tree->layer[0].arity, backend));
    tree->claim->p = root[0];
    tree->claim->q = root[1];
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

            part[form.part_count++] =
                (zkg_part){.kind = t->arity == 2 ? ZKG_FORM_FRACTION_ONES
                                                 : ZKG_FORM_FRACTION,
                           .coeff = power,
                           .lambda = layer.lambda,
                           .vars = d,
                           .slice_bits = t->slice_bits,
                           .first = t->first,
                           .count = t->count,
                           .tables = t->table};
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
        layer_clear(&tree[j].layer[l + claims[j].vars - n], c->backend);
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
 * first one, where it is a column of all rows: no pass over its cells. */
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
    for (uint32_t j = 0; tree != NULL && j < trees; j++)
        for (uint32_t d = 0; d < ZKG_MAX_VARS; d++)
            layer_clear(&tree[j].layer[d], backend);
    zkg_free(tree);
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
    tree = zkg_alloc(sites, sizeof(*tree));
    claims = zkg_alloc(sites, sizeof(*claims));
    if (tree == NULL || claims == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t j = 0; j < sites && status == ZKG_OK; j++) {
        rows_view rows;

        tree[j].claim = &claims[j];
        status = rows_of_site(&rows, run, j);
        if (status == ZKG_OK)
            status = tree_build(&tree[j], &rows, c->comm, c->backend);
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
    zkg_free(claims);
    return status;
}

/* ---- a table's multiplicities ---- */

/* The rows of a closed form, as integers. */
static zkg_status closed_columns(zkg_array made[2],
                                 const zkg_lookup_table *table, zkg_error *err)
{
    const uint64_t rows = zkg_lookup_table_rows(table);
    const int64_t half =
        table->kind == ZKG_KIND_RANGE ? 0 : (int64_t)1 << (table->bits - 1);

    for (uint32_t c = 0; c < table->columns; c++) {
        ZKG_TRY(zkg_array_init(&made[c], ZKG_I32, 1, &rows, err));
        for (uint64_t i = 0; i < rows; i++) {
            const int64_t x = (int64_t)i - half;

            ((int32_t *)made[c].data)[i] = (int32_t)(c == 0 || x > 0 ? x : 0);
        }
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

zkg_status zkg_tableside_prove(zkg_child *c, const zkg_lookup_table *table,
                               zkg_error *err)
{
    const uint64_t rows = zkg_lookup_table_rows(table);
    rows_view r = {.counts = table->counts, .columns = table->columns};
    zkg_array made[2] = {{0}}, late = {0};
    zkg_fr point[ZKG_MAX_VARS];
    zkg_tree claim = {0};
    prover_tree *tree;
    zkg_status status;

    ZKG_TRY(zkg_lookup_table_check(table, err));
    if (table->counts == NULL ||
        (table->kind == ZKG_KIND_COLUMNS && table->column == NULL))
        return zkg_fail(err, ZKG_ERR_INVALID, "table %u: no values",
                        table->table);
    r.vars = zkg_lookup_table_vars(table);
    r.axes = r.vars > 0;
    r.len[0] = rows;
    r.bits[0] = r.vars;
    r.full = zkg_is_pow2(rows);
    r.column = zkg_alloc(table->columns, sizeof(*r.column));
    tree = zkg_alloc(1, sizeof(*tree));
    status = r.column == NULL || tree == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    if (status == ZKG_OK && table->kind != ZKG_KIND_COLUMNS)
        status = closed_columns(made, table, err);
    if (status == ZKG_OK)
        status = late_counts(&late, c, table, err);
    if (late.data != NULL)
        r.counts = &late;
    if (status == ZKG_OK) {
        for (uint32_t k = 0; k < table->columns; k++) {
            r.column[k].array =
                table->kind == ZKG_KIND_COLUMNS ? table->column[k] : &made[k];
            r.column[k].stride[0] = 1;
            r.column[k].stored[0] = rows;
        }
        set_coeffs(&r, &c->challenge[table->table]);
        tree->claim = &claim;
        status = tree_build(tree, &r, c->comm, c->backend);
    }
    if (status == ZKG_OK)
        status = walk(c, tree, &claim, 1, point, -1);
    if (status == ZKG_OK) {
        c->fraction[0].table = table->table;
        c->fraction[0].table_side = true;
        c->fraction[0].task = -1;
        c->fraction[0].relation = -1;
        if (table->counts_vis != ZKG_PUBLIC)
            status =
                zkg_ledger_add(&c->ledger, table->counts_tensor,
                               table->counts_vis, claim.vars, point, &claim.p);
    }
    zkg_array_clear(&made[0]);
    zkg_array_clear(&made[1]);
    zkg_array_clear(&late);
    trees_free(tree, 1, c->backend);
    zkg_free(r.column);
    return status;
}
