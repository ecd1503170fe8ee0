/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/circuit.h"

#include "base/mem.h"
#include "poly/eq.h"
#include "poly/indicator.h"

#include <string.h>

/* What the wiring sums of a layer need. */
typedef struct tables {
    zkg_fr *e;
    zkg_fr *x[ZKG_CIRCUIT_MAX_SOURCES], *y[ZKG_CIRCUIT_MAX_SOURCES];
} tables;

static zkg_status no_memory(zkg_circuit_run *cr)
{
    return zkg_fail(cr->run->err, ZKG_ERR_NOMEM, "no memory for a circuit");
}

/* claim = sum at the end of layer i. */
static zkg_status check_end(zkg_circuit_run *cr, uint32_t i,
                            const zkg_fr *claim, const zkg_fr *sum)
{
    zkg_child *c = cr->run->c;

    if (c->sizing || zkg_fr_equal(claim, sum))
        return ZKG_OK;
    return zkg_verdict_fail(&c->verdict, ZKG_CHECK_CIRCUIT_END,
                            cr->run->t->task, cr->bound->relation,
                            "layer %u of a circuit does not add up", i);
}

/* ---- the top ---- */

/* w~_0 = sum_{c<L} eq(rc,c) eq(x_c,c) * sum_{asserted o} eq(rz,o) eq(x_o,o) */
static zkg_status assertion_weight(zkg_fr *out, zkg_circuit_run *cr,
                                   const zkg_fr *point)
{
    const zkg_circuit *c = cr->circuit;
    const uint32_t vars = zkg_circuit_layer_vars(c, c->layers - 1);
    zkg_fr *a = zkg_alloc((size_t)1 << vars, sizeof(*a));
    zkg_fr *b = zkg_alloc((size_t)1 << vars, sizeof(*b));
    zkg_fr sum = zkg_fr_zero;

    if (a == NULL || b == NULL) {
        zkg_free(a);
        zkg_free(b);
        return no_memory(cr);
    }
    zkg_eq_expand(a, cr->rz[0], vars, NULL);
    zkg_eq_expand(b, point, vars, NULL);
    for (uint32_t k = 0; k < c->asserted; k++) {
        zkg_fr term;

        zkg_fr_mul(&term, &a[c->assertion[k]], &b[c->assertion[k]]);
        zkg_fr_add(&sum, &sum, &term);
    }
    zkg_free(a);
    zkg_free(b);
    zkg_indicator_eq(out, zkg_circuit_held(cr), cr->rc, point + vars,
                     cr->copy_vars);
    zkg_fr_mul(out, out, &sum);
    return ZKG_OK;
}

/* sum_i rho^i w~_i */
static zkg_status merge_weight(zkg_fr *out, const zkg_circuit_merge *m,
                               zkg_circuit_run *cr, const zkg_fr *point)
{
    const uint32_t vars =
        zkg_circuit_layer_vars(cr->circuit, cr->circuit->layers - 1) +
        cr->copy_vars;
    zkg_fr power = zkg_fr_one;

    *out = zkg_fr_zero;
    if (m->asserted) {
        ZKG_TRY(assertion_weight(out, cr, point));
        power = m->rho;
    }
    for (uint32_t i = 0; i < m->claims; i++) {
        zkg_fr term;

        zkg_eq_eval(&term, m->claim[i].point, point, vars);
        zkg_fr_mul(&term, &term, &power);
        zkg_fr_add(out, out, &term);
        zkg_fr_mul(&power, &power, &m->rho);
    }
    return ZKG_OK;
}

static zkg_status verify_merge(zkg_circuit_run *cr, const zkg_circuit_merge *m)
{
    zkg_child *c = cr->run->c;
    zkg_sumcheck_shape shape;
    zkg_fr point[ZKG_MAX_VARS];
    zkg_fr claim = m->sum, weight = zkg_fr_zero, value;

    zkg_circuit_plain_shape(
        &shape, zkg_circuit_layer_vars(cr->circuit, cr->circuit->layers - 1) +
                    cr->copy_vars);
    ZKG_TRY(zkg_sumcheck_verify(c->tape, &shape, &claim, point));
    if (!c->sizing)
        ZKG_TRY(merge_weight(&weight, m, cr, point));
    ZKG_TRY(zkg_circuit_merge_end(cr, point, &value));
    zkg_fr_mul(&weight, &weight, &value);
    if (c->sizing || zkg_fr_equal(&weight, &claim))
        return ZKG_OK;
    return zkg_child_reject(c, ZKG_CHECK_SUMCHECK_END, cr->run->t->task,
                            cr->bound->relation,
                            "claims on a circuit's top layer do not merge");
}

/* ---- layers ---- */

static zkg_status verify_linear(zkg_circuit_run *cr, uint32_t i,
                                const zkg_circuit_plan *plan, tables *w)
{
    zkg_child *c = cr->run->c;
    zkg_sumcheck_shape shape;
    zkg_fr point[ZKG_MAX_VARS], value[ZKG_CIRCUIT_MAX_SOURCES];
    zkg_fr claim = cr->claim, sum = zkg_fr_zero;

    zkg_circuit_plain_shape(&shape, plan->first.max_vars);
    ZKG_TRY(zkg_sumcheck_verify(c->tape, &shape, &claim, point));
    ZKG_TRY(zkg_circuit_wire_values(cr, &plan->first, point, cr->rc, value));
    if (!c->sizing) {
        ZKG_TRY(
            zkg_circuit_expand_reads(w->x, cr, i, &plan->first, point, value));
        zkg_circuit_sum_adds(&sum, cr->circuit, i, cr->coeff, w->e,
                             (const zkg_fr *const *)w->x);
    }
    ZKG_TRY(check_end(cr, i, &claim, &sum));
    zkg_circuit_descend(cr, cr->rc, &plan->first, point, value, NULL, NULL,
                        NULL);
    return ZKG_OK;
}

