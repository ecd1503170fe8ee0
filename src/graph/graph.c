/* SPDX-License-Identifier: Apache-2.0 */
/* Building a graph, piece by piece. */
#include "graph/graph.h"
#include "graph/graph_circuit.h"
#include "graph/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "circuit/own.h"
#include "graph/grow.h"
#include "graph/text.h"

#define BAD(...) zkg_fail(err, ZKG_ERR_MALFORMED, __VA_ARGS__)

static zkg_status no_memory(zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the graph");
}

zkg_status zkg_graph_new(zkg_graph **out, zkg_error *err)
{
    *out = zkg_alloc(1, sizeof(**out));
    return *out != NULL ? ZKG_OK : no_memory(err);
}

void zkg_graph_free(zkg_graph *g)
{
    if (g == NULL)
        return;
    for (uint32_t i = 0; g->value != NULL && i < g->st.tensors; i++)
        zkg_array_clear(&g->value[i]);
    zkg_displays_free(g->display, g->display != NULL ? g->st.tensors : 0);
    for (uint32_t i = 0; g->program != NULL && i < g->st.kernels; i++)
        zkg_program_clear(&g->program[i]);
    zkg_free(g->program);
    zkg_free(g->value);
    zkg_free(g->rule);
    zkg_free(g->input);
    zkg_free(g->output);
    zkg_statement_clear(&g->st);
    zkg_safetensors_clear(&g->tensors);
    zkg_free(g);
}

/* ---- what is named ---- */

static zkg_status find_tensor(uint32_t *id, const zkg_graph *g,
                              const char *name, zkg_error *err)
{
    *id = zkg_statement_tensor_id(&g->st, name);
    return *id != ZKG_NO_ID ? ZKG_OK : BAD("no tensor is named \"%s\"", name);
}

static zkg_status find_table(uint32_t *id, const zkg_graph *g, const char *name,
                             zkg_error *err)
{
    *id = zkg_statement_table_id(&g->st, name);
    return *id != ZKG_NO_ID ? ZKG_OK : BAD("no table is named \"%s\"", name);
}

static zkg_status find_kernel(zkg_kernel **k, zkg_graph *g, const char *name,
                              zkg_error *err)
{
    const uint32_t id = zkg_statement_kernel_id(&g->st, name);

    if (id == ZKG_NO_ID)
        return BAD("no kernel is named \"%s\"", name);
    *k = &g->st.kernel[id];
    return ZKG_OK;
}

static zkg_status find_task(uint32_t *id, const zkg_graph *g, const char *name,
                            zkg_error *err)
{
    *id = zkg_statement_task_id(&g->st, name);
    return *id != ZKG_NO_ID ? ZKG_OK : BAD("no task is named \"%s\"", name);
}

/* Lists grow one by one; a name is copied before anything counts. */
static zkg_status add_named(void **list, uint32_t count, size_t size,
                            char **copy, const char *name, zkg_error *err)
{
    void *more = zkg_grow(*list, count, size);

    if (more == NULL)
        return no_memory(err);
    *list = more;
    *copy = zkg_strdup(name);
    return *copy != NULL ? ZKG_OK : no_memory(err);
}

static zkg_status refuse_finished(const zkg_graph *g, zkg_error *err)
{
    if (g->finished)
        return zkg_fail(err, ZKG_ERR_INVALID, "the graph is finished");
    return ZKG_OK;
}

/* ---- tensors and tables ---- */

zkg_status zkg_graph_add_tensor(zkg_graph *g, const zkg_tensor_spec *spec,
                                zkg_error *err)
{
    zkg_statement *st = &g->st;
    const uint32_t n = st->tensors;
    char *name;
    void *more;

    ZKG_TRY(refuse_finished(g, err));
    if (zkg_statement_tensor_id(st, spec->name) != ZKG_NO_ID)
        return BAD("two tensors are named %s", spec->name);
    if (strncmp(spec->name, "table:", 6) == 0)
        return BAD("tensor %s: names beginning with \"table:\" are the "
                   "columns of tables",
                   spec->name);
    if (spec->axes > ZKG_MAX_AXES)
        return BAD("tensor %s: %u axes, at most %d", spec->name, spec->axes,
                   ZKG_MAX_AXES);
    more = zkg_grow(g->value, n, sizeof(g->value[0]));
    if (more == NULL)
        return no_memory(err);
    g->value = more;
    more = zkg_grow(g->display, n, sizeof(g->display[0]));
    if (more == NULL)
        return no_memory(err);
    g->display = more;
    ZKG_TRY(add_named((void **)&st->tensor, n, sizeof(st->tensor[0]), &name,
                      spec->name, err));
    st->tensor[n] = (zkg_tensor){
        .name = name,
        .axes = spec->axes,
        .type = spec->type,
        .vis = spec->visibility,
        .min = spec->min,
        .max = spec->max,
    };
    memcpy(st->tensor[n].len, spec->len, spec->axes * sizeof(spec->len[0]));
    st->tensors++;
    return ZKG_OK;
}

