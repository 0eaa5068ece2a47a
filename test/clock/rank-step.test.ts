import assert from 'node:assert/strict';
import type { NodeId } from '../../crdt/ids.ts';
import type { Interval } from '../../net/clock-sync/interval.ts';
import { DELIVERIES_KEPT } from '../../src/clock/delivery-times.ts';
import {
  RANK_STEP_MS_MAX,
  RANK_STEP_MS_MIN,
  RANK_STEP_MS_UNMEASURED,
  RankStep,
  rankStepFor,
} from '../../src/clock/rank-step.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';

const [near, far, unknown] = [nodeOf(1), nodeOf(2), nodeOf(3)];
const OFFSETS = new Map<NodeId, Interval>([
  [near, { minMs: -1, maxMs: 1 }],
  // Its clock is 400 ms ahead, known to 20 ms.
  [far, { minMs: 380, maxMs: 420 }],
]);
const NOW_MS = 1_000_000;

function stepWith(fixedMs: number | undefined, live: readonly NodeId[]): RankStep {
  return new RankStep({ fixedMs, live: () => live, offsetOf: (peer) => OFFSETS.get(peer) });
}

/** `count` heartbeats that were `ms` under way, by the sender's clock as it really is. */
function hear(step: RankStep, node: NodeId, ms: number, count: number): void {
  const aheadMs = node === far ? 400 : 0;
  for (let at = 0; at < count; at++) step.noteHeartbeat({ node, sentAtWallMs: NOW_MS + aheadMs - ms }, NOW_MS);
}

describe('the step between candidates for a block', () => {
  it('is twice the slowest delivery and the time of handling, within its limits', () => {
    const table = [
      [[], RANK_STEP_MS_UNMEASURED],
      [[0], RANK_STEP_MS_MIN],
      [[12.5], 50],
      [[3, 80, 40], 185],
      [[987.5], RANK_STEP_MS_MAX],
      [[60_000], RANK_STEP_MS_MAX],
    ] as const;
    for (const [deliveriesMs, stepMs] of table) assert.equal(rankStepFor(deliveriesMs), stepMs);
  });

  it('follows the slowest live member, its clock corrected', () => {
    const live = [near, far];
    const step = stepWith(undefined, live);
    hear(step, near, 40, 20);
    assert.equal(step.currentMs(), 2 * 40 + 25);
    hear(step, far, 80, 20);
    assert.equal(step.currentMs(), 2 * 80 + 25);
    live.pop();
    assert.equal(step.currentMs(), 2 * 40 + 25, 'whoever is gone does not count');
  });

  it('is not moved by one slow message in twenty, and is by two', () => {
    const step = stepWith(undefined, [near]);
    hear(step, near, 40, 19);
    hear(step, near, 500, 1);
    assert.equal(step.currentMs(), 2 * 40 + 25);
    hear(step, near, 500, 1);
    assert.equal(step.currentMs(), 2 * 500 + 25);
  });

  it('forgets what was longer ago than DELIVERIES_KEPT messages', () => {
    const step = stepWith(undefined, [near]);
    hear(step, near, 500, DELIVERIES_KEPT);
    hear(step, near, 40, DELIVERIES_KEPT);
    assert.equal(step.currentMs(), 2 * 40 + 25);
  });

  it('takes nothing from a sender whose clock is not known', () => {
    const step = stepWith(undefined, [unknown]);
    hear(step, unknown, 40, 1);
    assert.equal(step.currentMs(), RANK_STEP_MS_UNMEASURED);
  });

  it('is what the configuration says, when it does', () => {
    const step = stepWith(7, [near]);
    hear(step, near, 500, 20);
    assert.equal(step.currentMs(), 7);
    assert(step.isFixed && !stepWith(undefined, []).isFixed);
  });
});
