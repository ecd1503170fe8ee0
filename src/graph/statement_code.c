/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical encoding of a statement (docs/formats.md), field for field. */
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"
#include "circuit/own.h"
#include "graph/statement.h"

#define ENCODING_VERSION 1

/* ---- writing ---- */

static void write_tensors(zkg_writer *w, const zkg_statement *st)
{
    (void)zkg_writer_u32(w, st->tensors);
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];

        (void)zkg_writer_string(w, t->name);
        (void)zkg_writer_u8(w, (uint8_t)t->type);
        (void)zkg_writer_u8(w, (uint8_t)t->vis);
        (void)zkg_writer_u8(w, (uint8_t)t->axes);
        for (uint32_t k = 0; k < t->axes; k++)
            (void)zkg_writer_u64(w, t->len[k]);
        (void)zkg_writer_i64(w, t->min);
        (void)zkg_writer_i64(w, t->max);
    }
}

static void write_tables(zkg_writer *w, const zkg_statement *st)
{
    (void)zkg_writer_u32(w, st->tables);
    for (uint32_t i = 0; i < st->tables; i++) {
        const zkg_stmt_table *t = &st->table[i];

        (void)zkg_writer_string(w, t->name);
        (void)zkg_writer_u8(w, (uint8_t)t->kind);
        (void)zkg_writer_u32(w, t->bits);
        (void)zkg_writer_u32(w, t->columns);
        (void)zkg_writer_u64(w, t->rows);
        (void)zkg_writer_u32(w, t->counts);
        (void)zkg_writer_u8(w, t->hinted);
        for (uint32_t c = 0; t->kind == ZKG_KIND_COLUMNS && c < t->columns;
             c++) {
            for (uint64_t r = 0; r < t->rows; r++)
                (void)zkg_writer_i64(w, zkg_array_get_i64(&t->column[c], r));
        }
    }
}

static void write_factor(zkg_writer *w, const zkg_stmt_factor *f)
{
    (void)zkg_writer_u32(w, f->param);
    (void)zkg_writer_u8(w, (uint8_t)f->indices);
    for (uint32_t i = 0; i < f->indices; i++) {
        (void)zkg_writer_u32(w, f->index[i].a);
        (void)zkg_writer_u32(w, f->index[i].b);
        (void)zkg_writer_i64(w, f->index[i].s);
        (void)zkg_writer_i64(w, f->index[i].d);
        (void)zkg_writer_i64(w, f->index[i].e);
    }
}

static void write_einsum(zkg_writer *w, const zkg_stmt_einsum *e)
{
    (void)zkg_writer_u8(w, (uint8_t)e->out_axes);
    for (uint32_t i = 0; i < e->out_axes; i++)
        (void)zkg_writer_u32(w, e->out[i]);
    (void)zkg_writer_u32(w, e->equals);
    (void)zkg_writer_u32(w, e->terms);
    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_stmt_term *t = &e->term[i];

        (void)zkg_writer_u8(w, t->c.negative);
        for (int k = 0; k < 8; k++)
            (void)zkg_writer_u32(w, t->c.limb[k]);
        (void)zkg_writer_u8(w, (uint8_t)t->factors);
        for (uint32_t k = 0; k < t->factors; k++)
            write_factor(w, &t->factor[k]);
    }
}

static void write_circuits(zkg_writer *w, const zkg_statement *st)
{
    (void)zkg_writer_u32(w, st->circuits);
    for (uint32_t i = 0; i < st->circuits; i++)
        zkg_circuit_write(w, &st->circuit[i]);
}

static void write_ids(zkg_writer *w, const uint32_t *id, uint32_t n)
{
    (void)zkg_writer_u32(w, n);
    for (uint32_t i = 0; i < n; i++)
        (void)zkg_writer_u32(w, id[i]);
}

