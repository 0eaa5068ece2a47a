/**
 * Files that rot: a bit flips, or the end is missing, in `.v`, `.w` and `contracts.txt`.
 *
 * Invariant: what is damaged stands whole on two other nodes. Nothing promises that the only copy of anything survives.
 */

import { open, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { RandomInteger } from '../../../net/clock.ts';
import { errnoOf } from '../../disk/errno.ts';
import { blockFileKind } from '../../files/file-names.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';
import type { FaultPlanOf } from '../scenario/fault-plan.ts';
import type { ChaosWorld, Heal } from './world.ts';

const COPIES_ELSEWHERE_MIN = 2;

/** Once; healing is the nodes' own work. */
export async function corrupt(
  world: ChaosWorld,
  targets: readonly number[],
  plan: FaultPlanOf<'corrupt'>,
): Promise<Heal> {
  for (const index of targets) {
    const node = world.nodes[index];
    if (node === undefined) continue;
    const damaged = await damageFiles(world, node, plan.percent / 100);
    if (await damageFile(node.layout.contracts, world.random)) world.note(`${node.name}: contracts.txt is damaged`);
    world.note(`${node.name}: ${damaged} files are damaged`);
  }
  return () => undefined;
}

async function damageFiles(world: ChaosWorld, node: ChaosNode, share: number): Promise<number> {
  let damaged = 0;
  for (const folder of ['validate', 'witness'] as const) {
    const names = (await readdir(node.layout[folder])).filter((name) => blockFileKind(name) !== undefined).sort();
    for (let left = Math.ceil(names.length * share); left > 0 && names.length > 0; left--) {
      const [name = ''] = names.splice(world.random(names.length), 1);
      if (!(await isElsewhere(world, node, folder, name))) continue;
      if (await damageFile(join(node.layout[folder], name), world.random)) damaged++;
    }
  }
  return damaged;
}

async function isElsewhere(
  { nodes }: ChaosWorld,
  node: ChaosNode,
  folder: 'validate' | 'witness',
  name: string,
): Promise<boolean> {
  const here = await readIfThere(join(node.layout[folder], name));
  let copies = 0;
  for (const other of nodes) {
    if (other === node || here === undefined) continue;
    const there = await readIfThere(join(other.layout[folder], name));
    if (there?.equals(here) === true) copies++;
  }
  return copies >= COPIES_ELSEWHERE_MIN;
}

/** In place, as a disk does it. False when there is nothing to damage. */
async function damageFile(path: string, random: RandomInteger): Promise<boolean> {
  const bytes = await readIfThere(path);
  if (bytes === undefined || bytes.length === 0) return false;
  if (random(2) === 0) {
    await truncate(path, random(bytes.length));
    return true;
  }
  const offset = random(bytes.length);
  await using file = await open(path, 'r+');
  await file.write(Uint8Array.of((bytes[offset] ?? 0) ^ (1 << random(8))), 0, 1, offset);
  return true;
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
