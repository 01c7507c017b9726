import type { Mask } from '../frame.ts';
import type { SegmentedProperty } from './code.ts';
import type { Colour } from '../../protocol/segment-colours.ts';
import type { SegSource } from './seg-source.ts';

export interface SegSegmentInput {
  /** The word that was prompted for or chosen; at most 64 characters are kept. */
  readonly label: string;
  /** Its codes; by default those known for the label. */
  readonly property?: SegmentedProperty;
  /** That viewers are advised to show it in; by default each segment has another. */
  readonly colour?: Colour;
  readonly algorithmType: 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL';
  /** For the first two types: what drew the masks. */
  readonly algorithm?: { readonly name: string; readonly version: string };
}

export interface SegFrameInput<Source = SegSource> {
  readonly source: Source;
  /** One-based frame of the source. */
  readonly frameNumber: number;
  /** One for each segment, in their order; undefined where a segment was not looked for. Empty masks are kept. */
  readonly masks: readonly (Mask | undefined)[];
}

export interface SegInput<Source = SegSource> {
  readonly segments: readonly SegSegmentInput[];
  /** Any number of frames of any number of images of one study and one size. */
  readonly frames: readonly SegFrameInput<Source>[];
  readonly seriesDescription: string;
  readonly seriesNumber?: number;
  readonly softwareVersion: string;
  /** Who drew or corrected the masks, as DICOM writes names: `Family^Given`. */
  readonly contentCreator?: string;
}

/** A segmentation as a file, and the UIDs that it was given. */
export interface EncodedSeg {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
}
