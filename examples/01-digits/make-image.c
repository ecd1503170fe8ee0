/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One scan out of the test set: as input for `zkgkr prove`, and as text.
 *
 *     make-image --digits digits.safetensors --index 3 -o image.json
 *
 * The file holds 8x8 images of values 0 to 16, and their labels.  The network
 * takes value / 16.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/io.h"
#include "tensor/safetensors.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, WHITE = 16 };

static const char usage[] =
    "usage: make-image --digits FILE [--index I] [-o IMAGE.json]\n"
    "\n"
    "  --digits FILE  safetensors with images [n,64] and labels [n] (U8)\n"
    "  --index I      which image, from 0; default 0\n"
    "  -o FILE        write it as {\"input_data\": [[..]]}\n"
    "Prints the image and its label.\n";

/* A shade for each two steps, two columns a pixel: text is narrow. */
static void show(const int64_t *pixel, int64_t label)
{
    static const char shade[] = " .:-=+*#@";

    printf("+----------------+\n");
    for (int y = 0; y < SIDE; y++) {
        printf("|");
        for (int x = 0; x < SIDE; x++) {
            const char c = shade[pixel[y * SIDE + x] / 2];

            printf("%c%c", c, c);
        }
        printf("|\n");
    }
    printf("+----------------+\nlabel %lld\n", (long long)label);
}

static zkg_status save(const char *path, const int64_t *pixel, zkg_error *err)
{
    char text[32 * PIXELS];
    int n = snprintf(text, sizeof(text), "{\"input_data\": [[");

    for (int i = 0; i < PIXELS; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%.4f",
                      i > 0 ? ", " : "", (double)pixel[i] / WHITE);
    n += snprintf(text + n, sizeof(text) - (size_t)n, "]]}\n");
    return zkg_file_write_atomic(path, text, (size_t)n, err);
}

static zkg_status run(const char *digits, unsigned long long index,
                      const char *output, zkg_error *err)
{
    const zkg_st_entry *images, *labels;
    int64_t pixel[PIXELS];
    zkg_safetensors file;
    zkg_status s = ZKG_OK;

    ZKG_TRY(zkg_safetensors_read(&file, digits, err));
    images = zkg_safetensors_find(&file, "images");
    labels = zkg_safetensors_find(&file, "labels");
    if (images == NULL || labels == NULL || images->type != ZKG_ST_U8 ||
        images->axes != 2 || images->len[1] != PIXELS ||
        zkg_st_entry_count(labels) != images->len[0])
        s = zkg_fail(err, ZKG_ERR_MALFORMED,
                     "%s has no images [n,64] with labels [n]", digits);
    else if (index >= images->len[0])
        s = zkg_fail(err, ZKG_ERR_USAGE, "%s has images 0 to %llu", digits,
                     (unsigned long long)images->len[0] - 1);
    for (int i = 0; i < PIXELS && s == ZKG_OK; i++) {
        pixel[i] =
            zkg_st_entry_i64(images, (uint64_t)index * PIXELS + (uint64_t)i);
        if (pixel[i] > WHITE)
            s = zkg_fail(err, ZKG_ERR_MALFORMED, "%s: a pixel is above 16",
                         digits);
    }
    if (s == ZKG_OK) {
        show(pixel, zkg_st_entry_i64(labels, (uint64_t)index));
        if (output != NULL)
            s = save(output, pixel, err);
    }
    zkg_safetensors_clear(&file);
    return s;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"digits", required_argument, NULL, 'd'},
        {"index", required_argument, NULL, 'i'},
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *digits = NULL, *output = NULL;
    unsigned long long index = 0;
    zkg_error err = {0};
    zkg_status s;
    char *end;
    int c;

    while ((c = getopt_long(argc, argv, "o:", known, NULL)) != -1) {
        if (c == 'd') {
            digits = optarg;
        } else if (c == 'o') {
            output = optarg;
        } else if (c == 'i') {
            index = strtoull(optarg, &end, 10);
            if (*optarg < '0' || *optarg > '9' || *end != 0)
                digits = NULL, optind = argc + 1;
        } else {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind != argc || digits == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    s = run(digits, index, output, &err);
    if (s != ZKG_OK)
        fprintf(stderr, "make-image: %s\n", err.text);
    return zkg_status_exit_code(s);
}
