/* SPDX-License-Identifier: Apache-2.0 */
#include "mutate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A mutation may not grow an input beyond this. */
#define MOST ((size_t)1 << 22)

uint64_t fuzz_next(fuzz_rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t fuzz_below(fuzz_rng *r, uint64_t n)
{
    return n == 0 ? 0 : fuzz_next(r) % n;
}

static void reserve(fuzz_bytes *b, size_t cap)
{
    uint8_t *data;

    if (cap <= b->cap)
        return;
    data = realloc(b->data, cap);
    if (data == NULL)
        abort();
    b->data = data;
    b->cap = cap;
}

void fuzz_bytes_set(fuzz_bytes *b, const void *data, size_t len)
{
    reserve(b, len + 1);
    if (len > 0)
        memcpy(b->data, data, len);
    b->len = len;
}

void fuzz_bytes_add(fuzz_bytes *b, const fuzz_bytes *more)
{
    reserve(b, b->len + more->len + 1);
    if (more->len > 0)
        memcpy(b->data + b->len, more->data, more->len);
    b->len += more->len;
}

void fuzz_bytes_clear(fuzz_bytes *b)
{
    free(b->data);
    *b = (fuzz_bytes){0};
}

bool fuzz_bytes_load(fuzz_bytes *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        return false;
    b->len = 0;
    do {
        reserve(b, b->len + 65536);
        n = fread(b->data + b->len, 1, 65536, f);
        b->len += n;
    } while (n == 65536 && b->len < 64 * MOST);
    n = (size_t)ferror(f);
    (void)fclose(f);
    return n == 0;
}

void fuzz_bytes_save(const fuzz_bytes *b, const char *path)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0)
        abort();
}

/* Replace [at, at + gone) by len new bytes. */
static void splice(fuzz_bytes *b, size_t at, size_t gone, const void *data,
                   size_t len)
{
    if (b->len - gone + len > MOST)
        return;
    reserve(b, b->len - gone + len + 1);
    memmove(b->data + at + len, b->data + at + gone, b->len - at - gone);
    if (len > 0)
        memcpy(b->data + at, data, len);
    b->len = b->len - gone + len;
}

static const char *const json[] = {
    "0",
    "-1",
    "1",
    "-0",
    "4294967296",
    "18446744073709551616",
    "1e400",
    "9223372036854775808",
    "-9223372036854775808",
    "0.5",
    "NaN",
    "null",
    "true",
    "{}",
    "[]",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\u0000",
    "\\ud800",
    "\"\"",
    "[[[[[[[[[[[[[[[[",
    "\"private\"",
    "\"public\"",
    "\"fixed\"",
    "\"virtual\"",
    "\"range\"",
    "\"columns\"",
    "\"i64\"",
    "\"fr\"",
    "999999999",
    "2147483648",
    "a",
    "\x80",
    "\xff",
    " ",
    "\n",
};

static const char *const plans[] = {
    "0",
    "1",
    "2",
    "00",
    "4294967294",
    "4294967296",
    "99999999999",
    "-1",
    "Rank",
    "\nRank 0: ",
    "\nRank 1: ",
    "\nTask0: ",
    "\nTask1: Task0",
    "Task",
    "Task0",
    "Task1",
    "Task01",
    "Table",
    "Tablefour",
    "layer3x",
    "layer10x",
    "idle",
    "...",
    "->",
    " -> ",
    "-",
    ">",
    ":",
    ",",
    "#",
    " ",
    "\t",
    "\r",
    "\n",
    "\xef\xbb\xbf",
    "\x1b[31m",
    "\x80",
    "\xff",
};

static const char *const costs[] = {
    "0",        "-0",     "1e308",    "1e-320",   "1e999",   "-1",
    "0x1p60",   "inf",    "nan",      "1,5",      ".",       "1e",
    "e1",       "1e12",   "\nchild ", "\nleaf ",  "\ngate ", "cell",
    "open",     "group",  "chunk",    "#",        " ",       "\t",
    "\r",       "\n",     "\n\n",     "\x1b[31m", "\x80",    "\xff",
    "message ", "value ", "round ",   "\nhash ",
};

const fuzz_words fuzz_json = {json, sizeof(json) / sizeof(json[0])};
const fuzz_words fuzz_plans = {plans, sizeof(plans) / sizeof(plans[0])};
const fuzz_words fuzz_costs = {costs, sizeof(costs) / sizeof(costs[0])};

static const char *pick(fuzz_rng *r, const fuzz_words *words)
{
    return words->word[fuzz_below(r, words->count)];
}

