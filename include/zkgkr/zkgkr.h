/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_ZKGKR_H
#define ZKGKR_ZKGKR_H

/**
 * @file
 * What every user of the library needs: status codes and the version.
 *
 * Order of arguments everywhere: outputs, then what is both, then inputs, then
 * `zkg_error *err`.  A length follows the array that it describes.
 */

#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ZKG_VERSION_MAJOR 0
#define ZKG_VERSION_MINOR 1
#define ZKG_VERSION_PATCH 0

/** The library's version, such as "0.1.0". */
ZKG_API const char *zkg_version(void);

#ifdef __cplusplus
}
#endif

#endif
