# SPDX-License-Identifier: Apache-2.0
"""The digit's proof on 1, 2, 3, 4 and 8 ranks: the same bytes every time.

    proof_ranks.py BUILD SOURCE MPIRUN TEST_PROGRAM [MPIRUN_ARGS..]

Each launch runs several plans (test_proof_ranks.c).
"""
import filecmp
import os
import re
import subprocess
import sys
import tempfile

RANKS = [1, 2, 3, 4, 8]


def schedules_for(source, n):
    """The examples for n ranks; every folder of schedules/ is for some n."""
    found = []
    for name in sorted(os.listdir(os.path.join(source, 'schedules'))):
        ranks = int(re.fullmatch(r'digits-(\d+)-ranks.*', name)[1])
        assert ranks in RANKS, name
        if ranks == n:
            found.append(os.path.join(source, 'schedules', name))
    return found


def main():
    build, source, mpirun, program = sys.argv[1:5]
    mpi_args = sys.argv[5:]
    example = os.path.join(source, 'examples', '01-digits')
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT='1',
               OMPI_ALLOW_RUN_AS_ROOT_CONFIRM='1')
    with tempfile.TemporaryDirectory() as tmp:
        graph = os.path.join(tmp, 'digits.zkg')
        image = os.path.join(tmp, 'image.json')
        tools = os.path.join(build, 'examples', '01-digits')
        for visibility, weights in (('public', 'fixed'), ('private', 'fixed'),
                                    ('private', 'private')):
            subprocess.run(
                [os.path.join(tools, 'make-graph'), '--weights',
                 os.path.join(example, 'weights.safetensors'), '--scale', '7',
                 '--input-visibility', visibility, '--param-visibility',
                 weights, '-o', graph], check=True, stdout=subprocess.DEVNULL)
            subprocess.run(
                [os.path.join(tools, 'make-image'), '--digits',
                 os.path.join(example, 'digits.safetensors'), '-o', image],
                check=True, stdout=subprocess.DEVNULL)
            # What is private makes tasks more, which the example schedules do
            # not know: a launch or two are enough for those.
            ranks = RANKS if visibility == 'public' else \
                [3] if weights == 'fixed' else [1, 3]
            proofs = []
            for n in ranks:
                proofs.append(os.path.join(tmp, 'proof%d' % n))
                command = [mpirun] + mpi_args + [
                    '-n', str(n), program, str(n), graph,
                    os.path.join(source, 'examples', 'srs', 'pot12.srs'),
                    image, proofs[-1]]
                examples = []
                if visibility == 'public':
                    examples = schedules_for(source, n)
                command += examples
                out = subprocess.run(command, env=env, timeout=120,
                                     stdout=subprocess.PIPE, check=True)
                wanted = '%d ranks, %d plans' % (
                    n, 4 + len(examples))
                assert wanted in out.stdout.decode(), out.stdout
                print(visibility, weights, out.stdout.decode().strip())
            for proof in proofs[1:]:
                assert filecmp.cmp(proofs[0], proof, shallow=False), proof


main()
