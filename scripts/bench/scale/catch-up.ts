/**
 * `catch-up`: an empty node takes in the records of another one, each written to its own file, against checking their
 * signatures alone, on all cores.
 *
 * Both nodes run in this process, over a stream in memory, each with its own directory. The clock starts with the first
 * record that arrives and stops with the last one; the files may still be on their way then, as many as the store lets wait.
 */

import { join } from 'node:path';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { recordOf } from '../../../crdt/block/record.ts';
import { signedParts } from '../../../crdt/block/signing.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { Hash32, NodeId } from '../../../crdt/ids.ts';
import { generateKey, type SecretIdentity } from '../../../net/identity/identity.ts';
import { verifySignature, verifySignatureLater } from '../../../net/identity/verify.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import { Author } from '../../../src/author/author.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import { configureNode } from '../../../src/config/program-config.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { randomInteger, systemClock } from '../../../src/node/machine.ts';
import { DriftlockNode } from '../../../src/node/node.ts';
import { benchDirectory } from '../parts/bench-directory.ts';
import type { BenchRow, BenchWork } from '../row.ts';

const RECORDS = 10_000;
/** Signature checks under way while they are measured alone. */
const CHECKS_UNDER_WAY = 512;
const POLL_MS = 2;

export const catchUp: BenchRow = {
  id: 'catch-up',
  what: `an empty node takes in ${RECORDS.toLocaleString('en-US')} records of a result and a witness announcement, and writes their files`,
  unit: 'records/s',
  ours: 'reconcile, verify, merge, write',
  against: 'verifying the same signatures, on all cores',
  target: { kind: 'at-least', bound: 0.5 },
  pairs: 3,
  async prepare(): Promise<BenchWork> {
    const root = await benchDirectory();
    const [giver, taker] = [generateKey(), generateKey()];
    const records = recordsBy(giver);
    const hub = new MemoryHub({ clock: systemClock, random: randomInteger });
    const members = [giver.node, taker.node];
    const source = await startNode(hub, giver, members, join(root, 'giver'));
    for (const record of records) source.store.merge(record, 'peer');
    await source.store.idle();
    let runs = 0;
    return {
      async ours() {
        const directory = join(root, `taker-${++runs}`);
        const node = await startNode(hub, taker, members, directory);
        const first = await reached(node, 1);
        const last = await reached(node, RECORDS);
        await node.stop();
        return (RECORDS * 1_000) / (last - first);
      },
      against: () => verifyAll(records),
      close: () => source.stop(),
    };
  },
};

function recordsBy(identity: SecretIdentity): readonly KeyedRecord[] {
  const author = new Author({ ...identity, clock: systemClock, skewBoundMs: 500 });
  return Array.from({ length: RECORDS }, (_, number) => {
    const key = { number, hash: hashOf('block', number) };
    const witness = author.announcement(key, {
      state: 'Completed',
      payloadDigest: hashOf('payload', number),
      payloadBytes: 14_000,
      parentHash: hashOf('block', number - 1),
      preStateRoot: hashOf('root', number - 1),
      lockTimeSeconds: 0n,
      blobIds: [],
    });
    const result = author.result(key, [], 'success', hashOf('root', number), 1);
    return { key, record: recordOf({ results: [result], witnesses: [witness] }) };
  });
}

function hashOf(what: string, number: number): Hash32 {
  return blake3Hash(new TextEncoder().encode(`${what} ${number}`));
}

async function startNode(
  hub: MemoryHub,
  identity: SecretIdentity,
  members: readonly NodeId[],
  directory: string,
): Promise<DriftlockNode> {
  const layout = datadirLayout(directory);
  const disk = new NodeDisk();
  await prepareDatadir(disk, layout);
  const config = configureNode({ datadir: directory });
  const settings = {
    ...config,
    cluster: 'bench',
    region: '',
    bounds: config.clockBounds,
    heartbeatMs: 200,
    scanIntervalMs: 600_000,
    housekeeping: { ...config.housekeeping, scrubFilesPerSecond: 0 },
  };
  const node = new DriftlockNode(settings, {
    clock: systemClock,
    random: randomInteger,
    disk,
    network: hub.join(new MemberList(identity.node, members)),
    signer: identity,
    verify: verifySignature,
    verifyLater: verifySignatureLater,
    isMember: (member) => members.includes(member),
    members: () => members,
    layout,
    validator: undefined,
    onEvent: () => undefined,
  });
  await node.start();
  return node;
}

/** The moment at which the node holds `count` records. */
async function reached(node: DriftlockNode, count: number): Promise<number> {
  while (node.replica.size < count) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  return performance.now();
}

/** Records a second. */
async function verifyAll(records: readonly KeyedRecord[]): Promise<number> {
  const parts = records.flatMap(({ key, record }) => signedParts(key, record));
  const start = performance.now();
  for (let at = 0; at < parts.length; at += CHECKS_UNDER_WAY) {
    const checks = parts
      .slice(at, at + CHECKS_UNDER_WAY)
      .map(({ author, message, signature }) => verifySignatureLater(author, message, signature));
    const valid = await Promise.all(checks);
    if (valid.includes(false)) throw new Error('a signature is not valid');
  }
  return (records.length * 1_000) / (performance.now() - start);
}
