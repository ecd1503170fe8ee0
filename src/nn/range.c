/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that hold a tensor to its range, and a task that does. */
#include "nn/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"

/* ---- tables by name ---- */

static zkg_status another(const char *name, zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_INVALID,
                    "the graph has a table %s with other rows; give it "
                    "another name",
                    name);
}

zkg_status zkg_nn_share_table(zkg_graph *g, const char *name,
                              zkg_table_kind kind, uint32_t bits,
                              zkg_error *err)
{
    const uint32_t id = zkg_statement_table_id(&g->st, name);

    if (id == ZKG_NO_ID)
        return zkg_graph_add_table(g, name, kind, bits, err);
    return g->st.table[id].kind == kind && g->st.table[id].bits == bits
               ? ZKG_OK
               : another(name, err);
}

zkg_status zkg_nn_share_columns(zkg_graph *g, const char *name,
                                uint32_t columns, uint64_t rows,
                                const int64_t *const *column, zkg_error *err)
{
    const uint32_t id = zkg_statement_table_id(&g->st, name);
    const zkg_stmt_table *t;
    bool same;

    if (id == ZKG_NO_ID)
        return zkg_graph_add_columns(g, name, columns, rows, column, err);
    t = &g->st.table[id];
    same =
        t->kind == ZKG_KIND_COLUMNS && t->columns == columns && t->rows == rows;
    for (uint32_t c = 0; same && c < columns; c++)
        same = memcmp(t->column[c].data, column[c],
                      rows * sizeof(column[c][0])) == 0;
    return same ? ZKG_OK : another(name, err);
}

/* ---- ranges ---- */

/* "m5" for -5: names have no sign. */
static void number_name(char out[32], int64_t v)
{
    const uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    snprintf(out, 32, "%s%" PRIu64, v < 0 ? "m" : "", m);
}

static zkg_status share_rows(zkg_graph *g, const char *name, int64_t min,
                             int64_t max, zkg_error *err)
{
    const uint64_t rows = (uint64_t)max - (uint64_t)min + 1;
    const int64_t *columns[1];
    int64_t *value;
    zkg_status s;

    if (rows == 0 || rows > ZKG_MAX_TABLE_ROWS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "a range of %lld..%lld is too large for a table, which "
                        "has at most 2^20 rows",
                        (long long)min, (long long)max);
    value = zkg_alloc(rows, sizeof(value[0]));
    if (value == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < rows; i++)
        value[i] = min + (int64_t)i;
    columns[0] = value;
    s = zkg_nn_share_columns(g, name, 1, rows, columns, err);
    zkg_free(value);
    return s;
}

zkg_status zkg_nn_range_table(char name[ZKG_NN_TABLE_NAME], zkg_graph *g,
                              int64_t min, int64_t max, zkg_error *err)
{
    char low[32], high[32];

    if (min == 0 && max > 0 && max < INT32_MAX &&
        zkg_is_pow2((uint64_t)max + 1)) {
        const uint32_t bits = zkg_log2_ceil((uint64_t)max + 1);

        snprintf(name, ZKG_NN_TABLE_NAME, "range%u", bits);
        return zkg_nn_share_table(g, name, ZKG_KIND_RANGE, bits, err);
    }
    if (min < 0 && max < INT32_MAX && max == -1 - min &&
        zkg_is_pow2((uint64_t)max + 1)) {
        const uint32_t bits = zkg_log2_ceil((uint64_t)max + 1) + 1;

        snprintf(name, ZKG_NN_TABLE_NAME, "signed%u", bits);
        return zkg_nn_share_table(g, name, ZKG_KIND_SIGNED_RANGE, bits, err);
    }
    number_name(low, min);
    number_name(high, max);
    snprintf(name, ZKG_NN_TABLE_NAME, "from_%s_to_%s", low, high);
    return share_rows(g, name, min, max, err);
}

zkg_status zkg_nn_range(zkg_graph *g, const char *tensor, zkg_error *err)
{
    const uint32_t id = zkg_statement_tensor_id(&g->st, tensor);
    char table[ZKG_NN_TABLE_NAME], kernel[ZKG_MAX_NAME + 8];
    char axes[ZKG_MAX_AXES * 16] = "";
    zkg_tensor t;
    size_t n = 0;

    if (id == ZKG_NO_ID)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "no tensor is named \"%s\"",
                        tensor);
    t = g->st.tensor[id];
    if (t.axes + 1 > ZKG_MAX_AXES)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED, "tensor %s: %u axes", tensor,
                        t.axes);
    ZKG_TRY(zkg_nn_range_table(table, g, t.min, t.max, err));
    snprintf(kernel, sizeof(kernel), "range:%s", tensor);
    ZKG_TRY(zkg_graph_add_kernel(g, kernel, err));
    for (uint32_t i = 0; i < t.axes; i++) {
        char axis[16];

        snprintf(axis, sizeof(axis), "i%u", i);
        ZKG_TRY(zkg_graph_kernel_axis(g, kernel, axis, t.len[i], err));
        n += (size_t)snprintf(axes + n, sizeof(axes) - n, "%s%s",
                              i > 0 ? "," : "", axis);
    }
    ZKG_TRY(zkg_graph_kernel_param(g, kernel, "x", axes, err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, kernel, table, "x", err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, kernel, 1, err));
    return zkg_graph_bind(g, "x", tensor, false, err);
}