zkg_status zkg_values_out_of_range(const zkg_tensor *t, uint64_t i, int64_t v,
                                   zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "%s tensor %s: element %llu is %lld, outside "
                    "%lld..%lld",
                    zkg_visibility_name(t->vis), t->name, (unsigned long long)i,
                    (long long)v, (long long)t->min, (long long)t->max);
}

zkg_status zkg_values_check_range(const zkg_tensor *t, const zkg_array *a,
                                  zkg_error *err)
{
    const uint64_t n = zkg_tensor_count(t);
    int64_t least, most;

    if (t->type == ZKG_FR)
        return ZKG_OK;
    zkg_array_bounds(&least, &most, a);
    if (least >= t->min && most <= t->max)
        return ZKG_OK;
    /* The bounds take 0 in, which a range may leave out. */
    for (uint64_t k = 0; k < n; k++) {
        const int64_t v = zkg_array_get_i64(a, k);

        if (v < t->min || v > t->max)
            return zkg_values_out_of_range(t, k, v, err);
    }
    return ZKG_OK;
}

zkg_status zkg_graph_set_values(zkg_graph *g, uint32_t id, const int64_t *value,
                                size_t count, zkg_error *err)
{
    const zkg_tensor *t = &g->st.tensor[id];

    if (count != zkg_tensor_count(t))
        return BAD("tensor %s has %llu elements, not %zu", t->name,
                   (unsigned long long)zkg_tensor_count(t), count);
    for (size_t i = 0; i < count; i++) {
        if (t->type != ZKG_FR && (value[i] < t->min || value[i] > t->max))
            return zkg_values_out_of_range(t, i, value[i], err);
    }
    zkg_array_clear(&g->value[id]);
    ZKG_TRY(zkg_array_init(&g->value[id], t->type, t->axes, t->len, err));
    for (size_t i = 0; i < count; i++)
        zkg_array_set_i64(&g->value[id], i, value[i]);
    return ZKG_OK;
}

zkg_status zkg_graph_set_fixed(zkg_graph *g, const char *tensor,
                               const int64_t *value, size_t count,
                               zkg_error *err)
{
    uint32_t id;

    ZKG_TRY(find_tensor(&id, g, tensor, err));
    if (g->st.tensor[id].vis != ZKG_FIXED)
        return BAD("tensor %s is %s: only fixed ones have values by "
                   "themselves, others by a rule",
                   tensor, zkg_visibility_name(g->st.tensor[id].vis));
    return zkg_graph_set_values(g, id, value, count, err);
}

zkg_status zkg_graph_set_fixed_fr(zkg_graph *g, const char *tensor,
                                  const zkg_fr *value, size_t count,
                                  zkg_error *err)
{
    const zkg_tensor *t;
    uint32_t id;

    ZKG_TRY(find_tensor(&id, g, tensor, err));
    t = &g->st.tensor[id];
    if (t->vis != ZKG_FIXED || t->type != ZKG_FR)
        return BAD("tensor %s is %s %s: no fixed field elements", tensor,
                   zkg_visibility_name(t->vis), zkg_dtype_name(t->type));
    if (count != zkg_tensor_count(t))
        return BAD("tensor %s has %llu elements, not %zu", tensor,
                   (unsigned long long)zkg_tensor_count(t), count);
    zkg_array_clear(&g->value[id]);
    ZKG_TRY(zkg_array_init(&g->value[id], ZKG_FR, t->axes, t->len, err));
    if (count > 0)
        memcpy(g->value[id].data, value, count * sizeof(*value));
    return ZKG_OK;
}

