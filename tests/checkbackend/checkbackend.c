/* SPDX-License-Identifier: Apache-2.0
 * checkbackend [--bench] [--long] [--seed N] [SLOT..]: every slot of every
 * backend that this processor runs, against `ref`.
 *
 * With --bench the same calls are timed, in nanoseconds an element; --long
 * checks sums over arrays of more than 2^22 elements instead. */
#include "base/cpu.h"
#include "check.h"

static const struct {
    const char *slot;
    void (*check)(context *c);
} checks[] = {
#define SLOT(slot, arguments, names, meaning) {#slot, check_##slot},
#include "backend/slots.def"
#undef SLOT
};

static bool wanted(const char *slot, int argc, char **argv)
{
    bool any = false;

    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            i += strcmp(argv[i], "--seed") == 0;
            continue;
        }
        any = true;
        if (strcmp(argv[i], slot) == 0)
            return true;
    }
    return !any;
}

int main(int argc, char **argv)
{
    const uint32_t masks[] = {0, ZKG_CPU_MULX, ZKG_CPU_MULX | ZKG_CPU_AVX2,
                              ZKG_CPU_ALL};
    context c = {.ref = zkg_backend_ref(), .seed = 1};
    const zkg_backend *last = NULL;
    bool bad = false, longer = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0)
            longer = true;
        if (strcmp(argv[i], "--bench") == 0)
            c.bench = true;
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            c.seed = strtoull(argv[i + 1], NULL, 10);
    }
    for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
        c.b = zkg_backend_get(zkg_cpu_features(masks[m]));
        if (c.b == last)
            continue;
        last = c.b;
        c.checks = c.failures = 0;
        for (size_t k = 0; k < sizeof(checks) / sizeof(*checks); k++) {
            c.slot = checks[k].slot;
            if (!longer && wanted(c.slot, argc, argv))
                checks[k].check(&c);
        }
        c.slot = "long";
        if (longer)
            check_long(&c);
        printf("%s: %" PRIu64 " checks, %" PRIu64 " failed\n", c.b->name,
               c.checks, c.failures);
        bad = bad || c.failures > 0;
    }
    return bad;
}
