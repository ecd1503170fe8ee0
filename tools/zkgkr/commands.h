/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_COMMANDS_H
#define ZKG_TOOLS_COMMANDS_H

/**
 * @file
 * The program's commands, one file each: cmd_<name>.c.
 *
 * A command parses its options (options.h), does its work, prints results to
 * stdout (only where cli->rank is 0) and returns.  It prints no error: main()
 * prints err->text once and turns the status into the exit code.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "zkgkr/comm.h"
#include "zkgkr/status.h"

typedef struct zkg_cli {
    zkg_log log;
    uint32_t rank;   /**< of this process among those launched */
    zkg_comm *world; /**< only for `prove` and `bench`; else NULL */
    int exit_code;   /**< set by a command that wants another than the
                          status's, such as verify's 1; -1: as the status */
    bool printed;    /**< the error has been printed already, by another rank
                          or line by line */
} zkg_cli;

/** argv[0] is the command's name; help text goes to stdout. */
typedef zkg_status zkg_command_fn(zkg_cli *cli, int argc, char **argv,
                                  zkg_error *err);

zkg_command_fn zkg_cmd_bench;
zkg_command_fn zkg_cmd_compile;
zkg_command_fn zkg_cmd_inspect;
zkg_command_fn zkg_cmd_launch;
zkg_command_fn zkg_cmd_prove;
zkg_command_fn zkg_cmd_report;
zkg_command_fn zkg_cmd_schedule;
zkg_command_fn zkg_cmd_selftest;
zkg_command_fn zkg_cmd_setup;
zkg_command_fn zkg_cmd_srs;
zkg_command_fn zkg_cmd_verify;
zkg_command_fn zkg_cmd_suite;
zkg_command_fn zkg_cmd_version;
zkg_command_fn zkg_cmd_witness;

/** `inspect` of an ONNX model: every node, supported or why not; what a graph
 * at this scale is to take.  calibrate: as compile's, or NULL. */
ZKG_MUST_CHECK zkg_status zkg_inspect_onnx(const char *path, bool json,
                                           uint32_t scale,
                                           const char *calibrate,
                                           zkg_error *err);

#endif
