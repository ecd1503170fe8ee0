/* SPDX-License-Identifier: Apache-2.0 */
#include "relation_fixture.h"

#define AXES(...) ((uint32_t[]){__VA_ARGS__})
#define COUNT(...) ((uint32_t)(sizeof(AXES(__VA_ARGS__)) / sizeof(uint32_t)))
/* A tensor of small integers over the named axes. */
#define TENSOR(f, vis, ...)                                                    \
    fx_tensor(f, vis, ZKG_I16, -300, 300, COUNT(__VA_ARGS__), AXES(__VA_ARGS__))
#define EINSUM(f, v, ...) fx_einsum(f, COUNT(__VA_ARGS__), AXES(__VA_ARGS__), v)

/* A tensor of field elements stored as its padded cube: for results. */
static uint32_t result(fixture *f, zkg_visibility vis, uint32_t n,
                       const uint32_t *axes)
{
    const bool garbage = f->garbage;
    uint32_t id;

    f->garbage = true;
    id = fx_tensor(f, vis, ZKG_FR, 0, 0, n, axes);
    f->garbage = garbage;
    return id;
}

/* Append a private result y so that the einsum's terms minus y are 0. */
static uint32_t close(fixture *f, uint32_t e)
{
    const uint32_t y =
        result(f, ZKG_PRIVATE, f->einsum[e].out_axes, f->einsum[e].out);

    fx_solve(f, e, y, 1);
    fx_term1(f, e, -1, y);
    return y;
}

static const uint64_t lengths[] = {1, 2, 3, 4, 5, 7, 8, 9};
enum { LENGTHS = sizeof(lengths) / sizeof(*lengths) };

static void matmul_of_all_sizes(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LENGTHS * LENGTHS; n++) {
        for (uint32_t garbage = 0; garbage < 2; garbage++) {
            fixture f;
            uint32_t i, k, j, a, b, e;

            fx_init(&f, n % 3 + 1);
            f.garbage = garbage;
            i = fx_axis(&f, lengths[n % LENGTHS]);
            k = fx_axis(&f, lengths[n / LENGTHS]);
            j = fx_axis(&f, lengths[(5 * n + 3) % LENGTHS]);
            a = TENSOR(&f, ZKG_PRIVATE, 0, i, k);
            b = TENSOR(&f, n % 5 == 0 ? ZKG_PUBLIC : ZKG_FIXED, k, j);
            e = EINSUM(&f, -1, 0, i, j);
            fx_term2(&f, e, 3, a, b);
            close(&f, e);
            fx_check(&f);
            fx_clear(&f);
        }
    }
}

/* Two contracted axes, two batch axes, axes of one factor alone, all at once,
 * and a bias and a constant that are broadcast. */
static void products_of_all_shapes(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LENGTHS * LENGTHS; n++) {
        for (uint32_t garbage = 0; garbage < 2; garbage++) {
            fixture f;
            uint32_t h, i, j, k, l, a, b, bias, e;

            fx_init(&f, n % 4 + 1);
            f.garbage = garbage;
            h = fx_axis(&f, lengths[n % LENGTHS]);
            i = fx_axis(&f, lengths[n % 3]);
            j = fx_axis(&f, lengths[n % 2 + 1]);
            k = fx_axis(&f, lengths[n / LENGTHS]);
            l = fx_axis(&f, lengths[(3 * n + 1) % 4]);
            a = TENSOR(&f, ZKG_PRIVATE, 0, i, k, h, l);
            b = TENSOR(&f, n % 7 == 1 ? ZKG_PUBLIC : ZKG_PRIVATE, l, h, k, j,
                       0);
            bias = TENSOR(&f, ZKG_FIXED, j);
            e = EINSUM(&f, -1, 0, h, i, j);
            fx_term2(&f, e, -2, a, b);
            fx_term1(&f, e, 5, bias);
            fx_term(&f, e, 11, 0, NULL, NULL);
            close(&f, e);
            fx_check(&f);
            fx_clear(&f);
        }
    }
}

