/* SPDX-License-Identifier: Apache-2.0
 * The wires of circuits. */
#include "check.h"

/* Wires in both backends, of the same values. */
typedef struct both {
    zkg_wires ref, b;
} both;

static zkg_wires wires_new(zkg_dtype type, uint32_t lanes, size_t count,
                           size_t groups)
{
    zkg_wires w = {NULL, type, lanes, count, groups};

    w.at = aligned_alloc(64, (zkg_wires_bytes(&w) + 127) / 64 * 64);
    if (w.at == NULL)
        abort();
    memset(w.at, 0xa5, zkg_wires_bytes(&w));
    return w;
}

static both both_new(zkg_dtype type, uint32_t lanes, size_t count,
                     size_t groups)
{
    return (both){wires_new(type, lanes, count, groups),
                  wires_new(type, lanes, count, groups)};
}

/* Integers not larger than `most`. */
static both both_draw(context *c, zkg_dtype type, uint32_t lanes, size_t count,
                      size_t groups, int64_t most)
{
    const size_t n = count * lanes;
    both w = both_new(type, lanes, count, groups);

    for (size_t g = 0; type == ZKG_FR && g < groups; g++) {
        zkg_fr *v = elements(c, n);

        must(c->ref->wires_import(&w.ref, g, v));
        must(c->b->wires_import(&w.b, g, v));
        free(v);
    }
    for (size_t i = 0; type != ZKG_FR && i < n * groups; i++) {
        const int64_t low =
            zkg_dtype_min(type) < -most ? -most : zkg_dtype_min(type);
        const int64_t high =
            zkg_dtype_max(type) > most ? most : zkg_dtype_max(type);
        const uint64_t pick = next(c);
        const int64_t v =
            pick % 4 == 0   ? low
            : pick % 4 == 1 ? high
                            : low + (int64_t)(next(c) % (uint64_t)(high - low));
        const size_t size = zkg_dtype_size(type);

        memcpy((char *)w.ref.at + i * size, &v, size);
        memcpy((char *)w.b.at + i * size, &v, size);
    }
    return w;
}

static void both_clear(both *w)
{
    free(w->ref.at);
    free(w->b.at);
}

static void both_same(context *c, const both *w, const char *what)
{
    const size_t n = w->ref.count * w->ref.lanes;

    verdict(c,
            w->ref.count == w->b.count && w->ref.groups == w->b.groups &&
                w->ref.type == w->b.type && w->ref.lanes == w->b.lanes,
            "shape", n);
    for (size_t g = 0; g < w->ref.groups; g++) {
        zkg_fr *x = elements(c, n), *y = copy(x, n);

        must(c->ref->wires_export(x, &w->ref, g));
        must(c->b->wires_export(y, &w->b, g));
        same(c, x, y, n, what);
        free(x);
        free(y);
    }
}

static const size_t wire_counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 33, 300};
static const size_t wire_groups[] = {1, 2, 3, 130};
enum {
    WIRE_COUNTS = sizeof(wire_counts) / sizeof(*wire_counts),
    WIRE_GROUPS = sizeof(wire_groups) / sizeof(*wire_groups),
    WIRE_SHAPES = 4 * WIRE_COUNTS * WIRE_GROUPS
};

/* Shape s of wires: lanes, wires and groups. */
static void wire_shape(uint32_t *lanes, size_t *count, size_t *groups, size_t s)
{
    *lanes = 8u >> s % 4;
    *count = wire_counts[s / 4 % WIRE_COUNTS];
    *groups = wire_groups[s / 4 / WIRE_COUNTS];
    if (*count > 33 && *groups > 3)
        *groups = 1;
}

void check_wires_import(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;
        both w;

        wire_shape(&lanes, &count, &groups, s);
        w = both_draw(c, ZKG_FR, lanes, count, groups, 0);
        both_same(c, &w, "import");
        both_clear(&w);
    }
}

