/**
 * Holders that did not have what they said they hold, and announcements of what there is not, as this node found out.
 *
 * Invariant: local and passing. Who holds a witness is written by the holder alone and nobody can take another's entry out
 * of the record, so a finding decides only what this node does: it neither fetches from that holder nor counts it as a
 * copy. It ends with a challenge that is passed, or after `DISTRUST_MS`.
 */

import type { WitnessAnnouncement } from '../../crdt/block/witness.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';

/** Long enough for an operator to see it, short enough for a holder that was repaired. */
export const DISTRUST_MS = 600_000;
/** Findings kept; the oldest go first. */
export const FINDINGS_MAX = 4_096;

/** What was found out about somebody or something, by name. */
class Findings {
  /** Oldest first. */
  readonly #untilMs = new Map<string, number>();

  get size(): number {
    return this.#untilMs.size;
  }

  add(subject: string, nowMs: number): void {
    this.#untilMs.delete(subject);
    this.#untilMs.set(subject, nowMs + DISTRUST_MS);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size > FINDINGS_MAX && oldest !== undefined) this.#untilMs.delete(oldest);
  }

  remove(subject: string): void {
    this.#untilMs.delete(subject);
  }

  stands(subject: string, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(subject);
    return untilMs !== undefined && untilMs > nowMs;
  }
}

export class HolderDistrust {
  readonly #findings = new Findings();

  get size(): number {
    return this.#findings.size;
  }

  blame(holder: NodeId, payloadDigest: Hash32, nowMs: number): void {
    this.#findings.add(`${holder} ${payloadDigest}`, nowMs);
  }

  clear(holder: NodeId, payloadDigest: Hash32): void {
    this.#findings.remove(`${holder} ${payloadDigest}`);
  }

  isTrusted(holder: NodeId, payloadDigest: Hash32, nowMs: number): boolean {
    return !this.#findings.stands(`${holder} ${payloadDigest}`, nowMs);
  }
}

type Announced = Pick<WitnessAnnouncement, 'author' | 'payloadDigest' | 'payloadBytes'>;

/** Announcements that state a size which the payload does not have, whoever holds it. */
export class AnnouncementDistrust {
  readonly #findings = new Findings();

  blame(announcement: Announced, nowMs: number): void {
    this.#findings.add(nameOf(announcement), nowMs);
  }

  isBelieved(announcement: Announced, nowMs: number): boolean {
    return this.#findings.size === 0 || !this.#findings.stands(nameOf(announcement), nowMs);
  }
}

function nameOf({ author, payloadDigest, payloadBytes }: Announced): string {
  return `${author} ${payloadDigest} ${payloadBytes}`;
}
