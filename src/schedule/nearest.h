/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SCHEDULE_NEAREST_H
#define ZKG_SCHEDULE_NEAREST_H

#include <stddef.h>

/** The one of `names` that is fewest edits away from `word`; NULL if none is
 * near (more than a third of the word's letters, or three, apart). */
const char *zkg_nearest(const char *word, const char *const *names, size_t n);

#endif
