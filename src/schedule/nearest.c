/* SPDX-License-Identifier: Apache-2.0
 * The nearest known name, for messages about unknown ones. */
#include "schedule/nearest.h"

#include <string.h>

enum { WORD_MAX = 63 };

static size_t edits(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    const size_t m = strlen(a), n = strlen(b);

    if (m > WORD_MAX || n > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

const char *zkg_nearest(const char *word, const char *const *names, size_t n)
{
    const char *found = NULL;
    size_t best = strlen(word) / 3 + 1;

    if (best > 3)
        best = 3;
    for (size_t i = 0; i < n; i++) {
        const size_t d = edits(word, names[i]);

        if (d < best || (d == best && found == NULL)) {
            best = d;
            found = names[i];
        }
    }
    return found;
}
