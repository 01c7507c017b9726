import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfiguration } from '../../../extension/src/ohif/configuration.ts';

const FOLDER = 'https://viewer.example/plugins/salt/';

describe("a site's configuration of the extension", () => {
  test('finds everything beside the extension when nothing is said', () => {
    const { engine, panel } = readConfiguration(undefined, FOLDER);
    assert.equal(engine.workerUrl, `${FOLDER}worker.js`);
    assert.equal(engine.assets, `${FOLDER}salt-ort/`);
    assert.deepEqual(
      engine.models.map(({ id, url }) => [id, url]),
      [['salt-tiny', `${FOLDER}models/salt-tiny/salt-tiny.safetensors`]],
    );
    assert.equal(engine.device, 'auto');
    assert.deepEqual(panel.words, ['Vein']);
    assert.equal(panel.version, '0.1.0');
  });

  test('takes what a site says of the engine and of the panel', () => {
    const input = { device: 'wasm', threads: 3, runtimeUrl: '/ort', words: ['Artery'] };
    const { engine, panel } = readConfiguration(input, FOLDER);
    assert.deepEqual([engine.device, engine.threads, engine.assets], ['wasm', 3, '/ort/']);
    assert.deepEqual(panel.words, ['Artery']);
  });

  for (const input of [{ device: 'abacus' }, { threads: 0 }, { servedModels: [] }, { wrods: ['Vein'] }]) {
    test(`refuses ${JSON.stringify(input)} and names the field`, () => {
      assert.throws(
        () => readConfiguration(input, FOLDER),
        (error: unknown) => error instanceof Error && error.message.includes(Object.keys(input)[0] ?? ''),
      );
    });
  }
});
