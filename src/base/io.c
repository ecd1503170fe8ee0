/* SPDX-License-Identifier: Apache-2.0
 * Whole files. */
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Say what errno means for path.  A disk that is full is "not enough". */
static zkg_status fail_errno(zkg_error *err, const char *path, const char *verb,
                             int number)
{
    const zkg_status s = number == ENOSPC || number == EDQUOT ||
                                 number == ENOMEM || number == EFBIG
                             ? ZKG_ERR_NOMEM
                             : ZKG_ERR_IO;

    return zkg_fail(err, s, "%s: cannot %s: %s%s", path, verb, strerror(number),
                    s == ZKG_ERR_NOMEM ? " (make room and run again)" : "");
}

/* The length of what fd is open on, if that is a file of at most max_bytes. */
static zkg_status check_regular(size_t *len, int fd, const char *path,
                                size_t max_bytes, zkg_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail_errno(err, path, "read", errno);
    if (S_ISDIR(st.st_mode))
        return fail_errno(err, path, "read", EISDIR);
    if (!S_ISREG(st.st_mode))
        return zkg_fail(err, ZKG_ERR_IO, "%s: not a regular file", path);
    if ((uint64_t)st.st_size > max_bytes)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: %lld bytes; such a file has at most %zu", path,
                        (long long)st.st_size, max_bytes);
    *len = (size_t)st.st_size;
    return ZKG_OK;
}

