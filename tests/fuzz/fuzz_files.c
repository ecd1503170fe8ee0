/* SPDX-License-Identifier: Apache-2.0 */
/* Files from strangers: mutated graphs, inputs, tensors, reference strings,
 * keys and proofs are read or refused, and never crash the reader. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../soundness/circuit_fixture.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "graph/circuits_file.h"
#include "graph/statement.h"
#include "graph/witness.h"
#include "journal/journal.h"
#include "mutate.h"
#include "onnx/lower.h"
#include "pcs/srs.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"

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

/* A target reads bytes; true when it took them. */
typedef struct target {
    const char *name;
    bool text;
    uint64_t share; /* of the rounds, in per cent */
    void (*corpus)(world *w, fuzz_bytes *out, uint64_t which);
    bool (*read)(world *w, const fuzz_bytes *b);
    uint64_t variants;
    unsigned subject;
} target;

static void load(fuzz_bytes *out, const char *path)
{
    if (!fuzz_bytes_load(out, path)) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        exit(99);
    }
}

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK) {
        (void)fprintf(stderr, "%s: %s\n", zkg_status_name(s), err->text);
        exit(99);
    }
}

/* A failure has words, and a success has none. */
static bool said(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK && err->text[0] == '\0') {
        (void)fprintf(stderr, "%s without a message\n", zkg_status_name(s));
        abort();
    }
    return s == ZKG_OK;
}

/* ---- graph.json and tensors.safetensors of a graph ---- */

static void graph_path(world *w, const char *name)
{
    (void)snprintf(w->file, sizeof(w->file), "%s/%s", w->graph, name);
}

static void graph_json(world *w, fuzz_bytes *out, uint64_t which)
{
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
    return said(s, &err);
}

static bool read_graph_json(world *w, const fuzz_bytes *b)
{
    return read_graph_with(w, "graph.json", b);
}

static void graph_tensors(world *w, fuzz_bytes *out, uint64_t which)
{
    (void)which;
    graph_path(w, "tensors.safetensors");
    load(out, w->file);
}

static bool read_graph_tensors(world *w, const fuzz_bytes *b)
{
    return read_graph_with(w, "tensors.safetensors", b);
}

/* ---- safetensors alone ---- */

static bool read_safetensors(world *w, const fuzz_bytes *b)
{
    zkg_safetensors st = {0};
    zkg_error err = {0};
    uint8_t *copy = malloc(b->len > 0 ? b->len : 1);
    zkg_status s;

    (void)w;
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
    return said(s, &err);
}

/* ---- input.json ---- */

static void input_json(world *w, fuzz_bytes *out, uint64_t which)
{
    static const char *const text[] = {
        "{\"input_data\": [[1, -2, 3.5, 0.25, -8]]}",
        "{\"input_data\":[[1e0,-2E+0,3,4,5]]}\n",
        "{\"input_data\": [[0, 0, 0, 0, 0]], \"shape\": [5]}",
    };

    (void)w;
    fuzz_bytes_set(out, text[which % 3], strlen(text[which % 3]));
}

static bool read_input(world *w, const fuzz_bytes *b)
{
    zkg_witness x;
    zkg_error err = {0};
    zkg_status s;

    fuzz_bytes_save(b, w->input);
    must(zkg_witness_init(&x, w->loaded, &err), &err);
    s = zkg_witness_read_input(&x, w->loaded, w->input, &err);
    zkg_witness_clear(&x);
    return said(s, &err);
}

/* ---- input.npy ---- */

static void npy(world *w, fuzz_bytes *out, uint64_t which)
{
    char b[128 + 20] = "\x93NUMPY\x01";

    (void)w;
    (void)which;
    b[8] = 118;
    (void)snprintf(b + 10, 118,
                   "{'descr': '<f4', 'fortran_order': False, "
                   "'shape': (1, 5), }");
    fuzz_bytes_set(out, (const uint8_t *)b, sizeof(b));
}

