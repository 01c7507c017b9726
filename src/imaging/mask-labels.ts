/** Tells an image that counts structures, in greys or in colours, from a black and white mask. */

/** Of 255: what the near-blacks of palettes and of lossy images stay below, and the pure blue of coloured masks does not. */
export const NOISE = 28;

/**
 * Of a colour's pixels: at least as many lie within areas of it where it stands for a structure. Of the greys on the edges of
 * masks that were made smaller it is less than a hundredth.
 */
const FLAT_SHARE = 0.05;

/** Values up to which an image may be one of labels: smooth edges, and what was lossy once, have more. */
const FEW = 16;

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Grey or RGB in [0, 255], interleaved. */
  readonly pixels: Float32Array;
}

/**
 * What an image shows beside one structure on black, for people; undefined for a mask. Smooth edges between the two do
 * not count: they mix the structure's colour with black, and fill no area.
 * @param isLossy whether its colours may have been changed by its format
 */
export function labelsIn(image: Pixels, isLossy: boolean): string | undefined {
  const { all, flat } = coloursOf(image);
  const isFew = !isLossy && all.size <= FEW;
  const drawn = [...(isFew ? all : flat).keys()].filter((colour) => Math.max(...channelsOf(colour)) >= NOISE);
  const [ink, ...others] = drawn.sort((a, b) => luminanceOf(channelsOf(b)) - luminanceOf(channelsOf(a)));
  if (ink === undefined) return undefined;
  const stranger = others.find((colour) => shareOf(ink, colour) === undefined);
  if (stranger !== undefined) return `the colours ${textOf(ink)} and ${textOf(stranger)}`;
  if (!isFew) return undefined;
  const between = others.find((colour) => {
    const level = 255 * (shareOf(ink, colour) ?? 1);
    const isArea = (flat.get(colour) ?? 0) >= FLAT_SHARE * (all.get(colour) ?? 0);
    return isArea && level >= NOISE && level <= 255 - NOISE;
  });
  return between === undefined ? undefined : `areas of ${textOf(ink)} and of ${textOf(between)}`;
}

/**
 * Colours as one number each, 8 bits a channel.
 * @returns how many pixels have each, and how many share it with all around them; without those of which there is none
 */
function coloursOf({ width, height, channels, pixels }: Pixels): {
  readonly all: ReadonlyMap<number, number>;
  readonly flat: ReadonlyMap<number, number>;
} {
  const colours = new Int32Array(width * height);
  for (let i = 0; i < colours.length; i++) {
    for (let c = 0; c < 3; c++) {
      const value = Math.round(pixels[channels === 1 ? i : i * 3 + c] ?? 0);
      colours[i] = ((colours[i] ?? 0) << 8) | value;
    }
  }
  const all = new Map<number, number>();
  const flat = new Map<number, number>();
  for (const colour of colours) all.set(colour, (all.get(colour) ?? 0) + 1);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const colour = colours[at] ?? 0;
      if (isFlat(colours, at, width, colour)) flat.set(colour, (flat.get(colour) ?? 0) + 1);
    }
  }
  return { all, flat };
}

function isFlat(colours: Int32Array, at: number, width: number, colour: number): boolean {
  for (let row = at - width; row <= at + width; row += width) {
    if (colours[row - 1] !== colour || colours[row] !== colour || colours[row + 1] !== colour) return false;
  }
  return true;
}

/** How much of an ink there is in a colour that is the ink on black; undefined for one that is not. */
function shareOf(ink: number, colour: number): number | undefined {
  const [own, other] = [channelsOf(ink), channelsOf(colour)];
  const share = Math.max(...other) / Math.max(...own);
  return own.every((value, c) => Math.abs(value * share - (other[c] ?? 0)) < NOISE) ? share : undefined;
}

function channelsOf(colour: number): readonly [red: number, green: number, blue: number] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

/** ITU-R BT.601, of 255. */
export function luminanceOf([red, green, blue]: readonly [number, number, number]): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

function textOf(colour: number): string {
  const [red, green, blue] = channelsOf(colour);
  return red === green && green === blue ? `${red}` : `(${red}, ${green}, ${blue})`;
}
