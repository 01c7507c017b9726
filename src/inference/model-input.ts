/**
 * How a model wants frames. `square`: longest side resized to the model's, padding at the bottom or the right, SAM's
 * mean and deviation. `native`: at the frame's own size, each channel less its mean over its deviation inside
 * the field of view, sides padded with zeros to a multiple of `multiple`.
 */
export type ModelInput =
  { readonly framing: 'square' } | { readonly framing: 'native'; readonly multiple: number };

/** Whether words are prompts, one at a time, or outputs, all at once in a fixed order. */
export type WordRole = 'prompt' | 'output';
