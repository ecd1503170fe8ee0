# SPDX-License-Identifier: Apache-2.0
"""What a journal is worth: entries that are gone, damaged, swapped or forged
are found, said, and their work alone is done again; the proof is the same.

    resume.py BUILD SOURCE
"""
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

from job import AT_ONCE, Job

HEAD = 16 + 4 + 32 + 8
CHILDREN = 4


def entries(folder, kind):
    return sorted(os.path.join(folder, f) for f in os.listdir(folder)
                  if f.startswith(kind + '-'))


def resumed(err):
    found = re.search(r'(\d+) of 4 tasks and tables come from the journal', err)
    return int(found.group(1)) if found else None


def put(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def seal(data):
    """The entry with the digest that its bytes have."""
    body = data[:-32]
    return body + hashlib.blake2b(body, digest_size=32).digest()


def format_is_documented(job):
    """docs/formats.md, Journal, read by nothing but this."""
    for kind, name in ((1, 'commitments'), (2, 'segment')):
        for path in entries('full', name):
            data = job.bytes(path)
            job.check('format', data[:16] == b'ZKGKR\r\n\x1a' +
                      struct.pack('<II', 4, 1), path)
            job.check('format', data[16:20] == struct.pack('<I', kind), path)
            job.check('format', data[20:52].hex() == path.split('-')[-1], path)
            job.check('format', data[52:60] ==
                      struct.pack('<Q', len(data) - HEAD - 32), path)
            job.check('format', seal(data) == data, path)
    job.check('all children', len(entries('full', 'segment')) == CHILDREN)
    # Segments stand in the proof as they are.
    for path in entries('full', 'segment'):
        job.check('segment', job.bytes(path)[HEAD:-32] in job.want, path)


def damaged(job, name, kind, change, says, left=None):
    """One entry after the other is changed; change(data) None: removed."""
    for i, path in enumerate(entries('full', kind)):
        shutil.rmtree('run', ignore_errors=True)
        shutil.copytree('full', 'run')
        target = os.path.join('run', os.path.basename(path))
        data = change(job.bytes(path))
        if data is None:
            os.remove(target)
        else:
            put(target, data)
        args = job.prove('x.proof', '--run-dir', 'run', '--resume')
        if i % 2 == 0:
            _, err = job.alone(args)
        else:
            code, _, err, _ = job.launch(2, args)
            job.check(name, code == 0, err)
        job.check(name, job.bytes('x.proof') == job.want, 'other bytes')
        want = CHILDREN if kind == 'commitments' else CHILDREN - 1
        job.check(name, resumed(err) == want, err)
        job.check(name, len(re.findall('warning: ', err)) == (says != ''), err)
        job.check(name, re.search(says, err), err)
        # It is there again, as it was.
        job.check(name, job.bytes(target) == job.bytes(path), target)


def flip(rng, low, high):
    def change(data):
        at = rng.randrange(low, len(data) + high)
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + \
            data[at + 1:]
    return change


def forge(rng):
    """A byte of what is kept, and the digest that goes with it."""
    def change(data):
        return seal(flip(rng, HEAD, -32)(data))
    return change


def all_damages(job, seed):
    rng = random.Random(seed)
    again = {'segment': 'proven again: ', 'commitments': 'made again: '}
    for kind in ('segment', 'commitments'):
        damaged(job, 'gone ' + kind, kind, lambda data: None, '')
        damaged(job, 'flipped ' + kind, kind, flip(rng, HEAD, 0),
                again[kind] + '.*digest is another')
        damaged(job, 'head ' + kind, kind, flip(rng, 0, 0), again[kind])
        damaged(job, 'truncated ' + kind, kind,
                lambda data: data[:rng.randrange(len(data))], again[kind])
        damaged(job, 'empty ' + kind, kind, lambda data: b'', again[kind])
        damaged(job, 'longer ' + kind, kind, lambda data: data + b'x',
                again[kind])
        other = [job.bytes(p) for p in entries('full', kind)]
        damaged(job, 'swapped ' + kind, kind,
                lambda data: other[(other.index(data) + 1) % len(other)],
                again[kind] + '.*(another key|at most)')
    # With the right digest only the replay can tell.
    damaged(job, 'forged segment', 'segment', forge(rng), again['segment'])
    damaged(job, 'forged points', 'commitments', forge(rng),
            again['commitments'] + '.*no point of the curve')


def another_statement(job):
    """Another image shares the run's folder and none of its segments."""
    shutil.rmtree('run', ignore_errors=True)
    shutil.copytree('full', 'run')
    job.image(4, 'other.json')
    job.alone(job.prove('other.proof', image='other.json'))
    _, err = job.alone(job.prove('x.proof', '--run-dir', 'run', '--resume',
                                 image='other.json'))
    job.check('another image', resumed(err) == 0 and 'warning' not in err, err)
    job.check('another image', job.bytes('x.proof') ==
              job.bytes('other.proof') != job.want)
    _, err = job.alone(job.prove('x.proof', '--run-dir', 'run', '--resume'))
    job.check('both are kept', resumed(err) == CHILDREN, err)


def without_resume(job):
    """--run-dir alone writes and does not read."""
    shutil.rmtree('run', ignore_errors=True)
    shutil.copytree('full', 'run')
    for path in entries('run', 'segment'):
        put(path, b'rubbish')
    _, err = job.alone(job.prove('x.proof', '--run-dir', 'run'))
    job.check('no --resume', resumed(err) is None and 'warning' not in err, err)
    for path in entries('run', 'segment'):
        job.check('no --resume', job.bytes(path) ==
                  job.bytes(path.replace('run', 'full', 1)))


def other_plans(job):
    """Kept on one rank, taken up on many, under every schedule."""
    for name in ('digits-2-ranks', 'digits-2-ranks-shared',
                 'digits-2-ranks-swapped'):
        shutil.rmtree('run', ignore_errors=True)
        shutil.copytree('full', 'run')
        keep = entries('run', 'segment')
        for path in keep[::2]:
            os.remove(path)
        code, out, err, _ = job.launch(
            2, job.prove('x.proof', '--run-dir', 'run', '--resume', '--report',
                         'r.json', '--schedule',
                         os.path.join(job.schedules, name)))
        job.check(name, code == 0 and job.bytes('x.proof') == job.want, err)
        job.check(name, resumed(err) == 2, err)
        with open('r.json') as f:
            steps = json.load(f)['steps']
        job.check(name, len({s['task'] for s in steps}) == 2, steps)
    for n in (3, 5):
        shutil.rmtree('run', ignore_errors=True)
        code, _, err, _ = job.launch(
            n, job.prove('x.proof', '--run-dir', 'run'))
        job.check('on %d' % n, code == 0 and job.bytes('x.proof') == job.want)
        _, err = job.alone(job.prove('x.proof', '--run-dir', 'run',
                                     '--resume'))
        job.check('on %d' % n, resumed(err) == CHILDREN and
                  job.bytes('x.proof') == job.want, err)


def half_written(job):
    """What a killed rank left half written goes; what is not ours stays."""
    shutil.rmtree('run', ignore_errors=True)
    shutil.copytree('full', 'run')
    path = entries('run', 'segment')[0]
    os.rename(path, path + '.tmp-abc123')
    put('run/mine.tmp-abc123', b'x')
    _, err = job.alone(job.prove('x.proof', '--run-dir', 'run', '--resume'))
    job.check('half written', resumed(err) == CHILDREN - 1, err)
    job.check('half written', [f for f in os.listdir('run') if '.tmp-' in f] ==
              ['mine.tmp-abc123'], os.listdir('run'))


def any_moment(job, rng):
    """kill -9 of a rank whenever it may be: exit 7 with its name, or it was
    done already; never another proof."""
    killed = 0
    for _ in range(8):
        shutil.rmtree('run', ignore_errors=True)
        victim = rng.randrange(2)
        child = subprocess.Popen(
            [job.zkgkr, 'launch', '-n', '2', '--'] +
            job.prove('x.proof', '--run-dir', 'run'),
            env=job.env(**AT_ONCE),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        pid = None
        while pid is None and child.poll() is None and \
                time.monotonic() < deadline:
            try:
                with open('run/rank-%d.now' % victim) as f:
                    pid = re.search(r'pid (\d+)', f.read())
            except OSError:
                pid = None
        time.sleep(rng.random() * 0.08)
        start = time.monotonic()
        try:
            os.kill(int(pid.group(1)), signal.SIGKILL)
        except (AttributeError, ProcessLookupError):
            pass
        err = child.communicate(timeout=30)[1].decode()
        job.check('any moment', child.returncode in (0, 7), child.returncode,
                  err)
        job.check('any moment', time.monotonic() - start < 10)
        if child.returncode == 7:
            killed += 1
            job.check('any moment', 'killed by signal 9' in err, err)
        _, err = job.alone(job.prove('x.proof', '--run-dir', 'run', '--resume'))
        job.check('any moment', job.bytes('x.proof') == job.want, err)
    print('%d of 8 were killed in time' % killed)


def refused(job, name, want, pattern, args, **more):
    code, _, err, took = job.run([job.zkgkr] + args, **more)
    ours = [x for x in err.splitlines() if x.startswith('zkgkr')]
    job.check(name, code == want, code, err)
    job.check(name, len(ours) == 1 and re.search(pattern, ours[0]), err)
    job.check(name, took < 10)


def messages(job):
    small = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
    put('file', b'')
    refused(job, 'run-dir is a file', 3, '^zkgkr prove: file: cannot make',
            job.prove('x.proof', '--run-dir', 'file'))
    refused(job, 'no such folder', 3, 'no/run: cannot make this folder',
            job.prove('x.proof', '--run-dir', 'no/run'))
    refused(job, 'unwritable', 3, '/proc/zkgkr: cannot make this folder',
            job.prove('x.proof', '--run-dir', '/proc/zkgkr'))
    refused(job, 'resume what', 2, '--resume goes with the --run-dir',
            job.prove('x.proof', '--resume'))
    refused(job, 'watchdog', 2, '--watchdog: `soon` is not a number',
            job.prove('x.proof', '--watchdog', 'soon'))
    refused(job, 'launch what', 2, 'after --', ['launch'])
    refused(job, 'launch verify', 2, 'only prove', ['launch', '--', 'verify'])
    refused(job, 'launch more', 2, 'FORCE_OVERSUBSCRIBE=1',
            ['launch', '-n', '4000', '--'] + job.prove('x.proof'),
            ZKML_FORCE_OVERSUBSCRIBE='0')
    refused(job, 'launch in a launch', 2, 'use `zkgkr prove`',
            ['launch', '--'] + job.prove('x.proof'), PMI_SIZE='2')
    refused(job, 'no mpirun', 7, 'nowhere/mpirun does not start',
            ['launch', '--mpirun', 'nowhere/mpirun', '-n', '2', '--'] +
            job.prove('x.proof'))
    refused(job, 'mpirun that fails', 7, 'false failed with exit code 1',
            ['launch', '--mpirun', 'false', '-n', '2', '--'] +
            job.prove('x.proof'))
    refused(job, 'a rank refuses', 3, 'nowhere.json',
            ['launch', '-n', '2', '--'] +
            job.prove('x.proof', image='nowhere.json'))
    put('x.proof', b'old')
    refused(job, 'no room for the proof', 6, 'x.proof: cannot write: ',
            job.prove('x.proof'), preexec_fn=small)
    job.check('old file', job.bytes('x.proof') == b'old')
    shutil.rmtree('run', ignore_errors=True)
    refused(job, 'no room for an entry', 6, 'run/segment-.*cannot write: ',
            job.prove('x.proof', '--run-dir', 'run'), preexec_fn=small)
    job.check('nothing is left', not [f for f in os.listdir('.')
                                      if '.tmp-' in f])
    _, err = job.alone(job.prove('x.proof', '--run-dir', 'run', '--resume'))
    job.check('room again', job.bytes('x.proof') == job.want, err)


def who_is_believed(job):
    """A rank that says why it ends, and one that mpirun kills before it can."""
    put('mpirun', b"""#!/bin/sh
printf 'running %-247s\\n' 'rank 1 of 2: commitments' >$ZKGKR_NOW_DIR/rank-1.now
echo 'zkgkr prove: the disk is full' >&2
exit $END
""")
    os.chmod('mpirun', 0o755)
    for end, want, last in (
            ('6', 6, 'prove: the disk is full$'),
            ('7', 7, r'without a word \(exit code 7\): rank 1 of 2: commit'),
            ('1', 7, r'without a word \(exit code 1\): rank 1 of 2: commit'),
            ('137', 7, r'killed by signal 9 .*: rank 1 of 2: commit')):
        code, _, err, _ = job.run(
            [job.zkgkr, 'launch', '--mpirun', './mpirun', '-n', '2', '--'] +
            job.prove('x.proof'), END=end)
        job.check('believed, ' + end, code == want, code, err)
        job.check('believed, ' + end, re.search(last, err.splitlines()[-1]),
                  err)


def auto(job):
    """As many ranks as the schedule names; else the cap, or the cores."""
    two = ['--schedule', os.path.join(job.schedules, 'digits-2-ranks')]
    for name, args, cap, says in (
            ('schedule', two, None, "2 ranks: the schedule's"),
            ('cap', [], '3', '3 ranks: ZKML_NUM_CPUS'),
            ('one', [], '1', '1 rank: ZKML_NUM_CPUS')):
        code, out, err, _ = job.run(
            [job.zkgkr, 'launch', '--'] + job.prove('x.proof', *args),
            ZKML_NUM_CPUS=cap)
        job.check('auto ' + name, code == 0 and says in err, code, err)
        job.check('auto ' + name, re.search(
            r'proved in .* by %s rank' % says[0], out), out)
        job.check('auto ' + name, job.bytes('x.proof') == job.want)


def main():
    seed = int(os.environ.get('SEED', '1'))
    print('SEED=%d' % seed)
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        job = Job(*sys.argv[1:3])
        job.alone(job.prove('full.proof', '--run-dir', 'full'))
        job.check('same bytes', job.bytes('full.proof') == job.want)
        job.check('nothing now', not [f for f in os.listdir('full')
                                      if f.endswith('.now')])
        format_is_documented(job)
        all_damages(job, seed)
        another_statement(job)
        without_resume(job)
        other_plans(job)
        half_written(job)
        any_moment(job, random.Random(seed))
        messages(job)
        who_is_believed(job)
        auto(job)
        os.chdir('/')
    job.end()


main()
