/* SPDX-License-Identifier: Apache-2.0
 * Sumchecks of every kind whose parts are dealt out, on the ranks that mpirun
 * gives: test_sumcheck_ranks [EXPECTED-RANKS].  Every rank's messages must be
 * those of one rank that has all parts whole, by the reference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "check.h"
#include "sumcheck/prove.h"

#define MAX_PARTS 3
#define MAX_N 10

typedef struct plain_part {
    zkg_form_kind kind;
    uint32_t vars, vars3;
} plain_part;

typedef struct plain {
    uint32_t eq_from; /* n and above: no eq */
    zkg_extend extend;
    uint32_t parts;
    plain_part part[MAX_PARTS];
} plain;

/* Entry i of table k of part j: no two are alike. */
static void entry(zkg_fr *out, uint32_t j, uint32_t k, uint64_t i)
{
    zkg_fr_from_i64(out, (int64_t)(i * i * 7919 + 31 * k + 7 * j) - 1000000);
    zkg_fr_mul(out, out, out);
}

/* Table k of slice s of part j. */
static void fill(zkg_table *t, const plain_part *p, uint32_t j, uint32_t k,
                 uint32_t s, uint32_t inside, const zkg_backend *b)
{
    const bool third = p->kind == ZKG_FORM_PRODUCT3 && k == 2;
    const uint32_t vars = third && p->vars3 < inside ? p->vars3 : inside;
    const uint64_t whole = UINT64_C(1) << (third ? p->vars3 : p->vars);

    CHECK(zkg_table_new(b, t, vars) == ZKG_OK);
    for (uint64_t i = 0; i < UINT64_C(1) << vars; i++) {
        zkg_fr v;

        entry(&v, j, k, (((uint64_t)s << inside) + i) % whole);
        CHECK(b->table_import(t, i, &v, ZKG_FR, 1) == ZKG_OK);
    }
}

/* Part j in 2^m slices, or as many as it has entries. */
static void deal(zkg_part *out, const plain_part *p, uint32_t j, uint32_t m,
                 const zkg_comm *c, const zkg_backend *b)
{
    const uint32_t arity = zkg_form_arity(p->kind);

    *out = (zkg_part){.kind = p->kind, .vars = p->vars, .vars3 = p->vars3};
    zkg_fr_from_u64(&out->coeff, 17 + j);
    zkg_fr_from_u64(&out->lambda, 29);
    out->slice_bits = m < p->vars ? m : p->vars;
    zkg_slices_of(&out->first, &out->count, out->slice_bits, zkg_comm_rank(c),
                  zkg_comm_size(c));
    out->tables = calloc(arity * (size_t)out->count + 1, sizeof(zkg_table));
    CHECK(out->tables != NULL);
    for (uint32_t k = 0; k < arity * out->count; k++)
        fill(&out->tables[k], p, j, k % arity, out->first + k / arity,
             p->vars - out->slice_bits, b);
}

static void shape_of(zkg_sumcheck_shape *out, const plain *f, const zkg_fr *u)
{
    uint32_t n = 0, degree = 2;

    for (uint32_t j = 0; j < f->parts; j++) {
        n = f->part[j].vars > n ? f->part[j].vars : n;
        degree = f->part[j].kind == ZKG_FORM_PRODUCT3 ? 3 : degree;
    }
    *out = (zkg_sumcheck_shape){
        .vars = n, .eq_from = f->eq_from < n ? f->eq_from : n, .eq_point = u};
    memset(out->degree, (int)degree, n);
}

/* The messages, the point and the parts' values at it. */
static void prove(uint8_t digest[32], const plain *f, uint32_t m,
                  const zkg_comm *c, const zkg_backend *b)
{
    zkg_part part[MAX_PARTS];
    zkg_form form = {
        .extend = f->extend, .parts = part, .part_count = f->parts};
    zkg_fr u[MAX_N], out[MAX_N + 4 * MAX_PARTS], claim = zkg_fr_one;
    zkg_tape tape;

    memset(out, 0, sizeof(out));
    for (uint32_t t = 0; t < MAX_N; t++)
        zkg_fr_from_u64(&u[t], 1000 + t);
    shape_of(&form.shape, f, u);
    for (uint32_t j = 0; j < f->parts; j++)
        deal(&part[j], &f->part[j], j, m, c, b);
    zkg_tape_init_prove(&tape);
    CHECK(zkg_sumcheck_prove(&tape, c, b, &form, &claim, out) == ZKG_OK);
    for (uint32_t j = 0; j < f->parts; j++)
        memcpy(out + MAX_N + 4 * j, part[j].final,
               zkg_form_arity(part[j].kind) * sizeof(*out));
    CHECK(zkg_tape_fr(&tape, ZKG_TAG_ROUND, out, sizeof(out) / sizeof(*out)) ==
          ZKG_OK);
    zkg_blake2b_256(digest, tape.buf, tape.len);
    zkg_tape_clear(&tape);
    for (uint32_t j = 0; j < f->parts; j++) {
        for (uint32_t k = 0; k < zkg_form_arity(part[j].kind) * part[j].count;
             k++)
            zkg_table_clear(b, &part[j].tables[k]);
        free(part[j].tables);
    }
}

