export * from './clip-config.ts';
export * from './clip-text-encoder.ts';
export * from './clip-tokenizer.ts';
export * from './load-clip-text.ts';
