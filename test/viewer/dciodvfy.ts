import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Errors that dciodvfy finds; none where it is not installed. */
export async function complaints(bytes: Uint8Array): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-seg-'));
  try {
    const path = join(folder, 'seg.dcm');
    await writeFile(path, bytes);
    const said = execFileSync('sh', ['-c', 'dciodvfy -new "$0" 2>&1 || true', path], { encoding: 'utf8' });
    return said.split('\n').filter((line) => line.startsWith('Error'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
