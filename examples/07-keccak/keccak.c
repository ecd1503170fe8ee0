/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keccak-256 of 64 bytes: keccak-f[1600] as a circuit of bits, one copy a
 * message.
 *
 *     keccak [COPIES ..]            default 4
 *
 * A bit is a value that is 0 or 1: x ^ y = x + y - 2 x y, and x & y = x y.
 * The bits of the message are hints that the kernel checks; all others follow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

enum { BYTES = 64, DIGEST = 32, RATE = 136, LANES = 25, WIDTH = 64 };

typedef struct state {
    zkg_var bit[LANES][WIDTH]; /* lane x + 5 y, bit z */
} state;

static zkg_var xor_bits(zkg_recorder *r, zkg_var x, zkg_var y)
{
    return zkg_combine(r, 0, 3, (int64_t[]){1, 1, -2},
                       (zkg_var[]){x, y, zkg_mul(r, x, y)});
}

/* ~x & y */
static zkg_var and_not(zkg_recorder *r, zkg_var x, zkg_var y)
{
    return zkg_mul(r, zkg_sub(r, zkg_constant(r, 1), x), y);
}

static void theta(zkg_recorder *r, state *a)
{
    zkg_var parity[5][WIDTH];

    for (int x = 0; x < 5; x++) {
        for (int z = 0; z < WIDTH; z++) {
            const zkg_var low = xor_bits(r, a->bit[x][z], a->bit[x + 5][z]);
            const zkg_var high =
                xor_bits(r, a->bit[x + 10][z], a->bit[x + 15][z]);

            parity[x][z] =
                xor_bits(r, xor_bits(r, low, high), a->bit[x + 20][z]);
        }
    }
    for (int x = 0; x < 5; x++) {
        for (int z = 0; z < WIDTH; z++) {
            const zkg_var d =
                xor_bits(r, parity[(x + 4) % 5][z],
                         parity[(x + 1) % 5][(z + WIDTH - 1) % WIDTH]);

            for (int y = 0; y < 5; y++)
                a->bit[x + 5 * y][z] = xor_bits(r, a->bit[x + 5 * y][z], d);
        }
    }
}

/* rho and pi: lanes turn, and change places. */
static void rho_pi(state *a)
{
    static const int turn[LANES] = {0,  1, 62, 28, 27, 36, 44, 6,  55,
                                    20, 3, 10, 43, 25, 39, 41, 45, 15,
                                    21, 8, 18, 2,  61, 56, 14};
    const state b = *a;

    for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 5; x++) {
            const int from = x + 5 * y, to = y + 5 * ((2 * x + 3 * y) % 5);

            for (int z = 0; z < WIDTH; z++)
                a->bit[to][(z + turn[from]) % WIDTH] = b.bit[from][z];
        }
    }
}

static void chi(zkg_recorder *r, state *a)
{
    const state b = *a;

    for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 5; x++) {
            for (int z = 0; z < WIDTH; z++)
                a->bit[x + 5 * y][z] =
                    xor_bits(r, b.bit[x + 5 * y][z],
                             and_not(r, b.bit[(x + 1) % 5 + 5 * y][z],
                                     b.bit[(x + 2) % 5 + 5 * y][z]));
        }
    }
}

/* The round constants come out of a shift register of eight bits. */
static void iota(zkg_recorder *r, state *a, uint8_t *shift)
{
    for (int j = 0; j < 7; j++) {
        const int z = (1 << j) - 1;

        if ((*shift & 1) != 0)
            a->bit[0][z] = xor_bits(r, a->bit[0][z], zkg_constant(r, 1));
        *shift = (uint8_t)(*shift << 1 ^ (*shift >> 7) * 0x71);
    }
}

/* The register's output is its lowest bit before each step. */
static void keccak_f(zkg_recorder *r, state *a)
{
    uint8_t shift = 1;

    for (int round = 0; round < 24; round++) {
        theta(r, a);
        rho_pi(a);
        chi(r, a);
        iota(r, a, &shift);
    }
}

