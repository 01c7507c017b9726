import type { Attributes } from './dicom-file.ts';
import { stableUid } from './stable-uid.ts';

/** A study of the demonstration: one invented patient on one day. */
export interface DemoStudy {
  readonly key: string;
  /** As DICOM writes names: family^given. */
  readonly patientName: string;
  readonly patientId: string;
  readonly patientSex: 'F' | 'M';
  readonly patientAge: string;
  readonly description: string;
  readonly date: string;
  readonly accessionNumber: string;
}

/** What every image of a study says about patient, study and where it comes from (PS3.3 C.7.1, C.7.2, C.7.5). */
export function studyAttributes(study: DemoStudy, generation: number): Attributes {
  return {
    StudyDate: study.date,
    SeriesDate: study.date,
    AcquisitionDate: study.date,
    ContentDate: study.date,
    StudyTime: '090000',
    SeriesTime: '090500',
    AcquisitionTime: '090500',
    ContentTime: '090500',
    AccessionNumber: study.accessionNumber,
    Manufacturer: 'ohif-salt',
    ManufacturerModelName: 'Drawn images',
    DeviceSerialNumber: '1',
    SoftwareVersions: String(generation),
    InstitutionName: 'ohif-salt demonstration',
    ReferringPhysicianName: '',
    StudyDescription: study.description,
    PatientName: study.patientName,
    PatientID: study.patientId,
    PatientBirthDate: '',
    PatientSex: study.patientSex,
    PatientAge: study.patientAge,
    PatientComments: 'No patient: drawn by a program',
    StudyInstanceUID: studyUid(study, generation),
    StudyID: '1',
    LossyImageCompression: '00',
    BurnedInAnnotation: 'NO',
  };
}

export function studyUid(study: DemoStudy, generation: number): string {
  return stableUid(`${generation} study ${study.key}`);
}
