/** The models of this page: those that are served with it, and those that the user gave. */
import type { AdapterInfo } from '../adapters/index.ts';
import type { SamBase } from '../inference/sam-base.ts';
import type { LoadShipped } from '../inference/shipped-parts.ts';
import { bytesSource } from '../model/checkpoint/byte-source.ts';
import { loadSamWeights } from '../model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../model/checkpoint/open-checkpoint.ts';
import { weightsHash } from '../model/checkpoint/weights-hash.ts';
import type { PreparedIndex } from '../model/prepared/prepared-index.ts';
import { parsePreparedIndex } from '../model/prepared/prepared-index.ts';
import type { ImportProgress, ModelSummary } from '../protocol/backend.ts';
import { SaltError } from '../protocol/errors.ts';
import { fetchFile, fetchText } from '../runtime/fetch.web.ts';
import { eraseModelCache, openModelCache } from '../runtime/model-cache.web.ts';
import type { CachedModel, ModelCache } from '../runtime/model-cache.web.ts';
import type { ServedModel } from './messages.ts';

/** @param fraction 0 to 1; null while it is not known */
type OnFetched = (fraction: number | null) => void;

interface LoadedBase extends SamBase {
  readonly bytes: number;
}

/** A served model that is a file. */
interface ServedFile {
  readonly summary: ModelSummary;
  readonly weightsHash: string;
}

export class Models {
  readonly #served: readonly ServedModel[];
  /** Of the model last asked for and of the one that lends its parts: both are needed again and again. */
  readonly #loaded = new Map<string, Promise<LoadedBase>>();
  /** By id. Each must be fetched whole to be described. */
  readonly #files = new Map<string, ServedFile>();

  constructor(served: readonly ServedModel[]) {
    this.#served = served;
  }

