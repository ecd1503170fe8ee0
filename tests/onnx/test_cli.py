# SPDX-License-Identifier: Apache-2.0
"""compile, inspect, suite from outside: one clear line and its exit code for
each kind of bad model; the honest path works.

    test_cli.py BUILD SOURCE
"""
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import xml.dom.minidom

sys.dont_write_bytecode = True
from onnx_writer import Model, data, number, tensor  # noqa: E402

ZKGKR = os.path.join(sys.argv[1], 'zkgkr')
EXAMPLE = os.path.join(sys.argv[2], 'examples', '13-cnn')
POT12 = os.path.join(sys.argv[2], 'examples', 'srs', 'pot12.srs')
FAILED = []


def run(*args):
    env = {k: v for k, v in os.environ.items()
           if not re.match('(OMPI|PMI|PMIX|ZKML|SLURM)_', k)}
    done = subprocess.run([ZKGKR, *args], stdout=subprocess.PIPE, env=env,
                          stderr=subprocess.PIPE, timeout=120)
    return (done.returncode, done.stdout.decode(),
            [line for line in done.stderr.decode().splitlines()
             if not line.startswith('[zkgkr ')])


def case(name, code, pattern, *args, where='err'):
    got, out, err = run(*args)
    text = out if where == 'out' else (err[-1] if err else '')
    if got != code or not re.search(pattern, text) or (
            code != 0 and len(err) != 1):
        FAILED.append(name)
        print('FAILED %s: exit %d, not %d\n  %s\n  stdout: %s\n  stderr: %s' % (
            name, got, code, ' '.join(args), out[-400:], '\n  '.join(err)))


def write(path, text):
    with open(path, 'wb' if isinstance(text, bytes) else 'w') as f:
        f.write(text)


def npy(values, form='f'):
    """float32, or float16 with form 'e'."""
    head = b"{'descr': '<f%d', 'fortran_order': False, 'shape': (1, %d), }" % (
        struct.calcsize(form), len(values))
    head += b' ' * (117 - len(head)) + b'\n'
    return (b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head +
            struct.pack('<%d%s' % (len(values), form), *values))


def small(out='small.onnx', w=(0.5, -0.25, 1.0, 0.125, 0.75, -1.0), relu='y'):
    """y = relu(w x), 3 to 2."""
    m = Model()
    m.input('x', [1, 3])
    m.constant('w', [2, 3], list(w))
    m.node('Gemm', ['x', 'w'], ['a'], name='/fc/Gemm', transB=1)
    m.node('Relu', ['a'], [relu], name='/Relu')
    m.output(relu)
    m.save(out)


