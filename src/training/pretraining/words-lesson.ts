/**
 * The lesson that comes before any image: which phrases mean the same. Learnt together with the masks, words fall into
 * one: before a structure can be told apart, the answer to its word is an empty mask, as for every other word that is not
 * understood yet, and equal answers make for equal embeddings.
 */
import { STRUCTURES } from '../../generator/generated-image.ts';
import type { Structure } from '../../generator/generated-image.ts';
import { Graph, encodeModel, gradients, ops } from '../../graph/index.ts';
import type { Executor } from '../../graph/executor.ts';
import { floatTensor, sizeOf } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import {
  BUILT_IN_TEXT_TENSORS,
  TEXT_DIMENSION,
  builtInText,
  initialBuiltInText,
} from '../../model/text/built-in-text.ts';
import { Scope } from '../../model/scope.ts';
import { BUCKETS, subWordFeatures } from '../../model/text/sub-words.ts';
import { createRandom } from '../../protocol/random.ts';
import { ADAMW_DEFAULTS, AdamW } from '../adamw.ts';
import { downloadFloats, take } from '../plan-io.ts';
import { pack, unpack, unpackHost } from '../segments.ts';
import type { Segment } from '../step-plan.ts';
import { ABSENT_PHRASES, VOCABULARY } from './vocabulary.ts';

/** What a phrase can mean here: a structure, or nothing that is drawn. */
type Meaning = Structure | 'nothing';
const MEANINGS: readonly Meaning[] = [...STRUCTURES, 'nothing'];

const KINDS_OF_VESSEL: ReadonlySet<Meaning> = new Set(['artery', 'vein']);
/** How much of a vessel there is in an artery and in a vein: the cosine between their directions and its. */
const KINSHIP = 0.6;

const STEPS = 150;
const LEARNING_RATE = 3e-3;

/** Apart from the draws of images and prompts. */
const SEED_OFFSET = 7_919;

/**
 * The built-in text encoder, taught the vocabulary alone: each phrase is drawn to the direction of its meaning.
 * Equal seeds give equal weights on the processor.
 * @returns `BUILT_IN_TEXT_TENSORS` by name
 */
export async function teachWords(executor: Executor, seed: number): Promise<Map<string, FloatTensor>> {
  const lessons = MEANINGS.flatMap((meaning) =>
    phrasesOf(meaning).map((phrase, _, { length }) => ({ meaning, phrase, weight: 1 / length })),
  );
  const directions = meaningDirections(seed);
  const features = floatTensor([lessons.length, BUCKETS]);
  const goals = floatTensor([lessons.length, TEXT_DIMENSION]);
  lessons.forEach(({ meaning, phrase, weight }, row) => {
    features.data.set(subWordFeatures(phrase), row * BUCKETS);
    const direction = directions.get(meaning) ?? new Float32Array(TEXT_DIMENSION);
    goals.data.set(
      direction.map((value) => (value * weight) / MEANINGS.length),
      row * TEXT_DIMENSION,
    );
  });
  const segment: Segment = {
    stage: 'text',
    parameters: BUILT_IN_TEXT_TENSORS,
    length: BUILT_IN_TEXT_TENSORS.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
  const program = await executor.compile(encodeModel(lessonGraph(segment, lessons.length)));
  const optimiser = await AdamW.create(executor, [segment], ADAMW_DEFAULTS);
  const asked = { features: await executor.upload(features), goals: await executor.upload(goals) };
  let parameters = [await executor.upload(pack(segment, initialBuiltInText(seed)))];
  for (let step = 1; step <= STEPS; step++) {
    const [vector] = parameters;
    if (!vector) throw new RangeError('The text encoder is one vector.');
    const outputs = await program.run({ parameters: vector, ...asked });
    const learningRate = LEARNING_RATE * (1 - (step - 1) / STEPS);
    parameters = await optimiser.apply(parameters, [take(outputs, 'gradient')], {
      learningRate,
      scale: 1,
      step,
    });
  }
  const [taught] = parameters;
  if (!taught) throw new RangeError('The text encoder is one vector.');
  const { shape, data } = await downloadFloats(executor, taught);
  const result = unpackHost(segment, floatTensor(shape, data.slice()));
  for (const tensor of [taught, asked.features, asked.goals]) tensor.dispose();
  await optimiser.dispose();
  await program.dispose();
  return result;
}

function phrasesOf(meaning: Meaning): readonly string[] {
  return meaning === 'nothing' ? ABSENT_PHRASES.training : [...VOCABULARY[meaning].training, meaning];
}

/** The gradient of minus the mean cosine between embeddings and goals, whose lengths are the lessons' weights. */
function lessonGraph(segment: Segment, lessons: number): Graph {
  const graph = new Graph();
  const parameters = graph.input('parameters', [segment.length]);
  const features = graph.input('features', [lessons, BUCKETS]);
  const goals = graph.input('goals', [lessons, TEXT_DIMENSION]);
  const values = unpack(parameters, segment.parameters);
  const scope = new Scope(graph, ({ name }) => {
    const value = values.get(name);
    if (!value) throw new RangeError(`The text encoder has no ${name}.`);
    return value;
  });
  const embeddings = builtInText(scope, features);
  const loss = ops.mul(ops.sum(ops.mul(embeddings, goals)), -1);
  const [gradient] = gradients(graph, loss, [parameters]);
  if (!gradient) throw new RangeError('The lesson has a gradient.');
  graph.output('gradient', gradient);
  return graph;
}

/** Unit vectors, at right angles but for arteries and veins, which are vessels both. */
function meaningDirections(seed: number): Map<Meaning, Float32Array> {
  const random = createRandom(seed + SEED_OFFSET);
  const axes: Float32Array[] = [];
  for (let i = 0; i < MEANINGS.length; i++) {
    const axis = Float32Array.from({ length: TEXT_DIMENSION }, () => random.normal());
    for (const other of axes) addTo(axis, other, -dot(axis, other));
    const length = Math.sqrt(dot(axis, axis));
    axes.push(axis.map((value) => value / length));
  }
  const vessel = axes[MEANINGS.indexOf('vessel')] ?? new Float32Array(TEXT_DIMENSION);
  return new Map(
    MEANINGS.map((meaning, i) => {
      const axis = axes[i] ?? new Float32Array(TEXT_DIMENSION);
      if (!KINDS_OF_VESSEL.has(meaning)) return [meaning, axis];
      const own = axis.map((value) => value * Math.sqrt(1 - KINSHIP * KINSHIP));
      addTo(own, vessel, KINSHIP);
      return [meaning, own];
    }),
  );
}

function addTo(target: Float32Array, other: Float32Array, times: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + times * (other[i] ?? 0);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
