/** Where pixels go: resizing, SAM's square and back, warps, crops, and the numbers that models expect. */
export type { Raster, ResizeOptions } from './geometry/resize.ts';
export { resizeBilinear } from './geometry/resize.ts';
export type { SquareGeometry } from './geometry/square.ts';
export {
  fromSquare,
  maskFromSquare,
  maskToSquare,
  pointFromSquare,
  pointToSquare,
  scaleToSquare,
  squareGeometry,
  toSquare,
} from './geometry/square.ts';
export type { Affine } from './geometry/affine.ts';
export { IDENTITY, compose, invert, rotation, scaling, translation } from './geometry/affine.ts';
export type { WarpTarget } from './geometry/warp.ts';
export { warpBilinear, warpMask, warpMaskSmooth } from './geometry/warp.ts';
export type { Rectangle } from './geometry/crop.ts';
export { cropMask, cropRaster } from './geometry/crop.ts';
export { SAM_DEVIATION, SAM_MEAN, normaliseInside, samInput } from './geometry/normalise.ts';
