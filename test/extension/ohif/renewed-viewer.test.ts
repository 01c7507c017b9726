import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Viewer } from '../../../extension/src/host/viewer.ts';
import { renewedViewer } from '../../../extension/src/ohif/renewed-viewer.ts';

/** A mode's viewer: it knows its number, and who listens to it. */
function modes() {
  const made: { active: Set<() => void>; mask: Set<(id: string) => void> }[] = [];
  const listen = <L>(set: Set<L>, listener: L) => {
    set.add(listener);
    return () => void set.delete(listener);
  };
  const create = (): Viewer => {
    const mode = { active: new Set<() => void>(), mask: new Set<(id: string) => void>() };
    const number = made.push(mode);
    return {
      onActiveChange: (listener: () => void) => listen(mode.active, listener),
      onMaskChange: (listener: (id: string) => void) => listen(mode.mask, listener),
      segmentations: () => [{ id: String(number), label: '', seriesId: '', segments: [] }],
    } as unknown as Viewer;
  };
  return { made, create };
}

describe('a viewer that outlives modes', () => {
  test('tells its listeners of the mode that is entered, and not of the one that was left', () => {
    const { made, create } = modes();
    const { viewer, renew } = renewedViewer(create);
    const told: string[] = [];
    const stop = viewer.onActiveChange(() => told.push('active'));
    viewer.onMaskChange((id) => told.push(id));
    renew();
    assert.deepEqual(told, ['active'], 'entering a mode is a change of what is shown');
    assert.equal(made[0]?.active.size, 0);
    made[1]?.mask.forEach((listener) => listener('vein'));
    stop();
    made[1]?.active.forEach((listener) => listener());
    assert.deepEqual(told, ['active', 'vein']);
  });

  test('asks the current mode', () => {
    const { viewer, renew } = renewedViewer(modes().create);
    assert.equal(viewer.segmentations('s')[0]?.id, '1');
    renew();
    assert.equal(viewer.segmentations('s')[0]?.id, '2');
  });
});
