/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "poly/eq.h"
#include "relation/einsum.h"
#include "relation/fold.h"
#include "relation/pair.h"
#include "relation/window.h"

#include <string.h>

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

/* ---- factors as columns ---- */

/* Along which of r's axes each axis of a tensor lies; NOT_KEPT: along none. */
#define NOT_KEPT (-1)

/* The rows of axes, the lowest first. */
static void add_axes(zkg_rows_view *r, const zkg_task_run *run,
                     const zkg_axes *list)
{
    for (uint32_t k = list->axes; k-- > 0;) {
        const zkg_axis *a = &run->t->axis[list->axis[k]];

        r->len[r->axes] = a->len;
        r->bits[r->axes++] = a->bits;
    }
}

/* A tensor along r's axes.  index: of a factor, whose constants are cells;
 * NULL: all are plain.  false: an axis is folded, or a constant is not stored.
 */
static bool column_view(zkg_column_view *out, const zkg_rows_view *r,
                        const zkg_task_run *run, const zkg_operand *o,
                        const zkg_index *index, const int32_t *at)
{
    uint64_t stride = 1;

    *out = (zkg_column_view){
        .array = o->array, .coeff = zkg_fr_one, .stored = {1}};
    for (uint32_t k = 0; k < r->axes; k++)
        out->stored[k] = (uint64_t)1 << r->bits[k];
    for (uint32_t k = o->axes; k-- > 0; stride *= o->array->stored[k]) {
        if (at[k] != NOT_KEPT) {
            out->stride[at[k]] = stride;
            out->stored[at[k]] = o->array->stored[k];
        } else if (index != NULL && zkg_index_is_affine(&index[k])) {
            if ((uint64_t)index[k].e >= o->array->stored[k])
                return false;
            out->cell += (uint64_t)index[k].e * stride;
        } else if (run->t->axis[o->axis[k]].bits > 0) {
            return false;
        }
    }
    return true;
}

/* Factor f of a product as columns, where it is not folded; *done: it is. */
static zkg_status product_columns(zkg_pair *p, bool *done,
                                  const zkg_task_run *run, const zkg_term *term,
                                  uint32_t f, const zkg_term_shape *s)
{
    const zkg_operand *o = &run->t->operand[term->operand[f]];
    zkg_column_view view;
    zkg_rows_view r = {
        .vars = s->vars, .full = true, .columns = 1, .column = &view};
    int32_t at[ZKG_MAX_AXES];

    add_axes(&r, run, &s->contracted);
    add_axes(&r, run, &s->batch);
    for (uint32_t k = 0; k < o->axes; k++) {
        const zkg_index *i = &term->index[f][k];
        const int32_t low = zkg_axes_find(&s->contracted, i->a);
        const int32_t high = zkg_axes_find(&s->batch, i->a);
        const int32_t axes = (int32_t)s->contracted.axes;

        at[k] = NOT_KEPT;
        if (zkg_index_is_affine(i))
            continue;
        if (low >= 0)
            at[k] = axes - 1 - low;
        else if (high >= 0)
            at[k] = axes + (int32_t)s->batch.axes - 1 - high;
    }
    *done = s->weighted[f].axes == 0 &&
            column_view(&view, &r, run, o, term->index[f], at);
    return *done ? zkg_pair_columns(p, f, &r) : ZKG_OK;
}

/* Both factors, and the indicator. */
static zkg_status product_init(zkg_pair *p, const zkg_task_run *run,
                               const zkg_term *term, const zkg_term_shape *s,
                               const zkg_coords *coords)
{
    for (uint32_t f = 0; f < 2; f++) {
        bool done;

        ZKG_TRY(product_columns(p, &done, run, term, f, s));
        if (done)
            continue;
        ZKG_TRY(zkg_pair_vector(p, f));
        ZKG_TRY(fold_factor(p->factor[f].vector, run, term, f, s, coords, p->lo,
                            p->hi));
    }
    if (s->masked.axes == 0)
        return ZKG_OK;
    p->vars3 = zkg_einsum_mask_vars(run->t, s);
    p->i = zkg_alloc((size_t)1 << p->vars3, sizeof(*p->i));
    if (p->i == NULL)
        return ZKG_ERR_NOMEM;
    indicator(p->i, p->vars3, run, s);
    return ZKG_OK;
}

/* v_t, which the first round gives; a test's lies. */
static zkg_status send_sum(zkg_pair *p, zkg_child *c, zkg_fr *v, bool lie)
{
    ZKG_TRY(zkg_pair_sum(p, v));
    if (lie)
        zkg_fr_add(v, v, &zkg_fr_one);
    return zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_TERM, v, 1);
}

