/**
 * Gossip of records: signed batches of deltas. Batched, since a message costs more than its bytes (gossipsub carries
 * about 3,000 messages a second between five processes, whatever they hold).
 *
 * Invariant: the sender signs the cluster's name and everything in the batch, so a batch has one author whom it can be
 * held against, and none of it can be replayed into another cluster. Grammar: docs/protocol.md.
 */

import { SIGNATURE_BYTES } from '../../crdt/bytes.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { groupedBytesMax, readRecordGroup, writeRecordGroup } from '../../crdt/block/record-group.ts';
import type { Verify } from '../../crdt/block/signing.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { HLC_BYTES, readStamp, writeStamp, type HlcStamp } from '../../crdt/hlc.ts';
import { HASH_BYTES, type NodeId } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { envelopeMessage, openEnvelope, sealEnvelope, type Signer } from '../framing/envelope.ts';
import { readVersion } from '../framing/version.ts';
import { GOSSIP_MESSAGE_BYTES_MAX } from '../network.ts';

export const RECORDS_TOPIC = '/driftlock/records/1';
export const BATCH_VERSION = 1;
/** A judge needs 67 µs a signature: 34 ms for a full batch of single results. */
export const BATCH_RECORDS_MAX = 512;
const BATCH_TAG = 'driftlock/batch/1';
/** Of the group's table size and record count. */
const COUNTS_BYTES_MAX = 3 + 2;
/** What a batch holds besides its records, at most. */
export const BATCH_OVERHEAD_BYTES = 1 + HASH_BYTES + HLC_BYTES + COUNTS_BYTES_MAX + SIGNATURE_BYTES;

export interface Batch {
  readonly sender: NodeId;
  /** The sender's hybrid clock when it made the batch. */
  readonly stamp: HlcStamp;
  /** 1 to BATCH_RECORDS_MAX, in the order in which they were made. */
  readonly records: readonly KeyedRecord[];
}

/** A batch as it arrived. Nothing in it is to be believed before {@link isBatchSignedBySender}. */
export interface ReceivedBatch extends Batch {
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** Precondition: `records` is one of the groups that {@link packBatches} makes. */
export function encodeBatch(
  cluster: string,
  signer: Signer,
  stamp: HlcStamp,
  records: readonly KeyedRecord[],
): Uint8Array {
  invariant(records.length > 0 && records.length <= BATCH_RECORDS_MAX, 'a batch holds 1 to BATCH_RECORDS_MAX records');
  const writer = new Writer().u8(BATCH_VERSION).node(signer.node);
  writeStamp(writer, stamp);
  writeRecordGroup(writer, records);
  return sealEnvelope(BATCH_TAG, cluster, writer.finish(), signer);
}

/** Throws `DecodeError` for anything that {@link encodeBatch} does not write. Checks no signature. */
export function decodeBatch(bytes: Uint8Array): ReceivedBatch {
  const { body, signature } = openEnvelope(bytes, 'batch', GOSSIP_MESSAGE_BYTES_MAX);
  const reader = new Reader(body);
  readVersion(reader, 'batch', BATCH_VERSION);
  const sender = reader.node('batch sender');
  const stamp = readStamp(reader, 'batch stamp');
  const groupAt = reader.offset;
  const records = readRecordGroup(reader, BATCH_RECORDS_MAX);
  if (records.length === 0) throw reader.fail('ERR_OUT_OF_RANGE', 'batch records', 'at least 1', '0', groupAt);
  reader.end('batch');
  return { sender, stamp, records, body, signature };
}

export function isBatchSignedBySender(batch: ReceivedBatch, cluster: string, verify: Verify): boolean {
  return verify(batch.sender, envelopeMessage(BATCH_TAG, cluster, batch.body), batch.signature);
}

export interface PackedBatches {
  /** Groups that fit one message each. */
  readonly groups: readonly (readonly KeyedRecord[])[];
  /** Records that may fit no message on their own. They are left to reconciliation, whose frames take any record. */
  readonly oversized: readonly KeyedRecord[];
}

/**
 * Splits `records` into groups whose batches are at most `bytesMax` long. Keeps their order. It adds up what each record
 * may take, not what the group then saves, since usual deltas come to BATCH_RECORDS_MAX first: 512 announcements take
 * 98 KB and count as 132 KB.
 */
export function packBatches(
  records: Iterable<KeyedRecord>,
  bytesMax: number = GOSSIP_MESSAGE_BYTES_MAX,
): PackedBatches {
  const groups: KeyedRecord[][] = [];
  const oversized: KeyedRecord[] = [];
  let group: KeyedRecord[] = [];
  let groupBytes = BATCH_OVERHEAD_BYTES;
  for (const record of records) {
    const recordBytes = groupedBytesMax(record);
    if (BATCH_OVERHEAD_BYTES + recordBytes > bytesMax) {
      oversized.push(record);
      continue;
    }
    if (groupBytes + recordBytes > bytesMax || group.length === BATCH_RECORDS_MAX) {
      groups.push(group);
      group = [];
      groupBytes = BATCH_OVERHEAD_BYTES;
    }
    group.push(record);
    groupBytes += recordBytes;
  }
  if (group.length > 0) groups.push(group);
  return { groups, oversized };
}
