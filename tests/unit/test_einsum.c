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
    fx_check_tampering(&f, NULL);
    fx_clear(&f);
}

/* A virtual tensor with claims at two points: its own check says that they do
 * not merge. */
static void merges_tampered_with(void **state)
{
    fixture f;
    uint32_t i, j, k, x, y, z, s, e;

    (void)state;
    fx_init(&f, 1);
    i = fx_axis(&f, 3);
    j = fx_axis(&f, 2);
    k = fx_axis(&f, 2);
    x = TENSOR(&f, ZKG_PRIVATE, i, j);
    y = TENSOR(&f, ZKG_PRIVATE, j, i);
    z = TENSOR(&f, ZKG_PRIVATE, i, k);
    s = result(&f, ZKG_VIRTUAL, 1, AXES(i));
    fx_site(&f, 0, 1, &s);
    e = EINSUM(&f, -1, k);
    fx_term2(&f, e, 2, s, z);
    e = EINSUM(&f, (int32_t)s, i);
    fx_term2(&f, e, 1, x, y);
    fx_solve(&f, e, s, 1);
    close(&f, 0);
    fx_check(&f);
    fx_check_tampering(&f, "claims on a virtual tensor do not merge");
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

/* ---- affine indices ---- */

/* A length in [1, most], edges more often than not. */
static uint64_t some_length(fixture *f, uint64_t most)
{
    static const uint64_t edge[] = {1, 2, 3, 4, 5, 7, 8, 9};
    const uint64_t n = edge[rng_below(&f->random, 8)];

    return n > most ? 1 + rng_below(&f->random, most) : n;
}

/* One direction of a convolution: lengths, and the map. */
typedef struct way {
    uint32_t out, tap, in; /* axes */
    int64_t s, d, pad;
} way;

static way random_way(fixture *f)
{
    const uint64_t in = some_length(f, 9), tap = some_length(f, 5);
    way w;

    w.s = 1 + (int64_t)rng_below(&f->random, 4);
    w.d = 1 + (int64_t)rng_below(&f->random, 2);
    w.pad = (int64_t)rng_below(&f->random, 4) - 1;
    w.in = fx_axis(f, in);
    w.tap = fx_axis(f, tap);
    w.out = fx_axis(f, some_length(f, 6));
    return w;
}

static const zkg_visibility visible[] = {ZKG_PRIVATE, ZKG_FIXED, ZKG_PRIVATE,
                                         ZKG_PUBLIC};

/* Y[n,g,o,y,x] = sum_{c,i,j} W[g,o,c,i,j] X[n,g,c, sy+di-p, sx+dj-p], of every
 * kind: strides past the kernel, kernels past the input, windows that read
 * nothing, lengths of 1. */
static void convolutions(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 300; n++) {
        fixture f;
        way y, x;
        uint32_t g, o, c, w, in, bias, e;
        uint32_t both[2];

        fx_init(&f, 1);
        for (uint32_t i = 0; i < n; i++)
            (void)rng_u64(&f.random);
        f.axis[0].len = some_length(&f, 3);
        f.axis[0].bits = zkg_log2_ceil(f.axis[0].len);
        f.garbage = n % 2;
        g = fx_axis(&f, n % 3 == 0 ? 1 : some_length(&f, 4));
        o = fx_axis(&f, some_length(&f, 5));
        c = fx_axis(&f, some_length(&f, 5));
        y = random_way(&f);
        x = random_way(&f);
        w = TENSOR(&f, visible[n % 4], g, o, c, y.tap, x.tap);
        in = TENSOR(&f, visible[n / 4 % 4], 0, g, c, y.in, x.in);
        bias = TENSOR(&f, ZKG_FIXED, g, o);
        e = EINSUM(&f, -1, 0, g, o, y.out, x.out);
        both[n / 16 % 2] = w;
        both[1 - n / 16 % 2] = in;
        fx_term2(&f, e, 1, both[0], both[1]);
        fx_affine(&f, e, 1 - n / 16 % 2, 3, y.s, y.out, y.d, y.tap, -y.pad);
        fx_affine(&f, e, 1 - n / 16 % 2, 4, x.d, x.tap, x.s, x.out, -x.pad);
        fx_term1(&f, e, 7, bias);
        close(&f, e);
        fx_check(&f);
        fx_clear(&f);
    }
}

