/* SPDX-License-Identifier: Apache-2.0 */
#include "../soundness/harness.h"
#include "opening_fixture.h"

#include "poly/univariate.h"

enum { ROOM = 2 * SIZE };

/* ---- a slow prover, from the equations, which may cheat ---- */

/* Coefficients; all above are zero. */
typedef struct poly {
    zkg_fr c[ROOM];
} poly;

static void mac(zkg_fr *out, const zkg_fr *a, const zkg_fr *b)
{
    zkg_fr t;

    zkg_fr_mul(&t, a, b);
    zkg_fr_add(out, out, &t);
}

static void poly_at(zkg_fr *out, const poly *p, const zkg_fr *x)
{
    zkg_univariate_eval(out, p->c, ROOM, x);
}

static void poly_add(poly *out, const zkg_fr *scale, const poly *p)
{
    for (size_t i = 0; i < ROOM; i++)
        mac(&out->c[i], scale, &p->c[i]);
}

/* (p - p(x)) / (X - x) */
static void poly_divide(poly *p, const zkg_fr *x)
{
    zkg_univariate_divide_linear(p->c, NULL, p->c, ROOM, x);
    p->c[ROOM - 1] = zkg_fr_zero;
}

/* out[len + j] = coefficient of X^j of p(X) v(1/X) + p(1/X) v(X), by the
 * definition; len covers both. */
static void symmetric(zkg_fr *out, const poly *p, const zkg_fr *v, size_t n,
                      int64_t len)
{
    memset(out, 0, (size_t)(2 * len + 1) * sizeof(*out));
    for (int64_t i = 0; i < len; i++)
        for (int64_t j = 0; j < (int64_t)n; j++) {
            mac(&out[len + i - j], &p->c[i], &v[j]);
            mac(&out[len + j - i], &p->c[i], &v[j]);
        }
}

/* How a false s is shown. h is always changed so that <eq(u_hi), h> = s. */
typedef enum lie {
    NO_LIE,
    WRONG_COLUMN, /* all else is honest, so <eq(u_lo), g'> is not h(alpha) */
    WRONG_ROW,    /* g' changed to fit h: the division does not hold */
    LONG_ROW      /* q too, so that it holds: but deg g' = C */
} lie;

typedef struct slow {
    poly f[ZKG_MERCURY_POLYS], q;
    zkg_fr excess; /* of (1)'s constant term, left less right */
    zkg_mercury_messages m;
} slow;

static void commit(zkg_g1 *out, const opening *o, const poly *p)
{
    zkg_g1j sum;

    zkg_g1j_set_infinity(&sum);
    for (size_t i = 0; i < SIZE; i++) {
        zkg_g1j t;

        zkg_g1j_from_affine(&t, &o->srs->g1[i]);
        zkg_g1j_mul(&t, &t, &p->c[i]);
        zkg_g1j_add(&sum, &sum, &t);
    }
    for (size_t i = SIZE; i < ROOM; i++)
        assert_true(zkg_fr_is_zero(&p->c[i]));
    zkg_g1j_to_affine(out, &sum);
}

/* h; when s is to lie, one coefficient of h makes up for it. */
static void slow_column(slow *w, const opening *o, uint32_t c, uint32_t r,
                        lie what)
{
    zkg_fr low[SIZE], high[SIZE], value = zkg_fr_zero, t;
    poly *h = &w->f[ZKG_MERCURY_COLUMN];

    zkg_eq_expand(low, o->u, c, NULL);
    zkg_eq_expand(high, o->u + c, r, NULL);
    for (size_t i = 0; i < 1u << (c + r); i++)
        mac(&h->c[i >> c], &low[i & ((1u << c) - 1)], &o->g[i]);
    if (what == NO_LIE)
        return;
    for (size_t i = 0; i < 1u << r; i++)
        mac(&value, &high[i], &h->c[i]);
    zkg_fr_sub(&value, &o->s, &value);
    zkg_fr_inv(&t, &high[0]);
    mac(&h->c[0], &value, &t);
}

