/* SPDX-License-Identifier: Apache-2.0 */
/* Recording: tables, queries, range proofs. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "graph/statement.h"
#include "kernel/recorder.h"

#define MAX_RANGE_BITS 20 /* of a table of limbs */
#define MAX_PROOF_BITS 128

static zkg_recorded_table *open_table(zkg_recorder *r, zkg_lut t)
{
    if (!zkg_recorder_open(r))
        return NULL;
    if (t.id >= r->table.count) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "a table that is not of this kernel");
        return NULL;
    }
    if (zkg_recorder_table(r, t.id)->use != ZKG_TABLE_OPEN) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %s is used after its check",
                          zkg_recorder_table(r, t.id)->name);
        return NULL;
    }
    return zkg_recorder_table(r, t.id);
}

static void no_memory(zkg_recorder *r)
{
    zkg_recorder_fail(r, ZKG_ERR_NOMEM, "no memory for a table");
}

/* ---- rows ---- */

static zkg_lut add_table(zkg_recorder *r, const char *name, uint32_t values,
                         uint32_t bits)
{
    zkg_recorded_table t = {
        .values = values, .bits = bits, .counts = ZKG_NO_PARAM};

    if (!zkg_recorder_open(r))
        return (zkg_lut){0};
    if (!zkg_task_name_is_valid(name) || strlen(name) > 100)
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "\"%.130s\" is no name for a table: letters, digits, "
                          "_ and ., at most 100",
                          name);
    if (values > ZKG_MAX_TABLE_COLUMNS - 1)
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %.100s: %u values a row, at most %d", name,
                          values, ZKG_MAX_TABLE_COLUMNS - 1);
    for (uint32_t i = 0; i < r->table.count; i++) {
        if (strcmp(zkg_recorder_table(r, i)->name, name) == 0)
            zkg_recorder_fail(r, ZKG_ERR_INVALID, "two tables are named %s",
                              name);
    }
    snprintf(t.name, sizeof(t.name), "%s", name);
    if (zkg_list_add(&r->table, sizeof(t), 1, &t) == NULL)
        no_memory(r);
    return (zkg_lut){r->table.count - 1};
}

zkg_lut zkg_lut_new(zkg_recorder *r, const char *name, uint32_t values)
{
    return add_table(r, name, values, 0);
}

zkg_lut zkg_lut_range(zkg_recorder *r, uint32_t bits)
{
    char name[32];

    if (bits < 1 || bits > MAX_RANGE_BITS)
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "a range table of %u bits: 1 to %d", bits,
                          MAX_RANGE_BITS);
    snprintf(name, sizeof(name), "range%u", bits);
    return add_table(r, name, 0, bits);
}

/* Room for one more constant row. */
static int64_t *next_row(zkg_recorder *r, zkg_recorded_table *t)
{
    const size_t width = 1 + (size_t)t->values;

    if (t->bits > 0 || t->row_var.count > 0) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %s has rows of another kind", t->name);
        return NULL;
    }
    if (t->rows == ZKG_MAX_TABLE_ROWS) {
        zkg_recorder_fail(r, ZKG_ERR_UNSUPPORTED,
                          "table %s has more than 2^20 rows", t->name);
        return NULL;
    }
    if (t->rows == t->row_capacity) {
        const uint32_t more = t->rows == 0 ? 16 : 2 * t->rows;
        int64_t *row = zkg_realloc(t->row, more * width, sizeof(row[0]));

        if (row == NULL) {
            no_memory(r);
            return NULL;
        }
        t->row = row;
        t->row_capacity = more;
    }
    return &t->row[width * t->rows++];
}

void zkg_lut_row(zkg_recorder *r, zkg_lut t, int64_t key, const int64_t *value)
{
    zkg_recorded_table *table = open_table(r, t);
    int64_t *row = table != NULL ? next_row(r, table) : NULL;

    if (row == NULL)
        return;
    row[0] = key;
    if (table->values > 0)
        memcpy(&row[1], value, table->values * sizeof(row[0]));
}