static zkg_status record_keccak(zkg_recorder **out, zkg_error *err)
{
    static const uint64_t bytes = BYTES, digest = DIGEST;
    zkg_recorder *r;
    state a;

    ZKG_TRY(zkg_recorder_new(&r, "keccak256_of_64_bytes", err));
    *out = r;

    const zkg_param m = zkg_input(r, "message", ZKG_U8, 1, &bytes);
    const zkg_param h = zkg_output(r, "digest", ZKG_U8, 1, &digest);

    for (int i = 0; i < LANES * WIDTH; i++)
        a.bit[i / WIDTH][i % WIDTH] = zkg_constant(r, 0);
    for (uint64_t i = 0; i < BYTES; i++)
        zkg_bits(r, 8, &a.bit[i / 8][8 * (i % 8)], zkg_get(r, m, i));
    /* Keccak's own padding: a 1, zeros, a 1 at the end of the block. */
    a.bit[BYTES / 8][0] = zkg_constant(r, 1);
    a.bit[RATE / 8 - 1][WIDTH - 1] = zkg_constant(r, 1);
    keccak_f(r, &a);
    for (uint64_t i = 0; i < DIGEST; i++)
        zkg_set(r, h, i,
                zkg_combine(r, 0, 8, (int64_t[]){1, 2, 4, 8, 16, 32, 64, 128},
                            &a.bit[i / 8][8 * (i % 8)]));
    return zkg_recorder_finish(r, err);
}

typedef struct call {
    const zkg_recorder *kernel;
    uint64_t copies;
} call;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const call *c = user;
    zkg_handle m, h;

    ZKG_TRY(zkg_device_input(d, &m, "messages", ZKG_U8, ZKG_PRIVATE, 2,
                             (uint64_t[]){c->copies, BYTES}, err));
    ZKG_TRY(zkg_device_call(
        d, "keccak", c->kernel, c->copies,
        (zkg_arg[]){{"message", .in = m}, {"digest", .out = &h}}, 2, err));
    return zkg_device_output(d, h, "digests", ZKG_PUBLIC, err);
}

static void read_hex(int64_t *out, const char *text)
{
    for (int i = 0; i < DIGEST; i++) {
        char byte[3] = {text[2 * i], text[2 * i + 1], 0};

        out[i] = strtol(byte, NULL, 16);
    }
}

/* Messages are 64 zeros, and the bytes 00 .. 3f, in turn. */
static zkg_status run(example *e, const zkg_recorder *kernel, uint64_t copies,
                      zkg_error *err)
{
    static const char *const digest[] = {
        "ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5",
        "002030bde3d4cf89919649775cd71875c4d0ab1708a380e03fefc3a28aa24831"};
    int64_t *m = calloc(copies * BYTES, sizeof(*m));
    int64_t *h = calloc(copies * DIGEST, sizeof(*h));
    const example_values in = {"messages", m, copies * BYTES};
    const example_values out = {"digests", h, copies * DIGEST};
    call c = {kernel, copies};
    zkg_graph *g = NULL;
    zkg_status s = ZKG_OK;

    if (m == NULL || h == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t k = 0; s == ZKG_OK && k < copies; k++) {
        for (int64_t i = 0; i < BYTES; i++)
            m[k * BYTES + (uint64_t)i] = k % 2 == 0 ? 0 : i;
        read_hex(&h[k * DIGEST], digest[k % 2]);
    }
    if (s == ZKG_OK)
        s = example_graph(&g, calls, &c, err);
    if (s == ZKG_OK)
        s = example_run(e, g, &in, 1, &out, 1, err);
    zkg_graph_free(g);
    free(m);
    free(h);
    return s;
}

static zkg_status run_all(example *e, const zkg_recorder *kernel,
                          zkg_error *err)
{
    zkg_kernel_cost cost;

    ZKG_TRY(zkg_recorder_cost(&cost, kernel, err));
    if (example_is_first(e))
        printf("keccak: %u layers, %llu gates, %llu products, %llu linear "
               "terms (%llu relays)\n",
               cost.layers, (unsigned long long)cost.gates,
               (unsigned long long)cost.products,
               (unsigned long long)cost.linear,
               (unsigned long long)cost.relays);
    if (e->argc == 0)
        return run(e, kernel, 4, err);
    for (int i = 0; i < e->argc; i++) {
        const unsigned long copies = strtoul(e->argv[i], NULL, 10);

        if (copies < 1 || copies > 1 << 16)
            return zkg_fail(err, ZKG_ERR_USAGE, "copies are 1 to 2^16, not %s",
                            e->argv[i]);
        ZKG_TRY(run(e, kernel, copies, err));
    }
    return ZKG_OK;
}

int main(int argc, char **argv)
{
    zkg_recorder *kernel = NULL;
    zkg_error err = {0};
    example e;
    zkg_status s = example_start(&e, "keccak", argc, argv, &err);

    if (s == ZKG_OK)
        s = record_keccak(&kernel, &err);
    if (s == ZKG_OK)
        s = run_all(&e, kernel, &err);
    zkg_recorder_free(kernel);
    return example_end(&e, s, &err);
}
