/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "poly/eq.h"
#include "relation/einsum.h"
#include "relation/fold.h"
#include "relation/rows.h"
#include "relation/window.h"
#include "sumcheck/prove.h"
#include "sumcheck/split_eq.h"

#include <string.h>

/* No memory holds factors of more. */
#define MOST_PAIR_VARS 50

/* A sumcheck of two factors, each of 2^vars and a vector or a column of
 * integers, and perhaps an indicator of the lowest vars3 variables; and how
 * they are dealt out. */
typedef struct pair {
    uint32_t vars, vars3;
    zkg_arena *scratch;       /* a and b, or the tables of columns */
    zkg_fr *a, *b;            /* NULL: a column of ints, or a table by now */
    zkg_row_columns ints;     /* factor k is column k, of this rank's slices */
    zkg_fr *i;                /* owned; NULL: none */
    uint32_t m, first, count; /* slices */
    uint64_t lo, hi;          /* entries of this rank's slices */
    zkg_part part;            /* of the sumcheck; what it points to is owned */
    zkg_rows *rows;           /* owned, of part, with their columns */
    zkg_column *columns;
} pair;

static void pair_shape(pair *p, uint32_t vars, zkg_task_run *run)
{
    const zkg_comm *comm = run->c->comm;

    *p = (pair){.vars = vars, .scratch = run->scratch};
    p->m = zkg_slices(vars, zkg_comm_size(comm));
    zkg_slices_of(&p->first, &p->count, p->m, zkg_comm_rank(comm),
                  zkg_comm_size(comm));
    p->lo = (uint64_t)p->first << (vars - p->m);
    p->hi = (uint64_t)(p->first + p->count) << (vars - p->m);
}

/* Bytes of both factors; of small integers half of it, for their tables. */
static size_t pair_bytes(uint32_t vars)
{
    const size_t one = vars > MOST_PAIR_VARS
                           ? SIZE_MAX / 2
                           : zkg_arena_round(sizeof(zkg_fr) << vars);

    return 2 * one;
}

/* The scratch, unless something of it is taken by now. */
static zkg_status pair_reserve(pair *p)
{
    return p->scratch->used > 0
               ? ZKG_OK
               : zkg_arena_reserve(p->scratch, pair_bytes(p->vars));
}

/* *v, a or b, of zeros. */
static zkg_status pair_vector(pair *p, zkg_fr **v)
{
    const size_t bytes = sizeof(zkg_fr) << p->vars;

    ZKG_TRY(pair_reserve(p));
    *v = zkg_arena_take(p->scratch, bytes);
    if (*v == NULL)
        return ZKG_ERR_NOMEM;
    memset(*v, 0, bytes);
    return ZKG_OK;
}

static zkg_status pair_alloc(pair *p)
{
    ZKG_TRY(pair_vector(p, &p->a));
    return pair_vector(p, &p->b);
}

static void pair_clear(pair *p, const zkg_backend *backend)
{
    const uint32_t tables = p->count * zkg_form_arity(p->part.kind);

    for (uint32_t k = 0; p->part.tables != NULL && k < tables; k++)
        zkg_table_clear(backend, &p->part.tables[k]);
    if (p->scratch != NULL)
        zkg_arena_release(p->scratch, 0);
    zkg_free(p->part.tables);
    zkg_free(p->rows);
    zkg_free(p->columns);
    zkg_free(p->i);
    zkg_row_columns_clear(&p->ints);
    *p = (pair){0};
}

/* The slices of *v, of 2^vars - m each, become tables where they are. */
static zkg_status adopt(zkg_table *t, uint32_t step, const pair *p, zkg_fr **v,
                        const zkg_backend *backend)
{
    const uint32_t inner = p->vars - p->m;

    for (uint32_t s = 0; s < p->count; s++)
        ZKG_TRY(backend->table_adopt(&t[s * step], inner,
                                     &(*v)[(uint64_t)(p->first + s) << inner]));
    *v = NULL;
    return ZKG_OK;
}

