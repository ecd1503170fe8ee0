/* SPDX-License-Identifier: Apache-2.0
 * zkgkr witness: compute all values of a graph. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "accuracy.h"
#include "base/io.h"
#include "commands.h"
#include "graph/witness.h"
#include "options.h"

/* An output's values; the largest where entries have names. */
static void print_output(const zkg_graph *g, const zkg_witness *w, uint32_t id)
{
    const zkg_display *d = &g->display[id];
    const zkg_array *a = &w->array[id];
    const uint64_t n = zkg_array_count(a);
    uint64_t best = 0;

    printf("%s:", g->st.tensor[id].name);
    for (uint64_t i = 0; i < n && i < 32; i++) {
        int64_t v = 0;
        char text[80];

        if (!zkg_array_try_i64(&v, a, i)) {
            zkg_cell_text(text, a, i);
            printf(" %s", text);
            continue;
        }
        printf(" %.4g", ldexp((double)v, -(int)d->scale));
        if (v > zkg_array_get_i64(a, best))
            best = i;
    }
    printf("%s\n", n > 32 ? " .." : "");
    if (d->labels == n && n > 0 && n <= 32 && a->type != ZKG_FR)
        printf("largest: %s\n", d->label[best]);
}

/* Accuracy as JSON; what was measured is written though the gate refuses it. */
static zkg_status write_report(const zkg_expectation *e, const char *path,
                               zkg_status measured, zkg_error *err)
{
    zkg_json_out o;
    zkg_status s;

    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    zkg_expectation_json(&o, e);
    zkg_json_out_end(&o);
    s = zkg_json_out_finish(&o);
    if (s == ZKG_OK)
        s = zkg_file_write_atomic(path, o.bytes.data, o.bytes.len, err);
    zkg_json_out_free(&o);
    return s == ZKG_OK ? measured : s;
}

zkg_status zkg_cmd_witness(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const char *graph_path = NULL, *input = NULL, *out = NULL;
    const char *report = NULL;
    zkg_expectation expect = {.path = NULL};
    const zkg_option options[] = {
        {"graph", "G.zkg", "the graph", &graph_path, NULL, true},
        {"input", "FILE.json", "{\"input_data\": [[..]]}", &input, NULL, true},
        {"o", "FILE", "the witness to write (safetensors)", &out, NULL, false},
        {"expect", "FILE", "the float model's outputs, to compare with",
         &expect.path, NULL, false},
        {"model", "MODEL.onnx", "compare every layer with the float model",
         &expect.model, NULL, false},
        {"report", "FILE", "accuracy as JSON", &report, NULL, false},
        {"max-error", "E", "refuse (exit 9) outputs that are further off",
         &expect.max_error, NULL, false},
    };
    bool done;
    zkg_graph *g;
    zkg_witness w;
    zkg_status s;

    (void)cli;
    ZKG_TRY(zkg_options_parse(
        &done, NULL, NULL, 0, options, sizeof(options) / sizeof(options[0]),
        "zkgkr witness --graph G.zkg --input FILE [-o FILE]", argc, argv, err));
    if (done)
        return ZKG_OK;
    ZKG_TRY(zkg_expectation_check(&expect, err));
    if (out != NULL)
        ZKG_TRY(zkg_file_check_writable(out, err));
    if (report != NULL)
        ZKG_TRY(zkg_file_check_writable(report, err));
    ZKG_TRY(zkg_graph_load(&g, graph_path, err));
    s = zkg_witness_from_input(&w, g, input, err);
    if (s == ZKG_OK) {
        if (out != NULL)
            s = zkg_witness_write(&w, g, out, err);
        for (uint32_t i = 0; i < g->outputs && s == ZKG_OK; i++)
            print_output(g, &w, g->output[i]);
        if (s == ZKG_OK)
            s = zkg_expectation_measure(&expect, &w, g, input, err);
        zkg_expectation_print(&expect, UINT32_MAX);
        if (report != NULL && (s == ZKG_OK || s == ZKG_ERR_ACCURACY))
            s = write_report(&expect, report, s, err);
        zkg_expectation_clear(&expect);
        zkg_witness_clear(&w);
    }
    zkg_graph_free(g);
    return s;
}
