/**
 * `ValidateInfo`: the payload of a `.v`.
 *
 * Invariant: encode∘decode and decode∘encode are the identity. Every byte of the payload is read. A file holds as many
 * blob ids as the block's record can, so none is lost on the way from one to the other.
 */

import { BLOB_IDS_MAX } from '../../crdt/block/record.ts';
import { HASH_BYTES, type Hash32 } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { BINCODE_HASH_BYTES, BincodeReader, BincodeWriter, U32_BYTES, U64_BYTES } from './bincode.ts';
import { STATE_DATA_HEADER_BYTES } from './state-data.ts';

/** In the order of their tags. */
export const VALIDATE_STATUSES = ['Idle', 'Processing', 'Failed', 'Success'] as const;
export type ValidateStatus = (typeof VALIDATE_STATUSES)[number];

export interface ValidateInfo {
  readonly status: ValidateStatus;
  readonly blockHash: Hash32;
  /** 0…2^53 − 1; the file's u64 can hold more, which is refused. */
  readonly blockNumber: number;
  /** Zero until the block was validated. */
  readonly stateRoot: Hash32;
  /** Unix time at which the lock expires, a u64; 0 without a lock. */
  readonly lockTimeSeconds: bigint;
  readonly blobIds: readonly Hash32[];
}

const FIXED_BYTES = U32_BYTES + 2 * BINCODE_HASH_BYTES + 3 * U64_BYTES;
export const VALIDATE_INFO_BYTES_MAX = FIXED_BYTES + BLOB_IDS_MAX * HASH_BYTES;

/** The payload of the `.v` that `source` names. Throws a `DecodeError` that names it, the field and its offset in the file. */
export function decodeValidateInfo(payload: Uint8Array, source: string): ValidateInfo {
  const reader = new BincodeReader(payload, source, STATE_DATA_HEADER_BYTES);
  const info: ValidateInfo = {
    status: reader.variant('status', VALIDATE_STATUSES),
    blockHash: reader.hash('block_hash'),
    blockNumber: reader.safeInteger('block_number'),
    stateRoot: reader.hash('state_root'),
    lockTimeSeconds: reader.u64('lock_time'),
    blobIds: reader.hashes('blob_ids', BLOB_IDS_MAX),
  };
  reader.end('data');
  return info;
}

export function encodeValidateInfo(info: ValidateInfo): Uint8Array {
  invariant(info.blobIds.length <= BLOB_IDS_MAX, `a block has at most ${BLOB_IDS_MAX} blob ids`);
  return new BincodeWriter(FIXED_BYTES + info.blobIds.length * HASH_BYTES)
    .variant(info.status, VALIDATE_STATUSES)
    .hash(info.blockHash)
    .safeInteger(info.blockNumber)
    .hash(info.stateRoot)
    .u64(info.lockTimeSeconds)
    .hashes(info.blobIds)
    .finish();
}
