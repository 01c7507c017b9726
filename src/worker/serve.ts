/** Answers the page's calls. */
import { SaltError } from '../protocol/errors.ts';
import { packError } from '../runtime/thread.ts';
import type { CallContext, EngineService, FromEngine, ToEngine } from './messages.ts';

/** @returns what handles messages from the page */
export function serveEngine(
  engine: EngineService,
  send: (message: FromEngine, transfer: Transferable[]) => void,
): (message: ToEngine) => void {
  const running = new Map<number, AbortController>();
  return (message) => {
    const { id } = message;
    if (message.kind === 'cancel') {
      running.get(id)?.abort(new SaltError('CANCELLED', 'Cancelled.'));
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    const context: CallContext = {
      signal: controller.signal,
      progress: (progress) => send({ kind: 'progress', id, progress }, []),
    };
    const method = engine[message.method] as (context: CallContext, ...args: unknown[]) => Promise<unknown>;
    Promise.resolve()
      .then(() => method(context, ...message.args))
      .then(
        (result) => send({ kind: 'result', id, result }, buffersOf(result)),
        (error: unknown) => send({ kind: 'error', id, error: packError(error) }, []),
      )
      .finally(() => running.delete(id))
      .catch(() => undefined);
  };
}

/** Maps are handed over rather than copied. */
function buffersOf(result: unknown): Transferable[] {
  if (typeof result !== 'object' || result === null || !('maps' in result) || !Array.isArray(result.maps))
    return [];
  return result.maps.flatMap((map: unknown) =>
    typeof map === 'object' && map && 'probabilities' in map && map.probabilities instanceof Uint8Array
      ? [map.probabilities.buffer as ArrayBuffer]
      : [],
  );
}
