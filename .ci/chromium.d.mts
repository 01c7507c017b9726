/** The sentence to print where there is none. */
export const NO_CHROMIUM: string;
export function findChromium(): string | undefined;
