#!/bin/sh
# format.sh ROOT CLANG-FORMAT: every C file is as .clang-format has it.
cd "$1" || exit 1
find include src tools examples tests -name '*.[ch]' -print0 |
    xargs -0 "$2" --dry-run -Werror 2>&1 | grep -E 'error:' | cut -d: -f1 |
    sort | uniq -c | awk '{ print "clang-format -i " $2; bad = 1 } END { exit bad }'
