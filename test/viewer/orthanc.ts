import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Where Debian's orthanc-dicomweb puts its library. */
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const START_MS = 60_000;

/** A real archive, empty at its start and gone at its end. */
export interface Orthanc {
  /** Without a slash at its end. */
  readonly origin: string;
  /** Root of QIDO-RS, WADO-RS and STOW-RS. */
  readonly dicomWeb: string;
  upload(file: Uint8Array): Promise<void>;
  /** Every instance of a modality, as files. */
  instances(modality: string): Promise<readonly Uint8Array<ArrayBuffer>[]>;
  close(): Promise<void>;
}

/** For `{ skip }` of a test: false where Orthanc is installed, else what to install. */
export const skipWithoutOrthanc: string | false =
  findOrthanc() !== undefined && existsSync(PLUGIN)
    ? false
    : 'Orthanc is missing: on Debian, apt install orthanc orthanc-dicomweb.';

function findOrthanc(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'Orthanc')).find((path) => existsSync(path));
}

export async function startOrthanc(files: readonly Uint8Array[] = []): Promise<Orthanc> {
  const folder = await mkdtemp(join(tmpdir(), 'orthanc-'));
  const port = await freePort();
  const settings = {
    Name: 'test',
    HttpPort: port,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    DicomServerEnabled: false,
    StorageDirectory: folder,
    IndexDirectory: folder,
    Plugins: [PLUGIN],
    DicomWeb: { Enable: true, Root: '/dicom-web/' },
  };
  await writeFile(join(folder, 'orthanc.json'), JSON.stringify(settings));
  const child = spawn(findOrthanc() ?? 'Orthanc', [join(folder, 'orthanc.json')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const origin = `http://127.0.0.1:${port}`;
  const request = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(`${origin}${path}`, init);
    if (!response.ok) throw new Error(`Orthanc answers ${response.status} to ${path}.`);
    return response;
  };
  const orthanc: Orthanc = {
    origin,
    dicomWeb: `${origin}/dicom-web`,
    async upload(file) {
      await request('/instances', { method: 'POST', body: Uint8Array.from(file) });
    },
    async instances(modality) {
      const query = { Level: 'Series', Query: { Modality: modality }, Expand: true };
      const found = await request('/tools/find', { method: 'POST', body: JSON.stringify(query) });
      const series = (await found.json()) as readonly { readonly Instances: readonly string[] }[];
      return Promise.all(
        series
          .flatMap(({ Instances }) => Instances)
          .map(async (id) => (await request(`/instances/${id}/file`)).bytes()),
      );
    },
    async close() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await started(request, ended);
    for (const file of files) await orthanc.upload(file);
    return orthanc;
  } catch (error) {
    await orthanc.close();
    throw error;
  }
}

/** Resolves when it answers. */
async function started(request: (path: string) => Promise<Response>, ended: Promise<void>): Promise<void> {
  const over = ended.then(() => Promise.reject(new Error('Orthanc ended at its start.')));
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const answers = request('/dicom-web/studies').then(
      () => true,
      () => false,
    );
    if (await Promise.race([answers, over])) {
      over.catch(() => undefined); // It ends one day, and then nobody waits for this.
      return;
    }
    await wait(100);
  }
  throw new Error('Orthanc does not answer.');
}

/** A port of this machine that nobody listens to now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
