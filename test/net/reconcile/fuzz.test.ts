import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PeerMisbehaved } from '../../../net/framing/peer-misbehaved.ts';
import { decodeFrame, encodeFrame, type Message, type TurnEnd } from '../../../net/reconcile/frame.ts';
import { boundAt, END, type ItemRange } from '../../../net/reconcile/index/item.ts';
import {
  IDS_PER_TURN_MAX,
  MESSAGES_PER_TURN_MAX,
  SKETCHES_OPEN_MAX,
  SUMMARIES_PER_FRAME_MAX,
  SUMMARIES_PER_TURN_MAX,
  TURN_BYTES_MAX,
  TURNS_MAX,
} from '../../../net/reconcile/limits.ts';
import { ReconcileSession } from '../../../net/reconcile/session.ts';
import { framesOf } from '../../../net/reconcile/turn.ts';
import { holds } from '../../properties.ts';
import { seededRandom } from '../../../src/sim/seeded-random.ts';
import { arbitraryDeltas, replicaOf, runSession, sideOf, viewOf } from './replicas.ts';
import { recordAt } from './records.ts';

const WHOLE: ItemRange = { from: boundAt(0), to: END };
const HELLO = {
  kind: 'hello',
  lowestKept: 0,
  nextUnfinished: undefined,
  tip: 9,
  count: 10,
  sum: 1n,
} as const satisfies Message;

function frame(message: Message, end: TurnEnd = 'goes-on'): Uint8Array {
  return encodeFrame({ message, end, more: false });
}

/** A responder that has greeted, and holds blocks 0 to 9. */
function responder(hello: Message = HELLO): ReconcileSession {
  const session = new ReconcileSession(viewOf(replicaOf(Array.from({ length: 10 }, (_, at) => recordAt(at)))), false);
  session.receive(frame(hello, 'your-turn'));
  return session;
}

function isRefused(session: ReconcileSession, message: Message, end?: TurnEnd): void {
  assert.throws(() => session.receive(frame(message, end)), { code: 'ERR_PEER_MISBEHAVED' });
}

