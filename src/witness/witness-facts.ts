/**
 * What is to be known of a `.w` on disk before it is believed: its fields, the digest of its payload, and where it lies.
 *
 * Invariant: every byte of the file was read and its checksum verified, with at most one chunk in memory beyond
 * `WHOLE_FILE_BYTES_MAX`; all parts came from one and the same file.
 */

import { CHUNK_BYTES, ChunkLister, chunkListOf, digestOfChunks } from '../../crdt/block/payload-digest.ts';
import { DecodeError } from '../../crdt/errors.ts';
import { blake3Stream } from '../../crdt/hash.ts';
import type { Hash32 } from '../../crdt/ids.ts';
import { DiskError, sameFile, type Disk, type FileContent, type FileIdentity } from '../disk/disk.ts';
import { checkFileSize } from '../files/file-error.ts';
import { checkBlockFileName } from '../files/file-names.ts';
import { checkPayloadHash, decodeStateDataHeader, STATE_DATA_HEADER_BYTES } from '../files/state-data.ts';
import { decodeWitnessFile } from '../files/witness-file.ts';
import {
  decodeWitnessFields,
  encodeWitnessFields,
  WITNESS_FILE_BYTES_MAX,
  WITNESS_HEAD_BYTES_MAX,
  WITNESS_STATUS_BYTES_MAX,
  type WitnessFields,
} from '../files/witness-status.ts';

export interface WitnessFacts {
  readonly fields: WitnessFields;
  readonly identity: FileIdentity;
  readonly payloadDigest: Hash32;
  readonly payloadBytes: number;
  /** Where the payload begins in the file. */
  readonly payloadOffset: number;
}

/** A file up to here is read in one go: real witnesses are 12 to 14 kB, and one read is four times as fast as three. */
export const WHOLE_FILE_BYTES_MAX = 1024 * 1024;

/** Where the payload begins in the file of these fields. */
export function payloadOffsetOf(fields: WitnessFields): number {
  return STATE_DATA_HEADER_BYTES + encodeWitnessFields(fields, 0).length;
}

/** Reads the `.w` called `name` at `path`; undefined when there is none. Throws `DecodeError`, `FileError`, `DiskError`. */
export async function readWitnessFacts(
  disk: Pick<Disk, 'identify' | 'read' | 'readRange'>,
  path: string,
  name: string,
): Promise<WitnessFacts | undefined> {
  const identity = await disk.identify(path);
  if (identity === undefined) return undefined;
  if (identity.sizeBytes > WHOLE_FILE_BYTES_MAX) return readInParts(disk, path, name, identity);
  const content = await disk.read(path, WHOLE_FILE_BYTES_MAX);
  return content === undefined ? undefined : wholeFacts(content, name);
}

/** Of a file that was read in one go. Throws `DecodeError` and `FileError`. */
export function wholeFacts({ bytes, identity }: FileContent, name: string): WitnessFacts {
  const { witnessData, ...fields } = decodeWitnessFile(bytes, name).status;
  const payloadBytes = witnessData.length;
  const payloadDigest = digestOfChunks(payloadBytes, chunkListOf(witnessData));
  return { fields, identity, payloadDigest, payloadBytes, payloadOffset: payloadOffsetOf(fields) };
}

async function readInParts(
  disk: Pick<Disk, 'readRange'>,
  path: string,
  name: string,
  identity: FileIdentity,
): Promise<WitnessFacts | undefined> {
  checkFileSize(name, identity.sizeBytes, WITNESS_FILE_BYTES_MAX);
  const head = await readPart(disk, path, identity, 0, STATE_DATA_HEADER_BYTES + WITNESS_HEAD_BYTES_MAX);
  if (head === undefined) return undefined;
  const { hash, payloadBytes: dataBytes } = decodeStateDataHeader(head, name, WITNESS_STATUS_BYTES_MAX);
  const data = head.subarray(STATE_DATA_HEADER_BYTES, STATE_DATA_HEADER_BYTES + dataBytes);
  const { fields, headBytes, witnessBytes } = decodeWitnessFields(data, name);
  const endOffset = STATE_DATA_HEADER_BYTES + dataBytes;
  checkExtent(name, headBytes + witnessBytes, dataBytes, 'data length');
  if (identity.sizeBytes < endOffset) checkExtent(name, endOffset, identity.sizeBytes, 'file size');
  checkBlockFileName(name, 'witness', { number: fields.blockNumber, hash: fields.blockHash });

  const envelope = blake3Stream();
  const lister = new ChunkLister();
  envelope.update(data.subarray(0, headBytes));
  const payloadOffset = STATE_DATA_HEADER_BYTES + headBytes;
  for (let at = payloadOffset; at < endOffset; at += CHUNK_BYTES) {
    const part = await readPart(disk, path, identity, at, Math.min(CHUNK_BYTES, endOffset - at));
    if (part === undefined) return undefined;
    envelope.update(part);
    lister.update(part);
  }
  checkPayloadHash(name, hash, envelope.digest());
  const payloadDigest = digestOfChunks(witnessBytes, lister.finish());
  return { fields, identity, payloadDigest, payloadBytes: witnessBytes, payloadOffset };
}

/** Undefined when the file is gone. Throws `ERR_CHANGING` when it is another than before. */
async function readPart(
  disk: Pick<Disk, 'readRange'>,
  path: string,
  identity: FileIdentity,
  offset: number,
  lengthBytes: number,
): Promise<Uint8Array | undefined> {
  const content = await disk.readRange(path, offset, lengthBytes);
  if (content === undefined || sameFile(content.identity, identity)) return content?.bytes;
  const expected = 'a file that stays the same while it is read';
  throw new DiskError('ERR_CHANGING', { argument: path, expected, found: 'another' });
}

function checkExtent(name: string, expectedBytes: number, foundBytes: number, what: string): void {
  if (expectedBytes === foundBytes) return;
  const detail = { argument: `${name}: ${what}`, expected: `${expectedBytes}`, found: `${foundBytes}`, offset: 0 };
  throw new DecodeError(foundBytes < expectedBytes ? 'ERR_TRUNCATED' : 'ERR_TRAILING_BYTES', detail);
}