/* Tables of the indicator, which repeats with its period, slice by slice. */
static zkg_status import_mask(zkg_table *t, uint32_t step, pair *p,
                              const zkg_backend *backend)
{
    const uint32_t inner = p->vars - p->m;
    const uint32_t vars = p->vars3 < inner ? p->vars3 : inner;

    for (uint32_t s = 0; s < p->count; s++) {
        const uint64_t at = (uint64_t)(p->first + s) << inner;

        ZKG_TRY(zkg_table_from_fr(backend, &t[s * step], vars,
                                  &p->i[at & (((uint64_t)1 << p->vars3) - 1)],
                                  (size_t)1 << vars));
    }
    zkg_free(p->i);
    p->i = NULL;
    return ZKG_OK;
}

static zkg_column factor_column(const pair *p, uint32_t f, uint32_t s)
{
    zkg_column column = zkg_row_columns_at(
        &p->ints, f, (uint64_t)(p->first + s) << (p->vars - p->m));

    column.coeff = zkg_fr_one;
    return column;
}

/* A table of `vars` in the scratch. */
static zkg_status place(zkg_table *t, pair *p, uint32_t vars,
                        const zkg_backend *backend)
{
    void *memory = zkg_arena_take(p->scratch, sizeof(zkg_fr) << vars);

    return memory == NULL ? ZKG_ERR_NOMEM
                          : backend->table_place(t, vars, memory);
}

/* Tables of factor f, a column. */
static zkg_status import_column(zkg_table *t, uint32_t step, pair *p,
                                uint32_t f, const zkg_backend *backend)
{
    const uint32_t inner = p->vars - p->m;

    ZKG_TRY(pair_reserve(p));
    for (uint32_t s = 0; s < p->count; s++) {
        const zkg_column column = factor_column(p, f, s);

        ZKG_TRY(place(&t[s * step], p, inner, backend));
        ZKG_TRY(backend->table_import(&t[s * step], 0, column.values,
                                      column.type, (size_t)1 << inner));
    }
    return ZKG_OK;
}

/* Both factors as rows, and room for the tables once a variable is bound. */
static zkg_status place_rows(pair *p, const zkg_backend *backend)
{
    const uint32_t tables = 2 * p->count;

    ZKG_TRY(pair_reserve(p));
    p->rows = zkg_alloc((size_t)tables + 1, sizeof(*p->rows));
    p->columns = zkg_alloc((size_t)tables + 1, sizeof(*p->columns));
    if (p->rows == NULL || p->columns == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < tables; k++) {
        p->columns[k] = factor_column(p, k % 2, k / 2);
        p->rows[k] = (zkg_rows){.base = zkg_fr_zero,
                                .columns = &p->columns[k],
                                .count = 1,
                                .step = 1};
        ZKG_TRY(place(&p->part.tables[k], p, p->vars - p->m - 1, backend));
    }
    p->part.rows = p->rows;
    return ZKG_OK;
}

/* The part of the sumcheck, of what the factors are. */
static zkg_status pair_tables(pair *p, const zkg_backend *backend)
{
    zkg_fr **const v[2] = {&p->a, &p->b};
    const uint32_t arity = p->i != NULL ? 3 : 2;

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
    if (p->a == NULL && p->b == NULL && p->ints.small)
        return place_rows(p, backend);
    for (uint32_t f = 0; f < 2; f++)
        ZKG_TRY(*v[f] != NULL
                    ? adopt(&p->part.tables[f], arity, p, v[f], backend)
                    : import_column(&p->part.tables[f], arity, p, f, backend));
    return p->i == NULL ? ZKG_OK
                        : import_mask(&p->part.tables[2], arity, p, backend);
}

/* The rounds.  final: a's and b's values at the end. */
static zkg_status pair_prove(pair *p, zkg_child *c,
                             const zkg_sumcheck_shape *shape, zkg_fr *claim,
                             zkg_fr *point, zkg_fr final[2])
{
    zkg_form form = {.shape = *shape,
                     .extend = ZKG_EXTEND_CONSTANT,
                     .parts = &p->part,
                     .part_count = 1};
    const zkg_status status =
        zkg_sumcheck_prove(c->tape, c->comm, c->backend, &form, claim, point);

    final[0] = p->part.final[0];
    final[1] = p->part.final[1];
    return status;
}

