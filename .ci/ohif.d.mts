/** The version that everything is written for. */
export const OHIF_VERSION: string;
/** SHA-512 of the package of each version that the plug-in is tested with. */
export const OHIF_INTEGRITY: Readonly<Record<string, string>>;
/** The folder that has index.html; undefined where that version has not been fetched. */
export function findOhif(version?: string): string | undefined;
/** Fetches a version and returns its folder. */
export function fetchOhif(version?: string): Promise<string>;
