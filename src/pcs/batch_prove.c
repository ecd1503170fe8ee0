/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prover's side of the batch opening.
 *
 * All is linear in the F_j: a rank may fold any chunks of any claim, and the
 * ranks' sums add up.  Claims at one point are one part, whose vector is
 * sum_j gamma^j F_j.  A part lives on one rank alone, which the slices of
 * sumcheck/prove.h do not know, so the rounds are driven here.
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
enum { ROUND_COST = 64, SUM_COST = 10, NEAR_CLAIMS = 8 };

/* Claims at one point, as far as this rank folds them. */
typedef struct part {
    uint32_t vars;
    const zkg_fr *point;
    zkg_fr *vector;      /* 2^vars: sum of gamma^j F_j */
    zkg_table tables[2]; /* vector, eq(point): used up by the rounds */
} part;

typedef struct batch {
    const zkg_backend *backend;
    const zkg_open_claim *claims;
    size_t count;
    uint32_t k;
    zkg_fr *power; /* gamma^j */
    part *parts;   /* room for count */
    size_t part_count;
    zkg_fr tail; /* parts that have no variable left, sum of products */
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
    b->g = zkg_alloc_aligned((size_t)1 << k, sizeof(*b->g));
    return b->power != NULL && b->parts != NULL && b->g != NULL ? ZKG_OK
                                                                : ZKG_ERR_NOMEM;
}

static void batch_clear(batch *b)
{
    for (size_t i = 0; i < b->part_count; i++) {
        zkg_free(b->parts[i].vector);
        zkg_table_clear(b->backend, &b->parts[i].tables[0]);
        zkg_table_clear(b->backend, &b->parts[i].tables[1]);
    }
    zkg_free(b->power);
    zkg_free(b->parts);
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

static zkg_status make_tables(batch *b)
{
    for (size_t i = 0; i < b->part_count; i++) {
        part *p = &b->parts[i];

        ZKG_TRY(zkg_table_from_fr(b->backend, &p->tables[0], p->vars, p->vector,
                                  (size_t)1 << p->vars));
        ZKG_TRY(zkg_table_new(b->backend, &p->tables[1], p->vars));
        ZKG_TRY(b->backend->table_eq(&p->tables[1], p->point, NULL));
    }
    return ZKG_OK;
}

/* A part without variables left is one product. */
static zkg_status retire(batch *b, part *p)
{
    zkg_fr x, y;

    ZKG_TRY(zkg_table_scalar(b->backend, &x, &p->tables[0]));
    ZKG_TRY(zkg_table_scalar(b->backend, &y, &p->tables[1]));
    zkg_fr_mul(&x, &x, &y);
    zkg_fr_add(&b->tail, &b->tail, &x);
    return ZKG_OK;
}

/* Bind x_{t-1} of one part by *bound (t >= 1), and add to sums = p(0), p(2) of
 * x_t.  A part that ends here moves to the tail instead. */
static zkg_status part_round(batch *b, part *p, uint32_t t, const zkg_fr *bound,
                             zkg_fr sums[2])
{
    const zkg_weights ones = {0};
    zkg_sums s = {.want_at0 = true};
    zkg_fr two;

    if (t > p->vars)
        return ZKG_OK;
    if (t == p->vars) {
        if (t > 0) {
            ZKG_TRY(b->backend->table_fold(&p->tables[0], bound));
            ZKG_TRY(b->backend->table_fold(&p->tables[1], bound));
        }
        return retire(b, p);
    }
    if (t == 0)
        ZKG_TRY(b->backend->part_sums(&s, ZKG_FORM_PRODUCT, p->tables, &ones));
    else
        ZKG_TRY(b->backend->part_fold_sums(&s, ZKG_FORM_PRODUCT, p->tables,
                                           bound, &ones));
    zkg_fr_add(&sums[0], &sums[0], &s.at0);
    /* p(2) = 2 p(1) - p(0) + 2 c2 */
    zkg_fr_add(&two, &s.at1, &s.c2);
    zkg_fr_double(&two, &two);
    zkg_fr_sub(&two, &two, &s.at0);
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
    ZKG_TRY(make_tables(b));
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
