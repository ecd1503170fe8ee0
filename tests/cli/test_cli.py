# SPDX-License-Identifier: Apache-2.0
"""The program from outside: every kind of bad input gets one clear line and
its exit code; the honest path works.

    test_cli.py BUILD SOURCE
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import ptau  # noqa: E402

BUILD, SOURCE = sys.argv[1:3]
ZKGKR = os.path.join(BUILD, 'zkgkr')
EXAMPLE = os.path.join(SOURCE, 'examples', '01-digits')
MAKE = os.path.join(BUILD, 'examples', '01-digits')
POT12 = os.path.join(SOURCE, 'examples', 'srs', 'pot12.srs')
FAILED = []
SVG = '{http://www.w3.org/2000/svg}'
CASES = 0


def env(**more):
    out = {k: v for k, v in os.environ.items()
           if not re.match('(OMPI|PMI|PMIX|ZKML|SLURM)_', k)}
    out.update(more)
    return out


def run(args, cwd=None, **more):
    done = subprocess.run([ZKGKR] + args, stdout=subprocess.PIPE, cwd=cwd,
                          stderr=subprocess.PIPE, env=env(**more), timeout=120)
    return (done.returncode, done.stdout.decode(),
            [line for line in done.stderr.decode().splitlines()
             if not line.startswith('[zkgkr ')])


def case(name, code, pattern, args, lines=1, **more):
    """pattern must match the last line on stderr; lines: how many there are,
    None for any number."""
    global CASES
    CASES += 1
    got, out, err = run(args, **more)
    last = err[-1] if err else ''
    good = got == code
    if code == 0:
        good = good and re.search(pattern, out) and not err
    else:
        good = good and re.search(pattern, last)
        good = good and (lines is None or len(err) == lines)
        good = good and 'Sanitizer' not in ''.join(err)
    if not good:
        FAILED.append(name)
        print('FAILED %s: exit %d, not %d\n  %s\n  stdout: %s\n  stderr: %s' %
              (name, got, code, ' '.join(args), out[-300:], '\n  '.join(err)))


def write(path, data):
    with open(path, 'wb' if isinstance(data, bytes) else 'w') as f:
        f.write(data)
    return path


def safetensors(path, tensors, **metadata):
    """Each tensor a (dtype, shape, bytes)."""
    head, data = {'__metadata__': metadata} if metadata else {}, b''
    for name, (dtype, shape, value) in tensors.items():
        head[name] = {'dtype': dtype, 'shape': shape,
                      'data_offsets': [len(data), len(data) + len(value)]}
        data += value
    head = json.dumps(head).encode()
    head += b' ' * (-len(head) % 8)
    return write(path, struct.pack('<Q', len(head)) + head + data)


def flipped(path, at, out):
    data = bytearray(open(path, 'rb').read())
    data[at] ^= 1
    return write(out, bytes(data))


def make_digit():
    """digits.zkg, digits.vk, image.json, other.json, digits.proof in cwd."""
    for args in (
            [os.path.join(MAKE, 'make-graph'), '--weights',
             os.path.join(EXAMPLE, 'weights.safetensors'), '-o',
             'digits.zkg'],
            [os.path.join(MAKE, 'make-image'), '--digits',
             os.path.join(EXAMPLE, 'digits.safetensors'), '--index', '0',
             '-o', 'image.json'],
            [os.path.join(MAKE, 'make-image'), '--digits',
             os.path.join(EXAMPLE, 'digits.safetensors'), '--index', '1',
             '-o', 'other.json'],
            [ZKGKR, 'setup', '--graph', 'digits.zkg', '--srs', POT12, '-o',
             'digits.vk']):
        subprocess.run(args, check=True, stdout=subprocess.DEVNULL, env=env())


PROVE = ['prove', '--graph', 'digits.zkg', '--key', 'digits.vk', '--srs',
         POT12]
VERIFY = ['verify', '--key', 'digits.vk', '--proof']


def test_honest():
    case('setup is deterministic', 0, '', [
        'setup', '--graph', 'digits.zkg', '--srs', POT12, '-o', 'again.vk'])
    assert open('again.vk', 'rb').read() == open('digits.vk', 'rb').read()
    case('witness', 0, '', ['witness', '--graph', 'digits.zkg', '--input',
                            'image.json', '-o', 'digits.witness'])
    case('prove', 0, 'proved in', PROVE + [
        '--input', 'image.json', '-o', 'digits.proof', '--report',
        'report.json'])
    report = json.load(open('report.json'))
    assert report['ranks_taking_part'] == 1
    assert report['proof_bytes'] == os.path.getsize('digits.proof')
    assert len(report['steps']) >= 3
    case('prove from a witness', 0, 'proved in', PROVE + [
        '--witness', 'digits.witness', '-o', 'w.proof'])
    assert open('w.proof', 'rb').read() == open('digits.proof', 'rb').read()
    backends = 0
    for backend in ('ref', 'cpu', 'cpu-ifma'):
        command = PROVE + ['--input', 'image.json', '-o', 'b.proof',
                           '--backend', backend]
        code, _, err = run(command)
        if code == 2 and 'has no such backend' in err and backend != 'ref':
            continue
        case('prove --backend ' + backend, 0, 'proved in', command)
        assert open('b.proof', 'rb').read() == open('digits.proof',
                                                    'rb').read(), backend
        backends += 1
    print('%d backends make the same proof' % backends)
    assert backends >= 1
    case('prove --backend nonsense', 2, 'ref is always there', PROVE + [
        '--input', 'image.json', '-o', 'b.proof', '--backend', 'nonsense'])
    # The same image, nested 8 by 8 and flat.
    flat = json.load(open('image.json'))['input_data'][0]
    write('flat.json', json.dumps({'input_data': [flat]}))
    case('prove --json', 0, '"ranks_taking_part": 1', PROVE + [
        '--input', 'flat.json', '-o', 'j.proof', '--json'])
    assert open('j.proof', 'rb').read() == open('digits.proof', 'rb').read()
    case('verify', 0, 'verified for the graph that the key states',
         VERIFY + ['digits.proof'])
    case('verify --public', 0, 'verified', VERIFY + [
        'digits.proof', '--public', 'image.json'])
    case('verify --public by name', 0,
         r'(?s)not compared: \d+ of the tensors in digits.witness, .*verified',
         VERIFY + ['digits.proof', '--public', 'digits.witness'])
    of_key = r'verified for this graph, with the weights and labels of the key'
    case('verify --graph', 0, r'for this graph, with the weights of the key\n',
         VERIFY + ['digits.proof', '--graph', 'digits.zkg'])
    out = run(VERIFY + ['digits.proof', '--json'])[1]
    verdict = json.loads(out)
    assert verdict['verified'] and verdict['check'] == 'none'
    assert verdict['not_compared'] == 0
    case('verify --graph-digest', 0, of_key, VERIFY + [
        'digits.proof', '--graph-digest', verdict['graph_digest']])
    case('verify --key-digest', 0, r'verified\n', VERIFY + [
        'digits.proof', '--key-digest', verdict['key_digest']])
    case('verify --srs-digest', 0, 'verified', VERIFY + [
        'digits.proof', '--srs-digest', verdict['srs_digest']])
    case('inspect', 0, verdict['graph_digest'], ['inspect', 'digits.zkg'])
    for name in ('digits.vk', 'digits.proof', 'digits.zkg', POT12,
                 'digits.witness'):
        case('inspect ' + name, 0, '.', ['inspect', name])
    case('selftest', 0, 'reject +ok', ['selftest'])
    case('version', 0, 'zkgkr 0', ['version'])
    case('--version', 0, 'zkgkr 0', ['--version'])
    case('--help', 0, 'not zero-knowledge', ['--help'])
    for command in ('srs', 'setup', 'witness', 'prove', 'verify', 'inspect',
                    'schedule', 'selftest', 'version'):
        case(command + ' --help', 0, 'usage', [command, '--help'])


def test_usage():
    case('no command', 2, '', [], lines=0)
    case('unknown command', 2, 'did you mean `prove`', ['prov'])
    case('unknown option', 2, 'did you mean --graph', ['prove', '--grahp'])
    case('missing option', 2, 'missing --key', [
        'prove', '--graph', 'digits.zkg', '--srs', POT12, '--input',
        'image.json', '-o', 'x'])
    case('missing value', 2, 'needs a value', ['verify', '--key'])
    case('option twice', 2, 'twice', ['verify', '--key', 'a', '--key', 'b'])
    case('input and witness', 2, 'one of', PROVE + [
        '--input', 'a', '--witness', 'b', '-o', 'x'])
    case('extra word', 2, 'unexpected', ['version', 'now'])
    case('bad digest', 2, 'digits instead of 64', VERIFY + [
        'digits.proof', '--graph-digest', 'abc'])
    case('ZKML_NUM_CPUS', 2, 'positive integer', PROVE + [
        '--input', 'image.json', '-o', 'x'], ZKML_NUM_CPUS='two')
    case('ZKML_NUM_CPUS=0', 2, 'positive integer', PROVE + [
        '--input', 'image.json', '-o', 'x'], ZKML_NUM_CPUS='0')
    case('ZKML_FORCE', 2, 'none of', PROVE + [
        '--input', 'image.json', '-o', 'x'], ZKML_FORCE_OVERSUBSCRIBE='maybe')
    case('srun', 7, 'srun --mpi=pmix', PROVE + [
        '--input', 'image.json', '-o', 'x'], SLURM_NTASKS='4')


def test_inputs():
    flat = json.load(open('image.json'))['input_data'][0]
    prove = PROVE + ['-o', 'bad.proof', '--input']

    def bad(name, code, pattern, text):
        case(name, code, pattern, prove + [write('bad.json', text)])

    def values(change):
        v = list(flat)
        change(v)
        return json.dumps({'input_data': [v]})

    case('missing file', 3, 'nowhere.json', prove + ['nowhere.json'])
    bad('empty file', 3, 'bad.json', '')
    bad('not JSON', 3, 'bad.json', 'hello')
    bad('wrong key', 3, 'input', '{"inputs": [[1]]}')
    bad('too few', 3, 'input_data', json.dumps({'input_data': [flat[:-1]]}))
    bad('too many', 3, 'input_data', json.dumps({'input_data': [flat + [0]]}))
    bad('no entry', 3, 'input_data', '{"input_data": []}')
    bad('two entries', 3, 'input_data', json.dumps(
        {'input_data': [flat, flat]}))
    rows = [flat[i:i + 8] for i in range(0, 64, 8)]
    rows[3] = rows[3][:-1]
    bad('ragged', 3, 'input_data', json.dumps({'input_data': [rows]}))
    bad('NaN', 3, 'bad.json|input_data', json.dumps({'input_data': [
        [float('nan')] + flat[1:]]}))
    bad('infinity', 3, 'bad.json|input_data', json.dumps({'input_data': [
        [float('inf')] + flat[1:]]}))
    bad('text for a number', 3, r'input_data', json.dumps(
        {'input_data': [['x'] + flat[1:]]}))
    bad('null for a number', 3, r'input_data', json.dumps(
        {'input_data': [[None] + flat[1:]]}))
    bad('out of range', 5, r'input_data\[0\]\[3\]|image', values(
        lambda v: v.__setitem__(3, 4.5)))
    bad('below range', 5, r'input_data\[0\]\[3\]|image', values(
        lambda v: v.__setitem__(3, -0.5)))
    bad('trailing bytes', 3, 'bad.json', values(lambda v: None) + '{}')
    bad('duplicate key', 3, 'bad.json', '{"input_data": [], "input_data": []}')
    assert not os.path.exists('bad.proof')
    case('missing graph', 3, 'no.zkg', [
        'prove', '--graph', 'no.zkg', '--key', 'digits.vk', '--srs', POT12,
        '--input', 'image.json', '-o', 'x'])
    case('missing key', 3, 'no.vk', [
        'prove', '--graph', 'digits.zkg', '--key', 'no.vk', '--srs', POT12,
        '--input', 'image.json', '-o', 'x'])
    case('a key that is none', 3, 'image.json', [
        'prove', '--graph', 'digits.zkg', '--key', 'image.json', '--srs',
        POT12, '--input', 'image.json', '-o', 'x'])
    case('an SRS that is none', 3, 'digits.vk', [
        'prove', '--graph', 'digits.zkg', '--key', 'digits.vk', '--srs',
        'digits.vk', '--input', 'image.json', '-o', 'x'])
    case('no such folder', 3, 'no/where', PROVE + [
        '--input', 'image.json', '-o', 'no/where/x'])
    case('witness of another kind', 3, 'image.json', PROVE + [
        '--witness', 'image.json', '-o', 'x'])
    case('missing proof', 3, 'no.proof', VERIFY + ['no.proof'])
    case('key that is none', 3, 'image.json', [
        'verify', '--key', 'image.json', '--proof', 'digits.proof'])
    case('truncated key', 3, 'cut.vk', [
        'verify', '--key', write('cut.vk', open('digits.vk', 'rb').read()[:-1]),
        '--proof', 'digits.proof'])
    case('broken graph', 3, 'broken.zkg', ['inspect', broken_graph()])


def broken_graph():
    shutil.copytree('digits.zkg', 'broken.zkg')
    text = open('broken.zkg/graph.json').read()
    # More inputs than it has tensors: who verifies reads it too.
    often = json.loads(text)
    often['witness']['inputs'] *= 500
    write('broken.zkg/graph.json', json.dumps(often))
    for args in (['inspect', 'broken.zkg'],
                 ['verify', '--key', 'digits.vk', '--proof', 'digits.proof',
                  '--graph', 'broken.zkg', '--public', 'image.json']):
        case('an input named often', 3, 'broken.zkg/graph.json:1:1: tensor '
             'image is made twice, by inputs or rules', args)
    write('broken.zkg/graph.json', text[:len(text) // 2])
    return 'broken.zkg'


def test_schedules():
    prove = PROVE + ['--input', 'image.json', '-o', 's.proof', '--schedule']

    def bad(name, pattern, text, **more):
        os.makedirs('plan', exist_ok=True)
        write('plan/schedule.txt', text)
        case(name, 2, 'refused: 1 error', prove + ['plan'], lines=2, **more)
        err = run(prove + ['plan'])[2]
        if not re.match(r'plan/schedule\.txt:\d+:\d+: error: ' + pattern,
                        err[0]):
            FAILED.append(name)
            print('FAILED', name, err)

    bad('malformed', 'expected', 'Rank 0: Task0 -> Task1\nhello\n')
    bad('unknown task', 'unknown task', 'Rank 0: Task0 -> Task1 -> Foo\n')
    bad('rank too many', '.*ZKML_NUM_CPUS.*ZKML_FORCE_OVERSUBSCRIBE',
        'Rank 0: Task0 -> Task1\nRank 1: Task1\n')
    bad('task missing', 'no rank runs', 'Rank 0: Task0\n')
    bad('twice', '.*twice', 'Rank 0: Task0 -> Task1 -> Task0\n')
    write('plan/schedule.txt', 'Rank 0: Task0 -> Task1\nx\ny\n')
    case('all errors', 2, 'refused: 2 errors', prove + ['plan'], lines=3)
    case('missing schedule', 3, 'nowhere', prove + ['nowhere'])
    write('plan/schedule.txt', 'Rank 0: Task1 -> Task0\n')
    case('a schedule for one rank', 0, 'Task1', prove + ['plan'])
    assert open('s.proof', 'rb').read() == open('digits.proof', 'rb').read()
    case('schedule check', 0, 'fine', [
        'schedule', 'check', '--graph', 'digits.zkg', '--ranks', '2',
        '--schedule', os.path.join(SOURCE, 'schedules', 'digits-2-ranks')])
    case('schedule check, bad', 2, 'refused: ', [
        'schedule', 'check', '--graph', 'digits.zkg', '--ranks', '3',
        '--schedule', os.path.join(SOURCE, 'schedules', 'digits-2-ranks')],
         lines=2)
    case('schedule plan, to stdout', 0, 'Rank 2: ', [
        'schedule', 'plan', '--graph', 'digits.zkg', '--ranks', '3'])
    case('schedule show', 0, r'rank +1 \|', [
        'schedule', 'show', '--graph', 'digits.zkg', '--ranks', '2',
        '--schedule', os.path.join(SOURCE, 'schedules', 'digits-2-ranks')])
    case('schedule typo', 2, 'did you mean `check`', ['schedule', 'chekc'])
    # ./schedule.txt is used where it is, and --no-schedule leaves it.
    here = [a if a != 'digits.zkg' and a != 'digits.vk' and a != 'image.json'
            else os.path.abspath(a) for a in PROVE + [
                '--input', 'image.json', '-o', os.path.abspath('s.proof')]]
    write('plan/schedule.txt', 'Rank 0: nonsense\n')
    case('./schedule.txt', 2, 'refused', here, lines=None, cwd='plan')
    case('--no-schedule', 0, 'proved', here + ['--no-schedule'], cwd='plan')


def test_planning():
    plan = ['schedule', 'plan', '--graph', 'digits.zkg', '--ranks']
    prove = PROVE + ['--input', 'image.json', '-o', 'p.proof']
    case('plan', 0, 'forecast: .*MiB a rank', plan + ['3', '-o', 'made'])
    assert sorted(os.listdir('made')) == [
        'schedule.txt', 'task_dependencies.txt', 'task_mapping.txt']
    case('a plan is accepted', 0, 'fine', [
        'schedule', 'check', '--graph', 'digits.zkg', '--ranks', '3',
        '--schedule', 'made'])
    case('plan for one rank', 0, 'forecast', plan + ['1', '-o', 'alone'])
    case('a plan runs', 0, 'proved', prove + ['--schedule', 'alone'])
    assert open('p.proof', 'rb').read() == open('digits.proof', 'rb').read()
    write('needs.txt', 'Task0: Task1\n')
    case('plan with needs', 0, 'forecast', plan + [
        '2', '--task-dependencies', 'needs.txt', '-o', 'made'])
    assert 'Task0: Task1' in open('made/task_dependencies.txt').read()
    write('needs.txt', 'Task0: Task1\nTask1: Task0\n')
    case('plan with a ring', 2, 'dependencies are refused', plan + [
        '2', '--task-dependencies', 'needs.txt'], lines=2)
    case('plan in no memory', 6, 'MiB are allowed', plan + [
        '2', '--memory-per-rank', '6M'])
    case('plan, bad size', 2, 'number of bytes', plan + [
        '2', '--memory-per-rank', 'much'])
    for name, options in (
            ('-o', ['show', '-o', 'there']),
            ('--svg', ['plan', '--svg', 'there']),
            ('--report', ['check', '--report', 'there']),
            ('--schedule', ['plan', '--schedule', 'there']),
            ('--default', ['check', '--schedule', 'there', '--default']),
            ('--memory-per-rank', [
                'plan', '--default', '--memory-per-rank', '4G']),
            ('--task-dependencies', [
                'plan', '--default', '--task-dependencies', 'there']),
            ('--task-mapping', ['plan', '--task-mapping', 'there'])):
        case('schedule, needless ' + name, 2, name + ' goes with', [
            'schedule'] + options + [
            '--graph', 'digits.zkg', '--ranks', '2'])
    write('costs.txt', 'leaf 1e-6 # slow\n')
    case('plan with costs', 0, 'Rank 1', plan + ['2', '--costs', 'costs.txt'])
    write('costs.txt', '\nlaef 1e-6\n')
    case('unknown constant', 3, r'costs.txt:2: .*did you mean `leaf`', plan + [
        '2', '--costs', 'costs.txt'])
    write('costs.txt', 'leaf -1\n')
    case('bad constant', 3, r'costs.txt:1: ', plan + [
        '2', '--costs', 'costs.txt'])
    case('calibrate', 0, '', ['selftest', '--calibrate', '-o', 'costs.txt'])
    constants = dict(line.split()[:2] for line in open('costs.txt')
                     if not line.startswith('#'))
    for name, value in constants.items():
        assert 0 < float(value) < (1e9 if 'bytes' in name else 1), name
    # A chunk's constant is a difference of times: noise may have any of it.
    # An addition of points is some twenty times the work of reading a value.
    assert {'addition', 'value', 'chunk'} <= set(constants), constants
    assert 0 < float(constants['value']) < float(constants['addition'])
    assert float(constants['leaf']) > float(constants['byte'])
    case('plan as calibrated', 0, 'Rank 1', plan + [
        '2', '--costs', 'costs.txt'])
    case('calibrate, usage', 2, 'goes with --calibrate', [
        'selftest', '-o', 'costs.txt'])
    before = os.path.getmtime('p.proof')
    case('dry run', 0, 'forecast: .* commitments .* opening', prove + [
        '--dry-run'])
    assert os.path.getmtime('p.proof') == before, 'a dry run proved'
    case('dry run of nothing yet', 0, 'forecast: ', PROVE + ['--dry-run'])
    case('no proof file', 2, 'missing -o', PROVE + ['--input', 'image.json'])
    case('memory limit', 6, '--memory-limit allows', prove + [
        '--memory-limit', '1M'])
    case('dry run, memory limit', 6, '--memory-limit allows', prove + [
        '--dry-run', '--memory-limit', '1M'])
    case('memory limit kept', 0, 'proved', prove + ['--memory-limit', '4GiB'])


def test_memory():
    """A circuit of which a limit keeps all layers, some, or too few: the same
    proof wherever there is one, and the log says which."""
    subprocess.run([os.path.join(BUILD, 'tests', 'cli', 'make_deep'),
                    'deep.zkg', 'deep.json'], check=True, env=env())
    case('deep key', 0, 'key digest', ['setup', '--graph', 'deep.zkg', '--srs',
                                       POT12, '-o', 'deep.vk'])
    prove = [ZKGKR, 'prove', '--graph', 'deep.zkg', '--key', 'deep.vk',
             '--srs', POT12, '--input', 'deep.json', '-o', 'deep.proof']
    done = subprocess.run(prove + ['--dry-run'], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=env(), check=True)
    most = float(re.search(r'at most ([0-9.]+) MiB a rank',
                           done.stdout.decode()).group(1))
    proofs = set()
    for part, again, code in ((1.5, False, 0), (0.95, True, 0), (0.8, True, 0),
                              (0.3, True, 6)):
        done = subprocess.run(
            prove + ['--memory-limit', '%dK' % (1024 * part * most)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env())
        said = re.search(r'MiB do not hold all layers of 1 task, of Task0 '
                         'first: some are made again', done.stderr.decode())
        assert done.returncode == code, (part, done)
        assert (said is not None) == again, (part, done)
        if code == 0:
            proofs.add(open('deep.proof', 'rb').read())
            os.remove('deep.proof')
    assert len(proofs) == 1, 'a limit on memory changes the proof'


def test_seeing():
    prove = PROVE + ['--input', 'image.json', '-o', 'v.proof']
    case('report and trace', 0, 'proved', prove + [
        '--report', 'report.json', '--trace', 'trace.json'])
    report = json.load(open('report.json'))
    for what in 'zkgkr', 'commit', 'mpi':
        assert report['versions'][what], report
    assert sum(h['ranks'] for h in report['hosts']) == len(report['ranks'])
    assert report['proof_bytes'] == os.path.getsize('v.proof')
    for step in report['steps']:
        assert step['wall_s'] > 0 and step['planned_wall_s'] > 0, step
        assert step['peak_rss_bytes'] > 1 << 20, step
        assert step['comm_s'] == 0 and step['comm_bytes'] == 0, step
    check_trace(report)
    case('show a run', 0, 'planned: (.|\n)*measured: ', [
        'schedule', 'show', '--report', 'report.json'])
    case('show a run as SVG', 0, '', [
        'schedule', 'show', '--report', 'report.json', '--svg', 'run.svg'])
    case('show a plan as SVG', 0, '', [
        'schedule', 'show', '--graph', 'digits.zkg', '--ranks', '40', '--svg',
        'plan.svg'])
    for name, rows in (('run.svg', 2), ('plan.svg', 40)):
        root = xml.etree.ElementTree.parse(name).getroot()
        labels = [e for e in root.iter(SVG + 'text')
                  if (e.text or '').startswith('rank ')]
        assert root.tag == SVG + 'svg' and len(labels) == rows, name
        for bar in root.iter(SVG + 'rect'):
            x, w = float(bar.get('x')), float(bar.get('width'))
            assert x >= 0 and w >= 0 and x + w <= 961, (name, x, w)
    case('report', 0, '', ['report', 'report.json', '-o', 'run.html'])
    page = open('run.html').read()
    for report_part in ('<svg', 'Time by phase', 'Memory', report['schedule'],
                        *(s['task'] for s in report['steps'])):
        assert report_part in page, report_part
    assert not re.search(r'(src|href)=|@import|url\(', page), 'not one file'
    case('report of nothing', 3, 'nowhere', ['report', 'nowhere', '-o', 'x'])
    case('report of something else', 3, 'digits.zkg/graph.json:', [
        'report', 'digits.zkg/graph.json', '-o', 'x'])
    code, _, err = run(prove + ['--progress', 'bar'])
    assert code == 0 and '100 %' in ''.join(err), err
    assert '\x1b' not in ''.join(err), 'colour on no terminal'
    for how, lines in (('plain', 0), ('none', 0)):
        code, _, err = run(prove + ['--progress', how])
        assert code == 0 and len(err) == lines, err
    case('progress, bad', 2, 'none of auto, bar, plain, none', prove + [
        '--progress', 'loud'])


def check_trace(report):
    """Every event has what the trace viewer wants, and each step its one."""
    events = json.load(open('trace.json'))['traceEvents']
    steps = [e for e in events if e['ph'] == 'X' and e['cat'] != 'phase']
    assert len(steps) == len(report['steps'])
    for e in events:
        assert e['ph'] in 'XMCi' and isinstance(e['pid'], int), e
        assert isinstance(e['name'], str), e
        if e['ph'] == 'X':
            assert e['ts'] >= 0 and e['dur'] >= 0, e
            assert e['tid'] < len(report['ranks']), e
    for e, s in zip(steps, report['steps']):
        assert e['name'] == s['task'], (e, s)
        assert abs(e['dur'] - 1e6 * s['wall_s']) < 1, (e, s)
    there = [e for e in events if e['ph'] == 'i']
    assert {e['name'] for e in there} == {
        'segment of ' + s['task'] for s in report['steps']}, there
    # On one rank nothing overlaps.
    for a, b in zip(steps, steps[1:]):
        assert a['ts'] + a['dur'] <= b['ts'] + 1e-3, (a, b)


def test_verdicts():
    size = os.path.getsize('digits.proof')
    proof = open('digits.proof', 'rb').read()
    case('another image', 1, 'rejected: public', VERIFY + [
        'digits.proof', '--public', 'other.json'])
    run(['witness', '--graph', 'digits.zkg', '--input', 'other.json', '-o',
         'other.witness'])
    case('another image by name', 1, 'rejected: public', VERIFY + [
        'digits.proof', '--public', 'other.witness'])
    case('nothing public', 3, 'digits.safetensors|no tensor', VERIFY + [
        'digits.proof', '--public', os.path.join(EXAMPLE,
                                                 'digits.safetensors')])
    image = b''.join(struct.pack('<B', 1) for _ in range(64))
    for name, code, pattern, tensors in (
            ('no tensors', 3, 'holds no public tensor', {}),
            ('reals', 3, 'image holds reals', {
                'image': ('F16', [1, 32], image)}),
            ('more axes than there are', 3, 'has 13 axes', {
                'image': ('U8', [1] * 12 + [64], image)}),
            ('another shape', 1, 'rejected: public: image has another shape', {
                'image': ('U8', [32], image[:32])})):
        case('public: ' + name, code, pattern, VERIFY + [
            'digits.proof', '--public', safetensors('p.st', tensors)])
    case('a graph and a digest', 2, 'exclude each other', VERIFY + [
        'digits.proof', '--graph', 'digits.zkg', '--graph-digest', '0' * 64])
    case('no digest', 2, '`g` is no hexadecimal digit', VERIFY + [
        'digits.proof', '--graph-digest', 'g' * 64])
    whole = open('digits.vk', 'rb').read()
    for size, pattern in ((30, 'cut.vk: the key is truncated'),
                          (len(whole) - 500, 'cut.vk: .*inside its SRS part'),
                          (len(whole) - 64, 'cut.vk: .* commitments of 64')):
        case('a key of %d bytes' % size, 3, pattern, [
            'verify', '--proof', 'digits.proof', '--key',
            write('cut.vk', whole[:size])])
    case('another graph', 1, 'rejected: key', VERIFY + [
        'digits.proof', '--graph-digest', '0' * 64])
    case('a key that was not asked for', 1, 'rejected: key', VERIFY + [
        'digits.proof', '--key-digest', '0' * 64])
    case('another SRS', 1, 'rejected: key', VERIFY + [
        'digits.proof', '--srs-digest', '0' * 64])
    case('truncated', 1, 'rejected: size', VERIFY + [
        write('cut.proof', proof[:-1])])
    case('extended', 1, 'rejected: size', VERIFY + [
        write('long.proof', proof + b'\0')])
    case('empty', 1, 'rejected: malformed', VERIFY + [write('e.proof', b'')])
    case('no proof', 1, 'rejected: malformed', VERIFY + ['image.json'])
    case('another key', 1, 'rejected: key', VERIFY + [
        flipped('digits.proof', 20, 'k.proof')])
    for at in (48 + 3, 48 + 90, 1000, size // 2, size - 33):
        case('bit at %d' % at, 1, 'rejected: ', VERIFY + [
            flipped('digits.proof', at, 'bit.proof')])
    # Another image's public bytes in an honest proof.
    subprocess.run([ZKGKR] + PROVE + ['--input', 'other.json', '-o',
                                      'other.proof'], check=True, env=env(),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    other = open('other.proof', 'rb').read()
    case('swapped image', 1, 'rejected: ', VERIFY + [
        write('swap.proof', proof[:48] + other[48:48 + 64] + proof[112:])])
    case('other proof', 0, 'verified', VERIFY + ['other.proof'])


def rescaled(vk, out, name):
    """The key with its input's scale one less: bytes that no digest of a graph
    covers (docs/formats.md, Key)."""
    data = bytearray(open(vk, 'rb').read())
    at = 24 + struct.unpack_from('<Q', data, 16)[0]
    for tensor in json.load(open(name))['statement']['tensors']:
        flags = data[at]
        at += 1
        if not flags & 1:
            continue
        if flags & 2:
            data[at] -= 1
            return write(out, bytes(data))
        labels = struct.unpack_from('<I', data, at + 1)[0]
        at += 5
        for _ in range(labels):
            at += 4 + struct.unpack_from('<I', data, at)[0]
    raise AssertionError('no input')


def test_key_of_a_stranger():
    """What a graph says is asked of the graph that was chosen."""
    half = [v / 2 for v in json.load(open('image.json'))['input_data'][0]]
    write('half.json', json.dumps({'input_data': [half]}))
    evil = rescaled('digits.vk', 'evil.vk', 'digits.zkg/graph.json')
    case('proof under a key of other scales', 0, 'proved', [
        'prove', '--graph', 'digits.zkg', '--key', evil, '--srs', POT12,
        '--input', 'half.json', '-o', 'half.proof'])
    verify = ['verify', '--key', evil, '--proof', 'half.proof', '--public']
    case('scales are the graph\'s', 1, 'rejected: public', verify + [
        'image.json', '--graph', 'digits.zkg'])
    case('and these are right', 0, 'verified for this graph', verify + [
        'half.json', '--graph', 'digits.zkg'])
    case('without a graph the key has the word', 0,
         'verified for the graph that the key states', verify + ['image.json'])


def constant_graph(folder, value, inputs=('a', 'b')):
    """y = a - b + c of 4 values each: c is public, in no digest, and `value`."""
    def tensor(name, vis, low, high):
        return {'name': name, 'shape': [4], 'type': 'i8', 'visibility': vis,
                'min': low, 'max': high}
    graph = {
        'zkgkr': 'graph', 'version': 1,
        'statement': {
            'tensors': [tensor('a', 'public', 0, 3),
                        tensor('b', 'public', 0, 3),
                        tensor('c', 'public', -3, 3),
                        tensor('y', 'private', -8, 7)],
            'tables': [{'name': 'range', 'kind': 'signed_range', 'bits': 4}],
            'kernels': [{
                'name': 'k', 'axes': {'o': 4},
                'params': [{'name': n, 'axes': ['o']} for n in 'abcy'],
                'relations': [
                    {'lookup': 'range', 'columns': ['y']},
                    {'einsum': {'out': ['o'], 'terms': [
                        {'c': c, 'f': [n + '[o]']} for n, c in
                        (('a', '1'), ('b', '-1'), ('c', '1'),
                         ('y', '-1'))]}}]}],
            'tasks': [{'kernel': 'k', 'bind': {n: n for n in 'abcy'}}]},
        'witness': {'inputs': list(inputs), 'outputs': ['y'], 'rules': [
            {'rule': 'constant', 'to': 'c', 'value': value},
            {'rule': 'solve', 'task': 'Task0', 'einsum': 0, 'to': 'y'}]},
        'display': {}}

    def arrays(digest):
        safetensors(os.path.join(folder, 'tensors.safetensors'), {},
                    zkgkr='tensors', version='1', graph=digest)
    os.makedirs(folder, exist_ok=True)
    write(os.path.join(folder, 'graph.json'), json.dumps(graph))
    arrays('0' * 64)
    said = run(['inspect', folder])[2][-1]
    arrays(re.search('graph.json says ([0-9a-f]{64})', said).group(1))
    return folder


def test_of_graph():
    """Public tensors that nothing but the graph's folder determines."""
    three = constant_graph('three.zkg', 3)
    two = constant_graph('two.zkg', 2, 'ba')
    write('ab.json', '{"input_data": [[0, 1, 2, 3], [3, 3, 1, 1]]}')
    write('ba.json', '{"input_data": [[3, 3, 1, 1], [0, 1, 2, 3]]}')
    case('setup with a constant', 0, '', [
        'setup', '--graph', three, '--srs', POT12, '-o', 'c.vk'])
    for folder, values in ((three, 'ab'), (two, 'ba')):
        case('prove with the constant of ' + folder, 0, 'proved', [
            'prove', '--graph', folder, '--key', 'c.vk', '--srs', POT12,
            '--input', values + '.json', '-o', folder[:-4] + '.proof'])
    verify = ['verify', '--key', 'c.vk', '--proof']
    case('its constant', 0, 'verified for this graph', verify + [
        'three.proof', '--graph', three])
    case('another constant', 1, r'rejected: public: c\[0\] is 2', verify + [
        'two.proof', '--graph', three])
    case('the other\'s constant', 0, 'verified for this graph', verify + [
        'two.proof', '--graph', two])
    # Inputs stand in the order of the graph that was chosen.
    case('inputs in its order', 0, 'verified for this graph', verify + [
        'two.proof', '--graph', two, '--public', 'ba.json'])
    case('inputs in another', 1, 'rejected: public', verify + [
        'two.proof', '--graph', two, '--public', 'ab.json'])


