import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import type { SvdCache } from '../linalg/svd-cache.ts';
import type { Svd } from '../linalg/svd.ts';
import { unwritable, writeFileAtomic } from './files.node.ts';

const HEADER_BYTES = 8;
const DIGEST_BYTES = 32;

/** `svd` in the folder that OHIF_SALT_CACHE names, else in the system's place for caches. */
export function svdCacheFolder(): string {
  const folder = process.env.OHIF_SALT_CACHE;
  return join(folder || envPaths('ohif-salt', { suffix: '' }).cache, 'svd');
}

/** Where a factorisation lies, or would. */
export function svdCacheFile(key: string, folder = svdCacheFolder()): string {
  return join(folder, `${key}.svd`);
}

/**
 * One file for each factorisation, named by its key: rows and cols as uint32, then U, s and Vt as float32 (all in the
 * machine's byte order, little-endian everywhere), then the SHA-256 of the key and what precedes. A missing, truncated
 * or altered file, and one that is another's, counts as not cached, and is replaced by the next `put`. Several
 * processes may share a folder.
 */
export function fileSvdCache(folder = svdCacheFolder()): SvdCache {
  const pathOf = (key: string): string => svdCacheFile(key, folder);
  return {
    get: async (key) => {
      try {
        return decode(key, await readFile(pathOf(key)));
      } catch {
        return undefined; // whatever is wrong with the file, the factorisation can be had again
      }
    },
    put: async (key, svd) => {
      try {
        await mkdir(folder, { recursive: true });
      } catch (cause) {
        throw unwritable(folder, cause);
      }
      await writeFileAtomic(pathOf(key), encode(key, svd));
    },
  };
}

function encode(key: string, { u, s, vt }: Svd): Uint8Array {
  const k = s.length;
  const bytes = new Uint8Array(HEADER_BYTES + 4 * (u.length + k + vt.length) + DIGEST_BYTES);
  new Uint32Array(bytes.buffer, 0, 2).set([u.length / k, vt.length / k]);
  const numbers = new Float32Array(bytes.buffer, HEADER_BYTES, u.length + k + vt.length);
  numbers.set(u);
  numbers.set(s, u.length);
  numbers.set(vt, u.length + k);
  bytes.set(digest(key, bytes.subarray(0, -DIGEST_BYTES)), bytes.length - DIGEST_BYTES);
  return bytes;
}

function decode(key: string, file: Uint8Array): Svd | undefined {
  if (file.length < HEADER_BYTES + DIGEST_BYTES) return undefined;
  const content = file.subarray(0, -DIGEST_BYTES);
  if (!digest(key, content).equals(file.subarray(-DIGEST_BYTES))) return undefined;
  const { buffer, byteOffset } = file;
  const [rows = 0, cols = 0] = new Uint32Array(buffer, byteOffset, 2);
  const k = Math.min(rows, cols);
  const numbers = (from: number, count: number): Float32Array =>
    new Float32Array(buffer, byteOffset + HEADER_BYTES + 4 * from, count).slice();
  return { u: numbers(0, rows * k), s: numbers(rows * k, k), vt: numbers(rows * k + k, k * cols) };
}

function digest(key: string, content: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(content).digest();
}
