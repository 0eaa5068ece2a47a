/** Faults of single links: gossip lost, late, twice, or in another order. */

import type { RandomInteger } from '../../../net/clock.ts';
import type { Disturbance } from '../weather.ts';
import type { World } from '../world.ts';
import { atRandomTimes, Undo, type Fault } from './fault.ts';

/** How often each of these strikes in a run, at most; a strike takes some of the links, for some seconds. */
const STRIKES_MAX = 6;

export const LOSS: Fault = {
  name: 'loss',
  what: 'gossip is lost: 1 % to 100 % of it, on some ways for some seconds',
  arrange: linkFault('is lost', (random) => {
    const kind = random(3);
    return { lossPermille: kind === 0 ? 10 : kind === 1 ? 50 + random(400) : 1_000 };
  }),
};

export const DELAY: Fault = {
  name: 'delay',
  what: 'messages and streams are late, by up to 5 s',
  arrange: linkFault('is late', (random) => ({ extraDelayMs: random(3) === 0 ? random(5_000) : random(400) })),
};

export const DUPLICATION: Fault = {
  name: 'duplication',
  what: 'gossip arrives twice',
  arrange: linkFault('is repeated', (random) => ({ repeatPermille: 100 + random(900), jitterMs: random(50) })),
};

export const REORDERING: Fault = {
  name: 'reordering',
  what: 'gossip overtakes gossip',
  arrange: linkFault('is reordered', (random) => ({ jitterMs: 10 + random(1_000) })),
};

function linkFault(what: string, draw: (random: RandomInteger) => Disturbance): NonNullable<Fault['arrange']> {
  return (world, random, untilMs) => {
    const undo = new Undo();
    atRandomTimes(world, random, { count: 1 + random(STRIKES_MAX), untilMs }, (leftMs) => {
      const disturbance = draw(random);
      const shareOfTen = 1 + random(10);
      const ways = waysAmong(world).filter(() => random(10) < shareOfTen);
      if (ways.length === 0) return;
      const named = ways.map(([from, to]) => `${from.name}→${to.name}`).join(' ');
      world.trace.note('world', `gossip ${what} ${JSON.stringify(disturbance)}: ${named}`);
      const ends = ways.map(([from, to]) => undo.add(world.weather.disturb(from.id, to.id, disturbance)));
      world.at(Math.min(leftMs, 500 + random(20_000)), `gossip ${what} no longer on these ways`, () => {
        for (const end of ends) end();
      });
    });
    return () => undo.all();
  };
}

function waysAmong({ machines }: World): [World['machines'][number], World['machines'][number]][] {
  return machines.flatMap((from) =>
    machines.filter((to) => to !== from).map((to): [typeof from, typeof to] => [from, to]),
  );
}
