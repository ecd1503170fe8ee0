#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An example on one rank, two and three, and under a schedule: one proof.

    ranks.py SRS PROGRAM MPIRUN...
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

RANKS = (1, 2, 3)


def run(mpirun, ranks, args, folder):
    """Run under mpirun; how many ranks it says took part."""
    command = mpirun + ["-n", str(ranks)]
    done = subprocess.run(
        command + args, capture_output=True, text=True, timeout=280,
        check=False, cwd=folder,
    )
    if done.returncode != 0:
        sys.exit(f"{command + args}: {done.returncode}\n{done.stderr}")
    return [int(n) for n in re.findall(r": (\d+) ranks?, ", done.stdout)]


def tasks(program, srs, folder):
    """Names of its tasks, by the example itself."""
    out = pathlib.Path(folder) / "tasks"
    done = subprocess.run(
        [program, "--srs", srs, "--tasks", str(out)],
        capture_output=True, text=True, timeout=280, check=False, cwd=folder,
    )
    if done.returncode != 0:
        sys.exit(f"{program} --tasks: {done.returncode}\n{done.stderr}")
    return out.read_text(encoding="utf-8").split()


def schedule(folder, names, ranks):
    """Tasks dealt in turn, the last one first, on all ranks."""
    lines = [[names[-1]] for _ in range(ranks)]
    for i, name in enumerate(names[:-1]):
        lines[i % ranks].append(name)
    path = pathlib.Path(folder) / "schedule"
    path.mkdir(exist_ok=True)
    (path / "schedule.txt").write_text(
        "".join(
            f"Rank {r}: {' -> '.join(line)}\n" for r, line in enumerate(lines)
        ),
        encoding="utf-8",
    )
    (path / "task_mapping.txt").write_text(
        "".join(f"{name}: {i}\n" for i, name in enumerate(names)),
        encoding="utf-8",
    )
    return str(path)


def main():
    srs, program = (os.path.abspath(path) for path in sys.argv[1:3])
    mpirun = sys.argv[3:]
    proofs = {}
    os.environ.setdefault("OMPI_MCA_rmaps_base_oversubscribe", "1")
    with tempfile.TemporaryDirectory() as folder:
        names = tasks(program, srs, folder)
        for ranks in RANKS:
            for planned in (False, True):
                out = pathlib.Path(folder) / f"proof-{ranks}-{planned}"
                args = [program, "--srs", srs, "--out", str(out)]
                if planned:
                    args += ["--schedule", schedule(folder, names, ranks)]
                took = run(mpirun, ranks, args, folder)
                if not took or any(n != ranks for n in took):
                    sys.exit(f"{took} ranks took part, not {ranks}")
                proofs[(ranks, planned)] = out.read_bytes()
    if len(set(proofs.values())) != 1:
        sys.exit(f"proofs differ: {[(k, len(v)) for k, v in proofs.items()]}")
    print(f"{len(proofs)} proofs of {len(next(iter(proofs.values())))} bytes")


main()
