/* SPDX-License-Identifier: Apache-2.0
 * Sums of a sumcheck's round, eight pairs at a time: the two ends of eight
 * pairs are two neighbouring groups (lanes.h).
 *
 * Ends are below 2 p, their differences v8_diff below 4 p; a product is below
 * 16 p^2 < 2^511.3, and ACC8_PRODUCTS = 2^7 of them below 2^518.3.  Reduced by
 * 2^260 they are below 2^258.4, and times a weight's limbs, below p, 2^512;
 * 2^7 of these below 2^519.  So no acc8 overflows 2^520 nor any limb 2^64.
 */
#include "backend/ifma_weights.h"
#include "base/mem.h"

/* A function that stays one: where several of these loops share one, their
 * constants and sums spill. */
#define ALONE __attribute__((noinline))

/* What is summed: S(1), and S's coefficients of X^2 and X^3, and S(0). */
enum { AT1, C2, C3, AT0, SUMS };

/* A sum of runs.  run: products of the run at hand; outer: runs times their
 * weights; total: what outer was before. */
typedef struct long_sum {
    acc8 run[SUMS], outer[SUMS];
    uint32_t run_held, outer_held; /* products in an acc8, <= ACC8_PRODUCTS */
    bool used[SUMS];
    zkg_fr total[SUMS];
    v8 scale; /* cancels the factors 2^-4 of all reductions on the way */
} long_sum;

static void long_init(long_sum *s, bool cubic, bool want_at0,
                      uint32_t reductions)
{
    zkg_fr scale = zkg_fr_one;

    for (uint32_t i = 0; i < 4 * reductions; i++)
        zkg_fr_double(&scale, &scale);
    for (int k = 0; k < SUMS; k++) {
        acc8_zero(&s->run[k]);
        acc8_zero(&s->outer[k]);
        s->total[k] = zkg_fr_zero;
        s->used[k] = k < C3 || (k == C3 ? cubic : want_at0);
    }
    s->run_held = s->outer_held = 0;
    s->scale = v8_of(&scale);
}

/* outer's lanes into total */
static void long_drain(long_sum *s)
{
    for (int k = 0; k < SUMS; k++) {
        zkg_fr lane[8];
        v8 v;

        if (!s->used[k])
            continue;
        acc8_carry(&s->outer[k]);
        v = acc8_reduce(s->outer[k]);
        v8_store(lane, v8_canonical(v8_mul_raw(&v, &s->scale)));
        for (int i = 0; i < 8; i++)
            zkg_fr_add(&s->total[k], &s->total[k], &lane[i]);
        acc8_zero(&s->outer[k]);
    }
    s->outer_held = 0;
}

/* The run, times the weights of its lanes, into outer. */
static void long_end_run(long_sum *s, const v8 *weight)
{
    if (s->run_held == 0)
        return;
    if (s->outer_held == ACC8_PRODUCTS)
        long_drain(s);
    for (int k = 0; k < SUMS; k++) {
        v8 v;

        if (!s->used[k])
            continue;
        acc8_carry(&s->run[k]);
        v = acc8_reduce(s->run[k]);
        acc8_mac(&s->outer[k], &v, weight);
        acc8_zero(&s->run[k]);
    }
    s->run_held = 0;
    s->outer_held++;
}

/* Ends of eight pairs in each table; closed. */
typedef struct ends8 {
    v8 lo[4], hi[4];
} ends8;

/* Read pairs of groups: 2 i and 2 i + 1, which are folded first by r, in place,
 * from the four groups that begin at 4 i. */
V8_INLINE void read8(v8 *lo, v8 *hi, const zkg_table *t, size_t i,
                     uint32_t vars, const mulc8 *r)
{
    const __m512i *const w = lane_at(t, (2 * i) << vars);
    v8 a, b;

    lane_fetch(w, (size_t)2 << vars);
    if (vars == 0) {
        *lo = lane_read(w);
        *hi = lane_read(w + 4);
        return;
    }
    a = lane_fold(w, r);
    b = lane_fold(w + 8, r);
    lane_write(lane_at(t, 2 * i), a);
    lane_write(lane_at(t, 2 * i + 1), b);
    *lo = v8_close(a);
    *hi = v8_close(b);
}

