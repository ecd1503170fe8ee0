/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a recording, and what the kernel costs. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "kernel/compile.h"

/* Every output is set; of an in-out, what is not set stays. */
static void check_outputs(zkg_recorder *r)
{
    for (uint32_t i = 0; i < r->param.count; i++) {
        zkg_recorded_param *p = zkg_recorder_param(r, i);

        if (p->role != ZKG_ROLE_OUTPUT)
            continue;
        for (uint64_t k = 0; k < p->count; k++) {
            if (p->is_set[k])
                continue;
            if (p->pair == ZKG_NO_PARAM) {
                zkg_recorder_fail(r, ZKG_ERR_INVALID, "%s[%llu] is not set",
                                  p->name, (unsigned long long)k);
                return;
            }
            p->set[k] = zkg_recorder_cell(r, p->pair, k);
            p->is_set[k] = true;
        }
    }
}

/* A row, its key first. */
typedef struct keyed_row {
    const int64_t *at;
    uint32_t values;
} keyed_row;

static int by_row(const void *a, const void *b)
{
    const keyed_row *x = a, *y = b;

    for (uint32_t c = 0; c <= x->values; c++)
        if (x->at[c] != y->at[c])
            return x->at[c] < y->at[c] ? -1 : 1;
    return 0;
}

/* Where values are found by their key, a key has one row: of two the prover
 * could choose. */
static void check_keys(zkg_recorder *r, const zkg_recorded_table *t)
{
    keyed_row *row = zkg_alloc(t->rows, sizeof(row[0]));

    if (row == NULL) {
        zkg_recorder_fail(r, ZKG_ERR_NOMEM, "no memory for a table");
        return;
    }
    for (uint32_t i = 0; i < t->rows; i++)
        row[i] = (keyed_row){&t->row[(size_t)i * (1 + t->values)], t->values};
    qsort(row, t->rows, sizeof(row[0]), by_row);
    for (uint32_t i = 1; i < t->rows; i++)
        if (row[i].at[0] == row[i - 1].at[0] && by_row(&row[i - 1], &row[i]))
            zkg_recorder_fail(r, ZKG_ERR_INVALID,
                              "table %s has several values for key %" PRId64
                              ", and is looked up by it",
                              t->name, row[i].at[0]);
    zkg_free(row);
}

static void check_tables(zkg_recorder *r)
{
    for (uint32_t i = 0; i < r->table.count; i++) {
        const zkg_recorded_table *t = zkg_recorder_table(r, i);

        if (t->found)
            check_keys(r, t);
        if (t->use == ZKG_TABLE_OPEN)
            zkg_recorder_fail(r, ZKG_ERR_INVALID,
                              "table %s is never checked: zkg_lut_check()",
                              t->name);
    }
}

static zkg_status fail_as(const zkg_recorder *r, zkg_error *err)
{
    return zkg_fail(err, r->failed.status, "%s", r->failed.text);
}

zkg_status zkg_recorder_finish(zkg_recorder *r, zkg_error *err)
{
    const zkg_compile_options options = {.view = NULL};
    zkg_compiled compiled;
    zkg_error why = {0};

    if (zkg_recorder_open(r)) {
        check_outputs(r);
        check_tables(r);
    }
    if (r->failed.status != ZKG_OK)
        return fail_as(r, err);
    r->finished = true;
    if (zkg_compile(&compiled, r, &options, &why) != ZKG_OK) {
        r->failed = why;
        return fail_as(r, err);
    }
    zkg_compiled_clear(&compiled);
    return ZKG_OK;
}

static zkg_status compile_plain(zkg_compiled *out, const zkg_recorder *r,
                                zkg_error *err)
{
    const zkg_compile_options options = {.view = NULL};

    if (r->failed.status != ZKG_OK)
        return fail_as(r, err);
    if (!r->finished)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "kernel %s is not finished: zkg_recorder_finish()",
                        r->name);
    return zkg_compile(out, r, &options, err);
}

zkg_status zkg_recorder_cost(zkg_kernel_cost *out, const zkg_recorder *r,
                             zkg_error *err)
{
    zkg_compiled compiled;

    ZKG_TRY(compile_plain(&compiled, r, err));
    *out = compiled.cost;
    zkg_compiled_clear(&compiled);
    return ZKG_OK;
}

/* ---- as text ---- */

static void line(zkg_writer *w, const char *fmt, ...) ZKG_PRINTF(2, 3);
static void line(zkg_writer *w, const char *fmt, ...)
{
    char text[300];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)zkg_writer_bytes(
        w, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static const char *kind_name(zkg_circuit_kind kind)
{
    return kind == ZKG_CIRCUIT_LINEAR        ? "linear"
           : kind == ZKG_CIRCUIT_ELEMENTWISE ? "elementwise"
                                             : "products";
}

static void describe(zkg_writer *w, const zkg_recorder *r,
                     const zkg_compiled *c)
{
    const zkg_kernel_cost *k = &c->cost;

    line(w,
         "kernel %s: %" PRIu32 " layers, %" PRIu64 " gates, widest %" PRIu64
         "\n",
         r->name, k->layers, k->gates, k->widest);
    line(w,
         "  terms: %" PRIu64 " products, %" PRIu64 " linear (%" PRIu64
         " of them relays), %" PRIu64 " constants\n",
         k->products, k->linear, k->relays, k->constants);
    line(w,
         "  a copy commits to %" PRIu64 " values, asserts %" PRIu64
         ", looks up %" PRIu64 "\n",
         k->committed, k->asserted, k->queries);
    for (uint32_t i = 0; i < c->circuit.layers; i++) {
        const zkg_circuit_layer *l = &c->circuit.layer[i];
        zkg_circuit_plan plan;

        zkg_circuit_plan_layer(&plan, &c->circuit, i);
        line(w,
             "  layer %" PRIu32 ": %" PRIu32 " gates (%s), %" PRIu32
             " products, %" PRIu32 " linear, %" PRIu64 " relays\n",
             i, l->gates, kind_name(plan.kind), l->muls, l->adds, c->relays[i]);
    }
    (void)zkg_writer_u8(w, 0);
}

zkg_status zkg_recorder_describe(char **text, const zkg_recorder *r,
                                 zkg_error *err)
{
    zkg_compiled compiled;
    zkg_writer w;
    size_t len;

    ZKG_TRY(compile_plain(&compiled, r, err));
    zkg_writer_init(&w);
    describe(&w, r, &compiled);
    zkg_compiled_clear(&compiled);
    if (w.status != ZKG_OK) {
        zkg_writer_free(&w);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory to describe kernel %s",
                        r->name);
    }
    *text = (char *)zkg_writer_take(&w, &len);
    return ZKG_OK;
}

void zkg_recorder_free_text(char *text)
{
    zkg_free(text);
}
