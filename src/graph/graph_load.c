/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a graph's folder: the builder's calls, driven by graph.json. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "graph/circuits_file.h"
#include "graph/graph.h"
#include "graph/graph_circuit.h"
#include "graph/programs_file.h"
#include "tensor/safetensors.h"

#define MAX_GRAPH_JSON ((size_t)1 << 30)
#define TEXT_BYTES 16384

#define KNOWN(v, ...)                                                          \
    zkg_json_only_keys(v, (const char *const[]){__VA_ARGS__},                  \
                       sizeof((const char *const[]){__VA_ARGS__}) /            \
                           sizeof(const char *),                               \
                       err)

/* Pass a builder's refusal on with the place it comes from. */
#define AT(v, call)                                                            \
    do {                                                                       \
        zkg_error local_ = {0};                                                \
        const zkg_status at_ = (call);                                         \
        if (at_ != ZKG_OK)                                                     \
            return zkg_json_fail(err, v, at_, "%s", local_.text);              \
    } while (0)

static zkg_status need_string(const char **out, const zkg_json *v,
                              const char *key, zkg_error *err)
{
    const zkg_json *m;

    ZKG_TRY(zkg_json_need(&m, v, key, ZKG_JSON_STRING, err));
    return zkg_json_string(out, m, err);
}

static zkg_status need_u64(uint64_t *out, const zkg_json *v, const char *key,
                           uint64_t max, zkg_error *err)
{
    const zkg_json *m = zkg_json_get(v, key);

    if (m == NULL)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED, "no \"%s\"", key);
    return zkg_json_u64(out, m, max, err);
}

static zkg_status need_i64(int64_t *out, const zkg_json *v, const char *key,
                           zkg_error *err)
{
    const zkg_json *m = zkg_json_get(v, key);

    if (m == NULL)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED, "no \"%s\"", key);
    return zkg_json_i64(out, m, INT64_MIN, INT64_MAX, err);
}

/* Strings of an array, joined by commas, for the builder's small languages. */
static zkg_status join(char out[TEXT_BYTES], const zkg_json *list,
                       zkg_error *err)
{
    size_t n = 0;

    out[0] = 0;
    ZKG_TRY(zkg_json_expect(list, ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m)) {
        const char *s;

        ZKG_TRY(zkg_json_string(&s, m, err));
        if (strlen(s) == 0 || strchr(s, ',') != NULL ||
            n + strlen(s) + 2 > TEXT_BYTES)
            return zkg_json_fail(err, m, ZKG_ERR_MALFORMED, "\"%s\" is no name",
                                 s);
        n += (size_t)snprintf(out + n, TEXT_BYTES - n, "%s%s", n > 0 ? "," : "",
                              s);
    }
    return ZKG_OK;
}

static zkg_status load_tensor(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    zkg_tensor_spec spec = {.axes = 0};
    const char *type, *vis;
    const zkg_json *shape;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    ZKG_TRY(KNOWN(v, "name", "shape", "type", "visibility", "min", "max"));
    ZKG_TRY(need_string(&spec.name, v, "name", err));
    ZKG_TRY(need_string(&type, v, "type", err));
    ZKG_TRY(need_string(&vis, v, "visibility", err));
    ZKG_TRY(need_i64(&spec.min, v, "min", err));
    ZKG_TRY(need_i64(&spec.max, v, "max", err));
    if (!zkg_dtype_parse(&spec.type, type))
        return zkg_json_fail(err, zkg_json_get(v, "type"), ZKG_ERR_MALFORMED,
                             "\"%s\" is no type (i8, u8, i16, u16, i32, i64, "
                             "fr)",
                             type);
    if (!zkg_visibility_parse(&spec.visibility, vis))
        return zkg_json_fail(err, zkg_json_get(v, "visibility"),
                             ZKG_ERR_MALFORMED,
                             "\"%s\" is no visibility (public, fixed, "
                             "private, virtual)",
                             vis);
    ZKG_TRY(zkg_json_need(&shape, v, "shape", ZKG_JSON_ARRAY, err));
    if (zkg_json_count(shape) > ZKG_MAX_AXES)
        return zkg_json_fail(err, shape, ZKG_ERR_MALFORMED, "more than %d axes",
                             ZKG_MAX_AXES);
    for (const zkg_json *m = zkg_json_first(shape); m != NULL;
         m = zkg_json_next(m))
        ZKG_TRY(zkg_json_u64(&spec.len[spec.axes++], m,
                             (uint64_t)1 << ZKG_MAX_TENSOR_VARS, err));
    AT(v, zkg_graph_add_tensor(g, &spec, &local_));
    return ZKG_OK;
}

