/**
 * When what strikes which nodes: a scenario's faults, laid out over a run. Everything in it is drawn from the seed.
 *
 * Invariants: the same arguments give the same schedule; every fault is over when the time is; two faults that take a
 * process away never lie on one node at once.
 */

import type { RandomInteger } from '../../../net/clock.ts';
import { forkRandom } from '../../sim/seeded-random.ts';
import { PROCESS_FAULTS, type FaultPlan } from './fault-plan.ts';
import type { Scenario } from './scenario.ts';

export interface Strike {
  readonly plan: FaultPlan;
  /** Indexes of nodes, ascending. */
  readonly targets: readonly number[];
  /** Since the workload began. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** In order of `fromMs`. */
export function schedule(scenario: Scenario, seed: number, nodes: number, seconds: number): Strike[] {
  const strikes: Strike[] = [];
  for (const [at, plan] of scenario.faults.entries()) {
    const random = forkRandom(seed, `fault ${at} ${plan.fault}`);
    for (const [occurrence, fromMs] of beginnings(plan, seconds, random).entries()) {
      const untilMs = fromMs + plan.forSeconds * 1_000;
      const free = freeNodes(plan, strikes, nodes, fromMs, untilMs);
      const targets = choose(plan.on, free, nodes, occurrence, random);
      if (targets.length > 0) strikes.push({ plan, targets, fromMs, untilMs });
    }
  }
  return strikes.sort((a, b) => a.fromMs - b.fromMs);
}

function beginnings(
  { atSeconds, forSeconds, everySeconds, spreadSeconds = 0 }: FaultPlan,
  seconds: number,
  random: RandomInteger,
): number[] {
  const latestMs = (seconds - forSeconds) * 1_000;
  const found: number[] = [];
  for (let plannedMs = atSeconds * 1_000; plannedMs <= latestMs; plannedMs += (everySeconds ?? Infinity) * 1_000) {
    const spreadMs = spreadSeconds > 0 ? random(Math.ceil(spreadSeconds * 1_000) + 1) : 0;
    const previousMs = found.at(-1) ?? -Infinity;
    // Late ones must neither outlast the run nor run into the next of their kind.
    found.push(Math.max(Math.min(plannedMs + spreadMs, latestMs), previousMs + forSeconds * 1_000));
  }
  return found.filter((fromMs) => fromMs <= latestMs);
}

/** Nodes that are not away during the strike because of another one; all of them for a fault that needs no process. */
function freeNodes(
  plan: FaultPlan,
  strikes: readonly Strike[],
  nodes: number,
  fromMs: number,
  untilMs: number,
): number[] {
  const all = Array.from({ length: nodes }, (_, index) => index);
  if (!PROCESS_FAULTS.has(plan.fault)) return all;
  const meanwhile = strikes.filter(
    (other) => PROCESS_FAULTS.has(other.plan.fault) && other.fromMs <= untilMs && fromMs <= other.untilMs,
  );
  return all.filter((index) => !meanwhile.some(({ targets }) => targets.includes(index)));
}

function choose(
  on: FaultPlan['on'],
  free: readonly number[],
  nodes: number,
  occurrence: number,
  random: RandomInteger,
): number[] {
  if (on === 'all') return [...free];
  if (typeof on !== 'string') return on.filter((index) => free.includes(index)).sort((a, b) => a - b);
  if (on === 'next') return free.filter((index) => index === occurrence % nodes);
  const count = { one: 1, half: Math.floor(nodes / 2), most: nodes - 1 }[on];
  return draw(free, count, random);
}

function draw(from: readonly number[], count: number, random: RandomInteger): number[] {
  const left = [...from];
  const drawn: number[] = [];
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(random(left.length), 1));
  return drawn.sort((a, b) => a - b);
}
