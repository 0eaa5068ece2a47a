/**
 * Assertions of what must always hold, checked in production.
 *
 * A violated invariant is a defect of driftlock, never bad input: bad input is an expected failure and has a typed
 * error (`errors.ts`). The process should not go on with the state that broke it.
 */

export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** Throws {@link InvariantViolation} when `condition` is false. `statement` says what should have held. */
export function invariant(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new InvariantViolation(`invariant violated: ${statement}`);
}
