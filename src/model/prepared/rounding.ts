import type { Rounding } from './prepared-index.ts';

/** The smallest number that float16 holds with all its 11 binary digits. */
const LEAST_NORMAL = 2 ** -14;

export interface RoundingMeter {
  add(tensor: string, exact: Float32Array, rounded: Float32Array): void;
  worst(): Rounding;
}

/** Measures what rounding costs, over many tensors. */
export function roundingMeter(): RoundingMeter {
  let worst = { tensor: '', tensorError: 0 };
  let numberError = 0;
  let vanished = 0;
  return {
    add(tensor, exact, rounded) {
      let lost = 0;
      let whole = 0;
      for (let i = 0; i < exact.length; i += 1) {
        const value = exact[i] ?? 0;
        const difference = Math.abs((rounded[i] ?? 0) - value);
        lost += difference * difference;
        whole += value * value;
        if (Math.abs(value) >= LEAST_NORMAL)
          numberError = Math.max(numberError, difference / Math.abs(value));
        else if (value !== 0 && rounded[i] === 0) vanished += 1;
      }
      const tensorError = whole > 0 ? Math.sqrt(lost / whole) : 0;
      if (tensorError > worst.tensorError || worst.tensor === '') worst = { tensor, tensorError };
    },
    worst: () => ({ ...worst, numberError, vanished }),
  };
}