static void elementwise_products(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LENGTHS; n++) {
        for (uint32_t garbage = 0; garbage < 2; garbage++) {
            fixture f;
            uint32_t i, j, a, b, e;

            fx_init(&f, 3);
            f.garbage = garbage;
            i = fx_axis(&f, lengths[n]);
            j = fx_axis(&f, 6);
            a = TENSOR(&f, ZKG_PRIVATE, 0, i, j);
            b = TENSOR(&f, ZKG_PRIVATE, j, i);
            e = EINSUM(&f, -1, 0, i, j);
            fx_term2(&f, e, 1, a, b);
            fx_term2(&f, e, 1, a, a);
            fx_term1(&f, e, 4, a);
            close(&f, e);
            fx_check(&f);
            fx_clear(&f);
        }
    }
}

static void sums_of_one_tensor(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LENGTHS * LENGTHS; n++) {
        for (uint32_t garbage = 0; garbage < 2; garbage++) {
            fixture f;
            uint32_t i, j, k, a, b, e;

            fx_init(&f, n % 3 + 1);
            f.garbage = garbage;
            i = fx_axis(&f, lengths[n % LENGTHS]);
            j = fx_axis(&f, lengths[n / LENGTHS]);
            k = fx_axis(&f, lengths[n % 5]);
            a = TENSOR(&f, n % 4 == 2 ? ZKG_PUBLIC : ZKG_PRIVATE, 0, j, i, k);
            b = TENSOR(&f, ZKG_PRIVATE, j);
            /* Over two axes, over the copies, to a scalar. */
            e = EINSUM(&f, -1, 0, i);
            fx_term1(&f, e, 1, a);
            close(&f, e);
            e = EINSUM(&f, -1, k, j);
            fx_term1(&f, e, 2, a);
            fx_term1(&f, e, 3, b);
            close(&f, e);
            e = fx_einsum(&f, 0, NULL, -1);
            fx_term1(&f, e, 1, a);
            fx_term2(&f, e, 1, b, b);
            close(&f, e);
            fx_check(&f);
            fx_clear(&f);
        }
    }
}

/* One operand under two names of axes: a Gram matrix. */
static void one_tensor_twice(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LENGTHS; n++) {
        fixture f;
        uint32_t i, j, k, a, e;
        uint32_t both[2];

        fx_init(&f, 1);
        f.garbage = true;
        i = fx_axis(&f, 5);
        j = fx_axis(&f, 5);
        k = fx_axis(&f, lengths[n]);
        a = TENSOR(&f, ZKG_PRIVATE, i, k);
        both[0] = both[1] = a;
        e = EINSUM(&f, -1, i, j);
        fx_term(&f, e, 1, 2, both,
                (const uint32_t *const[]){AXES(i, k), AXES(j, k)});
        close(&f, e);
        fx_check(&f);
        fx_clear(&f);
    }
}

/* Rows long and many enough for joined axes and wide lines. */
static void larger_folds(void **state)
{
    static const uint64_t size[][4] = {
        {2, 40, 130, 3}, {1, 3, 70, 65}, {3, 17, 16, 33}, {1, 128, 64, 32}};

    (void)state;
    for (uint32_t n = 0; n < 4; n++) {
        fixture f;
        uint32_t i, j, k, a, b, s, e;

        fx_init(&f, size[n][0]);
        i = fx_axis(&f, size[n][1]);
        k = fx_axis(&f, size[n][2]);
        j = fx_axis(&f, size[n][3]);
        a = fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, -128, 127, 3, AXES(0, i, k));
        b = fx_tensor(&f, ZKG_FIXED, ZKG_I32, -70000, 70000, 2, AXES(k, j));
        s = fx_tensor(&f, ZKG_PRIVATE, ZKG_FR, -9, 9, 3, AXES(0, i, j));
        e = EINSUM(&f, -1, 0, i, j);
        fx_term2(&f, e, 1, a, b);
        fx_term1(&f, e, 1, s);
        fx_term2(&f, e, 1, s, s);
        close(&f, e);
        fx_check(&f);
        fx_clear(&f);
    }
}

/* A layer: s = w x + bias is virtual, looked up with y in one site, and made
 * into z by a product: three claims on s in all, one on what comes first. */
