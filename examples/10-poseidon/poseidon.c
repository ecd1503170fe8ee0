/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Poseidon over BN254, as circom users know it: width 3, x^5, 8 full rounds
 * around 57 partial ones, two inputs, the first word of the state as result.
 *
 *     poseidon [COPIES ..]            default 1 64 4096
 *
 * Round constants and matrix come out of the Grain register of the Poseidon
 * paper (appendix E); GMP makes them, and the results to compare with.
 */
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

enum { T = 3, FULL = 8, PARTIAL = 57, ROUNDS = FULL + PARTIAL, BITS = 254 };

static const char prime[] = "21888242871839275222246405745257275088548364400416"
                            "034343698204186575808495617";

typedef struct parameters {
    mpz_t p;
    mpz_t constant[ROUNDS][T];
    mpz_t matrix[T][T];
} parameters;

/* ---- constants ---- */

typedef struct grain {
    uint8_t bit[80];
    int at; /* the oldest */
} grain;

static int grain_step(grain *g)
{
    static const int taps[] = {62, 51, 38, 23, 13, 0};
    int b = 0;

    for (int i = 0; i < 6; i++)
        b ^= g->bit[(g->at + taps[i]) % 80];
    g->bit[g->at] = (uint8_t)b;
    g->at = (g->at + 1) % 80;
    return b;
}

static void grain_start(grain *g)
{
    static const struct {
        int bits, value;
    } field[] = {{2, 1},  {4, 0},     {12, BITS},
                 {12, T}, {10, FULL}, {10, PARTIAL}};
    int n = 0;

    for (int i = 0; i < 6; i++) {
        for (int k = field[i].bits - 1; k >= 0; k--)
            g->bit[n++] = (uint8_t)(field[i].value >> k & 1);
    }
    while (n < 80)
        g->bit[n++] = 1;
    g->at = 0;
    for (int i = 0; i < 160; i++)
        (void)grain_step(g);
}

/* Of two bits the second counts where the first is 1. */
static int grain_bit(grain *g)
{
    while (grain_step(g) == 0)
        (void)grain_step(g);
    return grain_step(g);
}

static void grain_number(mpz_t out, grain *g)
{
    mpz_set_ui(out, 0);
    for (int i = 0; i < BITS; i++) {
        mpz_mul_2exp(out, out, 1);
        mpz_add_ui(out, out, (unsigned long)grain_bit(g));
    }
}

static void parameters_init(parameters *q)
{
    mpz_t v[2 * T];
    grain g;

    mpz_init_set_str(q->p, prime, 10);
    grain_start(&g);
    for (int i = 0; i < ROUNDS * T; i++) {
        mpz_t *c = &q->constant[i / T][i % T];

        mpz_init(*c);
        do {
            grain_number(*c, &g);
        } while (mpz_cmp(*c, q->p) >= 0);
    }
    for (int i = 0; i < 2 * T; i++) {
        mpz_init(v[i]);
        grain_number(v[i], &g);
    }
    for (int i = 0; i < T * T; i++) {
        mpz_t *m = &q->matrix[i / T][i % T];

        mpz_init(*m);
        mpz_add(*m, v[i / T], v[T + i % T]);
        mpz_invert(*m, *m, q->p);
    }
    for (int i = 0; i < 2 * T; i++)
        mpz_clear(v[i]);
}

static void parameters_clear(parameters *q)
{
    mpz_clear(q->p);
    for (int i = 0; i < ROUNDS * T; i++)
        mpz_clear(q->constant[i / T][i % T]);
    for (int i = 0; i < T * T; i++)
        mpz_clear(q->matrix[i / T][i % T]);
}

static bool is_full(int round)
{
    return round < FULL / 2 || round >= FULL / 2 + PARTIAL;
}

static zkg_scalar to_scalar(const mpz_t v)
{
    zkg_scalar s = {{0}};

    mpz_export(s.limb, NULL, -1, sizeof(s.limb[0]), 0, 0, v);
    return s;
}

