/* SPDX-License-Identifier: Apache-2.0
 * Choice of a backend, and tables made from host values. */
#include "backend/backend.h"

#include <string.h>

#include "backend/host.h"
#include "base/cpu.h"

uint32_t zkg_form_arity(zkg_form_kind kind)
{
    switch (kind) {
    case ZKG_FORM_PRODUCT:
    case ZKG_FORM_FRACTION_ONES:
        return 2;
    case ZKG_FORM_PRODUCT3:
        return 3;
    case ZKG_FORM_FRACTION:
        return 4;
    }
    return 0;
}

const zkg_backend *zkg_backend_ref(void)
{
    return &zkg_backend_table_ref;
}

const zkg_backend *zkg_backend_get(uint32_t cpu_flags)
{
#ifdef __x86_64__
    if ((cpu_flags & ZKG_CPU_MULX) && (cpu_flags & ZKG_CPU_AVX512IFMA))
        return &zkg_backend_table_ifma;
    if (cpu_flags & ZKG_CPU_MULX)
        return &zkg_backend_table_cpu;
#endif
    (void)cpu_flags;
    return &zkg_backend_table_ref;
}

bool zkg_backend_named(uint32_t *cpu_flags, const char *name)
{
    const uint32_t masks[] = {0, ZKG_CPU_MULX, ZKG_CPU_ALL};
    const uint32_t found = zkg_cpu_features(ZKG_CPU_ALL);

    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        const uint32_t flags = found & masks[i];

        if (strcmp(zkg_backend_get(flags)->name, name) == 0) {
            *cpu_flags = flags;
            return true;
        }
    }
    return false;
}

zkg_status zkg_table_new(const zkg_backend *b, zkg_table *t, uint32_t vars)
{
    return b->table_new(t, vars);
}

void zkg_table_clear(const zkg_backend *b, zkg_table *t)
{
    (void)b->table_clear(t);
}

zkg_status zkg_table_from_fr(const zkg_backend *b, zkg_table *t, uint32_t vars,
                             const zkg_fr *v, size_t n)
{
    zkg_status s;

    ZKG_TRY(b->table_new(t, vars));
    s = b->table_import(t, 0, v, ZKG_FR, n);
    if (s != ZKG_OK)
        (void)b->table_clear(t);
    return s;
}

zkg_status zkg_table_scalar(const zkg_backend *b, zkg_fr *out,
                            const zkg_table *t)
{
    return b->table_export(out, t, 0, 1);
}