static void replace_number(fuzz_rng *r, fuzz_bytes *b, const fuzz_words *words)
{
    const size_t start = (size_t)fuzz_below(r, b->len);
    const char *t = pick(r, words);

    for (size_t i = start; i < b->len; i++) {
        size_t end = i;

        while (end < b->len && b->data[end] >= '0' && b->data[end] <= '9')
            end++;
        if (end > i) {
            splice(b, i, end - i, t, strlen(t));
            return;
        }
    }
}

static void mutate_once(fuzz_rng *r, fuzz_bytes *b, const fuzz_words *words)
{
    static const uint64_t odd[] = {
        0,         1,          0x7f,           0x80,       0xff,
        0x7fff,    0xffff,     0x7fffffff,     0x80000000, 0xffffffff,
        INT64_MAX, UINT64_MAX, UINT64_MAX - 31};
    uint8_t noise[40];
    size_t at, len;

    if (b->len == 0) {
        splice(b, 0, 0, "x", 1);
        return;
    }
    at = (size_t)fuzz_below(r, b->len);
    len = (size_t)fuzz_below(r, b->len - at < 64 ? b->len - at : 64) + 1;
    if (len > b->len - at)
        len = b->len - at;
    switch (fuzz_below(r, words != NULL ? 11 : 8)) {
    case 0:
        b->data[at] ^= (uint8_t)(1u << fuzz_below(r, 8));
        break;
    case 1:
        b->data[at] = (uint8_t)fuzz_next(r);
        break;
    case 2: /* cut off the end */
        b->len = at;
        break;
    case 3: /* take out a piece */
        splice(b, at, len, NULL, 0);
        break;
    case 4: /* put in noise */
        for (size_t i = 0; i < sizeof(noise); i++)
            noise[i] = (uint8_t)fuzz_next(r);
        splice(b, at, 0, noise, (size_t)fuzz_below(r, sizeof(noise)) + 1);
        break;
    case 5: { /* an odd number of 1, 2, 4 or 8 bytes */
        const uint64_t v = odd[fuzz_below(r, sizeof(odd) / sizeof(odd[0]))];
        const size_t width = (size_t)1 << fuzz_below(r, 4);

        for (size_t i = 0; i < width && at + i < b->len; i++)
            b->data[at + i] = (uint8_t)(v >> 8 * i);
        break;
    }
    case 6: { /* copy a piece over another place */
        const size_t from = (size_t)fuzz_below(r, b->len - len + 1);

        memmove(b->data + at, b->data + from, len);
        break;
    }
    case 7: { /* say a piece twice */
        uint8_t piece[64];

        memcpy(piece, b->data + at, len);
        splice(b, at, 0, piece, len);
        break;
    }
    case 8:
    case 9:
        replace_number(r, b, words);
        break;
    default: {
        const char *t = pick(r, words);

        splice(b, at, 0, t, strlen(t));
        break;
    }
    }
}

void fuzz_mutate(fuzz_rng *r, fuzz_bytes *b, const fuzz_words *words)
{
    const uint64_t times = 1 + fuzz_below(r, 4);

    for (uint64_t i = 0; i < times; i++)
        mutate_once(r, b, words);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *s = getenv(name);

    return s == NULL || *s == '\0' ? otherwise : strtoull(s, NULL, 0);
}

void fuzz_settings(const char *name, uint64_t *seed, uint64_t *rounds)
{
    *seed = setting("ZKG_FUZZ_SEED", *seed);
    *rounds = setting("ZKG_FUZZ_ROUNDS", *rounds);
    printf("%s: ZKG_FUZZ_SEED=%llu ZKG_FUZZ_ROUNDS=%llu\n", name,
           (unsigned long long)*seed, (unsigned long long)*rounds);
    (void)fflush(stdout);
}

char *fuzz_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = malloc(4096);

    if (folder == NULL)
        abort();
    (void)snprintf(folder, 4096, "%s/zkgkr-test-XXXXXX",
                   base != NULL && *base != '\0' ? base : "/tmp");
    if (mkdtemp(folder) == NULL)
        abort();
    return folder;
}

static void remove_tree(const char *path, int depth)
{
    DIR *d = depth > 0 ? opendir(path) : NULL;
    struct dirent *e;

    if (d == NULL) {
        (void)unlink(path);
        return;
    }
    while ((e = readdir(d)) != NULL) {
        char below[8192];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        remove_tree(below, depth - 1);
    }
    (void)closedir(d);
    (void)rmdir(path);
}

void fuzz_folder_remove(char *folder)
{
    remove_tree(folder, 4);
    free(folder);
}
