/** Checkpoints made by hand, byte by byte: what torch.save writes, and what an attacker would. */

const encoder = new TextEncoder();

/** Pickle instructions, as far as tests need them. Each gives the bytes of one or more instructions. */
export const pickle = {
  proto: (version = 2): number[] => [0x80, version],
  stop: [0x2e],
  mark: [0x28],
  none: [0x4e],
  reduce: [0x52],
  build: [0x62],
  persistentId: [0x51],
  emptyDict: [0x7d],
  emptyList: [0x5d],
  emptyTuple: [0x29],
  setItem: [0x73],
  setItems: [0x75],
  append: [0x61],
  appends: [0x65],
  bool: (value: boolean): number[] => [value ? 0x88 : 0x89],
  text: (value: string): number[] => {
    const bytes = [...encoder.encode(value)];
    return [0x58, ...uint32(bytes.length), ...bytes];
  },
  int: (value: number): number[] => [0x4a, ...uint32(value)],
  /** Any whole number, as LONG1. */
  long: (value: bigint): number[] => {
    const bytes: number[] = [];
    for (let i = 0; i < 9; i += 1) bytes.push(Number((value >> BigInt(8 * i)) & 255n));
    return [0x8a, bytes.length, ...bytes];
  },
  float: (value: number): number[] => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return [0x47, ...new Uint8Array(view.buffer)];
  },
  tuple: (...items: readonly number[][]): number[] => [0x28, ...items.flat(), 0x74],
  global: (module: string, name: string): number[] => [0x63, ...encoder.encode(`${module}\n${name}\n`)],
  stackGlobal: (module: string, name: string): number[] => [
    ...pickle.text(module),
    ...pickle.text(name),
    0x93,
  ],
  inst: (module: string, name: string): number[] => [0x28, 0x69, ...encoder.encode(`${module}\n${name}\n`)],
  put: (index: number): number[] => [0x72, ...uint32(index)],
  get: (index: number): number[] => [0x6a, ...uint32(index)],
  orderedDict: (): number[] => [...pickle.global('collections', 'OrderedDict'), 0x29, 0x52],
  /** A dict of the given keys, whose values are instructions. */
  dict: (entries: Readonly<Record<string, number[]>>): number[] => [
    0x7d,
    0x28,
    ...Object.entries(entries).flatMap(([key, value]) => [...pickle.text(key), ...value]),
    0x75,
  ],
  storage: (type: string, key: string, length: number | bigint): number[] => [
    ...pickle.tuple(
      pickle.text('storage'),
      pickle.global('torch', type),
      pickle.text(key),
      pickle.text('cpu'),
      typeof length === 'bigint' ? pickle.long(length) : pickle.int(length),
    ),
    0x51,
  ],
  tensor: (fields: {
    readonly type?: string;
    readonly key: string;
    readonly length: number | bigint;
    readonly offset?: number;
    readonly shape: readonly (number | bigint)[];
    readonly strides: readonly (number | bigint)[];
  }): number[] => {
    const number = (n: number | bigint): number[] => (typeof n === 'bigint' ? pickle.long(n) : pickle.int(n));
    return [
      ...pickle.global('torch._utils', '_rebuild_tensor_v2'),
      ...pickle.tuple(
        pickle.storage(fields.type ?? 'FloatStorage', fields.key, fields.length),
        pickle.int(fields.offset ?? 0),
        pickle.tuple(...fields.shape.map(number)),
        pickle.tuple(...fields.strides.map(number)),
        pickle.bool(false),
        pickle.orderedDict(),
      ),
      0x52,
    ];
  },
  program: (...instructions: readonly number[][]): Uint8Array =>
    Uint8Array.from([...pickle.proto(), ...instructions.flat(), 0x2e]),
};

export interface ZipFixture {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Compression method in the directory. */
  readonly method?: number;
}

