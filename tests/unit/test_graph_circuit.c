/* SPDX-License-Identifier: Apache-2.0
 * Graphs with circuits: what is refused, and that folders, witnesses and proofs
 * keep circuits and field elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../soundness/circuit_fixture.h"
#include "base/mem.h"
#include "circuit/own.h"
#include "graph/graph_circuit.h"
#include "graph/proof.h"
#include "schedule/cost.h"

static const cx_shape plain = {.copies = 3};

static zkg_graph *make(const cx_shape *shape)
{
    zkg_graph *g = NULL;
    zkg_error err = {0};

    if (cx_graph(&g, shape, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    return g;
}

/* ---- what is refused ---- */

static zkg_kernel *kernel(zkg_graph *g)
{
    return &g->st.kernel[0];
}

/* Arrays of a circuit that a test may write to. */
#define EDIT(type, p) ((type *)(uintptr_t)(p))

static zkg_circuit_layer *layer(zkg_graph *g, uint32_t i)
{
    return EDIT(zkg_circuit_layer, &g->st.circuit[0].layer[i]);
}

static uint32_t tensor(const zkg_graph *g, const char *name)
{
    return zkg_statement_tensor_id(&g->st, name);
}

static void no_such_circuit(zkg_graph *g)
{
    kernel(g)->circuit = 1;
}

static void inputs_without_a_circuit(zkg_graph *g)
{
    kernel(g)->circuit = ZKG_NO_ID;
    g->st.circuits = 0;
}

static void an_input_more(zkg_graph *g)
{
    uint32_t *more = zkg_alloc(6, sizeof(*more));

    assert_non_null(more);
    memcpy(more, kernel(g)->input, 5 * sizeof(*more));
    zkg_free(kernel(g)->input);
    kernel(g)->input = more;
    kernel(g)->inputs = 6;
}

static void an_output_less(zkg_graph *g)
{
    kernel(g)->outputs--;
}

static void an_input_of_no_parameter(zkg_graph *g)
{
    kernel(g)->input[0] = 100;
}

static void an_output_of_no_parameter(zkg_graph *g)
{
    kernel(g)->output[0] = 100;
}

static void another_shape(zkg_graph *g)
{
    /* x and u change places: [3] and [2]. */
    const uint32_t x = kernel(g)->input[0];

    kernel(g)->input[0] = kernel(g)->input[3];
    kernel(g)->input[3] = x;
}

static void another_number_of_axes(zkg_graph *g)
{
    kernel(g)->input[0] = kernel(g)->input[1];
}

static void an_output_of_another_size(zkg_graph *g)
{
    EDIT(zkg_circuit_output, g->st.circuit[0].output)->bits = 1;
}

static void an_output_that_is_read(zkg_graph *g)
{
    kernel(g)->output[0] = kernel(g)->input[0];
}

static void an_output_that_is_private(zkg_graph *g)
{
    g->st.tensor[tensor(g, "v")].vis = ZKG_PRIVATE;
}

static void an_output_that_is_broadcast(zkg_graph *g)
{
    const uint32_t p = zkg_kernel_param_id(kernel(g), "v");

    g->st.task[0].broadcast[p] = true;
    g->st.tensor[tensor(g, "v")].axes = 1;
    g->st.tensor[tensor(g, "v")].len[0] = CX_X;
}

static void an_output_that_nobody_reads(zkg_graph *g)
{
    kernel(g)->lookups = 0;
}

static void a_range_for_field_elements(zkg_graph *g)
{
    g->st.tensor[tensor(g, "u")].max = 1;
}

static void a_wire_that_is_not_there(zkg_graph *g)
{
    EDIT(zkg_circuit_mul, layer(g, 0)->mul)->a.index = CX_X;
}

static void a_source_that_is_not_there(zkg_graph *g)
{
    EDIT(zkg_circuit_mul, layer(g, 0)->mul)->a.source = 6;
}

static void a_coefficient_that_is_not_there(zkg_graph *g)
{
    EDIT(zkg_circuit_add, layer(g, 2)->add)->coeff = 1000;
}

static void a_challenge_that_is_not_there(zkg_graph *g)
{
    g->st.circuit[0].challenges = 0;
}

static void a_drawn_output(zkg_graph *g)
{
    /* Gate 0 of the top is v_0; coefficient 5 is a challenge. */
    EDIT(zkg_circuit_add, layer(g, 2)->add)->coeff = 5;
}

