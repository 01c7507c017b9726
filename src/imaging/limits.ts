/** Below this, any declared size is believed; above it, the file must be large enough to hold such an image. */
const FREE_BYTES = 64 * 2 ** 20;
/** No real image compresses further than this. */
const BEST_RATIO = 1000;
/** No single image may take more than this once decoded. */
const MOST_BYTES = 2 ** 30;

/**
 * Whether an image of `decodedBytes` may be allocated for a file that holds `encodedBytes` of it: a few bytes that
 * declare gigabytes are an attack or damage, not an image.
 */
export function isPlausible(decodedBytes: number, encodedBytes: number): boolean {
  if (!(decodedBytes > 0 && decodedBytes <= MOST_BYTES)) return false;
  return decodedBytes <= Math.max(FREE_BYTES, encodedBytes * BEST_RATIO);
}
