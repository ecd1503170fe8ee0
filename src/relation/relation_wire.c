/* SPDX-License-Identifier: Apache-2.0
 * What a child is made of, on both sides. */
#include "base/bits.h"
#include "base/mem.h"
#include "poly/array_mle.h"
#include "relation/circuit.h"
#include "relation/lookup.h"
#include "relation/run.h"

#include <string.h>

void zkg_child_clear(zkg_child *c)
{
    zkg_ledger_clear(&c->ledger);
    zkg_free(c->fraction);
    c->fraction = NULL;
    c->fractions = 0;
}

zkg_status zkg_child_reject(zkg_child *c, zkg_check check, int64_t task,
                            int64_t relation, const char *what)
{
    if (zkg_tape_is_proving(c->tape))
        return ZKG_ERR_WITNESS;
    return zkg_verdict_fail(&c->verdict, check, task, relation, "%s", what);
}

zkg_status zkg_child_wire_value(zkg_child *c, zkg_tag tag,
                                const zkg_operand *operand, uint32_t vars,
                                const zkg_fr *point, zkg_fr *value)
{
    const zkg_claim *known;

    if (operand->vis == ZKG_PUBLIC) {
        if (zkg_tape_is_proving(c->tape))
            return ZKG_OK;
        if (c->sizing) {
            *value = zkg_fr_zero;
            return ZKG_OK;
        }
        return zkg_array_mle(value, operand->array, point);
    }
    known = zkg_ledger_find(&c->ledger, operand->tensor, vars, point);
    if (known != NULL) {
        *value = known->value;
        return ZKG_OK;
    }
    ZKG_TRY(zkg_tape_fr(c->tape, tag, value, 1));
    return zkg_ledger_add(&c->ledger, operand->tensor, operand->vis, vars,
                          point, value);
}

/* ---- the relations' shape ---- */

static zkg_status check_axes(const zkg_task_relations *t, zkg_error *err)
{
    if (t->axes > ZKG_MAX_TASK_AXES)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "task %lld has %u axes, more than %u",
                        (long long)t->task, t->axes, ZKG_MAX_TASK_AXES);
    for (uint32_t k = 0; k < t->axes; k++)
        if (t->axis[k].len == 0 ||
            t->axis[k].bits != zkg_log2_ceil(t->axis[k].len))
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld: axis %u has "
                            "length %llu and %u bits",
                            (long long)t->task, k,
                            (unsigned long long)t->axis[k].len,
                            t->axis[k].bits);
    return ZKG_OK;
}

/* Ids in range, nothing named twice, variables within bounds. */
static zkg_status check_list(const zkg_task_relations *t, const uint32_t *axis,
                             uint32_t n, const char *what, zkg_error *err)
{
    uint32_t vars = 0;

    for (uint32_t k = 0; k < n; k++) {
        if (axis[k] >= t->axes)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld: %s names axis %u "
                            "of %u",
                            (long long)t->task, what, axis[k], t->axes);
        if (t->axis[axis[k]].bits == 0)
            continue;
        for (uint32_t i = 0; i < k; i++)
            if (axis[i] == axis[k])
                return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                                "task %lld: %s names "
                                "axis %u twice",
                                (long long)t->task, what, axis[k]);
        vars += t->axis[axis[k]].bits;
        if (vars > ZKG_MAX_VARS)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "task %lld: %s has more "
                            "than %u variables",
                            (long long)t->task, what, ZKG_MAX_VARS);
    }
    return ZKG_OK;
}

static zkg_status check_operand(const zkg_task_relations *t,
                                const zkg_operand *o, zkg_error *err)
{
    if (o->axes > ZKG_MAX_AXES)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld: tensor %u has %u "
                        "axes",
                        (long long)t->task, o->tensor, o->axes);
    ZKG_TRY(check_list(t, o->axis, o->axes, "a tensor", err));
    if (o->array == NULL)
        return ZKG_OK;
    if (o->array->axes != o->axes)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld: tensor %u has %u "
                        "axes, its values %u",
                        (long long)t->task, o->tensor, o->axes, o->array->axes);
    for (uint32_t k = 0; k < o->axes; k++) {
        const zkg_axis *a = &t->axis[o->axis[k]];

        if (o->array->len[k] != a->len || o->array->stored[k] > (uint64_t)1
                                                                    << a->bits)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld: tensor %u, axis "
                            "%u: length %llu, its values %llu",
                            (long long)t->task, o->tensor, k,
                            (unsigned long long)a->len,
                            (unsigned long long)o->array->len[k]);
    }
    return ZKG_OK;
}

/* One index of a factor: of a plain one the length, of an affine one what the
 * verifier's walk over it costs. */