static bool read_npy(world *w, const fuzz_bytes *b)
{
    zkg_npy x;
    zkg_error err = {0};
    const zkg_status s = zkg_npy_parse(&x, b->data, b->len, "fuzz", &err);

    (void)w;
    if (s == ZKG_OK) {
        double sum = 0;

        for (uint64_t i = 0; i < x.count; i++)
            sum += zkg_st_entry_f64(&x.entry, i) != 0;
        if (sum < 0)
            abort();
    }
    return said(s, &err);
}

/* ---- ONNX models: read, inferred, planned ---- */

static void onnx(world *w, fuzz_bytes *out, uint64_t which)
{
    const char *corpus = getenv("ZKG_FUZZ_CORPUS");

    (void)snprintf(w->file, sizeof(w->file), "%s/../seeds/%s.onnx",
                   corpus == NULL ? "tests/fuzz/corpus" : corpus,
                   which % 2 == 0 ? "small" : "pairs");
    load(out, w->file);
}

static bool read_onnx(world *w, const fuzz_bytes *b)
{
    zkg_onnx_model m;
    zkg_onnx_plan p;
    zkg_error err = {0};
    zkg_status s = zkg_onnx_parse(&m, b->data, b->len, "fuzz", NULL, &err);

    (void)w;
    if (s != ZKG_OK)
        return said(s, &err);
    s = zkg_onnx_infer(&m, &err);
    if (s == ZKG_OK)
        s = zkg_onnx_plan_init(&p, &m, &err);
    if (s == ZKG_OK)
        zkg_onnx_plan_clear(&p);
    zkg_onnx_clear(&m);
    return said(s, &err);
}

/* ---- witness files ---- */

static void witness_file(world *w, fuzz_bytes *out, uint64_t which)
{
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/w.witness", w->folder);
    must(zkg_witness_write(&w->of[DENSE].f.witness, w->of[DENSE].f.graph,
                           w->file, &err),
         &err);
    load(out, w->file);
}

static bool read_witness(world *w, const fuzz_bytes *b)
{
    zkg_witness x;
    zkg_error err = {0};
    zkg_status s;

    (void)snprintf(w->file, sizeof(w->file), "%s/w.witness", w->folder);
    fuzz_bytes_save(b, w->file);
    s = zkg_witness_read(&x, w->of[DENSE].f.graph, w->file, &err);
    if (s == ZKG_OK) {
        s = zkg_witness_check(&x, w->of[DENSE].f.graph, &err);
        zkg_witness_clear(&x);
    }
    return said(s, &err);
}

/* ---- reference strings ---- */

static void srs_file(world *w, fuzz_bytes *out, uint64_t which)
{
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/a.srs", w->folder);
    must(zkg_srs_write(w->of[DENSE].f.srs, w->file, &err), &err);
    load(out, w->file);
}

static bool read_srs(world *w, const fuzz_bytes *b)
{
    zkg_srs *srs = NULL;
    zkg_error err = {0};
    zkg_status s = zkg_srs_decode(&srs, b->data, b->len, "fuzz", &err);

    (void)w;
    if (s == ZKG_OK) {
        s = zkg_srs_check(srs, 0, &err);
        zkg_srs_free(srs);
    }
    return said(s, &err);
}

/* A .ptau header with an absurd body: no honest one is small enough. */
static void ptau(world *w, fuzz_bytes *out, uint64_t which)
{
    uint8_t b[400] = "ptau";

    (void)w;
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

static bool read_ptau(world *w, const fuzz_bytes *b)
{
    zkg_srs *srs = NULL;
    zkg_error err = {0};
    zkg_status s = zkg_srs_import_bytes(&srs, b->data, b->len, 0, "fuzz", &err);

    (void)w;
    if (s == ZKG_OK)
        zkg_srs_free(srs);
    return said(s, &err);
}

/* ---- statements in their canonical encoding ---- */

static void statement(world *w, fuzz_bytes *out, uint64_t which)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    zkg_error err = {0};

    (void)which;
    must(zkg_statement_encode(&bytes, &len, &w->at->f.graph->st, &err), &err);
    fuzz_bytes_set(out, bytes, len);
    zkg_free(bytes);
}

