import { floatTensor, sizeOf } from '../../../src/graph/tensor.ts';
import type { FloatTensor } from '../../../src/graph/tensor.ts';
import type { ClipTextConfig } from '../../../src/model/text/clip/index.ts';
import { clipTensors, HUGGING_FACE, OPEN_CLIP } from '../../../src/model/text/clip/clip-layouts.ts';

/** The bytes' characters in byte-pair vocabularies: themselves where they can be seen, else from U+0100 on. */
const ALPHABET = (() => {
  const visible = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  const bytes = [...Array(256).keys()];
  const hidden = bytes.filter((byte) => !visible(byte));
  return [...bytes.filter(visible), ...hidden.map((_, i) => 256 + i)].map((code) =>
    String.fromCodePoint(code),
  );
})();

export const MERGES = ['v e', 'i n</w>', 've in</w>', 'a r', 't e'];

/** CLIP's vocabulary as it is built, with five merges. */
export const VOCAB: Record<string, number> = Object.fromEntries(
  [
    ...ALPHABET,
    ...ALPHABET.map((character) => `${character}</w>`),
    ...MERGES.map((pair) => pair.replace(' ', '')),
    '<|startoftext|>',
    '<|endoftext|>',
  ].map((token, i) => [token, i]),
);

export const SMALL: Omit<ClipTextConfig, 'activation'> = {
  width: 128,
  layers: 2,
  heads: 2,
  hidden: 96,
  context: 12,
  vocabulary: Object.keys(VOCAB).length,
  dimension: 16,
};

/** A CLIP text encoder under transformers' names, all its numbers different from zero. */
export function huggingFaceTensors(): Map<string, FloatTensor> {
  const tensors = new Map<string, FloatTensor>();
  for (const { name, shape, from } of clipTensors(SMALL, HUGGING_FACE)) {
    const scale = /norm\d?\.weight$/.test(name) ? 1 : 0;
    from.forEach((source, part) => {
      const own = [(shape[0] ?? 0) / from.length, ...shape.slice(1)];
      const phase = 10 * tensors.size + part;
      const wave = (_: unknown, i: number): number => scale + 0.2 * Math.sin(0.7 * i + phase + 1e-3 * i * i);
      tensors.set(source, floatTensor(own, Float32Array.from({ length: sizeOf(own) }, wave)));
    });
  }
  return tensors;
}

/** The same numbers under open_clip's names. */
export function openClipTensors(): Map<string, FloatTensor> {
  const given = huggingFaceTensors();
  const sources = clipTensors(SMALL, HUGGING_FACE);
  return new Map(
    clipTensors(SMALL, OPEN_CLIP).map(({ shape, from: [target = ''], transposed }, i) => {
      const parts = (sources[i]?.from ?? []).map((name) => given.get(name)?.data ?? new Float32Array());
      const joined = Float32Array.from(parts.flatMap((part) => [...part]));
      if (!transposed) return [target, floatTensor(shape, joined)];
      const [rows = 0, columns = 0] = shape;
      const turned = joined.map((_, at) => joined[(at % rows) * columns + Math.floor(at / rows)] ?? NaN);
      return [target, floatTensor([columns, rows], turned)];
    }),
  );
}
