# SPDX-License-Identifier: Apache-2.0
"""zkgkr bench says every figure it should, and tools/plot-bench draws them.
No time is judged.

    test_bench.py BUILD SOURCE
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

BUILD, SOURCE = map(pathlib.Path, sys.argv[1:3])
PROGRAM = BUILD / "zkgkr"
SIZED = 19  # of the kernels, those that have sizes
ALL = 22
# What `zkgkr version` says; unknown where the sources are in no repository.
COMMIT = json.loads(subprocess.check_output([PROGRAM, "version", "--json"]))[
    "commit"]
REPOSITORY = subprocess.run(["sh", "-c", "git describe --always"], cwd=SOURCE,
                            capture_output=True, check=False)
assert (COMMIT == "unknown") == (REPOSITORY.returncode != 0), COMMIT


def run(*command, code=0):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == code, (command, done)
    return done.stdout if code == 0 else done.stderr


def lines(*options):
    found = [json.loads(x) for x in run(PROGRAM, "bench",
                                        *options).splitlines()]
    for d in found:
        assert d["ns_least"] <= d["ns"] <= d["ns_most"], d
        assert d["ns_most"] > 0 and d["runs"] == 2 and d["version"], d
        assert d["commit"] == COMMIT, d
    return found


def main():
    kernels = run(PROGRAM, "bench", "--list").splitlines()
    assert len(kernels) == ALL
    names = {line.split()[0] for line in kernels}
    small = lines("--from", 2, "--to", 3, "--runs", 2, "--backend", "ref")
    assert {d["backend"] for d in small} == {"ref"}
    assert {d["size"] for d in small} == {1, 4, 8}
    # some begin at larger sizes
    large = lines("--from", 10, "--to", 10, "--runs", 2, "--backend", "ref")
    assert {d["name"] for d in large} == names
    assert sum(d["size"] == 1024 for d in large) == SIZED
    assert {d["name"] for d in small} < names
    every = lines("--only", "fr_dot", "--from", 4, "--to", 4, "--runs", 2)
    assert every[0]["backend"] == "ref" and {d["name"] for d in every} == {
        "fr_dot"}

    assert "did you mean msm_fr" in run(PROGRAM, "bench", "--only", "msm_f",
                                        code=2)
    assert "no such backend" in run(PROGRAM, "bench", "--backend", "gpu",
                                    code=2)
    assert "above --to" in run(PROGRAM, "bench", "--from", 9, "--to", 8,
                               code=2)
    assert "go together" in run(PROGRAM, "bench", "--graph", "x", code=2)
    run(PROGRAM, "bench", "--graph", "none.zkg", "--input", "none", code=3)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        graph = folder / "d.zkg"
        run(BUILD / "examples/01-digits/make-graph", "--weights",
            SOURCE / "examples/01-digits/weights.safetensors", "-o", graph)
        image = folder / "image.json"
        image.write_text(json.dumps({"input_data": [[0.5] * 64]}))
        for pcs, size in ("mercury", 1088), ("hyperkzg", 1920):
            proofs = lines("--graph", graph, "--input", image, "--runs", 2,
                           "--pcs", pcs)
            assert [d["bench"] for d in proofs] == ["prove", "verify"]
            assert all(d["name"] == "d.zkg" and d["ranks"] == 1 and
                       d["k"] == 10 and d["pcs"] == pcs and
                       d["order"] == "default" and d["peak_rss"] > 0
                       for d in proofs)
            if pcs == "mercury":
                mercury = proofs[0]["proof_bytes"]
        assert proofs[0]["proof_bytes"] - mercury == 1920 - 1088
        # Constants that are given: to measure them takes a sanitizer minutes.
        costs = folder / "costs.txt"
        costs.write_text("addition 1\n")
        phases = lines("--graph", graph, "--input", image, "--runs", 2,
                       "--phases", "--planned", "--costs", costs)[2:]
        assert [d["phase"] for d in phases] == [
            "commitments", "tasks", "tables", "opening", "rest"]
        assert all(d["bench"] == "phase" and d["rank"] == 0 and (d["ns_cost"] > 0) ==
                   (d["phase"] != "rest") for d in phases), phases
        # Some hundred values take as many seconds as additions.
        assert phases[0]["ns_cost"] > 1e11 > phases[1]["ns_cost"], phases

        data = folder / "lines"
        twice = dict(proofs[0], ranks=2)
        data.write_text("\n".join(map(json.dumps,
                                      small + [proofs[0], twice] + phases)))
        run(sys.executable, SOURCE / "tools/plot-bench", data, folder / "svg")
        plots = sorted(p.stem for p in (folder / "svg").iterdir())
        assert {"ranks", "msm_fr", "phases"} < set(plots), plots
        for p in (folder / "svg").iterdir():
            root = xml.etree.ElementTree.parse(p).getroot()
            assert len(root.findall("{*}polyline")) == (
                0 if p.stem == "phases" else 1), p
        data.write_text(json.dumps(small[0]))
        run(sys.executable, SOURCE / "tools/plot-bench", data, folder / "svg",
            code=1)


main()
