// dcmjs ships no types: this is the writer, which is all that we use of it.
declare module 'dcmjs' {
  interface DicomDict {
    dict: unknown;
    write(): ArrayBuffer;
  }

  const dcmjs: {
    readonly data: {
      readonly DicomDict: new (meta: unknown) => DicomDict;
      readonly DicomMetaDictionary: {
        /** From attributes by keyword, sequences as arrays of the same; `_vrMap` settles ambiguous representations. */
        denaturalizeDataset(dataset: Record<string, unknown>): unknown;
      };
    };
  };
  export default dcmjs;
}
