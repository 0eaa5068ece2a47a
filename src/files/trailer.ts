/**
 * The trailer that driftlock writes behind `StateData` in a `.v`, where readers of the reference format do not look. It
 * carries the block's record, which is opaque here.
 *
 * ```
 * trailer = magic "DRFTLCK1", length u32, record: length bytes, digest: 32 bytes
 * digest  = BLAKE3(all bytes of the file in front of the digest)        integers little endian, as in the envelope
 * ```
 *
 * Invariant: a `valid` trailer was written together with the `StateData` in front of it. The digest covers both, so a
 * program that overwrites the envelope in place and leaves the trailer behind is noticed: a `mismatch`.
 */

import { RECORD_BYTES_MAX } from '../../crdt/block/record-codec.ts';
import { equalBytes } from '../../crdt/bytes.ts';
import { blake3 } from '../../crdt/hash.ts';
import { HASH_BYTES } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { BincodeWriter, U32_BYTES } from './bincode.ts';

/** The last character is the version of the trailer's layout. */
const MAGIC = new TextEncoder().encode('DRFTLCK1');
const HEADER_BYTES = MAGIC.length + U32_BYTES;

/** What a trailer adds to its record. */
export const TRAILER_OVERHEAD_BYTES = HEADER_BYTES + HASH_BYTES;

export type Trailer =
  /** Nothing is behind `StateData`: another program wrote the file. */
  | { readonly kind: 'absent' }
  /** `record` is a view that shares memory with the file's bytes. */
  | { readonly kind: 'valid'; readonly record: Uint8Array }
  /**
   * Something is, and it is no trailer of this `StateData`; `reason` says what is wrong with it. `record` is what stands
   * in a record's place where only the digest is wrong: that of a file whose beginning was written over, or damaged.
   */
  | { readonly kind: 'mismatch'; readonly reason: string; readonly record?: Uint8Array };

/** The trailer of a whole file, whose `StateData` ends at `endOffset`. */
export function readTrailer(fileBytes: Uint8Array, endOffset: number): Trailer {
  const trailer = fileBytes.subarray(endOffset);
  if (trailer.length === 0) return { kind: 'absent' };
  if (trailer.length < TRAILER_OVERHEAD_BYTES) {
    return mismatch(`expected at least ${TRAILER_OVERHEAD_BYTES} bytes, found ${trailer.length}`);
  }
  if (!equalBytes(trailer.subarray(0, MAGIC.length), MAGIC)) return mismatch('expected the magic DRFTLCK1');
  const recordBytes = new DataView(trailer.buffer, trailer.byteOffset).getUint32(MAGIC.length, true);
  if (recordBytes > RECORD_BYTES_MAX) {
    return mismatch(`expected a record of at most ${RECORD_BYTES_MAX} bytes, found ${recordBytes}`);
  }
  const foundBytes = trailer.length - TRAILER_OVERHEAD_BYTES;
  if (foundBytes !== recordBytes) return mismatch(`expected a record of ${recordBytes} bytes, found ${foundBytes}`);
  const record = trailer.subarray(HEADER_BYTES, HEADER_BYTES + recordBytes);
  const digestOffset = fileBytes.length - HASH_BYTES;
  if (!equalBytes(blake3(fileBytes.subarray(0, digestOffset)), fileBytes.subarray(digestOffset))) {
    return { ...mismatch('expected the BLAKE3 of the file, found another: a part of it was overwritten'), record };
  }
  return { kind: 'valid', record };
}

/** `stateData` with the trailer for `record` behind it. */
export function appendTrailer(stateData: Uint8Array, record: Uint8Array): Uint8Array {
  invariant(record.length <= RECORD_BYTES_MAX, `a record has at most ${RECORD_BYTES_MAX} bytes`);
  const header = new BincodeWriter(HEADER_BYTES).fixed(MAGIC).u32(record.length).finish();
  return new BincodeWriter(stateData.length + TRAILER_OVERHEAD_BYTES + record.length)
    .fixed(stateData)
    .fixed(header)
    .fixed(record)
    .fixed(blake3(stateData, header, record))
    .finish();
}

function mismatch(reason: string): Extract<Trailer, { kind: 'mismatch' }> {
  return { kind: 'mismatch', reason: `trailer: ${reason}` };
}
