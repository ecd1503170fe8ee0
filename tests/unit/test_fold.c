/* SPDX-License-Identifier: Apache-2.0
 * Folds of tensors against the sum that defines them. */
#include "relation_fixture.h"

#include "base/cpu.h"
#include "base/mem.h"
#include "poly/eq.h"
#include "relation/fold.h"

enum { CASES = 300, MOST_CELLS = 40000 };

typedef struct fold_case {
    zkg_array a;
    zkg_fold_axis axis[3];
    zkg_fr point[3][ZKG_MAX_VARS];
    uint32_t vars;
    bool folded;
} fold_case;

static void random_fr(zkg_fr *out, rng *r)
{
    uint8_t wide[64];

    for (size_t i = 0; i < sizeof(wide); i++)
        wide[i] = (uint8_t)rng_u64(r);
    zkg_fr_from_wide_bytes(out, wide);
}

static uint32_t bits_of(uint64_t len)
{
    uint32_t bits = 0;

    while ((uint64_t)1 << bits < len)
        bits++;
    return bits;
}

/* Lengths around the blocks of weights, and short ones. */
static uint64_t draw_length(rng *r)
{
    static const uint64_t edge[] = {1,   2,   3,   7,    63,   64,   65,
                                    511, 512, 513, 1023, 1024, 1025, 1537};

    return rng_below(r, 2) == 0
               ? edge[rng_below(r, sizeof(edge) / sizeof(*edge))]
               : 1 + rng_below(r, 40);
}

static void draw(fold_case *c, rng *r)
{
    static const zkg_dtype types[] = {ZKG_I8,  ZKG_U8,  ZKG_I16,
                                      ZKG_U16, ZKG_I32, ZKG_I64};
    const zkg_dtype type = types[rng_below(r, 6)];
    const uint32_t axes = 1 + (uint32_t)rng_below(r, 3);
    uint64_t len[3], cells;

    do {
        cells = 1;
        for (uint32_t k = 0; k < axes; k++)
            cells *= len[k] = draw_length(r);
    } while (cells > MOST_CELLS);
    memset(c, 0, sizeof(*c));
    assert_int_equal(zkg_array_init(&c->a, type, axes, len, NULL), ZKG_OK);
    for (uint64_t i = 0; i < cells; i++) {
        const int64_t v = (int64_t)rng_u64(r);

        zkg_array_set_i64(&c->a, i,
                          type == ZKG_I64   ? v
                          : type == ZKG_I32 ? (int32_t)v
                          : type == ZKG_I16 ? (int16_t)v
                          : type == ZKG_U16 ? (uint16_t)v
                          : type == ZKG_I8  ? (int8_t)v
                                            : (uint8_t)v);
    }
    for (uint32_t k = axes; k-- > 0;) {
        zkg_fold_axis *x = &c->axis[k];

        x->bits = bits_of(len[k]);
        x->kept = rng_below(r, 2) == 0;
        x->shift = c->vars;
        if (x->kept) {
            c->vars += x->bits;
            continue;
        }
        c->folded |= x->bits > 0;
        for (uint32_t t = 0; t < x->bits; t++)
            random_fr(&c->point[k][t], r);
        x->at = c->point[k];
    }
}

/* All of them in turn. */
static const zkg_backend *backend(uint32_t n)
{
    return n % 2 == 0 ? zkg_backend_ref()
                      : zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
}

/* The sum, cell by cell. */
static void fold_slowly(zkg_fr *out, const fold_case *c)
{
    for (uint64_t i = 0; i < zkg_array_stored_count(&c->a); i++) {
        uint64_t rest = i, at = 0;
        zkg_fr term, weight;

        zkg_fr_from_i64(&term, zkg_array_get_i64(&c->a, i));
        for (uint32_t k = c->a.axes; k-- > 0;) {
            const uint64_t index = rest % c->a.stored[k];

            rest /= c->a.stored[k];
            if (c->axis[k].kept) {
                at += index << c->axis[k].shift;
            } else if (c->axis[k].bits > 0) {
                zkg_eq_at(&weight, c->axis[k].at, c->axis[k].bits, index);
                zkg_fr_mul(&term, &term, &weight);
            }
        }
        zkg_fr_add(&out[at], &out[at], &term);
    }
}

static void folds_are_their_sums(void **state)
{
    rng r = rng_new();

    (void)state;
    for (uint32_t n = 0; n < CASES; n++) {
        fold_case c;
        zkg_fr *want, *got;

        draw(&c, &r);
        want = zkg_alloc((size_t)1 << c.vars, sizeof(*want));
        got = zkg_alloc((size_t)1 << c.vars, sizeof(*got));
        assert_non_null(want);
        assert_non_null(got);
        fold_slowly(want, &c);
        assert_int_equal(zkg_fold(got, c.vars, &c.a, c.axis, 0,
                                  (uint64_t)1 << c.vars, backend(n),
                                  zkg_comm_self()),
                         ZKG_OK);
        for (uint64_t i = 0; i < (uint64_t)1 << c.vars; i++)
            assert_true(zkg_fr_equal(&want[i], &got[i]));
        zkg_free(want);
        zkg_free(got);
        zkg_array_clear(&c.a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(folds_are_their_sums)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
