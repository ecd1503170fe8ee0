/* SPDX-License-Identifier: Apache-2.0
 * Constants of the cost model, measured. */
#include "calibrate.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "base/time.h"
#include "bench/bench.h"
#include "calibrate_circuits.h"
#include "calibrate_tasks.h"
#include "comm/comm.h"
#include "curve/msm.h"
#include "pcs/batch.h"
#include "pcs/kzg.h"
#include "relation/fold.h"
#include "schedule/fit.h"

enum {
    POWER = 11,
    RUNS = 7,     /* of all that is timed, */
    LEAST = 2,    /* or so many, */
    PATIENCE = 5, /* when they take more seconds than that */
    FOLDED = 21,  /* variables of what the opening folds, at least */
    CLAIMS = 64,  /* of an opening: as many as cost about what no size does */
    HASHED = 1 << 20,
    RATCHETS = 1000,
    POINTS = 64,
    WRITTEN = 1 << 22, /* bytes of a proof */
    FRESH = 1 << 24,   /* bytes of tables */
    EVICTED = 1 << 22, /* bytes that push all else out of a core's caches */
    PAGE = 1 << 12
};

/* ---- what is timed ------------------------------------------------------- */

/* Claims on tensors below, at and above the size of a chunk; chunks of zeros,
 * of few values, and of all of several widths. */
enum { OPENINGS = 10, OPEN_TERMS = 7, COMMITS = 6, COMMIT_TERMS = 3 };

/* Beside tasks and circuits: openings, and kernels by themselves. */
enum {
    OPENING,
    ELEMENT = OPENING + OPENINGS,
    COMMIT,
    HASH = COMMIT + COMMITS,
    RATCHET,
    POINT,
    WRITE,
    HAVE_FRESH,
    GIVE_BACK,
    TIMED
};

/* Runs follow each other, so that what slows the machine for a while slows some
 * of all probes' times. */
struct zkg_calibration {
    zkg_task_probes *tasks;
    zkg_circuit_probes *circuits;
    zkg_srs *srs;
    uint32_t k, runs;
    double seconds[TIMED][ZKG_CALIBRATION_RUNS];
};

static double *time_of(zkg_calibration *c, int what)
{
    return &c->seconds[what][c->runs];
}

/* A time below zero is noise. */
static double above(double t, double least)
{
    return t > least ? t : least;
}

/* ---- commitments and openings ------------------------------------------- */

/* An array of n values of up to 16 bits, pseudorandom, of which those at some
 * places of each 2^k are not 0. */
static zkg_status make_values(zkg_array *a, uint64_t n, uint32_t bits,
                              uint32_t k, uint64_t some, zkg_error *err)
{
    uint64_t x = UINT64_C(88172645463325252);

    ZKG_TRY(zkg_array_init(a, bits > 8 ? ZKG_U16 : ZKG_U8, 1, &n, err));
    for (uint64_t i = 0; bits > 0 && i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        if (i % ((uint64_t)1 << k) < some)
            zkg_array_set_i64(a, i, (int64_t)(x >> (64 - bits) | 1));
    }
    return ZKG_OK;
}

/* Commitments of chunks of values: those that are not 0 (0: all), and their
 * bits. */
static const struct {
    uint32_t some, bits;
} commits[COMMITS] = {{1, 0}, {64, 16}, {0, 4}, {0, 8}, {0, 12}, {0, 16}};

