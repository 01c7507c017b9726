import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Places } from '../../../extension/src/host/places.ts';
import type { Viewport } from '../../../extension/src/host/ohif-types.ts';

const FRAME = { studyInstanceUid: '1', seriesInstanceUid: '2', sopInstanceUid: '3', frameNumber: 2 };
const IMAGES = ['run/frames/1', 'run/frames/2'];

/** A layout whose viewports all show one series, the first of them active. */
function layout(viewports: Readonly<Record<string, Partial<Viewport>>>) {
  const [first = ''] = Object.keys(viewports);
  let activeViewportId = first;
  const open = { series: { id: 'run' }, imageIds: IMAGES, displaySet: { displaySetInstanceUID: 'run' } };
  const host = {
    services: {
      viewportGridService: {
        getState: () => ({
          activeViewportId,
          viewports: new Map(Object.keys(viewports).map((id) => [id, { displaySetInstanceUIDs: ['run'] }])),
        }),
        setActiveViewportId: (id: string) => void (activeViewportId = id),
      },
      displaySetService: { getDisplaySetByUID: () => undefined },
      cornerstoneViewportService: { getCornerstoneViewport: (id: string) => viewports[id] },
    },
  };
  const catalogue = { get: () => open, ofFrame: () => ({ open, imageId: IMAGES[1] }) };
  return new Places(
    host as unknown as ConstructorParameters<typeof Places>[0],
    catalogue as unknown as ConstructorParameters<typeof Places>[1],
  );
}

const volume = { getImageIds: () => IMAGES };

test('a frame is shown in the viewport that goes frame by frame, though a volume of its series is active', async () => {
  const shown: number[] = [];
  const stack = { ...volume, setImageIdIndex: async (index: number) => shown.push(index) };
  const places = layout({ volume, stack });
  await places.goTo(FRAME);
  assert.deepEqual(shown, [1]);
  assert.equal(places.activeViewportId(), 'stack');
});

test('where none goes frame by frame, it is said what to do', async () => {
  await assert.rejects(layout({ volume }).goTo(FRAME), { code: 'VIEWER_STATE', message: /layout/ });
});
