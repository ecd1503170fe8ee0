/* SPDX-License-Identifier: Apache-2.0
 * zkgkr inspect: describe a graph, a key, a proof, an SRS, a witness. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "commands.h"
#include "estimate.h"
#include "graph/container.h"
#include "graph/graph.h"
#include "graph/key.h"
#include "graph/proof.h"
#include "options.h"
#include "pcs/kzg.h"
#include "tensor/safetensors.h"
#include "verifier/root.h"
#include "zkgkr/srs.h"

#define MAX_FILE ((size_t)1 << 36)

static void json_string(zkg_json_out *o, const char *key, const char *value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_string(o, value);
}

static void json_u64(zkg_json_out *o, const char *key, uint64_t value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, value);
}

static void json_bool(zkg_json_out *o, const char *key, bool value)
{
    zkg_json_out_key(o, key);
    zkg_json_out_bool(o, value);
}

static zkg_status print_json(zkg_json_out *o, zkg_error *err)
{
    const zkg_status s = zkg_json_out_finish(o);

    if (s == ZKG_OK)
        fwrite(o->bytes.data, 1, o->bytes.len, stdout);
    zkg_json_out_free(o);
    return s == ZKG_OK ? s : zkg_fail(err, s, "no memory");
}

/* ---- statements ---- */

static uint64_t tensor_bytes(const zkg_tensor *t)
{
    return zkg_tensor_count(t) * zkg_dtype_size(t->type);
}

static void show_tensors(const zkg_statement *st)
{
    printf("\ntensors (%" PRIu32 ")\n", st->tensors);
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];
        char shape[300];

        zkg_tensor_shape_text(shape, t);
        printf("  %-20s %-14s %-4s %-8s ", t->name, shape,
               zkg_dtype_name(t->type), zkg_visibility_name(t->vis));
        if (t->type != ZKG_FR)
            printf("%" PRId64 "..%" PRId64 "  ", t->min, t->max);
        printf("%" PRIu64 " bytes\n", tensor_bytes(t));
    }
}

static void show_tables(const zkg_statement *st)
{
    printf("\ntables (%" PRIu32 ")\n", st->tables);
    for (uint32_t i = 0; i < st->tables; i++) {
        const zkg_stmt_table *t = &st->table[i];

        printf("  %-20s %-13s %" PRIu64 " rows, %" PRIu32
               " column%s, counts in %s%s\n",
               t->name, zkg_table_kind_name(t->kind), t->rows, t->columns,
               t->columns == 1 ? "" : "s", st->tensor[t->counts].name,
               t->hinted ? "" : " (of the graph)");
    }
}

/* Terms of a circuit and of its most expensive layer: what a prover pays. */
typedef struct circuit_cost {
    uint64_t gates, muls, adds, constants;
    uint64_t kind[3]; /* layers by zkg_circuit_kind */
    uint64_t most;    /* terms of layer `where` */
    uint32_t where;
} circuit_cost;

static circuit_cost cost_of(const zkg_circuit *c)
{
    circuit_cost cost = {0};

    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_layer *l = &c->layer[i];
        const uint64_t terms = (uint64_t)l->muls + l->adds + l->constants;
        zkg_circuit_plan plan;

        zkg_circuit_plan_layer(&plan, c, i);
        cost.kind[plan.kind]++;
        cost.gates += l->gates;
        cost.muls += l->muls;
        cost.adds += l->adds;
        cost.constants += l->constants;
        if (terms > cost.most) {
            cost.most = terms;
            cost.where = i;
        }
    }
    return cost;
}

static void show_circuit(const zkg_circuit *c)
{
    const circuit_cost x = cost_of(c);
    const uint64_t terms = x.muls + x.adds + x.constants;

    printf("    %" PRIu32 " layers (%" PRIu64 " linear, %" PRIu64
           " elementwise, %" PRIu64 " of products), %" PRIu64 " gates: %" PRIu64
           " products, %" PRIu64 " linear terms, %" PRIu64 " constants\n"
           "    %" PRIu32 " asserted, %" PRIu32 " outputs, %" PRIu32
           " challenges; largest: layer %" PRIu32 " of %" PRIu32
           " gates, %" PRIu64 " terms (%.0f%%)\n",
           c->layers, x.kind[ZKG_CIRCUIT_LINEAR],
           x.kind[ZKG_CIRCUIT_ELEMENTWISE], x.kind[ZKG_CIRCUIT_PRODUCTS],
           x.gates, x.muls, x.adds, x.constants, c->asserted, c->outputs,
           c->challenges, x.where, c->layer[x.where].gates, x.most,
           100.0 * (double)x.most / (double)(terms > 0 ? terms : 1));
}

