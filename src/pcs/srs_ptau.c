/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a .ptau file of snarkjs: sections of (type u32, bytes u64, data),
 * coordinates in Montgomery form, little-endian. */
#include "pcs/srs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SECTION_HEADER = 1,
    SECTION_G1 = 2,
    SECTION_G2 = 3,
    SECTION_HISTORY = 7
};

#define SECTIONS 8 /* those with a number below are looked at */

typedef struct section {
    const uint8_t *data; /* NULL: not there */
    uint64_t len;
} section;

typedef struct ptau {
    const char *name;
    section section[SECTIONS];
    uint32_t power; /* the file's */
} ptau;

static zkg_status find_sections(ptau *f, const uint8_t *data, size_t len,
                                zkg_error *err)
{
    uint8_t start[4];
    uint32_t version, count;
    zkg_reader r;

    zkg_reader_init(&r, data, len);
    (void)zkg_reader_bytes(&r, start, 4);
    (void)zkg_reader_u32(&r, &version);
    if (zkg_reader_u32(&r, &count) != ZKG_OK || memcmp(start, "ptau", 4) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: not a .ptau file",
                        f->name);
    if (version != 1)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: .ptau version %u; this program reads version 1",
                        f->name, version);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t type;
        uint64_t bytes;
        const uint8_t *at;

        (void)zkg_reader_u32(&r, &type);
        if (zkg_reader_u64(&r, &bytes) != ZKG_OK)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: truncated: section %u of %u is missing",
                            f->name, i + 1, count);
        if (zkg_reader_view(&r, &at, bytes) != ZKG_OK)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: truncated inside the section of type %u",
                            f->name, type);
        if (type >= SECTIONS)
            continue;
        if (f->section[type].data != NULL)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: two sections of type %u", f->name, type);
        f->section[type] = (section){at, bytes};
    }
    return ZKG_OK;
}

/* The modulus q of Fp: -1 = q - 1 is even in its last place, so add 1. */
static void modulus_bytes(uint8_t out[32])
{
    zkg_fp minus_one;

    zkg_fp_neg(&minus_one, &zkg_fp_one);
    zkg_fp_to_bytes(out, &minus_one);
    out[0] = (uint8_t)(out[0] + 1);
}

static zkg_status read_header(ptau *f, zkg_error *err)
{
    const section *h = &f->section[SECTION_HEADER];
    uint8_t modulus[32], q[32];
    uint32_t bytes, ceremony;
    zkg_reader r;

    if (h->data == NULL)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: no header section",
                        f->name);
    zkg_reader_init(&r, h->data, (size_t)h->len);
    if (zkg_reader_u32(&r, &bytes) == ZKG_OK && bytes != 32)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: its field has %u bytes; BN254's has 32", f->name,
                        bytes);
    (void)zkg_reader_bytes(&r, q, 32);
    (void)zkg_reader_u32(&r, &f->power);
    (void)zkg_reader_u32(&r, &ceremony);
    if (zkg_reader_end(&r) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: the header section has the wrong length", f->name);
    modulus_bytes(modulus);
    if (memcmp(q, modulus, 32) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: its base field is not BN254's", f->name);
    if (f->power == 0 || f->power > ZKG_SRS_MAX_POWER)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: power %u is not in 1..%u",
                        f->name, f->power, ZKG_SRS_MAX_POWER);
    return ZKG_OK;
}

static zkg_status check_lengths(const ptau *f, zkg_error *err)
{
    const uint64_t size = (uint64_t)1 << f->power;
    const struct {
        uint32_t type;
        uint64_t len;
        const char *what;
    } want[] = {
        {SECTION_G1, 64 * (2 * size - 1), "G1 powers"},
        {SECTION_G2, 128 * size, "G2 powers"},
    };

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        const section *s = &f->section[want[i].type];

        if (s->data == NULL)
            return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: no section of %s",
                            f->name, want[i].what);
        if (s->len != want[i].len)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: the section of %s has %llu bytes; power %u "
                            "takes %llu",
                            f->name, want[i].what, (unsigned long long)s->len,
                            f->power, (unsigned long long)want[i].len);
    }
    return ZKG_OK;
}

/* Why bytes are no point: coordinates first. */
static zkg_status refuse_point(const ptau *f, const char *group, size_t index,
                               const uint8_t *raw, size_t len, zkg_error *err)
{
    zkg_fp v;

    for (size_t i = 0; i < len; i += 32)
        if (!zkg_fp_from_mont_bytes(&v, raw + i))
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: %s point %zu has a coordinate that is not "
                            "below the modulus",
                            f->name, group, index);
    return zkg_fail(err, ZKG_ERR_MALFORMED,
                    "%s: %s point %zu is not on the curve", f->name, group,
                    index);
}

static zkg_status read_points(zkg_srs *srs, const ptau *f, zkg_error *err)
{
    const uint8_t *g1 = f->section[SECTION_G1].data;
    const uint8_t *g2 = f->section[SECTION_G2].data;
    const section *history = &f->section[SECTION_HISTORY];
    zkg_g2 one;

    for (size_t i = 0; i < srs->g1_len; i++)
        if (!zkg_g1_from_mont_raw(&srs->g1[i], g1 + 64 * i))
            return refuse_point(f, "G1", i, g1 + 64 * i, 64, err);
    if (!zkg_g2_from_mont_raw(&one, g2))
        return refuse_point(f, "G2", 0, g2, 128, err);
    if (!zkg_g2_from_mont_raw(&srs->tau_g2, g2 + 128))
        return refuse_point(f, "G2", 1, g2 + 128, 128, err);
    if (!zkg_g2_equal(&one, &zkg_g2_generator))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: the first G2 point is not the generator", f->name);
    if (history->data != NULL && history->len >= 4)
        srs->contributions = zkg_load_u32le(history->data);
    return zkg_srs_check_named(srs, 0, f->name, err);
}

zkg_status zkg_srs_import_bytes(zkg_srs **out, const uint8_t *data, size_t len,
                                uint32_t power, const char *name,
                                zkg_error *err)
{
    ptau f = {.name = name};
    zkg_srs *srs = NULL;
    zkg_status s;

    ZKG_TRY(find_sections(&f, data, len, err));
    ZKG_TRY(read_header(&f, err));
    ZKG_TRY(check_lengths(&f, err));
    if (power == 0)
        power = f.power;
    if (power > f.power)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "%s: has power %u, less than the %u asked for", name,
                        f.power, power);
    if (((uint64_t)1 << power) + ZKG_SRS_SPARE > ((uint64_t)2 << f.power) - 1)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "%s: power %u is too small a ceremony: 4 is the least "
                        "that has the points needed",
                        name, f.power);
    ZKG_TRY(zkg_srs_alloc(&srs, power, err));
    s = read_points(srs, &f, err);
    if (s == ZKG_OK)
        *out = srs;
    else
        zkg_srs_free(srs);
    return s;
}

zkg_status zkg_srs_import_ptau(zkg_srs **out, const char *path, uint32_t power,
                               zkg_error *err)
{
    struct stat info;
    zkg_status s;
    void *data;
    int fd;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return zkg_fail(err, ZKG_ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(fd);
        return zkg_fail(err, ZKG_ERR_IO, "%s: not a file", path);
    }
    if (info.st_size == 0) {
        (void)close(fd);
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: empty", path);
    }
    data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (data == MAP_FAILED)
        return zkg_fail(err, ZKG_ERR_IO, "%s: %s", path, strerror(errno));
    s = zkg_srs_import_bytes(out, data, (size_t)info.st_size, power, path, err);
    (void)munmap(data, (size_t)info.st_size);
    return s;
}
