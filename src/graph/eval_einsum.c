/* SPDX-License-Identifier: Apache-2.0 */
/* Einsums over plain integers: a nest of loops for each term, whose innermost
 * one runs along memory.  32-bit or 64-bit lanes where no sum can leave them,
 * else 64 bits that are checked at each step.  Where what runs along memory is
 * short, as rows of small images are, the weights are turned so that an output
 * axis of theirs does: one value of the image times all maps at once. */
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "graph/eval.h"

#define MAX_LOOPS (ZKG_TASK_AXES + 1)
#define MAX_MAPS (2 * ZKG_MAX_AXES)

/* Loops are worth one more copy of the function for wider vectors. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) &&      \
    !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

/* An affine index: u = e + sum of coef * index is a real entry or the term is
 * 0 there. */
typedef struct map {
    int64_t u; /* where the loops stand */
    int64_t coef[MAX_LOOPS];
    int64_t len;
} map;

/* An array [outer][len][inner] that is kept as [outer][inner][len]; len 0: as
 * it is. */
typedef struct turn {
    uint64_t len, inner;
} turn;

/* A term as loops; the last is the innermost. */
typedef struct nest {
    uint32_t loops, factors, maps;
    uint64_t len[MAX_LOOPS];
    int64_t stride[MAX_LOOPS][2]; /* of each factor */
    int64_t out_stride[MAX_LOOPS];
    map map[MAX_MAPS];
    int64_t base[2]; /* where affine indices begin */
    bool mapped[2];  /* some index of the factor is affine */
    const zkg_array *array[2];
    int64_t c;
    turn out_turn, factor_turn[2];
} nest;

static uint32_t loop_of(const uint32_t *axis, uint32_t n, uint32_t a)
{
    for (uint32_t i = 0; i < n; i++) {
        if (axis[i] == a)
            return i;
    }
    return n;
}

/* The strides of factor f by loop, and its maps. */
static void add_factor(nest *n, uint32_t f, const zkg_task *t,
                       const zkg_stmt_factor *x, const zkg_array *a,
                       const uint32_t *axis, const uint64_t *tensor_len)
{
    int64_t stride = 1;
    uint32_t at = a->axes;

    n->array[f] = a;
    for (uint32_t i = x->indices; i-- > 0;) {
        const zkg_stmt_index *y = &x->index[i];
        const uint32_t la = loop_of(axis, n->loops, y->a + 1);

        at--;
        n->stride[la][f] += y->s * stride;
        if (y->b != ZKG_NO_ID || y->s != 1 || y->e != 0) {
            map *m = &n->map[n->maps++];

            n->mapped[f] = true;
            *m = (map){.u = y->e, .len = (int64_t)tensor_len[i]};
            m->coef[la] += y->s;
            n->base[f] += y->e * stride;
            if (y->b != ZKG_NO_ID) {
                const uint32_t lb = loop_of(axis, n->loops, y->b + 1);

                m->coef[lb] += y->d;
                n->stride[lb][f] += y->d * stride;
            }
        }
        stride *= (int64_t)a->stored[at];
    }
    if (!t->broadcast[x->param])
        n->stride[0][f] += stride;
}

/* How well a loop runs along memory: long, with strides of 0 or 1. */
static uint64_t inner_worth(const nest *n, uint32_t i)
{
    const int64_t o = n->out_stride[i];
    bool near = o == 0 || o == 1;

    for (uint32_t f = 0; f < n->factors; f++)
        near = near && (n->stride[i][f] == 0 || n->stride[i][f] == 1);
    return near ? 16 * n->len[i] : n->len[i];
}

static void swap_loops(nest *n, uint32_t i, uint32_t j)
{
    const uint64_t len = n->len[i];
    const int64_t out = n->out_stride[i];

    n->len[i] = n->len[j];
    n->len[j] = len;
    n->out_stride[i] = n->out_stride[j];
    n->out_stride[j] = out;
    for (uint32_t f = 0; f < 2; f++) {
        const int64_t s = n->stride[i][f];

        n->stride[i][f] = n->stride[j][f];
        n->stride[j][f] = s;
    }
    for (uint32_t m = 0; m < n->maps; m++) {
        const int64_t c = n->map[m].coef[i];

        n->map[m].coef[i] = n->map[m].coef[j];
        n->map[m].coef[j] = c;
    }
}

/* The stride of another loop once an array is turned. */
static int64_t turned(int64_t stride, const turn *t)
{
    return stride != 0 && (uint64_t)stride < t->inner ? stride * (int64_t)t->len
                                                      : stride;
}

