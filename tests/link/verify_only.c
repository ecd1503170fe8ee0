/* SPDX-License-Identifier: Apache-2.0
 * A program that links the verifier, and nothing of the prover. */
#include "zkgkr/zkgkr.h"

int main(void)
{
    return zkg_version()[0] == '\0';
}
