import type { DeviceInfo } from '../../../src/protocol/backend.ts';
import type { Strings } from '../strings/index.ts';
import { useSession, useSlice } from './session-context.ts';

/** Where the numbers are computed; where it could be faster, why it is not and how to mend it. */
export function DeviceLine() {
  const device = useSlice((state) => state.device);
  const { strings } = useSession();
  if (!device) return <div className="salt-device">{strings.device.checking}</div>;
  const notes = notesOf(device, strings);
  return (
    <div className="salt-device">
      <span>
        <i className="salt-dot" data-kind={notes.length > 0 ? 'slow' : 'good'} />
        {nameOf(device, strings)}
      </span>
      {notes.length > 0 && (
        <details className="salt-more">
          <summary>
            {strings.device.slower} {strings.device.details}
          </summary>
          <ul className="salt-list">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function nameOf({ device, threads }: DeviceInfo, { device: s }: Strings): string {
  switch (device) {
    case 'webgpu':
      return s.webgpu;
    case 'cuda':
      return s.cuda;
    case 'wasm':
      return s.processor;
    case 'cpu':
      return s.cpu(threads);
  }
}

function notesOf({ device, threads, passedOver }: DeviceInfo, { device: s }: Strings): readonly string[] {
  // Where the processor was asked for, nothing is slower than it could be.
  if (device === 'webgpu' || device === 'cuda' || passedOver.length === 0) return [];
  return [
    ...(device === 'wasm' ? [s.wasm(threads)] : []),
    ...passedOver.map((other) => (other.why ? s.why[other.why] : s.passedOver(other.device, other.reason))),
  ];
}
