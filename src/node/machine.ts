/** The machine's clocks and randomness: the one place where the project asks for them. */

import { randomInt } from 'node:crypto';
import type { Clock, RandomInteger } from '../../net/clock.ts';

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const TIMER_DELAY_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), TIMER_DELAY_MS_MAX));
    return () => clearTimeout(timer);
  },
};

/** `below`: 1…2^48 − 1. */
export const randomInteger: RandomInteger = (below) => randomInt(below);

/** Resolves in the next turn of the event loop, when every promise chain that waits for nothing real has ended. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
