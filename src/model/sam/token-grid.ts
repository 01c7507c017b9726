/**
 * How an attention layer cuts a batch of square token grids into windows, as index lists: rows of the qkv layer's
 * output go straight to the query, key and value of their window and head, in one pass over memory.
 */
export interface TokenGrid {
  readonly batch: number;
  /** Tokens along each side of the image. */
  readonly side: number;
  /** Tokens along each side of a window; windows at the right and bottom are filled up with padding tokens. */
  readonly window: number;
  readonly heads: number;
}

export interface HeadSelections {
  /** Rows of [tokens (+ 1 for padding), 3, heads] that make up q, k and v, each [windows x heads x window^2]. */
  readonly qkv: readonly [number[], number[], number[]];
  /** Rows of [windows x heads x window^2] that make up [tokens, heads]. */
  readonly back: number[];
}

export function tokenCount({ batch, side }: TokenGrid): number {
  return batch * side * side;
}

/** Windows in the whole batch. */
export function windowCount({ batch, side, window }: TokenGrid): number {
  return batch * Math.ceil(side / window) ** 2;
}

export function hasPadding({ side, window }: TokenGrid): boolean {
  return side % window !== 0;
}

export function headSelections(grid: TokenGrid): HeadSelections {
  const { heads, window } = grid;
  const area = window * window;
  const tokens = windowTokens(grid);
  const selections: [number[], number[], number[]] = [[], [], []];
  const back = new Array<number>(tokenCount(grid) * heads);
  for (let first = 0; first < tokens.length; first += area) {
    for (let head = 0; head < heads; head++) {
      for (let i = first; i < first + area; i++) {
        const token = tokens[i] ?? 0;
        if (token < tokenCount(grid)) back[token * heads + head] = selections[0].length;
        selections.forEach((selection, part) => selection.push((token * 3 + part) * heads + head));
      }
    }
  }
  return { qkv: selections, back };
}

/** The token at each place of each window, row by row; padding is the index after the last token. */
function windowTokens(grid: TokenGrid): number[] {
  const { batch, side, window } = grid;
  const across = Math.ceil(side / window);
  const padding = tokenCount(grid);
  const tokens: number[] = [];
  for (let image = 0; image < batch; image++) {
    for (let place = 0; place < across * across; place++) {
      const top = Math.floor(place / across) * window;
      const left = (place % across) * window;
      for (let i = 0; i < window * window; i++) {
        const y = top + Math.floor(i / window);
        const x = left + (i % window);
        tokens.push(y < side && x < side ? (image * side + y) * side + x : padding);
      }
    }
  }
  return tokens;
}
