/* SPDX-License-Identifier: Apache-2.0
 * The tape.  Two functions hold the protocol's hash: absorb_begin .. final for
 * an item, and mark for challenges. */
#include "tape/tape.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"

/* The head of an item: state | tag | length. */
static void absorb_begin(const zkg_tape *tape, zkg_hash *h, zkg_tag tag,
                         uint64_t len)
{
    uint8_t head[9];

    head[0] = (uint8_t)tag;
    zkg_store_u64le(head + 1, len);
    zkg_hash_init(h, ZKG_TAPE_STATE_BYTES);
    zkg_hash_update(h, tape->state, ZKG_TAPE_STATE_BYTES);
    zkg_hash_update(h, head, sizeof(head));
}

static void absorb(zkg_tape *tape, zkg_tag tag, const void *bytes, size_t len)
{
    zkg_hash h;

    if (tape->sizing)
        return;
    absorb_begin(tape, &h, tag, len);
    if (len > 0)
        zkg_hash_update(&h, bytes, len);
    zkg_hash_final(&h, tape->state);
}

/* out = H(state | mark); out may be the state. */
static void mark(uint8_t out[64], const zkg_tape *tape, char letter)
{
    uint8_t in[ZKG_TAPE_STATE_BYTES + 1];

    memcpy(in, tape->state, ZKG_TAPE_STATE_BYTES);
    in[ZKG_TAPE_STATE_BYTES] = (uint8_t)letter;
    zkg_blake2b_512(out, in, sizeof(in));
}

void zkg_tape_init_prove(zkg_tape *tape)
{
    memset(tape, 0, sizeof(*tape));
    tape->proving = true;
}

void zkg_tape_init_prove_at(zkg_tape *tape,
                            const uint8_t state[ZKG_TAPE_STATE_BYTES])
{
    zkg_tape_init_prove(tape);
    memcpy(tape->state, state, ZKG_TAPE_STATE_BYTES);
}

void zkg_tape_init_verify(zkg_tape *tape, const uint8_t *bytes, size_t len)
{
    memset(tape, 0, sizeof(*tape));
    tape->in = bytes;
    tape->len = len;
}

void zkg_tape_init_sizing(zkg_tape *tape)
{
    memset(tape, 0, sizeof(*tape));
    tape->sizing = true;
}

void zkg_tape_init_child(zkg_tape *child, const uint8_t seed[64],
                         const char *kind, uint64_t index, const uint8_t *bytes,
                         size_t len)
{
    zkg_hash h;

    if (bytes == NULL)
        zkg_tape_init_prove(child);
    else
        zkg_tape_init_verify(child, bytes, len);
    zkg_hash_init(&h, ZKG_TAPE_STATE_BYTES);
    zkg_hash_update(&h, seed, 64);
    zkg_hash_update(&h, kind, strlen(kind));
    zkg_hash_u64(&h, index);
    zkg_hash_final(&h, child->state);
}

void zkg_tape_clear(zkg_tape *tape)
{
    zkg_free(tape->buf);
    memset(tape, 0, sizeof(*tape));
}

bool zkg_tape_is_proving(const zkg_tape *tape)
{
    return tape->proving;
}

void zkg_tape_public(zkg_tape *tape, zkg_tag tag, const void *bytes, size_t len)
{
    absorb(tape, tag, bytes, len);
}

void zkg_tape_public_fr(zkg_tape *tape, zkg_tag tag, const zkg_fr *v, size_t n)
{
    uint8_t bytes[ZKG_TAPE_FR_BYTES];
    zkg_hash h;

    if (tape->sizing)
        return;
    absorb_begin(tape, &h, tag, (uint64_t)n * ZKG_TAPE_FR_BYTES);
    for (size_t i = 0; i < n; i++) {
        zkg_fr_to_bytes(bytes, &v[i]);
        zkg_hash_update(&h, bytes, sizeof(bytes));
    }
    zkg_hash_final(&h, tape->state);
}

void zkg_tape_public_g1(zkg_tape *tape, zkg_tag tag, const zkg_g1 *p, size_t n)
{
    uint8_t bytes[ZKG_TAPE_G1_BYTES];
    zkg_hash h;

    if (tape->sizing)
        return;
    absorb_begin(tape, &h, tag, (uint64_t)n * ZKG_TAPE_G1_BYTES);
    for (size_t i = 0; i < n; i++) {
        zkg_g1_to_bytes(bytes, &p[i]);
        zkg_hash_update(&h, bytes, sizeof(bytes));
    }
    zkg_hash_final(&h, tape->state);
}

void zkg_tape_public_u64(zkg_tape *tape, zkg_tag tag, uint64_t v)
{
    uint8_t bytes[8];

    zkg_store_u64le(bytes, v);
    zkg_tape_public(tape, tag, bytes, sizeof(bytes));
}