/* A product of two tables, eight pairs: one product a sum. */
V8_INLINE void terms_product(acc8 *s, const v8 *a0, const v8 *a1, const v8 *b0,
                             const v8 *b1, bool want_at0)
{
    const v8 da = v8_diff(*a1, *a0), db = v8_diff(*b1, *b0);

    acc8_mac(&s[AT1], a1, b1);
    acc8_mac(&s[C2], &da, &db);
    if (want_at0)
        acc8_mac(&s[AT0], a0, b0);
}

/* A product of three, two products a sum.  The first two tables' product is
 * x0 + c1 X + c X^2, with x0, x1 < 1.1 p and c < 1.3 p after reduction. */
V8_INLINE void terms_three(acc8 *s, const ends8 *e, bool want_at0)
{
    const v8 da = v8_diff(e->hi[0], e->lo[0]), db = v8_diff(e->hi[1], e->lo[1]);
    const v8 di = v8_diff(e->hi[2], e->lo[2]);
    const v8 x0 = v8_carry(v8_mul_raw(&e->lo[0], &e->lo[1]));
    const v8 x1 = v8_carry(v8_mul_raw(&e->hi[0], &e->hi[1]));
    const v8 c = v8_carry(v8_mul_raw(&da, &db));
    v8 c1;

    /* x1 - x0 - c + 3 p is positive */
    for (int k = 0; k < 5; k++) {
        c1.l[k] = _mm512_sub_epi64(x1.l[k], x0.l[k]);
        c1.l[k] = _mm512_sub_epi64(c1.l[k], c.l[k]);
        c1.l[k] = _mm512_add_epi64(c1.l[k], v8_p(k, 3));
    }
    c1 = v8_pass(c1);
    acc8_mac(&s[AT1], &x1, &e->hi[2]);
    acc8_mac(&s[C2], &c, &e->lo[2]);
    acc8_mac(&s[C2], &c1, &di);
    acc8_mac(&s[C3], &c, &di);
    if (want_at0)
        acc8_mac(&s[AT0], &x0, &e->lo[2]);
}

/* Summand over `tables` tables, added to s. */
V8_INLINE void terms8(acc8 *s, const ends8 *e, uint32_t tables, bool want_at0)
{
    if (tables == 2) {
        terms_product(s, &e->lo[0], &e->hi[0], &e->lo[1], &e->hi[1], want_at0);
    } else if (tables == 3) {
        terms_three(s, e, want_at0);
    } else {
        terms_product(s, &e->lo[0], &e->hi[0], &e->lo[3], &e->hi[3], want_at0);
        terms_product(s, &e->lo[1], &e->hi[1], &e->lo[2], &e->hi[2], want_at0);
    }
}

/* The tables of a part.  Three: the third is folded already, and repeats with
 * mask3 + 1 groups of pairs. */
typedef struct part8 {
    const zkg_table *t;
    size_t mask3;
    const zkg_table *third;
    uint32_t vars; /* bound before the sums are made: none, or one, by r */
    mulc8 r;
} part8;

V8_INLINE void read_ends(ends8 *e, const part8 *p, uint32_t tables, size_t i,
                         uint32_t vars)
{
    for (uint32_t k = 0; k < (tables == 3 ? 2 : tables); k++)
        read8(&e->lo[k], &e->hi[k], &p->t[k], i, vars, &p->r);
    if (tables == 3)
        read8(&e->lo[2], &e->hi[2], p->third, i & p->mask3, 0, &p->r);
}

/* Groups of pairs from .. to-1 into s->run, with weights w[l][i - from] or 1;
 * full runs are ended with weight. */
