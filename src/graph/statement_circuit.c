/* SPDX-License-Identifier: Apache-2.0
 * What a statement's circuits must be. */
#include "graph/statement_circuit.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "circuit/own.h"

#define BAD(...) zkg_fail(err, ZKG_ERR_MALFORMED, __VA_ARGS__)

/* ---- circuits ---- */

/* Terms of a layer; of the top one with the entries that it puts out.  A
 * verifier works on gates, and few bytes must not name many of them. */
static uint64_t terms_of(const zkg_circuit *c, uint32_t i)
{
    const zkg_circuit_layer *l = &c->layer[i];
    uint64_t n = (uint64_t)l->muls + l->adds + l->constants;

    for (uint32_t k = 0; i + 1 == c->layers && k < c->outputs; k++)
        n += (uint64_t)1 << (c->output[k].bits & 31);
    return n;
}

static zkg_status check_sizes(const zkg_circuit *c, uint32_t id, zkg_error *err)
{
    for (uint32_t k = 0; k < c->inputs; k++) {
        uint32_t vars = 0;

        for (uint32_t a = 0; a < c->input[k].axes; a++)
            vars += zkg_log2_ceil(c->input[k].len[a]);
        if (vars > ZKG_CIRCUIT_MAX_TABLE_VARS)
            return BAD("circuit %u: one copy of input %u has more than 2^%d "
                       "padded entries",
                       id, k, ZKG_CIRCUIT_MAX_TABLE_VARS);
    }
    for (uint32_t i = 0; i < c->layers; i++) {
        if (c->layer[i].gates > (uint32_t)1 << ZKG_CIRCUIT_MAX_TABLE_VARS)
            return BAD("circuit %u: layer %u has more than 2^%d gates", id, i,
                       ZKG_CIRCUIT_MAX_TABLE_VARS);
        if (c->layer[i].gates > 2 * terms_of(c, i))
            return BAD("circuit %u: layer %u has %u gates, and terms for "
                       "fewer than half of them",
                       id, i, c->layer[i].gates);
    }
    return ZKG_OK;
}

/* What a layer's gates that matter read: gates of the one below, and inputs. */
typedef struct reach {
    const zkg_circuit *c;
    bool *gate, *below;
    bool input[ZKG_CIRCUIT_MAX_INPUTS];
} reach;

static void reach_wire(reach *r, zkg_circuit_wire w)
{
    if (w.source == ZKG_CIRCUIT_PREVIOUS)
        r->below[w.index] = true;
    else
        r->input[w.source - 1] = true;
}

static void reach_layer(reach *r, const zkg_circuit_layer *l)
{
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];

        if (!r->gate[m->gate] || zkg_fr_is_zero(&r->c->coeff[m->coeff].value))
            continue;
        reach_wire(r, m->a);
        reach_wire(r, m->b);
    }
    for (uint32_t k = 0; k < l->adds; k++) {
        const zkg_circuit_add *a = &l->add[k];

        if (r->gate[a->gate] && !zkg_fr_is_zero(&r->c->coeff[a->coeff].value))
            reach_wire(r, a->a);
    }
}

/* The gates of the top layer that say something. */
static void reach_top(reach *r)
{
    const uint32_t gates = r->c->layer[r->c->layers - 1].gates;

    for (uint32_t k = 0; k < r->c->asserted; k++)
        r->gate[r->c->assertion[k]] = true;
    for (uint32_t k = 0; k < r->c->outputs; k++) {
        const uint64_t first = r->c->output[k].first;

        for (uint64_t o = first;
             o < first + ((uint64_t)1 << r->c->output[k].bits) && o < gates;
             o++)
            r->gate[o] = true;
    }
}

/* Every input is in what is asserted or put out: a tensor that is bound to one
 * is then in a relation. */
static zkg_status check_inputs_reach(const zkg_circuit *c, uint32_t id,
                                     zkg_error *err)
{
    reach r = {.c = c};
    uint32_t widest = 1;

    for (uint32_t i = 0; i < c->layers; i++)
        widest = c->layer[i].gates > widest ? c->layer[i].gates : widest;
    r.gate = zkg_alloc(widest, sizeof(bool));
    r.below = zkg_alloc(widest, sizeof(bool));
    if (r.gate == NULL || r.below == NULL) {
        zkg_free(r.gate);
        zkg_free(r.below);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a circuit");
    }
    reach_top(&r);
    for (uint32_t i = c->layers; i-- > 0;) {
        bool *done = r.gate;

        reach_layer(&r, &c->layer[i]);
        r.gate = r.below;
        r.below = done;
        memset(done, 0, widest * sizeof(bool));
    }
    zkg_free(r.gate);
    zkg_free(r.below);
    for (uint32_t k = 0; k < c->inputs; k++)
        if (!r.input[k])
            return BAD("circuit %u: nothing that it asserts or puts out "
                       "depends on input %u",
                       id, k);
    return ZKG_OK;
}

