/* SPDX-License-Identifier: Apache-2.0
 * zkgkr verify: judge a proof, and print what it is about. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "commands.h"
#include "graph/container.h"
#include "graph/graph.h"
#include "graph/key.h"
#include "graph/proof.h"
#include "graph/witness.h"
#include "options.h"
#include "tensor/safetensors.h"
#include "zkgkr/verify.h"

enum { PUBLIC_AT = ZKG_CONTAINER_BYTES + 32 }; /* after header and digest */
enum { SHOWN = 64, KEY_MAX = 1 << 30, PROOF_MAX = 1 << 30 };

typedef struct verify_args {
    const char *key, *proof, *expected, *graph, *graph_digest, *srs_digest,
        *key_digest;
    bool json;
} verify_args;

typedef struct verify_job {
    verify_args args;
    zkg_key key;
    uint8_t *key_bytes, *proof;
    size_t key_len, proof_len;
    uint8_t graph_digest[32], srs_digest[32], key_digest[32];
    bool holds_graph, holds_srs, holds_key;
    zkg_array *array;       /* one a tensor: the proof's public ones */
    zkg_graph of_key;       /* reads --public where there is no graph */
    zkg_witness expected;   /* what --public says */
    zkg_array *by_name;     /* likewise, from safetensors */
    zkg_graph *graph;       /* what --graph says; has public weights */
    zkg_array *of_graph;    /* one a tensor: what its rules `constant` say */
    bool is_graphs;         /* the key states that graph */
    const zkg_array **want; /* one a tensor */
    uint32_t others;        /* tensors of --public that no proof holds */
    const char *other;      /* the first of them */
    zkg_verdict verdict;
    double seconds;
} verify_job;

/* ---- inputs ------------------------------------------------------------ */

