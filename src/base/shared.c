/* SPDX-License-Identifier: Apache-2.0
 * Memory without a name. */
#include "base/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef ZKG_TEST_HOOKS
static bool refuses;

void zkg_shared_refuse(void)
{
    refuses = true;
}
#else
enum { refuses = 0 };
#endif

zkg_status zkg_shared_make(zkg_shared *out, const char *name, size_t bytes)
{
    const int fd = memfd_create(name, MFD_CLOEXEC);
    void *data;

    if (fd < 0)
        return ZKG_ERR_NOMEM;
    data = ftruncate(fd, (off_t)bytes) != 0
               ? MAP_FAILED
               : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
        (void)close(fd);
        return ZKG_ERR_NOMEM;
    }
    *out = (zkg_shared){data, bytes, fd};
    return ZKG_OK;
}

zkg_status zkg_shared_reserve(zkg_shared *s, size_t at, size_t len)
{
    while (len > 0 && fallocate(s->fd, 0, (off_t)at, (off_t)len) != 0)
        if (errno != EINTR)
            return ZKG_ERR_NOMEM;
    return ZKG_OK;
}

zkg_status zkg_shared_open(zkg_shared *out, long pid, int fd, size_t bytes,
                           bool writes)
{
    struct stat theirs;
    char path[64];
    void *data;
    int mine;

    (void)snprintf(path, sizeof(path), "/proc/%ld/fd/%d", pid, fd);
    mine = refuses ? -1 : open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (mine < 0)
        return ZKG_ERR_IO;
    data = fstat(mine, &theirs) != 0 || theirs.st_size < (off_t)bytes
               ? MAP_FAILED
               : mmap(NULL, bytes, PROT_READ | (writes ? PROT_WRITE : 0),
                      MAP_SHARED, mine, 0);
    (void)close(mine);
    if (data == MAP_FAILED)
        return ZKG_ERR_IO;
    *out = (zkg_shared){data, bytes, -1};
    return ZKG_OK;
}

void zkg_shared_seal(zkg_shared *s)
{
    if (s->data != NULL && s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
}

void zkg_shared_clear(zkg_shared *s)
{
    zkg_shared_seal(s);
    if (s->data != NULL)
        (void)munmap(s->data, s->bytes);
    s->data = NULL;
    s->bytes = 0;
}
