// The codec packages ship no types: these are the parts that we use.

/** An Emscripten decoder class: put bytes in, decode, copy pixels out, delete. */
interface EmscriptenDecoder {
  /** A view of the codec's memory to copy the encoded bytes into. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned: boolean;
  };
  /** A view of the codec's memory, valid until `delete`. */
  getDecodedBuffer(): Uint8Array | Uint8ClampedArray;
  /** JPEG-LS only: 0 planar, 1 by line, 2 by pixel. */
  getInterleaveMode?(): number;
  delete(): void;
}

interface EmscriptenOptions {
  readonly locateFile?: (name: string) => string;
  readonly print: (line: string) => void;
  readonly printErr: (line: string) => void;
}

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const load: (options: EmscriptenOptions) => Promise<{ JPEGDecoder: new () => EmscriptenDecoder }>;
  export default load;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const load: (options: EmscriptenOptions) => Promise<{ JpegLSDecoder: new () => EmscriptenDecoder }>;
  export default load;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const load: (options: EmscriptenOptions) => Promise<{ J2KDecoder: new () => EmscriptenDecoder }>;
  export default load;
}

declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const load: (options: EmscriptenOptions) => Promise<{ HTJ2KDecoder: new () => EmscriptenDecoder }>;
  export default load;
}
