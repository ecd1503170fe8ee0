/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "../unit/rng.h"
#include "random_graph.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

#define MOST_VARS 96
#define MOST_LANES 18 /* copies of all calls */
#define MOST_INPUTS 5
#define MOST_OUTPUTS 3
#define MOST_CELLS 4
#define ROWS 16 /* of the table: cells that are looked up are below */

static const char order[] = "21888242871839275222246405745257275088548364400416"
                            "034343698204186575808495617";

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

typedef enum layout { WHOLE, SHARED, SLICED, TURNED, FLAT, LAYOUTS } layout;

typedef struct input {
    zkg_dtype type;
    zkg_visibility visibility;
    layout layout;
    uint32_t axes;
    uint64_t len[2], count;
    zkg_param param;
    int64_t cell[MOST_LANES][MOST_CELLS];
} input;

typedef struct output {
    uint64_t count;
    zkg_param param;
    uint32_t var[MOST_CELLS];
} output;

typedef struct model {
    rng random;
    mpz_t p;
    zkg_recorder *r;
    uint32_t calls, lanes;
    uint64_t copies[2];
    uint32_t inputs, outputs, vars;
    input input[MOST_INPUTS];
    output output[MOST_OUTPUTS];
    zkg_var var[MOST_VARS];
    mpz_t value[MOST_VARS][MOST_LANES];
    uint32_t small[MOST_VARS], smalls; /* below ROWS in all lanes */
    bool has_range, has_rows, given;   /* tables */
    zkg_lut range, rows;
    zkg_param counts;
    int64_t count[2][ROWS]; /* of each call */
} model;

static uint64_t below(model *m, uint64_t n)
{
    return rng_below(&m->random, n);
}

/* ---- values ---- */

static uint32_t add_var(model *m, zkg_var v)
{
    assert_true(m->vars < MOST_VARS);
    m->var[m->vars] = v;
    return m->vars++;
}

static void reduce(model *m, uint32_t v)
{
    for (uint32_t i = 0; i < m->lanes; i++)
        mpz_mod(m->value[v][i], m->value[v][i], m->p);
}

/* Recent ones more often: depth. */
static uint32_t pick(model *m)
{
    const uint32_t near = m->vars < 6 ? m->vars : 6;

    return below(m, 3) == 0 ? (uint32_t)below(m, m->vars)
                            : m->vars - 1 - (uint32_t)below(m, near);
}

static uint32_t pick_small(model *m)
{
    return m->small[below(m, m->smalls)];
}

static void binary(model *m, uint32_t a, uint32_t b, uint64_t kind)
{
    const zkg_var x = m->var[a], y = m->var[b];
    const uint32_t v = add_var(m, kind == 0   ? zkg_mul(m->r, x, y)
                                  : kind == 1 ? zkg_add(m->r, x, y)
                                              : zkg_sub(m->r, x, y));

    for (uint32_t i = 0; i < m->lanes; i++) {
        if (kind == 0)
            mpz_mul(m->value[v][i], m->value[a][i], m->value[b][i]);
        else if (kind == 1)
            mpz_add(m->value[v][i], m->value[a][i], m->value[b][i]);
        else
            mpz_sub(m->value[v][i], m->value[a][i], m->value[b][i]);
    }
    reduce(m, v);
}

static void combination(model *m)
{
    const uint64_t n = 1 + below(m, 5);
    int64_t c[5], c0 = (int64_t)below(m, 9) - 4;
    uint32_t from[5], v;
    zkg_var x[5];

    for (uint64_t k = 0; k < n; k++) {
        from[k] = pick(m);
        x[k] = m->var[from[k]];
        c[k] = (int64_t)below(m, 7) - 3;
    }
    v = add_var(m, zkg_combine(m->r, c0, n, c, x));
    for (uint32_t i = 0; i < m->lanes; i++) {
        mpz_set_si(m->value[v][i], c0);
        for (uint64_t k = 0; k < n; k++) {
            mpz_t t;

            mpz_init(t);
            mpz_mul_si(t, m->value[from[k]][i], c[k]);
            mpz_add(m->value[v][i], m->value[v][i], t);
            mpz_clear(t);
        }
    }
    reduce(m, v);
}

