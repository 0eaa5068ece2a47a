/** When peers are dialled again. */

import { deepEqual, equal } from 'node:assert/strict';
import type { NodeId } from '../../../crdt/ids.ts';
import { identityFromSeed } from '../../../net/identity/identity.ts';
import { RedialLoop } from '../../../net/libp2p/redial-loop.ts';
import {
  attemptAfterLoss,
  LINK_STABLE_MS,
  nextDialDelayMs,
  REDIAL_DELAY_MS_MAX,
  REDIAL_DELAY_MS_MIN,
} from '../../../net/libp2p/redial.ts';
import { nextTurn } from './until.ts';
import { VirtualClock } from './virtual-clock.ts';

const { node } = identityFromSeed(new Uint8Array(32).fill(1));
const lowest = () => 0;
const highest = (below: number) => below - 1;

describe('the delay before a peer is dialled again', () => {
  const table: [attempt: number, lowestMs: number, highestMs: number][] = [
    [0, 100, 200],
    [1, 200, 400],
    [2, 400, 800],
    [3, 800, 1600],
    [4, 1600, 3200],
    [5, 2500, 5000],
    [6, 2500, 5000],
    [5000, 2500, 5000],
  ];
  for (const [attempt, lowestMs, highestMs] of table) {
    it(`is ${lowestMs} to ${highestMs} ms after ${attempt} attempts in vain`, () => {
      equal(nextDialDelayMs(attempt, lowest), lowestMs);
      equal(nextDialDelayMs(attempt, highest), highestMs);
    });
  }

  it('starts over after a link that lasted, and not after one that was closed at once', () => {
    equal(attemptAfterLoss(7, LINK_STABLE_MS), 0);
    equal(attemptAfterLoss(7, LINK_STABLE_MS - 1), 7);
  });
});

describe('the redial loop', () => {
  it('dials at once and then for ever, at growing distances up to the maximum', async () => {
    const { loop, clock, dialledAtMs } = loopWith(() => Promise.reject(new Error('down')));
    loop.keep(node, false);
    for (let count = 0; count < 100; count++) await step(clock);
    deepEqual(dialledAtMs.slice(0, 7), [0, 200, 600, 1400, 3000, 6200, 11_200]);
    equal(dialledAtMs.length, 101);
    equal((dialledAtMs.at(-1) ?? 0) - (dialledAtMs.at(-2) ?? 0), REDIAL_DELAY_MS_MAX);
  });

  it('does not dial a linked peer, and dials it soon after a link that lasted is lost', async () => {
    const { loop, clock, dialledAtMs } = loopWith(() => Promise.resolve());
    loop.keep(node, false);
    loop.linkUp(node);
    await step(clock);
    equal(clock.timers, 0);
    clock.advance(LINK_STABLE_MS);
    loop.linkDown(node);
    equal(clock.nextInMs, REDIAL_DELAY_MS_MIN);
    await step(clock);
    deepEqual(dialledAtMs, [0, LINK_STABLE_MS + REDIAL_DELAY_MS_MIN]);
  });

  it('backs off from a peer whose links are closed as soon as they stand', async () => {
    const { loop, clock, dialledAtMs } = loopWith(() => Promise.resolve());
    loop.keep(node, false);
    for (let count = 0; count < 6; count++) {
      await nextTurn();
      loop.linkUp(node);
      loop.linkDown(node);
      await step(clock);
    }
    const distancesMs = dialledAtMs.slice(1).map((atMs, index) => atMs - (dialledAtMs[index] ?? 0));
    equal(distancesMs.at(-1), REDIAL_DELAY_MS_MAX);
  });

  it('has at most one dial on its way, and waits for it', async () => {
    const { loop, clock, dialledAtMs } = loopWith(() => new Promise(() => {}));
    loop.keep(node, false);
    loop.keep(node, false);
    loop.linkUp(node);
    loop.linkDown(node);
    await step(clock);
    deepEqual([dialledAtMs, clock.timers], [[0], 0]);
  });

  it('leaves no timer behind when it stops, and starts nothing after', async () => {
    const { loop, clock, dialledAtMs } = loopWith(() => Promise.reject(new Error('down')));
    loop.keep(node, false);
    await nextTurn();
    loop.stop();
    loop.keep(node, false);
    await step(clock);
    deepEqual([dialledAtMs, clock.timers], [[0], 0]);
  });

  it('dials a peer that was linked when it came to be kept only after the link is lost', async () => {
    const { loop, clock, dialledAtMs } = loopWith(() => Promise.resolve());
    loop.keep(node, true);
    await step(clock);
    deepEqual(dialledAtMs, []);
    loop.linkDown(node);
    await step(clock);
    equal(dialledAtMs.length, 1);
  });
});

/** A loop over a virtual clock, with the moments of its dials. */
function loopWith(dial: (node: NodeId) => Promise<void>): {
  loop: RedialLoop;
  clock: VirtualClock;
  dialledAtMs: number[];
} {
  const clock = new VirtualClock();
  const dialledAtMs: number[] = [];
  const loop = new RedialLoop({
    clock,
    random: highest,
    dial: (peer) => {
      dialledAtMs.push(clock.monotonicMs());
      return dial(peer);
    },
  });
  return { loop, clock, dialledAtMs };
}

async function step(clock: VirtualClock): Promise<void> {
  await nextTurn();
  clock.step();
  await nextTurn();
}
