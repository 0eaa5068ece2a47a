/** The machine's clocks, randomness and disk: the one place where the project asks for them, and where chaos puts its own. */

import { randomInt } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { invariant } from '../../crdt/invariant.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { NodeDisk } from '../disk/node-disk.ts';
import { WarmReads } from '../disk/warm-reads.ts';
import { injectedFaults } from './injected-faults.ts';

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const TIMER_DELAY_MS_MAX = 2 ** 31 - 1;

const realClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), TIMER_DELAY_MS_MAX));
    return () => clearTimeout(timer);
  },
};

const injected = injectedFaults(realClock, process.env);

export const systemClock: Clock = injected?.clock ?? realClock;

export const systemDisk: NodeDisk = injected?.disk ?? new NodeDisk(new WarmReads(() => performance.now()));

/** `below`: 1…2^48 − 1. */
export const randomInteger: RandomInteger = (below) => randomInt(below);

/** V8 hands `gc` to contexts made while the flag is set. It stays set: it is of the whole process, and another thread may be about to make its context. */
function exposedCollector(): (options: { readonly type: 'minor'; readonly execution: 'sync' }) => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  invariant(typeof collect === 'function', 'V8 exposes its collector');
  return (options) => void Reflect.apply(collect, undefined, [options]);
}

const collectGarbage = exposedCollector();

/** Collects the young generation at once: 0.2 ms when little of it is live. */
export function collectYoung(): void {
  collectGarbage({ type: 'minor', execution: 'sync' });
}

/** Resolves in the next turn of the event loop, when every promise chain that waits for nothing real has ended. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
