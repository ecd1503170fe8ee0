/* SPDX-License-Identifier: Apache-2.0
 * The order and shape of a lookup's messages, and its leaves at a point. */
#include "base/bits.h"
#include "base/mem.h"
#include "poly/indicator.h"
#include "relation/lookup.h"

uint32_t zkg_trees_height(const zkg_tree *tree, uint32_t trees)
{
    uint32_t n = 0;

    for (uint32_t j = 0; j < trees; j++)
        n = tree[j].vars > n ? tree[j].vars : n;
    return n;
}

zkg_status zkg_lookup_wire_roots(zkg_child *c, zkg_tree *tree, uint32_t trees)
{
    for (uint32_t j = 0; j < trees; j++) {
        zkg_fr root[2] = {tree[j].p, tree[j].q};

        ZKG_TRY(zkg_tape_fr(c->tape, ZKG_TAG_LOOKUP_FRACTION, root, 2));
        tree[j].p = root[0];
        tree[j].q = root[1];
    }
    return ZKG_OK;
}

void zkg_lookup_wire_layer(zkg_child *c, zkg_layer *layer, uint32_t l,
                           zkg_fr *claim, const zkg_tree *tree, uint32_t trees,
                           uint32_t n)
{
    zkg_fr power = zkg_fr_one;

    layer->vars = l;
    zkg_tape_challenge(c->tape, ZKG_TAG_LOOKUP_LAMBDA, &layer->lambda, 1);
    zkg_tape_challenge(c->tape, ZKG_TAG_LOOKUP_NU, &layer->nu, 1);
    *claim = zkg_fr_zero;
    for (uint32_t j = 0; j < trees; j++) {
        zkg_fr term;

        if (zkg_tree_active(&tree[j], n, l) && tree[j].vars > 0) {
            zkg_fr_mul(&term, &layer->lambda, &tree[j].q);
            zkg_fr_add(&term, &term, &tree[j].p);
            zkg_fr_mul(&term, &term, &power);
            zkg_fr_add(claim, claim, &term);
        }
        zkg_fr_mul(&power, &power, &layer->nu);
    }
}

/* a + mu (b - a) */
static zkg_fr between(const zkg_fr *a, const zkg_fr *b, const zkg_fr *mu)
{
    zkg_fr r;

    zkg_fr_sub(&r, b, a);
    zkg_fr_mul(&r, &r, mu);
    zkg_fr_add(&r, &r, a);
    return r;
}

/* p0 q1 + p1 q0 + lambda q0 q1 */
static zkg_fr parent(const zkg_fr child[4], const zkg_fr *lambda)
{
    zkg_fr a, b, r;

    zkg_fr_mul(&a, &child[0], &child[3]);
    zkg_fr_mul(&b, &child[1], &child[2]);
    zkg_fr_mul(&r, &child[2], &child[3]);
    zkg_fr_mul(&r, &r, lambda);
    zkg_fr_add(&r, &r, &a);
    zkg_fr_add(&r, &r, &b);
    return r;
}

zkg_status zkg_lookup_wire_layer_end(zkg_child *c, const zkg_layer *layer,
                                     const zkg_fr *claim, zkg_tree *tree,
                                     uint32_t trees, uint32_t n,
                                     zkg_fr (*child)[4], zkg_fr *point)
{
    zkg_fr power = zkg_fr_one;
    zkg_fr sum = zkg_fr_zero;
    zkg_fr mu;

    for (uint32_t j = 0; j < trees; j++) {
        if (zkg_tree_active(&tree[j], n, layer->vars) && tree[j].vars > 0) {
            zkg_fr term;

            ZKG_TRY(zkg_tape_fr(c->tape, ZKG_TAG_LOOKUP_LAYER, child[j], 4));
            term = parent(child[j], &layer->lambda);
            zkg_fr_mul(&term, &term, &power);
            zkg_fr_add(&sum, &sum, &term);
        }
        zkg_fr_mul(&power, &power, &layer->nu);
    }
    if (!c->sizing && !zkg_child_cheats(c) && !zkg_fr_equal(&sum, claim))
        return ZKG_ERR_REJECT;
    zkg_tape_challenge(c->tape, ZKG_TAG_LOOKUP_MU, &mu, 1);
    for (uint32_t j = 0; j < trees; j++) {
        if (!zkg_tree_active(&tree[j], n, layer->vars) || tree[j].vars == 0)
            continue;
        tree[j].p = between(&child[j][0], &child[j][1], &mu);
        tree[j].q = between(&child[j][2], &child[j][3], &mu);
    }
    for (uint32_t t = layer->vars; t > 0; t--)
        point[t] = point[t - 1];
    point[0] = mu;
    return ZKG_OK;
}

