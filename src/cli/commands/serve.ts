import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SaltError } from '../../protocol/errors.ts';
import type { Credentials } from '../../server/credentials.ts';
import { writeDemoStudies } from '../../server/demo/index.ts';
import { DEMO_FOLDER, OHIF_VERSION, findViewer } from '../../server/paths.ts';
import { remoteArchive } from '../../server/proxy.ts';
import { hostInUrl, isThisMachine } from '../../server/security.ts';
import { DEFAULT_PORT, startViewerServer } from '../../server/start.ts';
import type { ArchiveOptions, ViewerServer } from '../../server/start.ts';
import type { Console } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { consoleOf, withOutput } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { wholeNumber } from '../values.ts';

interface ServeOptions extends CommonOptions {
  readonly data?: string;
  readonly stored?: string;
  readonly dicomweb?: string;
  readonly dicomwebUser?: string;
  readonly dicomwebTokenFile?: string;
  readonly port: number;
  readonly host: string;
  readonly ohifVersion: string;
  readonly viewer?: string;
  readonly plugin?: string;
}

const EXAMPLES = `
Examples:
    ohif-salt serve                                       drawn studies, to try it out
    ohif-salt serve --data ~/angiograms                   your own DICOM files, which are never changed
    OHIF_SALT_DICOMWEB_USER=name:password ohif-salt serve --dicomweb http://localhost:8042/dicom-web
    ohif-salt serve --dicomweb https://pacs/dcm4chee-arc/aets/DCM4CHEE/rs --dicomweb-token-file token.txt

Segmentations are stored in the archive that the study came from; for --data in its folder "stored", or where --stored says.
There is no log-in: the server answers this machine alone unless --host says otherwise.
Other machines need https, which a server before this one can speak: it asks this one as localhost, and says by X-Forwarded-Host and
X-Forwarded-Proto how it was asked itself.
Environment: OHIF_SALT_DICOMWEB_USER is name:password of the archive; unlike --dicomweb-user, it does not show in the list of processes.
`;

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('open the OHIF viewer with the plug-in, over your own images or an archive')
    .description('Serves the OHIF viewer with the SALT plug-in and a DICOMweb archive at one address.')
    .option('--data <folder>', 'DICOM files to show, in folders of any kind')
    .option('--stored <folder>', 'where new segmentations go (default: "stored" in the folder of --data)')
    .option('--dicomweb <url>', 'the DICOMweb services of an archive to show instead, e.g. of Orthanc')
    .option('--dicomweb-user <name:password>', 'for that archive; see also the environment, below')
    .option(
      '--dicomweb-token-file <file>',
      'a bearer token for that archive; read for each request, so that it can be renewed',
    )
    .option('--port <n>', 'the next free one is taken where it is not', wholeNumber(0, 65_535), DEFAULT_PORT)
    .option(
      '--host <address>',
      'where to listen; any but this machine is open to all who reach it',
      '127.0.0.1',
    )
    .option('--ohif-version <version>', 'which of the fetched viewers', OHIF_VERSION)
    .option('--viewer <folder>', 'a viewer of your own: the "dist" folder of OHIF')
    .option('--plugin <folder>', 'the built plug-in, where it is not in its usual place')
    .addHelpText('after', EXAMPLES);
  withOutput(command).action(async (options: ServeOptions) => {
    const console = consoleOf(options);
    const archive = await archiveOf(options, console);
    const server = await startViewerServer({
      archive,
      viewerDir: viewerOf(options),
      pluginDir: options.plugin,
      host: options.host,
      port: options.port,
      tell: (line) => console.warn(line),
    });
    if (!isThisMachine(options.host)) {
      console.warn(
        'Whoever reaches this address sees and stores images: there is no log-in and no encryption.',
      );
      console.warn(tunnelLine(options.host, server.port));
    }
    // Whoever reads that it runs may stop it at once.
    const stopped = untilStopped(console, server);
    console.result(`\nOpen ${server.url} in a browser.\n${archiveLine(archive, server)}\nCtrl-C stops it.`, {
      url: server.url,
      archive: archive.kind,
      instances: server.archive?.index.size ?? null,
      stored: server.archive?.storeFolder ?? null,
    });
    await stopped;
  });
}

