/**
 * What clicks and boxes add to words and can do without them, on drawn images that training never sees: `npm run bench:places`;
 * `-- --images 10` of each kind.
 */
import { parseArgs } from 'node:util';
import { openModel } from '../src/cli/jobs/open-model.ts';
import { findModel } from '../src/cli/models/model-source.ts';
import { IMAGE_KINDS } from '../src/generator/generated-image.ts';
import { generateImage } from '../src/generator/index.ts';
import type { Mask } from '../src/imaging/frame.ts';
import type { PlacePrompt } from '../src/inference/place-prompt.ts';
import { maskOfBox, placeTokens } from '../src/inference/place-prompt.ts';
import { createSegmenter } from '../src/inference/segmenter.ts';
import type { Segmenter } from '../src/inference/segmenter.ts';
import { compareMasks } from '../src/metrics/compare-masks.ts';
import type { BoxPrompt } from '../src/model/sam/index.ts';
import { SaltError } from '../src/protocol/errors.ts';
import { createRandom } from '../src/protocol/random.ts';
import { openNodeDevice } from '../src/runtime/node.ts';
import { pixelOf } from '../src/training/example.ts';
import { FIRST_TEST_SEED } from '../src/training/pretraining/evaluation.ts';

const { values: options } = parseArgs({ options: { images: { type: 'string', default: '10' } } });

const IMAGE_SIZE = 512;
/** A box's side, as a share of the image's. */
const BOX = 0.4;

const { executor } = await openNodeDevice('cpu');
const svd = () =>
  Promise.reject(new SaltError('GRAPH_INVALID', 'A model as it is has nothing to decompose.'));
const trained = await openModel(
  { model: await findModel('salt-tiny'), imageSize: IMAGE_SIZE },
  svd,
  executor,
);
const { places } = trained;
if (!places?.withoutWord) throw new Error('salt-tiny takes clicks and boxes, with and without a word.');
const alone = places.withoutWord.prompt;

const segmenters = new Map<number, Segmenter>();
const scores = new Map<string, number[]>();

for (const kind of IMAGE_KINDS) {
  for (let i = 0; i < Number(options.images); i++) {
    const { frame, masks } = generateImage(FIRST_TEST_SEED + i, IMAGE_SIZE, kind);
    const random = createRandom(i);
    for (const [word, truth] of masks) {
      const [x, y] = pixelOf(truth, random);
      const asked = (await trained.ask(word)).prompt;
      const box = boxAround(x, y);
      const click: PlacePrompt = { clicks: [{ x, y, on: true }] };
      const mask = async (prompt: typeof asked, place: PlacePrompt): Promise<Mask> => {
        const tensors = placeTokens(place) > 0 ? places.tensors(place, frame) : {};
        const [found] = await segmenterFor(placeTokens(place)).segment(frame, {
          prompt: { ...prompt, ...tensors },
        });
        if (!found) throw new Error('The model returned no mask.');
        return found;
      };
      const note = (how: string, found: Mask, wanted: Mask): void => {
        const name = `${kind} ${word}: ${how}`;
        scores.set(name, [...(scores.get(name) ?? []), compareMasks(found, wanted).dice]);
      };
      const byWord = await mask(asked, { clicks: [] });
      note('word', byWord, truth);
      note('word and click', await mask(asked, click), truth);
      note('click', await mask(alone, click), truth);
      note('word, cut to the box', inside(byWord, box), inside(truth, box));
      const boxed = await mask(asked, { clicks: [], box });
      note('word and box', boxed, inside(truth, box));
      note('word and box, cut to the box', inside(boxed, box), inside(truth, box));
      const byBox = await mask(alone, { clicks: [], box });
      note('box', byBox, inside(truth, box));
      note('box, cut to the box', inside(byBox, box), inside(truth, box));
    }
  }
}
for (const [name, values] of scores) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  process.stdout.write(`${name}: Dice ${mean.toFixed(3)} (${values.length} images)\n`);
}
for (const segmenter of segmenters.values()) await segmenter.dispose();
await executor.dispose();

/** Programs are compiled for a number of point tokens. */
function segmenterFor(tokens: number): Segmenter {
  const known = segmenters.get(tokens);
  if (known) return known;
  const made = createSegmenter({
    executor,
    input: trained.input,
    weights: (size) => trained.weightsAt(size),
    model: (size) => trained.modelAt(size, tokens),
  });
  segmenters.set(tokens, made);
  return made;
}

function boxAround(x: number, y: number): BoxPrompt {
  const half = (BOX * IMAGE_SIZE) / 2;
  const most = IMAGE_SIZE - 1;
  return {
    left: Math.max(0, x - half),
    top: Math.max(0, y - half),
    right: Math.min(most, x + half),
    bottom: Math.min(most, y + half),
  };
}

function inside(mask: Mask, box: BoxPrompt): Mask {
  const { data: within } = maskOfBox(box, mask);
  return { ...mask, data: mask.data.map((value, at) => Math.min(value, within[at] ?? 0)) };
}