static void constant(model *m)
{
    static const char big[] = "0x123456789abcdef0fedcba9876543210";
    const bool text = below(m, 2) == 0;
    const int64_t small = (int64_t)below(m, 100) - 50;
    const uint32_t v = add_var(m, text ? zkg_constant_text(m->r, big)
                                       : zkg_constant(m->r, small));

    for (uint32_t i = 0; i < m->lanes; i++) {
        if (text)
            mpz_set_str(m->value[v][i], big, 0);
        else
            mpz_set_si(m->value[v][i], small);
    }
    reduce(m, v);
}

static void committed(model *m)
{
    const uint32_t a = pick(m);
    const uint32_t v = add_var(m, zkg_commit(m->r, ZKG_FR, m->var[a]));

    for (uint32_t i = 0; i < m->lanes; i++)
        mpz_set(m->value[v][i], m->value[a][i]);
}

/* Where no lane is 0. */
static void inverted(model *m)
{
    const uint32_t a = pick(m);
    uint32_t v;

    for (uint32_t i = 0; i < m->lanes; i++)
        if (mpz_sgn(m->value[a][i]) == 0)
            return;
    v = add_var(m, zkg_inverse(m->r, m->var[a]));
    for (uint32_t i = 0; i < m->lanes; i++)
        assert_true(mpz_invert(m->value[v][i], m->value[a][i], m->p));
}

static void taken_apart(model *m)
{
    const uint32_t a = pick_small(m);
    zkg_var bit[4];

    zkg_bits(m->r, 4, bit, m->var[a]);
    for (uint32_t k = 0; k < 4; k++) {
        const uint32_t v = add_var(m, bit[k]);

        for (uint32_t i = 0; i < m->lanes; i++)
            mpz_set_ui(m->value[v][i],
                       (unsigned long)mpz_tstbit(m->value[a][i], k));
        m->small[m->smalls++] = v;
    }
}

/* a = 3 q + rest, rest in {0, 1, 2} */
static void divided(model *m)
{
    const uint32_t a = pick_small(m);
    const zkg_var three = zkg_constant(m->r, 3);
    zkg_var q, rest, part[2];
    uint32_t v[2];

    zkg_hint_divide(m->r, ZKG_U8, &q, &rest, m->var[a], three);
    zkg_assert_equal(m->r, zkg_add(m->r, zkg_mul(m->r, q, three), rest),
                     m->var[a], "a quotient");
    part[0] = zkg_sub(m->r, rest, zkg_constant(m->r, 1));
    part[1] = zkg_sub(m->r, rest, zkg_constant(m->r, 2));
    zkg_assert_zero(m->r, zkg_mul(m->r, rest, zkg_mul(m->r, part[0], part[1])),
                    NULL);
    v[0] = add_var(m, q);
    v[1] = add_var(m, rest);
    for (uint32_t i = 0; i < m->lanes; i++)
        mpz_fdiv_qr_ui(m->value[v[0]][i], m->value[v[1]][i], m->value[a][i], 3);
    m->small[m->smalls++] = v[0];
    m->small[m->smalls++] = v[1];
}

/* Whatever is short enough in all lanes, by as many bits as it takes. */
static void ranged(model *m)
{
    const uint32_t a = pick(m);
    size_t bits = 1;

    for (uint32_t i = 0; i < m->lanes; i++) {
        const size_t n = mpz_sizeinbase(m->value[a][i], 2);

        bits = n > bits ? n : bits;
    }
    if (bits > 100)
        return;
    if (!m->has_range)
        m->range = zkg_lut_range(m->r, 3 + (uint32_t)below(m, 3));
    m->has_range = true;
    zkg_range(m->r, m->range, m->var[a], (uint32_t)bits);
}

/* x^2 + 1 and 7 x, by a table. */
static void looked_up(model *m)
{
    const uint32_t a = pick_small(m);
    uint32_t v[2], lane = 0;
    zkg_var out[2];

    if (!m->has_rows) {
        static const uint64_t rows = ROWS;

        m->rows = zkg_lut_new(m->r, "squares", 2);
        for (int64_t i = 0; i < ROWS; i++)
            zkg_lut_row(m->r, m->rows, i, (int64_t[]){i * i + 1, 7 * i});
        m->given = below(m, 2) == 0;
        if (m->given)
            m->counts = zkg_input(m->r, "counts", ZKG_I64, 1, &rows);
    }
    m->has_rows = true;
    zkg_lut_find(m->r, m->rows, ZKG_I64, 1, &m->var[a], out);
    v[0] = add_var(m, out[0]);
    v[1] = add_var(m, out[1]);
    for (uint32_t q = 0; q < m->calls; q++)
        for (uint64_t c = 0; c < m->copies[q]; c++, lane++) {
            const unsigned long x = mpz_get_ui(m->value[a][lane]);

            mpz_set_ui(m->value[v[0]][lane], x * x + 1);
            mpz_set_ui(m->value[v[1]][lane], 7 * x);
            m->count[q][x]++;
        }
}

