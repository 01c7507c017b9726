import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { problemWith } from '../../src/cli/jobs/segment-job.ts';
import { generateImage } from '../../src/generator/index.ts';
import { encodeFramePng, maskFromImage } from '../../src/imaging/mask.ts';
import { SaltError } from '../../src/protocol/errors.ts';
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

  test('a frame that a click misses is named and passed over, and the others are segmented', async () => {
    writeFileSync(join(folder, 'small.png'), encodeFramePng(generateImage(1, 64, 'subtraction').frame));
    const done = await run(folder, [
      ...['segment', '--model', 'random:tiny', '--click', '100,90', '--out', 'mixed', ...CPU],
      ...['small.png', 'frame.png'],
    ]);
    assert.equal(done.code, 3, done.stderr);
    assert.match(done.stderr, /small\.png: \(100, 90\) lies outside the frame of 64 x 64/u);
    assert.deepEqual(readdirSync(join(folder, 'mixed')), ['frame.png']);
  });

  test('a frame with a value that is none is named, and does not stop the others', () => {
    const pixel = new SaltError('NOT_FINITE', 'Frame has the value NaN at column 8, row 2.');
    assert.match(problemWith('a/b.png', pixel) ?? '', /^a\/b\.png: .*column 8/u);
    assert.equal(problemWith('a/b.png', new SaltError('OUT_OF_MEMORY', 'Too large.')), undefined);
    assert.equal(problemWith('a/b.png', new SaltError('INVALID_ARGUMENT', 'No such word.')), undefined);
  });

  test('a box outside the frame is refused, with a word as without', async () => {
    for (const word of [[], ['--prompt', 'vessel']]) {
      const box = ['--box', `10,10,${SIZE + 20},90`];
      const how = ['--model', 'salt-tiny', ...word, ...box, '--out', 'none', 'frame.png', ...CPU];
      assertFailed(await run(folder, ['segment', ...how]), 2, /lies outside the frame of 256 x 256/u);
    }
  });
});
