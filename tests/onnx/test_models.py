# SPDX-License-Identifier: Apache-2.0
"""The benchmark models: compiled, their witness against the float outputs, held
to 1.05 times the largest error of exact arithmetic with the rounding of
docs/protocol.md, 9, and to that arithmetic itself, integer by integer
(exact.py, which needs numpy); the four CNNs on handwritten digits, against the
float models, and five digits each proved by a suite; what the program takes for
the float models, against their outputs.

    test_models.py BUILD SOURCE

Skipped (exit 77) where SOURCE/../shared/models is not there.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

sys.dont_write_bytecode = True
try:
    import numpy
    import exact
except ImportError:
    numpy = None

BUILD, SOURCE = sys.argv[1:3]
MODELS = os.path.join(SOURCE, '..', 'shared', 'models')
ZKGKR = os.path.join(BUILD, 'zkgkr')
IMAGES = os.path.join(BUILD, 'tests', 'onnx', 'run_images')

# Largest absolute error at param-scale = scale, for scales 7 and 10; then at
# the default param-scale.
SAME = {
    'relu': (3.91e-3, 4.89e-4), 'maxpool2d_k2': (3.91e-3, 4.89e-4),
    'silu': (7.9e-3, 9.6e-4), 'tanh': (7.3e-3, 9.1e-4),
    'poly': (2.3e-2, 3.6e-3), 'avgpool2d_k2': (7.5e-3, 9.2e-4),
    'dense': (.095, .0103), 'conv2d_k3_s1': (.182, .0236),
    'conv2d_k3_s2': (.182, .0236), 'depthwise_conv2d': (4.0e-2, 4.3e-3),
    'batchnorm2d': (2.0e-2, 2.4e-3), 'layernorm': (2.5e-2, 2.6e-3),
}
DEFAULT = {
    'dense': (6.4e-3, 3.3e-3), 'conv2d_k3_s1': (1.1e-2, 6.0e-3),
    'conv2d_k3_s2': (1.1e-2, 6.0e-3), 'depthwise_conv2d': (8.7e-3, 1.6e-3),
    'batchnorm2d': (9.5e-3, 1.4e-3), 'layernorm': (1.5e-2, 2.2e-3),
}
# Rows' roots are taken in integers where this takes them in reals.
INEXACT = {'layernorm'}
CNNS = {'cnn_relu', 'cnn_poly', 'cnn_mixed', 'cnn_strided'}
POINTS = {7: 0.5, 10: 0.2}
FAILED = []


def run(*args):
    return subprocess.run([ZKGKR, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)


def output_integers(path):
    """The tensor `output` of a witness."""
    with open(path, 'rb') as f:
        head = json.loads(f.read(struct.unpack('<Q', f.read(8))[0]))
        data = f.read()
    a, b = head['output']['data_offsets']
    kind = {'I8': 'i1', 'U8': 'u1', 'I16': '<i2', 'U16': '<u2', 'I32': '<i4',
            'I64': '<i8'}[head['output']['dtype']]
    return numpy.frombuffer(data[a:b], kind).astype('i8')


def same_integers(name, scale, param_scale):
    """Are the witness' outputs those of exact arithmetic?  Where rows are
    normalised: within one unit."""
    folder = os.path.join(MODELS, name)
    layer = exact.Layer(os.path.join(folder, 'model.onnx'))
    shape = numpy.load(os.path.join(folder, 'output.npy')).shape
    with open(os.path.join(folder, 'input.json')) as f:
        x = numpy.array(json.load(f)['input_data'][0], float)
    shape = (1, 32, 64, 64) if len(shape) == 4 else \
        (1, 64, 64) if len(shape) == 3 else (1, x.size)
    want = layer.integers(x.reshape(shape), scale, param_scale).ravel()
    off = numpy.abs(want - output_integers('w.safetensors')).max()
    if off > (1 if name in INEXACT else 0):
        FAILED.append('%s at scale %d: %d off exact arithmetic' % (
            name, scale, off))


def accuracy(name, scale, limit, param_scale, *options):
    folder = os.path.join(MODELS, name)
    given = os.path.join(folder, 'input.json')
    done = run('compile', os.path.join(folder, 'model.onnx'), '--scale',
               str(scale), '--calibrate', given, '-o', 'm.zkg', *options)
    if done.returncode == 0:
        done = run('witness', '--graph', 'm.zkg', '--input', given, '--expect',
                   os.path.join(folder, 'output.npy'), '--max-error',
                   str(1.05 * limit), '-o', 'w.safetensors')
    text = (done.stdout + done.stderr).decode().splitlines()
    if done.returncode != 0:
        FAILED.append('%s at scale %d' % (name, scale))
    elif numpy is not None:
        same_integers(name, scale, param_scale)
    print('%-18s scale %2d %-16s limit %.3g: %s' % (
        name, scale, ' '.join(options), limit, text[-1][:120]), flush=True)


def digits():
    """Images as float32, and labels, of the .npz (float16 and int64)."""
    with zipfile.ZipFile(os.path.join(MODELS, 'digits_test.npz')) as z:
        raw = {}
        for name in 'images', 'labels':
            b = z.read(name + '.npy')
            start = 10 + struct.unpack('<H', b[8:10])[0]
            raw[name] = b[start:]
    labels = [v[0] for v in struct.iter_unpack('<q', raw['labels'])]
    pixels = [v[0] for v in struct.iter_unpack('<e', raw['images'])]
    size = len(pixels) // len(labels)
    images = [pixels[i * size:(i + 1) * size] * 3 for i in range(len(labels))]
    return images, labels


def share(a, b):
    """Per cent of two lists that agree."""
    return 100 * sum(x == y for x, y in zip(a, b)) / len(b)


def classify(name, images, labels):
    """The classes of the float model, and of the graphs at each scale.  Ranges
    come from one image, with a margin."""
    model = os.path.join(MODELS, name, 'model.onnx')
    graphs = []
    with open('calibrate.json', 'w') as f:
        json.dump({'input_data': [images[0]]}, f)
    for scale in sorted(POINTS):
        graphs.append('c%d.zkg' % scale)
        done = run('compile', model, '--scale', str(scale), '--calibrate',
                   'calibrate.json', '--margin', '4', '-o', graphs[-1])
        if done.returncode != 0:
            FAILED.append('%s at scale %d: %s' % (name, scale, done.stderr))
            return
    got = subprocess.run([IMAGES, model, 'images.f32', str(len(labels)),
                          *graphs], stdout=subprocess.PIPE, timeout=300)
    lines = [[int(v) for v in line.split()]
             for line in got.stdout.splitlines()]
    if got.returncode != 0 or len(lines) != len(labels):
        FAILED.append('%s: %s' % (name, got.stdout[-200:]))
        return
    real, *ours = zip(*lines)
    for scale, classes in zip(sorted(POINTS), ours):
        a, b = share(classes, labels), share(real, labels)
        print('%-18s scale %2d: %.2f %% of %d digits, float model %.2f %%, the '
              'same class in %.2f %%' % (name, scale, a, len(labels), b,
                                         share(classes, real)), flush=True)
        if abs(a - b) > POINTS[scale]:
            FAILED.append('%s at scale %d' % (name, scale))


def prove_digits(images):
    """Five digits of each CNN: compared, proved, verified, tampered with."""
    for name in CNNS:
        os.makedirs('digits/' + name)
        os.symlink(os.path.abspath(os.path.join(MODELS, name, 'model.onnx')),
                   'digits/%s/model.onnx' % name)
        for i in range(5):
            with open('digits/%s/input-%d.json' % (name, i), 'w') as f:
                json.dump({'input_data': [images[50 * i]]}, f)
    done = run('suite', 'run', 'digits', '--scales', '7', '--margin', '4', '-o',
               'proved')
    print(done.stdout.decode())
    if done.returncode != 0 or done.stdout.count(b', 5 inputs') != len(CNNS):
        FAILED.append('digits: ' + done.stderr.decode())


def float_models():
    """--model computes what the models' outputs are: single precision there,
    double here."""
    for name in sorted(os.listdir(MODELS)):
        folder = os.path.join(MODELS, name)
        model, given = (os.path.join(folder, f)
                        for f in ('model.onnx', 'input.json'))
        if not os.path.exists(model) or name == 'conv2d_scaling_large':
            continue  # no operator that the small one has not
        errors = []
        run('compile', model, '--scale', '7', '--calibrate', given, '-o',
            'f.zkg')
        for how in ('--model', model), ('--expect',
                                        os.path.join(folder, 'output.npy')):
            done = run('witness', '--graph', 'f.zkg', '--input', given,
                       '--report', 'f.json', *how)
            if done.returncode != 0:
                FAILED.append('%s with %s: %s' % (name, how[0], done.stderr))
                return
            errors.append(json.load(open('f.json'))['accuracy'][0])
        for key in 'max_error', 'mean_error', 'rmse':
            a, b = (e[key] for e in errors)
            if abs(a - b) > 1e-5 * errors[0]['largest'] or not b > 0:
                FAILED.append('%s: %s is %g against the model, %g against its '
                              'output' % (name, key, a, b))


def main():
    if not os.path.isdir(MODELS):
        print('skipped: %s is not there' % MODELS)
        return 77
    folder = tempfile.mkdtemp(prefix='zkgkr-models-')
    os.chdir(folder)
    try:
        if numpy is None:
            print('numpy is not there: nothing is held to exact.py')
        for i, scale in enumerate((7, 10)):
            for name, limit in SAME.items():
                accuracy(name, scale, limit[i], scale, '--param-scale',
                         str(scale))
            for name, limit in DEFAULT.items():
                accuracy(name, scale, limit[i], 12)
        float_models()
        images, labels = digits()
        with open('images.f32', 'wb') as f:
            for im in images:
                f.write(struct.pack('<%df' % len(im), *im))
        for name in sorted(CNNS):
            classify(name, images, labels)
        prove_digits(images)
    finally:
        os.chdir('/')
        shutil.rmtree(folder)
    print('failed: %s' % (', '.join(FAILED) or 'none'))
    return 1 if FAILED else 0


if __name__ == '__main__':
    sys.exit(main())
