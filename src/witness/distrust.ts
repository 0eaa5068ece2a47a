/**
 * Holders that did not have what they said they hold, as this node found out.
 *
 * Invariant: local and passing. Who holds a witness is written by the holder alone and nobody can take another's entry out
 * of the record, so a finding decides only what this node does: it neither fetches from that holder nor counts it as a
 * copy. It ends with a challenge that is passed, or after `DISTRUST_MS`.
 */

import type { Hash32, NodeId } from '../../crdt/ids.ts';

/** Long enough for an operator to see it, short enough for a holder that was repaired. */
export const DISTRUST_MS = 600_000;
/** Findings kept; the oldest go first. */
export const FINDINGS_MAX = 4_096;

export class HolderDistrust {
  /** Oldest first. */
  readonly #untilMs = new Map<string, number>();

  get size(): number {
    return this.#untilMs.size;
  }

  blame(holder: NodeId, payloadDigest: Hash32, nowMs: number): void {
    const finding = `${holder} ${payloadDigest}`;
    this.#untilMs.delete(finding);
    this.#untilMs.set(finding, nowMs + DISTRUST_MS);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size > FINDINGS_MAX && oldest !== undefined) this.#untilMs.delete(oldest);
  }

  clear(holder: NodeId, payloadDigest: Hash32): void {
    this.#untilMs.delete(`${holder} ${payloadDigest}`);
  }

  isTrusted(holder: NodeId, payloadDigest: Hash32, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(`${holder} ${payloadDigest}`);
    return untilMs === undefined || untilMs <= nowMs;
  }
}
