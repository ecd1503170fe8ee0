/* SPDX-License-Identifier: Apache-2.0 */
/* Einsums over plain integers: a nest of loops for each term.  Products of
 * matrices, as convolutions are, go by eval_product.c; of the others the
 * innermost loop runs along memory.  Sums are checked at each step unless none
 * can leave 64 bits. */
#include <string.h>

#include "base/bits.h"
#include "graph/eval_nest.h"

/* ---- the nest ---- */

void zkg_nest_start(zkg_nest_stand *s, const zkg_nest *n)
{
    *s = (zkg_nest_stand){.place = {n->base[0], n->base[1]}};
    for (uint32_t m = 0; m < n->maps; m++)
        s->u[m] = n->map[m].e;
}

void zkg_nest_move(zkg_nest_stand *s, const zkg_nest *n, uint32_t i,
                   int64_t steps)
{
    s->index[i] += (uint64_t)steps;
    s->out += steps * n->out_stride[i];
    for (uint32_t f = 0; f < n->factors; f++)
        s->place[f] += steps * n->stride[i][f];
    for (uint32_t m = 0; m < n->maps; m++)
        s->u[m] += steps * n->map[m].coef[i];
}

bool zkg_nest_step(zkg_nest_stand *s, const zkg_nest *n, uint32_t from,
                   uint32_t to)
{
    for (uint32_t i = to; i-- > from;) {
        if (s->index[i] + 1 < n->len[i]) {
            zkg_nest_move(s, n, i, 1);
            return true;
        }
        zkg_nest_move(s, n, i, -(int64_t)s->index[i]);
    }
    return false;
}

void zkg_nest_real(uint64_t *from, uint64_t *to, const zkg_nest *n,
                   const zkg_nest_stand *s, uint32_t i, uint32_t f)
{
    int64_t lo = 0, hi = (int64_t)n->len[i];

    for (uint32_t m = 0; m < n->maps; m++) {
        const int64_t c = n->map[m].coef[i], top = n->map[m].len - 1;
        const int64_t u = s->u[m];
        int64_t first = 0, end = hi;

        if (f < 2 && n->map[m].factor != f)
            continue;
        if (c == 0) {
            end = u < 0 || u > top ? 0 : end;
        } else if (c > 0) {
            first = u >= 0 ? 0 : (-u + c - 1) / c;
            end = u > top ? 0 : (top - u) / c + 1;
        } else {
            first = u <= top ? 0 : (u - top - c - 1) / -c;
            end = u < 0 ? 0 : u / -c + 1;
        }
        lo = first > lo ? first : lo;
        hi = end < hi ? end : hi;
    }
    *from = (uint64_t)lo;
    *to = hi > lo ? (uint64_t)hi : (uint64_t)lo;
}

void zkg_nest_swap(zkg_nest *n, uint32_t i, uint32_t j)
{
    const zkg_nest was = *n;

    n->len[i] = was.len[j];
    n->len[j] = was.len[i];
    n->out_stride[i] = was.out_stride[j];
    n->out_stride[j] = was.out_stride[i];
    for (uint32_t f = 0; f < 2; f++) {
        n->stride[i][f] = was.stride[j][f];
        n->stride[j][f] = was.stride[i][f];
    }
    for (uint32_t m = 0; m < n->maps; m++) {
        n->map[m].coef[i] = was.map[m].coef[j];
        n->map[m].coef[j] = was.map[m].coef[i];
    }
}

/* The loop of an axis of the task; one of length 1 that is not there is none.
 */
static uint32_t loop_of(const zkg_grid *g, uint32_t axis)
{
    uint32_t i = 0;

    while (g->axis[i] != axis)
        i++;
    return i;
}

/* The strides of factor f by loop, and its maps. */
static void add_factor(zkg_nest *n, uint32_t f, const zkg_task *t,
                       const zkg_stmt_factor *x, const zkg_array *a,
                       const zkg_grid *all, const uint64_t *tensor_len)
{
    int64_t stride = 1;
    uint32_t at = a->axes;

    n->array[f] = a;
    for (uint32_t i = x->indices; i-- > 0;) {
        const zkg_stmt_index *y = &x->index[i];
        const uint32_t la = loop_of(all, y->a + 1);
        zkg_nest_map *m = &n->map[n->maps];

        at--;
        n->stride[la][f] += y->s * stride;
        n->base[f] += y->e * stride;
        *m = (zkg_nest_map){f, y->e, (int64_t)tensor_len[i], {0}};
        m->coef[la] += y->s;
        if (y->b != ZKG_NO_ID) {
            const uint32_t lb = loop_of(all, y->b + 1);

            m->coef[lb] += y->d;
            n->stride[lb][f] += y->d * stride;
        }
        if (y->b != ZKG_NO_ID || y->s != 1 || y->e != 0)
            n->maps++;
        stride *= (int64_t)a->stored[at];
    }
    if (!t->broadcast[x->param])
        n->stride[0][f] += stride;
}

