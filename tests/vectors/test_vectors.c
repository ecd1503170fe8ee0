/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The curve against figures from elsewhere.
 *
 *   test_vectors FILE      curve.txt, made by curve.py
 *   test_vectors eip DIR   go-ethereum's bn256*.json, not part of the project;
 *                          exits with 77 when DIR has none
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/io.h"
#include "base/json.h"
#include "curve/msm.h"
#include "curve/pairing.h"

enum { SKIP = 77, MOST_PAIRS = 64, MOST_BYTES = 192 * MOST_PAIRS };

static int nibble(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* The number of bytes, -1 when text is not hexadecimal or too long. */
static int from_hex(uint8_t *out, size_t most, const char *text)
{
    const size_t len = strlen(text);

    if (len % 2 || len / 2 > most)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        const int hi = nibble(text[i]), lo = nibble(text[i + 1]);

        if (hi < 0 || lo < 0)
            return -1;
        out[i / 2] = (uint8_t)(hi << 4 | lo);
    }
    return (int)(len / 2);
}

static void reverse(uint8_t out[32], const uint8_t in[32])
{
    for (int i = 0; i < 32; i++)
        out[i] = in[31 - i];
}

/* A point of big-endian coordinates. */
static bool g1_from_be(zkg_g1 *r, const uint8_t in[64])
{
    uint8_t raw[64];

    reverse(raw, in);
    reverse(raw + 32, in + 32);
    return zkg_g1_from_raw(r, raw);
}

/* order: where x.c0, x.c1, y.c0, y.c1 stand */
static bool g2_from_be(zkg_g2 *r, const uint8_t in[128], const int order[4])
{
    uint8_t raw[128];

    for (int i = 0; i < 4; i++)
        reverse(raw + 32 * i, in + 32 * order[i]);
    return zkg_g2_from_raw(r, raw);
}

/* A big-endian integer of 256 bits modulo p. */
static void scalar_from_be(zkg_fr *r, const uint8_t in[32])
{
    uint8_t wide[64] = {0};

    reverse(wide, in);
    zkg_fr_from_wide_bytes(r, wide);
}

static const int plain[4] = {0, 1, 2, 3}, swapped[4] = {1, 0, 3, 2};

static bool g1_line(const uint8_t *b, int n)
{
    zkg_g1 p, want, got;
    zkg_fr k;

    if (n != 160 || !g1_from_be(&p, b + 32) || !g1_from_be(&want, b + 96))
        return false;
    scalar_from_be(&k, b);
    zkg_g1_mul(&got, &p, &k);
    if (!zkg_g1_equal(&got, &want))
        return false;
    return zkg_msm_g1(&got, &p, &k, ZKG_SCALAR_FR, 1, 0) == ZKG_OK &&
           zkg_g1_equal(&got, &want);
}

static bool bytes_line(const uint8_t *b, int n)
{
    uint8_t out[32];
    zkg_g1 p, q;

    if (n != 96 || !g1_from_be(&p, b))
        return false;
    zkg_g1_to_bytes(out, &p);
    return memcmp(out, b + 64, 32) == 0 && zkg_g1_from_bytes(&q, b + 64) &&
           zkg_g1_equal(&p, &q);
}

static bool refuse_line(const uint8_t *b, int n)
{
    zkg_g1 p;

    return n == 32 && !zkg_g1_from_bytes(&p, b);
}

static bool g2_line(const uint8_t *b, int n)
{
    zkg_g2 p, want, got;
    zkg_fr k;

    if (n != 288 || !g2_from_be(&p, b + 32, plain) ||
        !g2_from_be(&want, b + 160, plain))
        return false;
    scalar_from_be(&k, b);
    zkg_g2_mul(&got, &p, &k);
    return zkg_g2_equal(&got, &want);
}

static bool pair_line(const uint8_t *b, int n)
{
    zkg_fp12 want, got;
    zkg_g1 p;
    zkg_g2 q;

    if (n != 576 || !g1_from_be(&p, b) || !g2_from_be(&q, b + 64, plain))
        return false;
    for (int j = 0; j < 6; j++) {
        zkg_fp6 *half = j & 1 ? &want.c1 : &want.c0;
        zkg_fp2 *c = j < 2 ? &half->c0 : j < 4 ? &half->c1 : &half->c2;
        uint8_t le[2][32];

        reverse(le[0], b + 192 + 64 * j);
        reverse(le[1], b + 192 + 64 * j + 32);
        if (!zkg_fp_from_bytes(&c->c0, le[0]) ||
            !zkg_fp_from_bytes(&c->c1, le[1]))
            return false;
    }
    for (int k = 0; k < 2; k++) {
        zkg_pairing(&got, &p, &q, k ? zkg_cpu_features(ZKG_CPU_ALL) : 0);
        if (!zkg_fp12_equal(&got, &want))
            return false;
    }
    return true;
}