void zkg_lut_columns(zkg_recorder *r, zkg_lut t, size_t rows,
                     const int64_t *key, const int64_t *const *value)
{
    int64_t row[ZKG_MAX_TABLE_COLUMNS];
    const zkg_recorded_table *table = open_table(r, t);
    const uint32_t values = table != NULL ? table->values : 0;

    for (size_t i = 0; i < rows && zkg_recorder_open(r); i++) {
        for (uint32_t c = 0; c < values; c++)
            row[c] = value[c][i];
        zkg_lut_row(r, t, key[i], row);
    }
}

/* Nodes behind a list: a key and its values. */
static void add_nodes(zkg_recorder *r, zkg_list *to, zkg_var key,
                      const zkg_var *value, uint32_t values)
{
    uint32_t node[ZKG_MAX_TABLE_COLUMNS];

    node[0] = key.id;
    for (uint32_t c = 0; c <= values; c++) {
        const zkg_var x = c == 0 ? key : value[c - 1];

        if (!zkg_recorder_check_var(r, x))
            return;
        if (zkg_recorder_node(r, x.id)->random) {
            zkg_recorder_fail(r, ZKG_ERR_INVALID,
                              "a row or query depends on a challenge");
            return;
        }
        node[c] = x.id;
    }
    if (zkg_list_add(to, sizeof(node[0]), 1 + values, node) == NULL)
        no_memory(r);
}

void zkg_lut_row_vars(zkg_recorder *r, zkg_lut t, zkg_var key,
                      const zkg_var *value)
{
    zkg_recorded_table *table = open_table(r, t);

    if (table == NULL)
        return;
    if (table->bits > 0 || table->rows > 0)
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %s has rows of another kind", table->name);
    else
        add_nodes(r, &table->row_var, key, value, table->values);
}

/* ---- queries ---- */

void zkg_lut_query(zkg_recorder *r, zkg_lut t, zkg_var key,
                   const zkg_var *value)
{
    zkg_recorded_table *table = open_table(r, t);

    if (table != NULL)
        add_nodes(r, &table->query, key, value, table->values);
}

void zkg_lut_query_batch(zkg_recorder *r, zkg_lut t, size_t n,
                         const zkg_var *key, const zkg_var *value)
{
    const zkg_recorded_table *table = open_table(r, t);
    const uint32_t values = table != NULL ? table->values : 0;

    for (size_t i = 0; i < n && zkg_recorder_open(r); i++)
        zkg_lut_query(r, t, key[i], values > 0 ? &value[i * values] : NULL);
}

void zkg_lut_find(zkg_recorder *r, zkg_lut t, zkg_dtype type, size_t n,
                  const zkg_var *key, zkg_var *value)
{
    const zkg_recorded_table *table = open_table(r, t);
    size_t cells;
    zkg_fr *c;

    if (table == NULL)
        return;
    if (table->rows == 0 || table->values == 0) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %s has no constant rows, or no values, to "
                          "look up",
                          table->name);
        return;
    }
    cells = (size_t)table->rows * (1 + table->values);
    c = zkg_alloc(cells + 1, sizeof(c[0]));
    if (c == NULL) {
        no_memory(r);
        return;
    }
    zkg_fr_from_u64(&c[0], 1 + (uint64_t)table->values);
    for (size_t i = 0; i < cells; i++)
        zkg_fr_from_i64(&c[1 + i], table->row[i]);
    zkg_recorder_hint(r, "rows", type, n * table->values, value, cells + 1, c,
                      n, key);
    zkg_free(c);
    zkg_recorder_table(r, t.id)->found = true;
    zkg_lut_query_batch(r, t, n, key, value);
}

/* ---- checks ---- */

/* n/d as one of two parts of a sum of fractions. */
typedef struct fraction {
    zkg_var n, d;
} fraction;

/* The sum of m fractions, in a tree; they are used up. */
static fraction add_fractions(zkg_recorder *r, fraction *f, size_t m)
{
    while (m > 1) {
        const size_t half = m / 2;

        for (size_t i = 0; i < half; i++) {
            const fraction a = f[2 * i], b = f[2 * i + 1];

            f[i].n = zkg_add(r, zkg_mul(r, a.n, b.d), zkg_mul(r, b.n, a.d));
            f[i].d = zkg_mul(r, a.d, b.d);
        }
        if (m % 2 != 0)
            f[half] = f[m - 1];
        m = half + m % 2;
    }
    return f[0];
}

