/* SPDX-License-Identifier: Apache-2.0 */
/* Relations over plain integers. */
#include "graph/eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"

/* ---- grids and cells ---- */

void zkg_grid_push(zkg_grid *g, uint32_t axis, uint64_t len)
{
    for (uint32_t i = 0; i < g->axes; i++) {
        if (g->axis[i] == axis)
            return;
    }
    g->axis[g->axes] = axis;
    g->len[g->axes] = len;
    g->axes++;
    g->count *= len;
}

void zkg_grid_out(zkg_grid *out, const zkg_statement *st, const zkg_task *t,
                  const zkg_stmt_einsum *e)
{
    const zkg_kernel *k = &st->kernel[t->kernel];

    *out = (zkg_grid){.count = 1};
    zkg_grid_push(out, 0, t->copies);
    for (uint32_t i = 0; i < e->out_axes; i++)
        zkg_grid_push(out, e->out[i] + 1, k->axis[e->out[i]].len);
}

void zkg_grid_site(zkg_grid *out, const zkg_statement *st, const zkg_task *t,
                   const zkg_stmt_lookup *l)
{
    const zkg_kernel *k = &st->kernel[t->kernel];

    *out = (zkg_grid){.count = 1};
    for (uint32_t c = 0; c < l->columns; c++) {
        if (!t->broadcast[l->param[c]])
            zkg_grid_push(out, 0, t->copies);
    }
    for (uint32_t c = 0; c < l->columns; c++) {
        const zkg_stmt_param *p = &k->param[l->param[c]];

        for (uint32_t i = 0; i < p->axes; i++)
            zkg_grid_push(out, p->axis[i] + 1, k->axis[p->axis[i]].len);
    }
}

void zkg_grid_at(uint64_t index[ZKG_TASK_AXES], const zkg_grid *g, uint64_t i)
{
    memset(index, 0, ZKG_TASK_AXES * sizeof(index[0]));
    for (uint32_t k = g->axes; k-- > 0;) {
        index[g->axis[k]] = i % g->len[k];
        i /= g->len[k];
    }
}

void zkg_grid_text(char *out, const zkg_grid *g, uint64_t i)
{
    uint64_t index[ZKG_TASK_AXES];
    int n = sprintf(out, "[");
    bool first = true;

    zkg_grid_at(index, g, i);
    for (uint32_t k = 0; k < g->axes; k++) {
        if (g->axis[k] == 0 && g->len[k] == 1)
            continue;
        n += sprintf(out + n, "%s%llu", first ? "" : ",",
                     (unsigned long long)index[g->axis[k]]);
        first = false;
    }
    sprintf(out + n, "]");
}

/* Strides of an array's axes from the lowest up; index_axis[i] is the axis of
 * the task that runs through its i-th axis, without the copies. */
static void cells(zkg_cells *out, const zkg_array *a, bool has_copies,
                  const uint32_t *index_axis, uint32_t n)
{
    uint64_t stride = 1;
    uint32_t at = a->axes;

    *out = (zkg_cells){.array = a};
    for (uint32_t i = n; i-- > 0;) {
        at--;
        out->stride[index_axis[i]] = stride;
        stride *= a->stored[at];
    }
    if (has_copies)
        out->stride[0] = stride;
}

void zkg_cells_param(zkg_cells *out, const zkg_statement *st, const zkg_task *t,
                     uint32_t p, const zkg_array *array)
{
    const zkg_stmt_param *param = &st->kernel[t->kernel].param[p];
    uint32_t axis[ZKG_MAX_AXES];

    for (uint32_t i = 0; i < param->axes; i++)
        axis[i] = param->axis[i] + 1;
    cells(out, array, !t->broadcast[p], axis, param->axes);
}

bool zkg_cells_factor(zkg_cells *out, const zkg_statement *st,
                      const zkg_task *t, const zkg_stmt_factor *f,
                      const zkg_array *array)
{
    uint32_t axis[ZKG_MAX_AXES];

    (void)st;
    for (uint32_t i = 0; i < f->indices; i++) {
        const zkg_stmt_index *x = &f->index[i];

        if (x->b != ZKG_NO_ID || x->s != 1 || x->e != 0)
            return false;
        axis[i] = x->a + 1;
    }
    cells(out, array, !t->broadcast[f->param], axis, f->indices);
    return true;
}

