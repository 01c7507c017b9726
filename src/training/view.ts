/** Which part of a frame a training example shows: one affine matrix for image, masks and field of view. */
import { IDENTITY, compose, rotation, scaling, squareGeometry, translation } from '../imaging/geometry.ts';
import type { Affine } from '../imaging/geometry.ts';
import type { Random } from '../protocol/random.ts';
import type { Augmentation } from './augmentation.ts';

export interface View {
  /** From a pixel of the example to one of the frame, pixel centres at whole numbers. */
  readonly toSource: Affine;
  /** Frame pixels for each pixel of the example, along a line. */
  readonly step: number;
}

/**
 * `frame`: the frame, its longest side to `frameSize`, as SAM sees it, or as much of it as fits the example. `native`: a crop that keeps
 * its resolution.
 */
export type CropKind = 'frame' | 'native';

/**
 * Draws a view. The number of draws does not depend on what is drawn, so that equal seeds go on alike.
 * @param size side of the square example, and longest side of the frame in it, in pixels
 * @param aim a pixel of the frame that the view must show; anywhere inside the frame without
 */
export function drawView(
  frame: { readonly width: number; readonly height: number },
  { side, frameSize }: { readonly side: number; readonly frameSize: number },
  kind: CropKind,
  augmentation: Augmentation,
  random: Random,
  aim?: readonly [x: number, y: number],
): View {
  const { rotation: turn, crop } = augmentation;
  const flipX = random.uniform() < augmentation.flipX ? -1 : 1;
  const flipY = random.uniform() < augmentation.flipY ? -1 : 1;
  const turns = random.uniform() < (turn?.probability ?? 0);
  const angle = evenly(random, turn?.degrees ?? 0) * (Math.PI / 180);
  const magnification = Math.exp(evenly(random, augmentation.logScale));
  const crops = random.uniform() < (crop?.probability ?? 0);
  const share = 1 - random.uniform() * (1 - (crop?.leastShare ?? 1));
  const [whereX, whereY] = [random.uniform(), random.uniform()];

  const orient = compose(turns ? rotation(angle) : IDENTITY, scaling(flipX, flipY));
  if (kind === 'native') {
    const step = 1 / magnification;
    const centre: [number, number] = [
      centreOf(frame.width, side * step, whereX, aim?.[0]),
      centreOf(frame.height, side * step, whereY, aim?.[1]),
    ];
    const middle = (side - 1) / 2;
    return about(centre, compose(orient, scaling(step)), [middle, middle], step);
  }
  const { scaledWidth, scaledHeight } = squareGeometry(frame.width, frame.height, frameSize);
  const [across, down] = [Math.min(side, scaledWidth), Math.min(side, scaledHeight)];
  const shown = (crops ? share : 1) / magnification;
  // Rounded sides make the two directions differ a little, exactly as they do at inference.
  const steps = [(frame.width / scaledWidth) * shown, (frame.height / scaledHeight) * shown] as const;
  const windows = [
    Math.min(frame.width, across * steps[0]),
    Math.min(frame.height, down * steps[1]),
  ] as const;
  const reach = isLong(frame) ? Math.min(...windows) : Infinity;
  const centre: [number, number] = [
    centreOf(frame.width, windows[0], whereX, aim?.[0], reach),
    centreOf(frame.height, windows[1], whereY, aim?.[1], reach),
  ];
  const place: [number, number] = [(across - 1) / 2, (down - 1) / 2];
  return about(centre, compose(orient, scaling(...steps)), place, Math.max(...steps));
}

/**
 * Share of a window, in each direction, by which its middle may miss what it aims at: of a square one it stays in view at any
 * rotation.
 */
const MISS = 0.35;

/**
 * Whether a turn would often carry what lies along the longer side out of the shorter one. Of frames up to 2:1 a view that is aimed
 * misses in 1 of 20 at the most, and few views have to be.
 */
function isLong({ width, height }: { readonly width: number; readonly height: number }): boolean {
  return Math.max(width, height) > 2 * Math.min(width, height);
}

/**
 * Middle of a window over `length` pixels: inside the frame, or around it where the window is the longer; near `aim`,
 * if given.
 * @param reach the window that bounds how far it may miss, where that is shorter
 */
function centreOf(
  length: number,
  window: number,
  where: number,
  aim: number | undefined,
  reach = Infinity,
): number {
  if (aim !== undefined) return aim + (2 * where - 1) * MISS * Math.min(window, reach);
  return window / 2 - 0.5 + where * (length - window);
}

/** Turns and scales around `place` in the example, which shows `centre` of the frame. */
function about(
  centre: readonly [number, number],
  matrix: Affine,
  place: readonly [number, number],
  step: number,
): View {
  return {
    toSource: compose(translation(...centre), matrix, translation(-place[0], -place[1])),
    step,
  };
}

function evenly(random: Random, reach: number): number {
  return (2 * random.uniform() - 1) * reach;
}
