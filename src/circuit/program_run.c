/* SPDX-License-Identifier: Apache-2.0 */
/* Witness programs at work.  Values are integers of 64 bits as long as they
 * fit, which is what most kernels compute with, and field elements beyond. */
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "circuit/program.h"

/* A value: i where small, else f. */
typedef union number {
    int64_t i;
    zkg_fr f;
} number;

typedef struct machine {
    const zkg_program *p;
    const char *kernel;
    zkg_array *const *array;
    const bool *broadcast;
    const zkg_hints *hints;
    uint64_t copy;
    number *value;
    bool *small;
    number *constant; /* the program's, small where they are */
    bool *constant_small;
    zkg_scalar *scratch; /* a hint's constants, values, results */
    size_t scratch_len;
} machine;

static void widen(zkg_fr *out, const number *v, bool small)
{
    if (small)
        zkg_fr_from_i64(out, v->i);
    else
        *out = v->f;
}

static void store(machine *m, uint32_t at, const number *v, bool small)
{
    m->value[at] = *v;
    m->small[at] = small;
}

static void run_mul(machine *m, uint32_t at, uint32_t a, uint32_t b)
{
    number r;
    zkg_fr x, y;

    if (m->small[a] && m->small[b] &&
        zkg_mul_i64_ok(&r.i, m->value[a].i, m->value[b].i)) {
        store(m, at, &r, true);
        return;
    }
    widen(&x, &m->value[a], m->small[a]);
    widen(&y, &m->value[b], m->small[b]);
    zkg_fr_mul(&r.f, &x, &y);
    store(m, at, &r, false);
}

/* sum = c + sum_j c_j a_j over pairs from word on; false: it left 64 bits */
static bool small_sum(int64_t *sum, const machine *m, uint32_t c,
                      const uint32_t *pair, uint32_t n)
{
    if (!m->constant_small[c])
        return false;
    *sum = m->constant[c].i;
    for (uint32_t j = 0; j < n; j++) {
        const uint32_t k = pair[2 * j], a = pair[2 * j + 1];
        int64_t t;

        if (!m->constant_small[k] || !m->small[a] ||
            !zkg_mul_i64_ok(&t, m->constant[k].i, m->value[a].i) ||
            !zkg_add_i64_ok(sum, *sum, t))
            return false;
    }
    return true;
}

static void run_sum(machine *m, uint32_t at, uint32_t c, const uint32_t *pair,
                    uint32_t n)
{
    number r;

    if (small_sum(&r.i, m, c, pair, n)) {
        store(m, at, &r, true);
        return;
    }
    r.f = m->p->constant[c];
    for (uint32_t j = 0; j < n; j++) {
        const uint32_t a = pair[2 * j + 1];
        zkg_fr t;

        widen(&t, &m->value[a], m->small[a]);
        zkg_fr_mul(&t, &t, &m->p->constant[pair[2 * j]]);
        zkg_fr_add(&r.f, &r.f, &t);
    }
    store(m, at, &r, false);
}

static uint64_t cell(const machine *m, uint32_t param, uint32_t i)
{
    return (m->broadcast[param] ? 0 : m->copy * m->p->param[param].count) + i;
}

static void run_get(machine *m, uint32_t at, uint32_t param, uint32_t i)
{
    const zkg_array *a = m->array[param];
    const uint64_t c = cell(m, param, i);
    number r;
    bool small = true;

    if (a->type != ZKG_FR) {
        r.i = zkg_array_get_i64(a, c);
    } else {
        r.f = ((const zkg_fr *)a->data)[c];
        small = zkg_fr_to_i64(&r.i, &((const zkg_fr *)a->data)[c]);
        if (!small)
            r.f = ((const zkg_fr *)a->data)[c];
    }
    store(m, at, &r, small);
}

static zkg_status does_not_fit(const machine *m, uint32_t param, uint32_t i,
                               const number *v, bool small, zkg_error *err)
{
    const zkg_dtype type = m->array[param]->type;
    zkg_scalar s;
    char text[80];
    zkg_fr f;

    widen(&f, v, small);
    zkg_fr_to_scalar(s.limb, &f);
    zkg_scalar_format(text, &s);
    return zkg_fail(
        err, ZKG_ERR_WITNESS,
        "kernel %s, copy %llu: %s[%u] would be %s, and holds "
        "%lld..%lld",
        m->kernel, (unsigned long long)m->copy, m->p->param[param].name, i,
        text, (long long)zkg_dtype_min(type), (long long)zkg_dtype_max(type));
}