static zkg_status check_circuit(zkg_circuit *c, uint32_t id, zkg_error *err)
{
    zkg_error why = {0};
    zkg_status s;

    ZKG_TRY(check_sizes(c, id, err));
    s = zkg_circuit_seal(c, &why);
    if (s == ZKG_ERR_NOMEM)
        return zkg_fail(err, s, "%s", why.text);
    if (s != ZKG_OK)
        return BAD("circuit %u: %s", id, why.text);
    return check_inputs_reach(c, id, err);
}

zkg_status zkg_stmt_check_circuits(zkg_statement *st, zkg_error *err)
{
    bool *used;
    zkg_status s = ZKG_OK;

    if (st->circuits > ZKG_MAX_CIRCUITS)
        return BAD("%u circuits are too many", st->circuits);
    for (uint32_t i = 0; i < st->circuits; i++)
        ZKG_TRY(check_circuit(&st->circuit[i], i, err));
    used = zkg_alloc(st->circuits, sizeof(*used));
    if (used == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < st->kernels; i++) {
        if (st->kernel[i].circuit < st->circuits)
            used[st->kernel[i].circuit] = true;
    }
    for (uint32_t i = 0; i < st->circuits && s == ZKG_OK; i++) {
        if (!used[i])
            s = BAD("circuit %u is in no kernel", i);
    }
    zkg_free(used);
    return s;
}

/* ---- kernels ---- */

static bool holds(const uint32_t *list, uint32_t n, uint32_t v)
{
    for (uint32_t i = 0; i < n; i++) {
        if (list[i] == v)
            return true;
    }
    return false;
}

bool zkg_kernel_circuit_reads(const zkg_kernel *k, uint32_t param)
{
    return holds(k->input, k->inputs, param);
}

bool zkg_kernel_circuit_makes(const zkg_kernel *k, uint32_t param)
{
    return holds(k->output, k->outputs, param);
}

static zkg_status check_input(const zkg_kernel *k, const zkg_circuit *c,
                              uint32_t i, zkg_error *err)
{
    const zkg_circuit_shape *s = &c->input[i];
    const zkg_stmt_param *p;

    if (k->input[i] >= k->params)
        return BAD("kernel %s: input %u of its circuit is no parameter",
                   k->name, i);
    p = &k->param[k->input[i]];
    if (p->axes != s->axes)
        return BAD("kernel %s: parameter %s has %u axes, input %u of its "
                   "circuit %u",
                   k->name, p->name, p->axes, i, s->axes);
    for (uint32_t a = 0; a < s->axes; a++) {
        if (k->axis[p->axis[a]].len != s->len[a])
            return BAD("kernel %s: axis %s of parameter %s has length %llu, "
                       "input %u of its circuit %llu",
                       k->name, k->axis[p->axis[a]].name, p->name,
                       (unsigned long long)k->axis[p->axis[a]].len, i,
                       (unsigned long long)s->len[a]);
    }
    return ZKG_OK;
}

static zkg_status check_output(const zkg_kernel *k, const zkg_circuit *c,
                               uint32_t i, zkg_error *err)
{
    const zkg_stmt_param *p;
    uint32_t bits = 0;

    if (k->output[i] >= k->params)
        return BAD("kernel %s: output %u of its circuit is no parameter",
                   k->name, i);
    p = &k->param[k->output[i]];
    for (uint32_t a = 0; a < p->axes; a++)
        bits += zkg_log2_ceil(k->axis[p->axis[a]].len);
    if (bits != c->output[i].bits)
        return BAD("kernel %s: parameter %s has 2^%u padded entries, output "
                   "%u of its circuit 2^%u",
                   k->name, p->name, bits, i, c->output[i].bits);
    if (holds(k->output, i, k->output[i]))
        return BAD("kernel %s: its circuit makes parameter %s twice", k->name,
                   p->name);
    if (zkg_kernel_circuit_reads(k, k->output[i]))
        return BAD("kernel %s: its circuit reads parameter %s, which it makes",
                   k->name, p->name);
    return ZKG_OK;
}