/* A product's v_t and rounds; value[f]: the factors at the end. */
static zkg_status prove_product(zkg_task_run *run, const zkg_term *term,
                                const zkg_term_shape *s, zkg_coords *coords,
                                zkg_fr *end, zkg_fr value[2], zkg_fr *v,
                                bool lie)
{
    zkg_sumcheck_shape shape = {.vars = s->vars, .eq_from = s->contracted.vars};
    zkg_fr eq_point[ZKG_MAX_VARS];
    zkg_status status;
    zkg_pair p;

    (void)zkg_coords_point(eq_point, coords, run->t, s->batch.axis,
                           s->batch.axes);
    shape.eq_point = eq_point;
    zkg_einsum_degrees(shape.degree, run->t, s);
    zkg_pair_init(&p, s->vars, run);
    status = product_init(&p, run, term, s, coords);
    if (status == ZKG_OK)
        status = zkg_pair_begin(&p, &shape);
    if (status == ZKG_OK)
        status = send_sum(&p, run->c, v, lie);
    if (status == ZKG_OK)
        status = zkg_pair_prove(&p, v, end, value);
    zkg_pair_clear(&p);
    zkg_coords_set(coords, &s->contracted, end);
    zkg_coords_set(coords, &s->batch, end + s->contracted.vars);
    return status;
}

/* ---- weighted sums ---- */

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

/* Factor 1 is the product of factor f's weights, at [lo .. hi). */
static zkg_status expand_weights(zkg_pair *p, const zkg_task_run *run,
                                 const zkg_term *term, uint32_t f,
                                 const zkg_term_shape *s,
                                 const zkg_coords *coords)
{
    const zkg_weighted *w = &s->weighted[f];
    zkg_status status = zkg_pair_vector(p, 1);
    zkg_fr *b = p->factor[1].vector;
    uint32_t low = 0;

    if (status == ZKG_OK)
        b[0] = zkg_fr_one;
    /* The axes from the lowest variables on. */
    for (uint32_t i = w->axes; i-- > 0 && status == ZKG_OK;) {
        const uint32_t bits = zkg_term_bits(run->t, term, f, w->k[i]);
        const bool last = low + bits == p->vars;
        zkg_fr *one = zkg_alloc((size_t)1 << bits, sizeof(*one));

        status = one == NULL
                     ? ZKG_ERR_NOMEM
                     : zkg_einsum_weights(one, run, term, f, w->k[i], coords);
        if (status == ZKG_OK)
            status = times_axis(b, low, one, bits, last ? p->lo : 0,
                                last ? p->hi : (uint64_t)1 << (low + bits),
                                run->c->backend);
        low += bits;
        zkg_free(one);
    }
    return status;
}

/* The rows of a weighted sum's axes, the lowest first; false: a weight is no
 * indicator. */
static bool weighted_rows(zkg_rows_view *r, const zkg_task_run *run,
                          const zkg_term *term, uint32_t f,
                          const zkg_weighted *w)
{
    bool plain = true;

    *r = (zkg_rows_view){.vars = w->vars, .full = true};
    for (uint32_t i = w->axes; i-- > 0;) {
        const uint32_t k = w->k[i];
        const uint64_t len = zkg_einsum_real_len(run, term, f, k);

        plain = plain && !zkg_index_is_affine(&term->index[f][k]);
        r->bits[r->axes] = zkg_term_bits(run->t, term, f, k);
        r->full = r->full && len == (uint64_t)1 << r->bits[r->axes];
        r->len[r->axes++] = len;
    }
    return plain;
}

/* Factor 0 is the tensor; *done: nothing of it is folded. */
static zkg_status weighted_columns(zkg_pair *p, bool *done, zkg_rows_view r,
                                   const zkg_task_run *run,
                                   const zkg_term *term, uint32_t f,
                                   const zkg_weighted *w)
{
    const zkg_operand *o = &run->t->operand[term->operand[f]];
    zkg_column_view view;
    int32_t at[ZKG_MAX_AXES];

    r.full = true;
    r.columns = 1;
    r.column = &view;
    for (uint32_t k = 0; k < o->axes; k++) {
        const int32_t i = zkg_weighted_find(w, k);

        at[k] = i < 0 ? NOT_KEPT : (int32_t)w->axes - 1 - i;
    }
    *done = column_view(&view, &r, run, o, term->index[f], at);
    return *done ? zkg_pair_columns(p, 0, &r) : ZKG_OK;
}

/* Factor 0 is the tensor folded at coords. */
static zkg_status weighted_fold(zkg_pair *p, const zkg_task_run *run,
                                const zkg_term *term, uint32_t f,
                                const zkg_weighted *w, const zkg_coords *coords)
{
    const zkg_operand *o = &run->t->operand[term->operand[f]];
    zkg_fold_axis axis[ZKG_MAX_AXES] = {{0}};
    zkg_fr bits[ZKG_MAX_AXES][ZKG_MAX_VARS];

    for (uint32_t k = 0; k < o->axes; k++) {
        const int32_t at = zkg_weighted_find(w, k);

        axis[k] = fold_axis(run, term, f, k, coords, bits[k]);
        constant_bits(bits[k], &term->index[f][k], axis[k].bits);
        axis[k].kept = at >= 0;
        axis[k].shift = at >= 0 ? w->shift[at] : 0;
    }
    ZKG_TRY(zkg_pair_vector(p, 0));
    return zkg_fold(p->factor[0].vector, w->vars, o->array, axis, p->lo, p->hi,
                    run->c->backend, run->c->comm);
}

