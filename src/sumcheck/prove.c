/* SPDX-License-Identifier: Apache-2.0
 * The proving side.
 *
 * A part goes through three stages: sliced (its tables are spread over the
 * ranks), whole (each rank has all of it), done (all of its variables are
 * bound and it is one value).  In a round every part gives the sums of its
 * polynomial in x_t over the variables behind t; those of sliced parts are
 * added over the group, in one all-reduce a round.
 */
#include "sumcheck/prove.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "sumcheck/slices.h"
#include "sumcheck/split_eq.h"

/* Tables of fewer variables are read for one round at a time, even behind
 * longer ones that were read for two. */
#define QUADS_TO_VARS 9

typedef enum stage { STAGE_SLICED, STAGE_WHOLE, STAGE_DONE } stage;

/* Where a round's sums come from. */
typedef enum pace {
    PACE_ONE,   /* its own reading of the tables */
    PACE_QUADS, /* one that gives the next round's, too */
    PACE_READY  /* the round before; two variables are bound behind it */
} pace;

/* The rows of a slice, brought into a slot's form. */
typedef struct slice_rows {
    zkg_rows rows[4];
    zkg_column column[4][ZKG_ROWS_COLUMNS];
} slice_rows;

/* A part while it runs. */
typedef struct run {
    zkg_part *part;
    stage stage;
    zkg_form_kind kind; /* of the tables: a slot's kind */
    zkg_fr coeff;       /* of the tables' summand */
    zkg_fr shift;       /* added to each table (FRACTION_ONES) */
    zkg_fr constant;    /* added to the summand (FRACTION_ONES) */
    uint32_t arity;     /* of the part's tables */
    uint32_t left;      /* variables left in each table */
    uint32_t left3;     /* PRODUCT3: in each third table */
    uint32_t slices;    /* tables / arity */
    zkg_table *tables;
    pace pace;                     /* of the round at hand */
    zkg_sums quads[ZKG_QUAD_SUMS]; /* PACE_QUADS: of all slices */
    slice_rows *rows;      /* owned; what the tables will be made of, or NULL */
    zkg_split_eq *eq_sum;  /* owned; of the part's eq_sum, x_0 left out */
    zkg_table gathered[4]; /* owned; what tables becomes after the gather */
    zkg_fr third;          /* PRODUCT3: the third's value once left3 = 0 */
    const zkg_split_eq *eq;
    zkg_fr value; /* done: coeff f_j, extension factors included */
} run;

typedef struct zkg_rounds {
    const zkg_comm *comm;
    const zkg_backend *backend;
    const zkg_form *form;
    run *runs;
    zkg_split_eq *eq; /* [n_j], made for those n_j that occur; NULL without */
    bool gathers;     /* the round to come begins with all parts whole */
    bool first_made;  /* first is round 0's sums, at 0 too */
    zkg_sums first;
} prover;

/* ---- shape ---- */

static zkg_status check_part(const zkg_form *form, const zkg_part *part)
{
    const zkg_sumcheck_shape *shape = &form->shape;

    if (part->vars > shape->vars || part->slice_bits > part->vars ||
        part->slice_bits > 31)
        return ZKG_ERR_INVALID;
    if (part->slice_bits == 0 && (part->first != 0 || part->count != 1))
        return ZKG_ERR_INVALID;
    if (part->kind == ZKG_FORM_PRODUCT3 && part->vars3 > part->vars)
        return ZKG_ERR_INVALID;
    if (part->kind == ZKG_FORM_FRACTION_ONES && zkg_fr_is_zero(&part->lambda))
        return ZKG_ERR_INVALID;
    if (part->rows != NULL &&
        (part->kind == ZKG_FORM_PRODUCT3 || part->vars < part->slice_bits + 2))
        return ZKG_ERR_INVALID;
    if (part->eq_sum != NULL &&
        (part->rows == NULL || part->kind != ZKG_FORM_PRODUCT ||
         part->eq_sum->count == 0 || shape->eq_from != shape->vars))
        return ZKG_ERR_INVALID;
    if (form->extend == ZKG_EXTEND_ZERO &&
        (part->kind != ZKG_FORM_PRODUCT || shape->eq_from != shape->vars))
        return ZKG_ERR_INVALID;
    for (uint32_t t = 0; t < part->vars; t++) {
        const bool cubic = part->kind == ZKG_FORM_PRODUCT3 && t < part->vars3;

        if (shape->degree[t] < (cubic ? 3 : 2))
            return ZKG_ERR_INVALID;
    }
    if (form->extend == ZKG_EXTEND_ZERO) {
        for (uint32_t t = part->vars; t < shape->vars; t++) {
            if (shape->degree[t] < 2)
                return ZKG_ERR_INVALID;
        }
    }
    return ZKG_OK;
}

/* 2^(variables in [from, to) without eq): what the sum over them multiplies a
 * summand by that does not depend on them. */
static void times_free(zkg_fr *v, const zkg_form *form, uint32_t from,
                       uint32_t to)
{
    const uint32_t end = to < form->shape.eq_from ? to : form->shape.eq_from;

    if (form->extend == ZKG_EXTEND_ZERO)
        return;
    for (uint32_t t = from; t < end; t++)
        zkg_fr_double(v, v);
}

