/* SPDX-License-Identifier: Apache-2.0 */
#include "poly/eq.h"
#include "relation/einsum.h"
#include "sumcheck/sumcheck.h"

#include <string.h>

/* V's claims, as one. */
static zkg_status verify_target(zkg_task_run *run, const zkg_einsum *e,
                                zkg_einsum_target *target)
{
    const zkg_operand *v = &run->t->operand[e->virtual_operand];
    zkg_child *c = run->c;
    zkg_merge merge;
    zkg_status status = zkg_merge_begin(&merge, c, v->tensor, run->err);

    if (status == ZKG_OK && merge.claims == 1) {
        memcpy(target->point, merge.claim[0].point, sizeof(target->point));
        target->value = merge.claim[0].value;
    } else if (status == ZKG_OK) {
        zkg_sumcheck_shape shape = {.vars = merge.vars, .eq_from = merge.vars};
        zkg_fr claim = merge.sum;
        zkg_fr weight;

        memset(shape.degree, 2, sizeof(shape.degree));
        status = zkg_sumcheck_verify(c->tape, &shape, &claim, target->point);
        if (status == ZKG_OK)
            status =
                zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_VALUE, &target->value, 1);
        if (status == ZKG_OK && !c->sizing) {
            zkg_merge_weight(&weight, &merge, target->point);
            zkg_fr_mul(&weight, &weight, &target->value);
            if (!zkg_fr_equal(&weight, &claim))
                status = zkg_child_reject(c, ZKG_CHECK_SUMCHECK_END,
                                          run->t->task, e->relation,
                                          "claims on a virtual tensor do not "
                                          "merge");
        }
    }
    zkg_merge_clear(&merge);
    return status;
}

/* z = sum of weights times the tensor of factor f: the rounds, the claim. */
static zkg_status verify_weighted(zkg_task_run *run, const zkg_einsum *e,
                                  const zkg_term *term, uint32_t f,
                                  const zkg_term_shape *s,
                                  const zkg_coords *coords, zkg_fr z)
{
    const zkg_task_relations *t = run->t;
    zkg_child *c = run->c;
    zkg_sumcheck_shape shape = {.vars = s->weighted[f].vars,
                                .eq_from = s->weighted[f].vars};
    zkg_fr end[ZKG_MAX_VARS], at[ZKG_MAX_VARS], value, weight;
    uint32_t vars;

    memset(shape.degree, 2, sizeof(shape.degree));
    ZKG_TRY(zkg_sumcheck_verify(c->tape, &shape, &z, end));
    vars = zkg_term_point(at, t, term, f, s, coords, end);
    ZKG_TRY(zkg_child_wire_value(c, ZKG_TAG_EINSUM_VALUE,
                                 &t->operand[term->operand[f]], vars, at,
                                 &value));
    if (c->sizing)
        return ZKG_OK;
    ZKG_TRY(zkg_einsum_weights_eval(&weight, run, term, f, s, coords, end));
    zkg_fr_mul(&value, &value, &weight);
    if (!zkg_fr_equal(&value, &z))
        return zkg_child_reject(c, ZKG_CHECK_EINSUM_END, t->task, e->relation,
                                "a tensor does not give its weighted sum");
    return ZKG_OK;
}

/* A product's rounds and the values of its factors, then their sums. */
static zkg_status verify_product(zkg_task_run *run, const zkg_einsum *e,
                                 const zkg_term *term, const zkg_term_shape *s,
                                 zkg_coords *coords, zkg_fr claim)
{
    const zkg_task_relations *t = run->t;
    zkg_child *c = run->c;
    zkg_sumcheck_shape shape = {.vars = s->vars, .eq_from = s->contracted.vars};
    zkg_fr eq_point[ZKG_MAX_VARS], end[ZKG_MAX_VARS], at[ZKG_MAX_VARS];
    zkg_fr value[2], product;

    (void)zkg_coords_point(eq_point, coords, t, s->batch.axis, s->batch.axes);
    shape.eq_point = eq_point;
    zkg_einsum_degrees(shape.degree, t, s);
    ZKG_TRY(zkg_sumcheck_verify(c->tape, &shape, &claim, end));
    zkg_coords_set(coords, &s->contracted, end);
    zkg_coords_set(coords, &s->batch, end + s->contracted.vars);
    zkg_einsum_mask(&product, run, s, coords);
    for (uint32_t f = 0; f < 2; f++) {
        if (s->weighted[f].axes > 0) {
            ZKG_TRY(zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_WINDOW, &value[f], 1));
        } else {
            const uint32_t vars =
                zkg_term_point(at, t, term, f, s, coords, NULL);

            ZKG_TRY(zkg_child_wire_value(c, ZKG_TAG_EINSUM_VALUE,
                                         &t->operand[term->operand[f]], vars,
                                         at, &value[f]));
        }
        zkg_fr_mul(&product, &product, &value[f]);
    }
    if (!c->sizing && !zkg_fr_equal(&product, &claim))
        return zkg_child_reject(c, ZKG_CHECK_EINSUM_END, t->task, e->relation,
                                "a term's tensors do not give its value");
    for (uint32_t f = 0; f < 2; f++)
        if (s->weighted[f].axes > 0)
            ZKG_TRY(verify_weighted(run, e, term, f, s, coords, value[f]));
    return ZKG_OK;
}

/* v_t, the rounds, the claims. */
static zkg_status verify_term(zkg_task_run *run, const zkg_einsum *e,
                              const zkg_term *term, const zkg_term_shape *s,
                              const zkg_coords *outer, zkg_fr *value)
{
    const zkg_task_relations *t = run->t;
    zkg_child *c = run->c;
    zkg_coords coords = *outer;
    zkg_fr at[ZKG_MAX_VARS];
    uint32_t vars;

    *value = zkg_fr_one;
    if (!zkg_term_is_plain(term, s)) {
        ZKG_TRY(zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_TERM, value, 1));
        return term->factors == 2
                   ? verify_product(run, e, term, s, &coords, *value)
                   : verify_weighted(run, e, term, 0, s, &coords, *value);
    }
    if (term->factors == 0)
        return ZKG_OK;
    vars = zkg_term_point(at, t, term, 0, s, &coords, NULL);
    return zkg_child_wire_value(c, ZKG_TAG_EINSUM_VALUE,
                                &t->operand[term->operand[0]], vars, at, value);
}

zkg_status zkg_einsum_verify(zkg_task_run *run, const zkg_einsum *e)
{
    zkg_einsum_target target = {.value = zkg_fr_zero};
    zkg_fr store[ZKG_MAX_VARS];
    zkg_fr sum = zkg_fr_zero;
    zkg_coords coords;
    zkg_axes out;

    (void)zkg_axes_init(&out, run->t, e->out, e->out_axes);
    if (e->virtual_operand >= 0)
        ZKG_TRY(verify_target(run, e, &target));
    zkg_einsum_point(run, e, &out, &target, store, &coords);
    for (uint32_t i = 0; i < e->terms; i++) {
        zkg_term_shape s;
        zkg_fr value;

        zkg_term_shape_init(&s, run->t, &out, &e->term[i]);
        ZKG_TRY(verify_term(run, e, &e->term[i], &s, &coords, &value));
        zkg_einsum_add_term(&sum, run, &out, &e->term[i], &s, &coords, &value);
    }
    if (!run->c->sizing && !zkg_fr_equal(&sum, &target.value))
        return zkg_child_reject(run->c, ZKG_CHECK_EINSUM_END, run->t->task,
                                e->relation, "the terms do not add up");
    return ZKG_OK;
}
