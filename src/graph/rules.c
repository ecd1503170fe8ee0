/* SPDX-License-Identifier: Apache-2.0 */
/* Witness rules over plain integers. */
#include "graph/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "graph/eval.h"
#include "graph/rule_circuit.h"

/* The task whose relation first names a tensor, for messages. */
static const char *task_of(const zkg_statement *st, uint32_t id)
{
    for (uint32_t i = 0; i < st->tasks; i++) {
        for (uint32_t p = 0; p < st->task[i].params; p++) {
            if (st->task[i].bind[p] == id)
                return st->task[i].name;
        }
    }
    return "(none)";
}

zkg_status zkg_rule_store(zkg_array *arrays, const zkg_graph *g, uint32_t id,
                          uint64_t at, int64_t v, zkg_error *err)
{
    const zkg_tensor *t = &g->st.tensor[id];

    if (t->type == ZKG_FR || (v >= t->min && v <= t->max)) {
        zkg_array_set_i64(&arrays[id], at, v);
        return ZKG_OK;
    }
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "task %s: tensor %s: element %llu is %lld, outside its "
                    "range %lld..%lld; give an input within the range that "
                    "the graph was made for, or make the graph for it: zkgkr "
                    "compile --calibrate",
                    task_of(&g->st, id), t->name, (unsigned long long)at,
                    (long long)v, (long long)t->min, (long long)t->max);
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

/* Where the digits of a remainder go: digit i is remainder / radix[i], below
 * radix[i + 1] / radix[i]. */
typedef struct digit_cells {
    zkg_cells cell[1 + ZKG_RULE_DIGITS];
    uint32_t id[1 + ZKG_RULE_DIGITS];
    int64_t radix[2 + ZKG_RULE_DIGITS]; /* the last one is D */
    uint32_t n;
} digit_cells;

/* The coefficients are -R_i of the digits, or R_i of all (flip); of the
 * quotient likewise, or it is negated. */
static zkg_status find_digits(digit_cells *out, bool *flip, bool *negated,
                              zkg_cells *quotient, const zkg_graph *g,
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
    ZKG_TRY(lone_term(&c, quotient, g, r, r->to, arrays, err));
    *negated = (c > 0) != *flip;
    out->radix[out->n] = c > 0 || c == INT64_MIN ? c : -c;
    for (uint32_t i = 0; i < out->n; i++) {
        if (out->radix[0] != 1 || out->radix[i + 1] < 1 ||
            out->radix[i] > out->radix[i + 1] ||
            out->radix[i + 1] % out->radix[i] != 0)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "task %s, einsum %u: divmod needs coefficients -D "
                            "and -1 of quotient and remainder, digits such as "
                            "divide each other",
                            g->st.task[r->task].name, r->einsum);
    }
    return ZKG_OK;
}

static zkg_status divmod_fill(zkg_array *arrays, const zkg_graph *g,
                              const zkg_rule *r, const zkg_grid *out,
                              const int64_t *sum, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];
    zkg_cells q_cell, equals = {.array = NULL};
    uint64_t index[ZKG_TASK_AXES];
    digit_cells digit;
    bool flip = false, negated = false;

    ZKG_TRY(find_digits(&digit, &flip, &negated, &q_cell, g, r, arrays, err));
    if (e->equals != ZKG_NO_ID) {
        ZKG_TRY(need(arrays, g, t->bind[e->equals], err));
        zkg_cells_param(&equals, &g->st, t, e->equals,
                        &arrays[t->bind[e->equals]]);
    }
    for (uint64_t i = 0; i < out->count; i++) {
        const int64_t d = digit.radix[digit.n];
        int64_t a = sum[i], q, rem;

        zkg_grid_at(index, out, i);
        if (equals.array != NULL &&
            !zkg_add_i64_ok(
                &a, a,
                -zkg_array_get_i64(equals.array, zkg_cells_at(&equals, index))))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: a sum leaves 64 bits", t->name);
        if (flip && !zkg_mul_i64_ok(&a, a, -1))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: a sum leaves 64 bits",
                            g->st.task[r->task].name);
        q = a / d;
        rem = a % d;
        if (rem < 0) {
            rem += d;
            q--;
        }
        ZKG_TRY(zkg_rule_store(arrays, g, r->to, zkg_cells_at(&q_cell, index),
                               negated ? -q : q, err));
        for (uint32_t k = 0; k < digit.n; k++)
            ZKG_TRY(zkg_rule_store(
                arrays, g, digit.id[k], zkg_cells_at(&digit.cell[k], index),
                rem % digit.radix[k + 1] / digit.radix[k], err));
    }
    return ZKG_OK;
}

