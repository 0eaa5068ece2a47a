/** Faults of the way between nodes, all in the proxies: partitions, slow and lossy links, flapping, resets, half-open ends. */

import { DriftlockError } from '../../../crdt/errors.ts';
import { systemClock } from '../../node/machine.ts';
import type { Mesh } from '../proxy/mesh.ts';
import { CLEAR_LINK } from '../proxy/shape.ts';
import type { FaultPlanOf } from '../scenario/fault-plan.ts';
import type { ChaosWorld, Heal } from './world.ts';

const BLOCKED = { ...CLEAR_LINK, isBlocked: true };
/** Shorter ones are gone before a packet has noticed. */
const FLAP_MS_MIN = 10;

/** Cuts `targets` off from the rest; among themselves they can talk. */
export function partition(world: ChaosWorld, targets: readonly number[], plan: FaultPlanOf<'partition'>): Heal {
  const { direction = 'both' } = plan;
  return meshOf(world).impose(BLOCKED, (from, to) => {
    const [isOutward, isInward] = [leaves(targets, from, to), leaves(targets, to, from)];
    return (isOutward && direction !== 'in') || (isInward && direction !== 'out');
  });
}

/** Every link of `targets`. */
export function slow(world: ChaosWorld, targets: readonly number[], plan: FaultPlanOf<'slow'>): Heal {
  const shape = {
    isBlocked: false,
    latencyMs: plan.latencyMs ?? 0,
    jitterMs: plan.jitterMs ?? 0,
    bytesPerSecond: plan.kilobitsPerSecond === undefined ? Infinity : (plan.kilobitsPerSecond * 1_000) / 8,
    stallPermille: plan.stallPermille ?? 0,
    stallMs: plan.stallMs ?? 200,
  };
  return meshOf(world).impose(shape, touches(targets));
}

export function flap(world: ChaosWorld, targets: readonly number[], plan: FaultPlanOf<'flap'>): Heal {
  const mesh = meshOf(world);
  let lift: (() => void) | undefined;
  let cancel: (() => void) | undefined;
  const turn = (): void => {
    if (lift === undefined)
      lift = mesh.impose(BLOCKED, (from, to) => leaves(targets, from, to) || leaves(targets, to, from));
    else {
      lift();
      lift = undefined;
    }
    const mostMs = lift === undefined ? plan.upMsMax : plan.downMsMax;
    cancel = systemClock.schedule(FLAP_MS_MIN + world.random(Math.ceil(mostMs)), turn);
  };
  turn();
  return () => {
    cancel?.();
    lift?.();
  };
}

/** Once; there is nothing to heal. */
export function reset(world: ChaosWorld, targets: readonly number[]): Heal {
  meshOf(world).reset(touches(targets));
  return () => undefined;
}

/** The targets' peers see their connections reset, and the targets hear nothing of it. */
export function halfOpen(world: ChaosWorld, targets: readonly number[]): Heal {
  return meshOf(world).leaveHalfOpen((from) => targets.includes(from));
}

function meshOf({ mesh }: ChaosWorld): Mesh {
  if (mesh !== undefined) return mesh;
  throw new DriftlockError('ERR_BAD_SCENARIO', {
    argument: 'start.network',
    expected: 'proxies, for faults of links other than link-down',
    found: 'namespaces',
  });
}

function touches(targets: readonly number[]): (from: number, to: number) => boolean {
  return (from, to) => targets.includes(from) || targets.includes(to);
}

function leaves(targets: readonly number[], from: number, to: number): boolean {
  return targets.includes(from) && !targets.includes(to);
}
