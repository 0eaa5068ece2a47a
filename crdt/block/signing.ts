/**
 * What authors sign, and which signatures of an arrived record have to be checked.
 *
 * Invariant: a signed message begins with a tag of its own kind and names the block, so a signature for one kind, block
 * or field can never stand for another. Only what its author signed enters a record: results, leases and announcements.
 * Holders and blob ids are hints that anyone may relay; nothing is decided by them that is not checked again.
 */

import { equalBytes } from '../bytes.ts';
import { Writer } from '../codec/writer.ts';
import type { BlockKey, NodeId } from '../ids.ts';
import { writeLeaseTerms, type Lease } from '../lease/lease.ts';
import type { BlockRecord } from './record.ts';
import { writeResultTerms, type SignedResult } from './result.ts';
import { writeDescription, type WitnessAnnouncement } from './witness.ts';

/** Signs as this node. 64 bytes. */
export type Sign = (message: Uint8Array) => Uint8Array;
export type Verify = (node: NodeId, message: Uint8Array, signature: Uint8Array) => boolean;
/** The same, done elsewhere: for bulk, so that the caller's thread is free meanwhile. */
export type VerifyLater = (node: NodeId, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

type Unsigned<T> = Omit<T, 'signature'>;

function beginMessage(tag: string, key: BlockKey, author: NodeId): Writer {
  return new Writer().text(tag).varint(key.number).hash(key.hash).node(author);
}

export function resultMessage(key: BlockKey, result: Unsigned<SignedResult>): Uint8Array {
  const writer = beginMessage('driftlock/result/1', key, result.node);
  writeResultTerms(writer, result);
  return writer.finish();
}

export function leaseMessage(key: BlockKey, lease: Unsigned<Lease>): Uint8Array {
  return leaseTermsMessage('driftlock/lease/1', key, lease);
}

export function generationMessage(key: BlockKey, lease: Unsigned<Lease>): Uint8Array {
  return leaseTermsMessage('driftlock/generation/1', key, lease);
}

function leaseTermsMessage(tag: string, key: BlockKey, lease: Unsigned<Lease>): Uint8Array {
  const writer = beginMessage(tag, key, lease.holder);
  writeLeaseTerms(writer, lease);
  return writer.finish();
}

export function announcementMessage(key: BlockKey, witness: Unsigned<WitnessAnnouncement>): Uint8Array {
  const writer = beginMessage('driftlock/witness/1', key, witness.author);
  writeDescription(writer, witness);
  return writer.finish();
}

/** A signature that was not checked yet. */
export interface SignedPart {
  readonly part: 'result' | 'lease' | 'generation' | 'witness';
  readonly author: NodeId;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The signed parts of `incoming` that `known`, whose signatures were checked before, does not hold already. Checking
 * costs 67 µs a signature and is what limits a node's intake, so what is known is not checked twice.
 */
export function unverifiedParts(key: BlockKey, incoming: BlockRecord, known: BlockRecord): readonly SignedPart[] {
  const knownParts = unreadParts(key, known);
  const unverified: SignedPart[] = [];
  for (const { part, author, signature, message } of unreadParts(key, incoming)) {
    const bytes = message();
    const isKnown = knownParts.some(
      (candidate) =>
        candidate.part === part && equalBytes(candidate.signature, signature) && equalBytes(candidate.message(), bytes),
    );
    if (!isKnown) unverified.push({ part, author, signature, message: bytes });
  }
  return unverified;
}

/** Every signed part of a record. */
export function signedParts(key: BlockKey, record: BlockRecord): readonly SignedPart[] {
  return unreadParts(key, record).map(({ message, ...part }) => ({ ...part, message: message() }));
}

/** The same, with the messages to be made by who needs them: they cost more than the rest. */
interface UnreadPart extends Omit<SignedPart, 'message'> {
  readonly message: () => Uint8Array;
}

function unreadParts(key: BlockKey, record: BlockRecord): readonly UnreadPart[] {
  const { results, witnesses, lease, generation } = record;
  const parts: UnreadPart[] = [];
  for (const result of results) {
    const { node: author, signature } = result;
    parts.push({ part: 'result', author, signature, message: () => resultMessage(key, result) });
  }
  for (const witness of witnesses) {
    const { author, signature } = witness;
    parts.push({ part: 'witness', author, signature, message: () => announcementMessage(key, witness) });
  }
  if (lease !== undefined) {
    const { holder: author, signature } = lease;
    parts.push({ part: 'lease', author, signature, message: () => leaseMessage(key, lease) });
  }
  if (generation !== undefined) {
    const { holder: author, signature } = generation;
    parts.push({ part: 'generation', author, signature, message: () => generationMessage(key, generation) });
  }
  return parts;
}

/** The record without the signed parts whose author `isKept` refuses; itself when there are none. */
export function retainAuthors(record: BlockRecord, isKept: (author: NodeId) => boolean): BlockRecord {
  const { results, witnesses, lease, generation } = record;
  const isKeptLease = (claim: Lease | undefined): boolean => claim === undefined || isKept(claim.holder);
  const kept = {
    results: results.filter((result) => isKept(result.node)),
    witnesses: witnesses.filter((witness) => isKept(witness.author)),
    lease: isKeptLease(lease) ? lease : undefined,
    generation: isKeptLease(generation) ? generation : undefined,
  };
  const isWhole =
    kept.results.length === results.length &&
    kept.witnesses.length === witnesses.length &&
    isKeptLease(lease) &&
    isKeptLease(generation);
  return isWhole ? record : { ...record, ...kept };
}
