/** What bounds the recall of old witnesses, on the side that serves and on the side that asks: at the limit and one beyond. */

import assert from 'node:assert/strict';
import { recordOf } from '../../crdt/block/record.ts';
import type { BlockKey, Hash32, NodeId } from '../../crdt/ids.ts';
import { decodeDescription, type WitnessRequest } from '../../net/witness/messages.ts';
import { WitnessTransferError } from '../../net/witness/transfer-error.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { Replica } from '../../src/replica/replica.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { FileLedger } from '../../src/store/file-ledger.ts';
import { IoQueue } from '../../src/witness/io-queue.ts';
import { WITNESS_LIMITS } from '../../src/witness/limits.ts';
import { DESCRIBED_MAX, PayloadSource } from '../../src/witness/payload-source.ts';
import { MISSED_MAX, RECALL_PEERS_AT_ONCE, RECALLS_MAX, WitnessRecall } from '../../src/witness/recall.ts';
import { WitnessShelf } from '../../src/witness/shelf.ts';
import { readWitnessFacts } from '../../src/witness/witness-facts.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { witnessFile } from '../node/memory-cluster.ts';

const pathOf = (key: BlockKey): string => `/witness/${blockFileName('witness', key)}`;

/** A source with the witnesses of so many settled blocks. */
async function settledSource(count: number): Promise<{ source: PayloadSource; keys: readonly BlockKey[] }> {
  const disk = new MemoryDisk();
  const { blocks } = new Replica();
  const files = new FileLedger(blocks);
  const shelf = new WitnessShelf(blocks, files, pathOf);
  const keys = Array.from({ length: count }, (_, at) => keyAt(at));
  await disk.makeDirectory('/witness');
  for (const key of keys) {
    await disk.create(pathOf(key), witnessFile(key), { sync: true });
    const facts = await readWitnessFacts(disk, pathOf(key), blockFileName('witness', key));
    assert(facts !== undefined);
    files.note('witness', key, { identity: facts.identity, place: 'primary' });
    shelf.put(key, { ...facts, state: 'Witnessed' }, undefined);
    shelf.settle(key);
  }
  const noChunks = { has: () => false, read: () => Promise.resolve(undefined) };
  return { source: new PayloadSource(disk, shelf, new IoQueue('reads', WITNESS_LIMITS.reads), noChunks), keys };
}

async function digestOf(source: PayloadSource, key: BlockKey): Promise<Hash32> {
  const bytes = await source.describe(key);
  assert(bytes !== undefined);
  return decodeDescription(bytes).payloadDigest;
}

/** A recall on a node that lacks the witnesses of `blocks` settled blocks, and asks `peers`, none of which has one. */
function recallAmong(peers: readonly NodeId[], blocks: number): { recall: WitnessRecall; asked: (() => void)[] } {
  const replica = new Replica();
  for (let at = 0; at < blocks; at++) replica.merge({ key: keyAt(at), record: recordOf({ settled: true }) });
  const asked: (() => void)[] = [];
  const ask = (peer: NodeId, { kind }: WitnessRequest): Promise<Uint8Array> =>
    new Promise((_, reject) => {
      asked.push(() => reject(new WitnessTransferError('ERR_WITNESS_NOT_FOUND', peer, kind, 'an answer', 'not-found')));
    });
  const recall = new WitnessRecall({
    network: { self: nodeOf(0), peers: () => peers.map((node) => ({ node, roundTripMs: 1 })) },
    clock: new VirtualClock(),
    disk: new MemoryDisk(),
    quarantine: { latest: () => Promise.resolve(new Map()) },
    store: { replica },
    shelf: new WitnessShelf(replica.blocks, new FileLedger(replica.blocks), pathOf),
    client: { ask },
    assembler: { fetch: () => Promise.resolve(false) },
    policy: { kind: 'full' },
    limits: WITNESS_LIMITS,
    region: '',
    regionOf: () => '',
    liveMembers: () => peers,
    onEvent: () => undefined,
  });
  return { recall, asked };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the recall of old witnesses', () => {
  it('serves the DESCRIBED_MAX payloads that were described last by their digest, and no other', async () => {
    const { source, keys } = await settledSource(DESCRIBED_MAX + 1);
    const [first, ...others] = keys;
    assert(first !== undefined);
    const digest = await digestOf(source, first);
    for (const key of others.slice(1)) await digestOf(source, key);
    assert.notEqual(source.chunk(digest, 0), undefined);
    assert.notEqual(await source.chunkList(digest), undefined);
    for (const key of others.slice(0, 1)) await digestOf(source, key);
    assert.equal(source.chunk(digest, 0), undefined);
    assert.equal(await source.chunkList(digest), undefined);
  });

  it('asks RECALL_PEERS_AT_ONCE peers at once, and the next ones when none of these has it', async () => {
    const peers = Array.from({ length: RECALL_PEERS_AT_ONCE + 1 }, (_, at) => nodeOf(at + 1));
    const { recall, asked } = recallAmong(peers, 1);
    await recall.start();
    recall.miss(keyAt(0));
    await turn();
    assert.equal(asked.length, RECALL_PEERS_AT_ONCE);
    for (const answer of asked.splice(0)) answer();
    await turn();
    assert.equal(asked.length, 1);
    asked[0]?.();
    await turn();
    assert.equal(recall.standing(keyAt(0)), 'out-of-reach');
    await recall.stop();
  });

  it('works on RECALLS_MAX of them at once, and misses MISSED_MAX at most', async () => {
    const { recall, asked } = recallAmong([nodeOf(1)], MISSED_MAX + 1);
    await recall.start();
    for (let at = 0; at <= MISSED_MAX; at++) recall.miss(keyAt(at));
    assert.equal(recall.standing(keyAt(MISSED_MAX - 1)), 'fetching');
    assert.equal(recall.standing(keyAt(MISSED_MAX)), undefined);
    await turn();
    assert.equal(asked.length, RECALLS_MAX);
    const stopped = recall.stop();
    for (const answer of asked) answer();
    await stopped;
  });
});
