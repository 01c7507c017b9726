/** The side of a SAM's square input, when nobody names one. */

/** As the SALT method's authors trained: half of SAM's own. */
const SAM_SIDE = 512;

/**
 * How much larger than usual the input of a SAM with a detail head may be, so that frames keep their own pixels, and drafts of small
 * ones get more (`usualInput` says what that brings). On DRIVE (584 px), 592 px in place of 512: before any training Dice 0.752 in place
 * of 0.734, HD95 12.1 in place of 16.6 (no flips); after one image and two minutes 0.788 and 0.781 in place of 0.781 and 0.776, 7.3 and
 * 7.8 in place of 9.2 and 9.2 (two seeds), and with 704 px too few steps fit into the time.
 */
export const MOST_ENLARGED = 1.25;

/**
 * @param side of an input in pixels
 * @param multiple of which the result must be one
 */
export function enlargedSide(side: number, multiple: number): number {
  return Math.ceil((MOST_ENLARGED * side) / multiple) * multiple;
}

/** @param ownSide that the model's position tables were made for */
export function samSide(ownSide: number): number {
  return Math.min(ownSide, SAM_SIDE);
}
