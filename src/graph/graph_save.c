/* SPDX-License-Identifier: Apache-2.0 */
/* A graph as a folder: graph.json and tensors.safetensors. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "graph/circuits_file.h"
#include "graph/graph.h"
#include "graph/programs_file.h"
#include "graph/text.h"
#include "tensor/safetensors.h"

static void key_string(zkg_json_out *o, const char *key, const char *value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_string(o, value);
}

static void key_u64(zkg_json_out *o, const char *key, uint64_t value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, value);
}

static void key_bool(zkg_json_out *o, const char *key, bool value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_bool(o, value);
}

static void save_tensors(zkg_json_out *o, const zkg_statement *st)
{
    zkg_json_out_key(o, "tensors");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];

        zkg_json_out_line_object(o);
        key_string(o, "name", t->name);
        zkg_json_out_key(o, "shape");
        zkg_json_out_line_array(o);
        for (uint32_t k = 0; k < t->axes; k++)
            zkg_json_out_u64(o, t->len[k]);
        zkg_json_out_end(o);
        key_string(o, "type", zkg_dtype_name(t->type));
        key_string(o, "visibility", zkg_visibility_name(t->vis));
        zkg_json_out_key(o, "min");
        zkg_json_out_i64(o, t->min);
        zkg_json_out_key(o, "max");
        zkg_json_out_i64(o, t->max);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

/* The name of a table's column among the tensors of the folder. */
static void column_name(char out[ZKG_MAX_NAME + 32], const zkg_stmt_table *t,
                        uint32_t c)
{
    snprintf(out, ZKG_MAX_NAME + 32, "table:%s.%u", t->name, c);
}

