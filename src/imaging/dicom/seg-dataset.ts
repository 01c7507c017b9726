import type { Mask } from '../frame.ts';
import { propertyOf } from './code.ts';
import { decimal, uid } from './data-set.ts';
import type { DicomFile } from './dicom-file.ts';
import { codeItem, inheritedAttributes, propertyAttributes, readPlane } from './seg-inherited.ts';
import { SEGMENTATION_STORAGE } from './seg-read.ts';
import type { SegInput, SegSegmentInput } from './seg-input.ts';
import { readSpacing } from './spacing.ts';
import { newUid } from './uid.ts';

/** One frame of the segmentation to be. */
export interface SegEntry {
  readonly source: DicomFile;
  readonly frameNumber: number;
  /** Zero-based. */
  readonly segment: number;
  readonly mask: Mask;
}

/** The data set of a binary segmentation (PS3.3 A.51), by keyword, as dcmjs writes it. */
export function segDataset(
  input: SegInput,
  entries: readonly [SegEntry, ...SegEntry[]],
  sopInstanceUid: string,
): Record<string, unknown> {
  const [{ source }] = entries;
  const { date, time } = now();
  const organization = newUid();
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    ...inheritedAttributes(source.dataSet),
    SOPClassUID: SEGMENTATION_STORAGE,
    SOPInstanceUID: sopInstanceUid,
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    ContentDate: date,
    ContentTime: time,
    Modality: 'SEG',
    SeriesInstanceUID: newUid(),
    SeriesNumber: String(input.seriesNumber ?? 900),
    SeriesDescription: input.seriesDescription.slice(0, 64),
    InstanceNumber: '1',
    Manufacturer: 'ohif-salt',
    ManufacturerModelName: 'ohif-salt',
    DeviceSerialNumber: 'none',
    SoftwareVersions: input.softwareVersion.slice(0, 64),
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentLabel: 'SEGMENTATION',
    ContentDescription: input.seriesDescription.slice(0, 64),
    ContentCreatorName: '',
    LossyImageCompression: '00',
    SegmentationType: 'BINARY',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: String(entries.length),
    Rows: source.height,
    Columns: source.width,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    ...referencedSeries(entries),
    SegmentSequence: input.segments.map(segmentItem),
    ...functionalGroups(entries, source),
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: [
      dimension(organization, SEGMENT_NUMBER, SEGMENT_IDENTIFICATION, 'ReferencedSegmentNumber'),
      dimension(organization, IN_STACK_POSITION, FRAME_CONTENT, 'InStackPositionNumber'),
    ],
    PixelData: packBits(entries.map(({ mask }) => mask)),
    _vrMap: { PixelData: 'OB' },
  };
}

const SEGMENT_NUMBER = 0x0062000b;
const SEGMENT_IDENTIFICATION = 0x0062000a;
const IN_STACK_POSITION = 0x00209057;
const FRAME_CONTENT = 0x00209111;

function dimension(
  organization: string,
  pointer: number,
  group: number,
  label: string,
): Record<string, unknown> {
  return {
    DimensionOrganizationUID: organization,
    DimensionIndexPointer: pointer,
    FunctionalGroupPointer: group,
    DimensionDescriptionLabel: label,
  };
}

