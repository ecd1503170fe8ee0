# SPDX-License-Identifier: Apache-2.0
"""Makes small.onnx and pairs.onnx, which the fuzzer mutates: between them one of
every kind of node.

    python3 make_onnx.py small.onnx pairs.onnx
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', '..', 'onnx'))
import onnx_writer  # noqa: E402

w = onnx_writer.Model()
w.input('x', [1, 2, 5, 5])
w.constant('w', [2, 2, 3, 3], [0.25] * 36)
w.constant('b', [2], [0.5, -0.5], raw=False)
w.node('Conv', ['x', 'w', 'b'], ['c'], kernel_shape=[3, 3], strides=[2, 2],
       pads=[1, 1, 1, 1])
for name in 'gain', 'bias', 'mean', 'variance':
    w.constant(name, [2], [1.0, 2.0])
w.node('BatchNormalization', ['c', 'gain', 'bias', 'mean', 'variance'], ['n'],
       epsilon=1e-5)
w.node('Sigmoid', ['n'], ['s'])
w.node('Mul', ['n', 's'], ['silu'])
w.node('Constant', [], ['none'],
       value=onnx_writer.tensor('', [8], [0] * 8))
w.node('Pad', ['silu', 'none'], ['p'], mode='constant')
w.node('AveragePool', ['p'], ['a'], kernel_shape=[2, 2])
w.node('MaxPool', ['a'], ['m'], kernel_shape=[2, 2], strides=[1, 1])
w.node('Shape', ['m'], ['shape'])
w.constant('zero', [], [0])
w.node('Gather', ['shape', 'zero'], ['first'], axis=0)
w.constant('axis', [1], [0])
w.node('Unsqueeze', ['first', 'axis'], ['front'])
w.constant('rest', [1], [-1], raw=False)
w.node('Concat', ['front', 'rest'], ['to'], axis=0)
w.node('Reshape', ['m', 'to'], ['flat'])
w.constant('matrix', [3, 2], [0.5] * 6)
w.constant('row', [3], [0.1, 0.2, 0.3])
w.node('Gemm', ['flat', 'matrix', 'row'], ['g'], transB=1, alpha=0.5)
w.node('ReduceMean', ['g'], ['mu'], axes=[-1], keepdims=1)
w.node('Sub', ['g', 'mu'], ['d'])
w.constant('two', [], [2.0])
w.node('Pow', ['d', 'two'], ['sq'])
w.node('ReduceMean', ['sq'], ['var'], axes=[-1], keepdims=1)
w.constant('eps', [], [1e-5])
w.node('Add', ['var', 'eps'], ['ve'])
w.node('Sqrt', ['ve'], ['sd'])
w.node('Div', ['d', 'sd'], ['nrm'])
w.node('Mul', ['nrm', 'row'], ['ga'])
w.node('Add', ['ga', 'row'], ['y'])
w.output('y')
w.save(sys.argv[1])

w = onnx_writer.Model(opset=13)
w.input('x', [1, 2, 5, 5])
w.input('z', [4])
w.constant('w', [3, 2, 2, 2], [0.25, -0.5] * 12)
w.node('Conv', ['x', 'w'], ['c'], kernel_shape=[2, 2])
w.node('Relu', ['c'], ['r'])
w.node('MaxPool', ['r'], ['m'], kernel_shape=[2, 2], strides=[2, 2])
w.constant('to', [2], [3, 4])
w.node('Reshape', ['m', 'to'], ['a'])
w.node('Div', ['a', 'z'], ['d'])
w.node('Softmax', ['d'], ['s'], axis=0)
w.node('Transpose', ['s'], ['t'], perm=[1, 0])
w.constant('odd', [2], [2, 6])
w.node('Reshape', ['t', 'odd'], ['o'])
w.constant('pick', [2, 2], [4, 0, -1, 1])
w.node('Gather', ['o', 'pick'], ['g'], axis=1)
w.constant('pads', [6], [0, 0, 1, 0, 1, 0])
w.node('Pad', ['g', 'pads'], ['p'], mode='reflect')
w.constant('more', [6], [0, 1, 0, 0, 0, -1])
w.constant('fill', [], [0.5])
w.node('Pad', ['p', 'more', 'fill'], ['f'])
w.constant('wide', [1, 2, 4, 2], [0.5, -1.0] * 8)
w.node('Add', ['f', 'wide'], ['y'])
w.output('y')
w.save(sys.argv[2])