/* a b of a sum without variables. */
static zkg_status scalar_product(zkg_fr *out, const pair *p,
                                 const zkg_backend *backend)
{
    zkg_fr b;

    ZKG_TRY(zkg_table_scalar(backend, out, &p->part.tables[0]));
    ZKG_TRY(zkg_table_scalar(backend, &b, &p->part.tables[1]));
    zkg_fr_mul(out, out, &b);
    return ZKG_OK;
}

/* Sums of a slice's first round, at 0 and 1. */
static zkg_status slice_sums(zkg_sums *out, const pair *p, uint32_t s,
                             const zkg_weights *w, const zkg_backend *backend)
{
    const uint32_t arity = zkg_form_arity(p->part.kind);

    *out = (zkg_sums){.want_at0 = true};
    if (p->part.rows != NULL)
        return backend->rows_sums(out, &p->rows[2 * s], &p->rows[2 * s + 1],
                                  (size_t)1 << (p->vars - p->m - 1), w);
    return backend->part_sums(out, p->part.kind, &p->part.tables[s * arity], w);
}

/* sum_{x, b} eq(u, b) a(x, b) b(x, b) i(x), x of `low` variables: what the
 * first round says at 0 and at 1, weighted where it has an eq. */
static zkg_status pair_sum(zkg_fr *out, const pair *p, uint32_t low,
                           const zkg_fr *u, zkg_child *c)
{
    const uint32_t from = low > 0 ? low : 1;
    zkg_fr at0 = zkg_fr_zero, at1 = zkg_fr_zero;
    zkg_split_eq eq = {0};
    zkg_weights w = {0};
    zkg_status status = ZKG_OK;

    if (p->vars == 0)
        return scalar_product(out, p, c->backend);
    if (p->vars > from) {
        ZKG_TRY(
            zkg_split_eq_new(&eq, u + (from - low), from, p->vars, c->backend));
        zkg_split_eq_weights(&w, &eq, 1);
    }
    for (uint32_t s = 0; s < p->count && status == ZKG_OK; s++) {
        zkg_sums one;

        w.first = (uint64_t)(p->first + s) << (p->vars - p->m - 1);
        status = slice_sums(&one, p, s, &w, c->backend);
        zkg_fr_add(&at0, &at0, &one.at0);
        zkg_fr_add(&at1, &at1, &one.at1);
    }
    zkg_split_eq_clear(&eq);
    if (low == 0) {
        zkg_fr_sub(&at1, &at1, &at0);
        zkg_fr_mul(&at1, &at1, &u[0]);
    }
    zkg_fr_add(out, &at0, &at1);
    if (status == ZKG_OK && p->m > 0)
        status = zkg_comm_sum_fr(c->comm, out, 1);
    return status;
}

/* Where axis k of factor f goes, and the point to fold it at otherwise. */
static zkg_fold_axis fold_axis(const zkg_task_run *run, const zkg_term *term,
                               uint32_t f, uint32_t k, const zkg_coords *coords,
                               const zkg_fr *bits)
{
    const zkg_index *i = &term->index[f][k];

    return (zkg_fold_axis){
        .bits = zkg_term_bits(run->t, term, f, k),
        .at = zkg_index_is_affine(i) ? bits : coords->at[i->a],
    };
}

/* The bits of constants, as coordinates. */
static void constant_bits(zkg_fr *bits, const zkg_index *i, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        bits[x] = i->e >> x & 1 ? zkg_fr_one : zkg_fr_zero;
}

/* Fold factor f at coords along the axes that the product's rounds do not
 * keep. */
