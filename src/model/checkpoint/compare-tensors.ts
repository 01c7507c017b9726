import { sizeOf, type Shape, type TensorSpec } from '../../graph/tensor.ts';
import { SaltError } from '../../protocol/errors.ts';
import { isGlobalBlock, type SamConfig } from '../sam-config.ts';
import type { TensorRole } from './sam-tensors.ts';

/** Tensors beside SAM's own need no role. */
export type ExpectedTensor = TensorSpec & { readonly role?: TensorRole };

export interface Misshapen {
  readonly name: string;
  readonly shape: Shape;
  readonly expected: Shape;
}

/** Names listed in the message for each kind of fault; the error's details hold them all. */
const LISTED = 8;

/**
 * Demands that `shapes` hold exactly the expected tensors. Position tables that depend on the input's size may have
 * any size: the model resizes them.
 * @throws SaltError `CHECKPOINT_MISMATCH` with every fault at once: `missing` and `surplus` names, and `misshapen`
 */
export function demandTensors(
  config: SamConfig,
  expected: readonly ExpectedTensor[],
  shapes: ReadonlyMap<string, Shape>,
): void {
  const known = new Set(expected.map(({ name }) => name));
  const missing = expected.map(({ name }) => name).filter((name) => !shapes.has(name));
  const surplus = [...shapes.keys()].filter((name) => !known.has(name));
  const misshapen: Misshapen[] = [];
  for (const spec of expected) {
    const shape = shapes.get(spec.name);
    if (shape && !fits(config, spec, shape)) misshapen.push({ name: spec.name, shape, expected: spec.shape });
  }
  if (missing.length + surplus.length + misshapen.length === 0) return;
  const faults = [
    ...describe('missing', missing),
    ...describe('surplus', surplus),
    ...describe('misshapen', misshapen.map(explain)),
  ];
  throw new SaltError(
    'CHECKPOINT_MISMATCH',
    `The checkpoint does not fit a SAM of ${config.depth} blocks of width ${config.embedDim}: ${faults.join('; ')}.`,
    { missing, surplus, misshapen },
  );
}

function fits(config: SamConfig, { name, shape: expected, role }: ExpectedTensor, shape: Shape): boolean {
  const equal = shape.length === expected.length && shape.every((extent, axis) => extent === expected[axis]);
  if (equal) return true;
  if (shape.length !== expected.length || sizeOf(shape) === 0) return false;
  if (role === 'positions') return shape[0] === expected[0] && shape[3] === expected[3];
  if (role !== 'relativePositions') return false;
  const block = Number(/blocks\.(\d+)\./.exec(name)?.[1]);
  return isGlobalBlock(config, block) && (shape[0] ?? 0) % 2 === 1 && shape[1] === expected[1];
}

function describe(kind: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const rest = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return [`${names.length} ${kind} (${names.slice(0, LISTED).join(', ')}${rest})`];
}

function explain({ name, shape, expected }: Misshapen): string {
  return `${name} is [${shape.join(', ')}], expected [${expected.join(', ')}]`;
}
