import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { generateImage } from '../../src/generator/index.ts';
import { encodeFramePng, maskFromImage } from '../../src/imaging/mask.ts';
import { CPU, assertFailed, run, succeed, workFolder } from './cli.ts';

const SIZE = 256;
const [LEFT, TOP, RIGHT, BOTTOM] = [60, 40, 190, 150];
const BOX = ['--box', [LEFT, TOP, RIGHT, BOTTOM].join(',')];

describe('segment by place', () => {
  const folder = workFolder();
  const { frame } = generateImage(500_000_000, SIZE, 'subtraction');
  writeFileSync(join(folder, 'frame.png'), encodeFramePng(frame));

  const segment = async (out: string, ...how: string[]): Promise<Uint8Array> => {
    await succeed(folder, ['segment', ...how, '--out', out, 'frame.png', ...CPU]);
    return (await maskFromImage(readFileSync(join(folder, out, 'frame.png')), 'frame.png')).data;
  };
  const inside = (at: number): boolean => {
    const [x, y] = [at % SIZE, Math.floor(at / SIZE)];
    return x >= LEFT && x <= RIGHT && y >= TOP && y <= BOTTOM;
  };

  test('with a word, a box is where to look: what the word finds inside it', async () => {
    const word = ['--model', 'salt-tiny', '--prompt', 'vessel'];
    const all = await segment('word', ...word);
    const boxed = await segment('boxed', ...word, ...BOX, '--flips', '1');
    assert.deepEqual(
      boxed,
      all.map((value, at) => (inside(at) ? value : 0)),
    );
    assert.ok(all.some((value, at) => value === 1 && !inside(at)));
    assert.ok(boxed.includes(1));
  });

  test('without a word, clicks and boxes are told the model, which answers otherwise to each', async () => {
    const alone = ['--model', 'random:tiny'];
    const click = await segment('click', ...alone, '--click', '100,90');
    const box = await segment('box', ...alone, ...BOX);
    assert.notDeepEqual(click, box);
  });

  test('a box outside the frame is refused, with a word as without', async () => {
    for (const word of [[], ['--prompt', 'vessel']]) {
      const box = ['--box', `10,10,${SIZE + 20},90`];
      const how = ['--model', 'salt-tiny', ...word, ...box, '--out', 'none', 'frame.png', ...CPU];
      assertFailed(await run(folder, ['segment', ...how]), 2, /lies outside the frame of 256 x 256/u);
    }
  });
});