static zkg_status add_table(zkg_graph *g, const char *table,
                            const zkg_stmt_table *in, zkg_error *err)
{
    zkg_statement *st = &g->st;
    char *name;

    ZKG_TRY(refuse_finished(g, err));
    if (zkg_statement_table_id(st, table) != ZKG_NO_ID)
        return BAD("two tables are named %s", table);
    ZKG_TRY(add_named((void **)&st->table, st->tables, sizeof(st->table[0]),
                      &name, table, err));
    st->table[st->tables] = *in;
    st->table[st->tables].name = name;
    st->table[st->tables].counts = ZKG_NO_ID;
    st->tables++;
    return ZKG_OK;
}

zkg_status zkg_graph_add_table(zkg_graph *g, const char *table,
                               zkg_table_kind kind, uint32_t bits,
                               zkg_error *err)
{
    const zkg_stmt_table t = {
        .kind = kind,
        .bits = bits,
        .rows = (uint64_t)1 << (bits & 63),
        .columns = zkg_table_kind_columns(kind),
    };

    if (kind == ZKG_KIND_COLUMNS || bits < 1 || bits > ZKG_MAX_TABLE_BITS)
        return BAD("table %s: bits are 1 to %d", table, ZKG_MAX_TABLE_BITS);
    return add_table(g, table, &t, err);
}

zkg_status zkg_graph_add_columns(zkg_graph *g, const char *table,
                                 uint32_t columns, uint64_t rows,
                                 const int64_t *const *column, zkg_error *err)
{
    zkg_stmt_table t = {
        .kind = ZKG_KIND_COLUMNS,
        .rows = rows,
        .columns = columns,
    };
    zkg_array *copy;

    if (columns < 1 || columns > ZKG_MAX_TABLE_COLUMNS || rows < 1 ||
        rows > ZKG_MAX_TABLE_ROWS)
        return BAD("table %s: columns are 1 to %d, rows 1 to 2^20", table,
                   ZKG_MAX_TABLE_COLUMNS);
    ZKG_TRY(add_table(g, table, &t, err));
    copy = zkg_alloc(columns, sizeof(copy[0]));
    if (copy == NULL)
        return no_memory(err);
    g->st.table[g->st.tables - 1].column = copy;
    for (uint32_t c = 0; c < columns; c++) {
        ZKG_TRY(zkg_array_init(&copy[c], ZKG_I64, 1, &rows, err));
        memcpy(copy[c].data, column[c], rows * sizeof(int64_t));
    }
    return ZKG_OK;
}

zkg_status zkg_graph_table_counts(zkg_graph *g, const char *table,
                                  const char *tensor, bool hinted,
                                  zkg_error *err)
{
    uint32_t t, m;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_table(&t, g, table, err));
    ZKG_TRY(find_tensor(&m, g, tensor, err));
    g->st.table[t].counts = m;
    g->st.table[t].hinted = hinted;
    return ZKG_OK;
}

/* ---- kernels ---- */

zkg_status zkg_graph_add_kernel(zkg_graph *g, const char *kernel,
                                zkg_error *err)
{
    zkg_statement *st = &g->st;
    char *name;
    void *more;

    ZKG_TRY(refuse_finished(g, err));
    if (zkg_statement_kernel_id(st, kernel) != ZKG_NO_ID)
        return BAD("two kernels are named %s", kernel);
    more = zkg_grow(g->program, st->kernels, sizeof(g->program[0]));
    if (more == NULL)
        return no_memory(err);
    g->program = more;
    ZKG_TRY(add_named((void **)&st->kernel, st->kernels, sizeof(st->kernel[0]),
                      &name, kernel, err));
    st->kernel[st->kernels++] = zkg_kernel_empty(name);
    return ZKG_OK;
}

zkg_status zkg_graph_kernel_axis(zkg_graph *g, const char *kernel,
                                 const char *axis, uint64_t len, zkg_error *err)
{
    zkg_kernel *k = NULL;
    char *name;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    ZKG_TRY(add_named((void **)&k->axis, k->axes, sizeof(k->axis[0]), &name,
                      axis, err));
    k->axis[k->axes++] = (zkg_stmt_axis){name, len};
    return ZKG_OK;
}

