import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CHUNKS_ASKED_MAX, CHUNKS_ASKED_MIN, ChunkWindow } from '../../../net/witness/chunk-window.ts';
import { holds } from '../../properties.ts';

/** Answers of a source that serves one chunk in `serviceMs`, over a way of `roundTripMs`; `extraMs` is added to each by its turn. */
function after(answers: number, roundTripMs: number, serviceMs: number, extraMs: (turn: number) => number): number[] {
  const window = new ChunkWindow();
  const sizes: number[] = [];
  for (let turn = 0; turn < answers; turn++) {
    window.arrived(Math.max(roundTripMs + serviceMs, window.size * serviceMs) + extraMs(turn));
    sizes.push(window.size);
  }
  return sizes;
}

const none = (): number => 0;

describe('the window of chunks that a source is asked for', () => {
  it('opens to its end within six round trips where the way is long', () => {
    const sizes = after(40, 100, 3, none);
    assert(sizes.indexOf(CHUNKS_ASKED_MAX) < CHUNKS_ASKED_MIN + 2 * CHUNKS_ASKED_MIN, sizes.join(' '));
    assert.equal(sizes.at(-1), CHUNKS_ASKED_MAX);
  });

  it('leaves at most two chunks waiting where the way is short, however long it goes on', () => {
    for (const serviceMs of [0.5, 3, 40]) {
      const sizes = after(1_000, 0.2, serviceMs, none);
      assert(
        sizes.slice(20).every((size) => size <= 3),
        sizes.slice(20).join(' '),
      );
    }
  });

  it('is not closed by pauses', () => {
    const sizes = after(1_000, 100, 3, (turn) => (turn % 3 === 0 ? 80 : 0));
    assert.equal(sizes.at(-1), CHUNKS_ASKED_MAX);
  });

  it('closes when the way fills up, and opens again when it is free', () => {
    const window = new ChunkWindow();
    for (let turn = 0; turn < 40; turn++) window.arrived(103);
    assert.equal(window.size, CHUNKS_ASKED_MAX);
    for (let turn = 0; turn < 100; turn++) window.arrived(400);
    assert.equal(window.size, CHUNKS_ASKED_MIN);
    for (let turn = 0; turn < 100; turn++) window.arrived(103);
    assert.equal(window.size, CHUNKS_ASKED_MAX);
  });

  it('keeps its bounds whatever the times', () => {
    holds(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (times) => {
        const window = new ChunkWindow();
        for (const tookMs of times) {
          window.arrived(tookMs);
          assert(window.size >= CHUNKS_ASKED_MIN && window.size <= CHUNKS_ASKED_MAX);
        }
      }),
    );
  });
});