V8_INLINE void run8(long_sum *s, const part8 *p, uint32_t tables, uint32_t vars,
                    size_t from, size_t to, const zkg_fr *const *w,
                    const v8 *weight)
{
    const uint32_t held = w == NULL && tables > 2 ? 2 : 1;
    const bool want_at0 = s->used[AT0];

    for (size_t i = from; i < to; i++) {
        ends8 e;

        if (s->run_held + held > ACC8_PRODUCTS)
            long_end_run(s, weight);
        s->run_held += held;
        read_ends(&e, p, tables, i, vars);
        if (w == NULL) {
            terms8(s->run, &e, tables, want_at0);
        } else {
            __m512i words[4];
            acc8 t[SUMS];
            v8 wi;

            for (int k = 0; k < SUMS; k++)
                acc8_zero(&t[k]);
            terms8(t, &e, tables, want_at0);
            v8_gather(words, w, i - from);
            wi = v8_split(words[0], words[1], words[2], words[3]);
            for (int k = 0; k < SUMS; k++) {
                v8 x;

                if ((k == C3 && tables != 3) || (k == AT0 && !want_at0))
                    continue;
                x = v8_pass(acc8_reduce_raw(t[k]));
                acc8_mac(&s->run[k], &x, &wi);
            }
        }
    }
}

/* ---- parts ---- */

/* All pairs, whose groups are `pairs`; k: they lie in blocks of 2^k. */
V8_INLINE void sums8(zkg_sums *out, const part8 *p, uint32_t tables,
                     uint32_t vars, size_t pairs, uint32_t k,
                     const zkg_weights *w)
{
    weights8 b = {.w = w, .mode = mode_of(w, k), .k = k};
    const bool inside = is_inside(b.mode);
    const size_t block = b.mode == WEIGHT_ONE ? pairs : (size_t)1 << (k - 3);
    long_sum s;

    /* of the run, of outer and of the product by scale; of the pair's sum
     * before its weight; of the product of two in that of three */
    long_init(&s, tables == 3, out->want_at0, 3u + inside + (tables == 3));
    b.h = v8_of(&zkg_fr_one);
    for (size_t i = 0; i < pairs; i += block) {
        const uint64_t j = w->first + 8 * i;

        if (b.mode != WEIGHT_ONE) {
            if (!continues(&b, j))
                long_end_run(&s, &b.h);
            weights_block(&b, j);
        }
        if (inside)
            run8(&s, p, tables, vars, i, i + block, b.rows, &b.h);
        else
            run8(&s, p, tables, vars, i, i + block, NULL, &b.h);
    }
    long_end_run(&s, &b.h);
    long_drain(&s);
    out->at1 = s.total[AT1];
    out->c2 = s.total[C2];
    out->c3 = s.total[C3];
    out->at0 = s.total[AT0];
}

/* The same, compiled for so many tables and variables to bind before. */
#define SUMS8(name, tables, vars)                                              \
    ALONE static void name(zkg_sums *out, const part8 *p, size_t pairs,        \
                           uint32_t k, const zkg_weights *w)                   \
    {                                                                          \
        sums8(out, p, tables, vars, pairs, k, w);                              \
    }

SUMS8(product_sums8, 2, 0)
SUMS8(product_fold_sums8, 2, 1)
SUMS8(product3_sums8, 3, 0)
SUMS8(product3_fold_sums8, 3, 1)
SUMS8(fraction_sums8, 4, 0)
SUMS8(fraction_fold_sums8, 4, 1)

static void kind_sums8(zkg_sums *out, zkg_form_kind kind, const part8 *p,
                       size_t pairs, uint32_t k, const zkg_weights *w)
{
    const uint32_t vars = p->vars;

    if (kind == ZKG_FORM_PRODUCT)
        (vars == 0 ? product_sums8 : product_fold_sums8)(out, p, pairs, k, w);
    else if (kind == ZKG_FORM_PRODUCT3)
        (vars == 0 ? product3_sums8 : product3_fold_sums8)(out, p, pairs, k, w);
    else
        (vars == 0 ? fraction_sums8 : fraction_fold_sums8)(out, p, pairs, k, w);
}