zkg_status zkg_graph_kernel_param(zkg_graph *g, const char *kernel,
                                  const char *param, const char *axes,
                                  zkg_error *err)
{
    zkg_stmt_param p = {.axes = 0};
    zkg_kernel *k = NULL;
    char *name;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    ZKG_TRY(zkg_text_axes(p.axis, &p.axes, k, axes, err));
    ZKG_TRY(add_named((void **)&k->param, k->params, sizeof(k->param[0]), &name,
                      param, err));
    p.name = name;
    k->param[k->params++] = p;
    return ZKG_OK;
}

zkg_status zkg_graph_kernel_lookup(zkg_graph *g, const char *kernel,
                                   const char *table, const char *params,
                                   zkg_error *err)
{
    zkg_stmt_lookup l = {.columns = 0};
    zkg_kernel *k = NULL;
    void *more;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    if (k->einsums > 0 || k->circuit != ZKG_NO_ID)
        return BAD("kernel %s: lookups come before einsums and the circuit",
                   kernel);
    ZKG_TRY(find_table(&l.table, g, table, err));
    ZKG_TRY(zkg_text_params(l.param, &l.columns, k, params, err));
    more = zkg_grow(k->lookup, k->lookups, sizeof(k->lookup[0]));
    if (more == NULL)
        return no_memory(err);
    k->lookup = more;
    k->lookup[k->lookups++] = l;
    return ZKG_OK;
}

zkg_status zkg_graph_kernel_einsum(zkg_graph *g, const char *kernel,
                                   const char *out, const char *equals,
                                   zkg_error *err)
{
    zkg_stmt_einsum e = {.equals = ZKG_NO_ID};
    zkg_kernel *k = NULL;
    void *more;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    if (k->circuit != ZKG_NO_ID)
        return BAD("kernel %s: einsums come before the circuit", kernel);
    ZKG_TRY(zkg_text_axes(e.out, &e.out_axes, k, out, err));
    if (equals != NULL) {
        e.equals = zkg_kernel_param_id(k, equals);
        if (e.equals == ZKG_NO_ID)
            return BAD("kernel %s has no parameter \"%s\"", kernel, equals);
    }
    more = zkg_grow(k->einsum, k->einsums, sizeof(k->einsum[0]));
    if (more == NULL)
        return no_memory(err);
    k->einsum = more;
    k->einsum[k->einsums++] = e;
    return ZKG_OK;
}

zkg_status zkg_graph_kernel_term(zkg_graph *g, const char *kernel,
                                 const char *c, const char *f0, const char *f1,
                                 zkg_error *err)
{
    zkg_stmt_term t = {.factors = 0};
    const char *const factor[2] = {f0, f1};
    zkg_stmt_einsum *e;
    zkg_kernel *k = NULL;
    void *more;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    if (k->einsums == 0)
        return BAD("kernel %s: a term before an einsum", kernel);
    if (!zkg_coeff_parse(&t.c, c))
        return BAD("\"%s\" is no decimal integer below 2^256", c);
    for (int i = 0; i < 2 && factor[i] != NULL; i++)
        ZKG_TRY(zkg_text_factor(&t.factor[t.factors++], k, factor[i], err));
    e = &k->einsum[k->einsums - 1];
    more = zkg_grow(e->term, e->terms, sizeof(e->term[0]));
    if (more == NULL)
        return no_memory(err);
    e->term = more;
    e->term[e->terms++] = t;
    return ZKG_OK;
}

/* Parameters by name, a list of any length. */
static zkg_status find_params(uint32_t **param, uint32_t *params,
                              const zkg_kernel *k, const char *text,
                              zkg_error *err)
{
    while (*text != 0) {
        char name[ZKG_MAX_NAME + 1];
        const size_t n = strcspn(text, ",");
        uint32_t id = ZKG_NO_ID;
        void *more;

        if (n <= ZKG_MAX_NAME) {
            memcpy(name, text, n);
            name[n] = 0;
            id = zkg_kernel_param_id(k, name);
        }
        if (id == ZKG_NO_ID)
            return BAD("kernel %s has no parameter \"%.*s\"", k->name, (int)n,
                       text);
        more = zkg_grow(*param, *params, sizeof(**param));
        if (more == NULL)
            return no_memory(err);
        *param = more;
        (*param)[(*params)++] = id;
        text += n;
        text += *text == ',';
    }
    return ZKG_OK;
}

