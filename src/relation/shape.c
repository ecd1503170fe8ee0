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

uint32_t zkg_term_axes(uint32_t axis[ZKG_MAX_AXES], const zkg_term *term,
                       uint32_t f)
{
    for (uint32_t k = 0; k < term->indices[f]; k++)
        axis[k] = term->index[f][k].a;
    return term->indices[f];
}

void zkg_term_shape_init(zkg_term_shape *s, const zkg_task_relations *t,
                         const zkg_axes *out, const zkg_term *term)
{
    uint32_t named[2 * ZKG_MAX_AXES] = {0};
    uint32_t n = 0;

    memset(s, 0, sizeof(*s));
    for (uint32_t f = 0; f < term->factors; f++) {
        const uint32_t count = zkg_term_axes(&named[n], term, f);

        (void)zkg_axes_init(&s->factor[f], t, &named[n], count);
        n += count;
    }
    (void)zkg_axes_init(&s->named, t, named, n);
    for (uint32_t k = 0; k < s->named.axes; k++) {
        const uint32_t axis = s->named.axis[k];
        bool public_factor = false;

        if (zkg_axes_find(out, axis) >= 0) {
            if (term->factors == 2 && zkg_axes_find(&s->factor[0], axis) >= 0 &&
                zkg_axes_find(&s->factor[1], axis) >= 0)
                (void)append(&s->batch, t, axis);
            continue;
        }
        (void)append(&s->contracted, t, axis);
        /* In a product a public factor's own zeros are as good as I_L. */
        for (uint32_t f = 0; term->factors == 2 && f < 2; f++)
            public_factor |= t->operand[term->operand[f]].vis == ZKG_PUBLIC;
        if (!public_factor && !zkg_is_pow2(t->axis[axis].len))
            (void)append(&s->masked, t, axis);
    }
    s->sumcheck = term->factors == 2 || s->contracted.axes > 0;
    s->vars = s->contracted.vars + s->batch.vars;
}