/* The values of one column, from the folder's tensors. */
static zkg_status load_column(int64_t **out, uint64_t *rows,
                              const zkg_json *name_at,
                              const zkg_safetensors *st, zkg_error *err)
{
    const zkg_st_entry *e;
    const char *name;

    ZKG_TRY(zkg_json_string(&name, name_at, err));
    e = zkg_safetensors_find(st, name);
    if (e == NULL || e->axes != 1 || zkg_st_entry_is_real(e) || e->len[0] < 1 ||
        e->len[0] > ZKG_MAX_TABLE_ROWS || (*rows != 0 && e->len[0] != *rows))
        return zkg_json_fail(err, name_at, ZKG_ERR_MALFORMED,
                             "tensors.safetensors has no column \"%s\" of 1 "
                             "to 2^20 integers, as many as its neighbours",
                             name);
    *rows = e->len[0];
    *out = zkg_alloc(*rows, sizeof(**out));
    if (*out == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < *rows; i++)
        (*out)[i] = zkg_st_entry_i64(e, i);
    return ZKG_OK;
}

static zkg_status load_columns(zkg_graph *g, const char *name,
                               const zkg_json *v, const zkg_safetensors *st,
                               zkg_error *err)
{
    int64_t *column[ZKG_MAX_TABLE_COLUMNS] = {NULL};
    const zkg_json *list;
    uint64_t rows = 0;
    uint32_t n = 0;
    zkg_error local = {0};
    zkg_status s = ZKG_OK;

    ZKG_TRY(zkg_json_need(&list, v, "tensors", ZKG_JSON_ARRAY, err));
    if (zkg_json_count(list) < 1 ||
        zkg_json_count(list) > ZKG_MAX_TABLE_COLUMNS)
        return zkg_json_fail(err, list, ZKG_ERR_MALFORMED,
                             "a table has 1 to %d columns",
                             ZKG_MAX_TABLE_COLUMNS);
    for (const zkg_json *m = zkg_json_first(list); m != NULL && s == ZKG_OK;
         m = zkg_json_next(m))
        s = load_column(&column[n++], &rows, m, st, err);
    if (s == ZKG_OK) {
        s = zkg_graph_add_columns(g, name, n, rows,
                                  (const int64_t *const *)column, &local);
        if (s != ZKG_OK)
            (void)zkg_json_fail(err, v, s, "%s", local.text);
    }
    for (uint32_t c = 0; c < n; c++)
        zkg_free(column[c]);
    return s;
}

static zkg_status load_table(zkg_graph *g, const zkg_json *v,
                             const zkg_safetensors *st, zkg_error *err)
{
    const char *name, *kind_name, *counts;
    const zkg_json *hinted;
    zkg_table_kind kind;
    uint64_t bits;
    bool is_hinted;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    ZKG_TRY(need_string(&name, v, "name", err));
    ZKG_TRY(need_string(&kind_name, v, "kind", err));
    if (!zkg_table_kind_parse(&kind, kind_name))
        return zkg_json_fail(err, zkg_json_get(v, "kind"), ZKG_ERR_MALFORMED,
                             "\"%s\" is no kind of table (range, "
                             "signed_range, relu, columns)",
                             kind_name);
    if (kind == ZKG_KIND_COLUMNS) {
        ZKG_TRY(KNOWN(v, "name", "kind", "tensors", "counts", "hinted"));
        ZKG_TRY(load_columns(g, name, v, st, err));
    } else {
        ZKG_TRY(KNOWN(v, "name", "kind", "bits", "counts", "hinted"));
        ZKG_TRY(need_u64(&bits, v, "bits", ZKG_MAX_TABLE_BITS, err));
        AT(v, zkg_graph_add_table(g, name, kind, (uint32_t)bits, &local_));
    }
    if (zkg_json_get(v, "counts") == NULL)
        return ZKG_OK; /* added at the end */
    ZKG_TRY(need_string(&counts, v, "counts", err));
    hinted = zkg_json_get(v, "hinted");
    if (hinted == NULL)
        return zkg_json_fail(err, v, ZKG_ERR_MALFORMED, "no \"hinted\"");
    ZKG_TRY(zkg_json_bool(&is_hinted, hinted, err));
    AT(zkg_json_get(v, "counts"),
       zkg_graph_table_counts(g, name, counts, is_hinted, &local_));
    return ZKG_OK;
}