static zkg_status verify_products(zkg_circuit_run *cr, uint32_t i,
                                  const zkg_circuit_plan *plan, tables *w)
{
    zkg_child *c = cr->run->c;
    zkg_sumcheck_shape shape;
    zkg_fr rx[ZKG_MAX_VARS], ry[ZKG_MAX_VARS];
    zkg_fr vx[ZKG_CIRCUIT_MAX_SOURCES], vy[ZKG_CIRCUIT_MAX_SOURCES];
    const zkg_fr *rho = rx + plan->first.max_vars;
    zkg_fr claim = cr->claim, sum = zkg_fr_zero;

    zkg_circuit_products_shape(&shape, cr, plan);
    ZKG_TRY(zkg_sumcheck_verify(c->tape, &shape, &claim, rx));
    ZKG_TRY(zkg_circuit_wire_values(cr, &plan->first, rx, rho, vx));
    if (!c->sizing) {
        ZKG_TRY(zkg_circuit_expand_reads(w->x, cr, i, &plan->first, rx, vx));
        zkg_circuit_sum_adds(&sum, cr->circuit, i, cr->coeff, w->e,
                             (const zkg_fr *const *)w->x);
        zkg_fr_sub(&claim, &claim, &sum);
    }
    zkg_circuit_plain_shape(&shape, plan->second.max_vars);
    ZKG_TRY(zkg_sumcheck_verify(c->tape, &shape, &claim, ry));
    ZKG_TRY(zkg_circuit_wire_values(cr, &plan->second, ry, rho, vy));
    if (!c->sizing) {
        ZKG_TRY(zkg_circuit_expand_reads(w->y, cr, i, &plan->second, ry, vy));
        zkg_circuit_sum_muls(&sum, cr->circuit, i, cr->coeff, w->e,
                             (const zkg_fr *const *)w->x,
                             (const zkg_fr *const *)w->y);
    }
    ZKG_TRY(check_end(cr, i, &claim, &sum));
    zkg_circuit_descend(cr, rho, &plan->first, rx, vx, &plan->second, ry, vy);
    return ZKG_OK;
}

static zkg_status verify_elementwise(zkg_circuit_run *cr, uint32_t i,
                                     const zkg_circuit_plan *plan)
{
    zkg_child *c = cr->run->c;
    const bool same = plan->first.source[0] == plan->second.source[0];
    zkg_sumcheck_shape shape;
    zkg_fr eq_point[ZKG_MAX_VARS], point[ZKG_MAX_VARS];
    zkg_fr a, b, product, claim = cr->claim;

    zkg_circuit_elementwise_shape(&shape, eq_point, cr, plan);
    ZKG_TRY(zkg_sumcheck_verify(c->tape, &shape, &claim, point));
    ZKG_TRY(zkg_circuit_wire_values(cr, &plan->first, point, point + plan->vars,
                                    &a));
    b = a;
    if (!same)
        ZKG_TRY(zkg_circuit_wire_values(cr, &plan->second, point,
                                        point + plan->vars, &b));
    zkg_fr_mul(&product, &a, &b);
    zkg_fr_mul(&product, &product,
               &cr->coeff[cr->circuit->layer[i].mul[0].coeff]);
    if (cr->points == 2) {
        zkg_fr weight, second;

        zkg_eq_eval(&weight, cr->rz[0], point, plan->vars);
        zkg_eq_eval(&second, cr->rz[1], point, plan->vars);
        zkg_fr_mul(&second, &second, &cr->weight);
        zkg_fr_add(&weight, &weight, &second);
        zkg_fr_mul(&product, &product, &weight);
    }
    ZKG_TRY(check_end(cr, i, &claim, &product));
    zkg_circuit_descend(cr, point + plan->vars, &plan->first, point, &a,
                        same ? NULL : &plan->second, point, &b);
    return ZKG_OK;
}

static zkg_status verify_layer(zkg_circuit_run *cr, uint32_t i)
{
    const zkg_circuit_plan *plan = &cr->circuit->plan[i];
    tables w;

    if (plan->kind == ZKG_CIRCUIT_ELEMENTWISE)
        return verify_elementwise(cr, i, plan);
    if (!cr->run->c->sizing) {
        zkg_fr sum;

        ZKG_TRY(zkg_circuit_expand_claim(&w.e, cr, plan->vars,
                                         cr->circuit->layer[i].gates));
        zkg_circuit_sum_constants(&sum, cr->circuit, i, cr->coeff, w.e);
        zkg_fr_sub(&cr->claim, &cr->claim, &sum);
    }
    return plan->kind == ZKG_CIRCUIT_LINEAR ? verify_linear(cr, i, plan, &w)
                                            : verify_products(cr, i, plan, &w);
}

zkg_status zkg_circuit_verify(zkg_task_run *run, const zkg_task_circuit *b)
{
    zkg_circuit_merge m = {0};
    zkg_circuit_run cr;
    zkg_status status = zkg_circuit_start(&cr, run, b);

    if (status == ZKG_OK)
        status = zkg_circuit_merge_begin(&m, &cr);
    if (status == ZKG_OK && m.needed)
        status = verify_merge(&cr, &m);
    for (uint32_t i = b->circuit->layers; i-- > 0 && status == ZKG_OK;) {
        status = verify_layer(&cr, i);
        zkg_arena_release(&cr.vectors, 0);
    }
    zkg_circuit_merge_clear(&m);
    zkg_circuit_run_clear(&cr);
    return status;
}