/* q and g'; a lie makes <eq, g'> = h(alpha) by its lowest coefficient. */
static void slow_division(slow *w, const opening *o, uint32_t c, uint32_t r,
                          lie what)
{
    const size_t row = (size_t)1 << c;
    zkg_fr low[SIZE], value, t, minus;
    poly *p = &w->f[ZKG_MERCURY_ROW];

    for (size_t i = (size_t)1 << (c + r); i-- > 0;) {
        zkg_fr x = o->g[i];

        mac(&x, &w->m.alpha, &w->q.c[i]);
        if (i >= row)
            w->q.c[i - row] = x;
        else
            p->c[i] = x;
    }
    if (what != LONG_ROW && what != WRONG_ROW)
        return;
    zkg_eq_expand(low, o->u, c, NULL);
    poly_at(&value, &w->f[ZKG_MERCURY_COLUMN], &w->m.alpha);
    zkg_fr_inv(&t, &low[0]);
    for (size_t i = 0; i < row; i++) {
        zkg_fr term;

        zkg_fr_mul(&term, &low[i], &p->c[i]);
        zkg_fr_sub(&value, &value, &term);
    }
    zkg_fr_mul(&value, &value, &t); /* what p.c[0] lacks */
    zkg_fr_add(&p->c[0], &p->c[0], &value);
    if (what == WRONG_ROW)
        return;
    /* g' gets e (X^C - alpha), with -alpha e = value; q loses e */
    zkg_fr_inv(&t, &w->m.alpha);
    zkg_fr_mul(&t, &t, &value);
    zkg_fr_neg(&minus, &t);
    zkg_fr_add(&p->c[row], &p->c[row], &minus);
    zkg_fr_sub(&w->q.c[0], &w->q.c[0], &minus);
}

static void slow_cross(slow *w, const opening *o, uint32_t c, uint32_t r)
{
    const int64_t len = (INT64_C(1) << c) + 1;
    const poly *row = &w->f[ZKG_MERCURY_ROW];
    zkg_fr low[SIZE], high[SIZE], a[ROOM + 3], b[ROOM + 3];
    zkg_fr right, two;

    zkg_eq_expand(low, o->u, c, NULL);
    zkg_eq_expand(high, o->u + c, r, NULL);
    symmetric(a, row, low, (size_t)1 << c, len);
    symmetric(b, &w->f[ZKG_MERCURY_COLUMN], high, (size_t)1 << r, len);
    for (int64_t j = 0; j <= 2 * len; j++)
        mac(&a[j], &w->m.gamma, &b[j]);
    for (int64_t j = 1; j <= len; j++) {
        w->f[ZKG_MERCURY_CROSS].c[j - 1] = a[len + j];
        assert_true(zkg_fr_equal(&a[len + j], &a[len - j]));
    }
    /* the constant term, which nobody sends */
    poly_at(&right, &w->f[ZKG_MERCURY_COLUMN], &w->m.alpha);
    mac(&right, &w->m.gamma, &o->s);
    zkg_fr_from_u64(&two, 2);
    zkg_fr_mul(&right, &right, &two);
    zkg_fr_sub(&w->excess, &a[len], &right);
    for (size_t i = 0; i < 1u << c; i++)
        w->f[ZKG_MERCURY_MIRROR].c[i] = row->c[(1u << c) - 1 - i];
}

/* From the values on. */
static void slow_rest(slow *w, const opening *o, uint32_t c, zkg_tape *tape)
{
    zkg_mercury_messages *m = &w->m;
    zkg_fr power = zkg_fr_one, factor, rest[ZKG_MERCURY_POLYS], all;
    poly h = {{{{0}}}}, sum = {{{{0}}}}, l = {{{{0}}}};

    for (int i = 0; i < 6; i++)
        poly_at(&m->at[i], &w->f[i / 2], &m->node[i % 2]);
    for (size_t i = 0; i < (size_t)1 << c; i++)
        zkg_fr_mul(&power, &power, &m->node[0]);
    zkg_fr_sub(&factor, &m->alpha, &power);
    memcpy(h.c, o->g, sizeof(o->g));
    poly_add(&h, &factor, &w->q);
    poly_divide(&h, &m->node[0]);
    commit(&m->quotient, o, &h);
    assert_int_equal(zkg_mercury_wire_values(tape, m), ZKG_OK);
    factor = zkg_fr_one;
    for (uint32_t i = 0; i < ZKG_MERCURY_POLYS; i++) {
        poly p = w->f[i];

        for (uint32_t j = 0; j < zkg_mercury_nodes(i); j++)
            poly_divide(&p, &m->node[j]);
        poly_add(&sum, &factor, &p);
        zkg_fr_mul(&factor, &factor, &m->beta);
    }
    commit(&m->w, o, &sum);
    assert_int_equal(zkg_mercury_wire_w(tape, m), ZKG_OK);
    zkg_mercury_vanish(rest, &all, m);
    zkg_fr_neg(&all, &all);
    poly_add(&l, &all, &sum);
    factor = zkg_fr_one;
    for (uint32_t i = 0; i < ZKG_MERCURY_POLYS; i++) {
        zkg_fr_mul(&rest[i], &rest[i], &factor);
        poly_add(&l, &rest[i], &w->f[i]);
        zkg_fr_mul(&factor, &factor, &m->beta);
    }
    poly_divide(&l, &m->z);
    commit(&m->w2, o, &l);
    assert_int_equal(zkg_mercury_wire_w2(tape, m), ZKG_OK);
}

