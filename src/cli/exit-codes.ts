import { SaltError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';

/** What the program ends with; listed in `--help`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, data: 3, device: 4, cancelled: 130 } as const;

const EXIT_OF: Readonly<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: EXIT.usage,
  FILE_UNREADABLE: EXIT.data,
  FILE_UNWRITABLE: EXIT.data,
  DICOM_INVALID: EXIT.data,
  DICOM_UNSUPPORTED: EXIT.data,
  IMAGE_INVALID: EXIT.data,
  IMAGE_UNSUPPORTED: EXIT.data,
  DATASET_INVALID: EXIT.data,
  CHECKPOINT_INVALID: EXIT.data,
  CHECKPOINT_REFUSED: EXIT.data,
  CHECKPOINT_MISMATCH: EXIT.data,
  MODEL_UNKNOWN: EXIT.data,
  ADAPTER_INVALID: EXIT.data,
  RESUME_MISMATCH: EXIT.data,
  DEVICE_UNAVAILABLE: EXIT.device,
  DEVICE_LOST: EXIT.device,
  OUT_OF_MEMORY: EXIT.device,
  PAGE_INSECURE: EXIT.failed,
  GRAPH_INVALID: EXIT.failed,
  NOT_FINITE: EXIT.failed,
  VERIFICATION_FAILED: EXIT.failed,
  DOWNLOAD_FAILED: EXIT.data,
  DOWNLOAD_REFUSED: EXIT.data,
  DOWNLOAD_INVALID: EXIT.data,
  HASH_MISMATCH: EXIT.data,
  MODEL_BUSY: EXIT.data,
  VIEWER_UNSUPPORTED: EXIT.failed,
  VIEWER_STATE: EXIT.failed,
  SAVE_FAILED: EXIT.failed,
  SAVE_UNANSWERED: EXIT.failed,
  CANCELLED: EXIT.cancelled,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof SaltError ? EXIT_OF[error.code] : EXIT.failed;
}
