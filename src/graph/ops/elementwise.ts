import type { Value } from '../graph.ts';
import * as p from '../primitives/elementwise.ts';
import type { Operand } from '../primitives/elementwise.ts';
import { reduceTo } from '../primitives/reduce.ts';

export { equal } from '../primitives/elementwise.ts';

type BinaryBackward = (dy: Value, a: Value, b: Value, y: Value) => Value;

/** A broadcasting operator and the derivatives by its two operands, before summing over broadcast axes. */
function binary(op: (a: Value, b: Operand) => Value, backA: BinaryBackward, backB: BinaryBackward) {
  return (a: Value, b: Operand): Value => {
    const other = p.lift(a.graph, b);
    const y = op(a, other);
    a.graph.record([a, other], [y], ([dy], [needA, needB]) => [
      dy && needA ? reduceTo(backA(dy, a, other, y), a.shape) : undefined,
      dy && needB ? reduceTo(backB(dy, a, other, y), other.shape) : undefined,
    ]);
    return y;
  };
}

// Broadcasting operators, as NumPy's; the second operand may be a plain number.
export const add = binary(
  p.add,
  (dy) => dy,
  (dy) => dy,
);
export const sub = binary(
  p.sub,
  (dy) => dy,
  (dy) => p.neg(dy),
);
export const mul = binary(
  p.mul,
  (dy, _, b) => p.mul(dy, b),
  (dy, a) => p.mul(dy, a),
);
export const div = binary(
  p.div,
  (dy, _, b) => p.div(dy, b),
  (dy, _, b, y) => p.neg(p.div(p.mul(dy, y), b)),
);

/** Where `condition` (bool) holds, `a`, elsewhere `b`. */
export function where(condition: Value, a: Value, b: Operand): Value {
  const other = p.lift(a.graph, b);
  const y = p.where(condition, a, other);
  a.graph.record([a, other], [y], ([dy], [needA, needB]) => [
    dy && needA ? reduceTo(p.where(condition, dy, 0), a.shape) : undefined,
    dy && needB ? reduceTo(p.where(condition, 0, dy), other.shape) : undefined,
  ]);
  return y;
}

/** A unary operator whose derivative is a function of its input x and output y. */
function unary(op: (x: Value) => Value, backward: (dy: Value, x: Value, y: Value) => Value) {
  return (x: Value): Value => {
    const y = op(x);
    x.graph.record([x], [y], ([dy]) => [dy && backward(dy, x, y)]);
    return y;
  };
}

const oneMinus = (x: Value): Value => p.sub(x.graph.scalar(1), x);

export const exp = unary(p.exp, (dy, _, y) => p.mul(dy, y));
export const log = unary(p.log, (dy, x) => p.div(dy, x));
export const sqrt = unary(p.sqrt, (dy, _, y) => p.div(p.mul(dy, 0.5), y));
export const sigmoid = unary(p.sigmoid, (dy, _, y) => p.mul(dy, p.mul(y, oneMinus(y))));
/** log(1 + exp(x)), stable for large |x|. */
export const softplus = unary(p.softplus, (dy, x) => p.mul(dy, p.sigmoid(x)));
/** The derivative at 0 is 0, as in PyTorch. */
export const relu = unary(p.relu, (dy, _, y) => p.mul(dy, p.isPositive(y)));

/** The exact GELU, x Phi(x), with Phi the normal distribution function (not the tanh approximation). */
export const gelu = unary(p.gelu, (dy, x) => {
  const density = p.mul(p.exp(p.mul(p.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  const distribution = p.add(p.mul(p.erf(p.mul(x, Math.SQRT1_2)), 0.5), 0.5);
  return p.mul(dy, p.add(distribution, p.mul(x, density)));
});

/** x held between two numbers. The derivative is 1 at both of them, as in PyTorch. */
export function clip(x: Value, low: number, high: number): Value {
  const y = p.clip(x, low, high);
  x.graph.record([x], [y], ([dy]) => {
    if (!dy) return [undefined];
    const inside = p.mul(p.isNotNegative(p.sub(x, low)), p.isNotNegative(p.neg(p.sub(x, high))));
    return [p.mul(dy, inside)];
  });
  return y;
}

/** x to a constant power. At x = 0 the derivative is finite only for exponents of at least 1. */
export function pow(x: Value, exponent: number): Value {
  return unary(
    (base) => p.pow(base, exponent),
    (dy, base) => p.mul(dy, p.mul(p.pow(base, exponent - 1), exponent)),
  )(x);
}
