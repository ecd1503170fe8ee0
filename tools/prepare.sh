# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by tools/test and tools/demo: what a build needs, and the build.
# They end with 0, 1 where something failed, 2 where the arguments were wrong,
# or 130 where they were interrupted.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

# Several processes on few cores, and as root in a container.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export ZKML_FORCE_OVERSUBSCRIBE=1
unset ZKML_NUM_CPUS

script=tools/$(basename "$0")

# usage: what the script says of itself at its top.
usage() { sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$script"; }

# refuse TEXT: the arguments were wrong.
refuse() {
    echo "$script: $1 ($script --help)" >&2
    exit 2
}

# Ctrl-C ends a script, whatever its commands make of it.
running=
interrupted() {
    if [ -n "$running" ]; then
        kill "$running" 2>/dev/null
        wait "$running"
    fi
    echo "$script: interrupted" >&2
    exit 130
}
trap interrupted INT TERM

# stoppable LOG COMMAND...: in the background, so that no trap waits for it.
stoppable() {
    local log=$1 code
    shift
    "$@" >"$log" 2>&1 9>&- &
    running=$!
    wait "$running"
    code=$?
    running=
    return $code
}

# hold_build: one script at a time in this folder; another one waits.  What they
# run does not hold it (9>&-): something may outlive them.
hold_build() {
    local why
    if ! why=$({ mkdir -p build && : >>build/.lock; } 2>&1); then
        echo "$script: cannot write in $root/build: ${why##*: }" >&2
        exit 1
    fi
    exec 9>>build/.lock
    flock -n 9 && return
    echo "Waiting for another tools/test or tools/demo in this folder"
    flock 9
}

# no_room FOLDER LOG: says so where a full disk is why something failed; what
# failed may have made room by now.
no_room() {
    local left
    left=$(df -k --output=avail "$1" 2>/dev/null | tail -1)
    [ "${left:-1024}" -lt 1024 ] || grep -qs 'No space left on device' "$2" ||
        return 1
    echo "$script: the disk of $root/$1 is full" >&2
}

have_library() { # package of pkg-config, or a header
    pkg-config --exists "$1" 2>/dev/null
}

# The Debian packages that are missing, on one line.
missing_packages() {
    local -a need=()
    command -v gcc >/dev/null || need+=(gcc libc6-dev)
    command -v meson >/dev/null || need+=(meson)
    command -v ninja >/dev/null || need+=(ninja-build)
    command -v python3 >/dev/null || need+=(python3)
    command -v mpirun >/dev/null || need+=(openmpi-bin)
    if ! command -v pkg-config >/dev/null; then
        need+=(pkg-config libopenmpi-dev libsodium-dev libhwloc-dev
            libcmocka-dev libgmp-dev)
    else
        have_library ompi-c || have_library mpi || have_library mpich ||
            need+=(libopenmpi-dev)
        have_library libsodium || need+=(libsodium-dev)
        have_library hwloc || need+=(libhwloc-dev)
        have_library cmocka || need+=(libcmocka-dev)
        have_library gmp || need+=(libgmp-dev)
    fi
    echo "${need[*]}"
}

# Install what is missing, or say what it is.
install_missing() {
    local packages log
    local -a as_root=()
    packages=$(missing_packages)
    [ -z "$packages" ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "Missing; on Debian these packages have it: $packages" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Missing, and there is no sudo.  As root:" >&2
            echo "  apt-get install $packages" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing: $packages"
    # Words, one a package.
    # shellcheck disable=SC2086
    log=$({ "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install \
            -y -qq --no-install-recommends $packages; } 2>&1)
    packages=$(missing_packages)
    [ -z "$packages" ] && return 0
    grep '^[EW]:' <<<"$log" | sort | head -1 >&2
    echo "$script: could not install $packages" >&2
    return 1
}

# configure FOLDER OPTION...: a fresh or an old folder, broken ones made anew.
configure() {
    local folder=$1
    shift
    if [ -f "$folder/build.ninja" ] &&
        meson setup --reconfigure "$folder" "$@" >"$folder/setup.log" 2>&1; then
        return 0
    fi
    rm -rf "${folder:?}/meson-private" "$folder/meson-info" "$folder/build.ninja"
    mkdir -p "$folder"
    meson setup "$folder" "$@" >"$folder/setup.log" 2>&1 ||
        {
            no_room "$folder" "$folder/setup.log" ||
                cat "$folder/setup.log" >&2
            return 1
        }
}

# announce FOLDER TARGET...: what a silent build is about to do.
announce() {
    local files
    files=$(ninja -C "$1" -n "${@:2}" 2>/dev/null | grep -c ' Compiling ')
    case $files in
    0) ;;
    1) echo "compiling 1 file" ;;
    *) echo "compiling $files files" ;;
    esac
}

# unsaid LOG: what a compilation's log says beside what it did.
unsaid() { grep -vE '^\[[0-9]+/[0-9]+\] (Comp|Link)' "$1" | tail -60; }

# compile FOLDER [TARGET...]: these, or everything.
compile() {
    local folder=$1
    shift
    [ $# -gt 0 ] || set -- all meson-test-prereq
    announce "$folder" "$@"
    stoppable "$folder/compile.log" ninja -k 0 -C "$folder" "$@" ||
        {
            no_room "$folder" "$folder/compile.log" ||
                unsaid "$folder/compile.log" >&2
            return 1
        }
}
