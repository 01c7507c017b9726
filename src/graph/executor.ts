/**
 * What a graph needs from the machine that runs it. `runtime/` implements this; everything else
 * (training, inference) knows a device by these few verbs alone and cannot tell where it runs.
 */
import type { HostTensor, Shape, DType } from './tensor.ts';

/** The fixed table of places where a graph can run. */
export type DeviceName = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/**
 * A tensor that lives on a device. It belongs to whoever received it, who must `dispose` it once and not use
 * it afterwards. On the CPU and on WASM it wraps ordinary memory, and disposing is free.
 */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  dispose(): void;
}

/** A compiled graph. */
export interface Program {
  /**
   * Feeds every graph input by name and returns every graph output by name. Feeds are not consumed.
   * @throws SaltError `DEVICE_LOST`, `OUT_OF_MEMORY`
   */
  run(feeds: Readonly<Record<string, DeviceTensor>>): Promise<Record<string, DeviceTensor>>;
  dispose(): Promise<void>;
}

export interface CompileOptions {
  /** Outputs that the host will read at once (losses, masks). All others stay on the device. Default: none. */
  readonly hostOutputs?: readonly string[];
}

export interface Executor {
  readonly device: DeviceName;
  /** `model` is an encoded ONNX ModelProto. */
  compile(model: Uint8Array, options?: CompileOptions): Promise<Program>;
  upload(tensor: HostTensor): Promise<DeviceTensor>;
  download(tensor: DeviceTensor): Promise<HostTensor>;
  dispose(): Promise<void>;
}
