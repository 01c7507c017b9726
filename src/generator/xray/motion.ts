/** A place or a shift, in pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** How far the heart has drawn together and the breath has gone down at one moment. */
export interface Pose {
  /** 0 at rest, 1 at the end of the systole. */
  readonly contraction: number;
  /** How far the diaphragm lies below its middle, in pixels. */
  readonly breath: number;
}

export interface MotionOptions {
  /** Beats per second. */
  readonly beats: number;
  /** Share of the beat that has passed when the run begins. */
  readonly phase: number;
  /** Breaths per second, the share that has passed, and the diaphragm's greatest way, in pixels. */
  readonly breaths: number;
  readonly breathPhase: number;
  readonly breathDepth: number;
}

/** Share of a beat in which the ventricles draw together, and as much again in which they let go. */
const SYSTOLE = 0.36;

export function poseAt(seconds: number, options: MotionOptions): Pose {
  const beat = (((seconds * options.beats + options.phase) % 1) + 1) % 1;
  const contraction = beat < 2 * SYSTOLE ? 0.5 - 0.5 * Math.cos((Math.PI * beat) / SYSTOLE) : 0;
  const breath =
    options.breathDepth * Math.sin(2 * Math.PI * (seconds * options.breaths + options.breathPhase));
  return { contraction, breath };
}

/** Share of the diaphragm's way that the heart goes with it. */
const HEART_BREATHES = 0.5;

/** The map of the heart at rest onto the heart in a pose: a similarity about its centre. */
export interface HeartMap {
  readonly centre: Place;
  /** Scale times cosine and sine of the turn. */
  readonly cosine: number;
  readonly sine: number;
  readonly shift: Place;
}

/** It shrinks by some percent, wrings itself and moves towards its apex, below and to the side. */
export function heartMap(centre: Place, { contraction, breath }: Pose, size: number): HeartMap {
  const [scale, turn] = [1 - 0.075 * contraction, 0.07 * contraction];
  return {
    centre,
    cosine: scale * Math.cos(turn),
    sine: scale * Math.sin(turn),
    shift: { x: 0.012 * size * contraction, y: 0.02 * size * contraction + HEART_BREATHES * breath },
  };
}

/** Where a point of the heart at rest lies now. */
export function moved({ centre, cosine, sine, shift }: HeartMap, { x, y }: Place): Place {
  const [u, v] = [x - centre.x, y - centre.y];
  return { x: centre.x + cosine * u - sine * v + shift.x, y: centre.y + sine * u + cosine * v + shift.y };
}

/** Where a point of the picture lay in the heart at rest. */
export function atRest({ centre, cosine, sine, shift }: HeartMap, { x, y }: Place): Place {
  const [u, v] = [x - centre.x - shift.x, y - centre.y - shift.y];
  const squared = cosine * cosine + sine * sine;
  return { x: centre.x + (cosine * u + sine * v) / squared, y: centre.y + (cosine * v - sine * u) / squared };
}
