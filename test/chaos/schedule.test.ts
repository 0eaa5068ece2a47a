/** When what strikes whom: everything drawn from the seed, and the rules that a schedule keeps. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PROCESS_FAULTS, type FaultPlan } from '../../src/chaos/scenario/fault-plan.ts';
import type { Scenario } from '../../src/chaos/scenario/scenario.ts';
import { schedule } from '../../src/chaos/scenario/schedule.ts';
import { EVERYTHING } from '../../src/chaos/scenarios/everything.ts';
import { holds } from '../properties.ts';

function scenarioOf(...faults: FaultPlan[]): Scenario {
  const workload = { blocksPerSecond: 1, validationMs: [0, 1] } as const;
  return { name: 'made-up', breaks: 'things', nodes: 4, seconds: 60, workload, faults };
}

const targetsOf = (scenario: Scenario, nodes = 4, seconds = 60): (readonly number[])[] =>
  schedule(scenario, 1, nodes, seconds).map(({ targets }) => targets);

describe('the schedule of a scenario', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(schedule(EVERYTHING, 7, 5, 600), schedule(EVERYTHING, 7, 5, 600));
    assert.notDeepEqual(schedule(EVERYTHING, 7, 5, 600), schedule(EVERYTHING, 8, 5, 600));
  });

  it('lies within the run, and never takes one node away twice at once', () => {
    const runs = fc.tuple(fc.nat(), fc.integer({ min: 5, max: 16 }), fc.integer({ min: 60, max: 900 }));
    holds(
      fc.property(runs, ([seed, nodes, seconds]) => {
        const strikes = schedule(EVERYTHING, seed, nodes, seconds);
        for (const [at, one] of strikes.entries()) {
          assert.ok(one.fromMs >= 0 && one.untilMs <= seconds * 1_000 && one.targets.length > 0);
          assert.ok(one.targets.every((index) => index >= 0 && index < nodes));
          if (!PROCESS_FAULTS.has(one.plan.fault)) continue;
          for (const other of strikes.slice(at + 1)) {
            const meets = PROCESS_FAULTS.has(other.plan.fault) && other.fromMs <= one.untilMs;
            assert.ok(!meets || !other.targets.some((index) => one.targets.includes(index)));
          }
        }
      }),
    );
  });

  it('repeats a fault until the time is over, however long that is', () => {
    const plan: FaultPlan = { fault: 'partition', on: 'half', atSeconds: 3, forSeconds: 8, everySeconds: 14 };
    const starts = (seconds: number): number[] => schedule(scenarioOf(plan), 1, 4, seconds).map(({ fromMs }) => fromMs);
    assert.deepEqual(starts(38), [3_000, 17_000]);
    assert.deepEqual(starts(39), [3_000, 17_000, 31_000]);
  });

  it('chooses as many nodes as it is told, and the next one after the other', () => {
    const one = { atSeconds: 0, forSeconds: 1 } as const;
    assert.deepEqual(targetsOf(scenarioOf({ fault: 'kill', on: 'all', ...one })), [[0, 1, 2, 3]]);
    assert.equal(targetsOf(scenarioOf({ fault: 'kill', on: 'most', ...one }))[0]?.length, 3);
    assert.equal(targetsOf(scenarioOf({ fault: 'kill', on: 'half', ...one }), 5)[0]?.length, 2);
    assert.deepEqual(targetsOf(scenarioOf({ fault: 'kill', on: [3, 1], ...one })), [[1, 3]]);
    const next: FaultPlan = { fault: 'restart', on: 'next', ...one, everySeconds: 10 };
    assert.deepEqual(targetsOf(scenarioOf(next)), [[0], [1], [2], [3], [0], [1]]);
  });
});
