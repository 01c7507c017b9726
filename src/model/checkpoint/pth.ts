/**
 * PyTorch checkpoints as torch.save writes them since 1.6: a zip archive of one pickle, `<folder>/data.pkl`, that
 * describes the tensors, and one file of plain numbers, `<folder>/data/<key>`, for each storage.
 */
import { floatTensor, type FloatTensor } from '../../graph/tensor.ts';
import type { ByteSource } from './byte-source.ts';
import type { CheckpointSource } from './checkpoint-source.ts';
import { byteLengthOf, bytesPerElement, decodeFloat32 } from './dtypes.ts';
import { invalid, quote } from './invalid.ts';
import { readPickle } from './pickle.ts';
import { isKind, type PickledTensor, type PickleDict, type PickleValue } from './pickle-values.ts';
import { gatherStrided, isContiguous } from './strided.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

/** That of ViT-H has a tenth of a megabyte. */
const MAX_PICKLE_BYTES = 16 * 2 ** 20;
/** Under which training scripts file the model's tensors. */
const STATE_DICT_KEYS = ['model', 'state_dict', 'model_state_dict'];
const MAX_NESTING = 3;

type Zip = ReadonlyMap<string, ZipEntry>;

/**
 * Reads the description only; each tensor is read when it is asked for.
 * @throws SaltError `CHECKPOINT_REFUSED` when the pickle asks for anything but tensors; `CHECKPOINT_INVALID`,
 *   `FILE_UNREADABLE`
 */
export async function openPth(source: ByteSource): Promise<CheckpointSource> {
  const zip = await readZipDirectory(source);
  const folder = findFolder(zip);
  await demandLittleEndian(source, zip, folder);
  const pickle = await readEntry(source, zip, `${folder}/data.pkl`, MAX_PICKLE_BYTES);
  const tensors = collectTensors(readPickle(pickle));
  checkStorages(tensors, zip, folder);
  checkTotal(tensors, source.size);
  const find = (name: string): PickledTensor => {
    const tensor = tensors.get(name);
    if (!tensor) throw invalid(`The file holds no tensor ${quote(name)}.`, { tensor: name });
    return tensor;
  };
  return {
    metadata: {},
    names: [...tensors.keys()],
    shape: (name) => find(name).shape,
    dtype: (name) => find(name).storage.dtype,
    float32: (name) => readTensor(source, zip, folder, name, find(name)),
  };
}

function findFolder(zip: Zip): string {
  const names = [...zip.keys()];
  const folders = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name)).map((name) => name.slice(0, -9));
  const [folder] = folders;
  if (folder === undefined || folders.length > 1) {
    throw invalid(
      'The file is a zip archive, but not one that torch.save wrote: it has no data.pkl in one folder.',
    );
  }
  if (zip.has(`${folder}/constants.pkl`)) {
    throw invalid(
      'The file is a TorchScript program, not a checkpoint. Save its state_dict() with torch.save.',
    );
  }
  return folder;
}

async function demandLittleEndian(source: ByteSource, zip: Zip, folder: string): Promise<void> {
  const name = `${folder}/byteorder`;
  if (!zip.has(name)) return; // before PyTorch 2.1; little-endian in practice
  const order = new TextDecoder().decode(await readEntry(source, zip, name, 64));
  if (order !== 'little')
    throw invalid(`The checkpoint's numbers are ${quote(order)}-endian; only little-endian is read.`);
}

async function readEntry(source: ByteSource, zip: Zip, name: string, limit: number): Promise<Uint8Array> {
  const { size, dataOffset } = findEntry(zip, name);
  if (size > limit) throw invalid(`The entry ${quote(name)} has ${size} bytes; at most ${limit} are read.`);
  return source.read(await dataOffset(), size);
}

function findEntry(zip: Zip, name: string): ZipEntry {
  const entry = zip.get(name);
  if (!entry) throw invalid(`The file holds no entry ${quote(name)}.`, { entry: name });
  return entry;
}

/** The named tensors of a state dict, or of the state dict within a training checkpoint. Other values are ignored. */
function collectTensors(root: PickleValue): ReadonlyMap<string, PickledTensor> {
  let dict = root;
  for (let depth = 0; depth < MAX_NESTING && isKind(dict, 'dict'); depth += 1) {
    const inner = innerStateDict(dict);
    if (!inner) break;
    dict = inner;
  }
  const tensors = new Map<string, PickledTensor>();
  if (isKind(dict, 'dict')) {
    for (const [key, value] of dict.entries) {
      if (typeof key === 'string' && isKind(value, 'tensor')) tensors.set(key, value);
    }
  }
  if (tensors.size === 0) {
    throw invalid(
      `The checkpoint holds no tensors by name, neither at its top nor under ${STATE_DICT_KEYS.join(', ')}. Save the model's state_dict() with torch.save.`,
    );
  }
  return tensors;
}

function innerStateDict(dict: PickleDict): PickleDict | undefined {
  return STATE_DICT_KEYS.map((key) => dict.entries.get(key)).find((value) => isKind(value, 'dict'));
}

function checkStorages(tensors: ReadonlyMap<string, PickledTensor>, zip: Zip, folder: string): void {
  for (const [name, { storage }] of tensors) {
    const size = zip.get(`${folder}/data/${storage.key}`)?.size;
    const needed = byteLengthOf(name, { dtype: storage.dtype, shape: [storage.length] });
    if (size !== needed) {
      throw invalid(
        `Tensor ${quote(name)} needs ${needed} bytes of numbers; the file has ${size ?? 'none'} for it.`,
        {
          tensor: name,
        },
      );
    }
  }
}

/** Tied weights share a storage, so the sum may exceed the file; many times over, it is a bomb. */
function checkTotal(tensors: ReadonlyMap<string, PickledTensor>, fileSize: number): void {
  let total = 0;
  for (const [name, { storage, shape }] of tensors)
    total += byteLengthOf(name, { dtype: storage.dtype, shape });
  if (total > 2 * fileSize) {
    throw invalid(
      `The checkpoint's tensors claim ${total} bytes in a file of ${fileSize}, by sharing the same numbers.`,
    );
  }
}

async function readTensor(
  source: ByteSource,
  zip: Zip,
  folder: string,
  name: string,
  { storage, offset, shape, strides }: PickledTensor,
): Promise<FloatTensor> {
  const { dtype } = storage;
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (count === 0) return floatTensor(shape);
  const contiguous = isContiguous(shape, strides);
  const span = contiguous
    ? count
    : shape.reduce((last, extent, axis) => last + (extent - 1) * (strides[axis] ?? 0), 1);
  const entry = findEntry(zip, `${folder}/data/${storage.key}`);
  const start = (await entry.dataOffset()) + offset * bytesPerElement(dtype);
  const bytes = await source.read(start, span * bytesPerElement(dtype));
  const flat = decodeFloat32(name, { dtype, shape: [span] }, bytes).data;
  return floatTensor(shape, contiguous ? flat : gatherStrided(flat, shape, strides));
}
