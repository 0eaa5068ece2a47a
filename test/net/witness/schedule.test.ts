import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChunkSchedule, OVERTAKE_MS } from '../../../net/witness/schedule.ts';
import { holds } from '../../properties.ts';

const none = (): boolean => false;

describe('the schedule of a payload’s chunks', () => {
  it('asks each source for chunks that nobody was asked for, in order, and not for those that are there', () => {
    const schedule = new ChunkSchedule<string>(4, (index) => index === 1);
    assert.deepEqual([schedule.next('a', 0), schedule.next('b', 0), schedule.next('a', 0)], [0, 2, 3]);
    assert.equal(schedule.next('b', 0), undefined);
  });

  it('asks another for what a dropped source owed', () => {
    const schedule = new ChunkSchedule<string>(2, none);
    schedule.next('a', 0);
    schedule.next('a', 0);
    schedule.drop('a');
    assert.deepEqual([schedule.next('b', 0), schedule.next('b', 0), schedule.next('b', 0)], [0, 1, undefined]);
  });

  it('lets a source that has nothing to do overtake one after OVERTAKE_MS, the longest overdue chunk first', () => {
    const schedule = new ChunkSchedule<string>(2, none);
    schedule.next('a', 0);
    schedule.next('a', 10);
    assert.equal(schedule.next('b', OVERTAKE_MS - 1), undefined);
    assert.equal(schedule.next('b', OVERTAKE_MS + 10), 0);
    assert.equal(schedule.next('b', OVERTAKE_MS + 10), 1);
    assert.equal(schedule.next('c', 10 * OVERTAKE_MS), undefined, 'two sources are enough');
    assert.equal(schedule.next('a', 10 * OVERTAKE_MS), undefined, 'nobody overtakes itself');
  });

  it('takes a chunk once', () => {
    const schedule = new ChunkSchedule<string>(1, none);
    schedule.next('a', 0);
    assert.equal(schedule.done(0), true);
    assert.equal(schedule.done(0), false);
    assert(schedule.isComplete);
  });

  it('comes to an end with any sources, as long as one of them answers', () => {
    const fates = fc.array(fc.constantFrom('answer', 'fail', 'stall'), { minLength: 1, maxLength: 40 });
    holds(
      fc.property(fates, fc.integer({ min: 1, max: 12 }), (events, count) => {
        const schedule = new ChunkSchedule<string>(count, none);
        let nowMs = 0;
        for (const [at, fate] of events.entries()) {
          nowMs += OVERTAKE_MS;
          const index = schedule.next(`source ${at}`, nowMs);
          if (index === undefined) continue;
          if (fate === 'answer') schedule.done(index);
          if (fate === 'fail') schedule.drop(`source ${at}`);
        }
        for (const at of events.keys()) schedule.drop(`source ${at}`);
        for (let index = schedule.next('good', nowMs); index !== undefined; index = schedule.next('good', nowMs)) {
          schedule.done(index);
        }
        assert(schedule.isComplete);
      }),
    );
  });
});
