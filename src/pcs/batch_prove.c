/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prover's side of the batch opening.
 *
 * All is linear in the F_j: a rank may fold any chunks of any claim, and the
 * ranks' sums add up.  Claims at one point are one part, whose vector is
 * sum_j gamma^j F_j.  A part lives on one rank alone, which the slices of
 * sumcheck/prove.h do not know, so the rounds are driven here.
 *
 * With x_0 .. x_{t-1} bound to rho, what a part adds to round t is
 *
 *     p(X) = c eq(z_t, X) ((1 - X) q_0 + X q_1),   c = eq(z_{<t}, rho),
 *     q_b = sum_y eq(z_{>t}, y) F(rho, b, y):
 *
 * F alone is folded, and eq needs no table that lasts.
 */
#include "pcs/batch.h"

#include <string.h>

#include "base/mem.h"
#include "pcs/hyperkzg.h"
#include "pcs/kzg.h"
#include "pcs/mercury.h"
#include "poly/eq.h"

/* What a cell of a claim's first chunk costs beyond its fold, in cells folded:
 * the rounds, of a point that no claim just before has, or the sum into what
 * that one's are in.  Claims of one child are near each other. */
enum { ROUND_COST = 32, SUM_COST = 14, NEAR_CLAIMS = 8 };

/* Variables of one sum of products: its weights stay in the nearest cache. */
enum { LOW_VARS = 9 };

/* Claims at one point, as far as this rank folds them. */
typedef struct part {
    uint32_t vars;
    const zkg_fr *point;
    zkg_fr *vector; /* 2^vars: sum of gamma^j F_j */
    zkg_fr *folded; /* 2^(vars-1), once x_0 is bound: what is left of vector */
    zkg_fr *low;    /* eq of z_{>t}, of its LOW_VARS lowest coordinates */
    zkg_fr bound;   /* c */
} part;

typedef struct batch {
    const zkg_backend *backend;
    const zkg_open_claim *claims;
    size_t count;
    uint32_t k;
    zkg_fr *power; /* gamma^j */
    part *parts;   /* room for count */
    size_t part_count;
    zkg_fr tail;  /* parts that have no variable left, sum of products */
    zkg_fr *high; /* eq of z_{>t}'s other coordinates, of the part at hand */
    zkg_fr *g;
} batch;

static uint32_t low_vars(const zkg_open_claim *c, uint32_t k)
{
    return c->vars < k ? c->vars : k;
}

/* What a claim costs: a chunk, and the first one beyond that. */
typedef struct cost {
    uint64_t unit, head;
} cost;

static cost claim_cost(const zkg_open_claim *claims, size_t j, uint32_t k)
{
    const zkg_open_claim *c = &claims[j];
    const uint32_t low = low_vars(c, k);
    bool is_new = true;

    for (size_t i = j; is_new && i-- > 0 && j - i <= NEAR_CLAIMS;)
        is_new = low_vars(&claims[i], k) != low ||
                 (low > 0 &&
                  memcmp(claims[i].point, c->point, low * sizeof(zkg_fr)) != 0);
    return (cost){zkg_kzg_fold_cost(c->array, k),
                  (uint64_t)(is_new ? ROUND_COST : SUM_COST) << low};
}

static uint64_t whole_cost(const zkg_open_claim *c, const cost *x)
{
    return x->head + c->chunks * x->unit;
}

/* The first chunk of a claim, itself at cost `start`, that starts at or behind
 * the cost `bound`; c->chunks when none does. */
static uint64_t first_chunk(const zkg_open_claim *c, const cost *x,
                            uint64_t start, uint64_t bound)
{
    const uint64_t head = x->head + x->unit;
    uint64_t chunk;

    if (bound <= start)
        return 0;
    bound -= start;
    chunk = bound <= head ? 1 : 1 + (bound - head + x->unit - 1) / x->unit;
    return chunk < c->chunks ? chunk : c->chunks;
}

/* floor(total * rank / size), without overflow. */
static uint64_t boundary(uint64_t total, uint32_t rank, uint32_t size)
{
    return total / size * rank + total % size * rank / size;
}

static zkg_status batch_init(batch *b, const zkg_backend *backend,
                             const zkg_open_claim *claims, size_t count,
                             uint32_t k)
{
    b->backend = backend;
    b->claims = claims;
    b->count = count;
    b->k = k;
    b->power = zkg_alloc(count, sizeof(*b->power));
    b->parts = zkg_alloc(count, sizeof(*b->parts));
    b->high = zkg_alloc_raw(k > LOW_VARS ? (size_t)1 << (k - LOW_VARS) : 1,
                            sizeof(*b->high));
    b->g = zkg_alloc_aligned((size_t)1 << k, sizeof(*b->g));
    return b->power != NULL && b->parts != NULL && b->high != NULL &&
                   b->g != NULL
               ? ZKG_OK
               : ZKG_ERR_NOMEM;
}

