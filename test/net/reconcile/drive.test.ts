import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { encodeFrames } from '../../../net/framing/frames.ts';
import { PeerMisbehaved } from '../../../net/framing/peer-misbehaved.ts';
import { initiateReconcile, serveReconcile, type TakeRecords } from '../../../net/reconcile/drive.ts';
import type { ReconcileStats } from '../../../net/reconcile/drive.ts';
import { encodeFrame } from '../../../net/reconcile/frame.ts';
import { RECONCILE_FRAME_BYTES_MAX } from '../../../net/reconcile/limits.ts';
import type { Replica } from '../../../src/replica/replica.ts';
import { holdsAsync } from '../../properties.ts';
import { recordWithBlobIds } from '../keyed-records.ts';
import { keyAt } from '../signed-nodes.ts';
import { connectedStreams, readAll, streamOf } from '../stream-pair.ts';
import { arbitraryDeltas, replicaOf, viewOf } from './replicas.ts';

/** Version, kind and end; blocks 0 and 1, none unfinished; count and sum. */
const HELLO_BYTES = 3 + 1 + 1 + 2 + 1 + 16;

const NEVER = new AbortController().signal;

function takeInto(replica: Replica): TakeRecords {
  return (records) => Promise.resolve(records.forEach((record) => void replica.merge(record)));
}

function reconcile(a: Replica, b: Replica): Promise<[ReconcileStats, ReconcileStats]> {
  const { near, far } = connectedStreams();
  return Promise.all([
    initiateReconcile(near, viewOf(a), takeInto(a), NEVER),
    serveReconcile(far, viewOf(b), takeInto(b)),
  ]);
}

function big(from: number, to: number): KeyedRecord[] {
  const record = recordWithBlobIds(1024);
  return Array.from({ length: to - from }, (_, at) => ({ key: keyAt(from + at), record }));
}

async function framed(...frames: readonly Uint8Array[]): Promise<Uint8Array> {
  async function* each(): AsyncGenerator<Uint8Array> {
    yield* frames;
  }
  return readAll(encodeFrames(each()));
}

