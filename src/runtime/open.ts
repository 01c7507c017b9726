import type { DeviceName, Executor } from '../graph/executor.ts';
import { selectDevice } from './devices.ts';
import type { DeviceRequest, Place, Selection } from './devices.ts';
import { probeDevice } from './probe.ts';

export interface Opened extends Selection {
  readonly executor: Executor;
}

/** Selects a device and opens it. See selectDevice for how, and for the errors. */
export async function openSelected(
  request: DeviceRequest,
  place: Place,
  open: (device: DeviceName) => Promise<Executor>,
): Promise<Opened> {
  const selection = await selectDevice(request, place, (device) =>
    probeDevice(() => open(device), request === 'auto'),
  );
  return { ...selection, executor: await open(selection.device) };
}
