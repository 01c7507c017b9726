/** What ONNX Runtime throws, in words for people. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toSaltError } from '../../src/runtime/failures.ts';

describe('what CUDA says', () => {
  const told = (text: string): { code: string; message: string } =>
    toSaltError(new Error(text), 'cuda', 'Running the graph');

  for (const text of [
    'Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file or directory',
    'Error loading "onnxruntime_providers_cuda.dll" which depends on "cudnn64_9.dll" which is missing.',
    'Failed to create CUDAExecutionProvider. Require cuDNN 9.* and CUDA 12.*. Please install all dependencies.',
    'CUDA failure 100: no CUDA-capable device is detected ; GPU=0',
  ]) {
    test(`is not there: ${text.slice(0, 60)}`, () => {
      const { code, message } = told(text);
      assert.equal(code, 'DEVICE_UNAVAILABLE');
      assert.equal(message, 'CUDA could not be loaded.');
    });
  }

  test('failed while it ran, which is told with what was done and why', () => {
    const { code, message } = told(
      "Non-zero status code returned while running Conv node. Name:'c' Status Message: CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED ; GPU=0 ; expr=cudnnConvolutionForward(cudnn_handle)",
    );
    assert.equal(code, 'GRAPH_INVALID');
    assert.match(message, /^Running the graph on cuda failed: .*CUDNN_STATUS_EXECUTION_FAILED/);
  });

  test('has no memory left', () => {
    assert.equal(told('CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0').code, 'OUT_OF_MEMORY');
  });
});
