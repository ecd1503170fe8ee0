/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the scalars of any type into signed magnitudes, leaves out what adds
 * nothing, and hands the rest to msm_variant.c.
 */
#include "curve/msm.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "curve/glv_variant.h"
#include "curve/msm_variant.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static uint64_t magnitude(int64_t v, uint32_t *negative)
{
    *negative = v < 0;
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static uint64_t load_small(uint32_t *negative, const void *scalars,
                           zkg_scalar_type type, size_t i)
{
    *negative = 0;
    switch (type) {
    case ZKG_SCALAR_I8:
        return magnitude(((const int8_t *)scalars)[i], negative);
    case ZKG_SCALAR_U8:
        return ((const uint8_t *)scalars)[i];
    case ZKG_SCALAR_I16:
        return magnitude(((const int16_t *)scalars)[i], negative);
    case ZKG_SCALAR_U16:
        return ((const uint16_t *)scalars)[i];
    case ZKG_SCALAR_I32:
        return magnitude(((const int32_t *)scalars)[i], negative);
    case ZKG_SCALAR_U32:
        return ((const uint32_t *)scalars)[i];
    default:
        return magnitude(((const int64_t *)scalars)[i], negative);
    }
}

static uint32_t bit_length(const uint64_t *m, uint32_t limbs)
{
    for (uint32_t i = limbs; i-- > 0;)
        if (m[i])
            return 64 * i + 64 - (uint32_t)__builtin_clzll(m[i]);
    return 0;
}

/* Sums that are worked on together. */
typedef struct group {
    const zkg_msm *sums;
    size_t count;
    size_t first, span; /* the points that they take */
    zkg_msm_terms *terms;
    zkg_g1j *sum;
    zkg_fp *scratch; /* 2 count */
    uint32_t *index;
    uint64_t *mag;
    zkg_g1 *both; /* of few points, them and their images; else NULL */
    bool has_halves;
} group;

/* to = m, and below has the bits of m - 1, too; false for m = 0. */
static inline bool keep(uint64_t *to, uint64_t below[4], const uint64_t *m,
                        uint32_t limbs)
{
    uint64_t any = 0, borrow = 1;

    for (uint32_t j = 0; j < limbs; j++)
        any |= m[j];
    if (!any)
        return false;
    for (uint32_t j = 0; j < limbs; j++) {
        to[j] = m[j];
        below[j] |= zkg_limb_sbb(m[j], 0, &borrow);
    }
    return true;
}

enum {
    SOME = 64,           /* scalars that are taken at a time */
    IMAGES_MOST = 1 << 9 /* points whose images take less than buckets would */
};

/* Terms of a sum, those of magnitude 0 left out: four words or one each. */
static void load(zkg_msm_terms *t, uint32_t *index, const zkg_msm *from,
                 size_t first, uint32_t cpu_flags)
{
    const zkg_msm sum = *from;
    const uint32_t shift = (uint32_t)(sum.first - first);
    const bool wide = sum.type == ZKG_SCALAR_FR;
    const zkg_fr *elements = sum.scalars;
    uint64_t m[SOME][4], below[4] = {0, 0, 0, 0}, *mag = t->mag;
    uint32_t negative[SOME];
    size_t n = 0;

    for (size_t i = 0; i < sum.n; i++) {
        const size_t k = i % SOME;
        bool is_kept;

        if (wide) {
            if (k == 0)
                ZKG_VARIANT_CALL_3(cpu_flags, zkg_glv_magnitudes, m, negative,
                                   elements + i, least(SOME, sum.n - i));
            is_kept = keep(mag + 4 * n, below, m[k], 4);
        } else {
            m[k][0] = load_small(&negative[k], sum.scalars, sum.type, i);
            is_kept = keep(mag + n, below, m[k], 1);
        }
        index[n] = ((uint32_t)i + shift) << 1 | negative[k];
        n += is_kept;
    }
    t->n = n;
    t->limbs = wide ? 4 : 1;
    t->bits = bit_length(below, 4);
}

/* Two terms for each, of the point and of its image, so far away, in halves of
 * two words, from the end: they lie where the four words did.  A half may be 0.
 */
static void halve(zkg_msm_terms *t, uint32_t *index, size_t away,
                  uint32_t cpu_flags)
{
    zkg_glv g[SOME];

    for (size_t end = t->n, at; end > 0; end = at) {
        at = (end - 1) / SOME * SOME;
        ZKG_VARIANT_CALL_3(cpu_flags, zkg_glv_splits, g,
                           (const uint64_t(*)[4])(t->mag + 4 * at), end - at);
        for (size_t i = end; i-- > at;) {
            const uint32_t from = index[i];

            memcpy(t->mag + 4 * i, g[i - at].half, sizeof(g->half));
            index[2 * i] = from ^ g[i - at].negative[0];
            index[2 * i + 1] =
                (from + 2 * (uint32_t)away) ^ g[i - at].negative[1];
        }
    }
    t->n *= 2;
    t->limbs = 2;
    t->bits = ZKG_GLV_BITS;
    t->has_images = away == 0;
}

/* Leaves as many words each as the magnitudes and a bit to spare need. */
static void narrow(zkg_msm_terms *t)
{
    const uint32_t limbs = t->bits / 64 + 1;

    for (size_t i = 0; i < t->n; i++)
        for (uint32_t j = 0; j < limbs; j++)
            t->mag[i * limbs + j] = t->mag[i * t->limbs + j];
    t->limbs = limbs;
}

static void load_all(group *g, uint32_t cpu_flags)
{
    uint32_t *index = g->index;
    uint64_t *mag = g->mag;

    g->has_halves = false;
    for (size_t s = 0; s < g->count; s++) {
        const zkg_msm *sum = &g->sums[s];
        zkg_msm_terms *t = &g->terms[s];

        *t = (zkg_msm_terms){.index = index, .mag = mag};
        load(t, index, sum, g->first, cpu_flags);
        if (t->limbs == 4 &&
            ZKG_VARIANT_CALL_3(cpu_flags, zkg_msm_halves, t->n, t->bits)) {
            halve(t, index, g->both ? g->span : 0, cpu_flags);
            g->has_halves = true;
        }
        narrow(t);
        index += t->n;
        mag += t->n * t->limbs;
    }
}

static void group_clear(group *g)
{
    zkg_free(g->both);
    zkg_free(g->mag);
    zkg_free(g->index);
    zkg_free(g->scratch);
    zkg_free(g->sum);
    zkg_free(g->terms);
}

/* Memory for count sums of all terms, of which wide are field elements. */
static bool group_init(group *g, size_t all, size_t wide)
{
    const bool has_both = wide > 0 && g->span <= IMAGES_MOST;

    g->terms = zkg_alloc_raw(g->count, sizeof(*g->terms));
    g->sum = zkg_alloc_raw(g->count, sizeof(*g->sum));
    g->scratch = zkg_alloc_raw(g->count, 2 * sizeof(*g->scratch));
    g->index = zkg_alloc_raw(all + wide, sizeof(*g->index));
    g->mag = zkg_alloc_raw(all + 3 * wide, sizeof(*g->mag));
    if (has_both)
        g->both = zkg_alloc_raw(g->span, 2 * sizeof(*g->both));
    if (g->terms && g->sum && g->scratch && g->index && g->mag &&
        (g->both || !has_both))
        return true;
    group_clear(g);
    return false;
}

/* The sums first .. first + count of a list, count > 0.  Those of no terms take
 * no points, wherever they are said to begin. */
static zkg_status sum_group(zkg_g1 *out, const zkg_g1 *points,
                            const zkg_msm *sums, size_t count,
                            uint32_t cpu_flags, zkg_arena *work)
{
    group g = {.sums = sums, .count = count, .first = SIZE_MAX};
    size_t all = 0, wide = 0, end = 0;
    bool ok;

    for (size_t s = 0; s < count; s++) {
        if (sums[s].n == 0)
            continue;
        all += sums[s].n;
        wide += sums[s].type == ZKG_SCALAR_FR ? sums[s].n : 0;
        g.first = sums[s].first < g.first ? sums[s].first : g.first;
        end = sums[s].first + sums[s].n > end ? sums[s].first + sums[s].n : end;
    }
    g.first = g.first < end ? g.first : end;
    g.span = end - g.first;
    if (!group_init(&g, all, wide))
        return ZKG_ERR_NOMEM;
    load_all(&g, cpu_flags);
    points += g.first;
    if (g.both && g.has_halves) {
        memcpy(g.both, points, g.span * sizeof(*points));
        ZKG_VARIANT_CALL_3(cpu_flags, zkg_msm_images, g.both + g.span, points,
                           g.span);
        points = g.both;
    }
    ok = ZKG_VARIANT_CALL_3(cpu_flags, zkg_msm_sums, g.sum, points, g.terms,
                            count, work);
    if (ok)
        zkg_g1j_batch_to_affine(out, g.sum, count, g.scratch);
    group_clear(&g);
    return ok ? ZKG_OK : ZKG_ERR_NOMEM;
}

/* So many terms of a sum go at a time: a piece of bytes, which has 2^7 buckets,
 * fills them well, and its points and lists stay in the caches; those of other
 * pieces stay within reach of the address cache. */
static size_t piece_of(const zkg_msm *sum)
{
    switch (sum->type) {
    case ZKG_SCALAR_I8:
    case ZKG_SCALAR_U8:
        return sum->n > 4 * ZKG_MSM_TOGETHER ? ZKG_MSM_TOGETHER : sum->n;
    case ZKG_SCALAR_I16:
    case ZKG_SCALAR_U16:
        return sum->n;
    default:
        return ZKG_MSM_PIECE;
    }
}

/* A long sum, in pieces, of about as many terms each. */
static zkg_status sum_pieces(zkg_g1 *out, const zkg_g1 *points,
                             const zkg_msm *sum, size_t most,
                             uint32_t cpu_flags, zkg_arena *work)
{
    static const size_t bytes[] = {1, 1, 2, 2, 4, 4, 8, sizeof(zkg_fr)};
    const size_t count = (sum->n + most - 1) / most;
    zkg_g1j all;

    zkg_g1j_set_infinity(&all);
    for (size_t k = 0, at = 0, end; k < count; k++, at = end) {
        zkg_msm piece = *sum;
        zkg_g1 part;

        end = at + (sum->n - at) / (count - k);
        piece.first += at;
        piece.scalars = (const char *)sum->scalars + at * bytes[sum->type];
        piece.n = end - at;
        ZKG_TRY(sum_group(&part, points, &piece, 1, cpu_flags, work));
        zkg_g1j_add_mixed(&all, &all, &part);
    }
    zkg_g1j_to_affine(out, &all);
    return ZKG_OK;
}

zkg_status zkg_msm_g1_many(zkg_g1 *out, const zkg_g1 *points,
                           const zkg_msm *sums, size_t count,
                           uint32_t cpu_flags)
{
    zkg_status status = ZKG_OK;
    zkg_arena work = {0};

    for (size_t s = 0; s < count; s++)
        if (sums[s].n >> 31 || sums[s].first >> 31 ||
            (sums[s].first + sums[s].n) >> 31 ||
            (unsigned)sums[s].type > ZKG_SCALAR_FR)
            return ZKG_ERR_INVALID;
    for (size_t at = 0, end = 0; status == ZKG_OK && at < count; at = end) {
        const size_t piece = piece_of(&sums[at]);
        size_t terms = sums[end++].n;

        while (end < count && terms + sums[end].n <= ZKG_MSM_TOGETHER)
            terms += sums[end++].n;
        status = sums[at].n > piece ? sum_pieces(out + at, points, sums + at,
                                                 piece, cpu_flags, &work)
                                    : sum_group(out + at, points, sums + at,
                                                end - at, cpu_flags, &work);
    }
    zkg_arena_clear(&work);
    return status;
}

/*
 * By msm_variant.c: a window has fewer buckets than terms, all windows of a sum
 * at most 3/2 for each of its terms, and a few where these are few; no more are
 * worked on together than a group has, or one window.  Halving makes two terms
 * of one, and two places of a bucket.
 */
size_t zkg_msm_bytes(size_t n)
{
    enum { GROUP = 1 << 14, MOST_PLACES = 1 << 16, BLOCK = 5 << 18 };
    enum { LISTS = 40, IMAGES = 2 * sizeof(zkg_g1), PLACE = 10 };
    enum { BUCKET = 88 + sizeof(zkg_g1) };
    const size_t piece = least(n, ZKG_MSM_PIECE), terms = 2 * piece;
    const size_t window = least(2 * terms, MOST_PLACES);
    const size_t weighed = least(2 * (terms + terms / 2 + 2048), (size_t)GROUP);

    return piece * LISTS + least(n, IMAGES_MOST) * IMAGES +
           (terms > GROUP ? terms : (size_t)GROUP) * PLACE +
           (window > weighed ? window : weighed) * BUCKET + BLOCK;
}

uint64_t zkg_msm_cost(size_t n, uint32_t bits)
{
    return zkg_msm_cost_portable(n, bits);
}

zkg_status zkg_msm_g1(zkg_g1 *out, const zkg_g1 *points, const void *scalars,
                      zkg_scalar_type type, size_t n, uint32_t cpu_flags)
{
    const zkg_msm sum = {0, scalars, type, n};
    zkg_g1 point;

    ZKG_TRY(zkg_msm_g1_many(&point, points, &sum, 1, cpu_flags));
    *out = point;
    return ZKG_OK;
}

zkg_status zkg_g1_powers(zkg_g1 *out, size_t n, const zkg_fr *tau,
                         uint32_t cpu_flags)
{
    if (!ZKG_VARIANT_CALL_3(cpu_flags, zkg_g1_powers, out, n, tau))
        return ZKG_ERR_NOMEM;
    return ZKG_OK;
}
