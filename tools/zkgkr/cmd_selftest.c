/* SPDX-License-Identifier: Apache-2.0
 * zkgkr selftest: known values of hash, field, curve and pairing, then one
 * tiny proof, which must verify, and must not after a change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "calibrate.h"
#include "comm/comm.h"
#include "commands.h"
#include "curve/pairing.h"
#include "graph/graph.h"
#include "graph/setup.h"
#include "graph/witness.h"
#include "options.h"
#include "zkgkr/prove.h"
#include "zkgkr/verify.h"

enum { OUT = 3, IN = 5, POWER = 8 };

static zkg_status line(const char *name, bool is_right, zkg_error *err)
{
    printf("%-12s %s\n", name, is_right ? "ok" : "WRONG");
    return is_right ? ZKG_OK
                    : zkg_fail(err, ZKG_ERR_INTERNAL, "%s is wrong", name);
}

/* ---- known values ------------------------------------------------------ */

/* BLAKE2b-256 of nothing (RFC 7693's function). */
static bool hash_is_right(void)
{
    char hex[65];
    uint8_t digest[32];

    zkg_blake2b_256(digest, "", 0);
    zkg_digest_hex(hex, digest);
    return strcmp(hex, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787"
                       "faab45cdf12fe3a8") == 0;
}

/* 1/2 = (p + 1) / 2. */
static bool field_is_right(void)
{
    static const uint8_t half[32] = {
        0x01, 0x00, 0x00, 0xf8, 0xc9, 0xfa, 0xf0, 0xa1, 0x48, 0xb8, 0xdc,
        0x3c, 0x24, 0xf4, 0x19, 0x94, 0x2e, 0xac, 0xc0, 0x40, 0xdb, 0x22,
        0x28, 0xdc, 0x14, 0xd0, 0x98, 0x70, 0x39, 0x27, 0x32, 0x18,
    };
    uint8_t bytes[32];
    zkg_fr x;

    zkg_fr_from_u64(&x, 2);
    zkg_fr_inv(&x, &x);
    zkg_fr_to_bytes(bytes, &x);
    return memcmp(bytes, half, sizeof(half)) == 0;
}

/* 2 (1, 2), its two coordinates little-endian. */
static bool curve_is_right(void)
{
    static const uint8_t twice[64] = {
        0xd3, 0xcf, 0x87, 0x6d, 0xc1, 0x08, 0xc2, 0xd3, 0xa8, 0x1c, 0x87,
        0x16, 0xa9, 0x16, 0x78, 0xd9, 0x85, 0x15, 0x18, 0x68, 0x5b, 0x04,
        0x85, 0x9b, 0x02, 0x1a, 0x13, 0x2e, 0xe7, 0x44, 0x06, 0x03, 0xc4,
        0xa2, 0x18, 0x5a, 0x7a, 0xbf, 0x3e, 0xff, 0xc7, 0x8f, 0x53, 0xe3,
        0x49, 0xa4, 0xa6, 0x68, 0x0a, 0x9c, 0xae, 0xb2, 0x96, 0x5f, 0x84,
        0xe7, 0x92, 0x7c, 0x0a, 0x0e, 0x8c, 0x73, 0xed, 0x15,
    };
    uint8_t bytes[64];
    zkg_g1 p;

    zkg_g1_add(&p, &zkg_g1_generator, &zkg_g1_generator);
    zkg_g1_to_raw(bytes, &p);
    return zkg_g1_on_curve(&p) && memcmp(bytes, twice, sizeof(twice)) == 0;
}

/* e(2 G, 3 H) e(-6 G, H) = 1, and not with 5. */
static bool pairing_is_right(uint32_t cpu)
{
    zkg_g1 p[2];
    zkg_g2 q[2];
    zkg_fr k;
    bool holds;

    zkg_fr_from_u64(&k, 2);
    zkg_g1_mul(&p[0], &zkg_g1_generator, &k);
    zkg_fr_from_u64(&k, 3);
    zkg_g2_mul(&q[0], &zkg_g2_generator, &k);
    zkg_fr_from_i64(&k, -6);
    zkg_g1_mul(&p[1], &zkg_g1_generator, &k);
    q[1] = zkg_g2_generator;
    holds = zkg_pairing_check(p, q, 2, cpu);
    zkg_fr_from_i64(&k, -5);
    zkg_g1_mul(&p[1], &zkg_g1_generator, &k);
    return holds && !zkg_pairing_check(p, q, 2, cpu);
}