/* The first tables of a kind, all of equal length. */
static uint32_t long_tables(zkg_form_kind kind)
{
    return kind == ZKG_FORM_FRACTION ? 4 : 2;
}

/* Whether these have lanes, in blocks of the same length. */
static bool lanes_alike(zkg_form_kind kind, const zkg_table *tables)
{
    for (uint32_t k = 0; k < long_tables(kind); k++) {
        if (lane_is_plain(&tables[k]) ||
            lane_block(&tables[k]) != lane_block(&tables[0]))
            return false;
    }
    return true;
}

/* A copy of t in blocks of 2^k, repeated where t is shorter than one. */
static zkg_status copy_in_blocks(zkg_table *out, const zkg_table *t, uint32_t k)
{
    const uint32_t vars = t->vars > k ? t->vars : k;
    zkg_fr *v = zkg_alloc(lane_len(t), sizeof(*v));
    zkg_status status = v == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    *out = (zkg_table){0};
    if (status == ZKG_OK)
        status = zkg_ifma_table_new(out, vars);
    if (status == ZKG_OK)
        status = zkg_ifma_table_export(v, t, 0, lane_len(t));
    if (status == ZKG_OK) {
        out->layout = k;
        for (uint64_t at = 0; at < lane_len(out); at += lane_len(t))
            zkg_lane_put(out, at, v, 1, lane_len(t));
    }
    zkg_free(v);
    return status;
}

/* Sums over tables in blocks, which are folded by r first, unless it is NULL.
 */
static zkg_status lane_sums(zkg_sums *out, zkg_form_kind kind,
                            const zkg_table *tables, const zkg_fr *r,
                            const zkg_weights *w)
{
    const uint32_t vars = r != NULL;
    const size_t pairs = (size_t)1 << (tables[0].vars - vars - 4);
    const uint32_t k = lane_block(&tables[0]) - vars;
    zkg_table copy = {0};
    part8 p = {.t = tables, .vars = vars};
    zkg_status status = ZKG_OK;

    if (r != NULL)
        mulc8_init(&p.r, r);

    if (kind == ZKG_FORM_PRODUCT3) {
        p.third = &tables[2];
        if (lane_block(&tables[2]) != k) {
            status = copy_in_blocks(&copy, &tables[2], k);
            p.third = &copy;
        } else {
            lane_materialise(&tables[2]);
        }
        if (status == ZKG_OK)
            p.mask3 = lane_groups(p.third) / 2 - 1;
    }
    if (status == ZKG_OK)
        kind_sums8(out, kind, &p, pairs, k - 1, w);
    (void)zkg_ifma_table_clear(&copy);
    return status;
}

/* Plain copies of n tables, to be cleared even after a failure. */
static zkg_status plain_copies(zkg_table *copy, const zkg_table *tables,
                               uint32_t n)
{
    zkg_status status = ZKG_OK;

    for (uint32_t k = 0; k < n && status == ZKG_OK; k++) {
        status = zkg_backend_table_cpu.table_new(&copy[k], tables[k].vars);
        if (status == ZKG_OK)
            status = zkg_ifma_table_export(copy[k].data, &tables[k], 0,
                                           lane_len(&tables[k]));
    }
    return status;
}

/* Sums over plain copies. */
static zkg_status plain_sums(zkg_sums *out, zkg_form_kind kind,
                             const zkg_table *tables, const zkg_weights *w)
{
    const uint32_t arity = zkg_form_arity(kind);
    zkg_table copy[4] = {{0}};
    zkg_status status = plain_copies(copy, tables, arity);

    if (status == ZKG_OK)
        status = zkg_backend_table_cpu.part_sums(out, kind, copy, w);
    for (uint32_t k = 0; k < arity; k++)
        (void)zkg_ifma_table_clear(&copy[k]);
    return status;
}