static zkg_status fold_factor(zkg_fr *out, const zkg_task_run *run,
                              const zkg_term *term, uint32_t f,
                              const zkg_term_shape *s, const zkg_coords *coords,
                              uint64_t lo, uint64_t hi)
{
    const zkg_operand *o = &run->t->operand[term->operand[f]];
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    zkg_fr bits[ZKG_MAX_AXES][ZKG_MAX_VARS];

    if (s->weighted[f].axes > 0)
        return zkg_window_fold(out, run, term, f, s, coords);
    for (uint32_t k = 0; k < o->axes; k++) {
        const zkg_index *i = &term->index[f][k];
        const int32_t low = zkg_axes_find(&s->contracted, i->a);
        const int32_t high = zkg_axes_find(&s->batch, i->a);

        axis[k] = fold_axis(run, term, f, k, coords, bits[k]);
        constant_bits(bits[k], i, axis[k].bits);
        if (zkg_index_is_affine(i))
            continue;
        axis[k].kept = low >= 0 || high >= 0;
        if (low >= 0)
            axis[k].shift = s->contracted.shift[low];
        else if (high >= 0)
            axis[k].shift = s->contracted.vars + s->batch.shift[high];
    }
    return zkg_fold(out, s->vars, o->array, axis, lo, hi, run->c->backend,
                    run->c->comm);
}

/* out[x] = 1 where each masked axis' index is real, over the lowest
 * vars of the contracted axes' variables. */
static void indicator(zkg_fr *out, uint32_t vars, const zkg_task_run *run,
                      const zkg_term_shape *s)
{
    for (uint64_t x = 0; x < (uint64_t)1 << vars; x++) {
        bool real = true;

        for (uint32_t k = 0; k < s->masked.axes; k++) {
            const zkg_axis *a = &run->t->axis[s->masked.axis[k]];
            const int32_t at = zkg_axes_find(&s->contracted, s->masked.axis[k]);
            const uint64_t i = x >> s->contracted.shift[at];

            real = real && (i & (((uint64_t)1 << a->bits) - 1)) < a->len;
        }
        real = real || zkg_hooks_drop_indicator(run->c->hooks);
        out[x] = real ? zkg_fr_one : zkg_fr_zero;
    }
}

/* Factor f along the product's variables; false: an axis of it is folded or
 * weighted. */
static bool factor_view(zkg_column_view *out, const zkg_rows_view *r,
                        const zkg_task_run *run, const zkg_term *term,
                        uint32_t f, const zkg_term_shape *s)
{
    const zkg_operand *o = &run->t->operand[term->operand[f]];
    uint64_t stride = 1;

    *out = (zkg_column_view){.array = o->array, .coeff = zkg_fr_one};
    for (uint32_t k = 0; k < r->axes; k++)
        out->stored[k] = (uint64_t)1 << r->bits[k];
    for (uint32_t k = o->axes; k-- > 0; stride *= o->array->stored[k]) {
        const zkg_index *i = &term->index[f][k];
        const int32_t low = zkg_axes_find(&s->contracted, i->a);
        const int32_t high = zkg_axes_find(&s->batch, i->a);
        uint32_t at;

        if (zkg_index_is_affine(i)) {
            out->cell += (uint64_t)i->e * stride;
            continue;
        }
        if (zkg_term_bits(run->t, term, f, k) == 0)
            continue;
        if (low < 0 && high < 0)
            return false;
        at = low >= 0 ? s->contracted.axes - 1 - (uint32_t)low
                      : s->contracted.axes + s->batch.axes - 1 - (uint32_t)high;
        out->stride[at] = stride;
        out->stored[at] = o->array->stored[k];
    }
    return s->weighted[f].axes == 0;
}

/* Both factors as columns, where nothing of them is folded. */
static zkg_status product_ints(pair *p, const zkg_task_run *run,
                               const zkg_term *term, const zkg_term_shape *s)
{
    const zkg_axes *const lists[2] = {&s->contracted, &s->batch};
    zkg_column_view view[2];
    zkg_rows_view r = {
        .vars = s->vars, .full = true, .columns = 2, .column = view};

    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t k = lists[i]->axes; k-- > 0;) {
            const zkg_axis *a = &run->t->axis[lists[i]->axis[k]];

            r.len[r.axes] = a->len;
            r.bits[r.axes++] = a->bits;
        }
    }
    if (s->masked.axes > 0 || p->vars < p->m + 2 ||
        !factor_view(&view[0], &r, run, term, 0, s) ||
        !factor_view(&view[1], &r, run, term, 1, s))
        return ZKG_OK;
    zkg_rows_view_join(&r);
    return zkg_row_columns_init(&p->ints, &r, p->lo, p->hi);
}

