/**
 * `chain.status`: the last finalized block, as one JSON object.
 *
 * Invariant: what {@link encodeChainStatus} writes is byte for byte what serde_json writes for the reference's struct.
 * Fields that the reference does not know are ignored, as it ignores them.
 */

import type { Hash32 } from '../../crdt/ids.ts';
import { checkFileSize, FileError } from './file-error.ts';
import { CHAIN_STATUS_FILE } from './file-names.ts';
import { describeJson, hashField, integerField, isJsonObject, parseJson } from './json.ts';

export interface ChainStatus {
  /** 0…2^53 − 1. */
  readonly blockNumber: number;
  readonly blockHash: Hash32;
}

/** The reference writes at most 119 bytes; the rest is room for white space and fields to come. */
export const CHAIN_STATUS_BYTES_MAX = 4096;

/** Throws a `DriftlockError` that names `name` and the field: `ERR_NOT_JSON`, `ERR_BAD_FIELD`, `ERR_BAD_HASH` or a limit's. */
export function decodeChainStatus(bytes: Uint8Array, name: string = CHAIN_STATUS_FILE): ChainStatus {
  checkFileSize(name, bytes.length, CHAIN_STATUS_BYTES_MAX);
  const value = parseJson(bytes, name);
  if (!isJsonObject(value)) {
    throw new FileError('ERR_BAD_FIELD', { argument: name, expected: 'a JSON object', found: describeJson(value) });
  }
  return {
    blockNumber: integerField(value, 'block_number', name, Number.MAX_SAFE_INTEGER),
    blockHash: hashField(value, 'block_hash', name),
  };
}

export function encodeChainStatus(status: ChainStatus): Uint8Array {
  const text = JSON.stringify({ block_number: status.blockNumber, block_hash: status.blockHash });
  return new TextEncoder().encode(text);
}
