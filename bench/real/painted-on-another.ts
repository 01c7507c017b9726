import { readFile, readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { maskFromImage } from '../../src/imaging/mask.ts';

/**
 * Of the pixels that were given to each word, how many lie on another word's structure and not on its own, 0 to 1. Crossings,
 * which belong to both, are never wrong.
 * @param masks folder of `segment`'s masks, `<stem>_<word>.png`
 * @param truths folder with `masks-<word>/<stem>.png`
 */
export async function paintedOnAnother(
  masks: string,
  truths: string,
  words: readonly string[],
): Promise<Record<string, number>> {
  const shares: Record<string, number> = {};
  for (const word of words) {
    let [given, wrong] = [0, 0];
    for (const file of await readdir(join(truths, `masks-${word}`))) {
      const found = await read(join(masks, `${parse(file).name}_${word}.png`));
      const own = await read(join(truths, `masks-${word}`, file));
      const others = await Promise.all(
        words.filter((other) => other !== word).map((other) => read(join(truths, `masks-${other}`, file))),
      );
      found.forEach((value, at) => {
        if (value === 0) return;
        given++;
        if (own[at] === 0 && others.some((other) => other[at] === 1)) wrong++;
      });
    }
    shares[word] = wrong / Math.max(1, given);
  }
  return shares;
}

async function read(path: string): Promise<Uint8Array> {
  return (await maskFromImage(await readFile(path), path)).data;
}
