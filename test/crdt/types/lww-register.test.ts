/** The last-write-wins register. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../../crdt/errors.ts';
import { compareStamps, type HlcStamp } from '../../../crdt/hlc.ts';
import { textElement } from '../../../crdt/types/element.ts';
import { decode, encode } from '../../../crdt/types/lattice.ts';
import { lwwRegister } from '../../../crdt/types/lww-register.ts';
import { holds } from '../../properties.ts';
import { describeLaws } from './laws.ts';
import { nodeAt } from './replicas.ts';

const register = lwwRegister(textElement);
// Few stamps, so that equal stamps on several nodes, and on one node, are common.
const stamp = fc
  .tuple(fc.nat({ max: 2 }), fc.nat({ max: 1 }))
  .map(([wallMs, counter]): HlcStamp => ({ wallMs, counter }));
const write = fc.record({ stamp, value: fc.constantFrom('', 'a', 'b', 'é', '😀') });

describeLaws({
  title: 'the LWW-register',
  lattice: register,
  operation: write,
  apply: (_state, node, operation) => register.assign(operation.stamp, node, operation.value),
});

describe('the LWW-register', () => {
  it('keeps the write with the latest stamp', () => {
    holds(
      fc.property(fc.array(fc.tuple(write, fc.nat({ max: 2 })), { minLength: 1 }), (writes) => {
        const state = writes
          .map(([{ stamp: at, value }, node]) => register.assign(at, nodeAt(node), value))
          .reduce(register.merge, register.bottom);
        assert.ok(state !== undefined);
        for (const [{ stamp: at }] of writes) assert.ok(compareStamps(at, state.stamp) <= 0);
      }),
    );
  });

  it('decides equal stamps by node, and writes of one node under one stamp by value', () => {
    const at = { wallMs: 5, counter: 0 };
    const [low, high] = [nodeAt(1), nodeAt(0)];
    assert.ok(low < high);
    const winner = register.merge(register.assign(at, high, 'a'), register.assign(at, low, 'z'));
    assert.equal(winner?.node, high);
    assert.equal(register.merge(register.assign(at, low, 'a'), register.assign(at, low, 'b'))?.value, 'b');
  });

  it('is undefined before the first write, and refuses any other mark of presence', () => {
    assert.equal(decode(register, Uint8Array.of(0)), undefined);
    assert.deepEqual(encode(register, register.bottom), Uint8Array.of(0));
    assert.throws(
      () => decode(register, Uint8Array.of(2)),
      (error) => isFailure(error, 'ERR_BAD_ENUM'),
    );
  });
});
