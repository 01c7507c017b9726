import { SaltError } from '../../protocol/errors.ts';

/** A file that breaks the standard, or ends before it should. */
export function dicomInvalid(fileName: string, reason: string, cause?: unknown): SaltError {
  return new SaltError(
    'DICOM_INVALID',
    `${fileName} cannot be read: ${printable(reason)}. Copy or export it again from where it came.`,
    { file: fileName },
    cause === undefined ? undefined : { cause },
  );
}

/** A file that may well be sound, but uses what this project does not read. */
export function dicomUnsupported(fileName: string, reason: string, fix: string): SaltError {
  return new SaltError('DICOM_UNSUPPORTED', `${fileName}: ${printable(reason)}. ${fix}`, { file: fileName });
}

/** What a library threw, in words; dicom-parser throws strings and objects as well as errors. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'exception' in error) return reasonOf(error.exception);
  return 'its structure is damaged';
}

/** Reasons quote what damaged files say of themselves. */
function printable(reason: string): string {
  const clean = reason.replaceAll(/\p{Cc}+/gu, ' ');
  return clean.length > 200 ? `${clean.slice(0, 200)}...` : clean;
}