static zkg_status load_einsum(zkg_graph *g, const char *kernel,
                              const zkg_json *v, zkg_error *err)
{
    char text[TEXT_BYTES];
    const zkg_json *out, *terms, *f;
    const char *equals = NULL;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    ZKG_TRY(KNOWN(v, "out", "equals", "terms"));
    ZKG_TRY(zkg_json_need(&out, v, "out", ZKG_JSON_ARRAY, err));
    ZKG_TRY(join(text, out, err));
    if (zkg_json_get(v, "equals") != NULL)
        ZKG_TRY(need_string(&equals, v, "equals", err));
    AT(out, zkg_graph_kernel_einsum(g, kernel, text, equals, &local_));
    ZKG_TRY(zkg_json_need(&terms, v, "terms", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(terms); m != NULL;
         m = zkg_json_next(m)) {
        const char *c, *factor[2] = {NULL, NULL};
        uint32_t n = 0;

        ZKG_TRY(zkg_json_expect(m, ZKG_JSON_OBJECT, err));
        ZKG_TRY(KNOWN(m, "c", "f"));
        ZKG_TRY(need_string(&c, m, "c", err));
        ZKG_TRY(zkg_json_need(&f, m, "f", ZKG_JSON_ARRAY, err));
        if (zkg_json_count(f) > 2)
            return zkg_json_fail(err, f, ZKG_ERR_MALFORMED,
                                 "a term has at most two factors");
        for (const zkg_json *x = zkg_json_first(f); x != NULL;
             x = zkg_json_next(x))
            ZKG_TRY(zkg_json_string(&factor[n++], x, err));
        AT(m,
           zkg_graph_kernel_term(g, kernel, c, factor[0], factor[1], &local_));
    }
    return ZKG_OK;
}

/* A kernel's circuit, by its place in circuits.bin. */
static zkg_status load_circuit(zkg_graph *g, const char *kernel,
                               const zkg_json *v, zkg_error *err)
{
    char inputs[TEXT_BYTES], outputs[TEXT_BYTES];
    const zkg_json *list;
    uint64_t id;

    ZKG_TRY(KNOWN(v, "circuit", "inputs", "outputs"));
    ZKG_TRY(need_u64(&id, v, "circuit", UINT32_MAX, err));
    ZKG_TRY(zkg_json_need(&list, v, "inputs", ZKG_JSON_ARRAY, err));
    ZKG_TRY(join(inputs, list, err));
    ZKG_TRY(zkg_json_need(&list, v, "outputs", ZKG_JSON_ARRAY, err));
    ZKG_TRY(join(outputs, list, err));
    AT(v, zkg_graph_kernel_circuit_id(g, kernel, (uint32_t)id, inputs, outputs,
                                      &local_));
    return ZKG_OK;
}

static zkg_status load_relation(zkg_graph *g, const char *kernel,
                                const zkg_json *v, zkg_error *err)
{
    char text[TEXT_BYTES];
    const zkg_json *columns;
    const char *table;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    if (zkg_json_get(v, "einsum") != NULL) {
        ZKG_TRY(KNOWN(v, "einsum"));
        return load_einsum(g, kernel, zkg_json_get(v, "einsum"), err);
    }
    if (zkg_json_get(v, "circuit") != NULL)
        return load_circuit(g, kernel, v, err);
    ZKG_TRY(KNOWN(v, "lookup", "columns"));
    ZKG_TRY(need_string(&table, v, "lookup", err));
    ZKG_TRY(zkg_json_need(&columns, v, "columns", ZKG_JSON_ARRAY, err));
    ZKG_TRY(join(text, columns, err));
    AT(v, zkg_graph_kernel_lookup(g, kernel, table, text, &local_));
    return ZKG_OK;
}

static zkg_status load_kernel(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    char text[TEXT_BYTES];
    const zkg_json *axes, *params, *relations, *list;
    const char *name, *param;
    uint64_t len;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    ZKG_TRY(KNOWN(v, "name", "axes", "params", "relations"));
    ZKG_TRY(need_string(&name, v, "name", err));
    AT(v, zkg_graph_add_kernel(g, name, &local_));
    ZKG_TRY(zkg_json_need(&axes, v, "axes", ZKG_JSON_OBJECT, err));
    for (const zkg_json *m = zkg_json_first(axes); m != NULL;
         m = zkg_json_next(m)) {
        ZKG_TRY(zkg_json_u64(&len, m, (uint64_t)1 << ZKG_MAX_TENSOR_VARS, err));
        AT(m, zkg_graph_kernel_axis(g, name, zkg_json_key(m), len, &local_));
    }
    ZKG_TRY(zkg_json_need(&params, v, "params", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(params); m != NULL;
         m = zkg_json_next(m)) {
        ZKG_TRY(zkg_json_expect(m, ZKG_JSON_OBJECT, err));
        ZKG_TRY(KNOWN(m, "name", "axes"));
        ZKG_TRY(need_string(&param, m, "name", err));
        ZKG_TRY(zkg_json_need(&list, m, "axes", ZKG_JSON_ARRAY, err));
        ZKG_TRY(join(text, list, err));
        AT(m, zkg_graph_kernel_param(g, name, param, text, &local_));
    }
    ZKG_TRY(zkg_json_need(&relations, v, "relations", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(relations); m != NULL;
         m = zkg_json_next(m))
        ZKG_TRY(load_relation(g, name, m, err));
    return ZKG_OK;
}

/* Is name in a list of strings? */
static zkg_status is_listed(bool *out, const zkg_json *list, const char *name,
                            zkg_error *err)
{
    *out = false;
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m)) {
        const char *s;

        ZKG_TRY(zkg_json_string(&s, m, err));
        *out = *out || strcmp(s, name) == 0;
    }
    return ZKG_OK;
}

static zkg_status load_task(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    const char *name = NULL, *kernel, *tensor;
    const zkg_json *bind, *broadcast;
    uint64_t copies = 1;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    ZKG_TRY(KNOWN(v, "name", "kernel", "copies", "bind", "broadcast"));
    if (zkg_json_get(v, "name") != NULL)
        ZKG_TRY(need_string(&name, v, "name", err));
    ZKG_TRY(need_string(&kernel, v, "kernel", err));
    if (zkg_json_get(v, "copies") != NULL)
        ZKG_TRY(need_u64(&copies, v, "copies",
                         (uint64_t)1 << ZKG_MAX_TENSOR_VARS, err));
    ZKG_TRY(zkg_json_need(&bind, v, "bind", ZKG_JSON_OBJECT, err));
    broadcast = zkg_json_get(v, "broadcast");
    if (broadcast != NULL)
        ZKG_TRY(zkg_json_expect(broadcast, ZKG_JSON_ARRAY, err));
    AT(v, zkg_graph_add_task(g, name, kernel, copies, &local_));
    for (const zkg_json *m = zkg_json_first(bind); m != NULL;
         m = zkg_json_next(m)) {
        bool shared = false;

        ZKG_TRY(zkg_json_string(&tensor, m, err));
        if (broadcast != NULL)
            ZKG_TRY(is_listed(&shared, broadcast, zkg_json_key(m), err));
        AT(m, zkg_graph_bind(g, zkg_json_key(m), tensor, shared, &local_));
    }
    for (const zkg_json *m = broadcast != NULL ? zkg_json_first(broadcast)
                                               : NULL;
         m != NULL; m = zkg_json_next(m)) {
        ZKG_TRY(zkg_json_string(&tensor, m, err));
        if (zkg_json_get(bind, tensor) == NULL)
            return zkg_json_fail(err, m, ZKG_ERR_MALFORMED,
                                 "\"%s\" is broadcast and not bound", tensor);
    }
    return ZKG_OK;
}

static zkg_status load_statement(zkg_graph *g, const zkg_json *v,
                                 const zkg_safetensors *st, zkg_error *err)
{
    const zkg_json *list;

    ZKG_TRY(KNOWN(v, "tensors", "tables", "kernels", "tasks"));
    ZKG_TRY(zkg_json_need(&list, v, "tensors", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m))
        ZKG_TRY(load_tensor(g, m, err));
    ZKG_TRY(zkg_json_need(&list, v, "tables", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m))
        ZKG_TRY(load_table(g, m, st, err));
    ZKG_TRY(zkg_json_need(&list, v, "kernels", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m))
        ZKG_TRY(load_kernel(g, m, err));
    ZKG_TRY(zkg_json_need(&list, v, "tasks", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m))
        ZKG_TRY(load_task(g, m, err));
    return ZKG_OK;
}

static zkg_status load_digits(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    const char *task, *to, *digit[1 + ZKG_RULE_DIGITS];
    const zkg_json *list;
    uint64_t einsum;
    uint32_t n = 0;

    ZKG_TRY(KNOWN(v, "rule", "task", "einsum", "quotient", "digits"));
    ZKG_TRY(need_string(&task, v, "task", err));
    ZKG_TRY(need_u64(&einsum, v, "einsum", UINT32_MAX, err));
    ZKG_TRY(need_string(&to, v, "quotient", err));
    ZKG_TRY(zkg_json_need(&list, v, "digits", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m)) {
        if (n == 1 + ZKG_RULE_DIGITS)
            return zkg_json_fail(err, m, ZKG_ERR_MALFORMED,
                                 "more than %d digits", 1 + ZKG_RULE_DIGITS);
        ZKG_TRY(zkg_json_string(&digit[n++], m, err));
    }
    AT(v,
       zkg_graph_rule_digits(g, task, (uint32_t)einsum, to, digit, n, &local_));
    return ZKG_OK;
}

static zkg_status load_rsqrt(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    const char *from, *to;
    uint64_t bits;

    ZKG_TRY(KNOWN(v, "rule", "from", "to", "bits"));
    ZKG_TRY(need_string(&from, v, "from", err));
    ZKG_TRY(need_string(&to, v, "to", err));
    ZKG_TRY(need_u64(&bits, v, "bits", 31, err));
    AT(v, zkg_graph_rule_rsqrt(g, from, to, (uint32_t)bits, &local_));
    return ZKG_OK;
}

static zkg_status load_map(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    const char *table, *from, *to;
    uint64_t column;

    ZKG_TRY(KNOWN(v, "rule", "table", "column", "from", "to"));
    ZKG_TRY(need_string(&table, v, "table", err));
    ZKG_TRY(need_string(&from, v, "from", err));
    ZKG_TRY(need_string(&to, v, "to", err));
    if (zkg_json_get(v, "column") == NULL) {
        AT(v, zkg_graph_rule_map(g, table, from, to, &local_));
        return ZKG_OK;
    }
    ZKG_TRY(need_u64(&column, v, "column", UINT32_MAX, err));
    AT(v, zkg_graph_rule_map_column(g, table, (uint32_t)column, from, to,
                                    &local_));
    return ZKG_OK;
}

static zkg_status load_rule(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    const char *rule, *task, *table, *from, *to, *rem;
    uint64_t einsum;
    int64_t value;

    ZKG_TRY(zkg_json_expect(v, ZKG_JSON_OBJECT, err));
    ZKG_TRY(need_string(&rule, v, "rule", err));
    if (strcmp(rule, "divmod") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "task", "einsum", "quotient", "remainder"));
        ZKG_TRY(need_string(&task, v, "task", err));
        ZKG_TRY(need_u64(&einsum, v, "einsum", UINT32_MAX, err));
        ZKG_TRY(need_string(&to, v, "quotient", err));
        ZKG_TRY(need_string(&rem, v, "remainder", err));
        AT(v,
           zkg_graph_rule_divmod(g, task, (uint32_t)einsum, to, rem, &local_));
    } else if (strcmp(rule, "digits") == 0) {
        return load_digits(g, v, err);
    } else if (strcmp(rule, "rsqrt") == 0) {
        return load_rsqrt(g, v, err);
    } else if (strcmp(rule, "solve") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "task", "einsum", "to"));
        ZKG_TRY(need_string(&task, v, "task", err));
        ZKG_TRY(need_u64(&einsum, v, "einsum", UINT32_MAX, err));
        ZKG_TRY(need_string(&to, v, "to", err));
        AT(v, zkg_graph_rule_solve(g, task, (uint32_t)einsum, to, &local_));
    } else if (strcmp(rule, "max") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "task", "einsum", "to"));
        ZKG_TRY(need_string(&task, v, "task", err));
        ZKG_TRY(need_u64(&einsum, v, "einsum", UINT32_MAX, err));
        ZKG_TRY(need_string(&to, v, "to", err));
        AT(v, zkg_graph_rule_max(g, task, (uint32_t)einsum, to, &local_));
    } else if (strcmp(rule, "map") == 0) {
        return load_map(g, v, err);
    } else if (strcmp(rule, "copy") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "from", "to"));
        ZKG_TRY(need_string(&from, v, "from", err));
        ZKG_TRY(need_string(&to, v, "to", err));
        AT(v, zkg_graph_rule_copy(g, from, to, &local_));
    } else if (strcmp(rule, "count") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "table", "to"));
        ZKG_TRY(need_string(&table, v, "table", err));
        ZKG_TRY(need_string(&to, v, "to", err));
        AT(v, zkg_graph_rule_count(g, table, to, &local_));
    } else if (strcmp(rule, "values") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "to"));
        ZKG_TRY(need_string(&to, v, "to", err));
        AT(v, zkg_graph_rule_values(g, to, NULL, 0, &local_));
    } else if (strcmp(rule, "circuit") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "task"));
        ZKG_TRY(need_string(&task, v, "task", err));
        AT(v, zkg_graph_rule_circuit(g, task, &local_));
    } else if (strcmp(rule, "constant") == 0) {
        ZKG_TRY(KNOWN(v, "rule", "to", "value"));
        ZKG_TRY(need_string(&to, v, "to", err));
        ZKG_TRY(need_i64(&value, v, "value", err));
        AT(v, zkg_graph_rule_constant(g, to, value, &local_));
    } else {
        return zkg_json_fail(
            err, zkg_json_get(v, "rule"), ZKG_ERR_UNSUPPORTED,
            "there is no rule \"%s\" here (divmod, digits, solve, "
            "max, map, count, constant, circuit, rsqrt, copy, values)",
            rule);
    }
    return ZKG_OK;
}

