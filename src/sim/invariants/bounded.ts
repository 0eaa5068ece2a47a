/** Nothing grows without bound: queues, timers and what is remembered follow the work at hand, and are empty after it. */

import type { Machine } from '../machine.ts';
import { SIM_SETTINGS } from '../options.ts';
import type { Finding, Invariant } from './invariant.ts';

/** Timers of a node that has nothing to do: heartbeat, reconciliation, two scans, gossip, and a few to come. */
const IDLE_TIMERS_MAX = 18;
/** And for witnesses and contracts: the next challenge and the next look for contracts. */
const WITNESS_TIMERS = 2;
/** And for each peer: the stream kept to it, the stream it keeps to us, and bytes that are on their way on one. */
const WITNESS_TIMERS_PER_PEER = 3;
/** And for each block, at most: a retry of its fetch, of its write, of its claim, and a renewal. */
const TIMERS_PER_BLOCK_MAX = 6;
/** After a pause all that waited in the machine's buffers comes at once. */
const CATCH_UP_MS = 2_000;
/** A stream has a deadline, a stall limit and bytes on the way. */
const STREAM_TIMERS_MAX = 400;

export const BOUNDED: Invariant = {
  name: 'memory-and-queues-bounded',
  promise: 'queues, timers and memory follow the unfinished work, and are empty when there is none',
  watch: ({ machines, blocks, time }, violate) => ({
    look() {
      const blockCount = blocks.length;
      const timersMax = idleTimersMax(machines.length) + STREAM_TIMERS_MAX + TIMERS_PER_BLOCK_MAX * blockCount;
      for (const machine of machines) {
        const { node, clock } = machine;
        const isCatchingUp = time.monotonicMs() - machine.steadySinceMs < CATCH_UP_MS;
        if (node === undefined || clock.isPaused || isCatchingUp) continue;
        const limits: [string, number, number][] = [
          ['timers', clock.timers, timersMax],
          ['blocks to write', node.store.dirtyCount, blockCount],
          ['leases sighted', node.leasesSighted, blockCount],
          ['witnesses to fetch', node.witnesses.fetcher.fetching, blockCount],
          ['validations', node.claims.claimer.validationsInFlight, SIM_SETTINGS.validationsMax],
          ['blocks ready to claim', node.claims.claimer.readyCount, blockCount],
        ];
        report(machine, limits, violate);
      }
    },
    async atEnd() {
      for (const machine of machines) {
        const { node, clock, disk, layout } = machine;
        if (node === undefined) continue;
        const temporary = await disk.list(layout.temporary);
        report(
          machine,
          [
            ['timers at rest', clock.timers, idleTimersMax(machines.length)],
            ['blocks to write at rest', node.store.dirtyCount, 0],
            ['leases sighted at rest', node.leasesSighted, 0],
            ['witnesses to fetch at rest', node.witnesses.fetcher.fetching, 0],
            ['validations at rest', node.claims.claimer.validationsInFlight, 0],
            ['temporary files at rest', temporary.length, 0],
          ],
          violate,
        );
      }
    },
  }),
};

function idleTimersMax(nodeCount: number): number {
  return IDLE_TIMERS_MAX + WITNESS_TIMERS + WITNESS_TIMERS_PER_PEER * (nodeCount - 1);
}

function report(
  { name }: Machine,
  limits: readonly (readonly [what: string, found: number, max: number])[],
  violate: (finding: Finding) => void,
): void {
  const broken = limits.find(([, found, max]) => found > max);
  if (broken === undefined) return;
  const [what, found, max] = broken;
  violate({ detail: `${name}: expected at most ${max} ${what}, found ${found}` });
}
