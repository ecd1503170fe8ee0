#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""first_kernel.py KERNELS.MD: the walk through a first kernel as a program.

The lines are the page's own; here is only what it says that they stand in."""
import re
import sys

PROGRAM = """
#include <stdio.h>
#include <zkgkr/comm.h>
#include <zkgkr/device.h>
#include <zkgkr/graph.h>
#include <zkgkr/kernel.h>
#include <zkgkr/prove.h>
#include <zkgkr/srs.h>
#include <zkgkr/verify.h>
#include <zkgkr/witness.h>

static zkg_status add(zkg_recorder **out, const char *name, uint64_t n,
                      zkg_error *err)
{
%s
    *out = r;
    return ZKG_OK;
}

static zkg_status walk(zkg_comm *world, const char *path, zkg_error *err)
{
    zkg_recorder *add_2, *add_16;
    zkg_device *d;
    zkg_graph *graph;
    zkg_witness *w;
    zkg_srs *srs;
    zkg_key *key;
    zkg_verdict verdict = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    int64_t numbers[32], is = 0;

    for (int i = 0; i < 32; i++)
        numbers[i] = i + 1;
    ZKG_TRY(zkg_srs_read(&srs, path, err));
    ZKG_TRY(add(&add_2, "add_2", 2, err));
    ZKG_TRY(add(&add_16, "add_16", 16, err));
    ZKG_TRY(zkg_device_new(&d, err));
%s
%s
    ZKG_TRY(zkg_witness_get_i64(&is, 1, w, "total", err));
    printf("%%lld\\n", (long long)is);
    zkg_proof_free(proof);
    zkg_key_free(key);
    zkg_witness_free(w);
    zkg_graph_free(graph);
    zkg_device_free(d);
    zkg_recorder_free(add_2);
    zkg_recorder_free(add_16);
    zkg_srs_free(srs);
    return is == 528 ? ZKG_OK : ZKG_ERR_INVALID;
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    zkg_comm *world;

    if (zkg_comm_init(&world, &argc, &argv, &err) != ZKG_OK ||
        walk(world, argv[1], &err) != ZKG_OK) {
        fprintf(stderr, "%%s\\n", err.text);
        return 1;
    }
    zkg_comm_free(world);
    return 0;
}
"""

page = open(sys.argv[1], encoding="utf-8").read()
walk = page.split("## A first kernel")[1].split("\n## ")[0]
blocks = re.findall(r"```c\n(.*?)```", walk, re.S)
assert len(blocks) == 3, "the walk has another number of listings"
print(PROGRAM % tuple(blocks))
