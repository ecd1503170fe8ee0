/* SPDX-License-Identifier: Apache-2.0
 * Outputs against the float model's. */
#include "accuracy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

zkg_status zkg_expectation_check(zkg_expectation *e, zkg_error *err)
{
    char *end;

    if (e->max_error == NULL)
        return ZKG_OK;
    if (e->path == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--max-error goes with --expect FILE, the float "
                        "model's outputs");
    e->limit = strtod(e->max_error, &end);
    if (*end != '\0' || end == e->max_error || !(e->limit >= 0))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--max-error: `%s` is not a number from 0",
                        e->max_error);
    return ZKG_OK;
}

zkg_status zkg_expectation_measure(zkg_expectation *e, const zkg_witness *w,
                                   const zkg_graph *g, zkg_error *err)
{
    if (e->path == NULL)
        return ZKG_OK;
    ZKG_TRY(zkg_accuracy_measure(&e->found, w, g, e->path, err));
    e->outputs = g->outputs;
    return e->max_error == NULL
               ? ZKG_OK
               : zkg_accuracy_gate(e->found, e->outputs, e->limit, err);
}

void zkg_expectation_print(const zkg_expectation *e)
{
    for (uint32_t i = 0; i < e->outputs; i++) {
        const zkg_accuracy *a = &e->found[i];

        printf("%s against %s: largest error %.4g, mean %.4g, root mean "
               "square %.4g; largest entry agrees in %" PRIu64 " of %" PRIu64
               " rows\n",
               a->name, e->path, a->max_error, a->mean_error, a->rmse,
               a->same_rows, a->rows);
    }
}

static void key_double(zkg_json_out *o, const char *key, double v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_double(o, v);
}

static void key_u64(zkg_json_out *o, const char *key, uint64_t v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, v);
}

void zkg_expectation_json(zkg_json_out *o, const zkg_expectation *e)
{
    if (e->outputs == 0)
        return;
    zkg_json_out_key(o, "accuracy");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < e->outputs; i++) {
        const zkg_accuracy *a = &e->found[i];

        zkg_json_out_line_object(o);
        zkg_json_out_key(o, "output");
        zkg_json_out_string(o, a->name);
        key_double(o, "max_error", a->max_error);
        key_double(o, "mean_error", a->mean_error);
        key_double(o, "rmse", a->rmse);
        key_u64(o, "rows", a->rows);
        key_u64(o, "same_argmax", a->same_rows);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

void zkg_expectation_clear(zkg_expectation *e)
{
    zkg_free(e->found);
    e->found = NULL;
    e->outputs = 0;
}
