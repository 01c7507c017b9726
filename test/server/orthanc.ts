/** A real Orthanc with its DICOMweb plug-in, as Debian packages them, for tests to compare with. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';

/** Where Debian's orthanc-dicomweb puts its library. */
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const PROGRAM = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'Orthanc'))
  .find((path) => existsSync(path));
const START_MS = 60_000;
/** Of its DICOMweb services: another than ours, as any archive's but Orthanc's would be. */
const ROOT = '/pacs/rs';

export interface Orthanc {
  /** Root of QIDO-RS, WADO-RS and STOW-RS, without a slash at its end. */
  readonly dicomWeb: string;
  /** Every instance of a modality, as files. */
  instances(modality: string): Promise<readonly Uint8Array<ArrayBuffer>[]>;
  /** Ends it, and all that it keeps. */
  close(): Promise<void>;
}

/** For `{ skip }` of a test: false where Orthanc is installed, else what to install. */
export const skipWithoutOrthanc: string | false =
  PROGRAM !== undefined && existsSync(PLUGIN)
    ? false
    : 'Orthanc is not installed: on Debian, apt install orthanc orthanc-dicomweb';

export interface OrthancOptions {
  /** Names and their passwords; without any, everyone is let in. */
  readonly users?: Readonly<Record<string, string>>;
  /** The one bearer token with which it lets anyone in. */
  readonly token?: string;
}

/**
 * Starts one that has these DICOM files and no others, on a free port, and waits until it answers.
 * @throws Error with what it printed
 */
export async function startOrthanc(
  files: readonly Uint8Array[] = [],
  { users, token }: OrthancOptions = {},
): Promise<Orthanc> {
  const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-orthanc-'));
  const port = await freePort();
  const settings = {
    HttpPort: port,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: users !== undefined,
    ...(users && { RegisteredUsers: users }),
    DicomServerEnabled: false,
    StorageDirectory: folder,
    IndexDirectory: folder,
    Plugins: [PLUGIN],
    ...(token !== undefined && { LuaScripts: [join(folder, 'token.lua')] }),
    DicomWeb: { Enable: true, Root: `${ROOT}/`, StudiesMetadata: 'Full', SeriesMetadata: 'Full' },
  };
  await writeFile(join(folder, 'orthanc.json'), JSON.stringify(settings));
  if (token !== undefined) await writeFile(join(folder, 'token.lua'), filterBy(token));
  const child = spawn(PROGRAM ?? 'Orthanc', [join(folder, 'orthanc.json')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      output += error.message;
      resolve();
    });
    child.on('close', () => resolve());
  });
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };

  const origin = `http://127.0.0.1:${port}`;
  const [[name, password] = []] = Object.entries(users ?? {});
  const headers: Record<string, string> = {
    ...(name !== undefined && { Authorization: `Basic ${btoa(`${name}:${password ?? ''}`)}` }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  const request = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(`${origin}${path}`, { ...init, headers });
    if (!response.ok)
      throw new Error(`Orthanc answers ${response.status} to ${path}: ${await response.text()}`);
    return response;
  };
  const answers = async (): Promise<boolean> => {
    try {
      await (await request(`${ROOT}/studies`)).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  };
  try {
    for (const deadline = Date.now() + START_MS; !(await answers()); await wait(100)) {
      if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline)
        throw new Error(`Orthanc did not start: ${output}`);
    }
    for (const file of files) await request('/instances', { method: 'POST', body: Uint8Array.from(file) });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    dicomWeb: `${origin}${ROOT}`,
    async instances(modality) {
      const query = { Level: 'Series', Query: { Modality: modality }, Expand: true };
      const found = await request('/tools/find', { method: 'POST', body: JSON.stringify(query) });
      const series = foundSeries.parse(await found.json());
      return Promise.all(
        series
          .flatMap(({ Instances }) => Instances)
          .map(async (id) => new Uint8Array(await (await request(`/instances/${id}/file`)).arrayBuffer())),
      );
    },
    close,
  };
}

/** Orthanc knows no bearer tokens, but asks a script of Lua's before it answers. */
function filterBy(token: string): string {
  return `function IncomingHttpRequestFilter(method, uri, ip, username, headers)
  return headers['authorization'] == 'Bearer ${token}'
end`;
}

const foundSeries = z.array(z.object({ Instances: z.array(z.string()) }));

/** A port of this machine that nobody listens to now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}