static uint64_t largest(const zkg_array *a)
{
    int64_t low, high;

    if (a->type == ZKG_FR)
        return (uint64_t)1 << 63;
    zkg_array_bounds(&low, &high, a);
    return 0 - (uint64_t)low > (uint64_t)high ? 0 - (uint64_t)low
                                              : (uint64_t)high;
}

/* Leave out maps that are always real, and loops that are none. */
static void shorten(zkg_nest *n)
{
    uint32_t kept = 0;

    for (uint32_t m = 0; m < n->maps; m++) {
        int64_t low = n->map[m].e, high = n->map[m].e;

        for (uint32_t i = 0; i < n->loops; i++) {
            const int64_t v = n->map[m].coef[i] * ((int64_t)n->len[i] - 1);

            low += v < 0 ? v : 0;
            high += v > 0 ? v : 0;
        }
        if (low < 0 || high >= n->map[m].len)
            n->map[kept++] = n->map[m];
    }
    n->maps = kept;
    for (uint32_t i = n->loops; i-- > 0;) {
        if (n->len[i] != 1 || n->loops == 1)
            continue;
        n->loops--;
        for (uint32_t j = i; j < n->loops; j++)
            zkg_nest_swap(n, j, j + 1);
    }
}

static zkg_status nest_init(zkg_nest *n, const zkg_statement *st,
                            const zkg_task *t, const zkg_stmt_einsum *e,
                            const zkg_stmt_term *m, const zkg_array *arrays,
                            zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];
    zkg_grid all;
    uint64_t stride = 1;

    zkg_grid_out(&all, st, t, e);
    memset(n, 0, sizeof(*n));
    n->factors = m->factors;
    if (!zkg_coeff_to_i64(&n->c, &m->c))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "task %s: a coefficient of more than 64 bits is not "
                        "evaluated in integers",
                        t->name);
    for (uint32_t i = all.axes; i-- > 0;) {
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
        add_factor(n, f, t, &m->factor[f], &arrays[id], &all, len);
        n->most[f] = largest(&arrays[id]);
    }
    shorten(n);
    return ZKG_OK;
}

/* ---- along memory ---- */

/* How well a loop runs along memory: long, with strides of 0 or 1. */
static uint64_t inner_worth(const zkg_nest *n, uint32_t i)
{
    const int64_t o = n->out_stride[i];
    bool near = o == 0 || o == 1;

    for (uint32_t f = 0; f < n->factors; f++)
        near = near && (n->stride[i][f] == 0 || n->stride[i][f] == 1);
    return near ? 16 * n->len[i] : n->len[i];
}

/* v[i] *= w[i * step]; false when checked and one leaves 64 bits. */
static bool multiply(int64_t *restrict v, const int64_t *restrict w,
                     size_t step, size_t n, bool checked)
{
    const int64_t w0 = w[0];
    bool ok = true;

    if (checked)
        for (size_t i = 0; i < n && ok; i++)
            ok = zkg_mul_i64_ok(&v[i], v[i], w[i * step]);
    else if (step == 0 && w0 != 1)
        for (size_t i = 0; i < n; i++)
            v[i] *= w0;
    else if (step != 0)
        for (size_t i = 0; i < n; i++)
            v[i] *= w[i];
    return ok;
}

/* to[i * step] += v[i] */
static bool add(int64_t *restrict to, int64_t step, const int64_t *restrict v,
                size_t n, bool checked)
{
    int64_t all = 0;
    bool ok = true;

    if (checked) {
        for (size_t i = 0; i < n && ok; i++)
            ok = zkg_add_i64_ok(&to[(int64_t)i * step], to[(int64_t)i * step],
                                v[i]);
    } else if (step == 0) {
        for (size_t i = 0; i < n; i++)
            all += v[i];
        *to += all;
    } else if (step == 1) {
        for (size_t i = 0; i < n; i++)
            to[i] += v[i];
    } else {
        for (size_t i = 0; i < n; i++)
            to[(int64_t)i * step] += v[i];
    }
    return ok;
}

