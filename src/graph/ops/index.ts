/** The operators that models are written in. Each brings its derivative. */
export * from './attention.ts';
export * from './convolution.ts';
export * from './elementwise.ts';
export * from './linear.ts';
export * from './normalisation.ts';
export * from './reduce.ts';
export * from './resize.ts';
export * from './select-rows.ts';
export * from './shape.ts';
