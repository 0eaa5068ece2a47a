/**
 * Everything that happens in a run, as lines, and their hash.
 *
 * Invariant: the hash covers every line in order, so two runs with one hash went the same way. Lines of small interest are
 * hashed and not kept; who wants all of them takes them as they come.
 */

import { blake3, blake3Hash } from '../../crdt/hash.ts';
import type { Clock } from '../../net/clock.ts';

/** Lines kept for the report of a failure; beyond it the oldest go. */
export const TRACE_LINES_KEPT = 65_536;
/** Lines hashed at once. */
const BATCH_LINES = 256;

export type TraceSink = (line: string) => void;

export class Trace {
  readonly #time: Clock;
  readonly #sink: TraceSink | undefined;
  readonly #kept: string[] = [];
  #batch: string[] = [];
  #chain: Uint8Array = new Uint8Array(32);

  constructor(time: Clock, sink: TraceSink | undefined) {
    this.#time = time;
    this.#sink = sink;
  }

  /** `who`: a machine, or the part of the world that acted. `isSmall`: of no interest in the report of a failure. */
  note(who: string, what: string, isSmall = false): void {
    const line = `${formatMs(this.#time.monotonicMs())} ${who} ${what}`;
    if (!isSmall) this.#kept.push(line);
    // Seldom, and by half: a run of ordinary length never comes here.
    if (this.#kept.length > TRACE_LINES_KEPT) this.#kept.splice(0, TRACE_LINES_KEPT / 2);
    this.#batch.push(line);
    if (this.#batch.length >= BATCH_LINES) this.#fold();
    this.#sink?.(line);
  }

  /** The lines that were kept, oldest first. */
  kept(): readonly string[] {
    return this.#kept;
  }

  /** Of all lines so far. */
  hash(): string {
    this.#fold();
    return blake3Hash(this.#chain).slice(2);
  }

  #fold(): void {
    this.#chain = blake3(this.#chain, new TextEncoder().encode(this.#batch.join('\n')));
    this.#batch = [];
  }
}

/** `   12.345s` */
function formatMs(ms: number): string {
  return `${(ms / 1_000).toFixed(3).padStart(8)}s`;
}