/* A table of variables, and a query of one of its rows. */
static void own_table(model *m, uint32_t number)
{
    const uint32_t rows = 1 + (uint32_t)below(m, 3);
    uint32_t key[3], value[3], at;
    char name[16];
    zkg_lut t;

    (void)snprintf(name, sizeof(name), "own%u", (unsigned)number);
    t = zkg_lut_new(m->r, name, 1);
    for (uint32_t k = 0; k < rows; k++) {
        key[k] = pick(m);
        value[k] = pick(m);
        zkg_lut_row_vars(m->r, t, m->var[key[k]], &m->var[value[k]]);
    }
    at = (uint32_t)below(m, rows);
    zkg_lut_query(m->r, t, m->var[key[at]], &m->var[value[at]]);
    zkg_lut_check(m->r, t);
}

/* c ((x + y) z - x z - y z) = 0 */
static void challenged(model *m)
{
    const zkg_var x = m->var[pick(m)], y = m->var[pick(m)], z = m->var[pick(m)];
    const zkg_var sum = zkg_mul(m->r, zkg_add(m->r, x, y), z);
    const zkg_var parts =
        zkg_add(m->r, zkg_mul(m->r, x, z), zkg_mul(m->r, y, z));

    zkg_assert_zero(
        m->r, zkg_mul(m->r, zkg_challenge(m->r), zkg_sub(m->r, sum, parts)),
        "a product of a sum");
}

/* ---- the kernel ---- */

static void add_input(model *m, uint32_t k)
{
    static const zkg_dtype types[] = {ZKG_U8, ZKG_I16, ZKG_I64, ZKG_FR};
    input *in = &m->input[k];
    char name[8];

    (void)snprintf(name, sizeof(name), "x%u", (unsigned)k);
    /* The first is small, so that there is something to look up. */
    in->type = k == 0 ? ZKG_U8 : types[below(m, 4)];
    in->visibility = below(m, 2) == 0 ? ZKG_PUBLIC : ZKG_PRIVATE;
    in->layout = (layout)below(m, LAYOUTS);
    in->axes = (uint32_t)below(m, 3);
    in->count = 1;
    for (uint32_t a = 0; a < in->axes; a++) {
        in->len[a] = 1 + below(m, in->axes == 1 ? 3 : 2);
        in->count *= in->len[a];
    }
    in->param = zkg_input(m->r, name, in->type, in->axes, in->len);
    for (uint32_t i = 0; i < m->lanes; i++)
        for (uint64_t e = 0; e < in->count; e++) {
            int64_t *cell = &in->cell[i][e];

            *cell = in->type == ZKG_U8    ? (int64_t)below(m, ROWS)
                    : in->type == ZKG_I16 ? (int64_t)below(m, 65536) - 32768
                                          : (int64_t)rng_edge(&m->random);
            if (in->layout == SHARED && i > 0)
                *cell = in->cell[0][e];
        }
    for (uint64_t e = 0; e < in->count; e++) {
        const uint32_t v = add_var(m, zkg_get(m->r, in->param, e));

        for (uint32_t i = 0; i < m->lanes; i++)
            mpz_set_si(m->value[v][i], in->cell[i][e]);
        reduce(m, v);
        if (in->type == ZKG_U8)
            m->small[m->smalls++] = v;
    }
}

static void add_output(model *m, uint32_t k, uint32_t all)
{
    output *out = &m->output[k];
    char name[8];

    (void)snprintf(name, sizeof(name), "y%u", (unsigned)k);
    out->count = 1 + below(m, 3);
    out->param = zkg_output(m->r, name, ZKG_FR, 1, &out->count);
    for (uint64_t e = 0; e < out->count; e++) {
        out->var[e] = k + e == 0 ? all : pick(m);
        zkg_set(m->r, out->param, e, m->var[out->var[e]]);
    }
}