/* ---- one part ---- */

static uint32_t tables_count(const run *r)
{
    return r->slices * r->arity;
}

/* PRODUCT3 whose third factor has no variable left is a product. */
static zkg_status drop_third(prover *p, run *r)
{
    if (r->kind != ZKG_FORM_PRODUCT3 || r->left3 > 0)
        return ZKG_OK;
    r->kind = ZKG_FORM_PRODUCT;
    /* A rank without slices does not know it, and needs it after the gather
     * only. */
    if (r->slices > 0)
        ZKG_TRY(zkg_table_scalar(p->backend, &r->third, &r->tables[2]));
    zkg_fr_mul(&r->coeff, &r->coeff, &r->third);
    return ZKG_OK;
}

/* Bring the tables into a slot's form. */
static zkg_status prepare(prover *p, run *r)
{
    const zkg_part *part = r->part;

    if (part->kind == ZKG_FORM_FRACTION && part->rows == NULL) {
        for (uint32_t s = 0; s < r->slices; s++)
            ZKG_TRY(p->backend->table_axpy(&r->tables[4 * s], &part->lambda,
                                           &r->tables[4 * s + 2]));
    }
    /* q0 + q1 + lambda q0 q1 = lambda (q0 + d) (q1 + d) - d,  d = 1 / lambda */
    if (part->kind == ZKG_FORM_FRACTION_ONES) {
        for (uint32_t k = 0; k < tables_count(r) && part->rows == NULL; k++)
            ZKG_TRY(p->backend->table_affine(&r->tables[k], &zkg_fr_one,
                                             &r->shift));
        zkg_fr_mul(&r->coeff, &part->lambda, &part->coeff);
        zkg_fr_mul(&r->constant, &r->shift, &part->coeff);
        zkg_fr_neg(&r->constant, &r->constant);
    }
    return ZKG_OK;
}

/* rows k += lambda rows j */
static zkg_status rows_axpy(slice_rows *s, uint32_t k, const zkg_fr *lambda,
                            uint32_t j)
{
    zkg_rows *rows = &s->rows[k];
    zkg_fr v;

    if (rows->count + s->rows[j].count > ZKG_ROWS_COLUMNS ||
        rows->first != s->rows[j].first || rows->step != s->rows[j].step)
        return ZKG_ERR_INVALID;
    zkg_fr_mul(&v, lambda, &s->rows[j].base);
    zkg_fr_add(&rows->base, &rows->base, &v);
    for (uint32_t c = 0; c < s->rows[j].count; c++) {
        zkg_column *to = &s->column[k][rows->count++];

        *to = s->column[j][c];
        zkg_fr_mul(&to->coeff, &to->coeff, lambda);
    }
    return ZKG_OK;
}

/* The same of rows, in copies; see prepare(). */
static zkg_status prepare_rows(run *r)
{
    const zkg_part *part = r->part;

    r->rows = zkg_alloc((size_t)r->slices + 1, sizeof(*r->rows));
    if (r->rows == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < r->slices; i++) {
        slice_rows *s = &r->rows[i];

        for (uint32_t k = 0; k < r->arity; k++) {
            if (k == 1 && part->eq_sum != NULL)
                continue;
            s->rows[k] = part->rows[i * r->arity + k];
            if (s->rows[k].count > ZKG_ROWS_COLUMNS)
                return ZKG_ERR_INVALID;
            for (uint32_t c = 0; c < s->rows[k].count; c++)
                s->column[k][c] = s->rows[k].columns[c];
            s->rows[k].columns = s->column[k];
            zkg_fr_add(&s->rows[k].base, &s->rows[k].base, &r->shift);
        }
        if (part->kind == ZKG_FORM_FRACTION)
            ZKG_TRY(rows_axpy(s, 0, &part->lambda, 2));
    }
    return ZKG_OK;
}

/* The weights of an eq_sum, of the variables behind x_0. */
static zkg_status prepare_eq_sum(prover *p, run *r)
{
    const zkg_eq_sum *sum = r->part->eq_sum;

    r->eq_sum = zkg_alloc((size_t)sum->count + 1, sizeof(*r->eq_sum));
    if (r->eq_sum == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < sum->count; k++)
        ZKG_TRY(zkg_split_eq_new(&r->eq_sum[k], sum->point[k] + 1, 1,
                                 r->part->vars, p->backend));
    return ZKG_OK;
}

static zkg_status start(prover *p, run *r, zkg_part *part)
{
    const uint32_t inside = part->vars - part->slice_bits;

    r->part = part;
    r->stage = part->slice_bits > 0 ? STAGE_SLICED : STAGE_WHOLE;
    r->kind =
        part->kind == ZKG_FORM_FRACTION_ONES ? ZKG_FORM_PRODUCT : part->kind;
    r->coeff = part->coeff;
    r->shift = r->constant = zkg_fr_zero;
    if (part->kind == ZKG_FORM_FRACTION_ONES)
        zkg_fr_inv(&r->shift, &part->lambda);
    r->third = zkg_fr_one;
    r->arity = zkg_form_arity(part->kind);
    r->slices = part->count;
    r->tables = part->tables;
    r->left = inside;
    r->left3 = part->vars3 < inside ? part->vars3 : inside;
    for (uint32_t k = 0; k < tables_count(r); k++) {
        const bool third = part->kind == ZKG_FORM_PRODUCT3 && k % 3 == 2;

        if (part->rows == NULL &&
            r->tables[k].vars != (third ? r->left3 : r->left))
            return ZKG_ERR_INVALID;
    }
    if (part->rows != NULL)
        ZKG_TRY(prepare_rows(r));
    if (part->eq_sum != NULL)
        ZKG_TRY(prepare_eq_sum(p, r));
    return prepare(p, r);
}

