import { data } from 'dcmjs';
import type { Mask } from '../frame.ts';
import { segmentColour } from '../../protocol/segment-colours.ts';
import type { Colour } from '../../protocol/segment-colours.ts';
import { propertyOf } from './code.ts';
import type { Code } from './code.ts';
import type { EncodedSeg, SegInput, SegSegmentInput } from './seg-input.ts';
import { inheritedAttributes } from './seg-source.ts';
import type { SegSource } from './seg-source.ts';
import { SEGMENTATION_STORAGE } from './sop-classes.ts';
import { newUid } from './uid.ts';

/** One frame of the segmentation to be. */
export interface SegEntry {
  readonly source: SegSource;
  readonly frameNumber: number;
  /** Zero-based. */
  readonly segment: number;
  readonly mask: Mask;
}

/** The data set of a binary segmentation (PS3.3 A.51), by keyword, as dcmjs writes it. */
export function segDataset(
  input: SegInput,
  entries: readonly [SegEntry, ...SegEntry[]],
  { sopInstanceUid, seriesInstanceUid }: Omit<EncodedSeg, 'bytes'>,
): Record<string, unknown> {
  const [{ source }] = entries;
  const { date, time } = now();
  const organization = newUid();
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    ...inheritedAttributes(source),
    SOPClassUID: SEGMENTATION_STORAGE,
    SOPInstanceUID: sopInstanceUid,
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    ContentDate: date,
    ContentTime: time,
    Modality: 'SEG',
    SeriesInstanceUID: seriesInstanceUid,
    SeriesDate: date,
    SeriesTime: time,
    SeriesNumber: String(input.seriesNumber ?? 900),
    SeriesDescription: longString(input.seriesDescription),
    InstanceNumber: '1',
    Manufacturer: 'ohif-salt',
    ManufacturerModelName: 'ohif-salt',
    DeviceSerialNumber: 'none',
    SoftwareVersions: longString(input.softwareVersion),
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentLabel: 'SEGMENTATION',
    ContentDescription: longString(input.seriesDescription),
    ContentCreatorName: input.contentCreator ?? '',
    ...lossyAttributes(entries),
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

/** Once an image was compressed with loss, what is derived from it says so. */
function lossyAttributes(entries: readonly SegEntry[]): Record<string, unknown> {
  const lossy = entries.find(({ source }) => source.lossy)?.source.lossy;
  if (!lossy) return { LossyImageCompression: '00' };
  return {
    LossyImageCompression: '01',
    ...(lossy.ratio !== '' && { LossyImageCompressionRatio: lossy.ratio.split('\\') }),
    ...(lossy.method !== '' && { LossyImageCompressionMethod: lossy.method.split('\\') }),
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
  const label = longString(segment.label);
  const { algorithm } = segment;
  const { category, type } = segment.property ?? propertyOf(segment.label);
  return {
    SegmentNumber: index + 1,
    SegmentLabel: label,
    SegmentAlgorithmType: segment.algorithmType,
    ...(algorithm && {
      SegmentAlgorithmName: longString(algorithm.name),
      SegmentationAlgorithmIdentificationSequence: [
        {
          AlgorithmFamilyCodeSequence: [
            codeItem({ value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' }),
          ],
          AlgorithmName: longString(algorithm.name),
          AlgorithmVersion: longString(algorithm.version),
        },
      ],
    }),
    SegmentedPropertyCategoryCodeSequence: [codeItem(category)],
    SegmentedPropertyTypeCodeSequence: [codeItem(type)],
    RecommendedDisplayCIELabValue: cieLabValue(segment.colour ?? segmentColour(index)),
    TrackingID: label,
    TrackingUID: newUid(),
  };
}

/** L*, a* and b* as whole numbers of 16 bits (PS3.3 C.10.7.1.1). */
function cieLabValue(colour: Colour): number[] {
  return data.Colors.rgb2DICOMLAB(colour.map((value) => value / 255)).map(Math.round);
}

function codeItem({ value, scheme, meaning }: Code): Record<string, unknown> {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
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

function functionalGroups(entries: readonly SegEntry[], source: SegSource): Record<string, unknown> {
  // Readers take the two together; images without a slice thickness pass their spacing on by reference.
  const { spacing, sliceThickness: thickness, frameOfReferenceUid: frameOfReference } = source;
  const planes = entries.map((entry) => entry.source.plane(entry.frameNumber));
  const isPlaced = frameOfReference !== '' && planes.every((plane) => plane !== undefined);
  // A position along the second dimension is a source frame: distinct ones in order of appearance.
  const frames = [...new Set(entries.map(frameKey))];
  return {
    ...(isPlaced
      ? { FrameOfReferenceUID: frameOfReference, PositionReferenceIndicator: '' }
      : { PatientOrientation: source.inherited.PatientOrientation ?? '' }),
    SharedFunctionalGroupsSequence: [
      {
        // cornerstone's reader fails without an orientation, and gives images that have none this one.
        ...(!isPlaced && {
          PlaneOrientationSequence: [{ ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'] }],
        }),
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

/** One value of VR LO (PS3.5 6.2): at most 64 characters, none of which would divide it or is a control character. */
function longString(text: string): string {
  const plain = text.replace(/\\/gu, '/').replace(/\p{Cc}/gu, ' ');
  return Array.from(plain).slice(0, 64).join('');
}

/** At most 16 characters, as DS allows. */
function decimalString(value: number): string {
  const exact = String(value);
  return exact.length <= 16 ? exact : value.toPrecision(10).slice(0, 16);
}

/** Of the clock on the wall: files here state no time zone. */
function now(): { readonly date: string; readonly time: string } {
  const clock = new Date();
  const digits = (...values: number[]) => values.map((value) => String(value).padStart(2, '0')).join('');
  return {
    date: digits(clock.getFullYear(), clock.getMonth() + 1, clock.getDate()),
    time: digits(clock.getHours(), clock.getMinutes(), clock.getSeconds()),
  };
}
