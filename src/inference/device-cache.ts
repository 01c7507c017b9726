import { sizeOf } from '../graph/tensor.ts';
import type { DeviceTensor } from '../graph/executor.ts';

const FLOAT_BYTES = 4;

/** Float tensors on the device by key, the least recently used going first, within a number of bytes. */
export class DeviceCache {
  readonly #maxBytes: number;
  readonly #tensors = new Map<string, DeviceTensor>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): DeviceTensor | undefined {
    const tensor = this.#tensors.get(key);
    if (tensor) {
      this.#tensors.delete(key);
      this.#tensors.set(key, tensor);
    }
    return tensor;
  }

  /** Takes the tensor over. The newest stays even where it alone exceeds the limit. */
  set(key: string, tensor: DeviceTensor): void {
    this.#drop(key);
    this.#tensors.set(key, tensor);
    this.#bytes += bytesOf(tensor);
    for (const oldest of this.#tensors.keys()) {
      if (this.#bytes <= this.#maxBytes || oldest === key) break;
      this.#drop(oldest);
    }
  }

  clear(): void {
    for (const key of [...this.#tensors.keys()]) this.#drop(key);
  }

  #drop(key: string): void {
    const tensor = this.#tensors.get(key);
    if (!tensor) return;
    this.#tensors.delete(key);
    this.#bytes -= bytesOf(tensor);
    tensor.dispose();
  }
}

function bytesOf({ shape }: DeviceTensor): number {
  return FLOAT_BYTES * sizeOf(shape);
}
