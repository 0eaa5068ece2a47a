/**
 * Register that keeps the greatest integer it was ever shown: a height, a high-water mark, a progress step.
 *
 * Invariant: the value never falls. The simplest lattice of Almeida et al. 2018 (a chain under maximum).
 */

import { CrdtError } from './crdt-error.ts';
import type { ResettableLattice } from './lattice.ts';

/** An integer in 0…2^53 − 1; 0 before anything was seen. */
export type MaxRegister = number;

export interface MaxRegisterType extends ResettableLattice<MaxRegister> {
  /** The delta that raises the register to `value`, if it is lower. Throws `ERR_OUT_OF_RANGE`. */
  readonly raise: (value: number) => MaxRegister;
}

export const maxRegister: MaxRegisterType = {
  resettable: true,
  bottom: 0,
  raise(value) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new CrdtError('ERR_OUT_OF_RANGE', {
        argument: 'value',
        expected: 'an integer in 0…2^53 − 1',
        found: `${value}`,
      });
    }
    // −0 passes the checks above and is another value than 0 to deep equality.
    return value + 0;
  },
  merge: (a, b) => Math.max(a, b),
  write: (writer, state) => void writer.varint(state),
  read: (reader, field) => reader.varint(field),
};
