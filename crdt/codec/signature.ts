/**
 * Ed25519 signatures (RFC 8032) inside records.
 *
 * Invariant: what is written is read back: 64 bytes exactly. What is read is a copy, since a record outlives by far the
 * frame or file it came in, and a view of 64 bytes would keep all of that in memory.
 */

import { SIGNATURE_BYTES } from '../bytes.ts';
import { invariant } from '../invariant.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

export function writeSignature(writer: Writer, signature: Uint8Array): void {
  invariant(signature.length === SIGNATURE_BYTES, 'a signature has 64 bytes');
  writer.fixed(signature);
}

export function readSignature(reader: Reader, field: string): Uint8Array {
  return new Uint8Array(reader.fixed(field, SIGNATURE_BYTES));
}
