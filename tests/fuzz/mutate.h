/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_FUZZ_MUTATE_H
#define ZKG_FUZZ_MUTATE_H

/**
 * @file
 * Deterministic mutation of bytes: a seed names a run exactly, so a failure
 * is repeated by ZKG_FUZZ_SEED=<seed> ZKG_FUZZ_ROUNDS=<rounds>.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** splitmix64. */
typedef struct fuzz_rng {
    uint64_t state;
} fuzz_rng;

uint64_t fuzz_next(fuzz_rng *r);
/** Below n; 0 when n is 0. */
uint64_t fuzz_below(fuzz_rng *r, uint64_t n);

/** Bytes that grow; start with { 0 }. */
typedef struct fuzz_bytes {
    uint8_t *data;
    size_t len, cap;
} fuzz_bytes;

void fuzz_bytes_set(fuzz_bytes *b, const void *data, size_t len);
void fuzz_bytes_add(fuzz_bytes *b, const fuzz_bytes *more);
void fuzz_bytes_clear(fuzz_bytes *b);
/** false when the file cannot be read whole. */
bool fuzz_bytes_load(fuzz_bytes *b, const char *path);
void fuzz_bytes_save(const fuzz_bytes *b, const char *path);

/** What a kind of text is made of, put in here and there. */
typedef struct fuzz_words {
    const char *const *word;
    size_t count;
} fuzz_words;

extern const fuzz_words fuzz_json, fuzz_plans, fuzz_costs;

/** Change b in one to four random ways.  @param words NULL: it is no text */
void fuzz_mutate(fuzz_rng *r, fuzz_bytes *b, const fuzz_words *words);

/** ZKG_FUZZ_SEED and ZKG_FUZZ_ROUNDS, else the defaults; prints both. */
void fuzz_settings(const char *name, uint64_t *seed, uint64_t *rounds);

/** A fresh folder below the system's temporary one; the caller owns it. */
char *fuzz_folder(void);
void fuzz_folder_remove(char *folder);

#endif