/* Depthwise, one way only, channels last: the affine axis is the highest. */
static void depthwise_channels_last(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 60; n++) {
        fixture f;
        uint32_t c, w, in, e;
        way y;

        fx_init(&f, 1);
        for (uint32_t i = 0; i < n; i++)
            (void)rng_u64(&f.random);
        f.garbage = n % 2;
        c = fx_axis(&f, some_length(&f, 9));
        y = random_way(&f);
        w = TENSOR(&f, ZKG_FIXED, y.tap, c);
        in = TENSOR(&f, ZKG_PRIVATE, y.in, c);
        e = EINSUM(&f, -1, y.out, c);
        fx_term2(&f, e, -3, w, in);
        fx_affine(&f, e, 1, 0, y.s, y.out, y.d, y.tap, -y.pad);
        close(&f, e);
        fx_check(&f);
        fx_clear(&f);
    }
}

/* Lines long enough for every slot, in both kinds of layout. */
static void long_convolutions(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 4; n++) {
        fixture f;
        uint32_t o, c, y, u, i, w, in, e;

        fx_init(&f, 1);
        o = fx_axis(&f, 3);
        c = fx_axis(&f, n % 2 ? 40 : 3);
        u = fx_axis(&f, n % 2 ? 70 : 700);
        i = fx_axis(&f, 5);
        y = fx_axis(&f, 33);
        w = fx_tensor(&f, ZKG_FIXED, ZKG_I32, -70000, 70000, 3, AXES(o, c, i));
        in =
            n < 2
                ? fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, -128, 127, 2, AXES(c, u))
                : fx_tensor(&f, ZKG_PRIVATE, ZKG_I16, -300, 300, 2, AXES(u, c));
        e = EINSUM(&f, -1, o, y);
        fx_term2(&f, e, 1, w, in);
        fx_affine(&f, e, 1, n < 2 ? 1 : 0, n % 2 ? 2 : 1, y, 1, i, -2);
        close(&f, e);
        fx_check(&f);
        fx_clear(&f);
    }
}

/* Products with affine indices in both factors: a[y+i] b[x+i]; and without a
 * contracted axis: a[2y] b[x-1]; and with two contracted ones: w[i,j] a[3i+j];
 * and of constants: a[1,j] a[0,j]. */
static void products_of_affine_factors(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LENGTHS * 4; n++) {
        fixture f;
        uint32_t y, x, i, u, v, z, two, a, b, w, d, e;

        fx_init(&f, 1);
        f.garbage = n % 2;
        y = fx_axis(&f, lengths[n % LENGTHS]);
        x = fx_axis(&f, lengths[n / LENGTHS]);
        i = fx_axis(&f, 3);
        u = fx_axis(&f, lengths[(n + 2) % LENGTHS]);
        v = fx_axis(&f, lengths[(3 * n + 1) % LENGTHS]);
        z = fx_axis(&f, 1);
        two = fx_axis(&f, 2);
        a = TENSOR(&f, ZKG_PRIVATE, u);
        b = TENSOR(&f, n % 5 == 2 ? ZKG_PUBLIC : ZKG_PRIVATE, v);
        w = TENSOR(&f, ZKG_FIXED, i, two);
        d = TENSOR(&f, ZKG_PRIVATE, two, y);
        e = EINSUM(&f, -1, y, x);
        fx_term2(&f, e, 1, a, b);
        fx_affine(&f, e, 0, 0, 1, y, 1, i, -1);
        fx_affine(&f, e, 1, 0, 2, x, -1, i, 1);
        fx_term2(&f, e, 2, a, b);
        fx_affine(&f, e, 0, 0, 2, y, 0, ZKG_NO_AXIS, 0);
        fx_affine(&f, e, 1, 0, 1, x, 0, ZKG_NO_AXIS, -1);
        close(&f, e);
        e = EINSUM(&f, -1, y);
        fx_term2(&f, e, 1, w, a);
        fx_affine(&f, e, 1, 0, 2, i, 1, two, -1);
        fx_term2(&f, e, 1, d, d);
        fx_affine(&f, e, 0, 0, 0, z, 0, ZKG_NO_AXIS, 1);
        fx_affine(&f, e, 1, 0, 0, z, 0, ZKG_NO_AXIS, 0);
        fx_term1(&f, e, 5, d);
        fx_affine(&f, e, 0, 0, 0, z, 0, ZKG_NO_AXIS, 1);
        close(&f, e);
        fx_check(&f);
        fx_clear(&f);
    }
}