void check_wires_export(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;

        wire_shape(&lanes, &count, &groups, s);
        for (int type = ZKG_I8; type <= ZKG_I64; type++) {
            both w = both_draw(c, (zkg_dtype)type, lanes, count, groups,
                               ZKG_WIRE_MOST);

            both_same(c, &w, "export");
            both_clear(&w);
        }
    }
}

enum { TERM_SOURCES = 3 };

/* Random terms of `count` wires over sources of `wires` wires: of some wires
 * none, of some several hundred. */
static zkg_wire_term *draw_terms(context *c, size_t *n, size_t count,
                                 size_t wires, size_t weights)
{
    zkg_wire_term *t = get(count * 3 + 700, sizeof(*t));

    *n = 0;
    for (size_t x = 0; x < count; x++) {
        size_t of = next(c) % 4;

        if (x == count / 2)
            of = next(c) % 3 == 0 ? 700 : of;
        for (size_t k = 0; k < of && *n < count * 3 + 700; k++)
            t[(*n)++] =
                (zkg_wire_term){.to = (uint32_t)x,
                                .weight = (uint32_t)(next(c) % weights),
                                .a = (uint32_t)(next(c) % wires),
                                .b = next(c) % 2 ? (uint32_t)(next(c) % wires)
                                                 : ZKG_WIRE_LINEAR,
                                .a_source = (uint16_t)(next(c) % TERM_SOURCES),
                                .b_source = (uint16_t)(next(c) % TERM_SOURCES)};
    }
    return t;
}

void check_wires_terms(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        const size_t wires = 5, weights = 11;
        zkg_wires in_ref[TERM_SOURCES], in_b[TERM_SOURCES];
        both from[TERM_SOURCES], out;
        zkg_fr *base, *weight = elements(c, weights);
        uint32_t lanes;
        size_t count, groups, n;
        zkg_wire_term *t;

        wire_shape(&lanes, &count, &groups, s);
        base = elements(c, count);
        weight[1] = zkg_fr_one;
        zkg_fr_neg(&weight[2], &zkg_fr_one);
        for (int k = 0; k < TERM_SOURCES; k++) {
            const zkg_dtype type =
                next(c) % 2 ? ZKG_FR : (zkg_dtype)(next(c) % ZKG_FR);

            from[k] = both_draw(c, type, lanes, wires, groups, ZKG_WIRE_MOST);
            in_ref[k] = from[k].ref;
            in_b[k] = from[k].b;
        }
        out = both_new(ZKG_FR, lanes, count, groups);
        t = draw_terms(c, &n, count, wires, weights);
        must(
            c->ref->wires_terms(&out.ref, base, t, n, weight, weights, in_ref));
        must(c->b->wires_terms(&out.b, base, t, n, weight, weights, in_b));
        both_same(c, &out, "gates");
        for (int k = 0; k < TERM_SOURCES; k++)
            both_clear(&from[k]);
        both_clear(&out);
        free(base);
        free(weight);
        free(t);
    }
    for (int form = 0; c->bench && form < 3; form++) {
        static const char *const label[] = {"products", "weighted", "i8"};
        both x = both_draw(c, form == 2 ? ZKG_I8 : ZKG_FR, 8, 1024, 16, 127);
        both y = both_new(ZKG_FR, 8, 1024, 16);
        zkg_wire_term *t = get(1024, sizeof(*t));
        zkg_fr *base = elements(c, 1024);

        for (uint32_t i = 0; i < 1024; i++)
            t[i] = (zkg_wire_term){.to = i,
                                   .weight = form == 0 ? 0 : i,
                                   .a = (uint32_t)(next(c) % 1024),
                                   .b = form == 0 ? (uint32_t)(next(c) % 1024)
                                                  : ZKG_WIRE_LINEAR};
        base[0] = zkg_fr_one;
        BENCH(c, label[form], 1024 * 128, (void)0,
              c->b->wires_terms(&y.b, base, t, 1024, base, 1024, &x.b));
        both_clear(&x);
        both_clear(&y);
        free(t);
        free(base);
    }
}

