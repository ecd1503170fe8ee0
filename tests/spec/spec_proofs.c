/* SPDX-License-Identifier: Apache-2.0 */
/* Write keys and proofs of small statements of all shapes into a folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../soundness/fixture.h"

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
        uint8_t *proof = NULL;
        size_t len = 0;
        zkg_error err = {0};
        fx f = {0};

        fx_init(&f, &shape, 4 + i % 3, i);
        if (fx_prove(&f, NULL, &proof, &len, &err) != ZKG_OK) {
            (void)fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        save(argv[1], i, "vk", f.key, f.key_len);
        save(argv[1], i, "proof", proof, len);
        free(proof);
        fx_clear(&f);
    }
    return argc == 2 ? 0 : 2;
}
