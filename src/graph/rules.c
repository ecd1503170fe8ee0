/* SPDX-License-Identifier: Apache-2.0 */
/* Witness rules over plain integers. */
#include "graph/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "graph/eval.h"
#include "graph/rule_circuit.h"

#define PLACE_BYTES (2 * ZKG_MAX_NAME + 32)

static bool looks_up(const zkg_statement *st, const zkg_task *t, uint32_t table,
                     uint32_t id)
{
    const zkg_kernel *k = &st->kernel[t->kernel];

    for (uint32_t i = 0; i < k->lookups; i++) {
        if (k->lookup[i].table == table && t->bind[k->lookup[i].param[0]] == id)
            return true;
    }
    return false;
}

/* "task Task3 (conv1)", for messages: the first task that names a tensor, or
 * the first that looks it up in a table. */
static const char *task_of(char out[PLACE_BYTES], const zkg_statement *st,
                           uint32_t id, uint32_t table)
{
    snprintf(out, PLACE_BYTES, "no task");
    for (uint32_t i = st->tasks; i-- > 0;) {
        const zkg_task *t = &st->task[i];
        bool here = table != ZKG_NO_ID && looks_up(st, t, table, id);

        for (uint32_t p = 0; table == ZKG_NO_ID && p < t->params; p++)
            here = here || t->bind[p] == id;
        if (here)
            snprintf(out, PLACE_BYTES, "task %s (%s)", t->name,
                     st->kernel[t->kernel].name);
    }
    return out;
}

/* n values, step apart. */
static zkg_status store_run(zkg_array *arrays, const zkg_graph *g, uint32_t id,
                            uint64_t at, int64_t step, const int64_t *v,
                            size_t n, zkg_error *err)
{
    const zkg_tensor *t = &g->st.tensor[id];
    int64_t low = n > 0 ? v[0] : 0, high = low;
    char place[PLACE_BYTES];
    size_t i = 0;

    for (size_t k = 1; k < n; k++) {
        low = v[k] < low ? v[k] : low;
        high = v[k] > high ? v[k] : high;
    }
    if (t->type == ZKG_FR || n == 0 || (low >= t->min && high <= t->max)) {
        zkg_array_write_i64(&arrays[id], at, step, v, n);
        return ZKG_OK;
    }
    while (v[i] >= t->min && v[i] <= t->max)
        i++;
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "%s: tensor %s: element %llu is %lld, outside its range "
                    "%lld..%lld; give an input within the range that "
                    "the graph was made for, or make the graph for it: zkgkr "
                    "compile --calibrate",
                    task_of(place, &g->st, id, ZKG_NO_ID), t->name,
                    (unsigned long long)(at + (uint64_t)((int64_t)i * step)),
                    (long long)v[i], (long long)t->min, (long long)t->max);
}

zkg_status zkg_rule_store(zkg_array *arrays, const zkg_graph *g, uint32_t id,
                          uint64_t at, int64_t v, zkg_error *err)
{
    return store_run(arrays, g, id, at, 1, &v, 1, err);
}

static zkg_status make(zkg_array *arrays, const zkg_graph *g, uint32_t id,
                       zkg_error *err)
{
    const zkg_tensor *t = &g->st.tensor[id];

    if (arrays[id].data != NULL)
        return zkg_fail(err, ZKG_ERR_INVALID, "tensor %s is made twice",
                        t->name);
    return zkg_array_init(&arrays[id], t->type, t->axes, t->len, err);
}

static zkg_status need(const zkg_array *arrays, const zkg_graph *g, uint32_t id,
                       zkg_error *err)
{
    if (arrays[id].data != NULL)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "a rule needs tensor %s before any rule makes it",
                    g->st.tensor[id].name);
}