static void batch_clear(batch *b)
{
    for (size_t i = 0; i < b->part_count; i++) {
        zkg_free(b->parts[i].vector);
        zkg_free(b->parts[i].folded);
        zkg_free(b->parts[i].low);
    }
    zkg_free(b->power);
    zkg_free(b->parts);
    zkg_free(b->high);
    zkg_free(b->g);
}

/* The part at a claim's point; a new one when there is none. */
static zkg_status find_part(part **out, batch *b, const zkg_open_claim *c)
{
    const uint32_t vars = low_vars(c, b->k);
    part *p = b->parts;

    for (size_t i = 0; i < b->part_count; i++, p++) {
        if (p->vars != vars || (vars > 0 && memcmp(p->point, c->point,
                                                   vars * sizeof(zkg_fr)) != 0))
            continue;
        *out = p;
        return ZKG_OK;
    }
    p->vars = vars;
    p->point = c->point;
    p->bound = zkg_fr_one;
    p->vector = zkg_alloc_aligned((size_t)1 << vars, sizeof(zkg_fr));
    if (p->vector == NULL)
        return ZKG_ERR_NOMEM;
    b->part_count++;
    *out = p;
    return ZKG_OK;
}

/* Fold this rank's share of all chunks into parts. */
static zkg_status fold_share(batch *b, uint32_t rank, uint32_t size)
{
    uint64_t total = 0, start = 0, from, to;

    for (size_t j = 0; j < b->count; j++) {
        const cost x = claim_cost(b->claims, j, b->k);

        total += whole_cost(&b->claims[j], &x);
    }
    from = boundary(total, rank, size);
    to = boundary(total, rank + 1, size);
    for (size_t j = 0; j < b->count; j++) {
        const zkg_open_claim *c = &b->claims[j];
        const cost x = claim_cost(b->claims, j, b->k);
        const uint64_t first = first_chunk(c, &x, start, from);
        const uint64_t end = first_chunk(c, &x, start, to);
        part *p;

        start += whole_cost(c, &x);
        if (first == end)
            continue;
        ZKG_TRY(find_part(&p, b, c));
        ZKG_TRY(zkg_kzg_fold_add(p->vector, b->backend, c->array, b->k,
                                 c->point, first, end, &b->power[j]));
    }
    return ZKG_OK;
}

/* Bind x_{t-1}, t >= 1, to r. */
static zkg_status part_bind(batch *b, part *p, uint32_t t, const zkg_fr *r)
{
    const size_t len = (size_t)1 << (p->vars - t);
    zkg_fr eq;

    if (t == 1) {
        p->folded = zkg_alloc_raw(len, sizeof(*p->folded));
        if (p->folded == NULL)
            return ZKG_ERR_NOMEM;
    }
    zkg_eq_eval(&eq, &p->point[t - 1], r, 1);
    zkg_fr_mul(&p->bound, &p->bound, &eq);
    return b->backend->poly_fold(p->folded, t == 1 ? p->vector : p->folded, r,
                                 len);
}

/* eq(z_{>t}, y) for the lowest `low` coordinates.  Where they are all, what
 * there was adds up to it: eq(z, 0) + eq(z, 1) = 1. */
static zkg_status make_low(batch *b, part *p, uint32_t t, uint32_t low)
{
    if (p->low == NULL)
        p->low = zkg_alloc_raw((size_t)1 << low, sizeof(*p->low));
    if (p->low == NULL)
        return ZKG_ERR_NOMEM;
    if (t == 0 || low == LOW_VARS)
        return b->backend->eq_expand(p->low, p->point + t + 1, low, NULL);
    for (size_t i = 0; i < (size_t)1 << low; i++)
        zkg_fr_add(&p->low[i], &p->low[2 * i], &p->low[2 * i + 1]);
    return ZKG_OK;
}

/* q_0 and q_1 of round t, times c. */
static zkg_status part_sums(zkg_fr q[2], batch *b, part *p, uint32_t t)
{
    const uint32_t rest = p->vars - t - 1;
    const uint32_t low = rest < LOW_VARS ? rest : LOW_VARS;
    const zkg_fr *left = t > 0 ? p->folded : p->vector;

    q[0] = q[1] = zkg_fr_zero;
    ZKG_TRY(make_low(b, p, t, low));
    ZKG_TRY(b->backend->eq_expand(b->high, p->point + t + 1 + low, rest - low,
                                  &p->bound));
    for (size_t h = 0; h < (size_t)1 << (rest - low); h++) {
        zkg_fr s[2];

        ZKG_TRY(b->backend->fr_dot_pairs(s, p->low, left + (2 * h << low),
                                         (size_t)1 << low));
        for (int i = 0; i < 2; i++) {
            zkg_fr_mul(&s[i], &s[i], &b->high[h]);
            zkg_fr_add(&q[i], &q[i], &s[i]);
        }
    }
    return ZKG_OK;
}

/* Bind x_{t-1} of one part to *r (t >= 1), and add to sums = p(0), p(2) of x_t.
 * A part that ends here moves to the tail instead. */
