#!/bin/sh
# headers.sh ROOT CC FLAGS...: each header compiles alone, and twice over.
root=$1
shift
status=0
for path in $(cd "$root" && find include src -name '*.h' | sort); do
    case $path in
    src/backend/cuda/* | *_tmpl*.h) continue ;; # templates, not faces
    esac
    name=${path#*/}
    if ! printf '#include "%s"\n#include "%s"\ntypedef int zkg_a_declaration;\n' \
        "$name" "$name" |
        "$@" -std=c11 -Wall -Wextra -Werror=implicit-function-declaration \
            -fsyntax-only -x c -; then
        echo "$path does not compile alone" >&2
        status=1
    fi
done
exit $status
