import { describe, test } from 'node:test';
import { createRandom } from '../../src/protocol/random.ts';
import type { Random } from '../../src/protocol/random.ts';
import { checkDerivatives } from './derivatives.ts';
import type { Operation } from './derivatives.ts';
import { OPERATIONS } from './operations.ts';

describe('derivatives equal finite differences, and ONNX Runtime agrees', () => {
  for (const [index, [name, operation]] of Object.entries(OPERATIONS).entries()) {
    test(name, async () => {
      for (let round = 0; round < 5; round++) {
        const seed = 1000 * index + 10 * round;
        // The builder draws too: the same draws every time that it is called.
        const drawn = operation(createRandom(seed));
        await checkDerivatives({ ...drawn, build: replayed(operation, seed) }, seed);
      }
    });
  }
});

function replayed(operation: (random: Random) => Operation, seed: number): Operation['build'] {
  return (...inputs) => operation(createRandom(seed)).build(...inputs);
}
