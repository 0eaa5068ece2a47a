import assert from 'node:assert/strict';
import {
  EXCHANGE_PERIOD_MS,
  EXCHANGE_RETRY_MS,
  EXCHANGE_SETTLE_MS,
  EXCHANGE_SOON_MS,
  EXCHANGE_YIELD_MS,
  ExchangeSchedule,
} from '../../src/document/exchange-schedule.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';

const [LOW, SELF, HIGH] = [nodeOf(1), nodeOf(2), nodeOf(3)];

function linked(): ExchangeSchedule {
  const schedule = new ExchangeSchedule(SELF);
  assert.deepEqual(schedule.linked([LOW, HIGH], 0), [LOW, HIGH]);
  return schedule;
}

/** The first exchange with both is done. */
function settled(): ExchangeSchedule {
  const schedule = linked();
  for (const peer of [LOW, HIGH]) schedule.ended(peer, true, 0, 0);
  return schedule;
}

describe('the schedule of exchanges', () => {
  it('begins at once with a peer of a greater id, and leaves the first to one of a smaller id for a while', () => {
    const schedule = linked();
    assert.deepEqual(schedule.due(0), [HIGH]);
    assert.deepEqual(schedule.due(EXCHANGE_YIELD_MS - 1), [HIGH]);
    assert.deepEqual(schedule.due(EXCHANGE_YIELD_MS), [LOW, HIGH]);
  });

  it('comes again a moment after the first exchange that was done, since gossip may not have carried anything yet', () => {
    const schedule = linked();
    schedule.ended(HIGH, false, 0, 0);
    assert.deepEqual(schedule.due(EXCHANGE_RETRY_MS - 1), [LOW]);
    schedule.ended(LOW, true, 0, 0);
    schedule.ended(HIGH, true, 0, 0);
    assert.deepEqual(schedule.due(EXCHANGE_SETTLE_MS - 1), []);
    assert.deepEqual(schedule.due(EXCHANGE_SETTLE_MS), [LOW, HIGH]);
  });

  it('comes back to a peer after a period, and sooner after a failure', () => {
    const schedule = settled();
    schedule.ended(LOW, true, 100, 7);
    schedule.ended(HIGH, false, 100, 7);
    assert.deepEqual(schedule.due(100 + EXCHANGE_RETRY_MS + 6), []);
    assert.deepEqual(schedule.due(100 + EXCHANGE_RETRY_MS + 7), [HIGH]);
    assert.deepEqual(schedule.due(100 + EXCHANGE_PERIOD_MS + 7), [LOW, HIGH]);
  });

  it('comes soon where there is news, never later than it would have, and not to who brought them', () => {
    const schedule = settled();
    for (const peer of [LOW, HIGH]) schedule.ended(peer, true, 0, 0);
    schedule.allSoon(1_000, LOW);
    assert.deepEqual(schedule.due(1_000 + EXCHANGE_SOON_MS), [HIGH]);
    schedule.soon(HIGH, 2_000);
    assert.deepEqual(schedule.due(1_000 + EXCHANGE_SOON_MS), [HIGH], 'the earlier reason counts');
    schedule.soon(LOW, EXCHANGE_PERIOD_MS - 1);
    assert.deepEqual(schedule.due(EXCHANGE_PERIOD_MS), [LOW, HIGH]);
  });

  it('tells of news that came while an exchange was under way, whoever began it, and of what came before it only once', () => {
    const schedule = settled();
    for (const peer of [LOW, HIGH]) schedule.ended(peer, true, 0, 0);
    schedule.soon(HIGH, 0);
    schedule.began(HIGH);
    assert.deepEqual(schedule.due(1_000), [], 'it is under way');
    schedule.ended(HIGH, true, 1_000, 0);
    assert.deepEqual(schedule.due(1_000 + EXCHANGE_SOON_MS), []);
    schedule.began(HIGH);
    schedule.soon(HIGH, 2_000);
    schedule.ended(HIGH, true, 2_100, 0);
    assert.deepEqual(schedule.due(2_000 + EXCHANGE_SOON_MS), [HIGH]);
    schedule.began(HIGH);
    schedule.soon(LOW, 3_000);
    schedule.ended(LOW, true, 3_100, 0);
    assert.deepEqual(schedule.due(3_000 + EXCHANGE_SOON_MS), [LOW], 'it may have begun before');
  });

  it('forgets who is no longer linked, and meets it anew', () => {
    const schedule = linked();
    assert.deepEqual(schedule.linked([LOW], 10), []);
    assert.deepEqual(schedule.due(EXCHANGE_PERIOD_MS), [LOW]);
    schedule.soon(HIGH, 10);
    schedule.ended(HIGH, true, 10, 0);
    assert.deepEqual(schedule.due(10 * EXCHANGE_PERIOD_MS), [LOW], 'nobody is due who is not linked');
    assert.deepEqual(schedule.linked([LOW, HIGH], 20), [HIGH]);
    assert.deepEqual(schedule.due(20), [HIGH]);
  });
});