/* The third table of PRODUCT3 when slices are gathered: it has variables beyond
 * the slices', or is the same in all of them. */
static uint32_t gathered3(const run *r)
{
    const uint32_t inside = r->part->vars - r->part->slice_bits;

    if (r->part->kind != ZKG_FORM_PRODUCT3)
        return 0;
    return r->part->vars3 > inside ? r->left + r->part->vars3 - inside
                                   : r->left3;
}

/* What is left of the slices becomes tables over these and the slice bits. */
static zkg_status gather(prover *p, run *r)
{
    const uint32_t left = r->left + r->part->slice_bits, left3 = gathered3(r);
    const size_t len = (size_t)1 << left;
    zkg_fr *column = zkg_alloc_raw(r->arity * len, sizeof(*column));
    zkg_status s = ZKG_ERR_NOMEM;

    if (column != NULL)
        s = zkg_slices_gather(column, r->tables, r->arity, (size_t)1 << r->left,
                              r->part->slice_bits, p->comm, p->backend);
    for (uint32_t k = 0; k < r->arity && s == ZKG_OK; k++) {
        const bool third = r->part->kind == ZKG_FORM_PRODUCT3 && k == 2;
        const uint32_t vars = third ? left3 : left;

        s = zkg_table_from_fr(p->backend, &r->gathered[k], vars,
                              column + k * len, (size_t)1 << vars);
    }
    zkg_free(column);
    r->stage = STAGE_WHOLE;
    r->tables = r->gathered;
    r->slices = 1;
    r->left = left;
    r->left3 = left3;
    r->pace = PACE_ONE;
    if (r->part->kind == ZKG_FORM_PRODUCT3) {
        r->kind = ZKG_FORM_PRODUCT3;
        r->coeff = r->part->coeff;
    }
    return s;
}

/* All variables are bound: read the values. */
static zkg_status finish(prover *p, run *r)
{
    zkg_part *part = r->part;
    zkg_fr value;

    for (uint32_t k = 0; k < r->arity; k++)
        ZKG_TRY(zkg_table_scalar(p->backend, &part->final[k], &r->tables[k]));
    if (part->kind == ZKG_FORM_FRACTION) {
        zkg_fr_mul(&value, &part->lambda, &part->final[2]);
        zkg_fr_sub(&part->final[0], &part->final[0], &value);
    }
    if (part->kind == ZKG_FORM_FRACTION_ONES)
        for (uint32_t k = 0; k < 2; k++)
            zkg_fr_sub(&part->final[k], &part->final[k], &r->shift);
    r->stage = STAGE_DONE;
    return ZKG_OK;
}

/* The value of a part's summand from its final values. */
static void part_value(zkg_fr *out, const zkg_part *part)
{
    const zkg_fr *f = part->final;
    zkg_fr sum, v;

    switch (part->kind) {
    case ZKG_FORM_PRODUCT:
        zkg_fr_mul(&sum, &f[0], &f[1]);
        break;
    case ZKG_FORM_PRODUCT3:
        zkg_fr_mul(&sum, &f[0], &f[1]);
        zkg_fr_mul(&sum, &sum, &f[2]);
        break;
    case ZKG_FORM_FRACTION:
        zkg_fr_mul(&v, &part->lambda, &f[2]);
        zkg_fr_add(&v, &v, &f[0]);
        zkg_fr_mul(&sum, &v, &f[3]);
        zkg_fr_mul(&v, &f[1], &f[2]);
        zkg_fr_add(&sum, &sum, &v);
        break;
    default: /* ZKG_FORM_FRACTION_ONES */
        zkg_fr_mul(&v, &part->lambda, &f[0]);
        zkg_fr_add(&v, &v, &zkg_fr_one);
        zkg_fr_mul(&sum, &v, &f[1]);
        zkg_fr_add(&sum, &sum, &f[0]);
        break;
    }
    zkg_fr_mul(out, &sum, &part->coeff);
}

static zkg_status fold_all(prover *p, run *r, const zkg_fr *point)
{
    for (uint32_t k = 0; k < tables_count(r); k++) {
        if (r->tables[k].vars > 0)
            ZKG_TRY(p->backend->table_fold(&r->tables[k], point));
    }
    return ZKG_OK;
}

/* Bind the variable before t without sums, and the one before where that is
 * still to do. */
static zkg_status bind_last(prover *p, run *r, uint32_t t, const zkg_fr *point)
{
    if (r->pace == PACE_READY)
        ZKG_TRY(fold_all(p, r, &point[t - 2]));
    ZKG_TRY(fold_all(p, r, &point[t - 1]));
    r->left--;
    if (r->kind == ZKG_FORM_PRODUCT3)
        r->left3--;
    return ZKG_OK;
}

