/**
 * The file format of the reference, read and written from its description alone: a foreign program of the tests, and the
 * reader that has the last word. It shares no code with the product's codec but the hash library.
 */

import assert from 'node:assert/strict';
import { blake3 } from '@noble/hashes/blake3.js';

const STATUSES = ['Idle', 'Processing', 'Failed', 'Success'] as const;
export type ReferenceStatus = (typeof STATUSES)[number];

export interface ReferenceValidateInfo {
  readonly status: ReferenceStatus;
  readonly blockHash: string;
  readonly blockNumber: bigint;
  readonly stateRoot: string;
  readonly lockTime: bigint;
  readonly blobIds: readonly string[];
}

/** The `.v` in `file`; bytes behind the envelope are ignored, as the reference does. */
export function readReferenceValidate(file: Buffer): ReferenceValidateInfo {
  const [checksum, afterChecksum] = hashAt(file, 0);
  const dataAt = afterChecksum + 8;
  const data = file.subarray(dataAt, dataAt + Number(file.readBigUInt64LE(afterChecksum)));
  assert.equal(checksum, hex(blake3(data)), 'the envelope states the BLAKE3 of its data');

  const status = STATUSES[data.readUInt32LE(0)];
  assert.ok(status !== undefined, 'a known status');
  const [blockHash, afterHash] = hashAt(data, 4);
  const [stateRoot, afterRoot] = hashAt(data, afterHash + 8);
  const blobCount = Number(data.readBigUInt64LE(afterRoot + 8));
  const blobsAt = afterRoot + 16;
  assert.equal(data.length, blobsAt + blobCount * 32, 'the fields fill the data');
  return {
    status,
    blockHash,
    blockNumber: data.readBigUInt64LE(afterHash),
    stateRoot,
    lockTime: data.readBigUInt64LE(afterRoot),
    blobIds: Array.from({ length: blobCount }, (_, at) =>
      hex(data.subarray(blobsAt + at * 32, blobsAt + at * 32 + 32)),
    ),
  };
}

/** The bytes of a `.v` as the reference writes them. */
export function writeReferenceValidate(info: ReferenceValidateInfo): Buffer {
  const status = Buffer.alloc(4);
  status.writeUInt32LE(STATUSES.indexOf(info.status));
  const data = Buffer.concat([
    status,
    hashBytes(info.blockHash),
    u64(info.blockNumber),
    hashBytes(info.stateRoot),
    u64(info.lockTime),
    u64(BigInt(info.blobIds.length)),
    ...info.blobIds.map((id) => Buffer.from(id.slice(2), 'hex')),
  ]);
  return Buffer.concat([u64(32n), blake3(data), u64(BigInt(data.length)), data]);
}

/** A hash is its length, 32, and its bytes. Returns it with the offset behind it. */
function hashAt(bytes: Buffer, at: number): [hash: string, end: number] {
  assert.equal(bytes.readBigUInt64LE(at), 32n, 'a hash is 32 bytes long');
  return [hex(bytes.subarray(at + 8, at + 40)), at + 40];
}

function hashBytes(hash: string): Buffer {
  return Buffer.concat([u64(32n), Buffer.from(hash.slice(2), 'hex')]);
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
