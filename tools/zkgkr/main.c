/* SPDX-License-Identifier: Apache-2.0
 * zkgkr: the program.  Finds the command, starts MPI where it is wanted, prints
 * the one error line and turns the status into the exit code. */
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "schedule/nearest.h"
#include "zkgkr/zkgkr.h"

typedef struct command {
    const char *name;
    zkg_command_fn *run;
    bool is_parallel; /* all launched ranks take part; else rank 0 alone */
    const char *help;
} command;

static const command commands[] = {
    {"compile", zkg_cmd_compile, false, "make a graph from an ONNX model"},
    {"srs", zkg_cmd_srs, false, "make, import, check a reference string"},
    {"setup", zkg_cmd_setup, false, "make a verification key"},
    {"witness", zkg_cmd_witness, false, "compute all values of a graph"},
    {"prove", zkg_cmd_prove, true, "make a proof, alone or under mpirun"},
    {"launch", zkg_cmd_launch, false, "start prove on many ranks"},
    {"verify", zkg_cmd_verify, false, "judge a proof"},
    {"inspect", zkg_cmd_inspect, false,
     "describe a graph, key, proof, SRS, model"},
    {"schedule", zkg_cmd_schedule, false, "check, plan, show schedules"},
    {"report", zkg_cmd_report, false, "a finished run as a page"},
    {"bench", zkg_cmd_bench, true, "times of kernels and of whole proofs"},
    {"selftest", zkg_cmd_selftest, true, "test vectors and one tiny proof"},
    {"suite", zkg_cmd_suite, false, "many models: run, status, export"},
    {"version", zkg_cmd_version, false, "versions and CPU features"},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_help(void)
{
    printf("zkgkr %s: prove that a large computation was done right\n\n"
           "usage: zkgkr COMMAND [options]     zkgkr COMMAND --help\n\n",
           zkg_version());
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    printf("\nProofs are sound and succinct, not zero-knowledge.\n\n"
           "exit codes: 0 done, or proof accepted; 1 proof rejected; 2 usage "
           "or schedule\nrefused; 3 bad file or input; 4 unsupported; 5 "
           "witness unsatisfied; 6 memory or\ndisk; 7 MPI or environment; 8 "
           "interrupted; 9 accuracy; 10 internal failure\n");
}

/* This process's rank as its launcher says it; 0 without one. */
static uint32_t launched_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK",
                                        "PMI_RANK"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *text = getenv(names[i]);

        if (text != NULL)
            return (uint32_t)strtoul(text, NULL, 10);
    }
    return 0;
}

static const command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown(const char *name, uint32_t rank)
{
    const char *names[COMMANDS];
    const char *near;

    if (rank != 0)
        return 2;
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    near = zkg_nearest(name, names, COMMANDS);
    if (near != NULL)
        fprintf(stderr, "zkgkr: unknown command `%s` (did you mean `%s`?)\n",
                name, near);
    else
        fprintf(stderr,
                "zkgkr: unknown command `%s` (zkgkr --help lists "
                "them)\n",
                name);
    return 2;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(const command *c, int argc, char **argv, uint32_t rank)
{
    zkg_error err = {0};
    zkg_cli cli = {.rank = rank, .exit_code = -1};
    zkg_status status = ZKG_OK;

    zkg_log_init(&cli.log, stderr, ZKG_LOG_INFO, rank, 1);
    if (c->is_parallel && !asks_for_help(argc, argv)) {
        status = zkg_comm_init(&cli.world, &argc, &argv, &err);
        if (status == ZKG_OK) {
            cli.rank = zkg_comm_rank(cli.world);
            zkg_log_init(&cli.log, stderr, ZKG_LOG_INFO, cli.rank,
                         zkg_comm_size(cli.world));
        }
    } else if (rank != 0) {
        return 0;
    }
    if (status == ZKG_OK)
        status = c->run(&cli, argc, argv, &err);
    if (status != ZKG_OK && !cli.printed)
        fprintf(stderr, "zkgkr %s: %s\n", c->name,
                err.text[0] == '\0' ? zkg_status_words(status) : err.text);
    zkg_comm_free(cli.world);
    if (fflush(stdout) != 0 && status == ZKG_OK) {
        fprintf(stderr, "zkgkr %s: stdout cannot be written\n", c->name);
        return 3;
    }
    return cli.exit_code >= 0 ? cli.exit_code : zkg_status_exit_code(status);
}

/* A sum of points takes pieces of scratch of up to four megabytes and gives
 * them back, some thousand times: kept, they need not be mapped and zeroed each
 * time.
 */
static void keep_scratch(void)
{
#ifdef M_TRIM_THRESHOLD /* glibc */
    (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
#endif
}

/* Hashes by what the processor has. */
static void quicken_hashes(void)
{
    if (sodium_init() < 0)
        return; /* no randomness: who needs it asks again, and says so */
}

int main(int argc, char **argv)
{
    const uint32_t rank = launched_rank();
    const command *c;

    /* Whoever follows a log sees a line when it is said; a program that is
     * killed loses none. */
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    /* A file above the limit of `ulimit -f` is an error, not the end. */
    (void)signal(SIGXFSZ, SIG_IGN);
    quicken_hashes();
    keep_scratch();
    if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        if (rank == 0)
            print_help();
        return argc < 2 ? 2 : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        if (rank == 0)
            printf("zkgkr %s\n", zkg_version());
        return 0;
    }
    c = find(argv[1]);
    if (c == NULL)
        return unknown(argv[1], rank);
    return run(c, argc - 1, argv + 1, rank);
}