/* PRODUCT3's third, when it alone is about to run out. */
static zkg_status fold_last_third(prover *p, run *r, const zkg_fr *point)
{
    if (r->kind != ZKG_FORM_PRODUCT3 || r->left3 != 1)
        return ZKG_OK;
    for (uint32_t s = 0; s < r->slices; s++)
        ZKG_TRY(p->backend->table_fold(&r->tables[3 * s + 2], point));
    r->left3 = 0;
    return drop_third(p, r);
}

static void add_sums(zkg_sums *s, const zkg_sums *x)
{
    if (s->want_at0)
        zkg_fr_add(&s->at0, &s->at0, &x->at0);
    zkg_fr_add(&s->at1, &s->at1, &x->at1);
    zkg_fr_add(&s->c2, &s->c2, &x->c2);
    zkg_fr_add(&s->c3, &s->c3, &x->c3);
}

/* s *= c, which is often 1 */
static void scale_sums(zkg_sums *s, const zkg_fr *c)
{
    if (zkg_fr_equal(c, &zkg_fr_one))
        return;
    if (s->want_at0)
        zkg_fr_mul(&s->at0, &s->at0, c);
    zkg_fr_mul(&s->at1, &s->at1, c);
    zkg_fr_mul(&s->c2, &s->c2, c);
    zkg_fr_mul(&s->c3, &s->c3, c);
}

/* The first round's sums of a slice that is still rows. */
static zkg_status rows_sums(const prover *p, const run *r,
                            const slice_rows *slice, const zkg_weights *w,
                            zkg_sums *out)
{
    const size_t pairs = (size_t)1 << (r->left - 1);
    const zkg_rows *rows = slice->rows;
    zkg_sums second = {.want_at0 = out->want_at0};

    if (r->kind == ZKG_FORM_PRODUCT)
        return p->backend->rows_sums(out, &rows[0], &rows[1], pairs, w);
    ZKG_TRY(p->backend->rows_sums(out, &rows[0], &rows[3], pairs, w));
    ZKG_TRY(p->backend->rows_sums(&second, &rows[1], &rows[2], pairs, w));
    add_sums(out, &second);
    return ZKG_OK;
}

/* The same of rows times an eq_sum.  With u of x_0 and L(X) the rows' sum by
 * the weights of the other variables, a summand of it gives
 * scale (u X + (1 - u) (1 - X)) L(X). */
static zkg_status eq_sum_sums(const prover *p, const run *r, uint32_t s,
                              zkg_sums *out)
{
    const zkg_eq_sum *sum = r->part->eq_sum;
    const zkg_rows ones = {.base = zkg_fr_one, .step = 1};
    const size_t pairs = (size_t)1 << (r->left - 1);

    *out = (zkg_sums){.want_at0 = out->want_at0};
    for (uint32_t k = 0; k < sum->count; k++) {
        const zkg_fr *u = sum->point[k];
        zkg_sums l = {.want_at0 = true}, of = {.want_at0 = out->want_at0};
        zkg_weights w;
        zkg_fr rest;

        zkg_split_eq_weights(&w, &r->eq_sum[k], 1);
        w.first = (uint64_t)(r->part->first + s) * pairs;
        ZKG_TRY(
            p->backend->rows_sums(&l, &r->rows[s].rows[0], &ones, pairs, &w));
        zkg_fr_sub(&rest, &zkg_fr_one, u);
        zkg_fr_mul(&of.at0, &l.at0, &rest);
        zkg_fr_mul(&of.at1, &l.at1, u);
        zkg_fr_sub(&rest, u, &rest);
        zkg_fr_sub(&of.c2, &l.at1, &l.at0);
        zkg_fr_mul(&of.c2, &of.c2, &rest);
        scale_sums(&of, &sum->scale[k]);
        add_sums(out, &of);
    }
    return ZKG_OK;
}

/* scale_k times eq of x_0 = r and of slice s: what an eq_sum's summand k is to
 * be multiplied by over the variables between. */
static void eq_sum_scale(zkg_fr *out, const run *r, uint32_t k, uint32_t s,
                         const zkg_fr *bound)
{
    const zkg_part *part = r->part;
    const zkg_fr *u = part->eq_sum->point[k];
    zkg_fr v;

    zkg_eq_eval(out, u, bound, 1);
    zkg_fr_mul(out, out, &part->eq_sum->scale[k]);
    zkg_eq_at(&v, u + (part->vars - part->slice_bits), part->slice_bits,
              part->first + s);
    zkg_fr_mul(out, out, &v);
}

/* An eq_sum's table of slice s when x_0 is bound. */
static zkg_status eq_sum_bind(const prover *p, const run *r, uint32_t s,
                              const zkg_fr *bound, zkg_table *t)
{
    const zkg_eq_sum *sum = r->part->eq_sum;
    zkg_table one = {0};
    zkg_status status = ZKG_OK;

    if (sum->count > 1)
        status = zkg_table_new(p->backend, &one, r->left);
    for (uint32_t k = 0; k < sum->count && status == ZKG_OK; k++) {
        zkg_fr scale;

        eq_sum_scale(&scale, r, k, s, bound);
        status =
            p->backend->table_eq(k == 0 ? t : &one, sum->point[k] + 1, &scale);
        if (status == ZKG_OK && k > 0)
            status = p->backend->table_axpy(t, &zkg_fr_one, &one);
    }
    zkg_table_clear(p->backend, &one);
    return status;
}