/* ---- runs ---- */

/* Take a loop in below those that are there, or into the lowest of them. */
static void add_loop(zkg_runs *r, uint64_t len, const uint64_t *stride)
{
    const uint32_t low = r->loops == 0 ? 0 : r->loops - 1;
    bool joins = r->loops > 0;

    for (uint32_t c = 0; c < r->cells; c++)
        joins = joins && r->stride[low][c] == len * stride[c];
    if (joins)
        r->len[low] *= len;
    else
        r->len[r->loops++] = len;
    memcpy(r->stride[r->loops - 1], stride, r->cells * sizeof(stride[0]));
}

void zkg_runs_init(zkg_runs *r, const zkg_grid *g, const zkg_cells *cell,
                   uint32_t cells)
{
    *r = (zkg_runs){.cells = cells};
    for (uint32_t k = 0; k < g->axes; k++) {
        uint64_t stride[ZKG_MAX_TABLE_COLUMNS];

        for (uint32_t c = 0; c < cells; c++)
            stride[c] = cell[c].stride[g->axis[k]];
        if (g->len[k] != 1)
            add_loop(r, g->len[k], stride);
    }
    if (r->loops == 0)
        r->len[r->loops++] = g->count;
    for (uint32_t c = 0; c < cells; c++)
        r->step[c] = (int64_t)r->stride[r->loops - 1][c];
}

bool zkg_runs_next(zkg_runs *r)
{
    const uint32_t low = r->loops - 1;
    uint32_t k = low;
    uint64_t rest;

    r->at += r->n;
    r->index[low] += r->n;
    while (r->index[k] == r->len[k] && k > 0) {
        r->index[k] = 0;
        for (uint32_t c = 0; k < low && c < r->cells; c++)
            r->line[c] -= (r->len[k] - 1) * r->stride[k][c];
        k--;
        r->index[k]++;
        for (uint32_t c = 0; r->index[k] < r->len[k] && c < r->cells; c++)
            r->line[c] += r->stride[k][c];
    }
    rest = r->len[low] - r->index[low];
    r->n = rest < ZKG_RUN_MAX ? (size_t)rest : ZKG_RUN_MAX;
    for (uint32_t c = 0; c < r->cells; c++)
        r->cell[c] = r->line[c] + r->index[low] * r->stride[low][c];
    return r->index[k] < r->len[k] && r->n > 0;
}

bool zkg_runs_read(int64_t out[ZKG_RUN_MAX], zkg_runs *r, uint32_t c,
                   const zkg_array *array)
{
    const size_t n =
        zkg_array_read_i64(out, array, r->cell[c], r->step[c], r->n);
    const bool all = n == r->n;

    r->n = n;
    return all;
}

/* ---- tables ---- */

/* The sort has no argument of its own but the elements: give them the table. */
typedef struct row_key {
    const zkg_stmt_table *t;
    uint64_t row;
} row_key;