/* Keep at most `most` terms of each wire. */
static size_t thin_terms(zkg_wire_term *t, size_t n, size_t most)
{
    size_t kept = 0, of = 0;

    for (size_t k = 0; k < n; k++) {
        of = kept > 0 && t[kept - 1].to == t[k].to ? of + 1 : 1;
        if (of <= most)
            t[kept++] = t[k];
    }
    return kept;
}

/* Types of gates, the largest source, and terms of a gate: at most
 * 700 * 2 * 9e8 + 2, 700 * 2 * 9 + 2, 60 * 2 + 2. */
static const struct {
    zkg_dtype type;
    int64_t source;
    size_t terms;
} int_gates[] = {{ZKG_I64, 30000, 700}, {ZKG_I16, 3, 700}, {ZKG_I8, 1, 60}};

void check_wires_int_terms(context *c)
{
    for (size_t s = 0; s < 3 * WIRE_SHAPES; s++) {
        const size_t wires = 5, weights = 7;
        zkg_wires in_ref[TERM_SOURCES], in_b[TERM_SOURCES];
        both from[TERM_SOURCES], out;
        int64_t *base, *weight = get(weights, sizeof(*weight));
        uint64_t most_ref = 0, most_b = 0;
        uint32_t lanes;
        size_t count, groups, n;
        zkg_wire_term *t;

        wire_shape(&lanes, &count, &groups, s / 3);
        base = get(count, sizeof(*base));
        for (size_t i = 0; i < count; i++)
            base[i] = (int64_t)(next(c) % 5) - 2;
        for (size_t i = 0; i < weights; i++)
            weight[i] = (int64_t)(next(c) % 5) - 2;
        weight[0] = 1;
        for (int k = 0; k < TERM_SOURCES; k++) {
            from[k] = both_draw(c, (zkg_dtype)(next(c) % ZKG_FR), lanes, wires,
                                groups, int_gates[s % 3].source);
            in_ref[k] = from[k].ref;
            in_b[k] = from[k].b;
        }
        t = draw_terms(c, &n, count, wires, weights);
        n = thin_terms(t, n, int_gates[s % 3].terms);
        out = both_new(int_gates[s % 3].type, lanes, count, groups);
        must(c->ref->wires_int_terms(&out.ref, &most_ref, base, t, n, weight,
                                     in_ref));
        must(c->b->wires_int_terms(&out.b, &most_b, base, t, n, weight, in_b));
        both_same(c, &out, "gates");
        verdict(c, most_ref == most_b, "most", count);
        for (int k = 0; k < TERM_SOURCES; k++)
            both_clear(&from[k]);
        both_clear(&out);
        free(base);
        free(weight);
        free(t);
    }
    if (c->bench) {
        both x = both_draw(c, ZKG_I8, 8, 1024, 16, 1);
        both y = both_new(ZKG_I8, 8, 1024, 16);
        zkg_wire_term *t = get(1024, sizeof(*t));
        int64_t *zeros = get(1024, sizeof(*zeros));
        const int64_t one = 1;
        uint64_t most;

        for (uint32_t i = 0; i < 1024; i++)
            t[i] = (zkg_wire_term){.to = i,
                                   .a = (uint32_t)(next(c) % 1024),
                                   .b = (uint32_t)(next(c) % 1024)};
        BENCH(c, "i8 products", 1024 * 128, (void)0,
              c->b->wires_int_terms(&y.b, &most, zeros, t, 1024, &one, &x.b));
        both_clear(&x);
        both_clear(&y);
        free(t);
        free(zeros);
    }
}

static void round_same(context *c, const zkg_sums *x, const zkg_sums *y,
                       size_t n)
{
    verdict(c, zkg_fr_equal(&x->at1, &y->at1), "at1", n);
    verdict(c, zkg_fr_equal(&x->c2, &y->c2), "c2", n);
}

