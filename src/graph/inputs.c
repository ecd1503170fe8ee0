/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs from JSON, .npy and safetensors. */
#include "graph/inputs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/jsonnum.h"
#include "base/mem.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"

#define MAX_BYTES ((size_t)1 << 36)

/* What reading carries along. */
typedef struct reading {
    const zkg_real_input *in;
    uint32_t n;
    zkg_input_number_fn *each;
    zkg_input_word_fn *word; /* or NULL */
    void *user;
    uint64_t *got; /* numbers of each input */
} reading;

static uint64_t count(const zkg_real_input *in)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < in->axes; i++)
        n *= in->len[i];
    return n;
}

static void shape_text(char out[300], const zkg_real_input *in)
{
    int n = sprintf(out, "[");

    for (uint32_t i = 0; i < in->axes; i++)
        n += sprintf(out + n, "%s%llu", i > 0 ? "," : "",
                     (unsigned long long)in->len[i]);
    sprintf(out + n, "]");
}

static zkg_status bad_shape(const zkg_real_input *in, zkg_error *err)
{
    char shape[300];

    shape_text(shape, in);
    return zkg_fail(err, ZKG_ERR_MALFORMED,
                    "input %s has shape %s: give it flat (%llu numbers), or "
                    "nested as its shape",
                    in->name, shape, (unsigned long long)count(in));
}

/* ---- JSON ---- */

/* Where a number stands, in an input or in many of them; false: nowhere. */
static bool place(uint64_t *at, const zkg_real_input *in, const uint64_t *index,
                  uint32_t depth)
{
    const uint32_t more = in->many && depth == in->axes + 1;

    *at = index[0];
    if (depth == 1)
        return true;
    if (depth != in->axes + more)
        return false;
    for (uint32_t k = 1 - more; k < in->axes; k++) {
        if (index[k + more] >= in->len[k])
            return false;
        *at = *at * in->len[k] + index[k + more];
    }
    return in->many || index[0] < in->len[0];
}

/* A number or string has come: where it belongs. */
static zkg_status take_place(uint64_t *at, reading *r, uint32_t entry,
                             const uint64_t *index, uint32_t depth,
                             zkg_error *err)
{
    const zkg_real_input *in;

    if (entry >= r->n)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "the graph has %u input%s",
                        r->n, r->n == 1 ? "" : "s");
    in = &r->in[entry];
    if (!place(at, in, index, depth) || (!in->many && *at >= count(in)))
        return bad_shape(in, err);
    r->got[entry]++;
    return ZKG_OK;
}

static zkg_status take_json(void *user, uint32_t entry, const uint64_t *index,
                            uint32_t depth, double value, zkg_error *err)
{
    reading *r = user;
    uint64_t at = 0;

    ZKG_TRY(take_place(&at, r, entry, index, depth, err));
    return r->each(r->user, entry, at, value, err);
}

static zkg_status take_word(void *user, uint32_t entry, const uint64_t *index,
                            uint32_t depth, const char *word, zkg_error *err)
{
    reading *r = user;
    uint64_t at = 0;

    ZKG_TRY(take_place(&at, r, entry, index, depth, err));
    return r->word(r->user, entry, at, word, err);
}

/* Did input i get its numbers: one sample, or as many as input 0? */
static bool is_whole(const reading *r, uint32_t i)
{
    const uint64_t n = count(&r->in[i]), samples = r->got[0] / count(r->in);

    return r->in[i].many ? samples > 0 && r->got[i] == samples * n
                         : r->got[i] == n;
}

static zkg_status read_json(reading *r, const uint8_t *text, size_t len,
                            const char *path, zkg_error *err)
{
    ZKG_TRY(zkg_json_numbers((const char *)text, len, path, take_json,
                             r->word != NULL ? take_word : NULL, r, err));
    for (uint32_t i = 0; i < r->n; i++) {
        char shape[300];

        shape_text(shape, &r->in[i]);
        if (!is_whole(r, i))
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: input_data[%u] has %llu numbers, input %s of "
                            "shape %s has %llu",
                            path, i, (unsigned long long)r->got[i],
                            r->in[i].name, shape,
                            (unsigned long long)count(&r->in[i]));
    }
    return ZKG_OK;
}

/* ---- arrays ---- */

/* Is this shape the input's, or flat; or that of many? */
static bool fits(const zkg_real_input *in, uint32_t axes, const uint64_t *len)
{
    const uint32_t more = in->many && axes == in->axes + 1;
    uint64_t n = 1;

    for (uint32_t i = 0; i < axes; i++)
        n *= len[i];
    if (in->many ? n == 0 || n % count(in) != 0 : n != count(in))
        return false;
    if (axes == 1 || in->any_shape)
        return true;
    if (axes == 0 || in->axes == 0)
        return axes == in->axes;
    if (axes != in->axes + more || (!in->many && len[0] != in->len[0]))
        return false;
    return memcmp(len + 1, in->len + 1 - more, (axes - 1) * sizeof(len[0])) ==
           0;
}

