/* SPDX-License-Identifier: Apache-2.0 */
/* Einsums over plain integers against sums written out, in every lane width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/eval.h"
#include "graph/graph.h"

#include "rng.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

enum { N, O, C, Y, X, I, J, U, W, AXES };
static const char *const axis_name[AXES] = {"n", "o", "c", "y", "x",
                                            "i", "j", "u", "w"};

/* A convolution Y[n,o,y,x] with a bias. */
typedef struct conv {
    uint64_t len[AXES]; /* len[N]: the copies */
    int64_t s[2], d[2], e[2];
    bool depthwise; /* c is o */
    zkg_graph *g;
    zkg_array array[3]; /* w, x, b */
} conv;

static uint64_t some_length(rng *r, uint64_t most)
{
    static const uint64_t edge[] = {1, 2, 3, 4, 5, 7, 8, 9};

    return rng_below(r, 3) == 0 ? 1 + rng_below(r, most)
                                : edge[rng_below(r, 8)];
}

static void add_tensor(conv *t, rng *r, uint32_t id, const char *name,
                       zkg_dtype type, int64_t most, uint32_t axes,
                       const uint64_t *len)
{
    zkg_tensor_spec spec = {.name = name,
                            .type = type,
                            .visibility = ZKG_PRIVATE,
                            .axes = axes,
                            .min = -most - 1,
                            .max = most};

    memcpy(spec.len, len, axes * sizeof(len[0]));
    OK(zkg_graph_add_tensor(t->g, &spec, NULL));
    OK(zkg_array_init(&t->array[id], type, axes, len, NULL));
    for (uint64_t i = 0; i < zkg_array_count(&t->array[id]); i++) {
        const uint64_t v = rng_below(r, 8) == 0 ? rng_edge(r) : rng_u64(r);
        const uint64_t range = 2 * (uint64_t)most + 2;

        zkg_array_set_i64(&t->array[id], i,
                          (int64_t)(range == 0 ? v : v % range) - most - 1);
    }
}

static void index_text(char *out, const char *y, const char *i, int64_t s,
                       int64_t d, int64_t e)
{
    sprintf(out, "%lld*%s%+lld*%s%+lld", (long long)s, y, (long long)d, i,
            (long long)e);
}

static void make(conv *t, rng *r, zkg_dtype type, int64_t most)
{
    char x[200], one[80], two[80];

    memset(t, 0, sizeof(*t));
    for (uint32_t a = 0; a < AXES; a++)
        t->len[a] = some_length(r, a >= U ? 40 : 5);
    if (rng_below(r, 4) == 0)
        t->len[X] = 1 + rng_below(r, 40);
    if (rng_below(r, 2) == 0) /* maps are worth turning weights for */
        t->len[O] = 15 + rng_below(r, 30);
    t->depthwise = rng_below(r, 2) == 0;
    for (int k = 0; k < 2; k++) {
        t->s[k] = 1 + (int64_t)rng_below(r, 3);
        t->d[k] = 1 + (int64_t)rng_below(r, 2);
        t->e[k] = (int64_t)rng_below(r, 5) - 3;
        if (rng_below(r, 4) == 0) { /* backwards */
            t->s[k] = -t->s[k];
            t->e[k] += (int64_t)t->len[U + (uint32_t)k] - 1;
        }
    }
    OK(zkg_graph_new(&t->g, NULL));
    OK(zkg_graph_add_kernel(t->g, "k", NULL));
    for (uint32_t a = O; a < AXES; a++)
        OK(zkg_graph_kernel_axis(t->g, "k", axis_name[a], t->len[a], NULL));
    OK(zkg_graph_kernel_param(t->g, "k", "w",
                              t->depthwise ? "o,i,j" : "o,c,i,j", NULL));
    OK(zkg_graph_kernel_param(t->g, "k", "x", t->depthwise ? "o,u,w" : "c,u,w",
                              NULL));
    OK(zkg_graph_kernel_param(t->g, "k", "b", "o", NULL));
    OK(zkg_graph_kernel_einsum(t->g, "k", "o,y,x", NULL, NULL));
    index_text(one, "y", "i", t->s[0], t->d[0], t->e[0]);
    index_text(two, "x", "j", t->s[1], t->d[1], t->e[1]);
    sprintf(x, "x[%s,%s,%s]", t->depthwise ? "o" : "c", one, two);
    OK(zkg_graph_kernel_term(
        t->g, "k", "-3", t->depthwise ? "w[o,i,j]" : "w[o,c,i,j]", x, NULL));
    OK(zkg_graph_kernel_term(t->g, "k", "5", "b[o]", NULL, NULL));
    OK(zkg_graph_kernel_term(t->g, "k", "7", NULL, NULL, NULL));
    OK(zkg_graph_add_task(t->g, NULL, "k", t->len[N], NULL));
    {
        const uint64_t *l = t->len;
        const uint32_t c = t->depthwise ? 0 : 1;
        const uint64_t w[4] = {l[O], l[C], l[I], l[J]};
        const uint64_t dw[3] = {l[O], l[I], l[J]};
        const uint64_t in[4] = {l[N], t->depthwise ? l[O] : l[C], l[U], l[W]};

        add_tensor(t, r, 0, "tw", type, most, 3 + c, c ? w : dw);
        add_tensor(t, r, 1, "tx", type, most, 4, in);
        add_tensor(t, r, 2, "tb", type, most, 1, w);
    }
    OK(zkg_graph_bind(t->g, "w", "tw", true, NULL));
    OK(zkg_graph_bind(t->g, "x", "tx", false, NULL));
    OK(zkg_graph_bind(t->g, "b", "tb", true, NULL));
}