/* Are all indices plain axes of out? */
static bool is_over_out(const zkg_stmt_einsum *e, const zkg_stmt_factor *f)
{
    for (uint32_t i = 0; i < f->indices; i++) {
        const zkg_stmt_index *x = &f->index[i];
        bool out = false;

        for (uint32_t j = 0; j < e->out_axes; j++)
            out = out || e->out[j] == x->a;
        if (!out || x->b != ZKG_NO_ID || x->s != 1 || x->e != 0)
            return false;
    }
    return true;
}

/* The one term of an einsum that is c * tensor, over all of out: its
 * coefficient and its cells. */
static zkg_status lone_term(int64_t *c, zkg_cells *cell, const zkg_graph *g,
                            const zkg_rule *r, uint32_t id,
                            const zkg_array *arrays, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];
    const zkg_stmt_term *found = NULL;

    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_stmt_term *m = &e->term[i];

        for (uint32_t f = 0; f < m->factors; f++) {
            if (t->bind[m->factor[f].param] != id)
                continue;
            if (found != NULL || m->factors != 1 ||
                m->factor[0].indices != e->out_axes ||
                (t->broadcast[m->factor[0].param] && t->copies > 1) ||
                !is_over_out(e, &m->factor[0]) || !zkg_coeff_to_i64(c, &m->c))
                return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                                "task %s, einsum %u: a rule makes tensor %s, "
                                "which is not one plain term of it",
                                t->name, r->einsum, g->st.tensor[id].name);
            found = m;
        }
    }
    if (found == NULL)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "task %s, einsum %u: a rule makes tensor %s, which "
                        "is not in it",
                        t->name, r->einsum, g->st.tensor[id].name);
    (void)zkg_cells_factor(cell, &g->st, t, &found->factor[0], &arrays[id]);
    return ZKG_OK;
}

/* The term of the quotient: alone, or times a divisor that is there. */
static zkg_status quotient_term(int64_t *c, zkg_cells *cell, zkg_cells *divisor,
                                const zkg_graph *g, const zkg_rule *r,
                                const zkg_array *arrays, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];

    divisor->array = NULL;
    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_stmt_term *m = &e->term[i];
        const zkg_stmt_factor *f[2] = {&m->factor[0], &m->factor[1]};

        if (m->factors == 2 && t->bind[f[1]->param] == r->to) {
            f[0] = &m->factor[1];
            f[1] = &m->factor[0];
        }
        if (m->factors != 2 || t->bind[f[0]->param] != r->to)
            continue;
        if (f[0]->indices != e->out_axes || !is_over_out(e, f[0]) ||
            !is_over_out(e, f[1]) || !zkg_coeff_to_i64(c, &m->c))
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "task %s, einsum %u: quotient and divisor are not "
                            "plain factors of one term of it",
                            t->name, r->einsum);
        ZKG_TRY(need(arrays, g, t->bind[f[1]->param], err));
        (void)zkg_cells_factor(cell, &g->st, t, f[0], &arrays[r->to]);
        (void)zkg_cells_factor(divisor, &g->st, t, f[1],
                               &arrays[t->bind[f[1]->param]]);
        return ZKG_OK;
    }
    return lone_term(c, cell, g, r, r->to, arrays, err);
}

