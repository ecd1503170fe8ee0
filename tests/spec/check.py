#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check.py PROGRAM CHANGES: the proofs that PROGRAM writes pass verify.py, which
was written from the documents; changed ones, as many of each, do not."""
import glob
import os
import random
import subprocess
import sys
import tempfile

import verify

with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], folder], check=True)
    keys = sorted(glob.glob(os.path.join(folder, '*.vk')))
    assert len(keys) == 68
    rng = random.Random(1)
    for path in keys:
        key = open(path, 'rb').read()
        proof = open(path[:-2] + 'proof', 'rb').read()
        verify.verify(key, proof)
        for _ in range(int(sys.argv[2])):
            bit = rng.randrange(8 * len(proof))
            bad = bytearray(proof)
            bad[bit // 8] ^= 1 << bit % 8
            try:
                verify.verify(key, bytes(bad))
            except verify.Refused:
                continue
            sys.exit('%s: bit %d may be changed' % (path, bit))
print('68 proofs pass a second verifier')
