/** Chance that is the same in every run: mulberry32 (Tommy Ettinger, 2017). */

import type { RandomInteger } from '../net/clock.ts';

export function seededRandom(seed: number): RandomInteger {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
