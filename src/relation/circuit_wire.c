/* SPDX-License-Identifier: Apache-2.0
 * What both sides compute of a circuit. */
#include "relation/circuit.h"

#include "backend/backend.h"
#include "base/bits.h"
#include "base/mem.h"
#include "poly/eq.h"

#include <string.h>

static zkg_status no_memory(const zkg_circuit_run *cr)
{
    return zkg_fail(cr->run->err, ZKG_ERR_NOMEM, "no memory for a circuit");
}

/* ---- binding ---- */

bool zkg_task_circuit_broadcast(const zkg_task_circuit *b,
                                const zkg_task_relations *t, uint32_t input)
{
    return t->operand[b->operand[input]].axes == b->circuit->input[input].axes;
}

static zkg_status check_input(const zkg_task_relations *t,
                              const zkg_task_circuit *b, uint32_t input,
                              zkg_error *err)
{
    const zkg_circuit_shape *shape = &b->circuit->input[input];
    const zkg_operand *o;
    uint32_t above;

    if (b->operand[input] >= t->operands)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: no operand %u",
                        (long long)t->task, b->relation, b->operand[input]);
    o = &t->operand[b->operand[input]];
    above = o->axes - shape->axes;
    if (o->axes < shape->axes || above > 1 || (above == 1 && o->axis[0] != 0))
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: tensor %u is not of the axes "
                        "of input %u",
                        (long long)t->task, b->relation, o->tensor, input);
    for (uint32_t k = 0; k < shape->axes; k++)
        if (t->axis[o->axis[above + k]].len != shape->len[k] ||
            (o->axis[above + k] == 0 && t->axis[0].bits > 0))
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld, relation %u: axis %u of tensor %u is "
                            "not that of input %u",
                            (long long)t->task, b->relation, above + k,
                            o->tensor, input);
    return ZKG_OK;
}

static zkg_status check_output(const zkg_task_relations *t,
                               const zkg_task_circuit *b, uint32_t output,
                               zkg_error *err)
{
    const zkg_operand *o;
    uint32_t vars = 0;

    if (b->output[output] >= t->operands)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: no operand %u",
                        (long long)t->task, b->relation, b->output[output]);
    o = &t->operand[b->output[output]];
    for (uint32_t k = 1; k < o->axes; k++)
        vars += t->axis[o->axis[k]].bits;
    if (o->vis != ZKG_VIRTUAL || o->axes == 0 || o->axis[0] != 0 ||
        vars != b->circuit->output[output].bits)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: tensor %u is not virtual, has "
                        "no copies, or is not of output %u's size",
                        (long long)t->task, b->relation, o->tensor, output);
    for (uint32_t k = 0; k < output; k++)
        if (t->operand[b->output[k]].tensor == o->tensor)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld, relation %u: virtual tensor %u is made "
                            "twice",
                            (long long)t->task, b->relation, o->tensor);
    return ZKG_OK;
}

zkg_status zkg_task_circuit_check(const zkg_task_relations *t,
                                  const zkg_task_circuit *b, zkg_error *err)
{
    const zkg_circuit *c = b->circuit;
    uint32_t widest = 0;

    if (t->axes == 0)
        return zkg_fail(err, ZKG_ERR_INVALID, "task %lld has no copies",
                        (long long)t->task);
    if (c->plan == NULL)
        ZKG_TRY(zkg_circuit_check(c, err));
    for (uint32_t k = 0; k < c->inputs; k++) {
        const uint32_t vars = zkg_circuit_shape_vars(&c->input[k]);

        ZKG_TRY(check_input(t, b, k, err));
        widest = vars > widest ? vars : widest;
    }
    for (uint32_t i = 0; i < c->layers; i++) {
        const uint32_t vars = zkg_circuit_layer_vars(c, i);

        widest = vars > widest ? vars : widest;
    }
    if (widest + t->axis[0].bits > ZKG_MAX_VARS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "task %lld, relation %u: more than %u variables",
                        (long long)t->task, b->relation, ZKG_MAX_VARS);
    for (uint32_t k = 0; k < c->outputs; k++)
        ZKG_TRY(check_output(t, b, k, err));
    return ZKG_OK;
}

/* ---- vectors of one copy ---- */

/* Variables whose eq are made once; those of the others weigh them. */
enum { ROW_VARS = 8 };

static uint32_t low_vars(uint32_t vars)
{
    return vars < ROW_VARS ? vars : ROW_VARS;
}

/* Elements of the eq of both, of two points, that expand() makes. */
static size_t parts_len(uint32_t vars)
{
    const uint32_t low = low_vars(vars);

    return ((size_t)2 << low) + ((size_t)2 << (vars - low));
}

