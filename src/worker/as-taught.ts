/** Frames of runs are seen less what stands still in them, save by what was taught on frames as they are. */
import type { AdapterInfo } from '../adapters/index.ts';
import { frameOfPixels } from '../imaging/frame-pixels.ts';
import type { Frame } from '../imaging/frame.ts';
import type { TrainedModel } from '../inference/trained-model.ts';
import { asItIs } from '../protocol/frames.ts';
import type { FramePixels } from '../protocol/frames.ts';
import type { StoredRequest } from './store/request-schema.ts';

/** @throws SaltError as `frameOfPixels` */
export function frameSeenBy({ subtracts }: Pick<TrainedModel, 'subtracts'>, pixels: FramePixels): Frame {
  return frameOfPixels(subtracts ? pixels : asItIs(pixels), 'The frame');
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