static zkg_status solve_fill(zkg_array *arrays, const zkg_graph *g,
                             const zkg_rule *r, const zkg_grid *out,
                             const int64_t *sum, zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const zkg_stmt_einsum *e = &g->st.kernel[t->kernel].einsum[r->einsum];
    const bool is_virtual =
        e->equals != ZKG_NO_ID && t->bind[e->equals] == r->to;
    zkg_cells cell;
    int64_t c = -1, rest = 0;
    uint64_t index[ZKG_TASK_AXES];

    if (is_virtual)
        zkg_cells_param(&cell, &g->st, t, e->equals, &arrays[r->to]);
    else
        ZKG_TRY(lone_term(&c, &cell, g, r, r->to, arrays, err));
    for (uint64_t i = 0; i < out->count; i++) {
        int64_t a = sum[i];

        zkg_grid_at(index, out, i);
        if (e->equals != ZKG_NO_ID && !is_virtual) {
            zkg_cells equals;

            ZKG_TRY(need(arrays, g, t->bind[e->equals], err));
            zkg_cells_param(&equals, &g->st, t, e->equals,
                            &arrays[t->bind[e->equals]]);
            rest =
                zkg_array_get_i64(equals.array, zkg_cells_at(&equals, index));
        }
        /* a + c T = rest */
        if (!zkg_add_i64_ok(&a, a, -rest) || a == INT64_MIN)
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: a sum leaves 64 bits", t->name);
        if (a % c != 0)
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s, einsum %u: %lld is no multiple of %lld, "
                            "so no value of tensor %s makes it hold",
                            t->name, r->einsum, (long long)a, (long long)c,
                            g->st.tensor[r->to].name);
        ZKG_TRY(zkg_rule_store(arrays, g, r->to, zkg_cells_at(&cell, index),
                               -(a / c), err));
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
                           const zkg_rule *r, int64_t *most, uint64_t count,
                           zkg_error *err)
{
    const zkg_task *t = &g->st.task[r->task];
    const uint64_t n = zkg_array_count(&arrays[r->to]);
    uint64_t index[ZKG_TASK_AXES];
    int64_t c = -1, *sum = most + n;
    zkg_cells cell;
    zkg_grid out;

    ZKG_TRY(max_term(&c, &cell, g, r, arrays, err));
    zkg_grid_out(&out, &g->st, t, &g->st.kernel[t->kernel].einsum[r->einsum]);
    for (uint64_t i = 0; i < n; i++)
        most[i] = INT64_MIN;
    for (uint64_t i = 0; i < count; i++) {
        int64_t v;
        uint64_t at;

        zkg_grid_at(index, &out, i);
        at = zkg_cells_at(&cell, index);
        if (!floor_div(&v, sum[i], -c))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: a sum leaves 64 bits", t->name);
        most[at] = v > most[at] ? v : most[at];
    }
    for (uint64_t i = 0; i < n; i++)
        ZKG_TRY(zkg_rule_store(arrays, g, r->to, i, most[i], err));
    return ZKG_OK;
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
        s = max_fill(arrays, g, r, most, out.count, err);
    zkg_free(skip);
    zkg_free(most);
    return s;
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
    for (uint64_t i = 0; i < n && s == ZKG_OK; i++) {
        int64_t v = 0, low, high;
        uint64_t row;

        if (!zkg_array_try_i64(&v, &arrays[r->from],
                               zkg_array_real(&arrays[r->from], i))) {
            s = zkg_fail(err, ZKG_ERR_WITNESS,
                         "task %s: tensor %s: element %llu is no integer of "
                         "64 bits, and so not in table %s",
                         task_of(&g->st, r->from), from->name,
                         (unsigned long long)i, table->name);
            break;
        }
        if (zkg_row_find(&row, &finder, &v, 1)) {
            s = zkg_rule_store(
                arrays, g, r->to, i,
                zkg_stmt_table_entry(table, table->columns - 1, row), err);
            continue;
        }
        zkg_stmt_table_bounds(&low, &high, table, 0);
        s = zkg_fail(err, ZKG_ERR_WITNESS,
                     "task %s: tensor %s: element %llu is %lld, which is not "
                     "in table %s (%lld..%lld); give an input within the "
                     "range that the graph was made for, or make the graph "
                     "for it: zkgkr compile --calibrate",
                     task_of(&g->st, r->from), from->name,
                     (unsigned long long)i, (long long)v, table->name,
                     (long long)low, (long long)high);
    }
    zkg_row_finder_clear(&finder);
    return s;
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
                            "task %s: tensor %s: element %llu is %lld, which "
                            "has no inverse root",
                            task_of(&g->st, r->from), from->name,
                            (unsigned long long)i, (long long)v);
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
    case ZKG_RULE_CIRCUIT:
        return zkg_rule_circuit(arrays, g, r->task, hints, err);
    default:
        return run_constant(arrays, g, r, err);
    }
}