  /** Without served ones that cannot be reached, which the others can do without. */
  async list(): Promise<ModelSummary[]> {
    const served: ModelSummary[] = [];
    /** Of served ones that the store keeps once they were fetched. */
    const fetched = new Set<string>();
    for (const model of this.#served) {
      try {
        const index = await indexOf(model);
        served.push(index ? { ...describe(index), ...titled(model) } : (await this.#fileOf(model)).summary);
        if (index) fetched.add(index.weightsHash);
      } catch (error) {
        console.warn(`The model "${model.title}" cannot be listed:`, error);
      }
    }
    const stored = (await storedIndices()).filter(
      ({ kind, weightsHash }) => kind === 'sam' && !fetched.has(weightsHash),
    );
    return [...served, ...stored.map((index) => describe(index))];
  }

  /**
   * @param id `ModelSummary.id`
   * @throws SaltError `MODEL_UNKNOWN`, `DOWNLOAD_*`, `HASH_MISMATCH`, `CHECKPOINT_*`, `FILE_UNREADABLE`
   */
  base(id: string, onFetched: OnFetched = () => undefined): Promise<LoadedBase> {
    const known = this.#loaded.get(id);
    if (known) return known;
    const loading = this.#load(id, onFetched);
    this.#loaded.set(id, loading);
    loading.catch(() => this.#loaded.delete(id));
    const lender = this.#served[0]?.id;
    for (const other of this.#loaded.keys()) if (other !== id && other !== lender) this.#loaded.delete(other);
    return loading;
  }

  /** The parts that the first served model lends. */
  readonly shipped: LoadShipped = () => {
    const [first] = this.#served;
    if (!first)
      throw new SaltError(
        'MODEL_UNKNOWN',
        'No model is served with this page. Add one under Advanced, or ask whoever runs this server.',
      );
    return this.base(first.id);
  };

  /**
   * The id of an adapter's base model; undefined where it is not here.
   * @param weightsHash null for a model without a base
   */
  async idOf(name: string, weightsHash: string | null): Promise<string | undefined> {
    if (weightsHash === null) return undefined;
    const served = this.#served.find(({ id }) => id === name);
    const isStored = (await storedIndices()).some((index) => index.weightsHash === weightsHash);
    // One that was added may go by the name of one that is served, which may be out of reach.
    if (served && (!isStored || (await this.#hashOf(served).catch(() => undefined)) === weightsHash))
      return name;
    return isStored ? weightsHash : undefined;
  }

  /** @throws SaltError `MODEL_UNKNOWN`, and as `base` */
  async baseOf({ model }: AdapterInfo): Promise<SamBase> {
    if (model.kind !== 'sam') throw new SaltError('INVALID_ARGUMENT', 'A U-Net has no base model.');
    const id = await this.idOf(model.name, model.weightsHash);
    if (id !== undefined) return this.base(id);
    throw new SaltError(
      'MODEL_UNKNOWN',
      `The adapter was trained on "${model.name}", which is not here: add that model first.`,
      { name: model.name, weightsHash: model.weightsHash },
    );
  }

  /** @throws SaltError as `ModelCache.accept`; `INVALID_ARGUMENT` for what is no SAM */
  async accept(
    files: readonly File[],
    onProgress: (progress: ImportProgress) => void,
    signal: AbortSignal,
  ): Promise<ModelSummary> {
    const cache = await openModelCache();
    const { index } = await cache.accept(files, { onProgress, signal });
    // It may have taken the place of another with the same id.
    this.#loaded.delete(index.weightsHash);
    if (index.kind === 'sam') return describe(index);
    await cache.remove(index.weightsHash);
    throw new SaltError('INVALID_ARGUMENT', `${index.name} is a text encoder, not a model that segments.`);
  }

  /** @throws SaltError `INVALID_ARGUMENT` for a served model */
  async remove(id: string): Promise<void> {
    if (this.#served.some((model) => model.id === id)) {
      throw new SaltError('INVALID_ARGUMENT', 'This model comes with the program and cannot be removed.');
    }
    this.#loaded.delete(id);
    await (await openModelCache()).remove(id);
  }

  async storedBytes(): Promise<number> {
    return (await storedIndices()).reduce((sum, index) => sum + bytesOf(index), 0);
  }

  async erase(): Promise<void> {
    this.#loaded.clear();
    await eraseModelCache();
  }

  async #hashOf(served: ServedModel): Promise<string> {
    return ((await indexOf(served)) ?? (await this.#fileOf(served))).weightsHash;
  }

  async #fileOf(model: ServedModel): Promise<ServedFile> {
    const known = this.#files.get(model.id);
    if (known) return known;
    const { bytes, textAffine, weightsHash } = await this.base(model.id);
    const file = { summary: { ...titled(model), bytes, knowsWords: textAffine !== undefined }, weightsHash };
    this.#files.set(model.id, file);
    return file;
  }

  async #load(id: string, onFetched: OnFetched): Promise<LoadedBase> {
    const served = this.#served.find((model) => model.id === id);
    if (!served) return fromCache(await storedModel(id), undefined);
    const { url } = served;
    if (isIndex(url)) {
      const onProgress = ({ done, total }: ImportProgress): void =>
        onFetched(total > 0 ? done / total : null);
      return fromCache(await (await openModelCache()).fetch(url, { onProgress }), id);
    }
    const bytes = await fetchFile(url, undefined, (received, total) =>
      onFetched(total === undefined ? null : received / total),
    );
    const sam = await loadSamWeights(await openCheckpoint(bytesSource(bytes), id));
    return { name: id, weightsHash: await weightsHash(sam.weights), bytes: bytes.byteLength, ...sam };
  }
}

/** @param name under which adapters will know it; its own without */
async function fromCache({ index, source }: CachedModel, name: string | undefined): Promise<LoadedBase> {
  const { name: ownName, weightsHash: hash } = index;
  const sam = await loadSamWeights(source);
  return { name: name ?? ownName, weightsHash: hash, bytes: bytesOf(index), ...sam };
}

/** @throws SaltError `MODEL_UNKNOWN` */
async function storedModel(id: string): Promise<CachedModel> {
  const cached = await (await cacheIfAllowed())?.open(id);
  if (cached) return cached;
  throw new SaltError('MODEL_UNKNOWN', 'This model is no longer in the browser: add it again.', { id });
}

async function storedIndices(): Promise<PreparedIndex[]> {
  return (await (await cacheIfAllowed())?.list()) ?? [];
}

/** A page that may keep nothing has nothing. */
async function cacheIfAllowed(): Promise<ModelCache | undefined> {
  return openModelCache().catch(() => undefined);
}

/** Of a served model that is prepared; undefined for one that is a file. @throws SaltError `DOWNLOAD_*`, `CHECKPOINT_INVALID` */
async function indexOf({ url }: ServedModel): Promise<PreparedIndex | undefined> {
  return isIndex(url) ? parsePreparedIndex(await fetchText(url), url) : undefined;
}

function titled({ id, title }: ServedModel): Pick<ModelSummary, 'id' | 'title' | 'origin'> {
  return { id, title, origin: 'shipped' };
}

function describe(index: PreparedIndex): ModelSummary {
  const { weightsHash: id, name } = index;
  return { id, title: name, bytes: bytesOf(index), origin: 'stored', knowsWords: knowsWords(index) };
}

function knowsWords({ tensors }: PreparedIndex): boolean {
  return Object.keys(tensors).some((name) => name.includes('text_affine.'));
}

function bytesOf({ shards, files }: PreparedIndex): number {
  return [...shards, ...files].reduce((sum, { bytes }) => sum + bytes, 0);
}

function isIndex(url: string): boolean {
  return new URL(url, location.href).pathname.endsWith('.json');
}