static void virtual_chain(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LENGTHS; n++) {
        for (uint32_t garbage = 0; garbage < 2; garbage++) {
            fixture f;
            uint32_t i, j, k, x, w, bias, s, y, u, e, product, sum;
            outcome o;

            fx_init(&f, n % 3 + 1);
            f.garbage = garbage;
            i = fx_axis(&f, lengths[n]);
            j = fx_axis(&f, lengths[(n + 3) % LENGTHS]);
            k = fx_axis(&f, 3);
            x = TENSOR(&f, ZKG_PRIVATE, 0, i, k);
            w = TENSOR(&f, ZKG_FIXED, k, j);
            bias = TENSOR(&f, ZKG_FIXED, j);
            y = TENSOR(&f, ZKG_PRIVATE, 0, i, j);
            s = result(&f, ZKG_VIRTUAL, 3, AXES(0, i, j));
            u = result(&f, ZKG_VIRTUAL, 1, AXES(0));
            fx_site(&f, 0, 2, AXES(s, y));
            fx_site(&f, 1, 1, &s);
            fx_site(&f, 2, 2, AXES(y, bias));
            /* s y - z = 0 reads s; u sums s; s is made last. */
            product = EINSUM(&f, -1, 0, i, j);
            sum = EINSUM(&f, -1, 0);
            fx_term1(&f, sum, 1, u);
            e = EINSUM(&f, (int32_t)u, 0);
            fx_term1(&f, e, 1, s);
            e = EINSUM(&f, (int32_t)s, 0, i, j);
            fx_term2(&f, e, 1, x, w);
            fx_term1(&f, e, 1, bias);
            fx_solve(&f, e, s, 1);
            fx_solve(&f, 2, u, 1);
            fx_term2(&f, product, 1, s, y);
            close(&f, product);
            close(&f, sum);
            fx_check(&f);
            fx_prove(&o, &f, NULL);
            assert_int_equal(zkg_ledger_count(&o.c.ledger, 100 + s), 0);
            outcome_clear(&o);
            fx_clear(&f);
        }
    }
}

/* matmul + rescale: with the point of the lookups, one claim each on q, rem,
 * weights and input. */
static void claims_coincide(void **state)
{
    fixture f;
    outcome o;
    uint32_t i, j, k, x, w, y, rem, e;

    (void)state;
    fx_init(&f, 2);
    i = fx_axis(&f, 6);
    j = fx_axis(&f, 5);
    k = fx_axis(&f, 7);
    x = TENSOR(&f, ZKG_PRIVATE, 0, i, k);
    w = TENSOR(&f, ZKG_FIXED, k, j);
    y = fx_tensor(&f, ZKG_PRIVATE, ZKG_FR, -9, 9, 3, AXES(0, i, j));
    fx_site(&f, 1, 1, &y);
    e = EINSUM(&f, -1, 0, i, j);
    fx_term2(&f, e, 1, x, w);
    fx_term1(&f, e, -16, y);
    rem = close(&f, e);
    fx_site(&f, 0, 1, &rem);
    fx_check(&f);
    fx_prove(&o, &f, NULL);
    assert_int_equal(o.c.ledger.claims, 4);
    outcome_clear(&o);
    fx_clear(&f);
}

static void einsums_tampered_with(void **state)
{
    fixture f;
    uint32_t i, j, x, y, s, e;

    (void)state;
    fx_init(&f, 1);
    i = fx_axis(&f, 3);
    j = fx_axis(&f, 2);
    x = TENSOR(&f, ZKG_PRIVATE, i, j);
    y = TENSOR(&f, ZKG_PRIVATE, j, i);
    s = result(&f, ZKG_VIRTUAL, 1, AXES(i));
    fx_site(&f, 0, 1, &s);
    e = EINSUM(&f, -1, i);
    fx_term1(&f, e, 2, s);
    e = EINSUM(&f, (int32_t)s, i);
    fx_term2(&f, e, 1, x, y);
    fx_term1(&f, e, 1, x);
    fx_solve(&f, e, s, 1);
    close(&f, 0);
    fx_check(&f);
    fx_check_tampering(&f);
    fx_clear(&f);
}

