/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/shape.h"

#include "base/bits.h"
#include "poly/indicator.h"

#include <string.h>

int32_t zkg_axes_find(const zkg_axes *list, uint32_t axis)
{
    for (uint32_t k = 0; k < list->axes; k++)
        if (list->axis[k] == axis)
            return (int32_t)k;
    return -1;
}

bool zkg_axes_same_set(const zkg_axes *a, const zkg_axes *b)
{
    if (a->axes != b->axes)
        return false;
    for (uint32_t k = 0; k < a->axes; k++)
        if (zkg_axes_find(b, a->axis[k]) < 0)
            return false;
    return true;
}

/* Append an axis below those already there, unless it is there already or owns
 * no variables. */
static bool append(zkg_axes *list, const zkg_task_relations *t, uint32_t axis)
{
    const uint32_t bits = t->axis[axis].bits;

    if (bits == 0 || zkg_axes_find(list, axis) >= 0)
        return true;
    if (bits > ZKG_MAX_VARS - list->vars)
        return false;
    for (uint32_t k = 0; k < list->axes; k++)
        list->shift[k] += bits;
    list->axis[list->axes] = axis;
    list->shift[list->axes++] = 0;
    list->vars += bits;
    return true;
}

bool zkg_axes_init(zkg_axes *list, const zkg_task_relations *t,
                   const uint32_t *axis, uint32_t n)
{
    *list = (zkg_axes){0};
    for (uint32_t k = 0; k < n; k++) {
        if (!append(list, t, axis[k])) {
            *list = (zkg_axes){0};
            return false;
        }
    }
    return true;
}

bool zkg_axes_of_site(zkg_axes *list, const zkg_task_relations *t,
                      const zkg_site *site)
{
    bool ok = true;

    *list = (zkg_axes){0};
    /* Axis 0, the copies, is the highest whoever names it first. */
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t c = 0; c < site->columns; c++) {
            const zkg_operand *o = &t->operand[site->operand[c]];

            for (uint32_t k = 0; k < o->axes; k++)
                if (pass == 1 || o->axis[k] == 0)
                    ok = ok && append(list, t, o->axis[k]);
        }
    }
    if (!ok)
        *list = (zkg_axes){0};
    return ok;
}

void zkg_coords_set(zkg_coords *coords, const zkg_axes *list,
                    const zkg_fr *point)
{
    for (uint32_t k = 0; k < list->axes; k++)
        coords->at[list->axis[k]] = point + list->shift[k];
}

uint32_t zkg_coords_point(zkg_fr *point, const zkg_coords *coords,
                          const zkg_task_relations *t, const uint32_t *axis,
                          uint32_t n)
{
    uint32_t vars = 0;

    for (uint32_t k = n; k-- > 0;) {
        const uint32_t bits = t->axis[axis[k]].bits;

        for (uint32_t i = 0; i < bits; i++)
            point[vars + i] = coords->at[axis[k]][i];
        vars += bits;
    }
    return vars;
}

void zkg_indicator_missing(zkg_fr *out, const zkg_task_relations *t,
                           const zkg_axes *list, const zkg_axes *have,
                           const zkg_coords *coords)
{
    zkg_fr value = zkg_fr_one;

    for (uint32_t k = 0; k < list->axes; k++) {
        const zkg_axis *a = &t->axis[list->axis[k]];
        zkg_fr one_axis;

        if (zkg_axes_find(have, list->axis[k]) >= 0 || zkg_is_pow2(a->len))
            continue;
        zkg_indicator_eval(&one_axis, a->len, coords->at[list->axis[k]],
                           a->bits);
        zkg_fr_mul(&value, &value, &one_axis);
    }
    *out = value;
}

bool zkg_axes_full(const zkg_axes *list, const zkg_task_relations *t)
{
    for (uint32_t k = 0; k < list->axes; k++)
        if (!zkg_is_pow2(t->axis[list->axis[k]].len))
            return false;
    return true;
}

bool zkg_index_is_constant(const zkg_task_relations *t, const zkg_term *term,
                           uint32_t f, uint32_t k)
{
    const zkg_index *i = &term->index[f][k];

    return zkg_index_is_affine(i) && t->axis[i->a].bits == 0 &&
           (i->b == ZKG_NO_AXIS || t->axis[i->b].bits == 0) && i->e >= 0 &&
           (uint64_t)i->e < t->axis[t->operand[term->operand[f]].axis[k]].len;
}

uint32_t zkg_term_axes(uint32_t axis[2 * ZKG_MAX_AXES], const zkg_term *term,
                       uint32_t f)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < term->indices[f]; k++) {
        axis[n++] = term->index[f][k].a;
        if (term->index[f][k].b != ZKG_NO_AXIS)
            axis[n++] = term->index[f][k].b;
    }
    return n;
}

