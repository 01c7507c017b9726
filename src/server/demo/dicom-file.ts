import { EXPLICIT_LITTLE_ENDIAN } from '../../imaging/dicom/transfer-syntax.ts';
import { stableUid } from './stable-uid.ts';

/** Attributes by keyword, as dcmjs writes them; sequences as arrays of the same. */
export type Attributes = Readonly<Record<string, unknown>>;

export interface InstanceIds {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/**
 * A DICOM file (explicit VR little endian, pixels as they are).
 * @param pixels frame by frame, 8 bits a sample
 */
export async function encodeInstance(
  ids: InstanceIds,
  attributes: Attributes,
  pixels: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const { data } = await import('dcmjs');
  const { DicomDict, DicomMetaDictionary } = data;
  const file = new DicomDict(
    DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: Uint8Array.of(0, 1).buffer,
      MediaStorageSOPClassUID: ids.sopClassUid,
      MediaStorageSOPInstanceUID: ids.sopInstanceUid,
      TransferSyntaxUID: EXPLICIT_LITTLE_ENDIAN,
      ImplementationClassUID: stableUid('writer'),
      ImplementationVersionName: 'OHIF_SALT_DEMO',
      _vrMap: { FileMetaInformationVersion: 'OB' },
    }),
  );
  file.dict = DicomMetaDictionary.denaturalizeDataset({
    SpecificCharacterSet: 'ISO_IR 192',
    ...attributes,
    SOPClassUID: ids.sopClassUid,
    SOPInstanceUID: ids.sopInstanceUid,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: pixels.buffer,
    _vrMap: { PixelData: 'OB' },
  });
  return new Uint8Array(file.write());
}

export function codeItem(value: string, meaning: string, scheme = 'SCT'): Attributes {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}