static zkg_status load_witness(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    const zkg_json *list;
    const char *name;

    ZKG_TRY(KNOWN(v, "inputs", "outputs", "rules"));
    ZKG_TRY(zkg_json_need(&list, v, "inputs", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m)) {
        ZKG_TRY(zkg_json_string(&name, m, err));
        AT(m, zkg_graph_add_input(g, name, &local_));
    }
    ZKG_TRY(zkg_json_need(&list, v, "outputs", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m)) {
        ZKG_TRY(zkg_json_string(&name, m, err));
        AT(m, zkg_graph_add_output(g, name, &local_));
    }
    ZKG_TRY(zkg_json_need(&list, v, "rules", ZKG_JSON_ARRAY, err));
    for (const zkg_json *m = zkg_json_first(list); m != NULL;
         m = zkg_json_next(m))
        ZKG_TRY(load_rule(g, m, err));
    return ZKG_OK;
}

/* What the model calls a tensor. */
static zkg_status load_value(zkg_graph *g, const zkg_json *m, zkg_error *err)
{
    const zkg_json *v = zkg_json_get(m, "value");
    zkg_error local = {0};
    const char *name;
    zkg_status s;

    if (v == NULL)
        return ZKG_OK;
    ZKG_TRY(zkg_json_string(&name, v, err));
    s = zkg_graph_display_value(g, zkg_json_key(m), name, &local);
    return s == ZKG_OK ? s : zkg_json_fail(err, v, s, "%s", local.text);
}