static void write_kernels(zkg_writer *w, const zkg_statement *st)
{
    (void)zkg_writer_u32(w, st->kernels);
    for (uint32_t i = 0; i < st->kernels; i++) {
        const zkg_kernel *k = &st->kernel[i];

        (void)zkg_writer_string(w, k->name);
        (void)zkg_writer_u32(w, k->axes);
        for (uint32_t j = 0; j < k->axes; j++) {
            (void)zkg_writer_string(w, k->axis[j].name);
            (void)zkg_writer_u64(w, k->axis[j].len);
        }
        (void)zkg_writer_u32(w, k->params);
        for (uint32_t j = 0; j < k->params; j++) {
            (void)zkg_writer_string(w, k->param[j].name);
            (void)zkg_writer_u8(w, (uint8_t)k->param[j].axes);
            for (uint32_t a = 0; a < k->param[j].axes; a++)
                (void)zkg_writer_u32(w, k->param[j].axis[a]);
        }
        (void)zkg_writer_u32(w, k->lookups);
        for (uint32_t j = 0; j < k->lookups; j++) {
            (void)zkg_writer_u32(w, k->lookup[j].table);
            (void)zkg_writer_u8(w, (uint8_t)k->lookup[j].columns);
            for (uint32_t c = 0; c < k->lookup[j].columns; c++)
                (void)zkg_writer_u32(w, k->lookup[j].param[c]);
        }
        (void)zkg_writer_u32(w, k->einsums);
        for (uint32_t j = 0; j < k->einsums; j++)
            write_einsum(w, &k->einsum[j]);
        (void)zkg_writer_u32(w, k->circuit);
        write_ids(w, k->input, k->inputs);
        write_ids(w, k->output, k->outputs);
    }
}

static void write_tasks(zkg_writer *w, const zkg_statement *st)
{
    (void)zkg_writer_u32(w, st->tasks);
    for (uint32_t i = 0; i < st->tasks; i++) {
        const zkg_task *t = &st->task[i];

        (void)zkg_writer_string(w, t->name);
        (void)zkg_writer_u32(w, t->kernel);
        (void)zkg_writer_u64(w, t->copies);
        (void)zkg_writer_u32(w, t->params);
        for (uint32_t p = 0; p < t->params; p++) {
            (void)zkg_writer_u32(w, t->bind[p]);
            (void)zkg_writer_u8(w, t->broadcast[p]);
        }
    }
}

zkg_status zkg_statement_encode(uint8_t **bytes, size_t *len,
                                const zkg_statement *st, zkg_error *err)
{
    zkg_writer w;

    zkg_writer_init(&w);
    (void)zkg_writer_u32(&w, ENCODING_VERSION);
    write_tensors(&w, st);
    write_tables(&w, st);
    write_circuits(&w, st);
    write_kernels(&w, st);
    write_tasks(&w, st);
    if (w.status != ZKG_OK) {
        const zkg_status s = w.status;

        zkg_writer_free(&w);
        return zkg_fail(err, s, "no memory for the statement");
    }
    *bytes = zkg_writer_take(&w, len);
    return ZKG_OK;
}

/* ---- reading ---- */

/* Every function below may fail by the reader alone: zkg_statement_decode()
 * says so once. */

/* A count of things that take at least `least` bytes each, and the memory for
 * them. */
static zkg_status read_count(void **out, uint32_t *count, zkg_reader *r,
                             size_t size, size_t least, uint32_t max)
{
    uint32_t n;

    ZKG_TRY(zkg_reader_u32(r, &n));
    if (n > max || n > zkg_reader_left(r) / least)
        return ZKG_ERR_MALFORMED;
    *out = zkg_alloc(n, size);
    if (*out == NULL)
        return ZKG_ERR_NOMEM;
    *count = n;
    return ZKG_OK;
}

static zkg_status read_name(char **out, zkg_reader *r)
{
    const char *s;
    size_t n;

    ZKG_TRY(zkg_reader_string(r, &s, &n, ZKG_MAX_NAME));
    *out = zkg_alloc(n + 1, 1);
    if (*out == NULL)
        return ZKG_ERR_NOMEM;
    memcpy(*out, s, n);
    return ZKG_OK;
}