/* ---- a tiny proof: y = floor((w x + b) / 16 + 1/2), x and y public ------ */

static zkg_status add_tensors(zkg_graph *g, zkg_error *err)
{
    static const int64_t w[OUT * IN] = {3,  -1, 4, 1,  -5, 9, -2, 6,
                                        -5, 3,  5, -8, 9,  7, 9};
    static const int64_t b[OUT] = {-32, 3, 84};
    const zkg_tensor_spec spec[] = {
        {"x", ZKG_I8, ZKG_PUBLIC, 1, {IN}, -8, 7},
        {"w", ZKG_I8, ZKG_FIXED, 2, {OUT, IN}, -9, 9},
        {"b", ZKG_I8, ZKG_FIXED, 1, {OUT}, -100, 100},
        {"y", ZKG_I8, ZKG_PUBLIC, 1, {OUT}, -32, 31},
        {"rem", ZKG_U8, ZKG_PRIVATE, 1, {OUT}, 0, 15},
    };

    for (size_t i = 0; i < sizeof(spec) / sizeof(spec[0]); i++)
        ZKG_TRY(zkg_graph_add_tensor(g, &spec[i], err));
    ZKG_TRY(zkg_graph_set_fixed(g, "w", w, OUT * IN, err));
    return zkg_graph_set_fixed(g, "b", b, OUT, err);
}

static zkg_status add_kernel(zkg_graph *g, zkg_error *err)
{
    static const char *const param[][2] = {
        {"w", "o,k"}, {"x", "k"}, {"b", "o"}, {"y", "o"}, {"rem", "o"}};

    ZKG_TRY(zkg_graph_add_table(g, "rem4", ZKG_KIND_RANGE, 4, err));
    ZKG_TRY(zkg_graph_add_table(g, "y6", ZKG_KIND_SIGNED_RANGE, 6, err));
    ZKG_TRY(zkg_graph_add_kernel(g, "dense", err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "dense", "o", OUT, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, "dense", "k", IN, err));
    for (size_t i = 0; i < 5; i++)
        ZKG_TRY(
            zkg_graph_kernel_param(g, "dense", param[i][0], param[i][1], err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, "dense", "rem4", "rem", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, "dense", "y6", "y", err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, "dense", "o", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "1", "w[o,k]", "x[k]", err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "1", "b[o]", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "8", NULL, NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "-16", "y[o]", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, "dense", "-1", "rem[o]", NULL, err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, "dense", 1, err));
    for (size_t i = 0; i < 5; i++)
        ZKG_TRY(zkg_graph_bind(g, param[i][0], param[i][0], false, err));
    return ZKG_OK;
}

static zkg_status make_graph(zkg_graph **out, zkg_error *err)
{
    zkg_status status;
    zkg_graph *g;

    ZKG_TRY(zkg_graph_new(out, err));
    g = *out;
    ZKG_TRY(add_tensors(g, err));
    ZKG_TRY(add_kernel(g, err));
    ZKG_TRY(zkg_graph_add_input(g, "x", err));
    ZKG_TRY(zkg_graph_add_output(g, "y", err));
    status = zkg_graph_rule_divmod(g, "Task0", 0, "y", "rem", err);
    return status != ZKG_OK ? status : zkg_graph_finish(g, err);
}

static zkg_status make_witness(zkg_witness *w, const zkg_graph *g,
                               zkg_error *err)
{
    static const int64_t x[IN] = {-8, 7, 0, 3, -1};
    static const uint64_t len[1] = {IN};

    ZKG_TRY(zkg_witness_init(w, g, err));
    ZKG_TRY(zkg_array_init(&w->array[0], ZKG_I8, 1, len, err));
    for (uint64_t i = 0; i < IN; i++)
        zkg_array_set_i64(&w->array[0], i, x[i]);
    zkg_witness_refresh(w);
    ZKG_TRY(zkg_witness_solve(w, g, err));
    return zkg_witness_check(w, g, err);
}

