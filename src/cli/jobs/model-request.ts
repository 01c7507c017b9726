import type { ModelSource } from '../models/model-source.ts';

/** An adapter, with its base model where that must be named, or a model as it is. Plain data. */
export interface ModelRequest {
  readonly adapter?: string;
  readonly model?: ModelSource;
  /** Of a SAM as it is; an adapter has its own. */
  readonly imageSize?: number;
  /** False for SAM's own masks, without what a detail head adds. Default: true. */
  readonly detail?: boolean;
}
