# SPDX-License-Identifier: Apache-2.0
"""Every stage, every way to fail: the job ends in time with the documented
code and a message that names rank and stage, an existing proof stays as it
was, and --resume gives the identical proof on as many ranks and on one.

    kill_matrix.py BUILD SOURCE

BUILD has test hooks.  Two ranks share the first layer, so that the one that
does not fail waits in a collective.  Most of a case is waiting for processes to
start and to end: those that measure no times run a few at once, each in a
folder of its own.
"""
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from job import Job

STAGES = ['commit', 'task', 'gather', 'opening', 'writing']
ACTIONS = ['kill', 'segv', 'exit', 'hang', 'enospc', 'nomem', 'term']
CODES = {'kill': 7, 'segv': 7, 'exit': 7, 'hang': 7, 'enospc': 6, 'nomem': 6,
         'term': 8}
TEXTS = {'kill': r'zkgkr launch: killed by signal 9 .*{where}',
         'segv': r'zkgkr launch: killed by signal 11 .*{where}',
         'exit': r'zkgkr launch: ended without a word \(exit code 1\).*{where}',
         'hang': r'error: no progress for 2 s .*{where}',
         'enospc': r'cannot write: File too large',
         'nomem': r'memory',
         'term': r'stopped by SIGTERM before {stage}'}
BARE = (('kill', 128 + 9), ('exit', 1), ('nomem', 6), ('term', 8), ('hang', 7))
TORN = (('0:writing:tear', '.'), ('1:task:tear', 'run'),
        ('0:commit:tear', 'run'))
SIGNALS = (('launch', signal.SIGTERM), ('launch', signal.SIGINT),
           ('launch', signal.SIGKILL), ('a rank', signal.SIGKILL))
# The fault, how many ranks, the code
WITNESS = (('1:witness:apart', 3, 0), ('0:witness:apart', 2, 0),
           ('0:witness:nomem', 2, 6), ('1:witness:nomem', 2, 6),
           ('1:witness:kill', 2, 7), ('0:reading:exit', 2, 7))
LIMIT_S = 10
LANES = 3


def one_case(job, stage, action, rank, args):
    name = '%d:%s:%s' % (rank, stage, action)
    with open('x.proof', 'w') as f:
        f.write('old')
    shutil.rmtree('run', ignore_errors=True)
    code, out, err, took = job.launch(
        2, job.prove('x.proof', '--run-dir', 'run', '--watchdog', '2', *args),
        ZKGKR_FAULT=name)
    where = 'rank %d of 2 on .*: %s' % (rank, stage)
    job.check(name, code == CODES[action], 'code', code, err)
    job.check(name, re.search(TEXTS[action].format(where=where, stage=stage),
                              err), 'message', err)
    job.check(name, took < LIMIT_S, '%.1f s' % took)
    job.check(name, 'MPI_ABORT' not in err and 'mpirun' not in err, err)
    # Rank 0 writes while rank 1 fails: whole, or not at all.
    left = [b'old'] + ([job.want] if (rank, stage) == (1, 'writing') else [])
    job.check(name, job.bytes('x.proof') in left, 'x.proof was touched')
    job.check(name, not [f for f in os.listdir('.') if '.tmp-' in f])
    shutil.copytree('run', 'copy')
    code, out, err, _ = job.launch(
        2, job.prove('x.proof', '--run-dir', 'run', '--resume', *args))
    job.check(name, code == 0, 'resume on 2', code, err)
    job.check(name, job.bytes('x.proof') == job.want, 'other bytes on 2')
    if stage in ('opening', 'writing'):
        job.check(name, '4 of 4 tasks and tables come from the journal' in err,
                  'not all was kept', err)
    os.remove('x.proof')
    out, err = job.alone(job.prove('x.proof', '--run-dir', 'copy', '--resume'))
    job.check(name, job.bytes('x.proof') == job.want, 'other bytes on 1')
    shutil.rmtree('copy')
    return took


def matrix():
    """(rank, stage, action) of every case."""
    for s, stage in enumerate(STAGES):
        for a, action in enumerate(ACTIONS):
            rank = (s + a) % 2
            # What fails must still be wanted: rank 0 writes to the end.
            if action in ('enospc', 'nomem') and stage not in ('commit', 'task'):
                rank = 0
            yield rank, stage, action


def enter_lane(tmp, build, source):
    """A process of the pool: its folder, its job."""
    global lane
    folder = os.path.join(tmp, 'lane-%d' % os.getpid())
    os.mkdir(folder)
    os.chdir(folder)
    lane = Job(build, source)


