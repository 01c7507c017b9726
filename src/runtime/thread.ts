import { SaltError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';

/** One end of a channel between two threads. */
export interface Port {
  post(message: unknown, transfer: readonly Transferable[]): void;
}

/** What a job is given beside its request. */
export interface JobContext<Event> {
  /** Aborts when the other side cancels: stop soon, and return or throw `CANCELLED`. */
  readonly signal: AbortSignal;
  /** Tells the other side, in order and before the result. */
  readonly emit: (event: Event) => void;
}

/** The work of a thread. It does one job and ends. */
export type Job<Request, Event, Result> = (request: Request, context: JobContext<Event>) => Promise<Result>;

export type RequestOf<J> = J extends Job<infer Request, infer _E, infer _R> ? Request : never;
export type EventOf<J> = J extends Job<infer _Q, infer Event, infer _R> ? Event : never;
export type ResultOf<J> = J extends Job<infer _Q, infer _E, infer Result> ? Result : never;

/** A job under way in another thread. */
export interface RunningJob<Result> {
  /** Rejects with the job's own error, code and details included. */
  readonly result: Promise<Result>;
  /** Asks the job to stop; `result` still settles as the job decides. */
  cancel(): void;
  /** Ends the thread at once; `result` rejects with `CANCELLED` unless it has settled. */
  terminate(): Promise<void>;
}

export interface JobOptions<Event> {
  readonly onEvent?: (event: Event) => void;
  /** Buffers of the request to hand over rather than copy. */
  readonly transfer?: readonly Transferable[];
}

export type ToThread = { readonly kind: 'start'; readonly request: unknown } | { readonly kind: 'cancel' };

export type FromThread =
  | { readonly kind: 'event'; readonly event: unknown }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: SentError };

/** An error on its way to another thread. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly salt:
    { readonly code: ErrorCode; readonly details: Readonly<Record<string, unknown>> } | undefined;
}

/** Structured cloning keeps the message of an error and loses its class, code and details. */
export function packError(error: unknown): SentError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const salt = error instanceof SaltError ? { code: error.code, details: error.details } : undefined;
  return { name, message, stack, salt };
}

export function unpackError({ name, message, stack, salt }: SentError): Error {
  const error = salt ? new SaltError(salt.code, message, salt.details) : new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The thread's side: returns what handles messages to it. The request is trusted to be of its type. */
export function serveJob<Request, Event, Result>(
  port: Port,
  job: Job<Request, Event, Result>,
): (message: ToThread) => void {
  const abort = new AbortController();
  const send = (message: FromThread): void => port.post(message, []);
  return (message) => {
    if (message.kind === 'cancel') {
      abort.abort(new SaltError('CANCELLED', 'Cancelled.'));
      return;
    }
    const context = { signal: abort.signal, emit: (event: Event) => send({ kind: 'event', event }) };
    job(message.request as Request, context).then(
      (result) => send({ kind: 'result', result }),
      (error: unknown) => send({ kind: 'error', error: packError(error) }),
    );
  };
}

export interface JobClient<Result> {
  readonly running: RunningJob<Result>;
  /** Handles a message from the thread. */
  receive(message: FromThread): void;
  /** The thread ended or broke. */
  fail(error: Error): void;
}

interface Settle<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** The caller's side, over any kind of thread. The thread is ended once its job has settled. */
export function startJob<Event, Result>(
  port: Port,
  end: () => Promise<void>,
  request: unknown,
  { onEvent, transfer = [] }: JobOptions<Event>,
): JobClient<Result> {
  let settle: Settle<Result> | undefined;
  const result = new Promise<Result>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const finish = (act: (settle: Settle<Result>) => void): void => {
    if (!settle) return;
    act(settle);
    settle = undefined;
    void end();
  };
  port.post({ kind: 'start', request } satisfies ToThread, transfer);
  return {
    running: {
      result,
      cancel: () => {
        if (settle) port.post({ kind: 'cancel' } satisfies ToThread, []);
      },
      terminate: async () => {
        finish(({ reject }) => reject(new SaltError('CANCELLED', 'Ended before it was done.')));
        await end();
      },
    },
    receive: (message) => {
      if (message.kind === 'event') onEvent?.(message.event as Event);
      else if (message.kind === 'result') finish(({ resolve }) => resolve(message.result as Result));
      else finish(({ reject }) => reject(unpackError(message.error)));
    },
    fail: (error) => finish(({ reject }) => reject(error)),
  };
}
