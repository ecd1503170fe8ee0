# SPDX-License-Identifier: Apache-2.0
"""The digit as a job that tests start, stop and take up again."""
import os
import subprocess
import sys
import time


# After a rank that was killed Open MPI gives the others a second to end by
# themselves, and one more after SIGTERM.  Without that they are cut off at once.
AT_ONCE = {'OMPI_MCA_odls_base_sigkill_timeout': '0'}


class Job:
    """The digit's files in the current folder; ranks by `zkgkr launch`."""

    def __init__(self, build, source):
        self.zkgkr = os.path.join(build, 'zkgkr')
        self.srs = os.path.join(source, 'examples', 'srs', 'pot12.srs')
        self.schedules = os.path.join(source, 'schedules')
        self.example = os.path.join(source, 'examples', '01-digits')
        self.tools = os.path.join(build, 'examples', '01-digits')
        self.failed = 0
        self.checks = 0
        self.tool('make-graph', '--weights', self.data('weights'), '-o',
                  'digits.zkg')
        self.image(3, 'image.json')
        self.alone(['setup', '--graph', 'digits.zkg', '--srs', self.srs, '-o',
                    'digits.vk'])
        self.alone(self.prove('want.proof'))
        self.want = self.bytes('want.proof')

    def data(self, name):
        return os.path.join(self.example, name + '.safetensors')

    def tool(self, name, *args):
        subprocess.run([os.path.join(self.tools, name)] + list(args),
                       check=True, stdout=subprocess.DEVNULL)

    def image(self, index, path):
        self.tool('make-image', '--digits', self.data('digits'), '--index',
                  str(index), '-o', path)

    @staticmethod
    def bytes(path):
        with open(path, 'rb') as f:
            return f.read()

    def prove(self, out, *more, image='image.json'):
        return ['prove', '--graph', 'digits.zkg', '--key', 'digits.vk',
                '--srs', self.srs, '--input', image, '-o', out] + list(more)

    @staticmethod
    def env(**more):
        out = {k: v for k, v in os.environ.items()
               if not k.startswith(('ZKML_', 'ZKGKR_'))}
        out.update(OMPI_ALLOW_RUN_AS_ROOT='1',
                   OMPI_ALLOW_RUN_AS_ROOT_CONFIRM='1',
                   ZKML_FORCE_OVERSUBSCRIBE='1',
                   # MPI keeps memory to its end.
                   ASAN_OPTIONS='detect_leaks=0')
        out.update(more)
        return {k: v for k, v in out.items() if v is not None}

    def run(self, command, timeout=60, preexec_fn=None, **more):
        """(exit code, stdout, stderr, seconds)"""
        start = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout,
                              env=self.env(**more), preexec_fn=preexec_fn)
        return (done.returncode, done.stdout.decode(), done.stderr.decode(),
                time.monotonic() - start)

    def alone(self, args, **more):
        more.setdefault('ASAN_OPTIONS', os.environ.get('ASAN_OPTIONS'))
        code, out, err, _ = self.run([self.zkgkr] + args, **more)
        if code != 0:
            sys.exit('%s: %d %s' % (args, code, err))
        return out, err

    def launch(self, n, args, hosts=None, **more):
        hosts = [] if hosts is None else ['--hostfile', hosts]
        return self.run([self.zkgkr, 'launch', '-n', str(n)] + hosts + ['--'] +
                        args, **more)

    def check(self, name, good, *what):
        self.checks += 1
        if not good:
            self.failed += 1
            print('FAILED', name, *what, flush=True)

    def end(self):
        print('%d checks, %d failed' % (self.checks, self.failed))
        sys.exit(1 if self.failed or not self.checks else 0)
