/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void fuzz_broken(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "\n");
    abort();
}

void fuzz_must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fuzz_broken("%s: %s", zkg_status_name(s), err->text);
}

/* ---- what is said ---- */

bool fuzz_is_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    return true;
}

bool fuzz_said(zkg_status s, const zkg_error *err, const char *file,
               unsigned may)
{
    if (s == ZKG_OK)
        return true;
    if ((may & FUZZ_MAY(s)) == 0)
        fuzz_broken("%s is no status of this reader: %s", zkg_status_name(s),
                    err->text);
    if (err->text[0] == '\0' || err->status != s)
        fuzz_broken("%s without a message", zkg_status_name(s));
    if (!fuzz_is_printable(err->text, strlen(err->text)))
        fuzz_broken("a message that is not one line: %s", err->text);
    if (file != NULL && strstr(err->text, file) == NULL)
        fuzz_broken("\"%s\" does not name %s", err->text, file);
    return false;
}

/* ---- memory: the linker's --wrap leads here ---- */

static bool metering;
static size_t asked;
static struct {
    size_t bytes, len;
} dearest; /* of a target: what was asked for most, and for how long an input */

static void ask(size_t bytes)
{
    if (metering && __builtin_add_overflow(asked, bytes, &asked))
        asked = SIZE_MAX;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    ask(bytes);
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t size)
{
    size_t bytes;

    ask(__builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t bytes)
{
    ask(bytes);
    return __real_realloc(p, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    ask(bytes);
    return __real_aligned_alloc(alignment, bytes);
}

void fuzz_meter(void)
{
    asked = 0;
    metering = true;
}

void fuzz_metered(size_t base, size_t each, size_t len)
{
    metering = false;
    if (asked > dearest.bytes) {
        dearest.bytes = asked;
        dearest.len = len;
    }
    if (asked > base + each * len)
        fuzz_broken("%zu bytes of memory for an input of %zu", asked, len);
}

/* ---- rounds ---- */

enum { A_VARIANT = 16 }; /* rounds; making one may take files */

/* Mutate good's bytes from `from` on. */
static void mutate(fuzz_bytes *out, fuzz_rng *r, const fuzz_bytes *good,
                   size_t from, const fuzz_words *words)
{
    fuzz_bytes tail = {0};

    fuzz_bytes_set(&tail, good->data + from, good->len - from);
    fuzz_mutate(r, &tail, words);
    fuzz_bytes_set(out, good->data, from);
    fuzz_bytes_add(out, &tail);
    fuzz_bytes_clear(&tail);
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run(void *world, const fuzz_target *t, uint64_t seed,
                uint64_t rounds)
{
    const uint64_t n = rounds * t->share / 100;
    fuzz_bytes good = {0}, b = {0};
    double slowest = 0;
    uint64_t taken = 0, made = UINT64_MAX;

    dearest.bytes = dearest.len = 0;
    for (uint64_t i = 0; i < n; i++) {
        fuzz_rng r = {seed ^ i * UINT64_C(0x2545f4914f6cdd1d)};
        const uint64_t which =
            i < t->variants ? i : (seed + i / A_VARIANT) % t->variants;
        uint8_t *exact;
        double took;

        if (which != made)
            t->corpus(world, &good, made = which);
        if (i < t->variants)
            fuzz_bytes_set(&b, good.data, good.len);
        else
            mutate(&b, &r, &good,
                   t->tail > 0 && t->tail < good.len && i % 2 == 0
                       ? good.len - t->tail
                       : 0,
                   t->words);
        /* Exactly as long as it is, so that a sanitizer sees one byte more. */
        exact = malloc(b.len > 0 ? b.len : 1);
        if (exact == NULL)
            abort();
        if (b.len > 0)
            memcpy(exact, b.data, b.len);
        took = -seconds();
        if (t->read(world, &(fuzz_bytes){exact, b.len, b.len}))
            taken++;
        else if (i < t->variants && !t->refused)
            fuzz_broken("%s: input %llu is fine and was refused", t->name,
                        (unsigned long long)i);
        took += seconds();
        slowest = took > slowest ? took : slowest;
        free(exact);
    }
    printf("%-21s %8llu rounds, %llu taken, slowest %.1f ms", t->name,
           (unsigned long long)n, (unsigned long long)taken, 1e3 * slowest);
    if (dearest.bytes > 0)
        printf(", at most %zu bytes asked for, for %zu read", dearest.bytes,
               dearest.len);
    printf("\n");
    (void)fflush(stdout);
    fuzz_bytes_clear(&good);
    fuzz_bytes_clear(&b);
}

/* What once was, or might be, read wrongly: corpus/<target>/<file>.
 * All are refused, but for those whose name begins with may_be_. */
static void replay(void *world, const fuzz_target *t)
{
    const char *corpus = getenv("ZKG_FUZZ_CORPUS");
    char path[8192];
    fuzz_bytes b = {0};
    struct dirent *e;
    DIR *d;

    if (corpus == NULL)
        return;
    t->corpus(world, &b, 0);
    (void)snprintf(path, sizeof(path), "%s/%s", corpus, t->name);
    d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s/%s", corpus, t->name,
                       e->d_name);
        if (!fuzz_bytes_load(&b, path))
            fuzz_broken("cannot read %s", path);
        if (t->read(world, &b) && strncmp(e->d_name, "may_be_", 7) != 0)
            fuzz_broken("%s was taken", path);
    }
    if (d != NULL)
        (void)closedir(d);
    fuzz_bytes_clear(&b);
}

int fuzz_main(const char *program, const fuzz_target *all, size_t targets,
              void *world, int argc, char **argv)
{
    uint64_t seed = 1, rounds = 1000;
    size_t ran = 0;

    fuzz_settings(program, &seed, &rounds);
    for (size_t t = 0; t < targets; t++) {
        if (argc > 1 && strcmp(argv[1], all[t].name) != 0)
            continue;
        if (all[t].begin != NULL)
            all[t].begin(world);
        replay(world, &all[t]);
        run(world, &all[t], seed, rounds);
        ran++;
    }
    if (ran > 0)
        return 0;
    (void)fprintf(stderr, "%s: there is no target %s\n", program, argv[1]);
    return 99;
}