static zkg_status read_u8(uint32_t *out, zkg_reader *r, uint32_t max)
{
    uint8_t v;

    ZKG_TRY(zkg_reader_u8(r, &v));
    *out = v;
    return v <= max ? ZKG_OK : ZKG_ERR_MALFORMED;
}

static zkg_status read_bool(bool *out, zkg_reader *r)
{
    uint32_t v;

    ZKG_TRY(read_u8(&v, r, 1));
    *out = v == 1;
    return ZKG_OK;
}

static zkg_status read_tensors(zkg_statement *st, zkg_reader *r)
{
    ZKG_TRY(read_count((void **)&st->tensor, &st->tensors, r,
                       sizeof(zkg_tensor), 23, ZKG_MAX_TENSORS));
    for (uint32_t i = 0; i < st->tensors; i++) {
        zkg_tensor *t = &st->tensor[i];
        uint32_t type, vis;

        ZKG_TRY(read_name(&t->name, r));
        ZKG_TRY(read_u8(&type, r, ZKG_FR));
        ZKG_TRY(read_u8(&vis, r, ZKG_VIRTUAL));
        ZKG_TRY(read_u8(&t->axes, r, ZKG_MAX_AXES));
        t->type = (zkg_dtype)type;
        t->vis = (zkg_visibility)vis;
        for (uint32_t k = 0; k < t->axes; k++)
            ZKG_TRY(zkg_reader_u64(r, &t->len[k]));
        ZKG_TRY(zkg_reader_i64(r, &t->min));
        ZKG_TRY(zkg_reader_i64(r, &t->max));
    }
    return ZKG_OK;
}

static zkg_status read_columns(zkg_stmt_table *t, zkg_reader *r)
{
    if (t->rows > ZKG_MAX_TABLE_ROWS ||
        t->rows * 8 * t->columns > zkg_reader_left(r))
        return ZKG_ERR_MALFORMED;
    t->column = zkg_alloc(t->columns, sizeof(zkg_array));
    if (t->column == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t c = 0; c < t->columns; c++) {
        ZKG_TRY(zkg_array_init(&t->column[c], ZKG_I64, 1, &t->rows, NULL));
        for (uint64_t i = 0; i < t->rows; i++) {
            int64_t v;

            ZKG_TRY(zkg_reader_i64(r, &v));
            zkg_array_set_i64(&t->column[c], i, v);
        }
    }
    return ZKG_OK;
}

static zkg_status read_tables(zkg_statement *st, zkg_reader *r)
{
    ZKG_TRY(read_count((void **)&st->table, &st->tables, r,
                       sizeof(zkg_stmt_table), 26, ZKG_MAX_TABLES));
    for (uint32_t i = 0; i < st->tables; i++) {
        zkg_stmt_table *t = &st->table[i];
        uint32_t kind;

        ZKG_TRY(read_name(&t->name, r));
        ZKG_TRY(read_u8(&kind, r, ZKG_KIND_COLUMNS));
        t->kind = (zkg_table_kind)kind;
        ZKG_TRY(zkg_reader_u32(r, &t->bits));
        ZKG_TRY(zkg_reader_u32(r, &t->columns));
        if (t->columns > ZKG_MAX_TABLE_COLUMNS)
            return ZKG_ERR_MALFORMED;
        ZKG_TRY(zkg_reader_u64(r, &t->rows));
        ZKG_TRY(zkg_reader_u32(r, &t->counts));
        ZKG_TRY(read_bool(&t->hinted, r));
        if (t->kind == ZKG_KIND_COLUMNS)
            ZKG_TRY(read_columns(t, r));
    }
    return ZKG_OK;
}

