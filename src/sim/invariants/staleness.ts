/**
 * Ages are true: whatever was acknowledged anywhere longer ago than the age that a read reports is in what it reports, whoever
 * acknowledged it and wherever that machine is now.
 */

import { blockId } from '../../../crdt/ids.ts';
import { isHeld } from '../ledger.ts';
import { shortBlock } from '../event-line.ts';
import type { Invariant } from './invariant.ts';

export const STALENESS: Invariant = {
  name: 'age-not-below-the-true-one',
  promise: 'a read lacks nothing that was acknowledged anywhere longer ago than the age it reports',
  watch: (world, violate) => ({
    onRead(machine, key, { record, ageMs }) {
      if (ageMs === undefined) return;
      const nowMs = world.time.monotonicMs();
      for (const { result, atMs } of world.ledger.of(key)) {
        if (nowMs - atMs <= ageMs || isHeld(record.results, result)) continue;
        // What something else than the node has removed from a disk is not there to be told.
        if (world.machines.some(({ tamperedWith }) => tamperedWith.has(blockId(key)))) continue;
        violate({
          key,
          detail: `${machine.name} reads ${shortBlock(key)} at an age of ${ageMs} ms without a result that was acknowledged ${Math.round(nowMs - atMs)} ms ago`,
        });
      }
    },
  }),
};
