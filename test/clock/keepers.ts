/** Clock keepers on an in-memory network, each on a machine of its own with its own clocks. */

import assert from 'node:assert/strict';
import type { NodeId } from '../../crdt/ids.ts';
import type { ClockBounds } from '../../crdt/lease/rule.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { MemoryHub } from '../../net/memory/hub.ts';
import type { Network } from '../../net/network.ts';
import { ClockKeeper, type ClockEvent } from '../../src/clock/clock-keeper.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { MachineClock } from '../../src/sim/machine-clock.ts';

export const BOUNDS: ClockBounds = { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: 500 };

export interface KeptClock {
  readonly node: NodeId;
  readonly clock: MachineClock;
  readonly network: Network;
  readonly keeper: ClockKeeper;
  readonly events: ClockEvent[];
  /** Peers that were measured, in order. */
  readonly measured: NodeId[];
  /** How often its standing was announced. */
  announced: number;
}

export class Keepers {
  readonly time = new VirtualClock();
  readonly hub: MemoryHub;
  readonly all: readonly KeptClock[];

  /** One for each of `wallOffsetsMs`. */
  constructor(wallOffsetsMs: readonly number[], seed = 1) {
    const random = seededRandom(seed);
    this.hub = new MemoryHub({ clock: this.time, random });
    const nodes = wallOffsetsMs.map((_, at) => nodeOf(at + 1));
    this.all = wallOffsetsMs.map((wallOffsetMs, at) => {
      const node = nodes[at] ?? nodeOf(0);
      const clock = new MachineClock(this.time, { wallOffsetMs });
      const network = this.hub.join(new MemberList(node, nodes), clock);
      const events: ClockEvent[] = [];
      const measured: NodeId[] = [];
      const keeper = new ClockKeeper({
        network,
        clock,
        random,
        bounds: BOUNDS,
        onEvent: (event) => events.push(event),
        onStep: () => undefined,
        onStanding: () => kept.announced++,
        onMeasured: (peer) => measured.push(peer),
      });
      const kept: KeptClock = { node, clock, network, keeper, events, measured, announced: 0 };
      return kept;
    });
  }

  at(index: number): KeptClock {
    const kept = this.all[index];
    assert(kept !== undefined);
    return kept;
  }

  async start(kept: readonly KeptClock[] = this.all): Promise<void> {
    for (const { network, keeper } of kept) {
      await network.start();
      keeper.start();
    }
  }

  async stop(): Promise<void> {
    for (const { keeper, network } of this.all) {
      await keeper.stop();
      await network.stop();
    }
    // What was on its way arrives nowhere.
    await this.time.advance(20_000);
    assert.equal(this.time.timers, 0, 'nothing goes on after the end');
  }

  /** Every link delays each message by something in this range, towards nodes further down by `unevenMs` more. */
  delay(delayMsMin: number, delayMsMax: number, unevenMs = 0): void {
    for (const [at, a] of this.all.entries()) {
      for (const b of this.all.slice(at + 1)) {
        const faults = { lossPermille: 0, repeatPermille: 0 };
        const slower = { delayMsMin: delayMsMin + unevenMs, delayMsMax: delayMsMax + unevenMs };
        this.hub.setFaultsTowards(a.node, b.node, { ...faults, ...slower });
        this.hub.setFaultsTowards(b.node, a.node, { ...faults, delayMsMin, delayMsMax });
      }
    }
  }
}