/* Tables of what is left of slice s, of rows, when their first variable is
 * bound. */
static zkg_status rows_bind(const prover *p, const run *r, uint32_t s,
                            const zkg_fr *point, zkg_table *tables)
{
    for (uint32_t k = 0; k < r->arity; k++) {
        if (tables[k].data == NULL)
            ZKG_TRY(zkg_table_new(p->backend, &tables[k], r->left));
        if (k == 1 && r->eq_sum != NULL)
            ZKG_TRY(eq_sum_bind(p, r, s, point, &tables[k]));
        else
            ZKG_TRY(
                p->backend->rows_fold(&tables[k], &r->rows[s].rows[k], point));
    }
    return ZKG_OK;
}

/* The weights of y = x_{t+1} at 0 and 1. */
static void next_weights(zkg_fr out[2], const prover *p, uint32_t t)
{
    const zkg_sumcheck_shape *shape = &p->form->shape;

    out[0] = out[1] = zkg_fr_one;
    if (t + 1 < shape->eq_from)
        return;
    out[1] = shape->eq_point[t + 1 - shape->eq_from];
    zkg_fr_sub(&out[0], &out[0], &out[1]);
}

/* The pace of round t, before which `bind` variables are bound.  Tables are
 * read for two rounds from where they are large on; only where the two rounds'
 * at0 are not wanted. */
static pace next_pace(const prover *p, const run *r, uint32_t t, uint32_t bind,
                      bool want_at0)
{
    const uint64_t entries = (uint64_t)r->slices << r->left;
    uint32_t from = p->backend->quads_from[r->eq != NULL];
    zkg_fr weight[2];

    if (r->pace == PACE_QUADS)
        return PACE_READY;
    if (r->kind != ZKG_FORM_PRODUCT || want_at0 || r->left < 3)
        return PACE_ONE;
    if (bind < 2 && bind != (r->rows != NULL))
        return PACE_ONE;
    /* Those that have begun go on until tables are short. */
    if (bind == 2 && from > QUADS_TO_VARS)
        from = QUADS_TO_VARS;
    if (from > ZKG_MAX_VARS || entries >> from == 0)
        return PACE_ONE;
    next_weights(weight, p, t);
    return zkg_fr_is_zero(&weight[0]) ? PACE_ONE : PACE_QUADS;
}

/* The sums of a slice's tables, of round t and the next one; bound: what binds
 * two variables before, or NULL. */
static zkg_status quad_sums(const prover *p, run *r, uint32_t t,
                            zkg_table *tables, const zkg_fr *bound,
                            const zkg_weights *w, zkg_sums *out)
{
    zkg_sums quads[ZKG_QUAD_SUMS];
    zkg_fr weight[2];

    next_weights(weight, p, t);
    if (bound != NULL)
        ZKG_TRY(p->backend->quad_fold_sums(quads, tables, bound, w));
    else
        ZKG_TRY(p->backend->quad_sums(quads, tables, w));
    for (uint32_t k = 0; k < ZKG_QUAD_SUMS; k++)
        add_sums(&r->quads[k], &quads[k]);
    for (uint32_t k = 0; k < 2; k++) {
        quads[k].want_at0 = false;
        scale_sums(&quads[k], &weight[k]);
        add_sums(out, &quads[k]);
    }
    return ZKG_OK;
}

/* The polynomial of degree 2 that s tells of, at x. */
static void sums_at(zkg_fr *out, const zkg_sums *s, const zkg_fr *x)
{
    zkg_fr c1;

    /* (c2 x + c1) x + c0 */
    zkg_fr_sub(&c1, &s->at1, &s->at0);
    zkg_fr_sub(&c1, &c1, &s->c2);
    zkg_fr_mul(out, &s->c2, x);
    zkg_fr_add(out, out, &c1);
    zkg_fr_mul(out, out, x);
    zkg_fr_add(out, out, &s->at0);
}

/* One slice's sums, before which `bind` variables are bound, the last of them
 * by *point. */
static zkg_status slice_sums(const prover *p, run *r, uint32_t t, uint32_t s,
                             const zkg_weights *w, uint32_t bind,
                             const zkg_fr *point, zkg_sums *out)
{
    zkg_table *tables = r->tables + (size_t)s * r->arity;

    if (r->rows != NULL && bind == 0)
        return r->eq_sum != NULL ? eq_sum_sums(p, r, s, out)
                                 : rows_sums(p, r, &r->rows[s], w, out);
    if (r->rows == NULL && bind == 1)
        return p->backend->part_fold_sums(out, r->kind, tables, point, w);
    if (r->rows != NULL)
        ZKG_TRY(rows_bind(p, r, s, point, tables));
    if (r->pace == PACE_QUADS)
        return quad_sums(p, r, t, tables, bind == 2 ? point - 1 : NULL, w, out);
    for (uint32_t k = 0; bind == 2 && k < 2; k++)
        ZKG_TRY(p->backend->table_fold(&tables[k], point - 1));
    if (bind == 2)
        return p->backend->part_fold_sums(out, r->kind, tables, point, w);
    return p->backend->part_sums(out, r->kind, tables, w);
}

