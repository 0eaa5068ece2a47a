import assert from 'node:assert/strict';
import { mergeRecords, EMPTY_RECORD, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import type { KeyedRecord } from '../../../crdt/block/record-codec.ts';
import { blockId, type BlockId, type NodeId } from '../../../crdt/ids.ts';
import type { Signer } from '../../../net/framing/envelope.ts';
import { encodeBatch } from '../../../net/gossip/batch.ts';
import { judgeBatch, type BatchJudgement, type BatchReason } from '../../../net/gossip/judge.ts';
import type { GossipVerdict } from '../../../net/network.ts';
import { signatureOf, stampOf } from '../../crdt/block/arbitraries.ts';
import { keyAt, signedLease, signedResult, SignedNodes } from '../signed-nodes.ts';

const CLUSTER = 'test-cluster';
const nodes = new SignedNodes();
const [alice, bob, stranger] = [nodes.make(1), nodes.make(2), nodes.make(3)];
const members = new Set<NodeId>([alice.node, bob.node]);
const stamp = stampOf(1_000, 1);

function judge(bytes: Uint8Array, known: readonly KeyedRecord[] = []): BatchJudgement {
  const records = new Map<BlockId, BlockRecord>(known.map(({ key, record }) => [blockId(key), record]));
  nodes.verified = 0;
  return judgeBatch(bytes, {
    cluster: CLUSTER,
    isMember: (node) => members.has(node),
    verify: nodes.verify,
    known: (key) => records.get(blockId(key)) ?? EMPTY_RECORD,
  });
}

function batch(sender: Signer, ...records: readonly KeyedRecord[]): Uint8Array {
  return encodeBatch(CLUSTER, sender, stamp, records);
}

/** `keyed` with its lease's signature replaced. */
function forged({ key, record }: KeyedRecord): KeyedRecord {
  const { lease } = record;
  assert.ok(lease !== undefined);
  return { key, record: recordOf({ lease: { ...lease, signature: signatureOf(9) } }) };
}

const good = signedResult(alice, keyAt(1));
const claim = signedLease(bob, keyAt(2));
const moved = { key: keyAt(9), record: claim.record };
const strange = signedResult(stranger, keyAt(3));
const spoiledSignature = batch(alice, good);
spoiledSignature[spoiledSignature.length - 1] = (spoiledSignature.at(-1) ?? 0) ^ 1;
const newer = batch(alice, good);
newer[0] = 2;

interface Case {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly verdict: GossipVerdict;
  readonly reason: BatchReason;
  readonly records?: readonly KeyedRecord[];
  readonly blamed?: NodeId;
  /** How many signatures are checked to find out. */
  readonly checks: number;
}

const CASES: readonly Case[] = [
  {
    what: 'records of members',
    bytes: batch(alice, good, claim),
    verdict: 'accept',
    reason: 'valid',
    records: [good, claim],
    checks: 3,
  },
  {
    what: 'records that another member signed',
    bytes: batch(bob, good),
    verdict: 'accept',
    reason: 'valid',
    records: [good],
    checks: 2,
  },
  { what: 'junk', bytes: new Uint8Array(200).fill(1), verdict: 'reject', reason: 'undecodable', checks: 0 },
  { what: 'nothing', bytes: new Uint8Array(0), verdict: 'reject', reason: 'undecodable', checks: 0 },
  { what: 'a newer version', bytes: newer, verdict: 'ignore', reason: 'unknown-version', checks: 0 },
  {
    what: 'a sender who is no member',
    bytes: batch(stranger, good),
    verdict: 'ignore',
    reason: 'sender-not-member',
    checks: 0,
  },
  {
    what: 'a spoiled batch signature',
    bytes: spoiledSignature,
    verdict: 'reject',
    reason: 'bad-batch-signature',
    checks: 1,
  },
  {
    what: 'a batch for another cluster',
    bytes: encodeBatch('other', alice, stamp, [good]),
    verdict: 'reject',
    reason: 'bad-batch-signature',
    checks: 1,
  },
  {
    what: 'a forged claim',
    bytes: batch(alice, good, forged(claim)),
    verdict: 'reject',
    reason: 'bad-part-signature',
    blamed: alice.node,
    checks: 3,
  },
  {
    what: "a member's claim moved to another block",
    bytes: batch(alice, moved),
    verdict: 'reject',
    reason: 'bad-part-signature',
    blamed: alice.node,
    checks: 2,
  },
  {
    what: 'a result of one who is no member, among others',
    bytes: batch(alice, strange, good),
    verdict: 'ignore',
    reason: 'author-not-member',
    records: [good],
    checks: 2,
  },
  {
    what: 'a forgery behind a result of one who is no member',
    bytes: batch(alice, strange, forged(claim)),
    verdict: 'reject',
    reason: 'bad-part-signature',
    blamed: alice.node,
    checks: 2,
  },
];

describe('the judge of batches', () => {
  for (const { what, bytes, verdict, reason, records = [], blamed, checks } of CASES) {
    it(`answers ${verdict}, ${reason} to ${what}`, () => {
      const judgement = judge(bytes);
      const isSigned = judgement.reason === 'valid' || judgement.reason === 'author-not-member' || blamed !== undefined;
      assert.deepEqual(judgement, { verdict, reason, records, stamp: isSigned ? stamp : undefined, blamed });
      assert.equal(nodes.verified, checks);
    });
  }

  it('checks only the signatures that it has not checked before', () => {
    const again = signedResult(bob, good.key);
    const both = { key: good.key, record: mergeRecords(good.record, again.record) };
    assert.equal(judge(batch(alice, both), [good]).verdict, 'accept');
    assert.equal(nodes.verified, 2);
    assert.equal(judge(batch(alice, both), [both]).verdict, 'accept');
    assert.equal(nodes.verified, 1);
  });

  it('does not take a signature for known that stood under another content', () => {
    const other = signedResult(alice, good.key, 2);
    const [result] = other.record.results;
    const [known] = good.record.results;
    assert.ok(result !== undefined && known !== undefined);
    const lie = { key: good.key, record: recordOf({ results: [{ ...result, signature: known.signature }] }) };
    assert.equal(judge(batch(bob, lie), [good]).reason, 'bad-part-signature');
  });
});
