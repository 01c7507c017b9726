import { GifReader } from 'omggif';
import { isPlausible } from '../limits.ts';
import { expectSoundCodes } from './gif-codes.ts';
import { imageUnsupported } from './picture.ts';
import type { Picture } from './picture.ts';

/**
 * The first image of a GIF (87a, 89a) on its screen, which is transparent around it.
 *
 * @throws Error when it is damaged; SaltError IMAGE_UNSUPPORTED.
 */
export function decodeGif(bytes: Uint8Array, fileName: string): Picture {
  const gif = new GifReader(bytes);
  const { width, height } = gif;
  if (!isPlausible(width * height, bytes.length))
    throw new Error(`its screen is ${width} x ${height} pixels`);
  if (gif.numFrames() === 0) throw new Error('it has no image');
  const frame = gif.frameInfo(0);
  if (frame.palette_size === null) throw new Error('it has no palette');
  if (frame.x + frame.width > width || frame.y + frame.height > height)
    throw new Error('its image overhangs its screen');
  // omggif puts rows of so low an image where they do not belong.
  if (frame.interlaced && frame.height > 1 && frame.height < 5)
    throw imageUnsupported(fileName, 'interlaced GIF of fewer than 5 rows is not supported');
  expectSoundCodes(bytes, frame.data_offset, frame.width * frame.height, frame.palette_size);
  const rgba = new Uint8Array(width * height * 4);
  gif.decodeAndBlitFrameRGBA(0, rgba);
  return { width, height, ...withoutIdleChannels(rgba), white: 255 };
}

/** RGBA as grey where every colour is grey, and without alpha where every pixel is opaque. */
function withoutIdleChannels(rgba: Uint8Array): Pick<Picture, 'channels' | 'values'> {
  let isGrey = true;
  let isOpaque = true;
  for (let i = 0; i < rgba.length; i += 4) {
    isGrey &&= rgba[i] === rgba[i + 1] && rgba[i] === rgba[i + 2];
    isOpaque &&= rgba[i + 3] === 255;
  }
  const kept = isGrey ? (isOpaque ? [0] : [0, 3]) : isOpaque ? [0, 1, 2] : [0, 1, 2, 3];
  const channels = isGrey ? (isOpaque ? 1 : 2) : isOpaque ? 3 : 4;
  const values = new Uint8Array((rgba.length / 4) * channels);
  let o = 0;
  for (let i = 0; i < rgba.length; i += 4) for (const channel of kept) values[o++] = rgba[i + channel] ?? 0;
  return { channels, values };
}
