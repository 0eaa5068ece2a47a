/** Who else is there: programs that write the files themselves or ask their node for blocks, and machines that come and go. */

import { ApiClient } from '../api-client.ts';
import { ForeignWriter } from '../foreign-writer.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { atRandomTimes, pick, type Fault } from './fault.ts';

const LEAVES_MAX = 3;
const AWAY_MS_MAX = 30_000;
const JOINS_AFTER_MS_MAX = 40_000;
const RESERVE_MS = 2_000;

export const FOREIGN_WRITERS: Fault = {
  name: 'foreign-writers',
  what: 'validators of the reference work in the directories of some machines, beside the node',
  arrange: besideSome((world, machine) => new ForeignWriter(world, machine)),
};

export const MEMBERSHIP: Fault = {
  name: 'membership',
  what: 'some members join late with an empty disk; some stop, and come back or stay away until all is healed',
  prepare({ startsAtMs }, random) {
    // The first two are there from the beginning, so that there is a cluster to join.
    for (let at = 2; at < startsAtMs.length; at++) {
      if (random(4) === 0) startsAtMs[at] = random(JOINS_AFTER_MS_MAX);
    }
  },
  arrange(world, random, untilMs) {
    atRandomTimes(world, random, { count: 1 + random(LEAVES_MAX), untilMs }, (leftMs) => {
      const machine = pick(world.running(), random);
      if (machine === undefined) return;
      machine.stop();
      const awayMs = random(3) === 0 ? leftMs : Math.min(leftMs, 1_000 + random(AWAY_MS_MAX));
      world.time.schedule(awayMs, () => machine.start());
    });
    return () => undefined;
  },
};

export const API_CLIENTS: Fault = {
  name: 'api-clients',
  what: 'programs on some machines ask their node for blocks; some of them vanish, or give up',
  arrange: besideSome((world, machine) => new ApiClient(world, machine)),
};

export const RESERVATIONS: Fault = {
  name: 'reservations',
  what: 'some machines show a fresh block as taken to their own programs while nodes that rank before them have their turn',
  prepare({ reserveMs }, random) {
    for (const at of reserveMs.keys()) reserveMs[at] = random(2) === 0 ? RESERVE_MS : undefined;
  },
};

/** Runs a program on one machine in three. */
function besideSome(
  make: (world: World, machine: Machine) => { start(): void; stop(): void },
): NonNullable<Fault['arrange']> {
  return (world, random) => {
    const programs = world.machines.filter(() => random(3) === 0).map((machine) => make(world, machine));
    for (const program of programs) program.start();
    return () => {
      for (const program of programs) program.stop();
    };
  };
}
