import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DisplaySet } from '../../../extension/src/host/ohif-types.ts';
import { SeriesCatalogue } from '../../../extension/src/host/series.ts';

/** The series that the viewer has for a display set. */
function opened(change: Partial<DisplaySet>) {
  const displaySet: DisplaySet = {
    displaySetInstanceUID: 'A',
    StudyInstanceUID: '1.2',
    SeriesInstanceUID: '1.2.1',
    imageIds: ['image'],
    ...change,
  };
  const host = {
    services: { displaySetService: { getDisplaySetByUID: () => displaySet } },
    core: { metaData: { get: () => ({ SOPInstanceUID: '1.2.1.1' }) } },
  } as unknown as ConstructorParameters<typeof SeriesCatalogue>[0];
  return new SeriesCatalogue(host).find('A').series;
}

test('a series without a description goes by its modality and number', () => {
  const unnamed = { Modality: 'XA', SeriesNumber: 3 };
  assert.equal(opened({ ...unnamed, SeriesDescription: 'LCA' }).description, 'LCA');
  for (const without of [
    unnamed,
    { ...unnamed, SeriesDescription: '' },
    { ...unnamed, SeriesDescription: ' ' },
  ])
    assert.equal(opened(without).description, 'XA 3');
  assert.equal(opened({ Modality: 'XA' }).description, 'XA');
  assert.equal(opened({}).description, '');
});
