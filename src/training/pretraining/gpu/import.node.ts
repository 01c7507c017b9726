/** Makes the model that ships of what `pretrain.py` wrote: checks it, adds what it is, and tells its hash. See README.md. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { samMetadata } from '../../../model/checkpoint/load-sam.ts';
import { encodeSafetensors } from '../../../model/checkpoint/safetensors-writer.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../../model/salt-tiny.ts';
import { readTensors } from '../../../model/checkpoint/read-tensors.node.ts';

const { values: options, positionals } = parseArgs({
  options: { out: { type: 'string', default: 'models/salt-tiny/salt-tiny.safetensors' } },
  allowPositionals: true,
});
const [from] = positionals;
if (from === undefined) throw new RangeError('Name the file that pretrain.py wrote.');
const weights = await readTensors(from);
const bytes = encodeSafetensors(weights, samMetadata(SALT_TINY, SALT_TINY_DETAIL), { dtype: 'F16' });
await writeFile(options.out, bytes);
console.log(`${options.out}: SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`);
