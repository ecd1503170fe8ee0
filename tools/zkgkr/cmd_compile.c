/* SPDX-License-Identifier: Apache-2.0
 * zkgkr compile: an ONNX model to a graph; zkgkr inspect of a model. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "commands.h"
#include "estimate.h"
#include "graph/statement.h"
#include "onnx/lower.h"
#include "options.h"

/* ---- inspect ---- */

static uint64_t parameters(const zkg_onnx_model *m, const zkg_onnx_node *n)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < n->inputs; i++) {
        const zkg_onnx_value *v =
            n->input[i] == ZKG_ONNX_NONE ? NULL : &m->value[n->input[i]];

        sum += v != NULL && v->is_constant && v->is_real ? v->t.count : 0;
    }
    return sum;
}

static void shape_text(char out[200], const zkg_onnx_model *m, uint32_t id)
{
    if (id == ZKG_ONNX_NONE || !m->value[id].has_shape)
        snprintf(out, 200, "[?]");
    else
        zkg_onnx_shape_text(out, &m->value[id].shape);
}

/* What becomes of a node, in words. */
static void verdict(char out[300], const zkg_onnx_model *m,
                    const zkg_onnx_plan *p, uint32_t k)
{
    const zkg_onnx_step *s = &p->step[k];

    switch (m->node[k].fate) {
    case ZKG_ONNX_FOLDED:
        snprintf(out, 300, "constant");
        return;
    case ZKG_ONNX_ALIAS:
        snprintf(out, 300, "vanishes");
        return;
    case ZKG_ONNX_DEAD:
        snprintf(out, 300, "unused");
        return;
    default:
        break;
    }
    if (s->role == ZKG_ONNX_UNSUPPORTED)
        snprintf(out, 300, "NOT SUPPORTED: %s", s->why);
    else if (s->into != ZKG_ONNX_NONE)
        snprintf(out, 300, "part of %.200s", m->node[s->into].name);
    else if (s->role == ZKG_ONNX_FUNCTION)
        snprintf(out, 300, "table");
    else
        snprintf(out, 300, "task");
}

static void print_nodes(const zkg_onnx_model *m, const zkg_onnx_plan *p)
{
    char shape[200], what[300];
    uint64_t total = 0;

    for (uint32_t i = 0; i < m->inputs; i++) {
        shape_text(shape, m, m->input[i]);
        printf("input   %-24s %s\n", m->value[m->input[i]].name, shape);
    }
    for (uint32_t i = 0; i < m->outputs; i++) {
        shape_text(shape, m, m->output[i]);
        printf("output  %-24s %s\n", m->value[m->output[i]].name, shape);
    }
    printf("\n%-24s %-20s %-20s %10s  %s\n", "node", "operator", "shape",
           "parameters", "becomes");
    for (uint32_t k = 0; k < m->nodes; k++) {
        const zkg_onnx_node *n = &m->node[k];
        const uint64_t count = parameters(m, n);

        shape_text(shape, m, n->outputs > 0 ? n->output[0] : ZKG_ONNX_NONE);
        verdict(what, m, p, k);
        total += n->fate == ZKG_ONNX_LIVE ? count : 0;
        printf("%-24s %-20s %-20s %10" PRIu64 "  %s\n", n->name, n->op, shape,
               count, what);
    }
    printf("\n%" PRIu32 " nodes, %" PRIu64 " parameters; ", m->nodes, total);
    if (p->unsupported == 0)
        printf("all nodes are supported\n");
    else
        printf("%" PRIu32 " not supported\n", p->unsupported);
}

/* What a graph of the model is to take, or why there is none. */
typedef struct outlook {
    bool known;
    zkg_estimate estimate;
    zkg_error refused;
} outlook;

