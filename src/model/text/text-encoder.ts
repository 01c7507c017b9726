/** Turns the word that names a structure into the vector that a model is asked with. */
export interface TextEncoder {
  /** Written into adapters: one trained with another encoder understands none of this one's vectors. */
  readonly id: string;
  /** Length of the vectors. */
  readonly dimension: number;
  /** Stands for no word at all, where the encoder was trained with prompts that have none. */
  readonly noWord?: Float32Array;
  /**
   * @param phrase what to segment, e.g. `Vein`
   * @throws SaltError `INVALID_ARGUMENT` for an empty phrase
   */
  embed(phrase: string): Promise<Float32Array>;
}
