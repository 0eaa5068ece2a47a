/**
 * The witness register: what is known of a block's `.w` payload, by whose word.
 *
 * Invariant: one announcement an author, written by it alone; an author's later state replaces its earlier one, and
 * progress never goes back. Two authors that announce different payloads are both kept: that is a conflict, and shown.
 * The digest covers the payload and not the status, so progress from Witnessed to Completed moves no payload again.
 */

import { compareBytes } from '../bytes.ts';
import type { IdReader, IdWriter } from '../codec/id-table.ts';
import type { Reader } from '../codec/reader.ts';
import { readSignature, writeSignature } from '../codec/signature.ts';
import { Writer } from '../codec/writer.ts';
import { compareText, type Hash32, type NodeId } from '../ids.ts';

/** In the order of progress; the index is the tag of the file format. `Idle` and `Processing` are never announced. */
export const WITNESS_STATES = [
  'Idle',
  'Processing',
  'Witnessed',
  'Verifying',
  'UploadingStep1',
  'UploadingStep2',
  'Completed',
] as const;
export type WitnessState = (typeof WITNESS_STATES)[number];

/** The tag of `Witnessed`: from here on there is a payload. */
const ANNOUNCED_STATE_MIN = 2;

/** A `.w` without its payload: what the file is made from again once the payload is there. */
export interface WitnessDescription {
  readonly state: WitnessState;
  /** The digest of the payload (`witness_data`): see `payload-digest.ts`. */
  readonly payloadDigest: Hash32;
  readonly payloadBytes: number;
  readonly parentHash: Hash32;
  readonly preStateRoot: Hash32;
  /** As the generator wrote it: Unix seconds, any u64. Kept so that every node's `.w` has the same bytes. */
  readonly lockTimeSeconds: bigint;
  /** In the file's order. */
  readonly blobIds: readonly Hash32[];
}

export interface WitnessAnnouncement extends WitnessDescription {
  readonly author: NodeId;
  /** The author's Ed25519 signature over the block and all of the above. */
  readonly signature: Uint8Array;
}

/** Sorted by author. */
export type Witnesses = readonly WitnessAnnouncement[];

export const WITNESS_ANNOUNCEMENTS_MAX = 64;
export const WITNESS_BLOB_IDS_MAX = 64;
/** 256 MiB: the largest payload a node will take. */
export const WITNESS_PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;

export function joinWitnesses(a: Witnesses, b: Witnesses): Witnesses {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const byAuthor = new Map<NodeId, WitnessAnnouncement>();
  for (const announcement of [...a, ...b]) {
    const known = byAuthor.get(announcement.author);
    byAuthor.set(announcement.author, known === undefined ? announcement : further(known, announcement));
  }
  const joined = [...byAuthor.values()];
  const kept = joined.length > WITNESS_ANNOUNCEMENTS_MAX ? furthestStates(joined) : joined;
  return kept.sort(compareAnnouncements);
}

/**
 * What stays of a list past its limit: the furthest states, so that no number of announcements takes progress back. An
 * entry's place moves back only when others arrive and up when it progresses, so cutting commutes with joining.
 */
function furthestStates(witnesses: Witnesses): WitnessAnnouncement[] {
  const byProgress = (a: WitnessAnnouncement, b: WitnessAnnouncement): number =>
    stateRank(b.state) - stateRank(a.state) || compareAnnouncements(a, b);
  return [...witnesses].sort(byProgress).slice(0, WITNESS_ANNOUNCEMENTS_MAX);
}

export function compareAnnouncements(a: WitnessAnnouncement, b: WitnessAnnouncement): number {
  return compareText(a.author, b.author);
}

export function stateRank(state: WitnessState): number {
  return WITNESS_STATES.indexOf(state);
}

/**
 * The further of two announcements by one author: by progress; total by content. Signatures are compared last and do not
 * stand for the content: with a public key of small order one signature fits several messages.
 */
function further(a: WitnessAnnouncement, b: WitnessAnnouncement): WitnessAnnouncement {
  const order =
    stateRank(a.state) - stateRank(b.state) ||
    a.blobIds.length - b.blobIds.length ||
    compareText(a.payloadDigest, b.payloadDigest) ||
    compareBytes(termsOf(a), termsOf(b)) ||
    compareBytes(a.signature, b.signature);
  return order >= 0 ? a : b;
}

function termsOf(witness: WitnessAnnouncement): Uint8Array {
  const writer = new Writer();
  writeDescription(writer, witness);
  return writer.finish();
}

/** Whether a witness starts from the state in which the parent it names has ended, as far as that is known. */
export type WitnessLink = 'broken' | 'unknown' | 'linked';

/** In the order of preference, the least first. */
const LINKS = ['broken', 'unknown', 'linked'] as const satisfies readonly WitnessLink[];