static void too_many_gates(zkg_graph *g)
{
    layer(g, 1)->gates = (1u << ZKG_CIRCUIT_MAX_TABLE_VARS) + 1;
}

static void gates_without_terms(zkg_graph *g)
{
    layer(g, 1)->gates = 1000;
}

static void too_large_an_input(zkg_graph *g)
{
    EDIT(zkg_circuit_shape, g->st.circuit[0].input)->len[0] =
        (UINT64_C(1) << ZKG_CIRCUIT_MAX_TABLE_VARS) + 1;
}

static void no_layers(zkg_graph *g)
{
    g->st.circuit[0].layers = 0;
}

static void a_circuit_without_a_kernel(zkg_graph *g)
{
    /* The kernel keeps its lookup; v is made by nobody then. */
    kernel(g)->circuit = ZKG_NO_ID;
    kernel(g)->inputs = 0;
    kernel(g)->outputs = 0;
}

/* y is public: who is told y would take it for what was computed. */
static void an_input_that_no_gate_reads(zkg_graph *g)
{
    zkg_circuit_add *a = EDIT(zkg_circuit_add, &layer(g, 2)->add[4]);

    assert_int_equal(a->a.source, 2);
    a->a.source = 1;
}

static void an_input_taken_0_times(zkg_graph *g)
{
    const uint32_t minus_one = layer(g, 2)->add[4].coeff;

    EDIT(zkg_circuit_coeff, &g->st.circuit[0].coeff[minus_one])->value =
        zkg_fr_zero;
}

static void an_input_in_what_nobody_asserts(zkg_graph *g)
{
    uint32_t *assertion = EDIT(uint32_t, g->st.circuit[0].assertion);

    g->st.circuit[0].asserted = 2;
    assertion[0] = 5;
    assertion[1] = 6;
}

