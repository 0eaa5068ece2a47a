/**
 * What `driftlock inspect` says about a file: one JSON value, with the field names of the format.
 *
 * Invariant: it never throws for what a file holds. Either everything in the file was verified, or `error` says what was not.
 */

import { basename } from 'node:path';
import { DriftlockError } from '../../crdt/errors.ts';
import { blake3Hash } from '../../crdt/hash.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { decodeChainStatus } from './chain-status.ts';
import { parseContracts } from './contracts.ts';
import { FileError } from './file-error.ts';
import {
  blockFileKind,
  CHAIN_STATUS_FILE,
  checkBlockFileName,
  CONTRACTS_FILE,
  parseBlockFileName,
} from './file-names.ts';
import type { Trailer } from './trailer.ts';
import { decodeValidateContent } from './validate-file.ts';
import { decodeWitnessContent } from './witness-file.ts';

/** Turns a block's record into a JSON value. Throws a `DriftlockError` for a record that is none. */
export type RecordDescriber = (record: Uint8Array, key: BlockKey) => unknown;

export interface FileFailure {
  readonly file: string;
  readonly error: { readonly code: string; readonly message: string };
}

export type FileDescription = { readonly file: string; readonly kind: string; readonly [field: string]: unknown };

/**
 * Describes the file at `path`, which holds `bytes`. A `.v` or `.w` whose name states a block must hold that block; one with
 * any other name is described as it is. Without `describeRecord` a trailer's record is shown as its size and digest.
 */
export function describeFile(
  path: string,
  bytes: Uint8Array,
  describeRecord: RecordDescriber = digestOf,
): FileDescription | FileFailure {
  try {
    return { file: path, ...describeContent(basename(path), bytes, describeRecord) };
  } catch (error) {
    if (!(error instanceof DriftlockError)) throw error;
    return { file: path, error: { code: error.code, message: error.message } };
  }
}

type Content = { readonly kind: string; readonly [field: string]: unknown };

function describeContent(name: string, bytes: Uint8Array, describeRecord: RecordDescriber): Content {
  if (name === CHAIN_STATUS_FILE) return describeChainStatus(bytes, name);
  if (name === CONTRACTS_FILE) return describeContracts(bytes, name);
  const kind = blockFileKind(name);
  if (kind === 'validate') return describeValidate(bytes, name, describeRecord);
  if (kind === 'witness') return describeWitness(bytes, name);
  throw new FileError('ERR_UNKNOWN_KIND', {
    argument: name,
    expected: `a name that ends in .v or .w, ${CHAIN_STATUS_FILE} or ${CONTRACTS_FILE}`,
    found: 'another',
  });
}

function describeValidate(bytes: Uint8Array, name: string, describeRecord: RecordDescriber): Content {
  const { key, info, trailer } = decodeValidateContent(bytes, name);
  if (parseBlockFileName(name) !== undefined) checkBlockFileName(name, 'validate', key);
  return {
    kind: 'validate',
    status: info.status,
    block_hash: info.blockHash,
    block_number: info.blockNumber,
    state_root: info.stateRoot,
    lock_time: jsonInteger(info.lockTimeSeconds),
    blob_ids: info.blobIds,
    trailer: describeTrailer(trailer, key, describeRecord),
  };
}

function describeWitness(bytes: Uint8Array, name: string): Content {
  const { key, status, trailingBytes } = decodeWitnessContent(bytes, name);
  if (parseBlockFileName(name) !== undefined) checkBlockFileName(name, 'witness', key);
  return {
    kind: 'witness',
    status: status.status,
    block_hash: status.blockHash,
    block_number: status.blockNumber,
    pre_state_root: status.preStateRoot,
    parent_hash: status.parentHash,
    lock_time: jsonInteger(status.lockTimeSeconds),
    blob_ids: status.blobIds,
    witness_data: digestOf(status.witnessData),
    trailing_bytes: trailingBytes,
  };
}

/** Null when there is no trailer: the file is another program's. */
function describeTrailer(trailer: Trailer, key: BlockKey, describeRecord: RecordDescriber): object | null {
  if (trailer.kind === 'absent') return null;
  if (trailer.kind === 'mismatch') return { valid: false, reason: trailer.reason };
  try {
    return { valid: true, record: describeRecord(trailer.record, key) };
  } catch (error) {
    if (!(error instanceof DriftlockError)) throw error;
    return { valid: false, reason: `record: ${error.message}` };
  }
}

function describeChainStatus(bytes: Uint8Array, name: string): Content {
  const status = decodeChainStatus(bytes, name);
  return { kind: 'chain_status', block_number: status.blockNumber, block_hash: status.blockHash };
}

function describeContracts(bytes: Uint8Array, name: string): Content {
  const { lines, bad, tornTail } = parseContracts(bytes, name);
  return {
    kind: 'contracts',
    lines: lines.map(({ hash, offset, text }) => ({ hash, offset, bytes: Buffer.byteLength(text) })),
    bad: bad.map(({ lineNumber, offset, code, reason }) => ({ line: lineNumber, offset, code, reason })),
    torn_tail: tornTail === undefined ? null : { offset: tornTail.offset, bytes: tornTail.bytes.length },
  };
}

function digestOf(bytes: Uint8Array): { readonly bytes: number; readonly blake3: string } {
  return { bytes: bytes.length, blake3: blake3Hash(bytes) };
}

/** A JSON number where JavaScript holds it exactly, else its digits as a string. */
export function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : `${value}`;
}
