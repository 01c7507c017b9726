import { interleave } from './image.ts';
import type { CodecImage } from './image.ts';

/**
 * The only file that loads cornerstone's codecs. Each is fetched and compiled on first use. In Node their own
 * loaders find the `.wasm` file beside them; elsewhere the bundler must, through the `new URL` calls below, which
 * webpack, Vite and Rollup recognise by their literal form.
 */
const CODECS = {
  jpeg: {
    wasm: () => new URL('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm', import.meta.url),
    load: async (options: EmscriptenOptions) =>
      (await (await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')).default(options))
        .JPEGDecoder,
  },
  'jpeg-ls': {
    wasm: () => new URL('@cornerstonejs/codec-charls/decodewasm', import.meta.url),
    load: async (options: EmscriptenOptions) =>
      (await (await import('@cornerstonejs/codec-charls/decodewasmjs')).default(options)).JpegLSDecoder,
  },
  'jpeg-2000': {
    wasm: () => new URL('@cornerstonejs/codec-openjpeg/decodewasm', import.meta.url),
    load: async (options: EmscriptenOptions) =>
      (await (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default(options)).J2KDecoder,
  },
  htj2k: {
    wasm: () => new URL('@cornerstonejs/codec-openjph/wasm', import.meta.url),
    load: async (options: EmscriptenOptions) =>
      (await (await import('@cornerstonejs/codec-openjph/wasmjs')).default(options)).HTJ2KDecoder,
  },
} as const;

export type WasmCodec = keyof typeof CODECS;

interface LoadedCodec {
  readonly Decoder: new () => EmscriptenDecoder;
  /** What the codec printed since it was last emptied. */
  readonly messages: string[];
}

const loaded = new Map<WasmCodec, Promise<LoadedCodec>>();

function codec(name: WasmCodec): Promise<LoadedCodec> {
  let entry = loaded.get(name);
  if (!entry) {
    entry = load(name);
    loaded.set(name, entry);
    entry.catch(() => loaded.delete(name));
  }
  return entry;
}

async function load(name: WasmCodec): Promise<LoadedCodec> {
  const messages: string[] = [];
  const print = (line: string) => void messages.push(line);
  const { wasm, load: start } = CODECS[name];
  const options = { print, printErr: print };
  const Decoder = await start(inBrowser() ? { ...options, locateFile: () => wasm().href } : options);
  return { Decoder, messages };
}

/** A page or one of its workers. */
function inBrowser(): boolean {
  return 'document' in globalThis || 'WorkerGlobalScope' in globalThis;
}

/**
 * Decodes one image. The caller has read its header first and knows that the size is plausible.
 *
 * @throws Error with the codec's own words when the bytes are damaged.
 */
export async function decodeWithWasm(name: WasmCodec, encoded: Uint8Array): Promise<CodecImage> {
  const { Decoder, messages } = await codec(name);
  messages.length = 0;
  let decoder: EmscriptenDecoder | undefined;
  try {
    decoder = new Decoder();
    decoder.getEncodedBuffer(encoded.length).set(encoded);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    const failure = messages.find((line) => /error|fail/i.test(line));
    if (failure !== undefined || width === 0 || height === 0) throw new Error(failure ?? 'no image in it');
    const decoded = decoder.getDecodedBuffer();
    const size = width * height * componentCount * (bitsPerSample > 8 ? 2 : 1);
    if (decoded.length < size) throw new Error('fewer pixels than its header promises');
    const bytes = new Uint8Array(decoded.subarray(0, size));
    const planar = componentCount > 1 && decoder.getInterleaveMode?.() === 0;
    decoder.delete();
    return {
      width,
      height,
      components: componentCount,
      bits: bitsPerSample,
      bytes: planar ? interleave(bytes, componentCount, bitsPerSample > 8 ? 2 : 1) : bytes,
    };
  } catch (error) {
    // After a failure the codec's memory is in an unknown state: the next image gets a fresh one.
    loaded.delete(name);
    // C++ exceptions arrive as bare numbers: addresses in the codec's memory.
    const reason = error instanceof Error ? error.message : messages.at(-1);
    throw new Error(reason ?? 'the encoded data is damaged', { cause: error });
  }
}
