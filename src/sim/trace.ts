/**
 * Everything that happens in a run, as lines, and their hash.
 *
 * Invariant: the hash covers every line in order, so two runs with one hash went the same way. Only the latest lines are
 * kept in memory; who wants all of them takes them as they come.
 */

import { blake3, blake3Hash } from '../../crdt/hash.ts';
import type { Clock } from '../../net/clock.ts';

/** Lines kept for the report of a failure. */
export const TRACE_LINES_KEPT = 4_096;
/** Lines hashed at once. */
const BATCH_LINES = 256;

export type TraceSink = (line: string) => void;

export class Trace {
  readonly #time: Clock;
  readonly #sink: TraceSink | undefined;
  readonly #kept: string[] = [];
  #next = 0;
  #batch: string[] = [];
  #chain: Uint8Array = new Uint8Array(32);

  constructor(time: Clock, sink: TraceSink | undefined) {
    this.#time = time;
    this.#sink = sink;
  }

  /** `who`: a machine, or the part of the world that acted. */
  note(who: string, what: string): void {
    const line = `${formatMs(this.#time.monotonicMs())} ${who} ${what}`;
    this.#kept[this.#next] = line;
    this.#next = (this.#next + 1) % TRACE_LINES_KEPT;
    this.#batch.push(line);
    if (this.#batch.length >= BATCH_LINES) this.#fold();
    this.#sink?.(line);
  }

  /** The latest lines, oldest first. */
  latest(): string[] {
    return [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)];
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
