/** Faults of processes: killed, stopped in an orderly way, paused, not there at first. Each is healed once the node answers again. */

import type { ChaosNode } from '../fleet/chaos-node.ts';
import type { ChaosWorld, Heal } from './world.ts';

export async function kill(world: ChaosWorld, targets: readonly number[]): Promise<Heal> {
  await eachOf(world, targets, ({ daemon }) => daemon.kill());
  return startAgain(world, targets);
}

export async function restart(world: ChaosWorld, targets: readonly number[]): Promise<Heal> {
  await eachOf(world, targets, ({ daemon }) => daemon.stop());
  return startAgain(world, targets);
}

export async function pauseProcess(world: ChaosWorld, targets: readonly number[]): Promise<Heal> {
  await eachOf(world, targets, async ({ daemon }) => daemon.pause());
  return () => eachOf(world, targets, async ({ daemon }) => daemon.resume());
}

/** The nodes were not started with the others. */
export function absent(world: ChaosWorld, targets: readonly number[]): Heal {
  return startAgain(world, targets);
}

function startAgain(world: ChaosWorld, targets: readonly number[]): Heal {
  return () =>
    eachOf(world, targets, async ({ daemon }) => {
      await daemon.start();
      await daemon.ready(world.signal);
    });
}

async function eachOf(
  world: ChaosWorld,
  targets: readonly number[],
  act: (node: ChaosNode) => Promise<void>,
): Promise<void> {
  await Promise.all(world.nodes.filter(({ index }) => targets.includes(index)).map(act));
}
