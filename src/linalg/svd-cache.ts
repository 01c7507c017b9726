import { SVD_VERSION } from './svd.ts';
import type { Svd } from './svd.ts';
import type { SvdTask } from './svd-message.ts';

/** Keeps factorisations between runs. A cache may forget; it must never return anything but what was put. */
export interface SvdCache {
  get(key: string): Promise<Svd | undefined>;
  put(key: string, svd: Svd): Promise<void>;
}

/**
 * Names a factorisation by all that it depends on: version of the algorithm, shape, element type and the SHA-256 of the
 * matrix. Safe as a file name. Undefined where the page has no Web Crypto (pages served over plain HTTP).
 */
export async function svdCacheKey(task: SvdTask): Promise<string | undefined> {
  const { subtle } = globalThis.crypto as Partial<Crypto>;
  if (!subtle) return undefined;
  const { matrix, rows, cols } = task;
  // A copy: the digest runs on another thread, and the caller's buffer may be shared or change meanwhile.
  const digest = await subtle.digest('SHA-256', matrix.slice());
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `v${SVD_VERSION}-f${matrix.BYTES_PER_ELEMENT * 8}-${rows}x${cols}-${hex}`;
}