/* Make loop v, of out and of factor f alone, the one that runs along memory. */
static void turn_to(nest *n, uint32_t v, uint32_t f)
{
    n->factor_turn[f] = (turn){n->len[v], (uint64_t)n->stride[v][f]};
    n->out_turn = (turn){n->len[v], (uint64_t)n->out_stride[v]};
    for (uint32_t i = 0; i < n->loops; i++) {
        n->stride[i][f] = turned(n->stride[i][f], &n->factor_turn[f]);
        n->out_stride[i] = turned(n->out_stride[i], &n->out_turn);
    }
    n->stride[v][f] = n->out_stride[v] = 1;
}

/* The innermost loop, best until now: arrays are turned for a better one. */
static uint32_t turn_round(nest *n, uint32_t best)
{
    uint64_t most = inner_worth(n, best) / 16;
    uint32_t v = best, f = 0;

    for (uint32_t i = 0; i < n->loops && n->factors == 2; i++) {
        const bool in[2] = {n->stride[i][0] != 0, n->stride[i][1] != 0};
        const uint32_t k = in[0] ? 0 : 1;

        /* Two copies must be worth their while. */
        if (n->out_stride[i] == 0 || in[0] == in[1] || n->mapped[k] ||
            n->len[i] < 16 || n->len[i] <= 2 * most)
            continue;
        most = n->len[i] / 2;
        v = i;
        f = k;
    }
    if (v != best)
        turn_to(n, v, f);
    return v;
}

static zkg_status nest_init(nest *n, const zkg_statement *st, const zkg_task *t,
                            const zkg_stmt_einsum *e, const zkg_stmt_term *m,
                            const zkg_array *arrays, zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];
    zkg_grid all;
    uint64_t stride = 1;
    uint32_t outs, best = 0;

    zkg_grid_out(&all, st, t, e);
    outs = all.axes;
    memset(n, 0, sizeof(*n));
    n->factors = m->factors;
    if (!zkg_coeff_to_i64(&n->c, &m->c))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "task %s: a coefficient of more than 64 bits is not "
                        "evaluated in integers",
                        t->name);
    for (uint32_t i = outs; i-- > 0;) {
        n->out_stride[i] = (int64_t)stride;
        stride *= all.len[i];
    }
    for (uint32_t f = 0; f < m->factors; f++) {
        const zkg_stmt_factor *x = &m->factor[f];

        for (uint32_t i = 0; i < x->indices; i++) {
            const uint32_t a = x->index[i].a, b = x->index[i].b;

            zkg_grid_push(&all, a + 1, k->axis[a].len);
            if (b != ZKG_NO_ID)
                zkg_grid_push(&all, b + 1, k->axis[b].len);
        }
    }
    n->loops = all.axes;
    memcpy(n->len, all.len, all.axes * sizeof(n->len[0]));
    for (uint32_t f = 0; f < m->factors; f++) {
        const uint32_t id = t->bind[m->factor[f].param];
        const zkg_stmt_param *p = &k->param[m->factor[f].param];
        uint64_t len[ZKG_MAX_AXES];

        if (arrays[id].data == NULL)
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: tensor %s has no values yet", t->name,
                            st->tensor[id].name);
        for (uint32_t i = 0; i < p->axes; i++)
            len[i] = k->axis[p->axis[i]].len;
        add_factor(n, f, t, &m->factor[f], &arrays[id], all.axis, len);
    }
    for (uint32_t i = 0; i < n->loops; i++)
        best = inner_worth(n, i) >= inner_worth(n, best) ? i : best;
    best = turn_round(n, best);
    swap_loops(n, best, n->loops - 1);
    return ZKG_OK;
}

/* ---- inner loops ---- */

/* One run of the innermost loop. */
typedef struct run {
    const void *a, *b; /* factors, int32_t or int64_t; b NULL: 1 */
    int64_t sa, sb;
    void *out;
    int64_t so;
    uint64_t n;
} run;