static double vector_bytes(size_t n)
{
    return (double)zkg_arena_round(n * sizeof(zkg_fr));
}

static double reads_bytes(const zkg_circuit_reads *reads)
{
    double bytes = 0;

    for (uint32_t k = 0; k < reads->sources; k++)
        bytes += vector_bytes((size_t)1 << reads->vars[k]);
    return bytes;
}

double zkg_circuit_vectors_bytes(const zkg_circuit *c,
                                 const zkg_circuit_plan *plan, uint32_t i,
                                 bool proves)
{
    const double e = vector_bytes(c->layer[i].gates);
    const double reads = reads_bytes(&plan->first) + reads_bytes(&plan->second);
    uint32_t vars = plan->vars;

    if (plan->kind == ZKG_CIRCUIT_ELEMENTWISE)
        return e + vector_bytes(parts_len(vars));
    vars = plan->first.max_vars > vars ? plan->first.max_vars : vars;
    vars = plan->second.max_vars > vars ? plan->second.max_vars : vars;
    return e + vector_bytes(parts_len(vars)) + (proves ? 2 : 1) * reads;
}

zkg_status zkg_circuit_take(zkg_fr **out, zkg_circuit_run *cr, size_t n)
{
    *out = zkg_arena_take(&cr->vectors, n * sizeof(**out));
    return *out == NULL ? no_memory(cr) : ZKG_OK;
}

static zkg_status reserve_vectors(zkg_circuit_run *cr)
{
    const bool proves = zkg_tape_is_proving(cr->run->c->tape);
    const zkg_circuit *c = cr->circuit;
    double most = 0;

    for (uint32_t i = 0; i < c->layers; i++) {
        const double one = zkg_circuit_vectors_bytes(c, &c->plan[i], i, proves);

        most = one > most ? one : most;
    }
    if (most > (double)(SIZE_MAX / 4) ||
        zkg_arena_reserve(&cr->vectors, (size_t)most) != ZKG_OK)
        return no_memory(cr);
    return ZKG_OK;
}

/* ---- start ---- */

static int8_t small_of(const zkg_fr *v)
{
    int64_t n;

    return zkg_fr_to_i64(&n, v) && n >= -2 && n <= 2 ? (int8_t)n : 0;
}

zkg_status zkg_circuit_start(zkg_circuit_run *cr, zkg_task_run *run,
                             const zkg_task_circuit *b)
{
    const zkg_circuit *c = b->circuit;
    const uint32_t vars = zkg_circuit_layer_vars(c, c->layers - 1);
    zkg_fr *drawn;

    *cr = (zkg_circuit_run){.run = run,
                            .bound = b,
                            .circuit = c,
                            .own = {.plan = NULL},
                            .copies = run->t->axis[0].len,
                            .copy_vars = run->t->axis[0].bits,
                            .points = 1};
    if (c->plan == NULL) {
        cr->own = *c;
        cr->circuit = &cr->own;
        ZKG_TRY(zkg_circuit_seal(&cr->own, run->err));
    }
    if (!run->c->sizing)
        ZKG_TRY(reserve_vectors(cr));
    cr->coeff = zkg_alloc((size_t)c->coeffs + 1, sizeof(*cr->coeff));
    cr->small = zkg_alloc((size_t)c->coeffs + 1, sizeof(*cr->small));
    drawn = zkg_alloc((size_t)c->challenges + 1, sizeof(*drawn));
    if (cr->coeff == NULL || cr->small == NULL || drawn == NULL) {
        zkg_free(drawn);
        return no_memory(cr);
    }
    if (c->challenges > 0)
        zkg_tape_challenge(run->c->tape, ZKG_TAG_CIRCUIT_POINT, drawn,
                           c->challenges);
    zkg_circuit_coefficients(cr->coeff, c, drawn);
    zkg_free(drawn);
    for (uint32_t k = 0; k < c->coeffs; k++)
        cr->small[k] = small_of(&cr->coeff[k]);
    if (c->asserted > 0 && vars > 0)
        zkg_tape_challenge(run->c->tape, ZKG_TAG_CIRCUIT_POINT, cr->rz[0],
                           vars);
    if (c->asserted > 0 && cr->copy_vars > 0)
        zkg_tape_challenge(run->c->tape, ZKG_TAG_CIRCUIT_POINT, cr->rc,
                           cr->copy_vars);
    return ZKG_OK;
}

void zkg_circuit_run_clear(zkg_circuit_run *cr)
{
    zkg_free(cr->coeff);
    zkg_free(cr->small);
    zkg_arena_clear(&cr->vectors);
    zkg_circuit_unseal(&cr->own);
    cr->coeff = NULL;
    cr->small = NULL;
}