static zkg_status part_round(batch *b, part *p, uint32_t t, const zkg_fr *r,
                             zkg_fr sums[2])
{
    zkg_fr two, eq, q[2];

    if (t > p->vars)
        return ZKG_OK;
    if (t > 0)
        ZKG_TRY(part_bind(b, p, t, r));
    if (t == p->vars) {
        zkg_fr_mul(&q[0], &p->bound, t > 0 ? p->folded : p->vector);
        zkg_fr_add(&b->tail, &b->tail, &q[0]);
        return ZKG_OK;
    }
    ZKG_TRY(part_sums(q, b, p, t));
    zkg_eq_eval(&eq, &p->point[t], &zkg_fr_zero, 1);
    zkg_fr_mul(&eq, &eq, &q[0]);
    zkg_fr_add(&sums[0], &sums[0], &eq);
    /* eq(z, 2) (2 q_1 - q_0) */
    zkg_fr_double(&two, &zkg_fr_one);
    zkg_eq_eval(&eq, &p->point[t], &two, 1);
    zkg_fr_double(&two, &q[1]);
    zkg_fr_sub(&two, &two, &q[0]);
    zkg_fr_mul(&two, &two, &eq);
    zkg_fr_add(&sums[1], &sums[1], &two);
    return ZKG_OK;
}

/* The rounds; at the end tail is this rank's share of g~(rho). */
static zkg_status run_rounds(batch *b, zkg_tape *tape, const zkg_comm *comm,
                             zkg_fr *claim, zkg_fr *rho)
{
    zkg_sumcheck_shape shape;

    zkg_batch_shape(&shape, b->k);
    for (uint32_t t = 0; t <= b->k; t++) {
        zkg_fr sums[2] = {zkg_fr_zero, zkg_fr_zero};

        if (t > 0) {
            zkg_fr rest;

            zkg_fr_sub(&rest, &zkg_fr_one, &rho[t - 1]);
            zkg_fr_sqr(&rest, &rest);
            zkg_fr_mul(&b->tail, &b->tail, &rest);
        }
        for (size_t i = 0; i < b->part_count; i++)
            ZKG_TRY(part_round(b, &b->parts[i], t, t > 0 ? &rho[t - 1] : NULL,
                               sums));
        if (t == b->k)
            break;
        /* the tail times (1 - x_t)^2, which is 1 at 0 and at 2 */
        zkg_fr_add(&sums[0], &sums[0], &b->tail);
        zkg_fr_add(&sums[1], &sums[1], &b->tail);
        ZKG_TRY(zkg_comm_sum_fr(comm, sums, 2));
        ZKG_TRY(zkg_sumcheck_wire_round(tape, &shape, t, sums, claim, rho));
    }
    return ZKG_OK;
}

/* g = sum over the parts of eq(point, rho) vector, extended by zeros. */
static zkg_status make_g(batch *b, const zkg_fr *rho)
{
    for (size_t i = 0; i < b->part_count; i++) {
        const part *p = &b->parts[i];
        zkg_open_claim at = {.vars = p->vars, .point = p->point};
        zkg_fr weight;

        zkg_batch_weight(&weight, &zkg_fr_one, &at, rho, b->k);
        ZKG_TRY(b->backend->fr_axpy(b->g, &weight, p->vector,
                                    (size_t)1 << p->vars));
    }
    return ZKG_OK;
}

static zkg_status run(batch *b, zkg_tape *tape, const zkg_comm *comm,
                      const zkg_srs *srs, zkg_pcs pcs, const zkg_hooks *hooks)
{
    zkg_fr claim, rho[ZKG_MAX_VARS];

    zkg_batch_wire_start(tape, b->power, &claim, b->claims, b->count);
    ZKG_TRY(fold_share(b, zkg_comm_rank(comm), zkg_comm_size(comm)));
    ZKG_TRY(run_rounds(b, tape, comm, &claim, rho));
    ZKG_TRY(zkg_comm_sum_fr(comm, &b->tail, 1));
    if (zkg_hooks_cheat(hooks))
        claim = b->tail;
    if (!zkg_fr_equal(&b->tail, &claim))
        return ZKG_ERR_WITNESS;
    ZKG_TRY(make_g(b, rho));
    ZKG_TRY(zkg_comm_sum_fr(comm, b->g, (size_t)1 << b->k));
    return (pcs == ZKG_PCS_HYPERKZG ? zkg_hyperkzg_open : zkg_mercury_open)(
        tape, comm, b->backend, srs, b->k, b->g, rho, &claim, hooks);
}

zkg_status zkg_batch_open(zkg_tape *tape, const zkg_comm *comm,
                          const zkg_backend *backend, const zkg_srs *srs,
                          zkg_pcs pcs, uint32_t k, const zkg_open_claim *claims,
                          size_t count, const zkg_hooks *hooks)
{
    batch b;
    zkg_status s;

    if (count == 0)
        return ZKG_OK;
    if (k > srs->power || !zkg_batch_shapes_fit(claims, count, k))
        return ZKG_ERR_INVALID;
    memset(&b, 0, sizeof(b));
    s = batch_init(&b, backend, claims, count, k);
    if (s == ZKG_OK)
        s = run(&b, tape, comm, srs, pcs, hooks);
    batch_clear(&b);
    return s;
}
