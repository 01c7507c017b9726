import { SaltError } from '../protocol/errors.ts';
import { sizeOf } from './tensor.ts';
import type { DType, Shape } from './tensor.ts';

/** An edge of the graph. Its shape is known when it is made: our graphs have no symbolic dimensions. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

/** One ONNX operator of the default domain. An empty input name is an absent optional input. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export type InitializerData = Float32Array | Int32Array | BigInt64Array;

export interface Initializer {
  readonly value: Value;
  readonly data: InitializerData;
}

/**
 * How gradients flow back through an operation: given the gradient of each output (undefined where nothing
 * depends on it), returns that of each input. `needed[i]` says whether input i's gradient is wanted, so that
 * a frozen weight costs nothing.
 */
export type Vjp = (
  outputGradients: readonly (Value | undefined)[],
  needed: readonly boolean[],
) => readonly (Value | undefined)[];

export interface TapeEntry {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly vjp: Vjp;
}

interface OutputSpec {
  readonly shape: Shape;
  readonly dtype?: DType;
}

/**
 * A static-shape ONNX graph under construction, with a tape beside it for reverse-mode differentiation.
 * The graph knows operators and shapes only; models are functions that add nodes to it (see `ops/`).
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly initializers: Initializer[] = [];
  readonly outputs = new Map<string, Value>();
  readonly tape: TapeEntry[] = [];
  readonly #values = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #inputNames = new Set<string>();
  #recording = true;
  #count = 0;

  /** Declares a graph input. @throws SaltError `GRAPH_INVALID` if the name is taken. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    if (this.#inputNames.has(name)) {
      throw new SaltError('GRAPH_INVALID', `The graph already has an input named "${name}".`);
    }
    this.#inputNames.add(name);
    const value = this.#value(shape, dtype, name);
    this.inputs.push(value);
    return value;
  }

  /** Names a value as a graph output. Outputs keep this name whatever the value is called inside. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name)) {
      throw new SaltError('GRAPH_INVALID', `The graph already has an output named "${name}".`);
    }
    this.outputs.set(name, value);
  }

  /** A float constant stored in the model. */
  constant(data: Float32Array, shape: Shape): Value {
    if (data.length !== sizeOf(shape)) {
      throw new SaltError(
        'GRAPH_INVALID',
        `A constant of shape [${shape.join(', ')}] got ${data.length} numbers.`,
      );
    }
    return this.#initializer(data, shape, 'float32');
  }

  /** A float scalar; equal scalars share one initializer. */
  scalar(x: number): Value {
    return this.#cached(`f${x}`, () => this.#initializer(Float32Array.of(x), [], 'float32'));
  }

  /** An int64 vector, for operators that take shapes, axes or indices as inputs; equal vectors are shared. */
  int64(values: readonly number[]): Value {
    return this.#cached(`i${values.join()}`, () =>
      this.#initializer(BigInt64Array.from(values, BigInt), [values.length], 'int64'),
    );
  }

  /** Adds one operator with one output and no derivative. Operators in `ops/` add the derivative themselves. */
  emit(
    op: string,
    inputs: readonly (Value | undefined)[],
    output: OutputSpec,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    return this.emitMany(op, inputs, [output], attributes)[0] as Value;
  }

  emitMany(
    op: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly OutputSpec[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    for (const input of inputs) {
      if (input && input.graph !== this) {
        throw new SaltError('GRAPH_INVALID', `${op} got the value "${input.name}" of another graph.`);
      }
    }
    const values = outputs.map(({ shape, dtype }) => this.#value(shape, dtype ?? 'float32'));
    this.nodes.push({
      op,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: values.map((value) => value.name),
      attributes,
    });
    return values;
  }

  /** Remembers how to differentiate what was just emitted. */
  record(inputs: readonly Value[], outputs: readonly Value[], vjp: Vjp): void {
    if (this.#recording) this.tape.push({ inputs, outputs, vjp });
  }

  /**
   * Runs `build` without recording derivatives. For composites that bring a derivative of their own
   * (record it afterwards), and for the backward pass itself.
   */
  silently<T>(build: () => T): T {
    const before = this.#recording;
    this.#recording = false;
    try {
      return build();
    } finally {
      this.#recording = before;
    }
  }

  valueNamed(name: string): Value | undefined {
    return this.#values.get(name);
  }

  #value(shape: Shape, dtype: DType, name?: string): Value {
    const value = { graph: this, name: name ?? `%${this.#count++}`, shape, dtype };
    this.#values.set(value.name, value);
    return value;
  }

  #initializer(data: InitializerData, shape: Shape, dtype: DType): Value {
    const value = this.#value(shape, dtype);
    this.initializers.push({ value, data });
    return value;
  }

  #cached(key: string, make: () => Value): Value {
    let value = this.#constants.get(key);
    if (!value) {
      value = make();
      this.#constants.set(key, value);
    }
    return value;
  }
}
