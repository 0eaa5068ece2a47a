/** Partitions: two-way, healing in steps or at once, and one-way, which nobody notices for a while. */

import type { RandomInteger } from '../../../net/clock.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { atRandomTimes, pick, Undo, type Fault } from './fault.ts';

const PARTITIONS_MAX = 5;
/** A connection whose one way is dead is closed by its keep-alive after some seconds. */
const ONE_WAY_MS_MAX = 10_000;

export const PARTITION: Fault = {
  name: 'partition',
  what: 'some machines cannot reach the others for 1 to 40 s; some partitions heal link by link',
  arrange(world, random, untilMs) {
    const undo = new Undo();
    atRandomTimes(world, random, { count: 1 + random(PARTITIONS_MAX), untilMs }, (leftMs) => {
      const [left, right] = split(world, random);
      if (left.length === 0 || right.length === 0) return;
      world.trace.note('world', `partition: ${namesOf(left)} | ${namesOf(right)}`);
      const heals = left.flatMap((a) => right.map((b) => undo.add(world.weather.cut(a.id, b.id))));
      const lastsMs = Math.min(leftMs, 1_000 + random(40_000));
      if (random(3) === 0) {
        world.at(Math.floor(lastsMs / 2), 'the partition heals partly', () => {
          for (const heal of heals) if (random(2) === 0) heal();
        });
      }
      world.at(lastsMs, 'the partition heals', () => {
        for (const heal of heals) heal();
      });
    });
    return () => undo.all();
  },
};

export const ONE_WAY_PARTITION: Fault = {
  name: 'one-way-partition',
  what: 'nothing gets from some machines to others for up to 10 s, while the other way works',
  arrange(world, random, untilMs) {
    const undo = new Undo();
    atRandomTimes(world, random, { count: 1 + random(PARTITIONS_MAX), untilMs }, (leftMs) => {
      const [from, to] = random(2) === 0 ? split(world, random) : pair(world, random);
      if (from.length === 0 || to.length === 0) return;
      world.trace.note('world', `nothing gets from ${namesOf(from)} to ${namesOf(to)}`);
      const ends = from.flatMap((a) => to.map((b) => undo.add(world.weather.block(a.id, b.id))));
      world.at(Math.min(leftMs, 500 + random(ONE_WAY_MS_MAX)), 'both ways work again', () => {
        for (const end of ends) end();
      });
    });
    return () => undo.all();
  },
};

function split({ machines }: World, random: RandomInteger): [Machine[], Machine[]] {
  const sides: [Machine[], Machine[]] = [[], []];
  for (const machine of machines) sides[random(2) === 0 ? 0 : 1].push(machine);
  return sides;
}

function pair({ machines }: World, random: RandomInteger): [Machine[], Machine[]] {
  const from = pick(machines, random);
  const to = pick(
    machines.filter((machine) => machine !== from),
    random,
  );
  return [from === undefined ? [] : [from], to === undefined ? [] : [to]];
}

function namesOf(machines: readonly Machine[]): string {
  return machines.map(({ name }) => name).join(' ');
}