static void false_values_are_refused(void **state)
{
    fixture f;
    outcome o;
    uint32_t i, k, a, b, y, e;

    (void)state;
    fx_init(&f, 1);
    i = fx_axis(&f, 3);
    k = fx_axis(&f, 3);
    a = TENSOR(&f, ZKG_PRIVATE, i, k);
    b = TENSOR(&f, ZKG_PRIVATE, k);
    e = EINSUM(&f, -1, i);
    fx_term2(&f, e, 1, a, b);
    y = close(&f, e);
    zkg_fr_from_u64(&((zkg_fr *)f.array[y].data)[1], 1);
    fx_prove(&o, &f, NULL);
    assert_int_equal(o.status, ZKG_ERR_WITNESS);
    assert_non_null(strstr(o.err.text, "relation 50"));
    outcome_clear(&o);
    fx_clear(&f);
}

static void shapes_that_are_not_there_are_refused(void **state)
{
    fixture f;
    zkg_error err = {0};
    uint32_t i, k, a, b, v, e;

    (void)state;
    fx_init(&f, 1);
    i = fx_axis(&f, 3);
    k = fx_axis(&f, 4);
    a = TENSOR(&f, ZKG_PRIVATE, i, k);
    b = TENSOR(&f, ZKG_PRIVATE, i);
    v = result(&f, ZKG_VIRTUAL, 1, AXES(i));
    e = EINSUM(&f, -1, i);
    fx_term2(&f, e, 1, a, b);
    /* k is summed in one factor alone. */
    assert_int_equal(zkg_task_check(&f.t, &err), ZKG_ERR_UNSUPPORTED);
    assert_true(zkg_task_segment_bytes(&f.t, NULL) == SIZE_MAX);
    f.einsum[e].terms = 0;
    fx_term1(&f, e, 1, b);
    assert_int_equal(zkg_task_check(&f.t, NULL), ZKG_OK);
    f.term[e][0].index[0][0].s = 2;
    assert_int_equal(zkg_task_check(&f.t, NULL), ZKG_ERR_UNSUPPORTED);
    f.term[e][0].index[0][0].s = 1;
    f.term[e][0].index[0][0].a = k;
    assert_int_equal(zkg_task_check(&f.t, NULL), ZKG_ERR_INVALID);
    f.term[e][0].index[0][0].a = 99;
    assert_int_equal(zkg_task_check(&f.t, NULL), ZKG_ERR_INVALID);
    f.term[e][0].index[0][0].a = i;
    /* A virtual tensor that nothing makes, then one made before it is read. */
    fx_term1(&f, e, 1, v);
    assert_int_equal(zkg_task_check(&f.t, NULL), ZKG_ERR_INVALID);
    e = EINSUM(&f, (int32_t)v, i);
    fx_term1(&f, e, 1, b);
    assert_int_equal(zkg_task_check(&f.t, NULL), ZKG_OK);
    {
        const zkg_einsum first = f.einsum[0];

        f.einsum[0] = f.einsum[1];
        f.einsum[1] = first;
    }
    assert_int_equal(zkg_task_check(&f.t, NULL), ZKG_ERR_INVALID);
    fx_clear(&f);
}

static void an_empty_task_sends_nothing(void **state)
{
    fixture f;
    outcome o;
    size_t claims = 1;

    (void)state;
    fx_init(&f, 1);
    assert_int_equal(zkg_task_segment_bytes(&f.t, &claims), 0);
    assert_int_equal(claims, 0);
    fx_prove(&o, &f, NULL);
    assert_int_equal(o.status, ZKG_OK);
    assert_int_equal(o.tape.len, 0);
    outcome_clear(&o);
    fx_verify(&o, &f, NULL, 0, NULL);
    assert_int_equal(o.status, ZKG_OK);
    outcome_clear(&o);
    fx_clear(&f);
}