/* alpha - key - sum_c beta_c value_c */
static zkg_var denominator(zkg_recorder *r, const uint32_t *node,
                           uint32_t values, zkg_var alpha, const zkg_var *beta)
{
    zkg_var part[1 + ZKG_MAX_TABLE_COLUMNS];
    int64_t c[1 + ZKG_MAX_TABLE_COLUMNS];

    part[0] = alpha;
    c[0] = 1;
    for (uint32_t i = 0; i <= values; i++) {
        const zkg_var x = {node[i]};

        part[1 + i] = i == 0 ? x : zkg_mul(r, beta[i - 1], x);
        c[1 + i] = -1;
    }
    return zkg_combine(r, 0, 2 + (size_t)values, c, part);
}

/*
 * sum over queries 1/(alpha - q) = sum over rows m/(alpha - t), alpha and beta
 * drawn after rows, queries and m are committed: cross-multiplied, which is the
 * same but where a denominator is 0, of probability (rows + queries) / p.
 */
static void check_fractions(zkg_recorder *r, const zkg_recorded_table *t,
                            const zkg_var *count)
{
    const uint32_t width = 1 + t->values;
    const uint32_t rows = t->row_var.count / width;
    const uint32_t queries = t->query.count / width;
    const uint32_t most = rows > queries ? rows : queries;
    const zkg_var alpha = zkg_challenge(r), one = zkg_constant(r, 1);
    zkg_var beta[ZKG_MAX_TABLE_COLUMNS];
    fraction *f = zkg_alloc(most, sizeof(f[0])), sites, table;
    char label[160];

    if (f == NULL) {
        no_memory(r);
        return;
    }
    for (uint32_t c = 0; c < t->values; c++)
        beta[c] = zkg_challenge(r);
    for (uint32_t i = 0; i < queries; i++)
        f[i] = (fraction){
            one,
            denominator(r, (const uint32_t *)t->query.data + (size_t)i * width,
                        t->values, alpha, beta)};
    sites = add_fractions(r, f, queries);
    for (uint32_t i = 0; i < rows; i++)
        f[i] =
            (fraction){count[i], denominator(r,
                                             (const uint32_t *)t->row_var.data +
                                                 (size_t)i * width,
                                             t->values, alpha, beta)};
    table = add_fractions(r, f, rows);
    zkg_free(f);
    snprintf(label, sizeof(label), "queries of table %s are its rows", t->name);
    zkg_assert_equal(r, zkg_mul(r, sites.n, table.d),
                     zkg_mul(r, table.n, sites.d), label);
}

/* Counts of a table of variables, by a hint. */
static void count_rows(zkg_recorder *r, const zkg_recorded_table *t,
                       zkg_var *count)
{
    const uint32_t width = 1 + t->values;
    const uint32_t n = t->row_var.count + t->query.count;
    zkg_var *in = zkg_alloc(n, sizeof(in[0]));
    zkg_fr c[2];

    if (in == NULL) {
        no_memory(r);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        in[i].id =
            i < t->row_var.count
                ? ((const uint32_t *)t->row_var.data)[i]
                : ((const uint32_t *)t->query.data)[i - t->row_var.count];
    zkg_fr_from_u64(&c[0], width);
    zkg_fr_from_u64(&c[1], t->row_var.count / width);
    zkg_recorder_hint(r, "counts", ZKG_I32, t->row_var.count / width, count, 2,
                      c, n, in);
    zkg_free(in);
}

static void check_variables(zkg_recorder *r, zkg_recorded_table *t,
                            const zkg_param *counts)
{
    const uint32_t rows = t->row_var.count / (1 + t->values);
    zkg_var *count = zkg_alloc(rows, sizeof(count[0]));
    char label[160];

    if (count == NULL) {
        no_memory(r);
        return;
    }
    count_rows(r, t, count);
    snprintf(label, sizeof(label), "the counts of table %s are right", t->name);
    for (uint32_t i = 0; i < rows && counts != NULL; i++) {
        const zkg_var given = zkg_get(r, *counts, i);

        zkg_recorder_assert_in_program(r, zkg_sub(r, given, count[i]), label);
        count[i] = given;
    }
    if (zkg_recorder_open(r))
        check_fractions(r, t, count);
    zkg_free(count);
}

static bool check_start(zkg_recorder *r, const zkg_recorded_table *t)
{
    if (t->bits == 0 && t->rows == 0 && t->row_var.count == 0)
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "table %s has no rows", t->name);
    else if (t->query.count == 0)
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "table %s is never queried",
                          t->name);
    return zkg_recorder_open(r);
}

