/* SPDX-License-Identifier: Apache-2.0
 * Memory limits, from made-up /proc and /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/limits.h"

static char root[64];

static void put(const char *path, const char *text)
{
    char full[512];
    FILE *f;

    (void)snprintf(full, sizeof(full), "%s/%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0777);
        *slash = '/';
    }
    f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int fresh(void **state)
{
    (void)state;
    strcpy(root, "/tmp/zkgkr-limits-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int gone(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof(command), "rm -r '%s'", root);
    return system(command);
}

static void nothing_said_is_no_limit(void **state)
{
    (void)state;
    assert_true(zkg_memory_limit(root) == UINT64_MAX);
}

static void the_machine_is_a_limit(void **state)
{
    (void)state;
    put("proc/meminfo", "MemTotal:       2048 kB\nMemFree: 1 kB\n");
    assert_int_equal(zkg_memory_limit(root), 2048 * 1024);
}

static void version_2_counts_the_groups_above(void **state)
{
    (void)state;
    put("proc/meminfo", "MemTotal: 9000000 kB\n");
    put("proc/self/cgroup", "0::/a/b\n");
    put("sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_int_equal(zkg_memory_limit(root), 9000000ull * 1024);
    put("sys/fs/cgroup/a/memory.max", "5000000\n");
    assert_int_equal(zkg_memory_limit(root), 5000000);
    put("sys/fs/cgroup/a/b/memory.max", "4000000\n");
    assert_int_equal(zkg_memory_limit(root), 4000000);
    /* In a container the group is "/", and its files lie at the mount. */
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/memory.max", "3000000\n");
    assert_int_equal(zkg_memory_limit(root), 3000000);
}

static void version_1_counts_its_memory_controller_alone(void **state)
{
    (void)state;
    put("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:hugetlb,memory:/job/7\n");
    put("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1\n");
    put("sys/fs/cgroup/memory/job/7/memory.limit_in_bytes",
        "9223372036854771712\n");
    assert_true(zkg_memory_limit(root) == UINT64_MAX);
    put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "7000000\n");
    assert_int_equal(zkg_memory_limit(root), 7000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_said_is_no_limit, fresh, gone),
        cmocka_unit_test_setup_teardown(the_machine_is_a_limit, fresh, gone),
        cmocka_unit_test_setup_teardown(version_2_counts_the_groups_above,
                                        fresh, gone),
        cmocka_unit_test_setup_teardown(
            version_1_counts_its_memory_controller_alone, fresh, gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
