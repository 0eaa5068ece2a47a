/**
 * A whole `.w`: `StateData` around a `WitnessStatus`. driftlock writes nothing behind it.
 *
 * Invariant: what {@link decodeWitnessFile} returns belongs to the block that the file's name states.
 */

import type { BlockKey } from '../../crdt/ids.ts';
import { checkFileSize } from './file-error.ts';
import { blockFileName, checkBlockFileName } from './file-names.ts';
import { decodeStateData, encodeStateData, STATE_DATA_HEADER_BYTES } from './state-data.ts';
import {
  decodeWitnessStatus,
  encodeWitnessFields,
  WITNESS_FILE_BYTES_MAX,
  WITNESS_STATUS_BYTES_MAX,
  type WitnessStatus,
} from './witness-status.ts';

export interface WitnessFile {
  readonly key: BlockKey;
  readonly status: WitnessStatus;
  /** Bytes behind `StateData`, which readers of the format ignore. */
  readonly trailingBytes: number;
}

/** The `.w` called `name` (no folder). Throws a `DecodeError` or `FileError` that names it. */
export function decodeWitnessFile(bytes: Uint8Array, name: string): WitnessFile {
  const file = decodeWitnessContent(bytes, name);
  checkBlockFileName(name, 'witness', file.key);
  return file;
}

/** The same for bytes whose name says nothing about their block; `source` is what errors call them. */
export function decodeWitnessContent(bytes: Uint8Array, source: string): WitnessFile {
  checkFileSize(source, bytes.length, WITNESS_FILE_BYTES_MAX);
  const { payload, endOffset } = decodeStateData(bytes, source, WITNESS_STATUS_BYTES_MAX);
  const status = decodeWitnessStatus(payload, source);
  return {
    key: { number: status.blockNumber, hash: status.blockHash },
    status,
    trailingBytes: bytes.length - endOffset,
  };
}

/** The bytes of a `.w`; the witness is copied once. Throws `ERR_OVER_LIMIT` when they would be too many. */
export function encodeWitnessFile(status: WitnessStatus): Uint8Array {
  const { witnessData } = status;
  const head = encodeWitnessFields(status, witnessData.length);
  const name = blockFileName('witness', { number: status.blockNumber, hash: status.blockHash });
  checkFileSize(name, STATE_DATA_HEADER_BYTES + head.length + witnessData.length, WITNESS_FILE_BYTES_MAX);
  return encodeStateData(head, witnessData);
}