static zkg_status check_index(const zkg_task_relations *t, const zkg_einsum *e,
                              const zkg_operand *o, uint32_t k,
                              const zkg_index *i, zkg_error *err)
{
    const uint64_t len = t->axis[o->axis[k]].len;
    const zkg_axis one = {1, 0};
    const zkg_axis *a, *b;

    if (i->a >= t->axes || (i->b != ZKG_NO_AXIS && i->b >= t->axes))
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: an index names axis %u of %u",
                        (long long)t->task, e->relation,
                        i->a >= t->axes ? i->a : i->b, t->axes);
    a = &t->axis[i->a];
    b = i->b == ZKG_NO_AXIS ? &one : &t->axis[i->b];
    if (!zkg_index_is_affine(i)) {
        if (a->len != len)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld, relation %u: "
                            "index %u of tensor %u has length %llu, its "
                            "axis %llu",
                            (long long)t->task, e->relation, k, o->tensor,
                            (unsigned long long)a->len,
                            (unsigned long long)len);
        return ZKG_OK;
    }
    if (len > ZKG_MAX_AFFINE_LEN || a->len > ZKG_MAX_AFFINE_PAIRS ||
        b->len > ZKG_MAX_AFFINE_PAIRS || a->len * b->len > ZKG_MAX_AFFINE_PAIRS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "task %lld, relation %u: affine index %u of tensor %u "
                        "runs over too many cells",
                        (long long)t->task, e->relation, k, o->tensor);
    if (i->s < -ZKG_MAX_AFFINE_FACTOR || i->s > ZKG_MAX_AFFINE_FACTOR ||
        i->d < -ZKG_MAX_AFFINE_FACTOR || i->d > ZKG_MAX_AFFINE_FACTOR ||
        i->e < -ZKG_MAX_AFFINE_FACTOR || i->e > ZKG_MAX_AFFINE_FACTOR ||
        (i->s == 0 && a->bits > 0) || (i->d == 0 && b->bits > 0))
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: affine index %u of tensor %u "
                        "has a factor of 0, or too large a number",
                        (long long)t->task, e->relation, k, o->tensor);
    return ZKG_OK;
}

/* In a product an axis is an output axis of one factor, or contracted or batch
 * in both, and a batch axis is plain in both. */
static zkg_status check_product(const zkg_task_relations *t,
                                const zkg_einsum *e, const zkg_term *term,
                                const zkg_axes *out, const zkg_axes *named,
                                const zkg_axes factor[2], zkg_error *err)
{
    for (uint32_t k = 0; k < named->axes; k++) {
        const uint32_t a = named->axis[k];
        const bool both = zkg_axes_find(&factor[0], a) >= 0 &&
                          zkg_axes_find(&factor[1], a) >= 0;

        if (zkg_axes_find(out, a) < 0 && !both)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "task %lld, relation %u: "
                            "a product sums over axis %u of one factor alone; "
                            "sum that factor into a virtual tensor first",
                            (long long)t->task, e->relation, a);
        if (zkg_axes_find(out, a) >= 0 && both && zkg_term_in_affine(term, a))
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "task %lld, relation %u: "
                            "a product has output axis %u in an affine index "
                            "of one factor and in the other; gather one into "
                            "a virtual tensor first",
                            (long long)t->task, e->relation, a);
    }
    return ZKG_OK;
}

static zkg_status check_term(const zkg_task_relations *t, const zkg_einsum *e,
                             const zkg_term *term, zkg_error *err)
{
    uint32_t axis[4 * ZKG_MAX_AXES];
    zkg_axes out, named, factor[2];
    uint32_t n = 0;

    if (term->factors > 2)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: a term "
                        "has %u factors",
                        (long long)t->task, e->relation, term->factors);
    for (uint32_t f = 0; f < term->factors; f++) {
        const zkg_operand *o;
        uint32_t count;

        if (term->operand[f] >= t->operands)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld, relation %u: no "
                            "operand %u",
                            (long long)t->task, e->relation, term->operand[f]);
        o = &t->operand[term->operand[f]];
        if (term->indices[f] != o->axes)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld, relation %u: %u "
                            "indices for tensor %u of %u axes",
                            (long long)t->task, e->relation, term->indices[f],
                            o->tensor, o->axes);
        for (uint32_t k = 0; k < o->axes; k++)
            ZKG_TRY(check_index(t, e, o, k, &term->index[f][k], err));
        count = zkg_term_axes(&axis[n], term, f);
        ZKG_TRY(check_list(t, &axis[n], count, "a factor", err));
        (void)zkg_axes_init(&factor[f], t, &axis[n], count);
        n += count;
    }
    (void)zkg_axes_init(&out, t, e->out, e->out_axes);
    if (!zkg_axes_init(&named, t, axis, n))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "task %lld, relation %u: a "
                        "term has more than %u variables",
                        (long long)t->task, e->relation, ZKG_MAX_VARS);
    return term->factors < 2
               ? ZKG_OK
               : check_product(t, e, term, &out, &named, factor, err);
}