/* Both factors as vectors, and the indicator. */
static zkg_status product_vectors(pair *p, const zkg_task_run *run,
                                  const zkg_term *term, const zkg_term_shape *s,
                                  const zkg_coords *coords)
{
    ZKG_TRY(pair_alloc(p));
    ZKG_TRY(fold_factor(p->a, run, term, 0, s, coords, p->lo, p->hi));
    ZKG_TRY(fold_factor(p->b, run, term, 1, s, coords, p->lo, p->hi));
    if (s->masked.axes == 0)
        return ZKG_OK;
    p->vars3 = zkg_einsum_mask_vars(run->t, s);
    p->i = zkg_alloc((size_t)1 << p->vars3, sizeof(*p->i));
    if (p->i == NULL)
        return ZKG_ERR_NOMEM;
    indicator(p->i, p->vars3, run, s);
    return ZKG_OK;
}

/* A product's v_t and rounds; value[f]: the factors at the end. */
static zkg_status prove_product(zkg_task_run *run, const zkg_term *term,
                                const zkg_term_shape *s, zkg_coords *coords,
                                zkg_fr *end, zkg_fr value[2], zkg_fr *v,
                                bool lie)
{
    zkg_child *c = run->c;
    zkg_sumcheck_shape shape = {.vars = s->vars, .eq_from = s->contracted.vars};
    zkg_fr eq_point[ZKG_MAX_VARS];
    zkg_fr claim;
    zkg_status status;
    pair p;

    (void)zkg_coords_point(eq_point, coords, run->t, s->batch.axis,
                           s->batch.axes);
    shape.eq_point = eq_point;
    zkg_einsum_degrees(shape.degree, run->t, s);
    pair_shape(&p, s->vars, run);
    status = product_ints(&p, run, term, s);
    if (status == ZKG_OK && p.ints.column == NULL)
        status = product_vectors(&p, run, term, s, coords);
    if (status == ZKG_OK)
        status = pair_tables(&p, c->backend);
    if (status == ZKG_OK)
        status = pair_sum(v, &p, s->contracted.vars, eq_point, c);
    if (status == ZKG_OK) {
        if (lie)
            zkg_fr_add(v, v, &zkg_fr_one);
        status = zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_TERM, v, 1);
        claim = *v;
    }
    if (status == ZKG_OK)
        status = pair_prove(&p, c, &shape, &claim, end, value);
    pair_clear(&p, c->backend);
    zkg_coords_set(coords, &s->contracted, end);
    zkg_coords_set(coords, &s->batch, end + s->contracted.vars);
    return status;
}

/* b = b x one, where one's bits come above b's 2^low entries, in [lo, hi) and
 * perhaps elsewhere; b is zero beyond them. */
static zkg_status times_axis(zkg_fr *b, uint32_t low, const zkg_fr *one,
                             uint32_t bits, uint64_t lo, uint64_t hi,
                             const zkg_backend *backend)
{
    zkg_fr less;

    for (uint64_t j = (uint64_t)1 << bits; j-- > 1;) {
        const uint64_t at = j << low, end = (j + 1) << low;
        const uint64_t from = at > lo ? at : lo, to = end < hi ? end : hi;

        if (from < to)
            ZKG_TRY(backend->fr_axpy(b + from, &one[j], b + (from - at),
                                     to - from));
    }
    zkg_fr_sub(&less, &one[0], &zkg_fr_one);
    return backend->fr_axpy(b, &less, b, (size_t)1 << low);
}

/* b = the product of factor f's weights, at b[lo .. hi); it is zero. */
static zkg_status expand_weights(pair *p, const zkg_task_run *run,
                                 const zkg_term *term, uint32_t f,
                                 const zkg_term_shape *s,
                                 const zkg_coords *coords)
{
    const zkg_weighted *w = &s->weighted[f];
    zkg_status status = ZKG_OK;
    uint32_t low = 0;

    p->b[0] = zkg_fr_one;
    /* The axes from the lowest variables on. */
    for (uint32_t i = w->axes; i-- > 0 && status == ZKG_OK;) {
        const uint32_t bits = zkg_term_bits(run->t, term, f, w->k[i]);
        const bool last = low + bits == p->vars;
        zkg_fr *one = zkg_alloc((size_t)1 << bits, sizeof(*one));

        status = one == NULL
                     ? ZKG_ERR_NOMEM
                     : zkg_einsum_weights(one, run, term, f, w->k[i], coords);
        if (status == ZKG_OK)
            status = times_axis(p->b, low, one, bits, last ? p->lo : 0,
                                last ? p->hi : (uint64_t)1 << (low + bits),
                                run->c->backend);
        low += bits;
        zkg_free(one);
    }
    return status;
}