/* In slices as they are dealt, and in two, of which most ranks have none; by
 * backends that read tables for a round or two. */
static void check(const plain *f)
{
    const uint32_t bits[] = {zkg_slices_even(zkg_comm_size(the_world)), 1};
    uint8_t alone[32], digest[32];

    prove(alone, f, 0, zkg_comm_self(), zkg_backend_ref());
    for (uint32_t i = 0; i < 4; i++) {
        zkg_backend b = *zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));

        if (i % 2)
            b.quads_from[0] = b.quads_from[1] = 0;
        prove(digest, f, bits[i / 2], the_world, &b);
        CHECK(memcmp(digest, alone, 32) == 0);
    }
}

/* One part of every size: what is left of it passes, or begins at, each number
 * of entries about the one from which ranks go on with all. */
static void one_part(void)
{
    static const zkg_form_kind kind[] = {ZKG_FORM_PRODUCT, ZKG_FORM_FRACTION,
                                         ZKG_FORM_FRACTION_ONES};

    for (uint32_t n = 0; n <= MAX_N; n++) {
        for (uint32_t eq = 0; eq <= n; eq += n > 0 ? n : 1) {
            for (uint32_t k = 0; k < 3; k++)
                check(&(plain){.eq_from = eq,
                               .parts = 1,
                               .part = {{.kind = kind[k], .vars = n}}});
            for (uint32_t n3 = 0; n3 <= n; n3++)
                check(&(plain){.eq_from = eq,
                               .parts = 1,
                               .part = {{ZKG_FORM_PRODUCT3, n, n3}}});
        }
    }
}

/* Several: those with few variables are whole before the others are, or with
 * them. */
static void parts_of_several_sizes(void)
{
    for (uint32_t a = 0; a < 3; a++) {
        for (uint32_t b = 0; b <= MAX_N; b++) {
            plain f = {.eq_from = b % 3 ? MAX_N : b % 2,
                       .parts = 3,
                       .part = {{ZKG_FORM_PRODUCT, 5 + a, 0},
                                {ZKG_FORM_PRODUCT, b, 0},
                                {ZKG_FORM_PRODUCT, 3 * a, 0}}};

            check(&f);
            f.part[1] = (plain_part){ZKG_FORM_FRACTION, b, 0};
            f.part[2] = (plain_part){ZKG_FORM_PRODUCT3, 4 + a, 2 * a};
            check(&f);
        }
    }
}

static void zero_extension(void)
{
    for (uint32_t a = 0; a <= MAX_N; a += 3)
        for (uint32_t b = 4; b <= MAX_N; b++)
            check(&(plain){
                .eq_from = MAX_N,
                .extend = ZKG_EXTEND_ZERO,
                .parts = 2,
                .part = {{ZKG_FORM_PRODUCT, a, 0}, {ZKG_FORM_PRODUCT, b, 0}}});
}

/* What is sent of one part: its sums, as zkg_slices_rounds counts them, and its
 * gather. */
static void sums_are_counted(void)
{
    const uint32_t size = zkg_comm_size(the_world);

    for (uint32_t n = 0; n <= MAX_N; n++) {
        for (uint32_t arity = 2; arity <= 4; arity += 2) {
            const plain f = {
                .eq_from = n,
                .parts = 1,
                .part = {
                    {arity == 2 ? ZKG_FORM_PRODUCT : ZKG_FORM_FRACTION, n, 0}}};
            const uint32_t m = zkg_slices(n, size);
            const uint32_t rounds = zkg_slices_rounds(n, arity, size);
            uint64_t before, bytes, entries = 0;
            uint32_t first, count;
            uint8_t digest[32];
            double seconds;

            zkg_slices_of(&first, &count, m, zkg_comm_rank(the_world), size);
            if (m > 0)
                entries = 3 * rounds + (arity * count << (n - m - rounds));
            zkg_comm_traffic(the_world, &seconds, &before);
            prove(digest, &f, m, the_world, zkg_backend_ref());
            zkg_comm_traffic(the_world, &seconds, &bytes);
            CHECK(bytes - before == entries * sizeof(zkg_fr));
        }
    }
}

int main(int argc, char **argv)
{
    zkg_comm *world;

    if (zkg_comm_init(&world, &argc, &argv, NULL) != ZKG_OK)
        return 1;
    the_world = world;
    CHECK(argc < 2 || zkg_comm_size(world) == strtoul(argv[1], NULL, 10));
    one_part();
    parts_of_several_sizes();
    zero_extension();
    if (ZKG_SLICES_WHOLE > 0)
        sums_are_counted();
    zkg_comm_free(world);
    return 0;
}