static bool einsum_reads(const zkg_task_relations *t, const zkg_einsum *e,
                         uint32_t tensor)
{
    for (uint32_t i = 0; i < e->terms; i++)
        for (uint32_t f = 0; f < e->term[i].factors; f++)
            if (t->operand[e->term[i].operand[f]].tensor == tensor)
                return true;
    return false;
}

static bool sites_read(const zkg_task_relations *t, uint32_t tensor)
{
    for (uint32_t j = 0; j < t->sites; j++)
        for (uint32_t c = 0; c < t->site[j].columns; c++)
            if (t->operand[t->site[j].operand[c]].tensor == tensor)
                return true;
    return false;
}

static bool circuit_reads(const zkg_task_relations *t,
                          const zkg_task_circuit *b, uint32_t tensor)
{
    for (uint32_t k = 0; k < b->circuit->inputs; k++)
        if (t->operand[b->operand[k]].tensor == tensor)
            return true;
    return false;
}

static bool circuit_makes(const zkg_task_relations *t,
                          const zkg_task_circuit *b, uint32_t tensor)
{
    for (uint32_t k = 0; k < b->circuit->outputs; k++)
        if (t->operand[b->output[k]].tensor == tensor)
            return true;
    return false;
}

/* One relation's part in that: read and made say what those before it did. */
static zkg_status note_virtual(const zkg_task_relations *t, uint32_t relation,
                               uint32_t tensor, bool reads, bool makes,
                               bool *read, bool *made, zkg_error *err)
{
    if ((*made && (reads || makes)) || (makes && (reads || !*read)))
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: "
                        "virtual tensor %u is made twice, or before it is "
                        "read",
                        (long long)t->task, relation, tensor);
    *read |= reads;
    *made |= makes;
    return ZKG_OK;
}

/* Exactly one producer, read before it and never from it on. */
static zkg_status check_virtual(const zkg_task_relations *t, uint32_t tensor,
                                zkg_error *err)
{
    bool read = sites_read(t, tensor);
    bool made = false;

    for (uint32_t i = 0; i < t->einsums; i++) {
        const zkg_einsum *e = &t->einsum[i];
        const bool reads = einsum_reads(t, e, tensor);
        const bool makes = e->virtual_operand >= 0 &&
                           t->operand[e->virtual_operand].tensor == tensor;

        ZKG_TRY(note_virtual(t, e->relation, tensor, reads, makes, &read, &made,
                             err));
    }
    for (uint32_t i = 0; i < t->circuits; i++) {
        const zkg_task_circuit *b = &t->circuit[i];

        ZKG_TRY(note_virtual(t, b->relation, tensor,
                             circuit_reads(t, b, tensor),
                             circuit_makes(t, b, tensor), &read, &made, err));
    }
    if (read != made)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld: nothing makes "
                        "virtual tensor %u",
                        (long long)t->task, tensor);
    return ZKG_OK;
}

static zkg_status check_einsum(const zkg_task_relations *t, const zkg_einsum *e,
                               zkg_error *err)
{
    const zkg_operand *v;

    if (e->out_axes > ZKG_MAX_AXES)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: %u "
                        "output axes",
                        (long long)t->task, e->relation, e->out_axes);
    ZKG_TRY(check_list(t, e->out, e->out_axes, "an output", err));
    for (uint32_t i = 0; i < e->terms; i++)
        ZKG_TRY(check_term(t, e, &e->term[i], err));
    if (e->virtual_operand < 0)
        return ZKG_OK;
    if ((uint32_t)e->virtual_operand >= t->operands)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: no "
                        "operand %d",
                        (long long)t->task, e->relation, e->virtual_operand);
    v = &t->operand[e->virtual_operand];
    if (v->vis != ZKG_VIRTUAL || v->axes != e->out_axes)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "task %lld, relation %u: tensor "
                        "%u is not virtual, or not of the output's axes",
                        (long long)t->task, e->relation, v->tensor);
    for (uint32_t k = 0; k < v->axes; k++)
        if (t->axis[v->axis[k]].len != t->axis[e->out[k]].len)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld, relation %u: "
                            "axis %u of virtual tensor %u differs in length",
                            (long long)t->task, e->relation, k, v->tensor);
    return ZKG_OK;
}