/* Both vectors of a weighted sum: a the tensor folded at coords. */
static zkg_status weighted_init(pair *p, zkg_task_run *run,
                                const zkg_term *term, uint32_t f,
                                const zkg_term_shape *s,
                                const zkg_coords *coords)
{
    const zkg_weighted *w = &s->weighted[f];
    const zkg_operand *o = &run->t->operand[term->operand[f]];
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    zkg_fr bits[ZKG_MAX_AXES][ZKG_MAX_VARS];

    pair_shape(p, w->vars, run);
    ZKG_TRY(pair_alloc(p));
    for (uint32_t k = 0; k < o->axes; k++) {
        const int32_t at = zkg_weighted_find(w, k);

        axis[k] = fold_axis(run, term, f, k, coords, bits[k]);
        constant_bits(bits[k], &term->index[f][k], axis[k].bits);
        axis[k].kept = at >= 0;
        axis[k].shift = at >= 0 ? w->shift[at] : 0;
    }
    ZKG_TRY(zkg_fold(p->a, w->vars, o->array, axis, p->lo, p->hi,
                     run->c->backend, run->c->comm));
    return expand_weights(p, run, term, f, s, coords);
}

/* The sum of weights times the tensor of factor f, whose value is z: the
 * rounds and the claim.  send: z is v_t, to be made and sent first. */
static zkg_status prove_weighted(zkg_task_run *run, const zkg_term *term,
                                 uint32_t f, const zkg_term_shape *s,
                                 const zkg_coords *coords, zkg_fr *z, bool send,
                                 bool lie)
{
    zkg_child *c = run->c;
    const uint32_t n = s->weighted[f].vars;
    zkg_sumcheck_shape shape = {.vars = n, .eq_from = n};
    zkg_fr end[ZKG_MAX_VARS], at[ZKG_MAX_VARS], value[2], claim;
    zkg_status status;
    uint32_t vars;
    pair p = {0};

    memset(shape.degree, 2, sizeof(shape.degree));
    status = weighted_init(&p, run, term, f, s, coords);
    if (status == ZKG_OK)
        status = pair_tables(&p, c->backend);
    if (status == ZKG_OK && send) {
        status = pair_sum(z, &p, n, NULL, c);
        if (lie)
            zkg_fr_add(z, z, &zkg_fr_one);
        if (status == ZKG_OK)
            status = zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_TERM, z, 1);
    }
    claim = *z;
    if (status == ZKG_OK)
        status = pair_prove(&p, c, &shape, &claim, end, value);
    pair_clear(&p, c->backend);
    ZKG_TRY(status);
    vars = zkg_term_point(at, run->t, term, f, s, coords, end);
    return zkg_child_wire_value(c, ZKG_TAG_EINSUM_VALUE,
                                &run->t->operand[term->operand[f]], vars, at,
                                &value[0]);
}

/* One tensor at r. */
static zkg_status prove_plain(zkg_task_run *run, const zkg_term *term,
                              const zkg_term_shape *s, const zkg_coords *coords,
                              zkg_fr *v, bool lie)
{
    const zkg_operand *o = &run->t->operand[term->operand[0]];
    zkg_child *c = run->c;
    zkg_fr at[ZKG_MAX_VARS];
    const uint32_t vars = zkg_term_point(at, run->t, term, 0, s, coords, NULL);

    if (o->vis == ZKG_PUBLIC ||
        zkg_ledger_find(&c->ledger, o->tensor, vars, at) == NULL) {
        *v = zkg_fr_zero;
        ZKG_TRY(fold_factor(v, run, term, 0, s, coords, 0, 1));
        if (lie)
            zkg_fr_add(v, v, &zkg_fr_one);
    }
    return zkg_child_wire_value(c, ZKG_TAG_EINSUM_VALUE, o, vars, at, v);
}

