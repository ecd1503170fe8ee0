/* SPDX-License-Identifier: Apache-2.0
 * Memory limits of this host and control group. */
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, LINE_BYTES = 4096 };

/* v1 says "no limit" with a number near 2^63. */
#define NO_LIMIT ((uint64_t)1 << 60)

/* The number in a file; UINT64_MAX for "max", none, or no file. */
static uint64_t read_limit(const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned long long v = 0;
    uint64_t limit = UINT64_MAX;

    if (f == NULL)
        return UINT64_MAX;
    if (fscanf(f, "%llu", &v) == 1 && v < NO_LIMIT)
        limit = v;
    (void)fclose(f);
    return limit;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The least limit of a group and of all above it, up to its mount. */
static uint64_t walk_up(const char *mount, const char *group, const char *file)
{
    char at[LINE_BYTES], path[2 * PATH_BYTES + LINE_BYTES];
    uint64_t limit = UINT64_MAX;

    (void)snprintf(at, sizeof(at), "%s", strcmp(group, "/") == 0 ? "" : group);
    for (;;) {
        char *slash = strrchr(at, '/');

        (void)snprintf(path, sizeof(path), "%s%s/%s", mount, at, file);
        limit = least(limit, read_limit(path));
        if (slash == NULL)
            return limit;
        *slash = '\0';
    }
}

/* Does a comma-separated list hold "memory"? */
static int names_memory(const char *list, size_t len)
{
    static const char word[] = "memory";

    for (size_t i = 0; i + 6 <= len; i++)
        if (memcmp(list + i, word, 6) == 0 && (i == 0 || list[i - 1] == ',') &&
            (i + 6 == len || list[i + 6] == ','))
            return 1;
    return 0;
}

/* A line of /proc/self/cgroup is "number:controllers:group"; v2 names no
 * controllers. */
static uint64_t limit_of_line(const char *root, char *line)
{
    char mount[PATH_BYTES];
    char *list = strchr(line, ':'), *group;

    line[strcspn(line, "\n")] = '\0';
    if (list == NULL || (group = strchr(list + 1, ':')) == NULL)
        return UINT64_MAX;
    list++;
    group++;
    if (group - 1 == list) {
        (void)snprintf(mount, sizeof(mount), "%s/sys/fs/cgroup", root);
        return walk_up(mount, group, "memory.max");
    }
    if (!names_memory(list, (size_t)(group - 1 - list)))
        return UINT64_MAX;
    (void)snprintf(mount, sizeof(mount), "%s/sys/fs/cgroup/memory", root);
    return walk_up(mount, group, "memory.limit_in_bytes");
}

static uint64_t cgroup_limit(const char *root)
{
    char path[PATH_BYTES], line[LINE_BYTES];
    uint64_t limit = UINT64_MAX;
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    f = fopen(path, "r");
    if (f == NULL)
        return UINT64_MAX;
    while (fgets(line, sizeof(line), f) != NULL)
        limit = least(limit, limit_of_line(root, line));
    (void)fclose(f);
    return limit;
}

static uint64_t machine_memory(const char *root)
{
    char path[PATH_BYTES], line[LINE_BYTES];
    uint64_t kib = 0;
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/proc/meminfo", root);
    f = fopen(path, "r");
    if (f == NULL)
        return UINT64_MAX;
    while (kib == 0 && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "MemTotal:", 9) == 0)
            kib = strtoull(line + 9, NULL, 10);
    (void)fclose(f);
    return kib == 0 ? UINT64_MAX : kib * 1024;
}

uint64_t zkg_memory_limit(const char *root)
{
    return least(cgroup_limit(root), machine_memory(root));
}