static bool one_line(const char *verb, const uint8_t *b, int n)
{
    static const struct {
        const char *verb;
        bool (*run)(const uint8_t *, int);
    } verbs[] = {{"g1", g1_line},
                 {"bytes", bytes_line},
                 {"refuse", refuse_line},
                 {"g2", g2_line},
                 {"pair", pair_line}};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
        if (strcmp(verb, verbs[i].verb) == 0)
            return verbs[i].run(b, n);
    return false;
}

static int own_vectors(const char *path)
{
    FILE *f = fopen(path, "r");
    int lines = 0, failed = 0;
    char text[4096];

    if (!f) {
        perror(path);
        return 1;
    }
    while (fgets(text, sizeof(text), f)) {
        uint8_t b[1024];
        int n = 0;
        char *verb = strtok(text, " \n"), *word;

        if (!verb || *verb == '#')
            continue;
        while (n >= 0 && (word = strtok(NULL, " \n"))) {
            int more = from_hex(b + n, sizeof(b) - (size_t)n, word);

            n = more < 0 ? -1 : n + more;
        }
        lines++;
        if (n < 0 || !one_line(verb, b, n)) {
            printf("not so: line %d of the vectors, %s\n", lines, verb);
            failed++;
        }
    }
    fclose(f);
    printf("%d vectors, %d failed\n", lines, failed);
    return failed != 0 || lines == 0;
}

static bool eip_add(const uint8_t *in, size_t n, const uint8_t *want)
{
    zkg_g1 a, b, r;

    (void)n;
    if (!g1_from_be(&a, in) || !g1_from_be(&b, in + 64) ||
        !g1_from_be(&r, want))
        return false;
    zkg_g1_add(&a, &a, &b);
    return zkg_g1_equal(&a, &r);
}

static bool eip_mul(const uint8_t *in, size_t n, const uint8_t *want)
{
    zkg_g1 a, r;
    zkg_fr k;

    (void)n;
    if (!g1_from_be(&a, in) || !g1_from_be(&r, want))
        return false;
    scalar_from_be(&k, in + 64);
    zkg_g1_mul(&a, &a, &k);
    return zkg_g1_equal(&a, &r);
}

static bool eip_pairing(const uint8_t *in, size_t n, const uint8_t *want)
{
    zkg_g1 p[MOST_PAIRS];
    zkg_g2 q[MOST_PAIRS];

    for (size_t i = 0; i < n / 192; i++)
        if (!g1_from_be(&p[i], in + 192 * i) ||
            !g2_from_be(&q[i], in + 192 * i + 64, swapped) ||
            !zkg_g2_in_subgroup(&q[i]))
            return false;
    for (int k = 0; k < 2; k++)
        if (zkg_pairing_check(p, q, n / 192,
                              k ? zkg_cpu_features(ZKG_CPU_ALL) : 0) !=
            (want[31] == 1))
            return false;
    return true;
}

/* The string under key, or NULL. */
static const char *text_of(const zkg_json *item, const char *key)
{
    const zkg_json *v = zkg_json_get(item, key);
    const char *text = NULL;

    if (!v || zkg_json_string(&text, v, NULL) != ZKG_OK)
        return NULL;
    return text;
}

/* Inputs shorter than fixed are padded with zeros. */
static int eip_file(const char *dir, const char *name,
                    bool (*run)(const uint8_t *, size_t, const uint8_t *))
{
    char path[4096];
    int cases = 0, failed = 0;
    zkg_json_doc *doc;
    zkg_error err = {0};

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (!zkg_file_exists(path)) {
        printf("SKIP: no %s\n", path);
        return SKIP;
    }
    if (zkg_json_read(&doc, path, 1 << 20, &err) != ZKG_OK) {
        printf("%s\n", err.text);
        return 1;
    }
    for (const zkg_json *item = zkg_json_first(zkg_json_root(doc)); item;
         item = zkg_json_next(item)) {
        const char *in = text_of(item, "Input");
        const char *out = text_of(item, "Expected");
        const char *label = text_of(item, "Name");
        static const uint8_t zeros[MOST_BYTES];
        uint8_t b[MOST_BYTES], want[64] = {0};
        int n = -1;

        memcpy(b, zeros, sizeof(b));
        if (in && out && from_hex(want, sizeof(want), out) >= 32)
            n = from_hex(b, sizeof(b), in);
        cases++;
        if (n < 0 || !run(b, (size_t)n, want)) {
            printf("not so: %s %s\n", name, label ? label : "?");
            failed++;
        }
    }
    zkg_json_free(doc);
    printf("%s: %d cases, %d failed\n", name, cases, failed);
    return failed != 0 || cases == 0;
}

static int eip_vectors(const char *dir)
{
    int worst = eip_file(dir, "bn256Add.json", eip_add);

    if (worst == SKIP)
        return SKIP;
    worst |= eip_file(dir, "bn256ScalarMul.json", eip_mul);
    return worst | eip_file(dir, "bn256Pairing.json", eip_pairing);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return own_vectors(argv[1]);
    if (argc == 3 && strcmp(argv[1], "eip") == 0)
        return eip_vectors(argv[2]);
    fprintf(stderr, "usage: test_vectors FILE | eip DIR\n");
    return 2;
}
