import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { CompileOptions, DeviceName, DeviceTensor, Executor, Program } from '../graph/executor.ts';
import type { DType, HostTensor, Shape } from '../graph/tensor.ts';
import { SaltError } from '../protocol/errors.ts';
import { copyModel } from './copy-model.ts';
import { toSaltError } from './failures.ts';
import type { Library } from './library.ts';
import { summarise } from './model-summary.ts';

type Location = 'cpu' | 'gpu-buffer';

export interface SessionSettings {
  readonly device: DeviceName;
  readonly session: InferenceSession.SessionOptions;
  /** True where outputs can stay on the device and be fed back; otherwise tensors live in ordinary memory. */
  readonly resident: boolean;
  /** Refuse graphs of which the accelerator would leave any operator to the processor. */
  readonly strict: boolean;
}

/** A tensor of ONNX Runtime under the contract of DeviceTensor. */
class SessionTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly owner: SessionExecutor;
  #tensor: Tensor | undefined;

  constructor(owner: SessionExecutor, tensor: Tensor) {
    this.owner = owner;
    this.dtype = dtypeOf(tensor);
    this.shape = tensor.dims;
    this.#tensor = tensor;
  }

  /** @throws SaltError `INVALID_ARGUMENT` after `dispose`. */
  get tensor(): Tensor {
    if (!this.#tensor) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        `A ${this.dtype} tensor of shape [${this.shape.join(', ')}] was used after it was disposed.`,
      );
    }
    return this.#tensor;
  }

  dispose(): void {
    if (this.#tensor?.location === 'gpu-buffer') this.#tensor.dispose();
    this.#tensor = undefined;
  }
}

class SessionProgram implements Program {
  readonly #owner: SessionExecutor;
  readonly #session: InferenceSession;
  readonly #operators: readonly string[];
  #disposed = false;

  constructor(owner: SessionExecutor, session: InferenceSession, operators: readonly string[]) {
    this.#owner = owner;
    this.#session = session;
    this.#operators = operators;
  }

  async run(feeds: Readonly<Record<string, DeviceTensor>>): Promise<Record<string, DeviceTensor>> {
    if (this.#disposed) throw new SaltError('INVALID_ARGUMENT', 'A program was run after it was disposed.');
    const inputs: Record<string, Tensor> = {};
    for (const name of this.#session.inputNames) {
      const feed = feeds[name];
      if (!feed) throw new SaltError('INVALID_ARGUMENT', `The graph's input "${name}" was not fed.`);
      inputs[name] = this.#owner.tensorOf(feed);
    }
    for (const name of Object.keys(feeds)) {
      if (!(name in inputs)) throw new SaltError('INVALID_ARGUMENT', `The graph has no input "${name}".`);
    }
    const outputs = await this.#owner.call('Running the graph', this.#operators, () =>
      this.#session.run(inputs),
    );
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [name, new SessionTensor(this.#owner, tensor)]),
    );
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#owner.release(this, this.#session);
  }
}

/** Runs graphs in sessions of an ONNX Runtime package, on one device. */
export class SessionExecutor implements Executor {
  readonly device: DeviceName;
  readonly #library: Library;
  readonly #settings: SessionSettings;
  readonly #programs = new Set<SessionProgram>();
  readonly #uploads = new Map<DType, Promise<InferenceSession>>();
  readonly #downloads = new Map<DType, Promise<InferenceSession>>();

  constructor(library: Library, settings: SessionSettings) {
    this.device = settings.device;
    this.#library = library;
    this.#settings = settings;
  }

  async compile(model: Uint8Array, options: CompileOptions = {}): Promise<Program> {
    const { outputs, operators } = summarise(model);
    const toHost = new Set(options.hostOutputs);
    for (const name of toHost) {
      if (!outputs.includes(name)) {
        throw new SaltError(
          'INVALID_ARGUMENT',
          `The graph has no output "${name}"; it has ${outputs.join(', ')}.`,
        );
      }
    }
    const locations: Record<string, Location> = {};
    for (const name of outputs) locations[name] = toHost.has(name) ? 'cpu' : 'gpu-buffer';
    const extra = this.#settings.strict ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {};
    const session = await this.call('Compiling the graph', operators, () =>
      this.#createSession(model, locations, extra),
    );
    const program = new SessionProgram(this, session, operators);
    this.#programs.add(program);
    return program;
  }