static int row_key_order(const void *a, const void *b)
{
    const row_key *x = a, *y = b;

    for (uint32_t c = 0; c < x->t->columns; c++) {
        const int64_t u = zkg_stmt_table_entry(x->t, c, x->row);
        const int64_t v = zkg_stmt_table_entry(y->t, c, y->row);

        if (u != v)
            return u < v ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

/* The rows in the order of their entries. */
static zkg_status sort_rows(uint64_t *order, const zkg_stmt_table *t)
{
    row_key *key = zkg_alloc(t->rows, sizeof(key[0]));
    bool sorted = true;

    if (key == NULL)
        return ZKG_ERR_NOMEM;
    for (uint64_t i = 0; i < t->rows; i++) {
        key[i] = (row_key){t, i};
        sorted = sorted && (i == 0 || row_key_order(&key[i - 1], &key[i]) < 0);
    }
    if (!sorted)
        qsort(key, t->rows, sizeof(key[0]), row_key_order);
    for (uint64_t i = 0; i < t->rows; i++)
        order[i] = key[i].row;
    zkg_free(key);
    return ZKG_OK;
}

/* Where each entry of column 0 begins, unless there are few for their span. */
static zkg_status index_rows(zkg_row_finder *f)
{
    const zkg_stmt_table *t = f->table;
    const uint64_t span = (uint64_t)f->high - (uint64_t)f->low;
    uint64_t next = 0;

    if (span >= 8 * t->rows)
        return ZKG_OK;
    f->from = zkg_alloc(span + 2, sizeof(f->from[0]));
    if (f->from == NULL)
        return ZKG_ERR_NOMEM;
    for (uint64_t i = 0; i < t->rows; i++) {
        const uint64_t v = (uint64_t)zkg_stmt_table_entry(t, 0, f->order[i]) -
                           (uint64_t)f->low;

        while (next <= v)
            f->from[next++] = i;
    }
    f->from[span + 1] = t->rows;
    return ZKG_OK;
}

zkg_status zkg_row_finder_init(zkg_row_finder *out, const zkg_stmt_table *t,
                               zkg_error *err)
{
    zkg_status s = ZKG_ERR_NOMEM;

    *out = (zkg_row_finder){.table = t};
    zkg_stmt_table_bounds(&out->low, &out->high, t, 0);
    if (t->kind != ZKG_KIND_COLUMNS)
        return ZKG_OK;
    out->order = zkg_alloc(t->rows, sizeof(out->order[0]));
    if (out->order != NULL)
        s = sort_rows(out->order, t);
    if (s == ZKG_OK)
        s = index_rows(out);
    if (s == ZKG_OK)
        return s;
    zkg_row_finder_clear(out);
    return zkg_fail(err, s, "no memory for table %s", t->name);
}

void zkg_row_finder_clear(zkg_row_finder *f)
{
    zkg_free(f->order);
    zkg_free(f->from);
    *f = (zkg_row_finder){.table = NULL};
}

/* Row against values: below 0, 0, above. */
static int row_compare(const zkg_stmt_table *t, uint64_t row,
                       const int64_t *value, uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++) {
        const int64_t v = zkg_stmt_table_entry(t, c, row);

        if (v != value[c])
            return v < value[c] ? -1 : 1;
    }
    return 0;
}

bool zkg_row_find(uint64_t *row, const zkg_row_finder *f, const int64_t *value,
                  uint32_t columns)
{
    const zkg_stmt_table *t = f->table;
    uint64_t low = 0, high = t->rows, end;

    if (value[0] < f->low || value[0] > f->high)
        return false;
    if (t->kind != ZKG_KIND_COLUMNS) {
        *row = (uint64_t)(value[0] - f->low);
        return columns == 1 || row_compare(t, *row, value, columns) == 0;
    }
    if (f->from != NULL) {
        const uint64_t i = (uint64_t)value[0] - (uint64_t)f->low;

        low = f->from[i];
        high = f->from[i + 1];
    }
    end = high;
    while (low < high) {
        const uint64_t mid = low + (high - low) / 2;

        if (row_compare(t, f->order[mid], value, columns) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == end || row_compare(t, f->order[low], value, columns) != 0)
        return false;
    *row = f->order[low];
    return true;
}

/* ---- counts ---- */

static zkg_status no_row(const zkg_statement *st, const zkg_task *t,
                         const zkg_stmt_lookup *l, const zkg_grid *grid,
                         uint64_t i, const int64_t *value, zkg_error *err)
{
    const zkg_stmt_table *table = &st->table[l->table];
    char where[400];
    int64_t low, high;

    zkg_grid_text(where, grid, i);
    zkg_stmt_table_bounds(&low, &high, table, 0);
    if (value[0] < low || value[0] > high)
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "task %s: tensor %s at %s is %lld, outside the range "
                        "%lld..%lld of table %s; give an input within the "
                        "range that the graph was made for, or make the graph "
                        "for it: zkgkr compile --calibrate",
                        t->name, st->tensor[t->bind[l->param[0]]].name, where,
                        (long long)value[0], (long long)low, (long long)high,
                        table->name);
    if (l->columns == 1)
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "task %s: tensor %s at %s is %lld, which is not in "
                        "table %s",
                        t->name, st->tensor[t->bind[l->param[0]]].name, where,
                        (long long)value[0], table->name);
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "task %s: tensors %s and %s at %s are %lld and %lld, "
                    "which is no row of table %s",
                    t->name, st->tensor[t->bind[l->param[0]]].name,
                    st->tensor[t->bind[l->param[1]]].name, where,
                    (long long)value[0], (long long)value[1], table->name);
}

