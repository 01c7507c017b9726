import { loadSamWeights } from '../../../src/model/checkpoint/load-sam.ts';
import { weightsHash } from '../../../src/model/checkpoint/weights-hash.ts';
import type { CacheProgress, CachedModel, ModelCache } from '../../../src/runtime/model-cache.web.ts';
import { openModelCache } from '../../../src/runtime/model-cache.web.ts';
import { failureOf } from '../../runtime/scenario.ts';

export interface DroppedFile {
  readonly name: string;
  readonly base64: string;
}

export type Arguments =
  | { readonly do: 'fetch'; readonly url: string; readonly stopAfterFirst?: true }
  | { readonly do: 'open' | 'remove'; readonly hash: string }
  | {
      readonly do: 'drop';
      readonly files: readonly DroppedFile[];
      readonly shardBytes?: number;
      /** Entries of the store after which there is no more space. */
      readonly spaceFor?: number;
    };

export interface Result {
  /** Of all models in the store afterwards. */
  readonly hashes: readonly string[];
  /** Formed anew from what the store gives. */
  readonly loadedHash?: string;
  readonly freed?: number;
  readonly failure?: string;
  readonly progress: readonly CacheProgress[];
  /** What lies in the store, in bytes. */
  readonly stored: number;
}

/** One thing that a page may do with the store; a reload comes between two. */
export async function main(argument: Arguments): Promise<Result> {
  const cache = await openModelCache();
  const progress: CacheProgress[] = [];
  let model: CachedModel | undefined;
  let freed: number | undefined;
  const failure = await failureOf(async () => {
    switch (argument.do) {
      case 'fetch':
        model = await fetchModel(cache, argument, progress);
        break;
      case 'open':
        model = await cache.open(argument.hash);
        break;
      case 'remove':
        freed = await cache.remove(argument.hash);
        break;
      case 'drop':
        if (argument.spaceFor !== undefined) limitSpace(argument.spaceFor);
        model = await drop(cache, argument, progress);
    }
  });
  const loadedHash = model && (await weightsHash((await loadSamWeights(model.source)).weights));
  return {
    hashes: (await cache.list()).map((index) => index.weightsHash),
    ...(loadedHash !== undefined && { loadedHash }),
    ...(freed !== undefined && { freed }),
    ...(failure !== 'no error' && { failure }),
    progress,
    stored: await storedBytes(),
  };
}

function fetchModel(
  cache: ModelCache,
  { url, stopAfterFirst }: Arguments & { readonly do: 'fetch' },
  progress: CacheProgress[],
): Promise<CachedModel> {
  const controller = new AbortController();
  return cache.fetch(url, {
    signal: controller.signal,
    onProgress: (event) => {
      progress.push(event);
      if (stopAfterFirst && event.done > 0) controller.abort();
    },
  });
}

/** As a user does it: files dragged from a folder onto the page. */
function drop(
  cache: ModelCache,
  { files, shardBytes }: Arguments & { readonly do: 'drop' },
  progress: CacheProgress[],
): Promise<CachedModel> {
  const transfer = new DataTransfer();
  for (const { name, base64 } of files) {
    transfer.items.add(
      new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], name),
    );
  }
  return new Promise((resolve, reject) => {
    document.addEventListener(
      'drop',
      (event) => {
        const dropped = [...(event.dataTransfer?.files ?? [])];
        const onProgress = (told: CacheProgress) => progress.push(told);
        cache
          .accept(dropped, { onProgress, ...(shardBytes !== undefined && { shardBytes }) })
          .then(resolve, reject);
      },
      { once: true },
    );
    document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer }));
  });
}

/** As a browser does it whose disk is full. */
function limitSpace(entries: number): void {
  const put = Reflect.get(Cache.prototype, 'put');
  let left = entries;
  Cache.prototype.put = function (this: Cache, key, answer) {
    if (left-- > 0) return put.call(this, key, answer);
    return Promise.reject(new DOMException('The disk is full.', 'QuotaExceededError'));
  };
}

async function storedBytes(): Promise<number> {
  let bytes = 0;
  for (const name of await caches.keys()) {
    const store = await caches.open(name);
    for (const key of await store.keys()) {
      if (key.url.includes('/file/')) bytes += (await (await store.match(key))?.blob())?.size ?? 0;
    }
  }
  return bytes;
}
