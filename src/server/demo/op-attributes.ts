import { codeItem } from './dicom-file.ts';
import type { Attributes } from './dicom-file.ts';
import { stableUid } from './stable-uid.ts';

/**
 * Ophthalmic Photography 8 Bit Image Storage. OCT angiograms seen from the front have a class of their own
 * (1.2.840.10008.5.1.4.1.1.77.1.5.7), which OHIF 3.13 does not show; as a grey photograph they are shown.
 */
export const OP_STORAGE = '1.2.840.10008.5.1.4.1.1.77.1.5.1';

export interface EyeImage {
  readonly laterality: 'L' | 'R';
  readonly channels: 1 | 3;
  readonly size: number;
  /** Distance of pixels, mm on the retina. */
  readonly spacing: number;
  /** Angle of view, degrees. */
  readonly fieldOfView: number;
  readonly device: 'fundus camera' | 'optical coherence tomography scanner';
}

const DEVICES = {
  'fundus camera': codeItem('409898007', 'Fundus Camera'),
  'optical coherence tomography scanner': codeItem('392012008', 'Optical Coherence Tomography Scanner'),
} as const;

/** Ophthalmic Photography 8 Bit Image (PS3.3 A.41), one frame. */
export function opAttributes(image: EyeImage, date: string): Attributes {
  const spacing = image.spacing.toFixed(6);
  return {
    Modality: 'OP',
    ImageType: ['ORIGINAL', 'PRIMARY'],
    AcquisitionDateTime: `${date}090500`,
    SynchronizationFrameOfReferenceUID: stableUid('clock'),
    SynchronizationTrigger: 'NO TRIGGER',
    AcquisitionTimeSynchronized: 'N',
    PatientOrientation: ['L', 'F'],
    NumberOfFrames: '1',
    FrameTime: '0',
    FrameIncrementPointer: 0x00181063,
    SamplesPerPixel: image.channels,
    PhotometricInterpretation: image.channels === 3 ? 'RGB' : 'MONOCHROME2',
    ...(image.channels === 3 ? { PlanarConfiguration: 0 } : { PresentationLUTShape: 'IDENTITY' }),
    Rows: image.size,
    Columns: image.size,
    PixelSpacing: [spacing, spacing],
    ImageLaterality: image.laterality,
    AnatomicRegionSequence: [codeItem('5665001', 'Retina')],
    PatientEyeMovementCommanded: 'NO',
    RefractiveStateSequence: [],
    EmmetropicMagnification: [],
    IntraOcularPressure: [],
    HorizontalFieldOfView: image.fieldOfView,
    PupilDilated: 'YES',
    DegreeOfDilation: [],
    MydriaticAgentSequence: [],
    AcquisitionDeviceTypeCodeSequence: [DEVICES[image.device]],
    IlluminationTypeCodeSequence: [],
    LightPathFilterTypeStackCodeSequence: [],
    ImagePathFilterTypeStackCodeSequence: [],
    LensesCodeSequence: [],
    DetectorType: 'CMOS',
  };
}
