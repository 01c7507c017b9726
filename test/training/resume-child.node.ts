/** A training run in a process of its own, to be killed: resumes what it finds, and writes its result at the end. */
import { writeFile } from 'node:fs/promises';
import { parseSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { fileCheckpointStore } from '../../src/training/checkpoint-store.node.ts';
import { train } from '../../src/training/trainer.ts';
import { discSamples, toySettings, toySubject } from './toy-task.ts';

const [checkpoint = '', result = ''] = process.argv.slice(2);
const { executor } = await openNodeDevice('cpu', { threads: 1 });
const { trained, history, step } = await train(
  { subject: toySubject(), settings: toySettings({ budget: { steps: 200 } }), samples: discSamples(10) },
  {
    executor,
    store: fileCheckpointStore(checkpoint),
    resume: true,
    checkpointSeconds: 0,
    onEvent: ({ kind, ...event }) => {
      if (kind === 'started' && 'resumedAt' in event) process.stdout.write(`resumed at ${event.resumedAt}\n`);
      if (kind === 'checkpoint') process.stdout.write('saved\n');
    },
  },
);
const bytes = encodeSafetensors(trained, { history: JSON.stringify(history), step: String(step) });
parseSafetensors(bytes);
await writeFile(result, bytes);
