import type { Attributes } from './dicom-file.ts';

export const XA_STORAGE = '1.2.840.10008.5.1.4.1.1.12.1';

/** How the tube stood. Angles in degrees: primary positive to the patient's left, secondary positive to the head. */
export interface Projection {
  readonly primary: number;
  readonly secondary: number;
  readonly frameRate: number;
}

/** Side of the detector's field, mm. */
const FIELD = 200;
const [TO_PATIENT, TO_DETECTOR] = [780, 1050];

/** X-Ray Angiographic Image (PS3.3 A.14): cine, multi-frame, X-ray image, acquisition, positioner, window. */
export function xaAttributes(
  { primary, secondary, frameRate }: Projection,
  size: number,
  frames: number,
): Attributes {
  const frameTime = 1000 / frameRate;
  const spacing = (FIELD / size).toFixed(6);
  return {
    Modality: 'XA',
    BodyPartExamined: 'HEART',
    ImageType: ['ORIGINAL', 'PRIMARY', 'SINGLE PLANE'],
    PatientOrientation: '',
    ContrastBolusAgent: 'Iodine',
    FrameTime: frameTime.toFixed(3),
    CineRate: String(frameRate),
    RecommendedDisplayFrameRate: String(frameRate),
    NumberOfFrames: String(frames),
    FrameIncrementPointer: 0x00181063,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    // For showing: not to be turned back into the beam.
    PixelIntensityRelationship: 'DISP',
    WindowCenter: '128',
    WindowWidth: '256',
    KVP: '80',
    XRayTubeCurrent: '600',
    ExposureTime: '6',
    AveragePulseWidth: '6',
    RadiationSetting: 'GR',
    RadiationMode: 'PULSED',
    FieldOfViewShape: 'RECTANGLE',
    FieldOfViewDimensions: [String(FIELD), String(FIELD)],
    ImagerPixelSpacing: [spacing, spacing],
    DistanceSourceToPatient: String(TO_PATIENT),
    DistanceSourceToDetector: String(TO_DETECTOR),
    EstimatedRadiographicMagnificationFactor: (TO_DETECTOR / TO_PATIENT).toFixed(6),
    PositionerMotion: 'STATIC',
    PositionerPrimaryAngle: String(primary),
    PositionerSecondaryAngle: String(secondary),
    TableMotion: 'STATIC',
  };
}