zkg_status zkg_graph_kernel_circuit_id(zkg_graph *g, const char *kernel,
                                       uint32_t circuit, const char *inputs,
                                       const char *outputs, zkg_error *err)
{
    zkg_kernel *k = NULL;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    if (k->circuit != ZKG_NO_ID)
        return BAD("kernel %s has two circuits", kernel);
    if (circuit >= g->st.circuits)
        return BAD("kernel %s: there is no circuit %u", kernel, circuit);
    ZKG_TRY(find_params(&k->input, &k->inputs, k, inputs, err));
    ZKG_TRY(find_params(&k->output, &k->outputs, k, outputs, err));
    k->circuit = circuit;
    return ZKG_OK;
}

zkg_status zkg_graph_kernel_circuit(zkg_graph *g, const char *kernel,
                                    const zkg_circuit *c, const char *inputs,
                                    const char *outputs, zkg_error *err)
{
    zkg_statement *st = &g->st;
    void *more;

    ZKG_TRY(refuse_finished(g, err));
    more = zkg_grow(st->circuit, st->circuits, sizeof(st->circuit[0]));
    if (more == NULL)
        return no_memory(err);
    st->circuit = more;
    ZKG_TRY(zkg_circuit_copy(&st->circuit[st->circuits], c, err));
    st->circuits++;
    return zkg_graph_kernel_circuit_id(g, kernel, st->circuits - 1, inputs,
                                       outputs, err);
}

/* Values in one copy of a parameter. */
static uint64_t param_count(const zkg_kernel *k, uint32_t param)
{
    uint64_t n = 1;

    for (uint32_t a = 0; a < k->param[param].axes; a++)
        n *= k->axis[k->param[param].axis[a]].len;
    return n;
}

zkg_status zkg_graph_kernel_program(zkg_graph *g, const char *kernel,
                                    zkg_program *p, zkg_error *err)
{
    zkg_kernel *k = NULL;
    zkg_program *own;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    own = &g->program[k - g->st.kernel];
    if (own->params > 0)
        return BAD("kernel %s has two programs", kernel);
    if (p->params != k->params || p->params == 0)
        return BAD("kernel %s has %u parameters, its program %u", kernel,
                   k->params, p->params);
    for (uint32_t i = 0; i < p->params; i++) {
        const zkg_program_param *q = &p->param[i];

        if (strcmp(q->name, k->param[i].name) != 0 ||
            (q->count != 0 && q->count != param_count(k, i)))
            return BAD("kernel %s: parameter %s of %llu values is %s of %u in "
                       "its program",
                       kernel, k->param[i].name,
                       (unsigned long long)param_count(k, i), q->name,
                       q->count);
    }
    *own = *p;
    *p = (zkg_program){.params = 0};
    return ZKG_OK;
}

/* ---- tasks ---- */

zkg_status zkg_graph_add_task(zkg_graph *g, const char *task,
                              const char *kernel, uint64_t copies,
                              zkg_error *err)
{
    zkg_statement *st = &g->st;
    zkg_task t = {.copies = copies};
    char text[32];
    zkg_kernel *k = NULL;
    char *name;

    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_kernel(&k, g, kernel, err));
    snprintf(text, sizeof(text), "Task%u", st->tasks);
    if (task == NULL)
        task = text;
    if (zkg_statement_task_id(st, task) != ZKG_NO_ID)
        return BAD("two tasks are named %s", task);
    t.kernel = (uint32_t)(k - st->kernel);
    t.params = k->params;
    ZKG_TRY(add_named((void **)&st->task, st->tasks, sizeof(st->task[0]), &name,
                      task, err));
    t.name = name;
    t.bind = zkg_alloc(t.params, sizeof(t.bind[0]));
    t.broadcast = zkg_alloc(t.params, sizeof(t.broadcast[0]));
    for (uint32_t i = 0; t.bind != NULL && i < t.params; i++)
        t.bind[i] = ZKG_NO_ID;
    st->task[st->tasks++] = t;
    return t.bind != NULL && t.broadcast != NULL ? ZKG_OK : no_memory(err);
}

