import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { MODES, type Mode } from '../../net/presence/heartbeat.ts';
import {
  HEARTBEATS_TO_RETURN_MAX,
  HOLD_HEARTBEATS,
  initialMode,
  majorityOf,
  stepMode,
  type ModeSituation,
  type ModeState,
  type ModeTrigger,
  type SeenMember,
} from '../../src/mode/step-mode.ts';
import { HEARTBEATS_MISSED_MAX } from '../../src/presence/presence.ts';
import { CATCH_UP_RECORDS_MIN } from '../../src/reconcile/catch-up.ts';
import { DIRTY_BLOCKS_MAX } from '../../src/store/block-store.ts';
import { holds } from '../properties.ts';

const HEARTBEAT_MS = 1_000;
const LOST_MS = HEARTBEATS_MISSED_MAX * HEARTBEAT_MS;
const RETURN_MS = HEARTBEATS_TO_RETURN_MAX * HEARTBEAT_MS;

/** Why it is in the mode that it is in; one that calls for nothing. */
const BEFORE = 'reachable-again';

const NEAR: SeenMember = { heartbeatAgeMs: 300, agrees: true, isSettled: true, recordCount: 10 };
const GONE: SeenMember = { ...NEAR, heartbeatAgeMs: LOST_MS };
const NEVER: SeenMember = { heartbeatAgeMs: undefined, agrees: false, isSettled: false, recordCount: 0 };

function situation(others: readonly SeenMember[], more: Partial<ModeSituation> = {}): ModeSituation {
  return { others, ownRecords: 10, queueDepth: 0, ...more };
}

function inMode(mode: Mode): ModeState {
  return { mode, sinceMs: 0, trigger: BEFORE, call: undefined };
}

/** The state when `seen` has held for `forMs`, with a look every 500 ms. */
function after(state: ModeState, seen: ModeSituation, forMs: number): ModeState {
  let now = state;
  for (let atMs = 0; atMs <= forMs; atMs += 500) now = stepMode(now, seen, atMs, HEARTBEAT_MS).state;
  return now;
}

