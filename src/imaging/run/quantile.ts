/** A normal distribution's standard deviation over its median absolute deviation. */
export const DEVIATIONS_PER_MAD = 1.4826;

/**
 * The value below which a share of the values lies, linear between neighbours in order.
 *
 * @param values its first `length` values are put into another order.
 * @param share 0 to 1.
 */
export function quantile(values: Float32Array, length: number, share: number): number {
  const position = share * (length - 1);
  const wanted = Math.floor(position);
  // Hoare's selection: afterwards nothing before `wanted` is greater and nothing behind it less.
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const pivot = values[wanted] ?? 0;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] ?? 0) < pivot) i++;
      while (pivot < (values[j] ?? 0)) j--;
      if (i > j) break;
      const swapped = values[i] ?? 0;
      values[i++] = values[j] ?? 0;
      values[j--] = swapped;
    }
    if (j < wanted) low = i;
    if (wanted < i) high = j;
  }
  const value = values[wanted] ?? 0;
  if (position === wanted) return value;
  let next = Infinity;
  for (let i = wanted + 1; i < length; i++) next = Math.min(next, values[i] ?? 0);
  return value + (position - wanted) * (next - value);
}