/* What is timed next finds neither its code nor its values in the caches. */
static zkg_status evict(zkg_error *err)
{
    void *others = zkg_alloc_aligned(EVICTED, 1);

    if (others == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    zkg_free(others);
    return ZKG_OK;
}

/* A chunk of 2^k values, among others like it. */
static zkg_status time_commit(double *took, const zkg_srs *srs, int i,
                              uint32_t k, zkg_error *err)
{
    enum { CHUNKS = 16 };
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    const uint64_t n = (uint64_t)1 << k;
    zkg_array a = {0};
    zkg_status status =
        make_values(&a, CHUNKS * n, commits[i].bits, k,
                    commits[i].some == 0 ? n : commits[i].some, err);
    zkg_kzg_chunk chunk[CHUNKS];

    for (size_t c = 0; c < CHUNKS; c++)
        chunk[c] = (zkg_kzg_chunk){&a, c};
    if (status == ZKG_OK)
        status = evict(err);
    if (status == ZKG_OK) {
        const double start = zkg_bench_now();
        zkg_g1 point[CHUNKS];

        status = zkg_kzg_commit_chunks(point, srs, k, chunk, CHUNKS, cpu);
        *took = (zkg_bench_now() - start) / CHUNKS;
    }
    zkg_array_clear(&a);
    return status;
}

static zkg_status time_commits(zkg_calibration *c, zkg_error *err)
{
    for (int i = 0; i < COMMITS; i++)
        ZKG_TRY(time_commit(time_of(c, COMMIT + i), c->srs, i, c->k, err));
    return ZKG_OK;
}

static void solve_commits(zkg_costs *c, const double took[COMMITS], uint32_t k)
{
    double a[COMMITS][COMMIT_TERMS], x[COMMIT_TERMS];
    const uint64_t n = (uint64_t)1 << k;

    for (int i = 0; i < COMMITS; i++) {
        const uint64_t some = commits[i].some == 0 ? n : commits[i].some;
        const bool is_zero = commits[i].bits == 0;
        const double additions =
            is_zero ? 0 : (double)zkg_msm_cost(some, commits[i].bits);

        a[i][0] = additions / took[i];
        a[i][1] = !is_zero / took[i];
        a[i][2] = (double)n / took[i];
    }
    zkg_fit(x, &a[0][0], COMMIT_TERMS, COMMITS);
    c->addition = above(x[0], 1e-12);
    c->chunk = above(x[1], 1e-12);
    c->value = above(x[2], 1e-12);
}

/* `count` true claims, at `points` points, on bytes of `vars` variables. */
static zkg_status time_opening(double *took, const zkg_srs *srs, uint32_t vars,
                               size_t count, size_t points, uint32_t k,
                               zkg_error *err)
{
    const zkg_backend *backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
    const uint64_t n = (uint64_t)1 << vars;
    zkg_open_claim claim[CLAIMS];
    zkg_fr point[CLAIMS][ZKG_MAX_VARS];
    zkg_array a = {0};
    zkg_status status = make_values(&a, n, 8, vars, n, err);

    for (size_t i = 0; i < count && status == ZKG_OK; i++) {
        for (uint32_t v = 0; v < vars; v++) {
            zkg_fr_from_u64(&point[i][v], 1000003 * (i % points + 1) + v);
            zkg_fr_inv(&point[i][v], &point[i][v]);
        }
        claim[i] = (zkg_open_claim){.array = &a,
                                    .chunks = vars > k ? n >> k : 1,
                                    .vars = vars,
                                    .point = point[i]};
        claim[i].value = zkg_fr_zero;
        status = zkg_fold(&claim[i].value, 0, &a,
                          &(zkg_fold_axis){.bits = vars, .at = point[i]}, 0, 1,
                          backend, zkg_comm_self());
    }
    if (status == ZKG_OK) {
        zkg_tape tape;
        double start;

        zkg_tape_init_prove(&tape);
        start = zkg_bench_now();
        for (size_t i = 0; i < count; i++)
            zkg_tape_public_fr(&tape, ZKG_TAG_CLAIM, point[i], vars);
        status = zkg_batch_open(&tape, zkg_comm_self(), backend, srs,
                                ZKG_PCS_MERCURY, k, claim, count, NULL);
        *took = zkg_bench_now() - start;
        zkg_tape_clear(&tape);
    }
    zkg_array_clear(&a);
    return status;
}

/* How large the tensor is: of two values, of a few, a chunk, many chunks. */
typedef enum opened { PAIRS, FEW, CHUNK, CHUNKS } opened;

static const struct {
    opened vars;
    uint32_t claims, points; /* at so many different ones */
} openings[OPENINGS] = {{PAIRS, 1, 1},         {PAIRS, CLAIMS, CLAIMS},
                        {FEW, CLAIMS, CLAIMS}, {FEW, 16, 1},
                        {CHUNK, 1, 1},         {CHUNK, 16, 16},
                        {CHUNK, 16, 1},        {CHUNK, CLAIMS, CLAIMS},
                        {CHUNKS, 1, 1},        {CHUNKS, 16, 16}};

static uint32_t opening_vars(int i, uint32_t k)
{
    switch (openings[i].vars) {
    case PAIRS:
        return 1;
    case FEW:
        return 6;
    case CHUNK:
        return k;
    default:
        return k + 6 > FOLDED ? k + 6 : FOLDED;
    }
}

static zkg_status time_openings(zkg_calibration *c, zkg_error *err)
{
    for (int i = 0; i < OPENINGS; i++)
        ZKG_TRY(time_opening(time_of(c, OPENING + i), c->srs,
                             opening_vars(i, c->k), openings[i].claims,
                             openings[i].points, c->k, err));
    return ZKG_OK;
}

static void solve_openings(zkg_costs *c, const double took[OPENINGS],
                           uint32_t k)
{
    double *const constant[OPEN_TERMS] = {
        &c->open_root, &c->open_column, &c->open_point, &c->open_round,
        &c->open_byte, &c->open_claim,  &c->open};
    double a[OPENINGS][OPEN_TERMS], x[OPEN_TERMS];

    for (int i = 0; i < OPENINGS; i++) {
        const uint32_t vars = opening_vars(i, k);
        const uint32_t low = vars < k ? vars : k;
        const double claims = openings[i].claims, points = openings[i].points;
        const double count[OPEN_TERMS] = {ldexp(1, (int)low),
                                          claims * ldexp(1, (int)low),
                                          points * ldexp(1, (int)low),
                                          points * low,
                                          claims * ldexp(1, (int)vars),
                                          claims,
                                          1};

        for (int j = 0; j < OPEN_TERMS; j++)
            a[i][j] = count[j] / took[i];
    }
    zkg_fit(x, &a[0][0], OPEN_TERMS, OPENINGS);
    for (int j = 0; j < OPEN_TERMS; j++)
        *constant[j] = above(x[j], 1e-12);
}

/* ---- kernels by themselves ----------------------------------------------- */

/* Lines of field elements, folded into one. */
static zkg_status time_elements(double *took, zkg_error *err)
{
    enum { LINES = 32, LONG = 1 << 9 };
    const zkg_backend *backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL));
    zkg_fr *v = zkg_alloc((LINES + 1) * LONG + LINES, sizeof(*v));
    const void *line[LINES];
    zkg_status status;
    double start;

    if (v == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for field elements");
    zkg_bench_fill(v, (LINES + 1) * LONG + LINES, 1);
    for (int i = 0; i < LINES; i++)
        line[i] = &v[(i + 1) * LONG];
    start = zkg_bench_now();
    status =
        backend->int_fold(v, &v[(LINES + 1) * LONG], line, LINES, ZKG_FR, LONG);
    *took = (zkg_bench_now() - start) / (LINES * LONG);
    zkg_free(v);
    return status;
}

