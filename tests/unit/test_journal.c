/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/shared.h"
#include "journal/journal.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/zkgkr-test-journal-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    char path[512];

    (void)state;
    while (d != NULL && (e = readdir(d)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(d);
    return rmdir(folder);
}

static zkg_journal *open_journal(void)
{
    zkg_journal *j = NULL;
    zkg_error err = {0};

    assert_int_equal(zkg_journal_open(&j, folder, &err), ZKG_OK);
    return j;
}

static void key_of(uint8_t key[ZKG_DIGEST_BYTES], zkg_journal_kind kind,
                   uint32_t what)
{
    zkg_hash h;

    zkg_journal_key_begin(&h, kind);
    zkg_hash_u32(&h, what);
    zkg_hash_final(&h, key);
}

static void what_is_kept_comes_back(void **state)
{
    static const size_t lens[] = {0, 1, 2, 3, 63, 64, 65, 4096, 100001};
    zkg_journal *j = open_journal();
    uint8_t key[ZKG_DIGEST_BYTES], *kept, *bytes;
    zkg_error err = {0};

    (void)state;
    for (uint32_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        kept = malloc(lens[i] + 1);
        assert_non_null(kept);
        memset(kept, (int)i + 1, lens[i]);
        key_of(key, ZKG_JOURNAL_SEGMENT, i);
        assert_int_equal(
            zkg_journal_get(&bytes, j, ZKG_JOURNAL_SEGMENT, key, lens[i], &err),
            ZKG_OK);
        assert_null(bytes);
        /* Twice: the second replaces the first. */
        for (int k = 0; k < 2; k++)
            assert_int_equal(zkg_journal_put(j, ZKG_JOURNAL_SEGMENT, key, kept,
                                             lens[i], &err),
                             ZKG_OK);
        assert_int_equal(
            zkg_journal_get(&bytes, j, ZKG_JOURNAL_SEGMENT, key, lens[i], &err),
            ZKG_OK);
        assert_non_null(bytes);
        assert_memory_equal(bytes, kept, lens[i]);
        zkg_free(bytes);
        /* The same key of the other kind is another entry. */
        assert_int_equal(zkg_journal_get(&bytes, j, ZKG_JOURNAL_COMMITMENTS,
                                         key, lens[i], &err),
                         ZKG_OK);
        assert_null(bytes);
        free(kept);
    }
    zkg_journal_free(j);
}

static void keys_differ_by_kind_and_content(void **state)
{
    uint8_t a[ZKG_DIGEST_BYTES], b[ZKG_DIGEST_BYTES];

    (void)state;
    key_of(a, ZKG_JOURNAL_SEGMENT, 1);
    key_of(b, ZKG_JOURNAL_COMMITMENTS, 1);
    assert_memory_not_equal(a, b, sizeof(a));
    key_of(b, ZKG_JOURNAL_SEGMENT, 2);
    assert_memory_not_equal(a, b, sizeof(a));
    key_of(b, ZKG_JOURNAL_SEGMENT, 1);
    assert_memory_equal(a, b, sizeof(a));
}

static void an_entry_of_another_length_is_refused(void **state)
{
    zkg_journal *j = open_journal();
    uint8_t key[ZKG_DIGEST_BYTES], *bytes = NULL;

    (void)state;
    key_of(key, ZKG_JOURNAL_SEGMENT, 77);
    assert_int_equal(
        zkg_journal_put(j, ZKG_JOURNAL_SEGMENT, key, "abc", 3, NULL), ZKG_OK);
    for (size_t len = 0; len < 6; len++) {
        zkg_error err = {0};
        const zkg_status s =
            zkg_journal_get(&bytes, j, ZKG_JOURNAL_SEGMENT, key, len, &err);

        assert_int_equal(s, len == 3 ? ZKG_OK : ZKG_ERR_MALFORMED);
        assert_int_equal(bytes != NULL, len == 3);
        assert_int_equal(err.text[0] != '\0', len != 3);
        zkg_free(bytes);
    }
    zkg_journal_free(j);
}

/* Another process maps it and reads what was written, before and after. */
static void shared_memory_is_seen_by_another_process(void **state)
{
    enum { BYTES = 10000 };
    zkg_shared mem, theirs;
    int to_child[2], status;
    char go;
    pid_t child;

    (void)state;
    assert_int_equal(zkg_shared_make(&mem, "zkgkr-test", BYTES), ZKG_OK);
    assert_int_equal(zkg_shared_reserve(&mem, 0, BYTES), ZKG_OK);
    mem.data[0] = 5;
    assert_int_equal(pipe(to_child), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(to_child[1]);
        if (zkg_shared_open(&theirs, (long)getppid(), mem.fd, BYTES, false) !=
            ZKG_OK)
            _exit(1);
        if (theirs.data[0] != 5 || read(to_child[0], &go, 1) != 0)
            _exit(2);
        _exit(theirs.data[BYTES - 1] == 9 ? 0 : 3);
    }
    (void)close(to_child[0]);
    mem.data[BYTES - 1] = 9;
    (void)close(to_child[1]);
    assert_int_equal(
        zkg_shared_open(&theirs, (long)getpid(), mem.fd, BYTES + 1, false),
        ZKG_ERR_IO);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    zkg_shared_seal(&mem);
    assert_int_equal(mem.data[0], 5);
    assert_int_equal(
        zkg_shared_open(&theirs, (long)getpid(), 1000000, BYTES, false),
        ZKG_ERR_IO);
    zkg_shared_clear(&mem);
    zkg_shared_clear(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_comes_back),
        cmocka_unit_test(keys_differ_by_kind_and_content),
        cmocka_unit_test(an_entry_of_another_length_is_refused),
        cmocka_unit_test(shared_memory_is_seen_by_another_process),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