/* out += a part's sums of round t over its pairs, coeff not applied.  point:
 * the challenge that binds the variable before, NULL when that is done. */
static zkg_status slices_sums(prover *p, run *r, uint32_t t,
                              const zkg_fr *point, zkg_sums *out)
{
    const uint32_t bind = point == NULL ? 0 : r->pace == PACE_READY ? 2 : 1;
    zkg_weights w = {0};
    uint32_t bits; /* of the quads or pairs of a slice */

    r->pace = next_pace(p, r, t, bind, out->want_at0);
    bits = r->left - (r->pace == PACE_QUADS ? 2 : 1);
    if (r->pace == PACE_READY) {
        sums_at(&out->at1, &r->quads[1], point);
        sums_at(&out->c2, &r->quads[2], point);
        return ZKG_OK;
    }
    for (uint32_t k = 0; k < ZKG_QUAD_SUMS; k++)
        r->quads[k] = (zkg_sums){.want_at0 = k > 0};
    if (r->eq != NULL)
        zkg_split_eq_weights(&w, r->eq, t + r->left - bits);
    for (uint32_t s = 0; s < r->slices; s++) {
        zkg_sums sums = {.want_at0 = out->want_at0};

        w.first = (uint64_t)(r->stage == STAGE_SLICED ? r->part->first + s : 0)
                  << bits;
        ZKG_TRY(slice_sums(p, r, t, s, &w, bind, point, &sums));
        add_sums(out, &sums);
    }
    if (point != NULL && r->rows != NULL) {
        zkg_free(r->rows);
        r->rows = NULL;
    }
    return ZKG_OK;
}

/* Bring the part to round t: bind x_{t-1}, unless the slots will, and change
 * stage where its variables end, or slices are gathered.  *fused:
 * part_fold_sums is to bind it. */
static zkg_status advance(prover *p, run *r, uint32_t t, const zkg_fr *point,
                          const zkg_fr **fused)
{
    const bool sliced = r->stage == STAGE_SLICED;

    *fused = NULL;
    if (r->stage == STAGE_DONE)
        return ZKG_OK;
    if (t > 0 && r->left > 1 && !(sliced && p->gathers)) {
        ZKG_TRY(fold_last_third(p, r, &point[t - 1]));
        r->left--;
        if (r->kind == ZKG_FORM_PRODUCT3)
            r->left3--;
        *fused = &point[t - 1];
        return ZKG_OK;
    }
    if (t > 0 && r->left > 0)
        ZKG_TRY(bind_last(p, r, t, point));
    if (sliced && (p->gathers || r->left == 0))
        ZKG_TRY(gather(p, r));
    if (r->left == 0)
        return finish(p, r);
    return drop_third(p, r);
}

/* What a part that is done gives to round t. */
static void done_sums(zkg_sums *out, const prover *p, run *r, uint32_t t,
                      const zkg_fr *point)
{
    zkg_fr v;

    if (t == r->part->vars)
        part_value(&r->value, r->part);
    if (p->form->extend == ZKG_EXTEND_ZERO) {
        /* value prod (1 - r_s)^2 over n_j <= s < t, times (1 - X)^2 */
        if (t > r->part->vars) {
            zkg_fr_sub(&v, &zkg_fr_one, &point[t - 1]);
            zkg_fr_sqr(&v, &v);
            zkg_fr_mul(&r->value, &r->value, &v);
        }
        out->at0 = r->value;
        out->at1 = zkg_fr_zero;
        out->c2 = r->value;
        return;
    }
    v = r->value;
    times_free(&v, p->form, t + 1, p->form->shape.vars);
    out->at0 = v;
    out->at1 = v;
}

/* What a part gives to round t, apart from other ranks' slices.  *own: add it
 * after the all-reduce. */
static zkg_status part_round(prover *p, run *r, uint32_t t, const zkg_fr *point,
                             zkg_sums *sliced, zkg_sums *own, bool *reduce)
{
    zkg_sums sums = {.want_at0 = own->want_at0};
    const zkg_fr *fused;
    zkg_fr v;

    ZKG_TRY(advance(p, r, t, point, &fused));
    if (r->stage == STAGE_DONE) {
        done_sums(&sums, p, r, t, point);
        add_sums(own, &sums);
        return ZKG_OK;
    }
    ZKG_TRY(slices_sums(p, r, t, fused, &sums));
    v = r->coeff;
    times_free(&v, p->form, r->part->vars > t + 1 ? r->part->vars : t + 1,
               p->form->shape.vars);
    scale_sums(&sums, &v);
    if (r->stage == STAGE_SLICED) {
        add_sums(sliced, &sums);
        *reduce = true;
    } else {
        add_sums(own, &sums);
    }
    /* The constant, on every rank, is not a sum over slices. */
    v = r->constant;
    times_free(&v, p->form, t + 1, p->form->shape.vars);
    if (own->want_at0)
        zkg_fr_add(&own->at0, &own->at0, &v);
    zkg_fr_add(&own->at1, &own->at1, &v);
    return ZKG_OK;
}

/* ---- rounds ---- */

