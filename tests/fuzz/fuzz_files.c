/* SPDX-License-Identifier: Apache-2.0 */
/* Files from strangers: mutated graphs, inputs, tensors, reference strings,
 * keys and proofs are read or refused, and never crash the reader. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../soundness/circuit_fixture.h"
#include "../support/ptau.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "fuzz.h"
#include "graph/circuits_file.h"
#include "graph/statement.h"
#include "graph/witness.h"
#include "journal/journal.h"
#include "onnx/lower.h"
#include "pcs/srs.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"

#define MALFORMED FUZZ_MAY(ZKG_ERR_MALFORMED)

/* A statement, its key, and a proof. */
typedef struct subject {
    fx f;
    uint8_t *proof;
    size_t proof_len;
} subject;

enum { DENSE, CIRCUIT, SUBJECTS };

/* What all targets share. */
typedef struct world {
    subject of[SUBJECTS], *at;
    char *folder;
    char graph[4200], input[4200], file[8400];
    zkg_graph *loaded; /* what graph files say, unchanged */
} world;

static void load(fuzz_bytes *out, const char *path)
{
    if (!fuzz_bytes_load(out, path))
        fuzz_broken("cannot read %s", path);
}

static void at_dense(void *user)
{
    world *w = user;

    w->at = &w->of[DENSE];
}

static void at_circuit(void *user)
{
    world *w = user;

    w->at = &w->of[CIRCUIT];
}

/* ---- graph.json and tensors.safetensors of a graph ---- */

static void graph_path(world *w, const char *name)
{
    (void)snprintf(w->file, sizeof(w->file), "%s/%s", w->graph, name);
}

static void graph_json(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;

    (void)which;
    graph_path(w, "graph.json");
    load(out, w->file);
}

static bool read_graph_with(world *w, const char *name, const fuzz_bytes *b)
{
    fuzz_bytes was = {0};
    zkg_graph *g = NULL;
    zkg_error err = {0};
    zkg_status s;

    graph_path(w, name);
    load(&was, w->file);
    fuzz_bytes_save(b, w->file);
    s = zkg_graph_load(&g, w->graph, &err);
    fuzz_bytes_save(&was, w->file);
    fuzz_bytes_clear(&was);
    if (s == ZKG_OK)
        zkg_graph_free(g);
    return fuzz_said(s, &err, w->graph,
                     MALFORMED | FUZZ_MAY(ZKG_ERR_WITNESS) |
                         FUZZ_MAY(ZKG_ERR_UNSUPPORTED));
}

static bool read_graph_json(void *user, const fuzz_bytes *b)
{
    world *w = user;

    return read_graph_with(w, "graph.json", b);
}

static void graph_tensors(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;

    (void)which;
    graph_path(w, "tensors.safetensors");
    load(out, w->file);
}

static bool read_graph_tensors(void *user, const fuzz_bytes *b)
{
    world *w = user;

    return read_graph_with(w, "tensors.safetensors", b);
}

/* ---- safetensors alone ---- */

static bool read_safetensors(void *user, const fuzz_bytes *b)
{
    zkg_safetensors st = {0};
    zkg_error err = {0};
    uint8_t *copy = malloc(b->len > 0 ? b->len : 1);
    zkg_status s;

    (void)user;
    if (copy == NULL)
        abort();
    if (b->len > 0)
        memcpy(copy, b->data, b->len);
    s = zkg_safetensors_parse(&st, copy, b->len, "fuzz", &err);
    if (s == ZKG_OK) {
        double sum = 0;

        for (size_t e = 0; e < st.entries; e++)
            for (uint64_t i = 0; i < zkg_st_entry_count(&st.entry[e]); i++)
                sum += zkg_st_entry_f64(&st.entry[e], i) != 0;
        if (sum < 0)
            abort();
        zkg_safetensors_clear(&st);
    }
    return fuzz_said(s, &err, "fuzz", MALFORMED);
}

/* ---- input.json ---- */