static void show_kernels(const zkg_statement *st)
{
    printf("\nkernels (%" PRIu32 ")\n", st->kernels);
    for (uint32_t i = 0; i < st->kernels; i++) {
        const zkg_kernel *k = &st->kernel[i];

        printf("  %-20s", k->name);
        for (uint32_t a = 0; a < k->axes; a++)
            printf(" %s=%" PRIu64, k->axis[a].name, k->axis[a].len);
        printf("; %" PRIu32 " lookup%s, %" PRIu32 " einsum%s%s\n", k->lookups,
               k->lookups == 1 ? "" : "s", k->einsums,
               k->einsums == 1 ? "" : "s",
               k->circuit != ZKG_NO_ID ? ", circuit" : "");
        if (k->circuit != ZKG_NO_ID)
            show_circuit(&st->circuit[k->circuit]);
    }
}

static void show_tasks(const zkg_statement *st)
{
    printf("\ntasks (%" PRIu32 ")\n", st->tasks);
    for (uint32_t i = 0; i < st->tasks; i++) {
        const zkg_task *t = &st->task[i];
        const zkg_kernel *k = &st->kernel[t->kernel];

        printf("  %-12s %s x %" PRIu64 ":", t->name, k->name, t->copies);
        for (uint32_t p = 0; p < t->params; p++)
            printf(" %s=%s%s", k->param[p].name, st->tensor[t->bind[p]].name,
                   t->broadcast[p] ? "(broadcast)" : "");
        printf("\n");
    }
}

static void show_statement(const zkg_statement *st)
{
    char digest[65];

    zkg_digest_hex(digest, st->digest);
    printf("graph digest  %s\n", digest);
    show_tensors(st);
    show_tables(st);
    show_kernels(st);
    show_tasks(st);
}

static void json_tensors(zkg_json_out *o, const zkg_statement *st)
{
    zkg_json_out_key(o, "tensors");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];

        zkg_json_out_line_object(o);
        json_string(o, "name", t->name);
        zkg_json_out_key(o, "shape");
        zkg_json_out_line_array(o);
        for (uint32_t k = 0; k < t->axes; k++)
            zkg_json_out_u64(o, t->len[k]);
        zkg_json_out_end(o);
        json_string(o, "type", zkg_dtype_name(t->type));
        json_string(o, "visibility", zkg_visibility_name(t->vis));
        zkg_json_out_key(o, "min");
        zkg_json_out_i64(o, t->min);
        zkg_json_out_key(o, "max");
        zkg_json_out_i64(o, t->max);
        json_u64(o, "bytes", tensor_bytes(t));
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

static void json_circuit(zkg_json_out *o, const zkg_circuit *c)
{
    const circuit_cost x = cost_of(c);

    zkg_json_out_key(o, "circuit");
    zkg_json_out_line_object(o);
    json_u64(o, "layers", c->layers);
    json_u64(o, "linear_layers", x.kind[ZKG_CIRCUIT_LINEAR]);
    json_u64(o, "elementwise_layers", x.kind[ZKG_CIRCUIT_ELEMENTWISE]);
    json_u64(o, "gates", x.gates);
    json_u64(o, "products", x.muls);
    json_u64(o, "linear_terms", x.adds);
    json_u64(o, "constants", x.constants);
    json_u64(o, "asserted", c->asserted);
    json_u64(o, "outputs", c->outputs);
    json_u64(o, "challenges", c->challenges);
    zkg_json_out_end(o);
}