def honest():
    small()
    write('x.json', json.dumps({'input_data': [[1.0, -0.5, 0.25]]}))
    write('x.npy', npy([1.0, -0.5, 0.25]))
    write('y.npy', npy([0.875, 0.0]))
    case('compile', 0, r'fc_Gemm +Gemm\+Relu.*relu\d+', 'compile',
         'small.onnx', '--scale', '7', '--calibrate', 'x.json', '-o', 'g.zkg',
         where='out')
    case('inspect', 0, r'(?s)all nodes are supported\nat scale 7: \d+ tasks; '
         r'on one rank.*about \S+ s to prove .* MiB', 'inspect', 'small.onnx',
         where='out')
    case('inspect, a scale too large', 0, r'at scale 20 it does not compile: '
         r'.*--scale', 'inspect', 'small.onnx', '--scale', '20', where='out')
    estimate = json.loads(run('inspect', 'small.onnx', '--json')[1])['estimate']
    if not (0 < estimate['seconds'] < 10 and 0 < estimate['bytes'] < 1e9):
        FAILED.append('inspect --json: %s' % estimate)
    case('inspect of a graph', 0, r'on one rank.*about \S+ s', 'inspect',
         'g.zkg', where='out')
    case('srs', 0, r'', 'srs', 'new', '--power', '11', '-o', 's.srs',
         where='out')
    case('setup', 0, r'', 'setup', '--graph', 'g.zkg', '--srs', 's.srs', '-o',
         'k.vk', where='out')
    prove = ['prove', '--graph', 'g.zkg', '--key', 'k.vk', '--srs', 's.srs',
             '-o', 'p.proof']
    case('prove from .npy', 0, r'largest error 0,|largest error 0;|largest '
         r'error \d', *prove, '--input', 'x.npy', '--expect', 'y.npy',
         '--max-error', '0.01', where='out')
    case('verify', 0, r'', 'verify', '--key', 'k.vk', '--proof', 'p.proof',
         where='out')
    write('far.npy', npy([0.5, 0.0]))
    os.unlink('p.proof')
    case('the gate', 9, r'output y: element 0 is off by 0\.375.*--max-error',
         *prove, '--input', 'x.npy', '--expect', 'far.npy', '--max-error',
         '0.01')
    if os.path.exists('p.proof'):
        FAILED.append('the gate let a proof be written')
    case('every layer', 0, r'(?s)y against small.onnx: largest error \d.*'
         r'layers against small.onnx, the worst first:\n.*\n(x|y) ',
         *prove, '--input', 'x.npy', '--model', 'small.onnx', '--max-error',
         '0.01', '--report', 'r.json', where='out')
    if {v['tensor'] for v in json.load(open('r.json'))['layers']} != {'x', 'y'}:
        FAILED.append('layers in report.json')
    os.unlink('p.proof')
    small('other.onnx', [0.5, -0.25, 1.0, 0.125, 0.75, 2.5])
    case('the gate, by the model', 9, r'output y: element 1 is off by 0\.375.*'
         r'--max-error', *prove, '--input', 'x.npy', '--model', 'other.onnx',
         '--max-error', '0.01')
    small('renamed.onnx', relu='z')
    case('another model', 3, r'renamed\.onnx is not the model that the graph '
         r'was compiled from: it has no value y', *prove, '--input', 'x.npy',
         '--model', 'renamed.onnx')
    case('a gate on nothing', 2, r'--max-error goes with --expect FILE.*'
         r'--model', *prove, '--input', 'x.npy', '--max-error', '1')
    write('big.json', json.dumps({'input_data': [[90.0, -0.5, 0.25]]}))
    case('input out of range', 5, r'input x: element 0 is 90, outside the '
         r'range.*--calibrate', *prove, '--input', 'big.json')
    write('mid.json', json.dumps({'input_data': [[1.9, -1.9, 1.9]]}))
    case('value out of range', 5, r'fc_Gemm.*element 0 is \d+.*-?\d+\.\.\d+.*'
         r'--calibrate', *prove, '--input', 'mid.json')
    write('short.npy', npy([1.0, -0.5]))
    case('wrong shape', 3, r'input x has shape \[1,3\]', *prove, '--input',
         'short.npy')


def every_kind(out='kinds.onnx', first=-0.625):
    """Every kind of parameter: a convolution with a maximum in its task, a
    BatchNormalization alone, a Gemm, a LayerNormalization, constants of Add,
    Concat and MatMul on the left, and one in a table.  first: of the
    convolution's weights."""
    m = Model()
    m.input('x', [1, 2, 4, 4])
    m.constant('cw', [2, 2, 3, 3],
               [first] + [(i * 7 % 11 - 5) / 8 for i in range(1, 36)])
    m.constant('cb', [2], [0.5, -3.0])
    m.node('Conv', ['x', 'cw', 'cb'], ['a'], pads=[1, 1, 1, 1])
    m.node('MaxPool', ['a'], ['b'], kernel_shape=[2, 2], strides=[2, 2])
    for name, values in (('g', [1.5, -0.5]), ('h', [0.25, 9.0]),
                         ('mean', [0.1, 0.2]), ('var', [1.0, 2.0])):
        m.constant(name, [2], values)
    m.node('BatchNormalization', ['b', 'g', 'h', 'mean', 'var'], ['c'])
    m.node('Flatten', ['c'], ['d'])
    m.constant('w', [8, 3], [(i * 5 % 13 - 6) / 8 for i in range(24)])
    m.constant('v', [3], [1.0, -20.0, 0.125])
    m.node('Gemm', ['d', 'w', 'v'], ['e'])
    m.constant('gain', [3], [1.0, 0.5, -1.0])
    m.constant('bias', [3], [0.0, 4.0, -4.0])
    m.node('LayerNormalization', ['e', 'gain', 'bias'], ['f'])
    m.constant('shift', [3], [0.5, 0.25, -0.5])
    m.node('Add', ['f', 'shift'], ['i'])
    m.constant('more', [1, 1], [0.75])
    m.node('Concat', ['i', 'more'], ['j'], axis=1)
    m.constant('left', [2, 1], [0.5, -1.0])
    m.node('MatMul', ['left', 'j'], ['k'])
    m.constant('half', [1], [0.5])
    m.node('Mul', ['k', 'half'], ['y'], name='/half')
    m.output('y')
    m.save(out)


