/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

static char folder[64];

static char *in_folder(const char *name)
{
    char *path = zkg_path_join(folder, name);

    assert_non_null(path);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/zkgkr-test-io-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int count_files(void)
{
    DIR *d = opendir(folder);
    int n = 0;

    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n - 2;
}

static void a_file_comes_back(void **state)
{
    char *path = in_folder("a.bin");
    uint8_t *data;
    size_t len;
    zkg_error err = {0};

    (void)state;
    assert_int_equal(zkg_file_write_atomic(path, "old", 3, &err), ZKG_OK);
    assert_int_equal(zkg_file_write_atomic(path, "new\0x", 5, &err), ZKG_OK);
    assert_int_equal(zkg_file_read(&data, &len, path, 5, &err), ZKG_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(data, "new\0x", 6); /* and a zero after it */
    zkg_free(data);
    assert_int_equal(count_files(), 1);
    assert_true(zkg_file_exists(path));

    assert_int_equal(zkg_file_write_atomic(path, NULL, 0, &err), ZKG_OK);
    assert_int_equal(zkg_file_read(&data, &len, path, 0, &err), ZKG_OK);
    assert_int_equal(len, 0);
    zkg_free(data);
    assert_int_equal(unlink(path), 0);
    zkg_free(path);
}

static void a_mapped_file_outlives_its_name(void **state)
{
    char *path = in_folder("map.bin");
    zkg_file_map map;
    zkg_error err = {0};

    (void)state;
    assert_int_equal(zkg_file_map_read(&map, path, 9, &err), ZKG_ERR_IO);
    assert_int_equal(zkg_file_write_atomic(path, "", 0, NULL), ZKG_OK);
    assert_int_equal(zkg_file_map_read(&map, path, 9, &err), ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_file_map_read(&map, folder, 9, NULL), ZKG_ERR_IO);
    assert_int_equal(zkg_file_write_atomic(path, "0123456789", 10, NULL),
                     ZKG_OK);
    assert_int_equal(zkg_file_map_read(&map, path, 9, NULL), ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_file_map_read(&map, path, 10, NULL), ZKG_OK);
    assert_int_equal(map.len, 10);
    assert_int_equal(zkg_file_write_atomic(path, "abc", 3, NULL), ZKG_OK);
    assert_int_equal(unlink(path), 0);
    assert_memory_equal(map.data, "0123456789", 10);
    zkg_file_unmap(&map);
    assert_null(map.data);
    zkg_file_unmap(&map); /* of nothing */
    zkg_free(path);
}

static void reading_says_what_is_wrong(void **state)
{
    char *missing = in_folder("missing");
    char *big = in_folder("big");
    uint8_t *data;
    size_t len;
    zkg_error err = {0};

    (void)state;
    assert_int_equal(zkg_file_read(&data, &len, missing, 10, &err), ZKG_ERR_IO);
    assert_non_null(strstr(err.text, "missing: cannot read: No such file"));
    err = (zkg_error){0};
    assert_int_equal(zkg_file_read(&data, &len, folder, 10, &err), ZKG_ERR_IO);
    assert_non_null(strstr(err.text, "Is a directory"));
    err = (zkg_error){0};
    assert_int_equal(zkg_file_write_atomic(big, "12345678901", 11, &err),
                     ZKG_OK);
    assert_int_equal(zkg_file_read(&data, &len, big, 10, &err),
                     ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "11 bytes; such a file has at most 10"));
    err = (zkg_error){0};
    assert_int_equal(zkg_file_read(&data, &len, "/dev/null", 10, &err),
                     ZKG_ERR_IO);
    assert_int_equal(unlink(big), 0);
    zkg_free(missing);
    zkg_free(big);
}

static void writing_leaves_nothing_behind(void **state)
{
    char *inside = in_folder("none/x");
    zkg_error err = {0};

    (void)state;
    assert_int_equal(zkg_file_write_atomic(inside, "x", 1, &err), ZKG_ERR_IO);
    assert_non_null(strstr(err.text, "none/x: cannot write: No such file"));
    err = (zkg_error){0};
    assert_int_equal(zkg_file_write_atomic(folder, "x", 1, &err), ZKG_ERR_IO);
    assert_int_equal(zkg_file_write_atomic("", "x", 1, NULL), ZKG_ERR_IO);
    assert_int_equal(count_files(), 0);
    zkg_free(inside);
}

/* A file may not grow beyond a limit that the system sets: the write fails
 * half way, is "not enough", and leaves the old file and no other. */
static void a_full_disk_leaves_the_old_file(void **state)
{
    char *path = in_folder("limited");
    static const uint8_t bytes[8192];
    const struct rlimit small = {4096, RLIM_INFINITY};
    struct rlimit before;
    uint8_t *data;
    size_t len;
    zkg_status s;
    zkg_error err = {0};

    (void)state;
    assert_int_equal(zkg_file_write_atomic(path, "old", 3, &err), ZKG_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    s = zkg_file_write_atomic(path, bytes, sizeof(bytes), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(s, ZKG_ERR_NOMEM);
    assert_non_null(strstr(err.text, "limited: cannot write: File too large"));
    assert_int_equal(count_files(), 1);
    assert_int_equal(zkg_file_read(&data, &len, path, 10, NULL), ZKG_OK);
    assert_int_equal(len, 3);
    zkg_free(data);
    assert_int_equal(unlink(path), 0);
    zkg_free(path);
}

/* Left by the dead: removed.  Locked, or not of this path: kept. */
static void what_the_killed_left_is_removed(void **state)
{
    static const char *const names[] = {"f.tmp-abcdef", "f.tmp-locked",
                                        "f.tmp-longer1", "g.tmp-abcdef",
                                        "f.old-abcdef"};
    char *path = in_folder("f"), *at[5];
    zkg_error err = {0};
    int fd;

    (void)state;
    for (int i = 0; i < 5; i++) {
        at[i] = in_folder(names[i]);
        fd = open(at[i], O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
    }
    fd = open(at[1], O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    /* Writing sweeps nothing: it is not the moment to read a large folder. */
    assert_int_equal(zkg_file_write_atomic(path, "x", 1, &err), ZKG_OK);
    assert_int_equal(count_files(), 6);
    assert_int_equal(zkg_file_check_writable(path, &err), ZKG_OK);
    assert_int_equal(count_files(), 5);
    assert_false(zkg_file_exists(at[0]));
    assert_true(zkg_file_exists(at[1]));
    assert_int_equal(close(fd), 0);
    assert_int_equal(zkg_file_check_writable(path, &err), ZKG_OK);
    assert_false(zkg_file_exists(at[1]));
    for (int i = 2; i < 5; i++)
        assert_int_equal(unlink(at[i]), 0);
    assert_int_equal(unlink(path), 0);
    for (int i = 0; i < 5; i++)
        zkg_free(at[i]);
    zkg_free(path);
}

/* What others may do with a file of this mode. */
static unsigned others_may(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void a_secret_is_its_owners(void **state)
{
    char *path = in_folder("secret");
    const mode_t mask = umask(002);

    (void)state;
    assert_int_equal(zkg_file_write_atomic(path, "x", 1, NULL), ZKG_OK);
    assert_int_equal(others_may(path), 0664);
    /* Also in the place of one that was everybody's. */
    assert_int_equal(zkg_file_write_secret(path, "x", 1, NULL), ZKG_OK);
    assert_int_equal(others_may(path), 0600);
    (void)umask(mask);
    assert_int_equal(unlink(path), 0);
    zkg_free(path);
}

static void folders_are_made_once(void **state)
{
    char *path = in_folder("sub");
    zkg_error err = {0};

    (void)state;
    assert_int_equal(zkg_make_dir(path, &err), ZKG_OK);
    assert_int_equal(zkg_make_dir(path, &err), ZKG_OK);
    assert_true(zkg_dir_exists(path));
    assert_false(zkg_file_exists(path));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(zkg_file_write_atomic(path, "x", 1, &err), ZKG_OK);
    assert_int_equal(zkg_make_dir(path, &err), ZKG_ERR_IO);
    assert_int_equal(unlink(path), 0);
    zkg_free(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_back),
        cmocka_unit_test(a_mapped_file_outlives_its_name),
        cmocka_unit_test(reading_says_what_is_wrong),
        cmocka_unit_test(writing_leaves_nothing_behind),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(what_the_killed_left_is_removed),
        cmocka_unit_test(a_secret_is_its_owners),
        cmocka_unit_test(folders_are_made_once),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
