# SPDX-License-Identifier: Apache-2.0
"""The benchmark models: compiled, their witness against the float outputs, held
to 1.05 times the largest error of exact arithmetic with the rounding of
docs/protocol.md, 9; the four CNNs on handwritten digits.

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
CNNS = {'cnn_relu', 'cnn_poly', 'cnn_mixed', 'cnn_strided'}
POINTS = {7: 0.5, 10: 0.2}
FAILED = []


def run(*args):
    return subprocess.run([ZKGKR, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)


def accuracy(name, scale, limit, *options):
    folder = os.path.join(MODELS, name)
    given = os.path.join(folder, 'input.json')
    done = run('compile', os.path.join(folder, 'model.onnx'), '--scale',
               str(scale), '--calibrate', given, '-o', 'm.zkg', *options)
    if done.returncode == 0:
        done = run('witness', '--graph', 'm.zkg', '--input', given, '--expect',
                   os.path.join(folder, 'output.npy'), '--max-error',
                   str(1.05 * limit))
    text = (done.stdout + done.stderr).decode().splitlines()
    if done.returncode != 0:
        FAILED.append('%s at scale %d' % (name, scale))
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


def classify(name, scale, images, labels):
    """Share of the images whose class is right, in per cent.  The ranges come
    from one image, with a margin."""
    folder = os.path.join(MODELS, name)
    with open('calibrate.json', 'w') as f:
        json.dump({'input_data': [images[0]]}, f)
    done = run('compile', os.path.join(folder, 'model.onnx'), '--scale',
               str(scale), '--calibrate', 'calibrate.json', '--margin', '4',
               '-o', 'c.zkg')
    if done.returncode != 0:
        FAILED.append('%s at scale %d' % (name, scale))
        print(done.stderr.decode())
        return 0
    got = subprocess.run([IMAGES, 'c.zkg', 'images.f32', str(len(labels))],
                         stdout=subprocess.PIPE, timeout=300)
    classes = [int(v) for v in got.stdout.split()]
    if len(classes) != len(labels):
        FAILED.append('%s at scale %d: %s' % (name, scale, got.stdout[-200:]))
        return 0
    return 100 * sum(a == b for a, b in zip(classes, labels)) / len(labels)


def main():
    if not os.path.isdir(MODELS):
        print('skipped: %s is not there' % MODELS)
        return 77
    folder = tempfile.mkdtemp(prefix='zkgkr-models-')
    os.chdir(folder)
    try:
        for i, scale in enumerate((7, 10)):
            for name in SAME:
                accuracy(name, scale, SAME[name][i], '--param-scale',
                         str(scale))
            for name in DEFAULT:
                accuracy(name, scale, DEFAULT[name][i])
        images, labels = digits()
        with open('images.f32', 'wb') as f:
            for im in images:
                f.write(struct.pack('<%df' % len(im), *im))
        for name in sorted(CNNS):
            # A scale at which rounding decides no image stands for reals.
            real = classify(name, 12, images, labels)
            for scale in 7, 10:
                got = classify(name, scale, images, labels)
                print('%-18s scale %2d: %.2f %% of %d digits, %.2f %% at '
                      'scale 12' % (name, scale, got, len(labels), real),
                      flush=True)
                if abs(got - real) > POINTS[scale]:
                    FAILED.append('%s at scale %d' % (name, scale))
    finally:
        os.chdir('/')
        shutil.rmtree(folder)
    print('failed: %s' % (', '.join(FAILED) or 'none'))
    return 1 if FAILED else 0


if __name__ == '__main__':
    sys.exit(main())