def run_in_lane(case):
    """Checks, failed ones, seconds until a failing job ended."""
    lane.checks = lane.failed = 0
    took = 0
    if case[0] == 'bare':
        bare_mpirun(lane, case[1], case[2])
    elif case[0] == 'torn':
        torn(lane, *case[1:])
    elif case[0] == 'signalled':
        signalled(lane, 2, *case[1:])
    elif case[0] == 'witness':
        witness(lane, *case[1:])
    else:
        rank, stage, action = case
        took = one_case(lane, stage, action, rank, [
            '--schedule',
            os.path.join(lane.schedules, 'digits-2-ranks-shared')])
    return lane.checks, lane.failed, took


def run_lanes(job, tmp, mpirun):
    cases = [('signalled', who, number) for who, number in SIGNALS]
    cases += [('witness',) + fault for fault in WITNESS]
    cases += list(matrix())
    cases += [('bare', mpirun, want) for want in BARE]
    cases += [('torn', fault, where) for fault, where in TORN]
    slowest = 0
    with multiprocessing.get_context('fork').Pool(
            LANES, enter_lane, (tmp,) + tuple(sys.argv[1:3])) as pool:
        for checks, failed, took in pool.imap_unordered(run_in_lane, cases):
            job.checks += checks
            job.failed += failed
            slowest = max(slowest, took)
    print('%d cases; slowest end %.1f s' % (len(cases), slowest))


def bare_mpirun(job, mpirun, case):
    """What mpirun itself gives: the first failing rank's code, 128 + signal,
    and its banner."""
    action, want = case
    shutil.rmtree('run', ignore_errors=True)
    code, _, err, took = job.run(
        mpirun + ['-n', '2', job.zkgkr] +
        job.prove('y.proof', '--run-dir', 'run', '--watchdog', '2'),
        ZKGKR_FAULT='1:task:' + action)
    job.check('bare ' + action, code == want, code, err)
    # Its banner, or, where that is lost on the way, a line of its own.
    job.check('bare ' + action, took < LIMIT_S and
              ('-----' in err or 'ORTE_ERROR_LOG' in err), err)
    code, _, err, _ = job.run(
        mpirun + ['-n', '2', job.zkgkr] +
        job.prove('y.proof', '--run-dir', 'run', '--resume'))
    job.check('bare ' + action, code == 0 and
              job.bytes('y.proof') == job.want, err)
    lost = re.search(r'the last run here was cut off: rank 1 of 2 .*: task',
                     err)
    job.check('bare ' + action,
              bool(lost) == (action in ('kill', 'exit', 'hang')), err)


def ranks_of(folder):
    """Process ids that the now files name."""
    found = []
    for name in os.listdir(folder):
        if name.endswith('.now'):
            with open(os.path.join(folder, name)) as f:
                found += [int(p) for p in re.findall(r'pid (\d+)', f.read())]
    return found


def is_alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def shared_maps(pid):
    """(inode, rights) of the witness as a rank maps it."""
    with open('/proc/%d/maps' % pid) as f:
        return [(x.split()[4], x.split()[1]) for x in f if 'memfd:zkgkr-witness' in x]


def signalled(job, n, who, number):
    """A signal to launch, or to a rank, while another rank works for ever."""
    name = '%s gets %d on %d' % (who, number, n)
    shutil.rmtree('run', ignore_errors=True)
    child = subprocess.Popen(
        [job.zkgkr, 'launch', '-n', str(n), '--'] +
        job.prove('z.proof', '--run-dir', 'run'), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=job.env(ZKGKR_FAULT='%d:task:hang' % (n - 1)))
    deadline = time.monotonic() + 30
    ranks = []
    while time.monotonic() < deadline and (
            len(ranks) < n or not any(
                'task' in open('run/' + f).read()
                for f in os.listdir('run') if f == 'rank-%d.now' % (n - 1))):
        time.sleep(0.05)
        ranks = ranks_of('run') if os.path.isdir('run') else []
    maps = [m for r in ranks for m in shared_maps(r)]
    job.check(name, len({inode for inode, _ in maps}) == 1 and
              sorted(rights for _, rights in maps) == ['r--s'] * (n - 1) +
              ['rw-s'], 'the witness is not shared', maps)
    start = time.monotonic()
    os.kill(child.pid if who == 'launch' else ranks[0], number)
    _, err = child.communicate(timeout=30)
    err = err.decode()
    took = time.monotonic() - start
    job.check(name, took < LIMIT_S, took)
    for _ in range(100):
        if not any(is_alive(r) for r in ranks):
            break
        time.sleep(0.1)
    job.check(name, len(ranks) == n and not any(is_alive(r) for r in ranks),
              'a rank is left', ranks)
    if number == signal.SIGKILL and who == 'launch':
        job.check(name, child.returncode == -9)
    elif number == signal.SIGKILL:
        job.check(name, child.returncode == 7 and
                  'killed by signal 9' in err, child.returncode, err)
    else:
        job.check(name, child.returncode == 8 and
                  re.search('zkgkr launch: stopped by SIG.*--resume.* run$',
                            err.strip()), child.returncode, err)
    code, _, err, _ = job.launch(
        n, job.prove('z.proof', '--run-dir', 'run', '--resume'))
    job.check(name, code == 0 and job.bytes('z.proof') == job.want, err)