describe('the mode of a node', () => {
  const table: readonly [name: string, from: Mode, seen: ModeSituation, to: Mode, trigger: ModeTrigger | undefined][] =
    [
      ['stays normal while all agree', 'normal', situation([NEAR, NEAR]), 'normal', undefined],
      ['stays normal while a majority is in reach', 'normal', situation([NEAR, GONE]), 'normal', undefined],
      ['is degraded without one', 'normal', situation([GONE, GONE]), 'degraded', 'too-few-reachable'],
      [
        'is degraded with half of an even number',
        'normal',
        situation([NEAR, GONE, GONE]),
        'degraded',
        'too-few-reachable',
      ],
      ['is degraded by members never heard of', 'catch-up', situation([NEVER, NEVER]), 'degraded', 'too-few-reachable'],
      ['is normal for a node alone in its cluster', 'catch-up', situation([]), 'normal', 'caught-up'],
      [
        'stays normal just within the age at which a member is lost',
        'normal',
        situation([{ ...NEAR, heartbeatAgeMs: LOST_MS - 1 }]),
        'normal',
        undefined,
      ],
      [
        'stays degraded until a member is heard of twice as it should be',
        'degraded',
        situation([{ ...NEAR, heartbeatAgeMs: RETURN_MS }]),
        'degraded',
        undefined,
      ],
      [
        'catches up once a majority is back',
        'degraded',
        situation([{ ...NEAR, heartbeatAgeMs: RETURN_MS - 1, agrees: false, isSettled: false }]),
        'catch-up',
        'reachable-again',
      ],
      [
        'goes on catching up while a member in reach has more to exchange',
        'catch-up',
        situation([NEAR, { ...NEAR, agrees: false, isSettled: false }]),
        'catch-up',
        undefined,
      ],
      [
        'is normal again though digests differ by what is under way',
        'catch-up',
        situation([NEAR, { ...NEAR, agrees: false }]),
        'normal',
        'caught-up',
      ],
      ['does not wait for members out of reach', 'catch-up', situation([NEAR, GONE]), 'normal', 'caught-up'],
      [
        'stays normal one record below the number that is worth a word',
        'normal',
        situation([{ ...NEAR, agrees: false, recordCount: 10 + CATCH_UP_RECORDS_MIN - 1 }]),
        'normal',
        undefined,
      ],
      [
        'catches up from that number on',
        'normal',
        situation([{ ...NEAR, agrees: false, recordCount: 10 + CATCH_UP_RECORDS_MIN }]),
        'catch-up',
        'records-missing',
      ],
      [
        'goes on until half of them have come',
        'catch-up',
        situation([{ ...NEAR, agrees: false, recordCount: 10 + CATCH_UP_RECORDS_MIN / 2 }]),
        'catch-up',
        undefined,
      ],
      [
        'does not care for what a member out of reach holds',
        'normal',
        situation([NEAR, { ...GONE, recordCount: 10 * CATCH_UP_RECORDS_MIN }]),
        'normal',
        undefined,
      ],
      [
        'stays normal below a deep queue',
        'normal',
        situation([NEAR], { queueDepth: DIRTY_BLOCKS_MAX - 1 }),
        'normal',
        undefined,
      ],
      [
        'catches up with a deep queue',
        'normal',
        situation([NEAR], { queueDepth: DIRTY_BLOCKS_MAX }),
        'catch-up',
        'queue-deep',
      ],
      [
        'goes on until half of it is done',
        'catch-up',
        situation([NEAR], { queueDepth: DIRTY_BLOCKS_MAX / 2 }),
        'catch-up',
        undefined,
      ],
      [
        'puts reach before everything',
        'catch-up',
        situation([GONE], { queueDepth: DIRTY_BLOCKS_MAX }),
        'degraded',
        'too-few-reachable',
      ],
    ];
  for (const [name, from, seen, to, trigger] of table) {
    it(name, () => {
      const state = after(inMode(from), seen, 10 * HEARTBEAT_MS);
      // What brought it from `degraded` to `catch-up` may have brought it further.
      const first = after(inMode(from), seen, HOLD_HEARTBEATS[to] * HEARTBEAT_MS);
      assert.equal((trigger === undefined ? state : first).mode, to);
      assert.equal((trigger === undefined ? state : first).trigger, trigger ?? BEFORE);
    });
  }

  it('changes only when what calls for it has held without a break', () => {
    const lost = situation([GONE]);
    const holdMs = HOLD_HEARTBEATS.degraded * HEARTBEAT_MS;
    const called = stepMode(inMode('normal'), lost, 0, HEARTBEAT_MS).state;
    const almost = stepMode(called, lost, holdMs - 1, HEARTBEAT_MS);
    assert.deepEqual([almost.state.mode, almost.hasChanged], ['normal', false]);
    const held = stepMode(called, lost, holdMs, HEARTBEAT_MS);
    assert.deepEqual([held.state.mode, held.hasChanged, held.state.sinceMs], ['degraded', true, holdMs]);
    const broken = stepMode(called, situation([NEAR]), 1, HEARTBEAT_MS).state;
    assert.equal(stepMode(broken, lost, holdMs, HEARTBEAT_MS).state.mode, 'normal', 'the hold begins anew');
  });

  it('gives members never heard of since the start as long as lost ones', () => {
    const graceMs = LOST_MS + HOLD_HEARTBEATS.degraded * HEARTBEAT_MS;
    const alone = situation([NEVER, NEVER]);
    assert.equal(after(initialMode(0), alone, graceMs - 500).mode, 'catch-up');
    assert.equal(after(initialMode(0), alone, graceMs).mode, 'degraded');
  });

  it('begins by comparing with the others', () => {
    assert.deepEqual(initialMode(7), { mode: 'catch-up', sinceMs: 7, trigger: 'started', call: undefined });
  });

  it('needs more than half of the members', () => {
    assert.deepEqual([1, 2, 3, 4, 5].map(majorityOf), [1, 2, 2, 3, 3]);
  });

  const member = fc.record({
    heartbeatAgeMs: fc.option(fc.nat(2 * LOST_MS), { nil: undefined }),
    agrees: fc.boolean(),
    isSettled: fc.boolean(),
    recordCount: fc.nat(3 * CATCH_UP_RECORDS_MIN),
  });

  it('comes to rest under whatever stays the same, and is never strong by itself', () => {
    holds(
      fc.property(
        fc.constantFrom(...MODES.filter((mode) => mode !== 'strong')),
        fc.array(member, { maxLength: 6 }),
        fc.nat(3 * CATCH_UP_RECORDS_MIN),
        fc.nat(2 * DIRTY_BLOCKS_MAX),
        (from, others, ownRecords, queueDepth) => {
          const seen = { others, ownRecords, queueDepth };
          // Three holds: out of `degraded`, to `catch-up`, to `normal`.
          const rested = after(inMode(from), seen, 6 * HEARTBEAT_MS);
          assert.equal(after(rested, seen, 20 * HEARTBEAT_MS).mode, rested.mode);
          assert.notEqual(rested.mode, 'strong');
        },
      ),
    );
  });
});
