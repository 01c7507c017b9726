export type { SamOutputs } from './mask-decoder.ts';
export { encodePoints, pointPrompts, POINT_TYPES } from './points.ts';
export type { BoxPrompt, PointLabel, PointPrompt } from './points.ts';
export type { SamPrompts } from './prompt-encoder.ts';
export { resizeGridGradient } from './resize-positions.ts';
export { samModel } from './sam-model.ts';
export type { SamModelOptions } from './sam-model.ts';
export { DENSE_POSITIONS, GAUSSIAN_MATRIX, POSITION_EMBEDDING, prepareSamWeights } from './weights.ts';
