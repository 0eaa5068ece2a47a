import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RECORD_BYTES_MAX, type KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { BLOB_IDS_MAX, EMPTY_RECORD } from '../../../crdt/block/record.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import {
  encodeEntry,
  encodeFrame,
  type FrameEntries,
  type FrameKind,
  type TurnEnd,
} from '../../../net/reconcile/frame.ts';
import { ITEMS_PER_SESSION_MAX, RANGES_LISTED_MAX, RECONCILE_FRAME_BYTES_MAX } from '../../../net/reconcile/limits.ts';
import { RANGES_PER_SESSION_MAX, RECONCILE_FRAME_BYTES_TARGET, TURN_BYTES_MAX } from '../../../net/reconcile/limits.ts';
import { acceptSession, startSession, step, type SessionState } from '../../../net/reconcile/session.ts';
import { framesOf } from '../../../net/reconcile/turn.ts';
import { Replica } from '../../../src/replica/replica.ts';
import { hashOf } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { largeRecord, recordWithBlobIds } from '../keyed-records.ts';
import { keyAt } from '../signed-nodes.ts';
import { arbitraryDeltas, replicaOf, runSession } from './replicas.ts';

function recordAt(number: number, blob = 1): KeyedRecord {
  return { key: keyAt(number), record: { ...EMPTY_RECORD, blobIds: [hashOf(blob)] } };
}

function encode<Kind extends FrameKind>(kind: Kind, end: TurnEnd, entries: readonly FrameEntries[Kind][]): Uint8Array {
  return encodeFrame(
    kind,
    end,
    entries.map((entry) => encodeEntry(kind, entry)),
  );
}

/** One record in each of `count` ranges. */
function everyRange(count: number): KeyedRecord[] {
  return Array.from({ length: count }, (_, at) => recordAt(at * 1024));
}

function items(...keys: readonly BlockKey[]): FrameEntries['items'][] {
  return keys.map((key) => ({ key, fingerprint: 1n }));
}

