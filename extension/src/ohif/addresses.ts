/**
 * Where this module was loaded from. Bundlers put it in place: from `import.meta.url` for an ES module, from the script's
 * address for UMD, from OHIF's own setting in a build of OHIF.
 */
declare const __webpack_public_path__: string | undefined;

/** Folder of the plug-in, which ends with a slash. */
export function pluginFolder(): string {
  const folder = typeof __webpack_public_path__ === 'string' ? __webpack_public_path__ : '/';
  return new URL(folder, document.baseURI).href;
}
