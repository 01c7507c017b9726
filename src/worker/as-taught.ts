/** Frames of runs are seen less what stands still in them, save by what was taught on frames as they are. */
import type { AdapterInfo } from '../adapters/index.ts';
import { frameOfPixels } from '../imaging/frame-pixels.ts';
import type { Frame } from '../imaging/frame.ts';
import type { TrainedModel } from '../inference/trained-model.ts';
import type { SegmentRequest } from '../protocol/backend.ts';
import { asItIs } from '../protocol/frames.ts';
import type { FramePixels } from '../protocol/frames.ts';
import type { StoredRequest } from './store/request-schema.ts';

/** @throws SaltError as `frameOfPixels` */
export function frameSeenBy({ subtracts }: Pick<TrainedModel, 'subtracts'>, pixels: FramePixels): Frame {
  return frameOfPixels(subtracts ? pixels : asItIs(pixels), 'The frame');
}

/**
 * The frames that steady what is found in another: none where the model sees runs as they are, or nothing moves in this one.
 */
export function besideAsTaught(
  { subtracts }: Pick<TrainedModel, 'subtracts'>,
  { frame, beside = [] }: Pick<SegmentRequest, 'frame' | 'beside'>,
): readonly FramePixels[] {
  return subtracts && frame.background ? beside.filter(({ background }) => background) : [];
}

/** @param from the adapter that the run goes on from, if it does */
export function requestAsTaught<R extends Pick<StoredRequest, 'annotations' | 'preview'>>(
  request: R,
  from: Pick<AdapterInfo, 'stillBackground'> | undefined,
): R {
  if (!from || from.stillBackground === 'subtracted') return request;
  const { annotations, preview } = request;
  return {
    ...request,
    annotations: annotations.map((annotation) => ({ ...annotation, frame: asItIs(annotation.frame) })),
    ...(preview && { preview: asItIs(preview) }),
  };
}