static zkg_status run_put(machine *m, uint32_t param, uint32_t i, uint32_t a,
                          zkg_error *err)
{
    zkg_array *to = m->array[param];
    const uint64_t c = cell(m, param, i);
    int64_t v;

    if (to->type == ZKG_FR) {
        widen(&((zkg_fr *)to->data)[c], &m->value[a], m->small[a]);
        return ZKG_OK;
    }
    if (m->small[a])
        v = m->value[a].i;
    else if (!zkg_fr_to_i64(&v, &m->value[a].f))
        return does_not_fit(m, param, i, &m->value[a], false, err);
    if (v < zkg_dtype_min(to->type) || v > zkg_dtype_max(to->type))
        return does_not_fit(m, param, i, &m->value[a], m->small[a], err);
    zkg_array_set_i64(to, c, v);
    return ZKG_OK;
}

static zkg_status run_zero(const machine *m, uint32_t a, uint32_t text,
                           zkg_error *err)
{
    if (m->small[a] ? m->value[a].i == 0 : zkg_fr_is_zero(&m->value[a].f))
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "kernel %s, copy %llu: assertion %s does not hold",
                    m->kernel, (unsigned long long)m->copy, m->p->text[text]);
}

/* ---- hints ---- */

static void to_scalar(zkg_scalar *out, const number *v, bool small)
{
    zkg_fr f;

    widen(&f, v, small);
    zkg_fr_to_scalar(out->limb, &f);
}

static const zkg_hint *find_hint(const zkg_hints *hints, const char *name)
{
    for (size_t i = 0; hints != NULL && i < hints->count; i++) {
        if (strcmp(hints->hint[i].name, name) == 0)
            return &hints->hint[i];
    }
    return NULL;
}

static zkg_status no_hint(const char *kernel, const char *name, zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                    "kernel %s needs the hint \"%s\", which is not there: run "
                    "the program that brings it, or give the whole witness",
                    kernel, name);
}

static zkg_status call_hint(machine *m, const char *name, zkg_scalar *out,
                            uint32_t outs, const zkg_scalar *constant,
                            uint32_t constants, const zkg_scalar *in,
                            uint32_t ins, zkg_error *err)
{
    const zkg_builtin_fn builtin = zkg_builtin_hint(name);
    const zkg_hint *hint = find_hint(m->hints, name);
    zkg_error why = {0};
    zkg_status s;

    if (builtin != NULL)
        s = builtin(out, outs, constant, constants, in, ins, &why);
    else if (hint != NULL)
        s = hint->fn(hint->user, out, outs, in, ins, &why);
    else
        return no_hint(m->kernel, name, err);
    if (s == ZKG_OK)
        return ZKG_OK;
    return zkg_fail(err, s, "kernel %s, copy %llu: hint %s: %s", m->kernel,
                    (unsigned long long)m->copy, name, why.text);
}

/* word: t k c.. n a.. m; its results become the values from `at` on. */
static zkg_status run_hint(machine *m, uint32_t at, const uint32_t *word,
                           zkg_error *err)
{
    const char *name = m->p->text[word[0]];
    const uint32_t constants = word[1], *c = &word[2];
    const uint32_t ins = c[constants], *a = &c[constants + 1];
    const uint32_t outs = a[ins];
    const size_t need = (size_t)constants + ins + outs;
    zkg_scalar *s;

    if (need > m->scratch_len) {
        void *more = zkg_realloc(m->scratch, need, sizeof(m->scratch[0]));

        if (more == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a hint");
        m->scratch = more;
        m->scratch_len = need;
    }
    s = m->scratch;
    for (uint32_t i = 0; i < constants; i++)
        to_scalar(&s[i], &m->constant[c[i]], m->constant_small[c[i]]);
    for (uint32_t i = 0; i < ins; i++)
        to_scalar(&s[constants + i], &m->value[a[i]], m->small[a[i]]);
    memset(&s[constants + ins], 0, outs * sizeof(s[0]));
    ZKG_TRY(call_hint(m, name, &s[constants + ins], outs, s, constants,
                      &s[constants], ins, err));
    for (uint32_t i = 0; i < outs; i++) {
        number v;
        bool small = zkg_scalar_to_i64(&v.i, &s[constants + ins + i]);

        if (!small && !zkg_fr_from_scalar(&v.f, s[constants + ins + i].limb))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "kernel %s: hint %s gives a value that is not "
                            "below p",
                            m->kernel, name);
        store(m, at + i, &v, small);
    }
    return ZKG_OK;
}