static void slow_prove(slow *w, opening *o, uint32_t k, lie what)
{
    const uint32_t r = k / 2, c = k - r;
    zkg_mercury_messages *m = &w->m;
    zkg_tape *tape = &o->tape;

    memset(w, 0, sizeof(*w));
    zkg_tape_init_prove(tape);
    slow_column(w, o, c, r, what);
    commit(&m->h, o, &w->f[ZKG_MERCURY_COLUMN]);
    assert_int_equal(zkg_mercury_wire_column(tape, m), ZKG_OK);
    slow_division(w, o, c, r, what);
    commit(&m->q, o, &w->q);
    commit(&m->row, o, &w->f[ZKG_MERCURY_ROW]);
    assert_int_equal(zkg_mercury_wire_division(tape, m), ZKG_OK);
    slow_cross(w, o, c, r);
    commit(&m->cross, o, &w->f[ZKG_MERCURY_CROSS]);
    commit(&m->mirror, o, &w->f[ZKG_MERCURY_MIRROR]);
    assert_int_equal(zkg_mercury_wire_cross(tape, m), ZKG_OK);
    slow_rest(w, o, c, tape);
}

/* ---- tests ---- */

static void openings_are_accepted(void **state)
{
    zkg_verdict v;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= POWER; k++) {
        opening_prove(&o, ZKG_PCS_MERCURY, k, k, NULL);
        if (opening_verify_same(&o, &v) != ZKG_OK)
            fail_msg("k = %u: %s", k, v.text);
        opening_end(&o);
    }
}

static void a_slow_prover_sends_the_same(void **state)
{
    static slow w;
    zkg_verdict v;
    zkg_tape fast;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= 5; k++) {
        opening_prove(&o, ZKG_PCS_MERCURY, k, 50 + k, NULL);
        fast = o.tape;
        slow_prove(&w, &o, k, NO_LIE);
        assert_true(zkg_fr_is_zero(&w.excess));
        assert_int_equal(opening_verify_same(&o, &v), ZKG_OK);
        assert_int_equal(fast.len, o.tape.len);
        assert_memory_equal(fast.buf, o.tape.buf, fast.len);
        zkg_tape_clear(&fast);
        opening_end(&o);
    }
}

/* Whether g = q (X^C - alpha) + g' at some x. */
static bool division_holds(const slow *w, const opening *o, uint32_t c)
{
    zkg_fr x, power, left, right, t;
    poly g = {{{{0}}}};

    fixture_fr(&x, 77);
    power = x;
    for (uint32_t i = 0; i < c; i++)
        zkg_fr_sqr(&power, &power);
    zkg_fr_sub(&power, &power, &w->m.alpha);
    memcpy(g.c, o->g, sizeof(o->g));
    poly_at(&left, &g, &x);
    poly_at(&right, &w->f[ZKG_MERCURY_ROW], &x);
    poly_at(&t, &w->q, &x);
    mac(&right, &t, &power);
    return zkg_fr_equal(&left, &right);
}

/* Whether D(zeta) = zeta^(C-1) g'(1/zeta). */
static bool mirror_holds(const slow *w, uint32_t c)
{
    zkg_fr value, want = w->m.at[1];

    for (size_t i = 1; i < (size_t)1 << c; i++)
        zkg_fr_mul(&want, &want, &w->m.node[0]);
    poly_at(&value, &w->f[ZKG_MERCURY_MIRROR], &w->m.node[0]);
    return zkg_fr_equal(&value, &want);
}

