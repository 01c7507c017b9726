export { DEMO_GENERATION } from './studies.ts';
export { readDemoTruth } from './truth.ts';
export type { DemoInstance, DemoTruth } from './truth.ts';
export { writeDemoStudies } from './write.ts';
export type { DemoOptions, DemoStudies } from './write.ts';
