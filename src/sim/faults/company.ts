/** Who else is there: programs that write the files themselves, and machines that come and go. */

import { ForeignWriter } from '../foreign-writer.ts';
import { atRandomTimes, pick, type Fault } from './fault.ts';

const LEAVES_MAX = 3;
const AWAY_MS_MAX = 30_000;
const JOINS_AFTER_MS_MAX = 40_000;

export const FOREIGN_WRITERS: Fault = {
  name: 'foreign-writers',
  what: 'validators of the reference work in the directories of some machines, beside the node',
  arrange(world, random) {
    const writers = world.machines.filter(() => random(3) === 0).map((machine) => new ForeignWriter(world, machine));
    for (const writer of writers) writer.start();
    return () => {
      for (const writer of writers) writer.stop();
    };
  },
};

export const MEMBERSHIP: Fault = {
  name: 'membership',
  what: 'some members join late with an empty disk; some stop, stay away and come back',
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
      world.time.schedule(Math.min(leftMs, 1_000 + random(AWAY_MS_MAX)), () => machine.start());
    });
    return () => undefined;
  },
};
