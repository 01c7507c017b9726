// dcmjs ships no types: this is what we use of it.
declare module 'dcmjs' {
  interface DicomDict {
    dict: unknown;
    write(): ArrayBuffer;
  }

  export const data: {
    readonly Colors: {
      /** From sRGB, 0 to 1 each, to CIELab as DICOM writes it, 0 to 65535 each, not rounded. */
      rgb2DICOMLAB(rgb: readonly number[]): number[];
    };
    readonly DicomDict: new (meta: unknown) => DicomDict;
    readonly DicomMetaDictionary: {
      /** From attributes by keyword, sequences as arrays of the same; `_vrMap` settles ambiguous representations. */
      denaturalizeDataset(dataset: Record<string, unknown>): unknown;
      /** The other way, from the DICOM JSON Model. */
      naturalizeDataset(json: unknown): Record<string, unknown>;
      /** PS3.6 by tag, written `(gggg,eeee)` with capital digits. */
      readonly dictionary: Readonly<Record<string, { readonly vr: string } | undefined>>;
      /** PS3.6 by keyword. */
      readonly nameMap: Readonly<Record<string, { readonly tag: string } | undefined>>;
    };
  };
}