static zkg_status load_display(zkg_graph *g, const zkg_json *v, zkg_error *err)
{
    for (const zkg_json *m = zkg_json_first(v); m != NULL;
         m = zkg_json_next(m)) {
        const zkg_json *list = zkg_json_get(m, "labels");
        const char **label;
        uint64_t scale = 0;
        size_t n = 0;
        zkg_error local = {0};
        zkg_status s = ZKG_OK;

        ZKG_TRY(zkg_json_expect(m, ZKG_JSON_OBJECT, err));
        ZKG_TRY(KNOWN(m, "scale", "labels", "value"));
        if (zkg_json_get(m, "scale") != NULL)
            ZKG_TRY(need_u64(&scale, m, "scale", ZKG_MAX_SCALE, err));
        if (list != NULL)
            ZKG_TRY(zkg_json_expect(list, ZKG_JSON_ARRAY, err));
        label = zkg_alloc(list != NULL ? zkg_json_count(list) : 0,
                          sizeof(label[0]));
        if (label == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
        for (const zkg_json *x = list != NULL ? zkg_json_first(list) : NULL;
             x != NULL && s == ZKG_OK; x = zkg_json_next(x))
            s = zkg_json_string(&label[n++], x, err);
        if (s == ZKG_OK) {
            s = zkg_graph_display(g, zkg_json_key(m), (uint32_t)scale, label, n,
                                  &local);
            if (s != ZKG_OK)
                (void)zkg_json_fail(err, m, s, "%s", local.text);
        }
        zkg_free(label);
        ZKG_TRY(s);
        ZKG_TRY(load_value(g, m, err));
    }
    return ZKG_OK;
}

/* The elements of an entry of other integers, or of one that is not to be
 * borrowed. */
static zkg_status copy_ints(zkg_array *out, const zkg_tensor *t,
                            const zkg_st_entry *e, zkg_error *err)
{
    const uint64_t n = zkg_st_entry_count(e);

    ZKG_TRY(zkg_array_init(out, t->type, t->axes, t->len, err));
    for (uint64_t k = 0; k < n; k++) {
        const int64_t v = zkg_st_entry_i64(e, k);

        if (v < t->min || v > t->max)
            return zkg_values_out_of_range(t, k, v, err);
        zkg_array_set_i64(out, k, v);
    }
    return ZKG_OK;
}

static zkg_status load_values(zkg_array *out, const zkg_tensor *t,
                              const zkg_safetensors *st, const char *path,
                              zkg_error *err)
{
    const zkg_st_entry *e = zkg_safetensors_find(st, t->name);
    zkg_error why = {0};
    zkg_status s;

    if (e == NULL)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: %s tensor %s is not there",
                        path, zkg_visibility_name(t->vis), t->name);
    if (t->type == ZKG_FR)
        return zkg_st_entry_fr(out, e, t->axes, t->len, path, err);
    if (e->axes != t->axes ||
        memcmp(e->len, t->len, t->axes * sizeof(t->len[0])) != 0 ||
        zkg_st_entry_is_real(e))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: tensor %s has another shape than the graph "
                        "says, or is not of integers",
                        path, t->name);
    s = st->map.data != NULL &&
                zkg_st_entry_borrow(out, e, t->type, t->axes, t->len)
            ? zkg_values_check_range(t, out, &why)
            : copy_ints(out, t, e, &why);
    return s == ZKG_OK ? s : zkg_fail(err, s, "%s: %s", path, why.text);
}

