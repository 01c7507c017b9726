export { DETAIL_DEFAULTS, detailConfigSchema, detailMultiple } from './config.ts';
export type { DetailConfig, DetailHead } from './config.ts';
export { DETAIL_PREFIX, detailModel } from './detail-model.ts';
export type { DetailModelOptions } from './detail-model.ts';
export {
  expectedDetailTensors,
  randomDetailWeights,
  silentDetailWeights,
  unetOfHead,
} from './detail-weights.ts';