describe('a reconcile session', () => {
  it('leaves both sides with the merge of what they had, whatever that was', () => {
    const pair = fc.tuple(arbitraryDeltas(100), arbitraryDeltas(100), arbitraryDeltas(100));
    holds(
      fc.property(pair, ([common, onlyA, onlyB]) => {
        const [a, b] = [replicaOf([...common, ...onlyA]), replicaOf([...common, ...onlyB])];
        const merged = replicaOf([...common, ...onlyA, ...onlyB]);
        const { more } = runSession(a, b);
        assert.equal(more, false);
        assert.deepEqual([a.digest, b.digest, a.size], [merged.digest, merged.digest, merged.size]);
      }),
    );
  });

  it('fills an empty replica, from either side', () => {
    const records = Array.from({ length: 3_000 }, (_, number) => recordAt(number));
    for (const direction of ['push', 'pull']) {
      const [full, empty] = [replicaOf(records), new Replica()];
      if (direction === 'push') runSession(full, empty);
      else runSession(empty, full);
      assert.equal(empty.digest, full.digest);
    }
  });

  it('takes one message each way between equal replicas, empty ones included', () => {
    holds(
      fc.property(arbitraryDeltas(100), (deltas) => {
        const { frames } = runSession(replicaOf(deltas), replicaOf(deltas.toReversed()));
        assert.deepEqual(
          frames.map(({ from }) => from),
          ['initiator', 'responder'],
        );
        const [request, answer] = frames.map(({ bytes }) => bytes.length);
        assert.ok((request ?? 0) <= 4 + 6 * 28);
        assert.equal(answer, 4);
      }),
    );
    assert.equal(runSession(new Replica(), new Replica()).frames.length, 2);
  });

  it('moves only the records that differ', () => {
    const common = Array.from({ length: 2_000 }, (_, number) => recordAt(number));
    const [a, b] = [replicaOf([...common, recordAt(7, 2)]), replicaOf([...common, recordAt(5_000)])];
    const state = startSession(a);
    assert.equal(state.send.kind, 'ranges');
    const bytes = runSession(a, b).frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
    // 1,024 items of the range of block 7, about 50 bytes each, and little else.
    assert.ok(bytes < 1_024 * 52 + 1_000, `${bytes}`);
    assert.equal(a.digest, b.digest);
  });

  it('loses nothing when either side changes in the middle, and gives what both had at the start', () => {
    const input = fc.tuple(arbitraryDeltas(60), arbitraryDeltas(60), arbitraryDeltas(12), arbitraryDeltas(12));
    holds(
      fc.property(input, ([ofA, ofB, laterA, laterB]) => {
        const [a, b] = [replicaOf(ofA), replicaOf(ofB)];
        runSession(a, b, (frame) => {
          const [forA, forB] = [laterA[frame], laterB[frame]];
          if (forA !== undefined) a.merge(forA);
          if (forB !== undefined) b.merge(forB);
        });
        for (const replica of [a, b]) {
          for (const record of [...ofA, ...ofB]) assert.equal(replica.merge(record), undefined);
        }
        runSession(a, b);
        assert.equal(a.digest, b.digest);
      }),
    );
  });

  it('covers RANGES_PER_SESSION_MAX differing ranges, the newest, and says that there is more', () => {
    const atLimit = [replicaOf(everyRange(RANGES_PER_SESSION_MAX)), new Replica()] as const;
    assert.equal(runSession(...atLimit).more, false);
    assert.equal(atLimit[1].digest, atLimit[0].digest);

    const beyond = everyRange(RANGES_PER_SESSION_MAX + 1);
    for (const [a, b] of [
      [replicaOf(beyond), new Replica()],
      [new Replica(), replicaOf(beyond)],
    ] as const) {
      assert.equal(runSession(a, b).more, true);
      const smaller = a.size < b.size ? a : b;
      assert.equal(smaller.size, RANGES_PER_SESSION_MAX);
      assert.equal(smaller.record(keyAt(0)), undefined);
      assert.equal(runSession(a, b).more, false);
      assert.equal(a.digest, b.digest);
    }
  });

  it('carries records of every size, in frames within the limit, and the rest of too many in the next session', () => {
    const big = recordWithBlobIds(BLOB_IDS_MAX);
    const records = Array.from({ length: 540 }, (_, number) => ({ key: keyAt(number), record: big }));
    const [a, b] = [replicaOf([...records, { key: keyAt(600), record: largeRecord() }]), new Replica()];
    const { frames, more } = runSession(a, b);
    const lengths = frames.map(({ bytes }) => bytes.length);
    assert.ok(Math.max(...lengths) > RECORD_BYTES_MAX / 2 && Math.max(...lengths) <= RECONCILE_FRAME_BYTES_MAX);
    assert.ok(lengths.reduce((sum, length) => sum + length) > TURN_BYTES_MAX - 2 * RECONCILE_FRAME_BYTES_TARGET);
    assert.equal(more, true);
    assert.ok(b.size < a.size && b.record(keyAt(600)) !== undefined && b.record(keyAt(0)) === undefined);
    assert.equal(runSession(b, a).more, false);
    assert.equal(a.digest, b.digest);
  });

  it('does not compare what is older than a list that was cut off', () => {
    const newest = { index: RANGES_LISTED_MAX + 5, count: 1, digest: 1n };
    const view = replicaOf([recordAt(0), recordAt(newest.index * 1024)]);
    const cut = step(acceptSession(), encode('ranges', 'more-next-session', [newest]), view);
    assert.deepEqual(cut.send, { kind: 'items', differing: [newest.index], more: true });
    const whole = step(acceptSession(), encode('ranges', 'complete', [newest]), view);
    assert.deepEqual(whole.send, { kind: 'items', differing: [0, newest.index], more: false });
  });

  it('lists RANGES_LISTED_MAX ranges, the newest', () => {
    const ranges = Array.from({ length: RANGES_LISTED_MAX + 1 }, (_, index) => ({ index, count: 1, digest: 1n }));
    const viewOf = (all: typeof ranges): Parameters<typeof startSession>[0] => ({
      ranges: () => all,
      items: () => [],
      record: () => undefined,
    });
    const fits = startSession(viewOf(ranges.slice(1))).send;
    assert.ok(fits.kind === 'ranges' && fits.ranges.length === RANGES_LISTED_MAX && !fits.more);
    const cut = startSession(viewOf(ranges)).send;
    assert.ok(cut.kind === 'ranges' && cut.ranges.length === RANGES_LISTED_MAX && cut.more);
    assert.equal(cut.ranges[0]?.index, 1);
    let state: SessionState = acceptSession();
    for (const { bytes } of framesOf(cut, viewOf(ranges))) state = step(state, bytes, viewOf(ranges)).state;
    assert.equal(state.awaits, 'nothing');
  });

  it('passes over a range that holds more than ITEMS_PER_SESSION_MAX, and says that there is more', () => {
    const view = {
      ranges: () => [
        { index: 1, count: ITEMS_PER_SESSION_MAX, digest: 1n },
        { index: 2, count: ITEMS_PER_SESSION_MAX + 1, digest: 1n },
      ],
      items: () => [],
      record: () => undefined,
    };
    const { send } = step(acceptSession(), encode('ranges', 'complete', []), view);
    assert.deepEqual(send, { kind: 'items', differing: [1], more: true });
  });
});