/* Both factors of a weighted sum. */
static zkg_status weighted_init(zkg_pair *p, const zkg_task_run *run,
                                const zkg_term *term, uint32_t f,
                                const zkg_term_shape *s,
                                const zkg_coords *coords)
{
    const zkg_weighted *w = &s->weighted[f];
    zkg_rows_view r;
    const bool plain = weighted_rows(&r, run, term, f, w);
    bool done;

    ZKG_TRY(weighted_columns(p, &done, r, run, term, f, w));
    if (!done)
        ZKG_TRY(weighted_fold(p, run, term, f, w, coords));
    return plain ? zkg_pair_columns(p, 1, &r)
                 : expand_weights(p, run, term, f, s, coords);
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
    zkg_fr end[ZKG_MAX_VARS], at[ZKG_MAX_VARS], value[2];
    zkg_status status;
    uint32_t vars;
    zkg_pair p;

    memset(shape.degree, 2, sizeof(shape.degree));
    zkg_pair_init(&p, n, run);
    status = weighted_init(&p, run, term, f, s, coords);
    if (status == ZKG_OK)
        status = zkg_pair_begin(&p, &shape);
    if (status == ZKG_OK && send)
        status = send_sum(&p, c, z, lie);
    if (status == ZKG_OK)
        status = zkg_pair_prove(&p, z, end, value);
    zkg_pair_clear(&p);
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

/* ---- V's claims ---- */

/* Factor 0 is V. */
static zkg_status target_columns(zkg_pair *p, const zkg_task_run *run,
                                 const zkg_operand *o)
{
    zkg_column_view view;
    zkg_rows_view r = {
        .vars = p->vars, .full = true, .columns = 1, .column = &view};
    int32_t at[ZKG_MAX_AXES];

    for (uint32_t k = o->axes; k-- > 0;) {
        const zkg_axis *a = &run->t->axis[o->axis[k]];

        at[k] = (int32_t)r.axes;
        r.len[r.axes] = a->len;
        r.bits[r.axes++] = a->bits;
    }
    return column_view(&view, &r, run, o, NULL, at) ? zkg_pair_columns(p, 0, &r)
                                                    : ZKG_ERR_INTERNAL;
}

/* The rounds of sum_i rho^i eq(z_i, x) V~(x). */
static zkg_status prove_merge(zkg_task_run *run, const zkg_operand *o,
                              const zkg_merge *merge, zkg_einsum_target *target)
{
    zkg_sumcheck_shape shape = {.vars = merge->vars, .eq_from = merge->vars};
    zkg_fr *scale = zkg_alloc(merge->claims, sizeof(*scale));
    const zkg_fr **point = zkg_alloc(merge->claims, sizeof(*point));
    const zkg_eq_sum sum = {merge->claims, scale, point};
    zkg_status status = ZKG_ERR_NOMEM;
    zkg_fr end[2];
    zkg_pair p;

    memset(shape.degree, 2, sizeof(shape.degree));
    zkg_pair_init(&p, merge->vars, run);
    if (scale != NULL && point != NULL)
        status = target_columns(&p, run, o);
    for (uint32_t i = 0; i < merge->claims && status == ZKG_OK; i++) {
        scale[i] = zkg_fr_one;
        if (i > 0)
            zkg_fr_mul(&scale[i], &scale[i - 1], &merge->rho);
        point[i] = merge->claim[i].point;
    }
    p.factor[1].eq_sum = &sum;
    if (status == ZKG_OK)
        status = zkg_pair_begin(&p, &shape);
    if (status == ZKG_OK)
        status = zkg_pair_prove(&p, &merge->sum, target->point, end);
    if (status == ZKG_OK)
        target->value = end[0];
    zkg_pair_clear(&p);
    zkg_free(scale);
    zkg_free(point);
    return status;
}

/* V's claims, as one. */
static zkg_status prove_target(zkg_task_run *run, const zkg_einsum *e,
                               zkg_einsum_target *target)
{
    const zkg_operand *o = &run->t->operand[e->virtual_operand];
    zkg_child *c = run->c;
    zkg_merge merge;
    zkg_status status = zkg_merge_begin(&merge, c, o->tensor, run->err);

    if (status == ZKG_OK && merge.claims == 1) {
        memcpy(target->point, merge.claim[0].point, sizeof(target->point));
        target->value = merge.claim[0].value;
    } else if (status == ZKG_OK) {
        status = prove_merge(run, o, &merge, target);
        if (status == ZKG_OK)
            status =
                zkg_tape_fr(c->tape, ZKG_TAG_EINSUM_VALUE, &target->value, 1);
    }
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
    return zkg_pair_bytes(most);
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