static zkg_status sum_others(int64_t **sum, zkg_grid *out, const zkg_graph *g,
                             const zkg_rule *r, const zkg_array *arrays,
                             zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    uint32_t skip[2 + ZKG_RULE_DIGITS] = {r->to, r->remainder};
    zkg_status s;

    memcpy(skip + 2, r->digit, r->digits * sizeof(skip[0]));
    zkg_grid_out(out, &g->st, t, &g->st.kernel[t->kernel].einsum[r->einsum]);
    *sum = zkg_alloc(out->count, sizeof(**sum));
    if (*sum == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    s = zkg_eval_einsum(*sum, &g->st, r->task, r->einsum, arrays, skip,
                        2 + r->digits, err);
    if (s != ZKG_OK) {
        zkg_free(*sum);
        *sum = NULL;
    }
    return s;
}

/* Where the digits of a remainder go, and behind them the quotient: digit i is
 * remainder / radix[i], below radix[i + 1] / radix[i]. */
typedef struct digit_cells {
    zkg_cells cell[2 + ZKG_RULE_DIGITS];
    uint32_t id[2 + ZKG_RULE_DIGITS];
    int64_t radix[2 + ZKG_RULE_DIGITS]; /* the last one is D */
    uint32_t n;                         /* digits */
} digit_cells;

/* The coefficients are -R_i of the digits, or R_i of all (flip); of the
 * quotient likewise, or it is negated. */
static zkg_status find_digits(digit_cells *out, zkg_cells *divisor, bool *flip,
                              bool *negated, const zkg_graph *g,
                              const zkg_rule *r, const zkg_array *arrays,
                              zkg_error *err)
{
    int64_t c;

    *out = (digit_cells){.n = 1 + r->digits, .id = {r->remainder}};
    memcpy(out->id + 1, r->digit, r->digits * sizeof(r->digit[0]));
    for (uint32_t i = 0; i < out->n; i++) {
        ZKG_TRY(lone_term(&c, &out->cell[i], g, r, out->id[i], arrays, err));
        *flip = i == 0 ? c > 0 : *flip;
        out->radix[i] = *flip || c == INT64_MIN ? c : -c;
    }
    out->id[out->n] = r->to;
    ZKG_TRY(quotient_term(&c, &out->cell[out->n], divisor, g, r, arrays, err));
    *negated = (c > 0) != *flip;
    out->radix[out->n] = c > 0 || c == INT64_MIN ? c : -c;
    for (uint32_t i = 0; i < out->n; i++) {
        /* A tensor's element bounds the highest digit by itself. */
        const bool open = divisor->array != NULL && i + 1 == out->n;

        if (out->radix[0] != 1 || out->radix[i + 1] < 1 ||
            (!open && (out->radix[i] > out->radix[i + 1] ||
                       out->radix[i + 1] % out->radix[i] != 0)))
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "task %s, einsum %u: divmod needs coefficients -D "
                            "and -1 of quotient and remainder, digits such as "
                            "divide each other",
                            g->st.task[r->task].name, r->einsum);
    }
    return ZKG_OK;
}

/* v = what a rule's tensor is to make up for at a run: the other terms' sum
 * less what the einsum equals, which stands at cells c; negated on request. */
static zkg_status take_run(int64_t v[ZKG_RUN_MAX], zkg_runs *run,
                           const int64_t *sum, const zkg_array *equals,
                           uint32_t c, bool negate, const zkg_task *t,
                           zkg_error *err)
{
    int64_t rest[ZKG_RUN_MAX] = {0};
    bool ok = true;

    if (equals != NULL)
        ok = zkg_runs_read(rest, run, c, equals);
    for (size_t i = 0; i < run->n; i++) {
        ok = ok && zkg_add_i64_ok(&v[i], sum[run->at + i], -rest[i]);
        if (ok && negate)
            ok = zkg_mul_i64_ok(&v[i], v[i], -1);
    }
    return ok ? ZKG_OK
              : zkg_fail(err, ZKG_ERR_WITNESS, "task %s: a sum leaves 64 bits",
                         t->name);
}

