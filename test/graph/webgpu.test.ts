import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeModel, floatTensor, sizeOf } from '../../src/graph/index.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { useSoftwareGpu } from '../runtime/software-gpu.ts';
import { lossGraph } from './derivatives.ts';
import { interpret } from './interpreter.ts';
import { tensor } from './interpreter-kernels.ts';
import { OPERATIONS } from './operations.ts';

describe(
  'every operator and its derivative on WebGPU, without falling back',
  { skip: useSoftwareGpu() },
  () => {
    const opened = openNodeDevice('webgpu', { strict: true });

    for (const [index, [name, operation]] of Object.entries(OPERATIONS).entries()) {
      test(name, async () => {
        const { executor } = await opened;
        const drawn = operation(createRandom(index));
        const graph = lossGraph(
          { ...drawn, build: (...inputs) => operation(createRandom(index)).build(...inputs) },
          createRandom(1),
          true,
        );
        const random = createRandom(2);
        const feeds = Object.fromEntries(
          drawn.shapes.map((shape, i) => {
            const draw = drawn.draw ?? ((r) => r.normal());
            return [
              `x${i}`,
              floatTensor(
                shape,
                Float32Array.from({ length: sizeOf(shape) }, () => draw(random)),
              ),
            ];
          }),
        );
        const exact = interpret(
          graph,
          Object.fromEntries(
            Object.entries(feeds).map(([key, { shape, data }]) => [key, tensor(shape, data)]),
          ),
        );
        const program = await executor.compile(encodeModel(graph));
        const uploaded = await Promise.all(
          Object.entries(feeds).map(async ([key, value]) => [key, await executor.upload(value)] as const),
        );
        const outputs = await program.run(Object.fromEntries(uploaded));
        for (const [key, { data }] of Object.entries(exact)) {
          const answer = await executor.download(outputs[key]!);
          const largest = Math.max(1, ...data.map(Math.abs));
          data.forEach((value, i) => {
            const error = Math.abs(value - answer.data[i]!) / largest;
            assert.ok(error <= 1e-5, `${key}[${i}] is ${answer.data[i]}, not ${value}`);
          });
        }
        for (const each of Object.values(outputs)) each.dispose();
        for (const [, each] of uploaded) each.dispose();
        await program.dispose();
      });
    }
  },
);