zkg_status zkg_graph_bind(zkg_graph *g, const char *param, const char *tensor,
                          bool broadcast, zkg_error *err)
{
    zkg_task *t;
    uint32_t p, id;

    ZKG_TRY(refuse_finished(g, err));
    if (g->st.tasks == 0)
        return BAD("nothing to bind to: no task yet");
    t = &g->st.task[g->st.tasks - 1];
    p = zkg_kernel_param_id(&g->st.kernel[t->kernel], param);
    if (p == ZKG_NO_ID || p >= t->params)
        return BAD("kernel %s has no parameter \"%s\"",
                   g->st.kernel[t->kernel].name, param);
    ZKG_TRY(find_tensor(&id, g, tensor, err));
    if (t->bind[p] != ZKG_NO_ID)
        return BAD("task %s binds parameter %s twice", t->name, param);
    t->bind[p] = id;
    t->broadcast[p] = broadcast;
    return ZKG_OK;
}

/* ---- inputs, outputs, rules, display ---- */

static zkg_status add_id(uint32_t **list, uint32_t *count, uint32_t id,
                         zkg_error *err)
{
    void *more = zkg_grow(*list, *count, sizeof(**list));

    if (more == NULL)
        return no_memory(err);
    *list = more;
    (*list)[(*count)++] = id;
    return ZKG_OK;
}

zkg_status zkg_graph_add_input(zkg_graph *g, const char *tensor, zkg_error *err)
{
    uint32_t id;

    ZKG_TRY(find_tensor(&id, g, tensor, err));
    if (g->st.tensor[id].vis != ZKG_PUBLIC &&
        g->st.tensor[id].vis != ZKG_PRIVATE)
        return BAD("input %s is %s: inputs are public or private", tensor,
                   zkg_visibility_name(g->st.tensor[id].vis));
    g->display[id].present = g->display[id].is_input = true;
    return add_id(&g->input, &g->inputs, id, err);
}

zkg_status zkg_graph_add_output(zkg_graph *g, const char *tensor,
                                zkg_error *err)
{
    uint32_t id;

    ZKG_TRY(find_tensor(&id, g, tensor, err));
    g->display[id].present = g->display[id].is_output = true;
    return add_id(&g->output, &g->outputs, id, err);
}

static zkg_status add_rule(zkg_graph *g, const zkg_rule *rule, zkg_error *err)
{
    void *more = zkg_grow(g->rule, g->rules, sizeof(g->rule[0]));

    if (more == NULL)
        return no_memory(err);
    g->rule = more;
    g->rule[g->rules++] = *rule;
    return ZKG_OK;
}

static const zkg_rule no_rule = {
    .task = ZKG_NO_ID,
    .einsum = ZKG_NO_ID,
    .table = ZKG_NO_ID,
    .from = ZKG_NO_ID,
    .to = ZKG_NO_ID,
    .remainder = ZKG_NO_ID,
};

/* The task and einsum of a rule. */
static zkg_status rule_einsum(zkg_rule *r, const zkg_graph *g, const char *task,
                              uint32_t einsum, zkg_error *err)
{
    const zkg_kernel *k;

    ZKG_TRY(find_task(&r->task, g, task, err));
    k = &g->st.kernel[g->st.task[r->task].kernel];
    if (einsum >= k->einsums)
        return BAD("task %s has no einsum %u", task, einsum);
    r->einsum = einsum;
    return ZKG_OK;
}