static void input_json(void *user, fuzz_bytes *out, uint64_t which)
{
    static const char *const text[] = {
        "{\"input_data\": [[1, -2, 3.5, 0.25, -8]]}",
        "{\"input_data\":[[1e0,-2E+0,3,4,5]]}\n",
        "{\"input_data\": [[-8, 7, 0, 0, 0.49]]}",
    };

    (void)user;
    fuzz_bytes_set(out, text[which % 3], strlen(text[which % 3]));
}

static bool read_input(void *user, const fuzz_bytes *b)
{
    world *w = user;
    zkg_witness x;
    zkg_error err = {0};
    zkg_status s;

    fuzz_bytes_save(b, w->input);
    fuzz_must(zkg_witness_init(&x, w->loaded, &err), &err);
    s = zkg_witness_read_input(&x, w->loaded, w->input, &err);
    zkg_witness_clear(&x);
    return fuzz_said(s, &err, "input.json",
                     MALFORMED | FUZZ_MAY(ZKG_ERR_WITNESS));
}

/* ---- input.npy ---- */

static void npy(void *user, fuzz_bytes *out, uint64_t which)
{
    char b[128 + 20] = "\x93NUMPY\x01";

    (void)user;
    (void)which;
    b[8] = 118;
    (void)snprintf(b + 10, 118,
                   "{'descr': '<f4', 'fortran_order': False, "
                   "'shape': (1, 5), }");
    fuzz_bytes_set(out, (const uint8_t *)b, sizeof(b));
}

static bool read_npy(void *user, const fuzz_bytes *b)
{
    zkg_npy x;
    zkg_error err = {0};
    const zkg_status s = zkg_npy_parse(&x, b->data, b->len, "fuzz", &err);

    (void)user;
    if (s == ZKG_OK) {
        double sum = 0;

        for (uint64_t i = 0; i < x.count; i++)
            sum += zkg_st_entry_f64(&x.entry, i) != 0;
        if (sum < 0)
            abort();
    }
    return fuzz_said(s, &err, "fuzz",
                     MALFORMED | FUZZ_MAY(ZKG_ERR_UNSUPPORTED));
}

/* ---- ONNX models: read, inferred, planned ---- */

static void onnx(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    const char *corpus = getenv("ZKG_FUZZ_CORPUS");

    (void)snprintf(w->file, sizeof(w->file), "%s/../seeds/%s.onnx",
                   corpus == NULL ? "tests/fuzz/corpus" : corpus,
                   which % 2 == 0 ? "small" : "pairs");
    load(out, w->file);
}

static bool read_onnx(void *user, const fuzz_bytes *b)
{
    zkg_onnx_model m;
    zkg_onnx_plan p;
    zkg_error err = {0};
    zkg_status s = zkg_onnx_parse(&m, b->data, b->len, "fuzz", NULL, &err);

    (void)user;
    if (s != ZKG_OK)
        return fuzz_said(s, &err, NULL,
                         MALFORMED | FUZZ_MAY(ZKG_ERR_UNSUPPORTED));
    s = zkg_onnx_infer(&m, &err);
    if (s == ZKG_OK)
        s = zkg_onnx_plan_init(&p, &m, &err);
    if (s == ZKG_OK)
        zkg_onnx_plan_clear(&p);
    zkg_onnx_clear(&m);
    return fuzz_said(s, &err, NULL, MALFORMED | FUZZ_MAY(ZKG_ERR_UNSUPPORTED));
}

/* ---- witness files ---- */

static void witness_file(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/w.witness", w->folder);
    fuzz_must(
        zkg_witness_write(&w->at->f.witness, w->at->f.graph, w->file, &err),
        &err);
    load(out, w->file);
}

/* What was read is written, and is read again the same. */
static void same_witness(world *w, const zkg_witness *x)
{
    const zkg_graph *g = w->at->f.graph;
    zkg_error err = {0};
    zkg_witness y;

    fuzz_must(zkg_witness_write(x, g, w->file, &err), &err);
    fuzz_must(zkg_witness_read(&y, g, w->file, &err), &err);
    for (uint32_t i = 0; i < g->st.tensors; i++)
        for (uint64_t k = 0; k < zkg_tensor_count(&g->st.tensor[i]); k++)
            if (!zkg_array_same_cell(&x->array[i], &y.array[i], k))
                fuzz_broken("a witness comes back with another %s",
                            g->st.tensor[i].name);
    zkg_witness_clear(&y);
}

