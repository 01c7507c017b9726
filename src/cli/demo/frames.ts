import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyMask } from '../../generator/draw/masks.ts';
import { CLEAR } from '../../generator/xray/look.ts';
import { generateXray } from '../../generator/xray/xray.ts';
import { encodeFramePng, encodeMaskPng } from '../../imaging/mask.ts';
import { unwritable, writeFileAtomic } from '../../runtime/files.node.ts';

const SIDE = 256;
const TRAINING = 12;
const HELD_OUT = 4;
const TEST = 4;

/**
 * Draws angiograms into a data set: images/, masks/ and data_split.csv. Those of an earlier time, which have the same
 * names, are replaced; what else is there stays.
 * @returns the names of the test images, without extension
 * @throws SaltError `FILE_UNWRITABLE`
 */
export async function writeFrames(folder: string): Promise<string[]> {
  try {
    await mkdir(join(folder, 'images'), { recursive: true });
    await mkdir(join(folder, 'masks'), { recursive: true });
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  const rows = ['image,mask,split'];
  const test: string[] = [];
  for (let n = 1; n <= TRAINING + HELD_OUT + TEST; n++) {
    const name = `angiogram-${String(n).padStart(2, '0')}`;
    const { frame, masks } = generateXray(n, SIDE, 'angiogram', CLEAR);
    const vessels = masks.get('vessel') ?? emptyMask(SIDE, SIDE);
    await writeFileAtomic(join(folder, 'images', `${name}.png`), encodeFramePng(frame));
    await writeFileAtomic(join(folder, 'masks', `${name}.png`), encodeMaskPng(vessels));
    const split = n <= TRAINING ? 'train' : n <= TRAINING + HELD_OUT ? 'val' : 'test';
    rows.push(`${name}.png,${name}.png,${split}`);
    if (split === 'test') test.push(name);
  }
  await writeFileAtomic(join(folder, 'data_split.csv'), new TextEncoder().encode(`${rows.join('\n')}\n`));
  return test;
}