/* Each lie breaks one equation, and none but it: were that equation not
 * checked, a false value would be accepted. */
static void each_equation_is_needed(void **state)
{
    static slow w;

    (void)state;
    for (uint32_t k = 2; k <= 5; k++)
        for (lie what = NO_LIE; what <= LONG_ROW; what++) {
            const uint32_t c = k - k / 2;
            zkg_verdict v;
            opening o;

            opening_start(&o, ZKG_PCS_MERCURY, k, 60 + k);
            if (what != NO_LIE)
                zkg_fr_add(&o.s, &o.s, &zkg_fr_one);
            slow_prove(&w, &o, k, what);
            assert_int_equal(zkg_fr_is_zero(&w.excess), what != WRONG_COLUMN);
            assert_int_equal(division_holds(&w, &o, c), what != WRONG_ROW);
            assert_int_equal(mirror_holds(&w, c), what != LONG_ROW);
            if (what == NO_LIE) {
                assert_int_equal(opening_verify_same(&o, &v), ZKG_OK);
            } else {
                assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
                assert_int_equal(v.check, ZKG_CHECK_PAIRING);
            }
            opening_end(&o);
        }
}

static void a_vector_of_zeros_is_opened(void **state)
{
    zkg_verdict v;
    zkg_tape tape;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= 4; k++) {
        opening_start(&o, ZKG_PCS_MERCURY, k, 1);
        memset(o.g, 0, sizeof(o.g));
        o.s = zkg_fr_zero;
        o.commitment = zkg_g1_infinity;
        zkg_tape_init_prove(&tape);
        assert_int_equal(zkg_mercury_open(&tape, zkg_comm_self(),
                                          zkg_backend_ref(), o.srs, k, o.g, o.u,
                                          &o.s, NULL),
                         ZKG_OK);
        assert_int_equal(opening_verify(&o, tape.buf, tape.len, &v), ZKG_OK);
        zkg_tape_clear(&tape);
        opening_end(&o);
    }
}

static void the_backend_changes_no_byte(void **state)
{
    zkg_tape tape;
    opening o;

    (void)state;
    for (uint32_t k = POWER - 1; k <= POWER; k++) {
        opening_prove(&o, ZKG_PCS_MERCURY, k, 9, NULL);
        zkg_tape_init_prove(&tape);
        assert_int_equal(zkg_mercury_open(&tape, zkg_comm_self(),
                                          zkg_backend_get(UINT32_MAX), o.srs, k,
                                          o.g, o.u, &o.s, NULL),
                         ZKG_OK);
        assert_int_equal(tape.len, o.tape.len);
        assert_memory_equal(tape.buf, o.tape.buf, tape.len);
        zkg_tape_clear(&tape);
        opening_end(&o);
    }
}

static void a_false_value_is_not_opened(void **state)
{
    zkg_tape tape;
    opening o;

    (void)state;
    opening_start(&o, ZKG_PCS_MERCURY, 4, 5);
    zkg_fr_add(&o.s, &o.s, &zkg_fr_one);
    assert_int_equal(opening_send(&tape, &o, zkg_backend_ref(), NULL),
                     ZKG_ERR_WITNESS);
    assert_int_equal(zkg_mercury_open(&tape, zkg_comm_self(), zkg_backend_ref(),
                                      o.srs, 0, o.g, o.u, &o.s, NULL),
                     ZKG_ERR_INVALID);
    assert_int_equal(zkg_mercury_open(&tape, zkg_comm_self(), zkg_backend_ref(),
                                      o.srs, POWER + 1, o.g, o.u, &o.s, NULL),
                     ZKG_ERR_INVALID);
    zkg_tape_clear(&tape);
    opening_end(&o);
}

