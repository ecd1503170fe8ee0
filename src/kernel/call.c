/* SPDX-License-Identifier: Apache-2.0 */
/* Calling a kernel: shapes, the kernel as this call needs it, the task. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"
#include "circuit/own.h"
#include "graph/graph_circuit.h"
#include "kernel/device.h"
#include "tensor/dtype.h"

typedef struct call {
    zkg_device *d;
    const zkg_recorder *r;
    char task[128];
    uint64_t copies;
    const zkg_arg *arg;
    size_t args;
    zkg_error *err;
    /* one a recorded parameter */
    const zkg_arg **given;
    zkg_param_view *view;
    uint32_t **order; /* owned, of views */
    uint32_t *tensor; /* of inputs and counts */
    bool *broadcast;
    /* one a compiled parameter */
    uint32_t *bound;
} call;

static zkg_status no_memory(zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_NOMEM, "no memory to call a kernel");
}

#define BAD(c, ...) zkg_fail((c)->err, ZKG_ERR_INVALID, __VA_ARGS__)

/* ---- arguments ---- */

static bool is_read(const zkg_recorded_param *p)
{
    return p->role == ZKG_ROLE_INPUT || p->role == ZKG_ROLE_COUNTS;
}

/* The argument of each parameter; of an in-out the same for both. */
static zkg_status match_arguments(call *c)
{
    for (size_t k = 0; k < c->args; k++) {
        uint32_t i = 0;

        while (i < c->r->param.count &&
               strcmp(zkg_recorder_param(c->r, i)->name, c->arg[k].param) != 0)
            i++;
        if (i == c->r->param.count ||
            zkg_recorder_param(c->r, i)->role == ZKG_ROLE_HINT)
            return BAD(c, "kernel %s has no parameter \"%.130s\"", c->r->name,
                       c->arg[k].param);
        if (c->given[i] != NULL)
            return BAD(c, "kernel %s: parameter %s is given twice", c->r->name,
                       c->arg[k].param);
        c->given[i] = &c->arg[k];
        if (zkg_recorder_param(c->r, i)->pair != ZKG_NO_PARAM &&
            is_read(zkg_recorder_param(c->r, i)))
            c->given[zkg_recorder_param(c->r, i)->pair] = &c->arg[k];
    }
    for (uint32_t i = 0; i < c->r->param.count; i++) {
        const zkg_recorded_param *p = zkg_recorder_param(c->r, i);

        if (p->role == ZKG_ROLE_HINT)
            continue;
        if (c->given[i] == NULL)
            return BAD(c, "kernel %s: parameter %s is not given", c->r->name,
                       p->name);
        if (is_read(p) ? c->given[i]->in.id == 0 : c->given[i]->out == NULL)
            return BAD(c,
                       "kernel %s: parameter %s is %s, and the call gives "
                       "no `%s`",
                       c->r->name, p->name, is_read(p) ? "read" : "made",
                       is_read(p) ? "in" : "out");
    }
    return ZKG_OK;
}

/* ---- shapes ---- */

static bool has_shape(const zkg_device_view *v, uint32_t axes,
                      const uint64_t *len)
{
    return v->axes == axes && memcmp(v->len, len, axes * sizeof(len[0])) == 0;
}

static zkg_status wrong_shape(const call *c, const zkg_recorded_param *p,
                              const zkg_device_view *v, bool with_copies)
{
    char is[300], wants[300];
    uint64_t len[ZKG_MAX_AXES + 1] = {c->copies};

    memcpy(&len[1], p->len, p->axes * sizeof(len[0]));
    zkg_device_shape_text(is, v->axes, v->len);
    zkg_device_shape_text(wants, p->axes + with_copies,
                          with_copies ? len : len + 1);
    return BAD(c, "kernel %s, parameter %s: %s of shape %s is given, and %s %s",
               c->r->name, p->name, zkg_device_tensor(c->d, v->tensor)->name,
               is, with_copies ? "its copies need" : "it is", wants);
}

/*
 * Whether a tensor serves as it is: each copy reads one row of its highest
 * axis, the same entries of it in all copies.  *order: those; NULL: all, as
 * they are.
 */
