/**
 * The messages of the witness protocol: requests and their answers, each in a frame, the answers in the order of the
 * requests. A stream carries as many as both sides like. Grammar: docs/protocol.md.
 */

import {
  readDescription,
  WITNESS_PAYLOAD_BYTES_MAX,
  writeDescription,
  type WitnessDescription,
} from '../../crdt/block/witness.ts';
import { chunkCount } from '../../crdt/block/payload-digest.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { HASH_BYTES, hashFromBytes, hashToBytes, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { readVersion } from '../framing/version.ts';
import {
  CHALLENGE_BYTES_MAX,
  CHALLENGE_RANGES_MAX,
  CONTRACT_LINE_PARTS_MAX,
  WITNESS_ANSWER_FRONT_BYTES,
  WITNESS_REQUEST_BYTES_MAX,
} from './limits.ts';

export const WITNESS_PROTOCOL = '/driftlock/witness/2';
export const WITNESS_VERSION = 2;

/** Bytes of a payload, counted from its beginning. */
export interface ByteRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

export type WitnessRequest =
  /** The digests of all chunks. */
  | { readonly kind: 'chunk-list'; readonly payloadDigest: Hash32 }
  | { readonly kind: 'chunk'; readonly payloadDigest: Hash32; readonly index: number }
  /** A proof that the payload is stored: see `challenge.ts`. */
  | {
      readonly kind: 'challenge';
      readonly payloadDigest: Hash32;
      readonly nonce: Hash32;
      readonly ranges: readonly ByteRange[];
    }
  /** A digest of each bucket of contract hashes: see `contract-buckets.ts`. */
  | { readonly kind: 'contract-buckets' }
  /** The contract hashes of one bucket. */
  | { readonly kind: 'contract-hashes'; readonly bucket: number }
  /** A part of the line of `contracts.txt` with this hash. */
  | { readonly kind: 'contract-line'; readonly contract: Hash32; readonly part: number }
  /** Which witness the peer has of a block: of old blocks, whose records name none any more. */
  | { readonly kind: 'description'; readonly key: BlockKey };

/** In the order of their wire tags. */
const KINDS = [
  'chunk-list',
  'chunk',
  'challenge',
  'contract-buckets',
  'contract-hashes',
  'contract-line',
  'description',
] as const satisfies readonly WitnessRequest['kind'][];
const STATUSES = ['found', 'not-found', 'busy'] as const;

export type WitnessAnswer =
  /** `body`: see docs/protocol.md. */
  | { readonly status: 'found'; readonly body: Uint8Array }
  | { readonly status: 'not-found' }
  /** This node serves as many streams as it may. */
  | { readonly status: 'busy' };

export function encodeWitnessRequest(request: WitnessRequest): Uint8Array {
  const writer = new Writer(WITNESS_REQUEST_BYTES_MAX).u8(WITNESS_VERSION).u8(KINDS.indexOf(request.kind));
  switch (request.kind) {
    case 'chunk-list':
      return writer.hash(request.payloadDigest).finish();
    case 'chunk':
      return writer.hash(request.payloadDigest).varint(request.index).finish();
    case 'challenge':
      writer.hash(request.payloadDigest).fixed(hashToBytes(request.nonce)).varint(request.ranges.length);
      for (const range of request.ranges) writer.varint(range.offset).varint(range.lengthBytes);
      return writer.finish();
    case 'contract-buckets':
      return writer.finish();
    case 'contract-hashes':
      return writer.u8(request.bucket).finish();
    case 'contract-line':
      return writer.hash(request.contract).u8(request.part).finish();
    case 'description':
      return writer.varint(request.key.number).hash(request.key.hash).finish();
  }
}

/** Throws `DecodeError`. */
export function decodeWitnessRequest(bytes: Uint8Array): WitnessRequest {
  const reader = new Reader(bytes);
  readVersion(reader, 'witness request', WITNESS_VERSION);
  const kind = readTag(reader, 'witness request kind', KINDS);
  const request = readRest(reader, kind);
  reader.end('witness request');
  return request;
}