def visibilities():
    """Parameters that are fixed, private and public: the same outputs; what a
    folder without the private ones is good for."""
    every_kind()
    write('k.json', json.dumps({'input_data': [
        [(i * 3 % 17 - 8) / 8 for i in range(32)]]}))
    outputs = []
    for how in 'fixed', 'private', 'public':
        graph, key, proof = how + '.zkg', how + '.vk', how + '.proof'
        case(how + ' parameters', 0, r'constants of /half\n' if
             how == 'private' else r'', 'compile', 'kinds.onnx', '--scale',
             '7', '--calibrate', 'k.json', '--param-visibility', how, '-o',
             graph, where='out')
        case(how + ': setup', 0, r'', 'setup', '--graph', graph, '--srs',
             's.srs', '-o', key, where='out')
        case(how + ': prove', 0, r'', 'prove', '--graph', graph, '--key', key,
             '--srs', 's.srs', '--input', 'k.json', '-o', proof, where='out')
        found = json.loads(run('verify', '--key', key, '--proof', proof,
                               '--json')[1])
        outputs.append([t['values'] for t in found['public']
                        if t['name'] == 'y'])
        if os.path.exists(graph + '/private.safetensors') != (
                how == 'private'):
            FAILED.append('private.safetensors where parameters are ' + how)
    if len(outputs[0][0]) != 8 or outputs[1:] != outputs[:1] * 2:
        FAILED.append('outputs differ: %s' % outputs)
    case('what a proof commits to', 0, r'(?m)^  _?\S*Gemm\S*w +[0-9a-f]{64}$',
         'inspect', 'private.proof', '--key', 'private.vk', where='out')
    case('another key', 3, r'another key', 'inspect', 'private.proof', '--key',
         'public.vk')
    prove = ['prove', '--graph', 'private.zkg', '--key', 'private.vk', '--srs',
             's.srs', '-o', 'again.proof']
    case('witness', 0, r'', 'witness', '--graph', 'private.zkg', '--input',
         'k.json', '-o', 'k.witness', where='out')
    os.rename('private.zkg/private.safetensors', 'secret')
    case('nothing to prove with', 3, r'values of tensor \S+ are not there: '
         r'have private\.safetensors .*--witness', *prove, '--input', 'k.json')
    case('a whole witness', 0, r'', *prove, '--witness', 'k.witness',
         where='out')
    case('setup without them', 0, r'', 'setup', '--graph', 'private.zkg',
         '--srs', 's.srs', '-o', 'again.vk', where='out')
    case('verify without them', 0, r'verified for this graph', 'verify',
         '--graph', 'private.zkg', '--key', 'again.vk', '--proof',
         'again.proof', where='out')
    for a, b in ('again.vk', 'private.vk'), ('again.proof', 'private.proof'):
        if open(a, 'rb').read() != open(b, 'rb').read():
            FAILED.append('%s is not %s' % (a, b))
    case('inspect', 0, r'private tensors, in private\.safetensors, which is '
         r'not there', 'inspect', 'private.zkg', where='out')
    for option in 'input', 'output':
        case(option + ' fixed', 2, r'--%s-visibility: what is fixed is in the '
             r'key, and %ss .* public or private' % (option, option),
             'compile', 'kinds.onnx', '--scale', '7',
             '--%s-visibility' % option, 'fixed', '-o', 'no.zkg')
    case('parameters hidden', 2, r'`hidden` is none of public, private, fixed',
         'compile', 'kinds.onnx', '--scale', '7', '--param-visibility',
         'hidden', '-o', 'no.zkg')