/* All rounds of a source, as a sumcheck has them. */
static void check_rounds(context *c, zkg_dtype type, uint32_t lanes,
                         size_t count, size_t groups)
{
    both from = both_draw(c, type, lanes, count, groups, ZKG_WIRE_MOST);
    both h = both_draw(c, ZKG_FR, lanes, count, groups, 0);
    both v = both_new(ZKG_FR, lanes, (count + 1) / 2, groups);
    zkg_fr *weight = elements(c, groups * lanes);
    const zkg_fr *w = next(c) % 3 == 0 ? NULL : weight;
    zkg_sums x = {0}, y = {0};
    zkg_fr *r;

    must(c->ref->wires_round(&x, &v.ref, &h.ref, &from.ref, NULL, w));
    must(c->b->wires_round(&y, &v.b, &h.b, &from.b, NULL, w));
    round_same(c, &x, &y, count);
    for (bool first = true; first || v.ref.count > 1; first = false) {
        const bool last = (first ? count : v.ref.count) <= 2;

        r = elements(c, 1);
        must(c->ref->wires_round(last ? NULL : &x, &v.ref, &h.ref,
                                 first ? &from.ref : &v.ref, r, w));
        must(c->b->wires_round(last ? NULL : &y, &v.b, &h.b,
                               first ? &from.b : &v.b, r, w));
        both_same(c, &v, "values");
        both_same(c, &h, "weights");
        round_same(c, &x, &y, count);
        free(r);
    }
    both_clear(&from);
    both_clear(&h);
    both_clear(&v);
    free(weight);
}

void check_wires_round(context *c)
{
    for (size_t s = 0; s < WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;

        wire_shape(&lanes, &count, &groups, s);
        check_rounds(c, ZKG_FR, lanes, count, groups);
        check_rounds(c, (zkg_dtype)(next(c) % ZKG_FR), lanes, count, groups);
        check_rounds(c, ZKG_I64, lanes, count, groups);
    }
    for (int type = 0; c->bench && type < 2; type++) {
        both x = both_draw(c, type ? ZKG_I8 : ZKG_FR, 8, 1024, 64, 127);
        both h = both_draw(c, ZKG_FR, 8, 1024, 64, 0);
        both v = both_new(ZKG_FR, 8, 512, 64);
        zkg_fr *w = elements(c, 512);
        zkg_sums sums = {0};

        BENCH(c, type ? "i8 sums" : "sums", 1024 * 512, (void)0,
              c->b->wires_round(&sums, &v.b, &h.b, &x.b, NULL, w));
        BENCH(c, type ? "i8 fold, sums" : "fold, sums", 1024 * 512,
              h.b.count = 1024,
              c->b->wires_round(&sums, &v.b, &h.b, &x.b, w, w));
        both_clear(&x);
        both_clear(&h);
        both_clear(&v);
        free(w);
    }
}

/* Integers all of which are the same. */
static both both_same_ints(zkg_dtype type, uint32_t lanes, size_t count,
                           size_t groups, int64_t v)
{
    const size_t size = zkg_dtype_size(type);
    both w = both_new(type, lanes, count, groups);

    for (size_t i = 0; i < count * lanes * groups; i++) {
        memcpy((char *)w.ref.at + i * size, &v, size);
        memcpy((char *)w.b.at + i * size, &v, size);
    }
    return w;
}

/* The sums of v, which is cleared; whatever was where they go. */
static void check_dot(context *c, both *v, const zkg_fr *weight)
{
    const size_t count = v->ref.count;
    zkg_fr *x = elements(c, count), *y = elements(c, count);

    must(c->ref->wires_dot(x, &v->ref, weight));
    must(c->b->wires_dot(y, &v->b, weight));
    same(c, x, y, count, "sums");
    both_clear(v);
    free(x);
    free(y);
}