static zkg_status read_factor(zkg_stmt_factor *f, zkg_reader *r)
{
    ZKG_TRY(zkg_reader_u32(r, &f->param));
    ZKG_TRY(read_u8(&f->indices, r, ZKG_MAX_AXES));
    for (uint32_t i = 0; i < f->indices; i++) {
        ZKG_TRY(zkg_reader_u32(r, &f->index[i].a));
        ZKG_TRY(zkg_reader_u32(r, &f->index[i].b));
        ZKG_TRY(zkg_reader_i64(r, &f->index[i].s));
        ZKG_TRY(zkg_reader_i64(r, &f->index[i].d));
        ZKG_TRY(zkg_reader_i64(r, &f->index[i].e));
    }
    return ZKG_OK;
}

static zkg_status read_einsum(zkg_stmt_einsum *e, zkg_reader *r)
{
    ZKG_TRY(read_u8(&e->out_axes, r, ZKG_MAX_AXES));
    for (uint32_t i = 0; i < e->out_axes; i++)
        ZKG_TRY(zkg_reader_u32(r, &e->out[i]));
    ZKG_TRY(zkg_reader_u32(r, &e->equals));
    ZKG_TRY(read_count((void **)&e->term, &e->terms, r, sizeof(zkg_stmt_term),
                       34, ZKG_MAX_TERMS));
    for (uint32_t i = 0; i < e->terms; i++) {
        zkg_stmt_term *t = &e->term[i];

        ZKG_TRY(read_bool(&t->c.negative, r));
        for (int k = 0; k < 8; k++)
            ZKG_TRY(zkg_reader_u32(r, &t->c.limb[k]));
        ZKG_TRY(read_u8(&t->factors, r, 2));
        for (uint32_t k = 0; k < t->factors; k++)
            ZKG_TRY(read_factor(&t->factor[k], r));
    }
    return ZKG_OK;
}

static zkg_status read_circuits(zkg_statement *st, zkg_reader *r)
{
    ZKG_TRY(read_count((void **)&st->circuit, &st->circuits, r,
                       sizeof(zkg_circuit), 24, ZKG_MAX_CIRCUITS));
    for (uint32_t i = 0; i < st->circuits; i++)
        ZKG_TRY(zkg_circuit_read(&st->circuit[i], r));
    return ZKG_OK;
}

static zkg_status read_ids(uint32_t **id, uint32_t *n, zkg_reader *r)
{
    ZKG_TRY(read_count((void **)id, n, r, sizeof(**id), 4, ZKG_MAX_PARAMS));
    for (uint32_t i = 0; i < *n; i++)
        ZKG_TRY(zkg_reader_u32(r, &(*id)[i]));
    return ZKG_OK;
}

static zkg_status read_kernel(zkg_kernel *k, zkg_reader *r)
{
    ZKG_TRY(read_name(&k->name, r));
    ZKG_TRY(read_count((void **)&k->axis, &k->axes, r, sizeof(zkg_stmt_axis),
                       12, ZKG_MAX_KERNEL_AXES));
    for (uint32_t j = 0; j < k->axes; j++) {
        ZKG_TRY(read_name(&k->axis[j].name, r));
        ZKG_TRY(zkg_reader_u64(r, &k->axis[j].len));
    }
    ZKG_TRY(read_count((void **)&k->param, &k->params, r,
                       sizeof(zkg_stmt_param), 5, ZKG_MAX_PARAMS));
    for (uint32_t j = 0; j < k->params; j++) {
        zkg_stmt_param *p = &k->param[j];

        ZKG_TRY(read_name(&p->name, r));
        ZKG_TRY(read_u8(&p->axes, r, ZKG_MAX_AXES));
        for (uint32_t a = 0; a < p->axes; a++)
            ZKG_TRY(zkg_reader_u32(r, &p->axis[a]));
    }
    ZKG_TRY(read_count((void **)&k->lookup, &k->lookups, r,
                       sizeof(zkg_stmt_lookup), 5, ZKG_MAX_RELATIONS));
    for (uint32_t j = 0; j < k->lookups; j++) {
        zkg_stmt_lookup *l = &k->lookup[j];

        ZKG_TRY(zkg_reader_u32(r, &l->table));
        ZKG_TRY(read_u8(&l->columns, r, ZKG_MAX_TABLE_COLUMNS));
        for (uint32_t c = 0; c < l->columns; c++)
            ZKG_TRY(zkg_reader_u32(r, &l->param[c]));
    }
    ZKG_TRY(read_count((void **)&k->einsum, &k->einsums, r,
                       sizeof(zkg_stmt_einsum), 9, ZKG_MAX_RELATIONS));
    for (uint32_t j = 0; j < k->einsums; j++)
        ZKG_TRY(read_einsum(&k->einsum[j], r));
    ZKG_TRY(zkg_reader_u32(r, &k->circuit));
    ZKG_TRY(read_ids(&k->input, &k->inputs, r));
    return read_ids(&k->output, &k->outputs, r);
}

