/** Why the answer to a word may not be what is expected. */
export type AnswerWarning =
  /** An adapter was trained on other words. */
  | {
      readonly kind: 'not taught';
      readonly word: string;
      readonly words: readonly string[];
      readonly base: string;
      /** Whether the model below the adapter was taught words before, on which the answer falls back. */
      readonly baseKnowsWords: boolean;
    }
  /** A model whose masks no word changes. */
  | { readonly kind: 'no words'; readonly word: string; readonly base: string }
  /** A network that draws what it was trained on, whatever it is asked for. */
  | { readonly kind: 'one word'; readonly word: string; readonly known: string }
  /** A network of random weights. */
  | { readonly kind: 'untrained' };

/** In English, for people. */
export function answerWarningText(warning: AnswerWarning): string {
  switch (warning.kind) {
    case 'not taught': {
      const { word, words, base, baseKnowsWords } = warning;
      return `${notTaught(word, words)} ${
        baseKnowsWords
          ? `The answer falls back on what "${base}" knows of that word.`
          : `"${base}" knows no words of its own: expect the mask of a word that the adapter was trained on, or nothing of use.`
      }`;
    }
    case 'no words':
      return `"${warning.base}" was never taught words: "${warning.word}" makes no difference to its mask. Train an adapter first.`;
    case 'one word':
      return `This U-Net knows "${warning.known}" only: that is what it draws, whatever it is asked for ("${warning.word}").`;
    case 'untrained':
      return 'This U-Net was not trained: its masks mean nothing.';
  }
}

export function notTaught(word: string, words: readonly string[]): string {
  return `The adapter was not trained on "${word}", but on ${listWords(words)}.`;
}

/** For messages. */
export function listWords(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ');
}