/* v = q d + v, 0 <= v < d */
static void divide(int64_t *restrict q, int64_t *restrict v, int64_t d,
                   size_t n)
{
    const int64_t shift = zkg_log2_floor((uint64_t)d);

    if (zkg_is_pow2((uint64_t)d)) {
        for (size_t i = 0; i < n; i++) {
            q[i] = v[i] >> shift; /* rounds down: gcc and clang */
            v[i] &= d - 1;
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        q[i] = v[i] / d;
        v[i] %= d;
        q[i] -= v[i] < 0;
        v[i] += v[i] < 0 ? d : 0;
    }
}

/* The same by c times a tensor's elements, which are to be positive. */
static zkg_status divide_by(int64_t q[ZKG_RUN_MAX], int64_t v[ZKG_RUN_MAX],
                            int64_t c, zkg_runs *run, uint32_t cell,
                            const zkg_array *divisor, const zkg_task *t,
                            zkg_error *err)
{
    int64_t d[ZKG_RUN_MAX] = {0};
    const bool ok = zkg_runs_read(d, run, cell, divisor);

    for (size_t i = 0; i < run->n; i++) {
        int64_t by;

        if (!ok || d[i] < 1 || !zkg_mul_i64_ok(&by, d[i], c))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: a division by %lld, which is not "
                            "positive or too large",
                            t->name, (long long)d[i]);
        divide(&q[i], &v[i], by, 1);
    }
    return ZKG_OK;
}

/* Quotient and digits of a run. */
static zkg_status divmod_run(zkg_array *arrays, const zkg_graph *g,
                             const zkg_task *t, const digit_cells *digit,
                             const zkg_array *divisor, bool negated,
                             zkg_runs *run, int64_t v[ZKG_RUN_MAX],
                             zkg_error *err)
{
    int64_t q[ZKG_RUN_MAX];

    /* From the highest: what is left is a remainder of the next. */
    for (uint32_t k = digit->n + 1; k-- > 0;) {
        if (k == digit->n && divisor != NULL)
            ZKG_TRY(divide_by(q, v, digit->radix[k], run, digit->n + 2, divisor,
                              t, err));
        else
            divide(q, v, digit->radix[k], run->n);
        for (size_t i = 0; k == digit->n && negated && i < run->n; i++)
            q[i] = -q[i];
        ZKG_TRY(store_run(arrays, g, digit->id[k], run->cell[k], run->step[k],
                          q, run->n, err));
    }
    return ZKG_OK;
}

/* The cells of what an einsum equals; its array is NULL where that is 0. */
static zkg_status find_equals(zkg_cells *out, const zkg_array *arrays,
                              const zkg_graph *g, const zkg_rule *r,
                              zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];

    *out = (zkg_cells){.array = NULL};
    if (e->equals == ZKG_NO_ID)
        return ZKG_OK;
    ZKG_TRY(need(arrays, g, t->bind[e->equals], err));
    zkg_cells_param(out, &g->st, t, e->equals, &arrays[t->bind[e->equals]]);
    return ZKG_OK;
}

static zkg_status divmod_fill(zkg_array *arrays, const zkg_graph *g,
                              const zkg_rule *r, const zkg_grid *out,
                              const int64_t *sum, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    zkg_cells cell[4 + ZKG_RULE_DIGITS], divisor = {.array = NULL};
    bool flip = false, negated = false;
    digit_cells digit;
    zkg_runs run;

    ZKG_TRY(find_digits(&digit, &divisor, &flip, &negated, g, r, arrays, err));
    memcpy(cell, digit.cell, sizeof(digit.cell));
    ZKG_TRY(find_equals(&cell[digit.n + 1], arrays, g, r, err));
    cell[digit.n + 2] = divisor;
    zkg_runs_init(&run, out, cell, digit.n + (divisor.array != NULL ? 3 : 2));
    while (zkg_runs_next(&run)) {
        int64_t v[ZKG_RUN_MAX];

        ZKG_TRY(take_run(v, &run, sum, cell[digit.n + 1].array, digit.n + 1,
                         flip, t, err));
        ZKG_TRY(divmod_run(arrays, g, t, &digit, divisor.array, negated, &run,
                           v, err));
    }
    return ZKG_OK;
}

/* -(v / c), exactly; *bad of false: the first that is no multiple. */
static bool divide_exactly(size_t *bad, int64_t *v, int64_t c, size_t n)
{
    if (c == -1)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (v[i] % c != 0) {
            *bad = i;
            return false;
        }
        v[i] = -(v[i] / c);
    }
    return true;
}

