/* SPDX-License-Identifier: Apache-2.0
 * bench_circuit [GATES [COPIES ..]]: the prover's time for a circuit, for each
 * term (a product or a linear term) and copy, in nanoseconds of the processor
 * and in multiplications of the backend, and the memory that it took for each
 * gate and copy.  Layers of GATES (1024) gates, each a product and a linear
 * term of random wires, over COPIES (16 .. 4096), whose inputs are elements, or
 * bits.  The median of five runs, and their spread: the first has pages that
 * nobody had before.  Prints figures; fails on nothing but errors. */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "comm/comm.h"
#include "relation/circuit.h"

enum { LAYERS = 4, UNIT = 4096, RUNS = 5 };

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK) {
        fprintf(stderr, "failed: %s: %s\n", zkg_status_name(s), err->text);
        exit(1);
    }
}

static void *take(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p == NULL) {
        fprintf(stderr, "no memory\n");
        exit(1);
    }
    return p;
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint32_t below(uint64_t *state, uint32_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + 1;
    return (uint32_t)((*state >> 33) % n);
}

/* The time of one multiplication and addition. */
static double unit_of(const zkg_backend *b)
{
    zkg_fr *x = take(UNIT, sizeof(*x)), *y = take(UNIT, sizeof(*y));
    zkg_error err = {0};
    double best = 1;

    for (uint64_t i = 0; i < UNIT; i++) {
        zkg_fr_from_u64(&x[i], i + 3);
        zkg_fr_inv(&x[i], &x[i]);
    }
    for (int run = 0; run < 20; run++) {
        const double from = seconds();
        double took;

        for (int k = 0; k < 16; k++)
            must(b->fr_axpy(y, &x[k + 1], x, UNIT), &err);
        took = (seconds() - from) / (16.0 * UNIT);
        best = took < best ? took : best;
    }
    free(x);
    free(y);
    return best;
}

/* LAYERS layers of products over the layer before and the input, and one that
 * asserts w - w = 0. */
static void make(zkg_circuit_layer *layer, uint32_t gates)
{
    uint64_t state = 20;

    for (uint32_t i = 0; i < LAYERS; i++) {
        zkg_circuit_mul *mul = take(gates, sizeof(*mul));
        zkg_circuit_add *add = take(gates, sizeof(*add));
        const uint32_t below_it = i == 0 ? 1 : ZKG_CIRCUIT_PREVIOUS;

        for (uint32_t o = 0; o < gates; o++) {
            mul[o] = (zkg_circuit_mul){o,
                                       0,
                                       {below_it, below(&state, gates)},
                                       {below_it, below(&state, gates)}};
            add[o] = (zkg_circuit_add){o, 0, {below_it, below(&state, gates)}};
        }
        layer[i] = (zkg_circuit_layer){.gates = gates,
                                       .muls = gates,
                                       .adds = gates,
                                       .mul = mul,
                                       .add = add};
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A line "NAME: n kB" of /proc/self/status, in bytes; 0 without one. */
static double status_bytes(const char *name)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[128];
    double kib = 0;

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtod(line + strlen(name) + 1, NULL);
    if (f != NULL)
        (void)fclose(f);
    return 1024 * kib;
}

/* Let the peak of memory start from what there is now. */
static double reset_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");

    (void)malloc_trim(0);

    if (f != NULL) {
        (void)fputs("5", f);
        (void)fclose(f);
    }
    return status_bytes("VmRSS");
}

/* Random elements, or bits. */
static void fill(zkg_array *array, bool bits, const uint64_t len[2])
{
    uint64_t state = 1;
    zkg_error err = {0};

    must(zkg_array_init(array, bits ? ZKG_U8 : ZKG_FR, 2, len, &err), &err);
    for (uint64_t i = 0; i < len[0] * len[1]; i++) {
        if (bits)
            zkg_array_set_i64(array, i, below(&state, 2));
        else
            zkg_fr_from_u64((zkg_fr *)array->data + i,
                            (uint64_t)below(&state, UINT32_MAX) << 31 | i);
    }
}

/* Prove RUNS times: seconds in order. */
static void prove(double took[RUNS], const zkg_backend *b,
                  const zkg_task_relations *task)
{
    for (int run = 0; run < RUNS; run++) {
        zkg_error err = {0};
        zkg_tape tape;
        zkg_child child = {
            .tape = &tape, .comm = zkg_comm_self(), .backend = b};

        zkg_tape_init_prove(&tape);
        took[run] = seconds();
        must(zkg_task_prove(&child, task, &err), &err);
        took[run] = seconds() - took[run];
        zkg_child_clear(&child);
        zkg_tape_clear(&tape);
    }
    qsort(took, RUNS, sizeof(*took), by_size);
}

