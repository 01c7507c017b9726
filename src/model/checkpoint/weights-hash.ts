import type { FloatTensor } from '../../graph/tensor.ts';
import { insecurePage } from '../../protocol/insecure-page.ts';

/**
 * A model's identity: lower-case hexadecimal SHA-256 over its tensors' names, shapes and float32 bytes, in any
 * order of the map. Each tensor is hashed by itself, then the sorted list of lines `name<TAB>d0,d1,...<TAB>hash`, so
 * that gigabytes need no second copy.
 */
export async function weightsHash(weights: ReadonlyMap<string, FloatTensor>): Promise<string> {
  const hasher = weightsHasher();
  for (const [name, tensor] of weights) await hasher.add(name, tensor);
  return hasher.finish();
}

export interface WeightsHasher {
  /** In any order, each name once. */
  add(name: string, tensor: FloatTensor): Promise<void>;
  finish(): Promise<string>;
}

/** `weightsHash` of tensors that are never in memory together. */
export function weightsHasher(): WeightsHasher {
  const lines = new Map<string, string>();
  return {
    async add(name, { shape, data }) {
      lines.set(name, `${name}\t${shape.join(',')}\t${await sha256(data)}\n`);
    },
    finish() {
      const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
      return sha256(new TextEncoder().encode(sorted.join('')));
    },
  };
}

/** Lower-case hexadecimal. @throws SaltError `PAGE_INSECURE` where the browser computes none */
export async function sha256({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Promise<string> {
  // Web Crypto takes no shared memory, so that alone is copied.
  const bytes =
    buffer instanceof ArrayBuffer
      ? new Uint8Array(buffer, byteOffset, byteLength)
      : new Uint8Array(buffer, byteOffset, byteLength).slice();
  // The DOM's types promise `subtle` to every page.
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) throw insecurePage();
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