static zkg_status solve_fill(zkg_array *arrays, const zkg_graph *g,
                             const zkg_rule *r, const zkg_grid *out,
                             const int64_t *sum, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];
    zkg_cells cell[2] = {{.array = NULL}, {.array = NULL}};
    int64_t c = -1;
    zkg_runs run;

    if (e->equals != ZKG_NO_ID && t->bind[e->equals] == r->to) {
        zkg_cells_param(&cell[0], &g->st, t, e->equals, &arrays[r->to]);
    } else {
        ZKG_TRY(lone_term(&c, &cell[0], g, r, r->to, arrays, err));
        ZKG_TRY(find_equals(&cell[1], arrays, g, r, err));
    }
    zkg_runs_init(&run, out, cell, 2);
    while (zkg_runs_next(&run)) {
        int64_t v[ZKG_RUN_MAX];
        size_t bad = 0;

        /* v + c T = 0 */
        ZKG_TRY(take_run(v, &run, sum, cell[1].array, 1, false, t, err));
        for (size_t i = 0; i < run.n; i++)
            if (v[i] == INT64_MIN)
                return zkg_fail(err, ZKG_ERR_WITNESS,
                                "task %s: a sum leaves 64 bits", t->name);
        if (!divide_exactly(&bad, v, c, run.n))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s, einsum %u: %lld is no multiple of %lld, "
                            "so no value of tensor %s makes it hold",
                            t->name, r->einsum, (long long)v[bad], (long long)c,
                            g->st.tensor[r->to].name);
        ZKG_TRY(store_run(arrays, g, r->to, run.cell[0], run.step[0], v, run.n,
                          err));
    }
    return ZKG_OK;
}

static zkg_status run_einsum_rule(zkg_array *arrays, const zkg_graph *g,
                                  const zkg_rule *r, zkg_error *err)
{
    zkg_grid out;
    int64_t *sum;
    zkg_status s;

    ZKG_TRY(sum_others(&sum, &out, g, r, arrays, err));
    s = make(arrays, g, r->to, err);
    if (s == ZKG_OK && r->kind == ZKG_RULE_DIVMOD) {
        s = make(arrays, g, r->remainder, err);
        for (uint32_t i = 0; i < r->digits && s == ZKG_OK; i++)
            s = make(arrays, g, r->digit[i], err);
        if (s == ZKG_OK)
            s = divmod_fill(arrays, g, r, &out, sum, err);
    } else if (s == ZKG_OK) {
        s = solve_fill(arrays, g, r, &out, sum, err);
    }
    zkg_free(sum);
    return s;
}

/* floor(a / b), b not 0; false when it leaves 64 bits. */
static bool floor_div(int64_t *out, int64_t a, int64_t b)
{
    if (a == INT64_MIN && b == -1)
        return false;
    if (b == 1) {
        *out = a;
        return true;
    }
    *out = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
    return true;
}

/* The term of `to`, which lacks axes of out. */
static zkg_status max_term(int64_t *c, zkg_cells *cell, const zkg_graph *g,
                           const zkg_rule *r, const zkg_array *arrays,
                           zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];

    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_stmt_term *m = &e->term[i];

        if (m->factors == 1 && t->bind[m->factor[0].param] == r->to &&
            is_over_out(e, &m->factor[0]) && zkg_coeff_to_i64(c, &m->c) &&
            *c > INT64_MIN) {
            (void)zkg_cells_factor(cell, &g->st, t, &m->factor[0],
                                   &arrays[r->to]);
            return ZKG_OK;
        }
    }
    return zkg_fail(err, ZKG_ERR_MALFORMED,
                    "task %s, einsum %u: a rule makes tensor %s, the maximum, "
                    "which is no plain term of it",
                    t->name, r->einsum, g->st.tensor[r->to].name);
}

