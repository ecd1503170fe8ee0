/* SPDX-License-Identifier: Apache-2.0
 * The scripted tape. */
#include "script.h"

#include <stdlib.h>

void script_start(zkg_tape *tape, script *s)
{
    s->read = s->drawn = 0;
    *tape = (zkg_tape){.buf = (uint8_t *)s};
}

bool zkg_tape_is_proving(const zkg_tape *tape)
{
    return tape->proving;
}

zkg_status zkg_tape_fr(zkg_tape *tape, zkg_tag tag, zkg_fr *v, size_t n)
{
    script *s = (script *)(void *)tape->buf;

    (void)tag;
    for (size_t i = 0; i < n; i++) {
        if (s->read >= s->messages)
            abort();
        v[i] = s->message[s->read++];
    }
    return ZKG_OK;
}

void zkg_tape_challenge(zkg_tape *tape, zkg_tag tag, zkg_fr *out, size_t n)
{
    script *s = (script *)(void *)tape->buf;

    for (size_t i = 0; i < n; i++) {
        if (s->drawn >= s->challenges)
            abort();
        out[i] = s->challenge[s->drawn++];
        if (tag == s->stuck)
            out[i].v = 1;
    }
}