function segmentItem(segment: SegSegmentInput, index: number): Record<string, unknown> {
  const label = segment.label.slice(0, 64);
  const { algorithm } = segment;
  return {
    SegmentNumber: index + 1,
    SegmentLabel: label,
    SegmentAlgorithmType: segment.algorithmType,
    ...(algorithm && {
      SegmentAlgorithmName: algorithm.name.slice(0, 64),
      SegmentationAlgorithmIdentificationSequence: [
        {
          AlgorithmFamilyCodeSequence: [
            codeItem({ value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' }),
          ],
          AlgorithmName: algorithm.name.slice(0, 64),
          AlgorithmVersion: algorithm.version.slice(0, 64),
        },
      ],
    }),
    ...propertyAttributes(segment.property ?? propertyOf(segment.label)),
    TrackingID: label,
    TrackingUID: newUid(),
  };
}

/** Every source image, once, under its series. */
function referencedSeries(entries: readonly SegEntry[]): Record<string, unknown> {
  const series = new Map<string, Map<string, string>>();
  for (const { source } of entries) {
    const { seriesInstanceUid, sopInstanceUid, sopClassUid } = source.identity;
    const instances = series.get(seriesInstanceUid) ?? new Map<string, string>();
    series.set(seriesInstanceUid, instances.set(sopInstanceUid, sopClassUid));
  }
  return {
    ReferencedSeriesSequence: Array.from(series, ([seriesInstanceUid, instances]) => ({
      SeriesInstanceUID: seriesInstanceUid,
      ReferencedInstanceSequence: Array.from(instances, ([sopInstanceUid, sopClassUid]) => ({
        ReferencedSOPClassUID: sopClassUid,
        ReferencedSOPInstanceUID: sopInstanceUid,
      })),
    })),
  };
}

function functionalGroups(entries: readonly SegEntry[], source: DicomFile): Record<string, unknown> {
  // Readers take the two together; images without a slice thickness pass their spacing on by reference.
  const spacing = readSpacing(source.dataSet, 1);
  const thickness = decimal(source.dataSet, 'x00180050');
  const frameOfReference = uid(source.dataSet, 'x00200052');
  const planes = entries.map((entry) => readPlane(entry.source.dataSet, entry.frameNumber));
  const isPlaced = frameOfReference !== '' && planes.every((plane) => plane !== undefined);
  // A position along the second dimension is a source frame: distinct ones in order of appearance.
  const frames = [...new Set(entries.map(frameKey))];
  return {
    ...(isPlaced && { FrameOfReferenceUID: frameOfReference, PositionReferenceIndicator: '' }),
    SharedFunctionalGroupsSequence: [
      {
        ...(spacing &&
          thickness !== undefined && {
            PixelMeasuresSequence: [
              { PixelSpacing: spacing.map(decimalString), SliceThickness: decimalString(thickness) },
            ],
          }),
      },
    ],
    PerFrameFunctionalGroupsSequence: entries.map((entry, index) => {
      const position = frames.indexOf(frameKey(entry)) + 1;
      const plane = planes[index];
      return {
        FrameContentSequence: [
          {
            StackID: '1',
            InStackPositionNumber: position,
            DimensionIndexValues: [entry.segment + 1, position],
          },
        ],
        SegmentIdentificationSequence: [{ ReferencedSegmentNumber: entry.segment + 1 }],
        DerivationImageSequence: [derivation(entry)],
        ...(isPlaced &&
          plane && {
            PlanePositionSequence: [{ ImagePositionPatient: plane.position.map(decimalString) }],
            PlaneOrientationSequence: [{ ImageOrientationPatient: plane.orientation.map(decimalString) }],
          }),
      };
    }),
  };
}

function frameKey({ source, frameNumber }: SegEntry): string {
  return `${source.identity.sopInstanceUid} ${frameNumber}`;
}

function derivation({ source, frameNumber }: SegEntry): Record<string, unknown> {
  const { sopClassUid, sopInstanceUid } = source.identity;
  return {
    DerivationCodeSequence: [codeItem({ value: '113076', scheme: 'DCM', meaning: 'Segmentation' })],
    SourceImageSequence: [
      {
        ReferencedSOPClassUID: sopClassUid,
        ReferencedSOPInstanceUID: sopInstanceUid,
        ...(source.frameCount > 1 && { ReferencedFrameNumber: String(frameNumber) }),
        SpatialLocationsPreserved: 'YES',
        PurposeOfReferenceCodeSequence: [
          codeItem({
            value: '121322',
            scheme: 'DCM',
            meaning: 'Source image for image processing operation',
          }),
        ],
      },
    ],
  };
}

/** Masks one after another, eight pixels to a byte from the lowest bit, frames not aligned (PS3.5 8.1.1). */
function packBits(masks: readonly Mask[]): ArrayBuffer {
  const bits = masks.reduce((sum, mask) => sum + mask.data.length, 0);
  const packed = new Uint8Array(Math.ceil(bits / 16) * 2);
  let bit = 0;
  for (const { data } of masks) {
    for (let i = 0; i < data.length; i++, bit++) {
      if (data[i]) packed[bit >> 3] = (packed[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return packed.buffer;
}

/** At most 16 characters, as DS allows. */
function decimalString(value: number): string {
  const exact = String(value);
  return exact.length <= 16 ? exact : value.toPrecision(10).slice(0, 16);
}

function now(): { readonly date: string; readonly time: string } {
  const digits = new Date().toISOString().replaceAll(/[-:T]/gu, '');
  return { date: digits.slice(0, 8), time: digits.slice(8, 14) };
}
