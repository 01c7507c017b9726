import { basename } from 'node:path';
import { readBytes } from '../../imaging/dataset/sample.node.ts';
import { parseSafetensors } from '../../model/checkpoint/safetensors.ts';
import { SaltError } from '../../protocol/errors.ts';
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

export type VerifyEvent = CommonEvent | ({ readonly kind: 'verified' } & VerifiedFile);

export type VerifyJob = Job<VerifyRequest, VerifyEvent, readonly VerifiedFile[]>;

export const verifyJob: VerifyJob = async (request, { emit, signal }) => {
  const { executor } = await openDevice(request, emit);
  const done: VerifiedFile[] = [];
  for (const file of request.files) {
    signal.throwIfAborted();
    const bytes = await readBytes(file);
    try {
      const { plan } = request;
      const verification = await verifyReference(parseSafetensors(bytes), executor, plan ? { plan } : {});
      done.push({ file, verification });
      emit({ kind: 'verified', file, verification });
    } catch (error) {
      if (!(error instanceof SaltError)) throw error;
      throw new SaltError(error.code, `${basename(file)}: ${error.message}`, error.details, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return done;
};
