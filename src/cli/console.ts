/** What the program says: results on stdout, everything else on stderr. */
import { MultiBar, Presets } from 'cli-progress';
import type { SingleBar } from 'cli-progress';
import { SaltError } from '../protocol/errors.ts';

export interface Console {
  readonly json: boolean;
  /** A line for people. */
  tell(line: string): void;
  /** A line that should not be missed. */
  warn(line: string): void;
  /** The result: `text` for people, `value` with `--json`. */
  result(text: string, value: unknown): void;
  /** One of many lines of JSON; nothing for people. */
  event(value: unknown): void;
  progress(): Progress;
  /** One sentence, and the stack if that was asked for. */
  failure(error: unknown): void;
}

/** A bar on a terminal, a line every few seconds elsewhere. */
export interface Progress {
  /** @param fraction done, 0 to 1 */
  update(fraction: number, text: string): void;
  /** The last state stays to be read. */
  stop(): void;
}

const LINE_SECONDS = 5;
const BAR_STEPS = 1000;

export function createConsole(options: { readonly json: boolean; readonly verbose: boolean }): Console {
  const { json, verbose } = options;
  let bars: MultiBar | undefined;
  const tell = (line: string): void => {
    if (bars?.isActive) bars.log(`${line}\n`);
    else process.stderr.write(`${line}\n`);
  };
  return {
    json,
    tell,
    warn: (line) => tell(`Note: ${line}`),
    result: (text, value) => process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text}\n`),
    event(value) {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    progress() {
      if (!process.stderr.isTTY) return lines(tell);
      bars = new MultiBar(
        { format: '{bar} {percentage} % {text}', hideCursor: true, barsize: 24 },
        Presets.shades_classic,
      );
      return barOf(bars);
    },
    failure(error) {
      bars?.stop();
      const isCancelled = error instanceof SaltError && error.code === 'CANCELLED';
      tell(isCancelled ? error.message : `Error: ${messageOf(error)}`);
      if (verbose) tell(stackOf(error));
      else if (!(error instanceof SaltError))
        tell('This is a fault of the program. Add --verbose for details.');
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack ?? error.message}${error.cause ? `\nCaused by: ${stackOf(error.cause)}` : ''}`;
}

function lines(tell: (line: string) => void): Progress {
  let last = -Infinity;
  let latest: string | undefined;
  const show = (): void => {
    if (latest === undefined) return;
    last = performance.now();
    tell(latest);
    latest = undefined;
  };
  return {
    update(fraction, text) {
      latest = `${(100 * fraction).toFixed(0)} % ${text}`;
      if (performance.now() - last >= LINE_SECONDS * 1000) show();
    },
    stop: show,
  };
}

function barOf(bars: MultiBar): Progress {
  let bar: SingleBar | undefined;
  return {
    update(fraction, text) {
      bar ??= bars.create(BAR_STEPS, 0, { text });
      bar.update(Math.round(BAR_STEPS * fraction), { text });
    },
    stop() {
      // Twice would move the cursor over what was written since.
      if (bars.isActive) bars.stop();
    },
  };
}
