/* SPDX-License-Identifier: Apache-2.0 */
/* Recording: hints, and the checks that go with the usual ones. */
#include <stdio.h>

#include "base/mem.h"
#include "circuit/program.h"
#include "kernel/recorder.h"
#include "tensor/dtype.h"

#define MAX_BITS 253 /* 2^253 < p: bits of a value are unique */

/* The parameter of all hints of a type, grown by n; where they begin. */
static uint32_t hint_cells(zkg_recorder *r, zkg_dtype type, size_t n,
                           uint32_t *first)
{
    zkg_recorded_param *p;
    uint32_t id = r->hint_param[type];

    if (id == ZKG_NO_PARAM) {
        const uint64_t none = 1;
        char name[32];

        snprintf(name, sizeof(name), "hint_%s", zkg_dtype_name(type));
        id = zkg_recorder_add_param(r, name, ZKG_ROLE_HINT, type, 1, &none);
        if (r->failed.status != ZKG_OK)
            return 0;
        r->hint_param[type] = id;
        zkg_recorder_param(r, id)->count = 0;
    }
    p = zkg_recorder_param(r, id);
    *first = (uint32_t)p->count;
    if (n > INT32_MAX - p->count) {
        zkg_recorder_fail(r, ZKG_ERR_UNSUPPORTED, "more than 2^31 hints");
        return 0;
    }
    p->count += n;
    p->len[0] = p->count;
    return id;
}

static bool add_words(zkg_recorder *r, uint32_t *first, const uint32_t *word,
                      size_t n)
{
    *first = r->word.count;
    if (n <= INT32_MAX &&
        zkg_list_add(&r->word, sizeof(word[0]), (uint32_t)n, word) != NULL)
        return true;
    zkg_recorder_fail(r, ZKG_ERR_NOMEM, "no memory for hints");
    return false;
}

static bool check_arguments(zkg_recorder *r, const char *name, zkg_dtype type,
                            size_t ins, const zkg_var *in)
{
    if (!zkg_recorder_open(r))
        return false;
    if ((unsigned)type > ZKG_FR) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "hint %s: no such type", name);
        return false;
    }
    for (size_t i = 0; i < ins; i++) {
        if (!zkg_recorder_check_var(r, in[i]))
            return false;
        if (zkg_recorder_node(r, in[i].id)->random) {
            zkg_recorder_fail(r, ZKG_ERR_INVALID,
                              "hint %s depends on a challenge, and what it "
                              "finds is committed before",
                              name);
            return false;
        }
    }
    return true;
}

void zkg_recorder_hint(zkg_recorder *r, const char *name, zkg_dtype type,
                       size_t outs, zkg_var *out, size_t constants,
                       const zkg_fr *constant, size_t ins, const zkg_var *in)
{
    zkg_recorded_hint h = {.constants = (uint32_t)constants,
                           .ins = (uint32_t)ins,
                           .outs = (uint32_t)outs};
    bool fits = true;
    uint32_t *list;

    for (size_t i = 0; i < outs; i++)
        out[i] = (zkg_var){0};
    if (!check_arguments(r, name, type, ins, in) || outs == 0)
        return;
    list = zkg_alloc(constants > ins ? constants : ins, sizeof(list[0]));
    if (list == NULL) {
        zkg_recorder_fail(r, ZKG_ERR_NOMEM, "no memory for hints");
        return;
    }
    for (size_t i = 0; i < constants; i++)
        list[i] = zkg_recorder_add_constant(r, &constant[i]);
    fits = add_words(r, &h.constant, list, constants);
    for (size_t i = 0; i < ins; i++)
        list[i] = in[i].id;
    fits = fits && add_words(r, &h.in, list, ins);
    zkg_free(list);
    h.name = zkg_recorder_add_text(r, name);
    h.param = hint_cells(r, type, outs, &h.first);
    h.node = r->node.count;
    if (fits && zkg_list_add(&r->hint, sizeof(h), 1, &h) == NULL)
        zkg_recorder_fail(r, ZKG_ERR_NOMEM, "no memory for hints");
    for (size_t i = 0; i < outs && r->failed.status == ZKG_OK; i++)
        out[i].id = zkg_recorder_cell(r, h.param, h.first + i);
}

void zkg_hint_call(zkg_recorder *r, const char *name, zkg_dtype type,
                   size_t outs, zkg_var *out, size_t ins, const zkg_var *in)
{
    zkg_recorder_hint(r, name, type, outs, out, 0, NULL, ins, in);
}

void zkg_hint_bits(zkg_recorder *r, size_t n, zkg_var *out, zkg_var x)
{
    zkg_hint_call(r, "bits", ZKG_U8, n, out, 1, &x);
}

void zkg_hint_limbs(zkg_recorder *r, size_t n, uint32_t width, zkg_var *out,
                    zkg_var x)
{
    const zkg_dtype type = width <= 8    ? ZKG_U8
                           : width <= 16 ? ZKG_U16
                           : width <= 31 ? ZKG_I32
                                         : ZKG_I64;
    zkg_fr w;

    if (width < 1 || width > 62)
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "limbs of %u bits: 1 to 62",
                          width);
    zkg_fr_from_u64(&w, width);
    zkg_recorder_hint(r, "limbs", type, n, out, 1, &w, 1, &x);
}

void zkg_hint_divide(zkg_recorder *r, zkg_dtype type, zkg_var *q, zkg_var *rest,
                     zkg_var a, zkg_var b)
{
    zkg_var out[2];

    zkg_hint_call(r, "divide", type, 2, out, 2, (zkg_var[]){a, b});
    *q = out[0];
    *rest = out[1];
}

zkg_var zkg_hint_inverse(zkg_recorder *r, zkg_var x)
{
    zkg_var out;

    zkg_hint_call(r, "inverse", ZKG_FR, 1, &out, 1, &x);
    return out;
}

/* ---- with their checks ---- */

void zkg_bits(zkg_recorder *r, size_t n, zkg_var *out, zkg_var x)
{
    zkg_fr c[MAX_BITS];
    char label[64];

    if (n < 1 || n > MAX_BITS) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "%zu bits: 1 to %d", n, MAX_BITS);
        return;
    }
    zkg_hint_bits(r, n, out, x);
    for (size_t i = 0; i < n; i++) {
        c[i] = zkg_fr_one;
        if (i > 0)
            zkg_fr_double(&c[i], &c[i - 1]);
        snprintf(label, sizeof(label), "bit %zu is 0 or 1", i);
        zkg_assert_equal(r, zkg_mul(r, out[i], out[i]), out[i], label);
    }
    snprintf(label, sizeof(label), "%zu bits make up the value", n);
    zkg_assert_equal(r, zkg_recorder_combine(r, &zkg_fr_zero, n, c, out), x,
                     label);
}

zkg_var zkg_inverse(zkg_recorder *r, zkg_var x)
{
    const zkg_var y = zkg_hint_inverse(r, x);

    zkg_assert_equal(r, zkg_mul(r, x, y), zkg_constant(r, 1),
                     "x times its inverse is 1");
    return y;
}

zkg_var zkg_commit(zkg_recorder *r, zkg_dtype type, zkg_var x)
{
    zkg_var y;

    zkg_hint_call(r, "same", type, 1, &y, 1, &x);
    zkg_assert_equal(r, x, y, "a committed value is the computed one");
    return y;
}