/* ---- claims on the top layer ---- */

uint64_t zkg_circuit_held(const zkg_circuit_run *cr)
{
    return zkg_hooks_drop_indicator(cr->run->c->hooks)
               ? (uint64_t)1 << cr->copy_vars
               : cr->copies;
}

static void set_point(zkg_circuit_run *cr, const zkg_fr *point, uint32_t vars)
{
    memcpy(cr->rz[0], point, vars * sizeof(*point));
    memcpy(cr->rc, point + vars, cr->copy_vars * sizeof(*point));
    cr->points = 1;
}

/* (z of the block, z of the copies) as a point of the top layer. */
static void embed(zkg_fr *out, const zkg_circuit_run *cr,
                  const zkg_circuit_output *block, const zkg_fr *point)
{
    const uint32_t vars =
        zkg_circuit_layer_vars(cr->circuit, cr->circuit->layers - 1);

    for (uint32_t t = 0; t < block->bits; t++)
        out[t] = point[t];
    for (uint32_t t = block->bits; t < vars; t++)
        out[t] = block->first >> t & 1 ? zkg_fr_one : zkg_fr_zero;
    for (uint32_t t = 0; t < cr->copy_vars; t++)
        out[vars + t] = point[block->bits + t];
}

static zkg_status gather(zkg_circuit_merge *m, zkg_circuit_run *cr)
{
    const zkg_task_relations *t = cr->run->t;
    zkg_ledger *ledger = &cr->run->c->ledger;
    uint32_t n = 0;

    for (uint32_t k = 0; k < cr->circuit->outputs; k++) {
        const uint32_t tensor = t->operand[cr->bound->output[k]].tensor;
        const size_t count = zkg_ledger_count(ledger, tensor);

        if (count == 0)
            return zkg_fail(cr->run->err, ZKG_ERR_INVALID,
                            "nothing reads virtual tensor %u", tensor);
        m->claims += (uint32_t)count;
    }
    m->claim = zkg_alloc((size_t)m->claims + 1, sizeof(*m->claim));
    if (m->claim == NULL)
        return zkg_fail(cr->run->err, ZKG_ERR_NOMEM, "no memory for claims");
    for (uint32_t k = 0; k < cr->circuit->outputs; k++) {
        const uint32_t tensor = t->operand[cr->bound->output[k]].tensor;

        for (size_t i = 0; i < ledger->claims; i++) {
            if (ledger->claim[i].tensor != tensor)
                continue;
            embed(m->claim[n].point, cr, &cr->circuit->output[k],
                  ledger->claim[i].point);
            m->claim[n++].value = ledger->claim[i].value;
        }
        zkg_ledger_strike(ledger, tensor);
    }
    return ZKG_OK;
}

zkg_status zkg_circuit_merge_begin(zkg_circuit_merge *m, zkg_circuit_run *cr)
{
    const zkg_circuit *c = cr->circuit;
    const uint32_t vars = zkg_circuit_layer_vars(c, c->layers - 1);
    const bool full =
        zkg_is_pow2(zkg_circuit_held(cr)) && zkg_circuit_asserts_all(c);
    zkg_fr power = zkg_fr_one;

    *m = (zkg_circuit_merge){.asserted = c->asserted > 0};
    ZKG_TRY(gather(m, cr));
    if (m->asserted && m->claims == 0 && full) {
        cr->claim = zkg_fr_zero;
        return ZKG_OK;
    }
    if (!m->asserted && m->claims == 1) {
        set_point(cr, m->claim[0].point, vars);
        cr->claim = m->claim[0].value;
        return ZKG_OK;
    }
    m->needed = true;
    if (m->claims + m->asserted > 1)
        zkg_tape_challenge(cr->run->c->tape, ZKG_TAG_CIRCUIT_MERGE, &m->rho, 1);
    if (m->asserted)
        power = m->rho;
    for (uint32_t i = 0; i < m->claims; i++) {
        zkg_fr term;

        zkg_fr_mul(&term, &power, &m->claim[i].value);
        zkg_fr_add(&m->sum, &m->sum, &term);
        zkg_fr_mul(&power, &power, &m->rho);
    }
    return ZKG_OK;
}

void zkg_circuit_merge_clear(zkg_circuit_merge *m)
{
    zkg_free(m->claim);
    *m = (zkg_circuit_merge){0};
}

