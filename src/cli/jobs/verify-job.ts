import { readBytes } from '../../imaging/dataset/sample.node.ts';
import { parseSafetensors } from '../../model/checkpoint/safetensors.ts';
import { SaltError } from '../../protocol/errors.ts';
import { breathe } from '../../protocol/breathe.ts';
import type { Job } from '../../runtime/thread.ts';
import { verifyReference } from '../../training/verify.ts';
import type { Verification } from '../../training/verify.ts';
import { openDevice } from './device.ts';
import type { CommonEvent, DeviceOptions } from './device.ts';

export interface VerifyRequest extends DeviceOptions {
  readonly files: readonly string[];
  readonly plan?: 'whole' | 'staged';
}

export interface VerifiedFile {
  readonly file: string;
  readonly verification: Verification;
}

export type VerifyEvent = CommonEvent;

export interface VerifyResult {
  readonly files: readonly VerifiedFile[];
  /** A sentence for each file that could not be compared with. */
  readonly problems: readonly string[];
}

export type VerifyJob = Job<VerifyRequest, VerifyEvent, VerifyResult>;

/** What is wrong with one file need not keep the others from being verified. */
const ABOUT_THE_FILE: ReadonlySet<string> = new Set([
  'FILE_UNREADABLE',
  'CHECKPOINT_INVALID',
  'CHECKPOINT_MISMATCH',
]);

export const verifyJob: VerifyJob = async (request, { emit, signal }) => {
  const { executor } = await openDevice(request, emit);
  const files: VerifiedFile[] = [];
  const problems: string[] = [];
  for (const file of request.files) {
    signal.throwIfAborted();
    const { plan } = request;
    try {
      const reference = parseSafetensors(await readBytes(file));
      const verification = await verifyReference(reference, executor, plan ? { plan } : {});
      files.push({ file, verification });
    } catch (error) {
      if (!(error instanceof SaltError) || !ABOUT_THE_FILE.has(error.code)) throw error;
      const problem = error.code === 'FILE_UNREADABLE' ? error.message : `${file}: ${error.message}`;
      problems.push(problem);
      emit({ kind: 'message', text: problem });
    }
    // Lets a cancellation in.
    await breathe();
  }
  return { files, problems };
};
