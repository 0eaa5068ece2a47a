/**
 * driftlock under given conditions: whole nodes in the simulator, with and without ranking.
 *
 * Invariant: without ranking nothing is different but the step between ranks, which is 0: every node that holds the
 * witness claims at once, unless it has seen a lease.
 */

import { blockId } from '../../../crdt/ids.ts';
import type { NodeEvent } from '../../../src/node/events.ts';
import type { NodeSettings } from '../../../src/node/options.ts';
import { SOUND_PARTS } from '../../../src/sim/canaries/canary.ts';
import type { Machine } from '../../../src/sim/machine.ts';
import { Trace } from '../../../src/sim/trace.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';
import { Workload } from '../../../src/sim/workload.ts';
import { World } from '../../../src/sim/world.ts';
import {
  blocksToValidate,
  END_MS,
  isCutOff,
  LOCK_TIME_MS,
  MACHINES,
  REGION_DELAY_MS,
  SEED,
  SKEW_BOUND_MS,
  VALIDATIONS_MAX,
  wallOffsetMs,
  type Arrival,
  type Conditions,
} from './conditions.ts';
import { ValidationLog, type Validation } from './validation-log.ts';

const SETTINGS: NodeSettings = {
  cluster: 'bench',
  region: 'memory',
  bounds: { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: SKEW_BOUND_MS },
  lockTimeMs: LOCK_TIME_MS,
  rankStepMs: undefined,
  heartbeatMs: 1_000,
  scanIntervalMs: 10_000,
  validationsMax: VALIDATIONS_MAX,
  retry: { failuresMax: 5, delayMsMin: 1_000, delayMsMax: 60_000 },
  reserveMs: undefined,
};

export async function runDriftlock(
  conditions: Conditions,
  arrival: Arrival,
  isRanked: boolean,
): Promise<ValidationLog> {
  const time = new VirtualClock();
  const log = new ValidationLog();
  const world = new World({
    seed: SEED,
    settings: isRanked ? SETTINGS : { ...SETTINGS, rankStepMs: 0 },
    regionDelayMs: REGION_DELAY_MS,
    chances: { errorPermille: 0, wrongRootPermille: 0 },
    blocks: blocksToValidate(arrival),
    parts: SOUND_PARTS,
    time,
    trace: new Trace(time, undefined),
  });
  for (let index = 0; index < MACHINES; index++) {
    world.addMachine(true, { wallOffsetMs: wallOffsetMs(index, conditions) });
  }
  world.observers.push({ onEvent: observe(log) });
  arrange(world, conditions);
  for (const machine of world.machines) machine.start();
  new Workload(world).start();
  await time.advanceUntil(() => log.finishedBlocks === world.blocks.length, END_MS);
  // What was begun besides may still end, and what a partition parted may still meet.
  await time.advance(10_000);
  return log;
}

function observe(log: ValidationLog): (machine: Machine, event: NodeEvent) => void {
  const atWork = new Map<string, Validation>();
  return (machine, event) => {
    if (event.type !== 'claimed' && event.type !== 'lease-lost' && event.type !== 'validated') return;
    const block = blockId(event.key);
    const { life } = machine;
    const name = `${machine.name} ${life} ${block}`;
    if (event.type === 'claimed') {
      const validation = { block, isAlive: () => machine.life === life };
      atWork.set(name, validation);
      log.begin(validation);
      return;
    }
    const ended = atWork.get(name);
    if (ended !== undefined) log.end(ended, event.type === 'validated' && event.outcome.kind === 'success');
  };
}

function arrange({ machines, weather, time }: World, { lossPermille, partition, crashes }: Conditions): void {
  for (const from of machines) {
    for (const to of machines) {
      if (from !== to && lossPermille > 0) weather.disturb(from.id, to.id, { lossPermille });
    }
  }
  if (partition !== undefined) {
    time.schedule(partition.fromMs, () => {
      const [near, far] = [
        machines.filter(({ index }) => !isCutOff(index)),
        machines.filter(({ index }) => isCutOff(index)),
      ];
      const heals = near.flatMap((a) => far.map((b) => weather.cut(a.id, b.id)));
      time.schedule(partition.untilMs - partition.fromMs, () => {
        for (const heal of heals) heal();
      });
    });
  }
  for (const { machine: index, atMs, downMs } of crashes) {
    time.schedule(atMs, () => {
      machines[index]?.crash('power-loss');
      time.schedule(downMs, () => machines[index]?.start());
    });
  }
}