static void every_bad_circuit_is_refused(void **state)
{
    static const struct {
        void (*spoil)(zkg_graph *g);
        const char *why;
    } cases[] = {
        {no_such_circuit, "circuit"},
        {inputs_without_a_circuit, "no circuit"},
        {an_input_more, "6 inputs"},
        {an_output_less, "outputs"},
        {an_input_of_no_parameter, "no parameter"},
        {an_output_of_no_parameter, "no parameter"},
        {another_shape, "length"},
        {another_number_of_axes, "axes"},
        {an_output_of_another_size, "padded entries"},
        {an_output_that_is_read, "which it makes"},
        {an_output_that_is_private, "not virtual"},
        {an_output_that_is_broadcast, "broadcast"},
        {an_output_that_nobody_reads, "no consumer"},
        {a_range_for_field_elements, "fr has no range"},
        {a_wire_that_is_not_there, "no entry"},
        {a_source_that_is_not_there, "no entry"},
        {a_coefficient_that_is_not_there, "no coefficient"},
        {a_challenge_that_is_not_there, "challenge"},
        {a_drawn_output, "depends on a challenge"},
        {too_many_gates, "gates"},
        {gates_without_terms, "half"},
        {too_large_an_input, "padded"},
        {no_layers, "no layers"},
        {a_circuit_without_a_kernel, "circuit 0"},
        {an_input_that_no_gate_reads, "depends on input 1"},
        {an_input_taken_0_times, "depends on input 1"},
        {an_input_in_what_nobody_asserts, "depends on input 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zkg_graph *g = make(&plain);
        const uint32_t layers = g->st.circuit[0].layers;
        const uint32_t id = kernel(g)->circuit;
        zkg_error err = {0};
        zkg_status s;

        cases[i].spoil(g);
        s = zkg_statement_check(&g->st, &err);
        if (s != ZKG_ERR_MALFORMED || strstr(err.text, cases[i].why) == NULL)
            fail_msg("case %u: %s: %s", (unsigned)i, zkg_status_name(s),
                     err.text);
        /* What memory hangs on. */
        g->st.circuits = 1;
        g->st.circuit[0].layers = layers;
        kernel(g)->circuit = id;
        zkg_graph_free(g);
    }
}

/* p + 1 is 1: there is one encoding of a statement. */
static void coefficients_are_canonical(void **state)
{
    static const uint8_t one[36] = {
        [0] = 1, [32] = 255, [33] = 255, [34] = 255, [35] = 255};
    zkg_graph *g = make(&plain);
    zkg_statement again;
    zkg_error err = {0};
    uint32_t found = 0;
    uint8_t *bytes;
    size_t len;

    (void)state;
    assert_int_equal(zkg_statement_check(&g->st, &err), ZKG_OK);
    assert_int_equal(zkg_statement_encode(&bytes, &len, &g->st, &err), ZKG_OK);
    for (size_t i = 0; i + sizeof(one) <= len; i++) {
        if (memcmp(bytes + i, one, sizeof(one)) != 0)
            continue;
        for (int b = 0; b < 32; b++)
            bytes[i + (size_t)b] = (uint8_t)(zkg_fr_mod_.p[b / 8] >> b % 8 * 8);
        bytes[i]++;
        assert_int_equal(zkg_statement_decode(&again, bytes, len, NULL),
                         ZKG_ERR_MALFORMED);
        memcpy(bytes + i, one, sizeof(one));
        assert_int_equal(zkg_statement_decode(&again, bytes, len, NULL),
                         ZKG_OK);
        zkg_statement_clear(&again);
        found++;
    }
    assert_true(found > 0);
    zkg_free(bytes);
    zkg_graph_free(g);
}

/* An einsum holds on padding too, which a circuit fills as it likes. */
static void einsums_read_no_padding_of_circuits(void **state)
{
    static const struct {
        uint64_t copies;
        zkg_dtype type;
        zkg_status want;
        const char *why;
    } cases[] = {
        {4, ZKG_U8, ZKG_OK, ""},
        {3, ZKG_U8, ZKG_ERR_UNSUPPORTED, "powers of two"},
        {4, ZKG_FR, ZKG_ERR_UNSUPPORTED, "type fr"},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const cx_shape shape = {.copies = 4};
        zkg_graph *g = make(&shape);
        zkg_error err = {0};

        for (uint32_t t = 0; t < g->st.tensors; t++)
            if (g->st.tensor[t].axes > 0 && g->st.tensor[t].len[0] == 4)
                g->st.tensor[t].len[0] = cases[i].copies;
        g->st.task[0].copies = cases[i].copies;
        if (cases[i].type == ZKG_FR) {
            zkg_tensor *v = &g->st.tensor[tensor(g, "v")];

            v->type = ZKG_FR;
            v->min = v->max = 0;
        }
        assert_int_equal(zkg_statement_check(&g->st, &err), cases[i].want);
        assert_non_null(strstr(err.text, cases[i].why));
        zkg_graph_free(g);
    }
}

/* The bounds of what only circuits read bind nobody; those of what an einsum
 * reads do. */
static void only_einsums_ask_for_ranges(void **state)
{
    const cx_shape shape = {.copies = 4};
    zkg_graph *g = make(&shape);
    zkg_error err = {0};

    (void)state;
    g->st.tensor[tensor(g, "x")].max = 5000;
    assert_int_equal(zkg_statement_check(&g->st, &err), ZKG_OK);
    g->st.tensor[tensor(g, "t")].max = 62;
    assert_int_equal(zkg_statement_check(&g->st, &err), ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "does not contain all"));
    zkg_graph_free(g);
}

/* ---- files ---- */

static void in_folder(char out[256], const char *folder, const char *name)
{
    (void)snprintf(out, 256, "%s/%s", folder, name);
}

static void remove_all(const char *folder)
{
    static const char *const name[] = {
        "g.zkg/graph.json", "g.zkg/tensors.safetensors", "g.zkg/circuits.bin",
        "g.zkg", "w.safetensors"};
    char path[256];

    for (size_t i = 0; i < 5; i++) {
        in_folder(path, folder, name[i]);
        (void)remove(path);
    }
    (void)rmdir(folder);
}

static void folders_keep_circuits(void **state)
{
    char folder[] = "/tmp/zkgkr-circuit-XXXXXX", path[256], file[256];
    zkg_graph *g = make(&plain), *back = NULL;
    zkg_error err = {0};
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    in_folder(path, folder, "g.zkg");
    if (zkg_graph_save(g, path, &err) != ZKG_OK ||
        zkg_graph_load(&back, path, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    assert_memory_equal(g->st.digest, back->st.digest, 32);
    assert_int_equal(back->rules, g->rules);
    zkg_graph_free(back);

    /* One gate's coefficient changed: another graph. */
    in_folder(file, folder, "g.zkg/circuits.bin");
    f = fopen(file, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 16 + 4 + 4 + 9 + 1 + 1 + 9 + 1 + 4, SEEK_SET), 0);
    assert_int_equal(fputc(3, f), 3);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(zkg_graph_load(&back, path, &err), ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "belongs to graph"));
    assert_int_equal(remove(file), 0);
    err = (zkg_error){0};
    assert_int_equal(zkg_graph_load(&back, path, &err), ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "there is no circuit 0"));
    zkg_graph_free(g);
    remove_all(folder);
}