/* HyperKZG on the same claim: a different argument, the same verdict. */
static zkg_status oracle(const opening *o, const zkg_tape *proof)
{
    zkg_g1 points[1 + ZKG_HYPERKZG_TERMS(POWER)];
    zkg_fr weights[1 + ZKG_HYPERKZG_TERMS(POWER)];
    zkg_tape tape;
    zkg_status s;

    points[0] = o->commitment;
    weights[0] = zkg_fr_one;
    zkg_tape_init_verify(&tape, proof->buf, proof->len);
    s = zkg_hyperkzg_verify(&tape, &o->key, points, weights, 1, o->u, &o->s, 0,
                            NULL);
    zkg_tape_clear(&tape);
    return s;
}

static void both_refuse(const opening *o, const zkg_tape *other)
{
    zkg_verdict v;

    assert_int_equal(oracle(o, other), ZKG_ERR_REJECT);
    assert_int_equal(opening_verify_same(o, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PAIRING);
}

static void both_accept(const opening *o, const zkg_tape *other)
{
    zkg_verdict v;

    assert_int_equal(oracle(o, other), ZKG_OK);
    assert_int_equal(opening_verify_same(o, &v), ZKG_OK);
}

/* The claim at a corner of the cube: coordinates 0 and 1 by corner's bits. */
static void claim_at(opening *o, uint32_t k, uint32_t corner)
{
    zkg_fr weights[SIZE];

    for (uint32_t t = 0; t < k; t++)
        o->u[t] = corner >> t & 1 ? zkg_fr_one : zkg_fr_zero;
    zkg_eq_expand(weights, o->u, k, NULL);
    o->s = zkg_fr_zero;
    for (uint32_t i = 0; i < 1u << k; i++)
        mac(&o->s, &weights[i], &o->g[i]);
}

static void one_claim_both_ways(uint32_t k, uint64_t seed, int corner)
{
    const zkg_fr one = zkg_fr_one;
    zkg_g1 point;
    zkg_tape other;
    opening o;
    zkg_fr keep;

    opening_start(&o, ZKG_PCS_MERCURY, k, seed);
    if (corner >= 0)
        claim_at(&o, k, (uint32_t)corner);
    zkg_tape_init_prove(&o.tape);
    zkg_tape_init_prove(&other);
    assert_int_equal(zkg_mercury_open(&o.tape, zkg_comm_self(),
                                      zkg_backend_ref(), o.srs, k, o.g, o.u,
                                      &o.s, NULL),
                     ZKG_OK);
    assert_int_equal(zkg_hyperkzg_open(&other, zkg_comm_self(),
                                       zkg_backend_ref(), o.srs, k, o.g, o.u,
                                       &o.s, NULL),
                     ZKG_OK);
    both_accept(&o, &other);
    keep = o.s;
    zkg_fr_add(&o.s, &o.s, &one);
    both_refuse(&o, &other);
    o.s = keep;
    for (uint32_t t = 0; t < k; t++) {
        keep = o.u[t];
        zkg_fr_add(&o.u[t], &o.u[t], &one);
        both_refuse(&o, &other);
        o.u[t] = keep;
    }
    point = o.commitment;
    zkg_g1_add(&o.commitment, &point, &zkg_g1_generator);
    both_refuse(&o, &other);
    o.commitment = point;
    both_accept(&o, &other);
    o.key.tau_g2 = zkg_g2_generator;
    both_refuse(&o, &other);
    zkg_tape_clear(&other);
    opening_end(&o);
}

static void hyperkzg_gives_the_same_verdicts(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 5; k++) {
        one_claim_both_ways(k, 80 + k, -1);
        one_claim_both_ways(k, 90 + k, 0);
        one_claim_both_ways(k, 90 + k, (1 << k) - 1);
        one_claim_both_ways(k, 90 + k, 1);
    }
}

/* Every point and every value, exchanged for another valid one. */
static void every_item_is_bound(void **state)
{
    zkg_verdict v;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= 4; k++) {
        opening_prove(&o, ZKG_PCS_MERCURY, k, 30 + k, NULL);
        for (size_t item = 0; item < 14; item++) {
            uint8_t *at = o.tape.buf + 32 * item, keep[32];

            memcpy(keep, at, 32);
            if (item >= 5 && item < 11) {
                zkg_fr x;

                assert_true(zkg_fr_from_bytes(&x, at));
                zkg_fr_add(&x, &x, &zkg_fr_one);
                zkg_fr_to_bytes(at, &x);
            } else {
                zkg_g1 p;

                assert_true(zkg_g1_from_bytes(&p, at));
                zkg_g1_add(&p, &p, &zkg_g1_generator);
                zkg_g1_to_bytes(at, &p);
            }
            assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
            assert_int_equal(v.check, ZKG_CHECK_PAIRING);
            memcpy(at, keep, 32);
        }
        assert_int_equal(opening_verify_same(&o, &v), ZKG_OK);
        opening_end(&o);
    }
}

