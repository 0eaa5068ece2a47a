/** The machine's clock and randomness, for tests in which the real transport runs. */

import { randomInt } from 'node:crypto';
import type { Clock, RandomInteger } from '../../../net/clock.ts';

export const machineClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

export const machineRandom: RandomInteger = (below) => randomInt(below);
