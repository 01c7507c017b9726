/** Which images are angiographic runs, and which of their frames are looked at to know what stands still in them. */

/** Fewer frames do not tell what stands still. */
export const LEAST_FRAMES = 8;
/** Of a longer run so many are looked at, evenly apart: what stands still is known by then. */
const MOST_FRAMES = 24;
/** X-ray angiography and fluoroscopy: the frames of other images lie beside each other rather than after each other. */
const MODALITIES: ReadonlySet<string> = new Set(['XA', 'RF']);

/** @param modality as DICOM abbreviates it (PS3.3 C.7.3.1.1.1) */
export function isRun(modality: string, frameCount: number): boolean {
  return MODALITIES.has(modality) && frameCount >= LEAST_FRAMES;
}

/** @returns zero-based, in their order, the first and the last among them */
export function lookedAt(frameCount: number): readonly number[] {
  const count = Math.min(frameCount, MOST_FRAMES);
  return Array.from({ length: count }, (_, i) => Math.round((i * (frameCount - 1)) / Math.max(1, count - 1)));
}