def witness(job, fault, n, want):
    """One rank that cannot map the others' memory computes for itself; one
    that fails says so for all."""
    code, _, err, took = job.launch(n, job.prove('w.proof'), ZKGKR_FAULT=fault)
    if want == 0:
        job.check(fault, code == 0 and job.bytes('w.proof') == job.want, err)
        return
    ours = [x for x in err.splitlines()
            if x.startswith('zkgkr ') or 'error: ' in x]
    job.check(fault, code == want and len(ours) == 1 and took < LIMIT_S, code,
              err)


def shrunk(job):
    """A graph's tensors are mapped: a file that gets shorter meanwhile is one
    message and a code, not a crash."""
    for n, stage in ((1, 'witness'), (1, 'task'), (2, 'task')):
        name = 'shrunk at %s of %d' % (stage, n)
        shutil.rmtree('copy.zkg', ignore_errors=True)
        shutil.copytree('digits.zkg', 'copy.zkg')
        args = [x.replace('digits.zkg', 'copy.zkg')
                for x in job.prove('w.proof')]
        child = subprocess.Popen(
            [job.zkgkr] + (['launch', '-n', str(n), '--'] if n > 1 else []) +
            args, env=job.env(ZKGKR_FAULT='0:%s:slow' % stage),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(1 if n == 1 else 1.5)
        os.truncate('copy.zkg/tensors.safetensors', 0)
        _, err = child.communicate(timeout=30)
        err = err.decode()
        job.check(name, child.returncode == 3 and len(re.findall(
            'error: copy.zkg/tensors.safetensors: it was shortened', err)) >= 1,
                  child.returncode, err)


def torn(job, fault, where):
    """Killed in the middle of a file: what is half written is taken for
    nothing, and the next run removes it."""
    shutil.rmtree('run', ignore_errors=True)
    with open('x.proof', 'w') as f:
        f.write('old')
    args = job.prove('x.proof', '--run-dir', 'run')
    code, _, err, _ = job.launch(2, args, ZKGKR_FAULT=fault)
    left = [f for f in os.listdir(where) if '.tmp-' in f]
    job.check(fault, code == 7 and len(left) == 1, code, left, err)
    job.check(fault, job.bytes('x.proof') == b'old')
    code, _, err, _ = job.launch(2, args + ['--resume'])
    job.check(fault, code == 0 and job.bytes('x.proof') == job.want, err)
    left = [f for d in ('.', 'run') for f in os.listdir(d) if '.tmp-' in f]
    job.check(fault, not left, left)


def heartbeat(job):
    """Lines come while one step of any rank is long, and name it."""
    args = ['--schedule', os.path.join(job.schedules, 'digits-2-ranks')]
    for fault, n, how, says in (
            ('1:task:slow', 2, 'plain', r'2 of 4 tasks, .* left, slowest '
             r'Output \d\.\d s so far \(rank 1\)'),
            ('0:task:slow', 2, 'plain', r'\d of 4 tasks, .* left, slowest '
             r'Hidden \d\.\d s so far \(rank 0\)'),
            ('0:commit:slow', 1, 'bar', 'commitments, 0 of 4 tasks'),
            ('0:opening:slow', 1, 'none', None)):
        name = '%s, %s' % (fault, how)
        code, _, err, _ = job.launch(
            n, job.prove('w.proof', '--progress', how, *args[:2 * (n - 1)]),
            ZKGKR_FAULT=fault)
        job.check(name, code == 0 and job.bytes('w.proof') == job.want, err)
        lines = [x for x in re.split('[\r\n]', err) if ' %' in x]
        if how == 'none':
            job.check(name, not lines, lines)
            continue
        job.check(name, len(lines) >= 2 and re.search(says, lines[0]), err)
        job.check(name, all(re.search(r'\b\d+ %', x) for x in lines), lines)
        if how == 'bar':
            job.check(name, '100 %' in lines[-1], lines)


def main():
    build, source = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        job = Job(build, source)
        shrunk(job)
        heartbeat(job)
        run_lanes(job, tmp, sys.argv[3:])
        os.chdir('/')
    job.end()


main()