static void bench(const zkg_backend *b, uint32_t gates, uint64_t copies,
                  bool bits, double unit)
{
    static const zkg_circuit_add top[2] = {{0, 0, {0, 0}}, {0, 1, {0, 0}}};
    static const uint32_t first = 0;
    const zkg_circuit_shape shape = {1, {gates}};
    zkg_circuit_coeff coeff[2] = {{zkg_fr_one, ZKG_CIRCUIT_PLAIN},
                                  {zkg_fr_one, ZKG_CIRCUIT_PLAIN}};
    zkg_circuit_layer layer[LAYERS + 1] = {{0}};
    const zkg_circuit c = {.inputs = 1,
                           .input = &shape,
                           .layers = LAYERS + 1,
                           .layer = layer,
                           .coeffs = 2,
                           .coeff = coeff,
                           .asserted = 1,
                           .assertion = &first};
    const uint64_t len[2] = {copies, gates};
    const zkg_axis axis[2] = {{copies, zkg_axis_bits(copies)},
                              {gates, zkg_axis_bits(gates)}};
    zkg_array array;
    const zkg_operand operand = {.tensor = 0,
                                 .vis = ZKG_PRIVATE,
                                 .axes = 2,
                                 .axis = {0, 1},
                                 .array = &array};
    const zkg_task_circuit bound = {.circuit = &c, .operand = &first};
    const zkg_task_relations task = {.axes = 2,
                                     .axis = axis,
                                     .operands = 1,
                                     .operand = &operand,
                                     .circuits = 1,
                                     .circuit = &bound};
    const double all = LAYERS * (double)gates * (double)copies;
    double took[RUNS], before, peak;

    make(layer, gates);
    zkg_fr_neg(&coeff[1].value, &zkg_fr_one);
    layer[LAYERS] = (zkg_circuit_layer){.gates = 1, .adds = 2, .add = top};
    fill(&array, bits, len);
    before = reset_peak();
    prove(took, b, &task);
    peak = status_bytes("VmHWM") - before;
    printf("%-9s %-8s %7llu %9.1f %8.2f %7.1f %7.1f (%.1f .. %.1f) %8.1f\n",
           b->name, bits ? "bits" : "elements", (unsigned long long)copies,
           1e3 * took[RUNS / 2], 1e-6 * all / took[RUNS / 2],
           1e9 * took[RUNS / 2] / (2 * all), took[RUNS / 2] / (2 * all) / unit,
           took[0] / (2 * all) / unit, took[RUNS - 1] / (2 * all) / unit,
           peak / all);
    zkg_array_clear(&array);
    for (uint32_t i = 0; i < LAYERS; i++) {
        free((void *)(uintptr_t)layer[i].mul);
        free((void *)(uintptr_t)layer[i].add);
    }
}

/* One backend, with copies of its own choice where none are given. */
static void bench_backend(const zkg_backend *b, uint32_t gates, int given,
                          char **copies)
{
    static const char *const usual[] = {"16", "64", "256", "1024", "4096"};
    const int n = given > 0 ? given : 5;
    const double unit = unit_of(b);

    printf("%s: a multiplication takes %.1f ns\n", b->name, 1e9 * unit);
    printf("%-9s %-8s %7s %9s %8s %7s %24s %8s\n", "backend", "inputs",
           "copies", "ms", "Mgate/s", "ns/term", "multiplications/term",
           "B/gate");
    for (int bits = 0; bits < 2; bits++) {
        for (int i = 0; i < n; i++) {
            const uint64_t k =
                strtoull(given > 0 ? copies[i] : usual[i], NULL, 10);

            /* what a slow backend shows at 256 copies is enough */
            if (k > 0 && k * gates <= UINT64_C(1) << 22 &&
                (given > 0 || unit < 1e-8 || k == 256))
                bench(b, gates, k, bits, unit);
        }
    }
}

int main(int argc, char **argv)
{
    const uint32_t masks[] = {0, ZKG_CPU_MULX, ZKG_CPU_ALL};
    const uint32_t gates =
        argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1024;
    const zkg_backend *last = NULL;

    if (gates < 2 || gates > 1u << 20)
        return 2;
    for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
        const zkg_backend *b = zkg_backend_get(zkg_cpu_features(masks[m]));

        if (b != last)
            bench_backend(b, gates, argc - 2, argv + 2);
        last = b;
    }
    return 0;
}
