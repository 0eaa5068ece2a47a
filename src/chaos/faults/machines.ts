/** Faults of the machine under a node: its clock steps, its disk fills, its network link goes down. */

import { invariant } from '../../../crdt/invariant.ts';
import { DriftlockError } from '../../../crdt/errors.ts';
import type { FaultPlanOf } from '../scenario/fault-plan.ts';
import type { ChaosWorld, Heal } from './world.ts';

/** Healed by stepping back, as NTP does. */
export async function clockStep(
  world: ChaosWorld,
  targets: readonly number[],
  plan: FaultPlanOf<'clock-step'>,
): Promise<Heal> {
  const step = async (byMs: number): Promise<void> => {
    for (const index of targets) {
      const node = world.nodes[index];
      if (node === undefined) continue;
      await node.clock.step(byMs, node.daemon);
      world.note(`${node.name}: its wall clock steps by ${byMs} ms (${node.clock.means})`);
    }
  };
  await step(plan.byMs);
  return () => step(-plan.byMs);
}

export async function diskFull(world: ChaosWorld, targets: readonly number[]): Promise<Heal> {
  const volumes = targets.map((index) => {
    const node = world.nodes[index];
    invariant(node?.volume !== undefined, 'a node whose disk will be full has a disk that can be filled');
    return { node, volume: node.volume };
  });
  for (const { node, volume } of volumes) {
    await volume.fill(node.daemon);
    world.note(`${node.name}: its disk is full (${volume.means})`);
  }
  return async () => {
    for (const { node, volume } of volumes) await volume.free(node.daemon);
  };
}

export async function linkDown(world: ChaosWorld, targets: readonly number[]): Promise<Heal> {
  const { namespaces } = world;
  if (namespaces === undefined) {
    const detail = { argument: 'start.network', expected: 'namespaces, for link-down', found: 'proxies' };
    throw new DriftlockError('ERR_BAD_SCENARIO', detail);
  }
  for (const index of targets) await namespaces.linkDown(index);
  return async () => {
    for (const index of targets) await namespaces.linkUp(index);
  };
}