/* ---- running ---- */

/* One copy.  The program was checked: words are what they should be. */
static zkg_status run_copy(machine *m, zkg_error *err)
{
    const uint32_t *w = m->p->code, *end = w + m->p->words;
    uint32_t at = 0;

    while (w < end) {
        switch (*w++) {
        case ZKG_OP_CONSTANT:
            store(m, at++, &m->constant[w[0]], m->constant_small[w[0]]);
            w += 1;
            break;
        case ZKG_OP_GET:
            run_get(m, at++, w[0], w[1]);
            w += 2;
            break;
        case ZKG_OP_MUL:
            run_mul(m, at++, w[0], w[1]);
            w += 2;
            break;
        case ZKG_OP_SUM:
            run_sum(m, at++, w[0], &w[2], w[1]);
            w += 2 + 2 * (size_t)w[1];
            break;
        case ZKG_OP_HINT:
            ZKG_TRY(run_hint(m, at, w, err));
            w += 2 + (size_t)w[1];
            w += 1 + (size_t)w[0];
            at += *w++;
            break;
        case ZKG_OP_ZERO:
            ZKG_TRY(run_zero(m, w[0], w[1], err));
            w += 2;
            break;
        default:
            ZKG_TRY(run_put(m, w[0], w[1], w[2], err));
            w += 3;
            break;
        }
    }
    return ZKG_OK;
}

static zkg_status check_arrays(const zkg_program *p, const char *kernel,
                               uint64_t copies, zkg_array *const *array,
                               const bool *broadcast, zkg_error *err)
{
    for (uint32_t k = 0; k < p->params; k++) {
        const zkg_program_param *q = &p->param[k];
        uint64_t cells;

        if (q->count == 0)
            continue;
        if (!zkg_mul_ok(&cells, broadcast[k] ? 1 : copies, q->count) ||
            array[k] == NULL || array[k]->data == NULL ||
            zkg_array_stored_count(array[k]) != cells ||
            (q->made && broadcast[k]))
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "kernel %s: parameter %s is not there, or not of "
                            "%u values a copy",
                            kernel, q->name, q->count);
    }
    return ZKG_OK;
}

static zkg_status machine_init(machine *m, zkg_error *err)
{
    const zkg_program *p = m->p;

    m->value = zkg_alloc((size_t)p->values + 1, sizeof(m->value[0]));
    m->small = zkg_alloc((size_t)p->values + 1, sizeof(m->small[0]));
    m->constant = zkg_alloc((size_t)p->constants + 1, sizeof(m->constant[0]));
    m->constant_small =
        zkg_alloc((size_t)p->constants + 1, sizeof(m->constant_small[0]));
    if (m->value == NULL || m->small == NULL || m->constant == NULL ||
        m->constant_small == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory to run kernel %s",
                        m->kernel);
    for (uint32_t i = 0; i < p->constants; i++) {
        m->constant_small[i] =
            zkg_fr_to_i64(&m->constant[i].i, &p->constant[i]);
        if (!m->constant_small[i])
            m->constant[i].f = p->constant[i];
    }
    return ZKG_OK;
}

zkg_status zkg_program_run(const zkg_program *p, const char *kernel,
                           uint64_t copies, zkg_array *const *array,
                           const bool *broadcast, const zkg_hints *hints,
                           zkg_error *err)
{
    machine m = {
        .p = p,
        .kernel = kernel,
        .array = array,
        .broadcast = broadcast,
        .hints = hints,
    };
    zkg_status s;

    ZKG_TRY(check_arrays(p, kernel, copies, array, broadcast, err));
    s = machine_init(&m, err);
    for (; m.copy < copies && s == ZKG_OK; m.copy++)
        s = run_copy(&m, err);
    zkg_free(m.value);
    zkg_free(m.small);
    zkg_free(m.constant);
    zkg_free(m.constant_small);
    zkg_free(m.scratch);
    return s;
}
