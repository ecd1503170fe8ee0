/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_LOOKUP_H
#define ZKG_RELATION_LOOKUP_H

/**
 * @file
 * LogUp-GKR (ePrint 2022/1530, 2023/1284): the sites of a task as one batched
 * tree of fractions, and the tree of a table's multiplicities.
 * docs/protocol.md, section 6.
 *
 *   leaf of a site   p = I(j), q = alpha - sum_c beta^c col_c[j]
 *   leaf of a table  p = m[i], q = I(i) alpha + 1 - I(i) - sum_c beta^c t_c[i]
 *   parent           p' = p0 q1 + p1 q0, q' = q0 q1, of the leaves 2i and 2i+1
 *
 * Trees are aligned at the leaves: with n the greatest height, layer l = 0 ..
 * n-1 has l variables, and a tree of height n_j takes part from l = n - n_j on,
 * depending on its lowest d = l - (n - n_j) variables.  All trees end at one
 * point of n coordinates, of which tree j uses the lowest n_j.  A tree of
 * height 0 takes part in no layer: its root is its leaf.
 *
 * Messages: (P,Q) of each tree; then for each layer, after the challenges
 * lambda and nu, the rounds of
 *   sum_x eq(r,x) sum_j nu^j [p0 q1 + p1 q0 + lambda q0 q1]_j
 * and p0, p1, q0, q1 of each active tree, then the challenge mu.  At the leaves
 * the columns' values, as claims.
 */

#include "relation/run.h"

/** A tree on the tape: its claim on the way down. */
typedef struct zkg_tree {
    uint32_t vars; /**< height n_j */
    zkg_fr p, q;   /**< at first the root, at last the leaf values */
} zkg_tree;

/** A layer's randomness. */
typedef struct zkg_layer {
    uint32_t vars; /**< l */
    zkg_fr lambda, nu;
} zkg_layer;

/** Height of the highest tree. */
uint32_t zkg_trees_height(const zkg_tree *tree, uint32_t trees);

/** Whether tree j takes part in a layer of l variables of n. */
static inline bool zkg_tree_active(const zkg_tree *tree, uint32_t n, uint32_t l)
{
    return l + tree->vars >= n;
}

/** The roots, in order: (P_j, Q_j) one item each.
 *  @retval ZKG_ERR_MALFORMED the tape ended, or an element >= p
 *  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_lookup_wire_roots(zkg_child *c, zkg_tree *tree,
                                                uint32_t trees);

/** Draw lambda, then nu; claim = sum_j nu^j (p_j + lambda q_j) over the active
 *  trees, j the place among all of them. */
void zkg_lookup_wire_layer(zkg_child *c, zkg_layer *layer, uint32_t l,
                           zkg_fr *claim, const zkg_tree *tree, uint32_t trees,
                           uint32_t n);

/**
 * After the rounds: the children's values of each active tree, then mu.
 *
 * @param[in,out] child 4 a tree: p0, p1, q0, q1; prover: in, verifier: out
 * @param[in,out] point in: the rounds' l coordinates; out: l + 1, mu first
 * @retval ZKG_ERR_REJECT    the values do not give the claim
 * @retval ZKG_ERR_MALFORMED the tape ended, or an element >= p
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_lookup_wire_layer_end(
    zkg_child *c, const zkg_layer *layer, const zkg_fr *claim, zkg_tree *tree,
    uint32_t trees, uint32_t n, zkg_fr (*child)[4], zkg_fr *point);

/** Note the roots as the child's fractions, which it owns; of which table and
 *  task they are the caller says.  @retval ZKG_ERR_NOMEM */
ZKG_MUST_CHECK zkg_status zkg_lookup_note_fractions(zkg_child *c,
                                                    const zkg_tree *tree,
                                                    uint32_t trees);

/**
 * Note whose the fraction of a table's side is, and the claim that its leaf p
 * is on the counts; of public counts there is none.
 *
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_lookup_note_table(zkg_child *c,
                                                const zkg_lookup_table *table,
                                                const zkg_tree *tree,
                                                const zkg_fr *point);

/**
 * The point of column c of a site at the site's leaf point.
 * @return the column's variables
 */
uint32_t zkg_lookup_column_at(zkg_fr *point, const zkg_task_run *run,
                              uint32_t site, uint32_t column);

/** I~ at the site's leaf point. */
void zkg_lookup_indicator(zkg_fr *out, const zkg_task_run *run, uint32_t site);

/** Rows, and variables, of a table. */
uint64_t zkg_lookup_table_rows(const zkg_lookup_table *table);
uint32_t zkg_lookup_table_vars(const zkg_lookup_table *table);

/** Check a table's own shape.  @retval ZKG_ERR_INVALID */
ZKG_MUST_CHECK zkg_status zkg_lookup_table_check(const zkg_lookup_table *table,
                                                 zkg_error *err);

/** out[c] = the extension of column c of a closed form at a point of its bits
 *  variables: table->columns of them, 2 at most. */
void zkg_lookup_closed_form(zkg_fr *out, const zkg_lookup_table *table,
                            const zkg_fr *point);

/** The scratch of a task's lookups: zkg_task_scratch(). */
size_t zkg_lookup_scratch(const zkg_task_relations *t, uint32_t size);

/** The lookup part of a task; nothing without sites.  zkg_lookup_prove:
 *  collective over the child's group; statuses as of zkg_task_prove and
 *  zkg_task_verify. */
ZKG_MUST_CHECK zkg_status zkg_lookup_prove(zkg_task_run *run);
ZKG_MUST_CHECK zkg_status zkg_lookup_verify(zkg_task_run *run);

#endif
