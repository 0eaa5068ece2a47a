/** The record in a trailer, believed only when its authors signed it, and what `inspect` shows of it. */

import { decodeRecord } from '../../crdt/block/record-codec.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import type { SignedResult } from '../../crdt/block/result.ts';
import { signedParts } from '../../crdt/block/signing.ts';
import { disputeOf, type Dispute } from '../../crdt/block/view.ts';
import type { WitnessAnnouncement } from '../../crdt/block/witness.ts';
import { DriftlockError } from '../../crdt/errors.ts';
import { bytesToHex } from '../../crdt/hex.ts';
import type { HlcStamp } from '../../crdt/hlc.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { verifySignature } from '../../net/identity/verify.ts';
import { jsonInteger } from '../files/describe.ts';

/** Throws a `DecodeError`, or `ERR_BAD_SIGNATURE` that names the part and its author. */
export function checkedRecord(bytes: Uint8Array, key: BlockKey): BlockRecord {
  const record = decodeRecord(bytes);
  for (const { part, author, message, signature } of signedParts(key, record)) {
    if (verifySignature(author, message, signature)) continue;
    throw new DriftlockError('ERR_BAD_SIGNATURE', {
      argument: part,
      expected: `the signature of ${peerIdText(author)}`,
      found: 'one that does not verify',
    });
  }
  return record;
}

/** The record as JSON with the names of the file format: nodes are peer ids, bytes are 0x-hex. */
export function describeRecord(bytes: Uint8Array, key: BlockKey): object {
  const record = checkedRecord(bytes, key);
  const dispute = disputeOf(record.results);
  return {
    results: record.results.map(describeResult),
    lease: record.lease === undefined ? null : describeLease(record.lease),
    witnesses: record.witnesses.map(describeAnnouncement),
    generation: record.generation === undefined ? null : describeLease(record.generation),
    holders: record.holders.map(({ node, dot, live }) => ({ node: peerIdText(node), dot, live })),
    blob_ids: record.blobIds,
    dispute: dispute === undefined ? null : describeDispute(dispute),
  };
}

function describeResult({ node, verdict, stateRoot, epoch, sequence, stamp, signature }: SignedResult): object {
  return {
    node: peerIdText(node),
    verdict,
    state_root: stateRoot,
    epoch,
    sequence,
    stamp: describeStamp(stamp),
    signature: hex(signature),
  };
}

function describeLease(lease: Lease): object {
  return {
    holder: peerIdText(lease.holder),
    epoch: lease.epoch,
    stamp: describeStamp(lease.stamp),
    duration_ms: lease.durationMs,
    renewals: lease.renewals,
    renewed_after_ms: lease.renewedAfterMs,
    released: lease.released,
    signature: hex(lease.signature),
  };
}

function describeAnnouncement(witness: WitnessAnnouncement): object {
  return {
    author: peerIdText(witness.author),
    state: witness.state,
    payload_digest: witness.payloadDigest,
    payload_bytes: witness.payloadBytes,
    parent_hash: witness.parentHash,
    pre_state_root: witness.preStateRoot,
    lock_time: jsonInteger(witness.lockTimeSeconds),
    blob_ids: witness.blobIds,
    signature: hex(witness.signature),
  };
}

function describeDispute({ kind, roots, succeeded, failed }: Dispute): object {
  return { kind, roots, succeeded: succeeded.map(peerIdText), failed: failed.map(peerIdText) };
}

function describeStamp({ wallMs, counter }: HlcStamp): object {
  return { wall_ms: wallMs, counter };
}

function hex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}