zkg_status zkg_graph_rule_divmod(zkg_graph *g, const char *task,
                                 uint32_t einsum, const char *quotient,
                                 const char *remainder, zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_DIVMOD;
    ZKG_TRY(rule_einsum(&r, g, task, einsum, err));
    ZKG_TRY(find_tensor(&r.to, g, quotient, err));
    ZKG_TRY(find_tensor(&r.remainder, g, remainder, err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_digits(zkg_graph *g, const char *task,
                                 uint32_t einsum, const char *quotient,
                                 const char *const *digit, uint32_t digits,
                                 zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_DIVMOD;
    if (digits < 1 || digits > 1 + ZKG_RULE_DIGITS)
        return BAD("a rule makes %u digits, 1 to %d are there", digits,
                   1 + ZKG_RULE_DIGITS);
    ZKG_TRY(rule_einsum(&r, g, task, einsum, err));
    ZKG_TRY(find_tensor(&r.to, g, quotient, err));
    ZKG_TRY(find_tensor(&r.remainder, g, digit[0], err));
    for (r.digits = 0; r.digits + 1 < digits; r.digits++)
        ZKG_TRY(find_tensor(&r.digit[r.digits], g, digit[r.digits + 1], err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_rsqrt(zkg_graph *g, const char *from, const char *to,
                                uint32_t bits, zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_RSQRT;
    r.value = bits;
    if (bits > 31)
        return BAD("rsqrt of %u bits, at most 31 are there", bits);
    ZKG_TRY(find_tensor(&r.from, g, from, err));
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_solve(zkg_graph *g, const char *task, uint32_t einsum,
                                const char *to, zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_SOLVE;
    ZKG_TRY(rule_einsum(&r, g, task, einsum, err));
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_max(zkg_graph *g, const char *task, uint32_t einsum,
                              const char *to, zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_MAX;
    ZKG_TRY(rule_einsum(&r, g, task, einsum, err));
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_map(zkg_graph *g, const char *table, const char *from,
                              const char *to, zkg_error *err)
{
    uint32_t id = 0;

    ZKG_TRY(find_table(&id, g, table, err));
    return zkg_graph_rule_map_column(g, table, g->st.table[id].columns - 1,
                                     from, to, err);
}

zkg_status zkg_graph_rule_map_column(zkg_graph *g, const char *table,
                                     uint32_t column, const char *from,
                                     const char *to, zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_MAP;
    r.column = column;
    ZKG_TRY(find_table(&r.table, g, table, err));
    if (column >= g->st.table[r.table].columns)
        return BAD("a rule takes column %u of table %s, which has %u", column,
                   table, g->st.table[r.table].columns);
    ZKG_TRY(find_tensor(&r.from, g, from, err));
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_copy(zkg_graph *g, const char *from, const char *to,
                               zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_COPY;
    ZKG_TRY(find_tensor(&r.from, g, from, err));
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_count(zkg_graph *g, const char *table, const char *to,
                                zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_COUNT;
    ZKG_TRY(find_table(&r.table, g, table, err));
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_constant(zkg_graph *g, const char *to, int64_t value,
                                   zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_CONSTANT;
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    r.value = value;
    return add_rule(g, &r, err);
}

zkg_status zkg_graph_rule_values(zkg_graph *g, const char *to,
                                 const int64_t *value, size_t count,
                                 zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_VALUES;
    ZKG_TRY(refuse_finished(g, err));
    ZKG_TRY(find_tensor(&r.to, g, to, err));
    if (g->st.tensor[r.to].vis != ZKG_PUBLIC &&
        g->st.tensor[r.to].vis != ZKG_PRIVATE)
        return BAD("tensor %s is %s: a rule's values are those of a public or "
                   "private one",
                   to, zkg_visibility_name(g->st.tensor[r.to].vis));
    if (value != NULL)
        ZKG_TRY(zkg_graph_set_values(g, r.to, value, count, err));
    return add_rule(g, &r, err);
}

bool zkg_graph_is_stored(const zkg_graph *g, const zkg_rule *r,
                         zkg_visibility vis)
{
    return r->kind == ZKG_RULE_VALUES && g->st.tensor[r->to].vis == vis;
}

uint32_t zkg_graph_stored(const zkg_graph *g, zkg_visibility vis)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < g->rules; i++)
        n += zkg_graph_is_stored(g, &g->rule[i], vis);
    return n;
}

zkg_status zkg_graph_rule_circuit(zkg_graph *g, const char *task,
                                  zkg_error *err)
{
    zkg_rule r = no_rule;

    r.kind = ZKG_RULE_CIRCUIT;
    ZKG_TRY(find_task(&r.task, g, task, err));
    if (g->st.kernel[g->st.task[r.task].kernel].circuit == ZKG_NO_ID &&
        g->program[g->st.task[r.task].kernel].params == 0)
        return BAD("task %s has no circuit, and no program", task);
    return add_rule(g, &r, err);
}

/* At most 255 bytes, none of them a control character. */
static bool is_label(const char *text)
{
    for (const char *s = text; *s != 0; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f || s - text > 254)
            return false;
    }
    return true;
}

zkg_status zkg_graph_display(zkg_graph *g, const char *tensor, uint32_t scale,
                             const char *const *label, size_t labels,
                             zkg_error *err)
{
    zkg_display *d;
    uint32_t id;

    ZKG_TRY(find_tensor(&id, g, tensor, err));
    if (scale > ZKG_MAX_SCALE)
        return BAD("tensor %s: a display scale of %u, at most %d", tensor,
                   scale, ZKG_MAX_SCALE);
    if (labels != 0 && labels != zkg_tensor_count(&g->st.tensor[id]))
        return BAD("tensor %s has %llu elements and %zu labels", tensor,
                   (unsigned long long)zkg_tensor_count(&g->st.tensor[id]),
                   labels);
    d = &g->display[id];
    if (d->labels > 0)
        return BAD("tensor %s has two displays", tensor);
    d->present = true;
    d->scale = scale;
    d->label = zkg_alloc(labels, sizeof(d->label[0]));
    if (d->label == NULL)
        return no_memory(err);
    for (size_t i = 0; i < labels; i++) {
        if (!is_label(label[i]))
            return BAD("tensor %s: a label is too long, or has a control "
                       "character",
                       tensor);
        d->label[i] = zkg_strdup(label[i]);
        if (d->label[i] == NULL)
            return no_memory(err);
        d->labels++;
    }
    return ZKG_OK;
}

zkg_status zkg_graph_display_value(zkg_graph *g, const char *tensor,
                                   const char *value, zkg_error *err)
{
    bool is_ascii = true;
    uint32_t id;

    ZKG_TRY(find_tensor(&id, g, tensor, err));
    for (const char *s = value; *s != 0; s++)
        is_ascii = is_ascii && (unsigned char)*s < 0x7f;
    if (!is_ascii || !is_label(value) || value[0] == 0)
        return BAD("tensor %s: a model's name is 1 to 255 printable "
                   "characters of ASCII",
                   tensor);
    zkg_free(g->display[id].value);
    g->display[id].value = zkg_strdup(value);
    return g->display[id].value != NULL ? ZKG_OK : no_memory(err);
}

/* ---- the end ---- */

static zkg_status add_hinted_counts(zkg_graph *g, uint32_t t, zkg_error *err)
{
    zkg_stmt_table *table = &g->st.table[t];
    char name[ZKG_MAX_NAME + 8];
    zkg_tensor_spec spec = {
        .name = name,
        .type = ZKG_I64,
        .visibility = ZKG_PRIVATE,
        .axes = 1,
        .len = {table->rows},
        .max = INT64_MAX,
    };

    if (strlen(table->name) > ZKG_MAX_NAME)
        return BAD("a table's name is too long");
    snprintf(name, sizeof(name), "count.%s", table->name);
    table->counts = g->st.tensors;
    table->hinted = true;
    ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
    return zkg_graph_rule_count(g, table->name, name, err);
}

/* Every tensor that is neither an input nor fixed is made exactly once. */
static zkg_status check_rules(const zkg_graph *g, zkg_error *err)
{
    uint32_t *made = zkg_alloc(g->st.tensors, sizeof(made[0]));
    zkg_status s = ZKG_OK;

    if (made == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < g->inputs; i++)
        made[g->input[i]]++;
    for (uint32_t i = 0; i < g->rules; i++) {
        uint32_t id;

        for (uint32_t k = 0; zkg_rule_makes(&id, g, &g->rule[i], k); k++)
            made[id]++;
    }
    for (uint32_t i = 0; i < g->st.tensors && s == ZKG_OK; i++) {
        const zkg_tensor *t = &g->st.tensor[i];

        if (t->vis == ZKG_FIXED) {
            if (made[i] != 0)
                s = BAD("tensor %s is fixed, and made by a rule", t->name);
            else if (g->value[i].data == NULL)
                s = BAD("fixed tensor %s has no values", t->name);
        } else if (made[i] == 0) {
            s = BAD("tensor %s is no input, and no rule makes it (add one)",
                    t->name);
        } else if (made[i] > 1) {
            s = BAD("tensor %s is made twice, by inputs or rules (leave one)",
                    t->name);
        }
    }
    zkg_free(made);
    return s;
}

zkg_status zkg_graph_finish(zkg_graph *g, zkg_error *err)
{
    ZKG_TRY(refuse_finished(g, err));
    for (uint32_t i = 0; i < g->st.tables; i++) {
        if (g->st.table[i].counts == ZKG_NO_ID)
            ZKG_TRY(add_hinted_counts(g, i, err));
    }
    ZKG_TRY(zkg_statement_check(&g->st, err));
    ZKG_TRY(check_rules(g, err));
    g->finished = true;
    return ZKG_OK;
}

void zkg_graph_digest(uint8_t out[32], const zkg_graph *g)
{
    memcpy(out, g->st.digest, 32);
}