static void save_tables(zkg_json_out *o, const zkg_statement *st)
{
    char name[ZKG_MAX_NAME + 32];

    zkg_json_out_key(o, "tables");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->tables; i++) {
        const zkg_stmt_table *t = &st->table[i];

        zkg_json_out_line_object(o);
        key_string(o, "name", t->name);
        key_string(o, "kind", zkg_table_kind_name(t->kind));
        if (t->kind == ZKG_KIND_COLUMNS) {
            zkg_json_out_key(o, "tensors");
            zkg_json_out_line_array(o);
            for (uint32_t c = 0; c < t->columns; c++) {
                column_name(name, t, c);
                zkg_json_out_string(o, name);
            }
            zkg_json_out_end(o);
        } else {
            key_u64(o, "bits", t->bits);
        }
        key_string(o, "counts", st->tensor[t->counts].name);
        key_bool(o, "hinted", t->hinted);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

static void save_axes(zkg_json_out *o, const zkg_kernel *k,
                      const uint32_t *axis, uint32_t n)
{
    zkg_json_out_line_array(o);
    for (uint32_t i = 0; i < n; i++)
        zkg_json_out_string(o, k->axis[axis[i]].name);
    zkg_json_out_end(o);
}

static void save_einsum(zkg_json_out *o, const zkg_kernel *k,
                        const zkg_stmt_einsum *e)
{
    char text[ZKG_FACTOR_TEXT];

    zkg_json_out_object(o);
    zkg_json_out_key(o, "einsum");
    zkg_json_out_object(o);
    zkg_json_out_key(o, "out");
    save_axes(o, k, e->out, e->out_axes);
    if (e->equals != ZKG_NO_ID)
        key_string(o, "equals", k->param[e->equals].name);
    zkg_json_out_key(o, "terms");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_stmt_term *t = &e->term[i];

        zkg_json_out_line_object(o);
        zkg_coeff_format(text, &t->c);
        key_string(o, "c", text);
        zkg_json_out_key(o, "f");
        zkg_json_out_line_array(o);
        for (uint32_t f = 0; f < t->factors; f++) {
            zkg_text_factor_format(text, k, &t->factor[f]);
            zkg_json_out_string(o, text);
        }
        zkg_json_out_end(o);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
    zkg_json_out_end(o);
    zkg_json_out_end(o);
}

static void save_params(zkg_json_out *o, const char *key, const zkg_kernel *k,
                        const uint32_t *param, uint32_t n)
{
    zkg_json_out_key(o, key);
    zkg_json_out_line_array(o);
    for (uint32_t i = 0; i < n; i++)
        zkg_json_out_string(o, k->param[param[i]].name);
    zkg_json_out_end(o);
}

static void save_kernel(zkg_json_out *o, const zkg_statement *st,
                        const zkg_kernel *k)
{
    zkg_json_out_object(o);
    key_string(o, "name", k->name);
    zkg_json_out_key(o, "axes");
    zkg_json_out_line_object(o);
    for (uint32_t i = 0; i < k->axes; i++)
        key_u64(o, k->axis[i].name, k->axis[i].len);
    zkg_json_out_end(o);
    zkg_json_out_key(o, "params");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < k->params; i++) {
        zkg_json_out_line_object(o);
        key_string(o, "name", k->param[i].name);
        zkg_json_out_key(o, "axes");
        save_axes(o, k, k->param[i].axis, k->param[i].axes);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
    zkg_json_out_key(o, "relations");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < k->lookups; i++) {
        zkg_json_out_line_object(o);
        key_string(o, "lookup", st->table[k->lookup[i].table].name);
        zkg_json_out_key(o, "columns");
        zkg_json_out_line_array(o);
        for (uint32_t c = 0; c < k->lookup[i].columns; c++)
            zkg_json_out_string(o, k->param[k->lookup[i].param[c]].name);
        zkg_json_out_end(o);
        zkg_json_out_end(o);
    }
    for (uint32_t i = 0; i < k->einsums; i++)
        save_einsum(o, k, &k->einsum[i]);
    if (k->circuit != ZKG_NO_ID) {
        zkg_json_out_line_object(o);
        key_u64(o, "circuit", k->circuit);
        save_params(o, "inputs", k, k->input, k->inputs);
        save_params(o, "outputs", k, k->output, k->outputs);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
    zkg_json_out_end(o);
}

static void save_task(zkg_json_out *o, const zkg_statement *st,
                      const zkg_task *t)
{
    const zkg_kernel *k = &st->kernel[t->kernel];

    zkg_json_out_line_object(o);
    key_string(o, "name", t->name);
    key_string(o, "kernel", k->name);
    key_u64(o, "copies", t->copies);
    zkg_json_out_key(o, "bind");
    zkg_json_out_line_object(o);
    for (uint32_t p = 0; p < t->params; p++)
        key_string(o, k->param[p].name, st->tensor[t->bind[p]].name);
    zkg_json_out_end(o);
    zkg_json_out_key(o, "broadcast");
    zkg_json_out_line_array(o);
    for (uint32_t p = 0; p < t->params; p++) {
        if (t->broadcast[p])
            zkg_json_out_string(o, k->param[p].name);
    }
    zkg_json_out_end(o);
    zkg_json_out_end(o);
}

static void save_digits(zkg_json_out *o, const zkg_statement *st,
                        const zkg_rule *r)
{
    zkg_json_out_key(o, "digits");
    zkg_json_out_line_array(o);
    zkg_json_out_string(o, st->tensor[r->remainder].name);
    for (uint32_t i = 0; i < r->digits; i++)
        zkg_json_out_string(o, st->tensor[r->digit[i]].name);
    zkg_json_out_end(o);
}

static void save_rule(zkg_json_out *o, const zkg_statement *st,
                      const zkg_rule *r)
{
    static const char *const names[] = {"divmod",   "solve",   "map", "count",
                                        "constant", "circuit", "max", "rsqrt",
                                        "copy",     "values"};

    zkg_json_out_line_object(o);
    key_string(o, "rule", r->digits > 0 ? "digits" : names[r->kind]);
    if (r->task != ZKG_NO_ID)
        key_string(o, "task", st->task[r->task].name);
    if (r->einsum != ZKG_NO_ID)
        key_u64(o, "einsum", r->einsum);
    if (r->table != ZKG_NO_ID)
        key_string(o, "table", st->table[r->table].name);
    if (r->kind == ZKG_RULE_MAP && r->column + 1 != st->table[r->table].columns)
        key_u64(o, "column", r->column);
    if (r->from != ZKG_NO_ID)
        key_string(o, "from", st->tensor[r->from].name);
    if (r->to != ZKG_NO_ID)
        key_string(o, r->kind == ZKG_RULE_DIVMOD ? "quotient" : "to",
                   st->tensor[r->to].name);
    if (r->digits > 0)
        save_digits(o, st, r);
    else if (r->remainder != ZKG_NO_ID)
        key_string(o, "remainder", st->tensor[r->remainder].name);
    if (r->kind == ZKG_RULE_CONSTANT || r->kind == ZKG_RULE_RSQRT) {
        zkg_json_out_key(o, r->kind == ZKG_RULE_CONSTANT ? "value" : "bits");
        zkg_json_out_i64(o, r->value);
    }
    zkg_json_out_end(o);
}

static void save_names(zkg_json_out *o, const char *key,
                       const zkg_statement *st, const uint32_t *id, uint32_t n)
{
    zkg_json_out_key(o, key);
    zkg_json_out_line_array(o);
    for (uint32_t i = 0; i < n; i++)
        zkg_json_out_string(o, st->tensor[id[i]].name);
    zkg_json_out_end(o);
}

static void save_display(zkg_json_out *o, const zkg_graph *g)
{
    zkg_json_out_key(o, "display");
    zkg_json_out_object(o);
    for (uint32_t i = 0; i < g->st.tensors; i++) {
        const zkg_display *d = &g->display[i];

        if (!d->present ||
            (d->scale == 0 && d->labels == 0 && d->value == NULL))
            continue;
        zkg_json_out_key(o, g->st.tensor[i].name);
        zkg_json_out_line_object(o);
        key_u64(o, "scale", d->scale);
        if (d->labels > 0) {
            zkg_json_out_key(o, "labels");
            zkg_json_out_line_array(o);
            for (uint32_t k = 0; k < d->labels; k++)
                zkg_json_out_string(o, d->label[k]);
            zkg_json_out_end(o);
        }
        if (d->value != NULL)
            key_string(o, "value", d->value);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

static void save_all(zkg_json_out *o, const zkg_graph *g)
{
    const zkg_statement *st = &g->st;

    zkg_json_out_object(o);
    key_string(o, "zkgkr", "graph");
    key_u64(o, "version", 1);
    zkg_json_out_key(o, "statement");
    zkg_json_out_object(o);
    save_tensors(o, st);
    save_tables(o, st);
    zkg_json_out_key(o, "kernels");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->kernels; i++)
        save_kernel(o, st, &st->kernel[i]);
    zkg_json_out_end(o);
    zkg_json_out_key(o, "tasks");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->tasks; i++)
        save_task(o, st, &st->task[i]);
    zkg_json_out_end(o);
    zkg_json_out_end(o);
    zkg_json_out_key(o, "witness");
    zkg_json_out_object(o);
    save_names(o, "inputs", st, g->input, g->inputs);
    save_names(o, "outputs", st, g->output, g->outputs);
    zkg_json_out_key(o, "rules");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < g->rules; i++)
        save_rule(o, st, &g->rule[i]);
    zkg_json_out_end(o);
    zkg_json_out_end(o);
    save_display(o, g);
    zkg_json_out_end(o);
}