static zkg_status max_fill(zkg_array *arrays, const zkg_graph *g,
                           const zkg_rule *r, int64_t *most, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const uint64_t n = zkg_array_count(&arrays[r->to]);
    const int64_t *sum = most + n;
    int64_t c = -1;
    zkg_cells cell;
    zkg_grid out;
    zkg_runs run;

    ZKG_TRY(max_term(&c, &cell, g, r, arrays, err));
    zkg_grid_out(&out, &g->st, t, &g->st.kernel[t->kernel].einsum[r->einsum]);
    for (uint64_t i = 0; i < n; i++)
        most[i] = INT64_MIN;
    zkg_runs_init(&run, &out, &cell, 1);
    while (zkg_runs_next(&run)) {
        for (size_t i = 0; i < run.n; i++) {
            int64_t *m = &most[run.cell[0] + i * (uint64_t)run.step[0]], v;

            if (!floor_div(&v, sum[run.at + i], -c))
                return zkg_fail(err, ZKG_ERR_WITNESS,
                                "task %s: a sum leaves 64 bits", t->name);
            *m = v > *m ? v : *m;
        }
    }
    return store_run(arrays, g, r->to, 0, 1, most, n, err);
}

static zkg_status run_max(zkg_array *arrays, const zkg_graph *g,
                          const zkg_rule *r, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];
    const uint64_t n = zkg_tensor_count(&g->st.tensor[r->to]);
    uint32_t *skip = zkg_alloc(2 * (size_t)e->terms + 1, sizeof(*skip));
    uint32_t skips = 0;
    int64_t *most;
    zkg_status s = ZKG_OK;
    zkg_grid out;

    zkg_grid_out(&out, &g->st, t, e);
    most = zkg_alloc(n + out.count, sizeof(*most));
    if (skip == NULL || most == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; s == ZKG_OK && i < e->terms; i++) {
        for (uint32_t f = 0; f < e->term[i].factors; f++) {
            const uint32_t id = t->bind[e->term[i].factor[f].param];

            if (arrays[id].data == NULL)
                skip[skips++] = id;
        }
    }
    if (s == ZKG_OK)
        s = zkg_eval_einsum(most + n, &g->st, r->task, r->einsum, arrays, skip,
                            skips, err);
    if (s == ZKG_OK)
        s = make(arrays, g, r->to, err);
    if (s == ZKG_OK)
        s = max_fill(arrays, g, r, most, err);
    zkg_free(skip);
    zkg_free(most);
    return s;
}

static zkg_status not_in_table(const zkg_graph *g, const zkg_rule *r,
                               const zkg_row_finder *finder, uint64_t i,
                               int64_t v, zkg_error *err)
{
    const char *name = g->st.tensor[r->from].name;
    char place[PLACE_BYTES];

    (void)task_of(place, &g->st, r->from, r->table);
    if (v >= finder->low && v <= finder->high)
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "%s: tensor %s: element %llu is %lld, for which table "
                        "%s has no value: a division by 0, or a root or "
                        "logarithm of what has none; give another input",
                        place, name, (unsigned long long)i, (long long)v,
                        finder->table->name);
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "%s: tensor %s: element %llu is %lld, which is not in "
                    "table %s (%lld..%lld); give an input within the range "
                    "that the graph was made for, or make the graph for it: "
                    "zkgkr compile --calibrate",
                    place, name, (unsigned long long)i, (long long)v,
                    finder->table->name, (long long)finder->low,
                    (long long)finder->high);
}

