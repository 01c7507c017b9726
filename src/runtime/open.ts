import type { DeviceName, Executor } from '../graph/executor.ts';
import { selectDevice } from './devices.ts';
import type { DeviceRequest, Place, Selection, TryOut } from './devices.ts';
import { probeDevice } from './probe.ts';

export interface Opened extends Selection {
  readonly executor: Executor;
}

/**
 * Selects a device and opens it. See selectDevice for how, and for the errors.
 * @param probe how devices are tried out; default: by opening them here
 */
export async function openSelected(
  request: DeviceRequest,
  place: Place,
  open: (device: DeviceName) => Promise<Executor>,
  probe: TryOut = (device, timed) => probeDevice(() => open(device), timed),
): Promise<Opened> {
  const selection = await selectDevice(request, place, probe);
  return { ...selection, executor: await open(selection.device) };
}