/* Sum pooling, windows, strides, a flip, a reshape and one back. */
static void affine_terms_of_one_tensor(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 120; n++) {
        fixture f;
        uint32_t c, rows, columns, flat, z, in, t, e;
        way y, x;

        fx_init(&f, n % 3 + 1);
        for (uint32_t i = 0; i < n; i++)
            (void)rng_u64(&f.random);
        f.garbage = n % 2;
        c = fx_axis(&f, some_length(&f, 5));
        y = random_way(&f);
        x = random_way(&f);
        rows = fx_axis(&f, 3);
        columns = fx_axis(&f, some_length(&f, 5));
        flat = fx_axis(&f, 3 * f.axis[columns].len);
        z = fx_axis(&f, 1);
        in = TENSOR(&f, visible[n % 4], 0, c, y.in, x.in);
        t = TENSOR(&f, ZKG_PRIVATE, 0, flat);
        /* pooling, over the channels too */
        e = EINSUM(&f, -1, 0, y.out, x.out);
        fx_term1(&f, e, 1, in);
        fx_affine(&f, e, 0, 2, y.s, y.out, y.d, y.tap, -y.pad);
        fx_affine(&f, e, 0, 3, x.s, x.out, x.d, x.tap, -x.pad);
        close(&f, e);
        /* all windows, and a constant row of each channel */
        e = EINSUM(&f, -1, y.tap, 0, c, y.out);
        fx_term1(&f, e, 2, in);
        fx_affine(&f, e, 0, 2, y.s, y.out, y.d, y.tap, -y.pad);
        fx_term1(&f, e, 3, in);
        fx_affine(&f, e, 0, 2, 0, z, 0, ZKG_NO_AXIS, 0);
        close(&f, e);
        /* a flip, and a reshape */
        e = EINSUM(&f, -1, 0, rows, columns);
        fx_term1(&f, e, 1, t);
        fx_affine(&f, e, 0, 1, (int64_t)f.axis[columns].len, rows, 1, columns,
                  0);
        fx_term1(&f, e, 1, t);
        fx_affine(&f, e, 0, 1, -1, columns, 0, ZKG_NO_AXIS,
                  (int64_t)f.axis[columns].len - 1);
        close(&f, e);
        fx_check(&f);
        fx_clear(&f);
    }
}

/* A small convolution of a virtual tensor, and a sum of its windows. */
static void small_convolution(fixture *f)
{
    uint32_t o, c, y, i, u, w, x, v, e;

    fx_init(f, 1);
    f->garbage = true;
    o = fx_axis(f, 2);
    c = fx_axis(f, 3);
    y = fx_axis(f, 3);
    i = fx_axis(f, 3);
    u = fx_axis(f, 5);
    w = TENSOR(f, ZKG_FIXED, o, c, i);
    x = TENSOR(f, ZKG_PRIVATE, c, u);
    v = result(f, ZKG_VIRTUAL, 2, AXES(c, u));
    e = EINSUM(f, -1, o, y);
    fx_term2(f, e, 1, w, v);
    fx_affine(f, e, 1, 1, 2, y, 1, i, -1);
    e = EINSUM(f, (int32_t)v, c, u);
    fx_term1(f, e, 1, x);
    fx_affine(f, e, 0, 1, 1, u, 0, ZKG_NO_AXIS, -1);
    fx_solve(f, e, v, 1);
    close(f, 0);
    fx_check(f);
}