static zkg_status take_array(reading *r, uint32_t entry, const zkg_st_entry *e,
                             const char *path, zkg_error *err)
{
    const zkg_real_input *in = &r->in[entry];

    if (!fits(in, e->axes, e->len))
        return bad_shape(in, err);
    r->got[entry] = zkg_st_entry_count(e);
    if (!is_whole(r, entry))
        return zkg_fail(
            err, ZKG_ERR_MALFORMED,
            "%s: input %s has %llu samples, input %s has %llu", path, in->name,
            (unsigned long long)(r->got[entry] / count(in)), r->in[0].name,
            (unsigned long long)(r->got[0] / count(r->in)));
    for (uint64_t i = 0; i < r->got[entry]; i++) {
        const double v = zkg_st_entry_f64(e, i);

        if (!isfinite(v))
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: input %s: element %llu is no finite number",
                            path, in->name, (unsigned long long)i);
        ZKG_TRY(r->each(r->user, entry, i, v, err));
    }
    return ZKG_OK;
}

static zkg_status read_npy(reading *r, const uint8_t *bytes, size_t len,
                           const char *path, zkg_error *err)
{
    zkg_npy npy;

    if (r->n != 1)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s holds one array, the graph has %u inputs; give "
                        "JSON or safetensors",
                        path, r->n);
    ZKG_TRY(zkg_npy_parse(&npy, bytes, len, path, err));
    return take_array(r, 0, &npy.entry, path, err);
}

static zkg_status read_safetensors(reading *r, uint8_t *bytes, size_t len,
                                   const char *path, zkg_error *err)
{
    zkg_safetensors st;
    zkg_status s = ZKG_OK;

    ZKG_TRY(zkg_safetensors_parse(&st, bytes, len, path, err));
    for (uint32_t i = 0; i < r->n && s == ZKG_OK; i++) {
        const zkg_st_entry *e = zkg_safetensors_find(&st, r->in[i].name);

        s = e == NULL
                ? zkg_fail(err, ZKG_ERR_MALFORMED,
                           "%s has no tensor for input %s", path, r->in[i].name)
                : take_array(r, i, e, path, err);
    }
    zkg_safetensors_clear(&st);
    return s;
}

/* JSON begins with `{` after spaces; safetensors with a length, whose high
 * bytes are 0. */
static bool is_safetensors(const uint8_t *bytes, size_t len)
{
    return len > 8 && bytes[8] == '{' && bytes[7] == 0 && bytes[6] == 0;
}

zkg_status zkg_inputs_read(const zkg_real_input *in, uint32_t n,
                           const char *path, zkg_input_number_fn *each,
                           zkg_input_word_fn *word, void *user, zkg_error *err)
{
    reading r = {in, n, each, word, user, zkg_alloc(n, sizeof(r.got[0]))};
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    if (r.got == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    s = zkg_file_read(&bytes, &len, path, MAX_BYTES, err);
    if (s != ZKG_OK) {
        zkg_free(r.got);
        return s;
    }
    if (is_safetensors(bytes, len)) {
        s = read_safetensors(&r, bytes, len, path, err);
        bytes = NULL; /* taken over */
    } else if (zkg_npy_is(bytes, len)) {
        s = read_npy(&r, bytes, len, path, err);
    } else {
        s = read_json(&r, bytes, len, path, err);
    }
    zkg_free(bytes);
    zkg_free(r.got);
    return s;
}

static zkg_status store(void *user, uint32_t entry, uint64_t at, double value,
                        zkg_error *err)
{
    zkg_real_input *in = (zkg_real_input *)user + entry;

    if (at >= in->room) {
        void *more = zkg_realloc(in->value, 2 * at + 2, sizeof(in->value[0]));

        if (more == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for samples");
        in->value = more;
        in->room = 2 * at + 2;
    }
    in->value[at] = value;
    in->samples = at / count(in) + 1;
    return ZKG_OK;
}

zkg_status zkg_real_inputs_read(zkg_real_input *in, uint32_t n,
                                const char *path, zkg_error *err)
{
    zkg_status s = ZKG_OK;

    for (uint32_t i = 0; i < n; i++)
        in[i].value = NULL;
    for (uint32_t i = 0; i < n && s == ZKG_OK; i++) {
        in[i].room = count(&in[i]);
        in[i].value = zkg_alloc(in[i].room, sizeof(in[i].value[0]));
        if (in[i].value == NULL)
            s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory for %s", path);
    }
    if (s == ZKG_OK)
        s = zkg_inputs_read(in, n, path, store, NULL, in, err);
    if (s != ZKG_OK)
        zkg_real_inputs_clear(in, n);
    return s;
}

void zkg_real_inputs_clear(zkg_real_input *in, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        zkg_free(in[i].value);
        in[i].value = NULL;
    }
}