/* All bytes; in a slow build some of each element. */
enum { STEP = SLOW_BUILD ? 5 : 1 };

static void flipped_bytes_are_refused(void **state)
{
    zkg_verdict v;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= 3; k += 2) {
        opening_prove(&o, ZKG_PCS_MERCURY, k, 20 + k, NULL);
        for (size_t i = 0; i < o.tape.len; i += STEP) {
            const uint8_t keep = o.tape.buf[i];
            zkg_status s;

            o.tape.buf[i] ^= (uint8_t)(1u << (i % 8));
            s = opening_verify_same(&o, &v);
            assert_true(s == ZKG_ERR_REJECT || s == ZKG_ERR_MALFORMED);
            assert_int_not_equal(v.check, ZKG_CHECK_NONE);
            o.tape.buf[i] = keep;
        }
        for (size_t len = 0; len < o.tape.len; len += 16)
            assert_int_equal(opening_verify(&o, o.tape.buf, len, &v),
                             ZKG_ERR_MALFORMED);
        opening_end(&o);
    }
}

static void degenerate_challenges_are_known(void **state)
{
    zkg_fr alpha, inverse, minus, node[3], other;

    (void)state;
    fixture_fr(&alpha, 1);
    fixture_fr(&other, 2);
    zkg_fr_inv(&inverse, &alpha);
    zkg_fr_neg(&minus, &zkg_fr_one);
    assert_true(zkg_mercury_zeta_is_degenerate(&zkg_fr_zero, &alpha));
    assert_true(zkg_mercury_zeta_is_degenerate(&zkg_fr_one, &alpha));
    assert_true(zkg_mercury_zeta_is_degenerate(&minus, &alpha));
    assert_true(zkg_mercury_zeta_is_degenerate(&alpha, &alpha));
    assert_true(zkg_mercury_zeta_is_degenerate(&inverse, &alpha));
    assert_false(zkg_mercury_zeta_is_degenerate(&other, &alpha));
    assert_false(zkg_mercury_zeta_is_degenerate(&other, &zkg_fr_zero));
    node[0] = other;
    zkg_fr_inv(&node[1], &other);
    node[2] = alpha;
    for (int i = 0; i < 3; i++)
        assert_true(zkg_mercury_z_is_degenerate(&node[i], node));
    assert_false(zkg_mercury_z_is_degenerate(&inverse, node));
}

static void a_cheating_prover_is_named(void **state)
{
#ifdef ZKG_TEST_HOOKS
    const zkg_cheat cheats[] = {ZKG_CHEAT_WRONG_BATCH_VALUE,
                                ZKG_CHEAT_WRONG_OPENING};
    zkg_hooks hooks = {.task = -1};
    zkg_verdict v;
    opening o;

    (void)state;
    for (uint32_t k = 1; k <= 4; k++)
        for (int i = 0; i < 2; i++) {
            hooks.cheat = cheats[i];
            opening_prove(&o, ZKG_PCS_MERCURY, k, 30, &hooks);
            assert_int_equal(opening_verify_same(&o, &v), ZKG_ERR_REJECT);
            assert_int_equal(v.check, ZKG_CHECK_PAIRING);
            opening_end(&o);
        }
#else
    (void)state;
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openings_are_accepted),
        cmocka_unit_test(a_slow_prover_sends_the_same),
        cmocka_unit_test(each_equation_is_needed),
        cmocka_unit_test(a_vector_of_zeros_is_opened),
        cmocka_unit_test(the_backend_changes_no_byte),
        cmocka_unit_test(a_false_value_is_not_opened),
        cmocka_unit_test(hyperkzg_gives_the_same_verdicts),
        cmocka_unit_test(every_item_is_bound),
        cmocka_unit_test(flipped_bytes_are_refused),
        cmocka_unit_test(degenerate_challenges_are_known),
        cmocka_unit_test(a_cheating_prover_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