describe('a reconcile session with a peer that does not keep the protocol', () => {
  it('ends with an error of the protocol or goes on, whatever bit of whatever frame is flipped', () => {
    const flips = fc.array(fc.tuple(fc.nat(12), fc.nat()), { minLength: 1, maxLength: 3 });
    holds(
      fc.property(arbitraryDeltas(60), arbitraryDeltas(60), flips, (ofA, ofB, flipped) => {
        const [a, b] = [replicaOf(ofA), replicaOf(ofB)];
        const spoil = (at: number, bytes: Uint8Array): Uint8Array => {
          const spoiled = bytes.slice();
          for (const [of, bit] of flipped) {
            const byte = Math.floor(bit / 8) % bytes.length;
            if (of === at) spoiled[byte] = (spoiled[byte] ?? 0) ^ (1 << (bit % 8));
          }
          return spoiled;
        };
        try {
          runSession(sideOf(a), sideOf(b), spoil);
        } catch (error) {
          assert.ok(error instanceof PeerMisbehaved, String(error));
        }
      }),
    );
  });

  it('ends with an error of the protocol or answers, whatever frames arrive in whatever order', () => {
    const random = seededRandom(11);
    const [a, b] = [replicaOf(Array.from({ length: 300 }, (_, at) => recordAt(at, 1 + (at % 3)))), replicaOf([])];
    for (let at = 0; at < 300; at += 2) b.merge(recordAt(at, 1));
    const { frames } = runSession(sideOf(a), sideOf(b));
    const bytes = frames.map((each) => each.bytes);
    for (let run = 0; run < 300; run++) {
      const session = new ReconcileSession(viewOf(a), false);
      try {
        for (let turn = 0; turn < TURNS_MAX; turn++) {
          const step = session.receive(bytes[turn === 0 ? 0 : random(bytes.length)] ?? new Uint8Array());
          if (step.send !== undefined) for (const sent of framesOf(step.send, viewOf(a))) decodeFrame(sent.bytes);
          if (step.done) break;
        }
      } catch (error) {
        assert.ok(error instanceof PeerMisbehaved, String(error));
      }
    }
  });

  it('refuses what is out of turn or was not asked for', () => {
    const view = viewOf(replicaOf([]));
    isRefused(new ReconcileSession(view, false), { kind: 'ask', range: WHOLE });
    isRefused(new ReconcileSession(view, false), { kind: 'records', records: [recordAt(1)] });
    isRefused(responder(), HELLO);
    isRefused(responder(), { kind: 'records', records: [recordAt(1)] });
    isRefused(responder(), { kind: 'accepts', wanted: [true] }, 'your-turn');
    isRefused(responder(), { kind: 'more', range: WHOLE, length: 20 }, 'your-turn');
    isRefused(responder(), { kind: 'sketch', range: WHOLE, first: 3, symbols: new Uint32Array(3) }, 'your-turn');
    const [x, y] = [recordAt(1), recordAt(2)].map(({ key }) => ({ number: key.number, fingerprint: 1n }));
    assert.ok(x !== undefined && y !== undefined);
    isRefused(responder(), { kind: 'list', range: WHOLE, items: [y, x] }, 'your-turn');
    isRefused(responder(), { kind: 'list', range: { from: boundAt(2), to: END }, items: [x] }, 'your-turn');
    isRefused(responder({ ...HELLO, lowestKept: 5 }), { kind: 'ask', range: WHOLE });
    const over = responder();
    over.receive(frame({ kind: 'accepts', wanted: [] }, 'finished'));
    isRefused(over, { kind: 'accepts', wanted: [] });
  });

  it('takes as much in a turn as its limits say, and not one more', () => {
    const summary = { range: WHOLE, count: 0, sum: 0n, counters: undefined };
    const summaries: Message = {
      kind: 'summaries',
      ranges: Array.from({ length: SUMMARIES_PER_FRAME_MAX }, () => summary),
    };
    const ids = Array.from({ length: IDS_PER_TURN_MAX }, () => 1n);
    const sketch: Message = { kind: 'sketch', range: WHOLE, first: 0, symbols: new Uint32Array(3) };
    const cases: readonly [Message, number][] = [
      [{ kind: 'ask', range: WHOLE }, MESSAGES_PER_TURN_MAX],
      [summaries, SUMMARIES_PER_TURN_MAX / SUMMARIES_PER_FRAME_MAX],
      [{ kind: 'wants', ids }, 2],
      [sketch, SKETCHES_OPEN_MAX],
    ];
    for (const [message, max] of cases) {
      const session = responder();
      for (let count = 0; count < max; count++) session.receive(frame(message));
      isRefused(session, message);
    }
  });

  it('takes TURN_BYTES_MAX of records in a turn, and not one byte more', () => {
    const view = viewOf(replicaOf([]));
    for (const extra of [0, 1]) {
      const session = new ReconcileSession(view, true);
      session.open();
      session.receive(frame(HELLO));
      session.receive(
        frame({ kind: 'summaries', ranges: [{ range: WHOLE, count: 10, sum: 1n, counters: undefined }] }, 'your-turn'),
      );
      const records = frame({ kind: 'records', records: Array.from({ length: 1_000 }, (_, at) => recordAt(at)) });
      const empty = frame({ kind: 'records', records: [] });
      let left = TURN_BYTES_MAX + extra;
      for (; left >= records.length + 10 * empty.length; left -= records.length) session.receive(records);
      for (; left >= 2 * empty.length; left -= empty.length) session.receive(empty);
      const bits = (left - empty.length) * 8;
      const last = frame({ kind: 'accepts', wanted: Array.from({ length: bits }, () => false) });
      assert.equal(last.length, left);
      if (extra === 0) session.receive(last);
      else assert.throws(() => session.receive(last), { code: 'ERR_PEER_MISBEHAVED', argument: 'reconcile turn' });
    }
  });

  it(`goes on for ${TURNS_MAX} turns at most`, () => {
    const session = responder();
    // They never agree, and never cut: an empty range of theirs is shown again and again.
    const asked: Message = { kind: 'summaries', ranges: [{ range: WHOLE, count: 0, sum: 5n, counters: undefined }] };
    let turns = 2;
    for (let done = false; !done; turns += 2) done = session.receive(frame(asked, 'your-turn')).done;
    assert.equal(turns, TURNS_MAX);
    isRefused(session, asked, 'your-turn');
  });
});
