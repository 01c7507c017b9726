import type { Command } from 'commander';
import type { RegisteredModel } from '../../../model/registry/registry.ts';
import { SaltError } from '../../../protocol/errors.ts';
import { paceMeter } from '../../../runtime/download/rate.ts';
import { pullModel } from '../../../runtime/models/pull.node.ts';
import type { PulledFile, PullEvent } from '../../../runtime/models/pull.node.ts';
import type { Console, Progress } from '../../console.ts';
import { interruptible } from '../../interrupt.ts';
import { modelsFolder } from '../../models/folders.ts';
import { registeredModel } from '../../models/registry.ts';
import { consoleOf, withOutput } from '../../options.ts';
import type { CommonOptions } from '../../options.ts';
import { formatBytes } from '../../../protocol/format-bytes.ts';
import { formatSeconds } from '../../values.ts';

const NOTES = `
Examples:
    ohif-salt models pull sam-vit-b
    HTTPS_PROXY=http://proxy.example.org:3128 ohif-salt models pull medsam
    OHIF_SALT_MIRROR=https://mirror.example.org/models ohif-salt models pull clip-vit-b-32

Ctrl-C keeps what has come; the same command goes on from there. A mirror is asked for <mirror>/<model>/<file> and
nobody else is. Without any connection, put the file into the folder of models (OHIF_SALT_MODELS) under the name that
"models list" gives; pull then only checks it.
`;

export function addPull(models: Command): void {
  withOutput(
    models
      .command('pull')
      .summary('fetch a model by name, or check one that is there')
      .description('Fetches a model of the list, checks it against its published hash, and keeps it.')
      .argument('<name>', 'as "models list" gives it'),
  )
    .addHelpText('after', NOTES)
    .action(runPull);
}

async function runPull(name: string, options: CommonOptions): Promise<void> {
  const console = consoleOf(options);
  const model = registeredModel(name);
  const folder = modelsFolder();
  const progress = console.progress();
  const onEvent = teller(console, progress);
  console.tell(`${model.title}: ${model.licence}, ${model.page}`);
  const pulled = await interruptible(console, (signal) =>
    pullModel(model, { folder, mirror: process.env.OHIF_SALT_MIRROR || undefined, signal, onEvent }),
  )
    .catch((error: unknown) => {
      throw withAdvice(error, model);
    })
    .finally(() => progress.stop());
  const text = [
    ...pulled.map((file, i) => describe(file, model, i)),
    `Use it as --model ${name}, or prepare it for the browser: ohif-salt models import ${name}`,
  ];
  console.result(text.join('\n'), { name, folder, files: pulled });
}

function teller(console: Console, progress: Progress): (event: PullEvent) => void {
  let pace = paceMeter();
  return (event) => {
    switch (event.kind) {
      case 'fetching':
        pace = paceMeter();
        console.tell(`Fetching ${event.file} from ${event.from}`);
        break;
      case 'bytes': {
        const { file, bytes, total } = event;
        const { bytesPerSecond, secondsLeft } = pace(bytes, total);
        const of = total === undefined ? '' : ` of ${formatBytes(total)}`;
        const left = secondsLeft === undefined ? '' : `, ${formatSeconds(secondsLeft)} left`;
        const text = `${file}: ${formatBytes(bytes)}${of}, ${formatBytes(bytesPerSecond)}/s${left}`;
        progress.update(total === undefined ? 0 : bytes / total, text);
        break;
      }
      case 'verifying':
        progress.update(event.bytes / event.total, `${event.file}: checking its hash`);
        break;
      case 'notice':
        console.warn(event.text);
    }
  };
}

const VOUCHED = {
  published: 'it is the published file',
  recorded: 'it is the file that came first; no hash of it has been published',
  first: 'no hash of it has been published: it is recorded now, and every later one must equal it',
} as const;

function describe(
  { path, bytes, sha256, by, fetched }: PulledFile,
  model: RegisteredModel,
  i: number,
): string {
  const sources = (model.files[i]?.digests ?? []).map(({ algorithm, source }) => `${algorithm}: ${source}`);
  const why = by === 'published' ? ` (${sources.join('; ')})` : '';
  return `${fetched ? 'Fetched' : 'There already:'} ${path}, ${formatBytes(bytes)}, SHA-256 ${sha256}: ${VOUCHED[by]}${why}.`;
}

function withAdvice(error: unknown, { name, files }: RegisteredModel): unknown {
  if (!(error instanceof SaltError)) return error;
  const advice = new Map([
    ['CANCELLED', `What has come is kept: "ohif-salt models pull ${name}" goes on from there.`],
    [
      'DOWNLOAD_FAILED',
      `What has come is kept: try again later. Or fetch ${files.map((file) => file.name).join(', ')} elsewhere, and put it into ${modelsFolder()}.`,
    ],
    [
      'DOWNLOAD_REFUSED',
      `Set OHIF_SALT_MIRROR to another server, or put ${files.map((file) => file.name).join(', ')} into ${modelsFolder()} by hand.`,
    ],
  ]).get(error.code);
  if (advice === undefined) return error;
  return new SaltError(error.code, `${error.message} ${advice}`, error.details, { cause: error });
}