/** `parentRoots`: the state roots that successful results report for the parent that `witness` names. */
export function linkTo(witness: WitnessAnnouncement, parentRoots: readonly Hash32[]): WitnessLink {
  if (parentRoots.length === 0) return 'unknown';
  return parentRoots.includes(witness.preStateRoot) ? 'linked' : 'broken';
}

/**
 * The announcement that the `.w` file is made from: the best link to the parent, then the furthest state, among equals the
 * smallest digest and then the smallest author. So nodes that hold the same records choose the same, whatever the
 * order in which they heard of them. Undefined when nobody has announced one.
 */
export function chosenWitness(
  witnesses: Witnesses,
  linkOf: (witness: WitnessAnnouncement) => WitnessLink = () => 'unknown',
): WitnessAnnouncement | undefined {
  return witnesses.reduce<WitnessAnnouncement | undefined>((best, announcement) => {
    if (best === undefined) return announcement;
    const order =
      LINKS.indexOf(linkOf(announcement)) - LINKS.indexOf(linkOf(best)) ||
      stateRank(announcement.state) - stateRank(best.state) ||
      compareText(best.payloadDigest, announcement.payloadDigest);
    return order > 0 ? announcement : best;
  }, undefined);
}

/** The different payload digests that were announced, sorted. More than one is a conflict. */
export function announcedDigests(witnesses: Witnesses): readonly Hash32[] {
  return [...new Set(witnesses.map((announcement) => announcement.payloadDigest))].sort();
}

/** In a fixed order. Part of the message that an announcement's author signs. */
export function writeDescription(writer: Writer, witness: WitnessDescription): void {
  writer.u8(stateRank(witness.state)).hash(witness.payloadDigest).varint(witness.payloadBytes);
  writer.hash(witness.parentHash).hash(witness.preStateRoot);
  writeLockTimeAndBlobIds(writer, witness);
}

export function writeAnnouncement(writer: Writer, witness: WitnessAnnouncement, ids: IdWriter): void {
  ids.node(writer, witness.author);
  writer.u8(stateRank(witness.state)).varint(witness.payloadBytes);
  for (const hash of [witness.payloadDigest, witness.parentHash, witness.preStateRoot]) ids.hash(writer, hash);
  writeLockTimeAndBlobIds(writer, witness);
  writeSignature(writer, witness.signature);
}

function writeLockTimeAndBlobIds(writer: Writer, witness: WitnessDescription): void {
  writer.uintBE(Number(witness.lockTimeSeconds >> 32n), 4).uintBE(Number(witness.lockTimeSeconds & 0xffff_ffffn), 4);
  writer.varint(witness.blobIds.length);
  for (const blobId of witness.blobIds) writer.hash(blobId);
}

export function readAnnouncement(reader: Reader, ids: IdReader): WitnessAnnouncement {
  const author = ids.node(reader, 'witness author');
  const state = readState(reader);
  const payloadBytes = reader.varint('witness payload size', WITNESS_PAYLOAD_BYTES_MAX);
  const payloadDigest = ids.hash(reader, 'witness payload digest');
  const parentHash = ids.hash(reader, 'witness parent hash');
  const preStateRoot = ids.hash(reader, 'witness pre-state root');
  const { lockTimeSeconds, blobIds } = readLockTimeAndBlobIds(reader);
  const signature = readSignature(reader, 'witness signature');
  return { author, state, payloadDigest, payloadBytes, parentHash, preStateRoot, lockTimeSeconds, blobIds, signature };
}

/** What {@link writeDescription} wrote. Throws `DecodeError`. */
export function readDescription(reader: Reader): WitnessDescription {
  const state = readState(reader);
  const payloadDigest = reader.hash('witness payload digest');
  const payloadBytes = reader.varint('witness payload size', WITNESS_PAYLOAD_BYTES_MAX);
  const parentHash = reader.hash('witness parent hash');
  const preStateRoot = reader.hash('witness pre-state root');
  return { state, payloadDigest, payloadBytes, parentHash, preStateRoot, ...readLockTimeAndBlobIds(reader) };
}

function readState(reader: Reader): WitnessState {
  const start = reader.offset;
  const tag = reader.u8('witness state');
  const state = WITNESS_STATES[tag];
  if (state !== undefined && tag >= ANNOUNCED_STATE_MIN) return state;
  throw reader.fail('ERR_BAD_ENUM', 'witness state', '2 to 6', `${tag}`, start);
}

function readLockTimeAndBlobIds(reader: Reader): Pick<WitnessDescription, 'lockTimeSeconds' | 'blobIds'> {
  const lockTimeHigh = reader.uintBE('witness lock time', 4);
  const lockTimeSeconds = (BigInt(lockTimeHigh) << 32n) | BigInt(reader.uintBE('witness lock time', 4));
  const blobIds: Hash32[] = [];
  const count = reader.varint('witness blob id count', WITNESS_BLOB_IDS_MAX);
  for (let at = 0; at < count; at++) blobIds.push(reader.hash('witness blob id'));
  return { lockTimeSeconds, blobIds };
}
