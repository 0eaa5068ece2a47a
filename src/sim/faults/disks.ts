/** Faults of disks: no room, and bits that are not what was written. */

import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { RandomInteger } from '../../../net/clock.ts';
import { shortBlock } from '../event-line.ts';
import { atRandomTimes, pick, type Fault } from './fault.ts';
import { blockId } from '../../../crdt/ids.ts';
import type { Replica } from '../../replica/replica.ts';
import { filePaths } from '../../node/file-paths.ts';

const STRIKES_MAX = 4;
const FULL_MS_MAX = 20_000;
const DOWN_MS = 500;
const COPIES_ELSEWHERE_MIN = 2;

export const FULL_DISK: Fault = {
  name: 'full-disk',
  what: 'a disk takes nothing more for up to 20 s',
  arrange(world, random, untilMs) {
    const full = new Set<Machine>();
    const free = (machine: Machine): void => {
      if (full.delete(machine)) machine.resizeDisk(Infinity);
    };
    atRandomTimes(world, random, { count: 1 + random(STRIKES_MAX), untilMs }, (leftMs) => {
      const machine = pick(world.machines, random);
      if (machine === undefined || full.has(machine)) return;
      world.trace.note('world', `the disk of ${machine.name} is full`);
      full.add(machine);
      machine.resizeDisk(0);
      world.at(Math.min(leftMs, 500 + random(FULL_MS_MAX)), `the disk of ${machine.name} has room again`, () =>
        free(machine),
      );
    });
    return () => {
      for (const machine of full) free(machine);
    };
  },
};

export const BIT_ROT: Fault = {
  name: 'bit-rot',
  what: 'a bit of a file is not what was written, found when the node starts again; another machine has the content',
  arrange(world, random, untilMs) {
    atRandomTimes(world, random, { count: 1 + random(STRIKES_MAX), untilMs }, (leftMs) => {
      const machine = pick(world.running(), random);
      if (machine === undefined) return;
      const held = machine.node?.replica;
      machine.crash('kill');
      rot(world, machine, held, random);
      world.time.schedule(Math.min(leftMs, DOWN_MS), () => machine.start());
    });
    return () => undefined;
  },
};

/** Flips a bit in one file, of which two other machines have the same on their disks: nothing survives the loss of its last copy. */
function rot(world: World, machine: Machine, held: Replica | undefined, random: RandomInteger): void {
  const kind = random(2) === 0 ? 'validate' : 'witness';
  const candidates = world.blocks.filter(({ key }) => {
    const holders = world.running().filter(({ node }) => {
      if (node === undefined || node.store.dirtyCount > 0) return false;
      return kind === 'validate'
        ? node.replica.entry(key) !== undefined &&
            node.replica.entry(key)?.fingerprint === held?.entry(key)?.fingerprint
        : node.shelf.get(key) !== undefined;
    });
    return holders.length >= COPIES_ELSEWHERE_MIN;
  });
  const block = pick(candidates, random);
  if (block === undefined) return;
  const path = filePaths(machine.layout)[kind](block.key);
  const bit = machine.disk.rot(path, random);
  if (bit === undefined) return;
  machine.tamperedWith.add(blockId(block.key));
  world.trace.note('world', `bit ${bit} of the ${kind} file of ${shortBlock(block.key)} on ${machine.name} rots`);
}
