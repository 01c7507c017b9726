import type { Executor } from '../../src/graph/executor.ts';
import { trainingEventSchema } from '../../src/protocol/events.ts';
import type { TrainingEvent } from '../../src/protocol/events.ts';
import type { CheckpointStore } from '../../src/training/checkpoint-store.ts';
import type { TrainingHost, TrainingJob, TrainingResult } from '../../src/training/job.ts';
import { train } from '../../src/training/trainer.ts';
import { discSamples, toySettings, toySubject } from './toy-task.ts';

export function toyJob(changes: Partial<TrainingJob> = {}): TrainingJob {
  return { subject: toySubject(), settings: toySettings(), samples: discSamples(10), ...changes };
}

export async function runToy(
  executor: Executor,
  job: TrainingJob,
  host: Partial<TrainingHost> = {},
): Promise<{ result: TrainingResult; events: TrainingEvent[] }> {
  const events: TrainingEvent[] = [];
  const result = await train(job, {
    executor,
    ...host,
    onEvent: (event) => {
      events.push(trainingEventSchema.parse(event));
      host.onEvent?.(event);
    },
  });
  return { result, events };
}

export function only<K extends TrainingEvent['kind']>(events: readonly TrainingEvent[], kind: K) {
  return events.filter((event): event is Extract<TrainingEvent, { kind: K }> => event.kind === kind);
}

export function memoryStore(): CheckpointStore & { bytes: Uint8Array | undefined } {
  const store: CheckpointStore & { bytes: Uint8Array | undefined } = {
    bytes: undefined,
    load: (isIntact) => Promise.resolve(store.bytes && isIntact(store.bytes) ? store.bytes : undefined),
    save: (bytes) => {
      store.bytes = bytes;
      return Promise.resolve();
    },
  };
  return store;
}