static zkg_status save_json(const zkg_graph *g, const char *path,
                            zkg_error *err)
{
    zkg_json_out o;
    zkg_status s;

    zkg_json_out_init(&o);
    save_all(&o, g);
    s = zkg_json_out_finish(&o);
    if (s == ZKG_OK)
        s = zkg_file_write_atomic(path, o.bytes.data, o.bytes.len, err);
    else
        (void)zkg_fail(err, s, "%s: no memory", path);
    zkg_json_out_free(&o);
    return s;
}

static zkg_status write_arrays(const zkg_graph *g, const char *path,
                               const zkg_st_out *out, size_t n, bool secret,
                               zkg_error *err)
{
    char digest[65];
    const char *const meta[] = {"zkgkr", "tensors", "version",
                                "1",     "graph",   digest};

    zkg_digest_hex(digest, g->st.digest);
    return zkg_safetensors_write(path, out, n, meta, 3, secret, err);
}

/* What rules `values` hold, of one visibility; fewer where they are not there.
 */
static size_t stored(zkg_st_out *out, const zkg_graph *g, zkg_visibility vis)
{
    size_t n = 0;

    for (uint32_t i = 0; i < g->rules; i++) {
        const uint32_t id = g->rule[i].to;

        if (zkg_graph_is_stored(g, &g->rule[i], vis) &&
            g->value[id].data != NULL)
            out[n++] = (zkg_st_out){g->st.tensor[id].name, &g->value[id]};
    }
    return n;
}