/* A prover that lies about the first windowed factor, and makes the other fit:
 * the second sumcheck alone can tell. */
static void lie_about_window(zkg_fr value[2], const zkg_term_shape *s)
{
    const uint32_t f = s->weighted[0].axes > 0 ? 0 : 1;
    zkg_fr product;

    zkg_fr_mul(&product, &value[0], &value[1]);
    zkg_fr_add(&value[f], &value[f], &zkg_fr_one);
    zkg_fr_inv(&value[1 - f], &value[f]);
    zkg_fr_mul(&value[1 - f], &value[1 - f], &product);
}

static zkg_status prove_term(zkg_task_run *run, const zkg_term *term,
                             const zkg_term_shape *s, const zkg_coords *outer,
                             zkg_fr *v, bool lie)
{
    zkg_child *c = run->c;
    zkg_fr end[ZKG_MAX_VARS], at[ZKG_MAX_VARS];
    zkg_fr value[2] = {zkg_fr_one, zkg_fr_one};
    zkg_coords coords = *outer;

    if (term->factors == 0)
        return ZKG_OK;
    if (zkg_term_is_plain(term, s))
        return prove_plain(run, term, s, &coords, v, lie);
    if (term->factors == 1)
        return prove_weighted(run, term, 0, s, &coords, v, true, lie);
    ZKG_TRY(prove_product(run, term, s, &coords, end, value, v, lie));
    if (zkg_hooks_want(c->hooks, ZKG_CHEAT_WRONG_WINDOW, run->t->task) &&
        s->weighted[0].axes + s->weighted[1].axes > 0)
        lie_about_window(value, s);
    for (uint32_t f = 0; f < 2; f++) {
        if (s->weighted[f].axes > 0) {
            ZKG_TRY(zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_WINDOW, &value[f], 1));
        } else {
            const uint32_t vars =
                zkg_term_point(at, run->t, term, f, s, &coords, NULL);

            ZKG_TRY(zkg_child_wire_value(c, ZKG_TAG_EINSUM_VALUE,
                                         &run->t->operand[term->operand[f]],
                                         vars, at, &value[f]));
        }
    }
    for (uint32_t f = 0; f < 2; f++)
        if (s->weighted[f].axes > 0)
            ZKG_TRY(prove_weighted(run, term, f, s, &coords, &value[f], false,
                                   false));
    return ZKG_OK;
}

/* a = V, a column. */
static zkg_status target_column(pair *p, const zkg_task_run *run,
                                const zkg_operand *o)
{
    zkg_column_view view = {.array = o->array, .stored = {1}};
    zkg_rows_view r = {.axes = o->axes > 0 ? o->axes : 1,
                       .len = {1},
                       .vars = p->vars,
                       .full = true,
                       .columns = 1,
                       .column = &view};
    uint64_t stride = 1;

    for (uint32_t k = 0; k < o->axes; k++) {
        const uint32_t from = o->axes - 1 - k;
        const zkg_axis *a = &run->t->axis[o->axis[from]];

        r.len[k] = a->len;
        r.bits[k] = a->bits;
        view.stride[k] = stride;
        view.stored[k] = o->array->stored[from];
        stride *= view.stored[k];
    }
    zkg_rows_view_join(&r);
    return zkg_row_columns_init(&p->ints, &r, p->lo, p->hi);
}

/* b = sum_i rho^i eq(z_i, .) */
static zkg_status target_weights(pair *p, const zkg_merge *merge,
                                 const zkg_backend *backend)
{
    zkg_fr *one = zkg_alloc((size_t)1 << merge->vars, sizeof(*one));
    zkg_fr power = zkg_fr_one;
    zkg_status status = one == NULL ? ZKG_ERR_NOMEM : pair_vector(p, &p->b);

    for (uint32_t i = 0; i < merge->claims && status == ZKG_OK; i++) {
        status =
            backend->eq_expand(one, merge->claim[i].point, merge->vars, &power);
        if (status == ZKG_OK)
            status = backend->fr_axpy(&p->b[p->lo], &zkg_fr_one, &one[p->lo],
                                      p->hi - p->lo);
        zkg_fr_mul(&power, &power, &merge->rho);
    }
    zkg_free(one);
    return status;
}

