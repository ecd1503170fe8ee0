/* SPDX-License-Identifier: Apache-2.0
 * What both sides compute of an einsum. */
#include "base/mem.h"
#include "poly/eq.h"
#include "poly/indicator.h"
#include "relation/einsum.h"

zkg_status zkg_merge_begin(zkg_merge *merge, zkg_child *c, uint32_t tensor,
                           zkg_error *err)
{
    zkg_fr power = zkg_fr_one;
    uint32_t n = 0;

    *merge = (zkg_merge){0};
    merge->claims = (uint32_t)zkg_ledger_count(&c->ledger, tensor);
    if (merge->claims == 0)
        return zkg_fail(err, ZKG_ERR_INVALID, "nothing reads virtual tensor %u",
                        tensor);
    merge->claim = zkg_alloc(merge->claims, sizeof(*merge->claim));
    if (merge->claim == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for claims");
    for (size_t i = 0; i < c->ledger.claims; i++)
        if (c->ledger.claim[i].tensor == tensor)
            merge->claim[n++] = c->ledger.claim[i];
    merge->vars = merge->claim[0].vars;
    zkg_ledger_strike(&c->ledger, tensor);
    if (merge->claims > 1)
        zkg_tape_challenge(c->tape, ZKG_TAG_EINSUM_MERGE, &merge->rho, 1);
    for (uint32_t i = 0; i < merge->claims; i++) {
        zkg_fr term;

        zkg_fr_mul(&term, &power, &merge->claim[i].value);
        zkg_fr_add(&merge->sum, &merge->sum, &term);
        zkg_fr_mul(&power, &power, &merge->rho);
    }
    return ZKG_OK;
}

void zkg_merge_clear(zkg_merge *merge)
{
    zkg_free(merge->claim);
    *merge = (zkg_merge){0};
}

void zkg_merge_weight(zkg_fr *out, const zkg_merge *merge, const zkg_fr *x)
{
    zkg_fr power = zkg_fr_one;
    zkg_fr sum = zkg_fr_zero;

    for (uint32_t i = 0; i < merge->claims; i++) {
        zkg_fr term;

        zkg_eq_eval(&term, merge->claim[i].point, x, merge->vars);
        zkg_fr_mul(&term, &term, &power);
        zkg_fr_add(&sum, &sum, &term);
        zkg_fr_mul(&power, &power, &merge->rho);
    }
    *out = sum;
}

void zkg_einsum_point(zkg_task_run *run, const zkg_einsum *e,
                      const zkg_axes *out, const zkg_einsum_target *target,
                      zkg_fr *store, zkg_coords *coords)
{
    *coords = (zkg_coords){{0}};
    if (e->virtual_operand >= 0) {
        zkg_coords_set(coords, out, target->point);
        return;
    }
    for (uint32_t j = 0; j < run->t->sites; j++) {
        if (zkg_axes_same_set(&run->site[j], out)) {
            zkg_coords_set(coords, &run->site[j], run->point);
            return;
        }
    }
    if (out->vars > 0)
        zkg_tape_challenge(run->c->tape, ZKG_TAG_EINSUM_POINT, store,
                           out->vars);
    zkg_coords_set(coords, out, store);
}

void zkg_einsum_mask(zkg_fr *value, const zkg_task_run *run,
                     const zkg_term_shape *s, const zkg_coords *coords)
{
    const zkg_axes none = {0};

    if (zkg_hooks_drop_indicator(run->c->hooks))
        *value = zkg_fr_one;
    else
        zkg_indicator_missing(value, run->t, &s->masked, &none, coords);
}

void zkg_einsum_add_term(zkg_fr *sum, const zkg_task_run *run,
                         const zkg_axes *out, const zkg_term *term,
                         const zkg_term_shape *s, const zkg_coords *coords,
                         const zkg_fr *value)
{
    zkg_fr weight;

    zkg_indicator_missing(&weight, run->t, out, &s->named, coords);
    zkg_fr_mul(&weight, &weight, &term->c);
    zkg_fr_mul(&weight, &weight, value);
    zkg_fr_add(sum, sum, &weight);
}

uint32_t zkg_einsum_mask_vars(const zkg_task_relations *t,
                              const zkg_term_shape *s)
{
    uint32_t vars = 0;

    for (uint32_t k = 0; k < s->masked.axes; k++) {
        const uint32_t axis = s->masked.axis[k];
        const int32_t at = zkg_axes_find(&s->contracted, axis);
        const uint32_t top = s->contracted.shift[at] + t->axis[axis].bits;

        vars = top > vars ? top : vars;
    }
    return vars;
}

void zkg_einsum_degrees(uint8_t degree[ZKG_MAX_VARS],
                        const zkg_task_relations *t, const zkg_term_shape *s)
{
    const uint32_t cubic = zkg_einsum_mask_vars(t, s);

    for (uint32_t i = 0; i < s->vars; i++)
        degree[i] = i < cubic ? 3 : 2;
}

/* ---- weights ---- */

zkg_status zkg_einsum_axis_eq(zkg_fr **w, uint64_t *len,
                              const zkg_task_run *run, uint32_t axis,
                              const zkg_coords *coords)
{
    const zkg_axis one = {1, 0};
    const zkg_axis *a = axis == ZKG_NO_AXIS ? &one : &run->t->axis[axis];

    *len = a->len;
    /* A test's prover and verifier that both forget what is real. */
    if (zkg_hooks_drop_indicator(run->c->hooks))
        *len = (uint64_t)1 << a->bits;
    *w = zkg_alloc(*len, sizeof(**w));
    if (*w == NULL)
        return ZKG_ERR_NOMEM;
    if (a->bits > 0 && coords->at[axis] != NULL) {
        zkg_eq_expand_len(*w, *len, coords->at[axis], a->bits, NULL);
        return ZKG_OK;
    }
    for (uint64_t i = 0; i < *len; i++)
        (*w)[i] = zkg_fr_one;
    return ZKG_OK;
}

uint64_t zkg_einsum_real_len(const zkg_task_run *run, const zkg_term *term,
                             uint32_t f, uint32_t k)
{
    const zkg_axis *a =
        &run->t->axis[run->t->operand[term->operand[f]].axis[k]];

    return zkg_hooks_drop_indicator(run->c->hooks) ? (uint64_t)1 << a->bits
                                                   : a->len;
}

zkg_status zkg_einsum_weights(zkg_fr *w, const zkg_task_run *run,
                              const zkg_term *term, uint32_t f, uint32_t k,
                              const zkg_coords *coords)
{
    const zkg_index *x = &term->index[f][k];
    const uint64_t len = zkg_einsum_real_len(run, term, f, k);
    const uint64_t padded = (uint64_t)1 << zkg_term_bits(run->t, term, f, k);
    zkg_fr *a = NULL, *b = NULL;
    uint64_t n, m;
    zkg_status status;

    for (uint64_t u = 0; u < padded; u++)
        w[u] = !zkg_index_is_affine(x) && u < len ? zkg_fr_one : zkg_fr_zero;
    if (!zkg_index_is_affine(x))
        return ZKG_OK;
    status = zkg_einsum_axis_eq(&a, &n, run, x->a, coords);
    if (status == ZKG_OK)
        status = zkg_einsum_axis_eq(&b, &m, run, x->b, coords);
    for (uint64_t i = 0; status == ZKG_OK && i < n; i++) {
        for (uint64_t j = 0; j < m; j++) {
            const int64_t u = x->s * (int64_t)i + x->d * (int64_t)j + x->e;
            zkg_fr p;

            if (u < 0 || (uint64_t)u >= len)
                continue;
            zkg_fr_mul(&p, &a[i], &b[j]);
            zkg_fr_add(&w[u], &w[u], &p);
        }
    }
    zkg_free(a);
    zkg_free(b);
    return status;
}

/* One axis' weights at r. */
static zkg_status weights_eval(zkg_fr *out, const zkg_task_run *run,
                               const zkg_term *term, uint32_t f, uint32_t k,
                               const zkg_coords *coords, const zkg_fr *r)
{
    const uint32_t bits = zkg_term_bits(run->t, term, f, k);
    zkg_fr *w, *eq;
    zkg_status status = ZKG_ERR_NOMEM;

    if (!zkg_index_is_affine(&term->index[f][k])) {
        zkg_indicator_eval(out, zkg_einsum_real_len(run, term, f, k), r, bits);
        return ZKG_OK;
    }
    w = zkg_alloc((size_t)1 << bits, sizeof(*w));
    eq = zkg_alloc((size_t)1 << bits, sizeof(*eq));
    *out = zkg_fr_zero;
    if (w != NULL && eq != NULL)
        status = zkg_einsum_weights(w, run, term, f, k, coords);
    if (status == ZKG_OK) {
        zkg_eq_expand(eq, r, bits, NULL);
        for (size_t u = 0; u < (size_t)1 << bits; u++) {
            zkg_fr p;

            zkg_fr_mul(&p, &w[u], &eq[u]);
            zkg_fr_add(out, out, &p);
        }
    }
    zkg_free(w);
    zkg_free(eq);
    return status;
}

zkg_status zkg_einsum_weights_eval(zkg_fr *out, const zkg_task_run *run,
                                   const zkg_term *term, uint32_t f,
                                   const zkg_term_shape *s,
                                   const zkg_coords *coords, const zkg_fr *end)
{
    const zkg_weighted *w = &s->weighted[f];
    zkg_fr value = zkg_fr_one;

    for (uint32_t i = 0; i < w->axes; i++) {
        zkg_fr one_axis;

        ZKG_TRY(weights_eval(&one_axis, run, term, f, w->k[i], coords,
                             end + w->shift[i]));
        zkg_fr_mul(&value, &value, &one_axis);
    }
    *out = value;
    return ZKG_OK;
}