function viewerOf({ viewer, ohifVersion }: ServeOptions): string {
  const found = viewer === undefined ? findViewer(ohifVersion) : resolve(viewer);
  if (found !== undefined) return found;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `OHIF ${ohifVersion} has not been fetched. Fetch it with "node .ci/ohif.mjs ${ohifVersion}", or name a folder with --viewer.`,
  );
}

async function archiveOf(options: ServeOptions, console: Console): Promise<ArchiveOptions> {
  const { data, stored, dicomweb } = options;
  if (dicomweb !== undefined) {
    if (data !== undefined || stored !== undefined) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        'Give either --dicomweb or --data: one archive is shown at a time.',
      );
    }
    return { kind: 'remote', ...remoteArchive(dicomweb, credentialsOf(options)) };
  }
  if (options.dicomwebUser !== undefined || options.dicomwebTokenFile !== undefined) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      '--dicomweb-user and --dicomweb-token-file need --dicomweb, the archive that they are for.',
    );
  }
  const folder = data === undefined ? await demoFolder(console) : resolve(data);
  const read = console.progress();
  return {
    kind: 'folder',
    folder,
    name: data === undefined ? 'Drawn studies' : folder,
    ...(stored === undefined ? {} : { storeFolder: resolve(stored) }),
    tell: (done, of) => {
      read.update(done / of, `${done} of ${of} files`);
      if (done === of) read.stop();
    },
  };
}

function credentialsOf({ dicomwebUser, dicomwebTokenFile }: ServeOptions): Credentials | undefined {
  if (dicomwebUser !== undefined && dicomwebTokenFile !== undefined) {
    throw new SaltError('INVALID_ARGUMENT', 'Give either --dicomweb-user or --dicomweb-token-file.');
  }
  if (dicomwebTokenFile !== undefined) return { kind: 'token', file: resolve(dicomwebTokenFile) };
  // A variable that is set to nothing is how scripts leave it out.
  const user = dicomwebUser ?? (process.env['OHIF_SALT_DICOMWEB_USER'] || undefined);
  return user === undefined ? undefined : { kind: 'user', user };
}

/** Drawn studies, so that there is something to look at. */
async function demoFolder(console: Console): Promise<string> {
  const { written } = await writeDemoStudies(DEMO_FOLDER, {
    onSeries: (description, i, total) => console.tell(`Drawing ${description} (${i + 1} of ${total}) ...`),
  });
  console.tell(`Drawn studies ${written ? 'are' : 'were already'} in ${DEMO_FOLDER}.`);
  return DEMO_FOLDER;
}

/** Browsers compute on secure pages only: https, or localhost. */
function tunnelLine(host: string, port: number): string {
  return (
    'Browsers on other machines draft and fine-tune only over https, which a server of yours before this one can speak, or by way ' +
    `of a tunnel: there "ssh -L ${port}:${hostInUrl(host)}:${port} <this machine>", then http://localhost:${port}.`
  );
}

function archiveLine(shown: ArchiveOptions, { archive }: ViewerServer): string {
  const place = shown.kind === 'remote' ? `the archive at ${shown.url}` : (shown.name ?? shown.folder);
  if (!archive) return `Behind it: ${place}.`;
  const { size, studies } = archive.index;
  return `Behind it: ${place}, ${studies} studies, ${size} objects. New segmentations go to ${archive.storeFolder}.`;
}

/** Ends with the first Ctrl-C, the second does so at once. */
async function untilStopped(console: Console, server: ViewerServer): Promise<void> {
  await new Promise<void>((resolveStop) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(EXIT.cancelled);
      asked = true;
      resolveStop();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  console.tell('Stopped.');
  await server.close();
}
