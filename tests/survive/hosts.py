# SPDX-License-Identifier: Apache-2.0
"""Several hosts: ranks in namespaces of their own name, processes and shared
memory, as on machines that share a folder and nothing else.  The same proof;
the witness once a host; what happens on another host is seen and survived.

    hosts.py BUILD SOURCE

Skipped (77) where namespaces are not permitted.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from job import Job

# Takes the place of ssh: HOST COMMAND..
AGENT = '''#!/bin/bash
host=$1
shift
exec unshare {flags} bash -c 'hostname "$0" && mount -t tmpfs none /dev/shm &&
    exec bash -c "$*"' "$host" "$@"
'''
FLAGS = '--uts --mount --ipc --pid --fork --mount-proc'


def make_agent():
    """The flags that this machine permits, or None."""
    for flags in (FLAGS, '--user --map-root-user ' + FLAGS):
        with open('agent', 'w') as f:
            f.write(AGENT.format(flags=flags))
        os.chmod('agent', 0o755)
        done = subprocess.run(
            ['./agent', 'alpha', 'test $(hostname) = alpha -a -z "$(ls '
             '/dev/shm)"'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode == 0:
            return flags
    print('skipped: no namespaces here:', done.stdout.decode().strip())
    return None


def on_hosts(job, n, args, slots=2, **more):
    with open('hostfile', 'w') as f:
        f.write('alpha slots=%d\nbeta slots=%d\n' % (slots, slots))
    return job.launch(n, args, hosts='hostfile',
                      OMPI_MCA_plm='rsh',
                      OMPI_MCA_plm_rsh_agent=os.path.abspath('agent'), **more)


def same_bytes(job):
    """Each on its own host, and two on each; a task shared by all of them."""
    for n, slots, args in (
            (4, 2, []),
            (2, 1, ['--schedule', os.path.join(job.schedules,
                                               'digits-2-ranks-shared')])):
        name = '%d ranks on two hosts' % n
        code, _, err, _ = on_hosts(
            job, n, job.prove('x.proof', '--report', 'r.json', *args), slots)
        job.check(name, code == 0 and job.bytes('x.proof') == job.want, err)
        with open('r.json') as f:
            report = json.load(f)
        job.check(name, [r['host'] for r in report['ranks']] ==
                  ['alpha'] * slots + ['beta'] * slots, report['ranks'])
    code, _, err, _ = on_hosts(job, 4, job.prove('x.proof'),
                               ZKML_FORCE_OVERSUBSCRIBE='0')
    job.check('cores', code == 0 and re.search(r'cores on 2 hosts', err), err)


def witnesses(mark):
    """(inode, rights) of the witness in each rank of a job, seen from outside
    of all hosts; mark stands in its ranks' command line."""
    found = []
    for pid in os.listdir('/proc'):
        try:
            with open('/proc/%s/cmdline' % pid, 'rb') as f:
                words = f.read().split(b'\0')
            if mark not in words or b'launch' in words or \
                    not words[0].endswith(b'zkgkr'):
                continue
            with open('/proc/%s/maps' % pid) as f:
                found += [(x.split()[4], x.split()[1]) for x in f
                          if 'memfd:zkgkr-witness' in x]
        except (OSError, IndexError):
            continue
    return found


def one_witness_a_host(job):
    path = os.path.abspath('w.proof')
    env = job.env(ZKGKR_FAULT='3:task:hang', OMPI_MCA_plm='rsh',
                  OMPI_MCA_plm_rsh_agent=os.path.abspath('agent'))
    child = subprocess.Popen(
        [job.zkgkr, 'launch', '-n', '4', '--hostfile', 'hostfile', '--'] +
        job.prove(path), env=env, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    maps = []
    deadline = time.monotonic() + 30
    while len(maps) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
        maps = witnesses(path.encode())
    job.check('witness', sorted(rights for _, rights in maps) ==
              ['r--s', 'r--s', 'rw-s', 'rw-s'], maps)
    job.check('witness', len({inode for inode, _ in maps}) == 2, maps)
    child.send_signal(signal.SIGTERM)
    job.check('witness', child.wait(timeout=30) == 8)


def far_away(job):
    """A rank of another host is long, or is killed."""
    code, _, err, _ = on_hosts(job, 4, job.prove('x.proof'),
                               ZKGKR_FAULT='3:task:slow')
    # Which child rank 3 has is the plan's; both runs have the same one.
    slow = re.search(
        r'3 of 4 tasks, .*, slowest (\w+) .* so far \(rank 3\)', err)
    job.check('slow', code == 0 and slow, err)
    task = slow[1] if slow else 'none'
    shutil.rmtree('run', ignore_errors=True)
    code, _, err, took = on_hosts(
        job, 4, job.prove('y.proof', '--run-dir', 'run'),
        ZKGKR_FAULT='3:task:kill')
    # Others that had no time to see mpirun's TERM before its KILL may be named
    # beside it.
    job.check('kill', code == 7 and took < 10 and re.search(
        r'killed by signal 9 \(Killed\): .*rank 3 of 4 on beta \(pid \d+\): '
        r'task ' + task + r'\b', err), took, err)
    args = job.prove('y.proof', '--run-dir', 'run', '--resume')
    code, _, err, _ = on_hosts(job, 4, args)
    job.check('kill', code == 0 and job.bytes('y.proof') == job.want, err)


def main():
    build, source = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        if make_agent() is None:
            os.chdir('/')
            sys.exit(77)
        job = Job(build, source)
        same_bytes(job)
        if 'no such stage' in job.run([job.zkgkr] + job.prove('x.proof'),
                                      ZKGKR_FAULT='0:nowhere:kill')[2]:
            one_witness_a_host(job)
            far_away(job)
        os.chdir('/')
    job.end()


main()
