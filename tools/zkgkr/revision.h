/* SPDX-License-Identifier: Apache-2.0
 * Which sources this program was built from. */
#ifndef ZKG_TOOLS_REVISION_H
#define ZKG_TOOLS_REVISION_H

/* The commit, as `git describe --always --dirty` names it: twelve hexadecimal
 * digits, after the last tag if there is one, "-dirty" behind where files
 * differed from it; "unknown" of sources without a repository. */
extern const char zkg_revision[];

#endif
