/** Replicas to reconcile, and a session between two of them run frame by frame without a stream. */

import fc from 'fast-check';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { acceptSession, startSession, step } from '../../../net/reconcile/session.ts';
import type { SessionState } from '../../../net/reconcile/session.ts';
import { framesOf, type Turn } from '../../../net/reconcile/turn.ts';
import { Replica } from '../../../src/replica/replica.ts';
import { arbitraryDelta, hashOf } from '../../crdt/block/arbitraries.ts';

export function replicaOf(records: Iterable<KeyedRecord>): Replica {
  const replica = new Replica();
  for (const record of records) replica.merge(record);
  return replica;
}

/** What happened to blocks of five ranges, some of them far away; several hashes at a number, several deltas to a block. */
export function arbitraryDeltas(lengthMax: number): fc.Arbitrary<readonly KeyedRecord[]> {
  const number = fc.oneof(fc.nat(4 * 1024 - 1), fc.nat(20), fc.constant(Number.MAX_SAFE_INTEGER));
  const key = fc.record({ number, hash: fc.constantFrom(hashOf(1), hashOf(2)) }, { noNullPrototype: true });
  return fc.array(fc.record({ key, record: arbitraryDelta }, { noNullPrototype: true }), {
    minLength: 1,
    maxLength: lengthMax,
    size: 'max',
  });
}

type Side = 'initiator' | 'responder';

export interface Session {
  /** Every frame, in the order of sending. */
  readonly frames: readonly { readonly from: Side; readonly bytes: Uint8Array }[];
  readonly more: boolean;
}

/** Runs a session. `meanwhile` is called before each frame is taken in, with its number. */
export function runSession(initiator: Replica, responder: Replica, meanwhile?: (frame: number) => void): Session {
  const frames: { from: Side; bytes: Uint8Array }[] = [];
  let more = false;
  const start = startSession(initiator);
  const replicas = { initiator, responder };
  const states: Record<Side, SessionState> = { initiator: start.state, responder: acceptSession() };
  let from: Side = 'initiator';
  let turn: Turn | undefined = start.send;
  while (turn !== undefined) {
    const to: Side = from === 'initiator' ? 'responder' : 'initiator';
    let answer: Turn | undefined;
    for (const { bytes } of framesOf(turn, replicas[from])) {
      meanwhile?.(frames.length);
      frames.push({ from, bytes });
      const outcome = step(states[to], bytes, replicas[to]);
      states[to] = outcome.state;
      more ||= outcome.more;
      for (const record of outcome.take) replicas[to].merge(record);
      answer = outcome.send;
    }
    turn = answer;
    from = to;
  }
  return { frames, more };
}
