/* SPDX-License-Identifier: Apache-2.0 */
/* How tensors are printed: bytes in a key. */
#include "graph/display.h"

#include <string.h>

#include "base/mem.h"

#define FLAG_PRESENT 1
#define FLAG_INPUT 2
#define FLAG_OUTPUT 4
#define MAX_LABEL 255

void zkg_display_clear(zkg_display *d)
{
    for (uint32_t i = 0; d->label != NULL && i < d->labels; i++)
        zkg_free(d->label[i]);
    zkg_free(d->label);
    zkg_free(d->value);
    *d = (zkg_display){.present = false};
}

void zkg_displays_free(zkg_display *d, uint32_t count)
{
    for (uint32_t i = 0; d != NULL && i < count; i++)
        zkg_display_clear(&d[i]);
    zkg_free(d);
}

void zkg_displays_write(zkg_writer *w, const zkg_display *d, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t flags = (uint8_t)((d[i].present ? FLAG_PRESENT : 0) |
                                        (d[i].is_input ? FLAG_INPUT : 0) |
                                        (d[i].is_output ? FLAG_OUTPUT : 0));

        (void)zkg_writer_u8(w, flags);
        if (!d[i].present)
            continue;
        (void)zkg_writer_u8(w, (uint8_t)d[i].scale);
        (void)zkg_writer_u32(w, d[i].labels);
        for (uint32_t k = 0; k < d[i].labels; k++)
            (void)zkg_writer_string(w, d[i].label[k]);
    }
}

static zkg_status read_one(zkg_display *d, zkg_reader *r)
{
    uint8_t flags, scale;
    uint32_t labels;

    ZKG_TRY(zkg_reader_u8(r, &flags));
    if (flags > (FLAG_PRESENT | FLAG_INPUT | FLAG_OUTPUT))
        return ZKG_ERR_MALFORMED;
    d->present = (flags & FLAG_PRESENT) != 0;
    d->is_input = (flags & FLAG_INPUT) != 0;
    d->is_output = (flags & FLAG_OUTPUT) != 0;
    if (!d->present)
        return ZKG_OK;
    ZKG_TRY(zkg_reader_u8(r, &scale));
    ZKG_TRY(zkg_reader_u32(r, &labels));
    if (scale > ZKG_MAX_SCALE || labels > zkg_reader_left(r) / 4)
        return ZKG_ERR_MALFORMED;
    d->scale = scale;
    d->label = zkg_alloc(labels, sizeof(d->label[0]));
    if (d->label == NULL)
        return ZKG_ERR_NOMEM;
    d->labels = labels;
    for (uint32_t i = 0; i < labels; i++) {
        const char *s;
        size_t n;

        ZKG_TRY(zkg_reader_string(r, &s, &n, MAX_LABEL));
        d->label[i] = zkg_alloc(n + 1, 1);
        if (d->label[i] == NULL)
            return ZKG_ERR_NOMEM;
        for (size_t k = 0; k < n; k++) {
            if ((uint8_t)s[k] < 0x20 || s[k] == 0x7f)
                return ZKG_ERR_MALFORMED; /* it will be printed */
        }
        memcpy(d->label[i], s, n);
    }
    return ZKG_OK;
}

zkg_status zkg_displays_read(zkg_display **out, zkg_reader *r, uint32_t count,
                             zkg_error *err)
{
    zkg_display *d;

    *out = NULL;
    if (count > zkg_reader_left(r))
        return zkg_fail(err, ZKG_ERR_MALFORMED, "the display is truncated");
    d = zkg_alloc(count, sizeof(d[0]));
    if (d == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < count; i++) {
        const zkg_status s = read_one(&d[i], r);

        if (s != ZKG_OK) {
            zkg_displays_free(d, count);
            return zkg_fail(err, s, "the display is truncated or damaged");
        }
    }
    *out = d;
    return ZKG_OK;
}
