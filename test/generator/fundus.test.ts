import assert from 'node:assert/strict';
import test from 'node:test';
import { generateFundus } from '../../src/generator/fundus/fundus.ts';
import { drawView } from '../../src/generator/fundus/retina-view.ts';
import { growTrees } from '../../src/generator/fundus/retinal-trees.ts';
import { drawTrunks } from '../../src/generator/fundus/trunks.ts';
import type { GeneratedImage, Structure } from '../../src/generator/generated-image.ts';
import { createRandom } from '../../src/protocol/random.ts';

const images = Array.from({ length: 60 }, (_, seed) => generateFundus(seed, 128));

const has = (image: GeneratedImage, structure: Structure): boolean => image.masks.has(structure);
const share = (structure: Structure): number =>
  images.filter((image) => has(image, structure)).length / images.length;

test('equal seeds give equal images to the bit, other seeds other images', () => {
  const [one, again, other] = [generateFundus(7, 160), generateFundus(7, 160), generateFundus(8, 160)];
  assert.deepEqual(one, again);
  assert.notDeepEqual(one.frame.pixels, other.frame.pixels);
});

test('an image is square RGB in 0..255, lit inside its field and dark outside', () => {
  let [lit, dark] = [0, 0];
  for (const { frame, fieldOfView } of images) {
    assert.deepEqual([frame.width, frame.height, frame.channels], [128, 128, 3]);
    let [inside, outside] = [0, 0];
    let [insideCount, outsideCount] = [0, 0];
    frame.pixels.forEach((value, i) => {
      assert.ok(value >= 0 && value <= 255);
      if (fieldOfView.data[Math.floor(i / 3)] === 1)
        [inside, insideCount] = [inside + value, insideCount + 1];
      else [outside, outsideCount] = [outside + value, outsideCount + 1];
    });
    lit += inside / insideCount;
    // Some images fill the frame.
    if (outsideCount > 100) dark = Math.max(dark, outside / outsideCount);
  }
  assert.ok(lit / images.length > 50, `mean inside ${lit / images.length}`);
  assert.ok(dark < 25, `mean outside ${dark}`);
});

test('masks lie inside the field, and what is absent has no mask at all', () => {
  for (const { masks, fieldOfView } of images) {
    for (const [structure, { data }] of masks) {
      assert.ok(['vessel', 'artery', 'vein', 'optic disc', 'lesion'].includes(structure));
      assert.ok(data.includes(1), `${structure} has an empty mask`);
      assert.ok(data.every((value, i) => value <= (fieldOfView.data[i] ?? 0)));
    }
  }
});

test('vessels are arteries and veins together; where these cross, a pixel belongs to both', () => {
  let crossings = 0;
  for (const { masks } of images) {
    const [artery, vein, vessel] = [masks.get('artery'), masks.get('vein'), masks.get('vessel')];
    assert.equal(vessel !== undefined, artery !== undefined || vein !== undefined);
    vessel?.data.forEach((value, i) => {
      const [a, v] = [artery?.data[i] ?? 0, vein?.data[i] ?? 0];
      assert.equal(value, a | v);
      crossings += a & v;
    });
  }
  assert.ok(crossings > images.length, 'arteries never cross veins');
});

test('discs and vessels are in most images but not in all, lesions in about half', () => {
  assert.ok(share('optic disc') >= 0.7 && share('optic disc') < 0.97, `disc ${share('optic disc')}`);
  assert.ok(share('lesion') > 0.3 && share('lesion') < 0.7, `lesion ${share('lesion')}`);
  assert.ok(share('vessel') >= 0.9 && share('vessel') < 1, `vessel ${share('vessel')}`);
});

test('a vein is darker than an artery in red, and both are darker than the retina beside them in green', () => {
  const sums = { artery: [0, 0, 0], vein: [0, 0, 0], ground: [0, 0, 0] };
  for (let seed = 300; seed < 312; seed++) {
    const { frame, masks, fieldOfView } = generateFundus(seed, 256);
    const [artery, vein] = [masks.get('artery'), masks.get('vein')];
    if (!artery || !vein) continue;
    const means = { artery: [0, 0, 0, 0], vein: [0, 0, 0, 0], ground: [0, 0, 0, 0] };
    for (let i = 4; i < vein.data.length - 4; i++) {
      const [a, v] = [artery.data[i], vein.data[i]];
      // Beside a vessel, so that the light is the same.
      const beside = [-4, 4].some((step) => (artery.data[i + step] ?? 0) + (vein.data[i + step] ?? 0) > 0);
      const of =
        a === v
          ? a === 0 && beside && fieldOfView.data[i] === 1
            ? 'ground'
            : null
          : a === 1
            ? 'artery'
            : 'vein';
      if (!of) continue;
      means[of] = means[of].map((sum, c) => sum + (c < 3 ? (frame.pixels[3 * i + c] ?? 0) : 1));
    }
    for (const of of ['artery', 'vein', 'ground'] as const) {
      const count = Math.max(1, means[of][3] ?? 1);
      sums[of] = sums[of].map((sum, c) => sum + (means[of][c] ?? 0) / count);
    }
  }
  const [red, green] = [0, 1];
  assert.ok((sums.vein[red] ?? 0) < 0.985 * (sums.artery[red] ?? 0));
  assert.ok((sums.vein[green] ?? 0) < (sums.artery[green] ?? 0));
  assert.ok((sums.artery[green] ?? 0) < 0.97 * (sums.ground[green] ?? 0));
});

test('trees: vessels taper, stop before the fovea, leave the disc or another vessel, and arteries are narrower', () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = createRandom(seed);
    const view = drawView(random, 256);
    const trunks = drawTrunks(random);
    const avascular = 0.25;
    const vessels = growTrees(random, view, trunks, {
      leastRadius: 0.008,
      density: 1.5,
      tortuosity: 1,
      avascular,
    });
    assert.ok(vessels.length > trunks.length);
    for (const { kind, places, radii } of vessels) {
      assert.ok(radii.every((radius, i) => i === 0 || radius <= (radii[i - 1] ?? 0)));
      const [start, ...rest] = places;
      assert.ok(start);
      assert.ok(
        rest.slice(0, -1).every(({ x, y }) => Math.hypot(x - view.fovea.x, y - view.fovea.y) >= avascular),
      );
      const origin =
        trunks.some((trunk) => trunk.start === start) ||
        vessels.some(
          (other) =>
            other.kind === kind && other.places.slice(1).some(({ x, y }) => x === start.x && y === start.y),
        );
      assert.ok(origin, 'a vessel begins nowhere');
    }
    const widest = (kind: 'artery' | 'vein'): number =>
      Math.max(...vessels.filter((vessel) => vessel.kind === kind).flatMap(({ radii }) => radii));
    assert.ok(widest('artery') < widest('vein'));
  }
});

test('any size is drawn', () => {
  for (const size of [129, 200, 515]) {
    const { frame, fieldOfView } = generateFundus(3, size);
    assert.equal(frame.pixels.length, 3 * size * size);
    assert.ok(fieldOfView.data.includes(1));
  }
});