void zkg_lut_check(zkg_recorder *r, zkg_lut t)
{
    zkg_recorded_table *table = open_table(r, t);

    if (table == NULL || !check_start(r, table))
        return;
    if (table->row_var.count > 0)
        check_variables(r, table, NULL);
    table->use = ZKG_TABLE_HINTED;
}

static uint64_t table_rows(const zkg_recorded_table *t)
{
    if (t->bits > 0)
        return (uint64_t)1 << t->bits;
    return t->rows > 0 ? t->rows : t->row_var.count / (1 + t->values);
}

/* An entry of the counts is read by nobody: they belong to the table. */
static bool is_read(const zkg_recorder *r, uint32_t param)
{
    for (uint32_t i = 0; i < r->node.count; i++) {
        const zkg_node *n = zkg_recorder_node(r, i);

        if (n->kind == ZKG_NODE_CELL && n->a == param)
            return true;
    }
    return false;
}

void zkg_lut_check_counts(zkg_recorder *r, zkg_lut t, zkg_param counts)
{
    zkg_recorded_table *table = open_table(r, t);
    zkg_recorded_param *p;

    if (table == NULL || !check_start(r, table))
        return;
    if (counts.id >= r->param.count ||
        zkg_recorder_param(r, counts.id)->role != ZKG_ROLE_INPUT) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %s: the counts are an input", table->name);
        return;
    }
    p = zkg_recorder_param(r, counts.id);
    if (p->axes != 1 || p->count != table_rows(table)) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %s has %llu rows; the counts %s are %llu "
                          "values along %u axes, and should be one a row",
                          table->name, (unsigned long long)table_rows(table),
                          p->name, (unsigned long long)p->count, p->axes);
        return;
    }
    if (table->row_var.count > 0) {
        check_variables(r, table, &counts);
    } else if (p->type != ZKG_I64 || is_read(r, counts.id)) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "table %s: the counts %s are of type i64, and read "
                          "by nothing else",
                          table->name, p->name);
        return;
    } else {
        p->role = ZKG_ROLE_COUNTS;
        table->counts = counts.id;
    }
    table->use = ZKG_TABLE_COUNTS;
}

/* ---- range proofs ---- */

/*
 * x = sum_i 2^(w i) limb_i, each limb in [0, 2^w).  Where the highest has only
 * b < w bits to itself, 2^(w-b) limb is looked up as well: together they say
 * limb < 2^b, since 2^(w-b) limb < 2^(2w) does not wrap.
 */
void zkg_range(zkg_recorder *r, zkg_lut limbs, zkg_var x, uint32_t bits)
{
    const zkg_recorded_table *t = open_table(r, limbs);
    zkg_var limb[MAX_PROOF_BITS];
    zkg_fr c[MAX_PROOF_BITS];
    uint32_t w, n, top;
    char label[64];

    if (t == NULL)
        return;
    w = t->bits;
    if (w == 0 || bits < 1 || bits > MAX_PROOF_BITS) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "a range proof of %u bits: 1 to %d, by a range table",
                          bits, MAX_PROOF_BITS);
        return;
    }
    n = (bits + w - 1) / w;
    top = bits - (n - 1) * w;
    limb[0] = x;
    if (n > 1) {
        zkg_hint_limbs(r, n, w, limb, x);
        for (uint32_t i = 0; i < n; i++) {
            c[i] = i > 0 ? c[i - 1] : zkg_fr_one;
            for (uint32_t k = 0; i > 0 && k < w; k++)
                zkg_fr_double(&c[i], &c[i]);
        }
        snprintf(label, sizeof(label), "limbs make up a value of %u bits",
                 bits);
        zkg_assert_equal(r, zkg_recorder_combine(r, &zkg_fr_zero, n, c, limb),
                         x, label);
    }
    zkg_lut_query_batch(r, limbs, n, limb, NULL);
    if (top < w)
        zkg_lut_query(r, limbs,
                      zkg_scale(r, (int64_t)1 << (w - top), limb[n - 1]), NULL);
}
