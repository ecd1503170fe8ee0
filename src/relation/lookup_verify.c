/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "poly/array_mle.h"
#include "poly/indicator.h"
#include "relation/lookup.h"
#include "sumcheck/sumcheck.h"

#include <string.h>

/* Walk down the trees: in, nothing; out, the leaf values and their point. */
static zkg_status walk(zkg_child *c, zkg_tree *tree, uint32_t trees,
                       zkg_fr *point, int64_t task)
{
    const uint32_t n = zkg_trees_height(tree, trees);
    zkg_fr(*child)[4] = zkg_alloc((size_t)trees + 1, sizeof(*child));
    zkg_status status = child == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    if (status == ZKG_OK)
        status = zkg_lookup_wire_roots(c, tree, trees);
    if (status == ZKG_OK)
        status = zkg_lookup_note_fractions(c, tree, trees);
    for (uint32_t j = 0; j < trees && status == ZKG_OK && !c->sizing; j++)
        if (zkg_fr_is_zero(&tree[j].q))
            status = zkg_verdict_fail(&c->verdict, ZKG_CHECK_LOOKUP_ZERO, task,
                                      -1, "a lookup has denominator 0");
    /* tree[j].p, .q are claims at the lowest coordinates of point, which has
     * l of them. */
    for (uint32_t l = 0; l < n && status == ZKG_OK; l++) {
        zkg_fr at[ZKG_MAX_VARS];
        zkg_sumcheck_shape shape = {.vars = l, .eq_from = 0, .eq_point = at};
        zkg_layer layer;
        zkg_fr claim;

        memcpy(at, point, l * sizeof(*at));
        memset(shape.degree, 2, sizeof(shape.degree));
        zkg_lookup_wire_layer(c, &layer, l, &claim, tree, trees, n);
        status = zkg_sumcheck_verify(c->tape, &shape, &claim, point);
        if (status == ZKG_OK)
            status = zkg_lookup_wire_layer_end(c, &layer, &claim, tree, trees,
                                               n, child, point);
        if (status == ZKG_ERR_REJECT)
            status =
                zkg_verdict_fail(&c->verdict, ZKG_CHECK_SUMCHECK_END, task, -1,
                                 "lookups: layer %u of %u does not "
                                 "follow from the one above",
                                 l, n);
    }
    zkg_free(child);
    return status;
}

/* A site's columns at its leaf point, and the leaf that they give. */
static zkg_status verify_leaf(zkg_task_run *run, uint32_t j,
                              const zkg_tree *tree)
{
    const zkg_site *site = &run->t->site[j];
    zkg_child *c = run->c;
    zkg_fr beta = zkg_fr_one;
    zkg_fr leaf = zkg_fr_zero;
    zkg_fr indicator, q;

    for (uint32_t k = 0; k < site->columns; k++) {
        const zkg_operand *o = &run->t->operand[site->operand[k]];
        zkg_fr point[ZKG_MAX_VARS];
        zkg_fr value;
        const uint32_t vars = zkg_lookup_column_at(point, run, j, k);

        ZKG_TRY(zkg_child_wire_value(c, ZKG_TAG_LOOKUP_COLUMN, o, vars, point,
                                     &value));
        zkg_fr_mul(&value, &value, &beta);
        zkg_fr_add(&leaf, &leaf, &value);
        if (!c->sizing)
            zkg_fr_mul(&beta, &beta, &c->challenge[site->table].beta);
    }
    if (c->sizing)
        return ZKG_OK;
    zkg_lookup_indicator(&indicator, run, j);
    zkg_fr_sub(&q, &c->challenge[site->table].alpha, &leaf);
    if (!zkg_fr_equal(&indicator, &tree->p))
        return zkg_child_reject(c, ZKG_CHECK_LOOKUP_LEAF, run->t->task,
                                site->relation,
                                "a lookup's numerators are not the rows'");
    if (!zkg_fr_equal(&q, &tree->q))
        return zkg_child_reject(c, ZKG_CHECK_LOOKUP_LEAF, run->t->task,
                                site->relation,
                                "a lookup's denominators are not the columns'");
    return ZKG_OK;
}