static zkg_status fold_copies(bool *serves, uint32_t **order, const call *c,
                              const zkg_device_view *v, uint64_t count)
{
    const zkg_tensor *t = zkg_device_tensor(c->d, v->tensor);
    const uint64_t row = zkg_tensor_count(t) / (t->axes > 0 ? t->len[0] : 1);

    *serves = t->axes > 0 && t->len[0] == c->copies &&
              (v->order != NULL || row == count);
    if (!*serves || v->order == NULL)
        return ZKG_OK;
    for (uint64_t i = 0; i < c->copies * count && *serves; i++) {
        const uint64_t copy = i / count, at = i % count;

        *serves = v->order[i] >= copy * row && v->order[i] < (copy + 1) * row &&
                  v->order[i] - copy * row == v->order[at];
    }
    if (!*serves)
        return ZKG_OK;
    *order = zkg_alloc(count, sizeof(**order));
    if (*order == NULL)
        return no_memory(c->err);
    memcpy(*order, v->order, count * sizeof(**order));
    return ZKG_OK;
}

/* How the circuit sees an input: a tensor's axes, copies apart, and where its
 * entries are in there. */
static zkg_status bind_input(call *c, uint32_t i, bool shared)
{
    const zkg_recorded_param *p = zkg_recorder_param(c->r, i);
    zkg_handle h = c->given[i]->in;
    bool serves = shared;
    zkg_device_view *v = NULL;
    const zkg_tensor *t;

    ZKG_TRY(zkg_device_find(&v, c->d, h, c->err));
    if (!shared)
        ZKG_TRY(fold_copies(&serves, &c->order[i], c, v, p->count));
    if (!serves) {
        ZKG_TRY(zkg_device_copy(c->d, &h, h, c->err));
        ZKG_TRY(zkg_device_find(&v, c->d, h, c->err));
    }
    if (shared && v->order != NULL) {
        c->order[i] = zkg_alloc(p->count, sizeof(c->order[i][0]));
        if (c->order[i] == NULL)
            return no_memory(c->err);
        memcpy(c->order[i], v->order, p->count * sizeof(v->order[0]));
    }
    t = zkg_device_tensor(c->d, v->tensor);
    c->tensor[i] = v->tensor;
    c->view[i].axes = shared ? t->axes : t->axes - 1;
    c->view[i].order = c->order[i];
    memcpy(c->view[i].len, shared ? t->len : t->len + 1,
           c->view[i].axes * sizeof(t->len[0]));
    return ZKG_OK;
}

static zkg_status check_input(call *c, uint32_t i)
{
    const zkg_recorded_param *p = zkg_recorder_param(c->r, i);
    const bool broadcast = c->given[i]->broadcast;
    uint64_t len[ZKG_MAX_AXES + 1] = {c->copies};
    zkg_device_view *v = NULL;
    zkg_dtype type;

    ZKG_TRY(zkg_device_find(&v, c->d, c->given[i]->in, c->err));
    type = zkg_device_tensor(c->d, v->tensor)->type;
    if (type != p->type && p->type != ZKG_FR)
        return BAD(c,
                   "kernel %s, parameter %s: %s of type %s is given, and it "
                   "is %s",
                   c->r->name, p->name,
                   zkg_device_tensor(c->d, v->tensor)->name,
                   zkg_dtype_name(type), zkg_dtype_name(p->type));
    memcpy(&len[1], p->len, p->axes * sizeof(len[0]));
    if (broadcast || p->role == ZKG_ROLE_COUNTS) {
        if (!has_shape(v, p->axes, p->len))
            return wrong_shape(c, p, v, false);
    } else if (!has_shape(v, p->axes + 1, len) &&
               (c->copies > 1 || !has_shape(v, p->axes, p->len))) {
        return wrong_shape(c, p, v, c->copies > 1);
    }
    if (p->role == ZKG_ROLE_COUNTS && !broadcast && c->copies > 1)
        return BAD(c,
                   "kernel %s, parameter %s: counts are of all copies "
                   "together, and bound broadcast",
                   c->r->name, p->name);
    c->broadcast[i] = broadcast;
    return ZKG_OK;
}

