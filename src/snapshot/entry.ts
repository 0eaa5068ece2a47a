/**
 * What a snapshot holds of one finished block: its record as the replica holds it, what identifies its files, and its
 * place on the shelf.
 *
 * ```
 * entry   = number f64, hash 32, fingerprint 16, traits u8, counts, file(.v), file(.w), shelved, length u32, packed record
 * counts  = results u16, successes u16, disputed u8
 * file    = place u8 {0 none, 1 primary, 2 backup}, inode u64, size u32, modified ns u64
 * shelved = state u8 {0 no, else 1 + its rank}, payload digest 32 {zeros: none}, payload size u32, payload offset u32
 * ```
 * Integers are little endian.
 *
 * Invariant: an entry was taken at one moment, between two changes of its block. The bytes are this machine's own affair:
 * whoever reads them has checked their BLAKE3 before.
 */

import { FINGERPRINT_BYTES } from '../../crdt/block/fingerprint.ts';
import { equalBytes } from '../../crdt/bytes.ts';
import { HASH_BYTES } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import type { FilePlace, KnownFile } from '../store/file-ledger.ts';

export interface SnapshotEntry {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly fingerprint: Uint8Array;
  readonly traits: number;
  readonly counts: RecordCounts;
  readonly validate: KnownFile | undefined;
  readonly witness: KnownFile | undefined;
  readonly shelved: ShelfEntry | undefined;
  readonly packed: Uint8Array;
}

/** What a record adds to the tally. */
export interface RecordCounts {
  readonly results: number;
  readonly successes: number;
  readonly isDisputed: boolean;
}

export interface ShelfEntry {
  /** 1 + the rank of its state. */
  readonly state: number;
  /** Undefined once the block is settled. */
  readonly payloadDigest: Uint8Array | undefined;
  readonly payloadBytes: number;
  readonly payloadOffset: number;
}

const FILE_BYTES = 1 + 8 + 4 + 8;
const SHELVED_BYTES = 1 + HASH_BYTES + 8;
const FIXED_BYTES = 8 + HASH_BYTES + FINGERPRINT_BYTES + 1 + 5 + 2 * FILE_BYTES + SHELVED_BYTES + 4;
const NO_DIGEST = new Uint8Array(HASH_BYTES);
const PLACES: readonly (FilePlace | undefined)[] = [undefined, 'primary', 'backup'];

export function entryBytes(entry: SnapshotEntry): number {
  return FIXED_BYTES + entry.packed.length;
}

/** Writes at the beginning of `target`, which is as long as `entryBytes` says. */
export function writeEntry(entry: SnapshotEntry, target: Uint8Array): void {
  const view = new DataView(target.buffer, target.byteOffset, target.length);
  let at = 0;
  const bytes = (part: Uint8Array): void => {
    target.set(part, at);
    at += part.length;
  };
  const u8 = (value: number): void => view.setUint8(at++, value);
  const file = (known: KnownFile | undefined): void => {
    u8(PLACES.indexOf(known?.place));
    view.setBigUint64(at, known?.identity.inode ?? 0n, true);
    view.setUint32(at + 8, known?.identity.sizeBytes ?? 0, true);
    view.setBigUint64(at + 12, known?.identity.modifiedNs ?? 0n, true);
    at += 20;
  };
  view.setFloat64(0, entry.number, true);
  at = 8;
  bytes(entry.hash);
  bytes(entry.fingerprint);
  u8(entry.traits);
  view.setUint16(at, entry.counts.results, true);
  view.setUint16(at + 2, entry.counts.successes, true);
  at += 4;
  u8(entry.counts.isDisputed ? 1 : 0);
  file(entry.validate);
  file(entry.witness);
  u8(entry.shelved?.state ?? 0);
  bytes(entry.shelved?.payloadDigest ?? NO_DIGEST);
  view.setUint32(at, entry.shelved?.payloadBytes ?? 0, true);
  view.setUint32(at + 4, entry.shelved?.payloadOffset ?? 0, true);
  view.setUint32(at + 8, entry.packed.length, true);
  at += 12;
  bytes(entry.packed);
}

/** The entries of a part, one after the other; their bytes are views of `part`. */
export function* readEntries(part: Uint8Array): Generator<SnapshotEntry> {
  const view = new DataView(part.buffer, part.byteOffset, part.length);
  let at = 0;
  const bytes = (length: number): Uint8Array => {
    at += length;
    return part.subarray(at - length, at);
  };
  const file = (): KnownFile | undefined => {
    const place = PLACES[view.getUint8(at)];
    const start = at + 1;
    at += FILE_BYTES;
    if (place === undefined) return undefined;
    const inode = view.getBigUint64(start, true);
    const sizeBytes = view.getUint32(start + 8, true);
    return { place, identity: { inode, sizeBytes, modifiedNs: view.getBigUint64(start + 12, true) } };
  };
  const shelvedAt = (state: number): ShelfEntry => {
    const digest = part.subarray(at, at + HASH_BYTES);
    const payloadDigest = equalBytes(digest, NO_DIGEST) ? undefined : digest;
    const sizes = at + HASH_BYTES;
    const [payloadBytes, payloadOffset] = [view.getUint32(sizes, true), view.getUint32(sizes + 4, true)];
    return { state, payloadDigest, payloadBytes, payloadOffset };
  };
  while (at < part.length) {
    invariant(part.length - at >= FIXED_BYTES, 'a part whose digest is right ends with a whole entry');
    const number = view.getFloat64(at, true);
    at += 8;
    const hash = bytes(HASH_BYTES);
    const fingerprint = bytes(FINGERPRINT_BYTES);
    const traits = view.getUint8(at++);
    const results = view.getUint16(at, true);
    const successes = view.getUint16(at + 2, true);
    const isDisputed = view.getUint8(at + 4) === 1;
    at += 5;
    const validate = file();
    const witness = file();
    const state = view.getUint8(at++);
    const shelved = state === 0 ? undefined : shelvedAt(state);
    at += SHELVED_BYTES - 1;
    const length = view.getUint32(at, true);
    at += 4;
    const packed = bytes(length);
    const counts = { results, successes, isDisputed };
    yield { number, hash, fingerprint, traits, counts, validate, witness, shelved, packed };
  }
}