def test_srs():
    tau = 12345  # small, so that the files are made fast
    good = ptau.make(3, tau)
    imp = ['srs', 'import', 'x.ptau', '-o', 'x.srs']
    off = ptau.mont(1) + ptau.mont(3)
    cases = [
        ('good ptau', 0, 'power', ptau.make(4, tau)),
        ('truncated ptau', 3, 'x.ptau', ptau.make(4, tau)[:-700]),
        ('not a ptau', 3, 'x.ptau', b'hello' * 100),
        ('tau = 1', 3, 'x.ptau', ptau.make(4, 1)),
        ('tau = -1', 3, 'x.ptau', ptau.make(4, ptau.R - 1)),
        ('point off the curve', 3, 'x.ptau', ptau.make(
            4, tau, bad_g1=(5, off))),
        ('coordinate too large', 3, 'x.ptau', ptau.make(
            4, tau, bad_g1=(5, b'\xff' * 64))),
        ('wrong power of tau', 3, 'x.ptau', ptau.make(
            4, tau, bad_g1=(5, ptau.g1_bytes(
                (ptau.F2(ptau.G1[0]), ptau.F2(ptau.G1[1])))))),
        ('G2 outside the subgroup', 3, 'x.ptau', ptau.make(
            4, tau, bad_g2=ptau.g2_bytes(ptau.off_subgroup()))),
        ('another field', 3, 'x.ptau', good.replace(
            ptau.Q.to_bytes(32, 'little'), ptau.R.to_bytes(32, 'little'))),
    ]
    for name, code, pattern, data in cases:
        write('x.ptau', data)
        case(name, code, pattern, imp)
    case('missing ptau', 3, 'no.ptau', ['srs', 'import', 'no.ptau', '-o',
                                        'x.srs'])
    case('srs new', 0, 'development', ['srs', 'new', '--power', '8', '-o',
                                       'dev.srs'])
    case('srs check', 0, '', ['srs', 'check', 'dev.srs'])
    case('srs info', 0, 'development', ['srs', 'info', 'dev.srs'])
    case('srs check, damaged', 3, 'bad.srs', [
        'srs', 'check', flipped('dev.srs', 2000, 'bad.srs')])
    case('another SRS', 3, 'dev.srs', [
        'prove', '--graph', 'digits.zkg', '--key', 'digits.vk', '--srs',
        'dev.srs', '--input', 'image.json', '-o', 'x'])
    # A development SRS is marked in key and verdict.
    case('dev setup', 0, '', ['setup', '--graph', 'digits.zkg', '--srs',
                              'dev.srs', '-o', 'dev.vk'])
    case('dev prove', 0, 'proved', [
        'prove', '--graph', 'digits.zkg', '--key', 'dev.vk', '--srs',
        'dev.srs', '--input', 'image.json', '-o', 'dev.proof'])
    case('dev verify', 0, 'DEVELOPMENT', ['verify', '--key', 'dev.vk',
                                          '--proof', 'dev.proof'])
    case('proof under another key', 1, 'rejected: key', VERIFY + ['dev.proof'])
    # The alternate opening is in the key, and no prover needs to be told.
    case('alternate setup', 0, 'hyperkzg', [
        'setup', '--graph', 'digits.zkg', '--srs', POT12, '--pcs', 'hyperkzg',
        '-o', 'alternate.vk'])
    case('alternate prove', 0, 'proved', [
        'prove', '--graph', 'digits.zkg', '--key', 'alternate.vk', '--srs',
        POT12, '--input', 'image.json', '-o', 'alternate.proof'])
    case('alternate verify', 0, 'verified', [
        'verify', '--key', 'alternate.vk', '--proof', 'alternate.proof'])
    case('alternate under the default', 1, 'rejected: key',
         VERIFY + ['alternate.proof'])
    case('no such opening', 2, 'mercury and hyperkzg', [
        'setup', '--graph', 'digits.zkg', '--srs', POT12, '--pcs', 'kzg', '-o',
        'x.vk'])


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        make_digit()
        for test in (test_honest, test_usage, test_inputs, test_schedules,
                     test_planning, test_memory, test_seeing, test_verdicts,
                     test_key_of_a_stranger, test_of_graph, test_srs):
            test()
        os.chdir('/')
    print('%d cases, %d failed' % (CASES, len(FAILED)))
    sys.exit(1 if FAILED else 0)


main()