static void check_dot_drawn(context *c, zkg_dtype type, uint32_t lanes,
                            size_t count, size_t groups)
{
    zkg_fr *weight = elements(c, groups * lanes);
    both v = both_draw(c, type, lanes, count, groups, ZKG_WIRE_MOST);

    check_dot(c, &v, weight);
    free(weight);
}

/* Smallest and largest integers of a type, all the same, times weights all the
 * same: the largest, and such whose form by 2^52 is bytes of 255 below 47. */
static void check_dot_extremes(context *c, zkg_dtype type, uint32_t lanes,
                               size_t groups)
{
    const int64_t low = zkg_dtype_min(type), high = zkg_dtype_max(type);
    zkg_fr *weight = get(groups * lanes, sizeof(*weight)), bytes;
    uint8_t form[32];

    memset(form, 0xff, sizeof(form));
    form[31] = 0x2f;
    (void)zkg_fr_from_mont_bytes(&bytes, form);
    zkg_fr_from_u64(&weight[0], UINT64_C(1) << 52);
    zkg_fr_inv(&weight[0], &weight[0]);
    zkg_fr_mul(&bytes, &bytes, &weight[0]);
    for (int i = 0; i < 4; i++) {
        const int64_t v = i % 2 == 0 ? high : low;
        both w = both_same_ints(type, lanes, 35, groups,
                                v > ZKG_WIRE_MOST    ? ZKG_WIRE_MOST
                                : v < -ZKG_WIRE_MOST ? -ZKG_WIRE_MOST
                                                     : v);

        for (size_t k = 0; k < groups * lanes; k++) {
            weight[k] = bytes;
            if (i < 2)
                largest(&weight[k]);
        }
        check_dot(c, &w, weight);
    }
    free(weight);
}

/* All types over counts and groups around what is taken at a time. */
static void check_dot_sizes(context *c, zkg_dtype type)
{
    static const size_t counts[] = {31, 32, 47, 48, 49, 63, 64, 65, 96, 129},
                        groups[] = {0, 1, 4, 8, 31, 32, 33, 65};

    for (size_t g = 0; g < sizeof(groups) / sizeof(*groups); g++) {
        for (size_t n = 1; n <= 17; n++)
            check_dot_drawn(c, type, 8, n, groups[g]);
        for (size_t n = 0; n < sizeof(counts) / sizeof(*counts); n++)
            check_dot_drawn(c, type, 8, counts[n], groups[g]);
        for (uint32_t lanes = 1; lanes <= 8 && type != ZKG_FR; lanes *= 2)
            check_dot_extremes(c, type, lanes, groups[g]);
    }
}

static void bench_dot(context *c, const char *label, zkg_dtype type,
                      size_t groups)
{
    const size_t n = 2048, copies = groups * ZKG_WIRE_LANES;
    both x = both_draw(c, type, ZKG_WIRE_LANES, n, groups, 127);
    zkg_fr *w = elements(c, copies), *y = elements(c, n);

    BENCH(c, label, n * copies, (void)0, c->b->wires_dot(y, &x.b, w));
    both_clear(&x);
    free(w);
    free(y);
}

void check_wires_dot(context *c)
{
    for (size_t s = 0; s < 2 * WIRE_SHAPES; s++) {
        uint32_t lanes;
        size_t count, groups;

        wire_shape(&lanes, &count, &groups, s / 2);
        check_dot_drawn(c, s % 2 ? ZKG_FR : (zkg_dtype)(next(c) % ZKG_FR),
                        lanes, count, groups);
    }
    for (int type = ZKG_I8; type <= ZKG_FR; type++)
        check_dot_sizes(c, (zkg_dtype)type);
    if (!c->bench)
        return;
    bench_dot(c, "elements, 4", ZKG_FR, 4);
    bench_dot(c, "i64, 4 groups", ZKG_I64, 4);
    bench_dot(c, "i8, 4 groups", ZKG_I8, 4);
    bench_dot(c, "i8, 8 groups", ZKG_I8, 8);
    bench_dot(c, "i8, 64 groups", ZKG_I8, 64);
}