/* Counts are a tensor of the table: whole, and nothing below 0. */
static zkg_status bind_counts(call *c, uint32_t i)
{
    const zkg_recorded_param *p = zkg_recorder_param(c->r, i);
    zkg_device_view *v = NULL;
    zkg_tensor *t;

    ZKG_TRY(zkg_device_find(&v, c->d, c->given[i]->in, c->err));
    t = &c->d->graph->st.tensor[v->tensor];
    if (v->order != NULL || t->axes != 1 || t->vis != ZKG_PRIVATE)
        return BAD(c,
                   "kernel %s, parameter %s: counts are a private tensor "
                   "along one axis, and no view",
                   c->r->name, p->name);
    t->min = 0;
    c->tensor[i] = v->tensor;
    return ZKG_OK;
}

static zkg_status bind_inputs(call *c)
{
    for (uint32_t i = 0; i < c->r->param.count; i++) {
        const zkg_recorded_param *p = zkg_recorder_param(c->r, i);

        if (is_read(p))
            ZKG_TRY(check_input(c, i));
    }
    for (uint32_t i = 0; i < c->r->param.count; i++) {
        const zkg_recorded_param *p = zkg_recorder_param(c->r, i);

        if (p->role == ZKG_ROLE_COUNTS)
            ZKG_TRY(bind_counts(c, i));
        else if (p->role == ZKG_ROLE_INPUT)
            ZKG_TRY(bind_input(c, i, c->broadcast[i] || c->copies == 1));
    }
    return ZKG_OK;
}

/* ---- tables ---- */

/* A table of the graph by this name with other rows, or with given counts,
 * which are of one task's queries. */
static bool differs(const zkg_stmt_table *have, const zkg_recorded_table *t)
{
    if (have->counts != ZKG_NO_ID && !have->hinted)
        return true;
    if (t->bits > 0)
        return have->kind != ZKG_KIND_RANGE || have->bits != t->bits;
    if (have->kind != ZKG_KIND_COLUMNS || have->rows != t->rows ||
        have->columns != 1 + t->values)
        return true;
    for (uint64_t i = 0; i < t->rows; i++) {
        for (uint32_t k = 0; k <= t->values; k++) {
            if (t->row[i * (1 + t->values) + k] !=
                zkg_stmt_table_entry(have, k, i))
                return true;
        }
    }
    return false;
}

static zkg_status add_rows(zkg_graph *g, const char *name,
                           const zkg_recorded_table *t, zkg_error *err)
{
    const uint32_t columns = 1 + t->values;
    int64_t *value = zkg_alloc((size_t)columns * t->rows, sizeof(value[0]));
    const int64_t *column[ZKG_MAX_TABLE_COLUMNS];
    zkg_status s;

    if (value == NULL)
        return no_memory(err);
    for (uint32_t k = 0; k < columns; k++) {
        column[k] = &value[(size_t)k * t->rows];
        for (uint32_t i = 0; i < t->rows; i++)
            value[(size_t)k * t->rows + i] = t->row[(size_t)i * columns + k];
    }
    s = zkg_graph_add_columns(g, name, columns, t->rows, column, err);
    zkg_free(value);
    return s;
}

/* The graph's table: shared by name where its counts are a hint, of this task
 * alone where they are given. */
static zkg_status add_table(char name[256], call *c, uint32_t table)
{
    const zkg_recorded_table *t = zkg_recorder_table(c->r, table);
    zkg_graph *g = c->d->graph;
    uint32_t id;

    if (t->use == ZKG_TABLE_COUNTS)
        snprintf(name, 256, "%s.%s", c->task, t->name);
    else
        snprintf(name, 256, "%s", t->name);
    id = zkg_statement_table_id(&g->st, name);
    if (id != ZKG_NO_ID && t->use != ZKG_TABLE_COUNTS) {
        if (differs(&g->st.table[id], t))
            return BAD(c, "kernel %s: the graph has another table %s",
                       c->r->name, name);
        return ZKG_OK;
    }
    if (t->bits > 0)
        ZKG_TRY(zkg_graph_add_table(g, name, ZKG_KIND_RANGE, t->bits, c->err));
    else
        ZKG_TRY(add_rows(g, name, t, c->err));
    if (t->use == ZKG_TABLE_HINTED)
        return ZKG_OK;
    return zkg_graph_table_counts(
        g, name, zkg_device_tensor(c->d, c->tensor[t->counts])->name, false,
        c->err);
}