def other_weights():
    """A model that differs in one weight has the graph and the key of the
    other: commitments tell private ones apart, the graph's folder public
    ones."""
    every_kind('others.onnx', first=-0.5)
    for how in 'private', 'public':
        graph = 'other-%s.zkg' % how
        case(how + ' others', 0, r'', 'compile', 'others.onnx', '--scale', '7',
             '--calibrate', 'k.json', '--param-visibility', how, '-o', graph,
             where='out')
        case(how + ' others: prove', 0, r'', 'prove', '--graph', graph, '--key',
             how + '.vk', '--srs', 's.srs', '--input', 'k.json', '-o',
             'other-%s.proof' % how, where='out')
    one, other = (json.loads(run(
        'inspect', name, '--key', 'private.vk', '--json')[1])['commitments']
        for name in ('private.proof', 'other-private.proof'))
    weights = [name for name in one if re.search(r'\.[abgw](\.\d)?$', name)]
    changed = [name for name in weights if one[name] != other[name]]
    if len(weights) < 8 or not (
            len(changed) == 1 and re.search(r'Conv\S*\.w$', changed[0])):
        FAILED.append('commitments')
        print('FAILED commitments: %s of %s changed' % (changed, weights))
    verify = ['verify', '--key', 'public.vk', '--proof', 'other-public.proof']
    case('other public weights', 0, r'verified', *verify, where='out')
    case('for their graph', 0, r'verified for this graph', *verify, '--graph',
         'other-public.zkg', where='out')
    case('for another', 1, r'rejected: public: .*Conv\S*\.w', *verify, '--graph',
         'public.zkg')
    case('witness of others', 0, r'', 'witness', '--graph',
         'other-public.zkg', '--input', 'k.json', '-o', 'other.witness',
         where='out')
    case('that are said to be right', 0, r'verified for this graph', *verify,
         '--graph', 'public.zkg', '--public', 'other.witness', where='out')


def inputs():
    """JSON, .npy and safetensors; what is not an input is named."""
    def st(values, dtype='F32', shape=(1, 3), name='x'):
        form = {'F32': '<%df', 'F64': '<%dd', 'I64': '<%dq'}.get(dtype, '<%de')
        raw = struct.pack(form % len(values), *values)
        head = json.dumps({name: {'dtype': dtype, 'shape': shape,
                                  'data_offsets': [0, len(raw)]}}).encode()
        return struct.pack('<Q', len(head)) + head + raw

    given = ['witness', '--graph', 'g.zkg', '--input', 'in']
    for text in (st([1.0, -0.5, 0.25]), st([1.0, -0.5, 0.25], 'F64', [3]),
                 json.dumps({'input_data': [[[1.0, -0.5, 0.25]]]}),
                 npy([1.0, -0.5, 0.25]), npy([1.0, -0.5, 0.25], 'e'),
                 st([1.0, -0.5, 0.25], 'F16')):
        write('in', text)
        case('an input', 0, r'y: 0.875 0', *given, where='out')
    nan, inf = float('nan'), float('inf')
    for name, text, code, says in (
            ('NaN in .npy', npy([1, nan, 0]), 3,
             r'input x: element 1 is no finite number'),
            ('NaN of float16', npy([1, nan, 0], 'e'), 3,
             r'input x: element 1 is no finite number'),
            ('Inf in safetensors', st([1, 0, -inf]), 3,
             r'input x: element 2 is no finite number'),
            ('NaN in JSON', '{"input_data": [[1, NaN, 0]]}', 3,
             r'in:1:21: input_data\[0\]\[1\]: not a'),
            ('1e999 in JSON', '{"input_data": [[1, 1e999, 0]]}', 3,
             r'in:1:21: input_data\[0\]\[1\]: not a finite'),
            ('another shape', st([1.0, 0.0, 0.0], shape=(3, 1)), 3,
             r'input x has shape \[1,3\]'),
            ('another type', st([1.0, 0.0, 0.0], 'BF16'), 3, r'BF16'),
            ('another name', st([1.0, 0.0, 0.0], name='z'), 3,
             r'no tensor for input x'),
            ('float16 by its header, float32 by its length',
             npy([1.0, 0.0, 0.0]).replace(b'<f4', b'<f2'), 3,
             r'3 elements by its shape, 12 bytes'),
            ('float128 in .npy', npy([1.0, 0.0, 0.0]).replace(b'<f4', b'<f16'),
             4, r'none of f2, f4, .*float32'),
            ('big-endian .npy', npy([1.0, 0.0, 0.0]).replace(b'<f4', b'>f4'),
             4, r'little-endian; save it'),
            ('cut .npy', npy([1.0, 0.0, 0.0])[:-1], 3, r'in'),
            ('two inputs', '{"input_data": [[1, 0, 0], [1]]}', 3,
             r'the graph has 1 input')):
        write('in', text)
        case(name, code, says, *given)