#ifdef ZKG_TEST_HOOKS
/* What the verifier says to a prover that cheats; v_hooks: the verifier's. */
static void expect(const fixture *f, const zkg_hooks *hooks,
                   const zkg_hooks *v_hooks, zkg_check check)
{
    outcome prover, verifier;

    fx_prove(&prover, f, hooks);
    assert_int_equal(prover.status, ZKG_OK);
    fx_verify(&verifier, f, prover.tape.buf, prover.tape.len, v_hooks);
    assert_int_equal(verifier.status, ZKG_ERR_REJECT);
    assert_int_equal(verifier.c.verdict.check, check);
    assert_int_equal(verifier.c.verdict.task, 7);
    outcome_clear(&prover);
    outcome_clear(&verifier);
}
#endif

static void cheats_are_named(void **state)
{
#ifdef ZKG_TEST_HOOKS
    const zkg_hooks end = {.cheat = ZKG_CHEAT_WRONG_END_VALUE, .task = 7};
    const zkg_hooks drop = {.cheat = ZKG_CHEAT_DROPPED_CLAIM, .task = 7};
    const zkg_hooks other = {.cheat = ZKG_CHEAT_DROPPED_CLAIM, .task = 6};
    fixture f;
    outcome o;
    uint32_t i, k, a, b, v, e;

    fx_init(&f, 1);
    i = fx_axis(&f, 3);
    k = fx_axis(&f, 3);
    a = TENSOR(&f, ZKG_PRIVATE, i, k);
    b = TENSOR(&f, ZKG_PRIVATE, k);
    v = result(&f, ZKG_VIRTUAL, 1, AXES(i));
    fx_site(&f, 0, 1, &v);
    e = EINSUM(&f, (int32_t)v, i);
    fx_term2(&f, e, 1, a, b);
    fx_solve(&f, e, v, 1);
    expect(&f, &end, NULL, ZKG_CHECK_EINSUM_END);
    expect(&f, &drop, &drop, ZKG_CHECK_LEDGER);
    fx_prove(&o, &f, &other);
    assert_int_equal(o.status, ZKG_OK);
    outcome_clear(&o);
    fx_clear(&f);

    fx_init(&f, 1);
    i = fx_axis(&f, 3);
    a = TENSOR(&f, ZKG_PRIVATE, i);
    e = EINSUM(&f, -1, i);
    fx_term1(&f, e, 1, a);
    close(&f, e);
    expect(&f, &end, NULL, ZKG_CHECK_EINSUM_END);
    fx_clear(&f);
#endif
    (void)state;
}

/* Without I_L the garbage in the padding would be summed: the indicator is
 * what makes the sums above right. */
static void indicators_matter(void **state)
{
#ifdef ZKG_TEST_HOOKS
    const zkg_hooks drop = {.drop_indicator = true, .task = -1};

    for (uint32_t factors = 1; factors <= 2; factors++) {
        fixture f;
        uint32_t i, k, a, b, e;

        fx_init(&f, 1);
        f.garbage = true;
        i = fx_axis(&f, 3);
        k = fx_axis(&f, 5);
        a = TENSOR(&f, ZKG_PRIVATE, i, k);
        b = TENSOR(&f, ZKG_PRIVATE, k);
        e = EINSUM(&f, -1, i);
        if (factors == 2)
            fx_term2(&f, e, 1, a, b);
        else
            fx_term1(&f, e, 1, a);
        close(&f, e);
        fx_check(&f);
        expect(&f, &drop, &drop, ZKG_CHECK_EINSUM_END);
        fx_clear(&f);
    }
#endif
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matmul_of_all_sizes),
        cmocka_unit_test(products_of_all_shapes),
        cmocka_unit_test(elementwise_products),
        cmocka_unit_test(sums_of_one_tensor),
        cmocka_unit_test(one_tensor_twice),
        cmocka_unit_test(larger_folds),
        cmocka_unit_test(virtual_chain),
        cmocka_unit_test(claims_coincide),
        cmocka_unit_test(einsums_tampered_with),
        cmocka_unit_test(false_values_are_refused),
        cmocka_unit_test(shapes_that_are_not_there_are_refused),
        cmocka_unit_test(an_empty_task_sends_nothing),
        cmocka_unit_test(cheats_are_named),
        cmocka_unit_test(indicators_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