/* What the root's tape takes: bytes, hashes in a row, commitments. */
static zkg_status time_tape(zkg_calibration *c, zkg_error *err)
{
    uint8_t *bytes = zkg_alloc(HASHED, 1);
    double start;
    zkg_tape tape;

    if (bytes == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for bytes to hash");
    zkg_tape_init_prove(&tape);
    start = zkg_bench_now();
    zkg_tape_public(&tape, ZKG_TAG_PUBLIC, bytes, HASHED);
    *time_of(c, HASH) = (zkg_bench_now() - start) / HASHED;
    start = zkg_bench_now();
    zkg_tape_ratchet(&tape, RATCHETS);
    *time_of(c, RATCHET) = (zkg_bench_now() - start) / RATCHETS;
    start = zkg_bench_now();
    zkg_tape_public_g1(&tape, ZKG_TAG_KEY, c->srs->g1, POINTS);
    *time_of(c, POINT) = (zkg_bench_now() - start) / POINTS;
    zkg_tape_clear(&tape);
    zkg_free(bytes);
    return ZKG_OK;
}

/* Bytes put into a proof, whose memory is had for it. */
static zkg_status time_writing(double *took, zkg_error *err)
{
    uint8_t *from = zkg_alloc_aligned(WRITTEN, 1);
    zkg_status status = from == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
    zkg_writer w;
    double start;

    /* Bytes that are there: all fresh pages would be one, of zeros. */
    if (from != NULL)
        memset(from, 1, WRITTEN);
    start = zkg_bench_now();
    zkg_writer_init_room(&w, WRITTEN);
    if (status == ZKG_OK)
        status = zkg_writer_bytes(&w, from, WRITTEN);
    zkg_writer_free(&w);
    *took = (zkg_bench_now() - start) / WRITTEN;
    zkg_free(from);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "no memory for a proof");
    return ZKG_OK;
}

/* Memory of tables, had from the system, a byte of each page written, and given
 * back. */