/* size values of the innermost loop from index i on, where the loops stand. */
static bool add_run(int64_t *sum, const zkg_nest *n, const zkg_nest_stand *s,
                    uint64_t i, size_t size, bool checked)
{
    const uint32_t in = n->loops - 1;
    int64_t v[ZKG_RUN_MAX], w[ZKG_RUN_MAX];

    v[0] = 1;
    for (uint32_t f = 0; f < n->factors; f++) {
        const int64_t step = n->stride[in][f];
        const uint64_t at = (uint64_t)(s->place[f] + (int64_t)i * step);
        const size_t many = f == 0 || step != 0 ? size : 1;

        if (zkg_array_read_i64(f == 0 ? v : w, n->array[f], at, step, many) !=
            many)
            return false;
        if (f == 1 && !multiply(v, w, step == 0 ? 0 : 1, size, checked))
            return false;
    }
    for (size_t k = 1; n->factors == 0 && k < size; k++)
        v[k] = 1;
    return multiply(v, &n->c, 0, size, checked) &&
           add(sum + s->out + (int64_t)i * n->out_stride[in], n->out_stride[in],
               v, size, checked);
}

/* *at of false: where a sum left 64 bits. */
static bool walk(int64_t *sum, uint64_t *at, zkg_nest *n, bool checked)
{
    const uint32_t in = n->loops - 1;
    zkg_nest_stand s;
    uint32_t best = 0;

    for (uint32_t i = 0; i < n->loops; i++)
        best = inner_worth(n, i) >= inner_worth(n, best) ? i : best;
    zkg_nest_swap(n, best, in);
    zkg_nest_start(&s, n);
    do {
        uint64_t from, to;

        zkg_nest_real(&from, &to, n, &s, in, 2);
        for (uint64_t i = from; i < to; i += ZKG_RUN_MAX) {
            const size_t size = to - i < ZKG_RUN_MAX ? to - i : ZKG_RUN_MAX;

            *at = (uint64_t)s.out;
            if (!add_run(sum, n, &s, i, size, checked))
                return false;
        }
    } while (zkg_nest_step(&s, n, 0, in));
    return true;
}

/* ---- terms ---- */

/* *bound += what the term can add to a sum; false when that leaves 64 bits. */
static bool bound_term(uint64_t *bound, const zkg_nest *n)
{
    uint64_t b = n->c < 0 ? 0 - (uint64_t)n->c : (uint64_t)n->c;
    bool ok = true;

    for (uint32_t f = 0; f < n->factors; f++)
        ok = ok && zkg_mul_ok(&b, b, n->most[f]);
    for (uint32_t i = 0; i < n->loops; i++)
        if (n->out_stride[i] == 0)
            ok = ok && zkg_mul_ok(&b, b, n->len[i]);
    return ok && zkg_add_ok(bound, *bound, b) && *bound <= INT64_MAX;
}

/* sum += the term.  *at of ZKG_ERR_WITNESS: where it left 64 bits. */
static zkg_status add_term(int64_t *sum, uint64_t *bound, uint64_t *at,
                           zkg_nest *n)
{
    bool fits = *bound <= INT64_MAX && bound_term(bound, n), done = false;

    if (fits)
        ZKG_TRY(zkg_nest_product(sum, &done, n));
    else
        *bound = UINT64_MAX;
    if (!done && !walk(sum, at, n, !fits))
        return ZKG_ERR_WITNESS;
    return ZKG_OK;
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
    uint64_t bound = 0;
    zkg_grid out;
    char text[400];

    zkg_grid_out(&out, st, t, e);
    memset(sum, 0, out.count * sizeof(sum[0]));
    for (uint32_t j = 0; j < e->terms; j++) {
        zkg_status s;
        uint64_t at = 0;
        zkg_nest n;

        if (is_skipped(t, &e->term[j], skip, skips))
            continue;
        ZKG_TRY(nest_init(&n, st, t, e, &e->term[j], arrays, err));
        s = add_term(sum, &bound, &at, &n);
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