zkg_status zkg_ifma_part_sums(zkg_sums *out, zkg_form_kind kind,
                              const zkg_table *tables, const zkg_weights *w)
{
    if (kind == ZKG_FORM_FRACTION_ONES)
        return ZKG_ERR_INTERNAL;
    if (lane_is_plain(&tables[0]) && lane_is_plain(&tables[1]))
        return zkg_backend_table_cpu.part_sums(out, kind, tables, w);
    if (!lanes_alike(kind, tables))
        return plain_sums(out, kind, tables, w);
    for (uint32_t k = 0; k < long_tables(kind); k++)
        lane_materialise(&tables[k]);
    return lane_sums(out, kind, tables, NULL, w);
}

/* Tables that have been folded in place by so many variables. */
static void folded(zkg_table *tables, uint32_t count, uint32_t vars)
{
    for (uint32_t k = 0; k < count; k++) {
        tables[k].vars -= vars;
        tables[k].layout -= vars;
        zkg_lane_settle(&tables[k]);
    }
}

zkg_status zkg_ifma_part_fold_sums(zkg_sums *out, zkg_form_kind kind,
                                   zkg_table *tables, const zkg_fr *r,
                                   const zkg_weights *w)
{
    const uint32_t count = long_tables(kind);

    if (kind == ZKG_FORM_FRACTION_ONES)
        return ZKG_ERR_INTERNAL;
    if (kind == ZKG_FORM_PRODUCT3)
        ZKG_TRY(zkg_ifma_table_fold(&tables[2], r));
    if (lane_block(&tables[0]) < 5 || !lanes_alike(kind, tables)) {
        for (uint32_t k = 0; k < count; k++)
            ZKG_TRY(zkg_ifma_table_fold(&tables[k], r));
        return zkg_ifma_part_sums(out, kind, tables, w);
    }
    for (uint32_t k = 0; k < count; k++)
        lane_open(&tables[k]);
    ZKG_TRY(lane_sums(out, kind, tables, r, w));
    folded(tables, count, 1);
    return ZKG_OK;
}

/* ---- quads ---- */

/* Quads that are summed before they are reduced.  Of entries below 2 p the
 * differences v_xy are below 8 p, their products below 2^513.2, and 2^6 of them
 * below 2^519.2.  Reduced they are below 2^259.3, times a weight below 2^512.9,
 * and 2^7 of these below 2^519.9. */
#define QUAD_RUN 64

/* A table's groups at x + 2 y, and its differences, not lifted. */
typedef struct quad8 {
    v8 at[4], dy[2];
} quad8;

/* Of tables of so many variables, without weights, folds are written past the
 * caches: memory and not arithmetic is what they wait for. */
#define FAR_VARS 22

/* How quads are read. */
typedef struct quad_way {
    bool far;   /* lane_write_far() */
    mulc8 r[3]; /* what binds two variables first, as lane_fold_2 does */
} quad_way;

static quad_way way_of(const zkg_table *tables, const zkg_weights *w)
{
    return (quad_way){.far = tables[0].vars >= FAR_VARS && w->lo == NULL};
}

/* Group i of a table that is folded in place. */
V8_INLINE v8 fold_group(const zkg_table *t, size_t i, const quad_way *way)
{
    const __m512i *from = lane_at(t, 4 * i);
    v8 a;

    lane_fetch(from, 4);
    a = lane_fold_2(from, way->r);
    if (way->far)
        lane_write_far(lane_at(t, i), a);
    else
        lane_write(lane_at(t, i), a);
    return v8_close(a);
}

/* Quad i of both tables; fold: folded first; w not NULL: the second times the
 * weights there.  Group by group in turns: of four of one table in a row the
 * last are not there yet. */
