/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prover's side of the batch opening.
 *
 * Claims at one point are one part, whose vector is sum_j gamma^j F_j.  Where
 * there are several ranks a vector is cut at its highest variables into 2^m
 * slices, dealt out as sumcheck/slices.h deals its own; a rank folds the
 * columns of its slices, of all chunks of all claims, so that neither folds nor
 * rounds are done twice.  A vector that is not worth it is one rank's, whole:
 * these are dealt out by what they cost.  Slices are not gathered: what one
 * value each is left of them is worth little work.
 *
 * With x_0 .. x_{t-1} bound to rho, what a part adds to round t is
 *
 *     p(X) = c eq(z_t, X) ((1 - X) q_0 + X q_1),   c = eq(z_{<t}, rho),
 *     q_b = sum_y eq(z_{>t}, y) F(rho, b, y):
 *
 * F is read twice.  What the first m rounds need of it is
 *
 *     S(x) = sum_y eq(z_{>=m}, y) F(x, y),   x of m variables,
 *
 * made as soon as F is, and then V(y) = F(rho_{<m}, y); the rounds fold these.
 * Slice s, of the variables from n' on, is F where these are s_0, s_1, ..: in S
 * it is by eq(z_{>=n'}, s), and in both sums of a round t < n' likewise; then
 * its one value v is in q_b alone, for b the bit of s that is x_t, as
 * eq(rho_{n'..t-1}, s_..) eq(z_{>t}, s_..) v. */
#include "pcs/batch.h"

#include <string.h>

#include "base/mem.h"
#include "pcs/hyperkzg.h"
#include "pcs/kzg.h"
#include "pcs/mercury.h"
#include "poly/eq.h"
#include "sumcheck/slices.h"

enum {
    SUM_VARS = 9,   /* of S, whose rows and weights stay in L1 */
    LEAST_VARS = 4, /* inside a slice */
    ROWS = 64,      /* of one call of int_fold */
    PAD = 8,        /* entries between vectors: their beginnings are not all in
                       one set of a cache */
    NEAR_PARTS = 8, /* claims of one child are near each other */
    /* What the rounds of an entry take, and what a part takes on each rank that
     * has some of it, in cells folded. */
    ROUND_CELLS = 16,
    PART_CELLS = 1 << 16
};

/* Claims at one point, and this rank's share of their sum: `count` slices from
 * `first` on, or 0 and 1 of a vector that it has whole. */
typedef struct part {
    uint32_t vars;
    uint32_t inner; /* n', inside a slice; vars of a whole vector */
    uint32_t sum;   /* m, of S: the lowest of inner */
    uint32_t first, count;
    size_t last; /* claim */
    const zkg_fr *point;
    zkg_fr *vector; /* count << inner: F, sum of gamma^j F_j */
    zkg_fr *left;   /* what rounds left of S, then of V */
    zkg_fr bound;   /* c */
} part;

typedef struct batch {
    const zkg_backend *backend;
    const zkg_open_claim *claims;
    size_t count;
    uint32_t k;
    uint32_t rank, size;
    uint32_t slice_bits, first, slices; /* this rank's of 2^slice_bits */
    uint64_t dealt;                     /* cells of whole parts so far */
    zkg_fr *power;                      /* gamma^j */
    part *parts;                        /* room for count */
    size_t part_count;
    uint32_t *part_of; /* of each claim, by order of their first */
    zkg_fr *room;      /* the parts' vectors */
    zkg_fr tail;       /* parts that have no variable left, sum of products */
    zkg_fr *eq;        /* of this part's point, of S's rows or a round's */
    zkg_fr *bound;     /* eq of rho_{<t}, t = bound_vars, of all parts */
    uint32_t bound_vars;
    const void *row[ROWS];
    zkg_fr weight[ROWS];
    zkg_fr *g;
} batch;

static uint32_t low_vars(const zkg_open_claim *c, uint32_t k)
{
    return c->vars < k ? c->vars : k;
}

static zkg_status batch_init(batch *b, const zkg_comm *comm,
                             const zkg_backend *backend,
                             const zkg_open_claim *claims, size_t count,
                             uint32_t k)
{
    const uint32_t most = k > LEAST_VARS ? k - LEAST_VARS : 0;
    uint32_t vars = k > 2 * SUM_VARS ? k - SUM_VARS : SUM_VARS;

    b->rank = zkg_comm_rank(comm);
    b->size = zkg_comm_size(comm);
    b->slice_bits = zkg_slices_even(b->size);
    b->slice_bits = b->slice_bits < most ? b->slice_bits : most;
    zkg_slices_of(&b->first, &b->slices, b->slice_bits, b->rank, b->size);
    b->backend = backend;
    b->claims = claims;
    b->count = count;
    b->k = k;
    b->power = zkg_alloc(count, sizeof(*b->power));
    b->parts = zkg_alloc(count, sizeof(*b->parts));
    b->part_of = zkg_alloc(count, sizeof(*b->part_of));
    vars = b->slice_bits > vars ? b->slice_bits : vars;
    b->eq = zkg_alloc_raw((size_t)1 << vars, sizeof(*b->eq));
    b->bound = zkg_alloc_raw((size_t)1 << SUM_VARS, sizeof(*b->bound));
    b->g = zkg_alloc_aligned((size_t)1 << k, sizeof(*b->g));
    return b->power != NULL && b->parts != NULL && b->part_of != NULL &&
                   b->eq != NULL && b->bound != NULL && b->g != NULL
               ? ZKG_OK
               : ZKG_ERR_NOMEM;
}

static void batch_clear(batch *b)
{
    zkg_free(b->room);
    zkg_free(b->part_of);
    zkg_free(b->power);
    zkg_free(b->parts);
    zkg_free(b->eq);
    zkg_free(b->bound);
    zkg_free(b->g);
}

/* What of a new part is this rank's: its slices, or all of it, or nothing. */
static void take_share(part *p, batch *b, uint64_t chunks)
{
    const uint64_t cells = (ROUND_CELLS + chunks) << p->vars;

    if (b->slice_bits > 0 && p->vars >= b->slice_bits + LEAST_VARS &&
        cells >> b->slice_bits >= PART_CELLS) {
        p->inner = p->vars - b->slice_bits;
        p->first = b->first;
        p->count = b->slices;
    } else {
        p->inner = p->vars;
        p->count = b->dealt / PART_CELLS % b->size == b->rank;
        b->dealt += PART_CELLS + cells;
    }
    p->sum = p->inner < SUM_VARS ? p->inner : SUM_VARS;
}

/* The part at a claim's point; a new one when none of the last has it. */
static part *find_part(batch *b, const zkg_open_claim *c)
{
    const uint32_t vars = low_vars(c, b->k);
    part *p = b->parts + b->part_count;

    for (size_t i = 0; i < NEAR_PARTS && i < b->part_count; i++) {
        part *old = p - 1 - i;

        if (old->vars == vars &&
            (vars == 0 ||
             memcmp(old->point, c->point, vars * sizeof(zkg_fr)) == 0))
            return old;
    }
    p->vars = vars;
    p->point = c->point;
    p->bound = zkg_fr_one;
    take_share(p, b, c->chunks);
    b->part_count++;
    return p;
}

static size_t part_len(const part *p)
{
    return (size_t)p->count << p->inner;
}

/* Entries of S or V, whichever has more. */
static size_t left_len(const part *p)
{
    const size_t sum = (size_t)1 << p->sum;
    const size_t bound = part_len(p) >> p->sum;

    return p->count == 0 ? 0 : sum > bound ? sum : bound;
}

/* A vector and what is left of it, a multiple of 64 bytes. */
static size_t room_len(const part *p)
{
    return (part_len(p) + left_len(p) + 1) / 2 * 2 + PAD;
}

/* All parts, and room for their vectors and what is left of them: in one piece,
 * which has huge pages. */
static zkg_status make_parts(batch *b)
{
    size_t all = 0;

    for (size_t j = 0; j < b->count; j++) {
        part *p = find_part(b, &b->claims[j]);

        p->last = j;
        b->part_of[j] = (uint32_t)(p - b->parts);
    }
    for (size_t i = 0; i < b->part_count; i++)
        all += room_len(&b->parts[i]);
    b->room = zkg_alloc_raw(all, sizeof(*b->room));
    if (b->room == NULL)
        return ZKG_ERR_NOMEM;
    all = 0;
    for (size_t i = 0; i < b->part_count; i++) {
        part *p = &b->parts[i];

        p->vector = b->room + all;
        p->left = p->vector + part_len(p);
        all += room_len(p);
    }
    return ZKG_OK;
}

/* S of a vector: its rows of 2^m entries, by the weights of the others. */
static zkg_status make_sum(batch *b, part *p)
{
    const uint32_t m = p->sum, rest = p->inner - m;
    const size_t rows = part_len(p) >> m;
    const zkg_fr *weight = b->eq + ((size_t)p->first << rest);

    memset(p->left, 0, sizeof(zkg_fr) << m);
    ZKG_TRY(b->backend->eq_expand(b->eq, p->point + m, p->vars - m, NULL));
    for (size_t r = 0; r < rows; r += ROWS) {
        const size_t some = rows - r < ROWS ? rows - r : ROWS;

        for (size_t i = 0; i < some; i++)
            b->row[i] = p->vector + ((r + i) << m);
        ZKG_TRY(b->backend->int_fold(p->left, weight + r, b->row, some, ZKG_FR,
                                     (size_t)1 << m));
    }
    return ZKG_OK;
}

/* V of a vector, when all of S is bound to rho. */
static zkg_status make_bound(batch *b, const part *p, const zkg_fr *rho)
{
    const uint32_t m = p->sum;
    const size_t rows = part_len(p) >> m;

    if (b->bound_vars != m)
        ZKG_TRY(b->backend->eq_expand(b->bound, rho, m, NULL));
    b->bound_vars = m;
    for (size_t r = 0; r < rows; r++)
        ZKG_TRY(b->backend->fr_dot(&p->left[r], b->bound, p->vector + (r << m),
                                   (size_t)1 << m));
    return ZKG_OK;
}

/* Fold this rank's columns of all claims into parts. */
static zkg_status fold_share(batch *b)
{
    size_t begun = 0;

    ZKG_TRY(make_parts(b));
    for (size_t j = 0; j < b->count; j++) {
        const zkg_open_claim *c = &b->claims[j];
        part *p = &b->parts[b->part_of[j]];

        /* just before its first use, so that it stays in the cache */
        if (b->part_of[j] == begun) {
            memset(p->vector, 0, part_len(p) * sizeof(zkg_fr));
            begun++;
        }
        if (p->count == 0)
            continue;
        ZKG_TRY(zkg_kzg_fold_add(p->vector, b->backend, c->array, b->k,
                                 c->point, (uint64_t)p->first << p->inner,
                                 part_len(p), &b->power[j]));
        if (p->last == j)
            ZKG_TRY(make_sum(b, p));
    }
    return ZKG_OK;
}

/* Bind x_{t-1}, t >= 1. */
static zkg_status part_bind(batch *b, part *p, uint32_t t, const zkg_fr *rho)
{
    const zkg_fr *r = &rho[t - 1];
    size_t len = 0;
    zkg_fr eq;

    zkg_eq_eval(&eq, &p->point[t - 1], r, 1);
    zkg_fr_mul(&p->bound, &p->bound, &eq);
    if (t == p->sum)
        return make_bound(b, p, rho);
    if (t < p->sum)
        len = (size_t)1 << (p->sum - t);
    else if (t <= p->inner)
        len = (size_t)p->count << (p->inner - t);
    return len == 0 ? ZKG_OK : b->backend->poly_fold(p->left, p->left, r, len);
}

/* c times what slice s counts for, m <= t, but for x_t: eq of its bits, with
 * rho below t and the point above. */
static void slice_weight(zkg_fr *w, const part *p, uint32_t s, uint32_t t,
                         const zkg_fr *rho)
{
    const uint32_t bits = p->vars - p->inner;
    const uint32_t bound = t > p->inner ? t - p->inner : 0;
    const uint32_t behind = t < p->inner ? 0 : bound + 1;
    zkg_fr eq;

    *w = p->bound;
    if (bound > 0) {
        zkg_eq_at(&eq, rho + p->inner, bound, s & ((1u << bound) - 1));
        zkg_fr_mul(w, w, &eq);
    }
    if (behind < bits) {
        zkg_eq_at(&eq, p->point + p->inner + behind, bits - behind,
                  s >> behind);
        zkg_fr_mul(w, w, &eq);
    }
}

/* What entries of the variables from t to `end` add to q_0 and q_1, their
 * weight being w. */
static zkg_status add_sums(zkg_fr q[2], batch *b, const part *p,
                           const zkg_fr *entry, uint32_t t, uint32_t end,
                           const zkg_fr *w)
{
    const uint32_t rest = end - t - 1;
    zkg_fr s[2];

    ZKG_TRY(b->backend->eq_expand(b->eq, p->point + t + 1, rest, w));
    ZKG_TRY(b->backend->fr_dot_pairs(s, b->eq, entry, (size_t)1 << rest));
    zkg_fr_add(&q[0], &q[0], &s[0]);
    zkg_fr_add(&q[1], &q[1], &s[1]);
    return ZKG_OK;
}

/* q_0 and q_1 of round t, times c. */
static zkg_status part_sums(zkg_fr q[2], batch *b, const part *p, uint32_t t,
                            const zkg_fr *rho)
{
    q[0] = q[1] = zkg_fr_zero;
    if (t < p->sum)
        return add_sums(q, b, p, p->left, t, p->sum, &p->bound);
    for (uint32_t i = 0; i < p->count; i++) {
        const uint32_t s = p->first + i;
        zkg_fr w;

        slice_weight(&w, p, s, t, rho);
        if (t < p->inner) {
            ZKG_TRY(add_sums(q, b, p, p->left + ((size_t)i << (p->inner - t)),
                             t, p->inner, &w));
        } else {
            zkg_fr *to = &q[s >> (t - p->inner) & 1];

            zkg_fr_mul(&w, &w, &p->left[i]);
            zkg_fr_add(to, to, &w);
        }
    }
    return ZKG_OK;
}

/* A part that ends moves to the tail. */
static void part_end(batch *b, const part *p, const zkg_fr *rho)
{
    zkg_fr w;

    for (uint32_t i = 0; i < p->count; i++) {
        slice_weight(&w, p, p->first + i, p->vars, rho);
        zkg_fr_mul(&w, &w, &p->left[i]);
        zkg_fr_add(&b->tail, &b->tail, &w);
    }
}

/* Bind x_{t-1} of one part (t >= 1), and add to sums = p(0), p(2) of x_t; at
 * its end, to the tail. */
static zkg_status part_round(batch *b, part *p, uint32_t t, const zkg_fr *rho,
                             zkg_fr sums[2])
{
    zkg_fr two, eq, q[2];

    if (t > p->vars || p->count == 0)
        return ZKG_OK;
    if (t > 0)
        ZKG_TRY(part_bind(b, p, t, rho));
    if (t == p->vars) {
        part_end(b, p, rho);
        return ZKG_OK;
    }
    ZKG_TRY(part_sums(q, b, p, t, rho));
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
            ZKG_TRY(part_round(b, &b->parts[i], t, rho, sums));
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

/* Whether two parts have the same columns. */
static bool are_alike(const part *p, const part *q)
{
    return p->first == q->first && p->count == q->count && p->inner == q->inner;
}

/* g = sum over the parts of eq(point, rho) vector, extended by zeros: those of
 * the same columns as part `from`, which none before it has. */
static zkg_status add_alike(batch *b, size_t from, const zkg_fr *rho)
{
    const part *p = &b->parts[from];
    zkg_fr *to = b->g + ((size_t)p->first << p->inner);
    size_t rows = 0;

    for (size_t i = from; i < b->part_count; i++) {
        const part *q = &b->parts[i];
        const zkg_open_claim at = {.vars = q->vars, .point = q->point};

        if (!are_alike(p, q))
            continue;
        if (rows == ROWS) {
            ZKG_TRY(b->backend->int_fold(to, b->weight, b->row, rows, ZKG_FR,
                                         part_len(p)));
            rows = 0;
        }
        zkg_batch_weight(&b->weight[rows], &zkg_fr_one, &at, rho, b->k);
        b->row[rows++] = q->vector;
    }
    return b->backend->int_fold(to, b->weight, b->row, rows, ZKG_FR,
                                part_len(p));
}

static zkg_status make_g(batch *b, const zkg_fr *rho)
{
    for (size_t i = 0; i < b->part_count; i++) {
        size_t before = 0;

        while (before < i && !are_alike(&b->parts[before], &b->parts[i]))
            before++;
        if (before == i && b->parts[i].count > 0)
            ZKG_TRY(add_alike(b, i, rho));
    }
    return ZKG_OK;
}

static zkg_status run(batch *b, zkg_tape *tape, const zkg_comm *comm,
                      const zkg_srs *srs, zkg_pcs pcs, const zkg_hooks *hooks)
{
    zkg_fr claim, rho[ZKG_MAX_VARS];

    zkg_batch_wire_start(tape, b->power, &claim, b->claims, b->count);
    ZKG_TRY(fold_share(b));
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
    s = batch_init(&b, comm, backend, claims, count, k);
    if (s == ZKG_OK)
        s = run(&b, tape, comm, srs, pcs, hooks);
    batch_clear(&b);
    return s;
}
