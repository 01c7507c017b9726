/** 0 to 255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** OHIF's own. */
const COLOURS: readonly [Colour, ...Colour[]] = [
  [221, 84, 84],
  [77, 228, 121],
  [166, 70, 235],
  [189, 180, 116],
  [109, 182, 196],
  [204, 101, 157],
];

/**
 * What the first, second, ... segment (or word) is drawn in, where nobody chose otherwise.
 * @param index zero-based; the colours come again after the last
 */
export function segmentColour(index: number): Colour {
  return COLOURS[index % COLOURS.length] ?? COLOURS[0];
}
