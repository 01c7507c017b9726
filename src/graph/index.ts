export * from './executor.ts';
export * from './gradient.ts';
export * from './graph.ts';
export * from './liveness.ts';
export * from './onnx.ts';
export * from './tensor.ts';
export * as ops from './ops/index.ts';
