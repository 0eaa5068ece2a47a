/** Replicas to reconcile, and a session between two of them run frame by frame without a stream. */

import fc from 'fast-check';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import type { OutgoingFrame, Turn } from '../../../net/reconcile/turn.ts';
import { framesOf } from '../../../net/reconcile/turn.ts';
import { ReconcileSession } from '../../../net/reconcile/session.ts';
import { FETCH_EVERYTHING, type FetchClaims, type ReconcileView } from '../../../net/reconcile/view.ts';
import { Replica } from '../../../src/replica/replica.ts';
import { arbitraryDelta, hashOf } from '../../crdt/block/arbitraries.ts';

export function replicaOf(records: Iterable<KeyedRecord>): Replica {
  const replica = new Replica();
  for (const record of records) replica.merge(record);
  return replica;
}

/** `replica` as a session sees it; by default it keeps every block and knows of none that is unfinished. */
export function viewOf(replica: Replica, lowestKept = 0, nextUnfinished?: number): ReconcileView {
  return {
    index: replica.index,
    lowestKept,
    nextUnfinished,
    blockOf: (item) => replica.blockOf(item),
    record: (key) => replica.record(key),
  };
}

/** What happened to blocks of five ranges, some of them far away; several hashes at a number, several deltas to a block. */
export function arbitraryDeltas(lengthMax: number): fc.Arbitrary<readonly KeyedRecord[]> {
  const number = fc.oneof(fc.nat(40_000), fc.nat(20), fc.constant(Number.MAX_SAFE_INTEGER));
  const key = fc.record({ number, hash: fc.constantFrom(hashOf(1), hashOf(2)) }, { noNullPrototype: true });
  return fc.array(fc.record({ key, record: arbitraryDelta }, { noNullPrototype: true }), {
    minLength: 1,
    maxLength: lengthMax,
    size: 'max',
  });
}

type SideName = 'initiator' | 'responder';

export interface Side {
  readonly view: ReconcileView;
  /** Called for each record that arrives. */
  readonly take: (record: KeyedRecord) => void;
  readonly claims?: FetchClaims;
}

export function sideOf(replica: Replica, lowestKept = 0, nextUnfinished?: number): Side {
  return { view: viewOf(replica, lowestKept, nextUnfinished), take: (record) => void replica.merge(record) };
}

export interface RanSession {
  /** Every frame, in the order of sending. */
  readonly frames: readonly (OutgoingFrame & { readonly from: SideName })[];
  readonly more: boolean;
  readonly turns: number;
}

/**
 * Runs a session. `meanwhile` is called before each frame is taken in, with its number, and may replace the frame's
 * bytes.
 */
export function runSession(
  initiator: Side,
  responder: Side,
  meanwhile?: (frame: number, bytes: Uint8Array) => Uint8Array | void,
): RanSession {
  const frames: (OutgoingFrame & { from: SideName })[] = [];
  let more = false;
  let turns = 0;
  const sides = { initiator, responder };
  const sessions = {
    initiator: new ReconcileSession(initiator.view, true, initiator.claims ?? FETCH_EVERYTHING),
    responder: new ReconcileSession(responder.view, false, responder.claims ?? FETCH_EVERYTHING),
  };
  let from: SideName = 'initiator';
  let turn: Turn | undefined = sessions.initiator.open();
  while (turn !== undefined) {
    turns++;
    const to: SideName = from === 'initiator' ? 'responder' : 'initiator';
    let answer: Turn | undefined;
    for (const frame of framesOf(turn, sides[from].view)) {
      const bytes = meanwhile?.(frames.length, frame.bytes) ?? frame.bytes;
      frames.push({ ...frame, from });
      const step = sessions[to].receive(bytes);
      more ||= frame.more;
      for (const record of step.take) sides[to].take(record);
      answer = step.send;
    }
    turn = answer;
    from = to;
  }
  return { frames, more, turns };
}

/** Runs sessions until none leaves something for another one. Returns how many it took. */
export function converge(a: Side, b: Side): number {
  for (let sessions = 1; ; sessions++) {
    if (!runSession(a, b).more) return sessions;
    if (sessions > 1_000) throw new Error('the sessions do not end');
  }
}
