/* SPDX-License-Identifier: Apache-2.0 */
/* Many small models in one process.
 *
 *     run_cases FOLDER COUNT SCALE PARAM_SCALE PROVE SEARCH
 *
 * For each i < COUNT it compiles FOLDER/i.onnx, with FOLDER/i.json as input and
 * as calibration data, solves and checks the witness, and holds every output to
 * the operators' integer models.  It prints a line a case: its number, then the
 * outputs' integers, or `refused` and why.  The first PROVE cases are proved
 * and verified as well; of the first SEARCH cases every witness is sought that
 * the statement allows, with this input and with a few others: one where the
 * rules find one, which must be that, else none.  Parameters are public, fixed
 * and private in turns, outputs public and private. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../exhaustive/witnesses.h"
#include "../soundness/fixture.h"
#include "../support/seed_model.h"
#include "graph/witness.h"
#include "onnx/lower.h"

#define POWER 10
#define STEPS 10000000 /* of one search */

/* Print the outputs, and compare. */
static bool outputs_agree(const zkg_graph *g, const zkg_witness *w,
                          const zkg_onnx_report *report)
{
    bool same = report->outputs == g->outputs;

    for (uint32_t i = 0; i < g->outputs; i++) {
        const zkg_array *a = &w->array[g->output[i]];

        for (uint64_t k = 0; k < zkg_array_count(a); k++) {
            const int64_t v = zkg_array_get_i64(a, k);

            printf(" %" PRId64, v);
            same = same && v == report->expected[i][k];
        }
    }
    return same;
}

/* Every witness with these inputs: that one alone, or none. */
static bool is_all(wit *all, const zkg_graph *g, const zkg_array *array,
                   bool none)
{
    zkg_array *given = calloc(g->st.tensors, sizeof(given[0]));
    wit_answer a;

    if (given == NULL)
        abort();
    wit_given(given, g, array);
    a = wit_find(all, given, 2, STEPS);
    free(given);
    if (a.cut)
        printf(" has too many cells to be searched");
    else if (none && a.found > 0)
        printf(" has a witness that no rule finds");
    else if (!none && a.found != 1)
        printf(" has %" PRIu64 " witnesses: %s", a.found, a.text);
    else if (!none && wit_differs(all, array) != NULL)
        printf(" has another witness: %s", wit_differs(all, array));
    else
        return true;
    return false;
}

/* Any input within its range: least, largest, mixed. */
static void fill(zkg_witness *w, const zkg_graph *g, int kind)
{
    uint64_t seed = (uint64_t)kind;
    zkg_error err = {0};

    for (uint32_t k = 0; k < g->inputs; k++) {
        const zkg_tensor *t = &g->st.tensor[g->input[k]];
        zkg_array *x = &w->array[g->input[k]];

        if (zkg_array_init(x, t->type, t->axes, t->len, &err) != ZKG_OK)
            abort();
        for (uint64_t i = 0; i < zkg_array_count(x); i++) {
            const int64_t edge[4] = {t->min, t->max, 0, t->max / 2};

            seed = seed * 6364136223846793005u + 1442695040888963407u;
            zkg_array_set_i64(x, i,
                              edge[kind < 2 ? (uint64_t)kind : seed >> 62]);
        }
    }
}

/* With each of some inputs there is one witness if the rules find it, and none
 * if they do not; the first is w. */
static bool search_all(const zkg_graph *g, const zkg_witness *w, int seed)
{
    wit *all = wit_new(&g->st, g->value);
    bool good = is_all(all, g, w->array, false);
    zkg_error err = {0};

    if (wit_unbounded(all) != NULL) {
        printf(" %s", wit_unbounded(all));
        good = false;
    }
    for (int kind = 0; kind < 3 && good; kind++) {
        zkg_witness other;

        if (zkg_witness_init(&other, g, &err) != ZKG_OK)
            abort();
        fill(&other, g, kind < 2 ? kind : 2 + seed);
        good = zkg_witness_solve(&other, g, &err) == ZKG_OK &&
               zkg_witness_check(&other, g, &err) == ZKG_OK;
        good = is_all(all, g, other.array, !good);
        zkg_witness_clear(&other);
    }
    wit_free(all);
    return good;
}

/* Prove, verify, and verify with the last byte changed; takes g and w. */
static bool proves(zkg_graph *g, zkg_witness *w)
{
    zkg_verdict v = {0};
    zkg_error err = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    bool good;
    fx f;

    fx_begin(&f, g, POWER);
    zkg_witness_clear(&f.witness);
    f.witness = *w;
    if (fx_prove(&f, NULL, &proof, &len, &err) != ZKG_OK) {
        printf(" not proved: %s", err.text);
        fx_clear(&f);
        return false;
    }
    good = fx_verify(&f, proof, len, NULL, &v) == ZKG_OK;
    if (!good)
        printf(" proof refused: %s", v.text);
    proof[len - 1] ^= 1;
    if (fx_verify(&f, proof, len, NULL, NULL) == ZKG_OK) {
        printf(" a false proof was accepted");
        good = false;
    }
    free(proof);
    fx_clear(&f);
    return good;
}

static bool run(const char *folder, int i, zkg_onnx_options o, bool prove,
                bool search)
{
    const zkg_visibility visibility[] = {ZKG_PUBLIC, ZKG_FIXED, ZKG_PRIVATE};
    char model[4096], input[4096];
    zkg_onnx_report report = {.line = NULL};
    zkg_graph *g = NULL;
    zkg_error err = {0};
    zkg_witness w;
    bool good = true;

    snprintf(model, sizeof(model), "%s/%d.onnx", folder, i);
    snprintf(input, sizeof(input), "%s/%d.json", folder, i);
    o.calibrate = input;
    o.param = visibility[i % 3];
    o.output = i % 2 == 0 ? ZKG_PUBLIC : ZKG_PRIVATE;
    printf("%d", i);
    if (onnx_graph(&g, &report, model, &o, &err) != ZKG_OK) {
        printf(" refused %s\n", err.text);
        return true;
    }
    if (zkg_witness_from_input(&w, g, input, &err) != ZKG_OK) {
        printf(" failed %s", err.text);
        good = false;
    } else {
        good = outputs_agree(g, &w, &report);
        if (!good)
            printf(" differ from the integer models");
        if (search)
            good = search_all(g, &w, i) && good;
        if (prove) {
            good = proves(g, &w) && good;
            g = NULL;
        } else {
            zkg_witness_clear(&w);
        }
    }
    printf("\n");
    zkg_onnx_report_clear(&report);
    zkg_graph_free(g);
    return good;
}

int main(int argc, char **argv)
{
    zkg_onnx_options o = {.input = ZKG_PRIVATE};
    int bad = 0;

    if (argc != 7)
        return 2;
    o.scale = (uint32_t)atoi(argv[3]);
    o.param_scale = (uint32_t)atoi(argv[4]);
    for (int i = 0; i < atoi(argv[2]); i++)
        bad += !run(argv[1], i, o, i < atoi(argv[5]), i < atoi(argv[6]));
    return bad == 0 ? 0 : 1;
}
