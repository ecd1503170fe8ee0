/* SPDX-License-Identifier: Apache-2.0 */
/* Write keys and proofs of small statements of all shapes into a folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../soundness/circuit_fixture.h"
#include "../soundness/conv_fixture.h"
#include "../soundness/random_graph.h"

static void save(const char *folder, unsigned i, const char *kind,
                 const uint8_t *bytes, size_t len)
{
    char path[4096];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%02u.%s", folder, i, kind);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void prove_and_save(const char *folder, unsigned i, fx *f)
{
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_error err = {0};

    if (fx_prove(f, NULL, &proof, &len, &err) != ZKG_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    save(folder, i, "vk", f->key, f->key_len);
    save(folder, i, "proof", proof, len);
    free(proof);
    fx_clear(f);
}

/* Some of all powers have the alternate opening. */
static void choose_pcs(unsigned i)
{
    if (setenv("ZKG_TEST_PCS", i / 3 % 3 == 2 ? "hyperkzg" : "mercury", 1) != 0)
        exit(1);
}

int main(int argc, char **argv)
{
    for (unsigned i = 0; argc == 2 && i < 32; i++) {
        const fx_shape shape = {
            .private_x = (i & 1) != 0,
            .private_w = (i & 2) != 0,
            .odd_table = (i & 4) != 0,
            .virtual_acc = (i & 8) != 0,
            .copies = (i & 16) != 0 ? 3 : 1,
        };
        fx f = {0};

        choose_pcs(i);
        fx_init(&f, &shape, 4 + i % 3, i);
        prove_and_save(argv[1], i, &f);
    }
    for (unsigned i = 0; argc == 2 && i < 16; i++) {
        static const uint64_t copies[4] = {1, 2, 3, 5};
        const cx_shape shape = {
            .copies = copies[i % 4],
            .public_x = i / 4 == 1,
            .fr_v = i / 4 == 2,
            .without_v = i / 4 == 3,
        };
        fx f = {0};

        choose_pcs(i);
        cx_init(&f, &shape, 4 + i % 3, i);
        prove_and_save(argv[1], 32 + i, &f);
    }
    for (unsigned i = 0; argc == 2 && i < 16; i++) {
        fx f = {0};

        choose_pcs(i);
        vx_init(&f, i, 5 + i % 3);
        prove_and_save(argv[1], 48 + i, &f);
    }
    for (unsigned i = 0; argc == 2 && i < 4; i++) {
        fx f = {0};

        choose_pcs(i);
        rg_init(&f, 200 + i, 5);
        prove_and_save(argv[1], 64 + i, &f);
    }
    return argc == 2 ? 0 : 2;
}
