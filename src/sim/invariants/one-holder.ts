/**
 * Locks hold: no node claims a block while another, with which it can talk, believes to hold it.
 *
 * Two cases are violations when a node claims:
 * - it knew the very lease that the holder still acts on, with its latest renewal. Then its side of the lease rule ended
 *   before the holder's, which is never excused;
 * - it did not know it, though the way from the holder was good, both ran, and their clocks lay within the bound since
 *   the lease was sent, longer ago than the delivery margin.
 * What remains is what the promise leaves open: claims that cross on their way, and partitions.
 */

import { blockId, type BlockKey } from '../../../crdt/ids.ts';
import type { Lease } from '../../../crdt/lease/lease.ts';
import { equalBytes } from '../../../crdt/bytes.ts';
import { SIM_SETTINGS } from '../options.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

export const ONE_HOLDER: Invariant = {
  name: 'one-holder',
  promise: 'within the skew bound and while two nodes can talk, they do not both believe they hold a block',
  watch: (world, violate) => {
    /** When each holder sent the state of the lease that it acts on. */
    const sentAtMs = new Map<string, number>();
    return {
      onPublished(machine, records) {
        for (const { key, record } of records) {
          if (record.lease?.holder !== machine.id) continue;
          sentAtMs.set(`${machine.name} ${shortBlock(key)}`, world.time.monotonicMs());
        }
      },
      onEvent(claimer, event) {
        if (event.type !== 'claimed') return;
        const known = claimer.node?.replica.get(event.key).lease;
        for (const holder of world.machines) {
          if (holder === claimer) continue;
          const held = leaseHeldBy(holder, event.key);
          if (held === undefined) continue;
          const isKnown = known !== undefined && equalBytes(known.signature, held.signature);
          const heldSinceMs = sentAtMs.get(`${holder.name} ${blockId(event.key)}`);
          if (!isKnown && !shouldKnow(world, claimer, holder, heldSinceMs)) continue;
          const because = isKnown ? 'whose lease it knew' : 'whose lease it should have known';
          violate({
            key: event.key,
            detail: `${claimer.name} claims ${shortBlock(event.key)} in epoch ${event.epoch} while ${holder.name}, ${because}, holds it in epoch ${held.epoch}`,
          });
        }
      },
    };
  },
};

function leaseHeldBy({ node }: Machine, key: BlockKey): Lease | undefined {
  const id = blockId(key);
  return node?.claims.claimer.heldLeases().find((held) => held.id === id)?.lease;
}

function shouldKnow(world: World, claimer: Machine, holder: Machine, sentAtMs: number | undefined): boolean {
  const { deliveryMarginMs, skewBoundMs } = SIM_SETTINGS.bounds;
  if (sentAtMs === undefined || world.time.monotonicMs() - sentAtMs <= deliveryMarginMs) return false;
  const skewMs = Math.abs(claimer.clock.wallErrorMs - holder.clock.wallErrorMs);
  const goodSinceMs = world.weather.goodSinceMs(holder.id, claimer.id);
  const isSteady = [claimer, holder].every(
    ({ state, clock, steadySinceMs }) => state === 'running' && !clock.isPaused && steadySinceMs < sentAtMs,
  );
  return isSteady && skewMs <= skewBoundMs && goodSinceMs !== undefined && goodSinceMs < sentAtMs;
}