static zkg_status save_arrays(const zkg_graph *g, const char *path,
                              zkg_error *err)
{
    const zkg_statement *st = &g->st;
    size_t max = st->tensors, n = 0, names = 0;
    char(*name)[ZKG_MAX_NAME + 32];
    zkg_st_out *out;
    zkg_status s;

    for (uint32_t i = 0; i < st->tables; i++)
        max += st->table[i].columns;
    out = zkg_alloc(max, sizeof(out[0]));
    name = zkg_alloc(max, sizeof(name[0]));
    if (out == NULL || name == NULL) {
        zkg_free(out);
        zkg_free(name);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    }
    for (uint32_t i = 0; i < st->tensors; i++) {
        if (st->tensor[i].vis == ZKG_FIXED)
            out[n++] = (zkg_st_out){st->tensor[i].name, &g->value[i]};
    }
    n += stored(out + n, g, ZKG_PUBLIC);
    for (uint32_t i = 0; i < st->tables; i++) {
        const zkg_stmt_table *t = &st->table[i];

        for (uint32_t c = 0; t->column != NULL && c < t->columns; c++) {
            column_name(name[names], t, c);
            out[n++] = (zkg_st_out){name[names++], &t->column[c]};
        }
    }
    s = write_arrays(g, path, out, n, false, err);
    zkg_free(out);
    zkg_free(name);
    return s;
}

/* A file of their own, so that the folder can be given away without it; one of
 * another graph does not stay. */
static zkg_status save_private(const zkg_graph *g, const char *path,
                               zkg_error *err)
{
    zkg_st_out *out = zkg_alloc(g->rules, sizeof(out[0]));
    size_t n;
    zkg_status s = ZKG_OK;

    if (out == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    n = stored(out, g, ZKG_PRIVATE);
    if (n > 0)
        s = write_arrays(g, path, out, n, true, err);
    else if (zkg_file_exists(path) && remove(path) != 0)
        s = zkg_fail(err, ZKG_ERR_IO, "%s: cannot be removed", path);
    zkg_free(out);
    return s;
}

/* The files of a folder, in the order in which they are written. */
enum { ARRAYS, OWN, CIRCUITS, PROGRAMS, JSON, FILES };

static zkg_status save_files(const zkg_graph *g, char *const path[FILES],
                             zkg_error *err)
{
    /* What a process that was killed left half written goes first. */
    for (int i = 0; i < FILES; i++)
        ZKG_TRY(zkg_file_check_writable(path[i], err));
    ZKG_TRY(save_arrays(g, path[ARRAYS], err));
    ZKG_TRY(save_private(g, path[OWN], err));
    ZKG_TRY(zkg_circuits_save(&g->st, path[CIRCUITS], err));
    ZKG_TRY(zkg_programs_save(g, path[PROGRAMS], err));
    return save_json(g, path[JSON], err);
}

zkg_status zkg_graph_save(const zkg_graph *g, const char *folder,
                          zkg_error *err)
{
    static const char *const name[FILES] = {
        [ARRAYS] = ZKG_TENSORS_FILE, [OWN] = ZKG_PRIVATE_FILE,
        [CIRCUITS] = "circuits.bin", [PROGRAMS] = "programs.bin",
        [JSON] = "graph.json",
    };
    char *path[FILES] = {NULL};
    zkg_status s = ZKG_OK;

    if (!g->finished)
        return zkg_fail(err, ZKG_ERR_INVALID, "the graph is not finished");
    ZKG_TRY(zkg_make_dir(folder, err));
    for (int i = 0; i < FILES && s == ZKG_OK; i++) {
        path[i] = zkg_path_join(folder, name[i]);
        if (path[i] == NULL)
            s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    }
    if (s == ZKG_OK)
        s = save_files(g, path, err);
    for (int i = 0; i < FILES; i++)
        zkg_free(path[i]);
    return s;
}
