/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/pair.h"

#include "base/mem.h"

#include <string.h>

/* No memory holds factors of more. */
#define MOST_PAIR_VARS 50

size_t zkg_pair_bytes(uint32_t vars)
{
    const size_t one = vars > MOST_PAIR_VARS
                           ? SIZE_MAX / 2
                           : zkg_arena_round(sizeof(zkg_fr) << vars);

    return 2 * one;
}

void zkg_pair_init(zkg_pair *p, uint32_t vars, const zkg_task_run *run)
{
    const zkg_comm *comm = run->c->comm;

    *p = (zkg_pair){.vars = vars, .child = run->c, .scratch = run->scratch};
    p->m = zkg_slices(vars, zkg_comm_size(comm));
    zkg_slices_of(&p->first, &p->count, p->m, zkg_comm_rank(comm),
                  zkg_comm_size(comm));
    p->lo = (uint64_t)p->first << (vars - p->m);
    p->hi = (uint64_t)(p->first + p->count) << (vars - p->m);
}

void zkg_pair_clear(zkg_pair *p)
{
    const uint32_t tables = p->count * zkg_form_arity(p->part.kind);

    zkg_rounds_free(p->rounds);
    for (uint32_t k = 0; p->part.tables != NULL && k < tables; k++)
        zkg_table_clear(p->child->backend, &p->part.tables[k]);
    if (p->scratch != NULL)
        zkg_arena_release(p->scratch, 0);
    for (uint32_t f = 0; f < 2; f++)
        zkg_row_columns_clear(&p->factor[f].columns);
    zkg_free(p->part.tables);
    zkg_free(p->rows);
    zkg_free(p->columns);
    zkg_free(p->i);
    *p = (zkg_pair){0};
}

/* So many bytes of the scratch, which begins with nothing taken. */
static zkg_status take(zkg_pair *p, void **memory, size_t bytes)
{
    if (p->scratch->used == 0)
        ZKG_TRY(zkg_arena_reserve(p->scratch, zkg_pair_bytes(p->vars)));
    *memory = zkg_arena_take(p->scratch, bytes);
    return *memory == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
}

zkg_status zkg_pair_vector(zkg_pair *p, uint32_t f)
{
    const size_t bytes = sizeof(zkg_fr) << p->vars;
    void *memory;

    ZKG_TRY(take(p, &memory, bytes));
    p->factor[f].vector = memset(memory, 0, bytes);
    return ZKG_OK;
}

zkg_status zkg_pair_columns(zkg_pair *p, uint32_t f, zkg_rows_view *r)
{
    zkg_row_columns *l = &p->factor[f].columns;

    if (r->axes == 0) {
        r->axes = 1;
        r->len[0] = 1;
    }
    zkg_rows_view_join(r);
    ZKG_TRY(zkg_row_columns_init(l, r, p->lo, p->hi));
    if (r->columns > 0) {
        l->base = zkg_fr_zero;
        return ZKG_OK;
    }
    /* p, and not q */
    l->base = l->ones ? zkg_fr_one : zkg_fr_zero;
    l->columns = !l->ones;
    return ZKG_OK;
}

/* ---- tables ---- */

/* A table of `vars`. */
static zkg_status place(zkg_table *t, zkg_pair *p, uint32_t vars)
{
    void *memory;

    ZKG_TRY(take(p, &memory, sizeof(zkg_fr) << vars));
    return p->child->backend->table_place(t, vars, memory);
}

/* A vector's slices, tables where they lie. */
static zkg_status adopt(zkg_table *t, uint32_t step, zkg_pair *p, uint32_t f)
{
    const uint32_t inner = p->vars - p->m;
    zkg_fr *v = p->factor[f].vector;

    for (uint32_t s = 0; s < p->count; s++)
        ZKG_TRY(p->child->backend->table_adopt(
            &t[s * step], inner, &v[(uint64_t)(p->first + s) << inner]));
    return ZKG_OK;
}

/* Tables of columns, one or none. */
static zkg_status import_columns(zkg_table *t, uint32_t step, zkg_pair *p,
                                 uint32_t f)
{
    const zkg_backend *backend = p->child->backend;
    const zkg_row_columns *l = &p->factor[f].columns;
    const uint32_t inner = p->vars - p->m;
    const size_t len = (size_t)1 << inner;

    for (uint32_t s = 0; s < p->count; s++) {
        zkg_column c;

        ZKG_TRY(place(&t[s * step], p, inner));
        if (l->columns == 0) {
            ZKG_TRY(backend->table_fill(&t[s * step], 0, len, &l->base));
            continue;
        }
        c = zkg_row_columns_at(l, 0, (uint64_t)(p->first + s) << inner);
        ZKG_TRY(backend->table_import(&t[s * step], 0, c.values, c.type, len));
    }
    return ZKG_OK;
}

/* A sum of eq's, as a vector. */
static zkg_status expand_eq_sum(zkg_pair *p, uint32_t f)
{
    const zkg_backend *backend = p->child->backend;
    const zkg_eq_sum *sum = p->factor[f].eq_sum;
    zkg_fr *one = zkg_alloc_raw((size_t)1 << p->vars, sizeof(*one));
    zkg_status status = one == NULL ? ZKG_ERR_NOMEM : zkg_pair_vector(p, f);

    for (uint32_t k = 0; k < sum->count && status == ZKG_OK; k++) {
        status =
            backend->eq_expand(one, sum->point[k], p->vars, &sum->scale[k]);
        if (status == ZKG_OK)
            status = backend->fr_axpy(&p->factor[f].vector[p->lo], &zkg_fr_one,
                                      &one[p->lo], p->hi - p->lo);
    }
    zkg_free(one);
    return status;
}