/* Values [i, i + n), stored from `at` on, through the table. */
static zkg_status map_run(zkg_array *arrays, const zkg_graph *g,
                          const zkg_rule *r, const zkg_row_finder *finder,
                          uint64_t i, uint64_t at, size_t n, zkg_error *err)
{
    const zkg_stmt_table *table = finder->table;
    int64_t v[ZKG_RUN_MAX];
    const size_t there = zkg_array_read_i64(v, &arrays[r->from], at, 1, n);
    char place[PLACE_BYTES];

    for (size_t k = 0; k < there; k++) {
        uint64_t row;

        if (!zkg_row_find(&row, finder, &v[k], 1))
            return not_in_table(g, r, finder, i + k, v[k], err);
        v[k] = zkg_stmt_table_entry(table, r->column, row);
    }
    if (there < n)
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "%s: tensor %s: element %llu is no integer of 64 "
                        "bits, and so not in table %s",
                        task_of(place, &g->st, r->from, r->table),
                        g->st.tensor[r->from].name,
                        (unsigned long long)(i + there), table->name);
    return store_run(arrays, g, r->to, i, 1, v, n, err);
}

static zkg_status run_map(zkg_array *arrays, const zkg_graph *g,
                          const zkg_rule *r, zkg_error *err)
{
    const zkg_stmt_table *table = &g->st.table[r->table];
    const zkg_tensor *from = &g->st.tensor[r->from];
    const uint64_t n = zkg_tensor_count(from);
    zkg_row_finder finder;
    zkg_status s = ZKG_OK;

    if (n != zkg_tensor_count(&g->st.tensor[r->to]))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "a rule maps tensor %s to %s, which has another size",
                        from->name, g->st.tensor[r->to].name);
    ZKG_TRY(need(arrays, g, r->from, err));
    ZKG_TRY(make(arrays, g, r->to, err));
    ZKG_TRY(zkg_row_finder_init(&finder, table, err));
    for (uint64_t i = 0, size; i < n && s == ZKG_OK; i += size) {
        uint64_t at;

        size = zkg_array_run(&at, &arrays[r->from], i);
        size = size < ZKG_RUN_MAX ? size : ZKG_RUN_MAX;
        s = map_run(arrays, g, r, &finder, i, at, (size_t)size, err);
    }
    zkg_row_finder_clear(&finder);
    return s;
}

static zkg_status run_copy(zkg_array *arrays, const zkg_graph *g,
                           const zkg_rule *r, zkg_error *err)
{
    const uint64_t n = zkg_tensor_count(&g->st.tensor[r->to]);

    if (n != zkg_tensor_count(&g->st.tensor[r->from]))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "a rule copies tensor %s to %s, which has another "
                        "size",
                        g->st.tensor[r->from].name, g->st.tensor[r->to].name);
    ZKG_TRY(need(arrays, g, r->from, err));
    ZKG_TRY(make(arrays, g, r->to, err));
    for (uint64_t i = 0; i < n; i++)
        ZKG_TRY(zkg_rule_store(arrays, g, r->to, i,
                               zkg_array_get_i64(&arrays[r->from], i), err));
    return ZKG_OK;
}

static zkg_status run_count(zkg_array *arrays, const zkg_graph *g,
                            const zkg_rule *r, zkg_error *err)
{
    ZKG_TRY(make(arrays, g, r->to, err));
    if (arrays[r->to].type != ZKG_I64 ||
        zkg_array_count(&arrays[r->to]) != g->st.table[r->table].rows)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "a rule counts table %s into tensor %s, which is not "
                        "of its size, or not i64",
                        g->st.table[r->table].name, g->st.tensor[r->to].name);
    return zkg_eval_counts(arrays[r->to].data, &g->st, r->table, arrays, err);
}

static zkg_status run_constant(zkg_array *arrays, const zkg_graph *g,
                               const zkg_rule *r, zkg_error *err)
{
    const uint64_t n = zkg_tensor_count(&g->st.tensor[r->to]);

    ZKG_TRY(make(arrays, g, r->to, err));
    for (uint64_t i = 0; i < n; i++)
        ZKG_TRY(zkg_rule_store(arrays, g, r->to, i, r->value, err));
    return ZKG_OK;
}

