/**
 * A whole `.v`: `StateData` around a `ValidateInfo`, and driftlock's trailer behind it when driftlock wrote it.
 *
 * Invariant: what {@link decodeValidateFile} returns belongs to the block that the file's name states.
 */

import { RECORD_BYTES_MAX } from '../../crdt/block/record-codec.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { checkFileSize } from './file-error.ts';
import { checkBlockFileName } from './file-names.ts';
import { decodeStateData, encodeStateData, STATE_DATA_HEADER_BYTES } from './state-data.ts';
import { appendTrailer, readTrailer, TRAILER_OVERHEAD_BYTES, type Trailer } from './trailer.ts';
import { decodeValidateInfo, encodeValidateInfo, VALIDATE_INFO_BYTES_MAX, type ValidateInfo } from './validate-info.ts';

/** The largest file that the limits of its parts allow. */
export const VALIDATE_FILE_BYTES_MAX =
  STATE_DATA_HEADER_BYTES + VALIDATE_INFO_BYTES_MAX + TRAILER_OVERHEAD_BYTES + RECORD_BYTES_MAX;

export interface ValidateFile {
  readonly key: BlockKey;
  readonly info: ValidateInfo;
  readonly trailer: Trailer;
}

/**
 * The `.v` called `name` (no folder). Throws a `DecodeError` or `FileError` that names it; a bad trailer is no error, since
 * any program may write the file: it is a `mismatch`.
 */
export function decodeValidateFile(bytes: Uint8Array, name: string): ValidateFile {
  const file = decodeValidateContent(bytes, name);
  checkBlockFileName(name, 'validate', file.key);
  return file;
}

/** The same for bytes whose name says nothing about their block; `source` is what errors call them. */
export function decodeValidateContent(bytes: Uint8Array, source: string): ValidateFile {
  checkFileSize(source, bytes.length, VALIDATE_FILE_BYTES_MAX);
  const { payload, endOffset } = decodeStateData(bytes, source, VALIDATE_INFO_BYTES_MAX);
  const info = decodeValidateInfo(payload, source);
  return { key: { number: info.blockNumber, hash: info.blockHash }, info, trailer: readTrailer(bytes, endOffset) };
}

/** The bytes of a `.v`, with a trailer when `record` is given. */
export function encodeValidateFile(info: ValidateInfo, record?: Uint8Array): Uint8Array {
  const stateData = encodeStateData(encodeValidateInfo(info));
  return record === undefined ? stateData : appendTrailer(stateData, record);
}
