# SPDX-License-Identifier: Apache-2.0
# Sourced by tools/test and tools/demo: what a build needs, and the build.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

# Several processes on few cores, and as root in a container.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export ZKML_FORCE_OVERSUBSCRIBE=1
unset ZKML_NUM_CPUS

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
    local packages
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
    "${as_root[@]}" apt-get update -qq &&
        # shellcheck disable=SC2086
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install \
            -y -qq --no-install-recommends $packages >/dev/null
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
        { cat "$folder/setup.log" >&2 && return 1; }
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

# compile FOLDER [TARGET...]: these, or everything.
compile() {
    local folder=$1
    shift
    [ $# -gt 0 ] || set -- all meson-test-prereq
    announce "$folder" "$@"
    ninja -k 0 -C "$folder" "$@" >"$folder/compile.log" 2>&1 ||
        { grep -vE '^\[[0-9]+/[0-9]+\] (Comp|Link)' "$folder/compile.log" |
            tail -60 >&2 && return 1; }
}
