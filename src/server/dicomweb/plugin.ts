import type { FastifyInstance } from 'fastify';
import type { FolderArchive } from '../archive/folder-archive.ts';
import { addSearch } from './qido.ts';
import { addStore } from './stow.ts';
import { addRetrieve } from './wado.ts';

/** The three services of DICOMweb over a folder, for a server that has them under `prefix`. */
export function addDicomWeb(
  server: FastifyInstance,
  archive: FolderArchive,
  prefix: string,
  tell: (line: string) => void,
): void {
  // Images change only with their UIDs, but an archive that is restarted may have others.
  server.addHook('onRequest', async (_request, reply) => {
    void reply.header('Cache-Control', 'no-store');
  });
  addSearch(server, archive, prefix);
  addRetrieve(server, archive, prefix);
  addStore(server, archive, prefix, tell);
}
