# SPDX-License-Identifier: Apache-2.0
"""The program under bare mpirun: who takes part, one message, no hang.

    test_mpirun.py BUILD SOURCE MPIRUN [MPIRUN_ARGS..]
"""
import json
import os
import re
import subprocess
import sys
import tempfile

BUILD, SOURCE, MPIRUN = sys.argv[1:4]
MPI_ARGS = sys.argv[4:]
ZKGKR = os.path.join(BUILD, 'zkgkr')
EXAMPLE = os.path.join(SOURCE, 'examples', '01-digits')
MAKE = os.path.join(BUILD, 'examples', '01-digits')
SRS = os.path.join(SOURCE, 'examples', 'srs', 'pot12.srs')
FAILED = []


def env(**more):
    out = {k: v for k, v in os.environ.items() if not k.startswith('ZKML_')}
    # After a rank that failed Open MPI sleeps for two seconds before it kills
    # what is left; here nothing is: ranks say no together.
    out.update(OMPI_ALLOW_RUN_AS_ROOT='1',
               OMPI_ALLOW_RUN_AS_ROOT_CONFIRM='1',
               OMPI_MCA_odls_base_sigkill_timeout='0', **more)
    return out


def run(n, args, **more):
    done = subprocess.run([MPIRUN] + MPI_ARGS + ['-n', str(n), ZKGKR] + args,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=env(**more), timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check(name, good, *what):
    if not good:
        FAILED.append(name)
        print('FAILED', name, *what)


def alone(args):
    subprocess.run([ZKGKR] + args, check=True, env=env(),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_digit():
    for args in (['make-graph', '--weights',
                  os.path.join(EXAMPLE, 'weights.safetensors'), '-o',
                  'digits.zkg'],
                 ['make-image', '--digits',
                  os.path.join(EXAMPLE, 'digits.safetensors'), '-o',
                  'image.json']):
        subprocess.run([os.path.join(MAKE, args[0])] + args[1:], check=True,
                       stdout=subprocess.DEVNULL)
    alone(['setup', '--graph', 'digits.zkg', '--srs', SRS, '-o', 'digits.vk'])


PROVE = ['prove', '--graph', 'digits.zkg', '--key', 'digits.vk', '--srs', SRS,
         '--report', 'report.json', '-o', 'mpi.proof', '--input']
TWO = ['--schedule', os.path.join(SOURCE, 'schedules', 'digits-2-ranks')]


def takes_part(name, n, ranks, log, args=(), **more):
    code, out, err = run(n, PROVE + ['image.json'] + list(args), **more)
    check(name, code == 0, code, err)
    report = json.load(open('report.json'))
    check(name, report['ranks_taking_part'] == ranks, report)
    check(name, len({s['rank'] for s in report['steps']}) <= ranks)
    check(name, re.search(log, err), err)
    check(name, out.count('proved in') == 1, out)
    check(name, open('mpi.proof', 'rb').read() ==
          open('one.proof', 'rb').read(), 'other bytes')


def refused(name, n, code, pattern, args, **more):
    """One line from us, whatever mpirun adds below it."""
    got, _, err = run(n, args, **more)
    ours = [line for line in err.splitlines()
            if re.match(r'zkgkr[ :]', line)]
    check(name, got == code, got, err)
    check(name, len(ours) == 1 and re.search(pattern, ours[0]), err)


def one_witness_a_host():
    """--memory-limit is about a rank, with its share of its host's witness."""
    subprocess.run([os.path.join(BUILD, 'tests', 'ranks',
                                 'test_schedule_ranks'), '1', 'write', '.',
                    '0'], check=True, stdout=subprocess.DEVNULL, env=env())
    alone(['setup', '--graph', 'layers.zkg', '--srs', SRS, '-o', 'layers.vk'])
    dry = ['prove', '--graph', 'layers.zkg', '--key', 'layers.vk', '--srs', SRS,
           '--dry-run']
    for n in (1, 2, 3):
        name = 'memory of %d ranks' % n
        _, out, err = run(n, dry, ZKML_FORCE_OVERSUBSCRIBE='1')
        found = re.search(r'at most ([\d.]+) MiB a rank, beside the tensors: '
                          r'([\d.]+) MiB once a host', out)
        check(name, found, out, err)
        most, witness = (float(x) for x in found.groups())
        check(name, witness > 3, out)
        for more, want in ((0.2, 0), (-0.2, 6)):
            limit = '%dK' % (1024 * (most + witness / n + more))
            code, _, err = run(n, dry + ['--memory-limit', limit],
                               ZKML_FORCE_OVERSUBSCRIBE='1')
            check(name, code == want, limit, most, witness, err)
            share = re.search(r'([\d.]+) MiB its share of the tensors', err)
            check(name, want == 0 or
                  abs(float(share[1]) - witness / n) < 0.11, err)


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        make_digit()
        alone(PROVE[:-3] + ['-o', 'one.proof', '--input', 'image.json'])
        takes_part('forced', 3, 3, 'all 3 .*FORCE_OVERSUBSCRIBE',
                   ZKML_FORCE_OVERSUBSCRIBE='1')
        takes_part('two with a schedule', 2, 2, 'all 2 ', TWO,
                   ZKML_FORCE_OVERSUBSCRIBE='yes')
        takes_part('capped', 3, 2, '2 of 3 .*ZKML_NUM_CPUS=2', TWO,
                   ZKML_NUM_CPUS='2')
        takes_part('forced above the cap', 3, 3,
                   'all 3 .*FORCE_OVERSUBSCRIBE.*ZKML_NUM_CPUS',
                   ZKML_NUM_CPUS='2', ZKML_FORCE_OVERSUBSCRIBE='true')
        takes_part('not forced', 3, 2, '2 of 3 ', TWO, ZKML_NUM_CPUS='2',
                   ZKML_FORCE_OVERSUBSCRIBE='no')
        refused('capped below the schedule', 2, 2, 'refused: 1 error',
                PROVE + ['image.json'] + TWO, ZKML_NUM_CPUS='1')
        refused('missing file', 2, 3, 'nowhere.json', PROVE + ['nowhere.json'],
                ZKML_FORCE_OVERSUBSCRIBE='1')
        refused('bad setting', 2, 2, 'positive integer',
                PROVE + ['image.json'], ZKML_NUM_CPUS='-1')
        refused('usage', 2, 2, 'did you mean --key', ['prove', '--kex', 'a'])
        one_witness_a_host()
        code, out, err = run(2, ['--help'])
        check('--help', code == 0 and out.count('usage: zkgkr') == 1, out)
        code, out, err = run(2, ['prove', '--help'])
        check('prove --help', code == 0 and out.count('usage: ') == 1, out)
        code, out, err = run(2, ['verify', '--key', 'digits.vk', '--proof',
                                 'mpi.proof'])
        check('verify', code == 0 and out.count('verified') == 1, out, err)
        os.chdir('/')
    print('%d failed' % len(FAILED))
    sys.exit(1 if FAILED else 0)


main()