/* ---- the kernel ---- */

/* Axes of equal length are one axis, but within a parameter. */
static zkg_status axis_name(char name[40], zkg_graph *g, const char *kernel,
                            const zkg_compiled_param *p, uint32_t axis,
                            zkg_error *err)
{
    const uint32_t id = zkg_statement_kernel_id(&g->st, kernel);
    uint32_t before = 0;

    for (uint32_t i = 0; i < axis; i++)
        before += p->len[i] == p->len[axis];
    snprintf(name, 40, "n%" PRIu64 "_%u", p->len[axis], before);
    if (zkg_kernel_axis_id(&g->st.kernel[id], name) != ZKG_NO_ID)
        return ZKG_OK;
    return zkg_graph_kernel_axis(g, kernel, name, p->len[axis], err);
}

static zkg_status add_param(zkg_graph *g, const char *kernel,
                            const zkg_compiled_param *p, zkg_error *err)
{
    char axes[ZKG_MAX_AXES * 42] = "";
    size_t n = 0;

    for (uint32_t i = 0; i < p->axes; i++) {
        char name[40];

        ZKG_TRY(axis_name(name, g, kernel, p, i, err));
        n += (size_t)snprintf(axes + n, sizeof(axes) - n, "%s%s",
                              i > 0 ? "," : "", name);
    }
    return zkg_graph_kernel_param(g, kernel, p->name, axes, err);
}

/* Names of parameters, separated by commas; to be freed. */
static char *join_names(const zkg_compiled *k, const uint32_t *id, uint32_t n)
{
    char *text =
        zkg_alloc((size_t)n + 1, sizeof(((zkg_compiled_param *)0)->name) + 1);
    size_t at = 0;

    for (uint32_t i = 0; text != NULL && i < n; i++)
        at += (size_t)sprintf(text + at, "%s%s", i > 0 ? "," : "",
                              zkg_compiled_param_at(k, id[i])->name);
    return text;
}

static zkg_status add_site(call *c, const char *kernel, const zkg_compiled *k,
                           const zkg_compiled_site *site)
{
    char table[256];
    char *names = join_names(k, site->param, site->columns);
    zkg_status s;

    if (names == NULL)
        return no_memory(c->err);
    s = add_table(table, c, site->table);
    if (s == ZKG_OK)
        s = zkg_graph_kernel_lookup(c->d->graph, kernel, table, names, c->err);
    zkg_free(names);
    return s;
}

static zkg_status add_circuit(call *c, const char *kernel,
                              const zkg_compiled *k)
{
    char *in = join_names(k, k->input.data, k->input.count);
    char *out = join_names(k, k->output.data, k->output.count);
    zkg_status s = ZKG_ERR_NOMEM;

    if (in == NULL || out == NULL)
        (void)no_memory(c->err);
    else
        s = zkg_graph_kernel_circuit(c->d->graph, kernel, &k->circuit, in, out,
                                     c->err);
    zkg_free(in);
    zkg_free(out);
    return s;
}

static zkg_status add_kernel(call *c, const char *kernel, zkg_compiled *k)
{
    const zkg_compiled_site *site = k->site.data;
    zkg_graph *g = c->d->graph;

    ZKG_TRY(zkg_graph_add_kernel(g, kernel, c->err));
    for (uint32_t i = 0; i < k->param.count; i++)
        ZKG_TRY(add_param(g, kernel, zkg_compiled_param_at(k, i), c->err));
    for (uint32_t i = 0; i < k->site.count; i++)
        ZKG_TRY(add_site(c, kernel, k, &site[i]));
    ZKG_TRY(add_circuit(c, kernel, k));
    return zkg_graph_kernel_program(g, kernel, &k->program, c->err);
}

