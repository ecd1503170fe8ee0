#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold the includes to the layers of docs/architecture.md.

An include may point to a lower layer or into its own folder.  <mpi.h> belongs
in src/comm and include/zkgkr/comm.h, CUDA in src/backend/cuda.  Public headers
include public headers only.
"""

import pathlib
import re
import sys

LAYERS = {
    "base": 0,
    "field": 1,
    "tensor": 2, "curve": 2,
    "poly": 3, "tape": 3,
    "backend": 4, "comm": 4,
    "circuit": 5,
    "sumcheck": 6,
    "relation": 7, "pcs": 7,
    "graph": 8, "bench": 8,
    "schedule": 9, "journal": 9,
    "prover": 10, "verifier": 10,
    "nn": 11, "kernel": 11,
    "onnx": 12,
    "tools": 13, "examples": 13,
}
# The root tape's messages are declared once, beside the verifier that must not
# link the prover.
SIDEWAYS = {("prover", "verifier")}
# It reads weights with a header that is not public; all others are public.
FIRST_EXAMPLE = "01-digits"
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = {".c", ".h", ".inl", ".def", ".cu", ".cuh"}


def complaint(path, parts, quote, target):
    """Why this file may not include target, or None."""
    public = parts[0] == "include"
    folder = "include" if public else parts[1] if parts[0] == "src" else "tools"
    if target.split("/")[-1] == "mpi.h" and folder != "comm" and not (
        public and path.name == "comm.h"
    ):
        return "<mpi.h> belongs in src/comm and include/zkgkr/comm.h"
    if target.startswith("cuda") and parts[:3] != ("src", "backend", "cuda"):
        return "CUDA belongs in src/backend/cuda"
    if quote != '"' or target.startswith("zkgkr/"):
        return None
    if public:
        return "a public header includes public headers only"
    if parts[0] == "examples" and parts[1] != FIRST_EXAMPLE:
        return None if "example.h" in target else "examples include <zkgkr/..>"
    if parts[0] != "src":
        return None
    into = target.split("/")[0] if "/" in target else folder
    if folder not in LAYERS:
        return f"the folder src/{folder} has no layer"
    if into not in LAYERS:
        return f"the folder of {target} has no layer"
    if (folder, into) in SIDEWAYS:
        return None
    if into != folder and LAYERS[into] >= LAYERS[folder]:
        return (
            f"layer {LAYERS[folder]} ({folder}) may not include "
            f"layer {LAYERS[into]} ({into})"
        )
    return None


def complaints(root):
    found = []
    count = 0
    for top in ("src", "include", "tools", "examples"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SOURCES or not path.is_file():
                continue
            count += 1
            where = path.relative_to(root)
            for number, line in enumerate(
                path.read_text(encoding="utf-8").splitlines(), 1
            ):
                match = INCLUDE.match(line)
                if match is None:
                    continue
                why = complaint(path, where.parts, *match.groups())
                if why is not None:
                    found.append(f'{where}:{number}: "{match[2]}": {why}')
    if count == 0:
        found.append(f"no sources under {root}")
    return found


def self_test():
    """The test is not vacuous: it refuses what it should."""
    def says(name, quote, target):
        path = pathlib.PurePosixPath(name)
        return complaint(path, path.parts, quote, target) is not None

    assert says("src/field/a.c", '"', "curve/b.h")
    assert says("src/poly/a.c", '"', "tape/b.h")
    assert says("src/prover/a.c", "<", "mpi.h")
    assert says("include/zkgkr/a.h", '"', "base/bytes.h")
    assert says("examples/02-a/a.c", '"', "kernel/recorder.h")
    assert not says("examples/02-a/a.c", '"', "../common/example.h")
    assert says("src/backend/cpu/a.c", "<", "cuda_runtime.h")
    assert says("src/verifier/a.c", '"', "prover/b.h")
    assert not says("src/comm/a.c", "<", "mpi.h")
    assert not says("include/zkgkr/comm.h", "<", "mpi.h")
    assert not says("src/curve/a.c", '"', "field/b.h")
    assert not says("src/curve/a.c", '"', "zkgkr/status.h")
    assert not says("src/backend/cpu/a.c", '"', "backend/b.h")


self_test()
errors = complaints(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
for error in errors:
    print(error, file=sys.stderr)
sys.exit(1 if errors else 0)
