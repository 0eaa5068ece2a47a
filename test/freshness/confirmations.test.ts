import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ageOf, BLOCKS_CONFIRMED_MAX, Confirmations } from '../../src/freshness/confirmations.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';
import { KEY_OF } from '../evidence/records.ts';
import { holds } from '../properties.ts';

const [A, B] = [nodeOf(1), nodeOf(2)];

describe('how old what is known of a block can be', () => {
  it('counts from the oldest of the latest confirmations of all others', () => {
    const confirmations = new Confirmations();
    confirmations.note(KEY_OF(1), A, 100);
    assert.equal(confirmations.confirmedAtMs(KEY_OF(1), [A, B]), undefined, 'B was never asked');
    confirmations.note(KEY_OF(1), B, 300);
    assert.equal(confirmations.confirmedAtMs(KEY_OF(1), [A, B]), 100);
    confirmations.note(KEY_OF(1), A, 400);
    confirmations.note(KEY_OF(1), A, 200);
    assert.equal(confirmations.confirmedAtMs(KEY_OF(1), [A, B]), 300, 'an answer that came late takes nothing back');
    assert.equal(confirmations.confirmedAtMs(KEY_OF(2), [A, B]), undefined);
    assert.deepEqual(confirmations.confirmedSince(KEY_OF(1), [A, B], 350), [A]);
  });

  it('is nothing for a node alone in its cluster', () => {
    assert.equal(ageOf(new Confirmations().confirmedAtMs(KEY_OF(1), []) ?? 0, 5_000, 0), 0);
  });

  it('keeps as many blocks as it may, and with one more forgets the one asked about longest ago', () => {
    const confirmations = new Confirmations();
    for (let number = 0; number < BLOCKS_CONFIRMED_MAX; number++) confirmations.note(KEY_OF(number), A, number);
    confirmations.note(KEY_OF(0), A, 7_000);
    assert.equal(confirmations.confirmedAtMs(KEY_OF(1), [A]), 1);
    confirmations.note(KEY_OF(BLOCKS_CONFIRMED_MAX), A, 8_000);
    assert.equal(confirmations.confirmedAtMs(KEY_OF(1), [A]), undefined);
    assert.equal(confirmations.confirmedAtMs(KEY_OF(0), [A]), 7_000);
  });

  it('is never below the true time, on a clock that runs slow or fast within its bound', () => {
    holds(
      fc.property(
        fc.double({ min: 0, max: 0.1, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 1e9 }),
        (driftRate, share, trueMs) => {
          const shownMs = trueMs * (1 + driftRate * share);
          // A float of 15 digits can be off by one in its last.
          assert(ageOf(0, shownMs, driftRate) >= trueMs - 1e-6);
        },
      ),
    );
  });
});
