import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Frame } from '../../src/imaging/frame.ts';
import { steadied } from '../../src/inference/steadied.ts';
import type { Found } from '../../src/inference/steadied.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { RUN_SIDE, discAt, drawnRun, isInDisc } from '../imaging/drawn-run.ts';

const RUN = drawnRun(4);
const indexes = Array.from({ length: RUN_SIDE ** 2 }, (_, i) => i);
const isDisc = (index: number, i: number): boolean => isInDisc(index, i % RUN_SIDE, Math.floor(i / RUN_SIDE));

/** A frame in which the disc moves over an even ground. */
function frameOf(index: number): Frame {
  return {
    width: RUN_SIDE,
    height: RUN_SIDE,
    channels: 1,
    pixels: Float32Array.from(indexes, (i) => {
      const [x, y] = discAt(index);
      const away = Math.hypot((i % RUN_SIDE) - x, Math.floor(i / RUN_SIDE) - y);
      return 150 - 60 / (1 + Math.exp(away - 6)) + (RUN[index]!.data[i]! % 7) / 2;
    }),
    source: { file: 'run.dcm', frameNumber: index + 1 },
    intensity: 'as drawn',
  };
}

/** The disc as an unsure model sees it. */
function foundIn(index: number): Found {
  const random = createRandom(index + 10);
  const data = Float32Array.from(indexes, (i) =>
    Math.max(0, Math.min(1, (isDisc(index, i) ? 0.65 : 0.35) + 0.25 * random.normal())),
  );
  return { frame: frameOf(index), maps: [{ width: RUN_SIDE, height: RUN_SIDE, data }] };
}

function wrongIn(data: Float32Array, index: number): number {
  return indexes.filter((i) => data[i]! > 0.5 !== isDisc(index, i)).length;
}

describe('what is found in a frame', () => {
  const [before, own, after] = [foundIn(1), foundIn(2), foundIn(3)];

  it('is as it is where nothing lies beside it', () => {
    assert.equal(steadied(own, []), own.maps);
  });

  it('is steadied by what is found beside it, which moved', () => {
    const [map] = steadied(own, [before, after]);
    const [alone, together] = [own.maps[0]!.data, map!.data].map((data) => wrongIn(data, 2));
    assert.ok(together! < 0.6 * alone!, `${together} of ${alone} pixels are still wrong`);
    const atDisc = indexes.filter((i) => isDisc(2, i));
    const missed = atDisc.filter((i) => map!.data[i]! <= 0.5).length;
    assert.ok(missed < 0.2 * atDisc.length, `${missed} of ${atDisc.length} pixels of the disc are lost`);
  });

  it('counts twice against each neighbour', () => {
    const flat = (value: number): Found => ({
      ...own,
      maps: [{ width: RUN_SIDE, height: RUN_SIDE, data: new Float32Array(RUN_SIDE ** 2).fill(value) }],
    });
    const at = (beside: readonly Found[]): number => steadied(flat(0.8), beside)[0]!.data[0]!;
    assert.ok(Math.abs(at([flat(0), flat(0.4)]) - 0.5) < 1e-6);
    assert.ok(Math.abs(at([flat(0.2)]) - 0.6) < 1e-6);
  });
});