static zkg_status load_fixed(zkg_graph *g, const zkg_safetensors *st,
                             const char *path, zkg_error *err)
{
    for (uint32_t i = 0; i < g->st.tensors; i++) {
        if (g->st.tensor[i].vis == ZKG_FIXED)
            ZKG_TRY(load_values(&g->value[i], &g->st.tensor[i], st, path, err));
    }
    return ZKG_OK;
}

/* What rules `values` hold, of one visibility; *n of them. */
static zkg_status load_stored(size_t *n, zkg_graph *g, zkg_visibility vis,
                              const zkg_safetensors *st, const char *path,
                              zkg_error *err)
{
    *n = 0;
    for (uint32_t i = 0; i < g->rules; i++) {
        const uint32_t id = g->rule[i].to;

        if (!zkg_graph_is_stored(g, &g->rule[i], vis))
            continue;
        /* Twice: zkg_graph_finish() says so. */
        zkg_array_clear(&g->value[id]);
        ZKG_TRY(load_values(&g->value[id], &g->st.tensor[id], st, path, err));
        ++*n;
    }
    return ZKG_OK;
}

static zkg_status check_digest(const zkg_graph *g, const zkg_safetensors *st,
                               const char *path, zkg_error *err)
{
    const char *kind = zkg_safetensors_meta(st, "zkgkr");
    const char *said = zkg_safetensors_meta(st, "graph");
    char digest[65];

    zkg_digest_hex(digest, g->st.digest);
    if (kind == NULL || strcmp(kind, "tensors") != 0 || said == NULL)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s has no __metadata__ of this program", path);
    if (strcmp(said, digest) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s belongs to graph %s, graph.json says %s", path,
                        said, digest);
    return ZKG_OK;
}

