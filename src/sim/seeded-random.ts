/**
 * Chance that is the same in every run: mulberry32 (Tommy Ettinger, 2017).
 *
 * Invariant: two sources forked from one seed under different names are independent, so what one part draws never
 * changes what another part will.
 */

import type { RandomInteger } from '../../net/clock.ts';

export function seededRandom(seed: number): RandomInteger {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return (below) => Math.floor(next() * below);
}

/** The source of the part called `name`, in the run of `seed`: FNV-1a of the name (Fowler, Noll, Vo), mixed with the seed. */
export function forkRandom(seed: number, name: string): RandomInteger {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return seededRandom((Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ hash) >>> 0);
}