static void convolutions_tampered_with(void **state)
{
    fixture f;

    (void)state;
    small_convolution(&f);
    fx_check_tampering(&f, NULL);
    fx_clear(&f);
}

/* What of a term of two factors an affine index may name. */
static void affine_shapes_are_judged(void **state)
{
    fixture f;
    uint32_t y, i, u, z, w, x, v, e;
    zkg_index *index;

    (void)state;
    fx_init(&f, 1);
    y = fx_axis(&f, 4);
    i = fx_axis(&f, 3);
    u = fx_axis(&f, 6);
    z = fx_axis(&f, 1);
    w = TENSOR(&f, ZKG_FIXED, i);
    x = TENSOR(&f, ZKG_PRIVATE, u);
    v = TENSOR(&f, ZKG_PRIVATE, y, i);
    e = EINSUM(&f, -1, y);
    fx_term2(&f, e, 1, w, x);
    index = f.term[e][0].index[1];
#define TRY(S, A, D, B, E)                                                     \
    (index[0] = (zkg_index){.s = (S), .a = (A), .d = (D), .b = (B), .e = (E)}, \
     zkg_task_check(&f.t, NULL))
    assert_int_equal(TRY(1, y, 1, i, 0), ZKG_OK);
    assert_int_equal(TRY(2, i, -3, y, 5), ZKG_OK);
    /* i is contracted in one factor alone; then an axis twice. */
    assert_int_equal(TRY(1, y, 0, ZKG_NO_AXIS, 1), ZKG_ERR_UNSUPPORTED);
    assert_int_equal(TRY(1, i, 1, i, 0), ZKG_ERR_UNSUPPORTED);
    /* A factor of 0, and constants. */
    assert_int_equal(TRY(0, y, 1, i, 0), ZKG_ERR_INVALID);
    assert_int_equal(TRY(1, y, 0, i, 0), ZKG_ERR_INVALID);
    assert_int_equal(TRY((INT64_C(1) << 31) + 1, y, 1, i, 0), ZKG_ERR_INVALID);
    assert_int_equal(TRY(1, y, 1, i, -(INT64_C(1) << 31) - 1), ZKG_ERR_INVALID);
    assert_int_equal(TRY(1, 99, 1, i, 0), ZKG_ERR_INVALID);
    assert_int_equal(TRY(1, y, 1, 99, 0), ZKG_ERR_INVALID);
    assert_int_equal(TRY(1, z, 1, i, 2), ZKG_OK);
    f.einsum[e].terms = 0;
    fx_term1(&f, e, 1, x);
    index = f.term[e][0].index[0];
    assert_int_equal(TRY(1, z, 0, ZKG_NO_AXIS, 5), ZKG_OK);
    assert_int_equal(TRY(1, z, 1, z, -1), ZKG_OK);
    /* y is an output axis of both factors, and affine in one. */
    f.einsum[e].terms = 0;
    fx_term2(&f, e, 1, v, x);
    index = f.term[e][0].index[1];
    assert_int_equal(TRY(1, y, 1, i, 0), ZKG_ERR_UNSUPPORTED);
    /* The verifier walks no more than it can. */
    f.axis[y] = (zkg_axis){1 << 20, 20};
    f.axis[i] = (zkg_axis){5, 3};
    f.einsum[e].terms = 0;
    f.t.operands = 2;
    f.operand[0].array = f.operand[1].array = NULL;
    fx_term2(&f, e, 1, w, x);
    index = f.term[e][0].index[1];
    assert_int_equal(TRY(1, y, 1, i, 0), ZKG_ERR_UNSUPPORTED);
    f.axis[i] = (zkg_axis){4, 2};
    assert_int_equal(TRY(1, y, 1, i, 0), ZKG_OK);
    f.axis[u] = (zkg_axis){(1 << 20) + 1, 21};
    assert_int_equal(TRY(1, y, 1, i, 0), ZKG_ERR_UNSUPPORTED);
#undef TRY
    f.t.operands = 3;
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

/* The first sumcheck of a convolution fits, the second does not: the claim on
 * the input's windows was false. */
static void false_windows_are_caught(void **state)
{
#ifdef ZKG_TEST_HOOKS
    const zkg_hooks window = {.cheat = ZKG_CHEAT_WRONG_WINDOW, .task = 7};
    const zkg_hooks end = {.cheat = ZKG_CHEAT_WRONG_END_VALUE, .task = 7};
    outcome prover, verifier;
    fixture f;

    small_convolution(&f);
    expect(&f, &end, NULL, ZKG_CHECK_EINSUM_END);
    fx_prove(&prover, &f, &window);
    assert_int_equal(prover.status, ZKG_OK);
    fx_verify(&verifier, &f, prover.tape.buf, prover.tape.len, NULL);
    assert_int_equal(verifier.status, ZKG_ERR_REJECT);
    assert_int_equal(verifier.c.verdict.check, ZKG_CHECK_EINSUM_END);
    assert_non_null(strstr(verifier.c.verdict.text, "weighted sum"));
    outcome_clear(&prover);
    outcome_clear(&verifier);
    fx_clear(&f);
#endif
    (void)state;
}

/* Weights that forget what is real: taps beyond the kernel, cells beyond the
 * input, outputs beyond the output. */
static void windows_end_where_they_end(void **state)
{
#ifdef ZKG_TEST_HOOKS
    const zkg_hooks drop = {.drop_indicator = true, .task = -1};

    for (uint32_t which = 0; which < 3; which++) {
        fixture f;
        uint32_t y, i, u, w, x, e;

        fx_init(&f, 1);
        f.garbage = true;
        y = fx_axis(&f, which == 0 ? 3 : 4);
        i = fx_axis(&f, which == 1 ? 3 : 2);
        u = fx_axis(&f, which == 2 ? 5 : 8);
        w = TENSOR(&f, ZKG_FIXED, i);
        x = TENSOR(&f, ZKG_PRIVATE, u);
        e = EINSUM(&f, -1, y);
        fx_term2(&f, e, 1, w, x);
        fx_affine(&f, e, 1, 0, 1, y, 2, i, 0);
        close(&f, e);
        fx_check(&f);
        expect(&f, &drop, &drop, ZKG_CHECK_EINSUM_END);
        fx_clear(&f);

        fx_init(&f, 1);
        f.garbage = true;
        y = fx_axis(&f, which == 0 ? 3 : 4);
        i = fx_axis(&f, which == 1 ? 3 : 2);
        u = fx_axis(&f, which == 2 ? 5 : 8);
        x = TENSOR(&f, ZKG_PRIVATE, u);
        e = EINSUM(&f, -1, y);
        fx_term1(&f, e, 1, x);
        fx_affine(&f, e, 0, 0, 1, y, 2, i, 0);
        close(&f, e);
        fx_check(&f);
        expect(&f, &drop, &drop, ZKG_CHECK_EINSUM_END);
        fx_clear(&f);
    }
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
        cmocka_unit_test(merges_tampered_with),
        cmocka_unit_test(false_values_are_refused),
        cmocka_unit_test(shapes_that_are_not_there_are_refused),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(depthwise_channels_last),
        cmocka_unit_test(long_convolutions),
        cmocka_unit_test(products_of_affine_factors),
        cmocka_unit_test(affine_terms_of_one_tensor),
        cmocka_unit_test(convolutions_tampered_with),
        cmocka_unit_test(affine_shapes_are_judged),
        cmocka_unit_test(an_empty_task_sends_nothing),
        cmocka_unit_test(cheats_are_named),
        cmocka_unit_test(false_windows_are_caught),
        cmocka_unit_test(windows_end_where_they_end),
        cmocka_unit_test(indicators_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
