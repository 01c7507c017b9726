import { SaltError } from '../../protocol/errors.ts';

/** A checkpoint that breaks its own format. */
export function invalid(message: string, details: Readonly<Record<string, unknown>> = {}): SaltError {
  return new SaltError('CHECKPOINT_INVALID', message, details);
}

/** A checkpoint that asks for what no checkpoint needs. */
export function refused(message: string, details: Readonly<Record<string, unknown>> = {}): SaltError {
  return new SaltError('CHECKPOINT_REFUSED', message, details);
}

/** A name from a file that is not trusted, made fit for a message: escaped, and short. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name);
}