static zkg_status no_integer(const zkg_statement *st, const zkg_task *t,
                             uint32_t param, const zkg_grid *grid, uint64_t i,
                             zkg_error *err)
{
    char where[400];

    zkg_grid_text(where, grid, i);
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "task %s: tensor %s at %s is a field element that is no "
                    "integer of 64 bits, and so in no table",
                    t->name, st->tensor[t->bind[param]].name, where);
}

/* Count a run's rows; false at one that is in no row, *i of them before. */
static bool count_run(int64_t *counts, size_t *i, const zkg_row_finder *finder,
                      int64_t value[][ZKG_RUN_MAX], uint32_t columns, size_t n)
{
    for (*i = 0; *i < n; (*i)++) {
        int64_t v[ZKG_MAX_TABLE_COLUMNS];
        uint64_t row;

        for (uint32_t c = 0; c < columns; c++)
            v[c] = value[c][*i];
        if (!zkg_row_find(&row, finder, v, columns))
            return false;
        counts[row]++;
    }
    return true;
}

static zkg_status count_site(int64_t *counts, const zkg_statement *st,
                             const zkg_task *t, const zkg_stmt_lookup *l,
                             const zkg_row_finder *finder,
                             const zkg_array *arrays, zkg_error *err)
{
    zkg_cells cell[ZKG_MAX_TABLE_COLUMNS];
    int64_t value[ZKG_MAX_TABLE_COLUMNS][ZKG_RUN_MAX];
    int64_t v[ZKG_MAX_TABLE_COLUMNS];
    zkg_grid grid;
    zkg_runs run;
    size_t i;

    zkg_grid_site(&grid, st, t, l);
    for (uint32_t c = 0; c < l->columns; c++) {
        const uint32_t id = t->bind[l->param[c]];

        if (arrays[id].data == NULL)
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: tensor %s has no values", t->name,
                            st->tensor[id].name);
        zkg_cells_param(&cell[c], st, t, l->param[c], &arrays[id]);
    }
    zkg_runs_init(&run, &grid, cell, l->columns);
    while (zkg_runs_next(&run)) {
        uint32_t bad = ZKG_NO_ID;

        for (uint32_t c = 0; c < l->columns; c++)
            if (!zkg_runs_read(value[c], &run, c, cell[c].array))
                bad = l->param[c];
        if (!count_run(counts, &i, finder, value, l->columns, run.n)) {
            for (uint32_t c = 0; c < l->columns; c++)
                v[c] = value[c][i];
            return no_row(st, t, l, &grid, run.at + i, v, err);
        }
        if (bad != ZKG_NO_ID)
            return no_integer(st, t, bad, &grid, run.at + run.n, err);
    }
    return ZKG_OK;
}

zkg_status zkg_eval_counts(int64_t *counts, const zkg_statement *st,
                           uint32_t table, const zkg_array *arrays,
                           zkg_error *err)
{
    zkg_row_finder finder;
    zkg_status s = ZKG_OK;

    ZKG_TRY(zkg_row_finder_init(&finder, &st->table[table], err));
    for (uint32_t i = 0; i < st->tasks && s == ZKG_OK; i++) {
        const zkg_task *t = &st->task[i];
        const zkg_kernel *k = &st->kernel[t->kernel];

        for (uint32_t j = 0; j < k->lookups && s == ZKG_OK; j++) {
            if (k->lookup[j].table == table)
                s = count_site(counts, st, t, &k->lookup[j], &finder, arrays,
                               err);
        }
    }
    zkg_row_finder_clear(&finder);
    return s;
}