static bool read_statement(world *w, const fuzz_bytes *b)
{
    zkg_statement st;
    zkg_error err = {0};
    zkg_status s = zkg_statement_decode(&st, b->data, b->len, &err);

    (void)w;
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
    return said(s, &err);
}

/* ---- keys and proofs ---- */

static void key(world *w, fuzz_bytes *out, uint64_t which)
{
    (void)which;
    fuzz_bytes_set(out, w->at->f.key, w->at->f.key_len);
}

static bool read_key(world *w, const fuzz_bytes *b)
{
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

static void proof(world *w, fuzz_bytes *out, uint64_t which)
{
    (void)which;
    fuzz_bytes_set(out, w->at->proof, w->at->proof_len);
}

static bool read_proof(world *w, const fuzz_bytes *b)
{
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

static void circuits(world *w, fuzz_bytes *out, uint64_t which)
{
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/circuits.bin", w->folder);
    must(zkg_circuits_save(&w->at->f.graph->st, w->file, &err), &err);
    load(out, w->file);
}

static bool read_circuits(world *w, const fuzz_bytes *b)
{
    zkg_statement st = {0};
    zkg_error err = {0};
    zkg_status s = zkg_circuits_parse(&st, b->data, b->len, "fuzz", &err);

    (void)w;
    for (uint32_t i = 0; i < st.circuits && s == ZKG_OK; i++)
        s = zkg_circuit_check(&st.circuit[i], &err);
    zkg_statement_clear(&st);
    return said(s, &err);
}

/* ---- journal entries ---- */

static const uint8_t journal_key[ZKG_DIGEST_BYTES] = {7, 8, 9};

enum { KEPT = 70 };

/* An entry as a run leaves it. */
static void entry(world *w, fuzz_bytes *out, uint64_t which)
{
    uint8_t kept[KEPT] = {1, 2, 3};
    char hex[65];
    zkg_journal *j = NULL;
    zkg_error err = {0};

    (void)which;
    must(zkg_journal_open(&j, w->folder, &err), &err);
    must(zkg_journal_put(j, ZKG_JOURNAL_SEGMENT, journal_key, kept, KEPT, &err),
         &err);
    zkg_journal_free(j);
    zkg_digest_hex(hex, journal_key);
    (void)snprintf(w->file, sizeof(w->file), "%s/segment-%s", w->folder, hex);
    load(out, w->file);
}

static bool read_entry(world *w, const fuzz_bytes *b)
{
    static fuzz_bytes good;
    const uint8_t *kept = NULL;
    zkg_error err = {0};
    const zkg_status s =
        zkg_journal_decode(&kept, b->data, b->len, ZKG_JOURNAL_SEGMENT,
                           journal_key, KEPT, "fuzz", &err);

    if (good.data == NULL)
        entry(w, &good, 0);
    /* A digest stands over all of it. */
    if (s == ZKG_OK &&
        (b->len != good.len || memcmp(b->data, good.data, b->len) != 0)) {
        (void)fprintf(stderr, "a changed journal entry was taken\n");
        abort();
    }
    return said(s, &err);
}

static const target all[] = {
    {"graph.json", true, 100, graph_json, read_graph_json, 1},
    {"graph tensors", false, 40, graph_tensors, read_graph_tensors, 1},
    {"safetensors", true, 100, graph_tensors, read_safetensors, 1},
    {"input.json", true, 60, input_json, read_input, 3},
    {"npy", false, 100, npy, read_npy, 1},
    {"onnx", false, 400, onnx, read_onnx, 1},
    {"witness", false, 40, witness_file, read_witness, 1},
    {"srs", false, 40, srs_file, read_srs, 1},
    {"ptau", false, 40, ptau, read_ptau, 1},
    {"statement", false, 200, statement, read_statement, 1, DENSE},
    {"key", false, 60, key, read_key, 1, DENSE},
    {"proof", false, 60, proof, read_proof, 1, DENSE},
    {"circuits.bin", false, 100, circuits, read_circuits, 1, CIRCUIT},
    {"circuit statement", false, 200, statement, read_statement, 1, CIRCUIT},
    {"circuit key", false, 40, key, read_key, 1, CIRCUIT},
    {"circuit proof", false, 60, proof, read_proof, 1, CIRCUIT},
    {"journal", false, 200, entry, read_entry, 1, DENSE},
};

static void run(world *w, const target *t, uint64_t seed, uint64_t rounds)
{
    fuzz_bytes good = {0}, b = {0};
    uint64_t taken = 0;

    w->at = &w->of[t->subject];
    for (uint64_t i = 0; i < rounds * t->share / 100; i++) {
        fuzz_rng r = {seed ^ i * UINT64_C(0x2545f4914f6cdd1d)};
        uint8_t *exact;

        if (i < t->variants || t->variants > 1)
            t->corpus(w, &good, i % t->variants);
        fuzz_bytes_set(&b, good.data, good.len);
        if (i >= t->variants)
            fuzz_mutate(&r, &b, t->text);
        /* Exactly as long as it is, so that a sanitizer sees one byte more. */
        exact = malloc(b.len > 0 ? b.len : 1);
        if (exact == NULL)
            abort();
        if (b.len > 0)
            memcpy(exact, b.data, b.len);
        taken += t->read(w, &(fuzz_bytes){exact, b.len, b.len});
        free(exact);
    }
    printf("%-14s %8llu rounds, %llu taken\n", t->name,
           (unsigned long long)(rounds * t->share / 100),
           (unsigned long long)taken);
    (void)fflush(stdout);
    fuzz_bytes_clear(&good);
    fuzz_bytes_clear(&b);
}

/* What once was, or might be, read wrongly: corpus/<target>/<file>.
 * All are refused, but for those whose name begins with may_be_. */
static void replay(world *w, const target *t)
{
    const char *corpus = getenv("ZKG_FUZZ_CORPUS");
    char path[8192];
    fuzz_bytes b = {0};
    struct dirent *e;
    DIR *d;

    if (corpus == NULL)
        return;
    w->at = &w->of[t->subject];
    (void)snprintf(path, sizeof(path), "%s/%s", corpus, t->name);
    d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s/%s", corpus, t->name,
                       e->d_name);
        load(&b, path);
        if (t->read(w, &b) && strncmp(e->d_name, "may_be_", 7) != 0) {
            (void)fprintf(stderr, "%s was taken\n", path);
            exit(1);
        }
    }
    if (d != NULL)
        (void)closedir(d);
    fuzz_bytes_clear(&b);
}

