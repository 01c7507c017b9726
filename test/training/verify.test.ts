import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { parseSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import type { SafetensorsFile } from '../../src/model/checkpoint/safetensors.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { verifyReference } from '../../src/training/verify.ts';

const URL_OF_ORIGINAL = new URL('../reference/all-global.safetensors', import.meta.url);
const original = parseSafetensors(await readFile(URL_OF_ORIGINAL));

type Change = (tensors: Map<string, FloatTensor>, metadata: Record<string, string>) => void;

/** The reference as another writer might have written it. */
function changed(change: Change): SafetensorsFile {
  const tensors = new Map(original.names.map((name) => [name, original.float32(name)]));
  const metadata = { ...original.metadata };
  change(tensors, metadata);
  return parseSafetensors(encodeSafetensors(tensors, metadata));
}

function rename(tensors: Map<string, FloatTensor>, pattern: RegExp, replacement: string): void {
  for (const [name, tensor] of [...tensors]) {
    const renamed = name.replace(pattern, replacement);
    if (renamed === name) continue;
    tensors.delete(name);
    tensors.set(renamed, tensor);
  }
}

/** The tensor times a number; the original is a view of the file. */
function scale(tensors: Map<string, FloatTensor>, name: string, by: number): void {
  const tensor = tensors.get(name);
  assert.ok(tensor, name);
  tensors.set(name, floatTensor(tensor.shape, tensor.data.map((value) => value * by))); // prettier-ignore
}

describe('verification', async () => {
  const { executor } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());
  const verify = (change: Change) => verifyReference(changed(change), executor);
  const passes = async (change: Change): Promise<void> => {
    const { passed, groups } = await verify(change);
    assert.deepEqual(
      groups.map(({ comparisons }) => comparisons.length),
      [2, 1, 4, 61],
    );
    assert.ok(passed, JSON.stringify(groups.map(({ comparisons }) => comparisons[0])));
  };

  test('takes layers without the encoder before their names', () =>
    passes((tensors) => {
      rename(tensors, /^(svd|salt|grad\/salt)\/image_encoder\./, '$1/');
    }));

  test('takes gradients of adapters as <layer>.alpha', () =>
    passes((tensors) => {
      rename(tensors, /^grad\/salt\//, 'grad/');
    }));

  test('takes gradients of adapters as <layer>.salt.alpha, without the encoder', () =>
    passes((tensors) => {
      rename(tensors, /^grad\/salt\/image_encoder\.(.*)\.(alpha|beta|X|Y)$/, 'grad/$1.salt.$2');
    }));

  test('takes the regulariser before or after its weight', () =>
    passes((tensors) => {
      scale(tensors, 'loss/reg', 0.01);
    }));

  test('takes pixel statistics, and masks with a channel', () =>
    passes((tensors) => {
      tensors.set('weights/pixel_mean', floatTensor([3, 1, 1]));
      const mask = tensors.get('input/mask');
      assert.ok(mask);
      tensors.set('input/mask', { ...mask, shape: [1, ...mask.shape] });
    }));

  for (const [group, name, by] of [
    ['outputs', 'output/image_embedding', 1.0002],
    ['saltOutputs', 'output/salt_low_res_logits', 0.9998],
    ['losses', 'loss/dice', 1.0002],
    ['gradients', 'grad/image_encoder.pos_embed', 1.002],
  ] as const) {
    test(`${name} times ${by} fails, and is named`, async () => {
      const { passed, groups } = await verify((tensors) => {
        scale(tensors, name, by);
      });
      assert.equal(passed, false);
      assert.deepEqual(
        groups.filter((each) => !each.passed).map((each) => each.group),
        [group],
      );
      const worst = groups.find((each) => each.group === group)?.comparisons[0];
      assert.equal(worst?.tensor, name.slice(name.indexOf('/') + 1));
    });
  }

  test('gradients of unknown parameters are an error that lists them', async () => {
    const more = verify((tensors) => {
      tensors.set('grad/mask_decoder.nowhere.weight', floatTensor([1]));
      tensors.set('grad/image_encoder.blocks.7.norm1.bias', floatTensor([32]));
    });
    await assert.rejects(more, {
      code: 'CHECKPOINT_MISMATCH',
      message: /image_encoder\.blocks\.7\.norm1\.bias, mask_decoder\.nowhere\.weight/,
    });
  });

  test('a reference of outputs alone is compared as far as it goes', async () => {
    const { passed, groups } = await verify((tensors) => {
      for (const name of [...tensors.keys()]) {
        if (/^(?:grad|loss|salt|svd|output\/salt)/.test(name)) tensors.delete(name);
      }
    });
    assert.ok(passed);
    assert.deepEqual(
      groups.map(({ comparisons }) => comparisons.length),
      [2, 0, 0, 0],
    );
  });

  test('losses are compared without gradients too', async () => {
    const { passed, groups } = await verify((tensors) => {
      for (const name of [...tensors.keys()]) if (name.startsWith('grad/')) tensors.delete(name);
    });
    assert.ok(passed);
    assert.deepEqual(
      groups.map(({ comparisons }) => comparisons.length),
      [2, 1, 4, 0],
    );
  });

  test('tensors without elements are passed over', () =>
    passes((tensors) => {
      tensors.set('grad/image_encoder.blocks.9.attn.qkv.X', floatTensor([0, 3]));
    }));

  test('a gradient of the wrong shape is an error', async () => {
    const misshapen = verify((tensors) => {
      tensors.set('grad/text_affine.2.weight', floatTensor([31]));
    });
    await assert.rejects(misshapen, { code: 'CHECKPOINT_MISMATCH', message: /text_affine\.2\.weight/ });
  });

  for (const [fault, change, message] of [
    ['another format', (_, metadata) => (metadata['format'] = 'salt-reference/9'), /salt-reference\/1/],
    ['no config', (_, metadata) => delete metadata['config'], /not JSON/],
    ['a config without depth', (_, metadata) => (metadata['config'] = '{"embed_dim":32}'), /depth/],
    ['no image', (tensors) => tensors.delete('input/image'), /input\/image/],
  ] satisfies [string, (...given: Parameters<Change>) => unknown, RegExp][]) {
    test(`${fault} is refused`, async () => {
      await assert.rejects(
        verify((tensors, metadata) => {
          change(tensors, metadata);
        }),
        { code: 'CHECKPOINT_INVALID', message },
      );
    });
  }
});