static bool read_witness(void *user, const fuzz_bytes *b)
{
    world *w = user;
    zkg_witness x;
    zkg_error err = {0};
    zkg_status s;

    fuzz_bytes_save(b, w->file);
    fuzz_meter();
    s = zkg_witness_read(&x, w->at->f.graph, w->file, &err);
    fuzz_metered(1 << 16, 64, b->len);
    if (!fuzz_said(s, &err, w->file, MALFORMED | FUZZ_MAY(ZKG_ERR_WITNESS)))
        return false;
    same_witness(w, &x);
    s = zkg_witness_check(&x, w->at->f.graph, &err);
    zkg_witness_clear(&x);
    return fuzz_said(s, &err, NULL, FUZZ_MAY(ZKG_ERR_WITNESS));
}

/* ---- reference strings ---- */

static void srs_file(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/a.srs", w->folder);
    fuzz_must(zkg_srs_write(w->of[DENSE].f.srs, w->file, &err), &err);
    load(out, w->file);
}

static bool read_srs(void *user, const fuzz_bytes *b)
{
    zkg_srs *srs = NULL;
    zkg_error err = {0};
    zkg_status s = zkg_srs_decode(&srs, b->data, b->len, "fuzz", &err);

    (void)user;
    if (s == ZKG_OK) {
        s = zkg_srs_check(srs, 0, &err);
        zkg_srs_free(srs);
    }
    return fuzz_said(s, &err, "fuzz", MALFORMED);
}

/* The least that has the points needed. */
static void ptau(void *user, fuzz_bytes *out, uint64_t which)
{
    uint8_t *b = malloc(ptau_bytes(4));
    zkg_fr tau;

    (void)user;
    (void)which;
    if (b == NULL)
        abort();
    zkg_fr_from_u64(&tau, 1234567);
    ptau_make(b, 4, &tau);
    fuzz_bytes_set(out, b, ptau_bytes(4));
    free(b);
}

/* A header with an absurd body, so that most changes are to the header. */
static void ptau_header(void *user, fuzz_bytes *out, uint64_t which)
{
    uint8_t b[400] = "ptau";

    (void)user;
    (void)which;
    b[4] = 1;  /* version */
    b[8] = 3;  /* sections */
    b[12] = 1; /* section 1: header of 44 bytes */
    b[16] = 44;
    b[24] = 32; /* size of a coordinate */
    memcpy(b + 28,
           "\x47\xfd\x7c\xd8\x16\x8c\x20\x3c\x8d\xca\x71\x68\x91\x6a"
           "\x81\x97\x5d\x58\x81\x81\xb6\x45\x50\xb8\x29\xa0\x31\xe1"
           "\x72\x4e\x64\x30",
           32);
    b[60] = 1; /* power */
    b[64] = 1;
    b[68] = 2; /* section 2: three points of G1 */
    b[72] = 192;
    fuzz_bytes_set(out, b, sizeof(b));
}

static bool read_ptau(void *user, const fuzz_bytes *b)
{
    zkg_srs *srs = NULL;
    zkg_error err = {0};
    zkg_status s = zkg_srs_import_bytes(&srs, b->data, b->len, 0, "fuzz", &err);

    (void)user;
    if (s == ZKG_OK)
        zkg_srs_free(srs);
    return fuzz_said(s, &err, "fuzz", MALFORMED);
}

/* ---- statements in their canonical encoding ---- */

static void statement(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    uint8_t *bytes = NULL;
    size_t len = 0;
    zkg_error err = {0};

    (void)which;
    fuzz_must(zkg_statement_encode(&bytes, &len, &w->at->f.graph->st, &err),
              &err);
    fuzz_bytes_set(out, bytes, len);
    zkg_free(bytes);
}

