/* SPDX-License-Identifier: Apache-2.0 */
/* From a statement to equations and sites over cells. */
#include "relations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AXES ZKG_MAX_KERNEL_AXES

_Noreturn void wit_stop(const char *why, const char *what)
{
    fprintf(stderr, "witnesses: %s: %s\n", what, why);
    abort();
}

void *wit_room(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);

    if (p == NULL)
        wit_stop("no memory", "cells");
    return p;
}

/* Make room for one more of a list. */
void *wit_grow(void *list, uint32_t n, uint32_t *have, size_t size)
{
    if (n < *have)
        return list;
    *have = 2 * *have + 64;
    list = realloc(list, *have * size);
    if (list == NULL)
        wit_stop("no memory", "relations");
    return list;
}

static uint64_t tensor_count(const zkg_tensor *t)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < t->axes; i++)
        n *= t->len[i];
    return n;
}

/* A grid: indices by axis of the kernel, copies apart. */
typedef struct grid {
    uint32_t axes, axis[2 * AXES];
    uint64_t index[AXES];
} grid;

static void grid_add(grid *g, uint32_t axis)
{
    for (uint32_t i = 0; i < g->axes; i++) {
        if (g->axis[i] == axis)
            return;
    }
    g->axis[g->axes++] = axis;
}

/* The next position; false behind the last. */
static bool grid_next(grid *g, const zkg_kernel *k)
{
    for (uint32_t i = g->axes; i-- > 0;) {
        if (++g->index[g->axis[i]] < k->axis[g->axis[i]].len)
            return true;
        g->index[g->axis[i]] = 0;
    }
    return false;
}

/* Where parameter p of copy `copy` begins. */
static uint32_t param_base(const wit *w, const zkg_task *t, uint32_t p,
                           uint64_t copy)
{
    const zkg_kernel *k = &w->st->kernel[t->kernel];
    uint64_t n = 1;

    for (uint32_t i = 0; i < k->param[p].axes; i++)
        n *= k->axis[k->param[p].axis[i]].len;
    return w->base[t->bind[p]] + (uint32_t)(t->broadcast[p] ? 0 : copy * n);
}

/* The cell of a parameter at plain indices. */
static uint32_t plain_cell(const wit *w, const zkg_task *t, uint32_t p,
                           uint64_t copy, const uint64_t index[AXES])
{
    const zkg_kernel *k = &w->st->kernel[t->kernel];
    uint64_t at = 0;

    for (uint32_t i = 0; i < k->param[p].axes; i++) {
        const uint32_t axis = k->param[p].axis[i];

        at = at * k->axis[axis].len + index[axis];
    }
    return param_base(w, t, p, copy) + (uint32_t)at;
}

/* The cell that a factor reads, or false: it reads 0. */
static bool factor_cell(uint32_t *cell, const wit *w, const zkg_task *t,
                        const zkg_stmt_factor *f, uint64_t copy,
                        const uint64_t index[AXES])
{
    const zkg_kernel *k = &w->st->kernel[t->kernel];
    uint64_t at = 0;

    for (uint32_t i = 0; i < f->indices; i++) {
        const zkg_stmt_index *x = &f->index[i];
        const int64_t len = (int64_t)k->axis[k->param[f->param].axis[i]].len;
        int64_t v = x->s * (int64_t)index[x->a] + x->e;

        if (x->b != ZKG_NO_ID)
            v += x->d * (int64_t)index[x->b];
        if (v < 0 || v >= len)
            return false;
        at = at * (uint64_t)len + (uint64_t)v;
    }
    *cell = param_base(w, t, f->param, copy) + (uint32_t)at;
    return true;
}

static wide coefficient(const zkg_coeff *c)
{
    wide v = 0;

    for (int i = 8; i-- > 0;) {
        if (v >= FAR)
            wit_stop("a coefficient too large", "einsum");
        v = v << 32 | c->limb[i];
    }
    return c->negative ? -v : v;
}

static void push_term(wit *w, wide c, uint32_t a, uint32_t b)
{
    w->term = wit_grow(w->term, w->terms, &w->term_room, sizeof(w->term[0]));
    w->term[w->terms++] = (term){c, a, b};
}