static void drop(conv *t)
{
    for (int i = 0; i < 3; i++)
        zkg_array_clear(&t->array[i]);
    zkg_graph_free(t->g);
}

/* One output, in 128 bits. */
static __int128 direct(const conv *t, uint64_t n, uint64_t o, uint64_t y,
                       uint64_t x)
{
    const uint64_t *l = t->len;
    __int128 sum = 0;

    for (uint64_t c = 0; c < (t->depthwise ? 1 : l[C]); c++) {
        for (uint64_t i = 0; i < l[I]; i++) {
            for (uint64_t j = 0; j < l[J]; j++) {
                const int64_t u =
                    t->s[0] * (int64_t)y + t->d[0] * (int64_t)i + t->e[0];
                const int64_t w =
                    t->s[1] * (int64_t)x + t->d[1] * (int64_t)j + t->e[1];
                const uint64_t channels = t->depthwise ? l[O] : l[C];
                const uint64_t channel = t->depthwise ? o : c;
                const uint64_t tap =
                    t->depthwise ? (o * l[I] + i) * l[J] + j
                                 : ((o * l[C] + c) * l[I] + i) * l[J] + j;

                if (u < 0 || (uint64_t)u >= l[U] || w < 0 ||
                    (uint64_t)w >= l[W])
                    continue;
                sum +=
                    (__int128)zkg_array_get_i64(&t->array[0], tap) *
                    zkg_array_get_i64(
                        &t->array[1],
                        ((n * channels + channel) * l[U] + (uint64_t)u) * l[W] +
                            (uint64_t)w);
            }
        }
    }
    return -3 * sum + 5 * (__int128)zkg_array_get_i64(&t->array[2], o) + 7;
}

static void check(const conv *t)
{
    const uint64_t *l = t->len;
    const uint64_t count = l[N] * l[O] * l[Y] * l[X];
    int64_t *sum = test_malloc((size_t)count * sizeof(*sum));
    uint64_t at = 0;

    OK(zkg_eval_einsum(sum, &t->g->st, 0, 0, t->array, NULL, 0, NULL));
    for (uint64_t n = 0; n < l[N]; n++)
        for (uint64_t o = 0; o < l[O]; o++)
            for (uint64_t y = 0; y < l[Y]; y++)
                for (uint64_t x = 0; x < l[X]; x++)
                    assert_true(sum[at++] == direct(t, n, o, y, x));
    test_free(sum);
}

static void einsums_are_their_sums(void **state)
{
    static const struct {
        zkg_dtype type;
        int64_t most;
    } kinds[] = {{ZKG_I8, 127},    {ZKG_I16, 32767},     {ZKG_I16, 9000},
                 {ZKG_I32, 40000}, {ZKG_I32, INT32_MAX}, {ZKG_I64, 9},
                 {ZKG_I64, 5000},  {ZKG_I64, 1 << 28},   {ZKG_I64, 1 << 24}};
    const uint32_t all = sizeof(kinds) / sizeof(kinds[0]);
    rng r = rng_new();

    (void)state;
    for (uint32_t n = 0; n < 900; n++) {
        conv t;

        make(&t, &r, kinds[n % all].type, kinds[n % all].most);
        /* What 64 bits hold at most, of 5 * 81 products. */
        if (kinds[n % all].most < INT32_MAX)
            check(&t);
        drop(&t);
    }
}

