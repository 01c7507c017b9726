import { SaltError } from '../../../../src/protocol/errors.ts';
import type { Backend } from '../../../../src/protocol/backend.ts';
import type { Viewer } from '../../host/viewer.ts';
import type { SaltConfig } from '../../store/config.ts';
import type { Section, Settings } from '../../store/settings.ts';
import type { SessionState, SessionStore } from '../../store/state.ts';
import type { SetStorage } from '../../store/storage.ts';
import type { Strings } from '../../strings/index.ts';
import type { SeeFrame } from './seen-frames.ts';

/** What every part of the workflow works with. */
export interface Context {
  readonly viewer: Viewer;
  readonly backend: Backend;
  readonly storage: SetStorage;
  readonly strings: Strings;
  readonly config: SaltConfig;
  readonly store: SessionStore;
  readonly seeFrame: SeeFrame;
  readonly now: () => Date;
  /** Puts `text` into the panel with a button that takes the last action back, and has it read out. */
  readonly offerUndo: (text: string, undo: () => Promise<void>, settled?: () => Promise<void>) => void;
}

export function patch(context: Pick<Context, 'store'>, change: Partial<SessionState>): void {
  context.store.setState(change);
}

export function announce(context: Pick<Context, 'store'>, announcement: string): void {
  // The same text once more is read out only where it has changed: by a space that nobody hears.
  const isSame = context.store.getState().announcement === announcement;
  patch(context, { announcement: isSame ? `${announcement}\u00a0` : announcement });
}

export function patchSettings(context: Context, change: Partial<Settings>): void {
  const settings = { ...context.store.getState().settings, ...change };
  patch(context, { settings });
  // A setting that cannot be stored holds until the page closes: nothing to bother anyone with.
  context.storage.changeSettings(change).catch((error: unknown) => console.warn('SALT settings', error));
}

/** A refusal whose message is already in the user's language. */
export function refusal(message: string): SaltError {
  return new SaltError('INVALID_ARGUMENT', message, { localised: true });
}

export function isCancelled(error: unknown): boolean {
  return (
    (error instanceof SaltError && error.code === 'CANCELLED') ||
    (error instanceof DOMException && error.name === 'AbortError')
  );
}

let problems = 0;

/** Puts an error into its section, where it stays until it is dismissed or the action succeeds, and into a notice. */
export function report(context: Context, where: Section, title: string, error: unknown): void {
  if (isCancelled(error)) return;
  console.error(error);
  const message = explain(context, error);
  problems++;
  const others = context.store
    .getState()
    .problems.filter((problem) => problem.where !== where || problem.title !== title);
  patch(context, { problems: [...others, { id: problems, where, title, message }] });
  context.viewer.notify('error', title, message);
}

function explain({ strings: { errors }, storage }: Context, error: unknown): string {
  if (!(error instanceof SaltError)) {
    const message = error instanceof Error ? error.message : String(error);
    return errors.unexpected(message, storage.lasting);
  }
  if (error.details['localised'] === true) return error.message;
  const advice = errors.advice[error.code];
  return advice === undefined ? error.message : `${advice} (${error.message})`;
}

interface Attempt {
  readonly name: string;
  readonly where: Section;
  readonly title: string;
  /** Waits for the one of its name that is under way, rather than not being started. */
  readonly inTurn?: boolean;
}

/**
 * Runs an action that people start: marks it as busy, reports its failure in `where` and clears the report of an
 * earlier one when it succeeds. An action that is under way already is not started twice, unless it is one of those that
 * are done in turn.
 * @returns undefined where it failed or was not started
 */
export async function attempt<T>(
  context: Context,
  { name, where, title, inTurn = false }: Attempt,
  action: () => Promise<T>,
): Promise<T | undefined> {
  const { store } = context;
  // Of several that wait, the first to wake makes the others wait again.
  while (inTurn && store.getState().busy[name]) await ended(context, name);
  if (store.getState().busy[name]) return undefined;
  store.setState(({ busy }) => ({ busy: { ...busy, [name]: true } }));
  try {
    const result = await action();
    store.setState(({ problems: all }) => ({
      problems: all.filter((problem) => problem.where !== where || problem.title !== title),
    }));
    return result;
  } catch (error) {
    report(context, where, title, error);
    return undefined;
  } finally {
    store.setState(({ busy }) => ({
      busy: Object.fromEntries(Object.entries(busy).filter(([key]) => key !== name)),
    }));
  }
}

/** When an action of that name that is under way has ended; at once where none is. */
export function ended({ store }: Context, name: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.subscribe(({ busy }) => end(busy));
    const end = (busy: SessionState['busy']): void => {
      if (busy[name]) return;
      stop();
      resolve();
    };
    end(store.getState().busy);
  });
}
