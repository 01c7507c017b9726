/**
 * Every failure that a person may see carries one of these codes. Codes are stable: they may be added to,
 * never renamed, so that a caller (panel, script, test) can act on them without reading the message.
 */
export const ERROR_CODES = [
  'INVALID_ARGUMENT', // a request that can never work: the message says what to change
  'FILE_UNREADABLE', // missing, truncated or not what its name says
  'FILE_UNWRITABLE', // no space, no permission
  'DICOM_INVALID',
  'DICOM_UNSUPPORTED',
  'IMAGE_INVALID',
  'IMAGE_UNSUPPORTED',
  'DATASET_INVALID', // a folder of frames and masks that cannot be used
  'CHECKPOINT_INVALID', // a safetensors or .pth file that breaks its own format
  'CHECKPOINT_REFUSED', // a pickle that asks for anything but tensors
  'CHECKPOINT_MISMATCH', // missing, surplus or misshapen tensors
  'MODEL_UNKNOWN',
  'ADAPTER_INVALID',
  'GRAPH_INVALID',
  'DEVICE_UNAVAILABLE',
  'DEVICE_LOST',
  'PAGE_INSECURE', // plain http from another machine: browsers withhold what it takes to compute
  'OUT_OF_MEMORY',
  'NOT_FINITE', // NaN or Inf in pixels, weights or a training step
  'CANCELLED',
  'RESUME_MISMATCH', // a checkpoint that belongs to another run
  'VERIFICATION_FAILED',
  'DOWNLOAD_FAILED', // the network or the server did not answer well, again and again: trying later may help
  'DOWNLOAD_REFUSED', // the server says no, or that it has no such file
  'DOWNLOAD_INVALID', // the server sends something other than the file
  'HASH_MISMATCH', // a file that is not, byte for byte, the one that was published or recorded
  'MODEL_BUSY', // another process works on the same model, or on the same run
  'VIEWER_UNSUPPORTED', // a viewer that lacks functions that the extension calls
  'VIEWER_STATE', // what was asked for is no longer, or not yet, open in the viewer
  'SAVE_FAILED', // the archive did not take a segmentation
  'SAVE_UNANSWERED', // the archive has not said whether it took a segmentation
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error whose message says what is wrong and, where it can, what to do next. */
export class SaltError extends Error {
  readonly code: ErrorCode;
  /** Machine-readable particulars, e.g. `{ missing: ['neck.0.weight'] }`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'SaltError';
    this.code = code;
    this.details = details;
  }
}