static zkg_status parse_args(bool *done, verify_args *a, int argc, char **argv,
                             zkg_error *err)
{
    const zkg_option options[] = {
        {"key", "K.vk", "the verification key", &a->key, NULL, true},
        {"proof", "FILE.proof", "the proof", &a->proof, NULL, true},
        {"public", "FILE", "input.json or safetensors: must be equal",
         &a->expected, NULL, false},
        {"graph", "G.zkg",
         "the graph that must be proven, with its public weights", &a->graph,
         NULL, false},
        {"graph-digest", "HEX", "its digest", &a->graph_digest, NULL, false},
        {"srs-digest", "HEX", "the SRS that the key must stand on",
         &a->srs_digest, NULL, false},
        {"key-digest", "HEX", "the key, its weights and labels included",
         &a->key_digest, NULL, false},
        {"json", NULL, "print JSON", NULL, &a->json, false},
    };

    memset(a, 0, sizeof(*a));
    ZKG_TRY(zkg_options_parse(done, NULL, NULL, 0, options, 8,
                              "zkgkr verify --key K.vk --proof FILE.proof "
                              "[options]",
                              argc, argv, err));
    if (!*done && a->graph != NULL && a->graph_digest != NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--graph and --graph-digest exclude each other");
    return ZKG_OK;
}

static zkg_status parse_digest(uint8_t out[32], const char *option,
                               const char *text, zkg_error *err)
{
    const size_t len = strlen(text);

    for (size_t i = 0; len == 64 && i < 64; i++) {
        const char c = text[i];
        uint8_t v;

        if (c >= '0' && c <= '9')
            v = (uint8_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = (uint8_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            v = (uint8_t)(c - 'A' + 10);
        else
            return zkg_fail(err, ZKG_ERR_USAGE,
                            "%s: `%c` is no hexadecimal digit", option, c);
        out[i / 2] = (uint8_t)(i % 2 == 0 ? v << 4 : out[i / 2] | v);
    }
    if (len != 64)
        return zkg_fail(err, ZKG_ERR_USAGE, "%s: %zu digits instead of 64",
                        option, len);
    return ZKG_OK;
}

static zkg_status load_digests(verify_job *j, zkg_error *err)
{
    if (j->args.graph != NULL) {
        ZKG_TRY(zkg_graph_load(&j->graph, j->args.graph, err));
        zkg_graph_digest(j->graph_digest, j->graph);
        j->holds_graph = true;
    } else if (j->args.graph_digest != NULL) {
        ZKG_TRY(parse_digest(j->graph_digest, "--graph-digest",
                             j->args.graph_digest, err));
        j->holds_graph = true;
    }
    if (j->args.srs_digest != NULL) {
        ZKG_TRY(parse_digest(j->srs_digest, "--srs-digest", j->args.srs_digest,
                             err));
        j->holds_srs = true;
    }
    if (j->args.key_digest != NULL) {
        ZKG_TRY(parse_digest(j->key_digest, "--key-digest", j->args.key_digest,
                             err));
        j->holds_key = true;
    }
    return ZKG_OK;
}

/* Scales, labels, what is an input: the graph's, where one was chosen; no
 * digest of a graph covers the key's. */
static zkg_display *displays(const verify_job *j)
{
    return j->is_graphs ? j->graph->display : j->key.display;
}

/* As much of a graph as a key knows: of its inputs no order but that of its
 * tensors.  Its statement and display are the key's. */
static zkg_status graph_of_key(zkg_graph *g, const zkg_key *key, zkg_error *err)
{
    const zkg_statement *st = &key->statement;

    *g = (zkg_graph){.st = *st,
                     .value = zkg_alloc(st->tensors, sizeof(*g->value)),
                     .input = zkg_alloc(st->tensors, sizeof(*g->input)),
                     .display = key->display,
                     .finished = true};
    if (g->value == NULL || g->input == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for inputs");
    for (uint32_t t = 0; t < st->tensors; t++)
        if (key->display[t].is_input)
            g->input[g->inputs++] = t;
    return ZKG_OK;
}

/* --public has a tensor that is not public: a verdict says nothing of it. */
static void note_other(verify_job *j, uint32_t t)
{
    if (j->others++ == 0)
        j->other = j->key.statement.tensor[t].name;
}

/* input.json: read as for proving, by the graph where one was chosen. */
static zkg_status expect_input(verify_job *j, zkg_error *err)
{
    const zkg_statement *st = &j->key.statement;
    const zkg_graph *g = j->is_graphs ? j->graph : &j->of_key;

    if (!j->is_graphs)
        ZKG_TRY(graph_of_key(&j->of_key, &j->key, err));
    ZKG_TRY(zkg_witness_init(&j->expected, g, err));
    ZKG_TRY(zkg_witness_read_input(&j->expected, g, j->args.expected, err));
    for (uint32_t t = 0; t < st->tensors; t++)
        if (st->tensor[t].vis == ZKG_PUBLIC &&
            j->expected.array[t].data != NULL)
            j->want[t] = &j->expected.array[t];
    for (uint32_t i = 0; i < g->inputs; i++)
        if (st->tensor[g->input[i]].vis != ZKG_PUBLIC)
            note_other(j, g->input[i]);
    return ZKG_OK;
}

static zkg_status take_entry(zkg_array *out, const zkg_tensor *x,
                             const zkg_st_entry *e, const char *file,
                             zkg_error *err)
{
    const uint64_t n = zkg_st_entry_count(e);

    if (zkg_st_entry_is_real(e))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: %s holds reals, not integers", file, e->name);
    if (x->type == ZKG_FR)
        return zkg_st_entry_fr(out, e, x->axes, x->len, file, err);
    if (e->axes > ZKG_MAX_AXES)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: %s has %u axes", file,
                        e->name, e->axes);
    ZKG_TRY(zkg_array_init(out, ZKG_I64, e->axes, e->len, err));
    for (uint64_t i = 0; i < n; i++)
        zkg_array_set_i64(out, i, zkg_st_entry_i64(e, i));
    return ZKG_OK;
}

static zkg_status expect_named(verify_job *j, zkg_error *err)
{
    const zkg_statement *st = &j->key.statement;
    zkg_safetensors file;
    zkg_status status = zkg_safetensors_read(&file, j->args.expected, err);

    ZKG_TRY(status);
    j->by_name = zkg_alloc(st->tensors, sizeof(*j->by_name));
    if (j->by_name == NULL)
        status = zkg_fail(err, ZKG_ERR_NOMEM, "no memory for tensors");
    for (size_t i = 0; status == ZKG_OK && i < file.entries; i++) {
        const zkg_st_entry *e = &file.entry[i];
        const uint32_t t = zkg_statement_tensor_id(st, e->name);

        if (t == ZKG_NO_ID)
            status = zkg_fail(err, ZKG_ERR_MALFORMED,
                              "%s: the key's graph has no tensor %s",
                              j->args.expected, e->name);
        else if (st->tensor[t].vis == ZKG_PUBLIC) {
            status = take_entry(&j->by_name[t], &st->tensor[t], e,
                                j->args.expected, err);
            j->want[t] = &j->by_name[t];
        } else {
            note_other(j, t);
        }
    }
    zkg_safetensors_clear(&file);
    return status;
}

static zkg_status load_expected(verify_job *j, zkg_error *err)
{
    const zkg_statement *st = &j->key.statement;
    uint8_t *bytes;
    size_t len;
    bool any = false, named;

    ZKG_TRY(zkg_file_read(&bytes, &len, j->args.expected, KEY_MAX, err));
    /* safetensors: a length below 2^56, then the header; JSON has no 0 byte */
    named = len > 8 && bytes[7] == 0 && bytes[8] == '{';
    zkg_free(bytes);
    ZKG_TRY(named ? expect_named(j, err) : expect_input(j, err));
    for (uint32_t t = 0; t < st->tensors; t++)
        any = any || j->want[t] != NULL;
    if (!any)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s holds no public tensor of the key's graph",
                        j->args.expected);
    return ZKG_OK;
}

/* A public tensor that is the same number everywhere. */
static zkg_status expect_constant(verify_job *j, uint32_t t, int64_t value,
                                  zkg_error *err)
{
    const zkg_tensor *x = &j->key.statement.tensor[t];
    const uint64_t n = zkg_tensor_count(x);

    ZKG_TRY(zkg_array_init(&j->of_graph[t],
                           x->type == ZKG_FR ? ZKG_FR : ZKG_I64, x->axes,
                           x->len, err));
    for (uint64_t i = 0; i < n; i++)
        zkg_array_set_i64(&j->of_graph[t], i, value);
    j->want[t] = &j->of_graph[t];
    return ZKG_OK;
}

/* Public tensors that no relation ties to inputs, weights and constants, are
 * what the graph's folder says, where --public does not say otherwise.  No
 * digest covers them. */
static zkg_status expect_weights(verify_job *j, zkg_error *err)
{
    const zkg_graph *g = j->graph;

    if (!j->is_graphs)
        return ZKG_OK;
    j->of_graph = zkg_alloc(g->st.tensors, sizeof(*j->of_graph));
    if (j->of_graph == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for public tensors");
    for (uint32_t i = 0; i < g->rules; i++) {
        const zkg_rule *r = &g->rule[i];

        if (r->kind == ZKG_RULE_CONSTANT && j->want[r->to] == NULL &&
            g->st.tensor[r->to].vis == ZKG_PUBLIC)
            ZKG_TRY(expect_constant(j, r->to, r->value, err));
        else if (zkg_graph_is_stored(g, r, ZKG_PUBLIC) &&
                 j->want[r->to] == NULL)
            j->want[r->to] = &g->value[r->to];
    }
    return ZKG_OK;
}

static zkg_status load(verify_job *j, zkg_error *err)
{
    ZKG_TRY(
        zkg_file_read(&j->key_bytes, &j->key_len, j->args.key, KEY_MAX, err));
    ZKG_TRY(
        zkg_key_decode(&j->key, j->key_bytes, j->key_len, j->args.key, err));
    ZKG_TRY(load_digests(j, err));
    /* Of another one the verifier says so. */
    j->is_graphs = j->graph != NULL &&
                   memcmp(j->graph_digest, j->key.statement.digest, 32) == 0;
    j->want = zkg_alloc(j->key.statement.tensors, sizeof(*j->want));
    if (j->want == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for public tensors");
    if (j->args.expected != NULL)
        ZKG_TRY(load_expected(j, err));
    ZKG_TRY(expect_weights(j, err));
    return zkg_file_read(&j->proof, &j->proof_len, j->args.proof, PROOF_MAX,
                         err);
}

/* ---- output ------------------------------------------------------------ */

static double real_of(const zkg_display *d, int64_t v)
{
    return ldexp((double)v, -(int)d->scale);
}

/* The first of the largest entries. */
static uint64_t largest(const zkg_array *a)
{
    const uint64_t n = zkg_array_count(a);
    uint64_t best = 0;

    for (uint64_t i = 1; i < n; i++)
        if (zkg_array_get_i64(a, i) > zkg_array_get_i64(a, best))
            best = i;
    return best;
}

/* An output that is one vector says a class by its largest entry. */
static bool is_classes(const zkg_display *d, const zkg_array *a)
{
    const uint64_t n = zkg_array_count(a);

    return d->is_output && a->type != ZKG_FR && n > 1 && n <= 100000 &&
           a->axes > 0 && a->len[a->axes - 1] == n;
}

static void print_tensor(const zkg_tensor *x, const zkg_display *d,
                         const zkg_array *a)
{
    const uint64_t n = zkg_array_count(a);
    char shape[300];

    zkg_tensor_shape_text(shape, x);
    printf("%s %s%s:", x->name, shape,
           d->is_input    ? " (input)"
           : d->is_output ? " (output)"
                          : "");
    for (uint64_t i = 0; i < n && i < SHOWN; i++) {
        char text[80];

        zkg_cell_text(text, a, i);
        printf(" %s", text);
    }
    printf("%s\n", n > SHOWN ? " ..." : "");
    if (d->present && d->scale > 0 && a->type != ZKG_FR) {
        printf("  as reals:");
        for (uint64_t i = 0; i < n && i < SHOWN; i++)
            printf(" %.4g", real_of(d, zkg_array_get_i64(a, i)));
        printf("%s\n", n > SHOWN ? " ..." : "");
    }
    if (is_classes(d, a)) {
        const uint64_t best = largest(a);

        printf("  largest: %" PRIu64, best);
        if (best < d->labels)
            printf(" (%s)", d->label[best]);
        printf("\n");
    }
}

/* What of the statement is the key's word.  Weights are in no graph's digest.
 */
static const char *taken_from_key(const verify_job *j)
{
    if (j->holds_key)
        return "";
    if (!j->holds_graph)
        return " for the graph that the key states";
    if (j->is_graphs)
        return j->key.fixed_points > 0
                   ? " for this graph, with the weights of the key"
                   : " for this graph";
    return j->key.fixed_points > 0
               ? " for this graph, with the weights and labels of the key"
               : " for this graph, with the labels of the key";
}

static void print_text(const verify_job *j)
{
    const zkg_statement *st = &j->key.statement;
    char hex[65];

    for (uint32_t t = 0; t < st->tensors; t++)
        if (st->tensor[t].vis == ZKG_PUBLIC)
            print_tensor(&st->tensor[t], &displays(j)[t], &j->array[t]);
    if (j->others > 0)
        printf("not compared: %" PRIu32
               " of the tensors in %s, %s first: they are not public\n",
               j->others, j->args.expected, j->other);
    zkg_digest_hex(hex, j->key.digest);
    printf("key digest   %s\n", hex);
    zkg_digest_hex(hex, st->digest);
    printf("graph digest %s\n", hex);
    zkg_digest_hex(hex, j->key.srs.digest);
    printf("SRS digest   %s%s\n", hex,
           j->key.srs.development
               ? "\nthe key stands on a DEVELOPMENT SRS: whoever made it can "
                 "forge proofs"
               : "");
    printf("proof %zu bytes, of these public values %zu; key %zu bytes; %.1f "
           "ms, peak %.1f MiB\n",
           j->proof_len, zkg_proof_public_bytes(st), j->key_len,
           1e3 * j->seconds, (double)zkg_peak_rss() / 1048576);
    printf("verified%s%s\n", taken_from_key(j),
           j->key.srs.development ? " (development SRS)" : "");
}

static void json_tensor(zkg_json_out *o, const zkg_tensor *x,
                        const zkg_display *d, const zkg_array *a)
{
    const uint64_t n = zkg_array_count(a);

    zkg_json_out_object(o);
    zkg_json_out_key(o, "name");
    zkg_json_out_string(o, x->name);
    zkg_json_out_key(o, "shape");
    zkg_json_out_line_array(o);
    for (uint32_t k = 0; k < x->axes; k++)
        zkg_json_out_u64(o, x->len[k]);
    zkg_json_out_end(o);
    zkg_json_out_key(o, "values");
    zkg_json_out_line_array(o);
    for (uint64_t i = 0; i < n; i++) {
        char text[80];

        if (a->type != ZKG_FR) {
            zkg_json_out_i64(o, zkg_array_get_i64(a, i));
            continue;
        }
        zkg_cell_text(text, a, i);
        zkg_json_out_string(o, text);
    }
    zkg_json_out_end(o);
    if (a->type != ZKG_FR) {
        zkg_json_out_key(o, "reals");
        zkg_json_out_line_array(o);
        for (uint64_t i = 0; i < n; i++)
            zkg_json_out_double(o, real_of(d, zkg_array_get_i64(a, i)));
        zkg_json_out_end(o);
    }
    if (is_classes(d, a)) {
        const uint64_t best = largest(a);

        zkg_json_out_key(o, "largest");
        zkg_json_out_u64(o, best);
        if (best < d->labels) {
            zkg_json_out_key(o, "label");
            zkg_json_out_string(o, d->label[best]);
        }
    }
    zkg_json_out_end(o);
}

static void json_verdict(zkg_json_out *o, const verify_job *j,
                         zkg_status status)
{
    const zkg_verdict *v = &j->verdict;

    zkg_json_out_key(o, "verified");
    zkg_json_out_bool(o, status == ZKG_OK);
    zkg_json_out_key(o, "check");
    zkg_json_out_string(o, zkg_check_name(v->check));
    if (status != ZKG_OK) {
        zkg_json_out_key(o, "task");
        zkg_json_out_i64(o, v->task);
        zkg_json_out_key(o, "relation");
        zkg_json_out_i64(o, v->relation);
        zkg_json_out_key(o, "text");
        zkg_json_out_string(o, v->text);
    }
}

static zkg_status print_json(const verify_job *j, zkg_status status)
{
    const zkg_statement *st = &j->key.statement;
    zkg_json_out o;
    char hex[65];
    zkg_status s;

    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    json_verdict(&o, j, status);
    zkg_digest_hex(hex, st->digest);
    zkg_json_out_key(&o, "graph_digest");
    zkg_json_out_string(&o, hex);
    zkg_json_out_key(&o, "graph_is_chosen");
    zkg_json_out_bool(&o, j->holds_graph);
    zkg_digest_hex(hex, j->key.digest);
    zkg_json_out_key(&o, "key_digest");
    zkg_json_out_string(&o, hex);
    zkg_json_out_key(&o, "key_is_chosen");
    zkg_json_out_bool(&o, j->holds_key);
    zkg_digest_hex(hex, j->key.srs.digest);
    zkg_json_out_key(&o, "srs_digest");
    zkg_json_out_string(&o, hex);
    zkg_json_out_key(&o, "development_srs");
    zkg_json_out_bool(&o, j->key.srs.development);
    zkg_json_out_key(&o, "not_compared");
    zkg_json_out_u64(&o, j->others);
    zkg_json_out_key(&o, "proof_bytes");
    zkg_json_out_u64(&o, j->proof_len);
    zkg_json_out_key(&o, "public_bytes");
    zkg_json_out_u64(&o, zkg_proof_public_bytes(st));
    zkg_json_out_key(&o, "key_bytes");
    zkg_json_out_u64(&o, j->key_len);
    zkg_json_out_key(&o, "verify_s");
    zkg_json_out_double(&o, j->seconds);
    zkg_json_out_key(&o, "peak_rss_bytes");
    zkg_json_out_u64(&o, zkg_peak_rss());
    if (status == ZKG_OK) {
        zkg_json_out_key(&o, "public");
        zkg_json_out_array(&o);
        for (uint32_t t = 0; t < st->tensors; t++)
            if (st->tensor[t].vis == ZKG_PUBLIC)
                json_tensor(&o, &st->tensor[t], &displays(j)[t], &j->array[t]);
        zkg_json_out_end(&o);
    }
    zkg_json_out_end(&o);
    s = zkg_json_out_finish(&o);
    if (s == ZKG_OK)
        fwrite(o.bytes.data, 1, o.bytes.len, stdout);
    zkg_json_out_free(&o);
    return s;
}

/* ---- the command ------------------------------------------------------- */

/* After an accepting verdict the public tensors are where they must be. */
static zkg_status read_public(verify_job *j, zkg_error *err)
{
    j->array = zkg_alloc(j->key.statement.tensors, sizeof(*j->array));
    if (j->array == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for public tensors");
    return zkg_proof_read_public(j->array, &j->key.statement,
                                 j->proof + PUBLIC_AT, err);
}

static zkg_status judge(verify_job *j, zkg_error *err)
{
    const zkg_verify_options options = {
        .graph_digest = j->holds_graph ? j->graph_digest : NULL,
        .srs_digest = j->holds_srs ? j->srs_digest : NULL,
        .key_digest = j->holds_key ? j->key_digest : NULL,
        .expected = j->want,
    };
    const double start = zkg_seconds();
    zkg_error why = {0};
    zkg_status status = zkg_verify_with_key(&j->verdict, &j->key, j->proof,
                                            j->proof_len, &options, &why);

    j->seconds = zkg_seconds() - start;
    if (status == ZKG_OK)
        return read_public(j, err);
    if (status != ZKG_ERR_REJECT && status != ZKG_ERR_MALFORMED)
        return zkg_fail(err, status, "%s", why.text);
    if (j->verdict.task >= 0 && j->verdict.relation >= 0)
        return zkg_fail(err, ZKG_ERR_REJECT,
                        "rejected: %s (task %" PRId64 ", relation %" PRId64
                        "): %s",
                        zkg_check_name(j->verdict.check), j->verdict.task,
                        j->verdict.relation, j->verdict.text);
    if (j->verdict.task >= 0)
        return zkg_fail(
            err, ZKG_ERR_REJECT, "rejected: %s (task %" PRId64 "): %s",
            zkg_check_name(j->verdict.check), j->verdict.task, j->verdict.text);
    return zkg_fail(err, ZKG_ERR_REJECT, "rejected: %s: %s",
                    zkg_check_name(j->verdict.check), j->verdict.text);
}

static void clear(verify_job *j)
{
    for (uint32_t t = 0; t < j->key.statement.tensors; t++) {
        if (j->array != NULL)
            zkg_array_clear(&j->array[t]);
        if (j->by_name != NULL)
            zkg_array_clear(&j->by_name[t]);
        if (j->of_graph != NULL)
            zkg_array_clear(&j->of_graph[t]);
    }
    zkg_free(j->array);
    zkg_free(j->by_name);
    zkg_free(j->of_graph);
    zkg_free(j->want);
    zkg_witness_clear(&j->expected);
    zkg_free(j->of_key.value);
    zkg_free(j->of_key.input);
    zkg_graph_free(j->graph);
    zkg_free(j->proof);
    zkg_free(j->key_bytes);
    zkg_key_clear(&j->key);
}

zkg_status zkg_cmd_verify(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    verify_job j = {.seconds = 0};
    bool done;
    zkg_status status;

    (void)cli;
    ZKG_TRY(parse_args(&done, &j.args, argc, argv, err));
    if (done)
        return ZKG_OK;
    status = load(&j, err);
    if (status == ZKG_OK) {
        status = judge(&j, err);
        if (j.args.json && (status == ZKG_OK || status == ZKG_ERR_REJECT)) {
            const zkg_status s = print_json(&j, status);

            status = status == ZKG_OK ? s : status;
        } else if (status == ZKG_OK) {
            print_text(&j);
        }
    }
    clear(&j);
    return status;
}