/* One term at one position of out: a sum over the axes that it contracts. */
static void add_term(wit *w, const zkg_task *t, const zkg_stmt_einsum *e,
                     const zkg_stmt_term *x, uint64_t copy, const grid *out)
{
    const zkg_kernel *k = &w->st->kernel[t->kernel];
    grid g = {.axes = 0};

    for (uint32_t i = 0; i < e->out_axes; i++)
        grid_add(&g, e->out[i]);
    for (uint32_t f = 0; f < x->factors; f++) {
        for (uint32_t i = 0; i < x->factor[f].indices; i++) {
            grid_add(&g, x->factor[f].index[i].a);
            if (x->factor[f].index[i].b != ZKG_NO_ID)
                grid_add(&g, x->factor[f].index[i].b);
        }
    }
    g.axes -= e->out_axes;
    memmove(g.axis, g.axis + e->out_axes, g.axes * sizeof(g.axis[0]));
    memcpy(g.index, out->index, sizeof(g.index));
    do {
        uint32_t cell[2] = {NONE, NONE};
        bool reads = true;

        for (uint32_t f = 0; f < x->factors; f++)
            reads = reads &&
                    factor_cell(&cell[f], w, t, &x->factor[f], copy, g.index);
        if (reads)
            push_term(w, coefficient(&x->c), cell[0], cell[1]);
    } while (grid_next(&g, k));
}

static void add_einsum(wit *w, const zkg_task *t, const zkg_stmt_einsum *e)
{
    const zkg_kernel *k = &w->st->kernel[t->kernel];

    for (uint64_t copy = 0; copy < t->copies; copy++) {
        grid out = {.axes = 0};

        for (uint32_t i = 0; i < e->out_axes; i++)
            grid_add(&out, e->out[i]);
        do {
            equation q = {.first = w->terms, .makes = NONE};

            for (uint32_t i = 0; i < e->terms; i++)
                add_term(w, t, e, &e->term[i], copy, &out);
            if (e->equals != ZKG_NO_ID) {
                q.makes = plain_cell(w, t, e->equals, copy, out.index);
                push_term(w, -1, q.makes, NONE);
            }
            q.terms = w->terms - q.first;
            w->eq = wit_grow(w->eq, w->eqs, &w->eq_room, sizeof(w->eq[0]));
            w->eq[w->eqs++] = q;
        } while (grid_next(&out, k));
    }
}

static void add_lookup(wit *w, const zkg_task *t, const zkg_stmt_lookup *l)
{
    const zkg_kernel *k = &w->st->kernel[t->kernel];

    for (uint64_t copy = 0; copy < t->copies; copy++) {
        grid g = {.axes = 0};

        for (uint32_t c = 0; c < l->columns; c++) {
            for (uint32_t i = 0; i < k->param[l->param[c]].axes; i++)
                grid_add(&g, k->param[l->param[c]].axis[i]);
        }
        do {
            w->site =
                wit_grow(w->site, w->sites, &w->site_room, sizeof(w->site[0]));
            w->site[w->sites++] = (site){l->table, w->columns};
            for (uint32_t c = 0; c < l->columns; c++) {
                w->column = wit_grow(w->column, w->columns, &w->column_room,
                                     sizeof(w->column[0]));
                w->column[w->columns++] =
                    plain_cell(w, t, l->param[c], copy, g.index);
            }
        } while (grid_next(&g, k));
    }
}

/* Row i of a table: docs/protocol.md, 6. */
static int64_t entry(const zkg_stmt_table *t, uint32_t c, uint64_t i)
{
    const int64_t half = (int64_t)1 << (t->bits > 0 ? t->bits - 1 : 0);

    switch (t->kind) {
    case ZKG_KIND_RANGE:
        return (int64_t)i;
    case ZKG_KIND_SIGNED_RANGE:
        return (int64_t)i - half;
    case ZKG_KIND_RELU:
        return c == 1 && (int64_t)i < half ? 0 : (int64_t)i - half;
    default:
        return zkg_array_get_i64(&t->column[c], i);
    }
}

