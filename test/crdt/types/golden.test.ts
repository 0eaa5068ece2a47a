/** The encoding of every type, byte for byte: states that were written once must be read for ever. */

import assert from 'node:assert/strict';
import { textElement } from '../../../crdt/types/element.ts';
import { boundedCounter } from '../../../crdt/types/bounded-counter.ts';
import { gCounter } from '../../../crdt/types/g-counter.ts';
import { gSet } from '../../../crdt/types/g-set.ts';
import { decode, encode, type Lattice } from '../../../crdt/types/lattice.ts';
import { lwwRegister } from '../../../crdt/types/lww-register.ts';
import { maxRegister } from '../../../crdt/types/max-register.ts';
import { orMap } from '../../../crdt/types/or-map.ts';
import { orSet } from '../../../crdt/types/or-set.ts';
import { pnCounter } from '../../../crdt/types/pn-counter.ts';
import { resettable } from '../../../crdt/types/resettable.ts';
import { nodeAt } from './replicas.ts';

const [A, B] = [nodeAt(0), nodeAt(1)];
const set = orSet(textElement);
const tally = resettable(gCounter);
const tallies = orMap(textElement, tally);

/** `parts` in hex, with spaces for the reader. */
function assertGolden<S>(lattice: Lattice<S>, state: S, parts: string): void {
  const hex = parts.replaceAll(' ', '');
  assert.equal(Buffer.from(encode(lattice, state)).toString('hex'), hex);
  assert.deepEqual(decode(lattice, Uint8Array.from(Buffer.from(hex, 'hex'))), state);
}

function merged<S>(lattice: Lattice<S>, ...deltas: S[]): S {
  return deltas.reduce(lattice.merge, lattice.bottom);
}

describe('the encoding', () => {
  it('of counters is a count, then node and total in order of nodes', () => {
    const counted = merged(
      gCounter,
      gCounter.increment(gCounter.bottom, A, 300),
      gCounter.increment(gCounter.bottom, B, 1),
    );
    assertGolden(gCounter, counted, `02 ${B} 01 ${A} ac02`);
    assertGolden(pnCounter, pnCounter.decrement(pnCounter.bottom, A, 2), `00 01 ${A} 02`);
  });

  it('of the bounded counter is a row for each node: granted, spent, sent', () => {
    const granted = boundedCounter.increment(boundedCounter.bottom, A, 5);
    const sent = merged(boundedCounter, granted, boundedCounter.transfer(granted, A, B, 2));
    const spent = merged(boundedCounter, sent, boundedCounter.decrement(sent, B, 1));
    assertGolden(boundedCounter, spent, `02 ${B} 00 01 00 ${A} 05 00 01 ${B} 02`);
  });

  it('of registers is the integer, or presence, stamp, node and value', () => {
    assertGolden(maxRegister, 300, 'ac02');
    const register = lwwRegister(textElement);
    assertGolden(register, undefined, '00');
    assertGolden(register, register.assign({ wallMs: 1, counter: 2 }, A, 'é'), `01 000000000001 0002 ${A} 02c3a9`);
  });

  it('of the grow-only set is a count and the elements in order', () => {
    const grown = gSet(textElement);
    assertGolden(grown, grown.add('b', 'a', ''), '03 00 0161 0162');
  });

  it('of the OR-set is the context, then each element with its dots', () => {
    const first = set.add(set.bottom, A, 'x');
    const second = set.add(first, A, 'y');
    const other = set.add(set.bottom, B, 'x');
    assertGolden(set, merged(set, first, second, other), `02 ${B} 01 00 ${A} 02 00 02 0178 02 0001 0101 0179 01 0102`);
    assertGolden(set, merged(set, first, set.remove(first, 'x')), `01 ${A} 01 00 00`);
    // The second dot of a node whose first has not arrived waits in the cloud.
    assertGolden(set, second, `01 ${A} 00 01 00 01 0179 01 0002`);
  });

  it('of the OR-map is the context, then each key with the dots and values under it', () => {
    const counted = tallies.update(tallies.bottom, 'k', (value) =>
      tally.update(value, A, (count) => gCounter.increment(count, A, 7)),
    );
    assertGolden(tallies, counted, `01 ${A} 01 00 01 016b 01 0001 01 ${A} 07`);
    assertGolden(
      tally,
      tally.update(tally.bottom, A, (count) => count),
      `01 ${A} 01 00 01 0001 00`,
    );
  });
});