V8_INLINE void read_quads(quad8 q[2], const zkg_table *t, size_t i,
                          const quad_way *way, bool fold, const v8 *w)
{
    for (size_t v = 0; v < 4; v++) {
        for (int k = 0; k < 2; k++)
            q[k].at[v] = fold ? fold_group(&t[k], 4 * i + v, way)
                              : lane_read(lane_at(&t[k], 4 * i + v));
    }
    for (size_t v = 0; v < 4 && w != NULL; v++)
        q[1].at[v] = v8_carry(v8_mul_raw(&q[1].at[v], w));
    for (int k = 0; k < 2; k++) {
        for (int x = 0; x < 2; x++)
            q[k].dy[x] = v8_sub_raw(q[k].at[2 + x], q[k].at[x]);
    }
}

/* The product's coefficient of Y^2 at X = 0 and 1, and of X^2 Y^2. */
V8_INLINE void terms_of_y2(acc8 *s, const quad8 *a, const quad8 *b)
{
    const v8 a0 = v8_lift(a->dy[0], 2), b0 = v8_lift(b->dy[0], 2);
    const v8 a1 = v8_lift(a->dy[1], 2), b1 = v8_lift(b->dy[1], 2);
    const v8 da = v8_lift(v8_sub_raw(a->dy[1], a->dy[0]), 4);
    const v8 db = v8_lift(v8_sub_raw(b->dy[1], b->dy[0]), 4);

    acc8_mac(&s[AT0], &a0, &b0);
    acc8_mac(&s[AT1], &a1, &b1);
    acc8_mac(&s[C2], &da, &db);
}

/* Before groups of both tables are read far behind group i, unless folds have
 * fetched them.  A group between products: a quad's four at once take all that
 * holds lines on their way, and what is read next waits. */
V8_INLINE void fetch_between(const zkg_table *t, size_t i, bool fold)
{
    for (int k = 0; k < 2 && !fold; k++)
        lane_fetch(lane_at(&t[k], i), 1);
}

/* Groups of quads from .. to-1, as run8 takes those of pairs. */
V8_INLINE void quad_run8(long_sum s[ZKG_QUAD_SUMS], const zkg_table *t,
                         size_t from, size_t to, const quad_way *way, bool fold,
                         const zkg_fr *const *w, const v8 *weight)
{
    for (size_t i = from; i < to; i++) {
        quad8 q[2];
        const quad8 *a = &q[0], *b = &q[1];
        v8 wi;

        for (int k = 0; k < ZKG_QUAD_SUMS; k++) {
            if (s[k].run_held == QUAD_RUN)
                long_end_run(&s[k], weight);
            s[k].run_held++;
        }
        if (w != NULL) {
            __m512i words[4];

            v8_gather(words, w, i - from);
            wi = v8_split(words[0], words[1], words[2], words[3]);
        }
        read_quads(q, t, i, way, fold, w != NULL ? &wi : NULL);
        fetch_between(t, 4 * i, fold);
        terms_product(s[0].run, &a->at[0], &a->at[1], &b->at[0], &b->at[1],
                      false);
        fetch_between(t, 4 * i + 1, fold);
        terms_product(s[1].run, &a->at[2], &a->at[3], &b->at[2], &b->at[3],
                      true);
        fetch_between(t, 4 * i + 2, fold);
        terms_of_y2(s[2].run, a, b);
        fetch_between(t, 4 * i + 3, fold);
    }
}

/* All quads; their groups are `quads`; k: they lie in blocks of 2^k; inside:
 * is_inside() of their weights. */
