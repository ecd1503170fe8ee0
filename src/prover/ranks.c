/* SPDX-License-Identifier: Apache-2.0
 * Which ranks take part, and what they agree on. */
#include <hwloc.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "comm/comm.h"
#include "zkgkr/prove.h"

typedef struct host {
    char name[64];
    uint32_t cores;
} host;

static uint32_t physical_cores(void)
{
    hwloc_topology_t topology;
    int cores = 0;

    if (hwloc_topology_init(&topology) != 0)
        return 1;
    if (hwloc_topology_load(topology) == 0)
        cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    hwloc_topology_destroy(topology);
    return cores < 1 ? 1 : (uint32_t)cores;
}

static zkg_status read_cap(uint32_t *cap, zkg_error *err)
{
    const char *text = getenv("ZKML_NUM_CPUS");
    char *end;
    unsigned long v;

    *cap = 0;
    if (text == NULL)
        return ZKG_OK;
    v = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || v == 0 ||
        v > UINT32_MAX || strlen(text) > 10)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "ZKML_NUM_CPUS=%.40s is not a positive integer (unset "
                        "it to use the physical cores)",
                        text);
    *cap = (uint32_t)v;
    return ZKG_OK;
}

static zkg_status read_force(bool *force, zkg_error *err)
{
    static const char *const yes[] = {"1", "true", "yes"};
    static const char *const no[] = {"0", "false", "no", ""};
    const char *text = getenv("ZKML_FORCE_OVERSUBSCRIBE");

    *force = false;
    if (text == NULL)
        return ZKG_OK;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (strcasecmp(text, yes[i]) == 0) {
            *force = true;
            return ZKG_OK;
        }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (strcasecmp(text, no[i]) == 0)
            return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_USAGE,
                    "ZKML_FORCE_OVERSUBSCRIBE=%.40s is none of 1, true, yes, "
                    "0, false, no",
                    text);
}

zkg_status zkg_ranks_settings(uint32_t *cap, bool *force, uint32_t *cores,
                              zkg_error *err)
{
    ZKG_TRY(read_cap(cap, err));
    ZKG_TRY(read_force(force, err));
    *cores = physical_cores();
    return ZKG_OK;
}

/* The sum over distinct hosts of their cores. */
static zkg_status count_cores(uint32_t *cores, uint32_t *hosts,
                              const zkg_comm *world)
{
    const uint32_t n = zkg_comm_size(world);
    host mine = {{0}, physical_cores()};
    uint8_t *all = NULL;
    size_t *lens = NULL;

    if (gethostname(mine.name, sizeof(mine.name) - 1) != 0)
        strcpy(mine.name, "?");
    ZKG_TRY(zkg_comm_allgather_bytes(world, &mine, sizeof(mine), &all, &lens));
    *cores = *hosts = 0;
    for (uint32_t i = 0; i < n; i++) {
        const host *h = (const host *)(const void *)(all + i * sizeof(host));
        bool is_new = true;

        for (uint32_t j = 0; j < i && is_new; j++)
            is_new =
                strcmp(h->name,
                       ((const host *)(const void *)(all + j * sizeof(host)))
                           ->name) != 0;
        if (is_new) {
            *cores += h->cores;
            *hosts += 1;
        }
    }
    free(all);
    free(lens);
    return ZKG_OK;
}

zkg_status zkg_ranks_choose(uint32_t *active, char why[200],
                            const zkg_comm *world, zkg_error *err)
{
    const uint32_t launched = zkg_comm_size(world);
    uint32_t cap, cores, hosts, n;
    bool force;

    ZKG_TRY(read_cap(&cap, err));
    ZKG_TRY(read_force(&force, err));
    if (launched == 1) {
        *active = 1;
        (void)snprintf(why, 200, "1 process takes part: one was started");
        return ZKG_OK;
    }
    if (force) {
        *active = launched;
        (void)snprintf(
            why, 200,
            "all %" PRIu32 " processes take part: "
            "ZKML_FORCE_OVERSUBSCRIBE is set%s",
            launched,
            cap != 0 && cap < launched ? ", whatever ZKML_NUM_CPUS says" : "");
        return ZKG_OK;
    }
    if (cap != 0) {
        n = cap < launched ? cap : launched;
        (void)snprintf(why, 200,
                       "%" PRIu32 " of %" PRIu32 " processes take part: "
                       "ZKML_NUM_CPUS=%" PRIu32,
                       n, launched, cap);
    } else {
        if (count_cores(&cores, &hosts, world) != ZKG_OK)
            return zkg_fail(err, ZKG_ERR_COMM, "hosts cannot be counted");
        n = cores < launched ? cores : launched;
        (void)snprintf(why, 200,
                       "%" PRIu32 " of %" PRIu32 " processes take part: "
                       "%" PRIu32 " physical core%s on %" PRIu32 " host%s "
                       "(ZKML_NUM_CPUS caps it, "
                       "ZKML_FORCE_OVERSUBSCRIBE=1 uses all)",
                       n, launched, cores, cores == 1 ? "" : "s", hosts,
                       hosts == 1 ? "" : "s");
    }
    *active = n;
    return ZKG_OK;
}

/* What failed on rank 0 is said as it is; elsewhere it matters where. */
static void say(zkg_error *said, const char *text, uint32_t rank)
{
    char where[64] = "?";

    (void)gethostname(where, sizeof(where) - 1);
    if (rank == 0)
        (void)snprintf(said->text, sizeof(said->text), "%s", text);
    else
        (void)snprintf(said->text, sizeof(said->text),
                       "%.900s (rank %" PRIu32 " on %s)", text, rank, where);
}

zkg_status zkg_ranks_agree(const zkg_comm *comm, zkg_status mine,
                           zkg_error *err)
{
    const uint32_t size = zkg_comm_size(comm), rank = zkg_comm_rank(comm);
    uint64_t first = mine == ZKG_OK ? size : rank;
    zkg_error said = {mine, {0}};

    if (size == 1)
        return mine;
    if (mine != ZKG_OK && err != NULL)
        say(&said, err->text, rank);
    /* Without memory of its own: what failed may be the lack of it. */
    if (zkg_comm_min_u64(comm, &first) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_COMM, "the ranks cannot agree");
    if (first >= size)
        return ZKG_OK;
    if (zkg_comm_broadcast(comm, &said, sizeof(said), (uint32_t)first) !=
        ZKG_OK)
        return zkg_fail(err, ZKG_ERR_COMM, "the ranks cannot agree");
    said.text[sizeof(said.text) - 1] = '\0';
    if (err != NULL)
        *err = said;
    return said.status;
}