static bool read_statement(void *user, const fuzz_bytes *b)
{
    zkg_statement st;
    zkg_error err = {0};
    zkg_status s = zkg_statement_decode(&st, b->data, b->len, &err);

    (void)user;
    if (s == ZKG_OK) {
        uint8_t *again = NULL;
        size_t len = 0;

        /* Equal bytes and only those: what was read writes itself. */
        if (zkg_statement_encode(&again, &len, &st, &err) != ZKG_OK ||
            len != b->len || memcmp(again, b->data, len) != 0) {
            (void)fprintf(stderr, "a statement has two encodings\n");
            abort();
        }
        zkg_free(again);
        zkg_statement_clear(&st);
    }
    return fuzz_said(s, &err, NULL, MALFORMED | FUZZ_MAY(ZKG_ERR_UNSUPPORTED));
}

/* ---- keys and proofs ---- */

static void key(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;

    (void)which;
    fuzz_bytes_set(out, w->at->f.key, w->at->f.key_len);
}

static bool read_key(void *user, const fuzz_bytes *b)
{
    world *w = user;
    uint8_t *was = w->at->f.key;
    const size_t was_len = w->at->f.key_len;
    zkg_verdict v = {0};
    zkg_status s;

    w->at->f.key = b->data;
    w->at->f.key_len = b->len;
    s = fx_verify(&w->at->f, w->at->proof, w->at->proof_len, NULL, &v);
    w->at->f.key = was;
    w->at->f.key_len = was_len;
    if (s == ZKG_OK &&
        (b->len != was_len || memcmp(b->data, was, was_len) != 0)) {
        (void)fprintf(stderr, "a proof was accepted under another key\n");
        abort();
    }
    return s == ZKG_OK;
}

static void proof(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;

    (void)which;
    fuzz_bytes_set(out, w->at->proof, w->at->proof_len);
}

static bool read_proof(void *user, const fuzz_bytes *b)
{
    world *w = user;
    zkg_verdict v = {0};
    const zkg_status s = fx_verify(&w->at->f, b->data, b->len, NULL, &v);

    if (s == ZKG_OK && (b->len != w->at->proof_len ||
                        memcmp(b->data, w->at->proof, b->len) != 0)) {
        (void)fprintf(stderr, "another proof was accepted\n");
        abort();
    }
    return s == ZKG_OK;
}

/* ---- circuits ---- */

static void circuits(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/circuits.bin", w->folder);
    fuzz_must(zkg_circuits_save(&w->at->f.graph->st, w->file, &err), &err);
    load(out, w->file);
}

static bool read_circuits(void *user, const fuzz_bytes *b)
{
    zkg_statement st = {0};
    zkg_error err = {0};
    zkg_status s = zkg_circuits_parse(&st, b->data, b->len, "fuzz", &err);

    (void)user;
    if (!fuzz_said(s, &err, "fuzz", MALFORMED)) {
        zkg_statement_clear(&st);
        return false;
    }
    for (uint32_t i = 0; i < st.circuits && s == ZKG_OK; i++)
        s = zkg_circuit_check(&st.circuit[i], &err);
    zkg_statement_clear(&st);
    return fuzz_said(s, &err, NULL, FUZZ_MAY(ZKG_ERR_INVALID));
}

/* ---- journal entries ---- */

static const uint8_t journal_key[ZKG_DIGEST_BYTES] = {7, 8, 9};

enum { KEPT = 70 };

/* An entry as a run leaves it. */
static void entry(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    uint8_t kept[KEPT] = {1, 2, 3};
    char hex[65];
    zkg_journal *j = NULL;
    zkg_error err = {0};

    (void)which;
    fuzz_must(zkg_journal_open(&j, w->folder, &err), &err);
    fuzz_must(
        zkg_journal_put(j, ZKG_JOURNAL_SEGMENT, journal_key, kept, KEPT, &err),
        &err);
    zkg_journal_free(j);
    zkg_digest_hex(hex, journal_key);
    (void)snprintf(w->file, sizeof(w->file), "%s/segment-%s", w->folder, hex);
    load(out, w->file);
}

