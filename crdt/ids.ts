/**
 * The identifiers of the system, as strings that compare with `===` and sort bytewise.
 *
 * Invariant: a value of these types is canonical (lower-case hex of exactly 32 bytes), so equal bytes are equal strings
 * and string order is byte order.
 */

import { DriftlockError } from './errors.ts';
import { bytesToHex, hexInto } from './hex.ts';
import { invariant } from './invariant.ts';

/** 32 bytes as `0x` and 64 lower-case hex digits: block hashes, state roots, blob ids, digests. */
export type Hash32 = `0x${string}`;

declare const nodeIdBrand: unique symbol;
/** A node: its raw Ed25519 public key as 64 lower-case hex digits. The libp2p peer id is another spelling of the same key. */
export type NodeId = string & { readonly [nodeIdBrand]: true };

export const HASH_BYTES = 32;
/** 32 zero bytes: what the file format writes where there is no root yet. */
export const ZERO_HASH: Hash32 = `0x${'00'.repeat(HASH_BYTES)}`;

const HASH_PATTERN = /^0x[0-9a-f]{64}$/;
const NODE_PATTERN = /^[0-9a-f]{64}$/;

export function isHash32(text: string): text is Hash32 {
  return HASH_PATTERN.test(text);
}

export function isNodeId(text: string): text is NodeId {
  return NODE_PATTERN.test(text);
}

/** Checks `text`, lower-casing it first. Throws `ERR_BAD_HASH` that names `argument`. */
export function hash32(text: string, argument = 'hash'): Hash32 {
  const lower = text.toLowerCase();
  if (!isHash32(lower)) {
    throw new DriftlockError('ERR_BAD_HASH', { argument, expected: '0x and 64 hex digits', found: describeText(text) });
  }
  return lower;
}

/** Checks `text`. Throws `ERR_BAD_NODE_ID` that names `argument`. */
export function nodeId(text: string, argument = 'node id'): NodeId {
  if (!isNodeId(text)) {
    throw new DriftlockError('ERR_BAD_NODE_ID', {
      argument,
      expected: '64 lower-case hex digits',
      found: describeText(text),
    });
  }
  return text;
}

/** Precondition: `bytes` holds 32 bytes. */
export function hashFromBytes(bytes: Uint8Array): Hash32 {
  return `0x${hex32(bytes)}`;
}

export function hashToBytes(hash: Hash32): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES);
  hexInto(bytes, 0, hash, 2);
  return bytes;
}

/** Precondition: `bytes` holds 32 bytes. */
export function nodeFromBytes(bytes: Uint8Array): NodeId {
  return nodeFromHex(hex32(bytes));
}

/** Precondition: `digits` are 64 lower-case hex digits, as an encoder made them. */
export function nodeFromHex(digits: string): NodeId {
  invariant(hasNodeIdLength(digits), 'an encoder makes 64 hex digits of 32 bytes');
  return digits;
}

function hasNodeIdLength(digits: string): digits is NodeId {
  return digits.length === 2 * HASH_BYTES;
}

export function nodeToBytes(node: NodeId): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES);
  hexInto(bytes, 0, node);
  return bytes;
}

/** One block at one height. A height can have several hashes (reorg); each is its own record. */
export interface BlockKey {
  /** Height: an integer from 0 to 2^53 − 1. */
  readonly number: number;
  readonly hash: Hash32;
}

/** `{number}.{0xhash}`: the stem of the block's file names, and its key in maps. */
export type BlockId = `${number}.${Hash32}`;

export function blockId(key: BlockKey): BlockId {
  return `${key.number}.${key.hash}`;
}

const BLOCK_ID_PATTERN = /^(0|[1-9][0-9]{0,15})\.(0x[0-9a-f]{64})$/;

/** The block that `text` names, or undefined when it is no canonical `{number}.{0xhash}`. */
export function parseBlockId(text: string): BlockKey | undefined {
  const match = BLOCK_ID_PATTERN.exec(text);
  if (match === null) return undefined;
  const number = Number(match[1]);
  const hash = match[2];
  if (!Number.isSafeInteger(number) || hash === undefined || !isHash32(hash)) return undefined;
  return { number, hash };
}

/** Order of blocks everywhere: by height, then by hash. */
export function compareBlockKeys(a: BlockKey, b: BlockKey): number {
  return a.number - b.number || compareText(a.hash, b.hash);
}

/** Code unit order, which for hex strings is byte order. Never locale order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How arrived text is quoted in an error: whole when short, else its beginning and length. */
export function describeText(text: string): string {
  return text.length <= 80 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 60))}… (${text.length} characters)`;
}

function hex32(bytes: Uint8Array): string {
  if (bytes.length !== HASH_BYTES) {
    throw new DriftlockError('ERR_BAD_LENGTH', { argument: 'bytes', expected: '32 bytes', found: `${bytes.length}` });
  }
  return bytesToHex(bytes);
}
