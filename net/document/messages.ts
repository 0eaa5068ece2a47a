/**
 * The messages of the exchange: what each side has of the document, and what the other lacks. Grammar: docs/protocol.md.
 *
 * Invariant: a message decodes from nothing but what it encodes to, as far as it is ours; updates and state vectors are Yjs' own
 * (version 1 of its encoding), and are checked where they are applied.
 */

import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { readVersion } from '../framing/version.ts';
import { DOCUMENT_FINGERPRINT_BYTES, DOCUMENT_FRAME_BYTES_MAX, STATE_VECTOR_BYTES_MAX } from './limits.ts';

export const DOCUMENT_PROTOCOL = '/driftlock/document/1';
export const DOCUMENT_VERSION = 1;

const SAME = 0;
const DIFFERENT = 1;

/** Opens an exchange: what the sender has. */
export interface DocumentHello {
  /** 16 bytes. */
  readonly fingerprint: Uint8Array;
  readonly stateVector: Uint8Array;
}

/** Undefined: the document is the same. */
export type DocumentAnswer = { readonly stateVector: Uint8Array; readonly update: Uint8Array } | undefined;

export function encodeDocumentHello({ fingerprint, stateVector }: DocumentHello): Uint8Array {
  return new Writer().u8(DOCUMENT_VERSION).fixed(fingerprint).bytes(stateVector).finish();
}

/** Throws `DecodeError`. */
export function decodeDocumentHello(bytes: Uint8Array): DocumentHello {
  const reader = new Reader(bytes);
  readVersion(reader, 'document hello', DOCUMENT_VERSION);
  const fingerprint = reader.fixed('document fingerprint', DOCUMENT_FINGERPRINT_BYTES);
  const stateVector = reader.bytes('state vector', STATE_VECTOR_BYTES_MAX);
  reader.end('document hello');
  return { fingerprint, stateVector };
}

export function encodeDocumentAnswer(answer: DocumentAnswer): Uint8Array {
  const writer = new Writer().u8(DOCUMENT_VERSION);
  if (answer === undefined) return writer.u8(SAME).finish();
  return writer.u8(DIFFERENT).bytes(answer.stateVector).bytes(answer.update).finish();
}

/** Throws `DecodeError`. */
export function decodeDocumentAnswer(bytes: Uint8Array): DocumentAnswer {
  const reader = new Reader(bytes);
  readVersion(reader, 'document answer', DOCUMENT_VERSION);
  const start = reader.offset;
  const kind = reader.u8('document answer');
  if (kind > DIFFERENT) throw reader.fail('ERR_BAD_ENUM', 'document answer', '0 or 1', `${kind}`, start);
  const answer = kind === SAME ? undefined : readDifference(reader);
  reader.end('document answer');
  return answer;
}

function readDifference(reader: Reader): DocumentAnswer {
  const stateVector = reader.bytes('state vector', STATE_VECTOR_BYTES_MAX);
  return { stateVector, update: reader.bytes('update', DOCUMENT_FRAME_BYTES_MAX) };
}

/** What the other side lacks, which ends an exchange. */
export function encodeDocumentUpdate(update: Uint8Array): Uint8Array {
  return new Writer(1 + update.length).u8(DOCUMENT_VERSION).fixed(update).finish();
}

/** Throws `DecodeError`. A view into `bytes`. */
export function decodeDocumentUpdate(bytes: Uint8Array): Uint8Array {
  const reader = new Reader(bytes);
  readVersion(reader, 'document update', DOCUMENT_VERSION);
  return reader.fixed('update', reader.remaining);
}