describe('a peer that breaks the reconcile protocol is blamed', () => {
  const ranges = encode('ranges', 'complete', [{ index: 1, count: 1, digest: 5n }]);
  const own = replicaOf([recordAt(3)]);

  /** The state after `frames`. */
  function after(start: SessionState, ...frames: readonly Uint8Array[]): SessionState {
    return frames.reduce((state, bytes) => step(state, bytes, own).state, start);
  }

  const responder = acceptSession();
  const responderInTurnTwo = after(responder, ranges);
  const initiator = startSession(own).state;
  const initiatorWithRanges = after(initiator, encode('differing', 'goes-on', [0, 1]));
  const initiatorInTurnTwo = after(initiatorWithRanges, encode('items', 'complete', items(keyAt(1_030), keyAt(1_031))));
  const over = after(initiator, encode('differing', 'complete', []));
  const good = encode('records', 'goes-on', [recordAt(1_031)]);

  const cases: readonly [string, SessionState, Uint8Array][] = [
    ['by bytes that do not decode', responder, new Uint8Array([9, 9, 9])],
    ['by an empty frame', responder, new Uint8Array(0)],
    ['by items where ranges are due', responder, encode('items', 'complete', [])],
    ['by ranges where the differing ones are due', initiator, ranges],
    ['by items before the differing ranges', initiator, encode('items', 'complete', [])],
    ['by differing ranges twice', initiatorWithRanges, encode('differing', 'complete', [2])],
    ['by ranges after its turn', responderInTurnTwo, ranges],
    [
      'by asking for blocks after it gave some',
      after(responderInTurnTwo, encode('records', 'goes-on', [recordAt(5)])),
      encode('wants', 'complete', [keyAt(4)]),
    ],
    ['by asking back in the last turn', initiatorInTurnTwo, encode('wants', 'complete', [keyAt(1_030)])],
    ['by a frame after the end', over, encode('records', 'complete', [])],
    [
      'by ranges out of order',
      responder,
      encode('ranges', 'complete', [
        { index: 2, count: 1, digest: 5n },
        { index: 1, count: 1, digest: 5n },
      ]),
    ],
    [
      'by a range twice, in two frames',
      after(responder, encode('ranges', 'goes-on', [{ index: 1, count: 1, digest: 5n }])),
      ranges,
    ],
    ['by differing ranges out of order', initiator, encode('differing', 'goes-on', [1, 0])],
    ['by items out of order', initiatorWithRanges, encode('items', 'goes-on', items(keyAt(9), keyAt(8)))],
    [
      'by an item twice, in two frames',
      after(initiatorWithRanges, encode('items', 'goes-on', items(keyAt(9)))),
      encode('items', 'complete', items(keyAt(9))),
    ],
    ['by an item outside the differing ranges', initiatorWithRanges, encode('items', 'complete', items(keyAt(2_048)))],
    [
      'by asking for a block outside the differing ranges',
      responderInTurnTwo,
      encode('wants', 'goes-on', [keyAt(2_048)]),
    ],
    ['by asking for a block twice', responderInTurnTwo, encode('wants', 'goes-on', [keyAt(4), keyAt(4)])],
    [
      'by giving a record outside the differing ranges',
      responderInTurnTwo,
      encode('records', 'complete', [recordAt(2_048)]),
    ],
    ['by giving a record twice', responderInTurnTwo, encode('records', 'complete', [recordAt(5), recordAt(5)])],
    [
      'by sending a record that was not asked for',
      initiatorInTurnTwo,
      encode('records', 'complete', [recordAt(1_032)]),
    ],
    ['by sending a record twice, in two frames', after(initiatorInTurnTwo, good), good],
  ];
  for (const [how, state, bytes] of cases) {
    it(how, () => assert.throws(() => step(state, bytes, own), { code: 'ERR_PEER_MISBEHAVED' }));
  }

  it('by one byte more in a turn than TURN_BYTES_MAX, and not before', () => {
    const frame = encode('ranges', 'goes-on', [{ index: 1, count: 1, digest: 5n }]);
    const almost = { awaits: 'ranges', ranges: [], turnBytes: TURN_BYTES_MAX - frame.length } as const;
    assert.equal(step(almost, frame, own).state.turnBytes, TURN_BYTES_MAX);
    assert.throws(() => step({ ...almost, turnBytes: almost.turnBytes + 1 }, frame, own), {
      code: 'ERR_PEER_MISBEHAVED',
      argument: 'turn',
    });
  });

  it('by one item more in a turn than ITEMS_PER_SESSION_MAX, and not before', () => {
    const listed = Array.from({ length: ITEMS_PER_SESSION_MAX - 1 }, () => ({ key: keyAt(0), fingerprint: 1n }));
    const almost = { awaits: 'items', turnBytes: 0, differing: new Set([0]), items: [listed] } as const;
    assert.equal(step(almost, encode('items', 'goes-on', items(keyAt(8))), own).state.awaits, 'items');
    const beyond = encode('items', 'goes-on', items(keyAt(8), keyAt(9)));
    assert.throws(() => step(almost, beyond, own), { code: 'ERR_PEER_MISBEHAVED', argument: 'items' });
  });
});
