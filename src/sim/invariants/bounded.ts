/** Nothing grows without bound: queues, timers and what is remembered follow the work at hand, and are empty after it. */

import type { Machine } from '../machine.ts';
import { SIM_SETTINGS } from '../options.ts';
import type { Finding, Invariant } from './invariant.ts';

/**
 * Timers of a node that has nothing to do. Its own: the next heartbeat (`presence`), comparison of digests (`reconciler`),
 * look at its clocks (`clock-keeper`), scans of `validate/` and of `witness/` (`directory-watch`), the gathering of what is
 * gossiped next (`gossiper`), the age of the journal's segment and its next checkpoint (`journal`), the look at
 * `chain.status` and its next message (`finality-keeper`), the next pass over what is final (`upkeep`), the next file to
 * check (`scrubber`), the next snapshot (`snapshot-keeper`), challenge of a holder (`challenger`) look for contracts
 * (`contract-sync`) and look at its mode (`mode-keeper`).
 */
const OWN_TIMERS = 16;
/**
 * And for each peer: the next measurement of its clock or the deadline of the one under way (`clock-keeper`), the stall
 * limit of the one that the peer makes (`serve`), and what is on its way here, which the network holds on this machine's
 * clock: a chunk of each of the two, and a heartbeat, from its sender and from one who passed it on. For witnesses and
 * contracts: the idle limit of the stream kept to the peer or the deadline of a request on it (`client`), the stall limit
 * of the stream that the peer keeps (`serve`), and a chunk on its way on each.
 */
const TIMERS_PER_PEER = 10;
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
      const idleTimersMax = idleTimersMaxOf(machines.length);
      for (const machine of machines) {
        const { node, clock } = machine;
        const isCatchingUp = time.monotonicMs() - machine.steadySinceMs < CATCH_UP_MS;
        if (node === undefined || clock.isPaused || isCatchingUp) continue;
        const limits: [string, number, number][] = [
          ['timers', clock.timers, idleTimersMax + STREAM_TIMERS_MAX + TIMERS_PER_BLOCK_MAX * blockCount],
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
            ['timers at rest', clock.timers, idleTimersMaxOf(machines.length)],
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

function idleTimersMaxOf(machines: number): number {
  return OWN_TIMERS + TIMERS_PER_PEER * (machines - 1);
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
