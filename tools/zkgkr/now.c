/* SPDX-License-Identifier: Apache-2.0
 * What ranks were at. */
#include "now.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool zkg_now_path(char path[4096], const char *dir, uint32_t rank)
{
    return snprintf(path, 4096, "%s/rank-%" PRIu32 ".now", dir, rank) < 4096;
}

static bool read_line(zkg_now *out, const char *path)
{
    static const char *const states[] = {"running ", "stopped ", "hung    "};
    char line[ZKG_NOW_BYTES + 1];
    FILE *f = fopen(path, "r");
    size_t len;

    if (f == NULL)
        return false;
    len = fread(line, 1, ZKG_NOW_BYTES, f);
    (void)fclose(f);
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == ' '))
        len--;
    line[len] = '\0';
    for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
        if (strncmp(line, states[s], 8) == 0) {
            out->state = (int)s;
            (void)snprintf(out->text, sizeof(out->text), "%s", line + 8);
            /* It is printed: whatever wrote it, one line of text. */
            for (char *c = out->text; *c != '\0'; c++)
                if (*c < ' ' || *c > '~')
                    *c = '?';
            return true;
        }
    return false;
}

void zkg_now_read(void (*each)(void *user, const zkg_now *now), void *user,
                  const char *dir, bool remove)
{
    DIR *d = opendir(dir);
    const struct dirent *e;

    while (d != NULL && (e = readdir(d)) != NULL) {
        zkg_now now = {0};
        char path[4096];
        int end = 0;

        if (sscanf(e->d_name, "rank-%" SCNu32 ".now%n", &now.rank, &end) != 1 ||
            end == 0 || e->d_name[end] != '\0' ||
            !zkg_now_path(path, dir, now.rank))
            continue;
        if (read_line(&now, path))
            each(user, &now);
        if (remove)
            (void)unlink(path);
    }
    if (d != NULL)
        (void)closedir(d);
}
