#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A graph of kernels in the program's hands, and in the second verifier's.

    program.py ZKGKR SAVED-GRAPH SRS VERIFY.PY EXAMPLE

EXAMPLE is another one, whose graph and values --save leaves for the program.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile


def run(code, *args):
    """Run a command that must end with this code; what it printed."""
    done = subprocess.run(
        [str(a) for a in args], capture_output=True, text=True, timeout=120,
        check=False,
    )
    if done.returncode != code:
        sys.exit(f"{args}: {done.returncode}, not {code}\n{done.stderr}")
    return done.stdout + done.stderr


def expect(text, *parts):
    for part in parts:
        if part not in text:
            sys.exit(f"{part!r} is not in\n{text}")


def load(path):
    spec = importlib.util.spec_from_file_location("verify", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    zkgkr, example, srs, second, saved = (
        os.path.abspath(p) for p in sys.argv[1:6]
    )
    with tempfile.TemporaryDirectory() as name:
        at = pathlib.Path(name)
        graph, key, witness = at / "g.zkg", at / "g.vk", at / "w.safetensors"
        proof, own, data = at / "g.proof", at / "own.proof", at / "in.json"
        run(0, example, "--srs", srs, "--out", own, graph, key, witness)
        expect(run(0, zkgkr, "inspect", graph), "add_2", "square_root")

        run(0, saved, "--srs", srs, "--save", at / "saved")
        text = run(0, zkgkr, "bench", "--graph", at / "saved.zkg", "--witness",
                   at / "saved.values", "--runs", "1")
        expect(text, '"bench": "prove"', '"bench": "verify"')
        expect(run(3, saved, "--save", at / "none" / "saved"), "none/saved")

        # without the hint: exit 4, and its name
        data.write_text(json.dumps({"input_data": [list(range(32))]}))
        job = ["prove", "--graph", graph, "--key", key, "--srs", srs]
        text = run(4, zkgkr, *job, "--input", data, "-o", proof)
        expect(text, 'kernel square_root needs the hint "square_root"')

        # with the witness it has no need of it: the same proof
        run(0, zkgkr, *job, "--witness", witness, "-o", proof)
        if proof.read_bytes() != own.read_bytes():
            sys.exit("the program proves it with other bytes")
        text = run(0, zkgkr, "verify", "--key", key, "--proof", proof,
                   "--graph", graph)
        expect(text, "528000", "726")

        verify = load(second)
        bad = bytearray(proof.read_bytes())
        verify.verify(key.read_bytes(), bytes(bad))
        bad[-40] ^= 1
        try:
            verify.verify(key.read_bytes(), bytes(bad))
        except verify.Refused:
            return
        sys.exit("the second verifier takes an altered proof")


main()
