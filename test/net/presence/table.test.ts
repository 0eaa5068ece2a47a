import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Heartbeat } from '../../../net/presence/heartbeat.ts';
import {
  EMPTY_PRESENCE,
  hear,
  liveMembers,
  PRESENCE_FORGET_MS,
  PRESENCE_MEMBERS_MAX,
} from '../../../net/presence/table.ts';
import { retainMembers, type PresenceTable } from '../../../net/presence/table.ts';
import { nodeOf } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { heartbeatOf } from './heartbeats.ts';

const TIMEOUT_MS = 5_000;
const [alice, bob] = [nodeOf(1), nodeOf(2)];

function tableOf(...heard: readonly (readonly [Heartbeat, number])[]): PresenceTable {
  return heard.reduce<PresenceTable>(
    (table, [heartbeat, nowMs]) => hear(table, heartbeat, nowMs).table,
    EMPTY_PRESENCE,
  );
}

describe('the presence table', () => {
  const first = heartbeatOf(alice, { startedAtWallMs: 1_000, sequence: 5 });
  const cases = [
    { what: 'the next of the run', parts: { sequence: 6 }, outcome: 'later' },
    { what: 'a far later one of the run', parts: { sequence: 600 }, outcome: 'later' },
    { what: 'the same again', parts: {}, outcome: 'stale' },
    { what: 'an earlier one of the run', parts: { sequence: 4 }, outcome: 'stale' },
    { what: 'the first of a later run', parts: { startedAtWallMs: 1_001, sequence: 0 }, outcome: 'restarted' },
    {
      what: 'one of an earlier run, whatever its sequence',
      parts: { startedAtWallMs: 999, sequence: 600 },
      outcome: 'stale',
    },
  ] as const;
  for (const { what, parts, outcome } of cases) {
    it(`takes ${what} for ${outcome}`, () => {
      const before = tableOf([first, 0]);
      const next = { ...first, ...parts };
      const heard = hear(before, next, 100);
      assert.equal(heard.outcome, outcome);
      if (outcome === 'stale') assert.equal(heard.table, before);
      else assert.deepEqual(heard.table.get(alice), { heartbeat: next, heardAtMs: 100 });
      assert.deepEqual(before.get(alice), { heartbeat: first, heardAtMs: 0 });
    });
  }

  it('holds the latest heartbeat of each node, whatever the order and repetition of those that come', () => {
    const some = fc.record({ of: fc.constantFrom(alice, bob), startedAtWallMs: fc.nat(3), sequence: fc.nat(3) });
    holds(
      fc.property(fc.array(some), (arrivals) => {
        const heartbeats = arrivals.map(({ of, ...order }) => heartbeatOf(of, order));
        const table = tableOf(...heartbeats.map((heartbeat) => [heartbeat, 0] as const));
        for (const node of [alice, bob]) {
          const orders = heartbeats
            .filter((each) => each.node === node)
            .map((each) => each.startedAtWallMs * 4 + each.sequence);
          const kept = table.get(node)?.heartbeat;
          assert.equal(
            kept && kept.startedAtWallMs * 4 + kept.sequence,
            orders.length === 0 ? undefined : Math.max(...orders),
          );
        }
      }),
    );
  });

  it('counts from an earlier start once a node was silent for PRESENCE_FORGET_MS, and not before', () => {
    const clockSetBack = { ...first, startedAtWallMs: 1, sequence: 0 };
    const table = tableOf([first, 0]);
    assert.equal(hear(table, clockSetBack, PRESENCE_FORGET_MS - 1).outcome, 'stale');
    assert.equal(hear(table, clockSetBack, PRESENCE_FORGET_MS).outcome, 'new');
  });

  it('holds PRESENCE_MEMBERS_MAX members, and goes on to hear those when another comes', () => {
    const all = Array.from({ length: PRESENCE_MEMBERS_MAX }, (_, at) => [heartbeatOf(nodeOf(at), {}), 0] as const);
    const full = tableOf(...all);
    const one = hear(full, heartbeatOf(nodeOf(PRESENCE_MEMBERS_MAX), {}), 1);
    assert.deepEqual([one.outcome, one.table], ['table-full', full]);
    assert.equal(hear(full, heartbeatOf(alice, { sequence: 4 }), 1).outcome, 'later');
  });

  it('counts a member as live while its last heartbeat is younger than the timeout, in id order', () => {
    const table = tableOf([heartbeatOf(bob, {}), 0], [heartbeatOf(alice, {}), 1]);
    assert.deepEqual(liveMembers(table, TIMEOUT_MS - 1, TIMEOUT_MS), [alice, bob]);
    assert.deepEqual(liveMembers(table, TIMEOUT_MS, TIMEOUT_MS), [alice]);
    assert.deepEqual(liveMembers(table, TIMEOUT_MS + 1, TIMEOUT_MS), []);
  });

  it('does not take a repeated heartbeat for a sign of life', () => {
    const table = tableOf([first, 0], [first, TIMEOUT_MS]);
    assert.deepEqual(liveMembers(table, TIMEOUT_MS, TIMEOUT_MS), []);
  });

  it('drops those who are members no more', () => {
    const table = tableOf([heartbeatOf(bob, {}), 0], [heartbeatOf(alice, {}), 0]);
    assert.deepEqual([...retainMembers(table, (node) => node === bob).keys()], [bob]);
  });
});
