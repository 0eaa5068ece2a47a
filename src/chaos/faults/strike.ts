/** From a fault's name to what it does, and what each does in a few words. */

import type { FaultName, FaultPlan } from '../scenario/fault-plan.ts';
import { corrupt } from './corrupt.ts';
import { flap, halfOpen, partition, reset, slow } from './links.ts';
import { clockStep, diskFull, linkDown } from './machines.ts';
import { absent, kill, pauseProcess, restart } from './processes.ts';
import type { ChaosWorld, Heal } from './world.ts';

export const FAULTS: Readonly<Record<FaultName, string>> = {
  partition: 'the nodes cannot talk to the others, both ways or one way',
  slow: 'links with latency, jitter, little bandwidth, or stalls',
  flap: 'links go down and up again at short, irregular intervals',
  reset: 'every connection of the nodes is reset',
  'half-open': 'connections of the nodes end at the other side without their hearing of it',
  kill: 'SIGKILL, then started again',
  restart: 'SIGTERM, then started again',
  pause: 'SIGSTOP, then SIGCONT',
  absent: 'the nodes are not there at first',
  'clock-step': 'the wall clock steps, then back',
  'disk-full': 'the disk is full, then has room again',
  corrupt: 'bits flip in files, or their end is missing',
  'link-down': 'network links are taken down, in namespaces',
};

/** Strikes now; resolves to what heals it. */
export async function strike(world: ChaosWorld, plan: FaultPlan, targets: readonly number[]): Promise<Heal> {
  switch (plan.fault) {
    case 'partition':
      return partition(world, targets, plan);
    case 'slow':
      return slow(world, targets, plan);
    case 'flap':
      return flap(world, targets, plan);
    case 'reset':
      return reset(world, targets);
    case 'half-open':
      return halfOpen(world, targets);
    case 'kill':
      return kill(world, targets);
    case 'restart':
      return restart(world, targets);
    case 'pause':
      return pauseProcess(world, targets);
    case 'absent':
      return absent(world, targets);
    case 'clock-step':
      return clockStep(world, targets, plan);
    case 'disk-full':
      return diskFull(world, targets);
    case 'corrupt':
      return corrupt(world, targets, plan);
    case 'link-down':
      return linkDown(world, targets);
  }
}