def samples():
    """Calibration on several inputs: flat, along the first axis, with an axis
    of their own.  The range is that of the largest."""
    one, two = [1.0, -0.5, 0.25], [0.5, 3.5, -7.0]
    for name, value in (('flat', one + two), ('rows', [one, two]),
                        ('more', [[one], [two]])):
        write('many.json', json.dumps({'input_data': [value]}))
        case('samples, ' + name, 0, r'x +\(input\) +\[1,3\] +-7\.\.3\.5',
             'compile', 'small.onnx', '--scale', '7', '--calibrate',
             'many.json', '-o', 'many.zkg', where='out')
    write('many.npy', npy(one + two))
    case('samples, .npy of another shape', 3, r'input x has shape \[1,3\]',
         'compile', 'small.onnx', '--scale', '7', '--calibrate', 'many.npy',
         '-o', 'many.zkg')
    write('many.json', json.dumps({'input_data': [one + two[:2]]}))
    case('samples, cut', 3, r'input_data\[0\] has 5 numbers', 'compile',
         'small.onnx', '--scale', '7', '--calibrate', 'many.json', '-o',
         'many.zkg')
    write('many.json', json.dumps({'input_data': [[one, two]]}))
    case('an input is one sample', 3, r'input x has shape \[1,3\]', 'witness',
         '--graph', 'g.zkg', '--input', 'many.json')


def unsupported():
    m = Model()
    m.input('x', [1, 4])
    m.node('LSTM', ['x'], ['a'], name='/rnn/LSTM')
    m.node('Relu', ['x'], ['b'], name='/Relu')
    m.node('Einsum', ['b'], ['c'], name='/ein/Einsum', equation='ij->ji')
    m.output('a')
    m.output('c')
    m.save('bad.onnx')
    case('all that is unsupported, at once', 4,
         r'2 nodes.*/rnn/LSTM \(LSTM\): .*/ein/Einsum \(Einsum\): ', 'compile',
         'bad.onnx', '--scale', '7', '-o', 'bad.zkg')
    case('inspect says it too', 0, r'(?s)LSTM.*NOT SUPPORTED.*2 not supported',
         'inspect', 'bad.onnx', where='out')
    m = Model()
    m.input('x', [1, 4])
    for i in range(40):
        m.node('LSTM', ['x'], ['y%d' % i], name='/layer/number/%02d/LSTM' % i)
        m.output('y%d' % i)
    m.save('many.onnx')
    for pattern, where in (
            ('(?s)' + '.*'.join('/%02d/LSTM' % i for i in range(40)), 'out'),
            (r'40 nodes are not supported: .*/00/LSTM.*; and [1-3]\d more, '
             r'which inspect lists$', 'err')):
        case('however many, ' + where, 4, pattern, 'compile', 'many.onnx',
             '--scale', '7', '-o', 'bad.zkg', where=where)
    m = Model(opset=9)
    m.input('x', [1, 4])
    m.node('Relu', ['x'], ['y'])
    m.output('y')
    m.save('old.onnx')
    case('old opset', 4, r'opset 9; 11 to 17', 'compile', 'old.onnx',
         '--scale', '7', '-o', 'bad.zkg')


def malformed():
    small()
    whole = open('small.onnx', 'rb').read()
    write('cut.onnx', whole[:-20])
    case('cut', 3, r'cut\.onnx: byte \d+: ', 'inspect', 'cut.onnx')
    write('none.onnx', b'')
    case('empty', 3, r'no ONNX model', 'inspect', 'none.onnx')
    case('missing', 3, r'missing\.onnx', 'inspect', 'missing.onnx')
    m = Model()
    m.input('x', [1, 3])
    m.node('Relu', ['z'], ['y'])
    m.output('y')
    m.save('loose.onnx')
    case('a value that nothing makes', 3, r'"z" is used, and nothing makes it',
         'inspect', 'loose.onnx')
    m = Model()
    m.input('x', [1, 3])
    m.constant('w', [2, 4], [1.0] * 8)
    m.node('Gemm', ['x', 'w'], ['y'], transB=1)
    m.output('y')
    m.save('misfit.onnx')
    case('shapes that do not fit', 3, r'node Gemm_0 \(Gemm\): matrices that',
         'inspect', 'misfit.onnx')


