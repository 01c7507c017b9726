/** The package's own declarations import each other without file endings, which TypeScript does not resolve in ESM. */
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    /** The contents of tokenizer.json and tokenizer_config.json. */
    constructor(tokenizer: object, config: object);
    encode(text: string, options?: { readonly add_special_tokens?: boolean }): { readonly ids: number[] };
  }
}