static zkg_status judge(const zkg_key *key, uint8_t *proof, size_t len,
                        zkg_error *err)
{
    zkg_verdict verdict = {ZKG_CHECK_NONE, -1, -1, {0}};
    zkg_error ignored = {0};
    bool is_right =
        zkg_verify_with_key(&verdict, key, proof, len, NULL, err) == ZKG_OK;

    ZKG_TRY(line("verify", is_right, err));
    proof[len / 2] ^= 1;
    is_right = zkg_verify_with_key(&verdict, key, proof, len, NULL, &ignored) !=
               ZKG_OK;
    return line("reject", is_right, err);
}

typedef struct tiny {
    zkg_graph *graph;
    zkg_srs *srs;
    zkg_key key;
    zkg_witness witness;
    zkg_comm *world;
} tiny;

static zkg_status prove_and_judge(tiny *t, uint32_t cpu, zkg_error *err)
{
    zkg_prove_input input = {&t->key, NULL, NULL, NULL};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_status status;

    ZKG_TRY(make_graph(&t->graph, err));
    ZKG_TRY(zkg_srs_new(&t->srs, POWER, err));
    ZKG_TRY(
        zkg_setup(&t->key, NULL, t->graph, t->srs, ZKG_PCS_MERCURY, cpu, err));
    ZKG_TRY(make_witness(&t->witness, t->graph, err));
    input.srs = t->srs;
    input.arrays = t->witness.view;
    status =
        zkg_prove(&proof, &len, NULL, (zkg_comm *)(uintptr_t)zkg_comm_self(),
                  zkg_comm_self(), &input, NULL, err);
    printf("%-12s %s\n", "prove", status == ZKG_OK ? "ok" : "WRONG");
    if (status == ZKG_OK)
        status = judge(&t->key, proof, len, err);
    zkg_free(proof);
    return status;
}

/* Under mpirun the messages between two ranks are timed too. */
static zkg_status calibrate(zkg_cli *cli, const char *out, zkg_error *err)
{
    zkg_costs costs;
    char *text;
    zkg_status status;

    ZKG_TRY(zkg_calibrate(&costs, cli->world, 0, err));
    if (cli->rank != 0)
        return ZKG_OK;
    ZKG_TRY(zkg_costs_text(&text, &costs, err));
    status = out == NULL ? ZKG_OK
                         : zkg_file_write_atomic(out, text, strlen(text), err);
    if (out == NULL)
        fputs(text, stdout);
    free(text);
    return status;
}

zkg_status zkg_cmd_selftest(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    const char *out = NULL;
    bool calibrates = false, done;
    const zkg_option options[] = {
        {"calibrate", NULL, "measure the constants of schedule plan", NULL,
         &calibrates, false},
        {"o", "FILE", "where they go; else stdout", &out, NULL, false},
    };
    tiny t = {.graph = NULL};
    zkg_status status;

    ZKG_TRY(zkg_options_parse(
        &done, NULL, NULL, 0, options, sizeof(options) / sizeof(options[0]),
        "zkgkr selftest [--calibrate [-o FILE]]", argc, argv, err));
    if (done)
        return ZKG_OK;
    if (out != NULL && !calibrates)
        return zkg_fail(err, ZKG_ERR_USAGE, "-o goes with --calibrate");
    if (calibrates)
        return calibrate(cli, out, err);
    if (cli->rank != 0)
        return ZKG_OK;
    ZKG_TRY(line("hash", hash_is_right(), err));
    ZKG_TRY(line("field", field_is_right(), err));
    ZKG_TRY(line("curve", curve_is_right(), err));
    ZKG_TRY(line("pairing", pairing_is_right(0), err));
    ZKG_TRY(line("pairing cpu", pairing_is_right(cpu), err));
    status = prove_and_judge(&t, cpu, err);
    zkg_witness_clear(&t.witness);
    zkg_key_clear(&t.key);
    zkg_srs_free(t.srs);
    zkg_graph_free(t.graph);
    return status;
}