/* The values of private tensors, where they are. */
static zkg_status load_private(zkg_graph *g, const char *path, zkg_error *err)
{
    zkg_safetensors st;
    zkg_status s;
    size_t n;

    if (zkg_graph_stored(g, ZKG_PRIVATE) == 0 || !zkg_file_exists(path))
        return ZKG_OK;
    ZKG_TRY(zkg_safetensors_read(&st, path, err));
    s = check_digest(g, &st, path, err);
    if (s == ZKG_OK)
        s = load_stored(&n, g, ZKG_PRIVATE, &st, path, err);
    if (s == ZKG_OK && n != st.entries)
        s = zkg_fail(err, ZKG_ERR_MALFORMED,
                     "%s has %zu tensors, this graph holds values of %zu "
                     "private ones",
                     path, st.entries, n);
    zkg_safetensors_clear(&st);
    return s;
}

static zkg_status load(zkg_graph *g, const zkg_json *root,
                       const zkg_safetensors *st, const char *arrays_path,
                       const char *programs_path, zkg_error *err)
{
    const zkg_json *part;
    const char *kind;
    uint64_t version;
    size_t n;

    ZKG_TRY(zkg_json_expect(root, ZKG_JSON_OBJECT, err));
    ZKG_TRY(KNOWN(root, "zkgkr", "version", "statement", "witness", "display"));
    ZKG_TRY(need_string(&kind, root, "zkgkr", err));
    ZKG_TRY(need_u64(&version, root, "version", UINT32_MAX, err));
    if (strcmp(kind, "graph") != 0 || version != 1)
        return zkg_json_fail(err, root, ZKG_ERR_MALFORMED,
                             "this is \"%s\" of version %llu, a \"graph\" of "
                             "version 1 is read",
                             kind, (unsigned long long)version);
    ZKG_TRY(zkg_json_need(&part, root, "statement", ZKG_JSON_OBJECT, err));
    ZKG_TRY(load_statement(g, part, st, err));
    ZKG_TRY(load_fixed(g, st, arrays_path, err));
    ZKG_TRY(zkg_programs_load(g, programs_path, err));
    ZKG_TRY(zkg_json_need(&part, root, "witness", ZKG_JSON_OBJECT, err));
    ZKG_TRY(load_witness(g, part, err));
    ZKG_TRY(load_stored(&n, g, ZKG_PUBLIC, st, arrays_path, err));
    ZKG_TRY(zkg_json_need(&part, root, "display", ZKG_JSON_OBJECT, err));
    ZKG_TRY(load_display(g, part, err));
    AT(root, zkg_graph_finish(g, &local_));
    return check_digest(g, st, arrays_path, err);
}

