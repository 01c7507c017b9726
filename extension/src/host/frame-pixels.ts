import { SaltError } from '../../../src/protocol/errors.ts';
import type { FramePixels } from '../../../src/protocol/frames.ts';
import { isAttributes, numberOf, textOf } from './attributes.ts';
import type { CornerstoneImage, PixelValues } from './cornerstone-types.ts';
import type { Attributes } from './ohif-types.ts';
import type { Host } from './open-host.ts';

/**
 * A frame as the viewer decoded it: grey values after the modality LUT with the window that the file states, or RGB.
 * Values are copies. A frame of at most 8 bits without a window is shown whole, here as there.
 *
 * @throws SaltError IMAGE_INVALID when it cannot be loaded or is not what its header says.
 */
export async function readFramePixels({ core }: Host, imageId: string): Promise<FramePixels> {
  let image: CornerstoneImage;
  try {
    // As viewports ask for it, since whoever asks first settles what the cache holds.
    image = await core.imageLoader.loadAndCacheImage(imageId, {
      preScale: { enabled: true },
      useRGBA: false,
    });
  } catch (error) {
    throw new SaltError(
      'IMAGE_INVALID',
      'The viewer could not load this frame. Show it in the viewer to see why, then try again.',
      {},
      { cause: error },
    );
  }
  const found = core.metaData.get('instance', imageId);
  const attributes = isAttributes(found) ? found : undefined;
  const size = { width: image.columns, height: image.rows };
  const stored = image.getPixelData();
  const pixels = size.width * size.height;
  if (pixels > 0 && stored.length === pixels)
    return { ...size, channels: 1, ...grey(image, stored, attributes) };
  if (pixels > 0 && (stored.length === 3 * pixels || stored.length === 4 * pixels)) {
    return { ...size, channels: 3, values: rgb(stored, pixels, numberOf(attributes, 'BitsStored') ?? 8) };
  }
  throw new SaltError(
    'IMAGE_INVALID',
    `The frame is ${size.width} x ${size.height} but has ${stored.length} values. Ask whoever runs the archive to check it.`,
  );
}

type Grey = Pick<FramePixels, 'values' | 'window' | 'inverted'>;

function grey(image: CornerstoneImage, stored: PixelValues, attributes: Attributes | undefined): Grey {
  const { slope = 1, intercept = 0 } = image;
  const isScaled = image.preScale?.scaled === true || (slope === 1 && intercept === 0);
  const window = statedWindow(attributes) ?? wholeRange(attributes, slope, intercept);
  return {
    values: isScaled ? copyOf(stored) : Float32Array.from(stored, (value) => value * slope + intercept),
    ...(window && { window }),
    ...(textOf(attributes, 'PhotometricInterpretation') === 'MONOCHROME1' && { inverted: true }),
  };
}

/** The first window, taken as linear (PS3.3 C.11.2.1.2.1). */
function statedWindow(attributes: Attributes | undefined): FramePixels['window'] {
  const centre = numberOf(attributes, 'WindowCenter');
  const width = numberOf(attributes, 'WindowWidth');
  if (centre === undefined || width === undefined || width < 1) return undefined;
  const lower = centre - 0.5 - (width - 1) / 2;
  return { lower, upper: lower + width - 1 };
}

/** Of values without sign in at most 8 bits. */
function wholeRange(
  attributes: Attributes | undefined,
  slope: number,
  intercept: number,
): FramePixels['window'] {
  const bits = numberOf(attributes, 'BitsStored');
  if (bits === undefined || bits > 8 || numberOf(attributes, 'PixelRepresentation') === 1) return undefined;
  const ends = [intercept, (2 ** bits - 1) * slope + intercept];
  return { lower: Math.min(...ends), upper: Math.max(...ends) };
}

function copyOf(values: PixelValues): FramePixels['values'] {
  if (values instanceof Uint8Array) return new Uint8Array(values);
  if (values instanceof Uint8ClampedArray) return new Uint8Array(values);
  if (values instanceof Int8Array) return new Int16Array(values);
  if (values instanceof Uint16Array) return new Uint16Array(values);
  if (values instanceof Int16Array) return new Int16Array(values);
  if (values instanceof Int32Array) return new Int32Array(values);
  return new Float32Array(values);
}

/** Without the fourth value that some viewports want, in 8 bits. */
function rgb(stored: PixelValues, pixels: number, bits: number): Uint8Array {
  const isEight = stored.BYTES_PER_ELEMENT === 1 || bits <= 8;
  const step = stored.length / pixels;
  if (step === 3 && isEight) return new Uint8Array(stored);
  const factor = isEight ? 1 : 255 / (2 ** bits - 1);
  const values = new Uint8Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      values[3 * pixel + channel] = Math.round((stored[step * pixel + channel] ?? 0) * factor);
    }
  }
  return values;
}
