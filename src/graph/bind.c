/* SPDX-License-Identifier: Apache-2.0 */
/* A task of the statement as the relations take it. */
#include "graph/bind.h"

#include <string.h>

#include "base/mem.h"
#include "relation/circuit.h"

/* All that a bound task points into, in one block freed as a whole. */
typedef struct task_storage {
    zkg_axis *axis;
    zkg_operand *operand;
    zkg_array *view; /* array headers with the copies' axis before them */
    zkg_site *site;
    uint32_t *column; /* of all sites */
    zkg_einsum *einsum;
    zkg_term *term; /* of all einsums */
    zkg_task_circuit circuit;
} task_storage;

static void storage_free(task_storage *m)
{
    if (m == NULL)
        return;
    zkg_free(m->axis);
    zkg_free(m->operand);
    zkg_free(m->view);
    zkg_free(m->site);
    zkg_free(m->column);
    zkg_free(m->einsum);
    zkg_free(m->term);
    zkg_free(m);
}

static task_storage *storage_new(const zkg_kernel *k)
{
    task_storage *m = zkg_alloc(1, sizeof(*m));
    size_t columns = 0, terms = 0;

    if (m == NULL)
        return NULL;
    for (uint32_t i = 0; i < k->lookups; i++)
        columns += k->lookup[i].columns;
    for (uint32_t i = 0; i < k->einsums; i++)
        terms += k->einsum[i].terms;
    m->axis = zkg_alloc(k->axes + 1, sizeof(m->axis[0]));
    m->operand = zkg_alloc(k->params, sizeof(m->operand[0]));
    m->view = zkg_alloc(k->params, sizeof(m->view[0]));
    m->site = zkg_alloc(k->lookups, sizeof(m->site[0]));
    m->column = zkg_alloc(columns, sizeof(m->column[0]));
    m->einsum = zkg_alloc(k->einsums, sizeof(m->einsum[0]));
    m->term = zkg_alloc(terms, sizeof(m->term[0]));
    if (m->axis == NULL || m->operand == NULL || m->view == NULL ||
        m->site == NULL || m->column == NULL || m->einsum == NULL ||
        m->term == NULL) {
        storage_free(m);
        return NULL;
    }
    return m;
}

/* A header over the same cells, with an axis of length 1 in front. */
static void prepend_axis(zkg_array *out, const zkg_array *a)
{
    *out = *a;
    out->owned = false;
    out->axes = a->axes + 1;
    out->len[0] = out->stored[0] = 1;
    memcpy(&out->len[1], a->len, a->axes * sizeof(a->len[0]));
    memcpy(&out->stored[1], a->stored, a->axes * sizeof(a->stored[0]));
}

static void bind_operand(task_storage *m, const zkg_statement *st,
                         const zkg_task *t, uint32_t p,
                         const zkg_array *const *arrays)
{
    const zkg_stmt_param *param = &st->kernel[t->kernel].param[p];
    const uint32_t id = t->bind[p];
    const zkg_tensor *x = &st->tensor[id];
    const zkg_array *a = arrays != NULL ? arrays[id] : NULL;
    zkg_operand *o = &m->operand[p];

    *o = (zkg_operand){.tensor = id, .vis = x->vis};
    if (!t->broadcast[p])
        o->axis[o->axes++] = 0;
    for (uint32_t i = 0; i < param->axes; i++)
        o->axis[o->axes++] = param->axis[i] + 1;
    if (a != NULL && a->axes < o->axes) {
        prepend_axis(&m->view[p], a);
        a = &m->view[p];
    }
    o->array = a;
}

static void bind_coeff(zkg_fr *out, const zkg_coeff *c)
{
    uint64_t l[4];

    for (int i = 0; i < 4; i++)
        l[i] = (uint64_t)c->limb[2 * i] | (uint64_t)c->limb[2 * i + 1] << 32;
    (void)zkg_fr_from_scalar(out, l); /* checked to be below p/2 */
    if (c->negative)
        zkg_fr_neg(out, out);
}

static void bind_factor(zkg_term *out, uint32_t f, const zkg_stmt_factor *in,
                        bool broadcast)
{
    uint32_t n = 0;

    out->operand[f] = in->param;
    if (!broadcast)
        out->index[f][n++] = (zkg_index){.a = 0, .b = ZKG_NO_AXIS, .s = 1};
    for (uint32_t i = 0; i < in->indices; i++) {
        const zkg_stmt_index *x = &in->index[i];

        out->index[f][n++] = (zkg_index){
            .a = x->a + 1,
            .b = x->b == ZKG_NO_ID ? ZKG_NO_AXIS : x->b + 1,
            .s = x->s,
            .d = x->d,
            .e = x->e,
        };
    }
    out->indices[f] = n;
}