static void json_statement(zkg_json_out *o, const zkg_statement *st)
{
    char digest[65];

    zkg_digest_hex(digest, st->digest);
    json_string(o, "graph_digest", digest);
    json_tensors(o, st);
    zkg_json_out_key(o, "tables");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->tables; i++) {
        const zkg_stmt_table *t = &st->table[i];

        zkg_json_out_line_object(o);
        json_string(o, "name", t->name);
        json_string(o, "kind", zkg_table_kind_name(t->kind));
        json_u64(o, "rows", t->rows);
        json_u64(o, "columns", t->columns);
        json_string(o, "counts", st->tensor[t->counts].name);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
    zkg_json_out_key(o, "kernels");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->kernels; i++) {
        zkg_json_out_line_object(o);
        json_string(o, "name", st->kernel[i].name);
        json_u64(o, "lookups", st->kernel[i].lookups);
        json_u64(o, "einsums", st->kernel[i].einsums);
        if (st->kernel[i].circuit != ZKG_NO_ID)
            json_circuit(o, &st->circuit[st->kernel[i].circuit]);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
    zkg_json_out_key(o, "tasks");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < st->tasks; i++) {
        const zkg_task *t = &st->task[i];

        zkg_json_out_line_object(o);
        json_string(o, "name", t->name);
        json_string(o, "kernel", st->kernel[t->kernel].name);
        json_u64(o, "copies", t->copies);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

/* ---- what a file may be ---- */

/* Are the values of all private tensors of rules `values` there? */
static bool has_private(const zkg_graph *g)
{
    bool all = true;

    for (uint32_t i = 0; i < g->rules; i++)
        all = all && (!zkg_graph_is_stored(g, &g->rule[i], ZKG_PRIVATE) ||
                      g->value[g->rule[i].to].data != NULL);
    return all;
}

static void show_values(const zkg_graph *g)
{
    const uint32_t publics = zkg_graph_stored(g, ZKG_PUBLIC);
    const uint32_t privates = zkg_graph_stored(g, ZKG_PRIVATE);

    if (publics > 0)
        printf("\nvalues        of %" PRIu32 " public tensors, in %s", publics,
               ZKG_TENSORS_FILE);
    if (privates > 0)
        printf("\nvalues        of %" PRIu32 " private tensors, in %s%s",
               privates, ZKG_PRIVATE_FILE,
               has_private(g) ? "" : ", which is not there");
}

static zkg_status inspect_graph(const char *path, bool json, zkg_error *err)
{
    zkg_estimate estimate;
    zkg_status s = ZKG_OK, estimated;
    zkg_graph *g;

    ZKG_TRY(zkg_graph_load(&g, path, err));
    estimated = zkg_estimate_of(&estimate, &g->st, NULL);
    if (json) {
        zkg_json_out o;

        zkg_json_out_init(&o);
        zkg_json_out_object(&o);
        json_string(&o, "zkgkr", "graph");
        json_u64(&o, "default_k", zkg_statement_default_k(&g->st));
        json_statement(&o, &g->st);
        json_u64(&o, "public_values", zkg_graph_stored(g, ZKG_PUBLIC));
        json_u64(&o, "private_values", zkg_graph_stored(g, ZKG_PRIVATE));
        json_bool(&o, "private_values_there", has_private(g));
        if (estimated == ZKG_OK)
            zkg_estimate_json(&o, &estimate);
        zkg_json_out_end(&o);
        s = print_json(&o, err);
    } else {
        printf("graph         %s\n", path);
        show_statement(&g->st);
        printf("\ninputs       ");
        for (uint32_t i = 0; i < g->inputs; i++)
            printf(" %s", g->st.tensor[g->input[i]].name);
        printf("\noutputs      ");
        for (uint32_t i = 0; i < g->outputs; i++)
            printf(" %s", g->st.tensor[g->output[i]].name);
        show_values(g);
        printf("\nrules         %" PRIu32 "\ndefault k     %" PRIu32 "\n",
               g->rules, zkg_statement_default_k(&g->st));
        if (estimated == ZKG_OK)
            zkg_estimate_print(&estimate);
    }
    zkg_graph_free(g);
    return s;
}

static zkg_status inspect_key(const char *path, bool json, zkg_error *err)
{
    char digest[65], srs[65];
    zkg_root_layout layout;
    zkg_proof_sizes sizes;
    zkg_key key;
    zkg_status s;

    ZKG_TRY(zkg_key_read(&key, path, err));
    s = zkg_root_layout_init(&layout, &key.statement, &key.srs, err);
    if (s != ZKG_OK) {
        zkg_key_clear(&key);
        return s;
    }
    sizes = (zkg_proof_sizes){layout.public_bytes, layout.commit_bytes,
                              layout.segments_bytes, layout.opening_bytes};
    zkg_root_layout_clear(&layout);
    zkg_digest_hex(digest, key.digest);
    zkg_digest_hex(srs, key.srs.digest);
    if (json) {
        zkg_json_out o;

        zkg_json_out_init(&o);
        zkg_json_out_object(&o);
        json_string(&o, "zkgkr", "key");
        json_string(&o, "digest", digest);
        json_string(&o, "srs_digest", srs);
        json_bool(&o, "development", key.srs.development);
        json_u64(&o, "k", key.srs.k);
        json_string(&o, "pcs", zkg_pcs_name(key.srs.pcs));
        json_u64(&o, "commitments", key.fixed_points);
        json_u64(&o, "proof_bytes", zkg_proof_bytes(&sizes));
        json_u64(&o, "public_bytes", sizes.public_bytes);
        json_statement(&o, &key.statement);
        zkg_json_out_end(&o);
        s = print_json(&o, err);
    } else {
        printf("key           %s\n"
               "key digest    %s\n"
               "srs digest    %s%s\n"
               "k             %" PRIu32 "\n"
               "pcs           %s\n"
               "commitments   %" PRIu64 " of fixed tensors\n"
               "proofs        %zu bytes, %zu of them public values\n",
               path, digest, srs,
               key.srs.development ? " (development: its maker may know tau)"
                                   : "",
               key.srs.k, zkg_pcs_name(key.srs.pcs), key.fixed_points,
               zkg_proof_bytes(&sizes), sizes.public_bytes);
        show_statement(&key.statement);
    }
    zkg_key_clear(&key);
    return s;
}

/* What a proof commits to: of each private tensor but the counts, one digest
 * of its commitments.  Equal values under one SRS and k have equal ones. */
static void commitment_digest(char hex[65], const zkg_proof_view *proof,
                              const zkg_root_layout *layout, const zkg_key *key,
                              uint32_t t)
{
    const uint32_t n = zkg_tensor_vars(&key->statement.tensor[t]);
    const uint64_t chunks = zkg_kzg_chunks(n, key->srs.k);
    uint8_t digest[32];

    zkg_blake2b_256(
        digest, proof->commitments + layout->first_chunk[t] * ZKG_TAPE_G1_BYTES,
        (size_t)chunks * ZKG_TAPE_G1_BYTES);
    zkg_digest_hex(hex, digest);
}

static bool is_committed(const zkg_statement *st, uint32_t t)
{
    return st->tensor[t].vis == ZKG_PRIVATE &&
           !zkg_statement_is_hinted_counts(st, t);
}

static void list_commitments(const zkg_proof_view *proof,
                             const zkg_root_layout *layout, const zkg_key *key)
{
    char hex[65];

    printf("commitments of private tensors, BLAKE2b-256 of each one's points "
           "(the proof is not verified here)\n");
    for (uint32_t t = 0; t < key->statement.tensors; t++) {
        if (!is_committed(&key->statement, t))
            continue;
        commitment_digest(hex, proof, layout, key, t);
        printf("  %-20s %s\n", key->statement.tensor[t].name, hex);
    }
}

static zkg_status json_commitments(const zkg_proof_view *proof,
                                   const zkg_root_layout *layout,
                                   const zkg_key *key, size_t len,
                                   const char *key_digest, zkg_error *err)
{
    zkg_json_out o;
    char hex[65];

    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    json_string(&o, "zkgkr", "proof");
    json_u64(&o, "bytes", len);
    json_string(&o, "key_digest", key_digest);
    zkg_json_out_key(&o, "commitments");
    zkg_json_out_object(&o);
    for (uint32_t t = 0; t < key->statement.tensors; t++) {
        if (!is_committed(&key->statement, t))
            continue;
        commitment_digest(hex, proof, layout, key, t);
        json_string(&o, key->statement.tensor[t].name, hex);
    }
    zkg_json_out_end(&o);
    zkg_json_out_end(&o);
    return print_json(&o, err);
}

/* A proof, with the key that says where its parts are. */
static zkg_status inspect_parts(const char *path, const uint8_t *bytes,
                                size_t len, const char *key_path, bool json,
                                zkg_error *err)
{
    zkg_root_layout layout;
    zkg_proof_sizes sizes;
    zkg_proof_view proof;
    char hex[65];
    zkg_key key;
    zkg_status s;

    ZKG_TRY(zkg_key_read(&key, key_path, err));
    s = zkg_root_layout_init(&layout, &key.statement, &key.srs, err);
    if (s != ZKG_OK) {
        zkg_key_clear(&key);
        return s;
    }
    zkg_root_proof_sizes(&sizes, &layout);
    zkg_digest_hex(hex, key.digest);
    /* Before the size, which would only say that something is wrong. */
    if (len >= ZKG_CONTAINER_BYTES + sizeof(key.digest) &&
        memcmp(bytes + ZKG_CONTAINER_BYTES, key.digest, sizeof(key.digest)) !=
            0)
        s = zkg_fail(err, ZKG_ERR_MALFORMED, "%s: the proof of another key",
                     path);
    else
        s = zkg_proof_split(&proof, bytes, len, &sizes, path, err);
    if (s == ZKG_OK && json) {
        s = json_commitments(&proof, &layout, &key, len, hex, err);
    } else if (s == ZKG_OK) {
        printf("proof         %s\n"
               "bytes         %zu, of these public values %zu, commitments "
               "%zu, segments %zu, opening %zu\n"
               "key digest    %s\n",
               path, len, sizes.public_bytes, sizes.commit_bytes,
               sizes.segments_bytes, sizes.opening_bytes, hex);
        list_commitments(&proof, &layout, &key);
    }
    zkg_root_layout_clear(&layout);
    zkg_key_clear(&key);
    return s;
}

static zkg_status inspect_proof(const char *path, const uint8_t *bytes,
                                size_t len, bool json, zkg_error *err)
{
    zkg_reader r;
    const uint8_t *key;
    char digest[65];

    zkg_reader_init(&r, bytes, len);
    ZKG_TRY(zkg_container_read(&r, ZKG_CONTAINER_PROOF, ZKG_PROOF_VERSION, path,
                               err));
    if (zkg_reader_view(&r, &key, 32) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: the proof is truncated",
                        path);
    zkg_digest_hex(digest, key);
    if (json) {
        zkg_json_out o;

        zkg_json_out_init(&o);
        zkg_json_out_object(&o);
        json_string(&o, "zkgkr", "proof");
        json_u64(&o, "bytes", len);
        json_string(&o, "key_digest", digest);
        zkg_json_out_end(&o);
        return print_json(&o, err);
    }
    printf("proof         %s\n"
           "bytes         %zu\n"
           "key digest    %s\n"
           "Its other parts have no lengths: they follow from the key (--key "
           "K.vk).\n",
           path, len, digest);
    return ZKG_OK;
}

static zkg_status inspect_srs(const char *path, bool json, zkg_error *err)
{
    zkg_srs_info info;
    char digest[65];
    zkg_srs *srs;

    ZKG_TRY(zkg_srs_read(&srs, path, err));
    zkg_srs_describe(&info, srs);
    zkg_srs_free(srs);
    zkg_digest_hex(digest, info.digest);
    if (json) {
        zkg_json_out o;

        zkg_json_out_init(&o);
        zkg_json_out_object(&o);
        json_string(&o, "zkgkr", "srs");
        json_u64(&o, "power", info.power);
        json_u64(&o, "points", info.points);
        json_string(&o, "digest", digest);
        json_bool(&o, "development", info.development);
        json_u64(&o, "contributions", info.contributions);
        zkg_json_out_end(&o);
        return print_json(&o, err);
    }
    printf("srs           %s\n"
           "power         %" PRIu32 "\n"
           "points        %" PRIu64 "\n"
           "digest        %s\n"
           "contributions %" PRIu32 "\n"
           "development   %s\n",
           path, info.power, info.points, digest, info.contributions,
           info.development ? "yes: its maker may know tau" : "no");
    return ZKG_OK;
}

static void st_shape(char *out, const zkg_st_entry *e)
{
    int n = sprintf(out, "[");

    for (uint32_t i = 0; i < e->axes; i++)
        n += sprintf(out + n, "%s%" PRIu64, i > 0 ? "," : "", e->len[i]);
    sprintf(out + n, "]");
}

static zkg_status inspect_witness(const char *path, bool json, zkg_error *err)
{
    zkg_safetensors st;
    const char *graph;
    zkg_status s = ZKG_OK;
    zkg_json_out o;
    char shape[300];

    ZKG_TRY(zkg_safetensors_read(&st, path, err));
    graph = zkg_safetensors_meta(&st, "graph");
    if (json) {
        zkg_json_out_init(&o);
        zkg_json_out_object(&o);
        json_string(&o, "zkgkr", "tensors");
        json_string(&o, "graph_digest", graph != NULL ? graph : "");
        zkg_json_out_key(&o, "tensors");
        zkg_json_out_array(&o);
    } else {
        printf("tensors       %s\ngraph digest  %s\n", path,
               graph != NULL ? graph : "(none: not made by this program)");
    }
    for (size_t i = 0; i < st.entries; i++) {
        st_shape(shape, &st.entry[i]);
        if (!json) {
            printf("  %-20s %-14s %zu bytes\n", st.entry[i].name, shape,
                   st.entry[i].bytes);
            continue;
        }
        zkg_json_out_line_object(&o);
        json_string(&o, "name", st.entry[i].name);
        json_string(&o, "shape", shape);
        json_u64(&o, "bytes", st.entry[i].bytes);
        zkg_json_out_end(&o);
    }
    if (json) {
        zkg_json_out_end(&o);
        zkg_json_out_end(&o);
        s = print_json(&o, err);
    }
    zkg_safetensors_clear(&st);
    return s;
}

static zkg_status inspect_file(const char *path, const char *key, bool json,
                               zkg_error *err)
{
    uint8_t *bytes;
    size_t len;
    uint32_t kind;
    zkg_status s;

    ZKG_TRY(zkg_file_read(&bytes, &len, path, MAX_FILE, err));
    kind = zkg_container_kind_of(bytes, len);
    if (key != NULL && kind != ZKG_CONTAINER_PROOF)
        s = zkg_fail(err, ZKG_ERR_USAGE, "--key is for proofs");
    else if (kind == ZKG_CONTAINER_PROOF && key != NULL)
        s = inspect_parts(path, bytes, len, key, json, err);
    else if (kind == ZKG_CONTAINER_PROOF)
        s = inspect_proof(path, bytes, len, json, err);
    else if (kind == ZKG_CONTAINER_KEY)
        s = inspect_key(path, json, err);
    else if (kind == ZKG_CONTAINER_SRS)
        s = inspect_srs(path, json, err);
    else if (kind == 0 && len > 9 && bytes[8] == '{')
        s = inspect_witness(path, json, err);
    else
        s = zkg_fail(err, ZKG_ERR_MALFORMED,
                     "%s is no graph, key, proof, SRS or witness", path);
    zkg_free(bytes);
    return s;
}

zkg_status zkg_cmd_inspect(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const char *path = NULL, *scale = NULL, *calibrate = NULL, *key = NULL;
    bool json = false, done;
    const zkg_option options[] = {
        {"json", NULL, "one JSON object on stdout", NULL, &json, false},
        {"scale", "S", "of an ONNX model: for this scale; default 7", &scale,
         NULL, false},
        {"calibrate", "FILE", "of an ONNX model: as compile's", &calibrate,
         NULL, false},
        {"key", "K.vk", "of a proof: list what it commits to", &key, NULL,
         false},
    };
    uint32_t bits = 7;
    size_t count = 0;

    (void)cli;
    ZKG_TRY(zkg_options_parse(
        &done, &path, &count, 1, options, sizeof(options) / sizeof(options[0]),
        "zkgkr inspect FILE|GRAPH.zkg|MODEL.onnx [--json]", argc, argv, err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "inspect: name a graph, key, proof, SRS, witness or "
                        "ONNX model");
    if (scale != NULL)
        ZKG_TRY(zkg_option_u32(&bits, "scale", scale, 1, 20, err));
    if (key != NULL &&
        (scale != NULL || calibrate != NULL || zkg_dir_exists(path)))
        return zkg_fail(err, ZKG_ERR_USAGE, "--key is for proofs");
    if (strlen(path) > 5 && strcmp(path + strlen(path) - 5, ".onnx") == 0)
        return zkg_inspect_onnx(path, json, bits, calibrate, err);
    if (scale != NULL || calibrate != NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--scale and --calibrate are for ONNX models, which "
                        "end in .onnx");
    if (zkg_dir_exists(path))
        return inspect_graph(path, json, err);
    return inspect_file(path, key, json, err);
}
