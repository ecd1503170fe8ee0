/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups, hinted and hintless.
 *
 * A table of 123 rows, a key and seven values each, asked 456 times; and range
 * proofs of 10, 24, 37 and 49 bits by limbs of 8.  Hinted, the prover counts
 * how often each row is asked for; hintless, the caller gives those counts.
 * Either way the same is proven.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

enum { ROWS = 123, VALUES = 7, QUERIES = 456, COPIES = 3, RANGES = 4 };

static const uint32_t range_bits[RANGES] = {10, 24, 37, 49};

static int64_t key_of(int row)
{
    return 1000 + 7 * (int64_t)row;
}

static int64_t value_of(int row, int column)
{
    return ((int64_t)row * row + 31 * column) % 997 - 400;
}

/* ---- kernels ---- */

static zkg_lut record_table(zkg_recorder *r)
{
    const zkg_lut t = zkg_lut_new(r, "seven_values", VALUES);
    int64_t key[ROWS], value[VALUES][ROWS];
    const int64_t *column[VALUES];

    for (int i = 0; i < ROWS; i++) {
        key[i] = key_of(i);
        for (int c = 0; c < VALUES; c++)
            value[c][i] = value_of(i, c);
    }
    for (int c = 0; c < VALUES; c++)
        column[c] = value[c];
    /* most of them as columns, the last row alone */
    zkg_lut_columns(r, t, ROWS - 1, key, column);
    {
        int64_t last[VALUES];

        for (int c = 0; c < VALUES; c++)
            last[c] = value[c][ROWS - 1];
        zkg_lut_row(r, t, key[ROWS - 1], last);
    }
    return t;
}

static zkg_status record_queries(zkg_recorder **out, bool hintless,
                                 zkg_error *err)
{
    static const uint64_t rows = ROWS;
    zkg_var key[QUERIES], value[QUERIES * VALUES];
    zkg_recorder *r;

    ZKG_TRY(
        zkg_recorder_new(&r, hintless ? "queries_counted" : "queries", err));
    *out = r;

    const zkg_param k = zkg_input(r, "keys", ZKG_I32, 1, (uint64_t[]){QUERIES});
    const zkg_param v =
        zkg_output(r, "values", ZKG_I32, 2, (uint64_t[]){QUERIES, VALUES});
    const zkg_lut t = record_table(r);

    for (uint64_t i = 0; i < QUERIES; i++)
        key[i] = zkg_get(r, k, i);
    zkg_lut_find(r, t, ZKG_I32, QUERIES, key, value);
    if (hintless)
        zkg_lut_check_counts(r, t, zkg_input(r, "counts", ZKG_I64, 1, &rows));
    else
        zkg_lut_check(r, t);
    for (uint64_t i = 0; i < QUERIES * VALUES; i++)
        zkg_set(r, v, i, value[i]);
    return zkg_recorder_finish(r, err);
}

static zkg_status record_ranges(zkg_recorder **out, bool hintless,
                                zkg_error *err)
{
    static const uint64_t rows = 256;
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, hintless ? "ranges_counted" : "ranges", err));
    *out = r;

    const zkg_param x = zkg_input(r, "x", ZKG_I64, 1, (uint64_t[]){RANGES});
    const zkg_lut limbs = zkg_lut_range(r, 8);

    for (uint64_t i = 0; i < RANGES; i++)
        zkg_range(r, limbs, zkg_get(r, x, i), range_bits[i]);
    if (hintless)
        zkg_lut_check_counts(r, limbs,
                             zkg_input(r, "counts", ZKG_I64, 1, &rows));
    else
        zkg_lut_check(r, limbs);
    return zkg_recorder_finish(r, err);
}

/* ---- graph ---- */

typedef struct kernels {
    zkg_recorder *queries, *ranges;
    bool hintless;
} kernels;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const kernels *k = user;
    const size_t args = k->hintless ? 3 : 2;
    zkg_handle keys, x, values, counts = {0}, limbs = {0};

    ZKG_TRY(zkg_device_input(d, &keys, "keys", ZKG_I32, ZKG_PRIVATE, 2,
                             (uint64_t[]){COPIES, QUERIES}, err));
    ZKG_TRY(zkg_device_input(d, &x, "x", ZKG_I64, ZKG_PRIVATE, 2,
                             (uint64_t[]){COPIES, RANGES}, err));
    if (k->hintless) {
        ZKG_TRY(zkg_device_input(d, &counts, "counts", ZKG_I64, ZKG_PRIVATE, 1,
                                 (uint64_t[]){ROWS}, err));
        ZKG_TRY(zkg_device_input(d, &limbs, "limbs", ZKG_I64, ZKG_PRIVATE, 1,
                                 (uint64_t[]){256}, err));
    }
    ZKG_TRY(zkg_device_call(
        d, "queries", k->queries, COPIES,
        (zkg_arg[]){{"keys", .in = keys},
                    {"values", .out = &values},
                    {"counts", .in = counts, .broadcast = true}},
        args, err));
    ZKG_TRY(zkg_device_call(
        d, "ranges", k->ranges, COPIES,
        (zkg_arg[]){{"x", .in = x}, {"counts", .in = limbs, .broadcast = true}},
        args - 1, err));
    return zkg_device_output(d, values, "values", ZKG_PUBLIC, err);
}

