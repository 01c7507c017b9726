import type { CornerstoneCore } from './cornerstone-types.ts';
import type { DisplaySet } from './ohif-types.ts';
import type { Host } from './open-host.ts';

/** Major version of cornerstone in OHIF 3.12; later ones find a labelmap by the image that it was made for. */
const AFFECTED_MAJOR = 4;
const PLANE = 'imagePlaneModule';
/** Between one frame and the next, in mm: a hundred times what the viewer takes for the same place. */
const STEP = 0.001;
/** Above the viewer's own providers. */
const PRIORITY = 100_000;

interface Plane {
  readonly imageOrientationPatient: readonly number[];
  readonly imagePositionPatient: readonly [x: number, y: number, z: number];
}

interface Place {
  readonly index: number;
  /** The first frame of the same display set. */
  readonly first: string;
}

const separated = new WeakSet<CornerstoneCore['metaData']>();

/**
 * Lets each frame show its own masks alone, in viewers that find the labelmap of a frame by the plane in which it lies. The
 * frames of an X-ray run, and photographs of one series, all lie in one plane, since their files state none: there each would
 * show the masks of all others, and the brush would paint on the first frame whatever is on screen. So such frames are told
 * apart by a thousandth of a millimetre. A frame whose position differs from the first one's is left as it is.
 */
export function separateFramePlanes({ core, services }: Pick<Host, 'core' | 'services'>): void {
  const { metaData, cache, version } = core;
  if (Number.parseInt(version ?? '', 10) !== AFFECTED_MAJOR || separated.has(metaData)) return;
  separated.add(metaData);

  const places = new Map<string, Place>();
  const listed = new WeakMap<readonly string[], number>();
  const placeOf = (imageId: string): Place | undefined => {
    const place = places.get(imageId);
    if (place) return place;
    for (const displaySet of services.displaySetService.getActiveDisplaySets()) {
      listPlaces(displaySet, places, listed);
    }
    return places.get(imageId);
  };

  let asking = false;
  /** What the viewer's own providers say. */
  const planeOf = (imageId: string): Plane | undefined => {
    asking = true;
    try {
      const plane = metaData.get(PLANE, imageId);
      return isPlane(plane) ? plane : undefined;
    } finally {
      asking = false;
    }
  };

  metaData.addProvider((type, query) => {
    if (type !== PLANE || asking || typeof query !== 'string') return undefined;
    const imageId = cache.getImage(query)?.referencedImageId ?? query;
    const place = placeOf(imageId);
    if (!place || place.index === 0) return undefined;
    const plane = planeOf(imageId);
    const first = planeOf(place.first);
    if (!plane || !first || !coincide(plane, first)) return undefined;
    const [x, y, z] = plane.imagePositionPatient;
    return { ...plane, imagePositionPatient: [x, y, z + place.index * STEP] };
  }, PRIORITY);
}

/** Volumes have positions of their own. */
function listPlaces(
  { imageIds, isReconstructable }: DisplaySet,
  places: Map<string, Place>,
  listed: WeakMap<readonly string[], number>,
): void {
  const [first] = imageIds ?? [];
  if (!imageIds || first === undefined || isReconstructable === true) return;
  if (listed.get(imageIds) === imageIds.length) return;
  listed.set(imageIds, imageIds.length);
  imageIds.forEach((imageId, index) => places.set(imageId, { index, first }));
}

function isPlane(candidate: unknown): candidate is Plane {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const { imageOrientationPatient, imagePositionPatient } = candidate as Partial<
    Record<keyof Plane, unknown>
  >;
  return isNumbers(imageOrientationPatient, 6) && isNumbers(imagePositionPatient, 3);
}

function isNumbers(candidate: unknown, length: number): boolean {
  return Array.isArray(candidate) && candidate.length === length && candidate.every(Number.isFinite);
}

function coincide(a: Plane, b: Plane): boolean {
  const numbersOf = (plane: Plane) => [...plane.imageOrientationPatient, ...plane.imagePositionPatient];
  const others = numbersOf(b);
  return numbersOf(a).every((value, i) => value === others[i]);
}
