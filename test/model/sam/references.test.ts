import { after, describe, test } from 'node:test';
import { openNodeDevice } from '../../../src/runtime/node.ts';
import { verifyReference } from '../../../src/training/verify.ts';
import { useSoftwareGpu } from '../../runtime/software-gpu.ts';
import { openReference } from './helpers.ts';
import { assertTypical } from './typical.ts';

describe("the numbers of Meta's modules in PyTorch", async () => {
  const { executor } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());

  for (const name of ['window-padding', 'all-global', 'batch-2', 'resized-positions', 'odd-sizes']) {
    for (const plan of ['whole', 'staged'] as const) {
      test(`${name}, ${plan} plan`, async () => {
        assertTypical(await verifyReference(await openReference(name), executor, { plan }));
      });
    }
  }
});

describe('the same on WebGPU, without falling back to the CPU', { skip: useSoftwareGpu() }, () => {
  test('window-padding', async () => {
    const { executor } = await openNodeDevice('webgpu', { strict: true });
    assertTypical(await verifyReference(await openReference('window-padding'), executor, { plan: 'whole' }));
    await executor.dispose();
  });
});
