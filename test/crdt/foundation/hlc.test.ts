/** The hybrid logical clock. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import {
  HLC_BYTES,
  HLC_COUNTER_MAX,
  HLC_WALL_MS_MAX,
  HLC_ZERO,
  compareStamps,
  nextStamp,
  readStamp,
  witnessStamp,
  writeStamp,
  type HlcStamp,
} from '../../../crdt/hlc.ts';
import { InvariantViolation } from '../../../crdt/invariant.ts';
import { holds } from '../../properties.ts';

const SKEW_BOUND_MS = 500;

function stamps(wallMsMax: number, counterMax: number): fc.Arbitrary<HlcStamp> {
  return fc
    .tuple(fc.nat({ max: wallMsMax }), fc.nat({ max: counterMax }))
    .map(([wallMs, counter]) => ({ wallMs, counter }));
}

/** Wall clocks that go forward, stand still and step back. */
const near = stamps(3000, 3);
const anyStamp = stamps(HLC_WALL_MS_MAX, HLC_COUNTER_MAX);
const wall = fc.oneof(fc.nat({ max: 3000 }), fc.double({ min: -1e9, max: 1e15, noNaN: true }));

function bytesOf(stamp: HlcStamp): Uint8Array {
  const writer = new Writer();
  writeStamp(writer, stamp);
  return writer.finish();
}

describe('the hybrid logical clock', () => {
  it('makes strictly increasing stamps, whatever the wall clock does and whatever it receives', () => {
    const event = fc.record({ wallMs: fc.nat({ max: 3000 }), received: fc.option(near, { nil: undefined }) });
    holds(
      fc.property(fc.array(event), (events) => {
        let last = HLC_ZERO;
        for (const { wallMs, received } of events) {
          if (received !== undefined) last = witnessStamp(last, received, wallMs, SKEW_BOUND_MS);
          const next = nextStamp(last, wallMs);
          assert.ok(compareStamps(next, last) > 0);
          last = next;
        }
      }),
    );
  });

  it('makes a stamp in range from any wall clock, and takes the wall time when that is ahead', () => {
    holds(
      fc.property(near, wall, (last, wallMs) => {
        const next = nextStamp(last, wallMs);
        assert.ok(Number.isInteger(next.wallMs) && next.wallMs >= 0 && next.wallMs <= HLC_WALL_MS_MAX);
        assert.ok(next.counter <= HLC_COUNTER_MAX);
        const now = Math.min(Math.floor(wallMs), HLC_WALL_MS_MAX);
        if (now > last.wallMs) assert.deepEqual(next, { wallMs: now, counter: 0 });
      }),
    );
  });

  it('stamps after what it received, unless that lay further ahead than the bound, which moves nothing', () => {
    holds(
      fc.property(near, near, fc.nat({ max: 3000 }), (last, received, wallMs) => {
        const seen = witnessStamp(last, received, wallMs, SKEW_BOUND_MS);
        const beyond = received.wallMs > wallMs + SKEW_BOUND_MS;
        if (beyond) assert.equal(seen, last);
        else assert.ok(compareStamps(nextStamp(seen, wallMs), received) > 0);
        assert.ok(compareStamps(seen, last) >= 0);
      }),
    );
  });

  it('takes a stamp exactly at the bound, and ignores one a millisecond beyond', () => {
    const at = { wallMs: 1000 + SKEW_BOUND_MS, counter: HLC_COUNTER_MAX };
    assert.deepEqual(witnessStamp(HLC_ZERO, at, 1000, SKEW_BOUND_MS), at);
    const beyond = { wallMs: at.wallMs + 1, counter: 0 };
    assert.equal(witnessStamp(HLC_ZERO, beyond, 1000, SKEW_BOUND_MS), HLC_ZERO);
  });

  it('moves on to the next millisecond when the counter is used up', () => {
    const full = { wallMs: 1000, counter: HLC_COUNTER_MAX };
    assert.deepEqual(nextStamp(full, 1000), { wallMs: 1001, counter: 0 });
    assert.deepEqual(nextStamp({ wallMs: 1000, counter: HLC_COUNTER_MAX - 1 }, 0), full);
  });

  it('treats the end of its range as a defect: no clock comes there within the bound', () => {
    const end = { wallMs: HLC_WALL_MS_MAX, counter: HLC_COUNTER_MAX };
    assert.throws(() => nextStamp(end, 0), InvariantViolation);
  });

  it('orders stamps totally, by time and then by counter, as their bytes are ordered', () => {
    holds(
      fc.property(fc.oneof(fc.tuple(near, near), fc.tuple(anyStamp, anyStamp)), ([a, b]) => {
        assert.equal(Math.sign(compareStamps(a, b)), -Math.sign(compareStamps(b, a)) + 0);
        assert.equal(Math.sign(compareStamps(a, b)), Buffer.compare(bytesOf(a), bytesOf(b)));
      }),
    );
  });

  it('is read from the eight bytes it is written as', () => {
    const golden = { wallMs: 0x01_02_03_04_05_06, counter: 0x07_08 };
    assert.deepEqual(bytesOf(golden), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    holds(
      fc.property(anyStamp, (stamp) => {
        const bytes = bytesOf(stamp);
        assert.equal(bytes.length, HLC_BYTES);
        assert.deepEqual(readStamp(new Reader(bytes), 'stamp'), stamp);
      }),
    );
    holds(
      fc.property(fc.uint8Array({ minLength: HLC_BYTES, maxLength: HLC_BYTES }), (bytes) => {
        assert.deepEqual(bytesOf(readStamp(new Reader(bytes), 'stamp')), bytes);
      }),
    );
  });
});