zkg_status zkg_circuit_merge_end(zkg_circuit_run *cr, const zkg_fr *point,
                                 zkg_fr *value)
{
    ZKG_TRY(zkg_tape_fr(cr->run->c->tape, ZKG_TAG_CIRCUIT_VALUE, value, 1));
    set_point(cr, point,
              zkg_circuit_layer_vars(cr->circuit, cr->circuit->layers - 1));
    cr->claim = *value;
    return ZKG_OK;
}

/* ---- layers ---- */

void zkg_circuit_plain_shape(zkg_sumcheck_shape *shape, uint32_t vars)
{
    *shape = (zkg_sumcheck_shape){.vars = vars, .eq_from = vars};
    memset(shape->degree, 2, sizeof(shape->degree));
}

void zkg_circuit_products_shape(zkg_sumcheck_shape *shape,
                                const zkg_circuit_run *cr,
                                const zkg_circuit_plan *plan)
{
    zkg_circuit_plain_shape(shape, plan->first.max_vars + cr->copy_vars);
    shape->eq_from = plan->first.max_vars;
    shape->eq_point = cr->rc;
}

void zkg_circuit_elementwise_shape(zkg_sumcheck_shape *shape, zkg_fr *eq_point,
                                   const zkg_circuit_run *cr,
                                   const zkg_circuit_plan *plan)
{
    const bool two = cr->points > 1;
    uint32_t n = 0;

    zkg_circuit_plain_shape(shape, plan->vars + cr->copy_vars);
    shape->eq_from = two ? plan->vars : 0;
    for (uint32_t t = 0; t < plan->vars; t++) {
        if (two)
            shape->degree[t] = 3;
        else
            eq_point[n++] = cr->rz[0][t];
    }
    for (uint32_t t = 0; t < cr->copy_vars; t++)
        eq_point[n++] = cr->rc[t];
    shape->eq_point = eq_point;
}

zkg_status zkg_circuit_eq(zkg_fr *out, const zkg_circuit_run *cr,
                          const zkg_fr *u, uint32_t n, const zkg_fr *scale)
{
    const zkg_backend *backend = cr->run->c->backend;

    if (backend != NULL)
        return backend->eq_expand(out, u, n, scale);
    zkg_eq_expand(out, u, n, scale);
    return ZKG_OK;
}

/* sum_k scale_k eq(at_k, .), of one or two points. */
typedef struct eq_sum {
    uint32_t points;
    const zkg_fr *at[2];
    const zkg_fr *scale[2]; /* NULL: 1 */
} eq_sum;

/* out[j] = sum_k w[k] row[k][j] */
static zkg_status weigh_rows(zkg_fr *out, const zkg_circuit_run *cr,
                             const zkg_fr *w, const zkg_fr *const *row,
                             uint32_t points, size_t n)
{
    const zkg_backend *backend = cr->run->c->backend;

    memset(out, 0, n * sizeof(*out));
    if (backend != NULL)
        return backend->int_fold(out, w, (const void *const *)row, points,
                                 ZKG_FR, n);
    for (uint32_t k = 0; k < points; k++)
        for (size_t j = 0; j < n; j++) {
            zkg_fr term;

            zkg_fr_mul(&term, &w[k], &row[k][j]);
            zkg_fr_add(&out[j], &out[j], &term);
        }
    return ZKG_OK;
}

/* out[j] = sum_k upper_k[j / 2^low] lower_k[j mod 2^low], j < count; both of
 * all k, one after the other. */
static zkg_status expand_rows(zkg_fr *out, const zkg_circuit_run *cr,
                              const eq_sum *s, uint32_t low, uint32_t high,
                              size_t count, zkg_fr *lower, zkg_fr *upper)
{
    const size_t len = (size_t)1 << low;
    const zkg_fr *row[2] = {lower, lower + len};

    for (uint32_t k = 0; k < s->points; k++) {
        ZKG_TRY(zkg_circuit_eq(lower + k * len, cr, s->at[k], low, NULL));
        ZKG_TRY(zkg_circuit_eq(upper + ((size_t)k << high), cr, s->at[k] + low,
                               high, s->scale[k]));
    }
    for (size_t i = 0; i * len < count; i++) {
        const size_t left = count - i * len;
        const zkg_fr w[2] = {upper[i], s->points > 1
                                           ? upper[((size_t)1 << high) + i]
                                           : zkg_fr_zero};

        ZKG_TRY(weigh_rows(out + i * len, cr, w, row, s->points,
                           left < len ? left : len));
    }
    return ZKG_OK;
}