zkg_status zkg_lookup_verify(zkg_task_run *run)
{
    const uint32_t sites = run->t->sites;
    zkg_tree *tree;
    zkg_status status;

    if (sites == 0)
        return ZKG_OK;
    tree = zkg_alloc(sites, sizeof(*tree));
    if (tree == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t j = 0; j < sites; j++)
        tree[j].vars = run->site[j].vars;
    status = walk(run->c, tree, sites, run->point, run->t->task);
    for (uint32_t j = 0; j < sites && status == ZKG_OK; j++) {
        zkg_fraction *f = &run->c->fraction[j];

        f->table = run->t->site[j].table;
        f->task = run->t->task;
        f->relation = run->t->site[j].relation;
        status = verify_leaf(run, j, &tree[j]);
    }
    zkg_free(tree);
    return status;
}

/* The leaf that a table's columns give at a point. */
static zkg_status table_leaf(zkg_fr *q, const zkg_lookup_table *table,
                             const zkg_lookup_challenges *challenge,
                             uint32_t vars, const zkg_fr *point)
{
    const bool is_closed = table->kind != ZKG_KIND_COLUMNS;
    zkg_fr beta = zkg_fr_one;
    zkg_fr closed[2], indicator;

    if (is_closed)
        zkg_lookup_closed_form(closed, table, point);
    /* I alpha + 1 - I - sum_c beta^c t_c */
    zkg_indicator_eval(&indicator, zkg_lookup_table_rows(table), point, vars);
    zkg_fr_sub(q, &challenge->alpha, &zkg_fr_one);
    zkg_fr_mul(q, q, &indicator);
    zkg_fr_add(q, q, &zkg_fr_one);
    for (uint32_t k = 0; k < table->columns; k++) {
        zkg_fr value;

        if (is_closed)
            value = closed[k];
        else
            ZKG_TRY(zkg_array_mle(&value, table->column[k], point));
        zkg_fr_mul(&value, &value, &beta);
        zkg_fr_sub(q, q, &value);
        zkg_fr_mul(&beta, &beta, &challenge->beta);
    }
    return ZKG_OK;
}

/* Both leaf values of a table's tree; a claim on counts that are not public is
 * in the ledger. */
static zkg_status verify_table_leaf(zkg_child *c, const zkg_lookup_table *table,
                                    const zkg_tree *tree, const zkg_fr *point)
{
    zkg_fr value, q;

    if (table->counts_vis == ZKG_PUBLIC) {
        ZKG_TRY(zkg_array_mle(&value, table->counts, point));
        if (!zkg_fr_equal(&value, &tree->p))
            return zkg_child_reject(c, ZKG_CHECK_LOOKUP_LEAF, -1, -1,
                                    "a table's numerators are not its counts");
    }
    ZKG_TRY(
        table_leaf(&q, table, &c->challenge[table->table], tree->vars, point));
    if (!zkg_fr_equal(&q, &tree->q))
        return zkg_child_reject(c, ZKG_CHECK_LOOKUP_LEAF, -1, -1,
                                "a table's denominators are not its columns'");
    return ZKG_OK;
}

zkg_status zkg_tableside_verify(zkg_child *c, const zkg_lookup_table *table,
                                zkg_error *err)
{
    zkg_fr point[ZKG_MAX_VARS];
    zkg_tree tree = {0};
    zkg_status status;

    ZKG_TRY(zkg_lookup_table_check(table, err));
    if (!c->sizing &&
        ((table->kind == ZKG_KIND_COLUMNS && table->column == NULL) ||
         (table->counts_vis == ZKG_PUBLIC && table->counts == NULL)))
        return zkg_fail(err, ZKG_ERR_INVALID, "table %u: no values",
                        table->table);
    tree.vars = zkg_lookup_table_vars(table);
    status = walk(c, &tree, 1, point, -1);
    if (status == ZKG_ERR_MALFORMED)
        return zkg_verdict_fail(&c->verdict, ZKG_CHECK_MALFORMED, -1, -1,
                                "table %u: its segment is cut short, or "
                                "holds a number that is too large",
                                table->table);
    ZKG_TRY(status);
    ZKG_TRY(zkg_lookup_note_table(c, table, &tree, point));
    return c->sizing ? ZKG_OK : verify_table_leaf(c, table, &tree, point);
}
