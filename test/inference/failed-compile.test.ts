import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Executor, Program } from '../../src/graph/executor.ts';
import { createSegmenter } from '../../src/inference/segmenter.ts';
import { compileStages } from '../../src/inference/stage-programs.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { createNodeExecutor } from '../../src/runtime/node.ts';
import { toySubject } from '../training/toy-task.ts';

const executor = createNodeExecutor('cpu', { threads: 1 });
after(() => executor.dispose());

/** Runs out of memory at every compilation of that number, and counts the programs that are alive. */
function shortOfMemory(every: number): { executor: Executor; alive: () => number } {
  let compiled = 0;
  let alive = 0;
  return {
    alive: () => alive,
    executor: {
      device: executor.device,
      compile: async (model, options): Promise<Program> => {
        if (++compiled % every === 0) throw new SaltError('OUT_OF_MEMORY', 'No memory.');
        const program = await executor.compile(model, options);
        alive++;
        return {
          run: (feeds) => program.run(feeds),
          dispose: async () => {
            alive--;
            await program.dispose();
          },
        };
      },
      upload: (tensor) => executor.upload(tensor),
      download: (tensor) => executor.download(tensor),
      dispose: () => Promise.resolve(),
    },
  };
}

test('programs that were compiled before one that fails are given back', async () => {
  const { model, values, input } = toySubject();
  const short = shortOfMemory(2);
  const segmenter = createSegmenter({
    executor: short.executor,
    input,
    model: () => model,
    weights: () => values,
  });
  for (let i = 0; i < 2; i++) {
    await assert.rejects(segmenter.prepare({ width: 32, height: 32 }), { code: 'OUT_OF_MEMORY' });
    assert.equal(short.alive(), 0);
  }
  const stages = [...model.imageStages, ...model.imageStages];
  const options = { toHost: true, maxProgramBytes: 1 };
  await assert.rejects(compileStages(short.executor, stages, values, options), { code: 'OUT_OF_MEMORY' });
  assert.equal(short.alive(), 0);
});