zkg_status zkg_stmt_check_kernel_circuit(const zkg_statement *st,
                                         const zkg_kernel *k, zkg_error *err)
{
    const zkg_circuit *c;

    if (k->circuit == ZKG_NO_ID) {
        if (k->inputs > 0 || k->outputs > 0)
            return BAD("kernel %s has a circuit's inputs and no circuit",
                       k->name);
        return ZKG_OK;
    }
    if (k->circuit >= st->circuits)
        return BAD("kernel %s: a circuit that is not there", k->name);
    c = &st->circuit[k->circuit];
    if (k->inputs != c->inputs || k->outputs != c->outputs)
        return BAD("kernel %s names %u inputs and %u outputs of its circuit, "
                   "which has %u and %u",
                   k->name, k->inputs, k->outputs, c->inputs, c->outputs);
    for (uint32_t i = 0; i < k->inputs; i++)
        ZKG_TRY(check_input(k, c, i, err));
    for (uint32_t i = 0; i < k->outputs; i++)
        ZKG_TRY(check_output(k, c, i, err));
    return ZKG_OK;
}

/* ---- tasks ---- */

/* An einsum holds on the whole padded cube of its out axes, and a circuit's
 * padded copies and entries hold whatever it computes there. */
static zkg_status check_padding(const zkg_statement *st, const zkg_task *t,
                                uint32_t einsum, const zkg_stmt_factor *f,
                                zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];
    const zkg_stmt_einsum *e = &k->einsum[einsum];
    bool ok = zkg_is_pow2(t->copies);

    if (!zkg_kernel_circuit_makes(k, f->param))
        return ZKG_OK;
    for (uint32_t i = 0; i < f->indices; i++) {
        const uint32_t a = f->index[i].a;

        ok = ok &&
             (!holds(e->out, e->out_axes, a) || zkg_is_pow2(k->axis[a].len));
    }
    if (ok)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                    "task %s, einsum %u of kernel %s: tensor %s is made by a "
                    "circuit, so an einsum may read it only where the copies "
                    "and the axes that are not summed are powers of two",
                    t->name, einsum, k->name,
                    st->tensor[t->bind[f->param]].name);
}

/* Bounds mean nothing in a field, and an einsum is one of bounded integers. */
static zkg_status check_einsums(const zkg_statement *st, const zkg_task *t,
                                zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];

    for (uint32_t i = 0; i < k->einsums; i++) {
        const zkg_stmt_einsum *e = &k->einsum[i];

        if (e->equals != ZKG_NO_ID &&
            st->tensor[t->bind[e->equals]].type == ZKG_FR)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "task %s, einsum %u of kernel %s: tensor %s is of "
                            "type fr; einsums are of integers",
                            t->name, i, k->name,
                            st->tensor[t->bind[e->equals]].name);
        for (uint32_t j = 0; j < e->terms; j++) {
            for (uint32_t f = 0; f < e->term[j].factors; f++) {
                const uint32_t x = t->bind[e->term[j].factor[f].param];

                ZKG_TRY(check_padding(st, t, i, &e->term[j].factor[f], err));
                if (st->tensor[x].type == ZKG_FR)
                    return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                                    "task %s, einsum %u of kernel %s: tensor "
                                    "%s is of type fr; einsums are of "
                                    "integers",
                                    t->name, i, k->name, st->tensor[x].name);
            }
        }
    }
    return ZKG_OK;
}

zkg_status zkg_stmt_check_task_circuit(const zkg_statement *st,
                                       const zkg_task *t, zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];

    for (uint32_t i = 0; i < k->outputs; i++) {
        const uint32_t p = k->output[i];
        const zkg_tensor *x = &st->tensor[t->bind[p]];

        if (x->vis != ZKG_VIRTUAL)
            return BAD("task %s: its circuit makes tensor %s, which is %s, "
                       "not virtual",
                       t->name, x->name, zkg_visibility_name(x->vis));
        if (t->broadcast[p])
            return BAD("task %s: its circuit makes tensor %s, which cannot be "
                       "broadcast",
                       t->name, x->name);
    }
    return check_einsums(st, t, err);
}