def external():
    """External data: inside the model's folder, never outside."""
    def model(location, out):
        m = Model()
        m.input('x', [1, 2])
        where = data(13, data(1, 'location') + data(2, location))
        m.graph += data(5, number(1, 2) + number(1, 2) + number(2, 1) +
                        data(8, 'w') + where + number(14, 1))
        m.node('MatMul', ['x', 'w'], ['y'])
        m.output('y')
        m.save(out)

    os.mkdir('inner')
    write('inner/w.bin', struct.pack('<4f', 1, 0, 0, 1))
    write('secret.bin', struct.pack('<4f', 1, 0, 0, 1))
    model('w.bin', 'inner/good.onnx')
    case('external data beside the model', 0, r'all nodes are supported',
         'inspect', 'inner/good.onnx', where='out')
    model('../secret.bin', 'inner/up.onnx')
    case('external data above it', 3, r'outside the model\'s folder',
         'inspect', 'inner/up.onnx')
    os.symlink('../secret.bin', 'inner/link.bin')
    model('link.bin', 'inner/linked.onnx')
    case('external data by a link', 3, r'outside the model\'s folder',
         'inspect', 'inner/linked.onnx')


def suite():
    """A failing case takes nothing else along; what is done is skipped."""
    os.makedirs('models/good')
    os.makedirs('models/broken')
    small('models/good/model.onnx')
    for name in 'good', 'broken':
        shutil.copy('x.json', 'models/%s/input.json' % name)
    shutil.copy('y.npy', 'models/good/output.npy')
    write('models/broken/model.onnx', b'\x07')
    args = ['suite', 'run', 'models', '--scales', '5,7', '-o', 'results',
            '--srs', 's.srs']
    got, out, err = run(*args)
    if got != 10 or len(re.findall(r'good .*proved in', out)) != 2 or \
            len(re.findall(r'broken .*failed at compile, exit 3', out)) != 2:
        FAILED.append('suite')
        print('FAILED suite: exit %d\n%s\n%s' % (got, out, err))
    case('what is done is skipped', 10, r'2 of 4 cases failed', *args)
    if 'done before' not in run(*args)[1]:
        FAILED.append('suite: nothing was skipped')
    case('status', 0, r'good +scale 7 +proved', 'suite', 'status', 'results',
         where='out')
    case('export', 0, r'results\.html', 'suite', 'export', 'results',
         where='out')
    table = open('results/results.md').read()
    if '| good | 7 | proved, verified |' not in table or \
            '| broken | 7 | failed: compile, exit 3 |' not in table:
        FAILED.append('suite: the table')
        print(table)
    for name in 'prove-seconds', 'memory', 'max-error':
        xml.dom.minidom.parse('results/%s.svg' % name)
    page = open('results/results.html').read()
    if '<svg' not in page or re.search('(src|href)=', page):
        FAILED.append('suite: a page that is not self-contained')
    result = json.load(open('results/good.s7/result.json'))
    if not result['tampered_refused'] or result['status'] != 'ok' or \
            result['worst_layer'] not in 'xy' or result['rows'] != 1:
        FAILED.append('suite: result.json')
        print(result)


def suite_changes():
    """A changed model is done again; several inputs, one of them beyond the
    calibrated range; the gate; a memory budget."""
    args = ['suite', 'run', 'models', '--only', 'good', '--scales', '7', '-o',
            'changes', '--srs', 's.srs']
    case('suite of one', 0, r'1 of 1', *args, where='out')
    small('models/good/model.onnx', [0.5, -0.25, 1.0, 0.125, 0.75, -2.0])
    write('models/good/output.npy', npy([0.875, 0.0]))
    if 'done before' in run(*args)[1]:
        FAILED.append('suite: a changed model was not done again')
    if 'done before' not in run(*args)[1]:
        FAILED.append('suite: an unchanged model was done again')
    write('models/good/input-b.json',
          json.dumps({'input_data': [[0.5, 1.0, -0.25]]}))
    write('models/good/output-b.npy', npy([0.0, 1.3]))
    case('two inputs', 0, r'largest error \S+, 2 inputs', *args, '--runs', '3',
         where='out')
    result = json.load(open('changes/good.s7/result.json'))
    if not (0 < result['prove_least_s'] <= result['prove_s'] <=
            result['prove_most_s']):
        FAILED.append('suite: the median of the runs')
    if [r['input'] for r in result['inputs']] != ['input.json', 'input-b.json'] \
            or result['rows'] != 2 or not all(
                os.path.exists('changes/good.s7/' + f)
                for f in ('prove.log', 'prove-b.log', 'report-b.json')):
        FAILED.append('suite: two inputs')
        print(result)
    case('the gate of a suite', 10, r'1 of 1 cases failed', *args,
         '--max-error', '0.01')
    result = json.load(open('changes/good.s7/result.json'))
    if result['exit_code'] != 9 or result['step'] != 'accuracy' or \
            'more than --max-error' not in result['message']:
        FAILED.append('suite: the gate')
        print(result)
    case('a budget that is too small', 10, r'1 of 1 cases failed', *args,
         '--memory-limit', '64K')
    result = json.load(open('changes/good.s7/result.json'))
    if result['exit_code'] != 6 or result['step'] != 'prove' or \
            '--memory-limit allows' not in result['message']:
        FAILED.append('suite: the budget')
        print(result)


