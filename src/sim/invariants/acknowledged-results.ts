/**
 * No acknowledged result is lost: what left a node is on its disk when it starts again, and on every node in the end.
 *
 * A result is acknowledged when it was gossiped. Results of blocks whose files another program, or rot, changed on the
 * author's disk are only looked for at the end.
 */

import { blockId } from '../../../crdt/ids.ts';
import { isHeld } from '../ledger.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Finding, Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

export const ACKNOWLEDGED_RESULTS: Invariant = {
  name: 'no-acknowledged-result-lost',
  promise: 'a result that anybody was told of survives crashes, restarts, partitions and merges',
  watch: (world, violate) => ({
    onEvent(machine, { type }) {
      if (type === 'loaded') checkOwn(world, machine, violate);
    },
    atEnd() {
      for (const machine of world.machines) {
        for (const { key, result } of world.ledger.all()) {
          if (machine.node === undefined || isHeld(machine.node.replica.get(key).results, result)) continue;
          const author = nameOf(world, result.node);
          violate({ key, detail: `${machine.name} lacks the ${result.verdict} of ${author} for ${shortBlock(key)}` });
          return;
        }
      }
    },
  }),
};

function checkOwn({ ledger }: World, machine: Machine, violate: (finding: Finding) => void): void {
  for (const { key, result } of ledger.all()) {
    if (result.node !== machine.id || machine.tamperedWith.has(blockId(key))) continue;
    if (machine.node === undefined || isHeld(machine.node.replica.get(key).results, result)) continue;
    violate({
      key,
      detail: `${machine.name} started without its own ${result.verdict} for ${shortBlock(key)}, which it had published`,
    });
    return;
  }
}

function nameOf({ machines }: World, id: string): string {
  return machines.find((machine) => machine.id === id)?.name ?? id;
}