#define INNER(name, type, utype)                                               \
    WIDE static void name(const run *r)                                        \
    {                                                                          \
        const type *restrict a = r->a;                                         \
        const type *restrict b = r->b;                                         \
        type *restrict out = r->out;                                           \
        const uint64_t n = r->n;                                               \
        utype sum = 0;                                                         \
                                                                               \
        if (r->so == 1 && r->sa == 1 && r->sb == 0) {                          \
            const utype w = (utype)b[0];                                       \
                                                                               \
            for (uint64_t i = 0; i < n; i++)                                   \
                out[i] = (type)((utype)out[i] + w * (utype)a[i]);              \
        } else if (r->so == 0 && r->sa == 1 && r->sb == 1) {                   \
            for (uint64_t i = 0; i < n; i++)                                   \
                sum += (utype)a[i] * (utype)b[i];                              \
            out[0] = (type)((utype)out[0] + sum);                              \
        } else {                                                               \
            for (uint64_t i = 0; i < n; i++) {                                 \
                type *o = &out[(int64_t)i * r->so];                            \
                                                                               \
                *o = (type)((utype)*o + (utype)a[(int64_t)i * r->sa] *         \
                                            (utype)b[(int64_t)i * r->sb]);     \
            }                                                                  \
        }                                                                      \
    }

INNER(inner32, int32_t, uint32_t)
INNER(inner64, int64_t, uint64_t)

/* The same, checked. */
static bool inner_checked(const run *r)
{
    const int64_t *a = r->a, *b = r->b;
    int64_t *out = r->out;

    for (uint64_t i = 0; i < r->n; i++) {
        int64_t *o = &out[(int64_t)i * r->so], v;

        if (!zkg_mul_i64_ok(&v, a[(int64_t)i * r->sa], b[(int64_t)i * r->sb]) ||
            !zkg_add_i64_ok(o, *o, v))
            return false;
    }
    return true;
}

typedef enum lanes { LANES_32, LANES_64, LANES_CHECKED } lanes;

/* ---- the walk ---- */

/* The part [*from, *to) of the innermost loop in which every map is real. */
static void inner_range(uint64_t *from, uint64_t *to, const nest *n)
{
    const uint32_t in = n->loops - 1;
    int64_t lo = 0, hi = (int64_t)n->len[in];

    for (uint32_t m = 0; m < n->maps; m++) {
        const map *x = &n->map[m];
        const int64_t s = x->coef[in], top = x->len - 1;
        int64_t first, end;

        if (s == 0) {
            if (x->u < 0 || x->u > top)
                hi = 0;
            continue;
        }
        if (s > 0) {
            first = x->u >= 0 ? 0 : (-x->u + s - 1) / s;
            end = x->u > top ? 0 : (top - x->u) / s + 1;
        } else {
            first = x->u <= top ? 0 : (x->u - top - s - 1) / -s;
            end = x->u < 0 ? 0 : x->u / -s + 1;
        }
        lo = first > lo ? first : lo;
        hi = end < hi ? end : hi;
    }
    *from = (uint64_t)lo;
    *to = hi > lo ? (uint64_t)hi : (uint64_t)lo;
}

/* *at of false: where, in out, a sum left 64 bits. */
static bool walk(void *out, nest *n, const void *const data[2], lanes kind,
                 uint64_t *at)
{
    const uint32_t in = n->loops - 1;
    const size_t size = kind == LANES_32 ? sizeof(int32_t) : sizeof(int64_t);
    static const int32_t one32 = 1;
    static const int64_t one64 = 1;
    const void *const one =
        kind == LANES_32 ? (const void *)&one32 : (const void *)&one64;
    uint64_t index[MAX_LOOPS] = {0};
    int64_t place[2] = {n->base[0], n->base[1]}, o = 0;

    for (;;) {
        uint64_t from, to;
        run r;

        inner_range(&from, &to, n);
        if (from < to) {
            const int64_t f = (int64_t)from;
            const void *p[2] = {one, one};

            r = (run){.sa = n->stride[in][0], .sb = n->stride[in][1]};
            for (uint32_t k = 0; k < n->factors; k++)
                p[k] = (const uint8_t *)data[k] +
                       (place[k] + f * n->stride[in][k]) * (int64_t)size;
            r.a = p[0];
            r.b = p[1];
            r.so = n->out_stride[in];
            r.out = (uint8_t *)out + (o + f * r.so) * (int64_t)size;
            r.n = to - from;
            if (r.sb == 1 && r.sa == 0) {
                r.a = p[1];
                r.b = p[0];
                r.sa = 1;
                r.sb = 0;
            }
            if (kind == LANES_32 && r.sb == 0 && *(const int32_t *)r.b == 0) {
                /* as much of what comes out of a ReLU is */
            } else if (kind == LANES_32) {
                inner32(&r);
            } else if (kind == LANES_64) {
                inner64(&r);
            } else if (!inner_checked(&r)) {
                *at = (uint64_t)o;
                return false;
            }
        }
        for (uint32_t k = in;; k--) {
            int64_t step;

            if (k == 0)
                return true;
            step = ++index[k - 1] < n->len[k - 1]
                       ? 1
                       : -(int64_t)(n->len[k - 1] - 1);
            o += step * n->out_stride[k - 1];
            for (uint32_t f = 0; f < n->factors; f++)
                place[f] += step * n->stride[k - 1][f];
            for (uint32_t m = 0; m < n->maps; m++)
                n->map[m].u += step * n->map[m].coef[k - 1];
            if (step == 1 && index[k - 1] < n->len[k - 1])
                break;
            index[k - 1] = 0;
        }
    }
}