uint32_t zkg_term_bits(const zkg_task_relations *t, const zkg_term *term,
                       uint32_t f, uint32_t k)
{
    return t->axis[t->operand[term->operand[f]].axis[k]].bits;
}

int32_t zkg_weighted_find(const zkg_weighted *w, uint32_t k)
{
    for (uint32_t i = 0; i < w->axes; i++)
        if (w->k[i] == k)
            return (int32_t)i;
    return -1;
}

static void find_weighted(zkg_weighted *w, const zkg_task_relations *t,
                          const zkg_axes *out, const zkg_term *term, uint32_t f)
{
    for (uint32_t k = 0; k < term->indices[f]; k++) {
        const zkg_index *i = &term->index[f][k];
        const bool summed = term->factors == 1 && t->axis[i->a].bits > 0 &&
                            zkg_axes_find(out, i->a) < 0;

        if (zkg_index_is_affine(i) ? !zkg_index_is_constant(t, term, f, k)
                                   : summed)
            w->k[w->axes++] = k;
    }
    for (uint32_t k = w->axes; k-- > 0;) {
        w->shift[k] = w->vars;
        w->vars += zkg_term_bits(t, term, f, w->k[k]);
    }
}

bool zkg_term_in_affine(const zkg_term *term, uint32_t axis)
{
    for (uint32_t f = 0; f < term->factors; f++)
        for (uint32_t k = 0; k < term->indices[f]; k++) {
            const zkg_index *i = &term->index[f][k];

            if (zkg_index_is_affine(i) && (i->a == axis || i->b == axis))
                return true;
        }
    return false;
}

static void find_contracted(zkg_term_shape *s, const zkg_task_relations *t,
                            const zkg_axes *out, const zkg_term *term)
{
    bool public_factor = false;

    for (uint32_t f = 0; f < 2; f++)
        public_factor |= t->operand[term->operand[f]].vis == ZKG_PUBLIC;
    for (uint32_t k = 0; k < s->named.axes; k++) {
        const uint32_t axis = s->named.axis[k];

        if (zkg_axes_find(out, axis) >= 0) {
            if (zkg_axes_find(&s->factor[0], axis) >= 0 &&
                zkg_axes_find(&s->factor[1], axis) >= 0)
                (void)append(&s->batch, t, axis);
            continue;
        }
        (void)append(&s->contracted, t, axis);
        /* A public factor's own zeros are as good as I_L, and so are those of
         * the weights of an affine index. */
        if (!public_factor && !zkg_term_in_affine(term, axis) &&
            !zkg_is_pow2(t->axis[axis].len))
            (void)append(&s->masked, t, axis);
    }
}

void zkg_term_shape_init(zkg_term_shape *s, const zkg_task_relations *t,
                         const zkg_axes *out, const zkg_term *term)
{
    uint32_t named[4 * ZKG_MAX_AXES] = {0};
    uint32_t n = 0;

    memset(s, 0, sizeof(*s));
    for (uint32_t f = 0; f < term->factors; f++) {
        const uint32_t count = zkg_term_axes(&named[n], term, f);

        (void)zkg_axes_init(&s->factor[f], t, &named[n], count);
        n += count;
        find_weighted(&s->weighted[f], t, out, term, f);
    }
    (void)zkg_axes_init(&s->named, t, named, n);
    if (term->factors == 2)
        find_contracted(s, t, out, term);
    s->vars = s->contracted.vars + s->batch.vars;
}

bool zkg_term_is_plain(const zkg_term *term, const zkg_term_shape *s)
{
    return term->factors < 2 && s->weighted[0].axes == 0;
}

uint32_t zkg_term_point(zkg_fr *point, const zkg_task_relations *t,
                        const zkg_term *term, uint32_t f,
                        const zkg_term_shape *s, const zkg_coords *coords,
                        const zkg_fr *end)
{
    uint32_t vars = 0;

    for (uint32_t k = term->indices[f]; k-- > 0;) {
        const zkg_index *i = &term->index[f][k];
        const uint32_t bits = zkg_term_bits(t, term, f, k);
        const int32_t at = zkg_weighted_find(&s->weighted[f], k);

        for (uint32_t x = 0; x < bits; x++, vars++) {
            if (at >= 0)
                point[vars] = end[s->weighted[f].shift[at] + x];
            else if (zkg_index_is_affine(i))
                point[vars] = i->e >> x & 1 ? zkg_fr_one : zkg_fr_zero;
            else
                point[vars] = coords->at[i->a][x];
        }
    }
    return vars;
}