/* The sum of an entry of each input: all are read. */
static uint32_t sum_of_inputs(model *m)
{
    zkg_var x[MOST_INPUTS];
    uint32_t from[MOST_INPUTS], at = 0, v;

    for (uint32_t k = 0; k < m->inputs; k++) {
        from[k] = at;
        x[k] = m->var[at];
        at += (uint32_t)m->input[k].count;
    }
    v = add_var(m, zkg_sum(m->r, m->inputs, x));
    for (uint32_t i = 0; i < m->lanes; i++)
        for (uint32_t k = 0; k < m->inputs; k++)
            mpz_add(m->value[v][i], m->value[v][i], m->value[from[k]][i]);
    reduce(m, v);
    return v;
}

static void record(model *m)
{
    const uint64_t ops = 3 + below(m, 14);
    zkg_error err = {0};
    uint32_t all;

    must(zkg_recorder_new(&m->r, "random", &err), &err);
    m->inputs = 1 + (uint32_t)below(m, MOST_INPUTS);
    for (uint32_t k = 0; k < m->inputs; k++)
        add_input(m, k);
    for (uint64_t op = 0; op < ops; op++) {
        switch (below(m, 14)) {
        case 0:
            constant(m);
            break;
        case 1:
            committed(m);
            break;
        case 2:
            inverted(m);
            break;
        case 3:
            taken_apart(m);
            break;
        case 4:
            divided(m);
            break;
        case 5:
            ranged(m);
            break;
        case 6:
            looked_up(m);
            break;
        case 7:
            own_table(m, (uint32_t)op);
            break;
        case 8:
            challenged(m);
            break;
        case 9:
            combination(m);
            break;
        default:
            binary(m, pick(m), pick(m), below(m, 4) % 3);
            break;
        }
    }
    all = sum_of_inputs(m);
    m->outputs = 1 + (uint32_t)below(m, MOST_OUTPUTS);
    for (uint32_t k = 0; k < m->outputs; k++)
        add_output(m, k, all);
    if (m->has_range)
        zkg_lut_check(m->r, m->range);
    if (m->has_rows && m->given)
        zkg_lut_check_counts(m->r, m->rows, m->counts);
    else if (m->has_rows)
        zkg_lut_check(m->r, m->rows);
    must(zkg_recorder_finish(m->r, &err), &err);
}

/* ---- the graph ---- */

/* Axes of the tensor that an input is a view of. */
static uint32_t base_shape(uint64_t len[4], const input *in, uint64_t copies)
{
    uint32_t axes = 0;

    if (in->layout == FLAT) {
        len[0] = copies * in->count;
        return 1;
    }
    if (in->layout == WHOLE || in->layout == SLICED)
        len[axes++] = copies + (in->layout == SLICED ? 2 : 0);
    for (uint32_t a = 0; a < in->axes; a++)
        len[axes++] = in->len[a];
    if (in->layout == TURNED)
        len[axes++] = copies;
    return axes;
}

/* Where entry e of a copy is in there. */
static uint64_t base_cell(const input *in, uint64_t copies, uint64_t copy,
                          uint64_t e)
{
    switch (in->layout) {
    case SHARED:
        return e;
    case SLICED:
        return (copy + 1) * in->count + e;
    case TURNED:
        return e * copies + copy;
    default:
        return copy * in->count + e;
    }
}

static void input_name(char name[16], uint32_t call, uint32_t k)
{
    (void)snprintf(name, 16, "in%u_%u", (unsigned)call, (unsigned)k);
}

/* A handle of the shape that the call wants. */
static zkg_handle give(zkg_device *d, const input *in, uint32_t call,
                       uint32_t k, uint64_t copies)
{
    const uint32_t turn[3] = {in->axes, 0, 1};
    uint64_t len[4], view[3] = {copies, in->len[0], in->len[1]};
    const uint32_t axes = base_shape(len, in, copies);
    zkg_error err = {0};
    zkg_handle h = {0};
    char name[16];

    input_name(name, call, k);
    must(zkg_device_input(d, &h, name, in->type, in->visibility, axes, len,
                          &err),
         &err);
    if (in->layout == SLICED)
        must(zkg_device_slice(d, &h, h, 0, 1, copies, &err), &err);
    else if (in->layout == TURNED)
        must(zkg_device_transpose(d, &h, h, turn, &err), &err);
    else if (in->layout == FLAT)
        must(zkg_device_reshape(d, &h, h, 1 + in->axes, view, &err), &err);
    return h;
}