V8_INLINE void quads8(zkg_sums *out, const zkg_table *t, size_t quads,
                      uint32_t k, const quad_way *way, const zkg_weights *w,
                      bool fold, bool inside)
{
    weights8 b = {.w = w, .mode = mode_of(w, k), .k = k};
    const size_t block = b.mode == WEIGHT_ONE ? quads : (size_t)1 << (k - 3);
    long_sum s[ZKG_QUAD_SUMS];

    /* of the run, of outer and of the product by scale; of the weighted */
    for (int n = 0; n < ZKG_QUAD_SUMS; n++)
        long_init(&s[n], false, n > 0, 3u + inside);
    b.h = v8_of(&zkg_fr_one);
    for (size_t i = 0; i < quads; i += block) {
        const uint64_t j = w->first + 8 * i;

        if (b.mode != WEIGHT_ONE) {
            for (int n = 0; n < ZKG_QUAD_SUMS && !continues(&b, j); n++)
                long_end_run(&s[n], &b.h);
            weights_block(&b, j);
        }
        if (inside)
            quad_run8(s, t, i, i + block, way, fold, b.rows, &b.h);
        else
            quad_run8(s, t, i, i + block, way, fold, NULL, &b.h);
    }
    for (int n = 0; n < ZKG_QUAD_SUMS; n++) {
        long_end_run(&s[n], &b.h);
        long_drain(&s[n]);
        out[n] = (zkg_sums){n > 0, s[n].total[AT0], s[n].total[AT1],
                            s[n].total[C2], s[n].total[C3]};
    }
}

/* Compiled for folds and none, weights pair by pair and others. */
#define QUADS8(name, fold, inside)                                             \
    ALONE static void name(zkg_sums *out, const zkg_table *t, size_t quads,    \
                           uint32_t k, const quad_way *way,                    \
                           const zkg_weights *w)                               \
    {                                                                          \
        quads8(out, t, quads, k, way, w, fold, inside);                        \
    }

QUADS8(quads8_plain, false, false)
QUADS8(quads8_weighted, false, true)
QUADS8(quads8_fold_plain, true, false)
QUADS8(quads8_fold_weighted, true, true)

/* Sums over quads in blocks. */
static void lane_quads(zkg_sums *out, const zkg_table *tables,
                       const quad_way *way, bool fold, const zkg_weights *w)
{
    const uint32_t vars = fold ? 4 : 2;
    const uint32_t k = lane_block(&tables[0]) - vars;
    const size_t quads = (size_t)1 << (tables[0].vars - vars - 3);

    if (is_inside(mode_of(w, k)))
        (fold ? quads8_fold_weighted : quads8_weighted)(out, tables, quads, k,
                                                        way, w);
    else
        (fold ? quads8_fold_plain : quads8_plain)(out, tables, quads, k, way,
                                                  w);
}

zkg_status zkg_ifma_quad_sums(zkg_sums *out, const zkg_table *tables,
                              const zkg_weights *w)
{
    const quad_way way = way_of(tables, w);
    zkg_status status = ZKG_OK;
    zkg_table copy[2] = {{0}};

    if (lane_block(&tables[0]) >= 5 && lanes_alike(ZKG_FORM_PRODUCT, tables)) {
        for (uint32_t i = 0; i < 2; i++)
            lane_materialise(&tables[i]);
        lane_quads(out, tables, &way, false, w);
        return ZKG_OK;
    }
    status = plain_copies(copy, tables, 2);
    if (status == ZKG_OK)
        status = zkg_backend_table_cpu.quad_sums(out, copy, w);
    for (uint32_t i = 0; i < 2; i++)
        (void)zkg_ifma_table_clear(&copy[i]);
    return status;
}

zkg_status zkg_ifma_quad_fold_sums(zkg_sums *out, zkg_table *tables,
                                   const zkg_fr *r, const zkg_weights *w)
{
    quad_way way = way_of(tables, w);

    if (lane_block(&tables[0]) < 7 || !lanes_alike(ZKG_FORM_PRODUCT, tables)) {
        for (uint32_t k = 0; k < 4; k++)
            ZKG_TRY(zkg_ifma_table_fold(&tables[k / 2], &r[k % 2]));
        return zkg_ifma_quad_sums(out, tables, w);
    }
    lane_fold_2_init(way.r, r);
    for (uint32_t k = 0; k < 2; k++)
        lane_open(&tables[k]);
    lane_quads(out, tables, &way, true, w);
    if (way.far)
        lane_far_done();
    folded(tables, 2, 2);
    return ZKG_OK;
}
