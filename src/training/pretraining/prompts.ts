import { STRUCTURES } from '../../generator/generated-image.ts';
import type { ImageKind, Structure } from '../../generator/generated-image.ts';
import type { Random } from '../../protocol/random.ts';
import { ABSENT_PHRASES, VOCABULARY } from './vocabulary.ts';

/** What an image is asked, and what the answer is about: a structure, or nothing that these images hold. */
export interface Prompt {
  readonly phrase: string;
  readonly structure: Structure | undefined;
}

const TREES: readonly Structure[] = ['vessel', 'artery', 'vein'];
const OTHERS: readonly Structure[] = STRUCTURES.filter((name) => !TREES.includes(name));
/** Where arteries and veins differ, they are what is asked for most. */
const PAIRED: ReadonlySet<ImageKind> = new Set(['fundus']);
/** Chance that a further prompt of another image names something that the picture does not hold. */
const ABSENT = 0.35;

/**
 * Draws what to ask an image: in most, everything that it holds; in the others vessels first, then the two kinds of vessel
 * where they differ, other structures that it holds, and things that it does not.
 * @param present the structures that the image holds
 * @param onlyPresent chance that an image is asked for nothing that it does not hold
 * @param vesselsOnly asks for nothing else, as beginners are taught: while a model cannot yet tell words apart, the
 *   empty masks of other words teach it to draw nothing at all
 */
export function drawPrompts(
  count: number,
  kind: ImageKind,
  present: ReadonlySet<Structure>,
  onlyPresent: number,
  vesselsOnly: boolean,
  random: Random,
): Prompt[] {
  const held = OTHERS.filter((name) => present.has(name));
  const structures =
    !vesselsOnly && random.uniform() < onlyPresent
      ? drawPresent(count, kind, held, random)
      : drawMixed(count, kind, held, present, vesselsOnly, random);
  return structures.map((structure) => ({ phrase: drawPhrase(structure, random), structure }));
}

/** What the image holds, in turn from a random one on. */
function drawPresent(
  count: number,
  kind: ImageKind,
  held: readonly Structure[],
  random: Random,
): readonly Structure[] {
  const trees = PAIRED.has(kind) ? TREES : [drawTree(random)];
  const all = [...held, ...trees];
  const first = random.integer(all.length);
  return Array.from({ length: count }, (_, i) => all[(first + i) % all.length] ?? 'vessel');
}

function drawMixed(
  count: number,
  kind: ImageKind,
  held: readonly Structure[],
  present: ReadonlySet<Structure>,
  vesselsOnly: boolean,
  random: Random,
): readonly (Structure | undefined)[] {
  const structures: (Structure | undefined)[] = PAIRED.has(kind)
    ? ['vessel', 'artery', 'vein']
    : [drawTree(random), drawTree(random)];
  if (vesselsOnly) {
    while (structures.length < count) structures.push('vessel');
  }
  structures.splice(0, structures.length - count);
  const left = [...held];
  while (structures.length < count) {
    const next = random.uniform() < ABSENT ? undefined : left.splice(random.integer(left.length || 1), 1)[0];
    structures.push(next ?? drawAbsent(present, random));
  }
  return structures;
}

/** Where arteries and veins look alike, one of their names or the general one. */
function drawTree(random: Random): Structure {
  return TREES[random.integer(TREES.length)] ?? 'vessel';
}

/** Half a structure that other images hold, half a thing that none does. */
function drawAbsent(present: ReadonlySet<Structure>, random: Random): Structure | undefined {
  const missing = STRUCTURES.filter((name) => !present.has(name));
  return random.uniform() < 0.5 ? missing[random.integer(missing.length || 1)] : undefined;
}

/** Half the time the plainest name: it is what people type. */
function drawPhrase(structure: Structure | undefined, random: Random): string {
  const { training } = structure ? VOCABULARY[structure] : ABSENT_PHRASES;
  const drawn = training[random.integer(training.length)] ?? '';
  return structure && random.uniform() < 0.5 ? structure : drawn;
}