/* What makes two compiled kernels one. */
static zkg_status digest_of(uint8_t digest[32], const call *c,
                            const zkg_compiled *k)
{
    const zkg_compiled_site *site = k->site.data;
    uint8_t *program = NULL;
    size_t len = 0;
    zkg_writer w;
    zkg_status s;

    zkg_writer_init(&w);
    for (uint32_t i = 0; i < k->param.count; i++) {
        const zkg_compiled_param *p = zkg_compiled_param_at(k, i);

        (void)zkg_writer_string(&w, p->name);
        (void)zkg_writer_u32(&w, (uint32_t)p->role);
        (void)zkg_writer_u32(&w, p->axes);
        (void)zkg_writer_bytes(&w, p->len, p->axes * sizeof(p->len[0]));
    }
    for (uint32_t i = 0; i < k->site.count; i++) {
        const zkg_recorded_table *t = zkg_recorder_table(c->r, site[i].table);

        (void)zkg_writer_string(&w, t->name);
        (void)zkg_writer_u32(&w, t->bits);
        (void)zkg_writer_bytes(
            &w, t->row, (size_t)t->rows * (1 + t->values) * sizeof(t->row[0]));
        if (t->use == ZKG_TABLE_COUNTS)
            (void)zkg_writer_string(&w, c->task);
    }
    zkg_circuit_write(&w, &k->circuit);
    s = zkg_program_encode(&program, &len, &k->program, c->err);
    if (s == ZKG_OK)
        (void)zkg_writer_bytes(&w, program, len);
    zkg_free(program);
    if (s == ZKG_OK && w.status != ZKG_OK)
        s = no_memory(c->err);
    if (s == ZKG_OK)
        zkg_blake2b_256(digest, w.data, w.len);
    zkg_writer_free(&w);
    return s;
}

/* Find the kernel in the graph, or add it, by a name of its own. */
static zkg_status find_kernel(char name[160], call *c, zkg_compiled *k)
{
    zkg_device_kernel made;
    uint32_t same = 1;

    ZKG_TRY(digest_of(made.digest, c, k));
    for (uint32_t i = 0; i < c->d->kernel.count; i++) {
        const zkg_device_kernel *have =
            &((const zkg_device_kernel *)c->d->kernel.data)[i];
        const size_t n = strlen(c->r->name);

        if (strncmp(have->name, c->r->name, n) != 0 ||
            (have->name[n] != 0 && have->name[n] != ':'))
            continue;
        same++;
        if (memcmp(have->digest, made.digest, 32) == 0) {
            snprintf(name, 160, "%s", have->name);
            return ZKG_OK;
        }
    }
    if (same == 1)
        snprintf(made.name, sizeof(made.name), "%s", c->r->name);
    else
        snprintf(made.name, sizeof(made.name), "%s:%u", c->r->name, same);
    snprintf(name, 160, "%s", made.name);
    ZKG_TRY(add_kernel(c, name, k));
    return zkg_list_add(&c->d->kernel, sizeof(made), 1, &made) != NULL
               ? ZKG_OK
               : no_memory(c->err);
}

/* ---- the task ---- */

/* A tensor of this task: what it makes, or queries. */
static zkg_status add_tensor(call *c, uint32_t i, const zkg_compiled_param *p)
{
    char name[300];
    zkg_tensor_spec spec = {
        .name = name,
        .type = p->type,
        .visibility =
            p->role == ZKG_COMPILED_VIRTUAL ? ZKG_VIRTUAL : ZKG_PRIVATE,
        .min = zkg_dtype_min(p->type),
        .max = zkg_dtype_max(p->type),
    };

    if (c->copies > 1)
        spec.len[spec.axes++] = c->copies;
    for (uint32_t k = 0; k < p->axes; k++)
        spec.len[spec.axes++] = p->len[k];
    snprintf(name, sizeof(name), "%s.%s", c->task, p->name);
    ZKG_TRY(zkg_graph_add_tensor(c->d->graph, &spec, c->err));
    c->bound[i] = c->d->graph->st.tensors - 1;
    return ZKG_OK;
}