static bool read_entry(void *user, const fuzz_bytes *b)
{
    static fuzz_bytes good;
    const uint8_t *kept = NULL;
    zkg_error err = {0};
    const zkg_status s =
        zkg_journal_decode(&kept, b->data, b->len, ZKG_JOURNAL_SEGMENT,
                           journal_key, KEPT, "fuzz", &err);

    if (good.data == NULL)
        entry(user, &good, 0);
    /* A digest stands over all of it. */
    if (s == ZKG_OK &&
        (b->len != good.len || memcmp(b->data, good.data, b->len) != 0)) {
        (void)fprintf(stderr, "a changed journal entry was taken\n");
        abort();
    }
    return fuzz_said(s, &err, "fuzz", MALFORMED);
}

static const fuzz_target all[] = {
    {"graph.json", &fuzz_json, 100, graph_json, read_graph_json, 1, at_dense},
    {"graph tensors", NULL, 40, graph_tensors, read_graph_tensors, 1, at_dense},
    {"safetensors", &fuzz_json, 100, graph_tensors, read_safetensors, 1,
     at_dense},
    {"input.json", &fuzz_json, 60, input_json, read_input, 3, at_dense},
    {"npy", NULL, 100, npy, read_npy, 1, at_dense},
    {"onnx", NULL, 400, onnx, read_onnx, 1, at_dense},
    {"witness", NULL, 60, witness_file, read_witness, 1, at_dense, 30},
    {"srs", NULL, 40, srs_file, read_srs, 1, at_dense},
    {"ptau", NULL, 40, ptau, read_ptau, 1, at_dense},
    {"ptau header", NULL, 40, ptau_header, read_ptau, 1, at_dense, 0, true},
    {"statement", NULL, 200, statement, read_statement, 1, at_dense},
    {"key", NULL, 60, key, read_key, 1, at_dense},
    {"proof", NULL, 60, proof, read_proof, 1, at_dense},
    {"circuits.bin", NULL, 100, circuits, read_circuits, 1, at_circuit},
    {"circuit witness", NULL, 60, witness_file, read_witness, 1, at_circuit,
     100},
    {"circuit statement", NULL, 200, statement, read_statement, 1, at_circuit},
    {"circuit key", NULL, 40, key, read_key, 1, at_circuit},
    {"circuit proof", NULL, 60, proof, read_proof, 1, at_circuit},
    {"journal", NULL, 200, entry, read_entry, 1, at_dense},
};

int main(int argc, char **argv)
{
    static const fx_shape shape = {.private_x = true, .odd_table = true};
    static const cx_shape circuit = {.copies = 3};
    zkg_error err = {0};
    world *w = calloc(1, sizeof(*w));
    int status;

    if (w == NULL)
        return 99;
    fx_init(&w->of[DENSE].f, &shape, 5, 1);
    cx_init(&w->of[CIRCUIT].f, &circuit, 6, 1);
    for (unsigned i = 0; i < SUBJECTS; i++)
        fuzz_must(fx_prove(&w->of[i].f, NULL, &w->of[i].proof,
                           &w->of[i].proof_len, &err),
                  &err);
    w->at = &w->of[DENSE];
    w->folder = fuzz_folder();
    (void)snprintf(w->graph, sizeof(w->graph), "%s/g.zkg", w->folder);
    (void)snprintf(w->input, sizeof(w->input), "%s/input.json", w->folder);
    fuzz_must(zkg_graph_save(w->of[DENSE].f.graph, w->graph, &err), &err);
    fuzz_must(zkg_graph_load(&w->loaded, w->graph, &err), &err);
    status = fuzz_main("fuzz_files", all, sizeof(all) / sizeof(all[0]), w, argc,
                       argv);
    zkg_graph_free(w->loaded);
    fuzz_folder_remove(w->folder);
    for (unsigned i = 0; i < SUBJECTS; i++) {
        free(w->of[i].proof);
        fx_clear(&w->of[i].f);
    }
    free(w);
    return status;
}