/* The definition, to compare with. */
static zkg_scalar hash_by_gmp(const parameters *q, const int64_t in[2])
{
    mpz_t s[T], mixed[T];
    zkg_scalar out;

    for (int i = 0; i < T; i++) {
        mpz_init_set_si(s[i], i > 0 ? in[i - 1] : 0);
        mpz_init(mixed[i]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < T; i++) {
            mpz_add(s[i], s[i], q->constant[round][i]);
            if (i == 0 || is_full(round))
                mpz_powm_ui(s[i], s[i], 5, q->p);
        }
        for (int i = 0; i < T; i++) {
            mpz_set_ui(mixed[i], 0);
            for (int j = 0; j < T; j++)
                mpz_addmul(mixed[i], q->matrix[i][j], s[j]);
        }
        for (int i = 0; i < T; i++)
            mpz_mod(s[i], mixed[i], q->p);
    }
    out = to_scalar(s[0]);
    for (int i = 0; i < T; i++)
        mpz_clears(s[i], mixed[i], NULL);
    return out;
}

/* ---- kernel ---- */

static zkg_var fifth_power(zkg_recorder *r, zkg_var x)
{
    const zkg_var x2 = zkg_mul(r, x, x);

    return zkg_mul(r, zkg_mul(r, x2, x2), x);
}

static zkg_status record_poseidon(zkg_recorder **out, const parameters *q,
                                  zkg_error *err)
{
    static const uint64_t two = 2;
    zkg_scalar row[T], constant;
    zkg_recorder *r;
    zkg_var s[T], mixed[T];

    ZKG_TRY(zkg_recorder_new(&r, "poseidon_of_two", err));
    *out = r;

    const zkg_param in = zkg_input(r, "in", ZKG_FR, 1, &two);
    const zkg_param hash = zkg_output(r, "hash", ZKG_FR, 0, NULL);

    for (int i = 0; i < T; i++) {
        constant = to_scalar(q->constant[0][i]);
        s[i] = zkg_constant_scalar(r, &constant);
        if (i > 0)
            s[i] = zkg_add(r, s[i], zkg_get(r, in, (uint64_t)i - 1));
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < T; i++) {
            if (i == 0 || is_full(round))
                s[i] = fifth_power(r, s[i]);
        }
        /* the matrix, and the next round's constants */
        for (int i = 0; i < T; i++) {
            memset(&constant, 0, sizeof(constant));
            if (round + 1 < ROUNDS)
                constant = to_scalar(q->constant[round + 1][i]);
            for (int j = 0; j < T; j++)
                row[j] = to_scalar(q->matrix[i][j]);
            mixed[i] = zkg_combine_scalar(r, &constant, T, row, s);
        }
        memcpy(s, mixed, sizeof(s));
    }
    zkg_set(r, hash, 0, s[0]);
    return zkg_recorder_finish(r, err);
}

/* ---- graph ---- */

typedef struct call {
    const zkg_recorder *kernel;
    uint64_t copies;
} call;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const call *c = user;
    zkg_handle in, hash;

    ZKG_TRY(zkg_device_input(d, &in, "in", ZKG_FR, ZKG_PRIVATE, 2,
                             (uint64_t[]){c->copies, 2}, err));
    ZKG_TRY(zkg_device_call(
        d, "poseidon", c->kernel, c->copies,
        (zkg_arg[]){{"in", .in = in}, {"hash", .out = &hash}}, 2, err));
    return zkg_device_output(d, hash, "hash", ZKG_PUBLIC, err);
}

/* What is known from elsewhere. */
static zkg_status check_known(const zkg_scalar *hash, uint64_t copies,
                              zkg_error *err)
{
    static const char *const known[] = {
        "7853200120776062878684798364095072458815029376092732009249414926327459"
        "813530",
        "1476321514531520050692171148964260835639485426616557261657811210756487"
        "7678998"};

    for (uint64_t i = 0; i < 2 && i < copies; i++) {
        char text[80];

        zkg_scalar_format(text, &hash[i]);
        if (strcmp(text, known[i]) != 0)
            return zkg_fail(err, ZKG_ERR_INTERNAL, "hash %d is %s, not %s",
                            (int)i, text, known[i]);
    }
    return ZKG_OK;
}

