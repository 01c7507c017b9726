import { startWebThread } from '../../../src/runtime/thread.web.ts';
import { failureOf } from '../../runtime/scenario.ts';
import type { train } from '../../runtime/scenario.ts';
import type { TrainJob } from '../workers/train.ts';

export interface Result {
  readonly events: readonly string[];
  readonly training: Awaited<ReturnType<typeof train>>;
  readonly failed: string;
  readonly cancelled: string;
  readonly terminated: string;
}

function start(kind: 'train' | 'fail' | 'wait', onEvent: (event: string) => void = () => undefined) {
  const worker = new Worker(new URL('../workers/train.js', import.meta.url), { type: 'module' });
  return startWebThread<TrainJob>(
    worker,
    { kind, assets: new URL('/ort/', location.href).href },
    { onEvent },
  );
}

/** Trains in a Web Worker on two WASM threads; fails, is cancelled and is terminated. */
export async function main(): Promise<Result> {
  const events: string[] = [];
  const training = await start('train', (event) => events.push(event)).result;
  const failed = await failureOf(() => start('fail').result);
  const cancelled = start('wait', () => cancelled.cancel());
  const terminated = start('wait', () => void terminated.terminate());
  // Looked after from the start: either may end first.
  const ends = [cancelled, terminated].map(({ result }) => failureOf(() => result));
  const [cancellation = '', termination = ''] = await Promise.all(ends);
  return { events, training, failed, cancelled: cancellation, terminated: termination };
}