static zkg_handle call_kernel(model *m, zkg_device *d, uint32_t call)
{
    char param[MOST_INPUTS + MOST_OUTPUTS][8], name[32];
    zkg_arg arg[MOST_INPUTS + MOST_OUTPUTS + 1];
    zkg_handle out[MOST_OUTPUTS] = {{0}};
    zkg_error err = {0};
    size_t n = 0;

    for (uint32_t k = 0; k < m->inputs; k++, n++) {
        (void)snprintf(param[n], 8, "x%u", (unsigned)k);
        arg[n] = (zkg_arg){
            param[n], .in = give(d, &m->input[k], call, k, m->copies[call]),
            .broadcast = m->input[k].layout == SHARED};
    }
    for (uint32_t k = 0; k < m->outputs; k++, n++) {
        (void)snprintf(param[n], 8, "y%u", (unsigned)k);
        arg[n] = (zkg_arg){param[n], .out = &out[k]};
    }
    if (m->has_rows && m->given) {
        const uint64_t rows = ROWS;

        (void)snprintf(name, sizeof(name), "counts%u", (unsigned)call);
        arg[n] = (zkg_arg){"counts", .broadcast = true};
        must(zkg_device_input(d, &arg[n].in, name, ZKG_I64, ZKG_PRIVATE, 1,
                              &rows, &err),
             &err);
        n++;
    }
    (void)snprintf(name, sizeof(name), "call%u", (unsigned)call);
    must(zkg_device_call(d, name, m->r, m->copies[call], arg, n, &err), &err);
    for (uint32_t k = 0; k < m->outputs; k++) {
        (void)snprintf(name, sizeof(name), "out%u_%u", (unsigned)call,
                       (unsigned)k);
        must(zkg_device_output(d, out[k], name,
                               below(m, 2) == 0 ? ZKG_PUBLIC : ZKG_PRIVATE,
                               &err),
             &err);
    }
    return out[0];
}

/* All that the first output of the first call holds, added up. */
static void call_total(model *m, zkg_device *d, zkg_handle y)
{
    const uint64_t n = m->copies[0] * m->output[0].count;
    zkg_var x[MOST_LANES * MOST_CELLS];
    zkg_recorder *r = NULL;
    zkg_error err = {0};
    zkg_handle sum = {0};
    zkg_param in, out;

    must(zkg_recorder_new(&r, "total", &err), &err);
    in = zkg_input(r, "y", ZKG_FR, 1, &n);
    out = zkg_output(r, "sum", ZKG_FR, 0, NULL);
    for (uint64_t i = 0; i < n; i++)
        x[i] = zkg_get(r, in, i);
    zkg_set(r, out, 0, zkg_sum(r, n, x));
    must(zkg_recorder_finish(r, &err), &err);
    must(zkg_device_reshape(d, &y, y, 1, &n, &err), &err);
    must(zkg_device_call(d, "total", r, 1,
                         (zkg_arg[]){{"y", .in = y}, {"sum", .out = &sum}}, 2,
                         &err),
         &err);
    must(zkg_device_output(d, sum, "sum", ZKG_PUBLIC, &err), &err);
    zkg_recorder_free(r);
}

/* ---- the witness ---- */

static zkg_array *make(fx *f, const char *name)
{
    const zkg_tensor *t =
        &f->graph->st.tensor[zkg_statement_tensor_id(&f->graph->st, name)];
    zkg_error err = {0};

    must(zkg_array_init(fx_array(f, name), t->type, t->axes, t->len, &err),
         &err);
    return fx_array(f, name);
}

static void fill(const model *m, fx *f)
{
    uint32_t lane = 0;

    for (uint32_t q = 0; q < m->calls; q++) {
        for (uint32_t k = 0; k < m->inputs; k++) {
            const input *in = &m->input[k];
            char name[16];
            zkg_array *a;

            input_name(name, q, k);
            a = make(f, name);
            for (uint64_t c = 0; c < m->copies[q]; c++)
                for (uint64_t e = 0; e < in->count; e++)
                    zkg_array_set_i64(a, base_cell(in, m->copies[q], c, e),
                                      in->cell[lane + c][e]);
        }
        lane += (uint32_t)m->copies[q];
        if (m->has_rows && m->given) {
            char name[16];
            zkg_array *a;

            (void)snprintf(name, sizeof(name), "counts%u", (unsigned)q);
            a = make(f, name);
            for (uint64_t i = 0; i < ROWS; i++)
                zkg_array_set_i64(a, i, m->count[q][i]);
        }
    }
}

