/**
 * Writes evidence: JSON Lines in segments that are rotated and bounded.
 *
 * Invariants: `note` neither waits nor throws, whatever the disk does; what is dropped then is counted, and said in a record of
 * its own. A run begins a segment of its own, so a line torn by a crash is never continued. Nothing is synced but at a
 * rotation and at the end: a power loss may take the last moments, and no result ever waits for evidence.
 */

import { join } from 'node:path';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { Disk } from '../disk/disk.ts';
import type { NodeEvent } from '../node/events.ts';
import { evidenceOf } from './evidence-of.ts';
import type { EvidenceContent } from './evidence-record.ts';
import {
  EVIDENCE_LIMITS,
  EVIDENCE_STREAMS,
  segmentName,
  segmentNumbers,
  streamOf,
  type EvidenceLimits,
  type EvidenceStream,
} from './limits.ts';

export interface EvidenceLogOptions {
  readonly disk: Pick<Disk, 'list' | 'writeAt' | 'syncFile' | 'remove'>;
  readonly clock: Clock;
  readonly directory: string;
  readonly self: NodeId;
  /** A write failed; what it held is kept and tried again. */
  readonly onFailure: (file: string, error: unknown) => void;
  /** Told of every record, before it is written. `atMs`: Unix milliseconds. */
  readonly onRecord?: ((content: EvidenceContent, atMs: number) => void) | undefined;
  readonly limits?: EvidenceLimits;
}

/** Records are gathered for this long: one write for a burst of them. */
export const FLUSH_MS = 250;
/** After a write that failed. */
export const FLUSH_RETRY_MS = 5_000;

interface Segment {
  number: number;
  sizeBytes: number;
  lines: string[];
}

export class EvidenceLog {
  readonly #options: EvidenceLogOptions;
  readonly #limits: EvidenceLimits;
  readonly #observer: string;
  readonly #segments = new Map<EvidenceStream, Segment>();
  #sequence = 0;
  #waiting = 0;
  #lost = 0;
  #cancelTimer: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: EvidenceLogOptions) {
    this.#options = options;
    this.#limits = options.limits ?? EVIDENCE_LIMITS;
    this.#observer = peerIdText(options.self);
    for (const stream of EVIDENCE_STREAMS) this.#segments.set(stream, { number: 0, sizeBytes: 0, lines: [] });
  }

  /** Finds where the last run ended. Precondition: the directory exists. What is noted before this resolves is kept for after it. */
  async open(): Promise<void> {
    const { disk, directory } = this.#options;
    const names = await disk.list(directory);
    for (const [stream, segment] of this.#segments) {
      const numbers = segmentNumbers(names, stream);
      segment.number = (numbers.at(-1) ?? 0) + 1;
      await this.#removeOldest(stream, numbers);
    }
  }

  note(event: NodeEvent): void {
    const content = evidenceOf(event);
    if (content !== undefined) this.#put(content);
  }

  /** Writes what waits, and syncs it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await this.#flush();
    const { disk, onFailure } = this.#options;
    for (const [stream, { number, sizeBytes }] of this.#segments) {
      const path = this.#pathOf(stream, number);
      if (sizeBytes > 0) await disk.syncFile(path).catch((error: unknown) => onFailure(path, error));
    }
  }

  #put(content: EvidenceContent): void {
    if (this.#isClosed) return;
    if (this.#waiting >= this.#limits.recordsWaitingMax) {
      this.#lost++;
      return;
    }
    this.#waiting++;
    const { type, ...fields } = content;
    const atMs = this.#options.clock.wallMs();
    const at = new Date(atMs).toISOString();
    const record = { at, node: this.#observer, sequence: this.#sequence++, type, ...fields };
    this.#segments.get(streamOf(type))?.lines.push(JSON.stringify(record));
    this.#options.onRecord?.(content, atMs);
    this.#cancelTimer ??= this.#options.clock.schedule(FLUSH_MS, () => void this.#flush());
  }

  /** One at a time; what comes meanwhile waits for the next. Never rejects. */
  #flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      const lostBefore = this.#lost;
      let isDone = true;
      for (const stream of EVIDENCE_STREAMS) isDone = (await this.#write(stream)) && isDone;
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
      if (this.#isClosed) return;
      if (isDone && lostBefore > 0) this.#tellLost();
      if (this.#waiting > 0 && this.#cancelTimer === undefined) {
        this.#cancelTimer = this.#options.clock.schedule(isDone ? FLUSH_MS : FLUSH_RETRY_MS, () => void this.#flush());
      }
    });
    return this.#flushing;
  }

  #tellLost(): void {
    const count = this.#lost;
    this.#lost = 0;
    this.#put({ type: 'evidence-lost', count });
  }

  /** Resolves to whether the disk took it. */
  async #write(stream: EvidenceStream): Promise<boolean> {
    const segment = this.#segments.get(stream);
    if (segment === undefined || segment.lines.length === 0) return true;
    const path = this.#pathOf(stream, segment.number);
    const lines = segment.lines.splice(0);
    const bytes = new TextEncoder().encode(`${lines.join('\n')}\n`);
    try {
      await this.#options.disk.writeAt(path, segment.sizeBytes, bytes);
    } catch (error) {
      // The same place is written again: what was written of it in part is overwritten.
      segment.lines.unshift(...lines);
      this.#options.onFailure(path, error);
      return false;
    }
    segment.sizeBytes += bytes.length;
    this.#waiting -= lines.length;
    if (segment.sizeBytes >= this.#limits.segmentBytes) await this.#rotate(stream, segment);
    return true;
  }

  async #rotate(stream: EvidenceStream, segment: Segment): Promise<void> {
    const { disk, directory, onFailure } = this.#options;
    const full = this.#pathOf(stream, segment.number);
    segment.number++;
    segment.sizeBytes = 0;
    try {
      await disk.syncFile(full);
      await this.#removeOldest(stream, segmentNumbers(await disk.list(directory), stream));
    } catch (error) {
      onFailure(full, error);
    }
  }

  /** Leaves room for the segment that is about to begin. */
  async #removeOldest(stream: EvidenceStream, numbers: readonly number[]): Promise<void> {
    const { disk } = this.#options;
    const surplus = Math.max(0, numbers.length - (this.#limits.segmentsMax - 1));
    for (const number of numbers.slice(0, surplus)) await disk.remove(this.#pathOf(stream, number));
  }

  #pathOf(stream: EvidenceStream, number: number): string {
    return join(this.#options.directory, segmentName({ stream, number }));
  }
}
