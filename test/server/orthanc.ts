/** A real Orthanc with its DICOMweb plug-in, as Debian packages them, for tests to compare with. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = '/usr/sbin/Orthanc';
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const START_MS = 60_000;

export interface Orthanc {
  /** Root of its DICOMweb services, without a slash at the end. */
  readonly dicomWeb: string;
  /** Root of its own interface. */
  readonly url: string;
  /** Stores a DICOM file by its own interface. */
  upload(file: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** For `{ skip }` of a suite: false where Orthanc is installed, else what to install. */
export const skipWithoutOrthanc: string | false =
  existsSync(PROGRAM) && existsSync(PLUGIN)
    ? false
    : 'Orthanc is not installed: on Debian, apt install orthanc orthanc-dicomweb';

export interface OrthancOptions {
  /** Names and their passwords; without any, everyone is let in. */
  readonly users?: Readonly<Record<string, string>>;
}

/** Starts one that is empty, on a free port, and waits until it answers. @throws Error with what it printed */
export async function startOrthanc({ users }: OrthancOptions = {}): Promise<Orthanc> {
  const folder = mkdtempSync(join(tmpdir(), 'ohif-salt-orthanc-'));
  const port = await freePort();
  mkdirSync(join(folder, 'storage'));
  const settings = {
    HttpPort: port,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: users !== undefined,
    ...(users === undefined ? {} : { RegisteredUsers: users }),
    DicomServerEnabled: false,
    StorageDirectory: join(folder, 'storage'),
    IndexDirectory: join(folder, 'storage'),
    Plugins: [PLUGIN],
    DicomWeb: { Enable: true, Root: '/dicom-web/', StudiesMetadata: 'Full', SeriesMetadata: 'Full' },
  };
  writeFileSync(join(folder, 'orthanc.json'), JSON.stringify(settings));
  const child = spawn(PROGRAM, [join(folder, 'orthanc.json')], { stdio: ['ignore', 'pipe', 'pipe'] });
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
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const [[name, password] = []] = Object.entries(users ?? {});
  const headers: Record<string, string> =
    name === undefined ? {} : { Authorization: `Basic ${btoa(`${name}:${password ?? ''}`)}` };
  for (const start = Date.now(); !(await answers(`${url}/dicom-web/studies`, headers));) {
    if (child.exitCode !== null || Date.now() - start > START_MS) {
      await stop();
      throw new Error(`Orthanc did not start: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    dicomWeb: `${url}/dicom-web`,
    url,
    async upload(file) {
      const response = await fetch(`${url}/instances`, { method: 'POST', headers, body: Buffer.from(file) });
      if (!response.ok)
        throw new Error(`Orthanc refused a file: ${response.status} ${await response.text()}`);
    },
    stop,
  };
}

async function answers(url: string, headers: Record<string, string>): Promise<boolean> {
  try {
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}
