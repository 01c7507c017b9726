import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeviceName } from '../../src/graph/executor.ts';
import { DEVICES, selectDevice } from '../../src/runtime/devices.ts';
import type { Probe } from '../../src/runtime/devices.ts';

const fast: Probe = { works: true, rate: 1000 };
const plain: Probe = { works: true, rate: 50 };
const slow: Probe = { works: true, rate: 0.2 };
const absent: Probe = { works: false, reason: 'Nobody answered.' };

function probes(results: Partial<Record<DeviceName, Probe>>) {
  const tried: DeviceName[] = [];
  const timings: DeviceName[] = [];
  const probe = (device: DeviceName, timed: boolean): Promise<Probe> => {
    tried.push(device);
    if (timed) timings.push(device);
    return Promise.resolve(results[device] ?? absent);
  };
  return { probe, tried, timings };
}

describe('selectDevice', () => {
  test('the table is frozen', () => {
    assert.ok(Object.isFrozen(DEVICES));
  });

  test('auto takes the best that works and says why the others were passed over', async () => {
    const { probe } = probes({ webgpu: fast, cpu: plain });
    const { device, passedOver } = await selectDevice('auto', 'node', probe);
    assert.equal(device, 'webgpu');
    assert.deepEqual(
      passedOver.map((each) => each.device),
      ['cuda'],
    );
    assert.match(passedOver[0]?.reason ?? '', /^Nobody answered\. It needs an NVIDIA GPU/);
  });

  test('auto tries no device worse than the one it takes, except the processor to compare with', async () => {
    const { probe, tried } = probes({ cuda: fast, cpu: plain });
    assert.equal((await selectDevice('auto', 'node', probe)).device, 'cuda');
    assert.deepEqual(tried, ['cuda', 'cpu']);
  });

  test('the processor is timed only where an accelerator is to beat it', async () => {
    const alone = probes({ wasm: plain });
    assert.equal((await selectDevice('auto', 'browser', alone.probe)).device, 'wasm');
    assert.deepEqual(alone.timings, ['webgpu']);
    const beside = probes({ webgpu: slow, wasm: plain });
    await selectDevice('auto', 'browser', beside.probe);
    assert.deepEqual(
      [beside.timings, beside.tried],
      [
        ['webgpu', 'wasm'],
        ['webgpu', 'wasm'],
      ],
    );
  });

  test('auto passes over a software adapter, and says how to use it anyway', async () => {
    const { probe } = probes({ webgpu: slow, wasm: plain });
    const { device, passedOver } = await selectDevice('auto', 'browser', probe);
    assert.equal(device, 'wasm');
    assert.match(
      passedOver[0]?.reason ?? '',
      /0\.20 against 50 .* software adapter.*Ask for "webgpu" by name/,
    );
    assert.equal(passedOver[0]?.why, 'software');
  });

  test('a software adapter asked for by name is taken', async () => {
    const { probe, tried } = probes({ webgpu: slow, wasm: plain });
    assert.deepEqual(await selectDevice('webgpu', 'browser', probe), { device: 'webgpu', passedOver: [] });
    assert.deepEqual(tried, ['webgpu']);
  });

  test('an accelerator is taken when the processor itself fails', async () => {
    const { probe } = probes({ webgpu: slow });
    assert.equal((await selectDevice('auto', 'browser', probe)).device, 'webgpu');
  });

  test('a named device that fails is an error with its reason and what it needs', async () => {
    await assert.rejects(selectDevice('cuda', 'node', probes({}).probe), {
      code: 'DEVICE_UNAVAILABLE',
      message: /^cuda does not work here: Nobody answered\. It needs an NVIDIA GPU/,
    });
  });

  test('a device of the other place is refused without trying it', async () => {
    const { probe, tried } = probes({});
    await assert.rejects(selectDevice('wasm', 'node', probe), {
      code: 'DEVICE_UNAVAILABLE',
      message: 'There is no device "wasm" in Node. Choose auto, cuda, webgpu, cpu.',
    });
    await assert.rejects(selectDevice('cpu', 'browser', probe), /no device "cpu" in a browser/);
    assert.deepEqual(tried, []);
  });

  test('where nothing works, the error lists every reason', async () => {
    await assert.rejects(selectDevice('auto', 'browser', probes({}).probe), {
      code: 'DEVICE_UNAVAILABLE',
      message: /webgpu: Nobody answered.*wasm: Nobody answered/,
    });
  });
});
