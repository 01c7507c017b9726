/** What a search gives back and can ask for (PS3.18 10.6.1.2.3 and 10.6.3.3), by level. */
export const LEVELS = ['study', 'series', 'instance'] as const;

export type Level = (typeof LEVELS)[number];

/** Attributes kept in memory for each instance. */
export const ATTRIBUTES: Readonly<Record<Level, readonly string[]>> = {
  study: [
    '00080020', // Study Date
    '00080030', // Study Time
    '00080050', // Accession Number
    '00080090', // Referring Physician's Name
    '00080201', // Timezone Offset From UTC
    '00081030', // Study Description
    '00081060', // Name of Physician(s) Reading Study
    '00100010', // Patient's Name
    '00100020', // Patient ID
    '00100021', // Issuer of Patient ID
    '00100030', // Patient's Birth Date
    '00100040', // Patient's Sex
    '00101010', // Patient's Age
    '0020000D', // Study Instance UID
    '00200010', // Study ID
  ],
  series: [
    '00080021', // Series Date
    '00080031', // Series Time
    '00080060', // Modality
    '00080070', // Manufacturer
    '00080080', // Institution Name
    '0008103E', // Series Description
    '00081090', // Manufacturer's Model Name
    '00180015', // Body Part Examined
    '00181030', // Protocol Name
    '0020000E', // Series Instance UID
    '00200011', // Series Number
    '00200060', // Laterality
    '00400244', // Performed Procedure Step Start Date
    '00400245', // Performed Procedure Step Start Time
  ],
  instance: [
    '00080008', // Image Type
    '00080016', // SOP Class UID
    '00080018', // SOP Instance UID
    '00080022', // Acquisition Date
    '00080023', // Content Date
    '00080032', // Acquisition Time
    '00080033', // Content Time
    '00200013', // Instance Number
    '00280008', // Number of Frames
    '00280010', // Rows
    '00280011', // Columns
    '00280100', // Bits Allocated
    '00700080', // Content Label
  ],
};

/** Counted or made up when a search is answered. */
export const DERIVED = {
  modalitiesInStudy: '00080061',
  sopClassesInStudy: '00080062',
  instanceAvailability: '00080056',
  retrieveUrl: '00081190',
  seriesInStudy: '00201206',
  instancesInStudy: '00201208',
  instancesInSeries: '00201209',
  availableTransferSyntax: '00083002',
} as const;

export const STUDY_UID = '0020000D';
export const SERIES_UID = '0020000E';
export const SOP_UID = '00080018';
