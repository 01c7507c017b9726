import type { Context } from '../common/context.ts';
import type { MachineMasks } from './machine-masks.ts';
import type { MaskKeeper } from './mask-keeper.ts';
import type { Results } from './results.ts';
import type { UnsavedRecords } from './unsaved-records.ts';
import type { Working } from '../common/working.ts';

/** What the actions share besides the context. */
export interface Parts extends Context {
  readonly working: Working;
  readonly machine: MachineMasks;
  readonly results: Results;
  readonly keeper: MaskKeeper;
  readonly unsaved: UnsavedRecords;
  /** Reads the place anew: what is painted, collected and segmented where the user is. */
  readonly refresh: () => void;
}