static void assert_cell(const zkg_array *a, uint64_t i, const mpz_t want)
{
    uint64_t limb[4];
    mpz_t is;

    zkg_fr_to_scalar(limb, (const zkg_fr *)a->data + i);
    mpz_init(is);
    mpz_import(is, 4, -1, sizeof(limb[0]), 0, 0, limb);
    if (mpz_cmp(is, want) != 0)
        gmp_printf("cell %lu: %Zd, the model has %Zd\n", (unsigned long)i, is,
                   want);
    assert_int_equal(mpz_cmp(is, want), 0);
    mpz_clear(is);
}

static void compare(const model *m, fx *f)
{
    uint32_t lane = 0;
    mpz_t sum;

    mpz_init(sum);
    for (uint32_t q = 0; q < m->calls; q++) {
        for (uint64_t c = 0; c < m->copies[q]; c++, lane++)
            for (uint32_t k = 0; k < m->outputs; k++) {
                const output *out = &m->output[k];
                char name[16];

                (void)snprintf(name, sizeof(name), "out%u_%u", (unsigned)q,
                               (unsigned)k);
                for (uint64_t e = 0; e < out->count; e++) {
                    assert_cell(fx_array(f, name), c * out->count + e,
                                m->value[out->var[e]][lane]);
                    if (q == 0 && k == 0)
                        mpz_add(sum, sum, m->value[out->var[e]][lane]);
                }
            }
    }
    mpz_mod(sum, sum, m->p);
    assert_cell(fx_array(f, "sum"), 0, sum);
    mpz_clear(sum);
}

/* ---- all of it ---- */

static model *new_model(uint64_t seed)
{
    static const uint64_t copies[] = {1, 2, 3, 4, 5, 7, 8, 9};
    model *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    m->random.state = seed;
    mpz_init_set_str(m->p, order, 10);
    for (uint32_t v = 0; v < MOST_VARS; v++)
        for (uint32_t i = 0; i < MOST_LANES; i++)
            mpz_init(m->value[v][i]);
    m->calls = 1 + (uint32_t)below(m, 2);
    for (uint32_t q = 0; q < m->calls; q++) {
        m->copies[q] = copies[below(m, 8)];
        m->lanes += (uint32_t)m->copies[q];
    }
    return m;
}

static void free_model(model *m)
{
    mpz_clear(m->p);
    for (uint32_t v = 0; v < MOST_VARS; v++)
        for (uint32_t i = 0; i < MOST_LANES; i++)
            mpz_clear(m->value[v][i]);
    zkg_recorder_free(m->r);
    free(m);
}

void rg_init(fx *f, uint64_t seed, uint32_t power)
{
    model *m = new_model(seed);
    zkg_graph *graph = NULL;
    zkg_device *d = NULL;
    zkg_error err = {0};
    zkg_handle first;

    record(m);
    must(zkg_device_new(&d, &err), &err);
    first = call_kernel(m, d, 0);
    if (m->calls > 1)
        (void)call_kernel(m, d, 1);
    call_total(m, d, first);
    must(zkg_device_finish(&graph, d, &err), &err);
    zkg_device_free(d);
    fx_begin(f, graph, power);
    fill(m, f);
    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
    compare(m, f);
    free_model(m);
}

/* Whether a call made the tensor: an output or a hint, no count. */
static bool is_computed(const zkg_tensor *t)
{
    return strncmp(t->name, "out", 3) == 0 || strstr(t->name, ".hint_") != NULL;
}

void rg_spoil(fx *f, uint64_t seed)
{
    const zkg_statement *st = &f->graph->st;
    rng random = {seed};
    uint32_t id;
    uint64_t i;
    zkg_array *a;

    do
        id = (uint32_t)rng_below(&random, st->tensors);
    while (!is_computed(&st->tensor[id]));
    a = &f->witness.array[id];
    i = rng_below(&random, zkg_array_count(a));
    if (a->type == ZKG_FR) {
        zkg_fr *cell = (zkg_fr *)a->data + i;

        zkg_fr_add(cell, cell, &zkg_fr_one);
    } else {
        const int64_t v = zkg_array_get_i64(a, i);

        zkg_array_set_i64(a, i, v < 100 ? v + 1 : v - 1);
    }
    print_message("# seed %llu: %s[%llu]\n", (unsigned long long)seed,
                  st->tensor[id].name, (unsigned long long)i);
}