/* ---- data ---- */

typedef struct data {
    int64_t key[COPIES * QUERIES], value[COPIES * QUERIES * VALUES];
    int64_t count[ROWS];
    int64_t x[COPIES * RANGES], limb[256];
} data;

/* What a range proof of `bits` bits looks up. */
static void count_limbs(int64_t *count, int64_t x, uint32_t bits)
{
    for (uint32_t at = 0; at < bits; at += 8) {
        const int64_t limb = x >> at & 255;

        count[limb]++;
        if (bits - at < 8) /* the highest limb, shifted up as well */
            count[limb << (8 - (bits - at))]++;
    }
}

static void fill(data *d)
{
    memset(d, 0, sizeof(*d));
    for (int i = 0; i < COPIES * QUERIES; i++) {
        const int row = (17 * i + i / 40) % ROWS;

        d->key[i] = key_of(row);
        d->count[row]++;
        for (int c = 0; c < VALUES; c++)
            d->value[i * VALUES + c] = value_of(row, c);
    }
    for (int i = 0; i < COPIES * RANGES; i++) {
        const uint32_t bits = range_bits[i % RANGES];
        const int64_t end = (int64_t)1 << bits;

        d->x[i] = i < RANGES ? end - 1 : i < 2 * RANGES ? 0 : end / 3 + i;
        count_limbs(d->limb, d->x[i], bits);
    }
}

/* Each is wrong in one place, and said to be. */
static zkg_status see_refused(const zkg_graph *g, const example_values *in,
                              size_t ins, data *d, zkg_error *err)
{
    const int64_t x = d->x[COPIES * RANGES - 1];

    d->key[5]++;
    ZKG_TRY(example_refused(g, in, ins, "is no key of the table", err));
    d->key[5]--;
    for (int i = 0; i < 3; i++) {
        d->x[COPIES * RANGES - 1] = i == 0   ? -1
                                    : i == 1 ? (int64_t)1 << 56
                                             : INT64_MIN;
        ZKG_TRY(example_refused(g, in, ins, "kernel ranges", err));
    }
    d->x[COPIES * RANGES - 1] = x;
    if (ins == 4) {
        d->count[7]++;
        ZKG_TRY(example_refused(g, in, ins, "row 7 of table", err));
        d->count[7]--;
    }
    return ZKG_OK;
}

static zkg_status run(example *e, bool hintless, zkg_error *err)
{
    kernels k = {.hintless = hintless};
    data *d = malloc(sizeof(*d));
    zkg_graph *g = NULL;
    zkg_status s =
        d != NULL ? ZKG_OK : zkg_fail(err, ZKG_ERR_NOMEM, "no memory");

    if (s == ZKG_OK)
        s = record_queries(&k.queries, hintless, err);
    if (s == ZKG_OK)
        s = record_ranges(&k.ranges, hintless, err);
    if (s == ZKG_OK)
        s = example_graph(&g, calls, &k, err);
    if (s == ZKG_OK) {
        const example_values in[] = {{"keys", d->key, COPIES * QUERIES},
                                     {"x", d->x, COPIES * RANGES},
                                     {"counts", d->count, ROWS},
                                     {"limbs", d->limb, 256}};
        const example_values out = {"values", d->value,
                                    COPIES * QUERIES * VALUES};
        const size_t ins = hintless ? 4 : 2;

        fill(d);
        s = example_run(e, g, in, ins, &out, 1, err);
        if (s == ZKG_OK)
            s = see_refused(g, in, ins, d, err);
    }
    zkg_graph_free(g);
    zkg_recorder_free(k.queries);
    zkg_recorder_free(k.ranges);
    free(d);
    return s;
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    example e;
    zkg_status s = example_start(&e, "lookups", argc, argv, &err);

    if (s == ZKG_OK)
        s = run(&e, false, &err);
    if (s == ZKG_OK)
        s = run(&e, true, &err);
    return example_end(&e, s, &err);
}
