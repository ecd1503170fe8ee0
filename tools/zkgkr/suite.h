/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_SUITE_H
#define ZKG_TOOLS_SUITE_H

/**
 * @file
 * A suite: the models of a folder, each compiled, set up, compared with its
 * float model, proved, verified, and tampered with, at several scales.
 *
 *     MODELS/NAME/model.onnx
 *     MODELS/NAME/input*.json|npy|safetensors    one proof each
 *     MODELS/NAME/output*.npy|json|safetensors   the same `*`: what the float
 *                                                model gave; may be missing
 *     MODELS/NAME/calibrate.json|npy|safetensors default: the first input
 *
 * Each case (model, scale) has a folder in the results: its files, a log of
 * each step, `now` while it runs, result.json when it ended.  A result carries
 * the digest of all that it came from; a case whose result is good and whose
 * digest is the same is not run again.  Steps are processes of their own, so
 * that a case that fails, or is killed, takes nothing else along.
 */

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "zkgkr/status.h"

#define ZKG_SUITE_MAX_SCALES 16
#define ZKG_SUITE_MAX_INPUTS 256
#define ZKG_SUITE_MAX_RUNS 99
#define ZKG_SUITE_PATH (PATH_MAX + 64)

typedef struct zkg_suite_options {
    const char *models;      /**< folder of folders with model.onnx */
    const char *results;     /**< folder, made when it is not there */
    const char *srs;         /**< or NULL: one is made for development */
    const char *only;        /**< names, separated by commas; or NULL */
    const char *memory;      /**< limit of a prover's rank, or NULL */
    const char *param_scale; /**< or NULL: compile's default */
    const char *margin;      /**< likewise */
    const char *max_error;   /**< gate of each output, or NULL */
    uint32_t scale[ZKG_SUITE_MAX_SCALES], scales;
    uint32_t ranks;
    uint32_t runs;      /**< proofs of each input; the median's figures count */
    uint32_t timeout_s; /**< of a step; 0: none */
    bool keep;          /**< graphs, keys and proofs stay */
    sigset_t held, before;
} zkg_suite_options;

/** One case. */
typedef struct zkg_suite_case {
    char name[128];
    uint32_t scale;
    char folder[PATH_MAX]; /**< results/<name>.s<scale> */
} zkg_suite_case;

/** One input of a case, proved. */
typedef struct zkg_suite_run {
    char input[128];                    /**< file name */
    double prove_least_s, prove_most_s; /**< of the runs */
    double prove_s, witness_s, commit_s, tasks_s, open_s, verify_s;
    uint64_t peak_rss, verify_rss;      /**< bytes */
    double max_error, mean_error, rmse; /**< -1: not measured */
    uint64_t rows, same_argmax;
    char layer[128]; /**< the worst one, against the model; "" */
    double layer_error;
    bool tampered_refused;
} zkg_suite_run;

/** What became of a case, as result.json has it. */
typedef struct zkg_suite_result {
    char key[65];
    char status[16]; /**< ok, failed, running, none */
    char step[16];   /**< that failed, or runs */
    int exit_code;
    char message[256];
    double since; /**< running: seconds of the clock when the step began */
    double compile_s, setup_s;
    uint64_t setup_rss;
    uint64_t proof_bytes, public_bytes, key_bytes;
    uint32_t inputs;    /**< tried, one after the other */
    zkg_suite_run sum;  /**< times of the slowest input, the most memory, the
                             largest errors; rows added up */
    zkg_suite_run *run; /**< one an input, where they are measured; owned */
} zkg_suite_result;

/** The cases of a folder of models, by name, then scale; zkg_free() them. */
ZKG_MUST_CHECK zkg_status zkg_suite_cases(zkg_suite_case **out, uint32_t *count,
                                          const zkg_suite_options *o,
                                          zkg_error *err);

/**
 * Run one case, unless its result is there; never fails for the case's own
 * sake: result says so.
 *
 * @param[out] skipped its result was there
 * @retval ZKG_ERR_INTERRUPTED INT or TERM came: there is no result
 */
ZKG_MUST_CHECK zkg_status zkg_suite_run_case(zkg_suite_result *result,
                                             bool *skipped,
                                             const zkg_suite_case *c,
                                             const zkg_suite_options *o,
                                             const char *srs, zkg_error *err);

/** An input's figures into the case's. */
void zkg_suite_add_run(zkg_suite_result *r, const zkg_suite_run *run);

/** result.json of a case. */
ZKG_MUST_CHECK zkg_status zkg_suite_write(const zkg_suite_case *c,
                                          const zkg_suite_result *r,
                                          uint32_t ranks, zkg_error *err);

/** Read a result, without its inputs; status is `none` when there is none,
 * `running` when one of this moment runs. */
ZKG_MUST_CHECK zkg_status zkg_suite_read(zkg_suite_result *out,
                                         const char *folder, zkg_error *err);

/** `now`: which step this process runs, since when. */
ZKG_MUST_CHECK zkg_status zkg_suite_write_now(const char *folder,
                                              const char *step, zkg_error *err);

/** The last line of a log that says something; "" when there is none. */
void zkg_suite_last_line(char out[256], const char *log);

/** "folder/name" */
void zkg_suite_path(char out[ZKG_SUITE_PATH], const char *folder,
                    const char *name);

/** What a public benchmark took for a model: seconds, 0 where unknown. */
typedef struct zkg_suite_baseline {
    double prove_s, verify_s, setup_s, key_gb;
    char failed[120]; /**< or why it did not; "" */
    bool known;
} zkg_suite_baseline;

void zkg_suite_baseline_of(zkg_suite_baseline *out, const char *results,
                           const char *name);

/** Write results.md, .csv, .html into the folder; with html the plots, as
 * prove-seconds.svg, memory.svg, max-error.svg, too. */
ZKG_MUST_CHECK zkg_status zkg_suite_export(const char *results, bool md,
                                           bool csv, bool html, zkg_error *err);

/** The cases that a results folder holds, by name; zkg_free() them. */
ZKG_MUST_CHECK zkg_status zkg_suite_found(zkg_suite_case **out, uint32_t *count,
                                          const char *results, zkg_error *err);

#endif
