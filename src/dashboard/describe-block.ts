/**
 * One block in full, for whoever has opened it: who found what and signed it, who holds it, where its witness is.
 *
 * Invariant: a signature is called valid because it was checked for this answer.
 */

import { resultMessage, leaseMessage, type Verify } from '../../crdt/block/signing.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import { stateRank } from '../../crdt/block/witness.ts';
import { ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { DriftlockNode } from '../node/node.ts';
import { HOLDERS_SHOWN_MAX, RESULTS_SHOWN_MAX, type BlockDetail, type LeaseSummary } from './frames.ts';

type NodeParts = Pick<DriftlockNode, 'replica' | 'view' | 'shown' | 'shelf'>;

export function describeBlock(node: NodeParts, key: BlockKey, verify: Verify): BlockDetail {
  const record = node.replica.get(key);
  const view = node.view(key);
  const holders = record.holders.filter(({ live }) => live);
  return {
    hash: key.hash,
    status: view.status,
    reason: view.reason,
    stateRoot: rootOf(view.stateRoot),
    dispute: view.dispute?.kind ?? null,
    settled: record.settled,
    blobs: view.blobIds.length,
    lease: view.lease === undefined ? null : signedLease(node, key, view.lease, verify),
    results: record.results.slice(0, RESULTS_SHOWN_MAX).map((result) => ({
      node: peerIdText(result.node),
      verdict: result.verdict,
      stateRoot: rootOf(result.stateRoot),
      epoch: result.epoch,
      sequence: result.sequence,
      atMs: result.stamp.wallMs,
      signature: verify(result.node, resultMessage(key, result), result.signature) ? 'valid' : 'invalid',
    })),
    resultsTotal: record.results.length,
    holders: holders.slice(0, HOLDERS_SHOWN_MAX).map((holder) => peerIdText(holder.node)),
    holdersTotal: holders.length,
    witness: witnessOf(record),
    isHeld: node.shelf.has(key),
  };
}

export function describeLease(
  node: Pick<NodeParts, 'shown'>,
  key: BlockKey,
  lease: Lease,
): Omit<LeaseSummary, 'number' | 'hash'> {
  const { holder, epoch, durationMs, renewals } = lease;
  return { holder: peerIdText(holder), epoch, durationMs, renewals, remainingMs: node.shown.leaseMs(key, lease) };
}

function signedLease(node: NodeParts, key: BlockKey, lease: Lease, verify: Verify): BlockDetail['lease'] {
  const isValid = verify(lease.holder, leaseMessage(key, lease), lease.signature);
  return { ...describeLease(node, key, lease), signature: isValid ? 'valid' : 'invalid' };
}

/** The announcement that has come furthest. */
function witnessOf({ witnesses }: BlockRecord): BlockDetail['witness'] {
  const [furthest] = [...witnesses].sort((a, b) => stateRank(b.state) - stateRank(a.state));
  if (furthest === undefined) return null;
  const { state, payloadBytes, payloadDigest, author } = furthest;
  return { state, payloadBytes, digest: payloadDigest, author: peerIdText(author) };
}

function rootOf(root: Hash32): Hash32 | null {
  return root === ZERO_HASH ? null : root;
}