zkg_status zkg_file_open(zkg_file *out, const char *path, size_t max_bytes,
                         zkg_error *err)
{
    /* O_NONBLOCK: opening a pipe must not hang. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    zkg_status s;

    if (fd < 0)
        return fail_errno(err, path, "read", errno);
    s = check_regular(&len, fd, path, max_bytes, err);
    if (s != ZKG_OK) {
        (void)close(fd);
        return s;
    }
    *out = (zkg_file){fd, path, len};
    return ZKG_OK;
}

zkg_status zkg_file_next(const zkg_file *file, void *out, size_t n,
                         zkg_error *err)
{
    uint8_t *at = out;

    while (n > 0) {
        const ssize_t got = read(file->fd, at, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, file->path, "read", errno);
        if (got == 0)
            return zkg_fail(err, ZKG_ERR_IO, "%s: it shrank while it was read",
                            file->path);
        at += got;
        n -= (size_t)got;
    }
    return ZKG_OK;
}

void zkg_file_close(zkg_file *file)
{
    (void)close(file->fd);
    *file = (zkg_file){.fd = -1};
}

zkg_status zkg_file_read(uint8_t **data, size_t *len, const char *path,
                         size_t max_bytes, zkg_error *err)
{
    zkg_file file = {.fd = -1};
    uint8_t *bytes;
    zkg_status s;

    ZKG_TRY(zkg_file_open(&file, path, max_bytes, err));
    bytes = zkg_alloc(file.len + 1, 1);
    if (bytes == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "%s: not enough memory for %zu bytes",
                     path, file.len);
    else
        s = zkg_file_next(&file, bytes, file.len, err);
    if (s == ZKG_OK) {
        *data = bytes;
        *len = file.len;
    } else {
        zkg_free(bytes);
    }
    zkg_file_close(&file);
    return s;
}

zkg_status zkg_file_map_read(zkg_file_map *out, const char *path,
                             size_t max_bytes, zkg_error *err)
{
    zkg_file file = {.fd = -1};
    void *data = MAP_FAILED;
    int number = 0;

    ZKG_TRY(zkg_file_open(&file, path, max_bytes, err));
    if (file.len > 0) {
        data = mmap(NULL, file.len, PROT_READ, MAP_PRIVATE, file.fd, 0);
        number = errno;
    }
    *out = (zkg_file_map){data == MAP_FAILED ? NULL : data, file.len};
    zkg_file_close(&file);
    if (out->data != NULL)
        return ZKG_OK;
    if (out->len == 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: the file is empty", path);
    out->len = 0;
    return fail_errno(err, path, "map", number);
}

void zkg_file_unmap(zkg_file_map *map)
{
    if (map->data != NULL)
        (void)munmap((void *)(uintptr_t)map->data, map->len);
    *map = (zkg_file_map){.data = NULL};
}

#ifdef ZKG_TEST_HOOKS
static bool tears;

void zkg_file_tear(void)
{
    tears = true;
}

static void tear(int fd, const uint8_t *bytes, size_t len)
{
    if (tears && (len < 2 || write(fd, bytes, len / 2) >= 0))
        (void)raise(SIGKILL);
}
#else
static void tear(int fd, const uint8_t *bytes, size_t len)
{
    (void)fd;
    (void)bytes;
    (void)len;
}
#endif

/* Write and flush; the errno of what failed, or 0. */
static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    tear(fd, bytes, len);
    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* The folder that path is in, to be freed. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return zkg_strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* A rename is on the disk only when its folder is.  Some file systems cannot
 * flush a folder; that is no failure. */
static void flush_folder(const char *path)
{
    char *folder = folder_of(path);
    const int fd =
        folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    zkg_free(folder);
}

/* ---- temporary names ---------------------------------------------------- */

static const char suffix[] = ".tmp-XXXXXX";

/* Lock a temporary file for as long as it is open, and hold on to it: false
 * when somebody swept it away before.  Where files cannot be locked nobody
 * sweeps. */
static bool claim(int fd)
{
    struct stat st;

    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return false;
    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* A new file of its own beside path, its name in temp; -1: errno. */
static int open_temp(char *temp, const char *path)
{
    enum { TRIES = 100 };

    for (int i = 0; i < TRIES; i++) {
        int fd;

        (void)sprintf(temp, "%s%s", path, suffix);
        fd = mkostemp(temp, O_CLOEXEC);
        if (fd < 0 || claim(fd))
            return fd;
        (void)close(fd);
    }
    errno = EAGAIN;
    return -1;
}

/* Remove name from the folder, if nobody has it locked. */
static void sweep_one(int folder, const char *name)
{
    const int fd =
        openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlinkat(folder, name, 0);
    (void)close(fd);
}

/* Remove what writers of path that were killed left in its folder. */
static void sweep(const char *folder, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const size_t len = strlen(base), mark = strcspn(suffix, "X");
    DIR *d = opendir(folder);
    const struct dirent *e;

    while (d != NULL && (e = readdir(d)) != NULL)
        if (strlen(e->d_name) == len + sizeof(suffix) - 1 &&
            strncmp(e->d_name, base, len) == 0 &&
            strncmp(e->d_name + len, suffix, mark) == 0)
            sweep_one(dirfd(d), e->d_name);
    if (d != NULL)
        (void)closedir(d);
}

static zkg_status check_writable(const char *path, bool sweeps, zkg_error *err)
{
    char *folder;
    int number = 0;

    if (*path == '\0')
        return zkg_fail(err, ZKG_ERR_IO, "a file name is empty");
    if (zkg_dir_exists(path))
        return fail_errno(err, path, "write", EISDIR);
    folder = folder_of(path);
    if (folder == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "%s: not enough memory", path);
    if (access(folder, W_OK | X_OK) != 0)
        number = errno;
    else if (sweeps)
        sweep(folder, path);
    zkg_free(folder);
    return number == 0 ? ZKG_OK : fail_errno(err, path, "write", number);
}

zkg_status zkg_file_check_writable(const char *path, zkg_error *err)
{
    return check_writable(path, true, err);
}

static zkg_status write_atomic(const char *path, const void *data, size_t len,
                               bool secret, zkg_error *err)
{
    char *temp;
    mode_t mask;
    int fd;
    int number;

    ZKG_TRY(check_writable(path, false, err));
    temp = zkg_alloc(strlen(path) + sizeof(suffix), 1);
    if (temp == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "%s: not enough memory", path);
    fd = open_temp(temp, path);
    if (fd < 0) {
        number = errno;
        zkg_free(temp);
        return fail_errno(err, path, "write", number);
    }
    mask = umask(0);
    (void)umask(mask);
    /* It was made for its owner alone. */
    number = secret || fchmod(fd, 0666 & ~mask) == 0 ? 0 : errno;
    if (number == 0)
        number = write_all(fd, data, len);
    /* Renamed before it is closed: until then it is locked. */
    if (number == 0 && rename(temp, path) != 0)
        number = errno;
    if (number != 0)
        (void)unlink(temp);
    if (close(fd) != 0 && number == 0)
        number = errno;
    if (number == 0)
        flush_folder(path);
    zkg_free(temp);
    return number == 0 ? ZKG_OK : fail_errno(err, path, "write", number);
}

zkg_status zkg_file_write_atomic(const char *path, const void *data, size_t len,
                                 zkg_error *err)
{
    return write_atomic(path, data, len, false, err);
}

zkg_status zkg_file_write_secret(const char *path, const void *data, size_t len,
                                 zkg_error *err)
{
    return write_atomic(path, data, len, true, err);
}

zkg_status zkg_make_dir(const char *path, zkg_error *err)
{
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && zkg_dir_exists(path)))
        return ZKG_OK;
    return fail_errno(err, path, "make this folder", errno);
}

bool zkg_file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool zkg_dir_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *zkg_path_join(const char *dir, const char *name)
{
    const size_t a = strlen(dir);
    const size_t b = strlen(name);
    const bool slash = a > 0 && dir[a - 1] != '/';
    char *path = zkg_alloc(a + b + 2, 1);

    if (path == NULL)
        return NULL;
    memcpy(path, dir, a);
    if (slash)
        path[a] = '/';
    memcpy(path + a + slash, name, b + 1);
    return path;
}