  /** On the CPU and on WASM the tensor keeps a view of `tensor.data`: do not write to it afterwards. */
  async upload(tensor: HostTensor): Promise<DeviceTensor> {
    const { dtype, data, shape } = tensor;
    return this.call('Copying a tensor to the device', [], async () => {
      const host = new this.#library.Tensor(dtype, data, shape);
      return new SessionTensor(this, this.#settings.resident ? await this.#copy(host, 'gpu-buffer') : host);
    });
  }

  async download(tensor: DeviceTensor): Promise<HostTensor> {
    const { dtype } = tensor;
    if (dtype === 'int64') {
      throw new SaltError('INVALID_ARGUMENT', 'int64 tensors stay on the device: cast the output to int32.');
    }
    const source = this.tensorOf(tensor);
    const { data } = await this.call('Copying a tensor from the device', [], () =>
      source.location === 'gpu-buffer' ? this.#copy(source, 'cpu') : Promise.resolve(source),
    );
    const { shape } = tensor;
    if (dtype === 'float32' && data instanceof Float32Array) return { dtype, shape, data };
    if (dtype === 'int32' && data instanceof Int32Array) return { dtype, shape, data };
    if ((dtype === 'bool' || dtype === 'uint8') && data instanceof Uint8Array) return { dtype, shape, data };
    throw new SaltError(
      'GRAPH_INVALID',
      `ONNX Runtime returned ${data.constructor.name} for a ${dtype} tensor.`,
    );
  }

  async dispose(): Promise<void> {
    for (const program of [...this.#programs]) await program.dispose();
    for (const copies of [this.#uploads, this.#downloads]) {
      for (const session of copies.values())
        await this.#library.exclusive(async () => (await session).release());
      copies.clear();
    }
  }

  /** The ONNX Runtime tensor behind a feed. @throws SaltError if it is disposed or of another executor. */
  tensorOf(tensor: DeviceTensor): Tensor {
    if (!(tensor instanceof SessionTensor) || tensor.owner !== this) {
      throw new SaltError('INVALID_ARGUMENT', 'A tensor was used on another device than it was made on.');
    }
    return tensor.tensor;
  }

  /** Calls into ONNX Runtime; what it throws becomes a SaltError. */
  async call<T>(doing: string, operators: readonly string[], task: () => Promise<T>): Promise<T> {
    try {
      return await this.#library.exclusive(task);
    } catch (error) {
      throw toSaltError(error, this.device, doing, operators);
    }
  }

  async release(program: SessionProgram, session: InferenceSession): Promise<void> {
    this.#programs.delete(program);
    await this.#library.exclusive(() => session.release());
  }

  #createSession(
    model: Uint8Array,
    preferredOutputLocation: Readonly<Record<string, Location>>,
    extra: InferenceSession.SessionOptions = {},
  ): Promise<InferenceSession> {
    const { session, resident } = this.#settings;
    return this.#library.InferenceSession.create(model, {
      ...session,
      ...extra,
      ...(resident ? { preferredOutputLocation } : {}),
    });
  }

  async #copy(tensor: Tensor, to: Location): Promise<Tensor> {
    const dtype = dtypeOf(tensor);
    const sessions = to === 'cpu' ? this.#downloads : this.#uploads;
    let session = sessions.get(dtype);
    if (!session) {
      session = this.#createSession(copyModel(dtype), { y: to });
      sessions.set(dtype, session);
      session.catch(() => sessions.delete(dtype));
    }
    const { y } = await (await session).run({ x: tensor });
    if (!y) throw new SaltError('GRAPH_INVALID', 'The copy graph returned nothing.');
    return y;
  }
}

function dtypeOf(tensor: Tensor): DType {
  switch (tensor.type) {
    case 'float32':
    case 'int32':
    case 'int64':
    case 'bool':
    case 'uint8':
      return tensor.type;
    default:
      throw new SaltError(
        'GRAPH_INVALID',
        `The graph has an output of type ${tensor.type}, which we do not use.`,
      );
  }
}