/* A sum that leaves 64 bits is found wherever it stands. */
static void sums_that_leave_64_bits(void **state)
{
    rng r = rng_new();
    uint32_t left = 0, stayed = 0;

    (void)state;
    for (uint32_t n = 0; n < 400; n++) {
        int64_t sum[4096];
        zkg_error err = {0};
        zkg_status s;
        conv t;
        bool leaves = false;

        make(&t, &r, ZKG_I64, n % 2 ? (INT64_C(1) << 30) : INT32_MAX / 4);
        if (t.len[N] * t.len[O] * t.len[Y] * t.len[X] > 4096) {
            drop(&t);
            continue;
        }
        if (n % 5 == 0)
            for (uint64_t i = 0; i < zkg_array_count(&t.array[1]); i++)
                zkg_array_set_i64(&t.array[1], i, (int64_t)(n % 3));
        for (uint64_t i = 0; i < zkg_array_count(&t.array[0]); i++)
            zkg_array_set_i64(&t.array[0], i,
                              2 * zkg_array_get_i64(&t.array[0], i));
        for (uint64_t a = 0; a < t.len[N]; a++)
            for (uint64_t o = 0; o < t.len[O]; o++)
                for (uint64_t y = 0; y < t.len[Y]; y++)
                    for (uint64_t x = 0; x < t.len[X]; x++) {
                        const __int128 v = direct(&t, a, o, y, x);

                        leaves |= v > INT64_MAX || v < INT64_MIN;
                    }
        s = zkg_eval_einsum(sum, &t.g->st, 0, 0, t.array, NULL, 0, &err);
        if (leaves) {
            assert_int_equal(s, ZKG_ERR_WITNESS);
            assert_non_null(strstr(err.text, "leaves 64"));
        }
        left += leaves;
        stayed += s == ZKG_OK;
        drop(&t);
    }
    assert_true(left > 10 && stayed > 10);
}

/* More lines than are laid side by side at a time, of either factor. */
static void matrices_of_several_blocks(void **state)
{
    enum { M = 70, K = 2050, L = 261 };
    static int8_t a[M * K], b[K * L];
    static int64_t sum[M * L];
    static const uint64_t a_len[2] = {M, K}, b_len[2] = {K, L};
    const zkg_tensor_spec spec[2] = {
        {"a", ZKG_I8, ZKG_PRIVATE, 2, {M, K}, -128, 127},
        {"b", ZKG_I8, ZKG_PRIVATE, 2, {K, L}, -128, 127}};
    zkg_array array[2];
    zkg_graph *g;
    rng r = rng_new();

    (void)state;
    for (size_t i = 0; i < M * K; i++)
        a[i] = (int8_t)rng_u64(&r);
    for (size_t i = 0; i < K * L; i++)
        b[i] = (int8_t)rng_u64(&r);
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_kernel(g, "k", NULL));
    OK(zkg_graph_kernel_axis(g, "k", "m", M, NULL));
    OK(zkg_graph_kernel_axis(g, "k", "k", K, NULL));
    OK(zkg_graph_kernel_axis(g, "k", "l", L, NULL));
    OK(zkg_graph_kernel_param(g, "k", "a", "m,k", NULL));
    OK(zkg_graph_kernel_param(g, "k", "b", "k,l", NULL));
    OK(zkg_graph_kernel_einsum(g, "k", "m,l", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "k", "-1", "a[m,k]", "b[k,l]", NULL));
    OK(zkg_graph_add_task(g, NULL, "k", 1, NULL));
    for (uint32_t i = 0; i < 2; i++) {
        OK(zkg_graph_add_tensor(g, &spec[i], NULL));
        OK(zkg_graph_bind(g, spec[i].name, spec[i].name, true, NULL));
    }
    zkg_array_borrow(&array[0], ZKG_I8, 2, a_len, a);
    zkg_array_borrow(&array[1], ZKG_I8, 2, b_len, b);
    OK(zkg_eval_einsum(sum, &g->st, 0, 0, array, NULL, 0, NULL));
    for (size_t m = 0; m < M; m++)
        for (size_t l = 0; l < L; l++) {
            int64_t want = 0;

            for (size_t k = 0; k < K; k++)
                want -= a[m * K + k] * b[k * L + l];
            assert_int_equal(sum[m * L + l], want);
        }
    zkg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(einsums_are_their_sums),
        cmocka_unit_test(sums_that_leave_64_bits),
        cmocka_unit_test(matrices_of_several_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