static void look_ahead(outlook *e, const zkg_onnx_model *m,
                       const zkg_onnx_plan *p, uint32_t scale,
                       const char *calibrate)
{
    const zkg_onnx_options options = {.scale = scale,
                                      .param_scale = scale > 12 ? scale : 12,
                                      .calibrate = calibrate,
                                      .input = ZKG_PRIVATE,
                                      .output = ZKG_PUBLIC,
                                      .param = ZKG_FIXED};
    zkg_onnx_report report;
    zkg_graph *g;

    *e = (outlook){.known = false};
    if (p->unsupported > 0 ||
        zkg_onnx_compile(&g, &report, m, p, &options, &e->refused) != ZKG_OK)
        return;
    e->known = zkg_estimate_of(&e->estimate, &g->st, &e->refused) == ZKG_OK;
    zkg_onnx_report_clear(&report);
    zkg_graph_free(g);
}

static void print_outlook(const outlook *e, uint32_t scale)
{
    if (e->known) {
        printf("at scale %" PRIu32 ": ", scale);
        zkg_estimate_print(&e->estimate);
    } else if (e->refused.text[0] != 0) {
        printf("at scale %" PRIu32 " it does not compile: %s\n", scale,
               e->refused.text);
    }
}

static zkg_status print_nodes_json(const zkg_onnx_model *m,
                                   const zkg_onnx_plan *p, const outlook *e,
                                   zkg_error *err)
{
    char shape[200], what[300];
    zkg_json_out o;
    zkg_status s;

    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    zkg_json_out_key(&o, "opset");
    zkg_json_out_i64(&o, m->opset);
    zkg_json_out_key(&o, "unsupported");
    zkg_json_out_u64(&o, p->unsupported);
    zkg_json_out_key(&o, "nodes");
    zkg_json_out_array(&o);
    for (uint32_t k = 0; k < m->nodes; k++) {
        const zkg_onnx_node *n = &m->node[k];

        shape_text(shape, m, n->outputs > 0 ? n->output[0] : ZKG_ONNX_NONE);
        verdict(what, m, p, k);
        zkg_json_out_line_object(&o);
        zkg_json_out_key(&o, "name");
        zkg_json_out_string(&o, n->name);
        zkg_json_out_key(&o, "op");
        zkg_json_out_string(&o, n->op);
        zkg_json_out_key(&o, "shape");
        zkg_json_out_string(&o, shape);
        zkg_json_out_key(&o, "parameters");
        zkg_json_out_u64(&o, parameters(m, n));
        zkg_json_out_key(&o, "becomes");
        zkg_json_out_string(&o, what);
        zkg_json_out_end(&o);
    }
    zkg_json_out_end(&o);
    zkg_json_out_key(&o, "refused");
    zkg_json_out_string(&o, e->refused.text);
    if (e->known)
        zkg_estimate_json(&o, &e->estimate);
    zkg_json_out_end(&o);
    s = zkg_json_out_finish(&o);
    if (s == ZKG_OK)
        fwrite(o.bytes.data, 1, o.bytes.len, stdout);
    zkg_json_out_free(&o);
    return s == ZKG_OK ? s : zkg_fail(err, s, "no memory");
}

/* Read, infer, plan. */
static zkg_status open_model(zkg_onnx_model *m, zkg_onnx_plan *p,
                             const char *path, zkg_error *err)
{
    zkg_status s;

    ZKG_TRY(zkg_onnx_read(m, path, err));
    s = zkg_onnx_infer(m, err);
    if (s == ZKG_OK)
        s = zkg_onnx_plan_init(p, m, err);
    if (s != ZKG_OK)
        zkg_onnx_clear(m);
    return s;
}

zkg_status zkg_inspect_onnx(const char *path, bool json, uint32_t scale,
                            const char *calibrate, zkg_error *err)
{
    outlook e;
    zkg_onnx_model m;
    zkg_onnx_plan p;
    zkg_status s = ZKG_OK;

    ZKG_TRY(open_model(&m, &p, path, err));
    look_ahead(&e, &m, &p, scale, calibrate);
    if (json) {
        s = print_nodes_json(&m, &p, &e, err);
    } else {
        printf("ONNX model, opset %" PRId64 "%s%s\n", m.opset,
               m.producer != NULL ? ", by " : "",
               m.producer != NULL ? m.producer : "");
        print_nodes(&m, &p);
        print_outlook(&e, scale);
    }
    zkg_onnx_plan_clear(&p);
    zkg_onnx_clear(&m);
    return s;
}