static void witnesses_keep_field_elements(void **state)
{
    char folder[] = "/tmp/zkgkr-circuit-XXXXXX", path[256];
    zkg_witness back;
    zkg_error err = {0};
    fx f = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    in_folder(path, folder, "w.safetensors");
    cx_init(&f, &plain, 6, 1);
    if (zkg_witness_write(&f.witness, f.graph, path, &err) != ZKG_OK ||
        zkg_witness_read(&back, f.graph, path, &err) != ZKG_OK ||
        zkg_witness_check(&back, f.graph, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    for (uint32_t t = 0; t < back.tensors; t++) {
        const zkg_array *a = &f.witness.array[t], *b = &back.array[t];

        assert_int_equal(zkg_array_count(a), zkg_array_count(b));
        for (uint64_t i = 0; i < zkg_array_count(a); i++) {
            assert_int_equal(a->type, b->type);
            assert_true(zkg_array_same_cell(a, b, zkg_array_real(a, i)));
        }
    }
    zkg_witness_clear(&back);

    /* An assertion that does not hold is named by task, copy and gate. */
    zkg_fr_add((zkg_fr *)fx_array(&f, "u")->data + 4,
               (zkg_fr *)fx_array(&f, "u")->data + 4, &zkg_fr_one);
    assert_int_equal(zkg_witness_check(&f.witness, f.graph, &err),
                     ZKG_ERR_WITNESS);
    assert_non_null(strstr(err.text, "task weigh"));
    assert_non_null(strstr(err.text, "copy 2"));
    fx_clear(&f);
    remove_all(folder);
}

/* Public field elements: canonical bytes, or no proof. */
static void public_elements_are_canonical(void **state)
{
    static const uint8_t p[32] = {
        0x01, 0x00, 0x00, 0xf0, 0x93, 0xf5, 0xe1, 0x43, 0x91, 0x70, 0xb9,
        0x79, 0x48, 0xe8, 0x33, 0x28, 0x5d, 0x58, 0x81, 0x81, 0xb6, 0x45,
        0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30};
    zkg_verdict v = {0};
    uint8_t *proof = NULL, y[32];
    size_t len = 0;
    zkg_error err = {0};
    fx_layout at;
    fx f = {0};

    (void)state;
    cx_init(&f, &plain, 6, 1);
    at = fx_layout_of(&f);
    if (fx_prove(&f, NULL, &proof, &len, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    /* y of copy 0 comes first of the public values. */
    memcpy(y, proof + at.publics, 32);
    memcpy(proof + at.publics, p, 32);
    assert_int_equal(fx_judge(&f, proof, len, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PUBLIC);
    /* p - 1 is an element; not this one. */
    proof[at.publics]--;
    v = (zkg_verdict){0};
    assert_int_equal(fx_judge(&f, proof, len, &v), ZKG_ERR_REJECT);
    assert_int_not_equal(v.check, ZKG_CHECK_PUBLIC);
    memcpy(proof + at.publics, y, 32);
    assert_int_equal(fx_judge(&f, proof, len, &v), ZKG_OK);
    free(proof);
    fx_clear(&f);
}

/* ---- what a plan counts ---- */

/* A circuit's ranks have copies each; v, which is looked up too, has more
 * entries than that, but slices of eight. */
static void a_rank_for_each_copy(void **state)
{
    static const uint64_t copies[] = {1, 2, 3, 64, 65};

    (void)state;
    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
        for (uint32_t without = 0; without < 2; without++) {
            const cx_shape shape = {.copies = copies[i],
                                    .without_v = without == 1};
            zkg_graph *g = make(&shape);
            zkg_work w;

            zkg_work_count(&w, &g->st, 0, NULL, true);
            assert_true(w.wires > 0 &&
                        w.gates + w.small_gates == (double)copies[i] * w.wires);
            assert_int_equal(zkg_work_width(&g->st, 0), copies[i]);
            zkg_graph_free(g);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rank_for_each_copy),
        cmocka_unit_test(every_bad_circuit_is_refused),
        cmocka_unit_test(coefficients_are_canonical),
        cmocka_unit_test(einsums_read_no_padding_of_circuits),
        cmocka_unit_test(only_einsums_ask_for_ranges),
        cmocka_unit_test(folders_keep_circuits),
        cmocka_unit_test(witnesses_keep_field_elements),
        cmocka_unit_test(public_elements_are_canonical),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
