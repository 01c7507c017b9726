/** What is used of the package, which has no types of its own. */
declare module 'dicom-character-set' {
  /**
   * @param specificCharacterSet value of (0008,0005)
   * @throws Error for terms that DICOM does not have
   */
  export function convertBytes(
    specificCharacterSet: string,
    bytes: Uint8Array,
    options: { readonly vr: string },
  ): string;
}