/** A zip archive of stored entries; local headers have an extra field, as torch's do for alignment. */
export function zip(entries: readonly ZipFixture[]): Uint8Array {
  const parts: number[][] = [];
  const directory: number[][] = [];
  let offset = 0;
  for (const { name, bytes, method = 0 } of entries) {
    const nameBytes = [...encoder.encode(name)];
    const common = [...uint16(0), ...uint16(method), ...uint32(0), ...uint32(0)];
    const sizes = [...uint32(bytes.length), ...uint32(bytes.length)];
    const local = [
      ...uint32(0x04034b50),
      ...uint16(0),
      ...common,
      ...sizes,
      ...uint16(nameBytes.length),
      ...uint16(6),
      ...nameBytes,
      ...[0x46, 0x42, 2, 0, 0x5a, 0x5a],
      ...bytes,
    ];
    directory.push([
      ...uint32(0x02014b50),
      ...uint32(0),
      ...common,
      ...sizes,
      ...uint16(nameBytes.length),
      ...new Array<number>(12).fill(0),
      ...uint32(offset),
      ...nameBytes,
    ]);
    parts.push(local);
    offset += local.length;
  }
  const directoryBytes = directory.flat();
  const end = [
    ...uint32(0x06054b50),
    ...uint32(0),
    ...uint16(entries.length),
    ...uint16(entries.length),
    ...uint32(directoryBytes.length),
    ...uint32(offset),
    ...uint16(0),
  ];
  return Uint8Array.from([...parts.flat(), ...directoryBytes, ...end]);
}

/**
 * A zip64 archive, every size and offset of which is written in 64 bits. Its first entry has `hole` bytes that are not
 * in the result: they lie between `head` and `tail`, so that an archive of many GB takes no memory.
 */
export function zip64(
  entries: readonly ZipFixture[],
  hole = 0,
): { readonly head: Uint8Array; readonly tail: Uint8Array } {
  const inEntry = [...uint32(0xffffffff), ...uint32(0xffffffff)];
  const record = (name: Uint8Array, size: number, offset?: number): number[] => {
    const central = offset !== undefined;
    const extra = [...uint64(size), ...uint64(size), ...(central ? uint64(offset) : [])];
    return [
      ...uint32(central ? 0x02014b50 : 0x04034b50),
      ...(central ? uint16(45) : []),
      ...[...uint16(45), ...uint32(0), ...uint32(0), ...uint32(0), ...inEntry],
      ...[...uint16(name.length), ...uint16(extra.length + 4)],
      ...(central ? [...new Array<number>(10).fill(0), ...uint32(0xffffffff)] : []),
      ...[...name, ...uint16(1), ...uint16(extra.length), ...extra],
    ];
  };
  const holeName = encoder.encode('archive/hole');
  const head = record(holeName, hole);
  const parts: number[] = [];
  const directory = record(holeName, hole, 0);
  for (const { name, bytes } of entries) {
    const nameBytes = encoder.encode(name);
    directory.push(...record(nameBytes, bytes.length, head.length + hole + parts.length));
    parts.push(...record(nameBytes, bytes.length), ...bytes);
  }
  const directoryOffset = head.length + hole + parts.length;
  const count = uint64(entries.length + 1);
  const end = [
    ...[...uint32(0x06064b50), ...uint64(44), ...uint16(45), ...uint16(45), ...uint64(0), ...count, ...count],
    ...[...uint64(directory.length), ...uint64(directoryOffset)],
    ...[...uint32(0x07064b50), ...uint32(0), ...uint64(directoryOffset + directory.length), ...uint32(1)],
    ...[...uint32(0x06054b50), ...uint32(0), ...uint32(0xffffffff), ...inEntry, ...uint16(0)],
  ];
  return { head: Uint8Array.from(head), tail: Uint8Array.from([...parts, ...directory, ...end]) };
}

/** A `.pth` file: its pickle, and the bytes of its storages by key. */
export function pth(data: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  return zip([
    { name: 'archive/data.pkl', bytes: data },
    { name: 'archive/byteorder', bytes: encoder.encode('little') },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    { name: 'archive/version', bytes: encoder.encode('3\n') },
  ]);
}

/** A safetensors file of this header text, whatever it says, and data. */
export function safetensors(
  header: string | Uint8Array,
  data: Uint8Array = new Uint8Array(),
  length?: bigint,
): Uint8Array {
  const text = typeof header === 'string' ? encoder.encode(header) : header;
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

export function floatBytes(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function uint16(value: number): number[] {
  return [value & 255, (value >>> 8) & 255];
}

function uint32(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
}

function uint64(value: number): number[] {
  return [...uint32(value), ...uint32(Math.floor(value / 2 ** 32))];
}