/* Tables of the indicator, which repeats with its period, slice by slice. */
static zkg_status import_mask(zkg_table *t, uint32_t step, const zkg_pair *p)
{
    const uint32_t inner = p->vars - p->m;
    const uint32_t vars = p->vars3 < inner ? p->vars3 : inner;

    for (uint32_t s = 0; s < p->count; s++) {
        const uint64_t at = (uint64_t)(p->first + s) << inner;

        ZKG_TRY(zkg_table_from_fr(p->child->backend, &t[s * step], vars,
                                  &p->i[at & (((uint64_t)1 << p->vars3) - 1)],
                                  (size_t)1 << vars));
    }
    return ZKG_OK;
}

/* Factor f as tables. */
static zkg_status factor_tables(zkg_table *t, uint32_t step, zkg_pair *p,
                                uint32_t f)
{
    const zkg_factor *factor = &p->factor[f];

    if (factor->eq_sum != NULL)
        ZKG_TRY(expand_eq_sum(p, f));
    return factor->vector != NULL ? adopt(t, step, p, f)
                                  : import_columns(t, step, p, f);
}

/* ---- rows ---- */

/* Whether factor f is one of integers, or of what needs no table. */
static bool is_ints(const zkg_factor *f)
{
    const zkg_row_columns *l = &f->columns;

    return f->eq_sum != NULL ||
           (l->column != NULL &&
            (l->columns == 0 || l->column[0].type != ZKG_FR));
}

/* Whether the first round is one of integers, which are small then. */
static zkg_status make_small(bool *small, zkg_pair *p)
{
    *small = p->i == NULL && p->vars >= p->m + 2 && is_ints(&p->factor[0]) &&
             is_ints(&p->factor[1]);
    for (uint32_t f = 0; f < 2 && *small; f++)
        if (p->factor[f].eq_sum == NULL)
            ZKG_TRY(
                zkg_row_columns_narrow(&p->factor[f].columns, p->hi - p->lo));
    return ZKG_OK;
}

/* Rows of factor f in slice s. */
static zkg_rows slice_rows(zkg_column *column, const zkg_pair *p, uint32_t f,
                           uint32_t s)
{
    const zkg_row_columns *l = &p->factor[f].columns;

    for (uint32_t c = 0; c < l->columns; c++)
        column[c] = zkg_row_columns_at(
            l, c, (uint64_t)(p->first + s) << (p->vars - p->m));
    return (zkg_rows){
        .base = l->base, .columns = column, .count = l->columns, .step = 1};
}

/* Both factors as rows, and room for the tables once a variable is bound. */
static zkg_status place_rows(zkg_pair *p)
{
    const size_t tables = 2 * (size_t)p->count;

    p->rows = zkg_alloc(tables + 1, sizeof(*p->rows));
    p->columns = zkg_alloc(tables * ZKG_ROWS_COLUMNS + 1, sizeof(*p->columns));
    if (p->rows == NULL || p->columns == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < tables; k++) {
        p->rows[k] =
            slice_rows(&p->columns[k * ZKG_ROWS_COLUMNS], p, k % 2, k / 2);
        ZKG_TRY(place(&p->part.tables[k], p, p->vars - p->m - 1));
    }
    p->part.rows = p->rows;
    p->part.eq_sum = p->factor[1].eq_sum;
    return ZKG_OK;
}

/* ---- the sumcheck ---- */

/* The part, of what the factors are. */
static zkg_status make_part(zkg_pair *p)
{
    const uint32_t arity = p->i != NULL ? 3 : 2;
    bool small;

    p->part =
        (zkg_part){.kind = p->i != NULL ? ZKG_FORM_PRODUCT3 : ZKG_FORM_PRODUCT,
                   .coeff = zkg_fr_one,
                   .vars = p->vars,
                   .vars3 = p->vars3,
                   .slice_bits = p->m,
                   .first = p->first,
                   .count = p->count};
    p->part.tables =
        zkg_alloc((size_t)p->count * arity + 1, sizeof(*p->part.tables));
    if (p->part.tables == NULL)
        return ZKG_ERR_NOMEM;
    ZKG_TRY(make_small(&small, p));
    if (small)
        return place_rows(p);
    for (uint32_t f = 0; f < 2; f++)
        ZKG_TRY(factor_tables(&p->part.tables[f], arity, p, f));
    return p->i == NULL ? ZKG_OK : import_mask(&p->part.tables[2], arity, p);
}

zkg_status zkg_pair_begin(zkg_pair *p, const zkg_sumcheck_shape *shape)
{
    ZKG_TRY(make_part(p));
    p->form = (zkg_form){.shape = *shape,
                         .extend = ZKG_EXTEND_CONSTANT,
                         .parts = &p->part,
                         .part_count = 1};
    return zkg_rounds_new(&p->rounds, p->child->comm, p->child->backend,
                          &p->form);
}

zkg_status zkg_pair_sum(zkg_pair *p, zkg_fr *sum)
{
    return zkg_rounds_sum(p->rounds, sum);
}

zkg_status zkg_pair_prove(zkg_pair *p, const zkg_fr *claim, zkg_fr *point,
                          zkg_fr final[2])
{
    zkg_fr left = *claim;

    ZKG_TRY(zkg_rounds_prove(p->rounds, p->child->tape, &left, point));
    final[0] = p->part.final[0];
    final[1] = p->part.final[1];
    return ZKG_OK;
}