void zkg_tape_public_zeros(zkg_tape *tape, zkg_tag tag, uint64_t n)
{
    static const uint8_t zeros[1024];
    zkg_hash h;

    if (tape->sizing)
        return;
    absorb_begin(tape, &h, tag, n);
    for (uint64_t done = 0; done < n;) {
        const uint64_t step =
            n - done < sizeof(zeros) ? n - done : sizeof(zeros);

        zkg_hash_update(&h, zeros, (size_t)step);
        done += step;
    }
    zkg_hash_final(&h, tape->state);
}

/* Where the next len bytes go (proving) or come from (verifying). */
static zkg_status reserve(zkg_tape *tape, size_t n, size_t each,
                          uint8_t **write, const uint8_t **read)
{
    size_t len;

    *write = NULL;
    *read = NULL;
    if (__builtin_mul_overflow(n, each, &len))
        return tape->proving ? ZKG_ERR_NOMEM : ZKG_ERR_MALFORMED;
    if (tape->sizing) {
        if (len > SIZE_MAX - tape->pos)
            return ZKG_ERR_MALFORMED;
        tape->pos += len;
        return ZKG_OK;
    }
    if (!tape->proving) {
        if (len > tape->len - tape->pos)
            return ZKG_ERR_MALFORMED;
        *read = len > 0 ? tape->in + tape->pos : NULL;
        tape->pos += len;
        return ZKG_OK;
    }
    if (len > tape->cap - tape->len) {
        size_t want = tape->cap < 2048 ? 4096 : 2 * tape->cap;
        uint8_t *grown;

        while (want - tape->len < len) {
            if (want > SIZE_MAX / 2)
                return ZKG_ERR_NOMEM;
            want *= 2;
        }
        grown = zkg_realloc(tape->buf, want, 1);
        if (grown == NULL)
            return ZKG_ERR_NOMEM;
        tape->buf = grown;
        tape->cap = want;
    }
    *write = len > 0 ? tape->buf + tape->len : NULL;
    tape->len += len;
    return ZKG_OK;
}

zkg_status zkg_tape_fr(zkg_tape *tape, zkg_tag tag, zkg_fr *v, size_t n)
{
    const uint8_t *in;
    uint8_t *out;
    zkg_status s = reserve(tape, n, ZKG_TAPE_FR_BYTES, &out, &in);

    if (tape->proving) {
        ZKG_TRY(s);
        for (size_t i = 0; i < n; i++)
            zkg_fr_to_bytes(out + ZKG_TAPE_FR_BYTES * i, &v[i]);
        absorb(tape, tag, out, n * ZKG_TAPE_FR_BYTES);
        return ZKG_OK;
    }
    for (size_t i = 0; i < n; i++)
        v[i] = zkg_fr_zero;
    ZKG_TRY(s);
    for (size_t i = 0; i < n && !tape->sizing; i++) {
        if (!zkg_fr_from_bytes(&v[i], in + ZKG_TAPE_FR_BYTES * i))
            return ZKG_ERR_MALFORMED;
    }
    absorb(tape, tag, in, n * ZKG_TAPE_FR_BYTES);
    return ZKG_OK;
}

zkg_status zkg_tape_g1(zkg_tape *tape, zkg_tag tag, zkg_g1 *p, size_t n)
{
    const uint8_t *in;
    uint8_t *out;

    ZKG_TRY(reserve(tape, n, ZKG_TAPE_G1_BYTES, &out, &in));
    for (size_t i = 0; i < n; i++) {
        if (tape->sizing)
            p[i] = zkg_g1_infinity;
        else if (tape->proving)
            zkg_g1_to_bytes(out + ZKG_TAPE_G1_BYTES * i, &p[i]);
        else if (!zkg_g1_from_bytes(&p[i], in + ZKG_TAPE_G1_BYTES * i))
            return ZKG_ERR_MALFORMED;
    }
    absorb(tape, tag, tape->proving ? out : in, n * ZKG_TAPE_G1_BYTES);
    return ZKG_OK;
}

void zkg_tape_challenge(zkg_tape *tape, zkg_tag tag, zkg_fr *out, size_t n)
{
    uint8_t wide[64];

    (void)tag; /* for the inventory of challenges */
    for (size_t i = 0; i < n && tape->sizing; i++)
        zkg_fr_from_u64(&out[i], 2 + tape->drawn++);
    for (size_t i = 0; i < n && !tape->sizing; i++) {
        mark(wide, tape, 'C');
        zkg_fr_from_wide_bytes(&out[i], wide);
        mark(tape->state, tape, 'R');
    }
}

void zkg_tape_squeeze(zkg_tape *tape, uint8_t out[64])
{
    mark(out, tape, 'C');
    mark(tape->state, tape, 'R');
}

void zkg_tape_ratchet(zkg_tape *tape, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        mark(tape->state, tape, 'R');
}

void zkg_tape_state(const zkg_tape *tape, uint8_t out[64])
{
    memcpy(out, tape->state, ZKG_TAPE_STATE_BYTES);
}

zkg_status zkg_tape_finish(zkg_tape *tape)
{
    return tape->proving || tape->pos == tape->len ? ZKG_OK : ZKG_ERR_MALFORMED;
}
