/** What a link does to bytes, as decisions: how faults add up, and when a chunk comes out. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { enter, IDLE_LINE, type Line } from '../../src/chaos/proxy/line.ts';
import { CLEAR_LINK, combine, type LinkShape } from '../../src/chaos/proxy/shape.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { holds } from '../properties.ts';

/** Of sums of floating point numbers. */
const ROUNDING_MS = 1e-6;

const shapes: fc.Arbitrary<LinkShape> = fc.record({
  isBlocked: fc.boolean(),
  latencyMs: fc.nat(1_000),
  jitterMs: fc.nat(100),
  bytesPerSecond: fc.oneof(fc.constant(Infinity), fc.integer({ min: 100, max: 1_000_000 })),
  stallPermille: fc.nat(1_000),
  stallMs: fc.nat(500),
});

describe('a shaped link', () => {
  it('is the worst of its faults, in whatever order they came', () => {
    holds(
      fc.property(fc.array(shapes), (faults) => {
        assert.deepEqual(combine(faults), combine(faults.toReversed()));
      }),
    );
    assert.deepEqual(combine([]), CLEAR_LINK);
    const slow = { ...CLEAR_LINK, latencyMs: 300, bytesPerSecond: 1_000 };
    assert.deepEqual(combine([slow, { ...CLEAR_LINK, isBlocked: true, latencyMs: 10 }]), { ...slow, isBlocked: true });
  });

  it('delivers in the order of sending, and no sooner than latency and bandwidth allow', () => {
    holds(
      fc.property(shapes, fc.array(fc.tuple(fc.nat(10_000), fc.nat(50))), fc.nat(), (shape, sends, seed) => {
        const random = seededRandom(seed);
        let line: Line = IDLE_LINE;
        let nowMs = 0;
        for (const [sizeBytes, laterMs] of sends) {
          nowMs += laterMs;
          const next = enter(line, sizeBytes, shape, nowMs, random);
          assert.ok(next.arrivesAtMs >= line.arrivesAtMs);
          const leastMs = shape.latencyMs + (sizeBytes / shape.bytesPerSecond) * 1_000;
          assert.ok(next.arrivesAtMs - nowMs >= leastMs - ROUNDING_MS);
          line = next;
        }
      }),
    );
  });

  it('sends one after the other at its bandwidth', () => {
    const shape = { ...CLEAR_LINK, bytesPerSecond: 1_000, latencyMs: 300 };
    const first = enter(IDLE_LINE, 500, shape, 0, seededRandom(1));
    assert.equal(first.arrivesAtMs, 800);
    assert.equal(enter(first, 500, shape, 100, seededRandom(1)).arrivesAtMs, 1_300);
  });
});