static zkg_status read_kernels(zkg_statement *st, zkg_reader *r)
{
    ZKG_TRY(read_count((void **)&st->kernel, &st->kernels, r,
                       sizeof(zkg_kernel), 32, ZKG_MAX_KERNELS));
    for (uint32_t i = 0; i < st->kernels; i++)
        ZKG_TRY(read_kernel(&st->kernel[i], r));
    return ZKG_OK;
}

static zkg_status read_tasks(zkg_statement *st, zkg_reader *r)
{
    ZKG_TRY(read_count((void **)&st->task, &st->tasks, r, sizeof(zkg_task), 20,
                       ZKG_MAX_TASKS));
    for (uint32_t i = 0; i < st->tasks; i++) {
        zkg_task *t = &st->task[i];

        ZKG_TRY(read_name(&t->name, r));
        ZKG_TRY(zkg_reader_u32(r, &t->kernel));
        ZKG_TRY(zkg_reader_u64(r, &t->copies));
        ZKG_TRY(read_count((void **)&t->bind, &t->params, r, sizeof(t->bind[0]),
                           5, ZKG_MAX_PARAMS));
        t->broadcast = zkg_alloc(t->params, sizeof(t->broadcast[0]));
        if (t->broadcast == NULL)
            return ZKG_ERR_NOMEM;
        for (uint32_t p = 0; p < t->params; p++) {
            ZKG_TRY(zkg_reader_u32(r, &t->bind[p]));
            ZKG_TRY(read_bool(&t->broadcast[p], r));
        }
    }
    return ZKG_OK;
}

static zkg_status read_all(zkg_statement *st, zkg_reader *r, zkg_error *err)
{
    uint32_t version;

    ZKG_TRY(zkg_reader_u32(r, &version));
    if (version != ENCODING_VERSION)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "statement of version %u, this program reads %d",
                        version, ENCODING_VERSION);
    ZKG_TRY(read_tensors(st, r));
    ZKG_TRY(read_tables(st, r));
    ZKG_TRY(read_circuits(st, r));
    ZKG_TRY(read_kernels(st, r));
    ZKG_TRY(read_tasks(st, r));
    return zkg_reader_end(r);
}

zkg_status zkg_statement_decode(zkg_statement *out, const uint8_t *bytes,
                                size_t len, zkg_error *err)
{
    zkg_reader r;
    zkg_status s;
    zkg_error local = {0};

    *out = (zkg_statement){0};
    zkg_reader_init(&r, bytes, len);
    s = read_all(out, &r, &local);
    if (s == ZKG_OK)
        s = zkg_statement_check(out, &local);
    if (s != ZKG_OK) {
        zkg_statement_clear(out);
        return zkg_fail(err, s, "%s",
                        local.text[0] != 0 ? local.text
                        : s == ZKG_ERR_NOMEM
                            ? "no memory for the statement"
                            : "the statement is truncated or damaged");
    }
    return ZKG_OK;
}
