/** Frames as the viewer hands them over, as the engine sees them: the windowing is that of DICOM files. */
import type { FramePixels } from '../protocol/frames.ts';
import { SaltError } from '../protocol/errors.ts';
import type { Frame } from './frame.ts';
import { TAIL, percentiles, percentilesOfAny } from './percentiles.ts';
import { withoutBackground } from './run/subtract.ts';
import { NO_RESCALE, applyWindow } from './window.ts';
import type { GreyRange } from './window.ts';

/**
 * Grey values become [0, 255] by the frame's window, or else, as in `dicom/grey.ts`: 8-bit values as they are, others
 * by percentiles. RGB stays as it is. Where the frame comes with what stands still in its run, that is taken off.
 * @param name for messages
 * @throws SaltError `INVALID_ARGUMENT` when there are more or fewer values than the size says
 */
export function frameOfPixels(frame: FramePixels, name: string): Frame {
  const { width, height, channels, values, background } = frame;
  if (values.length !== width * height * channels || values.length === 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${name} has ${values.length} values, but its size is ${width} x ${height} x ${channels}.`,
    );
  }
  const shown = channels === 3 ? asStored(values) : grey(frame);
  const whole = { width, height, channels, source: { file: name, frameNumber: 1 }, ...shown };
  return background ? withoutBackground(whole, background) : whole;
}

interface Shown {
  readonly pixels: Float32Array;
  readonly intensity: string;
}

function asStored(values: FramePixels['values']): Shown {
  return { pixels: Float32Array.from(values), intensity: 'RGB as stored' };
}

function grey({ values, window, inverted = false }: FramePixels): Shown {
  const { words, ...range } = window
    ? { low: window.lower, high: window.upper, words: `window ${window.lower} to ${window.upper}` }
    : fallback(values);
  return {
    pixels: applyWindow(values, NO_RESCALE, range, inverted),
    intensity: [words, ...(inverted ? ['inverted'] : [])].join(', '),
  };
}

function fallback(values: FramePixels['values']): GreyRange & { readonly words: string } {
  if (values instanceof Uint8Array) return { low: 0, high: 255, words: '8-bit values as stored' };
  const [low, high] =
    values instanceof Int32Array || values instanceof Float32Array
      ? percentilesOfAny(values)
      : percentiles(values);
  return { low, high, words: `percentiles ${TAIL} to ${100 - TAIL} of the frame (${low} to ${high})` };
}
