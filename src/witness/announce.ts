/**
 * What a `.w` in this node's directory adds to the block's record.
 *
 * Invariant: pure; a payload that is announced already, in this state or a further one, is not announced again, so a
 * witness that reached every node still has one announcement. One with another size is not of this payload, whatever its digest:
 * who has the bytes says what is true.
 */

import { addHolder, type Holders } from '../../crdt/block/holders.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import { stateRank, WITNESS_BLOB_IDS_MAX, type WitnessState } from '../../crdt/block/witness.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';

export interface LocalWitness {
  readonly state: WitnessState;
  readonly payloadDigest: Hash32;
  readonly payloadBytes: number;
  readonly blobIdCount: number;
}

export interface WitnessNews {
  readonly announce: boolean;
  readonly holders: Holders;
  readonly reason: 'new-payload' | 'further-state' | 'announced-already' | 'too-many-blob-ids' | 'settled';
}

export function newsOfWitness(local: LocalWitness, record: BlockRecord, self: NodeId): WitnessNews {
  if (record.settled) return { announce: false, holders: [], reason: 'settled' };
  const holders = addHolder(record.holders, self);
  if (local.blobIdCount > WITNESS_BLOB_IDS_MAX) return { announce: false, holders: [], reason: 'too-many-blob-ids' };
  const same = record.witnesses.filter(
    ({ payloadDigest, payloadBytes }) => payloadDigest === local.payloadDigest && payloadBytes === local.payloadBytes,
  );
  if (same.length === 0) return { announce: true, holders, reason: 'new-payload' };
  const known = same.some((announced) => stateRank(announced.state) >= stateRank(local.state));
  if (known) return { announce: false, holders, reason: 'announced-already' };
  return { announce: true, holders, reason: 'further-state' };
}
