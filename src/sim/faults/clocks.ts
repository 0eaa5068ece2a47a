/** Faults of machines' time: pauses, clocks that are off, that drift, and that step. */

import { atRandomTimes, pick, Undo, type Fault } from './fault.ts';

const STRIKES_MAX = 6;
const PAUSE_MS_MAX = 25_000;

export const PAUSE: Fault = {
  name: 'pause',
  what: 'a machine stands still for up to 25 s, while its clocks go on, and then does all that is overdue at once',
  arrange(world, random, untilMs) {
    const undo = new Undo();
    atRandomTimes(world, random, { count: 1 + random(STRIKES_MAX), untilMs }, (leftMs) => {
      const machine = pick(world.running(), random);
      if (machine === undefined) return;
      machine.pause();
      const resume = undo.add(() => machine.resume());
      world.time.schedule(Math.min(leftMs, 200 + random(random(2) === 0 ? 2_000 : PAUSE_MS_MAX)), resume);
    });
    return () => undo.all();
  },
};

export const CLOCK_OFFSET: Fault = {
  name: 'clock-offset',
  what: 'wall clocks are off: most within the skew bound, some by minutes',
  prepare({ clocks, bounds }, random) {
    for (const clock of clocks) {
      const isFarOff = random(8) === 0;
      const boundMs = isFarOff ? 300_000 : bounds.skewBoundMs / 2;
      clock.wallOffsetMs += random(2 * boundMs + 1) - boundMs;
    }
  },
};

export const CLOCK_DRIFT: Fault = {
  name: 'clock-drift',
  what: 'clocks run fast or slow, within the drift bound',
  prepare({ clocks, bounds }, random) {
    for (const clock of clocks) clock.driftRate = (bounds.driftRate * (random(2_001) - 1_000)) / 1_000;
  },
};

export const CLOCK_STEP: Fault = {
  name: 'clock-step',
  what: 'wall clocks step forward and back, by milliseconds to minutes',
  arrange(world, random, untilMs) {
    atRandomTimes(world, random, { count: 1 + random(STRIKES_MAX), untilMs }, () => {
      const machine = pick(world.machines, random);
      const sizeMs = random(3) === 0 ? random(300_000) : random(2_000);
      const byMs = random(2) === 0 ? sizeMs : -sizeMs;
      if (machine === undefined) return;
      world.trace.note('world', `the wall clock of ${machine.name} steps by ${byMs} ms`);
      machine.clock.stepWall(byMs);
    });
    return () => undefined;
  },
};
