/* SPDX-License-Identifier: Apache-2.0
 * zkgkr setup: make a verification key. */
#include <inttypes.h>
#include <stdio.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/time.h"
#include "commands.h"
#include "graph/setup.h"
#include "options.h"

static void print_key(const zkg_key *key, const char *path)
{
    char graph[65], digest[65];

    zkg_digest_hex(graph, key->statement.digest);
    zkg_digest_hex(digest, key->digest);
    printf("key           %s\n"
           "key digest    %s\n"
           "graph digest  %s\n"
           "k             %" PRIu32 "\n"
           "pcs           %s\n"
           "commitments   %" PRIu64 " of fixed tensors\n"
           "peak memory   %.1f MiB\n",
           path, digest, graph, key->srs.k, zkg_pcs_name(key->srs.pcs),
           key->fixed_points, (double)zkg_peak_rss() / 1048576);
    if (key->srs.development)
        printf("development   yes: whoever made the SRS may know its tau\n");
}

static zkg_status make(const zkg_cli *cli, const zkg_graph *g,
                       const zkg_srs *srs, zkg_pcs pcs, const char *out,
                       zkg_error *err)
{
    bool capped;
    zkg_key key;
    zkg_status s;

    ZKG_TRY(zkg_setup(&key, &capped, g, srs, pcs, zkg_cpu_features(UINT32_MAX),
                      err));
    if (capped)
        zkg_log_warn(&cli->log,
                     "the SRS of power %" PRIu32 " made k smaller: %" PRIu32
                     " instead of %" PRIu32,
                     srs->power, key.srs.k, zkg_statement_default_k(&g->st));
    s = zkg_key_write(&key, out, err);
    if (s == ZKG_OK)
        print_key(&key, out);
    zkg_key_clear(&key);
    return s;
}

zkg_status zkg_cmd_setup(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const char *graph_path = NULL, *srs_path = NULL, *out = NULL,
               *pcs_name = NULL;
    const zkg_option options[] = {
        {"graph", "G.zkg", "the graph", &graph_path, NULL, true},
        {"srs", "FILE.srs", "the reference string", &srs_path, NULL, true},
        {"o", "FILE.vk", "the key to write", &out, NULL, true},
        {"pcs", "KIND", "the opening: mercury (default) or hyperkzg", &pcs_name,
         NULL, false},
    };
    zkg_pcs pcs = ZKG_PCS_MERCURY;
    bool done;
    zkg_graph *g;
    zkg_srs *srs;
    zkg_status s;

    ZKG_TRY(
        zkg_options_parse(&done, NULL, NULL, 0, options, 4,
                          "zkgkr setup --graph G.zkg --srs FILE.srs -o FILE.vk",
                          argc, argv, err));
    if (done)
        return ZKG_OK;
    if (pcs_name != NULL && !zkg_pcs_from_name(&pcs, pcs_name))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--pcs %s: there are mercury and hyperkzg", pcs_name);
    ZKG_TRY(zkg_file_check_writable(out, err));
    ZKG_TRY(zkg_graph_load(&g, graph_path, err));
    s = zkg_srs_read(&srs, srs_path, err);
    if (s == ZKG_OK) {
        s = make(cli, g, srs, pcs, out, err);
        zkg_srs_free(srs);
    }
    zkg_graph_free(g);
    return s;
}
