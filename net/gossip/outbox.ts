/**
 * When deltas leave, and with how many others: the pure part of sending. The caller publishes and sets timers.
 *
 * An idle outbox sends at once; after that it gathers until a batch is full, or until what waits may wait no longer: claims
 * and results, for which nodes contend, for `CONTENDED_DELAY_MS_MAX`, announcements, which others wait to fetch, for
 * `ANNOUNCED_DELAY_MS_MAX`, all else for `HINT_DELAY_MS_MAX`. So a lone claim is not delayed, and who fetches witnesses by the
 * thousand tells of them ten times a second rather than 200: each message is signed, checked and forwarded by every node.
 *
 * Invariant: deltas of one block are merged and keep the place of the first; no more than `OUTBOX_BLOCKS_MAX` blocks
 * wait. When it is full the block that waited longest gives way and is counted: reconciliation repairs it.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { mergeRecords, type BlockRecord } from '../../crdt/block/record.ts';
import { blockId, type BlockId } from '../../crdt/ids.ts';
import { BATCH_RECORDS_MAX, packBatches } from './batch.ts';

export const CONTENDED_DELAY_MS_MAX = 5;
export const ANNOUNCED_DELAY_MS_MAX = 20;
/** A third of a round trip between far regions: to learn of one more holder that much later costs nobody anything. */
export const HINT_DELAY_MS_MAX = 100;
/** About 10 MB of single deltas, 32 full batches. */
export const OUTBOX_BLOCKS_MAX = 16_384;

export type OutboxDecision =
  | { readonly kind: 'idle' }
  /** Ask again after `delayMs`, or when a delta was added. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  /** Publish one batch for each group. The groups have left the outbox. */
  | { readonly kind: 'send'; readonly groups: readonly (readonly KeyedRecord[])[] };

export class Outbox {
  readonly #waiting = new Map<BlockId, KeyedRecord>();
  /** The shortest of what waits. */
  #delayMs = Infinity;
  #sentAtMs = -Infinity;
  #dropped = 0;

  /** Blocks that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Deltas that were never sent: the outbox was full, or they fit no message. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns whether something may have to leave sooner than was said last, so that it is time to `take`. */
  add({ key, record }: KeyedRecord): boolean {
    const id = blockId(key);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined && this.#waiting.size >= OUTBOX_BLOCKS_MAX) this.#dropOldest();
    this.#waiting.set(id, { key, record: waiting === undefined ? record : mergeRecords(waiting.record, record) });
    const isSooner = delayMsMaxOf(record) < this.#delayMs;
    this.#delayMs = Math.min(this.#delayMs, delayMsMaxOf(record));
    return isSooner || this.#waiting.size >= BATCH_RECORDS_MAX;
  }

  /** What to do at `nowMs` on the monotonic clock. */
  take(nowMs: number): OutboxDecision {
    if (this.#waiting.size === 0) return { kind: 'idle' };
    const delayMs = this.#sentAtMs + this.#delayMs - nowMs;
    if (delayMs > 0 && this.#waiting.size < BATCH_RECORDS_MAX) return { kind: 'wait', delayMs };
    const { groups, oversized } = packBatches(this.#waiting.values());
    this.#waiting.clear();
    this.#delayMs = Infinity;
    this.#dropped += oversized.length;
    this.#sentAtMs = nowMs;
    return groups.length === 0 ? { kind: 'idle' } : { kind: 'send', groups };
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting.keys();
    if (oldest === undefined) return;
    this.#waiting.delete(oldest);
    this.#dropped++;
  }
}

function delayMsMaxOf({ results, lease, generation, witnesses }: BlockRecord): number {
  if (results.length > 0 || lease !== undefined || generation !== undefined) return CONTENDED_DELAY_MS_MAX;
  return witnesses.length > 0 ? ANNOUNCED_DELAY_MS_MAX : HINT_DELAY_MS_MAX;
}
