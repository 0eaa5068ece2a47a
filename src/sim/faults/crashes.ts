/** Crashes: kill and power loss, at any time and at any disk operation, and what a power loss leaves of unsynced writes. */

import type { RandomInteger } from '../../../net/clock.ts';
import type { CrashKind, Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { atRandomTimes, pick, type Fault } from './fault.ts';

const CRASHES_MAX = 8;
const DOWN_MS_MAX = 15_000;
/** Within so many disk operations a crash strikes that was set to strike at one. */
const OPERATIONS_MAX = 60;

export const CRASH: Fault = {
  name: 'crash',
  what: 'machines lose power or nodes are killed, at any moment or disk operation, and start again',
  arrange: crashes((random) => (random(3) === 0 ? 'kill' : 'power-loss')),
};

export const TORN_WRITES: Fault = {
  name: 'torn-writes',
  what: 'machines lose power, and of what was not synced a random part stays',
  arrange: crashes(() => 'torn-power-loss'),
};

function crashes(drawKind: (random: RandomInteger) => CrashKind): NonNullable<Fault['arrange']> {
  return (world, random, untilMs) => {
    atRandomTimes(world, random, { count: 1 + random(CRASHES_MAX), untilMs }, (leftMs) => {
      const machine = pick(world.machines, random);
      if (machine === undefined) return;
      const kind = drawKind(random);
      const downMs = Math.min(leftMs, 100 + random(DOWN_MS_MAX));
      if (random(2) === 0) {
        machine.crash(kind);
        restartAfter(world, machine, downMs);
      } else {
        // It restarts that long after it was armed, or at once when it has not crashed by then.
        machine.crashAtOperation(1 + random(OPERATIONS_MAX), kind);
        world.time.schedule(downMs, () => machine.cancelCrash());
        restartAfter(world, machine, downMs);
      }
    });
    return () => {
      for (const machine of world.machines) machine.cancelCrash();
    };
  };
}

function restartAfter(world: World, machine: Machine, downMs: number): void {
  world.time.schedule(downMs, () => machine.start());
}