/* ---- compile ---- */

/* why: of what cannot be fixed; NULL: it can. */
static zkg_status parse_visibility(zkg_visibility *out, const char *option,
                                   const char *text, const char *why,
                                   zkg_error *err)
{
    if (text == NULL)
        return ZKG_OK;
    if (strcmp(text, "public") == 0)
        *out = ZKG_PUBLIC;
    else if (strcmp(text, "private") == 0)
        *out = ZKG_PRIVATE;
    else if (strcmp(text, "fixed") != 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--%s: `%s` is none of public, private%s", option, text,
                        why == NULL ? ", fixed" : "");
    else if (why != NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--%s: what is fixed is in the key, and %s; give "
                        "public or private",
                        option, why);
    else
        *out = ZKG_FIXED;
    return ZKG_OK;
}

/* A factor from 1 to 1000, in percent. */
static zkg_status parse_margin(uint32_t *out, const char *text, zkg_error *err)
{
    char *end;
    double v;

    if (text == NULL)
        return ZKG_OK;
    v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= 1 && v <= 1000))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--margin: `%s` is not a number from 1 to 1000", text);
    *out = (uint32_t)(v * 100 + 0.5);
    return ZKG_OK;
}

static void print_report(const zkg_onnx_report *r, const zkg_onnx_options *o)
{
    const double unit = ldexp(1, -(int)o->scale);

    printf("%-24s %-24s %-18s %21s %21s %4s %7s  %s\n", "task", "operator",
           "shape", "seen", "holds", "bits", "margin", "table");
    for (uint32_t i = 0; i < r->lines; i++) {
        const zkg_onnx_line *l = &r->line[i];
        const int64_t low = l->seen.min < 0 ? -l->seen.min : l->seen.min;
        const int64_t top = l->seen.max > low ? l->seen.max : low;
        char seen[40], holds[40], margin[16] = "-";

        snprintf(seen, sizeof(seen), "%.4g..%.4g", (double)l->seen.min * unit,
                 (double)l->seen.max * unit);
        snprintf(holds, sizeof(holds), "%.4g..%.4g",
                 (double)l->range.min * unit, (double)l->range.max * unit);
        if (top > 0)
            snprintf(margin, sizeof(margin), "%.2fx",
                     (double)l->range.max / (double)top);
        printf("%-24s %-24s %-18s %21s %21s %4" PRIu32 " %7s  %s\n", l->name,
               l->op, l->shape, seen, holds, l->bits, margin, l->table);
    }
    if (r->made_up)
        printf("ranges from made-up inputs (standard normal), with a margin of "
               "4x at least: give --calibrate FILE for ranges of your data\n");
}

/* More than these may not fit one error's text. */
enum { FEW_UNSUPPORTED = 2 };

/* One a line, whatever their number. */
static void list_unsupported(const zkg_onnx_model *m, const zkg_onnx_plan *p)
{
    for (uint32_t k = 0; k < m->nodes; k++)
        if (p->step[k].role == ZKG_ONNX_UNSUPPORTED)
            printf("%s (%s): %s\n", m->node[k].name, m->node[k].op,
                   p->step[k].why);
}

/* Numbers that a table is made of are in the statement, whatever the visibility
 * of parameters: say where. */
static void list_told(const zkg_onnx_model *m, const zkg_onnx_plan *p)
{
    bool any = false;

    for (uint32_t k = 0; k < m->nodes; k++) {
        if (p->step[k].role != ZKG_ONNX_FUNCTION ||
            parameters(m, &m->node[k]) == 0)
            continue;
        printf("%s%s",
               any ? ", "
                   : "in tables, and so known to all: the "
                     "constants of ",
               m->node[k].name);
        any = true;
    }
    printf("%s", any ? "\n" : "");
}