function readRest(reader: Reader, kind: WitnessRequest['kind']): WitnessRequest {
  const digest = (): Hash32 => reader.hash('witness request digest');
  switch (kind) {
    case 'chunk-list':
      return { kind, payloadDigest: digest() };
    case 'chunk': {
      const payloadDigest = digest();
      return { kind, payloadDigest, index: reader.varint('chunk index', chunkCount(WITNESS_PAYLOAD_BYTES_MAX) - 1) };
    }
    case 'contract-buckets':
      return { kind };
    case 'contract-hashes':
      return { kind, bucket: reader.u8('contract bucket') };
    case 'contract-line': {
      const contract = reader.hash('contract hash');
      return { kind, contract, part: reader.varint('contract line part', CONTRACT_LINE_PARTS_MAX - 1) };
    }
    case 'description':
      return { kind, key: { number: reader.varint('block number'), hash: reader.hash('block hash') } };
    case 'challenge': {
      const payloadDigest = digest();
      const nonce = hashFromBytes(reader.fixed('challenge nonce', HASH_BYTES));
      return { kind, payloadDigest, nonce, ranges: readRanges(reader) };
    }
  }
}

function readRanges(reader: Reader): readonly ByteRange[] {
  const ranges: ByteRange[] = [];
  let left = CHALLENGE_BYTES_MAX;
  const count = reader.varint('challenge range count', CHALLENGE_RANGES_MAX);
  for (let at = 0; at < count; at++) {
    const offset = reader.varint('challenge range offset', WITNESS_PAYLOAD_BYTES_MAX);
    const lengthBytes = reader.varint('challenge range length', left);
    left -= lengthBytes;
    ranges.push({ offset, lengthBytes });
  }
  return ranges;
}

export function encodeWitnessAnswer(answer: WitnessAnswer): Uint8Array {
  const body = bodyOf(answer);
  return new Writer(WITNESS_ANSWER_FRONT_BYTES + body.length)
    .u8(WITNESS_VERSION)
    .u8(STATUSES.indexOf(answer.status))
    .fixed(body)
    .finish();
}

/** The answer in its frame, in two parts: a body of 256 KiB is not copied. */
export function frameWitnessAnswer(answer: WitnessAnswer): readonly [front: Uint8Array, body: Uint8Array] {
  const body = bodyOf(answer);
  const status = STATUSES.indexOf(answer.status);
  return [
    new Writer(8)
      .varint(WITNESS_ANSWER_FRONT_BYTES + body.length)
      .u8(WITNESS_VERSION)
      .u8(status)
      .finish(),
    body,
  ];
}

function bodyOf(answer: WitnessAnswer): Uint8Array {
  return answer.status === 'found' ? answer.body : new Uint8Array();
}

/**
 * The status of an answer by what stands in front of its body, of which `bodyBytes` follow: the body need not be there yet.
 * Throws `DecodeError`.
 */
export function decodeAnswerFront(front: Uint8Array, bodyBytes: number): WitnessAnswer['status'] {
  const reader = new Reader(front);
  readVersion(reader, 'witness answer', WITNESS_VERSION);
  const status = readTag(reader, 'witness answer status', STATUSES);
  reader.end('witness answer front');
  if (status === 'found' || bodyBytes === 0) return status;
  throw reader.fail('ERR_TRAILING_BYTES', 'witness answer', 'no body', `${bodyBytes} bytes of one`);
}

export function encodeDescription(witness: WitnessDescription): Uint8Array {
  const writer = new Writer();
  writeDescription(writer, witness);
  return writer.finish();
}

/** Throws `DecodeError`. */
export function decodeDescription(bytes: Uint8Array): WitnessDescription {
  const reader = new Reader(bytes);
  const witness = readDescription(reader);
  reader.end('witness description');
  return witness;
}

function readTag<Name extends string>(reader: Reader, field: string, names: readonly Name[]): Name {
  const start = reader.offset;
  const tag = reader.u8(field);
  const name = names[tag];
  if (name === undefined) throw reader.fail('ERR_BAD_ENUM', field, `0 to ${names.length - 1}`, `${tag}`, start);
  return name;
}
