import { SaltError } from '../../protocol/errors.ts';
import type { Graph, Value } from '../graph.ts';
import type { Shape } from '../tensor.ts';

/** NumPy's broadcasting rule. @throws SaltError `GRAPH_INVALID` */
export function broadcastShape(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new SaltError(
        'GRAPH_INVALID',
        `Shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast.`,
      );
    }
    return x === 1 ? y : x;
  });
}

/** A value, or a number that becomes a shared scalar constant. */
export type Operand = Value | number;

export function lift(graph: Graph, operand: Operand): Value {
  return typeof operand === 'number' ? graph.scalar(operand) : operand;
}

function binary(op: string, a: Value, b: Operand): Value {
  const other = lift(a.graph, b);
  return a.graph.emit(op, [a, other], { shape: broadcastShape(a.shape, other.shape) });
}

export const add = (a: Value, b: Operand): Value => binary('Add', a, b);
export const sub = (a: Value, b: Operand): Value => binary('Sub', a, b);
export const mul = (a: Value, b: Operand): Value => binary('Mul', a, b);
export const div = (a: Value, b: Operand): Value => binary('Div', a, b);
export const pow = (a: Value, exponent: number): Value => binary('Pow', a, exponent);

function unary(op: string, x: Value): Value {
  return x.graph.emit(op, [x], { shape: x.shape });
}

export const neg = (x: Value): Value => unary('Neg', x);
export const exp = (x: Value): Value => unary('Exp', x);
export const log = (x: Value): Value => unary('Log', x);
export const sqrt = (x: Value): Value => unary('Sqrt', x);
export const sigmoid = (x: Value): Value => unary('Sigmoid', x);
export const softplus = (x: Value): Value => unary('Softplus', x);
export const relu = (x: Value): Value => unary('Relu', x);
export const erf = (x: Value): Value => unary('Erf', x);
export const clip = (x: Value, low: number, high: number): Value =>
  x.graph.emit('Clip', [x, x.graph.scalar(low), x.graph.scalar(high)], { shape: x.shape });
export const gelu = (x: Value): Value => unary('Gelu', x);

function compare(op: string, a: Value, b: Operand): Value {
  const other = lift(a.graph, b);
  return a.graph.emit(op, [a, other], { shape: broadcastShape(a.shape, other.shape), dtype: 'bool' });
}

/** Comparisons give bool values. */
export const greater = (a: Value, b: Operand): Value => compare('Greater', a, b);
export const equal = (a: Value, b: Operand): Value => compare('Equal', a, b);

/** Where `condition` (bool) holds, `a`, elsewhere `b`. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const [x, y] = [lift(condition.graph, a), lift(condition.graph, b)];
  const shape = broadcastShape(condition.shape, broadcastShape(x.shape, y.shape));
  return condition.graph.emit('Where', [condition, x, y], { shape });
}

/** The steepest slope that float32 holds: HardSigmoid becomes a step in one pass over memory. */
const STEEP = 3e38;

function step(x: Value, atZero: 0 | 1): Value {
  const attributes = { alpha: { float: STEEP }, beta: { float: atZero } };
  return x.graph.emit('HardSigmoid', [x], { shape: x.shape }, attributes);
}

/** 1 where x > 0, else 0, as floats. Numbers below 3e-39, which are denormal, count as zero. */
export const isPositive = (x: Value): Value => step(x, 0);
/** 1 where x >= 0, else 0, as floats; the same holds for denormal numbers. */
export const isNotNegative = (x: Value): Value => step(x, 1);