zkg_status zkg_task_check(const zkg_task_relations *t, zkg_error *err)
{
    ZKG_TRY(check_axes(t, err));
    for (uint32_t i = 0; i < t->operands; i++)
        ZKG_TRY(check_operand(t, &t->operand[i], err));
    for (uint32_t j = 0; j < t->sites; j++) {
        zkg_axes rows;

        for (uint32_t c = 0; c < t->site[j].columns; c++)
            if (t->site[j].operand[c] >= t->operands)
                return zkg_fail(err, ZKG_ERR_INVALID,
                                "task %lld, relation %u: "
                                "no operand %u",
                                (long long)t->task, t->site[j].relation,
                                t->site[j].operand[c]);
        if (t->site[j].columns == 0 || t->site[j].columns > ZKG_MAX_COLUMNS ||
            !zkg_axes_of_site(&rows, t, &t->site[j]))
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "task %lld, relation %u: "
                            "no columns, too many, or more than %u variables",
                            (long long)t->task, t->site[j].relation,
                            ZKG_MAX_VARS);
    }
    for (uint32_t i = 0; i < t->einsums; i++)
        ZKG_TRY(check_einsum(t, &t->einsum[i], err));
    for (uint32_t i = 0; i < t->circuits; i++)
        ZKG_TRY(zkg_task_circuit_check(t, &t->circuit[i], err));
    for (uint32_t i = 0; i < t->operands; i++)
        if (t->operand[i].vis == ZKG_VIRTUAL)
            ZKG_TRY(check_virtual(t, t->operand[i].tensor, err));
    return ZKG_OK;
}

zkg_status zkg_task_run_init(zkg_task_run *run, zkg_child *c,
                             const zkg_task_relations *t, zkg_error *err)
{
    *run = (zkg_task_run){.c = c, .t = t, .err = err};
    ZKG_TRY(zkg_task_check(t, err));
    for (uint32_t i = 0; i < t->operands; i++)
        if (t->operand[i].array == NULL && !c->sizing &&
            (zkg_tape_is_proving(c->tape) || t->operand[i].vis == ZKG_PUBLIC))
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "task %lld: no values for "
                            "tensor %u",
                            (long long)t->task, t->operand[i].tensor);
    run->site = zkg_alloc(t->sites + 1, sizeof(*run->site));
    if (run->site == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for lookup sites");
    for (uint32_t j = 0; j < t->sites; j++)
        (void)zkg_axes_of_site(&run->site[j], t, &t->site[j]);
    return ZKG_OK;
}

void zkg_task_run_clear(zkg_task_run *run)
{
    zkg_free(run->site);
    run->site = NULL;
}

/* ---- the root's check of the fractions ---- */

/* (p, q) += (a, b), as fractions. */
static void add_fraction(zkg_fr *p, zkg_fr *q, const zkg_fr *a, const zkg_fr *b)
{
    zkg_fr left, right;

    zkg_fr_mul(&left, p, b);
    zkg_fr_mul(&right, a, q);
    zkg_fr_add(p, &left, &right);
    zkg_fr_mul(q, q, b);
}

zkg_status zkg_fractions_check(zkg_verdict *verdict, const zkg_fraction *f,
                               size_t n, uint32_t tables)
{
    zkg_fr(*sum)[2] = zkg_alloc((size_t)tables + 1, sizeof(*sum));
    zkg_status status = ZKG_OK;

    if (sum == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t t = 0; t < tables; t++)
        sum[t][1] = zkg_fr_one;
    for (size_t i = 0; i < n && status == ZKG_OK; i++) {
        zkg_fr p = f[i].p;

        if (f[i].table >= tables) {
            status = ZKG_ERR_INVALID;
        } else if (zkg_fr_is_zero(&f[i].q)) {
            status = zkg_verdict_fail(verdict, ZKG_CHECK_LOOKUP_ZERO, f[i].task,
                                      f[i].relation,
                                      "table %u: a fraction has "
                                      "denominator 0",
                                      f[i].table);
        } else {
            if (f[i].table_side)
                zkg_fr_neg(&p, &p);
            add_fraction(&sum[f[i].table][0], &sum[f[i].table][1], &p, &f[i].q);
        }
    }
    for (uint32_t t = 0; t < tables && status == ZKG_OK; t++)
        if (!zkg_fr_is_zero(&sum[t][0]))
            status = zkg_verdict_fail(verdict, ZKG_CHECK_LOOKUP_SUM, -1, -1,
                                      "table %u: its lookups and its "
                                      "multiplicities differ",
                                      t);
    zkg_free(sum);
    return status;
}
