/* SPDX-License-Identifier: Apache-2.0
 * The library's version. */
#include "zkgkr/zkgkr.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *zkg_version(void)
{
    return TEXT(ZKG_VERSION_MAJOR) "." TEXT(ZKG_VERSION_MINOR) "." TEXT(
        ZKG_VERSION_PATCH);
}
