/* SPDX-License-Identifier: Apache-2.0
 * How the layers of a circuit are proven: what follows from their terms. */
#include "base/bits.h"
#include "base/mem.h"
#include "circuit/circuit.h"

static bool is_elementwise(const zkg_circuit *c, uint32_t i)
{
    const zkg_circuit_layer *l = &c->layer[i];
    const uint32_t vars = zkg_circuit_layer_vars(c, i);

    if (!zkg_is_pow2(l->gates) || l->muls != l->gates || l->adds > 0 ||
        l->constants > 0)
        return false;
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k], *first = &l->mul[0];

        if (m->gate != k || m->coeff != first->coeff ||
            m->a.source != first->a.source || m->b.source != first->b.source ||
            zkg_circuit_position(c, m->a) != k ||
            zkg_circuit_position(c, m->b) != k)
            return false;
    }
    return zkg_circuit_source_vars(c, i, l->mul[0].a.source) == vars &&
           zkg_circuit_source_vars(c, i, l->mul[0].b.source) == vars;
}

static void list_reads(zkg_circuit_reads *r, const bool *read,
                       const zkg_circuit *c, uint32_t i)
{
    *r = (zkg_circuit_reads){0};
    for (uint32_t s = 0; s <= c->inputs; s++) {
        uint32_t vars;

        if (!read[s])
            continue;
        vars = zkg_circuit_source_vars(c, i, s);
        r->source[r->sources] = (uint8_t)s;
        r->vars[r->sources++] = (uint8_t)vars;
        r->max_vars = vars > r->max_vars ? vars : r->max_vars;
    }
}

/* The longest run of one gate, in a list that another one was added to. */
static inline void count_run(uint32_t *most, uint32_t *run, bool same)
{
    *run = same ? *run + 1 : 1;
    *most = *run > *most ? *run : *most;
}

void zkg_circuit_plan_layer(zkg_circuit_plan *plan, const zkg_circuit *c,
                            uint32_t i)
{
    const zkg_circuit_layer *l = &c->layer[i];
    bool first[ZKG_CIRCUIT_MAX_SOURCES] = {false};
    bool second[ZKG_CIRCUIT_MAX_SOURCES] = {false};
    uint32_t adds = 0, muls = 0, run = 0;

    for (uint32_t k = 0; k < l->adds; k++) {
        first[l->add[k].a.source] = true;
        count_run(&adds, &run, k > 0 && l->add[k].gate == l->add[k - 1].gate);
    }
    for (uint32_t k = 0; k < l->muls; k++) {
        first[l->mul[k].a.source] = true;
        second[l->mul[k].b.source] = true;
        count_run(&muls, &run, k > 0 && l->mul[k].gate == l->mul[k - 1].gate);
    }
    *plan = (zkg_circuit_plan){.vars = zkg_circuit_layer_vars(c, i),
                               .terms = (uint64_t)adds + muls};
    plan->kind = l->muls == 0           ? ZKG_CIRCUIT_LINEAR
                 : is_elementwise(c, i) ? ZKG_CIRCUIT_ELEMENTWISE
                                        : ZKG_CIRCUIT_PRODUCTS;
    list_reads(&plan->first, first, c, i);
    list_reads(&plan->second, second, c, i);
}

/* ---- once for all ---- */

/* A product, and where its first operand lies in the sources read first, one
 * behind the other. */
typedef struct placed {
    uint64_t place;
    uint32_t product;
} placed;

/* Sort by eight bits of the place; those of one value stay in order. */
static void sort_digit(placed *out, const placed *in, uint32_t n,
                       uint32_t shift)
{
    uint32_t at[257] = {0};

    for (uint32_t k = 0; k < n; k++)
        at[(in[k].place >> shift & 255) + 1]++;
    for (uint32_t d = 0; d < 256; d++)
        at[d + 1] += at[d];
    for (uint32_t k = 0; k < n; k++)
        out[at[in[k].place >> shift & 255]++] = in[k];
}

/* The products of layer i, and how many places there are. */
static uint64_t place_products(placed *out, const zkg_circuit_plan *plan,
                               const zkg_circuit *c, uint32_t i)
{
    const zkg_circuit_layer *l = &c->layer[i];
    uint64_t first[ZKG_CIRCUIT_MAX_SOURCES] = {0}, all = 0;

    for (uint32_t k = 0; k < plan->first.sources; k++) {
        first[plan->first.source[k]] = all;
        all += UINT64_C(1) << plan->first.vars[k];
    }
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_wire a = l->mul[k].a;

        out[k] = (placed){first[a.source] + zkg_circuit_position(c, a), k};
    }
    return all;
}

static zkg_status order_layer(zkg_circuit_plan *plan, uint32_t *out,
                              const zkg_circuit *c, uint32_t i)
{
    const uint32_t n = c->layer[i].muls;
    placed *from = zkg_alloc_raw(n, sizeof(*from));
    placed *to = zkg_alloc_raw(n, sizeof(*to));
    const bool made = from != NULL && to != NULL;

    if (made) {
        const uint64_t all = place_products(from, plan, c, i);

        for (uint32_t shift = 0; shift < 64 && (all - 1) >> shift != 0;
             shift += 8) {
            placed *sorted = to;

            sort_digit(sorted, from, n, shift);
            to = from;
            from = sorted;
        }
        for (uint32_t k = 0; k < n; k++)
            out[k] = from[k].product;
        plan->by_first = out;
    }
    zkg_free(from);
    zkg_free(to);
    return made ? ZKG_OK : ZKG_ERR_NOMEM;
}

/* Plans, and behind them what they point to. */
static zkg_circuit_plan *new_plans(const zkg_circuit *c)
{
    size_t products = 0;

    for (uint32_t i = 0; i < c->layers; i++)
        products += c->layer[i].muls;
    return zkg_alloc_raw(
        c->layers * sizeof(zkg_circuit_plan) + products * sizeof(uint32_t), 1);
}

zkg_status zkg_circuit_seal(zkg_circuit *c, zkg_error *err)
{
    zkg_status status = ZKG_OK;
    zkg_circuit_plan *plan;
    uint32_t *order;

    zkg_circuit_unseal(c);
    ZKG_TRY(zkg_circuit_check(c, err));
    plan = new_plans(c);
    if (plan == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a circuit");
    c->plan = plan;
    order = (uint32_t *)(plan + c->layers);
    for (uint32_t i = 0; i < c->layers && status == ZKG_OK; i++) {
        zkg_circuit_plan_layer(&plan[i], c, i);
        if (plan[i].kind != ZKG_CIRCUIT_PRODUCTS)
            continue;
        status = order_layer(&plan[i], order, c, i);
        order += c->layer[i].muls;
    }
    if (status == ZKG_OK)
        return ZKG_OK;
    zkg_circuit_unseal(c);
    return zkg_fail(err, status, "no memory for a circuit");
}

void zkg_circuit_unseal(zkg_circuit *c)
{
    zkg_free((void *)(uintptr_t)c->plan);
    c->plan = NULL;
}