/* BODY(type) for the array's type. */
#define FOR_TYPE(dtype, BODY)                                                  \
    do {                                                                       \
        switch (dtype) {                                                       \
        case ZKG_I8:                                                           \
            BODY(int8_t);                                                      \
            break;                                                             \
        case ZKG_U8:                                                           \
            BODY(uint8_t);                                                     \
            break;                                                             \
        case ZKG_I16:                                                          \
            BODY(int16_t);                                                     \
            break;                                                             \
        case ZKG_U16:                                                          \
            BODY(uint16_t);                                                    \
            break;                                                             \
        case ZKG_I32:                                                          \
            BODY(int32_t);                                                     \
            break;                                                             \
        default:                                                               \
            BODY(int64_t);                                                     \
            break;                                                             \
        }                                                                      \
    } while (0)

/* The largest magnitude in an array. */
static uint64_t largest(const zkg_array *a)
{
    const uint64_t n = zkg_array_stored_count(a);
    int64_t low, high;

#define BODY(type)                                                             \
    {                                                                          \
        const type *v = a->data;                                               \
        type least = 0, most = 0;                                              \
                                                                               \
        for (uint64_t i = 0; i < n; i++) {                                     \
            least = v[i] < least ? v[i] : least;                               \
            most = v[i] > most ? v[i] : most;                                  \
        }                                                                      \
        low = least;                                                           \
        high = most;                                                           \
    }
    FOR_TYPE(a->type, BODY);
#undef BODY
    return 0 - (uint64_t)low > (uint64_t)high ? 0 - (uint64_t)low
                                              : (uint64_t)high;
}

/* Lanes that no sum of a term can leave. */
static lanes lanes_of(const nest *n)
{
    uint64_t bound = 1, many = 1;
    bool ok = true;

    for (uint32_t f = 0; f < n->factors; f++) {
        const bool fr = n->array[f]->type == ZKG_FR;
        const uint64_t m = fr ? UINT64_MAX : largest(n->array[f]);

        if (m > INT32_MAX)
            many = UINT64_C(1) << 32; /* the values themselves need 64 */
        ok = ok && zkg_mul_ok(&bound, bound, m);
    }
    for (uint32_t i = 0; i < n->loops; i++) {
        if (n->out_stride[i] == 0)
            ok = ok && zkg_mul_ok(&bound, bound, n->len[i]);
    }
    if (!ok || bound > INT64_MAX)
        return LANES_CHECKED;
    return bound > INT32_MAX || many > 1 ? LANES_64 : LANES_32;
}

/* Cell i of an array, once it is turned. */
static uint64_t place(uint64_t i, const turn *t)
{
    const uint64_t block = t->len * t->inner;

    return t->len == 0
               ? i
               : i - i % block + i % t->inner * t->len + i % block / t->inner;
}

/* The inverse. */
static uint64_t origin(uint64_t i, const turn *t)
{
    const uint64_t block = t->len * t->inner;

    return t->len == 0
               ? i
               : i - i % block + i % t->len * t->inner + i % block / t->len;
}

/* Lines of memory that a turn writes at once. */
#define TILE 16

#define PUT(at, x)                                                             \
    do {                                                                       \
        if (kind == LANES_32)                                                  \
            ((int32_t *)*owned)[at] = (int32_t)(x);                            \
        else                                                                   \
            ((int64_t *)*owned)[at] = (x);                                     \
    } while (0)

/* An array's values in wider lanes, turned; *owned is to be freed.  *small:
 * field elements are integers of 64 bits. */
