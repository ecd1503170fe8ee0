/* SPDX-License-Identifier: Apache-2.0 */
/* Witness programs as data: lists, checks, bytes. */
#include "circuit/program.h"

#include <string.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/mem.h"

#define MAX_LIST (1u << 28)
#define MAX_TEXT 1000
#define BAD(...) zkg_fail(err, ZKG_ERR_MALFORMED, __VA_ARGS__)

static zkg_status no_memory(zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a witness program");
}

void zkg_program_clear(zkg_program *p)
{
    for (uint32_t i = 0; i < p->params; i++)
        zkg_free(p->param[i].name);
    for (uint32_t i = 0; i < p->texts; i++)
        zkg_free(p->text[i]);
    zkg_free(p->param);
    zkg_free(p->constant);
    zkg_free(p->text);
    zkg_free(p->code);
    *p = (zkg_program){.params = 0};
}

/* ---- recording ---- */

/* Room for n more; capacities are powers of two. */
static zkg_status grow(void *list, uint32_t count, uint32_t n, size_t size,
                       zkg_error *err)
{
    const uint64_t want = (uint64_t)count + n;
    const uint64_t have = count == 0 ? 0 : (uint64_t)1 << zkg_log2_ceil(count);
    void *old, *more;

    if (want > MAX_LIST)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "a witness program of more than 2^28 words");
    if (want <= have)
        return ZKG_OK;
    memcpy(&old, list, sizeof(old));
    more = zkg_realloc(old, (size_t)1 << zkg_log2_ceil(want), size);
    if (more == NULL)
        return no_memory(err);
    memcpy(list, &more, sizeof(more));
    return ZKG_OK;
}

zkg_status zkg_program_add_param(zkg_program *p, const char *name,
                                 uint32_t count, bool made, zkg_error *err)
{
    char *copy;

    ZKG_TRY(grow(&p->param, p->params, 1, sizeof(p->param[0]), err));
    copy = zkg_strdup(name);
    if (copy == NULL)
        return no_memory(err);
    p->param[p->params++] = (zkg_program_param){copy, count, made};
    return ZKG_OK;
}

zkg_status zkg_program_add_constant(zkg_program *p, const zkg_fr *v,
                                    zkg_error *err)
{
    ZKG_TRY(grow(&p->constant, p->constants, 1, sizeof(p->constant[0]), err));
    p->constant[p->constants++] = *v;
    return ZKG_OK;
}

zkg_status zkg_program_add_text(zkg_program *p, const char *text,
                                zkg_error *err)
{
    char *copy;

    ZKG_TRY(grow(&p->text, p->texts, 1, sizeof(p->text[0]), err));
    copy = zkg_strdup(text);
    if (copy == NULL)
        return no_memory(err);
    p->text[p->texts++] = copy;
    return ZKG_OK;
}

zkg_status zkg_program_add_words(zkg_program *p, const uint32_t *word,
                                 uint32_t n, zkg_error *err)
{
    ZKG_TRY(grow(&p->code, p->words, n, sizeof(p->code[0]), err));
    memcpy(&p->code[p->words], word, n * sizeof(word[0]));
    p->words += n;
    return ZKG_OK;
}

/* ---- checks ---- */

typedef struct walk {
    const zkg_program *p;
    uint32_t at;     /* next word */
    uint32_t values; /* made so far */
    bool ok;
} walk;

/* The next word, which must be below `limit`. */
static uint32_t below(walk *w, uint32_t limit)
{
    const uint32_t v = w->at < w->p->words ? w->p->code[w->at++] : limit;

    if (v >= limit)
        w->ok = false;
    return w->ok ? v : 0;
}

static void many_below(walk *w, uint32_t n, uint32_t limit)
{
    for (uint32_t i = 0; i < n && w->ok; i++)
        (void)below(w, limit);
}

/* n values more.  A program that makes more of them than it has words is none:
 * the words bound the memory. */
static void make_values(walk *w, uint32_t n)
{
    if (n > w->p->words - w->values)
        w->ok = false;
    else
        w->values += n;
}

static void check_cell(walk *w, bool made)
{
    const uint32_t k = below(w, w->p->params);

    if (!w->ok)
        return;
    if (w->p->param[k].made != made)
        w->ok = false;
    (void)below(w, w->p->param[k].count);
}

static void check_op(walk *w)
{
    const zkg_program *p = w->p;
    uint32_t n;

    switch (below(w, ZKG_OP_PUT + 1)) {
    case ZKG_OP_CONSTANT:
        (void)below(w, p->constants);
        make_values(w, 1);
        break;
    case ZKG_OP_GET:
        check_cell(w, false);
        make_values(w, 1);
        break;
    case ZKG_OP_MUL:
        many_below(w, 2, w->values);
        make_values(w, 1);
        break;
    case ZKG_OP_SUM:
        (void)below(w, p->constants);
        n = below(w, UINT32_MAX);
        for (uint32_t i = 0; i < n && w->ok; i++) {
            (void)below(w, p->constants);
            (void)below(w, w->values);
        }
        make_values(w, 1);
        break;
    case ZKG_OP_HINT:
        (void)below(w, p->texts);
        many_below(w, below(w, UINT32_MAX), p->constants);
        many_below(w, below(w, UINT32_MAX), w->values);
        make_values(w, below(w, UINT32_MAX));
        break;
    case ZKG_OP_ZERO:
        (void)below(w, w->values);
        (void)below(w, p->texts);
        break;
    default:
        check_cell(w, true);
        (void)below(w, w->values);
        break;
    }
}