static zkg_status compile(const char *path, const char *out,
                          const zkg_onnx_options *options, zkg_error *err)
{
    zkg_onnx_report report;
    zkg_onnx_model m;
    zkg_onnx_plan p;
    zkg_graph *g;
    zkg_status s;

    ZKG_TRY(open_model(&m, &p, path, err));
    if (p.unsupported > FEW_UNSUPPORTED)
        list_unsupported(&m, &p);
    s = zkg_onnx_compile(&g, &report, &m, &p, options, err);
    if (s == ZKG_OK && options->param == ZKG_PRIVATE)
        list_told(&m, &p);
    zkg_onnx_plan_clear(&p);
    zkg_onnx_clear(&m);
    ZKG_TRY(s);
    s = zkg_graph_save(g, out, err);
    if (s == ZKG_OK) {
        print_report(&report, options);
        printf("%s: %" PRIu32 " tasks, %" PRIu32 " tensors, %" PRIu32
               " tables; scale %" PRIu32 ", parameters %" PRIu32 "\n",
               out, g->st.tasks, g->st.tensors, g->st.tables, options->scale,
               options->param_scale);
        if (zkg_graph_stored(g, ZKG_PRIVATE) > 0)
            printf("%s/%s holds the parameters: for provers alone; the rest of "
                   "the folder is for all\n",
                   out, ZKG_PRIVATE_FILE);
    }
    zkg_onnx_report_clear(&report);
    zkg_graph_free(g);
    return s;
}

zkg_status zkg_cmd_compile(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const char *path = NULL, *out = NULL, *scale = NULL, *param_scale = NULL,
               *input = NULL, *output = NULL, *param = NULL, *margin = NULL;
    zkg_onnx_options o = {
        .input = ZKG_PRIVATE, .output = ZKG_PUBLIC, .param = ZKG_FIXED};
    const zkg_option options[] = {
        {"scale", "S", "activations are stored as v * 2^S", &scale, NULL, true},
        {"param-scale", "P", "parameters as w * 2^P; default max(12, S)",
         &param_scale, NULL, false},
        {"calibrate", "FILE",
         "inputs, one or many, that say how large tables must be", &o.calibrate,
         NULL, false},
        {"margin", "M",
         "tables hold M times what calibration saw; default 1.5, or 4 without",
         &margin, NULL, false},
        {"input-visibility", "V", "private (default) or public", &input, NULL,
         false},
        {"output-visibility", "V", "public (default) or private", &output, NULL,
         false},
        {"param-visibility", "V",
         "fixed (default: in the key), private or public", &param, NULL, false},
        {"o", "G.zkg", "the graph to write", &out, NULL, true},
    };
    size_t count = 0;
    bool done;

    (void)cli;
    ZKG_TRY(zkg_options_parse(
        &done, &path, &count, 1, options, sizeof(options) / sizeof(options[0]),
        "zkgkr compile MODEL.onnx --scale S [options] -o G.zkg", argc, argv,
        err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE, "compile: name an ONNX model");
    ZKG_TRY(zkg_option_u32(&o.scale, "scale", scale, 1, 20, err));
    o.param_scale = o.scale > 12 ? o.scale : 12;
    if (param_scale != NULL)
        ZKG_TRY(zkg_option_u32(&o.param_scale, "param-scale", param_scale, 1,
                               24, err));
    ZKG_TRY(parse_margin(&o.margin, margin, err));
    ZKG_TRY(parse_visibility(&o.input, "input-visibility", input,
                             "inputs come with each proof", err));
    ZKG_TRY(parse_visibility(&o.output, "output-visibility", output,
                             "outputs are made by each proof", err));
    ZKG_TRY(parse_visibility(&o.param, "param-visibility", param, NULL, err));
    return compile(path, out, &o, err);
}