/* *out = the first `count` of 2^vars elements. */
static zkg_status expand(zkg_fr **out, zkg_circuit_run *cr, const eq_sum *s,
                         uint32_t vars, size_t count)
{
    const uint32_t low = low_vars(vars);
    zkg_status status;
    zkg_fr *lower;
    size_t mark;

    ZKG_TRY(zkg_circuit_take(out, cr, count));
    mark = cr->vectors.used;
    ZKG_TRY(zkg_circuit_take(&lower, cr, parts_len(vars)));
    status = expand_rows(*out, cr, s, low, vars - low, count, lower,
                         lower + ((size_t)2 << low));
    zkg_arena_release(&cr->vectors, mark);
    return status;
}

zkg_status zkg_circuit_expand_claim(zkg_fr **e, zkg_circuit_run *cr,
                                    uint32_t vars, size_t gates)
{
    const eq_sum s = {.points = cr->points,
                      .at = {cr->rz[0], cr->rz[1]},
                      .scale = {NULL, &cr->weight}};

    return expand(e, cr, &s, vars, gates);
}

zkg_status zkg_circuit_expand_reads(zkg_fr **table, zkg_circuit_run *cr,
                                    uint32_t i, const zkg_circuit_reads *reads,
                                    const zkg_fr *point, const zkg_fr *value)
{
    for (uint32_t k = 0; k < reads->sources; k++) {
        const uint32_t source = reads->source[k];
        zkg_fr scale = value[k];
        const eq_sum s = {.points = 1, .at = {point}, .scale = {&scale}};

        for (uint32_t t = reads->vars[k]; t < reads->max_vars; t++) {
            zkg_fr factor;

            zkg_fr_sub(&factor, &zkg_fr_one, &point[t]);
            zkg_fr_sqr(&factor, &factor);
            zkg_fr_mul(&scale, &scale, &factor);
        }
        ZKG_TRY(expand(&table[source], cr, &s, reads->vars[k],
                       zkg_circuit_wires(cr->circuit, i, source)));
    }
    return ZKG_OK;
}

zkg_status zkg_circuit_wire_values(zkg_circuit_run *cr,
                                   const zkg_circuit_reads *reads,
                                   const zkg_fr *point, const zkg_fr *at_copies,
                                   zkg_fr *value)
{
    const zkg_task_relations *t = cr->run->t;
    zkg_child *c = cr->run->c;

    for (uint32_t k = 0; k < reads->sources; k++) {
        const uint32_t source = reads->source[k];
        uint32_t vars = reads->vars[k];
        zkg_fr at[ZKG_MAX_VARS];

        if (source == ZKG_CIRCUIT_PREVIOUS) {
            ZKG_TRY(zkg_tape_fr(c->tape, ZKG_TAG_CIRCUIT_VALUE, &value[k], 1));
            continue;
        }
        memcpy(at, point, vars * sizeof(*at));
        if (!zkg_task_circuit_broadcast(cr->bound, t, source - 1)) {
            memcpy(at + vars, at_copies, cr->copy_vars * sizeof(*at));
            vars += cr->copy_vars;
        }
        ZKG_TRY(zkg_child_wire_value(
            c, ZKG_TAG_CIRCUIT_VALUE,
            &t->operand[cr->bound->operand[source - 1]], vars, at, &value[k]));
    }
    return ZKG_OK;
}

static bool reads_previous(const zkg_circuit_reads *reads)
{
    return reads != NULL && reads->sources > 0 &&
           reads->source[0] == ZKG_CIRCUIT_PREVIOUS;
}

void zkg_circuit_descend(zkg_circuit_run *cr, const zkg_fr *at_copies,
                         const zkg_circuit_reads *first,
                         const zkg_fr *first_point, const zkg_fr *first_value,
                         const zkg_circuit_reads *second,
                         const zkg_fr *second_point, const zkg_fr *second_value)
{
    zkg_fr value[2] = {zkg_fr_zero, zkg_fr_zero};

    cr->points = 0;
    memmove(cr->rc, at_copies, cr->copy_vars * sizeof(*at_copies));
    if (reads_previous(first)) {
        memcpy(cr->rz[cr->points], first_point,
               first->vars[0] * sizeof(*first_point));
        value[cr->points++] = first_value[0];
    }
    if (reads_previous(second)) {
        memcpy(cr->rz[cr->points], second_point,
               second->vars[0] * sizeof(*second_point));
        value[cr->points++] = second_value[0];
    }
    cr->claim = value[0];
    if (cr->points == 2) {
        zkg_tape_challenge(cr->run->c->tape, ZKG_TAG_CIRCUIT_MERGE, &cr->weight,
                           1);
        zkg_fr_mul(&value[1], &value[1], &cr->weight);
        zkg_fr_add(&cr->claim, &cr->claim, &value[1]);
    }
}