static const void *widen(void **owned, bool *small, const zkg_array *a,
                         const turn *t, lanes kind)
{
    const uint64_t n = zkg_array_stored_count(a);
    const uint64_t len = t->len == 0 ? 1 : t->len;
    const uint64_t inner = t->len == 0 ? n : t->inner;

    *owned = NULL;
    *small = true;
    if (kind != LANES_32 && a->type == ZKG_I64 && t->len == 0)
        return a->data;
    *owned = zkg_alloc(n, kind == LANES_32 ? sizeof(int32_t) : sizeof(int64_t));
    if (*owned == NULL)
        return NULL;
    if (a->type == ZKG_FR) {
        for (uint64_t i = 0; i < n && *small; i++)
            *small = zkg_array_try_i64(&((int64_t *)*owned)[place(i, t)], a, i);
        return *owned;
    }
#define BODY(type)                                                             \
    {                                                                          \
        const type *v = a->data;                                               \
                                                                               \
        for (uint64_t o = 0; o < n; o += len * inner) {                        \
            for (uint64_t tile = 0; tile < inner; tile += TILE) {              \
                const uint64_t end =                                           \
                    tile + TILE < inner ? tile + TILE : inner;                 \
                                                                               \
                for (uint64_t k = 0; k < len; k++)                             \
                    for (uint64_t i = tile; i < end; i++)                      \
                        PUT(o + i * len + k, v[o + k * inner + i]);            \
            }                                                                  \
        }                                                                      \
    }
    FOR_TYPE(a->type, BODY);
#undef BODY
    return *owned;
}

/* sum[i] += c * the term at i.  *at of ZKG_ERR_WITNESS: where it left 64 bits.
 */
static zkg_status add_term(int64_t *sum, uint64_t count, nest *n, uint64_t *at)
{
    const lanes kind = lanes_of(n);
    void *owned[2] = {NULL, NULL}, *out;
    const void *data[2] = {NULL, NULL};
    zkg_status s = ZKG_OK;

    out =
        zkg_alloc(count, kind == LANES_32 ? sizeof(int32_t) : sizeof(int64_t));
    if (out == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t f = 0; f < n->factors; f++) {
        bool small = true;

        data[f] =
            widen(&owned[f], &small, n->array[f], &n->factor_turn[f], kind);
        if (data[f] == NULL)
            s = ZKG_ERR_NOMEM;
        else if (!small)
            s = ZKG_ERR_WITNESS;
    }
    if (s == ZKG_OK && !walk(out, n, data, kind, at)) {
        *at = origin(*at, &n->out_turn);
        s = ZKG_ERR_WITNESS;
    }
    for (uint64_t i = 0; i < count && s == ZKG_OK; i++) {
        const uint64_t from = place(i, &n->out_turn);
        int64_t v = kind == LANES_32 ? ((const int32_t *)out)[from]
                                     : ((const int64_t *)out)[from];

        *at = i;
        if (!zkg_mul_i64_ok(&v, v, n->c) || !zkg_add_i64_ok(&sum[i], sum[i], v))
            s = ZKG_ERR_WITNESS;
    }
    zkg_free(owned[0]);
    zkg_free(owned[1]);
    zkg_free(out);
    return s;
}

static bool is_skipped(const zkg_task *t, const zkg_stmt_term *m,
                       const uint32_t *skip, uint32_t skips)
{
    for (uint32_t f = 0; f < m->factors; f++) {
        const uint32_t id = t->bind[m->factor[f].param];

        for (uint32_t i = 0; i < skips; i++) {
            if (id == skip[i])
                return true;
        }
    }
    return false;
}

zkg_status zkg_eval_einsum(int64_t *sum, const zkg_statement *st, uint32_t task,
                           uint32_t einsum, const zkg_array *arrays,
                           const uint32_t *skip, uint32_t skips, zkg_error *err)
{
    const zkg_task *t = &st->task[task];
    const zkg_stmt_einsum *e = &st->kernel[t->kernel].einsum[einsum];
    zkg_grid out;
    char text[400];

    zkg_grid_out(&out, st, t, e);
    memset(sum, 0, out.count * sizeof(sum[0]));
    for (uint32_t j = 0; j < e->terms; j++) {
        zkg_status s;
        uint64_t at = 0;
        nest n;

        if (is_skipped(t, &e->term[j], skip, skips))
            continue;
        ZKG_TRY(nest_init(&n, st, t, e, &e->term[j], arrays, err));
        s = add_term(sum, out.count, &n, &at);
        if (s == ZKG_ERR_NOMEM)
            return zkg_fail(err, s, "no memory");
        if (s == ZKG_OK)
            continue;
        zkg_grid_text(text, &out, at);
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "task %s, einsum %u: the sum at %s leaves 64 "
                        "bits",
                        t->name, einsum, text);
    }
    return ZKG_OK;
}