static void read_table(rows *r, const zkg_stmt_table *t)
{
    *r = (rows){.columns = t->columns, .n = t->rows, .even = true};
    r->at = wit_room(r->n * r->columns, sizeof(r->at[0]));
    for (uint64_t i = 0; i < r->n; i++) {
        for (uint32_t c = 0; c < r->columns; c++) {
            const int64_t v = entry(t, c, i);
            span *s = &r->whole[c];

            r->at[i * r->columns + c] = v;
            s->lo = i == 0 || v < s->lo ? v : s->lo;
            s->hi = i == 0 || v > s->hi ? v : s->hi;
        }
        if (i > 0 && r->at[i * r->columns] <= r->at[(i - 1) * r->columns])
            wit_stop("its first column does not rise", t->name);
    }
    r->even = r->whole[0].hi - r->whole[0].lo + 1 == (wide)r->n;
    if (!t->hinted)
        wit_stop("its counts are a tensor of the graph", t->name);
}

/* The relations of each cell. */
static void index_cells(wit *w)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t e = 0; e < w->eqs; e++) {
            for (uint32_t i = 0; i < w->eq[e].terms; i++) {
                const term *x = &w->term[w->eq[e].first + i];
                const uint32_t cell[2] = {x->a, x->b};

                for (int k = 0; k < 2; k++) {
                    if (cell[k] == NONE)
                        continue;
                    if (pass == 0)
                        w->from[cell[k] + 1]++;
                    else
                        w->in[w->from[cell[k]]++] = e;
                }
            }
        }
        for (uint32_t s = 0; s < w->sites; s++) {
            for (uint32_t c = 0; c < w->table[w->site[s].table].columns; c++) {
                const uint32_t cell = w->column[w->site[s].first + c];

                if (pass == 0)
                    w->from[cell + 1]++;
                else
                    w->in[w->from[cell]++] = w->eqs + s;
            }
        }
        if (pass == 0) {
            for (uint32_t c = 0; c < w->cells; c++)
                w->from[c + 1] += w->from[c];
            w->in = wit_room(w->from[w->cells], sizeof(w->in[0]));
        }
    }
    memmove(w->from + 1, w->from, w->cells * sizeof(w->from[0]));
    w->from[0] = 0;
}

void wit_read(wit *w)
{
    const zkg_statement *st = w->st;
    uint32_t most = 0;

    w->base = wit_room(st->tensors + 1, sizeof(w->base[0]));
    for (uint32_t t = 0; t < st->tensors; t++) {
        if (st->tensor[t].type == ZKG_FR)
            wit_stop("field elements", st->tensor[t].name);
        w->base[t + 1] = w->base[t] + (uint32_t)tensor_count(&st->tensor[t]);
    }
    w->cells = w->base[st->tensors];
    w->table = wit_room(st->tables, sizeof(w->table[0]));
    for (uint32_t t = 0; t < st->tables; t++)
        read_table(&w->table[t], &st->table[t]);
    for (uint32_t t = 0; t < st->tasks; t++) {
        const zkg_kernel *k = &st->kernel[st->task[t].kernel];

        if (k->circuit != ZKG_NO_ID)
            wit_stop("a circuit", k->name);
        for (uint32_t i = 0; i < k->lookups; i++)
            add_lookup(w, &st->task[t], &k->lookup[i]);
        for (uint32_t i = 0; i < k->einsums; i++)
            add_einsum(w, &st->task[t], &k->einsum[i]);
    }
    for (uint32_t e = 0; e < w->eqs; e++)
        most = w->eq[e].terms > most ? w->eq[e].terms : most;
    w->scratch = wit_room(most, sizeof(w->scratch[0]));
    w->from = wit_room(w->cells + 1, sizeof(w->from[0]));
    w->at = wit_room(w->cells, sizeof(w->at[0]));
    w->group = wit_room(w->cells, sizeof(w->group[0]));
    w->value = wit_room(w->cells, sizeof(w->value[0]));
    w->queue = wit_room(w->eqs + w->sites, sizeof(w->queue[0]));
    w->waits = wit_room(w->eqs + w->sites, sizeof(w->waits[0]));
    index_cells(w);
}

void wit_free(wit *w)
{
    for (uint32_t t = 0; t < w->st->tables; t++)
        free(w->table[t].at);
    free(w->base);
    free(w->term);
    free(w->eq);
    free(w->site);
    free(w->column);
    free(w->table);
    free(w->from);
    free(w->in);
    free(w->at);
    free(w->trail);
    free(w->queue);
    free(w->waits);
    free(w->scratch);
    free(w->group);
    free(w->value);
    free(w);
}