static zkg_status reduce_sums(const prover *p, zkg_sums *sliced)
{
    zkg_fr v[4] = {sliced->at1, sliced->c2, sliced->c3, sliced->at0};

    ZKG_TRY(zkg_comm_sum_fr(p->comm, v, sliced->want_at0 ? 4 : 3));
    sliced->at1 = v[0];
    sliced->c2 = v[1];
    sliced->c3 = v[2];
    sliced->at0 = v[3];
    return ZKG_OK;
}

/* 1 / (1 - u_t), in all rounds with eq; 0 where u_t = 1. */
static void invert_complements(zkg_fr *out, const zkg_sumcheck_shape *shape)
{
    zkg_fr scratch[ZKG_MAX_VARS];
    const uint32_t n = shape->vars - shape->eq_from;

    for (uint32_t i = 0; i < n; i++)
        zkg_fr_sub(&out[i], &zkg_fr_one, &shape->eq_point[i]);
    zkg_fr_batch_inv(out, n, scratch);
}

/* The message of round t from the sums.  at0 follows from the claim, which
 * saves a third of the work, except where it does not follow. */
static void make_message(zkg_fr *message, const zkg_sumcheck_shape *shape,
                         uint32_t t, const zkg_sums *s, const zkg_fr *claim,
                         const zkg_fr *inverse)
{
    zkg_fr v, w;

    if (t >= shape->eq_from) {
        /* claim = (1 - u) q(0) + u q(1): q(1) - q(0) = (q(1) - claim)/(1-u) */
        zkg_fr_sub(&v, &s->at1, s->want_at0 ? &s->at0 : claim);
        if (!s->want_at0)
            zkg_fr_mul(&v, &v, inverse);
        message[0] = v;
        message[1] = s->c2;
        message[2] = s->c3;
        return;
    }
    /* With p = c0 + c1 X + c2 X^2 + c3 X^3 and c1 = p(1) - c0 - c2 - c3:
     *   p(2) = 2 p(1) - p(0) + 2 c2 +  6 c3
     *   p(3) = 3 p(1) - 2 p(0) + 6 c2 + 24 c3 */
    zkg_fr_sub(&message[0], claim, &s->at1);
    zkg_fr_mul_i64(&w, &s->c3, 3);
    zkg_fr_add(&v, &s->at1, &s->c2);
    zkg_fr_add(&v, &v, &w);
    zkg_fr_double(&v, &v);
    zkg_fr_sub(&message[1], &v, &message[0]);
    zkg_fr_mul_i64(&v, &s->c3, 8);
    zkg_fr_double(&w, &s->c2);
    zkg_fr_add(&v, &v, &w);
    zkg_fr_add(&v, &v, &s->at1);
    zkg_fr_mul_i64(&v, &v, 3);
    zkg_fr_double(&w, &message[0]);
    zkg_fr_sub(&message[2], &v, &w);
}

/* Whether round t begins with all parts whole: what is left of the slices'
 * tables, the variable before t bound, is little.  Rows are no tables yet. */
static bool gathers(const prover *p, uint32_t t)
{
    uint64_t entries = 0;

    for (uint32_t j = 0; j < p->form->part_count; j++) {
        const run *r = &p->runs[j];
        const uint32_t left = r->left - (t > 0 && r->left > 0);

        if (r->stage != STAGE_SLICED)
            continue;
        if (r->rows != NULL)
            return false;
        entries += (uint64_t)r->arity << (left + r->part->slice_bits);
    }
    return entries <= ZKG_SLICES_WHOLE;
}

/* The sums of round t. */
static zkg_status round_sums(prover *p, uint32_t t, const zkg_fr *point,
                             bool want_at0, zkg_sums *out)
{
    zkg_sums sliced = {.want_at0 = want_at0};
    bool reduce = false;

    *out = (zkg_sums){.want_at0 = want_at0};
    p->gathers = gathers(p, t);
    for (uint32_t j = 0; j < p->form->part_count; j++)
        ZKG_TRY(part_round(p, &p->runs[j], t, point, &sliced, out, &reduce));
    if (reduce)
        ZKG_TRY(reduce_sums(p, &sliced));
    add_sums(out, &sliced);
    return ZKG_OK;
}

/* Past the last variable: the parts' values. */
static zkg_status end_parts(prover *p, const zkg_fr *point)
{
    const zkg_fr *fused;

    for (uint32_t j = 0; j < p->form->part_count; j++)
        ZKG_TRY(advance(p, &p->runs[j], p->form->shape.vars, point, &fused));
    return ZKG_OK;
}

zkg_status zkg_rounds_sum(zkg_rounds *p, zkg_fr *sum)
{
    const zkg_sumcheck_shape *shape = &p->form->shape;

    if (shape->vars == 0) {
        ZKG_TRY(end_parts(p, NULL));
        zkg_form_end_value(sum, p->form, NULL);
        return ZKG_OK;
    }
    ZKG_TRY(round_sums(p, 0, NULL, true, &p->first));
    p->first_made = true;
    *sum = p->first.at1;
    if (shape->eq_from == 0) {
        zkg_fr_sub(sum, sum, &p->first.at0);
        zkg_fr_mul(sum, sum, &shape->eq_point[0]);
    }
    zkg_fr_add(sum, sum, &p->first.at0);
    return ZKG_OK;
}

