import type { DeviceName } from '../../../src/graph/executor.ts';
import { parseSafetensors } from '../../../src/model/checkpoint/safetensors.ts';
import { openWebDevice } from '../../../src/runtime/web.ts';
import { verifyReference } from '../../../src/training/verify.ts';
import type { Verification } from '../../../src/training/verify.ts';

export interface Arguments {
  readonly device: DeviceName;
  readonly plan: 'whole' | 'staged';
  /** The bytes of a reference file, in base64. */
  readonly file: string;
}

/** Verifies a reference on a device of the browser, without falling back. */
export async function main({ device, plan, file }: Arguments): Promise<Verification> {
  const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
  const { executor } = await openWebDevice(device, {
    assets: new URL('/ort/', location.href).href,
    strict: true,
  });
  const verification = await verifyReference(parseSafetensors(bytes), executor, { plan });
  await executor.dispose();
  return verification;
}
