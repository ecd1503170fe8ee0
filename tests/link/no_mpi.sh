#!/bin/sh
# no_mpi.sh PROGRAM LIBRARY: neither uses MPI, hwloc or CUDA, and the library
# never ends the process.
status=0
for library in $(ldd "$1" | awk '{ print $1 }'); do
    case $library in
    *mpi* | *hwloc* | *pmix* | *cuda*)
        echo "$1 loads $library" >&2
        status=1
        ;;
    esac
done
undefined=$(nm "$2" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u)
[ -n "$undefined" ] || { echo "nm found nothing in $2" >&2 && status=1; }
for symbol in $undefined; do
    case $symbol in
    MPI_* | PMPI_* | ompi_* | hwloc_* | cu[A-Z]* | cuda* | abort | exit | _exit)
        echo "$2 uses $symbol" >&2
        status=1
        ;;
    esac
done
exit $status