zkg_status zkg_rounds_prove(zkg_rounds *p, zkg_tape *tape, zkg_fr *claim,
                            zkg_fr *point)
{
    const zkg_sumcheck_shape *shape = &p->form->shape;
    zkg_fr inverses[ZKG_MAX_VARS];

    invert_complements(inverses, shape);
    for (uint32_t t = 0; t < shape->vars; t++) {
        const bool eq = t >= shape->eq_from;
        const zkg_fr *inverse = eq ? &inverses[t - shape->eq_from] : NULL;
        const bool want = eq && zkg_fr_is_zero(inverse);
        zkg_fr message[ZKG_SUMCHECK_MAX_DEGREE];
        zkg_sums sums = p->first;

        if (t > 0 || !p->first_made)
            ZKG_TRY(round_sums(p, t, point, want, &sums));
        sums.want_at0 = want;
        make_message(message, shape, t, &sums, claim, inverse);
        ZKG_TRY(zkg_sumcheck_wire_round(tape, shape, t, message, claim, point));
    }
    return end_parts(p, point);
}

static zkg_status make_eq(prover *p)
{
    const zkg_sumcheck_shape *shape = &p->form->shape;

    if (shape->eq_from == shape->vars)
        return ZKG_OK;
    p->eq = zkg_alloc((size_t)shape->vars + 1, sizeof(*p->eq));
    if (p->eq == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t j = 0; j < p->form->part_count; j++) {
        const uint32_t vars = p->form->parts[j].vars;
        const uint32_t from = shape->eq_from > 0 ? shape->eq_from : 1;

        /* eq of x_0 is never a weight: it is bound by the first round. */
        if (vars <= from)
            continue;
        if (p->eq[vars].memory == NULL)
            ZKG_TRY(zkg_split_eq_new(&p->eq[vars],
                                     shape->eq_point + (from - shape->eq_from),
                                     from, vars, p->backend));
        p->runs[j].eq = &p->eq[vars];
    }
    return ZKG_OK;
}

zkg_status zkg_rounds_new(zkg_rounds **out, const zkg_comm *comm,
                          const zkg_backend *backend, zkg_form *form)
{
    zkg_status s = ZKG_ERR_NOMEM;
    prover *p;

    ZKG_TRY(zkg_sumcheck_check_shape(&form->shape));
    for (uint32_t j = 0; j < form->part_count; j++)
        ZKG_TRY(check_part(form, &form->parts[j]));
    p = zkg_alloc(1, sizeof(*p));
    if (p == NULL)
        return ZKG_ERR_NOMEM;
    *p = (prover){.comm = comm, .backend = backend, .form = form};
    p->runs = zkg_alloc((size_t)form->part_count + 1, sizeof(*p->runs));
    if (p->runs != NULL)
        s = make_eq(p);
    for (uint32_t j = 0; j < form->part_count && s == ZKG_OK; j++)
        s = start(p, &p->runs[j], &form->parts[j]);
    if (s == ZKG_OK)
        *out = p;
    else
        zkg_rounds_free(p);
    return s;
}

static void run_clear(run *r, const zkg_backend *backend)
{
    for (uint32_t k = 0; k < 4; k++)
        zkg_table_clear(backend, &r->gathered[k]);
    for (uint32_t k = 0; r->eq_sum != NULL && k < r->part->eq_sum->count; k++)
        zkg_split_eq_clear(&r->eq_sum[k]);
    zkg_free(r->eq_sum);
    zkg_free(r->rows);
}

void zkg_rounds_free(zkg_rounds *p)
{
    if (p == NULL)
        return;
    for (uint32_t j = 0; p->runs != NULL && j < p->form->part_count; j++)
        run_clear(&p->runs[j], p->backend);
    for (uint32_t n = 0; p->eq != NULL && n <= p->form->shape.vars; n++)
        zkg_split_eq_clear(&p->eq[n]);
    zkg_free(p->eq);
    zkg_free(p->runs);
    zkg_free(p);
}

zkg_status zkg_sumcheck_prove(zkg_tape *tape, const zkg_comm *comm,
                              const zkg_backend *backend, zkg_form *form,
                              zkg_fr *claim, zkg_fr *point)
{
    zkg_rounds *rounds = NULL;
    zkg_status s = zkg_rounds_new(&rounds, comm, backend, form);

    if (s == ZKG_OK)
        s = zkg_rounds_prove(rounds, tape, claim, point);
    zkg_rounds_free(rounds);
    return s;
}

void zkg_form_end_value(zkg_fr *out, const zkg_form *form, const zkg_fr *point)
{
    zkg_fr sum = zkg_fr_zero;

    for (uint32_t j = 0; j < form->part_count; j++) {
        const zkg_part *part = &form->parts[j];
        zkg_fr v, factor;

        part_value(&v, part);
        for (uint32_t t = part->vars; t < form->shape.vars; t++) {
            if (form->extend != ZKG_EXTEND_ZERO)
                break;
            zkg_fr_sub(&factor, &zkg_fr_one, &point[t]);
            zkg_fr_sqr(&factor, &factor);
            zkg_fr_mul(&v, &v, &factor);
        }
        zkg_fr_add(&sum, &sum, &v);
    }
    *out = sum;
}