static zkg_status time_fresh(double *had, double *freed, zkg_error *err)
{
    const double start = zkg_bench_now();
    volatile uint8_t *p = zkg_alloc_reserve(FRESH, 1);
    double between;

    if (p == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for tables");
    for (size_t i = 0; i < FRESH; i += PAGE)
        p[i] = 1;
    between = zkg_bench_now();
    zkg_free((void *)(uintptr_t)p);
    *had = (between - start) / FRESH;
    *freed = (zkg_bench_now() - between) / FRESH;
    return ZKG_OK;
}

/* ---- messages ------------------------------------------------------------ */

static zkg_status time_messages(zkg_costs *c, const zkg_comm *world)
{
    static const uint32_t two[2] = {0, 1};
    enum { TIMES = 50 };
    double group = INFINITY, message = INFINITY;

    for (int i = 0; i < RUNS * 4; i++) {
        double start = zkg_seconds(), took;
        zkg_comm *pair = NULL;
        zkg_fr v[2] = {zkg_fr_one, zkg_fr_one};

        for (uint32_t k = 0; k < TIMES; k++) {
            ZKG_TRY(zkg_comm_subgroup(&pair, world, two, 2, k));
            if (k + 1 < TIMES)
                zkg_comm_free(pair);
        }
        took = (zkg_seconds() - start) / TIMES;
        group = took < group ? took : group;
        start = zkg_seconds();
        for (int k = 0; k < TIMES; k++)
            ZKG_TRY(zkg_comm_sum_fr(pair, v, 2));
        took = (zkg_seconds() - start) / TIMES;
        message = took < message ? took : message;
        zkg_comm_free(pair);
    }
    c->group = group;
    c->message = message;
    return ZKG_OK;
}

/* ---- all ----------------------------------------------------------------- */

zkg_status zkg_calibration_new(zkg_calibration **out, uint32_t k,
                               zkg_error *err)
{
    zkg_calibration *c = zkg_alloc(1, sizeof(*c));
    zkg_status status;

    if (c == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    c->k = k == 0 ? POWER : k;
    status = zkg_srs_new(&c->srs, c->k > POWER ? c->k : POWER, err);
    if (status == ZKG_OK)
        status = zkg_task_probes_new(&c->tasks, c->srs, err);
    if (status == ZKG_OK)
        status = zkg_circuit_probes_new(&c->circuits, err);
    if (status != ZKG_OK) {
        zkg_calibration_free(c);
        return status;
    }
    *out = c;
    return ZKG_OK;
}

void zkg_calibration_free(zkg_calibration *c)
{
    if (c == NULL)
        return;
    zkg_circuit_probes_free(c->circuits);
    zkg_task_probes_free(c->tasks);
    zkg_srs_free(c->srs);
    zkg_free(c);
}

zkg_status zkg_calibration_run(zkg_calibration *c, zkg_error *err)
{
    if (c->runs == ZKG_CALIBRATION_RUNS)
        return ZKG_OK;
    ZKG_TRY(zkg_task_probes_run(c->tasks, err));
    ZKG_TRY(zkg_circuit_probes_run(c->circuits, err));
    ZKG_TRY(time_commits(c, err));
    ZKG_TRY(time_openings(c, err));
    ZKG_TRY(time_elements(time_of(c, ELEMENT), err));
    ZKG_TRY(time_tape(c, err));
    ZKG_TRY(time_writing(time_of(c, WRITE), err));
    ZKG_TRY(time_fresh(time_of(c, HAVE_FRESH), time_of(c, GIVE_BACK), err));
    c->runs++;
    return ZKG_OK;
}

void zkg_calibration_solve(zkg_costs *out, zkg_calibration *c)
{
    double t[TIMED];

    for (int i = 0; i < TIMED; i++) {
        zkg_bench_result r;

        zkg_bench_summary(&r, c->seconds[i], c->runs);
        t[i] = r.least;
    }
    out->element = t[ELEMENT];
    zkg_task_probes_solve(out, c->tasks);
    zkg_circuit_probes_solve(out, c->circuits);
    solve_commits(out, &t[COMMIT], c->k);
    solve_openings(out, &t[OPENING], c->k);
    out->hash = t[HASH];
    out->ratchet = t[RATCHET];
    out->point = t[POINT];
    out->write = t[WRITE];
    out->fresh = t[HAVE_FRESH];
    out->freed = t[GIVE_BACK];
}

static zkg_status measure(zkg_costs *costs, uint32_t k, zkg_error *err)
{
    const double start = zkg_seconds();
    zkg_calibration *c = NULL;
    zkg_status status = zkg_calibration_new(&c, k, err);

    for (int i = 0; i < RUNS && status == ZKG_OK; i++)
        if (i < LEAST || zkg_seconds() - start < PATIENCE)
            status = zkg_calibration_run(c, err);
    if (status == ZKG_OK)
        zkg_calibration_solve(costs, c);
    zkg_calibration_free(c);
    return status;
}

zkg_status zkg_calibrate(zkg_costs *out, const zkg_comm *world, uint32_t k,
                         zkg_error *err)
{
    const uint32_t rank = world == NULL ? 0 : zkg_comm_rank(world);
    zkg_costs c = zkg_costs_builtin;
    zkg_status status = ZKG_OK;

    if (world != NULL && zkg_comm_size(world) > 1 && rank < 2) {
        status = time_messages(&c, world);
        if (status != ZKG_OK)
            (void)zkg_fail(err, status, "messages cannot be timed");
    }
    if (status == ZKG_OK && rank == 0)
        status = measure(&c, k, err);
    if (status == ZKG_OK)
        *out = c;
    return status;
}