static zkg_status check_all(const zkg_witness *w, const parameters *q,
                            const int64_t *in, uint64_t copies, zkg_error *err)
{
    zkg_scalar *hash = calloc(copies, sizeof(*hash));
    zkg_status s;

    if (hash == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    s = zkg_witness_get_scalar(hash, copies, w, "hash", err);
    if (s == ZKG_OK)
        s = check_known(hash, copies, err);
    for (uint64_t i = 0; i < copies && s == ZKG_OK; i++) {
        const zkg_scalar want = hash_by_gmp(q, &in[2 * i]);

        if (memcmp(&want, &hash[i], sizeof(want)) != 0)
            s = zkg_fail(err, ZKG_ERR_INTERNAL, "hash %d is wrong", (int)i);
    }
    free(hash);
    return s;
}

/* Copy i hashes (2 i + 1, 2 i + 2). */
static zkg_status prove(example *e, const zkg_graph *g, const parameters *q,
                        uint64_t copies, zkg_error *err)
{
    int64_t *in = calloc(2 * copies, sizeof(*in));
    zkg_witness *w = NULL;
    zkg_status s = in != NULL ? zkg_witness_new(&w, g, NULL, err)
                              : zkg_fail(err, ZKG_ERR_NOMEM, "no memory");

    for (uint64_t i = 0; s == ZKG_OK && i < 2 * copies; i++)
        in[i] = (int64_t)i + 1;
    if (s == ZKG_OK)
        s = zkg_witness_set_i64(w, "in", in, 2 * copies, err);
    if (s == ZKG_OK)
        s = zkg_witness_make(w, err);
    if (s == ZKG_OK)
        s = check_all(w, q, in, copies, err);
    if (s == ZKG_OK)
        s = example_prove(e, g, w, err);
    zkg_witness_free(w);
    free(in);
    return s;
}

static zkg_status run(example *e, const zkg_recorder *kernel,
                      const parameters *q, uint64_t copies, zkg_error *err)
{
    call c = {kernel, copies};
    zkg_graph *g;
    zkg_status s;

    ZKG_TRY(example_graph(&g, calls, &c, err));
    s = prove(e, g, q, copies, err);
    zkg_graph_free(g);
    return s;
}

static zkg_status print_cost(const zkg_recorder *kernel, zkg_error *err)
{
    zkg_kernel_cost cost;

    ZKG_TRY(zkg_recorder_cost(&cost, kernel, err));
    printf("poseidon: %u layers, %llu gates, %llu products, %llu linear terms "
           "(%llu relays)\n",
           cost.layers, (unsigned long long)cost.gates,
           (unsigned long long)cost.products, (unsigned long long)cost.linear,
           (unsigned long long)cost.relays);
    return ZKG_OK;
}

int main(int argc, char **argv)
{
    static const uint64_t usual[] = {1, 64, 4096};
    zkg_recorder *kernel = NULL;
    zkg_error err = {0};
    parameters q;
    example e;
    zkg_status s = example_start(&e, "poseidon", argc, argv, &err);
    const int runs = e.argc > 0 ? e.argc : 3;

    parameters_init(&q);
    if (s == ZKG_OK)
        s = record_poseidon(&kernel, &q, &err);
    if (s == ZKG_OK && example_is_first(&e))
        s = print_cost(kernel, &err);
    for (int i = 0; i < runs && s == ZKG_OK; i++) {
        const uint64_t copies =
            e.argc > 0 ? strtoull(e.argv[i], NULL, 10) : usual[i];

        s = copies < 1 || copies > 1 << 20
                ? zkg_fail(&err, ZKG_ERR_USAGE, "copies are 1 to 2^20")
                : run(&e, kernel, &q, copies, &err);
    }
    zkg_recorder_free(kernel);
    parameters_clear(&q);
    return example_end(&e, s, &err);
}
