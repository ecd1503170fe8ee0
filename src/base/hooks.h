/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BASE_HOOKS_H
#define ZKG_BASE_HOOKS_H

/**
 * @file
 * Ways in which a test makes a prover cheat, so that each check of the
 * verifier is seen to fail.  A build without ZKG_TEST_HOOKS ignores them: the
 * query below is then the constant false.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum zkg_cheat {
    ZKG_CHEAT_NONE = 0,
    ZKG_CHEAT_FALSE_WITNESS,     /**< the prover goes on with a witness that
                                      is false: a wrong ReLU, remainder or
                                      multiplicity is lookup_sum */
    ZKG_CHEAT_ZERO_DENOMINATOR,  /**< the first site's Q is sent as 0:
                                      lookup_zero */
    ZKG_CHEAT_WRONG_END_VALUE,   /**< an einsum's first v_t is one too high:
                                      einsum_end */
    ZKG_CHEAT_WRONG_WINDOW,      /**< a factor's value summed over its windows
                                      is one too high, and the other factor's
                                      made to fit: einsum_end, of the second
                                      sumcheck */
    ZKG_CHEAT_DROPPED_CLAIM,     /**< nobody discharges the first claim on a
                                      virtual tensor: ledger */
    ZKG_CHEAT_WRONG_LEAF,        /**< the first column's value at a leaf point
                                      is one too high: lookup_leaf */
    ZKG_CHEAT_WRONG_BATCH_VALUE, /**< a value of the opening: batch in
                                      HyperKZG, pairing in Mercury */
    ZKG_CHEAT_WRONG_OPENING,     /**< the opening's last point: pairing */
    ZKG_CHEAT_WRONG_WIRE,        /**< a circuit's `wire` is one too high, and
                                      all above follows: circuit_end */
    ZKG_CHEAT_UNCOUNTED_ROW,     /**< sites leave their last real row out of
                                      their sums: lookup_leaf */
    ZKG_CHEAT_OTHER_TABLE, /**< a table's last column has `entry` in a row:
                                lookup_leaf */
    ZKG_CHEAT_LATE_COUNTS  /**< a table's first count is what `late_count`
                                says once alpha and beta are drawn, and
                                not what is committed: the opening */
} zkg_cheat;

typedef struct zkg_hooks {
    zkg_cheat cheat;
    int64_t task;        /**< the task that cheats, -1: each */
    bool drop_indicator; /**< both sides leave I_L out of einsum's sums, and
                              hold padded copies to assertions: shows that the
                              padding tests test something */
    struct {
        uint64_t copy;
        uint32_t layer, gate;
    } wire; /**< of ZKG_CHEAT_WRONG_WIRE */
    struct {
        uint64_t row;
        int64_t value;
    } entry; /**< of ZKG_CHEAT_OTHER_TABLE, for which `task` is the table */
    /** Of ZKG_CHEAT_LATE_COUNTS, for which `task` is the table.
     *  @param[out] count     a zkg_fr
     *  @param      challenge the table's zkg_lookup_challenges */
    void (*late_count)(void *user, void *count, const void *challenge);
    void *late_user;
} zkg_hooks;

/** Whether this task is to cheat in this way. */
static inline bool zkg_hooks_want(const zkg_hooks *hooks, zkg_cheat cheat,
                                  int64_t task)
{
#ifdef ZKG_TEST_HOOKS
    return hooks != NULL && hooks->cheat == cheat &&
           (hooks->task < 0 || hooks->task == task);
#else
    (void)hooks;
    (void)cheat;
    (void)task;
    return false;
#endif
}

/** Whether a prover is made to cheat at all: it then does not check itself. */
static inline bool zkg_hooks_cheat(const zkg_hooks *hooks)
{
#ifdef ZKG_TEST_HOOKS
    return hooks != NULL &&
           (hooks->cheat != ZKG_CHEAT_NONE || hooks->drop_indicator);
#else
    (void)hooks;
    return false;
#endif
}

/** Whether both sides leave indicators out. */
static inline bool zkg_hooks_drop_indicator(const zkg_hooks *hooks)
{
#ifdef ZKG_TEST_HOOKS
    return hooks != NULL && hooks->drop_indicator;
#else
    (void)hooks;
    return false;
#endif
}

#endif