static zkg_status add_task(call *c, const char *kernel, const zkg_compiled *k)
{
    zkg_graph *g = c->d->graph;

    for (uint32_t i = 0; i < k->param.count; i++) {
        const zkg_compiled_param *p = zkg_compiled_param_at(k, i);

        if (p->role == ZKG_COMPILED_READ)
            c->bound[i] = c->tensor[p->recorded];
        else
            ZKG_TRY(add_tensor(c, i, p));
    }
    ZKG_TRY(zkg_graph_add_task(g, c->task, kernel, c->copies, c->err));
    for (uint32_t i = 0; i < k->param.count; i++) {
        const zkg_compiled_param *p = zkg_compiled_param_at(k, i);

        ZKG_TRY(zkg_graph_bind(
            g, p->name, g->st.tensor[c->bound[i]].name,
            p->role == ZKG_COMPILED_READ && c->broadcast[p->recorded], c->err));
    }
    return zkg_graph_rule_circuit(g, c->task, c->err);
}

static zkg_status give_outputs(call *c, const zkg_compiled *k)
{
    for (uint32_t i = 0; i < k->param.count; i++) {
        const zkg_compiled_param *p = zkg_compiled_param_at(k, i);

        if (p->role == ZKG_COMPILED_MADE && p->recorded != ZKG_NO_PARAM &&
            c->given[p->recorded] != NULL)
            ZKG_TRY(zkg_device_whole(c->d, c->given[p->recorded]->out,
                                     c->bound[i], c->err));
    }
    return ZKG_OK;
}

static zkg_status run(call *c)
{
    const zkg_compile_options options = {.view = c->view};
    char kernel[160];
    zkg_compiled k;
    zkg_status s;

    ZKG_TRY(match_arguments(c));
    ZKG_TRY(bind_inputs(c));
    ZKG_TRY(zkg_compile(&k, c->r, &options, c->err));
    c->bound = zkg_alloc(k.param.count, sizeof(c->bound[0]));
    s = c->bound != NULL ? find_kernel(kernel, c, &k) : no_memory(c->err);
    if (s == ZKG_OK)
        s = add_task(c, kernel, &k);
    if (s == ZKG_OK)
        s = give_outputs(c, &k);
    zkg_compiled_clear(&k);
    return s;
}

static zkg_status check_call(const zkg_device *d, const zkg_recorder *r,
                             uint64_t copies, zkg_error *err)
{
    if (d->graph == NULL)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "kernel %s is called after the graph is finished",
                        r->name);
    if (!r->finished || r->failed.status != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "kernel %s is called and not finished: "
                        "zkg_recorder_finish()",
                        r->name);
    if (copies < 1 || copies > INT32_MAX)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "kernel %s is called for %llu copies: 1 to 2^31 - 1",
                        r->name, (unsigned long long)copies);
    return ZKG_OK;
}

zkg_status zkg_device_call(zkg_device *d, const char *task,
                           const zkg_recorder *kernel, uint64_t copies,
                           const zkg_arg *arg, size_t args, zkg_error *err)
{
    const size_t n = kernel->param.count;
    call c = {
        .d = d,
        .r = kernel,
        .copies = copies,
        .arg = arg,
        .args = args,
        .err = err,
    };
    zkg_status s;

    ZKG_TRY(check_call(d, kernel, copies, err));
    if (task != NULL)
        snprintf(c.task, sizeof(c.task), "%s", task);
    else
        snprintf(c.task, sizeof(c.task), "Task%u", d->graph->st.tasks);
    c.given = zkg_alloc(n, sizeof(c.given[0]));
    c.view = zkg_alloc(n, sizeof(c.view[0]));
    c.order = zkg_alloc(n, sizeof(c.order[0]));
    c.tensor = zkg_alloc(n, sizeof(c.tensor[0]));
    c.broadcast = zkg_alloc(n, sizeof(c.broadcast[0]));
    if (c.given == NULL || c.view == NULL || c.order == NULL ||
        c.tensor == NULL || c.broadcast == NULL)
        s = no_memory(err);
    else
        s = run(&c);
    for (size_t i = 0; c.order != NULL && i < n; i++)
        zkg_free(c.order[i]);
    zkg_free(c.given);
    zkg_free(c.view);
    zkg_free(c.order);
    zkg_free(c.tensor);
    zkg_free(c.broadcast);
    zkg_free(c.bound);
    return s;
}
