import type { Mask } from '../frame.ts';
import type { SegmentedProperty } from './code.ts';
import type { DicomFile } from './dicom-file.ts';

export interface SegSegmentInput {
  /** The word that was prompted for or chosen; at most 64 characters are kept. */
  readonly label: string;
  /** Its codes; by default those known for the label. */
  readonly property?: SegmentedProperty;
  readonly algorithmType: 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL';
  /** For the first two types: what drew the masks. */
  readonly algorithm?: { readonly name: string; readonly version: string };
}

export interface SegFrameInput {
  readonly source: DicomFile;
  /** One-based frame of the source. */
  readonly frameNumber: number;
  /** One for each segment, in their order; undefined where a segment was not looked for. Empty masks are kept. */
  readonly masks: readonly (Mask | undefined)[];
}

export interface SegInput {
  readonly segments: readonly SegSegmentInput[];
  /** Any number of frames of any number of images of one study and one size. */
  readonly frames: readonly SegFrameInput[];
  readonly seriesDescription: string;
  readonly seriesNumber?: number;
  readonly softwareVersion: string;
}
