/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_STATUS_H
#define ZKGKR_STATUS_H

/**
 * @file
 * Status codes and error messages.
 *
 * Every function that can fail returns a zkg_status.  One that can be the
 * first to know what went wrong takes a `zkg_error *err` as its last argument
 * (NULL is allowed) and describes it there with zkg_fail().  Callers pass both
 * on with ZKG_TRY; nobody rewrites a message that is already there, and only
 * the program prints it, once.
 *
 * The project has no mutable global state, so neither has this.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ZKG_API __attribute__((visibility("default")))
#define ZKG_MUST_CHECK __attribute__((warn_unused_result))
#define ZKG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define ZKG_API
#define ZKG_MUST_CHECK
#define ZKG_PRINTF(fmt, args)
#endif

/** What happened.  In brackets: the exit code of the program. */
typedef enum zkg_status {
    ZKG_OK = 0,          /**< [0] done */
    ZKG_ERR_INVALID,     /**< [10] an argument breaks the function's contract */
    ZKG_ERR_USAGE,       /**< [2] command line or schedule refused */
    ZKG_ERR_MALFORMED,   /**< [3] bytes that do not say what they should;
                              `verify` maps it to 1 for a proof */
    ZKG_ERR_UNSUPPORTED, /**< [4] operator or shape that is not there yet */
    ZKG_ERR_REJECT,      /**< [1] the proof does not prove the statement */
    ZKG_ERR_WITNESS,     /**< [5] the witness does not satisfy the statement */
    ZKG_ERR_INFEASIBLE,  /**< [2] no plan can do this job as asked */
    ZKG_ERR_NOMEM,       /**< [6] memory or disk is not enough */
    ZKG_ERR_IO,          /**< [3] a file is missing, unreadable, unwritable */
    ZKG_ERR_COMM,        /**< [7] MPI or another rank failed */
    ZKG_ERR_DEVICE,      /**< [7] a backend's device failed */
    ZKG_ERR_INTERRUPTED, /**< [8] stopped by a signal, resumable */
    ZKG_ERR_ACCURACY,    /**< [9] an accuracy gate failed */
    ZKG_ERR_INTERNAL     /**< [10] a fault of ours */
} zkg_status;

/** A failure in words.  Start with `zkg_error err = { 0 };`. */
typedef struct zkg_error {
    zkg_status status;
    char text[1024]; /**< one line, no newline at its end; cut when longer */
} zkg_error;

/**
 * Describe a failure.  The first call wins: an err that already holds one
 * keeps it.
 *
 * @param[out] err may be NULL
 * @return s, always, so that `return zkg_fail(...)` reads well
 */
ZKG_API zkg_status zkg_fail(zkg_error *err, zkg_status s, const char *fmt, ...)
    ZKG_PRINTF(3, 4);

/** The name of s, such as "malformed"; never NULL. */
ZKG_API const char *zkg_status_name(zkg_status s);

/** The same for people, such as "not enough memory"; never NULL. */
ZKG_API const char *zkg_status_words(zkg_status s);

/** The program's exit code for s (the table of `zkgkr --help`). */
ZKG_API int zkg_status_exit_code(zkg_status s);

/** Pass a failure on to the caller. */
#define ZKG_TRY(expr)                                                          \
    do {                                                                       \
        zkg_status zkg_try_ = (expr);                                          \
        if (zkg_try_ != ZKG_OK)                                                \
            return zkg_try_;                                                   \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
