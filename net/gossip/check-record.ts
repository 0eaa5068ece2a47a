/**
 * Whether an arrived record may be merged: who signed its parts, and whether they did.
 *
 * Invariant: only parts that `known` does not hold already are checked, since each costs 67 µs, and the cheap question
 * (is the author a member) comes before the expensive one.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { BlockRecord } from '../../crdt/block/record.ts';
import { unverifiedParts, type SignedPart, type Verify, type VerifyLater } from '../../crdt/block/signing.ts';
import type { NodeId } from '../../crdt/ids.ts';

export interface Trust {
  readonly isMember: (node: NodeId) => boolean;
  readonly verify: Verify;
}

export type RecordCheck =
  | { readonly outcome: 'valid' }
  /** A part is by somebody who is no member here: a member list that has not reached this node, or an old one there. */
  | { readonly outcome: 'author-not-member'; readonly part: SignedPart }
  /** A forgery, which no correct node passes on. */
  | { readonly outcome: 'bad-signature'; readonly part: SignedPart };

/** The same trust, for bulk: signatures are checked on other threads. */
export interface BulkTrust {
  readonly isMember: (node: NodeId) => boolean;
  readonly verifyLater: VerifyLater;
}

/** `known`: this node's record of the block, whose signatures were checked before. */
export function checkRecord({ key, record }: KeyedRecord, known: BlockRecord, trust: Trust): RecordCheck {
  const parts = unverifiedParts(key, record, known);
  return (
    strangersPart(parts, trust.isMember) ??
    verdict(parts.find(({ author, message, signature }) => !trust.verify(author, message, signature)))
  );
}

/** {@link checkRecord} with all its signatures at once, on other threads. */
export async function checkRecordLater(
  { key, record }: KeyedRecord,
  known: BlockRecord,
  trust: BulkTrust,
): Promise<RecordCheck> {
  const parts = unverifiedParts(key, record, known);
  const stranger = strangersPart(parts, trust.isMember);
  if (stranger !== undefined) return stranger;
  const valid = await Promise.all(
    parts.map(({ author, message, signature }) => trust.verifyLater(author, message, signature)),
  );
  return verdict(parts.find((_, at) => valid[at] !== true));
}

function strangersPart(parts: readonly SignedPart[], isMember: Trust['isMember']): RecordCheck | undefined {
  const part = parts.find(({ author }) => !isMember(author));
  return part === undefined ? undefined : { outcome: 'author-not-member', part };
}

function verdict(forged: SignedPart | undefined): RecordCheck {
  return forged === undefined ? { outcome: 'valid' } : { outcome: 'bad-signature', part: forged };
}
