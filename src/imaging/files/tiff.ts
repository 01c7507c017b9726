import { decode } from 'tiff';
import { inflate } from '../inflate.ts';
import { isPlausible } from '../limits.ts';
import { fromPalette, imageUnsupported } from './picture.ts';
import type { Picture } from './picture.ts';

type Page = ReturnType<typeof decode>[number];

const DEFLATE = [8, 32946];

/** The first page of a TIFF. @throws Error when it is damaged; SaltError IMAGE_UNSUPPORTED. */
export async function decodeTiff(file: Uint8Array, fileName: string): Promise<Picture> {
  const bytes = withBitsPerSample(file);
  // Once for the header alone: the library allocates what it declares.
  const [header] = decode(bytes, { pages: [0], ignoreImageData: true });
  if (!header) throw new Error('it has no page');
  expectSupported(header, fileName);
  await expectBounded(header, bytes);
  const [page] = decode(bytes, { pages: [0] });
  if (!page) throw new Error('it has no page');
  return toPicture(page, fileName);
}

const BITS_PER_SAMPLE = 258;
const SHORT = 3;
const ENTRY_BYTES = 12;

/**
 * A file that does not say how many bits a sample has one each (TIFF 6.0, section 8), as black and white masks are often written. The library
 * wants it said: then in a copy, with a directory of its own at the end.
 */
function withBitsPerSample(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const from = bytes.length < 8 ? bytes.length : view.getUint32(4, little);
  if (from + 2 > bytes.length) return bytes;
  const count = view.getUint16(from, little);
  const entries = from + 2;
  const end = entries + count * ENTRY_BYTES;
  if (end + 4 > bytes.length) return bytes;
  const tags = Array.from({ length: count }, (_, i) => view.getUint16(entries + i * ENTRY_BYTES, little));
  if (tags.includes(BITS_PER_SAMPLE)) return bytes;
  // Entries are in the order of their tags.
  const before = entries + tags.filter((tag) => tag < BITS_PER_SAMPLE).length * ENTRY_BYTES;
  const at = bytes.length + (bytes.length % 2);
  const out = new Uint8Array(at + 2 + (count + 1) * ENTRY_BYTES + 4);
  const written = new DataView(out.buffer);
  out.set(bytes);
  written.setUint32(4, at, little);
  written.setUint16(at, count + 1, little);
  out.set(bytes.subarray(entries, before), at + 2);
  const entry = at + 2 + before - entries;
  written.setUint16(entry, BITS_PER_SAMPLE, little);
  written.setUint16(entry + 2, SHORT, little);
  written.setUint32(entry + 4, 1, little);
  written.setUint16(entry + 8, 1, little);
  // And where the next directory is.
  out.set(bytes.subarray(before, end + 4), entry + ENTRY_BYTES);
  return out;
}

function expectSupported(page: Page, fileName: string): void {
  const { width, height, bitsPerSample, samplesPerPixel, type, compression } = page;
  if (!Number.isInteger(width) || !Number.isInteger(height)) throw new Error('it has no width and height');
  const unsupported = (what: string) => imageUnsupported(fileName, `a TIFF ${what} is not supported`);
  if (![1, 5, ...DEFLATE].includes(compression)) throw unsupported(`with compression ${compression}`);
  if (![0, 1, 2, 3].includes(type)) throw unsupported(`with colour space ${type}`);
  if (![1, 8, 16].includes(bitsPerSample)) throw unsupported(`of ${bitsPerSample} bits`);
  if (page.sampleFormat !== 1) throw unsupported('of signed or floating-point values');
  if (samplesPerPixel > 1 && page.planarConfiguration !== 1) throw unsupported('with separate colour planes');
  if (samplesPerPixel > 1 && (page.tiled || bitsPerSample === 1)) throw unsupported('with coloured tiles');
  if (page.orientation && page.orientation !== 1) throw unsupported('that is turned or mirrored');
}

async function expectBounded(page: Page, bytes: Uint8Array): Promise<void> {
  const { width, height, bitsPerSample, samplesPerPixel, compression } = page;
  const size = Math.ceil((width * samplesPerPixel * bitsPerSample) / 8) * height;
  if (!isPlausible(size, bytes.length)) {
    throw new Error(`it declares ${width} x ${height} pixels, which its ${bytes.length} bytes cannot hold`);
  }
  if (!DEFLATE.includes(compression)) return;
  const offsets = page.tiled ? page.tileOffsets : page.stripOffsets;
  const counts = page.tiled ? page.tileByteCounts : page.stripByteCounts;
  const padding = page.tiled ? (page.tileWidth ?? 0) * (page.tileHeight ?? 0) * samplesPerPixel * 2 : 0;
  for (const [i, offset] of offsets.entries()) {
    const strip = bytes.subarray(offset, offset + (counts[i] ?? 0));
    if (!(await inflate(strip, 'deflate', size + padding + 65536))) {
      throw new Error('its pixel data grows beyond the declared size');
    }
  }
}

function toPicture(page: Page, fileName: string): Picture {
  const { width, height, samplesPerPixel: channels, data, bitsPerSample, palette } = page;
  if (!(data instanceof Uint8Array || data instanceof Uint16Array)) {
    throw imageUnsupported(fileName, 'a TIFF of floating-point values is not supported');
  }
  if (palette && data instanceof Uint8Array) {
    const colours = palette.map((colour) => colour.map((value) => Math.round(value / 257)));
    return fromPalette(width, height, data, colours);
  }
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
    throw imageUnsupported(fileName, `a TIFF with ${channels} channels is not supported`);
  }
  if (data.length < width * height * channels) throw new Error('it has fewer pixels than it declares');
  return { width, height, channels, values: data, white: 2 ** bitsPerSample - 1 };
}
