/** The parts that keep witnesses within bounds, each at its limit and one beyond. */

import assert from 'node:assert/strict';
import { hashToBytes, hashFromBytes, type Hash32 } from '../../crdt/ids.ts';
import {
  bucketsOf,
  decodeHashes,
  differingBuckets,
  encodeBuckets,
  encodeHashes,
} from '../../net/witness/contract-buckets.ts';
import { CONTRACT_BUCKET_HASHES_MAX } from '../../net/witness/limits.ts';
import { DISTRUST_MS, FINDINGS_MAX, HolderDistrust } from '../../src/witness/distrust.ts';
import { RETRY_MS_MAX, RETRY_MS_MIN, retryDelayMs } from '../../src/witness/fetch-retry.ts';
import { IoQueue } from '../../src/witness/io-queue.ts';
import { orderSources } from '../../src/witness/sources.ts';
import { hashOf, nodeOf } from '../crdt/block/arbitraries.ts';

/** A hash that falls into this bucket. */
function contract(bucket: number, at: number): Hash32 {
  const bytes = new Uint8Array(32);
  bytes[0] = bucket;
  new DataView(bytes.buffer).setUint32(28, at);
  return hashFromBytes(bytes);
}

describe('a queue in front of the disk', () => {
  it('runs inFlight operations at once, holds waiting more, and refuses the next', async () => {
    const queue = new IoQueue('reads', { inFlight: 2, waiting: 3 });
    const gate = Promise.withResolvers<void>();
    const taken = Array.from({ length: 5 }, () => queue.run('peer', () => gate.promise));
    assert.deepEqual([queue.inFlightCount, queue.waitingCount], [2, 3]);
    await assert.rejects(
      queue.run('claim', () => gate.promise),
      { code: 'ERR_QUEUE_FULL' },
    );
    gate.resolve();
    await Promise.all(taken);
    assert.deepEqual([queue.inFlightCount, queue.waitingCount], [0, 0]);
  });

  it('runs what claims need before the backlog, that before peers, and those before proofs; the first of each first', async () => {
    const queue = new IoQueue('reads', { inFlight: 1, waiting: 9 });
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = queue.run('proof', () => gate.promise);
    const rest = (['proof', 'peer', 'backlog', 'claim', 'claim', 'peer'] as const).map((priority, at) =>
      queue.run(priority, async () => void order.push(`${priority} ${at}`)),
    );
    gate.resolve();
    await Promise.all([first, ...rest]);
    assert.deepEqual(order, ['claim 3', 'claim 4', 'backlog 2', 'peer 1', 'peer 5', 'proof 0']);
  });

  it('gives the place of one that fails to the next, and the failure to its caller alone', async () => {
    const queue = new IoQueue('writes', { inFlight: 1, waiting: 9 });
    const failing = queue.run('peer', () => Promise.reject(new Error('full')));
    const next = queue.run('peer', () => Promise.resolve('written'));
    await assert.rejects(failing, /full/);
    assert.equal(await next, 'written');
    assert.deepEqual([queue.inFlightCount, queue.waitingCount], [0, 0]);
  });
});

describe('findings against holders', () => {
  it('are about one holder and one payload, and end', () => {
    const distrust = new HolderDistrust();
    distrust.blame(nodeOf(1), hashOf(1), 0);
    assert.equal(distrust.isTrusted(nodeOf(1), hashOf(1), DISTRUST_MS - 1), false);
    assert.equal(distrust.isTrusted(nodeOf(1), hashOf(1), DISTRUST_MS), true);
    assert(distrust.isTrusted(nodeOf(2), hashOf(1), 0) && distrust.isTrusted(nodeOf(1), hashOf(2), 0));
    distrust.clear(nodeOf(1), hashOf(1));
    assert.equal(distrust.isTrusted(nodeOf(1), hashOf(1), 0), true);
  });

  it('are FINDINGS_MAX at most: one more takes the place of the oldest', () => {
    const distrust = new HolderDistrust();
    for (let at = 0; at < FINDINGS_MAX; at++) distrust.blame(nodeOf(1), hashOf(at), 0);
    assert.equal(distrust.isTrusted(nodeOf(1), hashOf(0), 0), false);
    distrust.blame(nodeOf(1), hashOf(FINDINGS_MAX), 0);
    assert.equal(distrust.size, FINDINGS_MAX);
    assert.equal(distrust.isTrusted(nodeOf(1), hashOf(0), 0), true);
  });
});

describe('the order of sources', () => {
  it('is by distance, then our own region, then id; the unmeasured come last', () => {
    const [a, b, c, d, e] = [nodeOf(1), nodeOf(2), nodeOf(3), nodeOf(4), nodeOf(5)];
    const links = [
      { node: a, roundTripMs: undefined, region: 'eu' },
      { node: b, roundTripMs: 120, region: 'us' },
      { node: c, roundTripMs: 1.5, region: 'us' },
      { node: d, roundTripMs: 0.4, region: 'eu' },
      { node: e, roundTripMs: 0.2, region: '' },
    ];
    assert.deepEqual(orderSources(links, 'eu'), [d, c, e, b, a]);
    assert.deepEqual(orderSources(links, ''), [c, d, e, b, a]);
  });
});

describe('the next try of a witness that nobody could serve', () => {
  it('comes twice as late each time, up to RETRY_MS_MAX', () => {
    assert.deepEqual([0, 1, 2].map(retryDelayMs), [RETRY_MS_MIN, 2 * RETRY_MS_MIN, 4 * RETRY_MS_MIN]);
    assert.deepEqual([5, 6, 1_000].map(retryDelayMs), [RETRY_MS_MAX, RETRY_MS_MAX, RETRY_MS_MAX]);
  });
});

describe('buckets of contracts', () => {
  it('differ exactly where the sets do, whatever their order', () => {
    const shared = [contract(1, 1), contract(1, 2), contract(255, 1)];
    const ours = encodeBuckets(bucketsOf(shared));
    assert.deepEqual(differingBuckets(ours, encodeBuckets(bucketsOf(shared.toReversed()))), []);
    const theirs = encodeBuckets(bucketsOf([...shared, contract(7, 1), contract(255, 2)]));
    assert.deepEqual(differingBuckets(ours, theirs), [7, 255]);
  });

  it('hold CONTRACT_BUCKET_HASHES_MAX hashes, and a list of one more is refused', () => {
    const many = Array.from({ length: CONTRACT_BUCKET_HASHES_MAX + 1 }, (_, at) => contract(3, at));
    const bucket = bucketsOf(many)[3] ?? [];
    assert.equal(bucket.length, CONTRACT_BUCKET_HASHES_MAX);
    assert.deepEqual(decodeHashes(encodeHashes(bucket)), bucket);
    assert.throws(() => decodeHashes(encodeHashes(many)), { code: 'ERR_PEER_MISBEHAVED' });
    assert.throws(() => decodeHashes(hashToBytes(contract(1, 1)).subarray(1)), { code: 'ERR_PEER_MISBEHAVED' });
    assert.throws(() => differingBuckets(encodeBuckets(bucketsOf([])), new Uint8Array(9)), {
      code: 'ERR_PEER_MISBEHAVED',
    });
  });
});
