#!/bin/sh
# headers.sh ROOT CC FLAGS...: each header compiles alone, and twice over.
# Templates (*_tmpl*.h) are not faces, and left out.
cd "$1" || exit 1
shift
find include src -name '*.h' ! -name '*_tmpl*.h' ! -path 'src/backend/cuda/*' |
    sort | xargs -P 4 -I{} sh -c '
        header=$1
        shift
        name=${header#*/}
        printf "#include \"%s\"\n#include \"%s\"\ntypedef int zkg_one;\n" \
            "$name" "$name" |
            "$@" -std=c11 -Wall -Wextra -Werror=implicit-function-declaration \
                -fsyntax-only -x c - && exit 0
        echo "$header does not compile alone" >&2
        exit 1' one {} "$@"
