/**
 * `WitnessStatus`: the payload of a `.w`.
 *
 * Invariant: encode∘decode and decode∘encode are the identity. The witness itself is never copied: it is read as a view,
 * and written as the last of two parts.
 */

import { BLOB_IDS_MAX } from '../../crdt/block/record.ts';
import { WITNESS_STATES, type WitnessState } from '../../crdt/block/witness.ts';
import { HASH_BYTES, type Hash32 } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { BINCODE_HASH_BYTES, BincodeReader, BincodeWriter, U32_BYTES, U64_BYTES } from './bincode.ts';
import { STATE_DATA_HEADER_BYTES } from './state-data.ts';

export interface WitnessStatus {
  readonly status: WitnessState;
  readonly blockHash: Hash32;
  /** 0…2^53 − 1; the file's u64 can hold more, which is refused. */
  readonly blockNumber: number;
  /** State root before the block: that of its parent. */
  readonly preStateRoot: Hash32;
  readonly parentHash: Hash32;
  /** Unix time at which the generator's lock expires, a u64. */
  readonly lockTimeSeconds: bigint;
  readonly blobIds: readonly Hash32[];
  /** Opaque here. After decoding, a view that shares memory with the file's bytes. */
  readonly witnessData: Uint8Array;
}

/** The real ones of the reference chain are 12 to 14 kB each; a busy chain's reach tens of MiB. */
export const WITNESS_FILE_BYTES_MAX = 256 * 1024 * 1024;
export const WITNESS_STATUS_BYTES_MAX = WITNESS_FILE_BYTES_MAX - STATE_DATA_HEADER_BYTES;

const FIXED_BYTES = U32_BYTES + 3 * BINCODE_HASH_BYTES + 4 * U64_BYTES;

/** All but the witness itself. */
export type WitnessFields = Omit<WitnessStatus, 'witnessData'>;

/** What stands in front of the witness, at most. */
export const WITNESS_HEAD_BYTES_MAX = FIXED_BYTES + BLOB_IDS_MAX * HASH_BYTES;

/** The payload of the `.w` that `source` names. Throws a `DecodeError` that names it, the field and its offset in the file. */
export function decodeWitnessStatus(payload: Uint8Array, source: string): WitnessStatus {
  const reader = new BincodeReader(payload, source, STATE_DATA_HEADER_BYTES);
  const fields = readFields(reader);
  const status: WitnessStatus = { ...fields, witnessData: reader.bytes('witness_data', WITNESS_STATUS_BYTES_MAX) };
  reader.end('data');
  return status;
}

/**
 * The fields, when `head` holds only the beginning of the payload. `headBytes` is where the witness begins in it and
 * `witnessBytes` what it claims to have. Throws as {@link decodeWitnessStatus} does.
 */
export function decodeWitnessFields(
  head: Uint8Array,
  source: string,
): { readonly fields: WitnessFields; readonly headBytes: number; readonly witnessBytes: number } {
  const reader = new BincodeReader(head, source, STATE_DATA_HEADER_BYTES);
  const fields = readFields(reader);
  const witnessBytes = reader.length('witness_data', WITNESS_STATUS_BYTES_MAX);
  return { fields, headBytes: reader.offset, witnessBytes };
}

function readFields(reader: BincodeReader): WitnessFields {
  return {
    status: reader.variant('status', WITNESS_STATES),
    blockHash: reader.hash('block_hash'),
    blockNumber: reader.safeInteger('block_number'),
    preStateRoot: reader.hash('pre_state_root'),
    parentHash: reader.hash('parent_hash'),
    lockTimeSeconds: reader.u64('lock_time'),
    blobIds: reader.hashes('blob_ids', BLOB_IDS_MAX),
  };
}

/** What stands in front of a witness of `witnessBytes`: all fields and its length. */
export function encodeWitnessFields(status: WitnessFields, witnessBytes: number): Uint8Array {
  invariant(status.blobIds.length <= BLOB_IDS_MAX, `a block has at most ${BLOB_IDS_MAX} blob ids`);
  return new BincodeWriter(FIXED_BYTES + status.blobIds.length * HASH_BYTES)
    .variant(status.status, WITNESS_STATES)
    .hash(status.blockHash)
    .safeInteger(status.blockNumber)
    .hash(status.preStateRoot)
    .hash(status.parentHash)
    .u64(status.lockTimeSeconds)
    .hashes(status.blobIds)
    .safeInteger(witnessBytes)
    .finish();
}