def stop_a_step(job):
    """Stop the first child of a suite that can be stopped alive; its id."""
    while job.poll() is None:
        try:
            with open('/proc/%d/task/%d/children' % (job.pid, job.pid)) as f:
                child = int(f.read().split()[0])
            os.kill(child, signal.SIGSTOP)
            for _ in range(100):
                with open('/proc/%d/stat' % child) as f:
                    state = f.read().rsplit(')', 1)[1].split()[0]
                if state in 'TZ':
                    break
                time.sleep(0.01)
            if state == 'T':
                return child
        except (OSError, IndexError):
            time.sleep(0.0005)
    FAILED.append('suite: no step could be stopped')
    return None


def suite_ends():
    """A step that is killed, or does not end, takes nothing along; its case is
    done again next time.  A suite that is stopped goes on from there."""
    for name in 'a', 'b':
        shutil.copytree('models/good', 'two/' + name)
    args = ['suite', 'run', 'two', '--scales', '7', '-o', 'ends', '--srs',
            's.srs']

    def ended(what, code, pattern, *more):
        with subprocess.Popen([ZKGKR, *args, *more], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as job:
            child = stop_a_step(job)
            if what == 'killed' and child is not None:
                case('status meanwhile', 0, r'(?s)a .*running: .*1 running, 1 '
                     r'waiting', 'suite', 'status', 'ends', where='out')
                case('two suites at once', 2, r'another suite runs in ends',
                     *args)
                os.kill(child, signal.SIGKILL)
            if what == 'stopped':
                job.terminate()
            out = job.communicate(timeout=60)[0].decode()
        if job.returncode != code or not re.search(pattern, out):
            FAILED.append('suite: ' + what)
            print('%s: exit %d\n%s' % (what, job.returncode, out))

    ended('stopped', 8, r'stopped at a, scale 7, .*again to go on')
    ended('killed', 10, r'(?s)a .*killed by signal 9.*b .*proved in')
    if run(*args)[1].count('done before') != 1:
        FAILED.append('suite: after a killed step')
    shutil.rmtree('ends')
    ended('late', 10, r'(?s)a .*no end after 1 s.*b .*proved in', '--timeout',
          '1')
    case('after all that', 0, r'2 of 2', *args, where='out')


def example():
    """The commands of examples/13-cnn, as its README has them."""
    shutil.copytree(EXAMPLE, 'examples/13-cnn')
    os.mkdir('examples/srs')
    shutil.copy(POT12, 'examples/srs')
    with open('examples/13-cnn/README.md') as f:
        script = ''.join(line[4:] for line in f if line.startswith('    '))
    first, script = script.split('\n', 1)
    path = os.path.abspath(os.path.dirname(ZKGKR)) + ':' + os.environ['PATH']
    done = subprocess.run(['sh', '-e', '-c', script], cwd='examples/13-cnn',
                          env=dict(os.environ, PATH=path), timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode()
    for says in (r'60362 parameters; all nodes are supported', r'0_Conv',
                 r'the worst first', r'largest entry agrees in 1 of 1 rows',
                 r'2 of 2 cases proved and verified', r'results/results.html'):
        if not re.search(says, text):
            FAILED.append('example: ' + says)
    if done.returncode != 0 or not first.startswith('cd examples/13-cnn && '):
        FAILED.append('example')
        print(text)


def main():
    folder = tempfile.mkdtemp(prefix='zkgkr-onnx-')
    os.chdir(folder)
    try:
        for part in (honest, visibilities, other_weights, inputs, samples,
                     unsupported, malformed, external, suite, suite_changes,
                     suite_ends, example):
            part()
    finally:
        os.chdir('/')
        shutil.rmtree(folder)
    print('%d failed' % len(FAILED))
    return 1 if FAILED else 0


if __name__ == '__main__':
    sys.exit(main())