zkg_status zkg_program_check(zkg_program *p, zkg_error *err)
{
    walk w = {.p = p, .ok = true};

    while (w.at < p->words) {
        const uint32_t start = w.at;

        check_op(&w);
        if (!w.ok)
            return BAD("a witness program: the operation at word %u is none",
                       start);
    }
    p->values = w.values;
    return ZKG_OK;
}

/* ---- bytes ---- */

zkg_status zkg_program_encode(uint8_t **bytes, size_t *len,
                              const zkg_program *p, zkg_error *err)
{
    zkg_writer w;

    zkg_writer_init(&w);
    (void)zkg_writer_u32(&w, p->params);
    (void)zkg_writer_u32(&w, p->constants);
    (void)zkg_writer_u32(&w, p->texts);
    (void)zkg_writer_u32(&w, p->words);
    for (uint32_t i = 0; i < p->params; i++) {
        (void)zkg_writer_string(&w, p->param[i].name);
        (void)zkg_writer_u32(&w, p->param[i].count);
        (void)zkg_writer_u8(&w, p->param[i].made);
    }
    for (uint32_t i = 0; i < p->constants; i++) {
        uint8_t b[32];

        zkg_fr_to_bytes(b, &p->constant[i]);
        (void)zkg_writer_bytes(&w, b, sizeof(b));
    }
    for (uint32_t i = 0; i < p->texts; i++)
        (void)zkg_writer_string(&w, p->text[i]);
    for (uint32_t i = 0; i < p->words; i++)
        (void)zkg_writer_u32(&w, p->code[i]);
    if (w.status != ZKG_OK) {
        zkg_writer_free(&w);
        return no_memory(err);
    }
    *bytes = zkg_writer_take(&w, len);
    return ZKG_OK;
}

static zkg_status read_text(char out[MAX_TEXT + 1], zkg_reader *r)
{
    const char *s = NULL;
    size_t len = 0;

    ZKG_TRY(zkg_reader_string(r, &s, &len, MAX_TEXT));
    memcpy(out, s, len);
    out[len] = 0;
    return ZKG_OK;
}

/* Lists grow as they are read: no count is believed before its bytes. */
static zkg_status read_all(zkg_program *p, zkg_reader *r, zkg_error *err)
{
    uint32_t params = 0, constants = 0, texts = 0, words = 0;
    char text[MAX_TEXT + 1];

    (void)zkg_reader_u32(r, &params);
    (void)zkg_reader_u32(r, &constants);
    (void)zkg_reader_u32(r, &texts);
    ZKG_TRY(zkg_reader_u32(r, &words));
    for (uint32_t i = 0; i < params; i++) {
        uint32_t count = 0;
        uint8_t made = 0;

        ZKG_TRY(read_text(text, r));
        (void)zkg_reader_u32(r, &count);
        ZKG_TRY(zkg_reader_u8(r, &made));
        if (made > 1)
            return ZKG_ERR_MALFORMED;
        ZKG_TRY(zkg_program_add_param(p, text, count, made != 0, err));
    }
    for (uint32_t i = 0; i < constants; i++) {
        const uint8_t *b = NULL;
        zkg_fr v;

        ZKG_TRY(zkg_reader_view(r, &b, 32));
        if (!zkg_fr_from_bytes(&v, b))
            return ZKG_ERR_MALFORMED;
        ZKG_TRY(zkg_program_add_constant(p, &v, err));
    }
    for (uint32_t i = 0; i < texts; i++) {
        ZKG_TRY(read_text(text, r));
        ZKG_TRY(zkg_program_add_text(p, text, err));
    }
    for (uint32_t i = 0; i < words; i++) {
        uint32_t v = 0;

        ZKG_TRY(zkg_reader_u32(r, &v));
        ZKG_TRY(zkg_program_add_words(p, &v, 1, err));
    }
    return zkg_reader_end(r);
}

zkg_status zkg_program_decode(zkg_program *out, const uint8_t *bytes,
                              size_t len, zkg_error *err)
{
    zkg_reader r;
    zkg_status s;

    *out = (zkg_program){.params = 0};
    zkg_reader_init(&r, bytes, len);
    s = read_all(out, &r, err);
    if (s == ZKG_ERR_MALFORMED)
        s = BAD("a witness program is damaged at its byte %zu", r.pos);
    if (s == ZKG_OK)
        s = zkg_program_check(out, err);
    if (s != ZKG_OK)
        zkg_program_clear(out);
    return s;
}
