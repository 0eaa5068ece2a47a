/**
 * The verdict on a batch that arrived by gossip, before it is passed on: a pure decision with its reason.
 *
 * Reject is for what no correct node passes on; gossip holds it against the peer that handed the message over. Ignore is
 * for what may be nobody's fault: a newer version during an upgrade, or a member list that has reached the others first.
 * (Strangers have no connection, so a stranger's batch can only come by a member who takes it for a member's.) What is
 * ignored is not passed on either, so nothing spreads by it, and reconciliation repairs what it costs.
 *
 * Invariant: every record of `records` had all its signatures checked and all its authors were members.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { HlcStamp } from '../../crdt/hlc.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { GossipVerdict } from '../network.ts';
import { decodeBatch, isBatchSignedBySender, type ReceivedBatch } from './batch.ts';
import { checkRecord, type Trust } from './check-record.ts';

export interface BatchJudge extends Trust {
  readonly cluster: string;
  /** This node's record of a block; `EMPTY_RECORD` when it has none. */
  readonly known: (key: BlockKey) => BlockRecord;
}

export type BatchReason =
  | 'valid'
  /** Ignored: a version that this node does not speak. */
  | 'unknown-version'
  /** Ignored, unread: the sender is no member here. */
  | 'sender-not-member'
  /** Ignored, but for the records that concern members alone. */
  | 'author-not-member'
  | 'undecodable'
  | 'bad-batch-signature'
  /** The sender signed a batch with a forged part in it, which proves who is to blame. */
  | 'bad-part-signature';

export interface BatchJudgement {
  readonly verdict: GossipVerdict;
  readonly reason: BatchReason;
  /** What may be merged. */
  readonly records: readonly KeyedRecord[];
  /** The batch's stamp, once its signature was checked. */
  readonly stamp: HlcStamp | undefined;
  /** Who provably misbehaved. A bad batch signature proves nothing about the sender it names. */
  readonly blamed: NodeId | undefined;
}

export function judgeBatch(bytes: Uint8Array, judge: BatchJudge): BatchJudgement {
  let batch: ReceivedBatch;
  try {
    batch = decodeBatch(bytes);
  } catch (error) {
    if (isFailure(error, 'ERR_UNKNOWN_VERSION')) return withoutRecords('ignore', 'unknown-version');
    if (isFailure(error)) return withoutRecords('reject', 'undecodable');
    throw error;
  }
  if (!judge.isMember(batch.sender)) return withoutRecords('ignore', 'sender-not-member');
  if (!isBatchSignedBySender(batch, judge.cluster, judge.verify)) {
    return withoutRecords('reject', 'bad-batch-signature');
  }
  return judgeRecords(batch, judge);
}

function judgeRecords({ sender, stamp, records: arrived }: ReceivedBatch, judge: BatchJudge): BatchJudgement {
  const records: KeyedRecord[] = [];
  for (const record of arrived) {
    const { outcome } = checkRecord(record, judge.known(record.key), judge);
    if (outcome === 'bad-signature') {
      return { ...withoutRecords('reject', 'bad-part-signature'), stamp, blamed: sender };
    }
    if (outcome === 'valid') records.push(record);
  }
  const allValid = records.length === arrived.length;
  return {
    verdict: allValid ? 'accept' : 'ignore',
    reason: allValid ? 'valid' : 'author-not-member',
    records,
    stamp,
    blamed: undefined,
  };
}

function withoutRecords(verdict: GossipVerdict, reason: BatchReason): BatchJudgement {
  return { verdict, reason, records: [], stamp: undefined, blamed: undefined };
}