int main(int argc, char **argv)
{
    static const fx_shape shape = {.private_x = true, .odd_table = true};
    static const cx_shape circuit = {.copies = 3};
    uint64_t seed = 1, rounds = 1000;
    zkg_error err = {0};
    world *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return 99;
    fuzz_settings("fuzz_files", &seed, &rounds);
    fx_init(&w->of[DENSE].f, &shape, 5, 1);
    cx_init(&w->of[CIRCUIT].f, &circuit, 6, 1);
    for (unsigned i = 0; i < SUBJECTS; i++)
        must(fx_prove(&w->of[i].f, NULL, &w->of[i].proof, &w->of[i].proof_len,
                      &err),
             &err);
    w->at = &w->of[DENSE];
    w->folder = fuzz_folder();
    (void)snprintf(w->graph, sizeof(w->graph), "%s/g.zkg", w->folder);
    (void)snprintf(w->input, sizeof(w->input), "%s/input.json", w->folder);
    must(zkg_graph_save(w->of[DENSE].f.graph, w->graph, &err), &err);
    must(zkg_graph_load(&w->loaded, w->graph, &err), &err);
    for (size_t t = 0; t < sizeof(all) / sizeof(all[0]); t++)
        if (argc < 2 || strcmp(argv[1], all[t].name) == 0) {
            replay(w, &all[t]);
            run(w, &all[t], seed, rounds);
        }
    zkg_graph_free(w->loaded);
    fuzz_folder_remove(w->folder);
    for (unsigned i = 0; i < SUBJECTS; i++) {
        free(w->of[i].proof);
        fx_clear(&w->of[i].f);
    }
    free(w);
    return 0;
}