describe('reconciliation over a stream', () => {
  it('leaves both ends with the merge of what they had, and agrees on what was moved', async () => {
    await holdsAsync(
      fc.asyncProperty(arbitraryDeltas(60), arbitraryDeltas(60), async (ofA, ofB) => {
        const [a, b] = [replicaOf(ofA), replicaOf(ofB)];
        const [ours, theirs] = await reconcile(a, b);
        assert.equal(a.digest, replicaOf([...ofA, ...ofB]).digest);
        assert.equal(b.digest, a.digest);
        assert.equal(ours.sentRecords, theirs.receivedRecords);
        assert.equal(ours.receivedRecords, theirs.sentRecords);
        assert.deepEqual([ours.sentBytes, ours.receivedBytes], [theirs.receivedBytes, theirs.sentBytes]);
        assert.deepEqual([ours.roundTrips, ours.more], [theirs.roundTrips, theirs.more]);
      }),
    );
  });

  it('takes one round trip and a few bytes when nothing differs', async () => {
    const [stats] = await reconcile(replicaOf(big(0, 2)), replicaOf(big(0, 2)));
    const expected = {
      sentBytes: HELLO_BYTES,
      receivedBytes: HELLO_BYTES,
      sentRecords: 0,
      receivedRecords: 0,
      roundTrips: 1,
      more: false,
    };
    assert.deepEqual(stats, expected);
  });

  it('moves more than the stream holds in both directions without blocking', async () => {
    const [a, b] = [replicaOf(big(0, 100)), replicaOf(big(100, 200))];
    const [stats] = await reconcile(a, b);
    assert.ok(stats.sentBytes > 3_000_000 && stats.receivedBytes > 3_000_000);
    assert.deepEqual([stats.sentRecords, stats.receivedRecords, stats.roundTrips], [100, 100, 2.5]);
    assert.equal(a.digest, b.digest);
  });

  it('ends only after the other side has taken in everything', async () => {
    const { near, far } = connectedStreams();
    const [a, b] = [replicaOf(big(0, 3)), replicaOf([])];
    const gate = Promise.withResolvers<void>();
    let ended = false;
    const initiating = initiateReconcile(near, viewOf(a), takeInto(a), NEVER).finally(() => {
      ended = true;
    });
    const serving = serveReconcile(far, viewOf(b), async (records) => {
      await gate.promise;
      assert.equal(ended, false);
      await takeInto(b)(records);
    });
    gate.resolve();
    await Promise.all([initiating, serving]);
    assert.equal(b.digest, a.digest);
  });

  it('blames the peer for a record that is refused as forged, and fails on both ends', async () => {
    const { near, far } = connectedStreams();
    const forged = new PeerMisbehaved({ argument: 'lease signature', expected: "its author's", found: 'another' });
    const serving = serveReconcile(far, viewOf(replicaOf([])), () => Promise.reject(forged));
    const initiating = initiateReconcile(near, viewOf(replicaOf(big(0, 1))), () => Promise.resolve(), NEVER);
    await Promise.all([assert.rejects(serving, forged), assert.rejects(initiating, { code: 'ERR_STREAM_FAILED' })]);
  });

  it('blames nobody when records cannot be taken in for a reason of our own', async () => {
    const { near, far } = connectedStreams();
    const full = new Error('no space');
    const serving = serveReconcile(far, viewOf(replicaOf([])), () => Promise.reject(full));
    const initiating = initiateReconcile(near, viewOf(replicaOf(big(0, 1))), () => Promise.resolve(), NEVER);
    await Promise.all([assert.rejects(serving, full), assert.rejects(initiating, { code: 'ERR_STREAM_FAILED' })]);
  });

  it('ends with the reason of its signal, before it began or in the middle', async () => {
    const reason = new Error('stopping');
    const replica = replicaOf([]);
    const view = viewOf(replica);
    await assert.rejects(
      initiateReconcile(connectedStreams().near, view, takeInto(replica), AbortSignal.abort(reason)),
      reason,
    );

    const { near, far } = connectedStreams();
    const controller = new AbortController();
    const initiating = initiateReconcile(near, view, takeInto(replica), controller.signal);
    const [first] = [await far.source[Symbol.asyncIterator]().next()];
    assert.equal(first.done, false);
    controller.abort(reason);
    await assert.rejects(initiating, reason);
    await assert.rejects(readAll(far.source), { code: 'ERR_STREAM_FAILED' });
  });

  it('takes an early end of the stream for a failure, not for misbehaviour', async () => {
    const replica = replicaOf([]);
    const view = viewOf(replica);
    for (const bytes of [new Uint8Array(0), new Uint8Array([5, 1])]) {
      await assert.rejects(serveReconcile(streamOf([bytes]), view, takeInto(replica)), { code: 'ERR_STREAM_FAILED' });
    }
  });

  it('blames the peer for a frame over the limit, junk, or bytes after the end', async () => {
    const replica = replicaOf([]);
    const view = viewOf(replica);
    const tooLong = Buffer.from([0x81, 0x80, 0x40]);
    assert.equal(RECONCILE_FRAME_BYTES_MAX, 0x40 * 0x80 * 0x80);
    const junk = await framed(new Uint8Array([1, 2, 3]));
    const message = {
      kind: 'hello',
      lowestKept: 0,
      nextUnfinished: undefined,
      tip: undefined,
      count: 0,
      sum: 0n,
    } as const;
    const session = await framed(encodeFrame({ message, end: 'your-turn', more: false }));
    for (const chunks of [[tooLong], [junk], [session, session]]) {
      const serving = serveReconcile(streamOf(chunks), view, takeInto(replica));
      await assert.rejects(serving, { code: 'ERR_PEER_MISBEHAVED' });
    }
  });
});