static zkg_status load_folder(zkg_graph **out, const char *folder, bool mapped,
                              zkg_error *err)
{
    zkg_safetensors st = {.file = NULL};
    zkg_json_doc *doc = NULL;
    zkg_graph *g = NULL;
    char *arrays, *own, *json, *circuits, *programs;
    zkg_status s;

    *out = NULL;
    if (!zkg_dir_exists(folder))
        return zkg_fail(err, ZKG_ERR_IO,
                        "%s: no such folder (a graph is a "
                        "folder NAME.zkg)",
                        folder);
    arrays = zkg_path_join(folder, ZKG_TENSORS_FILE);
    own = zkg_path_join(folder, ZKG_PRIVATE_FILE);
    json = zkg_path_join(folder, "graph.json");
    circuits = zkg_path_join(folder, "circuits.bin");
    programs = zkg_path_join(folder, "programs.bin");
    if (arrays == NULL || own == NULL || json == NULL || circuits == NULL ||
        programs == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    else
        s = zkg_json_read(&doc, json, MAX_GRAPH_JSON, err);
    if (s == ZKG_OK)
        s = mapped ? zkg_safetensors_map(&st, arrays, err)
                   : zkg_safetensors_read(&st, arrays, err);
    if (s == ZKG_OK)
        s = zkg_graph_new(&g, err);
    if (s == ZKG_OK)
        s = zkg_circuits_load(&g->st, circuits, err);
    if (s == ZKG_OK)
        s = load(g, zkg_json_root(doc), &st, arrays, programs, err);
    if (s == ZKG_OK)
        s = load_private(g, own, err);
    zkg_free(programs);
    zkg_free(circuits);
    zkg_json_free(doc);
    zkg_free(arrays);
    zkg_free(own);
    zkg_free(json);
    if (s == ZKG_OK && mapped)
        g->tensors = st;
    else
        zkg_safetensors_clear(&st);
    if (s != ZKG_OK) {
        zkg_graph_free(g);
        return s;
    }
    *out = g;
    return ZKG_OK;
}

zkg_status zkg_graph_load(zkg_graph **out, const char *folder, zkg_error *err)
{
    return load_folder(out, folder, false, err);
}

zkg_status zkg_graph_load_mapped(zkg_graph **out, const char *folder,
                                 zkg_error *err)
{
    return load_folder(out, folder, true, err);
}