/* V's claims, as one. */
static zkg_status prove_target(zkg_task_run *run, const zkg_einsum *e,
                               zkg_einsum_target *target)
{
    const zkg_operand *o = &run->t->operand[e->virtual_operand];
    zkg_child *c = run->c;
    zkg_merge merge;
    pair p = {0};
    zkg_status status = zkg_merge_begin(&merge, c, o->tensor, run->err);

    if (status != ZKG_OK || merge.claims == 1) {
        if (status == ZKG_OK) {
            memcpy(target->point, merge.claim[0].point, sizeof(target->point));
            target->value = merge.claim[0].value;
        }
        zkg_merge_clear(&merge);
        return status;
    }
    pair_shape(&p, merge.vars, run);
    status = target_weights(&p, &merge, c->backend);
    if (status == ZKG_OK)
        status = target_column(&p, run, o);
    if (status == ZKG_OK)
        status = pair_tables(&p, c->backend);
    if (status == ZKG_OK) {
        zkg_sumcheck_shape shape = {.vars = merge.vars, .eq_from = merge.vars};
        zkg_fr claim = merge.sum;
        zkg_fr end[2];

        memset(shape.degree, 2, sizeof(shape.degree));
        status = pair_prove(&p, c, &shape, &claim, target->point, end);
        target->value = end[0];
    }
    if (status == ZKG_OK)
        status = zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_VALUE, &target->value, 1);
    pair_clear(&p, c->backend);
    zkg_merge_clear(&merge);
    return status;
}

size_t zkg_einsum_scratch(const zkg_task_relations *t, const zkg_einsum *e)
{
    uint32_t most = 0;
    zkg_axes out;

    (void)zkg_axes_init(&out, t, e->out, e->out_axes);
    if (e->virtual_operand >= 0)
        most = out.vars;
    for (uint32_t i = 0; i < e->terms; i++) {
        zkg_term_shape s;

        zkg_term_shape_init(&s, t, &out, &e->term[i]);
        if (e->term[i].factors == 0 || zkg_term_is_plain(&e->term[i], &s))
            continue;
        if (e->term[i].factors == 2 && s.vars > most)
            most = s.vars;
        for (uint32_t f = 0; f < e->term[i].factors; f++)
            if (s.weighted[f].vars > most)
                most = s.weighted[f].vars;
    }
    return pair_bytes(most);
}

zkg_status zkg_einsum_prove(zkg_task_run *run, const zkg_einsum *e)
{
    const bool lie =
        zkg_hooks_want(run->c->hooks, ZKG_CHEAT_WRONG_END_VALUE, run->t->task);
    zkg_einsum_target target = {.value = zkg_fr_zero};
    zkg_fr store[ZKG_MAX_VARS];
    zkg_fr sum = zkg_fr_zero;
    zkg_coords coords;
    zkg_axes out;

    (void)zkg_axes_init(&out, run->t, e->out, e->out_axes);
    if (e->virtual_operand >= 0)
        ZKG_TRY(prove_target(run, e, &target));
    zkg_einsum_point(run, e, &out, &target, store, &coords);
    for (uint32_t i = 0; i < e->terms; i++) {
        zkg_term_shape s;
        zkg_fr value = zkg_fr_one;

        zkg_term_shape_init(&s, run->t, &out, &e->term[i]);
        ZKG_TRY(
            prove_term(run, &e->term[i], &s, &coords, &value, i == 0 && lie));
        zkg_einsum_add_term(&sum, run, &out, &e->term[i], &s, &coords, &value);
    }
    if (!zkg_child_cheats(run->c) && !zkg_fr_equal(&sum, &target.value))
        return zkg_fail(run->err, ZKG_ERR_WITNESS,
                        "task %lld, relation %u: "
                        "the values do not satisfy this einsum",
                        (long long)run->t->task, e->relation);
    return ZKG_OK;
}
