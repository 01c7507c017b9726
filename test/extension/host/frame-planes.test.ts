import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { separateFramePlanes } from '../../../extension/src/host/frame-planes.ts';
import type { CornerstoneCore, CornerstoneImage } from '../../../extension/src/host/cornerstone-types.ts';
import type { DisplaySet } from '../../../extension/src/host/ohif-types.ts';

type Provider = (type: string, query: unknown) => unknown;

const RUN = ['run/frames/1', 'run/frames/2', 'run/frames/3'];
/** What the viewer makes up for a file that states no position. */
const MADE_UP = {
  rows: 4,
  columns: 6,
  imageOrientationPatient: [1, 0, 0, 0, 1, 0],
  imagePositionPatient: [0, 0, 0],
};

/** Cornerstone with the viewer's own planes, and images of which some are labelmaps. */
function cornerstone(
  planes: Readonly<Record<string, object>>,
  sets: readonly Partial<DisplaySet>[],
  { version = '4.15.29', labelmaps = new Map<string, string>() } = {},
) {
  const providers: Provider[] = [
    (type, id) => (type === 'imagePlaneModule' ? planes[String(id)] : undefined),
  ];
  const core = {
    version,
    cache: {
      getImage: (id: string): Partial<CornerstoneImage> | undefined => {
        const referencedImageId = labelmaps.get(id);
        return referencedImageId === undefined ? undefined : { referencedImageId };
      },
    },
    metaData: {
      get: (type: string, id: string) =>
        providers.reduce<unknown>((answer, provider) => answer ?? provider(type, id), undefined),
      addProvider: (provider: Provider) => void providers.unshift(provider),
    },
  };
  let asked = 0;
  const displaySetService = {
    getActiveDisplaySets: () => {
      asked++;
      return sets;
    },
  };
  const host = { core, services: { displaySetService } } as unknown as Parameters<
    typeof separateFramePlanes
  >[0];
  separateFramePlanes(host);
  separateFramePlanes(host);
  return {
    /** Along the third axis, in mm. */
    depth: (id: string) =>
      (core.metaData.get('imagePlaneModule', id) as { imagePositionPatient: number[] })
        .imagePositionPatient[2],
    plane: (id: string) => core.metaData.get('imagePlaneModule', id),
    added: () => providers.length - 1,
    asked: () => asked,
    core: core as unknown as CornerstoneCore,
  };
}

const planesOf = (ids: readonly string[], plane: object = MADE_UP) =>
  Object.fromEntries(ids.map((id) => [id, plane]));

describe('planes of frames', () => {
  test('frames in one made-up plane are told apart, and so are their labelmaps', () => {
    const labelmaps = new Map([
      ['derived:a', 'run/frames/1'],
      ['derived:c', 'run/frames/3'],
    ]);
    const planes = planesOf([...RUN, ...labelmaps.keys()]);
    const { depth, plane, added } = cornerstone(planes, [{ imageIds: RUN }], { labelmaps });
    assert.deepEqual(RUN.map(depth), [0, 0.001, 0.002]);
    assert.deepEqual([...labelmaps.keys()].map(depth), [0, 0.002]);
    assert.deepEqual(plane('run/frames/2'), { ...MADE_UP, imagePositionPatient: [0, 0, 0.001] });
    assert.equal(added(), 1, 'a second viewer adds no second provider');
  });

  test('so are photographs of one series', () => {
    const photographs = ['left', 'right'];
    const { depth } = cornerstone(planesOf(photographs), [{ imageIds: RUN }, { imageIds: photographs }]);
    assert.deepEqual(photographs.map(depth), [0, 0.001]);
  });

  test('positions that files state, volumes and images of no series are left alone', () => {
    const slices = ['slice/1', 'slice/2', 'slice/3'];
    const stated = Object.fromEntries(
      slices.map((id, i) => [id, { ...MADE_UP, imagePositionPatient: [0, 0, 5 * i] }]),
    );
    const planes = { ...stated, ...planesOf([...RUN, 'stray']), 'run/frames/2': { rows: 4, columns: 6 } };
    const { depth, plane } = cornerstone(planes, [{ imageIds: slices }, { imageIds: RUN }]);
    assert.deepEqual(slices.map(depth), [0, 5, 10]);
    assert.equal(depth('stray'), 0);
    assert.deepEqual(plane('run/frames/2'), { rows: 4, columns: 6 });
    const volume = cornerstone(planesOf(RUN), [{ imageIds: RUN, isReconstructable: true }]);
    assert.deepEqual(RUN.map(volume.depth), [0, 0, 0]);
  });

  test('later versions, which need none of it, get none of it', () => {
    for (const version of ['5.6.8', '3.9.0', '']) {
      const { depth, added } = cornerstone(planesOf(RUN), [{ imageIds: RUN }], { version });
      assert.deepEqual({ added: added(), depth: RUN.map(depth) }, { added: 0, depth: [0, 0, 0] });
    }
  });

  test('a series that is opened later is found, and known ones are not looked for again', () => {
    const later = ['later/1', 'later/2'];
    const sets: Partial<DisplaySet>[] = [{ imageIds: RUN }];
    const { depth, asked } = cornerstone(planesOf([...RUN, ...later]), sets);
    assert.deepEqual(later.map(depth), [0, 0]);
    sets.push({ imageIds: later });
    assert.deepEqual(later.map(depth), [0, 0.001]);
    const before = asked();
    RUN.forEach(depth);
    assert.equal(asked(), before);
  });
});