static zkg_term *bind_einsum(zkg_einsum *out, zkg_term *next,
                             const zkg_kernel *k, uint32_t i, const zkg_task *t)
{
    const zkg_stmt_einsum *e = &k->einsum[i];

    *out = (zkg_einsum){
        .relation = k->lookups + i,
        .out_axes = e->out_axes + 1,
        .terms = e->terms,
        .term = next,
        .virtual_operand = e->equals == ZKG_NO_ID ? -1 : (int32_t)e->equals,
    };
    for (uint32_t a = 0; a < e->out_axes; a++)
        out->out[a + 1] = e->out[a] + 1;
    for (uint32_t j = 0; j < e->terms; j++, next++) {
        const zkg_stmt_term *m = &e->term[j];

        *next = (zkg_term){.factors = m->factors};
        bind_coeff(&next->c, &m->c);
        for (uint32_t f = 0; f < m->factors; f++)
            bind_factor(next, f, &m->factor[f],
                        t->broadcast[m->factor[f].param]);
    }
    return next;
}

zkg_status zkg_statement_task(zkg_bound_task *out, const zkg_statement *st,
                              uint32_t t, const zkg_array *const *arrays,
                              zkg_error *err)
{
    const zkg_task *task = &st->task[t];
    const zkg_kernel *k = &st->kernel[task->kernel];
    task_storage *m = storage_new(k);
    uint32_t *column;
    zkg_term *term;

    *out = (zkg_bound_task){.storage = m};
    if (m == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for task %s",
                        task->name);
    column = m->column;
    term = m->term;
    m->axis[0] = (zkg_axis){task->copies, zkg_axis_bits(task->copies)};
    for (uint32_t i = 0; i < k->axes; i++)
        m->axis[i + 1] =
            (zkg_axis){k->axis[i].len, zkg_axis_bits(k->axis[i].len)};
    for (uint32_t p = 0; p < k->params; p++)
        bind_operand(m, st, task, p, arrays);
    for (uint32_t i = 0; i < k->lookups; i++) {
        m->site[i] = (zkg_site){
            .relation = i,
            .table = k->lookup[i].table,
            .columns = k->lookup[i].columns,
            .operand = column,
        };
        for (uint32_t c = 0; c < k->lookup[i].columns; c++)
            *column++ = k->lookup[i].param[c];
    }
    for (uint32_t i = 0; i < k->einsums; i++)
        term = bind_einsum(&m->einsum[i], term, k, i, task);
    out->relations = (zkg_task_relations){
        .task = t,
        .axes = k->axes + 1,
        .axis = m->axis,
        .operands = k->params,
        .operand = m->operand,
        .sites = k->lookups,
        .site = m->site,
        .einsums = k->einsums,
        .einsum = m->einsum,
    };
    if (k->circuit != ZKG_NO_ID) {
        m->circuit = (zkg_task_circuit){
            .relation = k->lookups + k->einsums,
            .circuit = &st->circuit[k->circuit],
            .operand = k->input,
            .output = k->output,
        };
        out->relations.circuits = 1;
        out->relations.circuit = &m->circuit;
    }
    return ZKG_OK;
}

void zkg_bound_task_clear(zkg_bound_task *b)
{
    storage_free(b->storage);
    *b = (zkg_bound_task){.storage = NULL};
}

zkg_status zkg_statement_table(zkg_bound_table *out, const zkg_statement *st,
                               uint32_t t, const zkg_array *const *arrays,
                               zkg_error *err)
{
    const zkg_stmt_table *in = &st->table[t];
    const zkg_array **column = zkg_alloc(in->columns, sizeof(column[0]));

    *out = (zkg_bound_table){.storage = column};
    if (column == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for table %s", in->name);
    for (uint32_t c = 0; in->column != NULL && c < in->columns; c++)
        column[c] = &in->column[c];
    out->table = (zkg_lookup_table){
        .table = t,
        .kind = in->kind,
        .bits = in->bits,
        .rows = in->rows,
        .columns = in->columns,
        .column = in->column != NULL ? column : NULL,
        .counts_tensor = in->counts,
        .counts_vis = st->tensor[in->counts].vis,
        .counts = arrays != NULL ? arrays[in->counts] : NULL,
    };
    return ZKG_OK;
}

void zkg_bound_table_clear(zkg_bound_table *b)
{
    zkg_free(b->storage);
    *b = (zkg_bound_table){.storage = NULL};
}
