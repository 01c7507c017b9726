import type { DeviceRequest, PassedOver } from '../../../src/runtime/devices.ts';
import { openWebDevice } from '../../../src/runtime/web.ts';
import {
  exhaust,
  failureOf,
  locations,
  misuses,
  roundTrips,
  signModel,
  train,
} from '../../runtime/scenario.ts';

export interface Arguments {
  readonly device: DeviceRequest;
  readonly threads?: number;
}

export interface Result {
  readonly isolated: boolean;
  readonly device: string;
  readonly passedOver: readonly PassedOver[];
  readonly training: Awaited<ReturnType<typeof train>>;
  readonly locations: Record<string, string>;
  readonly roundTrips: Awaited<ReturnType<typeof roundTrips>>;
  readonly misuses: Record<string, string>;
  /** What compiling an operator that WebGPU lacks gives. */
  readonly sign: string;
  /** What running out of memory gives. */
  readonly exhaustion: string;
}

/** The scenario of test/runtime on a device of the browser. */
export async function main({ device: request, threads }: Arguments): Promise<Result> {
  const { executor, device, passedOver } = await openWebDevice(request, {
    assets: new URL('/ort/', location.href).href,
    strict: true,
    ...(threads === undefined ? {} : { threads }),
  });
  const result = {
    isolated: crossOriginIsolated,
    device,
    passedOver,
    training: await train(executor),
    locations: await locations(executor),
    roundTrips: await roundTrips(executor),
    misuses: await misuses(executor),
    exhaustion: await exhaust(executor, 40_000),
    sign: await failureOf(() => executor.compile(signModel())),
  };
  await executor.dispose();
  return result;
}