/* What the graph holds, borrowed. */
static zkg_status run_values(zkg_array *arrays, const zkg_graph *g,
                             const zkg_rule *r, zkg_error *err)
{
    const zkg_tensor *t = &g->st.tensor[r->to];

    if (g->value[r->to].data == NULL)
        return zkg_fail(err, ZKG_ERR_IO,
                        "the values of tensor %s are not there: have "
                        "%s in the graph's folder, or give a whole witness "
                        "(prove --witness FILE)",
                        t->name,
                        t->vis == ZKG_PRIVATE ? ZKG_PRIVATE_FILE
                                              : ZKG_TENSORS_FILE);
    zkg_array_clear(&arrays[r->to]);
    arrays[r->to] = g->value[r->to];
    arrays[r->to].owned = false;
    return ZKG_OK;
}

/* The greatest u with u^2 <= n, for n <= 2^62. */
static int64_t root(int64_t n)
{
    int64_t u = 0;

    if (n >= (int64_t)1 << 62)
        return (int64_t)1 << 31;
    for (int b = 30; b >= 0; b--) {
        const int64_t v = u + ((int64_t)1 << b);

        if (v * v <= n)
            u = v;
    }
    return u;
}

static zkg_status run_rsqrt(zkg_array *arrays, const zkg_graph *g,
                            const zkg_rule *r, zkg_error *err)
{
    const zkg_tensor *from = &g->st.tensor[r->from];
    const uint64_t n = zkg_tensor_count(from);
    char place[PLACE_BYTES];

    if (n != zkg_tensor_count(&g->st.tensor[r->to]))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "a rule makes tensor %s from %s, which has another "
                        "size",
                        g->st.tensor[r->to].name, from->name);
    ZKG_TRY(need(arrays, g, r->from, err));
    ZKG_TRY(make(arrays, g, r->to, err));
    for (uint64_t i = 0; i < n; i++) {
        const int64_t v = zkg_array_get_i64(&arrays[r->from], i);

        if (v < 1)
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "%s: tensor %s: element %llu is %lld, which has "
                            "no inverse root",
                            task_of(place, &g->st, r->from, ZKG_NO_ID),
                            from->name, (unsigned long long)i, (long long)v);
        /* u^2 v <= 2^(2 bits) if and only if u^2 <= floor(2^(2 bits) / v). */
        ZKG_TRY(zkg_rule_store(arrays, g, r->to, i,
                               root(((int64_t)1 << (2 * r->value)) / v), err));
    }
    return ZKG_OK;
}

bool zkg_rule_makes(uint32_t *id, const zkg_graph *g, const zkg_rule *r,
                    uint32_t k)
{
    if (r->kind == ZKG_RULE_CIRCUIT)
        return zkg_rule_circuit_makes(id, g, r->task, k);
    if (k > 1 + r->digits || (k > 0 && r->remainder == ZKG_NO_ID))
        return false;
    *id = k == 0 ? r->to : k == 1 ? r->remainder : r->digit[k - 2];
    return true;
}

zkg_status zkg_rule_run(zkg_array *arrays, const zkg_graph *g,
                        const zkg_rule *r, const zkg_hints *hints,
                        zkg_error *err)
{
    switch (r->kind) {
    case ZKG_RULE_DIVMOD:
    case ZKG_RULE_SOLVE:
        return run_einsum_rule(arrays, g, r, err);
    case ZKG_RULE_MAX:
        return run_max(arrays, g, r, err);
    case ZKG_RULE_MAP:
        return run_map(arrays, g, r, err);
    case ZKG_RULE_COUNT:
        return run_count(arrays, g, r, err);
    case ZKG_RULE_RSQRT:
        return run_rsqrt(arrays, g, r, err);
    case ZKG_RULE_COPY:
        return run_copy(arrays, g, r, err);
    case ZKG_RULE_VALUES:
        return run_values(arrays, g, r, err);
    case ZKG_RULE_CIRCUIT:
        return zkg_rule_circuit(arrays, g, r->task, hints, err);
    default:
        return run_constant(arrays, g, r, err);
    }
}