zkg_status zkg_lookup_note_fractions(zkg_child *c, const zkg_tree *tree,
                                     uint32_t trees)
{
    c->fraction = zkg_alloc((size_t)trees + 1, sizeof(*c->fraction));
    if (c->fraction == NULL)
        return ZKG_ERR_NOMEM;
    c->fractions = trees;
    for (uint32_t j = 0; j < trees; j++) {
        c->fraction[j].p = tree[j].p;
        c->fraction[j].q = tree[j].q;
    }
    return ZKG_OK;
}

zkg_status zkg_lookup_note_table(zkg_child *c, const zkg_lookup_table *table,
                                 const zkg_tree *tree, const zkg_fr *point)
{
    zkg_fraction *f = &c->fraction[0];

    f->table = table->table;
    f->table_side = true;
    f->task = -1;
    f->relation = -1;
    if (table->counts_vis == ZKG_PUBLIC)
        return ZKG_OK;
    return zkg_ledger_add(&c->ledger, table->counts_tensor, table->counts_vis,
                          tree->vars, point, &tree->p);
}

uint32_t zkg_lookup_column_at(zkg_fr *point, const zkg_task_run *run,
                              uint32_t site, uint32_t column)
{
    const zkg_task_relations *t = run->t;
    const zkg_operand *o = &t->operand[t->site[site].operand[column]];
    zkg_coords coords;

    zkg_coords_set(&coords, &run->site[site], run->point);
    return zkg_coords_point(point, &coords, t, o->axis, o->axes);
}

void zkg_lookup_indicator(zkg_fr *out, const zkg_task_run *run, uint32_t site)
{
    const zkg_axes none = {0};
    zkg_coords coords;

    zkg_coords_set(&coords, &run->site[site], run->point);
    zkg_indicator_missing(out, run->t, &run->site[site], &none, &coords);
}

uint64_t zkg_lookup_table_rows(const zkg_lookup_table *table)
{
    return table->kind == ZKG_KIND_COLUMNS ? table->rows
                                           : (uint64_t)1 << table->bits;
}

uint32_t zkg_lookup_table_vars(const zkg_lookup_table *table)
{
    return zkg_log2_ceil(zkg_lookup_table_rows(table));
}

zkg_status zkg_lookup_table_check(const zkg_lookup_table *table, zkg_error *err)
{
    const bool centred =
        table->kind == ZKG_KIND_SIGNED_RANGE || table->kind == ZKG_KIND_RELU;
    uint64_t rows;

    if (table->kind != ZKG_KIND_COLUMNS) {
        const uint32_t columns = table->kind == ZKG_KIND_RELU ? 2 : 1;

        if ((unsigned)table->kind > ZKG_KIND_COLUMNS || table->bits > 30 ||
            (centred && table->bits == 0) || table->columns != columns)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "table %u: %u bits and %u "
                            "columns",
                            table->table, table->bits, table->columns);
    } else if (table->rows == 0 || table->rows > (uint64_t)1 << 30 ||
               table->columns == 0 || table->columns > ZKG_MAX_COLUMNS) {
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "table %u: %llu rows and %u "
                        "columns",
                        table->table, (unsigned long long)table->rows,
                        table->columns);
    }
    rows = zkg_lookup_table_rows(table);
    for (uint32_t c = 0; table->kind == ZKG_KIND_COLUMNS &&
                         table->column != NULL && c < table->columns;
         c++)
        if (table->column[c]->axes != 1 || table->column[c]->len[0] != rows)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "table %u: column %u is not "
                            "of %llu rows",
                            table->table, c, (unsigned long long)rows);
    if (table->counts != NULL &&
        (table->counts->axes != 1 || table->counts->len[0] != rows))
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "table %u: its counts are not of "
                        "%llu rows",
                        table->table, (unsigned long long)rows);
    return ZKG_OK;
}

void zkg_lookup_closed_form(zkg_fr *out, const zkg_lookup_table *table,
                            const zkg_fr *point)
{
    const uint32_t bits = table->bits;
    zkg_fr low = zkg_fr_zero;
    zkg_fr top = zkg_fr_zero;
    zkg_fr power;

    for (uint32_t t = 0; t < bits; t++) {
        zkg_fr_from_u64(&power, (uint64_t)1 << t);
        zkg_fr_mul(&power, &power, &point[t]);
        zkg_fr_add(t + 1 < bits ? &low : &top, t + 1 < bits ? &low : &top,
                   &power);
    }
    zkg_fr_add(&out[0], &low, &top);
    if (table->kind == ZKG_KIND_RANGE)
        return;
    zkg_fr_from_u64(&power, (uint64_t)1 << (bits - 1));
    zkg_fr_sub(&out[0], &out[0], &power);
    if (table->kind == ZKG_KIND_RELU)
        zkg_fr_mul(&out[1], &point[bits - 1], &low);
}
